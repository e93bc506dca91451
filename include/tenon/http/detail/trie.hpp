// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::http::detail {

/// A radix trie over paths, whose edges are runs of text, one whole segment, or all the rest.
///
/// Invariants: the children of a node begin with different bytes; a parameter and a wildcard hang only on a node that
/// is the root of a segment (the path so far ends in '/'); a node is reached over one sequence of edges, so a search
/// visits it once at most: a match costs O(path) and, where routes overlap, O(overlapping routes).
class trie {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::size_t value_capacity = 8;

  /// What a search looks for, and what it finds.
  struct search {
    std::string_view path;
    unsigned method = 0;
    unsigned stand_in = 0;  // taken where a node has no `method`
    std::uint32_t route = none;
    std::uint32_t methods = 0;  // of the routes that match but have neither method
    std::size_t count = 0;
    std::string_view* values = nullptr;  // value_capacity of them
  };

  trie() : nodes_(1) {}

  /// The node behind `label`, reached from `from`.
  std::uint32_t text(std::uint32_t from, std::string_view label) {
    while (!label.empty()) {
      const std::uint32_t next = child(from, label.front());
      if (next == none) {
        const std::uint32_t made = make();
        nodes_[made].label = label;
        nodes_[from].firsts.push_back(label.front());
        nodes_[from].next.push_back(made);
        return made;
      }
      std::size_t same = 0;
      const std::string_view other = nodes_[next].label;
      while (same < label.size() && same < other.size() && label[same] == other[same]) ++same;
      if (same < other.size()) split(next, same);
      label.remove_prefix(same);
      from = next;
    }
    return from;
  }
  std::uint32_t parameter(std::uint32_t from) { return hang(from, &node::parameter); }
  std::uint32_t wildcard(std::uint32_t from) { return hang(from, &node::wildcard); }

  /// Puts a route at a node; false when that method has one there.
  bool put(std::uint32_t at, unsigned method, std::uint32_t route) {
    if (nodes_[at].leaf == none) {
      nodes_[at].leaf = static_cast<std::uint32_t>(leaves_.size());
      leaves_.emplace_back();
    }
    leaf& place = leaves_[nodes_[at].leaf];
    if ((place.methods >> method & 1U) != 0) return false;
    place.methods |= 1U << method;
    place.routes[method] = route;
    return true;
  }

  /// The most specific route, segment by segment: text before a parameter before a wildcard.
  bool find(search& wanted) const noexcept { return walk(wanted, 0, 0, 0); }

 private:
  struct node {
    std::string label;
    std::string firsts;  // first bytes of the labels of next
    std::vector<std::uint32_t> next;
    std::uint32_t parameter = none;
    std::uint32_t wildcard = none;
    std::uint32_t leaf = none;
  };
  struct leaf {
    std::uint32_t methods = 0;
    std::array<std::uint32_t, 9> routes{};
  };

  std::uint32_t make() {
    nodes_.emplace_back();
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }
  std::uint32_t hang(std::uint32_t from, std::uint32_t node::* edge) {
    if (nodes_[from].*edge == none) {
      const std::uint32_t made = make();
      nodes_[from].*edge = made;
    }
    return nodes_[from].*edge;
  }
  /// Cuts a node's label: the node keeps the front, a new child takes the rest and all that hung on it.
  void split(std::uint32_t at, std::size_t keep) {
    const std::uint32_t made = make();
    node lower = std::move(nodes_[at]);
    nodes_[at] = node{};
    nodes_[at].label = lower.label.substr(0, keep);
    lower.label.erase(0, keep);
    nodes_[at].firsts.push_back(lower.label.front());
    nodes_[at].next.push_back(made);
    nodes_[made] = std::move(lower);
  }
  [[nodiscard]] std::uint32_t child(std::uint32_t from, char first) const noexcept {
    const node& parent = nodes_[from];
    for (std::size_t i = 0; i < parent.firsts.size(); ++i) {
      if (parent.firsts[i] == first) return parent.next[i];
    }
    return none;
  }

  bool settle(search& wanted, std::uint32_t leaf_index, std::size_t count) const noexcept {
    if (leaf_index == none) return false;
    const leaf& place = leaves_[leaf_index];
    for (const unsigned method : {wanted.method, wanted.stand_in}) {
      if ((place.methods >> method & 1U) != 0) {
        wanted.route = place.routes[method];
        wanted.count = count;
        return true;
      }
    }
    wanted.methods |= place.methods;
    return false;
  }

  bool walk(search& wanted, std::uint32_t index, std::size_t at, std::size_t count) const noexcept {
    const std::string_view path = wanted.path;
    for (;;) {
      const node& here = nodes_[index];
      const bool forks = here.parameter != none || here.wildcard != none;
      if (at == path.size()) {
        if (settle(wanted, here.leaf, count)) return true;
      } else if (const std::uint32_t next = child(index, path[at]); next != none) {
        const std::string_view label = nodes_[next].label;
        if (path.size() - at >= label.size() && std::memcmp(path.data() + at, label.data(), label.size()) == 0) {
          if (!forks) {
            index = next;
            at += label.size();
            continue;
          }
          if (walk(wanted, next, at + label.size(), count)) return true;
        }
      }
      if (!forks) return false;
      if (here.parameter != none) {
        std::size_t stop = at;
        while (stop != path.size() && path[stop] != '/') ++stop;
        if (stop != at) {
          wanted.values[count] = path.substr(at, stop - at);
          if (here.wildcard == none) {
            index = here.parameter;
            at = stop;
            ++count;
            continue;
          }
          if (walk(wanted, here.parameter, stop, count + 1)) return true;
        }
      }
      if (here.wildcard == none) return false;
      wanted.values[count] = path.substr(at);
      return settle(wanted, nodes_[here.wildcard].leaf, count + 1);
    }
  }

  std::vector<node> nodes_;
  std::vector<leaf> leaves_;
};

}  // namespace tenon::http::detail
