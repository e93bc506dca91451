// SPDX-License-Identifier: BSL-1.0
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/this_task.hpp>
#include <tenon/task/when_any.hpp>
#include <tenon/task/yield.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "runtimes.hpp"

namespace {

using namespace tenon_test;
using tenon::task;
using tenon::when_any;

task<int> gives_late(int value, tenon::duration after) {
  (void)co_await tenon::sleep_for(after);
  co_return value;
}
task<void> sleeps(tenon::duration length, int* full, int* cut) {
  const bool slept = co_await tenon::sleep_for(length);
  ++(slept ? *full : *cut);
}
task<int> fails_late(const char* why, tenon::duration after) {
  (void)co_await tenon::sleep_for(after);
  throw std::runtime_error(why);
}

TEST(when_any, gives_the_first) {
  run_alone([](alone& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    const auto won = co_await when_any(gives_late(1, 3s), gives_late(2, 1s), gives_late(3, 2s));
    EXPECT_EQ(won.index(), 1U);
    EXPECT_EQ(std::get<1>(won), 2);
    EXPECT_EQ(rt.now() - start, 1s);
  });
}

TEST(when_any, of_one) {
  run_alone([](alone&) -> task<void> {
    const auto won = co_await when_any(gives_late(1, 1s));
    EXPECT_EQ(std::get<0>(won), 1);
  });
}

TEST(when_any, asks_the_losers_to_stop_and_waits_for_them) {
  run_alone([](alone& rt) -> task<void> {
    int full = 0;
    int cut = 0;
    const tenon::time_point start = rt.now();
    const auto won = co_await when_any(sleeps(1h, &full, &cut), sleeps(1s, &full, &cut), sleeps(2h, &full, &cut));
    EXPECT_EQ(won.index(), 1U);
    EXPECT_EQ(full, 1);
    EXPECT_EQ(cut, 2);
    EXPECT_EQ(rt.now() - start, 1s);
  });
}

TEST(when_any, waits_for_a_loser_that_takes_no_notice) {
  run_alone([](alone& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    bool ended = false;
    const auto stubborn = [](bool* flag) -> task<void> {
      (void)co_await tenon::sleep_for(10s);  // cut short
      for (int i = 0; i < 100; ++i) co_await tenon::yield();
      *flag = true;
    };
    const auto won = co_await when_any(gives_late(1, 1s), stubborn(&ended));
    EXPECT_EQ(won.index(), 0U);
    EXPECT_TRUE(ended) << "nothing is left behind running";
    EXPECT_EQ(rt.now() - start, 1s);
  });
}

TEST(when_any, asks_losers_that_have_not_begun) {
  run_alone([](alone&) -> task<void> {
    int full = 0;
    int cut = 0;
    const auto at_once = []() -> task<int> { co_return 7; };
    const auto won = co_await when_any(at_once(), sleeps(1h, &full, &cut));
    EXPECT_EQ(std::get<0>(won), 7);
    EXPECT_EQ(cut, 1) << "it ran, and found that it was to stop";
  });
}

TEST(when_any, stands_for_void_and_references) {
  static int place = 1;
  run_alone([](alone&) -> task<void> {
    const auto refers = []() -> task<int&> { co_return place; };
    int full = 0;
    int cut = 0;
    auto won = co_await when_any(refers(), sleeps(1s, &full, &cut));
    static_assert(std::is_same_v<decltype(won), std::variant<int*, std::monostate>>);
    EXPECT_EQ(std::get<0>(won), &place);
  });
}

TEST(when_any, lets_the_winners_exception_out_and_drops_the_losers) {
  run_alone([](alone&) -> task<void> {
    std::string what;
    try {
      (void)co_await when_any(gives_late(1, 2s), fails_late("winner", 1s), fails_late("loser", 3s));
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    EXPECT_EQ(what, "winner");
    const auto won = co_await when_any(fails_late("loser", 2s), gives_late(5, 1s));
    EXPECT_EQ(std::get<1>(won), 5);
  });
}

TEST(when_any, destroys_every_result_once) {
  run_alone([](alone&) -> task<void> {
    const auto give = [](int number) -> task<parcel> {
      co_await tenon::yield();
      co_return parcel{{}, number};
    };
    const auto won = co_await when_any(give(1), give(2), give(3));
    EXPECT_EQ(won.index(), 0U);
    EXPECT_EQ(std::get<0>(won).number, 1);
    EXPECT_EQ(alive::count, 1);
    const auto pointer =
        co_await when_any([]() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(3); }());
    EXPECT_EQ(*std::get<0>(pointer), 3);
  });
  EXPECT_EQ(alive::count, 0);
}

TEST(when_any, hands_a_stop_request_from_above_on) {
  run_alone([](alone& rt) -> task<void> {
    int full = 0;
    int cut = 0;
    tenon::scope inner{rt};
    inner.spawn(
        [](int* a, int* b) -> task<void> {
          (void)co_await when_any(sleeps(1h, a, b), sleeps(2h, a, b));
          const bool asked = co_await tenon::this_task::stop_requested();
          EXPECT_TRUE(asked);
        },
        &full, &cut);
    (void)co_await tenon::sleep_for(1s);
    inner.cancel();
    co_await inner.join();
    EXPECT_EQ(cut, 2);
    EXPECT_EQ(full, 0);
  });
}

TEST(when_any, begins_with_a_stop_request_that_is_there_already) {
  run_alone([](alone& rt) -> task<void> {
    rt.request_stop();
    int full = 0;
    int cut = 0;
    (void)co_await when_any(sleeps(1h, &full, &cut), sleeps(2h, &full, &cut));
    EXPECT_EQ(cut, 2);
  });
}

TEST(when_any, nests) {
  run_alone([](alone& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    const auto inner = [](int* a, int* b) -> task<int> {
      const auto won = co_await when_any(sleeps(2h, a, b), gives_late(1, 1h));
      co_return static_cast<int>(won.index());
    };
    int full = 0;
    int cut = 0;
    const auto won = co_await when_any(inner(&full, &cut), gives_late(2, 1s));
    EXPECT_EQ(std::get<1>(won), 2);
    EXPECT_EQ(cut, 1);
    EXPECT_EQ(rt.now() - start, 1s);
  });
}

/// Races that end at the same moment on several workers, with a stop request from above in between.
template <class R>
task<void> races(R& rt, std::atomic<int>* ended) {
  tenon::scope all{rt};
  for (int i = 0; i < 40; ++i) {
    all.spawn(
        [](int seed, std::atomic<int>* count) -> task<void> {
          const auto naps = [](tenon::duration length) -> task<bool> { co_return co_await tenon::sleep_for(length); };
          for (int round = 0; round < 5; ++round) {
            const auto won =
                co_await when_any(naps(std::chrono::microseconds((seed + round) % 7 * 10)),
                                  naps(std::chrono::microseconds((seed + round) % 5 * 14)), naps(1h), naps(20us));
            EXPECT_LT(won.index(), 4U);
          }
          ++*count;
        },
        i, ended);
  }
  (void)co_await tenon::sleep_for(60us);
  all.cancel();
  co_await all.join();
}

TEST(when_any, survives_races_that_end_together) {
  for (int round = 0; round < rounds(40); ++round) {
    std::atomic<int> ended{0};
    run_with<crew>(3, races<crew>, &ended);
    run_with<line>(2, races<line>, &ended);
    run_with<bound>(3, races<bound>, &ended);
    ASSERT_EQ(ended, 120);
  }
}

}  // namespace
