// SPDX-License-Identifier: BSL-1.0
#if defined(TENON_WITH_JSON) && TENON_WITH_JSON
#include <tenon/http/json_reader.hpp>

#include <tenon/http/context.hpp>

#include <gtest/gtest.h>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/serialize.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

namespace {

namespace http = tenon::http;

http::request holding(std::string_view body, std::string_view lines = "Content-Type: application/json\r\n") {
  return {.method = http::method::post, .headers = http::headers(lines), .body = body};
}
/// What who sent it is told: the status, and the words.
std::string refused(const http::json_reader& in) {
  const http::request asked;
  const http::parameters none;
  http::buffer room;
  http::context c(asked, none, room);
  const http::response said = in.refusal(c);
  return std::to_string(code_of(said.status)) + " " + std::string(said.body);
}

TEST(json_reader, reads_a_whole_body) {
  http::json_reader in;
  const auto got = in.read(holding(R"( {"a": [1, 2.5, "\u00fc"], "b": null} )"));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->at("a").as_array().size(), 3U);
  EXPECT_EQ(boost::json::serialize(*got), "{\"a\":[1,2.5E0,\"\xc3\xbc\"],\"b\":null}");
  EXPECT_EQ(in.status(), http::status::ok);
}

TEST(json_reader, reads_pieces_cut_anywhere) {
  const std::string_view text = R"({"name":"J\u00fcrgen","list":[true,false,null,-1.5e3,{"deep":[[]]}]})";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    http::json_reader in;
    EXPECT_TRUE(in.put(text.substr(0, cut)));
    EXPECT_TRUE(in.put(text.substr(cut)));
    const auto got = in.finish();
    ASSERT_TRUE(got) << cut;
    EXPECT_EQ(got->at("list").as_array().size(), 5U);
    EXPECT_EQ(in.good_bytes(), text.size());
  }
}

TEST(json_reader, says_where_it_broke) {
  for (std::size_t cut = 0; cut <= 12; ++cut) {
    http::json_reader in;
    const std::string_view text = R"({"a": 1, b})";
    (void)(in.put(text.substr(0, cut)) && in.put(text.substr(cut < text.size() ? cut : text.size())));
    EXPECT_FALSE(in.finish());
    EXPECT_EQ(refused(in), "400 bad JSON at byte 9: syntax error\n") << cut;
    EXPECT_EQ(in.status(), http::status::bad_request);
    EXPECT_FALSE(in.put("more")) << "what is refused stays so";
  }
}

TEST(json_reader, refuses_what_is_not_over_what_goes_on_and_what_is_nothing) {
  const auto told = [](std::string_view body) {
    http::json_reader in;
    EXPECT_FALSE(in.read(holding(body)));
    return refused(in);
  };
  EXPECT_EQ(told("[1, 2"), "400 bad JSON at byte 5: incomplete JSON\n");
  EXPECT_EQ(told(""), "400 bad JSON at byte 0: incomplete JSON\n");
  EXPECT_EQ(told("{} x"), "400 bad JSON at byte 3: extra data\n");
  EXPECT_EQ(told("\"\xff\""), "400 bad JSON at byte 1: syntax error\n");
}

TEST(json_reader, holds_a_body_to_its_bounds) {
  const http::json_limits tight{.body_bytes = 10, .depth = 3};
  http::json_reader fits(tight);
  EXPECT_TRUE(fits.read(holding("[[[]], 10]")));
  http::json_reader deep(tight);
  const auto too_deep = deep.read(holding("[[[[]]]]"));
  EXPECT_EQ(refused(deep), "400 bad JSON at byte 3: too deep\n");
  http::json_reader large(tight);
  const auto too_large = large.read(holding("[1,2,3,4,5]"));
  EXPECT_EQ(too_large.error(), std::errc::file_too_large);
  EXPECT_EQ(refused(large), "413 Content Too Large");
  http::json_reader pieces(tight);
  EXPECT_TRUE(pieces.put("[1,2,3"));
  EXPECT_FALSE(pieces.put(",4,5]"));
  EXPECT_EQ(pieces.status(), http::status::content_too_large);
}

TEST(json_reader, takes_json_alone) {
  for (const char* type : {"application/json", "Application/JSON ; charset=utf-8", "application/problem+json"}) {
    EXPECT_TRUE(http::json_reader::is_json(type)) << type;
  }
  for (const char* type :
       {"", "text/plain", "application/jsonp", "+json", "json", "application/x-www-form-urlencoded"}) {
    EXPECT_FALSE(http::json_reader::is_json(type)) << type;
  }
  for (const char* lines : {"Content-Type: text/plain\r\n", "Host: h\r\n"}) {
    http::json_reader in;
    EXPECT_EQ(in.read(holding("{}", lines)).error(), std::errc::wrong_protocol_type);
    EXPECT_EQ(refused(in), "415 Unsupported Media Type");
  }
}

TEST(json_reader, puts_the_value_where_it_is_told_to) {
  std::byte room[16 * 1024];
  boost::json::monotonic_resource memory(room, sizeof room);
  http::json_reader in(http::json_limits{}, &memory);
  const auto got = in.read(holding(R"({"text": "longer than what fits into the value itself"})"));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->storage().get(), &memory);
  const auto* const text = reinterpret_cast<const std::byte*>(got->at("text").as_string().data());
  EXPECT_TRUE(text >= room && text < room + sizeof room);
}

}  // namespace
#endif
