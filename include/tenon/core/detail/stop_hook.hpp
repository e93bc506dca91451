// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <new>
#include <stop_token>
#include <utility>

namespace tenon::detail {

/// A std::stop_callback that comes and goes. A std::optional of one would do, for forty functions more in every
/// program.
template <class Function>
class stop_hook {
 public:
  stop_hook() noexcept {}
  stop_hook(const stop_hook&) = delete;
  stop_hook& operator=(const stop_hook&) = delete;
  ~stop_hook() { reset(); }

  /// From now on a stop request calls `function`; this very call does when there was one.
  void emplace(std::stop_token token, Function function) {
    ::new (static_cast<void*>(std::addressof(callback_))) std::stop_callback<Function>(std::move(token), function);
    set_ = true;
  }
  /// Takes it back, or waits until it has returned, unless it is this very thread that runs it.
  void reset() noexcept {
    if (!set_) return;
    set_ = false;
    std::destroy_at(std::addressof(callback_));
  }

 private:
  union {
    std::stop_callback<Function> callback_;
  };
  bool set_ = false;
};

}  // namespace tenon::detail
