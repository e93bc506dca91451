// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/meta.hpp>

#include <type_traits>

#include <gtest/gtest.h>

namespace {

namespace hana = tenon::hana;

TEST(meta, maps_types_to_types) {
  constexpr auto map = hana::make_map(hana::make_pair(hana::type_c<int>, hana::type_c<long>));
  static_assert(std::is_same_v<decltype(+map[hana::type_c<int>])::type, long>);
  static_assert(decltype(hana::size(map))::value == 1);
}

TEST(meta, walks_tuples) {
  int sum = 0;
  hana::for_each(hana::make_tuple(1, 2, 3), [&sum](int each) { sum += each; });
  EXPECT_EQ(sum, 6);
}

}  // namespace
