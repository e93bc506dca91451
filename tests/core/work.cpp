// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/work.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace {

using items = std::array<tenon::work, 6>;

std::vector<std::ptrdiff_t> drain(tenon::work_list& list, const items& of) {
  std::vector<std::ptrdiff_t> order;
  while (tenon::work* const item = list.pop()) order.push_back(item - of.data());
  return order;
}
using order = std::vector<std::ptrdiff_t>;

TEST(work, carries_what_it_does) {
  struct counted : tenon::work {
    counted() : work([](work& self) noexcept { ++static_cast<counted&>(self).runs; }) {}
    int runs = 0;
  };
  counted item;
  item.run(item);
  EXPECT_EQ(item.runs, 1);
}

TEST(work_list, is_first_in_first_out) {
  items of;
  tenon::work_list list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.front(), nullptr);
  EXPECT_EQ(list.pop(), nullptr);
  for (tenon::work& each : of) list.push(each);
  EXPECT_EQ(list.front(), &of[0]);
  EXPECT_FALSE(list.empty());
  EXPECT_EQ(drain(list, of), (order{0, 1, 2, 3, 4, 5}));
  EXPECT_TRUE(list.empty());
}

TEST(work_list, can_be_used_again_when_empty) {
  items of;
  tenon::work_list list;
  for (int round = 0; round < 3; ++round) {
    list.push(of[0]);
    list.push(of[1]);
    EXPECT_EQ(drain(list, of), (order{0, 1}));
  }
}

TEST(work_list, takes_an_item_back_while_it_is_emptied) {
  items of;
  tenon::work_list list;
  list.push(of[0]);
  list.push(of[1]);
  tenon::work* const first = list.pop();
  list.push(*first);
  EXPECT_EQ(drain(list, of), (order{1, 0}));
}

TEST(work_list, appends_another_and_empties_it) {
  items of;
  tenon::work_list a;
  tenon::work_list b;
  a.append(std::move(b));
  EXPECT_TRUE(a.empty());
  b.push(of[0]);
  a.append(std::move(b));  // to an empty one
  EXPECT_TRUE(b.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  b.push(of[1]);
  b.push(of[2]);
  a.append(std::move(b));
  b.push(of[3]);
  EXPECT_EQ(drain(a, of), (order{0, 1, 2}));
  EXPECT_EQ(drain(b, of), (order{3}));
  b.push(of[4]);
  a.append(tenon::work_list{});
  EXPECT_EQ(drain(b, of), (order{4}));
}

TEST(work_list, moves) {
  items of;
  tenon::work_list a;
  a.push(of[0]);
  a.push(of[1]);
  tenon::work_list b(std::move(a));
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  a = std::move(b);
  EXPECT_TRUE(b.empty());  // NOLINT(bugprone-use-after-move)
  a.push(of[2]);
  tenon::work_list& same = a;
  a = std::move(same);
  EXPECT_EQ(drain(a, of), (order{0, 1, 2}));
}

}  // namespace
