// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/policy.hpp>
#include <tenon/core/rules.hpp>
#include <tenon/fwd.hpp>
#include <tenon/runtime/detail/nth.hpp>

#include <cstddef>
#include <type_traits>

namespace tenon::detail {

/// Stealing is between workers.
struct steals_between_threads {
  template <class Composition>
  static constexpr bool holds = Composition::threading::concurrent;
  template <class Composition>
  struct refusal {
    static_assert(holds<Composition>,
                  "tenon::stealing<...>: with single_thread there is no other worker to steal from; write fifo or "
                  "affinity<> instead of stealing, or leave out single_thread");
  };
};

/// A thief is a second consumer.
struct steals_from_shared_queue {
  template <class Composition>
  static constexpr bool holds = [] {
    if constexpr (requires { Composition::queue::many_consumers; }) {
      return static_cast<bool>(Composition::queue::many_consumers);
    } else {
      return true;  // by_topology: chosen for the parties it has
    }
  }();
  template <class Composition>
  struct refusal {
    static_assert(
        holds<Composition>,
        "tenon::stealing<...>: a thief is a second consumer, and the queue allows only one (many_consumers is "
        "false); write mpmc<N> or locked<N>, or affinity<> or fifo instead of stealing (the default)");
  };
};

/// Only one thread can know that nothing is left to run.
struct stands_still_on_one_thread {
  template <class Composition>
  static constexpr bool holds = !Composition::threading::concurrent;
  template <class Composition>
  struct refusal {
    static_assert(
        holds<Composition>,
        "tenon::virtual_clock: time may jump only when nothing can run, and of several threads none knows that; "
        "add single_thread, or write steady");
  };
};

/// A node is what a topology says it is.
struct knows_where_it_runs {
  template <class Composition>
  static constexpr bool holds = [] {
    if constexpr (requires { Composition::topology::knows_nodes; }) {
      return static_cast<bool>(Composition::topology::knows_nodes);
    } else {
      return std::is_same_v<typename Composition::topology, hwloc>;  // its door may be closed where this is asked
    }
  }();
  template <class Composition>
  struct refusal {
    static_assert(
        holds<Composition>,
        "tenon::numa<...>: the topology knows no nodes (knows_nodes is not there, or false), so there is none to place "
        "memory on; add hwloc, or leave out numa and write what is in its brackets");
  };
};

/// The rules of a policy: its own member `rules`; those of our words that look across families are here, where every
/// family is in sight.
template <class P>
struct rules_of_policy {
  using type = rules<>;
};
template <class P>
  requires requires { typename P::rules; }
struct rules_of_policy<P> {
  using type = typename P::rules;
};
template <class... Options>
struct rules_of_policy<stealing<Options...>> {
  using type = rules<steals_between_threads, steals_from_shared_queue>;
};
template <class Upstream>
struct rules_of_policy<numa<Upstream>> {
  using type = rules<knows_where_it_runs>;
};
template <>
struct rules_of_policy<virtual_clock> {
  using type = rules<stands_still_on_one_thread>;
};

template <class P>
using rules_of = typename rules_of_policy<P>::type;

template <class Composition, class... Rules>
consteval bool obeys(rules<Rules...>) {
  return (Rules::template holds<Composition> && ...);
}
template <class Composition, class... Ps>
consteval bool obeys_all(policy_list<Ps...>) {
  return (obeys<Composition>(rules_of<Ps>{}) && ...);
}

template <class... As, class... Bs>
rules<As..., Bs...> operator+(rules<As...>, rules<Bs...>);
template <class... Ps>
using all_rules = decltype((rules<>{} + ... + rules_of<Ps>{}));

/// The refusal of the first rule that is broken. Only the way to an error comes here.
template <class Composition, class... Rules>
consteval auto first_refusal(rules<Rules...>) {
  constexpr std::size_t broken = [] {
    std::size_t at = 0;
    (void)((Rules::template holds<Composition> && (++at, true)) && ...);
    return at;
  }();
  return std::type_identity<typename nth<broken, Rules...>::template refusal<Composition>>{};
}

template <class Composition, class Policies>
struct broken_rule;
template <class Composition, class... Ps>
struct broken_rule<Composition, policy_list<Ps...>> {
  using type = typename decltype(first_refusal<Composition>(all_rules<Ps...>{}))::type;
};

}  // namespace tenon::detail
