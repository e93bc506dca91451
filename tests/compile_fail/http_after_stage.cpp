// error: tenon::http::after: the stage is called with const http::context& and http::response&; take these
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/middleware.hpp>

namespace http = tenon::http;

int main() {
#ifdef FIXED
  const http::after signs([](const http::context&, http::response&) {});
#else
  const http::after signs([](http::response&) {});
#endif
  (void)signs;
  return 0;
}
