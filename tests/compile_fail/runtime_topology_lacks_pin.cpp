// error: tenon::runtime<...>: a topology lacks pin; give it static tenon::result<void> pin.const tenon::machine&, std::size_t. noexcept
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>
#include <tenon/topology/flat.hpp>

#include <cstddef>

template <bool Whole>
struct my_topology : tenon::flat {
  static constexpr auto word = tenon::fixed_string("my_topology");

  static tenon::result<void> pin(const tenon::machine& where, std::size_t worker) noexcept
    requires Whole
  {
    return tenon::flat::pin(where, worker);
  }
};

#ifdef FIXED
using made = tenon::runtime<my_topology<true>>;
#else
using made = tenon::runtime<my_topology<false>>;
#endif
static_assert(sizeof(made*) != 0);
