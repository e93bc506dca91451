// SPDX-License-Identifier: BSL-1.0

#include <tenon/sync/detail/channel_core.hpp>
#include <tenon/sync/detail/choosing.hpp>

#include <array>
#include <coroutine>
#include <cstddef>
#include <optional>

#include "modelled.hpp"
#include "one_loop.hpp"

namespace {

using tenon::work;
using tenon::work_list;
using tenon::detail::wait;
using tenon::detail::syncing::choosing;
using tenon::detail::syncing::send_home;
using tenon::model::at_random;
using tenon::model::attempt;
using tenon::model::explore;
using tenon::model::one_loop;
using tenon::model::threads;

using channel = tenon::detail::syncing::channel_core<int, threads>;
using sender = tenon::detail::syncing::sender<int, threads>;
using receiver = tenon::detail::syncing::receiver<int, threads>;
using sends = tenon::detail::syncing::sending_case<int, threads>;
using receives = tenon::detail::syncing::receiving_case<int, threads>;

/// A choice as its task sees it.
template <class... Entries>
class operation : public choosing<threads, Entries...> {
 public:
  template <class... Cases>
  explicit operation(const Cases&... cases)
      : choosing<threads, Entries...>(cases...), attempt_(static_cast<work&>(static_cast<wait&>(*this))) {}

  /// True when one of the cases has happened. One that `gives_up` is asked to stop once it waits.
  bool run(bool gives_up) {
    if (this->await_suspend(std::noop_coroutine())) {
      if (gives_up) this->cancel(*this);
      attempt_.over.wait();
    }
    return !this->canceled();
  }
  [[nodiscard]] unsigned which() const { return this->chosen(); }
  template <std::size_t I>
  auto taken() {
    return this->template case_at<I>().take();
  }

 private:
  attempt attempt_;
};

void close(channel& of) {
  work_list granted;
  of.mutex.lock();
  of.close(granted);
  of.mutex.unlock();
  send_home(std::move(granted));
}

struct channels {
  explicit channels(std::size_t capacity) : a(capacity), b(capacity) {}
  channel a;
  channel b;
};

template <class M, unsigned Threads, std::size_t Capacity>
struct meeting : rl::test_suite<M, Threads> {
  one_loop loop{&attempt::tell};
  std::optional<channels> of;
  std::array<int, 2 * Threads> sent{};
  std::array<int, 2 * Threads> came{};

  void before() {
    loop.begin();
    of.emplace(Capacity);
  }
  /// Who sends value v says so in sent[v], who gets it in came[v].
  void got(const tenon::result<int>& value) {
    RL_ASSERT(value.has_value());
    ++came[static_cast<std::size_t>(*value)];
  }
  /// All that was sent has come, once, or is still held; and the books agree.
  void settle() {
    for (channel* each : {&of->a, &of->b}) {
      RL_ASSERT(each->senders.empty() && each->receivers.empty());
      RL_ASSERT(each->in() == each->out() + each->held());
      for (;;) {
        std::optional<int> left;
        work_list granted;
        each->mutex.lock();
        const bool some = each->drop(left, granted);
        each->mutex.unlock();
        if (!some) break;
        ++came[static_cast<std::size_t>(*left)];
      }
    }
    for (std::size_t i = 0; i < sent.size(); ++i) RL_ASSERT(sent[i] == came[i] && sent[i] <= 1);
    of.reset();
  }
};

/// Two choices that want each other at both channels, from opposite ends; locks would be taken crosswise if they were
/// taken in the order of the cases. Exactly one of the two matches comes about, and both see the same.
struct crosswise : meeting<crosswise, 2, 0> {
  std::array<unsigned, 2> which{};

  void thread(unsigned index) {
    int mine = static_cast<int>(index);
    channel& from = index == 0 ? of->a : of->b;
    channel& to = index == 0 ? of->b : of->a;
    operation<receiver, sender> both{receives(from), sends(to, mine)};
    RL_ASSERT(both.run(false));
    which[index] = both.which();
    if (both.which() == 0) {
      got(both.taken<0>());
    } else {
      RL_ASSERT(both.taken<1>().has_value());
      ++sent[index];
    }
  }
  void after() {
    RL_ASSERT(which[0] != which[1]);
    settle();
  }
};

/// The same with one that gives up: both happen or none does.
struct crosswise_stopped : meeting<crosswise_stopped, 2, 0> {
  std::array<bool, 2> happened{};

  void thread(unsigned index) {
    int mine = static_cast<int>(index);
    channel& from = index == 0 ? of->a : of->b;
    channel& to = index == 0 ? of->b : of->a;
    operation<receiver, sender> both{receives(from), sends(to, mine)};
    happened[index] = both.run(true);
    if (!happened[index]) return;
    if (both.which() == 0) {
      got(both.taken<0>());
    } else {
      ++sent[index];
    }
  }
  void after() {
    RL_ASSERT(happened[0] == happened[1]);
    settle();
  }
};

/// Two senders at two channels, one who chooses between them, and gives up where it `Stops`; senders give up then.
template <bool Stops, std::size_t Capacity>
struct one_chooses : meeting<one_chooses<Stops, Capacity>, 3, Capacity> {
  void thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < 2; ++i) {
        operation<receiver, receiver> either{receives(this->of->a), receives(this->of->b)};
        if (!either.run(Stops)) continue;
        this->got(either.which() == 0 ? either.template taken<0>() : either.template taken<1>());
      }
    } else {
      int mine = static_cast<int>(index);
      operation<sender> one{sends(index == 1 ? this->of->a : this->of->b, mine)};
      if (one.run(Stops)) ++this->sent[index];
    }
  }
  void after() { this->settle(); }
};

/// Two choose among the same two channels, in opposite order; one sends to both, and closes them.
struct closing : meeting<closing, 3, 0> {
  void thread(unsigned index) {
    if (index == 0) {
      int mine = 0;
      operation<sender> one{sends(of->a, mine)};
      if (one.run(true)) ++sent[0];
      close(of->a);
      close(of->b);
    } else {
      operation<receiver, receiver> either{receives(index == 1 ? of->a : of->b), receives(index == 1 ? of->b : of->a)};
      RL_ASSERT(either.run(false));
      const auto came_here = either.which() == 0 ? either.taken<0>() : either.taken<1>();
      if (came_here) got(came_here);
    }
  }
  void after() { settle(); }
};

/// A full channel of one: two senders in line, one receiver. FIFO, and nothing is lost as they move up.
struct moving_up : meeting<moving_up, 3, 1> {
  void thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < 2; ++i) {
        operation<receiver> one{receives(of->a)};
        RL_ASSERT(one.run(false));
        got(one.taken<0>());
      }
    } else {
      for (int i = 0; i < 2; ++i) {
        int mine = 2 * static_cast<int>(index) - i;
        operation<sender> one{sends(of->a, mine)};
        if (one.run(i == 1)) ++sent[static_cast<std::size_t>(mine)];
      }
    }
  }
  void after() { settle(); }
};

}  // namespace

int main() {
  bool good = true;
  good &= explore<crosswise>("choice crosswise, rendezvous", 6);
  good &= explore<crosswise_stopped>("choice crosswise, both may give up", 5);
  good &= explore<one_chooses<false, 0>>("choice 2 senders, one chooses, rendezvous", 3);
  good &= explore<one_chooses<true, 0>>("choice 2 senders, one chooses, all give up", 3);
  good &= explore<one_chooses<true, 1>>("choice likewise, capacity 1", 3);
  good &= explore<closing>("choice 2 choose, closed meanwhile", 3);
  good &= at_random<closing>("choice 2 choose, closed meanwhile", 100'000);
  good &= at_random<moving_up>("choice capacity 1, senders move up", 100'000);
  return good ? 0 : 1;
}
