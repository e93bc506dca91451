// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/concept.hpp>
#include <tenon/core/clock.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/memory/concept.hpp>
#include <tenon/queue/concept.hpp>
#include <tenon/scheduler/concept.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

/// Which requirement of its family's contract a policy fails, the first of them, as a sentence: for what a
/// worker is made of.
/// The concepts decide; this only says why, and only when they have said no.
namespace tenon::detail {

/// Its instantiation says what P lacks.
template <class Family, class P>
struct missing;

// clang-format off: a requirement a line
template <class P>
consteval std::string_view backend_lacks() {
  if constexpr (!requires { typename P::template loop<single_thread>; typename P::template loop<multi_thread>; })
    return "loop";
  else {
    using L = typename P::template loop<multi_thread>;
    if constexpr (!requires(typename L::source source, io_source& base) { base = source; }) return "loop::source";
    else if constexpr (!requires(L loop) { { loop.open() } noexcept -> std::same_as<result<void>>; }) return "open";
    else if constexpr (!requires(L loop, typename L::source& s)
                          { { loop.attach(s) } noexcept -> std::same_as<result<void>>; })
      return "attach";
    else if constexpr (!requires(L loop, typename L::source& s) { { loop.detach(s) } noexcept -> std::same_as<void>; })
      return "detach";
    else if constexpr (!requires(io_operation& op) { { L::attempt(op) } noexcept -> std::same_as<bool>; })
      return "attempt";
    else if constexpr (!requires(L loop, io_operation& op) { { loop.start(op) } noexcept -> std::same_as<bool>; })
      return "start";
    else if constexpr (!requires(L loop, io_operation& op) { { loop.cancel(op) } noexcept -> std::same_as<void>; })
      return "cancel";
    else if constexpr (!requires(L loop, duration t) { { loop.wait(t) } noexcept -> std::same_as<std::size_t>; })
      return "wait";
    else if constexpr (!requires(L loop) { { loop.wake() } noexcept -> std::same_as<void>; }) return "wake";
    else if constexpr (!requires(const L& loop) { { loop.note() } noexcept -> std::convertible_to<std::string_view>; })
      return "note";
    else if constexpr (!requires { { P::performs_io } -> std::convertible_to<bool>; }) return "performs_io";
    else if constexpr (!requires { { P::proactor } -> std::convertible_to<bool>; }) return "proactor";
    else return {};
  }
}

template <class P>
struct missing<family::backend, P> {
  static constexpr std::string_view lack = backend_lacks<P>();
  static_assert(lack != "loop",
                "tenon::runtime<...>: a backend lacks loop; give it template <class Threading> class loop "
                "(tenon::backend_policy)");
  static_assert(lack != "loop::source",
                "tenon::runtime<...>: a backend lacks loop::source; give its loop a class source derived from "
                "tenon::io_source (tenon::backend_loop)");
  static_assert(lack != "open",
                "tenon::runtime<...>: a backend lacks open; give its loop tenon::result<void> open() noexcept "
                "(tenon::backend_loop)");
  static_assert(lack != "attach",
                "tenon::runtime<...>: a backend lacks attach; give its loop tenon::result<void> attach(source&) "
                "noexcept (tenon::backend_loop)");
  static_assert(lack != "detach",
                "tenon::runtime<...>: a backend lacks detach; give its loop void detach(source&) noexcept "
                "(tenon::backend_loop)");
  static_assert(lack != "attempt",
                "tenon::runtime<...>: a backend lacks attempt; give its loop static bool attempt(tenon::io_operation&) "
                "noexcept (tenon::backend_loop)");
  static_assert(lack != "start",
                "tenon::runtime<...>: a backend lacks start; give its loop bool start(tenon::io_operation&) noexcept "
                "(tenon::backend_loop)");
  static_assert(lack != "cancel",
                "tenon::runtime<...>: a backend lacks cancel; give its loop void cancel(tenon::io_operation&) noexcept "
                "(tenon::backend_loop)");
  static_assert(lack != "wait",
                "tenon::runtime<...>: a backend lacks wait; give its loop std::size_t wait(std::chrono::nanoseconds) "
                "noexcept (tenon::backend_loop)");
  static_assert(lack != "wake",
                "tenon::runtime<...>: a backend lacks wake; give its loop<multi_thread> void wake() noexcept "
                "(tenon::wakeable_loop)");
  static_assert(lack != "note",
                "tenon::runtime<...>: a backend lacks note; give its loop std::string_view note() const noexcept "
                "(tenon::backend_loop)");
  static_assert(lack != "performs_io",
                "tenon::runtime<...>: a backend lacks performs_io; give it static constexpr bool performs_io "
                "(tenon::backend_policy)");
  static_assert(lack != "proactor",
                "tenon::runtime<...>: a backend lacks proactor; give it static constexpr bool proactor "
                "(tenon::backend_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a backend does not keep its contract; see where with "
                "static_assert(tenon::backend_policy<...>) below it");
};

template <class P>
consteval std::string_view scheduling_lacks() {
  if constexpr (!requires { typename P::template shared<multi_thread>; }) return "shared";
  else if constexpr (!requires { typename P::template local<multi_thread>; }) return "local";
  else {
    using S = typename P::template shared<multi_thread>;
    using L = typename P::template local<multi_thread>;
    if constexpr (!requires { { P::shares } -> std::convertible_to<bool>; }) return "shares";
    else if constexpr (!requires(L local, work& item) { { local.push(item) } noexcept -> std::same_as<void>; })
      return "push";
    else if constexpr (!requires(L local, work& item) { { local.start(item) } noexcept -> std::same_as<std::size_t>; })
      return "start";
    else if constexpr (!requires(L local) { { local.next() } noexcept -> std::same_as<work*>; }) return "next";
    else if constexpr (!requires(L local) { { local.find() } noexcept -> std::same_as<work*>; }) return "find";
    else if constexpr (!requires(L local) { { local.stolen() } noexcept -> std::same_as<std::size_t>; })
      return "stolen";
    else if constexpr (!requires(L local) { { local.idle() } noexcept -> std::same_as<bool>; }) return "idle";
    else if constexpr (!requires(S all, work& w) { { all.inject(w) } noexcept -> std::same_as<std::size_t>; })
      return "inject";
    else if constexpr (!requires(S all, work& w)
                          { { all.give(w, std::size_t{}) } noexcept -> std::same_as<std::size_t>; })
      return "give";
    else return {};
  }
}

template <class P>
struct missing<family::scheduling, P> {
  static constexpr std::string_view lack = scheduling_lacks<P>();
  static_assert(lack != "shared",
                "tenon::runtime<...>: a scheduling policy lacks shared; give it template <class Threading> class "
                "shared, one a runtime (tenon::scheduling_policy)");
  static_assert(lack != "local",
                "tenon::runtime<...>: a scheduling policy lacks local; give it template <class Threading> class local, "
                "one a worker (tenon::scheduling_policy)");
  static_assert(lack != "shares",
                "tenon::runtime<...>: a scheduling policy lacks shares; give it static constexpr bool shares "
                "(tenon::scheduling_policy)");
  static_assert(lack != "push",
                "tenon::runtime<...>: a scheduling policy lacks push; give its local void push(tenon::work&) noexcept "
                "(tenon::scheduling_policy)");
  static_assert(lack != "start",
                "tenon::runtime<...>: a scheduling policy lacks start; give its local std::size_t start(tenon::work&) "
                "noexcept (tenon::scheduling_policy)");
  static_assert(lack != "next",
                "tenon::runtime<...>: a scheduling policy lacks next; give its local tenon::work* next() noexcept "
                "(tenon::scheduling_policy)");
  static_assert(lack != "find",
                "tenon::runtime<...>: a scheduling policy lacks find; give its local tenon::work* find() noexcept "
                "(tenon::scheduling_policy)");
  static_assert(lack != "stolen",
                "tenon::runtime<...>: a scheduling policy lacks stolen; give its local std::size_t stolen() noexcept "
                "(tenon::scheduling_policy)");
  static_assert(lack != "idle",
                "tenon::runtime<...>: a scheduling policy lacks idle; give its local bool idle() noexcept "
                "(tenon::scheduling_policy)");
  static_assert(lack != "inject",
                "tenon::runtime<...>: a scheduling policy lacks inject; give its shared std::size_t "
                "inject(tenon::work&) noexcept (tenon::scheduling_policy)");
  static_assert(lack != "give",
                "tenon::runtime<...>: a scheduling policy lacks give; give its shared std::size_t give(tenon::work&, "
                "std::size_t) noexcept (tenon::scheduling_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a scheduling policy does not keep its contract; see where with "
                "static_assert(tenon::scheduling_policy<...>) below it");
};

template <class P>
consteval std::string_view memory_lacks() {
  if constexpr (!requires { typename P::arena; }) return "arena";
  else {
    using A = typename P::arena;
    if constexpr (!std::default_initializable<A> || std::is_move_constructible_v<A> || std::is_move_assignable_v<A>)
      return "arena()";
    else if constexpr (!requires(A arena, std::size_t n) { { arena.allocate(n) } -> std::same_as<void*>; })
      return "allocate";
    else if constexpr (!requires(A arena, void* block, std::size_t n)
                          { { arena.deallocate(block, n) } noexcept -> std::same_as<void>; })
      return "deallocate";
    else if constexpr (!requires(std::size_t n) { { P::obtain(n) } -> std::same_as<void*>; }) return "obtain";
    else if constexpr (!requires(void* block, std::size_t n)
                          { { P::release(block, n) } noexcept -> std::same_as<void>; })
      return "release";
    else return {};
  }
}

template <class P>
struct missing<family::memory, P> {
  static constexpr std::string_view lack = memory_lacks<P>();
  static_assert(lack != "arena",
                "tenon::runtime<...>: a memory policy lacks arena; give it a class arena, one a worker "
                "(tenon::memory_policy)");
  static_assert(lack != "arena()",
                "tenon::runtime<...>: a memory policy lacks arena(); give its arena a constructor without arguments, "
                "and delete its moves (tenon::memory_arena)");
  static_assert(lack != "allocate",
                "tenon::runtime<...>: a memory policy lacks allocate; give its arena void* allocate(std::size_t) "
                "(tenon::memory_arena)");
  static_assert(lack != "deallocate",
                "tenon::runtime<...>: a memory policy lacks deallocate; give its arena void deallocate(void*, "
                "std::size_t) noexcept (tenon::memory_arena)");
  static_assert(lack != "obtain",
                "tenon::runtime<...>: a memory policy lacks obtain; give it static void* obtain(std::size_t) "
                "(tenon::memory_policy)");
  static_assert(lack != "release",
                "tenon::runtime<...>: a memory policy lacks release; give it static void release(void*, std::size_t) "
                "noexcept (tenon::memory_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a memory policy does not keep its contract; see where with "
                "static_assert(tenon::memory_policy<...>) below it");
};

template <class P>
consteval std::string_view queue_lacks() {
  if constexpr (!requires { typename P::template of<int>; typename P::template of<int, single_thread>; }) return "of";
  else {
    using Q = typename P::template of<int>;
    if constexpr (!std::is_default_constructible_v<Q> || std::is_copy_constructible_v<Q>) return "of()";
    else if constexpr (!requires(Q queue, int&& i) { { queue.try_push(std::move(i)) } noexcept -> std::same_as<bool>; })
      return "try_push";
    else if constexpr (!requires(Q queue) { { queue.try_pop() } noexcept -> std::same_as<std::optional<int>>; })
      return "try_pop";
    else if constexpr (!requires(const Q& queue) { { queue.size_estimate() } noexcept -> std::same_as<std::size_t>; })
      return "size_estimate";
    else if constexpr (!requires { { Q::capacity } -> std::convertible_to<std::size_t>; }) return "capacity";
    else if constexpr (!requires { { P::many_producers } -> std::convertible_to<bool>; }) return "many_producers";
    else if constexpr (!requires { { P::many_consumers } -> std::convertible_to<bool>; }) return "many_consumers";
    else if constexpr (!requires { { P::bounded } -> std::convertible_to<bool>; }) return "bounded";
    else return {};
  }
}

template <class P>
struct missing<family::queue, P> {
  static constexpr std::string_view lack = queue_lacks<P>();
  static_assert(lack != "of",
                "tenon::runtime<...>: a queue policy lacks of; give it template <class T, class Threading = "
                "tenon::multi_thread> class of (tenon::queue_policy)");
  static_assert(lack != "of()",
                "tenon::runtime<...>: a queue policy lacks of(); give its of<T> a constructor without arguments, and "
                "delete its copies (tenon::queue_for)");
  static_assert(lack != "try_push",
                "tenon::runtime<...>: a queue policy lacks try_push; give its of<T> bool try_push(T&&) noexcept "
                "(tenon::queue_for)");
  static_assert(lack != "try_pop",
                "tenon::runtime<...>: a queue policy lacks try_pop; give its of<T> std::optional<T> try_pop() noexcept "
                "(tenon::queue_for)");
  static_assert(lack != "size_estimate",
                "tenon::runtime<...>: a queue policy lacks size_estimate; give its of<T> std::size_t size_estimate() "
                "const noexcept (tenon::queue_for)");
  static_assert(lack != "capacity",
                "tenon::runtime<...>: a queue policy lacks capacity; give its of<T> static constexpr std::size_t "
                "capacity (tenon::queue_for)");
  static_assert(lack != "many_producers",
                "tenon::runtime<...>: a queue policy lacks many_producers; give it static constexpr bool "
                "many_producers (tenon::queue_policy)");
  static_assert(lack != "many_consumers",
                "tenon::runtime<...>: a queue policy lacks many_consumers; give it static constexpr bool "
                "many_consumers (tenon::queue_policy)");
  static_assert(lack != "bounded",
                "tenon::runtime<...>: a queue policy lacks bounded; give it static constexpr bool bounded "
                "(tenon::queue_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a queue policy does not keep its contract; see where with "
                "static_assert(tenon::queue_policy<...>) below it");
};
// clang-format on

}  // namespace tenon::detail
