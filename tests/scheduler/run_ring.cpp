// SPDX-License-Identifier: BSL-1.0

#include <tenon/scheduler/detail/run_ring.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <thread>
#include <type_traits>
#include <vector>

namespace {

using tenon::detail::run_ring;
using shared_ring = run_ring<tenon::multi_thread, 4>;

template <class Ring>
class run_ring_of_one_thread : public testing::Test {};

static_assert(sizeof(run_ring<tenon::multi_thread, 8>) == 2 * tenon::cache_line);
static_assert(sizeof(run_ring<tenon::single_thread, 8>) == 10 * sizeof(std::uint64_t));

using both = testing::Types<run_ring<tenon::multi_thread, 4>, run_ring<tenon::single_thread, 4>>;
TYPED_TEST_SUITE(run_ring_of_one_thread, both);

TYPED_TEST(run_ring_of_one_thread, is_a_fifo) {
  TypeParam ring;
  std::array<tenon::work, 5> jobs;
  EXPECT_EQ(ring.pop(), nullptr);
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_TRUE(ring.empty());
    for (std::size_t i = 0; i < 4; ++i) ASSERT_TRUE(ring.push(jobs[i]));
    EXPECT_EQ(ring.size_estimate(), 4U);
    EXPECT_EQ(ring.pop(), &jobs[0]);
    EXPECT_TRUE(ring.push(jobs[4]));
    for (std::size_t i = 1; i < 5; ++i) ASSERT_EQ(ring.pop(), &jobs[i]);
    EXPECT_EQ(ring.pop(), nullptr);
  }
}

TEST(run_ring, of_one_thread_takes_so_many) {
  run_ring<tenon::single_thread, 4> ring;
  std::array<tenon::work, 5> jobs;
  for (std::size_t i = 0; i < 4; ++i) ASSERT_TRUE(ring.push(jobs[i]));
  EXPECT_FALSE(ring.has_room());
  EXPECT_FALSE(ring.push(jobs[4]));
  EXPECT_EQ(ring.pop(), &jobs[0]);
  EXPECT_TRUE(ring.push(jobs[4]));
}

TEST(run_ring, between_threads_grows_and_keeps_the_order) {
  shared_ring ring;
  std::vector<tenon::work> jobs(1'000);
  std::size_t out = 0;
  for (std::size_t in = 0; in < jobs.size(); ++in) {
    ASSERT_TRUE(ring.push(jobs[in]));
    if (in % 3 == 2) {
      ASSERT_EQ(ring.pop(), &jobs[out++]);
    }
  }
  while (out < jobs.size()) ASSERT_EQ(ring.pop(), &jobs[out++]);
  EXPECT_TRUE(ring.empty());
}

TYPED_TEST(run_ring_of_one_thread, takes_of_a_list_what_fits) {
  TypeParam ring;
  std::array<tenon::work, 6> jobs;
  tenon::work_list list;
  EXPECT_EQ(ring.push_all(list), 0U);
  for (tenon::work& each : jobs) list.push(each);
  EXPECT_EQ(ring.push_all(list), 4U);
  EXPECT_EQ(list.front(), &jobs[4]);
  EXPECT_EQ(ring.push_all(list), 0U);
  for (std::size_t i = 0; i < 4; ++i) ASSERT_EQ(ring.pop(), &jobs[i]);
  EXPECT_EQ(ring.push_all(list), 2U);
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(ring.pop(), &jobs[4]);
  EXPECT_EQ(ring.pop(), &jobs[5]);
}

TYPED_TEST(run_ring_of_one_thread, behaves_like_a_deque) {
  EXPECT_TRUE(
      rc::check("a ring is a deque, the one of one thread of at most four", [](const std::vector<bool>& pushes) {
        constexpr bool grows = std::is_same_v<TypeParam, shared_ring>;
        TypeParam ring;
        std::vector<tenon::work> jobs(pushes.size());
        std::deque<tenon::work*> model;
        for (std::size_t i = 0; i < pushes.size(); ++i) {
          if (pushes[i]) {
            const bool fits = grows || model.size() < 4;
            RC_ASSERT(ring.push(jobs[i]) == fits);
            if (fits) model.push_back(&jobs[i]);
          } else {
            tenon::work* const expected = model.empty() ? nullptr : model.front();
            RC_ASSERT(ring.pop() == expected);
            if (!model.empty()) model.pop_front();
          }
          RC_ASSERT(ring.size_estimate() == model.size());
          RC_ASSERT(ring.empty() == model.empty());
        }
      }));
}

TEST(run_ring_steal, takes_the_older_half_rounded_up) {
  for (std::size_t there = 0; there <= 4; ++there) {
    shared_ring victim;
    shared_ring thief;
    std::array<tenon::work, 4> jobs;
    for (std::size_t i = 0; i < there; ++i) ASSERT_TRUE(victim.push(jobs[i]));
    tenon::work* first = nullptr;
    const std::size_t half = there - there / 2;
    ASSERT_EQ(victim.steal_into(thief, first), half);
    ASSERT_EQ(first, there == 0 ? nullptr : &jobs[0]);
    for (std::size_t i = 1; i < half; ++i) ASSERT_EQ(thief.pop(), &jobs[i]);
    ASSERT_EQ(thief.pop(), nullptr);
    for (std::size_t i = half; i < there; ++i) ASSERT_EQ(victim.pop(), &jobs[i]);
    ASSERT_EQ(victim.pop(), nullptr);
  }
}

TEST(run_ring_steal, brings_no_more_than_there_is_room_for) {
  for (std::size_t held = 0; held <= 4; ++held) {
    shared_ring victim;
    shared_ring thief;
    std::array<tenon::work, 4> jobs;
    std::array<tenon::work, 4> own;
    for (tenon::work& each : jobs) ASSERT_TRUE(victim.push(each));
    for (std::size_t i = 0; i < held; ++i) ASSERT_TRUE(thief.push(own[i]));
    tenon::work* first = nullptr;
    const std::size_t expected = held == 4 ? 1 : 2;
    ASSERT_EQ(victim.steal_into(thief, first), expected);
    ASSERT_EQ(first, &jobs[0]);
    ASSERT_EQ(thief.size_estimate(), held + expected - 1);
    for (std::size_t i = 0; i < held; ++i) ASSERT_EQ(thief.pop(), &own[i]) << "a full thief's own items stay whole";
    if (expected == 2) {
      ASSERT_EQ(thief.pop(), &jobs[1]);
    }
    ASSERT_EQ(thief.pop(), nullptr);
  }
}

TEST(run_ring_steal, takes_no_more_than_a_batch_of_a_long_ring) {
  run_ring<tenon::multi_thread> victim;
  run_ring<tenon::multi_thread> thief;
  std::vector<tenon::work> jobs(1'000);
  for (tenon::work& each : jobs) ASSERT_TRUE(victim.push(each));
  tenon::work* first = nullptr;
  EXPECT_EQ(victim.steal_into(thief, first), 32U);
  EXPECT_EQ(first, &jobs[0]);
  for (std::size_t i = 1; i < 32; ++i) ASSERT_EQ(thief.pop(), &jobs[i]);
  EXPECT_EQ(thief.pop(), nullptr);
  EXPECT_EQ(victim.pop(), &jobs[32]);
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t stress = 20'000;
#else
constexpr std::size_t stress = 200'000;
#endif

/// One owner pushes and pops, two thieves steal from it and from each other: a small ring, so that it goes round often.
TEST(run_ring_between_threads, gives_each_item_to_one) {
  struct job : tenon::work {
    std::uint32_t input = 0;                  // written before the push, read by who runs it
    std::atomic<std::uint32_t> times_run{0};  // must end up as 1
  };
  std::vector<job> jobs(stress);
  std::array<shared_ring, 3> rings;
  std::atomic<bool> pushing{true};
  std::atomic<std::size_t> ran{0};
  std::atomic<std::size_t> unseen{0};
  const auto run = [&](tenon::work* item) {
    job& mine = static_cast<job&>(*item);
    if (mine.input != 7) unseen.fetch_add(1);
    mine.times_run.fetch_add(1);
    ran.fetch_add(1);
  };
  const auto steal = [&](std::size_t me) {
    for (bool last = false; !last;) {
      last = !pushing.load();
      bool found = false;
      for (std::size_t i = 1; i < rings.size(); ++i) {
        tenon::work* first = nullptr;
        if (rings[(me + i) % rings.size()].steal_into(rings[me], first) != 0) {
          run(first);
          found = true;
        }
      }
      if (me % 2 == 0 || !found) {  // one of them lets its ring fill up
        while (tenon::work* item = rings[me].pop()) run(item);
      }
      if (!found) std::this_thread::yield();
    }
    while (tenon::work* item = rings[me].pop()) run(item);
  };
  {
    std::jthread one(steal, 1);
    std::jthread two(steal, 2);
    for (std::size_t i = 0; i < stress; ++i) {
      jobs[i].input = 7;
      while (!rings[0].push(jobs[i])) {
        if (tenon::work* item = rings[0].pop()) run(item);
      }
      if (i % 7 == 0) {
        if (tenon::work* item = rings[0].pop()) run(item);
      }
      if (i % 64 == 0) std::this_thread::yield();  // on few cores: let the thieves in
    }
    while (tenon::work* item = rings[0].pop()) run(item);
    pushing = false;
  }
  for (shared_ring& each : rings) {
    while (tenon::work* item = each.pop()) run(item);
  }
  EXPECT_EQ(ran.load(), stress);
  EXPECT_EQ(unseen.load(), 0U);
  std::size_t wrong = 0;
  for (job& each : jobs) wrong += each.times_run.load() == 1 ? 0 : 1;
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
