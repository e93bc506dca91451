// error: tenon::runtime<..., single_thread>::post: there is no other thread to post from; write .* or multi_thread
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>

#ifdef FIXED
struct tiny : tenon::runtime<tenon::none, tenon::multi_thread> {};
#else
struct tiny : tenon::runtime<tenon::none, tenon::single_thread> {};
#endif

void from_elsewhere(tiny& rt) {
  rt.post([] {});
}
