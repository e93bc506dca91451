// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/work.hpp>

#include <atomic>
#include <cstddef>
#include <new>

namespace tenon::detail {

/// The branches that a worker has made ready and not begun, newest on top: what a fork costs when nobody steals.
///
/// Only its worker touches it, with plain loads and stores, so nobody else can take anything from here. A worker that
/// finds nothing to steal says so by a flag, which the owner reads as it forks: then it hands the older half over to
/// its ready queue, where everything of this library is stolen. So the owner pays for a branch's way to a thief when
/// there is a thief, and the protocols are those of the ready queue and of parking.hpp.
///
/// Invariant: items_ <= begin_ <= end_ <= limit_, and [begin_, end_) are the branches, oldest first. The flag is a hint
/// and orders nothing: a branch that is not handed over is run by its owner.
///
/// Cost     push, pop: a few plain instructions. It grows by doubling and never shrinks.
/// Threads  The owner, but for ask().
/// Source   T. van Dijk, J. van de Pol, "Lace: Non-blocking Split Deque for Work-Stealing", 2014: the part that the
///          owner alone sees, and the flag.
class child_stack {
 public:
  constexpr child_stack() noexcept = default;
  /// `begins` is how one of its items is run; `asked`: there are others, who have not begun to look for work yet.
  child_stack(work::function begins, bool asked) noexcept : begins_(begins), asked_(asked) {}
  child_stack(const child_stack&) = delete;
  child_stack& operator=(const child_stack&) = delete;
  constexpr ~child_stack() { delete[] items_; }

  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(end_ - begin_); }
  [[nodiscard]] bool has_room(std::size_t more) const noexcept {
    return static_cast<std::size_t>(limit_ - end_) >= more;
  }
  /// There is room for it.
  void push(work& item) noexcept { *end_++ = &item; }
  /// The newest, which there is; it stays.
  [[nodiscard]] work& top() const noexcept { return *end_[-1]; }
  /// Takes the newest, which there is.
  void drop() noexcept { --end_; }
  /// The same for its worker, which runs what comes from its queues: the newest, or nullptr.
  [[nodiscard]] work* pop() noexcept {
    if (empty()) return nullptr;
    work* const item = *--end_;
    item->run = begins_;
    return item;
  }
  /// Takes the oldest, which there is.
  [[nodiscard]] work& shift() noexcept { return **begin_++; }

  /// Room for `more`. False when there is no memory for it.
  [[nodiscard]] bool make_room(std::size_t more) noexcept {
    const std::size_t live = size();
    const auto room = static_cast<std::size_t>(limit_ - items_);
    if (live + more <= room / 2) {
      for (std::size_t i = 0; i < live; ++i) items_[i] = begin_[i];
    } else {
      std::size_t wanted = room == 0 ? 64 : 2 * room;
      while (wanted < live + more) wanted *= 2;
      work** const larger = new (std::nothrow) work*[wanted];
      if (larger == nullptr) return false;
      for (std::size_t i = 0; i < live; ++i) larger[i] = begin_[i];
      delete[] items_;
      items_ = larger;
      limit_ = larger + wanted;
    }
    begin_ = items_;
    end_ = items_ + live;
    return true;
  }

  /// Whether a worker has asked for something to steal since the last answer().
  [[nodiscard]] bool asked() const noexcept { return asked_.load(std::memory_order_relaxed); }
  void answer() noexcept { asked_.store(false, std::memory_order_relaxed); }
  /// Any thread: there is nothing to steal here.
  void ask() noexcept {
    if (!asked()) asked_.store(true, std::memory_order_relaxed);
  }

 private:
  work** begin_ = nullptr;
  work** end_ = nullptr;
  work** limit_ = nullptr;
  work** items_ = nullptr;
  work::function begins_ = nullptr;
  alignas(cache_line) std::atomic<bool> asked_{false};
};

/// That of a thread which has none: it is empty, and never has room.
inline constinit child_stack no_children;

}  // namespace tenon::detail
