// SPDX-License-Identifier: BSL-1.0
// Suite forkjoin: recursive programs at 1 and 2 workers, against the same program without forks, oneTBB and OpenMP.
// Each sample is taken in a process of its own, so that the spinning threads of one contender do not disturb the next.
#include "contender.hpp"

#include <measure/harness.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace forkjoin;

/// A size of a kernel, and how many items of work that is.
struct step {
  long items, size;
};

struct kernel {
  std::string_view name;
  std::string_view full_name;
  std::string_view item;
  std::array<step, 3> steps;  // in full, with --quick, and where instructions are counted
  int times;                  // of one process, the median is its sample
  int rounds;
  bool with_openmp = true;
};

// fib(40) is too much to ask of OpenMP's tasks, which would take minutes.
constexpr kernel kernels[] = {
    {"fib", "fib(40)", "call", {{{331160281, 40}, {29860703, 35}, {21891, 20}}}, 1, 3, false},
    {"fib", "fib(30)", "call", {{{2692537, 30}, {242785, 25}, {21891, 20}}}, 5, 7},
    {"skynet", "skynet(1000000)", "leaf", {{{1000000, 1000000}, {100000, 100000}, {10000, 10000}}}, 15, 7},
    {"nqueens", "nqueens(12)", "board", {{{856189, 12}, {35539, 10}, {2057, 8}}}, 3, 7},
    {"matmul", "matmul(1024)", "product", {{{1L << 30, 1024}, {1L << 24, 256}, {1L << 21, 128}}}, 1, 7},
    {"cilksort", "cilksort(10000000)", "item", {{{10000000, 10000000}, {1000000, 1000000}, {20000, 20000}}}, 1, 7},
    {"uts T1", "uts T1", "node", {{{4130071, 10}, {257042, 8}, {944, 4}}}, 1, 7},
    {"uts T3", "uts T3", "node", {{{4112897, 2000}, {2745281, 200}, {6123, 10}}}, 1, 7},
    {"integrate", "integrate(1e-9)", "stretch", {{{966323, 9}, {316341, 7}, {95315, 5}}}, 5, 7},
};

constexpr std::string_view ideal = "two serial, halved";

runner contender_called(std::string_view name) {
  if (name == "serial") return serial();
  if (name == ideal) return side_by_side();
  if (name == "tenon") return ours();
  if (name == "oneTBB") return onetbb();
  if (name == "OpenMP") return openmp();
  return nullptr;
}

/// What the process used most of at once, in KiB. Not getrusage: that goes on counting from the process that made it.
long peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long found = 0;
    if (word == "VmHWM:" && status >> found) return found;
  }
  return 0;
}

/// One job in this process: `--alone CONTENDER WORKERS KERNEL SIZE WARM_SIZE TIMES`.
int alone(char** words) {
  const job what{words[2], std::atol(words[3]), std::atol(words[4]), std::atoi(words[5])};
  const outcome got = contender_called(words[0])(what, static_cast<std::size_t>(std::atol(words[1])));
  std::printf("%.0f %ld\n", got.nanoseconds, peak_memory());
  return got.right ? 0 : 1;
}

struct answer {
  double nanoseconds = 0;
  double kibibytes = 0;
};

/// The same in a process of its own.
answer in_a_process(std::string_view contender, std::size_t workers, const job& what) {
  std::vector<std::string> words{"forkjoin",
                                 "--alone",
                                 std::string(contender),
                                 std::to_string(workers),
                                 std::string(what.kernel),
                                 std::to_string(what.size),
                                 std::to_string(what.warm_size),
                                 std::to_string(what.times)};
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int ends[2];
  if (::pipe(ends) != 0) std::exit(1);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  ::posix_spawn_file_actions_addclose(&actions, ends[0]);
  ::posix_spawn_file_actions_addclose(&actions, ends[1]);
  ::pid_t child = 0;
  const int failed = ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::array<char, 128> text{};
  std::size_t length = 0;
  while (!failed && length + 1 < text.size()) {
    const auto got = ::read(ends[0], text.data() + length, text.size() - 1 - length);
    if (got <= 0) break;
    length += static_cast<std::size_t>(got);
  }
  ::close(ends[0]);
  int status = 1;
  if (failed || ::waitpid(child, &status, 0) != child || status != 0) {
    std::fprintf(stderr, "forkjoin: %s gave a wrong %.*s\n", words[2].c_str(), static_cast<int>(what.kernel.size()),
                 what.kernel.data());
    std::exit(1);
  }
  answer out;
  std::sscanf(text.data(), "%lf %lf", &out.nanoseconds, &out.kibibytes);
  return out;
}

const step& step_for(const kernel& of, long items) {
  for (const step& each : of.steps) {
    if (items >= each.items) return each;
  }
  return of.steps.back();
}

/// Nanoseconds an item of the kernel, at the size that so many items are.
double sample(const kernel& of, std::string_view contender, std::size_t workers, long items) {
  const step& now = step_for(of, items);
  const job what{of.name, now.size, of.steps[1].size, of.times};
  return in_a_process(contender, workers, what).nanoseconds / static_cast<double>(now.items);
}

/// The same work in this process and nothing beside it, to count its instructions.
double here(const kernel& of, std::string_view contender, std::size_t workers, long items) {
  const step& now = step_for(of, items);
  const job what{of.name, now.size, 0, static_cast<int>(std::max(items / now.items, 1L))};
  const outcome got = contender_called(contender)(what, workers);
  if (!got.right) std::exit(1);
  return got.nanoseconds / static_cast<double>(now.items);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 8 && std::string_view(argv[1]) == "--alone") return alone(argv + 2);
  bool counting = false;
  for (int i = 1; i < argc; ++i) counting = counting || std::string_view(argv[i]) == "--once";

  measure::suite suite{"forkjoin"};
  if (onetbb() == nullptr) suite.note("oneTBB is left out: no libtbb-dev");
  if (openmp() == nullptr) suite.note("OpenMP is left out: the compiler has none");
  for (const kernel& each : kernels) {
    for (const std::size_t workers : {1u, 2u}) {
      auto& one = suite.add(std::string(each.full_name) + (workers == 1 ? ", 1 worker" : ", 2 workers"),
                            "ns per " + std::string(each.item), each.steps.front().items);
      one.rounds(each.rounds);
      if (workers == 1) one.counted(each.steps.back().items);
      const auto taken = [&each, counting](std::string_view who, std::size_t on) {
        return [&each, counting, who, on](long items) {
          return counting ? here(each, who, on, items) : sample(each, who, on, items);
        };
      };
      one.ours("tenon", taken("tenon", workers));
      one.peer("serial", taken("serial", 1));
      if (workers == 2) one.peer(std::string(ideal), taken(ideal, 2));
      if (onetbb() != nullptr) one.peer("oneTBB", taken("oneTBB", workers));
      if (each.with_openmp && openmp() != nullptr) one.peer("OpenMP", taken("OpenMP", workers));
    }
  }
  auto& memory = suite.add("skynet(1000000), 2 workers, peak memory", "KiB", 1000000);
  const auto peak = [](std::string_view who, std::string_view what) {
    return [who, what](long items) { return in_a_process(who, 2, {what, items, 0, 1}).kibibytes; };
  };
  memory.rounds(5);
  memory.ours("tenon", peak("tenon", "skynet"));
  memory.peer("an empty runtime", peak("tenon", "nothing"));
  memory.peer("serial", peak("serial", "skynet"));
  if (onetbb() != nullptr) memory.peer("oneTBB", peak("oneTBB", "skynet"));
  if (openmp() != nullptr) memory.peer("OpenMP", peak("OpenMP", "skynet"));
  return suite.run(argc, argv);
}
