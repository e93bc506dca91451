// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/detail/bell.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/work.hpp>
#include <tenon/pipeline/detail/chain.hpp>
#include <tenon/pipeline/detail/elastic_stage.hpp>
#include <tenon/pipeline/detail/elasticity.hpp>
#include <tenon/pipeline/detail/hand.hpp>
#include <tenon/pipeline/detail/health.hpp>
#include <tenon/pipeline/detail/rotation.hpp>
#include <tenon/pipeline/detail/ticket.hpp>
#include <tenon/pipeline/detail/watch.hpp>

#include <array>
#include <cstddef>
#include <mutex>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tenon::detail::weaving {

/// What lives as long as anybody needs it: a fabric, or a call that it has left behind.
template <class Threading>
class lasting {
 public:
  explicit lasting(void (*end)(lasting&) noexcept) noexcept : end_(end) {}
  lasting(const lasting&) = delete;
  lasting& operator=(const lasting&) = delete;

  void keep() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) end_(*this);
  }

 private:
  void (*end_)(lasting&) noexcept;
  typename Threading::template atomic<std::size_t> owners_{1};
};

/// The workers of an elastic stage. Joint J's one slot leads them (lead.hpp): it alone changes what stands here, so
/// that of what meets an item, its end, its timeout, room behind it, there is always a first.
///
/// mutex_ guards what others look at or leave here: the health of the workers, the list of those that have come back,
/// and the watch. Who leaves something nudges the slot under it. So when the slot has seen all that there is, and goes
/// idle settled, nobody has more to do here than to unlock.
///
/// A worker is in one of these places, and the slot moves it from each: idle, in free_; at work, in a list by the time
/// at which it began; come back; waiting for room behind, which brings it back; late, in a list of its own.
template <class Woven, std::size_t J>
class crew {
  using R = typename Woven::template runtime_at<J>;
  using joint = typename Woven::template joint_at<J>::type;
  using pipeline = typename Woven::pipeline;
  static constexpr segment_plan segment = Woven::segments[J];
  using opener = typename Woven::template opener<J>;
  using traits = elastic_traits<std::remove_cvref_t<decltype(std::declval<const opener&>().function())>>;

 public:
  using threading = typename Woven::threading;
  using in_type = typename Woven::template value<J>::type;
  using out_type = typename Woven::template value<J + 1>::type;
  static constexpr bool hears = traits::hears;
  using hand_type = std::conditional_t<traits::later, task_hand<crew>, thread_hand<crew>>;
  static constexpr std::size_t min = opener::plan.least;
  static constexpr std::size_t max = opener::plan.workers;
  using health_type = stage_health<max>;

  crew(R& rt, joint& at, const pipeline& stages, lasting<threading>& whole) noexcept
      : rt_(rt), joint_(at), stages_(stages), whole_(whole), watch_(this, &rings) {
    for (std::size_t place = 0; place < min; ++place) (void)hire(place);
  }
  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;

  // A worker's.

  [[nodiscard]] static const char* name() noexcept { return opener::name.view().data(); }
  [[nodiscard]] R& runtime() const noexcept { return rt_; }

  [[nodiscard]] out_type perform(in_type&& item, const std::stop_token& stop) const {
    if constexpr (segment.begin + 1 == segment.end) {
      return call_elastic(function(), std::move(item), stop);
    } else {
      return run_stages<segment.begin + 1, segment.end>(stages_.stages(),
                                                        call_elastic(function(), std::move(item), stop));
    }
  }
  [[nodiscard]] auto begin(in_type&& item, const std::stop_token& stop) const {
    return call_elastic(function(), std::move(item), stop);
  }
  template <class Given>
  [[nodiscard]] out_type finish(Given&& given) const {
    if constexpr (segment.begin + 1 == segment.end) {
      return std::forward<Given>(given);
    } else {
      return run_stages<segment.begin + 1, segment.end>(stages_.stages(), std::forward<Given>(given));
    }
  }

  /// A thread begins: it is not pinned with the worker that began it. One that is disowned by then has no runtime.
  void lets_roam([[maybe_unused]] const hand<crew>& who) noexcept {
    if constexpr (requires { rt_.let_roam(); }) {
      const std::lock_guard hold(mutex_);
      if (!who.disowned) rt_.let_roam();
    }
  }
  /// Its last touch, when it has done its item or there is room for it. False: nobody waits for it.
  [[nodiscard]] bool comes_back(hand<crew>& who) noexcept {
    const std::lock_guard hold(mutex_);
    if (who.disowned) {
      --disowned_;
      return false;
    }
    who.after = nullptr;
    (back_ == nullptr ? back_ : newest_back_->after) = &who;
    newest_back_ = &who;
    joint_.nudge(rt_);
    return true;
  }
  /// Its last touch, when it leaves: it is to join the one that left before it.
  [[nodiscard]] leavers::left leaves() noexcept {
    const std::lock_guard hold(mutex_);
    if (--yard_.threads == 0) yard_.empty.ring();
    return yard_.gone.leave();
  }
  /// That of one that nobody waits for.
  void release() noexcept { whole_.release(); }

  // The slot's.

  /// One that has come back.
  [[nodiscard]] hand_type* next_back() noexcept {
    const std::lock_guard hold(mutex_);
    hand<crew>* const first = back_;
    if (first != nullptr) back_ = first->after;
    return static_cast<hand_type*>(first);
  }
  /// One that has come back has done its item, begun at the time it gives. What it gave is still there.
  time_point has_done(hand_type& who) noexcept {
    const std::lock_guard hold(mutex_);
    at_work_.remove(who);
    who.state.store(worker_state::completed, std::memory_order_relaxed);
    joint_.leave();
    return who.since;
  }
  /// Its result is handed on.
  void is_idle(hand_type& who, time_point now) noexcept {
    const std::lock_guard hold(mutex_);
    who.state.store(worker_state::idle, std::memory_order_relaxed);
    who.since = now;
    ++seats_[who.index].done;
    --busy_;
    free_.free(who.index);
  }
  /// One that is late has come back.
  void dismiss(hand_type& who) noexcept {
    {
      const std::lock_guard hold(mutex_);
      late_.remove(who);
      --left_behind_;
    }
    who.retire();
  }

  /// Whose time is over, if anybody's is.
  [[nodiscard]] hand_type* overdue(time_point now) noexcept {
    hand_type* const first = static_cast<hand_type*>(at_work_.first);
    return first != nullptr && deadline_of(*first) <= now ? first : nullptr;
  }
  /// Another takes the place of one that is at work. Gives the item, which it still works on.
  [[nodiscard]] ticket& leave_behind(hand_type& who, time_point now) noexcept {
    ticket& item = *who.item;
    {
      const std::lock_guard hold(mutex_);
      at_work_.remove(who);
      late_.append(who);
      who.late = true;
      who.item = nullptr;
      ++left_behind_;
      --busy_;
      --hired_;
      seats_[who.index].who = nullptr;
      ++seats_[who.index].replaced;
      joint_.expire();
      hire_at(who.index, now);
    }
    who.ask_to_stop();  // no lock is held: what hears of it may be anything
    return item;
  }

  /// What waits because there was no worker to be had; else whether one might be.
  [[nodiscard]] ticket* take_pending() noexcept { return std::exchange(pending_, nullptr); }
  [[nodiscard]] bool can_take() const noexcept { return busy_ < hired_ || hired_ < max; }
  [[nodiscard]] bool is_empty() const noexcept { return hired_ == 0; }
  void keep_pending(ticket& item) noexcept { pending_ = &item; }

  /// Gives an item to the one whose turn it is, or to a new one. False: there is none. `item` is who.take<J>() of it.
  template <class Ticket>
  [[nodiscard]] bool assign(Ticket& item, time_point now) noexcept {
    const std::lock_guard hold(mutex_);
    std::size_t place = free_.take();
    if (place == free_.none) {
      (void)rule_.decide(now, busy_, 1);
      if (!hire_somewhere(now)) return false;
      place = free_.take();
    }
    hand_type& who = *seats_[place].who;
    who.item = &item;
    who.since = now;
    ++busy_;
    at_work_.append(who);
    who.give(item.template take<J>());
    return true;
  }
  /// Those that were not needed for long enough leave.
  void adjust(time_point now) noexcept {
    const std::lock_guard hold(mutex_);
    const std::size_t size = rule_.decide(now, busy_, 0);
    while (hired_ > size) {
      const std::size_t place = free_.highest();
      if (place == free_.none) return;
      free_.occupy(place);
      --hired_;
      std::exchange(seats_[place].who, nullptr)->retire();
    }
    while (hired_ < min && hire_somewhere(now)) {
    }
  }
  /// Sets the watch. True: nothing moves the slot any more but a signal.
  [[nodiscard]] bool settle(loop& at, time_point now, bool closed) noexcept {
    const std::lock_guard hold(mutex_);
    if (closed && patience_ends_ == never)
      patience_ends_ = after(now, first_stage().template option<grace_option>().time);
    const bool waits = left_behind_ != 0 && (!hand_type::may_be_disowned || !closed || now < patience_ends_);
    time_point next = at_work_.first != nullptr ? deadline_of(*at_work_.first) : never;
    const time_point other = !closed ? rule_.next() : waits && hand_type::may_be_disowned ? patience_ends_ : never;
    if (other < next) next = other;
    watch_.set(at, next);
    if (busy_ != 0 || pending_ != nullptr || back_ != nullptr || waits || !watch_.is_free()) return false;
    if constexpr (hand_type::may_be_disowned) {
      if (closed) disown();
    }
    return true;
  }

  /// Who owns the fabric's: all leave, and are waited for.
  void end() noexcept {
    for (seat& each : seats_) {
      if (each.who != nullptr) std::exchange(each.who, nullptr)->retire();
    }
    if constexpr (!traits::later) {
      leavers::left last;
      {
        const std::lock_guard hold(mutex_);
        while (yard_.threads != 0) yard_.empty.wait(*mutex_.native_handle());
        last = yard_.gone.last();
      }
      last.join();
    }
  }

  /// Any thread.
  [[nodiscard]] health_type health() const noexcept {
    health_type seen;
    const std::lock_guard hold(mutex_);
    seen.size = hired_;
    seen.min = min;
    seen.busy = busy_;
    seen.left_behind = left_behind_ + disowned_;
    std::size_t at_work = 0;
    for (std::size_t i = 0; i < max; ++i) {
      auto& into = seen.workers[i];
      into.done = seats_[i].done;
      into.replaced = seats_[i].replaced;
      if (seats_[i].who == nullptr) continue;
      into.since = seats_[i].who->since;
      into.state = seats_[i].who->state.load(std::memory_order_relaxed);
      if (into.state == worker_state::assigned || into.state == worker_state::executing) ++at_work;
    }
    const auto held = static_cast<std::size_t>(joint_.counts({}).held);
    seen.queued = held > at_work ? held - at_work : 0;
    return seen;
  }

 private:
  struct seat {
    hand_type* who = nullptr;
    std::uint64_t done = 0;
    std::uint64_t replaced = 0;
  };
  struct hands {
    void append(hand<crew>& who) noexcept {
      who.later = nullptr;
      who.earlier = std::exchange(last, &who);
      (who.earlier != nullptr ? who.earlier->later : first) = &who;
    }
    void remove(hand<crew>& who) noexcept {
      (who.earlier != nullptr ? who.earlier->later : first) = who.later;
      (who.later != nullptr ? who.later->earlier : last) = who.earlier;
    }
    hand<crew>* first = nullptr;
    hand<crew>* last = nullptr;
  };
  struct yard {
    std::size_t threads = 0;  // that have not left, and are waited for
    bell empty;
    leavers gone;
  };
  struct no_yard {};

  static void rings(void* its, bool fetched) noexcept {
    auto& self = *static_cast<crew*>(its);
    const std::lock_guard hold(self.mutex_);
    self.watch_.rang(fetched);
    self.joint_.nudge(self.rt_);
  }
  static void has_room(work& item) noexcept {
    auto& who = static_cast<hand<crew>&>(static_cast<slot&>(item));
    (void)who.crew.comes_back(who);
  }

  [[nodiscard]] const opener& first_stage() const noexcept { return std::get<segment.begin>(stages_.stages()); }
  [[nodiscard]] const auto& function() const noexcept { return first_stage().function(); }
  [[nodiscard]] time_point deadline_of(const hand<crew>& who) const noexcept { return after(who.since, timeout_); }

  /// False: the system gives none; or those that were left behind are so many that nobody takes their places.
  [[nodiscard]] bool hire(std::size_t at) noexcept {
    if (hired_ + left_behind_ + disowned_ >= 2 * max) return false;
    hand_type* const made = hand_type::hire(*this, at);
    if (made == nullptr) return false;
    made->run = &has_room;
    seats_[at].who = made;
    ++hired_;
    free_.free(at);
    if constexpr (!traits::later) ++yard_.threads;
    return true;
  }
  bool hire_at(std::size_t at, time_point now) noexcept {
    if (!hire(at)) return false;
    seats_[at].who->since = now;
    return true;
  }
  [[nodiscard]] bool hire_somewhere(time_point now) noexcept {
    std::size_t at = 0;
    while (at < max && seats_[at].who != nullptr) ++at;
    return at < max && hire_at(at, now);
  }
  void disown() noexcept {
    for (hand<crew>* each = late_.first; each != nullptr; each = each->later) {
      each->disowned = true;
      ++disowned_;
      --yard_.threads;
      whole_.keep();
    }
    late_ = {};
    left_behind_ = 0;
  }

  R& rt_;
  joint& joint_;
  const pipeline& stages_;
  lasting<threading>& whole_;
  const duration timeout_ = first_stage().template option<task_timeout_option>().time;
  mutable typename threading::mutex mutex_;
  watch watch_;
  elasticity<min, max> rule_{first_stage().template option<idle_after_option>().time};
  rotation<max> free_;
  std::array<seat, max> seats_{};
  std::size_t hired_ = 0;
  std::size_t busy_ = 0;
  std::size_t left_behind_ = 0;
  std::size_t disowned_ = 0;
  hands at_work_;
  hands late_;
  hand<crew>* back_ = nullptr;
  hand<crew>* newest_back_ = nullptr;
  ticket* pending_ = nullptr;
  time_point patience_ends_ = never;
  [[no_unique_address]] std::conditional_t<traits::later, no_yard, yard> yard_;
};

}  // namespace tenon::detail::weaving
