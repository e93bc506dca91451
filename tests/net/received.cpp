// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/received.hpp>

#include "wires.hpp"

#include <chrono>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using namespace tenon_test;

std::string text_of(const tenon::received_bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.bytes().data()), bytes.size()};
}

template <class R>
class received : public testing::Test {};
TYPED_TEST_SUITE(received, all_wired);

TYPED_TEST(received, bytes_come_in_order_to_the_end) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto pair = co_await make_wire<R>(rt);
    std::string sent;
    std::string got;
    for (std::size_t i = 0; i < 40; ++i) {
      const std::string bytes(1 + i * 211 % 3'000, static_cast<char>('a' + i % 26));
      const auto written = co_await pair.near.write_all(std::as_bytes(std::span(bytes)));
      EXPECT_TRUE(written);
      sent += bytes;
      const auto come = co_await pair.far.receive();
      EXPECT_TRUE(come && !come->empty());
      got += text_of(*come);
    }
    EXPECT_TRUE(pair.near.shutdown_send());
    for (;;) {
      const auto come = co_await pair.far.receive();
      EXPECT_TRUE(come);
      if (come->empty()) break;
      got += text_of(*come);
    }
    EXPECT_EQ(got, sent);
  });
}

TYPED_TEST(received, buffers_that_are_held_stop_nobody) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto pair = co_await make_wire<R>(rt);
    std::vector<tenon::received_bytes> held;
    for (int i = 0; i < 600; ++i) {  // more than there are in a ring
      const std::string bytes = "number " + std::to_string(i);
      (void)co_await pair.near.write_all(std::as_bytes(std::span(bytes)));
      auto come = co_await pair.far.receive(rt.now() + 5s);
      EXPECT_TRUE(come);
      if (!come) co_return;
      EXPECT_EQ(text_of(*come), bytes);
      held.push_back(std::move(*come));
    }
    EXPECT_EQ(text_of(held[7]), "number 7");
    held.resize(1);
    held[0].reset();
    EXPECT_TRUE(held[0].empty());
  });
}

TYPED_TEST(received, a_deadline_and_a_stop_end_the_wait) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(1, [](R& rt) -> task<void> {
    auto pair = co_await make_wire<R>(rt);
    const auto late = co_await pair.far.receive(rt.now() + 2ms);
    EXPECT_EQ(late.error(), std::errc::timed_out);
    const std::string bytes = "after";
    (void)co_await pair.near.write_all(std::as_bytes(std::span(bytes)));
    const auto come = co_await pair.far.receive();
    EXPECT_EQ(text_of(*come), "after");
    rt.request_stop();
    const auto stopped = co_await pair.far.receive();
    EXPECT_EQ(stopped.error(), std::errc::operation_canceled);
  });
}

}  // namespace
