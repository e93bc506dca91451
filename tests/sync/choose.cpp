// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/choose.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <variant>

#include "models.hpp"

namespace {

using namespace tenon_test;
using tenon::choose;
using tenon::result;
using tenon::task;

template <class T>
using lone = tenon::basic_channel<T, tenon::single_thread>;

TEST(choose, takes_the_case_that_can_happen_and_leaves_the_others) {
  run_alone([](alone&) -> task<void> {
    lone<int> numbers(1);
    lone<std::string> words(1);
    EXPECT_TRUE(words.try_send("a word"));
    std::string mine = "a word of mine that does not lie within itself";
    const auto first = co_await choose(numbers.receiving(), words.receiving(), words.sending(std::move(mine)));
    EXPECT_TRUE(first.has_value());
    EXPECT_EQ(first->index(), 1U);
    EXPECT_EQ(*std::get<1>(*first), "a word");
    EXPECT_FALSE(mine.empty());
    EXPECT_EQ(words.size(), 0U);
    const auto second = co_await choose(numbers.receiving(), words.sending(std::move(mine)));
    EXPECT_EQ(second->index(), 1U);
    EXPECT_TRUE(std::get<1>(*second));
    EXPECT_EQ(words.size(), 1U);
    const auto third = co_await choose(numbers.sending(5), numbers.receiving());
    EXPECT_EQ(third->index(), 0U) << "no choice meets itself";
  });
}

TEST(choose, waits_for_the_first_that_comes) {
  run_alone([](alone& rt) -> task<void> {
    lone<int> a(0);
    lone<int> b(0);
    tenon::scope other{rt};
    other.spawn(
        [](lone<int>& to) -> task<void> {
          (void)co_await tenon::sleep_for(1s);
          EXPECT_TRUE(co_await to.send(7));
        },
        std::ref(b));
    const auto start = rt.now();
    const auto first = co_await choose(a.receiving(), b.receiving());
    EXPECT_EQ(first->index(), 1U);
    EXPECT_EQ(*std::get<1>(*first), 7);
    EXPECT_EQ(rt.now() - start, 1s);
    co_await other.join();
    EXPECT_EQ(a.try_send(1).error(), std::errc::resource_unavailable_try_again) << "nobody is left in its line";
  });
}

TEST(choose, is_stopped_and_has_a_time_limit) {
  run_alone([](alone& rt) -> task<void> {
    lone<std::string> a(0);
    lone<int> b(0);
    std::string mine = "a word of mine that does not lie within itself";
    const auto late = co_await tenon::timeout(1s, choose(a.sending(std::move(mine)), b.receiving()));
    EXPECT_EQ(late.error(), std::errc::timed_out);
    EXPECT_FALSE(mine.empty());
    EXPECT_EQ(a.try_receive().error(), std::errc::resource_unavailable_try_again);
    tenon::scope stopped{rt};
    stopped.cancel();
    stopped.spawn(
        [](lone<int>& of) -> task<void> {
          const auto none = co_await choose(of.receiving(), of.receiving());
          EXPECT_EQ(none.error(), std::errc::operation_canceled);
        },
        std::ref(b));
    co_await stopped.join();
  });
}

TEST(choose, says_that_a_channel_is_closed) {
  run_alone([](alone& rt) -> task<void> {
    lone<int> a(0);
    lone<int> b(0);
    tenon::scope other{rt};
    other.spawn(
        [](lone<int>& from, lone<int>& to) -> task<void> {
          const auto first = co_await choose(from.receiving(), to.sending(1));
          EXPECT_EQ(first->index(), 0U);
          EXPECT_EQ(std::get<0>(*first).error(), std::errc::broken_pipe);
        },
        std::ref(a), std::ref(b));
    co_await tenon::laws::settle();
    a.close();
    co_await other.join();
    const auto at_once = co_await choose(b.receiving(), a.sending(1));
    EXPECT_EQ(at_once->index(), 1U);
    EXPECT_EQ(std::get<1>(*at_once).error(), std::errc::broken_pipe);
  });
}

TEST(choose, prefers_none) {
  run_alone([](alone&) -> task<void> {
    lone<int> a(1);
    lone<int> b(1);
    lone<int> c(1);
    std::array<int, 3> times{};
    for (int i = 0; i < 300; ++i) {
      for (lone<int>* each : {&a, &b, &c}) (void)each->try_send(0);
      const auto first = co_await choose(a.receiving(), b.receiving(), c.receiving());
      ++times[first->index()];
    }
    for (const int each : times) EXPECT_GT(each, 80);
  });
}

TEST(try_choose, does_not_wait) {
  lone<int> a(1);
  lone<int> b(1);
  const auto none = tenon::try_choose(a.receiving(), b.receiving());
  EXPECT_EQ(none.error(), std::errc::resource_unavailable_try_again);
  const auto sent = tenon::try_choose(a.receiving(), b.sending(5));
  EXPECT_EQ(sent->index(), 1U);
  const auto got = tenon::try_choose(a.receiving(), b.receiving());
  EXPECT_EQ(*std::get<1>(*got), 5);
}

template <class R>
class choices : public testing::Test {};
struct solo_1 : on<solo, 1> {};
struct crew_3 : on<crew, 3> {};
struct bound_2 : on<bound, 2> {};
using everywhere = testing::Types<solo_1, crew_3, bound_2>;
TYPED_TEST_SUITE(choices, everywhere);

/// Choices at both ends of the same two rendezvous, in either order, stopped at any moment: they meet in pairs, and
/// what one says it has sent another says it has received.
TYPED_TEST(choices, meet_each_other_and_lose_nothing) {
  using channel = tenon::basic_channel<std::unique_ptr<int>, typename TypeParam::threading>;
  tenon::laws::play<typename TypeParam::runtime>(TypeParam::threads, [](typename TypeParam::runtime& rt) -> task<void> {
    for (unsigned round = 0; round < tenon::laws::storm_rounds; ++round) {
      channel a(round % 3);
      channel b(0);
      std::atomic<long> sent{0};
      std::atomic<long> came{0};
      tenon::scope all{rt};
      for (unsigned i = 0; i < 8; ++i) {
        all.spawn(
            [](channel& one, channel& two, std::atomic<long>& in, std::atomic<long>& out, unsigned seed) -> task<void> {
              std::mt19937 random(seed);
              for (int turn = 1; turn <= 30; ++turn) {
                auto mine = std::make_unique<int>(turn);
                const auto limit = std::chrono::microseconds(random() % 100);
                auto first = co_await tenon::timeout(limit, choose(one.receiving(), two.sending(std::move(mine))));
                if (!first) {
                  EXPECT_NE(mine, nullptr);
                } else if (first->index() == 0) {
                  EXPECT_NE(mine, nullptr);
                  out += **std::get<0>(*first);
                } else {
                  EXPECT_EQ(mine, nullptr);
                  in += turn;
                }
              }
            },
            std::ref(i % 2 == 0 ? a : b), std::ref(i % 2 == 0 ? b : a), std::ref(sent), std::ref(came), round * 50 + i);
      }
      (void)co_await tenon::sleep_for(std::chrono::microseconds(100 * (round % 8)));
      if (round % 2 == 0) all.cancel();
      co_await all.join();
      for (channel* each : {&a, &b}) {
        while (auto left = each->try_receive()) came += **left;
      }
      EXPECT_EQ(sent, came);
    }
  });
}

}  // namespace
