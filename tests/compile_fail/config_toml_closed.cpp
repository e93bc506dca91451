// error: tenon::config::load: the door of toml\+\+ is closed; define TENON_WITH_TOML=1 .CMake: tenon::toml., or choose from a
// SPDX-License-Identifier: BSL-1.0
#include <tenon/config/config.hpp>
#include <tenon/config/document.hpp>

bool is_there() {
#ifdef FIXED
  return tenon::config::sentence("epoll, fifo").has_value();
#else
  return tenon::config::load("tenon.toml").has_value();
#endif
}
