// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/senders.hpp>
#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "ground.hpp"

namespace {

using namespace tenon_test;
using tenon::task;
namespace ex = tenon::execution;

struct crew : tenon::runtime<tenon::epoll, tenon::stealing<>, counted> {
  using runtime::runtime;
};
struct bound : tenon::runtime<tenon::none, tenon::affinity<>, counted> {
  using runtime::runtime;
};
struct alone : tenon::runtime<tenon::none, tenon::fifo, tenon::single_thread, counted> {
  using runtime::runtime;
};

enum class end : unsigned char { open, value, stopped };

/// What a test's receiver writes down.
template <class Runtime>
struct notes {
  explicit notes(Runtime& runtime) : rt(runtime) {}
  void wait() const {
    while (how == end::open) std::this_thread::yield();
  }
  void set(end now) {
    on_worker = rt.current() != nullptr;
    how = now;  // last: whoever waits for it may free this
  }

  Runtime& rt;
  std::stop_source stop;
  std::atomic<end> how{end::open};
  std::atomic<bool> on_worker{false};
};

template <class Runtime>
class sink {
 public:
  using receiver_concept = ex::receiver_tag;

  class env {
   public:
    explicit env(const std::stop_source& stop) : stop_(&stop) {}
    [[nodiscard]] std::stop_token query(ex::get_stop_token_t /*asked*/) const noexcept { return stop_->get_token(); }

   private:
    const std::stop_source* stop_;
  };

  explicit sink(notes<Runtime>& to) : to_(&to) {}
  void set_value() && noexcept { to_->set(end::value); }
  void set_stopped() && noexcept { to_->set(end::stopped); }
  [[nodiscard]] env get_env() const noexcept { return env(to_->stop); }

 private:
  notes<Runtime>* to_;
};

template <class Runtime>
using operation_on =
    decltype(ex::connect(ex::schedule(std::declval<Runtime&>().get_scheduler()), std::declval<sink<Runtime>>()));

static_assert(ex::scheduler<crew::scheduler> && ex::scheduler<alone::scheduler>);
static_assert(ex::sender<crew::scheduler::sender>);
static_assert(ex::operation_state<operation_on<crew>> && !std::is_move_constructible_v<operation_on<crew>>);
static_assert(sizeof(crew::scheduler) == sizeof(void*));
static_assert(sizeof(operation_on<crew>) == sizeof(tenon::work) + sizeof(void*) + sizeof(sink<crew>));
static_assert(std::is_same_v<ex::completion_signatures_of_t<crew::scheduler::sender>,
                             ex::completion_signatures<ex::set_value_t(), ex::set_stopped_t()>>);

/// A runtime that another thread runs as long as this lives.
template <class Runtime>
class running {
 public:
  explicit running(std::size_t threads) : rt({.threads = threads, .name = "test"}), runner_([this] { rt.run(); }) {}
  running(const running&) = delete;
  running& operator=(const running&) = delete;
  ~running() { stop(); }
  void stop() {
    rt.request_stop();
    if (runner_.joinable()) runner_.join();
  }

  Runtime rt;

 private:
  std::thread runner_;
};

TEST(senders, a_scheduler_is_its_runtime) {
  crew one{{.threads = 1}};
  crew other{{.threads = 1}};
  const auto here = one.get_scheduler();
  static_assert(std::is_same_v<decltype(here), const crew::scheduler>);
  EXPECT_EQ(here, one.get_scheduler());
  EXPECT_NE(here, other.get_scheduler());
  EXPECT_EQ(ex::get_completion_scheduler<ex::set_value_t>(ex::get_env(ex::schedule(here))), here);
  EXPECT_EQ(ex::get_forward_progress_guarantee(here), ex::forward_progress_guarantee::parallel);
}

TEST(senders, set_value_comes_on_a_worker) {
  const books kept;
  running<crew> there(2);
  notes<crew> seen(there.rt);
  auto made = ex::connect(ex::schedule(there.rt.get_scheduler()), sink<crew>(seen));
  EXPECT_EQ(seen.how, end::open) << "nothing happens before start()";
  const std::int64_t blocks = counted::out;
  ex::start(made);
  seen.wait();
  EXPECT_EQ(seen.how, end::value);
  EXPECT_TRUE(seen.on_worker);
  EXPECT_EQ(counted::out, blocks) << "no allocation";
}

TEST(senders, started_on_a_worker_it_runs_after_what_is_ready) {
  const books kept;
  alone rt;
  rt.run([](alone& self) -> task<void> {
    notes<alone> seen(self);
    auto made = ex::connect(self.get_scheduler().schedule(), sink<alone>(seen));
    ex::start(made);
    EXPECT_EQ(seen.how, end::open);
    co_await tenon::yield();
    EXPECT_EQ(seen.how, end::value);
    EXPECT_TRUE(seen.on_worker);
  }(rt));
}

TEST(senders, started_before_run_it_waits_for_run) {
  const books kept;
  alone rt;
  notes<alone> seen(rt);
  auto made = ex::connect(rt.get_scheduler().schedule(), sink<alone>(seen));
  ex::start(made);
  EXPECT_EQ(seen.how, end::open);
  rt.run([]() -> task<void> { co_return; }());
  EXPECT_EQ(seen.how, end::value);
}

TEST(senders, asked_to_stop_before_the_start_it_stops_at_once) {
  running<crew> there(1);
  notes<crew> seen(there.rt);
  seen.stop.request_stop();
  auto made = ex::connect(ex::schedule(there.rt.get_scheduler()), sink<crew>(seen));
  ex::start(made);
  EXPECT_EQ(seen.how, end::stopped);
  EXPECT_FALSE(seen.on_worker) << "from start() itself";
}

TEST(senders, asked_to_stop_while_it_is_ready_it_stops_on_the_worker) {
  alone rt;
  rt.run([](alone& self) -> task<void> {
    notes<alone> seen(self);
    auto made = ex::connect(self.get_scheduler().schedule(), sink<alone>(seen));
    ex::start(made);
    seen.stop.request_stop();
    EXPECT_EQ(seen.how, end::open);
    co_await tenon::yield();
    EXPECT_EQ(seen.how, end::stopped);
  }(rt));
}

TEST(senders, a_stopped_runtime_stops_it) {
  running<crew> there(1);
  there.stop();
  notes<crew> seen(there.rt);
  auto made = ex::connect(ex::schedule(there.rt.get_scheduler()), sink<crew>(seen));
  ex::start(made);
  EXPECT_EQ(seen.how, end::stopped);
}

TEST(senders, a_draining_runtime_refuses_others_and_runs_what_was_started) {
  const books kept;
  bound rt{{.threads = 1}};
  notes<bound> early(rt);
  notes<bound> late(rt);
  auto first = ex::connect(ex::schedule(rt.get_scheduler()), sink<bound>(early));
  auto second = ex::connect(ex::schedule(rt.get_scheduler()), sink<bound>(late));
  ex::start(first);
  // It drains when this task has been asked to stop and waits for the thread that it starts then.
  (void)rt.spawn(
      [](bound& self, notes<bound>& seen, operation_on<bound>& made) -> task<void> {
        (void)co_await tenon::sleep_for(1h);
        EXPECT_EQ(self.state(), tenon::phase::draining);
        std::thread outside([&] { ex::start(made); });
        outside.join();
        EXPECT_EQ(seen.how, end::stopped);
        EXPECT_FALSE(seen.on_worker);
      },
      std::ref(rt), std::ref(late), std::ref(second));
  rt.run([](notes<bound>& seen) -> task<void> {
    while (seen.how == end::open) co_await tenon::yield();
    co_await tenon::yield();
  }(early));
  EXPECT_EQ(early.how, end::value);
  EXPECT_EQ(late.how, end::stopped);
}

/// A receiver that frees the operation it belongs to.
class suicidal {
 public:
  using receiver_concept = ex::receiver_tag;
  struct box;

  explicit suicidal(std::unique_ptr<box> own, std::atomic<int>& count) : own_(std::move(own)), count_(&count) {}
  void set_value() && noexcept { end_of(std::move(own_)); }
  void set_stopped() && noexcept { end_of(std::move(own_)); }

 private:
  void end_of(std::unique_ptr<box> own) noexcept;

  std::unique_ptr<box> own_;
  std::atomic<int>* count_;
};
struct suicidal::box {
  explicit box(crew& rt) : on(rt) {}
  void start(std::unique_ptr<box> own, std::atomic<int>& count) {
    auto& there = *::new (static_cast<void*>(&room))
                      kind(ex::connect(ex::schedule(on.get_scheduler()), suicidal(std::move(own), count)));
    made = &there;
    ex::start(there);
  }
  ~box() {
    if (made != nullptr) std::destroy_at(made);
  }

  using kind = tenon::detail::schedule_operation<crew::runtime, suicidal>;
  crew& on;
  kind* made = nullptr;
  union {
    kind room;
  };
};
void suicidal::end_of(std::unique_ptr<box> own) noexcept {
  std::atomic<int>& count = *count_;
  own.reset();  // and this receiver with it
  ++count;
}

TEST(senders, the_receiver_may_free_the_operation) {
  const books kept;
  std::atomic<int> ended{0};
  {
    running<crew> there(3);
    for (int i = 0; i < rounds(1000); ++i) {
      auto one = std::make_unique<suicidal::box>(there.rt);
      suicidal::box& same = *one;
      same.start(std::move(one), ended);
    }
    there.stop();
  }
  EXPECT_EQ(ended, rounds(1000)) << "the shutdown waits for what was started";
}

TEST(senders, from_many_threads_at_once) {
  running<crew> there(2);
  std::atomic<int> values{0};
  std::vector<std::thread> starters;
  for (int starter = 0; starter < 4; ++starter) {
    starters.emplace_back([&] {
      for (int i = 0; i < rounds(1000); ++i) {
        notes<crew> seen(there.rt);
        auto made = ex::connect(ex::schedule(there.rt.get_scheduler()), sink<crew>(seen));
        ex::start(made);
        seen.wait();
        values += seen.how == end::value ? 1 : 0;  // both go now: the worker touches neither after the completion
      }
    });
  }
  for (std::thread& each : starters) each.join();
  EXPECT_EQ(values, 4 * rounds(1000));
}

}  // namespace
