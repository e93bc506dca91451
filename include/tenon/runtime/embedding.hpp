// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/detail/promise.hpp>
#include <tenon/core/result.hpp>
#include <tenon/runtime/basic_runtime.hpp>
#include <tenon/runtime/detail/doorbell.hpp>
#include <tenon/runtime/detail/extension.hpp>
#include <tenon/runtime/detail/visits.hpp>
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

}  // namespace detail

/// A runtime in a loop that is not its own: it is launched instead of run, and polled when its descriptor is readable.
///
///     #include <tenon/runtime/embedding.hpp>
///
///     rt.launch(serve(rt));
///     while (rt.poll_once()) wait_in_my_loop(rt.native_handle(), rt.next_deadline());
///
/// The functions here are those four members of each runtime, with the runtime in front.
///
/// Between two polls worker 0 counts as asleep, by the same protocol as in run(): a wake-up makes the descriptor
/// readable exactly then. The order of the end is that of run(); it is over when poll_once() is false.
///
/// Threads  One calls launch, poll_once and next_deadline; it is worker 0 while it is inside. The other workers are
///          threads of their own, as in run(). The host's thread is not pinned to a place.
/// Cost     A poll is two looks at the backend and what there is to run; nothing is spent between polls. launch makes
///          one object on the heap; a runtime that is not launched has no byte for it.
template <class R>
class embedding : public detail::extension {
  using worker = typename R::worker;
  using backend_loop = typename R::backend::template loop<typename R::threading>;

  static constexpr bool exposes = detail::has_handle<backend_loop>;

 public:
  explicit embedding(R* runtime) noexcept : visits_(runtime->workers_[0]) {
    end = [](extension& part) noexcept { delete &static_cast<embedding&>(part); };
    if constexpr (has_bell) {
      roused = [](extension& part) noexcept {
        auto& self = static_cast<embedding&>(part);
        if (self.visits_.dozing()) self.bell_.ring();
      };
    }
  }
  embedding(const embedding&) = delete;
  embedding& operator=(const embedding&) = delete;

  /// Begins to run `main` and does not wait for it. Once, and instead of run().
  ///
  /// Errors   Throws std::system_error: no descriptors left, or the runtime has run.
  static void launch(R& runtime, task<void> main) {
    if constexpr (exposes) check(runtime.workers_[0].backend().expose());
    runtime.begin();
    embedding& self = of(runtime);
    if constexpr (has_bell) check(self.bell_.hang(runtime.workers_[0]));
    runtime.start_main(std::move(main), self.ended_);
    runtime.employ();
  }

  /// Runs what is ready, about `most` items of it, fires the timers that are due, looks at the backend and waits for
  /// nothing. False once the runtime is stopped and its threads are joined: then an exception of the launched task, or
  /// else of a detached one, has come out of here as it would out of run(). After that it is false for good.
  [[nodiscard]] static bool poll_once(R& runtime, std::size_t most) {
    assert(runtime.state() != phase::initializing && most != 0 &&
           "tenon::runtime::poll_once: launch a task first, and let it run something");
    if (runtime.deserted()) return false;
    embedding& self = of(runtime);
    self.visits_.visit(most);
    if (!runtime.stopped()) return true;
    if constexpr (has_bell) self.bell_.take_down();
    auto ended = std::move(self.ended_);
    runtime.part_with_all();  // with this, too
    ended.take();
#if defined(__cpp_exceptions)
    runtime.background_.rethrow();
#endif
    return false;
  }

  /// The descriptor that is readable when poll_once() has something to do: I/O, a wake-up from another thread, or work
  /// that the host's own code left. Wait for it and read nothing from it. It is the same from launch() on.
  ///
  /// Errors   With io_uring a wait of the host's may end with EINTR, as waits may at any time.
  [[nodiscard]] static int native_handle(const R& runtime) noexcept {
    static_assert(
        exposes,
        "tenon::runtime<...>::native_handle: this backend has no descriptor that stands for all it waits for; "
        "write epoll, io_uring<> or libuv in its place, or call poll_once at a rate of your own");
    return runtime.workers_[0].backend().handle();
  }

  /// When poll_once() is to be called at the latest, though the descriptor be silent: the next timer; now, when the
  /// last call left something to do; `never`. Ask again after each call.
  [[nodiscard]] static time_point next_deadline(R& runtime) noexcept {
    return runtime.deserted() ? never : of(runtime).visits_.next();
  }

 private:
  struct no_bell {};

  // Another thread's wake-up rings the backend's own bell, which a backend of one thread has not.
  static constexpr bool has_bell = exposes && !R::threading::concurrent;

  [[nodiscard]] static embedding& of(R& runtime) { return runtime.extensions().template get<embedding>(&runtime); }

  static void check(const result<void>& did) {
    if (!did) detail::raise(did.error());
  }

  detail::visits<worker> visits_;
  detail::outcome<void> ended_;
  [[no_unique_address]] std::conditional_t<has_bell, detail::doorbell<worker, backend_loop>, no_bell> bell_;
};

}  // namespace tenon
