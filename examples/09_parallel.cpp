// SPDX-License-Identifier: BSL-1.0
// Computing on all workers from plain code: loops, sums, offsets, sorting; and a timer that is served meanwhile.
#include <tenon/tenon.hpp>

#include <tenon/parallel/algorithm.hpp>
#include <tenon/parallel/parallel_invoke.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <vector>

using namespace std::chrono_literals;

struct machine : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};

long fib(int n) {
  if (n < 2) return n;
  auto [a, b] = tenon::fork_join([=] { return fib(n - 1); }, [=] { return fib(n - 2); });
  return a + b;
}

tenon::task<void> tick(std::atomic<int>& ticks) {
  for (;;) {
    const auto slept = co_await tenon::sleep_for(1ms);
    if (!slept) co_return;
    ++ticks;
  }
}

bool compute(std::size_t n) {
  std::vector<double> heights(n);
  tenon::parallel_for(heights, [](double& each) { each = 1.0; });
  tenon::parallel_for(std::size_t{0}, n, [&](std::size_t i) { heights[i] += static_cast<double>(i % 7); });

  // the same digits every time, whoever has summed what
  const double sum = tenon::parallel_reduce(heights, 0.0, tenon::deterministic);
  const double again = tenon::parallel_reduce(heights, 0.0, tenon::deterministic);

  std::vector<std::size_t> lengths(n, 3), offsets(n);
  const std::size_t all = tenon::parallel_scan(lengths, offsets.begin(), std::size_t{0}, tenon::exclusive);

  tenon::parallel_sort(heights, std::greater<>());
  double norm = 0;
  long number = 0;
  tenon::parallel_invoke(
      [&] {
        norm = std::sqrt(tenon::parallel::transform_reduce(heights.begin(), heights.end(), heights.begin(), 0.0));
      },
      [&] { number = fib(24); });
  std::printf("sum %.0f, %zu in all, largest %.0f, norm %.1f, fib %ld\n", sum, all, heights.front(), norm, number);
  return sum == again && all == 3 * n && offsets.back() == all - 3 && heights.front() == 7.0 && number == 46'368 &&
         std::is_sorted(heights.begin(), heights.end(), std::greater<>());
}

int main() {
  machine rt{{.threads = 2}};
  std::atomic<int> ticks{0};
  rt.spawn(tick, std::ref(ticks));
  const bool good = rt.run([&] {
    bool all_good = true;
    const auto limit = std::chrono::steady_clock::now() + 10s;
    for (int round = 0; round < 3 || (ticks < 3 && std::chrono::steady_clock::now() < limit); ++round) {
      all_good = compute(200'000) && all_good;
    }
    return all_good;
  });
  std::printf("the clock ticked meanwhile: %s\n", ticks >= 3 ? "yes" : "no");
  return good && ticks >= 3 ? 0 : 1;
}
