// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/work.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <utility>

namespace tenon::detail {

template <class>
inline constexpr bool never_for = false;

/// A plain function on its way to a worker of R: a node from the memory policy, freed before the shutdown hears of it.
/// Where there is no worker, in a runtime that goes without having run, the function is destroyed and not called.
template <class R, class Fn>
class posted : work {
 public:
  template <class F>
  [[nodiscard]] static work& make(R& runtime, F&& fn) {
    static_assert(alignof(posted) <= alignof(std::max_align_t),
                  "tenon::runtime<...>::post: the function is over-aligned");
    return *::new (runtime.allocate(sizeof(posted))) posted(runtime, std::forward<F>(fn));
  }

 private:
  template <class F>
  posted(R& runtime, F&& fn) : work(&execute), runtime_(runtime), fn_(std::forward<F>(fn)) {}

  static void execute(work& item) noexcept {
    auto& self = static_cast<posted&>(item);
    R& runtime = self.runtime_;
    if (runtime.current() == nullptr) return self.free();
#if defined(__cpp_exceptions)
    try {
      self.fn_();
    } catch (...) {
      runtime.background().fail(std::current_exception());
    }
#else
    self.fn_();
#endif
    self.free();
    runtime.background().leave();
  }

  void free() noexcept {
    R& runtime = runtime_;
    std::destroy_at(this);
    runtime.deallocate(this, sizeof(posted));
  }

  R& runtime_;
  Fn fn_;
};

}  // namespace tenon::detail
