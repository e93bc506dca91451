// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/work.hpp>
#include <tenon/pipeline/detail/batched.hpp>
#include <tenon/pipeline/detail/chain.hpp>
#include <tenon/pipeline/detail/joint.hpp>
#include <tenon/pipeline/detail/ticket.hpp>

#include <array>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

namespace tenon::detail::weaving {

/// How a slot goes idle at joint `from` of a loom, if nothing has come since it saw `seen`.
template <class Loom, class Joint, class Seen>
[[nodiscard]] bool rests(Loom& all, Joint& from, const Seen& seen, slot& me) noexcept {
  return all.go_idle(from.closed(seen), [&] { return from.go_idle(seen, me); });
}

/// Runs what is behind the first `Skipped` stages of segment J of a loom on what these gave.
template <std::size_t J, std::size_t Skipped, class Loom, class X>
[[nodiscard]] bool complete(Loom& all, typename Loom::ticket_type& item, X&& x) noexcept {
  return Loom::guarded(item, [&] {
    constexpr auto segment = Loom::segments[J];
    auto taken = std::forward<X>(x);
    if constexpr (segment.begin + Skipped == segment.end) {
      item.template emplace<J + 1>([&] { return std::move(taken); });
    } else {
      const auto call = [&] {
        return run_stages<segment.begin + Skipped, segment.end>(all.stages(), std::move(taken));
      };
      if constexpr (J + 1 == Loom::joints && std::is_void_v<typename Loom::output>) {
        call();
      } else {
        item.template emplace<J + 1>(call);
      }
    }
  });
}

/// Runs segment J on an item. False: it failed, or was too late.
template <std::size_t J, class Loom>
[[nodiscard]] bool handle(Loom& all, slot& me, typename Loom::ticket_type& item) noexcept {
  const time_point began = all.template clock<J>();
  if (!all.template examine<J>(me, item, began)) return false;
  const bool done = complete<J, 0>(all, item, item.template take<J>());
  auto* one = &item;
  all.template worked<J>(me, &one, 1, began);
  return done;
}

/// Counts an item out of joint J, and hands it on. False: the next queue is full, and the slot goes on when it is not.
template <std::size_t J, class Loom>
[[nodiscard]] bool hand_on(Loom& all, slot& me, typename Loom::ticket_type& item, bool done) noexcept {
  auto& from = all.template joint_at<J>();
  if (Loom::template opener<J>::plan.expires && item.error) {
    from.count_expired();
  } else {
    from.leave();
  }
  return all.template send_on<J>(me, item, done);
}

/// Serves joint J of a loom, item by item.
template <std::size_t J, class Loom>
struct one_by_one {
  static void run(Loom& all, slot& me) noexcept {
    auto& from = all.template joint_at<J>();
    for (std::size_t n = 0; n < Loom::batch; ++n) {
      ticket* item = from.take(all.template runtime_before<J>());
      if (item == nullptr) {
        const auto seen = from.look();
        item = from.take(all.template runtime_before<J>());
        if (item == nullptr) {
          if (rests(all, from, seen, me)) return;
          continue;
        }
      }
      auto& taken = static_cast<typename Loom::ticket_type&>(*item);
      const bool done = handle<J>(all, me, taken);
      if (!hand_on<J>(all, me, taken, done)) return;
    }
    all.template runtime_of<J>().schedule(me);
  }
};

/// Serves joint J of a loom, item by item, each let go in its turn.
template <std::size_t J, class Loom>
struct in_order {
  static void run(Loom& all, slot& me) noexcept {
    auto& from = all.template joint_at<J>();
    auto& gate = all.template station_at<J>().gate;
    const auto enter = [&] { return gate.enter(me, [&] { return from.take(all.template runtime_before<J>()); }); };
    if (std::exchange(gate.resumes[me.index], false) && !carry(all, me)) return;
    for (std::size_t n = 0; n < Loom::batch; ++n) {
      auto got = enter();
      if (got.parked) return;
      if (got.item == nullptr) {
        const auto seen = from.look();
        got = enter();
        if (got.parked) return;
        if (got.item == nullptr) {
          if (rests(all, from, seen, me)) return;
          continue;
        }
      }
      (void)weaving::handle<J>(all, me, static_cast<typename Loom::ticket_type&>(*got.item));
      if (gate.bring(*got.item, got.turn) && !carry(all, me)) return;
    }
    all.template runtime_of<J>().schedule(me);
  }

 private:
  /// The porter's round. False: he goes on when `me` runs again, which he may by now.
  static bool carry(Loom& all, slot& me) noexcept {
    auto& gate = all.template station_at<J>().gate;
    for (std::size_t n = 0;; ++n) {
      gate.resumes[me.index] = true;
      if (n == Loom::batch) {
        all.template runtime_of<J>().schedule(me);
        return false;
      }
      const auto [item, unparked] = gate.next();
      if (item == nullptr) {
        gate.resumes[me.index] = false;
        return true;
      }
      if (unparked != nullptr) all.template runtime_of<J>().schedule(*unparked);
      auto& ready = static_cast<typename Loom::ticket_type&>(*item);
      if (!hand_on<J>(all, me, ready, !ready.failed())) return false;
    }
  }
};

/// Serves joint J of a loom, as many items at once as there are.
template <std::size_t J, class Loom>
struct in_batches {
  using function = typename Loom::template opener<J>::function_type;  // a `batched`
  using ticket_type = typename Loom::ticket_type;
  static constexpr std::size_t most = function::most;

  static void run(Loom& all, slot& me) noexcept {
    auto& from = all.template joint_at<J>();
    if (!hand_on(all, me)) return;
    for (std::size_t n = 0; n < Loom::batch; ++n) {
      std::array<ticket_type*, most> items;
      std::size_t count = 0;
      const auto fill = [&] {
        while (count < most) {
          ticket* const item = from.take(all.template runtime_before<J>());
          if (item == nullptr) break;
          items[count++] = static_cast<ticket_type*>(item);
        }
        return count != 0;
      };
      if (!fill()) {
        const auto seen = from.look();
        if (!fill()) {
          if (rests(all, from, seen, me)) return;
          continue;
        }
      }
      handle(all, me, items.data(), count);
      if (!hand_on(all, me)) return;
    }
    all.template runtime_of<J>().schedule(me);
  }

 private:
  static void handle(Loom& all, slot& me, ticket_type** items, std::size_t count) noexcept {
    auto& backlog = all.template station_at<J>().backlog[me.index];
    const time_point began = all.template clock<J>();
    std::size_t fresh = 0;
    for (std::size_t i = 0; i < count; ++i) {
      backlog.push(*items[i]);
      if (all.template examine<J>(me, *items[i], began)) items[fresh++] = items[i];
    }
    if (fresh == 0) return;
    side_by_side<typename function::takes, most> in;
    for (std::size_t i = 0; i < fresh; ++i) in.push(items[i]->template take<J>());
    const function& f = all.template opener_at<J>().function();
    if constexpr (function::in_place) {
      if (call(items, fresh, [&] { f.some(in.all()); })) finish(all, items, in);
    } else {
      side_by_side<typename function::gives, most> out;
      const bool done = call(items, fresh, [&] {
        for (std::size_t i = 0; i < fresh; ++i) out.push({});
        f.some(in.all(), out.all());
      });
      if (done) finish(all, items, out);
    }
    all.template worked<J>(me, items, fresh, began);
  }

  template <class F>
  static bool call(ticket_type** items, std::size_t count, F f) noexcept {
#if defined(__cpp_exceptions)
    try {
      f();
    } catch (...) {
      for (std::size_t i = 0; i < count; ++i) items[i]->failure = std::current_exception();
      return false;
    }
#else
    f();
    (void)items, (void)count;
#endif
    return true;
  }

  /// Of what came out of the function: each goes through the other stages of its segment by itself.
  template <class Values>
  static void finish(Loom& all, ticket_type** items, Values& values) noexcept {
    for (std::size_t i = 0; i < values.size(); ++i) {
      (void)complete<J, 1>(all, *items[i], std::move(values.data()[i]));
    }
  }

  /// All that is left of the last batch. False: the slot goes on when it runs again, which it may by now.
  static bool hand_on(Loom& all, slot& me) noexcept {
    auto& backlog = all.template station_at<J>().backlog[me.index];
    while (work* const next = backlog.pop()) {
      auto& item = *static_cast<ticket_type*>(next);
      if (!weaving::hand_on<J>(all, me, item, !item.failed())) return false;
    }
    return true;
  }
};

/// How joint J is served.
template <std::size_t J, class Loom>
using serving =
    std::conditional_t<Loom::template opener<J>::plan.batch != 0, in_batches<J, Loom>,
                       std::conditional_t<Loom::template at<J>::ordered, in_order<J, Loom>, one_by_one<J, Loom>>>;

}  // namespace tenon::detail::weaving
