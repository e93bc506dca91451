// SPDX-License-Identifier: BSL-1.0
#include "../net/wires.hpp"
#include "storm.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace tenon_test;

template <class R>
class cancellation : public testing::Test {};
template <class Backend>
using two_of_a_backend =
    std::tuple<wired<Backend, tenon::stealing<>>, wired<Backend, tenon::fifo, tenon::single_thread>>;
using all_cancelled = as_types<decltype(std::tuple_cat(std::declval<two_of_a_backend<tenon::epoll>>(),
                                                       std::declval<two_of_a_backend<tenon::poll>>()
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                                                           ,
                                                       std::declval<two_of_a_backend<tenon::io_uring<>>>()
#endif
#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
                                                           ,
                                                       std::declval<two_of_a_backend<tenon::libuv>>()
#endif
                                                           ))>::type;
TYPED_TEST_SUITE(cancellation, all_cancelled);

enum class kind : std::uint8_t { sleep, read, write, readable, writable, accept, connect, timeout, count };
enum class end : std::uint8_t { done, cancelled, timed_out, peer, count };

constexpr std::size_t kinds = static_cast<std::size_t>(kind::count);
constexpr std::size_t ends_of_all = static_cast<std::size_t>(end::count);

/// What stands in a buffer whose operation is over: neither side of the kernel may touch it any more.
constexpr std::byte poison{0xdb};
constexpr std::byte fresh{0x11};

/// One operation, and what became of it. It stays where it is until the storm has passed over it.
struct record {
  kind what = kind::sleep;
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
  end how = end::done;
  std::size_t moved = 0;
  std::size_t drained = 0;            ///< by the peer
  bool spoilt = false;                ///< what the peer got was not what was in the buffer
  bool dated = false;                 ///< it has a deadline that will come
  tenon::unique_fd near;              ///< given to the operation
  tenon::unique_fd far;               ///< the peer's end, the storm's
  sockaddr_in to{};                   ///< whom an accept or a connect has to do with
  std::array<std::byte, 512> room{};  ///< of a read
  std::vector<std::byte> bytes;       ///< of a write
};

end sort_of(std::error_code why) {
  if (why == std::errc::operation_canceled) return end::cancelled;
  if (why == std::errc::timed_out) return end::timed_out;
  EXPECT_TRUE(why == std::errc::connection_reset || why == std::errc::broken_pipe ||
              why == std::errc::connection_refused)
      << why.message();
  return end::peer;
}

sockaddr_in address_of(int listening) {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  EXPECT_EQ(::getsockname(listening, reinterpret_cast<sockaddr*>(&at), &size), 0);
  return at;
}

tenon::unique_fd listening(int backlog) {
  tenon::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  EXPECT_EQ(::listen(fd.get(), backlog), 0);
  return fd;
}

tenon::unique_fd calling(const sockaddr_in& at) {
  tenon::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  (void)::connect(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at);
  // Closed with a reset, so that no port waits a minute for its last packets.
  const linger hard{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  return fd;
}

/// The places of the process that connects go to: one that takes them, and one whose queue is full, where they hang.
struct harbour {
  tenon::unique_fd open = listening(4096);
  tenon::unique_fd full = listening(0);
  std::vector<tenon::unique_fd> crowd;

  harbour() {
    for (int i = 0; i < 4; ++i) crowd.push_back(calling(address_of(full.get())));
  }
  /// Hangs up on those who came.
  void clear() const {
    const linger hard{1, 0};
    for (;;) {
      const tenon::unique_fd peer(::accept4(open.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!peer) return;
      ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
  }
};

/// Performs the operation of a record to its end, whatever that is, and poisons its buffers.
template <class R>
task<void> operate(R& rt, typename R::tcp_listener& door, record& of, tenon::duration limit, std::atomic<long>& ended) {
  of.begun.fetch_add(1);
  const tenon::time_point deadline = of.dated ? rt.now() + limit : tenon::never;
  std::error_code why;
  switch (of.what) {
    case kind::sleep: {
      const bool slept = co_await tenon::sleep_for(of.dated ? limit : 1h);
      if (!slept) why = std::make_error_code(std::errc::operation_canceled);
      break;
    }
    case kind::read: {
      typename R::tcp_stream stream(rt, std::move(of.near));
      const auto got = co_await stream.read_some(of.room, deadline);
      of.room.fill(poison);
      why = got.error();
      if (got) of.moved = *got;
      break;
    }
    case kind::timeout: {
      typename R::tcp_stream stream(rt, std::move(of.near));
      const auto got = co_await tenon::timeout(of.dated ? limit : 1h, stream.read_some(of.room));
      of.room.fill(poison);
      why = got.error();
      if (got) of.moved = *got;
      break;
    }
    case kind::write: {
      typename R::tcp_stream stream(rt, std::move(of.near));
      const auto got = co_await stream.write_all(of.bytes, deadline);
      std::fill(of.bytes.begin(), of.bytes.end(), poison);
      why = got.error();
      if (got) of.moved = *got;
      break;
    }
    case kind::readable: {
      typename R::tcp_stream stream(rt, std::move(of.near));
      const auto ready = co_await stream.readable(deadline);
      why = ready.error();
      break;
    }
    case kind::writable: {
      typename R::tcp_stream stream(rt, std::move(of.near));
      const auto ready = co_await stream.writable(deadline);
      why = ready.error();
      break;
    }
    case kind::accept: {
      const auto peer = co_await door.accept(deadline);
      why = peer.error();
      break;
    }
    default: {
      tenon::endpoint to("127.0.0.1", ntohs(of.to.sin_port));
      const auto stream = co_await R::tcp_stream::connect(rt, std::move(to), deadline);
      why = stream.error();
    }
  }
  of.how = why ? sort_of(why) : end::done;
  of.ended.fetch_add(1);
  ended.fetch_add(1);
}

/// The operations of one batch, and what befalls them. One task moves it: its own descriptors are touched by nobody
/// else.
class weather {
 public:
  static constexpr std::size_t batch = 100;

  weather(const harbour& of, std::uint64_t seed) : harbour_(of), meeting_(listening(16)), random_(seed) {}

  [[nodiscard]] dice& random() noexcept { return random_; }
  [[nodiscard]] record& operator[](std::size_t i) noexcept { return records_[i]; }

  /// All anew. `door_address(i)` is that of the listener which the i-th of them may accept from.
  template <class Address>
  void prepare(Address door_address) {
    records_ = std::make_unique<record[]>(batch);
    for (std::size_t i = 0; i < batch; ++i) {
      record& of = records_[i];
      of.what = static_cast<kind>(random_.below(kinds));
      of.dated = random_.below(3) == 0;
      switch (of.what) {
        case kind::sleep: break;
        case kind::accept: of.to = door_address(i); break;
        case kind::connect: of.to = address_of((random_.below(2) == 0 ? harbour_.open : harbour_.full).get()); break;
        default: connect(of);
      }
      if (of.what == kind::write) of.bytes.assign(std::size_t{32} << 10, fresh);
      if (of.what == kind::writable) {
        of.bytes.assign(std::size_t{4} << 10, fresh);
        while (::send(of.near.get(), of.bytes.data(), of.bytes.size(), MSG_NOSIGNAL) > 0) {
        }
      }
    }
  }

  /// The peer of one of them does something.
  void strike() {
    record& of = records_[random_.below(batch)];
    switch (of.what) {
      case kind::sleep: break;
      case kind::accept:
        if (!of.far) of.far = calling(of.to);
        break;
      case kind::connect:
        if (random_.below(20) == 0) harbour_.clear();
        break;
      case kind::write:
      case kind::writable:
        if (random_.below(3) == 0) {
          of.far.reset();
        } else {
          (void)drain(of, random_.below(4) == 0 ? std::size_t{1} << 20 : 3'000);
        }
        break;
      default:
        if (random_.below(3) == 0) {
          of.far.reset();
        } else {
          say(of, 1 + random_.below(600));
        }
    }
  }

  /// When all have ended: each once, and whoever held its buffer has let go of it.
  void look_back(long (&table)[kinds][ends_of_all]) {
    for (std::size_t i = 0; i < batch; ++i) {
      record& of = records_[i];
      ASSERT_EQ(of.begun.load(), 1);
      ASSERT_EQ(of.ended.load(), 1);
      ++table[static_cast<std::size_t>(of.what)][static_cast<std::size_t>(of.how)];
      EXPECT_TRUE(of.how != end::timed_out || of.dated);
      if (of.what == kind::read || of.what == kind::timeout) {
        say(of, 16);
        EXPECT_TRUE(std::all_of(of.room.begin(), of.room.end(), [](std::byte b) { return b == poison; }))
            << "written to after its end";
      }
      if (of.what == kind::write) {
        (void)drain(of, std::size_t{1} << 20);
        if (of.how == end::done && of.far) {
          EXPECT_EQ(of.moved, of.bytes.size());
          EXPECT_EQ(of.drained, of.moved);
        }
        EXPECT_FALSE(of.spoilt) << "read after its end";
      }
    }
    harbour_.clear();
  }

 private:
  /// A connection whose buffers are as small as can be.
  void connect(record& of) {
    if (random_.below(4) == 0) {
      of.far = calling(address_of(meeting_.get()));
      of.near.reset(::accept4(meeting_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    } else {
      int ends[2] = {-1, -1};
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
      of.near.reset(ends[0]);
      of.far.reset(ends[1]);
    }
    EXPECT_TRUE(of.near && of.far);
    const int little = 4'096;
    ::setsockopt(of.near.get(), SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
    ::setsockopt(of.far.get(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
  }

  static void say(record& of, std::size_t bytes) {
    const std::array<std::byte, 600> words{};
    if (of.far) (void)!::send(of.far.get(), words.data(), bytes, MSG_NOSIGNAL);
  }

  /// Takes in what has come, up to `most` bytes; notes what was not in the buffer when it was written from.
  static std::size_t drain(record& of, std::size_t most) {
    std::size_t all = 0;
    std::array<std::byte, 4'096> room{};
    while (of.far && all < most) {
      const ssize_t n = ::recv(of.far.get(), room.data(), std::min(room.size(), most - all), 0);
      if (n <= 0) break;
      all += static_cast<std::size_t>(n);
      of.spoilt = of.spoilt || std::any_of(room.begin(), room.begin() + n, [](std::byte b) { return b != fresh; });
    }
    of.drained += all;
    return all;
  }

  const harbour& harbour_;
  tenon::unique_fd meeting_;  ///< where the two ends of a connection find each other
  dice random_;
  std::unique_ptr<record[]> records_;
};

/// A thread that is no worker: it cancels what it is given.
template <class R>
class stranger {
 public:
  stranger() {
    if constexpr (R::threading::concurrent) thread_ = std::thread([this] { work(); });
  }
  ~stranger() {
    over_.store(true);
    if (thread_.joinable()) thread_.join();
  }
  /// False when it is busy, or when there can be no other thread.
  bool cancel(tenon::scope<R>& all) {
    tenon::scope<R>* nothing = nullptr;
    return R::threading::concurrent && asked_.compare_exchange_strong(nothing, &all);
  }
  [[nodiscard]] bool is_busy() const { return asked_.load() != nullptr; }

 private:
  void work() {
    while (!over_.load()) {
      if (tenon::scope<R>* const all = asked_.load()) {
        all->cancel();
        asked_.store(nullptr);
      } else {
        std::this_thread::yield();
      }
    }
  }

  std::atomic<tenon::scope<R>*> asked_{nullptr};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

template <class R>
tenon::duration moment(dice& random) {
  return std::chrono::nanoseconds(random.below(300'000));
}

/// A batch in eight scopes, each cancelled at a random moment: by this task, by another, by a thread that is no worker.
template <class R>
task<void> pass_over(R& rt, weather& over, std::vector<typename R::tcp_listener>& doors, stranger<R>& outside,
                     std::atomic<long>& ended) {
  constexpr std::size_t groups = 8;
  dice& random = over.random();
  std::vector<std::unique_ptr<tenon::scope<R>>> scopes;
  for (std::size_t i = 0; i < groups; ++i) scopes.push_back(std::make_unique<tenon::scope<R>>(rt));
  for (std::size_t i = 0; i < weather::batch; ++i) {
    scopes[i % groups]->spawn(operate<R>, std::ref(rt), std::ref(doors[i]), std::ref(over[i]), moment<R>(random),
                              std::ref(ended));
    if (random.below(10) == 0) co_await tenon::yield();
  }
  tenon::scope cancellers{rt};
  for (std::size_t events = random.below(4 * weather::batch); events > 0; --events) {
    tenon::scope<R>& one = *scopes[random.below(groups)];
    switch (random.below(100)) {
      case 0: one.cancel(); break;
      case 1: (void)outside.cancel(one); break;
      case 2:
        cancellers.spawn(
            [](tenon::scope<R>* all, tenon::duration length) -> task<void> {
              (void)co_await tenon::sleep_for(length);
              all->cancel();
            },
            &one, moment<R>(random));
        break;
      case 3: (void)co_await tenon::sleep_for(moment<R>(random)); break;
      default:
        if (random.below(3) == 0) co_await tenon::yield();
        over.strike();
    }
  }
  for (const auto& each : scopes) {
    if (!outside.cancel(*each)) each->cancel();
    if (random.below(4) == 0) co_await tenon::yield();
  }
  for (const auto& each : scopes) {
    each->cancel();
    co_await each->join();
  }
  co_await cancellers.join();
  while (outside.is_busy()) co_await tenon::yield();
}

/// The last batch belongs to the runtime itself, which ends at a random moment.
template <class R>
task<void> storm(R& rt, weather& over, std::vector<typename R::tcp_listener>& doors, stranger<R>& outside,
                 std::size_t batches, std::atomic<long>& ended, long (&table)[kinds][ends_of_all]) {
  std::vector<sockaddr_in> addresses;
  for (const auto& each : doors) addresses.push_back(address_of(each.native_handle()));
  const auto address = [&](std::size_t i) { return addresses[i]; };
  for (std::size_t i = 0; i < batches; ++i) {
    over.prepare(address);
    co_await pass_over<R>(rt, over, doors, outside, ended);
    over.look_back(table);
  }
  over.prepare(address);
  dice& random = over.random();
  for (std::size_t i = 0; i < weather::batch; ++i) {
    EXPECT_TRUE(
        rt.spawn(operate<R>, std::ref(rt), std::ref(doors[i]), std::ref(over[i]), moment<R>(random), std::ref(ended)));
  }
  for (std::size_t events = random.below(2 * weather::batch); events > 0; --events) {
    if (random.below(4) == 0) co_await tenon::yield();
    over.strike();
  }
  if (random.below(3) == 0) rt.request_stop();
}

TYPED_TEST(cancellation, storm_passes_over_each_operation_once) {
  using R = typename TypeParam::runtime;
  constexpr std::size_t batches = 10;                              // a runtime, the last its own
  const long many = is_full() ? 50'000 : size_of_storm(0, 2'000);  // a hundred thousand a backend, under ASan too
  const std::string what = "cancellation " + sentence_of<TypeParam>();
  typename R::settings how_much;
  if constexpr (R::threading::concurrent) how_much.threads = 2;
  {
    const TypeParam first{how_much};
  }  // libuv opens two descriptors for the whole process, once
  const books kept;
  const harbour places;
  std::atomic<long> ended{0};
  long table[kinds][ends_of_all] = {};
  const stopwatch watch;
  {
    const watchdog guard(what.c_str(), ended);
    for (std::uint64_t seed = 1; ended.load() < many && !testing::Test::HasFailure(); ++seed) {
      weather over(places, seed);
      TypeParam rt{how_much};
      stranger<R> outside;
      std::vector<typename R::tcp_listener> doors;
      for (std::size_t i = 0; i < weather::batch; ++i) {
        doors.push_back(R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value());
      }
      rt.run(storm<R>(rt, over, doors, outside, batches - 1, ended, table));
      over.look_back(table);
    }
  }
  long by_end[ends_of_all] = {};
  for (const auto& of_kind : table) {
    long of_all = 0;
    for (std::size_t i = 0; i < ends_of_all; ++i) {
      of_all += of_kind[i];
      by_end[i] += of_kind[i];
    }
    EXPECT_GT(of_all, 0);
  }
  for (const long each : by_end) EXPECT_GT(each, 0);
  std::printf("figure: %-42s %9ld operations: %ld done, %ld cancelled, %ld timed out, %ld ended by the peer; %.1f s\n",
              what.c_str(), ended.load(), by_end[0], by_end[1], by_end[2], by_end[3], watch.seconds());
}

}  // namespace
