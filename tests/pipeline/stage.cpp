// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/stage.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>

#include <tenon/queue/mpmc.hpp>

namespace {

int twice(int x) { return 2 * x; }
int twice_noexcept(int x) noexcept { return 2 * x; }

template <auto& Stage>
using type_of = std::remove_const_t<std::remove_reference_t<decltype(Stage)>>;

constexpr auto plain = tenon::stage<"plain">(twice);
constexpr auto quiet = tenon::stage<"quiet">(twice_noexcept);
constexpr auto full = tenon::stage<"full">(twice, tenon::workers<2>, tenon::queue_of<64>, tenon::reject);
constexpr auto any_order = tenon::stage<"full">(twice, tenon::drop_oldest, tenon::queue_of<64>, tenon::workers<3>);
constexpr auto named = tenon::stage<"named">(twice, tenon::mpmc<16>{});
constexpr auto generic = tenon::stage<"generic">([](auto x) { return x; });
constexpr auto told = tenon::stage<"told">([](auto x) { return x; }, tenon::takes<std::string>);

TEST(stage, is_its_function) {
  EXPECT_EQ(plain(21), 42);
  static_assert(tenon::stage<"square">([](int x) { return x * x; })(7) == 49);
  static_assert(noexcept(quiet(1)) && !noexcept(plain(1)));
  static_assert(std::is_same_v<decltype(plain(1)), int>);
}

TEST(stage, passes_references_on) {
  constexpr auto same = tenon::stage<"same">([](std::string& x) -> std::string& { return x; });
  std::string here = "here";
  EXPECT_EQ(&same(here), &here);
}

TEST(stage, a_captureless_lambda_takes_no_room) {
  static constexpr auto empty = tenon::stage<"empty">([](int x) { return x; }, tenon::workers<2>, tenon::block);
  static_assert(std::is_empty_v<type_of<empty>>);
  static_assert(sizeof(full) == sizeof(&twice));
}

TEST(stage, options_say_how_it_runs_in_any_order) {
  static_assert(!type_of<plain>::plan.opens());
  static_assert(type_of<full>::plan.opens() && type_of<full>::plan.workers == 2 && type_of<full>::plan.capacity == 64);
  static_assert(std::is_same_v<type_of<full>::when_full, tenon::overflow::reject>);
  static_assert(type_of<any_order>::plan.workers == 3 && type_of<any_order>::plan.capacity == 64);
  static_assert(std::is_same_v<type_of<any_order>::when_full, tenon::overflow::drop_oldest>);
  static_assert(type_of<named>::plan.opens() && std::is_same_v<type_of<named>::queue, tenon::mpmc<16>>);
  static_assert(std::is_void_v<type_of<full>::queue>);
  static_assert(type_of<full>::name == tenon::fixed_string("full"));
}

TEST(stage, knows_what_it_takes_where_the_function_says_it) {
  static_assert(std::is_same_v<type_of<plain>::takes, int>);
  static_assert(std::is_same_v<type_of<quiet>::takes, int>);
  static_assert(std::is_same_v<type_of<generic>::takes, tenon::detail::weaving::any_type>);
  static_assert(std::is_same_v<type_of<told>::takes, std::string>);
  static constexpr auto moves = tenon::stage<"moves">([](std::unique_ptr<int>&& x) noexcept { return std::move(x); });
  static_assert(std::is_same_v<type_of<moves>::takes, std::unique_ptr<int>&&>);
}

}  // namespace
