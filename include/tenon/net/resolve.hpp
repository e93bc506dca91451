// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/net/endpoint.hpp>
#include <tenon/net/tcp_stream.hpp>
#include <tenon/runtime/abandonable.hpp>
#include <tenon/task/task.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace tenon {

/// The errors of getaddrinfo(3), EAI_NONAME and its like. EAI_AGAIN is std::errc::resource_unavailable_try_again,
/// EAI_MEMORY not_enough_memory; a name that is not known compares equal to no std::errc.
[[nodiscard]] inline const std::error_category& resolve_category() noexcept {
  class category final : public std::error_category {
   public:
    [[nodiscard]] const char* name() const noexcept override { return "tenon.resolve"; }
    [[nodiscard]] std::string message(int code) const override { return ::gai_strerror(code); }
    [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
      if (code == EAI_AGAIN) return std::make_error_condition(std::errc::resource_unavailable_try_again);
      if (code == EAI_MEMORY) return std::make_error_condition(std::errc::not_enough_memory);
      return {code, *this};
    }
  };
  static const category only;
  return only;
}

namespace detail {

/// getaddrinfo. Each address once, in the order of the system (RFC 6724).
[[nodiscard]] inline result<std::vector<endpoint>> look_up(const std::string& host, const std::string& service) {
  addrinfo asked{};
  asked.ai_family = AF_UNSPEC;
  asked.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &asked, &list);
  if (error == EAI_SYSTEM) return error_of(errno);
  if (error != 0) return std::error_code(error, resolve_category());
  std::vector<endpoint> found;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    endpoint::native address;
    if (each->ai_addrlen > sizeof address.storage) continue;
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
    address.size = each->ai_addrlen;
    endpoint one = endpoint::from_native(address);
    bool known = one == endpoint();
    for (const endpoint& other : found) known = known || other == one;
    if (!known) found.push_back(std::move(one));
  }
  ::freeaddrinfo(list);
  if (found.empty()) return std::error_code(EAI_NONAME, resolve_category());
  return found;
}

template <class R>
task<result<std::vector<endpoint>>> resolve_name(R& runtime, std::string host, std::string service,
                                                 time_point deadline) {
  if constexpr (R::threading::concurrent) {
    co_return co_await abandonable(runtime, deadline, &look_up, std::move(host), std::move(service));
  } else {
    (void)runtime;
    (void)deadline;
    co_return look_up(host, service);
  }
}

template <class R>
task<result<std::vector<endpoint>>> resolve_port(R& runtime, std::string host, std::uint16_t port,
                                                 time_point deadline) {
  endpoint given(host, port);
  if (host != "localhost" && given.to_native()) {
    std::vector<endpoint> one;
    one.push_back(std::move(given));
    co_return one;
  }
  co_return co_await resolve_name(runtime, std::move(host), std::to_string(port), deadline);
}

/// `R::tcp_stream::connect(rt, host, port)`.
template <class R>
struct connect_by_name {
  using stream = basic_tcp_stream<R>;

  static task<result<stream>> connect(R& runtime, std::string_view host, std::uint16_t port, time_point deadline) {
    return through(runtime, std::string(host), port, deadline);
  }

 private:
  static task<result<stream>> through(R& runtime, std::string host, std::uint16_t port, time_point deadline) {
    using namespace std::chrono_literals;
    const auto found = co_await resolve_port(runtime, std::move(host), port, deadline);
    if (!found) co_return found.error();
    std::error_code last;
    for (std::size_t i = 0; i < found->size(); ++i) {
      // An address that does not answer must not use up the time of those behind it; but two seconds it gets.
      time_point limit = deadline;
      if (deadline != never) {
        const time_point now = runtime.now();
        if (deadline <= now) co_return std::make_error_code(std::errc::timed_out);
        const duration share = (deadline - now) / static_cast<duration::rep>(found->size() - i);
        const duration least = share < 2s ? duration(2s) : share;
        limit = deadline - now < least ? deadline : now + least;
      }
      auto peer = co_await stream::connect(runtime, (*found)[i], limit);
      if (peer) co_return std::move(*peer);
      last = peer.error();
      if (last == std::errc::operation_canceled) break;
    }
    co_return last;
  }
};

}  // namespace detail

/// The addresses of a host, in the order in which to try them.
///
///     auto found = co_await tenon::resolve(rt, "localhost", 8080, rt.now() + 2s);   // result<std::vector<endpoint>>
///     auto peer = co_await edge::tcp_stream::connect(rt, "localhost", 8080, rt.now() + 5s);
///
/// Shape         A name, or a numeric address, which is not looked up. An empty host is this one's loopback.
/// Cost          A call of getaddrinfo(3) on a thread of `blocking`; what /etc/hosts, nsswitch.conf and the system's
///               cache say holds here too. Nothing is kept here: a program that asks for one name often keeps the
///               answer. A numeric address with a numeric port: no thread and no system call.
/// Threads       Any task. A runtime of single_thread has no other thread: the look-up holds it up.
/// Errors        `resolve_category`: EAI_NONAME, EAI_AGAIN, ...; timed_out; operation_canceled.
/// Cancellation  At once: a look-up that has begun cannot be stopped, and is left to end by itself (`abandonable`). It
///               holds its thread, and the end of the runtime, until then.
/// connect       Looks up, and tries one address after the other; within the deadline each gets an equal share of what
///               is left, and two seconds at least. The error is that of the last.
template <class Runtime>
[[nodiscard]] task<result<std::vector<endpoint>>> resolve(Runtime& runtime, std::string host, std::uint16_t port,
                                                          time_point deadline = never) {
  return detail::resolve_port<typename Runtime::runtime>(runtime, std::move(host), port, deadline);
}

/// The same with the name of a service, as /etc/services has it, or a number.
template <class Runtime>
[[nodiscard]] task<result<std::vector<endpoint>>> resolve(Runtime& runtime, std::string host, std::string service,
                                                          time_point deadline = never) {
  return detail::resolve_name<typename Runtime::runtime>(runtime, std::move(host), std::move(service), deadline);
}

}  // namespace tenon
