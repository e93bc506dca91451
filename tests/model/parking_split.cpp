// SPDX-License-Identifier: BSL-1.0

#include <tenon/core/detail/inbox.hpp>
#include <tenon/core/detail/parking.hpp>
#include <tenon/scheduler/detail/split_deque.hpp>

#include "modelled.hpp"

#include <array>
#include <cstddef>

namespace {

using tenon::model::at_random;
using tenon::model::explore;
using threads = tenon::model::threads;

/// The parking protocol over deques of which a part is out of thieves' sight. A job is posted to worker 0; it pushes
/// `Children` more. Whatever worker 0 runs does not return before everything that worker 0 had shared when it began has
/// been taken by others. So whenever worker 0 comes back to its deque with private items, one of them must get to the
/// others, and a worker that slept meanwhile must be got out of bed for it: one call that is lost is a deadlock, which
/// Relacy reports. Whoever ends the last job stops all.
/// Claims: no deadlock, each job runs once, nothing is left anywhere.
template <int Workers, int Children>
struct parking_split : rl::test_suite<parking_split<Workers, Children>, Workers + 1> {
  struct job : tenon::work {
    bool parent = false;
    rl::var<int> runs{0};
  };
  struct worker {
    tenon::detail::inbox<threads> inbox;
    tenon::detail::split_deque<threads, 4> deque;
    tenon::detail::seat<threads> seat;
    tenon::model::wake_up bell;
  };

  std::array<worker, Workers> workers;
  tenon::detail::parking<threads> idle;
  tenon::model::atomic<int> stopping{0};
  tenon::model::atomic<int> ended{0};
  std::array<job, Children + 1> jobs;
  rl::mutex taking;
  rl::condition_variable taken;

  void thread(unsigned index) {
    if (index != Workers) return work(index);
    jobs[0].parent = true;
    if (workers[0].inbox.push(jobs[0]) && workers[0].seat.post()) {
      idle.one_less();
      workers[0].bell.wake();
    }
  }

  void work(std::size_t me) {
    worker& own = workers[me];
    bool searching = false;
    for (;;) {
      tenon::work* item = own.deque.pop();
      if (item == nullptr) {
        tenon::work_list posted = own.inbox.take();
        item = posted.pop();
      }
      if (item == nullptr) {
        if (!searching) idle.search();
        searching = true;
        item = seek(me);
      }
      if (item != nullptr) {
        if (searching && idle.found() && look()) call_one(me);
        searching = false;
        if (own.deque.published()) call_if_wanted(me);
        run(me, static_cast<job&>(*item));
        continue;
      }
      if (stopping.load() != 0) {
        (void)idle.found();
        return;
      }
      idle.sleep(own.seat);
      searching = false;
      const bool is_dry = !look() && own.inbox.empty() && stopping.load() == 0;
      if (is_dry) own.bell.wait();
      switch (own.seat.rise()) {
        case tenon::detail::seat<threads>::parked: idle.one_less(); break;
        case tenon::detail::seat<threads>::called: searching = true; break;
        default: break;
      }
      if (!is_dry && !searching) {
        idle.search();
        searching = true;
      }
    }
  }

  tenon::work* seek(std::size_t me) {
    tenon::work* first = nullptr;
    for (std::size_t i = 1; i < Workers && first == nullptr; ++i) {
      (void)workers[(me + i) % Workers].deque.steal_into(workers[me].deque, first);
    }
    if (first != nullptr) {
      taking.lock($);
      taken.notify_all($);
      taking.unlock($);
    }
    return first;
  }

  bool look() {
    for (worker& each : workers) {
      if (!each.deque.empty()) return true;
    }
    return false;
  }

  void call_if_wanted(std::size_t me) {
    if (idle.wanted()) call_one(me);
  }
  void call_one(std::size_t me) {
    for (std::size_t i = 0; i < Workers; ++i) {
      if (i != me && workers[i].seat.call()) {
        idle.called();
        workers[i].bell.wake();
        return;
      }
    }
  }

  void run(std::size_t me, job& item) {
    item.runs($) = item.runs($) + 1;
    if (item.parent) {
      for (std::size_t i = 1; i <= Children; ++i) {
        RL_ASSERT(workers[me].deque.push(jobs[i]));
        call_if_wanted(me);
      }
    }
    if (me == 0) {
      taking.lock($);
      while (!workers[0].deque.empty()) taken.wait(taking, $);
      taking.unlock($);
    }
    if (ended.fetch_add(1) == Children) {
      stopping.store(1);
      for (worker& each : workers) each.bell.wake();
    }
  }

  void after() {
    for (job& each : jobs) RL_ASSERT(each.runs($) == 1);
    RL_ASSERT(!look());
    for (worker& each : workers) RL_ASSERT(each.inbox.empty() && each.deque.pop() == nullptr);
    RL_ASSERT(!idle.wanted());
  }
};

}  // namespace

int main() {
  bool good = true;
  good &= explore<parking_split<2, 2>>("parking_split 2 workers, 2 children", 2);
  good &= explore<parking_split<2, 3>>("parking_split 2 workers, 3 children", 1);
  good &= at_random<parking_split<2, 4>>("parking_split 2 workers, 4 children", 100'000);
  good &= at_random<parking_split<3, 4>>("parking_split 3 workers, 4 children", 100'000);
  return good ? 0 : 1;
}
