// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/environment.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/work.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <memory>
#include <new>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tenon::detail::weaving {

/// Resumes a coroutine on the worker that it waits on.
struct waiter : work {
  waiter() noexcept : work(&resume) {}

  template <class Promise>
  void wait(std::coroutine_handle<Promise> coroutine) noexcept {
    waiting_ = coroutine;
    env_ = environment_of(coroutine);
    home_ = here().current;
  }
  /// The last touch: the coroutine, and this with it, may be gone before it returns.
  void wake() noexcept {
    loop* const home = home_;
    if (home == here().current) {
      home->schedule(*this, *env_);
    } else {
      home->post(*this, *env_);
    }
  }
  [[nodiscard]] bool at_home() const noexcept { return home_ != nullptr; }

 private:
  static void resume(work& item) noexcept { static_cast<waiter&>(item).waiting_.resume(); }

  std::coroutine_handle<> waiting_;
  const environment* env_ = nullptr;
  loop* home_ = nullptr;
};

/// An item on its way through a fabric, as far as a queue needs to know it. It lies in the frame of the coroutine that
/// submitted it, and belongs to one party at a time: its submitter, a queue, a list of those who wait, or a slot.
struct ticket : waiter {
  enum class place : std::uint8_t { elsewhere, waiting, withdrawn };

  ticket* previous = nullptr;      // among those who wait for room; `next` is work's
  work* stalled = nullptr;         // the slot that cannot go on until there is room for this
  place where = place::elsewhere;  // whether its submitter waits for room: guarded by the first joint's mutex
  bool fresh = true;               // it still has what it was submitted with
  std::uint8_t level = 0;          // where the queue has several
  std::error_code error;
#if defined(__cpp_exceptions)
  std::exception_ptr failure;
#endif

  [[nodiscard]] bool failed() const noexcept {
#if defined(__cpp_exceptions)
    if (failure) return true;
#endif
    return static_cast<bool>(error);
  }
};

/// Those who wait for room, in the order in which they came.
class ticket_list {
 public:
  [[nodiscard]] ticket* front() const noexcept { return head_; }

  void push_back(ticket& item) noexcept { insert(tail_, item, nullptr); }
  void push_front(ticket& item) noexcept { insert(nullptr, item, head_); }
  void remove(ticket& item) noexcept { join(item.previous, static_cast<ticket*>(item.next)); }

 private:
  void insert(ticket* before, ticket& item, ticket* after) noexcept {
    join(before, &item);
    join(&item, after);
  }
  void join(ticket* left, ticket* right) noexcept {
    if (left != nullptr) {
      left->next = right;
    } else {
      head_ = right;
    }
    (right != nullptr ? right->previous : tail_) = left;
  }

  ticket* head_ = nullptr;
  ticket* tail_ = nullptr;
};

/// A ticket with room for one value of the types that its item has in turn: what is submitted, what goes through each
/// queue after the first, and what comes out. `Ts` has void at its end where nothing comes out.
template <class... Ts>
struct ticket_of : ticket {
  template <std::size_t I>
  using type = typename std::tuple_element_t<I, std::tuple<std::type_identity<Ts>...>>::type;

  template <std::size_t I>
  [[nodiscard]] type<I>& value() noexcept {
    return *std::launder(reinterpret_cast<type<I>*>(room_));
  }
  /// Makes value I of what `make` gives, in place.
  template <std::size_t I, class Make>
  void emplace(Make make) {
    ::new (static_cast<void*>(room_)) type<I>(make());
  }
  /// Moves value I out.
  template <std::size_t I>
  [[nodiscard]] type<I> take() noexcept {
    type<I> taken(std::move(value<I>()));
    discard<I>();
    return taken;
  }
  template <std::size_t I>
  void discard() noexcept {
    std::destroy_at(std::addressof(value<I>()));
  }

 private:
  template <class T>
  struct room_for {
    static constexpr std::size_t size = sizeof(T), align = alignof(T);
  };
  template <class T>
    requires std::is_void_v<T>
  struct room_for<T> {
    static constexpr std::size_t size = 1, align = 1;
  };
  static constexpr std::size_t most(std::initializer_list<std::size_t> numbers) noexcept {
    std::size_t largest = 0;
    for (const std::size_t number : numbers) largest = number > largest ? number : largest;
    return largest;
  }

  alignas(most({room_for<Ts>::align...})) std::byte room_[most({room_for<Ts>::size...})];
};

}  // namespace tenon::detail::weaving
