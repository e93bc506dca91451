// SPDX-License-Identifier: BSL-1.0
#include "ground.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <pthread.h>
#include <sys/socket.h>

namespace {

using namespace tenon_test;
using tenon::phase;
using tenon::task;

struct queueing : tenon::runtime<tenon::epoll, tenon::fifo, counted> {
  using runtime::runtime;
};
struct thieves : tenon::runtime<tenon::epoll, tenon::stealing<>, counted, tenon::counters> {
  using runtime::runtime;
};
struct settled : tenon::runtime<tenon::poll, tenon::affinity<>, counted> {
  using runtime::runtime;
};
struct alone : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread, counted> {
  using runtime::runtime;
};
struct strict : tenon::runtime<tenon::none, tenon::terminate> {
  using runtime::runtime;
};

static_assert(thieves::has_remote_post && !alone::has_remote_post);

template <class R>
class crews : public testing::Test {};
using all_crews = testing::Types<queueing, thieves, settled>;
TYPED_TEST_SUITE(crews, all_crews);

TYPED_TEST(crews, run_each_post_of_foreign_threads_once) {
  constexpr int posters = 4;
  const int each = rounds(1'000'000) / posters;
  const auto total = static_cast<std::size_t>(posters) * static_cast<std::size_t>(each);
  std::vector<std::atomic<unsigned char>> ran(total);
  std::atomic<std::size_t> left{total};
  std::atomic<int> refused{0};
  const books kept;
  {
    TypeParam rt{{.threads = 2}};
    std::vector<std::thread> threads;
    for (int p = 0; p < posters; ++p) {
      threads.emplace_back([&, p] {
        for (int i = 0; i < each; ++i) {
          auto* const mine =
              &ran[static_cast<std::size_t>(p) * static_cast<std::size_t>(each) + static_cast<std::size_t>(i)];
          const bool taken = rt.post([&rt, &left, mine] {
            mine->fetch_add(1, std::memory_order_relaxed);
            if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) rt.request_stop();
          });
          if (!taken) ++refused;
        }
      });
    }
    rt.run();
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(refused, 0);
  std::size_t wrong = 0;
  for (const auto& times : ran) wrong += times != 1;
  EXPECT_EQ(wrong, 0U);
}

TYPED_TEST(crews, run_what_was_accepted_while_the_drain_begins) {
  const books kept;
  for (int round = 0; round < rounds(20); ++round) {
    std::atomic<long> accepted{0};
    std::atomic<long> ran{0};
    std::atomic<bool> was_refused{false};
    TypeParam rt{{.threads = 3}};
    std::vector<std::thread> threads;
    for (int p = 0; p < 2; ++p) {
      threads.emplace_back([&, p] {
        for (;;) {
          const bool taken = p == 0 ? rt.post([&ran] { ++ran; })
                                    : rt.spawn(
                                          [](std::atomic<long>* count) -> task<void> {
                                            co_await tenon::yield();
                                            ++*count;
                                          },
                                          &ran);
          if (!taken) break;
          if (++accepted % 8 == 0) std::this_thread::yield();
        }
        was_refused = true;
      });
    }
    rt.run([](std::atomic<long>* count) -> task<void> {
      while (*count < 50) co_await tenon::yield();
    }(&ran));
    EXPECT_EQ(rt.state(), phase::stopped);
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(was_refused);
    EXPECT_EQ(accepted, ran);
  }
}

/// Waits in the ways there are, until it is asked to stop.
template <class R>
task<void> linger(typename R::runtime& rt, int how) {
  switch (how % 4) {
    case 0: {
      const bool slept = co_await tenon::sleep_for(1h);
      EXPECT_FALSE(slept);
      break;
    }
    case 1: {
      int ends[2];
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
      typename R::tcp_stream near(rt, tenon::unique_fd(ends[0]));
      const tenon::unique_fd far(ends[1]);
      std::byte room[16];
      const auto got = co_await near.read_some(room, rt.now() + 1h);
      EXPECT_EQ(got.error(), std::errc::operation_canceled);
      break;
    }
    case 2: {
      auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
      const auto peer = co_await door.accept();
      EXPECT_EQ(peer.error(), std::errc::operation_canceled);
      break;
    }
    default: {
      const auto first = co_await tenon::timeout(1h, []() -> task<int> {
        const bool slept = co_await tenon::sleep_for(2h);
        co_return slept ? 1 : 2;
      }());
      EXPECT_TRUE(!first || *first == 2);
    }
  }
}

TYPED_TEST(crews, start_and_stop_with_everything_in_flight) {
  const books kept;
  for (int cycle = 0; cycle < 400; ++cycle) {
    TypeParam rt{{.threads = static_cast<std::size_t>(2 + cycle % 3)}};
    if (cycle % 7 == 0) continue;  // made, and never run
    const int answer = rt.run([](TypeParam& self, int number) -> task<int> {
      for (int i = 0; i < 8; ++i) {
        const bool taken = self.spawn(linger<TypeParam>, std::ref(static_cast<typename TypeParam::runtime&>(self)), i);
        EXPECT_TRUE(taken);
      }
      for (int i = 0; i < number % 5; ++i) co_await tenon::yield();
      co_return number;
    }(rt, cycle));
    ASSERT_EQ(answer, cycle);
  }
}

TYPED_TEST(crews, do_not_starve_a_timer) {
  TypeParam rt{{.threads = 1}};
  const auto late = rt.run([](TypeParam& self) -> task<tenon::duration> {
    for (int i = 0; i < 3; ++i) {
      (void)self.spawn([]() -> task<void> {
        for (;;) {
          const bool over = co_await tenon::this_task::stop_requested();
          if (over) co_return;
          co_await tenon::yield();
        }
      });
    }
    const auto asked = self.now() + 1ms;
    const bool slept = co_await tenon::sleep_until(asked);
    EXPECT_TRUE(slept);
    co_return self.now() - asked;
  }(rt));
  EXPECT_LT(late, 500ms);
}

TYPED_TEST(crews, that_never_run_lose_nothing) {
  const books kept;
  const auto token = std::make_shared<int>(7);
  bool ran = false;
  {
    TypeParam rt{{.threads = 2}};
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(rt.post([token, &ran] { ran = true; }));
      EXPECT_TRUE(rt.spawn(
          [](std::shared_ptr<int> mine, bool* out) -> task<void> {
            *out = *mine != 0;
            co_return;
          },
          token, &ran));
      EXPECT_TRUE(rt.spawn([copy = token, &ran]() -> task<void> {
        ran = copy != nullptr;
        co_return;
      }));
    }
    EXPECT_GE(token.use_count(), 16);
  }
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_FALSE(ran);
}

TYPED_TEST(crews, go_through_their_phases_once) {
  TypeParam rt{{.threads = 2}};
  EXPECT_EQ(rt.state(), phase::initializing);
  EXPECT_EQ(rt.workers(), 2U);
  phase last = phase::initializing;
  std::atomic<bool> outside{true};
  rt.run([](TypeParam& self, phase* seen, std::atomic<bool>* refused) -> task<void> {
    EXPECT_EQ(self.state(), phase::running);
    (void)self.spawn(
        [](TypeParam* of, phase* in, std::atomic<bool>* took) -> task<void> {
          const bool slept = co_await tenon::sleep_for(1h);
          EXPECT_FALSE(slept);
          while (of->state() != phase::draining) co_await tenon::yield();
          *in = of->state();
          std::thread([of, took] { *took = of->post([] {}); }).join();
          EXPECT_TRUE(of->defer([] {})) << "the runtime's own tasks may still start what they need to end";
        },
        &self, seen, refused);
    co_await tenon::yield();
  }(rt, &last, &outside));
  EXPECT_EQ(last, phase::draining);
  EXPECT_FALSE(outside);
  EXPECT_EQ(rt.state(), phase::stopped);
  EXPECT_FALSE(rt.post([] {}));
  EXPECT_FALSE(rt.spawn([]() -> task<void> { co_return; }));
  try {
    rt.run();
    FAIL() << "a runtime runs once";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::operation_not_permitted);
  }
}

TYPED_TEST(crews, give_out_exceptions) {
  const books kept;
  const auto thrown_by = [](auto main) -> std::string {
    TypeParam rt{{.threads = 2}};
    try {
      rt.run(main(rt));
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(rt.state(), phase::stopped);
      return error.what();
    }
    return "nothing";
  };
  EXPECT_EQ(thrown_by([](TypeParam&) -> task<int> {
              co_await tenon::yield();
              throw std::runtime_error("main");
            }),
            "main");
  EXPECT_EQ(thrown_by([](TypeParam& rt) -> task<void> {
              (void)rt.spawn([]() -> task<void> {
                co_await tenon::yield();
                throw std::runtime_error("detached");
              });
              const bool slept = co_await tenon::sleep_for(1h);
              EXPECT_FALSE(slept) << "the exception asks all to stop";
            }),
            "detached");
  EXPECT_EQ(thrown_by([](TypeParam& rt) -> task<void> {
              (void)rt.post([] { throw std::runtime_error("posted"); });
              const bool slept = co_await tenon::sleep_for(1h);
              EXPECT_FALSE(slept);
            }),
            "posted");
  EXPECT_EQ(thrown_by([](TypeParam& rt) -> task<void> {
              (void)rt.post([] { throw std::runtime_error("posted"); });
              const bool slept = co_await tenon::sleep_for(1h);
              EXPECT_FALSE(slept);
              throw std::runtime_error("main wins");
            }),
            "main wins");
}

TYPED_TEST(crews, are_asked_to_stop_from_outside_and_before_they_run) {
  {
    TypeParam rt{{.threads = 2}};
    rt.request_stop();
    rt.run();  // returns
  }
  TypeParam rt{{.threads = 2}};
  std::thread outside([&rt] {
    while (rt.state() != phase::running) std::this_thread::yield();
    rt.request_stop();
  });
  rt.run();
  outside.join();
}

TYPED_TEST(crews, can_be_watched_from_outside) {
  for (int round = 0; round < 20; ++round) {
    TypeParam rt{{.threads = 2}};
    std::thread outside([&rt] {
      while (rt.state() != phase::stopped) {
        const tenon::report now = rt.report();
        EXPECT_GE(now.uptime, 0s);
        EXPECT_LT(now.uptime, 1h);
      }
    });
    rt.run([]() -> task<void> { (void)co_await tenon::sleep_for(1ms); }());
    outside.join();
    EXPECT_GE(rt.report().uptime, 1ms);
    EXPECT_EQ(rt.report().uptime, rt.report().uptime);
  }
}

TYPED_TEST(crews, use_no_cpu_when_idle) {
  TypeParam rt{{.threads = 4}};
  const auto used = rt.run([]() -> task<std::chrono::microseconds> {
    (void)co_await tenon::sleep_for(20ms);  // all have gone to sleep
    const auto before = cpu_time();
    (void)co_await tenon::sleep_for(sanitized ? 1s : 300ms);
    co_return cpu_time() - before;
  }());
  EXPECT_LT(used, sanitized ? 100ms : 3ms);
}

TEST(basic_runtime, uses_no_cpu_in_a_second) {
  thieves rt{{.threads = 4}};
  const auto used = rt.run([]() -> task<std::chrono::microseconds> {
    (void)co_await tenon::sleep_for(20ms);
    const auto before = cpu_time();
    (void)co_await tenon::sleep_for(1s);
    co_return cpu_time() - before;
  }());
  EXPECT_LT(used, sanitized ? 100ms : 10ms);
}

TEST(basic_runtime, gives_what_main_gives) {
  alone rt;
  const auto moved = rt.run([]() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); }());
  EXPECT_EQ(*moved, 7);
  int number = 1;
  alone other;
  int& same = other.run([](int& of) -> task<int&> { co_return of; }(number));
  EXPECT_EQ(&same, &number);
}

/// Plain code as main: on worker 0, with what it gives and throws, whatever that is.
TYPED_TEST(crews, run_plain_code) {
  const books kept;
  const auto here = std::this_thread::get_id();
  {
    TypeParam rt{};
    EXPECT_EQ(rt.run([] { return std::string("a string that is longer than a short one"); }),
              "a string that is longer than a short one");
    EXPECT_EQ(rt.state(), tenon::phase::stopped);
  }
  {
    TypeParam rt{};
    bool ran = false;
    static_assert(std::is_void_v<decltype(rt.run([] {}))>);
    rt.run([&] { ran = rt.current() != nullptr; });
    EXPECT_TRUE(ran);
  }
  {
    TypeParam rt{};
    EXPECT_EQ(*rt.run([of = std::make_unique<int>(3)]() mutable { return std::move(of); }), 3);
  }
  {
    TypeParam rt{};
    EXPECT_THROW(rt.run([] { throw std::runtime_error("no"); }), std::runtime_error);
    EXPECT_EQ(rt.state(), tenon::phase::stopped);
    EXPECT_THROW(rt.run([] {}), std::system_error);  // once
  }
  {
    TypeParam rt{};
    const int got = rt.run([]() -> task<int> {  // a callable that gives a task
      co_await tenon::yield();
      co_return 5;
    });
    EXPECT_EQ(got, 5);
  }
  EXPECT_EQ(std::this_thread::get_id(), here);
}

TEST(basic_runtime, names_its_threads) {
  thieves rt{{.threads = 3, .name = "a name that is long"}};
  EXPECT_EQ(rt.name(), "a name that is long");
  std::atomic<int> named{0};
  std::atomic<bool> over{false};
  rt.run([](thieves& self, std::atomic<int>* count, std::atomic<bool>* end) -> task<void> {
    for (int i = 0; i < 64; ++i) {
      (void)self.spawn(
          [](std::atomic<int>* in, std::atomic<bool>* until) -> task<void> {
            char text[16] = "";
            ::pthread_getname_np(::pthread_self(), text, sizeof text);
            const std::string_view name = text;
            if (name.starts_with("a name that i/")) {
              ++*in;
              *until = true;
            }
            for (int spins = 0; !*until && spins < 1000; ++spins) std::this_thread::yield();
            co_return;
          },
          count, end);
    }
    co_return;
  }(rt, &named, &over));
  EXPECT_GT(named, 0);
}

TEST(basic_runtime, counts_what_it_did) {
  thieves rt{{.threads = 2}};
  rt.run([](thieves& self) -> task<void> {
    for (int i = 0; i < 1000; ++i) (void)self.defer([] {});
    co_return;
  }(rt));
  const tenon::report did = rt.report();
  EXPECT_TRUE(did.counted);
  EXPECT_EQ(did.workers, 2U);
  EXPECT_GE(did.all.tasks_run, 1001U);
  EXPECT_LT(did.all.tasks_run, 2000U);
}

TEST(basic_runtime, of_one_thread_defers_and_spawns) {
  const books kept;
  alone rt;
  std::string order;
  EXPECT_TRUE(rt.defer([&order] { order += "d"; }));
  EXPECT_TRUE(rt.spawn(
      [](std::string* out) -> task<void> {
        *out += "s";
        co_return;
      },
      &order));
  rt.run([](alone& self, std::string* out) -> task<void> {
    *out += "m";
    EXPECT_TRUE(self.defer([out] { *out += "e"; }));
    co_return;
  }(rt, &order));
  EXPECT_EQ(order, "dsme");
  EXPECT_FALSE(rt.defer([] {}));
}

TEST(basic_runtime, runs_inside_a_task_of_another) {
  const books kept;
  thieves outer{{.threads = 2}};
  const int sum = outer.run([](thieves& self) -> task<int> {
    (void)self.spawn([]() -> task<void> { (void)co_await tenon::sleep_for(1h); });
    int total = 0;
    {
      alone inner;
      total += inner.run([]() -> task<int> {
        (void)co_await tenon::sleep_for(1ms);
        co_return 1;
      }());
    }
    (void)co_await tenon::sleep_for(1ms);
    {
      settled inner{{.threads = 3}};
      total += inner.run([](settled& me) -> task<int> {
        (void)me.spawn(linger<settled>, std::ref(static_cast<settled::runtime&>(me)), 1);
        (void)co_await tenon::sleep_for(1ms);
        co_return 2;
      }(inner));
    }
    co_await tenon::yield();
    co_return total;
  }(outer));
  EXPECT_EQ(sum, 3);
}

TEST(basic_runtime_death, terminates_when_its_sentence_says_so) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        strict rt{{.threads = 2}};
        rt.run([](strict& self) -> task<void> {
          (void)self.spawn([]() -> task<void> {
            co_await tenon::yield();
            throw std::runtime_error("no");
          });
          (void)co_await tenon::sleep_for(10s);
        }(rt));
      },
      "");
}

TEST(basic_runtime, of_terminate_still_gives_out_the_exception_of_main) {
  strict rt{{.threads = 1}};
  EXPECT_THROW(rt.run([]() -> task<void> {
    co_await tenon::yield();
    throw std::runtime_error("main");
  }()),
               std::runtime_error);
}

}  // namespace
