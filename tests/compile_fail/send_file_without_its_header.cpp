// error: tenon::stream_socket::send_file: to send a file takes <tenon/net/send_file.hpp>; include it
// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/tcp_stream.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/tenon.hpp>
#ifdef FIXED
#include <tenon/net/send_file.hpp>
#endif

struct edge : tenon::runtime<tenon::epoll> {};

auto send(edge::tcp_stream& peer) { return peer.send_file(0, 0, 80); }
