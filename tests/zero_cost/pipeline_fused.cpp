// symbols: ^(eight|kinds)_by_
// SPDX-License-Identifier: BSL-1.0
// as short as: eight_by_pipeline eight_by_hand, kinds_by_pipeline kinds_by_hand
// Fused stages are the function that one writes by hand, and a branch by variant is its switch.
#include <tenon/pipeline/branch.hpp>
#include <tenon/pipeline/pipeline.hpp>

#include <cstdint>
#include <variant>

using tenon::stage;

struct item {
  std::uint64_t x;
  std::uint64_t y;
};
template <std::uint64_t N>
constexpr item step(item in) {
  return {in.y * (2 * N + 1) + in.x, (in.x ^ N) + (in.y >> 3U)};
}

constexpr auto eight =
    tenon::pipeline(stage<"0">(step<0>), stage<"1">(step<1>), stage<"2">(step<2>), stage<"3">(step<3>),
                    stage<"4">(step<4>), stage<"5">(step<5>), stage<"6">(step<6>), stage<"7">(step<7>));

item eight_by_pipeline(item in) { return eight(in); }
item eight_by_hand(item in) { return step<7>(step<6>(step<5>(step<4>(step<3>(step<2>(step<1>(step<0>(in)))))))); }

using shape = std::variant<std::uint32_t, std::uint64_t, float, double, item>;
std::uint64_t of_short(std::uint32_t x);
std::uint64_t of_long(std::uint64_t x);
std::uint64_t of_float(float x);
std::uint64_t of_double(double x);
constexpr std::uint64_t of_item(const item& x) { return x.x * x.y; }

constexpr auto kinds = tenon::pipeline(
    stage<"kind">(tenon::branch(&of_short, &of_long, &of_float, &of_double,
                                tenon::pipeline(stage<"step">([](const item& x) { return step<3>(x); }),
                                                stage<"end">([](const item& x) { return of_item(x); })))),
    stage<"next">([](std::uint64_t x) { return x + 1; }));

std::uint64_t kinds_by_pipeline(const shape& x) { return kinds(x); }
std::uint64_t kinds_by_hand(const shape& x) {
  const auto given = [&]() -> std::uint64_t {
    switch (x.index()) {
      case 0: return of_short(*std::get_if<0>(&x));
      case 1: return of_long(*std::get_if<1>(&x));
      case 2: return of_float(*std::get_if<2>(&x));
      case 3: return of_double(*std::get_if<3>(&x));
      case 4: return of_item(step<3>(*std::get_if<4>(&x)));
      default: __builtin_unreachable();
    }
  }();
  return given + 1;
}
