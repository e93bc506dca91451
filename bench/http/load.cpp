// SPDX-License-Identifier: BSL-1.0
#include "load.hpp"

#include <measure/harness.hpp>
#include <measure/threads.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace serving {

namespace {

[[noreturn]] void give_up(std::string_view server, const std::string& why) {
  std::fprintf(stderr, "http: %.*s: %s\n", static_cast<int>(server.size()), server.data(), why.c_str());
  std::exit(1);
}

/// The server's process. It is killed at the end: how it drains is not measured.
class child {
 public:
  explicit child(std::string_view name) : name_(name) {
    int ends[2];
    if (::pipe(ends) != 0) give_up(name, "no pipe");
    std::array<std::string, 4> words{"http", "--serve", std::string(name), std::to_string(ends[1])};
    std::array<char*, 5> arguments{words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addclose(&actions, ends[0]);
    const int failed = ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (failed != 0 || ::read(ends[0], &port_, sizeof port_) != sizeof port_) give_up(name, "did not start");
    ::close(ends[0]);
    if (::clock_getcpuclockid(pid_, &clock_) != 0) give_up(name, "has no clock");
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// What all its threads used, user and kernel.
  [[nodiscard]] double cpu_us() const {
    timespec used{};
    ::clock_gettime(clock_, &used);
    return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
  }
  [[nodiscard]] double resident_kibibytes() const {
    std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
    for (std::string word; status >> word;) {
      double found = 0;
      if (word == "VmRSS:" && status >> found) return found;
    }
    return 0;
  }

 private:
  std::string_view name_;
  ::pid_t pid_ = 0;
  std::uint16_t port_ = 0;
  clockid_t clock_{};
};

int connect_to(const child& server) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(server.port());
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int tries = 0; tries < 400; ++tries) {  // a program that was started listens a little later
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) break;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return fd;
    }
    ::close(fd);
    ::usleep(5'000);
  }
  give_up(server.name(), "cannot be reached");
}

void send_all(int fd, std::string_view text, const child& server) {
  if (::send(fd, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
    give_up(server.name(), "takes no requests");
  }
}

/// One answer, whole; and so its size, which is that of all that follow.
std::string first_answer(int fd, std::string_view request, const child& server) {
  send_all(fd, request, server);
  std::string got;
  for (std::array<char, 4096> room;;) {
    const ssize_t n = ::recv(fd, room.data(), room.size(), 0);
    if (n <= 0) give_up(server.name(), "closed the connection");
    got.append(room.data(), static_cast<std::size_t>(n));
    const std::size_t head = got.find(blank_line);
    const std::size_t field = std::min(got.find("ontent-Length: "), got.find("ontent-length: "));
    if (head == got.npos || field == got.npos) continue;
    std::size_t body = 0;
    const char* const digits = got.data() + field + 15;
    std::from_chars(digits, got.data() + got.size(), body);
    if (got.size() >= head + blank_line.size() + body) return got;
  }
}

struct connection {
  int fd = -1;
  std::size_t missing = 0;  // bytes of the answers under way
  measure::clock::time_point sent;
};

/// Connections that each ask, wait for all of the answer, and ask again.
class crowd {
 public:
  crowd(const child& server, const load& asked) : server_(server), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    const std::string one =
        "GET " + std::string(asked.path) + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n\r\n";
    for (std::size_t i = 0; i < asked.pipelined; ++i) request_ += one;
    connections_.resize(asked.connections);
    for (connection& each : connections_) {
      each.fd = connect_to(server);
      const std::string got = first_answer(each.fd, one, server);
      if (!got.starts_with("HTTP/1.1 200 ")) give_up(server.name(), "answered: " + got);
      if (asked.path == "/plaintext" && !got.ends_with(greeting)) give_up(server.name(), "answered: " + got);
      bytes_ = got.size() * asked.pipelined;
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &each;
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, each.fd, &event);
    }
  }
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;
  ~crowd() {
    for (const connection& each : connections_) ::close(each.fd);
    ::close(epoll_);
  }

  /// So many round trips; how long each took goes to `into` where there is one.
  void work(long rounds, std::vector<float>* into) {
    long asked = 0;
    for (connection& each : connections_) {
      if (asked < rounds) ask(each, asked);
    }
    std::array<epoll_event, 64> ready;
    for (long over = 0; over < rounds;) {
      const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 10'000);
      if (count <= 0) give_up(server_.name(), "does not answer");
      for (int i = 0; i < count; ++i) {
        connection& each = *static_cast<connection*>(ready[static_cast<std::size_t>(i)].data.ptr);
        if (!hear(each)) continue;
        ++over;
        if (into != nullptr) into->push_back(static_cast<float>(measure::nanoseconds_since(each.sent) / 1e3));
        if (asked < rounds) ask(each, asked);
      }
    }
  }

 private:
  void ask(connection& each, long& asked) {
    ++asked;
    each.missing = bytes_;
    each.sent = measure::clock::now();
    send_all(each.fd, request_, server_);
  }
  bool hear(connection& each) {
    const ssize_t n = ::recv(each.fd, room_.data(), room_.size(), MSG_DONTWAIT);
    if (n <= 0 || static_cast<std::size_t>(n) > each.missing)
      give_up(server_.name(), "gave another answer than before");
    if (each.missing == bytes_ && std::string_view(room_.data(), 13) != "HTTP/1.1 200 ") {
      give_up(server_.name(), "answered: " + std::string(room_.data(), static_cast<std::size_t>(n)));
    }
    each.missing -= static_cast<std::size_t>(n);
    return each.missing == 0;
  }

  const child& server_;
  int epoll_;
  std::string request_;
  std::size_t bytes_ = 0;
  std::vector<connection> connections_;
  std::array<char, 64 * 1024> room_;
};

}  // namespace

outcome measure_server(const subject& server, const load& asked) {
  const child process(server.name);
  measure::pin(1);
  crowd clients(process, asked);
  const long rounds = std::max(asked.requests / static_cast<long>(asked.pipelined), 1L);
  clients.work(std::min(rounds / 10 + 1, 20'000L), nullptr);
  outcome out{};
  out.round_trips_us.reserve(static_cast<std::size_t>(rounds));
  const double cpu = process.cpu_us();
  const auto start = measure::clock::now();
  clients.work(rounds, &out.round_trips_us);
  const double requests = static_cast<double>(rounds) * static_cast<double>(asked.pipelined);
  out.wall_us = measure::nanoseconds_since(start) / 1e3 / requests;
  out.server_cpu_us = (process.cpu_us() - cpu) / requests;
  std::sort(out.round_trips_us.begin(), out.round_trips_us.end());
  return out;
}

double idle_kibibytes(const subject& server, std::size_t connections) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  const child process(server.name);
  const crowd few(process, {.connections = 64});
  const double before = process.resident_kibibytes();
  const crowd many(process, {.connections = connections});
  return process.resident_kibibytes() - before;
}

int serve(std::string_view name, int pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  measure::pin(0);
  for (const subject& each : subjects()) {
    if (each.name == name) each.serve(announcement(pipe));
  }
  return 1;
}

const std::vector<subject>& subjects() {
  static const std::vector<subject> all = [] {
    std::vector<subject> found;
    for (auto group : {ours, floors, asio_server, beast_server, installed_servers}) {
      for (const subject& each : group()) found.push_back(each);
    }
    return found;
  }();
  return all;
}

void announcement::operator()(std::uint16_t port) const noexcept {
  (void)!::write(pipe_, &port, sizeof port);
  ::close(pipe_);
}

listener listen_on_loopback(bool blocking) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&at), size) != 0 || ::listen(fd, 4096) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    std::_Exit(1);
  }
  return {fd, ntohs(at.sin_port)};
}

}  // namespace serving
