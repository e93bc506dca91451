// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/resolve.hpp>

#include "wires.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include <netdb.h>

namespace {

using namespace tenon_test;
using tenon::endpoint;

template <class R>
class names : public testing::Test {};
TYPED_TEST_SUITE(names, all_wired);

TYPED_TEST(names, are_looked_up) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    const auto here = co_await tenon::resolve(rt, "localhost", 8080, rt.now() + 30s);
    EXPECT_TRUE(here) << here.error().message();
    EXPECT_TRUE(std::all_of(here->begin(), here->end(), [](const endpoint& each) {
      return each == endpoint("127.0.0.1", 8080) || each == endpoint("::1", 8080);
    }));
    EXPECT_FALSE(here->empty());
    const auto by_service = co_await tenon::resolve(rt, "127.0.0.1", "8081");
    EXPECT_EQ(by_service.value().front(), endpoint("127.0.0.1", 8081));
    const auto loopback = co_await tenon::resolve(rt, "", "80");
    EXPECT_TRUE(loopback);
  });
}

TYPED_TEST(names, that_are_numbers_are_not) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(1, [](R& rt) -> task<void> {
    const auto four = co_await tenon::resolve(rt, "192.0.2.7", 80, rt.now());  // late, and yet there
    EXPECT_EQ(four.value().size(), 1U);
    EXPECT_EQ(four.value().front(), endpoint("192.0.2.7", 80));
    const auto six = co_await tenon::resolve(rt, "2001:db8::1", 80);
    EXPECT_EQ(six.value().front(), endpoint("2001:db8::1", 80));
  });
}

TYPED_TEST(names, that_cannot_be_say_so) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(1, [](R& rt) -> task<void> {
    // A label of 300 letters is refused before anybody is asked.
    const auto none = co_await tenon::resolve(rt, std::string(300, 'x'), 80);
    EXPECT_FALSE(none);
    EXPECT_EQ(none.error().category(), tenon::resolve_category());
    EXPECT_FALSE(none.error().message().empty());
    const auto service = co_await tenon::resolve(rt, "127.0.0.1", "no-such-service-at-all");
    EXPECT_EQ(service.error(), std::error_code(EAI_SERVICE, tenon::resolve_category()));
  });
}

TYPED_TEST(names, of_late_and_stopped_tasks_are_not_waited_for) {
  using R = typename TypeParam::runtime;
  if constexpr (R::threading::concurrent) {
    run_wired<TypeParam>(2, [](R& rt) -> task<void> {
      const auto late = co_await tenon::resolve(rt, "localhost", 80, rt.now());
      EXPECT_EQ(late.error(), std::errc::timed_out);
      const int storms = rounds(20);
      for (int i = 0; i < storms; ++i) {
        tenon::scope one{rt};
        one.spawn(
            [](R& self) -> task<void> {
              const auto got = co_await tenon::resolve(self, "localhost", 80);
              EXPECT_TRUE(got || got.error() == std::errc::operation_canceled);
            },
            std::ref(rt));
        for (int spins = 0; spins < i % 5; ++spins) co_await tenon::yield();
        one.cancel();
        co_await one.join();
      }
    });
  }
}

TYPED_TEST(names, are_connected_to_address_by_address) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    // Only IPv4 listens; where the system puts ::1 first, that is refused and the next one taken.
    auto door = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
    const std::uint16_t port = door.local_endpoint().port();
    auto near = co_await R::tcp_stream::connect(rt, "localhost", port, rt.now() + 30s);
    EXPECT_TRUE(near) << near.error().message();
    auto far = co_await door.accept(rt.now() + 5s);
    EXPECT_TRUE(far);
    const auto numeric = co_await R::tcp_stream::connect(rt, "127.0.0.1", port);
    EXPECT_TRUE(numeric);
    const auto none = co_await R::tcp_stream::connect(rt, std::string(300, 'x'), port);
    EXPECT_EQ(none.error().category(), tenon::resolve_category());
    std::uint16_t gone = 0;
    {
      const auto closed = R::tcp_listener::bind(rt, {"127.0.0.1", 0}).value();
      gone = closed.local_endpoint().port();
    }
    const auto refused = co_await R::tcp_stream::connect(rt, "localhost", gone, rt.now() + 30s);
    EXPECT_EQ(refused.error(), std::errc::connection_refused);
  });
}

TEST(resolve, errors_say_what_they_are) {
  const std::error_code again(EAI_AGAIN, tenon::resolve_category());
  EXPECT_EQ(again, std::errc::resource_unavailable_try_again);
  EXPECT_EQ(std::error_code(EAI_MEMORY, tenon::resolve_category()), std::errc::not_enough_memory);
  EXPECT_STREQ(tenon::resolve_category().name(), "tenon.resolve");
  EXPECT_EQ(std::error_code(EAI_NONAME, tenon::resolve_category()).message(), ::gai_strerror(EAI_NONAME));
}

}  // namespace
