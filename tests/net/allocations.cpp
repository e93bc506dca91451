// SPDX-License-Identifier: BSL-1.0
#include "wires.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <span>
#include <utility>

// Every allocation of this program is counted: a warmed echo makes none. (The sanitizers have an operator new of their
// own.)
#if !defined(TENON_TEST_SANITIZED)

namespace {
std::atomic<long> allocations{0};

void* count_one(void* block) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
}  // namespace

void* operator new(std::size_t bytes) { return count_one(std::malloc(bytes == 0 ? 1 : bytes)); }
void* operator new(std::size_t bytes, std::align_val_t align) {
  const auto line = static_cast<std::size_t>(align);
  return count_one(std::aligned_alloc(line, (bytes + line - 1) / line * line));
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

namespace {

using namespace tenon_test;

template <class Backend>
struct plain : tenon::runtime<Backend, tenon::fifo, tenon::single_thread> {};

template <class R>
class warmed : public testing::Test {};
using all_backends = testing::Types<plain<tenon::epoll>, plain<tenon::poll>
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                                    ,
                                    plain<tenon::io_uring<>>
#endif
#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
                                    ,
                                    plain<tenon::libuv>
#endif
                                    >;
TYPED_TEST_SUITE(warmed, all_backends);

/// One answer, in tasks of its own as a request has them.
template <class R>
task<bool> answer(typename R::tcp_stream& peer, std::span<std::byte> room) {
  const auto got = co_await peer.read_some(room, peer.runtime().now() + 5s);
  if (!got || *got == 0) co_return false;
  const auto sent = co_await peer.write_all(room.first(*got), peer.runtime().now() + 5s);
  co_return sent.has_value();
}

TYPED_TEST(warmed, echo_allocates_nothing) {
  using R = typename TypeParam::runtime;
  TypeParam rt;
  const long made = rt.run([](R& self) -> task<long> {
    auto both = co_await make_wire<R>(self);
    tenon::scope server{self};
    server.spawn(
        [](typename R::tcp_stream& peer) -> task<void> {
          std::array<std::byte, 256> room;
          for (;;) {
            const bool more = co_await answer<R>(peer, room);
            if (!more) co_return;
          }
        },
        std::ref(both.far));
    std::array<std::byte, 100> out{};
    std::array<std::byte, 100> in{};
    long before = 0;
    for (int i = 0; i < 1100; ++i) {
      if (i == 100) before = allocations;
      (void)co_await both.near.write_all(out);
      const std::size_t got = co_await read_whole<R>(both.near, in);
      EXPECT_EQ(got, in.size());
    }
    const long after = allocations;
    EXPECT_TRUE(both.near.shutdown_send());
    co_await server.join();
    co_return after - before;
  }(rt));
  EXPECT_EQ(made, 0);
}

}  // namespace

#endif
