// error: tenon::http::before: the stage is called with http::context&; take that
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/middleware.hpp>

namespace http = tenon::http;

int main() {
#ifdef FIXED
  const http::before guard([](http::context&) {});
#else
  const http::before guard([](http::request&) {});
#endif
  (void)guard;
  return 0;
}
