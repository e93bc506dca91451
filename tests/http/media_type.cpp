// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/media_type.hpp>

#include <gtest/gtest.h>

namespace {

using tenon::http::media_type_of;

TEST(media_type, is_told_by_the_end_of_the_name) {
  EXPECT_EQ(media_type_of("index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(media_type_of("/a/b.c/site.CSS"), "text/css; charset=utf-8");
  EXPECT_EQ(media_type_of("x.tar.gz"), "application/gzip");
  EXPECT_EQ(media_type_of("font.woff2"), "font/woff2");
  for (const char* const name : {"", "html", "a/html", "a.html/b", "x.", "x.unknown", "."}) {
    EXPECT_EQ(media_type_of(name), "application/octet-stream") << name;
  }
}

}  // namespace
