// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/one_probe.hpp>
#include <tenon/http/detail/scan.hpp>
#include <tenon/http/detail/words.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenon::http::detail {

inline constexpr std::uint32_t no_route = UINT32_MAX;

/// What a search of the routes looks for, and what it finds.
struct route_search {
  struct piece {
    const char* data;
    std::size_t size;
  };
  static constexpr std::size_t capacity = 8;

  std::string_view path;
  unsigned method = 0;
  unsigned stand_in = 0;    // taken where a path has no `method`
  piece* values = nullptr;  // capacity of them
  std::uint32_t route = no_route;
  std::uint32_t methods = 0;  // of the routes that match but have neither method
  std::size_t count = 0;
  bool has_escapes = true;  // the path, perhaps
};

/// Which segments of a pattern are text. Patterns of one shape differ in their texts alone, so a path matches one of
/// them at most, which a hash of its texts finds; and which of two patterns that match a path goes first is told by
/// their shapes.
struct route_shape {
  /// The segments [first, last): text between two parameters.
  struct run {
    std::uint8_t first, last;
  };
  static constexpr std::size_t most_segments = 62;

  std::uint64_t sizes =
      0;  // bit min(n, 63): the first run of a pattern has n bytes, the slashes before its segments too
  std::uint64_t parameters = 0;  // bit i: segment i
  std::uint8_t segments = 0;     // before the wildcard, where there is one
  bool is_wild = false;
  std::uint8_t run_count = 0;
  std::uint8_t value_count = 0;  // without the wildcard
  std::array<run, route_search::capacity + 1> runs{};
  std::array<std::uint8_t, route_search::capacity> values{};

  [[nodiscard]] static constexpr bool has_size(std::uint64_t sizes, std::size_t n) noexcept {
    return (sizes >> (n < 63 ? n : 63) & 1) != 0;
  }
  /// What the hash of a text of this shape, the index of which is given, begins with.
  [[nodiscard]] static constexpr std::uint64_t seed(std::uint32_t index) noexcept {
    return index * 0x9e3779b97f4a7c15U;
  }
  /// How many segments a path has at least.
  [[nodiscard]] constexpr std::size_t least_segments() const noexcept { return segments + std::size_t{is_wild}; }
  [[nodiscard]] constexpr bool takes(std::size_t path_segments) const noexcept {
    return is_wild ? path_segments > segments : path_segments == segments;
  }
  /// Text before parameter before wildcard, segment by segment; for two shapes that take the same path.
  [[nodiscard]] constexpr bool goes_before(const route_shape& other) const noexcept {
    const auto rank = [](const route_shape& of, std::size_t i) {
      return of.is_wild && i == of.segments ? 2 : static_cast<int>(of.parameters >> i & 1);
    };
    for (std::size_t i = 0; i < least_segments() && i < other.least_segments(); ++i) {
      if (rank(*this, i) != rank(other, i)) return rank(*this, i) < rank(other, i);
    }
    return false;
  }
};

/// The texts of a pattern, one behind the other, and its routes.
struct route_entry {
  static constexpr unsigned method_bits = 9;

  std::uint32_t size = no_route;  // of the texts
  std::uint32_t text = 0;         // where they stand
  std::uint32_t targets = 0;      // where the route of method m stands: targets + m, modulo 2^32
  std::uint32_t kind = 0;         // the methods, and above them the shape: 0 for a path without parameters, whole

  [[nodiscard]] constexpr std::uint32_t methods() const noexcept { return kind & ((1U << method_bits) - 1); }
  [[nodiscard]] constexpr std::uint32_t shape() const noexcept { return kind >> method_bits; }
  [[nodiscard]] constexpr bool has(unsigned method) const noexcept { return (kind >> method & 1U) != 0; }
};
static_assert(sizeof(route_entry) == 16);

/// What divides a text of up to 64 bytes: bit i of `slashes` for each '/' at i; and whether it has a '%'.
struct divided {
  std::uint64_t slashes = 0;
  bool has_escapes = false;

  explicit divided(std::string_view text) noexcept {
    const char* const at = text.data();
    const std::size_t n = text.size();
#if defined(__SSE2__)
    if (n >= 16) {  // the same four loads whatever the length
      const std::size_t last = n - 16;
      const std::size_t second = last < 16 ? last : 16;
      const std::size_t third = last < 32 ? last : 32;
      const __m128i blocks[] = {load(at), load(at + second), load(at + third), load(at + last)};
      const auto of = [](__m128i block, char c) { return _mm_cmpeq_epi8(block, sixteen(c)); };
      slashes = std::uint64_t{hits(of(blocks[0], '/'))} | std::uint64_t{hits(of(blocks[1], '/'))} << second |
                std::uint64_t{hits(of(blocks[2], '/'))} << third | std::uint64_t{hits(of(blocks[3], '/'))} << last;
      has_escapes = hits(_mm_or_si128(_mm_or_si128(of(blocks[0], '%'), of(blocks[1], '%')),
                                      _mm_or_si128(of(blocks[2], '%'), of(blocks[3], '%')))) != 0;
      return;
    }
#endif
    std::uint64_t escapes = 0;
    const auto add = [this, &escapes](std::uint64_t word, std::size_t i) {
      slashes |= where(word, '/') << i;
      escapes |= where(word, '%');
    };
    if (n < 8) {
      add(few(at, n), 0);
    } else {
      add(eight(at + n - 8), n - 8);
      for (std::size_t i = 0; i + 8 < n; i += 8) add(eight(at + i), i);
    }
    has_escapes = escapes != 0;
  }

  [[nodiscard]] unsigned count() const noexcept {  // without the instruction, which not all processors have
    std::uint64_t v = slashes - (slashes >> 1 & 0x5555555555555555U);
    v = (v & 0x3333333333333333U) + (v >> 2 & 0x3333333333333333U);
    return static_cast<unsigned>(((v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fU) * 0x0101010101010101U >> 56);
  }

 private:
  static std::uint64_t where(std::uint64_t word, char c) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    const std::uint64_t differ = word ^ ones * static_cast<unsigned char>(c);
    const std::uint64_t zero = ~(((differ & ones * 0x7f) + ones * 0x7f) | differ) & ones << 7;
    return (zero >> 7) * 0x0102040810204080U >> 56;
  }
};

/// The routes of a table, wherever its arrays lie.
///
/// A path without parameters is found whole, by one probe. What is not found so, or has not the method, is cut into
/// segments; and of each shape that takes so many, in their order, the texts are looked up, by one probe again. That no
/// pattern has so much text is known before.
struct route_view {
  one_probe_view<route_entry> entries;
  const route_shape* shapes;
  const std::uint32_t* order;   // the shapes that take n segments: order[starts[n]] to order[starts[n + 1]]
  const std::uint32_t* starts;  // n up to depth + 1, which stands for all beyond
  const std::uint32_t* targets;
  const char* texts;
  std::size_t depth;  // of the shapes with parameters

  /// What stands for a path without parameters; nullptr when nothing does.
  [[nodiscard]] const route_entry* find_whole(std::string_view path) const noexcept {
    if (!route_shape::has_size(shapes[0].sizes, path.size())) return nullptr;
    const route_entry& guess = entries.at(hash_text(route_shape::seed(0), path.data(), path.size()));
    if (guess.size != path.size() || guess.shape() != 0) return nullptr;
    return same_text(texts + guess.text, path.data(), path.size()) ? &guess : nullptr;
  }
  /// Its route for a method; false when it has none.
  [[nodiscard]] bool pick(const route_entry& from, unsigned method, unsigned stand_in,
                          std::uint32_t& route) const noexcept {
    if (!from.has(method)) {
      if (!from.has(stand_in)) return false;
      method = stand_in;
    }
    route = targets[static_cast<std::uint32_t>(from.targets + method)];
    return true;
  }
  /// What matches a path by its texts and parameters.
  [[nodiscard]] bool find_by_shape(route_search& wanted) const noexcept {
    if (depth == 0 || !wanted.path.starts_with('/')) return false;
    const std::string_view path = wanted.path;
    places at;
    std::size_t n;
    if (path.size() <= 64) {
      const divided cut(path);
      n = cut.count();
      if (n > depth) n = depth + 1;
      if (starts[n] == starts[n + 1]) return false;
      wanted.has_escapes = cut.has_escapes;
      std::size_t i = 0;
      for (std::uint64_t mask = cut.slashes; mask != 0; mask &= mask - 1) {
        at[i++] = static_cast<std::uint32_t>(std::countr_zero(mask));
      }
      at[i] = static_cast<std::uint32_t>(path.size());
    } else {
      n = cut_long(wanted, at);
    }
    for (std::uint32_t i = starts[n]; i != starts[n + 1]; ++i) {
      if (look_in(wanted, order[i], at)) return true;
    }
    return false;
  }

 private:
  /// Where segments begin, with the slash before them; behind the last the end.
  using places = std::array<std::uint32_t, 66>;
  static_assert(std::tuple_size_v<places> > route_shape::most_segments + 2);

  /// Where the segments begin that are among the first depth + 1; of a path of more than 64 bytes.
  [[nodiscard]] std::size_t cut_long(route_search& wanted, places& at) const noexcept {
    const std::string_view path = wanted.path;
    std::size_t n = 0;
    wanted.has_escapes = false;
    for (std::size_t from = 0; from < path.size(); from += 64) {
      const divided part(path.substr(from, 64));
      wanted.has_escapes = wanted.has_escapes || part.has_escapes;
      for (std::uint64_t mask = part.slashes; mask != 0 && n <= depth; mask &= mask - 1) {
        at[n++] = static_cast<std::uint32_t>(from) + static_cast<std::uint32_t>(std::countr_zero(mask));
      }
    }
    if (n <= depth) at[n] = static_cast<std::uint32_t>(path.size());
    return n;
  }
  [[nodiscard]] bool look_in(route_search& wanted, std::uint32_t index, const places& at) const noexcept {
    const route_shape& shape = shapes[index];
    const char* const path = wanted.path.data();
    std::uint64_t hash = route_shape::seed(index);
    std::size_t size = 0;
    for (std::size_t i = 0; i != shape.run_count; ++i) {
      const std::size_t first = at[shape.runs[i].first];
      const std::size_t n = at[shape.runs[i].last] - first;
      if (i == 0 && !route_shape::has_size(shape.sizes, n)) return false;
      hash = hash_text(hash, path + first, n);
      size += n;
    }
    const route_entry& guess = entries.at(hash);
    if (guess.size != size || guess.shape() != index) return false;
    const char* text = texts + guess.text;
    for (std::size_t i = 0; i != shape.run_count; ++i) {
      const std::size_t first = at[shape.runs[i].first];
      const std::size_t n = at[shape.runs[i].last] - first;
      if (!same_text(text, path + first, n)) return false;
      text += n;
    }
    std::size_t count = shape.value_count;
    for (std::size_t i = 0; i != count; ++i) {
      const std::uint32_t begin = at[shape.values[i]] + 1;
      const std::uint32_t end = at[shape.values[i] + 1U];
      if (begin == end) return false;
      wanted.values[i] = {path + begin, end - begin};
    }
    if (shape.is_wild) {
      const std::size_t begin = at[shape.segments] + std::size_t{1};
      wanted.values[count++] = {path + begin, wanted.path.size() - begin};
    }
    wanted.count = count;
    if (pick(guess, wanted.method, wanted.stand_in, wanted.route)) return true;
    wanted.methods |= guess.methods();
    return false;
  }
};

}  // namespace tenon::http::detail
