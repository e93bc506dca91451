// SPDX-License-Identifier: BSL-1.0
#include <tenon/memory/numa.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../laws/memory.hpp"

namespace {

using models = testing::Types<tenon::numa<>, tenon::numa<tenon::system>>;
INSTANTIATE_TYPED_TEST_SUITE_P(numa, memory_laws, models);

static_assert(tenon::numa<>::word == tenon::fixed_string("numa<recycling<system>>"));
static_assert(std::is_same_v<tenon::numa<>, tenon::numa<tenon::recycling<tenon::system>>>);
static_assert(sizeof(tenon::numa<tenon::system>::arena) == sizeof(int), "one number more than the arena below");

/// The calls to the kernel, written down instead of made.
struct written {
  static constexpr std::size_t most = 4;
  using choice = int;  // the node that pages come from; 0 to begin with

  static inline std::vector<std::string> log;
  static inline bool refuses = false;
  static inline int now = 0;

  static bool chosen(choice& before) noexcept {
    log.emplace_back("get");
    before = now;
    return true;
  }
  static bool choose(choice wanted) noexcept {
    log.push_back("set " + std::to_string(wanted));
    if (refuses) return false;
    now = wanted;
    return true;
  }
  static choice preferring(int node) noexcept { return node; }
  static void bring(void* /*first*/, std::size_t bytes, int node) noexcept {
    log.push_back("move " + std::to_string(bytes) + " to " + std::to_string(node));
  }
};

/// An arena below that writes down what it is asked.
struct asked {
  asked() = default;
  asked(const asked&) = delete;
  asked& operator=(const asked&) = delete;
  void* allocate(std::size_t bytes) {
    written::log.push_back("allocate " + std::to_string(bytes));
    return &room;
  }
  void deallocate(void* chunk, std::size_t bytes) noexcept {
    written::log.push_back((chunk == &room ? "deallocate " : "another's ") + std::to_string(bytes));
  }
  char room = 0;
};

using over_written = tenon::detail::node_arena<asked, written>;
using lines = std::vector<std::string>;

class numa : public testing::Test {
 protected:
  void SetUp() override {
    written::log.clear();
    written::refuses = false;
    written::now = 0;
  }
};

TEST_F(numa, a_worker_asks_for_its_node_brings_what_it_has_and_gives_back_what_was) {
  over_written subject;
  EXPECT_EQ(subject.node(), over_written::no_node);
  char mine[48];
  {
    const auto home = subject.settle(3);
    EXPECT_TRUE(home.placed());
    EXPECT_EQ(subject.node(), 3);
    EXPECT_EQ(written::now, 3);
    home.bring(mine, sizeof mine);
    subject.deallocate(subject.allocate(100), 100);
  }
  EXPECT_EQ(written::now, 0);
  EXPECT_EQ(written::log, (lines{"get", "set 3", "move 48 to 3", "allocate 100", "deallocate 100", "set 0"}));
}

TEST_F(numa, where_there_is_one_node_it_asks_the_kernel_nothing) {
  over_written subject;
  {
    const auto home = subject.settle(over_written::no_node);
    EXPECT_FALSE(home.placed());
    home.bring(&subject, sizeof subject);
    for (const std::size_t bytes : {0U, 7U, 4096U}) subject.deallocate(subject.allocate(bytes), bytes);
  }
  EXPECT_EQ(written::log,
            (lines{"allocate 0", "deallocate 0", "allocate 7", "deallocate 7", "allocate 4096", "deallocate 4096"}))
      << "the calls of the arena below and no others";
}

TEST_F(numa, a_kernel_that_refuses_changes_nothing) {
  written::refuses = true;
  over_written subject;
  {
    const auto home = subject.settle(1);
    EXPECT_FALSE(home.placed());
    home.bring(&subject, sizeof subject);
  }
  EXPECT_EQ(subject.node(), 1) << "it knows where it should be";
  EXPECT_EQ(written::log, (lines{"get", "set 1"}));
}

TEST_F(numa, a_node_that_no_kernel_has_is_not_asked_for) {
  over_written subject;
  EXPECT_FALSE(subject.settle(4).placed());
  EXPECT_FALSE(subject.settle(-7).placed());
  EXPECT_TRUE(written::log.empty());
}

// The kernel itself.

using tenon::detail::node_calls;

/// The node that the page of this byte lies on; -1 where the kernel does not say.
int node_of(const void* byte) {
  int node = -1;
  if (::syscall(SYS_get_mempolicy, &node, nullptr, 0UL, byte, MPOL_F_NODE | MPOL_F_ADDR) != 0) return -1;
  return node;
}

TEST(numa_here, memory_is_on_the_node_that_was_asked_for) {
  node_calls::choice before;
  if (!node_calls::chosen(before) || !node_calls::choose(before)) GTEST_SKIP() << tenon::numa<>::note();
  constexpr std::size_t bytes = 256 * 1024;
  void* const early = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(early, MAP_FAILED);
  std::memset(early, 1, bytes);  // touched before it was said where it should be
  int placed = 0;
  for (int node = 0; node < 64; ++node) {
    tenon::numa<tenon::system>::arena arena;
    const auto home = arena.settle(node);
    if (!home.placed()) continue;
    ++placed;
    node_calls::choice now;
    ASSERT_TRUE(node_calls::chosen(now));
    EXPECT_EQ(now, node_calls::preferring(node));
    auto* const block = static_cast<char*>(arena.allocate(bytes));
    std::memset(block, 1, bytes);
    home.bring(early, bytes);
    for (std::size_t at = 0; at < bytes; at += 4096) {
      EXPECT_EQ(node_of(block + at), node);
      EXPECT_EQ(node_of(static_cast<char*>(early) + at), node);
    }
    arena.deallocate(block, bytes);
  }
  EXPECT_GE(placed, 1) << "a machine has a node";
  node_calls::choice after;
  ASSERT_TRUE(node_calls::chosen(after));
  EXPECT_EQ(after, before) << "the thread is as it was";
  EXPECT_EQ(static_cast<char*>(early)[bytes - 1], 1);
  ::munmap(early, bytes);
}

TEST(numa_here, a_node_that_this_machine_does_not_have_is_refused) {
  tenon::numa<>::arena arena;
  EXPECT_FALSE(arena.settle(1023).placed());
  EXPECT_EQ(arena.node(), 1023);
  arena.deallocate(arena.allocate(64), 64);
}

}  // namespace
