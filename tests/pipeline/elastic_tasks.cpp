// SPDX-License-Identifier: BSL-1.0
// Elastic stages whose functions are coroutines, on a runtime whose time is virtual.
#include <tenon/pipeline/fabric.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <new>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/sync/event.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/yield.hpp>

namespace {

using namespace std::chrono_literals;
using tenon::pipeline_errc;
using tenon::task;

struct virtual_one : tenon::runtime<tenon::none, tenon::fifo, tenon::virtual_clock, tenon::single_thread> {
  using runtime::runtime;
};

struct answers {
  std::vector<int> values;
  std::vector<std::error_code> errors;
  [[nodiscard]] std::size_t size() const { return values.size() + errors.size(); }
};

template <class Fabric, class Item>
task<void> ask(Fabric* running, Item item, answers* into) {
  auto given = co_await running->submit(std::move(item));
  if (given) {
    into->values.push_back(*given);
  } else {
    into->errors.push_back(given.error());
  }
}
template <class Counts>
void expect_balance(const Counts& seen) {
  EXPECT_EQ(seen.in, seen.out + seen.rejected + seen.dropped + seen.timed_out + seen.held) << seen.stage;
}

TEST(elastic_tasks, grow_from_4_to_16_and_after_30_idle_seconds_back_to_4) {
  virtual_one rt;
  const auto main = [](virtual_one& self) -> task<void> {
    tenon::event door;
    const auto stages = tenon::pipeline(tenon::stage<"wait">(
        [&door](int x) -> task<int> {
          (void)co_await door.wait();
          co_return x;
        },
        tenon::workers<4, 16>, tenon::queue_of<64>, tenon::idle_after(30s)));
    tenon::fabric running{self, stages};
    answers got;
    tenon::scope all{self};
    EXPECT_EQ(running.template health<"wait">().size, 4U);
    for (int i = 0; i < 20; ++i) all.spawn(&ask<decltype(running), int>, &running, i, &got);
    co_await tenon::sleep_for(1s);
    auto seen = running.template health<"wait">();
    EXPECT_EQ(seen.size, 16U);
    EXPECT_EQ(seen.busy, 16U);
    EXPECT_EQ(seen.queued, 4U);
    door.set();
    co_await all.join();
    EXPECT_EQ(got.values.size(), 20U);
    co_await tenon::sleep_for(30s - 1ns);
    EXPECT_EQ(running.template health<"wait">().size, 16U);
    co_await tenon::sleep_for(2ns);  // the stage may have its turn after us
    EXPECT_EQ(running.template health<"wait">().size, 4U);
    co_await running.drained();
  };
  rt.run(main(rt));
}

TEST(elastic_tasks, one_that_takes_too_long_is_asked_to_stop_and_its_submitter_told) {
  virtual_one rt;
  int stopped = 0;
  const auto main = [](virtual_one& self, int* count) -> task<void> {
    const auto stages = tenon::pipeline(tenon::stage<"sleep">(
        [count](std::chrono::seconds time) -> task<int> {
          const bool slept = co_await tenon::sleep_for(time);
          if (!slept) ++*count;
          co_return static_cast<int>(time.count());
        },
        tenon::workers<2, 2>, tenon::task_timeout(5s)));
    tenon::fabric running{self, stages};
    answers got;
    tenon::scope all{self};
    for (const auto time : {1h, 1h, 1h}) {
      all.spawn(&ask<decltype(running), std::chrono::seconds>, &running, std::chrono::seconds(time), &got);
    }
    all.spawn(&ask<decltype(running), std::chrono::seconds>, &running, 4s, &got);
    co_await all.join();
    EXPECT_EQ(self.now().time_since_epoch(), 10s);
    EXPECT_EQ(got.errors, std::vector(3, std::error_code(pipeline_errc::timed_out)));
    EXPECT_EQ(got.values, std::vector{4});
    const auto seen = running.template health<"sleep">();
    EXPECT_EQ(seen.size, 2U);
    EXPECT_EQ(seen.workers[0].replaced + seen.workers[1].replaced, 3U);
    EXPECT_EQ(running.template stats<"sleep">().timed_out, 3U);
    expect_balance(running.template stats<"sleep">());
    co_await running.drained();
    EXPECT_EQ(running.template health<"sleep">().left_behind, 0U);
  };
  rt.run(main(rt, &stopped));
  EXPECT_EQ(stopped, 3);
}

TEST(elastic_tasks, a_drain_waits_for_one_that_does_not_heed_its_stop) {
  virtual_one rt;
  const auto main = [](virtual_one& self) -> task<void> {
    tenon::event door;
    bool ended = false;
    const auto stages = tenon::pipeline(tenon::stage<"deaf">(
        [&](std::unique_ptr<int> x) -> task<int> {
          while (!door.is_set()) co_await tenon::yield();
          ended = true;
          co_return *x;
        },
        tenon::workers<1>, tenon::task_timeout(0s)));
    tenon::fabric running{self, stages};
    answers got;
    tenon::scope all{self};
    all.spawn(&ask<decltype(running), std::unique_ptr<int>>, &running, std::make_unique<int>(1), &got);
    co_await all.join();
    EXPECT_EQ(got.errors.size(), 1U);
    EXPECT_EQ(running.template health<"deaf">().left_behind, 1U);
    EXPECT_FALSE(ended);
    door.set();
    co_await running.drained();
    EXPECT_TRUE(ended);
  };
  rt.run(main(rt));
}

/// Suspends, deaf to any stop, until the test resumes it.
class stays {
 public:
  explicit stays(std::coroutine_handle<>& kept) noexcept : kept_(kept) {}
  [[nodiscard]] static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> who) noexcept { kept_ = who; }
  static void await_resume() noexcept {}

 private:
  std::coroutine_handle<>& kept_;
};

#if defined(__cpp_exceptions)
/// While it lives, this thread has no memory for frames of coroutines.
class no_frames {
 public:
  no_frames() noexcept {
    auto& thread = tenon::detail::here();
    thread.frames = &none;
    thread.shelves = tenon::detail::no_shelves;
  }
  no_frames(const no_frames&) = delete;
  no_frames& operator=(const no_frames&) = delete;
  ~no_frames() { tenon::detail::here() = before_; }

 private:
  static constexpr tenon::detail::frame_source none{[](void*, std::size_t) -> void* { throw std::bad_alloc(); },
                                                    [](void*, void*, std::size_t) noexcept {},
                                                    [](void*, std::size_t) noexcept {}};
  tenon::detail::this_thread before_ = tenon::detail::here();
};

TEST(elastic_tasks, without_a_worker_all_that_waits_is_refused) {
  virtual_one rt;
  const auto main = [](virtual_one& self) -> task<void> {
    std::coroutine_handle<> kept;
    const auto stages = tenon::pipeline(tenon::stage<"one">(
        [&](int x) -> task<int> {
          co_await stays(kept);
          co_return x;
        },
        tenon::workers<1>, tenon::task_timeout(5s), tenon::queue_of<128>));
    tenon::fabric running{self, stages};
    answers got;
    tenon::scope all{self};
    for (int i = 0; i < 101; ++i) all.spawn(&ask<decltype(running), int>, &running, i, &got);
    co_await tenon::sleep_for(1s);
    {
      const no_frames poor;  // nobody takes the place of the one that is left behind
      co_await tenon::sleep_for(10s);
    }
    EXPECT_EQ(got.size(), 101U);
    const auto refused = std::make_error_code(std::errc::resource_unavailable_try_again);
    EXPECT_EQ(std::count(got.errors.begin(), got.errors.end(), refused), 100);
    expect_balance(running.template stats<"one">());
    kept.resume();
    co_await all.join();
    co_await running.drained();
  };
  rt.run(main(rt));
}
#endif

TEST(elastic_tasks, as_many_as_the_stage_says_are_at_work_at_once) {
  virtual_one rt;
  const auto main = [](virtual_one& self) -> task<void> {
    int now = 0;
    int most = 0;
    const auto stages = tenon::pipeline(
        tenon::stage<"first">([](int x) { return x + 1; }),
        tenon::stage<"three">(
            [&](int x) -> task<std::string> {
              if (++now > most) most = now;
              co_await tenon::sleep_for(1s);
              --now;
              co_return std::to_string(x);
            },
            tenon::workers<3>),
        tenon::stage<"length">([](const std::string& text) { return static_cast<int>(text.size()); }, tenon::fused),
        tenon::stage<"last">([](int x) { return 10 * x; }, tenon::workers<2>));
    tenon::fabric running{self, stages};
    answers got;
    tenon::scope all{self};
    for (int i = 0; i < 12; ++i) all.spawn(&ask<decltype(running), int>, &running, 90 + i, &got);
    co_await all.join();
    EXPECT_EQ(self.now().time_since_epoch(), 4s);
    EXPECT_EQ(most, 3);
    EXPECT_EQ(got.values.size(), 12U);
    int sum = 0;
    for (const int value : got.values) sum += value;
    EXPECT_EQ(sum, 9 * 20 + 3 * 30);
    co_await running.drained();
  };
  rt.run(main(rt));
}

TEST(elastic_tasks, may_give_nothing_or_throw) {
  virtual_one rt;
  const auto main = [](virtual_one& self) -> task<void> {
    int sum = 0;
    const auto stages = tenon::pipeline(tenon::stage<"sum">(
        [&sum](int x) -> task<void> {
          co_await tenon::sleep_for(1ms);
#if defined(__cpp_exceptions)
          if (x == 0) throw std::invalid_argument("nothing");
#endif
          sum += x;
        },
        tenon::workers<2>));
    tenon::fabric running{self, stages};
    const auto two = co_await running.submit(2);
    EXPECT_TRUE(two);
    EXPECT_EQ(sum, 2);
#if defined(__cpp_exceptions)
    std::string thrown;
    try {
      const auto none = co_await running.submit(0);
      EXPECT_TRUE(none);
    } catch (const std::invalid_argument& error) {
      thrown = error.what();
    }
    EXPECT_EQ(thrown, "nothing");
    EXPECT_EQ(running.template stats<"sum">().out, 2U);
#endif
    co_await running.drained();
  };
  rt.run(main(rt));
}

TEST(elastic_tasks, hear_of_their_timeout_by_a_token_too) {
  virtual_one rt;
  bool asked = false;
  const auto main = [](virtual_one& self, bool* heard) -> task<void> {
    const auto stages = tenon::pipeline(tenon::stage<"s">(
        [heard](int x, std::stop_token stop) -> task<int> {
          (void)co_await tenon::sleep_for(1h);
          *heard = stop.stop_requested();
          co_return x;
        },
        tenon::workers<1>, tenon::task_timeout(1s)));
    tenon::fabric running{self, stages};
    const auto given = co_await running.submit(2);
    EXPECT_EQ(given.error(), std::error_code(pipeline_errc::timed_out));
    co_await running.drained();
  };
  rt.run(main(rt, &asked));
  EXPECT_TRUE(asked);
}

}  // namespace
