// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/memory/concept.hpp>
#include <tenon/memory/detail/out_of_memory.hpp>

#include <cstddef>
#include <new>

namespace tenon {

/// Memory from the program's own operator new and operator delete: whatever the program replaced them by.
///
///     struct app : tenon::runtime<tenon::epoll, tenon::system> { using runtime::runtime; };
///
/// Cost     One call of each; nothing is kept.
/// Threads  Any.
/// Errors   std::bad_alloc; with -fno-exceptions, std::terminate.
struct system : family::memory {
  static constexpr auto word = fixed_string("system");

  [[nodiscard]] static void* obtain(std::size_t bytes) {
    // operator new may align what is smaller than max_align_t to its size only (a replaced one does), so ask for more.
    // The nothrow form, because a replaced throwing one may end the program instead, and because with -fno-exceptions
    // there is nobody to throw to.
    void* const chunk = ::operator new(at_least_aligned(bytes), std::nothrow);
    if (chunk == nullptr) [[unlikely]]
      detail::out_of_memory();
    return chunk;
  }

  static void release(void* chunk, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__cpp_sized_deallocation)
    ::operator delete(chunk, at_least_aligned(bytes));
#else
    ::operator delete(chunk);
#endif
  }

  class arena {
   public:
    arena() = default;
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;

    [[nodiscard]] void* allocate(std::size_t bytes) { return obtain(bytes); }
    void deallocate(void* chunk, std::size_t bytes) noexcept { release(chunk, bytes); }
  };

 private:
  static constexpr std::size_t at_least_aligned(std::size_t bytes) noexcept {
    return bytes < alignof(std::max_align_t) ? alignof(std::max_align_t) : bytes;
  }
};

static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= alignof(std::max_align_t));
static_assert(memory_policy<system>);

}  // namespace tenon
