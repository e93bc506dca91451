// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/concept.hpp>
#include <tenon/backend/epoll.hpp>

#include <gtest/gtest.h>

namespace tenon {
namespace {

/// The least that is a backend: what a user would write.
struct inert : family::backend {
  static constexpr auto word = fixed_string("inert");
  static constexpr bool performs_io = false;
  static constexpr bool proactor = false;

  template <class Threading>
  struct loop {
    using source = io_source;
    result<void> open() noexcept { return {}; }
    result<void> attach(source&) noexcept { return {}; }
    void detach(source&) noexcept {}
    static bool attempt(io_operation&) noexcept { return true; }
    bool start(io_operation&) noexcept { return true; }
    void cancel(io_operation&) noexcept {}
    std::size_t wait(std::chrono::nanoseconds) noexcept { return 0; }
    void wake() noexcept
      requires(Threading::concurrent)
    {}
    std::string_view note() const noexcept { return {}; }
  };
};
static_assert(backend_policy<inert>);

struct nameless : inert {
  using word = void;
};
static_assert(!backend_policy<nameless>);

struct of_another_family : family::memory {
  static constexpr auto word = fixed_string("of_another_family");
  static constexpr bool performs_io = false;
  static constexpr bool proactor = false;
  template <class Threading>
  using loop = inert::loop<Threading>;
};
static_assert(!of_another_family::performs_io && !of_another_family::proactor);
static_assert(!backend_policy<of_another_family>);

template <class Threading>
struct deaf_loop : inert::loop<single_thread> {};
struct deaf : inert {
  template <class Threading>
  using loop = deaf_loop<Threading>;
};
static_assert(backend_loop<deaf_loop<multi_thread>> && !wakeable_loop<deaf_loop<multi_thread>>);
static_assert(!backend_policy<deaf>);

template <class Threading>
struct throwing_loop : inert::loop<Threading> {
  std::size_t wait(std::chrono::nanoseconds) { return 0; }
};
static_assert(!backend_loop<throwing_loop<multi_thread>>);

// A loop that no other thread can wake has no wake() at all, so that a post from elsewhere does not compile.
static_assert(!wakeable_loop<epoll::loop<single_thread>>);
static_assert(wakeable_loop<epoll::loop<multi_thread>>);

TEST(backend_concept, takes_a_backend_of_the_user) {
  inert::loop<multi_thread> loop;
  EXPECT_TRUE(loop.open());
  EXPECT_EQ(loop.wait(std::chrono::nanoseconds{0}), 0U);
}

}  // namespace
}  // namespace tenon
