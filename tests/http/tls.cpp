// SPDX-License-Identifier: BSL-1.0
#if __has_include(<openssl/ssl.h>) && __has_include(<tenon/http/server.hpp>)
#include <tenon/http/server.hpp>

#include <tenon/net/tls_listener.hpp>

#include "../net/tls.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include <unistd.h>

// One application over TCP and over TLS, asked by curl.

namespace {

using namespace tenon_test;
namespace http = tenon::http;

using ground = wired<tenon::epoll, tenon::stealing<>>;
using R = ground::runtime;

constexpr http::application pages(http::get<"/">([](http::context& c) { return c.text("Hello, World!\n"); }),
                                  http::get<"/long">([](http::context& c) {
                                    return c.text(std::string(300'000, 'l'));
                                  }));

template <class Door>
task<void> serve_at(R& rt, Door door) {
  http::server site(rt, pages);
  const auto served = co_await site.serve(std::move(door));
  EXPECT_TRUE(served);
}

std::pair<std::string, int> curl(const std::string& arguments) {
  std::string text;
  FILE* const from = ::popen(("curl -sS --max-time 20 --noproxy '*' " + arguments + " 2>&1").c_str(), "r");
  std::array<char, 4096> room{};
  for (std::size_t n = 0; (n = std::fread(room.data(), 1, room.size(), from)) != 0;) text.append(room.data(), n);
  return {text, ::pclose(from)};
}

TEST(tls, carries_the_same_application) {
  if (curl("--version").second != 0) GTEST_SKIP() << "there is no curl here";
  const std::string file = "http_tls." + std::to_string(::getpid()) + ".pem";
  std::ofstream(file) << ours().chain();
  ground rt{{.threads = 2}};
  auto plain = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  auto below = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  const std::string plain_url = "http://localhost:" + std::to_string(plain.local_endpoint().port());
  const std::string secure_url = "https://localhost:" + std::to_string(below.local_endpoint().port());
  using door = tenon::tls_listener<R::tcp_listener>;
  R& base = rt;
  rt.spawn(serve_at<R::tcp_listener>, std::ref(base), std::move(plain));
  rt.spawn(serve_at<door>, std::ref(base), door(std::move(below), tenon::tls_context::server(serving()).value()));
  std::thread runs([&rt] { rt.run(); });
  for (const std::string& url : {plain_url, secure_url}) {
    const auto front = curl("--cacert " + file + " " + url + "/");
    EXPECT_EQ(front.second, 0);
    EXPECT_EQ(front.first, "Hello, World!\n");
    // Twice on one connection, and once on one that ends.
    const auto twice = curl("--cacert " + file + " " + url + "/long " + url + "/");
    EXPECT_EQ(twice.second, 0);
    EXPECT_EQ(twice.first, std::string(300'000, 'l') + "Hello, World!\n");
    const auto last = curl("--cacert " + file + " -H 'Connection: close' " + url + "/long");
    EXPECT_EQ(last.second, 0);
    EXPECT_EQ(last.first.size(), 300'000U);
  }
  EXPECT_NE(curl(secure_url + "/").second, 0);
  rt.request_stop();
  runs.join();
  ::unlink(file.c_str());
}

}  // namespace

#endif
