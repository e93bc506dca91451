// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/phase.hpp>

#include "ground.hpp"

#include <system_error>
#include <vector>

namespace {

using namespace tenon_test;
using tenon::phase;
using tenon::task;

TEST(phase, is_gone_through_in_order_and_once) {
  static_assert(phase::initializing < phase::running && phase::running < phase::draining &&
                phase::draining < phase::stopped);
  tenon::runtime<tenon::epoll, tenon::single_thread> rt;
  std::vector<phase> seen{rt.state()};
  rt.run([](auto& of, std::vector<phase>* into) -> task<void> {
    into->push_back(of.state());
    of.spawn(
        [](auto* self, std::vector<phase>* out) -> task<void> {
          const bool slept = co_await tenon::sleep_for(1h);
          EXPECT_FALSE(slept) << "the drain asks it to stop";
          out->push_back(self->state());
        },
        &of, into);
    co_await tenon::yield();
  }(rt, &seen));
  seen.push_back(rt.state());
  EXPECT_EQ(seen, (std::vector{phase::initializing, phase::running, phase::draining, phase::stopped}));
  EXPECT_THROW(rt.run([]() -> task<void> { co_return; }()), std::system_error) << "a second life";
  EXPECT_EQ(rt.state(), phase::stopped);
}

}  // namespace
