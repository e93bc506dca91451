// SPDX-License-Identifier: BSL-1.0
#include <tenon/http/connector.hpp>

#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

namespace {

namespace http = tenon::http;

struct subject : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};

static_assert(http::connector_for<http::tcp_connector<subject::runtime>, subject::runtime>);
static_assert(!http::connector_for<int, subject::runtime>);

TEST(connector, connects_by_address_and_leaves_tls_to_others) {
  subject rt;
  rt.run([](subject::runtime& runtime) -> tenon::task<void> {
    auto door = subject::tcp_listener::bind(runtime, {"127.0.0.1", 0}).value();
    const http::tcp_connector<subject::runtime> by;
    http::origin to{"127.0.0.1", door.local_endpoint().port(), false};
    auto made = co_await by.connect(runtime, to, tenon::never);
    EXPECT_TRUE(made.has_value());
    to.secure = true;
    auto refused = co_await by.connect(runtime, to, tenon::never);
    EXPECT_EQ(refused.error(), http::client_errc::no_tls);
  }(rt));
}

}  // namespace
