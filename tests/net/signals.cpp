// SPDX-License-Identifier: BSL-1.0
#include "wires.hpp"

#include <atomic>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace {

using namespace tenon_test;

template <class R>
class signalled : public testing::Test {};
TYPED_TEST_SUITE(signalled, all_wired);

TYPED_TEST(signalled, hear_raise_and_kill) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto asked = R::signals::open(rt, {SIGINT, SIGTERM}).value();
    EXPECT_EQ(::raise(SIGINT), 0);  // before anyone waits: it is kept
    const auto first = co_await asked.next(rt.now() + 5s);
    EXPECT_EQ(first.value(), SIGINT);
    tenon::scope sender{rt};
    sender.spawn([]() -> task<void> {
      (void)co_await tenon::sleep_for(1ms);
      EXPECT_EQ(::kill(::getpid(), SIGTERM), 0);
    });
    const auto second = co_await asked.next(rt.now() + 5s);
    EXPECT_EQ(second.value(), SIGTERM);
    co_await sender.join();
    const auto none = co_await asked.next(rt.now() + 1ms);
    EXPECT_EQ(none.error(), std::errc::timed_out);
    tenon::scope waiter{rt};
    std::error_code why;
    waiter.spawn(
        [](typename R::signals& from, std::error_code* out) -> task<void> {
          const auto got = co_await from.next();
          *out = got.error();
        },
        std::ref(asked), &why);
    (void)co_await tenon::sleep_for(1ms);
    waiter.cancel();
    co_await waiter.join();
    EXPECT_EQ(why, std::errc::operation_canceled);
  });
}

using one = wired<tenon::epoll, tenon::stealing<>>;
using R = one::runtime;

void (*handler_of(int number))(int) {
  struct sigaction now{};
  ::sigaction(number, nullptr, &now);
  return now.sa_handler;
}

TEST(signals, belong_to_one_object_and_go_back) {
  const books kept;
  one rt{{.threads = 1}};
  const auto before = handler_of(SIGUSR1);
  {
    auto first = R::signals::open(rt, {SIGUSR1});
    ASSERT_TRUE(first);
    EXPECT_NE(handler_of(SIGUSR1), before);
    EXPECT_EQ(R::signals::open(rt, {SIGUSR2, SIGUSR1}).error(), std::errc::device_or_resource_busy);
    EXPECT_EQ(handler_of(SIGUSR2), SIG_DFL) << "half taken, and given back";
    EXPECT_NE(handler_of(SIGUSR1), before) << "still the first one's";
    const auto moved = std::move(*first);
    EXPECT_NE(handler_of(SIGUSR1), before);
  }
  EXPECT_EQ(handler_of(SIGUSR1), before);
  EXPECT_TRUE(R::signals::open(rt, {SIGUSR1}));
}

TEST(signals, refuse_numbers_that_are_none) {
  const books kept;
  one rt{{.threads = 1}};
  for (const int number : {0, -1, 65, 1000, SIGKILL, SIGSTOP}) {
    EXPECT_EQ(R::signals::open(rt, {number}).error(), std::errc::invalid_argument) << number;
  }
}

TEST(signals, many_are_not_fewer_than_one) {
  run_wired<one>(2, [](R& rt) -> task<void> {
    auto asked = R::signals::open(rt, {SIGUSR1}).value();
    std::thread sender([] {
      for (int i = 0; i < 200'000 / (sanitized ? 10 : 1); ++i) ::kill(::getpid(), SIGUSR1);  // more than a pipe holds
    });
    sender.join();
    int heard = 0;
    for (;;) {
      const auto got = co_await asked.next(rt.now() + 20ms);
      if (!got) break;
      ++heard;
    }
    EXPECT_GT(heard, 0);
  });
}

/// A handler may be on its way when the object goes, and its descriptor's number be somebody else's in a moment.
TEST(signals, wait_for_a_handler_that_is_on_its_way) {
  const books kept;
  one rt{{.threads = 1}};
  auto& busy = tenon::detail::signal_wires[SIGUSR1].busy;
  std::atomic<bool> has_left{false};
  busy.fetch_add(1);  // it has been interrupted behind its first line
  std::thread closer([&] {
    {
      const auto asked = R::signals::open(rt, {SIGUSR1}).value();
    }
    EXPECT_TRUE(has_left);
  });
  for (int i = 0; i < 1'000; ++i) std::this_thread::yield();
  has_left = true;
  busy.fetch_sub(1);
  closer.join();
}

TEST(signals, come_and_go_among_signals) {
  struct sigaction quiet{};
  struct sigaction before{};
  quiet.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGUSR1, &quiet, &before), 0);
  {
    const books kept;
    one rt{{.threads = 1}};
    std::atomic<bool> over{false};
    std::thread pest([&over] {
      while (!over.load()) ::raise(SIGUSR1);
    });
    int strange = 0;
    for (int round = 0; round < rounds(1'000); ++round) {
      {
        const auto asked = R::signals::open(rt, {SIGUSR1}).value();
      }
      int ends[2] = {-1, -1};
      ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);  // of the same numbers
      std::this_thread::yield();
      char byte = 0;
      strange += ::read(ends[0], &byte, 1) > 0 ? 1 : 0;
      ::close(ends[0]);
      ::close(ends[1]);
    }
    EXPECT_EQ(strange, 0) << "written into a descriptor that came after its own";
    over = true;
    pest.join();
  }
  ::sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
