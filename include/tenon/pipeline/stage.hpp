// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/pipeline/detail/joint.hpp>
#include <tenon/pipeline/detail/signature.hpp>
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
struct stage_plan {
  std::size_t workers = 0;
  std::size_t capacity = 0;
  bool names_overflow = false;
  bool names_queue = false;
  bool fused = false;
  unsigned unknown = 0;
  bool twice = false;

  [[nodiscard]] constexpr bool opens() const noexcept {
    return workers != 0 || capacity != 0 || names_queue || names_overflow;
  }

  template <std::size_t N>
  constexpr void add(std::type_identity<workers_option<N>>) noexcept {
    twice = twice || workers != 0;
    workers = N;
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

template <fixed_string Name, class F, class... Options>
class stage_of {
  using types = stage_types<typename signature<F>::takes, Options...>;

 public:
  using function_type = F;
  using queue = typename types::queue;
  using when_full = typename types::when_full;
  using takes = typename types::takes;

  static constexpr auto name = Name;
  static constexpr stage_plan plan = [] {
    stage_plan said;
    (said.add(std::type_identity<Options>{}), ...);
    return said;
  }();

  static_assert(Name.size() > 0, "tenon::stage<Name>: the name is empty; joints, counters and errors are told by it");
  static_assert(plan.unknown == 0,
                "tenon::stage: an option is none that a stage knows; write workers<N>, queue_of<N>, a queue such as "
                "mpmc<N>{}, block, reject, drop_oldest, drop_newest, takes<T> or fused");
  static_assert(!plan.twice, "tenon::stage: the workers, the queue or the overflow are named twice; keep one of each");
  static_assert(!(plan.fused && plan.opens()),
                "tenon::stage: it is fused and names workers, a queue or an overflow; keep one or the other");
  static_assert(
      fits<F, takes, takes>,
      "tenon::stage: the function cannot be called as const with what it takes; workers share it, so a lambda "
      "must not be mutable");

  constexpr explicit stage_of(F callable) : function_(std::move(callable)) {}

  template <class X>
  constexpr decltype(auto) operator()(X&& x) const noexcept(std::is_nothrow_invocable_v<const F&, X>) {
    return function_(std::forward<X>(x));
  }

  [[nodiscard]] constexpr const F& function() const noexcept { return function_; }

 private:
  [[no_unique_address]] F function_;
};

}  // namespace detail::weaving

/// Options of a stage. Each of the first three groups opens a queue before the stage.
///
/// workers<N>      At most N of the runtime's workers run the stage at once. Not threads: an idle stage is nothing.
/// queue_of<N>     A queue of N items before the stage, of the kind that its two ends allow; or name it: `mpmc<N>{}`.
/// block, reject,  What happens to an item that meets a full queue; see queue/overflow.hpp. The default is block.
/// drop_oldest, drop_newest
/// takes<T>        What the stage takes, where its function is a template and so does not say.
/// fused           Behind a stage of several workers: runs on those, as part of it. See pipeline.
template <std::size_t N>
inline constexpr detail::weaving::workers_option<N> workers{};
template <std::size_t Capacity>
inline constexpr detail::weaving::capacity_option<Capacity> queue_of{};
template <class T>
inline constexpr detail::weaving::takes_option<T> takes{};
inline constexpr detail::weaving::fused_option fused{};

/// A step of a pipeline: a name, a plain function of one argument, and how it is to be run.
///
///     tenon::stage<"handle">(handle, tenon::workers<2>, tenon::queue_of<1024>, tenon::reject)
///
/// Shape    The function, by value; options are types and take no room.
/// Threads  Several workers call one function object at once, as const.
/// Errors   An exception comes out where the pipeline was called, or its item submitted.
template <fixed_string Name, class F, class... Options>
[[nodiscard]] constexpr auto stage(F function, Options...) {
  return detail::weaving::stage_of<Name, F, Options...>(std::move(function));
}

}  // namespace tenon
