// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/tcp_stream.hpp>
#include <tenon/scheduler/priority.hpp>

#include "ground.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

// A worker in the midst of a long compute region looks after its I/O, its timers and what is ready.

namespace {

using namespace tenon_test;

template <class R>
class service : public testing::Test {};
using all_served = testing::Types<crew<tenon::stealing<>, tenon::epoll>, crew<tenon::fifo, tenon::epoll>,
                                  crew<tenon::priority<3>, tenon::poll>
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                                  ,
                                  crew<tenon::stealing<>, tenon::io_uring<>>
#endif
                                  >;
TYPED_TEST_SUITE(service, all_served);

struct books_of_service {
  std::atomic<bool> computing{false};
  std::atomic<bool> over{false};
  long ticks = 0;
  long late_us = 0;  // the latest
  long all_late_us = 0;
  long posts = 0;
};

/// Counts, and says when it has been long enough.
struct work_until {
  std::chrono::steady_clock::time_point end;
  [[nodiscard]] bool reached() const { return std::chrono::steady_clock::now() >= end; }
};

/// Some 2^depth leaves of a microsecond each.
long burn(int depth, const work_until& limit) {
  if (depth == 0) {
    long sum = 0;
    for (int i = 0; i < 300; ++i) {
      sum += i;
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    return sum;
  }
  if (depth == 8 && limit.reached()) return 0;
  auto [a, b] = tenon::fork_join([&] { return burn(depth - 1, limit); }, [&] { return burn(depth - 1, limit); });
  return a + b;
}

task<void> tick(books_of_service* book) {
  while (!book->over.load()) {
    const auto due = std::chrono::steady_clock::now() + 1ms;
    (void)co_await tenon::sleep_for(1ms);
    if (!book->computing.load()) continue;
    ++book->ticks;
    const auto late = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - due);
    book->late_us = std::max(book->late_us, static_cast<long>(late.count()));
    book->all_late_us += static_cast<long>(late.count());
  }
}

template <class R>
task<void> echo(R* rt, int fd) {
  typename R::tcp_stream stream(*rt, tenon::unique_fd(fd));
  std::array<std::byte, 16> room{};
  for (;;) {
    const auto n = co_await stream.read_some(room);
    if (!n || *n == 0) co_return;
    const auto written = co_await stream.write_all(std::span(room).first(*n));
    if (!written) co_return;
  }
}

TYPED_TEST(service, goes_on_during_a_compute_region_of_one_worker) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  ASSERT_EQ(::fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
  books_of_service book;
  std::atomic<long> echoes{0};
  TypeParam rt{{.threads = 1}};
  std::thread client([&] {
    char byte = 'x';
    while (!book.over.load()) {
      if (::write(ends[0], &byte, 1) != 1 || ::read(ends[0], &byte, 1) != 1) break;
      if (book.computing.load()) echoes.fetch_add(1);
      if (book.computing.load()) {
        EXPECT_TRUE(rt.post([&book] { ++book.posts; }));
      }
    }
    ::close(ends[0]);
  });
  rt.run([](TypeParam& of, books_of_service& at, int fd) -> task<void> {
    tenon::scope some{of};
    some.spawn(tick, &at);
    some.spawn(echo<TypeParam>, &of, fd);
    (void)co_await tenon::sleep_for(5ms);
    at.computing.store(true);
    const work_until limit{std::chrono::steady_clock::now() + 300ms};
    while (!limit.reached()) (void)burn(14, limit);
    at.computing.store(false);
    at.over.store(true);
    co_await some.join();
  }(rt, book, ends[1]));
  client.join();
  // Counted and not timed: on a machine that does other things besides, there are fewer.
  EXPECT_GE(book.ticks, 20);
  EXPECT_GE(echoes.load(), 20);
  EXPECT_GE(book.posts, 20);
  this->RecordProperty("ticks", static_cast<int>(book.ticks));
  this->RecordProperty("latest_us", static_cast<int>(book.late_us));
  std::printf("figure: 300 ms of branches: %ld ticks of 1 ms, %ld us late on average, %ld us at most; %ld echoes\n",
              book.ticks, book.ticks != 0 ? book.all_late_us / book.ticks : 0, book.late_us, echoes.load());
}

}  // namespace
