// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/environment.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/core/work.hpp>
#include <tenon/queue/by_topology.hpp>

#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace fake {

using takes_ready = void (*)(tenon::loop&, tenon::work&, const tenon::environment&) noexcept;
using takes = void (*)(tenon::loop&, tenon::work&) noexcept;

constexpr tenon::loop::operations no_timers(takes_ready ready, takes pinned) {
  return {ready,
          ready,
          pinned,
          [](tenon::loop&, tenon::timer&) noexcept { std::terminate(); },
          [](tenon::loop&, tenon::timer&) noexcept { std::terminate(); },
          [](tenon::loop&) noexcept { return tenon::time_point{}; }};
}

/// The least that a fabric needs of a runtime of one thread; the test says when what runs.
template <class Queue = tenon::by_topology>
class one_thread : public tenon::loop {
 public:
  using threading = tenon::single_thread;
  using queue = Queue;

  one_thread() : loop(table, this), before_(std::exchange(tenon::detail::here().current, this)) {}
  ~one_thread() { tenon::detail::here().current = before_; }

  void schedule(tenon::work& item) noexcept { ready_.push(item); }

  /// Runs one item; false if there was none.
  bool step() {
    tenon::work* const item = ready_.pop();
    if (item != nullptr) item->run(*item);
    return item != nullptr;
  }
  void settle() {
    while (step()) {
    }
  }

 private:
  static constexpr operations table =
      no_timers([](loop& self, tenon::work& item,
                   const tenon::environment&) noexcept { static_cast<one_thread&>(self).schedule(item); },
                [](loop& self, tenon::work& item) noexcept { static_cast<one_thread&>(self).schedule(item); });

  tenon::loop* before_;
  tenon::work_list ready_;
};

/// The same with real threads, which take from one list; a worker's own items come from a list of its own.
class threads {
  struct list {
    std::mutex mutex;
    std::condition_variable some;
    tenon::work_list items;
  };
  class worker : public tenon::loop {
   public:
    explicit worker(threads& of) : loop(table(), &of), of_(of) {}
    void post(tenon::work& item) noexcept {
      const std::lock_guard hold(of_.shared_.mutex);
      own_.push(item);
      of_.shared_.some.notify_all();
    }
    void run() {
      tenon::detail::here().current = this;
      for (;;) {
        tenon::work* item = nullptr;
        {
          std::unique_lock hold(of_.shared_.mutex);
          const auto found = [&] {
            if (item = own_.pop(); item == nullptr) item = of_.shared_.items.pop();
            return item != nullptr || of_.stopping_;
          };
          of_.shared_.some.wait(hold, found);
        }
        if (item == nullptr) return;
        item->run(*item);
      }
    }

   private:
    static const operations& table() {
      static constexpr operations one =
          no_timers([](loop& self, tenon::work& item,
                       const tenon::environment&) noexcept { static_cast<worker&>(self).post(item); },
                    [](loop& self, tenon::work& item) noexcept { static_cast<worker&>(self).post(item); });
      return one;
    }

    threads& of_;
    tenon::work_list own_;
  };

 public:
  using threading = tenon::multi_thread;

  explicit threads(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) workers_.push_back(std::make_unique<worker>(*this));
    for (auto& each : workers_) threads_.emplace_back([&each] { each->run(); });
  }
  ~threads() {
    {
      const std::lock_guard hold(shared_.mutex);
      stopping_ = true;
      shared_.some.notify_all();
    }
    for (std::thread& each : threads_) each.join();
  }

  void schedule(tenon::work& item) noexcept {
    const std::lock_guard hold(shared_.mutex);
    shared_.items.push(item);
    shared_.some.notify_one();
  }
  [[nodiscard]] tenon::loop& worker_at(std::size_t index) { return *workers_[index]; }

 private:
  list shared_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<worker>> workers_;
  std::vector<std::thread> threads_;
};

/// A coroutine that starts at once, or when the loop that it is given gets to it, and frees itself.
struct job {
  struct promise_type {
    const tenon::environment* env = &tenon::detail::no_environment;

    promise_type() = default;
    template <class... Rest>
    explicit promise_type(const tenon::environment& given, Rest&&...) : env(&given) {}
    static job get_return_object() { return {}; }
    static std::suspend_never initial_suspend() noexcept { return {}; }
    static std::suspend_never final_suspend() noexcept { return {}; }
    static void return_void() {}
    static void unhandled_exception() { std::terminate(); }
  };
};

/// co_await move_to(loop): goes on there.
class move_to : tenon::work {
 public:
  explicit move_to(tenon::loop& there) : work(&resume), there_(there) {}
  static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> who) noexcept {
    who_ = who;
    there_.post(*this, tenon::detail::no_environment);
  }
  static void await_resume() noexcept {}

 private:
  static void resume(work& item) noexcept { static_cast<move_to&>(item).who_.resume(); }
  tenon::loop& there_;
  std::coroutine_handle<> who_;
};

}  // namespace fake
