// SPDX-License-Identifier: BSL-1.0

#include <tenon/backend/detail/inbound.hpp>

#include "modelled.hpp"

#include <array>
#include <cstddef>

namespace tenon::detail {

/// A pool that only counts what comes back.
template <class Threading>
class buffer_pool {
 public:
  void give_back(received_part<Threading>&) noexcept { ++returned; }
  int returned = 0;
};

}  // namespace tenon::detail

namespace {

using tenon::io_kind;
using tenon::model::at_random;
using tenon::model::explore;

/// The loop's thread brings `Parts` parts and then the end; a reader, a task that was stolen, looks `Looks` times and
/// takes what there is. Claims: each part comes once, in order, with the bytes the kernel wrote; the end, and with it
/// the permission for a call of the reader's own, comes after the last part and never before.
template <int Parts, int Looks>
struct inbound : rl::test_suite<inbound<Parts, Looks>, 2> {
  using threads = tenon::model::threads;
  using part = tenon::detail::received_part<threads>;

  tenon::detail::inbound<threads> subject;
  std::array<part, Parts> parts;
  std::array<rl::var<int>, Parts> bytes;
  int seen = 0;
  bool ended = false;

  void before() { subject.arm(); }

  void thread(unsigned index) {
    if (index == 0) {
      for (std::size_t i = 0; i < Parts; ++i) {
        bytes[i]($) = static_cast<int>(i) + 1;
        subject.push(parts[i]);
      }
      subject.disarm(0);
    } else {
      for (int i = 0; i < Looks; ++i) look();
    }
  }

  void look() {
    tenon::io_operation op;
    op.kind = io_kind::arrival;
    const bool was_armed = subject.is_armed();
    if (!subject.serve(op, was_armed)) return;
    if (part* const came = subject.take()) {
      const auto at = static_cast<std::size_t>(came - parts.data());
      RL_ASSERT(static_cast<int>(at) == seen);
      RL_ASSERT(bytes[at]($) == seen + 1);
      ++seen;
    } else {
      RL_ASSERT(seen == Parts);
      ended = true;
    }
  }

  void after() {
    while (seen < Parts) look();
    look();
    RL_ASSERT(ended);
  }
};

}  // namespace

int main() {
  bool good = true;
  good &= explore<inbound<1, 3>>("inbound 1 part, 3 looks", tenon::model::unbounded);
  good &= explore<inbound<2, 4>>("inbound 2 parts, 4 looks", 4);
  good &= at_random<inbound<4, 8>>("inbound 4 parts, 8 looks", 200'000);
  return good ? 0 : 1;
}
