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
using given_t = std::conditional_t<std::is_void_v<std::invoke_result_t<F>>, std::monostate,
                                   std::remove_cv_t<std::invoke_result_t<F>>>;

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

/// A branch in the frame of who forks it. Its result, or what it threw, takes its place.
template <class G>
class parcel : public fork_stack::branch {
  using given = given_t<G>;
  using kept = std::conditional_t<std::is_reference_v<given>, std::add_pointer_t<given>, given>;
  using branch = fork_stack::branch;

 public:
  [[gnu::always_inline]] explicit parcel(carried<G> fn) noexcept : branch(&run_there), callable_(fn) {}
  ~parcel() {}

  /// What it calls, as long as it was not run elsewhere.
  [[nodiscard, gnu::always_inline]] carried<G> callable() const noexcept { return callable_; }

  /// The result of the topmost branch, which ran elsewhere. `Behind` are those that wait behind it, should it have
  /// failed.
  template <class Behind>
  [[nodiscard, gnu::noinline, gnu::cold]] static given take([[maybe_unused]] branch_end how) {
    fork_stack& own = *this_thread_storage.forks;
    parcel& self = static_cast<parcel&>(*own.top());
    own.drop();
#if defined(__cpp_exceptions)
    if (how == branch_end::failed) {
      std::exception_ptr error = std::move(self.error_);
      std::destroy_at(&self.error_);
      Behind::abandon();
      std::rethrow_exception(std::move(error));
    }
#endif
    if constexpr (std::is_reference_v<given>) {
      return static_cast<given>(*self.result_);
    } else {
      const destroyed after{std::addressof(self.result_)};
#if defined(__cpp_exceptions)
      try {
#endif
        return std::move(self.result_);
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
    parcel& self = static_cast<parcel&>(*own.top());
    if (own.pop(self)) return;
    const branch_end how = own.retake();
    if (how == branch_end::open) return;
    own.drop();
#if defined(__cpp_exceptions)
    if (how == branch_end::failed) return std::destroy_at(&self.error_);
#endif
    std::destroy_at(std::addressof(self.result_));
  }

 private:
  struct destroyed {
    kept* it;
    ~destroyed() { std::destroy_at(it); }
  };

  static branch_end run_there(branch& at) noexcept {
    parcel& self = static_cast<parcel&>(at);
    carried<G> callable = self.callable_;
#if defined(__cpp_exceptions)
    try {
#endif
      if constexpr (std::is_reference_v<given>) {
        given result = callable();
        ::new (static_cast<void*>(std::addressof(self.result_))) kept(std::addressof(result));
      } else {
        ::new (static_cast<void*>(std::addressof(self.result_))) kept(callable());
      }
      return branch_end::done;
#if defined(__cpp_exceptions)
    } catch (...) {
      ::new (static_cast<void*>(&self.error_)) std::exception_ptr(std::current_exception());
      return branch_end::failed;
    }
#endif
  }

  union {
    carried<G> callable_;
    kept result_;
#if defined(__cpp_exceptions)
    std::exception_ptr error_;
#endif
  };
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

/// Where the short way is barred: sees to what is to be seen to. False: nothing has been put.
[[nodiscard, gnu::noinline, gnu::cold]] inline bool put_slowly(fork_stack& own, fork_stack::branch& first,
                                                               fork_stack::branch& last) noexcept {
  if (!own.make_ready()) return false;
  last.lie_on(own.top());
  own.push(first);
  own.offer();
  return true;
}
/// Without branches.
template <class Results, class... Fs>
[[gnu::noinline, gnu::cold]] Results one_by_one(carried<Fs>... fns) {
  return Results{fns()...};
}

/// The result of the I-th branch: run here, unless it was run elsewhere.
template <std::size_t I, class G, class... Parcels>
[[gnu::always_inline]] inline given_t<G> join(parcel<G>& at) {
  using waiting_behind = typename behind<I, Parcels...>::type;
  fork_stack& own = *this_thread_storage.forks;  // read anew: cheaper than a register that each call has to save
  if (!own.pop(at)) [[unlikely]] {
    const branch_end how = own.retake();
    if (how != branch_end::open) return parcel<G>::template take<waiting_behind>(how);
  }
  return run_here<waiting_behind, G>(at.callable());
}

/// Braces, in which the first is run before the second.
template <class Results, std::size_t... I, class F, class... Gs>
[[gnu::always_inline]] inline Results fork_all(std::index_sequence<I...> /*branches*/, carried<F> f,
                                               carried<Gs>... gs) {
  std::tuple<parcel<Gs>...> branches(gs...);
  constexpr std::size_t last = sizeof...(Gs) - 1;
  fork_stack& own = *this_thread_storage.forks;
  (std::get<I>(branches).lie_on(I == last ? own.top() : &std::get < I == last ? I : I + 1 > (branches)), ...);
  if (own.ready()) [[likely]] {
    own.push(std::get<0>(branches));
  } else if (!put_slowly(own, std::get<0>(branches), std::get<last>(branches))) {
    return one_by_one<Results>(f, std::get<I>(branches).callable()...);
  }
  return Results{run_here<waiting<parcel<Gs>...>, F>(f), join<I, Gs, parcel<Gs>...>(std::get<I>(branches))...};
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
[[gnu::noinline, gnu::aligned(64)]] two<given_t<F>, given_t<G>> fork_two(carried<F> f, carried<G> g) {
  return fork_all<two<given_t<F>, given_t<G>>>(std::index_sequence<0>(), f, g);
}
/// Where it passes each closure in one register: of larger ones g++ copies the words as one vector, which waits for
/// their stores, and 10 ns a fork are 3 where the caller forks itself.
template <class... Fs>
inline constexpr bool goes_through_fork_two = sizeof...(Fs) == 2 && ((sizeof(carried<Fs>) <= sizeof(void*)) && ...);

}  // namespace tenon::detail
