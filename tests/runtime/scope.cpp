// SPDX-License-Identifier: BSL-1.0
#include "ground.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace tenon_test;
using tenon::task;

struct queueing : tenon::runtime<tenon::epoll, tenon::fifo, counted> {
  using runtime::runtime;
};
struct thieves : tenon::runtime<tenon::epoll, tenon::stealing<>, counted> {
  using runtime::runtime;
};
struct settled : tenon::runtime<tenon::poll, tenon::affinity<>, counted> {
  using runtime::runtime;
};

template <class R>
class scopes : public testing::Test {};
using all_crews = testing::Types<queueing, thieves, settled>;
TYPED_TEST_SUITE(scopes, all_crews);

template <class R, class Main>
auto run_with(std::size_t threads, Main main) {
  const books kept;
  R rt{{.threads = threads}};
  return rt.run(main(rt));
}

task<void> count_up(std::atomic<int>* count) {
  co_await tenon::yield();
  ++*count;
}
task<void> sleep_long(std::atomic<int>* cancelled) {
  const bool slept = co_await tenon::sleep_for(1h);
  if (!slept) ++*cancelled;
}

TYPED_TEST(scopes, wait_for_all_and_can_be_filled_again) {
  run_with<TypeParam>(3, [](TypeParam& rt) -> task<void> {
    std::atomic<int> count{0};
    tenon::scope all{rt};
    EXPECT_EQ(all.size(), 0U);
    co_await all.join();  // of nobody
    for (int round = 1; round <= 3; ++round) {
      for (int i = 0; i < 100; ++i) all.spawn(count_up, &count);
      EXPECT_LE(all.size(), 100U);
      co_await all.join();
      EXPECT_EQ(count, 100 * round);
      EXPECT_EQ(all.size(), 0U);
    }
  });
}

TYPED_TEST(scopes, cancel_what_is_there_and_what_comes) {
  run_with<TypeParam>(2, [](TypeParam& rt) -> task<void> {
    std::atomic<int> cancelled{0};
    tenon::scope all{rt};
    for (int i = 0; i < 10; ++i) all.spawn(sleep_long, &cancelled);
    co_await tenon::yield();
    all.cancel();
    all.spawn(sleep_long, &cancelled);
    co_await all.join();
    EXPECT_EQ(cancelled, 11);
  });
}

TYPED_TEST(scopes, follow_the_stop_of_the_one_who_joins) {
  std::atomic<int> cancelled{0};
  const books kept;
  TypeParam rt{{.threads = 2}};
  rt.run([](TypeParam& self, std::atomic<int>* out) -> task<void> {
    for (int i = 0; i < 20; ++i) {
      (void)self.spawn(
          [](TypeParam* of, std::atomic<int>* count) -> task<void> {
            tenon::scope outer{*of};
            outer.spawn(
                [](TypeParam* in, std::atomic<int>* number) -> task<void> {
                  tenon::scope inner{*in};
                  inner.spawn(sleep_long, number);
                  co_await inner.join();
                },
                of, count);
            co_await outer.join();
          },
          &self, out);
    }
    (void)co_await tenon::sleep_for(1ms);
  }(rt, &cancelled));
  EXPECT_EQ(cancelled, 20);
}

#if defined(__cpp_exceptions)
TYPED_TEST(scopes, give_out_the_first_exception_when_all_have_left) {
  run_with<TypeParam>(3, [](TypeParam& rt) -> task<void> {
    std::atomic<int> cancelled{0};
    tenon::scope all{rt};
    for (int i = 0; i < 5; ++i) all.spawn(sleep_long, &cancelled);
    all.spawn([]() -> task<void> {
      co_await tenon::yield();
      throw std::runtime_error("first");
    });
    std::string what;
    try {
      co_await all.join();
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
    EXPECT_EQ(what, "first");
    EXPECT_EQ(cancelled, 5);
    EXPECT_EQ(all.size(), 0U);
    co_await all.join();  // it came out once
  });
}
#endif

TYPED_TEST(scopes, take_tasks_from_anywhere) {
  const books kept;
  for (int round = 0; round < rounds(50); ++round) {
    std::atomic<int> count{0};
    TypeParam rt{{.threads = 2}};
    rt.run([](TypeParam& self, std::atomic<int>* out) -> task<void> {
      tenon::scope all{self};
      all.spawn(
          [](tenon::scope<typename TypeParam::runtime>* of, std::atomic<int>* number) -> task<void> {
            for (int i = 0; i < 10; ++i) of->spawn(count_up, number);  // one of its own
            co_await tenon::yield();
          },
          &all, out);
      std::vector<std::thread> outside;
      for (int t = 0; t < 2; ++t) {
        outside.emplace_back([&all, out] {
          for (int i = 0; i < 50; ++i) all.spawn(count_up, out);
        });
      }
      for (std::thread& each : outside) each.join();
      co_await all.join();
    }(rt, &count));
    ASSERT_EQ(count, 110);
  }
}

TYPED_TEST(scopes, are_cancelled_at_any_moment_by_anyone) {
  run_with<TypeParam>(4, [](TypeParam& rt) -> task<void> {
    for (int storm = 0; storm < rounds(500); ++storm) {
      std::atomic<int> ended{0};
      tenon::scope all{rt};
      for (int i = 0; i < 6; ++i) {
        all.spawn(
            [](std::atomic<int>* out, int how) -> task<void> {
              switch (how) {
                case 0: (void)co_await tenon::sleep_for(1h); break;
                case 1: {
                  while (co_await tenon::sleep_for(10us)) {  // gcc12: the coroutine has locals
                  }
                  break;
                }
                case 2: {
                  const auto first = co_await tenon::timeout(1h, []() -> task<int> {
                    (void)co_await tenon::sleep_for(1h);
                    co_return 1;
                  }());
                  EXPECT_TRUE(first || first.error() == std::errc::operation_canceled);
                  break;
                }
                case 3: {
                  for (;;) {
                    const auto first = co_await tenon::timeout(20us, []() -> task<int> {
                      (void)co_await tenon::sleep_for(15us);
                      co_return 1;
                    }());
                    const bool over = co_await tenon::this_task::stop_requested();
                    if (over) break;
                    EXPECT_TRUE(first || first.error() == std::errc::timed_out);
                  }
                  break;
                }
                case 4: {
                  (void)co_await tenon::when_any([]() -> task<void> { (void)co_await tenon::sleep_for(1h); }(),
                                                 []() -> task<void> { (void)co_await tenon::sleep_for(2h); }());
                  break;
                }
                default: {
                  (void)co_await tenon::when_all([]() -> task<void> { (void)co_await tenon::sleep_for(1h); }(),
                                                 []() -> task<void> { (void)co_await tenon::sleep_for(50us); }());
                }
              }
              ++*out;
            },
            &ended, i);
      }
      std::thread outside([&all, storm] {
        for (int i = 0; i < storm % 50; ++i) std::this_thread::yield();
        all.cancel();
      });
      if (storm % 2 == 0) {
        co_await all.join();
        outside.join();
      } else {
        outside.join();
        co_await all.join();
      }
      EXPECT_EQ(ended, 6);
    }
  });
}

TEST(scope, brings_a_bound_task_back_to_its_worker) {
  run_with<settled>(4, [](settled& rt) -> task<void> {
    const auto home = std::this_thread::get_id();
    for (int round = 0; round < 20; ++round) {
      std::atomic<int> count{0};
      tenon::scope all{rt};
      for (int i = 0; i < 8; ++i) {
        all.spawn(
            [](std::atomic<int>* out) -> task<void> {
              const auto here = std::this_thread::get_id();
              (void)co_await tenon::sleep_for(50us);
              EXPECT_EQ(here, std::this_thread::get_id());
              ++*out;
            },
            &count);
      }
      co_await all.join();
      EXPECT_EQ(home, std::this_thread::get_id());
    }
  });
}

TEST(scope_death, that_is_left_with_tasks_ends_the_program) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        thieves rt{{.threads = 1}};
        rt.run([](thieves& self) -> task<void> {
          std::atomic<int> none{0};
          tenon::scope all{self};
          all.spawn(sleep_long, &none);
          co_await tenon::yield();
        }(rt));
      },
      "");
}

task<void> reads_late(std::string_view text, std::span<const int> numbers, std::string* into) {
  (void)co_await tenon::sleep_for(1ms);
  *into += text;
  for (const int each : numbers) *into += std::to_string(each);
}

/// What a parameter is only a view of is kept as it was given.
TYPED_TEST(scopes, keep_the_string_that_a_view_is_made_of) {
  std::string read;
  run_with<TypeParam>(2, [&read](TypeParam& rt) -> task<void> {
    tenon::scope all{rt};
    all.spawn(reads_late, std::string("a text that is too long for any small string, "), std::vector<int>{1, 2, 3},
              &read);
    co_await all.join();
  });
  EXPECT_EQ(read, "a text that is too long for any small string, 123");
}

}  // namespace
