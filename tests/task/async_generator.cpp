// SPDX-License-Identifier: BSL-1.0
#include <tenon/task/async_generator.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/this_task.hpp>
#include <tenon/task/timeout.hpp>
#include <tenon/task/when_all.hpp>
#include <tenon/task/yield.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtimes.hpp"

namespace {

using namespace tenon_test;
using tenon::async_generator;
using tenon::task;

static_assert(!std::is_copy_constructible_v<async_generator<int>>);
static_assert(std::is_nothrow_move_constructible_v<async_generator<int>>);
static_assert(std::is_same_v<async_generator<int>::pointer, int*>);
static_assert(std::is_same_v<async_generator<int&>::pointer, int*>);
static_assert(std::is_same_v<async_generator<const int&>::pointer, const int*>);

async_generator<int> count_to(int last) {
  for (int i = 1; i <= last; ++i) co_yield i;
}

TEST(async_generator, gives_its_items_in_order_and_then_null_for_ever) {
  run_alone([](alone&) -> task<void> {
    auto numbers = count_to(3);
    std::vector<int> seen;
    for (auto* item = co_await numbers.next(); item != nullptr; item = co_await numbers.next()) {  // gcc12: has locals
      seen.push_back(*item);
    }
    EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
    const auto* const after = co_await numbers.next();
    EXPECT_EQ(after, nullptr);
  });
}

// A coroutine without any other variable: g++ 12 skips its body when the condition declares none.
task<void> add_up(async_generator<int>& numbers, int& sum) {
  while (const int* item = co_await numbers.next()) sum += *item;
}

TEST(async_generator, is_read_by_the_condition_of_a_while_alone) {
  int sum = 0;
  run_alone(
      [](alone&, int* out) -> task<void> {
        auto numbers = count_to(4);
        co_await add_up(numbers, *out);
      },
      &sum);
  EXPECT_EQ(sum, 10);
}

TEST(async_generator, of_nothing) {
  run_alone([](alone&) -> task<void> {
    auto none = count_to(0);
    const auto* const first = co_await none.next();
    EXPECT_EQ(first, nullptr);
  });
}

TEST(async_generator, does_nothing_until_it_is_asked) {
  bool ran = false;
  const auto body = [](bool& flag) -> async_generator<int> {
    flag = true;
    co_yield 1;
  };
  {
    const async_generator<int> unasked = body(ran);
    EXPECT_TRUE(static_cast<bool>(unasked));
  }
  EXPECT_FALSE(ran);
}

TEST(async_generator, awaits_between_two_items) {
  run_alone([](alone& rt) -> task<void> {
    auto ticks = [](int count) -> async_generator<int> {
      for (int i = 0; i < count; ++i) {
        (void)co_await tenon::sleep_for(1h);
        co_await tenon::yield();
        co_yield i;
      }
      (void)co_await tenon::sleep_for(1h);
    }(3);
    const auto begin = rt.now();
    int seen = 0;
    while (const int* tick = co_await ticks.next()) EXPECT_EQ(*tick, seen++);
    EXPECT_EQ(seen, 3);
    EXPECT_EQ(rt.now() - begin, 4h) << "what comes after the last item is run, too";
  });
}

TEST(async_generator, a_temporary_is_neither_copied_nor_moved) {
  run_alone([](alone&) -> task<void> {
    struct fixed {
      explicit fixed(int n) : number(n) {}
      fixed(const fixed&) = delete;
      fixed& operator=(const fixed&) = delete;
      int number;
    };
    auto all = []() -> async_generator<fixed> {
      co_yield fixed(1);
      co_yield fixed(2);
    }();
    int sum = 0;
    while (const fixed* item = co_await all.next()) sum += item->number;
    EXPECT_EQ(sum, 3);
  });
}

TEST(async_generator, gives_what_only_moves_away) {
  run_alone([](alone&) -> task<void> {
    auto all = []() -> async_generator<std::unique_ptr<int>> {
      for (int i = 0; i < 3; ++i) co_yield std::make_unique<int>(i);
      auto named = std::make_unique<int>(3);
      co_yield std::move(named);
    }();
    std::vector<std::unique_ptr<int>> kept;
    while (auto* item = co_await all.next()) kept.push_back(std::move(*item));
    EXPECT_EQ(kept.size(), 4U);
    for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(*kept[i], static_cast<int>(i));
  });
}

TEST(async_generator, of_what_has_a_name_it_gives_a_copy) {
  run_alone([](alone&) -> task<void> {
    auto all = []() -> async_generator<alive> {
      alive own;
      co_yield own;
      EXPECT_NE(own.text, "taken") << "who asked changes a copy";
      const alive constant;
      co_yield constant;
      EXPECT_EQ(alive::count, 2) << "the copies are gone";
    }();
    int items = 0;
    while (alive* item = co_await all.next()) {
      item->text = "taken";
      ++items;
    }
    EXPECT_EQ(items, 2);
  });
  EXPECT_EQ(alive::count, 0);
}

TEST(async_generator, an_item_lives_until_the_next_is_asked_for) {
  run_alone([](alone&) -> task<void> {
    auto all = []() -> async_generator<parcel> {
      for (int i = 0; i < 4; ++i) {
        parcel made;
        made.number = i;
        co_yield std::move(made);
        EXPECT_EQ(alive::count, 1) << "it alone";
      }
      EXPECT_EQ(alive::count, 0);
    }();
    int next = 0;
    while (const parcel* item = co_await all.next()) {
      EXPECT_EQ(item->number, next++);
      EXPECT_EQ(item->inside.text, alive().text);
    }
    EXPECT_EQ(next, 4);
  });
  EXPECT_EQ(alive::count, 0);
}

TEST(async_generator, converts_what_is_yielded) {
  run_alone([](alone&) -> task<void> {
    auto words = []() -> async_generator<std::string> {
      co_yield "a word that is too long for the string itself";
      co_yield {};
    }();
    const std::string* word = co_await words.next();
    EXPECT_EQ(*word, "a word that is too long for the string itself");
    word = co_await words.next();
    EXPECT_EQ(*word, "");
  });
}

TEST(async_generator, gives_references) {
  run_alone([](alone&) -> task<void> {
    std::vector<alive> shelf(3);
    auto each = [](std::vector<alive>& from) -> async_generator<alive&> {
      for (alive& one : from) co_yield one;
    }(shelf);
    std::size_t index = 0;
    while (alive* one = co_await each.next()) {
      EXPECT_EQ(one, &shelf[index++]);
      one->text = "seen";
    }
    for (const alive& one : shelf) EXPECT_EQ(one.text, "seen");

    auto looked_at = [](const std::vector<alive>& from) -> async_generator<const alive&> {
      for (const alive& one : from) co_yield one;
      co_yield alive();
    }(shelf);
    index = 0;
    while (const alive* one = co_await looked_at.next()) {
      EXPECT_TRUE(index == 3 || one == &shelf[index]);
      ++index;
    }
    EXPECT_EQ(index, 4U);
    EXPECT_EQ(alive::count, 3);
  });
  EXPECT_EQ(alive::count, 0);
}

TEST(async_generator, an_exception_leaves_the_next_that_waits_and_is_the_end) {
  run_alone([](alone&) -> task<void> {
    auto fails = []() -> async_generator<int> {
      co_yield 1;
      co_await tenon::yield();
      throw std::runtime_error("no more");
    }();
    const int* const first = co_await fails.next();
    EXPECT_EQ(*first, 1);
    std::string why;
    try {
      (void)co_await fails.next();
    } catch (const std::runtime_error& error) {
      why = error.what();
    }
    EXPECT_EQ(why, "no more");
    const int* const after = co_await fails.next();
    EXPECT_EQ(after, nullptr);
  });
}

TEST(async_generator, destroyed_at_a_yield_it_destroys_its_locals) {
  bool went_on = false;
  run_alone(
      [](alone&, bool* flag) -> task<void> {
        {
          auto all = [](alive, bool* out) -> async_generator<int> {
            const alive local;
            co_yield 1;
            *out = true;
          }(alive(), flag);
          const int* const first = co_await all.next();
          EXPECT_EQ(*first, 1);
          EXPECT_EQ(alive::count, 2);
          auto moved = std::move(all);
          EXPECT_FALSE(static_cast<bool>(all));  // NOLINT(bugprone-use-after-move): that is what is tested
        }
        EXPECT_EQ(alive::count, 0);
      },
      &went_on);
  EXPECT_FALSE(went_on);
}

TEST(async_generator, assigned_over_it_is_destroyed) {
  run_alone([](alone&) -> task<void> {
    auto numbers = count_to(9);
    (void)co_await numbers.next();
    numbers = count_to(1);
    const int* const first = co_await numbers.next();
    EXPECT_EQ(*first, 1);
    const int* const second = co_await numbers.next();
    EXPECT_EQ(second, nullptr);
  });
}

// What is asked to stop is whoever waits in next(), each time anew.
TEST(async_generator, each_next_lends_it_its_own_environment) {
  run_alone([](alone& rt) -> task<void> {
    auto naps = []() -> async_generator<bool> {
      for (;;) {
        const bool slept = co_await tenon::sleep_for(1h);
        co_yield slept;
      }
    }();
    const auto begin = rt.now();
    const auto short_of_it = co_await tenon::timeout(1min, naps.next());
    EXPECT_FALSE(short_of_it);
    EXPECT_EQ(rt.now() - begin, 1min);
    const bool* const whole = co_await naps.next();
    EXPECT_TRUE(*whole) << "the stop of the one that asked before is over";
    EXPECT_EQ(rt.now() - begin, 1h + 1min);
  });
}

TEST(async_generator, sees_the_stop_of_its_consumer) {
  int seen = -1;
  run_alone(
      [](alone&, int* out) -> task<void> {
        task<void> reading = [](int* last) -> task<void> {
          auto naps = []() -> async_generator<int> {
            for (int i = 0;; ++i) {
              const bool slept = co_await tenon::sleep_for(1min);
              if (!slept) co_return;
              co_yield i;
            }
          }();
          while (const int* nap = co_await naps.next()) *last = *nap;
        }(out);
        const auto ended = co_await tenon::timeout(10min + 30s, std::move(reading));
        EXPECT_FALSE(ended);
      },
      &seen);
  EXPECT_EQ(seen, 9);
}

// Longer than any stack: a million transfers both ways, and a chain of generators.
TEST(async_generator, a_million_ready_items_need_no_stack) {
  const int many = rounds(1'000'000);
  run_alone(
      [](alone&, int last) -> task<void> {
        auto numbers = count_to(last);
        int seen = 0;
        while (co_await numbers.next() != nullptr) ++seen;  // gcc12: has locals
        EXPECT_EQ(seen, last);
      },
      many);
}

async_generator<int> twice(async_generator<int> from) {
  while (const int* item = co_await from.next()) co_yield 2 * *item;
}

TEST(async_generator, one_reads_another) {
  run_alone([](alone&) -> task<void> {
    auto chain = twice(twice(twice(count_to(1000))));
    int sum = 0;
    while (const int* item = co_await chain.next()) sum += *item;
    EXPECT_EQ(sum, 8 * 500500);
  });
}

TEST(async_generator, a_ready_one_does_not_starve_the_others) {
  run_alone([](alone& rt) -> task<void> {
    tenon::scope beside{rt};
    bool stop = false;
    beside.spawn(
        [](bool* flag) -> task<void> {
          co_await tenon::yield();
          *flag = true;
        },
        &stop);
    auto for_ever = []() -> async_generator<int> {
      for (;;) co_yield 1;
    }();
    int items = 0;
    for (;;) {
      (void)co_await for_ever.next();
      ++items;
      if (stop) break;
    }
    EXPECT_LT(items, 1000);
    co_await beside.join();
  });
}

template <class Runtime>
void hop_about(std::size_t threads) {
  run_with<Runtime>(threads, [](Runtime& rt) -> task<void> {
    tenon::scope all{rt};
    for (int i = 0; i < 16; ++i) {
      all.spawn([]() -> task<void> {
        auto hops = [](int count) -> async_generator<std::string> {
          for (int hop = 0; hop < count; ++hop) {
            co_await tenon::yield();
            co_yield std::to_string(hop) + " hops, in a string that has to be allocated";
            if (hop % 16 == 0) (void)co_await tenon::sleep_for(10us);
          }
        }(rounds(500));
        int seen = 0;
        while (const std::string* hop = co_await hops.next()) {
          EXPECT_EQ(*hop, std::to_string(seen++) + " hops, in a string that has to be allocated");
          co_await tenon::yield();
        }
        EXPECT_EQ(seen, rounds(500));
      });
    }
    co_await all.join();
  });
}

TEST(async_generator, goes_from_worker_to_worker_with_its_consumer) {
  hop_about<crew>(4);
  hop_about<line>(3);
  hop_about<bound>(3);
}

}  // namespace
