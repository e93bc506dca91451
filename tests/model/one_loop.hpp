// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/loop.hpp>

#include <cstdlib>

#include "modelled.hpp"

namespace tenon::model {

/// A loop of which there is one, and which every thread of the model is on. What is pinned to it runs at once; what is
/// scheduled, the end of a wait, it is told.
class one_loop : public loop {
 public:
  using told = void (*)(work& item);

  explicit one_loop(told tell) : loop(table(), this), tell_(tell) {}
  ~one_loop() { detail::here().current = nullptr; }
  void begin() { detail::here().current = this; }

 private:
  static const operations& table() {
    static constexpr operations one{
        [](loop& self, work& item, const environment&) noexcept { static_cast<one_loop&>(self).tell_(item); },
        [](loop&, work& item, const environment&) noexcept { item.run(item); },
        [](loop&, work& item) noexcept { item.run(item); },
        [](loop&, timer&) noexcept { std::abort(); },
        [](loop&, timer&) noexcept { std::abort(); },
        [](loop&) noexcept { return time_point{}; }};
    return one;
  }

  told tell_;
};

/// Something that one thread waits for and another brings about.
class bell {
 public:
  void ring() {
    mutex_.lock($);
    rung_($) = 1;
    changed_.notify_one($);
    mutex_.unlock($);
  }
  void wait() {
    mutex_.lock($);
    while (rung_($) == 0) changed_.wait(mutex_, $);
    rung_($) = 0;
    mutex_.unlock($);
  }

 private:
  rl::mutex mutex_;
  rl::condition_variable changed_;
  rl::var<int> rung_{0};
};

/// What an operation of a model has, so that the loop can tell it its end.
struct attempt {
  explicit attempt(work& item) : me(&item), next(all) { all = this; }
  attempt(const attempt&) = delete;
  attempt& operator=(const attempt&) = delete;
  ~attempt() {
    attempt** at = &all;
    while (*at != this) at = &(*at)->next;
    *at = next;
  }
  static void tell(work& item) {
    for (attempt* each = all; each != nullptr; each = each->next) {
      if (each->me == &item) return each->over.ring();
    }
    RL_ASSERT(false);
  }

  static inline attempt* all = nullptr;
  work* me;
  attempt* next;
  bell over;
};

}  // namespace tenon::model
