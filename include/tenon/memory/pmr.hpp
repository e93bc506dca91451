// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/memory/concept.hpp>

#include <cstddef>
#include <memory_resource>
#include <type_traits>

namespace tenon {

namespace detail {

/// The function that a pmr was given, or the standard's own.
template <auto... Resource>
struct resource_of {
  [[nodiscard]] static std::pmr::memory_resource* get() noexcept { return std::pmr::get_default_resource(); }
};
template <auto Resource>
struct resource_of<Resource> {
  [[nodiscard]] static std::pmr::memory_resource* get() noexcept { return Resource(); }
};

/// A function without arguments that gives a resource, or none at all.
template <auto... Resource>
inline constexpr bool gives_resource = sizeof...(Resource) == 0;
template <auto Resource>
inline constexpr bool gives_resource<Resource> = std::is_invocable_r_v<std::pmr::memory_resource*, decltype(Resource)>;

}  // namespace detail

/// Memory from a std::pmr::memory_resource: for a program that has one already, or wants to try one.
///
///     std::pmr::memory_resource* pool() {
///       static std::pmr::synchronized_pool_resource made;
///       return &made;
///     }
///     struct app : tenon::runtime<tenon::epoll, tenon::pmr<&pool>> { using runtime::runtime; };
///
/// Resource  A function that gives the resource; pmr<> means std::pmr::get_default_resource. It is called by any
///           thread, each time, and gives the same one as long as a block is in use: so set_default_resource comes
///           before the first runtime of pmr<>, or after the last. The resource is asked by any thread as well, at once
///           by several: a synchronized_pool_resource may be, an unsynchronized one only under single_thread.
/// Cost      A call of Resource and a virtual call each; nothing is kept. recycling<pmr<&pool>> keeps.
/// Threads   As of the resource.
/// Errors    What the resource throws, std::bad_alloc mostly. (The standard's default asks operator new; one that was
///           replaced may end the program instead, as that of libmimalloc does.)
/// Source    std::pmr, C++17, [mem.res].
template <auto... Resource>
struct pmr : family::memory {
  static_assert(
      detail::gives_resource<Resource...>,
      "tenon::pmr<...>: not one function that gives a std::pmr::memory_resource*; write pmr<> for the default "
      "resource, or pmr<&my_resource> with std::pmr::memory_resource* my_resource()");

  static constexpr auto word = [] {
    if constexpr (sizeof...(Resource) == 0) {
      return fixed_string("pmr<>");
    } else {
      return fixed_string("pmr<&resource>");
    }
  }();

  [[nodiscard]] static void* obtain(std::size_t bytes) {
    return detail::resource_of<Resource...>::get()->allocate(asked(bytes), alignof(std::max_align_t));
  }
  static void release(void* chunk, std::size_t bytes) noexcept {
    detail::resource_of<Resource...>::get()->deallocate(chunk, asked(bytes), alignof(std::max_align_t));
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
  /// Whole multiples of the alignment, for libstdc++'s pools before GCC 15 keep blocks of 24 bytes and align them to 8
  /// whatever is asked (PR 118681). Never nothing, for which a resource may give one address twice.
  [[nodiscard]] static constexpr std::size_t asked(std::size_t bytes) noexcept {
    constexpr std::size_t step = alignof(std::max_align_t);
    if (bytes == 0) return step;
    return bytes > static_cast<std::size_t>(-1) - step ? bytes : (bytes + step - 1) / step * step;
  }
};

static_assert(memory_policy<pmr<>>);

}  // namespace tenon
