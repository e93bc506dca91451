// SPDX-License-Identifier: BSL-1.0
// What the options of the backends are for: a worker that wakes another, and bulk sent from where it lies.
#include "cases.hpp"
#include "ping_pong.hpp"

#include <measure/threads.hpp>

#include <tenon/tenon.hpp>

#define ASIO_STANDALONE
#define ASIO_HAS_CO_AWAIT
#define ASIO_HAS_STD_COROUTINE
#if __has_include(<asio.hpp>)
#include <asio.hpp>
#define HAS_ASIO
#endif

#include <array>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace {

using tenon::task;

// A task that goes to the other worker, which sleeps, and back.

template <class Backend>
struct pair_of_workers : tenon::runtime<Backend, tenon::affinity<>> {
  using base = tenon::runtime<Backend, tenon::affinity<>>;
  using base::base;
};

template <class Backend>
task<void> to_and_fro(pair_of_workers<Backend>& rt, long times) {
  co_await tenon::schedule_on(rt, tenon::key{1});
  measure::pin(1);
  co_await tenon::schedule_on(rt, tenon::key{0});
  measure::pin(0);
  for (long i = 0; i < times; ++i) {
    co_await tenon::schedule_on(rt, tenon::key{1});
    co_await tenon::schedule_on(rt, tenon::key{0});
  }
}
template <class Backend>
void cross(long times) {
  pair_of_workers<Backend> rt{{.threads = 2}};
  rt.run(to_and_fro(rt, times));
}

#if defined(HAS_ASIO)
asio::awaitable<void> asio_to_and_fro(asio::io_context& here, asio::io_context& there, long times) {
  for (long i = 0; i < times; ++i) {
    co_await asio::post(asio::bind_executor(there, asio::use_awaitable));
    co_await asio::post(asio::bind_executor(here, asio::use_awaitable));
  }
  there.stop();
}
void asio_cross(long times) {
  asio::io_context here(1);
  asio::io_context there(1);
  const auto keep = asio::make_work_guard(there);
  std::thread other([&] {
    measure::pin(1);
    there.run();
  });
  measure::pin(0);
  asio::co_spawn(here, asio_to_and_fro(here, there, times), asio::detached);
  here.run();
  other.join();
}
#endif

// Bulk over TCP, to a reader that throws it away.

constexpr std::size_t bulk_bytes = std::size_t{1} << 20;

void swallow(int from) {
  std::vector<char> room(256 * 1024);
  while (::recv(from, room.data(), room.size(), 0) > 0) {
  }
  ::close(from);
}

template <class R>
task<void> pour(R& rt, int socket, long times) {
  tenon::stream_socket<typename R::runtime> peer(rt, tenon::unique_fd(socket));
  const std::vector<std::byte> block(bulk_bytes);
  for (long i = 0; i < times; ++i) {
    const auto sent = co_await peer.write_all(block);
    if (!sent) std::abort();
  }
}
template <class Send>
void bulk(long times, Send send) {
  const ping_pong::pair_of_sockets both = ping_pong::tcp_pair();
  std::thread reader([&] {
    measure::pin(1);
    swallow(both.server);
  });
  std::thread writer([&] {
    measure::pin(0);
    send(both.client, times);
  });
  writer.join();
  reader.join();
}
template <class R>
void bulk_by(long times) {
  bulk(times, [](int socket, long blocks) {
    ping_pong::make_non_blocking(socket);
    R rt{{.threads = 1}};
    rt.run(pour<R>(rt, socket, blocks));
  });
}
void bulk_by_hand(long times) {
  bulk(times, [](int socket, long blocks) {
    const std::vector<std::byte> block(bulk_bytes);
    for (long i = 0; i < blocks; ++i) {
      for (std::span<const std::byte> left = block; !left.empty();) {
        const ssize_t sent = ::send(socket, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent <= 0) std::abort();
        left = left.subspan(static_cast<std::size_t>(sent));
      }
    }
    ::close(socket);
  });
}

struct crew : tenon::runtime<tenon::epoll> {
  using runtime::runtime;
};
#if TENON_WITH_IO_URING
struct ring_crew : tenon::runtime<tenon::io_uring<>> {
  using runtime::runtime;
};
struct zero_copy_crew : tenon::runtime<tenon::io_uring<tenon::send_zero_copy<>>> {
  using runtime::runtime;
};
#endif

}  // namespace

void add_option_cases(measure::suite& suite) {
  auto& wake = suite.add("a task to a sleeping worker and back", "ns a round trip", 5'000);
  wake.ours("tenon, epoll", cross<tenon::epoll>);
  wake.ours("tenon, epoll, busy_poll", cross<tenon::epoll::with<tenon::busy_poll<50>>>);
#if TENON_WITH_IO_URING
  wake.ours("tenon, io_uring", cross<tenon::io_uring<>>);
  wake.ours("tenon, io_uring, message_wake", cross<tenon::io_uring<tenon::message_wake>>);
#endif
#if defined(HAS_ASIO)
  wake.peer("Asio", asio_cross);
#endif
  auto& sent = suite.add("1 MiB sent over TCP", "ns a MiB", 500);
  sent.ours("tenon, epoll", bulk_by<crew>);
#if TENON_WITH_IO_URING
  sent.ours("tenon, io_uring", bulk_by<ring_crew>);
  sent.ours("tenon, io_uring, send_zero_copy", bulk_by<zero_copy_crew>);
#endif
  sent.peer("blocking calls", bulk_by_hand);
}
