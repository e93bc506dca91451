// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/detail/promise.hpp>
#include <tenon/core/result.hpp>
#include <tenon/runtime/detail/doorbell.hpp>
#include <tenon/task/task.hpp>

#include <cassert>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

/// A tenon::embeddable_loop, without the cost of the whole concept.
template <class Loop>
inline constexpr bool has_handle = requires(const Loop& loop) { loop.handle(); };

template <class R>
class worker;

}  // namespace detail

/// What each runtime has for a loop that is not its own: it is launched, and polled when its descriptor is readable.
///
///     rt.launch(serve(rt));
///     while (rt.poll_once()) wait_in_my_loop(rt.native_handle(), rt.next_deadline());
///
/// Between two polls worker 0 counts as asleep, by the same protocol as in run(): a wake-up makes the descriptor
/// readable exactly then. The order of the end is that of run(); it is over when poll_once() is false.
///
/// Threads  One calls launch, poll_once and next_deadline; it is worker 0 while it is inside. The other workers are
///          threads of their own, as in run(). The host's thread is not pinned to a place.
/// Cost     A poll is two looks at the backend and what there is to run; nothing is spent between polls.
template <class R, class Loop, bool Concurrent>
class embedding {
  static constexpr bool exposes = detail::has_handle<Loop>;

 public:
  /// Begins to run `main` and does not wait for it. Once, and instead of run().
  ///
  /// Errors   Throws std::system_error: no descriptors left, or the runtime has run.
  void launch(task<void> main) {
    R& self = static_cast<R&>(*this);
    if constexpr (exposes) check(self.workers_[0].backend().expose());
    self.begin();
    if constexpr (has_bell) check(bell_.hang(self.workers_[0]));
    (void)self.background_.enter();
    self.background_.start({}, &R::template main_task<void>, &self, std::move(main), &ended_);
    self.employ();
  }

  /// Runs what is ready, about `most` items of it, fires the timers that are due, looks at the backend and waits for
  /// nothing. False once the runtime is stopped and its threads are joined: then an exception of the launched task, or
  /// else of a detached one, has come out of here as it would out of run(). After that it is false for good.
  [[nodiscard]] bool poll_once(std::size_t most = 256) {
    R& self = static_cast<R&>(*this);
    assert(self.state() != decltype(self.state()){} && most != 0 && "tenon::runtime::poll_once: launch a task first");
    if (self.deserted()) return false;
    self.workers_[0].visit(most);
    if (!self.stopped()) return true;
    if constexpr (has_bell) bell_.take_down();
    self.part_with_all();
    ended_.take();
#if defined(__cpp_exceptions)
    self.background_.rethrow();
#endif
    return false;
  }

  /// The descriptor that is readable when poll_once() has something to do: I/O, a wake-up from another thread, or work
  /// that the host's own code left. Wait for it and read nothing from it. It is the same from launch() on.
  ///
  /// Errors   With io_uring a wait of the host's may end with EINTR, as waits may at any time.
  [[nodiscard]] int native_handle() const noexcept {
    static_assert(
        exposes,
        "tenon::runtime<...>::native_handle: this backend has no descriptor that stands for all it waits for; "
        "write epoll, io_uring<> or libuv in its place, or call poll_once at a rate of your own");
    return static_cast<const R&>(*this).workers_[0].backend().handle();
  }

  /// When poll_once() is to be called at the latest, though the descriptor be silent: the next timer; now, when the
  /// last call left something to do; `never`. Ask again after each call.
  [[nodiscard]] time_point next_deadline() noexcept { return static_cast<R&>(*this).workers_[0].next_visit(); }

 protected:
  embedding() = default;
  ~embedding() = default;

 private:
  struct no_bell {};

  // Another thread's wake-up rings the backend's own bell, which a backend of one thread has not.
  static constexpr bool has_bell = exposes && !Concurrent;

  static void check(const result<void>& did) {
    if (!did) detail::raise(did.error());
  }

  [[no_unique_address]] detail::outcome<void> ended_;
  [[no_unique_address]] std::conditional_t<has_bell, detail::doorbell<detail::worker<R>, Loop>, no_bell> bell_;
};

}  // namespace tenon
