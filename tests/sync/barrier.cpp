// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/barrier.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <vector>

#include "models.hpp"

namespace {

using namespace tenon_test;
using tenon::task;

template <class R>
class barriers : public testing::Test {};
struct solo_1 : on<solo, 1> {};
struct crew_3 : on<crew, 3> {};
struct bound_2 : on<bound, 2> {};
using everywhere = testing::Types<solo_1, crew_3, bound_2>;
TYPED_TEST_SUITE(barriers, everywhere);

struct tells {
  std::vector<int>* phases;
  std::atomic<int>* arrived;
  int expected;
  void operator()() const noexcept {
    EXPECT_EQ(arrived->load(), expected * static_cast<int>(phases->size() + 1)) << "before all have arrived";
    phases->push_back(0);  // not atomic: phases follow one another
  }
};

TYPED_TEST(barriers, nobody_goes_on_before_all_have_arrived) {
  using barrier = tenon::basic_barrier<typename TypeParam::threading, tells>;
  tenon::laws::play<typename TypeParam::runtime>(TypeParam::threads, [](typename TypeParam::runtime& rt) -> task<void> {
    std::vector<int> phases;
    std::atomic<int> arrived{0};
    barrier round(5, tells{&phases, &arrived, 5});
    tenon::scope all{rt};
    for (int i = 0; i < 5; ++i) {
      all.spawn(
          [](barrier& meet, std::atomic<int>& count) -> task<void> {
            for (int phase = 1; phase <= 100; ++phase) {
              ++count;
              const tenon::result<void> met = co_await meet.arrive_and_wait();
              EXPECT_TRUE(met);
              EXPECT_GE(count.load(), 5 * phase);
            }
          },
          std::ref(round), std::ref(arrived));
    }
    co_await all.join();
    EXPECT_EQ(phases.size(), 100U);
    EXPECT_EQ(round.phase(), 100U);
  });
}

TYPED_TEST(barriers, who_drops_out_is_not_waited_for) {
  using barrier = tenon::basic_barrier<typename TypeParam::threading>;
  tenon::laws::play<typename TypeParam::runtime>(TypeParam::threads, [](typename TypeParam::runtime& rt) -> task<void> {
    barrier round(6);
    tenon::scope all{rt};
    for (int i = 0; i < 6; ++i) {
      all.spawn(
          [](barrier& meet, int phases) -> task<void> {
            for (int phase = 0; phase < phases; ++phase) EXPECT_TRUE(co_await meet.arrive_and_wait());
            meet.arrive_and_drop();
          },
          std::ref(round), 10 * i);
    }
    co_await all.join();
    EXPECT_EQ(round.phase(), 51U);
  });
}

TEST(barrier, an_arrival_stands_although_its_wait_was_stopped) {
  run_alone([](alone& rt) -> task<void> {
    tenon::basic_barrier<tenon::single_thread> round(2);
    const tenon::result<void> late = co_await tenon::timeout(1s, round.arrive_and_wait());
    EXPECT_EQ(late.error(), std::errc::timed_out);
    EXPECT_EQ(round.phase(), 0U);
    round.arrive();
    EXPECT_EQ(round.phase(), 1U);
    tenon::scope other{rt};
    other.spawn(
        [](tenon::basic_barrier<tenon::single_thread>& meet) -> task<void> {
          EXPECT_TRUE(co_await meet.arrive_and_wait());
        },
        std::ref(round));
    EXPECT_TRUE(co_await round.arrive_and_wait());
    co_await other.join();
    EXPECT_EQ(round.phase(), 2U);
  });
}

/// A completion during which somebody arrives.
struct arrives_early {
  tenon::basic_barrier<tenon::multi_thread, arrives_early>** of;
  int* phases;
  void operator()() const noexcept {
    if (++*phases == 1) {
      (*of)->arrive();
      EXPECT_EQ(*phases, 1) << "phases complete one after the other";
    }
  }
};

TEST(barrier, counts_who_arrives_while_a_phase_is_completed_for_the_next) {
  int phases = 0;
  tenon::basic_barrier<tenon::multi_thread, arrives_early>* self = nullptr;
  tenon::basic_barrier<tenon::multi_thread, arrives_early> round(2, arrives_early{&self, &phases});
  self = &round;
  round.arrive();
  round.arrive();
  EXPECT_EQ(phases, 1);
  round.arrive();
  EXPECT_EQ(phases, 2);
  EXPECT_EQ(round.phase(), 2U);

  int alone = 0;  // the last of them drops out while another is early: the next phase completes at once
  tenon::basic_barrier<tenon::multi_thread, arrives_early> last(2, arrives_early{&self, &alone});
  self = &last;
  last.arrive();
  last.arrive_and_drop();
  EXPECT_EQ(alone, 2);
  EXPECT_EQ(last.phase(), 2U);
}

TEST(barrier, deduces_its_completion) {
  int phases = 0;
  tenon::barrier round(1, [&phases]() noexcept { ++phases; });
  round.arrive();
  round.arrive();
  EXPECT_EQ(phases, 2);
  tenon::barrier plain(3);
  plain.arrive();
  EXPECT_EQ(plain.phase(), 0U);
}

}  // namespace
