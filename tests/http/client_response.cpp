// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/client_response.hpp>

#include "../runtime/ground.hpp"

#include <tenon/http/client.hpp>
#include <tenon/http/connection.hpp>
#include <tenon/http/parser.hpp>
#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
namespace http = tenon::http;

/// Answers each request with its method, path and body.
struct repeating {
  std::vector<std::unique_ptr<http::desk>> desks;

  [[nodiscard]] static http::patience patience() { return {}; }
  [[nodiscard]] http::desk& lend() {
    if (desks.empty()) desks.push_back(std::make_unique<http::desk>());
    http::desk& desk = *desks.back().release();
    desks.pop_back();
    return desk;
  }
  void take_back(http::desk& desk) noexcept { desks.emplace_back(&desk); }
  http::verdict answer(http::desk& at, bool last) {
    http::request asked;
    const http::progress seen = at.parser.parse(at.in.readable(), http::limits{}, asked);
    if (seen.is_more()) {
      at.in.truncate(seen.bytes);
      return http::verdict::more;
    }
    if (seen.is_failed()) {
      http::respond(at.out, http::error_response(seen.status), {});
      return http::verdict::close;
    }
    asked.keep_alive = asked.keep_alive && !last;
    const std::string body =
        std::string(name_of(asked.method)) + ' ' + std::string(asked.path) + ' ' + std::string(asked.body);
    http::respond(at.out, {.to = asked, .content_type = "text/plain", .body = body}, {});
    at.in.consume(seen.bytes);
    return asked.keep_alive ? http::verdict::again : http::verdict::close;
  }
};

template <class... Words>
struct composed : tenon::runtime<Words..., tenon_test::counted> {
  using base = tenon::runtime<Words..., tenon_test::counted>;
  using base::base;
};
template <class R>
struct client_response : testing::Test {};
using runtimes = testing::Types<composed<tenon::epoll, tenon::fifo, tenon::single_thread>
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                                ,
                                composed<tenon::io_uring<>, tenon::fifo, tenon::single_thread>
#endif
                                >;
TYPED_TEST_SUITE(client_response, runtimes);

template <class R>
tenon::task<void> accept_all(typename R::runtime& rt, typename R::tcp_listener door, repeating& service) {
  tenon::scope conns{rt};
  while (auto peer = co_await door.accept()) {
    conns.spawn([](typename R::tcp_stream with, repeating& by) { return http::serve(std::move(with), by); },
                std::move(*peer), std::ref(service));
  }
  co_await conns.join();
}

/// Asks so often, with a body of its own each time.
template <class R>
tenon::task<void> ask(http::client<R>& web, std::string at, int caller, std::size_t& good) {
  for (int i = 0; i < 20; ++i) {
    const std::string body(static_cast<std::size_t>(i * i * 100), static_cast<char>('a' + caller));
    http::client_request asked;
    asked.method = http::method::put;
    asked.url = at;
    asked.body = body;
    auto answer = co_await web.fetch(asked);
    EXPECT_TRUE(answer.has_value()) << answer.error().message();
    if (!answer) co_return;
    auto text = co_await answer->read_all(1 << 20);
    EXPECT_EQ(text ? *text : text.error().message(), "PUT /x " + body);
    ++good;
  }
}

TYPED_TEST(client_response, of_our_own_server_through_few_connections) {
  using R = TypeParam;
  {
    const R first;
  }
  const tenon_test::books kept;
  repeating service;
  R rt;
  rt.run([](typename R::runtime& runtime, repeating& served) -> tenon::task<void> {
    auto door = R::tcp_listener::bind(runtime, {"127.0.0.1", 0}).value();
    const std::string at = "http://127.0.0.1:" + std::to_string(door.local_endpoint().port()) + "/x";
    runtime.spawn(accept_all<R>, std::ref(runtime), std::move(door), std::ref(served));
    http::client_settings how;
    how.pool.per_host = 3;
    http::client<R> web(runtime, how);
    std::size_t good = 0;
    tenon::scope callers{runtime};
    for (int i = 0; i < 8; ++i) callers.spawn(ask<R>, std::ref(web), at, i, std::ref(good));
    co_await callers.join();
    EXPECT_EQ(good, 160U);
    EXPECT_EQ(web.idle(), 3U);
    runtime.request_stop();
  }(rt, service));
}

TYPED_TEST(client_response, is_a_source_for_another_request) {
  using R = TypeParam;
  repeating service;
  R rt;
  rt.run([](typename R::runtime& runtime, repeating& served) -> tenon::task<void> {
    auto door = R::tcp_listener::bind(runtime, {"127.0.0.1", 0}).value();
    const std::string at = "http://127.0.0.1:" + std::to_string(door.local_endpoint().port()) + "/x";
    runtime.spawn(accept_all<R>, std::ref(runtime), std::move(door), std::ref(served));
    http::client<R> web(runtime);
    const std::string body(50'000, 'q');
    http::client_request asked;
    asked.method = http::method::put;
    asked.url = at;
    asked.body = body;
    auto from = co_await web.fetch(asked);
    EXPECT_TRUE(from.has_value());
    if (!from) co_return;
    EXPECT_EQ(from->length(), 7 + body.size());
    EXPECT_EQ(from->headers().find("content-type"), "text/plain");
    http::client_request onward;
    onward.method = http::method::post;
    onward.url = at;
    auto to = co_await web.fetch(onward, *from);
    EXPECT_TRUE(to.has_value());
    if (!to) co_return;
    EXPECT_EQ(web.idle(), 1U) << "the first connection is free, though its answer is still there";
    auto moved = std::move(*to);
    auto text = co_await moved.read_all(1 << 20);
    EXPECT_EQ(text ? *text : "", "POST /x PUT /x " + body);
    runtime.request_stop();
  }(rt, service));
}

/// nginx on a port of its own, with its files in a folder of its own.
class nginx {
 public:
  nginx() {
    char folder[] = "/tmp/tenon-nginx-XXXXXX";
    if (::mkdtemp(folder) == nullptr) return;
    folder_ = folder;
    port_ = free_port();
    std::ofstream(folder_ + "/file.txt") << std::string(50'000, 'n');
    std::ofstream(folder_ + "/nginx.conf")
        << "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log error.log;\nevents {}\nhttp {\n"
           "  access_log off;\n  client_body_temp_path body;\n  proxy_temp_path proxy;\n  fastcgi_temp_path fastcgi;\n"
           "  uwsgi_temp_path uwsgi;\n  scgi_temp_path scgi;\n  keepalive_requests 5;\n  server {\n    listen "
           "127.0.0.1:"
        << port_ << ";\n    root " << folder_ << ";\n    location /moved { return 301 /file.txt; }\n  }\n}\n";
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execl(program(), "nginx", "-p", folder_.c_str(), "-c", "nginx.conf", "-e", "error.log", nullptr);
      ::_exit(127);
    }
  }
  nginx(const nginx&) = delete;
  nginx& operator=(const nginx&) = delete;
  ~nginx() {
    if (pid_ > 0) {
      ::kill(pid_, SIGTERM);
      ::waitpid(pid_, nullptr, 0);
    }
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  [[nodiscard]] static const char* program() {
    for (const char* const path : {"/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"}) {
      if (::access(path, X_OK) == 0) return path;
    }
    return nullptr;
  }
  [[nodiscard]] std::string url(std::string_view target) const {
    return "http://localhost:" + std::to_string(port_) + std::string(target);
  }

 private:
  static int free_port() {
    composed<tenon::epoll, tenon::fifo, tenon::single_thread> rt;
    auto door = decltype(rt)::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
    return door.local_endpoint().port();
  }

  std::string folder_;
  int port_ = 0;
  pid_t pid_ = -1;
};

TEST(client_response_of, nginx) {
  if (nginx::program() == nullptr) GTEST_SKIP() << "nginx is not installed";
  const nginx there;
  using R = composed<tenon::epoll, tenon::stealing<>>;
  typename R::settings two;
  two.threads = 2;
  R rt{two};
  rt.run([](R::runtime& runtime, const nginx& server) -> tenon::task<void> {
    http::client_settings how;
    how.pool.per_host = 3;
    how.retry.times = 12;  // it is still starting
    how.retry.first = 5ms;
    how.redirects = 1;
    http::client<R> web(runtime, how);
    tenon::scope callers{runtime};
    for (int i = 0; i < 6; ++i) {
      callers.spawn(
          [](http::client<R>& by, std::string file) -> tenon::task<void> {
            for (int turn = 0; turn < 12; ++turn) {  // more than nginx answers on one connection
              auto answer = co_await by.get(file);
              EXPECT_TRUE(answer.has_value()) << answer.error().message();
              if (!answer) co_return;
              EXPECT_EQ(answer->status(), http::status::ok);
              auto text = co_await answer->read_all(1 << 20);
              EXPECT_TRUE(text && *text == std::string(50'000, 'n'));
            }
          },
          std::ref(web), server.url("/moved"));
    }
    co_await callers.join();
    http::client_request asked;
    const std::string missing = server.url("/missing");
    asked.method = http::method::head;
    asked.url = missing;
    auto answer = co_await web.fetch(asked);
    EXPECT_TRUE(answer.has_value());
    if (answer) {
      EXPECT_EQ(answer->status(), http::status::not_found);
      auto text = co_await answer->read_all(0);
      EXPECT_EQ(text ? *text : text.error().message(), "");
    }
  }(rt, there));
}

}  // namespace
