// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/tls_settings.hpp>

#include <gtest/gtest.h>

namespace {

// What nobody asked for is safe: certificates are looked at, and nothing older than 1.2 is spoken.
TEST(tls_settings, are_safe_by_themselves) {
  const tenon::tls_client_settings client;
  EXPECT_EQ(client.servers, tenon::tls_verify::required);
  EXPECT_EQ(client.least, tenon::tls_version::tls_1_2);
  EXPECT_GT(client.hosts, 0U);
  const tenon::tls_server_settings server{.identities = {{"chain", "key"}}, .protocols = {"h2"}};
  EXPECT_EQ(server.clients, tenon::tls_verify::off);
  EXPECT_EQ(server.least, tenon::tls_version::tls_1_2);
  EXPECT_EQ(server.identities.front().key, "key");
  EXPECT_TRUE(server.identities.front().hosts.empty());
  for (const auto& each : {client.ciphers, server.ciphers}) EXPECT_EQ(each.find("ECDHE"), 0U);
}

}  // namespace
