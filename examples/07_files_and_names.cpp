// SPDX-License-Identifier: BSL-1.0
// What is no TCP: a file, a name, a datagram, a Unix socket, and a call that blocks, all awaited alike.
#include <tenon/net/resolve.hpp>
#include <tenon/net/udp_socket.hpp>
#include <tenon/net/unix_listener.hpp>
#include <tenon/net/whole_file.hpp>
#include <tenon/runtime/blocking.hpp>
#include <tenon/tenon.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

using namespace std::chrono_literals;

struct edge : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

tenon::task<bool> files(edge& rt, std::string path) {
  auto log = co_await edge::file::open(rt, path, tenon::open_mode::write | tenon::open_mode::create);
  if (!log) co_return false;
  auto written = co_await log->write_all_at(0, bytes("one line\n"));
  if (!written) co_return false;
  auto safe = co_await log->fdatasync();  // it is on the device
  auto text = co_await tenon::read_file(rt, path, rt.now() + 1s);
  co_return safe&& text && *text == "one line\n";
}

tenon::task<bool> names(edge& rt) {
  auto found = co_await tenon::resolve(rt, "localhost", 80, rt.now() + 5s);
  if (!found) std::printf("localhost: %s\n", found.error().message().c_str());
  for (const tenon::endpoint& each : found.value()) std::printf("localhost is %s\n", to_string(each).c_str());
  co_return found.has_value();
}

tenon::task<bool> datagrams(edge& rt) {
  auto door = edge::udp_socket::bind(rt, {"127.0.0.1", 0}).value();
  auto caller = edge::udp_socket::connect(rt, door.local_endpoint()).value();
  auto sent = co_await caller.send(bytes("ping"));
  std::array<std::byte, 64> room{};
  auto asked = co_await door.recv_from(room, rt.now() + 5s);
  if (!sent || !asked) co_return false;
  auto answered = co_await door.send_to(bytes("pong"), asked->from);
  auto answer = co_await caller.recv(room, rt.now() + 5s);
  co_return answered&& answer && *answer == 4;
}

tenon::task<bool> neighbours(edge& rt, std::string path) {
  const tenon::unix_endpoint at(path);
  auto door = edge::unix_listener::bind(rt, at, tenon::stale_socket::replace).value();
  auto near = co_await edge::unix_stream::connect(rt, at, rt.now() + 1s);
  auto far = co_await door.accept();
  if (!near || !far) co_return false;
  auto sent = co_await near->write_all(bytes("through the wall"));
  std::array<std::byte, 64> room{};
  auto heard = co_await far->read_some(room, rt.now() + 1s);
  co_return sent&& heard && *heard == 16;
}

long count_slowly(long to) {
  long sum = 0;
  for (long i = 1; i <= to; ++i) sum += i;
  return sum;
}

tenon::task<int> main_task(edge& rt, std::string folder) {
  const bool by_file = co_await files(rt, folder + "/log");
  const bool by_name = co_await names(rt);
  const bool by_datagram = co_await datagrams(rt);
  const bool by_neighbour = co_await neighbours(rt, folder + "/door");
  const tenon::result<long> sum = co_await tenon::blocking(rt, count_slowly, 1'000'000L);  // beside the workers
  const bool all = by_file && by_name && by_datagram && by_neighbour && sum.value() == 500'000'500'000;
  std::printf("%s\n", all ? "all of it works" : "something does not");
  co_return all ? 0 : 1;
}

int main() {
  char folder[] = "/tmp/tenon-XXXXXX";
  if (::mkdtemp(folder) == nullptr) return 1;
  edge rt{{.threads = 2, .name = "edge", .blocking_threads = 4}};
  const int code = rt.run(main_task(rt, folder));
  const std::string inside(folder);
  ::unlink((inside + "/log").c_str());
  ::rmdir(folder);
  return code;
}
