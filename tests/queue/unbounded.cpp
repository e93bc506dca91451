// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/locked.hpp>
#include <tenon/queue/unbounded.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "../laws/queue.hpp"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define TENON_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define TENON_TEST_SANITIZED 1
#endif
#endif

#if !defined(TENON_TEST_SANITIZED)  // the sanitizers have their own operator new
namespace {

std::atomic<int> made{0};                 // segments, of all threads
thread_local bool out_of_memory = false;  // of this one

}  // namespace

// What segments are allocated by.
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  if (out_of_memory) return nullptr;
  made.fetch_add(1);
  return ::operator new(size, alignment);
}
#endif

namespace {

using sizes = testing::Types<tenon::unbounded<2>, tenon::unbounded<8>, tenon::unbounded<256>>;
INSTANTIATE_TYPED_TEST_SUITE_P(unbounded, queue_laws, sizes);

static_assert(tenon::queue_policy<tenon::unbounded<>>);
static_assert(!tenon::unbounded<>::bounded);

TEST(unbounded, is_spelled_with_the_size_of_a_segment) {
  EXPECT_EQ(std::string_view{tenon::unbounded<64>::word}, "unbounded<64>");
}

#if !defined(TENON_TEST_SANITIZED)
TEST(unbounded, needs_no_heap_while_it_is_emptied_in_time) {
  const int before = made.load();
  tenon::unbounded<8>::of<int> queue;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(queue.try_push(int{i}));
    ASSERT_EQ(queue.try_pop(), i);
  }
  EXPECT_EQ(made.load(), before);
}

TEST(unbounded, uses_its_segments_again) {
  const int before = made.load();
  tenon::unbounded<8>::of<int> queue;
  int in = 0;
  int out = 0;
  for (; in < 3; ++in) ASSERT_TRUE(queue.try_push(int{in}));  // never empty, and never long
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(queue.try_push(in++));
    ASSERT_EQ(queue.try_pop(), out++);
  }
  EXPECT_LE(made.load() - before, 2);
}

TEST(unbounded, allocates_for_the_longest_that_it_was) {
  const int before = made.load();
  tenon::unbounded<8>::of<int> queue;
  for (int turn = 0; turn < 10; ++turn) {
    for (int i = 0; i < 80; ++i) ASSERT_TRUE(queue.try_push(int{i}));
    for (int i = 0; i < 80; ++i) ASSERT_EQ(queue.try_pop(), i);
    EXPECT_LE(made.load() - before, 80 / 8 + 2 - 1);  // one lies inside
  }
}

TEST(unbounded, allocates_no_more_between_threads) {
  constexpr std::size_t longest = 64;
  constexpr int consumers = 2;
  const int before = made.load();
  tenon::unbounded<8>::of<int> queue;
  std::atomic<std::size_t> inside{0};
  std::atomic<int> to_come{3 * 3'000};
  {
    std::vector<std::jthread> threads;
    for (int p = 0; p < 3; ++p) {
      threads.emplace_back([&] {
        for (int i = 0; i < 3'000; ++i) {
          while (inside.fetch_add(1) >= longest) {
            inside.fetch_sub(1);
            std::this_thread::yield();
          }
          EXPECT_TRUE(queue.try_push(int{i}));
        }
      });
    }
    for (int c = 0; c < consumers; ++c) {
      threads.emplace_back([&] {
        while (to_come.load() > 0) {
          if (queue.try_pop()) {
            inside.fetch_sub(1);
            to_come.fetch_sub(1);
          } else {
            std::this_thread::yield();
          }
        }
      });
    }
  }
  EXPECT_EQ(queue.size_estimate(), 0U);
  EXPECT_LE(made.load() - before, static_cast<int>(longest) / 8 + 2 - 1 + consumers);
}

TEST(unbounded, gives_the_item_back_when_there_is_no_memory) {
  tenon::unbounded<4>::of<std::unique_ptr<int>> queue;
  out_of_memory = true;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(queue.try_push(std::make_unique<int>(i)));
  auto one_too_many = std::make_unique<int>(4);
  ASSERT_FALSE(queue.try_push(std::move(one_too_many)));
  ASSERT_TRUE(one_too_many != nullptr);  // NOLINT(bugprone-use-after-move): that it is untouched is the law
  ASSERT_EQ(queue.size_estimate(), 4U);
  for (int i = 0; i < 4; ++i) ASSERT_EQ(**queue.try_pop(), i);
  EXPECT_TRUE(queue.try_push(std::move(one_too_many))) << "an empty queue needs no memory";
  out_of_memory = false;
  EXPECT_EQ(**queue.try_pop(), 4);
}
#endif

// A producer is held up just after it has shown the others a new segment.
std::function<void()> segment_shown;
std::atomic<int> at_the_mutex{0};

struct held_up {
  [[maybe_unused]] static constexpr bool concurrent = true;
  template <class T>
  class atomic : public std::atomic<T> {
   public:
    using std::atomic<T>::atomic;
    void store(T value, std::memory_order order) noexcept {
      std::atomic<T>::store(value, order);
      if constexpr (std::is_pointer_v<T>) {
        if (auto hook = std::exchange(segment_shown, nullptr)) hook();
      }
    }
  };
  class mutex {
   public:
    void lock() noexcept {
      at_the_mutex.fetch_add(1);
      inside_.lock();
    }
    void unlock() noexcept { inside_.unlock(); }

   private:
    std::mutex inside_;
  };
};

TEST(unbounded, what_was_pushed_into_a_new_segment_is_there_for_who_pushed_it) {
  tenon::unbounded<2>::of<int, held_up> queue;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(queue.try_push(int{i}));
  for (int i = 0; i < 2; ++i) ASSERT_EQ(queue.try_pop(), i);
  ASSERT_TRUE(queue.try_push(2));  // in the same segment once more: one is left of it, so that the next is a new one
  ASSERT_TRUE(queue.try_push(3));
  ASSERT_EQ(queue.try_pop(), 2);
  std::thread other;
  std::atomic<bool> popped{false};
  std::optional<int> first;
  std::optional<int> second;
  segment_shown = [&] {
    const int before = at_the_mutex.load();
    other = std::thread([&] {
      EXPECT_TRUE(queue.try_push(4));
      first = queue.try_pop();
      second = queue.try_pop();
      popped.store(true);
    });
    while (!popped.load() && at_the_mutex.load() == before) std::this_thread::yield();
  };
  ASSERT_TRUE(queue.try_push(5));
  ASSERT_TRUE(other.joinable());
  other.join();
  EXPECT_EQ(first, 3);
  EXPECT_EQ(second, 4) << "its push had ended, and it was the oldest";
  EXPECT_EQ(queue.try_pop(), 5);
}

}  // namespace
