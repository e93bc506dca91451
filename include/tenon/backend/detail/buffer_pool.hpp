// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/detail/kernel_rings.hpp>
#include <tenon/backend/detail/received_part.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include <sys/mman.h>

namespace tenon::detail {

/// The buffers that the kernel chooses from when it receives, and takes its bytes from us: one ring a loop.
///
/// A part is taken by the loop's thread, handed to whoever reads, and given back on any thread: at home straight into
/// the ring, elsewhere by way of a stack that the loop empties. The stack is Treiber's, taken whole, as core's inbox.
///
/// Threads  give_back: any. All else: the loop's, and open() and shut() whoever opens and destroys the loop.
template <class Threading>
class buffer_pool {
 public:
  using part = received_part<Threading>;
  static constexpr unsigned short group = 1;

  buffer_pool() = default;
  buffer_pool(const buffer_pool&) = delete;
  buffer_pool& operator=(const buffer_pool&) = delete;
  ~buffer_pool() { forget(); }

  /// 0, or the errno value that says why there is none.
  [[nodiscard]] int open(kernel_rings& rings, const void* home, unsigned count, unsigned size) noexcept {
    home_ = home;
    ring_bytes_ = count * sizeof(::io_uring_buf);
    const std::size_t all = ring_bytes_ + std::size_t{count} * size;
    // Pages that nothing was received into yet are not there: a quiet loop costs the ring alone.
    void* const memory = ::mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return ENOMEM;
    memory_ = static_cast<std::byte*>(memory);
    memory_bytes_ = all;
    parts_ = new (std::nothrow) part[count];
    if (parts_ == nullptr) return forget(), ENOMEM;
    count_ = count;
    size_ = size;
    ring_ = static_cast<::io_uring_buf_ring*>(memory);
    ::io_uring_buf_ring_init(ring_);
    if (const int error = rings.register_buffers(*ring_, count, group); error != 0) return forget(), error;
    for (unsigned i = 0; i < count; ++i) {
      parts_[i].pool = this;
      parts_[i].data = memory_ + ring_bytes_ + std::size_t{i} * size;
      put(parts_[i]);
    }
    publish();
    return 0;
  }
  /// After the kernel has forgotten it.
  void forget() noexcept {
    delete[] parts_;
    parts_ = nullptr;
    if (memory_ != nullptr) ::munmap(memory_, memory_bytes_);
    memory_ = nullptr;
    ring_ = nullptr;
    left_ = 0;
    unpublished_ = 0;
    returned_.store(nullptr, std::memory_order_relaxed);
  }

  [[nodiscard]] bool is_there() const noexcept { return ring_ != nullptr; }
  [[nodiscard]] unsigned count() const noexcept { return count_; }
  /// How many buffers the kernel has, as far as it has told us.
  [[nodiscard]] unsigned left() const noexcept { return left_; }

  /// Buffer `id`, into which the kernel has received `bytes`.
  [[nodiscard]] part& take(unsigned id, std::uint32_t bytes) noexcept {
    --left_;
    part& taken = parts_[id];
    taken.begin = 0;
    taken.end = bytes;
    taken.next = nullptr;
    return taken;
  }

  void give_back(part& given) noexcept {
    if (!Threading::concurrent || ring_here == home_) {
      put(given);
      return publish();
    }
    part* top = returned_.load(std::memory_order_relaxed);
    do {
      given.next = top;
    } while (!returned_.compare_exchange_strong(top, &given, std::memory_order_release, std::memory_order_relaxed));
  }
  /// Takes in what was sent back.
  void refill() noexcept {
    if (returned_.load(std::memory_order_relaxed) == nullptr) return;
    part* each = returned_.exchange(nullptr, std::memory_order_acquire);
    while (each != nullptr) {
      part* const next = each->next;
      put(*each);
      each = next;
    }
    publish();
  }

 private:
  void put(part& given) noexcept {
    const auto id = static_cast<unsigned short>(&given - parts_);
    ::io_uring_buf_ring_add(ring_, given.data, size_, id, static_cast<int>(count_ - 1), static_cast<int>(unpublished_));
    ++unpublished_;
  }
  void publish() noexcept {
    ::io_uring_buf_ring_advance(ring_, static_cast<int>(unpublished_));
    left_ += unpublished_;
    unpublished_ = 0;
  }

  const void* home_ = nullptr;  // the loop
  ::io_uring_buf_ring* ring_ = nullptr;
  part* parts_ = nullptr;
  std::byte* memory_ = nullptr;
  std::size_t memory_bytes_ = 0;
  std::size_t ring_bytes_ = 0;
  unsigned count_ = 0;
  unsigned size_ = 0;
  unsigned left_ = 0;
  unsigned unpublished_ = 0;
  typename Threading::template atomic<part*> returned_{nullptr};
};

}  // namespace tenon::detail
