// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/detail/branch_stack.hpp>
#include <tenon/core/detail/inbox.hpp>
#include <tenon/core/detail/parking.hpp>
#include <tenon/core/environment.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/timer.hpp>
#include <tenon/core/work.hpp>
#include <tenon/runtime/detail/forking.hpp>
#include <tenon/runtime/detail/frames_of.hpp>

#include <cassert>
#include <chrono>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <pthread.h>

namespace tenon::detail {

/// A worker: the local part of the scheduling, a backend, timers and an arena, run by one thread.
///
/// It runs what is ready; every `turn_every` items, and when nothing is ready, it takes a turn: its inbox, its backend,
/// its timers. A turn with nothing ready sleeps in the backend, by the protocol of parking.hpp.
///
/// In somebody else's loop there is no run() but visits.hpp.
template <class R>
class alignas(cache_line) worker final : public loop {
  using threading = typename R::threading;
  using local_type = typename R::scheduling::template local<threading>;
  using backend_type = typename R::backend::template loop<threading>;
  using arena_type = typename R::memory::arena;
  using observer_type = typename R::observe::template of<threading>;

  struct no_seat {};

  static constexpr bool concurrent = threading::concurrent;
  static constexpr bool shares = R::scheduling::shares;
  static constexpr bool has_levels = R::has_levels;
  static constexpr unsigned turn_every = 61;

 public:
  worker(R& runtime, std::size_t index)
      : loop(table, &runtime), runtime_(runtime), index_(index), local_(runtime.shared(), index) {}
  /// Runs what was sent to this worker when there was no thread of it any more: descriptors that come home to be
  /// closed.
  ~worker() {
    work_list left = inbox_.take();
    while (work* const item = left.pop()) item->run(*item);
  }

  [[nodiscard]] result<void> open() noexcept { return backend_.open(); }
  [[nodiscard]] backend_type& backend() noexcept { return backend_; }
  [[nodiscard]] const backend_type& backend() const noexcept { return backend_; }
  [[nodiscard]] observer_type& observer() noexcept { return observer_; }
  [[nodiscard]] const observer_type& observer() const noexcept { return observer_; }
  [[nodiscard]] arena_type& arena() noexcept { return arena_; }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] R& runtime() const noexcept { return runtime_; }
  [[nodiscard]] fork_stack& forks() noexcept { return forking_.stack(); }

  ::pthread_t thread{};  ///< the runtime's, for each worker but the first

  /// Owner: `item` goes on here, after what is ready.
  void schedule(work& item, const environment& env) noexcept {
    assert(here().current == this && "an owner's call from another thread");
    if constexpr (has_levels) {
      local_.push(item, env.level());
    } else {
      local_.push(item);
    }
    hurry();
    if constexpr (concurrent && shares) {
      if (collecting_) {
        ++collected_;
      } else {
        call_if_wanted();
      }
    }
  }

  /// Owner: a new item.
  void start(work& item, const environment& env) noexcept {
    if constexpr (shares) {
      schedule(item, env);
    } else {
      runtime_.rouse(local_.start(item));
    }
  }

  /// Any thread: `item` goes on, on this worker where tasks are bound to theirs. (Declared before the table below:
  /// there a later one is not seen yet, and loop's would call itself.)
  void post(work& item, const environment& env) noexcept {
    if constexpr (shares) {
      runtime_.schedule(item, env);
    } else if (here().current == this) {
      schedule(item, env);
    } else {
      const auto pass = runtime_.visit();
      runtime_.rouse(runtime_.shared().give(item, index_));
    }
  }

  /// Any thread: `item` runs on this worker.
  void pin(work& item) noexcept {
    if constexpr (concurrent) {
      const auto pass = runtime_.visit();
      const bool is_first = inbox_.push(item);
      if (here().current == this) {
        hurry();
      } else if (is_first) {
        rouse();
      }
    } else {
      inbox_.push(item);
      rouse();
    }
  }

  /// Any thread: the worker gets up if it sleeps.
  void rouse() noexcept {
    if constexpr (concurrent) {
      if (!seat_.post()) return;
      if constexpr (shares) runtime_.idle().one_less();
      backend_.wake();
    } else {
      hurry();
      runtime_.extensions().rouse();
    }
  }
  /// Owner: something was made ready. A backend within whose wait() the program's own handles run is then not to sleep.
  void hurry() noexcept {
    if constexpr (requires { backend_.hurry(); }) backend_.hurry();
  }
  /// Any thread: the worker gets up to search for work. False if it does not sleep.
  [[nodiscard]] bool call() noexcept
    requires(concurrent)
  {
    if (!seat_.call()) return false;
    runtime_.idle().called();
    backend_.wake();
    return true;
  }
  /// Any thread, once the runtime is stopped: ends run().
  void dismiss() noexcept {
    if constexpr (concurrent) backend_.wake();
  }

  /// What waits in a runtime that never ran, one item after the other.
  [[nodiscard]] work* leftover() noexcept {
    work* const item = local_.next();
    return item != nullptr ? item : local_.find();
  }

  void arm(timer& item) { timers_.arm(item); }
  void disarm(timer& item) noexcept { timers_.disarm(item); }

  /// Runs until the runtime is stopped.
  void run() noexcept {
    const this_thread before = enter();
    while (!runtime_.stopped()) {
      if (work* const item = next()) {
        execute(*item);
        if (counts_to_turn()) turn();
      } else if (!forking_.help()) {
        rest();
      }
    }
    if constexpr (concurrent && shares) {
      if (std::exchange(searching_, false)) (void)runtime_.idle().found();
    }
    count();
    *thread_ = before;
  }

 private:
  template <class>
  friend class visits;
  template <class, bool>
  friend class forking;

  /// This thread is the worker's until what was there before is put back.
  [[nodiscard]] this_thread enter() noexcept {
    assert((thread_ == nullptr || thread_ == &here()) && "tenon::runtime::poll_once: always from the same thread");
    thread_ = &here();
    this_thread mine{this, &frames_of<typename R::memory>, &arena_};
    if constexpr (requires { arena_.shelves(); }) mine.shelves = arena_.shelves();
    if constexpr (requires { local_.children(); }) mine.children = &local_.children();
    mine.forks = &forks();
    return std::exchange(*thread_, mine);
  }

  // Functions with names, for a lambda costs a class of compile time more.
  static void schedule_at(loop& self, work& item, const environment& env) noexcept {
    static_cast<worker&>(self).schedule(item, env);
  }
  static void post_at(loop& self, work& item, const environment& env) noexcept {
    static_cast<worker&>(self).post(item, env);
  }
  static void pin_at(loop& self, work& item) noexcept { static_cast<worker&>(self).pin(item); }
  static void arm_at(loop& self, timer& item) noexcept { static_cast<worker&>(self).arm(item); }
  static void disarm_at(loop& self, timer& item) noexcept { static_cast<worker&>(self).disarm(item); }
  static time_point now_at(loop& self) noexcept { return static_cast<worker&>(self).runtime().now(); }
  static constexpr loop::operations table{&schedule_at, &post_at, &pin_at, &arm_at, &disarm_at, &now_at};

  /// After an item. One that went through a long chain of ready awaits counts for several.
  [[nodiscard]] bool counts_to_turn() noexcept {
    since_turn_ += 1 + (thread_->depth + chain_depth - thread_->chain) / 16;
    return since_turn_ >= turn_every;
  }

  void execute(work& item) noexcept {
    thread_->depth = 0;
    thread_->chain = chain_depth;
    ++ran_;
    item.run(item);
    forking_.item_ended();
  }

  /// The next item to run, from here or from elsewhere. A worker that finds one elsewhere no longer searches.
  [[nodiscard]] work* next() noexcept {
    work* item = local_.next();
    if (item == nullptr) {
      take_inbox();
      item = local_.next();
    }
    if constexpr (concurrent && shares) {
      if (item == nullptr) {
        search();
        item = local_.find();
      }
      if (item != nullptr) end_search();
      tell();
    }
    return item;
  }

  /// After local_.next(): of what others may take now and might not before.
  void tell() noexcept {
    if constexpr (requires { local_.published(); }) {
      if (local_.published()) call_if_wanted();
    }
  }

  /// Before anything is run: a searcher has found work, and the last one sees to it that what is left is not forgotten.
  void end_search() noexcept {
    if (!std::exchange(searching_, false)) return;
    if (runtime_.idle().found() && (!local_.idle() || forking_.others_share())) runtime_.call_one(index_);
  }

  void take_inbox() noexcept {
    work_list sent = inbox_.take();
    if (sent.empty()) return;
    if constexpr (concurrent && shares) end_search();
    while (work* const item = sent.pop()) execute(*item);
  }

  /// Looks at everything once without waiting: what keeps a busy worker's I/O and timers on time.
  void turn() noexcept {
    since_turn_ = 0;
    count();
    take_inbox();
    begin_collecting();
    wait(duration::zero());
    fire();
    publish(1);
  }

  /// Nothing is ready: sleeps until something is.
  void rest() noexcept {
    count();
    begin_collecting();
    const bool is_dry = lie_down();
    if (is_dry) sleep();
    get_up();
    if (!is_dry) search();
    fire();
    publish(2);  // one alone is run at once, here
  }

  /// From here to get_up() the worker counts as asleep. False when there is something to do after all.
  [[nodiscard]] bool lie_down() noexcept {
    if constexpr (concurrent) {
      if constexpr (shares) {
        searching_ = false;
        runtime_.idle().sleep(seat_);
      } else {
        seat_.sleep();
      }
    }
    return nothing_here();
  }
  [[nodiscard]] bool nothing_here() noexcept {
    if constexpr (concurrent) {
      return inbox_.empty() && local_.idle() && forking_.may_sleep() && !runtime_.stopped();
    } else {  // an item of the inbox may have sent another, or ended it all
      return inbox_.empty() && !runtime_.stopped();
    }
  }
  /// A search that ended with work in sight goes on: whoever pushed it saw a searcher and called nobody, so what this
  /// worker does not take at once it has to tell of, by found().
  void search() noexcept {
    if constexpr (concurrent && shares) {
      if (!std::exchange(searching_, true)) runtime_.idle().search();
    }
  }
  void get_up() noexcept {
    if constexpr (concurrent) {
      switch (seat_.rise()) {
        case seat<threading>::parked:
          if constexpr (shares) runtime_.idle().one_less();
          break;
        case seat<threading>::called: searching_ = true; break;
        default: break;
      }
    }
  }
  void sleep() noexcept {
    since_turn_ = 0;
    observer_.parked();
    wait(until_next_timer());
    observer_.woke();
  }

  /// The backend may run handles of the program's own. What these fork runs there and then: to serve others from
  /// within, the worker would have to wait within its wait.
  void wait(duration most) noexcept {
    fork_stack* const before = std::exchange(thread_->forks, &no_forks);
    backend_.wait(most);
    thread_->forks = before;
  }

  [[nodiscard]] duration until_next_timer() noexcept {
    return timers_.empty() ? duration(-1) : runtime_.until(timers_.next());
  }

  void fire() noexcept {
    if (timers_.empty()) return;
    const time_point now = runtime_.now();
    while (timer* const due = timers_.pop_due(now)) due->run(*due);
  }

  /// While a worker sleeps, and as long as completions come in, it calls nobody for what becomes ready: others are
  /// called once, for all of it, and not while this worker counts as a sleeper itself.
  void begin_collecting() noexcept {
    if constexpr (concurrent && shares) collecting_ = true;
  }
  void publish(std::size_t least) noexcept {
    if constexpr (concurrent && shares) {
      collecting_ = false;
      if (std::exchange(collected_, 0) >= least) call_if_wanted();
    }
  }
  void call_if_wanted() noexcept {
    if (runtime_.idle().wanted()) runtime_.call_one(index_);
  }

  void count() noexcept {
    observer_.ran(std::exchange(ran_, 0));
    if (const std::size_t stolen = local_.stolen(); stolen != 0) observer_.stole(stolen);
  }

  R& runtime_;
  std::size_t index_;
  local_type local_;
  backend_type backend_;
  timer_queue timers_;
  arena_type arena_;
  this_thread* thread_ = nullptr;
  std::size_t ran_ = 0;
  unsigned since_turn_ = 0;
  [[no_unique_address]] forking<worker, concurrent && shares> forking_{*this};
  bool searching_ = false;
  bool collecting_ = false;
  std::size_t collected_ = 0;
  [[no_unique_address]] observer_type observer_;
  inbox<threading> inbox_;
  [[no_unique_address]] std::conditional_t<concurrent, seat<threading>, no_seat> seat_;
};

}  // namespace tenon::detail
