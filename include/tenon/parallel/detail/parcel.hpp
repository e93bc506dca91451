// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/branch_stack.hpp>
#include <tenon/core/loop.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace tenon::detail {

/// What a callable gives, as it is kept in a tuple.
template <class F>
using given_t = std::conditional_t<std::is_void_v<std::invoke_result_t<F>>, std::monostate, std::invoke_result_t<F>>;

template <class F>
[[gnu::always_inline]] inline given_t<F> call(F& fn) {
  if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
    std::forward<F>(fn)();
    return {};
  } else {
    return std::forward<F>(fn)();
  }
}

/// Room in the caller's frame for a result that a slot has none for.
template <class T>
union result_room {
  result_room() noexcept {}
  ~result_room() {}
  result_room(const result_room&) = delete;
  result_room& operator=(const result_room&) = delete;
  T value;
};
struct no_result_room {};

template <class T>
inline constexpr bool fits_slot = sizeof(T) <= branches::slot::room_bytes && alignof(T) <= 16 &&
                                  (std::is_reference_v<T> || std::is_nothrow_move_constructible_v<T>);

/// A branch in a slot: a small closure that may be copied bytewise itself, so that its address stays the caller's
/// secret; else where it lies in the caller's frame. Its result, or what it threw, takes its place.
template <class G>
class parcel {
  using given = given_t<G>;
  using kept = std::conditional_t<std::is_reference_v<given>, std::add_pointer_t<given>, given>;
  using slot = branches::slot;

  static constexpr bool result_fits = fits_slot<kept>;
  static constexpr bool copied = !std::is_lvalue_reference_v<G> && std::is_trivially_copyable_v<G> &&
                                 sizeof(G) <= 32 && alignof(G) <= 16;

 public:
  using room = std::conditional_t<result_fits, no_result_room, result_room<kept>>;

  [[gnu::always_inline]] parcel(std::remove_reference_t<G>& fn, [[maybe_unused]] room& at) noexcept
      : callable_(hold(fn)), out_(out(at)) {}

  void put(slot& at) const noexcept {
    at.run = &run;
    ::new (static_cast<void*>(at.room)) parcel(*this);
  }
  /// Where the short way is barred: sees to what is to be seen to, and puts it. Null: it is to run at once.
  [[nodiscard, gnu::noinline, gnu::cold]] static slot* put_slowly(branches& own, parcel self) noexcept {
    slot* const at = own.reserve_slowly();
    if (at == nullptr) return nullptr;
    self.put(*at);
    own.push(at);
    own.offer();
    return at;
  }

  /// The result of a branch that ran elsewhere.
  [[nodiscard, gnu::noinline, gnu::cold]] static given take(slot& at, [[maybe_unused]] room& big) {
#if defined(__cpp_exceptions)
    if (branches::end_of(at) == branch_end::failed) std::rethrow_exception(taken<std::exception_ptr>(at));
#endif
    if constexpr (!result_fits) {
      const destroyed end{&big.value};
      return std::move(big.value);
    } else if constexpr (std::is_reference_v<given>) {
      return static_cast<given>(*taken<kept>(at));
    } else {
      return taken<kept>(at);
    }
  }
  /// It is not wanted any more: not run if it has not begun, else waited for.
  [[gnu::noinline, gnu::cold]] static void abandon() noexcept {
    branches& own = *this_thread_storage.forks;
    slot* const at = own.top() - 1;
    if (own.pop(at) || own.retake(at)) return;
    discard(*at);
  }

 private:
  using callable = std::conditional_t<copied, std::remove_cvref_t<G>, std::remove_reference_t<G>*>;
  using target = std::conditional_t<result_fits, no_result_room, room*>;

  static void discard(slot& at) noexcept {
    if (branches::end_of(at) == branch_end::failed) {
#if defined(__cpp_exceptions)
      (void)taken<std::exception_ptr>(at);
#endif
    } else if constexpr (result_fits) {
      (void)taken<kept>(at);
    } else {
      std::destroy_at(std::launder(reinterpret_cast<parcel*>(at.room))->out_);
    }
  }

  struct destroyed {
    kept* it;
    ~destroyed() { std::destroy_at(it); }
  };

  [[gnu::always_inline]] static callable hold(std::remove_reference_t<G>& fn) noexcept {
    if constexpr (copied) {
      return fn;
    } else {
      return std::addressof(fn);
    }
  }
  [[gnu::always_inline]] static target out([[maybe_unused]] room& at) noexcept {
    if constexpr (result_fits) {
      return {};
    } else {
      return &at;
    }
  }

  template <class T>
  [[nodiscard]] static T taken(slot& at) noexcept {
    T* const it = std::launder(reinterpret_cast<T*>(at.room));
    T out(std::move(*it));
    std::destroy_at(it);
    return out;
  }

  static branch_end run(slot& at) noexcept {
    parcel self = *std::launder(reinterpret_cast<parcel*>(at.room));
    void* where = at.room;
    if constexpr (!result_fits) where = &self.out_->value;
#if defined(__cpp_exceptions)
    try {
#endif
      if constexpr (std::is_reference_v<given>) {
        given result = self();
        ::new (where) kept(std::addressof(result));
      } else {
        ::new (where) kept(self());
      }
      return branch_end::done;
#if defined(__cpp_exceptions)
    } catch (...) {
      ::new (static_cast<void*>(at.room)) std::exception_ptr(std::current_exception());
      return branch_end::failed;
    }
#endif
  }
  given operator()() {
    if constexpr (copied) {
      return call<G>(callable_);
    } else {
      return call<G>(*callable_);
    }
  }

  callable callable_;
  [[no_unique_address]] target out_;
};

/// A callable in a few registers, so that the address of a small closure does not leave the function that made it.
template <class F>
class holding {
 public:
  using callable = std::conditional_t<!std::is_lvalue_reference_v<F> && std::is_trivially_copyable_v<F> &&
                                 sizeof(F) <= 32 && alignof(F) <= 16, std::remove_cvref_t<F>, std::remove_reference_t<F>*>;
  [[gnu::always_inline]] holding(std::remove_reference_t<F>& fn) : fn_(get(fn)) {}
  [[gnu::always_inline]] static callable get(std::remove_reference_t<F>& fn) { if constexpr (std::is_pointer_v<callable>) return &fn; else return fn; }
  given_t<F> operator()() { if constexpr (std::is_pointer_v<callable>) return call<F>(*fn_); else return call<F>(fn_); }
  callable fn_;
};
/// Calls what runs here while a branch is out. A function of its own, so that the one that forks has no landing pad:
/// g++ would not split the cheap beginning of a recursive function off one that has.
template <class Parcel, class F, class H>
[[gnu::noinline]] given_t<F> guarded(H f) {
#if defined(__cpp_exceptions)
  try {
    return f();
  } catch (...) {
    Parcel::abandon();
    throw;
  }
#else
  return f();
#endif
}
template <class Results, class F, class G>
[[gnu::noinline, gnu::cold]] Results one_by_one(F f, G g) {
  auto first = f();
  return Results(std::move(first), g());
}

/// Runs f here and g here or elsewhere.
template <class F, class G>
[[gnu::always_inline]] inline std::tuple<given_t<F>, given_t<G>> fork_two(F&& f, G&& g) {
  using parcel = detail::parcel<G>;
  using results = std::tuple<given_t<F>, given_t<G>>;
  static_assert(sizeof(parcel) <= branches::slot::room_bytes);

  branches& own = *this_thread_storage.forks;
  [[maybe_unused]] typename parcel::room big;
  branches::slot* at = own.top();
  if (own.ready(at)) {
    parcel(g, big).put(*at);
    own.push(at);
  } else {
    at = parcel::put_slowly(own, parcel(g, big));
    if (at == nullptr) return one_by_one<results>(holding<F>(f), holding<G>(g));
  }
#if GUARD
  given_t<F> first = guarded<parcel, F>(holding<F>(f));
#else
  given_t<F> first = call<F>(f);
#endif
  if (!own.pop(at)) [[unlikely]] {
    if (!own.retake(at)) return results(std::forward<given_t<F>>(first), parcel::take(*at, big));
  }
  return results(std::forward<given_t<F>>(first), call<G>(g));
}

}  // namespace tenon::detail
