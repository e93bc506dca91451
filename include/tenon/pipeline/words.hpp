// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/pipeline/detail/said.hpp>

#include <cstddef>
#include <utility>

namespace tenon {

/// More options of a stage, each of which needs a queue before it: the first three open one.
///
/// ttl(time)         An item that has waited longer than `time` before the stage, for room or in its queue, is not
///                   handled: its submitter is answered pipeline_errc::expired when a worker gets to it. By the
///                   runtime's clock, which may be a virtual one.
/// batch<N>          The function takes up to N items at once, as std::span<T>, and changes them; or std::span<T>,
///                   std::span<U>, and writes a U for each. A batch is what is there: nobody waits until it is full.
///                   An exception is that of each item of the batch.
/// by_level<N>(f)    N queues in the place of one, each with the capacity named: f(item), which must not throw, says
///                   which; 0 is served first. No level starves: of each 16 items one is taken from another level, each
///                   in its turn, so that an item with k before it in its level waits for at most 16 * N * (k + 1)
///                   others, however many come. drop_oldest drops the oldest of the level that is full. With block, who
///                   comes while anybody waits for room waits too, behind those of his own level.
/// ordered           Items leave a stage of several workers in the order in which they were taken from its queue. A
///                   slow one holds those behind it, and when they are twice as many as workers, the stage.
/// measured          The stage keeps histograms of how long items wait before it and how long they are worked on:
///                   fabric::times. Two readings of the clock an item, and 18 KiB a worker. A runtime whose observe
///                   policy has `times_stages` measures all stages.
[[nodiscard]] constexpr detail::weaving::ttl_option ttl(duration time) noexcept {
  return detail::weaving::ttl_option{time};
}
template <std::size_t N>
inline constexpr detail::weaving::batch_option<N> batch{};
template <std::size_t N, class Projection>
[[nodiscard]] constexpr detail::weaving::level_option<N, Projection> by_level(Projection f) {
  return detail::weaving::level_option<N, Projection>{std::move(f)};
}
inline constexpr detail::weaving::ordered_option ordered{};
inline constexpr detail::weaving::measured_option measured{};

}  // namespace tenon
