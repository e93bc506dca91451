// SPDX-License-Identifier: BSL-1.0
// A request parsed, nanoseconds each, from a buffer that holds it whole, alone or 16 of them behind one another. What
// each parser leaves behind differs, and so there are two kinds of contender:
//   "ours", "Beast basic_parser"   the request checked, its framing known, its headers there to be read
//   "..., each header"             name and value of every header besides, as views in a table; Beast copies them
// http-parser always tells each header, and its callbacks keep views in a table.

#include "http/suite.hpp"

#include <tenon/http/parser.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#if __has_include(<http_parser.h>)
#include <http_parser.h>
#define HAS_HTTP_PARSER
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace {

constexpr std::size_t most_headers = 32;

const std::string wrk =
    "GET /api/v1/users/1234567/orders?limit=20 HTTP/1.1\r\n"
    "Host: 127.0.0.1:8080\r\n"
    "User-Agent: wrk/4.1.0 (epoll)\r\n"
    "Accept: application/json\r\n"
    "Connection: keep-alive\r\n"
    "\r\n";

const std::string browser =
    "GET /articles/2024/06/how-a-beam-fits-its-mortise?page=2 HTTP/1.1\r\n"
    "Host: www.example.org\r\n"
    "Connection: keep-alive\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "Cookie: session=4f1d0c\r\n"
    "\r\n";

std::string cookies() {
  std::string text = browser.substr(0, browser.find("Cookie:")) + "Cookie: session=4f1d0c";
  for (int i = 0; text.size() < 2044; ++i) text += "; preference_" + std::to_string(i) + "=Zm9vYmFyYmF6cXV1eA==";
  return text.substr(0, 2044) + "\r\n\r\n";
}

struct table {
  std::array<std::pair<std::string_view, std::string_view>, most_headers> headers;
  std::size_t count = 0;
};

[[noreturn]] void refused() { std::abort(); }

enum class wanted : std::uint8_t { head, each_header };

/// Calls parse(bytes) for one request after the other; it gives how many bytes the request took.
template <class Parse>
auto rounds(const std::string& message, int copies, Parse parse) {
  auto bytes = std::make_shared<std::string>();
  for (int i = 0; i < copies; ++i) *bytes += message;
  return [bytes, parse](long messages) mutable {
    std::span<char> rest(*bytes);
    for (long i = 0; i < messages; ++i) {
      rest = rest.subspan(parse(rest));
      if (rest.empty()) rest = *bytes;
    }
  };
}

template <wanted Wanted>
struct ours {
  tenon::http::parser parser;
  table seen;

  std::size_t operator()(std::span<char> bytes) {
    tenon::http::request request;
    const auto now = parser.parse(bytes, tenon::http::limits{}, request);
    if (!now.is_complete()) refused();
    if constexpr (Wanted == wanted::each_header) {
      seen.count = 0;
      for (const auto [name, value] : request.headers) seen.headers[seen.count++] = {name, value};
      measure::keep(seen.count);
    }
    measure::keep(request);
    return now.bytes;
  }
};

#ifdef HAS_HTTP_PARSER
struct node_parser {
  http_parser parser;
  http_parser_settings settings;
  table seen;
  std::string_view url;

  node_parser() {
    http_parser_init(&parser, HTTP_REQUEST);
    http_parser_settings_init(&settings);
    settings.on_message_begin = [](http_parser* p) {
      self(p).seen.count = 0;
      return 0;
    };
    settings.on_url = [](http_parser* p, const char* at, std::size_t size) {
      self(p).url = {at, size};
      return 0;
    };
    settings.on_header_field = [](http_parser* p, const char* at, std::size_t size) {
      self(p).seen.headers[self(p).seen.count].first = {at, size};
      return 0;
    };
    settings.on_header_value = [](http_parser* p, const char* at, std::size_t size) {
      self(p).seen.headers[self(p).seen.count++].second = {at, size};
      return 0;
    };
    settings.on_message_complete = [](http_parser* p) {
      http_parser_pause(p, 1);
      return 0;
    };
  }
  static node_parser& self(http_parser* p) { return *static_cast<node_parser*>(p->data); }

  std::size_t operator()(std::span<char> bytes) {
    parser.data = this;
    http_parser_pause(&parser, 0);
    const std::size_t used = http_parser_execute(&parser, &settings, bytes.data(), bytes.size());
    if (parser.http_errno != HPE_PAUSED) refused();
    measure::keep(url);
    measure::keep(seen.count);
    http_parser_init(&parser, HTTP_REQUEST);  // what goes on after a pause would wait for a body first
    return used;
  }
};
#endif

namespace beast = boost::beast::http;

/// Checks and tells, and keeps nothing but a view of the target.
struct beast_basic : beast::basic_parser<true> {
  std::string_view target;

 private:
  using text = boost::beast::string_view;
  using error = boost::beast::error_code;
  void on_request_impl(beast::verb, text, text to, int, error& e) override {
    e = {};
    target = {to.data(), to.size()};
  }
  void on_response_impl(int, text, int, error& e) override { e = {}; }
  void on_field_impl(beast::field, text, text, error& e) override { e = {}; }
  void on_header_impl(error& e) override { e = {}; }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error& e) override { e = {}; }
  std::size_t on_body_impl(text body, error& e) override {
    e = {};
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, text, error& e) override { e = {}; }
  std::size_t on_chunk_body_impl(std::uint64_t, text body, error& e) override {
    e = {};
    return body.size();
  }
  void on_finish_impl(error& e) override { e = {}; }
};

template <class Parser>
struct beast_parser {
  std::size_t operator()(std::span<char> bytes) {
    Parser parser;
    boost::beast::error_code error;
    const std::size_t used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error || !parser.is_done()) refused();
    measure::keep(&parser);
    return used;
  }
};

void add(measure::suite& suite, const char* name, const std::string& message, int copies) {
  suite.add(name, "ns per request", 200'000)
      .counted(2'000)
      .ours("ours", rounds(message, copies, ours<wanted::head>()))
      .ours("ours, each header", rounds(message, copies, ours<wanted::each_header>()))
#ifdef HAS_HTTP_PARSER
      .peer("http-parser, each header", rounds(message, copies, node_parser()))
#endif
      .peer("Beast basic_parser", rounds(message, copies, beast_parser<beast_basic>()))
      .peer("Beast request_parser, each header",
            rounds(message, copies, beast_parser<beast::request_parser<beast::empty_body>>()));
}

}  // namespace

void add_parser_cases(measure::suite& suite) {
#ifndef HAS_HTTP_PARSER
  suite.note("without http-parser (package libhttp-parser-dev)");
#endif
  add(suite, "parse: browser, 10 headers", browser, 1);
  add(suite, "parse: browser, 16 pipelined", browser, 16);
  add(suite, "parse: wrk, 4 headers", wrk, 1);
  add(suite, "parse: wrk, 16 pipelined", wrk, 16);
  add(suite, "parse: 2 KB with cookies", cookies(), 1);
}
