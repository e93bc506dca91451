// SPDX-License-Identifier: BSL-1.0
// Suite pipeline: stages that are one function, stages with queues between them, and what a hand-off costs beside a
// ring that two threads do nothing but watch. Each sample of a fabric makes its runtime anew: that is in the figure,
// and little beside so many items.

#include "measure/harness.hpp"
#include "measure/threads.hpp"

#include <tenon/pipeline/fabric.hpp>
#include <tenon/queue/spsc.hpp>
#include <tenon/tenon.hpp>

#if __has_include(<tbb/parallel_pipeline.h>)
#include <tbb/flow_graph.h>
#include <tbb/global_control.h>
#include <tbb/parallel_pipeline.h>
#define HAS_TBB
#endif

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using tenon::stage;
using tenon::task;

struct crew : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};
struct alone : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {
  using runtime::runtime;
};

void expect(bool right) {
  if (right) return;
  std::fputs("pipeline: an item got lost, or came twice\n", stderr);
  std::abort();
}

// Eight stages, each a little arithmetic that the next one needs.

struct item {
  std::uint64_t x;
  std::uint64_t y;
};
template <std::uint64_t N>
constexpr item step(item in) {
  return {in.y * (2 * N + 1) + in.x, (in.x ^ N) + (in.y >> 3U)};
}
constexpr auto eight =
    tenon::pipeline(stage<"0">([](item in) { return step<0>(in); }), stage<"1">([](item in) { return step<1>(in); }),
                    stage<"2">([](item in) { return step<2>(in); }), stage<"3">([](item in) { return step<3>(in); }),
                    stage<"4">([](item in) { return step<4>(in); }), stage<"5">([](item in) { return step<5>(in); }),
                    stage<"6">([](item in) { return step<6>(in); }), stage<"7">([](item in) { return step<7>(in); }));

[[gnu::noinline]] item by_pipeline(item in) { return eight(in); }
[[gnu::noinline]] item by_hand(item in) {
  return step<7>(step<6>(step<5>(step<4>(step<3>(step<2>(step<1>(step<0>(in))))))));
}

template <item (*All)(item)>
void fused(long items) {
  item sum{1, 2};
  for (long i = 0; i < items; ++i) sum = All(sum);
  measure::keep(sum);
}

// Queued stages. So many submitters are under way at a time, each with one item.

/// Some `spins` dependent multiplications: a stage's work.
template <unsigned Spins>
std::uint64_t work_on(std::uint64_t x) {
  for (unsigned i = 0; i < Spins; ++i) x = x * 6364136223846793005U + 1442695040888963407U;
  measure::keep(x);
  return x;
}
template <unsigned Spins>
std::uint64_t pass_on(std::uint64_t x) {
  measure::keep(work_on<Spins>(x));
  return x + 1;
}

template <class Fabric>
task<void> submits(Fabric* to, long items, std::atomic<long>* through) {
  long right = 0;
  for (long i = 0; i < items; ++i) {
    const auto given = co_await to->submit(static_cast<std::uint64_t>(i));
    right += given.has_value();
  }
  *through += right;
}

template <class Runtime, class Pipeline>
task<void> goes_through(Runtime& rt, const Pipeline& stages, long items, long at_once) {
  tenon::fabric running{rt, stages};
  std::atomic<long> through{0};
  {
    tenon::scope all{rt};
    for (long i = 0; i < at_once; ++i) all.spawn(submits<decltype(running)>, &running, items / at_once, &through);
    co_await all.join();
  }
  co_await running.drained();
  expect(through == items / at_once * at_once);
}

template <class Runtime, auto& Stages>
auto queued(std::size_t threads, long at_once) {
  return [=](long items) {
    typename Runtime::settings how;
    if constexpr (Runtime::threading::concurrent) how.threads = threads;
    Runtime rt{how};
    const auto start = measure::clock::now();
    rt.run(goes_through(rt, Stages, items, at_once));
    return measure::nanoseconds_since(start) / double(items);
  };
}

/// From a worker of one runtime to the only worker of another, and back: each item crosses between two cores twice.
/// Both have something else to do all the time, and so never sleep.
template <auto& Stages>
double crossing(long items) {
  crew near{{.threads = 1}};
  crew far{{.threads = 1}};
  std::atomic<bool> over{false};
  const auto busy = [](std::atomic<bool>* end) -> task<void> {
    while (!end->load(std::memory_order_relaxed)) co_await tenon::yield();
  };
  std::thread other([&] {
    measure::pin(1);
    far.run(busy(&over));
  });
  while (far.state() != tenon::phase::running) std::this_thread::yield();
  std::atomic<long> through{0};
  const auto start = measure::clock::now();
  near.run([](crew& here, crew& there, auto* also, std::atomic<bool>* end, long count,
              std::atomic<long>* right) -> task<void> {
    tenon::fabric running{there, Stages};
    tenon::scope all{here};
    std::atomic<bool> enough{false};
    all.spawn(*also, &enough);
    co_await submits(&running, count, right);
    co_await running.drained();
    enough = true;
    co_await all.join();
    *end = true;
  }(near, far, &busy, &over, items, &through));
  const double spent = measure::nanoseconds_since(start) / double(items);
  other.join();
  expect(through == items);
  return spent;
}

constexpr auto one = tenon::pipeline(stage<"one">(pass_on<0>, tenon::queue_of<1024>));
constexpr auto two =
    tenon::pipeline(stage<"one">(pass_on<0>, tenon::queue_of<1024>), stage<"two">(pass_on<0>, tenon::queue_of<1024>));
template <unsigned Spins>
constexpr auto three = tenon::pipeline(stage<"one">(pass_on<Spins>, tenon::queue_of<1024>),
                                       stage<"two">(pass_on<Spins>, tenon::queue_of<1024>),
                                       stage<"three">(pass_on<Spins>, tenon::queue_of<1024>));

/// What the bar is: a ring there and a ring back, two threads that do nothing but look.
double ring_round_trip(long items) {
  struct rings {
    tenon::spsc<1024>::of<std::uint64_t> there, back;
  };
  const auto both = std::make_unique<rings>();
  const auto each = static_cast<std::uint64_t>(items);
  const auto send = [](auto& ring, std::uint64_t value) {
    while (!ring.try_push(std::move(value))) measure::pause();
  };
  const auto receive = [](auto& ring) {
    for (;;) {
      if (const auto got = ring.try_pop()) return *got;
      measure::pause();
    }
  };
  const double spent = measure::team(2, [&](std::size_t i) {
    for (std::uint64_t next = 0; next < each; ++next) {
      if (i == 0) {
        send(both->there, next);
        expect(receive(both->back) == next);
      } else {
        send(both->back, receive(both->there));
      }
    }
  });
  return spent / double(items);
}

// Three stages by hand: two threads, rings between, the first and the last stage on one thread.

template <unsigned Spins>
double two_threads(long items) {
  struct rings {
    tenon::spsc<1024>::of<std::uint64_t> there, back;
  };
  const auto both = std::make_unique<rings>();
  const auto each = static_cast<std::uint64_t>(items);
  const double spent = measure::team(2, [&](std::size_t i) {
    if (i == 0) {
      std::uint64_t sent = 0;
      for (std::uint64_t back = 0; back < each;) {
        bool moved = false;
        if (sent < each && sent - back < 512) {
          std::uint64_t value = pass_on<Spins>(sent);
          moved = both->there.try_push(std::move(value));
          sent += moved;
        }
        if (auto got = both->back.try_pop()) {
          expect(pass_on<Spins>(*got) == back + 3);
          ++back;
          moved = true;
        }
        if (!moved) measure::pause();
      }
    } else {
      for (std::uint64_t done = 0; done < each;) {
        if (auto got = both->there.try_pop()) {
          std::uint64_t value = pass_on<Spins>(*got);
          while (!both->back.try_push(std::move(value))) measure::pause();
          ++done;
        } else {
          measure::pause();
        }
      }
    }
  });
  return spent / double(items);
}

#ifdef HAS_TBB
template <unsigned Spins>
void tbb_pipeline(long items) {
  const tbb::global_control two_workers(tbb::global_control::max_allowed_parallelism, 2);
  long sent = 0;
  std::uint64_t seen = 0;
  constexpr auto in_order = tbb::filter_mode::serial_in_order;
  tbb::parallel_pipeline(
      64, tbb::make_filter<void, std::uint64_t>(in_order,
                                                [&](tbb::flow_control& control) -> std::uint64_t {
                                                  if (sent == items) {
                                                    control.stop();
                                                    return 0;
                                                  }
                                                  return pass_on<Spins>(static_cast<std::uint64_t>(sent++));
                                                }) &
              tbb::make_filter<std::uint64_t, std::uint64_t>(in_order, &pass_on<Spins>) &
              tbb::make_filter<std::uint64_t, void>(in_order, [&](std::uint64_t x) {
                measure::keep(pass_on<Spins>(x));
                ++seen;
              }));
  expect(seen == static_cast<std::uint64_t>(items));
}

template <unsigned Spins>
void tbb_graph(long items) {
  const tbb::global_control two_workers(tbb::global_control::max_allowed_parallelism, 2);
  namespace flow = tbb::flow;
  flow::graph all;
  std::uint64_t seen = 0;
  flow::limiter_node<std::uint64_t> limit(all, 64);
  flow::function_node<std::uint64_t, std::uint64_t> first(all, flow::serial, &pass_on<Spins>);
  flow::function_node<std::uint64_t, std::uint64_t> second(all, flow::serial, &pass_on<Spins>);
  flow::function_node<std::uint64_t, flow::continue_msg> third(all, flow::serial, [&](std::uint64_t x) {
    measure::keep(pass_on<Spins>(x));
    ++seen;
    return flow::continue_msg{};
  });
  std::uint64_t sent = 0;
  flow::input_node<std::uint64_t> source(all, [&](tbb::flow_control& control) -> std::uint64_t {
    if (sent == static_cast<std::uint64_t>(items)) {
      control.stop();
      return 0;
    }
    return sent++;
  });
  flow::make_edge(source, limit);
  flow::make_edge(limit, first);
  flow::make_edge(first, second);
  flow::make_edge(second, third);
  flow::make_edge(third, limit.decrementer());
  source.activate();
  all.wait_for_all();
  expect(seen == static_cast<std::uint64_t>(items));
}
#endif

template <unsigned Spins>
void add_three(measure::suite& suite, const std::string& name) {
  auto& stages = suite.add(name, "ns per item", 200'000);
  stages.ours("fabric, 2 workers", queued<crew, three<Spins>>(2, 64));
  stages.ours("fabric, one thread", queued<alone, three<Spins>>(1, 64));
  stages.peer("two threads, spsc rings", two_threads<Spins>);
#ifdef HAS_TBB
  stages.peer("tbb::parallel_pipeline", tbb_pipeline<Spins>);
  stages.peer("tbb::flow::graph", tbb_graph<Spins>);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  measure::suite suite{"pipeline"};
#ifndef HAS_TBB
  suite.note("left out: oneTBB, of the package libtbb-dev");
#endif

  suite.add("8 stages, fused", "ns per item", 2'000'000)
      .counted(20'000)
      .ours("pipeline", fused<by_pipeline>)
      .peer("by hand", fused<by_hand>);

  const std::string ring = "spsc there and back";
  suite.add("hand-off, 64 items under way", "ns per item", 200'000)
      .ours("one stage, 2 workers", queued<crew, one>(2, 64))
      .ours("one stage, one thread", queued<alone, one>(1, 64))
      .ours("two stages, 2 workers", queued<crew, two>(2, 64))
      .peer(ring, ring_round_trip);
  suite.add("hand-off, one item under way", "ns per item", 50'000)
      .ours("one stage, 2 workers", queued<crew, one>(2, 1))
      .ours("one stage, one thread", queued<alone, one>(1, 1))
      .peer(ring, ring_round_trip);

  suite.add("hand-off, to another core and back", "ns per item", 50'000)
      .ours("two busy runtimes", crossing<one>)
      .peer(ring, ring_round_trip);

  add_three<0>(suite, "3 stages of nothing");
  add_three<250>(suite, "3 stages of 250 steps");
  return suite.run(argc, argv);
}
