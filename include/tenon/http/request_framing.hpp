// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/detail/scan.hpp>
#include <tenon/http/limits.hpp>
#include <tenon/http/status.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <type_traits>

namespace tenon::http {

/// What the header lines of a request say of its body and its connection: five names out of all there are.
///
///     tenon::http::request_framing framing;
///     if (framing.notes(name)) verdict = framing.note(base, name, value, 1);   // for each header line
///     verdict = framing.conclude(1, limits);                                          // after the last
///
/// Shape    A number, two offsets from `base`, the begin of the caller's buffer, and flags. Names are tokens and
///          values stand as they were sent behind the colon; both have been checked. A request line stands before them,
///          and with it 16 bytes that may be read.
/// Cost     A name of another length costs one comparison, one of a noted length that of a few words.
/// Errors   400 a repeated or malformed Content-Length, Transfer-Encoding or Host, both lengths at once, a coding in
///          1.0, no Host in 1.1; 413 as `limits` says; 417 another expectation than 100-continue; 501 a transfer coding
///          besides chunked.
/// Threads  One at a time.
/// Source   RFC 9112 section 6, RFC 9110 sections 7.2, 7.6.1, 8.6 and 10.1.1.
class request_framing {
  using first_word = std::array<char, 4>;
  /// By the length of a name: how it begins, in small letters. No name begins with zeros.
  static constexpr auto first_words = [] {
    std::array<std::uint32_t, 18> words{};
    words[4] = std::bit_cast<std::uint32_t>(first_word{'h', 'o', 's', 't'});
    words[6] = std::bit_cast<std::uint32_t>(first_word{'e', 'x', 'p', 'e'});
    words[10] = std::bit_cast<std::uint32_t>(first_word{'c', 'o', 'n', 'n'});
    words[14] = std::bit_cast<std::uint32_t>(first_word{'c', 'o', 'n', 't'});
    words[17] = std::bit_cast<std::uint32_t>(first_word{'t', 'r', 'a', 'n'});
    return words;
  }();

 public:
  /// Whether note() has to look at that line: one comparison, true of the five names and of few others. Needs four
  /// bytes to read, which each line has with its end.
  [[nodiscard]] static bool notes(std::string_view name) noexcept {
    return name.size() < std::size(first_words) &&
           detail::lowered_word<std::uint32_t>(name.data()) == first_words[name.size()];
  }

  /// Looks at a complete header line of which notes() is true.
  [[nodiscard]] status note(const char* base, std::string_view name, std::string_view value,
                            unsigned minor_version) noexcept {
    switch (name.size()) {
      case 4: return detail::spells(name.data(), "host") ? note_host(base, detail::tight(value)) : status::ok;
      case 6:
        return detail::spells(name.data(), "expect") ? note_expect(detail::tight(value), minor_version) : status::ok;
      case 10:
        if (detail::spells(name.data(), "connection")) note_connection(detail::tight(value));
        return status::ok;
      case 14:
        if (!detail::spells(name.data(), "content-length")) return status::ok;
        if (!once(sized)) return status::bad_request;
        return detail::read_decimal(detail::tight(value), content_length_) ? status::ok : status::bad_request;
      default: return detail::spells(name.data(), "transfer-encoding") ? note_coding(detail::tight(value)) : status::ok;
    }
  }

  /// The request's target is absolute and names the host, which outranks the header (RFC 9112 section 3.2.2).
  void note_absolute(std::uint32_t host, std::uint32_t host_end) noexcept {
    host_ = host;
    host_end_ = host_end;
    set(absolute);
  }

  /// After the last line: whether they go together.
  [[nodiscard]] status conclude(unsigned minor_version, const limits& limit) const noexcept {
    if (minor_version == 1 && !has(hosted)) return status::bad_request;
    if (has(chunked) && (has(sized) || minor_version == 0)) return status::bad_request;
    if (content_length_ > limit.body_bytes) return status::content_too_large;
    return status::ok;
  }

  void reset() noexcept {
    content_length_ = 0;
    host_ = host_end_ = 0;
    flags_ = 0;
  }

  [[nodiscard]] bool is_chunked() const noexcept { return has(chunked); }
  [[nodiscard]] std::uint64_t content_length() const noexcept { return content_length_; }
  [[nodiscard]] bool expects_continue() const noexcept {
    return has(expects) && (is_chunked() || content_length_ != 0);
  }
  [[nodiscard]] bool keeps_alive(unsigned minor_version) const noexcept {
    return !has(closes) && (minor_version == 1 || has(keeps));
  }
  [[nodiscard]] std::string_view host(const char* base) const noexcept { return {base + host_, host_end_ - host_}; }

 private:
  enum : std::uint8_t { chunked = 1, sized = 2, hosted = 4, absolute = 8, expects = 16, closes = 32, keeps = 64 };

  [[nodiscard]] bool has(std::uint8_t flag) const noexcept { return (flags_ & flag) != 0; }
  void set(unsigned flag) noexcept { flags_ = static_cast<std::uint8_t>(flags_ | flag); }
  bool once(std::uint8_t flag) noexcept {
    if (has(flag)) return false;
    set(flag);
    return true;
  }

  status note_host(const char* base, std::string_view value) noexcept {
    if (!once(hosted)) return status::bad_request;
    const char* const end = value.data() + value.size();
    const char* const stop = detail::skip_usual<detail::host_byte, detail::before::sixteen_bytes>(value.data(), end);
    const bool plain = stop != value.data() && detail::is_port({stop, static_cast<std::size_t>(end - stop)});
    if (!plain && !detail::is_host(value)) return status::bad_request;
    if (!has(absolute)) {
      host_ = static_cast<std::uint32_t>(value.data() - base);
      host_end_ = host_ + static_cast<std::uint32_t>(value.size());
    }
    return status::ok;
  }

  status note_expect(std::string_view value, unsigned minor_version) noexcept {
    if (minor_version == 0) return status::ok;
    if (!detail::same_ignoring_case(value, "100-continue")) return status::expectation_failed;
    set(expects);
    return status::ok;
  }

  void note_connection(std::string_view value) noexcept {
    if (value.size() == 10 && detail::spells(value.data(), "keep-alive")) return set(keeps);
    while (!value.empty()) {
      const std::string_view option = detail::next_element(value);
      if (detail::same_ignoring_case(option, "close")) set(closes);
      if (detail::same_ignoring_case(option, "keep-alive")) set(keeps);
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

  std::uint64_t content_length_ = 0;
  std::uint32_t host_ = 0;
  std::uint32_t host_end_ = 0;
  std::uint8_t flags_ = 0;
};

static_assert(std::is_trivially_copyable_v<request_framing> && sizeof(request_framing) <= 24);

}  // namespace tenon::http
