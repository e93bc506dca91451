// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/work.hpp>
#include <tenon/runtime/basic_runtime.hpp>
#include <tenon/runtime/execution.hpp>

#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

/// A receiver on its way to a worker of R.
///
/// From start() to its completion the runtime answers for it as for a posted function: the shutdown waits for it. The
/// receiver may free this by its completion, so what comes after is on the stack.
template <class R, class Receiver>
class schedule_operation : work {
 public:
  using operation_state_concept = execution::operation_state_tag;

  schedule_operation(R& runtime, Receiver&& receiver) noexcept(std::is_nothrow_move_constructible_v<Receiver>)
      : work(&arrive), runtime_(runtime), receiver_(std::move(receiver)) {}
  schedule_operation(const schedule_operation&) = delete;
  schedule_operation& operator=(const schedule_operation&) = delete;

  void start() noexcept {
    if (is_stopped() || !runtime_.admit()) return execution::set_stopped(std::move(receiver_));
    runtime_.count_spawned();
    runtime_.start(*this);
  }

 private:
  static void arrive(work& item) noexcept {
    auto& self = static_cast<schedule_operation&>(item);
    R& runtime = self.runtime_;
    if (self.is_stopped() || runtime.current() == nullptr) {  // no worker: the runtime goes without having run
      execution::set_stopped(std::move(self.receiver_));
    } else {
      execution::set_value(std::move(self.receiver_));
    }
    runtime.background().leave();
  }

  [[nodiscard]] bool is_stopped() const noexcept {
    return execution::get_stop_token(execution::get_env(receiver_)).stop_requested();
  }

  R& runtime_;
  Receiver receiver_;
};

}  // namespace detail

/// The scheduler of a runtime, as std::execution (C++26, P2300) calls the handle by which senders get to its workers.
///
///     auto there = rt.get_scheduler();
///     auto [sum] = stdexec::sync_wait(stdexec::starts_on(there, stdexec::just(1, 2) | stdexec::then(add))).value();
///
/// Shape         One pointer; equal when the runtime is the same. schedule() gives a sender of
///               completion_signatures<set_value_t(), set_stopped_t()>; its operation is a work item and the receiver.
/// Cost          No allocation: the operation itself goes through the worker's queue.
/// Threads       start: any thread when the runtime has a remote post, else its own. set_value comes on a worker.
/// Cancellation  set_stopped, and nothing has run: when the receiver's stop token asks before the start (it comes from
///               start() itself) or before a worker gets to it (on that worker); and when the runtime drains or is
///               stopped at the start (from start()), unless it drains and one of its workers starts it. What was
///               started before the drain is run. In a runtime that is destroyed and never ran, from the destructor.
/// Source        P2300R10; C++26 [exec]
template <class R>
class basic_scheduler {
 public:
  using scheduler_concept = execution::scheduler_tag;

  explicit basic_scheduler(R& runtime) noexcept : runtime_(&runtime) {}

  /// What a sender of schedule() says of itself.
  class attributes {
   public:
    explicit attributes(R& runtime) noexcept : runtime_(&runtime) {}
    [[nodiscard]] basic_scheduler query(
        execution::get_completion_scheduler_t<execution::set_value_t> /*asked*/) const noexcept {
      return basic_scheduler(*runtime_);
    }

   private:
    R* runtime_;
  };

  /// Completes on a worker of the runtime.
  class sender {
   public:
    using sender_concept = execution::sender_tag;
    using completion_signatures =
        execution::completion_signatures<execution::set_value_t(), execution::set_stopped_t()>;

    explicit sender(R& runtime) noexcept : runtime_(&runtime) {}

    template <class Receiver>
    [[nodiscard]] detail::schedule_operation<R, Receiver> connect(Receiver receiver) const
        noexcept(std::is_nothrow_move_constructible_v<Receiver>) {
      return detail::schedule_operation<R, Receiver>(*runtime_, std::move(receiver));
    }
    [[nodiscard]] attributes get_env() const noexcept { return attributes(*runtime_); }

   private:
    R* runtime_;
  };

  [[nodiscard]] sender schedule() const noexcept { return sender(*runtime_); }
  /// One that runs goes on, whatever the others do; but a worker takes no second while the first blocks it.
  [[nodiscard]] static constexpr execution::forward_progress_guarantee query(
      execution::get_forward_progress_guarantee_t /*asked*/) noexcept {
    return execution::forward_progress_guarantee::parallel;
  }

  friend bool operator==(const basic_scheduler& a, const basic_scheduler& b) noexcept {
    return a.runtime_ == b.runtime_;
  }

 private:
  R* runtime_;
};

}  // namespace tenon
