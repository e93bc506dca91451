// SPDX-License-Identifier: BSL-1.0
#include "wires.hpp"

#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
#include <tenon/net/uv_host.hpp>

#include <stdexcept>
#include <thread>

namespace {

using namespace tenon_test;

/// A loop of the program's own.
struct outer_loop {
  outer_loop() { EXPECT_EQ(::uv_loop_init(&loop), 0); }
  ~outer_loop() { EXPECT_EQ(::uv_loop_close(&loop), 0); }  // nothing is left open in it
  outer_loop(const outer_loop&) = delete;
  outer_loop& operator=(const outer_loop&) = delete;
  void run() { EXPECT_EQ(::uv_run(&loop, UV_RUN_DEFAULT), 0); }
  uv_loop_t loop{};
};

template <class R>
class uv_hosts : public testing::Test {};
using hosted = testing::Types<wired<tenon::epoll>, wired<tenon::libuv, tenon::fifo, tenon::single_thread>
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                              ,
                              wired<tenon::io_uring<>, tenon::fifo, tenon::single_thread>
#endif
                              >;
TYPED_TEST_SUITE(uv_hosts, hosted);

TYPED_TEST(uv_hosts, end_when_the_runtime_has_ended_beside_handles_of_the_programs_own) {
  using R = typename TypeParam::runtime;
  outer_loop outer;
  typename R::settings how_much;
  if constexpr (R::threading::concurrent) how_much.threads = 2;
  R rt{how_much};
  tenon::uv_host host(outer.loop, rt);
  int echoed = 0;
  int ticks = 0;
  uv_timer_t own{};
  ::uv_timer_init(&outer.loop, &own);
  own.data = &ticks;
  ::uv_timer_start(
      &own,
      [](uv_timer_t* of) {
        if (++*static_cast<int*>(of->data) == 5) ::uv_close(reinterpret_cast<uv_handle_t*>(of), nullptr);
      },
      1, 1);
  EXPECT_TRUE(host.launch([](R& self, int& count) -> task<void> {
    auto ends = co_await make_wire<R>(self);
    std::array<std::byte, 4> room{};
    for (int i = 0; i < 30; ++i) {
      const auto sent = co_await ends.near.write_all(room);
      EXPECT_TRUE(sent);
      const auto ready = co_await ends.far.readable();
      EXPECT_TRUE(ready);
      const std::size_t got = co_await read_whole<R>(ends.far, room);
      if (got == room.size()) ++count;
      if (i % 10 == 0) {
        const bool slept = co_await tenon::sleep_for(1ms);
        EXPECT_TRUE(slept);
      }
    }
  }(rt, echoed)));
  outer.run();
  EXPECT_EQ(echoed, 30);
  EXPECT_EQ(ticks, 5);
  EXPECT_EQ(rt.state(), tenon::phase::stopped);
}

TEST(uv_host, gives_out_what_the_task_threw_after_the_run) {
  outer_loop outer;
  wired<tenon::epoll, tenon::fifo, tenon::single_thread> rt;
  tenon::uv_host host(outer.loop, rt);
  EXPECT_TRUE(host.launch([]() -> task<void> {
    const bool slept = co_await tenon::sleep_for(1ms);
    EXPECT_TRUE(slept);
    throw std::runtime_error("kept");
  }()));
  outer.run();
  EXPECT_THROW(host.rethrow(), std::runtime_error);
  host.rethrow();  // once
}

TEST(uv_host, hears_of_a_post_from_another_thread) {
  outer_loop outer;
  wired<tenon::epoll, tenon::affinity<>> rt{{.threads = 1}};
  tenon::uv_host host(outer.loop, rt);
  EXPECT_TRUE(host.launch([]() -> task<void> {
    const bool slept = co_await tenon::sleep_until(tenon::never);
    EXPECT_FALSE(slept);
  }()));
  std::thread other([&] { rt.post([&] { rt.request_stop(); }); });
  outer.run();
  other.join();
  EXPECT_EQ(rt.state(), tenon::phase::stopped);
}

}  // namespace
#endif
