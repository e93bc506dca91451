// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "site.hpp"

#include <tenon/http/connection.hpp>
#include <tenon/tenon.hpp>

#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

namespace gateway {

/// The site on a runtime: the same source for every R.
template <class R>
class server {
 public:
  explicit server(R& runtime)
      : runtime_(runtime),
        conns_(runtime),
        site_({.report = [this] { return runtime_.report(); }, .open_connections = [this] { return conns_.size(); }},
              runtime.workers()) {}

  /// Accepts until it is asked to stop; then answers what is in hand, and gives back when the last connection has gone.
  tenon::task<void> accept_all(typename R::tcp_listener door) {
    while (auto peer = co_await door.accept()) {
      conns_.spawn(http::serve<typename R::tcp_stream, server>, std::move(*peer), std::ref(*this));
    }
    co_await conns_.join();
  }

  // what tenon::http::serve asks for

  [[nodiscard]] http::patience patience() const noexcept { return site_.patience(); }

  [[nodiscard]] http::verdict answer(http::desk& desk, bool last) {
    area& in = here();
    in.desk = &desk;
    in.last = last;
    return requests(arrived{in});
  }

  [[nodiscard]] http::desk& lend() {
    auto& desks = here().desks;
    if (desks.empty()) desks.push_back(std::make_unique<http::desk>());
    http::desk& lent = *desks.back().release();
    desks.pop_back();
    return lent;
  }
  void take_back(http::desk& lent) noexcept {
    constexpr std::size_t kept_bytes = 256 * 1024;
    auto& desks = here().desks;
    if (lent.in.capacity() > kept_bytes) lent.in.release();
    if (lent.out.capacity() > kept_bytes) lent.out.release();
    std::unique_ptr<http::desk> back(&lent);
    if (desks.size() < kept_desks) desks.push_back(std::move(back));
  }

 private:
  [[nodiscard]] area& here() noexcept { return site_.at_worker(runtime_.current()->index()); }

  R& runtime_;
  tenon::scope<typename R::runtime> conns_;
  site site_;
};

/// Waits for SIGINT or SIGTERM, then has everything drain.
template <class R>
tenon::task<void> stop_on_signal(R& runtime, typename R::signals signals) {
  const auto got = co_await signals.next();
  if (got) runtime.request_stop();
}

/// Listens at `at`, tells `ready` where, and serves until a signal comes.
template <class R, class Ready>
tenon::task<tenon::result<void>> serve(R& runtime, tenon::endpoint at, Ready ready) {
  auto door = R::tcp_listener::bind(runtime, at);
  if (!door) co_return door.error();
  auto signals = R::signals::open(runtime, {SIGINT, SIGTERM});
  if (!signals) co_return signals.error();
  runtime.spawn(stop_on_signal<R>, std::ref(runtime), std::move(*signals));
  ready(door->local_endpoint());
  server<R> here(runtime);
  co_await here.accept_all(std::move(*door));
  co_return tenon::result<void>();
}

}  // namespace gateway
