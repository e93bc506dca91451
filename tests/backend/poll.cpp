// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/poll.hpp>

#include "../laws/backend.hpp"

namespace tenon::laws {

using poll_loops = testing::Types<poll::loop<multi_thread>, poll::loop<single_thread>>;
INSTANTIATE_TYPED_TEST_SUITE_P(poll, backend_wait_laws, poll_loops);
INSTANTIATE_TYPED_TEST_SUITE_P(poll, backend_io_laws, poll_loops);

static_assert(tenon::backend_policy<tenon::poll>);

}  // namespace tenon::laws
