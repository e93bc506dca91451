// error: tenon::http::on_error: the stage takes http::context& and const http::failure& and gives an http::response; write it so
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/middleware.hpp>

namespace http = tenon::http;

int main() {
#ifdef FIXED
  const http::on_error says([](http::context& c, const http::failure& why) { return c.text(why.what); });
#else
  const http::on_error says([](http::context& c) { return c.text("no"); });
#endif
  (void)says;
  return 0;
}
