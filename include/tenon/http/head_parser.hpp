// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/detail/scan.hpp>
#include <tenon/http/limits.hpp>
#include <tenon/http/progress.hpp>
#include <tenon/http/request.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace tenon::http {

/// Reads a request line and its headers: HTTP/1.1 and 1.0, strictly.
///
/// Shape    A few dozen bytes of offsets; the text stays in the caller's buffer, which may move between two calls.
/// Cost     Each byte is looked at once however the bytes arrive, 16 at a time (SSE2); a name or value that is complete
///          once more. No allocation.
/// Errors   As soon as the offending byte is there, and the same however the bytes are split:
///          400 bare CR or LF, folded line, space before a colon, control bytes, bad target or version text, a repeated
///          or malformed Content-Length, Transfer-Encoding or Host, both lengths at once, no Host in 1.1;
///          413, 414, 431 as `limits` says; 417 another expectation than 100-continue; 501 an unknown method, CONNECT,
///          or a transfer coding besides chunked; 505 a version that is not 1.0 or 1.1.
/// Threads  One at a time.
/// Source   RFC 9112 sections 2 to 7, RFC 9110 sections 5 to 7 and 10.
class head_parser {
 public:
  /// Reads on. `input` is what the previous call was given, with or without more behind it.
  progress parse(std::string_view input, const limits& limit) noexcept {
    const char* const base = input.data();
    const bool clipped = input.size() >= limit.head_bytes;
    const char* const end = base + (clipped ? limit.head_bytes : input.size());
    const char* at = base + at_;
    phase now = phase_;
    for (;;) {
      if (at == end) {
        phase_ = now;
        at_ = offset(at, base);
        if (!clipped) return progress::more(input.size());
        const bool in_target = now == phase::path || now == phase::query;
        return progress::failed(in_target ? status::uri_too_long : status::request_header_fields_too_large);
      }
      switch (now) {
        case phase::start:  // one empty line before a request is forgiven (RFC 9112 section 2.2)
          if (*at == '\r') {
            ++at;
            now = phase::start_lf;
            continue;
          }
          token_ = offset(at, base);
          now = phase::method;
          [[fallthrough]];
        case phase::method:
          if (at == base + token_ && end - at > 4 && std::memcmp(at, "GET ", 4) == 0) {
            method_ = method::get;
            at += 4;
          } else {
            at = detail::skip_token(at, end);
            if (offset(at, base) - token_ > longest_method) return progress::failed(status::not_implemented);
            if (at == end) continue;
            if (*at != ' ' || at == base + token_) return progress::failed(status::bad_request);
            const auto found = method_of(text(base, token_, offset(at, base)));
            if (!found || *found == method::connect) return progress::failed(status::not_implemented);
            method_ = *found;
            ++at;
          }
          target_ = offset(at, base);
          now = phase::path;
          if (at == end) continue;
          [[fallthrough]];
        case phase::path:
          at = detail::skip_target<detail::path_byte>(at, end);
          if (offset(at, base) - target_ > limit.target_bytes) return progress::failed(status::uri_too_long);
          if (at == end) continue;
          path_end_ = offset(at, base);
          now = phase::query;
          [[fallthrough]];
        case phase::query:
          if (*at != ' ') at = detail::skip_target<detail::target_byte>(at, end);
          target_end_ = offset(at, base);
          if (target_end_ - target_ > limit.target_bytes) return progress::failed(status::uri_too_long);
          if (at == end) continue;
          if (*at != ' ' || !read_target(base)) return progress::failed(status::bad_request);
          ++at;
          token_ = offset(at, base);
          now = phase::version;
          if (at == end) continue;
          [[fallthrough]];
        case phase::version:
          if (at == base + token_ && end - at > 10 && std::memcmp(at, "HTTP/1.1\r\n", 10) == 0) {
            minor_ = 1;
            at += 10;
          } else {
            const auto verdict = read_version(base, at, end);
            if (verdict != status::ok) return progress::failed(verdict);
            if (offset(at, base) - token_ < 10) continue;
          }
          lines_ = lines_end_ = offset(at, base);
          now = phase::line;
          continue;
        case phase::line:
          token_ = offset(at, base);
          if (*at == '\r') {
            ++at;
            now = phase::end_lf;
            continue;
          }
          if (++count_ > limit.header_count) return progress::failed(status::request_header_fields_too_large);
          now = phase::name;
          [[fallthrough]];
        case phase::name:
          at = detail::skip_token<detail::before::sixteen_bytes>(at, end);
          if (at == end) continue;
          name_end_ = offset(at, base);
          if (*at != ':' || name_end_ == token_) return progress::failed(status::bad_request);
          ++at;
          now = phase::value;
          if (at == end) continue;
          [[fallthrough]];
        case phase::value:
          at = detail::skip_value<detail::before::sixteen_bytes>(at, end);
          if (at == end) continue;
          if (*at != '\r') return progress::failed(status::bad_request);
          ++at;
          now = phase::value_lf;
          if (at == end) continue;
          [[fallthrough]];
        case phase::value_lf:
          if (*at != '\n') return progress::failed(status::bad_request);
          if (is_noted(name_end_ - token_)) {
            const auto verdict = note(base, offset(at, base) - 1);
            if (verdict != status::ok) return progress::failed(verdict);
          }
          ++at;
          lines_end_ = offset(at, base);
          now = phase::line;
          continue;
        case phase::start_lf:
          if (*at != '\n') return progress::failed(status::bad_request);
          ++at;
          token_ = offset(at, base);
          now = phase::method;
          continue;
        case phase::end_lf:
          if (*at != '\n') return progress::failed(status::bad_request);
          ++at;
          phase_ = phase::end_lf;
          at_ = offset(at, base);
          if (const auto verdict = conclude(limit); verdict != status::ok) return progress::failed(verdict);
          return progress::complete(at_);
      }
    }
  }

  /// Makes it ready for the next request.
  void reset() noexcept {
    content_length_ = 0;
    at_ = host_ = host_end_ = count_ = 0;
    phase_ = phase::start;
    flags_ = 0;
  }

  /// After complete: how the body is framed.
  [[nodiscard]] bool is_chunked() const noexcept { return (flags_ & chunked) != 0; }
  [[nodiscard]] std::uint64_t content_length() const noexcept { return content_length_; }
  /// After complete: whether the client waits for `100 Continue` before it sends the body.
  [[nodiscard]] bool expects_continue() const noexcept {
    return (flags_ & expects) != 0 && (is_chunked() || content_length_ != 0);
  }

  /// After complete: fills all of `out` but its body with views of the buffer that begins at `base`.
  void view(const char* base, request& out) const noexcept {
    out.method = method_;
    out.minor_version = minor_;
    out.keep_alive = keeps_alive();
    out.target = text(base, target_, target_end_);
    out.path = path_ == path_end_ ? std::string_view("/") : text(base, path_, path_end_);
    out.query = path_end_ == target_end_ ? std::string_view() : text(base, path_end_ + 1, target_end_);
    out.host = text(base, host_, host_end_);
    out.headers = headers(text(base, lines_, lines_end_));
    out.body = {};
  }

 private:
  enum class phase : std::uint8_t {
    start,
    start_lf,
    method,
    path,
    query,
    version,
    line,
    name,
    value,
    value_lf,
    end_lf,
  };
  enum : std::uint8_t { chunked = 1, sized = 2, hosted = 4, absolute = 8, expects = 16, closes = 32, keeps = 64 };
  static constexpr std::uint32_t longest_method = 16;

  static std::uint32_t offset(const char* at, const char* base) noexcept {
    return static_cast<std::uint32_t>(at - base);
  }
  static std::string_view text(const char* base, std::uint32_t first, std::uint32_t last) noexcept {
    return {base + first, last - first};
  }

  bool keeps_alive() const noexcept {
    if ((flags_ & closes) != 0) return false;
    return minor_ == 1 || (flags_ & keeps) != 0;
  }

  /// Splits [target_, target_end_), which path_end_ parts at the first '?'.
  bool read_target(const char* base) noexcept {
    path_ = target_;
    const std::string_view target = text(base, target_, target_end_);
    if (target.empty()) return false;
    if (target.front() == '/') return true;
    if (target == "*") return method_ == method::options;
    std::uint32_t scheme = 0;
    if (detail::same_ignoring_case(target.substr(0, 7), "http://")) scheme = 7;
    if (detail::same_ignoring_case(target.substr(0, 8), "https://")) scheme = 8;
    if (scheme == 0) return false;
    host_ = target_ + scheme;
    const std::string_view rest = text(base, host_, path_end_);
    const std::size_t slash = rest.find('/');
    host_end_ = slash == rest.npos ? path_end_ : host_ + static_cast<std::uint32_t>(slash);
    path_ = host_end_;
    flags_ = static_cast<std::uint8_t>(flags_ | absolute);
    return detail::is_host(text(base, host_, host_end_));
  }

  /// Reads "HTTP/1.x" and its line end, from wherever it stopped.
  status read_version(const char* base, const char*& at, const char* end) noexcept {
    constexpr std::string_view shape = "HTTP/d.d\r\n";
    for (; at != end; ++at) {
      const std::uint32_t i = offset(at, base) - token_;
      if (i == shape.size()) break;
      if (shape[i] == 'd' ? !detail::is_digit(*at) : *at != shape[i]) return status::bad_request;
      if (i == 7) {
        if (at[-2] != '1' || (*at != '0' && *at != '1')) return status::http_version_not_supported;
        minor_ = static_cast<std::uint8_t>(*at - '0');
      }
    }
    return status::ok;
  }

  /// The five names that decide framing and connection, told apart from almost all others by their length.
  static bool is_noted(std::uint32_t name_bytes) noexcept {
    constexpr std::uint32_t lengths = 1U << 4 | 1U << 6 | 1U << 10 | 1U << 14 | 1U << 17;
    return name_bytes <= 17 && (lengths >> name_bytes & 1U) != 0;
  }

  /// Looks at a complete header line of a noted length, whose value stands between the colon and `value_end`.
  status note(const char* base, std::uint32_t value_end) noexcept {
    const char* const name = base + token_;
    switch (name_end_ - token_) {
      case 4: return detail::spells(name, "host") ? note_host(base, value_end) : status::ok;
      case 6: return detail::spells(name, "expect") ? note_expect(value_of(base, value_end)) : status::ok;
      case 10:
        if (detail::spells(name, "connection")) note_connection(value_of(base, value_end));
        return status::ok;
      case 14:
        if (!detail::spells(name, "content-length")) return status::ok;
        if (!once(sized)) return status::bad_request;
        return detail::read_decimal(value_of(base, value_end), content_length_) ? status::ok : status::bad_request;
      default: return detail::spells(name, "transfer-encoding") ? note_coding(value_of(base, value_end)) : status::ok;
    }
  }

  std::string_view value_of(const char* base, std::uint32_t value_end) const noexcept {
    const char* first = base + name_end_ + 1;
    const char* const end = base + value_end;
    if (first != end && *first == ' ') ++first;
    const std::string_view value(first, static_cast<std::size_t>(end - first));
    const bool tight = first != end && *first > ' ' && end[-1] > ' ';
    return tight ? value : detail::trim(value);
  }

  bool once(std::uint8_t flag) noexcept {
    if ((flags_ & flag) != 0) return false;
    flags_ = static_cast<std::uint8_t>(flags_ | flag);
    return true;
  }

  status note_host(const char* base, std::uint32_t value_end) noexcept {
    const std::string_view value = value_of(base, value_end);
    if (!once(hosted)) return status::bad_request;
    const char* const end = value.data() + value.size();
    const char* const stop = detail::skip_usual<detail::host_byte, detail::before::sixteen_bytes>(value.data(), end);
    const bool plain = stop != value.data() && detail::is_port({stop, static_cast<std::size_t>(end - stop)});
    if (!plain && !detail::is_host(value)) return status::bad_request;
    if ((flags_ & absolute) == 0) {  // an absolute target outranks it (RFC 9112 section 3.2.2)
      host_ = offset(value.data(), base);
      host_end_ = host_ + static_cast<std::uint32_t>(value.size());
    }
    return status::ok;
  }

  status note_expect(std::string_view value) noexcept {
    if (minor_ == 0) return status::ok;
    if (!detail::same_ignoring_case(value, "100-continue")) return status::expectation_failed;
    flags_ = static_cast<std::uint8_t>(flags_ | expects);
    return status::ok;
  }

  void note_connection(std::string_view value) noexcept {
    if (value.size() == 10 && detail::spells(value.data(), "keep-alive")) {
      flags_ = static_cast<std::uint8_t>(flags_ | keeps);
      return;
    }
    while (!value.empty()) {
      const std::string_view option = detail::next_element(value);
      unsigned flag = 0;
      if (detail::same_ignoring_case(option, "close")) flag = closes;
      if (detail::same_ignoring_case(option, "keep-alive")) flag = keeps;
      flags_ = static_cast<std::uint8_t>(flags_ | flag);
    }
  }

  status note_coding(std::string_view value) noexcept {
    if (!once(chunked)) return status::bad_request;
    if (detail::same_ignoring_case(value, "chunked")) return status::ok;
    // something before chunked is a coding that we lack; anything else leaves the length unknown
    const std::size_t comma = value.rfind(',');
    const std::string_view last = comma == value.npos ? std::string_view() : detail::trim(value.substr(comma + 1));
    return detail::same_ignoring_case(last, "chunked") ? status::not_implemented : status::bad_request;
  }

  status conclude(const limits& limit) const noexcept {
    if (minor_ == 1 && (flags_ & hosted) == 0) return status::bad_request;
    if ((flags_ & chunked) != 0 && ((flags_ & sized) != 0 || minor_ == 0)) return status::bad_request;
    if (content_length_ > limit.body_bytes) return status::content_too_large;
    return status::ok;
  }

  std::uint64_t content_length_ = 0;
  std::uint32_t at_ = 0;  // the first byte not yet looked at
  std::uint32_t token_ = 0;
  std::uint32_t target_ = 0;
  std::uint32_t path_ = 0;
  std::uint32_t path_end_ = 0;
  std::uint32_t target_end_ = 0;
  std::uint32_t host_ = 0;
  std::uint32_t host_end_ = 0;
  std::uint32_t lines_ = 0;
  std::uint32_t lines_end_ = 0;
  std::uint32_t name_end_ = 0;
  std::uint32_t count_ = 0;
  phase phase_ = phase::start;
  http::method method_ = http::method::get;
  std::uint8_t minor_ = 1;
  std::uint8_t flags_ = 0;
};

static_assert(std::is_trivially_copyable_v<head_parser> && sizeof(head_parser) <= 64);

}  // namespace tenon::http
