// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/head_parser.hpp>

#include "wire.hpp"

#include <tenon/http/detail/block.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

namespace {

using tenon::http::head_parser;
using wire::get;
using wire::refusal;

TEST(HttpHeadParser, GivesTheHeadBeforeTheBody) {
  const std::string bytes = "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\nbo";
  head_parser parser;
  const auto seen = parser.parse(bytes, {});
  ASSERT_TRUE(seen.is_complete());
  EXPECT_EQ(seen.bytes, bytes.size() - 2);
  EXPECT_EQ(parser.content_length(), 7U);
  EXPECT_FALSE(parser.is_chunked());
  tenon::http::request request;
  parser.view(bytes.data(), request);
  EXPECT_EQ(request.path, "/x");
  EXPECT_EQ(request.headers.find("host"), "h");
}

TEST(HttpHeadParser, RefusesAtTheFirstBadByte) {
  // the last byte of each is the bad one: all before it asks for more
  const std::string_view bad[] = {"{",
                                  " ",
                                  "\n",
                                  "\rG",
                                  "GET {\x80",
                                  "GET /#",
                                  "GET /\r",
                                  "GET / h",
                                  "GET / HTTP/1.1 ",
                                  "GET / HTTP/1.1\n",
                                  "GET / HTTP/1.1\r\r",
                                  "GET / HTTP/1.1\r\n ",
                                  "GET / HTTP/1.1\r\n:",
                                  "GET / HTTP/1.1\r\nA ",
                                  "GET / HTTP/1.1\r\nA\r",
                                  "GET / HTTP/1.1\r\nA\xc3",
                                  "GET / HTTP/1.1\r\nA: \x01",
                                  "GET / HTTP/1.1\r\nA: \x7f",
                                  "GET / HTTP/1.1\r\nA: b\n",
                                  "GET / HTTP/1.1\r\nA: b\rc",
                                  "GET / HTTP/1.1\r\nHost: h\r\n\rx"};
  for (const auto text : bad) {
    head_parser parser;
    for (std::size_t n = 1; n < text.size(); ++n) ASSERT_TRUE(parser.parse(text.substr(0, n), {}).is_more()) << text;
    EXPECT_EQ(parser.parse(text, {}), tenon::http::progress::failed(tenon::http::status::bad_request)) << text;
  }
}

TEST(HttpHeadParser, MethodsThatAreNot) {
  EXPECT_EQ(refusal("get / HTTP/1.1\r\nHost: h\r\n\r\n"), 501U);
  EXPECT_EQ(refusal("PROPFIND / HTTP/1.1\r\nHost: h\r\n\r\n"), 501U);
  EXPECT_EQ(refusal("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"), 501U);
  EXPECT_EQ(refusal(std::string(17, 'A')), 501U);
  EXPECT_EQ(refusal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 501U);
  EXPECT_EQ(refusal("G(T / HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
}

TEST(HttpHeadParser, VersionsThatAreNot) {
  for (const char* version : {"HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/9.9"}) {
    EXPECT_EQ(refusal("GET / " + std::string(version) + "\r\nHost: h\r\n\r\n"), 505U) << version;
  }
  for (const char* version :
       {"http/1.1", "HTTP/1", "HTTP/1.", "HTTP/11", "HTTP/1.10", "HTTP/a.b", "HTTP 1.1", "", " "}) {
    EXPECT_EQ(refusal("GET / " + std::string(version) + "\r\nHost: h\r\n\r\n"), 400U) << version;
  }
}

TEST(HttpHeadParser, TargetsThatAreNot) {
  for (const char* target : {"", "*", "a", "example.org:80", "ftp://h/", "http:/h", "http://", "http:///p",
                             "http://u@h/", "http://h:x/", "/a b", "/#f", "/\t", "\\", "?x", "//\x80"}) {
    EXPECT_EQ(refusal("GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n"), 400U) << target;
  }
  EXPECT_EQ(refusal("OPTIONS *?q HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("OPTIONS ** HTTP/1.1\r\nHost: h\r\n\r\n"), 400U);
}

TEST(HttpHeadParser, TheHostHeader) {
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n\r\n"), 400U);
  EXPECT_EQ(refusal("GET / HTTP/1.0\r\n\r\n"), 0U);
  EXPECT_EQ(refusal("GET http://h/ HTTP/1.1\r\n\r\n"), 400U);
  EXPECT_EQ(refusal(get("Host: h\r\n")), 400U);
  EXPECT_EQ(refusal("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), 400U);
  for (const char* host :
       {"", " ", "a b", "a/b", "u@h", "a:b", "[::1", "[g::1]", "[]", ":80", "h:80:80", "h?x", "\xc3"}) {
    EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), 400U) << host;
  }
}

TEST(HttpHeadParser, LengthsThatSmuggle) {
  for (const char* value : {"", "+1", "-1", "0x1", "1 1", "1,1", "1, 1", "1.0", "1e1", "one", "18446744073709551616",
                            "99999999999999999999999", "\"1\"", ";1", "1;"}) {
    EXPECT_EQ(refusal(get("Content-Length: " + std::string(value) + "\r\n")), 400U) << value;
  }
  EXPECT_EQ(refusal(get("Content-Length: 0\r\nContent-Length: 0\r\n")), 400U);
  EXPECT_EQ(refusal(get("Content-Length: 0\r\ncontent-length: 1\r\n")), 400U);
  EXPECT_EQ(refusal(get("Content-Length: 18446744073709551615\r\n")), 413U);
  EXPECT_EQ(refusal(get("Content-Length:\t00 \r\n")), 0U);
  EXPECT_EQ(refusal(get("Content-Length : 0\r\n")), 400U);
  EXPECT_EQ(refusal(get("Content-Length\v: 0\r\n")), 400U);
}

TEST(HttpHeadParser, CodingsThatSmuggle) {
  const auto with = [](std::string_view value) {
    return refusal(get("Transfer-Encoding: " + std::string(value) + "\r\n"));
  };
  EXPECT_EQ(with("chunked"), 0U);
  EXPECT_EQ(with("Chunked"), 0U);
  for (const char* value : {"", "xchunked", "chunkedx", "chunked;a", "identity", "gzip", "chunked, gzip", "\"chunked\"",
                            "chunked,", "chunked x", "x chunked",
                            "\x0b"
                            "chunked"}) {
    EXPECT_EQ(with(value), 400U) << value;
  }
  EXPECT_EQ(with("gzip, chunked"), 501U);
  EXPECT_EQ(with(", chunked"), 501U);
  EXPECT_EQ(refusal(get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")), 400U);
  EXPECT_EQ(refusal(get("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n")), 400U);
  EXPECT_EQ(refusal(get("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n")), 400U);
  EXPECT_EQ(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400U);
  EXPECT_EQ(refusal(get("Transfer-Encoding : chunked\r\n")), 400U);
  EXPECT_EQ(refusal(get("X: y\nTransfer-Encoding: chunked\r\n")), 400U);
}

TEST(HttpHeadParser, Expectations) {
  EXPECT_EQ(refusal(get("Expect: 100-Continue\r\n")), 0U);
  EXPECT_EQ(refusal(get("Expect: 200-ok\r\n")), 417U);
  EXPECT_EQ(refusal("GET / HTTP/1.0\r\nExpect: cake\r\n\r\n"), 0U);
}

TEST(HttpHeadParser, EveryByteValueInEveryPlace) {
  for (int c = 0; c < 256; ++c) {
    const std::string one(1, static_cast<char>(c));
    const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    const bool digit = c >= '0' && c <= '9';
    const bool token = letter || digit || (c != 0 && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
    const bool in_value = c == '\t' || (c >= 0x20 && c != 0x7f);
    const bool in_target = c > 0x20 && c < 0x7f && c != '#';
    // long and short: the bytes sixteen at a time and one by one
    for (const std::size_t pad : {std::size_t{0}, std::size_t{20}}) {
      const std::string left(pad, 'a');
      const bool name_ok = refusal(get(left + "n" + one + left + ": v\r\n")) == 0;
      EXPECT_EQ(name_ok, token || c == ':') << c;
      EXPECT_EQ(refusal(get("A: " + left + one + left + "x\r\n")) == 0, in_value) << c;
      EXPECT_EQ(refusal("GET /" + left + one + left + " HTTP/1.1\r\nHost: h\r\n\r\n") == 0, in_target) << c;
      EXPECT_EQ(refusal("GET /?" + left + one + left + " HTTP/1.1\r\nHost: h\r\n\r\n") == 0, in_target) << c;
    }
  }
}

// A page that may be read between two that may not.
class lone_page {
 public:
  lone_page() {
    at_ = static_cast<char*>(::mmap(nullptr, 3 * size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_NE(static_cast<void*>(at_), MAP_FAILED);
    EXPECT_EQ(::mprotect(at_ + size_, size_, PROT_READ | PROT_WRITE), 0);
  }
  ~lone_page() { ::munmap(at_, 3 * size_); }
  lone_page(const lone_page&) = delete;
  lone_page& operator=(const lone_page&) = delete;
  char* begin() { return at_ + size_; }
  char* end() { return at_ + 2 * size_; }

 private:
  std::size_t size_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  char* at_;
};

TEST(HttpHeadParser, ReadsNoByteOutsideOfWhatItIsGiven) {
  lone_page page;
  for (const std::string& message : wire::corpus()) {
    for (std::size_t size = 0; size <= message.size(); ++size) {
      for (char* const at : {page.begin(), page.end() - size}) {
        std::memcpy(at, message.data(), size);
        head_parser parser;
        const auto seen = parser.parse({at, size}, {});
        if (!seen.is_complete()) continue;
        tenon::http::request request;
        parser.view(at, request);
        std::size_t headers = 0;
        for (const auto [name, value] : request.headers) headers += name.size() + value.size() != 0 ? 1 : 0;
        EXPECT_EQ(request.headers.find("no-such-header"), std::nullopt);
        EXPECT_GE(request.headers.lines().size(), headers);
      }
    }
  }
}

TEST(HttpHeadParser, MasksOfControlsAreTheSameInWordsAndVectors) {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    char bytes[64];
    for (char& c : bytes) {
      constexpr char edges[] = "\x1f \x7f\x80~";
      c = random() % 3 == 0 ? static_cast<char>(random() % 256) : edges[random() % 5];
    }
    std::uint64_t expected = 0;
    for (unsigned i = 0; i < 64; ++i) {
      const auto c = static_cast<unsigned char>(bytes[i]);
      expected |= std::uint64_t{c < 0x20 || c == 0x7f} << i;
    }
    ASSERT_EQ(tenon::http::detail::words::controls(bytes), expected);
    ASSERT_EQ(tenon::http::detail::vectors::controls(bytes), expected);
  }
}

}  // namespace
