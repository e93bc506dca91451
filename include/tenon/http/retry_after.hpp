// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/headers.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon::http {

/// How long an answer's Retry-After asks to wait; nothing where there is none, or one that cannot be read.
///
///     const auto pause = tenon::http::retry_after(answer.headers());
///
/// Shape    Seconds, or a date: that is measured from the answer's own Date, so that clocks need not agree; without a
///          Date from this machine's clock. A date that has passed is zero. Never more than a day.
/// Source   RFC 9110 sections 5.6.7 (IMF-fixdate; the obsolete forms are not read) and 10.2.3.
[[nodiscard]] inline std::optional<duration> retry_after(const headers& of) noexcept {
  constexpr std::uint64_t day_seconds = 86'400;
  const auto read_date = [](std::string_view text) -> std::optional<std::chrono::sys_seconds> {
    // "Sun, 06 Nov 1994 08:49:37 GMT"
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto number = [text](std::size_t at, std::size_t size) -> std::uint64_t {
      std::uint64_t out = 0;
      return detail::read_decimal(text.substr(at, size), out) ? out : UINT64_MAX;
    };
    if (text.size() != 29 || text.substr(25) != " GMT" || text.substr(3, 2) != ", ") return std::nullopt;
    const std::size_t month = months.find(text.substr(8, 3));
    const std::uint64_t day = number(5, 2);
    const std::uint64_t year = number(12, 4);
    const std::uint64_t hour = number(17, 2);
    const std::uint64_t minute = number(20, 2);
    const std::uint64_t second = number(23, 2);
    if (month == months.npos || month % 3 != 0 || year > 9999 || hour > 23 || minute > 59 || second > 60) {
      return std::nullopt;
    }
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year)),
                                           std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                           std::chrono::day(static_cast<unsigned>(day > 31 ? 0 : day)));
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::seconds(hour * 3600 + minute * 60 + second);
  };
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
