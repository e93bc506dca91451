// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/request.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/router.hpp>
#include <tenon/http/status.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenon::http {

/// What a request goes through, in this order.
enum class phase : std::uint8_t {
  received,  ///< its head is there, and of a plain handler's its body too
  routed,    ///< it is known who answers
  handled,   ///< that one has answered
  answered,  ///< the answer is written out, or behind others that leave with it
};

/// A text that is to stand in JSON as a string: `c.json("{\"name\":", http::quoted(c["name"]), "}")`.
///
/// Source  RFC 8259 section 7. Bytes beyond ASCII go through as they are.
struct quoted {
  explicit quoted(std::string_view of) noexcept : text(of) {}

  std::string_view text;
};

/// A request on its way through an application: what handlers and stages see.
///
///     http::response greet(http::context& c) { return c.text("Hello, ", c["name"], "!"); }
///
/// Shape    Lives as long as the request is in hand, as do the views of its request and parameters. What text() and
///          json() put together lies in a buffer of the worker's, or of the coroutine's where one answers.
/// Cost     A few words on the stack; nothing is copied. Times and id are taken when the application has an on_answered
///          stage, else they are nothing and 0.
/// Threads  One at a time.
class context {
 public:
  context(const http::request& asked, const http::parameters& from_path, buffer& room) noexcept
      : request_(asked), parameters_(from_path), room_(room) {}
  context(const context&) = delete;
  context& operator=(const context&) = delete;

  [[nodiscard]] const http::request& request() const noexcept { return request_; }
  [[nodiscard]] const http::parameters& parameters() const noexcept { return parameters_; }
  /// The parameter of that name in the route's pattern, decoded; empty when there is none.
  [[nodiscard]] std::string_view operator[](std::string_view name) const noexcept {
    return parameters_.find(name).value_or(std::string_view());
  }

  /// Of this worker's requests, with the worker in the upper 16 bits.
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] time_point at(phase which) const noexcept { return times_[static_cast<std::size_t>(which)]; }
  /// What it was answered with: after phase::handled. status{} when the client had gone before.
  [[nodiscard]] http::status status() const noexcept { return status_; }
  [[nodiscard]] std::uint64_t answered_bytes() const noexcept { return answered_bytes_; }

  /// An answer put together from texts and numbers.
  template <class... Parts>
  [[nodiscard]] response text(const Parts&... parts) {
    return put_together("text/plain; charset=utf-8", parts...);
  }
  /// The same of JSON: `quoted` is a string in it, the rest goes in as it is.
  template <class... Parts>
  [[nodiscard]] response json(const Parts&... parts) {
    return put_together("application/json", parts...);
  }
  template <class... Parts>
  [[nodiscard]] response html(const Parts&... parts) {
    return put_together("text/html; charset=utf-8", parts...);
  }
  /// A literal, as it stands.
  template <std::size_t N>
  [[nodiscard]] response text(const char (&literal)[N]) const noexcept {
    return {.to = request_, .content_type = "text/plain; charset=utf-8", .body = std::string_view(literal, N - 1)};
  }
  /// An error with its words for a body.
  [[nodiscard]] response error(http::status code) const noexcept { return error_response(code, request_); }
  /// Room for what a handler puts together by itself.
  [[nodiscard]] buffer& room() noexcept { return room_; }

  // for who runs the application

  void stamp(phase which, time_point now) noexcept { times_[static_cast<std::size_t>(which)] = now; }
  void number(std::uint64_t id) noexcept { id_ = id; }
  void answered_with(http::status code, std::uint64_t bytes) noexcept {
    status_ = code;
    answered_bytes_ = bytes;
  }

 private:
  template <class... Parts>
  response put_together(std::string_view type, const Parts&... parts) {
    const std::size_t from = room_.size();
    (put(parts), ...);
    return {.to = request_, .content_type = type, .body = room_.view().substr(from)};
  }
  void put(const quoted& part) {
    room_.append('"');
    for (const char c : part.text) {
      constexpr std::string_view digits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        room_.append('\\');
        room_.append(c);
      } else if (byte < 0x20) {
        room_.append("\\u00");
        room_.append(digits[byte >> 4]);
        room_.append(digits[byte & 15]);
      } else {
        room_.append(c);
      }
    }
    room_.append('"');
  }
  template <class Part>
  void put(const Part& part) {
    if constexpr (std::same_as<Part, char>) {
      room_.append(part);
    } else if constexpr (std::integral<Part>) {
      if constexpr (std::signed_integral<Part>) {
        if (part < 0) {
          room_.append('-');
          return room_.append_decimal(std::uint64_t{0} - static_cast<std::uint64_t>(part));
        }
      }
      room_.append_decimal(static_cast<std::uint64_t>(part));
    } else {
      room_.append(std::string_view(part));
    }
  }

  const http::request& request_;
  const http::parameters& parameters_;
  buffer& room_;
  std::uint64_t id_ = 0;
  std::uint64_t answered_bytes_ = 0;
  std::array<time_point, 4> times_{};
  http::status status_{};
};

}  // namespace tenon::http
