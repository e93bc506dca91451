// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/abandonable.hpp>

#include "ground.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace {

using namespace tenon_test;
using tenon::result;
using tenon::task;

struct crew : tenon::runtime<tenon::none, tenon::stealing<>, counted> {
  using runtime::runtime;
};

TEST(abandonable, gives_a_value_in_time) {
  const books kept;
  crew rt{{.threads = 2}};
  rt.run([](crew& self) -> task<void> {
    const result<std::string> got = co_await tenon::abandonable(
        self, tenon::never, [](std::string text) { return text + "!"; }, std::string("a text too long to be short"));
    EXPECT_EQ(got.value(), "a text too long to be short!");
    bool caught = false;
    try {
      (void)co_await tenon::abandonable(self, self.now() + 1h, []() -> int { throw std::runtime_error("no"); });
    } catch (const std::runtime_error&) {
      caught = true;
    }
    EXPECT_TRUE(caught);
  }(rt));
}

TEST(abandonable, is_left_behind_and_joined_at_the_end) {
  const books kept;
  struct marks {
    std::atomic<bool> begun{false};
    std::atomic<bool> ended{false};
  };
  auto seen = std::make_shared<marks>();
  {
    crew rt{{.threads = 2}};
    auto go = std::make_shared<std::counting_semaphore<2>>(0);
    rt.run([](crew& self, std::shared_ptr<std::counting_semaphore<2>> gate, std::shared_ptr<marks> out) -> task<void> {
      const auto late = co_await tenon::abandonable(
          self, self.now() + 2ms,
          [](const std::shared_ptr<std::counting_semaphore<2>>& wait, const std::shared_ptr<marks>& says) {
            says->begun = true;
            wait->acquire();
            says->ended = true;
          },
          gate, out);
      EXPECT_EQ(late.error(), std::errc::timed_out);
      EXPECT_FALSE(out->ended);

      tenon::scope one{self};
      one.spawn(
          [](crew& in, std::shared_ptr<std::counting_semaphore<2>> wait) -> task<void> {
            const auto got = co_await tenon::abandonable(
                in, tenon::never, [](const std::shared_ptr<std::counting_semaphore<2>>& on) { on->acquire(); }, wait);
            EXPECT_EQ(got.error(), std::errc::operation_canceled);
          },
          std::ref(self), gate);
      (void)co_await tenon::sleep_for(1ms);
      one.cancel();
      co_await one.join();
      gate->release(2);
    }(rt, go, seen));
    EXPECT_EQ(seen->ended, seen->begun) << "a call that had not begun by the deadline was taken back";
    EXPECT_EQ(go.use_count(), 1) << "what was left has been freed by the time run() returns";
  }
}

TEST(abandonable, is_given_up_at_any_moment) {
  const books kept;
  crew rt{{.threads = 2, .blocking_threads = 2}};
  rt.run([](crew& self) -> task<void> {
    const int storms = rounds(300);
    for (int storm = 0; storm < storms; ++storm) {
      tenon::scope calls{self};
      for (int i = 0; i < 6; ++i) {
        calls.spawn(
            [](crew& in, int number) -> task<void> {
              const auto limit = number % 2 == 0 ? tenon::never : in.now() + 20us;
              const result<int> got = co_await tenon::abandonable(
                  in, limit, [](std::string text) { return static_cast<int>(text.size()); }, std::string(40, 'x'));
              EXPECT_TRUE(got ? *got == 40
                              : got.error() == std::errc::operation_canceled || got.error() == std::errc::timed_out);
            },
            std::ref(self), i);
      }
      std::thread outside([&calls, storm] {
        std::atomic<int> spins{(storm * 997) % 20'000};
        while (spins.fetch_sub(1, std::memory_order_relaxed) > 0) {
        }
        calls.cancel();
      });
      outside.join();
      co_await calls.join();
    }
  }(rt));
}

}  // namespace
