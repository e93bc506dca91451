// SPDX-License-Identifier: BSL-1.0
// Where a runtime puts its workers and their memory, on machines that are made up and on this one.

#include <tenon/memory/numa.hpp>
#include <tenon/memory/pmr.hpp>
#include <tenon/runtime/blocking.hpp>
#include <tenon/topology/synthetic.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <linux/filter.h>
#include <linux/mempolicy.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ground.hpp"

namespace {

using tenon::task;
using namespace std::chrono_literals;

using two_nodes = tenon::synthetic<"node:2 core:8">;

struct fabric : tenon::runtime<two_nodes, tenon::none> {
  using runtime::runtime;
};
struct settled : tenon::runtime<two_nodes, tenon::none, tenon::affinity<>, tenon::numa<>> {
  using runtime::runtime;
};

TEST(placement, a_made_up_machine_has_its_workers_here) {
  fabric all;
  EXPECT_EQ(all.workers(), 16U);
  EXPECT_EQ(tenon::describe(all), tenon::describe<fabric>()) << "nothing to note";
  EXPECT_NE(tenon::describe<fabric>().find("synthetic<\"node:2 core:8\">"), std::string::npos);
  fabric some{{.threads = 3}};
  EXPECT_EQ(some.workers(), 3U);
}

TEST(placement, thieves_of_a_runtime_know_its_nodes) {
  fabric rt;
  const std::size_t* const victims = rt.shared().victims_of(9);
  ASSERT_NE(victims, nullptr);
  EXPECT_EQ(std::vector<std::size_t>(victims, victims + 15),
            (std::vector<std::size_t>{10, 11, 12, 13, 14, 15, 8, 0, 1, 2, 3, 4, 5, 6, 7}));
  tenon::runtime<tenon::none> flat{{.threads = 4}};
  EXPECT_EQ(flat.shared().victims_of(1), nullptr);
}

/// Tasks that each make some more, so that workers of both nodes have to steal.
task<void> tree(fabric* rt, int depth, std::atomic<int>* leaves) {
  if (depth == 0) {
    ++*leaves;
    co_return;
  }
  tenon::scope below{*rt};
  for (int i = 0; i < 3; ++i) below.spawn(tree, rt, depth - 1, leaves);
  co_await below.join();
}

TEST(placement, work_spreads_over_both_nodes_and_is_run_once) {
  for (int round = 0; round < tenon_test::rounds(20); ++round) {
    fabric rt;
    std::atomic<int> leaves{0};
    rt.run(tree(&rt, 6, &leaves));
    ASSERT_EQ(leaves, 729);
  }
}

/// The calls of numa<M>, written down instead of made.
struct written {
  static constexpr std::size_t most = 64;
  using choice = int;

  static inline std::mutex mutex;
  static inline std::vector<int> chosen_nodes;
  static inline std::vector<std::pair<int, std::size_t>> brought;  // a node, and how many bytes
  static inline int calls = 0;
  static inline thread_local int now = -1;

  static void forget() {
    chosen_nodes.clear();
    brought.clear();
    calls = 0;
  }
  static bool chosen(choice& before) noexcept {
    const std::lock_guard lock(mutex);
    ++calls;
    before = now;
    return true;
  }
  static bool choose(choice wanted) noexcept {
    const std::lock_guard lock(mutex);
    ++calls;
    now = wanted;
    if (wanted >= 0) chosen_nodes.push_back(wanted);
    return true;
  }
  static choice preferring(int node) noexcept { return node; }
  static void bring(void* /*first*/, std::size_t bytes, int node) noexcept {
    const std::lock_guard lock(mutex);
    ++calls;
    brought.emplace_back(node, bytes);
  }
};

/// As numa<system>, but for the kernel.
struct on_paper : tenon::family::memory {
  static constexpr auto word = tenon::fixed_string("on_paper");
  static void* obtain(std::size_t bytes) { return tenon::system::obtain(bytes); }
  static void release(void* chunk, std::size_t bytes) noexcept { tenon::system::release(chunk, bytes); }
  using arena = tenon::detail::node_arena<tenon::system::arena, written>;
};

template <class R>
task<void> note_where(R* rt, std::vector<int>* nodes) {
  (*nodes)[rt->current()->index()] = written::now;
  co_return;
}
/// The node that each worker's thread was on while it ran a task.
template <class R>
std::vector<int> nodes_of_workers(R& rt) {
  std::vector<int> nodes(rt.workers(), -2);
  rt.run([](R* on, std::vector<int>* out) -> task<void> {
    tenon::scope all{*on};
    for (std::size_t i = 0; i < on->workers(); ++i) all.spawn(note_where<R>, on, out);
    co_await all.join();
  }(&rt, &nodes));
  return nodes;
}

TEST(placement, each_arena_settles_on_the_node_of_its_worker_and_its_thread_leaves_again) {
  using runtime = tenon::runtime<on_paper, tenon::none, tenon::synthetic<"node:2 core:2">, tenon::affinity<>>;
  written::forget();
  runtime rt;
  ASSERT_EQ(rt.workers(), 4U);
  const std::vector<int> seen = nodes_of_workers(rt);
  EXPECT_EQ(seen, (std::vector<int>{0, 0, 1, 1}));
  std::sort(written::chosen_nodes.begin(), written::chosen_nodes.end());
  EXPECT_EQ(written::chosen_nodes, (std::vector<int>{0, 0, 1, 1}));
  EXPECT_EQ(written::brought.size(), 4U) << "each worker itself";
  EXPECT_EQ(written::now, -1) << "the thread that called run() is as it was";
}

TEST(placement, a_worker_brings_itself_and_its_deque) {
  using runtime = tenon::runtime<on_paper, tenon::none, tenon::synthetic<"node:2">>;
  written::forget();
  runtime rt;
  rt.run([]() -> task<void> { co_return; }());
  std::vector<std::pair<int, std::size_t>> expected;
  for (const int node : {0, 1}) {
    expected.emplace_back(node, sizeof(runtime::worker));
    expected.emplace_back(node, sizeof(tenon::stealing<>::shared<tenon::multi_thread>::ring));
  }
  std::sort(expected.begin(), expected.end());
  std::sort(written::brought.begin(), written::brought.end());
  EXPECT_EQ(written::brought, expected);
}

TEST(placement, with_one_node_the_kernel_is_asked_nothing) {
  written::forget();
  tenon::runtime<on_paper, tenon::none, tenon::synthetic<"package:2 core:2">> one;
  one.run([]() -> task<void> { co_return; }());
  tenon::runtime<on_paper, tenon::none> flat{{.threads = 2}};
  flat.run([]() -> task<void> { co_return; }());
  EXPECT_EQ(written::calls, 0);
}

/// The node that the page of this byte lies on; -1 where the kernel does not say.
int node_of(const void* byte) {
  int node = -1;
  if (::syscall(SYS_get_mempolicy, &node, nullptr, 0UL, byte, MPOL_F_NODE | MPOL_F_ADDR) != 0) return -1;
  return node;
}

task<void> touch(settled* rt, std::atomic<int>* right, std::atomic<int>* wrong) {
  char on_the_frame = 0;
  const int own = static_cast<int>(rt->current()->index() / 8);
  void* const block = rt->allocate(200'000);
  std::memset(block, 1, 200'000);
  tenon::detail::node_calls::choice now;
  // Where this machine has the node, what is touched first now lies on it; where it has not, it lies somewhere.
  if (tenon::detail::node_calls::chosen(now) && now == tenon::detail::node_calls::preferring(own)) {
    const auto* const middle = static_cast<const char*>(block) + 100'000;
    ++(node_of(middle) == own && node_of(&on_the_frame) >= 0 ? *right : *wrong);
  }
  rt->deallocate(block, 200'000);
  co_return;
}

TEST(placement, what_a_worker_touches_first_lies_on_its_node) {
  if (!tenon::numa<>::note().empty()) GTEST_SKIP() << tenon::numa<>::note();
  settled rt;
  std::atomic<int> right{0};
  std::atomic<int> wrong{0};
  rt.run([](settled* on, std::atomic<int>* good, std::atomic<int>* bad) -> task<void> {
    tenon::scope all{*on};
    for (int i = 0; i < 64; ++i) all.spawn(touch, on, good, bad);
    co_await all.join();
  }(&rt, &right, &wrong));
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(right, 32) << "node 0 is there on every machine";
}

/// The node of the page that this byte lies on, asked of move_pages(2), which moves nothing when no node is named.
int node_by_query(void* byte) {
  int status = -1;
  return ::syscall(SYS_move_pages, 0, 1UL, &byte, nullptr, &status, 0) == 0 ? status : -1;
}

TEST(placement, a_worker_and_its_deque_lie_on_its_node) {
  if (!tenon::numa<>::note().empty()) GTEST_SKIP() << tenon::numa<>::note();
  using runtime = tenon::runtime<tenon::none, tenon::synthetic<"node:2">, tenon::numa<>>;
  int looked = 0;
  runtime rt{{.threads = 1}};  // node 0 is there on every machine
  rt.run([](runtime* on, int* out) -> task<void> {
    auto* const self = on->current();
    tenon::detail::node_calls::choice now;
    if (!tenon::detail::node_calls::chosen(now)) co_return;
    EXPECT_EQ(now, tenon::detail::node_calls::preferring(0));
    auto& ring = on->shared().ring_of(self->index());
    EXPECT_EQ(node_by_query(self), 0);
    EXPECT_EQ(node_by_query(reinterpret_cast<char*>(self) + sizeof *self - 1), 0);
    EXPECT_EQ(node_by_query(&ring), 0);
    EXPECT_EQ(node_by_query(reinterpret_cast<char*>(&ring) + sizeof ring - 1), 0);
    ++*out;
  }(&rt, &looked));
  EXPECT_EQ(looked, 1);
}

TEST(placement, arenas_pass_blocks_on_within_their_node) {
  using exchange = tenon::numa<>::exchange<tenon::multi_thread>;
  exchange shared;
  EXPECT_NE(&shared.of(0), &shared.of(1));
  EXPECT_EQ(&shared.of(1), &shared.of(9));
  EXPECT_EQ(&shared.of(tenon::numa<>::arena::no_node), &shared.of(0));
  const auto pass_on = [&](int from, int to) {
    tenon::numa<>::arena giver;
    tenon::numa<>::arena taker;
    const auto there = giver.settle(from);
    giver.join(shared);
    {
      std::vector<void*> blocks;
      for (int i = 0; i < 6000; ++i) blocks.push_back(giver.allocate(64));
      for (void* const block : blocks) giver.deallocate(block, 64);
    }
    const auto here = taker.settle(to);
    taker.join(shared);
    taker.deallocate(taker.allocate(64), 64);
    return taker.upstream().upstream_requests() == 0;
  };
  EXPECT_TRUE(pass_on(0, 0));
  EXPECT_FALSE(pass_on(2, 3));
}

std::pmr::memory_resource* pool() {
  static std::pmr::synchronized_pool_resource made;
  return &made;
}

TEST(placement, frames_come_from_a_resource) {
  tenon::runtime<tenon::pmr<&pool>, tenon::none> rt{{.threads = 2}};
  const int gave = rt.run([]() -> task<int> {
    const auto one = []() -> task<int> { co_return 1; };
    int sum = 0;
    for (int i = 0; i < 100; ++i) {
      const int more = co_await one();
      sum += more;
    }
    co_return sum;
  }());
  EXPECT_EQ(gave, 100);
}

/// Runs `body` in a process of its own in which one system call is refused; 77 where that cannot be.
template <class Body>
int without(int call, Body body) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::alarm(120);
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{.len = 4, .filter = program};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
      ::_exit(77);
    }
    ::_exit(body());
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(placement, a_kernel_that_forbids_to_place_memory_is_noted_and_work_goes_on) {
  const int gave = without(SYS_set_mempolicy, [] {
    settled rt{{.threads = 2}};
    const std::string text = tenon::describe(rt);
    if (text != tenon::describe<settled>() +
                    "\nnuma: the kernel does not let memory be placed here: it lies where it is first touched") {
      return 1;
    }
    return rt.run([]() -> task<int> { co_return 0; }());
  });
  if (gave == 77) GTEST_SKIP() << "this kernel has no seccomp filters";
  EXPECT_EQ(gave, 0);
}

#if defined(TENON_WITH_HWLOC) && TENON_WITH_HWLOC

struct pinned : tenon::runtime<tenon::hwloc, tenon::none, tenon::affinity<>, tenon::numa<>> {
  using runtime::runtime;
};

TEST(placement, what_hwloc_fell_back_to_is_heard) {
  ::setenv("HWLOC_SYNTHETIC", "core:2 pu:1(indexes=8000,8001)", 1);
  pinned rt;
  ::unsetenv("HWLOC_SYNTHETIC");
  EXPECT_EQ(tenon::describe(rt),
            tenon::describe<pinned>() +
                "\nhwloc: it knows no processor that this thread may run on: the places are those of flat");
  EXPECT_EQ(rt.run([]() -> task<int> { co_return 7; }()), 7);
}

/// How many processors the calling thread may run on.
std::size_t processors_here() { return tenon::detail::allowed_processors().size(); }

TEST(placement, a_thread_for_what_blocks_is_not_pinned_with_the_worker_that_began_it) {
  const std::size_t all = processors_here();
  if (all < 2) GTEST_SKIP() << "there is one processor";
  pinned rt{{.threads = 2}};
  rt.run([](pinned& self, std::size_t expected) -> task<void> {
    if (processors_here() != 1) co_return;  // this kernel does not pin
    const auto blocked = co_await tenon::blocking(self, processors_here);
    EXPECT_TRUE(blocked && *blocked == expected);
  }(rt, all));
  EXPECT_EQ(processors_here(), all);
}

TEST(placement, a_kernel_that_forbids_to_pin_is_noted_and_work_goes_on) {
  const int gave = without(SYS_sched_setaffinity, [] {
    pinned rt{{.threads = 2}};
    if (tenon::describe(rt).find("\nhwloc: the kernel does not let threads be pinned here") == std::string::npos) {
      return 1;
    }
    return rt.run([]() -> task<int> { co_return 0; }());
  });
  if (gave == 77) GTEST_SKIP() << "this kernel has no seccomp filters";
  EXPECT_EQ(gave, 0);
}

#endif

}  // namespace
