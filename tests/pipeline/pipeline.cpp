// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/pipeline.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define TENON_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define TENON_TEST_SANITIZED 1
#endif
#endif

namespace {

struct request {
  std::string_view text;
};
struct route {
  int number = 0;
};

constexpr request parse(std::string_view text) { return {text}; }
constexpr route find(const request& what) { return {static_cast<int>(what.text.size())}; }
constexpr int handle(route where) { return 10 * where.number; }

constexpr auto fused =
    tenon::pipeline(tenon::stage<"parse">(parse), tenon::stage<"route">(find), tenon::stage<"handle">(handle));

TEST(pipeline, without_queues_is_a_function) {
  EXPECT_EQ(fused("1234"), 40);
  static_assert(fused("1234") == handle(find(parse("1234"))));
}

TEST(pipeline, of_one_stage_is_the_stage) {
  constexpr auto one = tenon::pipeline(tenon::stage<"handle">(handle));
  static_assert(one(route{3}) == 30);
}

TEST(pipeline, moves_what_cannot_be_copied) {
  constexpr auto moving =
      tenon::pipeline(tenon::stage<"make">([](int x) { return std::make_unique<int>(x); }),
                      tenon::stage<"add">([](std::unique_ptr<int>&& x) { return ++*x, std::move(x); }),
                      tenon::stage<"pass">([](std::unique_ptr<int> x) -> std::unique_ptr<int> { return x; }));
  EXPECT_EQ(*moving(41), 42);
}

TEST(pipeline, gives_a_value_even_where_a_stage_gives_a_reference) {
  constexpr auto tap =
      tenon::pipeline(tenon::stage<"make">([](int n) { return std::string(40, static_cast<char>(n)); }),
                      tenon::stage<"look">([](const std::string& x) -> const std::string& { return x; }));
  static_assert(std::is_same_v<decltype(tap(1)), std::string>);
  EXPECT_EQ(tap('x'), std::string(40, 'x'));
}

TEST(pipeline, keeps_what_a_stage_between_refers_to) {
  const auto long_name = [](int n) { return std::string(static_cast<std::size_t>(n), 'x'); };
  const auto look = [](const std::string& x) -> const std::string& { return x; };
  const auto view = [](const std::string& x) { return std::string_view(x).substr(1); };
  const auto through = tenon::pipeline(tenon::stage<"make">(long_name), tenon::stage<"look">(look),
                                       tenon::stage<"again">(look), tenon::stage<"view">(view),
                                       tenon::stage<"size">([](std::string_view x) { return std::string(x).size(); }));
  EXPECT_EQ(through(50), 49U);
}

TEST(pipeline, may_end_in_nothing) {
  static int seen = 0;
  constexpr auto sink = tenon::pipeline(tenon::stage<"twice">([](int x) { return 2 * x; }),
                                        tenon::stage<"keep">([](int x) { seen = x; }));
  static_assert(std::is_void_v<decltype(sink(1))>);
  sink(4);
  EXPECT_EQ(seen, 8);
}

TEST(pipeline, lets_exceptions_through) {
  constexpr auto thrower = tenon::pipeline(tenon::stage<"throw">([](int x) -> int { throw x; }),
                                           tenon::stage<"next">([](int x) { return x; }));
  EXPECT_THROW((void)thrower(1), int);
}

TEST(pipeline, checks_generic_stages_with_what_comes_to_them) {
  constexpr auto generic = tenon::pipeline(tenon::stage<"any">([](auto x) { return x + x; }),
                                           tenon::stage<"length">([](const std::string& x) { return x.size(); }));
  EXPECT_EQ(generic(std::string("abc")), 6U);
}

template <auto& Pipeline>
inline constexpr auto& segments = std::remove_reference_t<decltype(Pipeline)>::segments;

constexpr auto requests =
    tenon::pipeline(tenon::stage<"parse">(parse), tenon::stage<"route">(find),
                    tenon::stage<"handle">(handle, tenon::workers<2>, tenon::queue_of<1024>, tenon::reject),
                    tenon::stage<"respond">([](int x) { return x; }));

TEST(pipeline, is_divided_where_a_stage_names_how_it_is_run) {
  static_assert(segments<fused>.empty());
  static_assert(segments<requests>.size() == 2);
  static_assert(segments<requests>[0].begin == 2 && segments<requests>[0].end == 3 &&
                segments<requests>[0].workers == 2);
  static_assert(segments<requests>[1].begin == 3 && segments<requests>[1].end == 4 &&
                segments<requests>[1].workers == 1);
}

constexpr auto same = [](int x) { return x; };
constexpr auto grouped = tenon::pipeline(
    tenon::stage<"a">(same, tenon::queue_of<8>), tenon::stage<"b">(same), tenon::stage<"c">(same, tenon::workers<3>),
    tenon::stage<"d">(same, tenon::fused), tenon::stage<"e">(same), tenon::stage<"f">(same));

TEST(pipeline, stages_that_name_nothing_belong_to_the_one_before_them) {
  static_assert(segments<grouped>.size() == 3);
  static_assert(segments<grouped>[0].begin == 0 && segments<grouped>[0].end == 2 && segments<grouped>[0].workers == 1);
  static_assert(segments<grouped>[1].begin == 2 && segments<grouped>[1].end == 4 && segments<grouped>[1].workers == 3);
  static_assert(segments<grouped>[2].begin == 4 && segments<grouped>[2].end == 6 && segments<grouped>[2].workers == 1);
}

// Eight stages by hand and as a pipeline, each function alone in a section of its own: its size is that of its code.
// The stages are calls that may not be inlined, so that both must make the same ones.
struct pair {
  std::size_t x;
  std::size_t y;
};
template <std::size_t N>
[[gnu::noinline]] pair step(pair in) {
  return {in.y * (2 * N + 1), in.x ^ N};
}
constexpr auto eight = tenon::pipeline(
    tenon::stage<"0">(step<0>), tenon::stage<"1">(step<1>), tenon::stage<"2">(step<2>), tenon::stage<"3">(step<3>),
    tenon::stage<"4">(step<4>), tenon::stage<"5">(step<5>), tenon::stage<"6">(step<6>), tenon::stage<"7">(step<7>));

[[gnu::noinline, gnu::section("tenon_by_hand")]] pair by_hand(pair in) {
  return step<7>(step<6>(step<5>(step<4>(step<3>(step<2>(step<1>(step<0>(in))))))));
}
[[gnu::noinline, gnu::section("tenon_by_pipeline")]] pair by_pipeline(pair in) { return eight(in); }

extern "C" const char __start_tenon_by_hand[], __stop_tenon_by_hand[];
extern "C" const char __start_tenon_by_pipeline[], __stop_tenon_by_pipeline[];

TEST(pipeline, without_queues_is_the_code_written_by_hand) {
  const pair left = by_hand({1, 2});
  const pair right = by_pipeline({1, 2});
  EXPECT_EQ(left.x, right.x);
  EXPECT_EQ(left.y, right.y);
#if defined(__OPTIMIZE__) && !defined(TENON_TEST_SANITIZED)
  EXPECT_EQ(__stop_tenon_by_pipeline - __start_tenon_by_pipeline, __stop_tenon_by_hand - __start_tenon_by_hand);
#else
  GTEST_SKIP() << "compares optimised code";
#endif
}

}  // namespace
