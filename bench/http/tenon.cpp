// SPDX-License-Identifier: BSL-1.0
// Ours: an application of several routes, on a runtime of one worker. One source, as many runtimes.
#include "subject.hpp"

#include <tenon/http/server.hpp>
#include <tenon/tenon.hpp>

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

http::response text(http::context&) { return {.content_type = "text/plain", .body = greeting}; }
http::response json(http::context&) {
  return {.content_type = "application/json", .body = R"({"message":"Hello, World!"})"};
}
http::response user(http::context& c) { return {.content_type = "text/plain", .body = c["id"]}; }

constexpr http::application pages(http::get<"/plaintext">(text), http::get<"/json">(json), http::get<"/health">(text),
                                  http::get<"/users/{id}">(user), http::get<"/users/{id}/posts/{post}">(user),
                                  http::post<"/users/{id}">(user));

template <class R>
tenon::task<void> serve(R& rt, announcement ready) {
  auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  ready(door.local_endpoint().port());
  http::server site(static_cast<typename R::runtime&>(rt), pages);
  (void)co_await site.serve(std::move(door));
}

template <class R>
void serve_on(announcement ready) {
  typename R::settings how;
  if constexpr (R::has_remote_post) how.threads = 1;
  R rt{how};
  rt.run(serve<R>(rt, ready));
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
