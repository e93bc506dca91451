// error: tenon::numa<Upstream>: Upstream is not a memory policy; write numa<recycling<system>>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/memory/numa.hpp>

struct heap {};  // derives from no family

#if defined(FIXED)
tenon::numa<tenon::system>::arena arena;
#else
tenon::numa<heap>::arena arena;
#endif

int main() {}
