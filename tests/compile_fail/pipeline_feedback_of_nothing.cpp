// error: tenon::feedback: the last function gives no std::variant<again<T>, U>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/feedback.hpp>

int main() {
#ifdef FIXED
  const auto once = tenon::feedback<1>([](int x) -> std::variant<tenon::again<int>, char> {
    if (x < 0) return tenon::again{-x};
    return static_cast<char>(x);
  });
#else
  const auto once = tenon::feedback<1>([](int x) { return x; });
#endif
  (void)once(1);
}
