// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace tenon::detail::weaving {

/// What a function of batches takes and gives: (std::span<X>) changes items in place, (std::span<X>, std::span<Y>)
/// writes a Y for each.
template <class F>
struct batch_signature {
  static constexpr bool known = false;
};
template <class X, class Y = void>
struct batch_types {
  static constexpr bool known = true;
  static constexpr bool in_place = std::is_void_v<Y>;
  using takes = X;
  using gives = std::conditional_t<in_place, X, Y>;
};
template <class X>
struct batch_signature<void (*)(std::span<X>)> : batch_types<X> {};
template <class X>
struct batch_signature<void (*)(std::span<X>) noexcept> : batch_types<X> {};
template <class C, class X>
struct batch_signature<void (C::*)(std::span<X>) const> : batch_types<X> {};
template <class C, class X>
struct batch_signature<void (C::*)(std::span<X>) const noexcept> : batch_types<X> {};
template <class X, class Y>
struct batch_signature<void (*)(std::span<X>, std::span<Y>)> : batch_types<X, Y> {};
template <class X, class Y>
struct batch_signature<void (*)(std::span<X>, std::span<Y>) noexcept> : batch_types<X, Y> {};
template <class C, class X, class Y>
struct batch_signature<void (C::*)(std::span<X>, std::span<Y>) const> : batch_types<X, Y> {};
template <class C, class X, class Y>
struct batch_signature<void (C::*)(std::span<X>, std::span<Y>) const noexcept> : batch_types<X, Y> {};
template <class F>
  requires requires { &F::operator(); }
struct batch_signature<F> : batch_signature<decltype(&F::operator())> {};

/// Whether there is a first value of what it gives, for it to assign to.
template <class F>
inline constexpr bool batch_gives_room = true;
template <class F>
  requires(batch_signature<F>::known)
inline constexpr bool batch_gives_room<F> =
    std::is_default_constructible_v<typename batch_signature<F>::gives> || batch_signature<F>::in_place;

/// A function of batches as the pipeline sees it: of one item, like any other.
template <class F, std::size_t N>
class batched {
 public:
  using takes = typename batch_signature<F>::takes;
  using gives = typename batch_signature<F>::gives;
  static constexpr bool in_place = batch_signature<F>::in_place;
  static constexpr std::size_t most = N;

  constexpr explicit batched(F callable) : function_(std::move(callable)) {}

  constexpr gives operator()(takes x) const {
    if constexpr (in_place) {
      function_(std::span<takes>(&x, 1));
      return x;
    } else {
      gives y{};
      function_(std::span<takes>(&x, 1), std::span<gives>(&y, 1));
      return y;
    }
  }

  constexpr void some(std::span<takes> in) const
    requires(in_place)
  {
    function_(in);
  }
  constexpr void some(std::span<takes> in, std::span<gives> out) const
    requires(!in_place)
  {
    function_(in, out);
  }

 private:
  [[no_unique_address]] F function_;
};

/// Room for some values that lie side by side: as many as were made, and not more, are destroyed.
template <class T, std::size_t N>
class side_by_side {
 public:
  side_by_side() = default;
  side_by_side(const side_by_side&) = delete;
  side_by_side& operator=(const side_by_side&) = delete;
  ~side_by_side() { std::destroy_n(data(), size_); }

  void push(T&& value) noexcept { ::new (static_cast<void*>(room_.data() + sizeof(T) * size_++)) T(std::move(value)); }
  [[nodiscard]] T* data() noexcept { return std::launder(reinterpret_cast<T*>(room_.data())); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::span<T> all() noexcept { return {data(), size_}; }

 private:
  alignas(T) std::array<std::byte, sizeof(T) * N> room_;
  std::size_t size_ = 0;
};

}  // namespace tenon::detail::weaving
