// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string_view>

namespace tenon::detail {

/// Why there is no ring, as a sentence.
class ring_note {
 public:
  void explain(int error) noexcept {
    const char* const why = error == ENOSYS   ? "the kernel has none"
                            : error == EPERM  ? "it is forbidden: see kernel.io_uring_disabled and seccomp"
                            : error == EINVAL ? "the kernel is older than 5.13"
                            : error == ENOMEM ? "out of memory: see RLIMIT_MEMLOCK"
                                              : nullptr;
    const int size =
        why != nullptr
            ? std::snprintf(text_, sizeof text_, "io_uring is not available (%s): epoll is used", why)
            : std::snprintf(text_, sizeof text_, "io_uring is not available (errno %d): epoll is used", error);
    size_ = static_cast<std::size_t>(size);
  }
  [[nodiscard]] std::string_view read() const noexcept { return {text_, size_}; }

 private:
  std::size_t size_ = 0;
  char text_[112]{};
};

}  // namespace tenon::detail
