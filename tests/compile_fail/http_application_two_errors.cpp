// error: tenon::http::application: two on_error stages; join them, for one answer is given
// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/application.hpp>

namespace http = tenon::http;

http::response say(http::context& c, const http::failure& why) { return c.text(why.what); }

int main() {
#ifdef FIXED
  const http::application pages{http::on_error(say)};
#else
  const http::application pages{http::on_error(say), http::on_error(say)};
#endif
  return pages.has_streamed ? 1 : 0;
}
