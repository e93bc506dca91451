// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/websocket_handshake.hpp>

#include <tenon/http/limits.hpp>
#include <tenon/http/parser.hpp>

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace {

namespace http = tenon::http;

TEST(websocket_handshake, sha1_and_base64_are_those_of_their_rfcs) {
  const auto hex = [](std::string_view text) {
    std::string out;
    for (const std::uint8_t byte : http::detail::sha1(text)) {
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
    }
    return out;
  };
  EXPECT_EQ(hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(hex(std::string(1'000'000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
  std::string ten;
  for (int i = 0; i < 10; ++i) ten += "0123456701234567012345670123456701234567012345670123456701234567";
  EXPECT_EQ(hex(ten), "dea356a2cddd90c7a7ecedc5ebb563934f460452");
  const auto encoded = [](auto... bytes) {
    const auto out =
        http::detail::base64(std::array<std::uint8_t, sizeof...(bytes)>{static_cast<std::uint8_t>(bytes)...});
    return std::string(out.data(), out.size());
  };
  EXPECT_EQ(encoded('f'), "Zg==");
  EXPECT_EQ(encoded('f', 'o'), "Zm8=");
  EXPECT_EQ(encoded('f', 'o', 'o'), "Zm9v");
  EXPECT_EQ(encoded('f', 'o', 'o', 'b', 'a', 'r'), "Zm9vYmFy");
  EXPECT_TRUE(http::detail::is_base64_of_16("dGhlIHNhbXBsZSBub25jZQ=="));
  for (const char* const bad : {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25j*Q==",
                                "dGhlIHNhbXBsZSBub25jZQAA"}) {
    EXPECT_FALSE(http::detail::is_base64_of_16(bad)) << bad;
  }
}

const std::string usual =
    "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\n"
    "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// What is answered to a request that is given as text.
std::string answer_to(std::string text, std::span<const std::string_view> protocols = {}, bool only_example = false) {
  http::parser parser;
  http::request asked;
  const auto seen = parser.parse(std::span<char>(text), http::limits{}, asked);
  EXPECT_TRUE(seen.is_complete()) << text;
  const http::websocket_verdict verdict =
      only_example ? http::accept_websocket(asked, protocols,
                                            [](std::string_view origin) { return origin == "http://example.com"; })
                   : http::accept_websocket(asked, protocols);
  http::buffer out;
  verdict.write(out);
  EXPECT_EQ(out.view().substr(9, 3), std::to_string(code_of(verdict.status)));
  EXPECT_EQ(static_cast<bool>(verdict), verdict.status == http::status::switching_protocols);
  return std::string(out.view());
}
std::string without(std::string_view line) {
  std::string text = usual;
  const std::size_t at = text.find(line);
  if (at == text.npos) return text;
  return text.erase(at, text.find("\r\n", at) + 2 - at);
}
std::string with(std::string_view line, std::string_view other) {
  std::string text = without(line);
  return text.insert(text.size() - 2, std::string(other) + "\r\n");
}

TEST(websocket_handshake, answers_the_example_of_the_rfc) {
  const std::string first =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  EXPECT_EQ(answer_to(usual), first + "\r\n");
  const std::string_view spoken[] = {"soap", "superchat", "chat"};
  EXPECT_EQ(answer_to(usual, spoken), first + "Sec-WebSocket-Protocol: superchat\r\n\r\n") << "the server's order";
  const std::string_view others[] = {"soap"};
  EXPECT_EQ(answer_to(usual, others), first + "\r\n");
  EXPECT_EQ(answer_to(usual, {}, true), first + "\r\n");
  EXPECT_EQ(answer_to(without("Origin"), {}, true), first + "\r\n") << "no browser";
}

TEST(websocket_handshake, refuses_what_is_none) {
  const auto status_of = [](const std::string& answer) { return answer.substr(9, 3); };
  EXPECT_EQ(status_of(answer_to(without("Upgrade:"))), "400");
  EXPECT_EQ(status_of(answer_to(without("Connection:"))), "400");
  EXPECT_EQ(status_of(answer_to(without("Sec-WebSocket-Key"))), "400");
  EXPECT_EQ(status_of(answer_to(without("Sec-WebSocket-Version"))), "400");
  EXPECT_EQ(status_of(answer_to(with("Connection:", "Connection: keep-alive"))), "400");
  EXPECT_EQ(status_of(answer_to(with("Upgrade:", "Upgrade: h2c"))), "400");
  EXPECT_EQ(status_of(answer_to(with("Sec-WebSocket-Key", "Sec-WebSocket-Key: c2hvcnQ="))), "400");
  EXPECT_EQ(status_of(answer_to(with("X-none", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))), "400") << "twice";
  EXPECT_EQ(status_of(answer_to(with("GET", "X: y").insert(0, "POST /chat HTTP/1.1\r\n"))), "400");
  EXPECT_EQ(status_of(answer_to(with("GET", "X: y").insert(0, "GET /chat HTTP/1.0\r\n"))), "400");
  EXPECT_EQ(status_of(answer_to(with("Origin", "Origin: http://evil.example"), {}, true)), "403");
  const std::string old = answer_to(with("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8"));
  EXPECT_EQ(status_of(old), "426");
  EXPECT_NE(old.find("Sec-WebSocket-Version: 13\r\n"), old.npos);
  EXPECT_NE(old.find("Connection: close\r\n"), old.npos);
}

TEST(websocket_handshake, a_client_takes_no_answer_but_the_one_to_its_key) {
  const http::websocket_key key({'t', 'h', 'e', ' ', 's', 'a', 'm', 'p', 'l', 'e', ' ', 'n', 'o', 'n', 'c', 'e'});
  EXPECT_EQ(key.text(), "dGhlIHNhbXBsZSBub25jZQ==");
  const std::string_view offered[] = {"chat", "superchat"};
  const auto good = [&key, &offered](std::string_view lines, http::status status = http::status::switching_protocols) {
    http::response_head head;
    head.status = status;
    head.headers = http::headers(lines);
    return key.is_answered_by(head, offered);
  };
  const std::string both = "Upgrade: WebSocket\r\nConnection: Upgrade\r\n";
  const std::string accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  EXPECT_TRUE(good(both + accept));
  EXPECT_TRUE(good(both + accept + "Sec-WebSocket-Protocol: chat\r\n"));
  EXPECT_FALSE(good(both + accept, http::status::ok));
  EXPECT_FALSE(good(both));
  EXPECT_FALSE(good(accept));
  EXPECT_FALSE(good(both + accept + accept));
  EXPECT_FALSE(good(both + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO=\r\n"));
  EXPECT_FALSE(good(both + accept + "Sec-WebSocket-Protocol: soap\r\n"));
  EXPECT_FALSE(good(both + accept + "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  const http::websocket_key one;
  const http::websocket_key two;
  EXPECT_NE(one.text(), two.text());
  EXPECT_TRUE(http::detail::is_base64_of_16(one.text()));
}

}  // namespace
