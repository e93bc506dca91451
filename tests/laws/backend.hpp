// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The laws of a backend loop, for any model of backend_loop:
///
///     INSTANTIATE_TYPED_TEST_SUITE_P(mine, backend_wait_laws, testing::Types<my_backend::loop<tenon::multi_thread>>);
///     INSTANTIATE_TYPED_TEST_SUITE_P(mine, backend_io_laws, testing::Types<my_backend::loop<tenon::multi_thread>>);
///
/// backend_wait_laws holds for each loop, backend_io_laws for each that performs I/O.

#include <tenon/backend/concept.hpp>
#include <tenon/core/unique_fd.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace tenon::laws {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

inline constexpr nanoseconds for_ever{-1};
inline constexpr milliseconds patience{5000};  ///< how long a test waits for what must come

/// An operation that counts how often it ended.
struct counted : io_operation {
  counted() {
    run = [](work& item) noexcept { ++static_cast<counted&>(item).ends; };
  }
  counted(io_kind what, io_source& where, void* bytes = nullptr, std::size_t count = 0) : counted() {
    kind = what;
    source = &where;
    data = bytes;
    size = count;
  }
  int ends = 0;
};

struct fd_pair {
  unique_fd a;
  unique_fd b;
};

inline fd_pair stream_pair() {
  int fds[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  return {unique_fd{fds[0]}, unique_fd{fds[1]}};
}

inline fd_pair pipe_pair() {
  int fds[2] = {-1, -1};
  EXPECT_EQ(::pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
  return {unique_fd{fds[0]}, unique_fd{fds[1]}};
}

inline unique_fd tcp_socket() { return unique_fd{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)}; }

/// A listening socket on a free loopback port, and the address of it.
struct door {
  explicit door(int backlog = 64) : fd(tcp_socket()) {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd.get(), backlog), 0);
    EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  }
  /// A client whose handshake is done; it waits in the backlog.
  [[nodiscard]] unique_fd knock() const {
    unique_fd peer{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    EXPECT_EQ(::connect(peer.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return peer;
  }
  unique_fd fd;
  sockaddr_in address{};
};

inline fd_pair tcp_pair() {
  const door entry;
  unique_fd client = entry.knock();
  unique_fd server{::accept4(entry.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  EXPECT_GE(server.get(), 0);
  EXPECT_EQ(::fcntl(client.get(), F_SETFL, ::fcntl(client.get(), F_GETFL) | O_NONBLOCK), 0);
  return {std::move(client), std::move(server)};
}

inline void put(int fd, std::string_view bytes) {
  ASSERT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}

/// Fills a stream until the kernel takes no more; gives how much that was.
inline std::size_t fill(int fd) {
  static const std::vector<char> bytes(1 << 16, 'x');
  std::size_t total = 0;
  for (;;) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n <= 0) break;
    total += static_cast<std::size_t>(n);
  }
  EXPECT_EQ(errno, EAGAIN);
  return total;
}

inline int open_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 4096; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

template <class L>
class backend_wait_laws : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(loop_.open()); }
  L loop_;
};
TYPED_TEST_SUITE_P(backend_wait_laws);

TYPED_TEST_P(backend_wait_laws, a_timeout_is_never_early) {
  // On a thread of its own: the kernel interrupts one (EINTR) that had an io_uring, once for each, to take leave of it.
  std::thread([&] {
    for (const nanoseconds span : {nanoseconds{100'000}, nanoseconds{1'000'000}, nanoseconds{3'300'000}}) {
      for (int i = 0; i < 10; ++i) {
        const auto before = clock::now();
        EXPECT_EQ(this->loop_.wait(span), 0U);
        const auto took = clock::now() - before;
        EXPECT_GE(took, span);
        EXPECT_LT(took, span + patience);
      }
    }
  }).join();
}

/// The one in the middle: what the machine does at its worst moment says nothing about the loop.
inline nanoseconds median(std::vector<nanoseconds> all) {
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end());
  return all[all.size() / 2];
}

TYPED_TEST_P(backend_wait_laws, a_timeout_is_on_time) {
  std::vector<nanoseconds> late;
  for (int i = 0; i < 20; ++i) {
    const auto until = clock::now() + milliseconds{1};
    for (auto now = clock::now(); now < until; now = clock::now()) this->loop_.wait(until - now);
    late.push_back(clock::now() - until);
  }
  EXPECT_LT(median(late), milliseconds{sanitized ? 50 : 10});
}

TYPED_TEST_P(backend_wait_laws, a_wake_comes_within_bounds) {
  if constexpr (wakeable_loop<TypeParam>) {
    std::vector<nanoseconds> late;
    std::atomic<int> turn{0};
    std::atomic<clock::time_point> rung{};
    constexpr int rounds = 50;
    std::thread ringer([&] {
      for (int i = 1; i <= rounds; ++i) {
        while (turn.load(std::memory_order_acquire) != i) std::this_thread::yield();
        ::poll(nullptr, 0, 1);  // it sleeps by now, mostly
        rung.store(clock::now(), std::memory_order_relaxed);
        this->loop_.wake();
      }
    });
    for (int i = 1; i <= rounds; ++i) {
      turn.store(i, std::memory_order_release);
      const auto begin = clock::now();
      do {
        this->loop_.wait(patience);
      } while (rung.load(std::memory_order_relaxed) < begin && clock::now() < begin + patience);
      late.push_back(clock::now() - rung.load(std::memory_order_relaxed));
    }
    ringer.join();
    EXPECT_LT(median(late), milliseconds{sanitized ? 50 : 10});
  }
}

TYPED_TEST_P(backend_wait_laws, a_zero_timeout_polls) {
  const auto before = clock::now();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(this->loop_.wait(nanoseconds{0}), 0U);
  EXPECT_LT(clock::now() - before, patience);
}

TYPED_TEST_P(backend_wait_laws, a_wake_before_a_wait_ends_it) {
  if constexpr (wakeable_loop<TypeParam>) {
    for (int i = 0; i < 100; ++i) {
      this->loop_.wake();
      this->loop_.wake();
      EXPECT_EQ(this->loop_.wait(for_ever), 0U);
    }
  }
}

TYPED_TEST_P(backend_wait_laws, wakes_from_other_threads_are_never_lost) {
  if constexpr (wakeable_loop<TypeParam>) {
    // Two threads post and wake; now and then they wait until the loop has caught up, so that it sleeps in between.
    constexpr int each = sanitized ? 1'500 : 10'000;
    std::atomic<int> posted{0};
    std::atomic<int> taken{0};
    const auto post = [&](int rhythm) {
      for (int i = 0; i < each; ++i) {
        const int mine = posted.fetch_add(1, std::memory_order_relaxed) + 1;
        this->loop_.wake();
        if (i % rhythm == 0) {
          const auto limit = clock::now() + patience;
          while (taken.load(std::memory_order_relaxed) < mine && clock::now() < limit) std::this_thread::yield();
        }
      }
    };
    std::thread one(post, 1);
    std::thread other(post, 7);
    int seen = 0;
    const auto limit = clock::now() + 4 * patience;
    while (seen < 2 * each && clock::now() < limit) {
      const auto before = clock::now();
      this->loop_.wait(patience);
      ASSERT_LT(clock::now() - before, patience) << "a wake was lost after " << seen;
      seen = posted.load(std::memory_order_relaxed);
      taken.store(seen, std::memory_order_relaxed);
    }
    one.join();
    other.join();
    EXPECT_EQ(seen, 2 * each);
  }
}

TYPED_TEST_P(backend_wait_laws, a_wake_publishes_what_was_written_before_it) {
  if constexpr (wakeable_loop<TypeParam>) {
    constexpr int rounds = sanitized ? 500 : 3'000;
    std::atomic<int> turn{0};
    int letter = 0;  // not atomic: the race detector checks the edge that wake makes
    std::thread writer([&] {
      for (int i = 1; i <= rounds; ++i) {
        while (turn.load(std::memory_order_acquire) != i - 1) std::this_thread::yield();
        letter = i;
        turn.store(-i, std::memory_order_relaxed);
        this->loop_.wake();
      }
    });
    for (int i = 1; i <= rounds; ++i) {
      const auto limit = clock::now() + patience;
      do {
        this->loop_.wait(patience);
      } while (turn.load(std::memory_order_acquire) != -i && clock::now() < limit);
      EXPECT_EQ(letter, i);
      turn.store(i, std::memory_order_release);
    }
    writer.join();
  }
}

/// Signals the thread that made it for as long as it lives. The handler does nothing, and nothing is restarted: each
/// system call that waits ends with EINTR.
class pest {
 public:
  explicit pest(int every_ms) {
    struct sigaction quiet{};
    quiet.sa_handler = [](int) {};
    EXPECT_EQ(::sigaction(SIGUSR1, &quiet, &before_), 0);
    thread_ = std::thread([this, every_ms, target = ::pthread_self()] {
      while (!over_.load()) {
        ::pthread_kill(target, SIGUSR1);
        ++signals_;
        if (every_ms != 0) {
          ::poll(nullptr, 0, every_ms);
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  pest(const pest&) = delete;
  pest& operator=(const pest&) = delete;
  ~pest() {
    over_.store(true);
    thread_.join();
    ::sigaction(SIGUSR1, &before_, nullptr);
  }
  [[nodiscard]] int signals() const { return signals_.load(); }

 private:
  struct sigaction before_{};
  std::atomic<bool> over_{false};
  std::atomic<int> signals_{0};
  std::thread thread_;
};

TYPED_TEST_P(backend_wait_laws, signals_do_no_harm) {
  const pest signals{1};
  const auto until = clock::now() + milliseconds{30};
  for (auto now = clock::now(); now < until; now = clock::now()) EXPECT_EQ(this->loop_.wait(until - now), 0U);
}

TYPED_TEST_P(backend_wait_laws, a_loop_leaves_nothing_open) {
  const int before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    TypeParam loop;
    ASSERT_TRUE(loop.open());
    loop.wait(nanoseconds{0});
    if (i % 2 == 0) {
      if constexpr (wakeable_loop<TypeParam>) loop.wake();
      loop.wait(nanoseconds{1});
    }
  }
  EXPECT_EQ(open_descriptors(), before);
  const TypeParam never_opened;
  EXPECT_TRUE(std::string_view(never_opened.note()).empty());
}

REGISTER_TYPED_TEST_SUITE_P(backend_wait_laws, a_loop_leaves_nothing_open, a_timeout_is_never_early,
                            a_timeout_is_on_time, a_wake_comes_within_bounds, a_zero_timeout_polls,
                            a_wake_before_a_wait_ends_it, wakes_from_other_threads_are_never_lost,
                            a_wake_publishes_what_was_written_before_it, signals_do_no_harm);

template <class L>
class backend_io_laws : public testing::Test {
 protected:
  using source = typename L::source;

  void SetUp() override { ASSERT_TRUE(loop_.open()); }

  void attach(source& s, int fd) {
    s.fd = fd;
    const auto done = loop_.attach(s);
    ASSERT_TRUE(done) << done.error().message();
  }

  /// Waits until `over()`, as long as patience lasts; gives how many operations completed meanwhile.
  template <class Over>
  std::size_t wait_until(Over over) {
    std::size_t completed = 0;
    const auto limit = clock::now() + patience;
    while (!over() && clock::now() < limit) completed += loop_.wait(milliseconds{100});
    EXPECT_TRUE(over()) << "it did not come";
    return completed;
  }

  /// Turns of the loop in which nothing may happen.
  void idle_turns() {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(loop_.wait(milliseconds{1}), 0U);
  }

  /// An operation from beginning to end.
  std::int64_t perform(io_kind kind, io_source& s, void* data = nullptr, std::size_t size = 0) {
    counted op{kind, s, data, size};
    if (L::attempt(op) || loop_.start(op)) return op.outcome;
    EXPECT_EQ(op.ends, 0);
    wait_until([&] { return op.ends != 0; });
    EXPECT_EQ(op.ends, 1);
    return op.outcome;
  }

  /// Begins an operation that must wait.
  void begin(counted& op) {
    ASSERT_FALSE(L::attempt(op));
    ASSERT_FALSE(loop_.start(op));
  }

  void cancel_ends_it_once(counted& op) {
    loop_.wait(nanoseconds{0});
    ASSERT_EQ(op.ends, 0);
    loop_.cancel(op);
    wait_until([&] { return op.ends != 0; });
    idle_turns();
    EXPECT_EQ(op.ends, 1);
    EXPECT_EQ(op.outcome, -ECANCELED);
  }

  L loop_;
};
TYPED_TEST_SUITE_P(backend_io_laws);

TYPED_TEST_P(backend_io_laws, what_is_written_is_read) {
  for (auto make : {stream_pair, tcp_pair}) {
    const fd_pair pair = make();
    typename TestFixture::source a;
    typename TestFixture::source b;
    this->attach(a, pair.a.get());
    this->attach(b, pair.b.get());
    std::array<char, 64> room{};
    for (int i = 0; i < 50; ++i) {
      std::string message = "message " + std::to_string(i);
      ASSERT_EQ(this->perform(io_kind::write, a, message.data(), message.size()),
                static_cast<std::int64_t>(message.size()));
      ASSERT_EQ(this->perform(io_kind::read, b, room.data(), room.size()), static_cast<std::int64_t>(message.size()));
      EXPECT_EQ(std::string_view(room.data(), message.size()), message);
    }
    this->loop_.detach(a);
    this->loop_.detach(b);
  }
}

TYPED_TEST_P(backend_io_laws, a_read_waits_for_bytes) {
  const fd_pair pair = stream_pair();
  typename TestFixture::source s;
  this->attach(s, pair.a.get());
  std::array<char, 8> room{};
  for (int i = 0; i < 20; ++i) {
    counted op{io_kind::read, s, room.data(), room.size()};
    this->begin(op);
    this->idle_turns();
    EXPECT_EQ(op.ends, 0);
    put(pair.b.get(), "abc");
    EXPECT_EQ(this->wait_until([&] { return op.ends != 0; }), 1U);
    EXPECT_EQ(op.outcome, 3);
  }
  this->loop_.detach(s);
}

TYPED_TEST_P(backend_io_laws, a_full_read_finds_the_rest) {
  const fd_pair pair = stream_pair();
  typename TestFixture::source s;
  this->attach(s, pair.a.get());
  std::array<char, 4> room{};
  counted op{io_kind::read, s, room.data(), room.size()};
  this->begin(op);
  put(pair.b.get(), "abcdefghij");
  this->wait_until([&] { return op.ends != 0; });
  EXPECT_EQ(op.outcome, 4);
  EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 4);
  EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 2);
  this->loop_.detach(s);
}

TYPED_TEST_P(backend_io_laws, the_end_of_a_stream_is_read_after_its_last_bytes) {
  for (auto make : {stream_pair, tcp_pair, pipe_pair}) {
    for (const bool reads_first : {false, true}) {
      fd_pair pair = make();
      typename TestFixture::source s;
      this->attach(s, pair.a.get());
      std::array<char, 64> room{};
      counted op{io_kind::read, s, room.data(), room.size()};
      if (reads_first) this->begin(op);
      put(pair.b.get(), "last words");
      pair.b.reset();
      if (reads_first) {
        this->wait_until([&] { return op.ends != 0; });
        EXPECT_EQ(op.outcome, 10);
      } else {
        this->loop_.wait(nanoseconds{0});
        EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 10);
      }
      EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 0);
      EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 0);
      this->loop_.detach(s);
    }
  }
}

TYPED_TEST_P(backend_io_laws, backpressure_and_partial_writes_keep_every_byte) {
  for (auto make : {stream_pair, tcp_pair}) {
    const fd_pair pair = make();
    typename TestFixture::source out;
    typename TestFixture::source in;
    this->attach(out, pair.a.get());
    this->attach(in, pair.b.get());
    const int little = 1 << 16;
    ASSERT_EQ(::setsockopt(pair.a.get(), SOL_SOCKET, SO_SNDBUF, &little, sizeof little), 0);
    ASSERT_EQ(::setsockopt(pair.b.get(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little), 0);
    const std::size_t total = (sanitized ? 2U : 8U) << 20U;
    std::vector<unsigned char> sent(total);
    for (std::size_t i = 0; i < total; ++i) sent[i] = static_cast<unsigned char>(i * 2654435761U >> 13U);
    std::vector<unsigned char> got(total);
    std::size_t written = 0;
    std::size_t read = 0;
    int waits = 0;
    counted w{io_kind::write, out};
    counted r{io_kind::read, in};
    bool writing = false;
    bool reading = false;
    const auto limit = clock::now() + 4 * patience;
    while (read < total && clock::now() < limit) {
      if (!writing && written < total) {
        w.data = sent.data() + written;
        w.size = total - written;
        w.ends = 0;
        if (TypeParam::attempt(w) || this->loop_.start(w)) {
          w.ends = 1;
        } else {
          ++waits;
        }
        writing = true;
      }
      if (!reading) {
        r.data = got.data() + read;
        r.size = std::min<std::size_t>(total - read, 200'000);
        r.ends = 0;
        if (TypeParam::attempt(r) || this->loop_.start(r)) r.ends = 1;
        reading = true;
      }
      if (w.ends + r.ends == 0) this->loop_.wait(milliseconds{100});
      if (writing && w.ends == 1) {
        ASSERT_GT(w.outcome, 0);
        written += static_cast<std::size_t>(w.outcome);
        writing = false;
        w.ends = 0;
      }
      if (r.ends == 1) {
        ASSERT_GT(r.outcome, 0);
        read += static_cast<std::size_t>(r.outcome);
        reading = false;
      }
    }
    EXPECT_EQ(read, total);
    EXPECT_GT(waits, 0) << "the writer never had to wait: this tests nothing";
    EXPECT_TRUE(sent == got);
    this->loop_.detach(out);
    this->loop_.detach(in);
  }
}

TYPED_TEST_P(backend_io_laws, traffic_among_signals_loses_nothing) {
  const pest signals{0};
  const door entry;
  typename TestFixture::source listener;
  this->attach(listener, entry.fd.get());
  int rounds = 0;
  const auto limit = clock::now() + patience;
  for (; (rounds < 3 || signals.signals() < 300) && clock::now() < limit; ++rounds) {
    counted accept{io_kind::accept, listener};
    this->begin(accept);
    const unique_fd client = tcp_socket();
    typename TestFixture::source c;
    this->attach(c, client.get());
    sockaddr_in address = entry.address;
    EXPECT_EQ(this->perform(io_kind::connect, c, &address, sizeof address), 0);
    this->wait_until([&] { return accept.ends != 0; });
    ASSERT_GE(accept.outcome, 0);
    const unique_fd server{static_cast<int>(accept.outcome)};
    typename TestFixture::source s;
    this->attach(s, server.get());
    EXPECT_EQ(this->perform(io_kind::writable, c), 0);
    for (int i = 0; i < 20; ++i) {
      std::string message(static_cast<std::size_t>(1 + i * 37 % 500), static_cast<char>('a' + i));
      std::array<char, 512> room{};
      counted read{io_kind::read, s, room.data(), room.size()};
      this->begin(read);
      this->loop_.wait(nanoseconds{100'000});  // nothing has come
      EXPECT_EQ(read.ends, 0);
      EXPECT_EQ(this->perform(io_kind::write, c, message.data(), message.size()),
                static_cast<std::int64_t>(message.size()));
      this->wait_until([&] { return read.ends != 0; });
      EXPECT_EQ(std::string_view(room.data(), static_cast<std::size_t>(read.outcome)), message);
    }
    counted cancelled{io_kind::readable, s};
    this->begin(cancelled);
    this->cancel_ends_it_once(cancelled);
    this->loop_.detach(c);
    this->loop_.detach(s);
  }
  EXPECT_GE(rounds, 3);
  this->loop_.detach(listener);
}

TYPED_TEST_P(backend_io_laws, both_sides_of_a_source_wait_at_once) {
  const fd_pair pair = stream_pair();
  typename TestFixture::source s;
  this->attach(s, pair.a.get());
  fill(pair.a.get());
  std::array<char, 8> room{};
  char byte = 'w';
  counted reads{io_kind::read, s, room.data(), room.size()};
  counted writes{io_kind::write, s, &byte, 1};
  this->begin(reads);
  this->begin(writes);
  this->idle_turns();
  put(pair.b.get(), "r");
  this->wait_until([&] { return reads.ends != 0; });
  EXPECT_EQ(reads.outcome, 1);
  EXPECT_EQ(writes.ends, 0);
  std::vector<char> sink(1 << 16);
  this->wait_until([&] {
    while (::read(pair.b.get(), sink.data(), sink.size()) > 0) {
    }
    return writes.ends != 0;
  });
  EXPECT_EQ(writes.outcome, 1);
  this->loop_.detach(s);
}

TYPED_TEST_P(backend_io_laws, a_connection_is_made_and_accepted) {
  const door entry;
  typename TestFixture::source listener;
  this->attach(listener, entry.fd.get());
  for (int i = 0; i < 5; ++i) {
    counted accept{io_kind::accept, listener};
    this->begin(accept);
    const unique_fd client = tcp_socket();
    typename TestFixture::source c;
    this->attach(c, client.get());
    sockaddr_in address = entry.address;
    EXPECT_EQ(this->perform(io_kind::connect, c, &address, sizeof address), 0);
    this->wait_until([&] { return accept.ends != 0; });
    ASSERT_GE(accept.outcome, 0);
    const unique_fd server{static_cast<int>(accept.outcome)};
    EXPECT_NE(::fcntl(server.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(server.get(), F_GETFD) & FD_CLOEXEC, 0);
    char byte = 'c';
    EXPECT_EQ(this->perform(io_kind::write, c, &byte, 1), 1);
    typename TestFixture::source s;
    this->attach(s, server.get());
    EXPECT_EQ(this->perform(io_kind::read, s, &byte, 1), 1);
    this->loop_.detach(c);
    this->loop_.detach(s);
  }
  this->loop_.detach(listener);
}

TYPED_TEST_P(backend_io_laws, a_refused_connection_says_so) {
  sockaddr_in address{};
  {
    const door closed;
    address = closed.address;
  }
  const unique_fd client = tcp_socket();
  typename TestFixture::source c;
  this->attach(c, client.get());
  this->loop_.wait(nanoseconds{0});  // epoll says here that the socket, not yet connected, hung up
  EXPECT_EQ(this->perform(io_kind::connect, c, &address, sizeof address), -ECONNREFUSED);
  this->loop_.detach(c);
}

TYPED_TEST_P(backend_io_laws, several_peers_are_accepted_in_a_row) {
  const door entry;
  std::vector<unique_fd> peers;
  for (int i = 0; i < 20; ++i) peers.push_back(entry.knock());
  typename TestFixture::source listener;
  this->attach(listener, entry.fd.get());
  for (int i = 0; i < 20; ++i) {
    const unique_fd server{static_cast<int>(this->perform(io_kind::accept, listener))};
    EXPECT_GE(server.get(), 0);
  }
  this->loop_.detach(listener);
}

TYPED_TEST_P(backend_io_laws, accept_without_descriptors_left_fails_and_recovers) {
  const door entry;
  const unique_fd peer = entry.knock();
  typename TestFixture::source listener;
  this->attach(listener, entry.fd.get());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const unique_fd lowest{::fcntl(0, F_DUPFD_CLOEXEC, 0)};
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(lowest.get()) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  EXPECT_EQ(this->perform(io_kind::accept, listener), -EMFILE);
  EXPECT_EQ(this->perform(io_kind::accept, listener), -EMFILE);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const unique_fd server{static_cast<int>(this->perform(io_kind::accept, listener))};  // with no new event
  EXPECT_GE(server.get(), 0);
  this->loop_.detach(listener);
}

TYPED_TEST_P(backend_io_laws, a_cancelled_read_lets_go_of_its_buffer) {
  const fd_pair pair = stream_pair();
  typename TestFixture::source s;
  this->attach(s, pair.a.get());
  std::array<char, 8> room{};
  for (const io_kind kind : {io_kind::read, io_kind::readable}) {
    counted op{kind, s, room.data(), room.size()};
    this->begin(op);
    this->cancel_ends_it_once(op);
  }
  put(pair.b.get(), "secret");
  this->idle_turns();
  EXPECT_EQ(room, (std::array<char, 8>{}));
  EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 6);  // and nothing was lost
  this->loop_.detach(s);
}

TYPED_TEST_P(backend_io_laws, a_cancelled_read_on_a_pipe_ends) {
  const fd_pair pair = pipe_pair();
  typename TestFixture::source s;
  this->attach(s, pair.a.get());
  std::array<char, 8> room{};
  for (int turns = 0; turns < 4; ++turns) {  // at each stage of a wait
    counted op{io_kind::read, s, room.data(), room.size()};
    this->begin(op);
    for (int i = 0; i < turns; ++i) this->loop_.wait(nanoseconds{0});
    this->cancel_ends_it_once(op);
  }
  this->loop_.detach(s);
}

TYPED_TEST_P(backend_io_laws, a_cancelled_write_ends) {
  const fd_pair pair = stream_pair();
  typename TestFixture::source s;
  this->attach(s, pair.a.get());
  fill(pair.a.get());
  char byte = 'x';
  for (const io_kind kind : {io_kind::write, io_kind::writable}) {
    counted op{kind, s, &byte, 1};
    this->begin(op);
    this->cancel_ends_it_once(op);
  }
  this->loop_.detach(s);
}

TYPED_TEST_P(backend_io_laws, a_cancelled_accept_ends) {
  const door entry;
  typename TestFixture::source s;
  this->attach(s, entry.fd.get());
  counted op{io_kind::accept, s};
  this->begin(op);
  this->cancel_ends_it_once(op);
  const unique_fd peer = entry.knock();
  const unique_fd server{static_cast<int>(this->perform(io_kind::accept, s))};
  EXPECT_GE(server.get(), 0);
  this->loop_.detach(s);
}

TYPED_TEST_P(backend_io_laws, a_cancelled_connect_ends) {
  // A listener that takes nobody: when its backlog is full the kernel answers no more handshakes.
  const door entry{0};
  std::vector<unique_fd> crowd;
  for (int i = 0; i < 4; ++i) {
    crowd.push_back(tcp_socket());
    (void)::connect(crowd.back().get(), reinterpret_cast<const sockaddr*>(&entry.address), sizeof entry.address);
  }
  const unique_fd client = tcp_socket();
  typename TestFixture::source s;
  this->attach(s, client.get());
  sockaddr_in address = entry.address;
  counted op{io_kind::connect, s, &address, sizeof address};
  this->begin(op);
  this->cancel_ends_it_once(op);
  this->loop_.detach(s);
}

TYPED_TEST_P(backend_io_laws, cancelling_at_once_and_many_at_once) {
  constexpr std::size_t count = 300;
  std::vector<fd_pair> pairs;
  std::vector<typename TestFixture::source> sources(count);
  std::vector<counted> ops(count);
  std::vector<char> room(count);
  for (std::size_t i = 0; i < count; ++i) {
    pairs.push_back(stream_pair());
    this->attach(sources[i], pairs[i].a.get());
    ops[i] = counted{io_kind::read, sources[i], &room[i], 1};
    this->begin(ops[i]);
    if (i % 3 == 0) put(pairs[i].b.get(), "x");
    if (i % 2 == 0) this->loop_.cancel(ops[i]);  // before the loop had a turn
  }
  for (std::size_t i = 1; i < count; i += 2) this->loop_.cancel(ops[i]);
  this->wait_until([&] { return std::all_of(ops.begin(), ops.end(), [](const counted& op) { return op.ends != 0; }); });
  this->idle_turns();
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(ops[i].ends, 1);
    EXPECT_TRUE(ops[i].outcome == -ECANCELED || (i % 3 == 0 && ops[i].outcome == 1)) << i << ": " << ops[i].outcome;
    this->loop_.detach(sources[i]);
  }
}

TYPED_TEST_P(backend_io_laws, cancelling_what_has_ended_changes_nothing) {
  // Both complete in one turn; the first to run cancels the other.
  const fd_pair one = stream_pair();
  const fd_pair two = stream_pair();
  typename TestFixture::source a;
  typename TestFixture::source b;
  this->attach(a, one.a.get());
  this->attach(b, two.a.get());
  struct canceller : counted {
    using counted::counted;
    TypeParam* loop = nullptr;
    io_operation* other = nullptr;
    int* other_ends = nullptr;
  };
  char bytes[2] = {};
  canceller x{io_kind::read, a, &bytes[0], 1};
  canceller y{io_kind::read, b, &bytes[1], 1};
  for (auto [mine, other] : {std::pair{&x, &y}, std::pair{&y, &x}}) {
    mine->loop = &this->loop_;
    mine->other = other;
    mine->other_ends = &other->ends;
    mine->run = [](work& item) noexcept {
      auto& self = static_cast<canceller&>(item);
      ++self.ends;
      if (*self.other_ends == 0) self.loop->cancel(*self.other);
    };
    this->begin(*mine);
  }
  this->loop_.wait(nanoseconds{0});
  put(one.b.get(), "1");
  put(two.b.get(), "2");
  this->wait_until([&] { return x.ends != 0 && y.ends != 0; });
  this->idle_turns();
  EXPECT_EQ(x.ends, 1);
  EXPECT_EQ(y.ends, 1);
  for (const counted* op : {static_cast<counted*>(&x), static_cast<counted*>(&y)})
    EXPECT_TRUE(op->outcome == 1 || op->outcome == -ECANCELED);
  EXPECT_TRUE(x.outcome == 1 || y.outcome == 1);
  this->loop_.detach(a);
  this->loop_.detach(b);
}

TYPED_TEST_P(backend_io_laws, readable_and_writable_take_nothing) {
  const fd_pair pair = stream_pair();
  typename TestFixture::source s;
  this->attach(s, pair.a.get());
  EXPECT_EQ(this->perform(io_kind::writable, s), 0);
  counted op{io_kind::readable, s};
  this->begin(op);
  this->idle_turns();
  put(pair.b.get(), "abc");
  this->wait_until([&] { return op.ends != 0; });
  EXPECT_EQ(op.outcome, 0);
  EXPECT_EQ(this->perform(io_kind::readable, s), 0);  // and it stays so until it is read
  std::array<char, 8> room{};
  EXPECT_EQ(::read(pair.a.get(), room.data(), room.size()), 3);  // behind the loop's back
  counted again{io_kind::readable, s};
  this->begin(again);
  this->idle_turns();
  EXPECT_EQ(again.ends, 0);
  put(pair.b.get(), "d");
  this->wait_until([&] { return again.ends != 0; });
  EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 1);
  fill(pair.a.get());
  counted room_again{io_kind::writable, s};
  this->begin(room_again);
  this->idle_turns();
  std::vector<char> sink(1 << 16);
  while (::read(pair.b.get(), sink.data(), sink.size()) > 0) {
  }
  this->wait_until([&] { return room_again.ends != 0; });
  EXPECT_EQ(room_again.outcome, 0);
  this->loop_.detach(s);
}

TYPED_TEST_P(backend_io_laws, a_reset_by_the_peer_is_an_error) {
  for (const bool reads_first : {false, true}) {
    fd_pair pair = tcp_pair();
    typename TestFixture::source s;
    this->attach(s, pair.a.get());
    std::array<char, 8> room{};
    counted op{io_kind::read, s, room.data(), room.size()};
    if (reads_first) this->begin(op);
    const linger hard{1, 0};
    ASSERT_EQ(::setsockopt(pair.b.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
    pair.b.reset();
    if (reads_first) {
      this->wait_until([&] { return op.ends != 0; });
      EXPECT_EQ(op.outcome, -ECONNRESET);
    } else {
      EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), -ECONNRESET);
    }
    EXPECT_EQ(this->perform(io_kind::write, s, room.data(), room.size()), -EPIPE);  // and no SIGPIPE
    this->loop_.detach(s);
  }
}

TYPED_TEST_P(backend_io_laws, a_write_that_waits_hears_of_a_peer_that_left) {
  fd_pair pair = stream_pair();
  typename TestFixture::source s;
  this->attach(s, pair.a.get());
  fill(pair.a.get());
  char byte = 'x';
  counted op{io_kind::write, s, &byte, 1};
  this->begin(op);
  pair.b.reset();
  this->wait_until([&] { return op.ends != 0; });
  EXPECT_TRUE(op.outcome == -EPIPE || op.outcome == -ECONNRESET) << op.outcome;
  this->loop_.detach(s);
}

TYPED_TEST_P(backend_io_laws, half_a_close_leaves_the_other_half) {
  for (auto make : {stream_pair, tcp_pair}) {
    const fd_pair pair = make();
    typename TestFixture::source s;
    this->attach(s, pair.a.get());
    std::array<char, 8> room{};
    put(pair.b.get(), "hi");
    ASSERT_EQ(::shutdown(pair.b.get(), SHUT_WR), 0);
    EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 2);
    EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 0);
    EXPECT_EQ(this->perform(io_kind::write, s, room.data(), 2), 2);
    std::array<char, 8> heard{};
    EXPECT_EQ(::recv(pair.b.get(), heard.data(), heard.size(), 0), 2);
    // The writing half still waits when it must, though the reading half is over.
    fill(pair.a.get());
    counted op{io_kind::write, s, room.data(), 1};
    this->begin(op);
    this->idle_turns();
    EXPECT_EQ(op.ends, 0);
    this->loop_.cancel(op);
    this->wait_until([&] { return op.ends != 0; });
    this->loop_.detach(s);
  }
}

TYPED_TEST_P(backend_io_laws, pipes_counters_and_files_are_sources_too) {
  const fd_pair pair = pipe_pair();
  const unique_fd counter{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  const unique_fd file{::memfd_create("tenon", MFD_CLOEXEC)};
  typename TestFixture::source in;
  typename TestFixture::source out;
  typename TestFixture::source c;
  typename TestFixture::source f;
  this->attach(in, pair.a.get());
  this->attach(out, pair.b.get());
  this->attach(c, counter.get());
  this->attach(f, file.get());
  std::array<char, 8> room{};
  counted op{io_kind::read, in, room.data(), room.size()};
  this->begin(op);
  EXPECT_EQ(this->perform(io_kind::write, out, room.data(), 5), 5);
  this->wait_until([&] { return op.ends != 0; });
  EXPECT_EQ(op.outcome, 5);
  for (std::uint64_t i = 1; i < 4; ++i) {
    std::uint64_t value = 0;
    counted rings{io_kind::read, c, &value, sizeof value};
    this->begin(rings);
    this->idle_turns();
    ASSERT_EQ(::write(counter.get(), &i, sizeof i), 8);
    this->wait_until([&] { return rings.ends != 0; });
    EXPECT_EQ(rings.outcome, 8);
    EXPECT_EQ(value, i);
  }
  EXPECT_EQ(this->perform(io_kind::write, f, room.data(), 8), 8);
  EXPECT_EQ(this->perform(io_kind::writable, f), 0);
  ASSERT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
  EXPECT_EQ(this->perform(io_kind::read, f, room.data(), 5), 5);
  EXPECT_EQ(this->perform(io_kind::read, f, room.data(), 5), 3);
  EXPECT_EQ(this->perform(io_kind::read, f, room.data(), 5), 0);
  for (auto* s : {&in, &out, &c, &f}) this->loop_.detach(*s);
}

TYPED_TEST_P(backend_io_laws, datagrams_come_one_by_one) {
  int fds[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  const fd_pair pair{unique_fd{fds[0]}, unique_fd{fds[1]}};
  typename TestFixture::source s;
  this->attach(s, pair.a.get());
  std::array<char, 64> room{};
  counted op{io_kind::read, s, room.data(), room.size()};
  this->begin(op);
  for (const std::string_view letter : {"one", "three", "fifteen"}) put(pair.b.get(), letter);
  this->wait_until([&] { return op.ends != 0; });
  EXPECT_EQ(op.outcome, 3);
  EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 5);  // a short read is not an empty socket here
  EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 7);
  this->loop_.detach(s);
}

TYPED_TEST_P(backend_io_laws, messages_say_from_whom_they_come) {
  struct letter {
    explicit letter(std::string_view bytes) : part{const_cast<char*>(bytes.data()), bytes.size()} {
      head.msg_name = &address;
      head.msg_namelen = sizeof address;
      head.msg_iov = &part;
      head.msg_iovlen = 1;
    }
    sockaddr_in address{};
    iovec part;
    msghdr head{};
  };
  const unique_fd fds[2] = {unique_fd{::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)},
                            unique_fd{::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)}};
  sockaddr_in at[2]{};
  for (int i = 0; i < 2; ++i) {
    at[i].sin_family = AF_INET;
    at[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at[i];
    ASSERT_EQ(::bind(fds[i].get(), reinterpret_cast<const sockaddr*>(&at[i]), size), 0);
    ASSERT_EQ(::getsockname(fds[i].get(), reinterpret_cast<sockaddr*>(&at[i]), &size), 0);
  }
  typename TestFixture::source a;
  typename TestFixture::source b;
  this->attach(a, fds[0].get());
  this->attach(b, fds[1].get());
  char room[8] = "";
  for (int i = 0; i < 3; ++i) {
    letter into({room, sizeof room});
    counted op{io_kind::receive_message, b, &into.head, sizeof room};
    const bool at_once = TypeParam::attempt(op) || this->loop_.start(op);
    ASSERT_FALSE(at_once);
    letter out("twelve bytes");
    out.part.iov_len = i == 1 ? 12 : 3;
    out.address = at[1];
    EXPECT_EQ(this->perform(io_kind::send_message, a, &out.head, out.part.iov_len), i == 1 ? 12 : 3);
    this->wait_until([&] { return op.ends != 0; });
    EXPECT_EQ(op.outcome, i == 1 ? 8 : 3);
    EXPECT_EQ((into.head.msg_flags & MSG_TRUNC) != 0, i == 1);
    EXPECT_EQ(into.address.sin_port, at[0].sin_port);
    EXPECT_EQ(std::string_view(room, 3), "twe");
  }
  letter into({room, sizeof room});
  counted op{io_kind::receive_message, b, &into.head, sizeof room};
  this->begin(op);
  this->cancel_ends_it_once(op);
  this->loop_.detach(a);
  this->loop_.detach(b);
}

TYPED_TEST_P(backend_io_laws, files_are_worked_on_by_many_and_need_not_be_attached) {
  const unique_fd fd{::memfd_create("tenon", MFD_CLOEXEC)};
  io_source file{fd.get()};
  std::string text = "0123456789";
  file_part out{text.data(), 5};
  EXPECT_EQ(this->perform(io_kind::write_at, file, &out, text.size()), 10);
  EXPECT_EQ(this->perform(io_kind::sync, file), 0);
  EXPECT_EQ(this->perform(io_kind::sync_data, file), 0);
  char rooms[4][4]{};
  file_part parts[4];
  counted ops[4];
  for (int i = 0; i < 4; ++i) {
    parts[i] = {rooms[i], 5 + 3 * i};
    ops[i] = counted{io_kind::read_at, file, &parts[i], 3};
    if (TypeParam::attempt(ops[i]) || this->loop_.start(ops[i])) {
      ++ops[i].ends;
    }
  }
  this->wait_until([&] { return ops[0].ends + ops[1].ends + ops[2].ends + ops[3].ends == 4; });
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ops[i].outcome, i < 3 ? 3 : 1);
  EXPECT_EQ(std::string_view(rooms[1], 3), "345");
  EXPECT_EQ(std::string_view(rooms[3], 1), "9");
  file_part beyond{rooms[0], 1 << 20};
  EXPECT_EQ(this->perform(io_kind::read_at, file, &beyond, 3), 0);
  io_source none{-1};
  EXPECT_EQ(this->perform(io_kind::sync, none), -EBADF);
  // Asked to let go, it ends once, one way or the other.
  counted last{io_kind::read_at, file, &parts[0], 3};
  if (!TypeParam::attempt(last) && !this->loop_.start(last)) {
    this->loop_.cancel(last);
    this->wait_until([&] { return last.ends != 0; });
    this->idle_turns();
    EXPECT_EQ(last.ends, 1);
    EXPECT_TRUE(last.outcome == 3 || last.outcome == -ECANCELED);
  }
}

TYPED_TEST_P(backend_io_laws, urgent_data_does_not_hide_what_is_behind_it) {
  const fd_pair pair = tcp_pair();
  typename TestFixture::source s;
  this->attach(s, pair.a.get());
  std::array<char, 64> room{};
  put(pair.b.get(), "before");
  ASSERT_EQ(::send(pair.b.get(), "!", 1, MSG_OOB), 1);
  put(pair.b.get(), "behind");
  this->loop_.wait(nanoseconds{0});
  EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 6);
  EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 6);
  this->loop_.detach(s);
}

TYPED_TEST_P(backend_io_laws, ten_thousand_descriptors) {
  constexpr std::size_t wanted = 10'000;
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit before = limit;
  if (limit.rlim_cur < wanted + 100 && limit.rlim_max >= wanted + 100) {
    limit.rlim_cur = wanted + 100;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  const std::size_t count = limit.rlim_cur >= wanted + 100 ? wanted : 500;
  struct station {
    unique_fd fd;
    typename TestFixture::source source;
    std::uint64_t value = 0;
    counted op;
  };
  const auto stations = std::make_unique<station[]>(count);
  for (std::size_t i = 0; i < count; ++i) {
    station& s = stations[i];
    s.fd.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    ASSERT_GE(s.fd.get(), 0);
    this->attach(s.source, s.fd.get());
    s.op = counted{io_kind::read, s.source, &s.value, sizeof s.value};
    this->begin(s.op);
  }
  std::size_t ended = this->loop_.wait(nanoseconds{0});
  EXPECT_EQ(ended, 0U);
  for (std::size_t i = 0; i < count; i += 2) {
    const std::uint64_t value = i + 1;
    ASSERT_EQ(::write(stations[i].fd.get(), &value, sizeof value), 8);
  }
  ended = this->wait_until([&, total = std::size_t{0}]() mutable {
    total = 0;
    for (std::size_t i = 0; i < count; i += 2) total += static_cast<std::size_t>(stations[i].op.ends);
    return total == count / 2;
  });
  EXPECT_EQ(ended, count / 2);
  for (std::size_t i = 1; i < count; i += 2) this->loop_.cancel(stations[i].op);
  this->wait_until([&] {
    for (std::size_t i = 1; i < count; i += 2)
      if (stations[i].op.ends == 0) return false;
    return true;
  });
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(stations[i].op.ends, 1);
    EXPECT_EQ(stations[i].op.outcome, i % 2 == 0 ? 8 : -ECANCELED);
    EXPECT_EQ(stations[i].value, i % 2 == 0 ? i + 1 : 0);
    this->loop_.detach(stations[i].source);
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  if (count < wanted) GTEST_SKIP() << "only " << count << " descriptors: RLIMIT_NOFILE does not allow " << wanted;
}

TYPED_TEST_P(backend_io_laws, a_source_and_its_number_are_used_again) {
  typename TestFixture::source s;
  std::array<char, 8> room{};
  for (int i = 0; i < 200; ++i) {
    const fd_pair pair = i % 2 == 0 ? stream_pair() : tcp_pair();
    const unique_fd twin{::dup(pair.a.get())};  // keeps the description alive past our close
    this->attach(s, pair.a.get());
    counted op{io_kind::read, s, room.data(), room.size()};
    this->begin(op);
    if (i % 3 == 0) {
      this->loop_.cancel(op);
    } else {
      put(pair.b.get(), "x");
    }
    this->wait_until([&] { return op.ends != 0; });
    EXPECT_EQ(op.outcome, i % 3 == 0 ? -ECANCELED : 1);
    this->loop_.detach(s);
  }
  this->idle_turns();
}

TYPED_TEST_P(backend_io_laws, a_completion_may_detach_another_source_that_is_ready) {
  struct detacher : counted {
    using counted::counted;
    TypeParam* loop = nullptr;
    std::unique_ptr<typename TestFixture::source>* victims = nullptr;
  };
  for (int i = 0; i < 20; ++i) {
    const fd_pair pair = stream_pair();
    const fd_pair left = stream_pair();
    const fd_pair right = stream_pair();
    std::unique_ptr<typename TestFixture::source> victims[2];
    typename TestFixture::source s;
    char byte = 0;
    for (int v = 0; v < 2; ++v) victims[v] = std::make_unique<typename TestFixture::source>();
    this->attach(*victims[0], left.a.get());
    this->attach(s, pair.a.get());
    this->attach(*victims[1], right.a.get());
    for (auto& victim : victims) {  // idle, and known to be empty
      counted op{io_kind::read, *victim, &byte, 1};
      this->begin(op);
      this->loop_.cancel(op);
      this->wait_until([&] { return op.ends != 0; });
    }
    detacher op{io_kind::read, s, &byte, 1};
    op.loop = &this->loop_;
    op.victims = victims;
    op.run = [](work& item) noexcept {
      auto& self = static_cast<detacher&>(item);
      ++self.ends;
      for (int v = 0; v < 2; ++v) {
        self.loop->detach(*self.victims[v]);
        self.victims[v].reset();
      }
    };
    this->begin(op);
    put(left.b.get(), "l");
    put(pair.b.get(), "m");
    put(right.b.get(), "r");
    this->wait_until([&] { return op.ends != 0; });
    this->idle_turns();
    this->loop_.detach(s);
  }
}

TYPED_TEST_P(backend_io_laws, a_completion_may_start_the_next_operation) {
  // Two ends of a connection play ping-pong from inside run().
  struct player : counted {
    TypeParam* loop = nullptr;
    int left = 0;
    char byte = 0;
    void serve() noexcept {
      while (left > 0) {
        kind = io_kind::write;
        data = &byte;
        size = 1;
        if (!TypeParam::attempt(*this) && !loop->start(*this)) return;
        if (!receive()) return;
      }
    }
    bool receive() noexcept {
      --left;
      kind = io_kind::read;
      return left > 0 && (TypeParam::attempt(*this) || loop->start(*this));
    }
    static void next(work& item) noexcept {
      auto& self = static_cast<player&>(item);
      if (self.kind == io_kind::write && !self.receive()) return;
      self.serve();
    }
  };
  const fd_pair pair = tcp_pair();
  typename TestFixture::source a;
  typename TestFixture::source b;
  this->attach(a, pair.a.get());
  this->attach(b, pair.b.get());
  player one;
  player two;
  one.source = &a;
  two.source = &b;
  for (player* p : {&one, &two}) {
    p->loop = &this->loop_;
    p->left = 500;
    p->run = player::next;
  }
  two.kind = io_kind::read;
  two.data = &two.byte;
  two.size = 1;
  this->begin(two);
  one.serve();
  this->wait_until([&] { return one.left == 0 && two.left == 0; });
  this->loop_.detach(a);
  this->loop_.detach(b);
}

TYPED_TEST_P(backend_io_laws, a_closed_descriptor_cannot_be_attached) {
  typename TestFixture::source s;
  {
    const fd_pair pair = stream_pair();
    s.fd = pair.a.get();
  }
  EXPECT_FALSE(this->loop_.attach(s));
  this->idle_turns();
}

TYPED_TEST_P(backend_io_laws, tries_on_another_thread_lose_no_edge) {
  if constexpr (wakeable_loop<TypeParam>) {
    // A task that was stolen reads on this thread; what would block goes home to the loop's thread, and comes back here
    // when it has ended. Meanwhile a third thread writes streams of all lengths, each ended by a FIN.
    constexpr int streams = sanitized ? 60 : 400;
    std::atomic<io_operation*> home{nullptr};
    std::atomic<int> ended{0};  // the last operation to come back
    std::atomic<bool> over{false};
    struct traveller : io_operation {
      std::atomic<int>* ended = nullptr;
      int number = 0;
    };
    std::atomic<typename TestFixture::source*> arriving{nullptr};
    std::atomic<typename TestFixture::source*> leaving{nullptr};
    std::thread keeper([&] {
      while (!over.load(std::memory_order_acquire)) {
        this->loop_.wait(milliseconds{50});
        if (auto* s = arriving.load(std::memory_order_acquire)) {
          EXPECT_TRUE(this->loop_.attach(*s));
          arriving.store(nullptr, std::memory_order_release);
        }
        if (auto* s = leaving.load(std::memory_order_acquire)) {
          this->loop_.detach(*s);
          leaving.store(nullptr, std::memory_order_release);
        }
        if (io_operation* const op = home.exchange(nullptr, std::memory_order_acq_rel)) {
          if (this->loop_.start(*op)) op->run(*op);
        }
      }
    });
    const auto enough = clock::now() + patience;  // of a machine that is busy elsewhere: fewer streams will do
    auto limit = clock::now() + patience;         // of each step by itself
    const auto in_time = [&] { return clock::now() < limit; };
    const auto ask = [&](auto& slot, auto* value) {
      limit = clock::now() + patience;
      slot.store(value, std::memory_order_release);
      this->loop_.wake();
      while (slot.load(std::memory_order_acquire) != nullptr && in_time()) std::this_thread::yield();
    };
    int returned = 0;
    for (int i = 0; i < streams && in_time() && clock::now() < enough; ++i) {
      fd_pair pair = i % 2 == 0 ? tcp_pair() : stream_pair();
      typename TestFixture::source s;
      s.fd = pair.a.get();
      ask(arriving, &s);
      const std::size_t length = static_cast<std::size_t>(i) * 37 % 2'000;
      std::thread writer([&pair, length, i] {
        const std::string bytes(length, 'b');
        for (std::size_t at = 0; at < length;) {
          const ssize_t n = ::write(pair.b.get(), bytes.data() + at, std::min<std::size_t>(length - at, 1 + at % 97));
          if (n > 0) at += static_cast<std::size_t>(n);
          if (i % 5 == 0) std::this_thread::yield();
        }
        pair.b.reset();
      });
      std::size_t got = 0;
      std::array<char, 64> room{};
      traveller op;
      op.kind = io_kind::read;
      op.source = &s;
      op.data = room.data();
      op.size = room.size();
      op.ended = &ended;
      op.run = [](work& item) noexcept {
        auto& self = static_cast<traveller&>(item);
        self.ended->store(self.number, std::memory_order_release);
      };
      while (in_time()) {
        if (!TypeParam::attempt(op)) {
          limit = clock::now() + patience;
          op.number = ++returned;
          home.store(&op, std::memory_order_release);
          this->loop_.wake();
          while (ended.load(std::memory_order_acquire) != returned && in_time()) std::this_thread::yield();
        }
        if (op.outcome <= 0) break;
        got += static_cast<std::size_t>(op.outcome);
      }
      writer.join();
      EXPECT_EQ(op.outcome, 0);
      EXPECT_EQ(got, length);
      ask(leaving, &s);
    }
    EXPECT_TRUE(in_time()) << "an edge was lost";
    over.store(true, std::memory_order_release);
    this->loop_.wake();
    keeper.join();
  }
}

TYPED_TEST_P(backend_io_laws, a_try_elsewhere_beside_an_arrival_loses_no_edge) {
  if constexpr (wakeable_loop<TypeParam>) {
    // In each round one byte arrives, and is announced, at about the moment at which another thread tries to read it.
    constexpr int rounds = sanitized ? 500 : 3'000;
    const fd_pair pair = stream_pair();
    typename TestFixture::source s;
    this->attach(s, pair.a.get());
    char byte = 0;
    counted op{io_kind::read, s, &byte, 1};  // a full read: the next try makes its call, though nothing may be there
    std::atomic<int> round{0};
    std::atomic<int> trying{0};
    std::atomic<int> ended{0};
    std::atomic<int> home{0};
    std::atomic<bool> over{false};
    // Spins at first: two threads that yield to each other stay on one core, and never meet.
    const auto until = [](auto is_so) {
      for (int i = 0; !is_so(); ++i) {
        if (i > 2'000) std::this_thread::yield();
      }
    };
    std::thread thief([&] {
      for (int i = 1; i <= rounds; ++i) {
        until([&] { return round.load(std::memory_order_acquire) >= i || over.load(std::memory_order_relaxed); });
        if (over.load(std::memory_order_relaxed)) return;
        trying.store(i, std::memory_order_release);
        (TypeParam::attempt(op) ? ended : home).store(i, std::memory_order_release);
      }
    });
    const auto enough = clock::now() + patience;  // of a machine that is busy elsewhere: fewer rounds will do
    bool is_lost = false;
    for (int i = 1; i <= rounds && !is_lost && clock::now() < enough; ++i) {
      op.ends = 0;
      round.store(i, std::memory_order_release);
      until([&] { return trying.load(std::memory_order_acquire) == i; });
      for (int spin = i * 37 % 500; spin > 0; --spin) std::atomic_signal_fence(std::memory_order_seq_cst);
      put(pair.b.get(), "x");
      this->loop_.wait(nanoseconds{0});
      until([&] { return home.load(std::memory_order_acquire) == i || ended.load(std::memory_order_acquire) == i; });
      bool has_ended = home.load(std::memory_order_relaxed) != i || this->loop_.start(op);
      for (const auto limit = clock::now() + patience; !has_ended && clock::now() < limit;) {
        this->loop_.wait(milliseconds{10});
        has_ended = op.ends != 0;
      }
      is_lost = !has_ended || op.outcome != 1;
    }
    EXPECT_FALSE(is_lost) << "an edge was lost";
    over.store(true, std::memory_order_relaxed);
    thief.join();
    if (!is_lost) this->loop_.detach(s);
  }
}

TYPED_TEST_P(backend_io_laws, what_arrives_is_read_in_order_to_the_end) {
  // Arrivals tell of bytes that the loop may hold already; reads of every size take them, none is lost or doubled.
  for (auto make : {stream_pair, tcp_pair}) {
    fd_pair pair = make();
    typename TestFixture::source s;
    this->attach(s, pair.a.get());
    std::string sent;
    std::string got;
    std::array<char, 1000> room{};
    for (std::size_t i = 1; i <= 60; ++i) {
      std::string bytes(i * 41, 'a');
      for (std::size_t k = 0; k < bytes.size(); ++k) bytes[k] = static_cast<char>('a' + (k * i) % 26);
      put(pair.b.get(), bytes);
      sent += bytes;
      ASSERT_EQ(this->perform(io_kind::arrival, s), 0);
      const std::int64_t n = this->perform(io_kind::read, s, room.data(), 1 + i * 97 % room.size());
      ASSERT_GT(n, 0);
      got.append(room.data(), static_cast<std::size_t>(n));
    }
    pair.b.reset();
    for (;;) {
      ASSERT_EQ(this->perform(io_kind::arrival, s), 0);
      const std::int64_t n = this->perform(io_kind::read, s, room.data(), room.size());
      ASSERT_GE(n, 0);
      if (n == 0) break;
      got.append(room.data(), static_cast<std::size_t>(n));
    }
    EXPECT_EQ(got, sent);
    EXPECT_EQ(this->perform(io_kind::arrival, s), 0);  // the end stays
    EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 0);
    this->loop_.detach(s);
  }
}

TYPED_TEST_P(backend_io_laws, a_cancelled_arrival_loses_no_byte) {
  const fd_pair pair = tcp_pair();
  typename TestFixture::source s;
  this->attach(s, pair.a.get());
  std::array<char, 8> room{};
  for (int i = 0; i < 8; ++i) {
    counted op{io_kind::arrival, s};
    this->begin(op);
    this->cancel_ends_it_once(op);
    put(pair.b.get(), "ab");
    if (i % 2 == 0) this->loop_.wait(nanoseconds{0});
    EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 2);
  }
  this->loop_.detach(s);
}

TYPED_TEST_P(backend_io_laws, a_number_that_is_used_again_hears_nothing_of_before) {
  typename TestFixture::source s;
  std::array<char, 8> room{};
  for (int i = 0; i < 30; ++i) {
    fd_pair pair = i % 2 == 0 ? stream_pair() : tcp_pair();
    this->attach(s, pair.a.get());
    counted op{io_kind::arrival, s};
    this->begin(op);
    if (i % 3 == 0) {
      this->loop_.cancel(op);
    } else {
      put(pair.b.get(), "old");  // it is never read
    }
    this->wait_until([&] { return op.ends != 0; });
    if (i % 5 == 0) put(pair.b.get(), "older");
    this->loop_.detach(s);
    const int number = pair.a.get();
    pair = stream_pair();  // the new one is there before the old one goes: so its number moves
    const unique_fd moved{::dup2(pair.a.get(), number)};
    this->attach(s, moved.get());
    counted next{io_kind::arrival, s};
    this->begin(next);
    this->idle_turns();
    EXPECT_EQ(next.ends, 0);
    put(pair.b.get(), "new");
    this->wait_until([&] { return next.ends != 0; });
    EXPECT_EQ(this->perform(io_kind::read, s, room.data(), room.size()), 3);
    EXPECT_EQ(std::string_view(room.data(), 3), "new");
    this->loop_.detach(s);
  }
}

REGISTER_TYPED_TEST_SUITE_P(
    backend_io_laws, what_arrives_is_read_in_order_to_the_end, a_cancelled_arrival_loses_no_byte,
    a_number_that_is_used_again_hears_nothing_of_before, a_try_elsewhere_beside_an_arrival_loses_no_edge,
    what_is_written_is_read, a_read_waits_for_bytes, a_full_read_finds_the_rest,
    the_end_of_a_stream_is_read_after_its_last_bytes, backpressure_and_partial_writes_keep_every_byte,
    both_sides_of_a_source_wait_at_once, traffic_among_signals_loses_nothing, a_connection_is_made_and_accepted,
    a_refused_connection_says_so, several_peers_are_accepted_in_a_row,
    accept_without_descriptors_left_fails_and_recovers, a_cancelled_read_lets_go_of_its_buffer,
    a_cancelled_read_on_a_pipe_ends, a_cancelled_write_ends, a_cancelled_accept_ends, a_cancelled_connect_ends,
    cancelling_at_once_and_many_at_once, cancelling_what_has_ended_changes_nothing, readable_and_writable_take_nothing,
    a_reset_by_the_peer_is_an_error, a_write_that_waits_hears_of_a_peer_that_left, half_a_close_leaves_the_other_half,
    pipes_counters_and_files_are_sources_too, datagrams_come_one_by_one, messages_say_from_whom_they_come,
    files_are_worked_on_by_many_and_need_not_be_attached, urgent_data_does_not_hide_what_is_behind_it,
    ten_thousand_descriptors, a_source_and_its_number_are_used_again,
    a_completion_may_detach_another_source_that_is_ready, a_completion_may_start_the_next_operation,
    a_closed_descriptor_cannot_be_attached, tries_on_another_thread_lose_no_edge);

}  // namespace tenon::laws
