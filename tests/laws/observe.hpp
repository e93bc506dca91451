// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/threading.hpp>
#include <tenon/observe/concept.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <type_traits>

// The laws of the observe family, for a policy with one threading. To test a policy of your own:
//
//     using models = testing::Types<tenon::laws::observed<my_observe, tenon::single_thread>,
//                                   tenon::laws::observed<my_observe, tenon::multi_thread>>;
//     INSTANTIATE_TYPED_TEST_SUITE_P(mine, observe_laws, models);

namespace tenon::laws {

template <class Policy, class Threading>
struct observed {
  using policy = Policy;
  using threading = Threading;
  using observer = typename Policy::template of<Threading>;

  /// What a count is worth: itself, or nothing where the policy is off.
  static constexpr std::uint64_t seen(std::uint64_t amount) { return Policy::enabled ? amount : 0; }
};

}  // namespace tenon::laws

template <class Model>
class observe_laws : public testing::Test {
  static_assert(tenon::observe_policy<typename Model::policy>);
};
TYPED_TEST_SUITE_P(observe_laws);

TYPED_TEST_P(observe_laws, begins_at_nothing) {
  const typename TypeParam::observer observer{};
  EXPECT_EQ(observer.read(), tenon::totals{});
}

TYPED_TEST_P(observe_laws, each_hook_adds_to_its_own_number) {
  typename TypeParam::observer observer;
  for (int round = 0; round < 2; ++round) {
    observer.spawned(1);
    observer.ran(20);
    observer.stole(300);
    observer.dropped(4'000);
    observer.received(50'000);
    observer.sent(600'000);
    observer.parked();
    observer.woke();
  }
  observer.parked();
  const tenon::totals read = observer.read();
  EXPECT_EQ(read.tasks_spawned, TypeParam::seen(2));
  EXPECT_EQ(read.tasks_run, TypeParam::seen(40));
  EXPECT_EQ(read.tasks_stolen, TypeParam::seen(600));
  EXPECT_EQ(read.items_dropped, TypeParam::seen(8'000));
  EXPECT_EQ(read.bytes_received, TypeParam::seen(100'000));
  EXPECT_EQ(read.bytes_sent, TypeParam::seen(1'200'000));
  EXPECT_EQ(read.parks, TypeParam::seen(3));
  EXPECT_EQ(read.wakes, TypeParam::seen(2));
}

TYPED_TEST_P(observe_laws, nothing_adds_nothing_and_much_does_not_wrap) {
  typename TypeParam::observer observer;
  observer.ran(0);
  observer.received(0);
  EXPECT_EQ(observer.read(), tenon::totals{});
  constexpr std::uint64_t much = std::uint64_t{3} << 31;
  observer.received(much);
  observer.received(much);
  EXPECT_EQ(observer.read().bytes_received, TypeParam::seen(2 * much));
}

TYPED_TEST_P(observe_laws, two_workers_do_not_share) {
  typename TypeParam::observer a;
  typename TypeParam::observer b;
  a.ran(3);
  b.ran(5);
  EXPECT_EQ(a.read().tasks_run, TypeParam::seen(3));
  EXPECT_EQ(b.read().tasks_run, TypeParam::seen(5));
  EXPECT_EQ((a.read() + b.read()).tasks_run, TypeParam::seen(8));
}

TYPED_TEST_P(observe_laws, another_thread_reads_numbers_that_only_grow_and_end_exact) {
  if constexpr (TypeParam::threading::concurrent) {
    constexpr std::uint64_t rounds = 20'000;
    typename TypeParam::observer observer;
    std::atomic<bool> ended{false};
    std::thread worker([&] {
      for (std::uint64_t i = 0; i < rounds; ++i) {
        observer.ran(1);
        observer.sent(7);
      }
      ended = true;
    });
    tenon::totals last;
    while (!ended) {
      const tenon::totals now = observer.read();
      EXPECT_GE(now.tasks_run, last.tasks_run);
      EXPECT_GE(now.bytes_sent, last.bytes_sent);
      EXPECT_LE(now.tasks_run, rounds);
      last = now;
    }
    worker.join();
    EXPECT_EQ(observer.read().tasks_run, TypeParam::seen(rounds));
    EXPECT_EQ(observer.read().bytes_sent, TypeParam::seen(7 * rounds));
  } else {
    static_assert(std::is_same_v<typename TypeParam::threading::template atomic<int>, tenon::detail::plain<int>>,
                  "one thread: nothing atomic is there to be read by another");
  }
}

REGISTER_TYPED_TEST_SUITE_P(observe_laws, begins_at_nothing, each_hook_adds_to_its_own_number,
                            nothing_adds_nothing_and_much_does_not_wrap, two_workers_do_not_share,
                            another_thread_reads_numbers_that_only_grow_and_end_exact);
