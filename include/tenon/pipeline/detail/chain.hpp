// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/pipeline/detail/again.hpp>
#include <tenon/pipeline/detail/signature.hpp>

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tenon::detail::weaving {

/// Where two stages meet that do not fit: `After` takes an X, but `Before` gives a Y. Instantiating it says so.
template <fixed_string Before, fixed_string After, class Y, class X>
struct joint_between {
  static constexpr bool fits = true;  // one error is enough
  template <class>
  static constexpr bool never = false;
  static_assert(
      never<Y>,
      "tenon::pipeline: a stage takes another type than the stage before it gives (joint_between<before, after, "
      "given, taken> names them); make them the same or add a stage between");
};
/// A stage that gives what is to go back. Instantiating it says so.
template <fixed_string Stage, class Y>
struct back_from {
  static constexpr bool fits = true;  // one error is enough
  template <class>
  static constexpr bool never = false;
  static_assert(never<Y>,
                "tenon::pipeline: a stage gives an again<T>, and nothing goes back by itself (back_from<stage, given> "
                "names it); put the functions that it goes back to into a feedback<N>");
};
struct no_misfit {
  static constexpr bool fits = true;
};

/// Goes along the stages with the type that comes out of each, up to the first joint that does not fit.
template <class Y, class Before, class... Rest>
struct chain {
  template <bool GoesBack>
  struct end {
    using misfit = no_misfit;
  };
  template <bool GoesBack>
    requires(GoesBack)
  struct end<GoesBack> {
    using misfit = back_from<Before::name, Y>;
  };
  using misfit = typename end<goes_back<std::remove_cvref_t<Y>>>::misfit;
};
template <class Y, class Before, class Next, class... Rest>
struct chain<Y, Before, Next, Rest...> {
  template <bool Fits>
  struct from_here {
    using misfit = joint_between<Before::name, Next::name, Y, typename Next::takes>;
  };
  template <bool Fits>
    requires(Fits)
  struct from_here<Fits> {
    using known = std::conditional_t<std::is_same_v<Y, any_type>, typename Next::takes, Y>;
    using misfit = typename chain<typename given_by<typename Next::function_type, known>::type, Next, Rest...>::misfit;
  };
  template <bool GoesBack>
  struct step {
    using misfit = typename from_here<fits<typename Next::function_type, Y, typename Next::takes>>::misfit;
  };
  template <bool GoesBack>
    requires(GoesBack)
  struct step<GoesBack> {
    using misfit = back_from<Before::name, Y>;
  };
  using misfit = typename step<goes_back<std::remove_cvref_t<Y>>>::misfit;
};

/// Whether each of the stages [I, End) gives a value for what the one before it gives, the first of them for an X.
template <std::size_t I, std::size_t End, class Stages, class X>
constexpr bool all_give_values() {
  if constexpr (I == End) {
    return true;
  } else {
    using given = std::invoke_result_t<const typename std::tuple_element_t<I, Stages>::function_type&, X>;
    return !std::is_reference_v<given> && all_give_values<I + 1, End, Stages, given>();
  }
}

/// Calls stages [I, End) with one another's results. Gives a value: a reference from the last stage may be to what an
/// earlier one gave, which is gone by then.
///
/// Where a stage gives a reference, what was given is kept alive to the end. Else this is the expression that one
/// writes by hand, each result made where the next stage's parameter is.
template <std::size_t I, std::size_t End, class Stages, class X>
constexpr auto run_stages(const Stages& stages, X&& x) {
  if constexpr (I + 1 == End) {
    return std::get<I>(stages).function()(std::forward<X>(x));
  } else if constexpr (!all_give_values<I, End - 1, Stages, X>()) {
    return run_stages<I + 1, End>(stages, std::get<I>(stages).function()(std::forward<X>(x)));
  } else {
    return std::get<End - 1>(stages).function()(run_stages<I, End - 1>(stages, std::forward<X>(x)));
  }
}

/// Stages [begin, end), which run as one, behind one queue.
struct segment_plan {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t workers = 1;
  bool elastic = false;
};

/// Calls open(index, workers) for each stage that a queue stands before.
template <class Plan, class Open>
constexpr void each_opening(const Plan* plans, std::size_t count, Open open) {
  std::size_t workers = 0;  // of the segment so far; of those who submit, unknown, and theirs is no queue to share
  for (std::size_t i = 0; i < count; ++i) {
    if (plans[i].opens() || (workers > 1 && !plans[i].fused)) {
      workers = plans[i].workers == 0 ? 1 : plans[i].workers;
      open(i, workers);
    }
  }
}

template <class... Names>
constexpr bool all_differ(const Names&... names) {
  const std::string_view list[] = {names...};
  for (std::size_t i = 0; i < sizeof...(Names); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (list[i] == list[j]) return false;
    }
  }
  return true;
}

}  // namespace tenon::detail::weaving
