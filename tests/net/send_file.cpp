// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/send_file.hpp>

#include <tenon/net/file.hpp>

#include "wires.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace tenon_test;

template <class R>
class sent_files : public testing::Test {};
TYPED_TEST_SUITE(sent_files, all_wired);

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 31 + i / 251) & 0xff);
  return text;
}

tenon::unique_fd file_of(const std::string& text) {
  tenon::unique_fd fd(::memfd_create("sent", MFD_CLOEXEC));
  EXPECT_EQ(::pwrite(fd.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  return fd;
}

/// A stream that has to see its bytes: it has no send_file.
template <class R>
class seeing {
 public:
  explicit seeing(typename R::tcp_stream& below) : below_(&below) {}
  [[nodiscard]] auto write_all(std::span<const std::byte> from, tenon::time_point deadline) {
    seen += from.size();
    return below_->write_all(from, deadline);
  }
  [[nodiscard]] R& runtime() const { return below_->runtime(); }

  std::size_t seen = 0;

 private:
  typename R::tcp_stream* below_;
};

template <class R, class Stream>
task<tenon::result<std::uint64_t>> sends(Stream& to, int file, std::uint64_t offset, std::uint64_t count,
                                         typename R::tcp_stream& socket) {
  auto sent = co_await tenon::send_file(to, file, offset, count, to.runtime().now() + 20s);
  EXPECT_TRUE(socket.shutdown_send());
  co_return sent;
}

template <class R>
task<std::string> receives(typename R::tcp_stream& from) {
  std::string got;
  std::array<std::byte, 5000> room;
  for (;;) {
    const auto n = co_await from.read_some(room, from.runtime().now() + 20s);
    if (!n || *n == 0) break;
    got.append(reinterpret_cast<const char*>(room.data()), *n);
  }
  co_return got;
}

struct part {
  std::uint64_t offset, count, sent;
};
constexpr std::array<part, 5> asked{
    {{0, 3'000'000, 3'000'000}, {70'001, 100'000, 100'000}, {5, 0, 0}, {2'999'000, 5'000, 1'000}, {4'000'000, 1, 0}}};

TYPED_TEST(sent_files, arrive_as_they_are) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    const std::string text = pattern(3'000'000);
    const auto fd = file_of(text);
    for (const part& each : asked) {
      for (int copies = 0; copies != 2; ++copies) {
        auto both = co_await make_wire<R>(rt);
        seeing<R> stream(both.near);
        auto sending = copies == 1 ? sends<R>(stream, fd.get(), each.offset, each.count, both.near)
                                   : sends<R>(both.near, fd.get(), each.offset, each.count, both.near);
        const auto results = co_await tenon::when_all(std::move(sending), receives<R>(both.far));
        EXPECT_EQ(std::get<0>(results).value(), each.sent);
        const auto from = static_cast<std::size_t>(each.offset < text.size() ? each.offset : text.size());
        EXPECT_TRUE(std::get<1>(results) == text.substr(from, static_cast<std::size_t>(each.sent)));
        EXPECT_EQ(stream.seen, copies == 1 ? each.sent : 0);
      }
    }
  });
}

TYPED_TEST(sent_files, end_with_their_deadline_and_with_their_peer) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    const std::string text = pattern(8 << 20);
    const typename R::file file(rt, file_of(text));
    auto both = co_await make_wire<R>(rt);
    const auto late = co_await both.near.send_file(file, 0, text.size(), rt.now() + 5ms);
    EXPECT_EQ(late.error(), std::errc::timed_out);
    const auto bad = co_await both.near.send_file(-1, 0, 1);
    EXPECT_EQ(bad.error(), std::errc::bad_file_descriptor);
    // A socket that can send no more raises SIGPIPE, where it is not kept from it.
    EXPECT_TRUE(both.near.shutdown_send());
    const auto ended = co_await both.near.send_file(file, 0, text.size());
    EXPECT_EQ(ended.error(), std::errc::broken_pipe);
    // A peer that goes away in the midst.
    auto other = co_await make_wire<R>(rt);
    {
      const auto gone = std::move(other.far);
    }
    const auto reset = co_await other.near.send_file(file, 0, text.size(), rt.now() + 20s);
    EXPECT_TRUE(reset.error() == std::errc::connection_reset || reset.error() == std::errc::broken_pipe)
        << reset.error().message();
  });
}

template <class R>
task<void> is_stopped(typename R::tcp_stream& to, int file, std::error_code* why) {
  const auto sent = co_await to.send_file(file, 0, 8 << 20);
  *why = sent.error();
}

TYPED_TEST(sent_files, are_given_up_on_request) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    const auto fd = file_of(pattern(8 << 20));
    auto both = co_await make_wire<R>(rt);
    std::error_code why;
    tenon::scope sending{rt};
    sending.spawn(is_stopped<R>, std::ref(both.near), fd.get(), &why);
    std::array<std::byte, 1> first;
    const auto got = co_await both.far.read_some(first);  // it has begun, and nobody reads the rest
    EXPECT_EQ(got.value(), 1U);
    sending.cancel();
    co_await sending.join();
    EXPECT_EQ(why, std::errc::operation_canceled);
  });
}

}  // namespace
