// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/fwd.hpp>
#include <tenon/runtime/contract.hpp>
#include <tenon/runtime/detail/house_rules.hpp>
#include <tenon/runtime/detail/nth.hpp>
#include <tenon/runtime/detail/place.hpp>
#include <tenon/runtime/detail/refusal.hpp>
#include <tenon/runtime/lacking_parts.hpp>
#include <tenon/runtime/lacking_surroundings.hpp>

#include <type_traits>

namespace tenon {

/// One policy a family: what a sentence means once its order and its defaults are gone. Rules look at its members.
///
/// runtime  The type it stands for.
/// legal    Whether every rule of every one of its policies holds. Asking is not an error, whatever the answer.
template <class Backend, class Scheduling, class Memory, class Queue, class Topology, class Threading, class Observe,
          class Clock, class Errors, class Context>
struct composition {
  using backend = Backend;
  using scheduling = Scheduling;
  using memory = Memory;
  using queue = Queue;
  using topology = Topology;
  using threading = Threading;
  using observe = Observe;
  using clock = Clock;
  using errors = Errors;
  using context = Context;

  using policies =
      detail::policy_list<Backend, Scheduling, Memory, Queue, Topology, Threading, Observe, Clock, Errors, Context>;
  using runtime =
      basic_runtime<Backend, Scheduling, Memory, Queue, Topology, Threading, Observe, Clock, Errors, Context>;

  static constexpr bool legal = detail::obeys_all<composition>(policies{});
};

namespace detail {

/// Look-up is overload resolution: a sentence converts to the entry of each family that it has a policy of.
template <class Family, class P>
struct entry {};
template <class... Ps>
struct entries : entry<typename Ps::family, Ps>... {};

template <class Family, class Fallback>
Fallback* find(const volatile void*);
template <class Family, class Fallback, class P>
P* find(const entry<Family, P>*);

template <class Family, class Fallback, class Entries>
using found = std::remove_pointer_t<decltype(find<Family, Fallback>(static_cast<Entries*>(nullptr)))>;

/// What is meant where nothing is said. Stealing needs someone to steal from, so that one thread means a plain queue.
template <class Threading>
using default_scheduling = std::conditional_t<Threading::concurrent, stealing<>, fifo>;

template <class Entries, class Threading = found<family::threading, multi_thread, Entries>>
using resolved = composition<found<family::backend, epoll, Entries>,
                             found<family::scheduling, default_scheduling<Threading>, Entries>,
                             found<family::memory, recycling<system>, Entries>,
                             found<family::queue, by_topology, Entries>, found<family::topology, flat, Entries>,
                             Threading, found<family::observe, off, Entries>, found<family::clock, steady, Entries>,
                             found<family::errors, propagate, Entries>, found<family::context, context<>, Entries>>;

/// What a preset says counts where the sentence is silent, and where it goes with what the sentence says.
template <class P, class... Said>
consteval bool counts() {
  if constexpr (std::is_void_v<found<typename P::family, void, entries<Said...>>>) {
    return resolved<entries<Said..., P>>::legal;
  } else {
    return false;
  }
}
template <class P>
struct unheard {};

template <class List, class... Said>
struct merged;
template <class... Ps, class... Said>
struct merged<policy_list<Ps...>, Said...>
    : entries<Said...>, std::conditional_t<counts<Ps, Said...>(), entry<typename Ps::family, Ps>, unheard<Ps>>... {};

template <class... Ps>
inline constexpr verdict verdict_of = judge({place_of<Ps>...});

/// What a sentence comes to: `accepted<R>`, or else the class whose instantiation says what is wrong.
template <class R>
struct accepted {};

template <class P>
struct refused_argument<place::unusable, P> : std::type_identity<missing<typename P::family, P>> {};

template <class Composition, bool Legal = Composition::legal>
struct conclude {
  using type = accepted<typename Composition::runtime>;
};
template <class Composition>
struct conclude<Composition, false> : broken_rule<Composition, typename Composition::policies> {};

template <fault Fault, class... Ps>
struct compose;
template <class... Ps>
using answer = typename compose<verdict_of<Ps...>.what, Ps...>::type;

template <class... Ps>
struct compose<fault::argument, Ps...> {
  using wrong = nth<verdict_of<Ps...>.at, Ps...>;
  using type = typename refused_argument<place_of<wrong>, wrong>::type;
};

template <class... Ps>
struct compose<fault::duplicate, Ps...> {
  using first = nth<verdict_of<Ps...>.at, Ps...>;
  using second = nth<verdict_of<Ps...>.other, Ps...>;
  using type = two_of_one_family<place_of<first>, first, second>;
};

template <class... Ps>
struct compose<fault::nested, Ps...> {
  using type = preset_in_a_preset<Ps...>;
};

template <class List>
inline constexpr fault fault_in = fault::nothing;
template <class... Ps>
inline constexpr fault fault_in<policy_list<Ps...>> =
    ((place_of<Ps> == place::preset) || ...) ? fault::nested : verdict_of<Ps...>.what;

/// A preset's own words are looked at as a sentence's are.
template <class List, fault Fault, class... Said>
struct compose_with : conclude<resolved<merged<List, Said...>>> {};
template <class... Ps, fault Fault, class... Said>
  requires(Fault != fault::nothing)
struct compose_with<policy_list<Ps...>, Fault, Said...> : compose<Fault, Ps...> {};

template <class Preset, class... Said>
struct sentence : compose_with<typename Preset::policies, fault_in<typename Preset::policies>, Said...> {};
template <class... Said>
struct sentence<void, Said...> : conclude<resolved<entries<Said...>>> {};

template <class... Ps>
struct compose<fault::nothing, Ps...> : sentence<found<preset_tag, void, entries<Ps...>>, Ps...> {};

/// Instantiates a refusal, by asking what it derives from: last of all and from the outermost place, so that the error
/// is short. The call goes on whatever the answer is; a class that had a refused one for its base would be dropped, and
/// each use of it be one more error.
template <class R>
R stand_for(const accepted<R>*);
no_runtime stand_for(const volatile void*);

}  // namespace detail

}  // namespace tenon
