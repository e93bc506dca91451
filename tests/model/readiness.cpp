// SPDX-License-Identifier: BSL-1.0

#include <tenon/backend/detail/readiness.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace {

int would_block() noexcept {
  errno = EAGAIN;  // before modelled.hpp, which takes the macro away
  return -1;
}

}  // namespace

#include "modelled.hpp"

namespace {

using tenon::model::at_random;
using tenon::model::explore;
using threads = tenon::model::threads;

/// The kernel's half: a stream with what the peer has sent, and the edges that epoll has to tell of. Whatever touches
/// the stream does so under its lock.
class stream {
 public:
  virtual void tell_loop() = 0;

  void send(int bytes, bool end) {
    lock_.lock($);
    bytes_($) += bytes;
    ended_($) = end ? 1 : 0;
    edge_($) = 1;
    lock_.unlock($);
    tell_loop();
  }
  std::int64_t receive(std::size_t room) {
    lock_.lock($);
    const int got = std::min<int>(bytes_($), static_cast<int>(room));
    const bool nothing = got == 0 && ended_($) == 0;
    bytes_($) -= got;
    lock_.unlock($);
    return nothing ? would_block() : got;
  }
  /// epoll_wait forgets the edge first, and asks what is the matter then.
  bool take_edge() {
    lock_.lock($);
    const bool had = edge_($) != 0;
    edge_($) = 0;
    lock_.unlock($);
    return had;
  }
  tenon::detail::ready_event ask() {
    lock_.lock($);
    const tenon::detail::ready_event seen{bytes_($) > 0 || ended_($) != 0, false, ended_($) != 0};
    lock_.unlock($);
    return seen;
  }
  bool has_edge() {
    lock_.lock($);
    const bool has = edge_($) != 0;
    lock_.unlock($);
    return has;
  }

 protected:
  ~stream() = default;

 private:
  rl::mutex lock_;
  rl::var<int> bytes_{0};
  rl::var<int> ended_{0};
  rl::var<int> edge_{0};
};

stream* kernel = nullptr;  // the one of the model that runs

/// A peer sends `Sends` times `Bytes` bytes and then, with the last if `EndsWithData`, the end. A reader on a thread
/// of its own reads two bytes at a time to the end: it attempts, and what would wait goes home to the loop's thread.
/// Claims: all bytes come, then the end. An edge that is lost lets all wait for ever, which is a deadlock.
template <int Sends, int Bytes, bool EndsWithData>
struct readiness : rl::test_suite<readiness<Sends, Bytes, EndsWithData>, 3>, stream {
  struct operation : tenon::io_operation {
    readiness* owner = nullptr;
  };

  tenon::detail::ready_source<threads> source;
  operation op;
  char room[2] = {};
  rl::mutex mutex;
  rl::condition_variable loops, readers;
  rl::var<int> posted{0}, through{0}, over{0};

  void before() {
    kernel = this;
    source.fd = 0;
    source.is_socket = true;
    source.is_stream = true;
    op.owner = this;
    op.source = &source;
    op.kind = tenon::io_kind::read;
    op.data = room;
    op.size = sizeof room;
    op.run = [](tenon::work& item) noexcept { static_cast<operation&>(item).owner->has_ended(); };
  }

  void thread(unsigned index) {
    if (index == 0) {
      for (int i = 1; i <= Sends; ++i) send(Bytes, EndsWithData && i == Sends);
      if (!EndsWithData) send(0, true);
    } else if (index == 1) {
      loop();
    } else {
      read_all();
    }
  }

  void read_all() {
    int bytes = 0;
    for (bool more = true; more;) {
      if (!tenon::detail::attempt_ready<threads>(op)) go_home();
      RL_ASSERT(op.outcome >= 0);
      bytes += static_cast<int>(op.outcome);
      more = op.outcome != 0;
    }
    RL_ASSERT(bytes == Sends * Bytes);
    mutex.lock($);
    over($) = 1;
    loops.notify_one($);
    mutex.unlock($);
  }
  void go_home() {
    mutex.lock($);
    posted($) = 1;
    loops.notify_one($);
    while (through($) == 0) readers.wait(mutex, $);
    through($) = 0;
    mutex.unlock($);
  }
  void has_ended() {
    mutex.lock($);
    through($) = 1;
    readers.notify_one($);
    mutex.unlock($);
  }

  void tell_loop() override {
    mutex.lock($);
    loops.notify_one($);
    mutex.unlock($);
  }
  void loop() {
    tenon::work_list done;
    for (;;) {
      mutex.lock($);
      while (posted($) == 0 && over($) == 0 && !has_edge()) loops.wait(mutex, $);
      const bool begins = posted($) != 0;
      const bool ends = over($) != 0;
      posted($) = 0;
      mutex.unlock($);
      if (take_edge()) {
        const tenon::detail::ready_event event = ask();
        if (event.inbound) tenon::detail::deliver<threads>(source, event, done);
        (void)tenon::detail::run_all(done);
      }
      if (begins && tenon::detail::start_ready<threads>(op)) op.run(op);
      if (ends) return;
    }
  }

  void after() { RL_ASSERT(source.is_idle()); }
};

}  // namespace

// The library's own call comes here.
extern "C" ssize_t recv(int /*fd*/, void* /*room*/, std::size_t size, int /*flags*/) { return kernel->receive(size); }

int main() {
  bool good = true;
  good &= explore<readiness<1, 1, true>>("readiness 1 byte with the end", 4);
  good &= explore<readiness<1, 1, false>>("readiness 1 byte, then the end", 3);
  good &= explore<readiness<1, 3, true>>("readiness 3 bytes with the end", 3);
  good &= explore<readiness<2, 1, true>>("readiness 2 x 1 byte, the last with the end", 3);
  good &= at_random<readiness<3, 1, true>>("readiness 3 x 1 byte, the last with the end", 200'000);
  good &= at_random<readiness<3, 3, false>>("readiness 3 x 3 bytes, then the end", 200'000);
  return good ? 0 : 1;
}
