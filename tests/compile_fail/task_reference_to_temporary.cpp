// error: tenon::task<T&>: co_return gives it a temporary
// SPDX-License-Identifier: BSL-1.0
#include <tenon/task/task.hpp>

#ifdef FIXED
tenon::task<int> answer() { co_return 42; }
#else
tenon::task<const int&> answer() { co_return 42; }
#endif

tenon::task<int> used() { co_return co_await answer(); }
