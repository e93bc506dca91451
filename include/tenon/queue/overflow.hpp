// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>

namespace tenon {

/// What happens to an item that meets a full queue: the types of the words below. A word of your own is of this make:
///
/// waits          The producer waits until there is room.
/// rejects        The producer gets the item back, and is told so; else the item is dropped, and counted.
/// producer_pops  Before that the producer takes the oldest item out, so that the queue needs many consumers.
namespace overflow {

struct block {
  static constexpr auto word = fixed_string("block");
  static constexpr bool waits = true;
  static constexpr bool rejects = false;
  static constexpr bool producer_pops = false;
};
struct reject {
  static constexpr auto word = fixed_string("reject");
  static constexpr bool waits = false;
  static constexpr bool rejects = true;
  static constexpr bool producer_pops = false;
};
struct drop_oldest {
  static constexpr auto word = fixed_string("drop_oldest");
  static constexpr bool waits = false;
  static constexpr bool rejects = false;
  static constexpr bool producer_pops = true;
};
struct drop_newest {
  static constexpr auto word = fixed_string("drop_newest");
  static constexpr bool waits = false;
  static constexpr bool rejects = false;
  static constexpr bool producer_pops = false;
};

}  // namespace overflow

/// One of the types above, or of the same make.
template <class P>
concept overflow_word = std::is_empty_v<P> && requires {
  std::string_view{P::word};
  { P::waits } -> std::convertible_to<bool>;
  { P::rejects } -> std::convertible_to<bool>;
  { P::producer_pops } -> std::convertible_to<bool>;
};

/// The words, for a joint:
///
///     tenon::stage<"handle">(handle, tenon::queue_of<1024>, tenon::reject)
///
/// block        The producer waits until there is room: backpressure.
/// reject       The producer gets its item back, and an error.
/// drop_oldest  The oldest item in the queue is dropped and counted, and the new one takes its place.
/// drop_newest  The new item is dropped and counted.
inline constexpr overflow::block block{};
inline constexpr overflow::reject reject{};
inline constexpr overflow::drop_oldest drop_oldest{};
inline constexpr overflow::drop_newest drop_newest{};

static_assert(overflow_word<overflow::block> && overflow_word<overflow::reject> &&
              overflow_word<overflow::drop_oldest> && overflow_word<overflow::drop_newest>);

}  // namespace tenon
