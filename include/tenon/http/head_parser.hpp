// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/detail/block.hpp>
#include <tenon/http/detail/scan.hpp>
#include <tenon/http/limits.hpp>
#include <tenon/http/progress.hpp>
#include <tenon/http/request.hpp>
#include <tenon/http/request_framing.hpp>

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
    if (at_ == 0 && input.size() >= shortest_head) {
      const std::size_t used = input.size() >= 64 ? parse_plain(input, limit) : parse_short(input, limit);
      if (used != 0) return progress::complete(used);
      reset();
    }
    return parse_slowly(input, limit);
  }

  /// Makes it ready for the next request.
  void reset() noexcept {
    framing_.reset();
    at_ = count_ = 0;
    phase_ = phase::start;
  }

  /// Whether it is at the beginning of a request.
  [[nodiscard]] bool is_fresh() const noexcept { return at_ == 0; }
  /// After complete: whether the head is one that `limit` allows.
  [[nodiscard]] bool keeps(const limits& limit) const noexcept {
    return at_ <= limit.head_bytes && target_end_ - target_ <= limit.target_bytes && count_ <= limit.header_count &&
           content_length() <= limit.body_bytes;
  }

  /// After complete: how the body is framed.
  [[nodiscard]] bool is_chunked() const noexcept { return framing_.is_chunked(); }
  [[nodiscard]] std::uint64_t content_length() const noexcept { return framing_.content_length(); }
  /// After complete: whether the client waits for `100 Continue` before it sends the body.
  [[nodiscard]] bool expects_continue() const noexcept { return framing_.expects_continue(); }

  /// After complete: fills all of `out` but its body with views of the buffer that begins at `base`.
  void view(const char* base, request& out) const noexcept {
    out.method = method_;
    out.minor_version = minor_;
    out.keep_alive = framing_.keeps_alive(minor_);
    out.target = text(base, target_, target_end_);
    out.path = path_ == path_end_ ? std::string_view("/") : text(base, path_, path_end_);
    out.query = path_end_ == target_end_ ? std::string_view() : text(base, path_end_ + 1, target_end_);
    out.host = framing_.host(base);
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

  /// A good head, whole, as almost all are: how many bytes it took. Else 0, and what is wrong, if anything, is for
  /// parse_slowly to say: what is taken here is taken there, with the same outcome.
  std::size_t parse_plain(std::string_view input, const limits& limit) noexcept {
    const char* const base = input.data();
    const char* const end = base + input.size();
    const char* at = base;
    if (std::memcmp(at, "GET ", 4) == 0) {
      method_ = method::get;
      at += 4;
    } else if (std::memcmp(at, "POST ", 5) == 0) {
      method_ = method::post;
      at += 5;
    } else {
      return 0;
    }
    target_ = offset(at, base);
    at = detail::skip_target<detail::path_byte>(at, end);
    path_end_ = offset(at, base);
    if (end - at > 12 && *at == '?') at = detail::skip_target<detail::target_byte>(at, end);
    target_end_ = offset(at, base);
    if (end - at < 12 || std::memcmp(at, " HTTP/1.1\r\n", 11) != 0) return 0;
    if (target_end_ - target_ > limit.target_bytes || !read_target(base)) return 0;
    at += 11;
    minor_ = 1;
    lines_ = offset(at, base);
    detail::line_ends<> stops(at, end);
    for (;;) {
      const char* stop = stops.next();
      while (stop != end && *stop == '\t') stop = stops.next();
      if (end - stop < 2 || !detail::is_line_end(stop)) return 0;
      stops.skip();  // the LF
      if (stop == at) break;
      const char* const name_end = detail::skip_plain_token(at, end);
      if (*name_end != ':' || name_end == at || ++count_ > limit.header_count) return 0;
      const std::string_view name(at, static_cast<std::size_t>(name_end - at));
      if (request_framing::notes(name)) {
        const std::string_view value(name_end + 1, static_cast<std::size_t>(stop - name_end - 1));
        if (framing_.note(base, name, value, 1) != status::ok) return 0;
      }
      at = stop + 2;
    }
    lines_end_ = offset(at, base);
    at += 2;
    at_ = offset(at, base);
    phase_ = phase::end_lf;
    if (at_ > limit.head_bytes || framing_.conclude(1, limit) != status::ok) return 0;
    return at_;
  }

  /// The same for less than the 64 bytes that are looked at at once: all that is kept of the place they stand at now
  /// are distances from its beginning.
  std::size_t parse_short(std::string_view input, const limits& limit) noexcept {
    char room[64]{};
    char* const begin = room + sizeof room - input.size();
    std::memcpy(begin, input.data(), input.size());
    return parse_plain({begin, input.size()}, limit);
  }

  progress parse_slowly(std::string_view input, const limits& limit) noexcept {
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
          if (const auto name = text(base, token_, name_end_); request_framing::notes(name)) {
            const std::string_view value = text(base, name_end_ + 1, offset(at, base) - 1);
            const auto verdict = framing_.note(base, name, value, minor_);
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
          if (const auto verdict = framing_.conclude(minor_, limit); verdict != status::ok)
            return progress::failed(verdict);
          return progress::complete(at_);
      }
    }
  }

  static constexpr std::uint32_t longest_method = 16;
  static constexpr std::size_t shortest_head = sizeof "GET / HTTP/1.1\r\n\r\n" - 1;

  static std::uint32_t offset(const char* at, const char* base) noexcept {
    return static_cast<std::uint32_t>(at - base);
  }
  static std::string_view text(const char* base, std::uint32_t first, std::uint32_t last) noexcept {
    return {base + first, last - first};
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
    const std::uint32_t host = target_ + scheme;
    const std::string_view rest = text(base, host, path_end_);
    const std::size_t slash = rest.find('/');
    path_ = slash == rest.npos ? path_end_ : host + static_cast<std::uint32_t>(slash);
    framing_.note_absolute(host, path_);
    return detail::is_host(text(base, host, path_));
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

  [[no_unique_address]] request_framing framing_;
  phase phase_ = phase::start;
  http::method method_ = http::method::get;
  std::uint8_t minor_ = 1;
  std::uint32_t at_ = 0;  // the first byte not yet looked at
  std::uint32_t token_ = 0;
  std::uint32_t target_ = 0;
  std::uint32_t path_ = 0;
  std::uint32_t path_end_ = 0;
  std::uint32_t target_end_ = 0;
  std::uint32_t lines_ = 0;
  std::uint32_t lines_end_ = 0;
  std::uint32_t name_end_ = 0;
  std::uint32_t count_ = 0;
};

static_assert(std::is_trivially_copyable_v<head_parser> && sizeof(head_parser) <= 64);

}  // namespace tenon::http
