// SPDX-License-Identifier: BSL-1.0

#include <tenon/sync/detail/permits.hpp>

#include <coroutine>
#include <cstddef>

#include "modelled.hpp"
#include "one_loop.hpp"

namespace {

using tenon::work;
using tenon::detail::wait;
using tenon::detail::syncing::applicant;
using tenon::detail::syncing::grant_item;
using tenon::detail::syncing::granted_wait;
using tenon::model::at_random;
using tenon::model::bell;
using tenon::model::explore;
using tenon::model::one_loop;

using permits = tenon::detail::syncing::permits<tenon::model::threads>;

/// What a task does that waits, without the task: the same steps as permit_wait.
class asker : public applicant {
 public:
  asker(one_loop& on, std::size_t needs, std::size_t takes) : applicant(&nothing, &arrive, needs, takes) {
    settle(on, std::noop_coroutine(), none_);
  }

  /// True when it got what it asked for. One that `gives_up` asks to stop once it waits.
  bool ask(permits& from, bool gives_up) {
    if (from.try_take(needs, takes)) return true;
    if (!from.enter(*this)) return true;
    if (gives_up && from.leave(*this)) return false;
    granted();
    return true;
  }
  void granted() { granted_.wait(); }

 private:
  static void nothing(wait&) noexcept {}
  static void arrive(work& item) noexcept {
    static_cast<asker&>(static_cast<applicant&>(static_cast<granted_wait&>(static_cast<grant_item&>(item))))
        .granted_.ring();
  }

  tenon::environment none_;
  bell granted_;
};

inline void unexpected(work&) { RL_ASSERT(false); }

/// `Threads` threads lock `Times` times each; those below `Stops` ask to stop as soon as they wait. Claims: one at a
/// time, and each sees what the one before wrote; at the end the lock is free, so no wake-up was lost on the way.
template <unsigned Threads, unsigned Times, unsigned Stops>
struct locking : rl::test_suite<locking<Threads, Times, Stops>, Threads> {
  one_loop loop{&unexpected};
  permits free{1};
  rl::var<int> inside{0};

  void before() { loop.begin(); }
  void thread(unsigned index) {
    for (unsigned i = 0; i < Times; ++i) {
      asker me(loop, 1, 1);
      if (!me.ask(free, index < Stops)) continue;
      RL_ASSERT(inside($) == 0);
      inside($) = 1;
      inside($) = 0;
      free.give(1, 1);
    }
  }
  void after() { RL_ASSERT(free.available() == 1 && free.try_take(1, 1)); }
};

/// One asks for both of two permits and gives up, others for one each. Claims: never more than two are out, and those
/// behind one that gives up are served.
struct counting : rl::test_suite<counting, 3> {
  one_loop loop{&unexpected};
  permits free{2};
  rl::atomic<int> out{0};

  void before() { loop.begin(); }
  void thread(unsigned index) {
    const std::size_t many = index == 0 ? 2 : 1;
    asker me(loop, many, many);
    if (!me.ask(free, index == 0)) return;
    const int others = out.fetch_add(static_cast<int>(many), rl::mo_relaxed, $);
    RL_ASSERT(others + static_cast<int>(many) <= 2);
    out.fetch_sub(static_cast<int>(many), rl::mo_relaxed, $);
    free.give(many, permits::most);
  }
  void after() { RL_ASSERT(free.available() == 2); }
};

/// An event: two wait for it, the second gives up if it can. Claims: who goes on sees what was written before set();
/// nobody is left behind.
struct opening : rl::test_suite<opening, 3> {
  one_loop loop{&unexpected};
  permits open{0};
  rl::var<int> written{0};

  void before() { loop.begin(); }
  void thread(unsigned index) {
    if (index == 0) {
      written($) = 7;
      open.give(1, 1);
    } else {
      asker me(loop, 1, 0);
      if (me.ask(open, index == 2)) RL_ASSERT(written($) == 7);
    }
  }
  void after() { RL_ASSERT(open.available() == 1); }
};

/// An auto_event that is set twice, one who waits for it twice and asks in between: claims as above, also for the
/// second set(), which may find it set.
struct pulsing : rl::test_suite<pulsing, 2> {
  one_loop loop{&unexpected};
  permits open{0};
  rl::atomic<int> last{0};
  rl::var<int> first{0};
  rl::var<int> second{0};

  void before() { loop.begin(); }
  void thread(unsigned index) {
    if (index == 0) {
      first($) = 1;
      open.give(1, 1);
      second($) = 1;
      last.store(1, rl::mo_relaxed, $);
      open.give(1, 1);
    } else {
      asker me(loop, 1, 1);
      RL_ASSERT(me.ask(open, false));
      RL_ASSERT(first($) == 1);
      if (open.available() == 0 && last.load(rl::mo_relaxed, $) == 0) {
        asker again(loop, 1, 1);
        RL_ASSERT(again.ask(open, false));
        RL_ASSERT(second($) == 1);
      }
    }
  }
};

/// A condition: what is given to nobody is gone. One waits, in line before it tells so; two notify once it has told.
struct signalling : rl::test_suite<signalling, 3> {
  one_loop loop{&unexpected};
  permits signals{0};
  permits door{1};
  rl::var<int> ready{0};

  void before() { loop.begin(); }
  void thread(unsigned index) {
    asker lock(loop, 1, 1);
    RL_ASSERT(lock.ask(door, false));
    if (index == 0) {
      while (ready($) == 0) {
        asker me(loop, 1, 1);
        RL_ASSERT(signals.enter(me));
        door.give(1, 1);
        me.granted();
        asker again(loop, 1, 1);
        RL_ASSERT(again.ask(door, false));
      }
    } else {
      ready($) = 1;
    }
    door.give(1, 1);
    if (index != 0) signals.give(index == 1 ? 1 : permits::most, 0);
  }
  void after() { RL_ASSERT(signals.available() == 0 && door.available() == 1); }
};

}  // namespace

int main() {
  bool good = true;
  good &= explore<locking<2, 1, 0>>("permits 2 lock", tenon::model::unbounded);
  good &= explore<locking<2, 2, 1>>("permits 2 lock twice, one gives up", 4);
  good &= explore<locking<3, 1, 1>>("permits 3 lock, one gives up", 3);
  good &= at_random<locking<4, 3, 2>>("permits 4 lock 3 times, two give up", 200'000);
  good &= explore<counting>("permits 2 of 2, 1, 1; the first gives up", 3);
  good &= explore<opening>("permits event, 2 wait, one gives up", 4);
  good &= explore<pulsing>("permits auto_event set twice", 4);
  good &= explore<signalling>("permits condition, 2 notify", 2);
  return good ? 0 : 1;
}
