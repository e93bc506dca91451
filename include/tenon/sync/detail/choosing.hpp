// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/environment.hpp>
#include <tenon/core/work.hpp>
#include <tenon/sync/detail/choice.hpp>

#include <array>
#include <coroutine>
#include <cstddef>
#include <tuple>
#include <utility>

namespace tenon::detail::syncing {

/// A choice of given cases, as far as a coroutine awaits it. An entry derives from offer:
///
///     poll(granted)  under the mutex of its channel: makes its case happen, if it can
///     enlist()       likewise: enters the line
///     take()         once its case has happened: what `co_await` gives for it
template <class Threading, class... Entries>
class choosing : public choice<Threading> {
  static constexpr unsigned count = sizeof...(Entries);

 public:
  template <class... Cases>
  explicit choosing(const Cases&... cases) noexcept : entries_(cases...) {
    each([this](auto& entry, unsigned index) { this->adopt(offers_.data(), entry, index); });
  }

  /// Without waiting; false when no case could happen.
  [[nodiscard]] bool try_now() noexcept {
    work_list granted;
    this->lock();
    const bool happened = look(granted);
    this->unlock();
    send_home(std::move(granted));
    return happened;
  }

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    this->settle_here(waiter);
    (void)this->had_its_turn();  // counted; goes_on() looks
    const bool stopping = this->env().stop.stop_requested();
    work_list granted;
    this->lock();
    const bool waits = !look(granted) && !stopping;
    if (waits) each([](auto& entry, unsigned) { entry.enlist(); });
    this->unlock();
    send_home(std::move(granted));
    if (waits) {
      this->watch();
      return true;
    }
    if (!this->happened()) this->give_up();
    return this->goes_on();
  }

 protected:
  template <std::size_t I>
  [[nodiscard]] auto& case_at() noexcept {
    return std::get<I>(entries_);
  }

 private:
  template <class Visit>
  void each(Visit visit) noexcept {
    each(visit, std::make_index_sequence<count>());
  }
  template <class Visit, std::size_t... Is>
  void each(Visit& visit, std::index_sequence<Is...>) noexcept {
    (visit(std::get<Is>(entries_), static_cast<unsigned>(Is)), ...);
  }

  /// Under the mutexes: makes one case happen, of those that can.
  [[nodiscard]] bool look(work_list& granted) noexcept {
    const unsigned first = this->first_look();
    for (unsigned i = 0; i < count; ++i) {
      const unsigned at = first + i < count ? first + i : first + i - count;
      verdict how = verdict::waits;
      each([&](auto& entry, unsigned index) {
        if (index == at) how = entry.outcome = entry.poll(granted);
      });
      if (how != verdict::waits) {
        this->choose(at);
        return true;
      }
    }
    return false;
  }

  std::array<offer<Threading>*, count> offers_{};
  std::tuple<Entries...> entries_;
};

}  // namespace tenon::detail::syncing
