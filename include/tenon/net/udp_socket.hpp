// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/io_operation.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/net/detail/descriptor.hpp>
#include <tenon/net/detail/io_wait.hpp>
#include <tenon/net/detail/message_wait.hpp>
#include <tenon/net/endpoint.hpp>

#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>

namespace tenon {

/// A datagram that came: its size, and who sent it.
struct datagram {
  std::size_t size = 0;
  endpoint from;
};

namespace detail {

template <class R>
class send_to_wait : endpoint::native, public message_wait<R> {
 public:
  /// An `error` ends it before it begins.
  send_to_wait(descriptor<R>& on, const endpoint::native& to, int error, std::span<const std::byte> what,
               time_point until) noexcept
      : endpoint::native(to),
        message_wait<R>(on, io_kind::send_message, const_cast<std::byte*>(what.data()), what.size(), until,
                        endpoint::native::data(), endpoint::native::size),
        error_(error) {}

  [[nodiscard]] bool await_ready() noexcept { return error_ != 0 || message_wait<R>::await_ready(); }
  [[nodiscard]] result<std::size_t> await_resume() noexcept {
    if (error_ != 0) return error_of(error_);
    const std::int64_t got = this->moved();
    if (got < 0) return error_of(static_cast<int>(-got));
    return static_cast<std::size_t>(got);
  }

 private:
  int error_;
};

template <class R>
class receive_from_wait : endpoint::native, public message_wait<R> {
 public:
  receive_from_wait(descriptor<R>& on, std::span<std::byte> into, time_point until) noexcept
      : message_wait<R>(on, io_kind::receive_message, into.data(), into.size(), until, endpoint::native::data(),
                        sizeof(sockaddr_storage)) {}

  [[nodiscard]] result<datagram> await_resume() {
    const std::int64_t got = this->moved();
    if (got < 0) return error_of(static_cast<int>(-got));
    endpoint::native::size = this->size_of_name();
    return datagram{static_cast<std::size_t>(got), endpoint::from_native(*this)};
  }
};

}  // namespace detail

/// A UDP socket of runtime R. Users write `edge::udp_socket`.
///
///     auto door = edge::udp_socket::bind(rt, {"127.0.0.1", 5353}).value();
///     auto asked = co_await door.recv_from(room, rt.now() + 5s);
///     if (asked) co_await door.send_to(answer, asked->from);
///
/// Shape         One pointer. A buffer is one datagram; of 0 bytes is one too, and no end of anything. None is promised
///               to arrive, nor in order, nor once.
/// Cost          One system call where the task stands; one that waits costs the backend's share. The sender's address
///               as a text is 20 bytes of heap when it is a long one of IPv6, else none. Batches of datagrams a call
///               are not made: for floods there is sendmmsg(2) on native_handle().
/// Threads       One receiver and one sender at a time, in any two tasks of R.
/// Errors        message_size: a datagram that came is larger than the buffer, which holds its beginning; or one is too
///               large to send. connection_refused: what was sent on a connected socket before has met nobody.
///               timed_out, operation_canceled; else the system's errno.
/// Cancellation  When a co_await returns, whatever it returns, the kernel has let go of the buffer.
/// Source        udp(7), ip(7), ipv6(7)
template <class R>
class basic_udp_socket {
 public:
  /// Takes a non-blocking datagram socket over: one that was prepared by hand.
  basic_udp_socket(R& runtime, unique_fd socket)
      : descriptor_(detail::descriptor<R>::make(runtime, std::move(socket))) {}

  /// Receives at `at`; port 0 takes a free one. `{"::", port}` is IPv6's any address, and IPv4's too as the system is
  /// set up by default.
  [[nodiscard]] static result<basic_udp_socket> bind(R& runtime, const endpoint& at) {
    const auto address = at.to_native();
    if (!address) return address.error();
    unique_fd fd(::socket(address->storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd || ::bind(fd.get(), address->data(), address->size) != 0) return error_of(errno);
    return basic_udp_socket(runtime, std::move(fd));
  }
  /// A socket on a free port that sends to `to` and hears nobody else.
  [[nodiscard]] static result<basic_udp_socket> connect(R& runtime, const endpoint& to) {
    const auto address = to.to_native();
    if (!address) return address.error();
    unique_fd fd(::socket(address->storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd || ::connect(fd.get(), address->data(), address->size) != 0) return error_of(errno);
    return basic_udp_socket(runtime, std::move(fd));
  }
  /// The same for a socket that is bound already.
  result<void> connect(const endpoint& to) noexcept {
    const auto address = to.to_native();
    if (!address) return address.error();
    if (::connect(native_handle(), address->data(), address->size) != 0) return error_of(errno);
    return {};
  }

  /// Sends one datagram to `to`.
  [[nodiscard]] detail::send_to_wait<R> send_to(std::span<const std::byte> what, const endpoint& to,
                                                time_point deadline = never) noexcept {
    const auto address = to.to_native();
    return detail::send_to_wait<R>(*descriptor_, address ? *address : endpoint::native{}, address.error().value(), what,
                                   deadline);
  }
  /// Receives one datagram, and says who sent it.
  [[nodiscard]] detail::receive_from_wait<R> recv_from(std::span<std::byte> into,
                                                       time_point deadline = never) noexcept {
    return detail::receive_from_wait<R>(*descriptor_, into, deadline);
  }
  /// Sends one datagram to the one it is connected to.
  [[nodiscard]] detail::plain_message_wait<R> send(std::span<const std::byte> what,
                                                   time_point deadline = never) noexcept {
    return detail::plain_message_wait<R>(*descriptor_, io_kind::send_message, const_cast<std::byte*>(what.data()),
                                         what.size(), deadline);
  }
  /// Receives one datagram.
  [[nodiscard]] detail::plain_message_wait<R> recv(std::span<std::byte> into, time_point deadline = never) noexcept {
    return detail::plain_message_wait<R>(*descriptor_, io_kind::receive_message, into.data(), into.size(), deadline);
  }
  /// Waits until a datagram is there, without holding a buffer.
  [[nodiscard]] detail::ready_wait<R> readable(time_point deadline = never) noexcept {
    return {*descriptor_, {io_kind::readable, nullptr, 0, deadline}};
  }

  /// Lets it send to a broadcast address.
  result<void> allow_broadcast() noexcept {
    const int on = 1;
    return set(SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  }
  /// Receives what is sent to a multicast group, on the interface with the index `interface` (if_nametoindex(3)), or on
  /// the one that the system takes.
  result<void> join_group(const endpoint& group, unsigned interface = 0) noexcept {
    return member(group, interface, IP_ADD_MEMBERSHIP, IPV6_ADD_MEMBERSHIP);
  }
  result<void> leave_group(const endpoint& group, unsigned interface = 0) noexcept {
    return member(group, interface, IP_DROP_MEMBERSHIP, IPV6_DROP_MEMBERSHIP);
  }

  [[nodiscard]] endpoint local_endpoint() const {
    endpoint::native at;
    at.size = sizeof at.storage;
    if (::getsockname(native_handle(), at.data(), &at.size) != 0) return {};
    return endpoint::from_native(at);
  }
  [[nodiscard]] int native_handle() const noexcept { return descriptor_->fd(); }
  [[nodiscard]] R& runtime() const noexcept { return descriptor_->runtime(); }

 private:
  result<void> set(int level, int option, const void* value, socklen_t size) noexcept {
    if (::setsockopt(native_handle(), level, option, value, size) != 0) return error_of(errno);
    return {};
  }
  result<void> member(const endpoint& group, unsigned interface, int four, int six) noexcept {
    const auto address = group.to_native();
    if (!address) return address.error();
    if (address->storage.ss_family == AF_INET) {
      sockaddr_in at{};
      std::memcpy(&at, &address->storage, sizeof at);
      const ip_mreqn asked{at.sin_addr, {}, static_cast<int>(interface)};
      return set(IPPROTO_IP, four, &asked, sizeof asked);
    }
    sockaddr_in6 at{};
    std::memcpy(&at, &address->storage, sizeof at);
    const ipv6_mreq asked{at.sin6_addr, interface};
    return set(IPPROTO_IPV6, six, &asked, sizeof asked);
  }

  typename detail::descriptor<R>::owner descriptor_;
};

}  // namespace tenon
