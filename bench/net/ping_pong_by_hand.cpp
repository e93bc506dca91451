// SPDX-License-Identifier: BSL-1.0
// What one would write for this and nothing else.
#include "ping_pong.hpp"

#include <measure/threads.hpp>

#include <array>
#include <cerrno>
#include <cstddef>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ping_pong {

namespace {

/// Wait(socket) comes back when a read is worth a try.
template <class Wait>
void talk(int socket, bool client, long rounds, Wait wait) {
  std::array<char, message_bytes> room{};
  const auto say = [&] { return ::send(socket, room.data(), room.size(), MSG_NOSIGNAL) == ssize_t{message_bytes}; };
  const auto hear = [&] {
    for (std::size_t got = 0; got < room.size();) {
      const ssize_t n = ::recv(socket, room.data() + got, room.size() - got, 0);
      if (n > 0) {
        got += static_cast<std::size_t>(n);
      } else if (n == 0 || errno != EAGAIN) {
        return false;
      }
      if (got < room.size()) wait();
    }
    return true;
  };
  bool goes_on = !client || say();
  for (long i = 0; goes_on && i < rounds; ++i) goes_on = hear() && ((client && i + 1 == rounds) || say());
  ::close(socket);
}

void blocking(int socket, bool client, long rounds) {
  talk(socket, client, rounds, [] {});
}

/// Edge-triggered, a read tried first: as a loop does that serves many.
template <bool Spin>
void with_epoll(int socket, bool client, long rounds) {
  make_non_blocking(socket);
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
  talk(socket, client, rounds, [&] {
    while (::epoll_wait(epoll, &event, 1, Spin ? 0 : -1) == 0) measure::pause();
  });
  ::close(epoll);
}

}  // namespace

std::vector<contender> by_hand() {
  return {{.name = "blocking calls", .end = blocking},
          {.name = "epoll by hand", .end = with_epoll<false>},
          {.name = "epoll by hand, busy", .end = with_epoll<true>, .spins = true}};
}

void make_non_blocking(int socket) { ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK); }

}  // namespace ping_pong
