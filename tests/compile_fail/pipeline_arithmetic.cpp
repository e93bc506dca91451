// error: (?s)(?=.*joint_between<.*"measure".*"count".*double, int>).*tenon::pipeline: a stage takes another type
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/pipeline.hpp>

double measure(int x) { return 1.5 * x; }
#ifdef FIXED
int count(double x) { return static_cast<int>(x); }
#else
int count(int x) { return x; }
#endif

int main() {
  constexpr auto all = tenon::pipeline(tenon::stage<"measure">(measure), tenon::stage<"count">(count));
  return all(0);
}
