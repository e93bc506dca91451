// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/threading.hpp>
#include <tenon/memory/recycling.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "../laws/memory.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define TENON_TEST_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TENON_TEST_POISON 1
#endif
#endif
#if defined(TENON_TEST_POISON)
#include <sanitizer/asan_interface.h>
#endif

namespace {

/// An upstream that counts what is out, and fails when told to.
struct counted : tenon::family::memory {
  static constexpr std::string_view word = "counted";

  static inline std::atomic<std::int64_t> blocks_out{0};
  static inline std::atomic<std::int64_t> bytes_out{0};
  static inline std::atomic<std::uint64_t> requests{0};
  static inline std::atomic<bool> exhausted{false};

  static void* obtain(std::size_t bytes) {
    ++requests;
#if defined(__cpp_exceptions)
    if (exhausted) throw std::bad_alloc();
#endif
    void* const block = tenon::system::obtain(bytes);
    ++blocks_out;
    bytes_out += static_cast<std::int64_t>(bytes);
    return block;
  }
  static void release(void* block, std::size_t bytes) noexcept {
    --blocks_out;
    bytes_out -= static_cast<std::int64_t>(bytes);
    tenon::system::release(block, bytes);
  }
  struct arena {
    arena() = default;
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;
    void* allocate(std::size_t bytes) { return obtain(bytes); }
    void deallocate(void* block, std::size_t bytes) noexcept { release(block, bytes); }
  };
};

using subject = tenon::recycling<counted>;

using models = testing::Types<tenon::recycling<>, tenon::recycling<tenon::recycling<>>, subject>;
INSTANTIATE_TYPED_TEST_SUITE_P(recycling, memory_laws, models);

static_assert(tenon::memory_policy<tenon::recycling<tenon::recycling<>>>);

static_assert(tenon::recycling<>::word == tenon::fixed_string("recycling<system>"));
static_assert(std::string_view{subject::word} == "recycling<counted>");
static_assert(std::is_empty_v<tenon::recycling<>>);
static_assert(std::is_same_v<tenon::recycling<>, tenon::recycling<tenon::system>>);

class recycling : public testing::Test {
 protected:
  void SetUp() override {
    counted::blocks_out = 0;
    counted::bytes_out = 0;
    counted::requests = 0;
    counted::exhausted = false;
  }
  void TearDown() override {
    EXPECT_EQ(counted::blocks_out, 0) << "blocks that upstream did not get back";
    EXPECT_EQ(counted::bytes_out, 0) << "a block was given back as another size than it was got";
  }
};

TEST_F(recycling, a_warmed_path_asks_upstream_for_nothing) {
  subject::arena arena;
  const auto path = [&] {
    std::vector<std::pair<void*, std::size_t>> blocks;
    for (const std::size_t bytes : {24U, 32U, 33U, 200U, 512U, 513U, 1024U, 4000U, 4097U, 16384U, 65536U}) {
      blocks.emplace_back(arena.allocate(bytes), bytes);
    }
    for (const auto& [block, bytes] : blocks) arena.deallocate(block, bytes);
  };
  path();
  const auto asked = arena.upstream_requests();
  EXPECT_EQ(asked, 11U);
  for (int i = 0; i < 1000; ++i) path();
  EXPECT_EQ(arena.upstream_requests(), asked);
  EXPECT_EQ(counted::requests, asked);
}

TEST_F(recycling, the_last_block_given_back_is_the_first_handed_out) {
  subject::arena arena;
  void* const a = arena.allocate(64);
  void* const b = arena.allocate(64);
  arena.deallocate(a, 64);
  arena.deallocate(b, 64);
  EXPECT_EQ(arena.allocate(64), b);
  EXPECT_EQ(arena.allocate(33), a) << "33 to 64 bytes are of one class";
  arena.deallocate(a, 33);
  arena.deallocate(b, 64);
}

TEST_F(recycling, sizes_of_different_classes_do_not_mix) {
  subject::arena arena;
  for (const std::size_t bound : tenon::detail::class_bytes) {
    void* const block = arena.allocate(bound);
    arena.deallocate(block, bound);
    void* const larger = arena.allocate(bound + 1);
    EXPECT_NE(larger, block) << bound;
    std::memset(larger, 1, bound + 1);
    EXPECT_EQ(arena.allocate(bound), block) << bound;
    arena.deallocate(block, bound);
    arena.deallocate(larger, bound + 1);
  }
}

TEST_F(recycling, what_is_too_large_to_keep_goes_upstream_each_time) {
  subject::arena arena;
  for (int i = 0; i < 5; ++i) arena.deallocate(arena.allocate(65537), 65537);
  EXPECT_EQ(arena.upstream_requests(), 5U);
  EXPECT_EQ(counted::blocks_out, 0);
}

TEST_F(recycling, an_arena_gives_all_it_kept_back_when_it_ends) {
  {
    subject::arena arena;
    for (const std::size_t bytes : tenon::detail::class_bytes) arena.deallocate(arena.allocate(bytes), bytes);
    EXPECT_EQ(counted::blocks_out, static_cast<std::int64_t>(tenon::detail::class_count));
  }
  EXPECT_EQ(counted::blocks_out, 0);
}

TEST_F(recycling, a_producer_and_a_consumer_do_not_grow_without_end) {
  subject::arena producer;
  subject::arena consumer;
  for (const std::size_t bytes : {std::size_t{512}, std::size_t{65536}}) {
    const std::int64_t before = counted::bytes_out;
    std::int64_t most = 0;
    for (int i = 0; i < 3000; ++i) {
      consumer.deallocate(producer.allocate(bytes), bytes);
      most = std::max(most, counted::bytes_out - before);
    }
    EXPECT_LE(most, 1024 * 1024 + 65536);
    EXPECT_EQ(producer.upstream_requests() % 3000, 0U) << "nothing came back to the producer";
  }
}

TEST_F(recycling, what_a_consumer_has_too_much_of_comes_back_to_the_producer) {
  for (const std::size_t bytes : tenon::detail::class_bytes) {
    subject::exchange<tenon::multi_thread> shared;
    subject::arena producer;
    subject::arena consumer;
    producer.join(shared);
    consumer.join(shared);
    const auto pass_on = [&](int so_many) {
      for (int i = 0; i < so_many; ++i) {
        void* const block = producer.allocate(bytes);
        std::memset(block, 0x5a, bytes);
        consumer.deallocate(block, bytes);
      }
    };
    pass_on(10'000);
    const auto asked = producer.upstream_requests();
    EXPECT_LE(asked, 4096U + 128U) << bytes << ": what the consumer keeps, and a bundle";
    pass_on(10'000);
    EXPECT_EQ(producer.upstream_requests(), asked) << bytes;
  }
}

TEST_F(recycling, an_exchange_is_bounded_and_gives_all_back) {
  using exchange = subject::exchange<tenon::multi_thread>;
  std::int64_t most = 0;
  {
    exchange shared;
    for (const std::size_t bytes : tenon::detail::class_bytes) {
      subject::arena arena;
      arena.join(shared);
      std::vector<void*> blocks;
      for (std::size_t out = 0; out < 4 * 1024 * 1024; out += bytes) blocks.push_back(arena.allocate(bytes));
      for (void* const block : blocks) arena.deallocate(block, bytes);
    }
    most = counted::bytes_out;
    EXPECT_LE(most, 5 * 1024 * 1024);
    EXPECT_GT(most, 2 * 1024 * 1024);
    subject::arena another;  // has what those that are gone left there
    another.join(shared);
    for (const std::size_t bytes : tenon::detail::class_bytes) another.deallocate(another.allocate(bytes), bytes);
    EXPECT_EQ(another.upstream_requests(), 0U);
  }
  EXPECT_EQ(counted::bytes_out, 0);
}

TEST_F(recycling, blocks_go_round_between_threads_that_share_an_exchange) {
  constexpr int rounds = tenon::laws::sanitized ? 60 : 400;
  constexpr std::size_t threads = 3;
  constexpr std::size_t some = 200;
  subject::exchange<tenon::multi_thread> shared;
  std::array<std::vector<tenon::laws::marked_block>, threads> passed;
  std::array<std::mutex, threads> locks;
  std::vector<std::thread> crew;
  for (std::size_t self = 0; self < threads; ++self) {
    crew.emplace_back([&, self] {
      subject::arena arena;
      arena.join(shared);
      std::vector<tenon::laws::marked_block> mine;
      for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < some; ++i) {
          const std::size_t bytes = i % 5 == 0 ? 400 : 60;
          mine.push_back({arena.allocate(bytes), bytes, static_cast<unsigned char>(self * 50 + i)});
          mine.back().fill();
        }
        {
          const std::lock_guard lock(locks[(self + 1) % threads]);
          passed[(self + 1) % threads].insert(passed[(self + 1) % threads].end(), mine.begin(), mine.end());
        }
        mine.clear();
        {
          const std::lock_guard lock(locks[self]);
          mine.swap(passed[self]);
        }
        for (const auto& block : mine) {
          EXPECT_TRUE(block.intact());
          arena.deallocate(block.data, block.bytes);
        }
        mine.clear();
      }
    });
  }
  for (std::thread& each : crew) each.join();
  subject::arena last;
  last.join(shared);
  for (auto& left : passed) {
    for (const auto& block : left) {
      EXPECT_TRUE(block.intact());
      last.deallocate(block.data, block.bytes);
    }
  }
}

TEST_F(recycling, one_arena_never_keeps_more_than_six_mebibytes) {
  subject::arena arena;
  for (const std::size_t bytes : tenon::detail::class_bytes) {
    std::vector<void*> blocks;
    for (std::size_t out = 0; out < 2 * 1024 * 1024; out += bytes) blocks.push_back(arena.allocate(bytes));
    for (void* const block : blocks) arena.deallocate(block, bytes);
  }
  EXPECT_LE(counted::bytes_out, 6 * 1024 * 1024);
  EXPECT_GT(counted::bytes_out, 4 * 1024 * 1024);
}

TEST_F(recycling, obtain_and_release_go_straight_to_upstream) {
  for (int i = 0; i < 3; ++i) subject::release(subject::obtain(100), 100);
  EXPECT_EQ(counted::requests, 3U);
  EXPECT_EQ(counted::blocks_out, 0);
}

#if defined(__cpp_exceptions)
TEST_F(recycling, upstream_running_out_leaves_the_arena_as_it_was) {
  subject::arena arena;
  void* const first = arena.allocate(100);
  arena.deallocate(first, 100);
  counted::exhausted = true;
  EXPECT_EQ(arena.allocate(100), first) << "what is kept needs no upstream";
  EXPECT_THROW(static_cast<void>(arena.allocate(100)), std::bad_alloc);
  EXPECT_THROW(static_cast<void>(subject::obtain(100)), std::bad_alloc);
  EXPECT_EQ(arena.upstream_requests(), 1U) << "it counts the blocks it got";
  counted::exhausted = false;
  arena.deallocate(first, 100);
  EXPECT_EQ(arena.allocate(100), first);
  arena.deallocate(first, 100);
}
#endif

TEST_F(recycling, every_size_has_the_smallest_class_that_holds_it) {
  for (std::size_t bytes = 0; bytes <= 70'000; ++bytes) {
    const std::size_t size_class = tenon::detail::size_class_of(bytes);
    ASSERT_GE(tenon::detail::block_bytes(bytes), bytes);
    if (size_class == tenon::detail::class_count) {
      ASSERT_GT(bytes, tenon::detail::class_bytes.back());
    } else if (size_class > 0) {
      ASSERT_LT(tenon::detail::class_bytes[size_class - 1], bytes);
    }
  }
}

#if defined(TENON_TEST_POISON)

TEST_F(recycling, a_block_given_back_is_poisoned) {
  subject::arena arena;
  auto* const block = static_cast<unsigned char*>(arena.allocate(100));
  EXPECT_EQ(__asan_region_is_poisoned(block, 100), nullptr);
  EXPECT_TRUE(__asan_address_is_poisoned(block + 100)) << "the room behind what was asked for";
  arena.deallocate(block, 100);
  for (std::size_t i = 0; i < 128; ++i) EXPECT_TRUE(__asan_address_is_poisoned(block + i)) << i;

  auto* const again = static_cast<unsigned char*>(arena.allocate(120));
  ASSERT_EQ(again, block);
  EXPECT_EQ(__asan_region_is_poisoned(again, 120), nullptr);
  EXPECT_TRUE(__asan_address_is_poisoned(again + 120));
  arena.deallocate(again, 120);
}

TEST_F(recycling, use_after_it_was_given_back_is_reported) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        tenon::recycling<>::arena arena;
        auto* const block = static_cast<volatile int*>(arena.allocate(64));
        arena.deallocate(const_cast<int*>(block), 64);
        *block = 1;
      },
      "use-after-poison");
}

#endif

}  // namespace
