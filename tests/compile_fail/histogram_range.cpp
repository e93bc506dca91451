// error: tenon::histogram<Threading, Bits, Range>: Range must be more than Bits and at most 64
// SPDX-License-Identifier: BSL-1.0
#include <tenon/observe/histogram.hpp>

#ifdef FIXED
using narrow = tenon::histogram<tenon::single_thread, 5, 6>;
#else
using narrow = tenon::histogram<tenon::single_thread, 5, 5>;
#endif

int main() { narrow{}.record(1); }
