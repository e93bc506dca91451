// SPDX-License-Identifier: BSL-1.0
#include "ground.hpp"

#include <tenon/runtime/report.hpp>

#include <string>
#include <thread>

namespace {

using namespace tenon_test;

TEST(report, says_its_units) {
  tenon::report r;
  r.uptime = 12'345'678us;
  r.workers = 4;
  EXPECT_EQ(to_string(r), "uptime_ms 12345, workers 4 (not counted: name tenon::counters to count)");
  r.counted = true;
  r.all.tasks_spawned = 6;
  r.all.tasks_run = 1;
  r.all.tasks_stolen = 2;
  r.all.items_dropped = 3;
  r.all.bytes_received = 4;
  r.all.bytes_sent = 5;
  EXPECT_EQ(to_string(r),
            "uptime_ms 12345, workers 4, tasks_spawned 6, tasks_run 1, tasks_stolen 2, items_dropped 3, "
            "bytes_received 4, bytes_sent 5");
}

TEST(report, of_a_runtime_that_has_not_run_is_empty) {
  const tenon::runtime<tenon::single_thread> rt;
  EXPECT_EQ(rt.report().uptime, 0s);
  EXPECT_EQ(rt.report().workers, 1U);
  EXPECT_FALSE(rt.report().counted);
}

TEST(report, counts_bytes_and_virtual_time) {
  tenon::runtime<tenon::none, tenon::single_thread, tenon::virtual_clock, tenon::counters> rt;
  rt.run([]() -> tenon::task<void> {
    const bool slept = co_await tenon::sleep_for(36h);
    EXPECT_TRUE(slept);
  }());
  EXPECT_EQ(rt.report().uptime, 36h);
  EXPECT_GT(rt.report().all.tasks_run, 0U);
}

tenon::task<void> nothing() { co_return; }

TEST(report, counts_what_was_spawned_by_workers_and_by_others_and_what_the_drain_refused) {
  tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::counters> rt{{.threads = 2}};
  EXPECT_TRUE(rt.spawn(nothing));
  EXPECT_TRUE(rt.post([] {}));
  EXPECT_EQ(rt.report().all.tasks_spawned, 2U);
  rt.run([](auto& self) -> tenon::task<void> {
    for (int i = 0; i < 5; ++i) (void)self.spawn(nothing);
    (void)self.defer([] {});
    tenon::scope all{self};
    for (int i = 0; i < 3; ++i) all.spawn(nothing);
    co_await all.join();
    std::jthread other([&self] {
      EXPECT_TRUE(self.post([] {}));
      EXPECT_TRUE(self.spawn(nothing));
    });
  }(rt));
  EXPECT_EQ(rt.report().all.tasks_spawned, 2U + 1U + 5U + 1U + 3U + 2U);
  EXPECT_EQ(rt.report().all.items_dropped, 0U);
  EXPECT_FALSE(rt.post([] {}));
  EXPECT_FALSE(rt.spawn(nothing));
  EXPECT_EQ(rt.report().all.items_dropped, 2U);
}

TEST(report, of_a_runtime_that_does_not_count_says_so) {
  tenon::runtime<tenon::none, tenon::single_thread> rt;
  rt.run(nothing());
  EXPECT_FALSE(rt.spawn(nothing));
  EXPECT_EQ(rt.report().all, tenon::totals{});
}

}  // namespace
