// SPDX-License-Identifier: BSL-1.0
// An elastic stage: photos are made smaller by a function that blocks, on threads that come with the load and leave
// after it. One photo takes for ever: whoever sent it is told so in time, and another thread takes the place.
#include <tenon/pipeline/fabric.hpp>
#include <tenon/tenon.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

struct edge : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};

struct photo {
  std::size_t side = 0;
  std::vector<std::uint8_t> grey;
};

photo half(const photo& from) {
  photo to{.side = from.side / 2, .grey = std::vector<std::uint8_t>(from.side / 2 * (from.side / 2))};
  for (std::size_t y = 0; y < to.side; ++y) {
    for (std::size_t x = 0; x < to.side; ++x) {
      const std::size_t at = 2 * y * from.side + 2 * x;
      const unsigned sum =
          from.grey[at] + from.grey[at + 1] + from.grey[at + from.side] + from.grey[at + from.side + 1];
      to.grey[y * to.side + x] = static_cast<std::uint8_t>(sum / 4);
    }
  }
  return to;
}

// Plain and slow: it waits for a disk and computes, and no other task waits for it. It need not take a stop_token.
photo resize(photo large, std::stop_token stop) {
  if (large.side == 0) {  // broken: it never ends by itself
    while (!stop.stop_requested()) std::this_thread::sleep_for(1ms);
    return large;
  }
  std::this_thread::sleep_for(5ms);
  return half(half(large));
}

// A coroutine: up to 32 of them are under way at once, and no thread is theirs.
tenon::task<std::size_t> store(photo small) {
  co_await tenon::sleep_for(2ms);
  co_return small.grey.size();
}

constexpr auto shop = tenon::pipeline(tenon::stage<"resize">(resize, tenon::workers<2, 8>, tenon::queue_of<64>,
                                                             tenon::idle_after(50ms), tenon::task_timeout(100ms)),
                                      tenon::stage<"store">(store, tenon::workers<1, 32>));

using running_shop = tenon::fabric<edge, decltype(shop)>;

void show(const char* when, const running_shop& running) {
  const auto now = running.health<"resize">();
  std::printf("%-15s %zu of %zu workers busy, %zu photos wait, %zu calls left behind\n", when, now.busy, now.size,
              now.queued, now.left_behind);
}

tenon::task<void> send(running_shop* to, std::size_t side, std::atomic<int>* stored) {
  photo large{.side = side, .grey = std::vector<std::uint8_t>(side * side, 100)};
  const auto bytes = co_await to->submit(std::move(large));
  if (bytes) {
    ++*stored;
  } else {
    std::printf("a photo came back: %s\n", bytes.error().message().c_str());
  }
}

tenon::task<int> serve(edge& rt) {
  running_shop running{rt, shop};
  show("at the start:", running);

  std::atomic<int> stored{0};
  tenon::scope senders{rt};
  senders.spawn(send, &running, std::size_t{0}, &stored);
  for (int i = 0; i < 40; ++i) senders.spawn(send, &running, std::size_t{256}, &stored);
  co_await tenon::sleep_for(2ms);
  show("at work:", running);
  co_await senders.join();
  show("all answered:", running);
  co_await tenon::sleep_for(200ms);
  show("idle:", running);

  co_await running.drained();
  const auto counts = running.stats<"resize">();
  std::printf("%d stored; in %llu, out %llu, timed out %llu\n", stored.load(),
              static_cast<unsigned long long>(counts.in), static_cast<unsigned long long>(counts.out),
              static_cast<unsigned long long>(counts.timed_out));
  const auto now = running.health<"resize">();
  for (std::size_t i = 0; i < now.workers.size(); ++i) {
    std::printf("worker %zu: %llu done, %llu replaced\n", i, static_cast<unsigned long long>(now.workers[i].done),
                static_cast<unsigned long long>(now.workers[i].replaced));
  }
  co_return stored == 40 && now.size == now.min&& now.left_behind == 0 ? 0 : 1;
}

}  // namespace

int main() {
  edge rt{{.threads = 2, .name = "shop"}};
  return rt.run(serve(rt));
}
