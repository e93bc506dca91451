// SPDX-License-Identifier: BSL-1.0
#if __has_include(<hwloc.h>)
#include <tenon/topology/hwloc.hpp>
#include <tenon/topology/synthetic.hpp>
#include <tenon/topology/victim_order.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../laws/topology.hpp"

namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(hwloc, topology_laws, tenon::hwloc);

static_assert(tenon::hwloc::word == tenon::fixed_string("hwloc"));
static_assert(tenon::hwloc::pins);
static_assert(tenon::hwloc::knows_nodes);

/// Makes hwloc read from its environment, for as long as it lives.
struct environment {
  environment(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;
  ~environment() { ::unsetenv(name_); }

 private:
  const char* name_;
};

/// The places of a machine that hwloc makes up from its own words.
template <class Usable>
std::vector<tenon::place> synthetic(const char* words, Usable usable) {
  const environment made_up("HWLOC_SYNTHETIC", words);
  const tenon::detail::hwloc_library library;
  EXPECT_TRUE(library);
  const tenon::detail::hwloc_topology_of topology(library);
  EXPECT_TRUE(topology) << words;
  return tenon::detail::hwloc_places(topology, usable);
}

constexpr auto every = [](int) { return true; };

TEST(hwloc, reads_nodes_clusters_and_cores) {
  const auto places = synthetic("node:2 l3:2 core:4 pu:1", every);
  ASSERT_EQ(places.size(), 16U);
  for (int i = 0; i < 16; ++i) {
    const tenon::place expected{.processor = i, .core = i, .node = i / 8, .cluster = i / 4};
    EXPECT_EQ(places[static_cast<std::size_t>(i)], expected) << i;
  }
}

TEST(hwloc, every_core_comes_before_any_second_hardware_thread) {
  const auto places = synthetic("node:2 l3:1 core:2 pu:2", every);
  ASSERT_EQ(places.size(), 8U);
  const std::vector<int> processors{0, 2, 4, 6, 1, 3, 5, 7};
  const std::vector<int> cores{0, 1, 2, 3, 0, 1, 2, 3};
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(places[i].processor, processors[i]) << i;
    EXPECT_EQ(places[i].core, cores[i]) << i;
  }
}

TEST(hwloc, leaves_out_what_may_not_be_used) {
  const auto places = synthetic("node:1 core:4 pu:2", [](int processor) { return processor % 4 != 0; });
  ASSERT_EQ(places.size(), 6U);
  const std::vector<int> processors{1, 2, 5, 6, 3, 7};  // of cores 0 and 2 the second hardware thread is the first left
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(places[i].processor, processors[i]) << i;
}

TEST(hwloc, without_a_third_level_of_cache_a_package_is_a_cluster) {
  const auto places = synthetic("package:2 core:2 pu:1", every);
  ASSERT_EQ(places.size(), 4U);
  EXPECT_EQ(places[1].cluster, 0);
  EXPECT_EQ(places[2].cluster, 1);
}

TEST(hwloc, its_places_give_an_order_of_victims) {
  tenon::machine here;
  here.places = synthetic("node:2 l3:2 core:4 pu:1", every);
  const tenon::victim_order order(here, 9, 16);
  EXPECT_EQ(order.cluster().size(), 3U);
  EXPECT_EQ(order.node().size(), 4U);
  EXPECT_EQ(order.far().size(), 8U);
}

TEST(hwloc, knows_as_many_places_here_as_flat_does) {
  const tenon::machine here = tenon::hwloc::read();
  const tenon::machine counted = tenon::flat::read();
  EXPECT_EQ(here.places.size(), counted.places.size());
  EXPECT_EQ(here.concurrency, counted.concurrency);
}

/// What read gives where hwloc is of no use.
void expect_flat(const tenon::machine& here, std::string_view note) {
  const tenon::machine counted = tenon::flat::read();
  EXPECT_EQ(here.places, counted.places);
  EXPECT_EQ(here.concurrency, counted.concurrency);
  EXPECT_EQ(here.note, note);
}

TEST(hwloc, has_nothing_to_note_here) {
  const tenon::machine here = tenon::hwloc::read();
  EXPECT_TRUE(here.note.empty()) << here.note;
}

TEST(hwloc, without_a_cache_and_a_package_a_node_is_a_cluster) {
  const auto places = synthetic("node:2 core:2 pu:1", every);
  ASSERT_EQ(places.size(), 4U);
  EXPECT_EQ(places[1].cluster, 0);
  EXPECT_EQ(places[2].cluster, 1);
}

TEST(hwloc, and_synthetic_agree_on_what_the_same_words_mean) {
  EXPECT_EQ(synthetic("node:2 core:8 pu:1", every), (tenon::synthetic<"node:2 core:8">::read().places));
  EXPECT_EQ(synthetic("package:2 node:2 l3:2 core:3 pu:2", every),
            (tenon::synthetic<"package:2 node:2 l3:2 core:3 pu:2">::read().places));
  EXPECT_EQ(synthetic("package:2 core:4 pu:2", every), (tenon::synthetic<"package:2 core:4 pu:2">::read().places));
}

constexpr std::string_view no_library =
    "hwloc: libhwloc is not on this machine, or of another version: the places are those of flat";
constexpr std::string_view no_topology =
    "hwloc: it cannot read the topology of this machine: the places are those of flat";
constexpr std::string_view no_processor =
    "hwloc: it knows no processor that this thread may run on: the places are those of flat";
constexpr std::string_view no_pinning =
    "hwloc: the kernel does not let threads be pinned here: workers run where it likes";

TEST(hwloc, falls_back_to_flat_with_a_note_when_the_library_is_missing) {
  const tenon::detail::hwloc_library missing("libhwloc-that-is-not-here.so.0");
  EXPECT_FALSE(missing);
  expect_flat(tenon::hwloc::read_by(missing), no_library);
}

TEST(hwloc, falls_back_to_flat_with_a_note_when_the_library_is_another) {
  const tenon::detail::hwloc_library other("libm.so.6");
  EXPECT_FALSE(other);
  expect_flat(tenon::hwloc::read_by(other), no_library);
}

TEST(hwloc, falls_back_to_flat_with_a_note_when_it_knows_none_of_our_processors) {
  const environment elsewhere("HWLOC_SYNTHETIC", "core:2 pu:1(indexes=8000,8001)");
  expect_flat(tenon::hwloc::read(), no_processor);
}

TEST(hwloc, falls_back_to_flat_with_a_note_when_it_cannot_load) {
  const environment broken("HWLOC_COMPONENTS", "-linux,-x86,-no_os,-synthetic,-xml,stop");
  expect_flat(tenon::hwloc::read(), no_topology);
}

TEST(hwloc, a_topology_file_that_is_not_there_changes_nothing) {
  const tenon::machine before = tenon::hwloc::read();
  const environment nowhere("HWLOC_XMLFILE", "/nonexistent/machine.xml");
  EXPECT_EQ(tenon::hwloc::read(), before) << "hwloc itself goes on to look at the machine";
}

/// Runs `body` in a process of its own, and gives what it gave.
template <class Body>
int in_a_process(Body body) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    ::_exit(body());
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(hwloc, notes_that_the_kernel_does_not_let_threads_be_pinned) {
  const int gave = in_a_process([] {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setaffinity, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{.len = 4, .filter = program};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
      return 77;
    }
    const tenon::machine here = tenon::hwloc::read();
    if (here.note != no_pinning || here.places.empty()) return 1;
    return tenon::hwloc::pin(here, 0) ? 2 : 0;
  });
  if (gave == 77) GTEST_SKIP() << "this kernel has no seccomp filters";
  EXPECT_EQ(gave, 0);
}

}  // namespace

#endif
