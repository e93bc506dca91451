// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "wire.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#if __has_include(<http_parser.h>)
#include <http_parser.h>
#define HAS_HTTP_PARSER
#endif

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What two other parsers make of the same bytes. Ours is the strictest: what it takes they take, and see the same.
///
/// Where they differ, and may:
///   - ours takes one empty line before a request (RFC 9112 section 2.2), Beast none.
///   - ours checks trailers and drops them, the others read them as headers and refuse some: a request with a chunked
///     body is compared where they take it, and with Beast, which adds trailers to the headers, without the headers.
///   - http-parser refuses a request with a header whose name only begins with Transfer-Encoding.
///   - ours takes any value of Connection, Proxy-Connection and Upgrade, Beast lists of tokens alone: ours looks for
///     close and keep-alive in it, and for nothing that would frame a message.
namespace peers {

struct message {
  std::string method, target, body;
  std::vector<std::pair<std::string, std::string>> headers;  // sorted: Beast puts equal names side by side
  friend bool operator==(const message&, const message&) = default;
};

inline message of_ours(const wire::seen_request& from) {
  message out{std::string(name_of(from.method)), from.target, from.body, from.headers};
  std::sort(out.headers.begin(), out.headers.end());
  return out;
}

#ifdef HAS_HTTP_PARSER
/// The first request of `bytes`, and whether it was whole and good.
inline bool node_parser(std::string_view bytes, message& out) {
  struct state {
    message* to;
    bool in_headers = true, named = false, whole = false;
  } seen{&out};
  http_parser_settings on;
  http_parser_settings_init(&on);
  on.on_url = [](http_parser* p, const char* at, std::size_t size) {
    static_cast<state*>(p->data)->to->target.append(at, size);
    return 0;
  };
  on.on_header_field = [](http_parser* p, const char* at, std::size_t size) {
    auto& s = *static_cast<state*>(p->data);
    if (!s.in_headers) return 0;
    if (!s.named) s.to->headers.emplace_back();
    s.named = true;
    s.to->headers.back().first.append(at, size);
    return 0;
  };
  on.on_header_value = [](http_parser* p, const char* at, std::size_t size) {
    auto& s = *static_cast<state*>(p->data);
    if (!s.in_headers) return 0;
    s.named = false;
    s.to->headers.back().second.append(at, size);
    return 0;
  };
  on.on_headers_complete = [](http_parser* p) {
    static_cast<state*>(p->data)->in_headers = false;
    return 0;
  };
  on.on_body = [](http_parser* p, const char* at, std::size_t size) {
    static_cast<state*>(p->data)->to->body.append(at, size);
    return 0;
  };
  on.on_message_complete = [](http_parser* p) {
    static_cast<state*>(p->data)->whole = true;
    http_parser_pause(p, 1);
    return 0;
  };
  http_parser parser;
  http_parser_init(&parser, HTTP_REQUEST);
  parser.data = &seen;
  http_parser_execute(&parser, &on, bytes.data(), bytes.size());
  out.method = http_method_str(static_cast<http_method>(parser.method));
  for (auto& [name, value] : out.headers) {  // it leaves the space behind a value
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.pop_back();
  }
  std::sort(out.headers.begin(), out.headers.end());
  return seen.whole;
}
#endif

inline boost::beast::error_code beast_parser(std::string_view bytes, message& out) {
  namespace http = boost::beast::http;
  http::request_parser<http::string_body> parser;
  parser.eager(true);
  parser.body_limit(1U << 30);
  parser.header_limit(1U << 20);
  boost::beast::error_code error;
  for (;;) {
    const std::size_t used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    bytes.remove_prefix(used);
    if (error || parser.is_done() || used == 0) break;
  }
  if (error) return error;
  if (!parser.is_done()) return http::error::partial_message;
  const auto& got = parser.get();
  out.method = std::string(got.method_string());
  out.target = std::string(got.target());
  out.body = got.body();
  for (const auto& field : got) out.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  std::sort(out.headers.begin(), out.headers.end());
  return {};
}

template <class Test>
bool any_name(const message& in, Test test) {
  return std::any_of(in.headers.begin(), in.headers.end(), [&](const auto& header) {
    std::string name = header.first;
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return test(name);
  });
}
inline bool has_list_of_tokens(const message& in) {
  return any_name(in, [](const std::string& name) {
    return name == "connection" || name == "proxy-connection" || name == "upgrade";
  });
}
inline bool is_nearly_coded(const message& in) {
  return any_name(in,
                  [](const std::string& name) { return name.size() > 17 && name.starts_with("transfer-encoding"); });
}

/// Nothing, or what they disagree on.
inline std::string disagreement(std::string_view bytes) {
  const auto ours = wire::whole(bytes);
  if (ours.requests.empty()) return "";
  const message mine = of_ours(ours.requests.front());
  const bool is_chunked = any_name(mine, [](const std::string& name) { return name == "transfer-encoding"; });
#ifdef HAS_HTTP_PARSER
  message nodes;
  const bool node_takes = node_parser(bytes, nodes);
  if (!node_takes && !is_chunked && !is_nearly_coded(mine)) return "http-parser does not take it";
  if (node_takes && nodes != mine) return "http-parser sees another request";
#endif
  if (bytes.starts_with("\r\n")) return "";
  message theirs;
  const auto error = beast_parser(bytes, theirs);
  if (is_chunked) {
    if (!error && (theirs.method != mine.method || theirs.target != mine.target || theirs.body != mine.body)) {
      return "Beast sees another request";
    }
    return "";
  }
  if (error == boost::beast::http::error::bad_value && has_list_of_tokens(mine)) return "";
  if (error) return "Beast does not take it: " + error.message();
  return theirs == mine ? "" : "Beast sees another request";
}

}  // namespace peers
