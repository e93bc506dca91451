// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/loop.hpp>

#include <cstddef>

namespace tenon::detail {

/// The three functions that code which does not name the memory policy reaches an arena by.
template <class Memory>
struct frames_by {
  using arena_type = typename Memory::arena;

  static void* allocate(void* arena, std::size_t bytes) { return static_cast<arena_type*>(arena)->allocate(bytes); }
  static void deallocate(void* arena, void* chunk, std::size_t bytes) noexcept {
    static_cast<arena_type*>(arena)->deallocate(chunk, bytes);
  }
  static void release(void* chunk, std::size_t bytes) noexcept { Memory::release(chunk, bytes); }
};
template <class Memory>
inline constexpr frame_source frames_of{&frames_by<Memory>::allocate, &frames_by<Memory>::deallocate,
                                        &frames_by<Memory>::release};

}  // namespace tenon::detail
