// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/blocking.hpp>

#include "ground.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

namespace {

using namespace tenon_test;
using tenon::result;
using tenon::task;

template <class... Words>
struct manned : tenon::runtime<Words..., counted> {
  using base = tenon::runtime<Words..., counted>;
  using base::base;
};

template <class R>
class offloads : public testing::Test {};
using models = testing::Types<manned<tenon::epoll, tenon::stealing<>>, manned<tenon::none, tenon::fifo>,
                              manned<tenon::none, tenon::affinity<>>>;
TYPED_TEST_SUITE(offloads, models);

template <class R, class Main, class... Args>
auto run_on(typename R::settings how_much, Main main, Args&&... args) {
  const books kept;
  R rt{how_much};
  return rt.run(main(rt, std::forward<Args>(args)...));
}

TYPED_TEST(offloads, give_a_value_from_another_thread) {
  run_on<TypeParam>({.threads = 2}, [](typename TypeParam::base& rt) -> task<void> {
    EXPECT_EQ(sizeof(rt.extensions()), sizeof(void*));
    const auto there = co_await tenon::blocking(rt, [] { return std::this_thread::get_id(); });
    EXPECT_TRUE(there);
    EXPECT_NE(*there, std::this_thread::get_id());
    const result<int> sum = co_await tenon::blocking(rt, [](int a, int b) { return a + b; }, 2, 3);
    EXPECT_EQ(sum.value(), 5);
    int written = 0;
    const result<void> nothing = co_await tenon::blocking(rt, [](int& out) { out = 7; }, std::ref(written));
    EXPECT_TRUE(nothing);
    EXPECT_EQ(written, 7);
    auto moved = std::make_unique<int>(8);
    const auto back = co_await tenon::blocking(rt, [](std::unique_ptr<int> it) { return it; }, std::move(moved));
    EXPECT_EQ(**back, 8);
    EXPECT_NE(rt.current(), nullptr) << "it goes on on a worker of its runtime";
  });
}

TYPED_TEST(offloads, give_no_result_of_a_result) {
  run_on<TypeParam>({.threads = 1}, [](typename TypeParam::base& rt) -> task<void> {
    const result<int> fails =
        co_await tenon::blocking(rt, []() -> result<int> { return std::errc::no_such_file_or_directory; });
    EXPECT_EQ(fails.error(), std::errc::no_such_file_or_directory);
    const result<int> works = co_await tenon::blocking(rt, []() -> result<int> { return 3; });
    EXPECT_EQ(works.value(), 3);
  });
}

#if defined(__cpp_exceptions)
TYPED_TEST(offloads, bring_exceptions_back) {
  run_on<TypeParam>({.threads = 2}, [](typename TypeParam::base& rt) -> task<void> {
    bool caught = false;
    try {
      (void)co_await tenon::blocking(rt, []() -> int { throw std::runtime_error("from there"); });
    } catch (const std::runtime_error& error) {
      caught = std::string_view(error.what()) == "from there";
    }
    EXPECT_TRUE(caught);
  });
}
#endif

TYPED_TEST(offloads, run_beside_one_another_up_to_the_limit_and_then_in_turn) {
  static std::atomic<int> inside;
  static std::atomic<int> most;
  inside = most = 0;
  std::vector<int> order;
  run_on<TypeParam>(
      {.threads = 2, .blocking_threads = 3},
      [](typename TypeParam::base& rt, std::vector<int>* /*out*/) -> task<void> {
        tenon::scope all{rt};
        for (int i = 0; i < 30; ++i) {
          all.spawn(
              [](typename TypeParam::base& self) -> task<void> {
                const auto done = co_await tenon::blocking(self, [] {
                  const int now = ++inside;
                  int seen = most;
                  while (seen < now && !most.compare_exchange_weak(seen, now)) {
                  }
                  std::this_thread::yield();
                  --inside;
                });
                EXPECT_TRUE(done);
              },
              std::ref(rt));
        }
        co_await all.join();
      },
      &order);
  EXPECT_LE(most, 3);
  EXPECT_GE(most, 1);
}

TYPED_TEST(offloads, are_first_in_first_out) {
  std::vector<int> order;
  run_on<TypeParam>(
      {.threads = 1, .blocking_threads = 1},
      [](typename TypeParam::base& rt, std::vector<int>* out) -> task<void> {
        std::binary_semaphore go{0};
        tenon::scope all{rt};
        const auto one = [](typename TypeParam::base& self, std::vector<int>* list, int number,
                            std::binary_semaphore* first) -> task<void> {
          (void)co_await tenon::blocking(
              self,
              [](std::vector<int>* to, int what, std::binary_semaphore* wait) {
                if (wait != nullptr) wait->acquire();
                to->push_back(what);
              },
              list, number, first);
        };
        for (int i = 0; i < 10; ++i) all.spawn(one, std::ref(rt), out, i, i == 0 ? &go : nullptr);
        for (int i = 0; i < 20; ++i) co_await tenon::yield();
        go.release();
        co_await all.join();
      },
      &order);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TYPED_TEST(offloads, are_taken_back_before_they_begin) {
  run_on<TypeParam>({.threads = 2, .blocking_threads = 1}, [](typename TypeParam::base& rt) -> task<void> {
    std::binary_semaphore go{0};
    tenon::scope holder{rt};
    std::binary_semaphore begun{0};
    holder.spawn(
        [](typename TypeParam::base& self, std::binary_semaphore* at, std::binary_semaphore* till) -> task<void> {
          (void)co_await tenon::blocking(
              self,
              [](std::binary_semaphore* says, std::binary_semaphore* waits) {
                says->release();
                waits->acquire();
              },
              at, till);
        },
        std::ref(rt), &begun, &go);
    while (!begun.try_acquire()) co_await tenon::yield();

    std::atomic<bool> ran{false};
    tenon::scope queued{rt};
    std::atomic<int> cancelled{0};
    for (int i = 0; i < 5; ++i) {
      queued.spawn(
          [](typename TypeParam::base& self, std::atomic<bool>* flag, std::atomic<int>* count) -> task<void> {
            const auto got = co_await tenon::blocking(self, [](std::atomic<bool>* out) { *out = true; }, flag);
            EXPECT_EQ(got.error(), std::errc::operation_canceled);
            ++*count;
          },
          std::ref(rt), &ran, &cancelled);
    }
    (void)co_await tenon::sleep_for(1ms);
    queued.cancel();
    co_await queued.join();
    EXPECT_EQ(cancelled, 5);

    const auto late =
        co_await tenon::blocking_until(rt, rt.now() + 2ms, [](std::atomic<bool>* out) { *out = true; }, &ran);
    EXPECT_EQ(late.error(), std::errc::timed_out);
    const auto past = co_await tenon::blocking_until(rt, rt.now(), [](std::atomic<bool>* out) { *out = true; }, &ran);
    EXPECT_EQ(past.error(), std::errc::timed_out);
    EXPECT_FALSE(ran);
    go.release();
    co_await holder.join();
  });
}

TYPED_TEST(offloads, are_awaited_once_they_run_and_may_hear_of_the_stop) {
  run_on<TypeParam>({.threads = 2}, [](typename TypeParam::base& rt) -> task<void> {
    tenon::scope one{rt};
    std::binary_semaphore begun{0};
    std::atomic<bool> ended{false};
    one.spawn(
        [](typename TypeParam::base& self, std::binary_semaphore* at, std::atomic<bool>* out) -> task<void> {
          const result<int> got = co_await tenon::blocking(
              self,
              [](std::binary_semaphore* says, std::stop_token asked) {
                says->release();
                while (!asked.stop_requested()) std::this_thread::yield();
                return 4;
              },
              at);
          EXPECT_EQ(got.value(), 4) << "what was done is not thrown away";
          *out = true;
        },
        std::ref(rt), &begun, &ended);
    while (!begun.try_acquire()) co_await tenon::yield();
    one.cancel();
    co_await one.join();
    EXPECT_TRUE(ended);
  });
}

TYPED_TEST(offloads, of_a_stopped_task_do_not_begin) {
  run_on<TypeParam>({.threads = 2}, [](typename TypeParam::base& rt) -> task<void> {
    tenon::scope one{rt};
    one.cancel();
    one.spawn(
        [](typename TypeParam::base& self) -> task<void> {
          const result<int> got = co_await tenon::blocking(self, [] { return 1; });
          EXPECT_EQ(got.error(), std::errc::operation_canceled);
        },
        std::ref(rt));
    co_await one.join();
  });
}

TYPED_TEST(offloads, are_cancelled_at_any_moment) {
  const int storms = rounds(300);
  run_on<TypeParam>(
      {.threads = 2, .blocking_threads = 2},
      [](typename TypeParam::base& rt, int times) -> task<void> {
        for (int storm = 0; storm < times; ++storm) {
          tenon::scope calls{rt};
          std::atomic<int> ended{0};
          std::atomic<int> ran{0};
          std::atomic<int> gave{0};
          for (int i = 0; i < 6; ++i) {
            calls.spawn(
                [](typename TypeParam::base& self, int number, std::atomic<int>* runs, std::atomic<int>* values,
                   std::atomic<int>* ends) -> task<void> {
                  const auto limit = number % 2 == 0 ? tenon::never : self.now() + 20us;
                  const auto got =
                      co_await tenon::blocking_until(self, limit, [](std::atomic<int>* out) { return ++*out; }, runs);
                  if (got) {
                    ++*values;
                  } else {
                    EXPECT_TRUE(got.error() == std::errc::operation_canceled || got.error() == std::errc::timed_out);
                  }
                  ++*ends;
                },
                std::ref(rt), i, &ran, &gave, &ended);
          }
          std::thread outside([&calls, storm] {
            std::atomic<int> spins{(storm * 997) % 20'000};
            while (spins.fetch_sub(1, std::memory_order_relaxed) > 0) {
            }
            calls.cancel();
          });
          outside.join();
          co_await calls.join();
          EXPECT_EQ(ended, 6);
          EXPECT_EQ(ran, gave) << "a call that was run gave its value";
        }
      },
      storms);
}

TYPED_TEST(offloads, are_used_from_another_runtime_too) {
  const books kept;
  TypeParam theirs{{.threads = 1}};
  run_on<TypeParam>(
      {.threads = 2},
      [](typename TypeParam::base& rt, typename TypeParam::base& other) -> task<void> {
        const result<int> got = co_await tenon::blocking(other, [] { return 6; });
        EXPECT_EQ(got.value(), 6);
        EXPECT_NE(rt.current(), nullptr) << "and goes on at home";
      },
      std::ref(theirs));
}

TEST(blocking, names_its_threads_and_joins_them) {
  using R = manned<tenon::none, tenon::stealing<>>;
  const books kept;
  std::string title;
  std::atomic<int> left{0};
  struct says_goodbye {
    std::atomic<int>* to = nullptr;
    ~says_goodbye() {
      if (to != nullptr) ++*to;
    }
  };
  {
    R rt{{.threads = 1, .name = "edge"}};
    rt.run([](R::base& self, std::string* out, std::atomic<int>* gone) -> task<void> {
      const auto got = co_await tenon::blocking(
          self,
          [](std::atomic<int>* to) {
            thread_local says_goodbye at_exit;
            at_exit.to = to;
            char name[16] = "";
            ::pthread_getname_np(::pthread_self(), name, sizeof name);
            return std::string(name);
          },
          gone);
      *out = *got;
    }(rt, &title, &left));
    EXPECT_EQ(left, 1) << "joined when run() returns";
  }
  EXPECT_EQ(title, "edge/block");
}

TEST(blocking, threads_leave_when_nobody_needs_them) {
  auto& pool = *new tenon::detail::blocking_pool(3, "test", 0);
  struct counting : tenon::detail::blocking_call {
    std::atomic<int> ends{0};
  };
  counting call;
  call.run = [](tenon::work& item) noexcept { ++static_cast<counting&>(item).ends; };
  for (int round = 1; round <= 20; ++round) {
    EXPECT_EQ(pool.submit(call), 0);
    while (call.ends != round) std::this_thread::yield();
    EXPECT_FALSE(pool.take_back(call));
    if (round % 2 == 0) {
      while (pool.threads() != 0) std::this_thread::yield();
    }
  }
  pool.end(pool);
}

TEST(blocking, is_refused_outside_of_any_runtime) {
  using R = manned<tenon::none, tenon::stealing<>>;
  R rt{{.threads = 1}};
  auto call = tenon::blocking(rt, [] { return 1; });
  EXPECT_FALSE(call.await_ready());
  EXPECT_FALSE(call.await_suspend(std::coroutine_handle<>(std::noop_coroutine())));
  EXPECT_EQ(call.await_resume().error(), std::errc::operation_not_permitted);
  rt.run([]() -> task<void> { co_return; }());
}

}  // namespace
