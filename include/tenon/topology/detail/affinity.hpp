// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>

#include <cerrno>
#include <cstddef>
#include <vector>

#include <sched.h>
#include <unistd.h>

namespace tenon::detail {

/// A set of processors, as sched_setaffinity(2) takes it: room for 8192, which is the most Linux can be built for.
class affinity_mask {
 public:
  static constexpr int most = 8192;

  affinity_mask() noexcept { CPU_ZERO_S(sizeof words_, words_); }

  /// What the calling thread may run on: at least one. Where the kernel does not say, all that are online.
  [[nodiscard]] static affinity_mask of_this_thread() noexcept {
    affinity_mask mask;
    if (::sched_getaffinity(0, sizeof mask.words_, mask.words_) == 0 && mask.count() > 0) return mask;
    const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
    int next = 0;
    do {
      (void)mask.add(next++);
    } while (next < online);
    return mask;
  }

  [[nodiscard]] bool has(int processor) const noexcept {
    return in_range(processor) && CPU_ISSET_S(static_cast<std::size_t>(processor), sizeof words_, words_);
  }
  [[nodiscard]] bool add(int processor) noexcept {
    if (!in_range(processor)) return false;
    CPU_SET_S(static_cast<std::size_t>(processor), sizeof words_, words_);
    return true;
  }
  [[nodiscard]] std::size_t count() const noexcept {
    return static_cast<std::size_t>(CPU_COUNT_S(sizeof words_, words_));
  }
  /// The lowest that is in it and not below `from`, or `most`.
  [[nodiscard]] int next(int from) const noexcept {
    while (from < most && !has(from)) ++from;
    return from;
  }

  /// Lets the calling thread run on these only.
  [[nodiscard]] result<void> apply() const noexcept {
    if (::sched_setaffinity(0, sizeof words_, words_) != 0) return error_of(errno);
    return {};
  }

 private:
  static bool in_range(int processor) noexcept { return 0 <= processor && processor < most; }

  cpu_set_t words_[most / CPU_SETSIZE];
};

/// The processors that the calling thread may run on, lowest first; at least one.
template <class Number = int>
[[nodiscard]] std::vector<Number> allowed_processors() {
  const affinity_mask mask = affinity_mask::of_this_thread();
  std::vector<Number> all;
  for (int i = mask.next(0); i < affinity_mask::most; i = mask.next(i + 1)) all.push_back(i);
  return all;
}

}  // namespace tenon::detail
