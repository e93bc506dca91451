// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/mask.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace tenon::http {

/// What a WebSocket frame is.
enum class opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Which end of a WebSocket this is: a client masks what it sends.
enum class websocket_role : std::uint8_t { server, client };

/// What stands before a frame's payload, as bytes.
///
///     const tenon::http::frame_head head(tenon::http::opcode::text, true, text.size());
///     out.append(head.bytes());
///
/// Shape    2 to 14 bytes; the length in as few as it takes.
/// Source   RFC 6455 section 5.2.
class frame_head {
 public:
  static constexpr std::size_t most_bytes = 14;

  frame_head(opcode kind, bool last, std::uint64_t length,
             const std::optional<detail::mask_key>& key = std::nullopt) noexcept {
    bytes_[0] = static_cast<char>(static_cast<unsigned>(kind) | (last ? 0x80U : 0U));
    const unsigned masked = key ? 0x80U : 0U;
    if (length < 126) {
      bytes_[1] = static_cast<char>(masked | static_cast<unsigned>(length));
    } else {
      const std::size_t wide = length <= 0xffff ? 2 : 8;
      bytes_[1] = static_cast<char>(masked | (wide == 2 ? 126U : 127U));
      for (std::size_t i = wide; i > 0; --i) bytes_[size_++] = static_cast<char>(length >> (i - 1) * 8 & 0xff);
    }
    if (key) {
      for (const char c : *key) bytes_[size_++] = c;
    }
  }

  [[nodiscard]] std::string_view bytes() const noexcept { return {bytes_, size_}; }

 private:
  char bytes_[most_bytes] = {};
  std::size_t size_ = 2;
};

static_assert(std::is_trivially_copyable_v<frame_head>);

}  // namespace tenon::http
