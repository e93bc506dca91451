// error: (?s)(?=.*back_from<.*"judge").*tenon::pipeline: a stage gives an again<T>, and nothing goes back
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/feedback.hpp>
#include <tenon/pipeline/pipeline.hpp>

#include <variant>

std::variant<tenon::again<int>, char> judge(int x) {
  if (x < 0) return tenon::again{-x};
  return static_cast<char>(x);
}

int main() {
#ifdef FIXED
  constexpr auto all = tenon::pipeline(tenon::stage<"judge">(tenon::feedback<2>(judge)));
#else
  constexpr auto all = tenon::pipeline(tenon::stage<"judge">(judge));
#endif
  (void)all(1);
}
