// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>

#include <atomic>
#include <cassert>
#include <cstddef>
#include <type_traits>

namespace tenon::detail {

/// The free objects of one owner, to which other threads bring back what they were lent.
///
/// A thread that brings something back has a lane of its own, a queue whose only producer it is and whose only consumer
/// is the owner. Beyond `Lanes` threads they share a stack. The owner's own list ends in a lane.
///
/// Let a node be out (lent to somebody), loose (next leads on) or last (next is null). For a lane, let p be what its
/// thread pushed, in order. Invariants:
///   (1) a node in a lane is last if and only if nothing was pushed behind it; the owner takes loose nodes alone. So
///       the owner takes a prefix of p without its last element, and the lane's thread writes `next` of that last
///       alone: never of a node that was taken;
///   (2) first_ leads over nodes that the owner kept, loose all of them, to one that is last: the end of lane_, or end_
///       when lane_ is null. What first_ leads to is in no other lane's `at`;
///   (3) behind the store that publishes a node its thread touches nothing here. So an owner that has counted all its
///       nodes may end the list.
///
/// Edges    A  leave: last->next.store or begin.store (release) -> take: load (acquire): the owner sees the node's own
///             next and what was done with the object before.
///          B  leave: last.store (release) -> leave: last.load (acquire): only where a thread has gone and a new one
///             has its address; nobody else reads it.
///          C  leave: CAS of stack_ (release) -> turn: exchange (acquire), as in detail::inbox.
///          Of what the owner wrote the next holder knows by whatever handed it the object.
/// Shape    Two words, or with threads two lines a lane. Nodes are not owned.
/// Cost     take: two loads, a branch, two stores. keep: a load, two stores. leave: three loads, three stores; nothing
///          is locked but in the shared stack, and once when a thread gets its lane.
///          Of each lane the last node comes home when the next one does.
/// Threads  leave: any thread but the owner's, by its name. The rest: the owner.
/// Source   The lane: D. Vyukov's unbounded intrusive queue for one producer. Model: tests/model/return_list.cpp.
template <class Threading, std::size_t Lanes = 8>
class return_list {
 public:
  struct node {
    typename Threading::template atomic<node*> next{nullptr};
  };

  return_list() = default;
  return_list(const return_list&) = delete;
  return_list& operator=(const return_list&) = delete;

  /// A free node, or null.
  [[nodiscard]] node* take() noexcept {
    node* const first = first_;
    node* const second = first->next.load(std::memory_order_acquire);
    if (second == nullptr) [[unlikely]]
      return turn();
    first_ = second;
    __builtin_prefetch(second);  // another thread had it last, perhaps
    return mark(*first);
  }
  /// A new node, out from the beginning.
  node* mark(node& item) noexcept {
    item.next.store(out(), std::memory_order_relaxed);
    return &item;
  }

  /// The owner brings back a node.
  void keep(node& item) noexcept {
    assert(is_out(item) && "tenon::object_pool: released twice, or to another pool than it came from");
    link(item);
  }
  /// Another thread does: `thread` is an address that no other has at the same time.
  void leave(node& item, const void* thread) noexcept
    requires(Threading::concurrent)
  {
    assert(is_out(item) && "tenon::object_pool: released twice, or to another pool than it came from");
    for (lane& each : returned_.lanes) {
      const void* whose = each.thread.load(std::memory_order_relaxed);
      if (whose == nullptr && each.thread.compare_exchange_strong(whose, thread, std::memory_order_relaxed))
        whose = thread;
      if (whose != thread) continue;
      item.next.store(nullptr, std::memory_order_relaxed);
      node* const last = each.last.load(std::memory_order_acquire);
      each.last.store(&item, std::memory_order_release);
      (last == nullptr ? each.begin : last->next).store(&item, std::memory_order_release);
      return;
    }
    node* newest = returned_.stack.load(std::memory_order_relaxed);
    do {
      item.next.store(newest, std::memory_order_relaxed);
    } while (
        !returned_.stack.compare_exchange_strong(newest, &item, std::memory_order_release, std::memory_order_relaxed));
  }

  /// How many are here, those included that are not to be had yet. Walks over all.
  [[nodiscard]] std::size_t size() const noexcept {
    std::size_t count = length(first_) - static_cast<std::size_t>(lane_ == nullptr);
    if constexpr (Threading::concurrent) {
      for (const lane& each : returned_.lanes) {
        if (&each == lane_) continue;
        count += length(each.at != nullptr ? each.at : each.begin.load(std::memory_order_acquire));
      }
      count += length(returned_.stack.load(std::memory_order_acquire));
    }
    return count;
  }

  /// Forgets them all. Nobody has one.
  void forget() noexcept {
    first_ = &end_;
    lane_ = nullptr;
    if constexpr (Threading::concurrent) {
      for (lane& each : returned_.lanes) {
        each.thread.store(nullptr, std::memory_order_relaxed);
        each.last.store(nullptr, std::memory_order_relaxed);
        each.begin.store(nullptr, std::memory_order_relaxed);
        each.at = nullptr;
      }
      returned_.stack.store(nullptr, std::memory_order_relaxed);
    }
  }

 private:
  struct lane {
    alignas(cache_line) typename Threading::template atomic<const void*> thread{nullptr};
    typename Threading::template atomic<node*> last{nullptr};   ///< of its thread alone
    typename Threading::template atomic<node*> begin{nullptr};  ///< the first ever
    alignas(cache_line) node* at = nullptr;                     ///< of the owner alone: where it goes on
  };
  struct shared {
    lane lanes[Lanes];
    alignas(cache_line) typename Threading::template atomic<node*> stack{nullptr};
  };
  struct nothing {};

  /// What stands in `next` of a node that is out: no node's address.
  [[nodiscard]] node* out() noexcept { return reinterpret_cast<node*>(&first_); }
  [[nodiscard]] bool is_out(node& item) noexcept { return item.next.load(std::memory_order_relaxed) == out(); }

  void link(node& item) noexcept {
    item.next.store(first_, std::memory_order_relaxed);
    first_ = &item;
  }

  [[nodiscard]] static std::size_t length(const node* item) noexcept {
    std::size_t count = 0;
    for (; item != nullptr; item = item->next.load(std::memory_order_acquire)) ++count;
    return count;
  }

  /// What first_ leads to is used up: goes on in another lane, or takes the stack.
  [[nodiscard, gnu::noinline]] node* turn() noexcept {
    if constexpr (Threading::concurrent) {
      if (lane_ != nullptr) lane_->at = first_;
      const std::size_t before = lane_ == nullptr ? 0 : static_cast<std::size_t>(lane_ - returned_.lanes) + 1;
      first_ = &end_;
      lane_ = nullptr;
      for (std::size_t i = 0; i < Lanes; ++i) {
        lane& next = returned_.lanes[(before + i) % Lanes];
        if (next.at == nullptr) next.at = next.begin.load(std::memory_order_acquire);
        if (next.at == nullptr) continue;
        node* const second = next.at->next.load(std::memory_order_acquire);
        if (second == nullptr) continue;
        lane_ = &next;
        first_ = second;
        return mark(*next.at);
      }
      if (returned_.stack.load(std::memory_order_relaxed) == nullptr) return nullptr;
      node* item = returned_.stack.exchange(nullptr, std::memory_order_acquire);
      node* const first = item;
      item = item->next.load(std::memory_order_relaxed);
      while (item != nullptr) {
        node* const older = item->next.load(std::memory_order_relaxed);
        link(*item);
        item = older;
      }
      return mark(*first);
    }
    return nullptr;
  }

  node end_;
  node* first_ = &end_;
  std::conditional_t<Threading::concurrent, lane, nothing>* lane_ = nullptr;
  [[no_unique_address]] std::conditional_t<Threading::concurrent, shared, nothing> returned_;
};

}  // namespace tenon::detail
