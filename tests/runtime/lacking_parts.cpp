// SPDX-License-Identifier: BSL-1.0
#include <tenon/backend/none.hpp>
#include <tenon/memory/system.hpp>
#include <tenon/queue/mpmc.hpp>
#include <tenon/runtime/lacking_parts.hpp>
#include <tenon/scheduler/fifo.hpp>

#include <chrono>
#include <cstddef>

#include <gtest/gtest.h>

namespace {

using tenon::detail::backend_lacks;
using tenon::detail::memory_lacks;
using tenon::detail::queue_lacks;
using tenon::detail::scheduling_lacks;

// Each of these is a complete policy in which one thing is hidden by a deleted function, or by a thing of another type.

struct backend_without_open : tenon::none {
  template <class Threading>
  struct loop : tenon::none::loop<Threading> {
    tenon::result<void> open() noexcept = delete;
  };
};
struct backend_without_attach : tenon::none {
  template <class Threading>
  struct loop : tenon::none::loop<Threading> {
    tenon::result<void> attach(typename tenon::none::loop<Threading>::source&) noexcept = delete;
  };
};
struct backend_without_detach : tenon::none {
  template <class Threading>
  struct loop : tenon::none::loop<Threading> {
    void detach(typename tenon::none::loop<Threading>::source&) noexcept = delete;
  };
};
struct backend_without_attempt : tenon::none {
  template <class Threading>
  struct loop : tenon::none::loop<Threading> {
    static bool attempt(tenon::io_operation&) noexcept = delete;
  };
};
struct backend_without_start : tenon::none {
  template <class Threading>
  struct loop : tenon::none::loop<Threading> {
    bool start(tenon::io_operation&) noexcept = delete;
  };
};
struct backend_without_cancel : tenon::none {
  template <class Threading>
  struct loop : tenon::none::loop<Threading> {
    void cancel(tenon::io_operation&) noexcept = delete;
  };
};
struct backend_without_wait : tenon::none {
  template <class Threading>
  struct loop : tenon::none::loop<Threading> {
    std::size_t wait(std::chrono::nanoseconds);  // may throw
  };
};
struct backend_without_wake : tenon::none {
  template <class Threading>
  struct loop : tenon::none::loop<Threading> {
    void wake() noexcept = delete;
  };
};
struct backend_without_note : tenon::none {
  template <class Threading>
  struct loop : tenon::none::loop<Threading> {
    int note() const noexcept;
  };
};
struct backend_without_loop : tenon::none {
  struct loop {};
};
struct backend_without_source : tenon::none {
  template <class Threading>
  struct loop : tenon::none::loop<Threading> {
    struct source {};
  };
};
struct backend_without_performs_io : tenon::none {
  static constexpr std::nullptr_t performs_io = nullptr;
};
struct backend_without_proactor : tenon::none {
  static constexpr std::nullptr_t proactor = nullptr;
};
struct scheduling_without_push : tenon::fifo {
  template <class Threading>
  struct local : tenon::fifo::local<Threading> {
    using tenon::fifo::local<Threading>::local;
    void push(tenon::work&) noexcept = delete;
  };
};
struct scheduling_without_start : tenon::fifo {
  template <class Threading>
  struct local : tenon::fifo::local<Threading> {
    using tenon::fifo::local<Threading>::local;
    std::size_t start(tenon::work&) noexcept = delete;
  };
};
struct scheduling_without_next : tenon::fifo {
  template <class Threading>
  struct local : tenon::fifo::local<Threading> {
    using tenon::fifo::local<Threading>::local;
    tenon::work* next() noexcept = delete;
  };
};
struct scheduling_without_find : tenon::fifo {
  template <class Threading>
  struct local : tenon::fifo::local<Threading> {
    using tenon::fifo::local<Threading>::local;
    tenon::work* find() noexcept = delete;
  };
};
struct scheduling_without_stolen : tenon::fifo {
  template <class Threading>
  struct local : tenon::fifo::local<Threading> {
    using tenon::fifo::local<Threading>::local;
    std::size_t stolen() noexcept = delete;
  };
};
struct scheduling_without_idle : tenon::fifo {
  template <class Threading>
  struct local : tenon::fifo::local<Threading> {
    using tenon::fifo::local<Threading>::local;
    bool idle() noexcept = delete;
  };
};
struct scheduling_without_inject : tenon::fifo {
  template <class Threading>
  struct shared : tenon::fifo::shared<Threading> {
    using tenon::fifo::shared<Threading>::shared;
    void inject(tenon::work&) noexcept;
  };
};
struct scheduling_without_give : tenon::fifo {
  template <class Threading>
  struct shared : tenon::fifo::shared<Threading> {
    using tenon::fifo::shared<Threading>::shared;
    std::size_t give(tenon::work&, std::size_t) noexcept = delete;
  };
};
struct scheduling_without_shared : tenon::fifo {
  struct shared {};
};
struct scheduling_without_local : tenon::fifo {
  struct local {};
};
struct scheduling_without_shares : tenon::fifo {
  static constexpr std::nullptr_t shares = nullptr;
};
class memory_without_arena : public tenon::system {
  using tenon::system::arena;  // private
};
struct memory_with_a_moving_arena : tenon::system {
  struct arena {};
};
struct memory_without_allocate : tenon::system {
  struct arena : tenon::system::arena {
    void* allocate(std::size_t) = delete;
  };
};
struct memory_without_deallocate : tenon::system {
  struct arena : tenon::system::arena {
    void deallocate(void*, std::size_t);  // may throw
  };
};
struct memory_without_obtain : tenon::system {
  static void* obtain(std::size_t) = delete;
};
struct memory_without_release : tenon::system {
  static void release(void*, std::size_t) noexcept = delete;
};
struct queue_without_try_push : tenon::mpmc<8> {
  template <class T, class Threading = tenon::multi_thread>
  struct of : tenon::mpmc<8>::of<T, Threading> {
    bool try_push(T&&) noexcept = delete;
  };
};
struct queue_without_try_pop : tenon::mpmc<8> {
  template <class T, class Threading = tenon::multi_thread>
  struct of : tenon::mpmc<8>::of<T, Threading> {
    T try_pop() noexcept;
  };
};
struct queue_without_size_estimate : tenon::mpmc<8> {
  template <class T, class Threading = tenon::multi_thread>
  struct of : tenon::mpmc<8>::of<T, Threading> {
    std::size_t size_estimate() const noexcept = delete;
  };
};
struct queue_without_capacity : tenon::mpmc<8> {
  template <class T, class Threading = tenon::multi_thread>
  struct of : tenon::mpmc<8>::of<T, Threading> {
    static constexpr std::nullptr_t capacity = nullptr;
  };
};
struct queue_without_of : tenon::mpmc<8> {
  struct of {};
};
struct queue_with_copies : tenon::mpmc<8> {
  template <class T, class Threading = tenon::multi_thread>
  struct of {};
};
struct queue_without_many_producers : tenon::mpmc<8> {
  static constexpr std::nullptr_t many_producers = nullptr;
};
struct queue_without_many_consumers : tenon::mpmc<8> {
  static constexpr std::nullptr_t many_consumers = nullptr;
};
struct queue_without_bounded : tenon::mpmc<8> {
  static constexpr std::nullptr_t bounded = nullptr;
};

TEST(lacking_parts, tells_what_a_backend_policy_lacks) {
  static_assert(backend_lacks<backend_without_open>() == "open");
  static_assert(backend_lacks<backend_without_attach>() == "attach");
  static_assert(backend_lacks<backend_without_detach>() == "detach");
  static_assert(backend_lacks<backend_without_attempt>() == "attempt");
  static_assert(backend_lacks<backend_without_start>() == "start");
  static_assert(backend_lacks<backend_without_cancel>() == "cancel");
  static_assert(backend_lacks<backend_without_wait>() == "wait");
  static_assert(backend_lacks<backend_without_wake>() == "wake");
  static_assert(backend_lacks<backend_without_note>() == "note");
  static_assert(backend_lacks<backend_without_loop>() == "loop");
  static_assert(backend_lacks<backend_without_source>() == "loop::source");
  static_assert(backend_lacks<backend_without_performs_io>() == "performs_io");
  static_assert(backend_lacks<backend_without_proactor>() == "proactor");
}

TEST(lacking_parts, tells_what_a_scheduling_policy_lacks) {
  static_assert(scheduling_lacks<scheduling_without_push>() == "push");
  static_assert(scheduling_lacks<scheduling_without_start>() == "start");
  static_assert(scheduling_lacks<scheduling_without_next>() == "next");
  static_assert(scheduling_lacks<scheduling_without_find>() == "find");
  static_assert(scheduling_lacks<scheduling_without_stolen>() == "stolen");
  static_assert(scheduling_lacks<scheduling_without_idle>() == "idle");
  static_assert(scheduling_lacks<scheduling_without_inject>() == "inject");
  static_assert(scheduling_lacks<scheduling_without_give>() == "give");
  static_assert(scheduling_lacks<scheduling_without_shared>() == "shared");
  static_assert(scheduling_lacks<scheduling_without_local>() == "local");
  static_assert(scheduling_lacks<scheduling_without_shares>() == "shares");
}

TEST(lacking_parts, tells_what_a_memory_policy_lacks) {
  static_assert(memory_lacks<memory_without_arena>() == "arena");
  static_assert(memory_lacks<memory_with_a_moving_arena>() == "arena()");
  static_assert(memory_lacks<memory_without_allocate>() == "allocate");
  static_assert(memory_lacks<memory_without_deallocate>() == "deallocate");
  static_assert(memory_lacks<memory_without_obtain>() == "obtain");
  static_assert(memory_lacks<memory_without_release>() == "release");
}

TEST(lacking_parts, tells_what_a_queue_policy_lacks) {
  static_assert(queue_lacks<queue_without_try_push>() == "try_push");
  static_assert(queue_lacks<queue_without_try_pop>() == "try_pop");
  static_assert(queue_lacks<queue_without_size_estimate>() == "size_estimate");
  static_assert(queue_lacks<queue_without_capacity>() == "capacity");
  static_assert(queue_lacks<queue_without_of>() == "of");
  static_assert(queue_lacks<queue_with_copies>() == "of()");
  static_assert(queue_lacks<queue_without_many_producers>() == "many_producers");
  static_assert(queue_lacks<queue_without_many_consumers>() == "many_consumers");
  static_assert(queue_lacks<queue_without_bounded>() == "bounded");
}

TEST(lacking_parts, has_nothing_to_say_of_a_complete_one) {
  static_assert(backend_lacks<tenon::none>().empty());
  static_assert(scheduling_lacks<tenon::fifo>().empty());
  static_assert(memory_lacks<tenon::system>().empty());
  static_assert(queue_lacks<tenon::mpmc<8>>().empty());
}

}  // namespace
