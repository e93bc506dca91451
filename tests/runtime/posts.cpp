// SPDX-License-Identifier: BSL-1.0
// What a post costs its caller in system calls, counted by strace in a run of this program of its own.
#include "ground.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <poll.h>
#include <unistd.h>

namespace {

using namespace tenon_test;

struct posted : tenon::runtime<tenon::epoll, tenon::affinity<>> {
  using runtime::runtime;
};

constexpr int to_sleepers = 50;
constexpr int to_busy = sanitized ? 50'000 : 1'000'000;

/// Posts from another thread to a worker that is busy all the time, then to one that sleeps in between.
void post_all() {
  posted rt{{.threads = 1}};
  std::atomic<int> ran{0};
  std::atomic<bool> begun{false};
  std::thread poster([&] {
    while (!begun.load()) std::this_thread::yield();
    for (int i = 0; i < to_busy; ++i) EXPECT_TRUE(rt.post([&] { ran.fetch_add(1, std::memory_order_relaxed); }));
    for (int i = 0; i < to_sleepers; ++i) {
      while (ran.load() < to_busy + i) ::poll(nullptr, 0, 1);
      ::poll(nullptr, 0, 2);  // it sleeps by now, mostly
      rt.post([&] { ran.fetch_add(1); });
    }
    while (ran.load() < to_busy + to_sleepers) ::poll(nullptr, 0, 1);
    rt.request_stop();
  });
  rt.spawn(
      [](std::atomic<bool>& on, std::atomic<int>& so_far) -> tenon::task<void> {
        on.store(true);
        while (so_far.load(std::memory_order_relaxed) < to_busy) co_await tenon::yield();
      },
      std::ref(begun), std::ref(ran));
  rt.run();
  poster.join();
  EXPECT_EQ(ran.load(), to_busy + to_sleepers);
}

TEST(posts, cost_no_system_call_to_a_busy_worker_and_one_to_a_sleeper) {
  if (std::getenv("TENON_COUNTED_POSTS") != nullptr) return post_all();
  const std::string told = testing::TempDir() + "tenon_posts_" + std::to_string(::getpid());
  const std::string command =
      "TENON_COUNTED_POSTS=1 ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=write,futex -o " + told + " /proc/" +
      std::to_string(::getpid()) + "/exe --gtest_filter=posts.* > /dev/null 2>&1";
  if (std::system("strace -qq -o /dev/null true > /dev/null 2>&1") != 0) GTEST_SKIP() << "no strace here";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::FILE* const file = std::fopen(told.c_str(), "r");
  ASSERT_NE(file, nullptr);
  int rings = 0;
  char line[512];
  while (std::fgets(line, sizeof line, file) != nullptr) {
    // The bell is eight bytes that say 1.
    if (std::string_view(line).find("\\1\\0\\0\\0\\0\\0\\0\\0\", 8)") != std::string_view::npos) ++rings;
  }
  std::fclose(file);
  ::unlink(told.c_str());
  EXPECT_GE(rings, to_sleepers / 2);  // the sleepers'
  EXPECT_LT(rings, to_sleepers + 100);
}

}  // namespace
