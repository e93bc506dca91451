// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/cache_line.hpp>
#include <tenon/core/detail/shelf.hpp>
#include <tenon/memory/detail/poison.hpp>
#include <tenon/memory/detail/size_class.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tenon::detail {

/// How a class is bundled.
struct bundling {
  std::uint32_t blocks;     ///< of a bundle
  std::uint32_t kept;       ///< bundles that one arena keeps, beside what it has in hand
  std::uint32_t exchanged;  ///< bundles that lie in the exchange
};

inline constexpr auto bundling_of = [] {
  std::array<bundling, class_count> all{};
  for (std::size_t i = 0; i < class_count; ++i) {
    const std::uint32_t half = kept_blocks(i) / 2;
    bundling& each = all[i];
    each.blocks = half < 128 ? half : 128;
    each.kept = (kept_blocks(i) + each.blocks / 2) / each.blocks - 1;
    const auto fit = static_cast<std::uint32_t>(std::size_t{128} * 1024 / (each.blocks * class_bytes[i]));
    each.exchanged = fit < 1 ? 1 : fit > 15 ? 15 : fit;
  }
  return all;
}();

/// `act(block)` for each block of a bundle, which may be its end. Poisoned they may be, but for what leads on.
template <class Act>
void for_each_block(free_block* first, Act act) noexcept {
  while (first != nullptr) {
    unpoison(first, sizeof(free_block));
    free_block* const next = first->next;
    act(first);
    first = next;
  }
}

/// What arenas that may meet on several threads have too much of, for those that have too little: a stack of bundles,
/// taken whole.
///
/// The word is the address of the newest bundle, of which four bits are free, and how many there are. Invariants as of
/// detail::inbox: a bundle's `bundle` is written before the CAS that publishes it, and again only by who took it. A CAS
/// that succeeds found the word it had read; whether others took and gave in between does not matter, for the chain
/// behind that address is then the present one, and so is its length.
///
/// Edges    give: CAS (release) -> take: exchange (acquire): the blocks, and what their last holders did with them. The
///          CASes of a chain are one release sequence.
/// Source   R. K. Treiber, "Systems Programming: Coping with Parallelism", 1986; J. Bonwick, J. Adams, "Magazines and
///          Vmem", USENIX 2001. Model: tests/model/bundle.cpp.
template <class Threading>
class bundle_stack {
 public:
  /// Any thread. False when there are `most` already, at most 15.
  [[nodiscard]] bool give(free_block& newest, std::uint32_t most) noexcept {
    std::uintptr_t now = word_.load(std::memory_order_relaxed);
    do {
      if ((now & count_bits) >= most) return false;
      newest.bundle = reinterpret_cast<free_block*>(now & ~count_bits);
    } while (!word_.compare_exchange_strong(now, reinterpret_cast<std::uintptr_t>(&newest) + (now & count_bits) + 1,
                                            std::memory_order_release, std::memory_order_relaxed));
    return true;
  }
  /// Any thread. All there are, or null; `count` is how many.
  [[nodiscard]] free_block* take(std::uint32_t& count) noexcept {
    if (word_.load(std::memory_order_relaxed) == 0) return nullptr;  // spares the line
    const std::uintptr_t was = word_.exchange(0, std::memory_order_acquire);
    count = static_cast<std::uint32_t>(was & count_bits);
    return reinterpret_cast<free_block*>(was & ~count_bits);
  }

 private:
  static constexpr std::uintptr_t count_bits = 15;
  static_assert(alignof(std::max_align_t) > count_bits);

  alignas(cache_line) typename Threading::template atomic<std::uintptr_t> word_{0};
};

/// Where an arena gives and takes bundles. By two plain functions, for an arena does not know of threads, and in a
/// runtime of one thread it meets nobody.
class bundle_exchange {
 public:
  bundle_exchange(const bundle_exchange&) = delete;
  bundle_exchange& operator=(const bundle_exchange&) = delete;

  [[nodiscard]] bool give(free_block& newest, std::size_t size_class) noexcept {
    return give_(*this, newest, size_class);
  }
  [[nodiscard]] free_block* take(std::size_t size_class, std::uint32_t& count) noexcept {
    return take_(*this, size_class, count);
  }

 protected:
  using giver = bool (*)(bundle_exchange&, free_block&, std::size_t) noexcept;
  using taker = free_block* (*)(bundle_exchange&, std::size_t, std::uint32_t&) noexcept;

  bundle_exchange(giver how_to_give, taker how_to_take) noexcept : give_(how_to_give), take_(how_to_take) {}
  ~bundle_exchange() = default;

 private:
  giver give_;
  taker take_;
};

}  // namespace tenon::detail
