// SPDX-License-Identifier: BSL-1.0
// The floors: what a request costs a program that does nothing but read and write a constant. One scans for the blank
// line, so that it answers each of many pipelined requests; it is the least that a server can be.
#include "subject.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#if __has_include(<liburing.h>)
#include <liburing.h>
#endif

namespace serving {

namespace {

constexpr std::size_t most_pipelined = 64;

/// So many answers, one behind the other.
const std::string& answers() {
  static const std::string all = [] {
    std::string text;
    for (std::size_t i = 0; i < most_pipelined; ++i) text += answer;
    return text;
  }();
  return all;
}

std::size_t requests_in(const char* text, std::size_t size) {
  std::size_t count = 0;
  for (const char *at = text, *const end = text + size; at != end; ++count) {
    at = static_cast<const char*>(::memmem(at, static_cast<std::size_t>(end - at), blank_line.data(), 4));
    if (at == nullptr) break;
    at += 4;
  }
  return count;
}

/// Scan: counts the requests of a read. Else a read is a request.
template <bool Scan>
void epoll_floor(announcement ready) {
  const listener door = listen_on_loopback();
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = door.fd;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, door.fd, &event);
  ready(door.port);
  std::array<epoll_event, 128> events;
  static std::array<char, 64 * 1024> room;
  for (;;) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == door.fd) {
        const int peer = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        const int on = 1;
        ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        event.events = EPOLLIN | EPOLLET;
        event.data.fd = peer;
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &event);
        continue;
      }
      const ssize_t n = ::recv(fd, room.data(), room.size(), 0);
      if (n <= 0) {
        ::close(fd);
        continue;
      }
      const std::size_t asked = Scan ? requests_in(room.data(), static_cast<std::size_t>(n)) : 1;
      (void)::send(fd, answers().data(), std::min(asked, most_pipelined) * answer.size(), MSG_NOSIGNAL);
    }
  }
}

#if __has_include(<liburing.h>)

/// Multishot accept and receive, provided buffers, work deferred to the wait.
class ring_floor {
 public:
  void serve(announcement ready) {
    io_uring_params how{};
    how.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
    how.cq_entries = 4096;
    if (::io_uring_queue_init_params(1024, &ring_, &how) != 0) return;
    constexpr std::size_t bytes = buffer_count * sizeof(io_uring_buf);
    void* const shared = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (shared == MAP_FAILED) return;
    buffers_ = static_cast<io_uring_buf_ring*>(shared);
    io_uring_buf_reg told{};
    told.ring_addr = reinterpret_cast<std::uint64_t>(shared);
    told.ring_entries = buffer_count;
    if (::io_uring_register_buf_ring(&ring_, &told, 0) != 0) return;
    room_.resize(buffer_count * buffer_bytes);
    for (unsigned id = 0; id < buffer_count; ++id) give_back(id);
    const listener door = listen_on_loopback(true);
    io_uring_sqe* const accept = next();
    ::io_uring_prep_multishot_accept(accept, door.fd, nullptr, nullptr, SOCK_CLOEXEC);
    ::io_uring_sqe_set_data64(accept, tag(what::accept, 0));
    ready(door.port);
    for (;;) {
      ::io_uring_submit_and_wait(&ring_, 1);
      unsigned head = 0, count = 0;
      io_uring_cqe* each = nullptr;
      io_uring_for_each_cqe(&ring_, head, each) {
        ++count;
        take(*each);
      }
      ::io_uring_cq_advance(&ring_, count);
    }
  }

 private:
  enum class what : std::uint64_t { accept, receive, send };
  static constexpr unsigned buffer_count = 256;
  static constexpr std::size_t buffer_bytes = 4096;

  static std::uint64_t tag(what kind, int fd) {
    return static_cast<std::uint64_t>(kind) << 32 | static_cast<unsigned>(fd);
  }
  io_uring_sqe* next() {
    io_uring_sqe* free = ::io_uring_get_sqe(&ring_);
    if (free == nullptr) {
      ::io_uring_submit(&ring_);
      free = ::io_uring_get_sqe(&ring_);
    }
    return free;
  }
  void give_back(unsigned id) {
    ::io_uring_buf_ring_add(buffers_, room_.data() + id * buffer_bytes, buffer_bytes, static_cast<unsigned short>(id),
                            ::io_uring_buf_ring_mask(buffer_count), 0);
    ::io_uring_buf_ring_advance(buffers_, 1);
  }
  void receive(int fd) {
    io_uring_sqe* const asked = next();
    ::io_uring_prep_recv_multishot(asked, fd, nullptr, 0, 0);
    asked->flags |= IOSQE_BUFFER_SELECT;
    asked->buf_group = 0;
    ::io_uring_sqe_set_data64(asked, tag(what::receive, fd));
  }
  void take(const io_uring_cqe& got) {
    const int fd = static_cast<int>(got.user_data & 0xffffffff);
    switch (static_cast<what>(got.user_data >> 32)) {
      case what::accept:
        if (got.res >= 0) {
          const int on = 1;
          ::setsockopt(got.res, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
          receive(got.res);
        }
        return;
      case what::receive: {
        if (got.res <= 0 && got.res != -ENOBUFS) {
          ::close(fd);
          return;
        }
        if (got.flags & IORING_CQE_F_BUFFER) {
          const unsigned id = got.flags >> IORING_CQE_BUFFER_SHIFT;
          const std::size_t asked = requests_in(room_.data() + id * buffer_bytes, static_cast<std::size_t>(got.res));
          give_back(id);
          io_uring_sqe* const sent = next();
          ::io_uring_prep_send(sent, fd, answers().data(), std::min(asked, most_pipelined) * answer.size(),
                               MSG_NOSIGNAL);
          sent->flags |= IOSQE_CQE_SKIP_SUCCESS;
          ::io_uring_sqe_set_data64(sent, tag(what::send, fd));
        }
        if (!(got.flags & IORING_CQE_F_MORE)) receive(fd);
        return;
      }
      case what::send: return;
    }
  }

  io_uring ring_{};
  io_uring_buf_ring* buffers_ = nullptr;
  std::vector<char> room_;
};

#endif

}  // namespace

std::vector<subject> floors() {
  std::vector<subject> all{{.name = "floor, epoll", .serve = epoll_floor<true>, .is_floor = true},
                           {.name = "floor, epoll, no scan", .serve = epoll_floor<false>, .is_floor = true}};
#if __has_include(<liburing.h>)
  all.push_back(
      {.name = "floor, io_uring", .serve = [](announcement ready) { ring_floor().serve(ready); }, .is_floor = true});
#endif
  return all;
}

}  // namespace serving
