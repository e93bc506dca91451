// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>

#include "../laws/backend.hpp"

namespace tenon::laws {

using none_loops = testing::Types<none::loop<multi_thread>, none::loop<single_thread>>;
INSTANTIATE_TYPED_TEST_SUITE_P(none, backend_wait_laws, none_loops);

static_assert(tenon::backend_policy<tenon::none>);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(backend_io_laws);

TEST(none_backend, has_no_io) {
  static_assert(!none::performs_io);
  none::loop<multi_thread> loop;
  ASSERT_TRUE(loop.open());
  io_source source;
  EXPECT_EQ(loop.attach(source).error(), std::errc::operation_not_supported);
  counted op{io_kind::read, source};
  EXPECT_TRUE(loop.start(op));
  EXPECT_EQ(op.outcome, -EOPNOTSUPP);
  EXPECT_EQ(op.ends, 0);
}

TEST(none_backend, costs_nothing_when_nothing_is_shared) {
  EXPECT_EQ(sizeof(none::loop<single_thread>), 1U);
  EXPECT_EQ(sizeof(none::loop<multi_thread>), sizeof(std::uint32_t));
}

}  // namespace tenon::laws
