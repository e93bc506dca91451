// symbols: ^tenon::detail::syncing::(permits|channel_core|guard|line|store)<|^use_
// SPDX-License-Identifier: BSL-1.0
// What synchronises the tasks of one thread: no locked instruction, no exchange with memory, no fence, no virtual
// table.
// Left out is only what a task that waits does with its std::stop_token, which the standard library makes atomic.
#include <tenon/core/threading.hpp>
#include <tenon/sync/auto_event.hpp>
#include <tenon/sync/barrier.hpp>
#include <tenon/sync/channel.hpp>
#include <tenon/sync/choose.hpp>
#include <tenon/sync/condition.hpp>
#include <tenon/sync/event.hpp>
#include <tenon/sync/latch.hpp>
#include <tenon/sync/mutex.hpp>
#include <tenon/sync/semaphore.hpp>
#include <tenon/sync/shared_mutex.hpp>

#include <utility>

using one = tenon::single_thread;

// Whole, so that nothing is missed that the optimizer would leave out.
template class tenon::detail::syncing::permits<one>;
template class tenon::detail::syncing::channel_core<long, one>;

// A word and the two ends of a line: no mutex.
static_assert(sizeof(tenon::basic_mutex<one>) == 3 * sizeof(void*));
static_assert(sizeof(tenon::basic_event<one>) == 3 * sizeof(void*));

bool use_locks(tenon::basic_mutex<one>& a, tenon::basic_shared_mutex<one>& b, tenon::basic_semaphore<one>& c) {
  auto first = a.try_lock();
  auto second = b.try_lock_shared();
  auto third = b.try_lock();
  const bool fourth = c.try_acquire(2);
  c.release(2);
  return first && second && !third && fourth;
}

void use_signals(tenon::basic_event<one>& a, tenon::basic_auto_event<one>& b, tenon::basic_latch<one>& c,
                 tenon::basic_barrier<one>& d, tenon::basic_condition<one>& e) {
  a.set();
  a.reset();
  b.set();
  c.count_down();
  d.arrive();
  e.notify_one();
  e.notify_all();
}

long use_channels(tenon::basic_channel<long, one>& a, tenon::basic_channel<long, one>& b) {
  (void)a.try_send(1);
  const auto got = a.try_receive();
  (void)tenon::try_choose(a.receiving(), b.sending(2));
  a.close();
  return got ? *got : static_cast<long>(a.counts().held);
}
