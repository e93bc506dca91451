// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/poll.hpp>
#include <tenon/queue/spsc.hpp>
#include <tenon/runtime/presets.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/scheduler/affinity.hpp>

#include <type_traits>

#include <gtest/gtest.h>

#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
#include <tenon/backend/io_uring.hpp>
#endif
#if defined(TENON_WITH_MIMALLOC) && TENON_WITH_MIMALLOC
#include <tenon/memory/mimalloc.hpp>
#endif
#if defined(TENON_WITH_HWLOC) && TENON_WITH_HWLOC
#include <tenon/topology/hwloc.hpp>
#endif

namespace {

using tenon::runtime;
using tp = tenon::poll;

struct ours : tenon::preset<tp, tenon::stealing<>, tenon::spsc<64>, tenon::counters> {};

TEST(presets, a_bag_counts_where_the_sentence_is_silent) {
  static_assert(std::is_same_v<runtime<ours, tenon::affinity<>>,
                               runtime<tp, tenon::affinity<>, tenon::spsc<64>, tenon::counters>>);
}

TEST(presets, what_is_written_beats_the_bag) {
  static_assert(std::is_same_v<runtime<tenon::off, tenon::development>, runtime<tenon::fifo, tenon::terminate>>);
  static_assert(std::is_same_v<runtime<tenon::epoll, ours, tenon::affinity<>>::backend, tenon::epoll>);
}

TEST(presets, a_word_that_does_not_go_with_the_sentence_is_left_out) {
  static_assert(std::is_same_v<runtime<ours, tenon::single_thread>,
                               runtime<tp, tenon::fifo, tenon::single_thread, tenon::spsc<64>, tenon::counters>>);
  static_assert(
      std::is_same_v<runtime<tenon::production, tenon::virtual_clock, tenon::single_thread>::scheduling, tenon::fifo>);
}

TEST(presets, development_counts_and_stops_where_it_went_wrong) {
  static_assert(std::is_same_v<runtime<tenon::development>, runtime<tenon::fifo, tenon::counters, tenon::terminate>>);
}

TEST(presets, production_is_the_defaults_counted) {
  static_assert(std::is_same_v<runtime<tenon::production>, runtime<tenon::counters>>);
}

TEST(presets, high_performance_takes_what_is_open) {
  using fast = runtime<tenon::high_performance>;
  static_assert(
      std::is_same_v<fast::backend, std::conditional_t<tenon::detail::door_io_uring, tenon::io_uring<>, tenon::epoll>>);
  static_assert(
      std::is_same_v<fast::topology, std::conditional_t<tenon::detail::door_hwloc, tenon::hwloc, tenon::flat>>);
  static_assert(std::is_same_v<fast::observe, tenon::off>);
  static_assert(std::is_same_v<runtime<tenon::high_performance, tp>::backend, tp>);
}

}  // namespace
