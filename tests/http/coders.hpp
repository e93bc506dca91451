// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/content_coding.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What each coding is asked: that what it makes, in pieces of any size, is undone by its own library's decoder.

namespace coding_test {

namespace http = tenon::http;

/// Calls `step(room)` until it is done, with `room` bytes of room at a time.
template <class Step>
std::string drain(const Step& step, std::size_t room) {
  std::string made;
  std::vector<std::byte> out(room);
  for (;;) {
    const http::coded did = step(std::span<std::byte>(out));
    made.append(reinterpret_cast<const char*>(out.data()), did.made);
    if (did.done) return made;
  }
}
template <class Encoder>
std::string write(Encoder& coder, std::string_view text, std::size_t room) {
  std::span<const std::byte> left = std::as_bytes(std::span(text));
  return drain(
      [&](std::span<std::byte> out) {
        const http::coded did = coder.write(left, out);
        left = left.subspan(did.taken);
        return did;
      },
      room);
}
template <class Encoder>
std::string flush(Encoder& coder, std::size_t room) {
  return drain([&](std::span<std::byte> out) { return coder.flush(out); }, room);
}
template <class Encoder>
std::string finish(Encoder& coder, std::size_t room) {
  return drain([&](std::span<std::byte> out) { return coder.finish(out); }, room);
}

template <class Encoder>
std::string whole(Encoder& coder, std::string_view text) {
  std::string packed = write(coder, text, 1000);
  packed += finish(coder, 1000);
  return packed;
}

/// `decoded(packed, whole)`: the text; `whole`: it has come to its end.
template <class Coding, class Decoder>
void is_the_same_wherever_it_is_cut(const Decoder& decoded) {
  std::string text = "\r\n";
  for (int i = 0; i < 60; ++i) text += "line " + std::to_string(i * i) + " of the text\n";
  typename Coding::encoder coder;
  for (std::size_t cut = 0; cut <= text.size(); cut += cut % 16 == 15 ? 40 : 1) {
    ASSERT_TRUE(coder.reset());
    const std::string_view whole = text;
    std::string packed = write(coder, whole.substr(0, cut), 7);
    if (cut % 2 == 0) packed += flush(coder, 64);
    packed += write(coder, whole.substr(cut), 4096);
    packed += finish(coder, 5);
    ASSERT_EQ(decoded(packed, true), text) << cut;
  }
}

template <class Coding, class Decoder>
void can_be_decoded_as_far_as_it_was_flushed(const Decoder& decoded) {
  typename Coding::encoder coder;
  ASSERT_TRUE(coder.reset());
  std::string packed = write(coder, "the first event\n", 100);
  packed += flush(coder, 100);
  EXPECT_EQ(decoded(packed, false), "the first event\n");
  packed += finish(coder, 100);
  EXPECT_EQ(decoded(packed, true), "the first event\n");
}

template <class Coding, class Decoder>
void begins_anew(const Decoder& decoded) {
  typename Coding::encoder coder;
  ASSERT_TRUE(coder.reset());
  (void)write(coder, std::string(100'000, 'x'), 1000);
  ASSERT_TRUE(coder.reset());
  EXPECT_EQ(decoded(whole(coder, "anew"), true), "anew");
}

template <class Coding, class Decoder>
void comes_back(const std::vector<std::string>& pieces, const Decoder& decoded) {
  const auto room = *rc::gen::inRange<std::size_t>(1, 300);
  typename Coding::encoder coder;
  RC_ASSERT(coder.reset());
  std::string text;
  std::string packed;
  for (const std::string& piece : pieces) {
    text += piece;
    packed += write(coder, piece, room);
    if (piece.size() % 3 == 0) packed += flush(coder, room + 16);
  }
  packed += finish(coder, room);
  RC_ASSERT(decoded(packed, true) == text);
}

}  // namespace coding_test
