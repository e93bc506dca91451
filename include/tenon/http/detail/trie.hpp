// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/one_probe.hpp>
#include <tenon/http/detail/scan.hpp>
#include <tenon/http/detail/words.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

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
};

/// The routes of one path, by method.
struct route_leaf {
  std::uint32_t methods = 0;
  std::array<std::uint32_t, 9> routes{};
};

/// A path without parameters, and its routes: a cache line.
struct fixed_route {
  path_key key;
  std::uint32_t text = 0;  // where the path stands in the texts, for what is longer than its key
  std::uint16_t methods = 0;
  std::array<std::uint16_t, 9> routes{};
};
static_assert(sizeof(fixed_route) <= 64);

/// A place between two segments, and what may follow it: runs of segments that are text, a parameter, a wildcard.
struct route_node {
  path_key only;  // where there is one run alone
  std::uint32_t text = 0;
  std::uint32_t next = 0;
  std::uint16_t runs = 0;     // none, one, more: those are in the table of edges
  std::uint16_t lengths = 0;  // bit i: a run of i + 1 segments
  std::uint32_t parameter = no_route;
  std::uint32_t wildcard = no_route;  // a leaf
  std::uint32_t leaf = no_route;
};
static_assert(sizeof(route_node) <= 64);

/// A run of segments that leads from one node to the next.
struct route_edge {
  path_key key;
  std::uint32_t from = no_route;
  std::uint32_t text = 0;  // where it stands in the texts, for what is longer than its key
  std::uint32_t next = 0;

  static constexpr std::size_t most_segments = 16;
  [[nodiscard]] static constexpr std::uint64_t hash(const path_key& of, std::uint32_t from) noexcept {
    return of.hash() ^ from * 0x9e3779b97f4a7c15U;
  }
};

/// Bit i for each '/' at i, of a text of fewer than 64 bytes.
[[nodiscard]] inline std::uint64_t slashes(std::string_view text) noexcept {
  const char* const at = text.data();
  const std::size_t n = text.size();
  constexpr auto of_eight = [](std::uint64_t v) {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    const std::uint64_t differ = v ^ ones * '/';
    const std::uint64_t zero = ~(((differ & ones * 0x7f) + ones * 0x7f) | differ) & ones << 7;
    return (zero >> 7) * 0x0102040810204080U >> 56;
  };
  if (n < 8) return of_eight(few(at, n));
#if defined(__SSE2__)
  if (n >= 16) {  // the same four loads whatever the length
    constexpr auto of_sixteen = [](const char* from) {
      return std::uint64_t{hits(_mm_cmpeq_epi8(load(from), sixteen('/')))};
    };
    const std::size_t last = n - 16;
    const std::size_t second = last < 16 ? last : 16;
    const std::size_t third = last < 32 ? last : 32;
    return of_sixteen(at) | of_sixteen(at + second) << second | of_sixteen(at + third) << third |
           of_sixteen(at + last) << last;
  }
#endif
  std::uint64_t out = of_eight(eight(at + n - 8)) << (n - 8);
  for (std::size_t i = 0; i + 8 < n; i += 8) out |= of_eight(eight(at + i)) << i;
  return out;
}

/// The routes of a table, wherever its arrays lie.
///
/// A path without parameters is found whole, by one probe. What is not found so, or has not the method, is looked up
/// run by run, text before parameter before wildcard. A run hangs on the node that the longest run before it led to
/// when it was added; so what a pattern begins with has one node, a search visits a node once at most, and of two runs
/// of one node that both fit the longer goes first, for it is text where the other's node goes on with a parameter.
struct route_view {
  one_probe_view<fixed_route> fixed;
  one_probe_view<route_edge> edges;
  const route_node* nodes;
  const route_leaf* leaves;
  const char* texts;

  [[nodiscard]] bool find(route_search& wanted) const noexcept {
    const path_key key(wanted.path);
    const fixed_route& guess = fixed.at(key.hash());
    if (guess.key.same_words(key) && same_middle(guess.text, wanted.path)) {
      for (const unsigned method : {wanted.method, wanted.stand_in}) {
        if ((guess.methods >> method & 1U) == 0) continue;
        wanted.route = guess.routes[method];
        return true;
      }
    }
    if (wanted.path.empty() || wanted.path.front() != '/') return false;
    const bool is_short = wanted.path.size() < 64;
    return walk(wanted, {is_short ? slashes(wanted.path) : 0, is_short}, 0, 1, 0);
  }

  /// What a key does not hold as it is.
  [[nodiscard]] bool same_middle(std::uint32_t text, std::string_view run) const noexcept {
    if (run.size() <= 32) return true;
    for (std::size_t i = 8; i + 16 < run.size(); i += 8) {
      if (eight(texts + text + i) != eight(run.data() + i)) return false;
    }
    return true;
  }

 private:
  struct bounds {
    std::uint64_t slashes;
    bool is_short;
  };

  /// Where the segment ends that begins at `at`.
  [[nodiscard]] static std::size_t stop(std::string_view path, const bounds& in, std::size_t at) noexcept {
    if (in.is_short) {
      const std::uint64_t left = in.slashes >> at;
      return left == 0 ? path.size() : at + static_cast<std::size_t>(std::countr_zero(left));
    }
    const char* const end = path.data() + path.size();
    return static_cast<std::size_t>(find_byte(path.data() + at, end, '/') - path.data());
  }
  /// Where the last of so many segments ends; 0 when there are fewer.
  [[nodiscard]] static std::size_t stop(std::string_view path, const bounds& in, std::size_t at,
                                        std::size_t segments) noexcept {
    std::size_t end = stop(path, in, at);
    for (std::size_t i = 1; i < segments; ++i) {
      if (end == path.size()) return 0;
      end = stop(path, in, end + 1);
    }
    return end;
  }

  [[nodiscard]] bool settle(route_search& wanted, std::uint32_t index, std::size_t count) const noexcept {
    if (index == no_route) return false;
    const route_leaf& leaf = leaves[index];
    for (const unsigned method : {wanted.method, wanted.stand_in}) {
      if ((leaf.methods >> method & 1U) == 0) continue;
      wanted.route = leaf.routes[method];
      wanted.count = count;
      return true;
    }
    wanted.methods |= leaf.methods;
    return false;
  }

  /// The only run of a node: where it ends in the path, or 0.
  [[nodiscard]] std::size_t along_only(const route_node& here, std::string_view path, std::size_t at) const noexcept {
    const std::size_t size = here.only.size;
    if (size > path.size() - at) return 0;
    const std::size_t end = at + size;
    if (end != path.size() && path[end] != '/') return 0;
    const std::string_view run(path.data() + at, size);
    return path_key(run).same_words(here.only) && same_middle(here.text, run) ? end : 0;
  }
  [[nodiscard]] std::uint32_t along(std::uint32_t from, std::string_view run) const noexcept {
    const path_key key(run);
    const route_edge& guess = edges.at(route_edge::hash(key, from));
    return guess.from == from && guess.key.same_words(key) && same_middle(guess.text, run) ? guess.next : no_route;
  }

  bool walk(route_search& wanted, const bounds in, std::uint32_t index, std::size_t at,
            std::size_t count) const noexcept {
    const std::string_view path = wanted.path;
    for (;;) {
      const route_node& here = nodes[index];
      if (at > path.size()) return settle(wanted, here.leaf, count);
      const bool forks = here.parameter != no_route || here.wildcard != no_route;
      if (here.runs == 1) {
        if (const std::size_t end = along_only(here, path, at); end != 0) {
          if (!forks) {
            index = here.next;
            at = end + 1;
            continue;
          }
          if (walk(wanted, in, here.next, end + 1, count)) return true;
        }
      } else if (here.runs != 0) {
        bool goes_on = false;
        for (unsigned left = here.lengths; left != 0;) {
          const auto segments = static_cast<std::size_t>(std::bit_width(left));
          left &= ~(1U << (segments - 1));
          const std::size_t end = stop(path, in, at, segments);
          if (end == 0) continue;
          const std::uint32_t next = along(index, {path.data() + at, end - at});
          if (next == no_route) continue;
          if (left == 0 && !forks) {
            index = next;
            at = end + 1;
            goes_on = true;
            break;
          }
          if (walk(wanted, in, next, end + 1, count)) return true;
        }
        if (goes_on) continue;
      }
      if (!forks) return false;
      if (here.parameter != no_route) {
        const std::size_t end = stop(path, in, at);
        if (end != at) {
          wanted.values[count] = {path.data() + at, end - at};
          if (here.wildcard == no_route) {
            index = here.parameter;
            at = end + 1;
            ++count;
            continue;
          }
          if (walk(wanted, in, here.parameter, end + 1, count + 1)) return true;
        }
      }
      if (here.wildcard == no_route) return false;
      wanted.values[count] = {path.data() + at, path.size() - at};
      return settle(wanted, here.wildcard, count + 1);
    }
  }
};

}  // namespace tenon::http::detail
