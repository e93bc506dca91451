// SPDX-License-Identifier: BSL-1.0
#include <tenon/task/task.hpp>
#include <tenon/task/yield.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtimes.hpp"

namespace {

using namespace tenon_test;
using tenon::task;

static_assert(!std::is_copy_constructible_v<task<int>> && !std::is_default_constructible_v<task<int>>);
static_assert(std::is_nothrow_move_constructible_v<task<int>> && std::is_nothrow_move_assignable_v<task<int>>);
static_assert(std::is_same_v<task<>, task<void>>);

task<int> answer() { co_return 42; }
task<void> nothing() { co_return; }
#if defined(__cpp_exceptions)
task<int> fails() {
  throw std::runtime_error("no");
  co_return 0;
}
task<void> fails_quietly() {
  throw std::runtime_error("nothing");
  co_return;
}
#endif

TEST(task, gives_a_value) {
  EXPECT_EQ(run_alone([](alone&) -> task<int> {
              const int once = co_await answer();
              co_return once * 2;
            }),
            84);
}

TEST(task, gives_nothing) {
  run_alone([](alone&) -> task<void> {
    co_await nothing();
    co_await nothing();
  });
}

TEST(task, is_lazy) {
  bool ran = false;
  const auto body = [](bool& flag) -> task<void> {
    flag = true;
    co_return;
  };
  {
    const task<void> never_awaited = body(ran);
    EXPECT_TRUE(static_cast<bool>(never_awaited));
  }
  EXPECT_FALSE(ran);
  alone rt;
  rt.run(body(ran));
  EXPECT_TRUE(ran);
}

TEST(task, frees_its_arguments_when_it_is_never_started) {
  const auto body = [](alive) -> task<void> { co_return; };
  {
    task<void> dropped = body(alive());
    EXPECT_EQ(alive::count, 1);
    task<void> moved = std::move(dropped);
    EXPECT_FALSE(static_cast<bool>(dropped));  // NOLINT(bugprone-use-after-move): that is what is tested
    moved = body(alive());
    EXPECT_EQ(alive::count, 1) << "what it had before is freed";
    task<void>& same = moved;
    moved = std::move(same);
    EXPECT_TRUE(static_cast<bool>(moved));
  }
  EXPECT_EQ(alive::count, 0);
}

TEST(task, gives_what_only_moves) {
  const auto made = run_alone([](alone&) -> task<std::unique_ptr<int>> {
    std::unique_ptr<int> inner = co_await [](std::unique_ptr<int> p) -> task<std::unique_ptr<int>> {
      *p += 1;
      co_return p;
    }(std::make_unique<int>(1));
    *inner += 1;
    co_return std::move(inner);
  });
  EXPECT_EQ(*made, 3);
}

TEST(task, gives_what_has_no_default) {
  struct exact {
    explicit exact(int n) : number(n) {}
    int number;
  };
  EXPECT_EQ(run_alone([](alone&) -> task<exact> { co_return exact(5); }).number, 5);
}

TEST(task, converts_what_is_returned) {
  EXPECT_EQ(run_alone([](alone&) -> task<std::string> { co_return "text"; }), "text");
}

TEST(task, takes_braces_for_its_value) {
  EXPECT_EQ(run_alone([](alone&) -> task<std::string> { co_return {}; }), "");
  EXPECT_EQ(run_alone([](alone&) -> task<std::vector<int>> { co_return {1, 2, 3}; }).size(), 3U);
  EXPECT_TRUE(run_alone([](alone&) -> task<tenon::result<void>> { co_return {}; }));
}

TEST(task, gives_a_reference) {
  static int place = 1;
  run_alone([](alone&) -> task<void> {
    int& there = co_await []() -> task<int&> { co_return place; }();
    there = 9;
    EXPECT_EQ(&there, &place);
    const int& seen = co_await []() -> task<const int&> { co_return place; }();
    EXPECT_EQ(&seen, &place);
  });
  EXPECT_EQ(place, 9);
}

TEST(task, gives_a_reference_to_move_from) {
  run_alone([](alone&) -> task<void> {
    auto owner = std::make_unique<int>(4);
    const auto lend = [](std::unique_ptr<int>& from) -> task<std::unique_ptr<int>&&> { co_return std::move(from); };
    const std::unique_ptr<int> taken = co_await lend(owner);
    EXPECT_EQ(*taken, 4);
    EXPECT_EQ(owner, nullptr);
  });
}

task<parcel> give_local() {
  parcel p;
  p.number = 3;
  co_return p;
}
task<parcel> give_at_once() { co_return parcel{{}, 4}; }
task<parcel> pass_on() { co_return co_await give_at_once(); }
task<parcel> pass_on_local() { co_return co_await give_local(); }

TEST(task, moves_a_result_once_and_destroys_it_once) {
  run_alone([](alone&) -> task<void> {
    parcel first = co_await give_local();
    EXPECT_EQ(first.number, 3);
    const parcel second = co_await give_at_once();
    EXPECT_EQ(second.number, 4);
    first = co_await give_at_once();
    EXPECT_EQ(first.number, 4);
    const parcel third = co_await pass_on();
    EXPECT_EQ(third.number, 4);
    const int number = (co_await pass_on_local()).number;
    EXPECT_EQ(number, 3);
    (void)co_await pass_on_local();
    EXPECT_EQ(alive::count, 3);
    EXPECT_EQ(first.inside.text + second.inside.text, third.inside.text + first.inside.text);
  });
  EXPECT_EQ(run_alone([](alone&) { return pass_on(); }).number, 4);
  EXPECT_EQ(run_alone([](alone&) { return give_local(); }).number, 3);
  EXPECT_EQ(alive::count, 0);
}

#if defined(__cpp_exceptions)
TEST(task, lets_an_exception_out_of_the_await) {
  run_alone([](alone&) -> task<void> {
    bool caught = false;
    try {
      (void)co_await fails();
    } catch (const std::runtime_error& error) {
      caught = std::string(error.what()) == "no";
    }
    EXPECT_TRUE(caught);
    EXPECT_EQ(co_await answer(), 42) << "and goes on";
  });
  EXPECT_THROW(run_alone([](alone&) -> task<int> { co_return co_await fails(); }), std::runtime_error);
  EXPECT_THROW(run_alone([](alone&) -> task<void> { co_await fails_quietly(); }), std::runtime_error);
}

TEST(task, destroys_its_locals_when_it_throws) {
  EXPECT_THROW(run_alone([](alone&) -> task<void> {
                 const alive local;
                 co_await []() -> task<void> {
                   const alive inner;
                   co_await fails_quietly();
                 }();
               }),
               std::runtime_error);
  EXPECT_EQ(alive::count, 0);
}

TEST(task, keeps_an_exception_of_its_results_move) {
  struct moody {
    moody() = default;
    moody(const moody&) { throw std::runtime_error("copied"); }
  };
  EXPECT_THROW(run_alone([](alone&) -> task<void> {
                 static const moody one;
                 (void)co_await []() -> task<moody> { co_return one; }();
               }),
               std::runtime_error);
}
#endif

task<std::uint64_t> count_awaits(int n) {
  std::uint64_t sum = 0;
  for (int i = 0; i < n; ++i) {
    co_await nothing();
    sum += static_cast<std::uint64_t>(co_await answer());
  }
  co_return sum;
}

TEST(task, awaits_a_million_ready_tasks_on_a_small_stack) {
  const int n = rounds(500'000);
  EXPECT_EQ(run_alone([](alone&, int times) { return count_awaits(times); }, n), 42ULL * static_cast<unsigned>(n));
}

task<int> deep(int levels) {
  if (levels == 0) co_return 0;
  const int below = co_await deep(levels - 1);
  co_return below + 1;
}

TEST(task, nests_as_deep_as_memory_reaches) {
  EXPECT_EQ(run_alone([](alone&) { return deep(100'000); }), 100'000);
  EXPECT_EQ((run_with<crew>(2, [](crew&) { return deep(100'000); })), 100'000);
}

#if defined(__cpp_exceptions)
task<void> deep_failure(int levels) {
  if (levels == 0) throw std::runtime_error("bottom");
  co_await deep_failure(levels - 1);
}

TEST(task, lets_an_exception_rise_from_the_deep) {
  EXPECT_THROW(run_alone([](alone&) { return deep_failure(rounds(10'000)); }), std::runtime_error);
}
#endif

/// A chain that never waits leaves room for others: it goes through the ready queue now and then.
TEST(task, does_not_starve_the_others) {
  run_alone([](alone& rt) -> task<void> {
    bool other_ran = false;
    tenon::scope others{rt};
    others.spawn(
        [](bool* flag) -> task<void> {
          *flag = true;
          co_return;
        },
        &other_ran);
    int awaits = 0;
    while (!other_ran && awaits < 100'000) {
      co_await nothing();
      ++awaits;
    }
    EXPECT_LT(awaits, 1'000);
    co_await others.join();
  });
}

TEST(task, runs_one_runtime_within_another) {
  EXPECT_EQ(run_alone([](alone&) -> task<int> {
              const int before = co_await answer();
              alone inner;
              const int within = inner.run(answer());
              co_await tenon::yield();  // the outer worker is this thread's again
              co_return before + within;
            }),
            84);
}

// Where frames come from.

TEST(frames, come_from_the_memory_policy_and_go_back) {
  const std::int64_t before = counted::out;
  run_alone([](alone&) -> task<void> {
    const std::int64_t out = counted::out;
    const std::int64_t obtained = counted::obtained;
    {
      const task<int> unstarted = answer();
      EXPECT_EQ(counted::out, out + 1);
    }
    EXPECT_EQ(counted::out, out);
    EXPECT_EQ(co_await answer(), 42);
    EXPECT_EQ(counted::out, out);
    EXPECT_EQ(counted::obtained, obtained + 2);
  });
  EXPECT_EQ(counted::out, before);
}

task<int> wander(int hops) {
  int sum = 0;
  for (int i = 0; i < hops; ++i) {
    co_await tenon::yield();
    sum += co_await [](int n) -> task<int> {
      co_await tenon::yield();
      co_return n;
    }(i);
  }
  co_return sum;
}

template <class R>
task<void> crowd_of_wanderers(R& rt, std::atomic<int>& ended) {
  tenon::scope all{rt};
  for (int i = 0; i < 200; ++i) {
    all.spawn(
        [](std::atomic<int>* count) -> task<void> {
          EXPECT_EQ(co_await wander(20), 190);
          ++*count;
        },
        &ended);
  }
  co_await all.join();
}

TEST(frames, come_back_from_whichever_worker_they_end_on) {
  for (int round = 0; round < rounds(30); ++round) {
    std::atomic<int> ended{0};
    run_with<crew>(3, crowd_of_wanderers<crew>, ended);
    run_with<line>(3, crowd_of_wanderers<line>, ended);
    run_with<bound>(3, crowd_of_wanderers<bound>, ended);
    EXPECT_EQ(ended, 600);
  }
}

#if !defined(NDEBUG) && defined(GTEST_HAS_DEATH_TEST)
TEST(task_death_test, destroying_one_that_is_not_over_asserts) {
  EXPECT_DEATH(run_alone([](alone& rt) -> task<void> {
                 auto waits = std::make_unique<task<void>>([]() -> task<void> { co_await tenon::yield(); }());
                 rt.spawn([](task<void>* of) -> task<void> { co_await std::move(*of); }, waits.get());
                 co_await tenon::yield();
                 waits.reset();
               }),
               "not ended");
}
TEST(task_death_test, awaiting_twice_asserts) {
  EXPECT_DEATH(run_alone([](alone&) -> task<void> {
                 task<int> once = answer();
                 (void)co_await std::move(once);
                 (void)co_await std::move(once);  // NOLINT(bugprone-use-after-move): that is what is tested
               }),
               "awaited before");
}
#endif

}  // namespace
