// SPDX-License-Identifier: BSL-1.0
#pragma once

// The door of Boost.Lockfree.

#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>

#include <cstddef>
#include <type_traits>

namespace tenon::detail {

template <class T, std::size_t N>
using lockfree_spsc = boost::lockfree::spsc_queue<T, boost::lockfree::capacity<N>>;
template <class T, std::size_t N>
using lockfree_mpmc = boost::lockfree::queue<T, boost::lockfree::capacity<N>>;

}  // namespace tenon::detail
