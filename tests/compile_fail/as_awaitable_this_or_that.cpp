// error: tenon::as_awaitable\(sender\): it completes with this or with that, and a co_await gives one type; make it one first
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/as_awaitable.hpp>
#include <tenon/task/task.hpp>

#include <utility>

namespace ex = tenon::execution;

struct sender {
  using sender_concept = ex::sender_tag;
#ifdef FIXED
  using completion_signatures = ex::completion_signatures<ex::set_value_t(int)>;
#else
  using completion_signatures = ex::completion_signatures<ex::set_value_t(int), ex::set_value_t(char)>;
#endif
  template <class Receiver>
  struct operation {
    void start() noexcept { ex::set_value(std::move(to), 1); }
    Receiver to;
  };
  template <class Receiver>
  [[nodiscard]] static operation<Receiver> connect(Receiver to) {
    return {std::move(to)};
  }
};

tenon::task<int> one() { co_return co_await tenon::as_awaitable(sender()); }
