// SPDX-License-Identifier: BSL-1.0
#include "cases.hpp"

#include <tenon/core/timer.hpp>

#define ASIO_STANDALONE
#if __has_include(<asio.hpp>)
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#define HAS_ASIO
#endif
#if __has_include(<uv.h>) && TENON_WITH_LIBUV
#include <uv.h>
#define HAS_LIBUV
#endif

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

/// Delays that a sequence of the same seed gives all sides, from one to sixty seconds.
struct delays {
  std::uint64_t state = 1;
  std::chrono::nanoseconds next() {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return 1s + std::chrono::nanoseconds((state >> 30) % 59'000'000'000U);
  }
};

/// A crowd of timers; each of the three makes and takes `count` of them and says what one cost. `expire` counts what it
/// takes to run those that are due, and not to set them.
class ours {
 public:
  explicit ours(std::size_t pending) : timers_(pending) {}

  double insert() {
    const auto start = measure::clock::now();
    for (tenon::timer& each : timers_) {
      each.deadline = base_ + delays_.next();
      queue_.arm(each);
    }
    const double spent = measure::nanoseconds_since(start);
    for (tenon::timer& each : timers_) queue_.disarm(each);
    return spent / double(timers_.size());
  }
  double cancel_and_insert(long count) {
    if (queue_.empty()) {
      for (tenon::timer& each : timers_) {
        each.deadline = base_ + delays_.next();
        queue_.arm(each);
      }
    }
    const auto start = measure::clock::now();
    for (long i = 0; i < count; ++i) {
      tenon::timer& each = timers_[static_cast<std::size_t>(i) * 7'919 % timers_.size()];
      queue_.disarm(each);
      each.deadline = base_ + delays_.next();
      queue_.arm(each);
    }
    return measure::nanoseconds_since(start) / double(count);
  }
  double expire() {
    for (tenon::timer& each : timers_) {
      each.deadline = base_ + delays_.next();
      queue_.arm(each);
    }
    const auto start = measure::clock::now();
    std::size_t over = 0;
    while (queue_.pop_due(base_ + 61s) != nullptr) ++over;
    measure::keep(over);
    return measure::nanoseconds_since(start) / double(timers_.size());
  }

 private:
  std::vector<tenon::timer> timers_;
  tenon::timer_queue queue_;
  delays delays_;
  tenon::time_point base_ = std::chrono::steady_clock::now();
};

#if defined(HAS_ASIO)

class asios {
 public:
  explicit asios(std::size_t pending) {
    timers_.reserve(pending);
    for (std::size_t i = 0; i < pending; ++i) timers_.emplace_back(context_);
  }

  double insert() {
    const auto start = measure::clock::now();
    for (auto& each : timers_) set(each, delays_.next());
    const double spent = measure::nanoseconds_since(start);
    for (auto& each : timers_) each.cancel();
    context_.restart();
    context_.poll();
    return spent / double(timers_.size());
  }
  double cancel_and_insert(long count) {
    if (!set_) {
      for (auto& each : timers_) set(each, delays_.next());
      set_ = true;
    }
    const auto start = measure::clock::now();
    for (long i = 0; i < count; ++i) {
      set(timers_[static_cast<std::size_t>(i) * 7'919 % timers_.size()], delays_.next());
      if (i % 1'000 == 999) context_.poll();  // calls what was cancelled
    }
    return measure::nanoseconds_since(start) / double(count);
  }
  double expire() {
    for (auto& each : timers_) set(each, delays_.next() / 1'000'000);
    std::this_thread::sleep_for(1ms);
    const auto start = measure::clock::now();
    context_.restart();
    while (context_.poll() != 0) {
    }
    return measure::nanoseconds_since(start) / double(timers_.size());
  }

 private:
  void set(asio::steady_timer& each, std::chrono::nanoseconds after) {
    each.expires_after(after);
    each.async_wait([](asio::error_code) {});
  }

  asio::io_context context_{1};
  std::vector<asio::steady_timer> timers_;
  delays delays_;
  bool set_ = false;
};

#endif

#if defined(HAS_LIBUV)

class uvs {
 public:
  explicit uvs(std::size_t pending) : timers_(pending) {
    uv_loop_init(&loop_);
    for (uv_timer_t& each : timers_) uv_timer_init(&loop_, &each);
  }

  double insert() {
    const auto start = measure::clock::now();
    for (uv_timer_t& each : timers_) set(each);
    const double spent = measure::nanoseconds_since(start);
    for (uv_timer_t& each : timers_) uv_timer_stop(&each);
    return spent / double(timers_.size());
  }
  double cancel_and_insert(long count) {
    if (!set_) {
      for (uv_timer_t& each : timers_) set(each);
      set_ = true;
    }
    const auto start = measure::clock::now();
    for (long i = 0; i < count; ++i) set(timers_[static_cast<std::size_t>(i) * 7'919 % timers_.size()]);
    return measure::nanoseconds_since(start) / double(count);
  }
  double expire() {
    for (uv_timer_t& each : timers_) uv_timer_start(&each, [](uv_timer_t*) {}, delays_.next() / 1h, 0);
    const auto start = measure::clock::now();
    uv_run(&loop_, UV_RUN_NOWAIT);
    return measure::nanoseconds_since(start) / double(timers_.size());
  }

 private:
  void set(uv_timer_t& each) {
    uv_timer_start(&each, [](uv_timer_t*) {}, static_cast<std::uint64_t>(delays_.next() / 1ms), 0);
  }

  uv_loop_t loop_{};
  std::vector<uv_timer_t> timers_;
  delays delays_;
  bool set_ = false;
};

#endif

/// A crowd for each question, made when it is first asked: a million of Asio's take their time.
template <class Crowd, class Ask>
auto asking(std::size_t pending, Ask ask) {
  return [pending, ask, crowd = std::shared_ptr<Crowd>()](long count) mutable {
    if (crowd == nullptr) crowd = std::make_shared<Crowd>(pending);
    return ask(*crowd, count);
  };
}

template <class Ask>
void add(measure::suite& suite, const std::string& name, long items, std::size_t pending, Ask ask) {
  auto& one = suite.add(name, "ns a timer", items);
  one.rounds(pending > 1'000 ? 5 : 11);
  one.ours("tenon", asking<ours>(pending, ask));
#if defined(HAS_ASIO)
  one.peer("Asio", asking<asios>(pending, ask));
#endif
#if defined(HAS_LIBUV)
  one.peer("libuv", asking<uvs>(pending, ask));
#endif
}

}  // namespace

void add_timer_cases(measure::suite& suite) {
  for (const std::size_t pending : {std::size_t{1'000}, std::size_t{1'000'000}}) {
    const std::string with = pending == 1'000 ? "timers, 1,000: " : "timers, 1,000,000: ";
    const long all = static_cast<long>(pending);
    add(suite, with + "insert", all, pending, [](auto& crowd, long) { return crowd.insert(); });
    add(suite, with + "cancel and insert", 200'000, pending,
        [](auto& crowd, long count) { return crowd.cancel_and_insert(count); });
    add(suite, with + "expire", all, pending, [](auto& crowd, long) { return crowd.expire(); });
  }
}
