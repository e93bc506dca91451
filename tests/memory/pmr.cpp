// SPDX-License-Identifier: BSL-1.0
#include <tenon/memory/pmr.hpp>
#include <tenon/memory/recycling.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <string_view>
#include <type_traits>

#include "../laws/memory.hpp"

namespace {

/// Counts what is out, and sees to it that a block comes back as it was got.
class counted : public std::pmr::memory_resource {
 public:
  std::atomic<std::int64_t> bytes_out{0};
  std::atomic<std::uint64_t> requests{0};

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    EXPECT_GT(bytes, 0U);
    void* const block = ::operator new(bytes, std::align_val_t{alignment}, std::nothrow);
    if (block == nullptr) throw std::bad_alloc();
    ++requests;
    bytes_out += static_cast<std::int64_t>(bytes);
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    bytes_out -= static_cast<std::int64_t>(bytes);
    ::operator delete(block, std::align_val_t{alignment}, std::nothrow);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

counted* counting() {
  static counted made;
  return &made;
}
std::pmr::memory_resource* pool() noexcept {
  static std::pmr::synchronized_pool_resource made{counting()};
  return &made;
}

// What is the default to begin with asks operator new, which ends this program when there is none left: mimalloc's is
// linked to it.
[[maybe_unused]] std::pmr::memory_resource* const before_all = std::pmr::set_default_resource(counting());

using models =
    testing::Types<tenon::pmr<>, tenon::pmr<&counting>, tenon::pmr<&pool>, tenon::recycling<tenon::pmr<&counting>>>;
INSTANTIATE_TYPED_TEST_SUITE_P(pmr, memory_laws, models);

static_assert(tenon::pmr<>::word == tenon::fixed_string("pmr<>"));
static_assert(tenon::pmr<&pool>::word == tenon::fixed_string("pmr<&resource>"));
static_assert(std::is_empty_v<tenon::pmr<&pool>> && std::is_empty_v<tenon::pmr<&pool>::arena>);
static_assert(!std::is_same_v<tenon::pmr<&pool>, tenon::pmr<&counting>>);

TEST(pmr, asks_the_resource_it_names_and_gives_all_back) {
  const auto requests = counting()->requests.load();
  const auto out = counting()->bytes_out.load();
  {
    tenon::pmr<&counting>::arena arena;
    void* const a = arena.allocate(100);
    void* const b = tenon::pmr<&counting>::obtain(0);
    EXPECT_EQ(counting()->requests, requests + 2);
    EXPECT_EQ(counting()->bytes_out, out + 112 + 16) << "whole multiples of the alignment, and never nothing";
    tenon::pmr<&counting>::release(a, 100);
    arena.deallocate(b, 0);
  }
  EXPECT_EQ(counting()->bytes_out, out);
}

TEST(pmr, without_a_resource_is_the_default_one) {
  counted other;
  std::pmr::memory_resource* const before = std::pmr::set_default_resource(&other);
  tenon::pmr<>::arena arena;
  arena.deallocate(arena.allocate(64), 64);
  std::pmr::set_default_resource(before);
  EXPECT_EQ(other.requests, 1U);
  EXPECT_EQ(other.bytes_out, 0);
}

TEST(pmr, under_recycling_a_warmed_path_asks_it_for_nothing) {
  tenon::recycling<tenon::pmr<&counting>>::arena arena;
  arena.deallocate(arena.allocate(200), 200);
  const auto requests = counting()->requests.load();
  for (int i = 0; i < 1000; ++i) arena.deallocate(arena.allocate(200), 200);
  EXPECT_EQ(counting()->requests, requests);
}

}  // namespace
