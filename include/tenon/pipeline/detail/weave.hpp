// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/pipeline/detail/chain.hpp>
#include <tenon/pipeline/detail/crew.hpp>
#include <tenon/pipeline/detail/domain.hpp>
#include <tenon/pipeline/detail/gauge.hpp>
#include <tenon/pipeline/detail/joint.hpp>
#include <tenon/pipeline/detail/levels.hpp>
#include <tenon/pipeline/detail/signature.hpp>
#include <tenon/pipeline/detail/ticket.hpp>

#include <cstddef>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tenon::detail::weaving {

/// How many items a joint's queue holds where nobody says.
inline constexpr std::size_t usual_capacity = 1024;

/// What the runtime's sentence says of queues; ByTopology where it says nothing.
template <class R, class ByTopology>
struct queue_word {
  using type = ByTopology;
};
template <class R, class ByTopology>
  requires requires { typename R::queue; }
struct queue_word<R, ByTopology> {
  using type = typename R::queue;
};

/// The queue of a joint: the one that its stage names; else, where the stage names a capacity or the runtime names no
/// queue, the one that the two ends allow; else the runtime's.
template <class Named, class Runtimes, class ByTopology, bool ManyProducers, bool ManyConsumers, std::size_t Capacity>
auto choose_queue() {
  if constexpr (!std::is_void_v<Named>) {
    return std::type_identity<Named>{};
  } else if constexpr (Capacity != 0) {
    return std::type_identity<typename ByTopology::template choose<ManyProducers, ManyConsumers, Capacity>>{};
  } else if constexpr (std::is_same_v<Runtimes, ByTopology>) {
    return std::type_identity<typename ByTopology::template choose<ManyProducers, ManyConsumers, usual_capacity>>{};
  } else {
    return std::type_identity<Runtimes>{};
  }
}

/// A queue that its stage cannot be fed through. Instantiating it says so.
template <fixed_string Stage, class Queue, bool ManyProducers, bool ManyConsumers>
struct queue_before {
  static constexpr bool fits = true;  // one error is enough
  static_assert(
      Queue::many_producers || !ManyProducers,
      "tenon::fabric: the queue named for a stage allows one producer, and there are more (queue_before<stage, "
      "queue, ...> names them); write queue_of<N>, which chooses, or mpmc<N>");
  static_assert(
      Queue::many_consumers || !ManyConsumers,
      "tenon::fabric: the queue named for a stage allows one consumer, and there are more, for drop_oldest makes "
      "each producer one (queue_before<stage, queue, ...> names them); write queue_of<N>, which chooses, or mpmc<N>");
};

template <class Queue, class Threading, std::size_t Levels>
struct leveled {
  using type = levels<Queue, Threading, Levels>;
};
template <class Queue, class Threading>
struct leveled<Queue, Threading, 0> {
  using type = Queue;
};

/// Whether a runtime's observe policy wants all stages measured.
template <class R>
inline constexpr bool times_stages = false;
template <class R>
  requires requires { R::observe::times_stages; }
inline constexpr bool times_stages<R> = R::observe::times_stages;

/// All that follows from a runtime and a pipeline at compile time.
template <class R, class Pipeline, class ByTopology>
struct weave {
  using runtime = R;
  using pipeline = Pipeline;
  using threading = typename R::threading;

  static constexpr auto& segments = Pipeline::segments;
  static constexpr std::size_t count = segments.size();

  template <std::size_t J>
  using opener = typename Pipeline::template stage_at<segments[J].begin>;

  template <std::size_t J>
  using runtime_at = runtime_or<typename opener<J>::domain, R>;

  template <std::size_t J>
  struct joint_at {
    /// Whether what takes part from outside, threads or another runtime's workers, may.
    static constexpr bool concurrent =
        (std::is_void_v<typename opener<J>::domain> || (threading::concurrent && runtime_at<J>::threading::concurrent));
    static constexpr bool has_threads =
        threading::concurrent || !segments[J].elastic || elastic_traits<typename opener<J>::function_type>::later;
    using when_full = typename opener<J>::when_full;
    static constexpr auto& plan = opener<J>::plan;
    static constexpr bool elastic = segments[J].elastic;
    static constexpr std::size_t workers = elastic ? 1 : segments[J].workers;  // at the queue: of these, who leads them
    static constexpr bool many_producers = [] {
      if constexpr (J == 0) {
        return threading::concurrent;  // anybody submits
      } else {
        return threading::concurrent && segments[J - 1].workers > 1 && !opener<J - 1>::plan.ordered;
      }
    }();
    static constexpr bool many_consumers = threading::concurrent && (workers > 1 || when_full::producer_pops);
    using queue = typename decltype(choose_queue<typename opener<J>::queue, typename queue_word<R, ByTopology>::type,
                                                 ByTopology, many_producers, many_consumers, plan.capacity>())::type;
    static constexpr bool fits =
        (queue::many_producers || !many_producers) && (queue::many_consumers || !many_consumers);
    using channel = typename leveled<typename queue::template of<ticket*, threading>, threading, plan.levels>::type;
    using type = joint<threading, channel, when_full, workers, elastic>;

    static constexpr bool ordered = plan.ordered && workers > 1;
    static constexpr bool measured = plan.measured || times_stages<R>;
    static constexpr bool timed = measured || plan.expires;
  };

  template <std::size_t J = 0>
  static auto misfit() {
    if constexpr (J == count) {
      return std::type_identity<no_misfit>{};
    } else if constexpr (joint_at<J>::fits) {
      return misfit<J + 1>();
    } else {
      using at = joint_at<J>;
      return std::type_identity<
          queue_before<opener<J>::name, typename at::queue, at::many_producers, at::many_consumers>>{};
    }
  }

  // What stages [Begin, End) give for an X, as a value.
  template <std::size_t Begin, std::size_t End, class X>
  struct after {
    using type = decltype(run_stages<Begin, End>(std::declval<const Pipeline&>().stages(), std::declval<X>()));
  };
  template <std::size_t At, class X>
  struct after<At, At, X> {
    using type = X;
  };

  using first = typename Pipeline::template stage_at<0>;
  static constexpr bool input_known = !std::is_same_v<typename first::takes, any_type>;
  using input = std::remove_cvref_t<typename first::takes>;

  template <std::size_t J>
  struct value {
    using type = typename after<segments[J - 1].begin, segments[J - 1].end, typename value<J - 1>::type>::type;
  };
  template <std::size_t J>
    requires(J == 0)
  struct value<J> {
    using type = typename after<0, segments[0].begin, input>::type;
  };
  struct no_crew {
    static constexpr bool exists = false;
  };
  template <std::size_t J>
  struct crew_at {
    using type = no_crew;
  };
  template <std::size_t J>
    requires(joint_at<J>::elastic)
  struct crew_at<J> {
    using type = std::optional<crew<weave, J>>;
  };
  template <class = std::make_index_sequence<count>>
  struct parts;
  template <std::size_t... J>
  struct parts<std::index_sequence<J...>> {
    static constexpr bool concurrent = (joint_at<J>::concurrent && ...);
    static constexpr bool has_threads = (joint_at<J>::has_threads && ...);
    static constexpr bool moves_in_peace = (std::is_nothrow_move_constructible_v<typename value<J>::type> && ...);
    using joints = std::tuple<typename joint_at<J>::type...>;
    using crews = std::tuple<typename crew_at<J>::type...>;
    static constexpr bool timed = (joint_at<J>::timed || ...);
    using ticket = stamped<timed, ticket_of<typename value<J>::type..., typename value<count>::type>>;
  };
};

}  // namespace tenon::detail::weaving
