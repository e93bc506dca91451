// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/pipeline_errc.hpp>

#include <gtest/gtest.h>

#include <system_error>

namespace {

using tenon::pipeline_errc;

TEST(pipeline_errc, is_an_error_code_with_a_sentence) {
  const std::error_code error = pipeline_errc::rejected;
  EXPECT_STREQ(error.category().name(), "tenon.pipeline");
  EXPECT_EQ(error.message(), "rejected: the queue of a stage is full");
  EXPECT_EQ(std::error_code(pipeline_errc::dropped).message().find("dropped: "), 0U);
  EXPECT_EQ(std::error_code(pipeline_errc::closed).message().find("closed: "), 0U);
  EXPECT_EQ(pipeline_errc::closed, std::error_code(pipeline_errc::closed));
}

TEST(pipeline_errc, compares_equal_to_what_the_standard_calls_it) {
  EXPECT_EQ(std::error_code(pipeline_errc::rejected), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(std::error_code(pipeline_errc::dropped), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(std::error_code(pipeline_errc::closed), std::errc::operation_not_permitted);
  EXPECT_NE(std::error_code(pipeline_errc::closed), std::errc::resource_unavailable_try_again);
}

}  // namespace
