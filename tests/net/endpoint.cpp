// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/endpoint.hpp>

#include <gtest/gtest.h>

#include <string>
#include <system_error>

namespace {

using tenon::endpoint;

TEST(endpoint, goes_to_the_kernel_and_back) {
  for (const endpoint& at :
       {endpoint("127.0.0.1", 8080), endpoint("0.0.0.0", 0), endpoint("::1", 65535), endpoint("2001:db8::7", 443)}) {
    const auto native = at.to_native();
    ASSERT_TRUE(native) << to_string(at);
    EXPECT_EQ(endpoint::from_native(*native), at);
  }
  EXPECT_EQ(endpoint::from_native(*endpoint("localhost", 80).to_native()), endpoint("127.0.0.1", 80));
  EXPECT_EQ(endpoint::from_native({}), endpoint());
}

TEST(endpoint, refuses_what_is_no_address) {
  for (const char* text : {"", "example.org", "127.0.0", "127.0.0.1.1", "256.0.0.1", ":::", "[::1]", "127.0.0.1 "}) {
    EXPECT_EQ(endpoint(text, 1).to_native().error(), std::errc::invalid_argument) << text;
  }
}

TEST(endpoint, reads_and_writes_text) {
  EXPECT_EQ(endpoint::parse("127.0.0.1:8080").value(), endpoint("127.0.0.1", 8080));
  EXPECT_EQ(endpoint::parse("[::1]:443").value(), endpoint("::1", 443));
  EXPECT_EQ(endpoint::parse("localhost:0").value(), endpoint("localhost", 0));
  EXPECT_EQ(to_string(endpoint("127.0.0.1", 8080)), "127.0.0.1:8080");
  EXPECT_EQ(to_string(endpoint("::1", 443)), "[::1]:443");
  for (const char* text : {"", ":", "127.0.0.1", "127.0.0.1:", ":80", "127.0.0.1:65536", "127.0.0.1:-1",
                           "127.0.0.1:99999999999999999999", "127.0.0.1:8o", "[::1]", "nowhere:1", "[::1:80"}) {
    EXPECT_EQ(endpoint::parse(text).error(), std::errc::invalid_argument) << text;
  }
}

TEST(endpoint, wants_brackets_around_an_address_with_colons) {
  EXPECT_EQ(endpoint::parse("::1:443").error(), std::errc::invalid_argument) << "could be ::1:443 or [::1]:443";
  EXPECT_EQ(endpoint::parse("[127.0.0.1]:80").error(), std::errc::invalid_argument);
}

}  // namespace
