// SPDX-License-Identifier: BSL-1.0
// The strategies of a scheduling side by side, each at what it is for and at what it is not for. The runtimes have no
// I/O, so that what is measured is the scheduling; two workers, where it does not say one.
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/schedule_on.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/runtime/with_context.hpp>
#include <tenon/scheduler/affinity.hpp>
#include <tenon/scheduler/chase_lev.hpp>
#include <tenon/scheduler/fifo.hpp>
#include <tenon/scheduler/lifo_slot.hpp>
#include <tenon/scheduler/priority.hpp>
#include <tenon/scheduler/split.hpp>
#include <tenon/scheduler/stealing.hpp>
#include <tenon/sync/auto_event.hpp>
#include <tenon/task/yield.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "measure/harness.hpp"

#if __has_include(<asio/thread_pool.hpp>)
#define HAS_ASIO 1
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>
#endif

namespace {

using tenon::task;

constexpr const char* asio_name = "Asio thread_pool";
const std::vector<std::string> against_asio{"stealing<>", asio_name};

/// Work of about so many nanoseconds that no compiler leaves out.
void work_for(int nanoseconds) {
  std::uint64_t x = 88'172'645'463'325'252;
  for (int i = 0; i < nanoseconds; ++i) {  // a multiplication each, and the next waits for it
    x = x * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
  }
  measure::keep(x);
}

/// Runs `body(rt, count)` on a runtime of so many workers, to the end of all that it starts; per item.
template <class S, class Body>
double on(std::size_t workers, long items, Body body) {
  using R = tenon::runtime<tenon::none, S>;
  R rt{{.threads = workers, .name = "bench"}};
  const auto start = measure::clock::now();
  rt.run(body(rt, items));
  return measure::nanoseconds_since(start) / double(items);
}

/// One task makes many others ready, small ones.
template <class S>
double burst(long items) {
  return on<S>(2, items, [](auto& rt, long count) -> task<void> {
    for (long i = 0; i < count; ++i) rt.defer([] { work_for(20); });
    co_return;
  });
}

/// A binary tree, each of whose nodes starts its two branches and leaves.
template <class R>
struct branch {
  R* rt;
  long leaves;
  void operator()() const {
    if (leaves > 1) {
      rt->defer(branch{rt, leaves / 2});
      rt->defer(branch{rt, leaves - leaves / 2});
    } else {
      work_for(20);
    }
  }
};
template <class S, int Workers>
double tree(long items) {
  return on<S>(Workers, items, [](auto& rt, long count) -> task<void> {
    branch<std::remove_reference_t<decltype(rt)>>{&rt, count / 2}();
    co_return;
  });
}

/// A tree of tasks in scopes: each waits for its branches.
template <class R>
task<void> scoped(R& rt, long leaves) {
  if (leaves <= 1) {
    work_for(20);
    co_return;
  }
  tenon::scope both{rt};
  both.spawn(scoped<R>, std::ref(rt), leaves / 2);
  both.spawn(scoped<R>, std::ref(rt), leaves - leaves / 2);
  co_await both.join();
}
template <class S>
double scopes(long items) {
  return on<S>(2, items, [](auto& rt, long count) -> task<void> { co_await scoped(rt, count / 2); });
}

/// Two tasks that wake one another; others, always ready, stand in between.
task<void> returns(tenon::auto_event& mine, tenon::auto_event& other, long times) {
  for (long i = 0; i < times; ++i) {
    (void)co_await mine.wait();
    other.set();
  }
}
template <class S, int Workers, int Others>
double ping_pong(long items) {
  return on<S>(Workers, items, [](auto& rt, long count) -> task<void> {
    tenon::auto_event ping{true};
    tenon::auto_event pong;
    std::atomic<bool> over{false};
    tenon::scope all{rt};
    for (int i = 0; i < Others; ++i) {
      all.spawn(
          [](std::atomic<bool>& end) -> task<void> {
            while (!end.load(std::memory_order_relaxed)) {
              work_for(100);
              co_await tenon::yield();
            }
          },
          std::ref(over));
    }
    {
      tenon::scope talk{rt};
      talk.spawn(returns, std::ref(ping), std::ref(pong), count / 2);
      talk.spawn(returns, std::ref(pong), std::ref(ping), count / 2);
      co_await talk.join();
    }
    over = true;
    co_await all.join();
  });
}

/// A thread outside posts, as fast as it can.
template <class S>
double posted(long items) {
  using R = tenon::runtime<tenon::none, S>;
  R rt{{.threads = 2, .name = "bench"}};
  std::thread runs([&rt] { rt.run(); });
  while (rt.state() != tenon::phase::running) std::this_thread::yield();
  std::atomic<long> left{items};
  const auto start = measure::clock::now();
  for (long i = 0; i < items; ++i) {
    rt.post([&left] { left.fetch_sub(1, std::memory_order_relaxed); });
  }
  while (left.load() != 0) std::this_thread::yield();
  const double took = measure::nanoseconds_since(start) / double(items);
  rt.request_stop();
  runs.join();
  return took;
}

/// One task in 16 is 100 times as long; they are started in a row.
template <class S>
double uneven(long items) {
  return on<S>(2, items, [](auto& rt, long count) -> task<void> {
    for (long i = 0; i < count; ++i) {
      rt.defer([i] { work_for(i % 16 == 0 ? 20'000 : 200); });
      if (i % 32 == 31) co_await tenon::yield();
    }
  });
}

/// Accounts, of which each update needs one alone: by a mutex, or by a key that binds them to one worker.
struct alignas(64) account {
  std::mutex mutex;
  std::array<std::uint64_t, 32> entries{};
  void update(long i) {
    for (std::uint64_t& each : entries) each += static_cast<std::uint64_t>(i);
  }
};
constexpr long account_count = 2'000;

template <class S>
double locked_accounts(long items) {
  return on<S>(2, items, [](auto& rt, long count) -> task<void> {
    std::vector<account> accounts(account_count);
    {
      tenon::scope all{rt};
      for (long i = 0; i < count; ++i) {
        all.spawn(
            [](account& of, long by) -> task<void> {
              for (int round = 0; round < 4; ++round) {
                {
                  const std::lock_guard hold(of.mutex);
                  of.update(by);
                }
                co_await tenon::yield();
              }
            },
            std::ref(accounts[static_cast<std::size_t>(i % account_count)]), i);
      }
      co_await all.join();
    }
  });
}
template <class S>
double bound_accounts(long items) {
  return on<S>(2, items, [](auto& rt, long count) -> task<void> {
    std::vector<account> accounts(account_count);
    {
      tenon::scope all{rt};
      for (long i = 0; i < count; ++i) {
        all.spawn(
            tenon::key{static_cast<std::uint64_t>(i % account_count)},
            [](account& of, long by) -> task<void> {
              for (int round = 0; round < 4; ++round) {
                of.update(by);
                co_await tenon::yield();
              }
            },
            std::ref(accounts[static_cast<std::size_t>(i % account_count)]), i);
      }
      co_await all.join();
    }
  });
}

/// How long an urgent task waits on a worker with 500 others that are always ready, and 50 that come after it: the
/// median.
template <class S>
double urgent(long items) {
  using R = tenon::runtime<tenon::none, S>;
  R rt{{.threads = 1, .name = "bench"}};
  std::vector<double> waited;
  rt.run([](R& of, long count, std::vector<double>& into) -> task<void> {
    std::atomic<bool> over{false};
    tenon::scope all{of};
    for (int i = 0; i < 500; ++i) {
      all.spawn(
          [](std::atomic<bool>& end) -> task<void> {
            while (!end.load(std::memory_order_relaxed)) {
              work_for(100);
              co_await tenon::yield();
            }
          },
          std::ref(over));
    }
    for (long i = 0; i < count; ++i) {
      const auto start = measure::clock::now();
      const auto alarm = [](std::vector<double>& out, measure::clock::time_point since) -> task<void> {
        out.push_back(measure::nanoseconds_since(since));
        co_return;
      };
      tenon::scope one{of};
      if constexpr (R::has_levels) {
        one.spawn(tenon::context_for<R>(tenon::level{0}), alarm, std::ref(into), start);
      } else {
        one.spawn(alarm, std::ref(into), start);
      }
      for (int later = 0; later < 50; ++later) {
        one.spawn([]() -> task<void> {
          work_for(100);
          co_return;
        });
      }
      co_await one.join();
    }
    over = true;
    co_await all.join();
  }(rt, items, waited));
  std::nth_element(waited.begin(), waited.begin() + std::ptrdiff_t(waited.size() / 2), waited.end());
  return waited[waited.size() / 2];
}

#if defined(HAS_ASIO)
double asio_burst(long items) {
  asio::thread_pool pool(2);
  const auto start = measure::clock::now();
  asio::post(pool, [&] {
    for (long i = 0; i < items; ++i) asio::post(pool, [] { work_for(20); });
  });
  pool.join();
  return measure::nanoseconds_since(start) / double(items);
}
struct asio_branch {
  asio::thread_pool* pool;
  long leaves;
  void operator()() const {
    if (leaves > 1) {
      asio::post(*pool, asio_branch{pool, leaves / 2});
      asio::post(*pool, asio_branch{pool, leaves - leaves / 2});
    } else {
      work_for(20);
    }
  }
};
template <int Workers>
double asio_tree(long items) {
  asio::thread_pool pool(Workers);
  const auto start = measure::clock::now();
  asio::post(pool, asio_branch{&pool, items / 2});
  pool.join();
  return measure::nanoseconds_since(start) / double(items);
}
double asio_posted(long items) {
  asio::thread_pool pool(2);
  std::atomic<long> left{items};
  const auto start = measure::clock::now();
  for (long i = 0; i < items; ++i) {
    asio::post(pool, [&left] { left.fetch_sub(1, std::memory_order_relaxed); });
  }
  while (left.load() != 0) std::this_thread::yield();
  const double took = measure::nanoseconds_since(start) / double(items);
  pool.join();
  return took;
}
double asio_uneven(long items) {
  asio::thread_pool pool(2);
  const auto start = measure::clock::now();
  asio::post(pool, [&] {
    for (long i = 0; i < items; ++i) asio::post(pool, [i] { work_for(i % 16 == 0 ? 20'000 : 200); });
  });
  pool.join();
  return measure::nanoseconds_since(start) / double(items);
}
#endif

using slot = tenon::stealing<tenon::lifo_slot<>>;
using chase_lev = tenon::stealing<tenon::chase_lev>;
using split = tenon::stealing<tenon::split>;
using evened = tenon::affinity<tenon::overflowing<64>>;

/// Adds to a case one of ours for each strategy: F<strategy>.
#define TENON_STRATEGIES(case_of, ...)                                    \
  (case_of)                                                               \
      .ours("stealing<>", __VA_ARGS__<tenon::stealing<>>, {asio_name})    \
      .ours("stealing<chase_lev>", __VA_ARGS__<chase_lev>, against_asio)  \
      .ours("stealing<split>", __VA_ARGS__<split>, against_asio)          \
      .ours("stealing<lifo_slot<3>>", __VA_ARGS__<slot>, against_asio)    \
      .ours("affinity<>", __VA_ARGS__<tenon::affinity<>>, against_asio)   \
      .ours("priority<3>", __VA_ARGS__<tenon::priority<3>>, against_asio) \
      .ours("fifo", __VA_ARGS__<tenon::fifo>, against_asio)

template <class S>
double tree_of_one(long items) {
  return tree<S, 1>(items);
}
template <class S>
double tree_of_two(long items) {
  return tree<S, 2>(items);
}
template <class S>
double talk_alone(long items) {
  return ping_pong<S, 1, 0>(items);
}
template <class S>
double talk_on_two(long items) {
  return ping_pong<S, 2, 0>(items);
}
template <class S>
double talk_in_a_crowd(long items) {
  return ping_pong<S, 1, 50>(items);
}

}  // namespace

int main(int argc, char** argv) {
  measure::suite suite{"strategies"};
  const std::vector<std::string> against_default{"stealing<>"};

  auto& bursts = suite.add("a burst from one worker", "ns a task", 200'000);
  auto& lone_trees = suite.add("a tree, one worker", "ns a task", 200'000);
  auto& trees = suite.add("a tree", "ns a task", 200'000);
  auto& scoped_trees = suite.add("a tree of scopes", "ns a task", 50'000);
  auto& posts = suite.add("posted from outside", "ns a task", 100'000);
  auto& unevens = suite.add("one in 16 is 100 times as long", "ns a task", 20'000);
  auto& alone = suite.add("two tasks talk, one worker", "ns a message", 100'000);
  auto& twos = suite.add("two tasks talk", "ns a message", 50'000);
  auto& crowds = suite.add("two tasks talk among 50 others, one worker", "ns a message", 4'000);
  auto& accounts = suite.add("updates of 2000 accounts", "ns a task", 50'000);
  auto& alarms = suite.add("an urgent task among 500 others", "ns until it runs", 200);

  TENON_STRATEGIES(bursts, burst);
  TENON_STRATEGIES(lone_trees, tree_of_one);
  TENON_STRATEGIES(trees, tree_of_two);
  TENON_STRATEGIES(scoped_trees, scopes);
  TENON_STRATEGIES(posts, posted);
  TENON_STRATEGIES(unevens, uneven).ours("affinity<overflowing<64>>", uneven<evened>, against_asio);
  TENON_STRATEGIES(alone, talk_alone);
  TENON_STRATEGIES(twos, talk_on_two);
  TENON_STRATEGIES(crowds, talk_in_a_crowd);
  accounts.ours("stealing<>, a mutex each", locked_accounts<tenon::stealing<>>)
      .ours("affinity<>, a key each", bound_accounts<tenon::affinity<>>, {"stealing<>, a mutex each"})
      .ours("affinity<>, a mutex each", locked_accounts<tenon::affinity<>>, {"stealing<>, a mutex each"});
  TENON_STRATEGIES(alarms, urgent);

#if defined(HAS_ASIO)
  bursts.peer(asio_name, asio_burst);
  lone_trees.peer(asio_name, asio_tree<1>);
  trees.peer(asio_name, asio_tree<2>);
  posts.peer(asio_name, asio_posted);
  unevens.peer(asio_name, asio_uneven);
#else
  suite.note("no Asio: install libasio-dev for its thread_pool");
#endif
  return suite.run(argc, argv);
}
