// SPDX-License-Identifier: BSL-1.0
// Elastic stages whose functions block. A stage is led on the test's thread, and time is the test's.
#include <tenon/pipeline/fabric.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "clocked_runtime.hpp"
#include "fake_runtime.hpp"

namespace {

using namespace std::chrono_literals;
using fake::clocked;
using fake::job;
using tenon::pipeline_errc;
using tenon::worker_state;

struct answers {
  std::vector<int> values;
  std::vector<std::error_code> errors;
  [[nodiscard]] std::size_t size() const { return values.size() + errors.size(); }
};

template <class Fabric, class Item>
job submit(Fabric& running, Item item, answers& into) {
  auto given = co_await running.submit(std::move(item));
  if (given) {
    into.values.push_back(*given);
  } else {
    into.errors.push_back(given.error());
  }
}
template <class Fabric>
job drain(Fabric& running, bool& drained) {
  co_await running.drained();
  drained = true;
}
template <class Fabric>
void drain_all(Fabric& running, clocked& rt) {
  bool drained = false;
  drain(running, drained);
  rt.run_until([&] { return drained; });
  EXPECT_FALSE(rt.has_timers());
}
template <class Counts>
void expect_balance(const Counts& seen) {
  EXPECT_EQ(seen.in, seen.out + seen.rejected + seen.dropped + seen.timed_out + seen.held) << seen.stage;
}
template <class Health>
std::size_t in_state(const Health& seen, worker_state state) {
  std::size_t count = 0;
  for (const auto& each : seen.workers) count += each.state == state ? 1U : 0U;
  return count;
}

// A stage that blocks until the test opens the gate; and how many are in it.
struct gate {
  std::counting_semaphore<1 << 20> open{0};
  std::atomic<int> inside{0};

  int pass(int x) {
    ++inside;
    inside.notify_all();
    open.acquire();
    --inside;
    return x;
  }
  void await_inside(int count) {
    for (int seen = inside.load(); seen != count; seen = inside.load()) inside.wait(seen);
  }
};

TEST(elastic_threads, grow_from_4_to_16_and_after_30_idle_seconds_back_to_4) {
  clocked rt;
  gate door;
  const auto stages = tenon::pipeline(tenon::stage<"block">(
      [&door](int x) { return door.pass(x); }, tenon::workers<4, 16>, tenon::queue_of<64>, tenon::idle_after(30s)));
  tenon::fabric running{rt, stages};
  EXPECT_EQ(running.health<"block">().size, 4U);
  EXPECT_EQ(in_state(running.health<"block">(), worker_state::idle), 4U);

  answers got;
  for (int i = 0; i < 20; ++i) submit(running, i, got);
  rt.settle();
  door.await_inside(16);
  auto seen = running.health<"block">();
  EXPECT_EQ(seen.size, 16U);
  EXPECT_EQ(seen.busy, 16U);
  EXPECT_EQ(seen.queued, 4U);
  EXPECT_EQ(in_state(seen, worker_state::executing), 16U);
  EXPECT_EQ(running.stats<"block">().held, 20U);

  door.open.release(20);
  rt.run_until([&] { return got.size() == 20; });
  seen = running.health<"block">();
  EXPECT_EQ(seen.size, 16U);
  EXPECT_EQ(seen.busy, 0U);
  EXPECT_EQ(seen.queued, 0U);

  rt.pass(30s - 1ns);
  EXPECT_EQ(running.health<"block">().size, 16U);
  rt.pass(1ns);
  seen = running.health<"block">();
  EXPECT_EQ(seen.size, 4U);
  EXPECT_EQ(in_state(seen, worker_state::idle), 4U);
  EXPECT_EQ(in_state(seen, worker_state::absent), 12U);
  EXPECT_FALSE(rt.has_timers());  // an idle stage waits for nothing
  drain_all(running, rt);
}

TEST(elastic_threads, are_given_items_in_turn) {
  clocked rt;
  constexpr auto stages = tenon::pipeline(tenon::stage<"s">([](int x) { return x + 1; }, tenon::workers<4, 8>));
  tenon::fabric running{rt, stages};
  answers got;
  for (int i = 0; i < 42; ++i) {
    submit(running, i, got);
    rt.run_until([&] { return got.size() == static_cast<std::size_t>(i) + 1; });
  }
  const auto seen = running.health<"s">();
  EXPECT_EQ(seen.size, 4U);  // one at a time needs no more
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(seen.workers[i].done, i < 2 ? 11U : 10U);
  drain_all(running, rt);
}

TEST(elastic_threads, one_that_takes_too_long_is_left_behind_and_replaced) {
  clocked rt;
  gate door;
  const auto stages = tenon::pipeline(tenon::stage<"s">([&door](int x) { return x < 0 ? door.pass(x) : x; },
                                                        tenon::workers<2, 2>, tenon::task_timeout(5s)));
  tenon::fabric running{rt, stages};
  answers got;
  submit(running, -1, got);
  rt.settle();
  door.await_inside(1);
  rt.pass(5s - 1ns);
  EXPECT_EQ(got.size(), 0U);
  rt.pass(1ns);
  EXPECT_EQ(got.errors, std::vector{std::error_code(pipeline_errc::timed_out)});
  EXPECT_EQ(got.errors[0], std::errc::timed_out);
  auto seen = running.health<"s">();
  EXPECT_EQ(seen.size, 2U);  // it is kept
  EXPECT_EQ(seen.busy, 0U);
  EXPECT_EQ(seen.left_behind, 1U);
  EXPECT_EQ(seen.workers[0].replaced, 1U);
  EXPECT_EQ(running.stats<"s">().timed_out, 1U);
  expect_balance(running.stats<"s">());

  for (std::size_t i = 1; i <= 4; ++i) {  // the others go on, the new one among them
    submit(running, 7, got);
    rt.run_until([&] { return got.values.size() == i; });
  }
  EXPECT_EQ(running.health<"s">().workers[0].done, 2U);
  EXPECT_EQ(running.health<"s">().left_behind, 1U);

  door.open.release();  // its result comes to nobody
  rt.run_until([&] { return running.health<"s">().left_behind == 0; });
  EXPECT_EQ(got.size(), 5U);
  EXPECT_EQ(running.stats<"s">().out, 4U);
  drain_all(running, rt);
}

TEST(elastic_threads, that_never_return_are_no_more_than_twice_as_many_as_may_work) {
  clocked rt;
  gate door;
  const auto stages = tenon::pipeline(tenon::stage<"s">([&door](int x) { return door.pass(x); }, tenon::workers<1, 2>,
                                                        tenon::task_timeout(10ms), tenon::queue_of<64>));
  tenon::fabric running{rt, stages};
  answers got;
  for (int i = 0; i < 20; ++i) submit(running, i, got);
  rt.settle();
  for (int round = 0; round < 12; ++round) {
    rt.pass(10ms);
    const auto seen = running.health<"s">();
    EXPECT_EQ(seen.most_calls, 4U);
    EXPECT_LE(seen.size + seen.left_behind, seen.most_calls);
  }
  // Four were told that it took too long. There was nobody left for the others.
  ASSERT_EQ(got.size(), 20U);
  EXPECT_EQ(std::count(got.errors.begin(), got.errors.end(), make_error_code(pipeline_errc::timed_out)), 4);
  EXPECT_EQ(std::count(got.errors.begin(), got.errors.end(), std::errc::resource_unavailable_try_again), 16);
  EXPECT_EQ(running.health<"s">().left_behind, 4U);
  EXPECT_EQ(running.health<"s">().size, 0U);
  door.await_inside(4);

  door.open.release(20);
  rt.run_until([&] { return running.health<"s">().left_behind == 0; });
  EXPECT_EQ(running.health<"s">().size, 1U);
  submit(running, 42, got);
  rt.run_until([&] { return got.size() == 21; });
  EXPECT_EQ(got.values, std::vector<int>{42});
  drain_all(running, rt);
}

TEST(elastic_threads, the_item_lives_as_long_as_who_works_on_it) {
  clocked rt;
  gate door;
  const auto item = std::make_shared<std::string>("still here");
  std::string read;
  const auto stages = tenon::pipeline(tenon::stage<"s">(
      [&](const std::shared_ptr<std::string>& x) {
        (void)door.pass(0);
        read = *x;
        return x;
      },
      tenon::workers<1, 1>, tenon::task_timeout(1s)));
  tenon::fabric running{rt, stages};
  bool told = false;
  [](auto& to, std::shared_ptr<std::string> x, bool& done) -> job {
    const auto given = co_await to.submit(std::move(x));
    done = !given && given.error() == pipeline_errc::timed_out;
  }(running, item, told);
  rt.settle();
  door.await_inside(1);
  rt.pass(1s);
  EXPECT_TRUE(told);  // and the frame that the item lay in is gone
  EXPECT_EQ(item.use_count(), 2);
  door.open.release();
  rt.run_until([&] { return running.health<"s">().left_behind == 0; });
  drain_all(running, rt);
  EXPECT_EQ(read, "still here");
}

TEST(elastic_threads, hear_that_their_time_is_over) {
  clocked rt;
  std::latch begun{1};
  const auto stages = tenon::pipeline(tenon::stage<"s">(
      [&begun](int x, std::stop_token stop) {
        begun.count_down();
        std::binary_semaphore asked{0};
        const std::stop_callback hears(stop, [&asked] { asked.release(); });
        asked.acquire();
        return x;
      },
      tenon::workers<1, 1>, tenon::task_timeout(2s)));
  tenon::fabric running{rt, stages};
  answers got;
  submit(running, 1, got);
  rt.settle();
  begun.wait();
  rt.pass(2s);
  EXPECT_EQ(got.errors.size(), 1U);
  rt.run_until([&] { return running.health<"s">().left_behind == 0; });
  drain_all(running, rt);
}

TEST(elastic_threads, what_is_done_in_time_disturbs_no_later_deadline) {
  clocked rt;
  gate door;
  const auto stages = tenon::pipeline(
      tenon::stage<"s">([&door](int x) { return door.pass(x); }, tenon::workers<1, 2>, tenon::task_timeout(10s)));
  tenon::fabric running{rt, stages};
  answers got;
  submit(running, 1, got);
  rt.settle();
  rt.pass(9s);
  door.open.release();
  rt.run_until([&] { return got.values.size() == 1; });
  submit(running, 2, got);
  rt.settle();
  door.await_inside(1);
  rt.pass(10s - 1ns);
  EXPECT_EQ(got.size(), 1U);
  rt.pass(1ns);
  EXPECT_EQ(got.errors.size(), 1U);
  door.open.release();
  drain_all(running, rt);
}

#if defined(__cpp_exceptions)
TEST(elastic_threads, of_another_runtime_measure_items_by_the_clock_of_the_fabric) {
  clocked home;
  clocked far;  // the test's thread is its worker
  far.pass(1h);
  const auto stages = tenon::pipeline(tenon::stage<"far">([](int x) { return x; }, tenon::workers<1, 1>, tenon::on(far),
                                                          tenon::ttl(1s), tenon::measured));
  tenon::fabric running{home, stages};
  answers got;
  submit(running, 1, got);
  far.run_until([&] { return got.size() == 1; });
  EXPECT_EQ(got.values, std::vector{1});
  const auto times = running.times<"far">();
  EXPECT_EQ(times.wait.count(), 1U);
  EXPECT_EQ(times.wait.max(), 0U);
  EXPECT_EQ(times.service.max(), 0U);
  drain_all(running, far);
}

TEST(elastic_threads, throw_at_the_submitter) {
  clocked rt;
  constexpr auto stages = tenon::pipeline(
      tenon::stage<"s">([](int x) { return x != 0 ? throw std::runtime_error("no") : x; }, tenon::workers<1, 2>));
  tenon::fabric running{rt, stages};
  std::string seen;
  [](auto& to, std::string& into) -> job {
    try {
      const auto given = co_await to.submit(1);
      into = std::to_string(given.value());
    } catch (const std::runtime_error& error) {
      into = error.what();
    }
  }(running, seen);
  rt.run_until([&] { return !seen.empty(); });
  EXPECT_EQ(seen, "no");
  EXPECT_EQ(running.stats<"s">().out, 1U);
  answers got;
  submit(running, 0, got);  // and its worker goes on
  rt.run_until([&] { return got.size() == 1; });
  EXPECT_EQ(got.values, std::vector{0});
  drain_all(running, rt);
}
#endif

TEST(elastic_threads, reject_what_finds_all_busy_and_the_queue_full) {
  clocked rt;
  gate door;
  const auto stages = tenon::pipeline(tenon::stage<"s">([&door](int x) { return door.pass(x); }, tenon::workers<1, 2>,
                                                        tenon::queue_of<2>, tenon::reject));
  tenon::fabric running{rt, stages};
  answers got;
  for (int i = 0; i < 6; ++i) {
    submit(running, i, got);
    rt.settle();
  }
  EXPECT_EQ(got.errors, std::vector(2, std::error_code(pipeline_errc::rejected)));
  EXPECT_EQ(running.health<"s">().queued, 2U);
  expect_balance(running.stats<"s">());
  door.open.release(4);
  rt.run_until([&] { return got.size() == 6; });
  drain_all(running, rt);
  EXPECT_EQ(running.stats<"s">().out, 4U);
}

TEST(elastic_threads, are_completed_while_the_next_queue_is_full) {
  clocked rt;
  gate door;
  const auto stages = tenon::pipeline(
      tenon::stage<"first">([](int x) { return x; }, tenon::workers<1, 4>),
      tenon::stage<"second">([&door](int x) { return door.pass(x); }, tenon::workers<1, 1>, tenon::queue_of<2>));
  tenon::fabric running{rt, stages};
  answers got;
  for (int i = 0; i < 10; ++i) submit(running, i, got);
  // One is in "second", two are in its queue, four wait for room in it: three have not begun.
  rt.run_until([&] { return in_state(running.health<"first">(), worker_state::completed) == 4; });
  EXPECT_EQ(running.health<"first">().queued, 3U);
  for (const auto& each : running.stats()) expect_balance(each);
  door.open.release(10);
  rt.run_until([&] { return got.size() == 10; });
  EXPECT_EQ(running.health<"first">().busy, 0U);
  drain_all(running, rt);
}

TEST(elastic_threads, take_what_is_fused_to_their_stage_with_them) {
  clocked rt;
  static std::thread::id first, second;
  constexpr auto stages = tenon::pipeline(
      tenon::stage<"a">([](std::unique_ptr<int> x) { return first = std::this_thread::get_id(), std::move(x); },
                        tenon::workers<1, 2>),
      tenon::stage<"b">([](std::unique_ptr<int> x) { return second = std::this_thread::get_id(), *x + 1; },
                        tenon::fused));
  tenon::fabric running{rt, stages};
  answers got;
  submit(running, std::make_unique<int>(6), got);
  rt.run_until([&] { return got.size() == 1; });
  EXPECT_EQ(got.values, std::vector{7});
  EXPECT_EQ(first, second);
  EXPECT_NE(first, std::this_thread::get_id());
  drain_all(running, rt);
}

TEST(elastic_threads, may_give_nothing) {
  clocked rt;
  std::atomic<int> sum = 0;
  const auto stages = tenon::pipeline(tenon::stage<"s">([&sum](int x) { sum += x; }, tenon::workers<2, 2>));
  tenon::fabric running{rt, stages};
  int through = 0;
  for (int i = 1; i <= 3; ++i) {
    [](auto& to, int x, int& count) -> job {
      const auto given = co_await to.submit(x);
      count += given ? 1 : 0;
    }(running, i, through);
  }
  rt.run_until([&] { return through == 3; });
  EXPECT_EQ(sum, 6);
  drain_all(running, rt);
}

TEST(elastic_threads, a_drain_lets_all_that_is_inside_through) {
  clocked rt;
  gate door;
  const auto stages = tenon::pipeline(
      tenon::stage<"s">([&door](int x) { return door.pass(x); }, tenon::workers<1, 3>, tenon::queue_of<4>));
  tenon::fabric running{rt, stages};
  answers got;
  for (int i = 0; i < 12; ++i) submit(running, i, got);  // five of them wait for room
  rt.settle();
  bool drained = false;
  drain(running, drained);
  answers late;
  submit(running, 99, late);
  EXPECT_EQ(late.errors, std::vector{std::error_code(pipeline_errc::closed)});
  rt.settle();
  EXPECT_FALSE(drained);
  door.open.release(12);
  rt.run_until([&] { return drained; });
  EXPECT_EQ(got.values.size(), 12U);
  expect_balance(running.stats<"s">());
}

TEST(elastic_threads, a_drain_waits_for_what_was_left_behind_but_no_longer_than_it_is_told) {
  clocked rt;
  auto door = std::make_shared<gate>();
  struct told {
    explicit told(std::latch& at_end) : end(&at_end) {}
    told(told&& other) noexcept : end(std::exchange(other.end, nullptr)) {}
    ~told() {
      if (end != nullptr) end->count_down();
    }
    std::latch* end;
  };
  std::latch ended{1};
  {
    const auto stages = tenon::pipeline(tenon::stage<"s">(
        [door](told x) {
          (void)door->pass(0);
          return x;
        },
        tenon::workers<1, 2>, tenon::task_timeout(1s), tenon::grace(3s)));
    tenon::fabric running{rt, stages};
    bool told_so = false;
    [](auto& to, std::latch& end, bool& done) -> job {
      auto given = co_await to.submit(told(end));
      done = !given;
    }(running, ended, told_so);
    rt.settle();
    door->await_inside(1);
    rt.pass(1s);
    EXPECT_TRUE(told_so);
    bool drained = false;
    drain(running, drained);
    rt.pass(3s - 1ns);
    EXPECT_FALSE(drained);
    rt.pass(1ns);
    EXPECT_TRUE(drained);
    EXPECT_EQ(running.health<"s">().left_behind, 1U);
    EXPECT_EQ(running.notes(),
              "stage \"s\": calls that ran over their time and have not returned: 1; each keeps its worker until it "
              "does\n");
    EXPECT_FALSE(rt.has_timers());
  }
  // The fabric is gone, and its function is still at work. What it gives, and itself, end with it.
  EXPECT_EQ(door->inside, 1);
  EXPECT_FALSE(ended.try_wait());
  door->open.release();
  ended.wait();
  while (door.use_count() != 1) std::this_thread::yield();  // its copy of the lambda goes with the fabric
}

TEST(elastic_threads, a_drain_ends_with_the_last_that_was_left_behind) {
  clocked rt;
  gate door;
  const auto stages = tenon::pipeline(tenon::stage<"s">([&door](int x) { return door.pass(x); }, tenon::workers<1, 2>,
                                                        tenon::task_timeout(1s), tenon::grace(1h)));
  tenon::fabric running{rt, stages};
  answers got;
  submit(running, 1, got);
  submit(running, 2, got);
  rt.settle();
  door.await_inside(2);
  rt.pass(1s);
  EXPECT_EQ(running.health<"s">().left_behind, 2U);
  bool drained = false;
  drain(running, drained);
  rt.settle();
  EXPECT_FALSE(drained);
  door.open.release(2);
  rt.run_until([&] { return drained; });
  EXPECT_EQ(running.health<"s">().left_behind, 0U);
  EXPECT_EQ(running.notes(), "");
  EXPECT_FALSE(rt.has_timers());
}

TEST(elastic_threads, of_a_fabric_that_was_never_used_leave) {
  clocked rt;
  constexpr auto stages = tenon::pipeline(tenon::stage<"s">([](int x) { return x; }, tenon::workers<3, 5>));
  tenon::fabric never{rt, stages};
  EXPECT_EQ(never.health<"s">().size, 3U);
  tenon::fabric closed{rt, stages};
  closed.close();
}

}  // namespace
