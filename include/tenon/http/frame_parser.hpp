// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/close_code.hpp>
#include <tenon/http/detail/mask.hpp>
#include <tenon/http/detail/utf8.hpp>
#include <tenon/http/frame_head.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace tenon::http {

/// What a frame_parser found next.
struct frame_event {
  enum class kind : std::uint8_t {
    more,    ///< nothing yet: the rest of the input, if any, has to come again with more behind it
    data,    ///< the next bytes of a message, unmasked; perhaps none
    ping,    ///< `payload` has to be sent back
    pong,    //
    close,   ///< `code`, and the reason as `payload`
    failed,  ///< it broke the rules: `code` says which, for a close frame
  };

  kind what = kind::more;
  opcode type = opcode::continuation;  ///< of data: text or binary, also in its later frames
  bool last = false;                   ///< of data: the message ends with it
  close_code code = close_code::no_status;
  std::size_t bytes = 0;      ///< how many of the input's first bytes it took
  std::span<char> payload{};  ///< in the input
};

/// Takes a WebSocket's bytes apart, in place, however they come: strict.
///
///     auto seen = parser.parse(in.readable());
///     ...                                         // use seen.payload
///     in.consume(seen.bytes);
///
/// Shape    Some forty bytes. A control frame is given when it is whole (131 bytes at most, with its head); data as it
///          comes.
/// Cost     Each byte once, unmasked eight at a time; of a text, checked once. No allocation.
/// Errors   failed with protocol_error: reserved bits or opcodes, a mask that is missing or should be, a control frame
///          in pieces or over 125 bytes, a length not in as few bytes as it takes, a continuation of nothing, a message
///          within another, a close code that may not be sent; invalid_data: a text, or a close reason, that is not
///          UTF-8, at its first bad byte; too_big: a message over message_bytes, before it comes. For ever.
/// Threads  One at a time.
/// Source   RFC 6455 sections 5 and 8.1. No extension is known.
class frame_parser {
 public:
  explicit frame_parser(websocket_role us, std::uint64_t message_bytes = 16U << 20) noexcept
      : message_bytes_(message_bytes), us_(us) {}

  [[nodiscard]] frame_event parse(std::span<char> input) noexcept {
    std::size_t head = 0;
    if (failed_ != close_code::no_status) return fail(failed_);
    if (!in_payload_) {
      const int size = read_head({input.data(), input.size()});
      if (size < 0) return fail(failed_);
      if (size == 0) return {};
      head = static_cast<std::size_t>(size);
      if (is_control()) {
        if (input.size() - head < left_) return {};
        return control(input, head);
      }
      in_payload_ = true;
    }
    return data(input, head);
  }

  /// How much of the payload of the data frame at hand has still to come: so much may be read straight to where it is
  /// wanted, and given to parse() there.
  [[nodiscard]] std::uint64_t left() const noexcept { return in_payload_ ? left_ : 0; }
  /// Whether a message has begun and not ended.
  [[nodiscard]] bool in_message() const noexcept { return type_ != opcode::continuation; }

 private:
  [[nodiscard]] frame_event fail(close_code why) noexcept {
    failed_ = why;
    frame_event out;
    out.what = frame_event::kind::failed;
    out.code = why;
    return out;
  }
  [[nodiscard]] bool is_control() const noexcept { return (first_ & 8) != 0; }
  [[nodiscard]] bool is_final() const noexcept { return (first_ & 0x80) != 0; }

  /// Reads a head without taking it: its size; 0 when it is not whole; below 0 when it is wrong, which is seen in its
  /// first bytes already.
  [[nodiscard]] int read_head(std::string_view input) noexcept {
    const auto byte = [input](std::size_t i) -> std::uint64_t { return static_cast<unsigned char>(input[i]); };
    const auto wrong = [this](close_code why) {
      failed_ = why;
      return -1;
    };
    if (input.empty()) return 0;
    first_ = static_cast<std::uint8_t>(byte(0));
    const unsigned code = first_ & 15U;
    if ((first_ & 0x70) != 0 || code > 10 || (code > 2 && code < 8)) return wrong(close_code::protocol_error);
    if (is_control() && !is_final()) return wrong(close_code::protocol_error);
    if (!is_control() && (code == 0) != in_message()) return wrong(close_code::protocol_error);
    if (input.size() < 2) return 0;
    const bool masked = (byte(1) & 0x80) != 0;
    if (masked != (us_ == websocket_role::server)) return wrong(close_code::protocol_error);
    const std::uint64_t small = byte(1) & 0x7f;
    if (is_control() && small > 125) return wrong(close_code::protocol_error);
    const std::size_t wide = small < 126 ? 0 : small == 126 ? 2 : 8;
    std::uint64_t length = small;
    if (wide != 0) {
      if (input.size() < 2 + wide) return 0;
      length = 0;
      for (std::size_t i = 0; i < wide; ++i) length = length << 8 | byte(2 + i);
      const bool is_minimal = wide == 2 ? length > 125 : length > 0xffff;
      if (!is_minimal || (length >> 63) != 0) return wrong(close_code::protocol_error);
    }
    if (!is_control() && length > message_bytes_ - message_) return wrong(close_code::too_big);
    const std::size_t size = 2 + wide + (masked ? 4 : 0);
    if (input.size() < size) return 0;
    if (masked) std::memcpy(key_.data(), input.data() + 2 + wide, 4);
    left_ = length;
    phase_ = 0;
    if (!is_control() && code != 0) {
      type_ = static_cast<opcode>(code);
      text_ = detail::utf8_check();
    }
    return static_cast<int>(size);
  }

  void unmask(std::span<char> payload) noexcept {
    if (us_ == websocket_role::server) detail::mask(payload.data(), payload.data(), payload.size(), key_, phase_);
    phase_ = static_cast<std::uint8_t>((phase_ + payload.size()) % 4);
  }

  [[nodiscard]] frame_event control(std::span<char> input, std::size_t head) noexcept {
    frame_event out;
    out.payload = input.subspan(head, static_cast<std::size_t>(left_));
    out.bytes = head + out.payload.size();
    out.last = true;
    out.type = static_cast<opcode>(first_ & 15U);
    unmask(out.payload);
    if (out.type == opcode::ping) out.what = frame_event::kind::ping;
    if (out.type == opcode::pong) out.what = frame_event::kind::pong;
    if (out.type != opcode::close) return out;
    out.what = frame_event::kind::close;
    if (out.payload.empty()) return out;
    if (out.payload.size() == 1) return fail(close_code::protocol_error);
    const unsigned code = static_cast<unsigned>(static_cast<unsigned char>(out.payload[0])) << 8 |
                          static_cast<unsigned char>(out.payload[1]);
    out.code = static_cast<close_code>(code);
    out.payload = out.payload.subspan(2);
    if (!is_sendable(out.code)) return fail(close_code::protocol_error);
    if (!detail::utf8_check::is_valid({out.payload.data(), out.payload.size()})) return fail(close_code::invalid_data);
    return out;
  }

  [[nodiscard]] frame_event data(std::span<char> input, std::size_t head) noexcept {
    frame_event out;
    const std::size_t here = input.size() - head;
    const std::size_t size = here < left_ ? here : static_cast<std::size_t>(left_);
    out.bytes = head + size;
    if (size == 0 && left_ != 0) return out;  // the head alone
    out.what = frame_event::kind::data;
    out.type = type_;
    out.payload = input.subspan(head, size);
    unmask(out.payload);
    left_ -= size;
    message_ += size;
    if (type_ == opcode::text && !text_.feed({out.payload.data(), size})) return fail(close_code::invalid_data);
    if (left_ != 0) return out;
    in_payload_ = false;
    if (!is_final()) return out;
    if (type_ == opcode::text && !text_.is_whole()) return fail(close_code::invalid_data);
    out.last = true;
    type_ = opcode::continuation;
    message_ = 0;
    return out;
  }

  std::uint64_t message_bytes_;
  std::uint64_t left_ = 0;     // of the frame's payload
  std::uint64_t message_ = 0;  // so far
  detail::mask_key key_{};
  detail::utf8_check text_;
  websocket_role us_;
  std::uint8_t first_ = 0;  // of the frame's bytes
  std::uint8_t phase_ = 0;
  opcode type_ = opcode::continuation;  // of the message; continuation when there is none
  bool in_payload_ = false;             // of a data frame
  close_code failed_ = close_code::no_status;
};

static_assert(std::is_trivially_copyable_v<frame_parser> && sizeof(frame_parser) <= 48);

}  // namespace tenon::http
