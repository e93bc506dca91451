// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/core/work.hpp>
#include <tenon/sync/detail/channel_core.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace tenon {

/// What has gone through a channel: in = out + dropped + held, at every instant.
struct channel_counts {
  std::uint64_t in = 0;       ///< values that senders have handed over
  std::uint64_t out = 0;      ///< values that receivers have got
  std::uint64_t dropped = 0;  ///< values that discard() has destroyed
  std::uint64_t held = 0;     ///< values that lie in it
};

/// Values on their way between tasks: many send, many receive, each value comes out once.
///
///     tenon::channel<job> jobs(64);
///     co_await jobs.send(std::move(next));                               // here; waits while it is full
///     while (auto job = co_await jobs.receive()) handle(std::move(*job));   // there; ends when it is closed and empty
///
/// Shape         capacity: how many values it holds. 0 is a rendezvous: a value goes from hand to hand. `unbounded`
///               never makes a sender wait. T moves without throwing.
/// Order         FIFO; senders and receivers that wait are served in the order in which they came.
/// Cost          One mutex, held for a few instructions and a move of T. A bounded channel allocates when it is made,
///               an unbounded one when it grows; to wait allocates nothing.
/// Threads       send, receive: on a worker of a runtime. try_send, try_receive, close, counts: any thread.
/// Errors        broken_pipe: it is closed, and, to receive, empty. operation_canceled. try_: also
///               resource_unavailable_try_again: full, or empty. not_enough_memory, of an unbounded one.
/// Cancellation  A stop request ends the waiting, and then the value has not gone over. What has gone over is said to
///               have, stop or not.
///               After an error of send(std::move(value)) `value` is as it was: it is moved from when it goes over.
/// When not      Between pipeline stages: pipeline. Both sides are threads: mpmc. A signal without a value: auto_event.
template <class T, class Threading = multi_thread>
class basic_channel {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T> && std::is_object_v<T>,
                "tenon::channel<T>: moving and destroying T must not throw; send a std::unique_ptr<T>");

 public:
  using value_type = T;
  using threading = Threading;
  static constexpr std::size_t unbounded = detail::syncing::channel_core<T, Threading>::unbounded;

  explicit basic_channel(std::size_t capacity) : core_(capacity) {}

  /// Gives a result<void>. The value is used within the same expression.
  [[nodiscard]] auto send(T&& value) noexcept {
    return detail::syncing::single<sending_case>(sending_case(core_, value));
  }
  /// Sends a copy.
  [[nodiscard]] auto send(const T& value)
    requires std::copy_constructible<T>
  {
    return detail::syncing::sends_copy<T, Threading>(core_, value);
  }
  /// Gives a result<T>.
  [[nodiscard]] auto receive() noexcept { return detail::syncing::single<receiving_case>(receiving_case(core_)); }

  [[nodiscard]] result<void> try_send(T&& value) noexcept {
    return detail::syncing::single<sending_case>(sending_case(core_, value)).at_once();
  }
  [[nodiscard]] result<void> try_send(const T& value)
    requires std::copy_constructible<T>
  {
    return try_send(T(value));
  }
  [[nodiscard]] result<T> try_receive() noexcept {
    return detail::syncing::single<receiving_case>(receiving_case(core_)).at_once();
  }

  /// A case for choose(): `value` is moved from if this case is the one that happens.
  [[nodiscard]] auto sending(T&& value) noexcept { return sending_case(core_, value); }
  /// A case for choose().
  [[nodiscard]] auto receiving() noexcept { return receiving_case(core_); }

  /// From now on nothing goes in; what is in it may still be received. All who wait go on: there is nothing for
  /// receivers to wait for, and senders keep their values.
  void close() noexcept {
    work_list granted;
    {
      const std::lock_guard hold(core_.mutex);
      core_.close(granted);
    }
    detail::syncing::send_home(std::move(granted));
  }
  /// Destroys what lies in it now, and says how many values that were.
  std::size_t discard() noexcept {
    std::size_t dropped = 0;
    for (std::size_t left = size(); left != 0; --left) {
      std::optional<T> item;  // destroyed with no mutex held
      work_list granted;
      {
        const std::lock_guard hold(core_.mutex);
        dropped += core_.drop(item, granted) ? 1 : 0;
      }
      detail::syncing::send_home(std::move(granted));
    }
    return dropped;
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return core_.capacity; }
  [[nodiscard]] bool closed() const noexcept {
    const std::lock_guard hold(core_.mutex);
    return core_.closed;
  }
  /// How many values lay in it a moment ago.
  [[nodiscard]] std::size_t size() const noexcept {
    const std::lock_guard hold(core_.mutex);
    return core_.held();
  }
  [[nodiscard]] channel_counts counts() const noexcept {
    const std::lock_guard hold(core_.mutex);
    return {core_.in(), core_.out(), core_.dropped(), core_.held()};
  }

 private:
  using sending_case = detail::syncing::sending_case<T, Threading>;
  using receiving_case = detail::syncing::receiving_case<T, Threading>;

  detail::syncing::channel_core<T, Threading> core_;
};

template <class T>
using channel = basic_channel<T>;

}  // namespace tenon
