// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/detail/frame.hpp>
#include <tenon/core/loop.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

/// A worker that writes down what it is asked.
class recorder final : public tenon::loop {
 public:
  explicit recorder(const void* owner) : loop(table, owner) {}
  std::vector<std::string> asked;

 private:
  static void note(loop& self, const char* what) { static_cast<recorder&>(self).asked.emplace_back(what); }
  static constexpr operations table{
      [](loop& self, tenon::work&, const tenon::environment&) noexcept { note(self, "schedule"); },
      [](loop& self, tenon::work&, const tenon::environment&) noexcept { note(self, "post"); },
      [](loop& self, tenon::work&) noexcept { note(self, "pin"); },
      [](loop& self, tenon::timer&) noexcept { note(self, "arm"); },
      [](loop& self, tenon::timer&) noexcept { note(self, "disarm"); },
      [](loop&) noexcept { return tenon::time_point{} + 5s; },
  };
};

TEST(loop, forwards_each_call_to_its_worker) {
  const int runtime = 0;
  recorder worker(&runtime);
  tenon::loop& any = worker;
  tenon::work item;
  tenon::timer timer;
  any.schedule(item, tenon::detail::no_environment);
  any.post(item, tenon::detail::no_environment);
  any.pin(item);
  any.arm(timer);
  any.disarm(timer);
  EXPECT_EQ(worker.asked, (std::vector<std::string>{"schedule", "post", "pin", "arm", "disarm"}));
  EXPECT_EQ(any.now(), tenon::time_point{} + 5s);
  EXPECT_EQ(any.owner(), &runtime);
}

TEST(this_thread, is_of_each_thread_its_own) {
  recorder worker(nullptr);
  EXPECT_EQ(tenon::detail::here().current, nullptr);
  tenon::detail::here().current = &worker;
  std::thread([] { EXPECT_EQ(tenon::detail::here().current, nullptr); }).join();
  EXPECT_EQ(tenon::detail::here().current, &worker);
  tenon::detail::here().current = nullptr;
}

// Frames: where they come from and where they go back to.

struct ledger {
  int allocated = 0;
  int deallocated = 0;
  int released = 0;
  std::size_t bytes = 0;

  static inline ledger* open = nullptr;  // release() has no arena to write into
  void enter();
  static void leave() {
    tenon::detail::here().frames = nullptr;
    tenon::detail::here().arena = nullptr;
  }
};

constexpr tenon::detail::frame_source source{
    [](void* arena, std::size_t bytes) {
      auto& self = *static_cast<ledger*>(arena);
      ++self.allocated;
      self.bytes = bytes;
      return ::operator new(bytes);
    },
    [](void* arena, void* block, std::size_t bytes) noexcept {
      auto& self = *static_cast<ledger*>(arena);
      EXPECT_EQ(self.bytes, bytes);
      ++self.deallocated;
      ::operator delete(block);
    },
    [](void* block, std::size_t bytes) noexcept {
      EXPECT_EQ(ledger::open->bytes, bytes);
      ++ledger::open->released;
      ::operator delete(block);
    },
};

void ledger::enter() {
  open = this;
  tenon::detail::here().frames = &source;
  tenon::detail::here().arena = this;
}

using tenon::detail::frame_allocated;

TEST(frame_allocated, comes_from_the_heap_where_there_is_no_worker) {
  void* const block = frame_allocated::operator new(40);
  std::memset(block, 0xAB, 40);
  frame_allocated::operator delete(block, 40);
}

TEST(frame_allocated, comes_from_the_workers_arena_and_goes_back) {
  ledger books;
  books.enter();
  for (std::size_t size : {1U, 7U, 8U, 9U, 100U, 4'096U}) {
    void* const block = frame_allocated::operator new(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t), 0U);
    std::memset(block, 0xAB, size);  // the mark behind it is not within it
    EXPECT_GE(books.bytes, size + sizeof(void*));
    frame_allocated::operator delete(block, size);
  }
  ledger::leave();
  EXPECT_EQ(books.allocated, 6);
  EXPECT_EQ(books.deallocated, 6);
  EXPECT_EQ(books.released, 0);
}

TEST(frame_allocated, goes_straight_upstream_where_its_policy_has_no_arena) {
  ledger books;
  books.enter();
  void* const block = frame_allocated::operator new(33);
  ledger::leave();
  frame_allocated::operator delete(block, 33);
  EXPECT_EQ(books.allocated, 1);
  EXPECT_EQ(books.deallocated, 0);
  EXPECT_EQ(books.released, 1);
}

TEST(frame_allocated, of_the_heap_goes_back_to_the_heap_on_a_worker) {
  void* const block = frame_allocated::operator new(33);
  ledger books;
  books.enter();
  frame_allocated::operator delete(block, 33);
  ledger::leave();
  EXPECT_EQ(books.deallocated + books.released, 0);
}

}  // namespace
