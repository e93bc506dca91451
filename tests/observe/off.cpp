// SPDX-License-Identifier: BSL-1.0
#include <tenon/observe/off.hpp>

#include <tenon/core/threading.hpp>

#include "../laws/observe.hpp"

namespace {

using tenon::laws::observed;
using models = testing::Types<observed<tenon::off, tenon::single_thread>, observed<tenon::off, tenon::multi_thread>>;
INSTANTIATE_TYPED_TEST_SUITE_P(off, observe_laws, models);

static_assert(tenon::off::word == tenon::fixed_string("off"));

struct observed_worker {
  long state = 0;
  [[no_unique_address]] tenon::off::of<tenon::multi_thread> observer;
};
static_assert(sizeof(observed_worker) == sizeof(long), "a worker is not a byte larger for being unobserved");

static_assert(
    [] {
      tenon::off::of<tenon::multi_thread> observer;
      observer.ran(1);
      observer.parked();
      observer.woke();
      return observer.read() == tenon::totals{};
    }(),
    "every hook is gone at compile time");

}  // namespace
