// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/stop_hook.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/runtime/detail/crowd.hpp>

#include <cassert>
#include <coroutine>
#include <exception>
#include <utility>

namespace tenon {

/// A nursery: tasks that run beside the one that owns it, all of which have ended when it is joined.
///
///     tenon::scope conns{rt};
///     while (auto peer = co_await door.accept()) conns.spawn(echo, std::move(*peer));
///     co_await conns.join();
///
/// Context       Its tasks carry what the scope was made with: `tenon::scope conns{rt, co_await
///               tenon::this_task::context()}` hands on what its owner carries, `scope{rt}` hands on nothing.
/// Cost          A spawn: one frame for the function, its arguments and the links, one for the task, and one allocation
///               for its stop state.
/// Threads       spawn, cancel: any worker of the runtime, and any thread when it has more than one. join: its owner.
/// Errors        The first exception that leaves a task cancels the others; join() throws it when all have left.
///               Destroying a scope that has tasks left ends the program: there would be nobody to answer for them.
/// Cancellation  cancel() asks all its tasks to stop, those spawned later too. A stop request that reaches the task
///               that waits in join() does the same; join() still waits until all have left.
template <class R>
class scope : detail::crowd<R> {
  using crowd = detail::crowd<R>;

  class joining {
   public:
    explicit joining(scope& of) noexcept : scope_(of) {}

    [[nodiscard]] static bool await_ready() noexcept { return false; }
    template <class Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) {
      const environment& env = *detail::environment_of(waiter);
      scope_.joined_.target = waiter;
      scope_.env_ = &env;
      scope_.home_ = detail::here().current;
      if (env.stop.stop_possible()) follow_.emplace(env.stop.get_token(), stop_all{&scope_});
      scope_.leave();
      return true;  // whoever leaves last, this very thread perhaps, has made `joined_` ready
    }
    void await_resume() {
      follow_.reset();
      scope_.reopen();
#if defined(__cpp_exceptions)
      scope_.rethrow();
#endif
    }

   private:
    struct stop_all {
      scope* of;
      void operator()() const noexcept { of->cancel(); }
    };

    scope& scope_;
    detail::stop_hook<stop_all> follow_;
  };

 public:
  template <class Runtime>
  explicit scope(Runtime& runtime) noexcept : crowd(runtime, &all_left) {}
  template <class Runtime>
  scope(Runtime& runtime, const any_context& carried) noexcept : crowd(runtime, &all_left), carried_(&carried) {}
  ~scope() {
    if (this->live() > 1) std::terminate();
  }

  /// Starts `fn(args...)`, which gives a task; function and arguments are kept, as std::thread keeps them, until it
  /// ends. Before the function may stand what a runtime's spawn takes there: a context, a key.
  template <class Fn, class... Args>
  void spawn(Fn&& fn, Args&&... args) {
    const bool entered = this->enter();
    assert(entered && "a scope takes tasks until it has been joined");
    (void)entered;
    this->start(inherited(), std::forward<Fn>(fn), std::forward<Args>(args)...);
  }

  /// Asks all tasks to stop.
  void cancel() { crowd::cancel(); }

  /// How many tasks have not left yet; its owner asks, and not while somebody waits in join().
  [[nodiscard]] std::size_t size() const noexcept { return this->live() - 1; }

  /// Waits until all tasks have left.
  [[nodiscard]] joining join() noexcept { return joining(*this); }

 private:
  [[nodiscard]] detail::origin inherited() const noexcept {
    if constexpr (R::carries_context) {
      return {&carried_};
    } else {
      return {};
    }
  }
  static void all_left(crowd& of) noexcept {
    auto& self = static_cast<scope&>(of);
    self.home_->post(self.joined_, *self.env_);  // where tasks are bound to workers, to the one that joins
  }

  detail::resumption joined_;
  const environment* env_ = nullptr;  // of the one that joins
  loop* home_ = nullptr;
  [[no_unique_address]] detail::carried_by<R> carried_;
};

template <class Runtime>
scope(Runtime&) -> scope<typename Runtime::runtime>;
template <class Runtime>
scope(Runtime&, const any_context&) -> scope<typename Runtime::runtime>;

}  // namespace tenon
