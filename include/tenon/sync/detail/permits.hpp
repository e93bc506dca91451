// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/environment.hpp>
#include <tenon/core/on_stop.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/work.hpp>
#include <tenon/sync/detail/granted_wait.hpp>
#include <tenon/sync/detail/line.hpp>

#include <atomic>
#include <cassert>
#include <coroutine>
#include <cstddef>
#include <mutex>
#include <system_error>

namespace tenon::detail::syncing {

/// One that asks for permits: it goes on when `needs` are there, and then takes `takes` of them away.
class applicant : public granted_wait, public link {
 public:
  const std::size_t needs;
  const std::size_t takes;

 protected:
  applicant(cancel_function cancel, work::function arrive, std::size_t least, std::size_t taken) noexcept
      : granted_wait(cancel, arrive), needs(least), takes(taken) {}
  ~applicant() = default;
};

/// A number of permits, and a line of those who wait for some: what all of sync/ but the channel is made of.
///
///     mutex         1 permit; lock takes it
///     shared_mutex  very many; a reader takes one, a writer all
///     semaphore     as many as it says
///     event         needs 1, takes 0; auto_event: takes 1; to set it is to give 1, and there is never more than 1
///     latch         needs 1, takes 0; given when the count has come to zero
///     barrier       the number of phases that are over; a wait needs that of its own, and takes none
///     condition     gives to those in line, and what nobody takes is gone: there are never any permits
///
/// Let a = permits there are, w = 1 when somebody is in line, else 0; the word holds 2a + w.
///
/// Invariants  I1  Who does not hold the mutex changes the word only from 2a to 2a': so while w = 1 only the holder
///                 changes it.
///             I2  w changes only under the mutex; with the mutex free, w = 1 <=> the line is not empty.
///             I3  With the mutex free nobody waits who could go on: of those that take some, the first in line needs
///                 more than a, and holds up those behind it, so that none starves; each one that takes none needs more
///                 than a, and is held up by nobody.
/// No lost wake-up: enter() puts w = 1 by a CAS from a value that was not enough. A give() that came before is in that
/// value; one that comes after fails its CAS (I1) and serves the line under the mutex.
/// One winner: a stop takes its applicant out of the line under the mutex, a grant too; who finds it gone has lost.
///
/// Edges       A  give: CAS(release) -> try_take, enter: CAS or load(acquire). CASes in between carry the edge on; the
///                stores that would break it are made under the mutex after load(acquire), and are release.
///             B  give -> applicant: the way home (an inbox, or the same thread).
/// The last touch: with nobody in line give() ends with its CAS, otherwise before the first applicant is sent home. So
/// who was granted something may destroy the primitive, if nobody else comes to it.
///
/// Cost        Nobody in line: one CAS (none when it takes 0). Otherwise the mutex, for a few instructions and for each
///             applicant that is served.
/// Model: tests/model/permits.cpp.
template <class Threading>
class permits {
 public:
  static constexpr std::size_t most = static_cast<std::size_t>(-1) / 2;

  explicit permits(std::size_t count) noexcept : word_(2 * count) {
    assert(count <= most && "tenon::sync: more permits than there can be");
  }
  permits(const permits&) = delete;
  permits& operator=(const permits&) = delete;

  [[nodiscard]] std::size_t available() const noexcept { return word_.load(std::memory_order_acquire) / 2; }

  /// False when there are not enough, or somebody is in line before one that takes some.
  [[nodiscard]] bool try_take(std::size_t needs, std::size_t takes) noexcept {
    std::size_t seen = word_.load(std::memory_order_acquire);  // edge A
    if (takes == 0) return seen / 2 >= needs;
    while (!waited_for(seen) && seen / 2 >= needs) {
      if (word_.compare_exchange_strong(seen, seen - 2 * takes, std::memory_order_acquire, std::memory_order_acquire)) {
        return true;  // edge A
      }
    }
    return false;
  }

  /// Any thread: gives `count` to those in line, and keeps the rest, but never more than `ceiling`.
  void give(std::size_t count, std::size_t ceiling) noexcept {
    std::size_t seen = word_.load(std::memory_order_relaxed);
    for (;;) {
      if (waited_for(seen)) {
        if (serve(count, ceiling)) return;
        seen = word_.load(std::memory_order_relaxed);
      } else if (word_.compare_exchange_strong(seen, 2 * most_of(sum(seen / 2, count), ceiling),
                                               std::memory_order_release, std::memory_order_relaxed)) {
        return;  // edge A; also where nothing changes, so that who takes it later sees what was done before this
      }
    }
  }

  /// Takes away what there is.
  void clear() noexcept {
    std::size_t seen = word_.load(std::memory_order_relaxed);
    while (!waited_for(seen) &&
           !word_.compare_exchange_strong(seen, 0, std::memory_order_acq_rel, std::memory_order_relaxed)) {
    }
  }

  /// At home: true when `one` is in line now, false when it has what it needs.
  [[nodiscard]] bool enter(applicant& one) noexcept {
    const std::lock_guard hold(mutex_);
    std::size_t seen = word_.load(std::memory_order_acquire);
    if (one.takes == 0 && seen / 2 >= one.needs) return false;  // edge A
    while (!waited_for(seen)) {
      const bool enough = seen / 2 >= one.needs;
      const std::size_t wanted = enough ? seen - 2 * one.takes : seen + 1;
      if (word_.compare_exchange_strong(seen, wanted, std::memory_order_acquire, std::memory_order_acquire)) {
        if (enough) return false;  // edge A
        break;
      }
    }
    line_.push(one);
    return true;
  }

  /// At home: takes `one` out of the line; false when it has been granted what it needs.
  [[nodiscard]] bool leave(applicant& one) noexcept {
    work_list granted;
    {
      const std::lock_guard hold(mutex_);
      if (!one.linked) return false;
      line_.remove(one);
      serve(word_.load(std::memory_order_acquire) / 2, most, granted);  // those behind it may need less
    }
    send_home(std::move(granted));
    return true;
  }

 private:
  [[nodiscard]] static bool waited_for(std::size_t word) noexcept { return word % 2 != 0; }
  [[nodiscard]] static std::size_t sum(std::size_t a, std::size_t b) noexcept { return b < most - a ? a + b : most; }
  [[nodiscard]] static std::size_t most_of(std::size_t count, std::size_t ceiling) noexcept {
    return count < ceiling ? count : ceiling;
  }

  /// False when nobody is in line any more.
  [[nodiscard]] bool serve(std::size_t count, std::size_t ceiling) noexcept {
    work_list granted;
    {
      const std::lock_guard hold(mutex_);
      const std::size_t seen = word_.load(std::memory_order_acquire);
      if (!waited_for(seen)) return false;
      serve(sum(seen / 2, count), ceiling, granted);
    }
    send_home(std::move(granted));
    return true;
  }
  /// Under the mutex, when the word has w = 1.
  void serve(std::size_t count, std::size_t ceiling, work_list& granted) noexcept {
    for (applicant *each = line_.front(), *behind = nullptr; each != nullptr; each = behind) {
      behind = line_.behind(*each);
      if (each->needs <= count) {
        count -= each->takes;
        line_.remove(*each);
        granted.push(static_cast<grant_item&>(*each));
      } else if (each->takes != 0) {
        break;
      }
    }
    const std::size_t waiting = line_.empty() ? 0 : 1;
    word_.store(2 * most_of(count, ceiling) + waiting, std::memory_order_release);
  }

  typename Threading::template atomic<std::size_t> word_;
  [[no_unique_address]] typename Threading::mutex mutex_;
  line<applicant> line_;
};

/// Waits for permits. The result says whether it has them.
template <class Threading>
class permit_wait : public applicant {
 public:
  permit_wait(permits<Threading>& from, std::size_t least, std::size_t taken, on_stop stop) noexcept
      : applicant(&cancel, &arrive, least, taken), from_(from), stop_(stop) {}

  [[nodiscard]] bool await_ready() noexcept { return !had_its_turn() && from_.try_take(needs, takes); }

  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    settle_here(waiter);
    const bool stops = stop_ == on_stop::cancel;
    if (stops && env().stop.stop_requested()) {
      canceled_ = !from_.try_take(needs, takes);
      return goes_on();
    }
    if (!from_.enter(*this)) return goes_on();
    if (stops) watch();
    return true;
  }

  [[nodiscard]] result<void> await_resume() const noexcept {
    if (canceled_) return std::errc::operation_canceled;
    return {};
  }

 protected:
  [[nodiscard]] bool canceled() const noexcept { return canceled_; }
  [[nodiscard]] permits<Threading>& from() const noexcept { return from_; }

 private:
  static void arrive(work& item) noexcept {
    static_cast<permit_wait&>(static_cast<applicant&>(static_cast<granted_wait&>(static_cast<grant_item&>(item))))
        .end();
  }
  static void cancel(wait& base) noexcept {
    auto& self = static_cast<permit_wait&>(base);
    if (!self.from_.leave(self)) return;  // the grant is on its way
    self.canceled_ = true;
    self.end_later();
  }

  permits<Threading>& from_;
  on_stop stop_;
  bool canceled_ = false;
};

}  // namespace tenon::detail::syncing
