// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/fabric.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <latch>
#include <memory>
#include <new>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/backend/epoll.hpp>
#include <tenon/observe/counters.hpp>
#include <tenon/queue/locked.hpp>
#include <tenon/queue/unbounded.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/task/task.hpp>

#include "fake_runtime.hpp"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define TENON_TEST_SCALE 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define TENON_TEST_SCALE 1
#endif
#endif
#if !defined(TENON_TEST_SCALE)
#define TENON_TEST_SCALE 10
#define TENON_TEST_COUNTS_ALLOCATIONS 1  // the sanitizers have their own operator new
#endif

namespace {

using fake::job;
using tenon::pipeline_errc;
using single = fake::one_thread<>;

// What submits of ints came back with, in the order in which they came back.
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
job submit(const tenon::environment&, Fabric& running, int item, answers& into) {
  auto given = co_await running.submit(item);
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
template <class Fabric, class Runtime>
void drain_all(Fabric& running, Runtime& rt) {
  bool drained = false;
  drain(running, drained);
  rt.settle();
  EXPECT_TRUE(drained);
}

void expect_balance(const tenon::detail::weaving::joint_counts& seen) {
  EXPECT_EQ(seen.in, seen.out + seen.rejected + seen.dropped + seen.held) << seen.stage;
}

int add_one(int x) { return x + 1; }
int twice(int x) { return 2 * x; }

constexpr auto one_queue =
    tenon::pipeline(tenon::stage<"add">(add_one), tenon::stage<"twice">(twice, tenon::queue_of<4>));

TEST(fabric, gives_what_the_stages_give) {
  single rt;
  tenon::fabric running{rt, one_queue};
  answers got;
  submit(running, 1, got);
  EXPECT_EQ(got.size(), 0U);  // behind a queue nothing runs at once
  rt.settle();
  EXPECT_EQ(got.values, std::vector{4});
  drain_all(running, rt);
}

TEST(fabric, is_named_by_its_runtime_and_its_pipeline) {
  single rt;
  tenon::fabric<single, decltype(one_queue)> running{rt, one_queue};
  static_assert(std::is_same_v<decltype(running)::input, int> && std::is_same_v<decltype(running)::output, int>);
  drain_all(running, rt);
}

TEST(fabric, runs_the_stages_before_the_first_queue_where_the_item_is_submitted) {
  static int calls = 0;
  calls = 0;
  constexpr auto counted = tenon::pipeline(tenon::stage<"count">([](int x) { return ++calls, x; }),
                                           tenon::stage<"twice">(twice, tenon::queue_of<4>));
  single rt;
  tenon::fabric running{rt, counted};
  answers got;
  submit(running, 1, got);
  EXPECT_EQ(calls, 1);
  drain_all(running, rt);
  EXPECT_EQ(got.values, std::vector{2});
}

TEST(fabric, keeps_the_order_through_stages_of_one_worker) {
  constexpr auto chain =
      tenon::pipeline(tenon::stage<"a">(add_one, tenon::queue_of<4>), tenon::stage<"b">(add_one, tenon::queue_of<2>),
                      tenon::stage<"c">(add_one), tenon::stage<"d">(add_one, tenon::workers<1>));
  single rt;
  tenon::fabric running{rt, chain};
  answers got;
  std::vector<int> expected;
  for (int i = 0; i < 200; ++i) {  // far more than the queues hold: the rest waits for room, in order
    submit(running, i, got);
    expected.push_back(i + 4);
  }
  rt.settle();
  EXPECT_EQ(got.values, expected);
  drain_all(running, rt);
}

TEST(fabric, moves_what_cannot_be_copied) {
  using item = std::unique_ptr<int>;
  constexpr auto moving = tenon::pipeline(
      tenon::stage<"take">([](item&& x) { return ++*x, std::move(x); }, tenon::queue_of<2>),
      tenon::stage<"read">([](item x) { return std::make_unique<std::string>(std::to_string(*x)); }, tenon::workers<2>),
      tenon::stage<"size">([](const std::unique_ptr<std::string>& x) { return static_cast<int>(x->size()); }));
  single rt;
  tenon::fabric running{rt, moving};
  answers got;
  submit(running, std::make_unique<int>(99), got);
  rt.settle();
  EXPECT_EQ(got.values, std::vector{3});
  drain_all(running, rt);
}

TEST(fabric, a_last_stage_may_give_nothing) {
  static int sum = 0;
  sum = 0;
  constexpr auto sink = tenon::pipeline(tenon::stage<"sum">([](int x) { sum += x; }, tenon::queue_of<2>));
  single rt;
  tenon::fabric running{rt, sink};
  bool ok = false;
  [](auto& to, bool& done) -> job {
    const auto given = co_await to.submit(5);
    done = given.has_value();
  }(running, ok);
  rt.settle();
  EXPECT_TRUE(ok);
  EXPECT_EQ(sum, 5);
  drain_all(running, rt);
}

#if defined(__cpp_exceptions)
TEST(fabric, throws_at_the_submitter_what_a_stage_throws) {
  constexpr auto thrower = tenon::pipeline(
      tenon::stage<"check">([](std::string x) { return x.empty() ? throw std::invalid_argument("empty") : x; },
                            tenon::queue_of<4>),
      tenon::stage<"size">(
          [](const std::string& x) { return x.size() > 20 ? throw std::length_error("long") : x.size(); },
          tenon::queue_of<4>));
  single rt;
  tenon::fabric running{rt, thrower};
  std::vector<std::string> seen;
  const auto ask = [](auto& to, std::string item, std::vector<std::string>& into) -> job {
    try {
      const auto given = co_await to.submit(std::move(item));
      into.push_back(std::to_string(given.value()));
    } catch (const std::logic_error& error) {
      into.emplace_back(error.what());
    }
  };
  ask(running, "four", seen);
  ask(running, "", seen);
  ask(running, std::string(40, 'x'), seen);
  rt.settle();
  EXPECT_EQ(seen, (std::vector<std::string>{"empty", "4", "long"}));
  EXPECT_EQ(running.stats<"check">().out, 3U);
  EXPECT_EQ(running.stats<"size">().in, 2U);
  drain_all(running, rt);
}
#endif

constexpr auto rejecting = tenon::pipeline(tenon::stage<"r">(twice, tenon::queue_of<4>, tenon::reject));
constexpr auto newest = tenon::pipeline(tenon::stage<"n">(twice, tenon::queue_of<4>, tenon::drop_newest));
constexpr auto oldest = tenon::pipeline(tenon::stage<"o">(twice, tenon::queue_of<4>, tenon::drop_oldest));
constexpr auto blocking = tenon::pipeline(tenon::stage<"b">(twice, tenon::queue_of<4>, tenon::block));

TEST(fabric, reject_gives_the_item_back_with_an_error) {
  single rt;
  tenon::fabric running{rt, rejecting};
  answers got;
  for (int i = 0; i < 6; ++i) submit(running, i, got);
  EXPECT_EQ(got.errors, std::vector(2, std::error_code(pipeline_errc::rejected)));
  const auto seen = running.stats<"r">();
  EXPECT_EQ(seen.in, 6U);
  EXPECT_EQ(seen.held, 4U);
  EXPECT_EQ(seen.rejected, 2U);
  rt.settle();
  EXPECT_EQ(got.values, (std::vector{0, 2, 4, 6}));
  EXPECT_EQ(running.stats<"r">().out, 4U);
  drain_all(running, rt);
}

TEST(fabric, drop_newest_drops_what_comes) {
  single rt;
  tenon::fabric running{rt, newest};
  answers got;
  for (int i = 0; i < 6; ++i) submit(running, i, got);
  rt.settle();
  EXPECT_EQ(got.errors, std::vector(2, std::error_code(pipeline_errc::dropped)));
  EXPECT_EQ(got.values, (std::vector{0, 2, 4, 6}));
  EXPECT_EQ(running.stats<"n">().dropped, 2U);
  drain_all(running, rt);
}

TEST(fabric, drop_oldest_drops_what_waits_longest) {
  single rt;
  tenon::fabric running{rt, oldest};
  answers got;
  for (int i = 0; i < 6; ++i) submit(running, i, got);
  EXPECT_EQ(running.stats<"o">().held, 4U);
  rt.settle();
  EXPECT_EQ(got.errors, std::vector(2, std::error_code(pipeline_errc::dropped)));
  EXPECT_EQ(got.values, (std::vector{4, 6, 8, 10}));
  EXPECT_EQ(running.stats<"o">().dropped, 2U);
  drain_all(running, rt);
}

constexpr auto endless = tenon::pipeline(tenon::stage<"e">(twice, tenon::unbounded<8>{}, tenon::reject));
constexpr auto patient = tenon::pipeline(tenon::stage<"p">(twice, tenon::unbounded<8>{}, tenon::block));

TEST(fabric, an_overflow_word_never_meets_an_unbounded_queue) {
  const auto all_go_in = [](auto& running, single& rt) {
    answers got;
    for (int i = 0; i < 100; ++i) submit(running, i, got);
    rt.settle();
    EXPECT_TRUE(got.errors.empty());
    EXPECT_EQ(got.values.size(), 100U);
    drain_all(running, rt);
  };
  single rt;
  tenon::fabric rejects{rt, endless};
  all_go_in(rejects, rt);
  EXPECT_EQ(rejects.stats<"e">().rejected, 0U);
  tenon::fabric blocks{rt, patient};
  all_go_in(blocks, rt);
  EXPECT_EQ(blocks.stats<"p">().out, 100U);
}

TEST(fabric, block_lets_the_submitter_wait_for_room) {
  single rt;
  tenon::fabric running{rt, blocking};
  answers got;
  for (int i = 0; i < 10; ++i) submit(running, i, got);
  EXPECT_EQ(running.stats<"b">().held, 10U);
  rt.settle();
  EXPECT_EQ(got.values, (std::vector{0, 2, 4, 6, 8, 10, 12, 14, 16, 18}));
  drain_all(running, rt);
}

TEST(fabric, a_stop_request_ends_the_wait_for_room_and_nothing_else) {
  single rt;
  tenon::fabric running{rt, blocking};
  std::stop_source stop;
  const tenon::environment env{stop};
  answers got;
  for (int i = 0; i < 4; ++i) submit(env, running, i, got);  // in the queue: they go through
  submit(running, 4, got);                                   // waits, and has another environment
  submit(env, running, 5, got);
  submit(env, running, 6, got);
  submit(running, 7, got);
  stop.request_stop();
  submit(env, running, 8, got);  // its stop is requested before it could wait
  rt.settle();
  EXPECT_EQ(got.values, (std::vector{0, 2, 4, 6, 8, 14}));
  EXPECT_EQ(got.errors, std::vector(3, std::make_error_code(std::errc::operation_canceled)));
  const auto seen = running.stats<"b">();
  EXPECT_EQ(seen.in, 9U);
  EXPECT_EQ(seen.out, 6U);
  EXPECT_EQ(seen.rejected, 3U);
  drain_all(running, rt);
}

// A second stage that overflows: its words apply to what the first stage hands on.
template <class Word>
answers through_a_narrow_second_stage(single& rt, Word word, std::uint64_t& dropped, std::uint64_t& rejected) {
  const auto narrow = tenon::pipeline(tenon::stage<"wide">(add_one, tenon::queue_of<16>),
                                      tenon::stage<"narrow">(add_one, tenon::queue_of<4>, word));
  tenon::fabric running{rt, narrow};
  answers got;
  for (int i = 0; i < 10; ++i) submit(running, i, got);
  rt.settle();
  for (const auto& each : running.stats()) {
    expect_balance(each);
    EXPECT_EQ(each.in, 10U);
    EXPECT_EQ(each.held, 0U);
  }
  dropped = running.template stats<"narrow">().dropped;
  rejected = running.template stats<"narrow">().rejected;
  drain_all(running, rt);
  return got;
}

TEST(fabric, overflow_words_hold_between_stages_too) {
  single rt;
  std::uint64_t dropped = 0;
  std::uint64_t rejected = 0;
  EXPECT_EQ(through_a_narrow_second_stage(rt, tenon::block, dropped, rejected).values.size(), 10U);
  EXPECT_EQ(dropped + rejected, 0U);
  EXPECT_EQ(through_a_narrow_second_stage(rt, tenon::reject, dropped, rejected).values, (std::vector{2, 3, 4, 5}));
  EXPECT_EQ(rejected, 6U);
  EXPECT_EQ(through_a_narrow_second_stage(rt, tenon::drop_newest, dropped, rejected).values, (std::vector{2, 3, 4, 5}));
  EXPECT_EQ(dropped, 6U);
  EXPECT_EQ(through_a_narrow_second_stage(rt, tenon::drop_oldest, dropped, rejected).values,
            (std::vector{8, 9, 10, 11}));
  EXPECT_EQ(dropped, 6U);
}

TEST(fabric, a_full_queue_between_stages_stops_the_stage_before_it) {
  static int first_calls = 0;
  static int second_calls = 0;
  first_calls = second_calls = 0;
  constexpr auto two =
      tenon::pipeline(tenon::stage<"first">([](int x) { return ++first_calls, x; }, tenon::queue_of<64>),
                      tenon::stage<"second">([](int x) { return ++second_calls, x; }, tenon::queue_of<2>));
  single rt;
  tenon::fabric running{rt, two};
  answers got;
  for (int i = 0; i < 40; ++i) submit(running, i, got);
  for (int i = 0; i < 1000 && rt.step(); ++i) {
    EXPECT_LE(first_calls, second_calls + 3);  // two in the queue, one in the hands of the slot that waits
    for (const auto& each : running.stats()) expect_balance(each);
  }
  EXPECT_EQ(got.values.size(), 40U);
  drain_all(running, rt);
}

TEST(fabric, closed_it_takes_no_more_and_finishes_what_is_in) {
  single rt;
  tenon::fabric running{rt, blocking};
  answers got;
  for (int i = 0; i < 6; ++i) submit(running, i, got);
  running.close();
  running.close();
  submit(running, 6, got);
  EXPECT_EQ(got.errors, std::vector(1, std::error_code(pipeline_errc::closed)));
  bool drained = false;
  drain(running, drained);
  EXPECT_FALSE(drained);
  rt.settle();
  EXPECT_TRUE(drained);
  EXPECT_EQ(got.values.size(), 6U);
  const auto seen = running.stats<"b">();
  EXPECT_EQ(seen.in, 7U);
  EXPECT_EQ(seen.rejected, 1U);
  EXPECT_EQ(seen.held, 0U);
  bool again = false;
  drain(running, again);  // at once, and any number of times
  EXPECT_TRUE(again);
}

TEST(fabric, that_nothing_was_submitted_to_needs_no_drain) {
  single rt;
  const tenon::fabric running{rt, blocking};
  EXPECT_EQ(running.stats()[0].in, 0U);
}

TEST(fabric, a_submission_that_is_not_awaited_is_not_submitted) {
  const auto keep = tenon::pipeline(tenon::stage<"k">([](std::shared_ptr<int> x) { return *x; }, tenon::queue_of<2>));
  single rt;
  tenon::fabric running{rt, keep};
  const auto watched = std::make_shared<int>(1);
  {
    const auto unused = running.submit(watched);
    EXPECT_EQ(watched.use_count(), 2);
  }
  EXPECT_EQ(watched.use_count(), 1);
  EXPECT_EQ(running.stats<"k">().in, 0U);
}

TEST(fabric, what_did_not_go_through_is_destroyed) {
  const auto keep = tenon::pipeline(
      tenon::stage<"k">([](std::shared_ptr<int> x) { return x; }, tenon::queue_of<2>, tenon::drop_oldest),
      tenon::stage<"l">([](std::shared_ptr<int> x) { return *x; }, tenon::queue_of<2>, tenon::reject));
  single rt;
  tenon::fabric running{rt, keep};
  const auto watched = std::make_shared<int>(1);
  answers got;
  for (int i = 0; i < 5; ++i) submit(running, watched, got);
  rt.settle();
  EXPECT_EQ(got.size(), 5U);
  EXPECT_EQ(watched.use_count(), 1);
  drain_all(running, rt);
}

// The counts at each instant of a random run of one thread, against what the test itself knows.
TEST(fabric, counts_balance_at_every_instant) {
  const auto mixed =
      tenon::pipeline(tenon::stage<"a">(add_one, tenon::queue_of<4>, tenon::reject),
                      tenon::stage<"b">(add_one, tenon::workers<3>, tenon::queue_of<2>, tenon::drop_oldest),
                      tenon::stage<"c">(add_one, tenon::queue_of<2>));
  std::minstd_rand random(7);
  single rt;
  tenon::fabric running{rt, mixed};
  answers got;
  std::uint64_t submitted = 0;
  for (int i = 0; i < 3000; ++i) {
    if (random() % 3 != 0) {
      submit(running, i, got);
      ++submitted;
    } else {
      rt.step();
    }
    std::uint64_t held = 0;
    std::uint64_t lost = 0;
    const auto seen = running.stats();
    for (const auto& each : seen) {
      expect_balance(each);
      held += each.held;
      lost += each.rejected + each.dropped;
    }
    ASSERT_EQ(seen[0].in, submitted);
    ASSERT_EQ(seen[1].in, seen[0].out);
    ASSERT_EQ(seen[2].in, seen[1].out);
    ASSERT_EQ(submitted, held + lost + seen[2].out);
    ASSERT_LE(got.size(), lost + seen[2].out);  // an answer is counted before it arrives
  }
  rt.settle();
  EXPECT_EQ(got.size(), submitted);
  drain_all(running, rt);
}

template <class Runtime, class Stages, std::size_t J>
using queue_at = typename tenon::detail::weaving::weave<Runtime, std::remove_const_t<Stages>,
                                                        tenon::by_topology>::template joint_at<J>::queue;

constexpr auto shapes = tenon::pipeline(
    tenon::stage<"many to one">(twice, tenon::queue_of<8>), tenon::stage<"one to one">(twice, tenon::workers<1>),
    tenon::stage<"one to many">(twice, tenon::workers<2>), tenon::stage<"many to one too">(twice),
    tenon::stage<"one, dropping">(twice, tenon::drop_oldest), tenon::stage<"named">(twice, tenon::mpsc<32>{}));

TEST(fabric, a_queue_follows_from_its_two_ends) {
  using many = fake::threads;
  using stages = decltype(shapes);
  static_assert(std::is_same_v<queue_at<many, stages, 0>, tenon::mpsc<8>>);
  static_assert(std::is_same_v<queue_at<many, stages, 1>, tenon::spsc<1024>>);
  static_assert(std::is_same_v<queue_at<many, stages, 2>, tenon::mpmc<1024>>);
  static_assert(std::is_same_v<queue_at<many, stages, 3>, tenon::mpsc<1024>>);
  static_assert(std::is_same_v<queue_at<many, stages, 4>, tenon::mpmc<1024>>);
  static_assert(std::is_same_v<queue_at<many, stages, 5>, tenon::mpsc<32>>);
  static_assert(std::is_same_v<queue_at<single, stages, 0>, tenon::spsc<8>>);
  static_assert(std::is_same_v<queue_at<single, stages, 2>, tenon::spsc<1024>>);
  using locking = fake::one_thread<tenon::locked<100>>;
  static_assert(std::is_same_v<queue_at<locking, stages, 0>, tenon::spsc<8>>);
  static_assert(std::is_same_v<queue_at<locking, stages, 1>, tenon::locked<100>>);
}

#if defined(TENON_TEST_COUNTS_ALLOCATIONS)
// Counts the allocations of this program; the aligned ones are not of interest.
std::atomic<std::uint64_t> allocations{0};

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  void* const block = std::malloc(bytes);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace {

TEST(fabric, allocates_nothing_for_an_item) {
  constexpr auto three =
      tenon::pipeline(tenon::stage<"a">(add_one, tenon::queue_of<2>),
                      tenon::stage<"b">(add_one, tenon::workers<2>, tenon::drop_oldest), tenon::stage<"c">(add_one));
  single rt;
  tenon::fabric running{rt, three};
  std::uint64_t counted = 1;
  [](auto& to, std::uint64_t& into) -> job {
    const std::uint64_t before = allocations;
    for (int i = 0; i < 100; ++i) {
      const auto given = co_await to.submit(i);
      if (!given) std::terminate();
    }
    into = allocations - before;
  }(running, counted);
  rt.settle();
  EXPECT_EQ(counted, 0U);
  drain_all(running, rt);
}

#endif

// The library's own runtimes.
constexpr auto served =
    tenon::pipeline(tenon::stage<"add">(add_one), tenon::stage<"twice">(twice, tenon::workers<2>, tenon::queue_of<4>),
                    tenon::stage<"end">(add_one));

template <class Fabric>
tenon::task<void> ask(Fabric& running, int item, std::atomic<int>& right) {
  const auto given = co_await running.submit(item);
  if (given && *given == 2 * (item + 1) + 1) ++right;
}
template <class Runtime>
tenon::task<int> serve(Runtime& rt) {
  tenon::fabric running{rt, served};
  tenon::scope clients{rt};
  std::atomic<int> right = 0;
  for (int i = 0; i < 200; ++i) clients.spawn(&ask<decltype(running)>, std::ref(running), i, std::ref(right));
  co_await clients.join();
  co_await running.drained();
  co_return right.load();
}

struct several : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};
struct alone : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {
  using runtime::runtime;
};

TEST(fabric, runs_on_a_runtime_of_several_threads) {
  several rt{{.threads = 2}};
  EXPECT_EQ(rt.run(serve(rt)), 200);
}
template <class Pipeline>
tenon::totals counted(const Pipeline& stages) {
  tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread, tenon::counters> rt;
  rt.run([](auto& self, const Pipeline* of) -> tenon::task<void> {
    tenon::fabric running{self, *of};
    tenon::scope all{self};
    for (int i = 0; i < 6; ++i) {
      all.spawn(
          [](auto* to, int item) -> tenon::task<void> {
            const auto answer = co_await to->submit(item);
            (void)answer;
          },
          &running, i);
    }
    co_await all.join();
    co_await running.drained();
    EXPECT_EQ(running.stats()[0].rejected + running.stats()[0].dropped, 2U);
  }(rt, &stages));
  return rt.report().all;
}

TEST(fabric, the_report_of_its_runtime_has_what_was_dropped_but_not_what_was_rejected) {
  EXPECT_EQ(counted(newest).items_dropped, 2U);
  EXPECT_EQ(counted(oldest).items_dropped, 2U);
  EXPECT_EQ(counted(rejecting).items_dropped, 0U);
}

TEST(fabric, runs_on_a_runtime_of_one_thread) {
  alone rt;
  EXPECT_EQ(rt.run(serve(rt)), 200);
}

// Real threads. Coroutines submit from their own worker, one item after the other.
struct tally {
  std::atomic<std::uint64_t> values{0};
  std::atomic<std::uint64_t> sum{0};
  std::atomic<std::uint64_t> errors{0};
};

template <class Fabric>
job submit_many(tenon::loop& home, Fabric& running, int from, int count, tally& into, std::latch& left) {
  co_await fake::move_to(home);
  for (int i = from; i < from + count; ++i) {
    const auto given = co_await running.submit(i);
    if (given) {
      ++into.values;
      into.sum += static_cast<std::uint64_t>(*given);
    } else {
      ++into.errors;
    }
  }
  left.count_down();
}
template <class Fabric>
job drain_on(tenon::loop& home, Fabric& running, std::latch& left) {
  co_await fake::move_to(home);
  co_await running.drained();
  left.count_down();
}

template <class Stages>
void stress(const Stages& stages, int submitters, int each_submits, bool loses) {
  fake::threads rt(2);
  tally got;
  {
    tenon::fabric running{rt, stages};
    std::latch left(submitters);
    for (int i = 0; i < submitters; ++i) {
      submit_many(rt.worker_at(static_cast<std::size_t>(i % 2)), running, i * each_submits, each_submits, got, left);
    }
    while (!left.try_wait()) {
      for (const auto& each : running.stats()) {
        expect_balance(each);
        EXPECT_LE(each.held, each.in);  // no count is ahead of `in`
      }
      std::this_thread::yield();
    }
    std::latch drained(1);
    drain_on(rt.worker_at(0), running, drained);
    drained.wait();
    for (const auto& each : running.stats()) EXPECT_EQ(each.held, 0U);
  }
  const auto all = static_cast<std::uint64_t>(submitters) * static_cast<std::uint64_t>(each_submits);
  EXPECT_EQ(got.values + got.errors, all);
  if (!loses) {
    EXPECT_EQ(got.errors, 0U);
    EXPECT_EQ(got.sum, all * (all - 1) / 2 + 3 * all);
  }
}

template <class Word>
void stress_all_shapes(Word word, bool loses) {
  stress(tenon::pipeline(tenon::stage<"a">(add_one, tenon::queue_of<2>, word),
                         tenon::stage<"b">(add_one, tenon::queue_of<2>, word),
                         tenon::stage<"c">(add_one, tenon::queue_of<2>, word)),
         8, 200 * TENON_TEST_SCALE, loses);
  stress(tenon::pipeline(tenon::stage<"a">(add_one, tenon::workers<3>, tenon::queue_of<2>, word),
                         tenon::stage<"b">(add_one),
                         tenon::stage<"c">(add_one, tenon::workers<2>, tenon::queue_of<4>, word)),
         8, 200 * TENON_TEST_SCALE, loses);
}

TEST(fabric, loses_nothing_between_threads_with_block) { stress_all_shapes(tenon::block, false); }
TEST(fabric, answers_everything_between_threads_with_reject) { stress_all_shapes(tenon::reject, true); }
TEST(fabric, answers_everything_between_threads_with_drop_oldest) { stress_all_shapes(tenon::drop_oldest, true); }
TEST(fabric, answers_everything_between_threads_with_drop_newest) { stress_all_shapes(tenon::drop_newest, true); }

TEST(fabric, may_be_destroyed_as_soon_as_it_is_drained) {
  fake::threads rt(2);
  constexpr auto two = tenon::pipeline(tenon::stage<"a">(add_one, tenon::workers<2>, tenon::queue_of<2>),
                                       tenon::stage<"b">(add_one, tenon::workers<2>, tenon::queue_of<2>));
  using type = tenon::fabric<fake::threads, decltype(two)>;
  for (int round = 0; round < 60 * TENON_TEST_SCALE; ++round) {
    auto running = std::make_unique<type>(rt, two);
    std::latch left(5);
    const auto last = [](tenon::loop& home, std::unique_ptr<type> owned, std::latch& gone) -> job {
      co_await fake::move_to(home);
      co_await owned->drained();
      owned.reset();
      gone.count_down();
    };
    for (int i = 0; i < 4; ++i) {
      [](tenon::loop& home, type& to, std::latch& gone) -> job {
        co_await fake::move_to(home);
        auto given = co_await to.submit(1);
        EXPECT_EQ(std::move(given).value_or(0), 3);
        gone.count_down();
      }(rt.worker_at(static_cast<std::size_t>(i % 2)), *running, left);
    }
    // They have arrived, and may still be on their way out of submit when the last item is through.
    while (running->stats()[0].in < 4) std::this_thread::yield();
    last(rt.worker_at(0), std::move(running), left);
    left.wait();
  }
}

TEST(fabric, a_stop_from_another_thread_meets_the_room_it_waits_for) {
  fake::threads rt(2);
  constexpr auto slow = tenon::pipeline(tenon::stage<"a">(add_one, tenon::queue_of<2>));
  for (int round = 0; round < 60 * TENON_TEST_SCALE; ++round) {
    tenon::fabric running{rt, slow};
    std::stop_source stop;
    const tenon::environment env{stop};
    std::latch left(6);
    std::atomic<int> answered{0};
    for (int i = 0; i < 6; ++i) {
      [](const tenon::environment&, tenon::loop& home, auto& to, std::atomic<int>& count, std::latch& gone) -> job {
        co_await fake::move_to(home);
        const auto given = co_await to.submit(1);
        if (given || given.error() == std::errc::operation_canceled) ++count;
        gone.count_down();
      }(env, rt.worker_at(static_cast<std::size_t>(i % 2)), running, answered, left);
    }
    stop.request_stop();
    left.wait();
    EXPECT_EQ(answered, 6);
    std::latch drained(1);
    drain_on(rt.worker_at(0), running, drained);
    drained.wait();
    expect_balance(running.stats()[0]);
  }
}

}  // namespace
