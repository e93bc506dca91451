// SPDX-License-Identifier: BSL-1.0
#include "ping_pong.hpp"

#if __has_include(<uv.h>) && TENON_WITH_LIBUV
#include <uv.h>

#include <array>

#include <sys/socket.h>
#endif

namespace ping_pong {

#if __has_include(<uv.h>) && TENON_WITH_LIBUV

namespace {

/// uv_tcp_t and uv_pipe_t begin as uv_stream_t does, which is all that is used of them.
struct session {
  union {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };
  uv_write_t writing;
  std::array<char, message_bytes> room{};
  std::size_t got = 0;
  bool client = false;
  long left = 0;

  void say() {
    const uv_buf_t text = uv_buf_init(room.data(), message_bytes);
    if (uv_try_write(&stream, &text, 1) != static_cast<int>(message_bytes)) end();
  }
  void end() {
    if (!uv_is_closing(reinterpret_cast<uv_handle_t*>(&stream)))
      uv_close(reinterpret_cast<uv_handle_t*>(&stream), nullptr);
  }
  void heard(std::size_t bytes) {
    got += bytes;
    if (got < message_bytes) return;
    got = 0;
    --left;
    if (left != 0 || !client) say();
    if (left == 0) end();
  }
};

void with_libuv(int socket, bool client, long rounds) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  session one{};
  one.client = client;
  one.left = rounds;
  int family = 0;
  socklen_t size = sizeof family;
  ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size);
  if (family == AF_UNIX) {
    uv_pipe_init(&loop, &one.pipe, 0);
    uv_pipe_open(&one.pipe, socket);
  } else {
    uv_tcp_init(&loop, &one.tcp);
    uv_tcp_open(&one.tcp, socket);
  }
  one.stream.data = &one;
  uv_read_start(
      &one.stream,
      [](uv_handle_t* handle, std::size_t, uv_buf_t* into) {
        auto& self = *static_cast<session*>(handle->data);
        *into = uv_buf_init(self.room.data() + self.got, static_cast<unsigned>(message_bytes - self.got));
      },
      [](uv_stream_t* stream, ssize_t bytes, const uv_buf_t*) {
        auto& self = *static_cast<session*>(stream->data);
        bytes < 0 ? self.end() : self.heard(static_cast<std::size_t>(bytes));
      });
  if (client) one.say();
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

}  // namespace

std::vector<contender> libuv() { return {{.name = "libuv", .end = with_libuv}}; }

#else

std::vector<contender> libuv() { return {}; }

#endif

}  // namespace ping_pong
