// SPDX-License-Identifier: BSL-1.0
#include "client.hpp"

#include <tenon/tenon.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <span>
#include <string_view>

namespace gateway {

namespace {

struct client : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};

/// A request and the answer to it, in which the date is not compared.
struct exchange {
  std::string ask;
  std::string answer;
};

exchange make(std::string_view first_line, std::string_view sent, std::string_view type, std::string_view body,
              std::string_view status = "200 OK", std::string_view more = "", bool head = false) {
  exchange made;
  made.ask = std::string(first_line) + " HTTP/1.1\r\nHost: gateway\r\n";
  if (!sent.empty()) made.ask += "Content-Type: text/plain\r\nContent-Length: " + std::to_string(sent.size()) + "\r\n";
  made.ask += "\r\n" + std::string(sent);
  made.answer = "HTTP/1.1 " + std::string(status) +
                "\r\nDate: ???, ?? ??? ???? ??:??:?? GMT\r\nContent-Type: " + std::string(type) +
                "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more) + "\r\n" +
                (head ? "" : std::string(body));
  return made;
}

std::vector<exchange> mix() {
  std::vector<exchange> all;
  for (int i = 0; i < 8; ++i) all.push_back(make("GET /plaintext", "", "text/plain", "Hello, World!"));
  all.push_back(make("GET /json", "", "application/json", R"({"message":"Hello, World!"})"));
  all.push_back(make("GET /users/42", "", "application/json", R"({"id":"42"})"));
  all.push_back(make("GET /users/a%20%22b%22/posts/7", "", "application/json", R"({"id":"a \"b\"","post":"7"})"));
  all.push_back(make("POST /echo", "the body it got", "text/plain", "the body it got"));
  all.push_back(make("PUT /echo", "once more", "text/plain", "once more"));
  all.push_back(make("HEAD /plaintext", "", "text/plain", "Hello, World!", "200 OK", "", true));
  all.push_back(make("GET /nowhere", "", "text/plain; charset=utf-8", "Not Found", "404 Not Found"));
  all.push_back(make("DELETE /json", "", "text/plain; charset=utf-8", "Method Not Allowed", "405 Method Not Allowed",
                     "Allow: GET, HEAD\r\n"));
  return all;
}

/// Whether `came` is `expected`, but for the date.
bool same(std::string_view came, std::string_view expected) {
  if (came.size() != expected.size()) return false;
  const std::size_t date = expected.find("Date: ");
  constexpr std::size_t date_bytes = 35;
  return came.substr(0, date + 6) == expected.substr(0, date + 6) &&
         came.substr(date + date_bytes) == expected.substr(date + date_bytes);
}

struct figures {
  std::uint64_t allocations = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t cpu_us = 0;
};

struct run_state {
  std::vector<exchange> script = mix();
  tenon::endpoint at;
  bool counting = false;
  bool over = false;
  std::vector<std::uint32_t> latencies_ns;
  std::string wrong;
};

tenon::task<bool> read_exactly(client::tcp_stream& peer, std::span<char> room) {
  const auto all = std::as_writable_bytes(room);
  std::size_t got = 0;
  while (got < all.size()) {
    const auto n = co_await peer.read_some(all.subspan(got), peer.runtime().now() + std::chrono::seconds(10));
    if (!n || *n == 0) co_return false;
    got += *n;
  }
  co_return true;
}

tenon::task<void> converse(client::runtime& runtime, run_state& state, std::size_t turn) {
  auto peer = co_await client::tcp_stream::connect(runtime, state.at, runtime.now() + std::chrono::seconds(5));
  if (!peer) {
    state.wrong = "connect: " + peer.error().message();
    co_return;
  }
  std::vector<char> room(512);
  for (; !state.over && state.wrong.empty(); ++turn) {
    const exchange& now = state.script[turn % state.script.size()];
    const auto start = runtime.now();
    const auto sent = co_await peer->write_all(std::as_bytes(std::span(now.ask)));
    bool whole = false;
    if (sent) whole = co_await read_exactly(*peer, std::span(room).first(now.answer.size()));
    const std::string_view came(room.data(), now.answer.size());
    if (!whole || !same(came, now.answer)) {
      state.wrong = whole ? "to\n" + now.ask + "came\n" + std::string(came) + "\nnot\n" + now.answer
                          : "the connection broke off in the answer to\n" + now.ask;
      co_return;
    }
    if (state.counting) state.latencies_ns.push_back(static_cast<std::uint32_t>((runtime.now() - start).count()));
  }
}

/// The server's own figures, from /metrics.
tenon::task<figures> ask_figures(client::runtime& runtime, run_state& state) {
  figures out;
  auto peer = co_await client::tcp_stream::connect(runtime, state.at);
  if (!peer) co_return out;
  constexpr std::string_view ask = "GET /metrics HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n";
  const auto sent = co_await peer->write_all(std::as_bytes(std::span(ask)));
  if (!sent) co_return out;
  std::string text;
  std::array<char, 4096> room;
  for (;;) {
    const auto n = co_await peer->read_some(std::as_writable_bytes(std::span(room)));
    if (!n || *n == 0) break;
    text.append(room.data(), *n);
  }
  const auto value = [&text](std::string_view name) {
    std::uint64_t number = 0;
    const std::size_t at = text.find("\n" + std::string(name) + ' ');
    if (at != text.npos) std::from_chars(text.data() + at + name.size() + 2, text.data() + text.size(), number);
    return number;
  };
  out.allocations = value("gateway_allocations_total");
  out.resident_bytes = value("process_resident_memory_bytes");
  out.cpu_us = value("process_cpu_microseconds_total");
  co_return out;
}

tenon::task<measured> measure(client& runtime, run_state& state, const load& asked) {
  measured out;
  tenon::scope conns{runtime};
  for (std::size_t i = 0; i < asked.connections; ++i) {
    conns.spawn(converse, std::ref(static_cast<client::runtime&>(runtime)), std::ref(state), i);
  }
  co_await tenon::sleep_for(asked.warm_up);
  const figures before = co_await ask_figures(runtime, state);
  state.counting = true;
  const auto start = runtime.now();
  co_await tenon::sleep_for(asked.length);
  state.counting = false;
  out.seconds = std::chrono::duration<double>(runtime.now() - start).count();
  const figures after = co_await ask_figures(runtime, state);
  state.over = true;
  co_await conns.join();

  out.wrong = state.wrong;
  out.answers = state.latencies_ns.size();
  std::sort(state.latencies_ns.begin(), state.latencies_ns.end());
  const auto at = [&state](double part) {
    const auto n = state.latencies_ns.size();
    return n == 0
               ? 0.0
               : static_cast<double>(state.latencies_ns[static_cast<std::size_t>(part * static_cast<double>(n - 1))]) /
                     1e3;
  };
  out.p50_us = at(0.50);
  out.p99_us = at(0.99);
  out.server_cpu_s = static_cast<double>(after.cpu_us - before.cpu_us) / 1e6;
  out.server_allocations = after.allocations - before.allocations;
  out.server_resident_bytes = after.resident_bytes;
  co_return out;
}

}  // namespace

measured drive(const tenon::endpoint& at, const load& asked) {
  client runtime;
  run_state state;
  state.at = at;
  state.latencies_ns.reserve(8'000'000);
  return runtime.run(measure(runtime, state, asked));
}

}  // namespace gateway
