// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string_view>

namespace forkjoin {

/// One kernel at one size, run so often.
struct job {
  std::string_view kernel;
  long size = 0;
  long warm_size = 0;  // of a run beforehand that is not timed: it starts the threads and touches the memory
  int times = 1;
};

/// The median of the runs, and whether each gave what it must give.
struct outcome {
  double nanoseconds = 0;
  bool right = false;
};

/// Runs a job on so many workers, of which the calling thread is one.
using runner = outcome (*)(const job& what, std::size_t workers);

// Each in a file of its own, for they differ in how they are compiled. Null where it is not installed.
runner serial();
/// Half of what two serial programs take that run at once: what two workers could reach at best where they run, for
/// cores share a cache, the memory and, as threads of one core, each other.
runner side_by_side();
runner ours();
runner onetbb();
runner openmp();

}  // namespace forkjoin
