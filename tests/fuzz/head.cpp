// SPDX-License-Identifier: BSL-1.0
// A head that is given whole, in two pieces, and byte by byte is the same.

#include "http/wire.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto expected = wire::whole(bytes);
  const std::size_t cut = size == 0 ? 0 : (data[size / 2] * 257U + size) % (size + 1);
  if (wire::cut_at(bytes, cut) != expected) std::abort();
  if (size < 512 && wire::in_pieces(bytes, 1) != expected) std::abort();
  return 0;
}
