// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/tenon.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <sys/resource.h>

// What the tests of runtimes and of the network stand on: memory that counts, descriptors that are counted, CPU time.

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

#if defined(__SANITIZE_THREAD__)
inline constexpr bool watches_threads = true;
#elif defined(__has_feature)
inline constexpr bool watches_threads = __has_feature(thread_sanitizer);
#else
inline constexpr bool watches_threads = false;
#endif

/// How often a stress is repeated: less where everything is slower.
constexpr int rounds(int plain) { return sanitized ? (plain + 9) / 10 : plain; }

/// Memory that counts what is out.
struct counted : tenon::family::memory {
  static constexpr std::string_view word = "counted";

  static inline std::atomic<std::int64_t> out{0};

  static void* obtain(std::size_t bytes) {
    out.fetch_add(1, std::memory_order_relaxed);
    return tenon::system::obtain(bytes);
  }
  static void release(void* block, std::size_t bytes) noexcept {
    out.fetch_sub(1, std::memory_order_relaxed);
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

/// How many descriptors this process has open.
inline int open_descriptors() {
  DIR* const folder = ::opendir("/proc/self/fd");
  int count = 0;
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

/// Sees to it that blocks and descriptors come back until it ends.
class books {
 public:
  books() = default;
  books(const books&) = delete;
  books& operator=(const books&) = delete;
  ~books() {
    EXPECT_EQ(counted::out.load(), blocks_) << "a block was lost";
    EXPECT_EQ(open_descriptors(), descriptors_) << "a descriptor was lost";
  }

 private:
  std::int64_t blocks_ = counted::out.load();
  int descriptors_ = open_descriptors();
};

/// CPU time this process has used.
inline std::chrono::microseconds cpu_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return std::chrono::seconds(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         std::chrono::microseconds(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

}  // namespace tenon_test
