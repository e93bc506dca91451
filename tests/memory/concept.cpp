// SPDX-License-Identifier: BSL-1.0
#include <tenon/memory/concept.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

#include "../laws/memory.hpp"

namespace {

/// A policy as a user would write it: its own word type, its own source of memory.
struct plain_malloc : tenon::family::memory {
  static constexpr std::string_view word = "plain_malloc";

  static void* obtain(std::size_t bytes) {
    void* const block = std::malloc(bytes < 16 ? 16 : bytes);
    if (block == nullptr) throw std::bad_alloc();
    return block;
  }
  static void release(void* block, std::size_t) noexcept { std::free(block); }

  struct arena {
    arena() = default;
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;
    void* allocate(std::size_t bytes) { return obtain(bytes); }
    void deallocate(void* block, std::size_t bytes) noexcept { release(block, bytes); }
  };
};

INSTANTIATE_TYPED_TEST_SUITE_P(of_a_user, memory_laws, plain_malloc);

struct movable : plain_malloc {
  struct arena {
    void* allocate(std::size_t bytes) { return obtain(bytes); }
    void deallocate(void* block, std::size_t bytes) noexcept { release(block, bytes); }
  };
};
static_assert(!tenon::memory_policy<movable>, "a worker's arena stays where it is");

struct throws_on_release : plain_malloc {
  static void release(void* block, std::size_t) { std::free(block); }
};
static_assert(!tenon::memory_policy<throws_on_release>);

struct without_arena : tenon::family::memory {
  static constexpr std::string_view word = "without_arena";
};
static_assert(!tenon::memory_policy<without_arena>);
static_assert(!tenon::memory_policy<int>);

}  // namespace
