// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/net/tls_session.hpp>

#include <coroutine>
#include <utility>

namespace tenon {

namespace detail {

/// The vigil of the stream below, told of what is the user's alone. Patience is with the user's bytes: what TLS has to
/// say by itself, and a record that comes in pieces, do not begin it anew.
template <class Stream, class Watcher>
class tls_ear {
  using session = tls_session<Stream>;
  using reach = typename session::reach;

 public:
  tls_ear(session& of, Watcher& whom) noexcept : of_(of), whom_(whom) {}

  [[nodiscard]] bool heard(const result<void>& ready) { return ready ? hears(reach::stream) : whom_.heard(ready); }
  /// Tells of one read of the stream and no more, or one whose peer is quick would have the worker to itself.
  [[nodiscard]] bool hears(reach into) {
    for (; of_.look(into); into = reach::buffers) {
      waits_ = false;
      if (!whom_.heard({})) return false;
    }
    of_.park();
    return true;
  }
  [[nodiscard]] duration patience() {
    if (!std::exchange(waits_, true)) {
      const duration most = whom_.patience();
      until_ = after(of_.stream().runtime().now(), most);
    }
    return until_ == never ? duration::max() : until_ - of_.stream().runtime().now();
  }

 private:
  session& of_;
  Watcher& whom_;
  time_point until_ = never;
  bool waits_ = false;
};

template <class Stream, class Watcher>
class tls_vigil {
  using ear = tls_ear<Stream, Watcher>;
  using wait = decltype(std::declval<Stream&>().watch(std::declval<ear&>()));

 public:
  tls_vigil(tls_session<Stream>& of, Watcher& whom) noexcept : ear_(of, whom), wait_(of.stream().watch(ear_)) {}
  tls_vigil(const tls_vigil&) = delete;
  tls_vigil& operator=(const tls_vigil&) = delete;

  [[nodiscard]] bool await_ready() { return !ear_.hears(tls_session<Stream>::reach::buffers) || wait_.await_ready(); }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) {
    return wait_.await_suspend(waiter);
  }
  static void await_resume() noexcept {}

 private:
  ear ear_;
  wait wait_;
};

}  // namespace detail

}  // namespace tenon
