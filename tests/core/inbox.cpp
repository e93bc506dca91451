// SPDX-License-Identifier: BSL-1.0

#include <tenon/core/detail/inbox.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace {

struct letter : tenon::work {
  std::size_t from = 0;
  std::size_t number = 0;
};

template <class Threading>
class inbox : public testing::Test {};

using both = testing::Types<tenon::multi_thread, tenon::single_thread>;
TYPED_TEST_SUITE(inbox, both);

TYPED_TEST(inbox, gives_back_all_in_the_order_of_the_pushes) {
  tenon::detail::inbox<TypeParam> box;
  letter letters[5];
  EXPECT_TRUE(box.empty());
  EXPECT_TRUE(box.take().empty());
  for (std::size_t turn = 0; turn < 3; ++turn) {
    for (letter& each : letters) EXPECT_EQ(box.push(each), &each == letters);
    EXPECT_FALSE(box.empty());
    tenon::work_list all = box.take();
    EXPECT_TRUE(box.empty());
    for (letter& each : letters) ASSERT_EQ(all.pop(), &each);
    EXPECT_EQ(all.pop(), nullptr);
  }
}

TYPED_TEST(inbox, says_that_it_was_empty_after_each_take) {
  tenon::detail::inbox<TypeParam> box;
  letter first;
  letter second;
  EXPECT_TRUE(box.push(first));
  EXPECT_FALSE(box.push(second));
  EXPECT_EQ(box.take().front(), &first);
  EXPECT_TRUE(box.push(second));
  EXPECT_EQ(box.take().front(), &second);
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t each_pushes = 5'000;
#else
constexpr std::size_t each_pushes = 50'000;
#endif

TEST(inbox_between_threads, keeps_each_pushers_order_and_loses_nothing) {
  constexpr std::size_t pushers = 3;
  tenon::detail::inbox<tenon::multi_thread> box;
  std::vector<std::vector<letter>> letters(pushers);
  for (std::size_t p = 0; p < pushers; ++p) letters[p] = std::vector<letter>(each_pushes);
  std::atomic<std::size_t> firsts{0};
  std::atomic<std::size_t> pushing{pushers};

  std::vector<std::size_t> next(pushers, 0);
  std::size_t batches = 0;
  bool in_order = true;
  const auto take = [&] {
    tenon::work_list taken = box.take();
    if (!taken.empty()) ++batches;
    while (tenon::work* item = taken.pop()) {
      const letter& came = static_cast<letter&>(*item);
      in_order = in_order && came.number == next[came.from];
      ++next[came.from];
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t p = 0; p < pushers; ++p) {
      threads.emplace_back([&, p] {
        for (std::size_t i = 0; i < each_pushes; ++i) {
          letters[p][i].from = p;
          letters[p][i].number = i;
          if (box.push(letters[p][i])) firsts.fetch_add(1);
        }
        pushing.fetch_sub(1);
      });
    }
    while (pushing.load() != 0) take();
  }
  take();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(firsts.load(), batches) << "exactly one push of each batch finds the inbox empty";
  for (const std::size_t count : next) EXPECT_EQ(count, each_pushes);
}

}  // namespace
