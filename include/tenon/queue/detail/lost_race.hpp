// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/relax.hpp>

namespace tenon::detail {

/// What a thread does that has lost the race for a ticket, before it looks again: nothing, for a while that doubles.
///
/// Who looks again at once takes the line of the count away from the winner, and so does the winner in turn; left alone
/// the winner makes its next few moves in its own cache. It is worth a factor of three with two producers and two
/// consumers on two cores. Who races with nobody does not come here.
class lost_race {
 public:
  void give_way() noexcept {
    for (unsigned i = 0; i < pauses_; ++i) relax();
    if (pauses_ < most) pauses_ *= 2;
  }

 private:
  static constexpr unsigned most = 64;

  unsigned pauses_ = 4;
};

}  // namespace tenon::detail
