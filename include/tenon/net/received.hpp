// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/io_operation.hpp>
#include <tenon/core/result.hpp>
#include <tenon/net/detail/descriptor.hpp>
#include <tenon/net/detail/io_wait.hpp>
#include <tenon/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

namespace tenon {

/// Bytes that `receive` has brought, in the buffer that they came in: it goes back when this goes.
///
///     const auto got = co_await peer.receive();
///     if (!got || got->empty()) co_return;               // an error, or the end of the stream
///     parse(got->bytes());
///
/// Shape    Five words. On io_uring a buffer of its buffer_ring; else, and while that ring has none left, a block of
///          the memory policy.
/// Cost     io_uring: nothing is copied. Elsewhere one system call. No allocation once warm.
/// Threads  It may be destroyed on any thread of the runtime, and before the runtime is. Held for long, it keeps its
///          buffer from others: they are then served in blocks.
class received_bytes {
 public:
  using release = void(void* owner, void* what) noexcept;

  received_bytes() = default;
  received_bytes(std::span<std::byte> bytes, release& give_back, void* owner, void* what) noexcept
      : bytes_(bytes), release_(&give_back), owner_(owner), what_(what) {}
  received_bytes(received_bytes&& other) noexcept
      : bytes_(std::exchange(other.bytes_, {})),
        release_(std::exchange(other.release_, nullptr)),
        owner_(other.owner_),
        what_(other.what_) {}
  received_bytes& operator=(received_bytes&& other) noexcept {
    if (this == &other) return *this;
    reset();
    bytes_ = std::exchange(other.bytes_, {});
    release_ = std::exchange(other.release_, nullptr);
    owner_ = other.owner_;
    what_ = other.what_;
    return *this;
  }
  ~received_bytes() { reset(); }

  /// What has come; it may be written over, by a parser that unescapes in place, say.
  [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  /// Nothing: the end of the stream.
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  /// Gives the buffer back now.
  void reset() noexcept {
    bytes_ = {};
    if (release* const give_back = std::exchange(release_, nullptr)) give_back(owner_, what_);
  }

 private:
  std::span<std::byte> bytes_;
  release* release_ = nullptr;
  void* owner_ = nullptr;
  void* what_ = nullptr;
};

namespace detail {

/// stream_socket's receive.
template <class R>
struct receiver {
  using backend = typename R::backend::template loop<typename R::threading>;
  static constexpr std::size_t block_bytes = 4096;

  [[nodiscard]] static task<result<received_bytes>> receive(descriptor<R>& from, time_point deadline) {
    for (;;) {
      const auto ready = co_await ready_wait<R>(from, {io_kind::arrival, nullptr, 0, deadline});
      if (!ready) co_return ready.error();
      auto got = take(from);
      if (got || got.error() != std::errc::operation_would_block) co_return std::move(got);
    }
  }

 private:
  static result<received_bytes> take(descriptor<R>& from) {
    if constexpr (requires { backend::take_part(from.source()); }) {
      if (auto* const part = backend::take_part(from.source())) {
        count_transfer(from.runtime(), io_kind::read, static_cast<std::int64_t>(part->size()));
        using pool = std::remove_reference_t<decltype(*part->pool)>;
        return received_bytes({part->data + part->begin, part->size()}, give_back_part<pool>, part->pool, part);
      }
    }
    R& runtime = from.runtime();
    void* const memory = runtime.allocate(block_bytes);
    const std::int64_t got = try_io(from, {io_kind::read, memory, block_bytes});
    if (got > 0) {
      return received_bytes({static_cast<std::byte*>(memory), static_cast<std::size_t>(got)}, give_back_block, &runtime,
                            memory);
    }
    runtime.deallocate(memory, block_bytes);
    if (got < 0) return error_of(static_cast<int>(-got));
    return received_bytes();
  }
  template <class Pool>
  static void give_back_part(void* owner, void* what) noexcept {
    static_cast<Pool*>(owner)->give_back(*static_cast<typename Pool::part*>(what));
  }
  static void give_back_block(void* owner, void* what) noexcept {
    static_cast<R*>(owner)->deallocate(what, block_bytes);
  }
};

}  // namespace detail

}  // namespace tenon
