// SPDX-License-Identifier: BSL-1.0
#if __has_include(<openssl/ssl.h>)
#include <tenon/net/tls_context.hpp>

#include "tls.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

using namespace tenon_test;

using ground = wired<tenon::epoll, tenon::stealing<>>;
using R = ground::runtime;

/// What the two sides made of each other.
struct outcome {
  std::error_code client;
  std::error_code server;
  std::string protocol;
  std::string subject;  // of the server, as the client saw it
  std::string visitor;  // and the other way round
  std::string version;
  bool resumed = false;
  bool talked = false;

  outcome() = default;
};

/// Shakes hands, says a word each way.
outcome meet(const tenon::tls_context& server, const tenon::tls_context& client,
             const std::string& host = "localhost") {
  outcome out;
  run_wired<ground>(
      1,
      [](R& rt, tenon::tls_context one, tenon::tls_context other, std::string whom, outcome* how) -> task<void> {
        auto both = co_await shake_hands(rt, std::move(one), std::move(other), std::move(whom));
        how->client = both.client.error();
        how->server = both.server.error();
        if (both.client && !both.server) {  // what the server did not like, the client hears when it reads
          std::array<std::byte, 8> room{};
          const auto got = co_await both.client->read_some(room, rt.now() + 5s);
          how->client = got.error();
        }
        if (!both.client || !both.server) co_return;
        how->protocol = both.client->negotiated_protocol();
        EXPECT_EQ(both.server->negotiated_protocol(), how->protocol);
        how->subject = both.client->peer_subject();
        how->visitor = both.server->peer_subject();
        how->version = both.client->version();
        how->resumed = both.client->resumed();
        EXPECT_EQ(both.server->resumed(), how->resumed);
        how->talked = co_await talk(both);
      },
      server, client, host, &out);
  return out;
}
outcome meet(const tenon::tls_server_settings& server, const tenon::tls_client_settings& client,
             const std::string& host = "localhost") {
  return meet(tenon::tls_context::server(server).value(), tenon::tls_context::client(client).value(), host);
}

TEST(tls_context, has_certificates_looked_at) {
  EXPECT_TRUE(meet(serving(), asking()).talked);
  EXPECT_TRUE(meet(serving(), asking(), "127.0.0.1").talked);
  EXPECT_TRUE(meet(serving(), asking(), "::1").talked);

  const outcome other_host = meet(serving(), asking(), "example.org");
  EXPECT_EQ(other_host.client, tenon::tls_errc::wrong_host) << other_host.client.message();
  EXPECT_EQ(other_host.server, tenon::tls_errc::refused) << other_host.server.message();
  EXPECT_EQ(other_host.client.message(), "certificate: hostname mismatch");
  EXPECT_EQ(meet(serving(), asking(), "127.0.0.2").client, tenon::tls_errc::wrong_host);

  const authority strangers("strangers");
  tenon::tls_client_settings trusting_others;
  trusting_others.authorities = strangers.chain();
  EXPECT_EQ(meet(serving(), trusting_others).client, tenon::tls_errc::untrusted);
  EXPECT_EQ(meet(serving(), tenon::tls_client_settings()).client, tenon::tls_errc::untrusted);  // nor the system

  asked_certificate old;
  old.valid_from = -7200;
  old.valid_to = -3600;
  tenon::tls_server_settings expired;
  expired.identities.push_back(identity_of(ours().issue(old)));
  EXPECT_EQ(meet(expired, asking()).client, tenon::tls_errc::expired);

  // Who does not look is told of nothing; and only who does not look may name nobody.
  tenon::tls_client_settings blind;
  blind.servers = tenon::tls_verify::off;
  EXPECT_TRUE(meet(expired, blind, "").talked);
  EXPECT_EQ(meet(serving(), asking(), "").client, std::errc::invalid_argument);
  EXPECT_EQ(meet(serving(), asking(), std::string("localhost\0.example.org", 22)).client, std::errc::invalid_argument);
}

TEST(tls_context, agrees_on_a_protocol) {
  tenon::tls_server_settings server = serving();
  tenon::tls_client_settings client = asking();
  server.protocols = {"h2", "http/1.1"};
  EXPECT_EQ(meet(server, client).protocol, "");
  client.protocols = {"http/1.1", "h2"};
  EXPECT_EQ(meet(server, client).protocol, "h2");  // the server's choice
  client.protocols = {"http/1.1"};
  EXPECT_EQ(meet(server, client).protocol, "http/1.1");
  client.protocols = {"smtp"};
  const outcome none = meet(server, client);
  EXPECT_EQ(none.client, tenon::tls_errc::no_protocol) << none.client.message();
  EXPECT_EQ(none.server, tenon::tls_errc::no_protocol) << none.server.message();
  EXPECT_EQ(meet(serving(), client).protocol, "");  // a server that knows of none
}

TEST(tls_context, shows_the_identity_that_is_asked_for) {
  tenon::tls_server_settings server = serving();
  server.identities.push_back(
      identity_of(ours().issue(asked_certificate("a", "DNS:a.example.org,DNS:A2.example.org"))));
  server.identities.push_back(identity_of(ours().issue(asked_certificate("wild", "DNS:*.example.org"))));
  server.identities.push_back(identity_of(ours().issue(asked_certificate("named", "DNS:elsewhere.net"))));
  server.identities.back().hosts = {"Named.example.com"};
  tenon::tls_client_settings client = asking();
  EXPECT_EQ(meet(server, client, "localhost").subject, "CN=localhost");
  EXPECT_EQ(meet(server, client, "a.example.org").subject, "CN=a");
  EXPECT_EQ(meet(server, client, "a2.EXAMPLE.org").subject, "CN=a");
  EXPECT_EQ(meet(server, client, "b.example.org").subject, "CN=wild");
  EXPECT_EQ(meet(server, client, "b.b.example.org").client, tenon::tls_errc::wrong_host);  // a star is one label
  client.servers = tenon::tls_verify::off;
  EXPECT_EQ(meet(server, client, "named.example.com").subject, "CN=named");
  EXPECT_EQ(meet(server, client, "elsewhere.net").subject, "CN=localhost");
  EXPECT_EQ(meet(server, client, "127.0.0.1").subject, "CN=localhost");
}

TEST(tls_context, lets_a_client_come_back) {
  for (const bool older : {false, true}) {
    tenon::tls_server_settings how = serving();
    auto server = tenon::tls_context::server(how).value();
    auto client = tenon::tls_context::client(asking()).value();
    if (older) SSL_CTX_set_max_proto_version(client.state()->native(), TLS1_2_VERSION);
    const outcome first = meet(server, client);
    EXPECT_EQ(first.version, older ? "TLSv1.2" : "TLSv1.3");
    EXPECT_FALSE(first.resumed);
    EXPECT_FALSE(meet(server, client, "127.0.0.1").resumed);  // another host, as far as the client knows
    for (int i = 0; i < 3; ++i) {
      const outcome again = meet(server, client);
      EXPECT_TRUE(again.resumed && again.talked);
      EXPECT_EQ(again.subject, "CN=localhost");
    }
    EXPECT_TRUE(server.reload(how));  // the tickets are good still
    EXPECT_TRUE(meet(server, client).resumed);

    how.tickets = 0;
    EXPECT_TRUE(server.reload(how));
    auto fresh = tenon::tls_context::client(asking()).value();
    if (older) SSL_CTX_set_max_proto_version(fresh.state()->native(), TLS1_2_VERSION);
    EXPECT_FALSE(meet(server, fresh).resumed);
    EXPECT_FALSE(meet(server, fresh).resumed);
  }
  tenon::tls_client_settings forgetful = asking();
  forgetful.hosts = 0;
  const auto server = tenon::tls_context::server(serving()).value();
  const auto client = tenon::tls_context::client(forgetful).value();
  EXPECT_FALSE(meet(server, client).resumed);
  EXPECT_FALSE(meet(server, client).resumed);

  tenon::tls_client_settings little = asking();
  little.hosts = 1;
  const auto narrow = tenon::tls_context::client(little).value();
  EXPECT_FALSE(meet(server, narrow).resumed);
  EXPECT_FALSE(meet(server, narrow, "127.0.0.1").resumed);  // in place of the other
  EXPECT_TRUE(meet(server, narrow, "127.0.0.1").resumed);
  EXPECT_FALSE(meet(server, narrow).resumed);
}

TEST(tls_context, asks_clients_who_they_are) {
  tenon::tls_server_settings server = serving();
  server.clients = tenon::tls_verify::required;
  server.authorities = ours().chain();
  const outcome nobody = meet(server, asking());
  EXPECT_EQ(nobody.server, tenon::tls_errc::no_certificate) << nobody.server.message();
  EXPECT_EQ(nobody.client, tenon::tls_errc::refused) << nobody.client.message();

  tenon::tls_client_settings ann = asking();
  ann.identity = identity_of(ours().issue(asked_certificate("ann")));
  const auto known = tenon::tls_context::server(server).value();
  const auto hers = tenon::tls_context::client(ann).value();
  const outcome seen = meet(known, hers);
  EXPECT_TRUE(seen.talked);
  EXPECT_EQ(seen.visitor, "CN=ann");
  const outcome again = meet(known, hers);
  EXPECT_TRUE(again.resumed);
  EXPECT_EQ(again.visitor, "CN=ann");  // the ticket says so

  tenon::tls_client_settings eve = asking();
  eve.identity = identity_of(authority("others").issue(asked_certificate("eve")));
  EXPECT_EQ(meet(server, eve).server, tenon::tls_errc::untrusted);
  server.clients = tenon::tls_verify::offered;
  EXPECT_TRUE(meet(server, asking()).talked);
  EXPECT_EQ(meet(server, eve).server, tenon::tls_errc::untrusted);

  // The trust goes with the server, whichever of its names is asked for.
  server.clients = tenon::tls_verify::required;
  server.identities.push_back(identity_of(ours().issue(asked_certificate("b", "DNS:b.example.org"))));
  EXPECT_EQ(meet(server, ann, "b.example.org").visitor, "CN=ann");
  EXPECT_EQ(meet(server, eve, "b.example.org").server, tenon::tls_errc::untrusted);
}

TEST(tls_context, speaks_what_is_new_enough) {
  tenon::tls_server_settings server = serving();
  server.least = tenon::tls_version::tls_1_3;
  const auto strict = tenon::tls_context::server(server).value();
  const auto client = tenon::tls_context::client(asking()).value();
  EXPECT_EQ(meet(strict, client).version, "TLSv1.3");
  SSL_CTX_set_max_proto_version(client.state()->native(), TLS1_2_VERSION);
  EXPECT_EQ(meet(strict, client).client, tenon::tls_errc::refused);
  EXPECT_EQ(meet(tenon::tls_context::server(serving()).value(), client).version, "TLSv1.2");
  // The sides are not mixed up.
  EXPECT_EQ(meet(client, strict).client, std::errc::invalid_argument);
}

TEST(tls_context, says_what_is_wrong_with_its_settings) {
  tenon::tls_server_settings none;
  EXPECT_EQ(tenon::tls_context::server(none).error(), std::errc::invalid_argument);

  tenon::tls_server_settings mixed = serving();
  mixed.identities[0].key = ours().issue().key();
  const auto mismatch = tenon::tls_context::server(mixed);
  EXPECT_EQ(&mismatch.error().category(), &tenon::tls_category());
  EXPECT_NE(mismatch.error().message().find("mismatch"), std::string::npos) << mismatch.error().message();

  tenon::tls_server_settings missing = serving();
  missing.identities[0].chain = "/nowhere/chain.pem";
  EXPECT_EQ(tenon::tls_context::server(missing).error(), std::errc::no_such_file_or_directory);
  missing = serving();
  missing.identities[0].key = "-----BEGIN NOTHING-----\n";
  EXPECT_EQ(&tenon::tls_context::server(missing).error().category(), &tenon::tls_category());
  missing = serving();
  missing.identities[0].chain.resize(200);
  EXPECT_FALSE(tenon::tls_context::server(missing));

  tenon::tls_server_settings protocols = serving();
  protocols.protocols = {""};
  EXPECT_EQ(tenon::tls_context::server(protocols).error(), std::errc::invalid_argument);
  tenon::tls_client_settings ciphers = asking();
  ciphers.ciphers = "NONE-SUCH";
  EXPECT_EQ(tenon::tls_context::client(ciphers).error().message(), "no cipher match");

  // A reload that fails changes nothing, and a client does not become a server.
  auto server = tenon::tls_context::server(serving()).value();
  EXPECT_FALSE(server.reload(mixed));
  EXPECT_EQ(server.reload(asking()).error(), std::errc::invalid_argument);
  EXPECT_TRUE(meet(server, tenon::tls_context::client(asking()).value()).talked);
}

TEST(tls_context, reads_files) {
  std::array<char, 32> folder{"tls_context.XXXXXX"};
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string chain = std::string(folder.data()) + "/chain.pem";
  const std::string key = std::string(folder.data()) + "/key.pem";
  const authority between("between");
  const certificate leaf = ours().issue();
  std::ofstream(chain) << leaf.chain() << ours().chain();
  std::ofstream(key) << leaf.key();
  tenon::tls_server_settings server;
  server.identities.push_back({chain, key});
  tenon::tls_client_settings client;
  client.authorities = chain;
  EXPECT_TRUE(meet(server, client).talked);
  ::unlink(chain.c_str());
  ::unlink(key.c_str());
  ::rmdir(folder.data());
}

/// Talks on a connection for as long as it is told to.
task<void> stay(handshake<R> both, const std::atomic<bool>* over, int* words) {
  while (!over->load()) {
    const bool talked = co_await talk(both);
    EXPECT_TRUE(talked);
    ++*words;
    co_await tenon::yield();
  }
}

// Connections come and go on one worker and reloads on another: those that are there go on with what they have.
TEST(tls_context, is_reloaded_while_connections_are_served) {
  run_wired<ground>(2, [](R& rt) -> task<void> {
    tenon::tls_server_settings how;
    how.identities.push_back(identity_of(ours().issue(asked_certificate("n0", "DNS:localhost"))));
    auto server = tenon::tls_context::server(how).value();
    tenon::tls_client_settings whom = asking();
    whom.hosts = 0;  // each handshake shows the certificate
    const auto client = tenon::tls_context::client(whom).value();
    auto old = co_await shake_hands(rt, server, client);
    EXPECT_EQ(old.client->peer_subject(), "CN=n0");
    std::atomic<bool> over{false};
    std::atomic<int> renewed{0};
    int words = 0;
    tenon::scope tasks{rt};
    tasks.spawn(stay, std::move(old), &over, &words);
    tasks.spawn(
        [](tenon::tls_context at, const std::atomic<bool>* until, std::atomic<int>* count) -> task<void> {
          while (!until->load()) {
            const std::string name = "n" + std::to_string(count->load() + 1);
            tenon::tls_server_settings next;
            next.identities.push_back(identity_of(ours().issue(asked_certificate(name, "DNS:localhost"))));
            EXPECT_TRUE(at.reload(next));
            count->fetch_add(1);
            co_await tenon::yield();
          }
        },
        server, &over, &renewed);
    for (int i = 0; i < rounds(60) || renewed.load() < 3; ++i) {
      const int before = renewed.load();
      auto both = co_await shake_hands(rt, server, client);
      EXPECT_TRUE(both.client && both.server);
      if (!both.client || !both.server) break;
      EXPECT_GE(std::atoi(both.client->peer_subject().c_str() + 4), before);
      const bool talked = co_await talk(both);
      EXPECT_TRUE(talked);
    }
    over.store(true);
    co_await tasks.join();
    EXPECT_GT(words, 0);
  });
}

}  // namespace

#endif
