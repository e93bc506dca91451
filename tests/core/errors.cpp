// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/errors.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace {

struct silent : tenon::family::errors {
  static constexpr std::string_view word = "silent";
};

static_assert(tenon::errors_policy<tenon::propagate> && tenon::propagate::rethrows);
static_assert(tenon::errors_policy<tenon::terminate> && !tenon::terminate::rethrows);
static_assert(!tenon::errors_policy<silent>);
static_assert(!tenon::errors_policy<int>);

TEST(errors, are_spelled_as_they_are_named) {
  EXPECT_EQ(tenon::propagate::word.view(), "propagate");
  EXPECT_EQ(tenon::terminate::word.view(), "terminate");
}

}  // namespace
