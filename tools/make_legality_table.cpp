// SPDX-License-Identifier: BSL-1.0
// Prints docs/legality.md: asks each combination of our words whether a runtime may be made of it, by the same rules
// that refuse one when a program is compiled. Compiled and run by tools/make_legality_table.py, with the sentences of
// the rules as its arguments.

#include <tenon/backend/epoll.hpp>
#include <tenon/backend/none.hpp>
#include <tenon/backend/poll.hpp>
#include <tenon/core/clock.hpp>
#include <tenon/core/context.hpp>
#include <tenon/core/errors.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/memory/numa.hpp>
#include <tenon/memory/pmr.hpp>
#include <tenon/memory/recycling.hpp>
#include <tenon/memory/system.hpp>
#include <tenon/observe/counters.hpp>
#include <tenon/observe/off.hpp>
#include <tenon/queue/boost_mpmc.hpp>
#include <tenon/queue/boost_spsc.hpp>
#include <tenon/queue/by_topology.hpp>
#include <tenon/queue/locked.hpp>
#include <tenon/queue/mpmc.hpp>
#include <tenon/queue/mpsc.hpp>
#include <tenon/queue/spsc.hpp>
#include <tenon/queue/unbounded.hpp>
#include <tenon/runtime/composition.hpp>
#include <tenon/runtime/detail/nth.hpp>
#include <tenon/scheduler/affinity.hpp>
#include <tenon/scheduler/fifo.hpp>
#include <tenon/scheduler/priority.hpp>
#include <tenon/scheduler/stealing.hpp>
#include <tenon/topology/flat.hpp>
#include <tenon/topology/synthetic.hpp>

#include <array>
#include <cstddef>
#include <cstdio>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using tenon::detail::policy_list;

// A word behind a door is declared even if the door is closed, which is enough to ask.
using backends = policy_list<tenon::epoll, tenon::none, tenon::poll, tenon::io_uring<>, tenon::libuv>;
using schedulings = policy_list<tenon::stealing<>, tenon::affinity<>, tenon::fifo, tenon::priority<3>>;
using memories = policy_list<tenon::recycling<tenon::system>, tenon::system, tenon::mimalloc,
                             tenon::numa<tenon::recycling<tenon::system>>, tenon::pmr<>>;
using queues = policy_list<tenon::by_topology, tenon::spsc<64>, tenon::mpsc<64>, tenon::mpmc<64>, tenon::locked<64>,
                           tenon::unbounded<>, tenon::boost_spsc<64>, tenon::boost_mpmc<64>>;
using topologies = policy_list<tenon::flat, tenon::hwloc, tenon::synthetic<"node:2 core:8">>;
using threadings = policy_list<tenon::multi_thread, tenon::single_thread>;
using observers = policy_list<tenon::off, tenon::counters>;
using clocks = policy_list<tenon::steady, tenon::virtual_clock>;
using errors = policy_list<tenon::propagate, tenon::terminate>;
using contexts = policy_list<tenon::context<>, tenon::context<int>>;

struct family {
  const char* name;
  std::vector<const char*> words;  // the first is the default
};
const std::vector<family> families{
    {"backend", {"epoll", "none", "poll", "io_uring<...>", "libuv"}},
    {"scheduling", {"stealing<>", "affinity<>", "fifo", "priority<N>"}},
    {"memory", {"recycling<system>", "system", "mimalloc", "numa<M>", "pmr<...>"}},
    {"queue",
     {"by_topology", "spsc<N>", "mpsc<N>", "mpmc<N>", "locked<N>", "unbounded<N>", "boost_spsc<N>", "boost_mpmc<N>"}},
    {"topology", {"flat", "hwloc", "synthetic<...>"}},
    {"threading", {"multi_thread", "single_thread"}},
    {"observe", {"off", "counters"}},
    {"clock", {"steady", "virtual_clock"}},
    {"errors", {"propagate", "terminate"}},
    {"context", {"context<>", "context<Slots...>"}},
};

template <class... Ps>
constexpr std::size_t count(policy_list<Ps...> /*words*/) {
  return sizeof...(Ps);
}
constexpr std::array<std::size_t, 10> sizes{
    count(backends{}),   count(schedulings{}), count(memories{}), count(queues{}), count(topologies{}),
    count(threadings{}), count(observers{}),   count(clocks{}),   count(errors{}), count(contexts{})};

/// Families of which no rule asks: their words go with all others, and only their first word is asked about.
constexpr std::array<bool, 10> indifferent{true, false, false, false, false, false, true, false, true, true};
template <class... Ps>
constexpr bool without_rules(policy_list<Ps...> /*words*/) {
  return (std::is_same_v<tenon::detail::rules_of<Ps>, tenon::rules<>> && ...);
}
static_assert(without_rules(backends{}) && without_rules(observers{}) && without_rules(errors{}) &&
              without_rules(contexts{}));

constexpr std::size_t asked(std::size_t f) { return indifferent[f] ? 1 : sizes[f]; }
constexpr std::size_t product_of(bool all) {
  std::size_t product = 1;
  for (std::size_t f = 0; f < sizes.size(); ++f) product *= all ? sizes[f] : asked(f);
  return product;
}
constexpr std::size_t combinations = product_of(false);
constexpr std::size_t alike = product_of(true) / combinations;  // sentences that one combination stands for

/// Combination I in mixed radix: the place of its word in family F.
constexpr std::size_t digit(std::size_t combination, std::size_t f) {
  for (std::size_t i = 0; i < f; ++i) combination /= asked(i);
  return combination % asked(f);
}

template <std::size_t I, class... Ps>
tenon::detail::nth<I, Ps...> at(policy_list<Ps...>);
template <std::size_t I, std::size_t F, class Words>
using word = decltype(at<digit(I, F)>(Words{}))*;

template <class... Ps>
constexpr bool legal(Ps*... /*one a family*/) {
  return tenon::composition<Ps...>::legal;
}
template <std::size_t I>
constexpr bool is_legal = legal(word<I, 0, backends>{}, word<I, 1, schedulings>{}, word<I, 2, memories>{},
                                word<I, 3, queues>{}, word<I, 4, topologies>{}, word<I, 5, threadings>{},
                                word<I, 6, observers>{}, word<I, 7, clocks>{}, word<I, 8, errors>{},
                                word<I, 9, contexts>{});

template <std::size_t... Is>
std::array<bool, sizeof...(Is)> ask_all(std::index_sequence<Is...> /*combinations*/) {
  return {is_legal<Is>...};
}

/// A pair goes together when there is a whole sentence with both in it.
struct pairs {
  bool together[10][8][10][8] = {};

  explicit pairs(const std::array<bool, combinations>& legal) {
    for (std::size_t i = 0; i < combinations; ++i) {
      if (!legal[i]) continue;
      for (std::size_t f = 0; f < 10; ++f) {
        for (std::size_t g = 0; g < 10; ++g) together[f][digit(i, f)][g][digit(i, g)] = true;
      }
    }
  }
  [[nodiscard]] bool any_apart(std::size_t f, std::size_t g) const {
    for (std::size_t i = 0; i < asked(f); ++i) {
      for (std::size_t j = 0; j < asked(g); ++j) {
        if (!together[f][i][g][j]) return true;
      }
    }
    return false;
  }
};

std::string code(const char* text) { return '`' + std::string(text) + '`'; }

}  // namespace

int main(int argc, char** argv) {
  const auto legal = ask_all(std::make_index_sequence<combinations>{});
  const pairs pair(legal);
  std::size_t good = 0;
  for (const bool yes : legal) good += yes ? 1 : 0;

  std::printf(
      "<!-- SPDX-License-Identifier: BSL-1.0. Written by tools/make_legality_table.py; the tests compare. -->\n"
      "# Which words go together\n\n"
      "One word a family, in any order; of a family that is not named the **default** is meant. Of the %zu sentences "
      "that\n"
      "can be made of these words, %zu are runtimes.\n\n"
      "| family | words |\n|---|---|\n",
      alike * combinations, alike * good);
  for (const family& each : families) {
    std::string words;
    for (std::size_t i = 0; i < each.words.size(); ++i) {
      words += i == 0 ? "**" + code(each.words[i]) + "**" : " \xc2\xb7 " + code(each.words[i]);
    }
    std::printf("| %s | %s |\n", each.name, words.c_str());
  }
  std::printf(
      "\nWith `single_thread` the default scheduling is `fifo`. A number or an option in a word's brackets changes "
      "nothing\n"
      "below.\n");
  for (std::size_t f = 0; f < 10; ++f) {
    for (std::size_t g = f + 1; g < 10; ++g) {
      if (!pair.any_apart(f, g)) continue;
      std::printf("\n## %s and %s\n\n| |", families[f].name, families[g].name);
      for (const char* each : families[g].words) std::printf(" %s |", code(each).c_str());
      std::printf("\n|---|");
      for (std::size_t j = 0; j < sizes[g]; ++j) std::printf("---|");
      std::printf("\n");
      for (std::size_t i = 0; i < sizes[f]; ++i) {
        std::printf("| %s |", code(families[f].words[i]).c_str());
        for (std::size_t j = 0; j < sizes[g]; ++j) std::printf(" %s |", pair.together[f][i][g][j] ? "yes" : "no");
        std::printf("\n");
      }
    }
  }
  std::printf("\nAny two other words of different families go together.\n\n## What the compiler says\n\n");
  for (int i = 1; i < argc; ++i) std::printf("- %s\n", argv[i]);
  std::printf(
      "\nA policy of your own says what it asks of the others with `tenon::rules` (include/tenon/core/rules.hpp).\n");
  return 0;
}
