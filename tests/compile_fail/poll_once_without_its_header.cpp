// error: tenon::runtime<...>::poll_once: include <tenon/runtime/embedding.hpp>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>
#ifdef FIXED
#include <tenon/runtime/embedding.hpp>
#endif

struct mine : tenon::runtime<tenon::none> {};

bool turn(mine& rt) { return rt.poll_once(); }
