// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/epoll.hpp>

#include <tenon/backend/detail/far_alarm.hpp>

#include "../laws/backend.hpp"

namespace tenon::laws {

static_assert(backend_policy<epoll>);

static_assert(backend_policy<epoll::with<busy_poll<>>>);

using epoll_loops = testing::Types<epoll::loop<multi_thread>, epoll::loop<single_thread>>;
INSTANTIATE_TYPED_TEST_SUITE_P(epoll, backend_wait_laws, epoll_loops);
INSTANTIATE_TYPED_TEST_SUITE_P(epoll, backend_io_laws, epoll_loops);

using busy_loops = testing::Types<epoll::with<busy_poll<200>>::loop<multi_thread>>;
INSTANTIATE_TYPED_TEST_SUITE_P(epoll_busy, backend_wait_laws, busy_loops);
INSTANTIATE_TYPED_TEST_SUITE_P(epoll_busy, backend_io_laws, busy_loops);

TEST(epoll_backend, spells_its_options) {
  EXPECT_EQ(epoll::word.view(), "epoll");
  EXPECT_EQ(epoll::with<busy_poll<20>>::word.view(), "epoll::with<busy_poll<20>>");
}

TEST(epoll_backend, a_busy_poll_is_bounded_and_then_sleeps) {
  epoll::with<busy_poll<1'000>>::loop<single_thread> loop;
  ASSERT_TRUE(loop.open());
  const auto used = [] {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
  };
  const auto before = used();
  loop.wait(milliseconds{60});
  EXPECT_LT(used() - before, milliseconds{30});
}

TEST(epoll_backend, an_alarm_rings_in_time_whatever_it_was_set_for_before) {
  const unique_fd poller{::epoll_create1(EPOLL_CLOEXEC)};
  detail::far_alarm alarm;
  epoll_event event{};
  const auto rings_within = [&](milliseconds most) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(alarm.covers(poller.get(), most));
    EXPECT_EQ(::epoll_wait(poller.get(), &event, 1, 10'000), 1) << "it did not ring at all";
    EXPECT_EQ(event.data.ptr, &alarm);
    alarm.rang();
    return std::chrono::steady_clock::now() - start;
  };
  for (int i = 0; i < 3; ++i) {
    const auto took = rings_within(milliseconds{30});
    EXPECT_GE(took, milliseconds{15}) << "it is set by a clock that is up to 10 ms behind";
  }
  EXPECT_TRUE(alarm.covers(poller.get(), std::chrono::hours{1'000'000}));
  EXPECT_LT(rings_within(milliseconds{20}), std::chrono::seconds{5}) << "set for later, and then for sooner";
  EXPECT_TRUE(alarm.covers(poller.get(), milliseconds{20}));
  EXPECT_LT(rings_within(std::chrono::hours{1}), std::chrono::seconds{5}) << "set for sooner, it rings too early";
  EXPECT_EQ(::epoll_wait(poller.get(), &event, 1, 0), 0) << "once";
}

}  // namespace tenon::laws
