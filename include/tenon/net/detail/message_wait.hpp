// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/io_operation.hpp>
#include <tenon/core/result.hpp>
#include <tenon/net/detail/descriptor.hpp>
#include <tenon/net/detail/io_wait.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <sys/socket.h>
#include <sys/uio.h>

namespace tenon::detail {

/// What sendmsg and recvmsg are told: one buffer and one address.
struct message {
  message(void* data, std::size_t size, void* name, socklen_t name_size) noexcept : part{data, size} {
    head.msg_name = name;
    head.msg_namelen = name_size;
    head.msg_iov = &part;
    head.msg_iovlen = 1;
  }
  message(const message&) = delete;
  message& operator=(const message&) = delete;

  iovec part;
  msghdr head{};
};

/// A datagram that is sent or received. One that did not fit is -EMSGSIZE.
template <class R>
class message_wait : message, public io_wait<R> {
 public:
  /// `name` is where the address lies: with a size, the one to send to; without, the room for the sender's. Null: a
  /// connected socket.
  message_wait(descriptor<R>& on, io_kind what, void* bytes, std::size_t count, time_point until,
               sockaddr* name = nullptr, socklen_t name_size = 0) noexcept
      : message(bytes, count, name, name_size), io_wait<R>(on, {what, &(this->head), count, until}) {}

 protected:
  [[nodiscard]] std::int64_t moved() noexcept {
    const std::int64_t got = this->finish();
    return got >= 0 && (this->head.msg_flags & MSG_TRUNC) != 0 ? -EMSGSIZE : got;
  }
  [[nodiscard]] socklen_t size_of_name() const noexcept { return this->head.msg_namelen; }
};

/// The same on a connected socket.
template <class R>
class plain_message_wait : public message_wait<R> {
 public:
  using message_wait<R>::message_wait;

  [[nodiscard]] result<std::size_t> await_resume() noexcept {
    const std::int64_t got = this->moved();
    if (got < 0) return error_of(static_cast<int>(-got));
    return static_cast<std::size_t>(got);
  }
};

}  // namespace tenon::detail
