// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/status.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using tenon::http::status;

TEST(HttpStatus, EachLineCarriesItsNumber) {
  int known = 0;
  for (unsigned code = 100; code < 600; ++code) {
    const auto line = status_line(static_cast<status>(code));
    EXPECT_TRUE(line.starts_with("HTTP/1.1 ") && line.ends_with("\r\n"));
    if (line.substr(9, 4) == std::to_string(code) + " ") ++known;
  }
  EXPECT_EQ(known, 42);
}

TEST(HttpStatus, ANumberThatIsNoneBecomes500) {
  EXPECT_EQ(status_line(static_cast<status>(299)), "HTTP/1.1 500 Internal Server Error\r\n");
}

TEST(HttpStatus, ReasonIsTheWords) {
  EXPECT_EQ(reason(status::ok), "OK");
  EXPECT_EQ(reason(status::request_header_fields_too_large), "Request Header Fields Too Large");
}

TEST(HttpStatus, BodilessOnes) {
  EXPECT_TRUE(is_bodiless(status::continue_) && is_bodiless(status::no_content) && is_bodiless(status::not_modified));
  EXPECT_FALSE(is_bodiless(status::ok) || is_bodiless(status::reset_content) || is_bodiless(status::not_found));
}

}  // namespace
