// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/topology/detail/text.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tenon {

namespace detail {

/// Whether `text` is `path` or lies below it.
[[nodiscard]] constexpr bool is_within(std::string_view text, std::string_view path) noexcept {
  return text.starts_with(path) && (text.size() == path.size() || text[path.size()] == '/');
}

/// Whether a list with commas has this entry.
[[nodiscard]] constexpr bool lists(std::string_view list, std::string_view entry) noexcept {
  while (!list.empty()) {
    if (take_until(list, ',') == entry) return true;
  }
  return false;
}

/// One line of /proc/self/mountinfo, proc_pid_mountinfo(5):
/// `36 35 98:0 /root /point options optional-fields... - type source super-options`
struct mount_line {
  std::string_view root;
  std::string point;
  std::string_view type;
  std::string_view super_options;

  explicit mount_line(std::string_view line) {
    for (int i = 0; i < 3; ++i) static_cast<void>(take_until(line, ' '));
    root = take_until(line, ' ');
    point = unescaped(take_until(line, ' '));
    while (!line.empty() && take_until(line, ' ') != "-") {
    }
    type = take_until(line, ' ');
    static_cast<void>(take_until(line, ' '));
    super_options = line;
  }

 private:
  /// The kernel writes a blank, a tab, a newline and a backslash of a path as `\` and three octal digits.
  static std::string unescaped(std::string_view text) {
    std::string out;
    while (!text.empty()) {
      if (text.size() >= 4 && text[0] == '\\') {
        out.push_back(static_cast<char>((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0')));
        text.remove_prefix(4);
      } else {
        out.push_back(text[0]);
        text.remove_prefix(1);
      }
    }
    return out;
  }
};

/// The path of this process in a hierarchy, out of /proc/self/cgroup, cgroups(7): `id:controllers:/path` a line. An empty
/// `controller` means the v2 hierarchy.
[[nodiscard]] constexpr std::optional<std::string_view> cgroup_path(std::string_view memberships,
                                                                    std::string_view controller) noexcept {
  while (!memberships.empty()) {
    std::string_view line = take_until(memberships, '\n');
    const std::string_view id = take_until(line, ':');
    const std::string_view controllers = take_until(line, ':');
    if (controller.empty() ? id == "0" && controllers.empty() : lists(controllers, controller)) return line;
  }
  return std::nullopt;
}

/// The least of the limits met so far, in whole processors.
class quota_of_groups {
 public:
  /// Looks at one directory of a hierarchy.
  void see(const std::string& group, bool v2) {
    if (v2) {
      if (const auto text = read_text(group + "/cpu.max")) {
        std::string_view rest = *text;
        const auto quota = number_of(take_until(rest, ' '));
        limit(quota, number_of(rest));
      }
    } else if (const auto quota = read_text(group + "/cpu.cfs_quota_us")) {
      const auto period = read_text(group + "/cpu.cfs_period_us");
      limit(number_of(*quota), number_of(period ? std::string_view{*period} : std::string_view{}));
    }
  }

  /// Looks at a group and at all above it that this mount shows; a limit above binds those below.
  void see_all(const std::string& mount_point, std::string_view below, bool v2) {
    for (;;) {
      while (below.ends_with('/')) below.remove_suffix(1);
      see(mount_point + std::string(below), v2);
      if (below.empty()) return;
      const std::size_t last = below.rfind('/');
      below = below.substr(0, last == std::string_view::npos ? 0 : last);
    }
  }

  [[nodiscard]] std::optional<std::size_t> processors() const noexcept { return least_; }

 private:
  void limit(std::optional<std::uint64_t> quota_us, std::optional<std::uint64_t> period_us) noexcept {
    if (!quota_us || !period_us || *period_us == 0) return;
    std::uint64_t whole = *quota_us / *period_us + (*quota_us % *period_us != 0 ? 1U : 0U);
    if (whole == 0) whole = 1;
    if (!least_ || whole < *least_) least_ = static_cast<std::size_t>(whole);
  }

  std::optional<std::size_t> least_;
};

}  // namespace detail

/// How many processors' worth of time the cgroups of this process allow it, rounded up; nullopt when there is no limit.
///
/// The least over its group and all groups above it that are mounted here, of version 2 (cpu.max) and of version 1
/// (cpu.cfs_quota_us), wherever they are mounted. A file that is missing or makes no sense is no limit.
///
/// root     A directory that stands for `/`: a test gives one that it made itself.
/// Cost     Reads /proc/self/cgroup, /proc/self/mountinfo and a file a group: tens of microseconds; for start-up.
/// Threads  Any.
/// Source   Linux: Documentation/admin-guide/cgroup-v2.rst, Documentation/scheduler/sched-bwc.rst.
[[nodiscard]] inline std::optional<std::size_t> cpu_quota(const std::string& root = {}) {
  const auto memberships = detail::read_text(root + "/proc/self/cgroup");
  const auto mounts = detail::read_text(root + "/proc/self/mountinfo");
  if (!memberships || !mounts) return std::nullopt;
  detail::quota_of_groups quota;
  for (std::string_view rest = *mounts; !rest.empty();) {
    const detail::mount_line mount(detail::take_until(rest, '\n'));
    const bool v2 = mount.type == "cgroup2";
    if (!v2 && !(mount.type == "cgroup" && detail::lists(mount.super_options, "cpu"))) continue;
    auto path = detail::cgroup_path(*memberships, v2 ? "" : "cpu");
    if (!path) continue;
    // The mount may show a part of the hierarchy (a container's), and the path may lie outside it (`/../..`): then the
    // top of the mount is the nearest group there is to see.
    if (mount.root != "/") path = detail::is_within(*path, mount.root) ? path->substr(mount.root.size()) : "";
    if (path->find("/..") != std::string_view::npos) path = "";
    quota.see_all(root + mount.point, *path, v2);
  }
  return quota.processors();
}

}  // namespace tenon
