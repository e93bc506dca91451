// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/child_stack.hpp>
#include <tenon/core/detail/fork_lines.hpp>
#include <tenon/core/detail/frame.hpp>
#include <tenon/core/detail/outcome.hpp>
#include <tenon/core/environment.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/core/work.hpp>

#include <atomic>
#include <cassert>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace tenon::detail {

/// How many waits of a coroutine may be over at once before the worker gets its turn: what keeps one that always has
/// something to read from starving the others. The starts and ends of tasks count by themselves, see chain_depth.
inline constexpr unsigned transfer_depth = 128;

/// A coroutine that can be resumed as a work item.
struct resumption : work {
  std::coroutine_handle<> target;

  resumption() noexcept : work(&resume) {}
  static void resume(work& item) noexcept { static_cast<resumption&>(item).target.resume(); }
};

class branch_group;

/// Whether the end of a coroutine counts as a transfer too. It need not where each transfer is a tail call: a chain of
/// ends is no longer than that of the starts before it.
/// g++ -O1 has no tail calls, and does not say so.
#if defined(__clang__)
inline constexpr bool ends_count = transfers_nest;
#else
inline constexpr bool ends_count = true;
#endif

/// What every promise of ours has: a frame from the worker's memory, who waits for it, and its environment.
///
/// It is itself the work item by which it goes through a worker's queue, when it starts there or when a chain of
/// transfers is at its depth: once before the coroutine starts and once after it has ended, never both at a time.
struct promise_base : frame_allocated, work {
  std::coroutine_handle<> continuation;  // null until it is awaited; of a branch itself, for whoever begins it
  branch_group* group = nullptr;         // of a branch: those it was forked with
  std::uint32_t before = 0;              // and how many of them ended on its line before it
  std::uint32_t index = 0;               // and in a race, its place among them, from 1
  const environment* env;                // set by whoever starts it

  /// The work item that starts the coroutine of `promise`.
  template <class Promise>
  [[nodiscard]] static work& starting(Promise& promise) noexcept {
    promise.run = &start<Promise>;
    return promise;
  }

  /// How such an item is told from others.
  template <class Promise>
  [[nodiscard]] static work::function starting_function() noexcept {
    return &start<Promise>;
  }

  /// The handle to transfer to so that the coroutine starts: its own, or nobody's when the chain is long; then the
  /// worker starts it.
  template <class Promise>
  [[nodiscard]] static std::coroutine_handle<> enter(Promise& promise) noexcept {
    if (--here().chain == 0) [[unlikely]] {
      (void)starting(promise);
      if (promise.is_put_off()) return std::noop_coroutine();
    }
    return std::coroutine_handle<Promise>::from_promise(promise);
  }
  /// The same for going on with the one that waits for it.
  [[nodiscard]] std::coroutine_handle<> leave() noexcept {
    if constexpr (ends_count) {
      if (--here().chain == 0) [[unlikely]] {
        if (goes_on_later()) return std::noop_coroutine();
      }
    }
    return continuation;
  }

  /// How a branch is begun that waits in a queue, and how a long chain is gone on with.
  static void go_on(work& item) noexcept { static_cast<promise_base&>(item).continuation.resume(); }

 private:
  template <class Promise>
  static void start(work& item) noexcept {
    std::coroutine_handle<Promise>::from_promise(static_cast<Promise&>(item)).resume();
  }
  [[nodiscard]] TENON_DETAIL_RARE bool goes_on_later() noexcept {
    run = &go_on;
    return is_put_off();
  }
  /// The chain is at its end: the worker goes on from its ready queue. False where there is no worker.
  TENON_DETAIL_RARE bool is_put_off() noexcept {
    this_thread& thread = here();
    if (thread.current == nullptr) return false;
    thread.chain = 1;  // it stays at its end until the worker takes the next item
    thread.current->schedule(*this, *env);
    return true;
  }

  friend branch_group;
};

/// What the branches of one fork share: when_all and when_any are made of it.
///
/// The first branch begins at once, in place of the coroutine that forks; the others wait on the worker's child_stack.
/// A branch that ends looks whether one of its own is on top there, as it is when nobody has stolen it and nothing
/// waited, and is followed by it, on the same line. Who else finds a branch, a thief or the worker after the first one
/// waits for something, begins a line with it.
///
/// What needs an atomic read-modify-write is called through a pointer that the one who forks sets: each task's end
/// comes by here, and a program that forks nothing has no such instruction.
class branch_group {
 public:
  branch_group() noexcept : branch_group(&line_over) {}

  void expect(std::size_t count, std::coroutine_handle<> parent) noexcept {
    lines_.expect(static_cast<std::uint32_t>(count));
    parent_ = parent;
  }
  /// A branch is to be begun.
  template <class Promise>
  void add(Promise& branch, const environment* env) noexcept {
    branch.continuation = std::coroutine_handle<Promise>::from_promise(branch);
    branch.env = env;
    branch.group = this;
  }

  /// Begins all of them, after they were added; the last of all, because they may end while this runs. Gives where the
  /// coroutine that forks is to transfer to.
  template <class... Rest>
  [[nodiscard]] std::coroutine_handle<> begin(promise_base& first, Rest&... rest) noexcept {
    this_thread& thread = here();
    child_stack& children = *thread.children;
    if (--thread.chain == 0 || !children.has_room(sizeof...(Rest))) [[unlikely]] {
      promise_base* const all[] = {&first, &rest...};
      return begin_slowly(all, sizeof...(Rest) + 1);
    }
    push(children, rest...);
    if (children.asked()) [[unlikely]]
      share(thread);
    return first.continuation;
  }
  /// The same of any number of them: `at(i)` gives the i-th.
  template <class At>
  [[nodiscard]] std::coroutine_handle<> begin_all(std::size_t count, At at) noexcept {
    this_thread& thread = here();
    child_stack& children = *thread.children;
    const bool has_room = (&children != &no_children) && (children.has_room(count) || children.make_room(count));
    const bool is_first_put_off = --thread.chain == 0;
    const std::size_t begun = is_first_put_off ? 0 : 1;
    if (is_first_put_off) thread.chain = 1;
    std::coroutine_handle<> const first = at(0).continuation;
    if (has_room) {
      for (std::size_t i = count; i > begun; --i) children.push(at(i - 1));
      if (children.asked()) share(thread);
    } else {
      for (std::size_t i = begun; i < count; ++i) schedule(*thread.current, at(i));
    }
    return is_first_put_off ? std::noop_coroutine() : first;
  }

  /// One branch is to be begun, and the coroutine that forks goes on. `expect` counted that one too: see meet().
  void offer(promise_base& branch) noexcept {
    this_thread& thread = here();
    assert(thread.current != nullptr && "tenon::fork is awaited on a worker of a runtime");
    child_stack& children = *thread.children;
    if (&children == &no_children || (!children.has_room(1) && !children.make_room(1))) [[unlikely]] {
      return schedule(*thread.current, branch);
    }
    children.push(branch);
    if (children.asked()) [[unlikely]]
      share(thread);
  }
  /// Takes back a branch that nobody has begun, if it is the one that was offered last.
  [[nodiscard]] bool retract() noexcept {
    child_stack& children = *here().children;
    if (children.empty() || static_cast<promise_base&>(children.top()).group != this) return false;
    children.drop();
    return true;
  }
  /// The coroutine that forks has nothing more to do beside its branch. True when that has ended; else its end is
  /// followed by the coroutine.
  [[nodiscard]] bool meet() noexcept { return lines_.over(1); }

  /// What follows the end of a branch.
  [[nodiscard]] std::coroutine_handle<> ended(promise_base& branch) noexcept {
    if (branch.index != 0) [[unlikely]]
      (void)settle_(*this, 0, branch.index);
    this_thread& thread = here();
    child_stack& children = *thread.children;
    if (!children.empty()) {
      auto& next = static_cast<promise_base&>(children.top());
      if (next.group == this) {
        next.before += branch.before + 1;        // more than that when another line has left it there, see below
        if (--thread.chain == 0) [[unlikely]] {  // a start, which no enter() counts
          thread.chain = 1;
          return std::noop_coroutine();  // the worker will find it, or another branch of these that ends first
        }
        children.drop();
        if (children.asked()) [[unlikely]]
          share(thread);
        return next.continuation;
      }
    }
    if (!lines_.alone(branch.before + 1) && !settle_(*this, branch.before + 1, 0)) return std::noop_coroutine();
    if constexpr (ends_count) {
      branch.continuation = parent_;
      return branch.leave();
    } else {
      return parent_;
    }
  }

 protected:
  /// A line ends that ran so many branches, and was not alone: whether it is the last. Or, in a race, the branch of
  /// that index ends.
  using function = bool (*)(branch_group&, std::uint32_t ran, std::uint32_t index) noexcept;

  explicit branch_group(function settle) noexcept : settle_(settle) {}
  static bool line_over(branch_group& group, std::uint32_t ran, std::uint32_t /*index*/) noexcept {
    return group.lines_.over(ran);
  }

 private:
  static void push(child_stack& /*children*/) noexcept {}
  template <class... Rest>
  static void push(child_stack& children, promise_base& first, Rest&... rest) noexcept {
    push(children, rest...);
    children.push(first);
  }
  [[gnu::noinline, gnu::cold]] std::coroutine_handle<> begin_slowly(promise_base* const* all,
                                                                    std::size_t count) noexcept {
    this_thread& thread = here();
    ++thread.chain;
    assert(thread.current != nullptr && "tenon::when_all and when_any are awaited on a worker of a runtime");
    return begin_all(count, [all](std::size_t i) -> promise_base& { return *all[i]; });
  }
  static void schedule(loop& current, promise_base& branch) noexcept {
    branch.run = &promise_base::go_on;
    current.schedule(branch, *branch.env);
  }
  /// Somebody has nothing to do: the older half is for whoever takes it.
  TENON_DETAIL_RARE static void share(this_thread& thread) noexcept {
    if (thread.children->empty()) return;
    thread.children->answer();
    for (std::size_t more = (thread.children->size() + 1) / 2; more > 0; --more) {
      schedule(*thread.current, static_cast<promise_base&>(thread.children->shift()));
    }
  }

  function settle_;
  fork_lines<multi_thread> lines_;
  std::coroutine_handle<> parent_;
};

/// Branches of which the first to end requests a stop of the others.
class branch_race : public branch_group {
 public:
  explicit branch_race(std::stop_source& losers) noexcept : branch_group(&settle), losers_(losers) {}

  /// The `index`-th branch.
  template <class Promise>
  void add(Promise& branch, std::size_t index, const environment* env) noexcept {
    branch_group::add(branch, env);
    branch.index = static_cast<std::uint32_t>(index) + 1;
  }
  /// Which was the first.
  [[nodiscard]] std::size_t first() const noexcept { return first_.load(std::memory_order_acquire) - 1; }

 private:
  static bool settle(branch_group& group, std::uint32_t ran, std::uint32_t index) noexcept {
    if (index == 0) return line_over(group, ran, 0);
    auto& race = static_cast<branch_race&>(group);
    std::uint32_t nobody = 0;
    if (race.first_.compare_exchange_strong(nobody, index, std::memory_order_acq_rel)) race.losers_.request_stop();
    return false;
  }

  std::atomic<std::uint32_t> first_{0};
  std::stop_source& losers_;
};

/// Ends a coroutine by going on with the one that waits for it.
struct final_awaiter {
  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] static std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
    promise_base& promise = ended.promise();
    return promise.group == nullptr ? promise.leave() : promise.group->ended(promise);
  }
  static void await_resume() noexcept {}
};

/// The part of a promise that takes `co_return` and exceptions into an outcome.
template <class T>
struct returning : promise_base {
  outcome<T> result;

  template <class U = T>  // = T: `co_return {};`
    requires std::is_convertible_v<U, T>
  void return_value(U&& value) {
    static_assert(
        refers_to_the_same<U>,
        "tenon::task<T&>: co_return gives it a temporary, which is gone before the reference is used; return an "
        "object that outlives the task, or write task<T>");
    result.set(std::forward<U>(value));
  }
  void unhandled_exception() noexcept {
#if defined(__cpp_exceptions)
    result.fail(std::current_exception());
#endif
  }

 private:
  template <class U>
  static constexpr bool refers_to_the_same =
      !std::is_reference_v<T> || ((std::is_lvalue_reference_v<U> || std::is_rvalue_reference_v<T>) &&
                                  std::is_convertible_v<std::remove_reference_t<U>*, std::remove_reference_t<T>*>);
};

template <>
struct returning<void> : promise_base {
  outcome<void> result;

  static void return_void() noexcept {}
  void unhandled_exception() noexcept {
#if defined(__cpp_exceptions)
    result.fail(std::current_exception());
#endif
  }
};

}  // namespace tenon::detail
