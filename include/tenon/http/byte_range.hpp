// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/ascii.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tenon::http {

/// `count` bytes, at least one, of a whole, from `first` on.
struct byte_range {
  std::uint64_t first = 0;
  std::uint64_t count = 0;

  [[nodiscard]] constexpr std::uint64_t last() const noexcept { return first + count - 1; }
  [[nodiscard]] constexpr std::uint64_t end() const noexcept { return first + count; }
  friend constexpr bool operator==(const byte_range&, const byte_range&) = default;
};

/// What a Range header asks for, of something that has `size` bytes.
///
///     const tenon::http::byte_ranges asked("bytes=0-499,-500", size);
///     if (asked.is_unsatisfiable()) ...   // 416
///
/// Shape    The parts in the order in which they were asked for. Parts that overlap or touch become one, at the place
///          of the first of them: so they never are more bytes together than the whole, whatever was asked.
/// Cost     One pass; each range is compared with the at most 15 others.
/// Errors   What is not a list of byte ranges (another unit among them), and a list of more than 16, ask for the whole.
/// Source   RFC 9110 sections 14.1.2, 14.2 and 17.15.
class byte_ranges {
 public:
  static constexpr std::size_t capacity = 16;

  byte_ranges() = default;
  constexpr byte_ranges(std::string_view header, std::uint64_t size) noexcept {
    constexpr std::string_view unit = "bytes=";
    if (header.size() < unit.size() || !detail::same_ignoring_case(header.substr(0, unit.size()), unit)) return;
    header.remove_prefix(unit.size());
    std::size_t asked = 0;
    while (!header.empty()) {
      const std::string_view spec = detail::next_element(header);
      if (spec.empty()) continue;
      if (++asked > capacity || !take(spec, size)) {
        count_ = 0;
        return;
      }
    }
    // A suffix of nothing is all there is: the whole, for no Content-Range can say it.
    unsatisfiable_ = asked != 0 && count_ == 0 && !(size == 0 && suffix_);
  }

  /// The parts to send; none: the whole, or 416.
  [[nodiscard]] constexpr std::span<const byte_range> parts() const noexcept { return {parts_.data(), count_}; }
  [[nodiscard]] constexpr bool is_whole() const noexcept { return count_ == 0 && !unsatisfiable_; }
  [[nodiscard]] constexpr bool is_unsatisfiable() const noexcept { return unsatisfiable_; }

 private:
  /// Digits that are more than 64 bits hold are the largest number there is.
  [[nodiscard]] static constexpr bool read(std::string_view digits, std::uint64_t& out) noexcept {
    for (const char c : digits) {
      if (!detail::is_digit(c)) return false;
    }
    if (!detail::read_decimal(digits, out)) out = UINT64_MAX;
    return !digits.empty();
  }

  /// False: this is no range.
  [[nodiscard]] constexpr bool take(std::string_view spec, std::uint64_t size) noexcept {
    const std::size_t dash = spec.find('-');
    if (dash == spec.npos) return false;
    std::uint64_t first = 0;
    std::uint64_t last = UINT64_MAX;
    if (dash == 0) {
      std::uint64_t suffix = 0;
      if (!read(spec.substr(1), suffix)) return false;
      suffix_ = suffix_ || suffix != 0;
      if (suffix == 0 || size == 0) return true;  // asks for nothing
      add({suffix < size ? size - suffix : 0, suffix < size ? suffix : size});
      return true;
    }
    if (!read(spec.substr(0, dash), first)) return false;
    if (dash + 1 != spec.size() && (!read(spec.substr(dash + 1), last) || last < first)) return false;
    if (first >= size) return true;  // behind the end
    add({first, (last < size - 1 ? last : size - 1) - first + 1});
    return true;
  }

  constexpr void add(byte_range one) noexcept {
    std::size_t place = count_;
    for (std::size_t i = 0; i < count_;) {
      const byte_range& other = parts_[i];
      if (one.first > other.end() || other.first > one.end()) {
        ++i;
        continue;
      }
      const std::uint64_t first = one.first < other.first ? one.first : other.first;
      const std::uint64_t end = one.end() > other.end() ? one.end() : other.end();
      one = {first, end - first};
      if (i < place) place = i;
      for (std::size_t k = i + 1; k < count_; ++k) parts_[k - 1] = parts_[k];
      --count_;
      i = 0;  // it may reach one that it did not reach before
    }
    if (place > count_) place = count_;
    for (std::size_t k = count_; k > place; --k) parts_[k] = parts_[k - 1];
    parts_[place] = one;
    ++count_;
  }

  std::array<byte_range, capacity> parts_{};
  std::size_t count_ = 0;
  bool suffix_ = false;
  bool unsatisfiable_ = false;
};

static_assert(byte_ranges("bytes=0-0,-1", 10).parts().size() == 2);
static_assert(byte_ranges("bytes=10-", 10).is_unsatisfiable() && byte_ranges("lines=1-2", 10).is_whole());

}  // namespace tenon::http
