// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/auto_event.hpp>
#include <tenon/sync/channel.hpp>
#include <tenon/sync/choose.hpp>
#include <tenon/sync/condition.hpp>
#include <tenon/sync/mutex.hpp>
#include <tenon/sync/semaphore.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <new>

#include "models.hpp"

// Every allocation of this program is counted: to wait makes none. (The sanitizers have an operator new of their own.)
#if !defined(TENON_LAWS_SANITIZED)

namespace {
std::atomic<long> allocations{0};

void* count_one(void* block) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
}  // namespace

void* operator new(std::size_t bytes) { return count_one(std::malloc(bytes == 0 ? 1 : bytes)); }
void* operator new(std::size_t bytes, std::align_val_t align) {
  const auto line = static_cast<std::size_t>(align);
  return count_one(std::aligned_alloc(line, (bytes + line - 1) / line * line));
}
void* operator new(std::size_t bytes, std::align_val_t align, const std::nothrow_t&) noexcept {
  const auto line = static_cast<std::size_t>(align);
  return count_one(std::aligned_alloc(line, (bytes + line - 1) / line * line));
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept { std::free(block); }

namespace {

using namespace tenon_test;
using tenon::task;

// This file asks no law; in a binary of its own that is no oversight.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(lock_laws);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(signal_laws);

constexpr int warm = 50, rounds = 500;

struct things {
  tenon::basic_mutex<tenon::single_thread> lock;
  tenon::basic_semaphore<tenon::single_thread> some{1};
  tenon::basic_auto_event<tenon::single_thread> there;
  tenon::basic_auto_event<tenon::single_thread> back;
  tenon::basic_condition<tenon::single_thread> changed;
  tenon::basic_channel<long, tenon::single_thread> hand{0};
  tenon::basic_channel<long, tenon::single_thread> two{2};
  tenon::basic_channel<long, tenon::single_thread> grows{tenon::channel<long>::unbounded};
  int turn = 0;
};

/// The one side of each; all of its waits are real ones.
task<void> left(things& its, long& made) {
  long before = 0;
  for (int i = 0; i < warm + rounds; ++i) {
    if (i == warm) before = allocations;
    {
      auto held = co_await its.lock.lock();
      co_await tenon::yield();  // the other one waits now
    }
    {
      auto held = co_await its.some.hold();
      co_await tenon::yield();
    }
    its.there.set();
    (void)co_await its.back.wait();
    {
      auto held = co_await its.lock.lock();
      while (its.turn != 0) (void)co_await its.changed.wait(*held);
      its.turn = 1;
      its.changed.notify_one();
    }
    (void)co_await its.hand.send(i);
    for (int k = 0; k < 4; ++k) (void)co_await its.two.send(k);
    for (int k = 0; k < 20; ++k) (void)co_await its.grows.send(k);
    (void)co_await choose(its.hand.receiving(), its.two.receiving());
  }
  made = allocations - before;
}
task<void> right(things& its) {
  for (int i = 0; i < warm + rounds; ++i) {
    {
      auto held = co_await its.lock.lock();
      co_await tenon::yield();
    }
    {
      auto held = co_await its.some.hold();
      co_await tenon::yield();
    }
    (void)co_await its.there.wait();
    its.back.set();
    {
      auto held = co_await its.lock.lock();
      while (its.turn != 1) (void)co_await its.changed.wait(*held);
      its.turn = 0;
      its.changed.notify_one();
    }
    (void)co_await its.hand.receive();
    for (int k = 0; k < 4; ++k) (void)co_await its.two.receive();
    for (int k = 0; k < 20; ++k) (void)co_await its.grows.receive();
    (void)co_await its.hand.send(i);
  }
}

TEST(sync, waiting_allocates_nothing) {
  long made = -1;
  run_alone(
      [](alone& rt, long& count) -> task<void> {
        things its;
        tenon::scope both{rt};
        both.spawn(left, std::ref(its), std::ref(count));
        both.spawn(right, std::ref(its));
        co_await both.join();
      },
      made);
  EXPECT_EQ(made, 0);
}

}  // namespace

#endif
