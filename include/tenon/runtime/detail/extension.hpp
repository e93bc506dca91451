// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <utility>

namespace tenon::detail {

/// A part of a runtime that only some programs have: made when it is first asked for, ended by the runtime once its
/// workers have gone.
struct extension {
  const void* kind = nullptr;
  void (*end)(extension&) noexcept = nullptr;  ///< waits for what it still does, and frees it
  /// In a runtime of one thread: its worker was given something while it may be asleep. Null: nothing to do then.
  void (*roused)(extension&) noexcept = nullptr;
  extension* next = nullptr;
};

template <class Part>
inline char extension_kind = 0;

/// The extensions of one runtime: one pointer, null in a program that has none.
///
/// Invariant  A list that only grows at its head until end_all(); each kind is on it at most once, since who adds one
///            has seen the list without it up to the very head that the compare-exchange finds. The release of that
///            exchange makes the part's construction happen before the acquire of whoever reads the head.
template <class Threading>
class extensions {
 public:
  extensions() = default;
  extensions(const extensions&) = delete;
  extensions& operator=(const extensions&) = delete;
  ~extensions() { end_all(); }

  /// Any thread. Part derives from extension and is made with new Part(args...).
  template <class Part, class... Args>
  [[nodiscard]] Part& get(const Args&... args) {
    extension* head = head_.load(std::memory_order_acquire);
    if (Part* const known = find<Part>(head)) return *known;
    Part* const made = new Part(args...);
    made->kind = &extension_kind<Part>;
    for (;;) {
      made->next = head;
      if (head_.compare_exchange_strong(head, made, std::memory_order_acq_rel, std::memory_order_acquire)) return *made;
      if (Part* const other = find<Part>(head)) {
        made->end(*made);
        return *other;
      }
    }
  }

  /// The thread of a runtime of one.
  void rouse() noexcept {
    for (extension* each = head_.load(std::memory_order_relaxed); each != nullptr; each = each->next) {
      if (each->roused != nullptr) each->roused(*each);
    }
  }

  /// One thread, when nobody asks for one any more.
  void end_all() noexcept {
    extension* each = head_.exchange(nullptr, std::memory_order_acquire);
    while (each != nullptr) {
      extension& ending = *std::exchange(each, each->next);
      ending.end(ending);
    }
  }

 private:
  template <class Part>
  [[nodiscard]] static Part* find(extension* from) noexcept {
    while (from != nullptr && from->kind != &extension_kind<Part>) from = from->next;
    return static_cast<Part*>(from);
  }

  typename Threading::template atomic<extension*> head_{nullptr};
};

}  // namespace tenon::detail
