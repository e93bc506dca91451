// error: tenon::runtime<...>: a backend lacks cancel; give its loop void cancel.tenon::io_operation&. noexcept
// SPDX-License-Identifier: BSL-1.0
#include <tenon/runtime/runtime.hpp>

#include <chrono>
#include <cstddef>
#include <string_view>

template <bool Whole>
struct my_backend : tenon::family::backend {
  static constexpr auto word = tenon::fixed_string("my_backend");
  static constexpr bool performs_io = true;

  template <class Threading>
  struct loop {
    struct source : tenon::io_source {};
    tenon::result<void> open() noexcept { return {}; }
    tenon::result<void> attach(source&) noexcept { return {}; }
    void detach(source&) noexcept {}
    static bool attempt(tenon::io_operation&) noexcept { return false; }
    bool start(tenon::io_operation&) noexcept { return false; }
    void cancel(tenon::io_operation&) noexcept
      requires Whole
    {}
    std::size_t wait(std::chrono::nanoseconds) noexcept { return 0; }
    void wake() noexcept {}
    std::string_view note() const noexcept { return {}; }
  };
};

#ifdef FIXED
using made = tenon::runtime<my_backend<true>>;
#else
using made = tenon::runtime<my_backend<false>>;
#endif
static_assert(sizeof(made*) != 0);
