// SPDX-License-Identifier: BSL-1.0
#include "ground.hpp"

#include <atomic>
#include <cstddef>
#include <thread>
#include <utility>

namespace {

using namespace tenon_test;
using tenon::task;

struct io : tenon::runtime<tenon::epoll, tenon::affinity<>, counted> {
  using runtime::runtime;
};
struct compute : tenon::runtime<tenon::none, tenon::stealing<>> {
  using runtime::runtime;
};

TEST(schedule_on, goes_there_and_comes_back) {
  const books kept;
  std::atomic<int> trips{0};
  compute there{{.threads = 2, .name = "there"}};
  io here{{.threads = 2, .name = "here"}};
  std::thread background([&there] { there.run(); });
  here.run([](io& from, compute& to, std::atomic<int>* count) -> task<void> {
    tenon::scope all{from};
    for (int i = 0; i < 16; ++i) {
      all.spawn(
          [](io* mine, compute* other, std::atomic<int>* out) -> task<void> {
            for (int trip = 0; trip < rounds(200); ++trip) {
              co_await tenon::schedule_on(*other);
              EXPECT_NE(other->current(), nullptr);
              EXPECT_EQ(mine->current(), nullptr);
              if (trip % 10 == 0) (void)co_await tenon::sleep_for(10us);
              const int one = co_await []() -> task<int> {
                co_await tenon::yield();
                co_return 1;
              }();
              co_await tenon::schedule_on(*mine);
              EXPECT_NE(mine->current(), nullptr);
              EXPECT_EQ(other->current(), nullptr);
              *out += one;
            }
          },
          &from, &to, count);
    }
    co_await all.join();
    EXPECT_NE(from.current(), nullptr);
  }(here, there, &trips));
  EXPECT_EQ(trips, 16 * rounds(200));
  there.request_stop();
  background.join();
}

TEST(schedule_on, a_task_that_is_away_is_still_asked_to_stop) {
  compute there{{.threads = 2}};
  io here{{.threads = 2}};
  std::thread background([&there] { there.run(); });
  std::atomic<int> asked{0};
  here.run([](io& from, compute& to, std::atomic<int>* out) -> task<void> {
    for (int i = 0; i < 8; ++i) {
      (void)from.spawn(
          [](io* mine, compute* other, std::atomic<int>* count) -> task<void> {
            co_await tenon::schedule_on(*other);
            const bool slept = co_await tenon::sleep_for(1h);
            if (!slept) ++*count;
            co_await tenon::schedule_on(*mine);
          },
          &from, &to, out);
    }
    (void)co_await tenon::sleep_for(1ms);
  }(here, there, &asked));
  EXPECT_EQ(asked, 8);
  there.request_stop();
  background.join();
}

TEST(schedule_on, onto_the_runtime_it_is_on_is_a_yield) {
  io rt{{.threads = 2}};
  const int sum = rt.run([](io& self) -> task<int> {
    int count = 0;
    for (int i = 0; i < 100; ++i) {
      co_await tenon::schedule_on(self);
      ++count;
    }
    co_return count;
  }(rt));
  EXPECT_EQ(sum, 100);
}

}  // namespace
