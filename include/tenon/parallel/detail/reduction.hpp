// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/parallel/detail/extent.hpp>
#include <tenon/parallel/detail/stride.hpp>

#include <type_traits>
#include <utility>

namespace tenon::detail {

/// How many leaves an ordered reduction has where no grain is given: enough for any machine, few enough to fork each.
inline constexpr extent most_leaves = 512;

/// The elements of a loop, each mapped, combined from left to right.
template <class Place, class T, class Combine, class Map>
class reduction {
  static constexpr bool is_by_element = std::is_invocable_v<Map&, element_t<Place>>;

 public:
  reduction(places<Place> where, Combine& combine, Map& map, extent least) noexcept
      : where_(std::move(where)), combine_(combine), map_(map), least_(least) {}

  /// `so_far` and all of [at, end).
  [[nodiscard]] T run(T so_far, extent at, extent end, extent size) {
    stride pieces(least_, size);
    while (at != end) {
      if (pieces.wanted(end - at)) {
        const extent middle = at + (end - at) / 2;
        size = pieces.size();
        auto [low, high] = both(
            [&] {
              stride::lay_open();
              return run(std::move(so_far), at, middle, size);
            },
            [this, middle, end, size] { return run(middle, end, size); });
        return combine_(std::move(low), std::move(high));
      }
      const extent until = at + pieces.next(end - at);
      so_far = go_on(std::move(so_far), at, until);
      at = until;
    }
    return so_far;
  }
  /// All of [at, end), which is not empty.
  [[nodiscard]] T run(extent at, extent end, extent size) {
    const extent first = size > least_ ? size : least_;
    const extent until = first < end - at ? at + first : end;
    return run(of(at, until), until, end, size);
  }
  /// The same in leaves, always the same.
  [[nodiscard]] T in_pairs(extent at, extent end, extent leaf) {
    if (end - at <= leaf) return of(at, end);
    const extent leaves = (end - at - 1) / leaf + 1;
    const extent middle = at + leaves / 2 * leaf;
    auto [low, high] = both([this, at, middle, leaf] { return in_pairs(at, middle, leaf); },
                            [this, middle, end, leaf] { return in_pairs(middle, end, leaf); });
    return combine_(std::move(low), std::move(high));
  }
  /// The same at once.
  [[nodiscard]] T of(extent from, extent until) {
    if constexpr (is_by_element) {
      T first = map_(places<Place>::element(where_.at(from)));
      return go_on(std::move(first), from + 1, until);
    } else {
      return map_(where_.at(from), where_.at(until));
    }
  }

 private:
  [[nodiscard]] T go_on(T so_far, extent from, extent until) {
    if constexpr (is_by_element) {
      Place at = where_.at(from);
      const Place end = where_.at(until);
      at_hand<Map, element_t<Place>> map = map_;
      at_hand<Combine, T, std::invoke_result_t<Map&, element_t<Place>>> combine = combine_;
      for (; at < end; ++at) so_far = combine(std::move(so_far), map(places<Place>::element(at)));
      return so_far;
    } else {
      return from == until ? std::move(so_far) : combine_(std::move(so_far), map_(where_.at(from), where_.at(until)));
    }
  }

  places<Place> where_;
  Combine& combine_;
  Map& map_;
  extent least_;
};

}  // namespace tenon::detail
