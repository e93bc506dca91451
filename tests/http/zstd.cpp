// SPDX-License-Identifier: BSL-1.0
#if defined(TENON_WITH_ZSTD) && TENON_WITH_ZSTD
#include <tenon/http/zstd.hpp>

#include "coders.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace {

namespace http = tenon::http;

std::string decoded(const std::string& packed, bool whole) {
  ZSTD_DCtx* const state = ::ZSTD_createDCtx();
  ::ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::string text;
  std::size_t said = 1;
  while (said != 0 && ::ZSTD_isError(said) == 0) {
    char room[4096];
    ::ZSTD_outBuffer out{room, sizeof room, 0};
    said = ::ZSTD_decompressStream(state, &out, &in);
    text.append(room, out.pos);
    if (in.pos == in.size && out.pos < sizeof room) break;
  }
  EXPECT_EQ(said == 0, whole);
  ::ZSTD_freeDCtx(state);
  return text;
}

TEST(zstd, is_the_same_wherever_it_is_cut) {
  coding_test::is_the_same_wherever_it_is_cut<http::zstd>(decoded);
  coding_test::is_the_same_wherever_it_is_cut<http::zstd::level<1>>(decoded);
}
TEST(zstd, can_be_decoded_as_far_as_it_was_flushed) {
  coding_test::can_be_decoded_as_far_as_it_was_flushed<http::zstd>(decoded);
}
TEST(zstd, begins_anew) { coding_test::begins_anew<http::zstd>(decoded); }
RC_GTEST_PROP(zstd, comes_back, (const std::vector<std::string>& pieces)) {
  coding_test::comes_back<http::zstd>(pieces, decoded);
}

// RFC 9659: a client need not take a window of more than 8 MiB.
TEST(zstd, has_a_window_that_every_client_takes) {
  http::zstd::level<20>::encoder coder;
  ASSERT_TRUE(coder.reset());
  const std::string packed = coding_test::whole(coder, "a window of level 20");
  ZSTD_DCtx* const state = ::ZSTD_createDCtx();
  EXPECT_EQ(::ZSTD_isError(::ZSTD_DCtx_setParameter(state, ZSTD_d_windowLogMax, 23)), 0U);
  char room[100];
  ::ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  ::ZSTD_outBuffer out{room, sizeof room, 0};
  EXPECT_EQ(::ZSTD_decompressStream(state, &out, &in), 0U);
  EXPECT_EQ(std::string(room, out.pos), "a window of level 20");
  ::ZSTD_freeDCtx(state);
}

}  // namespace
#endif
