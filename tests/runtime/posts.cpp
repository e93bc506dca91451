// SPDX-License-Identifier: BSL-1.0
// What a post costs its caller in system calls, counted by strace in a run of this program of its own.
#include "ground.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include <poll.h>
#include <unistd.h>

namespace {

using namespace tenon_test;

template <class Backend, class Scheduling>
struct posted : tenon::runtime<Backend, Scheduling> {
  using base = tenon::runtime<Backend, Scheduling>;
  using base::base;
};
template <class R>
class posts : public testing::Test {};
using all_posted = testing::Types<posted<tenon::epoll, tenon::affinity<>>
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
                                  ,
                                  posted<tenon::io_uring<>, tenon::stealing<>>
#endif
                                  >;
TYPED_TEST_SUITE(posts, all_posted);

constexpr int to_sleepers = 50;
constexpr int to_busy = sanitized ? 50'000 : 1'000'000;

/// A system call that does nothing, and that is found again among those of this thread.
void mark(const char* where) { (void)::access(where, F_OK); }

bool is_asleep(pid_t thread) {
  std::ifstream stat("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string text;
  std::getline(stat, text);
  return text.find(") S ") != text.npos;
}

/// Posts from another thread to a worker that is busy all the time, then to one that sleeps in between.
template <class R>
void post_all() {
  R rt{{.threads = 1}};
  std::atomic<int> ran{0};
  std::atomic<pid_t> worker{0};
  std::atomic<bool> busy{true};
  std::thread poster([&] {
    while (worker.load() == 0) std::this_thread::yield();
    mark("tenon: busy");
    for (int i = 0; i < to_busy; ++i) EXPECT_TRUE(rt.post([&] { ran.fetch_add(1, std::memory_order_relaxed); }));
    mark("tenon: over");
    busy.store(false);
    for (int i = 0; i < to_sleepers; ++i) {
      while (ran.load() < to_busy + i || !is_asleep(worker.load())) ::poll(nullptr, 0, 1);
      mark("tenon: asleep");
      rt.post([&] { ran.fetch_add(1); });
      mark("tenon: over");
    }
    while (ran.load() < to_busy + to_sleepers) ::poll(nullptr, 0, 1);
    rt.request_stop();
  });
  rt.spawn(
      [](std::atomic<pid_t>& thread, std::atomic<bool>& go_on) -> tenon::task<void> {
        thread.store(::gettid());
        while (go_on.load(std::memory_order_relaxed)) co_await tenon::yield();
      },
      std::ref(worker), std::ref(busy));
  rt.run();
  poster.join();
  EXPECT_EQ(ran.load(), to_busy + to_sleepers);
}

TYPED_TEST(posts, cost_no_system_call_to_a_busy_worker_and_one_to_a_sleeper) {
  if (std::getenv("TENON_COUNTED_POSTS") != nullptr) return post_all<TypeParam>();
  if (std::system("strace -f -qq -o /dev/null true > /dev/null 2>&1") != 0) GTEST_SKIP() << "no strace here";
  const std::string told = testing::TempDir() + "tenon_posts_" + std::to_string(::getpid());
  const auto* const self = testing::UnitTest::GetInstance()->current_test_info();
  const std::string command =
      "TENON_COUNTED_POSTS=1 ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e 'trace=!%memory' -o " + told + " /proc/" +
      std::to_string(::getpid()) + "/exe --gtest_filter='" + self->test_suite_name() + "." + self->name() +
      "' > /dev/null 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::string poster;
  std::string in;
  std::string examples;
  int while_busy = 0;
  int while_asleep = 0;
  int sleeps = 0;
  std::ifstream calls(told);
  for (std::string line; std::getline(calls, line);) {  // "1234 access("tenon: busy", F_OK) = ..."
    const std::string thread = line.substr(0, line.find(' '));
    if (const std::size_t at = line.find("\"tenon: "); at != line.npos) {
      poster = thread;
      in = line.substr(at + 8, line.find('"', at + 8) - at - 8);
      sleeps += in == "asleep";
    } else if (thread == poster && in != "over" && line.find(" resumed>") == line.npos) {
      ++(in == "busy" ? while_busy : while_asleep);
      if (examples.size() < 1000) examples += line + "\n";
    }
  }
  ::unlink(told.c_str());
  EXPECT_EQ(sleeps, to_sleepers);
  EXPECT_EQ(while_asleep, to_sleepers) << examples;  // the bell, and nothing else
  EXPECT_LT(while_busy, 100) << examples;
  testing::Test::RecordProperty("calls_while_busy", while_busy);
}

}  // namespace
