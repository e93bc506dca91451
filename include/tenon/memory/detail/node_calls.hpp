// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tenon::detail {

/// What Linux is asked about the nodes of memory, set_mempolicy(2) and move_pages(2): the very calls that hwloc makes,
/// and they need no library. A test gives others in their place.
struct node_calls {
  static constexpr std::size_t most = 1024;  // nodes that Linux can be built for

  /// Where new pages of a thread go.
  struct choice {
    int mode = MPOL_DEFAULT;
    unsigned long nodes[most / (8 * sizeof(unsigned long))]{};

    friend bool operator==(const choice&, const choice&) = default;
  };

  /// That of the calling thread. False where the kernel knows no nodes, or does not say.
  [[nodiscard]] static bool chosen(choice& now) noexcept {
    return ::syscall(SYS_get_mempolicy, &now.mode, now.nodes, most + 1, nullptr, 0UL) == 0;
  }
  [[nodiscard]] static bool choose(const choice& wanted) noexcept {
    const bool plain = wanted.mode == MPOL_DEFAULT;  // which takes no nodes
    return ::syscall(SYS_set_mempolicy, wanted.mode, plain ? nullptr : wanted.nodes, plain ? 0UL : most + 1) == 0;
  }
  /// This node while it has room, then the others.
  [[nodiscard]] static choice preferring(int node) noexcept {
    constexpr auto bits = static_cast<int>(8 * sizeof(unsigned long));
    choice made;
    made.mode = MPOL_PREFERRED;
    made.nodes[node / bits] = 1UL << (node % bits);
    return made;
  }

  /// Moves the pages that these bytes lie on to a node; what cannot be moved stays where it is.
  static void bring(void* first, std::size_t bytes, int node) noexcept {
    constexpr std::size_t batch = 64;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(first) + bytes;
    for (std::uintptr_t at = reinterpret_cast<std::uintptr_t>(first) / page * page; at < end;) {
      void* pages[batch];
      int nodes[batch];
      int status[batch];
      std::size_t count = 0;
      for (; at < end && count < batch; at += page, ++count) {
        pages[count] = reinterpret_cast<void*>(at);
        nodes[count] = node;
      }
      (void)::syscall(SYS_move_pages, 0, count, pages, nodes, status, MPOL_MF_MOVE);
    }
  }
};

}  // namespace tenon::detail
