// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/net/asio.hpp>
#include <tenon/runtime/embedding.hpp>
#include <tenon/task/task.hpp>

#include <cassert>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace tenon {

/// Runs a runtime on an io_context: the thread in its run() is the runtime's worker 0.
///
///     asio::io_context io;
///     edge rt{{.threads = 1}};
///     tenon::asio_host host(io, rt);
///     host.launch(serve(rt));
///     io.run();                    // ends when the runtime has ended, and Asio's own work has
///
/// Shape    A timer of Asio's and its watch on the runtime's descriptor. It lives, like the runtime, until run() ended.
/// Cost     A turn of the io_context for each turn of the runtime: the handle's readiness, poll_once, the timer.
/// Threads  One runs the io_context.
/// Errors   launch: what embedding::launch throws, or std::system_error when the handle cannot be watched. What the
///          launched task throws comes out of io_context::run().
/// Cancellation  rt.request_stop(), on any thread that may call it; then go on running the io_context until it ends.
template <class R>
class asio_host {
  static_assert(
      detail::has_handle<typename R::backend::template loop<typename R::threading>>,
      "tenon::asio_host: the runtime's backend has no descriptor that stands for all it waits for; write epoll, "
      "io_uring<> or libuv in its place");

 public:
  /// How much of the runtime runs before Asio's own handlers have their turn.
  static constexpr std::size_t items_a_turn = 64;

  asio_host(::asio::io_context& outer, R& runtime) : runtime_(runtime), handle_(outer), timer_(outer) {}
  asio_host(const asio_host&) = delete;
  asio_host& operator=(const asio_host&) = delete;
  ~asio_host() {
    assert(!handle_.is_open() && "tenon::asio_host: the io_context runs until the runtime has ended");
    if (handle_.is_open()) (void)handle_.release();
  }

  void launch(task<void> main) {
    runtime_.launch(std::move(main));
    handle_.assign(runtime_.native_handle());
    come_again();
  }

 private:
  void turn() {
    bool lives = false;
#if defined(__cpp_exceptions)
    try {
      lives = runtime_.poll_once(items_a_turn);
    } catch (...) {
      leave();
      throw;
    }
#else
    lives = runtime_.poll_once(items_a_turn);
#endif
    if (!lives) return leave();
    listen();
    set_timer();
  }

  void leave() {
    timer_.cancel();
    (void)handle_.release();  // the runtime's own: it ends the wait and closes nothing
  }

  void come_again() {
    if (std::exchange(comes_again_, true)) return;
    ::asio::post(timer_.get_executor(), [this] {
      comes_again_ = false;
      if (handle_.is_open()) turn();
    });
  }

  void listen() {
    if (std::exchange(listens_, true)) return;
    handle_.async_wait(::asio::posix::stream_descriptor::wait_read, [this](const std::error_code& error) {
      listens_ = false;
      if (!error && handle_.is_open()) turn();
    });
  }

  void set_timer() {
    const time_point due = runtime_.next_deadline();
    if (due == never) {
      timer_.cancel();
    } else if (due <= runtime_.now()) {
      timer_.cancel();
      come_again();
    } else {
      timer_.expires_at(due);
      timer_.async_wait([this](const std::error_code& error) {
        if (!error && handle_.is_open()) turn();
      });
    }
  }

  R& runtime_;
  ::asio::posix::stream_descriptor handle_;
  ::asio::steady_timer timer_;
  bool listens_ = false;
  bool comes_again_ = false;
};

}  // namespace tenon
