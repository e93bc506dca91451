// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/connection_pool.hpp>

#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/socket.h>

namespace {

using namespace std::chrono_literals;
namespace http = tenon::http;

struct subject : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};
using runtime = subject::runtime;
using stream = tenon::stream_socket<runtime>;
using pool = http::connection_pool<runtime, stream>;

/// A connection whose other end is `far`.
stream make(runtime& rt, std::vector<tenon::unique_fd>& far) {
  int pair[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
  far.emplace_back(pair[1]);
  return stream(rt, tenon::unique_fd(pair[0]));
}

template <class Act>
void run(Act act) {
  subject rt;
  rt.run(act(rt));
}

TEST(connection_pool, lends_the_youngest_first_and_none_that_is_dead_or_old) {
  run([](runtime& rt) -> tenon::task<void> {
    http::pool_limits limits;
    limits.idle = 3;
    pool connections(limits);
    std::vector<tenon::unique_fd> far;
    const http::origin a{"a", 80, false};
    const tenon::time_point start = rt.now();
    {
      std::vector<pool::lease> held;
      for (int i = 0; i < 4; ++i) {
        auto one = co_await connections.take(a, rt, tenon::never);
        EXPECT_FALSE(one->reuse(start));
        one->adopt(make(rt, far));
        held.push_back(std::move(*one));
      }
      for (int i = 0; i < 4; ++i) held[static_cast<std::size_t>(i)].give_back(start + i * 10s);
    }
    EXPECT_EQ(connections.idle(), 3U) << "the fourth is one too many";
    far[1].reset();                                 // its server has closed
    EXPECT_EQ(::send(far[0].get(), "x", 1, 0), 1);  // its server says what nobody asked
    auto first = co_await connections.take(a, rt, tenon::never);
    EXPECT_TRUE(first->reuse(start + 21s));
    auto second = co_await connections.take(a, rt, tenon::never);
    EXPECT_FALSE(second->reuse(start + 21s));
    EXPECT_EQ(connections.idle(), 0U);
    first->give_back(start + 30s);
    auto third = co_await connections.take(a, rt, tenon::never);
    EXPECT_FALSE(third->reuse(start + 60s)) << "idle for too long";
    EXPECT_EQ(connections.idle(), 0U);
  });
}

TEST(connection_pool, knows_hosts_apart_and_forgets_them) {
  run([](runtime& rt) -> tenon::task<void> {
    pool connections;
    std::vector<tenon::unique_fd> far;
    const http::origin all[] = {
        {"b", 80, false}, {"a", 80, false}, {"a", 81, false}, {"a", 80, true}, {"c", 80, false}};
    for (const http::origin& one : all) {
      auto held = co_await connections.take(one, rt, tenon::never);
      EXPECT_FALSE(held->reuse(rt.now())) << one.host << one.port;
      held->adopt(make(rt, far));
      held->give_back(rt.now());
    }
    EXPECT_EQ(connections.hosts(), 5U);
    for (const http::origin& one : all) {
      auto held = co_await connections.take(one, rt, tenon::never);
      EXPECT_TRUE(held->reuse(rt.now()));
      if (one.host == "a") {
        held->drop();
      } else {
        held->give_back(rt.now());
      }
    }
    EXPECT_EQ(connections.hosts(), 2U);
    connections.close_idle(rt.now() - 1s);
    EXPECT_EQ(connections.idle(), 2U);
    connections.close_idle();
    EXPECT_EQ(connections.idle(), 0U);
    EXPECT_EQ(connections.hosts(), 0U);
  });
}

TEST(connection_pool, who_finds_no_place_waits_for_one_in_turn) {
  run([](runtime& rt) -> tenon::task<void> {
    http::pool_limits limits;
    limits.per_host = 1;
    pool connections(limits);
    const http::origin a{"a", 80, false};
    std::string order;
    std::vector<tenon::unique_fd> far;
    tenon::scope waiters{rt};
    {
      auto held = co_await connections.take(a, rt, tenon::never);
      held->adopt(make(rt, far));
      for (const char name : {'1', '2'}) {
        waiters.spawn(
            [](pool& from, runtime& where, std::string& said, char me) -> tenon::task<void> {
              auto mine = co_await from.take({"a", 80, false}, where, where.now() + 5s);
              EXPECT_TRUE(mine.has_value());
              said += me;
            },
            std::ref(connections), std::ref(rt), std::ref(order), name);
      }
      auto late = co_await connections.take(a, rt, rt.now() + 5ms);
      EXPECT_EQ(late.error(), std::errc::timed_out);
      auto other = co_await connections.take({"b", 80, false}, rt, tenon::never);
      EXPECT_TRUE(other.has_value()) << "another host has places of its own";
      EXPECT_EQ(order, "");
      const stream gone = held->take_stream();  // handed over, it does not count any more
      co_await tenon::yield();
    }
    co_await waiters.join();
    EXPECT_EQ(order, "12");
    EXPECT_EQ(connections.hosts(), 0U);
  });
}

TEST(connection_pool, keeps_a_buffer_for_the_next_request) {
  pool connections;
  const char* where = nullptr;
  {
    pool::block first(connections);
    first.bytes.append("request");
    where = first.bytes.view().data();
  }
  const pool::block second(connections);
  EXPECT_TRUE(second.bytes.empty());
  EXPECT_EQ(second.bytes.capacity(), 512U);
  EXPECT_EQ(second.bytes.view().data(), where);
}

}  // namespace
