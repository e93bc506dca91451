// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace tenon {

/// A numeric address and a port: `{"127.0.0.1", 8080}`, `{"::1", 0}`, or `{"localhost", 8080}`, which is 127.0.0.1.
///
/// Errors  A text that is not an address is answered by whoever uses it: std::errc::invalid_argument. Names are not
///         looked up here.
class endpoint {
 public:
  endpoint() = default;
  endpoint(std::string_view address, std::uint16_t port) : address_(address), port_(port) {}

  /// Reads "ADDRESS:PORT"; an IPv6 address stands in brackets.
  [[nodiscard]] static result<endpoint> parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == text.size()) return std::errc::invalid_argument;
    std::uint32_t port = 0;
    for (const char digit : text.substr(colon + 1)) {
      if (digit < '0' || digit > '9') return std::errc::invalid_argument;
      port = port * 10 + static_cast<std::uint32_t>(digit - '0');
      if (port > 65535) return std::errc::invalid_argument;
    }
    std::string_view address = text.substr(0, colon);
    const bool in_brackets = address.size() >= 2 && address.front() == '[' && address.back() == ']';
    if (in_brackets) address = address.substr(1, address.size() - 2);
    if (in_brackets != (address.find(':') != std::string_view::npos)) return std::errc::invalid_argument;
    endpoint read(address, static_cast<std::uint16_t>(port));
    if (!read.to_native()) return std::errc::invalid_argument;
    return read;
  }

  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// The socket address of the kernel.
  struct native {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
    [[nodiscard]] const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  };
  [[nodiscard]] result<native> to_native() const noexcept {
    native out;
    const char* const text = address_ == "localhost" ? "127.0.0.1" : address_.c_str();
    sockaddr_in four{};
    if (::inet_pton(AF_INET, text, &four.sin_addr) == 1) {
      four.sin_family = AF_INET;
      four.sin_port = htons(port_);
      std::memcpy(&out.storage, &four, sizeof four);
      out.size = sizeof four;
      return out;
    }
    sockaddr_in6 six{};
    if (::inet_pton(AF_INET6, text, &six.sin6_addr) == 1) {
      six.sin6_family = AF_INET6;
      six.sin6_port = htons(port_);
      std::memcpy(&out.storage, &six, sizeof six);
      out.size = sizeof six;
      return out;
    }
    return std::errc::invalid_argument;
  }
  [[nodiscard]] static endpoint from_native(const native& from) {
    char text[INET6_ADDRSTRLEN] = "";
    if (from.storage.ss_family == AF_INET) {
      sockaddr_in four{};
      std::memcpy(&four, &from.storage, sizeof four);
      ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
      return {text, ntohs(four.sin_port)};
    }
    if (from.storage.ss_family == AF_INET6) {
      sockaddr_in6 six{};
      std::memcpy(&six, &from.storage, sizeof six);
      ::inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
      return {text, ntohs(six.sin6_port)};
    }
    return {};
  }

  /// "127.0.0.1:8080", "[::1]:8080".
  template <std::same_as<endpoint> Endpoint>
  [[nodiscard]] friend std::string to_string(const Endpoint& e) {
    const bool six = e.address_.find(':') != std::string::npos;
    std::string text;
    if (six) text += '[';
    text += e.address_;
    text += six ? "]:" : ":";
    text += std::to_string(e.port_);
    return text;
  }
  [[nodiscard]] friend bool operator==(const endpoint&, const endpoint&) = default;

 private:
  std::string address_;
  std::uint16_t port_ = 0;
};

}  // namespace tenon
