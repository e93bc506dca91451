// SPDX-License-Identifier: BSL-1.0

#include <tenon/queue/concept.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "../laws/queue.hpp"

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(queue_laws);

namespace {

/// The smallest policy a user could write: it keeps one item, for one thread.
struct one_item : tenon::family::queue {
  static constexpr auto word = tenon::fixed_string("one_item");
  static constexpr bool many_producers = false;
  static constexpr bool many_consumers = false;
  static constexpr bool bounded = true;

  template <class T, class Threading = tenon::multi_thread>
  class of {
   public:
    static constexpr std::size_t capacity = 1;
    of() = default;
    of(const of&) = delete;
    bool try_push(T&& item) noexcept {
      if (item_) return false;
      item_.emplace(std::move(item));
      return true;
    }
    std::optional<T> try_pop() noexcept {
      std::optional<T> item = std::move(item_);
      item_.reset();
      return item;
    }
    std::size_t size_estimate() const noexcept { return item_ ? 1 : 0; }

   private:
    std::optional<T> item_;
  };
};

struct without_a_word : one_item {
 private:
  using one_item::word;
};

struct of_another_family : tenon::family::memory {
  static constexpr auto word = tenon::fixed_string("of_another_family");
};

struct pop_by_reference : one_item {
  template <class T, class Threading = tenon::multi_thread>
  class of {
   public:
    static constexpr std::size_t capacity = 1;
    of() = default;
    of(const of&) = delete;
    bool try_push(T&&) noexcept { return false; }
    bool try_pop(T&) noexcept { return false; }
    std::size_t size_estimate() const noexcept { return 0; }
  };
};

TEST(queue_concept, takes_a_policy_written_by_a_user) {
  EXPECT_TRUE(tenon::queue_policy<one_item>);
  EXPECT_TRUE((tenon::queue_for<one_item::of<std::string>, std::string>));
}

TEST(queue_concept, refuses_what_lacks_a_part) {
  EXPECT_FALSE(tenon::queue_policy<int>);
  EXPECT_FALSE(tenon::queue_policy<without_a_word>);
  EXPECT_FALSE(tenon::queue_policy<of_another_family>);
  EXPECT_FALSE(tenon::queue_policy<pop_by_reference>);
  EXPECT_FALSE((tenon::queue_for<std::deque<int>, int>));
  EXPECT_FALSE((tenon::queue_for<one_item::of<int>, std::string>));
}

// one_item is no queue between threads, but on one thread it keeps the laws.
TEST(queue_concept, a_users_queue_is_held_to_the_laws_too) {
  tenon::laws::keeps_the_order_round_and_round<one_item::of<int>>();
  tenon::laws::refuses_what_does_not_fit<one_item::of<std::unique_ptr<int>>>();
  tenon::laws::destroys_each_element_once<one_item::of<tenon::laws::counted>>();
  EXPECT_TRUE(tenon::laws::for_all_scripts(&tenon::laws::follows_a_deque<one_item::of<int>>));
}

}  // namespace
