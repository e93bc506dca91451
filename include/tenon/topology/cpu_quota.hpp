// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/topology/detail/text.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon {

namespace detail {

/// What is left of `path` below `folder`; nothing, when it does not lie there.
[[nodiscard]] constexpr piece below(piece path, piece folder) noexcept {
  for (; !folder.empty(); ++folder.first, ++path.first) {
    if (path.empty() || *path.first != *folder.first) return {};
  }
  return path.empty() || *path.first == '/' ? path : piece{};
}

/// Whether a path goes up somewhere.
[[nodiscard]] constexpr bool goes_up(piece path) noexcept {
  for (; path.last - path.first >= 3; ++path.first) {
    if (path.first[0] == '/' && path.first[1] == '.' && path.first[2] == '.') return true;
  }
  return false;
}

/// Whether a list with commas has this entry.
[[nodiscard]] constexpr bool lists(piece list, const char* entry) noexcept {
  while (!list.empty()) {
    if (list.take_until(',').is(entry)) return true;
  }
  return false;
}

/// One line of /proc/self/mountinfo, proc_pid_mountinfo(5):
/// `36 35 98:0 /root /point options optional-fields... - type source super-options`
struct mount_line {
  piece root;
  piece point;  ///< a blank, a tab, a newline and a backslash in it are `\` and three octal digits
  piece type;
  piece super_options;

  explicit mount_line(piece line) noexcept {
    for (int i = 0; i < 3; ++i) line.take_until(' ');
    root = line.take_until(' ');
    point = line.take_until(' ');
    while (!line.empty() && !line.take_until(' ').is("-")) {
    }
    type = line.take_until(' ');
    line.take_until(' ');
    super_options = line;
  }

  /// The mount point as it is.
  void add_point(path_text& path) const noexcept {
    for (const char* at = point.first; at != point.last; ++at) {
      if (point.last - at >= 4 && *at == '\\') {
        path.add(static_cast<char>((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0')));
        at += 3;
      } else {
        path.add(*at);
      }
    }
  }
};

/// The path of this process in a hierarchy, out of /proc/self/cgroup, cgroups(7): `id:controllers:/path` a line. An
/// empty `controller` means the v2 hierarchy. False when it is in none.
[[nodiscard]] constexpr bool find_cgroup(piece memberships, const char* controller, piece& path) noexcept {
  while (!memberships.empty()) {
    path = memberships.take_until('\n');
    const piece id = path.take_until(':');
    const piece controllers = path.take_until(':');
    if (*controller == '\0' ? id.is("0") && controllers.empty() : lists(controllers, controller)) return true;
  }
  return false;
}

/// The least of the limits met so far, in whole processors; 0 when there was none.
class quota_of_groups {
 public:
  /// Looks at one directory of a hierarchy.
  void see(path_text& group, bool v2) noexcept {
    if (v2) {
      const file_text text(group, "/cpu.max");
      piece period = text.all();
      const piece quota = period.take_until(' ');
      limit(quota, period);
    } else {
      const file_text quota(group, "/cpu.cfs_quota_us");
      const file_text period(group, "/cpu.cfs_period_us");
      limit(quota.all(), period.all());
    }
  }

  /// Looks at a group and at all above it that this mount shows; a limit above binds those below.
  void see_all(path_text& mount_point, piece below, bool v2) noexcept {
    const std::size_t top = mount_point.size();
    for (;;) {
      while (!below.empty() && below.last[-1] == '/') --below.last;
      mount_point.add(below);
      see(mount_point, v2);
      mount_point.cut(top);
      if (below.empty()) return;
      while (!below.empty() && below.last[-1] != '/') --below.last;
    }
  }

  [[nodiscard]] std::size_t processors() const noexcept { return least_; }

 private:
  void limit(piece quota, piece period) noexcept {
    std::uint64_t quota_us = 0;
    std::uint64_t period_us = 0;
    if (!quota.read(quota_us) || !period.read(period_us) || period_us == 0) return;
    std::uint64_t whole = quota_us / period_us + (quota_us % period_us != 0 ? 1U : 0U);
    if (whole == 0) whole = 1;
    if (least_ == 0 || whole < least_) least_ = static_cast<std::size_t>(whole);
  }

  std::size_t least_ = 0;
};

/// tenon::cpu_quota; 0 when there is no limit.
[[nodiscard]] inline std::size_t quota_below(piece root) noexcept {
  path_text path;
  path.add(root);
  const std::size_t top = path.size();
  const file_text memberships(path, "/proc/self/cgroup");
  const file_text mounts(path, "/proc/self/mountinfo");
  quota_of_groups quota;
  for (piece rest = mounts.all(); !rest.empty();) {
    const mount_line mount(rest.take_until('\n'));
    const bool v2 = mount.type.is("cgroup2");
    if (!v2 && !(mount.type.is("cgroup") && lists(mount.super_options, "cpu"))) continue;
    piece group;
    if (!find_cgroup(memberships.all(), v2 ? "" : "cpu", group)) continue;
    // The mount may show a part of the hierarchy (a container's), and the path may lie outside it (`/../..`): then the
    // top of the mount is the nearest group there is to see.
    if (!mount.root.is("/")) group = below(group, mount.root);
    if (goes_up(group)) group = {};
    mount.add_point(path);
    quota.see_all(path, group, v2);
    path.cut(top);
  }
  return quota.processors();
}

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
  const std::size_t least = detail::quota_below({root.data(), root.data() + root.size()});
  if (least == 0) return std::nullopt;
  return least;
}

}  // namespace tenon
