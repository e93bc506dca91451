// SPDX-License-Identifier: BSL-1.0
// Suite queues: items of 8 bytes from thread to thread. All bounded queues hold 1024. Who finds one full, or empty,
// looks again after a pause; where there are more threads than CPUs it also lets another thread run now and then.

#include "measure/harness.hpp"
#include "measure/threads.hpp"

#include <tenon/queue/boost_mpmc.hpp>
#include <tenon/queue/boost_spsc.hpp>
#include <tenon/queue/locked.hpp>
#include <tenon/queue/mpmc.hpp>
#include <tenon/queue/mpsc.hpp>
#include <tenon/queue/spsc.hpp>
#include <tenon/queue/unbounded.hpp>
#include <tenon/sync/waiting.hpp>

#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#if __has_include(<readerwriterqueue/readerwriterqueue.h>)
#include <readerwriterqueue/readerwriterqueue.h>
#define HAS_READERWRITERQUEUE
#endif
#if __has_include(<concurrentqueue/concurrentqueue.h>)
#include <concurrentqueue/concurrentqueue.h>
#define HAS_CONCURRENTQUEUE
#endif
#if __has_include(<tbb/concurrent_queue.h>)
#include <tbb/concurrent_queue.h>
#define HAS_TBB
#endif

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using item = std::uint64_t;
constexpr std::size_t room = 1024;

// Every contender as: bool push(item), bool pop(item&); batches as size_t push(span), size_t pop(span).

template <class Word>
struct ours {
  typename Word::template of<item> queue;
  bool push(item i) { return queue.try_push(std::move(i)); }
  bool pop(item& into) {
    const auto got = queue.try_pop();
    if (got) into = *got;
    return got.has_value();
  }
  std::size_t push(std::span<item> some) { return queue.try_push_some(some); }
  std::size_t pop(std::span<item> some) { return queue.try_pop_some(some); }
};

template <class Word>
struct ours_that_waits {
  tenon::waiting<Word, item> queue;
  bool push(item i) { return queue.try_push(std::move(i)).has_value(); }
  bool pop(item& into) {
    const auto got = queue.try_pop();
    if (got) into = *got;
    return got.has_value();
  }
};

struct lockfree_spsc_queue {
  boost::lockfree::spsc_queue<item, boost::lockfree::capacity<room>> queue;
  bool push(item i) { return queue.push(i); }
  bool pop(item& into) { return queue.pop(into); }
  std::size_t push(std::span<item> some) { return queue.push(some.data(), some.size()); }
  std::size_t pop(std::span<item> some) { return queue.pop(some.data(), some.size()); }
};

struct lockfree_queue {
  boost::lockfree::queue<item, boost::lockfree::capacity<room>> queue;
  bool push(item i) { return queue.bounded_push(i); }
  bool pop(item& into) { return queue.pop(into); }
};

#ifdef HAS_READERWRITERQUEUE
struct reader_writer_queue {
  moodycamel::ReaderWriterQueue<item> queue{room};
  bool push(item i) { return queue.try_enqueue(i); }
  bool pop(item& into) { return queue.try_dequeue(into); }
};
#endif

#ifdef HAS_CONCURRENTQUEUE
struct concurrent_queue {
  moodycamel::ConcurrentQueue<item> queue{room};
  bool push(item i) { return queue.enqueue(i); }
  bool pop(item& into) { return queue.try_dequeue(into); }
  std::size_t push(std::span<item> some) { return queue.enqueue_bulk(some.data(), some.size()) ? some.size() : 0; }
  std::size_t pop(std::span<item> some) { return queue.try_dequeue_bulk(some.data(), some.size()); }
};
#endif

#ifdef HAS_TBB
struct tbb_queue {
  tbb::concurrent_queue<item> queue;
  bool push(item i) {
    queue.push(i);
    return true;
  }
  bool pop(item& into) { return queue.try_pop(into); }
};
struct tbb_bounded_queue {
  tbb::concurrent_bounded_queue<item> queue;
  tbb_bounded_queue() { queue.set_capacity(std::ptrdiff_t(room)); }
  bool push(item i) { return queue.try_push(i); }
  bool pop(item& into) { return queue.try_pop(into); }
};
#endif

struct mutex_and_deque {
  std::mutex mutex;
  std::deque<item> queue;
  bool push(item i) {
    const std::lock_guard hold(mutex);
    if (queue.size() == room) return false;
    queue.push_back(i);
    return true;
  }
  bool pop(item& into) {
    const std::lock_guard hold(mutex);
    if (queue.empty()) return false;
    into = queue.front();
    queue.pop_front();
    return true;
  }
  std::size_t push(std::span<item> some) {
    const std::lock_guard hold(mutex);
    std::size_t n = 0;
    for (; n < some.size() && queue.size() < room; ++n) queue.push_back(some[n]);
    return n;
  }
  std::size_t pop(std::span<item> some) {
    const std::lock_guard hold(mutex);
    std::size_t n = 0;
    for (; n < some.size() && !queue.empty(); ++n) {
      some[n] = queue.front();
      queue.pop_front();
    }
    return n;
  }
};

/// No queue: what a word in one cache line costs there and back. It holds one item, and 0 is none.
struct cache_line_alone {
  alignas(64) std::atomic<item> word{0};
  bool push(item i) {
    word.store(i + 1, std::memory_order_release);
    return true;
  }
  bool pop(item& into) {
    const item there = word.load(std::memory_order_acquire);
    if (there == 0) return false;
    into = there - 1;
    return true;
  }
};

/// Between two looks.
class patience {
 public:
  explicit patience(std::size_t threads) : yields_(threads > measure::allowed_cpus().size()) {}
  void wait() {
    measure::pause();
    if (yields_ && ++looks_ % 64 == 0) std::this_thread::yield();
  }

 private:
  bool yields_;
  unsigned looks_ = 0;
};

void expect(bool right) {
  if (right) return;
  std::fputs("queues: an item got lost, or came twice\n", stderr);
  std::abort();
}

/// `pairs` producers and as many consumers; nanoseconds an item.
template <class Contender, std::size_t Pairs, std::size_t Batch>
double throughput(Contender& queue, long items) {
  const auto each = item(items) / (Pairs * Batch) * Batch;
  std::atomic<item> seen{0};
  const double spent = measure::team(2 * Pairs, [&](std::size_t i) {
    patience patient(2 * Pairs);
    if (i < Pairs) {
      for (item next = 0; next < each;) {
        if constexpr (Batch == 1) {
          if (queue.push(next)) {
            ++next;
          } else {
            patient.wait();
          }
        } else {
          item some[Batch];
          for (std::size_t k = 0; k < Batch; ++k) some[k] = next + k;
          for (std::size_t done = 0; done < Batch;) {
            const std::size_t n = queue.push(std::span(some).subspan(done));
            if (n == 0) patient.wait();
            done += n;
          }
          next += Batch;
        }
      }
    } else {
      item sum = 0;
      for (item left = each; left != 0;) {
        if constexpr (Batch == 1) {
          item got = 0;
          if (queue.pop(got)) {
            sum += got;
            --left;
          } else {
            patient.wait();
          }
        } else {
          item some[Batch];
          const std::size_t n = queue.pop(std::span(some).first(left < Batch ? left : Batch));
          for (std::size_t k = 0; k < n; ++k) sum += some[k];
          if (n == 0) patient.wait();
          left -= n;
        }
      }
      seen += sum;
    }
  });
  expect(seen.load() == Pairs * (each * (each - 1) / 2));
  return spent / double(each * Pairs);
}

template <class Contender>
double round_trip(Contender& there, Contender& back, long items) {
  const auto each = item(items);
  const double spent = measure::team(2, [&](std::size_t i) {
    for (item next = 0; next < each; ++next) {
      item got = 0;
      if (i == 0) {
        while (!there.push(next)) measure::pause();
        while (!back.pop(got)) measure::pause();
        if constexpr (std::is_same_v<Contender, cache_line_alone>) back.word.store(0, std::memory_order_relaxed);
      } else {
        while (!there.pop(got)) measure::pause();
        if constexpr (std::is_same_v<Contender, cache_line_alone>) there.word.store(0, std::memory_order_relaxed);
        while (!back.push(got)) measure::pause();
      }
      expect(got == next);
    }
  });
  return spent / double(each);
}

/// One thread pushes 8 and pops 8.
template <class Contender>
void alone(Contender& queue, long items) {
  for (long i = 0; i < items; i += 8) {
    for (item k = 0; k < 8; ++k) measure::keep(queue.push(k));
    for (item got = 0, k = 0; k < 8; ++k) {
      measure::keep(queue.pop(got));
      measure::keep(got);
    }
  }
}

/// One thread pushes all, then pops all.
template <class Contender>
void burst(Contender& queue, long items) {
  for (long i = 0; i < items; ++i) measure::keep(queue.push(item(i)));
  item sum = 0;
  for (item got = 0; queue.pop(got);) sum += got;
  expect(sum == item(items) * (item(items) - 1) / 2);
}

enum class what { one_to_one, two_to_two, round_trips, in_batches, two_to_two_in_batches, by_one_thread, bursts };

/// The sample of a contender in a case. Its queue lives from sample to sample: its memory is warm.
template <class Contender, what What>
auto sample() {
  struct pair_of {
    Contender there, back;
  };
  return [queues = std::shared_ptr<pair_of>()](long items) mutable -> double {
    if (!queues) queues = std::make_shared<pair_of>();
    auto& [there, back] = *queues;
    if constexpr (What == what::one_to_one) return throughput<Contender, 1, 1>(there, items);
    if constexpr (What == what::two_to_two) return throughput<Contender, 2, 1>(there, items);
    if constexpr (What == what::in_batches) return throughput<Contender, 1, 32>(there, items);
    if constexpr (What == what::two_to_two_in_batches) return throughput<Contender, 2, 32>(there, items);
    if constexpr (What == what::round_trips) return round_trip(there, back, items);
    const auto start = measure::clock::now();
    if constexpr (What == what::by_one_thread) alone(there, items);
    if constexpr (What == what::bursts) burst(there, items);
    return measure::nanoseconds_since(start) / double(items);
  };
}

using names = std::vector<std::string>;
const names of_one = {"boost::lockfree::spsc_queue", "moodycamel ReaderWriterQueue"};
const names of_many = {"boost::lockfree::queue", "moodycamel ConcurrentQueue", "tbb::concurrent_queue",
                       "tbb::concurrent_bounded_queue", "std::mutex, std::deque"};

names with(names some, const names& more) {
  some.insert(some.end(), more.begin(), more.end());
  return some;
}

template <what What>
void add_of_one(measure::experiment& one, const names& more = {}) {
  one.ours("spsc", sample<ours<tenon::spsc<room>>, What>(), with(of_one, more));
  if constexpr (What != what::in_batches) {
    one.ours("boost_spsc", sample<ours<tenon::boost_spsc<room>>, What>(), names{of_one.front()});
  }
  one.peer(of_one[0], sample<lockfree_spsc_queue, What>());
#ifdef HAS_READERWRITERQUEUE
  if constexpr (What != what::in_batches) one.peer(of_one[1], sample<reader_writer_queue, What>());
#endif
}

template <what What>
void add_of_many(measure::experiment& one, const names& more = {}) {
  constexpr bool batched = What == what::in_batches || What == what::two_to_two_in_batches;
  const names all = with(of_many, more);
  if constexpr (What != what::two_to_two && What != what::two_to_two_in_batches) {
    one.ours("mpsc", sample<ours<tenon::mpsc<room>>, What>(), all);
  }
  one.ours("mpmc", sample<ours<tenon::mpmc<room>>, What>(), with(all, {"locked"}));
  if constexpr (!batched) {
    one.ours("unbounded", sample<ours<tenon::unbounded<>>, What>(), with(all, {"locked"}));
    one.ours("boost_mpmc", sample<ours<tenon::boost_mpmc<room>>, What>(), names{of_many.front()});
    one.peer(of_many[0], sample<lockfree_queue, What>());
  }
  one.ours("locked", sample<ours<tenon::locked<room>>, What>(), names{of_many.back()});
#ifdef HAS_CONCURRENTQUEUE
  one.peer(of_many[1], sample<concurrent_queue, What>());
#endif
#ifdef HAS_TBB
  if constexpr (!batched) {
    one.peer(of_many[2], sample<tbb_queue, What>());
    one.peer(of_many[3], sample<tbb_bounded_queue, What>());
  }
#endif
  one.peer(of_many.back(), sample<mutex_and_deque, What>());
}

}  // namespace

int main(int argc, char** argv) {
  measure::suite suite{"queues"};
#ifndef HAS_READERWRITERQUEUE
  suite.note("left out: moodycamel ReaderWriterQueue, of the package libreaderwriterqueue-dev");
#endif
#ifndef HAS_CONCURRENTQUEUE
  suite.note("left out: moodycamel ConcurrentQueue, of the package libconcurrentqueue-dev");
#endif
#ifndef HAS_TBB
  suite.note("left out: oneTBB, of the package libtbb-dev");
#endif

  auto& pair = suite.add("1:1", "ns per item", 200'000).rounds(31);
  add_of_one<what::one_to_one>(pair);
  add_of_many<what::one_to_one>(pair);
  const names that_wait = {"tbb::concurrent_bounded_queue", "std::mutex, std::deque"};
  pair.ours("waiting<spsc>", sample<ours_that_waits<tenon::spsc<room>>, what::one_to_one>(), with(that_wait, {"spsc"}));
  pair.ours("waiting<mpmc>", sample<ours_that_waits<tenon::mpmc<room>>, what::one_to_one>(), with(that_wait, {"mpmc"}));

  add_of_many<what::two_to_two>(suite.add("2:2", "ns per item", 1'000'000));

  auto& trips = suite.add("there and back", "ns per round trip", 10'000).rounds(31);
  const names floor = {"one cache line, no queue"};
  add_of_one<what::round_trips>(trips, floor);
  add_of_many<what::round_trips>(trips, floor);
  trips.peer(floor.front(), sample<cache_line_alone, what::round_trips>());

  auto& batches = suite.add("1:1, batches of 32", "ns per item", 1'000'000);
  add_of_one<what::in_batches>(batches);
  add_of_many<what::in_batches>(batches);
  add_of_many<what::two_to_two_in_batches>(suite.add("2:2, batches of 32", "ns per item", 1'000'000));

  auto& single = suite.add("one thread", "ns per item", 1'000'000).counted(8'000);
  add_of_one<what::by_one_thread>(single);
  add_of_many<what::by_one_thread>(single);

  suite.add("burst of 100000", "ns per item", 100'000)
      .counted(50'000)
      .ours("unbounded", sample<ours<tenon::unbounded<>>, what::bursts>())
      .ours("locked<131072>", sample<ours<tenon::locked<131'072>>, what::bursts>())
#ifdef HAS_CONCURRENTQUEUE
      .peer("moodycamel ConcurrentQueue", sample<concurrent_queue, what::bursts>())
#endif
#ifdef HAS_TBB
      .peer("tbb::concurrent_queue", sample<tbb_queue, what::bursts>())
#endif
      ;
  return suite.run(argc, argv);
}
