// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/unix_listener.hpp>

#include "wires.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace tenon_test;
using tenon::stale_socket;
using tenon::unix_endpoint;

/// A folder that goes with all that lies in it by these names.
class folder {
 public:
  folder() {
    char name[] = "/tmp/tenon-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() {
    ::unlink((path_ + "/door").c_str());
    EXPECT_EQ(::rmdir(path_.c_str()), 0);
  }
  [[nodiscard]] std::string door() const { return path_ + "/door"; }

 private:
  std::string path_;
};

bool is_there(const std::string& path) {
  struct stat about{};
  return ::lstat(path.c_str(), &about) == 0;
}

template <class R>
class unix_listeners : public testing::Test {};
TYPED_TEST_SUITE(unix_listeners, all_wired);

TYPED_TEST(unix_listeners, take_their_file_with_them) {
  using R = typename TypeParam::runtime;
  const folder here;
  run_wired<TypeParam>(
      2,
      [](R& rt, std::string path) -> task<void> {
        const unix_endpoint at(path);
        {
          auto door = R::unix_listener::bind(rt, at).value();
          EXPECT_TRUE(is_there(path));
          EXPECT_EQ(door.local_endpoint(), at);
          EXPECT_EQ(R::unix_listener::bind(rt, at).error(), std::errc::address_in_use);
          EXPECT_EQ(R::unix_listener::bind(rt, at, stale_socket::replace).error(), std::errc::address_in_use)
              << "somebody listens there";
          auto near = co_await R::unix_stream::connect(rt, at, rt.now() + 5s);
          auto far = co_await door.accept(rt.now() + 5s);  // the one that asked whether anybody listens
          EXPECT_TRUE(near && far);
          auto moved = std::move(door);
          EXPECT_TRUE(is_there(path));
        }
        EXPECT_FALSE(is_there(path));
        const auto gone = co_await R::unix_stream::connect(rt, at);
        EXPECT_EQ(gone.error(), std::errc::no_such_file_or_directory);
      },
      here.door());
}

TYPED_TEST(unix_listeners, refuse_or_replace_a_stale_file) {
  using R = typename TypeParam::runtime;
  const folder here;
  run_wired<TypeParam>(
      1,
      [](R& rt, std::string path) -> task<void> {
        const unix_endpoint at(path);
        const auto address = at.to_native();
        {
          const tenon::unique_fd killed(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
          EXPECT_EQ(::bind(killed.get(), address->data(), address->size), 0);
        }
        EXPECT_TRUE(is_there(path));
        EXPECT_EQ(R::unix_listener::bind(rt, at).error(), std::errc::address_in_use);
        {
          const auto door = R::unix_listener::bind(rt, at, stale_socket::replace);
          EXPECT_TRUE(door) << door.error().message();
          // Another has taken the path since: it stays.
          EXPECT_EQ(::unlink(path.c_str()), 0);
          const tenon::unique_fd file(::open(path.c_str(), O_CREAT | O_EXCL | O_CLOEXEC, 0600));
          EXPECT_TRUE(file);
        }
        EXPECT_TRUE(is_there(path));
        EXPECT_EQ(R::unix_listener::bind(rt, at, stale_socket::replace).error(), std::errc::address_in_use)
            << "a file that is no socket is nobody's to remove";
        EXPECT_TRUE(is_there(path));
        EXPECT_EQ(R::unix_listener::bind(rt, unix_endpoint("/nowhere/door")).error(),
                  std::errc::no_such_file_or_directory);
        co_return;
      },
      here.door());
}

TYPED_TEST(unix_listeners, wait_until_a_deadline_or_a_stop) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto door = R::unix_listener::bind(rt, unix_endpoint::abstract("tenon-door-" + std::to_string(::getpid()))).value();
    const auto late = co_await door.accept(rt.now() + 2ms);
    EXPECT_EQ(late.error(), std::errc::timed_out);
    tenon::scope one{rt};
    one.spawn(
        [](typename R::unix_listener& from) -> task<void> {
          const auto peer = co_await from.accept();
          EXPECT_EQ(peer.error(), std::errc::operation_canceled);
        },
        std::ref(door));
    (void)co_await tenon::sleep_for(1ms);
    one.cancel();
    co_await one.join();
  });
}

}  // namespace
