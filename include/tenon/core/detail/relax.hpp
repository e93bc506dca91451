// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace tenon::detail {

/// Tells the processor that this thread spins.
inline void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" : : : "memory");  // a yield is over at once there
#endif
}

}  // namespace tenon::detail
