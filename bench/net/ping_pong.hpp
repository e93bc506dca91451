// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

/// A message there and back over one connection, thirty-two bytes, each end a thread of its own.
namespace ping_pong {

inline constexpr std::size_t message_bytes = 32;

/// What one end does with its connected socket, which is blocking, and which it closes: `client` says the first word,
/// and both stop after so many rounds.
using end_function = void (*)(int socket, bool client, long rounds);

struct contender {
  std::string_view name;
  end_function end;
  bool is_ours = false;
  bool spins = false;
};

// Each in a file of its own; empty where what it needs is not installed.
std::vector<contender> ours();
std::vector<contender> by_hand();
std::vector<contender> asio();
std::vector<contender> libuv();

/// Two connected sockets, which block.
struct pair_of_sockets {
  int client, server;
};
pair_of_sockets tcp_pair();
pair_of_sockets unix_pair();

/// Makes a socket non-blocking.
void make_non_blocking(int socket);

}  // namespace ping_pong
