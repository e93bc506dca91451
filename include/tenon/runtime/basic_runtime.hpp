// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/clock.hpp>
#include <tenon/core/context.hpp>
#include <tenon/core/detail/parking.hpp>
#include <tenon/core/detail/row.hpp>
#include <tenon/core/environment.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/result.hpp>
#include <tenon/fwd.hpp>
#include <tenon/runtime/detail/by_header.hpp>
#include <tenon/runtime/detail/crowd.hpp>
#include <tenon/runtime/detail/extension.hpp>
#include <tenon/runtime/detail/outsiders.hpp>
#include <tenon/runtime/detail/posted.hpp>
#include <tenon/runtime/detail/surroundings.hpp>
#include <tenon/runtime/detail/visitors.hpp>
#include <tenon/runtime/detail/worker.hpp>
#include <tenon/runtime/phase.hpp>
#include <tenon/runtime/report.hpp>
#include <tenon/runtime/settings.hpp>
#include <tenon/scheduler/concept.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/task.hpp>
#include <tenon/topology/machine.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <pthread.h>

namespace tenon {

namespace detail {

template <class Fn>
task<std::invoke_result_t<Fn&>> plainly(Fn& main) {
  co_return main();
}

}  // namespace detail

/// One concrete runtime: workers that share what their scheduling shares, each with its own backend, timers and memory.
///
/// Users name it by a sentence: see `tenon::runtime`.
///
/// In a loop of somebody else's it is launched instead of run: see `tenon::embedding`.
///
/// Threads  run: one thread, once; it becomes worker 0, the others are started by it. spawn, post, request_stop,
///          report, state: any thread when the threading is multi_thread, else the one that runs.
/// Errors   The constructor throws std::system_error when a worker's backend cannot be opened (no descriptors left).
///          What was spawned and posted to a runtime that is destroyed without having run is destroyed, and not run.
template <class Backend, class Scheduling, class Memory, class Queue, class Topology, class Threading, class Observe,
          class Clock, class Errors, class Context>
class basic_runtime
    : public detail::by_header<
          basic_runtime<Backend, Scheduling, Memory, Queue, Topology, Threading, Observe, Clock, Errors, Context>> {
 public:
  using runtime = basic_runtime;
  using policies =
      detail::policy_list<Backend, Scheduling, Memory, Queue, Topology, Threading, Observe, Clock, Errors, Context>;
  using backend = Backend;
  using scheduling = Scheduling;
  using memory = Memory;
  using queue = Queue;
  using topology = Topology;
  using threading = Threading;
  using observe = Observe;
  using clock = Clock;
  using errors = Errors;
  using context = Context;

  using settings = tenon::settings<Threading::concurrent>;
  using worker = detail::worker<basic_runtime>;

  /// Whether another thread may post: only where there is more than one.
  static constexpr bool has_remote_post = Threading::concurrent;
  /// Whether the scheduling tells levels apart, and whether a task carries anything: a context or its level.
  static constexpr bool has_levels = detail::levels_of<Scheduling> != 1;
  static constexpr bool carries_context = Context::carries || has_levels;

  basic_runtime() : basic_runtime(settings{}) {}
  basic_runtime(settings how_much)  // NOLINT(google-explicit-constructor): `edge rt{{.threads = 4}}`
      : settings_(std::move(how_much)),
        machine_(detail::look_around<Topology>()),
        shared_(detail::shared_on<shared_type>(machine_, worker_count())),
        background_(*this, &all_left),
        workers_(worker_count(), [this](std::size_t i) { return worker(*this, i); }) {
    for (worker& each : workers_) {
      if (const auto opened = each.open(); !opened) detail::raise(opened.error());
    }
  }
  basic_runtime(const basic_runtime&) = delete;
  basic_runtime& operator=(const basic_runtime&) = delete;
  ~basic_runtime() {
    assert(state() != phase::running && "a runtime outlives its run()");
    if (state() != phase::initializing) return;
    for (worker& each : workers_) {
      while (work* const item = each.leftover()) background_.abandon(*item);
    }
  }

  /// Runs `main` to its end on this thread and the workers, drains, and gives what `main` gave.
  ///
  /// The order of the end: new work from outside is refused; detached tasks are asked to stop and waited for; the
  /// workers leave and are joined; so are then the threads of `blocking`. An exception of `main` comes out of here, or
  /// else the first that left a detached task (`propagate`).
  template <class T>
  T run(task<T> main) {
    detail::outcome<T> out;
    begin();
    start_main(std::move(main), out);
    employ();
    become(0);
    part_with_all();
#if defined(__cpp_exceptions)
    if (!out.failed()) background_.rethrow();
#endif
    return out.take();
  }

  /// The same for plain code, which may fork_join: `const long n = rt.run([] { return fib(40); });`
  template <class Fn>
    requires std::is_invocable_v<Fn&>
  decltype(auto) run(Fn main) {
    if constexpr (requires { main().operator co_await(); }) {
      return run(main());
    } else {
      return run(detail::plainly(main));
    }
  }
  /// Runs what is spawned and posted until request_stop().
  void run() { run(wait_for_stop()); }

  /// Starts `fn(args...)`, which gives a task that nobody waits for but the shutdown. False once the runtime drains.
  ///
  ///     rt.spawn(serve, std::move(peer));
  ///     rt.spawn(co_await tenon::this_task::context(), audit, order);   // it carries what this task carries
  ///     rt.spawn(tenon::key{account.id}, update, account);              // under affinity: always on the same worker
  template <class Fn, class... Args>
  bool spawn(Fn&& fn, Args&&... args) {
    if (!admit()) return count_dropped(1), false;
    background_.start({}, std::forward<Fn>(fn), std::forward<Args>(args)...);
    return true;
  }

  /// Runs `fn()` soon on a worker, from any thread. False once the runtime drains; otherwise it is run, exactly once.
  ///
  /// Cost  One node from the memory policy.
  template <class Fn>
  bool post(Fn&& fn) {
    static_assert(has_remote_post || detail::never_for<Fn>,
                  "tenon::runtime<..., single_thread>::post: there is no other thread to post from; "
                  "write spawn or defer, or multi_thread in place of single_thread");
    if constexpr (has_remote_post) {
      return defer(std::forward<Fn>(fn));
    } else {
      return false;
    }
  }

  /// Runs `fn()` soon, from a worker of this runtime (or before run(), from the thread that made it).
  template <class Fn>
  bool defer(Fn&& fn) {
    if (!admit()) return count_dropped(1), false;
    count_spawned();
    start(detail::posted<basic_runtime, std::decay_t<Fn>>::make(*this, std::forward<Fn>(fn)));
    return true;
  }

  /// Asks the main task and the detached ones to stop. What they wait for ends with operation_canceled.
  void request_stop() { background_.cancel(); }

  [[nodiscard]] phase state() const noexcept { return state_.load(std::memory_order_acquire); }
  [[nodiscard]] std::size_t workers() const noexcept { return workers_.size(); }
  [[nodiscard]] const std::string& name() const noexcept { return settings_.name; }
  [[nodiscard]] time_point now() const noexcept { return clock_.now(); }
  /// A time of the last few milliseconds, where the clock has a cheaper one: for what is measured in seconds.
  [[nodiscard]] time_point coarse_now() const noexcept { return detail::coarse_now(clock_); }

  /// What it did so far; exact once run() has returned.
  [[nodiscard]] tenon::report report() const {
    tenon::report sum;
    const time_point begun = started_at_.load(std::memory_order_acquire);
    const time_point end = state() == phase::stopped ? stopped_at_ : now();
    if (begun != never) sum.uptime = end - begun;
    sum.workers = workers_.size();
    sum.counted = Observe::enabled;
    for (const worker& each : workers_) sum.all += each.observer().read();
    outsiders_.add_to(sum.all);
    return sum;
  }

  /// What the parts have to say of this machine, for `describe(rt)`: one sentence a line, none when all is as named.
  [[nodiscard]] std::string notes() const {
    std::string lines(workers_.size() != 0 ? workers_[0].backend().note() : std::string_view());
    detail::add_notes<Memory>(lines, machine_);
    return lines;
  }

  // What the parts of the library use. `item` is theirs and outlives its run; let_roam is for threads that they begin.

  void let_roam() const noexcept { detail::let_roam<Topology>(machine_); }
  /// Takes one more in for the shutdown to wait for. From outside only before the drain.
  [[nodiscard]] bool admit() noexcept {
    if (!background_.enter()) return false;
    if (state_.load(std::memory_order_seq_cst) < phase::draining || current() != nullptr) return true;
    background_.leave();
    return false;
  }
  /// `item` goes on as a ready one: here when this thread is a worker of ours, else wherever the scheduling puts it.
  void schedule(work& item, const environment& env = detail::no_environment) noexcept {
    worker* const here = current();
    here != nullptr ? here->schedule(item, env) : inject(item, env);
  }
  /// `item` is new.
  void start(work& item, const environment& env = detail::no_environment) noexcept {
    worker* const here = current();
    here != nullptr ? here->start(item, env) : inject(item, env);
  }
  /// `item` is new, and belongs to worker `index`.
  void start_at(std::size_t index, work& item) noexcept
    requires(!Scheduling::shares)
  {
    const auto pass = visit();
    rouse(shared_.give(item, index));
  }
  /// The worker of this runtime that runs on this thread, or null.
  [[nodiscard]] worker* current() const noexcept {
    loop* const here = detail::here().current;
    return here != nullptr && here->owner() == this ? static_cast<worker*>(here) : nullptr;
  }
  [[nodiscard]] worker& worker_at(std::size_t index) noexcept { return workers_[index]; }
  /// Wakes worker `index` after it was given something.
  void rouse(std::size_t index) noexcept {
    if constexpr (Threading::concurrent) {
      if (detail::here().current != &workers_[index]) {
        workers_[index].rouse();
      } else {
        workers_[index].hurry();
      }
    } else {
      workers_[index].rouse();  // rings where it dozes in a loop of the host's
    }
  }
  /// Wakes one sleeping worker other than `caller` to search for work.
  void call_one(std::size_t caller) noexcept {
    if constexpr (Threading::concurrent) {
      for (std::size_t i = 1; i <= workers_.size(); ++i) {
        const std::size_t other = (caller + i) % workers_.size();
        if (other != caller && workers_[other].call()) return;
      }
    }
  }
  /// For the report: one more task, or items that were thrown away.
  void count_spawned() noexcept { outsiders_.spawned(*this); }
  void count_dropped(std::size_t items) noexcept { outsiders_.dropped(*this, items); }
  /// A block of the memory policy: of this worker's arena when this thread has one.
  [[nodiscard]] void* allocate(std::size_t bytes) {
    worker* const here = current();
    return here != nullptr ? here->arena().allocate(bytes) : Memory::obtain(bytes);
  }
  void deallocate(void* chunk, std::size_t bytes) noexcept {
    worker* const here = current();
    here != nullptr ? here->arena().deallocate(chunk, bytes) : Memory::release(chunk, bytes);
  }
  /// Held while something is published here, and after that somebody woken.
  [[nodiscard]] auto visit() noexcept { return visitors_.come(current() == nullptr); }
  [[nodiscard]] bool stopped() const noexcept { return state() == phase::stopped; }
  /// Stopped, and no worker has a thread any more: what a worker owns may be touched by whoever owns the runtime.
  [[nodiscard]] bool deserted() const noexcept { return deserted_.load(std::memory_order_acquire); }
  [[nodiscard]] duration until(time_point deadline) noexcept { return clock_.until(deadline); }
  [[nodiscard]] auto& shared() noexcept { return shared_; }
  [[nodiscard]] auto& idle() noexcept { return idle_; }
  [[nodiscard]] detail::crowd<basic_runtime>& background() noexcept { return background_; }
  /// The parts that only some programs have.
  [[nodiscard]] detail::extensions<Threading>& extensions() noexcept { return extensions_; }
  [[nodiscard]] const settings& how_much() const noexcept { return settings_; }

 private:
  template <class>
  friend class embedding;

  using crowd = detail::crowd<basic_runtime>;
  using shared_type = typename Scheduling::template shared<Threading>;
  struct nothing {};

  static constexpr std::size_t nobody = static_cast<std::size_t>(-1);

  [[nodiscard]] std::size_t worker_count() const noexcept {
    if constexpr (Threading::concurrent) {
      return settings_.threads != 0 ? settings_.threads : machine_.concurrency;
    } else {
      return 1;
    }
  }

  void inject(work& item, [[maybe_unused]] const environment& env) noexcept {
    const auto pass = visitors_.come(true);
    [[maybe_unused]] std::size_t index = 0;
    if constexpr (has_levels) {
      index = shared_.inject(item, env.level());
    } else {
      index = shared_.inject(item);
    }
    if constexpr (Threading::concurrent) {
      if constexpr (Scheduling::shares) {
        if (idle_.wanted()) call_one(nobody);
        return;
      }
    }
    rouse(index);
  }

  template <class T>
  void start_main(task<T> main, detail::outcome<T>& out) {
    (void)background_.enter();
    background_.start_root({}, detail::run_main<basic_runtime>(background_, std::move(main), &out, &drain));
  }

  static task<void> wait_for_stop() {
    const bool slept = co_await sleep_until(never);
    assert(!slept && "only a stop request ends it");
    (void)slept;
  }

  void begin() {
    phase expected = phase::initializing;
    if (!state_.compare_exchange_strong(expected, phase::running)) {
      detail::raise(std::make_error_code(std::errc::operation_not_permitted));
    }
    started_at_.store(now(), std::memory_order_release);
  }

  static void drain(crowd& of) noexcept {
    of.runtime().state_.store(phase::draining, std::memory_order_seq_cst);
    of.cancel();
    of.leave();
  }

  static void all_left(crowd& of) noexcept {
    basic_runtime& self = of.runtime();
    const auto pass = self.visit();
    self.stopped_at_ = self.now();
    self.state_.store(phase::stopped, std::memory_order_seq_cst);
    for (worker& each : self.workers_) each.dismiss();
  }

  void employ() {
    if constexpr (Threading::concurrent) {
      for (std::size_t i = 1; i < workers_.size(); ++i)
        workers_[i].thread = detail::thread_of(&thread_body, &workers_[i]);
    }
  }
  void part_with_all() {
    if constexpr (Threading::concurrent) {
      for (std::size_t i = 1; i < workers_.size(); ++i) ::pthread_join(workers_[i].thread, nullptr);
    }
    visitors_.see_off();
    extensions_.end_all();
    deserted_.store(true, std::memory_order_release);
  }

  static void* thread_body(void* its) noexcept {
    worker& self = *static_cast<worker*>(its);
    self.runtime().become(self.index());
    return nullptr;
  }
  void become(std::size_t index) noexcept {
    if constexpr (Threading::concurrent) {
      if (index != 0) detail::name_thread(settings_.name.c_str(), index);
    }
    detail::run_at_home<Topology>(workers_[index], shared_, exchange_, machine_);
  }

  settings settings_;
  decltype(detail::look_around<Topology>()) machine_;
  [[no_unique_address]] typename Clock::source clock_;
  shared_type shared_;
  [[no_unique_address]] std::conditional_t<Threading::concurrent, detail::parking<Threading>, nothing> idle_;
  typename Threading::template atomic<phase> state_{phase::initializing};
  typename Threading::template atomic<bool> deserted_{false};
  typename Threading::template atomic<time_point> started_at_{never};
  time_point stopped_at_{};
  [[no_unique_address]] detail::outsiders<Threading, Observe::enabled> outsiders_;
  detail::extensions<Threading> extensions_;
  // What other threads write at each post; the lines before and behind it every worker reads at each item.
  alignas(Threading::concurrent ? cache_line : alignof(void*)) detail::visitors<Threading> visitors_;
  crowd background_;
  [[no_unique_address]] detail::exchange_of<Memory, Threading> exchange_;
  alignas(Threading::concurrent ? cache_line : alignof(void*)) detail::row<worker> workers_;
};

}  // namespace tenon
