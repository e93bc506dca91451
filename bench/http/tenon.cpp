// SPDX-License-Identifier: BSL-1.0
// Ours: a pipeline of parse, route, handle and respond, on a runtime of one worker. One source, as many runtimes.
#include "subject.hpp"

#include <tenon/http/connection.hpp>
#include <tenon/http/router.hpp>
#include <tenon/pipeline/pipeline.hpp>
#include <tenon/tenon.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace serving {

namespace {

namespace http = tenon::http;

struct edge : tenon::runtime<tenon::epoll> {
  using runtime::runtime;
};
struct solo : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {
  using runtime::runtime;
};
#if TENON_WITH_IO_URING
struct ring : tenon::runtime<tenon::io_uring<>> {
  using runtime::runtime;
};
#endif
#if TENON_WITH_LIBUV
struct guest : tenon::runtime<tenon::libuv> {
  using runtime::runtime;
};
#endif

struct exchange;
using handler = http::response (*)(exchange&);

/// The request in hand.
struct exchange {
  http::desk* desk = nullptr;
  bool last = false;
  http::request asked;
  http::progress seen;
  http::route_match<handler> match;
  http::response reply;
  http::date_cache date;
  std::array<char, 8 * 1024> decoded;  // of the path's parameters
  http::router<handler> routes;
  http::limits limits;

  exchange();
};

http::response text(exchange& in) { return {.to = in.asked, .content_type = "text/plain", .body = greeting}; }
http::response json(exchange& in) {
  return {.to = in.asked, .content_type = "application/json", .body = R"({"message":"Hello, World!"})"};
}
http::response user(exchange& in) {
  return {.to = in.asked, .content_type = "text/plain", .body = in.match.parameters[0]};
}

exchange::exchange() {
  routes.add(http::method::get, "/plaintext", &text).value();
  routes.add(http::method::get, "/json", &json).value();
  routes.add(http::method::get, "/users/{id}", &user).value();
  routes.add(http::method::get, "/users/{id}/posts/{post}", &user).value();
  routes.add(http::method::post, "/users", &user).value();
  routes.add(http::method::get, "/health", &text).value();
}

exchange& parse(exchange& in) {
  in.seen = in.desk->parser.parse(in.desk->in.readable(), in.limits, in.asked);
  return in;
}
exchange& route(exchange& in) {
  if (in.seen.is_complete()) in.match = in.routes.match(in.asked.method, in.asked.path, in.decoded);
  return in;
}
exchange& handle(exchange& in) {
  if (in.seen.is_failed()) {
    in.reply = http::error_response(in.seen.status);
  } else if (in.seen.is_complete()) {
    in.asked.keep_alive = in.asked.keep_alive && !in.last;
    in.reply = in.match ? (*in.match.target)(in) : http::error_response(in.match.status, in.asked);
  }
  return in;
}
http::verdict respond(exchange& in) {
  if (in.seen.is_more()) {
    in.desk->in.truncate(in.seen.bytes);
    return http::verdict::more;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  http::respond(in.desk->out, in.reply, in.date.line(now));
  if (in.seen.is_failed()) return http::verdict::close;
  in.desk->in.consume(in.seen.bytes);
  return in.asked.keep_alive ? http::verdict::again : http::verdict::close;
}

constexpr auto requests = tenon::pipeline(tenon::stage<"parse">(parse), tenon::stage<"route">(route),
                                          tenon::stage<"handle">(handle), tenon::stage<"respond">(respond));

/// What tenon::http::serve asks for. One worker: nothing here is shared.
class service {
 public:
  [[nodiscard]] static http::patience patience() noexcept { return {}; }
  [[nodiscard]] http::verdict answer(http::desk& desk, bool last) {
    in_.desk = &desk;
    in_.last = last;
    return requests(in_);
  }
  [[nodiscard]] http::desk& lend() {
    if (desks_.empty()) desks_.push_back(std::make_unique<http::desk>());
    http::desk& lent = *desks_.back().release();
    desks_.pop_back();
    return lent;
  }
  void take_back(http::desk& lent) noexcept { desks_.emplace_back(&lent); }

 private:
  exchange in_;
  std::vector<std::unique_ptr<http::desk>> desks_;
};

template <class R>
tenon::task<void> accept_all(R& rt, announcement ready) {
  auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  ready(door.local_endpoint().port());
  service here;
  tenon::scope<typename R::runtime> conns{rt};
  while (auto peer = co_await door.accept()) {
    conns.spawn(http::serve<typename R::tcp_stream, service>, std::move(*peer), std::ref(here));
  }
  co_await conns.join();
}

template <class R>
void serve_on(announcement ready) {
  typename R::settings how;
  if constexpr (R::has_remote_post) how.threads = 1;
  R rt{how};
  rt.run(accept_all<R>(rt, ready));
}

}  // namespace

std::vector<subject> ours() {
  std::vector<subject> all{{.name = "tenon, epoll", .serve = serve_on<edge>, .is_ours = true},
                           {.name = "tenon, epoll, single_thread", .serve = serve_on<solo>, .is_ours = true}};
#if TENON_WITH_IO_URING
  all.push_back({.name = "tenon, io_uring", .serve = serve_on<ring>, .is_ours = true});
#endif
#if TENON_WITH_LIBUV
  all.push_back({.name = "tenon, libuv", .serve = serve_on<guest>, .is_ours = true});
#endif
  return all;
}

}  // namespace serving
