// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/close_code.hpp>
#include <tenon/http/detail/mask.hpp>
#include <tenon/http/frame_head.hpp>
#include <tenon/http/frame_parser.hpp>
#include <tenon/http/websocket_settings.hpp>
#include <tenon/sync/event.hpp>
#include <tenon/sync/mutex.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <sys/random.h>

namespace tenon::http {

/// What read() gives: a message, or that the other side has closed.
///
/// Shape   `data` is good until the next read.
struct websocket_message {
  opcode type = opcode::binary;  ///< text, binary or close
  close_code code = close_code::no_status;
  std::span<char> data{};  ///< of a close: its reason

  [[nodiscard]] bool is_text() const noexcept { return type == opcode::text; }
  [[nodiscard]] bool is_close() const noexcept { return type == opcode::close; }
  [[nodiscard]] std::string_view text() const noexcept { return {data.data(), data.size()}; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return std::as_bytes(std::span<const char>(data)); }
};

/// What read_some() gives: so many bytes of a message.
struct websocket_piece {
  opcode type = opcode::binary;  ///< of the message; close when the other side has closed
  bool last = false;             ///< the message ends with them
  close_code code = close_code::no_status;
  std::size_t size = 0;
};

/// Whether a piece that is written ends its message.
enum class websocket_part : std::uint8_t { more, last };

/// One end of a WebSocket between two waits: what http::websocket keeps, and decides. Plain code, so that none of it
/// lies in the frame of a coroutine.
///
/// Threads  The members of one of three: those of the reader, those of whoever holds `writing`, and what both may touch
///          (`owed_`, under a lock; the atomic ones; `close_until`, written before `closing`).
template <class Stream>
class websocket_end {
  using runtime = std::remove_reference_t<decltype(std::declval<Stream&>().runtime())>;
  using threading = typename runtime::threading;
  template <class T>
  using atomic = typename threading::template atomic<T>;

 public:
  static constexpr std::size_t read_bytes = 4096;
  static constexpr std::size_t joined_bytes = 16 * 1024;  // a payload up to this leaves with its head, in one write
  static constexpr std::size_t piece_bytes = 256 * 1024;

  websocket_end(Stream connected, websocket_role role, buffer ahead, const websocket_settings& settings,
                std::string_view chosen)
      : stream(std::move(connected)),
        us(role),
        how(settings),
        protocol(chosen),
        parser(role, settings.message_bytes),
        in(std::move(ahead)),
        heard_(now()) {}

  [[nodiscard]] time_point now() const { return stream.runtime().now(); }

  // ---- the reader's

  /// Gives back what is too large to keep, and what of a message read_some() has left over, if that is all of it.
  [[nodiscard]] std::optional<websocket_message> begin_message() {
    if (std::exchange(given_, false)) {  // else a read ended in the midst of it, and this one goes on
      message_.clear();
      if (message_.capacity() > how.kept_bytes) message_.release();
    }
    if (!has_rest_) return std::nullopt;
    has_rest_ = false;
    return take_in(rest_);
  }
  /// Where the payload at hand may be read to without a copy; empty when it is small.
  [[nodiscard]] std::span<std::byte> room_for_message() {
    const std::uint64_t left = parser.left();
    if (!in.empty() || left <= read_bytes) return {};
    constexpr std::size_t most = 64 * 1024;
    const std::size_t wanted = left < most ? static_cast<std::size_t>(left) : most;
    return message_.writable(wanted).first(wanted);
  }
  /// Takes a piece or an end into the message: it, when it is whole.
  [[nodiscard]] std::optional<websocket_message> take_in(const frame_event& seen) {
    websocket_message whole{seen.type, seen.code, seen.payload};
    if (seen.what == frame_event::kind::close) return whole;
    if (message_.empty() && seen.last) {  // as it lies, which may be where it was read to
      given_ = message_.capacity() != 0;
      return whole;
    }
    const char* const end = message_.view().data() + message_.size();
    // Where there is no room behind it, somebody else's block may begin there, and be what was read into.
    const std::size_t spare = message_.capacity() - message_.size();
    if (spare != 0 && seen.payload.size() <= spare && seen.payload.data() == end) {
      message_.commit(seen.payload.size());  // it was read to where it belongs
    } else {
      message_.append({seen.payload.data(), seen.payload.size()});
    }
    if (!seen.last) return std::nullopt;
    whole.data = message_.readable();
    given_ = true;
    return whole;
  }

  /// What is left of the last piece; nothing when the next one has to be read.
  [[nodiscard]] std::optional<websocket_piece> take_piece(std::span<std::byte> into) noexcept {
    if (!has_rest_) return std::nullopt;
    const std::size_t size = rest_.payload.size() < into.size() ? rest_.payload.size() : into.size();
    if (size != 0 && static_cast<void*>(rest_.payload.data()) != into.data()) {
      std::memcpy(into.data(), rest_.payload.data(), size);
    }
    rest_.payload = rest_.payload.subspan(size);
    has_rest_ = !rest_.payload.empty();
    const bool ends = !has_rest_ && rest_.last;
    if (size == 0 && !ends) return std::nullopt;
    return websocket_piece{rest_.type, ends, rest_.code, size};
  }
  void put_piece(const frame_event& seen) noexcept {
    rest_ = seen;
    has_rest_ = true;
  }

  /// How long the reader waits.
  [[nodiscard]] time_point read_until(time_point deadline) const {
    time_point until = deadline;
    if (closing.load(std::memory_order_acquire)) until = close_until < until ? close_until : until;
    if (unanswered) return pong_until_ < until ? pong_until_ : until;
    if (how.ping_every <= duration::zero()) return until;
    const time_point silent = ping_at();
    return silent < until ? silent : until;
  }
  /// Something has come.
  void heard() noexcept {
    unanswered = false;
    heard_ = now();
  }
  /// The wait was over and nothing had come: false when that ends the read, or, with `failure`, the WebSocket. A ping
  /// may be due either way, however short the reads are.
  [[nodiscard]] bool goes_on_after_silence(time_point deadline) {
    const time_point at = now();
    const bool is_closing = closing.load(std::memory_order_acquire);
    if (unanswered) {  // since the ping left: a long message may go before it
      const std::lock_guard held(owing_);
      pong_until_ = tenon::detail::after(pings_ ? at : ping_left_, how.pong_within);
    }
    if ((is_closing && at >= close_until) || (unanswered && at >= pong_until_)) {
      (void)lost(std::make_error_code(std::errc::timed_out));
      return false;
    }
    if (!unanswered && !is_closing && how.ping_every > duration::zero() && at >= ping_at()) {
      unanswered = true;
      pong_until_ = tenon::detail::after(at, how.pong_within);
      const std::lock_guard held(owing_);
      pings_ = true;
    }
    return at < deadline;
  }
  /// Nothing more will come.
  std::error_code lost(std::error_code why) {
    if (why == std::errc::operation_canceled) return why;
    failure = why;
    return broken(why);
  }
  /// Of pings that came the last is answered.
  void owe_pong(std::span<const char> payload) noexcept {
    const std::lock_guard held(owing_);
    pong_size_ = static_cast<std::uint8_t>(payload.size());
    if (!payload.empty()) std::memcpy(pong_.data(), payload.data(), payload.size());
    pongs_ = true;
  }

  // ---- whoever writes

  /// Whether a pong, a ping or the rest of one waits to be sent.
  [[nodiscard]] bool owes() noexcept {
    if (leftover_.load(std::memory_order_acquire)) return true;
    const std::lock_guard held(owing_);
    return pongs_ || pings_;
  }
  /// Sends what is owed, if nobody writes just now: one who does sends it, or looks for it when he has let go. True:
  /// the socket is full, and some of it is left.
  [[nodiscard]] bool send_owed() {
    const auto held = writing.try_lock();
    if (!held || closing.load(std::memory_order_relaxed)) return false;
    put_owed();
    if (out.empty()) return false;
    const auto n = stream.try_write_some(out.bytes());
    if (!n && n.error() != std::errc::operation_would_block) {
      (void)broken(n.error());
      return false;
    }
    if (n) out.consume(*n);
    leftover_.store(!out.empty(), std::memory_order_release);
    return !out.empty();
  }
  /// Puts the head of a frame behind what is owed, and gives the key with which its payload is to be masked.
  [[nodiscard]] std::optional<detail::mask_key> put_head(opcode type, bool last, std::uint64_t size) {
    put_owed();
    std::optional<detail::mask_key> key;
    if (us == websocket_role::client) key = next_key();
    out.append(frame_head(type, last, size, key).bytes());
    return key;
  }
  void put(std::string_view payload, const std::optional<detail::mask_key>& key, std::size_t phase) {
    if (payload.empty()) return;
    if (!key) return out.append(payload);
    char* const to = reinterpret_cast<char*>(out.writable(payload.size()).data());
    detail::mask(to, payload.data(), payload.size(), *key, phase);
    out.commit(payload.size());
  }
  void put_control(opcode type, std::string_view payload) {
    const auto key = put_head(type, true, payload.size());
    put(payload, key, 0);
  }
  /// What was put has been sent.
  void sent() {
    out.clear();
    if (out.capacity() > how.kept_bytes) out.release();
    leftover_.store(false, std::memory_order_release);
  }
  /// Nothing more is sent.
  std::error_code broken(std::error_code why) {
    if (closing.load(std::memory_order_acquire)) return why;
    close_until = now() + how.close;
    closing.store(true, std::memory_order_release);
    return why;
  }

  /// What the other side is told of breaking the rules, as this side's error.
  [[nodiscard]] static std::error_code error_of(close_code why) noexcept {
    if (why == close_code::too_big) return std::make_error_code(std::errc::message_size);
    if (why == close_code::invalid_data) return std::make_error_code(std::errc::illegal_byte_sequence);
    return std::make_error_code(std::errc::protocol_error);
  }

  Stream stream;
  const websocket_role us;
  const websocket_settings how;
  const std::string protocol;

  frame_parser parser;
  buffer in;
  std::size_t taken = 0;    // of `in`, by the piece that was given last
  std::error_code failure;  // the reader's: it is over
  bool unanswered = false;  // a ping of ours, or nothing has come since

  basic_mutex<threading> writing;
  buffer out;
  bool in_pieces = false;  // a message has begun and not ended
  time_point close_until{};

  atomic<bool> closing{false};  // a close frame has been sent, or nothing can be
  atomic<bool> reader{false};   // a task reads
  basic_event<threading> over;  // it reads no more, and it is closing

 private:
  [[nodiscard]] time_point ping_at() const noexcept { return tenon::detail::after(heard_, how.ping_every); }
  void put_owed() {
    std::array<char, 125> payload;
    std::size_t size = 0;
    bool pongs = false;
    bool pings = false;
    {
      const std::lock_guard held(owing_);
      pongs = std::exchange(pongs_, false);
      pings = std::exchange(pings_, false);
      if (pings) ping_left_ = now();
      size = pong_size_;
      if (pongs) std::memcpy(payload.data(), pong_.data(), size);
    }
    if (pongs) put_frame(opcode::pong, {payload.data(), size});
    if (pings) put_frame(opcode::ping, {});
  }
  void put_frame(opcode type, std::string_view payload) {
    std::optional<detail::mask_key> key;
    if (us == websocket_role::client) key = next_key();
    out.append(frame_head(type, true, payload.size(), key).bytes());
    put(payload, key, 0);
  }
  /// A key that nobody can guess, so that no client writes what a proxy takes for its own (RFC 6455 section 10.3).
  [[nodiscard]] detail::mask_key next_key() noexcept {
    if (key_ == keys_.size()) {
      (void)::getrandom(keys_.data(), sizeof keys_, 0);  // so few bytes are given whole
      key_ = 0;
    }
    return keys_[key_++];
  }

  buffer message_;      // in more than one piece
  bool given_ = false;  // it is what the last read gave
  frame_event rest_;
  bool has_rest_ = false;
  time_point heard_;  // the last that came
  time_point pong_until_{};
  time_point ping_left_{};  // under owing_

  std::array<detail::mask_key, 16> keys_{};
  std::size_t key_ = keys_.size();
  atomic<bool> leftover_{false};  // of what was owed, in `out`

  typename threading::mutex owing_;
  std::array<char, 125> pong_{};
  std::uint8_t pong_size_ = 0;
  bool pongs_ = false;
  bool pings_ = false;
};

}  // namespace tenon::http
