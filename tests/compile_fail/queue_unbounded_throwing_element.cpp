// error: tenon::unbounded<Segment>::of<T>: moving and destroying T must not throw; queue a std::unique_ptr<T>
// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/unbounded.hpp>

#include <memory>

struct may_throw {
  may_throw() = default;
  may_throw(may_throw&&) noexcept(false) {}
};

#ifdef FIXED
tenon::unbounded<8>::of<std::unique_ptr<may_throw>> queue;
#else
tenon::unbounded<8>::of<may_throw> queue;
#endif
