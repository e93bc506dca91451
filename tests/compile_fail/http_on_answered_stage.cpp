// error: tenon::http::on_answered: the stage is called with const http::context&; take that
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/middleware.hpp>

namespace http = tenon::http;

int main() {
#ifdef FIXED
  const http::on_answered log([](const http::context&) {});
#else
  const http::on_answered log([](http::context&) {});
#endif
  (void)log;
  return 0;
}
