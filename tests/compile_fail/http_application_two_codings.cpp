// error: tenon::http::application: two coded_as stages; name all codings in one, the best first
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/application.hpp>
#include <tenon/http/coded_as.hpp>

namespace http = tenon::http;

int main() {
#ifdef FIXED
  const http::application pages{http::coded_as<>()};
#else
  const http::application pages{http::coded_as<>(), http::coded_as<>()};
#endif
  return pages.has_streamed ? 1 : 0;
}
