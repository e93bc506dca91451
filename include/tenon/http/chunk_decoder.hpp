// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/detail/scan.hpp>
#include <tenon/http/limits.hpp>
#include <tenon/http/progress.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace tenon::http {

/// Takes a chunked body apart in place: its chunks slide together into one contiguous body.
///
/// Shape    The caller's bytes, from the first of the body on. A body of one chunk does not move at all.
/// Cost     Each byte is looked at once and moved at most once, however the bytes arrive. What framing took up is given
///          back at each `more`: memory is bounded by the decoded size, not by what was sent.
/// Errors   400 a bad chunk size, line end, extension or trailer; 413 a body, 431 trailers over the limits.
/// Threads  One at a time.
/// Source   RFC 9112 section 7.1. Extensions and trailers are checked, bounded and dropped.
class chunk_decoder {
 public:
  /// Reads on. The first `bytes` of the previous `more` (none at the start) come first, new bytes behind them.
  progress decode(std::span<char> input, const limits& limit) noexcept {
    char* const base = input.data();
    const char* const end = base + input.size();
    const char* at = base + kept();
    while (at != end) {
      const char c = *at;
      switch (phase_) {
        case phase::size: {
          const int digit = detail::hex_value(c);
          if (digit >= 0) {
            if (++digits_ > 16) return progress::failed(status::bad_request);  // leading zeros have an end too
            left_ = left_ << 4 | static_cast<std::uint64_t>(digit);
          } else {
            if (digits_ == 0 || (c != '\r' && c != ';')) return progress::failed(status::bad_request);
            if (left_ > limit.body_bytes - decoded_) return progress::failed(status::content_too_large);
            phase_ = c == ';' ? phase::extension : phase::size_lf;
          }
          ++at;
          break;
        }
        case phase::extension: {
          const char* const stop = detail::skip_value(at, end);
          extension_bytes_ += static_cast<std::uint64_t>(stop - at);
          if (extension_bytes_ > limit.chunk_extension_bytes) return progress::failed(status::bad_request);
          at = stop;
          if (at == end) break;
          if (*at != '\r') return progress::failed(status::bad_request);
          ++at;
          phase_ = phase::size_lf;
          break;
        }
        case phase::size_lf:
          if (c != '\n') return progress::failed(status::bad_request);
          ++at;
          phase_ = left_ == 0 ? phase::trailer : phase::data;
          digits_ = 0;
          break;
        case phase::data: {
          const auto here = static_cast<std::uint64_t>(end - at);
          const auto take = static_cast<std::size_t>(here < left_ ? here : left_);
          if (decoded_ == 0) origin_ = static_cast<std::size_t>(at - base);
          if (base + kept() != at) std::memmove(base + kept(), at, take);
          decoded_ += take;
          left_ -= take;
          at += take;
          if (left_ == 0) phase_ = phase::data_cr;
          break;
        }
        case phase::data_cr:
          if (c != '\r') return progress::failed(status::bad_request);
          ++at;
          phase_ = phase::data_lf;
          break;
        case phase::data_lf:
          if (c != '\n') return progress::failed(status::bad_request);
          ++at;
          phase_ = phase::size;
          break;
        case phase::trailer:
        case phase::trailer_name:
        case phase::trailer_value:
        case phase::trailer_lf:
          if (++trailer_bytes_ > std::uint64_t{limit.trailer_bytes} + 1) {  // its last CR is not a trailer's
            return progress::failed(status::request_header_fields_too_large);
          }
          if (!trailer(c)) return progress::failed(status::bad_request);
          ++at;
          break;
        case phase::end_lf:
          if (c != '\n') return progress::failed(status::bad_request);
          ++at;
          return progress::complete(static_cast<std::size_t>(at - base));
      }
    }
    return progress::more(kept());
  }

  /// Forgets what was decoded so far, for who takes the body piece by piece: the next call is given new bytes alone,
  /// and a limit that is smaller by what was taken.
  void take() noexcept { origin_ = decoded_ = 0; }

  /// Where the decoded body lies, counted from the first byte of decode()'s input.
  [[nodiscard]] std::size_t body_offset() const noexcept { return origin_; }
  [[nodiscard]] std::size_t body_size() const noexcept { return static_cast<std::size_t>(decoded_); }

 private:
  enum class phase : std::uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
  };

  [[nodiscard]] std::size_t kept() const noexcept { return origin_ + static_cast<std::size_t>(decoded_); }

  bool trailer(char c) noexcept {
    switch (phase_) {
      case phase::trailer:
        if (c == '\r') {
          phase_ = phase::end_lf;
          return true;
        }
        phase_ = phase::trailer_name;
        return detail::is(c, detail::token_byte);
      case phase::trailer_name:
        if (c == ':') phase_ = phase::trailer_value;
        return c == ':' || detail::is(c, detail::token_byte);
      case phase::trailer_value:
        if (c == '\r') phase_ = phase::trailer_lf;
        return c == '\r' || detail::is(c, detail::value_byte);
      default: phase_ = phase::trailer; return c == '\n';
    }
  }

  std::uint64_t left_ = 0;  // of this chunk
  std::uint64_t decoded_ = 0;
  std::uint64_t extension_bytes_ = 0;
  std::size_t origin_ = 0;
  std::uint64_t trailer_bytes_ = 0;
  std::uint8_t digits_ = 0;
  phase phase_ = phase::size;
};

static_assert(std::is_trivially_copyable_v<chunk_decoder> && sizeof(chunk_decoder) <= 48);

}  // namespace tenon::http
