// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/mutex.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

#include "models.hpp"

namespace tenon_test {

template <class On>
struct mutexes : On {
  using subject = tenon::basic_mutex<typename On::threading>;
  static auto take(subject& of) { return of.lock(); }
  static auto try_take(subject& of) { return of.try_lock(); }
};

}  // namespace tenon_test

namespace {

using namespace tenon_test;
using tenon::task;

INSTANTIATE_TYPED_TEST_SUITE_P(mutex, lock_laws, on_all<mutexes>);

static_assert(!std::is_copy_constructible_v<tenon::mutex::guard> &&
              std::is_nothrow_move_constructible_v<tenon::mutex::guard>);
static_assert(!std::is_move_constructible_v<tenon::mutex>);
static_assert(sizeof(tenon::basic_mutex<tenon::single_thread>) == 3 * sizeof(void*), "a word and a line");

TEST(mutex, takes_no_notice_of_a_stop_when_told_so) {
  run_alone([](alone& rt) -> task<void> {
    tenon::basic_mutex<tenon::single_thread> lock;
    auto held = co_await lock.lock();
    bool got = false;
    tenon::scope all{rt};
    all.spawn(
        [](tenon::basic_mutex<tenon::single_thread>& its, bool& flag) -> task<void> {
          auto mine = co_await its.lock(tenon::on_stop::finish);
          flag = mine.has_value();
        },
        std::ref(lock), std::ref(got));
    co_await tenon::laws::settle();
    all.cancel();
    co_await tenon::laws::settle();
    EXPECT_EQ(all.size(), 1U);
    held->unlock();
    co_await all.join();
    EXPECT_TRUE(got);
  });
}

TEST(mutex, is_destroyed_by_the_last_that_held_it) {
  tenon::laws::play<crew>(3, [](crew& rt) -> task<void> {
    for (int round = 0; round < 200; ++round) {
      auto lock = std::make_unique<tenon::mutex>();
      auto held = co_await lock->lock();
      tenon::scope all{rt};
      all.spawn(
          [](std::unique_ptr<tenon::mutex> mine) -> task<void> {
            (void)co_await mine->lock();
            mine.reset();
          },
          std::move(lock));
      held->unlock();
      held = std::errc::operation_canceled;
      co_await all.join();
    }
  });
}

}  // namespace
