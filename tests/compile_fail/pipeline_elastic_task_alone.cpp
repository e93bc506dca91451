// error: tenon::stage: the function gives a task, and nothing says how many of them are at work at once; add workers<N> or workers<Min, Max>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/pipeline/fabric.hpp>
#include <tenon/task/task.hpp>

tenon::task<int> later(int x) { co_return x; }

#ifdef FIXED
inline constexpr auto made = tenon::stage<"s">(later, tenon::workers<8>);
#else
inline constexpr auto made = tenon::stage<"s">(later, tenon::queue_of<8>);
#endif
