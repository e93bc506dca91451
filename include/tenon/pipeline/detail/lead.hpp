// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/pipeline/detail/joint.hpp>
#include <tenon/pipeline/detail/ticket.hpp>

#include <cassert>
#include <cstddef>
#include <system_error>
#include <type_traits>
#include <utility>

namespace tenon::detail::weaving {

/// One that has come back: from the stage's function, or from having waited for room behind it, or late.
template <std::size_t J, class Loom, class Hand>
void receive(Loom& whole, Hand& who, time_point now) noexcept {
  auto& crew = whole.template crew_at<J>();
  if (who.late) return crew.dismiss(who);
  if (who.item == nullptr) return crew.is_idle(who, now);  // there was room
  // The runtime that leads may have another clock than the fabric's, by which items are measured.
  const time_point began = whole.template clock<J>() - (now - crew.has_done(who));
  auto& item = static_cast<typename Loom::ticket_type&>(*std::exchange(who.item, nullptr));
  auto* one = &item;
  whole.template worked<J>(who, &one, 1, began);
  bool done = true;
#if defined(__cpp_exceptions)
  done = who.failure == nullptr;
  item.failure = std::exchange(who.failure, nullptr);
#endif
  if constexpr (!std::is_void_v<typename Hand::out_type>) {
    if (done) {
      done = Loom::guarded(item, [&] { item.template emplace<J + 1>([&] { return std::move(*who.out); }); });
    }
    who.out.reset();
  }
  if (whole.template send_on<J>(who, item, done)) crew.is_idle(who, now);
}

/// What the one slot of an elastic stage does when there is news: see crew.
template <std::size_t J, class Loom>
void lead(Loom& whole, slot& me) noexcept {
  constexpr int batch = 32;  // items that it takes before it lets others run
  auto& from = whole.template joint_at<J>();
  auto& crew = whole.template crew_at<J>();
  assert(here().current != nullptr && "a stage is led on a worker");
  loop& at = *here().current;

  from.calm();
  const auto seen = from.look();
  const time_point now = at.now();
  bool moved = false;
  for (auto* who = crew.next_back(); who != nullptr; who = crew.next_back()) {
    receive<J>(whole, *who, now);
    moved = true;
  }
  for (auto* who = crew.overdue(now); who != nullptr; who = crew.overdue(now)) {
    Loom::tell(crew.leave_behind(*who, now), Loom::errc::timed_out);
    moved = true;
  }
  for (int n = 0; n < batch; ++n) {
    ticket* item = crew.take_pending();
    if (item == nullptr && crew.can_take()) {
      item = from.take(whole.template runtime_before<J>());
      if (item != nullptr &&
          !whole.template examine<J>(me, static_cast<typename Loom::ticket_type&>(*item), whole.template clock<J>())) {
        from.count_expired();
        item->wake();
        moved = true;
        continue;
      }
    }
    if (item == nullptr) break;
    if (crew.assign(static_cast<typename Loom::ticket_type&>(*item), now)) {
      moved = true;
    } else if (!crew.is_empty()) {
      crew.keep_pending(*item);  // until one comes back
      break;
    } else {
      from.refuse();
      Loom::template fail<J>(*item, std::make_error_code(std::errc::resource_unavailable_try_again));
      moved = true;  // there may be more than a batch of them
    }
  }
  crew.adjust(now);
  if (moved) return whole.template runtime_of<J>().schedule(me);
  const bool closed = from.closed(seen);
  const bool settled = crew.settle(at, now, closed);
  if (!whole.go_idle(closed, [&] { return from.go_idle(seen, settled); })) whole.template runtime_of<J>().schedule(me);
}

}  // namespace tenon::detail::weaving
