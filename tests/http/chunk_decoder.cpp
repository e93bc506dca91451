// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/chunk_decoder.hpp>

#include "wire.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using tenon::http::chunk_decoder;
using wire::chunked;
using wire::refusal;

TEST(HttpChunkDecoder, JoinsChunksInPlace) {
  std::string bytes = "5\r\nhello\r\n7; x\r\n, world\r\n0\r\n\r\nnext";
  chunk_decoder decoder;
  const auto seen = decoder.decode(bytes, {});
  ASSERT_TRUE(seen.is_complete());
  EXPECT_EQ(bytes.substr(seen.bytes), "next");
  EXPECT_EQ(bytes.substr(decoder.body_offset(), decoder.body_size()), "hello, world");
}

TEST(HttpChunkDecoder, ASingleChunkDoesNotMove) {
  std::string bytes = "b\r\nhello world\r\n0\r\n\r\n";
  const std::string before = bytes;
  chunk_decoder decoder;
  ASSERT_TRUE(decoder.decode(bytes, {}).is_complete());
  EXPECT_EQ(bytes, before);
  EXPECT_EQ(decoder.body_offset(), 3U);
  EXPECT_EQ(decoder.body_size(), 11U);
}

TEST(HttpChunkDecoder, EveryPairOfCuts) {
  const std::string bytes = "3;e\r\nabc\r\n02\r\nde\r\n0\r\nT: v\r\n\r\n";
  for (std::size_t i = 0; i <= bytes.size(); ++i) {
    for (std::size_t j = i; j <= bytes.size(); ++j) {
      chunk_decoder decoder;
      std::string held;
      std::size_t kept = 0;
      bool complete = false;
      for (const auto& piece : {bytes.substr(0, i), bytes.substr(i, j - i), bytes.substr(j)}) {
        held = held.substr(0, kept) + piece;
        const auto seen = decoder.decode(held, {});
        ASSERT_FALSE(seen.is_failed());
        complete = seen.is_complete();
        if (complete) break;
        kept = seen.bytes;
      }
      ASSERT_TRUE(complete);
      EXPECT_EQ(held.substr(decoder.body_offset(), decoder.body_size()), "abcde");
    }
  }
}

TEST(HttpChunkDecoder, SizesAndLineEndsThatSmuggle) {
  for (const char* body : {"\r\n",
                           ";\r\n",
                           " 5\r\nhello",
                           "5 \r\nhello",
                           "5\t;\r\nhello",
                           "0x5\r\nhello",
                           "+5\r\nhello",
                           "-1\r\n",
                           "5\n",
                           "5\rx",
                           "5;a\n",
                           "5;\x01\r\n",
                           "5\r\nhello0\r\n\r\n",
                           "5\r\nhello\n",
                           "5\r\nhello\r0",
                           "00000000000000005\r\nhello",
                           "10000000000000000\r\n",
                           "g\r\n",
                           "0\r\n\n",
                           "0\r\n\rx",
                           "0\r\n:v\r\n\r\n",
                           "0\r\nA b\r\n\r\n",
                           "0\r\nA : b\r\n\r\n",
                           "0\r\n A: b\r\n\r\n",
                           "0\r\nA: b\n\r\n",
                           "0\r\nA: \x7f\r\n\r\n"}) {
    EXPECT_EQ(refusal(chunked(body)), 400U) << body;
  }
}

TEST(HttpChunkDecoder, HexadecimalInBothCases) {
  const std::string body(0xab, 'x');
  for (const char* size : {"ab", "AB", "aB", "00ab"}) {
    const auto seen = wire::whole(chunked(size + ("\r\n" + body) + "\r\n0\r\n\r\n"));
    ASSERT_EQ(seen.requests.size(), 1U);
    EXPECT_EQ(seen.requests[0].body, body);
  }
}

}  // namespace
