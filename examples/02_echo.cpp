// SPDX-License-Identifier: BSL-1.0
// A TCP echo service on four workers, and a client that talks to it. `02_echo serve` serves until Ctrl-C.
#include <tenon/tenon.hpp>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

// what: a type, in any order, read as a sentence
struct edge : tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::counters> {
  using runtime::runtime;
};

tenon::task<void> echo(edge::tcp_stream peer) {
  std::array<std::byte, 4096> room;
  for (;;) {
    auto n = co_await peer.read_some(room);  // result<size_t>: no exception on the hot path
    if (!n || *n == 0) co_return;
    if (auto w = co_await peer.write_all(std::span{room}.first(*n)); !w) co_return;
  }
}

tenon::task<void> stop_at_ctrl_c(edge& rt, edge::signals asked) {
  const auto got = co_await asked.next();
  if (got) rt.request_stop();
}

tenon::task<int> serve(edge& rt) {
  auto door = edge::tcp_listener::bind(rt, {"127.0.0.1", 8080}).value();
  rt.spawn(stop_at_ctrl_c, std::ref(rt), edge::signals::open(rt, {SIGINT, SIGTERM}).value());
  tenon::scope conns{rt};  // structured: leaves only when all its tasks have left
  while (auto peer = co_await door.accept()) conns.spawn(echo, std::move(*peer));
  co_await conns.join();
  co_return 0;
}

// The same, on a free port and with a client of its own.
tenon::task<void> accept_all(edge& rt, edge::tcp_listener door) {
  tenon::scope conns{rt};
  while (auto peer = co_await door.accept()) conns.spawn(echo, std::move(*peer));
  co_await conns.join();
}

tenon::task<int> try_it(edge& rt) {
  auto door = edge::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  const auto at = door.local_endpoint();
  rt.spawn(accept_all, std::ref(rt), std::move(door));

  auto peer = co_await edge::tcp_stream::connect(rt, at);
  if (!peer) co_return 1;
  constexpr std::string_view said = "Hello, tenon!";
  const auto sent = co_await peer->write_all(std::as_bytes(std::span(said)));
  if (!sent) co_return 1;
  std::array<char, said.size()> heard{};
  std::size_t got = 0;
  while (got < heard.size()) {
    const auto n = co_await peer->read_some(std::as_writable_bytes(std::span(heard)).subspan(got));
    if (!n || *n == 0) co_return 1;
    got += *n;
  }
  std::printf("%.*s\n", static_cast<int>(heard.size()), heard.data());
  co_return std::string_view(heard.data(), heard.size()) == said ? 0 : 1;
}

int main(int argc, char** argv) {
  edge rt{{.threads = 4, .name = "edge"}};  // how much: run-time settings
  const bool serving = argc > 1 && std::strcmp(argv[1], "serve") == 0;
  const int code = rt.run(serving ? serve(rt) : try_it(rt));  // the calling thread is worker 0
  std::printf("%s\n", to_string(rt.report()).c_str());
  return code;
}
