// SPDX-License-Identifier: BSL-1.0
#include "ping_pong.hpp"

#include <tenon/tenon.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace ping_pong {

namespace {

template <class R>
tenon::task<void> talk(R& rt, int socket, bool client, long rounds) {
  tenon::stream_socket<typename R::runtime> peer(rt, tenon::unique_fd(socket));
  std::array<std::byte, message_bytes> room{};
  for (long i = 0; i < rounds; ++i) {
    if (client || i != 0) {
      const auto sent = co_await peer.write_all(room);
      if (!sent) co_return;
    }
    for (std::size_t got = 0; got < room.size();) {
      const auto n = co_await peer.read_some(std::span(room).subspan(got));
      if (!n || *n == 0) co_return;
      got += *n;
    }
  }
  if (!client) (void)co_await peer.write_all(room);
}

template <class R>
void end(int socket, bool client, long rounds) {
  make_non_blocking(socket);
  typename R::settings how;
  if constexpr (R::has_remote_post) how.threads = 1;
  R rt{how};
  rt.run(talk<R>(rt, socket, client, rounds));
}

struct on_epoll : tenon::runtime<tenon::epoll> {
  using runtime::runtime;
};
struct busy : tenon::runtime<tenon::epoll::with<tenon::busy_poll<200>>> {
  using runtime::runtime;
};
struct alone : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {
  using runtime::runtime;
};
#if TENON_WITH_IO_URING
struct on_ring : tenon::runtime<tenon::io_uring<>> {
  using runtime::runtime;
};
struct on_table : tenon::runtime<tenon::io_uring<tenon::registered_files<>>> {
  using runtime::runtime;
};
#endif
#if TENON_WITH_LIBUV
struct on_libuv : tenon::runtime<tenon::libuv> {
  using runtime::runtime;
};
#endif

}  // namespace

std::vector<contender> ours() {
  std::vector<contender> all{{.name = "tenon, epoll", .end = end<on_epoll>, .is_ours = true},
                             {.name = "tenon, epoll, single_thread", .end = end<alone>, .is_ours = true},
                             {.name = "tenon, epoll, busy_poll", .end = end<busy>, .is_ours = true, .spins = true}};
#if TENON_WITH_IO_URING
  all.push_back({.name = "tenon, io_uring", .end = end<on_ring>, .is_ours = true});
  all.push_back({.name = "tenon, io_uring, registered_files", .end = end<on_table>, .is_ours = true});
#endif
#if TENON_WITH_LIBUV
  all.push_back({.name = "tenon, libuv", .end = end<on_libuv>, .is_ours = true});
#endif
  return all;
}

}  // namespace ping_pong
