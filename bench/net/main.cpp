// SPDX-License-Identifier: BSL-1.0
// Suite net: a message there and back, timers, wake-ups, and connections accepted.
#include "cases.hpp"
#include "ping_pong.hpp"

#include <measure/harness.hpp>
#include <measure/threads.hpp>

#include <cstdlib>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ping_pong {

pair_of_sockets unix_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  return {ends[0], ends[1]};
}

pair_of_sockets tcp_pair() {
  const int door = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  auto* const where = reinterpret_cast<sockaddr*>(&at);
  if (::bind(door, where, size) != 0 || ::listen(door, 1) != 0 || ::getsockname(door, where, &size) != 0 ||
      ::connect(client, where, size) != 0) {
    std::abort();
  }
  const int server = ::accept4(door, nullptr, nullptr, SOCK_CLOEXEC);
  const int on = 1;
  for (const int each : {client, server}) ::setsockopt(each, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::close(door);
  return {client, server};
}

}  // namespace ping_pong

namespace {

using ping_pong::pair_of_sockets;
using ping_pong::tcp_pair;
using ping_pong::unix_pair;

/// Nanoseconds a round trip, the ends on so many CPUs.
double talk(ping_pong::end_function end, pair_of_sockets (*make)(), std::size_t cpus, long rounds) {
  const pair_of_sockets both = make();
  std::thread server([&] {
    measure::pin(cpus - 1);
    end(both.server, false, rounds);
  });
  double spent = 0;
  std::thread client([&] {
    measure::pin(0);
    const auto start = measure::clock::now();
    end(both.client, true, rounds);
    spent = measure::nanoseconds_since(start);
  });
  client.join();
  server.join();
  return spent / double(rounds);
}

}  // namespace

int main(int argc, char** argv) {
  measure::suite suite{"net"};
  for (const bool is_tcp : {true, false}) {
    for (const std::size_t cpus : {std::size_t{1}, std::size_t{2}}) {
      auto& one = suite.add(std::string(is_tcp ? "TCP" : "Unix socket") + " ping-pong, " + std::to_string(cpus) +
                                (cpus == 1 ? " CPU" : " CPUs"),
                            "ns a round trip", 20'000);
      for (auto group : {ping_pong::ours, ping_pong::by_hand, ping_pong::asio, ping_pong::libuv}) {
        for (const ping_pong::contender& each : group()) {
          if (each.spins && cpus == 1) continue;  // the other end would have to wait for its time slice
          const auto sample = [end = each.end, is_tcp, cpus](long rounds) {
            return talk(end, is_tcp ? tcp_pair : unix_pair, cpus, rounds);
          };
          if (each.is_ours) {
            one.ours(std::string(each.name), sample);
          } else {
            one.peer(std::string(each.name), sample);
          }
        }
      }
    }
  }
  add_waking_cases(suite);
  add_option_cases(suite);
  add_timer_cases(suite);
  const int status = suite.run(argc, argv);
  std::_Exit(status);  // a million of Asio's timers take their time to go
}
