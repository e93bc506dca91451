// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/words.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <span>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/backend/none.hpp>
#include <tenon/core/clock.hpp>
#include <tenon/pipeline/fabric.hpp>
#include <tenon/pipeline/stage.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/task.hpp>

#include "fake_runtime.hpp"

namespace {

using fake::job;
using tenon::pipeline_errc;
using tenon::stage;
using namespace std::chrono_literals;

/// One thread, and a clock that the test moves.
class timed : public fake::one_thread<> {
 public:
  [[nodiscard]] tenon::time_point now() const noexcept { return at_; }
  void pass(tenon::duration time) noexcept { at_ += time; }

 private:
  tenon::time_point at_{};
};
/// The same, watched by a policy that wants all stages measured.
struct watched : timed {
  struct observe {
    static constexpr bool times_stages = true;
  };
};
/// Threads, and the real clock.
struct threads : fake::threads {
  using fake::threads::threads;
  [[nodiscard]] static tenon::time_point now() noexcept { return tenon::steady::source::now(); }
};

struct answers {
  std::vector<int> values;
  std::vector<std::error_code> errors;
  [[nodiscard]] std::size_t size() const { return values.size() + errors.size(); }
};

template <class Fabric>
job submit(Fabric& running, int item, answers& into) {
  auto given = co_await running.submit(item);
  if (given) {
    into.values.push_back(*given);
  } else {
    into.errors.push_back(given.error());
  }
}
template <class Fabric, class Runtime>
void drain_all(Fabric& running, Runtime& rt) {
  bool drained = false;
  [](auto& of, bool& is) -> job {
    co_await of.drained();
    is = true;
  }(running, drained);
  rt.settle();
  EXPECT_TRUE(drained);
}
void expect_balance(const tenon::detail::weaving::joint_counts& seen) {
  EXPECT_EQ(seen.in, seen.out + seen.rejected + seen.dropped + seen.expired + seen.timed_out + seen.held) << seen.stage;
}

int same(int x) { return x; }
int twice(int x) { return 2 * x; }

TEST(ttl, answers_what_waited_too_long_and_does_not_handle_it) {
  static int calls = 0;
  calls = 0;
  const auto stages = tenon::pipeline(stage<"s">([](int x) { return ++calls, x; }, tenon::ttl(10ms)));
  timed rt;
  tenon::fabric running{rt, stages};
  answers got;
  submit(running, 1, got);
  rt.pass(10ms);  // as long as it may
  rt.settle();
  submit(running, 2, got);
  submit(running, 3, got);
  rt.pass(11ms);
  submit(running, 4, got);
  rt.settle();
  EXPECT_EQ(got.values, (std::vector{1, 4}));
  EXPECT_EQ(got.errors, std::vector(2, std::error_code(pipeline_errc::expired)));
  EXPECT_EQ(got.errors.front(), std::errc::timed_out);
  EXPECT_EQ(calls, 2);
  const auto seen = running.stats<"s">();
  EXPECT_EQ(seen.in, 4U);
  EXPECT_EQ(seen.out, 2U);
  EXPECT_EQ(seen.expired, 2U);
  EXPECT_EQ(seen.held, 0U);
  drain_all(running, rt);
}

TEST(ttl, counts_from_the_arrival_at_the_stage_even_where_it_waits_for_room) {
  const auto stages =
      tenon::pipeline(stage<"a">(same, tenon::queue_of<8>), stage<"b">(same, tenon::queue_of<2>, tenon::ttl(5ms)));
  timed rt;
  tenon::fabric running{rt, stages};
  answers got;
  for (int i = 0; i < 6; ++i) submit(running, i, got);
  rt.pass(1h);             // before the first stage they may wait
  EXPECT_TRUE(rt.step());  // now two are in the second queue, and the third waits for room in it
  rt.pass(6ms);
  rt.settle();
  EXPECT_EQ(got.errors, std::vector(3, std::error_code(pipeline_errc::expired)));
  EXPECT_EQ(got.values, (std::vector{3, 4, 5}));
  drain_all(running, rt);
}

TEST(batch, gives_the_stage_what_is_there) {
  static std::vector<std::size_t> sizes;
  sizes.clear();
  const auto stages = tenon::pipeline(stage<"b">(
      [](std::span<int> some) {
        sizes.push_back(some.size());
        for (int& each : some) each *= 10;
      },
      tenon::queue_of<64>, tenon::batch<4>));
  timed rt;
  tenon::fabric running{rt, stages};
  answers got;
  for (int i = 0; i < 10; ++i) submit(running, i, got);
  rt.settle();
  submit(running, 10, got);
  rt.settle();
  EXPECT_EQ(sizes, (std::vector<std::size_t>{4, 4, 2, 1}));
  EXPECT_EQ(got.values, (std::vector{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100}));
  EXPECT_EQ(running.stats<"b">().out, 11U);
  drain_all(running, rt);
}

TEST(batch, may_give_another_type_and_has_stages_behind_it) {
  const auto stages = tenon::pipeline(stage<"half">(
                                          [](std::span<int> in, std::span<double> out) {
                                            for (std::size_t i = 0; i < in.size(); ++i) out[i] = in[i] / 2.0;
                                          },
                                          tenon::batch<8>),
                                      stage<"int">([](double x) { return static_cast<int>(4 * x); }),
                                      stage<"next">(twice, tenon::queue_of<2>));
  timed rt;
  tenon::fabric running{rt, stages};
  answers got;
  std::vector<int> expected;
  for (int i = 0; i < 100; ++i) {  // the second queue is full after two: the rest of a batch waits in its slot
    submit(running, i, got);
    expected.push_back(4 * i);
  }
  rt.settle();
  EXPECT_EQ(got.values, expected);
  for (const auto& each : running.stats()) EXPECT_EQ(each.out, 100U);
  drain_all(running, rt);
}

TEST(batch, leaves_out_what_expired) {
  const auto stages = tenon::pipeline(
      stage<"b">([](std::span<int> some) { EXPECT_EQ(some.size(), 1U); }, tenon::batch<4>, tenon::ttl(1ms)));
  timed rt;
  tenon::fabric running{rt, stages};
  answers got;
  submit(running, 1, got);
  submit(running, 2, got);
  rt.pass(2ms);
  submit(running, 3, got);
  rt.settle();
  EXPECT_EQ(got.values, std::vector{3});
  EXPECT_EQ(running.stats<"b">().expired, 2U);
  expect_balance(running.stats<"b">());
  drain_all(running, rt);
}

TEST(batch, is_a_function_of_one_item_too) {
  constexpr auto negate = stage<"n">(
      [](std::span<int> some) {
        for (int& each : some) each = -each;
      },
      tenon::batch<4>);
  static_assert(negate(4) == -4);
  static_assert(std::is_same_v<decltype(negate)::takes, int>);
}

#if defined(__cpp_exceptions)
TEST(batch, throws_at_each_submitter_of_a_batch) {
  const auto stages = tenon::pipeline(stage<"b">(
      [](std::span<int> some) {
        if (some.size() == 3) throw std::runtime_error("three");
      },
      tenon::batch<3>));
  timed rt;
  tenon::fabric running{rt, stages};
  int thrown = 0;
  const auto ask = [](auto& to, int& count) -> job {
    try {
      (void)co_await to.submit(1);
    } catch (const std::runtime_error&) {
      ++count;
    }
  };
  for (int i = 0; i < 4; ++i) ask(running, thrown);
  rt.settle();
  EXPECT_EQ(thrown, 3);
  EXPECT_EQ(running.stats<"b">().out, 4U);
  drain_all(running, rt);
}
#endif

TEST(by_level, serves_the_first_level_first) {
  const auto stages =
      tenon::pipeline(stage<"s">(same, tenon::queue_of<16>, tenon::by_level<3>([](const int& x) { return x % 3; })));
  timed rt;
  tenon::fabric running{rt, stages};
  answers got;
  for (int i = 0; i < 9; ++i) submit(running, i, got);
  rt.settle();
  EXPECT_EQ(got.values, (std::vector{0, 3, 6, 1, 4, 7, 2, 5, 8}));
  drain_all(running, rt);
}

TEST(by_level, takes_a_number_too_large_for_the_last_level) {
  const auto stages =
      tenon::pipeline(stage<"s">(same, tenon::queue_of<16>, tenon::by_level<2>([](int x) { return x == 5 ? 0 : -1; })));
  timed rt;
  tenon::fabric running{rt, stages};
  answers got;
  for (const int x : {1, 2, 5}) submit(running, x, got);
  rt.settle();
  EXPECT_EQ(got.values, (std::vector{5, 1, 2}));
  drain_all(running, rt);
}

TEST(by_level, drops_the_oldest_of_the_level_that_is_full) {
  const auto stages = tenon::pipeline(
      stage<"s">(same, tenon::queue_of<2>, tenon::drop_oldest, tenon::by_level<2>([](int x) { return x % 2; })));
  timed rt;
  tenon::fabric running{rt, stages};
  answers got;
  for (const int x : {0, 1, 3, 5}) submit(running, x, got);
  rt.settle();
  EXPECT_EQ(got.values, (std::vector{0, 3, 5}));
  EXPECT_EQ(got.errors, std::vector(1, make_error_code(pipeline_errc::dropped)));
  expect_balance(running.stats<"s">());
  drain_all(running, rt);
}

TEST(by_level, waits_for_room_behind_its_own_level_alone) {
  const auto stages =
      tenon::pipeline(stage<"s">(same, tenon::queue_of<2>, tenon::by_level<2>([](int x) { return x % 2; })));
  timed rt;
  tenon::fabric running{rt, stages};
  answers got;
  for (const int x : {1, 3, 5, 7, 0, 2, 4}) submit(running, x, got);  // of each two have room
  rt.settle();
  EXPECT_EQ(got.values, (std::vector{0, 2, 4, 1, 3, 5, 7}));
  expect_balance(running.stats<"s">());
  drain_all(running, rt);
}

TEST(by_level, lets_no_level_starve) {
  const auto stages =
      tenon::pipeline(stage<"s">(same, tenon::queue_of<1024>, tenon::by_level<3>([](int x) { return x < 3 ? x : 0; })));
  timed rt;
  tenon::fabric running{rt, stages};
  answers got;
  submit(running, 1, got);
  submit(running, 2, got);
  for (int i = 0; i < 500; ++i) submit(running, 100, got);
  rt.settle();
  for (const int item : {1, 2}) {
    const auto place = std::find(got.values.begin(), got.values.end(), item) - got.values.begin();
    EXPECT_LE(place, 16 * 3) << item;
    EXPECT_GT(place, 8) << item;
  }
  drain_all(running, rt);
}

TEST(measured, keeps_how_long_items_wait_and_are_worked_on) {
  static timed* clock = nullptr;
  const auto stages = tenon::pipeline(stage<"m">(
                                          [](int x) {
                                            clock->pass(3us);
                                            return x;
                                          },
                                          tenon::queue_of<8>, tenon::measured),
                                      stage<"n">(same, tenon::queue_of<8>, tenon::measured));
  timed rt;
  clock = &rt;
  tenon::fabric running{rt, stages};
  answers got;
  submit(running, 1, got);
  submit(running, 2, got);
  rt.pass(10us);
  rt.settle();
  const auto first = running.times<"m">();
  EXPECT_EQ(first.wait.count(), 2U);
  EXPECT_EQ(first.wait.sum(), 10'000U + 13'000U);  // the second waited for the first too
  EXPECT_EQ(first.wait.max(), 13'000U);
  EXPECT_EQ(first.service.sum(), 6'000U);
  EXPECT_EQ(running.times<"n">().wait.max(), 3'000U);
  EXPECT_EQ(running.times<"n">().service.max(), 0U);
  drain_all(running, rt);
}

TEST(measured, is_what_an_observe_policy_may_ask_of_all_stages) {
  const auto stages = tenon::pipeline(stage<"s">(same, tenon::workers<2>));
  watched rt;
  tenon::fabric running{rt, stages};
  answers got;
  submit(running, 1, got);
  rt.settle();
  EXPECT_EQ(running.times<"s">().service.count(), 1U);
  drain_all(running, rt);
}

// What is not named takes no byte, and no look at a clock: the fake runtimes of other tests have none.
template <class R, auto& Stages>
using woven = tenon::detail::weaving::weave<R, std::remove_cvref_t<decltype(Stages)>, tenon::by_topology>;
constexpr auto plain = tenon::pipeline(stage<"s">(same, tenon::queue_of<4>));
constexpr auto with_ttl = tenon::pipeline(stage<"s">(same, tenon::queue_of<4>, tenon::ttl(1s)));
template <class R, auto& Stages>
using ticket_in = typename woven<R, Stages>::template parts<>::ticket;
static_assert(sizeof(ticket_in<timed, plain>) + sizeof(tenon::time_point) == sizeof(ticket_in<timed, with_ttl>));
static_assert(std::is_empty_v<tenon::detail::weaving::station<tenon::multi_thread, int, 4, false, false, false>>);

// Elastic workers, and time that is virtual.
TEST(ttl, holds_before_workers_that_come_and_go) {
  struct one : tenon::runtime<tenon::none, tenon::fifo, tenon::virtual_clock, tenon::single_thread> {
    using runtime::runtime;
  };
  one rt;
  const auto main = [](one& self) -> tenon::task<void> {
    const auto stages = tenon::pipeline(stage<"slow">(
        [](int x) -> tenon::task<int> {
          co_await tenon::sleep_for(5s);
          co_return x;
        },
        tenon::workers<1, 1>, tenon::ttl(3s), tenon::measured));
    tenon::fabric running{self, stages};
    tenon::scope all{self};
    std::vector<std::error_code> errors;
    const auto ask = [](decltype(running)* to, std::vector<std::error_code>* into) -> tenon::task<void> {
      const auto given = co_await to->submit(1);
      into->push_back(given ? std::error_code() : given.error());
    };
    all.spawn(ask, &running, &errors);
    all.spawn(ask, &running, &errors);
    co_await all.join();
    EXPECT_EQ(errors, (std::vector{std::error_code(), std::error_code(pipeline_errc::expired)}));
    const auto seen = running.stats<"slow">();
    EXPECT_EQ(seen.expired, 1U);
    expect_balance(seen);
    const auto times = running.times<"slow">();
    EXPECT_EQ(times.service.max(), 5'000'000'000U);
    EXPECT_EQ(times.wait.count(), 1U);
    co_await running.drained();
  };
  rt.run(main(rt));
}

TEST(ordered, lets_items_leave_in_the_order_in_which_they_came) {
  static std::vector<int> seen;
  seen.clear();
  const auto listed = tenon::pipeline(stage<"work">(
                                          [](int x) {
                                            volatile int spin = (x * 7919) % 97 * 20;
                                            while (spin > 0) spin = spin - 1;
                                            return x;
                                          },
                                          tenon::workers<4>, tenon::queue_of<8>, tenon::ordered),
                                      stage<"see">([](int x) { return seen.push_back(x), x; }, tenon::queue_of<2>));
  threads rt(3);
  constexpr int each = 400;
  constexpr int clients = 6;
  {
    tenon::fabric running{rt, listed};
    std::latch left(clients);
    // All submit from one worker, so that they come in the order of their numbers.
    static std::atomic<int> next{0};
    next = 0;
    for (int i = 0; i < clients; ++i) {
      [](tenon::loop& home, auto& to, std::latch& gone) -> job {
        co_await fake::move_to(home);
        for (int n = 0; n < each; ++n) {
          const auto given = co_await to.submit(next++);
          if (!given) std::terminate();
        }
        gone.count_down();
      }(rt.worker_at(0), running, left);
    }
    while (!left.try_wait()) {
      for (const auto& stats : running.stats()) expect_balance(stats);
      std::this_thread::yield();
    }
    std::latch drained(1);
    [](tenon::loop& home, auto& to, std::latch& gone) -> job {
      co_await fake::move_to(home);
      co_await to.drained();
      gone.count_down();
    }(rt.worker_at(0), running, drained);
    drained.wait();
  }
  std::vector<int> expected;
  for (int i = 0; i < each * clients; ++i) expected.push_back(i);
  EXPECT_EQ(seen, expected);
}

TEST(ordered, a_slow_item_holds_the_stage_when_its_room_is_full) {
  // One thread: a worker whose item is "slow" cannot be left behind, so the room is looked at by itself.
  tenon::detail::weaving::turnstile<tenon::single_thread, 2> gate;
  static_assert(decltype(gate)::room == 4);
  std::vector<tenon::detail::weaving::ticket> items(6);
  std::vector<tenon::work> slots(2);
  std::size_t next = 0;
  const auto take = [&] { return &items[next++]; };
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_EQ(gate.enter(slots[0], take).turn, i);
  EXPECT_TRUE(gate.enter(slots[1], take).parked);
  EXPECT_EQ(next, 4U);
  EXPECT_FALSE(gate.bring(items[1], 1));
  EXPECT_FALSE(gate.bring(items[3], 3));
  EXPECT_TRUE(gate.bring(items[0], 0));
  auto out = gate.next();
  EXPECT_EQ(out.item, &items[0]);
  EXPECT_EQ(out.unparked, &slots[1]);
  EXPECT_FALSE(gate.bring(items[2], 2));  // there is a porter
  EXPECT_EQ(gate.next().item, &items[1]);
  EXPECT_EQ(gate.next().item, &items[2]);
  EXPECT_EQ(gate.next().item, &items[3]);
  EXPECT_EQ(gate.next().item, nullptr);
}

// All words at once, at each instant of a random run of one thread.
RC_GTEST_PROP(words, counts_balance_at_every_instant, (const std::vector<std::uint8_t>& steps)) {
  static const auto mixed = tenon::pipeline(
      stage<"a">(same, tenon::queue_of<4>, tenon::reject, tenon::ttl(3ms), tenon::measured),
      stage<"b">(same, tenon::workers<3>, tenon::queue_of<2>, tenon::drop_oldest, tenon::ordered, tenon::ttl(2ms)),
      stage<"c">([](std::span<int>) {}, tenon::queue_of<2>, tenon::batch<3>, tenon::measured,
                 tenon::by_level<2>([](int x) { return x & 1; })),
      stage<"d">(same, tenon::queue_of<2>, tenon::ttl(1ms)));
  timed rt;
  tenon::fabric running{rt, mixed};
  answers got;
  std::uint64_t submitted = 0;
  for (const std::uint8_t step : steps) {
    if (step % 4 < 2) {
      submit(running, step, got);
      ++submitted;
    } else if (step % 4 == 2) {
      rt.step();
    } else {
      rt.pass(tenon::duration(step) * 10'000);
    }
    std::uint64_t held = 0;
    std::uint64_t lost = 0;
    const auto seen = running.stats();
    for (const auto& each : seen) {
      RC_ASSERT(each.in == each.out + each.rejected + each.dropped + each.expired + each.held);
      held += each.held;
      lost += each.rejected + each.dropped + each.expired;
    }
    RC_ASSERT(seen[0].in == submitted);
    for (std::size_t i = 1; i < seen.size(); ++i) RC_ASSERT(seen[i].in == seen[i - 1].out);
    RC_ASSERT(submitted == held + lost + seen[3].out);
    RC_ASSERT(got.size() <= lost + seen[3].out);
    RC_ASSERT(running.template times<"a">().service.count() == seen[0].out);
  }
  rt.settle();
  RC_ASSERT(got.size() == submitted);
  drain_all(running, rt);
}

// Threads, and all words: nobody is left without an answer.
TEST(words, one_that_is_said_twice_is_noticed_whatever_else_is_said) {
  tenon::detail::weaving::said plan;
  plan.hear(std::type_identity<tenon::detail::weaving::batch_option<2>>{});
  plan.hear(std::type_identity<tenon::detail::weaving::batch_option<4>>{});
  plan.hear(std::type_identity<tenon::detail::weaving::ttl_option>{});
  EXPECT_TRUE(plan.said_twice);
}

TEST(words, every_item_is_answered_between_threads) {
  const auto mixed =
      tenon::pipeline(stage<"a">(same, tenon::workers<2>, tenon::queue_of<4>, tenon::ordered, tenon::measured),
                      stage<"b">([](std::span<int>) {}, tenon::workers<2>, tenon::queue_of<2>, tenon::batch<3>),
                      stage<"c">(same, tenon::workers<2>, tenon::queue_of<4>, tenon::ordered, tenon::ttl(1s),
                                 tenon::by_level<2>([](int x) { return x & 1; })));
  threads rt(3);
  constexpr int each = 300;
  constexpr int clients = 8;
  std::atomic<int> right{0};
  {
    tenon::fabric running{rt, mixed};
    std::latch left(clients);
    for (int i = 0; i < clients; ++i) {
      [](tenon::loop& home, auto& to, std::atomic<int>& count, std::latch& gone) -> job {
        co_await fake::move_to(home);
        for (int n = 0; n < each; ++n) {
          const auto given = co_await to.submit(n);
          if (given && *given == n) ++count;
        }
        gone.count_down();
      }(rt.worker_at(static_cast<std::size_t>(i % 3)), running, right, left);
    }
    while (!left.try_wait()) {
      for (const auto& stats : running.stats()) expect_balance(stats);
      const auto so_far = running.times<"a">();
      EXPECT_LE(so_far.service.count(), running.stats<"a">().in);
      std::this_thread::yield();
    }
    std::latch drained(1);
    [](tenon::loop& home, auto& to, std::latch& gone) -> job {
      co_await fake::move_to(home);
      co_await to.drained();
      gone.count_down();
    }(rt.worker_at(0), running, drained);
    drained.wait();
    EXPECT_EQ(running.times<"a">().wait.count(), static_cast<std::uint64_t>(each * clients));
    for (const auto& stats : running.stats()) EXPECT_EQ(stats.held, 0U);
  }
  EXPECT_EQ(right, each * clients);
}

}  // namespace
