// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/promise.hpp>
#include <tenon/core/detail/wait.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/work.hpp>

#include <cassert>

namespace tenon::detail::syncing {

/// The way home of a grant. It has a work item of its own, because a stop may be under way at the same time.
struct grant_item : work {
  using work::work;
};

/// A wait that is ended by whoever grants it what it waits for, on any thread.
///
/// A grant and a stop meet under the primitive's mutex (or at a choice's word), where one of them wins. Who has granted
/// sends it home, with no lock held, and touches it no more: at home `arrive` ends it, and nothing else does. So from
/// the moment it is in a line until `await_suspend` has returned nobody can end it, for that is its home's own thread.
class granted_wait : public wait, public grant_item {
 public:
  /// Any thread, once, by who has granted it. It may be gone when this returns.
  void go_home() noexcept {
    grant_item& item = *this;
    if (here().current == &home()) {
      item.run(item);
    } else {
      home().pin(item);
    }
  }

 protected:
  granted_wait(cancel_function cancel, work::function arrive) noexcept : wait(cancel), grant_item(arrive) {}
  ~granted_wait() = default;

  /// At home: it belongs to the worker that runs its coroutine.
  template <class Promise>
  void settle_here(std::coroutine_handle<Promise> waiter) noexcept {
    loop* const current = here().current;
    assert(current != nullptr && "tenon::sync: awaited on a worker of a runtime");
    settle(*current, waiter, *environment_of(waiter));
  }
  /// Whether the coroutine has gone on for so long without waiting that the others are to have their turn.
  [[nodiscard]] static bool had_its_turn() noexcept { return ++here().depth >= transfer_depth; }
  /// What await_suspend gives when there is no need to wait: false, or true after its turn, when it goes on later.
  [[nodiscard]] bool goes_on() noexcept {
    if (here().depth < transfer_depth) return false;
    resume();
    return true;
  }
  /// At home, from where end() may not be called: from inside the stop callback.
  void end_later() noexcept {
    wait& self = *this;
    self.run = [](work& item) noexcept { static_cast<granted_wait&>(static_cast<wait&>(item)).end(); };
    home().pin(self);
  }
};

/// Sends home all who were granted something.
inline void send_home(work_list&& granted) noexcept {
  while (work* const item = granted.pop()) static_cast<granted_wait&>(static_cast<grant_item&>(*item)).go_home();
}

}  // namespace tenon::detail::syncing
