// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/observe/totals.hpp>

#include <concepts>
#include <cstddef>
#include <string>

namespace tenon {

/// What a runtime did, from the start of run() to now.
///
/// all      See `totals`. A call that a draining runtime refused is among those dropped. An item that a pipeline
///          rejected is not: whoever submitted it has it back, and `fabric::stats` has the number.
/// counted  Whether the runtime names `counters`; otherwise the totals are all zero because nobody counted.
struct report {
  duration uptime{};
  std::size_t workers = 0;
  bool counted = false;
  totals all;
};

/// The report as one line, units in the names: "uptime_s 12.3, workers 4, tasks_run 100, ...".
template <std::same_as<report> Report>
[[nodiscard]] std::string to_string(const Report& r) {
  std::string line;
  const auto add = [&line](const char* name, std::uint64_t value) {
    if (!line.empty()) line += ", ";
    line += name;
    line += ' ';
    line += std::to_string(value);
  };
  add("uptime_ms", static_cast<std::uint64_t>(r.uptime.count() / 1'000'000));
  add("workers", r.workers);
  if (!r.counted) {
    line += " (not counted: name tenon::counters to count)";
    return line;
  }
  add("tasks_spawned", r.all.tasks_spawned);
  add("tasks_run", r.all.tasks_run);
  add("tasks_stolen", r.all.tasks_stolen);
  add("items_dropped", r.all.items_dropped);
  add("bytes_received", r.all.bytes_received);
  add("bytes_sent", r.all.bytes_sent);
  return line;
}

}  // namespace tenon
