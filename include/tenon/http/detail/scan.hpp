// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tenon::http::detail {

/// What a byte may be part of.
///
/// Source   RFC 9110 sections 5.6.2 (token) and 5.5 (field value), RFC 3986 section 3.2.2 (host).
enum byte_class : std::uint8_t {
  token_byte = 1,   // a method, a header name
  value_byte = 2,   // a header value: visible, space, tab, and bytes over 127 as they are
  target_byte = 4,  // a request target: visible ASCII but '#', whose fragment never goes on the wire
  path_byte = 8,    // the same before the query: without '?'
  host_byte = 16,   // a registered name or an IPv4 address
};

inline constexpr auto byte_classes = [] {
  std::array<std::uint8_t, 256> table{};
  constexpr std::string_view token_marks = "!#$%&'*+-.^_`|~";
  constexpr std::string_view host_marks = "-._~%!$&'()*+,;=";
  for (unsigned c = 0; c < 256; ++c) {
    const char letter = static_cast<char>(c);
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    unsigned classes = 0;
    if (alnum || (c < 128 && token_marks.find(letter) != token_marks.npos)) classes |= token_byte;
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) classes |= value_byte;
    if (c > 0x20 && c < 0x7f && c != '#') classes |= c == '?' ? target_byte : target_byte | path_byte;
    if (alnum || (c < 128 && host_marks.find(letter) != host_marks.npos)) classes |= host_byte;
    table[c] = static_cast<std::uint8_t>(classes);
  }
  return table;
}();

[[nodiscard]] constexpr bool is(char c, byte_class wanted) noexcept {
  return (byte_classes[static_cast<unsigned char>(c)] & wanted) != 0;
}

template <byte_class Class>
[[nodiscard]] constexpr const char* skip_slowly(const char* at, const char* end) noexcept {
  while (at != end && is(*at, Class)) ++at;
  return at;
}

#if defined(__SSE2__)
[[nodiscard]] inline __m128i sixteen(char c) noexcept { return _mm_set1_epi8(c); }
[[nodiscard]] inline __m128i load(const char* at) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
/// Bytes of `v` within [first, last], as unsigned numbers.
[[nodiscard]] inline __m128i within(__m128i v, char first, char last) noexcept {
  const __m128i from_zero = _mm_sub_epi8(v, sixteen(first));
  return _mm_cmpeq_epi8(_mm_min_epu8(from_zero, sixteen(static_cast<char>(last - first))), from_zero);
}
[[nodiscard]] inline unsigned misses(__m128i good) noexcept {
  return static_cast<unsigned>(_mm_movemask_epi8(good)) ^ 0xffffU;
}
[[nodiscard]] inline unsigned hits(__m128i found) noexcept { return static_cast<unsigned>(_mm_movemask_epi8(found)); }
#endif

/// What may be read before a run of bytes: the request line, behind it, or nothing that one knows of.
enum class before { nothing, sixteen_bytes };

#if defined(__SSE2__)
/// The last bytes, fewer than sixteen: one load that ends where they end, its first lanes not looked at.
template <class Bad>
[[nodiscard]] inline const char* skip_last(const char* at, const char* end, Bad bad) noexcept {
  const auto skipped = static_cast<unsigned>(16 - (end - at));
  const unsigned hit = bad(load(end - 16)) >> skipped;
  return hit == 0 ? end : at + std::countr_zero(hit);
}
/// The lanes of `v` that are neither letters, digits, '-' nor '.': what almost all names and hosts are made of.
[[nodiscard]] inline unsigned unusual(__m128i v) noexcept {
  const __m128i letters = within(_mm_or_si128(v, sixteen(0x20)), 'a', 'z');
  const __m128i digits = within(v, '0', '9');
  const __m128i marks = within(v, '-', '.');
  return misses(_mm_or_si128(letters, _mm_or_si128(digits, marks)));
}
[[nodiscard]] inline unsigned controls(__m128i v) noexcept {
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, sixteen(0x1f)), v);
  return hits(_mm_or_si128(low, _mm_cmpeq_epi8(v, sixteen(0x7f))));
}
#endif

/// The first byte in [at, end) that is not of Class; end when there is none. The usual ones go sixteen at once.
template <byte_class Class, before Before = before::nothing>
[[nodiscard]] inline const char* skip_usual(const char* at, const char* end) noexcept {
  static_assert(Class == token_byte || Class == host_byte || Class == value_byte);
#if defined(__SSE2__)
  constexpr auto bad = [](__m128i v) { return Class == value_byte ? controls(v) : unusual(v); };
  for (;;) {
    if (end - at >= 16) {
      const unsigned hit = bad(load(at));
      if (hit == 0) {
        at += 16;
        continue;
      }
      at += std::countr_zero(hit);
    } else if (Before == before::nothing || at == end) {
      break;
    } else {
      at = skip_last(at, end, bad);
      if (at == end) return end;
    }
    if (!is(*at, Class)) return at;  // a rare mark; a tab
    ++at;
  }
#endif
  return skip_slowly<Class>(at, end);
}

/// The first byte in [at, end) that cannot be in a header name or method.
template <before Before = before::nothing>
[[nodiscard]] inline const char* skip_token(const char* at, const char* end) noexcept {
  return skip_usual<token_byte, Before>(at, end);
}

/// The first byte in [at, end) that cannot be in a header value: a CR, in a good message.
template <before Before = before::nothing>
[[nodiscard]] inline const char* skip_value(const char* at, const char* end) noexcept {
  return skip_usual<value_byte, Before>(at, end);
}

/// The first byte in [at, end) that cannot be in a target, or, for Class path_byte, that ends its path.
template <byte_class Class>
[[nodiscard]] inline const char* skip_target(const char* at, const char* end) noexcept {
  static_assert(Class == target_byte || Class == path_byte);
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    const __m128i v = load(at);
    // signed comparison: bytes over 127 are below zero
    const __m128i visible = _mm_cmpgt_epi8(v, sixteen(0x20));
    __m128i bad = _mm_or_si128(_mm_cmpeq_epi8(v, sixteen(0x7f)), _mm_cmpeq_epi8(v, sixteen('#')));
    if constexpr (Class == path_byte) bad = _mm_or_si128(bad, _mm_cmpeq_epi8(v, sixteen('?')));
    const unsigned miss = misses(_mm_andnot_si128(bad, visible));
    if (miss != 0) return at + std::countr_zero(miss);
  }
#endif
  return skip_slowly<Class>(at, end);
}

/// The first `wanted` in [at, end); end when there is none.
[[nodiscard]] inline const char* find_byte(const char* at, const char* end, char wanted) noexcept {
#if defined(__SSE2__)
  if (end - at >= 16) {
    for (; end - at >= 16; at += 16) {
      const unsigned hit = hits(_mm_cmpeq_epi8(load(at), sixteen(wanted)));
      if (hit != 0) return at + std::countr_zero(hit);
    }
    const auto seen = static_cast<unsigned>(16 - (end - at));  // the last of them, and some once more
    const unsigned hit = hits(_mm_cmpeq_epi8(load(end - 16), sixteen(wanted))) >> seen;
    return hit == 0 ? end : at + std::countr_zero(hit);
  }
#endif
  while (at != end && *at != wanted) ++at;
  return at;
}

}  // namespace tenon::http::detail
