// error: tenon::runtime<...>: a context policy lacks values; give it a class values derived from tenon::any_context
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

struct empty : tenon::family::context {
  static constexpr auto word = tenon::fixed_string("empty");
  static constexpr bool carries = true;
};
struct full : tenon::family::context {
  static constexpr auto word = tenon::fixed_string("full");
  static constexpr bool carries = true;
  struct values : tenon::any_context {
    values() noexcept = default;
    explicit values(const tenon::any_context* /*other*/) noexcept {}
  };
};

#ifdef FIXED
using made = tenon::runtime<full>;
#else
using made = tenon::runtime<empty>;
#endif
static_assert(sizeof(made*) != 0);
