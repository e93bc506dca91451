// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/branch.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <tenon/backend/none.hpp>
#include <tenon/pipeline/fabric.hpp>
#include <tenon/pipeline/pipeline.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/task/task.hpp>

namespace {

using tenon::stage;

struct query {
  int key;
};
struct command {
  std::string text;
};
using request = std::variant<query, command>;

request parse(int x) {
  if (x < 0) return command{std::string(static_cast<std::size_t>(-x), 'x')};
  return query{x};
}
int look_up(query q) { return 10 * q.key; }
int execute(const command& c) { return static_cast<int>(c.text.size()); }

TEST(branch, sends_each_alternative_its_own_way) {
  constexpr auto answer = tenon::pipeline(stage<"parse">(parse), stage<"kind">(tenon::branch(look_up, execute)),
                                          stage<"respond">([](int x) { return x + 1; }));
  EXPECT_EQ(answer(4), 41);
  EXPECT_EQ(answer(-3), 4);
}

TEST(branch, takes_pipelines_as_branches) {
  constexpr auto answer = tenon::pipeline(
      stage<"parse">(parse), stage<"kind">(tenon::branch(
                                 tenon::pipeline(stage<"look up">(look_up), stage<"half">([](int x) { return x / 2; })),
                                 tenon::pipeline(stage<"execute">(execute)))));
  EXPECT_EQ(answer(4), 20);
  EXPECT_EQ(answer(-3), 3);
}

TEST(branch, merges_results_of_several_types_into_a_variant) {
  using three = std::variant<int, char, std::string>;
  constexpr auto kind = tenon::branch([](int x) { return x + 0.5; }, [](char c) { return c; },
                                      [](const std::string& x) { return static_cast<double>(x.size()); });
  static_assert(std::is_same_v<decltype(kind(three{})), std::variant<double, char>>);
  EXPECT_EQ((kind(three{1})), (std::variant<double, char>{1.5}));
  EXPECT_EQ((kind(three{'c'})), (std::variant<double, char>{'c'}));
  EXPECT_EQ((kind(three{std::string("ab")})), (std::variant<double, char>{2.0}));
}

TEST(branch, moves_what_cannot_be_copied) {
  using owner = std::variant<std::unique_ptr<int>, int>;
  const auto open = tenon::branch([](std::unique_ptr<int> x) { return *x; }, [](int x) { return x; });
  EXPECT_EQ(open(owner{std::make_unique<int>(7)}), 7);
  EXPECT_EQ(open(owner{8}), 8);
}

TEST(branch, may_give_nothing) {
  static int seen = 0;
  constexpr auto sink = tenon::branch([](int x) { seen = x; }, [](char) { seen = -1; });
  static_assert(std::is_void_v<decltype(sink(std::variant<int, char>{}))>);
  sink(std::variant<int, char>{5});
  EXPECT_EQ(seen, 5);
  sink(std::variant<int, char>{'c'});
  EXPECT_EQ(seen, -1);
}

template <int I>
struct tag {};
template <int... I>
auto tags_of(std::integer_sequence<int, I...>) -> std::variant<tag<I>...>;
using many = decltype(tags_of(std::make_integer_sequence<int, 19>{}));

TEST(branch, of_many_alternatives_is_a_constant_expression) {
  constexpr auto number = []<int... I>(std::integer_sequence<int, I...>) {
    return tenon::branch([](tag<I>) { return I; }...);
  }(std::make_integer_sequence<int, 19>{});
  static_assert(number(many{tag<0>{}}) == 0);
  static_assert(number(many{tag<8>{}}) == 8);
  static_assert(number(many{tag<18>{}}) == 18);
  EXPECT_EQ(number(many{tag<13>{}}), 13);
}

// Branches with queues: fabrics, which a stage whose function is a coroutine submits to.
struct one : tenon::runtime<tenon::none, tenon::fifo, tenon::single_thread> {
  using runtime::runtime;
};

TEST(branch, with_queues_is_a_fabric_for_each_alternative) {
  one rt;
  const auto main = [](one& self) -> tenon::task<void> {
    const auto queries = tenon::pipeline(stage<"look up">(look_up, tenon::queue_of<4>));
    const auto commands = tenon::pipeline(stage<"execute">(execute, tenon::queue_of<2>, tenon::reject));
    tenon::fabric first{self, queries};
    tenon::fabric second{self, commands};
    const auto kind = [&first, &second](request what) -> tenon::task<int> {
      if (auto* const q = std::get_if<query>(&what)) {
        auto given = co_await first.submit(*q);
        co_return given ? *given : -1;
      }
      auto given = co_await second.submit(std::move(*std::get_if<command>(&what)));
      co_return given ? *given : -2;
    };
    const auto front = tenon::pipeline(stage<"parse">(parse), stage<"kind">(kind, tenon::workers<8>));
    tenon::fabric running{self, front};
    std::vector<int> answers;
    tenon::scope all{self};
    const auto ask = [](decltype(running)* to, int x, std::vector<int>* into) -> tenon::task<void> {
      const auto given = co_await to->submit(x);
      into->push_back(given.value());
    };
    for (int i = 1; i <= 5; ++i) {
      all.spawn(ask, &running, i, &answers);
      all.spawn(ask, &running, -i, &answers);
    }
    co_await all.join();
    EXPECT_EQ(answers.size(), 10U);
    EXPECT_EQ(first.stats<"look up">().out, 5U);
    const auto seen = second.stats<"execute">();
    EXPECT_EQ(seen.in, 5U);
    EXPECT_EQ(seen.out + seen.rejected, 5U);
    co_await running.drained();
    co_await first.drained();
    co_await second.drained();
  };
  rt.run(main(rt));
}

}  // namespace
