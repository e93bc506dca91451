// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>

namespace tenon {

/// What happens to an item that meets a full queue. Words for a joint, each an empty type:
///
///     tenon::stage<"handle">(handle, tenon::queue_of<1024>, tenon::reject)
///
/// `producer_pops` says that a producer takes items out too, so that the queue needs many consumers.

/// The producer waits until there is room: backpressure.
struct block {
  static constexpr auto word = fixed_string("block");
  static constexpr bool producer_pops = false;
};

/// The producer gets its item back, and an error.
struct reject {
  static constexpr auto word = fixed_string("reject");
  static constexpr bool producer_pops = false;
};

/// The oldest item in the queue is dropped and counted, and the new one takes its place.
struct drop_oldest {
  static constexpr auto word = fixed_string("drop_oldest");
  static constexpr bool producer_pops = true;
};

/// The new item is dropped and counted.
struct drop_newest {
  static constexpr auto word = fixed_string("drop_newest");
  static constexpr bool producer_pops = false;
};

/// One of the words above, or of the same make.
template <class P>
concept overflow_word = std::is_empty_v<P> && requires {
  std::string_view{P::word};
  { P::producer_pops } -> std::convertible_to<bool>;
};

static_assert(overflow_word<block> && overflow_word<reject> && overflow_word<drop_oldest> &&
              overflow_word<drop_newest>);

}  // namespace tenon
