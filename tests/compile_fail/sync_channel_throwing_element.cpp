// error: tenon::channel<T>: moving and destroying T must not throw; send a std::unique_ptr<T>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/channel.hpp>

#include <memory>

struct throws {
  throws() = default;
  throws(throws&&) {}
};

#if defined(FIXED)
tenon::channel<std::unique_ptr<throws>> items(8);
#else
tenon::channel<throws> items(8);
#endif
