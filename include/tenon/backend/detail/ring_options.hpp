// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>

#include <bit>

namespace tenon {

/// Option of io_uring: how many submissions fit between two waits before they are sent early.
template <unsigned N>
struct entries {
  static_assert(
      std::has_single_bit(N) && N <= 4096,
      "tenon::entries<N>: N, the submissions of a ring, must be a power of two up to 4096; write entries<256>");
  static constexpr unsigned value = N;
};

namespace detail {

template <class Option>
inline constexpr unsigned ring_entries_of = 0;  // 0: not an option
template <unsigned N>
inline constexpr unsigned ring_entries_of<tenon::entries<N>> = N;

template <class... Options>
struct ring_options {
  static constexpr unsigned entries = 256;
  static constexpr auto word = fixed_string("io_uring");
};
template <unsigned N>
struct ring_options<tenon::entries<N>> {
  static constexpr unsigned entries = N;
  static constexpr auto word = fixed_string("io_uring<entries<") + decimal<N> + fixed_string(">>");
};

}  // namespace detail

static_assert(detail::ring_options<entries<64>>::word == fixed_string("io_uring<entries<64>>"));

}  // namespace tenon
