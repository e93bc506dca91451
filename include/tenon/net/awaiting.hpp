// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/detail/wait.hpp>
#include <tenon/core/result.hpp>
#include <tenon/net/asio.hpp>

#include <cassert>
#include <coroutine>
#include <exception>
#include <optional>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tenon {

/// Awaits an operation of Asio's in a task: a completion token.
///
///     asio::steady_timer timer(io, 1s);
///     const auto waited = co_await timer.async_wait(tenon::awaiting);                      // result<void>
///     const auto n = co_await asio::async_read(socket, asio::buffer(room), tenon::awaiting);  // result<size_t>
///
/// Shape         (error_code) gives result<void>, (error_code, T) result<T>, more values a tuple of them; without an
///               error_code in front the values themselves; an exception_ptr in front is thrown. What an operation that
///               fails still gives (the bytes before the end of the stream) is had by
///               asio::experimental::as_tuple(tenon::awaiting).
/// Cost          One hop to the operation's executor and one back; what Asio allocates for an operation.
/// Threads       Any worker of any runtime awaits; the io_context runs on any thread, the worker's own by
///               `tenon::asio_host`. The operation begins, goes on and is cancelled on its I/O object's executor: a
///               strand where several threads run the io_context. The task goes on at the worker that awaited. A
///               handler's executor bound by asio::bind_executor is the one that completes it.
/// Errors        Asio's; in a result those of the system are of std::system_category, so that they compare with
///               std::errc (and not with asio::error). operation_canceled also when the operation was thrown away. What
///               beginning it throws leaves the co_await where the executor runs it at once, else io_context::run().
/// Cancellation  A stop request emits asio::cancellation_type::terminal and waits for the completion: the operation has
///               let go of your buffer. The io_context is run until then. What says of no executor (with Asio 1.22 a
///               token inside bind_executor or as_tuple, an initiation of your own) is cancelled only before it begins.
struct awaiting_t {};
inline constexpr awaiting_t awaiting{};

namespace detail {

template <class... Values>
struct asio_values {
  using type = std::tuple<Values...>;
};
template <>
struct asio_values<> {
  using type = void;
};
template <class Value>
struct asio_values<Value> {
  using type = Value;
};

/// Asio's category of the system's errors is its own, and none of its codes equals a std::errc.
[[nodiscard]] inline std::error_code comparable(const std::error_code& error) noexcept {
  return error.category() == ::asio::error::get_system_category()
             ? std::error_code(error.value(), std::system_category())
             : error;
}

/// What a completion signature gives: its type, how it is made of the handler's arguments, and what it is when the
/// operation was given up.
template <class... Args>
struct asio_outcome {
  using type = typename asio_values<Args...>::type;

  template <class... Given>
  [[nodiscard]] static type make(Given&&... given) {
    return type(std::forward<Given>(given)...);
  }
  [[noreturn]] static type given_up() { raise(std::make_error_code(std::errc::operation_canceled)); }
};
template <>
struct asio_outcome<> {
  using type = void;

  [[noreturn]] static void given_up() { raise(std::make_error_code(std::errc::operation_canceled)); }
};
template <class... Args>
struct asio_outcome<std::error_code, Args...> {
  using type = result<typename asio_values<Args...>::type>;

  template <class... Given>
  [[nodiscard]] static type make(const std::error_code& error, Given&&... given) {
    if (error) return comparable(error);
    if constexpr (sizeof...(Args) == 0) {
      return {};
    } else {
      return typename asio_values<Args...>::type(std::forward<Given>(given)...);
    }
  }
  [[nodiscard]] static type given_up() { return std::errc::operation_canceled; }
};
template <class... Args>
struct asio_outcome<std::tuple<std::error_code, Args...>> {
  using type = std::tuple<std::error_code, Args...>;

  [[nodiscard]] static type make(type given) { return given; }
  [[nodiscard]] static type given_up() { return type(::asio::error::operation_aborted, Args{}...); }
};
template <class... Args>
struct asio_outcome<std::exception_ptr, Args...> : asio_outcome<Args...> {};

/// One operation: the awaiter, in the frame of the coroutine that waits.
///
/// Others know of it by two hands: the operation's handler, and the message that carries a cancellation to the
/// executor. Each is given back once, by being called or by being thrown away, and comes home as a work item; the wait
/// is over when none is out.
template <class Outcome, class Begin>
class asio_wait : public wait {
  using value_type = typename Outcome::type;
  using kept = std::conditional_t<std::is_void_v<value_type>, std::tuple<>, value_type>;
  using executor_type = typename Begin::executor_type;

  /// Whoever holds it may touch the wait; letting go of it is the last touch.
  class hand {
   public:
    hand(asio_wait& of, work& home_coming) noexcept : of_(&of), item_(&home_coming) {}
    hand(hand&& other) noexcept : of_(std::exchange(other.of_, nullptr)), item_(other.item_) {}
    hand& operator=(hand&&) = delete;
    ~hand() { let_go(); }

    [[nodiscard]] asio_wait& operator*() const noexcept { return *of_; }
    void let_go() noexcept {
      if (asio_wait* const of = std::exchange(of_, nullptr)) of->home().pin(*item_);
    }

   private:
    asio_wait* of_;
    work* item_;
  };

 public:
  /// What Asio calls.
  class handler {
   public:
    using cancellation_slot_type = ::asio::cancellation_slot;

    explicit handler(asio_wait& of) noexcept : hand_(of, of.completion_) {}
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return (*hand_).slot(); }

    template <class... Given>
    void operator()(Given&&... given) {
      asio_wait& of = *hand_;
      of.signal_.slot().clear();  // what comes too late to cancel finds nothing
      of.take(std::forward<Given>(given)...);
      hand_.let_go();
    }

   private:
    hand hand_;
  };

  explicit asio_wait(Begin begin) : wait(&cancel), begin_(std::move(begin)), executor_(begin_.executor()) {
    completion_.of = emission_.of = this;
    completion_.run = emission_.run = [](work& item) noexcept { static_cast<home_coming&>(item).of->came_home(); };
  }

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) {
    const environment& env = *environment_of(waiter);
    if (env.stop.stop_requested()) return false;
    assert(here().current != nullptr && "tenon::awaiting: only a worker of a runtime awaits");
    settle(*here().current, waiter, env);
    stoppable_ = env.stop.stop_possible();
    out_ = 1;
#if defined(__cpp_exceptions)
    try {
      begin();
    } catch (...) {  // the handler is gone, and its hand on its way home: to this thread, so not before we return
      thrown_ = std::current_exception();
      return true;
    }
#else
    begin();
#endif
    watch();
    return true;
  }
  value_type await_resume() {
#if defined(__cpp_exceptions)
    if (thrown_) std::rethrow_exception(thrown_);
#endif
    if (!kept_) return Outcome::given_up();
    if constexpr (!std::is_void_v<value_type>) return std::move(*kept_);
  }

 private:
  struct home_coming : work {
    asio_wait* of = nullptr;
  };
  /// On the operation's executor: begins it. All it needs is in here, for the wait may be over before it returns.
  class starting {
   public:
    starting(Begin begin, handler completes) noexcept : begin_(std::move(begin)), completes_(std::move(completes)) {}
    void operator()() { begin_(std::move(completes_)); }

   private:
    Begin begin_;
    handler completes_;
  };
  /// On the operation's executor: cancels it.
  class cancelling {
   public:
    explicit cancelling(asio_wait& of) noexcept : hand_(of, of.emission_) {}
    void operator()() {
      (*hand_).signal_.emit(::asio::cancellation_type::terminal);
      hand_.let_go();
    }

   private:
    hand hand_;
  };

  void begin() {
    if constexpr (Begin::knows_executor) {
      ::asio::dispatch(executor_, starting(std::move(begin_), handler(*this)));
    } else {
      begin_(handler(*this));
    }
  }

  [[nodiscard]] ::asio::cancellation_slot slot() noexcept {
    return stoppable_ && Begin::knows_executor ? signal_.slot() : ::asio::cancellation_slot();
  }

  template <class First = int, class... Rest>
  void take([[maybe_unused]] First&& first = {}, Rest&&... rest) {
    if constexpr (std::is_void_v<value_type>) {
      if constexpr (std::is_same_v<std::decay_t<First>, std::exception_ptr>) {
        if (first) return throw_later(first);
      }
      kept_.emplace();
    } else if constexpr (std::is_same_v<std::decay_t<First>, std::exception_ptr>) {
      if (first) return throw_later(first);
      kept_.emplace(Outcome::make(std::forward<Rest>(rest)...));
    } else {
      kept_.emplace(Outcome::make(std::forward<First>(first), std::forward<Rest>(rest)...));
    }
  }
  void throw_later([[maybe_unused]] const std::exception_ptr& thrown) noexcept {
#if defined(__cpp_exceptions)
    thrown_ = thrown;
#endif
  }

  /// At home.
  static void cancel(wait& base) noexcept {
    auto& self = static_cast<asio_wait&>(base);
    if constexpr (Begin::knows_executor) {
      if (self.cancelled_) return;
      self.cancelled_ = true;
      ++self.out_;
      ::asio::dispatch(self.executor_, cancelling(self));
    }
  }
  void came_home() noexcept {
    if (--out_ == 0) end();
  }

  Begin begin_;
  executor_type executor_;
  ::asio::cancellation_signal signal_;
  home_coming completion_;
  home_coming emission_;
  std::optional<kept> kept_;
#if defined(__cpp_exceptions)
  std::exception_ptr thrown_;
#endif
  int out_ = 0;  // hands that are out; at home only
  bool cancelled_ = false;
  bool stoppable_ = false;
};

struct asio_nowhere {};

/// The executor of an operation's I/O object, which Asio's own initiations tell.
template <class Initiation>
[[nodiscard]] auto asio_executor_of(const Initiation& how) noexcept {
  if constexpr (requires { how.get_executor(); }) {
    return how.get_executor();
  } else {
    return asio_nowhere{};
  }
}

/// An operation that has not begun: Asio's initiation and what it is called with.
template <class Initiation, class... Args>
class asio_begin {
 public:
  using executor_type = decltype(asio_executor_of(std::declval<const Initiation&>()));
  static constexpr bool knows_executor = !std::is_same_v<executor_type, asio_nowhere>;

  template <class... Given>
  explicit asio_begin(Initiation how, Given&&... args) : how_(std::move(how)), args_(std::forward<Given>(args)...) {}

  [[nodiscard]] executor_type executor() const noexcept { return asio_executor_of(how_); }
  template <class Handler>
  void operator()(Handler completes) {
    std::apply([&](Args&... args) { std::move(how_)(std::move(completes), std::move(args)...); }, args_);
  }

 private:
  Initiation how_;
  std::tuple<Args...> args_;
};

}  // namespace detail

}  // namespace tenon

namespace asio {

/// How Asio asks a token what its asynchronous functions give: here what is to be awaited.
template <class... Results>
class async_result<tenon::awaiting_t, void(Results...)> {
 public:
  template <class Initiation, class... Args>
  [[nodiscard]] static auto initiate(Initiation&& how, tenon::awaiting_t /*token*/, Args&&... args) {
    using begin = tenon::detail::asio_begin<std::decay_t<Initiation>, std::decay_t<Args>...>;
    using outcome = tenon::detail::asio_outcome<std::decay_t<Results>...>;
    return tenon::detail::asio_wait<outcome, begin>(begin(std::forward<Initiation>(how), std::forward<Args>(args)...));
  }
};

}  // namespace asio
