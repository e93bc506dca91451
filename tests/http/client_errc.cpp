// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/client_errc.hpp>

#include <gtest/gtest.h>

#include <system_error>

namespace {

using tenon::http::client_errc;

TEST(client_errc, has_words_and_a_portable_meaning) {
  const std::error_code early = client_errc::closed_early;
  EXPECT_STREQ(early.category().name(), "tenon.http.client");
  EXPECT_EQ(early, std::errc::connection_reset);
  EXPECT_EQ(make_error_code(client_errc::bad_response), std::errc::protocol_error);
  EXPECT_EQ(make_error_code(client_errc::response_too_large), std::errc::message_size);
  EXPECT_EQ(make_error_code(client_errc::no_tls), std::errc::protocol_not_supported);
  EXPECT_EQ(make_error_code(client_errc::too_many_redirects), std::errc::too_many_links);
  EXPECT_EQ(make_error_code(client_errc::bad_redirect), std::errc::invalid_argument);
  for (int i = 1; i <= static_cast<int>(client_errc::not_upgraded); ++i) {
    EXPECT_NE(make_error_code(static_cast<client_errc>(i)).message(), "unknown");
  }
  EXPECT_EQ(make_error_code(static_cast<client_errc>(99)).message(), "unknown");
}

}  // namespace
