// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/detail/promise.hpp>
#include <tenon/core/detail/wait.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/timer.hpp>
#include <tenon/runtime/detail/blocking_pool.hpp>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <coroutine>
#include <exception>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tenon::detail {

class offload_wait;

/// A call on its way to a thread that may block and back to the worker where its coroutine waits.
///
/// Two parties meet at `state`: the thread, when the call has returned, and the waiter, when it will not wait any
/// longer. Each exchanges its word for what was there. The thread that finds `left` is alone with the call and frees
/// it; else it sends it home, where the waiter, which is still there, takes it. Both exchanges are acquire and release:
/// what one did with the call happens before what the other does with it.
struct offloaded : blocking_call {
  enum class stage : unsigned char { under_way, returned, left };

  loop* home = nullptr;
  offload_wait* waiter = nullptr;
  std::stop_token stop;
  void (*discard)(offloaded&) noexcept = nullptr;  // only of a call that may be left
  std::atomic<stage> state{stage::under_way};

  /// On the pool's thread, the last that it does with the call.
  void returns() noexcept;
  /// At home: false when it has returned already and is on its way.
  [[nodiscard]] bool leave() noexcept {
    return state.exchange(stage::left, std::memory_order_acq_rel) == stage::under_way;
  }
};

/// The wait for such a call. A stop request or a deadline takes it back while it is queued; after that it is waited
/// for, or, when it may be left, left.
class offload_wait : public wait, public timer {
 public:
  offload_wait(blocking_pool& pool, time_point until) noexcept : wait(&cancel), pool_(pool) {
    deadline = until;
    timer::run = [](work& item) noexcept { of(static_cast<timer&>(item)).expired(); };
  }

  /// At home, from the call: it has returned.
  void completed() noexcept {
    if (armed()) home().disarm(*this);
    end();
  }

 protected:
  template <class Promise>
  [[nodiscard]] bool begin(std::coroutine_handle<Promise> waiter, offloaded& call) {
    loop* const current = here().current;
    const environment& env = *environment_of(waiter);
    if (current == nullptr) {
      error_ = EPERM;  // awaited outside of any runtime
    } else if (env.stop.stop_requested()) {
      error_ = ECANCELED;
    } else if (deadline != never && deadline <= current->now()) {
      error_ = ETIMEDOUT;
    } else {
      settle(*current, waiter, env);
      call.home = current;
      call.waiter = this;
      call.stop = env.stop.get_token();
      call_ = &call;
      error_ = pool_.submit(call);
    }
    if (error_ != 0) return false;
    // It may have returned by now. That is heard here, on this thread, and so not before this has ended.
    if (deadline != never) current->arm(*this);
    watch();
    return true;
  }

  /// 0 when the call has returned, else why it has not.
  [[nodiscard]] int error() const noexcept { return error_; }
  /// Whether the thread frees it.
  [[nodiscard]] bool left() const noexcept { return left_; }

 private:
  [[nodiscard]] static offload_wait& of(timer& base) noexcept { return static_cast<offload_wait&>(base); }

  [[nodiscard]] bool gives_up(int why) noexcept {
    if (!pool_.take_back(*call_)) {
      if (call_->discard == nullptr || !call_->leave()) return false;
      left_ = true;
    }
    error_ = why;
    return true;
  }
  void expired() noexcept {
    if (error_ == 0 && gives_up(ETIMEDOUT)) end();
  }
  static void cancel(wait& base) noexcept {
    auto& self = static_cast<offload_wait&>(base);
    if (self.error_ != 0 || !self.gives_up(ECANCELED)) return;
    if (self.armed()) self.home().disarm(self);
    self.wait::run = [](work& item) noexcept { static_cast<offload_wait&>(static_cast<wait&>(item)).end(); };
    self.home().pin(static_cast<wait&>(self));  // not from inside the stop callback
  }

  blocking_pool& pool_;
  offloaded* call_ = nullptr;
  int error_ = 0;
  bool left_ = false;
};

inline void offloaded::returns() noexcept {
  loop& target = *home;
  if (state.exchange(stage::returned, std::memory_order_acq_rel) == stage::left) return discard(*this);
  run = [](work& item) noexcept { static_cast<offloaded&>(item).waiter->completed(); };
  target.pin(*this);
}

/// A function and its arguments, and what it gives.
template <class Fn, class... Args>
class call_of : public offloaded {
  static constexpr bool hears_of_stop = std::is_invocable_v<Fn, Args..., std::stop_token>;

 public:
  template <class F, class... As>
  explicit call_of(std::in_place_t, F&& fn, As&&... args) : fn_(std::forward<F>(fn)), args_(std::forward<As>(args)...) {
    run = [](work& item) noexcept {
      auto& self = static_cast<call_of&>(item);
      self.perform();
      self.returns();
    };
  }

  static auto type_of_value() {
    if constexpr (hears_of_stop) {
      return std::invoke_result<Fn, Args..., std::stop_token>{};
    } else {
      return std::invoke_result<Fn, Args...>{};
    }
  }
  using value = typename decltype(type_of_value())::type;

  [[nodiscard]] value take() { return out_.take(); }

 private:
  value call() {
    return std::apply(
        [this](Args&... args) -> value {
          if constexpr (hears_of_stop) {
            return std::move(fn_)(std::move(args)..., std::move(stop));
          } else {
            return std::move(fn_)(std::move(args)...);
          }
        },
        args_);
  }
  void perform() noexcept {
#if defined(__cpp_exceptions)
    try {
#endif
      if constexpr (std::is_void_v<value>) {
        call();
      } else {
        out_.set(call());
      }
#if defined(__cpp_exceptions)
    } catch (...) {
      out_.fail(std::current_exception());
    }
#endif
  }

  Fn fn_;
  std::tuple<Args...> args_;
  outcome<value> out_;
};

/// What `co_await` gives of a function's value: a result, and of a result itself that.
template <class T>
struct awaited {
  using type = result<T>;
};
template <class T>
struct awaited<result<T>> {
  using type = result<T>;
};

template <class Call>
[[nodiscard]] typename awaited<typename Call::value>::type value_of(Call& call) {
  if constexpr (std::is_void_v<typename Call::value>) {
    call.take();
    return {};
  } else {
    return call.take();
  }
}

/// The pool of a runtime, made when the first call asks for it.
template <class Runtime>
[[nodiscard]] blocking_pool& pool_of(Runtime& runtime) {
  constexpr auto let_roam = [](const void* its) noexcept { static_cast<const Runtime*>(its)->let_roam(); };
  return runtime.extensions().template get<blocking_pool>(
      runtime.how_much().blocking_threads, runtime.how_much().name.c_str(), std::time_t{10}, +let_roam, &runtime);
}

}  // namespace tenon::detail
