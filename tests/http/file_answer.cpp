// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/file_answer.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace http = tenon::http;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::int64_t changed = 784'111'777'123'456'789;
constexpr sys_seconds now(seconds(800'000'000));
const std::string file = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";

http::file_facts facts() { return {.size = file.size(), .modified_nanoseconds = changed, .media_type = "text/plain"}; }
std::string tag() { return std::string(http::entity_tag::of_file(file.size(), changed).text()); }

/// An answer, written out.
struct said {
  unsigned status = 0;
  std::string type;
  std::string headers;
  std::string body;
};
said answer(const std::string& lines, const http::file_facts& about, http::method method = http::method::get) {
  http::request asked{.method = method};
  asked.headers = http::headers(lines);
  http::file_answer made(asked, about, now, 12345);
  said out{code_of(made.head().status), std::string(made.head().content_type), {}, std::string(made.head().body)};
  for (const auto& [name, value] : made.head().headers.items()) {
    out.headers += std::string(name) + ": " + std::string(value) + "\n";
  }
  if (made.is_head_alone()) {
    EXPECT_EQ(made.pieces(), 0U);
    return out;
  }
  for (std::size_t i = 0; i < made.pieces(); ++i) {
    const auto piece = made.at(i);
    out.body += piece.text;
    EXPECT_LE(piece.part.end(), about.size);
    out.body += file.substr(static_cast<std::size_t>(piece.part.first), static_cast<std::size_t>(piece.part.count));
  }
  EXPECT_EQ(out.body.size(), made.body_bytes());
  return out;
}
said answer(const std::string& lines, http::method method = http::method::get) {
  return answer(lines, facts(), method);
}

TEST(file_answer, of_the_whole_says_what_it_can_be_told_by) {
  const said whole = answer("");
  EXPECT_EQ(whole.status, 200U);
  EXPECT_EQ(whole.type, "text/plain");
  EXPECT_EQ(whole.headers, "ETag: " + tag() + "\nLast-Modified: " + std::string(date) + "\nAccept-Ranges: bytes\n");
  EXPECT_EQ(whole.body, file);
  http::file_facts coded = facts();
  coded.coding = "gzip";
  coded.varies = true;
  coded.cache_control = "max-age=60";
  const said other = answer("", coded);
  EXPECT_EQ(other.headers, "ETag: " + tag().substr(0, tag().size() - 1) +
                               "-gzip\"\nLast-Modified: " + std::string(date) +
                               "\nAccept-Ranges: bytes\nContent-Encoding: gzip\nVary: Accept-Encoding\n"
                               "Cache-Control: max-age=60\n");
  EXPECT_EQ(answer("If-None-Match: " + tag() + "\r\n", coded).status, 200U);  // the tag of another coding
}

TEST(file_answer, of_a_condition) {
  const said known = answer("If-None-Match: " + tag() + "\r\n");
  EXPECT_EQ(known.status, 304U);
  EXPECT_EQ(known.headers, "ETag: " + tag() + "\n");
  EXPECT_EQ(answer("If-Modified-Since: " + std::string(date) + "\r\n").status, 304U);
  EXPECT_EQ(answer("If-Match: \"x\"\r\n").status, 412U);
  EXPECT_EQ(answer("If-Match: \"x\"\r\n").body, "Precondition Failed");
  EXPECT_EQ(answer("If-None-Match: " + tag() + "\r\nRange: bytes=0-0\r\n").status, 304U);
  EXPECT_EQ(answer("If-Match: \"x\"\r\nRange: bytes=99-\r\n").status, 412U);
}

TEST(file_answer, of_a_range) {
  const said part = answer("Range: bytes=10-19\r\n");
  EXPECT_EQ(part.status, 206U);
  EXPECT_EQ(part.type, "text/plain");
  EXPECT_EQ(part.body, "abcdefghij");
  EXPECT_TRUE(part.headers.starts_with("Content-Range: bytes 10-19/36\nETag: "));
  const said none = answer("Range: bytes=36-\r\n");
  EXPECT_EQ(none.status, 416U);
  EXPECT_EQ(none.headers, "Content-Range: bytes */36\n");
  EXPECT_EQ(answer("Range: bytes=0-0\r\n", http::method::head).status, 200U);
  EXPECT_EQ(answer("Range: bytes=0-0\r\nIf-Range: " + tag() + "\r\n").status, 206U);
  EXPECT_EQ(answer("Range: bytes=0-0\r\nIf-Range: \"old\"\r\n").status, 200U);
  EXPECT_EQ(answer("Range: bytes=0-0\r\nIf-Range: " + std::string(date) + "\r\n").status, 206U);
  EXPECT_EQ(answer("Range: bytes=99-\r\nIf-Range: \"old\"\r\n").status, 200U);
}

TEST(file_answer, of_several_ranges_is_a_row_of_parts) {
  const said parts = answer("Range: bytes=-2,0-0\r\n");
  EXPECT_EQ(parts.status, 206U);
  ASSERT_TRUE(parts.type.starts_with("multipart/byteranges; boundary="));
  const std::string mark = "\r\n--" + parts.type.substr(31);
  EXPECT_EQ(parts.body, mark + "\r\nContent-Type: text/plain\r\nContent-Range: bytes 34-35/36\r\n\r\nyz" + mark +
                            "\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-0/36\r\n\r\n0" + mark + "--\r\n");
  EXPECT_EQ(parts.headers.find("Content-Range"), std::string::npos);
  http::file_facts odd = facts();
  const std::string long_type(1000, 't');
  odd.media_type = long_type;
  EXPECT_NE(answer("Range: bytes=-2,0-0\r\n", odd).body.find("application/octet-stream"), std::string::npos);
}

// A client that puts the parts where they belong has what it asked for.
RC_GTEST_PROP(file_answer, parts_put_together_are_what_was_asked, ()) {
  const auto asked =
      *rc::gen::resize(12, rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<unsigned, unsigned>>>(
                               rc::gen::pair(rc::gen::inRange(0U, 36U), rc::gen::inRange(0U, 40U)))));
  std::string header = "Range: bytes=";
  std::string wanted(file.size(), '?');
  for (const auto& [a, b] : asked) {
    const unsigned first = a;
    const unsigned last = a + b;
    header += std::to_string(first) + "-" + std::to_string(last) + ",";
    for (unsigned k = first; k <= last && k < file.size(); ++k) wanted[k] = file[k];
  }
  const said got = answer(header + "\r\n");
  std::string put(file.size(), '?');
  if (got.type == "text/plain") {
    const std::size_t at = got.headers.find("bytes ") + 6;
    put.replace(std::stoul(got.headers.substr(at)), got.body.size(), got.body);
  } else {
    const std::string mark = "\r\n--" + got.type.substr(31);
    std::string left = got.body;
    for (;;) {
      RC_ASSERT(left.starts_with(mark));
      left.erase(0, mark.size());
      if (left == "--\r\n") break;
      const std::size_t head = left.find("\r\n\r\n") + 4;
      const std::size_t next = left.find(mark, head);
      const std::size_t first = std::stoul(left.substr(left.find("bytes ") + 6));
      put.replace(first, next - head, left.substr(head, next - head));
      left.erase(0, next);
    }
  }
  RC_ASSERT(asked.size() > 16 || put == wanted);
}

}  // namespace
