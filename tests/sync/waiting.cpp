// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/waiting.hpp>

#include <tenon/queue/boost_mpmc.hpp>
#include <tenon/queue/boost_spsc.hpp>
#include <tenon/queue/by_topology.hpp>
#include <tenon/queue/locked.hpp>
#include <tenon/queue/mpmc.hpp>
#include <tenon/queue/mpsc.hpp>
#include <tenon/queue/spsc.hpp>
#include <tenon/queue/unbounded.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "models.hpp"

namespace {

using namespace tenon_test;
using tenon::result;
using tenon::task;

template <class Word>
using queue_of = tenon::waiting<Word, int>;
template <class Word>
using lone = tenon::waiting<Word, int, tenon::single_thread>;

/// So small that both ends wait.
template <class Word>
class waiting : public testing::Test {};
using words = testing::Types<tenon::spsc<2>, tenon::mpsc<2>, tenon::mpmc<2>, tenon::locked<3>, tenon::unbounded<2>,
                             tenon::boost_spsc<2>,
#if !defined(TENON_LAWS_SANITIZED)  // ThreadSanitizer reports it
                             tenon::boost_mpmc<2>,
#endif
                             tenon::by_topology>;
TYPED_TEST_SUITE(waiting, words);

constexpr int each = 400;

template <class Word>
constexpr int producers = Word::many_producers ? 3 : 1;
template <class Word>
constexpr int consumers = Word::many_consumers ? 3 : 1;

/// What came out, and in which order from each producer.
struct ledger {
  explicit ledger(int from) : seen(static_cast<std::size_t>(from * each)) {}
  void came(int item, std::vector<int>& last) {
    const auto producer = static_cast<std::size_t>(item / each);
    EXPECT_LT(last[producer], item);
    last[producer] = item;
    ++seen[static_cast<std::size_t>(item)];
  }
  void expect_all() {
    for (auto& times : seen) EXPECT_EQ(times.load(), 1);
  }
  std::vector<std::atomic<int>> seen;
};

template <class Queue>
task<void> sends(Queue& to, int producer) {
  for (int i = 0; i < each; ++i) {
    const auto sent = co_await to.push(producer * each + i);
    EXPECT_TRUE(sent.has_value());
  }
}
template <class Queue>
task<void> receives(Queue& from, ledger& into, int of) {
  std::vector<int> last(static_cast<std::size_t>(of), -1);
  for (;;) {
    const auto item = co_await from.pop();
    if (!item) {
      EXPECT_EQ(item.error(), std::errc::broken_pipe);
      co_return;
    }
    into.came(*item, last);
  }
}

TYPED_TEST(waiting, tasks_at_both_ends_lose_nothing) {
  tenon::laws::play<crew>(3, [](crew& rt) -> task<void> {
    queue_of<TypeParam> queue;
    ledger all(producers<TypeParam>);
    tenon::scope in{rt};
    tenon::scope out{rt};
    for (int i = 0; i < consumers<TypeParam>; ++i) {
      out.spawn(&receives<queue_of<TypeParam>>, std::ref(queue), std::ref(all), producers<TypeParam>);
    }
    for (int i = 0; i < producers<TypeParam>; ++i) in.spawn(&sends<queue_of<TypeParam>>, std::ref(queue), i);
    co_await in.join();
    queue.close();
    co_await out.join();
    all.expect_all();
    EXPECT_EQ(queue.size_estimate(), 0U);
  });
}

TYPED_TEST(waiting, threads_at_both_ends_lose_nothing) {
  queue_of<TypeParam> queue;
  ledger all(producers<TypeParam>);
  std::vector<std::thread> in, out;
  for (int i = 0; i < consumers<TypeParam>; ++i) {
    out.emplace_back([&] {
      std::vector<int> last(static_cast<std::size_t>(producers<TypeParam>), -1);
      while (auto item = queue.pop_blocking()) all.came(*item, last);
    });
  }
  for (int p = 0; p < producers<TypeParam>; ++p) {
    in.emplace_back([&, p] {
      for (int i = 0; i < each; ++i) EXPECT_TRUE(queue.push_blocking(p * each + i).has_value());
    });
  }
  for (auto& thread : in) thread.join();
  queue.close();
  for (auto& thread : out) thread.join();
  all.expect_all();
}

TYPED_TEST(waiting, a_thread_and_a_task_meet) {
  tenon::laws::play<crew>(2, [](crew&) -> task<void> {
    queue_of<TypeParam> there, back;
    std::thread echo([&] {
      while (auto item = there.pop_blocking()) EXPECT_TRUE(back.push_blocking(*item + 1).has_value());
      back.close();
    });
    for (int i = 0; i < each; ++i) {
      const auto sent = co_await there.push(int{i});
      EXPECT_TRUE(sent.has_value());
      const auto got = co_await back.pop();
      EXPECT_TRUE(got.has_value() && *got == i + 1);
    }
    there.close();
    const auto end = co_await back.pop();
    EXPECT_EQ(end.error(), std::errc::broken_pipe);
    echo.join();
  });
}

TYPED_TEST(waiting, one_thread_is_enough) {
  run_alone([](alone& rt) -> task<void> {
    lone<TypeParam> queue;
    ledger all(1);
    tenon::scope out{rt};
    out.spawn(&receives<lone<TypeParam>>, std::ref(queue), std::ref(all), 1);
    co_await sends(queue, 0);
    queue.close();
    co_await out.join();
    all.expect_all();
  });
}

TYPED_TEST(waiting, a_stop_ends_it_and_nothing_has_gone_over) {
  run_alone([](alone& rt) -> task<void> {
    lone<TypeParam> queue;
    tenon::scope waiters{rt};
    int canceled = 0;
    waiters.spawn(
        [](lone<TypeParam>& from, int& count) -> task<void> {
          const auto item = co_await from.pop();
          count += !item && item.error() == std::errc::operation_canceled ? 1 : 0;
        },
        std::ref(queue), std::ref(canceled));
    co_await tenon::laws::settle();
    waiters.cancel();
    co_await waiters.join();
    EXPECT_EQ(canceled, 1);
    EXPECT_TRUE(queue.try_push(7).has_value());
    const auto kept = queue.try_pop();
    EXPECT_TRUE(kept.has_value() && *kept == 7);
    const auto nothing = co_await tenon::timeout(1ms, queue.pop());
    EXPECT_FALSE(nothing.has_value());
  });
}

TYPED_TEST(waiting, closing_ends_it_for_all) {
  run_alone([](alone& rt) -> task<void> {
    lone<TypeParam> queue;
    tenon::scope waiters{rt};
    int ended = 0;
    for (int i = 0; i < consumers<TypeParam>; ++i) {
      waiters.spawn(
          [](lone<TypeParam>& from, int& count) -> task<void> {
            const auto item = co_await from.pop();
            count += !item && item.error() == std::errc::broken_pipe ? 1 : 0;
          },
          std::ref(queue), std::ref(ended));
    }
    co_await tenon::laws::settle();
    queue.close();
    co_await waiters.join();
    EXPECT_EQ(ended, consumers<TypeParam>);
    EXPECT_TRUE(queue.closed());
    const auto refused = co_await queue.push(1);
    EXPECT_EQ(refused.error(), std::errc::broken_pipe);
    EXPECT_EQ(queue.try_push(1).error(), std::errc::broken_pipe);
    EXPECT_EQ(queue.try_pop().error(), std::errc::broken_pipe);
  });
}

TEST(waiting_for_room, a_stop_leaves_the_item_as_it_was) {
  run_alone([](alone& rt) -> task<void> {
    using pointers = tenon::waiting<tenon::spsc<1>, std::unique_ptr<int>, tenon::single_thread>;
    pointers queue;
    auto first = std::make_unique<int>(1);
    EXPECT_TRUE(queue.try_push(std::move(first)).has_value());
    auto second = std::make_unique<int>(2);
    EXPECT_EQ(queue.try_push(std::move(second)).error(), std::errc::resource_unavailable_try_again);
    tenon::scope waiters{rt};
    waiters.spawn(
        [](pointers& to, std::unique_ptr<int>& item) -> task<void> {
          const auto sent = co_await to.push(std::move(item));
          EXPECT_EQ(sent.error(), std::errc::operation_canceled);
        },
        std::ref(queue), std::ref(second));
    co_await tenon::laws::settle();
    waiters.cancel();
    co_await waiters.join();
    EXPECT_TRUE(second != nullptr);
    EXPECT_EQ(queue.size_estimate(), 1U);
    const auto out = co_await queue.pop();
    EXPECT_TRUE(out.has_value() && **out == 1);
  });
}

TEST(waiting_storm, stops_meet_items_and_none_is_lost) {
  tenon::laws::play<crew>(3, [](crew& rt) -> task<void> {
    using numbers = tenon::waiting<tenon::mpmc<2>, int>;
    for (int round = 0; round < tenon::laws::storm_rounds; ++round) {
      numbers queue;
      std::atomic<int> out{0};
      int in = 0;
      tenon::scope impatient{rt};
      for (int i = 0; i < 4; ++i) {
        impatient.spawn(
            [](numbers& from, std::atomic<int>& count) -> task<void> {
              for (;;) {
                const auto item = co_await from.pop();
                if (!item) co_return;
                ++count;
              }
            },
            std::ref(queue), std::ref(out));
      }
      for (int i = 0; i < 20; ++i) {
        if (i == 10) impatient.cancel();
        in += queue.try_push(1) ? 1 : 0;
        co_await tenon::yield();
      }
      co_await impatient.join();
      while (queue.try_pop()) ++out;
      EXPECT_EQ(out.load(), in);
    }
  });
}

}  // namespace
