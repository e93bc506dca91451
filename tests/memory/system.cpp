// SPDX-License-Identifier: BSL-1.0
#include <tenon/memory/system.hpp>

#include "../laws/memory.hpp"

namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(system, memory_laws, tenon::system);

static_assert(tenon::system::word == tenon::fixed_string("system"));
static_assert(std::is_empty_v<tenon::system::arena>);

}  // namespace
