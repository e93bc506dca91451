// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/fixed_string.hpp>
#include <tenon/core/work.hpp>
#include <tenon/pipeline/detail/chain.hpp>
#include <tenon/pipeline/detail/crew.hpp>
#include <tenon/pipeline/detail/joint.hpp>
#include <tenon/pipeline/detail/lead.hpp>
#include <tenon/pipeline/detail/said.hpp>
#include <tenon/pipeline/detail/serving.hpp>
#include <tenon/pipeline/detail/station.hpp>
#include <tenon/pipeline/detail/ticket.hpp>
#include <tenon/pipeline/detail/weave.hpp>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tenon::detail::weaving {

/// A fabric at work: joints, the function that each slot runs, and the end. `Errc` has the reasons for which an item
/// comes back.
///
/// Closed and drained. close() first freezes the number of entries of the first joint, then sets the closed bit of each
/// joint. A slot that finds it when it wants to go idle does so under mutex_, and then looks whether the first joint is
/// quiet, which it stays, then the second, whose number of entries is thereby final, and so on. Let x be the last event
/// that makes a joint quiet. It is not a signal: one that finds an idle slot makes it active, and one that finds none
/// leaves an active one behind. So it is a slot going idle: before the closed bit was set, and then close() sees it, or
/// under mutex_, and then the slot itself does. Whoever does has the fabric to itself until it wakes a waiter.
template <class R, class Pipeline, class ByTopology, class Errc, class Histogram>
class loom : public lasting<typename R::threading> {
  using woven = weave<R, Pipeline, ByTopology>;
  using threading = typename R::threading;

  static constexpr std::size_t last = woven::count - 1;

  template <std::size_t J>
  using station_of =
      station<threading, Histogram, woven::template joint_at<J>::workers, woven::template joint_at<J>::measured,
              woven::template joint_at<J>::ordered, (woven::template opener<J>::plan.batch != 0)>;
  template <class = std::make_index_sequence<woven::count>>
  struct every;
  template <std::size_t... J>
  struct every<std::index_sequence<J...>> {
    using stations = std::tuple<station_of<J>...>;
  };

 public:
  template <std::size_t J>
  using at = typename woven::template joint_at<J>;
  template <std::size_t J>
  using opener = typename woven::template opener<J>;
  using ticket_type = typename woven::template parts<>::ticket;
  using input = typename woven::input;
  using output = typename woven::template value<woven::count>::type;
  using errc = Errc;
  static constexpr std::size_t joints = woven::count;
  static constexpr auto& segments = Pipeline::segments;
  static constexpr std::size_t batch = 32;  // items that a slot takes before it lets others run

  loom(R& rt, const Pipeline& stages)
      : lasting<threading>([](lasting<threading>& self) noexcept { delete &static_cast<loom&>(self); }),
        rt_(rt),
        pipeline_(stages) {
    each([this](auto j) {
      this->template joint_at<j>().set_up(this, &serve<j>);
      if constexpr (is_elastic<j>) {
        std::get<j>(crews_).emplace(this->template runtime_of<j>(), this->template joint_at<j>(), pipeline_,
                                    static_cast<lasting<threading>&>(*this));
      }
    });
  }
  loom(const loom&) = delete;
  loom& operator=(const loom&) = delete;
  ~loom() { assert((drained_ || joint_at<0>().entries() == 0) && "a fabric is drained before it is destroyed"); }

  [[nodiscard]] const auto& stages() const noexcept { return pipeline_.stages(); }
  template <std::size_t J>
  [[nodiscard]] auto& joint_at() noexcept {
    return std::get<J>(joints_);
  }
  template <std::size_t J>
  [[nodiscard]] auto& crew_at() noexcept {
    return *std::get<J>(crews_);
  }
  template <std::size_t J>
  static constexpr bool is_elastic = woven::template joint_at<J>::elastic;
  /// The joint of the elastic stage of that name; `joints` if there is none.
  template <fixed_string Stage>
  [[nodiscard]] static consteval std::size_t elastic_named() noexcept {
    std::size_t found = joints;
    each([&](auto j) {
      if (is_elastic<j> && woven::template opener<j>::name.view() == Stage.view()) found = j;
    });
    return found;
  }
  /// The same of the measured one.
  template <fixed_string Stage>
  [[nodiscard]] static consteval std::size_t measured_named() noexcept {
    std::size_t found = joints;
    each([&](auto j) {
      if (at<j>::measured && woven::template opener<j>::name.view() == Stage.view()) found = j;
    });
    return found;
  }
  /// `see(stage, calls left behind)` for each elastic stage.
  template <class See>
  void each_crew(See see) const {
    each([&](auto j) {
      if constexpr (is_elastic<j>) see(opener<j>::name.view(), std::get<j>(crews_)->health().left_behind);
    });
  }
  template <std::size_t J>
  [[nodiscard]] auto& station_at() noexcept {
    return std::get<J>(stations_);
  }
  template <std::size_t J>
  [[nodiscard]] const auto& opener_at() const noexcept {
    return std::get<Pipeline::segments[J].begin>(stages());
  }
  /// The runtime that serves joint J, and that of what is before it.
  template <std::size_t J>
  [[nodiscard]] auto& runtime_of() const noexcept {
    using other = typename opener<J>::domain;
    if constexpr (std::is_void_v<other>) {
      return rt_;
    } else {
      return *opener_at<J>().template option<domain_option<other>>().runtime;
    }
  }
  template <std::size_t J>
  [[nodiscard]] auto& runtime_before() const noexcept {
    if constexpr (J == 0) {
      return rt_;
    } else {
      return runtime_of<J - 1>();
    }
  }

  /// Its owner's, when it is drained: the workers of elastic stages leave. It ends with the last call left behind.
  void part() noexcept {
    each([this](auto j) {
      if constexpr (is_elastic<j>) this->template crew_at<j>().end();
    });
    this->release();
  }

  /// Ends an item whose value at joint J is still in the ticket.
  template <std::size_t J>
  static void fail(ticket& item, std::error_code error) noexcept {
    static_cast<ticket_type&>(item).template discard<J>();
    tell(item, error);
  }
  /// The same for one whose value is elsewhere.
  static void tell(ticket& item, std::error_code error) noexcept {
    item.error = error;
    item.wake();
  }
  /// Ends what drop_oldest takes out of joint J.
  template <std::size_t J>
  [[nodiscard]] static auto losing() noexcept {
    return [](ticket& oldest) { fail<J>(oldest, Errc::dropped); };
  }

  /// Before an item is offered to joint J. Stamped: it bears the time already.
  template <std::size_t J, bool Stamped = false>
  void prepare(ticket_type& item) const noexcept {
    if constexpr (opener<J>::plan.levels != 0) {
      using levels_of = typename opener<J>::by_level;
      const auto level =
          opener_at<J>().template option<levels_of>().projection(std::as_const(item.template value<J>()));
      const auto number = static_cast<std::size_t>(level);
      item.level = static_cast<std::uint8_t>(number < levels_of::levels ? number : levels_of::levels - 1);
    }
    if constexpr (at<J>::timed && !Stamped) item.since = rt_.now();
    (void)item;
  }

  void close() noexcept {
    finish([this] {
      if (std::exchange(closed_, true)) return;
      entries_ = joint_at<0>().close_entry();
      each([this](auto j) {
        auto& joint = this->template joint_at<j>();
        joint.close();
        if constexpr (is_elastic<j>) joint.nudge_unless_settled(this->template runtime_of<j>());
      });
    });
  }
  /// False: there is nothing to wait for.
  [[nodiscard]] bool wait_until_drained(waiter& who) noexcept {
    const std::lock_guard hold(mutex_);
    if (!drained_) waiters_.push(who);
    return !drained_;
  }

  /// What the workers of joint J have measured, all of them.
  template <std::size_t J>
  void read_times(auto& wait, auto& service) const noexcept {
    for (const auto& each : std::get<J>(stations_).times.workers) {
      wait.add(each.wait);
      service.add(each.service);
    }
  }
  [[nodiscard]] std::array<joint_counts, woven::count> counts() const noexcept {
    return [this]<std::size_t... J>(std::index_sequence<J...>) {
      return std::array{std::get<J>(joints_).counts(woven::template opener<J>::name.view())...};
    }(std::make_index_sequence<woven::count>{});
  }

  // A slot's.

  /// The time, where joint J wants it.
  template <std::size_t J>
  [[nodiscard]] time_point clock() const noexcept {
    if constexpr (at<J>::timed) {
      return rt_.now();
    } else {
      return {};
    }
  }
  /// Whether an item that was taken at `now` is to be handled; else it is at its end.
  template <std::size_t J>
  [[nodiscard]] bool examine([[maybe_unused]] slot& me, [[maybe_unused]] ticket_type& item,
                             [[maybe_unused]] time_point now) noexcept {
    if constexpr (opener<J>::plan.expires) {
      if (now - item.since > opener_at<J>().template option<ttl_option>().time) {
        item.template discard<J>();
        item.error = Errc::expired;
        return false;
      }
    }
    if constexpr (at<J>::measured) station_at<J>().times.waited(is_elastic<J> ? 0 : me.index, now - item.since);
    return true;
  }
  /// After `count` items, begun at once, are done.
  template <std::size_t J>
  void worked([[maybe_unused]] slot& me, [[maybe_unused]] ticket_type** items, [[maybe_unused]] std::size_t count,
              [[maybe_unused]] time_point began) noexcept {
    if constexpr (at<J>::measured) {
      const time_point now = rt_.now();
      for (std::size_t i = 0; i < count; ++i) {
        station_at<J>().times.worked(is_elastic<J> ? 0 : me.index, now - began);
        items[i]->since = now;
      }
    }
  }

  /// Gives an item to the next joint, or back to its submitter. False: no room yet, and `me` goes on when there is.
  template <std::size_t J>
  [[nodiscard]] bool send_on(slot& me, ticket_type& item, [[maybe_unused]] bool done) noexcept {
    if constexpr (J < last) {
      if (done) {
        prepare<J + 1, at<J>::measured && !at<J>::ordered>(item);
        return pass<J + 1>(me, item);
      }
    }
    item.wake();
    return true;
  }
  template <class F>
  [[nodiscard]] static bool guarded(ticket& item, F f) noexcept {
#if defined(__cpp_exceptions)
    try {
      f();
    } catch (...) {
      item.failure = std::current_exception();
      return false;
    }
#else
    f();
    (void)item;
#endif
    return true;
  }

  /// Does `step`, by which a slot goes idle, and then what there is to do if that was the last.
  template <class F>
  [[nodiscard]] bool go_idle(bool closed, F step) noexcept {
    if (!closed) return step();
    bool idle = false;
    finish([&] { idle = step(); });
    return idle;
  }

 private:
  template <class F>
  static constexpr void each(F f) {
    [&]<std::size_t... J>(std::index_sequence<J...>) {
      (f(std::integral_constant<std::size_t, J>{}), ...);
    }(std::make_index_sequence<woven::count>{});
  }

  template <std::size_t J>
  static void serve(work& item) noexcept {
    slot& me = static_cast<slot&>(item);
    loom& self = *static_cast<loom*>(me.fabric);
    if constexpr (is_elastic<J>) {
      lead<J>(self, me);
    } else {
      serving<J, loom>::run(self, me);
    }
  }

  template <std::size_t J>
  [[nodiscard]] bool pass(slot& me, ticket_type& item) noexcept {
    auto& to = joint_at<J>();
    to.count_in();
    switch (to.offer(runtime_of<J>(), item, losing<J>())) {
      case entry::taken: return true;
      case entry::full:
        to.stall(runtime_of<J>(), item, me);  // by the time it returns, `me` may run on another thread
        return false;
      case entry::rejected: fail<J>(item, Errc::rejected); return true;
      case entry::dropped: fail<J>(item, Errc::dropped); return true;
    }
    return true;
  }

  /// Does `step` under the mutex, and wakes those who wait for the end if this is it. Then nothing is touched any more.
  template <class F>
  void finish(F step) noexcept {
    work_list woken;
    {
      const std::lock_guard hold(mutex_);
      step();
      if (closed_ && !drained_ && all_quiet()) {
        drained_ = true;
        woken = std::move(waiters_);
      }
    }
    while (work* const each_one = woken.pop()) static_cast<waiter*>(each_one)->wake();
  }

  [[nodiscard]] bool all_quiet() noexcept {
    bool quiet = true;
    each([&](auto j) {
      auto& joint = this->template joint_at<j>();
      quiet = quiet && joint.quiet(j == 0 ? entries_ : joint.entries());
    });
    return quiet;
  }

  R& rt_;
  Pipeline pipeline_;
  typename woven::template parts<>::joints joints_;
  [[no_unique_address]] typename woven::template parts<>::crews crews_;
  [[no_unique_address]] typename every<>::stations stations_;
  [[no_unique_address]] typename threading::mutex mutex_;
  work_list waiters_;
  std::uint64_t entries_ = 0;
  bool closed_ = false;
  bool drained_ = false;
};

}  // namespace tenon::detail::weaving
