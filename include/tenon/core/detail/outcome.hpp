// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace tenon::detail {

#if defined(__cpp_exceptions)
[[noreturn, gnu::noinline, gnu::cold]] inline void rethrow(const std::exception_ptr& error) {
  std::rethrow_exception(error);
}
#endif

/// Where a coroutine's outcome waits to be fetched: nothing yet, a value, or an exception.
template <class T>
class outcome {
  static constexpr bool refers = std::is_reference_v<T>;
  using stored = std::conditional_t<refers, std::add_pointer_t<T>, T>;
  struct empty {};
  struct flag {
    bool set = false;
  };

 public:
  outcome() noexcept {}
  outcome(const outcome&) = delete;
  outcome& operator=(const outcome&) = delete;
  ~outcome() {
    if constexpr (!std::is_trivially_destructible_v<stored>) {
      if (has_.set) std::destroy_at(std::addressof(value_));
    }
  }

  template <class U>
  void set(U&& value) {
    if constexpr (refers) {
      std::construct_at(std::addressof(value_), std::addressof(value));
    } else {
      std::construct_at(std::addressof(value_), std::forward<U>(value));
    }
    if constexpr (!std::is_trivially_destructible_v<stored>) has_.set = true;
  }
#if defined(__cpp_exceptions)
  void fail(std::exception_ptr error) noexcept { error_ = std::move(error); }
  [[nodiscard]] bool failed() const noexcept { return error_ != nullptr; }
#else
  [[nodiscard]] static bool failed() noexcept { return false; }
#endif

  /// The value, moved out, or the exception thrown.
  [[nodiscard]] T take() {
#if defined(__cpp_exceptions)
    if (error_) [[unlikely]]
      rethrow(error_);
#endif
    if constexpr (refers) {
      return static_cast<T>(*value_);
    } else {
      return std::move(value_);
    }
  }

 private:
#if defined(__cpp_exceptions)
  std::exception_ptr error_;
#endif
  union {
    stored value_;
  };
  [[no_unique_address]] std::conditional_t<std::is_trivially_destructible_v<stored>, empty, flag> has_;
};

template <>
class outcome<void> {
 public:
#if defined(__cpp_exceptions)
  void fail(std::exception_ptr error) noexcept { error_ = std::move(error); }
  [[nodiscard]] bool failed() const noexcept { return error_ != nullptr; }
  void take() {
    if (error_) [[unlikely]]
      rethrow(error_);
  }

 private:
  std::exception_ptr error_;
#else
  static void take() noexcept {}
#endif
};

}  // namespace tenon::detail
