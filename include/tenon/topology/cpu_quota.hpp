// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/topology/detail/text.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
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
  std::string_view point;  ///< a blank, a tab, a newline and a backslash in it are `\` and three octal digits
  std::string_view type;
  std::string_view super_options;

  explicit mount_line(std::string_view line) noexcept {
    for (int i = 0; i < 3; ++i) static_cast<void>(take_until(line, ' '));
    root = take_until(line, ' ');
    point = take_until(line, ' ');
    while (!line.empty() && take_until(line, ' ') != "-") {
    }
    type = take_until(line, ' ');
    static_cast<void>(take_until(line, ' '));
    super_options = line;
  }

  /// The mount point as it is.
  void add_point(path_text& path) const noexcept {
    for (std::string_view rest = point; !rest.empty(); rest.remove_prefix(1)) {
      if (rest.size() >= 4 && rest[0] == '\\') {
        path.add(static_cast<char>((rest[1] - '0') * 64 + (rest[2] - '0') * 8 + (rest[3] - '0')));
        rest.remove_prefix(3);
      } else {
        path.add(rest[0]);
      }
    }
  }
};

/// The path of this process in a hierarchy, out of /proc/self/cgroup, cgroups(7): `id:controllers:/path` a line. An
/// empty `controller` means the v2 hierarchy. False when it is in none.
[[nodiscard]] constexpr bool find_cgroup(std::string_view memberships, std::string_view controller,
                                         std::string_view& path) noexcept {
  while (!memberships.empty()) {
    path = take_until(memberships, '\n');
    const std::string_view id = take_until(path, ':');
    const std::string_view controllers = take_until(path, ':');
    if (controller.empty() ? id == "0" && controllers.empty() : lists(controllers, controller)) return true;
  }
  return false;
}

/// The least of the limits met so far, in whole processors.
class quota_of_groups {
 public:
  /// Looks at one directory of a hierarchy.
  void see(path_text& group, bool v2) noexcept {
    if (v2) {
      const file_text text(group, "/cpu.max");
      std::string_view rest = text.view();
      const auto quota = number_of(take_until(rest, ' '));
      limit(quota, number_of(rest));
    } else {
      const file_text quota(group, "/cpu.cfs_quota_us");
      const file_text period(group, "/cpu.cfs_period_us");
      limit(number_of(quota.view()), number_of(period.view()));
    }
  }

  /// Looks at a group and at all above it that this mount shows; a limit above binds those below.
  void see_all(path_text& mount_point, std::string_view below, bool v2) noexcept {
    const std::size_t top = mount_point.size();
    for (;;) {
      while (!below.empty() && below.back() == '/') below.remove_suffix(1);
      mount_point.add(below);
      see(mount_point, v2);
      mount_point.cut(top);
      if (below.empty()) return;
      while (!below.empty() && below.back() != '/') below.remove_suffix(1);
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
[[nodiscard]] inline std::optional<std::size_t> cpu_quota(std::string_view root = {}) noexcept {
  detail::path_text path;
  path.add(root);
  const detail::file_text memberships(path, "/proc/self/cgroup");
  const detail::file_text mounts(path, "/proc/self/mountinfo");
  detail::quota_of_groups quota;
  for (std::string_view rest = mounts.view(); !rest.empty();) {
    const detail::mount_line mount(detail::take_until(rest, '\n'));
    const bool v2 = mount.type == "cgroup2";
    if (!v2 && !(mount.type == "cgroup" && detail::lists(mount.super_options, "cpu"))) continue;
    std::string_view group;
    if (!detail::find_cgroup(memberships.view(), v2 ? "" : "cpu", group)) continue;
    // The mount may show a part of the hierarchy (a container's), and the path may lie outside it (`/../..`): then the
    // top of the mount is the nearest group there is to see.
    if (mount.root != "/") group = detail::is_within(group, mount.root) ? group.substr(mount.root.size()) : "";
    if (group.find("/..") != std::string_view::npos) group = "";
    mount.add_point(path);
    quota.see_all(path, group, v2);
    path.cut(root.size());
  }
  return quota.processors();
}

}  // namespace tenon
