// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/client.hpp>

#include "scripted.hpp"

#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace http = tenon::http;
using scripted::ok;
using then = scripted::step::then;
using in = scripted::step::in;

struct subject : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread, tenon_test::counted> {
  using base = tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread, tenon_test::counted>;
  using base::base;
};
using server = scripted::server<subject>;
using runtime = subject::runtime;

/// One answer, or why there is none: "200 text", or the words of the error.
tenon::task<std::string> told(http::client<subject>& web, http::client_request asked) {
  auto answer = co_await web.fetch(asked);
  if (!answer) co_return answer.error().message();
  std::string out = std::to_string(code_of(answer->status()));
  auto text = co_await answer->read_all(1 << 20);
  co_return out + ' ' + (text ? *text : text.error().message());
}
tenon::task<std::string> told(http::client<subject>& web, std::string url) {
  http::client_request asked;
  asked.url = url;
  co_return co_await told(web, asked);
}

http::client_settings hasty() {
  http::client_settings out;
  out.retry.times = 0;
  out.times.head = 50ms;
  out.times.body = 50ms;
  return out;
}

std::string words(http::client_errc why) { return make_error_code(why).message(); }

TEST(client, keeps_a_connection_and_says_what_it_asks) {
  scripted::against<subject>({{ok("one"), ok("two"), ok("")}}, [](runtime& rt, server& there) -> tenon::task<void> {
    http::client<subject> web(rt);
    const std::string first = co_await told(web, there.url("/a?b=c#d"));
    EXPECT_EQ(first, "200 one");
    EXPECT_EQ(web.idle(), 1U);
    const http::header more[] = {{"Accept", "*/*"}};
    const std::string at = there.url();
    http::client_request put;
    put.method = http::method::put;
    put.url = at;
    put.headers = more;
    put.content_type = "text/plain";
    put.body = "xyz";
    const std::string second = co_await told(web, put);
    EXPECT_EQ(second, "200 two");
    http::client_request post;
    post.method = http::method::post;
    post.url = at;
    const std::string third = co_await told(web, post);
    EXPECT_EQ(third, "200 ");
    EXPECT_EQ(there.connections, 1U);
    const std::string host = "Host: " + at.substr(7, at.size() - 8) + "\r\n";
    EXPECT_EQ(there.heard[0], "GET /a?b=c HTTP/1.1\r\n" + host + "\r\n");
    EXPECT_EQ(there.heard[1],
              "PUT / HTTP/1.1\r\n" + host + "Accept: */*\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nxyz");
    EXPECT_EQ(there.heard[2], "POST / HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n");
  });
}

TEST(client, takes_every_framing_also_byte_by_byte) {
  const std::string chunks =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0010\r\n0123456789abcdef\r\n0\r\nT: "
      "v\r\n\r\n";
  const std::string early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
  std::vector<scripted::step> steps;
  for (const in how : {in::one_piece, in::bytes}) {
    steps.emplace_back(chunks, then::keep, how);
    steps.emplace_back(early + ok("after"), then::keep, how);
    steps.emplace_back("HTTP/1.1 204 No Content\r\n\r\n", then::keep, how);
    steps.emplace_back("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", then::keep, how);
    steps.emplace_back(ok(std::string(70'000, 'z')), then::keep, how == in::bytes ? in::one_piece : how);
  }
  steps.emplace_back("HTTP/1.0 200 OK\r\n\r\nuntil the end", then::close, in::bytes);
  scripted::against<subject>({steps}, [](runtime& rt, server& there) -> tenon::task<void> {
    http::client<subject> web(rt);
    const std::string at = there.url();
    for (int turn = 0; turn < 2; ++turn) {
      for (const std::string& expected :
           {std::string("200 abc0123456789abcdef"), std::string("200 after"), std::string("204 "), std::string("304 "),
            "200 " + std::string(70'000, 'z')}) {
        const std::string got = co_await told(web, at);
        EXPECT_EQ(got, expected);
      }
    }
    const std::string last = co_await told(web, at);
    EXPECT_EQ(last, "200 until the end");
    EXPECT_EQ(there.connections, 1U);
    EXPECT_EQ(web.idle(), 0U);
  });
}

TEST(client, an_answer_to_head_has_no_body_whatever_it_says) {
  scripted::against<subject>({{scripted::step("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), ok("x")}},
                             [](runtime& rt, server& there) -> tenon::task<void> {
                               http::client<subject> web(rt);
                               const std::string at = there.url();
                               http::client_request asked;
                               asked.method = http::method::head;
                               asked.url = at;
                               const std::string none = co_await told(web, asked);
                               EXPECT_EQ(none, "200 ");
                               const std::string some = co_await told(web, at);
                               EXPECT_EQ(some, "200 x");
                               EXPECT_EQ(there.connections, 1U);
                             });
}

/// Answers that are none: each ends its connection, and none is taken for an answer.
TEST(client, refuses_what_two_readers_could_read_differently) {
  const std::pair<std::string, http::client_errc> cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", http::client_errc::bad_response},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       http::client_errc::bad_response},
      {"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc", http::client_errc::bad_response},
      {"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", http::client_errc::bad_response},
      {"HTTP/1.1 200 OK\r\n folded: 3\r\n\r\n", http::client_errc::bad_response},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", http::client_errc::bad_response},
      {"SSH-2.0-OpenSSH_9.2", http::client_errc::bad_response},
      {std::string("\0\1\2", 3), http::client_errc::bad_response},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x'), http::client_errc::response_too_large},
  };
  scripted::script says;
  for (const auto& [bytes, why] : cases) says.push_back({scripted::step(bytes, then::stall)});
  scripted::against<subject>(says, [&cases](runtime& rt, server& there) -> tenon::task<void> {
    http::client<subject> web(rt);
    const std::string at = there.url();
    for (const auto& [bytes, why] : cases) {
      const std::string got = co_await told(web, at);
      EXPECT_EQ(got, words(why)) << bytes;
      EXPECT_EQ(web.idle(), 0U);
    }
  });
}

TEST(client, an_answer_that_breaks_off_is_an_error_and_not_shorter) {
  const scripted::script says = {
      {scripted::step("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", then::close)},
      {scripted::step("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", then::close)},
      {scripted::step("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd", then::stall)},
      {scripted::step("HTTP/1.1 20", then::close)},
      {scripted::step("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", then::stall)},
      {scripted::step("HTTP/1.1 200 OK\r\nX", then::stall)},
  };
  scripted::against<subject>(says, [](runtime& rt, server& there) -> tenon::task<void> {
    http::client<subject> web(rt, hasty());
    const std::string at = there.url();
    const std::string early = words(http::client_errc::closed_early);
    const std::string late = std::make_error_code(std::errc::timed_out).message();
    for (const std::string& expected : {"200 " + early, "200 " + early, "200 " + words(http::client_errc::bad_response),
                                        early, "200 " + late, late}) {
      const std::string got = co_await told(web, at);
      EXPECT_EQ(got, expected);
    }
    EXPECT_EQ(web.idle(), 0U);
  });
}

TEST(client, gives_up_an_answer_that_does_not_begin_or_whose_head_does_not_end) {
  const auto many = [](int count, std::string_view text) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  };
  const std::string hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const std::string body = ok("at last");
  const scripted::script says = {
      {scripted::step(many(16, hint) + body)},
      {scripted::step(many(10'000, hint), then::stall)},
      {scripted::step("HTTP/1.1 200 OK\r\n" + many(20'000, "X: y\r\n"), then::stall)},
      {scripted::step("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'y'), then::stall)},
      {scripted::step("HTTP/1.1 200 " + std::string(100'000, 'y'), then::stall)},
      {scripted::step("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(100'000, 'y'),
                      then::stall)},
      {scripted::step("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + many(20'000, "X: y\r\n"),
                      then::stall)},
  };
  scripted::against<subject>(says, [](runtime& rt, server& there) -> tenon::task<void> {
    http::client_settings patient = hasty();
    patient.times.head = patient.times.body = 5s;  // it is not time that ends it
    http::client<subject> web(rt, patient);
    const std::string at = there.url();
    const std::string bad = words(http::client_errc::bad_response);
    std::string got = co_await told(web, at);
    EXPECT_EQ(got, "200 at last");
    got = co_await told(web, at);
    EXPECT_EQ(got, bad);
    for (int i = 0; i < 3; ++i) {
      got = co_await told(web, at);
      EXPECT_EQ(got, words(http::client_errc::response_too_large)) << i;
    }
    for (int i = 0; i < 2; ++i) {
      got = co_await told(web, at);
      EXPECT_EQ(got, "200 " + bad) << i;
    }
    EXPECT_EQ(web.idle(), 0U);
  });
}

TEST(client, what_comes_behind_an_answer_is_no_answer_to_the_next_request) {
  scripted::against<subject>({{scripted::step(ok("one") + ok("smuggled"))}, {scripted::step(ok("two"))}},
                             [](runtime& rt, server& there) -> tenon::task<void> {
                               http::client<subject> web(rt);
                               const std::string at = there.url();
                               const std::string one = co_await told(web, at);
                               const std::string two = co_await told(web, at);
                               EXPECT_EQ(one, "200 one");
                               EXPECT_EQ(two, "200 two");
                               EXPECT_EQ(there.connections, 2U);
                             });
}

TEST(client, a_kept_connection_that_was_closed_is_replaced_once) {
  // the second closes when it has read the next request: nothing tells it from a server that acts and then dies
  scripted::against<subject>({{scripted::step(ok("a"), then::close)},
                              {scripted::step(ok("b")), scripted::step("", then::close)},
                              {scripted::step(ok("c")), scripted::step("", then::close)}},
                             [](runtime& rt, server& there) -> tenon::task<void> {
                               http::client_settings how;
                               how.retry.times = 0;
                               http::client<subject> web(rt, how);
                               const std::string at = there.url();
                               const std::string a = co_await told(web, at);
                               co_await tenon::sleep_for(5ms);
                               const std::string b = co_await told(web, at);
                               const std::string c = co_await told(web, at);
                               EXPECT_EQ(a, "200 a");
                               EXPECT_EQ(b, "200 b");
                               EXPECT_EQ(c, "200 c");
                               EXPECT_EQ(there.connections, 3U);
                               http::client_request post;
                               post.method = http::method::post;
                               post.url = at;
                               const std::string lost = co_await told(web, post);
                               EXPECT_EQ(lost, words(http::client_errc::closed_early)) << "it may have been done";
                             });
}

TEST(client, what_must_not_be_sent_twice_is_not_sent_to_a_server_that_has_gone) {
  scripted::against<subject>({{scripted::step(ok("a"), then::close)}, {scripted::step(ok("b"))}},
                             [](runtime& rt, server& there) -> tenon::task<void> {
                               http::client<subject> web(rt);
                               const std::string at = there.url();
                               const std::string a = co_await told(web, at);
                               EXPECT_EQ(a, "200 a");
                               http::client_request post;
                               post.method = http::method::post;
                               post.url = at;
                               const std::string b = co_await told(web, post);  // the backend has not heard yet
                               EXPECT_EQ(b, "200 b");
                             });
}

TEST(client, retries_what_may_be_repeated_and_heeds_retry_after) {
  const std::string busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n";
  scripted::against<subject>(
      {{scripted::step("", then::reset)},
       {scripted::step(busy + "Retry-After: 0\r\n\r\nbusy"), scripted::step(ok("served")),
        scripted::step(busy + "Retry-After: 3600\r\n\r\nlate"), scripted::step(busy + "\r\nonce")}},
      [](runtime& rt, server& there) -> tenon::task<void> {
        http::client_settings how;
        how.retry.first = 2ms;
        http::client<subject> web(rt, how);
        const std::string at = there.url();
        const std::string served = co_await told(web, at);
        EXPECT_EQ(served, "200 served");
        EXPECT_EQ(there.heard.size(), 3U);
        EXPECT_EQ(there.connections, 2U);
        const std::string late = co_await told(web, at);
        EXPECT_EQ(late, "503 late") << "an hour is over `longest`";
        http::client_request post;
        post.method = http::method::post;
        post.url = at;
        const std::string once = co_await told(web, post);
        EXPECT_EQ(once, "503 once");
        EXPECT_EQ(there.heard.size(), 5U);
      });
}

TEST(client, gives_up_after_its_tries) {
  scripted::against<subject>({{scripted::step("", then::close)}}, [](runtime& rt, server& there) -> tenon::task<void> {
    http::client_settings how;
    how.retry.times = 3;
    how.retry.first = 1ms;
    http::client<subject> web(rt, how);
    const std::string at = there.url();
    const std::string got = co_await told(web, at);
    EXPECT_EQ(got, words(http::client_errc::closed_early));
    EXPECT_EQ(there.connections, 4U);
    const std::string refused = co_await told(web, "http://127.0.0.1:1/");
    EXPECT_EQ(refused, std::make_error_code(std::errc::connection_refused).message());
  });
}

TEST(client, follows_redirects_when_it_is_asked_to_and_not_for_ever) {
  const auto to = [](std::string_view code, std::string_view where) {
    return scripted::step("HTTP/1.1 " + std::string(code) +
                          " x\r\nContent-Length: 0\r\nLocation: " + std::string(where) + "\r\n\r\n");
  };
  scripted::against<subject>({{to("302", "/there"), to("303", "next?q=1"), ok("here")}, {to("301", "/x")}},
                             [](runtime& rt, server& there) -> tenon::task<void> {
                               http::client_settings how;
                               how.redirects = 2;
                               http::client<subject> web(rt, how);
                               const std::string at = there.url("/a/b");
                               http::client_request post;
                               post.method = http::method::post;
                               post.url = at;
                               post.body = "x";
                               const std::string here = co_await told(web, post);
                               EXPECT_EQ(here, "200 here");
                               EXPECT_TRUE(there.heard[1].starts_with("GET /there HTTP/1.1\r\n")) << there.heard[1];
                               EXPECT_TRUE(there.heard[2].starts_with("GET /next?q=1 HTTP/1.1\r\n")) << there.heard[2];
                               http::client<subject> off(rt);
                               const std::string answer = co_await told(off, at);
                               EXPECT_EQ(answer, "301 ") << "off by default";
                             });
  scripted::against<subject>({{to("302", "/loop"), to("302", "/loop"), to("302", "/loop")}},
                             [](runtime& rt, server& there) -> tenon::task<void> {
                               http::client_settings how;
                               how.redirects = 2;
                               http::client<subject> web(rt, how);
                               const std::string at = there.url();
                               const std::string loop = co_await told(web, at);
                               EXPECT_EQ(loop, words(http::client_errc::too_many_redirects));
                             });
  scripted::against<subject>({{to("302", "ftp://a/")}}, [](runtime& rt, server& there) -> tenon::task<void> {
    http::client_settings how;
    how.redirects = 2;
    http::client<subject> web(rt, how);
    const std::string bad = co_await told(web, there.url());
    EXPECT_EQ(bad, words(http::client_errc::bad_redirect));
  });
}

/// A body of so many bytes, a few at a time.
struct counting {
  std::size_t left;
  tenon::task<tenon::result<std::size_t>> read_some(std::span<std::byte> into) {
    const std::size_t n = std::min({left, into.size(), std::size_t{7001}});
    std::fill_n(into.begin(), n, std::byte{'s'});
    left -= n;
    co_await tenon::yield();
    co_return n;
  }
};

TEST(client, streams_a_body_in_chunks_or_of_a_known_length) {
  scripted::against<subject>({{ok("1"), ok("2"), ok("3")}}, [](runtime& rt, server& there) -> tenon::task<void> {
    http::client<subject> web(rt);
    const std::string at = there.url();
    http::client_request asked;
    asked.method = http::method::put;
    asked.url = at;
    counting first{20'000};
    auto one = co_await web.fetch(asked, first);
    EXPECT_TRUE(one && one->is_success());
    std::size_t letters = static_cast<std::size_t>(std::count(there.heard[0].begin(), there.heard[0].end(), 's'));
    EXPECT_GE(letters, 20'000U);
    EXPECT_NE(there.heard[0].find("\r\n00001b59\r\nsss"), std::string::npos);
    if (one) (void)co_await one->discard();
    asked.source_bytes = 30'000;
    counting second{30'000};
    auto two = co_await web.fetch(asked, second);
    EXPECT_TRUE(two && two->is_success());
    EXPECT_TRUE(there.heard[1].ends_with(std::string(30'000, 's')));
    if (two) (void)co_await two->discard();
    counting less{29'999};
    auto lost = co_await web.fetch(asked, less);
    EXPECT_EQ(lost.error(), std::errc::invalid_argument);
    EXPECT_EQ(there.connections, 1U);
    EXPECT_EQ(web.idle(), 0U);
  });
}

TEST(client, a_redirect_does_not_send_an_empty_body_where_the_source_has_been_read) {
  const auto moved = [](std::string_view code) {
    return scripted::step("HTTP/1.1 " + std::string(code) + " x\r\nContent-Length: 0\r\nLocation: /there\r\n\r\n");
  };
  scripted::against<subject>({{moved("301"), moved("302"), moved("303"), ok("there")}},
                             [](runtime& rt, server& there) -> tenon::task<void> {
                               http::client_settings how;
                               how.redirects = 2;
                               http::client<subject> web(rt, how);
                               const std::string at = there.url();
                               http::client_request put;
                               put.method = http::method::put;
                               put.url = at;
                               for (const unsigned code : {301U, 302U, 200U}) {
                                 counting body{10};
                                 const auto answer = co_await web.fetch(put, body);
                                 EXPECT_TRUE(answer && code_of(answer->status()) == code) << code;
                               }
                               EXPECT_TRUE(there.heard[3].starts_with("GET /there ")) << there.heard[3];
                             });
}

TEST(client, hears_a_server_that_refuses_a_large_body) {
  const std::string refusal = "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
  scripted::against<subject>({{scripted::step(refusal, then::stall)}},
                             [refusal](runtime& rt, server& there) -> tenon::task<void> {
                               there.reads_bodies = false;
                               http::client_settings how = hasty();
                               how.times.body = 5s;
                               http::client<subject> web(rt, how);
                               const std::string at = there.url();
                               http::client_request asked;
                               asked.method = http::method::post;
                               asked.url = at;
                               counting endless{SIZE_MAX};
                               auto answer = co_await web.fetch(asked, endless);
                               EXPECT_TRUE(answer.has_value());
                               if (answer) {
                                 EXPECT_EQ(answer->status(), http::status::content_too_large);
                               }
                             });
}

TEST(client, a_host_has_so_many_connections_and_who_comes_later_waits) {
  scripted::against<subject>({{scripted::step("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", then::stall)}},
                             [](runtime& rt, server& there) -> tenon::task<void> {
                               http::client_settings how = hasty();
                               how.pool.per_host = 1;
                               how.times.connect = 20ms;
                               http::client<subject> web(rt, how);
                               const std::string at = there.url();
                               {
                                 auto first = co_await web.get(at);
                                 EXPECT_TRUE(first.has_value());
                                 const std::string second = co_await told(web, at);
                                 EXPECT_EQ(second, std::make_error_code(std::errc::timed_out).message());
                                 EXPECT_EQ(there.connections, 1U);
                               }
                               auto third = co_await web.get(at);
                               EXPECT_TRUE(third.has_value()) << "the first is over";
                               EXPECT_EQ(there.connections, 2U);
                             });
}

TEST(client, a_body_over_the_bound_and_a_whole_over_its_time_are_errors) {
  scripted::against<subject>(
      {{ok("12345")}, {scripted::step("HTTP/1.1 200 OK\r\n\r\n12345", then::close)}, {scripted::step("", then::stall)}},
      [](runtime& rt, server& there) -> tenon::task<void> {
        http::client_settings how;
        how.times.whole = 60ms;
        http::client<subject> web(rt, how);
        const std::string at = there.url();
        for (int i = 0; i < 2; ++i) {
          auto answer = co_await web.get(at);
          EXPECT_TRUE(answer.has_value());
          if (!answer) continue;
          auto text = co_await answer->read_all(4);
          EXPECT_EQ(text.error(), http::client_errc::response_too_large);
          text = co_await answer->read_all(4);
          EXPECT_EQ(text.error(), std::errc::message_size) << "again the same";
        }
        const std::string late = co_await told(web, at);
        EXPECT_EQ(late, std::make_error_code(std::errc::timed_out).message());
      });
}

/// Stopped after each number of milliseconds it may take: whatever it was about, nothing is left (`books` counts).
TEST(client, stopped_at_any_point_leaves_nothing) {
  scripted::against<subject>(
      {{scripted::step("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n", then::stall,
                       in::bytes)}},
      [](runtime& rt, server& there) -> tenon::task<void> {
        for (int turns = 0; turns < 60; ++turns) {
          http::client<subject> web(rt);
          tenon::scope calls{rt};
          calls.spawn(
              [](http::client<subject>& by, std::string at) -> tenon::task<void> {
                const std::string got = co_await told(by, at);
                EXPECT_TRUE(got.ends_with(std::make_error_code(std::errc::operation_canceled).message())) << got;
              },
              std::ref(web), there.url());
          for (int i = 0; i < turns; ++i) co_await tenon::yield();
          calls.cancel();
          co_await calls.join();
          EXPECT_EQ(web.idle(), 0U);
        }
      });
}

TEST(client, does_not_send_what_would_be_read_as_something_else) {
  scripted::against<subject>({{ok("")}}, [](runtime& rt, server& there) -> tenon::task<void> {
    http::client<subject> web(rt);
    const std::string at = there.url();
    const http::header bad[] = {{"X", "a\r\nY: b"}, {"X y", "b"}, {"Content-Length", "5"}, {"", "c"}};
    for (const http::header& one : bad) {
      http::client_request asked;
      asked.url = at;
      asked.headers = std::span(&one, 1);
      auto answer = co_await web.fetch(asked);
      EXPECT_EQ(answer.error(), std::errc::invalid_argument) << one.name;
    }
    for (const std::string& url :
         {std::string("http://h/a b"), std::string("h/a"), std::string("http://u@h/"), at + "\r\n"}) {
      auto answer = co_await web.get(url);
      EXPECT_EQ(answer.error(), std::errc::invalid_argument) << url;
    }
    auto tls = co_await web.get("https://127.0.0.1/");
    EXPECT_EQ(tls.error(), http::client_errc::no_tls);
    EXPECT_TRUE(there.heard.empty());
  });
}

}  // namespace
