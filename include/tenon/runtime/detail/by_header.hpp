// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/fwd.hpp>

#include <cstddef>
#include <utility>

namespace tenon::detail {

/// Members of a runtime that take a header of their own, so that who does not name them pays for none of it.
///
/// Each function is a template over what that header defines: whether it is there is asked where it is called.
template <class R>
class by_header {
 public:
  using scheduler = basic_scheduler<R>;  // runtime/senders.hpp

  // net: each is defined by the header of its name
  using file = basic_file<R>;
  using signals = basic_signals<R>;
  using tcp_listener = basic_tcp_listener<R>;
  using tcp_stream = basic_tcp_stream<R>;
  using udp_socket = basic_udp_socket<R>;
  using unix_listener = basic_unix_listener<R>;
  using unix_stream = basic_unix_stream<R>;

  /// The scheduler of std::execution that stands for it: runtime/senders.hpp.
  template <class Scheduler = scheduler>
  [[nodiscard]] auto get_scheduler() noexcept {
    constexpr bool included = complete<Scheduler>;
    static_assert(included, "tenon::runtime<...>::get_scheduler: include <tenon/runtime/senders.hpp>");
    if constexpr (included) return Scheduler(static_cast<R&>(*this));
  }

  // What a loop that is not the runtime's own calls in place of run(): runtime/embedding.hpp tells of each.

  template <class T, class Embedding = embedding<R>>  // T is void: a task<void> itself would have to be there by now
  void launch(task<T> main) {
    constexpr bool included = complete<Embedding>;
    static_assert(included, "tenon::runtime<...>::launch: include <tenon/runtime/embedding.hpp>");
    if constexpr (included) Embedding::launch(static_cast<R&>(*this), std::move(main));
  }
  template <class Embedding = embedding<R>>
  [[nodiscard]] bool poll_once(std::size_t most = 256) {
    constexpr bool included = complete<Embedding>;
    static_assert(included, "tenon::runtime<...>::poll_once: include <tenon/runtime/embedding.hpp>");
    if constexpr (included) return Embedding::poll_once(static_cast<R&>(*this), most);
  }
  template <class Embedding = embedding<R>>
  [[nodiscard]] int native_handle() const noexcept {
    constexpr bool included = complete<Embedding>;
    static_assert(included, "tenon::runtime<...>::native_handle: include <tenon/runtime/embedding.hpp>");
    if constexpr (included) return Embedding::native_handle(static_cast<const R&>(*this));
  }
  template <class Embedding = embedding<R>>
  [[nodiscard]] time_point next_deadline() noexcept {
    constexpr bool included = complete<Embedding>;
    static_assert(included, "tenon::runtime<...>::next_deadline: include <tenon/runtime/embedding.hpp>");
    if constexpr (included) return Embedding::next_deadline(static_cast<R&>(*this));
  }

 protected:
  by_header() = default;
  ~by_header() = default;
};

}  // namespace tenon::detail
