// SPDX-License-Identifier: BSL-1.0
#if __has_include(<uv.h>) && !defined(TENON_WITHOUT_LIBUV)
#include <tenon/backend/libuv.hpp>

#include "../laws/backend.hpp"

namespace tenon::laws {

using libuv_loops = testing::Types<libuv::loop<multi_thread>, libuv::loop<single_thread>>;
INSTANTIATE_TYPED_TEST_SUITE_P(libuv, backend_wait_laws, libuv_loops);
INSTANTIATE_TYPED_TEST_SUITE_P(libuv, backend_io_laws, libuv_loops);

TEST(libuv_backend, runs_handles_of_the_program_within_wait) {
  libuv::loop<multi_thread> loop;
  ASSERT_TRUE(loop.open());
  uv_timer_t timer;
  ASSERT_EQ(::uv_timer_init(&loop.native(), &timer), 0);
  int rings = 0;
  timer.data = &rings;
  ASSERT_EQ(::uv_timer_start(&timer, [](uv_timer_t* self) { ++*static_cast<int*>(self->data); }, 1, 0), 0);
  for (int i = 0; i < 100 && rings == 0; ++i) loop.wait(milliseconds{100});
  EXPECT_EQ(rings, 1);
  ::uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
  loop.wait(nanoseconds{0});
}

}  // namespace tenon::laws
#endif
