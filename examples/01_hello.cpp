// SPDX-License-Identifier: BSL-1.0
// The smallest program: a runtime is a type, a task is a coroutine, run() gives its result.
#include <tenon/tenon.hpp>

#include <chrono>
#include <cstdio>

using namespace std::chrono_literals;

struct tiny : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};
static_assert(!tiny::has_remote_post);  // a cross-thread post does not compile

tenon::task<int> answer() {
  co_await tenon::sleep_for(1ms);
  co_return 42;
}

int main() {
  tiny rt;
  const int got = rt.run(answer());
  std::printf("the answer is %d\n", got);
  return got == 42 ? 0 : 1;
}
