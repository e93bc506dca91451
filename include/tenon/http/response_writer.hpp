// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/buffer.hpp>
#include <tenon/http/detail/body_coding.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/status.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace tenon::http {

/// Writes one response to a buffer, whole or piece by piece.
///
///     tenon::http::response_writer to(desk.out, request);
///     to.begin({.content_type = "text/plain"}, date_line);   // no length: chunked, or until the end for HTTP/1.0
///     to.put(piece);                                         // copied; or open(n), n bytes to the wire, close()
///     to.finish();
///
/// Shape    What `reply.to` says is overruled by what the writer was made for. The body of an answer to HEAD and of 204
///          and 304 is counted and not written.
/// Cost     As respond(); a piece of a chunked body takes up to 20 bytes more.
/// Errors   begin, whole: false, and nothing written, when a response has begun or its content_type has control bytes.
///          open, put: false, and nothing written, when none has begun or the piece goes beyond the announced length.
///          finish: false when none has begun, or bytes are missing: the connection cannot go on.
/// Threads  One at a time.
/// Source   RFC 9112 sections 6 and 7.1.
class response_writer {
 public:
  response_writer(buffer& out, const reply_to& to) noexcept : out_(out), to_(to) {}

  /// The connection ends with this response: before it begins.
  void close_after() noexcept { to_.keep_alive = false; }
  [[nodiscard]] bool keeps_alive() const noexcept { return to_.keep_alive; }

  /// What is written from now on goes through `by`, if it is not null: a whole response, and one of unknown length.
  /// begin() of the latter is also false when another answer was given in its place, which is over then.
  void code_with(detail::body_coding* by) noexcept {
    coding_ = by;
    is_coded_ = false;
  }
  /// Whether the pieces of what has begun are coded: not when carries_body() is false.
  [[nodiscard]] bool is_coded() const noexcept { return is_coded_; }

  /// What it has written was thrown away: another response may begin.
  void forget() noexcept {
    step_ = step::none;
    body_bytes_ = 0;
    carries_body_ = true;
  }

  [[nodiscard]] bool has_begun() const noexcept { return step_ != step::none; }
  [[nodiscard]] bool is_over() const noexcept { return step_ == step::over; }
  [[nodiscard]] http::status status() const noexcept { return status_; }
  /// Of the body, as the handler gave it.
  [[nodiscard]] std::uint64_t body_bytes() const noexcept { return body_bytes_; }

  [[nodiscard]] bool whole(const response& reply, std::string_view date_line) {
    if (has_begun()) return false;
    response mine = reply;
    mine.to = to_;
    if (coding_ != nullptr) coding_->whole(*coding_, mine);
    if (!detail::try_respond(out_, mine, date_line)) return false;
    status_ = mine.status;  // the coding's, where it has answered in the handler's place
    body_bytes_ = mine.status == reply.status ? reply.body.size() : mine.body.size();
    step_ = step::over;
    return true;
  }
  /// The length is not known.
  [[nodiscard]] bool begin(const response& head, std::string_view date_line) {
    if (coding_ != nullptr && !has_begun()) return begin_coded(head, date_line);
    return begin_framed(head, to_.minor_version == 0 ? framing::until_close : framing::chunked, 0, date_line);
  }
  /// The body has `length` bytes.
  [[nodiscard]] bool begin(const response& head, std::uint64_t length, std::string_view date_line) {
    return begin_framed(head, framing::sized, length, date_line);
  }

  /// Announces a piece of `count` bytes, which go behind what the buffer holds. Not when carries_body() is false.
  [[nodiscard]] bool open(std::size_t count) {
    if (!takes(count)) return false;
    if (framing_ == framing::chunked && carries_body_ && count != 0) put_hex(count);
    return true;
  }
  /// After the bytes of such a piece.
  void close() {
    if (framing_ == framing::chunked && carries_body_) out_.append("\r\n");
  }
  /// Whether pieces are written at all.
  [[nodiscard]] bool carries_body() const noexcept { return carries_body_; }

  [[nodiscard]] bool put(std::span<const std::byte> piece) {
    if (is_coded_) return put_coded(piece, false);
    if (!open(piece.size())) return false;
    if (piece.empty() || !carries_body_) return true;
    out_.append(std::string_view(reinterpret_cast<const char*>(piece.data()), piece.size()));
    close();
    return true;
  }
  [[nodiscard]] bool finish() {
    if (step_ != step::open || (framing_ == framing::sized && missing_ != 0 && carries_body_)) return false;
    if (is_coded_ && !put_coded({}, true)) return false;
    if (framing_ == framing::chunked && carries_body_) out_.append("0\r\n\r\n");
    step_ = step::over;
    return true;
  }

 private:
  enum class step : std::uint8_t { none, open, over };
  using framing = detail::reply_framing;

  [[nodiscard]] bool begin_coded(const response& head, std::string_view date_line) {
    using enum detail::body_coding::beginning;
    response mine = head;
    const auto how = coding_->begin(*coding_, mine);
    detail::body_coding* const by = std::exchange(coding_, nullptr);
    const bool went = how == instead ? whole(mine, date_line) : begin(mine, date_line);
    coding_ = by;
    is_coded_ = how == coded && went && carries_body_;
    return went && how != instead;
  }
  [[nodiscard]] bool put_coded(std::span<const std::byte> piece, bool last) {
    if (step_ != step::open) return false;
    for (;;) {
      const auto coded = coding_->code(*coding_, piece, last);
      if (coded.empty()) return !coding_->is_broken;
      if (!open(coded.size())) return false;
      out_.append(std::string_view(reinterpret_cast<const char*>(coded.data()), coded.size()));
      close();
    }
  }

  [[nodiscard]] bool takes(std::size_t count) noexcept {
    if (step_ != step::open) return false;
    if (framing_ == framing::sized) {
      if (count > missing_) return false;
      missing_ -= count;
    }
    body_bytes_ += count;
    return true;
  }

  [[nodiscard]] bool begin_framed(const response& head, framing how, std::uint64_t length, std::string_view date_line) {
    if (has_begun()) return false;
    const bool bodiless = is_bodiless(head.status);
    if (head.status == http::status::reset_content) {
      how = framing::sized;
      length = 0;
    }
    reply_to as = to_;
    if (how == framing::until_close && !bodiless) as.keep_alive = false;
    char* const start = reinterpret_cast<char*>(out_.writable(detail::head_room(head, date_line)).data());
    detail::cursor to(start);
    if (!detail::put_beginning(to, head, !bodiless, date_line)) return false;
    if (!bodiless) detail::put_framing(to, how, length);
    detail::put_ending(to, head, as);
    out_.commit(static_cast<std::size_t>(to.at() - start));
    to_ = as;
    framing_ = how;
    missing_ = length;
    carries_body_ = !bodiless && !to_.head_only;
    status_ = head.status;
    step_ = step::open;
    return true;
  }
  void put_hex(std::size_t value) {
    char text[18];
    std::size_t first = sizeof text;
    text[--first] = '\n';
    text[--first] = '\r';
    do {
      text[--first] = "0123456789abcdef"[value & 15];
      value >>= 4;
    } while (value != 0);
    out_.append(std::string_view(text + first, sizeof text - first));
  }

  buffer& out_;
  reply_to to_;
  std::uint64_t missing_ = 0;
  std::uint64_t body_bytes_ = 0;
  http::status status_ = http::status::ok;
  step step_ = step::none;
  framing framing_ = framing::sized;
  bool carries_body_ = true;
  bool is_coded_ = false;
  detail::body_coding* coding_ = nullptr;
};

}  // namespace tenon::http
