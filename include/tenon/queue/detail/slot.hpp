// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace tenon::detail {

/// Room for one T: where a queue makes and unmakes an element. It does not know whether it holds one; its queue does.
///
/// take(), and the try_pop of each queue, is always inlined, so that the optional stays in registers: g++ puts together
/// a small one in memory to return it, and reads it at another width than it was written, for which the CPU waits until
/// all its stores have reached the other core. That was four fifths of a pop.
///
/// Threading is named so that a model can put another in its place, which notices two threads in one slot.
template <class T, class Threading>
class slot {
 public:
  slot() noexcept {}
  slot(const slot&) = delete;
  slot& operator=(const slot&) = delete;
  ~slot() {}

  void put(T&& item) noexcept { std::construct_at(std::addressof(value_), std::move(item)); }

  [[nodiscard, gnu::always_inline]] std::optional<T> take() noexcept {
    std::optional<T> item(std::move(value_));
    std::destroy_at(std::addressof(value_));
    return item;
  }

 private:
  union {
    T value_;
  };
};

}  // namespace tenon::detail
