// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/latch.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <thread>

#include "models.hpp"

namespace tenon_test {

template <class On>
struct latches : On {
  struct subject : tenon::basic_latch<typename On::threading> {
    subject() : tenon::basic_latch<typename On::threading>(1) {}
  };
  static constexpr bool stays = true;
  static auto wait(subject& of) { return of.wait(); }
  static void raise(subject& of) { of.count_down(); }
};

}  // namespace tenon_test

namespace {

using namespace tenon_test;
using tenon::task;

using lone = tenon::basic_latch<tenon::single_thread>;

INSTANTIATE_TYPED_TEST_SUITE_P(latch, signal_laws, on_all<latches>);

TEST(latch, opens_at_zero) {
  run_alone([](alone&) -> task<void> {
    lone four(4);
    four.count_down();
    four.count_down(2);
    EXPECT_FALSE(four.try_wait());
    four.count_down(0);
    EXPECT_FALSE(four.try_wait());
    const tenon::result<void> late = co_await tenon::timeout(1s, four.wait());
    EXPECT_EQ(late.error(), std::errc::timed_out);
    EXPECT_TRUE(co_await four.arrive_and_wait());
    EXPECT_TRUE(four.try_wait());
    lone none(0);
    EXPECT_TRUE(co_await none.wait());
  });
}

/// The one that waits destroys it at once, while the last that counted may not have returned yet.
TEST(latch, is_destroyed_by_the_one_that_waited) {
  tenon::laws::play<crew>(2, [](crew& rt) -> task<void> {
    for (int round = 0; round < 300; ++round) {
      auto done = std::make_unique<tenon::latch>(3);
      for (int i = 0; i < 2; ++i) {
        rt.spawn(
            [](tenon::latch* of) -> task<void> {
              of->count_down();
              co_return;
            },
            done.get());
      }
      std::thread outside([of = done.get()] { of->count_down(); });
      const tenon::result<void> all = co_await done->wait();
      EXPECT_TRUE(all);
      done.reset();
      outside.join();
    }
  });
}

}  // namespace
