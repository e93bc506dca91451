// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/timer.hpp>
#include <tenon/core/work.hpp>

#include <cassert>
#include <cstdint>

namespace tenon::detail::weaving {

/// The one timer of an elastic stage, set by whoever leads the stage, on whichever worker that is.
///
/// Its home is the worker where it was armed, and only there may it be disarmed. So an earlier time that is asked for
/// elsewhere is set in two steps: it is fetched from its home, and its owner is told that it is free, as when it goes
/// off. Its phase is guarded by the owner's lock; `rings` takes that, calls rang(), and is the last touch.
class watch : timer {
 public:
  using rings_function = void (*)(void* owner, bool fetched) noexcept;

  watch(void* owner, rings_function rings) noexcept : owner_(owner), rings_(rings), fetch_(*this) {
    timer::run = [](work& item) noexcept {
      auto& self = static_cast<watch&>(static_cast<timer&>(item));
      self.rings_(self.owner_, false);
    };
  }
  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;

  /// Under the lock, on a worker: it goes off at `when` at the latest. `never`: it is to be free.
  void set(loop& current, time_point when) noexcept {
    if (phase_ == phase::fetched || (phase_ == phase::armed && when != never && deadline <= when)) return;
    if (phase_ == phase::armed) {
      if (home_ != &current) {
        phase_ = phase::fetched;
        return home_->pin(fetch_);
      }
      assert(timer::armed());
      current.disarm(*this);
      phase_ = phase::free;
    }
    if (when == never) return;
    home_ = &current;
    deadline = when;
    phase_ = phase::armed;
    current.arm(*this);
  }
  /// Under the lock: whether it is armed nowhere, and nobody is on the way to it.
  [[nodiscard]] bool is_free() const noexcept { return phase_ == phase::free; }
  /// Under the lock, from `rings`. One that goes off while somebody is on the way to fetch it still waits for him.
  void rang(bool fetched) noexcept {
    if (fetched || phase_ == phase::armed) phase_ = phase::free;
  }

 private:
  enum class phase : std::uint8_t { free, armed, fetched };

  struct fetching : work {
    explicit fetching(watch& of) noexcept : work(&arrive), of_(of) {}

   private:
    static void arrive(work& item) noexcept {
      watch& self = static_cast<fetching&>(item).of_;
      if (self.timer::armed()) self.home_->disarm(self);
      self.rings_(self.owner_, true);
    }
    watch& of_;
  };

  void* owner_;
  rings_function rings_;
  fetching fetch_;
  loop* home_ = nullptr;
  phase phase_ = phase::free;
};

}  // namespace tenon::detail::weaving
