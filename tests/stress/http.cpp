// SPDX-License-Identifier: BSL-1.0
#include "../http/served.hpp"
#include "storm.hpp"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <system_error>

#include <sys/socket.h>

// What bodies may do to a server: be large, be framed absurdly, come slowly, stop coming, or not be read. Memory stays
// bounded, and descriptors come back (with_server looks).

namespace {

using namespace served;
using tenon_test::resident_bytes;
using tenon_test::sanitized;
using tenon_test::size_of_storm;

template <class R>
class http_storm : public ::testing::Test {};
TYPED_TEST_SUITE(http_storm, runtimes);

constexpr long mebibyte = 1024 * 1024;
constexpr std::size_t desk_bytes = 96 * 1024;  // whatever is sent

/// The bytes of every body from `at` on, `count` of them: a text that begins again after 251.
std::span<const std::byte> bytes_at(std::uint64_t at, std::size_t count) {
  static const std::vector<std::byte> all = [] {
    std::vector<std::byte> made(251 + 128 * 1024);
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<std::byte>(i % 251);
    return made;
  }();
  return std::span(all).subspan(at % 251, count);
}
bool are_bytes_at(std::uint64_t at, std::span<const std::byte> seen) {
  return std::memcmp(bytes_at(at, seen.size()).data(), seen.data(), seen.size()) == 0;
}

/// Says a body of `bytes` bytes, made as it goes.
template <class Stream>
tenon::task<bool> say_body(Stream& peer, std::uint64_t bytes, bool chunked) {
  for (std::uint64_t at = 0; at < bytes;) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(64 * 1024, bytes - at));
    if (chunked) {
      char size[24];
      const int digits = std::snprintf(size, sizeof size, "%zx\r\n", count);
      const bool announced = co_await say(peer, {size, static_cast<std::size_t>(digits)});
      if (!announced) co_return false;
    }
    const auto sent = co_await peer.write_all(bytes_at(at, count), peer.runtime().now() + 60s);
    if (!sent) co_return false;
    if (chunked) {
      const bool ended = co_await say(peer, "\r\n");
      if (!ended) co_return false;
    }
    at += count;
  }
  if (chunked) co_return co_await say(peer, "0\r\n\r\n");
  co_return true;
}

template <class X>
tenon::task<void> count_and_check(X& one) {
  std::uint64_t bytes = 0;
  bool good = true;
  std::array<std::byte, 20'000> room;
  for (;;) {
    const auto n = co_await one.read_some(room);
    EXPECT_TRUE(n);
    if (!n || *n == 0) break;
    good = good && are_bytes_at(bytes, std::span(room).first(*n));
    bytes += *n;
  }
  const std::string text = std::to_string(bytes) + (good ? " good" : " wrong");
  const auto sent = co_await one.reply({.body = text});
  EXPECT_TRUE(sent);
}

TYPED_TEST(http_storm, a_large_body_goes_through_little_memory) {
  using x = typename handing_over<TypeParam>::exchange;
  const std::uint64_t bytes = static_cast<std::uint64_t>(size_of_storm(1024, 64) * mebibyte);
  handing_over<TypeParam> service(count_and_check<x>, {.close = 20ms});
  long before = 0;
  long after = 0;
  for (const bool chunked : {false, true}) {
    with_server<TypeParam>(service, [&](typename TypeParam::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
      before = resident_bytes();
      auto peer = co_await connect<TypeParam>(rt, at);
      const std::string head =
          "PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" +
          (chunked ? std::string("Transfer-Encoding: chunked") : "Content-Length: " + std::to_string(bytes)) +
          "\r\n\r\n";
      const bool said = co_await say(peer, head);
      EXPECT_TRUE(said);
      const bool all = co_await say_body(peer, bytes, chunked);
      EXPECT_TRUE(all);
      const std::string got = co_await read_all(peer);
      EXPECT_TRUE(got.ends_with("\r\n\r\n" + std::to_string(bytes) + " good")) << got;
      after = resident_bytes();
    });
    EXPECT_LE(service.most_held, desk_bytes);
    if (!sanitized) {
      EXPECT_LE(after, before + 4 * mebibyte);
    }
  }
}

TYPED_TEST(http_storm, a_large_answer_goes_through_little_memory) {
  using x = typename handing_over<TypeParam>::exchange;
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{100'000}}) {
    const std::uint64_t whole = static_cast<std::uint64_t>(size_of_storm(1024, 64) * mebibyte);
    const std::uint64_t bytes = piece == 1000 ? whole / 16 : whole;
    handing_over<TypeParam> service([bytes, piece](x& one) -> tenon::task<void> {
      const auto begun = one.begin({}, bytes);
      EXPECT_TRUE(begun);
      for (std::uint64_t at = 0; at < bytes;) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(piece, bytes - at));
        const auto sent = co_await one.write(bytes_at(at, count));
        EXPECT_TRUE(sent);
        if (!sent) co_return;
        at += count;
      }
      const auto sent = co_await one.finish();
      EXPECT_TRUE(sent);
    });
    with_server<TypeParam>(service, [&](typename TypeParam::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
      auto peer = co_await connect<TypeParam>(rt, at);
      const bool said = co_await say(peer, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      EXPECT_TRUE(said);
      const std::string head = co_await read_until(peer, "\r\n\r\n");
      EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK")) << head;
      std::vector<std::byte> room(64 * 1024);
      bool good = true;
      std::uint64_t got = 0;
      while (got < bytes) {
        const auto n = co_await peer.read_some(room, rt.now() + 60s);
        if (!n || *n == 0) break;
        good = good && are_bytes_at(got, std::span(room).first(*n));
        got += *n;
      }
      EXPECT_TRUE(good);
      EXPECT_EQ(got, bytes);
    });
    EXPECT_LE(service.most_held, desk_bytes);
  }
}

TYPED_TEST(http_storm, a_client_that_never_reads_is_given_up) {
  using x = typename handing_over<TypeParam>::exchange;
  std::vector<std::error_code> errors;
  handing_over<TypeParam> service(
      [&errors](x& one) -> tenon::task<void> {
        const auto begun = one.begin({});
        EXPECT_TRUE(begun);
        const std::string piece(one.request().path == "/large" ? 100'000 : 1000, 'p');
        for (;;) {
          const auto sent = co_await one.write(piece);
          if (sent) continue;
          errors.push_back(sent.error());
          co_return;
        }
      },
      {.answer = 50ms, .close = 20ms});
  with_server<TypeParam>(service, [&](typename TypeParam::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    for (const std::string_view path : {"/small", "/large"}) {
      auto peer = co_await connect<TypeParam>(rt, at);
      const bool said = co_await say(peer, "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n");
      EXPECT_TRUE(said);
      const std::size_t seen = errors.size();
      while (errors.size() == seen) co_await tenon::sleep_for(1ms);
      EXPECT_TRUE(errors.back() == std::errc::timed_out) << errors.back().message();
    }
  });
}

TYPED_TEST(http_storm, clients_that_go_in_the_middle_of_a_body_leave_nothing_behind) {
  using x = typename handing_over<TypeParam>::exchange;
  const auto clients = static_cast<int>(size_of_storm(1000, 100));
  int given_up = 0;
  handing_over<TypeParam> service([&given_up](x& one) -> tenon::task<void> {
    const auto body = co_await one.read_all(100'000);
    EXPECT_TRUE(!body && body.error() == std::errc::connection_reset);
    ++given_up;
  });
  with_server<TypeParam>(service, [&](typename TypeParam::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    for (int i = 0; i < clients; ++i) {
      auto peer = co_await connect<TypeParam>(rt, at);
      const std::string_view text = i % 2 == 0
                                        ? "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\nhalf"
                                        : "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nx";
      const bool said = co_await say(peer, text);
      EXPECT_TRUE(said);
      if (i % 4 < 2) {  // a reset instead of an end
        const linger at_once{1, 0};
        ::setsockopt(peer.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      }
      if (i % 8 < 4) {  // after the handler has begun to read, or before
        co_await tenon::yield();
        co_await tenon::yield();
      }
    }
    while (service.lent != 0 || given_up < clients / 4) co_await tenon::sleep_for(1ms);
  });
  EXPECT_LE(given_up, clients) << "one that was reset before it was read has no handler";
}

TYPED_TEST(http_storm, chunks_of_one_byte_cost_time_and_no_memory) {
  using x = typename handing_over<TypeParam>::exchange;
  const auto count = static_cast<std::size_t>(size_of_storm(2'000'000, 200'000));
  handing_over<TypeParam> service(count_and_check<x>, {.close = 20ms});
  with_server<TypeParam>(service, [&](typename TypeParam::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    auto peer = co_await connect<TypeParam>(rt, at);
    std::string text = "PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t i = 0; i < count; ++i) {
      text += "0000001\r\n";
      text += static_cast<char>(i % 251);
      text += "\r\n";
      if (text.size() < 60'000) continue;
      const bool said = co_await say(peer, text);
      EXPECT_TRUE(said);
      text.clear();
    }
    const bool said = co_await say(peer, text + "0\r\n\r\n");
    EXPECT_TRUE(said);
    const std::string got = co_await read_all(peer);
    EXPECT_TRUE(got.ends_with("\r\n\r\n" + std::to_string(count) + " good")) << got;
  });
  EXPECT_LE(service.most_held, desk_bytes);
}

TYPED_TEST(http_storm, a_body_that_drips_is_answered_408_however_long_it_goes_on) {
  using x = typename handing_over<TypeParam>::exchange;
  std::size_t dripped = 0;
  handing_over<TypeParam> service(
      [](x& one) -> tenon::task<void> {
        std::array<std::byte, 64> room;
        for (;;) {
          const auto n = co_await one.read_some(room);
          if (!n || *n == 0) co_return;
        }
      },
      {.body = 60ms, .close = 20ms});
  with_server<TypeParam>(service, [&](typename TypeParam::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    auto peer = co_await connect<TypeParam>(rt, at);
    const bool said = co_await say(peer, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
    EXPECT_TRUE(said);
    for (;; ++dripped) {
      const bool drop = co_await say(peer, ".");
      if (!drop) break;
      co_await tenon::sleep_for(5ms);
      std::array<char, 12> answer;
      const auto n = peer.try_read_some(std::as_writable_bytes(std::span(answer)));
      if (!n) continue;
      EXPECT_EQ(std::string_view(answer.data(), *n), "HTTP/1.1 408");
      break;
    }
  });
  EXPECT_LE(dripped, 1000U);
}

}  // namespace
