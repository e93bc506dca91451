// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/io_operation.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/threading.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace tenon {

/// Contract of one backend loop: where one worker waits, and how its I/O completes. It knows no coroutine.
///
/// open()       Once, before all else. An error leaves nothing behind.
/// attach       Binds a source (at a stable address, its descriptor non-blocking) to this loop. Errors: EEXIST, EMFILE,
///              ENOMEM...
/// detach       Forgets a source. It has no operation in flight; the descriptor is still open.
/// attempt      Tries the operation at once, from any thread, and never waits: true when `outcome` holds the end of it,
///              false when it would block (or this backend prefers to be asked with start).
/// attempt_here Not required: attempt(), for who is on the loop's thread.
/// start        On the loop's thread. true: ended at once, `outcome` is set and run() will not be called.
///              false: in flight; run(op) will be called once, from inside a later wait(). At most one operation a side
///              (inbound, outbound) of a source is in flight. What works on a file (is_of_file) has no side.
/// cancel       On the loop's thread, for an operation in flight: it ends soon, with -ECANCELED unless it had ended
///              already. Its run() is still called from inside a wait(), and only then has the buffer been let go.
/// wait         Completes what is ready; when nothing is, waits for the first of: something is, a wake(), `timeout`
///              over. timeout 0 polls, a negative one waits without limit. Gives how many operations it completed. It
///              may end early with none (a signal, a wake-up rung late): who waits for a time looks at the clock. The
///              thread of the first wait() is the loop's thread for good; open() and the destructor may run on another.
/// wake         Any thread (only there when Threading is concurrent): ends the present wait(), or else the next one.
///              Never lost; many before one wait() may count as one.
/// note         A sentence for `describe`, empty when all is as the type says.
/// Thread safety  One thread, but for attempt and wake.
template <class L>
concept backend_loop =
    std::is_default_constructible_v<L> && std::is_base_of_v<io_source, typename L::source> &&
    std::is_default_constructible_v<typename L::source> &&
    requires(L loop, const L& fixed, typename L::source& source, io_operation& op, std::chrono::nanoseconds timeout) {
      { loop.open() } noexcept -> std::same_as<result<void>>;
      { loop.attach(source) } noexcept -> std::same_as<result<void>>;
      { loop.detach(source) } noexcept -> std::same_as<void>;
      { L::attempt(op) } noexcept -> std::same_as<bool>;
      { loop.start(op) } noexcept -> std::same_as<bool>;
      { loop.cancel(op) } noexcept -> std::same_as<void>;
      { loop.wait(timeout) } noexcept -> std::same_as<std::size_t>;
      { fixed.note() } noexcept -> std::convertible_to<std::string_view>;
    };

/// A loop that another thread can wake.
template <class L>
concept wakeable_loop = backend_loop<L> && requires(L loop) {
  { loop.wake() } noexcept -> std::same_as<void>;
};

/// A loop that can stand in somebody else's: the host waits for its descriptor instead of calling wait().
///
/// expose       On the loop's thread, once, after open() and before all below. Errors: EMFILE, ENFILE, ENOMEM.
/// handle       A descriptor, always the same, for the host to poll.
/// doze         On the loop's thread: hands over to the kernel what it has not yet. true: nothing is to be done, and
///              from now on what completes, and with a concurrent Threading each wake(), makes the handle readable.
///              false: there is something, call wait(0). Either way the next call of another function is a wait().
/// due          Not required: when wait(0) is to be called though the handle is silent; negative: never.
template <class L>
concept embeddable_loop = backend_loop<L> && requires(L loop, const L& fixed) {
  { loop.expose() } noexcept -> std::same_as<result<void>>;
  { fixed.handle() } noexcept -> std::same_as<int>;
  { loop.doze() } noexcept -> std::same_as<bool>;
};

/// Contract of the backend family: `P::loop<Threading>` is a backend_loop, and can be woken when Threading is
/// concurrent.
///
/// performs_io  Whether there is any I/O at all.
/// proactor     Whether operations are handed over whole. Otherwise they are system calls made when they will not
///              block, and attempt() being false means that the call would.
template <class P>
concept backend_policy = policy_of<P, family::backend> && backend_loop<typename P::template loop<single_thread>> &&
                         wakeable_loop<typename P::template loop<multi_thread>> && requires {
                           { P::performs_io } -> std::convertible_to<bool>;
                           { P::proactor } -> std::convertible_to<bool>;
                         };

}  // namespace tenon
