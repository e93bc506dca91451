// error: tenon::runtime<...>::launch: include <tenon/runtime/embedding.hpp>
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>
#ifdef FIXED
#include <tenon/runtime/embedding.hpp>
#endif

struct mine : tenon::runtime<tenon::none> {};

void begin(mine& rt, tenon::task<void> main) { rt.launch(std::move(main)); }
