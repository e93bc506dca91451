// error: tenon::boost_spsc<N>::of<T>: Boost copies what is pushed, so T must be copied and destroyed without throwing
// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/boost_spsc.hpp>

#include <memory>

#ifdef FIXED
tenon::boost_spsc<8>::of<std::shared_ptr<int>> queue;
#else
tenon::boost_spsc<8>::of<std::unique_ptr<int>> queue;
#endif
