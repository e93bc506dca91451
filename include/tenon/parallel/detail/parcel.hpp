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

/// A callable as a few words: a small closure that may be copied bytewise is copied, so that the address of the
/// caller's own stays its secret and the caller's recursion may become a loop; any other is pointed at.
template <class F>
class carried {
  static constexpr bool is_copied = [] {
    if constexpr (std::is_lvalue_reference_v<F>) {  // it may be a function, which has no size
      return false;
    } else {
      return std::is_trivially_copyable_v<F> && std::is_copy_constructible_v<F> && sizeof(F) <= 32 && alignof(F) <= 16;
    }
  }();
  using held = std::conditional_t<is_copied, std::remove_cvref_t<F>, std::remove_reference_t<F>*>;

 public:
  static constexpr bool is_silent = std::is_nothrow_invocable_v<F>;

  [[gnu::always_inline]] explicit carried(std::remove_reference_t<F>& fn) noexcept : held_(hold(fn)) {}

  [[gnu::always_inline]] given_t<F> operator()() noexcept(is_silent) {
    if constexpr (is_copied) {
      return call(held_);
    } else {
      return call(*held_);
    }
  }

 private:
  [[gnu::always_inline]] static held hold(std::remove_reference_t<F>& fn) noexcept {
    if constexpr (is_copied) {
      return fn;
    } else {
      return std::addressof(fn);
    }
  }
  template <class Callable>
  [[gnu::always_inline]] static given_t<F> call(Callable& fn) noexcept(is_silent) {
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
      std::forward<F>(fn)();
      return {};
    } else {
      return std::forward<F>(fn)();
    }
  }

  held held_;
};

/// What a call passes in registers; of what is larger g++ would copy words as one vector, and wait for their stores.
template <class T>
using in_registers = std::conditional_t<sizeof(T) <= 16, T, T&>;

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

/// A branch as it lies in a slot. Its result, or what it threw, takes its place.
template <class G>
class parcel {
  using given = given_t<G>;
  using kept = std::conditional_t<std::is_reference_v<given>, std::add_pointer_t<given>, given>;
  using slot = fork_stack::slot;

  static constexpr bool result_fits =
      sizeof(kept) <= slot::room_bytes && alignof(kept) <= 16 && std::is_nothrow_move_constructible_v<kept>;

 public:
  using room = std::conditional_t<result_fits, no_result_room, result_room<kept>>;

  [[gnu::always_inline]] parcel(carried<G> fn, room& at) noexcept : callable_(fn), out_(out(at)) {}

  [[gnu::always_inline]] void put(slot& at) const noexcept {
    static_assert(sizeof(parcel) <= slot::room_bytes && std::is_trivially_copyable_v<parcel>);
    at.run = &run;
    ::new (static_cast<void*>(at.room)) parcel(*this);
  }

  /// The result of a branch that ran elsewhere. `Behind` are those that wait behind it, should it have failed.
  template <class Behind>
  [[nodiscard, gnu::noinline, gnu::cold]] static given take(slot& at) {
#if defined(__cpp_exceptions)
    if (fork_stack::end_of(at) == branch_end::failed) {
      std::exception_ptr error = taken<std::exception_ptr>(at);
      Behind::abandon();
      std::rethrow_exception(std::move(error));
    }
#endif
    if constexpr (std::is_reference_v<given>) {
      return static_cast<given>(*taken<kept>(at));
    } else if constexpr (result_fits) {
      return taken<kept>(at);
    } else {
      const destroyed after{&itself(at).out_->value};
#if defined(__cpp_exceptions)
      try {
#endif
        return std::move(*after.it);
#if defined(__cpp_exceptions)
      } catch (...) {  // moving it threw
        Behind::abandon();
        throw;
      }
#endif
    }
  }
  /// The topmost branch is not wanted any more: if it has not begun, it is not run; else it is waited for.
  static void abandon() noexcept {
    fork_stack& own = *this_thread_storage.forks;
    slot* const at = own.top() - 1;
    if (own.pop(at) || own.retake(at)) return;
    if (fork_stack::end_of(*at) == branch_end::failed) {
      (void)taken<std::exception_ptr>(*at);
    } else if constexpr (result_fits) {
      (void)taken<kept>(*at);
    } else {
      std::destroy_at(&itself(*at).out_->value);
    }
  }

 private:
  using target = std::conditional_t<result_fits, no_result_room, room*>;

  struct destroyed {
    kept* it;
    ~destroyed() { std::destroy_at(it); }
  };

  [[gnu::always_inline]] static target out([[maybe_unused]] room& at) noexcept {
    if constexpr (result_fits) {
      return {};
    } else {
      return &at;
    }
  }
  [[nodiscard]] static parcel& itself(slot& at) noexcept { return *std::launder(reinterpret_cast<parcel*>(at.room)); }
  template <class T>
  [[nodiscard]] static T taken(slot& at) noexcept {
    T* const it = std::launder(reinterpret_cast<T*>(at.room));
    const std::unique_ptr<T, destroyer> after(it);
    return std::move(*it);
  }
  struct destroyer {
    template <class T>
    void operator()(T* it) const noexcept {
      std::destroy_at(it);
    }
  };

  static branch_end run(slot& at) noexcept {
    parcel self = itself(at);
    void* where = at.room;
    if constexpr (!result_fits) where = std::addressof(self.out_->value);
#if defined(__cpp_exceptions)
    try {
#endif
      if constexpr (std::is_reference_v<given>) {
        given result = self.callable_();
        ::new (where) kept(std::addressof(result));
      } else {
        ::new (where) kept(self.callable_());
      }
      return branch_end::done;
#if defined(__cpp_exceptions)
    } catch (...) {
      ::new (static_cast<void*>(at.room)) std::exception_ptr(std::current_exception());
      return branch_end::failed;
    }
#endif
  }

  carried<G> callable_;
  [[no_unique_address]] target out_;
};

/// Branches on top of the stack, the first of them topmost.
template <class... Parcels>
struct waiting {
  [[gnu::noinline, gnu::cold]] static void abandon() noexcept { (Parcels::abandon(), ...); }
};
/// Those of a list that come after the I-th.
template <std::size_t I, class Parcel, class... Rest>
struct behind : behind<I - 1, Rest...> {};
template <class Parcel, class... Rest>
struct behind<0, Parcel, Rest...> {
  using type = waiting<Rest...>;
};

/// Calls what runs here while branches wait.
template <class Waiting, class F>
[[gnu::always_inline]] inline given_t<F> run_here(carried<F> fn) {
#if defined(__cpp_exceptions)
  if constexpr (!std::is_same_v<Waiting, waiting<>> && !carried<F>::is_silent) {
    try {
      return fn();
    } catch (...) {
      Waiting::abandon();
      throw;
    }
  }
#endif
  return fn();
}

template <class... Parcels>
[[gnu::always_inline]] inline void put_all(fork_stack& own, fork_stack::slot* base,
                                           const Parcels&... parcels) noexcept {
  fork_stack::slot* at = base + sizeof...(Parcels);
  (parcels.put(*--at), ...);
  own.push(base + sizeof...(Parcels));
}
/// Where the short way is barred: sees to what is to be seen to. Null: there is no room, nothing has been put.
template <class... Parcels>
[[nodiscard, gnu::noinline, gnu::cold]] fork_stack::slot* put_slowly(fork_stack& own, Parcels... parcels) noexcept {
  if (!own.make_ready(sizeof...(Parcels))) return nullptr;
  fork_stack::slot* const base = own.top();
  put_all(own, base, parcels...);
  own.offer();
  return base;
}
/// Without branches.
template <class Results, class... Fs>
[[gnu::noinline, gnu::cold]] Results one_by_one(carried<Fs>... fns) {
  return Results{fns()...};
}

/// The result of the I-th branch: run here, unless it was run elsewhere.
template <std::size_t I, class G, class... Parcels>
[[gnu::always_inline]] inline given_t<G> join(fork_stack& own, fork_stack::slot* base, carried<G> fn) {
  using waiting_behind = typename behind<I, Parcels...>::type;
  fork_stack::slot* const at = base + (sizeof...(Parcels) - 1 - I);
  if (!own.pop(at)) [[unlikely]] {
    if (!own.retake(at)) return parcel<G>::template take<waiting_behind>(*at);
  }
  return run_here<waiting_behind, G>(fn);
}

/// Braces, in which the first is run before the second.
template <class Results, std::size_t... I, class F, class... Gs>
[[gnu::always_inline]] inline Results fork_all(std::index_sequence<I...> /*branches*/, carried<F> f,
                                               carried<Gs>... gs) {
  [[maybe_unused]] std::tuple<typename parcel<Gs>::room...> rooms;
  fork_stack& own = *this_thread_storage.forks;
  fork_stack::slot* base = own.top();
  if (own.ready(sizeof...(Gs))) {
    put_all(own, base, parcel<Gs>(gs, std::get<I>(rooms))...);
  } else {
    base = put_slowly(own, parcel<Gs>(gs, std::get<I>(rooms))...);
    if (base == nullptr) return one_by_one<Results>(f, gs...);
  }
  return Results{run_here<waiting<parcel<Gs>...>, F>(f), join<I, Gs, parcel<Gs>...>(own, base, gs)...};
}

/// Comes back in registers, which a std::tuple does not.
template <class A, class B>
struct two {
  A first;
  B second;
};
/// The recursion of a program that forks in two goes through here: what it does before it forks is inlined into this,
/// so that a leaf costs no call. (g++ would not split that beginning off a function with a landing pad.)
template <class F, class G>
[[gnu::noinline]] two<given_t<F>, given_t<G>> fork_two(in_registers<carried<F>> f, in_registers<carried<G>> g) {
  return fork_all<two<given_t<F>, given_t<G>>>(std::index_sequence<0>(), f, g);
}

}  // namespace tenon::detail
