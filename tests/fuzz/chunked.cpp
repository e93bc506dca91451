// SPDX-License-Identifier: BSL-1.0
// A chunked body that is given whole or byte by byte is the same, and never longer than what was sent.

#include <tenon/http/chunk_decoder.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const tenon::http::limits limit{.body_bytes = 4096, .chunk_extension_bytes = 64, .trailer_bytes = 64};
  std::string whole(bytes);
  tenon::http::chunk_decoder once;
  const auto expected = once.decode(whole, limit);

  std::string held;
  tenon::http::chunk_decoder slowly;
  auto seen = tenon::http::progress::more(0);
  std::size_t at = 0;
  while (seen.is_more() && at != size) {
    held.resize(seen.bytes);
    held.push_back(bytes[at++]);
    seen = slowly.decode(held, limit);
  }
  if (size == 0) return 0;
  if (seen.state != expected.state || seen.status != expected.status) std::abort();
  if (expected.is_failed()) return 0;
  if (once.body_size() > size || once.body_size() != slowly.body_size()) std::abort();
  if (expected.is_complete() && expected.bytes != at) std::abort();
  if (whole.compare(once.body_offset(), once.body_size(), held, slowly.body_offset(), slowly.body_size()) != 0)
    std::abort();
  return 0;
}
