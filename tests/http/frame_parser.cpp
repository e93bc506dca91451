// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/frame_parser.hpp>

#include <tenon/http/detail/utf8.hpp>

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using tenon::http::close_code;
using tenon::http::frame_event;
using tenon::http::frame_head;
using tenon::http::frame_parser;
using tenon::http::opcode;
using tenon::http::websocket_role;
namespace detail = tenon::http::detail;

constexpr detail::mask_key key{'\x37', '\xfa', '\x21', '\x3d'};

std::string bytes(std::initializer_list<int> all) {
  std::string out;
  for (const int one : all) out += static_cast<char>(one);
  return out;
}
std::string frame(opcode type, std::string_view payload, bool last = true, bool masked = true) {
  std::string body(payload);
  if (masked) detail::mask(body.data(), payload.data(), body.size(), key, 0);
  const auto with = masked ? std::optional(key) : std::nullopt;
  return std::string(frame_head(type, last, payload.size(), with).bytes()) + body;
}
std::string text(std::string_view payload, bool last = true) { return frame(opcode::text, payload, last); }
std::string more(std::string_view payload, bool last = true) { return frame(opcode::continuation, payload, last); }
std::string closing(unsigned code, std::string_view reason = "") {
  return frame(opcode::close,
               std::string{static_cast<char>(code >> 8), static_cast<char>(code & 255)} + std::string(reason));
}

/// What came, as words: "text:Hello", "ping:x", "close:1000:bye", "failed:1002"; pieces of a message are put together.
struct told {
  std::vector<std::string> events;
  std::size_t longest = 0;  // message, as it was put together
};
class reader {
 public:
  explicit reader(websocket_role us, std::uint64_t most) : parser_(us, most) {}

  /// Each call sees a block of exactly the bytes there are: the sanitizer sees one that is read too far.
  bool feed(std::string_view piece) {
    held_.append(piece);
    for (;;) {
      const auto block = std::make_unique<char[]>(held_.size());
      std::memcpy(block.get(), held_.data(), held_.size());
      const frame_event seen = parser_.parse({block.get(), held_.size()});
      const std::string_view payload(seen.payload.data(), seen.payload.size());
      switch (seen.what) {
        case frame_event::kind::more: break;
        case frame_event::kind::data:
          message_.append(payload);
          out.longest = std::max(out.longest, message_.size());
          if (seen.last)
            out.events.push_back((seen.type == opcode::text ? "text:" : "binary:") + std::exchange(message_, ""));
          break;
        case frame_event::kind::ping: out.events.push_back("ping:" + std::string(payload)); break;
        case frame_event::kind::pong: out.events.push_back("pong:" + std::string(payload)); break;
        case frame_event::kind::close:
          out.events.push_back("close:" + std::to_string(static_cast<unsigned>(seen.code)) + ':' +
                               std::string(payload));
          break;
        case frame_event::kind::failed:
          out.events.push_back("failed:" + std::to_string(static_cast<unsigned>(seen.code)));
          return false;
      }
      EXPECT_LE(seen.bytes, held_.size());
      held_.erase(0, seen.bytes);
      if (seen.what == frame_event::kind::more) return true;
    }
  }
  told out;

 private:
  frame_parser parser_;
  std::string held_;
  std::string message_;
};

std::vector<std::string> read(std::string_view all, std::size_t piece = SIZE_MAX,
                              websocket_role us = websocket_role::server, std::uint64_t most = 1 << 20) {
  reader one(us, most);
  for (std::size_t at = 0; at < all.size(); at += std::min(piece, all.size() - at)) {
    if (!one.feed(all.substr(at, piece))) break;
  }
  return one.out.events;
}
using words = std::vector<std::string>;

TEST(frame_parser, reads_the_examples_of_the_rfc) {
  EXPECT_EQ(read(bytes({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}), SIZE_MAX, websocket_role::client),
            words{"text:Hello"});
  EXPECT_EQ(read(bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58})), words{"text:Hello"});
  EXPECT_EQ(read(bytes({0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f}), SIZE_MAX, websocket_role::client),
            words{"text:Hello"});
  EXPECT_EQ(read(bytes({0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}), SIZE_MAX, websocket_role::client),
            words{"ping:Hello"});
  EXPECT_EQ(read(bytes({0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58})), words{"pong:Hello"});
  const std::string large(65536, 'b');
  EXPECT_EQ(read(frame(opcode::binary, large)), words{"binary:" + large});
  EXPECT_EQ(read(frame(opcode::binary, large.substr(0, 256))), words{"binary:" + large.substr(0, 256)});
}

/// After the categories of the Autobahn test suite: 1 framing, 2 pings, 3 reserved bits, 4 opcodes, 5 fragments, 6
/// UTF-8, 7 close, 9 and 10 sizes.
TEST(frame_parser, a_list_of_cases_however_they_are_cut) {
  const std::string kosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
  struct one {
    std::string sent;
    words expected;
  };
  const std::vector<one> cases = {
      // 1: payloads of each size class
      {text(""), {"text:"}},
      {text(std::string(125, '*')), {"text:" + std::string(125, '*')}},
      {text(std::string(126, '*')), {"text:" + std::string(126, '*')}},
      {text(std::string(128, '*')), {"text:" + std::string(128, '*')}},
      {frame(opcode::binary, ""), {"binary:"}},
      {frame(opcode::binary, std::string(127, '\xfe')), {"binary:" + std::string(127, '\xfe')}},
      // 2: pings and pongs
      {frame(opcode::ping, ""), {"ping:"}},
      {frame(opcode::ping, std::string(125, '\0')), {"ping:" + std::string(125, '\0')}},
      {bytes({0x89, 0xfe, 0x00, 0x7e}), {"failed:1002"}},
      {frame(opcode::pong, "unasked") + frame(opcode::ping, "x"), {"pong:unasked", "ping:x"}},
      // 3: reserved bits
      {bytes({0xc1}), {"failed:1002"}},
      {text("ok") + bytes({0xa1}), {"text:ok", "failed:1002"}},
      {text("ok") + bytes({0x99}), {"text:ok", "failed:1002"}},
      // 4: opcodes that are none
      {bytes({0x83}), {"failed:1002"}},
      {bytes({0x87}), {"failed:1002"}},
      {bytes({0x8b}), {"failed:1002"}},
      {text("ok") + bytes({0x8f}), {"text:ok", "failed:1002"}},
      // 5: fragments
      {bytes({0x09, 0x80}), {"failed:1002"}},
      {bytes({0x0a, 0x80}), {"failed:1002"}},
      {text("frag", false) + more("ment"), {"text:fragment"}},
      {text("frag", false) + frame(opcode::ping, "p") + more("ment"), {"ping:p", "text:fragment"}},
      {text("a", false) + more("", false) + more("", false) + more("b"), {"text:ab"}},
      {text("", false) + more("", false) + more(""), {"text:"}},
      {more("nothing"), {"failed:1002"}},
      {more("nothing", false), {"failed:1002"}},
      {text("whole") + more("x"), {"text:whole", "failed:1002"}},
      {text("a", false) + text("b"), {"failed:1002"}},
      {text("a", false) + frame(opcode::binary, "b"), {"failed:1002"}},
      // 6: UTF-8
      {text(kosme), {"text:" + kosme}},
      {text(kosme.substr(0, 1), false) + more(kosme.substr(1, 4), false) + more(kosme.substr(5)), {"text:" + kosme}},
      {text(kosme + "\xed\xa0\x80" + "edited"), {"failed:1007"}},
      {text(kosme, false) + more("\xf4\x90\x80\x80"), {"failed:1007"}},
      {text(kosme.substr(0, 3)), {"failed:1007"}},
      {text("\xc0\xaf"), {"failed:1007"}},
      {text("\xe0\x80\xaf"), {"failed:1007"}},
      {text("\xf0\x80\x80\xaf"), {"failed:1007"}},
      {text("\xf8\x88\x80\x80\x80"), {"failed:1007"}},
      {text("\xfe"), {"failed:1007"}},
      {text("\x80"), {"failed:1007"}},
      {text("\xef\xbf\xbf\xf4\x8f\xbf\xbf\xee\x80\x80\xed\x9f\xbf"),
       {"text:\xef\xbf\xbf\xf4\x8f\xbf\xbf\xee\x80\x80\xed\x9f\xbf"}},
      {frame(opcode::binary, "\xfe\xff"), {"binary:\xfe\xff"}},
      // 7: close
      {frame(opcode::close, ""), {"close:1005:"}},
      {frame(opcode::close, "x"), {"failed:1002"}},
      {closing(1000), {"close:1000:"}},
      {closing(1000, "bye"), {"close:1000:bye"}},
      {closing(1000, std::string(123, 'r')), {"close:1000:" + std::string(123, 'r')}},
      {frame(opcode::close, std::string(126, 'r')), {"failed:1002"}},
      {closing(1000, "\xce\xba\xe1"), {"failed:1007"}},
      {closing(1005), {"failed:1002"}},
      {closing(1006), {"failed:1002"}},
      {closing(999), {"failed:1002"}},
      {closing(2000), {"failed:1002"}},
      {closing(5000), {"failed:1002"}},
      {closing(3999), {"close:3999:"}},
      {closing(4999), {"close:4999:"}},
      // masks and lengths
      {frame(opcode::text, "x", true, false), {"failed:1002"}},
      {bytes({0x82, 0xfe, 0x00, 0x7d}), {"failed:1002"}},
      {bytes({0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff}), {"failed:1002"}},
      {bytes({0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0}), {"failed:1002"}},
      // 9: sizes over the limit, of one frame and of many
      {bytes({0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0x01}), {"failed:1009"}},
      {frame(opcode::binary, std::string(1000, 'x'), false) + bytes({0x80, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0x00}),
       {"failed:1009"}},
  };
  for (const one& each : cases) {
    for (const std::size_t piece :
         {SIZE_MAX, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{64}}) {
      EXPECT_EQ(read(each.sent, piece), each.expected) << each.sent << " in pieces of " << piece;
    }
    for (std::size_t cut = 1; cut < std::min<std::size_t>(each.sent.size(), 150); ++cut) {
      reader two(websocket_role::server, 1 << 20);
      if (two.feed(std::string_view(each.sent).substr(0, cut))) two.feed(std::string_view(each.sent).substr(cut));
      EXPECT_EQ(two.out.events, each.expected) << each.sent << " cut at " << cut;
    }
  }
  EXPECT_EQ(read(frame(opcode::text, "masked"), SIZE_MAX, websocket_role::client), words{"failed:1002"});
}

TEST(frame_parser, sees_the_first_bad_byte_of_a_text_before_the_rest_has_come) {
  reader one(websocket_role::server, 1 << 20);
  const std::string all = text("abcd\xff" + std::string(1000, 'x'));
  EXPECT_TRUE(one.feed(all.substr(0, 8 + 4)));
  EXPECT_FALSE(one.feed(all.substr(8 + 4, 1)));
  EXPECT_EQ(one.out.events, words{"failed:1007"});
}

TEST(frame_parser, says_how_much_may_be_read_elsewhere) {
  frame_parser parser(websocket_role::server);
  std::string all = frame(opcode::binary, std::string(1000, 'x'));
  const auto head = parser.parse({all.data(), 8});
  EXPECT_EQ(head.what, frame_event::kind::more);
  EXPECT_EQ(head.bytes, 8U);
  EXPECT_EQ(parser.left(), 1000U);
  const auto rest = parser.parse({all.data() + 8, 1000});
  EXPECT_EQ(rest.what, frame_event::kind::data);
  EXPECT_TRUE(rest.last);
  EXPECT_EQ(std::string_view(rest.payload.data(), rest.payload.size()), std::string(1000, 'x'));
  EXPECT_EQ(parser.left(), 0U);
  EXPECT_FALSE(parser.in_message());
}

RC_GTEST_PROP(frame_parser, gives_back_what_was_framed, ()) {
  const auto messages = *rc::gen::container<std::vector<std::pair<bool, std::string>>>(
      rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127))));
  const auto cut = *rc::gen::inRange<std::size_t>(1, 9);
  const bool masked = *rc::gen::arbitrary<bool>();
  std::string wire;
  words expected;
  for (const auto& [is_text, payload] : messages) {
    const opcode type = is_text ? opcode::text : opcode::binary;
    const std::size_t half = payload.size() / 2;
    wire += frame(type, payload.substr(0, half), false, masked);
    wire += frame(opcode::ping, payload.substr(0, 3), true, masked);
    wire += frame(opcode::continuation, payload.substr(half), true, masked);
    expected.push_back("ping:" + payload.substr(0, 3));
    expected.push_back((is_text ? "text:" : "binary:") + payload);
  }
  RC_ASSERT(read(wire, cut, masked ? websocket_role::server : websocket_role::client) == expected);
}

/// Bytes of all kinds: nothing is read too far, nothing is over the limit, and it ends.
TEST(frame_parser, any_bytes_end_in_events_or_a_failure_within_the_limit) {
  std::mt19937 random(20260727);
  for (int round = 0; round < 1200; ++round) {
    std::string wire;
    while (wire.size() < 200) {
      if (random() % 4 == 0) {
        wire += static_cast<char>(random());
      } else {
        const opcode types[] = {opcode::continuation, opcode::text, opcode::binary,
                                opcode::ping,         opcode::pong, opcode::close};
        std::string body(random() % 40, '\0');
        for (char& c : body) c = static_cast<char>(random() % 8 == 0 ? random() : 'a' + random() % 26);
        wire += frame(types[random() % 6], body, random() % 3 != 0, random() % 30 != 0);
      }
    }
    reader one(websocket_role::server, 64);
    const std::size_t piece = 1 + random() % 50;
    bool open = true;
    for (std::size_t at = 0; open && at < wire.size(); at += piece)
      open = one.feed(std::string_view(wire).substr(at, piece));
    EXPECT_LE(one.out.longest, 64U);
    EXPECT_EQ(one.out.events, read(wire, SIZE_MAX, websocket_role::server, 64)) << "the cuts change nothing";
  }
}

/// Each sequence of up to four bytes that begins a character or breaks one, against the table of RFC 3629.
TEST(frame_parser, utf8_is_that_of_the_rfc) {
  const auto reference = [](std::string_view s) {
    for (std::size_t i = 0; i < s.size();) {
      const auto at = [s, i](std::size_t k) -> unsigned {
        return i + k < s.size() ? static_cast<unsigned char>(s[i + k]) : 0U;
      };
      const unsigned c = at(0);
      const auto tail = [&at](std::size_t k) { return (at(k) & 0xc0U) == 0x80; };
      if (c < 0x80) {
        i += 1;
      } else if (c >= 0xc2 && c <= 0xdf && tail(1)) {
        i += 2;
      } else if (c >= 0xe0 && c <= 0xef && tail(1) && tail(2) && (c != 0xe0 || at(1) >= 0xa0) &&
                 (c != 0xed || at(1) < 0xa0)) {
        i += 3;
      } else if (c >= 0xf0 && c <= 0xf4 && tail(1) && tail(2) && tail(3) && (c != 0xf0 || at(1) >= 0x90) &&
                 (c != 0xf4 || at(1) < 0x90)) {
        i += 4;
      } else {
        return false;
      }
    }
    return true;
  };
  const unsigned borders[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
                              0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
  int wrong = 0;
  std::string s(4, '\0');
  for (const unsigned a : borders) {
    for (const unsigned b : borders) {
      for (const unsigned c : borders) {
        for (const unsigned d : borders) {
          s[0] = static_cast<char>(a);
          s[1] = static_cast<char>(b);
          s[2] = static_cast<char>(c);
          s[3] = static_cast<char>(d);
          const bool expected = reference(s);
          detail::utf8_check cut;
          const bool in_two =
              cut.feed(std::string_view(s).substr(0, 2)) && cut.feed(std::string_view(s).substr(2)) && cut.is_whole();
          wrong += detail::utf8_check::is_valid(s) != expected || in_two != expected;
        }
      }
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(detail::utf8_check::is_valid("eight or more letters, then \xe2\x82\xac and more letters"));
}

TEST(frame_parser, masking_is_the_same_at_each_phase_and_size) {
  const std::string plain = "the quick brown fox jumps over the lazy dog";
  for (std::size_t size = 0; size <= plain.size(); ++size) {
    for (std::size_t phase = 0; phase < 4; ++phase) {
      std::string got(size, '\0');
      detail::mask(got.data(), plain.data(), size, key, phase);
      for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(got[i], static_cast<char>(plain[i] ^ key[(phase + i) % 4]));
    }
  }
}

}  // namespace
