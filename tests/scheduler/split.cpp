// SPDX-License-Identifier: BSL-1.0
#include <tenon/scheduler/split.hpp>

#include "deques.hpp"

namespace {

using policy = tenon::stealing<tenon::split>;

}  // namespace

template <>
inline constexpr bool tenon::laws::runs_in_order<policy> = false;

namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(split, scheduler_laws, policy);
INSTANTIATE_TYPED_TEST_SUITE_P(split, newest_first, policy);

static_assert(tenon::scheduling_policy<policy>);
static_assert(policy::word == tenon::fixed_string("stealing<split>"));

using bench = tenon::laws::bench<policy, tenon::multi_thread>;
using deque = tenon::detail::split_deque<tenon::multi_thread, 4>;

TEST(split, shares_when_nothing_is_shared) {
  deque own;
  deque thief;
  tenon::work jobs[8];
  tenon::work* first = nullptr;
  for (tenon::work& each : jobs) ASSERT_TRUE(own.push(each));
  EXPECT_EQ(own.size_estimate(), 1U) << "the first; the rest is its own";
  EXPECT_TRUE(own.published());
  EXPECT_FALSE(own.published()) << "since it was last asked";
  EXPECT_EQ(own.steal_into(thief, first), 1U);
  EXPECT_EQ(first, &jobs[0]);
  EXPECT_TRUE(own.empty());
  EXPECT_EQ(own.pop(), &jobs[7]) << "the newest";
  EXPECT_TRUE(own.published());
  EXPECT_EQ(own.size_estimate(), 3U) << "half of six";
  EXPECT_EQ(own.steal_into(thief, first), 2U) << "the older half of that, rounded up";
  EXPECT_EQ(first, &jobs[1]);
  EXPECT_EQ(thief.pop(), &jobs[2]);
  for (const int i : {6, 5, 4, 3}) EXPECT_EQ(own.pop(), &jobs[i]);
  EXPECT_EQ(own.pop(), nullptr);
  EXPECT_TRUE(own.empty());
}

TEST(split, shares_more_when_thieves_have_taken_all_that_was_shared) {
  deque own;
  deque thief;
  tenon::work jobs[5];
  tenon::work* first = nullptr;
  EXPECT_EQ(own.steal_into(thief, first), 0U);
  EXPECT_EQ(first, nullptr);
  ASSERT_TRUE(own.push(jobs[0]));
  EXPECT_EQ(own.steal_into(thief, first), 1U);
  EXPECT_EQ(own.steal_into(thief, first), 0U);
  ASSERT_TRUE(own.push(jobs[1]));
  ASSERT_TRUE(own.push(jobs[2]));
  EXPECT_EQ(own.size_estimate(), 1U);
  EXPECT_EQ(own.steal_into(thief, first), 1U);
  EXPECT_EQ(own.steal_into(thief, first), 0U) << "what is its owner's own is not in sight";
  ASSERT_TRUE(own.push(jobs[3]));
  ASSERT_TRUE(own.push(jobs[4]));
  EXPECT_EQ(own.steal_into(thief, first), 1U);
  EXPECT_EQ(first, &jobs[2]);
  while (own.pop() != nullptr) {
  }
}

/// Tasks that are ready on one worker get to a sleeper although that worker pushes nothing more: its pops share, and
/// call.
TEST(split, a_worker_that_only_takes_calls_the_others_too) {
  using R = tenon::runtime<tenon::none, policy, tenon::counters>;
  for (int round = 0; round < 20; ++round) {
    R rt{{.threads = 2, .name = "test"}};
    std::atomic<int> others{0};
    rt.run([](R* on, std::atomic<int>* elsewhere) -> tenon::task<void> {
      const std::thread::id here = std::this_thread::get_id();
      tenon::scope all{*on};
      for (int i = 0; i < 2'000; ++i) {
        all.spawn(
            [](std::atomic<int>* count, std::thread::id pusher) -> tenon::task<void> {
              const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(5);
              while (std::chrono::steady_clock::now() < until) {
              }
              if (std::this_thread::get_id() != pusher) ++*count;
              co_return;
            },
            elsewhere, here);
      }
      co_await all.join();
    }(&rt, &others));
    EXPECT_GT(others, 100) << "of 2000, each 5 us long";
  }
}

TEST(split, grows_under_the_thieves_hands) { tenon_test::expect_each_once_while_it_grows<deque>(); }

}  // namespace
