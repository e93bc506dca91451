// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/backend/poll.hpp>
#include <tenon/observe/counters.hpp>
#include <tenon/queue/spsc.hpp>
#include <tenon/runtime/describe.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/scheduler/affinity.hpp>

#include <string>

#include <gtest/gtest.h>

namespace {

struct edge : tenon::runtime<tenon::counters, tenon::poll, tenon::spsc<64>, tenon::affinity<>, tenon::terminate> {
  using runtime::runtime;
};

TEST(describe, marks_what_goes_without_saying) {
  EXPECT_EQ(
      tenon::describe<tenon::runtime<>>(),
      "epoll (default), stealing<> (default), recycling<system> (default), by_topology (default), flat (default), "
      "multi_thread (default), off (default), steady (default), propagate (default), context<> (default)");
}

TEST(describe, a_default_that_is_written_out_is_the_same_type_and_the_same_sentence) {
  EXPECT_EQ((tenon::describe<tenon::runtime<tenon::stealing<>, tenon::epoll>>()), tenon::describe<tenon::runtime<>>());
}

TEST(describe, one_thread_is_said_and_its_scheduling_goes_without_saying) {
  EXPECT_EQ((tenon::describe<tenon::runtime<tenon::single_thread>>()),
            "epoll (default), fifo (default), recycling<system> (default), by_topology (default), flat (default), "
            "single_thread, off (default), steady (default), propagate (default), context<> (default)");
}

TEST(describe, fifo_among_threads_was_said) {
  EXPECT_NE((tenon::describe<tenon::runtime<tenon::fifo>>().find("fifo, ")), std::string::npos);
}

TEST(describe, a_named_runtime_reads_as_its_sentence) {
  EXPECT_EQ(
      tenon::describe<edge>(),
      "poll, affinity<>, recycling<system> (default), spsc<64>, flat (default), multi_thread (default), counters, "
      "steady (default), terminate, context<> (default)");
}

/// What describe asks of an object.
struct with_notes : edge {
  struct settings {};
  [[nodiscard]] static std::string notes() { return "io_uring is refused here (EPERM): epoll instead"; }
};

TEST(describe, an_object_adds_what_its_machine_does_not_give) {
  with_notes rt;
  EXPECT_EQ(tenon::describe(rt), tenon::describe<edge>() + "\nio_uring is refused here (EPERM): epoll instead");
}

TEST(describe, an_object_with_nothing_to_note_is_its_sentence) {
  tenon::runtime<tenon::none, tenon::single_thread> rt;
  EXPECT_EQ(tenon::describe(rt), (tenon::describe<tenon::runtime<tenon::none, tenon::single_thread>>()));
}

}  // namespace
