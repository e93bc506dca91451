// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/fwd.hpp>
#include <tenon/scheduler/detail/stealing_options.hpp>
#include <tenon/scheduler/stealing.hpp>

#include <cstddef>

namespace tenon {

/// Option of stealing: what a task makes ready last runs next on the same worker, while what the two share is in its
/// caches; so a message does not wait behind all that is ready.
///
///     using service = tenon::runtime<tenon::stealing<tenon::lifo_slot<>>>;
///
/// Order    At most K in a row go before the rest (3 unless said), so the rest gets one turn in K + 1 at least. A
///          coroutine that yields goes behind the rest.
/// Cost     A locked instruction more an item, where several are ready.
/// Threads  Any worker runs any task: thieves take from the slot too, when the queue behind it is empty.
template <std::size_t K>
struct lifo_slot {
  static_assert(K >= 1,
                "tenon::lifo_slot<K>: K, how often in a row the slot goes first, must be 1 at least; leave it out");
  static constexpr auto word = fixed_string("lifo_slot<") + detail::decimal<K> + fixed_string(">");
  static constexpr std::size_t in_a_row = K;
};

}  // namespace tenon
