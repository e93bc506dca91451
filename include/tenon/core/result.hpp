// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cassert>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

[[noreturn]] inline void raise(const std::error_code& error) {
#if defined(__cpp_exceptions)
  throw std::system_error(error);
#else
  (void)error;
  std::terminate();
#endif
}

}  // namespace detail

/// What an operation gives: a value, or the std::error_code that says why there is none.
///
/// Ours rather than boost::system::result, whose header alone costs 0.18 s of each translation unit at -O0 (the whole
/// budget of this library is 0.6 s) and is not in the Boost that Debian 12 installs by default.
///
///     auto n = co_await peer.read_some(room);
///     if (!n) return n.error();
///
/// Shape    The value and an error code side by side in a union, and a flag.
/// Cost     No allocation, no exception on the way.
/// Errors   value() of an error throws std::system_error (terminates with -fno-exceptions); operator* of an error is a
///          programming mistake and asserts.
template <class T>
class [[nodiscard]] result {
  static_assert(!std::is_reference_v<T>, "tenon::result<T>: T is a reference; write result<std::reference_wrapper<T>>");

 public:
  using value_type = T;

  // NOLINTBEGIN(google-explicit-constructor): `return value;` and `return error;` are how it is used
  template <class U = T>
    requires(std::is_constructible_v<T, U> && !std::is_same_v<std::remove_cvref_t<U>, result> &&
             !std::is_convertible_v<U, std::error_code>)
  result(U&& value) noexcept(std::is_nothrow_constructible_v<T, U>) : has_(true) {
    std::construct_at(std::addressof(value_), std::forward<U>(value));
  }
  result(std::error_code error) noexcept : error_(error), has_(false) { assert(error && "an error must say what"); }
  result(std::errc error) noexcept : result(std::make_error_code(error)) {}
  // NOLINTEND(google-explicit-constructor)

  result(result&& other) noexcept(std::is_nothrow_move_constructible_v<T>) : has_(other.has_) {
    take(std::move(other));
  }
  result(const result& other)
    requires std::is_copy_constructible_v<T>
      : has_(other.has_) {
    take(other);
  }
  result& operator=(result&& other) noexcept(std::is_nothrow_move_constructible_v<T>) {
    if (this != &other) {
      destroy();
      has_ = other.has_;
      take(std::move(other));
    }
    return *this;
  }
  result& operator=(const result& other)
    requires std::is_copy_constructible_v<T>
  {
    if (this != &other) *this = result(other);
    return *this;
  }
  ~result() { destroy(); }

  [[nodiscard]] bool has_value() const noexcept { return has_; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_; }

  [[nodiscard]] T& operator*() & noexcept { return assert(has_), value_; }
  [[nodiscard]] const T& operator*() const& noexcept { return assert(has_), value_; }
  [[nodiscard]] T&& operator*() && noexcept { return assert(has_), std::move(value_); }
  [[nodiscard]] T* operator->() noexcept { return assert(has_), std::addressof(value_); }
  [[nodiscard]] const T* operator->() const noexcept { return assert(has_), std::addressof(value_); }

  [[nodiscard]] T& value() & { return check(), value_; }
  [[nodiscard]] const T& value() const& { return check(), value_; }
  [[nodiscard]] T value() && { return check(), std::move(value_); }
  template <class U>
  [[nodiscard]] T value_or(U&& other) && {
    return has_ ? std::move(value_) : static_cast<T>(std::forward<U>(other));
  }

  /// The error; of a value, the empty code.
  [[nodiscard]] std::error_code error() const noexcept { return has_ ? std::error_code{} : error_; }

 private:
  void check() const {
    if (!has_) detail::raise(error_);
  }
  template <class Other>
  void take(Other&& other) {
    if (has_) {
      std::construct_at(std::addressof(value_), std::forward<Other>(other).value_);
    } else {
      std::construct_at(std::addressof(error_), other.error_);
    }
  }
  void destroy() noexcept {
    if (has_) std::destroy_at(std::addressof(value_));
  }

  union {
    T value_;
    std::error_code error_;
  };
  bool has_;
};

/// An operation that gives nothing but whether it went well.
template <>
class [[nodiscard]] result<void> {
 public:
  using value_type = void;

  result() = default;
  // NOLINTBEGIN(google-explicit-constructor): `return error;` is how it is used
  result(std::error_code error) noexcept : error_(error) {}
  result(std::errc error) noexcept : error_(std::make_error_code(error)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool has_value() const noexcept { return !error_; }
  [[nodiscard]] explicit operator bool() const noexcept { return !error_; }
  void value() const {
    if (error_) detail::raise(error_);
  }
  [[nodiscard]] std::error_code error() const noexcept { return error_; }

 private:
  std::error_code error_;
};

/// An errno value as a std::error_code.
[[nodiscard]] inline std::error_code error_of(int errno_value) noexcept {
  return {errno_value, std::generic_category()};
}

}  // namespace tenon
