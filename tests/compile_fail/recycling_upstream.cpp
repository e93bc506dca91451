// error: tenon::recycling<Upstream>: Upstream is not a memory policy; write recycling<system>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/memory/recycling.hpp>

struct heap {};  // derives from no family

#if defined(FIXED)
tenon::recycling<tenon::system>::arena arena;
#else
tenon::recycling<heap>::arena arena;
#endif

int main() {}
