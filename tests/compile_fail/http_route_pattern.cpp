// error: tenon::http::route: a pattern begins with '/'; write "/users", not "users"
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/route.hpp>

namespace http = tenon::http;

http::response users(http::context& c) { return c.text("users"); }

int main() {
#ifdef FIXED
  constexpr auto all = http::get<"/users">(users);
#else
  constexpr auto all = http::get<"users">(users);
#endif
  return all.is_streamed ? 1 : 0;
}
