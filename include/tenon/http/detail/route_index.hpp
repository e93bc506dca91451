// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/one_probe.hpp>
#include <tenon/http/detail/trie.hpp>
#include <tenon/http/detail/words.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tenon::http::detail {

/// The routes of a route_view while they are added, at run time or in a constant.
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
