// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/with_context.hpp>

#include "ground.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <type_traits>

namespace {

using namespace tenon_test;
using tenon::task;

struct tenant {
  unsigned id = 0;
};
struct trace {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

struct thieves : tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::context<trace, tenant>, counted> {
  using runtime::runtime;
};
struct settled : tenon::runtime<tenon::poll, tenon::affinity<>, tenon::context<trace, tenant>, counted> {
  using runtime::runtime;
};
struct alone : tenon::runtime<tenon::epoll, tenon::single_thread, tenon::context<tenant>, counted> {
  using runtime::runtime;
};
struct elsewhere : tenon::runtime<tenon::none, tenon::stealing<>> {
  using runtime::runtime;
};

static_assert(std::is_same_v<thieves::context, tenon::context<trace, tenant>>);
static_assert(thieves::carries_context && !elsewhere::carries_context && !thieves::has_levels);

task<unsigned> who() {
  const tenant mine = co_await tenon::this_task::slot<tenant>();
  co_return mine.id;
}
task<unsigned> who_after_a_while() {
  (void)co_await tenon::sleep_for(100us);
  co_await tenon::yield();
  co_return co_await who();
}

template <class R>
class contexts : public testing::Test {};
using carriers = testing::Types<thieves, settled, alone>;
TYPED_TEST_SUITE(contexts, carriers);

TYPED_TEST(contexts, follow_every_await_and_end_with_their_task) {
  const books kept;
  TypeParam rt;
  rt.run([]() -> task<void> {
    unsigned seen = co_await who();
    EXPECT_EQ(seen, 0U);
    seen = co_await tenon::with_context<TypeParam>(who_after_a_while(), tenant{7});
    EXPECT_EQ(seen, 7U);
    auto nested = []() -> task<unsigned> {
      const unsigned inner = co_await tenon::with_context<TypeParam>(who(), tenant{2});
      const unsigned outer = co_await who_after_a_while();
      co_return inner * 10 + outer;
    };
    seen = co_await tenon::with_context<TypeParam>(nested(), tenant{1});
    EXPECT_EQ(seen, 21U);
    seen = co_await who();
    EXPECT_EQ(seen, 0U);
  }());
}

TYPED_TEST(contexts, go_through_what_combines_tasks) {
  TypeParam rt;
  rt.run([]() -> task<void> {
    auto body = []() -> task<unsigned> {
      const auto [a, b] =
          co_await tenon::when_all(who_after_a_while(), tenon::with_context<TypeParam>(who_after_a_while(), tenant{5}));
      const auto first = co_await tenon::when_any(who(), who_after_a_while());
      const unsigned c = first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
      const auto d = co_await tenon::timeout(1h, who_after_a_while());
      co_return ((a * 10 + b) * 10 + c) * 10 + d.value();
    };
    const unsigned seen = co_await tenon::with_context<TypeParam>(body(), tenant{3});
    EXPECT_EQ(seen, 3533U);
  }());
}

task<void> expect_tenant(unsigned wanted, std::atomic<int>* agreed) {
  for (int i = 0; i < 20; ++i) {
    const unsigned seen = co_await who_after_a_while();
    if (seen == wanted) ++*agreed;
  }
}

/// Many tenants at once, stolen and woken all over the place: each sees its own.
TYPED_TEST(contexts, leak_to_no_neighbour) {
  const books kept;
  std::atomic<int> agreed{0};
  TypeParam rt;
  rt.run([](TypeParam& of, std::atomic<int>* count) -> task<void> {
    tenon::scope all{of};
    for (unsigned i = 1; i <= 50; ++i) {
      all.spawn(tenon::context_for<TypeParam>(tenant{i}), expect_tenant, i, count);
      all.spawn(expect_tenant, 0U, count);
      of.spawn(tenon::context_for<TypeParam>(tenant{i + 100}), expect_tenant, i + 100, count);
    }
    co_await all.join();
    (void)co_await tenon::sleep_for(1ms);
  }(rt, &agreed));
  EXPECT_EQ(agreed, 50 * 3 * 20);
}

TYPED_TEST(contexts, are_handed_on_to_a_scope_that_is_made_with_one) {
  std::atomic<int> agreed{0};
  TypeParam rt;
  rt.run([](TypeParam& of, std::atomic<int>* count) -> task<void> {
    auto body = [](TypeParam* runtime, std::atomic<int>* n) -> task<void> {
      const tenon::any_context& mine = co_await tenon::this_task::context();
      tenon::scope heirs{*runtime, mine};
      heirs.spawn(expect_tenant, 4U, n);
      heirs.spawn(tenon::context_for<TypeParam>(mine, tenant{6}), expect_tenant, 6U, n);
      co_await heirs.join();
      tenon::scope strangers{*runtime};
      strangers.spawn(expect_tenant, 0U, n);
      co_await strangers.join();
    };
    co_await tenon::with_context<TypeParam>(body(&of, count), tenant{4});
  }(rt, &agreed));
  EXPECT_EQ(agreed, 3 * 20);
}

TYPED_TEST(contexts, outlive_the_task_that_gave_them) {
  std::atomic<int> agreed{0};
  TypeParam rt;
  rt.run([](TypeParam& of, std::atomic<int>* count) -> task<void> {
    auto starts = [](TypeParam* runtime, std::atomic<int>* n) -> task<void> {
      const tenon::any_context& mine = co_await tenon::this_task::context();
      EXPECT_TRUE(runtime->spawn(mine, expect_tenant, 8U, n));
    };
    co_await tenon::with_context<TypeParam>(starts(&of, count), tenant{8});
  }(rt, &agreed));
  EXPECT_EQ(agreed, 20);
}

TEST(context, goes_with_a_task_to_another_runtime_and_back) {
  elsewhere there{{.threads = 2}};
  std::thread background([&there] { there.run(); });
  thieves rt{{.threads = 2}};
  rt.run([](thieves& home, elsewhere& away) -> task<void> {
    auto body = [](thieves* from, elsewhere* to) -> task<void> {
      for (int i = 0; i < 20; ++i) {
        co_await tenon::schedule_on(*to);
        unsigned seen = co_await who();
        EXPECT_EQ(seen, 9U);
        co_await tenon::schedule_on(*from);
        seen = co_await who();
        EXPECT_EQ(seen, 9U);
      }
    };
    co_await tenon::with_context<thieves>(body(&home, &away), tenant{9});
  }(rt, there));
  there.request_stop();
  background.join();
}

TEST(context, of_a_runtime_that_carries_nothing_is_empty) {
  elsewhere rt{{.threads = 1}};
  rt.run([]() -> task<void> {
    const unsigned seen = co_await who();
    EXPECT_EQ(seen, 0U);
    const tenon::any_context& mine = co_await tenon::this_task::context();
    EXPECT_EQ(mine.get<tenant>().id, 0U);
  }());
}

TEST(context, lets_a_stop_through) {
  thieves rt{{.threads = 2}};
  rt.run([](thieves& of) -> task<void> {
    auto waits = []() -> task<bool> { co_return co_await tenon::sleep_for(1h); };
    tenon::scope all{of};
    all.spawn(
        [](auto body) -> task<void> {
          const bool slept = co_await tenon::with_context<thieves>(body(), tenant{1});
          EXPECT_FALSE(slept);
        },
        waits);
    co_await tenon::yield();
    all.cancel();
    co_await all.join();
  }(rt));
}

}  // namespace
