// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/backend/epoll.hpp>
#include <tenon/backend/none.hpp>
#include <tenon/memory/system.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/scheduler/affinity.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

// The runtimes that the tests of this folder run on, and what they count with.

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TENON_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TENON_TEST_SANITIZED 1
#endif
#endif

namespace tenon_test {

using namespace std::chrono_literals;

#if defined(TENON_TEST_SANITIZED)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// How often a stress is repeated: less where everything is slower.
constexpr int rounds(int plain) { return sanitized ? (plain + 9) / 10 : plain; }

/// Memory that counts what is out.
struct counted : tenon::family::memory {
  static constexpr std::string_view word = "counted";

  static inline std::atomic<std::int64_t> out{0};
  static inline std::atomic<std::int64_t> obtained{0};

  static void* obtain(std::size_t bytes) {
    ++out;
    ++obtained;
    return tenon::system::obtain(bytes);
  }
  static void release(void* block, std::size_t bytes) noexcept {
    --out;
    tenon::system::release(block, bytes);
  }
  struct arena {
    arena() = default;
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;
    static void* allocate(std::size_t bytes) { return obtain(bytes); }
    static void deallocate(void* block, std::size_t bytes) noexcept { release(block, bytes); }
  };
};

struct alone : tenon::runtime<tenon::none, tenon::fifo, tenon::single_thread, tenon::virtual_clock, counted> {
  using runtime::runtime;
};
struct crew : tenon::runtime<tenon::epoll, tenon::stealing<>, counted> {
  using runtime::runtime;
};
struct line : tenon::runtime<tenon::epoll, tenon::fifo, counted> {
  using runtime::runtime;
};
struct bound : tenon::runtime<tenon::none, tenon::affinity<>, counted> {
  using runtime::runtime;
};

/// Runs `main(rt, args...)` on a runtime of one thread and virtual time, and sees to it that all frames come back.
template <class Main, class... Args>
auto run_alone(Main main, Args&&... args) {
  struct books {
    std::int64_t before = counted::out;
    ~books() { EXPECT_EQ(counted::out, before) << "a frame was lost"; }
  } books;
  alone rt;
  return rt.run(main(rt, std::forward<Args>(args)...));
}

/// The same on `Runtime` with some workers.
template <class Runtime, class Main, class... Args>
auto run_with(std::size_t threads, Main main, Args&&... args) {
  struct books {
    std::int64_t before = counted::out;
    ~books() { EXPECT_EQ(counted::out, before) << "a frame was lost"; }
  } books;
  Runtime rt{{.threads = threads, .name = "test"}};
  return rt.run(main(rt, std::forward<Args>(args)...));
}

/// Counts how many of it are alive; copies and moves are counted too, and one that is destroyed twice is seen.
class alive {
 public:
  alive() { ++count; }
  alive(const alive& other) : text(other.text) { ++count; }
  alive(alive&& other) noexcept : text(std::move(other.text)) { ++count; }
  alive& operator=(const alive&) = default;
  alive& operator=(alive&&) = default;
  ~alive() { --count; }

  static inline std::atomic<int> count{0};
  std::string text = "long enough not to lie within the string itself";
};

/// An aggregate with a member that is not trivial: what g++ 12 destroys twice in the wrong place.
struct parcel {
  alive inside;
  int number = 0;
};

}  // namespace tenon_test
