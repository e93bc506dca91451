// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/auto_event.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "models.hpp"

namespace tenon_test {

template <class On>
struct auto_events : On {
  using subject = tenon::basic_auto_event<typename On::threading>;
  static constexpr bool stays = false;
  static auto wait(subject& of) { return of.wait(); }
  static void raise(subject& of) { of.set(); }
};

}  // namespace tenon_test

namespace {

using namespace tenon_test;
using tenon::task;

using lone = tenon::basic_auto_event<tenon::single_thread>;

INSTANTIATE_TYPED_TEST_SUITE_P(auto_event, signal_laws, on_all<auto_events>);

TEST(auto_event, lets_one_through_for_each_set_and_keeps_one) {
  run_alone([](alone& rt) -> task<void> {
    lone gate;
    int through = 0;
    tenon::scope all{rt};
    for (int i = 0; i < 3; ++i) {
      all.spawn(
          [](lone& of, int& count) -> task<void> {
            const tenon::result<void> came = co_await of.wait();
            if (came) ++count;
          },
          std::ref(gate), std::ref(through));
    }
    co_await tenon::laws::settle();
    for (int i = 1; i <= 3; ++i) {
      gate.set();
      co_await tenon::laws::settle();
      EXPECT_EQ(through, i);
      EXPECT_FALSE(gate.is_set());
    }
    co_await all.join();
    gate.set();
    gate.set();
    EXPECT_TRUE(gate.try_wait());
    EXPECT_FALSE(gate.try_wait()) << "it keeps one, not two";
    gate.set();
    gate.reset();
    EXPECT_FALSE(gate.try_wait());
    EXPECT_TRUE(lone(true).try_wait());
  });
}

/// What it is for: whoever is woken sees all that was done before any set(), however many there were.
TEST(auto_event, wakes_a_consumer_that_takes_all_there_is) {
  tenon::laws::play<crew>(2, [](crew&) -> task<void> {
    tenon::auto_event more;
    std::atomic<long> there{0};
    constexpr long many = 20'000;
    std::thread outside([&] {
      for (long i = 0; i < many; ++i) {
        there.fetch_add(1, std::memory_order_relaxed);
        more.set();
      }
    });
    for (long taken = 0; taken < many;) {
      const tenon::result<void> came = co_await more.wait();
      EXPECT_TRUE(came);
      taken += there.exchange(0, std::memory_order_relaxed);
    }
    outside.join();
  });
}

}  // namespace
