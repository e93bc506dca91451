// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/shelf.hpp>
#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/memory/concept.hpp>
#include <tenon/memory/detail/bundle.hpp>
#include <tenon/memory/detail/poison.hpp>
#include <tenon/memory/detail/size_class.hpp>
#include <tenon/memory/system.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenon {

namespace detail {

/// The word of a policy as a fixed_string, however the policy spells it.
template <class P>
inline constexpr auto upstream_word = [] {
  if constexpr (policy<P>) {
    constexpr std::string_view spelled{P::word};
    fixed_string<spelled.size()> out;
    for (std::size_t i = 0; i < spelled.size(); ++i) out.text[i] = spelled[i];
    return out;
  } else {
    return fixed_string("");  // recycling says what is wrong with it
  }
}();

/// A constant, not the concept: of a concept that fails the compiler would go on to explain at length.
template <class P>
inline constexpr bool serves = memory_policy<P>;

/// Whether P's arenas want to know their node, which a policy over P would have to pass on.
template <class P>
inline constexpr bool wants_node = requires(typename P::arena arena) { arena.settle(0); };

}  // namespace detail

/// Memory that a worker keeps when it is given back, to hand it out again: frames and buffers of a warmed path cost a
/// few instructions and no call. The default, over `system`.
///
///     struct app : tenon::runtime<tenon::epoll, tenon::recycling<tenon::mimalloc>> { using runtime::runtime; };
///
/// Shape    Free lists by size: steps of 32 bytes to 1 KiB, then 2, 4, 16 and 64 KiB. What is larger goes to Upstream.
///          Each list is bounded (128 KiB, or 16 blocks), so an arena keeps 6 MiB at the most. Beyond that, what one
///          worker allocates and another frees goes back in bundles of up to 128 blocks, by the runtime's exchange, to
///          whichever worker runs out; that holds 128 KiB a size (one bundle of 64 KiB blocks), 5 MiB at the most. What
///          does not fit there either goes to Upstream, so no side grows without end.
/// Cost     allocate, deallocate: O(1), one load and two stores, nothing atomic; where more is freed than allocated, or
///          the other way round, one locked instruction a bundle. Else one call of Upstream.
/// Threads  An arena: its worker. obtain, release: any thread, straight to Upstream. An exchange: arenas that joined.
/// Errors   What Upstream does; the arena is as it was.
///          Under AddressSanitizer a block that was given back is poisoned, and so is the room behind the `bytes` of
///          one in use: a coroutine frame used after its end is reported.
/// Source   Bundles: detail/bundle.hpp. Figures: bench/memory.cpp, docs/memory.md.
template <class Upstream = system>
struct recycling : family::memory {
  static_assert(detail::serves<Upstream>,
                "tenon::recycling<Upstream>: Upstream is not a memory policy; write recycling<system>, or a class that "
                "derives from tenon::family::memory and satisfies tenon::memory_policy");
  static_assert(!detail::wants_node<Upstream>,
                "tenon::recycling<Upstream>: Upstream places memory by node and would not hear which; write "
                "numa<recycling<...>>, numa outermost");

  static constexpr auto word = fixed_string("recycling<") + detail::upstream_word<Upstream> + fixed_string(">");

  [[nodiscard]] static void* obtain(std::size_t bytes) {
    const std::size_t size = detail::block_bytes(bytes);
    return lend(Upstream::obtain(size), bytes, size);
  }

  static void release(void* chunk, std::size_t bytes) noexcept {
    const std::size_t size = detail::block_bytes(bytes);
    detail::unpoison(chunk, size);
    Upstream::release(chunk, size);
  }

  /// Where the arenas of one runtime pass blocks on. It outlives them.
  template <class Threading>
  class exchange : public detail::bundle_exchange {
   public:
    exchange() noexcept : detail::bundle_exchange(&give_to, &take_from) {}
    ~exchange() {
      for (std::size_t i = 0; i < detail::class_count; ++i) {
        std::uint32_t count = 0;
        detail::free_block* newest = stacks_[i].take(count);
        for (; count > 0; --count) {
          detail::free_block* const next = newest->bundle;
          detail::for_each_block(newest, [size = detail::class_bytes[i]](void* each) {
            detail::unpoison(each, size);
            Upstream::release(each, size);
          });
          newest = next;
        }
      }
    }

   private:
    static bool give_to(detail::bundle_exchange& to, detail::free_block& newest, std::size_t size_class) noexcept {
      return static_cast<exchange&>(to).stacks_[size_class].give(newest, detail::bundling_of[size_class].exchanged);
    }
    static detail::free_block* take_from(detail::bundle_exchange& from, std::size_t size_class,
                                         std::uint32_t& count) noexcept {
      return static_cast<exchange&>(from).stacks_[size_class].take(count);
    }

    detail::bundle_stack<Threading> stacks_[detail::class_count];
  };

  class arena {
   public:
    arena() noexcept {
      for (std::size_t i = 0; i < detail::class_count; ++i) shelves_[i].room = detail::bundling_of[i].blocks;
    }
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;
    ~arena() {
      exchange_ = nullptr;
      for (std::size_t i = 0; i < detail::class_count; ++i) {
        while (shelves_[i].head != nullptr || take_in_hand(i)) give_back(pop(shelves_[i]), detail::class_bytes[i]);
      }
    }

    [[nodiscard]] void* allocate(std::size_t bytes) {
      const std::size_t size_class = detail::size_class_of(bytes);
      if (size_class < detail::class_count && shelves_[size_class].head != nullptr) [[likely]] {
        return lend(pop(shelves_[size_class]), bytes, detail::class_bytes[size_class]);
      }
      return ask(bytes, size_class);
    }

    void deallocate(void* chunk, std::size_t bytes) noexcept {
      const std::size_t size_class = detail::size_class_of(bytes);
      if (size_class < detail::class_count && shelves_[size_class].room != 0) [[likely]] {
        push(shelves_[size_class], chunk, detail::class_bytes[size_class]);
      } else {
        put_down(chunk, bytes, size_class);  // the last thing done, so that nothing is saved for what comes after
      }
    }

    /// From now on blocks go to and fro with other arenas there. The worker's thread, or before it runs.
    void join(detail::bundle_exchange& others) noexcept { exchange_ = &others; }
    /// Where frames are taken from and put back in place; not under AddressSanitizer, which is to be told of them.
    [[nodiscard]] detail::shelf* shelves() noexcept { return detail::poisons ? detail::no_shelves : shelves_; }

    /// How many times this arena asked Upstream for a block; a warmed path leaves it where it is. The worker's thread.
    [[nodiscard]] std::uint64_t upstream_requests() const noexcept { return upstream_requests_; }

   private:
    static_assert(detail::size_class_of(detail::shelf::count * detail::shelf::step) == detail::shelf::count - 1);

    // A shelf holds a bundle or less in hand. The full bundles beside it are in bundles_.
    [[nodiscard]] static void* pop(detail::shelf& from) noexcept {
      detail::unpoison(from.head, sizeof(detail::free_block));
      return from.pop();
    }
    static void push(detail::shelf& onto, void* chunk, std::size_t size) noexcept {
      detail::unpoison(chunk, sizeof(detail::free_block));
      onto.push(chunk);
      detail::poison(chunk, size);
    }

    /// The hand is full, or the block too large. A full hand becomes a bundle, kept here or given away.
    [[gnu::noinline]] void put_down(void* chunk, std::size_t bytes, std::size_t size_class) noexcept {
      if (size_class == detail::class_count) return give_back(chunk, bytes);
      const detail::bundling& how = detail::bundling_of[size_class];
      detail::shelf& its = shelves_[size_class];
      detail::free_block* const newest = std::exchange(its.head, nullptr);
      its.room = how.blocks;
      detail::unpoison(newest, sizeof(detail::free_block));  // and so it stays till it is in hand again
      if (its.full < how.kept) {
        newest->bundle = std::exchange(bundles_[size_class], newest);
        ++its.full;
      } else if (exchange_ == nullptr || !exchange_->give(*newest, size_class)) {
        const std::size_t size = detail::class_bytes[size_class];
        detail::for_each_block(newest, [this, size](void* each) { give_back(each, size); });
      }
      push(its, chunk, detail::class_bytes[size_class]);
    }

    /// The hand is empty: a bundle, of those kept or of somebody else's. False when there is none.
    [[nodiscard]] bool take_in_hand(std::size_t size_class) noexcept {
      detail::shelf& its = shelves_[size_class];
      if (its.full == 0) {
        if (exchange_ == nullptr) return false;
        bundles_[size_class] = exchange_->take(size_class, its.full);
        if (bundles_[size_class] == nullptr) return false;
      }
      its.head = std::exchange(bundles_[size_class], bundles_[size_class]->bundle);
      --its.full;
      its.room = 0;
      return true;
    }

    [[nodiscard, gnu::noinline]] void* ask(std::size_t bytes, std::size_t size_class) {
      const std::size_t size = detail::block_bytes(bytes);
      if (size_class < detail::class_count && take_in_hand(size_class)) {
        return lend(pop(shelves_[size_class]), bytes, size);
      }
      void* const chunk = upstream_.allocate(size);
      ++upstream_requests_;
      return lend(chunk, bytes, size);
    }

    [[gnu::noinline]] void give_back(void* chunk, std::size_t size) noexcept {
      detail::unpoison(chunk, size);
      upstream_.deallocate(chunk, size);
    }

    detail::shelf shelves_[detail::class_count];
    detail::free_block* bundles_[detail::class_count]{};
    std::uint64_t upstream_requests_ = 0;
    detail::bundle_exchange* exchange_ = nullptr;
    [[no_unique_address]] typename Upstream::arena upstream_;
  };

 private:
  static void* lend(void* chunk, std::size_t bytes, std::size_t size) noexcept {
    detail::unpoison(chunk, bytes);
    detail::poison(static_cast<std::byte*>(chunk) + bytes, size - bytes);
    return chunk;
  }
};

static_assert(memory_policy<recycling<>>);

}  // namespace tenon
