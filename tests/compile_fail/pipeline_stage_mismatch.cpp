// error: (?s)(?=.*_between<.*"parse".*"route".*string_view<char>, request ?&&>).*tenon::pipeline: a stage takes another
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/pipeline.hpp>

#include <string_view>

struct request {
  int number = 1;
};
std::string_view parse(std::string_view text) { return text; }
#ifdef FIXED
int route(std::string_view text) { return text.empty() ? 0 : 1; }
#else
int route(request&& what) { return what.number; }
#endif

int main() {
  constexpr auto requests = tenon::pipeline(tenon::stage<"parse">(parse), tenon::stage<"route">(route));
  return requests("/") - 1;
}
