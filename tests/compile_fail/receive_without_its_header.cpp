// error: tenon::stream_socket::receive: to receive into buffers of the runtime's takes <tenon/net/received.hpp>; include it, or write read_some
// SPDX-License-Identifier: BSL-1.0
#include <tenon/tenon.hpp>
#ifdef FIXED
#include <tenon/net/received.hpp>
#endif

using edge = tenon::runtime<tenon::epoll>;

auto next(edge::tcp_stream& from) { return from.receive(); }
