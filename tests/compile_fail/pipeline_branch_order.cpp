// error: tenon::branch: a branch cannot be called with the alternative that stands at its place
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/branch.hpp>

#include <variant>

struct query {};
struct command {};

int main() {
#ifdef FIXED
  const auto kind = tenon::branch([](query) { return 1; }, [](command) { return 0; });
#else
  const auto kind = tenon::branch([](command) { return 0; }, [](query) { return 1; });
#endif
  (void)kind(std::variant<query, command>{query{}});
}
