// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/as_awaitable.hpp>
#include <tenon/runtime/senders.hpp>
#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

#include "ground.hpp"

namespace {

using namespace tenon_test;
using tenon::as_awaitable;
using tenon::task;
namespace ex = tenon::execution;

struct crew : tenon::runtime<tenon::epoll, tenon::stealing<>, counted> {
  using runtime::runtime;
};
struct bound : tenon::runtime<tenon::none, tenon::affinity<>, counted> {
  using runtime::runtime;
};
struct alone : tenon::runtime<tenon::none, tenon::fifo, tenon::single_thread, tenon::virtual_clock, counted> {
  using runtime::runtime;
};

template <class Main>
auto run_alone(Main main) {
  const books kept;
  alone rt;
  return rt.run(main(rt));
}

/// An operation that calls `act` with its receiver when it is started.
template <class Receiver, class Act>
class acting {
 public:
  using operation_state_concept = ex::operation_state_tag;

  acting(Receiver to, Act act) : to_(std::move(to)), act_(std::move(act)) {}
  acting(acting&&) = delete;
  void start() noexcept { act_(std::move(to_)); }

 private:
  Receiver to_;
  Act act_;
};

/// A sender that completes as its function says, and says that it may complete as `Signatures`.
template <class Act, class... Signatures>
class from {
 public:
  using sender_concept = ex::sender_tag;
  using completion_signatures = ex::completion_signatures<Signatures...>;

  explicit from(Act act) : act_(std::move(act)) {}
  template <class Receiver>
  [[nodiscard]] acting<Receiver, Act> connect(Receiver to) && {
    return acting<Receiver, Act>(std::move(to), std::move(act_));
  }
  template <class Receiver>
  [[nodiscard]] acting<Receiver, Act> connect(Receiver to) const& {
    return acting<Receiver, Act>(std::move(to), act_);
  }

 private:
  Act act_;
};
template <class... Signatures, class Act>
[[nodiscard]] from<Act, Signatures...> sends(Act act) {
  return from<Act, Signatures...>(std::move(act));
}

template <class Sender>
using given = decltype(as_awaitable(std::declval<Sender>()).await_resume());
struct act {};
static_assert(std::is_same_v<given<from<act, ex::set_value_t()>>, void>);
static_assert(std::is_same_v<given<from<act, ex::set_value_t(const int&)>>, int>);
static_assert(std::is_same_v<given<from<act, ex::set_value_t(int), ex::set_value_t(int&&)>>, int>);
static_assert(std::is_same_v<given<from<act, ex::set_value_t(int, char)>>, std::tuple<int, char>>);
static_assert(std::is_same_v<given<from<act, ex::set_error_t(std::exception_ptr), ex::set_value_t(int)>>, int>);
static_assert(
    std::is_same_v<given<from<act, ex::set_error_t(std::error_code), ex::set_value_t(int)>>, tenon::result<int>>);
static_assert(std::is_same_v<given<from<act, ex::set_stopped_t(), ex::set_value_t(int, char)>>,
                             tenon::result<std::tuple<int, char>>>);
static_assert(std::is_same_v<given<from<act, ex::set_stopped_t()>>, tenon::result<void>>);
static_assert(std::is_same_v<given<alone::scheduler::sender>, tenon::result<void>>);

TEST(as_awaitable, gives_what_set_value_is_given) {
  run_alone([](alone&) -> task<void> {
    auto nothing = sends<ex::set_value_t()>([](auto to) { ex::set_value(std::move(to)); });
    co_await as_awaitable(nothing);
    co_await as_awaitable(std::move(nothing));
    auto one = sends<ex::set_value_t(std::unique_ptr<int>)>(
        [](auto to) { ex::set_value(std::move(to), std::make_unique<int>(3)); });
    const auto number = co_await as_awaitable(std::move(one));
    EXPECT_EQ(*number, 3);
    auto two = sends<ex::set_value_t(int, std::string)>(
        [](auto to) { ex::set_value(std::move(to), 4, std::string("words of which there are four")); });
    const auto [count, words] = co_await as_awaitable(std::move(two));
    EXPECT_EQ(count, 4);
    EXPECT_EQ(words, "words of which there are four");
  });
}

TEST(as_awaitable, stopped_and_error_codes_are_the_error_of_a_result) {
  run_alone([](alone&) -> task<void> {
    auto stops = sends<ex::set_value_t(int), ex::set_stopped_t()>([](auto to) { ex::set_stopped(std::move(to)); });
    const auto stopped = co_await as_awaitable(std::move(stops));
    EXPECT_EQ(stopped.error(), std::errc::operation_canceled);
    auto fails = sends<ex::set_value_t(int), ex::set_error_t(std::error_code)>(
        [](auto to) { ex::set_error(std::move(to), std::make_error_code(std::errc::no_link)); });
    const auto failed = co_await as_awaitable(std::move(fails));
    EXPECT_EQ(failed.error(), std::errc::no_link);
    auto works = sends<ex::set_value_t(int), ex::set_stopped_t()>([](auto to) { ex::set_value(std::move(to), 5); });
    const auto worked = co_await as_awaitable(std::move(works));
    EXPECT_EQ(worked.value(), 5);
  });
}

TEST(as_awaitable, other_errors_are_thrown) {
  run_alone([](alone&) -> task<void> {
    auto fails = sends<ex::set_value_t(int), ex::set_error_t(std::exception_ptr)>(
        [](auto to) { ex::set_error(std::move(to), std::make_exception_ptr(std::runtime_error("no"))); });
    std::string why;
    try {
      (void)co_await as_awaitable(std::move(fails));
    } catch (const std::runtime_error& error) {
      why = error.what();
    }
    EXPECT_EQ(why, "no");
    auto numbers = sends<ex::set_error_t(int)>([](auto to) { ex::set_error(std::move(to), 7); });
    int code = 0;
    try {
      co_await as_awaitable(std::move(numbers));
    } catch (int thrown) {
      code = thrown;
    }
    EXPECT_EQ(code, 7);
  });
}

TEST(as_awaitable, what_throws_on_the_way_leaves_the_co_await) {
  struct fragile {
    fragile() = default;
    fragile(const fragile&) { throw std::runtime_error("not copied"); }
  };
  run_alone([](alone&) -> task<void> {
    auto sender = sends<ex::set_value_t(fragile)>([](auto to) {
      const fragile glass;
      ex::set_value(std::move(to), glass);
    });
    std::string why;
    try {
      (void)co_await as_awaitable(std::move(sender));
    } catch (const std::runtime_error& error) {
      why = error.what();
    }
    EXPECT_EQ(why, "not copied");
  });
}

TEST(as_awaitable, a_million_ready_ones_need_no_stack_and_starve_nobody) {
  run_alone([](alone& rt) -> task<void> {
    bool ran = false;
    (void)rt.spawn(
        [](bool* flag) -> task<void> {
          co_await tenon::yield();
          *flag = true;
        },
        &ran);
    int before = 0;
    for (int i = 0; i < rounds(1'000'000); ++i) {
      auto ready = sends<ex::set_value_t()>([](auto to) { ex::set_value(std::move(to)); });
      co_await as_awaitable(std::move(ready));
      if (!ran) ++before;
    }
    EXPECT_LT(before, 1000);
  });
}

TEST(as_awaitable, the_receiver_has_the_stop_token_of_the_task) {
  run_alone([](alone& rt) -> task<void> {
    tenon::scope all{rt};
    bool possible = false;
    bool asked = false;
    all.spawn(
        [](bool* before, bool* after) -> task<void> {
          auto looks = sends<ex::set_value_t(std::stop_token)>(
              [](auto to) { ex::set_value(std::move(to), ex::get_stop_token(ex::get_env(to))); });
          const std::stop_token token = co_await as_awaitable(std::move(looks));
          *before = token.stop_possible() && !token.stop_requested();
          (void)co_await tenon::sleep_for(1h);
          *after = token.stop_requested();
        },
        &possible, &asked);
    (void)co_await tenon::sleep_for(1s);
    all.cancel();
    co_await all.join();
    EXPECT_TRUE(possible);
    EXPECT_TRUE(asked);
  });
}

TEST(as_awaitable, a_scheduler_is_awaited) {
  run_alone([](alone& rt) -> task<void> {
    const auto there = co_await as_awaitable(ex::schedule(rt.get_scheduler()));
    EXPECT_TRUE(there);
    tenon::scope all{rt};
    std::error_code why;
    all.spawn(
        [](alone& self, std::error_code* out) -> task<void> {
          const auto refused = co_await as_awaitable(ex::schedule(self.get_scheduler()));
          *out = refused.error();
        },
        std::ref(rt), &why);
    all.cancel();
    co_await all.join();
    EXPECT_EQ(why, std::errc::operation_canceled);
  });
}

/// Completes on a thread of its own, which is joined when it goes.
class elsewhere {
 public:
  using sender_concept = ex::sender_tag;
  using completion_signatures = ex::completion_signatures<ex::set_value_t(std::thread::id)>;

  template <class Receiver>
  class operation {
   public:
    using operation_state_concept = ex::operation_state_tag;
    explicit operation(Receiver to) : to_(std::move(to)) {}
    operation(operation&&) = delete;
    ~operation() { runner_.join(); }
    void start() noexcept {
      runner_ = std::thread([this] { ex::set_value(std::move(to_), std::this_thread::get_id()); });
    }

   private:
    Receiver to_;
    std::thread runner_;
  };
  template <class Receiver>
  [[nodiscard]] operation<Receiver> connect(Receiver to) const {
    return operation<Receiver>(std::move(to));
  }
};

TEST(as_awaitable, completed_on_another_thread_the_task_goes_on_at_home) {
  const books kept;
  bound rt{{.threads = 3}};
  rt.run([](bound& self) -> task<void> {
    tenon::scope all{self};
    for (int i = 0; i < 6; ++i) {
      all.spawn(
          [](bound& mine) -> task<void> {
            for (int round = 0; round < rounds(50); ++round) {
              const auto* const home = mine.current();
              const std::thread::id there = co_await as_awaitable(elsewhere());
              EXPECT_NE(there, std::this_thread::get_id());
              EXPECT_EQ(mine.current(), home);
            }
          },
          std::ref(self));
    }
    co_await all.join();
  }(rt));
}

TEST(as_awaitable, to_the_workers_of_another_runtime_and_back) {
  const books kept;
  crew there{{.threads = 2}};
  std::thread runner([&there] { there.run(); });
  bound here{{.threads = 2}};
  here.run([](bound& mine, crew& other) -> task<void> {
    tenon::scope all{mine};
    for (int i = 0; i < 8; ++i) {
      all.spawn(
          [](bound& self, crew& remote) -> task<void> {
            for (int trip = 0; trip < rounds(300); ++trip) {
              const auto arrived = co_await as_awaitable(ex::schedule(remote.get_scheduler()));
              EXPECT_TRUE(arrived);
              EXPECT_NE(self.current(), nullptr) << "a task stays with its runtime";
            }
          },
          std::ref(mine), std::ref(other));
    }
    co_await all.join();
  }(here, there));
  there.request_stop();
  runner.join();
}

}  // namespace
