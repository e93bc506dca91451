// SPDX-License-Identifier: BSL-1.0

#include <tenon/parallel/parallel_invoke.hpp>

#include <gtest/gtest.h>

#include "pool.hpp"

namespace {

TEST(parallel_invoke, calls_each_once) {
  on_any_number_of_workers([] {
    int a = 0, b = 0, c = 0;
    tenon::parallel_invoke([&] { a += 1; }, [&] { b += 2; }, [&] { return c += 3; });
    tenon::parallel_invoke([&] { a += 10; });
    tenon::parallel_invoke();
    EXPECT_EQ(a, 11);
    EXPECT_EQ(b, 2);
    EXPECT_EQ(c, 3);
  });
}

}  // namespace
