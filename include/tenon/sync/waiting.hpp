// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/queue/concept.hpp>
#include <tenon/sync/detail/patient_queue.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

namespace tenon {

/// Any queue, with ends that wait: tasks by co_await, plain threads by blocking, both on the same queue at once.
///
///     tenon::waiting<tenon::spsc<256>, reading> samples;
///     samples.push_blocking(measure());                                 // a thread of a driver
///     while (auto next = co_await samples.pop()) use(*next);            // a task; ends when it is closed and empty
///
/// Shape         The queue of the word, two lines and a flag; no heap but the queue's.
/// Order         The queue's. Of those who wait the first is told first, but one who comes just then may be faster.
/// Cost          The queue's, and one CAS an operation to tell the other end. To wait allocates nothing.
/// Threads       As many at each end as the word allows, tasks and threads together. push, pop: on a worker of a
///               runtime. push_blocking, pop_blocking: threads that are no worker. try_push, try_pop, close: any.
/// Errors        broken_pipe: it is closed, and, to pop, empty. operation_canceled. try_: also
///               resource_unavailable_try_again. not_enough_memory, of an unbounded queue that has none.
/// Cancellation  A stop request ends the waiting of a task, and then nothing has gone in or out. After an error of
///               push(std::move(item)) `item` is as it was. close() ends the waiting of all.
/// When not      For a rendezvous, for choose(), for strict turns among those who wait: channel.
template <queue_policy Word, class T, class Threading = multi_thread>
class waiting {
  using queue_type = typename Word::template of<T, Threading>;
  using core_type = detail::syncing::patient_queue<queue_type, T, Threading>;
  using verdict = detail::syncing::verdict;

 public:
  using value_type = T;
  using threading = Threading;
  static constexpr std::size_t capacity = queue_type::capacity;

  waiting() = default;
  waiting(const waiting&) = delete;
  waiting& operator=(const waiting&) = delete;

  /// Gives a result<void>. The item is used within the same expression.
  [[nodiscard]] auto push(T&& item) noexcept { return pushes(core_, item); }
  /// Gives a result<T>.
  [[nodiscard]] auto pop() noexcept { return pops(core_); }

  [[nodiscard]] result<void> try_push(T&& item) noexcept { return told(core_.push(item)); }
  [[nodiscard]] result<T> try_pop() noexcept {
    std::optional<T> item;
    const verdict how = core_.pop(item);
    return told(how, item);
  }

  /// Blocks the calling thread.
  [[nodiscard]] result<void> push_blocking(T&& item)
    requires Threading::concurrent
  {
    typename core_type::pushing what(core_, item);
    return told(detail::syncing::block_until_done<detail::syncing::thread_applicant>(what));
  }
  [[nodiscard]] result<T> pop_blocking()
    requires Threading::concurrent
  {
    typename core_type::popping what(core_);
    const verdict how = detail::syncing::block_until_done<detail::syncing::thread_applicant>(what);
    return told(how, what.item());
  }

  /// From now on nothing goes in; what is in it may still be popped. All who wait go on. An item whose push runs at the
  /// same time may stay in it: close it when the producers are done.
  void close() noexcept { core_.close(); }
  [[nodiscard]] bool closed() const noexcept { return core_.closed(); }
  [[nodiscard]] std::size_t size_estimate() const noexcept { return core_.size_estimate(); }

 private:
  [[nodiscard]] static std::errc error_of(verdict how) noexcept {
    switch (how) {
      case verdict::closed: return std::errc::broken_pipe;
      case verdict::no_memory: return std::errc::not_enough_memory;
      default: return std::errc::resource_unavailable_try_again;
    }
  }
  [[nodiscard]] static result<void> told(verdict how) noexcept {
    if (how != verdict::done) return error_of(how);
    return {};
  }
  [[nodiscard]] static result<T> told(verdict how, std::optional<T>& item) noexcept {
    if (how != verdict::done) return error_of(how);
    return std::move(*item);
  }

  struct pushes : detail::syncing::patient_wait<typename core_type::pushing> {
    using detail::syncing::patient_wait<typename core_type::pushing>::patient_wait;
    [[nodiscard]] result<void> await_resume() noexcept {
      if (this->canceled()) return std::errc::operation_canceled;
      return told(this->how());
    }
  };
  struct pops : detail::syncing::patient_wait<typename core_type::popping> {
    using detail::syncing::patient_wait<typename core_type::popping>::patient_wait;
    [[nodiscard]] result<T> await_resume() noexcept {
      if (this->canceled()) return std::errc::operation_canceled;
      return told(this->how(), this->what().item());
    }
  };

  core_type core_;
};

}  // namespace tenon
