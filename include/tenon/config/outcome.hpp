// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cassert>
#include <concepts>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace tenon::config {

namespace detail {

template <class Text>
[[noreturn]] void raise(const Text& sentence) {
#if defined(__cpp_exceptions)
  throw std::runtime_error(sentence);
#else
  std::fputs((sentence + '\n').c_str(), stderr);
  std::terminate();
#endif
}

}  // namespace detail

/// A value, or the sentence that says why there is none: what is wrong in a configuration has a file, a line and the
/// words that would be right, and no std::error_code holds these.
///
///     auto settings = tenon::config::load("tenon.toml");
///     if (!settings) return std::fprintf(stderr, "%s\n", settings.error().c_str()), 2;
///
/// Errors  value(), and the conversion to T: std::runtime_error with the sentence (with -fno-exceptions it is printed
///         and the program terminated). operator* of an error is a programming mistake and asserts.
template <class T>
class [[nodiscard]] outcome {
 public:
  using value_type = T;

  // NOLINTNEXTLINE(google-explicit-constructor): `return value;` is how it is used
  outcome(T value) : value_(std::move(value)) {}
  [[nodiscard]] static outcome failure(std::string sentence) { return outcome(failed{}, std::move(sentence)); }

  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& operator*() & noexcept { return assert(value_), *value_; }
  [[nodiscard]] const T& operator*() const& noexcept { return assert(value_), *value_; }
  [[nodiscard]] T* operator->() noexcept { return assert(value_), &*value_; }
  [[nodiscard]] const T* operator->() const noexcept { return assert(value_), &*value_; }

  [[nodiscard]] T value() && {
    if (!value_) detail::raise(error_);
    return *std::move(value_);
  }
  /// `int rc = tenon::select<...>(...)` is all a program needs that does not want to say anything itself. Of a bool
  /// there is none: `if (outcome)` asks whether there is a value.
  template <std::same_as<T> U>
    requires(!std::same_as<U, bool>)
  operator U() && {  // NOLINT(google-explicit-constructor)
    return std::move(*this).value();
  }

  /// The sentence; empty when there is a value.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  struct failed {};
  outcome(failed /*tag*/, std::string sentence) : error_(std::move(sentence)) {}

  std::optional<T> value_;
  std::string error_;
};

template <>
class [[nodiscard]] outcome<void> {
 public:
  using value_type = void;

  outcome() = default;
  [[nodiscard]] static outcome failure(std::string sentence) {
    outcome failed;
    failed.error_ = std::move(sentence);
    return failed;
  }

  [[nodiscard]] bool has_value() const noexcept { return error_.empty(); }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
  void value() const {
    if (!has_value()) detail::raise(error_);
  }
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  std::string error_;
};

}  // namespace tenon::config
