// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/epoll.hpp>
#include <tenon/backend/none.hpp>
#include <tenon/runtime/runtime.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/scheduler/fifo.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "laws/scheduler.hpp"

namespace {

using tenon::task;

INSTANTIATE_TYPED_TEST_SUITE_P(fifo, scheduler_laws, tenon::fifo);

static_assert(tenon::scheduling_policy<tenon::fifo>);
static_assert(tenon::fifo::shares);
static_assert(tenon::fifo::word == tenon::fixed_string("fifo"));

TEST(fifo, is_one_order_for_all_workers) {
  tenon::laws::bench<tenon::fifo, tenon::multi_thread> subject(3);
  std::vector<tenon::laws::counted_work> many(300);
  for (std::size_t i = 0; i < many.size(); ++i) subject.at(i % 3).push(many[i]);
  for (std::size_t i = 0; i < many.size(); ++i) ASSERT_EQ(subject.take((i + 1) % 3), &many[i]);
}

TEST(fifo, starts_tasks_in_the_order_in_which_they_were_spawned) {
  tenon::runtime<tenon::none, tenon::fifo, tenon::single_thread> rt;
  std::string text;
  rt.run([](auto* on, std::string* out) -> task<void> {
    tenon::scope all{*on};
    for (char mark = 'a'; mark <= 'z'; ++mark) {
      all.spawn(
          [](char what, std::string* into) -> task<void> {
            into->push_back(what);
            co_return;
          },
          mark, out);
    }
    co_await all.join();
  }(&rt, &text));
  EXPECT_EQ(text, "abcdefghijklmnopqrstuvwxyz");
}

}  // namespace
