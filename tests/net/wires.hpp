// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../runtime/ground.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// The runtimes on which the tests of the network run: each backend there is with each scheduling. Where a law is asked
// a second time, by another compiler or a sanitizer, TENON_TESTS_PAIRWISE makes do with each of them once or twice.

namespace tenon_test {

using tenon::task;

template <class... Words>
struct wired : tenon::runtime<Words..., counted, tenon::counters> {
  using base = tenon::runtime<Words..., counted, tenon::counters>;
  using base::base;
};

/// Each backend with one thread, with threads that share their tasks, and with threads that do not.
template <class Backend>
using of_backend = std::tuple<wired<Backend, tenon::stealing<>>, wired<Backend, tenon::affinity<>>,
                              wired<Backend, tenon::fifo, tenon::single_thread>>;

template <class Tuple>
struct as_types;
template <class... Rs>
struct as_types<std::tuple<Rs...>> {
  using type = testing::Types<Rs...>;
};

#if defined(TENON_TESTS_PAIRWISE)
template <class Backend>
using alone_on = std::conditional_t<watches_threads, std::tuple<>,  // there is nothing to watch
                                    std::tuple<wired<Backend, tenon::fifo, tenon::single_thread>>>;
using all_wired = as_types<decltype(std::tuple_cat(
    std::tuple<wired<tenon::epoll, tenon::affinity<>>>(), alone_on<tenon::epoll>(),
    std::tuple<wired<tenon::poll, tenon::stealing<>>>()
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
        ,
    std::tuple<wired<tenon::io_uring<>, tenon::stealing<>>>(), alone_on<tenon::io_uring<>>()
#endif
#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
                                                                   ,
    std::tuple<wired<tenon::libuv, tenon::affinity<>>>()
#endif
        ))>::type;
#else
using all_wired =
    as_types<decltype(std::tuple_cat(std::declval<of_backend<tenon::epoll>>(), std::declval<of_backend<tenon::poll>>()
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                                                                                   ,
                                     std::declval<of_backend<tenon::io_uring<>>>()
#endif
#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
                                         ,
                                     std::declval<of_backend<tenon::libuv>>()
#endif
                                         ))>::type;
#endif

/// Runs `main(rt, args...)` with some workers, or one where there is only one; what it borrowed comes back.
template <class R, class Main, class... Args>
auto run_wired([[maybe_unused]] std::size_t threads, Main main, Args&&... args) {
  typename R::settings how_much;
  if constexpr (R::threading::concurrent) how_much.threads = threads;
  {
    const R first{how_much};
  }  // libuv opens two descriptors for the whole process, once
  const books kept;
  R rt{how_much};
  return rt.run(main(rt, std::forward<Args>(args)...));
}

/// The two ends of a connection on the loopback.
template <class R>
struct wire {
  typename R::tcp_stream near;
  typename R::tcp_stream far;

  wire(typename R::tcp_stream one, typename R::tcp_stream other) : near(std::move(one)), far(std::move(other)) {}
};
template <class R>
task<wire<R>> make_wire(typename R::runtime& rt) {
  auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  tenon::endpoint at = door.local_endpoint();
  auto near = co_await R::tcp_stream::connect(rt, std::move(at));
  auto far = co_await door.accept();
  co_return wire<R>(std::move(near).value(), std::move(far).value());
}

/// Reads until the end or an error, or all that was asked for.
template <class R>
task<std::size_t> read_whole(typename R::tcp_stream& from, std::span<std::byte> into) {
  std::size_t total = 0;
  while (total < into.size()) {
    const auto got = co_await from.read_some(into.subspan(total));
    if (!got || *got == 0) break;
    total += *got;
  }
  co_return total;
}

}  // namespace tenon_test
