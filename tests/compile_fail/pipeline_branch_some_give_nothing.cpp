// error: tenon::branch: some branches give nothing and others a value
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/branch.hpp>

#include <variant>

int main() {
#ifdef FIXED
  const auto kind = tenon::branch([](int) {}, [](char) {});
#else
  const auto kind = tenon::branch([](int) { return 1; }, [](char) {});
#endif
  kind(std::variant<int, char>{1});
}
