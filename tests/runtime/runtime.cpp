// SPDX-License-Identifier: BSL-1.0
#include "ground.hpp"

#include <cstddef>
#include <type_traits>

namespace {

using tenon_test::counted;

struct named : tenon::runtime<tenon::poll, tenon::fifo, tenon::single_thread, counted> {
  using runtime::runtime;
};

static_assert(std::is_same_v<tenon::runtime<tenon::epoll, tenon::fifo>, tenon::runtime<tenon::fifo, tenon::epoll>>);
static_assert(!std::is_same_v<tenon::runtime<tenon::epoll>, tenon::runtime<tenon::poll>>);
static_assert(std::is_same_v<named::backend, tenon::poll> && std::is_same_v<named::memory, counted>);
static_assert(std::is_same_v<named::runtime, tenon::runtime<counted, tenon::single_thread, tenon::poll>>);
static_assert(!std::is_copy_constructible_v<named> && !std::is_move_constructible_v<named>);
static_assert(!std::has_virtual_destructor_v<named> && !std::is_polymorphic_v<named>);

TEST(runtime, is_a_type_that_runs) {
  named rt;
  EXPECT_EQ(rt.run([]() -> tenon::task<int> { co_return 42; }()), 42);
}

TEST(runtime, two_sentences_live_side_by_side) {
  named one;
  tenon::runtime<tenon::epoll, tenon::stealing<>> other{{.threads = 2}};
  const int sum = other.run([](named& inner) -> tenon::task<int> {
    const int first = inner.run([]() -> tenon::task<int> {
      co_await tenon::yield();
      co_return 1;
    }());
    co_await tenon::yield();
    co_return first + 1;
  }(one));
  EXPECT_EQ(sum, 2);
}

}  // namespace
