// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/context.hpp>
#include <tenon/core/detail/row.hpp>
#include <tenon/core/fixed_string.hpp>
#include <tenon/scheduler/concept.hpp>
#include <tenon/scheduler/stealing.hpp>

#include <cstddef>
#include <type_traits>

namespace tenon {

/// How often a worker under `priority` looks at a lower level first: every K-th time.
template <std::size_t K>
struct ageing {
  static_assert(K >= 2, "tenon::ageing<K>: with K below 2 the highest level would never go first; write ageing<16>");
  static constexpr std::size_t every = K;
};

namespace detail {

template <class Option>
inline constexpr std::size_t ageing_of = 0;  // no option of priority's
template <std::size_t K>
inline constexpr std::size_t ageing_of<ageing<K>> = K;

}  // namespace detail

/// Levels, of which the first goes first: each is a `stealing` of its own, a queue a worker and one for what comes from
/// outside, so that idle workers take the most urgent work there is anywhere.
///
///     using agenda = tenon::runtime<tenon::epoll, tenon::priority<3>>;
///     co_await tenon::with_context<agenda>(alarm(), tenon::level{0});
///     rt.spawn(tenon::context_for<agenda>(tenon::level{2}), sweep);
///
/// Order    A worker runs the lowest number that it has, FIFO within a level. A task's level is part of its context: a
///          task that says nothing is in the middle, Levels / 2; a number that is too high is the last.
/// Ageing   Every K-th time (ageing<16> unless said) it begins with another level than the first, with each of them in
///          turn. So the front item of a level that is not empty waits for no more than K * (Levels - 1) others on its
///          worker, however busy the levels above are; twice that while work from outside waits at that level too, of
///          which the front item waits no longer. The levels below the first get one turn in K between them.
/// Cost     As stealing, and for an empty level above the chosen one two loads.
/// Threads  Any worker runs any task.
template <std::size_t Levels = 3, class... Options>
struct priority : family::scheduling {
  static_assert(Levels >= 2 && Levels <= 64,
                "tenon::priority<Levels>: there are 2 to 64 levels; for one level write stealing<>");
  static_assert(sizeof...(Options) <= 1 && ((detail::ageing_of<Options> != 0) && ...),
                "tenon::priority<Levels, ...>: unknown option; priority takes ageing<K>, once");

  static constexpr auto word = fixed_string("priority<") + detail::decimal<Levels> + fixed_string(">");
  static constexpr bool shares = true;
  static constexpr std::size_t levels = Levels;
  static constexpr std::size_t age = sizeof...(Options) == 0 ? 16 : (detail::ageing_of<Options> + ... + 0);

  /// The queue of what is said to be of level `which`.
  [[nodiscard]] static constexpr std::size_t row_of(level which) noexcept {
    return which.value == level::unsaid ? Levels / 2 : which.value < Levels ? which.value : Levels - 1;
  }

  template <class Threading>
  class shared {
   public:
    using level_type = typename stealing<>::template shared<Threading>;

    explicit shared(std::size_t workers) : rows_(Levels, [=](std::size_t) { return level_type(workers); }) {}
    /// The same for workers that run on the places of a machine: thieves go to the nearest first.
    template <class Machine>
      requires std::is_constructible_v<level_type, std::size_t, const Machine&>
    shared(std::size_t workers, const Machine& where)
        : rows_(Levels, [&](std::size_t) { return level_type(workers, where); }) {}

    std::size_t inject(work& item, level which = {}) noexcept { return rows_[row_of(which)].inject(item); }
    std::size_t give(work& item, std::size_t worker) noexcept { return give(item, {}, worker); }
    std::size_t give(work& item, level which, std::size_t worker) noexcept {
      return rows_[row_of(which)].give(item, worker);
    }
    [[nodiscard]] level_type& row(std::size_t number) noexcept { return rows_[number]; }

   private:
    detail::row<level_type> rows_;
  };

  template <class Threading>
  class local {
    using level_type = typename stealing<>::template local<Threading>;

   public:
    local(shared<Threading>& all, std::size_t index)
        : rows_(Levels, [&](std::size_t number) { return level_type(all.row(number), index); }), all_(all) {}

    void push(work& item, level which = {}) noexcept { rows_[row_of(which)].push(item); }
    std::size_t start(work& item, level which = {}) noexcept { return rows_[row_of(which)].start(item); }

    [[nodiscard]] work* next() noexcept {
      if (++taken_ >= age) {
        taken_ = 0;
        if (++aged_ >= Levels) {
          aged_ = 1;
          outside_first_ = !outside_first_;
        }
        if (work* const item = aged_of(aged_)) return item;
      }
      for (std::size_t number = 0; number < Levels; ++number) {
        if (work* const item = next_of(number)) return item;
      }
      return nullptr;
    }
    [[nodiscard]] work* find() noexcept {
      for (std::size_t number = 0; number < Levels; ++number) {
        if (work* const item = rows_[number].find()) return item;
      }
      return nullptr;
    }
    [[nodiscard]] bool published() noexcept {
      bool any = false;
      for (level_type& each : rows_) any = each.published() || any;
      return any;
    }
    [[nodiscard]] std::size_t stolen() noexcept {
      std::size_t sum = 0;
      for (level_type& each : rows_) sum += each.stolen();
      return sum;
    }
    [[nodiscard]] bool idle() const noexcept {
      for (const level_type& each : rows_) {
        if (!each.idle()) return false;
      }
      return true;
    }

   private:
    /// What comes from outside counts as its level says, at once: an urgent item waits for no less urgent one.
    [[nodiscard]] work* next_of(std::size_t number) noexcept {
      if (work* const item = rows_[number].next()) return item;
      return all_.row(number).injected().pop();
    }

    /// In turn from the worker's own queue and from outside, so that neither waits behind all of the other.
    [[nodiscard]] work* aged_of(std::size_t number) noexcept {
      if (outside_first_) {
        if (work* const item = all_.row(number).injected().pop()) return item;
      }
      if (work* const item = rows_[number].front()) return item;
      return all_.row(number).injected().pop();
    }

    detail::row<level_type> rows_;
    shared<Threading>& all_;
    std::size_t taken_ = 0;
    std::size_t aged_ = 0;
    bool outside_first_ = true;  // turned round before the first time
  };
};

static_assert(policy_of<priority<3>, family::scheduling>);

}  // namespace tenon
