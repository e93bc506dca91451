// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/net/acceptor.hpp>
#include <tenon/net/endpoint.hpp>
#include <tenon/net/unix_endpoint.hpp>
#include <tenon/net/unix_stream.hpp>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon {

/// What to do with a socket file at which nobody listens any more: a process that is killed leaves its own behind.
enum class stale_socket : std::uint8_t {
  refuse,   ///< address_in_use; the rule
  replace,  ///< it is removed. Two who do this at once may both believe that the path is theirs: only the last is right
};

namespace detail {

/// The file of a socket that was bound here: it goes with its listener, if it is still the same file.
class socket_file {
 public:
  socket_file() = default;
  explicit socket_file(std::string path) : path_(std::move(path)) {
    struct stat about{};
    if (::lstat(path_.c_str(), &about) != 0) return;
    device_ = about.st_dev;
    number_ = about.st_ino;
    is_ours_ = true;
  }
  socket_file(socket_file&& other) noexcept
      : path_(std::move(other.path_)),
        device_(other.device_),
        number_(other.number_),
        is_ours_(std::exchange(other.is_ours_, false)) {}
  socket_file& operator=(socket_file&& other) noexcept {
    if (this == &other) return *this;
    remove();
    path_ = std::move(other.path_);
    device_ = other.device_;
    number_ = other.number_;
    is_ours_ = std::exchange(other.is_ours_, false);
    return *this;
  }
  ~socket_file() { remove(); }

 private:
  void remove() noexcept {
    if (!std::exchange(is_ours_, false)) return;
    struct stat about{};
    if (::lstat(path_.c_str(), &about) == 0 && about.st_dev == device_ && about.st_ino == number_) {
      ::unlink(path_.c_str());
    }
  }

  std::string path_;
  dev_t device_ = 0;
  ino_t number_ = 0;
  bool is_ours_ = false;
};

/// Whether the file is a socket that refuses whoever calls.
[[nodiscard]] inline bool is_deserted(const std::string& path, const endpoint::native& at) noexcept {
  struct stat about{};
  if (::lstat(path.c_str(), &about) != 0 || !S_ISSOCK(about.st_mode)) return false;
  const unique_fd caller(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return caller && ::connect(caller.get(), at.data(), at.size) != 0 && errno == ECONNREFUSED;
}

}  // namespace detail

/// A listening Unix stream socket of runtime R. Users write `edge::unix_listener`. How it accepts: `acceptor`.
///
///     const tenon::unix_endpoint at("/run/edge.sock");
///     auto door = edge::unix_listener::bind(rt, at, tenon::stale_socket::replace).value();
///
/// Shape   Its file is made by bind, with the permissions that the umask leaves, and removed with the listener, unless
///         another has taken its place. An abstract name has no file.
/// Errors  bind: address_in_use when there is such a file or someone has the name; filename_too_long;
///         no_such_file_or_directory, permission_denied of the folder.
template <class R>
class basic_unix_listener : public acceptor<R, basic_unix_stream<R>> {
  using base = acceptor<R, basic_unix_stream<R>>;

 public:
  [[nodiscard]] static result<basic_unix_listener> bind(R& runtime, const unix_endpoint& at,
                                                        stale_socket stale = stale_socket::refuse) {
    const auto address = at.to_native();
    if (!address) return address.error();
    unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return error_of(errno);
    while (::bind(fd.get(), address->data(), address->size) != 0) {
      const int why = errno;
      const bool again = why == EADDRINUSE && stale == stale_socket::replace && !at.is_abstract() &&
                         detail::is_deserted(at.name(), *address) && ::unlink(at.name().c_str()) == 0;
      if (!again) return error_of(why);
    }
    detail::socket_file file;
    if (!at.is_abstract()) file = detail::socket_file(at.name());
    if (::listen(fd.get(), SOMAXCONN) != 0) return error_of(errno);
    return basic_unix_listener(runtime, std::move(fd), std::move(file));
  }

  [[nodiscard]] unix_endpoint local_endpoint() const {
    endpoint::native at;
    at.size = sizeof at.storage;
    if (::getsockname(this->native_handle(), at.data(), &at.size) != 0) return {};
    return unix_endpoint::from_native(at);
  }

 private:
  basic_unix_listener(R& runtime, unique_fd listening, detail::socket_file file)
      : base(runtime, std::move(listening)), file_(std::move(file)) {}

  detail::socket_file file_;  // goes before the socket does: who comes late is refused, not left waiting
};

}  // namespace tenon
