// SPDX-License-Identifier: BSL-1.0
#include "net/wires.hpp"

#include <tenon/core/on_stop.hpp>

#include <span>
#include <system_error>
#include <vector>

namespace {

using namespace tenon_test;

using R = tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread, counted>;

static_assert(tenon::on_stop{} == tenon::on_stop::cancel, "the rule is what nothing says");

task<void> write_eight_mib(R::tcp_stream& to, tenon::on_stop how, tenon::duration limit, std::error_code* why) {
  const std::vector<std::byte> much(8 << 20);
  const auto sent = co_await to.write_all(much, to.runtime().now() + limit, how);
  *why = sent.error();
}

TEST(on_stop, cancel_ends_a_write_and_finish_does_not) {
  run_wired<R>(1, [](R& rt) -> task<void> {
    std::error_code cancelled;
    std::error_code finished;
    auto first = co_await make_wire<R>(rt);
    auto second = co_await make_wire<R>(rt);
    tenon::scope both{rt};
    both.spawn(write_eight_mib, std::ref(first.near), tenon::on_stop::cancel, tenon::duration(1h), &cancelled);
    both.spawn(write_eight_mib, std::ref(second.near), tenon::on_stop::finish, tenon::duration(1h), &finished);
    (void)co_await tenon::sleep_for(1ms);
    both.cancel();
    std::vector<std::byte> room(8 << 20);
    const std::size_t read = co_await read_whole<R>(second.far, room);
    EXPECT_EQ(read, room.size());
    co_await both.join();
    EXPECT_EQ(cancelled, std::errc::operation_canceled);
    EXPECT_FALSE(finished) << finished.message();
  });
}

TEST(on_stop, finish_still_keeps_its_deadline) {
  run_wired<R>(1, [](R& rt) -> task<void> {
    std::error_code late;
    auto wire = co_await make_wire<R>(rt);
    tenon::scope one{rt};
    one.spawn(write_eight_mib, std::ref(wire.near), tenon::on_stop::finish, tenon::duration(10ms), &late);
    (void)co_await tenon::sleep_for(1ms);
    one.cancel();
    co_await one.join();
    EXPECT_EQ(late, std::errc::timed_out);
  });
}

}  // namespace
