// SPDX-License-Identifier: BSL-1.0
// A runtime inside somebody else's loop: launch, poll_once, native_handle, next_deadline.
#include "../net/wires.hpp"

#include <tenon/backend/concept.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/runtime/embedding.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

#include <sys/epoll.h>

namespace {

using namespace tenon_test;

/// What is left until a deadline, for a loop that counts milliseconds: rounded up, -1 for never.
template <class R>
int milliseconds_until(R& rt, tenon::time_point deadline) {
  if (deadline == tenon::never) return -1;
  const auto left = (deadline - rt.now()).count();
  return left <= 0 ? 0 : static_cast<int>((left + 999'999) / 1'000'000);
}

/// A loop of epoll's, level-triggered or by edges: how often it polled is in `polls`.
template <class R>
void host_by_epoll(R& rt, int& polls, std::uint32_t edges = 0) {
  const tenon::unique_fd outer{::epoll_create1(EPOLL_CLOEXEC)};
  epoll_event asked{EPOLLIN | edges, {.ptr = nullptr}};
  ASSERT_EQ(::epoll_ctl(outer.get(), EPOLL_CTL_ADD, rt.native_handle(), &asked), 0);
  while (rt.poll_once()) {
    ++polls;
    epoll_event got{};
    const auto due = rt.next_deadline();
    // The kernel ends waits of a thread that has, or had, a ring with EINTR now and then.
    while (::epoll_wait(outer.get(), &got, 1, milliseconds_until(rt, due)) < 0) ASSERT_EQ(errno, EINTR);
  }
}

#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
/// A loop of libuv's, with a uv_poll_t and a uv_timer_t.
template <class R>
class uv_host {
 public:
  explicit uv_host(R& rt) : rt_(rt) {
    ::uv_loop_init(&loop_);
    ::uv_poll_init(&loop_, &readable_, rt.native_handle());
    ::uv_timer_init(&loop_, &timer_);
    readable_.data = timer_.data = this;
  }
  uv_host(const uv_host&) = delete;
  uv_host& operator=(const uv_host&) = delete;
  ~uv_host() { EXPECT_EQ(::uv_loop_close(&loop_), 0); }

  void run(int& polls) {
    polls_ = &polls;
    ::uv_poll_start(&readable_, UV_READABLE,
                    [](uv_poll_t* handle, int, int) { static_cast<uv_host*>(handle->data)->turn(); });
    turn();
    ::uv_run(&loop_, UV_RUN_DEFAULT);
  }

 private:
  void turn() {
    ++*polls_;
    if (!rt_.poll_once()) {
      ::uv_close(reinterpret_cast<uv_handle_t*>(&readable_), nullptr);
      ::uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
      return;
    }
    ::uv_timer_stop(&timer_);
    const int left = milliseconds_until(rt_, rt_.next_deadline());
    if (left < 0) return;
    ::uv_update_time(&loop_);
    ::uv_timer_start(
        &timer_, [](uv_timer_t* handle) { static_cast<uv_host*>(handle->data)->turn(); },
        static_cast<std::uint64_t>(left), 0);
  }

  R& rt_;
  int* polls_ = nullptr;
  uv_loop_t loop_{};
  uv_poll_t readable_{};
  uv_timer_t timer_{};
};
#endif

template <class Backend>
using embedded_by = std::tuple<wired<Backend, tenon::fifo>, wired<Backend, tenon::stealing<>>,
                               wired<Backend, tenon::affinity<>>, wired<Backend, tenon::fifo, tenon::single_thread>>;
#if defined(TENON_TESTS_PAIRWISE)
using all_embedded = as_types<decltype(std::tuple_cat(
    std::tuple<wired<tenon::epoll, tenon::fifo>, wired<tenon::epoll, tenon::fifo, tenon::single_thread>>()
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
        ,
    std::tuple<wired<tenon::io_uring<>, tenon::stealing<>>,
               wired<tenon::io_uring<>, tenon::fifo, tenon::single_thread>>()
#endif
#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
        ,
    std::tuple<wired<tenon::libuv, tenon::affinity<>>>()
#endif
        ))>::type;
#else
using all_embedded = as_types<decltype(std::tuple_cat(std::declval<embedded_by<tenon::epoll>>()
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                                                          ,
                                                      std::declval<embedded_by<tenon::io_uring<>>>()
#endif
#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
                                                          ,
                                                      std::declval<embedded_by<tenon::libuv>>()
#endif
                                                          ))>::type;
#endif

template <class R>
typename R::settings some_threads([[maybe_unused]] std::size_t count) {
  typename R::settings how_much;
  if constexpr (R::threading::concurrent) how_much.threads = count;
  return how_much;
}

template <class R>
class embedding : public testing::Test {
  static_assert(tenon::embeddable_loop<typename R::backend::template loop<typename R::threading>>);
};
TYPED_TEST_SUITE(embedding, all_embedded);

constexpr int exchanges = 20;
constexpr int naps = 5;

template <class R>
task<void> echo(typename R::tcp_stream peer) {
  std::array<std::byte, 64> room;
  for (;;) {
    const auto got = co_await peer.read_some(room);
    if (!got || *got == 0) co_return;
    const auto sent = co_await peer.write_all(std::span(room).first(*got));
    if (!sent) co_return;
  }
}
template <class R>
task<void> serve(typename R::runtime& rt, typename R::tcp_listener door) {
  tenon::scope peers{rt};
  auto peer = co_await door.accept();
  if (peer) peers.spawn(echo<R>, std::move(*peer));
  co_await peers.join();
}
template <class R>
task<void> talk(R& rt, int& heard) {
  auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  tenon::endpoint at = door.local_endpoint();
  rt.spawn(serve<R>, std::ref(static_cast<typename R::runtime&>(rt)), std::move(door));
  auto connected = co_await R::tcp_stream::connect(rt, std::move(at));
  auto peer = std::move(connected).value();
  std::array<std::byte, 16> said{};
  std::array<std::byte, 16> back{};
  for (int i = 0; i < exchanges; ++i) {
    said.fill(static_cast<std::byte>(i));
    const auto sent = co_await peer.write_all(said);
    EXPECT_TRUE(sent);
    const std::size_t got = co_await read_whole<R>(peer, back);
    if (got == back.size() && said == back) ++heard;
    if (i % (exchanges / naps) == 0) {
      const bool slept = co_await tenon::sleep_for(3ms);
      EXPECT_TRUE(slept);
    }
  }
}

// Each way of a message may wake the host once, and each end of a connection and each nap too: more is a busy loop. A
// two-way message is at most four.
constexpr int most_polls = 4 * exchanges + 4 * naps + 40;

TYPED_TEST(embedding, serves_an_echo_and_timers_inside_a_loop_of_epoll) {
  for (const std::uint32_t edges : {0U, static_cast<std::uint32_t>(EPOLLET)}) {
    TypeParam each{some_threads<TypeParam>(2)};
    int polls = 0;
    int heard = 0;
    EXPECT_EQ(each.state(), tenon::phase::initializing);
    each.launch(talk(each, heard));
    EXPECT_EQ(each.state(), tenon::phase::running);
    host_by_epoll(each, polls, edges);
    EXPECT_EQ(each.state(), tenon::phase::stopped);
    EXPECT_EQ(heard, exchanges);
    EXPECT_LE(polls, most_polls);
    EXPECT_GE(each.report().uptime, naps * 3ms);
    EXPECT_GE(each.report().all.bytes_received, 2U * 16U * exchanges);
    EXPECT_FALSE(each.poll_once());
  }
}

#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
TYPED_TEST(embedding, serves_an_echo_and_timers_inside_a_loop_of_libuv) {
  TypeParam rt{some_threads<TypeParam>(2)};
  int polls = 0;
  int heard = 0;
  rt.launch(talk(rt, heard));
  uv_host host{rt};
  host.run(polls);
  EXPECT_EQ(heard, exchanges);
  EXPECT_LE(polls, 2 * most_polls);
  EXPECT_EQ(rt.state(), tenon::phase::stopped);
}
#endif

TYPED_TEST(embedding, what_another_thread_posts_wakes_the_host) {
  TypeParam rt{some_threads<TypeParam>(2)};
  int polls = 0;
  if constexpr (TypeParam::has_remote_post) {
    constexpr int rings = 200;
    std::atomic<int> ran{0};
    rt.launch([]() -> task<void> {
      const bool slept = co_await tenon::sleep_until(tenon::never);
      EXPECT_FALSE(slept);
    }());
    std::thread outside([&] {
      for (int i = 0; i < rings; ++i) {
        EXPECT_TRUE(rt.post([&ran] {
          ran.fetch_add(1);
          ran.notify_one();
        }));
        ran.wait(i);  // one at a time: each finds the host asleep, or about to be
      }
      rt.request_stop();
    });
    host_by_epoll(rt, polls);
    outside.join();
    EXPECT_EQ(ran.load(), rings);
    EXPECT_LE(polls, 2 * rings + 40);
    EXPECT_FALSE(rt.post([] {}));
  } else {
    rt.launch([]() -> task<void> { co_return; }());
    host_by_epoll(rt, polls);
    EXPECT_LE(polls, 2);
  }
}

TYPED_TEST(embedding, what_the_host_itself_starts_between_two_polls_wakes_it) {
  TypeParam rt{some_threads<TypeParam>(2)};
  const tenon::unique_fd outer{::epoll_create1(EPOLL_CLOEXEC)};
  epoll_event asked{EPOLLIN, {.ptr = nullptr}};
  rt.launch([]() -> task<void> {
    const bool slept = co_await tenon::sleep_until(tenon::never);
    EXPECT_FALSE(slept);
  }());
  ASSERT_EQ(::epoll_ctl(outer.get(), EPOLL_CTL_ADD, rt.native_handle(), &asked), 0);
  std::atomic<int> ran{0};
  int started = 0;
  while (rt.poll_once()) {
    if (started == ran.load()) {  // at rest
      if (++started == 10) {
        rt.request_stop();
      } else if (started % 2 == 0) {
        EXPECT_TRUE(rt.defer([&ran] { ++ran; }));
      } else {
        EXPECT_TRUE(rt.spawn(
            [](std::atomic<int>& count) -> task<void> {
              ++count;
              co_return;
            },
            std::ref(ran)));
      }
    }
    // Not the deadline alone: the descriptor itself tells.
    epoll_event got{};
    const int ready = ::epoll_wait(outer.get(), &got, 1, TypeParam::threading::concurrent ? 2 : 5'000);
    if (!TypeParam::threading::concurrent) {
      ASSERT_TRUE(ready == 1 || errno == EINTR);
    }
  }
  EXPECT_EQ(ran.load(), 9);
}

TYPED_TEST(embedding, an_idle_runtime_leaves_the_host_alone) {
  TypeParam rt{some_threads<TypeParam>(2)};
  std::atomic<bool> waits{false};
  rt.launch([](std::atomic<bool>& there) -> task<void> {
    there = true;
    const bool slept = co_await tenon::sleep_for(300ms);
    EXPECT_TRUE(slept);
  }(waits));
  int polls = 0;
  host_by_epoll(rt, polls);
  EXPECT_TRUE(waits.load());
  EXPECT_LE(polls, 8);
}

TYPED_TEST(embedding, an_exception_of_the_launched_task_comes_out_of_the_last_poll) {
  TypeParam rt{some_threads<TypeParam>(2)};
  rt.launch([]() -> task<void> {
    co_await tenon::yield();
    throw std::runtime_error("from inside");
  }());
  int polls = 0;
  EXPECT_THROW(host_by_epoll(rt, polls), std::runtime_error);
  EXPECT_EQ(rt.state(), tenon::phase::stopped);
  EXPECT_FALSE(rt.poll_once());
}

TYPED_TEST(embedding, a_poll_runs_about_as_much_as_it_is_asked_to) {
  if constexpr (!TypeParam::threading::concurrent) {
    TypeParam rt{some_threads<TypeParam>(2)};
    int rounds = 0;
    rt.launch([](int& count) -> task<void> {
      for (; count < 1'000; ++count) co_await tenon::yield();
    }(rounds));
    EXPECT_TRUE(rt.poll_once(100));
    EXPECT_GE(rounds, 50);
    EXPECT_LE(rounds, 150);
    do {
      const auto due = rt.next_deadline();
      EXPECT_LE(due, rt.now()) << "there is more: come again at once";
    } while (rt.poll_once(100));
    EXPECT_EQ(rounds, 1'000);
  }
}

TYPED_TEST(embedding, the_drain_waits_for_what_the_kernel_holds) {
  TypeParam rt{some_threads<TypeParam>(2)};
  std::atomic<int> cancelled{0};
  rt.launch([](TypeParam& self, std::atomic<int>& ended) -> task<void> {
    auto ends = co_await make_wire<TypeParam>(self);
    std::array<std::byte, 8> room{};
    tenon::scope readers{self};
    readers.spawn(
        [](typename TypeParam::tcp_stream& from, std::span<std::byte> into, std::atomic<int>& count) -> task<void> {
          const auto got = co_await from.read_some(into);
          if (!got && got.error() == std::errc::operation_canceled) ++count;
        },
        std::ref(ends.near), std::span<std::byte>(room), std::ref(ended));
    const bool slept = co_await tenon::sleep_for(5ms);
    EXPECT_TRUE(slept);
    self.request_stop();
    co_await readers.join();
  }(rt, cancelled));
  int polls = 0;
  host_by_epoll(rt, polls);
  EXPECT_EQ(cancelled.load(), 1);
}

TEST(embedding_without_a_handle, polls_at_a_rate_of_ones_own) {
  int frames = 0;
  tenon::runtime<tenon::none, tenon::fifo, tenon::single_thread> rt;
  bool ended = false;
  rt.launch([](bool& done) -> task<void> {
    for (int i = 0; i < 3; ++i) {
      const bool slept = co_await tenon::sleep_for(1ms);
      EXPECT_TRUE(slept);
    }
    done = true;
  }(ended));
  while (rt.poll_once()) ++frames;
  EXPECT_TRUE(ended);
  EXPECT_GE(frames, 3);
}

TEST(embedding_without_a_handle, takes_posts_with_a_futex_for_a_bell) {
  tenon::runtime<tenon::none, tenon::stealing<>> rt{{.threads = 2}};
  std::atomic<int> ran{0};
  rt.launch([]() -> task<void> {
    const bool slept = co_await tenon::sleep_until(tenon::never);
    EXPECT_FALSE(slept);
  }());
  std::thread outside([&] {
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(rt.post([&ran] { ++ran; }));
    }
    rt.request_stop();
  });
  while (rt.poll_once()) std::this_thread::yield();
  outside.join();
  EXPECT_EQ(ran.load(), 100);
}

TEST(embedding_in_virtual_time, an_hour_is_one_poll) {
  tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread, tenon::virtual_clock> rt;
  rt.launch([]() -> task<void> {
    for (int i = 0; i < 60; ++i) {
      const bool slept = co_await tenon::sleep_for(1min);
      EXPECT_TRUE(slept);
    }
  }());
  int polls = 0;
  while (rt.poll_once()) ++polls;
  EXPECT_EQ(polls, 0);
  EXPECT_EQ(rt.report().uptime, 1h);
}

#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
TEST(embedding_with_libuv, what_a_handle_of_the_program_leaves_while_the_worker_dozes_off_is_run) {
  using R = tenon::runtime<tenon::libuv, tenon::affinity<>>;
  R rt{{.threads = 1}};
  uv_loop_t* inside = nullptr;
  rt.launch([](R& of, uv_loop_t*& loop) -> task<void> {
    loop = &of.current()->backend().native();
    const bool slept = co_await tenon::sleep_until(tenon::never);
    EXPECT_FALSE(slept);
  }(rt, inside));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(rt.poll_once());
  struct counts {
    R& of;
    int turns = 0;
    int runs = 0;
  } seen{rt};
  uv_prepare_t each_turn{};
  ::uv_prepare_init(inside, &each_turn);
  each_turn.data = &seen;
  ::uv_prepare_start(&each_turn, [](uv_prepare_t* handle) {
    auto& at = *static_cast<counts*>(handle->data);
    if (++at.turns != 2) return;  // the second is the one in which it dozes off
    EXPECT_TRUE(at.of.defer([&at] { ++at.runs; }));
  });
  ASSERT_TRUE(rt.poll_once());
  EXPECT_GE(seen.turns, 2);
  EXPECT_EQ(seen.runs, 1);
  ::uv_close(reinterpret_cast<uv_handle_t*>(&each_turn), nullptr);
  rt.request_stop();
  while (rt.poll_once()) {
  }
}

template <class R>
task<void> sleeps_until_a_handle_of_the_program_speaks(R& of, uv_prepare_t& before_the_wait) {
  ::uv_prepare_init(&of.current()->backend().native(), &before_the_wait);
  before_the_wait.data = &of;
  ::uv_prepare_start(&before_the_wait, [](uv_prepare_t* handle) {
    R& its = *static_cast<R*>(handle->data);
    ::uv_prepare_stop(handle);
    EXPECT_TRUE(its.defer([&its] { its.request_stop(); }));
  });
  const bool slept = co_await tenon::sleep_for(10s);
  EXPECT_FALSE(slept) << "what the handle left was run";
  ::uv_close(reinterpret_cast<uv_handle_t*>(&before_the_wait), nullptr);
}

template <class R>
void expect_what_is_left_before_the_wait_is_run(tenon::settings<R::threading::concurrent> how_much) {
  uv_prepare_t handle{};
  R rt{std::move(how_much)};
  rt.run(sleeps_until_a_handle_of_the_program_speaks(rt, handle));
}

TEST(libuv_inside, what_a_handle_of_the_program_leaves_right_before_the_wait_is_run) {
  expect_what_is_left_before_the_wait_is_run<tenon::runtime<tenon::libuv, tenon::affinity<>>>({.threads = 1});
  expect_what_is_left_before_the_wait_is_run<tenon::runtime<tenon::libuv, tenon::stealing<>>>({.threads = 1});
  expect_what_is_left_before_the_wait_is_run<tenon::runtime<tenon::libuv, tenon::fifo, tenon::single_thread>>({});
}
#endif

TEST(embedding_alone, what_the_host_starts_under_a_key_wakes_it) {
  tenon::runtime<tenon::epoll, tenon::affinity<>, tenon::single_thread> rt;
  const tenon::unique_fd outer{::epoll_create1(EPOLL_CLOEXEC)};
  epoll_event asked{EPOLLIN, {.ptr = nullptr}};
  rt.launch([]() -> task<void> {
    const bool slept = co_await tenon::sleep_until(tenon::never);
    EXPECT_FALSE(slept);
  }());
  ASSERT_EQ(::epoll_ctl(outer.get(), EPOLL_CTL_ADD, rt.native_handle(), &asked), 0);
  epoll_event got{};
  while (rt.poll_once() && ::epoll_wait(outer.get(), &got, 1, 0) != 0) {
  }
  bool ran = false;
  EXPECT_TRUE(rt.spawn(
      tenon::key{7},
      [](bool& done) -> task<void> {
        done = true;
        co_return;
      },
      std::ref(ran)));
  EXPECT_EQ(::epoll_wait(outer.get(), &got, 1, 0), 1);
  ASSERT_TRUE(rt.poll_once());
  EXPECT_TRUE(ran);
  rt.request_stop();
  while (rt.poll_once()) {
  }
}

TEST(embedding_twice, two_runtimes_share_one_thread) {
  tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> one;
  tenon::runtime<tenon::epoll, tenon::affinity<>> other{{.threads = 1}};
  int turns = 0;
  const auto body = [](int& count) -> task<void> {
    for (int i = 0; i < 10; ++i) {
      ++count;
      co_await tenon::yield();
    }
  };
  one.launch(body(turns));
  other.launch(body(turns));
  bool first = true;
  bool second = true;
  while (first || second) {
    first = one.poll_once(3);
    second = other.poll_once(3);
  }
  EXPECT_EQ(turns, 20);
}

TEST(embedding_twice, a_runtime_runs_or_is_launched_once) {
  tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> rt;
  rt.run([]() -> task<void> { co_return; }());
  EXPECT_THROW(rt.launch([]() -> task<void> { co_return; }()), std::system_error);
}

}  // namespace
