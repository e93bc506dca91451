// error: tenon::async_generator<T&&>: .*; write async_generator<T>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/task/async_generator.hpp>

#ifdef FIXED
tenon::async_generator<int> numbers() { co_yield 1; }
#else
tenon::async_generator<int&&> numbers() { co_yield 1; }
#endif
