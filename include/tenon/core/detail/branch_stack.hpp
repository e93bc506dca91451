// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/clock.hpp>
#include <tenon/core/threading.hpp>

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace tenon::detail {

/// How a branch that another worker took has ended.
enum class branch_end : std::uintptr_t { open = 0, done = 1, failed = 2 };

template <class, std::size_t>
class branch_stack;

/// A branch of a fork_join that waits to be run, in the frame of who forked it. What it captured, and later
/// what it gave, is in a class that derives from it.
///
/// `state_` is there as long as the branch is shared: open, then the stack of the thief, then how it ended.
template <class Threading>
struct open_branch {
  using function = branch_end (*)(open_branch&) noexcept;

  explicit open_branch(function what) noexcept : run(what) {}
  void lie_on(const open_branch* another) noexcept { below_ = reinterpret_cast<std::uintptr_t>(another); }
  open_branch(const open_branch&) = delete;
  open_branch& operator=(const open_branch&) = delete;
  ~open_branch() {}

  function run;

 private:
  template <class, std::size_t>
  friend class branch_stack;

  [[nodiscard]] open_branch* below() const noexcept { return reinterpret_cast<open_branch*>(below_ & ~is_shared); }

  static constexpr std::uintptr_t is_shared = 1;

  std::uintptr_t below_;  // the branch below; with is_shared in it while it is shared itself
  union {                 // most branches are never shared, and need no store for this
    typename Threading::template atomic<std::uintptr_t> state_;
  };
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
/// List       From top_ down along below(), newest first, each in its forker's frame: first the private ones, then,
///            from last_shared_ on, those that are shared, and say so. entries_[0, split) are the latter, oldest first:
///            [0, tail) is stolen, [tail, split) waits for a thief. `shared_` holds (tag, split, tail) in one word.
/// Fork       Owner: links a branch in: plain stores to its own frame and to top_. It reads one word that thieves may
///            write: `attention_`.
/// Join       Owner: a branch on top that is private is unlinked and called, with plain loads and stores. Else it moves
///            the split half-way down to the tail (CAS) and has the branch back; or all is stolen (then tail == split),
///            and it waits.
/// Share      Owner, at a fork, when asked or while somebody is idle: the older half of what is private becomes shared.
/// Steal      Thief: CAS tail -> tail + 1, then entries_[tail] is its own. Found nothing: attention_ asks the owner.
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
/// in its release sequence: it sees the entry and the branch. (2) state: release at the end of a branch, acquire in
/// wait: the owner sees the result, and the thief no longer reads the entry, nor the branch, when the one is filled
/// anew and the other's frame ends. (3) Both are read by a thief only between its successful CAS and its store to
/// `state`, and written by the owner only when the branch is not stolen.
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
template <class Threading, std::size_t Capacity = 4096>
class alignas(cache_line) branch_stack {
  static_assert(Capacity < (1 << 16), "an index has sixteen bits");

  using word = std::uint64_t;

 public:
  using branch = open_branch<Threading>;

  /// Nobody's: what is forked here runs at once.
  constexpr branch_stack() noexcept = default;
  branch_stack(const branch_stack&) = delete;
  branch_stack& operator=(const branch_stack&) = delete;
  ~branch_stack() { ::operator delete(static_cast<void*>(entries_)); }
  void belong_to(void* worker, const branch_hooks& hooks) noexcept {
    worker_ = worker;
    hooks_ = &hooks;
  }

  // The owner's.

  /// The branch forked last.
  [[nodiscard]] branch* top() const noexcept { return top_; }
  /// Whether one may be pushed at once; otherwise something has to be seen to first: make_ready().
  [[nodiscard, gnu::always_inline]] bool ready() noexcept {
    return attention_.load(std::memory_order_relaxed) == calm && --countdown_ >= 0;
  }
  /// The branches from `top` down to what was top() are linked.
  [[gnu::always_inline]] void push(branch& top) noexcept { top_ = &top; }
  /// Takes the branch back that was pushed last. False when it is shared: then retake().
  [[nodiscard, gnu::always_inline]] bool pop(branch& at) noexcept {
    if ((at.below_ & branch::is_shared) != 0) [[unlikely]]
      return false;
    top_ = reinterpret_cast<branch*>(at.below_);
    return true;
  }

  /// False: there is no worker, or no memory: run them at once. After they are pushed: offer().
  [[nodiscard]] bool make_ready() noexcept {
    if (hooks_ == nullptr || !open()) return false;
    if (countdown_ < 0 || --countdown_ < 0) {  // not counted yet where the question barred the way: each fork counts
      batch_ = hooks_->tick(worker_, batch_);
      countdown_ = batch_;
    }
    return true;
  }
  void offer() noexcept {
    if (attention_.load(std::memory_order_relaxed) == calm) return;
    const bool is_idle = hooks_->idle(worker_);
    // No question is overwritten unseen; and while somebody is idle, the next fork looks here again.
    const unsigned before = attention_.exchange(is_idle ? look_again : calm, std::memory_order_seq_cst);
    if (before != asked && !is_idle) return;
    // The way down the list is as long as the list: it is not gone at each fork while nobody comes.
    if (sharing() || share(2)) {
      hooks_->call(worker_);
    } else {  // no room: the question stands
      attention_.store(look_again, std::memory_order_relaxed);
    }
  }

  /// For a loop that forks only when it must: whether somebody may want a branch.
  [[nodiscard]] bool wanted() const noexcept {
    return attention_.load(std::memory_order_relaxed) != calm && hooks_ != nullptr;
  }
  /// Whether something lies open already, or is private and is offered now. False: nothing is, so fork something.
  [[nodiscard]] bool give() noexcept {
    if (sharing()) return true;
    if (top_ == last_shared_) return false;
    offer();
    return true;
  }
  /// What is private lies open to whoever looks: for a branch that is long, and whose sibling may not fork for long.
  void lay_open() noexcept {
    if (top_ == last_shared_) return;
    if (share(1)) hooks_->call(worker_);  // seq_cst: who falls asleep sees it, or is seen
  }
  /// It is `now`, between two pieces of such a loop: the worker sees to what it sees to at forks.
  void pass(time_point now) noexcept {
    if (hooks_ == nullptr || now - passed_at_ < pass_every) return;
    passed_at_ = now;
    if (!open()) return;
    batch_ = hooks_->tick(worker_, 1);
    countdown_ = batch_;
  }

  /// The topmost branch, which is shared: open, it is the owner's again; else it was run elsewhere, this is how it has
  /// ended, and it stays topmost until drop(). (It is no argument: a join that names its branch here keeps the address
  /// in a register, which each call then saves.)
  [[nodiscard, gnu::noinline, gnu::cold]] branch_end retake() noexcept {
    branch& at = *top_;
    word seen = shared_.load(std::memory_order_acquire);
    while (tail(seen) != split(seen)) {
      const word kept = (split(seen) - tail(seen)) / 2;
      const word next = packed(tag(seen), tail(seen) + kept, tail(seen));
      if (shared_.compare_exchange_strong(seen, next, std::memory_order_acq_rel, std::memory_order_acquire)) {
        for (word i = split(next); i != split(seen); ++i) make_private(*entries_[i]);
        last_shared_ = split(next) == 0 ? nullptr : entries_[split(next) - 1];
        top_ = at.below();
        return branch_end::open;
      }
    }
    wait(at);                   // what it runs meanwhile forks above it
    last_shared_ = at.below();  // all below it is stolen
    const branch_end how = static_cast<branch_end>(at.state_.load(std::memory_order_relaxed));
    make_private(at);
    const word now = shared_.load(std::memory_order_relaxed);
    assert(tail(now) == split(now) && entries_[split(now) - 1] == &at);
    shared_.store(packed(tag(now), split(now) - 1, split(now) - 1), std::memory_order_relaxed);
    return how;
  }

  void drop() noexcept { top_ = top_->below(); }

  /// The item that forked has ended: who forks next looks anew whether somebody is idle.
  void close() noexcept {
    assert(top_ == nullptr && "a branch has not been joined");
    active_.store(false, std::memory_order_relaxed);
    attention_.store(look_again, std::memory_order_relaxed);
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
    if (attention_.load(std::memory_order_seq_cst) != asked) attention_.store(asked, std::memory_order_release);
  }
  /// This stack's owner takes the oldest shared branch of `victim`, or null. With `awaited`, only what descends from
  /// that branch, which the victim runs.
  [[nodiscard]] branch* claim(branch_stack& victim, const branch* awaited = nullptr) noexcept {
    word seen = victim.shared_.load(std::memory_order_acquire);
    if (tail(seen) == split(seen)) return nullptr;
    if (awaited != nullptr && has_ended(*awaited)) return nullptr;
    if (!victim.shared_.compare_exchange_strong(seen, seen + 1, std::memory_order_acq_rel, std::memory_order_relaxed)) {
      return nullptr;
    }
    branch* const got = victim.entries_[tail(seen)];
    got->state_.store(reinterpret_cast<std::uintptr_t>(this), std::memory_order_release);
    return got;
  }
  /// Runs what this stack's owner has claimed.
  void run(branch& claimed) noexcept {
    const branch_end how = claimed.run(claimed);
    const word now = shared_.load(std::memory_order_relaxed);
    assert(tail(now) == split(now) && "a branch has not been joined");
    shared_.store(now + one_tag,
                  std::memory_order_relaxed);  // before it shares anything of another job: see the theorem
    claimed.state_.store(static_cast<std::uintptr_t>(how), std::memory_order_release);
  }

 private:
  static constexpr word one_tag = word{1} << 32;
  static constexpr duration pass_every{20'000};
  static constexpr unsigned calm = 0, look_again = 1, asked = 2;

  [[nodiscard]] static word tail(word all) noexcept { return all & 0xffff; }
  [[nodiscard]] static word split(word all) noexcept { return (all >> 16) & 0xffff; }
  [[nodiscard]] static word tag(word all) noexcept { return all >> 32; }
  [[nodiscard]] static word packed(word of_tag, word of_split, word of_tail) noexcept {
    return of_tag << 32 | of_split << 16 | of_tail;
  }
  [[nodiscard]] static bool has_ended(const branch& at) noexcept {
    const std::uintptr_t state = at.state_.load(std::memory_order_acquire);
    return state == static_cast<std::uintptr_t>(branch_end::done) ||
           state == static_cast<std::uintptr_t>(branch_end::failed);
  }

  /// The first fork of an item; the first of all gets the entries. False when there is no memory for them.
  [[nodiscard]] bool open() noexcept {
    if (entries_ == nullptr) {
      entries_ = static_cast<branch**>(::operator new(Capacity * sizeof(branch*), std::nothrow));
      if (entries_ == nullptr) return false;
    }
    if (!active_.load(std::memory_order_relaxed)) {
      active_.store(true, std::memory_order_seq_cst);
      batch_ = hooks_->tick(worker_, 0);
      countdown_ = batch_;
    }
    return true;
  }

  /// One part in `parts` of what is private, the oldest, as long as there is room among the entries. False: nothing.
  bool share(word parts) noexcept {
    const word first = split(shared_.load(std::memory_order_relaxed));  // nobody else changes that
    if (first == Capacity) return false;
    word all = 0;
    for (const branch* each = top_; each != last_shared_; each = each->below()) ++all;
    word more = (all + parts - 1) / parts;
    if (more > Capacity - first) more = Capacity - first;
    if (more == 0) return false;
    branch* at = top_;
    for (word i = more; i != all; ++i) at = at->below();
    last_shared_ = at;
    for (word i = first + more; i != first; at = at->below()) {
      entries_[--i] = at;
      std::construct_at(&at->state_, std::uintptr_t{0});
      at->below_ |= branch::is_shared;
    }
    shared_.fetch_add(more << 16, std::memory_order_seq_cst);
    return true;
  }

  static void make_private(branch& at) noexcept {
    std::destroy_at(&at.state_);
    at.below_ &= ~branch::is_shared;
  }

  void wait(const branch& at) noexcept {
    for (unsigned round = 0; !has_ended(at);) {
      const std::uintptr_t state = at.state_.load(std::memory_order_acquire);
      if (state > static_cast<std::uintptr_t>(branch_end::failed)) {
        branch_stack& thief = *reinterpret_cast<branch_stack*>(state);
        if (branch* const got = claim(thief, &at)) {
          run(*got);
          round = 0;
          continue;
        }
        thief.ask();
      }
      hooks_->pause(worker_, round++);
    }
  }

  branch* top_ = nullptr;
  branch* last_shared_ = nullptr;
  typename Threading::template atomic<unsigned> attention_{look_again};
  std::int32_t countdown_ = 0;
  std::int32_t batch_ = 0;
  branch** entries_ = nullptr;
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
