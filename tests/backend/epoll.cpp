// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/epoll.hpp>

#include "../laws/backend.hpp"

namespace tenon::laws {

static_assert(backend_policy<epoll>);

using epoll_loops = testing::Types<epoll::loop<multi_thread>, epoll::loop<single_thread>>;
INSTANTIATE_TYPED_TEST_SUITE_P(epoll, backend_wait_laws, epoll_loops);
INSTANTIATE_TYPED_TEST_SUITE_P(epoll, backend_io_laws, epoll_loops);

}  // namespace tenon::laws
