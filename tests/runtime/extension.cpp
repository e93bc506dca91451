// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/detail/extension.hpp>

#include <tenon/core/threading.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace {

using tenon::detail::extension;
using tenon::detail::extensions;

template <int>
struct part : extension {
  explicit part(int n) : number(n) {
    ++alive;
    end = [](extension& base) noexcept {
      --alive;
      delete &static_cast<part&>(base);
    };
  }
  static inline std::atomic<int> alive{0};
  int number;
};

TEST(extension, is_made_once_whoever_asks_first) {
  for (int round = 0; round < 50; ++round) {
    extensions<tenon::multi_thread> all;
    std::atomic<int> waiting{0};
    std::vector<part<1>*> ones(4);
    std::vector<part<2>*> twos(4);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        ++waiting;
        while (waiting < 4) std::this_thread::yield();
        const auto at = static_cast<std::size_t>(i);
        if (i % 2 == 0) ones[at] = &all.get<part<1>>(i);
        twos[at] = &all.get<part<2>>(i);
        ones[at] = &all.get<part<1>>(i);
      });
    }
    for (std::thread& each : threads) each.join();
    for (std::size_t i = 1; i < 4; ++i) {
      EXPECT_EQ(ones[i], ones[0]);
      EXPECT_EQ(twos[i], twos[0]);
    }
    EXPECT_EQ(part<1>::alive, 1);
    EXPECT_EQ(part<2>::alive, 1);
    all.end_all();
    EXPECT_EQ(part<1>::alive, 0);
    EXPECT_EQ(all.get<part<1>>(7).number, 7) << "asked for again, it is made again";
  }
  EXPECT_EQ(part<1>::alive, 0);
  EXPECT_EQ(part<2>::alive, 0);
}

TEST(extension, costs_one_pointer) {
  static_assert(sizeof(extensions<tenon::single_thread>) == sizeof(void*));
  extensions<tenon::single_thread> all;
  EXPECT_EQ(&all.get<part<1>>(1), &all.get<part<1>>(2));
}

}  // namespace
