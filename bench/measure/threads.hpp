// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "harness.hpp"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>
#include <sched.h>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace measure {

/// What a spinning thread does between two looks.
inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb" : : : "memory");
#endif
}

/// The CPUs this process may use.
inline const std::vector<int>& allowed_cpus() {
  static const auto found = [] {
    std::vector<int> cpus;
    cpu_set_t mask;
    CPU_ZERO(&mask);
    if (sched_getaffinity(0, sizeof mask, &mask) == 0) {
      for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &mask)) cpus.push_back(cpu);
      }
    }
    return cpus;
  }();
  return found;
}

/// Keeps the calling thread on the index-th CPU of those, counted round and round.
inline void pin(std::size_t index) {
  const auto& cpus = allowed_cpus();
  if (cpus.empty()) return;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET(std::size_t(cpus[index % cpus.size()]), &mask);
  pthread_setaffinity_np(pthread_self(), sizeof mask, &mask);
}

/// `body(i)` on `count` threads, thread i on CPU i, all let go at once; gives the nanoseconds until the last was done.
/// Making and joining the threads is not in them.
template <class Body>
double team(std::size_t count, Body body) {
  allowed_cpus();
  std::atomic<std::size_t> ready{0}, done{0};
  std::atomic<bool> go{false};
  clock::time_point start, end;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      pin(i);
      // More threads than CPUs must take turns here, or the last would wait for a time slice of each other.
      for (ready.fetch_add(1); !go.load(std::memory_order_acquire);) std::this_thread::yield();
      body(i);
      if (done.fetch_add(1) + 1 == count) end = clock::now();
    });
  }
  while (ready.load() != count) std::this_thread::yield();
  start = clock::now();
  go.store(true, std::memory_order_release);
  for (auto& thread : threads) thread.join();
  return std::chrono::duration<double, std::nano>(end - start).count();
}

}  // namespace measure
