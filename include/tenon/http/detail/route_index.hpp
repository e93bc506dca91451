// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/one_probe.hpp>
#include <tenon/http/detail/route_view.hpp>
#include <tenon/http/detail/words.hpp>

#include <bit>
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
    shapes_.emplace_back();
    arrange();
    look();
  }

  /// `pattern` is sound. Unless it is added, no search finds it.
  constexpr outcome add(unsigned method, std::string_view pattern, std::uint32_t route) {
    const outcome how = take(method, pattern, route);
    look();
    return how;
  }

  [[nodiscard]] constexpr const route_view& view() const noexcept { return view_; }
  [[nodiscard]] constexpr const auto& entries() const noexcept { return entries_; }
  [[nodiscard]] constexpr const auto& shapes() const noexcept { return shapes_; }
  [[nodiscard]] constexpr const auto& order() const noexcept { return order_; }
  [[nodiscard]] constexpr const auto& starts() const noexcept { return starts_; }
  [[nodiscard]] constexpr const auto& targets() const noexcept { return targets_; }
  [[nodiscard]] constexpr const auto& texts() const noexcept { return texts_; }

 private:
  constexpr void look() noexcept {
    view_ = {entries_.view(), shapes_.data(), order_.data(),     starts_.data(),
             targets_.data(), texts_.data(),  starts_.size() - 3};
  }

  constexpr outcome take(unsigned method, std::string_view pattern, std::uint32_t route) {
    const std::size_t text = texts_.size();
    const auto [shape, hash, run] = pattern.find('{') == pattern.npos ? whole(pattern) : split(pattern);
    const std::size_t size = texts_.size() - text;
    route_entry* there = &entries_.at(hash);
    if (there->size != size || there->shape() != shape || !same(there->text, text, size)) {
      there = entries_.insert(hash);
      if (there == nullptr) {
        texts_.resize(text);
        return outcome::too_alike;
      }
      there->size = static_cast<std::uint32_t>(size);
      there->text = static_cast<std::uint32_t>(text);
      there->kind = shape << route_entry::method_bits;
      shapes_[shape].sizes |= std::uint64_t{1} << (run < 63 ? run : 63);
    } else {
      texts_.resize(text);
      if (there->has(method)) return outcome::duplicate;
    }
    point(*there, method, route);
    return outcome::added;
  }
  [[nodiscard]] constexpr bool same(std::size_t a, std::size_t b, std::size_t size) const noexcept {
    for (std::size_t i = 0; i < size; ++i) {
      if (texts_[a + i] != texts_[b + i]) return false;
    }
    return true;
  }

  /// A route more for what has some: those of its lowest method to its highest stand side by side.
  constexpr void point(route_entry& entry, unsigned method, std::uint32_t route) {
    const unsigned had = entry.methods();
    const unsigned all = had | 1U << method;
    const auto lowest = static_cast<unsigned>(std::countr_zero(all));
    const auto highest = static_cast<unsigned>(std::bit_width(all)) - 1;
    const auto begin = static_cast<std::uint32_t>(targets_.size()) - lowest;
    for (unsigned m = lowest; m <= highest; ++m) {
      const bool has = (had >> m & 1U) != 0;
      const std::uint32_t old = has ? targets_[static_cast<std::uint32_t>(entry.targets + m)] : no_route;
      targets_.push_back(m == method ? route : old);
    }
    entry.targets = begin;
    entry.kind |= all;
  }

  /// A pattern whose texts are put down: its shape, their hash, and how long the first of them is.
  struct key {
    std::uint32_t shape;
    std::uint64_t hash;
    std::size_t run;
  };
  constexpr void put(std::string_view text) {
    for (const char c : text) texts_.push_back(c);
  }
  constexpr key whole(std::string_view pattern) {
    put(pattern);
    return {0, hash_text(route_shape::seed(0), pattern.data(), pattern.size()), pattern.size()};
  }
  constexpr key split(std::string_view pattern) {
    route_shape made;
    std::array<std::string_view, route_search::capacity + 1> texts;
    bool in_text = false;
    for (std::size_t at = 0; at < pattern.size() && !made.is_wild;) {
      std::size_t end = pattern.find('/', at + 1);
      if (end == pattern.npos) end = pattern.size();
      const bool is_text = end == at + 1 || pattern[at + 1] != '{';
      if (is_text) {
        if (!in_text) made.runs[made.run_count++] = {made.segments, made.segments};
        ++made.runs[made.run_count - 1U].last;
        std::string_view& run = texts[made.run_count - 1U];
        run = in_text ? std::string_view(run.data(), run.size() + end - at) : pattern.substr(at, end - at);
      } else if (pattern[at + 2] == '*') {
        made.is_wild = true;
        break;
      } else {
        made.parameters |= std::uint64_t{1} << made.segments;
        made.values[made.value_count++] = made.segments;
      }
      in_text = is_text;
      ++made.segments;
      at = end;
    }
    const std::uint32_t index = shape(made);
    std::uint64_t hash = route_shape::seed(index);
    for (std::size_t i = 0; i < made.run_count; ++i) {
      put(texts[i]);
      hash = hash_text(hash, texts[i].data(), texts[i].size());
    }
    return {index, hash, texts[0].size()};
  }
  constexpr std::uint32_t shape(const route_shape& wanted) {
    for (std::uint32_t i = 1; i < shapes_.size(); ++i) {
      const route_shape& one = shapes_[i];
      if (one.parameters == wanted.parameters && one.segments == wanted.segments && one.is_wild == wanted.is_wild) {
        return i;
      }
    }
    shapes_.push_back(wanted);
    arrange();
    return static_cast<std::uint32_t>(shapes_.size() - 1);
  }

  /// For each number of segments, the shapes that take it, in their order.
  constexpr void arrange() {
    std::size_t depth = 0;
    for (std::size_t i = 1; i < shapes_.size(); ++i) {
      if (shapes_[i].least_segments() > depth) depth = shapes_[i].least_segments();
    }
    order_.clear();
    starts_.clear();
    for (std::size_t n = 0; n <= depth + 1; ++n) {
      starts_.push_back(static_cast<std::uint32_t>(order_.size()));
      for (std::uint32_t i = 1; i < shapes_.size(); ++i) {
        if (!shapes_[i].takes(n)) continue;
        std::size_t place = order_.size();
        order_.push_back(i);
        for (; place > starts_.back() && shapes_[i].goes_before(shapes_[order_[place - 1]]); --place) {
          order_[place] = order_[place - 1];
        }
        order_[place] = i;
      }
    }
    starts_.push_back(static_cast<std::uint32_t>(order_.size()));
  }

  one_probe<route_entry> entries_;
  std::vector<route_shape> shapes_;  // the first: without parameters
  std::vector<std::uint32_t> order_;
  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> targets_;
  std::vector<char> texts_;
  route_view view_{};  // of what lies on the heap: right after a move, too
};

}  // namespace tenon::http::detail
