// SPDX-License-Identifier: BSL-1.0
// A path looked up in a table of 200 and of 1,000 routes, nanoseconds each: 2 of 5 routes are text alone, the others
// have one, two and three parameters. Paths come in random order, and one in ten of them matches nothing.

#include "http/suite.hpp"

#include <tenon/http/router.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <regex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using tenon::http::method;

constexpr std::array domains = {"billing", "catalog", "identity", "inventory", "shipping",
                                "support", "search",  "messages", "reports",   "admin"};
constexpr std::array nouns = {"accounts", "invoices", "products",  "orders",   "customers", "tickets", "events",
                              "sessions", "payments", "addresses", "reviews",  "carts",     "coupons", "refunds",
                              "vendors",  "regions",  "devices",   "webhooks", "audits",    "teams"};

/// Five routes of one resource.
constexpr std::array<std::string_view, 5> shapes = {"", "/search", "/{id}", "/{id}/items/{item}",
                                                    "/{id}/items/{item}/notes/{note}"};
constexpr std::array<std::string_view, 5> calls = {"", "/search", "/48291", "/48291/items/77",
                                                   "/48291/items/77/notes/3"};

std::vector<std::string> resources(std::size_t routes) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < routes / shapes.size(); ++i) {
    out.push_back(std::string("/api/v1/") + domains[i % domains.size()] + "/" + nouns[i / domains.size()]);
  }
  return out;
}

struct paths {
  std::string text;
  std::vector<std::string_view> list;
};

/// `from` and `to`: which of the shapes; with to = from only what matches nothing.
std::shared_ptr<const paths> requests(std::size_t routes, std::size_t from, std::size_t to) {
  std::mt19937 random(static_cast<unsigned>(routes));
  const auto all = resources(routes);
  std::vector<std::pair<std::size_t, std::size_t>> places;
  auto out = std::make_shared<paths>();
  for (int i = 0; i < 4096; ++i) {
    std::string path = all[random() % all.size()];
    if (to == from || random() % 10 == 0) {
      const std::string_view wrong[] = {"/", "s", "/search/all", "/48291/notes", "/48291/items/77/note/3"};
      path += wrong[random() % 5 % (i % 7 == 0 ? 2 : 5)];
      if (random() % 3 == 0) path[8 + random() % 4] = 'x';
    } else {
      path += calls[from + random() % (to - from)];
    }
    places.emplace_back(out->text.size(), path.size());
    out->text += path;
  }
  for (const auto& [first, size] : places) out->list.push_back(std::string_view(out->text).substr(first, size));
  return out;
}

/// match(path) for each path, round and round; what it gives is summed up.
template <class Match>
auto rounds(std::shared_ptr<const paths> of, Match match) {
  return [of, match](long count) {
    std::size_t at = 0;
    std::uint64_t sum = 0;
    for (long i = 0; i < count; ++i) {
      sum += match(of->list[at]);
      at = (at + 1) % of->list.size();
    }
    measure::keep(sum);
  };
}
/// The same for one that needs microseconds: fewer of them.
template <class Match>
auto fewer_rounds(std::shared_ptr<const paths> of, long fewer, Match match) {
  return [sample = rounds(of, match), fewer](long count) -> double {
    const auto start = measure::clock::now();
    sample(count / fewer + 1);
    return measure::nanoseconds_since(start) / double(count / fewer + 1);
  };
}

auto run_time(std::size_t routes) {
  auto table = std::make_shared<tenon::http::router<std::uint64_t>>();
  std::uint64_t id = 0;
  for (const auto& resource : resources(routes)) {
    for (const auto shape : shapes) (void)table->add(method::get, resource + std::string(shape), ++id).value();
  }
  return [table](std::string_view path) -> std::uint64_t {
    std::array<char, 64> scratch;
    const auto found = table->match(method::get, path, scratch);
    if (!found) return 0;
    return *found.target + (found.parameters.size() != 0 ? found.parameters[0].size() : 0);
  };
}

auto hash_map(std::size_t routes) {
  auto table = std::make_shared<std::unordered_map<std::string, std::uint64_t>>();
  std::uint64_t id = 0;
  for (const auto& resource : resources(routes)) {
    for (const auto shape : shapes) {
      if (shape.find('{') == shape.npos) table->emplace(resource + std::string(shape), ++id);
    }
  }
  return [table](std::string_view path) -> std::uint64_t {
    const auto found = table->find(std::string(path));
    return found == table->end() ? 0 : found->second;
  };
}

/// Each route in turn, segment by segment.
auto linear(std::size_t routes) {
  auto table = std::make_shared<std::vector<std::string>>();
  for (const auto& resource : resources(routes)) {
    for (const auto shape : shapes) table->push_back(resource + std::string(shape));
  }
  return [table](std::string_view path) -> std::uint64_t {
    const auto fits = [](std::string_view pattern, std::string_view text) {
      std::size_t p = 0;
      std::size_t t = 0;
      while (p != pattern.size() && t != text.size()) {
        if (pattern[p] == '{') {
          const std::size_t before = t;
          while (t != text.size() && text[t] != '/') ++t;
          if (t == before) return false;
          p = pattern.find('}', p) + 1;
        } else if (pattern[p++] != text[t++]) {
          return false;
        }
      }
      return p == pattern.size() && t == text.size();
    };
    for (std::size_t i = 0; i < table->size(); ++i) {
      if (fits((*table)[i], path)) return i + 1;
    }
    return 0;
  };
}

auto regular_expressions(std::size_t routes) {
  auto table = std::make_shared<std::vector<std::regex>>();
  for (const auto& resource : resources(routes)) {
    for (const auto shape : shapes) {
      const std::string pattern = std::regex_replace(std::string(shape), std::regex("\\{\\w+\\}"), "([^/]+)");
      table->emplace_back(resource + pattern, std::regex::optimize);
    }
  }
  return [table](std::string_view path) -> std::uint64_t {
    std::cmatch found;
    for (std::size_t i = 0; i < table->size(); ++i) {
      if (std::regex_match(path.data(), path.data() + path.size(), found, (*table)[i])) return i + 1;
    }
    return 0;
  };
}

template <std::size_t Routes>
void add(measure::suite& suite) {
  const std::string count = Routes == 1000 ? "1,000" : std::to_string(Routes);
  const struct {
    const char* name;
    std::size_t from, to;
  } kinds[] = {{"text", 0, 2}, {"1 to 3 parameters", 2, 5}, {"all kinds", 0, 5}, {"misses alone", 0, 0}};
  for (const auto& kind : kinds) {
    const auto of = requests(Routes, kind.from, kind.to);
    auto& one = suite.add("route: " + count + " routes, " + kind.name, "ns per path", 1'000'000);
    one.counted(8192);
    one.ours("router", rounds(of, run_time(Routes)));
    if (kind.to == 2) one.peer("std::unordered_map", rounds(of, hash_map(Routes)));
    one.peer("linear scan", fewer_rounds(of, 200, linear(Routes)));
    if (Routes == 200) one.peer("std::regex, one by one", fewer_rounds(of, 20'000, regular_expressions(Routes)));
  }
}

}  // namespace

void add_router_cases(measure::suite& suite) {
  add<200>(suite);
  add<1000>(suite);
}
