// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/connection.hpp>
#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>

/// A server on a runtime of any sort, with a client beside it in the same process.
namespace served {

using namespace std::chrono_literals;
namespace http = tenon::http;

struct on_epoll : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};
struct on_threads : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};
#if TENON_WITH_IO_URING
struct on_io_uring : tenon::runtime<tenon::io_uring<>, tenon::fifo, tenon::single_thread> {};
using runtimes = ::testing::Types<on_epoll, on_io_uring>;
#else
using runtimes = ::testing::Types<on_epoll>;
#endif

/// How many descriptors the process has.
inline std::size_t descriptors() {
  std::size_t count = 0;
  DIR* const all = ::opendir("/proc/self/fd");
  while (::readdir(all) != nullptr) ++count;
  ::closedir(all);
  return count;
}

inline http::limits unbounded() {
  http::limits limit;
  limit.body_bytes = std::uint64_t{1} << 40;
  return limit;
}

/// Has a coroutine answer every request. Its desks are one worker's.
template <class R>
struct handing_over {
  using stream = typename R::tcp_stream;
  using exchange = http::exchange<stream>;

  using handler_type = std::function<tenon::task<void>(exchange&)>;

  explicit handing_over(handler_type answers, const http::patience& patient = {})
      : handler(std::move(answers)), times(patient) {}

  handler_type handler;
  http::patience times;
  http::limits limit = unbounded();
  std::vector<std::unique_ptr<http::desk>> desks;
  int lent = 0;
  std::size_t most_held = 0;  // by a desk that came back

  [[nodiscard]] http::patience patience() const { return times; }
  [[nodiscard]] http::limits limits() const { return limit; }
  [[nodiscard]] http::desk& lend() {
    ++lent;
    if (desks.empty()) desks.push_back(std::make_unique<http::desk>());
    http::desk& desk = *desks.back().release();
    desks.pop_back();
    return desk;
  }
  void take_back(http::desk& desk) noexcept {
    --lent;
    most_held = std::max(most_held, desk.in.capacity() + desk.out.capacity());
    desks.emplace_back(&desk);
  }
  http::verdict answer(http::desk& at, bool /*last*/) {
    http::request asked;
    const http::progress seen = at.parser.parse_head(at.in.readable(), limit, asked);
    if (seen.is_more()) {
      at.in.truncate(seen.bytes);
      return http::verdict::more;
    }
    if (seen.is_complete()) return http::verdict::exchange;
    http::respond(at.out, http::error_response(seen.status), {});
    return http::verdict::close;
  }
  tenon::task<void> handle(exchange& one) { return handler(one); }
};

inline tenon::duration a_while() { return 5s; }

/// Apart, for g++ 12 cannot await it where R is a template's own.
template <class R>
tenon::task<typename R::tcp_stream> connect(typename R::runtime& rt, tenon::endpoint at) {
  tenon::task<tenon::result<typename R::tcp_stream>> connecting = R::tcp_stream::connect(rt, at);
  auto made = co_await std::move(connecting);
  co_return std::move(made).value();
}

/// What comes until the other side closes.
template <class Stream>
tenon::task<std::string> read_all(Stream& peer) {
  std::string got;
  std::array<char, 4096> room;
  for (;;) {
    const auto n = co_await peer.read_some(std::as_writable_bytes(std::span(room)), peer.runtime().now() + a_while());
    if (!n || *n == 0) break;
    got.append(room.data(), *n);
  }
  co_return got;
}

/// What comes until it ends with `last`, or the other side closes.
template <class Stream>
tenon::task<std::string> read_until(Stream& peer, std::string_view last) {
  std::string got;
  while (!got.ends_with(last)) {
    char one = 0;
    const auto n =
        co_await peer.read_some(std::as_writable_bytes(std::span(&one, 1)), peer.runtime().now() + a_while());
    if (!n || *n == 0) break;
    got.push_back(one);
  }
  co_return got;
}

template <class Stream>
tenon::task<bool> say(Stream& peer, std::string_view text) {
  const auto sent = co_await peer.write_all(std::as_bytes(std::span(text)), peer.runtime().now() + a_while());
  co_return sent.has_value();
}

/// An answer without its Date line.
inline std::string dateless(std::string text) {
  for (std::size_t at = text.find("Date: "); at != text.npos; at = text.find("Date: ")) text.erase(at, 37);
  return text;
}

template <class R, class Service>
tenon::task<void> accept_all(typename R::runtime& rt, typename R::tcp_listener door, Service& service) {
  tenon::scope conns{rt};
  while (auto peer = co_await door.accept()) {
    conns.spawn(http::serve<typename R::tcp_stream, Service>, std::move(*peer), std::ref(service));
  }
  co_await conns.join();
}

/// Runs `act(rt, where)` against a served `service`, and drains.
template <class R, class Service, class Act>
void with_server(Service& service, Act act) {
  const std::size_t before = descriptors();
  {
    R rt;
    rt.run([](typename R::runtime& runtime, Service& with, Act& body) -> tenon::task<void> {
      auto door = R::tcp_listener::bind(runtime, {"127.0.0.1", 0}).value();
      const tenon::endpoint at = door.local_endpoint();
      runtime.spawn(accept_all<R, Service>, std::ref(runtime), std::move(door), std::ref(with));
      co_await body(runtime, at);
      runtime.request_stop();
    }(rt, service, act));
  }
  EXPECT_EQ(service.lent, 0) << "every desk came back";
  EXPECT_EQ(descriptors(), before);
}

/// Says `text` to a server whose requests `handler` answers, and gives what comes until it closes.
template <class R>
std::string conversation(typename handing_over<R>::handler_type handler, std::string_view text,
                         http::patience times = {.close = 20ms}) {
  handing_over<R> service(std::move(handler), times);
  std::string got;
  with_server<R>(service, [&](typename R::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    auto peer = co_await connect<R>(rt, at);
    const bool said = co_await say(peer, text);
    EXPECT_TRUE(said);
    got = co_await read_all(peer);
  });
  return dateless(std::move(got));
}

}  // namespace served
