// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/context.hpp>
#include <tenon/core/detail/promise.hpp>
#include <tenon/core/environment.hpp>

#include <atomic>
#include <cassert>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <mutex>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace tenon::detail {

template <class R>
class crowd;

/// What a root keeps of its context where the runtime carries none.
struct carries_nothing {
  carries_nothing() = default;
  explicit carries_nothing(const any_context* /*dropped*/) noexcept {}
};
/// What a root keeps of its context: known by two members of R that are there before R is whole.
template <class R>
using carried_by = std::conditional_t<R::carries_context, typename R::context::values, carries_nothing>;

/// What may stand before the function of a spawn.
struct origin {
  const any_context* context = nullptr;
  const key* bound = nullptr;
};

/// The coroutine at the root of a spawned tree: it holds the function and its arguments, and owns itself.
template <class R>
struct root {
  // Nobody waits for it, so it has no continuation; it is the root of its environment, so that it is its own.
  struct promise_type : frame_allocated, work {
    template <class... Rest>
    explicit promise_type(crowd<R>& of, Rest&...) : owner(of) {
      if constexpr (R::carries_context) own.context = &carried;
    }

    struct out {
      [[nodiscard]] static bool await_ready() noexcept { return false; }
      static void await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
        crowd<R>& owner = ended.promise().owner;
        owner.remove(ended.promise());
        ended.destroy();
        owner.leave();
      }
      static void await_resume() noexcept {}
    };

    [[nodiscard]] root get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    [[nodiscard]] static std::suspend_always initial_suspend() noexcept { return {}; }
    [[nodiscard]] static out final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    void unhandled_exception() noexcept {
#if defined(__cpp_exceptions)
      owner.fail(std::current_exception());
#endif
    }

    crowd<R>& owner;
    environment own{std::stop_source()};  // its own: a million tasks do not meet at one stop state's lock
    [[no_unique_address]] carried_by<R> carried;
    promise_type* before = nullptr;
    promise_type* after = nullptr;
  };

  std::coroutine_handle<promise_type> handle;
};

template <class R, class Fn, class... Args>
root<R> run_root(crowd<R>& /*owner*/, Fn fn, Args... args) {
  co_await fn(std::move(args)...);
}

/// The same for a task that needs nothing kept but itself.
template <class R, class Task>
root<R> run_task(crowd<R>& /*owner*/, Task body) {
  co_await std::move(body);
}

/// The same for a task whose outcome somebody waits for, and then `after`, before it leaves.
template <class R, class Task, class T>
root<R> run_main(crowd<R>& of, Task body, outcome<T>* out, void (*after)(crowd<R>&) noexcept) {
#if defined(__cpp_exceptions)
  try {
#endif
    if constexpr (std::is_void_v<T>) {
      co_await std::move(body);
    } else {
      out->set(co_await std::move(body));
    }
#if defined(__cpp_exceptions)
  } catch (...) {
    out->fail(std::current_exception());
  }
#endif
  after(of);
}

/// std::reference_wrapper, told by its face.
template <class A>
concept stands_for_reference = requires(A& arg) {
  typename A::type;
  { arg.get() } -> std::same_as<typename A::type&>;
};

/// Whether a task made at once keeps all that it was given: a plain function that takes each argument as the very type
/// that would be kept, or as the reference that a std::reference_wrapper stands for. Then no second copy of them is
/// kept beside it. (A string that a string_view is made of is not that: it has to be kept.)
template <class Fn, class... Args>
struct keeps_itself : std::false_type {};
template <class Task, class... Ps, class... Args>
  requires(sizeof...(Ps) == sizeof...(Args))
struct keeps_itself<Task (*)(Ps...), Args...>
    : std::bool_constant<((std::is_same_v<Ps, Args> || (std::is_reference_v<Ps> && stands_for_reference<Args>)) &&
                          ...)> {};

/// The roots that one scope, or a runtime itself, answers for: it counts them, can ask them to stop, keeps the first
/// exception, and knows when the last has left.
///
/// Invariant  live = roots that have not left + 1 while the crowd is open. Nobody enters once live is zero: then
///            `empty` has been called, once, by whoever brought it there.
/// Threads    Any.
template <class R>
class crowd {
  using threading = typename R::threading;
  using member = typename root<R>::promise_type;

 public:
  using empty_function = void (*)(crowd&) noexcept;

  crowd(R& runtime, empty_function empty) noexcept : runtime_(runtime), empty_(empty) {}
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  [[nodiscard]] R& runtime() const noexcept { return runtime_; }
  [[nodiscard]] std::size_t live() const noexcept { return live_.load(std::memory_order_acquire); }

  /// One more is answered for; false when all have left.
  [[nodiscard]] bool enter() noexcept {
    std::size_t seen = live_.load(std::memory_order_relaxed);
    while (seen != 0) {
      if (live_.compare_exchange_strong(seen, seen + 1, std::memory_order_acq_rel, std::memory_order_relaxed))
        return true;
    }
    return false;
  }
  void leave() noexcept {
    if (live_.fetch_sub(1, std::memory_order_acq_rel) == 1) empty_(*this);
  }
  void reopen() noexcept { live_.store(1, std::memory_order_relaxed); }

  /// Makes the root of a tree, entered before, ready to run. What throws here leaves nothing behind.
  template <class Fn, class... Args>
  void start(origin from, Fn&& fn, Args&&... args) {
    using lead = std::remove_cvref_t<Fn>;
    if constexpr (std::is_base_of_v<any_context, lead>) {
      from.context = &fn;
      start(from, std::forward<Args>(args)...);
    } else if constexpr (std::is_same_v<lead, key>) {
      static_assert(!R::scheduling::shares,
                    "tenon::runtime<...>::spawn: a key binds a task to a worker, and here any worker runs any task; "
                    "write affinity<>, or leave out the key");
      from.bound = &fn;
      start(from, std::forward<Args>(args)...);
    } else {
      start_root(from, make(std::forward<Fn>(fn), std::forward<Args>(args)...));
    }
  }
  /// The same for a root that is made.
  void start_root(origin from, root<R> made) {
    member& promise = made.handle.promise();
    if constexpr (R::carries_context) promise.carried = carried_by<R>(from.context);
    add(promise);
    runtime_.count_spawned();
    work& item = promise_base::starting(promise);
    if constexpr (!R::scheduling::shares) {
      if (from.bound != nullptr) return runtime_.start_at(from.bound->among(runtime_.workers()), item);
    }
    runtime_.start(item, promise.own);
  }

  /// Destroys what was to start in a runtime that never ran. An item that is no root of ours ends by itself where there
  /// is no worker.
  static void abandon(work& item) noexcept {
    if (item.run == promise_base::starting_function<member>()) {
      member& promise = static_cast<member&>(item);
      promise.owner.remove(promise);  // what is destroyed with it may ask the others to stop
      std::coroutine_handle<member>::from_promise(promise).destroy();
    } else {
      item.run(item);
    }
  }

  /// Asks all to stop, those to come too. Stop callbacks run on this thread, with no lock held. Out of memory it ends
  /// the program: half of them asked would be worse.
  void cancel() noexcept {
    // A list of their sources, because the crowd may be gone as soon as the last of them is asked.
    struct asked {
      std::stop_source source;
      asked* next;
    };
    asked* list = nullptr;
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      for (member* each = first_; each != nullptr; each = each->after) list = new asked{each->own.stop, list};
    }
    while (list != nullptr) {
      list->source.request_stop();
      delete std::exchange(list, list->next);
    }
  }

#if defined(__cpp_exceptions)
  /// Keeps the first exception and asks the others to stop.
  void fail(std::exception_ptr error) noexcept {
    if constexpr (!R::errors::rethrows) {
      if (this == &runtime_.background()) std::terminate();
    }
    {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::move(error);
    }
    cancel();
  }
  void rethrow() {
    if (std::exception_ptr error = std::exchange(error_, nullptr)) std::rethrow_exception(std::move(error));
  }
#endif

 private:
  friend member;
  friend typename member::out;

  template <class Fn, class... Args>
  [[nodiscard]] root<R> hold(Fn&& fn, Args&&... args) {
    if constexpr (keeps_itself<std::decay_t<Fn>, std::decay_t<Args>...>::value) {
      return run_task<R>(*this, fn(std::forward<Args>(args)...));
    } else {
      return run_root<R, std::decay_t<Fn>, std::decay_t<Args>...>(*this, std::forward<Fn>(fn),
                                                                  std::forward<Args>(args)...);
    }
  }

  template <class Fn, class... Args>
  [[nodiscard]] root<R> make(Fn&& fn, Args&&... args) {
#if defined(__cpp_exceptions)
    try {
      return hold(std::forward<Fn>(fn), std::forward<Args>(args)...);
    } catch (...) {
      leave();
      throw;
    }
#else
    return hold(std::forward<Fn>(fn), std::forward<Args>(args)...);
#endif
  }

  void add(member& promise) noexcept {
    bool stopped = false;
    {
      const std::lock_guard lock(mutex_);
      promise.after = first_;
      if (first_ != nullptr) first_->before = &promise;
      first_ = &promise;
      stopped = stopped_;
    }
    if (stopped) promise.own.stop.request_stop();
  }
  void remove(member& promise) noexcept {
    const std::lock_guard lock(mutex_);
    if (promise.after != nullptr) promise.after->before = promise.before;
    (promise.before != nullptr ? promise.before->after : first_) = promise.after;
  }

  R& runtime_;
  empty_function empty_;
  typename threading::template atomic<std::size_t> live_{1};
  typename threading::mutex mutex_;
  member* first_ = nullptr;
  bool stopped_ = false;
#if defined(__cpp_exceptions)
  std::exception_ptr error_;
#endif
};

}  // namespace tenon::detail
