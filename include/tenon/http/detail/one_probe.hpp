// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tenon::http::detail {

/// Where a hash of 64 bits leads in a one_probe: its bucket's turn, and with that the slot.
template <class Slot>
struct one_probe_view {
  const Slot* slots;
  const std::uint8_t* turns;
  std::uint32_t bucket_mask;
  std::uint32_t shift;

  [[nodiscard]] static constexpr std::size_t place(std::uint64_t hash, unsigned turn, unsigned shift) noexcept {
    return static_cast<std::size_t>(hash * (2 * turn + 1) >> shift);
  }
  /// The one slot in which what has this hash may lie.
  [[nodiscard]] constexpr const Slot& at(std::uint64_t hash) const noexcept {
    return slots[place(hash, turns[hash & bucket_mask], shift)];
  }
};

/// A hash table in which nothing collides, and which grows: a look-up is one probe, without a loop.
///
/// Invariant  For each entry e of bucket b: slot place(hash(e), turns[b]) holds e. An entry that finds its slot taken
///            gives its bucket another turn, at which all of the bucket find theirs free; where none of the 256 does,
///            twice as many slots are taken. At most half of them are in use, and a bucket has one entry on average.
/// Source     Hash, displace and compress: Belazzougui, Botelho, Dietzfelbinger, ESA 2009; here one entry at a time.
template <class Slot>
class one_probe {
 public:
  constexpr one_probe() { clear(8); }

  /// The slot for an entry of this hash, which is not yet there; nullptr when another has the very same hash. Addresses
  /// of slots change.
  constexpr Slot* insert(std::uint64_t hash) {
    for (std::uint32_t i = first_[bucket(hash)]; i != none; i = entries_[i].next) {
      if (entries_[i].hash == hash) return nullptr;
    }
    entries_.push_back({hash, none, none});
    while (2 * entries_.size() > slots_.size() || !join(static_cast<std::uint32_t>(entries_.size() - 1))) grow();
    return &slots_[entries_.back().slot];
  }

  [[nodiscard]] constexpr Slot& at(std::uint64_t hash) noexcept { return slots_[place(hash, turns_[bucket(hash)])]; }
  [[nodiscard]] constexpr one_probe_view<Slot> view() const noexcept {
    return {slots_.data(), turns_.data(), static_cast<std::uint32_t>(turns_.size() - 1), shift()};
  }
  [[nodiscard]] constexpr const std::vector<Slot>& slots() const noexcept { return slots_; }
  [[nodiscard]] constexpr const std::vector<std::uint8_t>& turns() const noexcept { return turns_; }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  struct entry {
    std::uint64_t hash;
    std::uint32_t next;  // of its bucket
    std::uint32_t slot;
  };

  [[nodiscard]] constexpr unsigned shift() const noexcept {
    return 64 - static_cast<unsigned>(std::countr_zero(slots_.size()));
  }
  [[nodiscard]] constexpr std::size_t bucket(std::uint64_t hash) const noexcept { return hash & (turns_.size() - 1); }
  [[nodiscard]] constexpr std::size_t place(std::uint64_t hash, unsigned turn) const noexcept {
    return one_probe_view<Slot>::place(hash, turn, shift());
  }

  /// Puts entry `made` into its bucket and its slot; false when no turn of the bucket is free for all of it.
  constexpr bool join(std::uint32_t made) {
    const std::size_t b = bucket(entries_[made].hash);
    entries_[made].next = first_[b];
    first_[b] = made;
    const std::size_t straight = place(entries_[made].hash, turns_[b]);
    if (owner(straight) == none) return settle(made, straight), true;
    for (unsigned turn = 0; turn < 256; ++turn) {
      if (!fits(b, turn)) continue;
      std::vector<std::pair<std::uint32_t, Slot>> held;
      for (std::uint32_t i = first_[b]; i != none; i = entries_[i].next) {
        const bool has = entries_[i].slot != none;
        held.emplace_back(i, has ? std::move(slots_[entries_[i].slot]) : Slot{});
        if (has) release(entries_[i].slot);
      }
      for (auto& [i, slot] : held) {
        settle(i, place(entries_[i].hash, turn));
        slots_[entries_[i].slot] = std::move(slot);
      }
      turns_[b] = static_cast<std::uint8_t>(turn);
      return true;
    }
    first_[b] = entries_[made].next;
    return false;
  }
  constexpr bool fits(std::size_t b, unsigned turn) const {
    for (std::uint32_t i = first_[b]; i != none; i = entries_[i].next) {
      const std::size_t to = place(entries_[i].hash, turn);
      const std::uint32_t there = owner(to);
      if (there != none && bucket(entries_[there].hash) != b) return false;
      for (std::uint32_t j = first_[b]; j != i; j = entries_[j].next) {
        if (place(entries_[j].hash, turn) == to) return false;
      }
    }
    return true;
  }

  constexpr std::uint32_t owner(std::size_t slot) const { return owners_[slot]; }
  constexpr void settle(std::uint32_t who, std::size_t slot) {
    owners_[slot] = who;
    entries_[who].slot = static_cast<std::uint32_t>(slot);
  }
  constexpr void release(std::size_t slot) {
    slots_[slot] = Slot{};
    owners_[slot] = none;
  }

  /// One by one: clang does not let constants use what the vectors of GCC 12 do for many at once.
  template <class T>
  static constexpr void fill(std::vector<T>& out, std::size_t size, const T& value) {
    out.clear();
    out.reserve(size);
    while (out.size() < size) out.push_back(value);
  }
  constexpr void clear(std::size_t size) {
    fill(slots_, size, Slot{});
    fill(owners_, size, none);
    fill(turns_, size / 2, std::uint8_t{0});
    fill(first_, size / 2, none);
  }

  /// Twice the slots, and all but the last entry in them.
  constexpr void grow() {
    std::vector<Slot> held;
    for (std::size_t i = 0; i + 1 < entries_.size(); ++i) held.push_back(std::move(slots_[entries_[i].slot]));
    std::size_t size = slots_.size();
    for (bool all = false; !all;) {
      size *= 2;
      clear(size);
      for (auto& one : entries_) one.slot = one.next = none;
      all = true;
      for (std::size_t i = 0; all && i < held.size(); ++i) all = join(static_cast<std::uint32_t>(i));
    }
    for (std::size_t i = 0; i < held.size(); ++i) slots_[entries_[i].slot] = std::move(held[i]);
  }

  std::vector<Slot> slots_;
  std::vector<std::uint8_t> turns_;    // of each bucket
  std::vector<std::uint32_t> first_;   // entry of each bucket
  std::vector<std::uint32_t> owners_;  // of each slot
  std::vector<entry> entries_;
};

}  // namespace tenon::http::detail
