// error: tenon::async_generator<const T>: .*; write async_generator<const T&>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/task/async_generator.hpp>

#ifdef FIXED
tenon::async_generator<const int&> numbers() { co_yield 1; }
#else
tenon::async_generator<const int> numbers() { co_yield 1; }
#endif
