// SPDX-License-Identifier: BSL-1.0
#pragma once

// The laws of the queue family. A law about elements that only move is for the policies that hold such. To hold your
// own policy to them:
//
//     using sizes = testing::Types<my_queue<1>, my_queue<64>>;
//     INSTANTIATE_TYPED_TEST_SUITE_P(my_queue, queue_laws, sizes);

#include <tenon/core/threading.hpp>
#include <tenon/queue/concept.hpp>

#include <gtest/gtest.h>
#if defined(__cpp_exceptions)
#include <rapidcheck/gtest.h>
#else
#include <random>
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace tenon::laws {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr std::uint32_t queue_stress = 4'000;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
inline constexpr std::uint32_t queue_stress = 4'000;
#else
inline constexpr std::uint32_t queue_stress = 100'000;
#endif
#else
inline constexpr std::uint32_t queue_stress = 100'000;
#endif

/// An element that counts how many of it are alive, and cannot be copied.
struct counted {
  explicit counted(int n) noexcept : number(n) { ++alive; }
  counted(counted&& other) noexcept : number(std::exchange(other.number, -1)) { ++alive; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  counted& operator=(counted&&) = delete;
  ~counted() { --alive; }

  int number;
  inline static int alive = 0;
};

/// An element that insists on its alignment.
struct alignas(32) broad {
  std::uint64_t value = 0;
};

/// How far a law goes with a queue of this capacity when it wants to fill it.
template <class Queue>
inline constexpr std::size_t fill_of = Queue::capacity < 5'000 ? Queue::capacity : 5'000;

template <class Queue>
void keeps_the_order_round_and_round() {
  Queue queue;
  int next_in = 0;
  int next_out = 0;
  for (int turn = 0; turn < 5; ++turn) {
    for (std::size_t i = 0; i < fill_of<Queue>; ++i) ASSERT_TRUE(queue.try_push(next_in++));
    ASSERT_EQ(queue.size_estimate(), fill_of<Queue>);
    for (std::size_t i = 0; i < fill_of<Queue>; ++i) ASSERT_EQ(queue.try_pop(), next_out++);
    ASSERT_EQ(queue.try_pop(), std::nullopt);
    ASSERT_EQ(queue.size_estimate(), 0U);
    // go on from another slot
    ASSERT_TRUE(queue.try_push(next_in++));
    ASSERT_EQ(queue.try_pop(), next_out++);
  }
}

/// The same for a queue that copies: that there was no room shows in the number alone.
template <class Queue>
void refuses_numbers_that_do_not_fit() {
  Queue queue;
  for (std::size_t i = 0; i < Queue::capacity; ++i) ASSERT_TRUE(queue.try_push(1));
  int one_too_many = 7;
  ASSERT_FALSE(queue.try_push(std::move(one_too_many)));
  ASSERT_EQ(one_too_many, 7);  // NOLINT(bugprone-use-after-move): that it is untouched is the law
  ASSERT_EQ(queue.size_estimate(), Queue::capacity);
  ASSERT_TRUE(queue.try_pop().has_value());
  ASSERT_TRUE(queue.try_push(std::move(one_too_many)));
}

template <class Queue>
void refuses_what_does_not_fit() {
  Queue queue;
  for (std::size_t i = 0; i < Queue::capacity; ++i) ASSERT_TRUE(queue.try_push(std::make_unique<int>(1)));
  auto one_too_many = std::make_unique<int>(7);
  for (int i = 0; i < 3; ++i) {
    ASSERT_FALSE(queue.try_push(std::move(one_too_many)));
    ASSERT_TRUE(one_too_many != nullptr);  // NOLINT(bugprone-use-after-move): that it is untouched is the law
    ASSERT_EQ(*one_too_many, 7);
    ASSERT_EQ(queue.size_estimate(), Queue::capacity);
  }
  ASSERT_TRUE(queue.try_pop().has_value());
  ASSERT_TRUE(queue.try_push(std::move(one_too_many)));
  ASSERT_TRUE(one_too_many == nullptr);  // NOLINT(bugprone-use-after-move)
}

template <class Queue>
void destroys_each_element_once() {
  counted::alive = 0;
  {
    Queue queue;
    for (int i = 0; i < 7; ++i) {  // so that what is left lies across the end of a ring
      ASSERT_TRUE(queue.try_push(counted(i)));
      std::optional<counted> item = queue.try_pop();
      ASSERT_TRUE(item.has_value());
      ASSERT_EQ(item->number, i);
      ASSERT_EQ(counted::alive, 1);
    }
    ASSERT_EQ(counted::alive, 0);
    const std::size_t left = fill_of<Queue>;
    for (std::size_t i = 0; i < left; ++i) ASSERT_TRUE(queue.try_push(counted(static_cast<int>(i))));
    ASSERT_EQ(counted::alive, static_cast<int>(left));
  }
  ASSERT_EQ(counted::alive, 0);
}

/// Whether a queue did as a std::deque that may be full. A number of the script that is below zero pops, any other is
/// pushed.
template <class Queue>
bool follows_a_deque(const std::vector<int>& script) {
  Queue queue;
  std::deque<int> model;
  for (const int step : script) {
    if (step >= 0) {
      int item = step;
      const bool pushed = queue.try_push(std::move(item));
      if (pushed != (model.size() < Queue::capacity)) return false;
      if (item != step) return false;  // NOLINT(bugprone-use-after-move)
      if (pushed) model.push_back(step);
    } else {
      const std::optional<int> item = queue.try_pop();
      if (item.has_value() == model.empty()) return false;
      if (item && *item != model.front()) return false;
      if (item) model.pop_front();
    }
    if (queue.size_estimate() != model.size()) return false;
  }
  return true;
}

/// Whether `follows` holds for all scripts. rapidcheck finds the shortest that fails; it needs exceptions, and without
/// them the scripts are plain noise. Not a template: rapidcheck takes long to compile.
inline bool for_all_scripts(bool (*follows)(const std::vector<int>& script)) {
#if defined(__cpp_exceptions)
  return rc::check("a queue is a std::deque that may be full",
                   [follows](const std::vector<int>& script) { RC_ASSERT(follows(script)); });
#else
  std::minstd_rand noise(1);
  std::vector<int> script;
  for (int i = 0; i < 100; ++i) {
    if (!follows(script)) return false;
    script.assign(static_cast<std::size_t>(i), 0);
    for (int& step : script) step = static_cast<int>(noise() % 200) - 100;
  }
  return true;
#endif
}

/// Pushes and pops in batches of each size from 0 to 5, and to its end.
template <class Queue>
void takes_batches_and_says_how_many() {
  Queue queue;
  std::deque<int> model;
  int next = 0;
  for (std::size_t turn = 0; turn < 100; ++turn) {
    std::vector<int> batch(turn % 6);
    for (int& item : batch) item = next++;
    const std::size_t room = Queue::capacity - model.size();
    ASSERT_EQ(queue.try_push_some(batch), std::min(room, batch.size()));
    model.insert(model.end(), batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(std::min(room, batch.size())));
    ASSERT_EQ(queue.size_estimate(), model.size());

    std::vector<int> into(turn % 5, -1);
    const std::size_t got = queue.try_pop_some(into);
    ASSERT_EQ(got, std::min(model.size(), into.size()));
    for (std::size_t i = 0; i < into.size(); ++i) {
      ASSERT_EQ(into[i], i < got ? model.front() : -1);
      if (i < got) model.pop_front();
    }
  }
}

/// What there is no room for stays with its owner.
template <class Queue>
void leaves_alone_what_it_did_not_take() {
  Queue queue;
  std::vector<std::unique_ptr<int>> batch;
  for (std::size_t i = 0; i < Queue::capacity + 2; ++i) batch.push_back(std::make_unique<int>(static_cast<int>(i)));
  ASSERT_EQ(queue.try_push_some(batch), Queue::capacity);
  for (std::size_t i = 0; i < batch.size(); ++i) ASSERT_EQ(batch[i] == nullptr, i < Queue::capacity);
  ASSERT_EQ(queue.try_push_some(std::span(batch).last(2)), 0U);
  std::vector<std::unique_ptr<int>> into(Queue::capacity + 2);
  ASSERT_EQ(queue.try_pop_some(into), Queue::capacity);
  for (std::size_t i = 0; i < Queue::capacity; ++i) ASSERT_EQ(*into[i], static_cast<int>(i));
}

/// `producers` threads push `each` numbers in batches, `consumers` pop batches: each comes once, and in order.
template <class Queue>
void loses_and_doubles_nothing_in_batches(std::uint32_t producers, std::uint32_t consumers, std::uint32_t each) {
  typename Queue::template of<std::uint64_t> queue;
  std::atomic<std::uint64_t> to_come{std::uint64_t{producers} * each};
  std::atomic<std::uint64_t> sum{0};
  std::atomic<bool> out_of_order{false};
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t p = 0; p < producers; ++p) {
      threads.emplace_back([&queue, p, each] {
        std::vector<std::uint64_t> batch;
        for (std::uint32_t i = 0; i < each || !batch.empty();) {
          while (batch.size() < 1 + i % 7 && i < each) batch.push_back((std::uint64_t{p} << 32) + ++i);
          const std::size_t gone = queue.try_push_some(batch);
          batch.erase(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(gone));
          if (gone == 0) std::this_thread::yield();
        }
      });
    }
    for (std::uint32_t c = 0; c < consumers; ++c) {
      threads.emplace_back([&, producers] {
        std::vector<std::uint64_t> last(producers, 0);
        std::array<std::uint64_t, 5> into{};
        while (to_come.load() > 0) {
          const std::size_t got = queue.try_pop_some(into);
          for (std::size_t i = 0; i < got; ++i) {
            std::uint64_t& before = last.at(into[i] >> 32);
            const std::uint64_t number = into[i] & 0xffff'ffff;
            if (number <= before) out_of_order = true;
            before = number;
            sum.fetch_add(number);
          }
          to_come.fetch_sub(got);
          if (got == 0) std::this_thread::yield();
        }
      });
    }
  }
  EXPECT_FALSE(out_of_order) << "one producer's items came out of order";
  EXPECT_EQ(sum.load(), std::uint64_t{each} * (each + 1) / 2 * producers);
  EXPECT_EQ(queue.size_estimate(), 0U);
}

/// What an item points at: written by its producer, and freed by its consumer. Where a queue takes nothing that only
/// moves, a plain pointer, that it owns no more than the item does.
template <bool Moves>
struct letter {
  using pointer = std::unique_ptr<std::uint32_t>;
  static pointer write(std::uint32_t value) { return std::make_unique<std::uint32_t>(value); }
  static std::uint32_t read(pointer from) { return *from; }
};
template <>
struct letter<false> {
  using pointer = std::uint32_t*;
  static pointer write(std::uint32_t value) {
    return new std::uint32_t(value);  // NOLINT(cppcoreguidelines-owning-memory): the queue owns nothing
  }
  static std::uint32_t read(pointer from) { return *std::unique_ptr<std::uint32_t>(from); }
};

/// `producers` threads push `each` numbered items, `consumers` pop until all is out. Gives up, with a failure, rather
/// than spin for ever.
template <class Queue>
void loses_and_doubles_nothing(std::uint32_t producers, std::uint32_t consumers, std::uint32_t each) {
  using text = letter<queue_holds<Queue, std::unique_ptr<int>>>;
  struct item {
    std::uint32_t producer;
    std::uint32_t number;
    typename text::pointer check;
  };
  typename Queue::template of<item> queue;
  constexpr std::uint64_t patience = 20'000'000;
  std::atomic<std::uint32_t> producing{producers};
  std::atomic<bool> stuck{false};
  std::atomic<bool> out_of_order{false};
  std::atomic<bool> unseen{false};
  std::vector<std::vector<std::vector<std::uint32_t>>> got(consumers);

  const auto produce = [&](std::uint32_t me) {
    for (std::uint32_t i = 0; i < each; ++i) {
      item next{me, i, text::write(i ^ me)};
      std::uint64_t turns = 0;
      while (!queue.try_push(std::move(next))) {
        if (++turns == patience) {
          stuck = true;
          break;
        }
        std::this_thread::yield();
      }
    }
    producing.fetch_sub(1);
  };
  const auto consume = [&](std::uint32_t me) {
    std::vector<std::vector<std::uint32_t>>& mine = got[me];
    mine.resize(producers);
    for (std::uint64_t turns = 0; turns < patience;) {
      const bool last_look = producing.load() == 0;  // before the pop: then an empty queue stays empty
      std::optional<item> next = queue.try_pop();
      if (next) {
        std::vector<std::uint32_t>& seen = mine.at(next->producer);
        if (!seen.empty() && seen.back() >= next->number) out_of_order = true;
        if (text::read(std::move(next->check)) != (next->number ^ next->producer)) unseen = true;
        seen.push_back(next->number);
        turns = 0;
      } else if (last_look) {
        return;
      } else {
        ++turns;
        std::this_thread::yield();
      }
    }
    stuck = true;
  };

  {
    std::vector<std::jthread> threads;
    for (std::uint32_t p = 0; p < producers; ++p) threads.emplace_back(produce, p);
    for (std::uint32_t c = 0; c < consumers; ++c) threads.emplace_back(consume, c);
  }
  ASSERT_FALSE(stuck);
  EXPECT_FALSE(out_of_order) << "one producer's items came out of order";
  EXPECT_FALSE(unseen) << "an item came without what its producer wrote";
  EXPECT_EQ(queue.size_estimate(), 0U);
  for (std::uint32_t p = 0; p < producers; ++p) {
    std::vector<std::uint32_t> all;
    for (const auto& mine : got) all.insert(all.end(), mine[p].begin(), mine[p].end());
    std::sort(all.begin(), all.end());
    ASSERT_EQ(all.size(), each) << "of producer " << p;
    for (std::uint32_t i = 0; i < each; ++i) ASSERT_EQ(all[i], i) << "of producer " << p;
  }
}

}  // namespace tenon::laws

/// Each law is held to with threads and, where it is about one thread, also without.
template <class Policy>
class queue_laws : public testing::Test {
 protected:
  template <class T>
  using concurrent = typename Policy::template of<T>;
  template <class T>
  using alone = typename Policy::template of<T, tenon::single_thread>;
};

TYPED_TEST_SUITE_P(queue_laws);

TYPED_TEST_P(queue_laws, is_a_queue_policy) {
  static_assert(tenon::queue_policy<TypeParam>);
  static_assert(tenon::queue_holds<TypeParam, int*>);
  if constexpr (tenon::queue_holds<TypeParam, std::unique_ptr<int>>) {
    static_assert(tenon::queue_for<typename TypeParam::template of<std::unique_ptr<int>>, std::unique_ptr<int>>);
  }
  EXPECT_FALSE(std::string_view{TypeParam::word}.empty());
  EXPECT_GT(TypeParam::template of<int>::capacity, 0U);
  EXPECT_TRUE(!TypeParam::bounded || TypeParam::template of<int>::capacity < SIZE_MAX);
}

TYPED_TEST_P(queue_laws, is_empty_at_first) {
  typename TestFixture::template concurrent<int> queue;
  EXPECT_EQ(queue.size_estimate(), 0U);
  EXPECT_EQ(queue.try_pop(), std::nullopt);
  typename TestFixture::template alone<int> single;
  EXPECT_EQ(single.size_estimate(), 0U);
  EXPECT_EQ(single.try_pop(), std::nullopt);
}

TYPED_TEST_P(queue_laws, keeps_the_order_round_and_round) {
  tenon::laws::keeps_the_order_round_and_round<typename TestFixture::template concurrent<int>>();
  tenon::laws::keeps_the_order_round_and_round<typename TestFixture::template alone<int>>();
}

TYPED_TEST_P(queue_laws, refuses_what_does_not_fit_and_leaves_it_alone) {
  if constexpr (TypeParam::bounded) {
    tenon::laws::refuses_numbers_that_do_not_fit<typename TestFixture::template concurrent<int>>();
    tenon::laws::refuses_numbers_that_do_not_fit<typename TestFixture::template alone<int>>();
  }
  if constexpr (TypeParam::bounded && tenon::queue_holds<TypeParam, std::unique_ptr<int>>) {
    tenon::laws::refuses_what_does_not_fit<typename TestFixture::template concurrent<std::unique_ptr<int>>>();
    tenon::laws::refuses_what_does_not_fit<typename TestFixture::template alone<std::unique_ptr<int>>>();
  }
}

TYPED_TEST_P(queue_laws, destroys_each_element_once) {
  if constexpr (tenon::queue_holds<TypeParam, tenon::laws::counted>) {
    tenon::laws::destroys_each_element_once<typename TestFixture::template concurrent<tenon::laws::counted>>();
    tenon::laws::destroys_each_element_once<typename TestFixture::template alone<tenon::laws::counted>>();
  }
}

TYPED_TEST_P(queue_laws, minds_the_alignment_of_its_elements) {
  typename TestFixture::template concurrent<tenon::laws::broad> queue;
  ASSERT_TRUE(queue.try_push({.value = 3}));  // were it misaligned, UBSan would say so
  const auto item = queue.try_pop();
  ASSERT_TRUE(item.has_value());
  EXPECT_EQ(item->value, 3U);
}

TYPED_TEST_P(queue_laws, behaves_like_a_deque) {
  using tenon::laws::follows_a_deque;
  EXPECT_TRUE(tenon::laws::for_all_scripts(&follows_a_deque<typename TestFixture::template concurrent<int>>));
  EXPECT_TRUE(tenon::laws::for_all_scripts(&follows_a_deque<typename TestFixture::template alone<int>>));
}

TYPED_TEST_P(queue_laws, loses_and_doubles_nothing_between_threads) {
  constexpr std::uint32_t producers = TypeParam::many_producers ? 3 : 1;
  constexpr std::uint32_t consumers = TypeParam::many_consumers ? 3 : 1;
  // through a queue of few slots each item costs a change of threads
  constexpr std::size_t capacity = TypeParam::template of<int>::capacity;
  constexpr std::size_t items =
      capacity < tenon::laws::queue_stress / 100 ? 500 + 100 * capacity : tenon::laws::queue_stress;
  constexpr auto each = static_cast<std::uint32_t>(items / producers);
  tenon::laws::loses_and_doubles_nothing<TypeParam>(producers, consumers, each);
  if (producers + consumers > 2) tenon::laws::loses_and_doubles_nothing<TypeParam>(1, 1, each);
}

TYPED_TEST_P(queue_laws, takes_batches_if_at_all_in_order_and_says_how_many) {
  using threaded = typename TestFixture::template concurrent<int>;
  using single = typename TestFixture::template alone<int>;
  if constexpr (tenon::batched_queue_for<threaded, int>) {
    tenon::laws::takes_batches_and_says_how_many<threaded>();
    tenon::laws::leaves_alone_what_it_did_not_take<typename TestFixture::template concurrent<std::unique_ptr<int>>>();
    constexpr std::uint32_t producers = TypeParam::many_producers ? 3 : 1;
    constexpr std::uint32_t consumers = TypeParam::many_consumers ? 3 : 1;
    constexpr std::uint32_t each = threaded::capacity < 8 ? 100 : 1'000;
    tenon::laws::loses_and_doubles_nothing_in_batches<TypeParam>(producers, consumers, each);
  }
  if constexpr (tenon::batched_queue_for<single, int>) tenon::laws::takes_batches_and_says_how_many<single>();
}

REGISTER_TYPED_TEST_SUITE_P(queue_laws, is_a_queue_policy, is_empty_at_first, keeps_the_order_round_and_round,
                            refuses_what_does_not_fit_and_leaves_it_alone, destroys_each_element_once,
                            minds_the_alignment_of_its_elements, behaves_like_a_deque,
                            takes_batches_if_at_all_in_order_and_says_how_many,
                            loses_and_doubles_nothing_between_threads);
