// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/scheduler/concept.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

// The laws of the scheduling family. To test a policy of your own:
//
//     INSTANTIATE_TYPED_TEST_SUITE_P(mine, scheduler_laws, my_scheduling);
//
// One whose workers do not run their own items in the order in which they were pushed says so before that:
//
//     template <>
//     inline constexpr bool tenon::laws::runs_in_order<my_scheduling> = false;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TENON_LAWS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TENON_LAWS_SANITIZED 1
#endif
#endif

namespace tenon::laws {

/// Whether a worker that nobody steals from runs what it pushed first in, first out.
template <class P>
inline constexpr bool runs_in_order = true;

/// An item that counts how often it was handed out.
struct counted_work : work {
  std::atomic<int> runs{0};
};

/// One runtime's worth of a policy, without the runtime: the shared part and the workers' local ones.
template <class P, class Threading>
class bench {
 public:
  using shared_type = typename P::template shared<Threading>;
  using local_type = typename P::template local<Threading>;

  explicit bench(std::size_t workers) : all(workers) {
    for (std::size_t i = 0; i < workers; ++i) locals.push_back(std::make_unique<local_type>(all, i));
  }

  [[nodiscard]] local_type& at(std::size_t worker) { return *locals[worker]; }
  /// The next item of a worker, from wherever it may take one.
  [[nodiscard]] work* take(std::size_t worker) {
    if (work* const item = at(worker).next()) return item;
    return at(worker).find();
  }
  /// Takes what there is, in the workers' turn; gives how many.
  std::size_t drain() {
    std::size_t count = 0;
    for (bool more = true; more;) {
      more = false;
      for (std::size_t i = 0; i < locals.size(); ++i) {
        if (work* const item = take(i)) {
          ++static_cast<counted_work*>(item)->runs;
          ++count;
          more = true;
        }
      }
    }
    return count;
  }

  shared_type all;
  std::vector<std::unique_ptr<local_type>> locals;
};

template <class Threading, class P, class Body>
void on_some_workers(Body body) {
  for (const std::size_t workers : {1U, 2U, 3U, 8U}) {
    bench<P, Threading> subject(workers);
    body(subject, workers);
    for (std::size_t i = 0; i < workers; ++i) {
      EXPECT_TRUE(subject.at(i).idle()) << "worker " << i << " of " << workers;
      EXPECT_EQ(subject.take(i), nullptr);
    }
  }
}

}  // namespace tenon::laws

template <class P>
class scheduler_laws : public testing::Test {
  static_assert(tenon::scheduling_policy<P>);

 protected:
  using items = std::vector<tenon::laws::counted_work>;

  /// The law, for a runtime of many threads and, with one worker, for one of a single thread.
  template <class Body>
  static void in_both(Body body) {
    tenon::laws::on_some_workers<tenon::multi_thread, P>(body);
    tenon::laws::bench<P, tenon::single_thread> subject(1);
    body(subject, 1);
    EXPECT_TRUE(subject.at(0).idle());
  }
  static void expect_each_once(const items& of) {
    for (const auto& each : of) ASSERT_EQ(each.runs, 1);
  }
};
TYPED_TEST_SUITE_P(scheduler_laws);

TYPED_TEST_P(scheduler_laws, begins_with_nothing) {
  this->in_both([](auto& subject, std::size_t workers) {
    for (std::size_t i = 0; i < workers; ++i) {
      EXPECT_TRUE(subject.at(i).idle());
      EXPECT_EQ(subject.at(i).next(), nullptr);
      EXPECT_EQ(subject.at(i).find(), nullptr);
      EXPECT_EQ(subject.at(i).stolen(), 0U);
    }
  });
}

TYPED_TEST_P(scheduler_laws, what_goes_on_is_not_idle_until_it_is_taken) {
  this->in_both([](auto& subject, std::size_t) {
    tenon::laws::counted_work one;
    subject.at(0).push(one);
    EXPECT_FALSE(subject.at(0).idle());
    EXPECT_EQ(subject.take(0), &one);
    EXPECT_TRUE(subject.at(0).idle());
  });
}

TYPED_TEST_P(scheduler_laws, a_worker_runs_its_own_in_order) {
  this->in_both([](auto& subject, std::size_t) {
    for (int round = 0; round < 20; ++round) {
      typename TestFixture::items many(1 + static_cast<std::size_t>(round) * 5);
      for (auto& each : many) subject.at(0).push(each);
      if constexpr (tenon::laws::runs_in_order<TypeParam>) {
        for (auto& each : many) ASSERT_EQ(subject.take(0), &each);
      } else {
        for (std::size_t i = 0; i < many.size(); ++i) {
          tenon::work* const item = subject.take(0);
          ASSERT_NE(item, nullptr);
          ++static_cast<tenon::laws::counted_work*>(item)->runs;
        }
        TestFixture::expect_each_once(many);
      }
      EXPECT_TRUE(subject.at(0).idle());
    }
  });
}

/// In whatever order: items that are ready again each time they have run keep none of the others waiting for ever.
TYPED_TEST_P(scheduler_laws, what_is_always_ready_starves_nobody) {
  this->in_both([](auto& subject, std::size_t) {
    typename TestFixture::items many(10);
    std::vector<long> last_ran(many.size(), 0);
    for (auto& each : many) subject.at(0).push(each);
    for (long step = 1; step <= 5'000; ++step) {
      auto* const item = static_cast<tenon::laws::counted_work*>(subject.take(0));
      ASSERT_NE(item, nullptr);
      long& ran = last_ran[static_cast<std::size_t>(item - many.data())];
      EXPECT_LE(step - ran, 1'000) << "an item waited";
      ran = step;
      subject.at(0).push(*item);
    }
    for (const long ran : last_ran) EXPECT_GT(ran, 4'000);
    EXPECT_EQ(subject.drain(), many.size());
  });
}

/// A pair that wakes one another for ever, as two tasks that talk do, keeps none of the others waiting for ever.
TYPED_TEST_P(scheduler_laws, a_conversation_starves_nobody) {
  this->in_both([](auto& subject, std::size_t) {
    typename TestFixture::items others(5);
    tenon::laws::counted_work ping;
    tenon::laws::counted_work pong;
    for (auto& each : others) subject.at(0).push(each);
    subject.at(0).push(ping);
    std::size_t came = 0;
    for (int step = 0; step < 1'000; ++step) {
      tenon::work* const item = subject.take(0);
      ASSERT_NE(item, nullptr);
      if (item == &ping || item == &pong) {
        subject.at(0).push(item == &ping ? pong : ping);
      } else {
        ++came;
      }
    }
    EXPECT_EQ(came, others.size());
    EXPECT_EQ(subject.drain(), 1U);
  });
}

TYPED_TEST_P(scheduler_laws, nothing_is_refused_however_much_there_is) {
  this->in_both([](auto& subject, std::size_t workers) {
    typename TestFixture::items many(5'000);
    std::size_t turn = 0;
    for (auto& each : many) {
      const std::size_t worker = turn++ % workers;
      switch (turn % 4) {
        case 0: subject.at(worker).push(each); break;
        case 1: ASSERT_LT(subject.at(worker).start(each), workers); break;
        case 2: ASSERT_LT(subject.all.inject(each), workers); break;
        default: ASSERT_EQ(subject.all.give(each, worker), worker); break;
      }
    }
    EXPECT_EQ(subject.drain(), many.size());
    TestFixture::expect_each_once(many);
  });
}

TYPED_TEST_P(scheduler_laws, what_comes_from_outside_is_found_by_the_worker_it_names) {
  this->in_both([](auto& subject, std::size_t workers) {
    for (int i = 0; i < 10; ++i) {
      tenon::laws::counted_work one;
      const std::size_t worker = subject.all.inject(one);
      ASSERT_LT(worker, workers);
      EXPECT_FALSE(subject.at(worker).idle());
      EXPECT_EQ(subject.take(worker), &one);
    }
  });
}

TYPED_TEST_P(scheduler_laws, what_is_given_goes_where_it_was) {
  this->in_both([](auto& subject, std::size_t workers) {
    for (std::size_t worker = 0; worker < workers; ++worker) {
      tenon::laws::counted_work one;
      EXPECT_EQ(subject.all.give(one, worker), worker);
      EXPECT_FALSE(subject.at(worker).idle());
      const std::size_t other = (worker + 1) % workers;
      if (!TypeParam::shares && other != worker) {
        EXPECT_TRUE(subject.at(other).idle());
        EXPECT_EQ(subject.take(other), nullptr);
      }
      EXPECT_EQ(subject.take(worker), &one);
    }
  });
}

TYPED_TEST_P(scheduler_laws, every_worker_sees_what_is_shared) {
  this->in_both([](auto& subject, std::size_t workers) {
    for (std::size_t worker = 0; worker < workers; ++worker) {
      tenon::laws::counted_work one;
      subject.at(0).push(one);
      if (TypeParam::shares || worker == 0) {
        EXPECT_FALSE(subject.at(worker).idle());
        EXPECT_EQ(subject.take(worker), &one);
      } else {
        EXPECT_TRUE(subject.at(worker).idle());
        EXPECT_EQ(subject.take(worker), nullptr);
        EXPECT_EQ(subject.take(0), &one);
      }
    }
  });
}

TYPED_TEST_P(scheduler_laws, a_busy_worker_takes_in_what_comes_from_outside) {
  this->in_both([](auto& subject, std::size_t) {
    tenon::laws::counted_work own;
    tenon::laws::counted_work sent;
    subject.at(0).push(own);
    subject.all.give(sent, 0);
    bool found = false;
    for (int i = 0; i < 1'000 && !found; ++i) {
      tenon::work* const item = subject.at(0).next();
      ASSERT_NE(item, nullptr);
      found = item == &sent;
      if (!found) subject.at(0).push(*item);
    }
    EXPECT_TRUE(found) << "a task that goes on for ever keeps nobody out";
    EXPECT_EQ(subject.drain(), 1U);
  });
}

/// Threads from outside inject, workers take, hand on and take from each other: each item comes as often as it was put.
TYPED_TEST_P(scheduler_laws, each_item_runs_once_among_threads) {
#if defined(TENON_LAWS_SANITIZED)
  constexpr std::size_t each_sends = 2'000;
#else
  constexpr std::size_t each_sends = 15'000;
#endif
  constexpr std::size_t workers = 3;
  constexpr std::size_t senders = 2;
  constexpr int hops = 3;  // how often an item runs: it is pushed again in between
  tenon::laws::bench<TypeParam, tenon::multi_thread> subject(workers);
  typename TestFixture::items many(senders * each_sends);
  std::atomic<std::size_t> left{many.size()};
  std::vector<std::thread> threads;
  for (std::size_t s = 0; s < senders; ++s) {
    threads.emplace_back([&, s] {
      for (std::size_t i = 0; i < each_sends; ++i) {
        auto& one = many[s * each_sends + i];
        if (i % 2 == 0) {
          subject.all.inject(one);
        } else {
          subject.all.give(one, i % workers);
        }
      }
    });
  }
  for (std::size_t w = 0; w < workers; ++w) {
    threads.emplace_back([&, w] {
      while (left.load() != 0) {
        tenon::work* const found = subject.take(w);
        if (found == nullptr) {
          std::this_thread::yield();
          continue;
        }
        auto& one = *static_cast<tenon::laws::counted_work*>(found);
        const int runs = one.runs.fetch_add(1) + 1;
        if (runs == hops) {
          left.fetch_sub(1);
        } else if (runs == 1) {
          subject.at(w).push(one);
        } else {
          subject.at(w).start(one);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& each : many) ASSERT_EQ(each.runs, hops);
  for (std::size_t w = 0; w < workers; ++w) {
    EXPECT_TRUE(subject.at(w).idle());
    EXPECT_EQ(subject.take(w), nullptr);
  }
}

REGISTER_TYPED_TEST_SUITE_P(scheduler_laws, begins_with_nothing, what_goes_on_is_not_idle_until_it_is_taken,
                            a_worker_runs_its_own_in_order, what_is_always_ready_starves_nobody,
                            a_conversation_starves_nobody, nothing_is_refused_however_much_there_is,
                            what_comes_from_outside_is_found_by_the_worker_it_names, what_is_given_goes_where_it_was,
                            every_worker_sees_what_is_shared, a_busy_worker_takes_in_what_comes_from_outside,
                            each_item_runs_once_among_threads);
