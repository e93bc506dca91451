// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/pipeline/detail/domain.hpp>
#include <tenon/pipeline/detail/elastic_stage.hpp>
#include <tenon/pipeline/detail/joint.hpp>
#include <tenon/pipeline/detail/said.hpp>
#include <tenon/pipeline/detail/signature.hpp>
#include <tenon/pipeline/words.hpp>
#include <tenon/queue/overflow.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail::weaving {

template <std::size_t N>
struct workers_option {
  static_assert(N >= 1 && N <= max_workers, "tenon::workers<N>: N must lie between 1 and 31");
};
template <std::size_t N>
struct capacity_option {
  static_assert(N >= 1, "tenon::queue_of<N>: N, how many items the queue holds, must be at least 1");
};
template <class T>
struct takes_option {};
struct fused_option {};

/// What the options of a stage say, as numbers. Zero workers, or a capacity of zero: not named.
struct stage_plan : said {
  std::size_t workers = 0;
  std::size_t least = 0;  // of elastic workers
  std::size_t capacity = 0;
  bool names_overflow = false;
  bool names_queue = false;
  bool fused = false;
  bool elastic = false;
  bool names_times = false;
  bool names_domain = false;
  unsigned unknown = 0;
  bool twice = false;

  [[nodiscard]] constexpr bool opens() const noexcept {
    return workers != 0 || capacity != 0 || names_queue || names_overflow || names_domain || wants_queue();
  }

  template <std::size_t N>
  constexpr void add(std::type_identity<workers_option<N>>) noexcept {
    twice = twice || workers != 0;
    workers = N;
  }
  template <std::size_t Min, std::size_t Max>
  constexpr void add(std::type_identity<elastic_option<Min, Max>>) noexcept {
    twice = twice || workers != 0;
    least = Min;
    workers = Max;
    elastic = true;
  }
  template <class Option>
    requires says_of_time<Option>
  constexpr void add(std::type_identity<Option>) noexcept {
    names_times = true;
  }
  template <class R>
  constexpr void add(std::type_identity<domain_option<R>>) noexcept {
    twice = twice || names_domain;
    names_domain = true;
  }
  template <std::size_t N>
  constexpr void add(std::type_identity<capacity_option<N>>) noexcept {
    twice = twice || capacity != 0 || names_queue;
    capacity = N;
  }
  template <policy_of<family::queue> P>
  constexpr void add(std::type_identity<P>) noexcept {
    twice = twice || capacity != 0 || names_queue;
    names_queue = true;
  }
  template <overflow_word W>
  constexpr void add(std::type_identity<W>) noexcept {
    twice = twice || names_overflow;
    names_overflow = true;
  }
  template <class T>
  constexpr void add(std::type_identity<takes_option<T>>) noexcept {}
  constexpr void add(std::type_identity<fused_option>) noexcept { fused = true; }
  template <stage_word Word>
  constexpr void add(std::type_identity<Word> word) noexcept {
    hear(word);
  }
  template <class Other>
  constexpr void add(std::type_identity<Other>) noexcept {
    ++unknown;
  }
};

/// Of the options the queue policy, the overflow word, and the type that the stage is said to take.
template <class Signature, class... Options>
struct stage_types {
  using queue = void;
  using when_full = overflow::block;
  using takes = Signature;
};
template <class Signature, class First, class... Rest>
struct stage_types<Signature, First, Rest...> : stage_types<Signature, Rest...> {};
template <class Signature, policy_of<family::queue> P, class... Rest>
struct stage_types<Signature, P, Rest...> : stage_types<Signature, Rest...> {
  using queue = P;
};
template <class Signature, overflow_word W, class... Rest>
struct stage_types<Signature, W, Rest...> : stage_types<Signature, Rest...> {
  using when_full = W;
};
template <class Signature, class T, class... Rest>
struct stage_types<Signature, takes_option<T>, Rest...> : stage_types<Signature, Rest...> {
  using takes = T;
};

template <fixed_string Name, class Function, class... Options>
class stage_of {
  using plain = typename function_kept<Function, Options...>::type;
  using types = stage_types<typename signature<plain>::takes, Options...>;
  using F = typename kept_function<plain, typename types::takes>::type;
  using elastic = elastic_traits<F>;

 public:
  using function_type = F;
  using queue = typename types::queue;
  using when_full = typename types::when_full;
  using takes = typename types::takes;
  using by_level = typename levels_said<Options...>::type;
  using domain = typename domain_said<Options...>::type;

  static constexpr auto name = Name;
  static constexpr stage_plan plan = [] {
    stage_plan said;
    (said.add(std::type_identity<Options>{}), ...);
    if (elastic::later && said.workers != 0 && !said.elastic) {  // so many coroutines, no threads
      said.elastic = true;
      said.least = said.workers;
    }
    return said;
  }();

  static_assert(Name.size() > 0, "tenon::stage<Name>: the name is empty; joints, counters and errors are told by it");
  static_assert(plan.unknown == 0,
                "tenon::stage: an option is none that a stage knows; write workers<N>, queue_of<N>, a queue such as "
                "mpmc<N>{}, block, reject, drop_oldest, drop_newest, takes<T>, fused, or one of pipeline/words.hpp");
  static_assert(!elastic::later || plan.workers != 0,
                "tenon::stage: the function gives a task, and nothing says how many of them are at work at once; add "
                "workers<N> or workers<Min, Max>");
  static_assert(!elastic::hears || elastic::later || plan.elastic,
                "tenon::stage: the function takes a std::stop_token, which only workers that may be left behind give "
                "it; add workers<Min, Max> or take none");
  static_assert(!plan.names_times || plan.elastic,
                "tenon::stage: idle_after, task_timeout and grace are for workers that come and go; write "
                "workers<Min, Max>, or leave them out");
  static_assert(!plan.twice,
                "tenon::stage: the workers, the queue, the overflow or the runtime are named twice; keep one of each");
  static_assert(plan.batch == 0 || batch_signature<Function>::known,
                "tenon::batch<N>: the function of the stage takes no batch; let it take std::span<T>, to change the "
                "items, or std::span<T>, std::span<U>, to give a U for each, and return nothing");
  static_assert(plan.batch == 0 || batch_gives_room<Function>,
                "tenon::batch<N>: what the function gives has no default constructor, and is to be assigned to; give "
                "it one, or a std::optional of it");
  static_assert(!plan.said_twice, "tenon::stage: ttl, batch or by_level is named twice; keep one of each");
  static_assert(!plan.measured || plan.opens(),
                "tenon::stage: it is measured, and nothing opens a queue before it, so that nothing waits there; add "
                "workers<N> or queue_of<N>");
  static_assert(!plan.ordered || plan.workers > 1,
                "tenon::stage: it is ordered, and one worker keeps the order anyway; add workers<N>, or leave it out");
  static_assert(!plan.elastic || (!plan.ordered && plan.batch == 0),
                "tenon::stage: it has workers that come and go, or tasks, and is ordered or takes batches; keep one or "
                "the other");
  static_assert(!plan.ordered || plan.batch == 0,
                "tenon::stage: it is ordered and takes batches of several workers; keep one or the other");
  static_assert(!(plan.fused && plan.opens()),
                "tenon::stage: it is fused and names workers, a queue or an overflow; keep one or the other");
  static_assert(
      fits<F, takes, takes>,
      "tenon::stage: the function cannot be called as const with what it takes; workers share it, so a lambda "
      "must not be mutable");

  constexpr explicit stage_of(Function callable, Options... options)
      : function_(std::move(callable)), options_(options...) {}

  template <class X>
  constexpr decltype(auto) operator()(X&& x) const noexcept(std::is_nothrow_invocable_v<const F&, X>) {
    return function_(std::forward<X>(x));
  }

  [[nodiscard]] constexpr const F& function() const noexcept { return function_; }
  /// What was said by an option that has a value; T{} where it was not said.
  template <class T>
  [[nodiscard]] constexpr T option() const noexcept {
    return options_.get(std::type_identity<T>{});
  }

 private:
  [[no_unique_address]] F function_;
  [[no_unique_address]] kept_options<Options...> options_;
};

inline constexpr std::size_t the_same = static_cast<std::size_t>(-1);

}  // namespace detail::weaving

/// Options of a stage. Each of the first three groups opens a queue before the stage.
///
/// workers<N>      At most N of the runtime's workers run the stage at once. Not threads: an idle stage is nothing.
/// workers<Min, Max>  Elastic: Min to Max workers beside the runtime's, as many as there are items. The function may
///                 block, for each of them is a thread; or it gives a tenon::task, and none of them is: see fabric.
///                 workers<N>, where the function gives a task: N of them at once.
/// idle_after(t)   Of elastic workers: one that was not needed for so long leaves. 30 seconds, where it is not said.
/// task_timeout(t) Of elastic workers: how long one may work on an item. For ever, where it is not said.
/// grace(t)        Of elastic workers: how long a drain waits for calls that were left behind. 1 second.
/// on(runtime)     The workers of that runtime run the stage. It goes on running until the fabric is drained.
/// queue_of<N>     A queue of N items before the stage, of the kind that its two ends allow; or name it: `mpmc<N>{}`.
/// block, reject,  What happens to an item that meets a full queue; see queue/overflow.hpp. The default is block.
/// drop_oldest, drop_newest
/// takes<T>        What the stage takes, where its function is a template and so does not say.
/// fused           Behind a stage of several workers: runs on those, as part of it. See pipeline.
/// More of them    ttl, batch, by_level, ordered, measured: see pipeline/words.hpp.
template <std::size_t Min, std::size_t Max = detail::weaving::the_same>
inline constexpr std::conditional_t<Max == detail::weaving::the_same, detail::weaving::workers_option<Min>,
                                    detail::weaving::elastic_option<Min, Max>>
    workers{};
template <std::size_t Capacity>
inline constexpr detail::weaving::capacity_option<Capacity> queue_of{};
template <class T>
inline constexpr detail::weaving::takes_option<T> takes{};
inline constexpr detail::weaving::fused_option fused{};
template <class R>
[[nodiscard]] constexpr auto on(R& runtime) noexcept {
  return detail::weaving::domain_option<R>{&runtime};
}
[[nodiscard]] constexpr auto idle_after(duration time) noexcept { return detail::weaving::idle_after_option{time}; }
[[nodiscard]] constexpr auto task_timeout(duration time) noexcept { return detail::weaving::task_timeout_option{time}; }
[[nodiscard]] constexpr auto grace(duration time) noexcept { return detail::weaving::grace_option{time}; }

/// A step of a pipeline: a name, a plain function of one argument, and how it is to be run.
///
///     tenon::stage<"handle">(handle, tenon::workers<2>, tenon::queue_of<1024>, tenon::reject)
///
/// Shape    The function, by value; options are types and take no room.
/// Threads  Several workers call one function object at once, as const.
/// Errors   An exception comes out where the pipeline was called, or its item submitted.
template <fixed_string Name, class F, class... Options>
[[nodiscard]] constexpr auto stage(F function, Options... options) {
  return detail::weaving::stage_of<Name, F, Options...>(std::move(function), options...);
}

}  // namespace tenon
