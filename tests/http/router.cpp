// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/router.hpp>

#include "linear_routes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace {

using tenon::http::method;
using tenon::http::route_error;
using tenon::http::status;

struct fixture : testing::Test {
  tenon::http::router<int> routes;
  std::array<char, 256> scratch{};

  void add(method which, std::string_view pattern, int id) {
    const auto added = routes.add(which, pattern, id);
    EXPECT_TRUE(added) << pattern << ": " << added.error().message();
  }
  int hit(std::string_view path, method which = method::get) {
    const auto match = routes.match(which, path, scratch);
    return match ? *match.target : -static_cast<int>(match.status);
  }
};
using HttpRouter = fixture;

TEST_F(HttpRouter, StaticBeforeParameterBeforeWildcardInAnyOrder) {
  std::vector<std::pair<const char*, int>> table{{"/a/{*rest}", 1}, {"/a/{x}", 2},  {"/a/b", 3}, {"/a/b/{y}", 4},
                                                 {"/a/{x}/c", 5},   {"/{*all}", 6}, {"/", 7},    {"/a/bc", 8}};
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::shuffle(table.begin(), table.end(), random);
    routes = {};
    for (const auto& [pattern, id] : table) add(method::get, pattern, id);
    EXPECT_EQ(hit("/a/b"), 3);
    EXPECT_EQ(hit("/a/bc"), 8);
    EXPECT_EQ(hit("/a/bcd"), 2);
    EXPECT_EQ(hit("/a/z"), 2);
    EXPECT_EQ(hit("/a/b/c"), 4);  // text in the earlier segment decides
    EXPECT_EQ(hit("/a/z/c"), 5);
    EXPECT_EQ(hit("/a/b/c/d"), 1);
    EXPECT_EQ(hit("/a/"), 1);
    EXPECT_EQ(hit("/a"), 6);
    EXPECT_EQ(hit("/"), 7);
    EXPECT_EQ(hit("/zz"), 6);
  }
}

TEST_F(HttpRouter, ParametersAreNamedAndDecoded) {
  add(method::get, "/users/{id}/posts/{post_2}", 1);
  const auto match = routes.match(method::get, "/users/a%2Fb%20c/posts/7", scratch);
  ASSERT_TRUE(match);
  EXPECT_EQ(match.parameters.size(), 2U);
  EXPECT_EQ(match.parameters[0], "a/b c");
  EXPECT_EQ(match.parameters.find("post_2"), "7");
  EXPECT_EQ(match.parameters.name(0), "id");
  EXPECT_FALSE(match.parameters.find("nope"));
}

TEST_F(HttpRouter, WildcardsTakeTheRestOrNothing) {
  add(method::get, "/files/{*rest}", 1);
  EXPECT_EQ(routes.match(method::get, "/files/a/b%2e/c", scratch).parameters[0], "a/b./c");
  EXPECT_EQ(routes.match(method::get, "/files/", scratch).parameters[0], "");
  EXPECT_EQ(hit("/files"), -404);
}

TEST_F(HttpRouter, BadEscapesAre400) {
  add(method::get, "/u/{id}", 1);
  add(method::get, "/u/{id}/{*rest}", 2);
  for (const char* path : {"/u/%", "/u/%4", "/u/%zz", "/u/a%2", "/u/%%%", "/u/a/%f", "/u/%g0/a"})
    EXPECT_EQ(hit(path), -400);
  EXPECT_EQ(hit("/u/%41"), 1);
}

TEST_F(HttpRouter, AScratchThatIsTooSmallIs414) {
  add(method::get, "/u/{id}", 1);
  EXPECT_EQ(routes.match(method::get, "/u/%41", std::span<char>(scratch).first(2)).status, status::uri_too_long);
  EXPECT_EQ(routes.match(method::get, "/u/abcdef", {}).status, status::ok);
}

TEST_F(HttpRouter, NotAllowedListsWhatIs) {
  add(method::get, "/a", 1);
  add(method::post, "/{x}", 2);
  const auto match = routes.match(method::put, "/a", scratch);
  EXPECT_EQ(match.status, status::method_not_allowed);
  EXPECT_TRUE(match.allow.contains(method::get) && match.allow.contains(method::head) &&
              match.allow.contains(method::post) && !match.allow.contains(method::put));
  EXPECT_EQ(hit("/a", method::post), 2);  // a route that has the method goes before one that has not
  EXPECT_EQ(hit("/b/c", method::put), -404);
  EXPECT_TRUE(routes.methods().contains(method::head) && !routes.methods().contains(method::put));
}

TEST_F(HttpRouter, HeadFallsBackToGet) {
  add(method::get, "/a", 1);
  add(method::get, "/b", 2);
  add(method::head, "/b", 3);
  add(method::head, "/{x}", 4);
  EXPECT_EQ(hit("/a", method::head), 1);
  EXPECT_EQ(hit("/b", method::head), 3);
  EXPECT_EQ(hit("/c", method::head), 4);
  EXPECT_EQ(hit("/c"), -405);
}

TEST_F(HttpRouter, TrailingSlashesAreOtherPaths) {
  add(method::get, "/a/", 1);
  add(method::get, "/b/{x}", 2);
  EXPECT_EQ(hit("/a"), -404);
  EXPECT_EQ(hit("/b/"), -404);
  EXPECT_EQ(hit("/b/x/"), -404);
  EXPECT_EQ(hit("/a/"), 1);
}

TEST_F(HttpRouter, ATrailingSlashMayRedirect) {
  tenon::http::router<int, tenon::http::trailing_slash::redirect> some;
  for (const char* pattern : {"/a/", "/b/{x}", "/c/{x}/", "/f/{*rest}"}) ASSERT_TRUE(some.add(method::get, pattern, 1));
  const auto sent_to = [&](std::string_view path, method which = method::get) {
    const auto match = some.match(which, path, scratch);
    return match.status == status::permanent_redirect ? std::string(match.location) : "";
  };
  EXPECT_EQ(sent_to("/a"), "/a/");
  EXPECT_EQ(sent_to("/b/%41/"), "/b/%41");
  EXPECT_EQ(sent_to("/c/%41"), "/c/%41/");
  EXPECT_EQ(sent_to("/f"), "/f/");
  for (const char* path : {"/a/", "/b/x", "/f/x", "/f/x/", "/", "/zz", "//zz/", "", "*"})
    EXPECT_EQ(sent_to(path), "") << path;
  EXPECT_EQ(some.match(method::put, "/a", scratch).status, status::method_not_allowed);
  EXPECT_EQ(some.match(method::get, "/a", std::span<char>(scratch).first(2)).status, status::uri_too_long);
}

TEST_F(HttpRouter, ARedirectNeverNamesAnotherHost) {
  tenon::http::router<int, tenon::http::trailing_slash::redirect> some;
  ASSERT_TRUE(some.add(method::get, "//{host}/", 1));
  EXPECT_EQ(some.match(method::get, "//example.org", scratch).status, status::not_found);
}

TEST_F(HttpRouter, ATrailingSlashMayBeIgnored) {
  tenon::http::router<int, tenon::http::trailing_slash::ignore> some;
  ASSERT_TRUE(some.add(method::get, "/a/", 1));
  ASSERT_TRUE(some.add(method::get, "/b/{x}/{y}/", 2));
  ASSERT_TRUE(some.add(method::get, "/b/{x}", 3));
  const auto id = [&](std::string_view path) {
    const auto match = some.match(method::get, path, scratch);
    return match ? *match.target : -static_cast<int>(match.status);
  };
  EXPECT_EQ(id("/a"), 1);
  EXPECT_EQ(id("/b/x/"), 3);
  const auto match = some.match(method::get, "/b/long/%41%42", scratch);
  ASSERT_TRUE(match);
  EXPECT_EQ(match.parameters[0], "long");
  EXPECT_EQ(match.parameters[1], "AB");
  EXPECT_EQ(id("/c"), -404);
}

TEST_F(HttpRouter, LongPathsThatDifferInTheMiddleAlone) {
  const std::string front = "/" + std::string(40, 'a');
  const std::string back = std::string(40, 'b');
  int next = 0;
  for (const char* middle : {"x", "y", "/z/", "w"}) add(method::get, front + middle + back, ++next);
  EXPECT_EQ(hit(front + "x" + back), 1);
  EXPECT_EQ(hit(front + "y" + back), 2);
  EXPECT_EQ(hit(front + "/z/" + back), 3);
  EXPECT_EQ(hit(front + "w" + back), 4);
  EXPECT_EQ(hit(front + "v" + back), -404);
}

TEST_F(HttpRouter, PathsOfManySegmentsAndTheirBeginnings) {
  std::string path;
  std::vector<std::string> all;
  for (int i = 0; i < 40; ++i) all.push_back(path += "/s" + std::to_string(i));
  for (std::size_t i = all.size(); i-- > 0;) {  // the longest first: each later one begins the earlier ones
    add(method::get, all[i], static_cast<int>(i));
    add(method::get, all[i] + "/{x}", 100 + static_cast<int>(i));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(hit(all[i]), static_cast<int>(i));
    EXPECT_EQ(hit(all[i] + "/q"), 100 + static_cast<int>(i));
    EXPECT_EQ(hit(all[i] + "/q/q"), -404);
  }
}

TEST_F(HttpRouter, TextsThatAreTheSameOnlyWhenPutTogether) {
  add(method::get, "/ab/{x}/c", 1);
  add(method::get, "/a/{x}/bc", 2);
  add(method::get, "/{x}/ab/c", 3);
  add(method::get, "/ab/c/{x}", 4);
  EXPECT_EQ(hit("/ab/q/c"), 1);
  EXPECT_EQ(hit("/a/q/bc"), 2);
  EXPECT_EQ(hit("/q/ab/c"), 3);
  EXPECT_EQ(hit("/ab/c/q"), 4);
  for (const char* path : {"/a/q/c", "/ab/q/bc", "/q/abc", "/abc/q", "/q/ab/cd", "/ab//c"}) EXPECT_EQ(hit(path), -404);
}

TEST_F(HttpRouter, LengthsAtWhichOtherLoadsAreMade) {
  const auto text = [](std::size_t n, char last) { return "/" + std::string(n - 2, 'a') + last; };
  for (std::size_t n = 2; n < 80; ++n) {
    add(method::get, text(n, 'b'), static_cast<int>(n));
    add(method::get, text(n, 'b') + "/{x}/" + text(n, 'c').substr(1), 1000 + static_cast<int>(n));
  }
  for (std::size_t n = 2; n < 80; ++n) {
    EXPECT_EQ(hit(text(n, 'b')), static_cast<int>(n));
    EXPECT_EQ(hit(text(n, 'c')), -404);
    EXPECT_EQ(hit(text(n, 'b') + "/%41/" + text(n, 'c').substr(1)), 1000 + static_cast<int>(n));
    EXPECT_EQ(hit(text(n, 'b') + "/q/" + text(n, 'b').substr(1)), -404);
    EXPECT_EQ(hit(text(n, 'b') + "//" + text(n, 'c').substr(1)), -404);
    EXPECT_EQ(hit(text(n, 'b') + "/%4/" + text(n, 'c').substr(1)), -400);
  }
}

TEST_F(HttpRouter, AMethodAddedToARouteKeepsTheOthers) {
  const method order[] = {method::put, method::get, method::delete_, method::post};
  for (int i = 0; i < 4; ++i) {
    add(order[i], "/a/{x}", i);
    add(order[i], "/a", 10 + i);
    for (int j = 0; j <= i; ++j) {
      EXPECT_EQ(hit("/a/q", order[j]), j);
      EXPECT_EQ(hit("/a", order[j]), 10 + j);
    }
  }
  EXPECT_EQ(hit("/a", method::patch), -405);
}

TEST_F(HttpRouter, APatternWithParametersHasSixtyTwoSegmentsAtMost) {
  std::string path;
  for (int i = 0; i < 61; ++i) path += "/s";
  add(method::get, path + "/{x}", 1);
  EXPECT_EQ(routes.add(method::get, path + "/{x}/t", 2).error(), route_error::too_many_segments);
  add(method::get, path + "/s/t/u", 3);
  add(method::get, path + "/{*x}", 4);
  EXPECT_EQ(hit(path + "/q"), 1);
  EXPECT_EQ(hit(path + "/s/t/u"), 3);
  EXPECT_EQ(hit(path + "/q/r/s"), 4);
}

TEST_F(HttpRouter, WhatIsNoPathMatchesNothing) {
  add(method::get, "/{*rest}", 1);
  EXPECT_EQ(hit("*"), -404);
  EXPECT_EQ(hit(""), -404);
}

TEST_F(HttpRouter, PatternsThatAreRefused) {
  const std::pair<const char*, route_error> bad[] = {
      {"", route_error::no_leading_slash},
      {"users", route_error::no_leading_slash},
      {"/a b", route_error::bad_byte},
      {"/a?b", route_error::bad_byte},
      {"/\x80", route_error::bad_byte},
      {"/a{b}", route_error::stray_brace},
      {"/{a}b", route_error::stray_brace},
      {"/{a", route_error::stray_brace},
      {"/a}", route_error::stray_brace},
      {"/{a}{b}", route_error::stray_brace},
      {"/{", route_error::stray_brace},
      {"/{}", route_error::unnamed_parameter},
      {"/{*}", route_error::unnamed_parameter},
      {"/{a-b}", route_error::unnamed_parameter},
      {"/{*a}/b", route_error::wildcard_not_last},
      {"/{*a}/", route_error::wildcard_not_last},
      {"/{a}/{a}", route_error::repeated_name},
      {"/{a}/{*a}", route_error::repeated_name},
      {"/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", route_error::too_many_parameters}};
  for (const auto& [pattern, why] : bad) EXPECT_EQ(routes.add(method::get, pattern, 0).error(), why) << pattern;
  EXPECT_EQ(routes.size(), 0U);
  EXPECT_TRUE(routes.methods().empty());
}

TEST_F(HttpRouter, ARouteIsRegisteredOnceForAMethod) {
  add(method::get, "/u/{id}", 1);
  EXPECT_EQ(routes.add(method::get, "/u/{name}", 2).error(), route_error::duplicate);
  add(method::put, "/u/{name}", 3);
  EXPECT_EQ(hit("/u/x"), 1);
  EXPECT_EQ(routes.match(method::put, "/u/x", scratch).parameters.name(0), "name");
}

TEST_F(HttpRouter, EightParametersFit) {
  add(method::get, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{*h}", 1);
  const auto match = routes.match(method::get, "/1/2/3/4/5/6/7/8/9", scratch);
  ASSERT_TRUE(match);
  EXPECT_EQ(match.parameters.size(), 8U);
  EXPECT_EQ(match.parameters[7], "8/9");
}

TEST(HttpRouterModel, EqualsALinearReferenceOn100000RandomCases) {
  std::mt19937 random(42);
  const auto pick = [&random](auto& from) -> decltype(auto) { return from[random() % std::size(from)]; };
  const char* const words[] = {"a", "ab", "abc", "b", "users", "user", "", "%41", "x%2Fy", "%zz", "%"};
  const char* const patterns[] = {"a", "ab", "abc", "b", "users", "user", "", "{", "{", "{"};
  const method methods[] = {method::get, method::head, method::post, method::delete_};
  std::array<char, 256> scratch{};
  int hits = 0;
  constexpr int tables = 500;
  for (int table = 0; table < tables; ++table) {
    tenon::http::router<int> routes;
    linear_routes reference;
    for (auto n = random() % 30; n > 0; --n) {
      std::string pattern;
      const auto segments = random() % 4 + 1;
      for (std::size_t s = 0; s < segments; ++s) {
        std::string segment = pick(patterns);
        const std::string name = std::to_string(n) + "_" + std::to_string(s);
        if (segment == "{") segment = s + 1 == segments && random() % 2 == 0 ? "{*" + name + "}" : "{" + name + "}";
        pattern += "/" + segment;
      }
      const method which = pick(methods);
      const int id = static_cast<int>(n);
      if (routes.add(which, pattern, id)) reference.routes.push_back({which, linear_routes::split(pattern), id});
    }
    for (int i = 0; i < 100'000 / tables; ++i) {
      std::string path;
      for (auto s = random() % 5 + 1; s > 0; --s) path += "/" + std::string(pick(words));
      const method which = pick(methods);
      const auto expected = reference.match(which, path);
      const auto got = routes.match(which, path, scratch);
      ASSERT_EQ(got ? *got.target : -static_cast<int>(got.status), expected.result) << name_of(which) << " " << path;
      ASSERT_EQ(got.allow.bits(), expected.allow) << name_of(which) << " " << path;
      if (!got) continue;
      ++hits;
      ASSERT_EQ(got.parameters.size(), expected.values.size());
      for (std::size_t v = 0; v < expected.values.size(); ++v) ASSERT_EQ(got.parameters[v], expected.values[v]);
    }
  }
  EXPECT_GT(hits, 10'000);
}

}  // namespace
