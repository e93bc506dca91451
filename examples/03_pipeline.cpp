// SPDX-License-Identifier: BSL-1.0
// A pipeline: plain functions, their types checked where they meet. First as one function, then with a queue in it.
#include <tenon/pipeline/fabric.hpp>
#include <tenon/tenon.hpp>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace {

struct edge : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};

struct order {
  std::string item;
  int count = 0;
};
struct bill {
  std::string item;
  int cents = 0;
};

order parse(const std::string& line) {
  const auto comma = line.find(',');
  return {line.substr(0, comma), std::stoi(line.substr(comma + 1))};
}
bill price(order&& what) {
  const int each = static_cast<int>(what.item.size()) * 10;
  return {std::move(what.item), each * what.count};
}
std::string print(const bill& what) { return what.item + ": " + std::to_string(what.cents) + " cents"; }

// Nothing between the stages: one function, the same as print(price(parse(line))).
constexpr auto by_call =
    tenon::pipeline(tenon::stage<"parse">(parse), tenon::stage<"price">(price), tenon::stage<"print">(print));

// A queue before "price", which two of the runtime's workers empty. Where they do not keep up, a submitter is told so.
constexpr auto by_queue = tenon::pipeline(
    tenon::stage<"parse">(parse), tenon::stage<"price">(price, tenon::workers<2>, tenon::queue_of<64>, tenon::reject),
    tenon::stage<"print">(print));

using shop = tenon::fabric<edge, decltype(by_queue)>;

tenon::task<void> ask(shop* running, std::string line) {
  const auto answer = co_await running->submit(std::move(line));
  if (answer) {
    std::printf("%s\n", answer->c_str());
  } else {
    std::printf("%s\n", answer.error().message().c_str());
  }
}

tenon::task<int> serve(edge& rt) {
  shop running{rt, by_queue};
  tenon::scope customers{rt};
  for (const std::string_view line : {"nail,200", "glue,2", "beam,7"})
    customers.spawn(ask, &running, std::string(line));
  co_await customers.join();
  co_await running.drained();
  for (const auto& stage : running.stats()) {
    std::printf("%s: in %llu, out %llu, held %llu\n", std::string(stage.stage).c_str(),
                static_cast<unsigned long long>(stage.in), static_cast<unsigned long long>(stage.out),
                static_cast<unsigned long long>(stage.held));
  }
  co_return 0;
}

}  // namespace

int main() {
  std::printf("%s\n", by_call("peg,12").c_str());
  edge rt{{.threads = 2, .name = "shop"}};
  return rt.run(serve(rt));
}
