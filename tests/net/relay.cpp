// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/relay.hpp>

#include "wires.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/socket.h>

namespace {

using namespace tenon_test;

template <class R>
class relays : public testing::Test {};
TYPED_TEST_SUITE(relays, all_wired);

/// A stream that has to see its bytes.
template <class R>
class seeing {
 public:
  explicit seeing(typename R::tcp_stream& below) : below_(&below) {}
  [[nodiscard]] auto read_some(std::span<std::byte> into, tenon::time_point deadline) {
    return below_->read_some(into, deadline);
  }
  [[nodiscard]] auto write_some(std::span<const std::byte> from, tenon::time_point deadline) {
    return below_->write_some(from, deadline);
  }
  tenon::result<void> shutdown_send() { return below_->shutdown_send(); }
  [[nodiscard]] int native_handle() const { return below_->native_handle(); }
  [[nodiscard]] R& runtime() const { return below_->runtime(); }

 private:
  typename R::tcp_stream* below_;
};

template <class R>
task<void> sends(typename R::tcp_stream& to, std::span<const std::byte> all) {
  const auto sent = co_await to.write_all(all, to.runtime().now() + 20s);
  EXPECT_EQ(sent.value(), all.size());
  EXPECT_TRUE(to.shutdown_send());
}

template <class R>
task<std::string> receives(typename R::tcp_stream& from) {
  std::string got;
  std::array<std::byte, 30'000> room;
  for (;;) {
    const auto n = co_await from.read_some(room, from.runtime().now() + 20s);
    if (!n || *n == 0) break;
    got.append(reinterpret_cast<const char*>(room.data()), *n);
  }
  co_return got;
}

/// Answers with all it got, when all of it has come: nothing but a half-close tells it so.
template <class R>
task<void> answers(typename R::tcp_stream& peer) {
  const std::string all = co_await receives<R>(peer);
  co_await sends<R>(peer, std::as_bytes(std::span(all)));
}

template <class R>
task<std::string> asks(typename R::tcp_stream& peer, const std::string& question) {
  co_await sends<R>(peer, std::as_bytes(std::span(question)));
  std::string answer = co_await receives<R>(peer);
  co_return answer;
}

TYPED_TEST(relays, carry_both_ways_and_pass_each_end_on) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    std::string question(2'000'000, '\0');
    for (std::size_t i = 0; i < question.size(); ++i) question[i] = static_cast<char>(i * 7 + i / 256);
    for (int copies = 0; copies != 2; ++copies) {
      auto one = co_await make_wire<R>(rt);
      auto other = co_await make_wire<R>(rt);
      seeing<R> near(one.far);
      seeing<R> far(other.near);
      auto relaying = copies == 1 ? tenon::relay(near, far) : tenon::relay(one.far, other.near, 20s);
      const auto results =
          co_await tenon::when_all(std::move(relaying), asks<R>(one.near, question), answers<R>(other.far));
      const tenon::relayed done = std::get<0>(results);
      EXPECT_FALSE(done.why) << done.why.message();
      EXPECT_EQ(done.forth, question.size());
      EXPECT_EQ(done.back, question.size());
      EXPECT_TRUE(std::get<1>(results) == question);
    }
  });
}

TYPED_TEST(relays, end_when_neither_side_says_anything) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto one = co_await make_wire<R>(rt);
    auto other = co_await make_wire<R>(rt);
    const auto before = rt.now();
    const auto done = co_await tenon::relay(one.far, other.near, 10ms);
    EXPECT_EQ(done.why, std::errc::timed_out);
    EXPECT_GE(rt.now() - before, 10ms);
    std::array<std::byte, 1> room;
    const auto end = co_await other.far.read_some(room, rt.now() + 20s);
    EXPECT_EQ(end.value(), 0U);
  });
}

template <class R>
task<void> relays_to(typename R::tcp_stream& near, typename R::tcp_stream& far, tenon::relayed* done) {
  *done = co_await tenon::relay(near, far);
}

TYPED_TEST(relays, end_with_a_side_that_is_cut_off_and_on_request) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    for (int cuts = 0; cuts != 2; ++cuts) {
      auto one = co_await make_wire<R>(rt);
      auto other = co_await make_wire<R>(rt);
      tenon::relayed done;
      tenon::scope relaying{rt};
      relaying.spawn(relays_to<R>, std::ref(one.far), std::ref(other.near), &done);
      std::array<std::byte, 8> room{};
      const auto asked = co_await one.near.write_all(room);
      EXPECT_EQ(asked.value(), 8U);
      const std::size_t heard = co_await read_whole<R>(other.far, room);
      EXPECT_EQ(heard, 8U);
      if (cuts == 1) {
        const linger at_once{1, 0};
        ::setsockopt(one.near.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        {
          const auto gone = std::move(one.near);
        }
      } else {
        relaying.cancel();
      }
      co_await relaying.join();
      EXPECT_EQ(done.why, cuts == 1 ? std::errc::connection_reset : std::errc::operation_canceled)
          << done.why.message();
      EXPECT_EQ(done.forth, 8U);
      const auto end = co_await other.far.read_some(room, rt.now() + 20s);
      EXPECT_TRUE(!end || *end == 0);
    }
  });
}

}  // namespace
