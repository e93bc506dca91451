// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>

#if __has_include(<asio.hpp>)
#include <tenon/net/asio.hpp>

TEST(asio, is_new_enough_to_cancel_one_operation) {
  asio::io_context io;
  asio::steady_timer timer(io, std::chrono::hours(1));
  asio::cancellation_signal signal;
  EXPECT_FALSE(signal.slot().has_handler());
  EXPECT_EQ(io.run(), 0U);
  EXPECT_GE(ASIO_VERSION, 102200);
}
#else
TEST(asio, is_new_enough_to_cancel_one_operation) { GTEST_SKIP() << "no asio.hpp: install libasio-dev"; }
#endif
