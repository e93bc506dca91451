// error: tenon::boost_mpmc<N>::of<T>: Boost copies elements over one another, so T must be trivially copyable
// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/boost_mpmc.hpp>

#include <memory>

#ifdef FIXED
tenon::boost_mpmc<8>::of<int*> queue;
#else
tenon::boost_mpmc<8>::of<std::shared_ptr<int>> queue;
#endif
