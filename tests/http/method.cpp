// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/method.hpp>

#include <gtest/gtest.h>

namespace {

using tenon::http::method;

TEST(HttpMethod, NamesAndMethodsAreOneToOne) {
  for (std::size_t i = 0; i < tenon::http::method_count; ++i) {
    const auto which = static_cast<method>(i);
    EXPECT_EQ(tenon::http::method_of(name_of(which)), which);
  }
}

TEST(HttpMethod, OtherTokensAreNoMethod) {
  for (const char* token : {"", "G", "get", "GETS", "PROPFIND", "PATCHY"}) EXPECT_FALSE(tenon::http::method_of(token));
}

TEST(HttpMethod, ASetHoldsWhatWasAdded) {
  tenon::http::method_set set;
  EXPECT_TRUE(set.empty());
  set.add(method::get);
  set.add(method::connect);
  EXPECT_TRUE(set.contains(method::get) && set.contains(method::connect) && !set.contains(method::put));
  EXPECT_EQ(tenon::http::method_set(set.bits()), set);
}

}  // namespace
