// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/fixed_string.hpp>
#include <tenon/core/policy.hpp>
#include <tenon/memory/concept.hpp>
#include <tenon/memory/detail/poison.hpp>
#include <tenon/memory/detail/size_class.hpp>
#include <tenon/memory/system.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <utility>

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
///          Each list is bounded (128 KiB, or 16 blocks): what one thread allocates and another frees goes back to
///          Upstream beyond that, so neither side grows without end. An arena keeps 6 MiB at the most.
/// Cost     allocate, deallocate: O(1), one load and two stores, nothing atomic; else one call of Upstream.
/// Threads  An arena: its worker. obtain, release: any thread, straight to Upstream.
/// Errors   What Upstream does; the arena is as it was.
///          Under AddressSanitizer a block that was given back is poisoned, and so is the room behind the `bytes` of
///          one in use: a coroutine frame used after its end is reported.
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

  class arena {
   public:
    arena() noexcept {
      for (std::size_t i = 0; i < detail::class_count; ++i) shelves_[i].room = detail::kept_blocks(i);
    }
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;
    ~arena() {
      for (std::size_t i = 0; i < detail::class_count; ++i) {
        while (shelves_[i].head != nullptr) give_back(shelves_[i].pop(), detail::class_bytes[i]);
      }
    }

    [[nodiscard]] void* allocate(std::size_t bytes) {
      const std::size_t size_class = detail::size_class_of(bytes);
      if (size_class < detail::class_count && shelves_[size_class].head != nullptr) [[likely]] {
        return lend(shelves_[size_class].pop(), bytes, detail::class_bytes[size_class]);
      }
      return ask(bytes);
    }

    void deallocate(void* chunk, std::size_t bytes) noexcept {
      const std::size_t size_class = detail::size_class_of(bytes);
      if (size_class < detail::class_count && shelves_[size_class].room != 0) [[likely]] {
        shelves_[size_class].push(chunk, detail::class_bytes[size_class]);
      } else {
        give_back(chunk, detail::block_bytes(bytes));
      }
    }

    /// How many times this arena asked Upstream for a block; a warmed path leaves it where it is. The worker's thread.
    [[nodiscard]] std::uint64_t upstream_requests() const noexcept { return upstream_requests_; }

   private:
    struct free_block {
      free_block* next;
    };

    struct shelf {
      free_block* head = nullptr;
      std::uint32_t room = 0;  ///< how many more it may keep

      [[nodiscard]] void* pop() noexcept {
        detail::unpoison(head, sizeof(free_block));
        ++room;
        return std::exchange(head, head->next);
      }
      void push(void* chunk, std::size_t size) noexcept {
        detail::unpoison(chunk, sizeof(free_block));
        head = ::new (chunk) free_block{head};
        --room;
        detail::poison(chunk, size);
      }
    };

    [[nodiscard, gnu::noinline]] void* ask(std::size_t bytes) {
      const std::size_t size = detail::block_bytes(bytes);
      void* const chunk = upstream_.allocate(size);
      ++upstream_requests_;
      return lend(chunk, bytes, size);
    }

    [[gnu::noinline]] void give_back(void* chunk, std::size_t size) noexcept {
      detail::unpoison(chunk, size);
      upstream_.deallocate(chunk, size);
    }

    shelf shelves_[detail::class_count];
    std::uint64_t upstream_requests_ = 0;
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
