// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/memory/concept.hpp>

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>
#include <random>
#include <thread>
#include <vector>

// The laws of the memory family. To test a policy of your own:
//
//     INSTANTIATE_TYPED_TEST_SUITE_P(mine, memory_laws, my_memory);

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TENON_LAWS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TENON_LAWS_SANITIZED 1
#endif
#endif

namespace tenon::laws {

#if defined(TENON_LAWS_SANITIZED)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// A block whose every byte carries a mark, so that an overlap with another is seen.
struct marked_block {
  void* data;
  std::size_t bytes;
  unsigned char mark;

  void fill() const { std::memset(data, mark, bytes); }
  [[nodiscard]] bool intact() const {
    const auto* const first = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < bytes; ++i) {
      if (first[i] != mark) return false;
    }
    return true;
  }
};

inline std::vector<std::size_t> memory_sizes() {
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i <= 600; ++i) sizes.push_back(i);
  for (std::size_t i = 1024; i <= 256 * 1024; i *= 2) {
    sizes.push_back(i - 1);
    sizes.push_back(i);
    sizes.push_back(i + 1);
  }
  return sizes;
}

}  // namespace tenon::laws

template <class P>
class memory_laws : public testing::Test {
  static_assert(tenon::memory_policy<P>);
};
TYPED_TEST_SUITE_P(memory_laws);

TYPED_TEST_P(memory_laws, blocks_are_aligned_disjoint_and_wholly_writable) {
  typename TypeParam::arena arena;
  std::vector<tenon::laws::marked_block> live;
  unsigned char mark = 0;
  for (const std::size_t bytes : tenon::laws::memory_sizes()) {
    for (void* const data : {arena.allocate(bytes), TypeParam::obtain(bytes)}) {
      ASSERT_NE(data, nullptr);
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(data) % alignof(std::max_align_t), 0U) << bytes;
      live.push_back({data, bytes, ++mark});
      live.back().fill();
    }
  }
  for (const auto& block : live) ASSERT_TRUE(block.intact()) << block.bytes;
  for (std::size_t i = 0; i < live.size(); i += 2) {
    arena.deallocate(live[i].data, live[i].bytes);
    TypeParam::release(live[i + 1].data, live[i + 1].bytes);
  }
}

TYPED_TEST_P(memory_laws, a_block_may_be_given_back_anywhere) {
  typename TypeParam::arena a;
  typename TypeParam::arena b;
  for (int round = 0; round < 3; ++round) {
    for (const std::size_t bytes : tenon::laws::memory_sizes()) {
      void* const to_other = a.allocate(bytes);
      void* const to_release = a.allocate(bytes);
      void* const to_arena = TypeParam::obtain(bytes);
      void* const to_own = a.allocate(bytes);
      for (void* const data : {to_other, to_release, to_arena, to_own}) std::memset(data, 0x5a, bytes);
      b.deallocate(to_other, bytes);
      TypeParam::release(to_release, bytes);
      b.deallocate(to_arena, bytes);
      a.deallocate(to_own, bytes);
    }
  }
}

TYPED_TEST_P(memory_laws, blocks_keep_what_was_written_through_any_mixture) {
  typename TypeParam::arena a;
  typename TypeParam::arena b;
  std::vector<tenon::laws::marked_block> live;
  std::minstd_rand random{20240521};
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random()) % bound; };
  const int steps = tenon::laws::sanitized ? 5'000 : 30'000;
  for (int i = 0; i < steps; ++i) {
    if (live.size() < 200 && below(2) == 0) {
      const std::size_t bytes = below(20) == 0 ? below(100'000) : below(700);
      const std::size_t from = below(3);
      void* const data = from == 0 ? a.allocate(bytes) : from == 1 ? b.allocate(bytes) : TypeParam::obtain(bytes);
      live.push_back({data, bytes, static_cast<unsigned char>(random())});
      live.back().fill();
    } else if (!live.empty()) {
      auto& chosen = live[below(live.size())];
      ASSERT_TRUE(chosen.intact()) << "step " << i;
      const std::size_t to = below(3);
      if (to == 0) a.deallocate(chosen.data, chosen.bytes);
      if (to == 1) b.deallocate(chosen.data, chosen.bytes);
      if (to == 2) TypeParam::release(chosen.data, chosen.bytes);
      chosen = live.back();
      live.pop_back();
    }
  }
  for (const auto& block : live) {
    ASSERT_TRUE(block.intact());
    a.deallocate(block.data, block.bytes);
  }
}

TYPED_TEST_P(memory_laws, a_block_outlives_its_arena) {
  tenon::laws::marked_block block{nullptr, 300, 0x77};
  {
    typename TypeParam::arena arena;
    block.data = arena.allocate(block.bytes);
    block.fill();
    arena.deallocate(arena.allocate(block.bytes), block.bytes);
  }
  EXPECT_TRUE(block.intact());
  TypeParam::release(block.data, block.bytes);
}

TYPED_TEST_P(memory_laws, a_block_may_be_given_back_on_another_thread) {
  constexpr int rounds = 20;
  std::vector<tenon::laws::marked_block> passed;
  typename TypeParam::arena arena;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < 100; ++i) {
      const std::size_t bytes = i * 37;
      passed.push_back({arena.allocate(bytes), bytes, static_cast<unsigned char>(i)});
      passed.back().fill();
    }
    std::thread([&] {
      typename TypeParam::arena other;
      for (std::size_t i = 0; i < passed.size(); ++i) {
        EXPECT_TRUE(passed[i].intact());
        if (i % 2 == 0) {
          other.deallocate(passed[i].data, passed[i].bytes);
        } else {
          TypeParam::release(passed[i].data, passed[i].bytes);
        }
      }
      passed.clear();
      void* const back = other.allocate(64);
      std::memset(back, 1, 64);
      passed.push_back({back, 64, 1});
    }).join();
    for (const auto& block : passed) {
      EXPECT_TRUE(block.intact());
      arena.deallocate(block.data, block.bytes);
    }
    passed.clear();
  }
}

TYPED_TEST_P(memory_laws, blocks_flow_from_one_thread_to_another) {
  constexpr int count = 20'000;  // enough for pages to be used up and reused
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<tenon::laws::marked_block> passed;
  std::thread consumer([&] {
    typename TypeParam::arena arena;
    for (int taken = 0; taken < count;) {
      std::vector<tenon::laws::marked_block> batch;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return !passed.empty(); });
        batch.swap(passed);
      }
      changed.notify_one();
      for (const auto& block : batch) {
        EXPECT_TRUE(block.intact());
        arena.deallocate(block.data, block.bytes);
      }
      taken += static_cast<int>(batch.size());
    }
  });
  typename TypeParam::arena arena;
  for (int i = 0; i < count; ++i) {
    const auto bytes = static_cast<std::size_t>(i % 7) * 48;
    const tenon::laws::marked_block block{arena.allocate(bytes), bytes, static_cast<unsigned char>(i)};
    block.fill();
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return passed.size() < 64; });
      passed.push_back(block);
    }
    changed.notify_one();
  }
  consumer.join();
}

TYPED_TEST_P(memory_laws, two_threads_each_with_an_arena_do_not_meet) {
  const auto churn = [](unsigned char mark) {
    typename TypeParam::arena arena;
    std::vector<tenon::laws::marked_block> live;
    const int rounds = tenon::laws::sanitized ? 50 : 500;
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < 40; ++i) {
        live.push_back({arena.allocate(i * 29), i * 29, mark});
        live.back().fill();
      }
      for (const auto& block : live) {
        EXPECT_TRUE(block.intact());
        arena.deallocate(block.data, block.bytes);
      }
      live.clear();
    }
  };
  std::thread other([&] { churn(0xaa); });
  churn(0x55);
  other.join();
}

TYPED_TEST_P(memory_laws, what_cannot_be_had_is_bad_alloc_and_harms_nothing) {
#if defined(__cpp_exceptions)
  if (tenon::laws::sanitized) GTEST_SKIP() << "the sanitizer ends the program on such a request";
  typename TypeParam::arena arena;
  volatile std::size_t bytes = static_cast<std::size_t>(-1) / 4;
  void* volatile block = nullptr;  // volatile: an optimizer may leave out an allocation that nobody looks at
  EXPECT_THROW(block = arena.allocate(bytes), std::bad_alloc);
  EXPECT_THROW(block = TypeParam::obtain(bytes), std::bad_alloc);
  EXPECT_EQ(block, nullptr);
  arena.deallocate(arena.allocate(100), 100);
#else
  GTEST_SKIP() << "without exceptions such a request ends the program";
#endif
}

REGISTER_TYPED_TEST_SUITE_P(memory_laws, blocks_are_aligned_disjoint_and_wholly_writable,
                            a_block_may_be_given_back_anywhere, blocks_keep_what_was_written_through_any_mixture,
                            a_block_outlives_its_arena, a_block_may_be_given_back_on_another_thread,
                            blocks_flow_from_one_thread_to_another, two_threads_each_with_an_arena_do_not_meet,
                            what_cannot_be_had_is_bad_alloc_and_harms_nothing);
