// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/buffer.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <utility>

namespace {

using tenon::http::buffer;

void read_into(buffer& to, std::string_view text) {
  std::memcpy(to.writable(text.size()).data(), text.data(), text.size());
  to.commit(text.size());
}

TEST(HttpBuffer, HoldsNoMemoryBeforeUseAndAfterRelease) {
  buffer b;
  EXPECT_EQ(b.capacity(), 0U);
  b.append("x");
  EXPECT_GT(b.capacity(), 0U);
  b.release();
  EXPECT_EQ(b.capacity(), 0U);
  EXPECT_TRUE(b.empty());
  b.append("again");
  EXPECT_EQ(b.view(), "again");
}

TEST(HttpBuffer, AppendsTextCharactersAndNumbers) {
  buffer b;
  b.append("n=");
  b.append_decimal(0);
  b.append(',');
  b.append_decimal(18446744073709551615ULL);
  b.append("");
  EXPECT_EQ(b.view(), "n=0,18446744073709551615");
}

TEST(HttpBuffer, TruncateKeepsTheFront) {
  buffer b;
  b.append("abcdef");
  b.consume(1);
  b.truncate(2);
  EXPECT_EQ(b.view(), "bc");
}

TEST(HttpBuffer, MovesLeaveAnEmptyOne) {
  buffer a;
  a.append("text");
  buffer b = std::move(a);
  EXPECT_EQ(b.view(), "text");
  a.append("new");
  b = std::move(a);
  EXPECT_EQ(b.view(), "new");
}

TEST(HttpBuffer, AWarmBufferStaysWhereItIs) {
  buffer b;
  b.append(std::string(400, 'x'));
  const auto capacity = b.capacity();
  for (int i = 0; i < 1000; ++i) {
    b.append(std::string(100, 'y'));
    b.consume(100);
  }
  EXPECT_EQ(b.capacity(), 2 * capacity);  // 400 held and 100 more need one doubling, never a second
  EXPECT_EQ(b.size(), 400U);
}

TEST(HttpBuffer, BehavesLikeAString) {
  std::mt19937 random(7);
  buffer b;
  std::string model;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text(random() % 300, static_cast<char>('a' + i % 26));
    switch (random() % 5) {
      case 0:
        b.append(text);
        model += text;
        break;
      case 1:
        read_into(b, text);
        model += text;
        break;
      case 2:
      case 3: {
        const std::size_t n = random() % (model.size() + 1);
        b.consume(n);
        model.erase(0, n);
        break;
      }
      default: {
        const std::size_t n = model.size() - random() % (model.size() / 4 + 1);
        b.truncate(n);
        model.resize(n);
        break;
      }
    }
    ASSERT_EQ(b.view(), model);
  }
}

}  // namespace
