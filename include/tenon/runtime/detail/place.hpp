// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/policy.hpp>
#include <tenon/fwd.hpp>

#include <cstddef>
#include <initializer_list>

namespace tenon::detail {

/// Where an argument of runtime<...> belongs: the number of its family, presets counting as one, or why it has none.
enum class place : signed char {
  unusable = -3,   ///< a policy that lacks something its family asks for
  stranger = -2,   ///< no policy at all
  undefined = -1,  ///< declared only: a closed door, mostly
  backend = 0,
  scheduling,
  memory,
  queue,
  topology,
  threading,
  observe,
  clock,
  errors,
  context,
  preset,
};

template <class Family>
inline constexpr place family_place = place::stranger;

// clang-format off
template <> inline constexpr place family_place<family::backend> = place::backend;
template <> inline constexpr place family_place<family::scheduling> = place::scheduling;
template <> inline constexpr place family_place<family::memory> = place::memory;
template <> inline constexpr place family_place<family::queue> = place::queue;
template <> inline constexpr place family_place<family::topology> = place::topology;
template <> inline constexpr place family_place<family::threading> = place::threading;
template <> inline constexpr place family_place<family::observe> = place::observe;
template <> inline constexpr place family_place<family::clock> = place::clock;
template <> inline constexpr place family_place<family::errors> = place::errors;
template <> inline constexpr place family_place<family::context> = place::context;
// clang-format on

enum class fault : signed char {
  nothing,
  argument,   ///< one has no place
  duplicate,  ///< two have one place
  nested,     ///< a preset among the words of a preset
};

/// The first thing wrong with the arguments taken one by one and two by two, and where.
struct verdict {
  fault what = fault::nothing;
  std::size_t at = 0;
  std::size_t other = 0;
};

consteval verdict judge(std::initializer_list<place> places) {
  const place* const first = places.begin();
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (first[i] < place::backend) return {fault::argument, i, i};
  }
  for (std::size_t i = 1; i < places.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (first[i] == first[j]) return {fault::duplicate, j, i};
    }
  }
  return {};
}

}  // namespace tenon::detail
