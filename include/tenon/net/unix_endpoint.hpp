// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/net/endpoint.hpp>

#include <concepts>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>

namespace tenon {

/// Where a Unix socket listens: a path, or a name in the abstract namespace, which no file stands for.
///
///     tenon::unix_endpoint("/run/edge.sock")
///     tenon::unix_endpoint::abstract("edge")     // written "@edge"
///
/// Shape   A path has at most 107 bytes, an abstract name too.
/// Errors  Said by whoever uses it: filename_too_long; invalid_argument when it is empty, or a path with a zero in it.
/// Source  unix(7)
class unix_endpoint {
 public:
  unix_endpoint() = default;
  explicit unix_endpoint(std::string_view path) : name_(path) {}

  [[nodiscard]] static unix_endpoint abstract(std::string_view name) {
    unix_endpoint made(name);
    made.is_abstract_ = true;
    return made;
  }

  /// The path, or the abstract name.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] bool is_abstract() const noexcept { return is_abstract_; }

  [[nodiscard]] result<endpoint::native> to_native() const noexcept {
    sockaddr_un address{};
    constexpr std::size_t most = sizeof address.sun_path - 1;
    if (name_.empty() || (!is_abstract_ && name_.find('\0') != std::string::npos)) return std::errc::invalid_argument;
    if (name_.size() > most) return std::errc::filename_too_long;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + (is_abstract_ ? 1 : 0), name_.data(), name_.size());
    endpoint::native out;
    // A path ends with a zero; an abstract name begins with one, and is as long as is said.
    out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size() + 1);
    std::memcpy(&out.storage, &address, sizeof address);
    return out;
  }
  /// Of a socket without a name, as that of one who connected, the empty one.
  [[nodiscard]] static unix_endpoint from_native(const endpoint::native& from) {
    sockaddr_un address{};
    if (from.storage.ss_family != AF_UNIX || from.size <= offsetof(sockaddr_un, sun_path)) return {};
    std::memcpy(&address, &from.storage, sizeof address);
    // Another's path may fill sun_path with no zero behind it; the kernel counts one all the same (unix(7), BUGS).
    const std::size_t said = from.size - offsetof(sockaddr_un, sun_path);
    const std::size_t size = said < sizeof address.sun_path ? said : sizeof address.sun_path;
    if (address.sun_path[0] == '\0') return abstract({address.sun_path + 1, size - 1});
    return unix_endpoint({address.sun_path, ::strnlen(address.sun_path, size)});
  }

  /// "/run/edge.sock", "@edge".
  template <std::same_as<unix_endpoint> Endpoint>
  [[nodiscard]] friend std::string to_string(const Endpoint& e) {
    return e.is_abstract_ ? '@' + e.name_ : e.name_;
  }
  [[nodiscard]] friend bool operator==(const unix_endpoint&, const unix_endpoint&) = default;

 private:
  std::string name_;
  bool is_abstract_ = false;
};

}  // namespace tenon
