// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/this_task.hpp>
#include <tenon/task/timeout.hpp>
#include <tenon/task/yield.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <random>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

// What every lock and every signal of sync/ does, on any runtime. A model:
//
//   struct model {
//     using runtime = ...;            // the runtime
//     using subject = ...;            // the primitive, default-constructible
//     static constexpr std::size_t threads = ...;
//   };
//   a lock:    static auto take(subject&);          an awaitable that gives a result<guard>
//              static auto try_take(subject&);      a guard that may be empty
//   a signal:  static auto wait(subject&);          an awaitable that gives a result<void>
//              static void raise(subject&);         enough for one that waits
//              static constexpr bool stays = ...;   whether one raise() is enough for all

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TENON_LAWS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TENON_LAWS_SANITIZED 1
#endif
#endif

namespace tenon::laws {

#if defined(TENON_LAWS_SANITIZED)
inline constexpr int storm_rounds = 4;
#else
inline constexpr int storm_rounds = 20;
#endif

/// Runs `main(rt, args...)` on a runtime with so many workers.
template <class Runtime, class Main, class... Args>
void play(std::size_t threads, Main main, Args&&... args) {
  if constexpr (Runtime::threading::concurrent) {
    Runtime rt{{.threads = threads, .name = "laws"}};
    rt.run(main(rt, std::forward<Args>(args)...));
  } else {
    (void)threads;
    Runtime rt;
    rt.run(main(rt, std::forward<Args>(args)...));
  }
}

/// Lets the tasks that are ready get to where they wait: on one worker that is sure.
inline task<void> settle(int turns = 50) {
  for (int i = 0; i < turns; ++i) co_await yield();
}

/// Waits until `count` has come to `number`.
inline task<void> reached(const std::atomic<int>& count, int number) {
  while (count < number) (void)co_await sleep_for(std::chrono::microseconds(50));
}

}  // namespace tenon::laws

template <class Model>
class lock_laws : public testing::Test {
 public:
  using runtime = typename Model::runtime;
  using subject = typename Model::subject;

  template <class Main, class... Args>
  static void play(Main main, Args&&... args) {
    tenon::laws::play<runtime>(Model::threads, main, std::forward<Args>(args)...);
  }
  static void expect_free(subject& lock) {
    auto held = Model::try_take(lock);
    EXPECT_TRUE(held) << "a lock was lost";
  }
};
TYPED_TEST_SUITE_P(lock_laws);

TYPED_TEST_P(lock_laws, holds_and_gives_back) {
  this->play([](typename TypeParam::runtime&) -> tenon::task<void> {
    typename TypeParam::subject lock;
    {
      auto held = co_await TypeParam::take(lock);
      EXPECT_TRUE(held.has_value() && *held);
      EXPECT_FALSE(TypeParam::try_take(lock));
      auto moved = std::move(*held);
      EXPECT_FALSE(*held);
      EXPECT_TRUE(moved);
      EXPECT_FALSE(TypeParam::try_take(lock));
      moved.unlock();
      EXPECT_FALSE(moved);
      auto again = TypeParam::try_take(lock);
      EXPECT_TRUE(again);
      again = std::move(moved);
      EXPECT_FALSE(again) << "what it held is given back before it takes over";
    }
    TestFixture::expect_free(lock);
  });
}

TYPED_TEST_P(lock_laws, one_at_a_time) {
  this->play([](typename TypeParam::runtime& rt) -> tenon::task<void> {
    typename TypeParam::subject lock;
    long plain = 0;  // guarded by nothing else: the thread sanitizer sees what the lock does not do
    tenon::scope all{rt};
    for (int i = 0; i < 8; ++i) {
      all.spawn(
          [](typename TypeParam::subject& its, long& count) -> tenon::task<void> {
            for (int round = 0; round < 300; ++round) {
              auto held = co_await TypeParam::take(its);
              const long before = count;
              if (round % 5 == 0) co_await tenon::yield();
              count = before + 1;
            }
          },
          std::ref(lock), std::ref(plain));
    }
    co_await all.join();
    EXPECT_EQ(plain, 8 * 300);
    TestFixture::expect_free(lock);
  });
}

TYPED_TEST_P(lock_laws, first_come_first_served) {
  this->play([](typename TypeParam::runtime& rt) -> tenon::task<void> {
    typename TypeParam::subject lock;
    std::vector<int> order;
    std::atomic<int> came{0};
    auto held = co_await TypeParam::take(lock);
    tenon::scope all{rt};
    for (int i = 0; i < 20; ++i) {
      all.spawn(
          [](typename TypeParam::subject& its, std::vector<int>& served, std::atomic<int>& arrived,
             int me) -> tenon::task<void> {
            ++arrived;
            auto mine = co_await TypeParam::take(its);
            served.push_back(me);
          },
          std::ref(lock), std::ref(order), std::ref(came), i);
      co_await tenon::laws::reached(came, i + 1);
      co_await tenon::sleep_for(std::chrono::microseconds(300));  // from there to the line is not far
    }
    EXPECT_FALSE(TypeParam::try_take(lock)) << "nobody overtakes";
    held->unlock();
    co_await all.join();
    if (TypeParam::threads == 1) {
      std::vector<int> expected;
      for (int i = 0; i < 20; ++i) expected.push_back(i);
      EXPECT_EQ(order, expected);
    }
    EXPECT_EQ(order.size(), 20U);
    TestFixture::expect_free(lock);
  });
}

TYPED_TEST_P(lock_laws, a_stop_ends_the_waiting_and_nothing_else) {
  this->play([](typename TypeParam::runtime& rt) -> tenon::task<void> {
    typename TypeParam::subject lock;
    auto held = co_await TypeParam::take(lock);
    std::atomic<int> stopped{0};
    std::atomic<int> got{0};
    tenon::scope asked{rt};
    tenon::scope others{rt};
    const auto tries = [](typename TypeParam::subject& its, std::atomic<int>& no,
                          std::atomic<int>& yes) -> tenon::task<void> {
      auto mine = co_await TypeParam::take(its);
      if (!mine) {
        EXPECT_EQ(mine.error(), std::errc::operation_canceled);
      }
      ++(mine ? yes : no);
    };
    for (int i = 0; i < 5; ++i) {
      asked.spawn(tries, std::ref(lock), std::ref(stopped), std::ref(got));
      others.spawn(tries, std::ref(lock), std::ref(stopped), std::ref(got));
    }
    co_await tenon::laws::settle();
    asked.cancel();
    co_await asked.join();
    EXPECT_EQ(stopped, 5);
    EXPECT_EQ(got, 0);
    held->unlock();
    co_await others.join();
    EXPECT_EQ(got, 5);
    TestFixture::expect_free(lock);
    tenon::scope late{rt};
    late.cancel();
    late.spawn(tries, std::ref(lock), std::ref(stopped), std::ref(got));
    co_await late.join();
    EXPECT_EQ(got, 6) << "what is free is taken, stop or not";
  });
}

TYPED_TEST_P(lock_laws, a_time_limit) {
  this->play([](typename TypeParam::runtime&) -> tenon::task<void> {
    typename TypeParam::subject lock;
    {
      auto held = co_await tenon::timeout(std::chrono::hours(1), TypeParam::take(lock));
      EXPECT_TRUE(held.has_value());
      auto late = co_await tenon::timeout(std::chrono::milliseconds(1), TypeParam::take(lock));
      EXPECT_EQ(late.error(), std::errc::timed_out);
    }
    TestFixture::expect_free(lock);
  });
}

/// Locks and stops that meet at any moment: each wait ends once, with the lock or without; the lock is never held twice
/// and never lost.
TYPED_TEST_P(lock_laws, survives_a_storm_of_stops) {
  this->play([](typename TypeParam::runtime& rt) -> tenon::task<void> {
    for (unsigned round = 0; round < tenon::laws::storm_rounds; ++round) {
      typename TypeParam::subject lock;
      std::atomic<int> ended{0};
      std::atomic<int> inside{0};
      tenon::scope all{rt};
      const auto fights = [](typename TypeParam::subject& its, std::atomic<int>& over, std::atomic<int>& in,
                             unsigned seed) -> tenon::task<void> {
        std::mt19937 random(seed);
        for (int i = 0; i < 20; ++i) {
          const auto limit = std::chrono::microseconds(random() % 60);
          auto mine = co_await tenon::timeout(limit, TypeParam::take(its));
          if (mine) {
            EXPECT_EQ(in.fetch_add(1), 0);
            if (random() % 2 == 0) (void)co_await tenon::sleep_for(std::chrono::microseconds(random() % 20));
            in.fetch_sub(1);
          }
          mine = std::errc::operation_canceled;  // unlocks
          const bool stop = co_await tenon::this_task::stop_requested();
          if (stop) break;
        }
        ++over;
      };
      for (unsigned i = 0; i < 12; ++i) {
        all.spawn(fights, std::ref(lock), std::ref(ended), std::ref(inside), round * 100 + i);
      }
      (void)co_await tenon::sleep_for(std::chrono::microseconds(100 * (round % 10)));
      if constexpr (TypeParam::runtime::threading::concurrent) {
        std::thread outside([&all] { all.cancel(); });
        co_await tenon::yield();
        outside.join();
      } else {
        all.cancel();
      }
      co_await all.join();
      EXPECT_EQ(ended, 12);
      EXPECT_EQ(inside, 0);
      TestFixture::expect_free(lock);
    }
  });
}

TYPED_TEST_P(lock_laws, is_given_back_by_any_thread) {
  if constexpr (TypeParam::runtime::threading::concurrent) {
    this->play([](typename TypeParam::runtime&) -> tenon::task<void> {
      typename TypeParam::subject lock;
      for (int i = 0; i < 50; ++i) {
        auto held = TypeParam::try_take(lock);
        EXPECT_TRUE(held);
        std::thread outside([&held] { held.unlock(); });
        auto mine = co_await TypeParam::take(lock);
        EXPECT_TRUE(mine.has_value());
        outside.join();
      }
    });
  }
}

TYPED_TEST_P(lock_laws, whoever_finds_it_free_lets_others_run) {
  this->play([](typename TypeParam::runtime& rt) -> tenon::task<void> {
    if (TypeParam::threads != 1) co_return;
    typename TypeParam::subject lock;
    bool over = false;
    tenon::scope other{rt};
    other.spawn(
        [](bool& flag) -> tenon::task<void> {
          flag = true;
          co_return;
        },
        std::ref(over));
    for (int i = 0; i < 100'000 && !over; ++i) {
      auto held = co_await TypeParam::take(lock);
      EXPECT_TRUE(held.has_value());
    }
    EXPECT_TRUE(over);
    co_await other.join();
  });
}

REGISTER_TYPED_TEST_SUITE_P(lock_laws, holds_and_gives_back, one_at_a_time, first_come_first_served,
                            a_stop_ends_the_waiting_and_nothing_else, a_time_limit, survives_a_storm_of_stops,
                            is_given_back_by_any_thread, whoever_finds_it_free_lets_others_run);

template <class Model>
class signal_laws : public testing::Test {
 public:
  using runtime = typename Model::runtime;
  using subject = typename Model::subject;

  template <class Main, class... Args>
  static void play(Main main, Args&&... args) {
    tenon::laws::play<runtime>(Model::threads, main, std::forward<Args>(args)...);
  }
};
TYPED_TEST_SUITE_P(signal_laws);

TYPED_TEST_P(signal_laws, one_that_came_before_is_kept) {
  this->play([](typename TypeParam::runtime&) -> tenon::task<void> {
    typename TypeParam::subject signal;
    TypeParam::raise(signal);
    const tenon::result<void> first = co_await TypeParam::wait(signal);
    EXPECT_TRUE(first);
    const tenon::result<void> second = co_await tenon::timeout(std::chrono::milliseconds(1), TypeParam::wait(signal));
    EXPECT_EQ(second.has_value(), TypeParam::stays);
  });
}

TYPED_TEST_P(signal_laws, what_was_done_before_is_seen_after) {
  this->play([](typename TypeParam::runtime& rt) -> tenon::task<void> {
    for (int round = 0; round < 100; ++round) {
      typename TypeParam::subject signal;
      int written = 0;  // not atomic: the thread sanitizer sees a missing edge
      tenon::scope all{rt};
      all.spawn(
          [](typename TypeParam::subject& its, int& what) -> tenon::task<void> {
            what = 7;
            TypeParam::raise(its);
            co_return;
          },
          std::ref(signal), std::ref(written));
      const tenon::result<void> came = co_await TypeParam::wait(signal);
      EXPECT_TRUE(came);
      EXPECT_EQ(written, 7);
      co_await all.join();
    }
  });
}

TYPED_TEST_P(signal_laws, each_that_waits_goes_on) {
  this->play([](typename TypeParam::runtime& rt) -> tenon::task<void> {
    typename TypeParam::subject signal;
    std::atomic<int> on{0};
    tenon::scope all{rt};
    for (int i = 0; i < 10; ++i) {
      all.spawn(
          [](typename TypeParam::subject& its, std::atomic<int>& count) -> tenon::task<void> {
            const tenon::result<void> came = co_await TypeParam::wait(its);
            if (came) ++count;
          },
          std::ref(signal), std::ref(on));
    }
    for (int i = 1; i <= (TypeParam::stays ? 1 : 10); ++i) {
      TypeParam::raise(signal);
      if (!TypeParam::stays) co_await tenon::laws::reached(on, i);
    }
    co_await all.join();
    EXPECT_EQ(on, 10);
  });
}

TYPED_TEST_P(signal_laws, comes_from_any_thread) {
  if constexpr (TypeParam::runtime::threading::concurrent) {
    this->play([](typename TypeParam::runtime&) -> tenon::task<void> {
      for (int round = 0; round < 100; ++round) {
        typename TypeParam::subject signal;
        int written = 0;
        std::thread outside([&] {
          written = round;
          TypeParam::raise(signal);
        });
        const tenon::result<void> came = co_await TypeParam::wait(signal);
        EXPECT_TRUE(came);
        EXPECT_EQ(written, round);
        outside.join();
      }
    });
  }
}

/// Signals and stops at the same moment: a signal that ended no wait is still there.
TYPED_TEST_P(signal_laws, a_stop_takes_no_signal_away) {
  this->play([](typename TypeParam::runtime& rt) -> tenon::task<void> {
    for (int round = 0; round < 20 * tenon::laws::storm_rounds; ++round) {
      typename TypeParam::subject signal;
      std::atomic<int> on{0};
      tenon::scope all{rt};
      all.spawn(
          [](typename TypeParam::subject& its, std::atomic<int>& count) -> tenon::task<void> {
            const tenon::result<void> came = co_await TypeParam::wait(its);
            if (came) ++count;
          },
          std::ref(signal), std::ref(on));
      for (int turns = round % 4; turns > 0; --turns) co_await tenon::yield();
      if constexpr (TypeParam::runtime::threading::concurrent) {
        std::thread outside([&signal] { TypeParam::raise(signal); });
        all.cancel();
        outside.join();
      } else if (round % 2 == 0) {
        TypeParam::raise(signal);
        all.cancel();
      } else {
        all.cancel();
        TypeParam::raise(signal);
      }
      co_await all.join();
      const tenon::result<void> left =
          co_await tenon::timeout(std::chrono::milliseconds(on == 0 ? 60'000 : 0), TypeParam::wait(signal));
      EXPECT_EQ(left.has_value(), on == 0 || TypeParam::stays);
    }
  });
}

REGISTER_TYPED_TEST_SUITE_P(signal_laws, one_that_came_before_is_kept, what_was_done_before_is_seen_after,
                            each_that_waits_goes_on, comes_from_any_thread, a_stop_takes_no_signal_away);
