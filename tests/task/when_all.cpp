// SPDX-License-Identifier: BSL-1.0
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/this_task.hpp>
#include <tenon/task/when_all.hpp>
#include <tenon/task/yield.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "runtimes.hpp"

namespace {

using namespace tenon_test;
using tenon::task;
using tenon::when_all;

task<int> gives(int value) { co_return value; }
task<int> gives_late(int value, tenon::duration after) {
  (void)co_await tenon::sleep_for(after);
  co_return value;
}
task<void> notes(int value, std::vector<int>* into) {
  into->push_back(value);
  co_return;
}
task<int> fails_late(const char* why, tenon::duration after) {
  (void)co_await tenon::sleep_for(after);
  throw std::runtime_error(why);
}
task<parcel> gives_parcel(int number) {
  co_await tenon::yield();
  co_return parcel{{}, number};
}

TEST(when_all, gives_the_results_in_the_order_of_the_arguments) {
  run_alone([](alone&) -> task<void> {
    const auto [a, b, c] = co_await when_all(gives_late(1, 3s), gives(2), gives_late(3, 1s));
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, 2);
    EXPECT_EQ(c, 3);
  });
}

TEST(when_all, of_one_and_of_none) {
  run_alone([](alone&) -> task<void> {
    const auto [only] = co_await when_all(gives(1));
    EXPECT_EQ(only, 1);
    const std::tuple<> nothing = co_await when_all();
    (void)nothing;
    const std::vector<int> none = co_await when_all(std::vector<task<int>>{});
    EXPECT_TRUE(none.empty());
  });
}

TEST(when_all, takes_as_long_as_the_longest) {
  run_alone([](alone& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    co_await when_all(gives_late(1, 1s), gives_late(2, 5s), gives_late(3, 2s));
    EXPECT_EQ(rt.now() - start, 5s);
  });
}

TEST(when_all, of_void_and_of_references) {
  static int place = 4;
  run_alone([](alone&) -> task<void> {
    std::vector<int> seen;
    auto all = co_await when_all(notes(1, &seen), []() -> task<int&> { co_return place; }(), gives(2));
    static_assert(std::is_same_v<decltype(all), std::tuple<std::monostate, int*, int>>);
    EXPECT_EQ(std::get<1>(all), &place);
    EXPECT_EQ(seen, std::vector<int>{1});
  });
}

TEST(when_all, of_a_vector) {
  run_alone([](alone&) -> task<void> {
    std::vector<task<int>> many;
    for (int i = 0; i < 1'000; ++i) many.push_back(gives_late(i, std::chrono::milliseconds(i * 7 % 11)));
    const std::vector<int> results = co_await when_all(std::move(many));
    EXPECT_EQ(results.size(), 1'000U);
    for (int i = 0; i < 1'000; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)], i);
    std::vector<int> seen;
    std::vector<task<void>> effects;
    effects.push_back(notes(1, &seen));
    effects.push_back(notes(2, &seen));
    const auto nothings = co_await when_all(std::move(effects));
    EXPECT_EQ(nothings.size(), 2U);
    EXPECT_EQ(seen, (std::vector<int>{1, 2}));
  });
}

TEST(when_all, moves_what_only_moves_and_destroys_all_once) {
  run_alone([](alone&) -> task<void> {
    auto [pointer, parcels] = co_await when_all(
        []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(1); }(), gives_parcel(2));
    EXPECT_EQ(*pointer, 1);
    EXPECT_EQ(parcels.number, 2);
    EXPECT_EQ(alive::count, 1);
    std::vector<task<parcel>> many;
    for (int i = 0; i < 5; ++i) many.push_back(gives_parcel(i));
    const std::vector<parcel> results = co_await when_all(std::move(many));
    EXPECT_EQ(alive::count, 6);
    EXPECT_EQ(results[4].number, 4);
    EXPECT_EQ(results[4].inside.text, parcels.inside.text);
  });
  EXPECT_EQ(alive::count, 0);
}

TEST(when_all, lets_the_first_exception_in_order_out_when_all_have_ended) {
  run_alone([](alone& rt) -> task<void> {
    const tenon::time_point start = rt.now();
    std::string what;
    bool other_ended = false;
    const auto ends = [](bool* flag) -> task<void> {
      const bool slept = co_await tenon::sleep_for(1h);
      *flag = slept;
    };
    try {
      co_await when_all(ends(&other_ended), fails_late("first", 2s), fails_late("second", 1s));
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    EXPECT_EQ(what, "first");
    EXPECT_TRUE(other_ended) << "nobody is cancelled because another throws";
    EXPECT_EQ(rt.now() - start, 1h);
  });
}

TEST(when_all, hands_the_stop_request_on) {
  run_alone([](alone& rt) -> task<void> {
    tenon::scope inner{rt};
    int cut = 0;
    inner.spawn(
        [](int* count) -> task<void> {
          const auto sleeps = []() -> task<bool> { co_return co_await tenon::sleep_for(1h); };
          const auto [a, b] = co_await when_all(sleeps(), sleeps());
          *count = (a ? 0 : 1) + (b ? 0 : 1);
        },
        &cut);
    (void)co_await tenon::sleep_for(1s);
    inner.cancel();
    co_await inner.join();
    EXPECT_EQ(cut, 2);
  });
}

TEST(when_all, may_be_dropped_before_it_is_awaited) {
  run_alone([](alone&) -> task<void> {
    {
      [[maybe_unused]] const auto unused = when_all(gives_parcel(1), gives_parcel(2));
    }
    co_return;
  });
  EXPECT_EQ(alive::count, 0);
}

task<int> tree(int depth) {
  if (depth == 0) co_return 1;
  const auto [left, right] = co_await when_all(tree(depth - 1), tree(depth - 1));
  co_return left + right;
}

TEST(when_all, branches_as_a_tree) {
  EXPECT_EQ(run_alone([](alone&) { return tree(12); }), 4'096);
  for (int round = 0; round < rounds(20); ++round) {
    EXPECT_EQ((run_with<crew>(3, [](crew&) { return tree(9); })), 512);
    EXPECT_EQ((run_with<line>(2, [](line&) { return tree(9); })), 512);
    EXPECT_EQ((run_with<bound>(2, [](bound&) { return tree(9); })), 512);
  }
}

TEST(when_all, of_ready_tasks_many_times_in_a_row) {
  run_alone([](alone&) -> task<void> {
    int sum = 0;
    for (int i = 0; i < 20'000; ++i) {
      const auto [a, b] = co_await when_all(gives(1), gives(2));
      sum += a + b;
    }
    EXPECT_EQ(sum, 60'000);
  });
}

/// Whose branches wait on a stack of the worker's own.
struct pool : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};

task<void> nothing() { co_return; }
task<void> gives_way() { co_await tenon::yield(); }

TEST(when_all, counts_those_that_end_beside_a_long_row_of_others) {
  pool rt{{.threads = 1}};
  rt.run([]() -> task<void> {
    for (int yielding = 1; yielding <= 10; yielding += 3) {
      for (int many = 3'000; many < 3'010; ++many) {
        std::vector<task<void>> all;
        for (int i = 0; i < yielding; ++i) all.push_back(gives_way());
        for (int i = 0; i < many; ++i) all.push_back(nothing());
        (void)co_await when_all(std::move(all));
      }
    }
  }());
}

TEST(when_all, of_very_many_lets_others_have_their_turn) {
  pool rt{{.threads = 1}};
  int turns = 0;
  rt.run([](int* counted) -> task<void> {
    bool over = false;
    const auto beside = [](const bool* until, int* into) -> task<void> {
      while (!*until) {
        ++*into;
        co_await tenon::yield();
      }
    };
    const auto works = [](bool* into) -> task<void> {
      std::vector<task<void>> all;
      for (int i = 0; i < 20'000; ++i) all.push_back(nothing());
      (void)co_await when_all(std::move(all));
      *into = true;
    };
    (void)co_await when_all(beside(&over, counted), works(&over));
  }(&turns));
  EXPECT_GE(turns, 10);
}

}  // namespace
