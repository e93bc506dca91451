// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/detail/received_part.hpp>
#include <tenon/core/io_operation.hpp>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include <unistd.h>

namespace tenon::detail {

/// Accepted sockets that nobody has asked for yet. One that is armed has all accepted who wait, as many as they are.
///
/// Threads  push: the loop's. pop: the one that accepts.
template <class Threading>
class accepted_sockets {
  struct turn {  // std::lock_guard costs a header
    explicit turn(typename Threading::mutex& at) noexcept : mutex(at) { mutex.lock(); }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() { mutex.unlock(); }
    typename Threading::mutex& mutex;
  };

 public:
  /// From here on no more are to be accepted.
  static constexpr unsigned enough = 32;

  accepted_sockets() = default;
  accepted_sockets(const accepted_sockets&) = delete;
  accepted_sockets& operator=(const accepted_sockets&) = delete;
  ~accepted_sockets() {
    for (int fd = pop(); fd >= 0; fd = pop()) ::close(fd);
  }
  [[nodiscard]] unsigned size() noexcept {
    const turn mine(mutex_);
    return tail_ - head_;
  }
  /// False: no memory.
  [[nodiscard]] bool push(int fd) noexcept {
    const turn mine(mutex_);
    if (tail_ - head_ == room_ && !grow()) return false;
    fds_[tail_++ % room_] = fd;
    return true;
  }
  /// -1 when there is none.
  [[nodiscard]] int pop() noexcept {
    const turn mine(mutex_);
    return head_ == tail_ ? -1 : fds_[head_++ % room_];
  }

 private:
  [[nodiscard]] bool grow() noexcept {
    const unsigned room = room_ == 0 ? enough : 2 * room_;
    std::unique_ptr<int[]> more(new (std::nothrow) int[room]);
    if (more == nullptr) return false;
    const unsigned count = tail_ - head_;
    for (unsigned i = 0; i < count; ++i) more[i] = fds_[(head_ + i) % room_];
    fds_ = std::move(more);
    room_ = room;
    head_ = 0;
    tail_ = count;
    return true;
  }

  typename Threading::mutex mutex_;
  std::unique_ptr<int[]> fds_;
  unsigned room_ = 0;
  unsigned head_ = 0;
  unsigned tail_ = 0;
};

/// What a multishot operation has brought for a source and nobody has asked for yet: received bytes, or accepted
/// sockets; and whether the kernel still holds the operation.
///
/// Two threads meet here: the loop's, which brings, and the one that reads (a task may have been stolen; the scheduler
/// orders those who read in turn). `armed` and `arrived_` are all they share:
///   - a part goes from the loop to the reader by the push on `arrived_` (release) and its exchange (acquire);
///   - `end` is written before `armed` becomes false (release). Who has read `armed` as false (acquire), and looks at
///     `arrived_` after that, sees all that this operation brought, so that a call of its own cannot overtake it.
/// Only who reads has the operation armed, by way of the loop: `armed` does not become true beneath a reader.
/// Model: tests/model/inbound.cpp.
template <class Threading>
class inbound {
  template <class T>
  using atomic = typename Threading::template atomic<T>;
  using part = received_part<Threading>;

 public:
  static constexpr int none = 1;  ///< no end, for ends are <= 0

  inbound() = default;
  inbound(const inbound&) = delete;
  inbound& operator=(const inbound&) = delete;
  ~inbound() { drop(); }

  // The loop.

  [[nodiscard]] bool is_armed() const noexcept { return armed_.load(std::memory_order_acquire); }
  /// Whether it is of use to arm it (again).
  [[nodiscard]] bool may_be_armed() const noexcept { return !ended_; }
  /// False: no memory.
  [[nodiscard]] bool arm_accept() noexcept {
    if (accepted_ == nullptr) accepted_.reset(new (std::nothrow) accepted_sockets<Threading>);
    if (accepted_ == nullptr) return false;
    arm();
    return true;
  }
  void arm() noexcept {
    end_ = none;
    is_cancelled_ = false;
    armed_.store(true, std::memory_order_relaxed);
  }
  /// The kernel has let go of it. `end`: what the reader is to be told after the rest, or `none`.
  void disarm(int end) noexcept {
    end_ = end;
    armed_.store(false, std::memory_order_release);
  }
  /// True, once: the kernel is to be asked to let go of it.
  [[nodiscard]] bool cancel() noexcept { return is_armed() && !std::exchange(is_cancelled_, true); }
  [[nodiscard]] bool is_cancelled() const noexcept { return is_cancelled_; }

  void push(part& come) noexcept {
    waiting_.fetch_add(1, std::memory_order_relaxed);
    part* top = arrived_.load(std::memory_order_relaxed);
    do {
      come.next = top;
    } while (!arrived_.compare_exchange_strong(top, &come, std::memory_order_release, std::memory_order_relaxed));
  }
  /// How many parts, or sockets, nobody has asked for.
  [[nodiscard]] unsigned waiting() const noexcept {
    return accepted_ != nullptr ? accepted_->size() : waiting_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool accepts() const noexcept { return accepted_ != nullptr; }
  [[nodiscard]] bool push_accepted(int fd) noexcept { return accepted_->push(fd); }

  // The reader.

  /// Ends the operation with what has come. False: nothing has. `was_armed`: what is_armed() said before.
  [[nodiscard]] bool serve(io_operation& op, bool was_armed) noexcept {
    if (op.kind == io_kind::accept) {
      const int fd = accepted_ != nullptr ? accepted_->pop() : -1;
      if (fd >= 0) return op.outcome = fd, true;
    } else if (look() != nullptr) {
      op.outcome = op.kind == io_kind::read ? copy(static_cast<std::byte*>(op.data), op.size) : 0;
      return true;
    }
    if (was_armed || end_ == none) return false;
    if (op.kind == io_kind::arrival) return op.outcome = 0, true;
    op.outcome = end_;
    end_ = none;
    ended_ = op.kind != io_kind::accept;
    return true;
  }
  /// The next part, or null. It is the caller's, who gives it back to its pool.
  [[nodiscard]] part* take() noexcept {
    part* const first = look();
    if (first == nullptr) return nullptr;
    front_ = first->next;
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    return first;
  }
  /// Gives back all that has come.
  void drop() noexcept {
    while (part* const each = take()) each->pool->give_back(*each);
    accepted_.reset();
  }
  /// As new. Nothing is armed.
  void reset() noexcept {
    drop();
    end_ = none;
    ended_ = false;
    is_cancelled_ = false;
  }

 private:
  [[nodiscard]] part* look() noexcept {
    if (front_ != nullptr) return front_;
    if (arrived_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    part* newest = arrived_.exchange(nullptr, std::memory_order_acquire);
    while (newest != nullptr) {  // turned round
      part* const older = newest->next;
      newest->next = front_;
      front_ = newest;
      newest = older;
    }
    return front_;
  }
  [[nodiscard]] std::int64_t copy(std::byte* to, std::size_t room) noexcept {
    std::size_t total = 0;
    while (part* const first = look()) {
      const std::size_t count = first->size() < room - total ? first->size() : room - total;
      std::memcpy(to + total, first->data + first->begin, count);
      total += count;
      first->begin += static_cast<std::uint32_t>(count);
      if (first->begin != first->end) break;
      (void)take();
      first->pool->give_back(*first);
      if (total == room) break;
    }
    return static_cast<std::int64_t>(total);
  }

  atomic<bool> armed_{false};
  bool is_cancelled_ = false;  // the loop's
  bool ended_ = false;         // the reader's, and the loop's while an operation is in flight
  int end_ = none;
  atomic<unsigned> waiting_{0};
  atomic<part*> arrived_{nullptr};  // newest first
  part* front_ = nullptr;           // oldest first; the reader's
  std::unique_ptr<accepted_sockets<Threading>> accepted_;
};

}  // namespace tenon::detail
