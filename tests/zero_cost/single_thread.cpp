// symbols: ^run_worker\(|^tenon::detail::worker<.*>::|^tenon::epoll::loop<tenon::single_thread>::|::become\(
// SPDX-License-Identifier: BSL-1.0
// The run loop of a runtime of one thread: no locked instruction, no exchange with memory, no fence, no virtual table.
#include <tenon/tenon.hpp>

#include <cstddef>
#include <type_traits>

using tiny = tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread>;
using counting = tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread, tenon::counters>;

static_assert(!tiny::has_remote_post);
static_assert(!std::is_polymorphic_v<tiny> && !std::is_polymorphic_v<tiny::worker>);

// What is not named is not there: the numbers of `counters` are all the difference, and `off` takes no byte.
static_assert(sizeof(counting::worker) - sizeof(tiny::worker) == sizeof(tenon::totals));
static_assert(std::is_empty_v<tenon::off::of<tenon::single_thread>>);
static_assert(std::is_empty_v<tenon::detail::outsiders<tenon::single_thread, tenon::off::enabled>>);

// No seat to sleep on and no line of its own for an inbox: they come with the threads.
using crew = tenon::runtime<tenon::epoll, tenon::fifo, tenon::multi_thread>;
static_assert(sizeof(tiny::worker) + tenon::cache_line <= sizeof(crew::worker));
static_assert(sizeof(tiny) + tenon::cache_line <= sizeof(crew));
static_assert(sizeof(tenon::detail::inbox<tenon::single_thread>) == 2 * sizeof(void*));

// Whole, so that nothing is missed that the optimizer would leave out.
template class tenon::epoll::loop<tenon::single_thread>;

// The run loop, with all that is inlined into it.
void run_worker(tiny::worker& self) { self.run(); }

int run_tiny(tiny& rt, int (*answer)()) {
  return rt.run([](int (*ask)()) -> tenon::task<int> {
    co_await tenon::yield();
    co_return ask();
  }(answer));
}
