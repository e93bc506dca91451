// SPDX-License-Identifier: BSL-1.0
// The corpus of attacks: each gets its status, the parser takes nothing behind it, and none depends on how it is split.

#include "corpus/smuggling.hpp"

#include "wire.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace {

TEST(HttpSmuggling, EachAttackGetsItsStatus) {
  std::set<std::string> names;
  for (const auto& one : corpus::smuggling()) {
    const auto seen = wire::whole(one.bytes);
    EXPECT_EQ(seen.failed, one.status) << one.name << " (" << one.source << ")";
    EXPECT_EQ(seen.requests.size(), one.status == 0 ? 1U : 0U) << one.name;
    EXPECT_TRUE(names.insert(one.name).second) << one.name << " stands twice";
  }
}

TEST(HttpSmuggling, NoneDependsOnHowItIsSplit) {
  for (const auto& one : corpus::smuggling()) {
    const auto expected = wire::whole(one.bytes);
    if (one.bytes.size() > 1000) {
      ASSERT_EQ(wire::in_pieces(one.bytes, 997), expected) << one.name;
      continue;
    }
    for (std::size_t cut = 0; cut <= one.bytes.size(); ++cut) {
      ASSERT_EQ(wire::cut_at(one.bytes, cut), expected) << one.name << "\n-- cut at " << cut;
    }
    ASSERT_EQ(wire::in_pieces(one.bytes, 1), expected) << one.name;
  }
}

TEST(HttpSmuggling, NoneIsSeenBehindAnotherRequestEither) {
  for (const auto& one : corpus::smuggling()) {
    if (one.name == std::string("an empty line before")) continue;  // there it is the second
    const auto seen = wire::whole(wire::get("") + one.bytes);
    EXPECT_EQ(seen.failed, one.status) << one.name;
    EXPECT_EQ(seen.requests.size(), one.status == 0 ? 2U : 1U) << one.name;
  }
}

}  // namespace
