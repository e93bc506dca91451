// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/topology/detail/text.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenon::detail {

/// What a machine is made of, from the outermost in, as `synthetic` is told: "package:1 node:2 l3:2 core:4 pu:2".
///
/// Hardware threads are numbered in this order, so those of one object of a level follow one another: the object that
/// thread t lies in is t / (threads an object of that level).
struct levels {
  enum kind : unsigned char { package, node, l3, core, pu, kinds };
  enum fault : unsigned char { nothing, no_level, unknown, no_count, twice, inside_out, too_many };

  static constexpr std::size_t most = 4096;  // hardware threads
  static constexpr const char* names[kinds] = {"package", "node", "l3", "core", "pu"};

  std::size_t all = 1;          ///< hardware threads of the machine
  std::size_t siblings = 1;     ///< hardware threads of one core
  std::size_t within[kinds]{};  ///< hardware threads of one object of a level; 0 where it is not named
  fault what = nothing;

  /// The machine of a text, or what is wrong with the text.
  [[nodiscard]] static constexpr levels of(std::string_view text) noexcept {
    levels made;
    kind order[kinds]{};
    std::size_t counts[kinds]{};
    std::size_t depth = 0;
    piece rest{text.data(), text.data() + text.size()};
    while (!rest.empty()) {
      piece count = rest.take_until(' ');
      if (count.empty()) continue;  // a second blank
      const kind which = kind_of(count.take_until(':'));
      if (which == kinds) return wrong(unknown);
      for (std::size_t i = 0; i < depth; ++i) {
        if (order[i] == which) return wrong(twice);
        if (order[i] >= core && order[i] > which) return wrong(inside_out);
      }
      std::uint64_t objects = 0;
      if (!count.read(objects) || objects == 0) return wrong(no_count);
      if (objects > most / made.all) return wrong(too_many);
      order[depth] = which;
      counts[depth++] = static_cast<std::size_t>(objects);
      made.all *= static_cast<std::size_t>(objects);
      if (which == pu) made.siblings = static_cast<std::size_t>(objects);
    }
    if (depth == 0) return wrong(no_level);
    for (std::size_t inner = 1; depth-- > 0; inner *= counts[depth]) made.within[order[depth]] = inner;
    return made;
  }

  /// Which object of a level a hardware thread lies in; without that level, the one there is.
  [[nodiscard]] constexpr std::size_t object(kind which, std::size_t thread) const noexcept {
    return within[which] == 0 ? 0 : thread / within[which];
  }
  [[nodiscard]] constexpr bool has(kind which) const noexcept { return within[which] != 0; }

 private:
  [[nodiscard]] static constexpr kind kind_of(piece name) noexcept {
    std::size_t i = 0;
    while (i < kinds && !name.is(names[i])) ++i;
    return static_cast<kind>(i);
  }
  [[nodiscard]] static constexpr levels wrong(fault what) noexcept {
    levels none;
    none.what = what;
    return none;
  }
};

}  // namespace tenon::detail
