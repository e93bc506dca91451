// error: tenon::feedback<N>: N, how often an item goes through, must be at least 1
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/feedback.hpp>

#ifdef FIXED
inline constexpr int rounds = 1;
#else
inline constexpr int rounds = 0;
#endif

int main() {
  const auto once = tenon::feedback<rounds>([](int x) -> std::variant<tenon::again<int>, char> {
    if (x < 0) return tenon::again{-x};
    return static_cast<char>(x);
  });
  (void)once(1);
}
