// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/tcp_stream.hpp>
#include <tenon/scheduler/priority.hpp>

#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
#include <tenon/backend/libuv.hpp>
#endif

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

/// What asks a stack whose worker is never the only one that has nothing to do.
struct never_alone {
  int ticks = 0;
  static bool idle(void*) noexcept { return true; }
  static void call(void*) noexcept {}
  static std::int32_t tick(void* its, std::int32_t) noexcept { return ++static_cast<never_alone*>(its)->ticks, 10; }
  static void pause(void*, unsigned) noexcept {}
  static constexpr tenon::detail::branch_hooks hooks{&idle, &call, &tick, &pause};
};

TEST(service_at_forks, counts_those_that_are_shared_because_somebody_is_idle) {
  never_alone worker;
  tenon::detail::fork_stack own;
  own.belong_to(&worker, never_alone::hooks);
  for (int i = 0; i < 1'000; ++i) {
    tenon::detail::fork_stack::branch at(nullptr);
    at.lie_on(own.top());
    ASSERT_FALSE(own.ready());
    ASSERT_TRUE(own.make_ready());
    own.push(at);
    own.offer();
    ASSERT_TRUE(own.pop(at) || own.retake() == tenon::detail::branch_end::open);
  }
  own.close();
  EXPECT_GE(worker.ticks, 1'000 / 11);
}

/// Branches of 20 us, all of them shared before the innermost returns.
template <class Innermost>
void lay_out(int more, std::atomic<int>& begun, const Innermost& innermost) {
  if (more == 0) return innermost();
  tenon::fork_join(
      [&] {
        tenon::detail::here().forks->lay_open();
        lay_out(more - 1, begun, innermost);
      },
      [&] {
        begun.fetch_add(1);
        const work_until end{std::chrono::steady_clock::now() + 20us};
        while (!end.reached()) {
        }
      });
}

TEST(service_of_a_thief, goes_on_between_stolen_branches) {
  using app = crew<tenon::stealing<>, tenon::epoll>;
  std::atomic<bool> armed{false}, woke{false};
  app rt{{.threads = 2}};
  rt.run([](app& of, std::atomic<bool>& is_armed, std::atomic<bool>& has_woken) -> task<void> {
    EXPECT_TRUE(of.spawn(
        [](std::atomic<bool>* arms, std::atomic<bool>* wakes) -> task<void> {
          arms->store(true);
          (void)co_await tenon::sleep_for(1ms);
          wakes->store(true);
        },
        &is_armed, &has_woken));
    while (!is_armed.load()) std::this_thread::yield();  // on the other worker, for this one is here
    std::atomic<int> begun{0};
    lay_out(400, begun, [&] {
      while (begun.load() < 400 && !has_woken.load()) std::this_thread::yield();
      EXPECT_TRUE(has_woken.load()) << "the thief ran 8 ms of branches and looked at no timer";
    });
    co_return;
  }(rt, armed, woke));
}

TEST(service_at_forks, leaves_the_chain_of_the_task_as_it_was) {
  using app = crew<tenon::stealing<>>;
  app rt{{.threads = 1}};
  std::atomic<int> ran{0};
  rt.run([](app& of, std::atomic<int>& items) -> task<void> {
    for (int i = 0; i < 10; ++i) co_await []() -> task<void> { co_return; }();
    const unsigned chain = tenon::detail::here().chain, depth = tenon::detail::here().depth;
    for (int i = 0; i < 8; ++i) {
      EXPECT_TRUE(of.post([&items] { items.fetch_add(1); }));
    }
    EXPECT_TRUE(comes_true([&] { return items.load() == 8; }));
    EXPECT_EQ(tenon::detail::here().chain, chain);
    EXPECT_EQ(tenon::detail::here().depth, depth);
    EXPECT_NE(chain, tenon::detail::chain_depth);
  }(rt, ran));
}

#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
/// A handle of the program's own that forks, within the wait of its worker.
struct ringing {
  uv_timer_t timer{};
  crew<tenon::stealing<>, tenon::libuv>* of = nullptr;
  std::atomic<bool> served{false};
  bool was_served_within = false;
  std::atomic<bool> rang{false};

  void ring() {
    EXPECT_TRUE(of->defer([this] { served.store(true); }));
    const auto until = std::chrono::steady_clock::now() + 3ms;
    while (std::chrono::steady_clock::now() < until) tenon::fork_join([] {}, [] {});
    was_served_within = served.load();
    rang.store(true);
  }
};

TEST(service_at_forks, is_not_from_within_the_wait_of_the_worker) {
  crew<tenon::stealing<>, tenon::libuv> rt{{.threads = 1}};
  ringing bell;
  bell.of = &rt;
  rt.run([](crew<tenon::stealing<>, tenon::libuv>& of, ringing& its) -> task<void> {
    EXPECT_EQ(::uv_timer_init(&of.current()->backend().native(), &its.timer), 0);
    its.timer.data = &its;
    EXPECT_EQ(
        ::uv_timer_start(&its.timer, [](uv_timer_t* self) { static_cast<ringing*>(self->data)->ring(); }, 1, 0), 0);
    for (int i = 0; i < 10'000 && !its.served.load(); ++i) (void)co_await tenon::sleep_for(1ms);
    ::uv_close(reinterpret_cast<uv_handle_t*>(&its.timer), nullptr);
    (void)co_await tenon::sleep_for(1ms);
  }(rt, bell));
  EXPECT_TRUE(bell.rang.load());
  EXPECT_TRUE(bell.served.load());
  EXPECT_FALSE(bell.was_served_within) << "the worker waited within its wait";
}
#endif

}  // namespace
