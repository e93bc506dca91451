// SPDX-License-Identifier: BSL-1.0
#include <tenon/scheduler/concept.hpp>

#include <cstddef>
#include <string_view>

#include "laws/scheduler.hpp"

namespace {

/// The least that keeps the contract: one list, under one lock.
struct listed : tenon::family::scheduling {
  static constexpr std::string_view word = "listed";
  static constexpr bool shares = true;

  template <class Threading>
  class shared {
   public:
    explicit shared(std::size_t) noexcept {}
    std::size_t inject(tenon::work& item) noexcept { return give(item, 0); }
    std::size_t give(tenon::work& item, std::size_t worker) noexcept {
      mutex_.lock();
      list_.push(item);
      mutex_.unlock();
      return worker;
    }
    tenon::work* pop() noexcept {
      mutex_.lock();
      tenon::work* const item = list_.pop();
      mutex_.unlock();
      return item;
    }
    bool empty() noexcept {
      mutex_.lock();
      const bool none = list_.empty();
      mutex_.unlock();
      return none;
    }

   private:
    typename Threading::mutex mutex_;
    tenon::work_list list_;
  };

  template <class Threading>
  class local {
   public:
    local(shared<Threading>& all, std::size_t index) noexcept : all_(all), index_(index) {}
    void push(tenon::work& item) noexcept { all_.give(item, index_); }
    std::size_t start(tenon::work& item) noexcept { return all_.give(item, index_); }
    tenon::work* next() noexcept { return all_.pop(); }
    static tenon::work* find() noexcept { return nullptr; }
    static std::size_t stolen() noexcept { return 0; }
    bool idle() noexcept { return all_.empty(); }

   private:
    shared<Threading>& all_;
    std::size_t index_;
  };
};

INSTANTIATE_TYPED_TEST_SUITE_P(listed, scheduler_laws, listed);

struct nameless : listed {
  using family = tenon::family::queue;
};
struct throwing : tenon::family::scheduling {
  static constexpr std::string_view word = "throwing";
  static constexpr bool shares = true;
  template <class Threading>
  using shared = listed::shared<Threading>;
  template <class Threading>
  struct local : listed::local<Threading> {
    using listed::local<Threading>::local;
    void push(tenon::work& item) { listed::local<Threading>::push(item); }
  };
};

TEST(scheduling_policy, asks_for_its_family_and_for_noexcept) {
  EXPECT_TRUE(tenon::scheduling_policy<listed>);
  EXPECT_FALSE(tenon::scheduling_policy<nameless>);
  EXPECT_FALSE(tenon::scheduling_policy<throwing>) << "a push that throws would lose the item";
  EXPECT_FALSE(tenon::scheduling_policy<tenon::single_thread>);
  EXPECT_FALSE(tenon::scheduling_policy<int>);
}

}  // namespace
