// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/parser.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// A connection without a socket: pieces go in, what the parser saw comes out, copied.
namespace wire {

struct seen_request {
  tenon::http::method method;
  int minor_version;
  bool keep_alive;
  std::string target, path, query, host, body;
  std::vector<std::pair<std::string, std::string>> headers;
  friend bool operator==(const seen_request&, const seen_request&) = default;
};

struct outcome {
  std::vector<seen_request> requests;
  unsigned failed = 0;   // the status, when the last bytes were refused
  std::size_t left = 0;  // bytes of an unfinished head still held at the end
  bool in_body = false;  // or a body is unfinished: how much of it is held depends on the pieces
  friend bool operator==(const outcome&, const outcome&) = default;
};

inline seen_request copy_of(const tenon::http::request& from) {
  seen_request out{from.method,
                   from.minor_version,
                   from.keep_alive,
                   std::string(from.target),
                   std::string(from.path),
                   std::string(from.query),
                   std::string(from.host),
                   std::string(from.body),
                   {}};
  for (const auto [name, value] : from.headers) out.headers.emplace_back(name, value);
  return out;
}

/// Each call of parse() gets a block of exactly the bytes there are, at a new address: the sanitizer sees a byte read
/// too far, and a view kept from an earlier call.
class connection {
 public:
  explicit connection(const tenon::http::limits& limit = {}) : limit_(limit) {}

  bool feed(std::string_view piece) {
    held_.append(piece);
    while (seen_.failed == 0) {
      const auto block = std::make_unique<char[]>(held_.size());
      std::memcpy(block.get(), held_.data(), held_.size());
      tenon::http::request request;
      const auto now = parser_.parse(std::span<char>(block.get(), held_.size()), limit_, request);
      if (now.is_failed()) {
        seen_.failed = code_of(now.status);
        break;
      }
      if (now.is_more()) {
        held_.assign(block.get(), now.bytes);
        break;
      }
      seen_.requests.push_back(copy_of(request));
      held_.erase(0, now.bytes);
      if (held_.empty()) break;
    }
    return seen_.failed == 0;
  }
  outcome finish() {
    seen_.in_body = seen_.failed == 0 && parser_.is_in_body();
    if (seen_.failed == 0 && !seen_.in_body) seen_.left = held_.size();
    return seen_;
  }
  tenon::http::parser& parser() { return parser_; }
  std::size_t held() const { return held_.size(); }

 private:
  tenon::http::limits limit_;
  tenon::http::parser parser_;
  std::string held_;
  outcome seen_;
};

inline outcome whole(std::string_view bytes, const tenon::http::limits& limit = {}) {
  connection c(limit);
  c.feed(bytes);
  return c.finish();
}

inline outcome in_pieces(std::string_view bytes, std::size_t piece, const tenon::http::limits& limit = {}) {
  connection c(limit);
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    if (!c.feed(bytes.substr(at, piece))) break;
  }
  return c.finish();
}

inline outcome cut_at(std::string_view bytes, std::size_t cut, const tenon::http::limits& limit = {}) {
  connection c(limit);
  if (c.feed(bytes.substr(0, cut))) c.feed(bytes.substr(cut));
  return c.finish();
}

/// The status of one refused message; 0 when it is not refused.
inline unsigned refusal(std::string_view bytes, const tenon::http::limits& limit = {}) {
  return whole(bytes, limit).failed;
}

inline std::string get(std::string_view lines) { return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n"; }
inline std::string chunked(std::string_view body) {
  return "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body);
}

/// Messages, good and bad, that every test of splitting goes through.
inline std::vector<std::string> corpus() {
  std::vector<std::string> all{
      get(""),
      "\r\n" + get("Accept: */*\r\n"),
      "\r\n\r\n" + get(""),
      "GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) "
      "Gecko/20100101\r\n"
      "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n"
      "Accept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\nCookie: a=1; b=two; c=\xc3\xa9\r\n"
      "X_weird!#$%&'*+-.^`|~name:\tspaced \t out \t\r\nX-Empty:\r\nX-Blank:   \r\n\r\n",
      "GET /a/b?x=1&y=2?z HTTP/1.0\r\n\r\n",
      "GET /?q HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
      "POST /e HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET http://example.org:81/p/q?r HTTP/1.1\r\nHost: other\r\n\r\n",
      "GET HTTPS://example.org?r HTTP/1.1\r\nHost: example.org\r\n\r\n",
      "DELETE /users/42%2f HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
      "PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
      chunked("5\r\nhello\r\n6;a=b;c=\"d e\"\r\n world\r\n0\r\n\r\n"),
      chunked("0\r\n\r\n"),
      chunked("000A\r\n0123456789\r\n0\r\nX-T: v\r\nY:\r\n\r\n") + get(""),
      chunked("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n1\r\nd\r\n00\r\n\r\n"),
      "GET / HTTP/1.1\nHost: h\r\n\r\n",
      "GET / HTTTP/1.1\r\nHost: h\r\n\r\n",
      "GET / HTTHTTP/1.1\r\nHost: h\r\n\r\n",
      "GGET / HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: h\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /\r\n\r\n",
      get("A : b\r\n"),
      get(" folded\r\n"),
      get("A: b\r\n c\r\n"),
      get("A: b\rc\r\n"),
      get(std::string_view("A: b\0c\r\n", 8)),
      get("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
      get("Expect: cake\r\n"),
      chunked("5 \r\nhello\r\n0\r\n\r\n"),
      chunked("5\r\nhelloX\r\n0\r\n\r\n"),
      chunked("5\nhello\r\n0\r\n\r\n"),
      chunked("0\r\nbad trailer\r\n\r\n"),
      chunked("fffffffffffffffff\r\n"),
      "GET / HTTP/1.1\r\nHost: h\r\nUnfinished: yes",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nfour",
  };
  return all;
}

}  // namespace wire
