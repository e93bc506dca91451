// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/content_coding.hpp>

#include "coders.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace http = tenon::http;
using http::coding_choice;

constexpr std::array<std::string_view, 3> offered{"br", "gzip", "zstd"};

/// The name of what is chosen.
std::string chosen(std::string_view accept) {
  const coding_choice choice = http::choose_coding(accept, offered);
  if (!choice.is_acceptable()) return "406";
  return choice.is_identity() ? "identity" : std::string(offered[choice.index]);
}

TEST(content_coding, of_the_largest_weight_is_chosen) {
  EXPECT_EQ(chosen("gzip"), "gzip");
  EXPECT_EQ(chosen("gzip, br"), "br");  // among equals, ours
  EXPECT_EQ(chosen("gzip, br;q=0.9"), "gzip");
  EXPECT_EQ(chosen("GZip;Q=0.001"), "gzip");
  EXPECT_EQ(chosen("x-gzip"), "gzip");
  EXPECT_EQ(chosen("deflate, gzip;q=1.0, *;q=0.5"), "gzip");
  EXPECT_EQ(chosen(" gzip ; q=0.5 ,\tzstd; q=0.75"), "zstd");
  EXPECT_EQ(chosen("*"), "br");
  EXPECT_EQ(chosen("br;q=0, *"), "gzip");
  EXPECT_EQ(chosen("identity, gzip"), "gzip");  // any rather than none
  EXPECT_EQ(chosen("identity, gzip;q=0.5"), "identity");
  EXPECT_EQ(chosen("identity;q=0.2, gzip;q=0.5"), "gzip");
}

TEST(content_coding, without_one_that_is_acceptable_is_identity_or_406) {
  EXPECT_EQ(chosen(""), "identity");
  EXPECT_EQ(chosen("deflate"), "identity");
  EXPECT_EQ(chosen("gzip;q=0"), "identity");
  EXPECT_EQ(chosen("gzip;q=0.000, identity"), "identity");
  EXPECT_EQ(chosen("deflate, identity;q=0"), "406");
  EXPECT_EQ(chosen("*;q=0"), "406");
  EXPECT_EQ(chosen("identity;q=0, gzip;q=0.1"), "gzip");
  EXPECT_EQ(chosen("*;q=0, gzip"), "gzip");
  EXPECT_EQ(chosen("*;q=0, identity"), "identity");
  EXPECT_EQ(chosen("identity;q=0.5, *;q=0"), "identity");
}

TEST(content_coding, with_a_weight_that_is_none_is_not_heard) {
  for (const std::string_view weight : {"2", "1.1", "0.1234", "", ".5", "-1", "0,5", "1.0000", "0x", "q"}) {
    const std::string accept = "gzip;q=" + std::string(weight);
    EXPECT_EQ(chosen(accept), "identity") << accept;
  }
  EXPECT_EQ(chosen("gzip;level=9"), "identity");
  EXPECT_EQ(chosen("gzip;q=1."), "gzip");
  EXPECT_EQ(chosen(",,gzip,,"), "gzip");
}

TEST(content_coding, is_worth_it_for_text_of_some_length) {
  const http::coding_worth worth;
  for (const std::string_view type : {"text/html; charset=utf-8", "TEXT/CSS", "application/json", "image/svg+xml",
                                      "application/problem+json", "application/atom+xml;a=b"}) {
    EXPECT_TRUE(worth(type, 512)) << type;
    EXPECT_FALSE(worth(type, 511)) << type;
  }
  for (const std::string_view type : {"image/png", "video/mp4", "application/zip", "", "text/event-stream",
                                      "font/woff2", "application/octet-stream"}) {
    EXPECT_FALSE(worth(type, 1 << 20)) << type;
  }
}

/// A coding that needs no library: each byte is moved by one.
template <char Kind>
struct moved {
  static constexpr char word[] = {Kind, '\0'};
  static constexpr std::string_view name = word;
  static constexpr std::string_view suffix = ".moved";

  class encoder {
   public:
    encoder() { ++made; }
    [[nodiscard]] bool reset() noexcept {
      ++begun;
      return Kind != 'x';
    }
    [[nodiscard]] http::coded write(std::span<const std::byte> in, std::span<std::byte> out) noexcept {
      const std::size_t count = in.size() < out.size() ? in.size() : out.size();
      for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::byte>(static_cast<int>(in[i]) + 1);
      return {count, count, count == in.size()};
    }
    [[nodiscard]] static http::coded flush(std::span<std::byte> /*out*/) noexcept { return {0, 0, true}; }
    [[nodiscard]] static http::coded finish(std::span<std::byte> out) noexcept {
      if (out.empty()) return {};
      out[0] = static_cast<std::byte>(Kind);
      return {0, 1, true};
    }
    static inline int made = 0;
    static inline int begun = 0;
  };
};
static_assert(http::content_coding<moved<'a'>>);

template <class Pool>
void is_lent_and_kept(Pool& spare) {
  for (int i = 0; i < 3; ++i) {
    auto one = spare.lend({1});
    auto other = spare.lend({0});
    ASSERT_TRUE(one && other);
    auto third = std::move(one);
    EXPECT_FALSE(one);
    EXPECT_EQ(coding_test::whole(third, "HAL"), "IBMb");
    EXPECT_EQ(coding_test::whole(other, "HAL"), "IBMa");
    EXPECT_EQ(coding_test::flush(other, 16), "");
  }
}

TEST(codings, lend_an_encoder_of_the_choice_and_keep_it) {
  using some = http::codings<moved<'a'>, moved<'b'>, moved<'x'>>;
  some::pool<> spare;
  EXPECT_FALSE(spare.lend({}));
  EXPECT_FALSE(spare.lend({coding_choice::nothing}));
  EXPECT_FALSE(spare.lend({2}));  // there is no memory
  is_lent_and_kept(spare);
  EXPECT_EQ(moved<'b'>::encoder::made, 1);
  EXPECT_EQ(moved<'b'>::encoder::begun, 3);
  some::pool<tenon::single_thread> alone;
  is_lent_and_kept(alone);
  EXPECT_EQ(moved<'a'>::encoder::made, 2);
  const std::string lines = "Accept-Encoding: b, deflate\r\n";
  EXPECT_EQ(some::choose(http::headers(lines)), coding_choice{1});
  EXPECT_TRUE(some::choose({}).is_identity());
  EXPECT_TRUE(http::codings<>::choose(http::headers(lines)).is_identity());
}

}  // namespace
