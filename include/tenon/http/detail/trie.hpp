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
#include <vector>

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
/// run by run, text before parameter before wildcard. A run hangs on the node that the longest run before it led to when
/// it was added; so what a pattern begins with has one node, a search visits a node once at most, and of two runs of a
/// node that both fit the longer one goes first, for it is text where the other one's node goes on with a parameter.
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

/// The same routes while they are added, at run time or in a constant.
class route_index {
 public:
  enum class outcome : std::uint8_t { added, duplicate, too_alike };

  constexpr route_index() {
    (void)make();
    look();
  }

  /// `pattern` is sound. Unless it is added, no search finds it.
  constexpr outcome add(unsigned method, std::string_view pattern, std::uint32_t route) {
    const outcome how = take(method, pattern, route);
    look();
    return how;
  }

  [[nodiscard]] constexpr const route_view& view() const noexcept { return view_; }
  [[nodiscard]] constexpr const auto& fixed() const noexcept { return fixed_; }
  [[nodiscard]] constexpr const auto& edges() const noexcept { return edges_; }
  [[nodiscard]] constexpr const auto& nodes() const noexcept { return nodes_; }
  [[nodiscard]] constexpr const auto& leaves() const noexcept { return leaves_; }
  [[nodiscard]] constexpr const auto& texts() const noexcept { return texts_; }

 private:
  constexpr void look() noexcept {
    view_ = {fixed_.view(), edges_.view(), nodes_.data(), leaves_.data(), texts_.data()};
  }

  constexpr outcome take(unsigned method, std::string_view pattern, std::uint32_t route) {
    const auto text = static_cast<std::uint32_t>(texts_.size());
    for (const char c : pattern) texts_.push_back(c);
    std::uint32_t node = 0;
    bool is_wild = false;
    bool is_fixed = true;
    for (std::size_t at = 1; at <= pattern.size();) {
      if (const std::size_t end = run_end(pattern, at); end != 0) {
        node = follow(node, text + static_cast<std::uint32_t>(at), pattern.substr(at, end - at));
        if (node == no_route) return outcome::too_alike;
        at = end + 1;
        continue;
      }
      is_fixed = false;
      is_wild = pattern[at + 1] == '*';
      if (is_wild) break;
      node = hang(node);
      at = pattern.find('}', at) + 2;
    }
    std::uint32_t& place = is_wild ? nodes_[node].wildcard : nodes_[node].leaf;
    if (place == no_route) {
      place = static_cast<std::uint32_t>(leaves_.size());
      leaves_.emplace_back();
    }
    route_leaf& leaf = leaves_[place];
    if ((leaf.methods >> method & 1U) != 0) return outcome::duplicate;
    leaf.methods |= 1U << method;
    leaf.routes[method] = route;
    if (is_fixed && route <= UINT16_MAX) add_fixed(method, pattern, static_cast<std::uint16_t>(route), text);
    return outcome::added;
  }

  constexpr std::uint32_t make() {
    nodes_.emplace_back();
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }
  constexpr std::uint32_t hang(std::uint32_t from) {
    if (nodes_[from].parameter == no_route) {
      const std::uint32_t made = make();
      nodes_[from].parameter = made;
    }
    return nodes_[from].parameter;
  }

  /// The segments from `at` on that are text: where the last of them ends, or 0.
  static constexpr std::size_t run_end(std::string_view pattern, std::size_t at) noexcept {
    std::size_t end = 0;
    while (at <= pattern.size() && !(at < pattern.size() && pattern[at] == '{')) {
      for (end = at; end != pattern.size() && pattern[end] != '/';) ++end;
      at = end + 1;
    }
    return end;
  }
  static constexpr std::size_t segments_of(std::string_view run) noexcept {
    std::size_t count = 1;
    for (const char c : run) count += c == '/' ? 1 : 0;
    return count;
  }
  static constexpr std::string_view first_segments(std::string_view run, std::size_t count) noexcept {
    std::size_t end = run.find('/');
    for (; count > 1; --count) end = run.find('/', end + 1);
    return run.substr(0, end);
  }

  [[nodiscard]] constexpr std::string_view text_of(std::uint32_t text, std::uint32_t size) const noexcept {
    return size == 0 ? std::string_view() : std::string_view(&texts_[text], size);
  }

  /// The node behind a run, over what leads there already and what is made.
  constexpr std::uint32_t follow(std::uint32_t from, std::uint32_t text, std::string_view run) {
    for (;;) {
      std::size_t left = segments_of(run);
      std::size_t done = left < route_edge::most_segments ? left : route_edge::most_segments;
      std::uint32_t next = no_route;
      for (; done != 0; --done) {
        if ((nodes_[from].lengths >> (done - 1) & 1U) == 0) continue;
        next = step(from, first_segments(run, done));
        if (next != no_route) break;
      }
      if (next == no_route) {
        done = left < route_edge::most_segments ? left : route_edge::most_segments;
        next = make_step(from, text, first_segments(run, done), done);
        if (next == no_route) return no_route;
      }
      from = next;
      if (done == left) return from;
      const std::size_t bytes = first_segments(run, done).size() + 1;
      run.remove_prefix(bytes);
      text += static_cast<std::uint32_t>(bytes);
    }
  }

  /// The node at the other end of one run; no_route when there is none.
  [[nodiscard]] constexpr std::uint32_t step(std::uint32_t from, std::string_view run) const noexcept {
    const route_node& parent = nodes_[from];
    if (parent.runs == 1) return text_of(parent.text, parent.only.size) == run ? parent.next : no_route;
    const route_edge& there = edges_.view().at(route_edge::hash(path_key(run), from));
    return there.from == from && text_of(there.text, there.key.size) == run ? there.next : no_route;
  }
  constexpr std::uint32_t make_step(std::uint32_t from, std::uint32_t text, std::string_view run,
                                    std::size_t segments) {
    const path_key key(run);
    const std::uint32_t made = make();
    route_node& parent = nodes_[from];
    if (parent.runs == 0) {
      parent.only = key;
      parent.text = text;
      parent.next = made;
      parent.runs = 1;
    } else {
      if (parent.runs == 1 && !put(from, parent.only, parent.text, parent.next)) return no_route;
      if (!put(from, key, text, made)) return no_route;
      parent.runs = 2;
    }
    parent.lengths = static_cast<std::uint16_t>(parent.lengths | 1U << (segments - 1));
    return made;
  }
  constexpr bool put(std::uint32_t from, const path_key& key, std::uint32_t text, std::uint32_t next) {
    route_edge* const slot = edges_.insert(route_edge::hash(key, from));
    if (slot == nullptr) return false;
    *slot = {key, from, text, next};
    return true;
  }

  /// A path whose hash is another's, by chance, is found by its runs alone.
  constexpr void add_fixed(unsigned method, std::string_view pattern, std::uint16_t route, std::uint32_t text) {
    const path_key key(pattern);
    fixed_route* slot = &fixed_.at(key.hash());
    if (!slot->key.same_words(key) || std::string_view(&texts_[slot->text], pattern.size()) != pattern) {
      slot = fixed_.insert(key.hash());
      if (slot == nullptr) return;
      *slot = {key, text, 0, {}};
    }
    slot->methods = static_cast<std::uint16_t>(slot->methods | 1U << method);
    slot->routes[method] = route;
  }

  one_probe<fixed_route> fixed_;
  one_probe<route_edge> edges_;
  std::vector<route_node> nodes_;
  std::vector<route_leaf> leaves_;
  std::vector<char> texts_;
  route_view view_{};  // of what lies on the heap: right after a move, too
};

}  // namespace tenon::http::detail
