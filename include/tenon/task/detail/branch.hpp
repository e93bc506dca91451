// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/promise.hpp>
#include <tenon/core/environment.hpp>

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tenon {

template <class T>
class task;

namespace detail {

/// How a result is kept beside others: void as std::monostate, a reference as a pointer.
template <class T>
struct stored {
  using type = T;
};
template <>
struct stored<void> {
  using type = std::monostate;
};
template <class T>
struct stored<T&> {
  using type = T*;
};
template <class T>
using stored_t = typename stored<T>::type;

/// One of several tasks that run side by side: it owns the task's coroutine, which is the branch itself.
template <class T>
class branch {
  using promise_type = typename task<T>::promise_type;

 public:
  explicit branch(task<T>&& body) noexcept : handle_(std::exchange(body.handle_, nullptr)) {}
  branch(branch&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  branch& operator=(branch&&) = delete;
  ~branch() {
    if (handle_) handle_.destroy();
  }

  void join(branch_group& group, std::size_t /*index*/, const environment* env) noexcept {
    assert(handle_ && !handle_.done() && "the task was moved from, or awaited before");
    group.add(handle_.promise(), env);
  }
  void join(branch_race& race, std::size_t index, const environment* env) noexcept {
    assert(handle_ && !handle_.done() && "the task was moved from, or awaited before");
    race.add(handle_.promise(), index, env);
  }

  [[nodiscard]] promise_type& promise() const noexcept { return handle_.promise(); }

  [[nodiscard]] stored_t<T> take() {
    if constexpr (std::is_void_v<T>) {
      handle_.promise().result.take();
      return {};
    } else if constexpr (std::is_reference_v<T>) {
      return std::addressof(handle_.promise().result.take());
    } else {
      return handle_.promise().result.take();
    }
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

/// Begins the branches of an awaitable, and gives what its coroutine is to transfer to.
template <class Group, class... Branches>
[[nodiscard]] std::coroutine_handle<> start_branches(Group& group, const environment* env, Branches&... each) noexcept {
  std::size_t index = 0;
  (each.join(group, index++, env), ...);
  return group.begin(each.promise()...);
}
template <class Group, class T>
[[nodiscard]] std::coroutine_handle<> start_branches(Group& group, const environment* env,
                                                     std::vector<branch<T>>& all) noexcept {
  for (std::size_t i = 0; i < all.size(); ++i) all[i].join(group, i, env);
  return group.begin_all(all.size(), [&](std::size_t i) -> promise_base& { return all[i].promise(); });
}

}  // namespace detail

}  // namespace tenon
