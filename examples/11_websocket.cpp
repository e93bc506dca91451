// SPDX-License-Identifier: BSL-1.0
// A chat over WebSockets: a room at a URL, and three guests of the same program who talk in it. It ends by itself.
#include <tenon/http/server.hpp>
#include <tenon/http/websocket_accept.hpp>
#include <tenon/http/websocket_connect.hpp>
#include <tenon/tenon.hpp>

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http = tenon::http;

struct edge : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {
  using runtime::runtime;
};
using exchange = http::exchange<edge::tcp_stream>;
using websocket = http::websocket<edge::tcp_stream>;

std::vector<std::shared_ptr<websocket>> guests;

// Whatever one says, all hear. Several tasks may write to one socket: their messages go out one after the other.
tenon::task<void> chat(exchange& x) {
  auto opened = co_await http::websocket_accept(x);
  if (!opened) co_return;  // it was no handshake, and was answered so
  const auto me = std::make_shared<websocket>(std::move(*opened));
  guests.push_back(me);
  for (;;) {
    const auto said = co_await me->read();
    if (!said || said->is_close()) break;
    const std::string line(said->text());  // the view ends with the next read
    const auto everybody = guests;         // who leaves meanwhile lives until this is over
    for (const auto& each : everybody) (void)co_await each->write(line);
  }
  std::erase(guests, me);
}

constexpr http::application pages(http::get<"/chat">(chat));

tenon::task<void> serve(edge& rt, edge::tcp_listener door) {
  http::server site(rt, pages);
  (void)co_await site.serve(std::move(door));
}

tenon::task<bool> listen(websocket& on, std::string name, int lines) {
  for (int i = 0; i < lines; ++i) {
    const auto heard = co_await on.read(on.stream().runtime().now() + std::chrono::seconds(10));
    if (!heard || !heard->is_text()) co_return false;
    std::printf("%s hears: %.*s\n", name.c_str(), static_cast<int>(heard->text().size()), heard->text().data());
  }
  const auto closed = co_await on.close(http::close_code::normal, "good night");
  co_return closed.has_value();
}

tenon::task<int> meet(edge& rt) {
  auto door = edge::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  const std::string url = "ws://127.0.0.1:" + std::to_string(door.local_endpoint().port()) + "/chat";
  rt.spawn(serve, std::ref(rt), std::move(door));

  http::client<edge> web(rt);
  auto ann = co_await http::websocket_connect(web, url);
  auto bob = co_await http::websocket_connect(web, url);
  auto eve = co_await http::websocket_connect(web, url);
  int wrong = 0;
  if (ann && bob && eve) {
    const auto asked = co_await ann->write("ann: anybody here?");
    const auto told = co_await bob->write("bob: we are");
    auto [one, two, three] =
        co_await tenon::when_all(listen(*ann, "ann", 2), listen(*bob, "bob", 2), listen(*eve, "eve", 2));
    for (const bool well : {asked.has_value(), told.has_value(), one, two, three}) wrong += well ? 0 : 1;
  } else {
    wrong = 1;
  }
  rt.request_stop();
  co_return wrong == 0 ? 0 : 1;
}

int main() {
  edge rt;
  return rt.run(meet(rt));
}
