// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/url.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace {

using tenon::http::resolve_location;
using tenon::http::url;

TEST(url, is_taken_apart) {
  const std::string text = "HTTP://Example.org:8080/a/b?c=d#e";
  const auto one = url::parse(text).value();
  EXPECT_FALSE(one.secure);
  EXPECT_EQ(one.host, "Example.org");
  EXPECT_EQ(one.port, 8080);
  EXPECT_EQ(one.authority, "Example.org:8080");
  EXPECT_EQ(one.target, "/a/b?c=d");
  const auto six = url::parse("wss://[::1]").value();
  EXPECT_TRUE(six.secure);
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.port, 443);
  EXPECT_EQ(six.authority, "[::1]");
  EXPECT_EQ(six.target, "");
  EXPECT_EQ(url::parse("http://[fe80::1]:81/").value().authority, "[fe80::1]:81");
  EXPECT_EQ(url::parse("http://a:80?x").value().authority, "a");
  EXPECT_EQ(url::parse("http://a:80?x").value().target, "?x");
  EXPECT_EQ(url::parse("https://a:80/").value().authority, "a:80");
  EXPECT_TRUE(url::parse("http://A/").value().same_origin(url::parse("ws://a:80/x").value()));
  EXPECT_FALSE(url::parse("http://a/").value().same_origin(url::parse("https://a/").value()));
}

TEST(url, refuses_what_no_request_can_say) {
  for (const char* const bad : {"", "a", "ftp://a/", "http:/a", "http://", "http:///x", "http://u@h/", "http://h:0/",
                                "http://h:65536/", "http://h:x/", "http://[::1/", "http://h/a b", "http://h/\r\n",
                                "http://h/\xc3\xa4", "http://a b/", "http://h:1:2/"}) {
    EXPECT_EQ(url::parse(bad).error(), std::errc::invalid_argument) << bad;
  }
}

TEST(url, a_location_is_seen_from_where_it_was_said) {
  const url base = url::parse("http://a:81/b/c/d?q").value();
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"https://z/y", "https://z/y"},
      {"//z/y", "http://z/y"},
      {"/g", "http://a:81/g"},
      {"g", "http://a:81/b/c/g"},
      {"./g", "http://a:81/b/c/g"},
      {"../g", "http://a:81/b/g"},
      {"../../../g", "http://a:81/g"},
      {"..", "http://a:81/b/"},
      {".", "http://a:81/b/c/"},
      {"?x", "http://a:81/b/c/d?x"},
      {"g?y/./x", "http://a:81/b/c/g?y/./x"},
      {"#s", "http://a:81/b/c/d?q#s"},
      {"/a/./b/../c", "http://a:81/a/c"},
  };
  for (const auto& [location, expected] : cases) {
    EXPECT_EQ(resolve_location(base, location).value(), expected) << location;
  }
  EXPECT_EQ(resolve_location(url::parse("http://a").value(), "g").value(), "http://a/g");
  EXPECT_FALSE(resolve_location(base, "mailto:x"));
  EXPECT_FALSE(resolve_location(base, "a b"));
}

}  // namespace
