// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/headers.hpp>
#include <tenon/http/http_date.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace tenon::http {

/// How long an answer's Retry-After asks to wait; nothing where there is none, or one that cannot be read.
///
///     const auto pause = tenon::http::retry_after(answer.headers());
///
/// Shape    Seconds, or a date: that is measured from the answer's own Date, so that clocks need not agree; without a
///          Date from this machine's clock. A date that has passed is zero. Never more than a day.
/// Source   RFC 9110 sections 5.6.7 and 10.2.3.
[[nodiscard]] inline std::optional<duration> retry_after(const headers& of) noexcept {
  constexpr std::uint64_t day_seconds = 86'400;
  const auto text = of.find("retry-after");
  if (!text) return std::nullopt;
  std::uint64_t seconds = 0;
  if (!detail::read_decimal(*text, seconds)) {
    const auto then = read_date(*text);
    if (!then) return std::nullopt;
    const auto date = of.find("date");
    const auto from = date ? read_date(*date) : std::nullopt;
    const auto now = from ? *from : std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    seconds = *then > now ? static_cast<std::uint64_t>((*then - now).count()) : 0;
  }
  return std::chrono::seconds(seconds < day_seconds ? seconds : day_seconds);
}

}  // namespace tenon::http
