// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/static_files.hpp>

#if defined(TENON_WITH_GZIP) && TENON_WITH_GZIP
#include <tenon/http/gzip.hpp>
#endif

#include "served.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace served;
namespace fs = std::filesystem;

/// A directory with some files, and something outside of it that nobody may see.
class static_files : public ::testing::Test {
 protected:
  static_files() {
    char name[] = "/tmp/tenon_static_XXXXXX";
    base_ = ::mkdtemp(name);
    root_ = base_ / "www";
    fs::create_directories(root_ / "dir/.well-known");
    put("page.html", "<p>page</p>");
    put("dir/index.html", "<p>index</p>");
    put("dir/a b+c.txt", "spaced");
    put(".secret", "secret");
    put("dir/.well-known/key", "key");
    put("../outside.txt", "outside");
    put("site.js", "alert('plain')");
    put("site.js.gz", "packed by gzip");
    put("site.js.br", "packed by brotli");
    fs::create_symlink("page.html", root_ / "link.html");
    fs::create_symlink("../outside.txt", root_ / "out.txt");
    fs::create_directory_symlink("..", root_ / "up");
    ::mkfifo((root_ / "pipe").c_str(), 0600);
  }
  ~static_files() override { fs::remove_all(base_); }

  void put(const std::string& name, std::string_view text) const {
    std::ofstream(root_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] http::static_files files(http::static_options options = {}) const {
    return http::static_files::open(root_.c_str(), std::move(options)).value();
  }
  /// What is found for a path: "status" or the contents.
  static std::string found(const http::static_files& in, std::string_view path, const std::string& lines = {}) {
    http::request asked;
    asked.headers = http::headers(lines);
    const auto file = in.find(asked, path);
    if (file.status != http::status::ok) return file.is_directory ? "directory" : std::to_string(code_of(file.status));
    std::string text(static_cast<std::size_t>(file.facts.size), '\0');
    EXPECT_EQ(::pread(file.file.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    return text;
  }

  fs::path base_;
  fs::path root_;
  /// Longer than any socket's buffers.
  static const std::string& large() {
    static const std::string made = [] {
      std::string bytes(3'000'000, '\0');
      for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
      return bytes;
    }();
    return made;
  }
};

TEST_F(static_files, are_found_by_their_decoded_names) {
  const auto in = files();
  EXPECT_EQ(found(in, "/page.html"), "<p>page</p>");
  EXPECT_EQ(found(in, "/%70age%2ehtml"), "<p>page</p>");
  EXPECT_EQ(found(in, "/dir/"), "<p>index</p>");
  EXPECT_EQ(found(in, "/dir%2f"), "<p>index</p>");
  EXPECT_EQ(found(in, "/dir"), "directory");
  EXPECT_EQ(found(in, "/dir/a%20b+c.txt"), "spaced");
  EXPECT_EQ(found(in, "/"), "404");
  EXPECT_EQ(found(files({.index = {}}), "/dir/"), "404");
  EXPECT_FALSE(http::static_files::open((root_ / "page.html").c_str()));
  EXPECT_FALSE(http::static_files::open((root_ / "nothing").c_str()));
}

TEST_F(static_files, outside_of_the_root_are_not_found) {
  for (const bool follows : {false, true}) {
    const auto in = files({.follows_links = follows});
    for (const std::string_view path : {"/../outside.txt",
                                        "/%2e%2e/outside.txt",
                                        "/..%2foutside.txt",
                                        "/dir/../../outside.txt",
                                        "/out.txt",
                                        "/up/outside.txt",
                                        "/up/www/page.html",
                                        "//etc/passwd",
                                        "/dir//index.html",
                                        "/./page.html",
                                        "/page.html%00",
                                        "/page.html/",
                                        "/page.html/x",
                                        "/%",
                                        "/%2",
                                        "/%zz",
                                        "",
                                        "page.html",
                                        "/pipe",
                                        "/nothing",
                                        "/.secret",
                                        "/dir/..",
                                        "/dir/.",
                                        "..",
                                        "/../",
                                        "/\\..\\outside.txt"}) {
      EXPECT_EQ(found(in, path), "404") << path << " " << follows;
    }
    EXPECT_EQ(found(in, "/" + std::string(5000, 'a')), "404");
    EXPECT_EQ(found(in, "/" + std::string(300, 'a')), "404");
    EXPECT_EQ(found(in, "/dir/.well-known/key"), "key");
    EXPECT_EQ(found(in, "/link.html"), follows ? "<p>page</p>" : "404");
  }
  EXPECT_EQ(found(files({.shows_hidden = true}), "/.secret"), "secret");
}

// What "*" takes is any coding, so that no form is there must not have it looked for again.
TEST_F(static_files, are_sent_as_they_are_to_who_takes_any_coding_and_none_is_there) {
  const auto in = files({.precompressed = true});
  EXPECT_EQ(found(in, "/page.html", "Accept-Encoding: *\r\n"), "<p>page</p>");
  EXPECT_EQ(found(in, "/site.js", "Accept-Encoding: *\r\n"), "packed by brotli");
  EXPECT_EQ(found(in, "/site.js", "Accept-Encoding: *, br;q=0\r\n"), "packed by gzip");
  EXPECT_EQ(found(in, "/page.html", "Accept-Encoding: *, identity;q=0\r\n"), "406");
}

// Where the kernel has no openat2, or a sandbox forbids it.
TEST_F(static_files, are_opened_step_by_step_without_openat2) {
  const tenon::unique_fd root(::open(root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto opens = [&root](const char* path) {
    return static_cast<bool>(tenon::unique_fd(http::detail::open_step_by_step(root.get(), path)));
  };
  EXPECT_TRUE(opens("page.html"));
  EXPECT_TRUE(opens("dir/index.html"));
  EXPECT_FALSE(opens("link.html"));
  EXPECT_FALSE(opens("out.txt"));
  EXPECT_FALSE(opens("up/outside.txt"));
  EXPECT_FALSE(opens("page.html/x"));
  EXPECT_FALSE(opens((std::string(300, 'a') + "/x").c_str()));
}

TEST_F(static_files, that_lie_there_coded_are_sent_to_who_accepts_them) {
  const auto in = files({.precompressed = true});
  const auto of = [&](std::string_view accept) {
    return found(in, "/site.js", "Accept-Encoding: " + std::string(accept) + "\r\n");
  };
  EXPECT_EQ(of("gzip, br"), "packed by brotli");
  EXPECT_EQ(of("gzip"), "packed by gzip");
  EXPECT_EQ(of("zstd, gzip;q=0.5"), "packed by gzip");
  EXPECT_EQ(of("zstd"), "alert('plain')");
  EXPECT_EQ(of("zstd, identity;q=0"), "406");
  EXPECT_EQ(found(in, "/site.js"), "alert('plain')");
  EXPECT_EQ(found(in, "/page.html", "Accept-Encoding: gzip\r\n"), "<p>page</p>");
  EXPECT_EQ(found(in, "/dir", "Accept-Encoding: gzip\r\n"), "directory");
  http::request asked;
  const auto plain = in.find(asked, "/site.js");
  EXPECT_TRUE(plain.facts.varies && plain.facts.coding.empty());
  EXPECT_EQ(plain.facts.media_type, "text/javascript; charset=utf-8");
}

/// Serves the files and has `act(rt, where)` ask for them.
template <class R, class Act>
void serving(const http::static_files& in, Act act) {
  handing_over<R> service([&in](typename handing_over<R>::exchange& x) -> tenon::task<void> {
    const auto sent = co_await in.serve(x, x.request().path);
    (void)sent;
  });
  with_server<R>(service, std::move(act));
}

/// The answers to some requests on one connection.
template <class R>
std::string answers(const http::static_files& in, std::string_view requests) {
  std::string got;
  serving<R>(in, [&](typename R::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    auto peer = co_await connect<R>(rt, at);
    const bool said = co_await say(peer, requests);
    EXPECT_TRUE(said);
    got = co_await read_all(peer);
  });
  return dateless(got);
}

TEST_F(static_files, are_served_with_their_ranges_and_conditions) {
  using R = on_epoll;
  put("large.bin", large());
  const auto in = files({.cache_control = "no-cache"});
  const std::string end = "Connection: close\r\n\r\n";
  const std::string whole = answers<R>(in, "GET /large.bin HTTP/1.1\r\nHost: h\r\n" + end);
  const std::size_t body = whole.find("\r\n\r\n") + 4;
  EXPECT_TRUE(
      whole.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                        "Content-Length: 3000000\r\nConnection: close\r\nETag: \""));
  EXPECT_TRUE(whole.substr(body) == large());
  const std::size_t at = whole.find("ETag: ") + 6;
  const std::string tag = whole.substr(at, whole.find("\r\n", at) - at);
  const std::string several = answers<R>(in,
                                         "HEAD /large.bin HTTP/1.1\r\nHost: h\r\n\r\n"
                                         "GET /large.bin HTTP/1.1\r\nHost: h\r\nIf-None-Match: " +
                                             tag +
                                             "\r\n\r\n"
                                             "GET /large.bin HTTP/1.1\r\nHost: h\r\nRange: bytes=3000000-\r\n\r\n"
                                             "POST /large.bin HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
                                             "GET /dir?q HTTP/1.1\r\nHost: h\r\n\r\n"
                                             "GET //dir HTTP/1.1\r\nHost: h\r\n\r\n"
                                             "GET /page.html HTTP/1.1\r\nHost: h\r\nRange: bytes=3-6\r\n" +
                                             end);
  std::size_t from = 0;
  for (const std::string_view each :
       {"HTTP/1.1 200 OK\r\n", "Content-Length: 3000000\r\n", "HTTP/1.1 304 Not Modified\r\n",
        "Cache-Control: no-cache", "HTTP/1.1 416", "Content-Range: bytes */3000000\r\n", "HTTP/1.1 405",
        "Allow: GET, HEAD\r\n", "HTTP/1.1 308", "Location: /dir/?q\r\n", "HTTP/1.1 404", "HTTP/1.1 206",
        "Content-Range: bytes 3-6/11\r\n", "\r\n\r\npage"}) {
    const std::size_t next = several.find(each, from);
    EXPECT_NE(next, several.npos) << each << " in\n" << several;
    if (next == several.npos) break;
    from = next + each.size();
  }
  EXPECT_EQ(from, several.size());
  const std::string parts =
      answers<R>(in, "GET /large.bin HTTP/1.1\r\nHost: h\r\nRange: bytes=0-99999,200000-200009\r\n" + end);
  EXPECT_NE(parts.find("multipart/byteranges"), parts.npos);
  EXPECT_NE(parts.find("\r\n\r\n" + large().substr(0, 100'000) + "\r\n--"), parts.npos);
  EXPECT_NE(parts.find("\r\n\r\n" + large().substr(200'000, 10) + "\r\n--"), parts.npos);
}

// The bytes wait in the kernel and the file, not in the program.
TEST_F(static_files, that_are_large_take_no_memory_for_a_client_that_reads_slowly) {
  using R = on_epoll;
  put("large.bin", large());
  const auto in = files();
  handing_over<R> service([&in](typename handing_over<R>::exchange& x) -> tenon::task<void> {
    const auto sent = co_await in.serve(x, x.request().path);
    EXPECT_TRUE(sent);
  });
  with_server<R>(service, [&](typename R::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    auto peer = co_await connect<R>(rt, at);
    const bool said = co_await say(peer, "GET /large.bin HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(said);
    for (int i = 0; i < 100; ++i) co_await tenon::yield();
    EXPECT_EQ(service.lent, 1);
    const std::string got = co_await read_all(peer);
    EXPECT_TRUE(got.ends_with(large()));
  });
  EXPECT_LT(service.most_held, 32U * 1024);
}

TEST_F(static_files, that_become_shorter_end_the_connection) {
  using R = on_epoll;
  put("large.bin", large());
  const auto in = files();
  handing_over<R> service([&](typename handing_over<R>::exchange& x) -> tenon::task<void> {
    const auto file = in.find(x.request(), "/large.bin");
    const http::file_answer answer(x.request(), file.facts, {}, 1);
    const auto begun = x.begin(answer.head(), answer.body_bytes());
    EXPECT_TRUE(begun);
    fs::resize_file(root_ / "large.bin", 1'000'000);
    const auto sent = co_await http::send_file(x, file.file.get(), 0, answer.body_bytes());
    EXPECT_EQ(sent.error(), std::errc::io_error);
  });
  with_server<R>(service, [&](typename R::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    auto peer = co_await connect<R>(rt, at);
    const bool said = co_await say(peer, "GET /large.bin HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(said);
    const std::string got = co_await read_all(peer);
    EXPECT_TRUE(got.ends_with(large().substr(0, 1'000'000)));
  });
}

/// What curl prints for these arguments and a URL.
std::string curl(const std::string& arguments, const std::string& url) {
  std::string got;
  FILE* const from = ::popen(("curl -s -m 20 " + arguments + " " + url).c_str(), "r");
  std::array<char, 4096> room;
  for (std::size_t n = 0; (n = std::fread(room.data(), 1, room.size(), from)) != 0;) got.append(room.data(), n);
  ::pclose(from);
  return got;
}

TEST_F(static_files, are_what_curl_takes_them_for) {
  using R = on_epoll;
  if (std::system("command -v curl > /dev/null") != 0) GTEST_SKIP() << "curl is not here";
  put("large.bin", large());
  const std::string text = "alert('plain')";
#if defined(TENON_WITH_GZIP) && TENON_WITH_GZIP
  http::gzip::encoder coder;
  EXPECT_TRUE(coder.reset());
  std::array<std::byte, 200> room;
  const auto began = coder.write(std::as_bytes(std::span(text)), room);
  const auto ended = coder.finish(std::span(room).subspan(began.made));
  put("site.js.gz", {reinterpret_cast<const char*>(room.data()), began.made + ended.made});
#else
  fs::remove(root_ / "site.js.gz");
#endif
  fs::remove(root_ / "site.js.br");
  const auto in = files({.precompressed = true});
  serving<R>(in, [&](R::runtime& rt, tenon::endpoint at) -> tenon::task<void> {
    std::array<int, 2> pair{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()), 0);
    const tenon::unique_fd told(pair[1]);
    tenon::stream_socket<R::runtime> hears(rt, tenon::unique_fd(pair[0]));
    std::thread client([&] {
      const std::string site = "http://127.0.0.1:" + std::to_string(at.port()) + "/";
      EXPECT_TRUE(curl("", site + "large.bin") == large());
      EXPECT_TRUE(curl("-r 1000-200999", site + "large.bin") == large().substr(1000, 200'000));
      EXPECT_TRUE(curl("-r -500", site + "large.bin") == large().substr(large().size() - 500));
      EXPECT_EQ(curl("-r 3000000- -o /dev/null -w '%{http_code}'", site + "large.bin"), "416");
      EXPECT_EQ(curl("-z 'Sun, 06 Nov 2094 08:49:37 GMT' -w '%{http_code}'", site + "page.html"), "304");
      EXPECT_EQ(curl("-z 'Sun, 06 Nov 1994 08:49:37 GMT' -w '%{http_code}'", site + "page.html"), "<p>page</p>200");
      EXPECT_EQ(curl("--compressed", site + "site.js"), text);
      EXPECT_EQ(curl("-L", site + "dir"), "<p>index</p>");
      std::string tag = curl("-I", site + "page.html");
      tag = tag.substr(tag.find("ETag: ") + 6);
      tag = tag.substr(0, tag.find("\r\n"));
      EXPECT_EQ(curl("-H 'If-None-Match: " + tag + "' -w '%{http_code}'", site + "page.html"), "304");
      EXPECT_EQ(curl("-H 'If-Match: " + tag + "'", site + "page.html"), "<p>page</p>");
      const char done = 1;
      EXPECT_EQ(::write(told.get(), &done, 1), 1);
    });
    const auto over = co_await hears.readable();
    EXPECT_TRUE(over);
    client.join();
  });
}

#if TENON_WITH_IO_URING
TEST_F(static_files, are_served_on_io_uring) {
  put("large.bin", large());
  const std::string whole =
      answers<on_io_uring>(files(), "GET /large.bin HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(whole.ends_with(large()));
}
#endif

}  // namespace
