// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/loop.hpp>
#include <tenon/core/timer.hpp>
#include <tenon/core/work.hpp>
#include <tenon/sync/detail/choice.hpp>
#include <tenon/sync/detail/permits.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <utility>

#include <pthread.h>

namespace tenon::detail::syncing {

/// A queue that says no, and for each end of it a line of those who wait for a yes.
///
/// A line is permits of which there are never any: to tell somebody is to give one, which the first in line takes, or
/// nobody. Who did something to the queue tells the other end; who finds nothing to do enters the line, looks once
/// more, and only then waits.
///
/// No lost wake-up: to tell, and to enter, is a read-modify-write of one word. If the teller's comes first, the other
/// reads what it wrote (permits, edge A), so that its second look sees what was done before; if it comes second, it
/// finds somebody in line, under the mutex.
/// No stranded item: a look may find nothing though an item is there, behind one whose push is under way (or a slot,
/// behind one whose pop is). So who was told, and has found something, tells the next if there is more: the step that
/// made several items visible at once need tell only one.
/// A tell is never swallowed: who is told while it does not need it any more passes it on.
///
/// Model: tests/model/patient_queue.cpp.
template <class Queue, class T, class Threading>
class patient_queue {
 public:
  using line_type = permits<Threading>;
  static constexpr bool bounded = Queue::capacity != static_cast<std::size_t>(-1);

  patient_queue() = default;

  /// `item` is moved from when it is done, and only then.
  [[nodiscard]] verdict push(T& item) noexcept {
    if (closed_.load(std::memory_order_acquire)) return verdict::closed;
    if (!queue_.try_push(std::move(item))) return bounded ? verdict::waits : verdict::no_memory;
    tell(items_);
    return verdict::done;
  }
  [[nodiscard]] verdict pop(std::optional<T>& into) noexcept {
    const bool last_look = closed_.load(std::memory_order_acquire);  // what was pushed before it was closed is there
    std::optional<T> item = queue_.try_pop();
    if (!item) return last_look ? verdict::closed : verdict::waits;
    into.emplace(std::move(*item));
    if constexpr (bounded) tell(room_);
    return verdict::done;
  }
  void close() noexcept {
    closed_.store(true, std::memory_order_release);
    items_.give(line_type::most, 0);
    room_.give(line_type::most, 0);
  }

  [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }
  [[nodiscard]] std::size_t size_estimate() const noexcept { return queue_.size_estimate(); }

  static void tell(line_type& who) noexcept { who.give(1, 0); }

  /// What one end does, and where it waits until it can.
  class pushing {
   public:
    pushing(patient_queue& to, T& item) noexcept : to_(to), item_(item) {}
    [[nodiscard]] verdict look() noexcept { return to_.push(item_); }
    [[nodiscard]] line_type& line() const noexcept { return to_.room_; }
    [[nodiscard]] bool more() const noexcept { return to_.queue_.size_estimate() < Queue::capacity; }

   private:
    patient_queue& to_;
    T& item_;
  };
  class popping {
   public:
    explicit popping(patient_queue& from) noexcept : from_(from) {}
    [[nodiscard]] verdict look() noexcept { return from_.pop(item_); }
    [[nodiscard]] line_type& line() const noexcept { return from_.items_; }
    [[nodiscard]] bool more() const noexcept { return from_.queue_.size_estimate() != 0; }
    [[nodiscard]] std::optional<T>& item() noexcept { return item_; }

   private:
    patient_queue& from_;
    std::optional<T> item_;
  };

 private:
  Queue queue_;
  line_type items_{0};  // consumers wait for them
  line_type room_{0};   // producers wait for it
  typename Threading::template atomic<bool> closed_{false};
};

/// Enters the line and looks once more. False: `how` says how it ended, and nobody knows of `one`. True: `one` will be
/// granted; `how` is the end already when the grant comes too late to matter, and is to be passed on.
template <class Case>
[[nodiscard]] bool waits_in_line(Case& what, applicant& one, verdict& how) noexcept {
  (void)what.line().enter(one);  // true: there are never any permits
  how = what.look();
  return how == verdict::waits || !what.line().leave(one);
}

/// After a grant: looks, and passes on what another can use. `how` as it was before.
template <class Case>
void look_when_told(Case& what, verdict& how) noexcept {
  if (how != verdict::waits) return what.line().give(1, 0);
  how = what.look();
  if (how == verdict::done && what.more()) what.line().give(1, 0);
}

/// A thread that is no worker waits: it is home to itself, and what is sent home rings at once.
class thread_applicant : public applicant {
 public:
  thread_applicant() noexcept : applicant(&nothing, &arrive, 1, 1) { settle(nowhere(), std::noop_coroutine(), none_); }
  ~thread_applicant() {
    ::pthread_cond_destroy(&came_);
    ::pthread_mutex_destroy(&mutex_);
  }

  void wait() noexcept {
    ::pthread_mutex_lock(&mutex_);
    while (!there_) ::pthread_cond_wait(&came_, &mutex_);
    there_ = false;
    ::pthread_mutex_unlock(&mutex_);
  }

 private:
  class thread_home : public loop {
   public:
    thread_home() noexcept : loop(table, nullptr) {}

   private:
    static constexpr operations table{[](loop&, work&, const environment&) noexcept { std::abort(); },
                                      [](loop&, work&, const environment&) noexcept { std::abort(); },
                                      [](loop&, work& item) noexcept { item.run(item); },
                                      [](loop&, timer&) noexcept { std::abort(); },
                                      [](loop&, timer&) noexcept { std::abort(); },
                                      [](loop&) noexcept { return time_point{}; }};
  };

  [[nodiscard]] static loop& nowhere() noexcept {
    static thread_home home;
    return home;
  }
  static void nothing(detail::wait& /*self*/) noexcept {}
  static void arrive(work& item) noexcept {
    auto& self = static_cast<thread_applicant&>(
        static_cast<applicant&>(static_cast<granted_wait&>(static_cast<grant_item&>(item))));
    // To unlock is the last touch: whoever locks next may destroy it.
    ::pthread_mutex_lock(&self.mutex_);
    self.there_ = true;
    ::pthread_cond_signal(&self.came_);
    ::pthread_mutex_unlock(&self.mutex_);
  }

  environment none_;
  bool there_ = false;
  ::pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  ::pthread_cond_t came_ = PTHREAD_COND_INITIALIZER;
};

/// Blocks until it is done. `Applicant` is a thread_applicant, or a model's.
template <class Applicant, class Case>
[[nodiscard]] verdict block_until_done(Case& what) {
  verdict how = what.look();
  while (how == verdict::waits) {
    Applicant me;
    if (!waits_in_line(what, me, how)) break;
    me.wait();
    look_when_told(what, how);
  }
  return how;
}

/// A coroutine waits until it is done, or it is asked to stop.
template <class Case>
class patient_wait : public applicant {
 public:
  template <class... Args>
  explicit patient_wait(Args&... args) noexcept : applicant(&cancel, &arrive, 1, 1), case_(args...) {}

  [[nodiscard]] bool await_ready() noexcept { return !had_its_turn() && look(); }

  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    settle_here(waiter);
    const bool stopping = env().stop.stop_requested();
    if (look()) return goes_on();
    if (stopping) {
      canceled_ = true;
      return goes_on();
    }
    if (!enters_line()) return goes_on();
    if (how_ == verdict::waits) watch();
    return true;
  }

 protected:
  [[nodiscard]] bool canceled() const noexcept { return canceled_; }
  [[nodiscard]] verdict how() const noexcept { return how_; }
  [[nodiscard]] Case& what() noexcept { return case_; }

 private:
  [[nodiscard]] bool look() noexcept { return (how_ = case_.look()) != verdict::waits; }

  /// True: it is in line, or its grant is on the way. The second look may tell one who waits on this worker, who goes
  /// on at once, inside of it, and may grant this one in turn: that arrives only when the look is over.
  [[nodiscard]] bool enters_line() noexcept {
    entering_ = true;
    const bool is_in_line = waits_in_line(case_, *this, how_);
    entering_ = false;
    if (std::exchange(told_, false)) home().pin(static_cast<grant_item&>(*this));
    return is_in_line;
  }

  /// At home. The item may have gone to another meanwhile: back into the line.
  static void arrive(work& item) noexcept {
    auto& self =
        static_cast<patient_wait&>(static_cast<applicant&>(static_cast<granted_wait&>(static_cast<grant_item&>(item))));
    if (self.entering_) {
      self.told_ = true;
      return;
    }
    look_when_told(self.case_, self.how_);
    if (self.how_ == verdict::waits && !self.stopping_ && self.enters_line()) return;
    self.canceled_ = self.how_ == verdict::waits;
    self.end();
  }
  static void cancel(wait& base) noexcept {
    auto& self = static_cast<patient_wait&>(base);
    self.stopping_ = true;
    if (!self.case_.line().leave(self)) return;  // told: arrive() looks a last time
    self.canceled_ = true;
    self.end_later();
  }

  Case case_;
  verdict how_ = verdict::waits;
  bool canceled_ = false;
  bool stopping_ = false;
  bool entering_ = false;
  bool told_ = false;
};

}  // namespace tenon::detail::syncing
