// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>

#include <array>
#include <cerrno>
#include <cstddef>
#include <vector>

#include <sched.h>
#include <unistd.h>

namespace tenon::detail {

/// A set of processors, as sched_setaffinity(2) takes it: room for 8192, which is the most Linux can be built for.
class affinity_mask {
 public:
  affinity_mask() noexcept { CPU_ZERO_S(sizeof words_, words_.data()); }

  /// What the calling thread may run on.
  [[nodiscard]] static result<affinity_mask> of_this_thread() noexcept {
    affinity_mask mask;
    if (::sched_getaffinity(0, sizeof mask.words_, mask.words_.data()) != 0) return error_of(errno);
    return mask;
  }

  [[nodiscard]] bool has(int processor) const noexcept {
    return in_range(processor) && CPU_ISSET_S(static_cast<std::size_t>(processor), sizeof words_, words_.data());
  }
  [[nodiscard]] bool add(int processor) noexcept {
    if (!in_range(processor)) return false;
    CPU_SET_S(static_cast<std::size_t>(processor), sizeof words_, words_.data());
    return true;
  }
  [[nodiscard]] std::vector<int> processors() const {
    std::vector<int> all;
    for (int i = 0; i < most; ++i) {
      if (has(i)) all.push_back(i);
    }
    return all;
  }

  /// Lets the calling thread run on these only.
  [[nodiscard]] result<void> apply() const noexcept {
    if (::sched_setaffinity(0, sizeof words_, words_.data()) != 0) return error_of(errno);
    return {};
  }

 private:
  static constexpr int most = 8192;
  static bool in_range(int processor) noexcept { return 0 <= processor && processor < most; }

  std::array<cpu_set_t, most / CPU_SETSIZE> words_;
};

/// The processors that the calling thread may run on, lowest first; at least one.
[[nodiscard]] inline std::vector<int> allowed_processors() {
  if (const auto mask = affinity_mask::of_this_thread()) {
    if (auto all = mask->processors(); !all.empty()) return all;
  }
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  std::vector<int> all{0};
  for (int i = 1; i < online; ++i) all.push_back(i);
  return all;
}

}  // namespace tenon::detail
