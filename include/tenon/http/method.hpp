// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon::http {

/// What a request asks for. A method that is not here is answered 501.
///
/// Source   RFC 9110 section 9, RFC 5789 (PATCH).
enum class method : std::uint8_t { get, head, post, put, delete_, options, patch, trace, connect };

inline constexpr std::size_t method_count = 9;

/// The method as it is written in a request line.
[[nodiscard]] constexpr std::string_view name_of(method which) noexcept {
  constexpr std::string_view names[method_count] = {"GET",     "HEAD",  "POST",  "PUT",    "DELETE",
                                                    "OPTIONS", "PATCH", "TRACE", "CONNECT"};
  return names[static_cast<std::size_t>(which)];
}

/// The method that a token spells; nothing when it spells none. Methods are case-sensitive.
[[nodiscard]] constexpr std::optional<method> method_of(std::string_view token) noexcept {
  for (std::size_t i = 0; i < method_count; ++i) {
    const auto candidate = static_cast<method>(i);
    if (name_of(candidate) == token) return candidate;
  }
  return std::nullopt;
}

/// A set of methods: what an `Allow` header lists.
class method_set {
 public:
  constexpr method_set() = default;
  constexpr explicit method_set(std::uint16_t bits) noexcept : bits_(bits) {}

  constexpr void add(method which) noexcept { bits_ = static_cast<std::uint16_t>(bits_ | bit(which)); }
  [[nodiscard]] constexpr bool contains(method which) const noexcept { return (bits_ & bit(which)) != 0; }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  [[nodiscard]] constexpr std::uint16_t bits() const noexcept { return bits_; }
  friend constexpr bool operator==(method_set, method_set) = default;

 private:
  static constexpr unsigned bit(method which) noexcept { return 1U << static_cast<unsigned>(which); }
  std::uint16_t bits_ = 0;
};

static_assert(method_of("DELETE") == method::delete_ && !method_of("delete"));
static_assert(name_of(method::connect) == "CONNECT");

}  // namespace tenon::http
