// error: tenon::runtime<...>: a memory policy lacks release; give it static void release.void., std::size_t. noexcept
// SPDX-License-Identifier: BSL-1.0
#include <tenon/memory/system.hpp>
#include <tenon/runtime/runtime.hpp>

#include <cstddef>

template <bool Whole>
struct my_memory : tenon::system {
  static constexpr auto word = tenon::fixed_string("my_memory");

  static void release(void* block, std::size_t bytes) noexcept
    requires Whole
  {
    tenon::system::release(block, bytes);
  }
};

#ifdef FIXED
using made = tenon::runtime<my_memory<true>>;
#else
using made = tenon::runtime<my_memory<false>>;
#endif
static_assert(sizeof(made*) != 0);
