// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/semaphore.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <vector>

#include "models.hpp"

namespace tenon_test {

template <class On>
struct one_permit : On {
  struct subject : tenon::basic_semaphore<typename On::threading> {
    subject() : tenon::basic_semaphore<typename On::threading>(1) {}
  };
  static auto take(subject& of) { return of.hold(); }
  static auto try_take(subject& of) {
    using guard = typename subject::guard;
    return of.try_acquire() ? guard_of<guard>(of) : guard();
  }

 private:
  template <class Guard>
  static Guard guard_of(subject& of) {
    of.release();
    auto now = of.hold();
    EXPECT_TRUE(now.await_ready());
    return std::move(*now.await_resume());
  }
};

template <class On>
struct no_permit : On {
  struct subject : tenon::basic_semaphore<typename On::threading> {
    subject() : tenon::basic_semaphore<typename On::threading>(0) {}
  };
  static constexpr bool stays = false;
  static auto wait(subject& of) { return of.acquire(); }
  static void raise(subject& of) { of.release(); }
};

}  // namespace tenon_test

namespace {

using namespace tenon_test;
using tenon::task;

using lone = tenon::basic_semaphore<tenon::single_thread>;

INSTANTIATE_TYPED_TEST_SUITE_P(semaphore, lock_laws, on_all<one_permit>);
INSTANTIATE_TYPED_TEST_SUITE_P(semaphore, signal_laws, on_all<no_permit>);

task<void> wants(lone& of, std::size_t many, std::vector<std::size_t>& order) {
  const tenon::result<void> got = co_await of.acquire(many);
  if (got) order.push_back(many);
}

TEST(semaphore, counts) {
  run_alone([](alone&) -> task<void> {
    lone some(3);
    EXPECT_EQ(some.available(), 3U);
    const tenon::result<void> two = co_await some.acquire(2);
    EXPECT_TRUE(two);
    EXPECT_EQ(some.available(), 1U);
    EXPECT_FALSE(some.try_acquire(2));
    EXPECT_TRUE(some.try_acquire());
    some.release(3);
    {
      auto held = co_await some.hold(3);
      EXPECT_TRUE(held.has_value());
      EXPECT_EQ(some.available(), 0U);
    }
    EXPECT_EQ(some.available(), 3U);
    const tenon::result<void> none = co_await some.acquire(0);
    EXPECT_TRUE(none);
  });
}

TEST(semaphore, does_not_starve_a_request_for_many) {
  run_alone([](alone& rt) -> task<void> {
    lone some(0);
    std::vector<std::size_t> order;
    tenon::scope all{rt};
    for (const std::size_t many : {std::size_t{3}, std::size_t{1}, std::size_t{2}})
      all.spawn(wants, std::ref(some), many, std::ref(order));
    co_await tenon::laws::settle();
    some.release(1);
    some.release(1);
    co_await tenon::laws::settle();
    EXPECT_TRUE(order.empty());
    EXPECT_FALSE(some.try_acquire()) << "they are for the first in line";
    some.release(2);
    co_await tenon::laws::settle();
    EXPECT_EQ(order, (std::vector<std::size_t>{3, 1}));
    some.release(5);
    co_await all.join();
    EXPECT_EQ(order, (std::vector<std::size_t>{3, 1, 2}));
    EXPECT_EQ(some.available(), 3U);
  });
}

TEST(semaphore, serves_those_behind_one_that_gives_up) {
  run_alone([](alone& rt) -> task<void> {
    lone some(1);
    std::vector<std::size_t> order;
    tenon::scope big{rt};
    tenon::scope small{rt};
    big.spawn(wants, std::ref(some), std::size_t{5}, std::ref(order));
    co_await tenon::laws::settle();
    small.spawn(wants, std::ref(some), std::size_t{1}, std::ref(order));
    co_await tenon::laws::settle();
    EXPECT_TRUE(order.empty());
    big.cancel();
    co_await big.join();
    co_await small.join();
    EXPECT_EQ(order, (std::vector<std::size_t>{1}));
  });
}

/// Takers of all sizes, stopped at any moment: what was taken is given back, what is left is what there was.
TEST(semaphore, loses_no_permit_in_a_storm) {
  tenon::laws::play<crew>(3, [](crew& rt) -> task<void> {
    for (unsigned round = 0; round < tenon::laws::storm_rounds; ++round) {
      tenon::semaphore some(4);
      std::atomic<int> out{0};
      tenon::scope all{rt};
      for (unsigned i = 0; i < 12; ++i) {
        all.spawn(
            [](tenon::semaphore& of, std::atomic<int>& taken, unsigned seed) -> task<void> {
              std::mt19937 random(seed);
              for (int turn = 0; turn < 30; ++turn) {
                const std::size_t many = 1 + random() % 4;
                auto held = co_await tenon::timeout(std::chrono::microseconds(random() % 50), of.hold(many));
                if (!held) continue;
                EXPECT_LE(taken.fetch_add(static_cast<int>(many)) + static_cast<int>(many), 4);
                if (random() % 2 == 0) co_await tenon::yield();
                taken.fetch_sub(static_cast<int>(many));
              }
            },
            std::ref(some), std::ref(out), round * 50 + i);
      }
      if (round % 2 == 0) all.cancel();
      co_await all.join();
      EXPECT_EQ(some.available(), 4U);
    }
  });
}

}  // namespace
