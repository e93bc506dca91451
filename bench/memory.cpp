// SPDX-License-Identifier: BSL-1.0
// Suite memory: blocks and objects got and given back, on one thread and by another than got them.
//
// mimalloc is opened at run time, for a program that is linked to it has no other malloc; its functions stand below.
// Where blocks go from one thread to another, in batches of 256 through 8 slots, the first thread writes two words of
// each and the other reads them; both threads are warm. The blocks in between are in both figures.

#include "measure/harness.hpp"
#include "measure/threads.hpp"

#include <tenon/core/threading.hpp>
#include <tenon/memory/object_pool.hpp>
#include <tenon/memory/recycling.hpp>
#include <tenon/memory/system.hpp>
#if __has_include(<mimalloc.h>)
#include <tenon/memory/mimalloc.hpp>
#define HAS_MIMALLOC
#endif

#if __has_include(<boost/pool/pool.hpp>)
#include <boost/pool/object_pool.hpp>
#include <boost/pool/pool.hpp>
#define HAS_BOOST_POOL
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <memory_resource>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HAS_MIMALLOC
namespace {

void* (*opened_malloc)(std::size_t) = nullptr;
void (*opened_free)(void*) = nullptr;

bool open_mimalloc() {
  for (const char* const name : {"libmimalloc.so.2", "libmimalloc.so.3", "libmimalloc.so"}) {
    if (void* const library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
      opened_malloc = reinterpret_cast<void* (*)(std::size_t)>(::dlsym(library, "mi_malloc"));
      opened_free = reinterpret_cast<void (*)(void*)>(::dlsym(library, "mi_free"));
      return opened_malloc != nullptr && opened_free != nullptr;
    }
  }
  return false;
}

}  // namespace

// In place of a linker's stub: one indirect jump, as there.
extern "C" void* mi_malloc(std::size_t bytes) noexcept { return opened_malloc(bytes); }
extern "C" void mi_free(void* block) noexcept { opened_free(block); }
#endif

namespace {

// Every contender as: a `home` that all threads share, and a `hand` for each thread that gets and gives.

struct nothing {};

struct by_malloc {
  using home = nothing;
  struct hand {
    explicit hand(home&) {}
    void* get(std::size_t bytes) { return std::malloc(bytes); }
    void give(void* block, std::size_t) { std::free(block); }
  };
};

struct by_mimalloc {
  using home = nothing;
  struct hand {
    explicit hand(home&) {}
#ifdef HAS_MIMALLOC
    void* get(std::size_t bytes) { return opened_malloc(bytes); }
    void give(void* block, std::size_t) { opened_free(block); }
#endif
  };
};

template <class Policy>
struct by_policy {
  using home = nothing;
  struct hand {
    typename Policy::arena arena;
    explicit hand(home&) {}
    void* get(std::size_t bytes) { return arena.allocate(bytes); }
    void give(void* block, std::size_t bytes) { arena.deallocate(block, bytes); }
  };
};

/// As in a runtime of several threads.
template <class Policy>
struct by_exchange {
  using home = typename Policy::template exchange<tenon::multi_thread>;
  struct hand {
    typename Policy::arena arena;
    explicit hand(home& shared) { arena.join(shared); }
    void* get(std::size_t bytes) { return arena.allocate(bytes); }
    void give(void* block, std::size_t bytes) { arena.deallocate(block, bytes); }
  };
};

template <class Resource>
struct by_resource {
  using home = Resource;
  struct hand {
    Resource& shared;
    explicit hand(home& its) : shared(its) {}
    void* get(std::size_t bytes) { return shared.allocate(bytes); }
    void give(void* block, std::size_t bytes) { shared.deallocate(block, bytes); }
  };
};

#ifdef HAS_BOOST_POOL
template <std::size_t Bytes>
struct boost_pool {
  struct home {
    boost::pool<> pool{Bytes};
  };
  struct hand {
    boost::pool<>& pool;
    explicit hand(home& its) : pool(its.pool) {}
    void* get(std::size_t) { return pool.malloc(); }
    void give(void* block, std::size_t) { pool.free(block); }
  };
};
#endif

/// What is pooled: 64 bytes, or half of that and a string that gets long.
struct small {
  std::array<std::uint64_t, 8> words{};
};
struct request {
  std::array<std::uint64_t, 4> words{};
  std::string path;
  void reset() noexcept { path.clear(); }
};
constexpr const char* long_path = "/accounts/0123456789/orders/0123456789/positions?sort=price&page=17&per_page=100";

template <class T>
void use(T& object, std::uint64_t number) {
  object.words[1] = number;
  if constexpr (requires { object.path; }) object.path = long_path;
}

template <class T>
struct pool {
  using home = tenon::object_pool<T>;
  struct hand {
    home& shared;
    explicit hand(home& its) : shared(its) {}
    T* get(std::size_t) { return shared.acquire().release(); }
    void give(void* object, std::size_t) { shared.release(*static_cast<T*>(object)); }
  };
};

/// A new object each time, in memory of somebody's.
template <class T, class Memory>
struct made_by {
  using home = typename Memory::home;
  struct hand {
    typename Memory::hand memory;
    explicit hand(home& its) : memory(its) {}
    T* get(std::size_t) { return ::new (memory.get(sizeof(T))) T(); }
    void give(void* object, std::size_t) {
      static_cast<T*>(object)->~T();
      memory.give(object, sizeof(T));
    }
  };
};

#ifdef HAS_BOOST_POOL
template <class T>
struct boost_object_pool {
  using home = boost::object_pool<T>;
  struct hand {
    home& shared;
    explicit hand(home& its) : shared(its) {}
    T* get(std::size_t) { return shared.construct(); }
    void give(void* object, std::size_t) { shared.destroy(static_cast<T*>(object)); }
  };
};
#endif

struct words {
  std::uint64_t first, second;
};

/// Gets and gives back `at_once` blocks, `items` blocks in all; `fill(block)` is what is done with each.
template <class By, class Fill>
auto local(std::size_t bytes, long at_once, Fill fill) {
  struct state {
    typename By::home home;
    typename By::hand hand{home};
    std::vector<void*> out;
  };
  return [=, mine = std::make_shared<state>()](long items) {
    mine->out.resize(std::size_t(at_once));
    for (long done = 0; done < items; done += at_once) {
      for (void*& each : mine->out) {
        each = mine->hand.get(bytes);
        fill(each, std::uint64_t(done));
        measure::keep(each);
      }
      for (void* const each : mine->out) mine->hand.give(each, bytes);
    }
  };
}

inline void fill_words(void* block, std::uint64_t number) { static_cast<words*>(block)->second = number; }

enum class what { cycle, frees };

constexpr std::size_t batch = 256, slots = 8;

struct channel {
  struct alignas(64) slot {
    std::atomic<bool> full{false};
    std::array<void*, batch> blocks;
  };
  std::array<slot, slots> all;
};

/// One thread gets, the other gives back. The sample is the time a block takes from end to end, or what the second
/// thread needs to give it back.
template <class By, class Fill>
auto remote(std::size_t bytes, what asked, Fill fill) {
  return [=](long items) -> double {
    // Its two threads wait for each other at each block, for microseconds.
    if constexpr (std::same_as<typename By::home, std::pmr::synchronized_pool_resource>) items /= 50;
    const long batches = std::max(items / long(batch), 1L), warm = std::max(batches / 4, 16L);
    typename By::home home;
    channel between;
    measure::clock::time_point start, end;
    double frees = 0;
    std::atomic<std::uint64_t> seen{0};
    const auto wait = [](const std::atomic<bool>& flag, bool until) {
      for (int looks = 0; flag.load(std::memory_order_acquire) != until;) {
        measure::pause();
        if (++looks % 4096 == 0) std::this_thread::yield();
      }
    };
    measure::team(2, [&](std::size_t who) {
      typename By::hand hand(home);
      if (who == 0) {
        for (long i = -warm; i < batches; ++i) {
          auto& at = between.all[std::size_t(i + warm) % slots];
          wait(at.full, false);
          if (i == 0) start = measure::clock::now();
          for (void*& each : at.blocks) fill(each = hand.get(bytes), std::uint64_t(i));
          at.full.store(true, std::memory_order_release);
        }
        for (auto& each : between.all) wait(each.full, false);  // an owner outlives what it lent
      } else {
        std::uint64_t sum = 0;
        for (long i = -warm; i < batches; ++i) {
          auto& at = between.all[std::size_t(i + warm) % slots];
          wait(at.full, true);
          for (void* const each : at.blocks) sum += static_cast<const words*>(each)->second;
          const auto begin = measure::clock::now();
          for (void* const each : at.blocks) hand.give(each, bytes);
          if (i >= 0) frees += measure::nanoseconds_since(begin);
          at.full.store(false, std::memory_order_release);
        }
        end = measure::clock::now();
        seen = sum;
      }
    });
    measure::keep(seen.load());
    const double all = std::chrono::duration<double, std::nano>(end - start).count();
    return (asked == what::cycle ? all : frees) / (double(batches) * double(batch));
  };
}

std::size_t resident_bytes() {
  long pages = 0;
  if (std::FILE* const file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return std::size_t(pages) * std::size_t(::sysconf(_SC_PAGESIZE));
}

/// What `body` leaves resident, in a process of its own.
template <class Body>
double grown_by(Body body) {
  int ends[2];
  if (::pipe(ends) != 0) return 0;
  const ::pid_t child = ::fork();
  if (child == 0) {
    const std::size_t before = resident_bytes();
    std::size_t grown = 0;
    body([&] {
      const std::size_t now = resident_bytes();
      grown = now > before ? now - before : 0;
    });
    const bool told = ::write(ends[1], &grown, sizeof grown) == ssize_t(sizeof grown);
    ::_exit(told ? 0 : 1);
  }
  std::size_t grown = 0;
  ::close(ends[1]);
  if (::read(ends[0], &grown, sizeof grown) != ssize_t(sizeof grown)) grown = 0;
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return double(grown);
}

/// Resident bytes a block while `items` are out.
template <class By>
auto weight(std::size_t bytes) {
  return [=](long items) {
    std::vector<void*> out(std::size_t(items), &out);
    return grown_by([&](auto look) {
             typename By::home home;
             typename By::hand hand(home);
             for (void*& each : out) fill_words(each = hand.get(bytes), 1);
             look();
             for (void* const each : out) hand.give(each, bytes);
           }) /
           double(items);
  };
}

/// KiB that stay resident when so many blocks have gone from one thread to another, 2,048 at a time.
template <class By>
auto residue(std::size_t bytes) {
  return [=](long items) {
    return grown_by([&](auto look) {
             measure::keep(remote<By>(bytes, what::cycle, fill_words)(items));
             look();
           }) /
           1024;
  };
}

using recycling = tenon::recycling<>;

}  // namespace

int main(int argc, char** argv) {
  measure::suite suite{"memory"};
#ifdef HAS_MIMALLOC
  const bool has_mimalloc = open_mimalloc();
#else
  const bool has_mimalloc = false;
#endif
  if (!has_mimalloc) suite.note("mimalloc is left out; it is in libmimalloc-dev");
#ifndef HAS_BOOST_POOL
  suite.note("Boost.Pool is left out; it is in libboost-dev");
#endif
  using pmr_alone = std::pmr::unsynchronized_pool_resource;
  using pmr_shared = std::pmr::synchronized_pool_resource;

  for (const long at_once : {1L, 1000L}) {
    auto& row = suite.add(at_once == 1 ? "frame of 200 B, local" : "frames of 200 B, local, 1000 at once",
                          "ns per allocate and free", 2'000'000);
    row.counted(100'000);
    constexpr std::size_t bytes = 200;
    row.ours("recycling", local<by_exchange<recycling>>(bytes, at_once, fill_words));
    row.ours("system", local<by_policy<tenon::system>>(bytes, at_once, fill_words), {"malloc"});
    row.peer("malloc", local<by_malloc>(bytes, at_once, fill_words));
    row.peer("pmr unsynchronized", local<by_resource<pmr_alone>>(bytes, at_once, fill_words));
#ifdef HAS_BOOST_POOL
    row.peer("boost pool", local<boost_pool<bytes>>(bytes, at_once, fill_words));
#endif
    if (has_mimalloc) {
      row.peer("mimalloc", local<by_mimalloc>(bytes, at_once, fill_words));
#ifdef HAS_MIMALLOC
      row.ours("mimalloc policy", local<by_policy<tenon::mimalloc>>(bytes, at_once, fill_words), {"mimalloc"});
#endif
    }
  }

  const auto blocks_elsewhere = [&](std::string name, std::string unit, std::size_t bytes, what asked, bool all) {
    auto& row = suite.add(std::move(name), std::move(unit), 1'000'000);
    row.ours("recycling", remote<by_exchange<recycling>>(bytes, asked, fill_words));
    if (all) row.ours("recycling, no exchange", remote<by_policy<recycling>>(bytes, asked, fill_words), {"malloc"});
    row.peer("malloc", remote<by_malloc>(bytes, asked, fill_words));
    if (all) row.peer("pmr synchronized", remote<by_resource<pmr_shared>>(bytes, asked, fill_words));
    if (has_mimalloc) {
      row.peer("mimalloc", remote<by_mimalloc>(bytes, asked, fill_words));
#ifdef HAS_MIMALLOC
      if (all) row.ours("mimalloc policy", remote<by_policy<tenon::mimalloc>>(bytes, asked, fill_words), {"mimalloc"});
#endif
    }
  };
  blocks_elsewhere("free elsewhere, 64 B", "ns per free", 64, what::frees, true);
  blocks_elsewhere("free elsewhere, 256 B", "ns per free", 256, what::frees, false);
  blocks_elsewhere("allocate here, free elsewhere, 64 B", "ns per block", 64, what::cycle, true);
  blocks_elsewhere("allocate here, free elsewhere, 256 B", "ns per block", 256, what::cycle, false);

  const auto objects_here = [&]<class T>(std::string name, T) {
    auto& row = suite.add(std::move(name), "ns per acquire and release", 1'000'000);
    row.counted(100'000);
    const auto fill = [](void* object, std::uint64_t number) { use(*static_cast<T*>(object), number); };
    row.ours("object_pool", local<pool<T>>(0, 10, fill));
    row.peer("new by malloc", local<made_by<T, by_malloc>>(0, 10, fill));
    row.peer("new by pmr unsynchronized", local<made_by<T, by_resource<pmr_alone>>>(0, 10, fill));
    if (has_mimalloc) row.peer("new by mimalloc", local<made_by<T, by_mimalloc>>(0, 10, fill));
#ifdef HAS_BOOST_POOL
    row.peer("new by boost pool", local<made_by<T, boost_pool<sizeof(T)>>>(0, 10, fill));
    row.peer("boost object_pool", local<boost_object_pool<T>>(0, 10, fill));
#endif
  };
  objects_here("object of 64 B, local", small{});
  objects_here("object with a string, local", request{});

  const auto objects_elsewhere = [&]<class T>(std::string name, std::string unit, what asked, T) {
    auto& row = suite.add(std::move(name), std::move(unit), 1'000'000);
    const auto fill = [](void* object, std::uint64_t number) { use(*static_cast<T*>(object), number); };
    row.ours("object_pool", remote<pool<T>>(0, asked, fill));
    row.peer("new by malloc", remote<made_by<T, by_malloc>>(0, asked, fill));
    row.peer("new by pmr synchronized", remote<made_by<T, by_resource<pmr_shared>>>(0, asked, fill));
    if (has_mimalloc) row.peer("new by mimalloc", remote<made_by<T, by_mimalloc>>(0, asked, fill));
  };
  objects_elsewhere("object of 64 B, release elsewhere", "ns per release", what::frees, small{});
  objects_elsewhere("object of 64 B, acquire here, release elsewhere", "ns per object", what::cycle, small{});
  objects_elsewhere("object with a string, acquire here, release elsewhere", "ns per object", what::cycle, request{});

  auto& out = suite.add("resident, 200 B blocks out", "bytes per block", 200'000);
  out.rounds(3);
  out.ours("recycling", weight<by_exchange<recycling>>(200));
  out.peer("malloc", weight<by_malloc>(200));
  if (has_mimalloc) out.peer("mimalloc", weight<by_mimalloc>(200));
  auto& left = suite.add("resident after blocks of 64 B went elsewhere", "KiB", 2'000'000);
  left.rounds(3);
  left.ours("recycling", residue<by_exchange<recycling>>(64));
  left.peer("malloc", residue<by_malloc>(64));
  if (has_mimalloc) left.peer("mimalloc", residue<by_mimalloc>(64));

  return suite.run(argc, argv);
}
