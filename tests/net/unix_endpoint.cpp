// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/unix_endpoint.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>

#include <sys/socket.h>
#include <sys/un.h>

namespace {

using namespace std::string_view_literals;
using tenon::unix_endpoint;

TEST(unix_endpoint, goes_to_the_kernel_and_back) {
  const unix_endpoint path("/run/edge.sock");
  EXPECT_EQ(unix_endpoint::from_native(path.to_native().value()), path);
  EXPECT_EQ(to_string(path), "/run/edge.sock");
  EXPECT_FALSE(path.is_abstract());
  const unix_endpoint name = unix_endpoint::abstract("ed\0ge"sv);
  EXPECT_EQ(unix_endpoint::from_native(name.to_native().value()), name);
  EXPECT_EQ(name.name().size(), 5U);
  EXPECT_EQ(to_string(unix_endpoint::abstract("edge")), "@edge");
  EXPECT_NE(unix_endpoint::abstract("edge"), unix_endpoint("edge"));
  EXPECT_EQ(unix_endpoint::from_native({}), unix_endpoint());
}

TEST(unix_endpoint, reads_a_path_that_no_zero_ends) {
  tenon::endpoint::native longest;  // as getpeername gives it: 108 bytes, and a zero that is counted
  longest.storage.ss_family = AF_UNIX;
  std::memset(reinterpret_cast<char*>(&longest.storage) + offsetof(sockaddr_un, sun_path), 'x', 109);
  longest.size = offsetof(sockaddr_un, sun_path) + 109;
  EXPECT_EQ(unix_endpoint::from_native(longest).name(), std::string(108, 'x'));
}

TEST(unix_endpoint, says_what_is_wrong_with_it) {
  EXPECT_EQ(unix_endpoint().to_native().error(), std::errc::invalid_argument);
  EXPECT_EQ(unix_endpoint("a\0b"sv).to_native().error(), std::errc::invalid_argument);
  EXPECT_TRUE(unix_endpoint(std::string(107, 'x')).to_native());
  EXPECT_EQ(unix_endpoint(std::string(108, 'x')).to_native().error(), std::errc::filename_too_long);
  EXPECT_TRUE(unix_endpoint::abstract(std::string(107, 'x')).to_native());
  EXPECT_EQ(unix_endpoint::abstract(std::string(108, 'x')).to_native().error(), std::errc::filename_too_long);
}

}  // namespace
