// SPDX-License-Identifier: BSL-1.0
#include <tenon/version.hpp>

#include <gtest/gtest.h>

namespace {

TEST(version, has_three_numbers) {
  static_assert(TENON_VERSION_MAJOR >= 0 && TENON_VERSION_MINOR >= 0 && TENON_VERSION_PATCH >= 0);
  static_assert(TENON_VERSION_MAJOR * 1'000'000 + TENON_VERSION_MINOR * 1'000 + TENON_VERSION_PATCH > 0);
}

}  // namespace
