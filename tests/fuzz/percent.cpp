// SPDX-License-Identifier: BSL-1.0
// What is decoded is no longer than what was sent, and the same when it is decoded where it lies.

#include <tenon/http/detail/percent.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string here(reinterpret_cast<const char*>(data), size);
  std::string there(size, '\0');
  const std::size_t decoded = tenon::http::detail::percent_decode(here, there.data());
  if (decoded == tenon::http::detail::bad_escape) return 0;
  if (decoded > size || tenon::http::detail::percent_decode(here, here.data()) != decoded) std::abort();
  if (here.compare(0, decoded, there, 0, decoded) != 0) std::abort();
  return 0;
}
