// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace tenon {

/// Which level of `priority<N>` a task's work waits in: 0 goes first, N - 1 last. Part of every context.
///
///     co_await tenon::with_context<edge>(answer(request), tenon::level{0});
struct level {
  static constexpr std::uint8_t unsaid = 255;  ///< the middle one, N / 2

  std::uint8_t value = unsaid;

  friend constexpr bool operator==(level, level) noexcept = default;
};

/// Until when the answer is wanted: a slot that tells those below, and a server further on. It is carried and ends
/// nothing by itself; `tenon::timeout` and the deadlines of waits do.
///
///     const auto wanted = co_await tenon::this_task::slot<tenon::deadline_slot>();
///     const auto n = co_await peer.read_some(room, wanted.at);
struct deadline_slot {
  time_point at = never;
};

/// Which worker a task belongs to under `affinity`: the same key, the same worker, for as long as the runtime lives.
///
///     rt.spawn(tenon::key{account.id}, update, account);
struct key {
  std::uint64_t value = 0;

  /// The worker of this key among `workers`. Neighbouring numbers go to different ones.
  [[nodiscard]] constexpr std::size_t among(std::size_t workers) const noexcept {
    return static_cast<std::size_t>((value * 0x9e3779b97f4a7c15U) >> 32) % workers;  // 2^64 divided by the golden ratio
  }
};

namespace detail {

/// A type's name at run time: the address of this. Not constant, for a linker may fold constants that are alike.
template <class T>
inline char slot_name = 0;

template <class Slot>
struct slot_holder {
  Slot slot{};
};

template <class... Slots>
inline constexpr bool all_different = true;
template <class First, class... Rest>
inline constexpr bool all_different<First, Rest...> = (!std::is_same_v<First, Rest> && ...) && all_different<Rest...>;

}  // namespace detail

/// What a task carries, seen by code that does not name its runtime. It is the base of `context<...>::values`.
///
/// Threads  Nobody changes one while tasks under it run, so that any number of threads may read.
class any_context {
 public:
  constexpr any_context() = default;

  /// The value of a slot; a default one where nothing of that type is carried.
  template <class Slot>
  [[nodiscard]] const Slot& get() const noexcept {
    static const Slot nothing{};
    const void* const found = find_ != nullptr ? find_(*this, &detail::slot_name<Slot>) : nullptr;
    return found != nullptr ? *static_cast<const Slot*>(found) : nothing;
  }
  [[nodiscard]] constexpr tenon::level level() const noexcept { return level_; }

 protected:
  using find_function = const void* (*)(const any_context&, const void* name) noexcept;

  constexpr explicit any_context(find_function find) noexcept : find_(find) {}
  // Only whole: a copy of this part alone would look for its slots where there are none.
  any_context(const any_context&) = default;
  any_context& operator=(const any_context&) = default;

  find_function find_ = nullptr;
  tenon::level level_;
};

/// What every task of a runtime carries: one value of each type named here, from the caller to all that it awaits, over
/// hops and steals, and to nobody else.
///
///     struct tenant { std::uint32_t id = 0; };
///     using edge = tenon::runtime<tenon::epoll, tenon::context<tenon::trace_context, tenon::deadline_slot, tenant>>;
///
///     co_await tenon::with_context<edge>(handle(request), tenant{7});   // handle and all below it see tenant 7
///     const tenant who = co_await tenon::this_task::slot<tenant>();
///
/// Slots    Types that are default-constructed and copied without throwing; a default one means "nothing said".
/// Cost     An await copies nothing. `with_context` and a spawn that is given a context copy the slots once. The
///          default, context<>, is no byte anywhere.
template <class... Slots>
struct context : family::context {
  static_assert((std::is_object_v<Slots> && ...) && (std::is_nothrow_copy_constructible_v<Slots> && ...) &&
                    (std::is_nothrow_copy_assignable_v<Slots> && ...) &&
                    (std::is_nothrow_default_constructible_v<Slots> && ...),
                "tenon::context<Slots...>: a slot is default-constructed and copied, neither of which may throw; carry "
                "a pointer to what is larger");
  static_assert(detail::all_different<Slots...>,
                "tenon::context<Slots...>: a type is named twice; wrap one of them in a struct of its own");

  static constexpr auto word = [] {
    if constexpr (sizeof...(Slots) == 0) {
      return fixed_string("context<>");
    } else {
      return fixed_string("context<...>");
    }
  }();
  static constexpr bool carries = sizeof...(Slots) != 0;
  template <class T>
  static constexpr bool has_slot = (std::is_same_v<T, Slots> || ...);

  /// A value of each slot, and the level.
  class values : public any_context, detail::slot_holder<Slots>... {
   public:
    constexpr values() noexcept : any_context(&find) {}
    /// What `other` carries, as far as it is named here; null carries nothing.
    explicit values(const any_context* other) noexcept : values() {
      if (other == nullptr) return;
      (set(other->get<Slots>()), ...);
      set(other->level());
    }

    template <class T>
    void set(const T& value) noexcept {
      if constexpr (std::is_same_v<T, tenon::level>) {
        level_ = value;
      } else {
        static_assert(has_slot<T>, "tenon::context<Slots...>: no slot is of this type; name it among the Slots");
        static_cast<detail::slot_holder<T>&>(*this).slot = value;
      }
    }

   private:
    static const void* find(const any_context& self, [[maybe_unused]] const void* name) noexcept {
      [[maybe_unused]] const auto& all = static_cast<const values&>(self);
      const void* found = nullptr;
      (void)((name == &detail::slot_name<Slots> &&
              (found = &static_cast<const detail::slot_holder<Slots>&>(all).slot, true)) ||
             ...);
      return found;
    }
  };
};

/// Contract of the context family: what a task carries.
///
/// carries  Whether there is anything but the level.
/// values   An any_context, made of nothing or of another one. It is copied from task to task without throwing.
template <class P>
concept context_policy = policy_of<P, family::context> && std::derived_from<typename P::values, any_context> &&
                         std::is_nothrow_default_constructible_v<typename P::values> &&
                         std::is_nothrow_copy_constructible_v<typename P::values> &&
                         std::is_nothrow_constructible_v<typename P::values, const any_context*> && requires {
                           { P::carries } -> std::convertible_to<bool>;
                         };

static_assert(context_policy<context<>>);

}  // namespace tenon
