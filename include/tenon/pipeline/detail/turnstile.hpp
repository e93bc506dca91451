// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/work.hpp>
#include <tenon/pipeline/detail/ticket.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

namespace tenon::detail::weaving {

/// Where the items of a stage of several workers get back into the order in which they were taken.
///
/// Let t be the number of items taken and h of those let go; item i of [h, t) is in a worker's hands, or lies in
/// done_[i mod Room]. All of it under one mutex:
///   (1) t - h <= Room: who would take one more is parked, until one is let go;
///   (2) at most one slot lets go at a time, the *porter*; done_[h] is empty when there is none, so that whoever brings
///       item h becomes the porter. A porter that has to wait for room in the next queue stays it. So items are let go
///       in order, by one at a time, each after the one before it: to the next queue they are one producer's;
///   (3) no slot is parked for ever: it was parked with Room items under way, each of which unparks one as it is let
///       go, and parked are fewer than Workers <= Room.
/// A parked slot is active: it cannot go idle, and the joint is not quiet.
template <class Threading, std::size_t Workers>
class turnstile {
 public:
  static constexpr std::size_t room = std::bit_ceil(2 * Workers);

  struct taken {
    ticket* item;
    std::uint64_t turn;
    bool parked;
  };

  /// Calls take() for an item, if there is room for its turn. Parked: `me` will be scheduled, and is not to be touched.
  template <class Take>
  [[nodiscard]] taken enter(work& me, Take take) noexcept {
    const std::lock_guard hold(mutex_);
    if (taken_ - let_go_ == room) {
      parked_.push(me);
      return {nullptr, 0, true};
    }
    ticket* const item = take();
    return {item, item != nullptr ? taken_++ : 0, false};
  }

  /// Brings a finished item. True: the caller is the porter now.
  [[nodiscard]] bool bring(ticket& item, std::uint64_t turn) noexcept {
    const std::lock_guard hold(mutex_);
    done_[turn % room] = &item;
    return turn == let_go_ && !std::exchange(has_porter_, true);
  }

  struct released {
    ticket* item;
    work* unparked;
  };
  /// The porter's: the item whose turn it is, and a slot that there is room for now; without an item he is porter no
  /// more.
  [[nodiscard]] released next() noexcept {
    const std::lock_guard hold(mutex_);
    ticket* const item = std::exchange(done_[let_go_ % room], nullptr);
    if (item == nullptr) {
      has_porter_ = false;
      return {nullptr, nullptr};
    }
    ++let_go_;
    return {item, parked_.pop()};
  }

  /// The porter's own note that he is it while he waits elsewhere.
  std::array<bool, Workers> resumes{};

 private:
  [[no_unique_address]] typename Threading::mutex mutex_;
  std::array<ticket*, room> done_{};
  std::uint64_t taken_ = 0;
  std::uint64_t let_go_ = 0;
  bool has_porter_ = false;
  work_list parked_;
};

}  // namespace tenon::detail::weaving
