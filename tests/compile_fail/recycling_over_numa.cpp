// error: tenon::recycling<Upstream>: Upstream places memory by node .*; write numa<recycling<\.\.\.>>, numa outermost
// SPDX-License-Identifier: BSL-1.0
#include <tenon/memory/numa.hpp>

#if defined(FIXED)
tenon::numa<tenon::recycling<tenon::system>>::arena arena;
#else
tenon::recycling<tenon::numa<tenon::system>>::arena arena;
#endif

int main() {}
