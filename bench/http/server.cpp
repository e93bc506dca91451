// SPDX-License-Identifier: BSL-1.0
#include "server.hpp"

#include "load.hpp"

#include <cstddef>
#include <string>

namespace {

using serving::load;
using serving::subject;

double quantile(const std::vector<float>& sorted, double share) {
  return static_cast<double>(sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))]);
}

/// One question to every server of which `fits` is true: `figure` of an outcome.
template <class Fits, class Figure>
void add(measure::suite& suite, const std::string& name, const std::string& unit, load asked, Fits fits,
         Figure figure) {
  auto& one = suite.add(name, unit, asked.requests);
  one.rounds(7);
  for (const subject& each : serving::subjects()) {
    if (!fits(each)) continue;
    const auto sample = [&each, asked, figure](long requests) mutable {
      asked.requests = requests;
      return figure(serving::measure_server(each, asked));
    };
    if (each.is_ours) {
      one.ours(std::string(each.name), sample);
    } else {
      one.peer(std::string(each.name), sample);
    }
  }
}

}  // namespace

void add_server_cases(measure::suite& suite) {
  const auto all = [](const subject&) { return true; };
  const auto no_floor = [](const subject& each) { return !each.is_floor; };
  const auto scanning = [](const subject& each) { return !each.name.ends_with("no scan"); };
  const auto cpu = [](const serving::outcome& seen) { return seen.server_cpu_us; };
  const auto wall = [](const serving::outcome& seen) { return seen.wall_us; };
  const std::string server_cpu = "us of server CPU a request";

  add(suite, "plaintext, 64 connections", server_cpu, {.requests = 200'000}, all, cpu);
  add(suite, "plaintext, 64 connections, pipelined 16", server_cpu, {.pipelined = 16, .requests = 1'600'000}, scanning,
      cpu);
  add(suite, "plaintext, 1 connection", server_cpu, {.connections = 1, .requests = 40'000}, all, cpu);
  add(suite, "JSON, 64 connections", server_cpu, {.path = "/json", .requests = 200'000}, no_floor, cpu);
  add(suite, "plaintext, 64 connections, rate", "us a request", {.requests = 200'000}, all, wall);
  for (const auto& [share, name] : {std::pair{0.5, "p50"}, std::pair{0.99, "p99"}, std::pair{0.999, "p99.9"}}) {
    const auto at = [share = share](const serving::outcome& seen) { return quantile(seen.round_trips_us, share); };
    add(suite, std::string("plaintext, 1 connection, ") + name, "us a round trip",
        {.connections = 1, .requests = 40'000}, all, at);
    add(suite, std::string("plaintext, 64 connections, ") + name, "us a round trip", {.requests = 200'000}, all, at);
  }
  auto& idle = suite.add("10,000 idle connections", "KiB of server memory", 10'000);
  idle.rounds(3);
  for (const subject& each : serving::subjects()) {
    const auto grown = [&each](long connections) {
      return serving::idle_kibibytes(each, static_cast<std::size_t>(connections));
    };
    if (each.is_ours) {
      idle.ours(std::string(each.name), grown);
    } else if (!each.is_floor) {
      idle.peer(std::string(each.name), grown);
    }
  }
}
