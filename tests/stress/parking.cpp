// SPDX-License-Identifier: BSL-1.0
#include "storm.hpp"

#include <cstddef>
#include <string>

namespace {

using namespace tenon_test;

template <class Backend, class Scheduling>
struct sleepy : tenon::runtime<Backend, Scheduling, counted, tenon::counters> {
  using base = tenon::runtime<Backend, Scheduling, counted, tenon::counters>;
  using base::base;
};

template <class R>
class parking : public testing::Test {};
using all_sleepy = testing::Types<sleepy<tenon::none, tenon::fifo>, sleepy<tenon::none, tenon::stealing<>>,
                                  sleepy<tenon::none, tenon::affinity<>>, sleepy<tenon::epoll, tenon::fifo>,
                                  sleepy<tenon::epoll, tenon::stealing<>>, sleepy<tenon::epoll, tenon::affinity<>>
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                                  ,
                                  sleepy<tenon::io_uring<>, tenon::fifo>, sleepy<tenon::io_uring<>, tenon::stealing<>>,
                                  sleepy<tenon::io_uring<>, tenon::affinity<>>
#endif
                                  >;
TYPED_TEST_SUITE(parking, all_sleepy);

/// Ten million in all.
constexpr long races_of_all = 10'000'000;
constexpr long kinds = 9;

/// Posts a few items, and the next when they have run: at every moment of the worker's way into sleep and out of it.
template <class R>
void race(const char* what, std::size_t threads, long races) {
  std::atomic<long> ran{0};
  const watchdog guard(what, ran);
  const stopwatch watch;
  R rt{{.threads = threads}};
  std::thread poster([&rt, &ran, races] {
    dice random(static_cast<std::uint64_t>(races));
    for (long posted = 0; posted < races;) {
      for (std::uint64_t spins = random.below(400); spins > 0; --spins) {
        std::atomic_signal_fence(std::memory_order_seq_cst);
      }
      for (std::uint64_t some = std::uint64_t{1} << random.below(6); some > 0 && posted < races; --some, ++posted) {
        // Two workers may run two of them at once.
        if (!rt.post([&ran] { ran.fetch_add(1, std::memory_order_release); })) return;
      }
      // Now and then the two stay on their cores, and meet; else one gives way, and they are quick on one core too.
      const int patience = random.below(8) == 0 ? 5'000 : 50;
      for (int spins = 0; ran.load(std::memory_order_acquire) < posted; ++spins) {
        if (spins > patience) std::this_thread::yield();
      }
    }
    rt.request_stop();
  });
  rt.run();
  poster.join();
  EXPECT_EQ(ran.load(), races);
  const double seconds = watch.seconds();
  std::printf("figure: %-42s %9ld posts, %9llu sleeps, %8.0f posts/s\n", what, races,
              static_cast<unsigned long long>(rt.report().all.parks), static_cast<double>(races) / seconds);
}

TYPED_TEST(parking, loses_no_wake_up) {
  const long races = size_of_storm(races_of_all / kinds + 1, 4'000);
  const std::string what = "parking " + sentence_of<TypeParam>();
  race<TypeParam>((what + ", 1 worker").c_str(), 1, races / 2);
  race<TypeParam>((what + ", 2 workers").c_str(), 2, races - races / 2);
}

/// Several posters who do not wait for each other, and now and then for all that was posted: whoever finds an inbox
/// that is not empty relies on the one who did.
TYPED_TEST(parking, loses_no_wake_up_among_posters) {
  const long rounds_of = size_of_storm(20'000, 500);
  const std::string what = "parking among posters " + sentence_of<TypeParam>();
  std::atomic<long> ran{0};
  const watchdog guard(what.c_str(), ran);
  TypeParam rt{{.threads = 2}};
  constexpr int posters = 3;
  std::atomic<long> posted{0};
  std::atomic<int> left{posters};
  std::thread threads[posters];
  for (int p = 0; p < posters; ++p) {
    threads[p] = std::thread([&, p] {
      dice random(static_cast<std::uint64_t>(p));
      for (long i = 0; i < rounds_of; ++i) {
        const long mine = posted.fetch_add(1) + 1;
        EXPECT_TRUE(rt.post([&ran] { ran.fetch_add(1, std::memory_order_release); }));
        if (random.below(4) == 0) {
          while (ran.load(std::memory_order_acquire) < mine) std::this_thread::yield();
        }
      }
      if (left.fetch_sub(1) == 1) rt.request_stop();
    });
  }
  rt.run();
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(ran.load(), posters * rounds_of);
}

}  // namespace
