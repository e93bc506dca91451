// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include <sys/random.h>

namespace tenon {

namespace detail {

/// Numbers that nobody has drawn before: splitmix64 of a seed that the system gives each thread once.
[[nodiscard]] inline std::uint64_t draw_id() noexcept {
  static thread_local std::uint64_t state = [] {
    std::uint64_t seed = 0;
    if (::getrandom(&seed, sizeof seed, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof seed)) {
      seed = reinterpret_cast<std::uintptr_t>(&seed) * 0x9e3779b97f4a7c15U;  // before the system has any: an early boot
    }
    return seed;
  }();
  std::uint64_t mixed = state += 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  mixed ^= mixed >> 31U;
  return mixed != 0 ? mixed : 1;
}

}  // namespace detail

/// Where a request stands in a trace across services: the W3C's traceparent, as a value.
///
///     auto here = trace_context::parse(request_header).value_or(trace_context::generate());
///     send("traceparent", here.child().format().text());
///
/// Shape    The trace's id as two numbers, the span's as one, the flags; trivially copied. By default it is empty: ids
///          of zero, which the recommendation forbids on the wire.
/// Cost     parse, format: some 55 steps, no allocation, constexpr. child, generate: one or three draws of a generator
///          that each thread seeds once from the system (getrandom).
/// Threads  Any. A process that forks draws the same numbers in both halves: draw in one of them.
/// Source   W3C Trace Context, recommendation of 23 November 2021, section 3.2.
struct trace_context {
  static constexpr std::size_t size = 55;             ///< of a traceparent of version 00
  static constexpr std::uint8_t sampled_flag = 0x01;  ///< whoever called may have recorded it

  std::uint64_t trace_high = 0;  ///< the first eight bytes of the trace's id
  std::uint64_t trace_low = 0;
  std::uint64_t span = 0;  ///< the caller's span: the parent of what is done here
  std::uint8_t flags = 0;

  /// A traceparent's characters, no zero behind them.
  struct line {
    std::array<char, size> characters{};
    [[nodiscard]] constexpr std::string_view text() const noexcept { return {characters.data(), characters.size()}; }
  };

  /// What a header says, or nothing when it is not as the recommendation wants it: lower case alone, no id of zero,
  /// version ff never, of version 00 these 55 characters, and of later ones these and then a dash.
  [[nodiscard]] static constexpr std::optional<trace_context> parse(std::string_view header) noexcept {
    if (header.size() < size || header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
    const auto version = number(header, 0, 2);
    const auto high = number(header, 3, 16);
    const auto low = number(header, 19, 16);
    const auto parent = number(header, 36, 16);
    const auto said = number(header, 53, 2);
    if (!version || !high || !low || !parent || !said || *version == 0xff) return std::nullopt;
    if (header.size() > size && (*version == 0 || header[size] != '-')) return std::nullopt;
    trace_context read;
    read.trace_high = *high;
    read.trace_low = *low;
    read.span = *parent;
    read.flags = static_cast<std::uint8_t>(*said);
    if (!read.valid()) return std::nullopt;
    return read;
  }

  /// The header, of version 00. Of an empty one too, though nobody may send that.
  [[nodiscard]] constexpr line format() const noexcept {
    line out;
    write(out, 0, 2, 0);
    write(out, 3, 16, trace_high);
    write(out, 19, 16, trace_low);
    write(out, 36, 16, span);
    write(out, 53, 2, flags);
    out.characters[2] = out.characters[35] = out.characters[52] = '-';
    return out;
  }

  /// A span of its own in the same trace: what is sent on. Flags that version 00 does not know become 0.
  [[nodiscard]] trace_context child() const noexcept {
    trace_context next = *this;
    next.span = detail::draw_id();
    next.flags = static_cast<std::uint8_t>(flags & sampled_flag);
    return next;
  }

  /// A trace that begins here.
  [[nodiscard]] static trace_context generate(bool sampled = false) noexcept {
    trace_context first;
    first.trace_high = detail::draw_id();
    first.trace_low = detail::draw_id();
    first.span = detail::draw_id();
    first.flags = sampled ? sampled_flag : std::uint8_t{0};
    return first;
  }

  [[nodiscard]] constexpr bool valid() const noexcept { return (trace_high | trace_low) != 0 && span != 0; }
  [[nodiscard]] constexpr bool sampled() const noexcept { return (flags & sampled_flag) != 0; }
  friend constexpr bool operator==(const trace_context&, const trace_context&) = default;

 private:
  [[nodiscard]] static constexpr std::optional<std::uint64_t> number(std::string_view in, std::size_t at,
                                                                     std::size_t digits) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = at; i < at + digits; ++i) {
      const char digit = in[i];
      if (digit >= '0' && digit <= '9') {
        value = value << 4U | static_cast<std::uint64_t>(digit - '0');
      } else if (digit >= 'a' && digit <= 'f') {
        value = value << 4U | static_cast<std::uint64_t>(digit - 'a' + 10);
      } else {
        return std::nullopt;
      }
    }
    return value;
  }
  static constexpr void write(line& out, std::size_t at, std::size_t digits, std::uint64_t value) noexcept {
    for (std::size_t i = at + digits; i > at; value >>= 4U) out.characters[--i] = "0123456789abcdef"[value & 15U];
  }
};

static_assert(std::is_trivially_copyable_v<trace_context> && !trace_context{}.valid());
static_assert(trace_context::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")->sampled());

}  // namespace tenon
