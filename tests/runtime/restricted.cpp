// SPDX-License-Identifier: BSL-1.0
// A runtime where it may not have the whole machine: a part of the processors, more threads than those, a CPU quota.

#include <tenon/topology/cpu_quota.hpp>
#include <tenon/topology/detail/affinity.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.hpp"

namespace {

using tenon::task;
using namespace std::chrono_literals;

template <class R>
task<void> tree(R* rt, int depth, std::atomic<int>* leaves) {
  if (depth == 0) {
    co_await tenon::yield();
    ++*leaves;
    co_return;
  }
  tenon::scope below{*rt};
  for (int i = 0; i < 3; ++i) below.spawn(tree<R>, rt, depth - 1, leaves);
  co_await below.join();
}
/// A workload that needs every worker to give way: 3^depth leaves, each of which goes round the queue once.
template <class R>
int leaves_of(R& rt, int depth) {
  std::atomic<int> leaves{0};
  rt.run(tree<R>(&rt, depth, &leaves));
  return leaves;
}

struct edge : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};
struct rooted : tenon::runtime<tenon::epoll, tenon::affinity<>> {
  using runtime::runtime;
};

/// Runs `body` on a thread that may use all but the first processor. False where there is only one.
template <class Body>
bool without_the_first_processor(Body body) {
  const std::vector<int> all = tenon::detail::allowed_processors();
  if (all.size() < 2) return false;
  std::thread([&] {
    tenon::detail::affinity_mask rest;
    for (std::size_t i = 1; i < all.size(); ++i) ASSERT_TRUE(rest.add(all[i]));
    ASSERT_TRUE(rest.apply());
    body(std::set<int>(all.begin() + 1, all.end()));
  }).join();
  return true;
}

TEST(restricted, a_set_without_the_first_processor_is_all_that_flat_counts) {
  const bool done = without_the_first_processor([](const std::set<int>& allowed) {
    edge rt;
    EXPECT_EQ(rt.workers(), std::min(allowed.size(), tenon::cpu_quota().value_or(allowed.size())));
    EXPECT_EQ(leaves_of(rt, 5), 243);
  });
  if (!done) GTEST_SKIP() << "there is but one processor";
}

#if defined(TENON_WITH_HWLOC) && TENON_WITH_HWLOC

struct pinned : tenon::runtime<tenon::hwloc, tenon::none, tenon::affinity<>> {
  using runtime::runtime;
};

struct sighting {
  std::vector<int> may;  // where this worker's thread may run
  int ran_on = -1;
};

task<void> look(pinned* rt, std::vector<sighting>* seen) {
  (*seen)[rt->current()->index()] = {tenon::detail::allowed_processors(), ::sched_getcpu()};
  co_return;
}
std::vector<sighting> where_workers_are(pinned& rt) {
  std::vector<sighting> seen(rt.workers());
  rt.run([](pinned* on, std::vector<sighting>* out) -> task<void> {
    tenon::scope all{*on};
    for (std::size_t i = 0; i < on->workers(); ++i) all.spawn(look, on, out);
    co_await all.join();
  }(&rt, &seen));
  return seen;
}

TEST(restricted, workers_are_pinned_to_processors_of_the_set_only) {
  const bool done = without_the_first_processor([](const std::set<int>& allowed) {
    pinned rt{{.threads = allowed.size() + 2}};  // more workers than places: they go round
    for (const sighting& each : where_workers_are(rt)) {
      ASSERT_EQ(each.may.size(), 1U);
      EXPECT_TRUE(allowed.contains(each.may.front())) << each.may.front();
      EXPECT_EQ(each.ran_on, each.may.front());
    }
    const std::vector<int> after = tenon::detail::allowed_processors();
    EXPECT_EQ(std::set<int>(after.begin(), after.end()), allowed) << "the caller's thread has its set again";
  });
  if (!done) GTEST_SKIP() << "there is but one processor";
}

TEST(restricted, workers_have_a_processor_each) {
  pinned rt;
  std::set<int> seen;
  for (const sighting& each : where_workers_are(rt)) {
    ASSERT_EQ(each.may.size(), 1U);
    EXPECT_TRUE(seen.insert(each.may.front()).second) << each.may.front() << " has two workers";
  }
  EXPECT_EQ(seen.size(), rt.workers());
}

#endif

template <class R>
class crowded : public testing::Test {};
using kinds = testing::Types<edge, rooted, tenon::runtime<tenon::epoll, tenon::fifo>>;
TYPED_TEST_SUITE(crowded, kinds);

TYPED_TEST(crowded, sixty_four_workers_on_a_few_processors_end_their_work) {
  TypeParam rt{{.threads = 64}};
  EXPECT_EQ(rt.workers(), 64U);
  EXPECT_EQ(leaves_of(rt, 7), 2187);
}

TYPED_TEST(crowded, sixty_four_workers_with_nothing_to_do_use_no_processor) {
  TypeParam rt{{.threads = 64}};
  std::chrono::microseconds used{0};
  rt.run([](std::chrono::microseconds* out) -> task<void> {
    const bool begun = co_await tenon::sleep_for(200ms);  // all have gone to sleep by then
    const auto before = tenon_test::cpu_time();
    const bool slept = co_await tenon::sleep_for(1s);
    *out = tenon_test::cpu_time() - before;
    EXPECT_TRUE(begun && slept);
  }(&used));
  EXPECT_LT(used, tenon_test::sanitized ? 200ms : 20ms) << "of a second";
}

/// A group for processes that may use the time of one processor, in a hierarchy of version 1 or 2; it is gone again
/// afterwards. It stands below the group that this process is in.
class one_processor {
 public:
  one_processor() {
    std::ifstream memberships("/proc/self/cgroup");
    for (std::string line; std::getline(memberships, line);) {
      const std::size_t first = line.find(':');
      const std::size_t second = line.find(':', first + 1);
      if (second == std::string::npos) continue;
      const std::string controllers = line.substr(first + 1, second - first - 1);
      const std::string path = line.substr(second + 1);
      if (controllers.empty()) {
        try_in("/sys/fs/cgroup" + path, {{"cpu.max", "100000 100000"}});
      } else if (("," + controllers + ",").find(",cpu,") != std::string::npos) {
        try_in("/sys/fs/cgroup/cpu" + path, {{"cpu.cfs_period_us", "100000"}, {"cpu.cfs_quota_us", "100000"}});
      }
      if (*this) return;
    }
  }
  one_processor(const one_processor&) = delete;
  one_processor& operator=(const one_processor&) = delete;
  ~one_processor() {
    std::error_code ignored;
    if (*this) std::filesystem::remove(group_, ignored);
  }

  [[nodiscard]] explicit operator bool() const { return !group_.empty(); }
  /// The calling process goes into it.
  [[nodiscard]] bool enter() const { return write(group_ / "cgroup.procs", std::to_string(::getpid())); }

 private:
  struct setting {
    const char* file;
    const char* text;
  };

  static bool write(const std::filesystem::path& file, const std::string& text) {
    std::FILE* const open = std::fopen(file.c_str(), "we");
    if (open == nullptr) return false;
    const bool put = std::fputs(text.c_str(), open) >= 0;
    return std::fclose(open) == 0 && put;
  }
  void try_in(const std::filesystem::path& parent, const std::vector<setting>& settings) {
    const std::filesystem::path group = parent / ("tenon_test_" + std::to_string(::getpid()));
    std::error_code failed;
    if (!std::filesystem::create_directory(group, failed)) return;
    for (const setting& each : settings) {
      if (!std::filesystem::exists(group / each.file) || !write(group / each.file, each.text)) {
        std::filesystem::remove(group, failed);
        return;
      }
    }
    group_ = group;
  }

  std::filesystem::path group_;
};

/// Runs `body` in a process of its own under the quota, and gives what it gave; -1 when it hung or crashed.
template <class Body>
int under_quota(const one_processor& quota, Body body) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::alarm(120);
    ::_exit(quota.enter() ? body() : 77);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(restricted, a_quota_of_one_processor_means_one_worker) {
  const one_processor quota;
  if (!quota) GTEST_SKIP() << "this process may make no cgroup with a CPU quota";
  const int gave = under_quota(quota, [] {
    if (tenon::cpu_quota() != 1U || tenon::flat::read().concurrency != 1U) return 1;
    edge rt;
    if (rt.workers() != 1) return 2;
#if defined(TENON_WITH_HWLOC) && TENON_WITH_HWLOC
    pinned kept;
    if (kept.workers() != 1) return 3;
#endif
    return leaves_of(rt, 7) == 2187 ? 0 : 4;
  });
  if (gave == 77) GTEST_SKIP() << "this process may not enter the cgroup it made";
  EXPECT_EQ(gave, 0);
}

TEST(restricted, more_workers_than_the_quota_do_not_hang) {
  const one_processor quota;
  if (!quota) GTEST_SKIP() << "this process may make no cgroup with a CPU quota";
  for (const std::size_t threads : {2U, 64U}) {
    const int gave = under_quota(quota, [threads] {
      edge rt{{.threads = threads}};
      if (rt.workers() != threads || leaves_of(rt, 7) != 2187) return 1;
      rooted other{{.threads = threads}};
      return leaves_of(other, 7) == 2187 ? 0 : 2;
    });
    if (gave == 77) GTEST_SKIP() << "this process may not enter the cgroup it made";
    EXPECT_EQ(gave, 0) << threads << " workers";
  }
}

}  // namespace
