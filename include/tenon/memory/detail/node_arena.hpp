// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

namespace tenon::detail {

/// An Exchange a node, so that blocks stay near. Beyond eight nodes they share.
template <class Exchange>
class exchange_by_node {
 public:
  [[nodiscard]] Exchange& of(int node) noexcept { return nodes_[node < 0 ? 0U : static_cast<unsigned>(node) % 8U]; }

 private:
  Exchange nodes_[8];
};

/// An arena whose worker's memory lies on one node: blocks come from Arena, pages from where Calls is told to.
template <class Arena, class Calls>
class node_arena {
 public:
  static constexpr int no_node = -1;

  /// New pages of this thread come from a node, as long as this lives; then from where they came before.
  class home {
   public:
    explicit home(int node) noexcept : node_(node) {
      placed_ = node_ >= 0 && static_cast<std::size_t>(node_) < Calls::most && Calls::chosen(before_) &&
                Calls::choose(Calls::preferring(node_));
    }
    home(const home&) = delete;
    home& operator=(const home&) = delete;
    ~home() {
      if (placed_) (void)Calls::choose(before_);
    }

    /// Whether the kernel agreed. Not that of another machine, or one that forbids it: then memory is as without this.
    [[nodiscard]] bool placed() const noexcept { return placed_; }
    /// What was made before its thread was there.
    void bring(void* first, std::size_t bytes) const noexcept {
      if (placed_) Calls::bring(first, bytes, node_);
    }

   private:
    int node_;
    bool placed_ = false;
    typename Calls::choice before_;
  };

  node_arena() = default;
  node_arena(const node_arena&) = delete;
  node_arena& operator=(const node_arena&) = delete;

  [[nodiscard]] void* allocate(std::size_t bytes) { return arena_.allocate(bytes); }
  void deallocate(void* chunk, std::size_t bytes) noexcept { arena_.deallocate(chunk, bytes); }
  [[nodiscard]] auto* shelves() noexcept
    requires requires(Arena& arena) { arena.shelves(); }
  {
    return arena_.shelves();
  }

  /// The worker's thread, before its first block: its memory comes from `node` from now on; `no_node` is anywhere.
  [[nodiscard]] home settle(int node) noexcept {
    node_ = node;
    return home(node);
  }
  /// Behind settle: passes blocks on to arenas of its node alone.
  template <class Exchange>
  void join(exchange_by_node<Exchange>& others) noexcept {
    arena_.join(others.of(node_));
  }
  /// Where it was told to settle.
  [[nodiscard]] int node() const noexcept { return node_; }
  [[nodiscard]] const Arena& upstream() const noexcept { return arena_; }

 private:
  [[no_unique_address]] Arena arena_;
  int node_ = no_node;
};

}  // namespace tenon::detail
