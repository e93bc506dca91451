// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/detail/buffer_pool.hpp>
#include <tenon/backend/detail/inbound.hpp>
#include <tenon/backend/detail/kernel_rings.hpp>
#include <tenon/backend/detail/letter.hpp>
#include <tenon/backend/detail/readiness.hpp>
#include <tenon/core/io_operation.hpp>

#include <atomic>
#include <cerrno>
#include <cstddef>

namespace tenon::detail {

/// What a multishot operation may have brought already.
[[nodiscard]] constexpr bool is_of_line(io_kind kind) noexcept {
  return kind == io_kind::read || kind == io_kind::arrival || kind == io_kind::accept;
}

/// In the ring's care, `pending` of a side is what waits, and `ready` no more than a guess: whether a call made at
/// once, elsewhere than on the loop's thread, is likely to end.
template <class Threading, class Fallback>
struct ring_source : Fallback::source {
  struct stage {
    bool polls = false;      ///< the kernel waits for readiness, and the operation goes out again after that
    bool cancelled = false;  ///< not again
    bool stays = false;  ///< it is not in the kernel: it waits for what a multishot operation brings, or for a letter
    bool bulk = false;   ///< sent from where it lies: ended when the kernel says that it has let go
  };

  const void* home = nullptr;  ///< the loop, when it has a ring
  stage in_stage;
  stage out_stage;
  bool is_read_again = false;  ///< a read had to wait before
  int place = -1;              ///< in the table of descriptors
  inbound<Threading> line;
  /// What was taken over and is not sent yet: whatever else is to be written waits for it. The loop's thread writes it;
  /// who sees it go (acquire), on whatever thread, writes behind it.
  typename Threading::template atomic<letter*> posted{nullptr};

  [[nodiscard]] bool is_behind_letter(io_kind kind) const noexcept {
    return !is_inbound(kind) && kind != io_kind::connect && posted.load(std::memory_order_acquire) != nullptr;
  }
};

/// What of an operation needs no ring, and may be done on any thread. More than `Bulk` bytes are the ring's to send.
template <class Threading, class Fallback, std::size_t Bulk>
struct ring_attempts {
  using source = ring_source<Threading, Fallback>;
  using part = received_part<Threading>;

  [[nodiscard]] static bool attempt(io_operation& op) noexcept {
    if (is_of_file(op.kind)) return false;
    auto& s = static_cast<source&>(*op.source);
    if (s.home == nullptr) return Fallback::attempt(op);
    if (is_of_line(op.kind)) {
      const bool was_armed = s.line.is_armed();
      if (s.line.serve(op, was_armed)) return true;
      if (was_armed) return false;
    }
    if (is_poll(op.kind) || s.is_behind_letter(op.kind)) return false;
    // Elsewhere the call is made here, and only if it would block does it go home. At home the ring batches; but what
    // is sent seldom has to wait, and where there is nothing to batch it would take a turn of the loop to be told so.
    if (s.home != ring_here) return Fallback::attempt(op);
    const bool sends = op.kind == io_kind::write || op.kind == io_kind::send_message;
    if (ring_is_busy || !sends || !s.is_socket || op.size > Bulk) return false;
    return Fallback::attempt(op);
  }

  /// For who will not wait: an attempt that makes the call itself. outcome -EAGAIN: it would block.
  static void attempt_now(io_operation& op) noexcept {
    auto& s = static_cast<source&>(*op.source);
    if (s.home == nullptr) {
      if (!Fallback::attempt(op)) op.outcome = -EAGAIN;
      return;
    }
    if (is_of_line(op.kind)) {
      const bool was_armed = s.line.is_armed();
      if (s.line.serve(op, was_armed)) return;
      op.outcome = -EAGAIN;
      if (was_armed) return;
    }
    op.outcome = s.is_behind_letter(op.kind) ? -EAGAIN : perform(op, s.is_socket);
  }

  /// What has arrived, whole, from whatever thread reads: null when nothing has, or what has is the end.
  [[nodiscard]] static part* take_part(source& s) noexcept { return s.home != nullptr ? s.line.take() : nullptr; }
};

}  // namespace tenon::detail
