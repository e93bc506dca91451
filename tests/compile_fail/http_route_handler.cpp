// error: tenon::http::server: a handler takes http::context&, http::exchange<Stream>&, or both, where Stream is what the door accepts; write it so
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/server.hpp>
#include <tenon/tenon.hpp>

namespace http = tenon::http;

struct edge : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};

#ifdef FIXED
tenon::task<void> upload(http::exchange<edge::tcp_stream>& x) { (void)co_await x.reply({}); }
#else
tenon::task<void> upload(int) { co_return; }
#endif

constexpr http::application pages(http::post<"/upload">(upload));

tenon::task<int> serve(edge& rt) {
  http::server site(rt, pages);
  const auto done = co_await site.serve(edge::tcp_listener::bind(rt, {"127.0.0.1", 0}).value());
  co_return done ? 0 : 1;
}

int main() {
  edge rt;
  return rt.run(serve(rt));
}
