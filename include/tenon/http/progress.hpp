// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/status.hpp>

#include <cstddef>
#include <cstdint>

namespace tenon::http {

/// How far a parser came with the bytes it was given.
struct [[nodiscard]] progress {
  enum class kind : std::uint8_t { more, complete, failed };

  kind state = kind::more;
  /// When failed: what to answer, before closing.
  http::status status = http::status::ok;
  /// When complete: how many bytes the message took. When more: how many of the first bytes are still needed; the next
  /// call must bring these again, the new ones behind them.
  std::size_t bytes = 0;

  [[nodiscard]] static constexpr progress more(std::size_t kept) noexcept { return {kind::more, status::ok, kept}; }
  [[nodiscard]] static constexpr progress complete(std::size_t used) noexcept {
    return {kind::complete, status::ok, used};
  }
  [[nodiscard]] static constexpr progress failed(http::status why) noexcept { return {kind::failed, why, 0}; }

  [[nodiscard]] constexpr bool is_more() const noexcept { return state == kind::more; }
  [[nodiscard]] constexpr bool is_complete() const noexcept { return state == kind::complete; }
  [[nodiscard]] constexpr bool is_failed() const noexcept { return state == kind::failed; }
  friend constexpr bool operator==(const progress&, const progress&) = default;
};

static_assert(progress::failed(status::bad_request).is_failed());

}  // namespace tenon::http
