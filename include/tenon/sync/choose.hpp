// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/sync/channel.hpp>
#include <tenon/sync/detail/choosing.hpp>

#include <cstddef>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>

namespace tenon {

namespace detail::syncing {

template <class First, class... Rest>
inline constexpr bool threaded_alike = (std::is_same_v<typename First::threading, typename Rest::threading> && ...);

template <class First, class... Rest>
class choose_wait : public choosing<typename First::threading, typename First::entry, typename Rest::entry...> {
 public:
  using chosen_type = std::variant<typename First::entry::result_type, typename Rest::entry::result_type...>;

  using choosing<typename First::threading, typename First::entry, typename Rest::entry...>::choosing;

  [[nodiscard]] result<chosen_type> await_resume() noexcept {
    if (this->canceled()) return std::errc::operation_canceled;
    return take(std::index_sequence_for<First, Rest...>());
  }
  [[nodiscard]] result<chosen_type> at_once() noexcept {
    if (!this->try_now()) return std::errc::resource_unavailable_try_again;
    return take(std::index_sequence_for<First, Rest...>());
  }

 private:
  template <std::size_t... Is>
  [[nodiscard]] chosen_type take(std::index_sequence<Is...>) noexcept {
    std::optional<chosen_type> taken;
    (void)((this->chosen() == Is &&
            (taken.emplace(std::in_place_index<Is>, this->template case_at<Is>().take()), true)) ||
           ...);
    return std::move(*taken);
  }
};

}  // namespace detail::syncing

/// Waits for several channels at once: exactly one of the cases happens, the others leave no trace.
///
///     auto first = co_await tenon::choose(jobs.receiving(), results.sending(std::move(mine)));
///     if (!first) co_return;                                      // asked to stop
///     if (first->index() == 0) use(std::get<0>(*first));          // result<job>: broken_pipe when jobs is closed
///
/// Shape         A result of a std::variant with an alternative a case, in order: what receive() or send() would give.
///               A value to be sent is moved from if its case happens. A case of a closed channel can happen: leave the
///               channel out once it has said broken_pipe.
/// Order         Of several cases that can happen none is preferred: each has its share.
/// Cost          The mutexes of all its channels, held together for a few instructions. No allocation.
/// Threads       On a worker of a runtime. Any number of choices may meet at the same channels, from both ends.
/// Errors        operation_canceled: none has happened.
/// Cancellation  A stop request ends the waiting, unless a case came first. `timeout(1s, choose(...))` waits so long.
/// Source        R. Pike, "The implementation of newsqueak"; runtime/select.go of Go: locks in order, one claim.
template <class First, class... Rest>
[[nodiscard]] auto choose(First first, Rest... rest) noexcept {
  static_assert(detail::syncing::threaded_alike<First, Rest...>,
                "tenon::choose: the channels have different threading words; make all of them "
                "basic_channel<T, R::threading> of one runtime R");
  return detail::syncing::choose_wait<First, Rest...>(first, rest...);
}

/// The same without waiting, on any thread: resource_unavailable_try_again when no case can happen now.
template <class First, class... Rest>
[[nodiscard]] auto try_choose(First first, Rest... rest) noexcept {
  static_assert(detail::syncing::threaded_alike<First, Rest...>,
                "tenon::choose: the channels have different threading words; make all of them "
                "basic_channel<T, R::threading> of one runtime R");
  return detail::syncing::choose_wait<First, Rest...>(first, rest...).at_once();
}

}  // namespace tenon
