// SPDX-License-Identifier: BSL-1.0
// What ours takes, http-parser and Boost.Beast take, and see the same; tests/http/peers.hpp says where they may differ.

#include "http/peers.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string why = peers::disagreement({reinterpret_cast<const char*>(data), size});
  if (!why.empty()) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::abort();
  }
  return 0;
}
