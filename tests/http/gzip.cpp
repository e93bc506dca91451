// SPDX-License-Identifier: BSL-1.0
#if defined(TENON_WITH_GZIP) && TENON_WITH_GZIP
#include <tenon/http/gzip.hpp>

#include "coders.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

namespace http = tenon::http;

std::string decoded(std::string packed, bool whole) {
  ::z_stream state{};
  EXPECT_EQ(::inflateInit2(&state, 15 + 16), Z_OK);
  state.next_in = reinterpret_cast<Bytef*>(packed.data());
  state.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  int said = Z_OK;
  while (said == Z_OK) {
    char out[4096];
    state.next_out = reinterpret_cast<Bytef*>(out);
    state.avail_out = sizeof out;
    said = ::inflate(&state, Z_NO_FLUSH);
    text.append(out, sizeof out - state.avail_out);
  }
  EXPECT_EQ(said, whole ? Z_STREAM_END : Z_BUF_ERROR);
  EXPECT_EQ(state.avail_in, 0U);
  ::inflateEnd(&state);
  return text;
}

TEST(gzip, is_the_same_wherever_it_is_cut) {
  coding_test::is_the_same_wherever_it_is_cut<http::gzip>(decoded);
  coding_test::is_the_same_wherever_it_is_cut<http::gzip::level<1>>(decoded);
}
TEST(gzip, can_be_decoded_as_far_as_it_was_flushed) {
  coding_test::can_be_decoded_as_far_as_it_was_flushed<http::gzip>(decoded);
}
TEST(gzip, begins_anew) { coding_test::begins_anew<http::gzip>(decoded); }
RC_GTEST_PROP(gzip, comes_back, (const std::vector<std::string>& pieces)) {
  coding_test::comes_back<http::gzip>(pieces, decoded);
}

TEST(gzip, keeps_its_memory) {
  http::gzip::encoder coder;
  ASSERT_TRUE(coder.reset());
  const std::string first = coding_test::whole(coder, std::string(10'000, 'a'));
  ASSERT_TRUE(coder.reset());
  const std::string second = coding_test::whole(coder, std::string(10'000, 'a'));
  EXPECT_EQ(first, second);
  EXPECT_LT(first.size(), 100U);
  EXPECT_EQ(first.substr(0, 2), "\x1f\x8b");
}

}  // namespace
#endif
