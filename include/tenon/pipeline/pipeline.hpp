// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/pipeline/detail/chain.hpp>
#include <tenon/pipeline/detail/signature.hpp>
#include <tenon/pipeline/stage.hpp>

#include <array>
#include <cstddef>
#include <tuple>
#include <utility>

namespace tenon {

/// Stages that follow one another, their types checked at each joint.
///
///     constexpr auto requests = tenon::pipeline(
///         tenon::stage<"parse">(parse),
///         tenon::stage<"handle">(handle, tenon::workers<2>, tenon::queue_of<1024>, tenon::reject));
///
/// Where no stage names workers, a queue or an overflow, it is a function: `requests(x)` is `handle(parse(x))`, and
/// compiles to the same code. Else it is a plan, and a tenon::fabric runs it:
///   - a stage that names any of them has a queue before it, and is run by the workers that it names, or one;
///   - a stage that names nothing belongs to the one before it: it is called with its result, and nothing lies between;
///     behind a stage of several workers it has a queue and one worker of its own, unless it says `fused`;
///   - what stands before the first queue runs where the item is submitted.
///
/// Shape    The stages' functions. A constant, usually.
/// Cost     A call: that of the stages, by hand. Results are passed on as they are; what comes out is a value.
/// Threads  Any, as far as the stages allow.
/// Errors   A joint that does not fit does not compile, nor does a call where a queue is named.
template <class... Stages>
class pipeline {
  static_assert(sizeof...(Stages) > 0, "tenon::pipeline: it has no stage; give it at least one");
  static_assert(detail::weaving::all_differ(Stages::name.view()...),
                "tenon::pipeline: two stages have one name, and could not be told apart; rename one");

  template <class First, class... Rest>
  static auto along() -> typename detail::weaving::chain<
      typename detail::weaving::given_by<typename First::function_type, typename First::takes>::type, First,
      Rest...>::misfit;
  static_assert(decltype(along<Stages...>())::fits);  // what does not fit says so by itself

  static constexpr std::array<detail::weaving::stage_plan, sizeof...(Stages)> plans{Stages::plan...};
  static constexpr std::size_t count = [] {
    std::size_t found = 0;
    detail::weaving::each_opening(plans.data(), plans.size(), [&](std::size_t, std::size_t) { ++found; });
    return found;
  }();

 public:
  template <std::size_t I>
  using stage_at = std::tuple_element_t<I, std::tuple<Stages...>>;

  /// The queued segments, in order. Stages before the first of them run where items are submitted.
  static constexpr std::array<detail::weaving::segment_plan, count> segments = [] {
    std::array<detail::weaving::segment_plan, count> all{};
    std::size_t at = 0;
    detail::weaving::each_opening(plans.data(), plans.size(), [&](std::size_t stage, std::size_t workers) {
      if (at > 0) all[at - 1].end = stage;
      all[at++] = {.begin = stage, .end = sizeof...(Stages), .workers = workers, .elastic = plans[stage].elastic};
    });
    return all;
  }();

  constexpr explicit pipeline(Stages... in_order) : stages_(std::move(in_order)...) {}

  template <class X>
  constexpr auto operator()(X&& x) const {
    static_assert(count == 0,
                  "tenon::pipeline: a stage names workers, a queue or an overflow, so it is no function; run it with "
                  "tenon::fabric");
    constexpr std::size_t last = sizeof...(Stages) - 1;
    // run_stages would do, but behind two functions that give a struct g++ makes no tail call of the last stage
    if constexpr (last == 0) {
      return std::get<last>(stages_).function()(std::forward<X>(x));
    } else if constexpr (detail::weaving::all_give_values<0, last, std::tuple<Stages...>, X>()) {
      return std::get<last>(stages_).function()(detail::weaving::run_stages<0, last>(stages_, std::forward<X>(x)));
    } else {
      return detail::weaving::run_stages<0, last + 1>(stages_, std::forward<X>(x));
    }
  }

  [[nodiscard]] constexpr const std::tuple<Stages...>& stages() const noexcept { return stages_; }

 private:
  std::tuple<Stages...> stages_;
};

}  // namespace tenon
