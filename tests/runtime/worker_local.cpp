// SPDX-License-Identifier: BSL-1.0
#include <tenon/memory/object_pool.hpp>
#include <tenon/runtime/worker_local.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "ground.hpp"

namespace {

using tenon::task;

struct crew : tenon::runtime<tenon::none, tenon::affinity<>> {
  using runtime::runtime;
};
struct thieves : tenon::runtime<tenon::none> {
  using runtime::runtime;
};
struct lone : tenon::runtime<tenon::none, tenon::fifo, tenon::single_thread> {
  using runtime::runtime;
};

template <class R>
task<void> count(tenon::worker_local<std::uint64_t, R>* counts) {
  ++counts->here();
  co_return;
}

template <class R>
std::vector<std::uint64_t> counts_of(R& rt, int tasks) {
  tenon::worker_local<std::uint64_t, R> counts{rt};
  rt.run([](R* on, tenon::worker_local<std::uint64_t, R>* into, int so_many) -> task<void> {
    tenon::scope all{*on};
    for (int i = 0; i < so_many; ++i) all.spawn(count<R>, into);
    co_await all.join();
  }(&rt, &counts, tasks));
  std::vector<std::uint64_t> read;
  counts.each([&](std::uint64_t one) { read.push_back(one); });
  return read;
}

TEST(worker_local, each_worker_has_its_own) {
  crew rt{{.threads = 3}};
  const auto counts = counts_of(rt, 300);
  ASSERT_EQ(counts.size(), 3U);
  std::uint64_t sum = 0;
  for (const std::uint64_t one : counts) {
    EXPECT_GT(one, 0U) << "affinity deals tasks out";
    sum += one;
  }
  EXPECT_EQ(sum, 300U);
}

TEST(worker_local, a_runtime_of_one_thread_has_one) {
  lone rt;
  EXPECT_EQ(counts_of(rt, 10), (std::vector<std::uint64_t>{10}));
}

struct order {
  std::uint64_t number = 0;
  void reset() noexcept { number = 0; }
};
using pools_of = tenon::worker_local<tenon::object_pool<order>, thieves>;

/// Takes an object of one worker's pool, waits, and ends wherever it is then.
task<void> handle(pools_of* pools, std::uint64_t number, std::atomic<std::uint64_t>* sum) {
  auto mine = pools->here().acquire();
  EXPECT_EQ(mine->number, 0U);
  mine->number = number;
  co_await tenon::yield();
  co_await tenon::yield();
  *sum += mine->number;
}

TEST(worker_local, pooled_objects_go_with_a_task_and_come_home) {
  thieves rt{{.threads = 3}};
  pools_of pools{rt};
  constexpr std::uint64_t tasks = 3000;
  std::atomic<std::uint64_t> sum{0};
  rt.run([](thieves* on, pools_of* from, std::atomic<std::uint64_t>* into) -> task<void> {
    for (std::uint64_t done = 0; done < tasks;) {
      tenon::scope some{*on};
      for (int i = 0; i < 100; ++i) some.spawn(handle, from, ++done, into);
      co_await some.join();
    }
  }(&rt, &pools, &sum));
  EXPECT_EQ(sum, tasks * (tasks + 1) / 2);
  std::size_t objects = 0;
  pools.each([&](const tenon::object_pool<order>& pool) { objects += pool.size(); });
  EXPECT_GE(objects, 1U);
  EXPECT_LE(objects, 300U + 24) << "no more than were out at once, of each pool";
}

#if !defined(NDEBUG)
using numbers = tenon::worker_local<int, lone>;

TEST(worker_local, a_thread_that_is_no_worker_is_noticed) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        lone rt;
        numbers one{rt};
        static_cast<void>(one.here());
      },
      "not on a worker");
}
#endif

}  // namespace
