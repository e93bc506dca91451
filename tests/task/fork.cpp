// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/tcp_listener.hpp>
#include <tenon/net/tcp_stream.hpp>
#include <tenon/task/fork.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/this_task.hpp>
#include <tenon/task/when_all.hpp>
#include <tenon/task/when_any.hpp>
#include <tenon/task/yield.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtimes.hpp"

namespace {

using namespace tenon_test;
using tenon::fork;
using tenon::task;

/// With the memory whose frames are taken in place, which the runtimes with counted memory have not.
struct plain : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};

task<long> fib(long n) {
  if (n < 2) co_return n;
  auto left = co_await fork(fib(n - 1));
  const long right = co_await fib(n - 2);
  co_return co_await left.join() + right;
}
task<long> fib_of_all(long n) {
  if (n < 2) co_return n;
  const auto [left, right] = co_await tenon::when_all(fib_of_all(n - 1), fib_of_all(n - 2));
  co_return left + right;
}
/// Some of its leaves wait for a timer, some only for their turn.
task<long> fib_that_waits(long n, long salt) {
  if (n < 2) {
    if (salt % 7 == 0) (void)co_await tenon::sleep_for(std::chrono::microseconds(salt % 50));
    if (salt % 5 == 0) co_await tenon::yield();
    co_return n;
  }
  auto left = co_await fork(fib_that_waits(n - 1, 3 * salt + 1));
  const auto [right, nothing] = co_await tenon::when_all(fib_that_waits(n - 2, 5 * salt + 2), fib_of_all(3));
  co_return co_await left.join() + right + nothing - 2;
}

TEST(fork, gives_what_the_child_gave) {
  EXPECT_EQ(run_alone([](alone&) { return fib(15); }), 610);
  EXPECT_EQ((run_with<crew>(1, [](crew&) { return fib(15); })), 610);
  EXPECT_EQ((run_with<line>(2, [](line&) { return fib(12); })), 144);
  EXPECT_EQ((run_with<bound>(2, [](bound&) { return fib(12); })), 144);
}

TEST(fork, among_workers_that_steal) {
  for (int round = 0; round < rounds(40); ++round) {
    EXPECT_EQ((run_with<crew>(3, [](crew&) { return fib(14); })), 377);
    plain rt{{.threads = 3}};
    EXPECT_EQ(rt.run(round % 2 == 0 ? fib(19) : fib_of_all(19)), 4'181);
  }
}

TEST(fork, of_children_that_wait_for_timers) {
  EXPECT_EQ((run_with<crew>(1, [](crew&) { return fib_that_waits(12, 1); })), 144);
  for (int round = 0; round < rounds(20); ++round) {
    EXPECT_EQ((run_with<crew>(2, [](crew&, int salt) { return fib_that_waits(12, salt); }, round)), 144);
    plain rt{{.threads = 3}};
    EXPECT_EQ(rt.run(fib_that_waits(13, round)), 233);
  }
}

TEST(fork, lets_the_parent_go_on_before_the_child_ends) {
  run_alone([](alone& rt) -> task<void> {
    const auto sleeps = [](tenon::duration length) -> task<int> {
      (void)co_await tenon::sleep_for(length);
      co_return 1;
    };
    const tenon::time_point start = rt.now();
    auto child = co_await fork(sleeps(3s));
    (void)co_await tenon::sleep_for(5s);
    EXPECT_EQ(rt.now() - start, 5s);
    const int one = co_await child.join();
    EXPECT_EQ(one, 1);
    EXPECT_EQ(rt.now() - start, 5s) << "it ran while the parent slept";
    auto longer = co_await fork(sleeps(4s));
    (void)co_await tenon::sleep_for(1s);
    const int two = co_await longer.join();
    EXPECT_EQ(two, 1);
    EXPECT_EQ(rt.now() - start, 9s);
  });
}

TEST(fork, joined_in_any_order) {
  for (int round = 0; round < rounds(50); ++round) {
    run_with<crew>(2, [](crew&) -> task<void> {
      auto a = co_await fork(fib(6));
      auto b = co_await fork(fib_that_waits(5, 1));
      auto c = co_await fork(fib(7));
      const long first = co_await a.join();
      const long last = co_await c.join();
      const long middle = co_await b.join();
      EXPECT_EQ(first, 8);
      EXPECT_EQ(middle, 5);
      EXPECT_EQ(last, 13);
    });
  }
}

TEST(fork, of_void_of_references_and_of_what_only_moves) {
  static int place = 4;
  run_alone([](alone&) -> task<void> {
    int runs = 0;
    const auto notes = [](int* count) -> task<void> {
      ++*count;
      co_return;
    };
    auto nothing = co_await fork(notes(&runs));
    auto reference = co_await fork([]() -> task<int&> { co_return place; }());
    auto pointer = co_await fork([]() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); }());
    const std::unique_ptr<int> seven = co_await pointer.join();
    int& same = co_await reference.join();
    co_await nothing.join();
    EXPECT_EQ(*seven, 7);
    EXPECT_EQ(&same, &place);
    EXPECT_EQ(runs, 1);
  });
}

TEST(fork, an_exception_leaves_by_the_join) {
  run_alone([](alone&) -> task<void> {
    const auto fails = [](bool late) -> task<int> {
      if (late) (void)co_await tenon::sleep_for(1s);
      throw std::runtime_error("child");
    };
    for (int late = 0; late < 2; ++late) {
      auto child = co_await fork(fails(late != 0));
      std::string what;
      try {
        (void)co_await child.join();
      } catch (const std::runtime_error& error) {
        what = error.what();
      }
      EXPECT_EQ(what, "child");
    }
  });
}

TEST(fork, hands_the_stop_request_on) {
  run_alone([](alone& rt) -> task<void> {
    tenon::scope inner{rt};
    bool slept = true;
    inner.spawn(
        [](bool* out) -> task<void> {
          const auto sleeps = []() -> task<bool> { co_return co_await tenon::sleep_for(1h); };
          auto child = co_await fork(sleeps());
          const bool result = co_await child.join();
          *out = result;
        },
        &slept);
    (void)co_await tenon::sleep_for(1s);
    inner.cancel();
    co_await inner.join();
    EXPECT_FALSE(slept);
  });
}

TEST(fork, a_shutdown_stops_what_was_forked) {
  for (int round = 0; round < rounds(20); ++round) {
    std::atomic<int> ended{0};
    run_with<crew>(2, [&ended](crew& rt) -> task<void> {
      rt.spawn(
          [](std::atomic<int>* count) -> task<void> {
            const auto sleeps = [](std::atomic<int>* each) -> task<void> {
              (void)co_await tenon::sleep_for(1h);
              ++*each;
            };
            auto child = co_await fork(sleeps(count));
            co_await tenon::when_all(sleeps(count), sleeps(count));
            co_await child.join();
          },
          &ended);
      co_await tenon::yield();
    });
    EXPECT_EQ(ended, 3);
  }
}

TEST(fork, of_children_that_talk_over_sockets) {
  for (int round = 0; round < rounds(10); ++round) {
    plain rt{{.threads = 2}};
    const std::size_t sum = rt.run([](plain& on) -> task<std::size_t> {
      auto door = plain::tcp_listener::bind(on, {"127.0.0.1", 0}).value();
      const tenon::endpoint where = door.local_endpoint();
      const auto answers = [](plain::tcp_listener* at) -> task<std::size_t> {
        auto peer = co_await at->accept();
        std::array<std::byte, 8> room{};
        std::size_t got = 0;
        for (;;) {
          auto n = co_await peer->read_some(room);
          if (!n || *n == 0) break;
          got += *n;
        }
        co_return got + static_cast<std::size_t>(co_await fib(10));
      };
      const auto asks = [](plain* run, tenon::endpoint to) -> task<std::size_t> {
        auto peer = co_await plain::tcp_stream::connect(*run, to);
        const std::array<std::byte, 5> five{};
        auto sent = co_await peer->write_all(five);
        co_return sent ? five.size() : 0;
      };
      auto server = co_await fork(answers(&door));
      const std::size_t sent = co_await asks(&on, where);
      const std::size_t got = co_await server.join();
      co_return sent + got;
    }(rt));
    EXPECT_EQ(sum, 5U + 5U + 55U);
  }
}

TEST(fork, of_a_race_within_a_fork) {
  for (int round = 0; round < rounds(30); ++round) {
    plain rt{{.threads = 3}};
    const long sum = rt.run([]() -> task<long> {
      long total = 0;
      for (int i = 0; i < 10; ++i) {
        const auto sleeps = []() -> task<long> {
          (void)co_await tenon::sleep_for(1h);
          co_return 0;
        };
        auto child = co_await fork(fib(8));
        const auto won = co_await tenon::when_any(fib(9), sleeps());
        total += std::get<0>(won) + co_await child.join();
      }
      co_return total;
    }());
    EXPECT_EQ(sum, 10 * (34 + 21));
  }
}

TEST(fork, a_deep_chain_gives_timers_their_turn) {
  plain rt{{.threads = 1}};
  const bool in_time = rt.run([](plain& on) -> task<bool> {
    std::atomic<bool> rang{false};
    const auto rings = [](std::atomic<bool>* flag) -> task<void> {
      (void)co_await tenon::sleep_for(1ms);
      flag->store(true);
    };
    const auto works = [](plain* clock, const std::atomic<bool>* flag) -> task<bool> {
      const tenon::time_point give_up = clock->now() + 60s;
      while (clock->now() < give_up) {
        const long result = co_await fib_of_all(16);
        EXPECT_EQ(result, 987);
        if (flag->load()) co_return true;
      }
      co_return false;
    };
    const auto [nothing, rang_meanwhile] = co_await tenon::when_all(rings(&rang), works(&on, &rang));
    (void)nothing;
    co_return rang_meanwhile;
  }(rt));
  EXPECT_TRUE(in_time);
}

TEST(fork, of_more_than_a_ready_queue_holds) {
  for (int round = 0; round < rounds(10); ++round) {
    plain rt{{.threads = 2}};
    const long sum = rt.run([]() -> task<long> {
      std::vector<task<long>> many;
      for (int i = 0; i < 5'000; ++i) many.push_back(i % 3 == 0 ? fib_that_waits(2, i) : fib(3));
      const std::vector<long> results = co_await tenon::when_all(std::move(many));
      long total = 0;
      for (const long each : results) total += each;
      co_return total;
    }());
    EXPECT_EQ(sum, 1'667 * 1 + 3'333 * 2);
  }
}

/// Gives the coroutine that awaits it, and its environment.
struct whoever_awaits {
  std::coroutine_handle<> waiter;
  const tenon::environment* env = nullptr;

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> from) noexcept {
    waiter = from;
    env = tenon::detail::environment_of(from);
    return false;
  }
  static void await_resume() noexcept {}
};

TEST(fork, joins_of_children_that_have_ended_take_no_stack) {
  plain rt{{.threads = 1}};
  rt.run([]() -> task<void> {
    constexpr std::size_t many = 100'000;
    const auto counts = [](std::size_t* into) -> task<void> {
      ++*into;
      co_return;
    };
    std::size_t ended = 0;
    std::deque<tenon::forked<void>> children;  // which `co_await fork(...)` can not be put into
    whoever_awaits me;
    co_await me;
    for (std::size_t i = 0; i < many; ++i) {
      children.emplace_back(tenon::detail::branch<void>(counts(&ended)), me.waiter, me.env);
    }
    while (ended != many) co_await tenon::yield();
    for (tenon::forked<void>& each : children) co_await each.join();
  }());
}

/// What three workers share: one runs `leaves`, one `lasts`, and then there is a leaf for the third.
struct three_at_once {
  std::atomic<bool> lasting{false};
  std::atomic<int> leaves{0};
  std::atomic<bool> over{false};
};

/// Blocks its thread until `of` says so. False when that took too long.
template <class Condition>
bool blocks_until(const Condition& of) {
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (!of()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(fork, one_who_sleeps_is_given_a_branch_after_another_was) {
  for (int round = 0; round < rounds(20); ++round) {
    plain rt{{.threads = 3}};
    const bool met = rt.run([]() -> task<bool> {
      three_at_once all;
      const auto lasts = [](three_at_once* of) -> task<void> {
        of->lasting = true;
        (void)blocks_until([&] { return of->over.load(); });
        co_return;
      };
      const auto leaf = [](three_at_once* of) -> task<bool> {
        ++of->leaves;
        co_return blocks_until([&] { return of->leaves.load() == 2; });
      };
      const auto leaves = [](three_at_once* of, auto one) -> task<bool> {
        if (!blocks_until([&] { return of->lasting.load(); })) co_return false;
        const auto [first, second] = co_await tenon::when_all(one(of), one(of));
        of->over = true;
        co_return first&& second;
      };
      (void)co_await tenon::sleep_for(2ms);  // the others have lain down
      const auto [both, nothing] = co_await tenon::when_all(leaves(&all, leaf), lasts(&all));
      (void)nothing;
      co_return both;
    }());
    EXPECT_TRUE(met);
  }
}

task<void> leaves_unjoined() {
  const auto nothing = []() -> task<void> { co_return; };
  [[maybe_unused]] auto child = co_await fork(nothing());
}

TEST(fork_death, one_that_is_not_joined_ends_the_program) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(run_alone([](alone&) { return leaves_unjoined(); }), "");
}

}  // namespace
