// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/shelf.hpp>
#include <tenon/core/loop.hpp>

#include <cstddef>
#include <cstring>
#include <new>

namespace tenon::detail {

/// Base of every promise: its coroutine's frame comes from the memory policy of the worker that starts it.
///
/// Shape    One word behind the frame says which policy it came from, so that it may end on any thread: on a worker of
///          that policy it goes to that worker's arena, elsewhere straight back upstream.
/// Threads  Any.
struct frame_allocated {
  static void* operator new(std::size_t bytes) {
    const std::size_t total = tail(bytes) + sizeof(const frame_source*);
    this_thread& thread = here();
    const frame_source* const from = thread.frames;
    void* const chunk = take(thread, from, total);
    std::memcpy(static_cast<char*>(chunk) + tail(bytes), &from, sizeof(from));
    return chunk;
  }

  static void operator delete(void* chunk, std::size_t bytes) noexcept {
    const std::size_t total = tail(bytes) + sizeof(const frame_source*);
    const frame_source* from = nullptr;
    std::memcpy(&from, static_cast<char*>(chunk) + tail(bytes), sizeof(from));
    const this_thread& thread = here();
    if (thread.frames == from && total <= shelf::count * shelf::step) [[likely]] {
      shelf& kept = thread.shelves[(total - 1) / shelf::step];
      if (kept.room != 0) [[likely]]
        return kept.push(chunk);
    }
    give_back(from, chunk, total);
  }

 private:
  static void* take(const this_thread& thread, const frame_source* from, std::size_t total) {
    if (total <= shelf::count * shelf::step) [[likely]] {
      shelf& kept = thread.shelves[(total - 1) / shelf::step];
      if (kept.head != nullptr) [[likely]]
        return kept.pop();
    }
    return ask(from, total);
  }
  TENON_DETAIL_RARE static void* ask(const frame_source* from, std::size_t total) {
    return from != nullptr ? from->allocate(here().arena, total) : ::operator new(total);
  }
  TENON_DETAIL_RARE static void give_back(const frame_source* from, void* chunk, std::size_t total) noexcept {
    if (from == nullptr) return ::operator delete(chunk);  // the sized one is off by default in clang before 19
    const this_thread& thread = here();
    if (thread.frames == from) {
      from->deallocate(thread.arena, chunk, total);
    } else {
      from->release(chunk, total);
    }
  }
  static constexpr std::size_t tail(std::size_t bytes) noexcept {
    return (bytes + alignof(const frame_source*) - 1) & ~(alignof(const frame_source*) - 1);
  }
};

}  // namespace tenon::detail
