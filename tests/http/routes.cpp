// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/routes.hpp>

#include "linear_routes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>

namespace {

using tenon::http::route_line;
using tenon::http::routes;
using tenon::http::status;
using tenon::http::trailing_slash;

constexpr route_line<int> table[] = {{method::get, "/", 0},
                                     {method::get, "/a", 1},
                                     {method::post, "/a", 2},
                                     {method::get, "/a/{x}", 3},
                                     {method::get, "/a/b", 4},
                                     {method::head, "/a/b", 5},
                                     {method::get, "/a/{x}/c", 6},
                                     {method::get, "/a/b/{y}", 7},
                                     {method::get, "/{*all}", 8},
                                     {method::delete_, "/users/{id}", 9},
                                     {method::get, "/users/{id}/", 10},
                                     {method::get, "/users/a/{*rest}", 11},
                                     {method::put, "/ab/abc//b", 12},
                                     {method::get, "/a/path/that/is/longer/than/its/key/is", 13},
                                     {method::get, "/{p}/{q}/{r}/abc", 14}};
using site = routes<table>;

TEST(HttpRoutes, IsATypeWithoutAnObject) {
  static_assert(std::is_empty_v<site> && site::size() == 15);
  static_assert(site::methods().contains(method::delete_) && !site::methods().contains(method::patch));
  std::array<char, 64> scratch;
  const auto match = site::match(method::delete_, "/users/%34%32", scratch);
  ASSERT_TRUE(match);
  EXPECT_EQ(*match.target, 9);
  EXPECT_EQ(match.target, &table[9].target);
  EXPECT_EQ(match.parameters.find("id"), "42");
  EXPECT_EQ(*site::match(method::get, "/a/path/that/is/longer/than/its/key/is", scratch).target, 13);
  EXPECT_EQ(site::match(method::patch, "/a", scratch).status, status::method_not_allowed);
}

TEST(HttpRoutes, TrailingSlashes) {
  static constexpr route_line<int> two[] = {{method::get, "/a/", 1}, {method::get, "/b", 2}};
  std::array<char, 64> scratch;
  const auto redirected = routes<two, trailing_slash::redirect>::match(method::get, "/b/", scratch);
  EXPECT_EQ(redirected.status, status::permanent_redirect);
  EXPECT_EQ(redirected.location, "/b");
  const auto ignored = routes<two, trailing_slash::ignore>::match(method::get, "/a", scratch);
  ASSERT_TRUE(ignored);
  EXPECT_EQ(*ignored.target, 1);
  EXPECT_EQ(routes<two>::match(method::get, "/a", scratch).status, status::not_found);
}

TEST(HttpRoutesModel, EqualsALinearReferenceOn100000RandomCases) {
  linear_routes reference;
  for (const auto& one : table) reference.routes.push_back({one.method, linear_routes::split(one.pattern), one.target});
  std::mt19937 random(7);
  const auto pick = [&random](auto& from) -> decltype(auto) { return from[random() % std::size(from)]; };
  const char* const words[] = {"a", "ab", "abc", "b", "c", "users", "", "%41", "x%2Fy", "%zz", "path/that/is/longer"};
  const method methods[] = {method::get, method::get, method::head, method::post, method::delete_, method::put};
  std::array<char, 256> scratch{};
  for (int i = 0; i < 100'000; ++i) {
    std::string path;
    for (auto s = random() % 5 + 1; s > 0; --s) path += "/" + std::string(pick(words));
    const method which = pick(methods);
    const auto expected = reference.match(which, path);
    const auto got = site::match(which, path, scratch);
    ASSERT_EQ(got ? *got.target : -static_cast<int>(got.status), expected.result) << name_of(which) << " " << path;
    ASSERT_EQ(got.allow.bits(), expected.allow) << name_of(which) << " " << path;
    if (!got) continue;
    ASSERT_EQ(got.parameters.size(), expected.values.size());
    for (std::size_t v = 0; v < expected.values.size(); ++v) ASSERT_EQ(got.parameters[v], expected.values[v]);
  }
}

}  // namespace
