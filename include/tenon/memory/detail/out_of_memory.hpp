// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <exception>
#include <new>

namespace tenon::detail {

/// Where an allocation that failed ends: never a null pointer.
[[noreturn]] inline void out_of_memory() {
#if defined(__cpp_exceptions)
  throw std::bad_alloc();
#else
  std::terminate();
#endif
}

}  // namespace tenon::detail
