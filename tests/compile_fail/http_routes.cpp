// error: tenon::http::routes<Table>: the pattern of this line is refused for this route_error; write it as the message of that error says
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/routes.hpp>

using tenon::http::method;
#ifdef FIXED
constexpr tenon::http::route_line<int> table[] = {{method::get, "/a/{x}", 1}, {method::put, "/a/{y}", 2}};
#else
constexpr tenon::http::route_line<int> table[] = {{method::get, "/a/{x}", 1}, {method::get, "/a/{y}", 2}};
#endif
static_assert(tenon::http::routes<table>::size() == 2);
