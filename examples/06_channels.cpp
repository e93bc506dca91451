// SPDX-License-Identifier: BSL-1.0
// Tasks that pass values: a bounded channel of jobs, a semaphore that bounds how many run, a choice with a time limit.
#include <tenon/tenon.hpp>

#include <tenon/sync/channel.hpp>
#include <tenon/sync/choose.hpp>
#include <tenon/sync/latch.hpp>
#include <tenon/sync/mutex.hpp>
#include <tenon/sync/semaphore.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>
#include <variant>

using namespace std::chrono_literals;

struct crew : tenon::runtime<tenon::epoll, tenon::stealing<>> {
  using runtime::runtime;
};

struct job {
  int number;
  std::unique_ptr<int> payload;
};

/// What the workers share. Everything in it waits without a thread, and ends its waits when it is asked to stop.
struct shop {
  tenon::channel<job> jobs{4};  // bounded: who makes jobs waits for who does them
  tenon::channel<int> results{0};
  tenon::semaphore ovens{2};
  tenon::mutex book;
  int booked = 0;  // guarded by book
  std::atomic<int> baking{0};
  std::atomic<int> most{0};
};

tenon::task<void> make_jobs(shop& its, int count) {
  for (int i = 1; i <= count; ++i) {
    job next{i, std::make_unique<int>(i * i)};
    const auto sent = co_await its.jobs.send(std::move(next));
    if (!sent) co_return;  // closed, or asked to stop; `next` is still ours
  }
  its.jobs.close();  // what is in it may still be received
}

tenon::task<void> work(shop& its, tenon::latch& done) {
  while (auto next = co_await its.jobs.receive()) {
    {
      auto oven = co_await its.ovens.hold();  // gives it back by itself
      if (!oven) break;
      const int now = ++its.baking;
      its.most = std::max(its.most.load(), now);
      co_await tenon::yield();
      --its.baking;
    }
    {
      auto held = co_await its.book.lock();
      if (!held) break;
      const int before = its.booked;
      co_await tenon::yield();  // a mutex of tasks may be held across an await
      its.booked = before + 1;
    }
    const auto told = co_await its.results.send(*next->payload);
    if (!told) break;
  }
  done.count_down();
}

tenon::task<int> demonstrate(crew& rt) {
  constexpr int jobs = 100, workers = 3;
  shop its;
  tenon::latch done(workers);
  tenon::channel<int> alarm(1);
  tenon::scope all{rt};
  all.spawn(make_jobs, std::ref(its), jobs);
  for (int i = 0; i < workers; ++i) all.spawn(work, std::ref(its), std::ref(done));

  long sum = 0;
  for (int got = 0; got < jobs; ++got) {
    auto first = co_await tenon::choose(its.results.receiving(), alarm.receiving());
    if (first && first->index() == 0) sum += *std::get<0>(*first);
  }
  const auto ended = co_await done.wait();
  std::printf("%d jobs, sum %ld, at most %s ovens at once\n", its.booked, sum, its.most <= 2 ? "two" : "too many");

  const auto late = co_await tenon::timeout(10ms, tenon::choose(its.results.receiving(), alarm.receiving()));
  std::printf("nothing more: %s\n", late ? "a value" : late.error().message().c_str());

  (void)alarm.try_send(7);  // from any thread
  const auto last = co_await tenon::choose(its.results.receiving(), alarm.receiving());
  const bool rang = last && last->index() == 1 && *std::get<1>(*last) == 7;

  const auto counts = its.jobs.counts();
  std::printf("in %llu = out %llu + held %llu\n", static_cast<unsigned long long>(counts.in),
              static_cast<unsigned long long>(counts.out), static_cast<unsigned long long>(counts.held));
  co_await all.join();
  const bool good = ended && its.booked == jobs && sum == 338'350 && its.most <= 2 && !late && rang &&
                    counts.in == static_cast<unsigned>(jobs) && counts.in == counts.out + counts.held;
  co_return good ? 0 : 1;
}

int main() {
  crew rt{{.threads = 3, .name = "shop"}};
  return rt.run(demonstrate(rt));
}
