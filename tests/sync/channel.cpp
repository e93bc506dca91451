// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/channel.hpp>

#include <tenon/core/work.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "models.hpp"

namespace {

using namespace tenon_test;
using tenon::result;
using tenon::task;

template <class T>
using lone = tenon::basic_channel<T, tenon::single_thread>;

/// Where, and of what capacity.
template <class On, std::size_t Capacity>
struct of_capacity : On {
  static constexpr std::size_t capacity = Capacity;
};
constexpr std::size_t unbounded = tenon::channel<int>::unbounded;

template <class R>
class channels : public testing::Test {};
using everywhere =
    testing::Types<of_capacity<on<solo, 1>, 0>, of_capacity<on<solo, 1>, 4>, of_capacity<on<crew, 3>, 0>,
                   of_capacity<on<crew, 3>, 1>, of_capacity<on<crew, 3>, 16>, of_capacity<on<crew, 3>, unbounded>,
                   of_capacity<on<bound, 2>, 0>, of_capacity<on<bound, 2>, 4>>;
TYPED_TEST_SUITE(channels, everywhere);

void expect_balanced(const tenon::channel_counts& of) { EXPECT_EQ(of.in, of.out + of.dropped + of.held); }

TYPED_TEST(channels, each_value_comes_out_once_in_its_senders_order) {
  using channel = tenon::basic_channel<std::unique_ptr<int>, typename TypeParam::threading>;
  tenon::laws::play<typename TypeParam::runtime>(TypeParam::threads, [](typename TypeParam::runtime& rt) -> task<void> {
    constexpr int senders = 4, each = 500;
    channel values(TypeParam::capacity);
    std::vector<std::atomic<int>> seen(senders * each);
    tenon::scope sending{rt};
    tenon::scope receiving{rt};
    for (int r = 0; r < 3; ++r) {
      receiving.spawn(
          [](channel& from, std::vector<std::atomic<int>>& came) -> task<void> {
            std::vector<int> last(senders, -1);
            while (auto item = co_await from.receive()) {
              const int value = **item;
              ++came[static_cast<std::size_t>(value)];
              int& before = last[static_cast<std::size_t>(value / each)];
              EXPECT_GT(value, before);
              before = value;
            }
          },
          std::ref(values), std::ref(seen));
    }
    for (int s = 0; s < senders; ++s) {
      sending.spawn(
          [](channel& to, int me) -> task<void> {
            for (int i = 0; i < each; ++i) {
              auto value = std::make_unique<int>(me * each + i);
              const result<void> sent = co_await to.send(std::move(value));
              EXPECT_TRUE(sent);
              EXPECT_EQ(value, nullptr);
            }
          },
          std::ref(values), s);
    }
    co_await sending.join();
    values.close();
    co_await receiving.join();
    for (const auto& count : seen) EXPECT_EQ(count, 1);
    const auto counts = values.counts();
    EXPECT_EQ(counts.out, static_cast<std::uint64_t>(senders * each));
    expect_balanced(counts);
  });
}

/// Senders and receivers that are stopped at any moment: what was said to be sent comes out or is still there; what was
/// not, its sender still has.
TYPED_TEST(channels, lose_nothing_in_a_storm_of_stops) {
  using channel = tenon::basic_channel<std::unique_ptr<int>, typename TypeParam::threading>;
  tenon::laws::play<typename TypeParam::runtime>(TypeParam::threads, [](typename TypeParam::runtime& rt) -> task<void> {
    for (unsigned round = 0; round < tenon::laws::storm_rounds; ++round) {
      channel values(TypeParam::capacity);
      std::atomic<long> sent{0};
      std::atomic<long> came{0};
      tenon::scope all{rt};
      for (unsigned i = 0; i < 6; ++i) {
        all.spawn(
            [](channel& to, std::atomic<long>& sum, unsigned seed) -> task<void> {
              std::mt19937 random(seed);
              for (int turn = 1; turn <= 30; ++turn) {
                auto value = std::make_unique<int>(turn);
                const auto limit = std::chrono::microseconds(random() % 40);
                const result<void> over = co_await tenon::timeout(limit, to.send(std::move(value)));
                EXPECT_EQ(over.has_value(), value == nullptr) << "the caller has it, or it has gone over";
                if (over) sum += turn;
              }
            },
            std::ref(values), std::ref(sent), round * 100 + i);
        all.spawn(
            [](channel& from, std::atomic<long>& sum, unsigned seed) -> task<void> {
              std::mt19937 random(seed);
              for (int turn = 1; turn <= 30; ++turn) {
                const auto limit = std::chrono::microseconds(random() % 40);
                auto value = co_await tenon::timeout(limit, from.receive());
                if (value) sum += **value;
              }
            },
            std::ref(values), std::ref(came), round * 100 + 50 + i);
      }
      (void)co_await tenon::sleep_for(std::chrono::microseconds(50 * (round % 8)));
      if (round % 2 == 0) all.cancel();
      co_await all.join();
      while (auto left = values.try_receive()) came += **left;
      EXPECT_EQ(sent, came);
      expect_balanced(values.counts());
    }
  });
}

TYPED_TEST(channels, take_values_from_any_thread) {
  if constexpr (TypeParam::threading::concurrent && TypeParam::capacity != 0) {
    tenon::laws::play<typename TypeParam::runtime>(TypeParam::threads, [](typename TypeParam::runtime&) -> task<void> {
      tenon::channel<int> values(TypeParam::capacity);
      std::thread outside([&values] {
        for (int i = 0; i < 2000; ++i) {
          while (!values.try_send(i)) std::this_thread::yield();
        }
        values.close();
      });
      int next = 0;
      while (const auto item = co_await values.receive()) EXPECT_EQ(*item, next++);
      EXPECT_EQ(next, 2000);
      outside.join();
    });
  }
}

TEST(channel, is_a_rendezvous_without_room) {
  run_alone([](alone& rt) -> task<void> {
    lone<std::string> hand(0);
    std::string word = "a word that is too long to lie within itself";
    const result<void> full = hand.try_send(std::move(word));
    EXPECT_EQ(full.error(), std::errc::resource_unavailable_try_again);
    EXPECT_FALSE(word.empty()) << "it was not moved from";
    EXPECT_EQ(hand.try_receive().error(), std::errc::resource_unavailable_try_again);
    tenon::scope other{rt};
    other.spawn(
        [](lone<std::string>& to, std::string value) -> task<void> { EXPECT_TRUE(co_await to.send(std::move(value))); },
        std::ref(hand), word);
    co_await tenon::laws::settle();
    EXPECT_EQ(other.size(), 1U) << "it waits for one that receives";
    const auto got = co_await hand.receive();
    EXPECT_EQ(*got, word);
    co_await other.join();
    EXPECT_EQ(hand.counts().in, 1U);
    EXPECT_EQ(hand.size(), 0U);
  });
}

TEST(channel, makes_senders_wait_when_it_is_full_and_serves_them_in_order) {
  run_alone([](alone& rt) -> task<void> {
    lone<int> two(2);
    EXPECT_EQ(two.capacity(), 2U);
    tenon::scope all{rt};
    for (int i = 0; i < 6; ++i) {
      all.spawn([](lone<int>& to, int value) -> task<void> { EXPECT_TRUE(co_await to.send(value)); }, std::ref(two), i);
    }
    co_await tenon::laws::settle();
    EXPECT_EQ(all.size(), 4U);
    EXPECT_FALSE(two.try_send(9)) << "nobody overtakes those in line";
    for (int i = 0; i < 6; ++i) {
      const auto got = co_await two.receive();
      EXPECT_EQ(*got, i);
      EXPECT_EQ(two.size(), std::size_t(i < 4 ? 2 : 5 - i)) << "the first in line has moved up at once";
    }
    co_await all.join();
  });
}

TEST(channel, lets_what_is_in_it_out_after_it_was_closed) {
  run_alone([](alone& rt) -> task<void> {
    lone<std::string> words(1);
    EXPECT_TRUE(words.try_send("first"));
    tenon::scope all{rt};
    bool kept = false;
    all.spawn(
        [](lone<std::string>& to, bool& flag) -> task<void> {
          std::string mine = "second, and long enough not to lie within itself";
          const result<void> sent = co_await to.send(std::move(mine));
          EXPECT_EQ(sent.error(), std::errc::broken_pipe);
          flag = !mine.empty();
        },
        std::ref(words), std::ref(kept));
    co_await tenon::laws::settle();
    EXPECT_FALSE(words.closed());
    words.close();
    words.close();
    EXPECT_TRUE(words.closed());
    co_await all.join();
    EXPECT_TRUE(kept) << "whoever waited to send has its value";
    EXPECT_EQ(words.try_send("third").error(), std::errc::broken_pipe);
    EXPECT_EQ(*co_await words.receive(), "first");
    EXPECT_EQ((co_await words.receive()).error(), std::errc::broken_pipe);
    EXPECT_EQ(words.try_receive().error(), std::errc::broken_pipe);
  });
}

TEST(channel, wakes_all_that_wait_for_a_value_when_it_is_closed) {
  run_alone([](alone& rt) -> task<void> {
    lone<int> empty(3);
    int ended = 0;
    tenon::scope all{rt};
    for (int i = 0; i < 4; ++i) {
      all.spawn(
          [](lone<int>& from, int& count) -> task<void> {
            const auto got = co_await from.receive();
            EXPECT_EQ(got.error(), std::errc::broken_pipe);
            ++count;
          },
          std::ref(empty), std::ref(ended));
    }
    co_await tenon::laws::settle();
    empty.close();
    co_await all.join();
    EXPECT_EQ(ended, 4);
  });
}

TEST(channel, is_stopped_while_it_waits_and_not_while_it_need_not) {
  run_alone([](alone& rt) -> task<void> {
    lone<int> one(1);
    int good = 0;
    tenon::scope all{rt};
    all.cancel();
    all.spawn(
        [](lone<int>& of, int& count) -> task<void> {
          const result<void> sent = co_await of.send(1);
          const result<void> full = co_await of.send(2);
          const auto got = co_await of.receive();
          const auto none = co_await of.receive();
          if (sent && full.error() == std::errc::operation_canceled && got && *got == 1 &&
              none.error() == std::errc::operation_canceled) {
            ++count;
          }
        },
        std::ref(one), std::ref(good));
    co_await all.join();
    EXPECT_EQ(good, 1);
  });
}

TEST(channel, drops_what_it_is_told_to_and_what_is_left) {
  struct alive {
    explicit alive(int& of) : count(&of) { ++*count; }
    alive(alive&& other) noexcept : count(other.count) { ++*count; }
    alive& operator=(alive&&) = delete;
    ~alive() { --*count; }
    int* count;
  };
  int living = 0;
  {
    lone<alive> some(lone<alive>::unbounded);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(some.try_send(alive(living)));
    EXPECT_EQ(living, 100);
    EXPECT_EQ(some.discard(), 100U);
    EXPECT_EQ(living, 0);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(some.try_send(alive(living)));
    EXPECT_TRUE(some.try_receive());
    const auto counts = some.counts();
    EXPECT_EQ(counts.in, 110U);
    EXPECT_EQ(counts.dropped, 100U);
    EXPECT_EQ(counts.held, 9U);
    expect_balanced(counts);
  }
  EXPECT_EQ(living, 0);
}

TEST(channel, goes_through_the_workers_queue_now_and_then) {
  run_alone([](alone& rt) -> task<void> {
    lone<int> full(1);
    bool over = false;
    rt.spawn(
        [](bool& flag) -> task<void> {
          flag = true;
          co_return;
        },
        std::ref(over));
    int rounds = 0;
    for (; rounds < 100'000 && !over; ++rounds) {
      EXPECT_TRUE(co_await full.send(rounds));
      EXPECT_TRUE(co_await full.receive());
    }
    EXPECT_LT(rounds, 1000);
  });
}

/// What a channel is, without tasks: values, and those who wait at either end.
struct model {
  explicit model(std::size_t most) : capacity(most) {}

  std::size_t capacity;
  bool closed = false;
  std::deque<int> held;
  std::deque<int> senders;  // the values of those who wait
  std::size_t receivers = 0;
  std::deque<int> delivered;  // what went to those who waited, in order
  std::uint64_t in = 0, out = 0, dropped = 0;
};

task<void> sends_one(lone<int>& to, int value, std::vector<int>& failed) {
  int mine = value;
  const result<void> sent = co_await to.send(std::move(mine));
  if (!sent) failed.push_back(value);
}
task<void> receives_one(lone<int>& from, std::deque<int>& got, int& ended) {
  const auto value = co_await from.receive();
  if (value) {
    got.push_back(*value);
  } else {
    ++ended;
  }
}

RC_GTEST_PROP(channel, does_what_its_model_does, ()) {
  const auto capacity = *rc::gen::element<std::size_t>(0, 1, 2, 5, lone<int>::unbounded);
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 100));
  alone rt;
  rt.run([](alone& on, std::size_t most, const std::vector<int>& script) -> task<void> {
    lone<int> real(most);
    model like(most);
    std::vector<int> failed;
    std::deque<int> got;
    int ended = 0;
    tenon::scope tasks{on};
    int next = 0;
    for (const int step : script) {
      if (step < 40) {
        tasks.spawn(sends_one, std::ref(real), next, std::ref(failed));
        if (like.closed) {
        } else if (like.receivers != 0) {
          --like.receivers;
          like.delivered.push_back(next);
          ++like.in;
          ++like.out;
        } else if (like.held.size() < like.capacity) {
          like.held.push_back(next);
          ++like.in;
        } else {
          like.senders.push_back(next);
        }
        ++next;
      } else if (step < 85) {
        tasks.spawn(receives_one, std::ref(real), std::ref(got), std::ref(ended));
        const auto move_up = [&like] {
          if (like.senders.empty()) return;
          like.held.push_back(like.senders.front());
          like.senders.pop_front();
          ++like.in;
        };
        if (like.held.empty()) move_up();
        if (!like.held.empty()) {
          const bool was_full = like.held.size() == like.capacity;
          like.delivered.push_back(like.held.front());
          like.held.pop_front();
          ++like.out;
          if (was_full) move_up();
        } else if (!like.closed) {
          ++like.receivers;
        }
      } else if (step < 95) {
        RC_ASSERT(real.discard() == like.held.size());
        like.dropped += like.held.size();
        std::size_t room = like.held.size();
        like.held.clear();
        for (; room != 0 && !like.senders.empty(); --room) {
          like.held.push_back(like.senders.front());
          like.senders.pop_front();
          ++like.in;
        }
      } else if (step < 97) {
        real.close();
        like.closed = true;
        like.receivers = 0;
        like.senders.clear();
      }
      co_await tenon::laws::settle(8);
      RC_ASSERT(got == like.delivered);
      const auto counts = real.counts();
      RC_ASSERT(counts.in == like.in && counts.out == like.out && counts.dropped == like.dropped);
      RC_ASSERT(counts.held == like.held.size());
      RC_ASSERT(tasks.size() == like.receivers + like.senders.size());
    }
    real.close();
    co_await tasks.join();
    RC_ASSERT(static_cast<std::uint64_t>(next) == like.in + failed.size());
  }(rt, capacity, steps));
}

}  // namespace
