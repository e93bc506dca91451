// error: tenon::branch: the number of branches is not that of the variant
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/branch.hpp>

#include <variant>

int main() {
#ifdef FIXED
  const auto kind = tenon::branch([](int x) { return x; }, [](char) { return 0; });
#else
  const auto kind = tenon::branch([](int x) { return x; });
#endif
  (void)kind(std::variant<int, char>{1});
}
