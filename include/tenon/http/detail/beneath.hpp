// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/unique_fd.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tenon::http::detail {

/// openat2(2)'s argument, which older headers do not have.
struct open_how {
  std::uint64_t flags;
  std::uint64_t mode;
  std::uint64_t resolve;
};

/// A FIFO must not hold its opener up.
inline constexpr int open_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

/// Opens name after name, and follows no link.
[[nodiscard]] inline int open_step_by_step(int root, const char* path) noexcept {
  unique_fd here;
  for (;;) {
    const char* const slash = std::strchr(path, '/');
    const int at = here ? here.get() : root;
    if (slash == nullptr) return ::openat(at, path, open_flags | O_NOFOLLOW);
    char name[256];
    const auto size = static_cast<std::size_t>(slash - path);
    if (size >= sizeof name) return -1;
    std::memcpy(name, path, size);
    name[size] = '\0';
    unique_fd next(::openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!next) return -1;
    here = static_cast<unique_fd&&>(next);
    path = slash + 1;
  }
}

/// Opens `name`, which has neither "." nor ".." nor an empty name in it, for reading: a descriptor, or -1. What lies
/// outside of `root` is never opened, whatever links there are and however they change meanwhile.
[[nodiscard]] inline int open_beneath(int root, std::string_view name, bool follows_links) noexcept {
  constexpr std::uint64_t no_magic_links = 0x02;
  constexpr std::uint64_t no_links = 0x04;
  constexpr std::uint64_t beneath = 0x08;
  char path[4096];
  if (name.size() >= sizeof path) return -1;
  std::memcpy(path, name.data(), name.size());
  path[name.size()] = '\0';
#if defined(SYS_openat2)
  const open_how how{open_flags, 0, beneath | no_magic_links | (follows_links ? 0 : no_links)};
  for (int tries = 0; tries < 16; ++tries) {
    const auto fd = static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof how));
    if (fd >= 0) return fd;
    if (errno == EINTR || errno == EAGAIN) continue;  // something was renamed on the way
    if (errno != ENOSYS && errno != EPERM) return -1;
    break;
  }
#else
  (void)follows_links;
#endif
  return open_step_by_step(root, path);
}

}  // namespace tenon::http::detail
