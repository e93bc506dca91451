// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/clock.hpp>
#include <tenon/core/threading.hpp>

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>

namespace tenon::detail {

/// How a branch that another worker took has ended.
enum class branch_end : std::uintptr_t { open = 0, done = 1, failed = 2 };

/// Where a branch of a fork_join waits to be run: what to call, and room for what it captured and then for what it
/// gave.
///
/// `state` is only read once the slot is shared: open, then the stack of the thief, then how it ended.
template <class Threading>
struct alignas(cache_line) branch_slot {
  using function = branch_end (*)(branch_slot&) noexcept;
  static constexpr std::size_t room_bytes = 48;

  function run;
  typename Threading::template atomic<std::uintptr_t> state{0};
  alignas(16) std::byte room[room_bytes];
};

/// What a stack of branches asks of the worker it belongs to.
struct branch_hooks {
  bool (*idle)(void* worker) noexcept;                        ///< whether another worker sleeps or searches
  void (*call)(void* worker) noexcept;                        ///< something is shared: a sleeper may get up for it
  std::int32_t (*tick)(void* worker, std::int32_t) noexcept;  ///< so many forks later: how many until the next time
  void (*pause)(void* worker, unsigned round) noexcept;       ///< waiting for a thief, for the round-th time in a row
};

/// The branches that one worker has forked and not yet joined: its own side costs no atomic read-modify-write and no
/// fence, and thieves see what it has shared.
///
/// Slots      0 <= tail <= split <= top <= capacity. [0, tail) is stolen, [tail, split) is shared, [split, top)
///            private. `shared_` holds (tag, split, tail) in one word; `split_` is the owner's copy of split.
/// Fork       Owner: fills slots, raises top: plain stores. It reads one word that thieves may write: `limit_`.
///            Normally that is the end of the slots, so that one comparison tells a full stack as well as a hungry
///            thief.
/// Join       Owner: top - 1. At or above split the branch is private: the owner calls it, with plain loads and stores.
///            Below, it moves the split half-way down to the tail (CAS) and has the branch back; or all is stolen (then
///            tail == split == top), and it waits.
/// Share      Owner, at a fork, when asked or while somebody is idle: the older half of what is private becomes shared.
/// Steal      Thief: CAS tail -> tail + 1, then slot[tail] is its own. Found nothing: limit_ = null asks the owner.
/// Sleep      A worker that lies down is counted as asleep, then looks at `shared_` and `active_` of each and asks
///            those that are active. So nothing that is shared is slept through, and who forks on calls a sleeper:
///            either the sleeper sees what is shared (or that an item has forked), or the owner, who shares (or opens)
///            first and looks for sleepers then, sees the sleeper: sequentially consistent, all four. And a question is
///            answered at the next fork, whose owner acquires with it that somebody sleeps.
/// Wait       Owner: steals from the thief of the branch it waits for, and from nobody else (leapfrogging).
///
/// Who writes `shared_`: while tail < split everybody by read-modify-write; while tail == split its owner alone, by
/// plain stores, for then no CAS of a thief can succeed: each expects a word with tail < split.
/// Orders. (1) share: release; claim: acquire. A thief's CAS reads what share wrote, or a read-modify-write behind it
/// in its release sequence: it sees the filled slot. (2) state: release at the end of a branch, acquire in wait: the
/// owner sees the result, and the thief no longer reads the slot when it is filled anew. (3) A slot is read by a thief
/// only between its successful CAS and its store to `state`, and written by the owner only when the slot is not stolen.
///
/// Theorem (stack bound). Along the C++ stack of a worker each branch is a descendant, in the tree of forks, of the
///   branch or item below it: so it is no deeper than the tree, as in a program without threads.
///   A join waits for a branch A that thief T runs, and claims from T only (a) with a word of `shared_` that was read
///   before A's state, and A's state was not ended. What T shares is what it forked since it began the job on top of
///   its stack: when it began that, all it had before was stolen, for it either had nothing or waited for its top
///   branch. While T runs A, all it shares descends from A. T adds one to `tag` when A has ended and before it
///   shares anything again. Suppose the CAS takes a branch B that T forked for a later job. The word that was read had
///   tail < split. Was it written after A's end, then after the store of A's state too (T's program order; release,
///   acquire): (a) would have seen the end. Was it written before, then its tag differs from that of the word in which
///   B is shared: the CAS fails. (The tag has 32 bits; it would have to come round between two loads.)
/// No deadlock. Of all branches in progress one that is deepest in the tree is not waiting.
///
/// Source   T. van Dijk and J. van de Pol, "Lace: Non-blocking Split Deque for Work-Stealing", 2014; K. Faxen, "Wool",
///          2008; D. Wagner and B. Calder, "Leapfrogging", 1993. Model: branch_stack.cpp.
template <class Threading, std::size_t Capacity = 1024>
class alignas(cache_line) branch_stack {
  static_assert(Capacity < (1 << 16), "an index has sixteen bits");

  using word = std::uint64_t;

 public:
  using slot = branch_slot<Threading>;

  /// Nobody's: what is forked here runs at once.
  constexpr branch_stack() noexcept = default;
  branch_stack(const branch_stack&) = delete;
  branch_stack& operator=(const branch_stack&) = delete;
  ~branch_stack() {
    if (base_ == nullptr) return;
    for (slot* each = base_; each != end_; ++each) each->~slot();
    ::operator delete(static_cast<void*>(base_), std::align_val_t{alignof(slot)});
  }
  void belong_to(void* worker, const branch_hooks& hooks) noexcept {
    worker_ = worker;
    hooks_ = &hooks;
  }

  // The owner's.

  /// Where the next branch goes.
  [[nodiscard]] slot* top() const noexcept { return top_; }
  /// Whether so many may go there at once; otherwise something has to be seen to first: make_ready().
  [[nodiscard]] bool ready(std::size_t more) noexcept {
    const auto last = reinterpret_cast<std::uintptr_t>(top_) + (more - 1) * sizeof(slot);  // of no slots at all, too
    return last < reinterpret_cast<std::uintptr_t>(limit_.load(std::memory_order_relaxed)) && --countdown_ >= 0;
  }
  /// The slots below `top` are filled.
  void push(slot* top) noexcept { top_ = top; }
  /// Takes the branch back that was pushed last. False when it is shared: then retake().
  [[nodiscard]] bool pop(slot* at) noexcept {
    top_ = at;
    return at >= split_;
  }

  /// False: there is no room for so many, or no worker: run them at once. After they are filled and pushed: offer().
  [[nodiscard]] bool make_ready(std::size_t more) noexcept {
    if (hooks_ == nullptr || !open()) return false;
    if (countdown_ < 0 || --countdown_ < 0) {  // not counted yet where the limit barred the way: each fork counts
      batch_ = hooks_->tick(worker_, batch_);
      countdown_ = batch_;
    }
    return static_cast<std::size_t>(end_ - top_) >= more;
  }
  void offer() noexcept {
    if (limit_.load(std::memory_order_relaxed) == end_) return;
    const bool is_idle = hooks_->idle(worker_);
    // No question is overwritten unseen; and while somebody is idle, the next fork looks here again.
    slot* const asked = limit_.exchange(is_idle ? base_ : end_, std::memory_order_acquire);
    if (asked != nullptr && !is_idle) return;
    share();
    hooks_->call(worker_);
  }

  /// For a loop that forks only when it must: whether somebody may want a branch, and there is room for one.
  [[nodiscard]] bool wanted() const noexcept {
    return top_ != end_ ? limit_.load(std::memory_order_relaxed) != end_ : end_ == nullptr && hooks_ != nullptr;
  }
  /// Whether something lies open already, or is private and is offered now. False: nothing is, so fork something.
  [[nodiscard]] bool give() noexcept {
    if (sharing()) return true;
    if (top_ == split_) return false;
    offer();
    return true;
  }
  /// What is private lies open to whoever looks: for a branch that is long, and whose sibling may not fork for long.
  void lay_open() noexcept {
    if (top_ == split_) return;
    while (top_ != split_) share();  // seq_cst: who falls asleep sees it, or is seen
    hooks_->call(worker_);
  }
  /// It is `now`, between two pieces of such a loop: the worker sees to what it sees to at forks.
  void pass(time_point now) noexcept {
    if (hooks_ == nullptr || now - passed_at_ < pass_every) return;
    passed_at_ = now;
    if (!open()) return;
    batch_ = hooks_->tick(worker_, 1);
    countdown_ = batch_;
  }

  /// A shared branch: true, it is the owner's again; false, it was run elsewhere and has ended.
  [[nodiscard, gnu::noinline, gnu::cold]] bool retake(slot* at) noexcept {
    word seen = shared_.load(std::memory_order_acquire);
    while (tail(seen) != split(seen)) {
      const word kept = (split(seen) - tail(seen)) / 2;
      const word next = packed(tag(seen), tail(seen) + kept, tail(seen));
      if (shared_.compare_exchange_strong(seen, next, std::memory_order_acq_rel, std::memory_order_acquire)) {
        split_ = base_ + split(next);
        return true;
      }
    }
    top_ = at + 1;  // what it runs meanwhile forks above it
    wait(*at);
    top_ = at;
    const word index = static_cast<word>(at - base_);
    shared_.store(packed(tag(shared_.load(std::memory_order_relaxed)), index, index), std::memory_order_relaxed);
    split_ = at;
    return false;
  }

  /// The item that forked has ended: who forks next looks anew whether somebody is idle.
  void close() noexcept {
    assert(top_ == base_ && "a branch has not been joined");
    active_.store(false, std::memory_order_relaxed);
    limit_.store(base_, std::memory_order_relaxed);
  }

  // Any worker's.

  /// Whether its owner is in an item that has forked.
  [[nodiscard]] bool active() const noexcept { return active_.load(std::memory_order_seq_cst); }
  /// Whether something is there to be claimed.
  [[nodiscard]] bool sharing() const noexcept {
    const word seen = shared_.load(std::memory_order_seq_cst);
    return tail(seen) != split(seen);
  }
  /// Asks the owner to share at its next fork, and to call. What this thread did before is seen by whoever calls.
  void ask() noexcept {
    if (limit_.load(std::memory_order_relaxed) != nullptr) limit_.store(nullptr, std::memory_order_release);
  }
  /// This stack's owner takes the oldest shared branch of `victim`, or null. With `awaited`, only what descends from
  /// the branch there, which the victim runs.
  [[nodiscard]] slot* claim(branch_stack& victim, const slot* awaited = nullptr) noexcept {
    word seen = victim.shared_.load(std::memory_order_acquire);
    if (tail(seen) == split(seen)) return nullptr;
    if (awaited != nullptr && has_ended(*awaited)) return nullptr;
    if (!victim.shared_.compare_exchange_strong(seen, seen + 1, std::memory_order_acq_rel, std::memory_order_relaxed)) {
      return nullptr;
    }
    slot& got = victim.base_[tail(seen)];
    got.state.store(reinterpret_cast<std::uintptr_t>(this), std::memory_order_release);
    return &got;
  }
  /// Runs what this stack's owner has claimed.
  void run(slot& claimed) noexcept {
    const branch_end how = claimed.run(claimed);
    const word now = shared_.load(std::memory_order_relaxed);
    assert(tail(now) == split(now) && "a branch has not been joined");
    shared_.store(now + one_tag,
                  std::memory_order_relaxed);  // before it shares anything of another job: see the theorem
    claimed.state.store(static_cast<std::uintptr_t>(how), std::memory_order_release);
  }

  /// How a branch that retake() did not give back has ended.
  [[nodiscard]] static branch_end end_of(const slot& at) noexcept {
    return static_cast<branch_end>(at.state.load(std::memory_order_relaxed));
  }

 private:
  static constexpr word one_tag = word{1} << 32;
  static constexpr duration pass_every{20'000};

  [[nodiscard]] static word tail(word all) noexcept { return all & 0xffff; }
  [[nodiscard]] static word split(word all) noexcept { return (all >> 16) & 0xffff; }
  [[nodiscard]] static word tag(word all) noexcept { return all >> 32; }
  [[nodiscard]] static word packed(word of_tag, word of_split, word of_tail) noexcept {
    return of_tag << 32 | of_split << 16 | of_tail;
  }
  [[nodiscard]] static bool has_ended(const slot& at) noexcept {
    const std::uintptr_t state = at.state.load(std::memory_order_acquire);
    return state == static_cast<std::uintptr_t>(branch_end::done) ||
           state == static_cast<std::uintptr_t>(branch_end::failed);
  }

  /// The first fork of an item; the first of all gets the slots. False when there is no memory for them.
  [[nodiscard]] bool open() noexcept {
    if (base_ == nullptr) {
      void* const room = ::operator new(Capacity * sizeof(slot), std::align_val_t{alignof(slot)}, std::nothrow);
      if (room == nullptr) return false;
      base_ = top_ = split_ = static_cast<slot*>(room);
      end_ = base_ + Capacity;
      for (slot* each = base_; each != end_; ++each) ::new (static_cast<void*>(each)) slot;
      limit_.store(base_, std::memory_order_relaxed);
    }
    if (!active_.load(std::memory_order_relaxed)) {
      active_.store(true, std::memory_order_seq_cst);
      batch_ = hooks_->tick(worker_, 0);
      countdown_ = batch_;
    }
    return true;
  }

  void share() noexcept {
    const word more = static_cast<word>(top_ - split_ + 1) / 2;
    if (more == 0) return;
    for (word i = 0; i < more; ++i) split_[i].state.store(0, std::memory_order_relaxed);
    split_ += more;
    shared_.fetch_add(more << 16, std::memory_order_seq_cst);
  }

  void wait(const slot& at) noexcept {
    for (unsigned round = 0; !has_ended(at);) {
      const std::uintptr_t state = at.state.load(std::memory_order_acquire);
      if (state > static_cast<std::uintptr_t>(branch_end::failed)) {
        branch_stack& thief = *reinterpret_cast<branch_stack*>(state);
        if (slot* const got = claim(thief, &at)) {
          run(*got);
          round = 0;
          continue;
        }
        thief.ask();
      }
      hooks_->pause(worker_, round++);
    }
  }

  slot* top_ = nullptr;
  typename Threading::template atomic<slot*> limit_{nullptr};
  slot* split_ = nullptr;
  std::int32_t countdown_ = 0;
  std::int32_t batch_ = 0;
  slot* base_ = nullptr;
  slot* end_ = nullptr;
  void* worker_ = nullptr;
  const branch_hooks* hooks_ = nullptr;
  time_point passed_at_{};
  alignas(cache_line) typename Threading::template atomic<word> shared_{0};
  typename Threading::template atomic<bool> active_{false};
};

/// That of a worker; and nobody's, for threads that are none.
using fork_stack = branch_stack<multi_thread>;
inline constinit fork_stack no_forks;

}  // namespace tenon::detail
