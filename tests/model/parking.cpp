// SPDX-License-Identifier: BSL-1.0

#include <tenon/core/detail/inbox.hpp>
#include <tenon/core/detail/parking.hpp>
#include <tenon/scheduler/detail/injector.hpp>
#include <tenon/scheduler/detail/run_ring.hpp>

#include "modelled.hpp"

#include <array>
#include <cstddef>

namespace {

using tenon::model::at_random;
using tenon::model::explore;
using threads = tenon::model::threads;

/// A scheduler of `Workers` workers that is nothing but the protocol, and a poster from outside. The poster posts a job
/// to worker 0 (or injects it); the job pushes `Workers - 1` children onto its worker's ring and then, without
/// returning, waits until each of them has begun; a child waits so too. So every worker must be got out of bed for the
/// others' sake: one lost wake-up is a deadlock, which Relacy reports. Whoever ends the last job stops all.
/// Claims: no deadlock, each job runs once, nothing is left anywhere.
///
/// `shared` is fifo's and priority's way: the poster injects every job, and a worker's first look, before any search,
/// takes from that queue.
enum class entry { posted, injected, shared };

template <int Workers, entry How>
struct parking : rl::test_suite<parking<Workers, How>, Workers + 1> {
  struct job : tenon::work {
    bool parent = false;
  };
  struct worker {
    tenon::detail::inbox<threads> inbox;
    tenon::detail::run_ring<threads, 4> ring;
    tenon::detail::seat<threads> seat;
    tenon::model::wake_up bell;
  };

  std::array<worker, Workers> workers;
  tenon::detail::injector<threads> injection;
  tenon::detail::parking<threads> idle;
  tenon::model::atomic<int> stopping{0};
  tenon::model::atomic<int> ended{0};
  std::array<job, Workers> jobs;
  rl::mutex counting;
  rl::condition_variable all_begun;
  rl::var<int> begun_count{0};

  void thread(unsigned index) {
    if (index == Workers) {
      jobs[0].parent = How != entry::shared;
      if (How == entry::injected) {
        inject(jobs[0]);
      } else if (How == entry::shared) {
        for (job& each : jobs) inject(each);
      } else if (workers[0].inbox.push(jobs[0]) && workers[0].seat.post()) {
        idle.one_less();
        workers[0].bell.wake();
      }
    } else {
      work(index);
    }
  }

  void inject(job& item) {
    injection.push(item);
    if (idle.wanted()) call_one(Workers);
  }

  void work(std::size_t me) {
    worker& own = workers[me];
    bool searching = false;
    for (;;) {
      tenon::work* item = How == entry::shared ? injection.pop() : own.ring.pop();
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
      (void)workers[(me + i) % Workers].ring.steal_into(workers[me].ring, first);
    }
    if (first == nullptr) first = injection.pop();
    return first;
  }

  bool look() {
    for (worker& each : workers) {
      if (!each.ring.empty()) return true;
    }
    return !injection.empty();
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
    if (item.parent) {
      for (std::size_t i = 1; i < Workers; ++i) {
        RL_ASSERT(workers[me].ring.push(jobs[i]));
        if (idle.wanted()) call_one(me);
      }
    }
    counting.lock($);
    begun_count($) = begun_count($) + 1;
    if (begun_count($) == Workers) all_begun.notify_all($);
    while (begun_count($) < Workers) all_begun.wait(counting, $);
    counting.unlock($);
    if (ended.fetch_add(1) + 1 == Workers) {
      stopping.store(1);
      for (worker& each : workers) each.bell.wake();
    }
  }

  void after() {
    RL_ASSERT(ended.load() == Workers);
    RL_ASSERT(!look());
    for (worker& each : workers) RL_ASSERT(each.inbox.empty());
    RL_ASSERT(!idle.wanted());
  }
};

}  // namespace

int main() {
  bool good = true;
  good &= explore<parking<2, entry::posted>>("parking 2 workers, posted job + 1 child", 3);
  good &= explore<parking<2, entry::injected>>("parking 2 workers, injected job + 1 child", 2);
  good &= explore<parking<2, entry::shared>>("parking 2 workers, 2 jobs in a shared queue", 2);
  good &= explore<parking<3, entry::posted>>("parking 3 workers, posted job + 2 children", 1);
  good &= at_random<parking<3, entry::posted>>("parking 3 workers, posted job + 2 children", 100'000);
  good &= at_random<parking<3, entry::injected>>("parking 3 workers, injected job + 2 children", 100'000);
  good &= at_random<parking<3, entry::shared>>("parking 3 workers, 3 jobs in a shared queue", 100'000);
  return good ? 0 : 1;
}
