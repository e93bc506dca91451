// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/mpmc.hpp>
#include <tenon/queue/spsc.hpp>
#include <tenon/sync/detail/patient_queue.hpp>

#include <array>
#include <coroutine>
#include <cstddef>
#include <optional>

#include "modelled.hpp"
#include "one_loop.hpp"

namespace {

using tenon::work;
using tenon::detail::wait;
using tenon::detail::syncing::applicant;
using tenon::detail::syncing::block_until_done;
using tenon::detail::syncing::grant_item;
using tenon::detail::syncing::granted_wait;
using tenon::detail::syncing::look_when_told;
using tenon::detail::syncing::verdict;
using tenon::detail::syncing::waits_in_line;
using tenon::model::at_random;
using tenon::model::bell;
using tenon::model::explore;
using tenon::model::one_loop;

one_loop* current = nullptr;

/// What thread_applicant is, with a bell that Relacy sees.
class sleeper : public applicant {
 public:
  sleeper() : applicant(&nothing, &arrive, 1, 1) { settle(*current, std::noop_coroutine(), none_); }
  void wait() { told_.wait(); }

 private:
  static void nothing(tenon::detail::wait&) noexcept {}
  static void arrive(work& item) noexcept {
    static_cast<sleeper&>(static_cast<applicant&>(static_cast<granted_wait&>(static_cast<grant_item&>(item))))
        .told_.ring();
  }

  tenon::environment none_;
  bell told_;
};

inline void unexpected(work&) { RL_ASSERT(false); }

/// `Producers` threads push `Each` items and `Consumers` pop `Takes` each, all of them waiting; then as many more
/// consumers as `Impatient` stand in line once, and go away if they are not told at once: what a stop does. With
/// `Closes` nobody counts: the last producer closes it, and consumers pop until it is empty. Claims: everybody comes to
/// an end, which is that no wake-up is lost and no item stranded; each item comes out once.
template <class Policy, unsigned Producers, unsigned Consumers, unsigned Each, unsigned Takes, unsigned Impatient,
          bool Closes>
struct patient : rl::test_suite<patient<Policy, Producers, Consumers, Each, Takes, Impatient, Closes>,
                                Producers + Consumers + Impatient> {
  using threads = tenon::model::threads;
  using queue_type = typename Policy::template of<int, threads>;
  using subject_type = tenon::detail::syncing::patient_queue<queue_type, int, threads>;

  one_loop loop{&unexpected};
  subject_type subject;
  std::array<int, Producers * Each> came{};  // each written by one thread: the one that popped it
  rl::atomic<unsigned> left{Producers};

  void before() {
    current = &loop;
    loop.begin();
  }

  void thread(unsigned index) {
    if (index < Producers) {
      for (unsigned i = 0; i < Each; ++i) {
        int item = static_cast<int>(index * Each + i);
        typename subject_type::pushing what(subject, item);
        RL_ASSERT(block_until_done<sleeper>(what) == verdict::done);
      }
      if (Closes && left.fetch_sub(1, rl::mo_acq_rel, $) == 1) subject.close();
    } else if (index < Producers + Consumers) {
      for (unsigned i = 0; Closes || i < Takes; ++i) {
        typename subject_type::popping what(subject);
        const verdict how = block_until_done<sleeper>(what);
        if (Closes && how == verdict::closed) break;
        RL_ASSERT(how == verdict::done);
        out(what);
      }
    } else {
      typename subject_type::popping what(subject);
      verdict how = what.look();
      sleeper me;
      if (how == verdict::waits && waits_in_line(what, me, how)) {
        if (how != verdict::waits || !what.line().leave(me)) {  // told: as patient_wait::arrive
          me.wait();
          look_when_told(what, how);
        }
      }
      if (how == verdict::done) out(what);
    }
  }

  void out(typename subject_type::popping& what) { ++came[static_cast<std::size_t>(*what.item())]; }

  void after() {
    std::optional<int> item;
    for (;;) {
      const verdict how = subject.pop(item);
      if (how != verdict::done) break;
      ++came[static_cast<std::size_t>(*item)];
    }
    for (const int times : came) RL_ASSERT(times == 1);
  }
};

template <class Policy, unsigned Producers, unsigned Consumers, unsigned Each, unsigned Takes>
using waiters = patient<Policy, Producers, Consumers, Each, Takes, 0, false>;

}  // namespace

int main() {
  using tenon::mpmc;
  using tenon::spsc;
  bool good = true;
  good &= explore<waiters<spsc<1>, 1, 1, 2, 2>>("spsc<1> 1:1, 2 items", 3);
  good &= explore<waiters<mpmc<2>, 2, 1, 1, 2>>("mpmc<2> 2:1, 1 item each", 2);
  good &= explore<waiters<mpmc<2>, 2, 2, 1, 1>>("mpmc<2> 2:2, 1 item each", 1);
  good &= at_random<waiters<spsc<1>, 1, 1, 4, 4>>("spsc<1> 1:1, 4 items", 50'000);
  good &= at_random<waiters<mpmc<2>, 2, 2, 3, 3>>("mpmc<2> 2:2, 3 items each", 50'000);
  good &= at_random<waiters<mpmc<2>, 3, 2, 2, 3>>("mpmc<2> 3:2, 2 items each", 50'000);
  good &= at_random<patient<mpmc<2>, 2, 2, 2, 0, 0, true>>("mpmc<2> 2:2, closed", 50'000);
  good &= at_random<patient<mpmc<4>, 2, 1, 2, 3, 1, false>>("mpmc<4> 2:2, one gives up", 50'000);
  return good ? 0 : 1;
}
