// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/environment.hpp>
#include <tenon/core/fixed_string.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/threading.hpp>
#include <tenon/core/work.hpp>
#include <tenon/observe/histogram.hpp>
#include <tenon/pipeline/detail/chain.hpp>
#include <tenon/pipeline/detail/joint.hpp>
#include <tenon/pipeline/detail/loom.hpp>
#include <tenon/pipeline/detail/ticket.hpp>
#include <tenon/pipeline/pipeline.hpp>
#include <tenon/pipeline/pipeline_errc.hpp>
#include <tenon/pipeline/stage_health.hpp>
#include <tenon/queue/by_topology.hpp>

#include <cassert>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace tenon {

/// What a fabric needs of a runtime: its threading, and `schedule(item)`, which runs a work item soon on some worker of
/// it, from any of its threads. Its member `queue`, if it names one, is the queue of joints that name none.
template <class R>
concept fabric_runtime = threading_policy<typename R::threading> && requires(R& rt, work& item) {
  { rt.schedule(item) } noexcept;
};

/// A pipeline with queues, at work on a runtime.
///
///     tenon::fabric running{rt, requests};
///     const auto answer = co_await running.submit(std::move(request));   // result<response>
///     if (!answer) co_return answer.error();
///     ...
///     co_await running.drained();
///
/// Shape         The queues and one work item a worker of a stage, allocated once; after that nothing is. An item lies
///               in the frame of the coroutine that submits it, in room for the largest of its forms; queues carry
///               pointers.
/// Queues        Each is the one that its stage names; or, by the numbers of workers on its two ends, mpmc, mpsc or
///               spsc; or the runtime's queue word. Submitters count as many where the runtime has threads.
/// Order         A stage of one worker keeps the order in which items came to it.
/// Cost          Idle: nothing, no thread waits. A joint: a push, a pop and three read-modify-writes.
/// Threads       submit: any worker of any runtime. close, stats: any thread. drained: any worker.
/// Errors        submit gives pipeline_errc::rejected, dropped, expired, timed_out or closed, errc::operation_canceled,
///               or errc::resource_unavailable_try_again, of an elastic stage whose late calls hold all it may have.
///               What a stage throws comes out of its co_await.
/// Cancellation  A stop request ends a submit that waits for room in the first queue; an item that is in goes through.
/// Elastic       A stage of workers<Min, Max>, or of a function that gives a task, is served by workers of its own, of
///               which each has one item: threads, which may block, or coroutines of the runtime. There are as many as
///               items, from Min to Max; the k-th leaves when for `idle_after` fewer than k were needed. Idle ones are
///               given items in turn. When one has had its item for `task_timeout`, the submitter is answered
///               timed_out at once, the function is asked to stop, by the std::stop_token that it may take as its last
///               argument, and another worker takes the place; what it gives later is dropped. The item was moved
///               to it before it began, so that it reads nothing of its submitter's. `health` shows all of them.
///               drained() waits for late coroutines, and for late threads no longer than `grace`: see notes().
/// Lifetime      It outlives every await of submit, and is drained before it is destroyed, which it asserts.
template <fabric_runtime R, class Pipeline>
class fabric {
  using woven = detail::weaving::weave<R, std::remove_const_t<Pipeline>, by_topology>;
  static_assert(woven::count > 0,
                "tenon::fabric: no stage names workers, a queue or an overflow, so there is nothing to run beside the "
                "caller; call the pipeline as a function");
  static_assert(
      woven::input_known,
      "tenon::fabric: the function of the first stage is a template, so the type of an item is not known; add "
      "takes<T> to that stage");
  static_assert(
      std::is_invocable_v<const typename woven::first::function_type&, typename woven::input>,
      "tenon::fabric: the first stage wants to change its caller's item, which a queue cannot give it; take it by "
      "value, T&& or const T&");
  static_assert(decltype(woven::misfit())::type::fits);  // what does not fit says so by itself
  static_assert(
      !woven::template parts<>::timed ||
          requires(R& rt) {
            { rt.now() } noexcept;
          },
      "tenon::fabric: a stage says ttl or measured, and the runtime has no now(), which tells the time; add "
      "it, or leave them out");
  static_assert(woven::template parts<>::has_threads,
                "tenon::fabric: elastic workers of a plain function are threads, which may not call into a runtime of "
                "single_thread; let the function give a tenon::task, or write multi_thread");
  static_assert(woven::template parts<>::concurrent,
                "tenon::fabric: a stage says on(another runtime), and one of the two is single_thread, into which no "
                "other may call; write multi_thread with .threads = 1 in its place");
  static_assert(woven::template parts<>::moves_in_peace,
                "tenon::fabric: what goes through a queue must move without throwing; pass a std::unique_ptr to it");

  using loom = detail::weaving::loom<R, std::remove_const_t<Pipeline>, by_topology, pipeline_errc,
                                     histogram<typename R::threading>>;
  using ticket_type = typename loom::ticket_type;
  static constexpr std::size_t prefix = std::remove_const_t<Pipeline>::segments[0].begin;
  static constexpr bool may_wait = woven::template joint_at<0>::when_full::waits;

  struct withdrawal {
    ticket_type* item;
    loom* from;
    void operator()() const noexcept {
      if (from->template joint_at<0>().withdraw(*item)) {
        loom::template fail<0>(*item, std::make_error_code(std::errc::operation_canceled));
      }
    }
  };

 public:
  /// What an item must be, and what comes of it.
  using input = typename loom::input;
  using output = typename loom::output;
  using counts = detail::weaving::joint_counts;
  struct stage_times {
    histogram<single_thread> wait;
    histogram<single_thread> service;
  };

  class [[nodiscard("an item is submitted when it is awaited")]] submission : ticket_type {
   public:
    submission(loom& to, input&& item) : to_(to) {
      this->template emplace<0>([&]() -> decltype(auto) {
        if constexpr (prefix == 0) {
          return std::move(item);
        } else {
          return detail::weaving::run_stages<0, prefix>(to.stages(), std::move(item));
        }
      });
    }
    submission(const submission&) = delete;
    submission& operator=(const submission&) = delete;
    ~submission() {
      if (this->fresh) this->template discard<0>();
    }

    [[nodiscard]] static bool await_ready() noexcept { return false; }

    template <class Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> submitter) {
      this->wait(submitter);
      assert(this->at_home() && "an item is submitted from a worker");
      this->fresh = false;
      to_.template prepare<0>(*this);
      auto& rt = to_.template runtime_of<0>();
      auto& first = to_.template joint_at<0>();
      if (!first.arrive()) return give_up(pipeline_errc::closed);
      switch (first.offer(rt, *this, loom::template losing<0>())) {
        case detail::weaving::entry::taken: return true;  // and `*this` may be gone
        case detail::weaving::entry::full: {
          if constexpr (may_wait) {
            const std::stop_source& stop = detail::environment_of(submitter)->stop;
            // Before it waits: once it does, it may be resumed, and gone, at any time.
            if (stop.stop_possible()) on_stop_.emplace(stop.get_token(), withdrawal{this, &to_});
            if (first.wait(rt, *this)) return true;
          }
          return give_up(std::make_error_code(std::errc::operation_canceled));
        }
        case detail::weaving::entry::rejected: return give_up(pipeline_errc::rejected);
        case detail::weaving::entry::dropped: return give_up(pipeline_errc::dropped);
      }
      return true;
    }

    [[nodiscard]] result<output> await_resume() {
      if constexpr (may_wait) on_stop_.reset();
#if defined(__cpp_exceptions)
      if (this->failure) std::rethrow_exception(std::move(this->failure));
#endif
      if (this->error) return this->error;
      if constexpr (std::is_void_v<output>) {
        return {};
      } else {
        return this->template take<loom::joints>();
      }
    }

   private:
    /// It did not get in, and goes on at once.
    [[nodiscard]] bool give_up(std::error_code why) noexcept {
      this->template discard<0>();
      this->error = why;
      return false;
    }

    struct nothing {};

    loom& to_;
    [[no_unique_address]] std::conditional_t<may_wait, std::optional<std::stop_callback<withdrawal>>, nothing> on_stop_;
  };

  class [[nodiscard]] draining : detail::weaving::waiter {
   public:
    explicit draining(loom& of) noexcept : of_(of) {}

    [[nodiscard]] static bool await_ready() noexcept { return false; }
    template <class Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> who) noexcept {
      this->wait(who);
      assert(this->at_home() && "a worker waits for a fabric to be drained");
      return of_.wait_until_drained(*this);
    }
    static void await_resume() noexcept {}

   private:
    loom& of_;
  };

  fabric(R& rt, const Pipeline& stages) : loom_(new loom(rt, stages)) {}

  /// Sends an item through, and gives what comes out. The stages before the first queue run here and now.
  [[nodiscard]] submission submit(input item) { return submission(*loom_, std::move(item)); }

  /// Takes no more items in. Those inside go on to their end.
  void close() noexcept { loom_->close(); }

  /// Closes, and waits until the last item is through.
  [[nodiscard]] draining drained() noexcept {
    close();
    return draining(*loom_);
  }

  /// What each stage with a queue has counted, in order:
  /// in == out + rejected + dropped + timed_out + expired + held, in each of them.
  [[nodiscard]] auto stats() const noexcept { return loom_->counts(); }
  /// The counts of one stage, by its name.
  template <fixed_string Stage>
  [[nodiscard]] counts stats() const noexcept {
    counts found;
    for (const counts& each : loom_->counts()) {
      if (each.stage == Stage.view()) found = each;
    }
    return found;
  }

  /// How the workers of an elastic stage are, by its name: see stage_health.
  template <fixed_string Stage>
  [[nodiscard]] auto health() const noexcept {
    constexpr std::size_t at = loom::template elastic_named<Stage>();
    static_assert(at < loom::joints,
                  "tenon::fabric::health: no stage of this name has workers that come and go; write workers<Min, Max> "
                  "there, or name one that does");
    if constexpr (at < loom::joints) return loom_->template crew_at<at>().health();
  }

  /// What is not as it should be, one sentence a line; none when all is well. After a drain: what it did not wait for
  /// to the end.
  [[nodiscard]] std::string notes() const {
    std::string lines;
    loom_->each_crew([&](std::string_view stage, std::size_t left_behind) {
      if (left_behind == 0) return;
      lines += "stage \"" + std::string(stage) +
               "\": calls that ran over their time and have not returned: " + std::to_string(left_behind) +
               "; each keeps its worker until it does\n";
    });
    return lines;
  }

  /// How long items waited before a measured stage, in nanoseconds, and how long it worked on them, those that failed
  /// too: of all its workers, until now. Neither has those that expired.
  template <fixed_string Stage>
  [[nodiscard]] stage_times times() const noexcept {
    constexpr std::size_t index = loom::template measured_named<Stage>();
    static_assert(index < loom::joints,
                  "tenon::fabric::times: no stage of this name is measured; add the word measured to it, or name one "
                  "that is");
    stage_times seen;
    if constexpr (index < loom::joints) loom_->template read_times<index>(seen.wait, seen.service);
    return seen;
  }

 private:
  struct parting {
    void operator()(loom* from) const noexcept { from->part(); }
  };

  std::unique_ptr<loom, parting> loom_;
};

template <fabric_runtime R, class Pipeline>
fabric(R&, const Pipeline&) -> fabric<R, Pipeline>;

}  // namespace tenon
