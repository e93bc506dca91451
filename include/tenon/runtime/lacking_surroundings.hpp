// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/context.hpp>
#include <tenon/core/errors.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/observe/concept.hpp>
#include <tenon/runtime/lacking_parts.hpp>
#include <tenon/topology/concept.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

/// Which requirement of its family's contract a policy fails, the first of them, as a sentence: for what is
/// around a worker.
/// The concepts decide; this only says why, and only when they have said no.
namespace tenon::detail {

// clang-format off: a requirement a line
template <class P>
consteval std::string_view topology_lacks() {
  if constexpr (!requires { { P::pins } -> std::convertible_to<bool>; }) return "pins";
  else if constexpr (!requires { { P::read() } -> std::same_as<machine>; }) return "read";
  else if constexpr (!requires(const machine& m, std::size_t i)
                        { { P::pin(m, i) } noexcept -> std::same_as<result<void>>; })
    return "pin";
  else if constexpr (!requires(const machine& where) { { P::unpin(where) } noexcept -> std::same_as<result<void>>; })
    return "unpin";
  else return {};
}

template <class P>
struct missing<family::topology, P> {
  static constexpr std::string_view lack = topology_lacks<P>();
  static_assert(lack != "pins",
                "tenon::runtime<...>: a topology lacks pins; give it static constexpr bool pins "
                "(tenon::topology_policy)");
  static_assert(lack != "read",
                "tenon::runtime<...>: a topology lacks read; give it static tenon::machine read() "
                "(tenon::topology_policy)");
  static_assert(lack != "pin",
                "tenon::runtime<...>: a topology lacks pin; give it static tenon::result<void> pin(const "
                "tenon::machine&, std::size_t) noexcept (tenon::topology_policy)");
  static_assert(lack != "unpin",
                "tenon::runtime<...>: a topology lacks unpin; give it static tenon::result<void> unpin(const "
                "tenon::machine&) noexcept (tenon::topology_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a topology does not keep its contract; see where with "
                "static_assert(tenon::topology_policy<...>) below it");
};

template <class P>
consteval std::string_view observe_lacks() {
  if constexpr (!requires { typename P::template of<single_thread>; typename P::template of<multi_thread>; })
    return "of";
  else {
    using O = typename P::template of<multi_thread>;
    if constexpr (!requires(O mine, std::size_t n) { { mine.spawned(n) } noexcept -> std::same_as<void>; })
      return "spawned";
    else if constexpr (!requires(O mine, std::size_t n) { { mine.ran(n) } noexcept -> std::same_as<void>; })
      return "ran";
    else if constexpr (!requires(O mine, std::size_t n) { { mine.stole(n) } noexcept -> std::same_as<void>; })
      return "stole";
    else if constexpr (!requires(O mine, std::size_t n) { { mine.dropped(n) } noexcept -> std::same_as<void>; })
      return "dropped";
    else if constexpr (!requires(O mine, std::size_t n) { { mine.received(n) } noexcept -> std::same_as<void>; })
      return "received";
    else if constexpr (!requires(O mine, std::size_t n) { { mine.sent(n) } noexcept -> std::same_as<void>; })
      return "sent";
    else if constexpr (!requires(O mine) { { mine.parked() } noexcept -> std::same_as<void>; }) return "parked";
    else if constexpr (!requires(O mine) { { mine.woke() } noexcept -> std::same_as<void>; }) return "woke";
    else if constexpr (!requires(const O& other) { { other.read() } noexcept -> std::same_as<totals>; }) return "read";
    else if constexpr (!requires { { P::enabled } -> std::convertible_to<bool>; }) return "enabled";
    else return {};
  }
}

template <class P>
struct missing<family::observe, P> {
  static constexpr std::string_view lack = observe_lacks<P>();
  static_assert(lack != "of",
                "tenon::runtime<...>: an observe policy lacks of; give it template <class Threading> class of, one a "
                "worker (tenon::observe_policy)");
  static_assert(lack != "spawned",
                "tenon::runtime<...>: an observe policy lacks spawned; give its of<Threading> void "
                "spawned(std::size_t) noexcept (tenon::observer)");
  static_assert(lack != "ran",
                "tenon::runtime<...>: an observe policy lacks ran; give its of<Threading> void ran(std::size_t) "
                "noexcept (tenon::observer)");
  static_assert(lack != "stole",
                "tenon::runtime<...>: an observe policy lacks stole; give its of<Threading> void stole(std::size_t) "
                "noexcept (tenon::observer)");
  static_assert(lack != "dropped",
                "tenon::runtime<...>: an observe policy lacks dropped; give its of<Threading> void "
                "dropped(std::size_t) noexcept (tenon::observer)");
  static_assert(lack != "received",
                "tenon::runtime<...>: an observe policy lacks received; give its of<Threading> void "
                "received(std::size_t) noexcept (tenon::observer)");
  static_assert(lack != "sent",
                "tenon::runtime<...>: an observe policy lacks sent; give its of<Threading> void sent(std::size_t) "
                "noexcept (tenon::observer)");
  static_assert(lack != "parked",
                "tenon::runtime<...>: an observe policy lacks parked; give its of<Threading> void parked() noexcept "
                "(tenon::observer)");
  static_assert(lack != "woke",
                "tenon::runtime<...>: an observe policy lacks woke; give its of<Threading> void woke() noexcept "
                "(tenon::observer)");
  static_assert(lack != "read",
                "tenon::runtime<...>: an observe policy lacks read; give its of<Threading> tenon::totals read() const "
                "noexcept (tenon::observer)");
  static_assert(lack != "enabled",
                "tenon::runtime<...>: an observe policy lacks enabled; give it static constexpr bool enabled "
                "(tenon::observe_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: an observe policy does not keep its contract; see where with "
                "static_assert(tenon::observe_policy<...>) below it");
};

template <class P>
consteval std::string_view threading_lacks() {
  if constexpr (!requires { { P::concurrent } -> std::convertible_to<bool>; }) return "concurrent";
  else if constexpr (!requires { typename P::template atomic<int>; }) return "atomic";
  else if constexpr (!requires { typename P::mutex; }) return "mutex";
  else return {};
}

template <class P>
struct missing<family::threading, P> {
  static constexpr std::string_view lack = threading_lacks<P>();
  static_assert(lack != "concurrent",
                "tenon::runtime<...>: a threading policy lacks concurrent; give it static constexpr bool concurrent "
                "(tenon::threading_policy)");
  static_assert(lack != "atomic",
                "tenon::runtime<...>: a threading policy lacks atomic; give it template <class T> using atomic, as "
                "std::atomic (tenon::threading_policy)");
  static_assert(lack != "mutex",
                "tenon::runtime<...>: a threading policy lacks mutex; give it a class mutex, as std::mutex "
                "(tenon::threading_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a threading policy does not keep its contract; see where with "
                "static_assert(tenon::threading_policy<...>) below it");
};

template <class P>
consteval std::string_view clock_lacks() {
  if constexpr (!requires { typename P::source; }) return "source";
  else {
    using S = typename P::source;
    if constexpr (!requires(S source) { { source.now() } noexcept -> std::same_as<time_point>; }) return "now";
    else if constexpr (!requires(S source, time_point end)
                          { { source.until(end) } noexcept -> std::same_as<duration>; })
      return "until";
    else return {};
  }
}

template <class P>
struct missing<family::clock, P> {
  static constexpr std::string_view lack = clock_lacks<P>();
  static_assert(lack != "source",
                "tenon::runtime<...>: a clock lacks source; give it a class source, one a runtime "
                "(tenon::clock_policy)");
  static_assert(lack != "now",
                "tenon::runtime<...>: a clock lacks now; give its source tenon::time_point now() noexcept "
                "(tenon::clock_policy)");
  static_assert(lack != "until",
                "tenon::runtime<...>: a clock lacks until; give its source tenon::duration until(tenon::time_point) "
                "noexcept (tenon::clock_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a clock does not keep its contract; see where with "
                "static_assert(tenon::clock_policy<...>) below it");
};

template <class P>
consteval std::string_view errors_lacks() {
  if constexpr (!requires { { P::rethrows } -> std::convertible_to<bool>; }) return "rethrows";
  else return {};
}

template <class P>
struct missing<family::errors, P> {
  static constexpr std::string_view lack = errors_lacks<P>();
  static_assert(lack != "rethrows",
                "tenon::runtime<...>: an errors policy lacks rethrows; give it static constexpr bool rethrows "
                "(tenon::errors_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: an errors policy does not keep its contract; see where with "
                "static_assert(tenon::errors_policy<...>) below it");
};

template <class P>
consteval std::string_view context_lacks() {
  if constexpr (!requires { typename P::values; }) return "values";
  else if constexpr (!std::derived_from<typename P::values, any_context>) return "any_context";
  else if constexpr (!std::is_nothrow_constructible_v<typename P::values, const any_context*>) return "values(other)";
  else if constexpr (!requires { { P::carries } -> std::convertible_to<bool>; }) return "carries";
  else return {};
}

template <class P>
struct missing<family::context, P> {
  static constexpr std::string_view lack = context_lacks<P>();
  static_assert(lack != "values",
                "tenon::runtime<...>: a context policy lacks values; give it a class values derived from "
                "tenon::any_context (tenon::context_policy)");
  static_assert(lack != "any_context",
                "tenon::runtime<...>: the values of a context policy are no tenon::any_context; derive them from it, "
                "publicly (tenon::context_policy)");
  static_assert(lack != "values(other)",
                "tenon::runtime<...>: a context policy lacks values(other); give its values a noexcept constructor "
                "from const tenon::any_context* (tenon::context_policy)");
  static_assert(lack != "carries",
                "tenon::runtime<...>: a context policy lacks carries; give it static constexpr bool carries "
                "(tenon::context_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a context policy does not keep its contract; see where with "
                "static_assert(tenon::context_policy<...>) below it");
};

// clang-format on

}  // namespace tenon::detail
