// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/event.hpp>

#include <gtest/gtest.h>

#include <functional>

#include "models.hpp"

namespace tenon_test {

template <class On>
struct events : On {
  using subject = tenon::basic_event<typename On::threading>;
  static constexpr bool stays = true;
  static auto wait(subject& of) { return of.wait(); }
  static void raise(subject& of) { of.set(); }
};

}  // namespace tenon_test

namespace {

using namespace tenon_test;
using tenon::task;

using lone = tenon::basic_event<tenon::single_thread>;

INSTANTIATE_TYPED_TEST_SUITE_P(event, signal_laws, on_all<events>);

TEST(event, stays_set_until_it_is_reset) {
  run_alone([](alone&) -> task<void> {
    lone door;
    EXPECT_FALSE(door.is_set());
    door.set();
    door.set();
    EXPECT_TRUE(door.is_set());
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(co_await door.wait());
    door.reset();
    EXPECT_FALSE(door.is_set());
    const tenon::result<void> late = co_await tenon::timeout(1s, door.wait());
    EXPECT_EQ(late.error(), std::errc::timed_out);
    lone open(true);
    EXPECT_TRUE(co_await open.wait());
  });
}

TEST(event, lets_all_through_that_wait_although_it_is_reset_at_once) {
  run_alone([](alone& rt) -> task<void> {
    lone door;
    int through = 0;
    tenon::scope all{rt};
    for (int i = 0; i < 5; ++i) {
      all.spawn(
          [](lone& of, int& count) -> task<void> {
            const tenon::result<void> came = co_await of.wait();
            if (came) ++count;
          },
          std::ref(door), std::ref(through));
    }
    co_await tenon::laws::settle();
    door.set();
    door.reset();
    co_await all.join();
    EXPECT_EQ(through, 5);
    EXPECT_FALSE(door.is_set());
  });
}

}  // namespace
