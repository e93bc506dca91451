// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/core/work.hpp>
#include <tenon/sync/detail/choice.hpp>
#include <tenon/sync/detail/choosing.hpp>
#include <tenon/sync/detail/store.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

namespace tenon::detail::syncing {

template <class T, class Threading>
struct sender;
template <class T, class Threading>
struct receiver;

/// The values of a channel, and the rules by which they go over.
///
/// Of those in line that can still be claimed (see choice), with the mutex free:
///
/// Invariants  R  a receiver in line => held = 0, no sender in line, not closed.
///             S  a sender in line   => held = capacity, not closed.
///             in = out + dropped + held.
/// Order       FIFO: values leave in the order in which they came in, and they come in in the order of the senders:
///             when a slot is free its first sender moves up in the same step (S), so nobody overtakes one in line.
template <class T, class Threading>
class channel_core : public channel_base<Threading> {
 public:
  static constexpr std::size_t unbounded = static_cast<std::size_t>(-1);

  explicit channel_core(std::size_t most) : capacity(most) {
    if (most != unbounded && !held_.reserve(most)) raise(std::make_error_code(std::errc::not_enough_memory));
  }

  /// Under the mutex, and so are the others below. `value` is moved from when it is done, and only then.
  [[nodiscard]] verdict send(T& value, work_list& granted) noexcept {
    if (this->closed) return verdict::closed;
    if (offer<Threading>* const first = this->claim_first(this->receivers)) {
      static_cast<receiver<T, Threading>&>(*first).slot.emplace(std::move(value));
      first->end(verdict::done, granted);
      ++in_;
      ++out_;
      return verdict::done;
    }
    if (held_.size() >= capacity) return verdict::waits;
    if (!held_.push(std::move(value))) return verdict::no_memory;
    ++in_;
    return verdict::done;
  }

  [[nodiscard]] verdict receive(std::optional<T>& into, work_list& granted) noexcept {
    if (held_.size() != 0) {
      take_first(into, granted);
    } else if (offer<Threading>* const first = this->claim_first(this->senders)) {  // only where capacity is 0
      into.emplace(std::move(*static_cast<sender<T, Threading>&>(*first).value));
      first->end(verdict::done, granted);
      ++in_;
    } else {
      return this->closed ? verdict::closed : verdict::waits;
    }
    ++out_;
    return verdict::done;
  }

  /// Takes out what came first, to drop it.
  [[nodiscard]] bool drop(std::optional<T>& into, work_list& granted) noexcept {
    if (held_.size() == 0) return false;
    take_first(into, granted);
    ++dropped_;
    return true;
  }

  void close(work_list& granted) noexcept {
    this->closed = true;
    for (line<offer<Threading>>* each : {&this->senders, &this->receivers}) {
      while (offer<Threading>* const first = this->claim_first(*each)) first->end(verdict::closed, granted);
    }
  }

  [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }
  [[nodiscard]] std::uint64_t in() const noexcept { return in_; }
  [[nodiscard]] std::uint64_t out() const noexcept { return out_; }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

  const std::size_t capacity;

 private:
  void take_first(std::optional<T>& into, work_list& granted) noexcept {
    into.emplace(held_.pop());
    if (offer<Threading>* const first = this->claim_first(this->senders)) {
      (void)held_.push(std::move(*static_cast<sender<T, Threading>&>(*first).value));  // there is room: of the last
      first->end(verdict::done, granted);
      ++in_;
    }
  }

  store<T> held_;
  std::uint64_t in_ = 0;
  std::uint64_t out_ = 0;
  std::uint64_t dropped_ = 0;
};

/// What a case is made of: `channel.receiving()`.
template <class T, class Threading>
struct receiving_case {
  using threading = Threading;
  using entry = receiver<T, Threading>;

  explicit receiving_case(channel_core<T, Threading>& channel) noexcept : from(&channel) {}

  channel_core<T, Threading>* from;
};

/// `channel.sending(std::move(value))`.
template <class T, class Threading>
struct sending_case {
  using threading = Threading;
  using entry = sender<T, Threading>;

  sending_case(channel_core<T, Threading>& channel, T& what) noexcept : to(&channel), value(&what) {}

  channel_core<T, Threading>* to;
  T* value;
};

template <class T, class Threading>
struct receiver : offer<Threading> {
  using result_type = result<T>;

  explicit receiver(const receiving_case<T, Threading>& what) noexcept : offer<Threading>(*what.from) {}

  [[nodiscard]] verdict poll(work_list& granted) noexcept {
    return static_cast<channel_core<T, Threading>&>(this->at).receive(slot, granted);
  }
  void enlist() noexcept {
    this->in = &this->at.receivers;
    this->in->push(*this);
  }
  [[nodiscard]] result<T> take() noexcept {
    if (this->outcome == verdict::done) return std::move(*slot);
    return std::errc::broken_pipe;
  }

  std::optional<T> slot;
};

template <class T, class Threading>
struct sender : offer<Threading> {
  using result_type = result<void>;

  explicit sender(const sending_case<T, Threading>& what) noexcept : offer<Threading>(*what.to), value(what.value) {}

  [[nodiscard]] verdict poll(work_list& granted) noexcept {
    return static_cast<channel_core<T, Threading>&>(this->at).send(*value, granted);
  }
  void enlist() noexcept {
    this->in = &this->at.senders;
    this->in->push(*this);
  }
  [[nodiscard]] result<void> take() const noexcept {
    if (this->outcome == verdict::done) return {};
    return this->outcome == verdict::closed ? std::errc::broken_pipe : std::errc::not_enough_memory;
  }

  T* value;
};

/// To send or to receive: a choice of one case.
template <class Case>
class single : public choosing<typename Case::threading, typename Case::entry> {
 public:
  using choosing<typename Case::threading, typename Case::entry>::choosing;

  [[nodiscard]] auto await_resume() noexcept -> typename Case::entry::result_type {
    if (this->canceled()) return std::errc::operation_canceled;
    return this->template case_at<0>().take();
  }
  /// What try_send and try_receive give.
  [[nodiscard]] auto at_once() noexcept -> typename Case::entry::result_type {
    if (!this->try_now()) return std::errc::resource_unavailable_try_again;
    return this->template case_at<0>().take();
  }
};

/// A value of its own, in front of the one that sends it.
template <class T>
struct keeps {
  template <class U>
  explicit keeps(U&& value) : own(std::forward<U>(value)) {}
  T own;
};

/// Sends a copy.
template <class T, class Threading>
class sends_copy : keeps<T>, public single<sending_case<T, Threading>> {
 public:
  template <class U>
  sends_copy(channel_core<T, Threading>& to, U&& value)
      : keeps<T>(std::forward<U>(value)),
        single<sending_case<T, Threading>>(sending_case<T, Threading>(to, keeps<T>::own)) {}
};

}  // namespace tenon::detail::syncing
