// SPDX-License-Identifier: BSL-1.0
#if defined(TENON_WITH_GZIP) && TENON_WITH_GZIP
#include <tenon/http/coded_as.hpp>

#include <tenon/http/gzip.hpp>
#include <tenon/http/send_file.hpp>
#include <tenon/http/server.hpp>

#include "served.hpp"

#include <fcntl.h>

namespace {

using namespace served;
using exchange = http::exchange<on_epoll::tcp_stream>;

const std::string page = std::string(5000, 'a') + "the end";

http::response whole(http::context& c) {
  http::response said = c.text(page);
  if (c.request().query == "tag") (void)said.headers.add("ETag", "\"x\"");
  if (c.request().query == "still") (void)said.headers.add("Cache-Control", "no-transform");
  if (c.request().query == "picture") said.content_type = "image/png";
  if (c.request().query == "short") said.body = "short";
  return said;
}
tenon::task<void> replied(http::context& c, exchange& x) {
  const http::response said = whole(c);
  (void)co_await x.reply(said);
}
tenon::task<void> pieces(http::context& c, exchange& x) {
  http::response head{.content_type = "text/plain"};
  if (c.request().query == "tag") (void)head.headers.add("ETag", "\"x\"");
  const auto begun = x.begin(head);
  if (c.request().query == "refused") {
    EXPECT_EQ(begun.error(), std::errc::operation_not_supported);
    const auto sent = co_await x.write("nobody takes this");
    EXPECT_EQ(sent.error(), std::errc::operation_not_permitted);
    co_return;
  }
  EXPECT_TRUE(begun);
  for (const std::string_view piece : {std::string_view("one "), std::string_view(), std::string_view(page)}) {
    const auto sent = co_await x.write(piece);
    EXPECT_TRUE(sent);
  }
  const std::string large(300'000, 'b');
  const auto sent = co_await x.write(large);
  EXPECT_TRUE(sent);
  const auto ended = co_await x.finish(" two");
  EXPECT_TRUE(ended);
}
tenon::task<void> nothing(exchange& x) {
  (void)x.begin({.status = http::status::reset_content, .content_type = "text/plain"});
  const auto ended = co_await x.finish();
  EXPECT_TRUE(ended);
}
tenon::task<void> counted(exchange& x) {
  const auto begun = x.begin({.content_type = "text/plain"}, page.size());
  EXPECT_TRUE(begun);
  (void)co_await x.finish(page);
}
tenon::task<void> from_file(exchange& x) {
  const tenon::unique_fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  (void)x.begin({.content_type = "text/plain"});
  const auto sent = co_await http::send_file(x, file.get(), 0, 100'000);
  EXPECT_TRUE(sent);
  (void)co_await x.finish();
}

constexpr http::application pages(http::get<"/whole">(whole), http::get<"/replied">(replied),
                                  http::get<"/pieces">(pieces), http::get<"/counted">(counted),
                                  http::get<"/file">(from_file), http::get<"/nothing">(nothing),
                                  http::coded_as<http::gzip>(), http::on_answered([](const http::context&) {}));
static_assert(pages.codes && !http::application(http::get<"/whole">(whole)).codes);

tenon::task<void> serve_at(on_epoll::runtime& rt, on_epoll::tcp_listener door) {
  http::server site(rt, pages);
  const auto served = co_await site.serve(std::move(door));
  EXPECT_TRUE(served);
}
tenon::task<void> ask(on_epoll::runtime& rt, const std::string& text, std::string& got) {
  auto door = on_epoll::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  const tenon::endpoint at = door.local_endpoint();
  rt.spawn(serve_at, std::ref(rt), std::move(door));
  auto peer = co_await connect<on_epoll>(rt, at);
  const bool said = co_await say(peer, text);
  EXPECT_TRUE(said);
  got = co_await read_all(peer);
  rt.request_stop();
}
/// What a client is told that accepts `accept`.
std::string told(std::string_view target, std::string_view accept, std::string_view method = "GET") {
  const std::string text = std::string(method) + " " + std::string(target) +
                           " HTTP/1.0\r\nAccept-Encoding: " + std::string(accept) + "\r\n\r\n";
  std::string got;
  on_epoll rt;
  rt.run(ask(rt, text, got));
  return dateless(got);
}
std::string head_of(const std::string& answer) { return answer.substr(0, answer.find("\r\n\r\n") + 2); }
std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }
bool has(const std::string& answer, std::string_view line) {
  return head_of(answer).find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
}
std::string unpacked(const std::string& packed) {
  std::string text(400'000, '\0');
  ::z_stream state{};
  EXPECT_EQ(::inflateInit2(&state, 15 + 16), Z_OK);
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  state.avail_in = static_cast<uInt>(packed.size());
  state.next_out = reinterpret_cast<Bytef*>(text.data());
  state.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(::inflate(&state, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(state.avail_in, 0U);
  text.resize(state.total_out);
  ::inflateEnd(&state);
  return text;
}

TEST(coded_as, codes_a_whole_answer_of_a_function_and_of_a_coroutine) {
  for (const char* path : {"/whole", "/replied"}) {
    const std::string got = told(path + std::string("?tag"), "br, gzip;q=0.5");
    EXPECT_TRUE(has(got, "Content-Encoding: gzip") && has(got, "Vary: Accept-Encoding")) << head_of(got);
    EXPECT_TRUE(has(got, "ETag: W/\"x\"") && has(got, "Content-Length: " + std::to_string(body_of(got).size())));
    EXPECT_EQ(unpacked(body_of(got)), page);
    const std::string plain = told(path, "br");
    EXPECT_TRUE(!has(plain, "Content-Encoding: gzip") && has(plain, "Vary: Accept-Encoding"));
    EXPECT_EQ(body_of(plain), page);
    EXPECT_EQ(head_of(told(path + std::string("?tag"), "gzip", "HEAD")),
              head_of(told(path + std::string("?tag"), "gzip")));
  }
}

TEST(coded_as, leaves_what_is_not_to_be_coded) {
  for (const char* why : {"still", "picture", "short"}) {
    const std::string got = told("/whole?" + std::string(why), "gzip");
    EXPECT_TRUE(!has(got, "Content-Encoding: gzip") && !has(got, "Vary: Accept-Encoding")) << why;
  }
  const std::string empty = told("/nothing", "gzip");
  EXPECT_TRUE(empty.starts_with("HTTP/1.1 205 ") && !has(empty, "Content-Encoding: gzip")) << empty;
  EXPECT_EQ(body_of(empty), "");
  const std::string got = told("/counted", "gzip, identity;q=0");
  EXPECT_TRUE(has(got, "Content-Length: " + std::to_string(page.size()))) << "a length was announced";
  EXPECT_EQ(body_of(got), page);
}

TEST(coded_as, says_406_where_nothing_is_acceptable) {
  for (const char* target : {"/whole", "/replied", "/pieces?refused"}) {
    const std::string got = told(target, "br, *;q=0");
    EXPECT_TRUE(got.starts_with("HTTP/1.0 406 ") || got.starts_with("HTTP/1.1 406 ")) << got.substr(0, 100);
    EXPECT_TRUE(has(got, "Vary: Accept-Encoding"));
    EXPECT_EQ(body_of(got), "Not Acceptable");
  }
  EXPECT_EQ(body_of(told("/whole", "identity;q=0")), "Not Acceptable");
}

TEST(coded_as, codes_an_answer_that_is_streamed) {
  const std::string got = told("/pieces?tag", "gzip");
  EXPECT_TRUE(has(got, "Content-Encoding: gzip") && has(got, "Vary: Accept-Encoding") && has(got, "ETag: W/\"x\""));
  EXPECT_EQ(unpacked(body_of(got)), "one " + page + std::string(300'000, 'b') + " two");
  const std::string plain = told("/pieces", "identity");
  EXPECT_TRUE(!has(plain, "Content-Encoding: gzip") && has(plain, "Vary: Accept-Encoding"));
  EXPECT_EQ(body_of(plain), "one " + page + std::string(300'000, 'b') + " two");
  EXPECT_EQ(body_of(told("/pieces", "gzip", "HEAD")), "");
}

TEST(coded_as, holds_nothing_of_a_piece_back) {
  using stage = http::coded_as<http::gzip>;
  using coders = stage::coders<tenon::single_thread>;
  const stage by;
  const http::request asked{.headers = http::headers("Accept-Encoding: gzip\r\n")};
  coders spare;
  stage::pieces<coders> coding(by, asked, spare);
  http::response head{.content_type = "text/plain"};
  ASSERT_EQ(coding.begin(coding, head), http::detail::body_coding::beginning::coded);
  ::z_stream state{};
  ASSERT_EQ(::inflateInit2(&state, 15 + 16), Z_OK);
  for (const std::string& text : {std::string("one"), std::string(40'000, 'x'), std::string("two"), std::string()}) {
    auto piece = std::as_bytes(std::span(text));
    std::string got(text.size() + 1, '\0');
    state.next_out = reinterpret_cast<Bytef*>(got.data());
    state.avail_out = static_cast<uInt>(got.size());
    int said = Z_OK;
    for (;;) {
      const auto out = coding.code(coding, piece, text.empty());
      if (out.empty()) break;
      state.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(out.data()));
      state.avail_in = static_cast<uInt>(out.size());
      said = ::inflate(&state, Z_NO_FLUSH);
    }
    EXPECT_EQ(said, text.empty() ? Z_STREAM_END : Z_OK);
    EXPECT_EQ(got.substr(0, got.size() - state.avail_out), text);
  }
  ::inflateEnd(&state);
}

TEST(coded_as, codes_a_part_of_a_file_that_goes_without_a_length) {
  EXPECT_EQ(unpacked(body_of(told("/file", "gzip"))), body_of(told("/file", "identity")));
}

}  // namespace
#endif
