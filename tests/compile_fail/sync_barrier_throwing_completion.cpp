// error: tenon::barrier<F>: F is called as f\(\) and must not throw; declare it noexcept
// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/barrier.hpp>

struct completes {
#if defined(FIXED)
  void operator()() const noexcept {}
#else
  void operator()() const {}
#endif
};

tenon::barrier<completes> round_of(4);
