// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/connection.hpp>
#include <tenon/http/router.hpp>
#include <tenon/pipeline/pipeline.hpp>
#include <tenon/runtime/report.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

/// The site: what is answered, whatever the runtime. Four plain functions, put together as one pipeline.
namespace gateway {

namespace http = tenon::http;

struct area;
using handler = http::response (*)(area&);

/// What the process did, for /metrics.
struct process_figures {
  double cpu_s = 0;
  std::uint64_t allocations = 0;
  std::uint64_t resident_bytes = 0;
};
process_figures read_process_figures();

/// What the site asks of the runtime it is on, whose type it does not know.
struct host {
  std::function<tenon::report()> report;
  std::function<std::size_t()> open_connections;
};

/// How many desks a worker keeps for the next connections.
inline constexpr std::size_t kept_desks = 256;

/// What one worker works with: the request in hand, and its tallies. Tallies are written by this worker and read by
/// all.
struct alignas(64) area {
  http::request asked;
  http::progress seen;
  http::route_match<handler> match;
  http::response reply;
  http::desk* desk = nullptr;
  const class site* at = nullptr;
  bool last = false;

  http::date_cache date;
  http::buffer scratch;
  std::array<char, 8 * 1024> decoded;  // of the path's parameters

  std::array<std::atomic<std::uint64_t>, 6> answers{};  // by the first digit of the status
  std::vector<std::unique_ptr<http::desk>> desks;       // not lent
};

class site {
 public:
  site(host runtime, std::size_t workers);

  [[nodiscard]] static http::patience patience() noexcept { return {}; }
  [[nodiscard]] area& at_worker(std::size_t index) noexcept { return areas_[index]; }

  http::limits limits;
  http::router<handler> routes;
  host runtime;

  [[nodiscard]] std::span<const area> areas() const noexcept { return areas_; }

 private:
  std::vector<area> areas_;
};

// The four stages, and what goes from one to the next.
struct arrived {
  area& in;
};
struct parsed {
  area& in;
};
struct routed {
  area& in;
};
struct answered {
  area& in;
};
parsed parse(arrived one);
routed route(parsed one);
answered handle(routed one);
http::verdict respond(answered one);

inline constexpr auto requests = tenon::pipeline(  // fused: one function, no queue, checked at each joint
    tenon::stage<"parse">(parse), tenon::stage<"route">(route), tenon::stage<"handle">(handle),
    tenon::stage<"respond">(respond));

}  // namespace gateway
