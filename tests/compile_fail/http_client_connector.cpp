// error: tenon::http::client<R, Connector>: connect\(runtime, origin, deadline\) has to give task<result<Connector::stream>>; see tenon::http::tcp_connector
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/client.hpp>

#include <tenon/tenon.hpp>

struct subject : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};

struct dialler {
  using stream = subject::tcp_stream;
#if defined(FIXED)
  static tenon::task<tenon::result<stream>> connect(subject::runtime& rt, tenon::http::origin to,
                                                    tenon::time_point until) {
    return stream::connect(rt, {to.host, to.port}, until);
  }
#else
  static bool connect(tenon::http::origin to);
#endif
};

int main() {
  subject rt;
  tenon::http::client<subject, dialler> web(rt);
  return web.where().workers() == 1 ? 0 : 1;
}
