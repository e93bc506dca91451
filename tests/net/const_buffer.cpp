// SPDX-License-Identifier: BSL-1.0
#include <tenon/net/const_buffer.hpp>

#include "wires.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

using namespace tenon_test;
using tenon::const_buffer;

template <class R>
class rows : public testing::Test {};
TYPED_TEST_SUITE(rows, all_wired);

/// Buffers of 0, 1, 2, ... bytes, again and again, and what they are together.
struct parts {
  std::vector<std::string> texts;
  std::vector<const_buffer> row;
  std::string whole;

  parts(std::size_t count, std::size_t scale) {
    for (std::size_t i = 0; i < count; ++i) texts.emplace_back(i % 7 * scale, static_cast<char>('a' + i % 26));
    for (const std::string& text : texts) {
      row.emplace_back(std::string_view(text));
      whole += text;
    }
  }
};

template <class R>
task<void> sends(typename R::tcp_stream& to, std::span<const const_buffer> row, std::size_t* sent) {
  const auto all = co_await to.write_all(row);
  *sent = all ? *all : 0;
  EXPECT_TRUE(to.shutdown_send());
}

template <class R>
task<std::string> receives(typename R::tcp_stream& from, std::size_t piece) {
  std::string got;
  std::vector<std::byte> room(piece);
  for (;;) {
    const auto n = co_await from.read_some(room, from.runtime().now() + 20s);
    if (!n || *n == 0) break;
    got.append(reinterpret_cast<const char*>(room.data()), *n);
  }
  co_return got;
}

TYPED_TEST(rows, leave_in_order_however_many_and_however_slowly) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    const parts many(5000, 1);    // more than one call takes
    const parts wide(700, 4000);  // more than the socket takes
    const parts none(3000, 0);    // nothing, in several calls
    const std::array<const parts*, 3> all{&many, &wide, &none};
    for (const parts* const each : all) {
      auto both = co_await make_wire<R>(rt);
      std::size_t sent = 1;
      const auto results = co_await tenon::when_all(sends<R>(both.near, each->row, &sent), receives<R>(both.far, 5001));
      EXPECT_EQ(sent, each->whole.size());
      EXPECT_TRUE(std::get<1>(results) == each->whole);
    }
  });
}

TYPED_TEST(rows, keep_deadlines_and_are_tried) {
  using R = typename TypeParam::runtime;
  run_wired<TypeParam>(2, [](R& rt) -> task<void> {
    auto both = co_await make_wire<R>(rt);
    const std::string_view one = "one";
    const std::array<const_buffer, 3> row{const_buffer(one), const_buffer(), const_buffer(std::string_view("two"))};
    const auto some = co_await both.near.write_some(row);
    EXPECT_EQ(some.value(), 6U);
    EXPECT_EQ(both.near.try_write_some(row).value(), 6U);
    std::array<std::byte, 12> room;
    const std::size_t got = co_await read_whole<R>(both.far, room);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(room.data()), got), "onetwoonetwo");
    const parts much(100, 100'000);
    const auto late = co_await both.near.write_all(much.row, rt.now() + 5ms);
    EXPECT_EQ(late.error(), std::errc::timed_out);
    EXPECT_EQ(both.near.try_write_some(much.row).error(), std::errc::operation_would_block);
  });
}

TEST(const_buffer, is_what_it_was_made_of) {
  const std::string text = "text";
  const const_buffer one(text);
  EXPECT_EQ(one.size(), 4U);
  EXPECT_EQ(static_cast<const void*>(one.data()), text.data());
  EXPECT_EQ(const_buffer().size(), 0U);
}

}  // namespace
