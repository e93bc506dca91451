// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/memory/concept.hpp>
#include <tenon/memory/detail/out_of_memory.hpp>

#include <cstddef>

#if !__has_include(<mimalloc.h>)
#error "tenon::mimalloc: <mimalloc.h> is not here; install libmimalloc-dev, or name tenon::recycling<> or tenon::system"
#endif
#include <mimalloc.h>

#if defined(__SANITIZE_THREAD__)
#define TENON_DETAIL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TENON_DETAIL_TSAN 1
#endif
#endif
#if defined(TENON_DETAIL_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace tenon {

namespace detail {

/// ThreadSanitizer sees neither the atomics inside libmimalloc nor that mi_malloc gives new memory, so it would take a
/// block's last use on one thread and its reuse on another for a race. These give it the edge from a free to the next
/// allocation out of the same 64 KiB, mimalloc's smallest page. Without it, nothing.
inline void mimalloc_reuses([[maybe_unused]] void* chunk) noexcept {
#if defined(TENON_DETAIL_TSAN)
  __tsan_acquire(static_cast<char*>(chunk) - reinterpret_cast<std::size_t>(chunk) % 65536);
#endif
}

inline void mimalloc_frees([[maybe_unused]] void* chunk) noexcept {
#if defined(TENON_DETAIL_TSAN)
  __tsan_release(static_cast<char*>(chunk) - reinterpret_cast<std::size_t>(chunk) % 65536);
#endif
}

}  // namespace detail

/// Memory from mimalloc: for a program in which blocks are often freed on another thread than they were got on.
///
///     struct edge : tenon::runtime<tenon::io_uring<>, tenon::stealing<>, tenon::mimalloc> { using runtime::runtime; };
///
/// Cost     mi_malloc and mi_free, which keep free lists a thread themselves; the arena is empty.
/// Threads  Any.
/// Errors   std::bad_alloc; with -fno-exceptions, std::terminate.
///          Many builds of libmimalloc (Debian's shared one is one) also replace malloc and operator new of the whole
///          program that links them, and such an operator new ends the program where it should throw.
/// Source   Leijen, Zorn, de Moura: "Mimalloc: free list sharding in action", APLAS 2019.
struct mimalloc : family::memory {
  static constexpr auto word = fixed_string("mimalloc");

  [[nodiscard]] static void* obtain(std::size_t bytes) {
    // below this size mimalloc aligns to the size, not to max_align_t
    constexpr std::size_t least = alignof(std::max_align_t);
    void* const chunk = mi_malloc(bytes < least ? least : bytes);
    if (chunk == nullptr) [[unlikely]]
      detail::out_of_memory();
    detail::mimalloc_reuses(chunk);
    return chunk;
  }

  static void release(void* chunk, std::size_t /*bytes*/) noexcept {
    detail::mimalloc_frees(chunk);
    mi_free(chunk);
  }

  class arena {
   public:
    arena() = default;
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;

    [[nodiscard]] void* allocate(std::size_t bytes) { return obtain(bytes); }
    void deallocate(void* chunk, std::size_t bytes) noexcept { release(chunk, bytes); }
  };
};

static_assert(memory_policy<mimalloc>);

}  // namespace tenon

#undef TENON_DETAIL_TSAN
