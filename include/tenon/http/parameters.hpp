// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/route_view.hpp>

#include <array>
#include <cassert>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

namespace tenon::http {

/// The parameters of a matched route, decoded, in the order of its pattern.
///
///     if (auto id = match.parameters.find("id")) ...
///
/// Shape    Views: names into the router, values into the path or, where something was decoded, into the scratch.
class parameters {
 public:
  static constexpr std::size_t capacity = detail::route_search::capacity;

  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): a match of a path without parameters writes none
  parameters() noexcept {}
  /// `names` stays where it is; values() holds so many.
  void name(const std::string_view* names, std::size_t count) noexcept {
    names_ = names;
    size_ = count;
  }
  /// Where a search puts the values.
  [[nodiscard]] detail::route_search::piece* values() noexcept { return values_.data(); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept {
    assert(i < size_);
    return {values_[i].data, values_[i].size};
  }
  [[nodiscard]] std::string_view name(std::size_t i) const noexcept { return assert(i < size_), names_[i]; }
  /// The value of that name; nothing when the pattern has none.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
      if (names_[i] == name) return (*this)[i];
    }
    return std::nullopt;
  }

 private:
  std::size_t size_ = 0;
  const std::string_view* names_ = nullptr;
  std::array<detail::route_search::piece, capacity> values_;
};

static_assert(std::is_trivially_copyable_v<parameters>);

}  // namespace tenon::http
