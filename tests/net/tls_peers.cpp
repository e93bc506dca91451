// SPDX-License-Identifier: BSL-1.0
#if __has_include(<openssl/ssl.h>)
#include "tls.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

// Others' programs talk to a server of ours: OpenSSL's own client, and curl.

namespace {

using namespace tenon_test;

using ground = wired<tenon::epoll, tenon::stealing<>>;
using R = ground::runtime;

/// Answers a request of HTTP with a fixed text, and echoes anything else, line by line.
task<void> answer(R& rt, R::tcp_stream over, tenon::tls_context by) {
  auto peer = co_await secure<R>::accept(std::move(over), by, rt.now() + 10s);
  if (!peer) co_return;
  std::array<char, 4096> room{};
  for (;;) {
    const auto n = co_await peer->read_some(std::as_writable_bytes(std::span(room)), rt.now() + 10s);
    if (!n || *n == 0) break;
    const std::string_view said(room.data(), *n);
    if (said.starts_with("GET ")) {
      const std::string text = "hello over " + std::string(peer->version()) + "\n";
      const std::string whole = "HTTP/1.0 200 OK\r\n\r\n" + text;  // ends with the connection: the farewell matters
      const auto sent = co_await peer->write_all(bytes_of(whole));
      EXPECT_TRUE(sent);
      EXPECT_TRUE(peer->shutdown_send());
    } else {
      const auto sent = co_await peer->write_all(bytes_of(said));
      if (!sent) break;
    }
  }
}
task<void> serve(R& rt, R::tcp_listener door, tenon::tls_context by) {
  tenon::scope conns{rt};
  while (auto peer = co_await door.accept()) conns.spawn(answer, std::ref(rt), std::move(*peer), by);
  co_await conns.join();
}

/// Runs a command of the shell: what it prints, and how it ended.
std::pair<std::string, int> run(const std::string& command) {
  std::string text;
  FILE* const from = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> room{};
  for (std::size_t n = 0; (n = std::fread(room.data(), 1, room.size(), from)) != 0;) text.append(room.data(), n);
  const int status = ::pclose(from);
  return {text, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}
bool has(const char* program) { return run(std::string("command -v ") + program).second == 0; }

/// A server, and the file of its authority.
class tls_peers : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(authority_file_) << ours().chain();
    auto door = R::tcp_listener::bind(rt_, {"127.0.0.1", 0}).value();
    port_ = std::to_string(door.local_endpoint().port());
    tenon::tls_server_settings how = serving();
    how.protocols = {"http/1.1", "http/1.0"};
    rt_.spawn(serve, std::ref(static_cast<R&>(rt_)), std::move(door), tenon::tls_context::server(how).value());
    thread_ = std::thread([this] { rt_.run(); });
  }
  void TearDown() override {
    rt_.request_stop();
    thread_.join();
    ::unlink(authority_file_.c_str());
  }

  ground rt_{{.threads = 2}};
  std::string authority_file_ = "tls_peers." + std::to_string(::getpid()) + ".pem";
  std::string port_;
  std::thread thread_;
};

TEST_F(tls_peers, curl_gets_an_answer) {
  if (!has("curl")) GTEST_SKIP() << "there is no curl here";
  const std::string curl = "curl -sS --max-time 20 --noproxy '*' ";
  const std::string url = " https://localhost:" + port_ + "/";
  for (const char* const version : {"--tls-max 1.2", "--tlsv1.3"}) {
    const auto [text, code] = run(curl + "--cacert " + authority_file_ + " " + version + url);
    EXPECT_EQ(code, 0) << text;
    EXPECT_EQ(text, std::string("hello over TLSv1.") + (version[2] == 't' && version[5] == '-' ? "2\n" : "3\n"));
  }
  const auto [text, code] = run(curl + url);
  EXPECT_EQ(code, 60) << text;  // nobody it trusts vouches for us
}

TEST_F(tls_peers, openssl_s_client_talks_and_comes_back) {
  if (!has("openssl")) GTEST_SKIP() << "there is no openssl here";
  const std::string session = authority_file_ + ".session";
  const std::string client = "openssl s_client -connect 127.0.0.1:" + port_ + " -servername localhost -CAfile " +
                             authority_file_ + " -verify_return_error -verify_hostname localhost -alpn http/1.1 ";
  for (const char* const version : {"-tls1_2", "-tls1_3"}) {
    const auto first = run("(echo out and back; sleep 0.2) | " + client + version + " -sess_out " + session);
    EXPECT_EQ(first.second, 0) << first.first;
    EXPECT_NE(first.first.find("Verification: OK"), std::string::npos) << first.first;
    EXPECT_NE(first.first.find("\nout and back\n"), std::string::npos) << first.first;
    EXPECT_NE(first.first.find("ALPN protocol: http/1.1"), std::string::npos) << first.first;
    EXPECT_NE(first.first.find("New, TLSv1."), std::string::npos) << first.first;
    const auto second = run("(echo again; sleep 0.1) | " + client + version + " -sess_in " + session);
    EXPECT_NE(second.first.find("Reused, TLSv1."), std::string::npos) << second.first;
    EXPECT_NE(second.first.find("\nagain\n"), std::string::npos) << second.first;
  }
  const auto old = run("echo | " + client + "-tls1_1 -cipher DEFAULT@SECLEVEL=0");
  EXPECT_NE(old.second, 0) << old.first;
  ::unlink(session.c_str());
}

}  // namespace

#endif
