// error: tenon::histogram<Threading, Bits>: Bits must lie between 1 and 12
// SPDX-License-Identifier: BSL-1.0
#include <tenon/observe/histogram.hpp>

#ifdef FIXED
using coarse = tenon::histogram<tenon::single_thread, 1>;
#else
using coarse = tenon::histogram<tenon::single_thread, 0>;
#endif

int main() { coarse{}.record(1); }
