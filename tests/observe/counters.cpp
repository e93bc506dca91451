// SPDX-License-Identifier: BSL-1.0
#include <tenon/observe/counters.hpp>

#include <type_traits>

#include "../laws/observe.hpp"

namespace {

using tenon::laws::observed;
using models =
    testing::Types<observed<tenon::counters, tenon::single_thread>, observed<tenon::counters, tenon::multi_thread>>;
INSTANTIATE_TYPED_TEST_SUITE_P(counters, observe_laws, models);

static_assert(tenon::observe_policy<tenon::counters>);
static_assert(sizeof(tenon::counters::of<tenon::multi_thread>) == sizeof(tenon::totals));
static_assert(sizeof(tenon::counters::of<tenon::single_thread>) == sizeof(tenon::totals));

static_assert(tenon::counters::word == tenon::fixed_string("counters"));
static_assert(tenon::counters::enabled);
static_assert(!std::is_same_v<tenon::counters::of<tenon::single_thread>, tenon::counters::of<tenon::multi_thread>>);

}  // namespace
