// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/request_framing.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace {

using tenon::http::request_framing;
using tenon::http::status;

constexpr std::string_view request_line = "GET / HTTP/1.1\r\n";

status note_lines(request_framing& to, const std::string& text, unsigned minor_version = 1) {
  std::string_view left = text;
  left.remove_prefix(request_line.size());
  while (!left.empty()) {
    const std::string_view line = left.substr(0, left.find('\r'));
    const std::string_view name = line.substr(0, line.find(':'));
    if (request_framing::notes(name)) {
      const auto verdict = to.note(text.data(), name, line.substr(name.size() + 1), minor_version);
      if (verdict != status::ok) return verdict;
    }
    left.remove_prefix(line.size() + 2);
  }
  return to.conclude(minor_version, {});
}

status note_all(request_framing& to, std::string_view lines, unsigned minor_version = 1) {
  return note_lines(to, std::string(request_line) + std::string(lines), minor_version);
}

TEST(HttpRequestFraming, LooksAtFiveNamesInAnyCase) {
  for (const char* name : {"Host: ", "EXPECT: ", "connection: ", "Content-Length: ", "transfer-Encoding: "}) {
    EXPECT_TRUE(request_framing::notes(std::string_view(name).substr(0, std::string_view(name).size() - 2))) << name;
  }
  for (const char* name : {"Hos: ", "Accept: ", "Cookie: ", "Sec-Fetch-Site: ", "X: \r\n",
                           "User-Agent: ", "Upgrade-Insecure-Requests: "}) {
    EXPECT_FALSE(request_framing::notes(std::string_view(name).substr(0, std::string_view(name).find(':')))) << name;
  }
}

TEST(HttpRequestFraming, ANameThatBeginsAlikeIsNotTheName) {
  request_framing framing;
  EXPECT_EQ(note_all(framing, "Host: h\r\nExpert: x\r\nConnectio-: close\r\nContent-Lengt_: 5\r\n"), status::ok);
  EXPECT_TRUE(framing.keeps_alive(1));
  EXPECT_EQ(framing.content_length(), 0U);
  EXPECT_FALSE(framing.is_chunked() || framing.expects_continue());
}

TEST(HttpRequestFraming, SaysHowTheBodyIsFramed) {
  request_framing framing;
  const std::string text =
      "GET / HTTP/1.1\r\nHOST: \t h:80 \r\ncontent-length: 12\r\nEXPECT: 100-Continue\r\nConnection: x, Close\r\n";
  EXPECT_EQ(note_lines(framing, text), status::ok);
  EXPECT_EQ(framing.host(text.data()), "h:80");
  EXPECT_EQ(framing.content_length(), 12U);
  EXPECT_TRUE(framing.expects_continue());
  EXPECT_FALSE(framing.keeps_alive(1));
  framing.reset();
  EXPECT_EQ(note_all(framing, "Host: h\r\nTransfer-Encoding: CHUNKED\r\n"), status::ok);
  EXPECT_TRUE(framing.is_chunked() && framing.keeps_alive(1) && !framing.keeps_alive(0));
}

TEST(HttpRequestFraming, RefusesWhatDoesNotGoTogether) {
  const std::pair<const char*, status> bad[] = {
      {"A: b\r\n", status::bad_request},
      {"Host: a\r\nHost: a\r\n", status::bad_request},
      {"Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n", status::bad_request},
      {"Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", status::bad_request},
      {"Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", status::not_implemented},
      {"Host: a\r\nExpect: cake\r\n", status::expectation_failed},
      {"Host: a\r\nContent-Length: 99999999\r\n", status::content_too_large}};
  for (const auto& [text, code] : bad) {
    request_framing framing;
    EXPECT_EQ(note_all(framing, text), code) << text;
  }
  request_framing old;
  EXPECT_EQ(note_all(old, "Transfer-Encoding: chunked\r\n", 0), status::bad_request);
}

TEST(HttpRequestFraming, AnAbsoluteTargetOutranksTheHeader) {
  const std::string text = "GET / HTTP/1.1\r\nHost: other\r\n";
  request_framing framing;
  framing.note_absolute(6, 10);
  EXPECT_EQ(note_lines(framing, text), status::ok);
  EXPECT_EQ(framing.host(text.data()), "HTTP");
}

}  // namespace
