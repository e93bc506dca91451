// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>

#include <pthread.h>

/// What a runtime makes of the machine that its topology tells of.
namespace tenon::detail {

struct headcount {
  std::size_t concurrency;
};

/// The machine; or how many workers it is good for, of a topology that can tell that alone and binds nobody to a place.
/// Then the list of places, sixty functions of compile time, is in no program that does not use it.
template <class Topology>
[[nodiscard]] auto look_around() {
  if constexpr (!Topology::pins && !requires { Topology::knows_nodes; } && requires { Topology::concurrency(); }) {
    return headcount{Topology::concurrency()};
  } else {
    return Topology::read();
  }
}

/// The scheduling's shared part, told of the machine if it wants to know and if there is one.
template <class Shared, class Machine>
[[nodiscard]] Shared shared_on(const Machine& where, std::size_t workers) {
  if constexpr (std::is_constructible_v<Shared, std::size_t, const Machine&>) {
    return Shared(workers, where);
  } else {
    return Shared(workers);
  }
}

/// The NUMA node of a worker's place; -1 where all places have the same one.
template <class Machine>
[[nodiscard]] int node_of([[maybe_unused]] const Machine& where, [[maybe_unused]] std::size_t worker) noexcept {
  if constexpr (requires { where.places; }) {
    const int node = where.place_of(worker).node;
    for (const auto& each : where.places) {
      if (each.node != node) return node;
    }
  }
  return -1;
}

/// Where the arenas of a runtime pass blocks on to each other, if they do (memory/concept.hpp).
template <class Memory, class Threading>
struct exchange_of {
  template <class Arena>
  void let_join(Arena& /*arena*/) noexcept {}
};
template <class Memory, class Threading>
  requires(Threading::concurrent && requires { typename Memory::template exchange<Threading>; })
struct exchange_of<Memory, Threading> {
  typename Memory::template exchange<Threading> blocks;

  template <class Arena>
  void let_join(Arena& arena) noexcept {
    arena.join(blocks);
  }
};

/// A thread of the system's. std::thread would cost a tenth of a small program's compile time.
[[nodiscard]] inline ::pthread_t thread_of(void* (*body)(void*), void* argument) noexcept {
  ::pthread_t made{};
  const int error = ::pthread_create(&made, nullptr, body, argument);
  if (error != 0) raise(error_of(error));  // ends the program: the threads before it run already
  return made;
}
inline void name_thread(const char* runtime, std::size_t worker) noexcept {
  char title[40];
  (void)std::snprintf(title, sizeof title, "%.13s/%zu", runtime, worker);
  title[15] = '\0';  // the kernel takes no more
  ::pthread_setname_np(::pthread_self(), title);
}

/// A thread that a part of the library begins, perhaps at a pinned worker, has that worker's place: it may run wherever
/// workers may.
template <class Topology, class Machine>
void let_roam([[maybe_unused]] const Machine& where) noexcept {
  if constexpr (Topology::pins) (void)Topology::unpin(where);
}

/// Runs a worker to its end: at its place if the topology pins, and its memory on the node of that place if its arena
/// wants to know (memory/concept.hpp).
template <class Topology, class Worker, class Shared, class Exchange, class Machine>
void run_at_home(Worker& self, [[maybe_unused]] Shared& shared, Exchange& exchange,
                 [[maybe_unused]] const Machine& where) noexcept {
  if constexpr (Topology::pins) (void)Topology::pin(where, self.index());  // a refusal costs speed, not correctness
  if constexpr (requires { self.arena().settle(0); }) {
    const auto home = self.arena().settle(node_of(where, self.index()));
    home.bring(&self, sizeof self);
    if constexpr (requires { shared.ring_of(self.index()); }) {
      auto& deque = shared.ring_of(self.index());
      home.bring(&deque, sizeof deque);
    }
    exchange.let_join(self.arena());
    self.run();
  } else {
    exchange.let_join(self.arena());
    self.run();
  }
  if constexpr (Topology::pins) {
    if (self.index() == 0) (void)Topology::unpin(where);  // the caller's thread, which goes on without us
  }
}

/// What the topology and the memory have to say of this machine, a line each, below what is there already.
template <class Memory, class Machine>
void add_notes([[maybe_unused]] std::string& lines, [[maybe_unused]] const Machine& where) {
  [[maybe_unused]] const auto add = [&lines](std::string_view line) {
    if (!lines.empty() && !line.empty()) lines += '\n';
    lines += line;
  };
  if constexpr (requires { where.note; }) add(where.note);
  if constexpr (requires { Memory::note(); }) {
    if (node_of(where, 0) >= 0) add(Memory::note());
  }
}

}  // namespace tenon::detail
