// SPDX-License-Identifier: BSL-1.0

#include <tenon/core/loop.hpp>
#include <tenon/pipeline/fabric.hpp>

#include <coroutine>
#include <memory>
#include <vector>

#include "modelled.hpp"

namespace tenon::detail::weaving {

// For the history of a failure.
inline std::ostream& operator<<(std::ostream& to, worker_state state) { return to << static_cast<int>(state); }

}  // namespace tenon::detail::weaving

namespace tenon::model {

// A loop of which there is one, and which every thread of the model is on: it is told which item is through.
class told : public loop {
 public:
  told() : loop(table(), this) {}
  virtual void tell(work& item) = 0;

 protected:
  ~told() = default;

 private:
  static const operations& table() {
    constexpr auto take = [](loop& self, work& item) noexcept { static_cast<told&>(self).tell(item); };
    constexpr auto take_ready = [](loop& self, work& item, const environment&) noexcept {
      static_cast<told&>(self).tell(item);
    };
    static constexpr operations one{take_ready,
                                    take_ready,
                                    take,
                                    [](loop&, timer&) noexcept { std::abort(); },
                                    [](loop&, timer&) noexcept { std::abort(); },
                                    [](loop&) noexcept { return time_point{}; }};
    return one;
  }
};

// Producers put `Items` items each into a fabric, and the first of them closes it; two threads run what is scheduled.
// Each item comes out once, or is refused. The fabric is destroyed where the end is told: what another thread still
// touched would be gone. A lost wake-up leaves the threads waiting for work, which is a deadlock.
template <auto& Pipeline, unsigned Producers, unsigned Items>
struct joint_model : rl::test_suite<joint_model<Pipeline, Producers, Items>, Producers + 2>, told {
  struct runtime {
    using threading = model::threads;

    void schedule(work& item) noexcept { owner->ready(item); }
    joint_model* owner;
  };
  using pipeline_type = std::remove_cvref_t<decltype(Pipeline)>;
  using loom = detail::weaving::loom<runtime, pipeline_type, by_topology, pipeline_errc, histogram<threads>>;
  struct parting {
    void operator()(loom* from) const noexcept { from->part(); }
  };

  void before() {
    detail::here().current = this;
    rt.owner = this;
    running.reset(new loom(rt, Pipeline));
    end.wait(std::noop_coroutine());
    (void)running->wait_until_drained(end);
  }

  void thread(unsigned index) {
    if (index < Producers) {
      for (unsigned i = 0; i < Items; ++i) submit(items[index * Items + i]);
      if (index == 0) running->close();  // nobody has told the end before
    } else {
      work_until_the_end();
    }
  }

  void after() {
    RL_ASSERT(running == nullptr);
    for (auto& each : items) RL_ASSERT(each.through == 1);
  }

  void tell(work& item) override {
    if (&item == &end) {
      mutex.lock($);
      ended($) = 1;
      changed.notify_all($);
      const bool last = to_come($) == 0;
      mutex.unlock($);
      if (last) running.reset();
    } else {
      ++static_cast<ticket&>(item).through;
    }
  }

 private:
  struct ticket : loom::ticket_type {
    int through = 0;
  };

  // What a submission does.
  void submit(ticket& item) {
    item.wait(std::noop_coroutine());
    item.template emplace<0>([] { return 1; });
    auto& first = running->template joint_at<0>();
    const bool in = first.arrive();
    // From here on the fabric may be destroyed as soon as it is drained, whatever else this thread does in it.
    mutex.lock($);
    to_come($) -= 1;
    const bool last = to_come($) == 0 && ended($) != 0;
    mutex.unlock($);
    if (!in) {
      ++item.through;
      if (last) running.reset();
      return;
    }
    switch (first.offer(rt, item, loom::template losing<0>())) {
      case detail::weaving::entry::taken: return;
      case detail::weaving::entry::full: RL_ASSERT(first.wait(rt, item)); return;
      default: ++item.through;
    }
  }

  void ready(work& item) {
    mutex.lock($);
    list.push_back(&item);
    changed.notify_one($);
    mutex.unlock($);
  }

  void work_until_the_end() {
    for (;;) {
      mutex.lock($);
      while (list.empty() && ended($) == 0) changed.wait(mutex, $);
      if (list.empty()) return mutex.unlock($);
      work* const item = list.front();
      list.erase(list.begin());
      mutex.unlock($);
      item->run(*item);
    }
  }

  runtime rt{};
  std::unique_ptr<loom, parting> running;
  detail::weaving::waiter end;
  ticket items[Producers * Items];

  rl::mutex mutex;
  rl::condition_variable changed;
  rl::var<int> ended{0};
  rl::var<int> to_come{static_cast<int>(Producers * Items)};
  std::vector<work*> list;
};

inline int same(int x) { return x; }

constexpr auto one_worker = pipeline(stage<"a">(same, mpmc<2>{}));
constexpr auto two_workers = pipeline(stage<"a">(same, workers<2>, mpmc<2>{}));
constexpr auto rejecting = pipeline(stage<"a">(same, workers<2>, mpmc<2>{}, reject));
constexpr auto dropping = pipeline(stage<"a">(same, mpmc<2>{}, drop_oldest));
// What an elastic stage of coroutines is given: over at once, on the thread that runs it.
struct later {
  using value_type = int;
  struct awaiter {
    [[nodiscard]] static bool await_ready() noexcept { return true; }
    static void await_suspend(std::coroutine_handle<>) noexcept {}
    [[nodiscard]] int await_resume() const noexcept { return x; }
    int x;
  };
  [[nodiscard]] awaiter operator co_await() && noexcept { return {x}; }
  int x;
};
inline later same_later(int x) { return {x}; }

constexpr auto led_by_one = pipeline(stage<"a">(same_later, workers<1>, mpmc<2>{}));
constexpr auto led_two = pipeline(stage<"a">(same_later, workers<2>, mpmc<2>{}));
constexpr auto led_and_stalled = pipeline(stage<"a">(same_later, workers<2>, mpmc<2>{}), stage<"b">(same, mpsc<2>{}));
constexpr auto narrow = pipeline(stage<"a">(same, mpmc<2>{}), stage<"b">(same, spsc<1>{}));

}  // namespace tenon::model

int main() {
  using namespace tenon::model;
  bool good = true;
  good &= explore<joint_model<one_worker, 1, 2>>("joint, 1 worker, 1 x 2 items", 2);
  good &= explore<joint_model<one_worker, 2, 1>>("joint, 1 worker, 2 x 1 item", 1);
  good &= explore<joint_model<two_workers, 2, 1>>("joint, 2 workers, 2 x 1 item", 1);
  good &= at_random<joint_model<one_worker, 1, 4>>("joint, 1 worker, 1 x 4 items, some wait", 20'000);
  good &= at_random<joint_model<one_worker, 2, 3>>("joint, 1 worker, 2 x 3 items, some wait", 20'000);
  good &= at_random<joint_model<two_workers, 2, 3>>("joint, 2 workers, 2 x 3 items, some wait", 20'000);
  good &= at_random<joint_model<rejecting, 2, 3>>("joint, 2 workers, 2 x 3 items, reject", 20'000);
  good &= at_random<joint_model<dropping, 2, 3>>("joint, 1 worker, 2 x 3 items, drop_oldest", 20'000);
  good &= at_random<joint_model<narrow, 2, 3>>("joint, 2 stages, 2 x 3 items, one stalls", 20'000);
  good &= explore<joint_model<led_by_one, 1, 1>>("joint, 1 worker that is led, 1 item", 1);
  good &= at_random<joint_model<led_by_one, 1, 3>>("joint, 1 worker that is led, 1 x 3 items, some wait", 20'000);
  good &= at_random<joint_model<led_two, 2, 3>>("joint, 2 workers that are led, 2 x 3 items, some wait", 20'000);
  good &= at_random<joint_model<led_and_stalled, 2, 3>>("joint, 2 stages, one led, 2 x 3 items, some stall", 20'000);
  return good ? 0 : 1;
}
