// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string_view>

namespace tenon {

/// A string that can be a template argument: `stage<"parse">`, `synthetic<"node:2 core:8">`.
///
/// Shape    N characters and a terminator, inside the object.
template <std::size_t N>
struct fixed_string {
  char text[N + 1]{};

  constexpr fixed_string() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is meant to turn into one
  constexpr fixed_string(const char (&literal)[N + 1]) noexcept {
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }

  [[nodiscard]] static constexpr std::size_t size() noexcept { return N; }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text, N}; }
  // NOLINTNEXTLINE(google-explicit-constructor): reads wherever a string_view reads
  constexpr operator std::string_view() const noexcept { return view(); }

  template <std::size_t M>
  [[nodiscard]] friend constexpr fixed_string<N + M> operator+(const fixed_string& a,
                                                               const fixed_string<M>& b) noexcept {
    fixed_string<N + M> both;
    for (std::size_t i = 0; i < N; ++i) both.text[i] = a.text[i];
    for (std::size_t i = 0; i < M; ++i) both.text[N + i] = b.text[i];
    return both;
  }
  template <std::size_t M>
  [[nodiscard]] friend constexpr bool operator==(const fixed_string& a, const fixed_string<M>& b) noexcept {
    return a.view() == b.view();
  }
};

template <std::size_t M>
fixed_string(const char (&)[M]) -> fixed_string<M - 1>;

namespace detail {

consteval std::size_t digits_of(std::size_t value) noexcept {
  std::size_t digits = 1;
  while (value >= 10) {
    value /= 10;
    ++digits;
  }
  return digits;
}

/// `decimal<1024>` is fixed_string("1024"): how a policy spells its numbers in its word.
template <std::size_t Value>
inline constexpr auto decimal = [] {
  fixed_string<digits_of(Value)> out;
  std::size_t rest = Value;
  for (std::size_t i = out.size(); i-- > 0; rest /= 10) out.text[i] = static_cast<char>('0' + rest % 10);
  return out;
}();

}  // namespace detail

static_assert(fixed_string("spsc<") + detail::decimal<1024> + fixed_string(">") == fixed_string("spsc<1024>"));

}  // namespace tenon
