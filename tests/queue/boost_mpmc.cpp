// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/boost_mpmc.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string_view>

#include "../laws/queue.hpp"

// A pop reads an element before it knows that it is its own, and looks again: a race by the letter, in Boost.
#if defined(__SANITIZE_THREAD__)
#define TENON_TEST_UNDER_TSAN
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TENON_TEST_UNDER_TSAN
#endif
#endif
#if defined(TENON_TEST_UNDER_TSAN)
extern "C" const char* __tsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier): TSan's name
extern "C" const char* __tsan_default_suppressions() { return "race:boost::lockfree::queue\n"; }
#endif

namespace {

using sizes = testing::Types<tenon::boost_mpmc<1>, tenon::boost_mpmc<3>, tenon::boost_mpmc<1024>>;
INSTANTIATE_TYPED_TEST_SUITE_P(boost_mpmc, queue_laws, sizes);

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
