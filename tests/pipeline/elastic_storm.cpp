// SPDX-License-Identifier: BSL-1.0
// Elastic stages under random delays, exceptions, timeouts and closes, on real threads.
#include <tenon/pipeline/fabric.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <tenon/backend/epoll.hpp>
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/scheduler/affinity.hpp>
#include <tenon/scheduler/stealing.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/task.hpp>
#if defined(TENON_WITH_HWLOC) && TENON_WITH_HWLOC
#include <tenon/topology/hwloc.hpp>
#endif

namespace {

using namespace std::chrono_literals;
using tenon::task;

struct several : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};

struct broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct counted {
  counted() { ++alive; }
  counted(counted&&) noexcept { ++alive; }
  counted& operator=(counted&&) noexcept = default;
  ~counted() { --alive; }
  static inline std::atomic<int> alive{0};
};

// What an item is to meet on its way. It is checked after each delay: a late worker still has its own.
struct order : counted {
  std::unique_ptr<std::string> text = std::make_unique<std::string>("an order that is on the heap, and long enough");
  std::uint32_t chance = 0;

  void check() const { EXPECT_EQ(text->size(), 45U); }
};

std::uint32_t dice(std::uint32_t chance, std::uint32_t salt) {
  std::minstd_rand random(chance + salt * 7919);
  random.discard(3);
  return static_cast<std::uint32_t>(random());
}

order work_for_a_while(order x, std::stop_token stop) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(dice(x.chance, 1) % 300);
  const bool heeds = dice(x.chance, 2) % 2 == 0;
  while (std::chrono::steady_clock::now() < until && !(heeds && stop.stop_requested())) std::this_thread::yield();
  x.check();
  if (dice(x.chance, 3) % 10 == 0) throw broken("blocking");
  return x;
}
task<order> wait_for_a_while(order x) {
  (void)co_await tenon::sleep_for(std::chrono::microseconds(dice(x.chance, 4) % 300));
  x.check();
  if (dice(x.chance, 5) % 10 == 0) throw broken("task");
  co_return x;
}

struct tally {
  std::atomic<std::uint64_t> through{0};
  std::atomic<std::uint64_t> thrown{0};
  std::atomic<std::uint64_t> timed_out{0};
  std::atomic<std::uint64_t> turned_away{0};
  [[nodiscard]] std::uint64_t all() const { return through + thrown + timed_out + turned_away; }
};

template <class Fabric>
task<void> submits(Fabric* running, std::uint32_t from, std::uint32_t count, tally* into) {
  for (std::uint32_t i = from; i < from + count; ++i) {
    order item;
    item.chance = i;
    bool answered = true;
    try {
      const auto given = co_await running->submit(std::move(item));
      if (given) {
        given->check();
        ++into->through;
      } else if (given.error() == tenon::pipeline_errc::timed_out) {
        ++into->timed_out;
      } else {
        ++into->turned_away;
      }
    } catch (const broken&) {
      answered = false;
    }
    if (!answered) ++into->thrown;
  }
}

template <class Fabric>
task<void> closes(Fabric* running, tenon::duration after) {
  (void)co_await tenon::sleep_for(after);
  running->close();
}

constexpr std::uint32_t submitters = 12;
constexpr std::uint32_t submits_each = 40;
constexpr auto at_the_end = tenon::duration::max();

template <class Word>
void storm(Word word, tenon::duration limit, tenon::duration close_after) {
  const auto stages =
      tenon::pipeline(tenon::stage<"block">(work_for_a_while, tenon::workers<2, 5>, tenon::queue_of<4>, word,
                                            tenon::idle_after(500us), tenon::task_timeout(limit), tenon::grace(10s)),
                      tenon::stage<"plain">([](order x) { return x; }, tenon::workers<2>, tenon::queue_of<2>),
                      tenon::stage<"wait">(wait_for_a_while, tenon::workers<1, 3>, tenon::queue_of<2>,
                                           tenon::idle_after(300us), tenon::task_timeout(limit)));
  several rt{{.threads = 2}};
  tally got;
  const auto main = [](several& self, const auto* plan, tally* into, tenon::duration close) -> task<void> {
    tenon::fabric running{self, *plan};
    using type = decltype(running);
    std::atomic<bool> over{false};
    std::thread observer([&] {
      while (!over) {
        for (const auto& seen : running.stats()) {
          EXPECT_EQ(seen.in, seen.out + seen.rejected + seen.dropped + seen.timed_out + seen.held);
          EXPECT_LE(seen.held, seen.in);
        }
        const auto seen = running.template health<"block">();
        EXPECT_TRUE(seen.size <= 5 && seen.busy <= seen.size) << seen.size;
        EXPECT_LE(seen.size + seen.left_behind, seen.most_calls);
        EXPECT_LE(running.template health<"wait">().size, 3U);
        std::this_thread::yield();
      }
    });
    tenon::scope all{self};
    for (std::uint32_t i = 0; i < submitters; ++i) all.spawn(&submits<type>, &running, i * 1000, submits_each, into);
    if (close != at_the_end) all.spawn(&closes<type>, &running, close);
    co_await all.join();
    co_await running.drained();
    over = true;
    observer.join();
    for (const auto& seen : running.stats()) EXPECT_EQ(seen.held, 0U);
    EXPECT_EQ(running.template health<"block">().left_behind, 0U);
    EXPECT_EQ(running.template health<"block">().busy, 0U);
    EXPECT_EQ(running.template health<"wait">().left_behind, 0U);
  };
  rt.run(main(rt, &stages, &got, close_after));
  EXPECT_EQ(got.all(), submitters * submits_each);
}

TEST(elastic_storm, answers_everything_without_timeouts) { storm(tenon::block, tenon::duration::max(), at_the_end); }
TEST(elastic_storm, answers_everything_with_timeouts) { storm(tenon::block, 150us, at_the_end); }
TEST(elastic_storm, answers_everything_that_is_rejected) { storm(tenon::reject, 100us, at_the_end); }
TEST(elastic_storm, answers_everything_that_is_dropped) { storm(tenon::drop_oldest, 200us, at_the_end); }
TEST(elastic_storm, answers_everything_after_a_close) {
  for (int round = 0; round < 10; ++round) storm(tenon::block, 100us, round * 700us);
}

#if defined(TENON_WITH_HWLOC) && TENON_WITH_HWLOC
struct pinned : tenon::runtime<tenon::none, tenon::affinity<>, tenon::hwloc> {
  using runtime::runtime;
};

TEST(elastic_storm, threads_are_not_pinned_with_the_worker_that_began_them) {
  const std::size_t all = tenon::detail::allowed_processors().size();
  if (all < 2) GTEST_SKIP() << "there is one processor";
  pinned rt{{.threads = 1}};
  rt.run([](pinned& self, std::size_t expected) -> task<void> {
    const auto stages = tenon::pipeline(
        tenon::stage<"count">([](int) { return tenon::detail::allowed_processors().size(); }, tenon::workers<1, 2>));
    tenon::fabric running{self, stages};
    const auto seen = co_await running.submit(1);
    EXPECT_TRUE(seen && *seen == expected);
    co_await running.drained();
  }(rt, all));
}
#endif

TEST(elastic_storm, a_fabric_may_end_before_what_it_has_left_behind) {
  for (int round = 0; round < 20; ++round) {
    several rt{{.threads = 2}};
    const auto main = [](several& self) -> task<void> {
      const auto stages = tenon::pipeline(
          tenon::stage<"s">(work_for_a_while, tenon::workers<1, 4>, tenon::task_timeout(20us), tenon::grace(0s)));
      tenon::fabric running{self, stages};
      tally got;
      tenon::scope all{self};
      for (std::uint32_t i = 0; i < 8; ++i) all.spawn(&submits<decltype(running)>, &running, i * 100, 4U, &got);
      co_await all.join();
      co_await running.drained();
      EXPECT_EQ(got.all(), 32U);
    };
    rt.run(main(rt));
  }
  while (counted::alive != 0) std::this_thread::yield();  // each late one ends with its call
}

}  // namespace
