// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/result.hpp>
#include <tenon/topology/concept.hpp>
#include <tenon/topology/detail/levels.hpp>
#include <tenon/topology/machine.hpp>

#include <cstddef>

namespace tenon {

/// A machine that is made up: the decisions that follow from a topology (which worker on which core, whose memory on
/// which node, whom a worker steals from first) are those of that machine, on whatever machine the program runs.
///
///     struct app : tenon::runtime<tenon::stealing<>, tenon::synthetic<"node:2 core:8">> { using runtime::runtime; };
///     static_assert(tenon::synthetic<"node:2 core:8">::at(9).node == 1);
///
/// Levels   `name:count` with blanks between, from the outermost in, as hwloc writes them: `package`, `node` and `l3`
///          in any order, then `core`, then `pu` (hardware threads of a core). Each at most once; a level that is left
///          out counts 1. A count is of objects in each object of the level before: "node:2 core:8" has 16 cores.
///          Cores that share an l3 are a cluster; without l3 those of a package, else those of a node.
/// Cost     read: an allocation. pin, unpin: nothing, for there are no such processors.
/// Threads  Any. As many workers as places, whatever this machine has: set settings.threads for less.
/// Errors   A text that describes no machine does not compile.
/// Source   hwloc, "Synthetic topologies".
template <fixed_string Levels>
struct synthetic : family::topology {
 private:
  static constexpr detail::levels made = detail::levels::of(Levels);

 public:
  static_assert(made.what != detail::levels::no_level,
                "tenon::synthetic<\"...\">: no level is named; write them from the outermost in, as in "
                "synthetic<\"node:2 core:8\">");
  static_assert(made.what != detail::levels::unknown,
                "tenon::synthetic<\"...\">: a level is none of package, node, l3, core and pu; write them as in "
                "synthetic<\"node:2 core:8\">");
  static_assert(made.what != detail::levels::no_count,
                "tenon::synthetic<\"...\">: a level has no count; write a number from 1 on behind its colon, as in "
                "synthetic<\"node:2 core:8\">");
  static_assert(made.what != detail::levels::twice, "tenon::synthetic<\"...\">: a level is named twice; name it once");
  static_assert(made.what != detail::levels::inside_out,
                "tenon::synthetic<\"...\">: a level stands inside a smaller one; write package, node and l3 before "
                "core, and core before pu");
  static_assert(made.what != detail::levels::too_many,
                "tenon::synthetic<\"...\">: more than 4096 hardware threads; make a count smaller");

  static constexpr auto word = fixed_string("synthetic<\"") + Levels + fixed_string("\">");
  static constexpr bool pins = false;
  static constexpr bool knows_nodes = true;
  /// How many places there are.
  static constexpr std::size_t size = made.all;

  /// The i-th place, in the order in which workers take them. i < size.
  [[nodiscard]] static constexpr place at(std::size_t i) noexcept {
    using detail::levels;
    const std::size_t cores = made.all / made.siblings;
    const std::size_t thread = i % cores * made.siblings + i / cores;
    const levels::kind cluster = made.has(levels::l3)        ? levels::l3
                                 : made.has(levels::package) ? levels::package
                                                             : levels::node;
    return {.processor = static_cast<int>(thread),
            .core = static_cast<int>(thread / made.siblings),
            .node = static_cast<int>(made.object(levels::node, thread)),
            .cluster = static_cast<int>(made.object(cluster, thread))};
  }

  [[nodiscard]] static machine read() {
    machine here;
    here.places.resize(size);
    for (std::size_t i = 0; i < size; ++i) here.places[i] = at(i);
    here.concurrency = size;
    return here;
  }

  static result<void> pin(const machine& /*where*/, std::size_t /*worker*/) noexcept { return {}; }
  static result<void> unpin(const machine& /*where*/) noexcept { return {}; }
};

static_assert(topology_policy<synthetic<"node:2 core:8">>);

}  // namespace tenon
