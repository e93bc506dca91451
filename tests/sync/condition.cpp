// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/condition.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <vector>

#include "models.hpp"

namespace {

using namespace tenon_test;
using tenon::task;

template <class Threading>
struct monitor {
  tenon::basic_mutex<Threading> door;
  tenon::basic_condition<Threading> changed;
  std::vector<int> list;  // guarded by door
};
using lone = monitor<tenon::single_thread>;

template <class R>
class conditions : public testing::Test {};
struct solo_1 : on<solo, 1> {};
struct crew_3 : on<crew, 3> {};
struct bound_2 : on<bound, 2> {};
using everywhere = testing::Types<solo_1, crew_3, bound_2>;
TYPED_TEST_SUITE(conditions, everywhere);

TYPED_TEST(conditions, carry_a_queue) {
  using shared = monitor<typename TypeParam::threading>;
  tenon::laws::play<typename TypeParam::runtime>(TypeParam::threads, [](typename TypeParam::runtime& rt) -> task<void> {
    shared common;
    std::atomic<long> sum{0};
    tenon::scope all{rt};
    for (int i = 0; i < 3; ++i) {
      all.spawn(
          [](shared& of, std::atomic<long>& total) -> task<void> {
            for (int taken = 0; taken < 200; ++taken) {
              auto held = co_await of.door.lock();
              const auto some = [&of] { return !of.list.empty(); };
              const tenon::result<void> woken = co_await of.changed.wait(*held, some);
              EXPECT_TRUE(woken && *held && !of.list.empty());
              total += of.list.back();
              of.list.pop_back();
            }
          },
          std::ref(common), std::ref(sum));
      all.spawn(
          [](shared& of) -> task<void> {
            for (int put = 1; put <= 200; ++put) {
              auto held = co_await of.door.lock();
              of.list.push_back(put);
              held->unlock();
              of.changed.notify_one();
              if (put % 10 == 0) co_await tenon::yield();
            }
          },
          std::ref(common));
    }
    co_await all.join();
    EXPECT_EQ(sum, 3 * 200 * 201 / 2);
    EXPECT_TRUE(common.list.empty());
    EXPECT_TRUE(common.door.try_lock());
  });
}

task<void> waits(lone& of, std::vector<int>& order, int me) {
  auto held = co_await of.door.lock();
  const tenon::result<void> woken = co_await of.changed.wait(*held);
  EXPECT_TRUE(*held) << "held again, whatever has ended the wait";
  EXPECT_FALSE(of.door.try_lock());
  order.push_back(woken ? me : -me);
}

TEST(condition, wakes_one_or_all_in_the_order_in_which_they_came) {
  run_alone([](alone& rt) -> task<void> {
    lone common;
    std::vector<int> order;
    tenon::scope all{rt};
    for (int i = 1; i <= 5; ++i) all.spawn(waits, std::ref(common), std::ref(order), i);
    co_await tenon::laws::settle();
    EXPECT_TRUE(order.empty());
    EXPECT_TRUE(common.door.try_lock()) << "who waits does not hold it";
    common.changed.notify_one();
    co_await tenon::laws::settle();
    EXPECT_EQ(order, (std::vector<int>{1}));
    common.changed.notify_all();
    co_await all.join();
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4, 5}));
  });
}

TEST(condition, keeps_no_notification_for_later) {
  run_alone([](alone&) -> task<void> {
    lone common;
    common.changed.notify_one();
    common.changed.notify_all();
    auto held = co_await common.door.lock();
    const tenon::result<void> late = co_await tenon::timeout(1s, common.changed.wait(*held));
    EXPECT_EQ(late.error(), std::errc::timed_out);
    EXPECT_TRUE(*held);
    const tenon::result<void> never_true =
        co_await tenon::timeout(1s, common.changed.wait(*held, [] { return false; }));
    EXPECT_EQ(never_true.error(), std::errc::timed_out);
    EXPECT_TRUE(*held);
    EXPECT_TRUE(co_await common.changed.wait(*held, [] { return true; }));
  });
}

TEST(condition, holds_the_mutex_again_when_it_was_stopped_while_another_had_it) {
  run_alone([](alone& rt) -> task<void> {
    lone common;
    std::vector<int> order;
    tenon::scope stopped{rt};
    tenon::scope notified{rt};
    stopped.spawn(waits, std::ref(common), std::ref(order), 1);
    notified.spawn(waits, std::ref(common), std::ref(order), 2);
    co_await tenon::laws::settle();
    auto held = co_await common.door.lock();
    stopped.cancel();
    common.changed.notify_one();
    co_await tenon::laws::settle();
    notified.cancel();  // too late: it waits for the mutex only
    co_await tenon::laws::settle();
    EXPECT_TRUE(order.empty());
    held->unlock();
    co_await stopped.join();
    co_await notified.join();
    EXPECT_EQ(order.size(), 2U);
    EXPECT_EQ(order[0] + order[1], 1) << "one was stopped, the other notified";
    tenon::scope late{rt};
    late.cancel();
    late.spawn(waits, std::ref(common), std::ref(order), 3);
    co_await late.join();
    EXPECT_EQ(order.back(), -3);
    EXPECT_TRUE(common.door.try_lock());
  });
}

/// Notifications and stops at any moment: everybody ends, with the mutex.
TEST(condition, survives_a_storm) {
  tenon::laws::play<crew>(3, [](crew& rt) -> task<void> {
    for (unsigned round = 0; round < tenon::laws::storm_rounds; ++round) {
      monitor<tenon::multi_thread> common;
      int ended = 0;  // guarded by the mutex
      tenon::scope all{rt};
      for (unsigned i = 0; i < 12; ++i) {
        all.spawn(
            [](monitor<tenon::multi_thread>& of, int& count, unsigned seed) -> task<void> {
              std::mt19937 random(seed);
              for (int turn = 0; turn < 20; ++turn) {
                auto held = co_await of.door.lock(tenon::on_stop::finish);
                const auto limit = std::chrono::microseconds(random() % 50);
                const tenon::result<void> woken = co_await tenon::timeout(limit, of.changed.wait(*held));
                EXPECT_TRUE(*held);
                (void)woken;
                ++count;
                if (random() % 2 == 0) held->unlock();
                of.changed.notify_one();
              }
            },
            std::ref(common), std::ref(ended), round * 50 + i);
      }
      (void)co_await tenon::sleep_for(100us);
      if (round % 2 == 0) all.cancel();
      co_await all.join();
      EXPECT_EQ(ended, 12 * 20);
      EXPECT_TRUE(common.door.try_lock());
    }
  });
}

}  // namespace
