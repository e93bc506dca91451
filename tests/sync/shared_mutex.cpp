// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/shared_mutex.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "models.hpp"

namespace tenon_test {

template <class On>
struct writers : On {
  using subject = tenon::basic_shared_mutex<typename On::threading>;
  static auto take(subject& of) { return of.lock(); }
  static auto try_take(subject& of) { return of.try_lock(); }
};

}  // namespace tenon_test

namespace {

using namespace tenon_test;
using tenon::task;

using lone = tenon::basic_shared_mutex<tenon::single_thread>;

INSTANTIATE_TYPED_TEST_SUITE_P(shared_mutex, lock_laws, on_all<writers>);

TEST(shared_mutex, lets_many_readers_or_one_writer_in) {
  run_alone([](alone&) -> task<void> {
    lone lock;
    {
      auto first = co_await lock.lock_shared();
      auto second = co_await lock.lock_shared();
      EXPECT_TRUE(first.has_value() && second.has_value());
      EXPECT_TRUE(lock.try_lock_shared());
      EXPECT_FALSE(lock.try_lock());
      first->unlock();
      EXPECT_FALSE(lock.try_lock());
      second->unlock();
    }
    auto writing = co_await lock.lock();
    EXPECT_TRUE(writing.has_value());
    EXPECT_FALSE(lock.try_lock_shared());
    EXPECT_FALSE(lock.try_lock());
  });
}

TEST(shared_mutex, serves_readers_and_writers_in_the_order_in_which_they_came) {
  run_alone([](alone& rt) -> task<void> {
    lone lock;
    std::string order;
    auto held = co_await lock.lock_shared();
    tenon::scope all{rt};
    const auto reads = [](lone& its, std::string& log) -> task<void> {
      auto mine = co_await its.lock_shared();
      log += 'r';
      co_await tenon::yield();
      log += '.';
    };
    const auto writes = [](lone& its, std::string& log) -> task<void> {
      auto mine = co_await its.lock();
      log += 'W';
      co_await tenon::yield();
      log += ';';
    };
    all.spawn(writes, std::ref(lock), std::ref(order));
    for (int i = 0; i < 3; ++i) all.spawn(reads, std::ref(lock), std::ref(order));
    all.spawn(writes, std::ref(lock), std::ref(order));
    all.spawn(reads, std::ref(lock), std::ref(order));
    co_await tenon::laws::settle();
    EXPECT_EQ(order, "") << "a reader that comes after a waiting writer waits too";
    EXPECT_FALSE(lock.try_lock_shared());
    held->unlock();
    co_await all.join();
    EXPECT_EQ(order, "W;rrr...W;r.");
  });
}

TEST(shared_mutex, lets_the_readers_in_when_the_writer_before_them_gives_up) {
  run_alone([](alone& rt) -> task<void> {
    lone lock;
    auto held = co_await lock.lock_shared();
    int in = 0;
    tenon::scope writers{rt};
    tenon::scope readers{rt};
    writers.spawn([](lone& its) -> task<void> { EXPECT_FALSE(co_await its.lock()); }, std::ref(lock));
    co_await tenon::laws::settle();
    for (int i = 0; i < 3; ++i) {
      readers.spawn(
          [](lone& its, int& count) -> task<void> {
            auto mine = co_await its.lock_shared();
            if (mine) ++count;
          },
          std::ref(lock), std::ref(in));
    }
    co_await tenon::laws::settle();
    EXPECT_EQ(in, 0);
    writers.cancel();
    co_await writers.join();
    co_await readers.join();
    EXPECT_EQ(in, 3) << "although the first reader is still in";
  });
}

/// Readers see a whole write, whatever the interleaving.
TEST(shared_mutex, keeps_what_it_guards_whole) {
  tenon::laws::play<crew>(3, [](crew& rt) -> task<void> {
    struct pair {
      long a = 0;
      long b = 0;
    } both;
    tenon::shared_mutex lock;
    tenon::scope all{rt};
    for (int i = 0; i < 3; ++i) {
      all.spawn(
          [](tenon::shared_mutex& its, pair& what) -> task<void> {
            for (int round = 0; round < 500; ++round) {
              auto mine = co_await its.lock();
              ++what.a;
              ++what.b;
            }
          },
          std::ref(lock), std::ref(both));
      all.spawn(
          [](tenon::shared_mutex& its, pair& what) -> task<void> {
            for (int round = 0; round < 500; ++round) {
              auto mine = co_await its.lock_shared();
              EXPECT_EQ(what.a, what.b);
            }
          },
          std::ref(lock), std::ref(both));
    }
    co_await all.join();
    EXPECT_EQ(both.a, 1500);
    EXPECT_TRUE(lock.try_lock());
  });
}

}  // namespace
