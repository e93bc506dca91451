// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/epoll.hpp>

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

}  // namespace tenon::laws
