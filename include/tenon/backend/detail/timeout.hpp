// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <climits>
#include <cstdint>
#include <ctime>

namespace tenon::detail {

/// A timeout as the kernel's milliseconds: rounded up (never early), -1 without limit.
[[nodiscard]] constexpr int to_milliseconds(std::chrono::nanoseconds timeout) noexcept {
  if (timeout.count() < 0) return -1;
  const std::int64_t whole = timeout.count() / 1'000'000 + (timeout.count() % 1'000'000 != 0 ? 1 : 0);
  return whole > INT_MAX ? INT_MAX : static_cast<int>(whole);
}

/// A timeout >= 0 as a timespec.
[[nodiscard]] constexpr timespec to_timespec(std::chrono::nanoseconds timeout) noexcept {
  timespec span{};
  span.tv_sec = static_cast<decltype(span.tv_sec)>(timeout.count() / 1'000'000'000);
  span.tv_nsec = static_cast<decltype(span.tv_nsec)>(timeout.count() % 1'000'000'000);
  return span;
}

static_assert(to_milliseconds(std::chrono::nanoseconds{1}) == 1 && to_milliseconds(std::chrono::milliseconds{7}) == 7);
static_assert(to_milliseconds(std::chrono::nanoseconds{-1}) == -1 &&
              to_milliseconds(std::chrono::hours{9999}) == INT_MAX);

}  // namespace tenon::detail
