// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/runtime/detail/offloaded.hpp>

#include <coroutine>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

/// A call that lies by itself, so that it may outlive the wait for it.
template <class Fn, class... Args>
class blocking_apart : public offload_wait {
  using call_type = call_of<Fn, Args...>;

 public:
  template <class... Parts>
  explicit blocking_apart(blocking_pool& pool, time_point until, Parts&&... parts)
      : offload_wait(pool, until), call_(new call_type(std::in_place, std::forward<Parts>(parts)...)) {
    call_->discard = [](offloaded& call) noexcept { delete &static_cast<call_type&>(call); };
  }
  ~blocking_apart() {
    if (!this->left()) delete call_;
  }

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) {
    return this->begin(waiter, *call_);
  }
  [[nodiscard]] typename awaited<typename call_type::value>::type await_resume() {
    if (this->error() != 0) return error_of(this->error());
    return value_of(*call_);
  }

 private:
  call_type* call_;
};

}  // namespace detail

/// `blocking` for a call that nobody may have to wait for: at the deadline or a stop request the wait ends at once, and
/// the call is left to end by itself. For what gives neither a deadline nor a way to stop it, as getaddrinfo.
///
///     auto found = co_await tenon::abandonable(rt, rt.now() + 2s, look_up, std::string("example.org"));
///
/// Shape         fn and args are copied or moved to the heap. They may refer to nothing that the caller owns: a call
///               that was left may run after the caller has gone. What it then gives or throws is dropped.
/// Cost          As `blocking`, and one heap node.
/// Errors        timed_out, operation_canceled: no value came in time. Else as `blocking`.
/// Cancellation  At once. A call that was left holds its thread until it ends, and so does the end of the runtime.
template <class Runtime, class Fn, class... Args>
[[nodiscard]] auto abandonable(Runtime& runtime, time_point deadline, Fn&& fn, Args&&... args) {
  static_assert(Runtime::threading::concurrent,
                "tenon::abandonable: no thread may call into a runtime of single_thread, so none can bring a value "
                "back; write multi_thread with .threads = 1 in place of single_thread");
  if constexpr (Runtime::threading::concurrent) {
    typename Runtime::runtime& base = runtime;
    return detail::blocking_apart<std::decay_t<Fn>, std::decay_t<Args>...>(
        detail::pool_of(base), deadline, std::forward<Fn>(fn), std::forward<Args>(args)...);
  }
}

}  // namespace tenon
