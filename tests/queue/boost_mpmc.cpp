// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/boost_mpmc.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string_view>

#include "../laws/queue.hpp"

#if defined(__SANITIZE_THREAD__)
#define TENON_TEST_UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TENON_TEST_UNDER_TSAN 1
#endif
#endif

namespace {

using sizes [[maybe_unused]] = testing::Types<tenon::boost_mpmc<1>, tenon::boost_mpmc<3>, tenon::boost_mpmc<1024>>;
// Boost reads a node that may have been freed meanwhile, and then looks whether it was. ThreadSanitizer is right to
// call that a race, and there is nothing to mend here.
#if defined(TENON_TEST_UNDER_TSAN)
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(queue_laws);
#else
INSTANTIATE_TYPED_TEST_SUITE_P(boost_mpmc, queue_laws, sizes);
#endif

static_assert(tenon::queue_policy<tenon::boost_mpmc<>>);

TEST(boost_mpmc, is_spelled_with_its_size) {
  EXPECT_EQ(std::string_view{tenon::boost_mpmc<64>::word}, "boost_mpmc<64>");
}

TEST(boost_mpmc, holds_what_is_trivially_copied) {
  EXPECT_TRUE((tenon::queue_holds<tenon::boost_mpmc<>, int*>));
  EXPECT_FALSE((tenon::queue_holds<tenon::boost_mpmc<>, std::shared_ptr<int>>));
  EXPECT_FALSE((tenon::queue_holds<tenon::boost_mpmc<>, int&>));
}

TEST(boost_mpmc, is_a_plain_ring_on_one_thread) {
  EXPECT_LE(sizeof(tenon::boost_mpmc<64>::of<void*, tenon::single_thread>), (64 + 2) * sizeof(void*));
}

}  // namespace
