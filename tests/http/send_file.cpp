// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/send_file.hpp>

#include "served.hpp"

#include <string>
#include <system_error>

#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace served;

template <class R>
class sent_file : public ::testing::Test {};
TYPED_TEST_SUITE(sent_file, runtimes);

// Small and large pieces, of answers of a known length and of an unknown one, and to HEAD; and what is not there.
TYPED_TEST(sent_file, is_a_piece_of_an_answer) {
  using x = typename handing_over<TypeParam>::exchange;
  const std::string text = std::string(200'000, 'a') + "the end";
  const tenon::unique_fd file(::memfd_create("sent", MFD_CLOEXEC));
  EXPECT_EQ(::pwrite(file.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  const auto answer = [&](x& one) -> tenon::task<void> {
    const int fd = file.get();
    const auto early = co_await http::send_file(one, fd, 0, 100'000);
    EXPECT_EQ(early.error(), std::errc::operation_not_permitted);
    const bool is_sized = one.request().path == "/sized";
    const auto begun = is_sized ? one.begin({.headers = {}}, text.size() + 3) : one.begin({.headers = {}});
    EXPECT_TRUE(begun);
    const auto small = co_await http::send_file(one, fd, 200'004, 3);
    EXPECT_TRUE(small);
    const auto large = co_await http::send_file(one, fd, 0, text.size());
    EXPECT_TRUE(large);
    if (one.request().path == "/short") {
      const auto beyond = co_await http::send_file(one, fd, 200'000, 100);
      EXPECT_EQ(beyond.error(), std::errc::io_error);
      co_return;
    }
    const auto ended = co_await one.finish();
    EXPECT_TRUE(ended);
  };
  EXPECT_EQ(conversation<TypeParam>(answer, "GET /sized HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 200010\r\nConnection: close\r\n\r\nend" + text);
  EXPECT_EQ(conversation<TypeParam>(answer, "HEAD /sized HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 200010\r\nConnection: close\r\n\r\n");
  const std::string chunks = "Transfer-Encoding: chunked\r\n";
  EXPECT_EQ(conversation<TypeParam>(answer, "GET /chunked HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
            "HTTP/1.1 200 OK\r\n" + chunks + "Connection: close\r\n\r\n3\r\nend\r\n30d47\r\n" + text + "\r\n0\r\n\r\n");
  EXPECT_EQ(conversation<TypeParam>(answer, "GET /short HTTP/1.1\r\nHost: h\r\n\r\n"),
            "HTTP/1.1 200 OK\r\n" + chunks + "\r\n3\r\nend\r\n30d47\r\n" + text);
}

}  // namespace
