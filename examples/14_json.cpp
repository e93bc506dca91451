// SPDX-License-Identifier: BSL-1.0
// A small store of things as JSON: made, read, replaced, removed, listed. `14_json serve` serves.
#if TENON_WITH_JSON
#if TENON_WITH_GZIP
#include <tenon/http/coded_as.hpp>
#include <tenon/http/gzip.hpp>
#endif
#include <tenon/http/read_json.hpp>
#include <tenon/http/server.hpp>
#include <tenon/http/write_json.hpp>
#include <tenon/tenon.hpp>

#include <array>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace http = tenon::http;
namespace json = boost::json;

struct shop : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {
  using runtime::runtime;
};
using exchange = http::exchange<shop::tcp_stream>;

std::map<std::uint64_t, json::value> things;  // one thread, so nothing guards it
std::uint64_t last_id = 0;

std::uint64_t id_of(http::context& c) {
  const std::string_view text = c["id"];
  std::uint64_t id = 0;
  const auto [end, why] = std::from_chars(text.data(), text.data() + text.size(), id);
  return why == std::errc() && end == text.data() + text.size() ? id : 0;
}

// Coroutines: the body is parsed as it comes, and is never whole in memory.
tenon::task<void> create(exchange& x) {
  auto thing = co_await http::read_json(x, {.body_bytes = 64 * 1024, .depth = 8});
  if (!thing) co_return;  // the client hears 400 with the place where it broke, 413, or 415
  const std::uint64_t id = ++last_id;
  const json::value& kept = things[id] = json::object{{"id", id}, {"is", std::move(*thing)}};
  const std::string where = "/things/" + std::to_string(id);
  http::response head{.status = http::status::created};
  (void)head.headers.add("Location", where);
  (void)co_await http::write_json(x, kept, head);
}

// However many there are, they leave no faster than the client reads, and in 16 KiB of memory.
tenon::task<void> list(exchange& x) {
  json::array all;
  for (const auto& [id, thing] : things) all.push_back(thing);
  const json::value whole = std::move(all);
  (void)co_await http::write_json(x, whole);
}

// Plain functions: the body is there.
http::response show(http::context& c) {
  const auto found = things.find(id_of(c));
  return found == things.end() ? c.error(http::status::not_found) : http::write_json(c, found->second);
}
http::response replace(http::context& c) {
  http::json_reader in;
  auto thing = in.read(c.request());
  if (!thing) return in.refusal(c);
  const auto found = things.find(id_of(c));
  if (found == things.end()) return c.error(http::status::not_found);
  found->second.at("is") = std::move(*thing);
  return http::write_json(c, found->second);
}
http::response drop(http::context& c) {
  return things.erase(id_of(c)) == 0 ? c.error(http::status::not_found)
                                     : http::response{.status = http::status::no_content};
}

constexpr http::application store(
#if TENON_WITH_GZIP
    http::coded_as<http::gzip>(),  // what is long goes packed to who takes it so
#endif
    http::post<"/things">(create), http::get<"/things">(list), http::get<"/things/{id}">(show),
    http::put<"/things/{id}">(replace), http::delete_<"/things/{id}">(drop));

tenon::task<void> stop_at_ctrl_c(shop& rt, shop::signals asked) {
  const auto got = co_await asked.next();
  if (got) rt.request_stop();
}

tenon::task<int> serve(shop& rt) {
  rt.spawn(stop_at_ctrl_c, std::ref(rt), shop::signals::open(rt, {SIGINT, SIGTERM}).value());
  http::server site(rt, store);
  const auto served = co_await site.serve(shop::tcp_listener::bind(rt, {"127.0.0.1", 8080}).value());
  co_return served ? 0 : 1;
}

// The same, on a free port and with a client of its own.
tenon::task<void> serve_at(shop& rt, shop::tcp_listener door) {
  http::server site(rt, store);
  (void)co_await site.serve(std::move(door));
}

tenon::task<bool> ask(shop& rt, tenon::endpoint at, std::string line, std::string body, std::string_view expected) {
  auto peer = co_await shop::tcp_stream::connect(rt, at);
  if (!peer) co_return false;
  const std::string question = line + " HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Type: application/json" +
                               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  const auto sent = co_await peer->write_all(std::as_bytes(std::span(question)));
  if (!sent) co_return false;
  std::string answer;
  std::array<char, 1024> room;
  for (;;) {
    const auto n = co_await peer->read_some(std::as_writable_bytes(std::span(room)));
    if (!n || *n == 0) break;
    answer.append(room.data(), *n);
  }
  const bool right = answer.find(expected) != answer.npos;
  if (!right) std::printf("%s: %s\n", line.c_str(), answer.c_str());
  co_return right;
}

tenon::task<int> try_it(shop& rt) {
  auto door = shop::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  const auto at = door.local_endpoint();
  rt.spawn(serve_at, std::ref(rt), std::move(door));
  const bool made =
      co_await ask(rt, at, "POST /things", R"({"name": "J\u00fcrgen's lamp"})", "Location: /things/1\r\n");
  const bool shown = co_await ask(rt, at, "GET /things/1", "", "{\"id\":1,\"is\":{\"name\":\"J\xc3\xbcrgen's lamp\"}}");
  const bool changed = co_await ask(rt, at, "PUT /things/1", "[1, null]", R"({"id":1,"is":[1,null]})");
  const bool listed = co_await ask(rt, at, "GET /things", "", R"([{"id":1,"is":[1,null]}])");
  const bool refused = co_await ask(rt, at, "POST /things", R"({"name": lamp})", "bad JSON at byte 9: syntax error");
  const bool removed = co_await ask(rt, at, "DELETE /things/1", "", "HTTP/1.1 204 ");
  const bool gone = co_await ask(rt, at, "GET /things/1", "", "HTTP/1.1 404 ");
  int wrong = 0;
  for (const bool each : {made, shown, changed, listed, refused, removed, gone}) wrong += each ? 0 : 1;
  rt.request_stop();
  std::printf("%d wrong answers\n", wrong);
  co_return wrong == 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  shop rt;
  const bool serving = argc > 1 && std::strcmp(argv[1], "serve") == 0;
  return rt.run(serving ? serve(rt) : try_it(rt));
}
#else
#include <cstdio>

int main() {
  std::puts("left out: Boost.JSON is not here");
  return 0;
}
#endif
