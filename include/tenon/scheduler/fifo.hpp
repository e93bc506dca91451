// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/scheduler/concept.hpp>
#include <tenon/scheduler/detail/injector.hpp>

#include <cstddef>

namespace tenon {

/// One queue for all workers: tasks run in the order in which they became ready.
///
///     struct tiny : tenon::runtime<tenon::epoll, tenon::fifo, tenon::single_thread> {};
///
/// Order    Strict FIFO over the whole runtime.
/// Cost     With one thread a linked list. With more, one lock a push and a pop: right for few workers and long tasks.
/// Threads  Any worker runs any task.
struct fifo : family::scheduling {
  static constexpr auto word = fixed_string("fifo");
  static constexpr bool shares = true;

  template <class Threading>
  class shared {
   public:
    explicit shared(std::size_t /*workers*/) noexcept {}

    std::size_t inject(work& item) noexcept {
      queue_.push(item);
      return 0;
    }
    std::size_t give(work& item, std::size_t worker) noexcept {
      queue_.push(item);
      return worker;
    }
    [[nodiscard]] work* pop() noexcept { return queue_.pop(); }
    [[nodiscard]] bool empty() const noexcept { return queue_.empty(); }

   private:
    detail::injector<Threading> queue_;
  };

  template <class Threading>
  class local {
   public:
    local(shared<Threading>& all, std::size_t index) noexcept : all_(all), index_(index) {}

    void push(work& item) noexcept { all_.inject(item); }
    std::size_t start(work& item) noexcept { return all_.give(item, index_); }
    [[nodiscard]] work* next() noexcept { return all_.pop(); }
    [[nodiscard]] static work* find() noexcept { return nullptr; }
    [[nodiscard]] static std::size_t stolen() noexcept { return 0; }
    [[nodiscard]] bool idle() const noexcept { return all_.empty(); }

   private:
    shared<Threading>& all_;
    std::size_t index_;
  };
};

static_assert(policy_of<fifo, family::scheduling>);

}  // namespace tenon
