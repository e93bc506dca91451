// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/ascii.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon::http {

namespace detail {

/// Reads a text from front to back; once something is not as wanted, nothing is any more.
class date_reader {
 public:
  explicit constexpr date_reader(std::string_view text) noexcept : text_(text) {}

  constexpr void skip(std::string_view wanted) noexcept {
    ok_ = ok_ && text_.starts_with(wanted);
    if (ok_) text_.remove_prefix(wanted.size());
  }
  [[nodiscard]] constexpr unsigned number(std::size_t digits) noexcept {
    ok_ = ok_ && text_.size() >= digits;
    unsigned value = 0;
    for (std::size_t i = 0; ok_ && i < digits; ++i) {
      ok_ = is_digit(text_[i]);
      value = value * 10 + static_cast<unsigned>(text_[i] - '0');
    }
    if (ok_) text_.remove_prefix(digits);
    return value;
  }
  /// One of a row of three-letter names, from 1 on.
  [[nodiscard]] constexpr unsigned name(std::string_view names) noexcept {
    ok_ = ok_ && text_.size() >= 3;
    for (std::size_t i = 0; ok_ && i < names.size(); i += 3) {
      if (text_.substr(0, 3) != names.substr(i, 3)) continue;
      text_.remove_prefix(3);
      return static_cast<unsigned>(i / 3) + 1;
    }
    ok_ = false;
    return 0;
  }
  /// The letters up to the next other byte.
  constexpr void skip_letters() noexcept {
    while (!text_.empty() && lower(text_.front()) >= 'a' && lower(text_.front()) <= 'z') text_.remove_prefix(1);
  }
  [[nodiscard]] constexpr bool is_next(char c) const noexcept { return !text_.empty() && text_.front() == c; }
  [[nodiscard]] constexpr bool is_whole() const noexcept { return ok_ && text_.empty(); }

 private:
  std::string_view text_;
  bool ok_ = true;
};

}  // namespace detail

/// The second that a date of HTTP names; nothing when it is none.
///
///     auto since = tenon::http::read_date("Sun, 06 Nov 1994 08:49:37 GMT");
///
/// Shape    All three forms that a recipient has to take. The name of the day is not compared with the date. A year of
///          two digits is that of the last 50 years before `now`, or of the next 50. A leap second is the second after.
/// Source   RFC 9110 section 5.6.7.
[[nodiscard]] constexpr std::optional<std::chrono::sys_seconds> read_date(
    std::string_view text,
    std::chrono::sys_seconds now = std::chrono::sys_days(std::chrono::year(2025) / 1 / 1)) noexcept {
  constexpr std::string_view days = "MonTueWedThuFriSatSun";
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  detail::date_reader from(text);
  unsigned day = 0;
  unsigned month = 0;
  unsigned year = 0;
  (void)from.name(days);
  const bool is_asctime = from.is_next(' ');
  if (is_asctime) {  // Sun Nov  6 08:49:37 1994
    from.skip(" ");
    month = from.name(months);
    from.skip(" ");
    if (from.is_next(' ')) {
      from.skip(" ");
      day = from.number(1);
    } else {
      day = from.number(2);
    }
  } else if (from.is_next(',')) {  // Sun, 06 Nov 1994 08:49:37 GMT
    from.skip(", ");
    day = from.number(2);
    from.skip(" ");
    month = from.name(months);
    from.skip(" ");
    year = from.number(4);
  } else {  // Sunday, 06-Nov-94 08:49:37 GMT
    from.skip_letters();
    from.skip(", ");
    day = from.number(2);
    from.skip("-");
    month = from.name(months);
    from.skip("-");
    const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
    const int this_year = static_cast<int>(today.year());
    int full = this_year - this_year % 100 + static_cast<int>(from.number(2));
    if (full > this_year + 50) full -= 100;
    if (full < this_year - 50) full += 100;
    year = static_cast<unsigned>(full);
  }
  from.skip(" ");
  const unsigned hour = from.number(2);
  from.skip(":");
  const unsigned minute = from.number(2);
  from.skip(":");
  const unsigned second = from.number(2);
  if (is_asctime) {
    from.skip(" ");
    year = from.number(4);
  } else {
    from.skip(" GMT");
  }
  if (!from.is_whole() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year)), std::chrono::month(month),
                                         std::chrono::day(day));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

static_assert(read_date("Sun, 06 Nov 1994 08:49:37 GMT") == read_date("Sun Nov  6 08:49:37 1994"));

/// A date as it stands in a header: "Sun, 06 Nov 1994 08:49:37 GMT".
///
/// Shape    29 characters inside the object. Years 0 to 9999.
/// Source   RFC 9110 section 5.6.7.
class http_date {
 public:
  explicit http_date(std::chrono::sys_seconds when) noexcept {
    constexpr std::string_view day_names = "SunMonTueWedThuFriSat";
    constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date(day);
    const auto second_of_day = static_cast<unsigned>((when - day).count());
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
    put(0, day_names.substr(std::size_t{3} * std::chrono::weekday(day).c_encoding(), 3));
    put(5, static_cast<unsigned>(date.day()));
    put(8, month_names.substr(std::size_t{3} * (static_cast<unsigned>(date.month()) - 1), 3));
    put(12, year / 100 % 100);
    put(14, year % 100);
    put(17, second_of_day / 3600);
    put(20, second_of_day / 60 % 60);
    put(23, second_of_day % 60);
  }
  [[nodiscard]] std::string_view text() const noexcept { return {text_, sizeof text_ - 1}; }

 private:
  void put(std::size_t at, std::string_view word) noexcept {
    for (const char c : word) text_[at++] = c;
  }
  void put(std::size_t at, unsigned two_digits) noexcept {
    text_[at] = static_cast<char>('0' + two_digits / 10);
    text_[at + 1] = static_cast<char>('0' + two_digits % 10);
  }

  char text_[30] = "Thu, 01 Jan 1970 00:00:00 GMT";
};

}  // namespace tenon::http
