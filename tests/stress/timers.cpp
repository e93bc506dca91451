// SPDX-License-Identifier: BSL-1.0
#include "storm.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include <malloc.h>

// Every allocation of this program is weighed, with what malloc adds to it. (The sanitizers have an operator new of
// their own.)
namespace {
std::atomic<std::int64_t> heap_bytes{0};
}
#if !defined(TENON_TEST_SANITIZED)
namespace {
constexpr std::int64_t header = sizeof(std::size_t);

void* weigh(void* block) noexcept {
  if (block == nullptr) std::abort();
  heap_bytes.fetch_add(static_cast<std::int64_t>(::malloc_usable_size(block)) + header, std::memory_order_relaxed);
  return block;
}
void free_weighed(void* block) noexcept {
  if (block == nullptr) return;
  heap_bytes.fetch_sub(static_cast<std::int64_t>(::malloc_usable_size(block)) + header, std::memory_order_relaxed);
  std::free(block);
}
}  // namespace

void* operator new(std::size_t bytes) { return weigh(std::malloc(bytes == 0 ? 1 : bytes)); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return weigh(std::malloc(bytes == 0 ? 1 : bytes));
}
void* operator new(std::size_t bytes, std::align_val_t align) {
  const auto line = static_cast<std::size_t>(align);
  return weigh(std::aligned_alloc(line, (bytes + line - 1) / line * line));
}
void operator delete(void* block) noexcept { free_weighed(block); }
void operator delete(void* block, std::size_t) noexcept { free_weighed(block); }
void operator delete(void* block, std::align_val_t) noexcept { free_weighed(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { free_weighed(block); }
#endif

namespace {

using namespace tenon_test;

/// Memory that counts the bytes of the frames.
struct weighed : tenon::family::memory {
  static constexpr std::string_view word = "weighed";

  static inline std::atomic<std::int64_t> bytes_out{0};

  static void* obtain(std::size_t bytes) {
    bytes_out.fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
    return tenon::system::obtain(bytes);
  }
  static void release(void* block, std::size_t bytes) noexcept {
    bytes_out.fetch_sub(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
    tenon::system::release(block, bytes);
  }
  struct arena {
    arena() = default;
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;
    static void* allocate(std::size_t bytes) { return obtain(bytes); }
    static void deallocate(void* block, std::size_t bytes) noexcept { release(block, bytes); }
  };
};

template <class... Words>
struct timed : tenon::runtime<Words..., weighed> {
  using base = tenon::runtime<Words..., weighed>;
  using base::base;
};

template <class R>
class timers : public testing::Test {};
using all_timed = testing::Types<timed<tenon::none, tenon::fifo, tenon::single_thread>,
                                 timed<tenon::epoll, tenon::stealing<>>, timed<tenon::poll, tenon::affinity<>>
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                                 ,
                                 timed<tenon::io_uring<>, tenon::stealing<>>
#endif
#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
                                 ,
                                 timed<tenon::libuv, tenon::fifo, tenon::single_thread>
#endif
                                 >;
TYPED_TEST_SUITE(timers, all_timed);

template <class R>
auto crew_of_two() {
  typename R::settings how_much;
  if constexpr (R::threading::concurrent) how_much.threads = 2;
  return R(how_much);
}

/// One sleep of a random length: how much later than asked it ended, in nanoseconds, and at least one.
template <class R>
task<void> sleeps(R& rt, tenon::duration length, std::atomic<long>& begun, std::atomic<long>& ended,
                  std::int64_t& late) {
  begun.fetch_add(1, std::memory_order_relaxed);
  const auto asked = rt.now() + length;
  const bool slept = co_await tenon::sleep_until(asked);
  late = slept ? (rt.now() - asked).count() + 1 : -1;
  ended.fetch_add(1, std::memory_order_relaxed);
}

TYPED_TEST(timers, all_run_and_none_early) {
  using R = typename TypeParam::runtime;
  const long many = size_of_storm(1'000'000, 10'000);
  const std::string what = "timers " + sentence_of<TypeParam>();
  std::vector<std::int64_t> late(static_cast<std::size_t>(many), 0);
  std::atomic<long> ended{0};
  {
    const watchdog guard(what.c_str(), ended);
    auto rt = crew_of_two<TypeParam>();
    rt.run([](R& self, std::vector<std::int64_t>& all, std::atomic<long>& count) -> task<void> {
      std::atomic<long> begun{0};
      dice random(7);
      tenon::scope sleepers{self};
      for (std::size_t i = 0; i < all.size(); ++i) {
        const auto length = std::chrono::nanoseconds(random.below(is_full() ? 1'000'000'000 : 100'000'000));
        sleepers.spawn(sleeps<R>, std::ref(self), length, std::ref(begun), std::ref(count), std::ref(all[i]));
        if (i % 64 != 63) continue;
        do {  // no faster than they begin: how long they queue for that is not the timers' doing
          co_await tenon::yield();
        } while (static_cast<long>(i) - begun.load(std::memory_order_relaxed) > 1'000);
      }
      co_await sleepers.join();
    }(rt, late, ended));
  }
  EXPECT_EQ(ended.load(), many) << "all run";
  EXPECT_EQ(std::count_if(late.begin(), late.end(), [](std::int64_t by) { return by < 1; }), 0) << "none early";
  std::sort(late.begin(), late.end());
  const auto at = [&](double part) {
    return static_cast<double>(late[static_cast<std::size_t>(part * static_cast<double>(many - 1))]) / 1e3;
  };
  std::printf("figure: %-42s %9ld timers, late by p50 %.0f us, p99 %.0f us, at most %.0f us\n", what.c_str(), many,
              at(0.5), at(0.99), at(1));
}

/// A million that wait at once are weighed, and then cancelled at once.
TYPED_TEST(timers, are_light) {
  using R = typename TypeParam::runtime;
  const long many = size_of_storm(1'000'000, 20'000);
  const std::string what = "pending timers " + sentence_of<TypeParam>();
  std::vector<std::int64_t> late(static_cast<std::size_t>(many), 0);
  std::atomic<long> ended{0};
  std::int64_t heap = 0;
  std::int64_t frames = 0;
  double cancelling = 0;
  {
    auto rt = crew_of_two<TypeParam>();
    rt.run([](R& self, std::vector<std::int64_t>& all, std::atomic<long>& count, std::int64_t& heap_out,
              std::int64_t& frames_out, double& seconds) -> task<void> {
      std::atomic<long> begun{0};
      dice random(11);
      tenon::scope sleepers{self};
      const std::int64_t heap_before = heap_bytes.load();
      const std::int64_t frames_before = weighed::bytes_out;
      for (std::int64_t& each : all) {
        sleepers.spawn(sleeps<R>, std::ref(self), 1h + std::chrono::nanoseconds(random.below(1'000'000'000)),
                       std::ref(begun), std::ref(count), std::ref(each));
      }
      while (begun.load(std::memory_order_relaxed) < static_cast<long>(all.size())) co_await tenon::yield();
      (void)co_await tenon::sleep_for(1ms);  // so that the last of them sleeps too
      heap_out = heap_bytes.load() - heap_before;
      frames_out = weighed::bytes_out - frames_before;
      const stopwatch watch;
      sleepers.cancel();
      co_await sleepers.join();
      seconds = watch.seconds();
    }(rt, late, ended, heap, frames, cancelling));
  }
  EXPECT_EQ(ended.load(), many);
  EXPECT_EQ(std::count(late.begin(), late.end(), -1), many) << "each was cancelled, once";
  const double each = static_cast<double>(many);
  const double beyond = static_cast<double>(heap - frames) / each;
  std::printf("figure: %-42s %9ld timers, %.0f bytes each beyond %.0f of frames; cancelled in %.2f s\n", what.c_str(),
              many, beyond, static_cast<double>(frames) / each, cancelling);
  if (!sanitized) {
    EXPECT_LE(beyond, 200.0);
  }
}

}  // namespace
