// SPDX-License-Identifier: BSL-1.0
#include <tenon/parallel/fork_join.hpp>

#include <tenon/runtime/embedding.hpp>
#include <tenon/runtime/sync_wait.hpp>
#include <tenon/scheduler/priority.hpp>

#include "ground.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

namespace {

using namespace tenon_test;
using tenon::fork_join;

long fib(int n) {
  if (n < 2) return n;
  auto [a, b] = fork_join([=] { return fib(n - 1); }, [=] { return fib(n - 2); });
  return a + b;
}

template <class R>
class fork_join_of : public testing::Test {};
#if defined(TENON_TESTS_PAIRWISE)
using all_sharing = testing::Types<crew<tenon::stealing<>>>;
#else
using all_sharing = testing::Types<crew<tenon::stealing<>>, crew<tenon::fifo>, crew<tenon::priority<3>>>;
#endif
TYPED_TEST_SUITE(fork_join_of, all_sharing);

static_assert(std::is_same_v<decltype(fork_join([] { return 1; }, [] {}, [] { return std::string(); })),
                             std::tuple<int, std::monostate, std::string>>);

int seven = 7;

/// What moving throws, when it is told to.
struct delicate {
  static inline std::atomic<int> alive{0};
  static inline std::atomic<bool> breaks{false};
  int value;
  explicit delicate(int of) : value(of) { alive.fetch_add(1); }
  delicate(delicate&& other) noexcept(false) : value(other.value) {
    if (breaks.load()) throw std::runtime_error("moved");
    alive.fetch_add(1);
  }
  delicate& operator=(delicate&&) = delete;
  ~delicate() { alive.fetch_sub(1); }
};

template <std::size_t N>
struct block {
  std::array<unsigned char, N> bytes{};
  explicit block(unsigned char with) { bytes.fill(with); }
  [[nodiscard]] bool is_all(unsigned char with) const {
    return std::all_of(bytes.begin(), bytes.end(), [=](unsigned char b) { return b == with; });
  }
};

struct alignas(64) aligned {
  int value = 0;
};

TYPED_TEST(fork_join_of, gives_results_by_value_in_the_order_written) {
  both_ways<TypeParam>([](way& how) {
    auto [a, b, c] = fork_join(
        [&] {
          how.stay();
          return 1;
        },
        [] { return std::string("two, which is longer than a short string holds"); },
        [&] {
          how.go();
          return 3.0;
        });
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, "two, which is longer than a short string holds");
    EXPECT_EQ(c, 3.0);
  });
}

TYPED_TEST(fork_join_of, gives_a_monostate_for_void) {
  both_ways<TypeParam>([](way& how) {
    int ran = 0;
    const auto both = fork_join([&] { how.stay(); },
                                [&] {
                                  how.go();
                                  ran = 1;
                                });
    static_assert(std::is_same_v<decltype(both), const std::tuple<std::monostate, std::monostate>>);
    EXPECT_EQ(ran, 1);
  });
}

TYPED_TEST(fork_join_of, gives_references) {
  both_ways<TypeParam>([](way& how) {
    int mine = 1;
    auto [a, b] = fork_join(
        [&]() -> int& {
          how.stay();
          return mine;
        },
        [&]() -> int& {
          how.go();
          return seven;
        });
    static_assert(std::is_same_v<decltype(a), int&>);
    EXPECT_EQ(&a, &mine);
    EXPECT_EQ(&b, &seven);
    auto moved = fork_join([&] { how.stay(); },
                           [&]() -> int&& {
                             how.go();
                             return std::move(mine);
                           });
    EXPECT_EQ(&std::get<1>(moved), &mine);
  });
}

TYPED_TEST(fork_join_of, gives_what_can_only_be_moved) {
  both_ways<TypeParam>([](way& how) {
    auto [a, b] = fork_join(
        [&] {
          how.stay();
          return std::make_unique<int>(1);
        },
        [&] {
          how.go();
          return std::make_unique<int>(2);
        });
    EXPECT_EQ(*a + *b, 3);
  });
}

TYPED_TEST(fork_join_of, gives_results_of_every_size_and_alignment) {
  both_ways<TypeParam>([](way& how) {
    auto [a, b, c] = fork_join(
        [&] {
          how.stay();
          return block<1'000>(1);
        },
        [&] { return aligned{5}; },
        [&] {
          how.go();
          return block<49>(3);
        });
    EXPECT_TRUE(a.is_all(1));
    EXPECT_EQ(b.value, 5);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&b) % 64, 0U);
    EXPECT_TRUE(c.is_all(3));
  });
}

TYPED_TEST(fork_join_of, takes_callables_of_every_size) {
  const auto with = [](auto with_bytes) {
    both_ways<TypeParam>([&](way& how) {
      const auto small = with_bytes;
      auto [a, b] = fork_join(
          [&how, small] {
            how.stay();
            return small.is_all(9);
          },
          [&how, small] {
            how.go();
            return small.is_all(9);
          });
      EXPECT_TRUE(a && b);
    });
  };
  with(block<1>(9));
  with(block<8>(9));
  with(block<16>(9));
  with(block<24>(9));
  with(block<25>(9));
  with(block<32>(9));
  with(block<48>(9));
  with(block<100>(9));
}

TYPED_TEST(fork_join_of, takes_callables_with_state_that_is_not_trivial) {
  both_ways<TypeParam>([](way& how) {
    const std::string text = "a text that is longer than a short string holds";
    auto [a, b] = fork_join(
        [&how, text] {
          how.stay();
          return text;
        },
        [&how, text, owned = std::make_unique<int>(3)] {
          how.go();
          return text.size() + static_cast<std::size_t>(*owned);
        });
    EXPECT_EQ(a, text);
    EXPECT_EQ(b, text.size() + 3);
  });
}

long forty_two() { return 42; }

TYPED_TEST(fork_join_of, takes_lvalues_functions_and_mutable_callables) {
  both_ways<TypeParam>([](way& how) {
    int calls = 0;
    auto first = [&] { how.stay(); };
    const auto second = [&how] {
      how.go();
      return 2;
    };
    auto counter = [&calls, mine = 0]() mutable noexcept { return calls = ++mine; };
    auto [a, b, c, d, e] = fork_join(first, counter, forty_two, &forty_two, second);
    EXPECT_EQ(std::make_tuple(a, b, c, d, e), std::make_tuple(std::monostate{}, 1, 42L, 42L, 2));
    EXPECT_EQ(counter(), 2);  // it was the very same object
  });
}

TYPED_TEST(fork_join_of, takes_one_callable_and_ten) {
  both_ways<TypeParam>([](way& how) {
    EXPECT_EQ(std::get<0>(fork_join([] { return std::make_tuple(5); })), std::make_tuple(5));
    const auto all =
        fork_join([&] { return how.stay(), 0; }, [] { return 1; }, [] { return 2; }, [] { return 3; }, [] { return 4; },
                  [] { return 5; }, [] { return 6; }, [] { return 7; }, [] { return 8; }, [&] { return how.go(), 9; });
    EXPECT_EQ(all, std::make_tuple(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  });
}

TYPED_TEST(fork_join_of, runs_what_nobody_takes_here_in_the_order_written) {
  TypeParam rt{{.threads = 1}};
  std::vector<int> order;
  rt.run([&] {
    fork_join([&] { order.push_back(0); }, [&] { fork_join([&] { order.push_back(1); }, [&] { order.push_back(2); }); },
              [&] { order.push_back(3); });
  });
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TYPED_TEST(fork_join_of, nests) {
  for (const std::size_t threads : {1U, 2U, 4U}) {
    TypeParam rt{{.threads = threads}};
    EXPECT_EQ(rt.run([] {
      long sum = 0;
      for (int i = 0; i < rounds(50); ++i) sum += fib(16);
      return sum;
    }),
              987 * rounds(50));
  }
}

/// Runs in a branch that another thread takes, on whose stack then a branch of that branch goes to whoever waits.
TYPED_TEST(fork_join_of, steals_back_from_the_thief) {
  TypeParam rt{{.threads = 2}};
  rt.run([] {
    const auto here = std::this_thread::get_id();
    std::thread::id thief, back;
    std::atomic<bool> taken{false}, came_back{false};
    fork_join([&] { EXPECT_TRUE(comes_true([&] { return taken.load(); })); },
              [&] {
                thief = std::this_thread::get_id();
                taken.store(true);
                fork_join([&] { EXPECT_TRUE(comes_true([&] { return came_back.load(); })); },
                          [&] {
                            back = std::this_thread::get_id();
                            came_back.store(true);
                          });
              });
    EXPECT_NE(thief, here);
    EXPECT_EQ(back, here);
  });
}

// The stack bound: along the stack of a thread each branch descends from the one below it.

struct place {
  const place* parent;
  int depth;
};
thread_local const place* below = nullptr;
thread_local int height = 0;
std::atomic<long> strangers{0};
std::atomic<long> too_high{0};
std::atomic<long> hops{0};

class on_the_stack {
 public:
  explicit on_the_stack(const place& self) noexcept : before_(below) {
    const place* at = &self;
    while (at != nullptr && at != before_) at = at->parent;
    if (before_ != nullptr && at == nullptr) strangers.fetch_add(1);
    below = &self;
    if (++height > self.depth + 1) too_high.fetch_add(1);
  }
  on_the_stack(const on_the_stack&) = delete;
  on_the_stack& operator=(const on_the_stack&) = delete;
  ~on_the_stack() {
    --height;
    below = before_;
  }

 private:
  const place* before_;
};

/// A tree whose shape follows from its seed: deep here, a leaf there, a thread that gives way at some.
long grow(const place& at, std::uint64_t seed, std::thread::id from) {
  const on_the_stack self(at);
  if (std::this_thread::get_id() != from) hops.fetch_add(1);
  seed = seed * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
  const std::uint64_t dice = seed >> 33U;
  if (dice % 16 == 0) std::this_thread::yield();
  if (at.depth >= 24 || (at.depth > 6 && dice % 8 < 3)) return 1;
  const place child{&at, at.depth + 1};
  const auto me = std::this_thread::get_id();
  if (dice % 3 == 0) {
    auto [a, b, c] = fork_join([&] { return grow(child, seed + 1, me); }, [&] { return grow(child, seed + 2, me); },
                               [&] { return grow(child, seed + 3, me); });
    return a + b + c + 1;
  }
  auto [a, b] = fork_join([&] { return grow(child, seed + 1, me); }, [&] { return grow(child, seed + 2, me); });
  return a + b + 1;
}

TYPED_TEST(fork_join_of, keeps_each_stack_as_low_as_the_tree) {
  strangers = too_high = hops = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const auto grown = [seed] {
      const place root{nullptr, 0};
      return grow(root, seed * 1'000, std::this_thread::get_id());
    };
    const long expected = grown();  // by this thread alone
    for (const std::size_t threads : {2U, 4U}) {
      TypeParam rt{{.threads = threads}};
      EXPECT_EQ(rt.run(grown), expected);
    }
  }
  EXPECT_EQ(strangers.load(), 0);
  EXPECT_EQ(too_high.load(), 0);
  EXPECT_GT(hops.load(), 0) << "nothing was stolen";
}

// Exceptions.

struct oops : std::runtime_error {
  explicit oops(int of) : std::runtime_error("oops"), number(of) {}
  int number;
};

template <class Fn>
int number_of(Fn fn) {
  try {
    fn();
  } catch (const oops& error) {
    return error.number;
  }
  return -1;
}

TYPED_TEST(fork_join_of, lets_out_the_first_exception_in_the_order_written) {
  both_ways<TypeParam>([](way& how) {
    EXPECT_EQ(number_of([&] {
                fork_join(
                    [&] {
                      how.stay();
                      throw oops(0);
                    },
                    [&] { throw oops(1); },
                    [&] {
                      how.go();
                      throw oops(2);
                    });
              }),
              0);
    EXPECT_EQ(number_of([] { fork_join([] {}, [] { throw oops(1); }, [] { throw oops(2); }); }), 1);
    EXPECT_EQ(number_of([] { fork_join([] {}, [] {}, [] { throw oops(2); }); }), 2);
    EXPECT_EQ(number_of([] { fork_join([] { throw oops(3); }); }), 3);
    EXPECT_EQ(number_of([] {
                fork_join([] { return block<100>(1); }, []() -> block<100> { throw oops(4); },
                          [] { return block<100>(1); });
              }),
              4);
    EXPECT_EQ(fib(12), 144);
  });
}

TYPED_TEST(fork_join_of, does_not_begin_what_follows_an_exception) {
  TypeParam rt{{.threads = 1}};
  rt.run([] {
    bool began = false;
    EXPECT_EQ(number_of([&] { fork_join([] { throw oops(0); }, [&] { began = true; }, [&] { began = true; }); }), 0);
    EXPECT_EQ(number_of([&] { fork_join([] {}, [&] { throw oops(1); }, [&] { began = true; }); }), 1);
    EXPECT_FALSE(began);
  });
}

/// What has begun elsewhere is waited for, since it refers to the frame that the exception leaves.
TYPED_TEST(fork_join_of, waits_for_what_has_begun_before_an_exception_leaves) {
  both_ways<TypeParam>([](way& how) {
    std::atomic<int> ended{0};
    const auto thrown = number_of([&] {
      std::vector<int> frame(1'000, 1);
      std::atomic<bool> leaves{false};
      fork_join(
          [&] {
            how.stay();
            leaves.store(true);
            throw oops(0);
          },
          [&] {
            how.go();
            EXPECT_TRUE(comes_true([&] { return leaves.load(); }));
            for (int i = 0; i < 1'000; ++i) {
              for (int& each : frame) each += i;
            }
            ended.fetch_add(1);
            return block<200>(1);
          });
    });
    EXPECT_EQ(thrown, 0);
    EXPECT_EQ(ended.load(), how.stolen() ? 1 : 0);
    EXPECT_EQ(fib(12), 144);
  });
}

TYPED_TEST(fork_join_of, brings_the_exception_of_a_stolen_branch) {
  both_ways<TypeParam>([](way& how) {
    EXPECT_EQ(number_of([&] {
                fork_join([&] { how.stay(); },
                          [&]() -> int {
                            how.go();
                            throw oops(1);
                          });
              }),
              1);
  });
  both_ways<TypeParam>([](way& how) {
    EXPECT_EQ(number_of([&] {
                fork_join([&] { how.stay(); },
                          [&]() -> block<300> {
                            how.go();
                            throw oops(1);
                          },
                          [] { return std::string("and this one is not wanted any more, being behind it"); });
              }),
              1);
  });
}

/// Out of a branch that was stolen back from the thief, through the thief, to whoever forked.
TYPED_TEST(fork_join_of, brings_an_exception_through_two_thefts) {
  TypeParam rt{{.threads = 2}};
  rt.run([] {
    std::atomic<bool> taken{false}, came_back{false};
    EXPECT_EQ(number_of([&] {
                fork_join([&] { EXPECT_TRUE(comes_true([&] { return taken.load(); })); },
                          [&] {
                            taken.store(true);
                            fork_join([&] { EXPECT_TRUE(comes_true([&] { return came_back.load(); })); },
                                      [&] {
                                        came_back.store(true);
                                        throw oops(5);
                                      });
                          });
              }),
              5);
    EXPECT_EQ(fib(12), 144);
  });
}

/// A tree in which many branches throw at once, over and over.
TYPED_TEST(fork_join_of, survives_exceptions_everywhere) {
  for (const std::size_t threads : {2U, 4U}) {
    TypeParam rt{{.threads = threads}};
    rt.run([] {
      struct tree {
        static int grow(int depth, unsigned seed) {
          seed = seed * 1'664'525U + 1'013'904'223U;
          if (depth == 0) {
            if ((seed >> 16U) % 64 == 0) throw oops(static_cast<int>(seed >> 24U));
            return 1;
          }
          const std::string frame(100, 'x');
          auto [a, b, c] =
              fork_join([&] { return grow(depth - 1, seed + 1); },
                        [&, frame] { return grow(depth - 1, seed + 2) + static_cast<int>(frame[0] == 'y'); },
                        [&] { return grow(depth - 1, seed + 3); });
          return a + b + c;
        }
      };
      int thrown = 0;
      for (unsigned seed = 0; seed < static_cast<unsigned>(rounds(400)); ++seed) {
        try {
          EXPECT_EQ(tree::grow(4, seed), 81);
        } catch (const oops& error) {
          EXPECT_LT(error.number, 256);
          ++thrown;
        }
      }
      EXPECT_GT(thrown, 0);
      EXPECT_EQ(fib(12), 144);
    });
  }
}

TYPED_TEST(fork_join_of, joins_the_others_when_moving_a_result_throws) {
  both_ways<TypeParam>([](way& how) {
    delicate::breaks = how.stolen();
    try {
      const std::string frame(1'000, 'x');
      auto [a, b, c] = fork_join([&] { how.stay(); },
                                 [&] {
                                   how.go();
                                   return delicate(1);
                                 },
                                 [&] { return frame; });
      EXPECT_FALSE(how.stolen());
      EXPECT_EQ(b.value, 1);
      EXPECT_EQ(c.size(), 1'000U);
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(std::string(error.what()), "moved");
    }
    delicate::breaks = false;
    EXPECT_EQ(delicate::alive.load(), 0);
    EXPECT_EQ(fib(12), 144);
  });
}

// Where it is called.

long chain(int n) {
  if (n == 0) return 0;
  auto [a, b] = fork_join([=] { return chain(n - 1); }, [] { return 1L; });
  return a + b;
}

TYPED_TEST(fork_join_of, takes_a_recursion_that_is_deeper_than_what_may_be_shared) {
  constexpr int deep = sanitized ? 1'500 : 5'000;  // their frames are larger
  for (const std::size_t threads : {1U, 2U}) {
    TypeParam rt{{.threads = threads}};
    EXPECT_EQ(rt.run([] { return chain(deep); }), deep);
    EXPECT_EQ(rt.state(), tenon::phase::stopped);
  }
  EXPECT_EQ(chain(100), 100);
}

template <class R>
task<long> in_a_coroutine() {
  long sum = 0;
  for (int i = 0; i < rounds(200); ++i) {
    auto [a, b, c] = fork_join([] { return fib(8); }, [] { return fib(7); }, [] { return fib(6); });
    sum += a + b + c;
    co_await tenon::yield();
    auto [d, e] = fork_join([] { return fib(8); }, [] { return fib(7); });
    sum += d + e;
  }
  co_return sum;
}

TYPED_TEST(fork_join_of, is_called_in_coroutines_between_two_waits) {
  constexpr long each = (21 + 13 + 8) + (21 + 13);
  for (const std::size_t threads : {1U, 2U, 4U}) {
    TypeParam rt{{.threads = threads}};
    std::atomic<long> sum{0};
    rt.run([](TypeParam& of, std::atomic<long>& all) -> task<void> {
      tenon::scope some{of};
      for (int i = 0; i < 8; ++i) {
        some.spawn([](std::atomic<long>* to) -> task<void> { to->fetch_add(co_await in_a_coroutine<TypeParam>()); },
                   &all);
      }
      co_await some.join();
    }(rt, sum));
    EXPECT_EQ(sum.load(), 8 * rounds(200) * each);
  }
}

TYPED_TEST(fork_join_of, is_called_by_what_is_spawned_and_posted) {
  TypeParam rt{{.threads = 2}};
  std::atomic<long> sum{0};
  std::thread poster([&] {
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(rt.post([&] {
        sum.fetch_add(fib(10));
        if (sum.load() == 40 * 55) rt.request_stop();
      }));
      EXPECT_TRUE(rt.spawn(
          [](std::atomic<long>* to, TypeParam* of) -> task<void> {
            to->fetch_add(fib(10));
            if (to->load() == 40 * 55) of->request_stop();
            co_return;
          },
          &sum, &rt));
    }
  });
  rt.run();
  poster.join();
  EXPECT_EQ(sum.load(), 40 * 55);
}

TEST(fork_join, runs_one_after_the_other_on_a_thread_that_is_no_worker) {
  const auto here = std::this_thread::get_id();
  const auto same = [here] { return std::this_thread::get_id() == here; };
  EXPECT_EQ(fork_join(same, same, same, same), std::make_tuple(true, true, true, true));
  EXPECT_EQ(fib(15), 610);
  EXPECT_EQ(number_of([] { fork_join([] {}, [] { throw oops(1); }, [] { throw oops(2); }); }), 1);
  EXPECT_EQ(tenon::sync_wait([]() -> task<long> { co_return fib(15); }()), 610);
}

template <class R>
class fork_join_alone : public testing::Test {};
using all_alone = testing::Types<crew<tenon::affinity<>>, crew<tenon::fifo, tenon::single_thread>>;
TYPED_TEST_SUITE(fork_join_alone, all_alone);

TYPED_TEST(fork_join_alone, runs_here_where_workers_do_not_share) {
  TypeParam rt{};
  rt.run([] {
    const auto here = std::this_thread::get_id();
    const auto same = [here] { return std::this_thread::get_id() == here; };
    EXPECT_EQ(fork_join(same, same, same), std::make_tuple(true, true, true));
    EXPECT_EQ(fib(15), 610);
    EXPECT_EQ(number_of([] { fork_join([] {}, [] { throw oops(1); }); }), 1);
  });
}

TEST(fork_join, serves_two_runtimes_at_once) {
  using R = crew<tenon::stealing<>>;
  using S = crew<tenon::fifo>;
  long a = 0;
  std::thread other([&] {
    R rt{{.threads = 2}};
    a = rt.run([] { return fib(sanitized ? 16 : 22); });
  });
  S rt{{.threads = 2}};
  const long b = rt.run([] { return fib(sanitized ? 16 : 22); });
  other.join();
  EXPECT_EQ(a, b);
}

TEST(fork_join, serves_a_runtime_that_a_branch_of_another_runs) {
  using R = crew<tenon::stealing<>>;
  R outer{{.threads = 2}};
  const auto inner = [] {
    R rt{{.threads = 2}};
    return rt.run([] { return fib(14); });
  };
  EXPECT_EQ(outer.run([&] {
    auto [a, b, c] = fork_join([&] { return inner() + fib(10); }, [&] { return fib(10); }, inner);
    return a + b + c;
  }),
            377 + 55 + 55 + 377);
}

TEST(fork_join, takes_results_that_are_const_or_hide_their_address) {
  struct shy {
    int value = 0;
    shy* operator&() const = delete;  // NOLINT(google-runtime-operator)
  };
  using R = crew<tenon::stealing<>>;
  R rt{{.threads = 2}};
  const auto give = []() -> const shy { return {21}; };  // NOLINT(readability-const-return-type)
  EXPECT_EQ(rt.run([&] {
    const auto both = fork_join(give, give);
    return std::get<0>(both).value + std::get<1>(both).value;
  }),
            42);
}

TEST(fork_join, serves_a_runtime_that_is_polled) {
  using R = crew<tenon::stealing<>>;
  R rt{{.threads = 3}};
  std::atomic<long> sum{0};
  rt.launch([](R& of, std::atomic<long>& to) -> task<void> {
    tenon::scope some{of};
    for (int i = 0; i < 20; ++i) {
      some.spawn([](std::atomic<long>* all) -> task<void> { all->fetch_add(co_await in_a_coroutine<R>()); }, &to);
    }
    co_await some.join();
  }(rt, sum));
  while (rt.poll_once()) std::this_thread::yield();
  EXPECT_EQ(sum.load(), 20L * rounds(200) * 76);
}

/// The host's own worker takes branches too.
TEST(fork_join, is_helped_by_the_worker_of_a_host) {
  using R = crew<tenon::stealing<>>;
  R rt{{.threads = 2}};
  const auto host = std::this_thread::get_id();
  std::atomic<bool> begun{false};
  std::thread::id taker;
  rt.launch([](R& of, std::thread::id here, std::atomic<bool>* at, std::thread::id* who) -> task<void> {
    while (std::this_thread::get_id() == here) co_await tenon::yield();
    (void)of;
    fork_join([&] { EXPECT_TRUE(comes_true([&] { return at->load(); })); },
              [&] {
                *who = std::this_thread::get_id();
                at->store(true);
              });
  }(rt, host, &begun, &taker));
  while (rt.poll_once()) std::this_thread::yield();
  EXPECT_EQ(taker, host);
}

// Those who sleep.

/// In each round all four workers are needed at once, after a pause in which they all went to sleep. Who waits forks
/// meanwhile: of what is private, the older half is shared when somebody asks.
TYPED_TEST(fork_join_of, calls_those_who_sleep) {
  TypeParam rt{{.threads = 4}};
  rt.run([] {
    for (int i = 0; i < rounds(20); ++i) {
      const auto until = std::chrono::steady_clock::now() + 2ms;
      while (std::chrono::steady_clock::now() < until) std::this_thread::yield();  // no fork: the others lie down
      std::atomic<int> there{0};
      const auto meet = [&] {
        there.fetch_add(1);
        return comes_true([&] { return there.load() == 4; });
      };
      EXPECT_EQ(fork_join(meet, meet, meet, meet), std::make_tuple(true, true, true, true));
    }
  });
}

/// The same among branches that are forked one by one, deeper and deeper.
TYPED_TEST(fork_join_of, calls_those_who_sleep_in_the_middle_of_a_region) {
  TypeParam rt{{.threads = 2}};
  rt.run([] {
    for (int i = 0; i < rounds(200); ++i) {
      const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(i * 7);
      while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
      EXPECT_EQ(fib(5), 5);
      std::atomic<bool> begun{false};
      auto [came, went] =
          fork_join([&] { return comes_true([&] { return begun.load(); }); }, [&] { return begun.store(true), true; });
      EXPECT_TRUE(came && went);
    }
  });
}

}  // namespace
