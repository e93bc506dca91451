// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/pipeline/detail/health.hpp>

#include <cstddef>

namespace tenon {

/// What a worker of an elastic stage does: absent, idle, assigned, executing, completed.
using worker_state = detail::weaving::worker_state;

/// How an elastic stage of at most Max workers is, at one instant: what fabric::health gives.
///
///     const auto now = running.health<"resize">();
///     std::printf("%zu of %zu workers busy, %zu items wait\n", now.busy, now.size, now.queued);
///     for (const auto& each : now.workers) if (each.state == tenon::worker_state::executing) ...
///
/// Shape  Sizes, and a row of Max places. A worker keeps its place; who takes the place of one that was left behind
///        goes on with its counts. `since` is of the runtime's clock.
template <std::size_t Max>
using stage_health = detail::weaving::stage_health<Max>;

static_assert(stage_health<1>{}.max == 1);

}  // namespace tenon
