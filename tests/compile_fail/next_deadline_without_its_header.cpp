// error: tenon::runtime<...>::next_deadline: include <tenon/runtime/embedding.hpp>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>
#ifdef FIXED
#include <tenon/runtime/embedding.hpp>
#endif

struct mine : tenon::runtime<tenon::none> {};

tenon::time_point due_of(mine& rt) { return rt.next_deadline(); }
