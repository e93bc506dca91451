// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/policy.hpp>
#include <tenon/fwd.hpp>
#include <tenon/runtime/detail/place.hpp>

#include <type_traits>

/// The sentences. Each is a class that the compiler names, with the argument that is wrong, when it instantiates it.
namespace tenon::detail {

template <class...>
inline constexpr bool refused = false;

/// Stands where a runtime would, so that the sentence is the only error.
struct no_runtime {
  using runtime = no_runtime;
  using policies = policy_list<>;
  struct settings {};
  template <class... Args>
  explicit no_runtime(Args&&...) {}
};

template <class P>
struct not_defined {
  static_assert(refused<P>,
                "tenon::runtime<...>: an argument is declared but not defined; include the header that defines it");
};
template <class... Options>
struct not_defined<io_uring<Options...>> {
  static_assert(
      refused<Options...>,
      "tenon::runtime<...>: io_uring<> is declared but its door is closed; define TENON_WITH_IO_URING=1 and link "
      "liburing (CMake: tenon::io_uring)");
};
template <class P>
  requires std::is_same_v<P, libuv>
struct not_defined<P> {
  static_assert(
      refused<P>,
      "tenon::runtime<...>: libuv is declared but its door is closed; define TENON_WITH_LIBUV=1 and link libuv "
      "(CMake: tenon::libuv)");
};
template <class P>
  requires std::is_same_v<P, mimalloc>
struct not_defined<P> {
  static_assert(
      refused<P>,
      "tenon::runtime<...>: mimalloc is declared but its door is closed; define TENON_WITH_MIMALLOC=1 and link "
      "mimalloc (CMake: tenon::mimalloc)");
};
template <class P>
  requires std::is_same_v<P, hwloc>
struct not_defined<P> {
  static_assert(
      refused<P>,
      "tenon::runtime<...>: hwloc is declared but its door is closed; define TENON_WITH_HWLOC=1 and link hwloc "
      "(CMake: tenon::hwloc)");
};
template <class... Options>
struct not_defined<stealing<Options...>> {
  static_assert(refused<Options...>,
                "tenon::runtime<...>: an option of stealing<...> is declared but not defined; include "
                "<tenon/scheduler/chase_lev.hpp>, <tenon/scheduler/split.hpp> or <tenon/scheduler/lifo_slot.hpp>");
};
template <decltype(sizeof 0) N>
struct not_defined<unbounded<N>> {
  static_assert(refused<unbounded<N>>,
                "tenon::runtime<...>: unbounded<> is declared but not defined; include <tenon/queue/unbounded.hpp>");
};
template <decltype(sizeof 0) N>
struct not_defined<boost_spsc<N>> {
  static_assert(refused<boost_spsc<N>>,
                "tenon::runtime<...>: boost_spsc<N> is declared but not defined; include <tenon/queue/boost_spsc.hpp>");
};
template <decltype(sizeof 0) N>
struct not_defined<boost_mpmc<N>> {
  static_assert(refused<boost_mpmc<N>>,
                "tenon::runtime<...>: boost_mpmc<N> is declared but not defined; include <tenon/queue/boost_mpmc.hpp>");
};

template <class P>
consteval int strangeness() {
  if constexpr (!std::is_same_v<P, std::remove_cv_t<P>>) {
    return 1;
  } else if constexpr (!names_family<P>) {
    return 2;
  } else if constexpr (family_place<typename P::family> == place::stranger) {
    return 3;
  } else if constexpr (!std::is_empty_v<P>) {
    return 4;
  } else {
    return 5;
  }
}

template <class P>
struct not_a_policy {
  template <int Reason>
  static constexpr bool free_of = strangeness<P>() != Reason;
  static_assert(free_of<1>, "tenon::runtime<...>: an argument is const or volatile; name the policy itself");
  static_assert(
      free_of<2>,
      "tenon::runtime<...>: an argument is not a policy; derive it, publicly, from the one family it belongs to, "
      "as in struct my_backend : tenon::family::backend");
  static_assert(
      free_of<3>,
      "tenon::runtime<...>: a policy names a family that no runtime has; derive it from one of tenon::family");
  static_assert(
      free_of<4>,
      "tenon::runtime<...>: a policy has data members, and nobody makes an object of it; keep state in the types "
      "it names and numbers in settings");
  static_assert(free_of<5>,
                "tenon::runtime<...>: a policy has no word, its name in a sentence; add static constexpr auto word = "
                "tenon::fixed_string(\"my_policy\")");
};

/// Two of one family; the sentence of a family is written out, for a static_assert takes a literal only.
template <place Family, class First, class Second>
struct two_of_one_family {
  static constexpr bool same = std::is_same_v<First, Second>;
  static_assert(!same, "tenon::runtime<...>: a policy is named twice; name it once");
  static_assert(same || Family != place::backend, "tenon::runtime<...>: two backends; keep one");
  static_assert(same || Family != place::scheduling, "tenon::runtime<...>: two scheduling policies; keep one");
  static_assert(same || Family != place::memory,
                "tenon::runtime<...>: two memory policies; keep one, or nest them as in recycling<mimalloc>");
  static_assert(same || Family != place::queue,
                "tenon::runtime<...>: two queue policies; keep one, and name another at the stage that needs it");
  static_assert(same || Family != place::topology, "tenon::runtime<...>: two topologies; keep one");
  static_assert(same || Family != place::threading,
                "tenon::runtime<...>: two threading policies; keep single_thread or multi_thread");
  static_assert(same || Family != place::observe, "tenon::runtime<...>: two observe policies; keep one");
  static_assert(same || Family != place::clock, "tenon::runtime<...>: two clocks; keep one");
  static_assert(same || Family != place::errors,
                "tenon::runtime<...>: two errors policies; keep propagate or terminate");
  static_assert(same || Family != place::context,
                "tenon::runtime<...>: two contexts; keep one and name all slots in it");
  static_assert(same || Family != place::preset,
                "tenon::runtime<...>: two presets; keep one and name the policies that you want of the other");
};

template <class... Ps>
struct preset_in_a_preset {
  static_assert(refused<Ps...>, "tenon::runtime<...>: a preset names another preset; name that one's policies instead");
};

/// The sentence about one argument.
template <place Where, class P>
struct refused_argument;
template <class P>
struct refused_argument<place::undefined, P> : std::type_identity<not_defined<P>> {};
template <class P>
struct refused_argument<place::stranger, P> : std::type_identity<not_a_policy<P>> {};

}  // namespace tenon::detail
