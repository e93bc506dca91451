// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace tenon::detail {

/// Room for one T: where a queue makes and unmakes an element. It does not know whether it holds one; its queue does.
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

  [[nodiscard]] std::optional<T> take() noexcept {
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
