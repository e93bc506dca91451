// SPDX-License-Identifier: BSL-1.0
// Ours against http-parser and Boost.Beast: over the corpora, and over them with bytes changed at random.

#include "corpus/smuggling.hpp"

#include "peers.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace {

std::vector<std::string> messages() {
  auto all = wire::corpus();
  for (auto& one : corpus::smuggling()) {
    if (one.bytes.size() < 1000) all.push_back(std::move(one.bytes));
  }
  return all;
}

TEST(HttpDifferential, WhatWeTakeOthersTakeAndSeeTheSame) {
  for (const auto& message : messages()) EXPECT_EQ(peers::disagreement(message), "") << message;
}

TEST(HttpDifferential, AndWithBytesChangedAtRandom) {
  std::mt19937 random(20261121);
  const auto all = messages();
  int taken = 0;
  for (int round = 0; round < 40'000; ++round) {
    std::string message = all[random() % all.size()];
    for (auto edits = random() % 3 + 1; edits > 0; --edits) {
      const std::size_t at = random() % message.size();
      constexpr char spice[] = "\r\n \t:;,0aG/?#\x80\v\"+-_";
      switch (random() % 4) {
        case 0: message[at] = spice[random() % sizeof spice]; break;
        case 1: message.erase(at, 1); break;
        case 2: message.insert(at, 1, static_cast<char>(random() % 256)); break;
        default: message.insert(at, 1, spice[random() % sizeof spice]); break;
      }
      if (message.empty()) message = "G";
    }
    taken += wire::whole(message).requests.empty() ? 0 : 1;
    ASSERT_EQ(peers::disagreement(message), "") << message;
  }
  EXPECT_GT(taken, 1000);
}

}  // namespace
