// SPDX-License-Identifier: BSL-1.0
#include <tenon/topology/cpu_quota.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace {

/// A directory that stands for `/`, with the files that the kernel would show.
class cpu_quota : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "tenon_cpu_quota_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void file(const std::string& path, std::string_view text) {
    const std::filesystem::path at = root_ + path;
    std::filesystem::create_directories(at.parent_path());
    std::ofstream(at) << text;
  }
  void v2(std::string_view path, std::string_view mount_root = "/") {
    file("/proc/self/cgroup", "0::" + std::string(path) + "\n");
    file("/proc/self/mountinfo", "22 1 0:20 / /proc rw shared:5 - proc proc rw\n30 23 0:26 " + std::string(mount_root) +
                                     " /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  }
  [[nodiscard]] std::optional<std::size_t> quota() const { return tenon::cpu_quota(root_); }

  std::string root_;
};

using none = std::optional<std::size_t>;

TEST_F(cpu_quota, nothing_to_read_is_no_limit) {
  EXPECT_EQ(quota(), none{});
  file("/proc/self/cgroup", "");
  file("/proc/self/mountinfo", "");
  EXPECT_EQ(quota(), none{});
}

TEST_F(cpu_quota, v2_is_rounded_up_to_whole_processors) {
  v2("/app");
  EXPECT_EQ(quota(), none{}) << "no cpu.max at all";
  const auto max = [&](std::string_view text) {
    file("/sys/fs/cgroup/app/cpu.max", text);
    return quota();
  };
  EXPECT_EQ(max("max 100000\n"), none{});
  EXPECT_EQ(max("200000 100000\n"), 2U);
  EXPECT_EQ(max("200001 100000\n"), 3U);
  EXPECT_EQ(max("150000 100000\n"), 2U);
  EXPECT_EQ(max("1000 100000\n"), 1U);
  EXPECT_EQ(max("50000 25000"), 2U);
  EXPECT_EQ(max("18446744073709551615 1\n"), 18446744073709551615U) << "the largest number does not wrap";
}

TEST_F(cpu_quota, v2_what_makes_no_sense_is_no_limit) {
  v2("/app");
  for (const char* const text : {"", "\n", "100000", "100000 0\n", "-1 100000\n", "abc def\n", "100000 x\n",
                                 "99999999999999999999999 100000\n"}) {
    file("/sys/fs/cgroup/app/cpu.max", text);
    EXPECT_EQ(quota(), none{}) << text;
  }
}

TEST_F(cpu_quota, v2_a_limit_of_any_ancestor_binds) {
  v2("/a/b/c");
  file("/sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n");
  EXPECT_EQ(quota(), 8U);
  file("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
  EXPECT_EQ(quota(), 3U);
  file("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), 3U);
  file("/sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(quota(), 1U) << "in a container the top of the mount is its own group";
  file("/sys/fs/cgroup/other/cpu.max", "1 100000\n");
  EXPECT_EQ(quota(), 1U);
}

TEST_F(cpu_quota, v2_in_a_namespace_of_its_own) {
  v2("/");
  file("/sys/fs/cgroup/cpu.max", "250000 100000\n");
  EXPECT_EQ(quota(), 3U);
}

TEST_F(cpu_quota, v2_a_mount_that_shows_a_part_of_the_hierarchy) {
  v2("/docker/0123/web", "/docker/0123");
  file("/sys/fs/cgroup/cpu.max", "500000 100000\n");
  EXPECT_EQ(quota(), 5U);
  file("/sys/fs/cgroup/web/cpu.max", "400000 100000\n");
  EXPECT_EQ(quota(), 4U);
  v2("/docker/01234", "/docker/0123");
  EXPECT_EQ(quota(), 5U) << "a path beside the mount's root, not below it: the top of the mount";
  v2("/../../elsewhere");
  EXPECT_EQ(quota(), 5U) << "a path outside the namespace: the top of the mount";
}

TEST_F(cpu_quota, v1_quota_over_period) {
  file("/proc/self/cgroup", "7:memory:/m\n4:cpu,cpuacct:/app/x\n1:name=systemd:/s\n0::/\n");
  file("/proc/self/mountinfo",
       "31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
       "32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
       "33 23 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
       "34 23 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  file("/sys/fs/cgroup/cpu,cpuacct/app/x/cpu.cfs_quota_us", "-1\n");
  file("/sys/fs/cgroup/cpu,cpuacct/app/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), none{});
  file("/sys/fs/cgroup/cpu,cpuacct/app/x/cpu.cfs_quota_us", "350000\n");
  EXPECT_EQ(quota(), 4U);
  file("/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "120000\n");
  EXPECT_EQ(quota(), 4U) << "a quota without a period says nothing";
  file("/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us", "60000\n");
  EXPECT_EQ(quota(), 2U);
  file("/sys/fs/cgroup/unified/cpu.max", "100000 100000\n");
  EXPECT_EQ(quota(), 1U) << "both versions side by side";
}

TEST_F(cpu_quota, a_mount_point_with_a_blank_and_optional_fields) {
  file("/proc/self/cgroup", "0::/a\n");
  file("/proc/self/mountinfo", "30 23 0:26 / /cg\\040roup rw shared:1 master:2 propagate_from:3 - cgroup2 none rw\n");
  file("/cg roup/a/cpu.max", "100000 50000\n");
  EXPECT_EQ(quota(), 2U);
}

TEST_F(cpu_quota, lines_that_are_cut_short_do_no_harm) {
  file("/proc/self/cgroup", "0::/a\n0:\n0\n:::\n");
  for (const char* const text : {"\n\n", "30", "30 23 0:26 /", "30 23 0:26 / /sys rw -",
                                 "30 23 0:26 / /sys rw - cgroup2", "30 23 0:26 / \\0 rw - cgroup2 x y", "- - - - -"}) {
    file("/proc/self/mountinfo", text);
    EXPECT_EQ(quota(), none{}) << text;
  }
}

TEST(cpu_quota_here, is_at_least_one_processor_if_there_is_any) {
  const auto quota = tenon::cpu_quota();
  EXPECT_GE(quota.value_or(1), 1U);
}

}  // namespace
