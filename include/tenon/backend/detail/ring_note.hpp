// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/detail/ring_options.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string_view>

namespace tenon::detail {

/// Why there is no ring, or what it does without, as a sentence.
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

  /// `missing`: the bits of what was meant to be there.
  void regret(unsigned missing) noexcept {
    struct line {
      ring_feature what;
      const char* name;
    };
    constexpr line lines[] = {{ring_feature::multishot_accept, "multishot accept"},
                              {ring_feature::multishot_receive, "multishot receive"},
                              {ring_feature::zero_copy, "zero-copy send"},
                              {ring_feature::message, "wake by message"},
                              {ring_feature::files, "registered files"}};
    size_ = 0;
    for (const line& each : lines) {
      if ((missing & static_cast<unsigned>(each.what)) == 0) continue;
      const int size = std::snprintf(text_ + size_, sizeof text_ - size_, "%s%s",
                                     size_ == 0 ? "io_uring without " : ", ", each.name);
      size_ += static_cast<std::size_t>(size);
    }
    if (size_ == 0) return;
    size_ += static_cast<std::size_t>(
        std::snprintf(text_ + size_, sizeof text_ - size_, ": the kernel is older, or out of memory it may lock"));
  }

  [[nodiscard]] std::string_view read() const noexcept { return {text_, size_}; }

 private:
  std::size_t size_ = 0;
  char text_[192]{};
};

}  // namespace tenon::detail
