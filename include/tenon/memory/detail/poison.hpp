// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define TENON_DETAIL_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TENON_DETAIL_POISON 1
#endif
#endif

#if defined(TENON_DETAIL_POISON)
#include <sanitizer/asan_interface.h>
#endif

namespace tenon::detail {

/// Whether anybody is told.
#if defined(TENON_DETAIL_POISON)
inline constexpr bool poisons = true;
#else
inline constexpr bool poisons = false;
#endif

/// Tells AddressSanitizer that nobody may touch these bytes until unpoison; without it, nothing.
inline void poison([[maybe_unused]] void* first, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(TENON_DETAIL_POISON)
  __asan_poison_memory_region(first, bytes);
#endif
}

inline void unpoison([[maybe_unused]] void* first, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(TENON_DETAIL_POISON)
  __asan_unpoison_memory_region(first, bytes);
#endif
}

}  // namespace tenon::detail

#undef TENON_DETAIL_POISON
