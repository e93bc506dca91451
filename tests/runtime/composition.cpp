// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/backend/poll.hpp>
#include <tenon/core/rules.hpp>
#include <tenon/observe/counters.hpp>
#include <tenon/queue/locked.hpp>
#include <tenon/queue/mpmc.hpp>
#include <tenon/queue/mpsc.hpp>
#include <tenon/queue/spsc.hpp>
#include <tenon/runtime/composition.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/scheduler/affinity.hpp>

#include <concepts>
#include <type_traits>

#include <gtest/gtest.h>

namespace {

// Some of these are names of functions of the C library, which a test file that includes it sees too.
using tenon::runtime;
using tp = tenon::poll;

template <class... Ps>
using resolved = tenon::detail::resolved<tenon::detail::entries<Ps...>>;

TEST(composition, the_empty_sentence_is_all_defaults) {
  using nothing = runtime<>;
  static_assert(std::is_same_v<nothing::backend, tenon::epoll>);
  static_assert(std::is_same_v<nothing::scheduling, tenon::stealing<>>);
  static_assert(std::is_same_v<nothing::memory, tenon::recycling<tenon::system>>);
  static_assert(std::is_same_v<nothing::queue, tenon::by_topology>);
  static_assert(std::is_same_v<nothing::topology, tenon::flat>);
  static_assert(std::is_same_v<nothing::threading, tenon::multi_thread>);
  static_assert(std::is_same_v<nothing::observe, tenon::off>);
  static_assert(std::is_same_v<nothing::clock, tenon::steady>);
  static_assert(std::is_same_v<nothing::errors, tenon::propagate>);
}

TEST(composition, order_and_defaults_vanish) {
  static_assert(std::is_same_v<runtime<tp, tenon::fifo, tenon::counters>, runtime<tenon::counters, tp, tenon::fifo>>);
  static_assert(std::is_same_v<runtime<tp>, runtime<tenon::steady, tenon::stealing<>, tp, tenon::flat>>);
  static_assert(!std::is_same_v<runtime<tp>, runtime<>>);
}

TEST(composition, each_family_takes_what_is_named) {
  using all = runtime<tenon::terminate, tenon::virtual_clock, tenon::counters, tenon::single_thread, tenon::flat,
                      tenon::mpmc<64>, tenon::system, tenon::affinity<>, tenon::none>;
  static_assert(std::is_same_v<all::backend, tenon::none>);
  static_assert(std::is_same_v<all::scheduling, tenon::affinity<>>);
  static_assert(std::is_same_v<all::memory, tenon::system>);
  static_assert(std::is_same_v<all::queue, tenon::mpmc<64>>);
  static_assert(std::is_same_v<all::topology, tenon::flat>);
  static_assert(std::is_same_v<all::threading, tenon::single_thread>);
  static_assert(std::is_same_v<all::observe, tenon::counters>);
  static_assert(std::is_same_v<all::clock, tenon::virtual_clock>);
  static_assert(std::is_same_v<all::errors, tenon::terminate>);
}

TEST(composition, one_thread_means_a_plain_queue) {
  static_assert(std::is_same_v<runtime<tenon::single_thread>::scheduling, tenon::fifo>);
  static_assert(std::is_same_v<runtime<tenon::single_thread>, runtime<tenon::fifo, tenon::single_thread>>);
}

TEST(composition, a_named_runtime_inherits_constructors_and_is_its_own_type) {
  struct tiny : runtime<tenon::none, tenon::single_thread> {
    using runtime::runtime;
  };
  struct plain : runtime<tenon::none, tenon::single_thread> {};
  tiny rt{{.name = "tiny"}};
  plain other;
  EXPECT_EQ(rt.name(), "tiny");
  EXPECT_EQ(rt.workers(), other.workers());
  static_assert(!tiny::has_remote_post && !std::is_same_v<tiny, plain>);
}

TEST(composition, says_what_goes_together) {
  static_assert(resolved<>::legal);
  static_assert(!resolved<tenon::stealing<>, tenon::single_thread>::legal);
  static_assert(!resolved<tenon::stealing<>, tenon::spsc<8>>::legal && !resolved<tenon::mpsc<8>>::legal);
  static_assert(resolved<tenon::stealing<>, tenon::mpmc<8>>::legal && resolved<tenon::locked<>>::legal);
  static_assert(resolved<tenon::affinity<>, tenon::spsc<8>>::legal && resolved<tenon::fifo, tenon::mpsc<8>>::legal);
  static_assert(!resolved<tenon::virtual_clock>::legal);
  static_assert(resolved<tenon::virtual_clock, tenon::single_thread>::legal);
}

// A user's policies, one of them with rules of its own.

struct my_errors : tenon::propagate {
  static constexpr auto word = tenon::fixed_string("my_errors");
};

struct my_backend : tenon::none {
  static constexpr auto word = tenon::fixed_string("my_backend");

  struct wants_its_errors {
    template <class Composition>
    static constexpr bool holds = std::same_as<typename Composition::errors, tenon::terminate>;
    template <class Composition>
    struct refusal {
      static_assert(holds<Composition>, "my_backend: no");
    };
  };
  struct wants_counting {
    template <class Composition>
    static constexpr bool holds = Composition::observe::enabled;
    template <class Composition>
    struct refusal {
      static_assert(holds<Composition>, "my_backend: no");
    };
  };
  using rules = tenon::rules<wants_its_errors, wants_counting>;
};

TEST(composition, a_policy_of_a_user_is_found_by_its_family) {
  static_assert(std::is_same_v<resolved<my_errors>::errors, my_errors>);
  EXPECT_EQ(resolved<my_errors>::errors::word.view(), "my_errors");
}

TEST(composition, every_rule_of_a_policy_of_a_user_counts) {
  static_assert(!resolved<my_backend>::legal);
  static_assert(!resolved<my_backend, tenon::counters>::legal);
  static_assert(!resolved<my_backend, tenon::terminate>::legal);
  static_assert(resolved<my_backend, tenon::terminate, tenon::counters>::legal);
  static_assert(std::is_same_v<runtime<my_backend, tenon::terminate, tenon::counters>::backend, my_backend>);
}

}  // namespace
