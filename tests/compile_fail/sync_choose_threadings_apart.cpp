// error: tenon::choose: the channels have different threading words; make all of them basic_channel<T, R::threading> of one runtime R
// SPDX-License-Identifier: BSL-1.0
#include <tenon/sync/choose.hpp>

#if defined(FIXED)
using second = tenon::channel<int>;
#else
using second = tenon::basic_channel<int, tenon::single_thread>;
#endif

bool either(tenon::channel<int>& a, second& b) { return tenon::try_choose(a.receiving(), b.receiving()).has_value(); }
