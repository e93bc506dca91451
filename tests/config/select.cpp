// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/backend/poll.hpp>
#include <tenon/config/select.hpp>
#include <tenon/memory/numa.hpp>
#include <tenon/memory/pmr.hpp>
#include <tenon/observe/counters.hpp>
#include <tenon/runtime/describe.hpp>
#include <tenon/runtime/presets.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/scheduler/affinity.hpp>
#include <tenon/task/task.hpp>
#include <tenon/topology/synthetic.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace {

using some_backends = tenon::backends<tenon::epoll, tenon::poll, tenon::none>;
using some_schedulings = tenon::schedulings<tenon::stealing<>, tenon::fifo, tenon::affinity<>>;
using both_threadings = tenon::threadings<tenon::multi_thread, tenon::single_thread>;

constexpr auto sentence_of = [](auto& rt) { return tenon::describe(rt); };

/// Its error, or its sentence without the marks.
template <class... Choices>
std::string chosen(std::string_view words) {
  const auto out = tenon::select<Choices...>(words, sentence_of);
  if (!out) return "error: " + out.error();
  std::string text = *out;
  for (std::size_t at = 0; (at = text.find(" (default)")) != text.npos;) text.erase(at, 10);
  return text;
}
template <class R>
std::string plain() {
  std::string text = tenon::describe<R>();
  for (std::size_t at = 0; (at = text.find(" (default)")) != text.npos;) text.erase(at, 10);
  return text;
}

TEST(select, silence_means_the_first_words) {
  EXPECT_EQ((chosen<some_backends, some_schedulings>("")), plain<tenon::runtime<>>());
}

TEST(select, each_word_leads_to_its_type) {
  EXPECT_EQ((chosen<some_backends, some_schedulings>("poll")), plain<tenon::runtime<tenon::poll>>());
  EXPECT_EQ((chosen<some_backends, some_schedulings>("affinity, none")),
            (plain<tenon::runtime<tenon::none, tenon::affinity<>>>()));
  EXPECT_EQ((chosen<both_threadings, some_schedulings>("fifo, single_thread")),
            (plain<tenon::runtime<tenon::single_thread>>()));
}

TEST(select, where_workers_run_and_where_their_memory_lies_are_chosen_like_the_rest) {
  using memories = tenon::memories<tenon::recycling<>, tenon::numa<>, tenon::pmr<>>;
  using topologies = tenon::topologies<tenon::flat, tenon::synthetic<"node:2 core:8">>;
  EXPECT_EQ((chosen<memories, topologies>("numa, synthetic")),
            (plain<tenon::runtime<tenon::numa<>, tenon::synthetic<"node:2 core:8">>>()));
  EXPECT_EQ((chosen<memories, topologies>("synthetic<\"node:2 core:8\">, pmr")),
            (plain<tenon::runtime<tenon::pmr<>, tenon::synthetic<"node:2 core:8">>>()));
  EXPECT_EQ((chosen<memories, topologies>("numa")),
            "error: \"numa\": numa<recycling<system>>, flat do not go together; see docs/legality.md for what does");
}

TEST(select, the_rest_of_the_sentence_is_the_same_in_each) {
  EXPECT_EQ((chosen<tenon::counters, some_backends>("poll")), (plain<tenon::runtime<tenon::poll, tenon::counters>>()));
  EXPECT_EQ((chosen<some_backends, tenon::production>("none")),
            (plain<tenon::runtime<tenon::none, tenon::counters>>()));
}

TEST(select, what_describe_says_can_be_selected) {
  const std::string sentence = tenon::describe<tenon::runtime<tenon::none, tenon::fifo>>();
  EXPECT_EQ((chosen<some_backends, some_schedulings>(sentence)), (plain<tenon::runtime<tenon::none, tenon::fifo>>()));
}

TEST(select, calls_once_and_gives_what_it_gave) {
  int calls = 0;
  const int rc = tenon::select<some_backends>("poll", [&calls](auto& rt) {
    ++calls;
    return rt.workers() > 0 ? 42 : 0;
  });
  EXPECT_EQ(rc, 42);
  EXPECT_EQ(calls, 1);
}

TEST(select, a_runtime_taken_by_value_is_made_where_it_stays) {
  const auto out =
      tenon::select<some_backends>("none", [](auto rt) { return rt.state() == tenon::phase::initializing; });
  ASSERT_TRUE(out) << out.error();
  EXPECT_TRUE(*out);
}

tenon::task<int> forty_two() { co_return 42; }

TEST(select, what_is_chosen_runs) {
  for (const char* words : {"epoll", "poll, single_thread", "none, fifo"}) {
    const int rc = tenon::select<some_backends, tenon::schedulings<tenon::fifo, tenon::affinity<>>, both_threadings>(
        words, [](auto rt) { return rt.run(forty_two()); });
    EXPECT_EQ(rc, 42) << words;
  }
}

TEST(select, a_selection_may_give_nothing) {
  bool called = false;
  const auto out = tenon::select<some_backends>("", [&called](auto&) { called = true; });
  EXPECT_TRUE(out);
  EXPECT_TRUE(called);
}

TEST(select, numbers_reach_the_settings) {
  tenon::config::document asked;
  asked.threads = 2;
  asked.blocking_threads = 7;
  asked.name = "edge";
  const std::string text = tenon::select<some_backends>(asked, [](auto& rt) {
    return std::string(rt.name()) + '/' + std::to_string(rt.workers()) + '/' +
           std::to_string(rt.how_much().blocking_threads);
  });
  EXPECT_EQ(text, "edge/2/7");
}

TEST(select, an_unknown_word_is_an_error_with_the_known_ones) {
  EXPECT_EQ((chosen<some_backends, some_schedulings>("epol, fifo")),
            "error: \"epol, fifo\": \"epol\" is none of the words here; write epoll, poll or none; stealing<>, fifo or "
            "affinity<>");
}

TEST(select, words_that_do_not_go_together_are_an_error_and_nothing_is_called) {
  EXPECT_EQ(
      (chosen<some_schedulings, both_threadings>("single_thread")),
      "error: \"single_thread\": stealing<>, single_thread do not go together; see docs/legality.md for what does");
}

TEST(select, threads_for_one_thread_are_an_error) {
  tenon::config::document asked;
  asked.source = "a.toml";
  asked.threads = 4;
  const auto out = tenon::select<tenon::single_thread, some_backends>(asked, [](auto&) { return 0; });
  EXPECT_EQ(out.error(),
            "a.toml: threads = 4, but with single_thread there is one; leave threads out, or choose multi_thread");
  asked.threads = 1;
  asked.blocking_threads = 4;
  const auto none = tenon::select<tenon::single_thread, some_backends>(asked, [](auto&) { return 0; });
  EXPECT_EQ(none.error(),
            "a.toml: blocking_threads = 4, but with single_thread there are none; leave blocking_threads out, or "
            "choose multi_thread");
}

TEST(select, an_error_of_the_configuration_is_passed_on) {
  const auto out = tenon::select<some_backends>(tenon::config::sentence("epoll,"), [](auto&) { return 0; });
  EXPECT_FALSE(out);
  EXPECT_NE(out.error().find("a word is missing"), std::string::npos);
  EXPECT_THROW(([] { return int{tenon::select<some_backends>("epol", [](auto&) { return 0; })}; }()),
               std::runtime_error);
}

TEST(select, what_the_program_is_made_with_cannot_be_chosen_away) {
  EXPECT_EQ((chosen<some_backends>("fifo")),
            "error: \"fifo\": \"fifo\" is none of the words here; write epoll, poll or none");
}

}  // namespace
