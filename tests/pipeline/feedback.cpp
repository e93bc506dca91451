// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/feedback.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include <tenon/pipeline/pipeline.hpp>

namespace {

using tenon::again;
using tenon::stage;

struct steps {
  int n;
};

TEST(feedback, sends_an_item_round_until_it_is_done) {
  constexpr auto collatz = tenon::feedback<200>(
      [](std::pair<int, int> x) { return std::pair(x.first % 2 == 0 ? x.first / 2 : 3 * x.first + 1, x.second + 1); },
      [](std::pair<int, int> x) -> std::variant<again<std::pair<int, int>>, steps> {
        if (x.first == 1) return steps{x.second};
        return again{x};
      });
  constexpr auto length = tenon::pipeline(stage<"start">([](int x) { return std::pair(x, 0); }), stage<"go">(collatz),
                                          stage<"end">([](std::optional<steps> x) { return x ? x->n : -1; }));
  EXPECT_EQ(length(6), 8);
  EXPECT_EQ(length(27), 111);
}

TEST(feedback, gives_nothing_for_an_item_that_wants_to_go_round_for_ever) {
  static int calls = 0;
  calls = 0;
  constexpr auto never = tenon::feedback<5>([](int x) -> std::variant<int, again<int>> { return ++calls, again{x}; });
  EXPECT_EQ(never(1), std::nullopt);
  EXPECT_EQ(calls, 5);
}

TEST(feedback, of_one_round_is_a_call) {
  constexpr auto once = tenon::feedback<1>([](int x) -> std::variant<again<int>, char> {
    if (x < 0) return again{x};
    return static_cast<char>(x);
  });
  static_assert(once('a') == 'a' && !once(-1));
}

TEST(feedback, moves_what_cannot_be_copied) {
  using owner = std::unique_ptr<int>;
  constexpr auto grow = tenon::feedback<100>([](owner x) -> std::variant<again<owner>, owner> {
    if (++*x < 10) return again{std::move(x)};
    return x;
  });
  EXPECT_EQ(**grow(std::make_unique<int>(1)), 10);
}

}  // namespace
