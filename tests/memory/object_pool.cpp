// SPDX-License-Identifier: BSL-1.0
#include <tenon/memory/object_pool.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#if defined(__SANITIZE_ADDRESS__)
#define TENON_TEST_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TENON_TEST_POISON 1
#endif
#endif

namespace {

/// What a program would keep: it counts who is alive and how often it was reset.
struct request {
  static inline std::atomic<int> alive{0};
  static inline std::atomic<int> resets{0};
  static inline bool fails = false;

  request() {
#if defined(__cpp_exceptions)
    if (fails) throw std::runtime_error("no request");
#endif
    ++alive;
  }
  request(const request&) = delete;
  request& operator=(const request&) = delete;
  ~request() { --alive; }
  void reset() noexcept {
    ++resets;
    path.clear();
  }

  std::string path;
  std::uint64_t number = 0;
};

/// Memory that counts what is out.
struct counted {
  static inline std::atomic<std::int64_t> bytes_out{0};
  static inline std::atomic<int> requests{0};

  static void* obtain(std::size_t bytes) {
    ++requests;
    bytes_out += static_cast<std::int64_t>(bytes);
    return tenon::system::obtain(bytes);
  }
  static void release(void* block, std::size_t bytes) noexcept {
    bytes_out -= static_cast<std::int64_t>(bytes);
    tenon::system::release(block, bytes);
  }
};

using alone = tenon::object_pool<request, tenon::single_thread, counted>;
using shared = tenon::object_pool<request, tenon::multi_thread, counted>;

static_assert(!std::is_move_constructible_v<shared>);
static_assert(std::is_nothrow_move_constructible_v<shared::pooled> && !std::is_copy_constructible_v<shared::pooled>);
static_assert(sizeof(shared::pooled) == 2 * sizeof(void*));
static_assert(sizeof(alone) <= 80, "no lanes where there is no other thread");

template <class Pool>
class object_pool : public testing::Test {
 protected:
  void SetUp() override {
    request::alive = 0;
    request::resets = 0;
    request::fails = false;
    counted::requests = 0;
  }
  void TearDown() override {
    EXPECT_EQ(request::alive, 0);
    EXPECT_EQ(counted::bytes_out, 0);
  }
};
using pools = testing::Types<alone, shared>;
TYPED_TEST_SUITE(object_pool, pools);

TYPED_TEST(object_pool, an_object_is_made_once_and_reset_when_it_comes_home) {
  TypeParam pool;
  request* first = nullptr;
  const char* text = nullptr;
  {
    auto one = pool.acquire();
    ASSERT_TRUE(one);
    first = one.get();
    one->path = std::string(100, 'x');
    one->number = 7;
    text = one->path.data();
  }
  EXPECT_EQ(request::resets, 1);
  const auto again = pool.acquire();
  EXPECT_EQ(again.get(), first);
  EXPECT_EQ((*again).path, "");
  EXPECT_GE(again->path.capacity(), 100U) << "it kept its memory";
  EXPECT_EQ(again->path.data(), text);
  EXPECT_EQ(again->number, 7U) << "what reset() leaves alone stays";
  EXPECT_EQ(request::alive, 1);
  EXPECT_EQ(pool.size(), 1U);
}

TYPED_TEST(object_pool, a_warmed_pool_asks_for_nothing) {
  TypeParam pool;
  const auto path = [&] {
    std::vector<typename TypeParam::pooled> out;
    for (int i = 0; i < 100; ++i) out.push_back(pool.acquire());
  };
  path();
  EXPECT_EQ(pool.size(), 100U);
  const int asked = counted::requests;
  EXPECT_EQ(asked, 4) << "8, 16, 32 and 64 objects";
  for (int i = 0; i < 50; ++i) path();
  EXPECT_EQ(counted::requests, asked);
  EXPECT_EQ(request::alive, 100);
}

TYPED_TEST(object_pool, the_last_released_is_the_first_acquired) {
  TypeParam pool;
  auto a = pool.acquire();
  auto b = pool.acquire();
  request* const first = a.get();
  request* const second = b.get();
  EXPECT_NE(first, second);
  a.reset();
  EXPECT_FALSE(a);
  b.reset();
  EXPECT_EQ(pool.acquire().get(), second);
  const auto one = pool.acquire();
  const auto two = pool.acquire();
  EXPECT_EQ(one.get(), second);
  EXPECT_EQ(two.get(), first);
}

TYPED_TEST(object_pool, a_pooled_is_moved_swapped_and_taken_apart) {
  TypeParam pool;
  auto a = pool.acquire();
  request* const first = a.get();
  auto b = std::move(a);
  EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move): that it is empty is the point
  EXPECT_EQ(b.get(), first);
  a = pool.acquire();
  request* const second = a.get();
  a.swap(b);
  EXPECT_EQ(a.get(), first);
  b = std::move(a);
  EXPECT_EQ(b.get(), first);
  EXPECT_EQ(request::resets, 1) << "the second went home";
  auto& self = b;
  b = std::move(self);
  EXPECT_EQ(b.get(), first);
  request* const bare = b.release();
  EXPECT_FALSE(b);
  EXPECT_EQ(request::resets, 1);
  pool.release(*bare);
  EXPECT_EQ(request::resets, 2);
  EXPECT_EQ(pool.acquire().get(), first);
  EXPECT_NE(second, first);
  typename TypeParam::pooled none;
  EXPECT_FALSE(none);
  none.reset();
}

TYPED_TEST(object_pool, reserve_makes_objects_before_they_are_asked_for) {
  TypeParam pool;
  EXPECT_FALSE(pool.try_acquire()) << "it makes none";
  pool.reserve(20);
  EXPECT_EQ(request::alive, 20);
  pool.reserve(10);
  EXPECT_EQ(request::alive, 20);
  std::set<request*> seen;
  std::vector<typename TypeParam::pooled> out;
  for (int i = 0; i < 20; ++i) {
    out.push_back(pool.try_acquire());
    ASSERT_TRUE(out.back());
    seen.insert(out.back().get());
  }
  EXPECT_EQ(seen.size(), 20U);
  EXPECT_FALSE(pool.try_acquire());
  EXPECT_EQ(request::alive, 20);
}

TYPED_TEST(object_pool, reset_destroys_all_and_it_may_begin_again) {
  TypeParam pool;
  for (int round = 0; round < 3; ++round) {
    pool.reserve(30);
    {
      const auto out = pool.acquire();
    }
    EXPECT_EQ(request::alive, 30);
    pool.reset();
    EXPECT_EQ(request::alive, 0);
    EXPECT_EQ(counted::bytes_out, 0);
    EXPECT_EQ(pool.size(), 0U);
  }
}

#if defined(__cpp_exceptions)
TYPED_TEST(object_pool, an_object_that_cannot_be_made_leaves_the_pool_as_it_was) {
  TypeParam pool;
  auto one = pool.acquire();
  request::fails = true;
  EXPECT_THROW(static_cast<void>(pool.acquire()), std::runtime_error);
  EXPECT_THROW(pool.reserve(9), std::runtime_error);
  EXPECT_EQ(pool.size(), 1U);
  request* const first = one.get();
  one.reset();
  EXPECT_EQ(pool.acquire().get(), first) << "what is kept needs no making";
  request::fails = false;
  const auto a = pool.acquire();
  const auto b = pool.acquire();
  EXPECT_EQ(request::alive, 2);
}
#endif

struct cleared {
  int clears = 0;
  void clear() noexcept { ++clears; }
};
struct both {
  int resets = 0;
  int clears = 0;
  void reset() noexcept { ++resets; }
  void clear() noexcept { ++clears; }
};
struct from_outside {
  int resets = 0;
  void reset() noexcept { resets = -1000; }
};
void reset(from_outside& it) noexcept { ++it.resets; }
struct untouched {
  int number = 5;
};

template <class T>
T state_after_release() {
  tenon::object_pool<T, tenon::single_thread> pool;
  {
    auto one = pool.acquire();
  }
  return *pool.acquire();
}

TEST(object_pool, the_nearest_reset_is_used) {
  EXPECT_EQ(state_after_release<cleared>().clears, 1);
  EXPECT_EQ(state_after_release<both>().resets, 1);
  EXPECT_EQ(state_after_release<both>().clears, 0);
  EXPECT_EQ(state_after_release<from_outside>().resets, 1);
  EXPECT_EQ(state_after_release<untouched>().number, 5);
}

template <class T>
bool all_are_aligned_and_apart() {
  tenon::object_pool<T> pool;
  std::vector<typename tenon::object_pool<T>::pooled> out;
  std::set<std::uintptr_t> seen;
  for (int i = 0; i < 100; ++i) {
    out.push_back(pool.acquire());
    const auto at = reinterpret_cast<std::uintptr_t>(out.back().get());
    if (at % alignof(T) != 0) return false;
    const auto next = seen.lower_bound(at);
    if (next != seen.end() && *next < at + sizeof(T)) return false;
    if (next != seen.begin() && *std::prev(next) + sizeof(T) > at) return false;
    seen.insert(at);
  }
  return true;
}

struct alignas(64) line {
  char text[64];
};
struct alignas(4096) page {
  char text[4096];
};

TEST(object_pool, objects_of_any_size_and_alignment_are_apart) {
  EXPECT_TRUE(all_are_aligned_and_apart<char>());
  EXPECT_TRUE(all_are_aligned_and_apart<std::uint64_t>());
  EXPECT_TRUE((all_are_aligned_and_apart<std::array<char, 100>>()));
  EXPECT_TRUE(all_are_aligned_and_apart<long double>());
  EXPECT_TRUE(all_are_aligned_and_apart<line>());
  EXPECT_TRUE(all_are_aligned_and_apart<page>());
}

// Other threads.

class object_pool_shared : public object_pool<shared> {};

TEST_F(object_pool_shared, what_another_thread_releases_comes_home) {
  shared pool;
  std::set<request*> made;
  std::vector<shared::pooled> out;
  for (int i = 0; i < 50; ++i) made.insert(out.emplace_back(pool.acquire()).get());
  std::thread([all = std::move(out)]() mutable { all.clear(); }).join();
  EXPECT_EQ(request::resets, 50) << "on the thread that released";
  for (int i = 0; i < 49; ++i) {
    out.push_back(pool.try_acquire());
    ASSERT_TRUE(out.back()) << i;
    EXPECT_TRUE(made.contains(out.back().get()));
  }
  EXPECT_FALSE(pool.try_acquire()) << "the last comes home with the next";
  EXPECT_EQ(pool.size(), 50U);
}

TEST_F(object_pool_shared, no_object_is_lost_however_many_threads_release) {
  constexpr int threads = 12;  // more than there are lanes
  shared pool;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> crew;
    for (int t = 0; t < threads; ++t) {
      std::vector<shared::pooled> some;
      for (int i = 0; i < 10; ++i) some.push_back(pool.acquire());
      crew.emplace_back([mine = std::move(some)]() mutable { mine.clear(); });
    }
    for (std::thread& each : crew) each.join();
  }
  EXPECT_LE(pool.size(), static_cast<std::size_t>(threads) * 10 + 8);
}  // and its end asserts that all are home

TEST_F(object_pool_shared, objects_go_round_between_threads) {
  constexpr int count = 30'000;
  constexpr std::size_t consumers = 3;
  shared pool;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<shared::pooled> passed;
  std::vector<std::thread> crew;
  for (std::size_t c = 0; c < consumers; ++c) {
    crew.emplace_back([&] {
      for (;;) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return !passed.empty(); });
        shared::pooled one = std::move(passed.front());
        passed.pop_front();
        lock.unlock();
        changed.notify_all();
        if (!one) return;
        EXPECT_EQ(one->path, std::to_string(one->number));
      }
    });
  }
  for (int i = 0; i < count; ++i) {
    auto one = pool.acquire();
    EXPECT_EQ(one->path, "");
    one->number = static_cast<std::uint64_t>(i);
    one->path = std::to_string(i);
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return passed.size() < 32; });
    passed.push_back(std::move(one));
    lock.unlock();
    changed.notify_all();
  }
  for (std::size_t c = 0; c < consumers; ++c) {
    const std::lock_guard lock(mutex);
    passed.emplace_back();
    changed.notify_all();
  }
  for (std::thread& each : crew) each.join();
  EXPECT_EQ(request::resets, count);
  EXPECT_LE(pool.size(), 32U + 2 * consumers + 1) << "bounded by what was out at once";
}

TEST_F(object_pool_shared, whoever_reserves_before_the_first_acquire_is_not_the_owner) {
  shared pool;
  pool.reserve(4);
  std::thread([&pool] {
    auto one = pool.acquire();
    std::thread([one = std::move(one)] {}).join();
    EXPECT_TRUE(pool.try_acquire());
  }).join();
  EXPECT_EQ(pool.size(), 4U);
}

TEST_F(object_pool_shared, after_a_reset_another_thread_may_own_it) {
  shared pool;
  {
    const auto one = pool.acquire();
  }
  pool.reset();
  std::thread([&] {
    auto one = pool.acquire();
    std::thread([mine = std::move(one)] {}).join();
    EXPECT_FALSE(pool.try_acquire());
    pool.reset();
  }).join();
  EXPECT_EQ(request::alive, 0);
}

#if !defined(NDEBUG)

class object_pool_death : public testing::Test {
 protected:
  void SetUp() override { testing::GTEST_FLAG(death_test_style) = "threadsafe"; }
};

using numbers = tenon::object_pool<std::uint64_t>;

TEST_F(object_pool_death, a_second_release_is_noticed) {
  EXPECT_DEATH(
      {
        numbers pool;
        std::uint64_t* const one = pool.acquire().release();
        pool.release(*one);
        pool.release(*one);
      },
      "released twice");
}

TEST_F(object_pool_death, a_second_release_by_another_thread_is_noticed) {
  EXPECT_DEATH(
      {
        numbers pool;
        std::uint64_t* const one = pool.acquire().release();
        std::thread([&] { pool.release(*one); }).join();
        std::thread([&] { pool.release(*one); }).join();
      },
      "released twice");
}

TEST_F(object_pool_death, a_release_to_another_pool_is_noticed) {
  EXPECT_DEATH(
      {
        numbers pool;
        numbers other;
        const auto its_own = other.acquire();
        other.release(*pool.acquire().release());
      },
      "another pool");
}

TEST_F(object_pool_death, an_acquire_by_a_second_thread_is_noticed) {
  EXPECT_DEATH(
      {
        numbers pool;
        const auto one = pool.acquire();
        std::thread([&] { static_cast<void>(pool.try_acquire()); }).join();
      },
      "another thread than the owner");
}

TEST_F(object_pool_death, an_end_with_an_object_out_is_noticed) {
  EXPECT_DEATH(
      {
        numbers pool;
        static_cast<void>(pool.acquire().release());
      },
      "an object is out");
}

#endif

#if defined(TENON_TEST_POISON)
using quads = std::array<int, 4>;

TEST(object_pool_poison, use_after_release_is_reported) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        tenon::object_pool<quads> pool;
        quads* const one = pool.acquire().get();  // its pooled has ended
        *static_cast<volatile int*>(one->data()) = 1;
      },
      "use-after-poison");
}
#endif

}  // namespace
