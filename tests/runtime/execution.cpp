// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/execution.hpp>

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <utility>

namespace {

namespace ex = tenon::execution;

struct sink {
  using receiver_concept = ex::receiver_tag;

  void set_value(int a, std::string b) && noexcept { *said = std::to_string(a) + b; }
  void set_error(int code) && noexcept { *said = "error " + std::to_string(code); }
  void set_stopped() && noexcept { *said = "stopped"; }

  std::string* said;
};
static_assert(ex::receiver<sink> && ex::receiver<sink&> && !ex::receiver<int> && !ex::sender<sink>);

struct operation {
  using operation_state_concept = ex::operation_state_tag;
  void start() noexcept { ex::set_value(std::move(to), 3, std::string(" apples")); }
  sink to;
};
static_assert(ex::operation_state<operation> && !ex::operation_state<sink>);

struct sender {
  using sender_concept = ex::sender_tag;
  using completion_signatures = ex::completion_signatures<ex::set_value_t(int, std::string)>;
  [[nodiscard]] static operation connect(sink to) { return {to}; }
};
static_assert(ex::sender<sender> && !ex::scheduler<sender>);
static_assert(std::is_same_v<ex::completion_signatures_of_t<const sender&>, sender::completion_signatures>);

TEST(execution, the_points_of_customisation_call_the_members) {
  std::string said;
  operation made = ex::connect(sender(), sink{&said});
  ex::start(made);
  EXPECT_EQ(said, "3 apples");
  ex::set_error(sink{&said}, 5);
  EXPECT_EQ(said, "error 5");
  ex::set_stopped(sink{&said});
  EXPECT_EQ(said, "stopped");
}

TEST(execution, what_knows_nothing_has_an_empty_environment) {
  const auto token = ex::get_stop_token(ex::get_env(sink{nullptr}));
  static_assert(std::is_same_v<decltype(token), const ex::never_stop_token>);
  EXPECT_FALSE(token.stop_possible());
  EXPECT_FALSE(token.stop_requested());
  EXPECT_EQ(ex::get_forward_progress_guarantee(sender()), ex::forward_progress_guarantee::weakly_parallel);
}

}  // namespace
