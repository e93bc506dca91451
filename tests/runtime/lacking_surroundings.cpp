// SPDX-License-Identifier: BSL-1.0
#include <tenon/core/clock.hpp>
#include <tenon/core/errors.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/observe/counters.hpp>
#include <tenon/runtime/lacking_surroundings.hpp>
#include <tenon/topology/flat.hpp>

#include <cstddef>

#include <gtest/gtest.h>

namespace {

using tenon::detail::clock_lacks;
using tenon::detail::errors_lacks;
using tenon::detail::observe_lacks;
using tenon::detail::threading_lacks;
using tenon::detail::topology_lacks;

// Each of these is a complete policy in which one thing is hidden by a deleted function, or by a thing of another type.

struct topology_without_pins : tenon::flat {
  static constexpr std::nullptr_t pins = nullptr;
};
struct topology_without_read : tenon::flat {
  static int read();
};
struct topology_without_pin : tenon::flat {
  static tenon::result<void> pin(const tenon::machine&, std::size_t);  // may throw
};
struct topology_without_unpin : tenon::flat {
  static tenon::result<void> unpin(const tenon::machine&) noexcept = delete;
};
struct observe_without_spawned : tenon::counters {
  template <class Threading>
  struct of : tenon::counters::of<Threading> {
    void spawned(std::size_t) noexcept = delete;
  };
};
struct observe_without_ran : tenon::counters {
  template <class Threading>
  struct of : tenon::counters::of<Threading> {
    void ran(std::size_t) noexcept = delete;
  };
};
struct observe_without_stole : tenon::counters {
  template <class Threading>
  struct of : tenon::counters::of<Threading> {
    void stole(std::size_t) noexcept = delete;
  };
};
struct observe_without_dropped : tenon::counters {
  template <class Threading>
  struct of : tenon::counters::of<Threading> {
    void dropped(std::size_t) noexcept = delete;
  };
};
struct observe_without_received : tenon::counters {
  template <class Threading>
  struct of : tenon::counters::of<Threading> {
    void received(std::size_t) noexcept = delete;
  };
};
struct observe_without_sent : tenon::counters {
  template <class Threading>
  struct of : tenon::counters::of<Threading> {
    void sent(std::size_t) noexcept = delete;
  };
};
struct observe_without_parked : tenon::counters {
  template <class Threading>
  struct of : tenon::counters::of<Threading> {
    void parked() noexcept = delete;
  };
};
struct observe_without_woke : tenon::counters {
  template <class Threading>
  struct of : tenon::counters::of<Threading> {
    void woke();  // may throw
  };
};
struct observe_without_read : tenon::counters {
  template <class Threading>
  struct of : tenon::counters::of<Threading> {
    int read() const noexcept;
  };
};
struct observe_without_of : tenon::counters {
  struct of {};
};
struct observe_without_enabled : tenon::counters {
  static constexpr std::nullptr_t enabled = nullptr;
};
struct threading_without_concurrent : tenon::multi_thread {
  static constexpr std::nullptr_t concurrent = nullptr;
};
struct threading_without_atomic : tenon::multi_thread {
  struct atomic {};
};
class threading_without_mutex : public tenon::multi_thread {
  using tenon::multi_thread::mutex;  // private
};
class clock_without_source : public tenon::steady {
  using tenon::steady::source;  // private
};
struct clock_without_now : tenon::steady {
  struct source : tenon::steady::source {
    static int now() noexcept;
  };
};
struct clock_without_until : tenon::steady {
  struct source : tenon::steady::source {
    static tenon::duration until(tenon::time_point) noexcept = delete;
  };
};
struct errors_without_rethrows : tenon::propagate {
  static constexpr std::nullptr_t rethrows = nullptr;
};

TEST(lacking_surroundings, tells_what_a_topology_policy_lacks) {
  static_assert(topology_lacks<topology_without_pins>() == "pins");
  static_assert(topology_lacks<topology_without_read>() == "read");
  static_assert(topology_lacks<topology_without_pin>() == "pin");
  static_assert(topology_lacks<topology_without_unpin>() == "unpin");
}

TEST(lacking_surroundings, tells_what_a_observe_policy_lacks) {
  static_assert(observe_lacks<observe_without_spawned>() == "spawned");
  static_assert(observe_lacks<observe_without_ran>() == "ran");
  static_assert(observe_lacks<observe_without_stole>() == "stole");
  static_assert(observe_lacks<observe_without_dropped>() == "dropped");
  static_assert(observe_lacks<observe_without_received>() == "received");
  static_assert(observe_lacks<observe_without_sent>() == "sent");
  static_assert(observe_lacks<observe_without_parked>() == "parked");
  static_assert(observe_lacks<observe_without_woke>() == "woke");
  static_assert(observe_lacks<observe_without_read>() == "read");
  static_assert(observe_lacks<observe_without_of>() == "of");
  static_assert(observe_lacks<observe_without_enabled>() == "enabled");
}

TEST(lacking_surroundings, tells_what_a_threading_policy_lacks) {
  static_assert(threading_lacks<threading_without_concurrent>() == "concurrent");
  static_assert(threading_lacks<threading_without_atomic>() == "atomic");
  static_assert(threading_lacks<threading_without_mutex>() == "mutex");
}

TEST(lacking_surroundings, tells_what_a_clock_policy_lacks) {
  static_assert(clock_lacks<clock_without_source>() == "source");
  static_assert(clock_lacks<clock_without_now>() == "now");
  static_assert(clock_lacks<clock_without_until>() == "until");
}

TEST(lacking_surroundings, tells_what_a_errors_policy_lacks) {
  static_assert(errors_lacks<errors_without_rethrows>() == "rethrows");
}

TEST(lacking_surroundings, has_nothing_to_say_of_a_complete_one) {
  static_assert(topology_lacks<tenon::flat>().empty());
  static_assert(observe_lacks<tenon::counters>().empty());
  static_assert(threading_lacks<tenon::multi_thread>().empty());
  static_assert(clock_lacks<tenon::steady>().empty());
  static_assert(errors_lacks<tenon::propagate>().empty());
}

}  // namespace
