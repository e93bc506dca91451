// SPDX-License-Identifier: BSL-1.0
#include <tenon/topology/concept.hpp>
#include <tenon/topology/flat.hpp>

#include <gtest/gtest.h>

#include <string_view>

#include "../laws/topology.hpp"

namespace {

/// A policy as a user would write it: one worker, wherever it is.
struct lone : tenon::family::topology {
  static constexpr std::string_view word = "lone";
  static constexpr bool pins = false;
  static tenon::machine read() {
    tenon::machine here;
    here.places.front().processor = tenon::detail::allowed_processors().back();
    return here;
  }
  static tenon::result<void> pin(const tenon::machine&, std::size_t) noexcept { return {}; }
  static tenon::result<void> unpin(const tenon::machine&) noexcept { return {}; }
};

INSTANTIATE_TYPED_TEST_SUITE_P(of_a_user, topology_laws, lone);

struct throws_on_pin : lone {
  static tenon::result<void> pin(const tenon::machine&, std::size_t) { return {}; }
};
static_assert(!tenon::topology_policy<throws_on_pin>);

struct without_read : tenon::family::topology {
  static constexpr std::string_view word = "without_read";
};
static_assert(!tenon::topology_policy<without_read>);
static_assert(!tenon::topology_policy<int>);

}  // namespace
