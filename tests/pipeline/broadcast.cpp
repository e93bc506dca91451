// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/broadcast.hpp>

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/pipeline/pipeline.hpp>

namespace {

using tenon::stage;

TEST(broadcast, gives_an_item_to_each_and_brings_the_results_together) {
  constexpr auto report =
      tenon::pipeline(stage<"make">([](int n) { return std::string(static_cast<std::size_t>(n), 'a'); }),
                      stage<"all">(tenon::broadcast(
                          [](const std::string& x) { return x.size(); }, [](std::string x) { return x += "!"; },
                          tenon::pipeline(stage<"front">([](const std::string& x) { return x.front(); })))),
                      stage<"sum">([](const std::tuple<std::size_t, std::string, char>& x) {
                        return std::to_string(std::get<0>(x)) + std::get<1>(x) + std::get<2>(x);
                      }));
  EXPECT_EQ(report(3), "3aaa!a");
}

TEST(broadcast, calls_them_in_order) {
  static std::vector<int> order;
  order.clear();
  constexpr auto three =
      tenon::broadcast([](int) { return order.push_back(1), 0; }, [](int) { return order.push_back(2), 0; },
                       [](int) { return order.push_back(3), 0; });
  (void)three(0);
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(broadcast, is_a_constant_expression_and_gives_values) {
  constexpr auto both = tenon::broadcast([](const int& x) -> const int& { return x; }, [](int x) { return x / 2.0; });
  static_assert(both(3) == std::tuple(3, 1.5));
  static_assert(std::is_same_v<decltype(both(3)), std::tuple<int, double>>);
}

}  // namespace
