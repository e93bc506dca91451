// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace tenon::detail {

/// A free block. Several of one class in a row, the last of which leads to null, are a bundle: what arenas pass on.
struct free_block {
  free_block* next;
  free_block* bundle;  ///< in the first of a bundle: the next bundle
};

/// Free blocks of one size that a worker has in hand, last in, first out, linked through themselves.
///
/// A memory policy whose arena has `shelves()`, `shelf::count` of them for sizes in steps of `shelf::step` bytes, has
/// coroutine frames taken from them and put back on them in place, without a call.
struct shelf {
  static constexpr std::size_t step = 32;
  static constexpr std::size_t count = 32;

  free_block* head = nullptr;
  std::uint32_t room = 0;  ///< how many more there may be in hand
  std::uint32_t full = 0;  ///< the arena's: how many bundles are kept

  /// The newest, which there is.
  [[nodiscard]] void* pop() noexcept {
    ++room;
    return std::exchange(head, head->next);
  }
  /// There is room for it.
  void push(void* chunk) noexcept {
    auto* const block = ::new (chunk) free_block;  // its other word is not written
    block->next = head;
    head = block;
    --room;
  }
};

/// Those of a thread that has none: nothing is on them, and they keep nothing.
inline constinit shelf no_shelves[shelf::count]{};

/// Behind this the way is long anyway, so that the callers of such a function need not save their registers for it.
#if defined(__clang__) && defined(__x86_64__)
#define TENON_DETAIL_RARE [[clang::preserve_most, gnu::noinline, gnu::cold]]
#else
#define TENON_DETAIL_RARE [[gnu::noinline, gnu::cold]]
#endif

}  // namespace tenon::detail
