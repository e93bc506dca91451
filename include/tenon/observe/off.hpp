// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/observe/concept.hpp>
#include <tenon/observe/totals.hpp>

#include <cstddef>
#include <type_traits>

namespace tenon {

/// Nobody watches: every hook is nothing, and a worker is not a byte larger for it. The default.
///
/// Shape    Empty; a member of it wants [[no_unique_address]].
struct off : family::observe {
  static constexpr auto word = fixed_string("off");
  static constexpr bool enabled = false;

  template <class Threading>
  class of {
   public:
    constexpr void spawned(std::size_t /*tasks*/) noexcept {}
    constexpr void ran(std::size_t /*tasks*/) noexcept {}
    constexpr void stole(std::size_t /*tasks*/) noexcept {}
    constexpr void dropped(std::size_t /*items*/) noexcept {}
    constexpr void received(std::size_t /*bytes*/) noexcept {}
    constexpr void sent(std::size_t /*bytes*/) noexcept {}
    constexpr void parked() noexcept {}
    constexpr void woke() noexcept {}
    [[nodiscard]] constexpr totals read() const noexcept { return {}; }
  };
};

static_assert(observe_policy<off>);
static_assert(std::is_empty_v<off::of<multi_thread>> && std::is_empty_v<off::of<single_thread>>);

}  // namespace tenon
