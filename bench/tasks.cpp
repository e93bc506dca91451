// SPDX-License-Identifier: BSL-1.0
// Suite tasks: what a coroutine, a wait and a timer cost, beside Asio's. Each sample makes its runtime, or io_context
// and threads, anew: that is in the figure, and little beside so many items.

#include "measure/harness.hpp"

#include <tenon/core/timer.hpp>
#include <tenon/sync/channel.hpp>
#include <tenon/task/fork.hpp>
#include <tenon/tenon.hpp>

#define ASIO_STANDALONE
#define ASIO_HAS_CO_AWAIT
#define ASIO_HAS_STD_COROUTINE
#if __has_include(<asio.hpp>)
#include <asio.hpp>
#include <asio/experimental/channel.hpp>
#include <asio/experimental/concurrent_channel.hpp>
#define HAS_ASIO
#endif

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tenon::task;

struct crew : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};

template <class Main, class... Args>
auto on(std::size_t workers, Main main, Args... args) {
  crew rt{{.threads = workers}};
  return rt.run(main(rt, args...));
}

// fib: every call a coroutine, every two of them forked.

[[gnu::noinline]] long serial(long n) { return n < 2 ? n : serial(n - 1) + serial(n - 2); }
task<long> by_when_all(long n) {
  if (n < 2) co_return n;
  const auto [a, b] = co_await tenon::when_all(by_when_all(n - 1), by_when_all(n - 2));
  co_return a + b;
}
task<long> by_fork(long n) {
  if (n < 2) co_return n;
  auto a = co_await tenon::fork(by_fork(n - 1));
  const long b = co_await by_fork(n - 2);
  co_return co_await a.join() + b;
}
task<long> awaited(long n) {
  if (n < 2) co_return n;
  const long a = co_await awaited(n - 1);
  const long b = co_await awaited(n - 2);
  co_return a + b;
}

/// `compute(n)` for the largest n that makes no more than `calls` calls; nanoseconds a call.
template <class Compute>
double fib(long calls, Compute compute) {
  long n = 1, before = 1, made = 1;
  while (before + made + 1 <= calls) {
    const long next = before + made + 1;
    before = std::exchange(made, next);
    ++n;
  }
  const auto start = measure::clock::now();
  measure::keep(compute(n));
  return measure::nanoseconds_since(start) / double(made);
}

// Empty coroutines.

task<void> nothing() { co_return; }
task<void> many_spawned(crew& rt, long count) {
  tenon::scope all{rt};
  for (long i = 0; i < count; ++i) {
    all.spawn(nothing);
    if (i % 1'000 == 999) co_await tenon::yield();
  }
  co_await all.join();
}
task<void> a_thousand_at_once(crew&, long count) {
  for (long i = 0; i < count; i += 1'000) {
    std::vector<task<void>> all;
    all.reserve(1'000);
    for (int k = 0; k < 1'000; ++k) all.push_back(nothing());
    co_await tenon::when_all(std::move(all));
  }
}

// Channels.

task<void> sends(tenon::channel<long>* out, tenon::channel<long>* back, long count) {
  for (long i = 0; i < count; ++i) {
    (void)co_await out->send(i);
    if (back != nullptr) (void)co_await back->receive();
  }
}
task<void> receives(tenon::channel<long>* in, tenon::channel<long>* back, long count) {
  for (long i = 0; i < count; ++i) {
    auto value = co_await in->receive();
    if (back != nullptr) (void)co_await back->send(*value);
  }
}
task<void> ping_pong(crew&, long count) {
  tenon::channel<long> there(1), back(1);
  co_await tenon::when_all(sends(&there, &back, count), receives(&there, &back, count));
}
task<void> one_way(crew&, long count) {
  tenon::channel<long> there(1'024);
  co_await tenon::when_all(sends(&there, nullptr, count), receives(&there, nullptr, count));
}

// Timers: a million pending, one after the other taken back and set anew.

constexpr std::size_t pending = 1'000'000;

struct our_timers {
  tenon::timer_queue queue;
  std::vector<tenon::timer> timers = std::vector<tenon::timer>(pending);
  tenon::time_point base = std::chrono::steady_clock::now();
};

/// A deadline that a sequence of the same seed gives both sides, up to an hour ahead.
struct deadlines {
  std::uint64_t state = 1;
  std::chrono::microseconds next() {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return std::chrono::microseconds(state >> 32);
  }
};

#if defined(HAS_ASIO)

template <class Start>
void asio_on(std::size_t workers, Start start) {
  asio::io_context context(static_cast<int>(workers));
  start(context);
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < workers; ++i) others.emplace_back([&] { context.run(); });
  context.run();
  for (std::thread& each : others) each.join();
}

asio::awaitable<void> asio_nothing() { co_return; }
asio::awaitable<long> asio_awaited(long n) {
  if (n < 2) co_return n;
  const long a = co_await asio_awaited(n - 1);
  const long b = co_await asio_awaited(n - 2);
  co_return a + b;
}

/// Spawns so many and waits for the last by a timer that it cancels: the waiting that Asio's documentation shows.
asio::awaitable<void> asio_spawns(long count) {
  const auto executor = co_await asio::this_coro::executor;
  const auto all_over = asio::make_strand(executor);
  asio::steady_timer over(all_over, asio::steady_timer::time_point::max());
  std::atomic<long> left{count};
  for (long i = 0; i < count; ++i) {
    asio::co_spawn(executor, asio_nothing(), [&](std::exception_ptr) {
      if (left.fetch_sub(1) == 1) asio::post(all_over, [&] { over.expires_after(0s); });
    });
  }
  while (left.load() != 0) {
    asio::error_code ignored;
    co_await over.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

template <class Channel>
asio::awaitable<void> asio_sends(Channel* out, Channel* back, long count) {
  for (long i = 0; i < count; ++i) {
    co_await out->async_send(asio::error_code(), i, asio::use_awaitable);
    if (back != nullptr) (void)co_await back->async_receive(asio::use_awaitable);
  }
}
template <class Channel>
asio::awaitable<void> asio_receives(Channel* in, Channel* back, long count) {
  for (long i = 0; i < count; ++i) {
    const long value = co_await in->async_receive(asio::use_awaitable);
    if (back != nullptr) co_await back->async_send(asio::error_code(), value, asio::use_awaitable);
  }
}
using asio_channel = asio::experimental::channel<void(asio::error_code, long)>;
using asio_concurrent_channel = asio::experimental::concurrent_channel<void(asio::error_code, long)>;

template <class Channel>
void asio_talk(std::size_t workers, long count, std::size_t room, bool answered) {
  std::unique_ptr<Channel> there, back;
  asio_on(workers, [&](asio::io_context& context) {
    there = std::make_unique<Channel>(context.get_executor(), room);
    if (answered) back = std::make_unique<Channel>(context.get_executor(), room);
    asio::co_spawn(context, asio_sends(there.get(), back.get(), count), asio::detached);
    asio::co_spawn(context, asio_receives(there.get(), back.get(), count), asio::detached);
  });
}

struct asio_timers {
  asio::io_context context{1};
  std::vector<asio::steady_timer> timers;
};

#endif

}  // namespace

int main(int argc, char** argv) {
  measure::suite suite{"tasks"};
#if !defined(HAS_ASIO)
  suite.note("without Asio (libasio-dev)");
#endif

  auto& one = suite.add("fib of coroutines, 1 worker", "ns per call", 2'700'000);
  auto& two = suite.add("fib of coroutines, 2 workers", "ns per call", 2'700'000);
  for (std::size_t workers = 1; workers <= 2; ++workers) {
    auto& row = workers == 1 ? one : two;
    row.ours("when_all", [=](long calls) {
      return fib(calls, [=](long n) { return on(workers, [](crew&, long k) { return by_when_all(k); }, n); });
    });
    row.ours("fork and join", [=](long calls) {
      return fib(calls, [=](long n) { return on(workers, [](crew&, long k) { return by_fork(k); }, n); });
    });
    row.peer("serial recursion, noinline", [](long calls) { return fib(calls, serial); });
  }
  auto& await = suite.add("fib by co_await alone", "ns per call", 1'000'000);
  await.ours("co_await", [](long calls) {
    return fib(calls, [](long n) { return on(1, [](crew&, long k) { return awaited(k); }, n); });
  });
#if defined(HAS_ASIO)
  await.peer("asio awaitable", [](long calls) {
    return fib(calls, [](long n) {
      long result = 0;
      asio_on(1, [&](asio::io_context& context) {
        asio::co_spawn(context, asio_awaited(n), [&](std::exception_ptr, long value) { result = value; });
      });
      return result;
    });
  });
#endif

  for (std::size_t workers = 1; workers <= 2; ++workers) {
    const std::string where = workers == 1 ? ", 1 worker" : ", 2 workers";
    auto& spawn = suite.add("spawn and join of empty coroutines" + where, "ns per coroutine", 200'000);
    spawn.ours("scope", [=](long count) { on(workers, many_spawned, count); });
    auto& at_once = suite.add("when_all of 1000 empty coroutines" + where, "ns per coroutine", 200'000);
    at_once.ours("when_all", [=](long count) { on(workers, a_thousand_at_once, count); });
    auto& pong = suite.add("ping-pong between two tasks" + where, "ns per round trip", 100'000);
    pong.ours("channel", [=](long count) { on(workers, ping_pong, count); });
    auto& flow = suite.add("channel of 1024" + where, "ns per item", 400'000);
    flow.ours("channel", [=](long count) { on(workers, one_way, count); });
#if defined(HAS_ASIO)
    const auto spawns = [=](long count) {
      asio_on(workers, [&](asio::io_context& context) { asio::co_spawn(context, asio_spawns(count), asio::detached); });
    };
    spawn.peer("asio co_spawn", spawns);
    at_once.peer("asio co_spawn", [=](long count) {
      asio_on(workers, [&](asio::io_context& context) {
        asio::co_spawn(
            context,
            [](long all) -> asio::awaitable<void> {
              for (long i = 0; i < all; i += 1'000) co_await asio_spawns(1'000);
            }(count),
            asio::detached);
      });
    });
    if (workers == 1) {
      pong.peer("asio channel", [](long count) { asio_talk<asio_channel>(1, count, 1, true); });
      flow.peer("asio channel", [](long count) { asio_talk<asio_channel>(1, count, 1'024, false); });
    } else {
      pong.peer("asio concurrent_channel", [](long count) { asio_talk<asio_concurrent_channel>(2, count, 1, true); });
      flow.peer("asio concurrent_channel",
                [](long count) { asio_talk<asio_concurrent_channel>(2, count, 1'024, false); });
    }
#endif
  }

  auto& timers = suite.add("timer taken back and set anew, 1 M pending", "ns per timer", 200'000);
  const auto ours = std::make_shared<our_timers>();
  const auto our_deadlines = std::make_shared<deadlines>();
  for (tenon::timer& each : ours->timers) {
    each.deadline = ours->base + our_deadlines->next();
    ours->queue.arm(each);
  }
  timers.ours("timer_queue", [=](long count) {
    for (long i = 0; i < count; ++i) {
      tenon::timer& each = ours->timers[static_cast<std::size_t>(i * 7'919) % pending];
      ours->queue.disarm(each);
      each.deadline = ours->base + our_deadlines->next();
      ours->queue.arm(each);
    }
  });
#if defined(HAS_ASIO)
  const auto theirs = std::make_shared<asio_timers>();
  const auto their_deadlines = std::make_shared<deadlines>();
  const auto set = [](asio::steady_timer& each, std::chrono::microseconds after) {
    each.expires_after(1h + after);
    each.async_wait([](asio::error_code) {});
  };
  theirs->timers.reserve(pending);
  for (std::size_t i = 0; i < pending; ++i) set(theirs->timers.emplace_back(theirs->context), their_deadlines->next());
  timers.peer("asio steady_timer", [=](long count) {
    for (long i = 0; i < count; ++i) {
      set(theirs->timers[static_cast<std::size_t>(i * 7'919) % pending], their_deadlines->next());
      if (i % 1'000 == 999) theirs->context.poll();  // calls what was cancelled
    }
  });
#endif
  const int status = suite.run(argc, argv);
#if defined(HAS_ASIO)
  std::_Exit(status);  // a million of Asio's timers take their time to go
#else
  return status;
#endif
}
