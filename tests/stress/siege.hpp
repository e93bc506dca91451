// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

// Those who besiege a server: plain blocking sockets in a process of their own, for what they hold is not the server's.

namespace siege {

/// How many of each; how long the server says that it waits.
struct plan {
  long half_open = 300;
  long silent = 40;
  long refused = 10;  ///< of each sort
  long body_bytes = 16 << 20;
  long unread = 16;
  long resets = 240;
};

/// What both processes see. The attackers write, all but `ports`, `may_go_on`.
struct findings {
  std::atomic<std::uint32_t> ports{0};  ///< of the patient site and, above, of the hasty one
  std::atomic<bool> may_go_on{false};
  std::atomic<long> progress{0};
  std::atomic<bool> all_are_open{false};  ///< the half-open ones, which wait for may_go_on
  std::atomic<bool> nobody_reads{false};  ///< and wait for may_go_on as well
  std::atomic<long> told_408{0};
  std::atomic<long> closed_in_silence{0};
  std::atomic<long> dripped{0};
  std::atomic<long> refusals{0};
  std::atomic<long> cut_off{0};
  std::atomic<long> wrong{0};
  char first_wrong[300] = {};

  void complain(const char* form, ...) noexcept __attribute__((format(printf, 2, 3))) {
    if (wrong.fetch_add(1) != 0) return;
    std::va_list all;
    va_start(all, form);
    std::vsnprintf(first_wrong, sizeof first_wrong, form, all);
    va_end(all);
  }
};

class client {
 public:
  /// From one of eight addresses, for a port is one of 28,000. `window`: of what it takes in unread.
  explicit client(std::uint16_t port, long number = 0, int window = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    const timeval patience{20, 0};
    ::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (window != 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(number % 8));
    (void)::bind(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) close();
  }
  client(client&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  client& operator=(client&&) = delete;
  ~client() { close(); }

  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void reset() noexcept {
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

  /// Whether all was taken.
  bool say(std::string_view text, int how = 0) const noexcept {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | how);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  /// What comes until the end, `most` bytes of it.
  [[nodiscard]] std::string hear(std::size_t most = 4096) const {
    std::string heard;
    char room[4096];
    while (heard.size() < most) {
      const ssize_t n = ::recv(fd_, room, std::min(sizeof room, most - heard.size()), 0);
      if (n <= 0) break;
      heard.append(room, static_cast<std::size_t>(n));
    }
    return heard;
  }

 private:
  int fd_;
};

class attack {
 public:
  attack(const plan& numbers, findings& found) noexcept : plan_(numbers), found_(found) {}

  void run() {
    while (found_.ports.load() == 0) ::poll(nullptr, 0, 1);
    patient_ = static_cast<std::uint16_t>(found_.ports.load());
    hasty_ = static_cast<std::uint16_t>(found_.ports.load() >> 16U);
    open_half();
    keep_silent();
    send_bombs();
    send_a_large_body();
    read_nothing();
    storm_with_resets();
  }

 private:
  void wait_for_leave() const {
    while (!found_.may_go_on.exchange(false)) ::poll(nullptr, 0, 1);
  }
  client dial(std::uint16_t port, long number, int window = 0) const {
    client made(port, number, window);
    if (!made.is_open()) found_.complain("connection %ld: %s", number, std::strerror(errno));
    found_.progress.fetch_add(1);
    return made;
  }

  /// Slowloris: heads that begin, and then a byte now and then buys no time.
  void open_half() {
    std::vector<client> all;
    for (long i = 0; i < plan_.half_open; ++i) all.push_back(dial(patient_, i));
    found_.all_are_open.store(true);
    wait_for_leave();
    std::vector<pollfd> ears;
    for (const client& each : all) {
      ears.push_back({each.fd(), POLLIN, 0});
      if (!each.say("GET / HTTP/1.1\r\nHost: h\r\nX: ")) found_.complain("a head could not be begun");
    }
    for (std::size_t round = 0, left = ears.size(); left != 0; ++round) {
      (void)::poll(ears.data(), ears.size(), 20);
      for (std::size_t i = 0; i < ears.size(); ++i) {
        if (ears[i].fd < 0) continue;
        if (ears[i].revents != 0) {
          const std::string answer = all[i].hear();
          if (answer.starts_with("HTTP/1.1 408 ")) {
            found_.told_408.fetch_add(1);
          } else {
            found_.complain("a slow head was told \"%.40s\"", answer.c_str());
          }
          found_.progress.fetch_add(1);
          all[i].close();
          ears[i].fd = -1;
          --left;
        } else if ((i + round) % 16 == 0 && all[i].say("x", MSG_DONTWAIT)) {
          found_.dripped.fetch_add(1);
        }
      }
    }
  }

  /// Who never says anything is closed without a word.
  void keep_silent() {
    std::vector<client> all;
    for (long i = 0; i < plan_.silent; ++i) all.push_back(dial(hasty_, i));
    for (const client& each : all) {
      const std::string answer = each.hear();
      if (!answer.empty()) found_.complain("who was silent was told \"%.40s\"", answer.c_str());
      found_.closed_in_silence.fetch_add(1);
      found_.progress.fetch_add(1);
    }
  }

  void expect(std::string_view text, const char* answer) {
    const client peer = dial(patient_, 0);
    (void)peer.say(text);
    const std::string heard = peer.hear();
    if (heard.starts_with(std::string("HTTP/1.1 ") + answer)) {
      found_.refusals.fetch_add(1);
    } else {
      found_.complain("instead of %s: \"%.40s\"", answer, heard.c_str());
    }
  }
  void send_bombs() {
    const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
    const std::string put = "PUT /echo HTTP/1.1\r\nHost: h\r\n";
    std::string lines = head;
    for (int i = 0; i < 101; ++i) lines += "A" + std::to_string(i) + ": b\r\n";
    const std::string chunked = put + "Transfer-Encoding: chunked\r\n\r\n";
    for (long i = 0; i < plan_.refused; ++i) {
      expect(head + "X: " + std::string(60'000, 'y'), "431");
      expect(lines, "431");
      expect("GET /" + std::string(20'000, 'y'), "414");
      expect(put + "Content-Length: 99999999999\r\n\r\n", "413");
      expect(chunked + "7fffffff\r\n", "413");
      expect(chunked + "1;" + std::string(5'000, 'y'), "400");
      expect(chunked + "1\r\nx\r\n0\r\n" + std::string(20'000, 'y'), "431");
      // One that does not stop is cut off, and may not see why.
      const client peer = dial(patient_, i);
      bool taken = peer.say(head);
      for (int line = 0; taken && line < 1'000'000; ++line) taken = peer.say("X: " + std::string(60, 'y') + "\r\n");
      if (taken) found_.complain("a head of 60 MB was taken");
      found_.cut_off.fetch_add(1);
    }
  }

  void send_a_large_body() {
    const client peer = dial(patient_, 0);
    const std::string size = std::to_string(plan_.body_bytes);
    bool taken = peer.say("PUT /sink HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " + size + "\r\n\r\n");
    const std::string piece(1 << 20, 'b');
    for (long sent = 0; taken && sent < plan_.body_bytes; sent += 1 << 20) {
      taken = peer.say(piece);
      found_.progress.fetch_add(1);
    }
    const std::string heard = peer.hear();
    if (!heard.ends_with("\r\n\r\n" + size)) found_.complain("a large body: \"%.250s\"", heard.c_str());
  }

  /// The server gives them up while they hold on.
  void read_nothing() {
    std::vector<client> all;
    std::string many;
    for (int i = 0; i < 64; ++i) many += "GET /large HTTP/1.1\r\nHost: h\r\n\r\n";
    for (long i = 0; i < plan_.unread; ++i) {
      all.push_back(dial(patient_, i, 4096));
      (void)all.back().say(i % 2 == 0 ? std::string_view("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n") : many);
    }
    found_.nobody_reads.store(true);
    wait_for_leave();
  }

  void storm_with_resets() {
    char room[4096];
    for (long i = 0; i < plan_.resets; ++i) {
      client peer = dial(patient_, i);
      switch (i % 8) {
        case 0: break;
        case 1: (void)peer.say("GET / HTTP/1.1\r\nHo"); break;
        case 2: (void)peer.say("PUT /sink HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nbegun"); break;
        case 3: (void)peer.say("GET /large HTTP/1.1\r\nHost: h\r\n\r\n"); break;
        case 4:
          (void)peer.say("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n");
          (void)::recv(peer.fd(), room, sizeof room, 0);
          break;
        case 5:
          (void)peer.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
          (void)::recv(peer.fd(), room, sizeof room, 0);
          break;
        case 6:
          for (int n = 0; n < 100; ++n) (void)peer.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
          break;
        default:
          (void)peer.say("PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nbegun");
          ::shutdown(peer.fd(), SHUT_WR);
      }
      peer.reset();
    }
  }

  plan plan_;
  findings& found_;
  std::uint16_t patient_ = 0;
  std::uint16_t hasty_ = 0;
};

/// The process they run in.
class camp {
 public:
  explicit camp(const plan& numbers)
      : found_(::new(::mmap(nullptr, sizeof(findings), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
                   findings()),
        process_(::fork()) {
    if (process_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    attack(numbers, *found_).run();
    ::_exit(0);
  }
  camp(const camp&) = delete;
  camp& operator=(const camp&) = delete;
  ~camp() {
    if (!has_left()) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, &status_, 0);
    }
    ::munmap(found_, sizeof(findings));
  }

  [[nodiscard]] findings& found() const noexcept { return *found_; }
  [[nodiscard]] bool has_left() noexcept {
    left_ = left_ || ::waitpid(process_, &status_, WNOHANG) == process_;
    return left_;
  }
  [[nodiscard]] bool has_left_well() noexcept { return has_left() && WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }

 private:
  findings* found_;
  pid_t process_;
  int status_ = 0;
  bool left_ = false;
};

/// Who asks as one should, again and again, by a thread of its own: how long the answers took.
class guest {
 public:
  explicit guest(std::uint16_t port)
      : thread_([this, port] {
          std::unique_ptr<client> kept;
          for (long i = 0; !over_.load(); ++i) {
            const auto begin = std::chrono::steady_clock::now();
            if (!kept || i % 4 == 0) kept = std::make_unique<client>(port);
            const bool said = kept->is_open() && kept->say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            const std::string answer = said ? kept->hear(answer_bytes) : "";
            if (!answer.starts_with("HTTP/1.1 200 OK") || !answer.ends_with("\r\n\r\nroot")) {
              ++unserved_;
              kept.reset();
            }
            took_.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
            ::poll(nullptr, 0, 2);
          }
          std::sort(took_.begin(), took_.end());
          left_.store(true);
        }) {}
  guest(const guest&) = delete;
  guest& operator=(const guest&) = delete;
  ~guest() {
    bid_farewell();
    thread_.join();
  }

  void bid_farewell() noexcept { over_.store(true); }
  [[nodiscard]] bool has_left() const noexcept { return left_.load(); }
  // after that
  [[nodiscard]] const std::vector<double>& took() const noexcept { return took_; }
  [[nodiscard]] long unserved() const noexcept { return unserved_; }

 private:
  static constexpr std::size_t answer_bytes =
      std::string_view(
          "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
          "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n\r\nroot")
          .size();

  std::vector<double> took_;
  long unserved_ = 0;
  std::atomic<bool> over_{false};
  std::atomic<bool> left_{false};
  std::thread thread_;
};

}  // namespace siege
