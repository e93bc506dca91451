// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/yielded.hpp>
#include <tenon/core/fixed_string.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/scheduler/detail/run_ring.hpp>
#include <tenon/scheduler/detail/slotted.hpp>
#include <tenon/scheduler/detail/stealing_parts.hpp>

#include <cstddef>

namespace tenon::detail {

/// An option that says in which deque a worker's items lie, the newest first.
template <class Option>
concept deque_option = requires { typename Option::template deque<multi_thread>; };
/// An option that says how often in a row the slot goes first.
template <class Option>
concept slot_option = requires { Option::in_a_row; };

template <class...>
struct deque_of {
  static constexpr bool newest_first = false;
  template <class Threading>
  using type = run_ring<Threading>;
};
template <class Option, class... Rest>
struct deque_of<Option, Rest...> : deque_of<Rest...> {};
template <deque_option Option, class... Rest>
struct deque_of<Option, Rest...> {
  static constexpr bool newest_first = true;
  template <class Threading>
  using type = typename Option::template deque<Threading>;
};

template <class Threading, class Queue, std::size_t InARow>
struct with_slot {
  using type = slotted<Threading, Queue, InARow>;
};
template <class Threading, class Queue>
struct with_slot<Threading, Queue, 0> {
  using type = Queue;
};

template <class Option>
consteval std::size_t in_a_row() noexcept {
  if constexpr (slot_option<Option>) {
    return Option::in_a_row;
  } else {
    return 0;
  }
}

template <class Option, class... Rest>
  requires((deque_option<Option> || slot_option<Option>) && ... && (deque_option<Rest> || slot_option<Rest>))
struct stealing_parts<Option, Rest...> {
  static constexpr int deques = deque_option<Option> + (0 + ... + deque_option<Rest>);
  static constexpr int slots = slot_option<Option> + (0 + ... + slot_option<Rest>);
  static constexpr bool are_options = deques <= 1 && slots <= 1;
  /// Whether a coroutine that yields goes into the queue from outside: in a deque it would be the next again.
  static constexpr bool gives_way_outside = deque_of<Option, Rest...>::newest_first;
  [[nodiscard]] static bool gives_way(const work& item) noexcept { return detail::gives_way(item); }
  static constexpr auto word =
      ((fixed_string("stealing<") + Option::word) + ... + (fixed_string(", ") + Rest::word)) + fixed_string(">");
  template <class Threading>
  using queue = typename with_slot<Threading, typename deque_of<Option, Rest...>::template type<Threading>,
                                   (in_a_row<Option>() + ... + in_a_row<Rest>())>::type;
};

}  // namespace tenon::detail
