// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/parallel/detail/extent.hpp>
#include <tenon/parallel/detail/parcel.hpp>

#include <cstdint>
#include <tuple>
#include <utility>

namespace tenon::detail {

/// How a loop goes on: in pieces of some microseconds, between which it looks whether somebody is hungry.
///
///     stride pieces(least, size);
///     while (at != end) {
///       if (pieces.wanted(end - at)) { fork what is left in two, which go on with pieces.size(); return; }
///       const extent until = at + pieces.next(end - at);
///       for (; at != until; ++at) ...;
///     }
///
/// A piece costs a reading of the clock and a load, some 25 ns for each 5,000 of work. The first is one element, the
/// next up to eight times as long, until the clock says that they are long enough. A size of 0: not known yet.
///
/// A piece is 5 us long where nothing else is said.
///
/// Source   A. Tzannes et al., "Lazy Scheduling: A Runtime Adaptive Scheduler for Declarative Parallelism", 2014 (split
///          when somebody is hungry); U. Acar et al., "Heartbeat Scheduling", 2018 (by time).
class stride {
 public:
  stride(extent least, extent size, std::int64_t piece_ns = 5'000) noexcept
      : own_(*this_thread_storage.forks),
        least_(least),
        size_(size),
        piece_ns_(piece_ns),
        is_timed_(size != 0),
        then_(steady::source::now()) {
    if (size_ < least_) size_ = least_;
    own_.pass(then_);
  }

  /// At the beginning of the part that goes on here: the other one is there for whoever comes, now or later.
  static void lay_open() noexcept { this_thread_storage.forks->lay_open(); }

  /// Whether the `left` elements should be shared now. The branches further out come first, and none that is worth less
  /// than the way to another core; no part is smaller than the least piece.
  [[nodiscard]] bool wanted(extent left) noexcept {
    if (!own_.wanted() || left / 2 < least_) return false;
    if (is_timed_ ? left < size_ / 2 : left > few) return false;
    return !own_.give();
  }
  /// How many of them come next. Times what came before.
  [[nodiscard]] extent next(extent left) noexcept {
    if (taken_ != 0) measure();
    taken_ = size_ < left ? size_ : left;
    return taken_;
  }
  /// The time since then was not spent on the elements.
  void waited(time_point since) noexcept { then_ += steady::source::now() - since; }
  /// What a part of this loop begins with elsewhere; 0 as long as it is not known.
  [[nodiscard]] extent size() const noexcept { return is_timed_ ? size_ : 0; }

 private:
  static constexpr std::int64_t telling_ns = 500;  // in less the clock itself counts
  static constexpr extent few = 64;                // elements, each of which may be long: shared unseen

  void measure() noexcept {
    const time_point now = steady::source::now();
    const std::int64_t spent = (now - then_).count();
    then_ = now;
    if (spent >= telling_ns) is_timed_ = true;
    const extent most = size_ < ~extent{0} / 8 ? size_ * 8 : ~extent{0};
    const double fitting = static_cast<double>(taken_) * static_cast<double>(piece_ns_) / static_cast<double>(spent);
    size_ = spent > 0 && fitting < static_cast<double>(most) ? static_cast<extent>(fitting) : most;
    if (size_ < least_) size_ = least_;
    own_.pass(now);
  }

  fork_stack& own_;
  extent least_;
  extent size_;
  extent taken_ = 0;
  std::int64_t piece_ns_;
  bool is_timed_;
  time_point then_;
};

/// fork_join of two, for what lies below it.
template <class F, class G>
[[nodiscard]] std::tuple<given_t<F>, given_t<G>> both(F f, G g) {
  return fork_all<std::tuple<given_t<F>, given_t<G>>>(std::index_sequence<0>(), carried<F>(f), carried<G>(g));
}

}  // namespace tenon::detail
