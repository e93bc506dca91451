// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../runtime/ground.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <utility>

#include <unistd.h>

// What the storms stand on: how many of a thing a storm has, a random sequence, a watchdog, a line of figures.

namespace tenon_test {

using tenon::task;

/// Whether the storms have their whole length: with TENON_STRESS=full in the environment.
inline bool is_full() {
  static const bool full = [] {
    const char* const asked = std::getenv("TENON_STRESS");
    return asked != nullptr && std::string_view(asked) == "full";
  }();
  return full;
}

/// A storm's number: `full` of it, or a part for everyday; a part of that where everything is slower.
inline long size_of_storm(long full, long brief) {
  if (is_full()) return sanitized ? full / 10 : full;
  return sanitized ? brief / 4 : brief;
}

/// A random sequence (splitmix64) that its seed gives again: a storm prints nothing else to be repeated by.
class dice {
 public:
  explicit dice(std::uint64_t seed) noexcept : state_(seed) {}
  /// 0 <= x < n
  std::uint64_t below(std::uint64_t n) noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return (z ^ (z >> 31U)) % n;
  }

 private:
  std::uint64_t state_;
};

/// Ends the program with a sentence when nothing has moved for `patience`: a storm that hangs says so, and where.
class watchdog {
 public:
  watchdog(const char* what, const std::atomic<long>& progress, std::chrono::seconds patience = 60s)
      : thread_([this, what, &progress, patience] {
          long seen = progress.load();
          auto limit = std::chrono::steady_clock::now() + patience;
          while (!over_.load()) {
            std::this_thread::sleep_for(20ms);
            const auto now = std::chrono::steady_clock::now();
            if (const long at = progress.load(); at != seen) {
              seen = at;
              limit = now + patience;
            } else if (now > limit) {
              std::fprintf(stderr, "%s HANGS: nothing has moved for %lld s, after %ld\n", what,
                           static_cast<long long>(patience.count()), seen);
              std::abort();
            }
          }
        }) {}
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;
  ~watchdog() {
    over_.store(true);
    thread_.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

/// Seconds since it was made.
class stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  }

 private:
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

/// Memory of the process that is its own, and not a file's.
inline long resident_bytes() {
  long kibibytes = 0;
  std::FILE* const status = std::fopen("/proc/self/status", "r");
  char line[256];
  while (std::fgets(line, sizeof line, status) != nullptr) {
    if (std::string_view(line).starts_with("RssAnon:")) kibibytes = std::strtol(line + 8, nullptr, 10);
  }
  std::fclose(status);
  return kibibytes * 1024;
}

/// The sentence of a runtime, short: "epoll fifo".
template <class R>
std::string sentence_of() {
  std::string text(R::backend::word.view());
  text += ' ';
  text += R::scheduling::word.view();
  if constexpr (!R::threading::concurrent) text += " single_thread";
  return text;
}

}  // namespace tenon_test
