// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/threading.hpp>

#include <gtest/gtest.h>

#include <mutex>
#include <string_view>
#include <type_traits>

namespace {

struct half : tenon::family::threading {
  static constexpr std::string_view word = "half";
  static constexpr bool concurrent = true;
};
static_assert(!tenon::threading_policy<half>);

template <class T>
using single = tenon::single_thread::atomic<T>;

static_assert(sizeof(single<int>) == sizeof(int));
static_assert(std::is_trivially_destructible_v<single<int>> && !std::is_copy_constructible_v<single<int>>);
static_assert(std::is_empty_v<tenon::single_thread::mutex>);

/// What stands in an atomic's place must give the same answers.
template <class Threading>
class threading_laws : public testing::Test {};
using models = testing::Types<tenon::single_thread, tenon::multi_thread>;
TYPED_TEST_SUITE(threading_laws, models);

TYPED_TEST(threading_laws, numbers) {
  typename TypeParam::template atomic<unsigned> number{5};
  EXPECT_EQ(number.load(), 5U);
  number.store(7, std::memory_order_release);
  EXPECT_EQ(number.exchange(9), 7U);
  EXPECT_EQ(number.fetch_add(1, std::memory_order_relaxed), 9U);
  EXPECT_EQ(number.fetch_sub(4), 10U);
  EXPECT_EQ(number.load(std::memory_order_acquire), 6U);
  EXPECT_EQ(number.fetch_sub(7), 6U);
  EXPECT_EQ(number.load(), static_cast<unsigned>(-1)) << "wraps round";
}

TYPED_TEST(threading_laws, compare_and_exchange) {
  typename TypeParam::template atomic<int*> pointer{nullptr};
  int a = 0;
  int b = 0;
  int* expected = &b;
  EXPECT_FALSE(pointer.compare_exchange_strong(expected, &a));
  EXPECT_EQ(expected, nullptr) << "says what was there";
  EXPECT_EQ(pointer.load(), nullptr);
  EXPECT_TRUE(pointer.compare_exchange_strong(expected, &a, std::memory_order_acq_rel, std::memory_order_relaxed));
  EXPECT_EQ(pointer.load(), &a);
}

TYPED_TEST(threading_laws, a_mutex_locks) {
  typename TypeParam::mutex mutex;
  {
    const std::lock_guard lock(mutex);
  }
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

}  // namespace
