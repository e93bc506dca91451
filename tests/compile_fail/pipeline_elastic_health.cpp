// error: tenon::fabric::health: no stage of this name has workers that come and go; write workers<Min, Max> there, or name one that does
// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/pipeline/fabric.hpp>
#include <tenon/runtime/runtime.hpp>

constexpr auto stages = tenon::pipeline(tenon::stage<"queued">([](int x) { return x; }, tenon::workers<2>),
                                        tenon::stage<"elastic">([](int x) { return x; }, tenon::workers<2, 4>));
using running = tenon::fabric<tenon::runtime<tenon::none>, decltype(stages)>;

#ifdef FIXED
[[maybe_unused]] auto seen(const running& of) { return of.health<"elastic">(); }
#else
[[maybe_unused]] auto seen(const running& of) { return of.health<"queued">(); }
#endif
