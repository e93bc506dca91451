// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/pipeline/detail/batched.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace tenon::detail::weaving {

struct ttl_option {
  duration time = duration::max();
};
template <std::size_t N>
struct batch_option {
  static_assert(N >= 2 && N <= 256, "tenon::batch<N>: N, the most items at once, must lie between 2 and 256");
};
template <std::size_t N, class Projection>
struct level_option {
  static_assert(N >= 2 && N <= 16, "tenon::by_level<N>: N, the number of levels, must lie between 2 and 16");
  static constexpr std::size_t levels = N;
  [[no_unique_address]] Projection projection;
};
struct ordered_option {};
struct measured_option {};

/// What those options say, as numbers: part of a stage's plan. Zero: not named.
struct said {
  std::size_t batch = 0;
  std::size_t levels = 0;
  bool expires = false;
  bool ordered = false;
  bool measured = false;
  bool said_twice = false;

  [[nodiscard]] constexpr bool wants_queue() const noexcept { return batch != 0 || levels != 0 || expires; }

  constexpr void hear(std::type_identity<ttl_option>) noexcept {
    said_twice = std::exchange(expires, true) || said_twice;
  }
  template <std::size_t N>
  constexpr void hear(std::type_identity<batch_option<N>>) noexcept {
    said_twice = said_twice || std::exchange(batch, N) != 0;
  }
  template <std::size_t N, class Projection>
  constexpr void hear(std::type_identity<level_option<N, Projection>>) noexcept {
    said_twice = said_twice || std::exchange(levels, N) != 0;
  }
  constexpr void hear(std::type_identity<ordered_option>) noexcept { ordered = true; }
  constexpr void hear(std::type_identity<measured_option>) noexcept { measured = true; }
};

template <class Option>
concept stage_word = requires(said plan) { plan.hear(std::type_identity<Option>{}); };

/// The option of levels among a stage's, or void.
template <class... Options>
struct levels_said {
  using type = void;
};
template <class First, class... Rest>
struct levels_said<First, Rest...> : levels_said<Rest...> {};
template <std::size_t N, class Projection, class... Rest>
struct levels_said<level_option<N, Projection>, Rest...> {
  using type = level_option<N, Projection>;
};

/// How a stage keeps its function: as it is, or as one of batches.
template <class F, class... Options>
struct function_kept {
  using type = F;
};
template <class F, class First, class... Rest>
struct function_kept<F, First, Rest...> : function_kept<F, Rest...> {};
template <class F, std::size_t N, class... Rest>
  requires(batch_signature<F>::known && batch_gives_room<F>)  // else the stage says what is wrong
struct function_kept<F, batch_option<N>, Rest...> {
  using type = batched<F, N>;
};

}  // namespace tenon::detail::weaving
