// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/detail/bell.hpp>
#include <tenon/core/detail/frame.hpp>
#include <tenon/core/detail/promise.hpp>
#include <tenon/core/environment.hpp>
#include <tenon/pipeline/detail/health.hpp>
#include <tenon/pipeline/detail/joint.hpp>
#include <tenon/pipeline/detail/ticket.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <pthread.h>

namespace tenon::detail::weaving {

/// A worker of an elastic stage: what it works on, and what comes of that.
///
/// The item is moved in here before the stage's function sees it. So when the function takes too long, whoever
/// submitted the item is answered, and its ticket goes with the coroutine that it lies in; the function still has its
/// argument.
///
/// It belongs to whoever leads the stage while it is idle or has come back, and to itself from give() until it comes
/// back, by crew::comes_back(), its last touch; `late` and `disowned` are the crew's then, under its lock.
template <class Crew>
struct hand : slot {
  using in_type = typename Crew::in_type;
  using out_type = typename Crew::out_type;
  using kept_type = std::conditional_t<std::is_void_v<out_type>, bool, out_type>;

  hand(Crew& of, std::size_t place) noexcept : crew(of) { this->index = place; }
  hand(const hand&) = delete;
  hand& operator=(const hand&) = delete;

  void take(in_type&& given) noexcept {
    in.emplace(std::move(given));
    state.store(worker_state::assigned, std::memory_order_relaxed);
  }

  Crew& crew;
  ticket* item = nullptr;
  hand* after = nullptr;    // in the list of those that have come back
  hand* earlier = nullptr;  // among those at work, in the order in which they began
  hand* later = nullptr;
  time_point since{};
  bool late = false;      // the item was answered without it
  bool disowned = false;  // and nobody waits for it any more
  typename Crew::threading::template atomic<worker_state> state{worker_state::idle};
  std::optional<in_type> in;
  std::optional<kept_type> out;
#if defined(__cpp_exceptions)
  std::exception_ptr failure;
#endif
};

/// One that is a thread, which may block.
template <class Crew>
class thread_hand : public hand<Crew> {
  struct deaf {
    [[nodiscard]] static std::stop_token get_token() noexcept { return {}; }
    static void request_stop() noexcept {}
  };

 public:
  static constexpr bool may_be_disowned = true;

  using hand<Crew>::hand;

  /// Null: the system gives no thread.
  [[nodiscard]] static thread_hand* hire(Crew& crew, std::size_t place) noexcept {
    thread_hand* const made = make(crew, place);
    if (made == nullptr) return nullptr;
    ::pthread_t thread{};
    if (::pthread_create(&thread, nullptr, &thread_body, made) == 0) return made;
    delete made;
    return nullptr;
  }
  void give(typename Crew::in_type&& given) noexcept {
    this->take(std::move(given));
    wake(order::work);
  }
  /// It is idle, and leaves; it frees itself.
  void retire() noexcept { wake(order::leave); }
  void ask_to_stop() noexcept { stop_.request_stop(); }

 private:
  enum class order : unsigned char { none, work, leave };

  [[nodiscard]] static thread_hand* make(Crew& crew, std::size_t place) noexcept {
#if defined(__cpp_exceptions)
    try {
      return new thread_hand(crew, place);
    } catch (...) {
      return nullptr;
    }
#else
    return new thread_hand(crew, place);
#endif
  }

  void wake(order given) noexcept {
    const holding lock(mutex_);
    order_ = given;
    bell_.ring();
  }
  [[nodiscard]] order next_order() noexcept {
    const holding lock(mutex_);
    while (order_ == order::none) bell_.wait(mutex_);
    return std::exchange(order_, order::none);
  }

  static void* thread_body(void* its) noexcept {
    auto* const self = static_cast<thread_hand*>(its);
    Crew& crew = self->crew;
    char title[16];
    (void)std::snprintf(title, sizeof title, "%.10s/%u", crew.name(), static_cast<unsigned>(self->index % 1000));
    ::pthread_setname_np(::pthread_self(), title);
    crew.lets_roam(*self);
    while (self->next_order() == order::work) {
      self->perform();
      if (!crew.comes_back(*self)) {  // nobody is left who would join it, or knows of it
        ::pthread_detach(::pthread_self());
        delete self;
        crew.release();
        return nullptr;
      }
    }
    delete self;
    crew.leaves().join();
    return nullptr;
  }

  void perform() noexcept {
    this->state.store(worker_state::executing, std::memory_order_relaxed);
#if defined(__cpp_exceptions)
    try {
      call();
    } catch (...) {
      this->failure = std::current_exception();
    }
#else
    call();
#endif
    this->in.reset();
  }
  void call() {
    if constexpr (std::is_void_v<typename Crew::out_type>) {
      this->crew.perform(std::move(*this->in), stop_.get_token());
    } else {
      this->out.emplace(this->crew.perform(std::move(*this->in), stop_.get_token()));
    }
  }

  ::pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  bell bell_;
  order order_ = order::none;
  [[no_unique_address]] std::conditional_t<Crew::hears, std::stop_source, deaf> stop_;
};

/// The coroutine that runs a hand's items, one after the other, each in an environment of the hand.
struct drive {
  struct promise_type : frame_allocated {
    [[nodiscard]] drive get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    [[nodiscard]] static std::suspend_always initial_suspend() noexcept { return {}; }
    [[nodiscard]] static std::suspend_always final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    static void unhandled_exception() noexcept { std::terminate(); }

    environment own{std::stop_source()};
  };

  std::coroutine_handle<promise_type> handle;
};

/// One that is a coroutine, on the runtime's workers.
template <class Crew>
class task_hand : public hand<Crew> {
 public:
  static constexpr bool may_be_disowned = false;

  task_hand(Crew& of, std::size_t place) : hand<Crew>(of, place), drive_(work_through(*this).handle) {
    start_.target = drive_;
  }
  ~task_hand() { drive_.destroy(); }

  /// Null: there is no memory.
  [[nodiscard]] static task_hand* hire(Crew& crew, std::size_t place) noexcept {
#if defined(__cpp_exceptions)
    try {
      return new task_hand(crew, place);
    } catch (...) {
      return nullptr;
    }
#else
    return new task_hand(crew, place);
#endif
  }
  void give(typename Crew::in_type&& given) noexcept {
    this->take(std::move(given));
    this->crew.runtime().schedule(start_);
  }
  void retire() noexcept { delete this; }
  void ask_to_stop() noexcept { drive_.promise().own.stop.request_stop(); }

 private:
  /// Sits down until there is an item. What was done by then is reported when the coroutine is no longer running.
  class turn {
   public:
    explicit turn(task_hand& of) noexcept : of_(of) {}
    [[nodiscard]] static bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> /*self*/) noexcept { (void)of_.crew.comes_back(of_); }
    static void await_resume() noexcept {}

   private:
    task_hand& of_;
  };

  static drive work_through(task_hand& self) {
    for (;;) {
      self.state.store(worker_state::executing, std::memory_order_relaxed);
      const std::stop_token stop = self.drive_.promise().own.stop.get_token();
#if defined(__cpp_exceptions)
      try {
#endif
        if constexpr (std::is_void_v<typename Crew::out_type>) {
          co_await self.crew.begin(std::move(*self.in), stop);
        } else {
          auto&& given = co_await self.crew.begin(std::move(*self.in), stop);
          self.out.emplace(self.crew.finish(std::forward<decltype(given)>(given)));
        }
#if defined(__cpp_exceptions)
      } catch (...) {
        self.failure = std::current_exception();
      }
#endif
      self.in.reset();
      co_await turn(self);
    }
  }

  std::coroutine_handle<drive::promise_type> drive_;
  resumption start_;
};

}  // namespace tenon::detail::weaving
