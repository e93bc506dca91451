// SPDX-License-Identifier: BSL-1.0
#if __has_include(<mimalloc.h>)
#include <tenon/memory/mimalloc.hpp>
#include <tenon/memory/recycling.hpp>

#include "../laws/memory.hpp"

namespace {

using models = testing::Types<tenon::mimalloc, tenon::recycling<tenon::mimalloc>>;
INSTANTIATE_TYPED_TEST_SUITE_P(mimalloc, memory_laws, models);

static_assert(tenon::mimalloc::word == tenon::fixed_string("mimalloc"));
static_assert(std::is_empty_v<tenon::mimalloc::arena>);

TEST(mimalloc, blocks_are_mimallocs) {
  tenon::mimalloc::arena arena;
  void* const block = arena.allocate(100);
  EXPECT_TRUE(mi_check_owned(block));
  EXPECT_GE(mi_usable_size(block), 100U);
  arena.deallocate(block, 100);
}

}  // namespace

#endif
