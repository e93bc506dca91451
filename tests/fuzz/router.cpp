// SPDX-License-Identifier: BSL-1.0
// The lines that begin with '+' are patterns, the others paths: the router says of each path what a linear search says.

#include <tenon/http/router.hpp>

#include "http/linear_routes.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view lines(reinterpret_cast<const char*>(data), size);
  tenon::http::router<int> routes;
  linear_routes reference;
  std::array<char, 4096> scratch;
  int id = 0;
  if (size >= scratch.size()) return 0;
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(line.size() == lines.size() ? line.size() : line.size() + 1);
    const method which = line.size() % 2 == 0 ? method::get : method::post;
    if (line.starts_with('+')) {
      line.remove_prefix(1);
      if (routes.add(which, line, ++id)) reference.routes.push_back({which, linear_routes::split(line), id});
      continue;
    }
    if (!line.starts_with('/')) continue;
    const auto expected = reference.match(which, line);
    const auto got = routes.match(which, line, scratch);
    if ((got ? *got.target : -static_cast<int>(got.status)) != expected.result) std::abort();
    if (got.allow.bits() != expected.allow) std::abort();
    for (std::size_t i = 0; got && i < expected.values.size(); ++i) {
      if (got.parameters[i] != expected.values[i]) std::abort();
    }
  }
  return 0;
}
