// SPDX-License-Identifier: BSL-1.0
// An HTTP service: a greeting, bodies read and written as they come, a guard and a log. `10_http serve` serves.
#include <tenon/http/server.hpp>
#include <tenon/tenon.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace http = tenon::http;

struct edge : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};
using exchange = http::exchange<edge::tcp_stream>;

// Plain functions: the request is there, body and all, and what they give back is the answer.
http::response front(http::context& c) { return c.text("Hello, World!\n"); }
http::response admin(http::context& c) { return c.json("{\"path\":", http::quoted(c.request().path), "}\n"); }
http::response greet(http::context& c) { return c.text("Hello, ", c["name"], "!\n"); }

// A coroutine: it takes the body as it comes, however large it is.
tenon::task<void> upload(exchange& x) {
  std::uint64_t bytes = 0;
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  std::array<std::byte, 16 * 1024> room;
  for (;;) {
    const auto n = co_await x.read_some(room);
    if (!n) co_return;  // the client hears 400, 408 or 413
    if (*n == 0) break;
    for (const std::byte each : std::span(room).first(*n)) hash = (hash ^ std::uint64_t(each)) * 1099511628211U;
    bytes += *n;
  }
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%llu bytes, %016llx\n", static_cast<unsigned long long>(bytes),
                                 static_cast<unsigned long long>(hash));
  (void)co_await x.reply({.content_type = "text/plain", .body = {text, static_cast<std::size_t>(size)}});
}

// One that writes its answer as it makes it, no faster than the client reads.
tenon::task<void> count(http::context& c, exchange& x) {
  (void)x.begin({.content_type = "text/plain"});
  for (char digit = '1'; digit <= '9'; ++digit) {
    const std::string line = std::string(c["what"]) + ' ' + digit + '\n';
    if (const auto sent = co_await x.write(line); !sent) co_return;
  }
  (void)co_await x.finish("that is all\n");
}

std::optional<http::response> guard(http::context& c) {
  if (!c.request().path.starts_with("/admin") || c.request().headers.contains("authorization")) return std::nullopt;
  return c.error(http::status::unauthorized);
}

void note(const http::context& c) {
  const auto method = name_of(c.request().method);
  const auto path = c.request().path;
  const auto took = c.at(http::phase::answered) - c.at(http::phase::received);
  std::printf("%.*s %.*s %u, %llu bytes%s\n", static_cast<int>(method.size()), method.data(),
              static_cast<int>(path.size()), path.data(), code_of(c.status()),
              static_cast<unsigned long long>(c.answered_bytes()), took > std::chrono::seconds(1) ? ", slow" : "");
}

constexpr http::application pages(      // one value, known to the compiler
    http::get<"/">(front),              // a function: its answer is whole
    http::get<"/hello/{name}">(greet),  //
    http::get<"/admin">(admin),         //
    http::get<"/count/{what}">(count),  // a coroutine: its answer is streamed
    http::post<"/upload">(upload),      // or its request
    http::before(guard),                // around all of them
    http::on_answered(note));

tenon::task<void> stop_at_ctrl_c(edge& rt, edge::signals asked) {
  const auto got = co_await asked.next();
  if (got) rt.request_stop();
}

tenon::task<int> serve(edge& rt) {
  rt.spawn(stop_at_ctrl_c, std::ref(rt), edge::signals::open(rt, {SIGINT, SIGTERM}).value());
  http::server site(rt, pages);
  const auto served = co_await site.serve(edge::tcp_listener::bind(rt, {"127.0.0.1", 8080}).value());
  co_return served ? 0 : 1;  // a stop answers what is in hand, and ends here
}

// The same, on a free port and with a client of its own.
tenon::task<void> serve_at(edge& rt, edge::tcp_listener door) {
  http::server site(rt, pages);
  (void)co_await site.serve(std::move(door));
}

tenon::task<bool> ask(edge& rt, tenon::endpoint at, std::string question, std::string_view expected) {
  auto peer = co_await edge::tcp_stream::connect(rt, at);
  if (!peer) co_return false;
  const auto sent = co_await peer->write_all(std::as_bytes(std::span(question)));
  if (!sent) co_return false;
  std::string answer;
  std::array<char, 1024> room;
  for (;;) {
    const auto n = co_await peer->read_some(std::as_writable_bytes(std::span(room)));
    if (!n || *n == 0) break;
    answer.append(room.data(), *n);
  }
  co_return answer.find(expected) != answer.npos;
}

tenon::task<int> try_it(edge& rt) {
  auto door = edge::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  const auto at = door.local_endpoint();
  rt.spawn(serve_at, std::ref(rt), std::move(door));
  const std::string end = " HTTP/1.1\r\nHost: here\r\nConnection: close\r\n";
  const std::string chunks = "Transfer-Encoding: chunked\r\n\r\n6\r\nfoobar\r\n0\r\n\r\n";
  int wrong = 0;
  const bool greeted = co_await ask(rt, at, "GET /hello/J%C3%BCrgen" + end + "\r\n", "Hello, J\xc3\xbcrgen!");
  const bool counted = co_await ask(rt, at, "GET /count/sheep" + end + "\r\n", "8\r\nsheep 9\n");
  const bool uploaded = co_await ask(rt, at, "POST /upload" + end + chunks, "6 bytes, 85944171f73967e8");
  const bool guarded = co_await ask(rt, at, "GET /admin" + end + "\r\n", "HTTP/1.1 401 ");
  const bool missed = co_await ask(rt, at, "DELETE /upload" + end + "\r\n", "Allow: POST");
  for (const bool each : {greeted, counted, uploaded, guarded, missed}) wrong += each ? 0 : 1;
  rt.request_stop();
  std::printf("%d wrong answers\n", wrong);
  co_return wrong == 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  edge rt{{.threads = 2, .name = "edge"}};
  const bool serving = argc > 1 && std::strcmp(argv[1], "serve") == 0;
  return rt.run(serving ? serve(rt) : try_it(rt));
}
