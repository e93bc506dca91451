// SPDX-License-Identifier: BSL-1.0
#if defined(TENON_WITH_BROTLI) && TENON_WITH_BROTLI
#include <tenon/http/brotli.hpp>

#include "coders.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <brotli/decode.h>

namespace {

namespace http = tenon::http;

std::string decoded(const std::string& packed, bool whole) {
  BrotliDecoderState* const state = ::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  std::size_t in = packed.size();
  const auto* from = reinterpret_cast<const std::uint8_t*>(packed.data());
  std::string text;
  BrotliDecoderResult said = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
  while (said == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
    std::uint8_t out[4096];
    std::size_t room = sizeof out;
    std::uint8_t* to = out;
    said = ::BrotliDecoderDecompressStream(state, &in, &from, &room, &to, nullptr);
    text.append(reinterpret_cast<const char*>(out), sizeof out - room);
  }
  EXPECT_EQ(said, whole ? BROTLI_DECODER_RESULT_SUCCESS : BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT);
  EXPECT_EQ(in, 0U);
  ::BrotliDecoderDestroyInstance(state);
  return text;
}

TEST(brotli, is_the_same_wherever_it_is_cut) {
  coding_test::is_the_same_wherever_it_is_cut<http::brotli>(decoded);
  coding_test::is_the_same_wherever_it_is_cut<http::brotli::level<1>>(decoded);
}
TEST(brotli, can_be_decoded_as_far_as_it_was_flushed) {
  coding_test::can_be_decoded_as_far_as_it_was_flushed<http::brotli>(decoded);
}
TEST(brotli, begins_anew) { coding_test::begins_anew<http::brotli>(decoded); }
RC_GTEST_PROP(brotli, comes_back, (const std::vector<std::string>& pieces)) {
  coding_test::comes_back<http::brotli>(pieces, decoded);
}

}  // namespace
#endif
