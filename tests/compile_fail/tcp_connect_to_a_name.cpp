// error: tenon::tcp_stream::connect: to look a name up takes <tenon/net/resolve.hpp>; include it, or connect to an
// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/tcp_stream.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/tenon.hpp>
#ifdef FIXED
#include <tenon/net/resolve.hpp>
#endif

struct edge : tenon::runtime<tenon::epoll> {};

auto call(edge& rt) { return edge::tcp_stream::connect(rt, "localhost", 80); }
