// SPDX-License-Identifier: BSL-1.0
#include "cases.hpp"

#include <measure/threads.hpp>

#include <tenon/tenon.hpp>

#define ASIO_STANDALONE
#define ASIO_HAS_CO_AWAIT
#define ASIO_HAS_STD_COROUTINE
#if __has_include(<asio.hpp>)
#include <asio.hpp>
#define HAS_ASIO
#endif

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;

struct crew : tenon::runtime<tenon::epoll> {
  using runtime::runtime;
};
#if TENON_WITH_IO_URING
struct ring_crew : tenon::runtime<tenon::io_uring<>> {
  using runtime::runtime;
};
#endif

/// A runtime of one worker that runs on a thread, and CPU, of its own.
template <class R>
class running {
 public:
  running()
      : runtime_({.threads = 1}), thread_([this] {
          measure::pin(0);
          runtime_.run(wait());
        }) {
    while (!up_.load()) std::this_thread::yield();
  }
  ~running() {
    runtime_.request_stop();
    thread_.join();
  }
  template <class F>
  void post(F f) {
    runtime_.post(f);
  }

 private:
  tenon::task<void> wait() {
    up_.store(true);
    co_await tenon::sleep_for(24h);
  }

  std::atomic<bool> up_{false};
  R runtime_;
  std::thread thread_;
};

#if defined(HAS_ASIO)
class running_asio {
 public:
  running_asio()
      : keep_(asio::make_work_guard(context_)), thread_([this] {
          measure::pin(0);
          context_.run();
        }) {}
  ~running_asio() {
    context_.stop();
    thread_.join();
  }
  template <class F>
  void post(F f) {
    asio::post(context_, f);
  }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_;
  std::thread thread_;
};
#endif

/// From the post to the first instruction of what was posted, when the worker has slept for a while; and what the post
/// cost the one who made it.
struct wake_up {
  double latency_ns, post_ns;
};
template <class Running>
wake_up wake(long times) {
  measure::pin(1);
  Running worker;
  double latency = 0, post = 0;
  for (long i = 0; i < times; ++i) {
    std::this_thread::sleep_for(100us);
    std::atomic<std::int64_t> there{0};
    const auto start = measure::clock::now();
    worker.post([&there] { there.store(measure::clock::now().time_since_epoch().count()); });
    post += measure::nanoseconds_since(start);
    while (there.load() == 0) measure::pause();
    latency += double(there.load() - start.time_since_epoch().count());
  }
  return {latency / double(times), post / double(times)};
}

/// What was posted is counted by the worker alone: a line that both write would be most of what is measured.
struct countdown {
  explicit countdown(long from) : left(from) {}
  void one() {
    if (--left == 0) over.store(true);
  }
  void wait() const {
    while (!over.load()) measure::pause();
  }

  alignas(128) long left;
  alignas(128) std::atomic<bool> over{false};
};

/// Posts to a worker that runs one long item meanwhile, and then all of them.
template <class Running>
void post_to_busy(long times) {
  measure::pin(1);
  Running worker;
  countdown all(times);
  std::atomic<bool> goes_on{true};
  worker.post([&] {
    while (goes_on.load()) measure::pause();
  });
  for (long i = 0; i < times; ++i) worker.post([&] { all.one(); });
  goes_on.store(false);
  all.wait();
}

/// Posts to a worker that always has an item of its own ready too, and runs what comes as it comes.
template <class Running>
void post_to_working(long times) {
  measure::pin(1);
  std::atomic<bool> goes_on{true};
  Running worker;
  struct again {
    Running* worker;
    std::atomic<bool>* goes_on;
    void operator()() const {
      if (goes_on->load(std::memory_order_relaxed)) worker->post(*this);
    }
  };
  countdown all(times);
  worker.post(again{&worker, &goes_on});
  for (long i = 0; i < times; ++i) worker.post([&] { all.one(); });
  all.wait();
  goes_on.store(false);
}

// Connections accepted, and closed at once; the client is the same for all.

std::uint16_t port_of(int fd) {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  return ntohs(at.sin_port);
}

void connect_and_wait(std::uint16_t port, long times) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const linger at_once{1, 0};  // no port is kept in TIME_WAIT
  for (long i = 0; i < times; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) std::abort();
    ::close(fd);
  }
}

template <class R>
tenon::task<void> accept_all(R& rt, long times, std::atomic<std::uint16_t>& port) {
  auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
  port.store(door.local_endpoint().port());
  for (long i = 0; i < times; ++i) {
    const auto peer = co_await door.accept();
    if (!peer) --i;  // it has gone again
  }
}

template <class R>
void accept_with(long times) {
  measure::pin(1);
  std::atomic<std::uint16_t> port{0};
  std::thread server([&] {
    measure::pin(0);
    R rt{{.threads = 1}};
    rt.run(accept_all<R>(rt, times, port));
  });
  while (port.load() == 0) std::this_thread::yield();
  connect_and_wait(port.load(), times);
  server.join();
}

void accept_by_hand(long times) {
  measure::pin(1);
  const int door = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(door, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(door, 4096) != 0) std::abort();
  std::thread server([&] {
    measure::pin(0);
    for (long i = 0; i < times; ++i) ::close(::accept4(door, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  });
  connect_and_wait(port_of(door), times);
  server.join();
  ::close(door);
}

#if defined(HAS_ASIO)
void accept_with_asio(long times) {
  measure::pin(1);
  asio::io_context context(1);
  asio::ip::tcp::acceptor door(context, {asio::ip::address_v4::loopback(), 0});
  std::thread server([&] {
    measure::pin(0);
    asio::co_spawn(
        context,
        [](asio::ip::tcp::acceptor& from, long count) -> asio::awaitable<void> {
          for (long i = 0; i < count; ++i) {
            asio::error_code error;
            const auto peer = co_await from.async_accept(asio::redirect_error(asio::use_awaitable, error));
          }
        }(door, times),
        asio::detached);
    context.run();
  });
  connect_and_wait(door.local_endpoint().port(), times);
  server.join();
}
#endif

}  // namespace

void add_waking_cases(measure::suite& suite) {
  auto& latency = suite.add("a post to a sleeping worker, until it runs", "ns", 2'000);
  auto& cost = suite.add("a post to a sleeping worker, for its caller", "ns", 2'000);
  auto& busy = suite.add("a post to a busy worker", "ns a post, run", 1'000'000);
  auto& working = suite.add("a post to a worker with other work all along", "ns a post, run", 300'000);
  auto& accept = suite.add("accept and close", "ns a connection", 20'000);
  latency.ours("tenon, epoll", [](long times) { return wake<running<crew>>(times).latency_ns; });
  cost.ours("tenon, epoll", [](long times) { return wake<running<crew>>(times).post_ns; });
  busy.ours("tenon, epoll", post_to_busy<running<crew>>);
  working.ours("tenon, epoll", post_to_working<running<crew>>);
  accept.ours("tenon, epoll", accept_with<crew>);
#if TENON_WITH_IO_URING
  latency.ours("tenon, io_uring", [](long times) { return wake<running<ring_crew>>(times).latency_ns; });
  cost.ours("tenon, io_uring", [](long times) { return wake<running<ring_crew>>(times).post_ns; });
  accept.ours("tenon, io_uring", accept_with<ring_crew>);
#endif
  accept.peer("blocking calls", accept_by_hand);
#if defined(HAS_ASIO)
  latency.peer("Asio", [](long times) { return wake<running_asio>(times).latency_ns; });
  cost.peer("Asio", [](long times) { return wake<running_asio>(times).post_ns; });
  busy.peer("Asio", post_to_busy<running_asio>);
  working.peer("Asio", post_to_working<running_asio>);
  accept.peer("Asio", accept_with_asio);
#endif
}
