// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

/// A web server to measure: a process of its own on one CPU, which the load, on the other, finds by its port.
namespace serving {

/// Says that the server listens, and where.
class announcement {
 public:
  explicit announcement(int pipe) noexcept : pipe_(pipe) {}
  void operator()(std::uint16_t port) const noexcept;

 private:
  int pipe_;
};

struct subject {
  std::string_view name;
  void (*serve)(announcement ready);  // until it is killed
  bool is_ours = false;
  bool is_floor = false;  // answers with a constant, whatever it is asked
};

// Each in a file of its own; empty where what it needs is not installed.
std::vector<subject> ours();
std::vector<subject> floors();
std::vector<subject> asio_server();
std::vector<subject> beast_server();
std::vector<subject> installed_servers();

inline constexpr std::string_view greeting = "Hello, World!";
/// What all answer /plaintext with, but for the date, and other headers of nginx' and h2o's.
inline constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\n"
    "Hello, World!";
inline constexpr std::string_view blank_line = "\r\n\r\n";

/// A socket that listens on a free port of the loopback, and that port.
struct listener {
  int fd;
  std::uint16_t port;
};
listener listen_on_loopback(bool blocking = false);

}  // namespace serving
