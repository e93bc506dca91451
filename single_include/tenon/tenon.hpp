// SPDX-License-Identifier: BSL-1.0
// tenon in one file, written by tools/amalgamate.py from include/; change those headers, not this.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <climits>
#include <concepts>
#include <coroutine>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

// tenon/version.hpp

/// The one place where the version is written; CMake, Conan and vcpkg read these three lines.
#define TENON_VERSION_MAJOR 0
#define TENON_VERSION_MINOR 1
#define TENON_VERSION_PATCH 0
// tenon/core/work.hpp

namespace tenon {

/// An intrusive work item: what a worker runs, a backend completes and a queue links. It never owns memory.
///
/// Shape    Two words. Whoever embeds it keeps it at one address from the moment it is handed over until `run` is
///          called; `run` may free it.
/// Threads  At most one list holds it at a time.
struct work {
  using function = void (*)(work&) noexcept;

  work() = default;
  explicit work(function f) noexcept : run(f) {}

  work* next = nullptr;
  function run = nullptr;
};

/// A FIFO of work items linked through themselves.
///
/// Cost     push, pop, append: O(1), no allocation.
/// Threads  One at a time.
class work_list {
 public:
  work_list() = default;
  work_list(work_list&& other) noexcept
      : head_(std::exchange(other.head_, nullptr)), tail_(std::exchange(other.tail_, nullptr)) {}
  work_list& operator=(work_list&& other) noexcept {
    head_ = std::exchange(other.head_, nullptr);
    tail_ = std::exchange(other.tail_, nullptr);
    return *this;
  }

  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  [[nodiscard]] work* front() const noexcept { return head_; }

  void push(work& item) noexcept {
    item.next = nullptr;
    (head_ == nullptr ? head_ : tail_->next) = &item;
    tail_ = &item;
  }

  [[nodiscard]] work* pop() noexcept {
    work* const item = head_;
    if (item != nullptr) {
      head_ = item->next;
      if (head_ == nullptr) tail_ = nullptr;
    }
    return item;
  }

  /// Moves all of `other` behind what is here.
  void append(work_list&& other) noexcept {
    if (other.head_ == nullptr) return;
    (head_ == nullptr ? head_ : tail_->next) = std::exchange(other.head_, nullptr);
    tail_ = std::exchange(other.tail_, nullptr);
  }

 private:
  work* head_ = nullptr;
  work* tail_ = nullptr;
};

static_assert(sizeof(work) == 2 * sizeof(void*));

}  // namespace tenon
// tenon/core/io_operation.hpp

namespace tenon {

/// What a backend remembers of one descriptor. Each backend's `source` derives from it.
struct io_source {
  int fd = -1;
};

/// What an operation does.
enum class io_kind : std::uint8_t {
  readable,         ///< waits until a read would not block, and takes nothing; outcome 0
  arrival,          ///< waits until a read of this source would not block, and may have taken bytes in; outcome 0
  writable,         ///< waits until a write would not block; outcome 0
  read,             ///< reads up to `size` bytes into `data`; outcome: bytes, 0 at the end of the stream
  write,            ///< writes up to `size` bytes from `data`; outcome: bytes. Never raises SIGPIPE on a socket
  accept,           ///< accepts a connection, non-blocking and close-on-exec; outcome: its descriptor
  connect,          ///< connects to the sockaddr of `size` bytes at `data`; outcome 0
  send_message,     ///< sends the msghdr at `data`, of `size` bytes in all; outcome: bytes. Never raises SIGPIPE
  receive_message,  ///< receives into the msghdr at `data`, which has room for `size`; outcome: bytes
  read_at,          ///< reads up to `size` bytes of a file into the file_part at `data`; outcome: bytes, 0 at the end
  write_at,         ///< writes up to `size` bytes from the file_part at `data`; outcome: bytes
  sync,             ///< outcome 0 when what was written to the file, and what describes it, is on the device
  sync_data,        ///< the same for what it takes to read it again
};

/// What read_at and write_at move: `io_operation::size` bytes at `bytes`, which stand in the file from `offset` on.
struct file_part {
  void* bytes = nullptr;
  std::int64_t offset = 0;
};

/// One I/O operation in flight: an intrusive work item that a backend completes.
///
/// The one who starts it fills in `source`, `kind`, `data`, `size` and `run`. The backend fills in `outcome` and then
/// calls run(operation), once, from inside its wait() and on its own thread. Until then the backend owns the item and
/// the bytes at `data`.
struct io_operation : work {
  io_kind kind = io_kind::readable;
  io_source* source = nullptr;
  void* data = nullptr;
  std::size_t size = 0;
  std::int64_t outcome = 0;  ///< >= 0 as the kind says; below zero, -errno
};

/// Waits for something a descriptor becomes (or takes bytes in): the side of a full-duplex descriptor it uses.
[[nodiscard]] constexpr bool is_inbound(io_kind kind) noexcept {
  return kind == io_kind::readable || kind == io_kind::arrival || kind == io_kind::read || kind == io_kind::accept ||
         kind == io_kind::receive_message;
}

/// Waits for readiness alone.
[[nodiscard]] constexpr bool is_poll(io_kind kind) noexcept {
  return kind == io_kind::readable || kind == io_kind::arrival || kind == io_kind::writable;
}

/// Works on a file, which is never waited for: any number at a time, and `source` is a plain io_source that no loop has
/// been told of. A proactor hands it over. Others make the call at once, where it stands, and it may block.
[[nodiscard]] constexpr bool is_of_file(io_kind kind) noexcept { return kind >= io_kind::read_at; }

/// Ends in a count of bytes or a descriptor.
[[nodiscard]] constexpr bool is_transfer(io_kind kind) noexcept {
  return kind == io_kind::read || kind == io_kind::write || kind == io_kind::accept || kind == io_kind::send_message ||
         kind == io_kind::receive_message;
}

}  // namespace tenon
// tenon/core/policy.hpp

namespace tenon {

/// The families a runtime is made of. A policy names its family by deriving from one of these, publicly.
///
///     struct my_backend : tenon::family::backend {
///       static constexpr auto word = tenon::fixed_string("my_backend");
///       template <class Threading> class loop { /* ... */ };
///     };
namespace family {
struct backend {
  using family = backend;
};
struct scheduling {
  using family = scheduling;
};
struct memory {
  using family = memory;
};
struct queue {
  using family = queue;
};
struct topology {
  using family = topology;
};
struct threading {
  using family = threading;
};
struct observe {
  using family = observe;
};
struct clock {
  using family = clock;
};
struct errors {
  using family = errors;
};
struct context {
  using family = context;
};
}  // namespace family

namespace detail {

template <class P>
concept complete = requires { sizeof(P); };

template <class P>
concept names_family = requires { typename P::family; } && std::is_base_of_v<typename P::family, P>;

}  // namespace detail

/// A policy: an empty class that derives from one family and carries its `word`, the way it is spelled in a sentence.
template <class P>
concept policy =
    detail::complete<P> && detail::names_family<P> && std::is_empty_v<P> && requires { std::string_view{P::word}; };

/// A policy of one given family.
template <class P, class Family>
concept policy_of = policy<P> && std::is_same_v<typename P::family, Family>;

}  // namespace tenon
// tenon/core/result.hpp

namespace tenon {

namespace detail {

[[noreturn]] inline void raise(const std::error_code& error) {
#if defined(__cpp_exceptions)
  throw std::system_error(error);
#else
  (void)error;
  std::terminate();
#endif
}

}  // namespace detail

/// What an operation gives: a value, or the std::error_code that says why there is none.
///
/// Ours rather than boost::system::result, whose header alone costs 0.18 s of each translation unit at -O0 (the whole
/// budget of this library is 0.6 s) and is not in the Boost that Debian 12 installs by default.
///
///     auto n = co_await peer.read_some(room);
///     if (!n) return n.error();
///
/// Shape    The value and an error code side by side in a union, and a flag.
/// Cost     No allocation, no exception on the way.
/// Errors   value() of an error throws std::system_error (terminates with -fno-exceptions); operator* of an error is a
///          programming mistake and asserts.
template <class T>
class [[nodiscard]] result {
  static_assert(!std::is_reference_v<T>, "tenon::result<T>: T is a reference; write result<std::reference_wrapper<T>>");

 public:
  using value_type = T;

  // NOLINTBEGIN(google-explicit-constructor): `return value;` and `return error;` are how it is used
  template <class U = T>
    requires(std::is_constructible_v<T, U> && !std::is_same_v<std::remove_cvref_t<U>, result> &&
             !std::is_convertible_v<U, std::error_code>)
  result(U&& value) noexcept(std::is_nothrow_constructible_v<T, U>) : has_(true) {
    std::construct_at(std::addressof(value_), std::forward<U>(value));
  }
  result(std::error_code error) noexcept : error_(error), has_(false) { assert(error && "an error must say what"); }
  result(std::errc error) noexcept : result(std::make_error_code(error)) {}
  // NOLINTEND(google-explicit-constructor)

  result(result&& other) noexcept(std::is_nothrow_move_constructible_v<T>) : has_(other.has_) {
    take(std::move(other));
  }
  result(const result& other)
    requires std::is_copy_constructible_v<T>
      : has_(other.has_) {
    take(other);
  }
  result& operator=(result&& other) noexcept(std::is_nothrow_move_constructible_v<T>) {
    if (this != &other) {
      destroy();
      has_ = other.has_;
      take(std::move(other));
    }
    return *this;
  }
  result& operator=(const result& other)
    requires std::is_copy_constructible_v<T>
  {
    if (this != &other) *this = result(other);
    return *this;
  }
  ~result() { destroy(); }

  [[nodiscard]] bool has_value() const noexcept { return has_; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_; }

  [[nodiscard]] T& operator*() & noexcept { return assert(has_), value_; }
  [[nodiscard]] const T& operator*() const& noexcept { return assert(has_), value_; }
  [[nodiscard]] T&& operator*() && noexcept { return assert(has_), std::move(value_); }
  [[nodiscard]] T* operator->() noexcept { return assert(has_), std::addressof(value_); }
  [[nodiscard]] const T* operator->() const noexcept { return assert(has_), std::addressof(value_); }

  [[nodiscard]] T& value() & { return check(), value_; }
  [[nodiscard]] const T& value() const& { return check(), value_; }
  [[nodiscard]] T value() && { return check(), std::move(value_); }
  template <class U>
  [[nodiscard]] T value_or(U&& other) && {
    return has_ ? std::move(value_) : static_cast<T>(std::forward<U>(other));
  }

  /// The error; of a value, the empty code.
  [[nodiscard]] std::error_code error() const noexcept { return has_ ? std::error_code{} : error_; }

 private:
  void check() const {
    if (!has_) detail::raise(error_);
  }
  template <class Other>
  void take(Other&& other) {
    if (has_) {
      std::construct_at(std::addressof(value_), std::forward<Other>(other).value_);
    } else {
      std::construct_at(std::addressof(error_), other.error_);
    }
  }
  void destroy() noexcept {
    if (has_) std::destroy_at(std::addressof(value_));
  }

  union {
    T value_;
    std::error_code error_;
  };
  bool has_;
};

/// An operation that gives nothing but whether it went well.
template <>
class [[nodiscard]] result<void> {
 public:
  using value_type = void;

  result() = default;
  // NOLINTBEGIN(google-explicit-constructor): `return error;` is how it is used
  result(std::error_code error) noexcept : error_(error) {}
  result(std::errc error) noexcept : error_(std::make_error_code(error)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool has_value() const noexcept { return !error_; }
  [[nodiscard]] explicit operator bool() const noexcept { return !error_; }
  void value() const {
    if (error_) detail::raise(error_);
  }
  [[nodiscard]] std::error_code error() const noexcept { return error_; }

 private:
  std::error_code error_;
};

/// An errno value as a std::error_code.
[[nodiscard]] inline std::error_code error_of(int errno_value) noexcept {
  return {errno_value, std::generic_category()};
}

}  // namespace tenon
// tenon/core/fixed_string.hpp

namespace tenon {

/// A string that can be a template argument: `stage<"parse">`, `synthetic<"node:2 core:8">`.
///
/// Shape    N characters and a terminator, inside the object.
template <std::size_t N>
struct fixed_string {
  char text[N + 1]{};

  constexpr fixed_string() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is meant to turn into one
  constexpr fixed_string(const char (&literal)[N + 1]) noexcept {
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }

  [[nodiscard]] static constexpr std::size_t size() noexcept { return N; }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text, N}; }
  // NOLINTNEXTLINE(google-explicit-constructor): reads wherever a string_view reads
  constexpr operator std::string_view() const noexcept { return view(); }

  template <std::size_t M>
  [[nodiscard]] friend constexpr fixed_string<N + M> operator+(const fixed_string& a,
                                                               const fixed_string<M>& b) noexcept {
    fixed_string<N + M> both;
    for (std::size_t i = 0; i < N; ++i) both.text[i] = a.text[i];
    for (std::size_t i = 0; i < M; ++i) both.text[N + i] = b.text[i];
    return both;
  }
  template <std::size_t M>
  [[nodiscard]] friend constexpr bool operator==(const fixed_string& a, const fixed_string<M>& b) noexcept {
    return a.view() == b.view();
  }
};

template <std::size_t M>
fixed_string(const char (&)[M]) -> fixed_string<M - 1>;

namespace detail {

consteval std::size_t digits_of(std::size_t value) noexcept {
  std::size_t digits = 1;
  while (value >= 10) {
    value /= 10;
    ++digits;
  }
  return digits;
}

/// `decimal<1024>` is fixed_string("1024"): how a policy spells its numbers in its word.
template <std::size_t Value>
inline constexpr auto decimal = [] {
  fixed_string<digits_of(Value)> out;
  std::size_t rest = Value;
  for (std::size_t i = out.size(); i-- > 0; rest /= 10) out.text[i] = static_cast<char>('0' + rest % 10);
  return out;
}();

}  // namespace detail

static_assert(fixed_string("spsc<") + detail::decimal<1024> + fixed_string(">") == fixed_string("spsc<1024>"));

}  // namespace tenon
// tenon/core/threading.hpp

namespace tenon {

namespace detail {

/// std::atomic's face over a plain variable: what `single_thread` puts where `multi_thread` has an atomic.
template <class T>
class plain {
 public:
  plain() = default;
  constexpr explicit plain(T value) noexcept : value_(value) {}
  plain(const plain&) = delete;
  plain& operator=(const plain&) = delete;

  [[nodiscard]] T load(std::memory_order = std::memory_order_seq_cst) const noexcept { return value_; }
  void store(T value, std::memory_order = std::memory_order_seq_cst) noexcept { value_ = value; }
  T exchange(T value, std::memory_order = std::memory_order_seq_cst) noexcept { return std::exchange(value_, value); }
  T fetch_add(T by, std::memory_order = std::memory_order_seq_cst) noexcept {
    return std::exchange(value_, static_cast<T>(value_ + by));
  }
  T fetch_sub(T by, std::memory_order = std::memory_order_seq_cst) noexcept {
    return std::exchange(value_, static_cast<T>(value_ - by));
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order = std::memory_order_seq_cst,
                               std::memory_order = std::memory_order_seq_cst) noexcept {
    if (value_ == expected) {
      value_ = desired;
      return true;
    }
    expected = value_;
    return false;
  }

 private:
  T value_{};
};

/// std::mutex's face with nothing inside.
struct no_mutex {
  void lock() noexcept {}
  bool try_lock() noexcept { return true; }
  void unlock() noexcept {}
};

}  // namespace detail

/// Workers are threads, and any thread may post. The default.
struct multi_thread : family::threading {
  static constexpr auto word = fixed_string("multi_thread");
  static constexpr bool concurrent = true;
  template <class T>
  using atomic = std::atomic<T>;
  using mutex = std::mutex;
};

/// One thread, the one that calls run(): nothing atomic is emitted, and a post from elsewhere does not compile.
struct single_thread : family::threading {
  static constexpr auto word = fixed_string("single_thread");
  static constexpr bool concurrent = false;
  template <class T>
  using atomic = detail::plain<T>;
  using mutex = detail::no_mutex;
};

/// Contract of the threading family: whether anything atomic exists, and what stands in its place.
template <class P>
concept threading_policy = policy_of<P, family::threading> && requires {
  { P::concurrent } -> std::convertible_to<bool>;
  typename P::template atomic<int>;
  typename P::mutex;
};

static_assert(threading_policy<multi_thread>);
static_assert(threading_policy<single_thread>);

}  // namespace tenon
// tenon/backend/concept.hpp

namespace tenon {

/// Contract of one backend loop: where one worker waits, and how its I/O completes. It knows no coroutine.
///
/// open()       Once, before all else. An error leaves nothing behind.
/// attach       Binds a source (at a stable address, its descriptor non-blocking) to this loop. Errors: EEXIST, EMFILE,
///              ENOMEM...
/// detach       Forgets a source. It has no operation in flight; the descriptor is still open.
/// attempt      Tries the operation at once, from any thread, and never waits: true when `outcome` holds the end of it,
///              false when it would block (or this backend prefers to be asked with start).
/// attempt_here Not required: attempt(), for who is on the loop's thread.
/// start        On the loop's thread. true: ended at once, `outcome` is set and run() will not be called.
///              false: in flight; run(op) will be called once, from inside a later wait(). At most one operation a side
///              (inbound, outbound) of a source is in flight. What works on a file (is_of_file) has no side.
/// cancel       On the loop's thread, for an operation in flight: it ends soon, with -ECANCELED unless it had ended
///              already. Its run() is still called from inside a wait(), and only then has the buffer been let go.
/// wait         Completes what is ready; when nothing is, waits for the first of: something is, a wake(), `timeout`
///              over. timeout 0 polls, a negative one waits without limit. Gives how many operations it completed. It
///              may end early with none (a signal, a wake-up rung late): who waits for a time looks at the clock. The
///              thread of the first wait() is the loop's thread for good; open() and the destructor may run on another.
/// wake         Any thread (only there when Threading is concurrent): ends the present wait(), or else the next one.
///              Never lost; many before one wait() may count as one.
/// note         A sentence for `describe`, empty when all is as the type says.
/// Thread safety  One thread, but for attempt and wake.
template <class L>
concept backend_loop =
    std::is_default_constructible_v<L> && std::is_base_of_v<io_source, typename L::source> &&
    std::is_default_constructible_v<typename L::source> &&
    requires(L loop, const L& fixed, typename L::source& source, io_operation& op, std::chrono::nanoseconds timeout) {
      { loop.open() } noexcept -> std::same_as<result<void>>;
      { loop.attach(source) } noexcept -> std::same_as<result<void>>;
      { loop.detach(source) } noexcept -> std::same_as<void>;
      { L::attempt(op) } noexcept -> std::same_as<bool>;
      { loop.start(op) } noexcept -> std::same_as<bool>;
      { loop.cancel(op) } noexcept -> std::same_as<void>;
      { loop.wait(timeout) } noexcept -> std::same_as<std::size_t>;
      { fixed.note() } noexcept -> std::convertible_to<std::string_view>;
    };

/// A loop that another thread can wake.
template <class L>
concept wakeable_loop = backend_loop<L> && requires(L loop) {
  { loop.wake() } noexcept -> std::same_as<void>;
};

/// A loop that can stand in somebody else's: the host waits for its descriptor instead of calling wait().
///
/// expose       On the loop's thread, once, after open() and before all below. Errors: EMFILE, ENFILE, ENOMEM.
/// handle       A descriptor, always the same, for the host to poll.
/// doze         On the loop's thread: hands over to the kernel what it has not yet. true: nothing is to be done, and
///              from now on what completes, and with a concurrent Threading each wake(), makes the handle readable.
///              false: there is something, call wait(0). Either way the next call of another function is a wait().
/// due          Not required: when wait(0) is to be called though the handle is silent; negative: never.
template <class L>
concept embeddable_loop = backend_loop<L> && requires(L loop, const L& fixed) {
  { loop.expose() } noexcept -> std::same_as<result<void>>;
  { fixed.handle() } noexcept -> std::same_as<int>;
  { loop.doze() } noexcept -> std::same_as<bool>;
};

/// Contract of the backend family: `P::loop<Threading>` is a backend_loop, and can be woken when Threading is
/// concurrent.
///
/// performs_io  Whether there is any I/O at all.
/// proactor     Whether operations are handed over whole. Otherwise they are system calls made when they will not
///              block, and attempt() being false means that the call would.
template <class P>
concept backend_policy = policy_of<P, family::backend> && backend_loop<typename P::template loop<single_thread>> &&
                         wakeable_loop<typename P::template loop<multi_thread>> && requires {
                           { P::performs_io } -> std::convertible_to<bool>;
                           { P::proactor } -> std::convertible_to<bool>;
                         };

}  // namespace tenon
// tenon/core/unique_fd.hpp

namespace tenon {

/// Owns one file descriptor and closes it once.
///
/// Thread safety  As an int: one thread at a time.
/// Errors         close() failing is ignored: the descriptor is gone either way (close(2)).
class unique_fd {
 public:
  unique_fd() = default;
  explicit unique_fd(int fd) noexcept : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~unique_fd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept {
    if (const int old = std::exchange(fd_, fd); old >= 0) ::close(old);
  }

 private:
  int fd_ = -1;
};

static_assert(sizeof(unique_fd) == sizeof(int));

}  // namespace tenon
// tenon/backend/detail/far_alarm.hpp

namespace tenon::detail {

/// A timer of the kernel's that ends the waits of an epoll, and stays set from one to the next. A wait that has a
/// timeout of its own sets one up and takes it down each time, for 0.3 us and more; but who waits for long, for a
/// client that is idle, is nearly always woken by something else, and a deadline that moves on need not be told to the
/// kernel: the alarm rings too early once, and is set anew.
class far_alarm {
 public:
  /// Timeouts from here on are worth it.
  static constexpr std::chrono::nanoseconds far = std::chrono::seconds(1);

  /// Sees to it that a wait of `poller` without a timeout ends before `timeout` is over. False: it cannot.
  [[nodiscard]] bool covers(int poller, std::chrono::nanoseconds timeout) noexcept {
    timespec tick{};  // a little behind, so that what is set by it comes no later
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &tick);
    const std::int64_t now = std::int64_t{tick.tv_sec} * second + tick.tv_nsec;
    const std::int64_t wanted = now + (timeout.count() < longest ? timeout.count() : longest);
    if (at_ != 0 && at_ <= wanted) return true;
    if (!timer_ && !open(poller)) return false;
    itimerspec when{};
    when.it_value.tv_sec = static_cast<decltype(when.it_value.tv_sec)>(wanted / second);
    when.it_value.tv_nsec = static_cast<decltype(when.it_value.tv_nsec)>(wanted % second);
    if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) != 0) return false;
    at_ = wanted;
    return true;
  }

  /// Its event has come.
  void rang() noexcept { at_ = 0; }

 private:
  static constexpr std::int64_t second = 1'000'000'000;
  static constexpr std::int64_t longest = std::int64_t{86'400} * second;

  [[nodiscard]] bool open(int poller) noexcept {
    unique_fd timer{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
    if (!timer) return false;
    // Edge-triggered, so that it need not be read.
    epoll_event asked{EPOLLIN | EPOLLET, {.ptr = this}};
    if (::epoll_ctl(poller, EPOLL_CTL_ADD, timer.get(), &asked) != 0) return false;
    timer_ = static_cast<unique_fd&&>(timer);
    return true;
  }

  unique_fd timer_;
  std::int64_t at_ = 0;  // when it rings, by CLOCK_MONOTONIC; 0 when it is not set
};

}  // namespace tenon::detail
// tenon/backend/detail/readiness.hpp

/// What the backends that wait for readiness share (poll, epoll, libuv, and io_uring's fallback): the source, the
/// system calls, and the rule by which no edge is lost.
///
/// The hint `ready` of a side means: the kernel has said, or the last system call has shown, that a call may not block.
/// Only the loop's thread writes true into it for an event (deliver). The one who holds the side's operation (there is
/// at most one; the scheduler orders those who hold it in turn) clears it before its system call C, and sets it again
/// when C does not show the side empty. Why no edge is lost, when C runs on another thread than the loop:
///   - C would block. The descriptor was not ready at an instant c inside C. An event e after c wakes the loop, which
///     then writes true. The clear stands before C, and the kernel orders C and e by the descriptor's lock: so the
///     write of true is later than the clear, and stays. The operation goes home, and start() looks at the hint on the
///     loop's thread, the thread that delivers events: either the event was delivered, and start() makes the call
///     again, or it will be, and finds the operation pending.
///   - C takes part of what it asked for, on a stream. The side was empty at an instant c inside C (epoll(7), question
///     9), and the case is the one above; the next call is spared.
///   - As before, but the stream had ended too (a FIN behind the last bytes): no event may follow. The event that said
///     so set `ended` before its write of true (release). If that write comes before the clear, the clear acquires it,
///     so `ended` is seen after C and the hint is set again: the clear is an exchange (acquire), and what the holder
///     wrote in between are exchanges too, which do not end the release sequence. If it comes after, it stays.
/// Model: tests/model/readiness.cpp, which found that setting it again must be an exchange.
/// A level-triggered backend needs none of this to be safe, since it asks again for each pending operation; to it the
/// hint only tells a call worth trying from one that would be wasted.
namespace tenon::detail {

template <class Threading>
struct ready_side {
  typename Threading::template atomic<bool> ready{true};
  io_operation* pending = nullptr;  // the loop's thread only; while set, `ready` is false
};

template <class Threading>
struct ready_source : io_source {
  ready_side<Threading> in;
  ready_side<Threading> out;
  typename Threading::template atomic<bool> ended{false};  ///< a short transfer does not mean "empty" any more
  bool is_socket = false;
  bool is_stream = false;  ///< a short read or write shows that it is empty or full

  [[nodiscard]] ready_side<Threading>& side(io_kind kind) noexcept { return is_inbound(kind) ? in : out; }
  [[nodiscard]] bool is_idle() const noexcept { return in.pending == nullptr && out.pending == nullptr; }
};

/// Makes a source as new, for the descriptor it now has: asks once what that is. EBADF when it is none, else 0.
template <class Threading>
[[nodiscard]] int reset_source(ready_source<Threading>& source) noexcept {
  assert(source.is_idle());
  int type = 0;
  socklen_t size = sizeof type;
  source.is_socket = ::getsockopt(source.fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
  if (source.is_socket) {
    source.is_stream = type == SOCK_STREAM;
  } else {
    if (errno == EBADF) return EBADF;
    // Of the rest only pipes are streams: terminals give a line a read, inotify whole records, O_DIRECT pipes packets.
    struct stat about{};
    source.is_stream =
        ::fstat(source.fd, &about) == 0 && S_ISFIFO(about.st_mode) && (::fcntl(source.fd, F_GETFL) & O_DIRECT) == 0;
  }
  source.ended.store(false, std::memory_order_relaxed);
  source.in.ready.store(true, std::memory_order_relaxed);
  source.out.ready.store(true, std::memory_order_relaxed);
  return 0;
}

/// The system call of an operation: what it gives, or -errno. EINTR is asked again.
[[nodiscard]] inline std::int64_t perform(const io_operation& op, bool is_socket) noexcept {
  const int fd = op.source->fd;
  for (;;) {
    std::int64_t got = -1;
    switch (op.kind) {
      case io_kind::read: got = is_socket ? ::recv(fd, op.data, op.size, 0) : ::read(fd, op.data, op.size); break;
      case io_kind::write:
        got = is_socket ? ::send(fd, op.data, op.size, MSG_NOSIGNAL) : ::write(fd, op.data, op.size);
        break;
      case io_kind::accept: got = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); break;
      case io_kind::send_message: got = ::sendmsg(fd, static_cast<const msghdr*>(op.data), MSG_NOSIGNAL); break;
      case io_kind::receive_message: got = ::recvmsg(fd, static_cast<msghdr*>(op.data), 0); break;
      case io_kind::read_at: {
        const auto& part = *static_cast<const file_part*>(op.data);
        got = ::pread(fd, part.bytes, op.size, part.offset);
        break;
      }
      case io_kind::write_at: {
        const auto& part = *static_cast<const file_part*>(op.data);
        got = ::pwrite(fd, part.bytes, op.size, part.offset);
        break;
      }
      case io_kind::sync: got = ::fsync(fd); break;
      case io_kind::sync_data: got = ::fdatasync(fd); break;
      case io_kind::connect:
        got = ::connect(fd, static_cast<const sockaddr*>(op.data), static_cast<socklen_t>(op.size));
        if (got < 0 && errno == EINTR) return -EINPROGRESS;  // it goes on without us (connect(2))
        break;
      case io_kind::readable:
      case io_kind::arrival:
      case io_kind::writable: {
        pollfd asked{fd, static_cast<short>(op.kind != io_kind::writable ? POLLIN : POLLOUT), 0};
        got = ::poll(&asked, 1, 0);
        if (got == 0) return -EAGAIN;
        if (got == 1) return (asked.revents & POLLNVAL) != 0 ? -EBADF : 0;
        break;
      }
    }
    if (got >= 0) return got;
    if (errno != EINTR) return -errno;
  }
}

/// An operation on a file, which never has to be waited for.
[[nodiscard]] inline bool perform_at_once(io_operation& op) noexcept {
  op.outcome = perform(op, false);
  return true;
}

/// Makes the system call of an operation whose side's hint is clear. True: it has ended, and the hint is right again.
template <class Threading>
[[nodiscard]] bool try_now(io_operation& op, ready_source<Threading>& source, ready_side<Threading>& side) noexcept {
  const std::int64_t got = perform(op, source.is_socket);
  if (got == -EAGAIN) return false;
  op.outcome = got;
  const bool emptied = source.is_stream && got > 0 && static_cast<std::size_t>(got) < op.size &&
                       (op.kind == io_kind::read || op.kind == io_kind::write);
  // After an error, as after a full transfer, no new event need come: accept() with EMFILE leaves the peer waiting.
  if (!emptied || source.ended.load(std::memory_order_relaxed)) {
    // Not a store: the loop may have written true since the clear, and the next clear must acquire that.
    (void)side.ready.exchange(true, std::memory_order_relaxed);
  }
  return true;
}

/// backend_loop's attempt.
template <class Threading>
[[nodiscard]] bool attempt_ready(io_operation& op) noexcept {
  if (is_of_file(op.kind)) return perform_at_once(op);
  auto& source = static_cast<ready_source<Threading>&>(*op.source);
  ready_side<Threading>& side = source.side(op.kind);
  if (op.kind == io_kind::connect) return false;  // begun only where its end is heard of
  if (!side.ready.load(std::memory_order_relaxed)) return false;
  (void)side.ready.exchange(false, std::memory_order_acquire);
  return try_now(op, source, side);
}

/// The same on the loop's own thread: no event can come in between, so the hint is written when all is known, and by
/// nobody else.
template <class Threading>
[[nodiscard]] inline bool attempt_here(io_operation& op) noexcept {
  if (op.kind != io_kind::read && op.kind != io_kind::write) return attempt_ready<Threading>(op);
  auto& source = static_cast<ready_source<Threading>&>(*op.source);
  ready_side<Threading>& side = source.side(op.kind);
  if (!side.ready.load(std::memory_order_relaxed)) return false;
  op.outcome = perform(op, source.is_socket);
  if (op.outcome == -EAGAIN) {
    side.ready.store(false, std::memory_order_relaxed);
    return false;
  }
  const bool emptied = source.is_stream && op.outcome > 0 && static_cast<std::size_t>(op.outcome) < op.size;
  if (emptied && !source.ended.load(std::memory_order_relaxed)) side.ready.store(false, std::memory_order_relaxed);
  return true;
}

/// The same of a socket's read or write for who will not wait: bytes, or -errno, -EAGAIN among them.
template <class Threading>
[[nodiscard]] inline std::int64_t transfer_here(ready_source<Threading>& source, io_kind kind, void* data,
                                                std::size_t size) noexcept {
  ready_side<Threading>& side = source.side(kind);
  if (!side.ready.load(std::memory_order_relaxed)) return -EAGAIN;
  std::int64_t got = 0;
  do {
    got = kind == io_kind::read ? ::recv(source.fd, data, size, 0) : ::send(source.fd, data, size, MSG_NOSIGNAL);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    const int why = errno;
    if (why == EAGAIN) side.ready.store(false, std::memory_order_relaxed);
    return -why;
  }
  const bool emptied = source.is_stream && got > 0 && static_cast<std::size_t>(got) < size;
  if (emptied && !source.ended.load(std::memory_order_relaxed)) side.ready.store(false, std::memory_order_relaxed);
  return got;
}

/// backend_loop's start: true when it ended at once, else it is pending.
template <class Threading>
[[nodiscard]] bool start_ready(io_operation& op) noexcept {
  if (is_of_file(op.kind)) return perform_at_once(op);
  auto& source = static_cast<ready_source<Threading>&>(*op.source);
  ready_side<Threading>& side = source.side(op.kind);
  assert(side.pending == nullptr && "one operation a side at a time");
  if (op.kind == io_kind::connect) {
    // epoll says of a socket that is not yet connected that it hung up: forget that before the call, never after it,
    // when the word may be about the new connection.
    source.ended.store(false, std::memory_order_relaxed);
    side.ready.store(false, std::memory_order_relaxed);
    op.outcome = perform(op, source.is_socket);
    if (op.outcome != -EINPROGRESS) {
      side.ready.store(true, std::memory_order_relaxed);
      return true;
    }
  } else if (attempt_ready<Threading>(op)) {
    return true;
  }
  side.pending = &op;
  return false;
}

/// How a connect that was in progress has ended: 0 or -errno.
[[nodiscard]] inline int pending_error(int fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? -error : -errno;
}

/// Ends the pending operation of a side that has become ready, if it will end: true, and it is in `done`.
template <class Threading>
bool finish_pending(ready_source<Threading>& source, ready_side<Threading>& side, work_list& done) noexcept {
  io_operation& op = *side.pending;
  switch (op.kind) {
    case io_kind::readable:
    case io_kind::arrival:
    case io_kind::writable:
      op.outcome = 0;
      side.ready.store(true, std::memory_order_relaxed);
      break;
    case io_kind::connect:
      op.outcome = pending_error(source.fd);
      side.ready.store(true, std::memory_order_relaxed);
      break;
    default:
      if (!try_now(op, source, side)) return false;
      break;
  }
  side.pending = nullptr;
  done.push(op);
  return true;
}

/// What the kernel said of a source.
struct ready_event {
  bool inbound;
  bool outbound;
  bool ended;  ///< one direction or both will stay ready: hang-up, error, end of the stream
};

/// Takes in one event, on the loop's thread. Operations that ended are in `done`; nothing of the user's has run.
template <class Threading>
void deliver(ready_source<Threading>& source, ready_event event, work_list& done) noexcept {
  if (event.ended) source.ended.store(true, std::memory_order_relaxed);
  const auto take = [&](ready_side<Threading>& side) {
    if (side.pending != nullptr) {
      finish_pending(source, side, done);
    } else {
      side.ready.store(true, std::memory_order_release);  // publishes `ended`
    }
  };
  if (event.inbound) take(source.in);
  if (event.outbound) take(source.out);
}

/// backend_loop's cancel: an operation that has ended already stays as it ended. True: it was pending, and is in
/// `done`.
template <class Threading>
bool cancel_ready(io_operation& op, work_list& done) noexcept {
  ready_side<Threading>& side = static_cast<ready_source<Threading>&>(*op.source).side(op.kind);
  if (side.pending != &op) return false;
  side.pending = nullptr;
  op.outcome = -ECANCELED;
  done.push(op);
  return true;
}

/// Whether a descriptor has nothing to tell: how a loop that is about to doze looks once more.
[[nodiscard]] inline bool is_quiet(int fd) noexcept {
  pollfd asked{fd, POLLIN, 0};
  return ::poll(&asked, 1, 0) == 0;
}

/// Runs what has ended. A list of its own: what is cancelled meanwhile waits for the next turn.
inline std::size_t run_all(work_list& done) noexcept {
  std::size_t count = 0;
  for (work_list batch = std::move(done); work* const item = batch.pop(); ++count) item->run(*item);
  return count;
}

}  // namespace tenon::detail
// tenon/backend/detail/timeout.hpp

namespace tenon::detail {

/// A timeout as the kernel's milliseconds: rounded up (never early), -1 without limit.
[[nodiscard]] constexpr int to_milliseconds(std::chrono::nanoseconds timeout) noexcept {
  if (timeout.count() < 0) return -1;
  const std::int64_t whole = timeout.count() / 1'000'000 + (timeout.count() % 1'000'000 != 0 ? 1 : 0);
  return whole > INT_MAX ? INT_MAX : static_cast<int>(whole);
}

/// A timeout >= 0 as a timespec.
[[nodiscard]] constexpr timespec to_timespec(std::chrono::nanoseconds timeout) noexcept {
  timespec span{};
  span.tv_sec = static_cast<decltype(span.tv_sec)>(timeout.count() / 1'000'000'000);
  span.tv_nsec = static_cast<decltype(span.tv_nsec)>(timeout.count() % 1'000'000'000);
  return span;
}

static_assert(to_milliseconds(std::chrono::nanoseconds{1}) == 1 && to_milliseconds(std::chrono::milliseconds{7}) == 7);
static_assert(to_milliseconds(std::chrono::nanoseconds{-1}) == -1 &&
              to_milliseconds(std::chrono::hours{9999}) == INT_MAX);

}  // namespace tenon::detail
// tenon/backend/detail/wake_word.hpp

namespace tenon::detail {

/// Whether one loop sleeps, and whether a wake-up is owed to it: a wake that finds it awake costs no system call.
///
///     running --park--> waiting --notify--> notified --unpark--> running
///     running --notify--> notified              (park then refuses: do not sleep)
///
/// Nothing is lost: let P be a waker's work before notify(), and V the loop's look at that work after unpark() or a
/// park() that refused. All transitions are read-modify-writes of one word, so they stand in one order, and each reads
/// the one before it.
///   - notify before park: park reads `notified` (or an RMW that read it: a release sequence), acquires P, refuses to
///     sleep, and V comes after P.
///   - notify after park: it reads `waiting`, and its caller rings the kernel's bell, which ends the sleep; unpark
///     reads `notified`, acquires P, and V comes after P.
///   - notify that reads `notified`: an earlier notify has rung or need not ring, and no unpark lies between the two
///     (it would have left `running`), so the unpark or the refused park still to come acquires both.
/// A bell rung late, after the loop woke for another reason, ends one later sleep early: harmless, as a signal would
/// be.
///
/// Threads  park and unpark: the loop's thread. notify: any. Model: tests/model/wake_word.cpp.
template <class Threading, bool = Threading::concurrent>
class wake_word {
  using atomic = typename Threading::template atomic<std::uint32_t>;

 public:
  static constexpr std::uint32_t running = 0;
  static constexpr std::uint32_t waiting = 1;
  static constexpr std::uint32_t notified = 2;

  /// Before a sleep. False: a wake-up is owed already, look for work instead.
  [[nodiscard]] bool park() noexcept {
    std::uint32_t expected = running;
    return word_.compare_exchange_strong(expected, waiting, std::memory_order_acq_rel, std::memory_order_acquire);
  }

  /// After a sleep, a refused park or a poll: takes the wake-ups that came.
  void unpark() noexcept {
    // A load first: a poll (which never parked) then costs no locked instruction. A notify that comes after it stays
    // for the next park.
    if (word_.load(std::memory_order_relaxed) != running) (void)word_.exchange(running, std::memory_order_acquire);
  }

  /// True: the loop sleeps, and the caller must ring its bell.
  [[nodiscard]] bool notify() noexcept { return word_.exchange(notified, std::memory_order_acq_rel) == waiting; }

  /// Whether a wake-up is owed, for a loop that looks around before it sleeps. It acquires as a park that refuses does.
  [[nodiscard]] bool is_owed() const noexcept { return word_.load(std::memory_order_acquire) == notified; }

  /// The word itself, for a futex.
  [[nodiscard]] atomic& word() noexcept { return word_; }

 private:
  atomic word_{running};
};

/// What a loop that no other thread can wake has instead.
template <class Threading>
struct wake_word<Threading, false> {
  [[nodiscard]] static constexpr bool park() noexcept { return true; }
  static constexpr void unpark() noexcept {}
  [[nodiscard]] static constexpr bool is_owed() noexcept { return false; }
};

}  // namespace tenon::detail
// tenon/backend/epoll.hpp

namespace tenon {

/// Option of epoll: a loop that has nothing to do asks again and again for so long before it sleeps.
///
/// It sees what comes meanwhile some 20 us sooner, and who wakes it makes no system call. It costs its core that time
/// whenever it goes to sleep, and nothing while it sleeps. For workers that have a core to themselves.
template <unsigned Microseconds = 50>
struct busy_poll {
  static_assert(Microseconds >= 1 && Microseconds <= 1'000'000,
                "tenon::busy_poll<Microseconds>: the bound must lie between 1 and 1000000; write busy_poll<50>");
  static constexpr auto word = fixed_string("busy_poll<") + detail::decimal<Microseconds> + fixed_string(">");
  static constexpr unsigned microseconds = Microseconds;
};

/// Waits in epoll, edge-triggered. The default backend.
///
///     using my_runtime = tenon::runtime<tenon::epoll>;
///     using eager_runtime = tenon::runtime<tenon::epoll::with<tenon::busy_poll<50>>>;
///
/// Shape    A descriptor and, when concurrent, an eventfd; a timerfd from the first wait of a second on; 3 KiB of
///          stack for the events of one turn. A source is registered at attach to hear of what comes in, and once more,
///          for good, when a write first has to wait: a UNIX socket would otherwise wake the loop for each message its
///          peer takes. Nothing is armed again.
/// Cost     One epoll_wait a turn; each operation its own system call, none when it is known that it would block. A
///          wake of a loop that is awake costs one exchange, of one that sleeps one write as well. No allocation.
/// Threads  One, but for attempt and wake.
/// Errors   attach: EEXIST, ENOMEM, ENOSPC (max_user_watches), EBADF. Regular files are taken: they are always ready.
/// Source   epoll(7), epoll_pwait2(2); Linux 5.11 for timeouts finer than a millisecond, before that they round up.
struct epoll : family::backend {
  static constexpr auto word = fixed_string("epoll");
  static constexpr bool performs_io = true;
  static constexpr bool proactor = false;

  /// The same with an option.
  template <class Option>
  struct with;

  template <class Threading, unsigned BusyMicroseconds = 0>
  class loop {
   public:
    struct source : detail::ready_source<Threading> {
      std::uint32_t heard = 0;  ///< the events it is registered for; the loop's thread only
    };

    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    [[nodiscard]] result<void> open() noexcept {
      unique_fd poller{::epoll_create1(EPOLL_CLOEXEC)};
      if (!poller) return error_of(errno);
      if constexpr (Threading::concurrent) {
        unique_fd bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        if (!bell) return error_of(errno);
        // Edge-triggered, so that it need not be read: each write is an edge.
        epoll_event asked{EPOLLIN | EPOLLET, {.ptr = nullptr}};
        if (::epoll_ctl(poller.get(), EPOLL_CTL_ADD, bell.get(), &asked) != 0) return error_of(errno);
        bell_ = std::move(bell);
      }
      poller_ = std::move(poller);
      return {};
    }

    [[nodiscard]] result<void> attach(source& s) noexcept {
      if (const int error = detail::reset_source(s); error != 0) return error_of(error);
      s.heard = 0;
      if (hear(s, EPOLL_CTL_ADD, inbound)) return {};
      if (errno != EPERM) return error_of(errno);
      s.ended.store(true, std::memory_order_relaxed);  // a regular file: no event will come, and no call will block
      return {};
    }

    void detach(source& s) noexcept {
      assert(s.is_idle());
      // Closing the descriptor would not do: a duplicate of it keeps the registration, and with it our pointer.
      if (std::exchange(s.heard, 0) != 0) ::epoll_ctl(poller_.get(), EPOLL_CTL_DEL, s.fd, nullptr);
    }

    [[nodiscard]] static bool attempt(io_operation& op) noexcept { return detail::attempt_ready<Threading>(op); }
    [[nodiscard]] static bool attempt_here(io_operation& op) noexcept { return detail::attempt_here<Threading>(op); }
    [[nodiscard]] static std::int64_t transfer_here(source& s, io_kind kind, void* data, std::size_t size) noexcept {
      return detail::transfer_here<Threading>(s, kind, data, size);
    }

    [[nodiscard]] bool start(io_operation& op) noexcept {
      if (detail::start_ready<Threading>(op)) return true;
      auto& s = static_cast<source&>(*op.source);
      if (is_inbound(op.kind) || (s.heard & EPOLLOUT) != 0) return false;
      // The kernel looks at the descriptor anew when it is told this, so what became ready before it is an event too.
      if (hear(s, EPOLL_CTL_MOD, inbound | EPOLLOUT)) return false;
      op.outcome = -errno;
      s.out.pending = nullptr;
      s.out.ready.store(true, std::memory_order_relaxed);
      return true;
    }

    void cancel(io_operation& op) noexcept { detail::cancel_ready<Threading>(op, done_); }

    std::size_t wait(std::chrono::nanoseconds timeout) noexcept {
      if (!done_.empty()) timeout = {};
      constexpr int room = 256;
      epoll_event events[room];  // NOLINT(cppcoreguidelines-pro-type-member-init): the kernel fills it
      int count = 0;
      if constexpr (BusyMicroseconds != 0) {
        if (timeout.count() != 0) count = ask_for_a_while(events, room, timeout);
      }
      if (count == 0) {
        if (timeout.count() != 0 && !wake_.park()) timeout = {};
        count = ask(events, room, timeout);
      }
      wake_.unpark();
      // First the sources, then the operations: what an operation runs may detach a source that has an event here.
      for (int i = 0; i < count; ++i) {
        const epoll_event& each = events[i];
        if (each.data.ptr == nullptr) continue;  // the bell
        if (each.data.ptr == &alarm_) {
          alarm_.rang();
          continue;
        }
        const std::uint32_t said = each.events;
        constexpr std::uint32_t over = EPOLLERR | EPOLLHUP;
        // Urgent data counts as an end: a read stops short at its mark with more behind it.
        detail::deliver<Threading>(*static_cast<source*>(each.data.ptr),
                                   {.inbound = (said & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | over)) != 0,
                                    .outbound = (said & (EPOLLOUT | over)) != 0,
                                    .ended = (said & (EPOLLPRI | EPOLLRDHUP | over)) != 0},
                                   done_);
      }
      return detail::run_all(done_);
    }

    void wake() noexcept
      requires(Threading::concurrent)
    {
      if (wake_.notify()) {
        const std::uint64_t one = 1;
        (void)!::write(bell_.get(), &one, sizeof one);  // cannot fail: 2^64 rings from full
      }
    }

    [[nodiscard]] std::string_view note() const noexcept { return {}; }

    [[nodiscard]] static result<void> expose() noexcept { return {}; }
    [[nodiscard]] int handle() const noexcept { return poller_.get(); }
    [[nodiscard]] bool doze() noexcept {
      if (!done_.empty() || !wake_.park()) return false;
      // A host that waits for edges would not hear of events that one wait had no room for.
      if (detail::is_quiet(poller_.get())) return true;
      wake_.unpark();
      return false;
    }

   private:
    static constexpr std::uint32_t inbound = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;
    static constexpr std::chrono::nanoseconds forever{-1};

    bool hear(source& s, int how, std::uint32_t events) noexcept {
      epoll_event asked{events, {.ptr = &s}};
      if (::epoll_ctl(poller_.get(), how, s.fd, &asked) != 0) return false;
      s.heard = events;
      return true;
    }

    /// What the bound leaves of the timeout, it takes from it.
    int ask_for_a_while(epoll_event* events, int room, std::chrono::nanoseconds& timeout) noexcept {
      using clock = std::chrono::steady_clock;
      const clock::time_point begin = clock::now();
      std::chrono::nanoseconds bound = std::chrono::microseconds(BusyMicroseconds);
      if (timeout.count() > 0 && timeout < bound) bound = timeout;
      for (;;) {
        const int count = ::epoll_wait(poller_.get(), events, room, 0);
        if (count > 0 || wake_.is_owed()) return timeout = {}, count;
        const std::chrono::nanoseconds spent = clock::now() - begin;
        if (spent < bound) continue;
        if (timeout.count() > 0) timeout = spent < timeout ? timeout - spent : std::chrono::nanoseconds{};
        return 0;
      }
    }

    int ask(epoll_event* events, int room, std::chrono::nanoseconds timeout) noexcept {
      if (timeout >= detail::far_alarm::far && alarm_.covers(poller_.get(), timeout)) timeout = forever;
#if defined(SYS_epoll_pwait2) && defined(__LP64__)
      if (timeout.count() > 0 && has_fine_timeout_) {
        const timespec span = detail::to_timespec(timeout);
        // The call itself and not glibc's: it came with 2.35, the kernel's earlier.
        const long count = ::syscall(SYS_epoll_pwait2, poller_.get(), events, room, &span, nullptr, std::size_t{0});
        if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(count);
        has_fine_timeout_ = false;
      }
#endif
      return ::epoll_wait(poller_.get(), events, room, detail::to_milliseconds(timeout));
    }

    unique_fd poller_;
    [[no_unique_address]] std::conditional_t<Threading::concurrent, unique_fd, decltype(nullptr)> bell_{};
    [[no_unique_address]] detail::wake_word<Threading> wake_;
    bool has_fine_timeout_ = true;
    detail::far_alarm alarm_;
    work_list done_;  // ended, and not yet run
  };
};

template <unsigned Microseconds>
struct epoll::with<busy_poll<Microseconds>> : family::backend {
  static constexpr auto word = fixed_string("epoll::with<") + busy_poll<Microseconds>::word + fixed_string(">");
  static constexpr bool performs_io = true;
  static constexpr bool proactor = false;

  template <class Threading>
  using loop = epoll::loop<Threading, Microseconds>;
};

template <class Option>
struct epoll::with {
  static_assert(!std::is_same_v<Option, Option>,
                "tenon::epoll::with<Option>: this is not one of epoll's; write epoll::with<busy_poll<50>>");
};

static_assert(policy_of<epoll, family::backend>);
static_assert(policy_of<epoll::with<busy_poll<>>, family::backend>);

}  // namespace tenon
// tenon/backend/none.hpp

namespace tenon {

/// No I/O: a worker that waits sleeps on one word. For runtimes that only compute.
///
///     using my_runtime = tenon::runtime<tenon::none, tenon::stealing<>>;
///
/// Shape    Four bytes when concurrent, else none; no descriptor.
/// Cost     wait: one futex call, none when a wake is owed. wake: one exchange, and a futex call when the loop sleeps.
/// Threads  One, but for wake.
/// Errors   attach: operation_not_supported; an operation ends at once with -EOPNOTSUPP.
/// Source   futex(2)
struct none : family::backend {
  static constexpr auto word = fixed_string("none");
  static constexpr bool performs_io = false;
  static constexpr bool proactor = false;

  template <class Threading>
  class loop {
   public:
    using source = io_source;

    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    [[nodiscard]] result<void> open() noexcept { return {}; }
    [[nodiscard]] result<void> attach(source&) noexcept { return std::errc::operation_not_supported; }
    void detach(source&) noexcept {}

    [[nodiscard]] static bool attempt(io_operation& op) noexcept {
      op.outcome = -EOPNOTSUPP;
      return true;
    }
    [[nodiscard]] bool start(io_operation& op) noexcept { return attempt(op); }
    void cancel(io_operation&) noexcept {}

    std::size_t wait(std::chrono::nanoseconds timeout) noexcept {
      if (timeout.count() != 0 && wake_.park()) sleep(timeout);
      wake_.unpark();
      return 0;
    }

    void wake() noexcept
      requires(Threading::concurrent)
    {
      if (wake_.notify()) ::syscall(SYS_futex, &wake_.word(), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    }

    [[nodiscard]] std::string_view note() const noexcept { return {}; }

   private:
    void sleep(std::chrono::nanoseconds timeout) noexcept {
      const timespec span = detail::to_timespec(timeout.count() < 0 ? std::chrono::nanoseconds{} : timeout);
      const timespec* const limit = timeout.count() < 0 ? nullptr : &span;
      if constexpr (Threading::concurrent) {
        // Sleeps only while the word still says so: a notify between park and here is seen by the kernel. FUTEX_WAIT
        // takes a span of the monotonic clock.
        static_assert(sizeof(wake_.word()) == sizeof(std::uint32_t), "a futex is four bytes");
        ::syscall(SYS_futex, &wake_.word(), FUTEX_WAIT_PRIVATE, wake_.waiting, limit, nullptr, 0);
      } else {
        (void)::ppoll(nullptr, 0, limit, nullptr);
      }
    }

    [[no_unique_address]] detail::wake_word<Threading> wake_;
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<none, family::backend>);

}  // namespace tenon
// tenon/backend/poll.hpp

namespace tenon {

/// Waits in poll(2): the backend for few descriptors, and for kernels and sandboxes that have nothing better.
///
///     using my_runtime = tenon::runtime<tenon::poll, tenon::fifo, tenon::single_thread>;
///
/// Shape    16 bytes of heap a source, reserved at attach; the list given to the kernel holds only the sources that
///          wait. When concurrent, an eventfd.
/// Cost     A turn is O(sources that wait), in the kernel too; an operation adds its own system call. start and its end
///          put a source on the list and take it off in O(1), and allocate nothing.
/// Threads  One, but for attempt and wake.
/// Errors   attach: EBADF, ENOMEM. wait: more descriptors than RLIMIT_NOFILE makes poll itself fail; it then completes
///          nothing.
/// Source   ppoll(2)
struct poll : family::backend {
  static constexpr auto word = fixed_string("poll");
  static constexpr bool performs_io = true;
  static constexpr bool proactor = false;

  template <class Threading>
  class loop {
   public:
    struct source : detail::ready_source<Threading> {
      std::size_t place = 0;  ///< where it stands on the list; 0: it does not
    };

    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    ~loop() {
      std::free(asked_);
      std::free(asking_);
    }

    [[nodiscard]] result<void> open() noexcept {
      if (!reserve(1)) return std::errc::not_enough_memory;
      asked_[0] = {-1, POLLIN, 0};  // poll passes over a negative descriptor
      if constexpr (Threading::concurrent) {
        bell_ = unique_fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        if (!bell_) return error_of(errno);
        asked_[0].fd = bell_.get();
      }
      return {};
    }

    [[nodiscard]] result<void> attach(source& s) noexcept {
      if (const int error = detail::reset_source(s); error != 0) return error_of(error);
      if (!reserve(attached_ + 2)) return std::errc::not_enough_memory;
      ++attached_;
      s.place = 0;
      return {};
    }

    void detach([[maybe_unused]] source& s) noexcept {
      assert(s.is_idle() && s.place == 0);
      --attached_;
    }

    [[nodiscard]] static bool attempt(io_operation& op) noexcept { return detail::attempt_ready<Threading>(op); }
    [[nodiscard]] static bool attempt_here(io_operation& op) noexcept { return detail::attempt_here<Threading>(op); }

    [[nodiscard]] bool start(io_operation& op) noexcept {
      if (detail::start_ready<Threading>(op)) return true;
      list(static_cast<source&>(*op.source));
      return false;
    }

    void cancel(io_operation& op) noexcept {
      if (detail::cancel_ready<Threading>(op, done_)) list(static_cast<source&>(*op.source));
    }

    std::size_t wait(std::chrono::nanoseconds timeout) noexcept {
      if (!done_.empty()) timeout = {};
      if (timeout.count() != 0 && !wake_.park()) timeout = {};
      const timespec span = detail::to_timespec(timeout.count() < 0 ? std::chrono::nanoseconds{} : timeout);
      int left = ::ppoll(asked_, static_cast<nfds_t>(count_), timeout.count() < 0 ? nullptr : &span, nullptr);
      wake_.unpark();
      if constexpr (Threading::concurrent) {
        if (left > 0 && asked_[0].revents != 0) {
          std::uint64_t rings = 0;
          (void)!::read(bell_.get(), &rings, sizeof rings);
          --left;
        }
      }
      // First the sources, then the operations: what an operation runs may change the list.
      for (std::size_t i = 1; left > 0 && i < count_;) {
        const auto said = asked_[i].revents;
        if (said == 0) {
          ++i;
          continue;
        }
        --left;
        source& s = *asking_[i];
        const bool over = (said & (POLLERR | POLLHUP | POLLNVAL)) != 0;
        detail::deliver<Threading>(
            s, {.inbound = over || (said & POLLIN) != 0, .outbound = over || (said & POLLOUT) != 0, .ended = over},
            done_);
        asked_[i].revents = 0;
        list(s);
        // When it left the list, the last one stands here now, with what was said of it: look again.
        if (i < count_ && asking_[i] == &s) ++i;
      }
      return detail::run_all(done_);
    }

    void wake() noexcept
      requires(Threading::concurrent)
    {
      if (wake_.notify()) {
        const std::uint64_t one = 1;
        (void)!::write(bell_.get(), &one, sizeof one);
      }
    }

    [[nodiscard]] std::string_view note() const noexcept { return {}; }

   private:
    /// Makes the list say what the source waits for.
    void list(source& s) noexcept {
      const int events = (s.in.pending != nullptr ? POLLIN : 0) | (s.out.pending != nullptr ? POLLOUT : 0);
      if (events == 0) {
        if (s.place == 0) return;
        const std::size_t hole = std::exchange(s.place, 0);
        if (hole != --count_) {
          asked_[hole] = asked_[count_];
          asking_[hole] = asking_[count_];
          asking_[hole]->place = hole;
        }
        return;
      }
      if (s.place == 0) {
        assert(count_ < room_);
        s.place = count_++;
        asked_[s.place] = {s.fd, 0, 0};
        asking_[s.place] = &s;
      }
      asked_[s.place].events = static_cast<short>(events);
    }

    [[nodiscard]] bool reserve(std::size_t needed) noexcept {
      if (needed <= room_) return true;
      const std::size_t room = needed < 16 ? 16 : needed * 2;
      void* const asked = std::realloc(asked_, room * sizeof(pollfd));
      if (asked == nullptr) return false;
      asked_ = static_cast<pollfd*>(asked);
      void* const asking = std::realloc(asking_, room * sizeof(source*));
      if (asking == nullptr) return false;
      asking_ = static_cast<source**>(asking);
      room_ = room;
      return true;
    }

    // Place 0 is the bell's; [1, count_) are the sources with an operation pending.
    pollfd* asked_ = nullptr;
    source** asking_ = nullptr;
    std::size_t room_ = 0;
    std::size_t count_ = 1;
    std::size_t attached_ = 0;
    [[no_unique_address]] std::conditional_t<Threading::concurrent, unique_fd, decltype(nullptr)> bell_{};
    [[no_unique_address]] detail::wake_word<Threading> wake_;
    work_list done_;  // ended, and not yet run
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<poll, family::backend>);

}  // namespace tenon
// tenon/config/outcome.hpp

namespace tenon::config {

namespace detail {

template <class Text>
[[noreturn]] void raise(const Text& sentence) {
#if defined(__cpp_exceptions)
  throw std::runtime_error(sentence);
#else
  std::fputs((sentence + '\n').c_str(), stderr);
  std::terminate();
#endif
}

}  // namespace detail

/// A value, or the sentence that says why there is none: what is wrong in a configuration has a file, a line and the
/// words that would be right, and no std::error_code holds these.
///
///     auto settings = tenon::config::load("tenon.toml");
///     if (!settings) return std::fprintf(stderr, "%s\n", settings.error().c_str()), 2;
///
/// Errors  value(), and the conversion to T: std::runtime_error with the sentence (with -fno-exceptions it is printed
///         and the program terminated). operator* of an error is a programming mistake and asserts.
template <class T>
class [[nodiscard]] outcome {
 public:
  using value_type = T;

  // NOLINTNEXTLINE(google-explicit-constructor): `return value;` is how it is used
  outcome(T value) : value_(std::move(value)) {}
  [[nodiscard]] static outcome failure(std::string sentence) { return outcome(failed{}, std::move(sentence)); }

  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& operator*() & noexcept { return assert(value_), *value_; }
  [[nodiscard]] const T& operator*() const& noexcept { return assert(value_), *value_; }
  [[nodiscard]] T* operator->() noexcept { return assert(value_), &*value_; }
  [[nodiscard]] const T* operator->() const noexcept { return assert(value_), &*value_; }

  [[nodiscard]] T value() && {
    if (!value_) detail::raise(error_);
    return *std::move(value_);
  }
  /// `int rc = tenon::select<...>(...)` is all a program needs that does not want to say anything itself. Of a bool
  /// there is none: `if (outcome)` asks whether there is a value.
  template <std::same_as<T> U>
    requires(!std::same_as<U, bool>)
  operator U() && {  // NOLINT(google-explicit-constructor)
    return std::move(*this).value();
  }

  /// The sentence; empty when there is a value.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  struct failed {};
  outcome(failed /*tag*/, std::string sentence) : error_(std::move(sentence)) {}

  std::optional<T> value_;
  std::string error_;
};

template <>
class [[nodiscard]] outcome<void> {
 public:
  using value_type = void;

  outcome() = default;
  [[nodiscard]] static outcome failure(std::string sentence) {
    outcome failed;
    failed.error_ = std::move(sentence);
    return failed;
  }

  [[nodiscard]] bool has_value() const noexcept { return error_.empty(); }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
  void value() const {
    if (!has_value()) detail::raise(error_);
  }
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  std::string error_;
};

}  // namespace tenon::config
// tenon/config/document.hpp

namespace tenon::config {

/// The families by name, in the order of a runtime's policies: the keys of a file whose values are words.
inline constexpr std::array<std::string_view, 10> families{"backend",   "scheduling", "memory", "queue",  "topology",
                                                           "threading", "observe",    "clock",  "errors", "context"};

/// What a file or a string asks of a runtime: words, which choose among the types that a program offers, and numbers.
///
/// source   Where it was read, for errors.
/// words    In the order in which they stand there. The family is empty where only the word is there.
/// threads, blocking_threads, name   Absent: what `settings` has.
struct document {
  struct entry {
    std::string_view family;  ///< one of `families`, or empty
    std::string word;
    std::size_t line = 0;  ///< from 1; 0 where there are no lines
  };

  std::string source;
  std::vector<entry> words;
  std::optional<std::size_t> threads;
  std::optional<std::size_t> blocking_threads;
  std::optional<std::string> name;
};

namespace detail {

// Templates, here and in menu.hpp, so that a program that selects nothing does not compile them.

template <class Text>
std::string in_quotes(const Text& text) {
  return '"' + std::string(text) + '"';
}

/// "tenon.toml:3: ", or with line 0 "tenon.toml: ".
template <class Text>
std::string at(const Text& source, std::size_t line) {
  std::string place(source);
  if (line != 0) place += ':' + std::to_string(line);
  return place += ": ";
}

/// "a, b or c".
template <class Word>
std::string listed(const Word* words, std::size_t count, std::string_view last = " or ") {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) list += i + 1 == count ? last : std::string_view{", "};
    list += words[i];
  }
  return list;
}

inline std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blank);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

}  // namespace detail

/// A sentence as one writes it: "io_uring, stealing, mimalloc". What `describe` gives can be read back.
///
/// Errors  An empty word, a bracket that does not close. What words there are only `select` knows.
template <std::convertible_to<std::string_view> Text, class Document = document>
[[nodiscard]] outcome<Document> sentence(const Text& said) {
  const std::string_view text = said;
  constexpr std::string_view mark = " (default)";
  Document read;
  read.source = detail::in_quotes(text);
  const auto wrong = [&](std::string_view what) {
    return outcome<Document>::failure(read.source + ": " + std::string(what));
  };
  if (detail::trimmed(text).empty()) return read;
  std::size_t begin = 0;
  std::size_t depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size()) {
      if (text[i] == '<') ++depth;
      if (text[i] == '>' && depth-- == 0) return wrong("a > that opens nowhere; write the word as in spsc<64>");
      if (text[i] != ',' || depth > 0) continue;
    }
    std::string_view word = detail::trimmed(text.substr(begin, i - begin));
    if (word.ends_with(mark)) word.remove_suffix(mark.size());
    if (word.empty()) return wrong("a word is missing beside a comma; write words with a comma between each two");
    read.words.push_back({{}, std::string(word), 0});
    begin = i + 1;
  }
  if (depth > 0) return wrong("a < that is not closed; write the word as in spsc<64>");
  return read;
}

}  // namespace tenon::config
// tenon/config/menu.hpp

namespace tenon::config {

/// The words of one family among which a program lets its configuration choose.
struct menu {
  std::size_t family;  ///< an index into `families`
  const std::string_view* words;
  std::size_t count;
};

namespace detail {

/// A word is also named without what is in its brackets: "spsc" for "spsc<64>".
inline bool is_bare(std::string_view asked, std::string_view word) noexcept {
  return word.size() > asked.size() && word[asked.size()] == '<' && word.starts_with(asked);
}
inline bool names(std::string_view asked, std::string_view word) noexcept {
  return asked == word || is_bare(asked, word);
}

/// How many words of a menu are meant, and the last of them; one that is spelled out is meant alone.
struct match {
  std::size_t count = 0;
  std::size_t index = 0;
};
inline match look_up(std::string_view asked, const menu& from) noexcept {
  match found;
  for (std::size_t i = 0; i < from.count; ++i) {
    if (from.words[i] == asked) return {1, i};
    if (is_bare(asked, from.words[i])) found = {found.count + 1, i};
  }
  return found;
}

template <class Document>
std::string place_of(const Document& asked, const typename Document::entry& entry) {
  return at(asked.source, entry.line) + (entry.family.empty() ? std::string{} : std::string(entry.family) + " = ") +
         in_quotes(entry.word);
}
template <class Menu>
std::string offer(const Menu& from) {
  return listed(from.words, from.count);
}

/// Turns what is asked into one index a menu; gives the sentence that says what is wrong, or an empty one. Words that
/// are on no menu are left to `contradiction`, which sees what the program has without being asked.
template <class Document>
std::string choose(const Document& asked, const menu* menus, std::size_t count, std::size_t* chosen) {
  std::array<const typename Document::entry*, families.size()> taken{};
  for (std::size_t i = 0; i < count; ++i) chosen[i] = 0;
  for (const auto& entry : asked.words) {
    for (std::size_t i = 0; i < count; ++i) {
      const menu& from = menus[i];
      const bool keyed = entry.family == families[from.family];
      if (!keyed && !entry.family.empty()) continue;
      const match found = look_up(entry.word, from);
      if (found.count == 0 && !keyed) continue;
      if (found.count == 0) return place_of(asked, entry) + " is none of the words here; write " + offer(from);
      if (found.count > 1)
        return place_of(asked, entry) + " may be more than one word; write " + offer(from) + " in full";
      if (auto& before = taken[from.family]; before != nullptr) {
        return place_of(asked, entry) + ": there is " + in_quotes(before->word) + " for " +
               std::string(families[from.family]) + " already; keep one of them";
      } else {
        before = &entry;
      }
      chosen[i] = found.index;
      break;
    }
  }
  return {};
}

/// What is asked that a runtime of these words (one a family) does not have, as a sentence, or an empty one.
template <class Document>
std::string contradiction(const Document& asked, const menu* menus, std::size_t count,
                          const std::array<std::string_view, families.size()>& words, bool concurrent) {
  for (const auto& entry : asked.words) {
    bool meant = false;
    for (std::size_t i = 0; i < families.size(); ++i) {
      if (!entry.family.empty() && entry.family != families[i]) continue;
      meant = meant || names(entry.word, words[i]);
      if (!meant && !entry.family.empty()) {
        return place_of(asked, entry) + ", but this program is made with " + std::string(words[i]) +
               "; write that, or leave " + std::string(families[i]) + " out";
      }
    }
    if (meant) continue;
    std::string allowed;
    for (std::size_t i = 0; i < count; ++i) allowed += (i > 0 ? "; " : "") + offer(menus[i]);
    return place_of(asked, entry) + " is none of the words here; write " + allowed;
  }
  if (asked.threads && *asked.threads > 1 && !concurrent) {
    return at(asked.source, 0) + "threads = " + std::to_string(*asked.threads) +
           ", but with single_thread there is one; leave threads out, or choose multi_thread";
  }
  if (asked.blocking_threads && !concurrent) {
    return at(asked.source, 0) + "blocking_threads = " + std::to_string(*asked.blocking_threads) +
           ", but with single_thread there are none; leave blocking_threads out, or choose multi_thread";
  }
  return {};
}

/// The sentence for words that do not go together.
template <class Document>
std::string discord(const Document& asked, const menu* menus, std::size_t count, const std::size_t* chosen) {
  std::string words;
  for (std::size_t i = 0; i < count; ++i) words += (i > 0 ? ", " : "") + std::string(menus[i].words[chosen[i]]);
  return at(asked.source, 0) + words + " do not go together; see docs/legality.md for what does";
}

}  // namespace detail

}  // namespace tenon::config
// tenon/fwd.hpp

/// Names without their definitions: the words that composition knows by heart, those behind a door, and the runtime.
///
/// A word behind a door is declared here whether or not its door is open, so that naming it while it is closed is
/// answered with a sentence that says how to open it, and not with "undeclared". The same goes for a word whose header
/// tenon.hpp leaves out for what it costs to compile.

namespace tenon {

// backend
struct none;
struct poll;
struct epoll;
template <class... Options>
struct io_uring;  // door: TENON_WITH_IO_URING
struct libuv;     // door: TENON_WITH_LIBUV

// scheduling
struct fifo;
template <class... Options>
struct affinity;
template <std::size_t Levels, class... Options>
struct priority;
template <class... Options>
struct stealing;
struct chase_lev;  // <tenon/scheduler/chase_lev.hpp>
struct split;      // <tenon/scheduler/split.hpp>
template <decltype(sizeof 0) K = 3>
struct lifo_slot;  // <tenon/scheduler/lifo_slot.hpp>

// memory
struct system;
template <class Upstream>
struct recycling;
struct mimalloc;  // door: TENON_WITH_MIMALLOC
template <class Upstream>
struct numa;
template <auto... Resource>
struct pmr;

// queue
struct by_topology;
template <decltype(sizeof 0) Segment = 256>
struct unbounded;  // <tenon/queue/unbounded.hpp>
template <decltype(sizeof 0) N = 1024>
struct boost_spsc;  // <tenon/queue/boost_spsc.hpp>
template <decltype(sizeof 0) N = 1024>
struct boost_mpmc;  // <tenon/queue/boost_mpmc.hpp>

// topology
struct flat;
struct hwloc;  // door: TENON_WITH_HWLOC
template <fixed_string Levels>
struct synthetic;

// threading
struct multi_thread;
struct single_thread;

// observe
struct off;
struct counters;

// clock
struct steady;
struct virtual_clock;

// errors
struct propagate;
struct terminate;

// context
template <class... Slots>
struct context;

template <class Backend, class Scheduling, class Memory, class Queue, class Topology, class Threading, class Observe,
          class Clock, class Errors, class Context>
class basic_runtime;

// net: each is defined by the header of its name, less `basic_`
template <class R>
class basic_tcp_stream;
template <class R>
class basic_tcp_listener;
template <class R>
class basic_signals;
template <class R>
class basic_unix_stream;
template <class R>
class basic_unix_listener;
template <class R>
class basic_udp_socket;
template <class R>
class basic_file;

template <class T>
class task;  // <tenon/task/task.hpp>
template <class R>
class basic_scheduler;  // <tenon/runtime/senders.hpp>
template <class R>
class embedding;  // <tenon/runtime/embedding.hpp>

/// What a preset derives from: see runtime/presets.hpp.
struct preset_tag {
  using family = preset_tag;
};

namespace detail {

/// Policies as a list of types; a runtime's own has one a family, in the order of basic_runtime.
template <class... Ps>
struct policy_list {};

}  // namespace detail

}  // namespace tenon
// tenon/core/clock.hpp

namespace tenon {

/// Every time in the library: nanoseconds of a monotonic clock, real or virtual.
using duration = std::chrono::nanoseconds;
using time_point = std::chrono::time_point<std::chrono::steady_clock, duration>;

/// The deadline of a wait that has none.
inline constexpr time_point never = time_point::max();

/// The machine's monotonic clock. The default.
///
/// Cost  About 19 ns a reading (clock_gettime through the vDSO).
struct steady : family::clock {
  static constexpr auto word = fixed_string("steady");

  class source {
   public:
    [[nodiscard]] static time_point now() noexcept { return std::chrono::steady_clock::now(); }
    /// As of the last tick of the kernel's: up to 4 ms ago, for 3 ns.
    [[nodiscard]] static time_point coarse_now() noexcept {
      timespec at{};
      ::clock_gettime(CLOCK_MONOTONIC_COARSE, &at);
      return time_point(std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec));
    }
    /// How long to sleep until `deadline`: never shorter than what is left.
    [[nodiscard]] static duration until(time_point deadline) noexcept {
      const time_point from = now();
      return deadline > from ? deadline - from : duration::zero();
    }
  };
};

/// Time that stands still while anything can run, and jumps to the next deadline when nothing can: a test of an hour's
/// timeouts ends in a microsecond, and always in the same order.
///
/// Threads  Only with `single_thread`: with two workers nobody could say that nothing can run.
struct virtual_clock : family::clock {
  static constexpr auto word = fixed_string("virtual_clock");

  class source {
   public:
    [[nodiscard]] time_point now() const noexcept { return now_; }
    [[nodiscard]] duration until(time_point deadline) noexcept {
      if (deadline > now_) now_ = deadline;
      return duration::zero();
    }

   private:
    time_point now_{};
  };
};

/// Contract of the clock family. `source` is one a runtime; now() is monotonic; until(deadline) is what a worker with
/// nothing to run asks before it sleeps, and a clock that is not real may answer by letting the time pass. It may have
/// a coarse_now(), cheaper and a little behind.
template <class P>
concept clock_policy = policy_of<P, family::clock> && requires(typename P::source source, time_point deadline) {
  { source.now() } noexcept -> std::same_as<time_point>;
  { source.until(deadline) } noexcept -> std::same_as<duration>;
};

namespace detail {

/// So long after `from`, or never where that lies behind the end of time.
[[nodiscard]] constexpr time_point after(time_point from, duration length) noexcept {
  return length < never - from ? from + length : never;
}

/// The cheaper reading of a clock that has one.
template <class Source>
[[nodiscard]] time_point coarse_now(const Source& clock) noexcept {
  if constexpr (requires { clock.coarse_now(); }) {
    return clock.coarse_now();
  } else {
    return clock.now();
  }
}

}  // namespace detail

static_assert(clock_policy<steady>);
static_assert(clock_policy<virtual_clock>);

}  // namespace tenon
// tenon/core/context.hpp

namespace tenon {

/// Which level of `priority<N>` a task's work waits in: 0 goes first, N - 1 last. Part of every context.
///
///     co_await tenon::with_context<edge>(answer(request), tenon::level{0});
struct level {
  static constexpr std::uint8_t unsaid = 255;  ///< the middle one, N / 2

  std::uint8_t value = unsaid;

  friend constexpr bool operator==(level, level) noexcept = default;
};

/// Until when the answer is wanted: a slot that tells those below, and a server further on. It is carried and ends
/// nothing by itself; `tenon::timeout` and the deadlines of waits do.
///
///     const auto wanted = co_await tenon::this_task::slot<tenon::deadline_slot>();
///     const auto n = co_await peer.read_some(room, wanted.at);
struct deadline_slot {
  time_point at = never;
};

/// Which worker a task belongs to under `affinity`: the same key, the same worker, for as long as the runtime lives.
///
///     rt.spawn(tenon::key{account.id}, update, account);
struct key {
  std::uint64_t value = 0;

  /// The worker of this key among `workers`. Neighbouring numbers go to different ones.
  [[nodiscard]] constexpr std::size_t among(std::size_t workers) const noexcept {
    return static_cast<std::size_t>((value * 0x9e3779b97f4a7c15U) >> 32) % workers;  // 2^64 divided by the golden ratio
  }
};

namespace detail {

/// A type's name at run time: the address of this. Not constant, for a linker may fold constants that are alike.
template <class T>
inline char slot_name = 0;

template <class Slot>
struct slot_holder {
  Slot slot{};
};

template <class... Slots>
inline constexpr bool all_different = true;
template <class First, class... Rest>
inline constexpr bool all_different<First, Rest...> = (!std::is_same_v<First, Rest> && ...) && all_different<Rest...>;

}  // namespace detail

/// What a task carries, seen by code that does not name its runtime. It is the base of `context<...>::values`.
///
/// Threads  Nobody changes one while tasks under it run, so that any number of threads may read.
class any_context {
 public:
  constexpr any_context() = default;

  /// The value of a slot; a default one where nothing of that type is carried.
  template <class Slot>
  [[nodiscard]] const Slot& get() const noexcept {
    static const Slot nothing{};
    const void* const found = find_ != nullptr ? find_(*this, &detail::slot_name<Slot>) : nullptr;
    return found != nullptr ? *static_cast<const Slot*>(found) : nothing;
  }
  [[nodiscard]] constexpr tenon::level level() const noexcept { return level_; }

 protected:
  using find_function = const void* (*)(const any_context&, const void* name) noexcept;

  constexpr explicit any_context(find_function find) noexcept : find_(find) {}
  // Only whole: a copy of this part alone would look for its slots where there are none.
  any_context(const any_context&) = default;
  any_context& operator=(const any_context&) = default;

  find_function find_ = nullptr;
  tenon::level level_;
};

/// What every task of a runtime carries: one value of each type named here, from the caller to all that it awaits, over
/// hops and steals, and to nobody else.
///
///     struct tenant { std::uint32_t id = 0; };
///     using edge = tenon::runtime<tenon::epoll, tenon::context<tenon::trace_context, tenon::deadline_slot, tenant>>;
///
///     co_await tenon::with_context<edge>(handle(request), tenant{7});   // handle and all below it see tenant 7
///     const tenant who = co_await tenon::this_task::slot<tenant>();
///
/// Slots    Types that are default-constructed and copied without throwing; a default one means "nothing said".
/// Cost     An await copies nothing. `with_context` and a spawn that is given a context copy the slots once. The
///          default, context<>, is no byte anywhere.
template <class... Slots>
struct context : family::context {
  static_assert((std::is_object_v<Slots> && ...) && (std::is_nothrow_copy_constructible_v<Slots> && ...) &&
                    (std::is_nothrow_copy_assignable_v<Slots> && ...) &&
                    (std::is_nothrow_default_constructible_v<Slots> && ...),
                "tenon::context<Slots...>: a slot is default-constructed and copied, neither of which may throw; carry "
                "a pointer to what is larger");
  static_assert(detail::all_different<Slots...>,
                "tenon::context<Slots...>: a type is named twice; wrap one of them in a struct of its own");

  static constexpr auto word = [] {
    if constexpr (sizeof...(Slots) == 0) {
      return fixed_string("context<>");
    } else {
      return fixed_string("context<...>");
    }
  }();
  static constexpr bool carries = sizeof...(Slots) != 0;
  template <class T>
  static constexpr bool has_slot = (std::is_same_v<T, Slots> || ...);

  /// A value of each slot, and the level.
  class values : public any_context, detail::slot_holder<Slots>... {
   public:
    constexpr values() noexcept : any_context(&find) {}
    /// What `other` carries, as far as it is named here; null carries nothing.
    explicit values(const any_context* other) noexcept : values() {
      if (other == nullptr) return;
      (set(other->get<Slots>()), ...);
      set(other->level());
    }

    template <class T>
    void set(const T& value) noexcept {
      if constexpr (std::is_same_v<T, tenon::level>) {
        level_ = value;
      } else {
        static_assert(has_slot<T>, "tenon::context<Slots...>: no slot is of this type; name it among the Slots");
        static_cast<detail::slot_holder<T>&>(*this).slot = value;
      }
    }

   private:
    static const void* find(const any_context& self, [[maybe_unused]] const void* name) noexcept {
      [[maybe_unused]] const auto& all = static_cast<const values&>(self);
      const void* found = nullptr;
      (void)((name == &detail::slot_name<Slots> &&
              (found = &static_cast<const detail::slot_holder<Slots>&>(all).slot, true)) ||
             ...);
      return found;
    }
  };
};

/// Contract of the context family: what a task carries.
///
/// carries  Whether there is anything but the level.
/// values   An any_context, made of nothing or of another one. It is copied from task to task without throwing.
template <class P>
concept context_policy = policy_of<P, family::context> && std::derived_from<typename P::values, any_context> &&
                         std::is_nothrow_default_constructible_v<typename P::values> &&
                         std::is_nothrow_copy_constructible_v<typename P::values> &&
                         std::is_nothrow_constructible_v<typename P::values, const any_context*> && requires {
                           { P::carries } -> std::convertible_to<bool>;
                         };

static_assert(context_policy<context<>>);

}  // namespace tenon
// tenon/core/errors.hpp

namespace tenon {

/// An exception that leaves a detached task stops the runtime and comes out of run(); the first one wins. The default.
struct propagate : family::errors {
  static constexpr auto word = fixed_string("propagate");
  static constexpr bool rethrows = true;
};

/// An exception that leaves a detached task ends the program, where it was thrown, with the stack still there to look
/// at.
struct terminate : family::errors {
  static constexpr auto word = fixed_string("terminate");
  static constexpr bool rethrows = false;
};

/// Contract of the errors family: what an exception leaving a detached task does.
template <class P>
concept errors_policy = policy_of<P, family::errors> && requires {
  { P::rethrows } -> std::convertible_to<bool>;
};

static_assert(errors_policy<propagate>);
static_assert(errors_policy<terminate>);

}  // namespace tenon
// tenon/memory/concept.hpp

namespace tenon {

/// Contract of an arena: the memory of one worker.
///
/// allocate     A block of at least `bytes` bytes (0 counts as 1), aligned to alignof(std::max_align_t); never null.
///              Errors: std::bad_alloc when there is none left (terminates with -fno-exceptions).
/// deallocate   Takes back a block of the same policy; `bytes` is what was asked for.
/// Threads      One at a time. It may be made on one thread and used on another.
/// Lifetime     Never moves. What it kept for reuse is freed with it; a block still in use outlives it.
///
/// An arena may also have `settle(int node)`. The worker's thread calls it before its first block, with the NUMA node
/// of its place, or -1 where the topology knows but one. It gives an object that lives as long as the worker runs, and
/// whose `bring(void* first, std::size_t bytes) const` is told of memory of the worker that was made before.
///
/// A policy may have `exchange<Threading>`, made once a runtime of several threads, and then its arenas have
/// `join(exchange&)`, which the worker's thread calls behind settle: there they may pass blocks on to each other.
template <class A>
concept memory_arena = std::default_initializable<A> && !std::is_move_constructible_v<A> &&
                       !std::is_move_assignable_v<A> && requires(A arena, void* chunk, std::size_t bytes) {
                         { arena.allocate(bytes) } -> std::same_as<void*>;
                         { arena.deallocate(chunk, bytes) } noexcept -> std::same_as<void>;
                       };

/// Contract of the memory family: where coroutine frames, task nodes and buffers come from.
///
/// arena             One a worker: a memory_arena.
/// obtain, release   The same as allocate and deallocate, for a thread that has no arena. Any thread, at any time.
///
/// All blocks of a policy are alike: got by allocate or by obtain, a block may be given back to any arena of the
/// policy, on any thread, or to release. Two blocks that are alive do not overlap.
template <class P>
concept memory_policy =
    policy_of<P, family::memory> && memory_arena<typename P::arena> && requires(void* chunk, std::size_t bytes) {
      { P::obtain(bytes) } -> std::same_as<void*>;
      { P::release(chunk, bytes) } noexcept -> std::same_as<void>;
    };

}  // namespace tenon
// tenon/observe/totals.hpp

namespace tenon {

/// What workers have done so far: of one, or of many added up. The shutdown report is one of these.
///
///     totals all;
///     for (const auto& worker : workers) all += worker.counts.read();
struct totals {
  std::uint64_t tasks_spawned = 0;   ///< tasks and functions that spawn, post and defer took; the main task is one
  std::uint64_t tasks_run = 0;       ///< times a ready task was run; one that waits n times is run n + 1 times
  std::uint64_t tasks_stolen = 0;    ///< ready tasks taken from another worker, counted by the thief
  std::uint64_t items_dropped = 0;   ///< by drop_oldest, drop_newest, and a runtime that drains and takes no more
  std::uint64_t bytes_received = 0;  ///< by reads that completed
  std::uint64_t bytes_sent = 0;      ///< by writes that completed
  std::uint64_t parks = 0;           ///< times a worker went to sleep
  std::uint64_t wakes = 0;           ///< times a worker came back from it: parks - wakes of them sleep now

  constexpr totals& operator+=(const totals& other) noexcept {
    tasks_spawned += other.tasks_spawned;
    tasks_run += other.tasks_run;
    tasks_stolen += other.tasks_stolen;
    items_dropped += other.items_dropped;
    bytes_received += other.bytes_received;
    bytes_sent += other.bytes_sent;
    parks += other.parks;
    wakes += other.wakes;
    return *this;
  }
  friend constexpr totals operator+(totals a, const totals& b) noexcept { return a += b; }
  friend constexpr bool operator==(const totals&, const totals&) = default;
};

}  // namespace tenon
// tenon/observe/concept.hpp

namespace tenon {

/// Contract of an observer: what one worker tells of itself.
///
/// spawned, ran, stole, dropped   That many tasks, tasks, tasks, items; 0 is allowed.
/// received, sent                 That many bytes.
/// parked, woke                   The worker is about to sleep; it is awake again. They alternate.
/// read                           The totals so far. Each number only grows. Two of them need not be of one instant.
/// Threads   The hooks: the worker alone. read: the worker; with a concurrent Threading any thread.
/// Cost      The hooks are on the hot path: no allocation, no read-modify-write, nothing that can fail.
template <class O>
concept observer = std::default_initializable<O> && requires(O mine, const O& other, std::size_t amount) {
  { mine.spawned(amount) } noexcept -> std::same_as<void>;
  { mine.ran(amount) } noexcept -> std::same_as<void>;
  { mine.stole(amount) } noexcept -> std::same_as<void>;
  { mine.dropped(amount) } noexcept -> std::same_as<void>;
  { mine.received(amount) } noexcept -> std::same_as<void>;
  { mine.sent(amount) } noexcept -> std::same_as<void>;
  { mine.parked() } noexcept -> std::same_as<void>;
  { mine.woke() } noexcept -> std::same_as<void>;
  { other.read() } noexcept -> std::same_as<totals>;
};

/// Contract of the observe family: `P::of<Threading>` is an observer, one a worker. Where `enabled` is false it is an
/// empty class and reads all zero: an unobserved runtime pays no byte.
template <class P>
concept observe_policy = policy_of<P, family::observe> && observer<typename P::template of<single_thread>> &&
                         observer<typename P::template of<multi_thread>> &&
                         requires {
                           { P::enabled } -> std::convertible_to<bool>;
                         } &&
                         (P::enabled || (std::is_empty_v<typename P::template of<single_thread>> &&
                                         std::is_empty_v<typename P::template of<multi_thread>>));

}  // namespace tenon
// tenon/queue/concept.hpp

namespace tenon {

/// Contract of a queue of T: what stands between two parties.
///
/// try_push       true: the queue has taken the item. false: it was full, and the item is as it was.
/// try_pop        The oldest item, or nullopt when there was none. What one producer pushed comes out in its order.
/// size_estimate  How many items there are; exact when nobody pushes or pops meanwhile, never above capacity.
/// capacity       How many items it holds; of an unbounded queue the largest std::size_t.
/// Threads        Those that the policy allows push and pop at once; one alone constructs and destroys. Who pops an
///                item sees all that its producer did before it pushed.
/// Errors         Nothing throws. The destructor destroys what was not popped.
template <class Q, class T>
concept queue_for = std::is_default_constructible_v<Q> && !std::is_copy_constructible_v<Q> &&
                    requires(Q queue, const Q& fixed, T&& item) {
                      { queue.try_push(std::move(item)) } noexcept -> std::same_as<bool>;
                      { queue.try_pop() } noexcept -> std::same_as<std::optional<T>>;
                      { fixed.size_estimate() } noexcept -> std::same_as<std::size_t>;
                      { Q::capacity } -> std::convertible_to<std::size_t>;
                    };

/// What the rings also do, cheaper than one by one: one publication, one ticket or one lock for all.
///
/// try_push_some  Moves the first n items in, in their order, and says n: fewer than all when there was room for fewer.
///                The others are as they were.
/// try_pop_some   Moves the n oldest items into the first n places, and says n: fewer than all when there were fewer.
///                With many consumers they stand one behind the other in the queue.
template <class Q, class T>
concept batched_queue_for = queue_for<Q, T> && requires(Q queue, std::span<T> items) {
  { queue.try_push_some(items) } noexcept -> std::same_as<std::size_t>;
  { queue.try_pop_some(items) } noexcept -> std::same_as<std::size_t>;
};

/// Contract of the queue family.
///
///     struct my_queue : tenon::family::queue {
///       static constexpr auto word = tenon::fixed_string("my_queue");
///       static constexpr bool many_producers = true, many_consumers = false, bounded = true;
///       template <class T, class Threading = tenon::multi_thread> class of { /* a queue_for<T> */ };
///     };
///
/// `many_producers` and `many_consumers`: whether several threads may push, or pop, at once. With `single_thread` for
/// Threading, `of` emits nothing atomic. A policy whose queues cannot hold every T that moves and is destroyed without
/// throwing says so: `template <class T> static constexpr bool holds`.
template <class P>
concept queue_policy = policy_of<P, family::queue> && queue_for<typename P::template of<int>, int> &&
                       queue_for<typename P::template of<int, single_thread>, int> && requires {
                         { P::many_producers } -> std::convertible_to<bool>;
                         { P::many_consumers } -> std::convertible_to<bool>;
                         { P::bounded } -> std::convertible_to<bool>;
                       };

namespace detail {

/// What a queue asks of its elements: between the claim of a slot and its release nothing may throw.
template <class T>
inline constexpr bool queueable = std::is_object_v<T> && !std::is_const_v<T> &&
                                  std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>;

template <class P, class T>
consteval bool holds() noexcept {
  if constexpr (requires { P::template holds<T>; }) {
    return P::template holds<T>;
  } else {
    return queueable<T>;
  }
}

}  // namespace detail

/// Whether a queue of policy P can hold a T.
template <class P, class T>
inline constexpr bool queue_holds = detail::holds<P, T>();

}  // namespace tenon
// tenon/runtime/detail/place.hpp

namespace tenon::detail {

/// Where an argument of runtime<...> belongs: the number of its family, presets counting as one, or why it has none.
enum class place : signed char {
  unusable = -3,   ///< a policy that lacks something its family asks for
  stranger = -2,   ///< no policy at all
  undefined = -1,  ///< declared only: a closed door, mostly
  backend = 0,
  scheduling,
  memory,
  queue,
  topology,
  threading,
  observe,
  clock,
  errors,
  context,
  preset,
};

template <class Family>
inline constexpr place family_place = place::stranger;

// clang-format off
template <> inline constexpr place family_place<family::backend> = place::backend;
template <> inline constexpr place family_place<family::scheduling> = place::scheduling;
template <> inline constexpr place family_place<family::memory> = place::memory;
template <> inline constexpr place family_place<family::queue> = place::queue;
template <> inline constexpr place family_place<family::topology> = place::topology;
template <> inline constexpr place family_place<family::threading> = place::threading;
template <> inline constexpr place family_place<family::observe> = place::observe;
template <> inline constexpr place family_place<family::clock> = place::clock;
template <> inline constexpr place family_place<family::errors> = place::errors;
template <> inline constexpr place family_place<family::context> = place::context;
// clang-format on

enum class fault : signed char {
  nothing,
  argument,   ///< one has no place
  duplicate,  ///< two have one place
  nested,     ///< a preset among the words of a preset
};

/// The first thing wrong with the arguments taken one by one and two by two, and where.
struct verdict {
  fault what = fault::nothing;
  std::size_t at = 0;
  std::size_t other = 0;
};

consteval verdict judge(std::initializer_list<place> places) {
  const place* const first = places.begin();
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (first[i] < place::backend) return {fault::argument, i, i};
  }
  for (std::size_t i = 1; i < places.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (first[i] == first[j]) return {fault::duplicate, j, i};
    }
  }
  return {};
}

}  // namespace tenon::detail
// tenon/scheduler/concept.hpp

namespace tenon {

/// Contract of the scheduling family: which ready item a worker runs next, and which worker runs a new one.
///
/// `P::shared<Threading>` is one a runtime, made with the number of workers; `P::local<Threading>` one a worker, made
/// with the shared part and the worker's index. A shared part that can also be made of (number of workers, machine) is,
/// where the topology reads a machine: it may look at the places of the workers then.
///
/// shares            Whether any worker may run any ready item. Then a worker that makes something ready wakes a
///                   sleeping one; otherwise it wakes the worker it gave it to.
/// local.push(item)  Owner: an item that goes on (it ran before on this worker).
/// local.start(item) Owner: a new item. Gives the index of the worker that got it.
/// local.next()      Owner: the next item from what is near, or nullptr.
/// local.find()      Owner: an item from elsewhere: what was injected, what can be stolen; or nullptr.
/// local.stolen()    Owner: how many items find() has taken from other workers since it was last asked.
/// local.idle()      Owner: nothing that this worker may run was anywhere at some instant during the call. Whatever
/// became
///                   ready before a sequentially consistent operation that the caller made before is seen.
/// shared.inject     Any thread: a new item from outside. Gives the index of the worker that got it.
/// shared.give       Any thread: an item that must go on where it was, at worker `index`, if tasks are bound to
/// workers.
///                   Gives the index of the worker that got it.
/// Nothing is ever refused: posts are not dropped.
///
/// A policy whose workers keep some items to themselves for a while (stealing<split>) has local.published() too:
/// whether next() or find() has let others see something since it was last asked. The worker calls one that sleeps
/// then.
///
/// A policy with `static constexpr std::size_t levels` above 1 takes a `tenon::level` after the item too, in push,
/// start, inject and give; without one it means the level that is meant where none is said.
template <class P>
concept scheduling_policy =
    policy_of<P, family::scheduling> && requires(typename P::template shared<multi_thread> shared,
                                                 typename P::template local<multi_thread> local, work& item) {
      { P::shares } -> std::convertible_to<bool>;
      { local.push(item) } noexcept -> std::same_as<void>;
      { local.start(item) } noexcept -> std::same_as<std::size_t>;
      { local.next() } noexcept -> std::same_as<work*>;
      { local.find() } noexcept -> std::same_as<work*>;
      { local.stolen() } noexcept -> std::same_as<std::size_t>;
      { local.idle() } noexcept -> std::same_as<bool>;
      { shared.inject(item) } noexcept -> std::same_as<std::size_t>;
      { shared.give(item, std::size_t{}) } noexcept -> std::same_as<std::size_t>;
    };

namespace detail {

/// Among how many levels a scheduling policy tells its items apart.
template <class P>
inline constexpr std::size_t levels_of = 1;
template <class P>
  requires requires { P::levels; }
inline constexpr std::size_t levels_of<P> = P::levels;

}  // namespace detail

}  // namespace tenon
// tenon/topology/machine.hpp

namespace tenon {

/// Where one worker may run: a hardware thread, and what it shares with others.
///
/// Each number means one thing on the whole machine: two places share a core when their `core` is equal.
struct place {
  int processor = 0;  ///< the hardware thread, as the kernel numbers it
  int core = 0;       ///< hardware threads of one core have the same
  int node = 0;       ///< the NUMA node of its memory, as the kernel numbers it
  int cluster = 0;    ///< cores that share their last level of cache have the same

  friend bool operator==(const place&, const place&) = default;
};

/// What this process may use of the machine it runs on.
///
/// places       The hardware threads it may run on, in the order in which workers take them: each core once, near ones
///              side by side, before any core's second hardware thread. At least one.
/// concurrency  How many workers are worth having: as many as places, or as the CPU quota of the cgroup allows when
///              that is less (rounded up). At least 1. std::thread::hardware_concurrency() knows no quota.
/// note         A sentence for `describe`, with static lifetime; empty when all is as the policy says.
struct machine {
  std::vector<place> places = std::vector<place>(1);
  std::size_t concurrency = 1;
  std::string_view note = {};

  /// The place of a worker: worker i has place i, and the places go round when there are more workers.
  [[nodiscard]] const place& place_of(std::size_t worker) const noexcept {
    assert(!places.empty());
    return places[worker % places.size()];
  }

  friend bool operator==(const machine&, const machine&) = default;
};

}  // namespace tenon
// tenon/topology/concept.hpp

namespace tenon {

/// Contract of the topology family: how many workers there should be, and where each of them runs.
///
/// read     What the calling thread may use of the machine. It always has an answer; `note` says when it is a lesser
///          one than the policy promises. Errors: std::bad_alloc only.
/// pins     Whether pin does anything at all.
/// pin      Keeps the calling thread, as worker `worker`, on its place of `where`. Errors: EINVAL when the machine has
///          no such processor (any more), EPERM; the thread then runs where it ran. Without `pins`: does nothing, is
///          well.
/// unpin    Gives the calling thread all places of `where` again: for worker 0, which is the caller of run(), and
///          whose later threads would inherit its one place. Errors as of pin.
/// Threads  All of them: any thread.
///
/// A policy whose places tell their nodes says `knows_nodes = true`: `numa<M>` asks for it.
template <class P>
concept topology_policy = policy_of<P, family::topology> && requires(const machine& where, std::size_t worker) {
  { P::pins } -> std::convertible_to<bool>;
  { P::read() } -> std::same_as<machine>;
  { P::pin(where, worker) } noexcept -> std::same_as<result<void>>;
  { P::unpin(where) } noexcept -> std::same_as<result<void>>;
};

}  // namespace tenon
// tenon/runtime/contract.hpp

namespace tenon {

namespace detail {

template <class P, class Family>
inline constexpr bool keeps_contract = false;
// clang-format off
template <class P> inline constexpr bool keeps_contract<P, family::backend> = backend_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::scheduling> = scheduling_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::memory> = memory_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::queue> = queue_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::topology> = topology_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::threading> = threading_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::observe> = observe_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::clock> = clock_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::errors> = errors_policy<P>;
template <class P> inline constexpr bool keeps_contract<P, family::context> = context_policy<P>;
// What a sentence means where it is silent is proven by its tests: to do it again would make, in every program, each of
// them for the threading that the program does not have.
template <> inline constexpr bool keeps_contract<epoll, family::backend> = true;
template <> inline constexpr bool keeps_contract<stealing<>, family::scheduling> = true;
template <> inline constexpr bool keeps_contract<fifo, family::scheduling> = true;
template <> inline constexpr bool keeps_contract<by_topology, family::queue> = true;
// clang-format on

template <class P>
consteval place find_place() {
  if constexpr (!complete<P>) {
    return place::undefined;
  } else if constexpr (std::is_base_of_v<preset_tag, P>) {
    return place::preset;
  } else if constexpr (!policy<P> || !std::is_same_v<P, std::remove_cv_t<P>>) {
    return place::stranger;
  } else if constexpr (family_place<typename P::family> == place::stranger) {
    return place::stranger;
  } else {
    return keeps_contract<P, typename P::family> ? family_place<typename P::family> : place::unusable;
  }
}

/// Asked once a policy, not once a runtime.
template <class P>
inline constexpr place place_of = find_place<P>();

}  // namespace detail

/// A policy that keeps the contract of its family: what a runtime is made of. `lacks<P>` says what is missing.
///
///     static_assert(tenon::complete_policy<my_backend>);
template <class P>
concept complete_policy =
    detail::place_of<P> >= detail::place::backend && detail::place_of<P> <= detail::place::context;

static_assert(complete_policy<single_thread>);
static_assert(!complete_policy<family::threading>);

}  // namespace tenon
// tenon/core/rules.hpp

namespace tenon {

/// What a policy asks of the rest of its sentence, beyond the contract of its family.
///
///     struct my_backend : tenon::family::backend {
///       struct on_one_thread {
///         template <class Composition>
///         static constexpr bool holds = !Composition::threading::concurrent;
///         template <class Composition>
///         struct refusal {
///           static_assert(holds<Composition>, "tenon::my_backend: knows one thread only; add single_thread");
///         };
///       };
///       using rules = tenon::rules<on_one_thread>;
///     };
///
/// `Composition` has the policies as its members `backend`, `scheduling`, `memory`, `queue`, `topology`, `threading`,
/// `observe`, `clock` and `errors`. A runtime is made when every rule of each of them holds; the first that does not is
/// the compile error, by its `refusal` being instantiated. `holds` alone is what the legality table and `select` ask.
template <class... Rules>
struct rules {};

}  // namespace tenon
// tenon/runtime/detail/nth.hpp

namespace tenon::detail {

template <std::size_t I, class P>
struct numbered {};
template <class Indices, class... Ps>
struct numbers;
template <std::size_t... Is, class... Ps>
struct numbers<std::index_sequence<Is...>, Ps...> : numbered<Is, Ps>... {};

template <std::size_t I, class P>
std::type_identity<P> pick(const numbered<I, P>*);

/// The I-th of Ps.
template <std::size_t I, class... Ps>
using nth = typename decltype(pick<I>(static_cast<numbers<std::index_sequence_for<Ps...>, Ps...>*>(nullptr)))::type;

}  // namespace tenon::detail
// tenon/runtime/detail/house_rules.hpp

namespace tenon::detail {

/// Stealing is between workers.
struct steals_between_threads {
  template <class Composition>
  static constexpr bool holds = Composition::threading::concurrent;
  template <class Composition>
  struct refusal {
    static_assert(holds<Composition>,
                  "tenon::stealing<...>: with single_thread there is no other worker to steal from; write fifo or "
                  "affinity<> instead of stealing, or leave out single_thread");
  };
};

/// A thief is a second consumer.
struct steals_from_shared_queue {
  template <class Composition>
  static constexpr bool holds = [] {
    if constexpr (requires { Composition::queue::many_consumers; }) {
      return static_cast<bool>(Composition::queue::many_consumers);
    } else {
      return true;  // by_topology: chosen for the parties it has
    }
  }();
  template <class Composition>
  struct refusal {
    static_assert(
        holds<Composition>,
        "tenon::stealing<...>: a thief is a second consumer, and the queue allows only one (many_consumers is "
        "false); write mpmc<N> or locked<N>, or affinity<> or fifo instead of stealing (the default)");
  };
};

/// Only one thread can know that nothing is left to run.
struct stands_still_on_one_thread {
  template <class Composition>
  static constexpr bool holds = !Composition::threading::concurrent;
  template <class Composition>
  struct refusal {
    static_assert(
        holds<Composition>,
        "tenon::virtual_clock: time may jump only when nothing can run, and of several threads none knows that; "
        "add single_thread, or write steady");
  };
};

/// A node is what a topology says it is.
struct knows_where_it_runs {
  template <class Composition>
  static constexpr bool holds = [] {
    if constexpr (requires { Composition::topology::knows_nodes; }) {
      return static_cast<bool>(Composition::topology::knows_nodes);
    } else {
      return std::is_same_v<typename Composition::topology, hwloc>;  // its door may be closed where this is asked
    }
  }();
  template <class Composition>
  struct refusal {
    static_assert(
        holds<Composition>,
        "tenon::numa<...>: the topology knows no nodes (knows_nodes is not there, or false), so there is none to place "
        "memory on; add hwloc, or leave out numa and write what is in its brackets");
  };
};

/// The rules of a policy: its own member `rules`; those of our words that look across families are here, where every
/// family is in sight.
template <class P>
struct rules_of_policy {
  using type = rules<>;
};
template <class P>
  requires requires { typename P::rules; }
struct rules_of_policy<P> {
  using type = typename P::rules;
};
template <class... Options>
struct rules_of_policy<stealing<Options...>> {
  using type = rules<steals_between_threads, steals_from_shared_queue>;
};
template <class Upstream>
struct rules_of_policy<numa<Upstream>> {
  using type = rules<knows_where_it_runs>;
};
template <>
struct rules_of_policy<virtual_clock> {
  using type = rules<stands_still_on_one_thread>;
};

template <class P>
using rules_of = typename rules_of_policy<P>::type;

template <class Composition, class... Rules>
consteval bool obeys(rules<Rules...>) {
  return (Rules::template holds<Composition> && ...);
}
template <class Composition, class... Ps>
consteval bool obeys_all(policy_list<Ps...>) {
  return (obeys<Composition>(rules_of<Ps>{}) && ...);
}

template <class... As, class... Bs>
rules<As..., Bs...> operator+(rules<As...>, rules<Bs...>);
template <class... Ps>
using all_rules = decltype((rules<>{} + ... + rules_of<Ps>{}));

/// The refusal of the first rule that is broken. Only the way to an error comes here.
template <class Composition, class... Rules>
consteval auto first_refusal(rules<Rules...>) {
  constexpr std::size_t broken = [] {
    std::size_t at = 0;
    (void)((Rules::template holds<Composition> && (++at, true)) && ...);
    return at;
  }();
  return std::type_identity<typename nth<broken, Rules...>::template refusal<Composition>>{};
}

template <class Composition, class Policies>
struct broken_rule;
template <class Composition, class... Ps>
struct broken_rule<Composition, policy_list<Ps...>> {
  using type = typename decltype(first_refusal<Composition>(all_rules<Ps...>{}))::type;
};

}  // namespace tenon::detail
// tenon/runtime/detail/refusal.hpp

/// The sentences. Each is a class that the compiler names, with the argument that is wrong, when it instantiates it.
namespace tenon::detail {

template <class...>
inline constexpr bool refused = false;

/// Stands where a runtime would, so that the sentence is the only error.
struct no_runtime {
  using runtime = no_runtime;
  using policies = policy_list<>;
  struct settings {};
  template <class... Args>
  explicit no_runtime(Args&&...) {}
};

template <class P>
struct not_defined {
  static_assert(refused<P>,
                "tenon::runtime<...>: an argument is declared but not defined; include the header that defines it");
};
template <class... Options>
struct not_defined<io_uring<Options...>> {
  static_assert(
      refused<Options...>,
      "tenon::runtime<...>: io_uring<> is declared but its door is closed; define TENON_WITH_IO_URING=1 and link "
      "liburing (CMake: tenon::io_uring)");
};
template <class P>
  requires std::is_same_v<P, libuv>
struct not_defined<P> {
  static_assert(
      refused<P>,
      "tenon::runtime<...>: libuv is declared but its door is closed; define TENON_WITH_LIBUV=1 and link libuv "
      "(CMake: tenon::libuv)");
};
template <class P>
  requires std::is_same_v<P, mimalloc>
struct not_defined<P> {
  static_assert(
      refused<P>,
      "tenon::runtime<...>: mimalloc is declared but its door is closed; define TENON_WITH_MIMALLOC=1 and link "
      "mimalloc (CMake: tenon::mimalloc)");
};
template <class P>
  requires std::is_same_v<P, hwloc>
struct not_defined<P> {
  static_assert(
      refused<P>,
      "tenon::runtime<...>: hwloc is declared but its door is closed; define TENON_WITH_HWLOC=1 and link hwloc "
      "(CMake: tenon::hwloc)");
};
template <class... Options>
struct not_defined<stealing<Options...>> {
  static_assert(refused<Options...>,
                "tenon::runtime<...>: an option of stealing<...> is declared but not defined; include "
                "<tenon/scheduler/chase_lev.hpp>, <tenon/scheduler/split.hpp> or <tenon/scheduler/lifo_slot.hpp>");
};
template <decltype(sizeof 0) N>
struct not_defined<unbounded<N>> {
  static_assert(refused<unbounded<N>>,
                "tenon::runtime<...>: unbounded<> is declared but not defined; include <tenon/queue/unbounded.hpp>");
};
template <decltype(sizeof 0) N>
struct not_defined<boost_spsc<N>> {
  static_assert(refused<boost_spsc<N>>,
                "tenon::runtime<...>: boost_spsc<N> is declared but not defined; include <tenon/queue/boost_spsc.hpp>");
};
template <decltype(sizeof 0) N>
struct not_defined<boost_mpmc<N>> {
  static_assert(refused<boost_mpmc<N>>,
                "tenon::runtime<...>: boost_mpmc<N> is declared but not defined; include <tenon/queue/boost_mpmc.hpp>");
};

template <class P>
consteval int strangeness() {
  if constexpr (!std::is_same_v<P, std::remove_cv_t<P>>) {
    return 1;
  } else if constexpr (!names_family<P>) {
    return 2;
  } else if constexpr (family_place<typename P::family> == place::stranger) {
    return 3;
  } else if constexpr (!std::is_empty_v<P>) {
    return 4;
  } else {
    return 5;
  }
}

template <class P>
struct not_a_policy {
  template <int Reason>
  static constexpr bool free_of = strangeness<P>() != Reason;
  static_assert(free_of<1>, "tenon::runtime<...>: an argument is const or volatile; name the policy itself");
  static_assert(
      free_of<2>,
      "tenon::runtime<...>: an argument is not a policy; derive it, publicly, from the one family it belongs to, "
      "as in struct my_backend : tenon::family::backend");
  static_assert(
      free_of<3>,
      "tenon::runtime<...>: a policy names a family that no runtime has; derive it from one of tenon::family");
  static_assert(
      free_of<4>,
      "tenon::runtime<...>: a policy has data members, and nobody makes an object of it; keep state in the types "
      "it names and numbers in settings");
  static_assert(free_of<5>,
                "tenon::runtime<...>: a policy has no word, its name in a sentence; add static constexpr auto word = "
                "tenon::fixed_string(\"my_policy\")");
};

/// Two of one family; the sentence of a family is written out, for a static_assert takes a literal only.
template <place Family, class First, class Second>
struct two_of_one_family {
  static constexpr bool same = std::is_same_v<First, Second>;
  static_assert(!same, "tenon::runtime<...>: a policy is named twice; name it once");
  static_assert(same || Family != place::backend, "tenon::runtime<...>: two backends; keep one");
  static_assert(same || Family != place::scheduling, "tenon::runtime<...>: two scheduling policies; keep one");
  static_assert(same || Family != place::memory,
                "tenon::runtime<...>: two memory policies; keep one, or nest them as in recycling<mimalloc>");
  static_assert(same || Family != place::queue,
                "tenon::runtime<...>: two queue policies; keep one, and name another at the stage that needs it");
  static_assert(same || Family != place::topology, "tenon::runtime<...>: two topologies; keep one");
  static_assert(same || Family != place::threading,
                "tenon::runtime<...>: two threading policies; keep single_thread or multi_thread");
  static_assert(same || Family != place::observe, "tenon::runtime<...>: two observe policies; keep one");
  static_assert(same || Family != place::clock, "tenon::runtime<...>: two clocks; keep one");
  static_assert(same || Family != place::errors,
                "tenon::runtime<...>: two errors policies; keep propagate or terminate");
  static_assert(same || Family != place::context,
                "tenon::runtime<...>: two contexts; keep one and name all slots in it");
  static_assert(same || Family != place::preset,
                "tenon::runtime<...>: two presets; keep one and name the policies that you want of the other");
};

template <class... Ps>
struct preset_in_a_preset {
  static_assert(refused<Ps...>, "tenon::runtime<...>: a preset names another preset; name that one's policies instead");
};

/// The sentence about one argument.
template <place Where, class P>
struct refused_argument;
template <class P>
struct refused_argument<place::undefined, P> : std::type_identity<not_defined<P>> {};
template <class P>
struct refused_argument<place::stranger, P> : std::type_identity<not_a_policy<P>> {};

}  // namespace tenon::detail
// tenon/runtime/lacking_parts.hpp

/// Which requirement of its family's contract a policy fails, the first of them, as a sentence: for what a
/// worker is made of.
/// The concepts decide; this only says why, and only when they have said no.
namespace tenon::detail {

/// Its instantiation says what P lacks.
template <class Family, class P>
struct missing;

// clang-format off: a requirement a line
template <class P>
consteval std::string_view backend_lacks() {
  if constexpr (!requires { typename P::template loop<single_thread>; typename P::template loop<multi_thread>; })
    return "loop";
  else {
    using L = typename P::template loop<multi_thread>;
    if constexpr (!requires(typename L::source source, io_source& base) { base = source; }) return "loop::source";
    else if constexpr (!requires(L loop) { { loop.open() } noexcept -> std::same_as<result<void>>; }) return "open";
    else if constexpr (!requires(L loop, typename L::source& s)
                          { { loop.attach(s) } noexcept -> std::same_as<result<void>>; })
      return "attach";
    else if constexpr (!requires(L loop, typename L::source& s) { { loop.detach(s) } noexcept -> std::same_as<void>; })
      return "detach";
    else if constexpr (!requires(io_operation& op) { { L::attempt(op) } noexcept -> std::same_as<bool>; })
      return "attempt";
    else if constexpr (!requires(L loop, io_operation& op) { { loop.start(op) } noexcept -> std::same_as<bool>; })
      return "start";
    else if constexpr (!requires(L loop, io_operation& op) { { loop.cancel(op) } noexcept -> std::same_as<void>; })
      return "cancel";
    else if constexpr (!requires(L loop, duration t) { { loop.wait(t) } noexcept -> std::same_as<std::size_t>; })
      return "wait";
    else if constexpr (!requires(L loop) { { loop.wake() } noexcept -> std::same_as<void>; }) return "wake";
    else if constexpr (!requires(const L& loop) { { loop.note() } noexcept -> std::convertible_to<std::string_view>; })
      return "note";
    else if constexpr (!requires { { P::performs_io } -> std::convertible_to<bool>; }) return "performs_io";
    else if constexpr (!requires { { P::proactor } -> std::convertible_to<bool>; }) return "proactor";
    else return {};
  }
}

template <class P>
struct missing<family::backend, P> {
  static constexpr std::string_view lack = backend_lacks<P>();
  static_assert(lack != "loop",
                "tenon::runtime<...>: a backend lacks loop; give it template <class Threading> class loop "
                "(tenon::backend_policy)");
  static_assert(lack != "loop::source",
                "tenon::runtime<...>: a backend lacks loop::source; give its loop a class source derived from "
                "tenon::io_source (tenon::backend_loop)");
  static_assert(lack != "open",
                "tenon::runtime<...>: a backend lacks open; give its loop tenon::result<void> open() noexcept "
                "(tenon::backend_loop)");
  static_assert(lack != "attach",
                "tenon::runtime<...>: a backend lacks attach; give its loop tenon::result<void> attach(source&) "
                "noexcept (tenon::backend_loop)");
  static_assert(lack != "detach",
                "tenon::runtime<...>: a backend lacks detach; give its loop void detach(source&) noexcept "
                "(tenon::backend_loop)");
  static_assert(lack != "attempt",
                "tenon::runtime<...>: a backend lacks attempt; give its loop static bool attempt(tenon::io_operation&) "
                "noexcept (tenon::backend_loop)");
  static_assert(lack != "start",
                "tenon::runtime<...>: a backend lacks start; give its loop bool start(tenon::io_operation&) noexcept "
                "(tenon::backend_loop)");
  static_assert(lack != "cancel",
                "tenon::runtime<...>: a backend lacks cancel; give its loop void cancel(tenon::io_operation&) noexcept "
                "(tenon::backend_loop)");
  static_assert(lack != "wait",
                "tenon::runtime<...>: a backend lacks wait; give its loop std::size_t wait(std::chrono::nanoseconds) "
                "noexcept (tenon::backend_loop)");
  static_assert(lack != "wake",
                "tenon::runtime<...>: a backend lacks wake; give its loop<multi_thread> void wake() noexcept "
                "(tenon::wakeable_loop)");
  static_assert(lack != "note",
                "tenon::runtime<...>: a backend lacks note; give its loop std::string_view note() const noexcept "
                "(tenon::backend_loop)");
  static_assert(lack != "performs_io",
                "tenon::runtime<...>: a backend lacks performs_io; give it static constexpr bool performs_io "
                "(tenon::backend_policy)");
  static_assert(lack != "proactor",
                "tenon::runtime<...>: a backend lacks proactor; give it static constexpr bool proactor "
                "(tenon::backend_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a backend does not keep its contract; see where with "
                "static_assert(tenon::backend_policy<...>) below it");
};

template <class P>
consteval std::string_view scheduling_lacks() {
  if constexpr (!requires { typename P::template shared<multi_thread>; }) return "shared";
  else if constexpr (!requires { typename P::template local<multi_thread>; }) return "local";
  else {
    using S = typename P::template shared<multi_thread>;
    using L = typename P::template local<multi_thread>;
    if constexpr (!requires { { P::shares } -> std::convertible_to<bool>; }) return "shares";
    else if constexpr (!requires(L local, work& item) { { local.push(item) } noexcept -> std::same_as<void>; })
      return "push";
    else if constexpr (!requires(L local, work& item) { { local.start(item) } noexcept -> std::same_as<std::size_t>; })
      return "start";
    else if constexpr (!requires(L local) { { local.next() } noexcept -> std::same_as<work*>; }) return "next";
    else if constexpr (!requires(L local) { { local.find() } noexcept -> std::same_as<work*>; }) return "find";
    else if constexpr (!requires(L local) { { local.stolen() } noexcept -> std::same_as<std::size_t>; })
      return "stolen";
    else if constexpr (!requires(L local) { { local.idle() } noexcept -> std::same_as<bool>; }) return "idle";
    else if constexpr (!requires(S all, work& w) { { all.inject(w) } noexcept -> std::same_as<std::size_t>; })
      return "inject";
    else if constexpr (!requires(S all, work& w)
                          { { all.give(w, std::size_t{}) } noexcept -> std::same_as<std::size_t>; })
      return "give";
    else return {};
  }
}

template <class P>
struct missing<family::scheduling, P> {
  static constexpr std::string_view lack = scheduling_lacks<P>();
  static_assert(lack != "shared",
                "tenon::runtime<...>: a scheduling policy lacks shared; give it template <class Threading> class "
                "shared, one a runtime (tenon::scheduling_policy)");
  static_assert(lack != "local",
                "tenon::runtime<...>: a scheduling policy lacks local; give it template <class Threading> class local, "
                "one a worker (tenon::scheduling_policy)");
  static_assert(lack != "shares",
                "tenon::runtime<...>: a scheduling policy lacks shares; give it static constexpr bool shares "
                "(tenon::scheduling_policy)");
  static_assert(lack != "push",
                "tenon::runtime<...>: a scheduling policy lacks push; give its local void push(tenon::work&) noexcept "
                "(tenon::scheduling_policy)");
  static_assert(lack != "start",
                "tenon::runtime<...>: a scheduling policy lacks start; give its local std::size_t start(tenon::work&) "
                "noexcept (tenon::scheduling_policy)");
  static_assert(lack != "next",
                "tenon::runtime<...>: a scheduling policy lacks next; give its local tenon::work* next() noexcept "
                "(tenon::scheduling_policy)");
  static_assert(lack != "find",
                "tenon::runtime<...>: a scheduling policy lacks find; give its local tenon::work* find() noexcept "
                "(tenon::scheduling_policy)");
  static_assert(lack != "stolen",
                "tenon::runtime<...>: a scheduling policy lacks stolen; give its local std::size_t stolen() noexcept "
                "(tenon::scheduling_policy)");
  static_assert(lack != "idle",
                "tenon::runtime<...>: a scheduling policy lacks idle; give its local bool idle() noexcept "
                "(tenon::scheduling_policy)");
  static_assert(lack != "inject",
                "tenon::runtime<...>: a scheduling policy lacks inject; give its shared std::size_t "
                "inject(tenon::work&) noexcept (tenon::scheduling_policy)");
  static_assert(lack != "give",
                "tenon::runtime<...>: a scheduling policy lacks give; give its shared std::size_t give(tenon::work&, "
                "std::size_t) noexcept (tenon::scheduling_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a scheduling policy does not keep its contract; see where with "
                "static_assert(tenon::scheduling_policy<...>) below it");
};

template <class P>
consteval std::string_view memory_lacks() {
  if constexpr (!requires { typename P::arena; }) return "arena";
  else {
    using A = typename P::arena;
    if constexpr (!std::default_initializable<A> || std::is_move_constructible_v<A> || std::is_move_assignable_v<A>)
      return "arena()";
    else if constexpr (!requires(A arena, std::size_t n) { { arena.allocate(n) } -> std::same_as<void*>; })
      return "allocate";
    else if constexpr (!requires(A arena, void* block, std::size_t n)
                          { { arena.deallocate(block, n) } noexcept -> std::same_as<void>; })
      return "deallocate";
    else if constexpr (!requires(std::size_t n) { { P::obtain(n) } -> std::same_as<void*>; }) return "obtain";
    else if constexpr (!requires(void* block, std::size_t n)
                          { { P::release(block, n) } noexcept -> std::same_as<void>; })
      return "release";
    else return {};
  }
}

template <class P>
struct missing<family::memory, P> {
  static constexpr std::string_view lack = memory_lacks<P>();
  static_assert(lack != "arena",
                "tenon::runtime<...>: a memory policy lacks arena; give it a class arena, one a worker "
                "(tenon::memory_policy)");
  static_assert(lack != "arena()",
                "tenon::runtime<...>: a memory policy lacks arena(); give its arena a constructor without arguments, "
                "and delete its moves (tenon::memory_arena)");
  static_assert(lack != "allocate",
                "tenon::runtime<...>: a memory policy lacks allocate; give its arena void* allocate(std::size_t) "
                "(tenon::memory_arena)");
  static_assert(lack != "deallocate",
                "tenon::runtime<...>: a memory policy lacks deallocate; give its arena void deallocate(void*, "
                "std::size_t) noexcept (tenon::memory_arena)");
  static_assert(lack != "obtain",
                "tenon::runtime<...>: a memory policy lacks obtain; give it static void* obtain(std::size_t) "
                "(tenon::memory_policy)");
  static_assert(lack != "release",
                "tenon::runtime<...>: a memory policy lacks release; give it static void release(void*, std::size_t) "
                "noexcept (tenon::memory_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a memory policy does not keep its contract; see where with "
                "static_assert(tenon::memory_policy<...>) below it");
};

template <class P>
consteval std::string_view queue_lacks() {
  if constexpr (!requires { typename P::template of<int>; typename P::template of<int, single_thread>; }) return "of";
  else {
    using Q = typename P::template of<int>;
    if constexpr (!std::is_default_constructible_v<Q> || std::is_copy_constructible_v<Q>) return "of()";
    else if constexpr (!requires(Q queue, int&& i) { { queue.try_push(std::move(i)) } noexcept -> std::same_as<bool>; })
      return "try_push";
    else if constexpr (!requires(Q queue) { { queue.try_pop() } noexcept -> std::same_as<std::optional<int>>; })
      return "try_pop";
    else if constexpr (!requires(const Q& queue) { { queue.size_estimate() } noexcept -> std::same_as<std::size_t>; })
      return "size_estimate";
    else if constexpr (!requires { { Q::capacity } -> std::convertible_to<std::size_t>; }) return "capacity";
    else if constexpr (!requires { { P::many_producers } -> std::convertible_to<bool>; }) return "many_producers";
    else if constexpr (!requires { { P::many_consumers } -> std::convertible_to<bool>; }) return "many_consumers";
    else if constexpr (!requires { { P::bounded } -> std::convertible_to<bool>; }) return "bounded";
    else return {};
  }
}

template <class P>
struct missing<family::queue, P> {
  static constexpr std::string_view lack = queue_lacks<P>();
  static_assert(lack != "of",
                "tenon::runtime<...>: a queue policy lacks of; give it template <class T, class Threading = "
                "tenon::multi_thread> class of (tenon::queue_policy)");
  static_assert(lack != "of()",
                "tenon::runtime<...>: a queue policy lacks of(); give its of<T> a constructor without arguments, and "
                "delete its copies (tenon::queue_for)");
  static_assert(lack != "try_push",
                "tenon::runtime<...>: a queue policy lacks try_push; give its of<T> bool try_push(T&&) noexcept "
                "(tenon::queue_for)");
  static_assert(lack != "try_pop",
                "tenon::runtime<...>: a queue policy lacks try_pop; give its of<T> std::optional<T> try_pop() noexcept "
                "(tenon::queue_for)");
  static_assert(lack != "size_estimate",
                "tenon::runtime<...>: a queue policy lacks size_estimate; give its of<T> std::size_t size_estimate() "
                "const noexcept (tenon::queue_for)");
  static_assert(lack != "capacity",
                "tenon::runtime<...>: a queue policy lacks capacity; give its of<T> static constexpr std::size_t "
                "capacity (tenon::queue_for)");
  static_assert(lack != "many_producers",
                "tenon::runtime<...>: a queue policy lacks many_producers; give it static constexpr bool "
                "many_producers (tenon::queue_policy)");
  static_assert(lack != "many_consumers",
                "tenon::runtime<...>: a queue policy lacks many_consumers; give it static constexpr bool "
                "many_consumers (tenon::queue_policy)");
  static_assert(lack != "bounded",
                "tenon::runtime<...>: a queue policy lacks bounded; give it static constexpr bool bounded "
                "(tenon::queue_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a queue policy does not keep its contract; see where with "
                "static_assert(tenon::queue_policy<...>) below it");
};
// clang-format on

}  // namespace tenon::detail
// tenon/runtime/lacking_surroundings.hpp

/// Which requirement of its family's contract a policy fails, the first of them, as a sentence: for what is
/// around a worker.
/// The concepts decide; this only says why, and only when they have said no.
namespace tenon::detail {

// clang-format off: a requirement a line
template <class P>
consteval std::string_view topology_lacks() {
  if constexpr (!requires { { P::pins } -> std::convertible_to<bool>; }) return "pins";
  else if constexpr (!requires { { P::read() } -> std::same_as<machine>; }) return "read";
  else if constexpr (!requires(const machine& m, std::size_t i)
                        { { P::pin(m, i) } noexcept -> std::same_as<result<void>>; })
    return "pin";
  else if constexpr (!requires(const machine& where) { { P::unpin(where) } noexcept -> std::same_as<result<void>>; })
    return "unpin";
  else return {};
}

template <class P>
struct missing<family::topology, P> {
  static constexpr std::string_view lack = topology_lacks<P>();
  static_assert(lack != "pins",
                "tenon::runtime<...>: a topology lacks pins; give it static constexpr bool pins "
                "(tenon::topology_policy)");
  static_assert(lack != "read",
                "tenon::runtime<...>: a topology lacks read; give it static tenon::machine read() "
                "(tenon::topology_policy)");
  static_assert(lack != "pin",
                "tenon::runtime<...>: a topology lacks pin; give it static tenon::result<void> pin(const "
                "tenon::machine&, std::size_t) noexcept (tenon::topology_policy)");
  static_assert(lack != "unpin",
                "tenon::runtime<...>: a topology lacks unpin; give it static tenon::result<void> unpin(const "
                "tenon::machine&) noexcept (tenon::topology_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a topology does not keep its contract; see where with "
                "static_assert(tenon::topology_policy<...>) below it");
};

template <class P>
consteval std::string_view observe_lacks() {
  if constexpr (!requires { typename P::template of<single_thread>; typename P::template of<multi_thread>; })
    return "of";
  else {
    using O = typename P::template of<multi_thread>;
    if constexpr (!requires(O mine, std::size_t n) { { mine.spawned(n) } noexcept -> std::same_as<void>; })
      return "spawned";
    else if constexpr (!requires(O mine, std::size_t n) { { mine.ran(n) } noexcept -> std::same_as<void>; })
      return "ran";
    else if constexpr (!requires(O mine, std::size_t n) { { mine.stole(n) } noexcept -> std::same_as<void>; })
      return "stole";
    else if constexpr (!requires(O mine, std::size_t n) { { mine.dropped(n) } noexcept -> std::same_as<void>; })
      return "dropped";
    else if constexpr (!requires(O mine, std::size_t n) { { mine.received(n) } noexcept -> std::same_as<void>; })
      return "received";
    else if constexpr (!requires(O mine, std::size_t n) { { mine.sent(n) } noexcept -> std::same_as<void>; })
      return "sent";
    else if constexpr (!requires(O mine) { { mine.parked() } noexcept -> std::same_as<void>; }) return "parked";
    else if constexpr (!requires(O mine) { { mine.woke() } noexcept -> std::same_as<void>; }) return "woke";
    else if constexpr (!requires(const O& other) { { other.read() } noexcept -> std::same_as<totals>; }) return "read";
    else if constexpr (!requires { { P::enabled } -> std::convertible_to<bool>; }) return "enabled";
    else return {};
  }
}

template <class P>
struct missing<family::observe, P> {
  static constexpr std::string_view lack = observe_lacks<P>();
  static_assert(lack != "of",
                "tenon::runtime<...>: an observe policy lacks of; give it template <class Threading> class of, one a "
                "worker (tenon::observe_policy)");
  static_assert(lack != "spawned",
                "tenon::runtime<...>: an observe policy lacks spawned; give its of<Threading> void "
                "spawned(std::size_t) noexcept (tenon::observer)");
  static_assert(lack != "ran",
                "tenon::runtime<...>: an observe policy lacks ran; give its of<Threading> void ran(std::size_t) "
                "noexcept (tenon::observer)");
  static_assert(lack != "stole",
                "tenon::runtime<...>: an observe policy lacks stole; give its of<Threading> void stole(std::size_t) "
                "noexcept (tenon::observer)");
  static_assert(lack != "dropped",
                "tenon::runtime<...>: an observe policy lacks dropped; give its of<Threading> void "
                "dropped(std::size_t) noexcept (tenon::observer)");
  static_assert(lack != "received",
                "tenon::runtime<...>: an observe policy lacks received; give its of<Threading> void "
                "received(std::size_t) noexcept (tenon::observer)");
  static_assert(lack != "sent",
                "tenon::runtime<...>: an observe policy lacks sent; give its of<Threading> void sent(std::size_t) "
                "noexcept (tenon::observer)");
  static_assert(lack != "parked",
                "tenon::runtime<...>: an observe policy lacks parked; give its of<Threading> void parked() noexcept "
                "(tenon::observer)");
  static_assert(lack != "woke",
                "tenon::runtime<...>: an observe policy lacks woke; give its of<Threading> void woke() noexcept "
                "(tenon::observer)");
  static_assert(lack != "read",
                "tenon::runtime<...>: an observe policy lacks read; give its of<Threading> tenon::totals read() const "
                "noexcept (tenon::observer)");
  static_assert(lack != "enabled",
                "tenon::runtime<...>: an observe policy lacks enabled; give it static constexpr bool enabled "
                "(tenon::observe_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: an observe policy does not keep its contract; see where with "
                "static_assert(tenon::observe_policy<...>) below it");
};

template <class P>
consteval std::string_view threading_lacks() {
  if constexpr (!requires { { P::concurrent } -> std::convertible_to<bool>; }) return "concurrent";
  else if constexpr (!requires { typename P::template atomic<int>; }) return "atomic";
  else if constexpr (!requires { typename P::mutex; }) return "mutex";
  else return {};
}

template <class P>
struct missing<family::threading, P> {
  static constexpr std::string_view lack = threading_lacks<P>();
  static_assert(lack != "concurrent",
                "tenon::runtime<...>: a threading policy lacks concurrent; give it static constexpr bool concurrent "
                "(tenon::threading_policy)");
  static_assert(lack != "atomic",
                "tenon::runtime<...>: a threading policy lacks atomic; give it template <class T> using atomic, as "
                "std::atomic (tenon::threading_policy)");
  static_assert(lack != "mutex",
                "tenon::runtime<...>: a threading policy lacks mutex; give it a class mutex, as std::mutex "
                "(tenon::threading_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a threading policy does not keep its contract; see where with "
                "static_assert(tenon::threading_policy<...>) below it");
};

template <class P>
consteval std::string_view clock_lacks() {
  if constexpr (!requires { typename P::source; }) return "source";
  else {
    using S = typename P::source;
    if constexpr (!requires(S source) { { source.now() } noexcept -> std::same_as<time_point>; }) return "now";
    else if constexpr (!requires(S source, time_point end)
                          { { source.until(end) } noexcept -> std::same_as<duration>; })
      return "until";
    else return {};
  }
}

template <class P>
struct missing<family::clock, P> {
  static constexpr std::string_view lack = clock_lacks<P>();
  static_assert(lack != "source",
                "tenon::runtime<...>: a clock lacks source; give it a class source, one a runtime "
                "(tenon::clock_policy)");
  static_assert(lack != "now",
                "tenon::runtime<...>: a clock lacks now; give its source tenon::time_point now() noexcept "
                "(tenon::clock_policy)");
  static_assert(lack != "until",
                "tenon::runtime<...>: a clock lacks until; give its source tenon::duration until(tenon::time_point) "
                "noexcept (tenon::clock_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a clock does not keep its contract; see where with "
                "static_assert(tenon::clock_policy<...>) below it");
};

template <class P>
consteval std::string_view errors_lacks() {
  if constexpr (!requires { { P::rethrows } -> std::convertible_to<bool>; }) return "rethrows";
  else return {};
}

template <class P>
struct missing<family::errors, P> {
  static constexpr std::string_view lack = errors_lacks<P>();
  static_assert(lack != "rethrows",
                "tenon::runtime<...>: an errors policy lacks rethrows; give it static constexpr bool rethrows "
                "(tenon::errors_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: an errors policy does not keep its contract; see where with "
                "static_assert(tenon::errors_policy<...>) below it");
};

template <class P>
consteval std::string_view context_lacks() {
  if constexpr (!requires { typename P::values; }) return "values";
  else if constexpr (!std::derived_from<typename P::values, any_context>) return "any_context";
  else if constexpr (!std::is_nothrow_constructible_v<typename P::values, const any_context*>) return "values(other)";
  else if constexpr (!requires { { P::carries } -> std::convertible_to<bool>; }) return "carries";
  else return {};
}

template <class P>
struct missing<family::context, P> {
  static constexpr std::string_view lack = context_lacks<P>();
  static_assert(lack != "values",
                "tenon::runtime<...>: a context policy lacks values; give it a class values derived from "
                "tenon::any_context (tenon::context_policy)");
  static_assert(lack != "any_context",
                "tenon::runtime<...>: the values of a context policy are no tenon::any_context; derive them from it, "
                "publicly (tenon::context_policy)");
  static_assert(lack != "values(other)",
                "tenon::runtime<...>: a context policy lacks values(other); give its values a noexcept constructor "
                "from const tenon::any_context* (tenon::context_policy)");
  static_assert(lack != "carries",
                "tenon::runtime<...>: a context policy lacks carries; give it static constexpr bool carries "
                "(tenon::context_policy)");
  static_assert(!lack.empty(),
                "tenon::runtime<...>: a context policy does not keep its contract; see where with "
                "static_assert(tenon::context_policy<...>) below it");
};

// clang-format on

}  // namespace tenon::detail
// tenon/runtime/composition.hpp

namespace tenon {

/// One policy a family: what a sentence means once its order and its defaults are gone. Rules look at its members.
///
/// runtime  The type it stands for.
/// legal    Whether every rule of every one of its policies holds. Asking is not an error, whatever the answer.
template <class Backend, class Scheduling, class Memory, class Queue, class Topology, class Threading, class Observe,
          class Clock, class Errors, class Context>
struct composition {
  using backend = Backend;
  using scheduling = Scheduling;
  using memory = Memory;
  using queue = Queue;
  using topology = Topology;
  using threading = Threading;
  using observe = Observe;
  using clock = Clock;
  using errors = Errors;
  using context = Context;

  using policies =
      detail::policy_list<Backend, Scheduling, Memory, Queue, Topology, Threading, Observe, Clock, Errors, Context>;
  using runtime =
      basic_runtime<Backend, Scheduling, Memory, Queue, Topology, Threading, Observe, Clock, Errors, Context>;

  static constexpr bool legal = detail::obeys_all<composition>(policies{});
};

namespace detail {

/// Look-up is overload resolution: a sentence converts to the entry of each family that it has a policy of.
template <class Family, class P>
struct entry {};
template <class... Ps>
struct entries : entry<typename Ps::family, Ps>... {};

template <class Family, class Fallback>
Fallback* find(const volatile void*);
template <class Family, class Fallback, class P>
P* find(const entry<Family, P>*);

template <class Family, class Fallback, class Entries>
using found = std::remove_pointer_t<decltype(find<Family, Fallback>(static_cast<Entries*>(nullptr)))>;

/// What is meant where nothing is said. Stealing needs someone to steal from, so that one thread means a plain queue.
template <class Threading>
using default_scheduling = std::conditional_t<Threading::concurrent, stealing<>, fifo>;

template <class Entries, class Threading = found<family::threading, multi_thread, Entries>>
using resolved = composition<found<family::backend, epoll, Entries>,
                             found<family::scheduling, default_scheduling<Threading>, Entries>,
                             found<family::memory, recycling<system>, Entries>,
                             found<family::queue, by_topology, Entries>, found<family::topology, flat, Entries>,
                             Threading, found<family::observe, off, Entries>, found<family::clock, steady, Entries>,
                             found<family::errors, propagate, Entries>, found<family::context, context<>, Entries>>;

/// What a preset says counts where the sentence is silent, and where it goes with what the sentence says.
template <class P, class... Said>
consteval bool counts() {
  if constexpr (std::is_void_v<found<typename P::family, void, entries<Said...>>>) {
    return resolved<entries<Said..., P>>::legal;
  } else {
    return false;
  }
}
template <class P>
struct unheard {};

template <class List, class... Said>
struct merged;
template <class... Ps, class... Said>
struct merged<policy_list<Ps...>, Said...>
    : entries<Said...>, std::conditional_t<counts<Ps, Said...>(), entry<typename Ps::family, Ps>, unheard<Ps>>... {};

template <class... Ps>
inline constexpr verdict verdict_of = judge({place_of<Ps>...});

/// What a sentence comes to: `accepted<R>`, or else the class whose instantiation says what is wrong.
template <class R>
struct accepted {};

template <class P>
struct refused_argument<place::unusable, P> : std::type_identity<missing<typename P::family, P>> {};

template <class Composition, bool Legal = Composition::legal>
struct conclude {
  using type = accepted<typename Composition::runtime>;
};
template <class Composition>
struct conclude<Composition, false> : broken_rule<Composition, typename Composition::policies> {};

template <fault Fault, class... Ps>
struct compose;
template <class... Ps>
using answer = typename compose<verdict_of<Ps...>.what, Ps...>::type;

template <class... Ps>
struct compose<fault::argument, Ps...> {
  using wrong = nth<verdict_of<Ps...>.at, Ps...>;
  using type = typename refused_argument<place_of<wrong>, wrong>::type;
};

template <class... Ps>
struct compose<fault::duplicate, Ps...> {
  using first = nth<verdict_of<Ps...>.at, Ps...>;
  using second = nth<verdict_of<Ps...>.other, Ps...>;
  using type = two_of_one_family<place_of<first>, first, second>;
};

template <class... Ps>
struct compose<fault::nested, Ps...> {
  using type = preset_in_a_preset<Ps...>;
};

template <class List>
inline constexpr fault fault_in = fault::nothing;
template <class... Ps>
inline constexpr fault fault_in<policy_list<Ps...>> =
    ((place_of<Ps> == place::preset) || ...) ? fault::nested : verdict_of<Ps...>.what;

/// A preset's own words are looked at as a sentence's are.
template <class List, fault Fault, class... Said>
struct compose_with : conclude<resolved<merged<List, Said...>>> {};
template <class... Ps, fault Fault, class... Said>
  requires(Fault != fault::nothing)
struct compose_with<policy_list<Ps...>, Fault, Said...> : compose<Fault, Ps...> {};

template <class Preset, class... Said>
struct sentence : compose_with<typename Preset::policies, fault_in<typename Preset::policies>, Said...> {};
template <class... Said>
struct sentence<void, Said...> : conclude<resolved<entries<Said...>>> {};

template <class... Ps>
struct compose<fault::nothing, Ps...> : sentence<found<preset_tag, void, entries<Ps...>>, Ps...> {};

/// Instantiates a refusal, by asking what it derives from: last of all and from the outermost place, so that the error
/// is short. The call goes on whatever the answer is; a class that had a refused one for its base would be dropped, and
/// each use of it be one more error.
template <class R>
R stand_for(const accepted<R>*);
no_runtime stand_for(const volatile void*);

}  // namespace detail

}  // namespace tenon
// tenon/config/select.hpp

namespace tenon {

namespace detail {

/// The words of one family that a configuration may choose among; the first is meant where it says nothing.
template <class Family, class... Ps>
struct choice {
  static constexpr bool some = sizeof...(Ps) > 0;
  static constexpr bool whole = ((place_of<Ps> >= place::backend) && ...);
  static constexpr bool one_family = ((place_of<Ps> == family_place<Family>) && ...);
};

}  // namespace detail

template <class... Ps>
struct backends : detail::choice<family::backend, Ps...> {};
template <class... Ps>
struct schedulings : detail::choice<family::scheduling, Ps...> {};
template <class... Ps>
struct memories : detail::choice<family::memory, Ps...> {};
template <class... Ps>
struct queues : detail::choice<family::queue, Ps...> {};
template <class... Ps>
struct topologies : detail::choice<family::topology, Ps...> {};
template <class... Ps>
struct threadings : detail::choice<family::threading, Ps...> {};
template <class... Ps>
struct observers : detail::choice<family::observe, Ps...> {};
template <class... Ps>
struct clocks : detail::choice<family::clock, Ps...> {};
template <class... Ps>
struct on_errors : detail::choice<family::errors, Ps...> {};
template <class... Ps>
struct contexts : detail::choice<family::context, Ps...> {};

namespace detail {

template <class Family, class... Ps>
policy_list<Ps...> choice_words(const choice<Family, Ps...>*);
template <class List>
using words = decltype(detail::choice_words(static_cast<List*>(nullptr)));
template <class Family, class... Ps>
Family choice_family(const choice<Family, Ps...>*);
template <class T>
concept is_choice = requires(const T* list) { detail::choice_words(list); };

/// What select was given, taken apart: the lists of words, and what is the same in every branch.
template <class Lists, class Fixed, class... Given>
struct sorted {
  using lists = Lists;
  using fixed = Fixed;
};
template <class... Lists, class... Fixed, class First, class... Rest>
struct sorted<policy_list<Lists...>, policy_list<Fixed...>, First, Rest...>
    : std::conditional_t<is_choice<First>, sorted<policy_list<Lists..., First>, policy_list<Fixed...>, Rest...>,
                         sorted<policy_list<Lists...>, policy_list<Fixed..., First>, Rest...>> {};

template <class... Ps>
inline constexpr std::array<std::string_view, sizeof...(Ps)> spelled{std::string_view{Ps::word}...};
template <class... Ps>
constexpr config::menu menu_of(std::size_t family, policy_list<Ps...> /*words*/) noexcept {
  return {family, spelled<Ps...>.data(), sizeof...(Ps)};
}
template <class... Ps>
constexpr const auto& spelled_in(policy_list<Ps...> /*words*/) noexcept {
  return spelled<Ps...>;
}
template <class First, class... Rest>
First head_of(policy_list<First, Rest...>);

template <class Answer>
inline constexpr bool is_accepted = false;
template <class R>
inline constexpr bool is_accepted<accepted<R>> = true;
template <class Answer>
using runtime_of = decltype(detail::stand_for(static_cast<Answer*>(nullptr)));

/// Calls f with a runtime made in its parameter, where it stays: a runtime does not move. An f that takes a reference
/// gets one.
template <class R, class F>
decltype(auto) call_with(F& f, typename R::settings&& how_much) {
  if constexpr (requires { f(R(std::move(how_much))); }) {
    return f(R(std::move(how_much)));
  } else {
    R runtime(std::move(how_much));
    return f(runtime);
  }
}

template <class Result, class F, class Lists, class Fixed>
class selection;

template <class Result, class F, class... Lists, class... Fixed>
class selection<Result, F, policy_list<Lists...>, policy_list<Fixed...>> {
 public:
  using outcome = config::outcome<Result>;

  selection(const config::document& asked, F& f) noexcept : asked_(asked), f_(f) {}

  outcome run() {
    if (std::string wrong = config::detail::choose(asked_, menus, count, chosen_); !wrong.empty()) {
      return outcome::failure(std::move(wrong));
    }
    return descend<Fixed...>(chosen_, policy_list<Lists...>{});
  }

 private:
  static constexpr std::size_t count = sizeof...(Lists);
  static constexpr config::menu menus[] = {detail::menu_of(
      static_cast<std::size_t>(family_place<decltype(detail::choice_family(static_cast<Lists*>(nullptr)))>),
      words<Lists>{})...};

  template <class... Said, class List, class... Rest>
  outcome descend(const std::size_t* index, policy_list<List, Rest...> /*to choose from*/) {
    return choose<Said...>(index, words<List>{}, policy_list<Rest...>{});
  }
  template <class... Said, class... Ps, class Rest>
  outcome choose(const std::size_t* index, policy_list<Ps...> /*words*/, Rest rest) {
    std::optional<outcome> out;
    std::size_t i = 0;
    (void)((*index == i++ && (out.emplace(descend<Said..., Ps>(index + 1, rest)), true)) || ...);
    return *std::move(out);
  }
  template <class... Said>
  outcome descend(const std::size_t* /*none left*/, policy_list<> /*nothing*/) {
    if constexpr (is_accepted<answer<Said...>>) {
      return branch<runtime_of<answer<Said...>>>();
    } else {
      return outcome::failure(config::detail::discord(asked_, menus, count, chosen_));
    }
  }

  template <class R>
  outcome branch() {
    if (std::string wrong = config::detail::contradiction(
            asked_, menus, count, detail::spelled_in(typename R::policies{}), R::threading::concurrent);
        !wrong.empty()) {
      return outcome::failure(std::move(wrong));
    }
    typename R::settings how_much;
    if constexpr (R::threading::concurrent) {
      if (asked_.threads) how_much.threads = *asked_.threads;
      if (asked_.blocking_threads) how_much.blocking_threads = *asked_.blocking_threads;
    }
    if (asked_.name) how_much.name = *asked_.name;
    if constexpr (std::is_void_v<Result>) {
      detail::call_with<R>(f_, std::move(how_much));
      return {};
    } else {
      return detail::call_with<R>(f_, std::move(how_much));
    }
  }

  const config::document& asked_;
  F& f_;
  std::size_t chosen_[count] = {};
};

template <bool Some, bool Whole, bool OneFamily>
struct refused_list {
  static_assert(Some, "tenon::select<...>: a list without a word; name at least the one to use");
  static_assert(
      Whole,
      "tenon::select<...>: a list holds something that is not a complete policy; is its door closed? try it in "
      "tenon::runtime<...>, which says more");
  static_assert(!Some || !Whole || OneFamily,
                "tenon::select<...>: a list holds a word of another family; backends<...> takes backends, and so on");
};

/// What select was given. `plain` is the answer to the first word of each list among the rest of the sentence, which is
/// what an empty configuration means, or the class that says why there is none.
template <class Lists, class Fixed>
struct plan_of;
template <class... Lists, class... Fixed>
struct plan_of<policy_list<Lists...>, policy_list<Fixed...>> {
  using lists = policy_list<Lists...>;
  using fixed = policy_list<Fixed...>;

  static auto first() {
    constexpr bool some = (Lists::some && ...);
    constexpr bool whole = (Lists::whole && ...);
    constexpr bool one_family = (Lists::one_family && ...);
    if constexpr (some && whole && one_family) {
      return std::type_identity<answer<Fixed..., decltype(detail::head_of(words<Lists>{}))...>>{};
    } else {
      return std::type_identity<refused_list<some, whole, one_family>>{};
    }
  }
  using plain = typename decltype(first())::type;
};
template <class... Choices>
struct plan : plan_of<typename sorted<policy_list<>, policy_list<>, Choices...>::lists,
                      typename sorted<policy_list<>, policy_list<>, Choices...>::fixed> {};
template <class Plan, class Plain>
class selector {
 public:
  template <class F>
  [[nodiscard]] auto operator()(const config::document& asked, F&& f) const {
    return selection_for<F>(asked, f).run();
  }
  template <std::same_as<config::document> Document, class F>
  [[nodiscard]] auto operator()(const config::outcome<Document>& asked, F&& f) const {
    return asked ? (*this)(*asked, f) : selection_for<F>::outcome::failure(asked.error());
  }
  template <std::convertible_to<std::string_view> Text, class F>
  [[nodiscard]] auto operator()(const Text& sentence, F&& f) const {
    return (*this)(config::sentence(sentence), f);
  }

 private:
  template <class F>
  using result_of = std::decay_t<decltype(detail::call_with<Plain>(std::declval<F&>(), typename Plain::settings{}))>;
  template <class F>
  using selection_for = selection<result_of<F>, std::remove_reference_t<F>, typename Plan::lists, typename Plan::fixed>;
};

}  // namespace detail

/// Chooses a runtime when the program starts, among types that were all made when it was compiled, and calls `f` once
/// with an object of the chosen one.
///
///     int rc = tenon::select<tenon::backends<tenon::epoll, tenon::io_uring<>>,      // the configuration chooses
///                            tenon::schedulings<tenon::stealing<>, tenon::fifo>,    // and here
///                            tenon::counters>(                                      // the same in all of them
///         tenon::config::load("tenon.toml"), [](auto rt) { return rt.run(serve(rt)); });
///
/// Choices  Lists of words, one a family at most (`backends`, `schedulings`, `memories`, `queues`, `topologies`,
///          `threadings`, `observers`, `clocks`, `on_errors`, `contexts`), of which the first word is meant
///          where the configuration says nothing; and policies and presets that are part of every sentence. f is
///          compiled for each combination of words that go together.
/// asked    A `config::document`; what `config::load`, `config::parse` or `config::sentence` gave, whose error is
///          passed on; or a sentence: "io_uring, stealing, mimalloc".
/// f        Takes the runtime by value (it is made in the parameter, for it does not move) or by reference, and gives
///          the same type for each.
/// Cost     One comparison a word of each list, once; after that nothing is left of the choice.
/// Errors   The error of `asked`; a word that is not offered, with those that are; two words for one family; words that
///          do not go together; threads for a runtime of one. What the runtime's constructor and f throw comes through.
template <class... Choices>
inline constexpr detail::selector<detail::plan<Choices...>,
                                  decltype(detail::stand_for(
                                      static_cast<typename detail::plan<Choices...>::plain*>(nullptr)))>
    select{};

}  // namespace tenon
// tenon/core/detail/shelf.hpp

namespace tenon::detail {

/// A free block. Several of one class in a row, the last of which leads to null, are a bundle: what arenas pass on.
struct free_block {
  free_block* next;
  free_block* bundle;  ///< in the first of a bundle: the next bundle
};

/// Free blocks of one size that a worker has in hand, last in, first out, linked through themselves.
///
/// A memory policy whose arena has `shelves()`, `shelf::count` of them for sizes in steps of `shelf::step` bytes, has
/// coroutine frames taken from them and put back on them in place, without a call.
struct shelf {
  static constexpr std::size_t step = 32;
  static constexpr std::size_t count = 32;

  free_block* head = nullptr;
  std::uint32_t room = 0;  ///< how many more there may be in hand
  std::uint32_t full = 0;  ///< the arena's: how many bundles are kept

  /// The newest, which there is.
  [[nodiscard]] void* pop() noexcept {
    ++room;
    return std::exchange(head, head->next);
  }
  /// There is room for it.
  void push(void* chunk) noexcept {
    auto* const block = ::new (chunk) free_block;  // its other word is not written
    block->next = head;
    head = block;
    --room;
  }
};

/// Those of a thread that has none: nothing is on them, and they keep nothing.
inline constinit shelf no_shelves[shelf::count]{};

/// Behind this the way is long anyway, so that the callers of such a function need not save their registers for it.
#if defined(__clang__) && defined(__x86_64__)
#define TENON_DETAIL_RARE [[clang::preserve_most, gnu::noinline, gnu::cold]]
#else
#define TENON_DETAIL_RARE [[gnu::noinline, gnu::cold]]
#endif

}  // namespace tenon::detail
// tenon/core/cache_line.hpp

namespace tenon {

/// How far apart two variables must lie so that two cores do not fight over them, in bytes.
///
/// A constant of the library, not std::hardware_destructive_interference_size: that one may differ between the flags of
/// two translation units, and then so would the layout of every type that used it.
inline constexpr std::size_t cache_line = 64;

}  // namespace tenon
// tenon/memory/detail/poison.hpp

#if defined(__SANITIZE_ADDRESS__)
#define TENON_DETAIL_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TENON_DETAIL_POISON 1
#endif
#endif

#if defined(TENON_DETAIL_POISON)
#include <sanitizer/asan_interface.h>
#endif

namespace tenon::detail {

/// Whether anybody is told.
#if defined(TENON_DETAIL_POISON)
inline constexpr bool poisons = true;
#else
inline constexpr bool poisons = false;
#endif

/// Tells AddressSanitizer that nobody may touch these bytes until unpoison; without it, nothing.
inline void poison([[maybe_unused]] void* first, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(TENON_DETAIL_POISON)
  __asan_poison_memory_region(first, bytes);
#endif
}

inline void unpoison([[maybe_unused]] void* first, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(TENON_DETAIL_POISON)
  __asan_unpoison_memory_region(first, bytes);
#endif
}

}  // namespace tenon::detail

#undef TENON_DETAIL_POISON
// tenon/memory/detail/size_class.hpp

namespace tenon::detail {

/// The sizes of block that `recycling` keeps, in bytes: coroutine frames and nodes, then buffers.
inline constexpr std::array<std::size_t, 36> class_bytes = [] {
  std::array<std::size_t, 36> sizes{};
  for (std::size_t i = 0; i < 32; ++i) sizes[i] = 32 * (i + 1);
  for (std::size_t i = 0; i < 2; ++i) sizes[32 + i] = std::size_t{2048} << i;
  sizes[34] = std::size_t{16} * 1024;
  sizes[35] = std::size_t{64} * 1024;
  return sizes;
}();

/// How many classes there are; also what size_class_of gives when a size is beyond all of them.
inline constexpr std::size_t class_count = class_bytes.size();

/// The smallest class that holds `bytes`.
[[nodiscard]] constexpr std::size_t size_class_of(std::size_t bytes) noexcept {
  const std::size_t last = bytes - static_cast<std::size_t>(bytes != 0);
  if (last < 1024) return last / 32;
  const auto width =
      static_cast<std::size_t>(std::bit_width(last / 1024));  // 1: to 2 KiB, 2: to 4 KiB, ... 6: to 64 KiB
  if (width <= 2) return 31 + width;
  return width <= 6 ? 32 + (width + 1) / 2 : class_count;
}

/// What a block for `bytes` measures: the same wherever it was got, so that it can be given back anywhere.
[[nodiscard]] constexpr std::size_t block_bytes(std::size_t bytes) noexcept {
  const std::size_t size_class = size_class_of(bytes);
  return size_class < class_count ? class_bytes[size_class] : bytes;
}

/// How many free blocks of a class one arena keeps: 128 KiB of them, and 16 of the large ones.
[[nodiscard]] constexpr std::uint32_t kept_blocks(std::size_t size_class) noexcept {
  const std::size_t blocks = std::size_t{128} * 1024 / class_bytes[size_class];
  return static_cast<std::uint32_t>(blocks < 16 ? 16 : blocks);
}

static_assert([] {
  for (std::size_t i = 0; i < class_count; ++i) {
    if (size_class_of(class_bytes[i]) != i || size_class_of(class_bytes[i] + 1) != i + 1) return false;
  }
  return size_class_of(0) == 0 && size_class_of(1) == 0 && size_class_of(static_cast<std::size_t>(-1)) == class_count;
}());

}  // namespace tenon::detail
// tenon/memory/detail/bundle.hpp

namespace tenon::detail {

/// How a class is bundled.
struct bundling {
  std::uint32_t blocks;     ///< of a bundle
  std::uint32_t kept;       ///< bundles that one arena keeps, beside what it has in hand
  std::uint32_t exchanged;  ///< bundles that lie in the exchange
};

inline constexpr auto bundling_of = [] {
  std::array<bundling, class_count> all{};
  for (std::size_t i = 0; i < class_count; ++i) {
    const std::uint32_t half = kept_blocks(i) / 2;
    bundling& each = all[i];
    each.blocks = half < 128 ? half : 128;
    each.kept = (kept_blocks(i) + each.blocks / 2) / each.blocks - 1;
    const auto fit = static_cast<std::uint32_t>(std::size_t{128} * 1024 / (each.blocks * class_bytes[i]));
    each.exchanged = fit < 1 ? 1 : fit > 15 ? 15 : fit;
  }
  return all;
}();

/// `act(block)` for each block of a bundle, which may be its end. Poisoned they may be, but for what leads on.
template <class Act>
void for_each_block(free_block* first, Act act) noexcept {
  while (first != nullptr) {
    unpoison(first, sizeof(free_block));
    free_block* const next = first->next;
    act(first);
    first = next;
  }
}

/// What arenas that may meet on several threads have too much of, for those that have too little: a stack of bundles,
/// taken whole.
///
/// The word is the address of the newest bundle, of which four bits are free, and how many there are. Invariants as of
/// detail::inbox: a bundle's `bundle` is written before the CAS that publishes it, and again only by who took it. A CAS
/// that succeeds found the word it had read; whether others took and gave in between does not matter, for the chain
/// behind that address is then the present one, and so is its length.
///
/// Edges    give: CAS (release) -> take: exchange (acquire): the blocks, and what their last holders did with them. The
///          CASes of a chain are one release sequence.
/// Source   R. K. Treiber, "Systems Programming: Coping with Parallelism", 1986; J. Bonwick, J. Adams, "Magazines and
///          Vmem", USENIX 2001. Model: tests/model/bundle.cpp.
template <class Threading>
class bundle_stack {
 public:
  /// Any thread. False when there are `most` already, at most 15.
  [[nodiscard]] bool give(free_block& newest, std::uint32_t most) noexcept {
    std::uintptr_t now = word_.load(std::memory_order_relaxed);
    do {
      if ((now & count_bits) >= most) return false;
      newest.bundle = reinterpret_cast<free_block*>(now & ~count_bits);
    } while (!word_.compare_exchange_strong(now, reinterpret_cast<std::uintptr_t>(&newest) + (now & count_bits) + 1,
                                            std::memory_order_release, std::memory_order_relaxed));
    return true;
  }
  /// Any thread. All there are, or null; `count` is how many.
  [[nodiscard]] free_block* take(std::uint32_t& count) noexcept {
    if (word_.load(std::memory_order_relaxed) == 0) return nullptr;  // spares the line
    const std::uintptr_t was = word_.exchange(0, std::memory_order_acquire);
    count = static_cast<std::uint32_t>(was & count_bits);
    return reinterpret_cast<free_block*>(was & ~count_bits);
  }

 private:
  static constexpr std::uintptr_t count_bits = 15;
  static_assert(alignof(std::max_align_t) > count_bits);

  alignas(cache_line) typename Threading::template atomic<std::uintptr_t> word_{0};
};

/// Where an arena gives and takes bundles. By two plain functions, for an arena does not know of threads, and in a
/// runtime of one thread it meets nobody.
class bundle_exchange {
 public:
  bundle_exchange(const bundle_exchange&) = delete;
  bundle_exchange& operator=(const bundle_exchange&) = delete;

  [[nodiscard]] bool give(free_block& newest, std::size_t size_class) noexcept {
    return give_(*this, newest, size_class);
  }
  [[nodiscard]] free_block* take(std::size_t size_class, std::uint32_t& count) noexcept {
    return take_(*this, size_class, count);
  }

 protected:
  using giver = bool (*)(bundle_exchange&, free_block&, std::size_t) noexcept;
  using taker = free_block* (*)(bundle_exchange&, std::size_t, std::uint32_t&) noexcept;

  bundle_exchange(giver how_to_give, taker how_to_take) noexcept : give_(how_to_give), take_(how_to_take) {}
  ~bundle_exchange() = default;

 private:
  giver give_;
  taker take_;
};

}  // namespace tenon::detail
// tenon/memory/detail/out_of_memory.hpp

namespace tenon::detail {

/// Where an allocation that failed ends: never a null pointer.
[[noreturn]] inline void out_of_memory() {
#if defined(__cpp_exceptions)
  throw std::bad_alloc();
#else
  std::terminate();
#endif
}

}  // namespace tenon::detail
// tenon/memory/system.hpp

namespace tenon {

/// Memory from the program's own operator new and operator delete: whatever the program replaced them by.
///
///     struct app : tenon::runtime<tenon::epoll, tenon::system> { using runtime::runtime; };
///
/// Cost     One call of each; nothing is kept.
/// Threads  Any.
/// Errors   std::bad_alloc; with -fno-exceptions, std::terminate.
struct system : family::memory {
  static constexpr auto word = fixed_string("system");

  [[nodiscard]] static void* obtain(std::size_t bytes) {
    // operator new may align what is smaller than max_align_t to its size only (a replaced one does), so ask for more.
    // The nothrow form, because a replaced throwing one may end the program instead, and because with -fno-exceptions
    // there is nobody to throw to.
    void* const chunk = ::operator new(at_least_aligned(bytes), std::nothrow);
    if (chunk == nullptr) [[unlikely]]
      detail::out_of_memory();
    return chunk;
  }

  static void release(void* chunk, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__cpp_sized_deallocation)
    ::operator delete(chunk, at_least_aligned(bytes));
#else
    ::operator delete(chunk);
#endif
  }

  class arena {
   public:
    arena() = default;
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;

    [[nodiscard]] void* allocate(std::size_t bytes) { return obtain(bytes); }
    void deallocate(void* chunk, std::size_t bytes) noexcept { release(chunk, bytes); }
  };

 private:
  static constexpr std::size_t at_least_aligned(std::size_t bytes) noexcept {
    return bytes < alignof(std::max_align_t) ? alignof(std::max_align_t) : bytes;
  }
};

static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= alignof(std::max_align_t));
static_assert(memory_policy<system>);

}  // namespace tenon
// tenon/memory/recycling.hpp

namespace tenon {

namespace detail {

/// The word of a policy as a fixed_string, however the policy spells it.
template <class P>
inline constexpr auto upstream_word = [] {
  if constexpr (policy<P>) {
    constexpr std::string_view spelled{P::word};
    fixed_string<spelled.size()> out;
    for (std::size_t i = 0; i < spelled.size(); ++i) out.text[i] = spelled[i];
    return out;
  } else {
    return fixed_string("");  // recycling says what is wrong with it
  }
}();

/// A constant, not the concept: of a concept that fails the compiler would go on to explain at length.
template <class P>
inline constexpr bool serves = memory_policy<P>;

/// Whether P's arenas want to know their node, which a policy over P would have to pass on.
template <class P>
inline constexpr bool wants_node = requires(typename P::arena arena) { arena.settle(0); };

}  // namespace detail

/// Memory that a worker keeps when it is given back, to hand it out again: frames and buffers of a warmed path cost a
/// few instructions and no call. The default, over `system`.
///
///     struct app : tenon::runtime<tenon::epoll, tenon::recycling<tenon::mimalloc>> { using runtime::runtime; };
///
/// Shape    Free lists by size: steps of 32 bytes to 1 KiB, then 2, 4, 16 and 64 KiB. What is larger goes to Upstream.
///          Each list is bounded (128 KiB, or 16 blocks), so an arena keeps 6 MiB at the most. Beyond that, what one
///          worker allocates and another frees goes back in bundles of up to 128 blocks, by the runtime's exchange, to
///          whichever worker runs out; that holds 128 KiB a size (one bundle of 64 KiB blocks), 5 MiB at the most. What
///          does not fit there either goes to Upstream, so no side grows without end.
/// Cost     allocate, deallocate: O(1), one load and two stores, nothing atomic; where more is freed than allocated, or
///          the other way round, one locked instruction a bundle. Else one call of Upstream.
/// Threads  An arena: its worker. obtain, release: any thread, straight to Upstream. An exchange: arenas that joined.
/// Errors   What Upstream does; the arena is as it was.
///          Under AddressSanitizer a block that was given back is poisoned, and so is the room behind the `bytes` of
///          one in use: a coroutine frame used after its end is reported.
/// Source   Bundles: detail/bundle.hpp. Figures: bench/memory.cpp, docs/memory.md.
template <class Upstream = system>
struct recycling : family::memory {
  static_assert(detail::serves<Upstream>,
                "tenon::recycling<Upstream>: Upstream is not a memory policy; write recycling<system>, or a class that "
                "derives from tenon::family::memory and satisfies tenon::memory_policy");
  static_assert(!detail::wants_node<Upstream>,
                "tenon::recycling<Upstream>: Upstream places memory by node and would not hear which; write "
                "numa<recycling<...>>, numa outermost");

  static constexpr auto word = fixed_string("recycling<") + detail::upstream_word<Upstream> + fixed_string(">");

  [[nodiscard]] static void* obtain(std::size_t bytes) {
    const std::size_t size = detail::block_bytes(bytes);
    return lend(Upstream::obtain(size), bytes, size);
  }

  static void release(void* chunk, std::size_t bytes) noexcept {
    const std::size_t size = detail::block_bytes(bytes);
    detail::unpoison(chunk, size);
    Upstream::release(chunk, size);
  }

  /// Where the arenas of one runtime pass blocks on. It outlives them.
  template <class Threading>
  class exchange : public detail::bundle_exchange {
   public:
    exchange() noexcept : detail::bundle_exchange(&give_to, &take_from) {}
    ~exchange() {
      for (std::size_t i = 0; i < detail::class_count; ++i) {
        std::uint32_t count = 0;
        detail::free_block* newest = stacks_[i].take(count);
        for (; count > 0; --count) {
          detail::free_block* const next = newest->bundle;
          detail::for_each_block(newest, [size = detail::class_bytes[i]](void* each) {
            detail::unpoison(each, size);
            Upstream::release(each, size);
          });
          newest = next;
        }
      }
    }

   private:
    static bool give_to(detail::bundle_exchange& to, detail::free_block& newest, std::size_t size_class) noexcept {
      return static_cast<exchange&>(to).stacks_[size_class].give(newest, detail::bundling_of[size_class].exchanged);
    }
    static detail::free_block* take_from(detail::bundle_exchange& from, std::size_t size_class,
                                         std::uint32_t& count) noexcept {
      return static_cast<exchange&>(from).stacks_[size_class].take(count);
    }

    detail::bundle_stack<Threading> stacks_[detail::class_count];
  };

  class arena {
   public:
    arena() noexcept {
      for (std::size_t i = 0; i < detail::class_count; ++i) shelves_[i].room = detail::bundling_of[i].blocks;
    }
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;
    ~arena() {
      exchange_ = nullptr;
      for (std::size_t i = 0; i < detail::class_count; ++i) {
        while (shelves_[i].head != nullptr || take_in_hand(i)) give_back(pop(shelves_[i]), detail::class_bytes[i]);
      }
    }

    [[nodiscard]] void* allocate(std::size_t bytes) {
      const std::size_t size_class = detail::size_class_of(bytes);
      if (size_class < detail::class_count && shelves_[size_class].head != nullptr) [[likely]] {
        return lend(pop(shelves_[size_class]), bytes, detail::class_bytes[size_class]);
      }
      return ask(bytes, size_class);
    }

    void deallocate(void* chunk, std::size_t bytes) noexcept {
      const std::size_t size_class = detail::size_class_of(bytes);
      if (size_class < detail::class_count && shelves_[size_class].room != 0) [[likely]] {
        push(shelves_[size_class], chunk, detail::class_bytes[size_class]);
      } else {
        put_down(chunk, bytes, size_class);  // the last thing done, so that nothing is saved for what comes after
      }
    }

    /// From now on blocks go to and fro with other arenas there. The worker's thread, or before it runs.
    void join(detail::bundle_exchange& others) noexcept { exchange_ = &others; }
    /// Where frames are taken from and put back in place; not under AddressSanitizer, which is to be told of them.
    [[nodiscard]] detail::shelf* shelves() noexcept { return detail::poisons ? detail::no_shelves : shelves_; }

    /// How many times this arena asked Upstream for a block; a warmed path leaves it where it is. The worker's thread.
    [[nodiscard]] std::uint64_t upstream_requests() const noexcept { return upstream_requests_; }

   private:
    static_assert(detail::size_class_of(detail::shelf::count * detail::shelf::step) == detail::shelf::count - 1);

    // A shelf holds a bundle or less in hand. The full bundles beside it are in bundles_.
    [[nodiscard]] static void* pop(detail::shelf& from) noexcept {
      detail::unpoison(from.head, sizeof(detail::free_block));
      return from.pop();
    }
    static void push(detail::shelf& onto, void* chunk, std::size_t size) noexcept {
      detail::unpoison(chunk, sizeof(detail::free_block));
      onto.push(chunk);
      detail::poison(chunk, size);
    }

    /// The hand is full, or the block too large. A full hand becomes a bundle, kept here or given away.
    [[gnu::noinline]] void put_down(void* chunk, std::size_t bytes, std::size_t size_class) noexcept {
      if (size_class == detail::class_count) return give_back(chunk, bytes);
      const detail::bundling& how = detail::bundling_of[size_class];
      detail::shelf& its = shelves_[size_class];
      detail::free_block* const newest = std::exchange(its.head, nullptr);
      its.room = how.blocks;
      detail::unpoison(newest, sizeof(detail::free_block));  // and so it stays till it is in hand again
      if (its.full < how.kept) {
        newest->bundle = std::exchange(bundles_[size_class], newest);
        ++its.full;
      } else if (exchange_ == nullptr || !exchange_->give(*newest, size_class)) {
        const std::size_t size = detail::class_bytes[size_class];
        detail::for_each_block(newest, [this, size](void* each) { give_back(each, size); });
      }
      push(its, chunk, detail::class_bytes[size_class]);
    }

    /// The hand is empty: a bundle, of those kept or of somebody else's. False when there is none.
    [[nodiscard]] bool take_in_hand(std::size_t size_class) noexcept {
      detail::shelf& its = shelves_[size_class];
      if (its.full == 0) {
        if (exchange_ == nullptr) return false;
        bundles_[size_class] = exchange_->take(size_class, its.full);
        if (bundles_[size_class] == nullptr) return false;
      }
      its.head = std::exchange(bundles_[size_class], bundles_[size_class]->bundle);
      --its.full;
      its.room = 0;
      return true;
    }

    [[nodiscard, gnu::noinline]] void* ask(std::size_t bytes, std::size_t size_class) {
      const std::size_t size = detail::block_bytes(bytes);
      if (size_class < detail::class_count && take_in_hand(size_class)) {
        return lend(pop(shelves_[size_class]), bytes, size);
      }
      void* const chunk = upstream_.allocate(size);
      ++upstream_requests_;
      return lend(chunk, bytes, size);
    }

    [[gnu::noinline]] void give_back(void* chunk, std::size_t size) noexcept {
      detail::unpoison(chunk, size);
      upstream_.deallocate(chunk, size);
    }

    detail::shelf shelves_[detail::class_count];
    detail::free_block* bundles_[detail::class_count]{};
    std::uint64_t upstream_requests_ = 0;
    detail::bundle_exchange* exchange_ = nullptr;
    [[no_unique_address]] typename Upstream::arena upstream_;
  };

 private:
  static void* lend(void* chunk, std::size_t bytes, std::size_t size) noexcept {
    detail::unpoison(chunk, bytes);
    detail::poison(static_cast<std::byte*>(chunk) + bytes, size - bytes);
    return chunk;
  }
};

static_assert(memory_policy<recycling<>>);

}  // namespace tenon
// tenon/net/detail/descriptor.hpp

namespace tenon::detail {

/// A descriptor and the backend that hears of it: that of the worker on which it first has to wait, its home.
///
/// It lies at one address while the object that owns it moves. It is let go of on its home's thread: closed elsewhere,
/// it travels there as a work item, so that no backend is ever touched by two threads.
template <class R>
class descriptor : work {
  using worker = typename R::worker;
  template <class T>
  using atomic = typename R::threading::template atomic<T>;
  using source_type = typename R::backend::template loop<typename R::threading>::source;

 public:
  struct closer {
    void operator()(descriptor* d) const noexcept { d->close(); }
  };
  using owner = std::unique_ptr<descriptor, closer>;

  [[nodiscard]] static owner make(R& runtime, unique_fd fd) {
    return owner(::new (runtime.allocate(sizeof(descriptor))) descriptor(runtime, fd.release()));
  }

  [[nodiscard]] int fd() const noexcept { return source_.fd; }
  [[nodiscard]] R& runtime() const noexcept { return runtime_; }
  [[nodiscard]] worker* home() const noexcept { return home_.load(std::memory_order_relaxed); }
  [[nodiscard]] source_type& source() noexcept { return source_; }

  /// Whether settle() has nothing more to do.
  [[nodiscard]] bool is_settled() const noexcept { return attached_.load(std::memory_order_acquire); }
  /// Gives it a home, this thread's worker, if it has none. True: the source may be used. False: a reader and a writer
  /// came at once, and the home of the other has still to hear of the source: it has when work pinned there runs.
  [[nodiscard]] result<bool> settle() noexcept {
    if (attached_.load(std::memory_order_acquire)) return true;
    worker* const here = runtime_.current();
    worker* home = home_.load(std::memory_order_acquire);
    if (home == nullptr) {
      if (here == nullptr) return std::errc::operation_not_permitted;  // awaited outside of its runtime
      if (home_.compare_exchange_strong(home, here, std::memory_order_acq_rel, std::memory_order_acquire)) home = here;
    }
    if (home != here) return false;
    if (const auto attached = here->backend().attach(source_); !attached) return attached.error();
    attached_.store(true, std::memory_order_release);
    return true;
  }

 private:
  descriptor(R& runtime, int fd) noexcept : runtime_(runtime) { source_.fd = fd; }
  ~descriptor() = default;

  void close() noexcept {
    const bool attached = attached_.load(std::memory_order_acquire);
    if (!attached || home() == runtime_.current() || !R::threading::concurrent || runtime_.deserted()) {
      if (attached) home()->backend().detach(source_);
      free();
    } else {
      this->run = [](work& item) noexcept {
        auto& self = static_cast<descriptor&>(item);
        self.home()->backend().detach(self.source_);
        self.free();
      };
      home()->pin(*this);
    }
  }
  void free() noexcept {
    ::close(source_.fd);
    R& runtime = runtime_;
    this->~descriptor();
    runtime.deallocate(this, sizeof(descriptor));
  }

  R& runtime_;
  atomic<worker*> home_{nullptr};
  atomic<bool> attached_{false};  // its home's backend knows it; only its home's thread writes
  source_type source_;
};

}  // namespace tenon::detail
// tenon/core/detail/child_stack.hpp

namespace tenon::detail {

/// The branches that a worker has made ready and not begun, newest on top: what a fork costs when nobody steals.
///
/// Only its worker touches it, with plain loads and stores, so nobody else can take anything from here. A worker that
/// finds nothing to steal says so by a flag, which the owner reads as it forks: then it hands the older half over to
/// its ready queue, where everything of this library is stolen. So the owner pays for a branch's way to a thief when
/// there is a thief, and the protocols are those of the ready queue and of parking.hpp.
///
/// Invariant: items_ <= begin_ <= end_ <= limit_, and [begin_, end_) are the branches, oldest first. The flag is a hint
/// and orders nothing: a branch that is not handed over is run by its owner.
///
/// Cost     push, pop: a few plain instructions. It grows by doubling and never shrinks.
/// Threads  The owner, but for ask().
/// Source   T. van Dijk, J. van de Pol, "Lace: Non-blocking Split Deque for Work-Stealing", 2014: the part that the
///          owner alone sees, and the flag.
class child_stack {
 public:
  constexpr child_stack() noexcept = default;
  /// `begins` is how one of its items is run; `asked`: there are others, who have not begun to look for work yet.
  child_stack(work::function begins, bool asked) noexcept : begins_(begins), asked_(asked) {}
  child_stack(const child_stack&) = delete;
  child_stack& operator=(const child_stack&) = delete;
  constexpr ~child_stack() { delete[] items_; }

  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(end_ - begin_); }
  [[nodiscard]] bool has_room(std::size_t more) const noexcept {
    return static_cast<std::size_t>(limit_ - end_) >= more;
  }
  /// There is room for it.
  void push(work& item) noexcept { *end_++ = &item; }
  /// The newest, which there is; it stays.
  [[nodiscard]] work& top() const noexcept { return *end_[-1]; }
  /// Takes the newest, which there is.
  void drop() noexcept { --end_; }
  /// The same for its worker, which runs what comes from its queues: the newest, or nullptr.
  [[nodiscard]] work* pop() noexcept {
    if (empty()) return nullptr;
    work* const item = *--end_;
    item->run = begins_;
    return item;
  }
  /// Takes the oldest, which there is.
  [[nodiscard]] work& shift() noexcept { return **begin_++; }

  /// Room for `more`. False when there is no memory for it.
  [[nodiscard]] bool make_room(std::size_t more) noexcept {
    const std::size_t live = size();
    const auto room = static_cast<std::size_t>(limit_ - items_);
    if (live + more <= room / 2) {
      for (std::size_t i = 0; i < live; ++i) items_[i] = begin_[i];
    } else {
      std::size_t wanted = room == 0 ? 64 : 2 * room;
      while (wanted < live + more) wanted *= 2;
      work** const larger = new (std::nothrow) work*[wanted];
      if (larger == nullptr) return false;
      for (std::size_t i = 0; i < live; ++i) larger[i] = begin_[i];
      delete[] items_;
      items_ = larger;
      limit_ = larger + wanted;
    }
    begin_ = items_;
    end_ = items_ + live;
    return true;
  }

  /// Whether a worker has asked for something to steal since the last answer().
  [[nodiscard]] bool asked() const noexcept { return asked_.load(std::memory_order_relaxed); }
  void answer() noexcept { asked_.store(false, std::memory_order_relaxed); }
  /// Any thread: there is nothing to steal here.
  void ask() noexcept {
    if (!asked()) asked_.store(true, std::memory_order_relaxed);
  }

 private:
  work** begin_ = nullptr;
  work** end_ = nullptr;
  work** limit_ = nullptr;
  work** items_ = nullptr;
  work::function begins_ = nullptr;
  alignas(cache_line) std::atomic<bool> asked_{false};
};

/// That of a thread which has none: it is empty, and never has room.
inline constinit child_stack no_children;

}  // namespace tenon::detail
// tenon/core/detail/fork_lines.hpp

namespace tenon::detail {

/// How many of some branches have not ended, counted by lines. A line is a worker that runs one branch after the other:
/// it counts in its own memory, and here only when it has ended and was not the only one.
///
/// Let n be the number of branches. Each of them ends on one line, so the numbers that the lines have ended with add
/// up to n. Invariant: left_ = n less what ended lines have counted; the line that brings it to 0 is the last one, and
/// its acq_rel decrement is behind all the others', so what it goes on with sees every result. A line that has run all
/// n is alone: no other was or will be here.
///
/// Threads  expect: one, before any branch has begun. over: the one that the line runs on. Whoever gets `false` may
///          find this gone.
/// Source   Cilk counts so: the strand that was not stolen counts for itself. Model: tests/model/fork_lines.cpp.
template <class Threading>
class fork_lines {
 public:
  void expect(std::uint32_t count) noexcept {
    all_ = count;
    left_.store(count, std::memory_order_relaxed);
  }
  /// Whether a line that has run `ran` of the branches has run all.
  [[nodiscard]] bool alone(std::uint32_t ran) const noexcept { return ran == all_; }
  /// A line ends that has run `ran` of the branches. True when nobody is left.
  [[nodiscard]] bool over(std::uint32_t ran) noexcept {
    return alone(ran) || left_.fetch_sub(ran, std::memory_order_acq_rel) == ran;
  }

 private:
  std::uint32_t all_ = 0;
  typename Threading::template atomic<std::uint32_t> left_{0};
};

}  // namespace tenon::detail
// tenon/core/detail/branch_stack.hpp

namespace tenon::detail {

/// How a branch that another worker took has ended.
enum class branch_end : std::uintptr_t { open = 0, done = 1, failed = 2 };

template <class, std::size_t>
class branch_stack;

/// A branch of a fork_join that waits to be run, in the frame of who forked it. What it captured, and later
/// what it gave, is in a class that derives from it.
///
/// `state_` is there as long as the branch is shared: open, then the stack of the thief, then how it ended.
template <class Threading>
struct open_branch {
  using function = branch_end (*)(open_branch&) noexcept;

  explicit open_branch(function what) noexcept : run(what) {}
  void lie_on(const open_branch* another) noexcept { below_ = reinterpret_cast<std::uintptr_t>(another); }
  open_branch(const open_branch&) = delete;
  open_branch& operator=(const open_branch&) = delete;
  ~open_branch() {}

  function run;

 private:
  template <class, std::size_t>
  friend class branch_stack;

  [[nodiscard]] open_branch* below() const noexcept { return reinterpret_cast<open_branch*>(below_ & ~is_shared); }

  static constexpr std::uintptr_t is_shared = 1;

  std::uintptr_t below_;  // the branch below; with is_shared in it while it is shared itself
  union {                 // most branches are never shared, and need no store for this
    typename Threading::template atomic<std::uintptr_t> state_;
  };
};

/// What a stack of branches asks of the worker it belongs to.
struct branch_hooks {
  bool (*idle)(void* worker) noexcept;                        ///< whether another worker sleeps or searches
  void (*call)(void* worker) noexcept;                        ///< something is shared: a sleeper may get up for it
  std::int32_t (*tick)(void* worker, std::int32_t) noexcept;  ///< so many forks later: how many until the next time
  void (*pause)(void* worker, unsigned round) noexcept;       ///< waiting for a thief, for the round-th time in a row
};

/// The branches that one worker has forked and not yet joined: its own side costs no atomic read-modify-write and no
/// fence, and thieves see what it has shared.
///
/// List       From top_ down along below(), newest first, each in its forker's frame: first the private ones, then,
///            from last_shared_ on, those that are shared, and say so. entries_[0, split) are the latter, oldest first:
///            [0, tail) is stolen, [tail, split) waits for a thief. `shared_` holds (tag, split, tail) in one word.
/// Fork       Owner: links a branch in: plain stores to its own frame and to top_. It reads one word that thieves may
///            write: `attention_`.
/// Join       Owner: a branch on top that is private is unlinked and called, with plain loads and stores. Else it moves
///            the split half-way down to the tail (CAS) and has the branch back; or all is stolen (then tail == split),
///            and it waits.
/// Share      Owner, at a fork, when asked or while somebody is idle: the older half of what is private becomes shared.
/// Steal      Thief: CAS tail -> tail + 1, then entries_[tail] is its own. Found nothing: attention_ asks the owner.
/// Sleep      A worker that lies down is counted as asleep, then looks at `shared_` and `active_` of each and asks
///            those that are active. So nothing that is shared is slept through, and who forks on calls a sleeper:
///            either the sleeper sees what is shared (or that an item has forked), or the owner, who shares (or opens)
///            first and looks for sleepers then, sees the sleeper: sequentially consistent, all four. And a question is
///            answered at the next fork, whose owner acquires with it that somebody sleeps.
/// Wait       Owner: steals from the thief of the branch it waits for, and from nobody else (leapfrogging).
///
/// Who writes `shared_`: while tail < split everybody by read-modify-write; while tail == split its owner alone, by
/// plain stores, for then no CAS of a thief can succeed: each expects a word with tail < split.
/// Orders. (1) share: release; claim: acquire. A thief's CAS reads what share wrote, or a read-modify-write behind it
/// in its release sequence: it sees the entry and the branch. (2) state: release at the end of a branch, acquire in
/// wait: the owner sees the result, and the thief no longer reads the entry, nor the branch, when the one is filled
/// anew and the other's frame ends. (3) Both are read by a thief only between its successful CAS and its store to
/// `state`, and written by the owner only when the branch is not stolen.
///
/// Theorem (stack bound). Along the C++ stack of a worker each branch is a descendant, in the tree of forks, of the
///   branch or item below it: so it is no deeper than the tree, as in a program without threads.
///   A join waits for a branch A that thief T runs, and claims from T only (a) with a word of `shared_` that was read
///   before A's state, and A's state was not ended. What T shares is what it forked since it began the job on top of
///   its stack: when it began that, all it had before was stolen, for it either had nothing or waited for its top
///   branch. While T runs A, all it shares descends from A. T adds one to `tag` when A has ended and before it
///   shares anything again. Suppose the CAS takes a branch B that T forked for a later job. The word that was read had
///   tail < split. Was it written after A's end, then after the store of A's state too (T's program order; release,
///   acquire): (a) would have seen the end. Was it written before, then its tag differs from that of the word in which
///   B is shared: the CAS fails. (The tag has 32 bits; it would have to come round between two loads.)
/// No deadlock. Of all branches in progress one that is deepest in the tree is not waiting.
///
/// Source   T. van Dijk and J. van de Pol, "Lace: Non-blocking Split Deque for Work-Stealing", 2014; K. Faxen, "Wool",
///          2008; D. Wagner and B. Calder, "Leapfrogging", 1993. Model: branch_stack.cpp.
template <class Threading, std::size_t Capacity = 4096>
class alignas(cache_line) branch_stack {
  static_assert(Capacity < (1 << 16), "an index has sixteen bits");

  using word = std::uint64_t;

 public:
  using branch = open_branch<Threading>;

  /// Nobody's: what is forked here runs at once.
  constexpr branch_stack() noexcept = default;
  branch_stack(const branch_stack&) = delete;
  branch_stack& operator=(const branch_stack&) = delete;
  ~branch_stack() { ::operator delete(static_cast<void*>(entries_)); }
  void belong_to(void* worker, const branch_hooks& hooks) noexcept {
    worker_ = worker;
    hooks_ = &hooks;
  }

  // The owner's.

  /// The branch forked last.
  [[nodiscard]] branch* top() const noexcept { return top_; }
  /// Whether one may be pushed at once; otherwise something has to be seen to first: make_ready().
  [[nodiscard, gnu::always_inline]] bool ready() noexcept {
    return attention_.load(std::memory_order_relaxed) == calm && --countdown_ >= 0;
  }
  /// The branches from `top` down to what was top() are linked.
  [[gnu::always_inline]] void push(branch& top) noexcept { top_ = &top; }
  /// Takes the branch back that was pushed last. False when it is shared: then retake().
  [[nodiscard, gnu::always_inline]] bool pop(branch& at) noexcept {
    if ((at.below_ & branch::is_shared) != 0) [[unlikely]]
      return false;
    top_ = reinterpret_cast<branch*>(at.below_);
    return true;
  }

  /// False: there is no worker, or no memory: run them at once. After they are pushed: offer().
  [[nodiscard]] bool make_ready() noexcept {
    if (hooks_ == nullptr || !open()) return false;
    if (countdown_ < 0 || --countdown_ < 0) {  // not counted yet where the question barred the way: each fork counts
      batch_ = hooks_->tick(worker_, batch_);
      countdown_ = batch_;
    }
    return true;
  }
  void offer() noexcept {
    if (attention_.load(std::memory_order_relaxed) == calm) return;
    const bool is_idle = hooks_->idle(worker_);
    // No question is overwritten unseen; and while somebody is idle, the next fork looks here again.
    const unsigned before = attention_.exchange(is_idle ? look_again : calm, std::memory_order_seq_cst);
    if (before != asked && !is_idle) return;
    // The way down the list is as long as the list: it is not gone at each fork while nobody comes.
    if (sharing() || share(2)) {
      hooks_->call(worker_);
    } else {  // no room: the question stands
      attention_.store(look_again, std::memory_order_relaxed);
    }
  }

  /// For a loop that forks only when it must: whether somebody may want a branch.
  [[nodiscard]] bool wanted() const noexcept {
    return attention_.load(std::memory_order_relaxed) != calm && hooks_ != nullptr;
  }
  /// Whether something lies open already, or is private and is offered now. False: nothing is, so fork something.
  [[nodiscard]] bool give() noexcept {
    if (sharing()) return true;
    if (top_ == last_shared_) return false;
    offer();
    return true;
  }
  /// What is private lies open to whoever looks: for a branch that is long, and whose sibling may not fork for long.
  void lay_open() noexcept {
    if (top_ == last_shared_) return;
    if (share(1)) hooks_->call(worker_);  // seq_cst: who falls asleep sees it, or is seen
  }
  /// It is `now`, between two pieces of such a loop: the worker sees to what it sees to at forks.
  void pass(time_point now) noexcept {
    if (hooks_ == nullptr || now - passed_at_ < pass_every) return;
    passed_at_ = now;
    if (!open()) return;
    batch_ = hooks_->tick(worker_, 1);
    countdown_ = batch_;
  }

  /// The topmost branch, which is shared: open, it is the owner's again; else it was run elsewhere, this is how it has
  /// ended, and it stays topmost until drop(). (It is no argument: a join that names its branch here keeps the address
  /// in a register, which each call then saves.)
  [[nodiscard, gnu::noinline, gnu::cold]] branch_end retake() noexcept {
    branch& at = *top_;
    word seen = shared_.load(std::memory_order_acquire);
    while (tail(seen) != split(seen)) {
      const word kept = (split(seen) - tail(seen)) / 2;
      const word next = packed(tag(seen), tail(seen) + kept, tail(seen));
      if (shared_.compare_exchange_strong(seen, next, std::memory_order_acq_rel, std::memory_order_acquire)) {
        for (word i = split(next); i != split(seen); ++i) make_private(*entries_[i]);
        last_shared_ = split(next) == 0 ? nullptr : entries_[split(next) - 1];
        top_ = at.below();
        return branch_end::open;
      }
    }
    wait(at);                   // what it runs meanwhile forks above it
    last_shared_ = at.below();  // all below it is stolen
    const branch_end how = static_cast<branch_end>(at.state_.load(std::memory_order_relaxed));
    make_private(at);
    const word now = shared_.load(std::memory_order_relaxed);
    assert(tail(now) == split(now) && entries_[split(now) - 1] == &at);
    shared_.store(packed(tag(now), split(now) - 1, split(now) - 1), std::memory_order_relaxed);
    return how;
  }

  void drop() noexcept { top_ = top_->below(); }

  /// The item that forked has ended: who forks next looks anew whether somebody is idle.
  void close() noexcept {
    assert(top_ == nullptr && "a branch has not been joined");
    active_.store(false, std::memory_order_relaxed);
    attention_.store(look_again, std::memory_order_relaxed);
  }

  // Any worker's.

  /// Whether its owner is in an item that has forked.
  [[nodiscard]] bool active() const noexcept { return active_.load(std::memory_order_seq_cst); }
  /// Whether something is there to be claimed.
  [[nodiscard]] bool sharing() const noexcept {
    const word seen = shared_.load(std::memory_order_seq_cst);
    return tail(seen) != split(seen);
  }
  /// Asks the owner to share at its next fork, and to call. What this thread did before is seen by whoever calls.
  void ask() noexcept {
    if (attention_.load(std::memory_order_seq_cst) != asked) attention_.store(asked, std::memory_order_release);
  }
  /// This stack's owner takes the oldest shared branch of `victim`, or null. With `awaited`, only what descends from
  /// that branch, which the victim runs.
  [[nodiscard]] branch* claim(branch_stack& victim, const branch* awaited = nullptr) noexcept {
    word seen = victim.shared_.load(std::memory_order_acquire);
    if (tail(seen) == split(seen)) return nullptr;
    if (awaited != nullptr && has_ended(*awaited)) return nullptr;
    if (!victim.shared_.compare_exchange_strong(seen, seen + 1, std::memory_order_acq_rel, std::memory_order_relaxed)) {
      return nullptr;
    }
    branch* const got = victim.entries_[tail(seen)];
    got->state_.store(reinterpret_cast<std::uintptr_t>(this), std::memory_order_release);
    return got;
  }
  /// Runs what this stack's owner has claimed.
  void run(branch& claimed) noexcept {
    const branch_end how = claimed.run(claimed);
    const word now = shared_.load(std::memory_order_relaxed);
    assert(tail(now) == split(now) && "a branch has not been joined");
    shared_.store(now + one_tag,
                  std::memory_order_relaxed);  // before it shares anything of another job: see the theorem
    claimed.state_.store(static_cast<std::uintptr_t>(how), std::memory_order_release);
  }

 private:
  static constexpr word one_tag = word{1} << 32;
  static constexpr duration pass_every{20'000};
  static constexpr unsigned calm = 0, look_again = 1, asked = 2;

  [[nodiscard]] static word tail(word all) noexcept { return all & 0xffff; }
  [[nodiscard]] static word split(word all) noexcept { return (all >> 16) & 0xffff; }
  [[nodiscard]] static word tag(word all) noexcept { return all >> 32; }
  [[nodiscard]] static word packed(word of_tag, word of_split, word of_tail) noexcept {
    return of_tag << 32 | of_split << 16 | of_tail;
  }
  [[nodiscard]] static bool has_ended(const branch& at) noexcept {
    const std::uintptr_t state = at.state_.load(std::memory_order_acquire);
    return state == static_cast<std::uintptr_t>(branch_end::done) ||
           state == static_cast<std::uintptr_t>(branch_end::failed);
  }

  /// The first fork of an item; the first of all gets the entries. False when there is no memory for them.
  [[nodiscard]] bool open() noexcept {
    if (entries_ == nullptr) {
      entries_ = static_cast<branch**>(::operator new(Capacity * sizeof(branch*), std::nothrow));
      if (entries_ == nullptr) return false;
    }
    if (!active_.load(std::memory_order_relaxed)) {
      active_.store(true, std::memory_order_seq_cst);
      batch_ = hooks_->tick(worker_, 0);
      countdown_ = batch_;
    }
    return true;
  }

  /// One part in `parts` of what is private, the oldest, as long as there is room among the entries. False: nothing.
  bool share(word parts) noexcept {
    const word first = split(shared_.load(std::memory_order_relaxed));  // nobody else changes that
    if (first == Capacity) return false;
    word all = 0;
    for (const branch* each = top_; each != last_shared_; each = each->below()) ++all;
    word more = (all + parts - 1) / parts;
    if (more > Capacity - first) more = Capacity - first;
    if (more == 0) return false;
    branch* at = top_;
    for (word i = more; i != all; ++i) at = at->below();
    last_shared_ = at;
    for (word i = first + more; i != first; at = at->below()) {
      entries_[--i] = at;
      std::construct_at(&at->state_, std::uintptr_t{0});
      at->below_ |= branch::is_shared;
    }
    shared_.fetch_add(more << 16, std::memory_order_seq_cst);
    return true;
  }

  static void make_private(branch& at) noexcept {
    std::destroy_at(&at.state_);
    at.below_ &= ~branch::is_shared;
  }

  void wait(const branch& at) noexcept {
    for (unsigned round = 0; !has_ended(at);) {
      const std::uintptr_t state = at.state_.load(std::memory_order_acquire);
      if (state > static_cast<std::uintptr_t>(branch_end::failed)) {
        branch_stack& thief = *reinterpret_cast<branch_stack*>(state);
        if (branch* const got = claim(thief, &at)) {
          run(*got);
          round = 0;
          continue;
        }
        thief.ask();
      }
      hooks_->pause(worker_, round++);
    }
  }

  branch* top_ = nullptr;
  branch* last_shared_ = nullptr;
  typename Threading::template atomic<unsigned> attention_{look_again};
  std::int32_t countdown_ = 0;
  std::int32_t batch_ = 0;
  branch** entries_ = nullptr;
  void* worker_ = nullptr;
  const branch_hooks* hooks_ = nullptr;
  time_point passed_at_{};
  alignas(cache_line) typename Threading::template atomic<word> shared_{0};
  typename Threading::template atomic<bool> active_{false};
};

/// That of a worker; and nobody's, for threads that are none.
using fork_stack = branch_stack<multi_thread>;
inline constinit fork_stack no_forks;

}  // namespace tenon::detail
// tenon/core/environment.hpp

namespace tenon {

/// What a coroutine inherits from the one that awaits it: who asks it to stop, and what it carries.
///
/// Shape    One a task tree, owned by whoever started the tree (a scope, a timeout, a with_context), which outlives the
///          tree. A promise carries a pointer to it, and a child's pointer is its parent's: an await costs one copy.
struct environment {
  std::stop_source stop{std::nostopstate};
  const any_context* context = nullptr;  ///< null where nothing is carried

  /// The level at which its work waits.
  [[nodiscard]] tenon::level level() const noexcept { return context != nullptr ? context->level() : tenon::level{}; }
};

namespace detail {

inline const environment no_environment{};

template <class Promise>
concept owns_environment = requires(Promise& promise) {
  { promise.own } -> std::same_as<environment&>;
};

template <class Promise>
concept has_environment = requires(Promise& promise) {
  { promise.env } -> std::convertible_to<const environment*>;
};

/// The environment of the coroutine that awaits, or the empty one for coroutines that are not ours.
template <class Promise>
[[nodiscard]] const environment* environment_of(std::coroutine_handle<Promise> handle) noexcept {
  if constexpr (owns_environment<Promise>) {
    return &handle.promise().own;
  } else if constexpr (has_environment<Promise>) {
    return handle.promise().env;
  } else {
    return &no_environment;
  }
}

}  // namespace detail

}  // namespace tenon
// tenon/core/timer.hpp

namespace tenon {

/// A deadline in a worker's timer queue: an intrusive work item whose `run` is called once, at or after `deadline`.
struct timer : work {
  static constexpr std::uintptr_t unarmed = 0;

  time_point deadline = never;
  std::uintptr_t place = unarmed;  ///< the queue's: where it is

  [[nodiscard]] bool armed() const noexcept { return place != unarmed; }
};

namespace detail {

/// The timers that are far off, in lists by when they are due: what most of them are, that are taken back before their
/// time. Where two deadlines are told apart does not depend on how many there are.
///
/// Time is counted in ticks of 4 ms, and a tick is a number of digits to the base 64. The horizon is a tick that no
/// timer here is before. A timer lies at the level of the highest digit in which its tick differs from the horizon, in
/// the slot of that digit (in the lowest level when none differs). So all of a level are due before all of the next,
/// and the slots of a level one before the other; and a horizon that moves, but not into a timer's slot, leaves the
/// timer where it belongs.
///
/// Source  G. Varghese and T. Lauck, "Hashed and Hierarchical Timing Wheels", 1987.
class timer_wheel {
 public:
  timer_wheel() = default;
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;
  ~timer_wheel() { delete[] slots_; }

  [[nodiscard]] bool empty() const noexcept { return levels_ == 0; }
  /// Whether `deadline` is not yet in the tick of `now`.
  [[nodiscard]] static bool is_later(time_point deadline, time_point now) noexcept {
    return tick_of(deadline) > tick_of(now);
  }
  /// Takes an item in, unless it is due before the horizon. Where there is no other, the horizon is the present.
  [[nodiscard]] bool put(timer& item, time_point present) {
    const std::uint64_t tick = tick_of(item.deadline);
    if (empty()) horizon_ = tick_of(present);
    if (tick < horizon_) return false;
    if (slots_ == nullptr) slots_ = new work* [levels * digits] {};
    const std::uint64_t differing = tick ^ horizon_;
    const unsigned level = differing == 0 ? 0 : static_cast<unsigned>(std::bit_width(differing) - 1) / digit_bits;
    const unsigned slot = static_cast<unsigned>(tick >> (level * digit_bits)) % digits;
    work*& head = slots_[level * digits + slot];
    item.next = head;
    if (head != nullptr) set_link(*head, &item.next);
    head = &item;
    set_link(item, &head);
    taken_[level] |= std::uint64_t{1} << slot;
    levels_ |= 1U << level;
    return true;
  }

  void remove(timer& item) noexcept {
    work** const link = link_of(item);
    *link = item.next;
    if (item.next != nullptr) {
      set_link(*item.next, link);
    } else {
      const std::uintptr_t at = (item.place - reinterpret_cast<std::uintptr_t>(slots_)) / sizeof(work*);
      if (at < levels * digits) forget(at);  // it was the only one of its slot
    }
    item.place = timer::unarmed;
  }

  /// A time that nothing here is due before; `never` when there is nothing.
  [[nodiscard]] time_point next() const noexcept {
    return empty() ? never : time_point(duration(static_cast<std::int64_t>(first_tick() << tick_bits)));
  }

  /// Takes the whole of the first slot out if it begins at `now` or before, as a list.
  [[nodiscard]] work* pop(time_point now) noexcept {
    if (empty() || first_tick() > tick_of(now)) return nullptr;
    horizon_ = first_tick();
    const auto at = static_cast<std::size_t>(first_slot());
    work* const list = slots_[at];
    slots_[at] = nullptr;
    forget(at);
    return list;
  }

 private:
  static constexpr unsigned tick_bits = 22;
  static constexpr unsigned digit_bits = 6;
  static constexpr unsigned digits = 1U << digit_bits;
  static constexpr unsigned levels = (63 - tick_bits) / digit_bits + 1;

  [[nodiscard]] static std::uint64_t tick_of(time_point at) noexcept {
    const std::int64_t ns = at.time_since_epoch().count();
    return ns < 0 ? 0 : static_cast<std::uint64_t>(ns) >> tick_bits;
  }
  /// What points to an item that lies here: the slot, or the item before it.
  [[nodiscard]] static work** link_of(const timer& item) noexcept { return reinterpret_cast<work**>(item.place); }
  static void set_link(work& item, work** to) noexcept {
    static_cast<timer&>(item).place = reinterpret_cast<std::uintptr_t>(to);
  }

  [[nodiscard]] unsigned first_slot() const noexcept {
    const unsigned level = static_cast<unsigned>(std::countr_zero(levels_));
    return level * digits + static_cast<unsigned>(std::countr_zero(taken_[level]));
  }
  /// The tick with which the first slot begins.
  [[nodiscard]] std::uint64_t first_tick() const noexcept {
    const unsigned at = first_slot();
    const unsigned shift = at / digits * digit_bits;
    const std::uint64_t above = horizon_ >> shift & ~std::uint64_t{digits - 1};
    return (above | at % digits) << shift;
  }
  void forget(std::size_t at) noexcept {
    const std::size_t level = at / digits;
    taken_[level] &= ~(std::uint64_t{1} << at % digits);
    if (taken_[level] == 0) levels_ &= ~(1U << level);
  }

  work** slots_ = nullptr;  // level by level; none before the first timer
  std::uint64_t horizon_ = 0;
  unsigned levels_ = 0;               // those that have something, a bit each
  std::uint64_t taken_[levels] = {};  // the slots that have, a bit each
};

}  // namespace detail

/// The deadlines of one worker: a heap of four children a node for the next of them, each timer knowing its place, and
/// a wheel for the many that are far off.
///
/// Invariant  key(parent(i)) <= key(i) for every i > 0, where parent(i) = (i - 1) / 4; slots[i].item's place is i. A
///            timer goes to the wheel when the heap has enough, and comes to the heap before it can be due.
/// Cost       arm, disarm: O(log4 n) of those in the heap, some 64 and what is due within 4 ms; O(1) in the wheel, out
///            of which a timer that comes of age is moved once a digit, twice for most. 16 bytes a timer of the heap
///            and 32 of its own; 3.5 KiB once there is a wheel. The keys lie beside the pointers, so that a sift
///            touches no timer but the one it moves.
/// Threads    One.
class timer_queue {
 public:
  timer_queue() = default;
  timer_queue(const timer_queue&) = delete;
  timer_queue& operator=(const timer_queue&) = delete;
  ~timer_queue() { delete[] slots_; }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0 && wheel_.empty(); }
  /// The earliest deadline, or, where the wheel has it, a time a little before. `never` when there is none.
  [[nodiscard]] time_point next() const noexcept {
    const time_point far = wheel_.next();
    return size_ != 0 && slots_[0].deadline < far ? slots_[0].deadline : far;
  }

  void arm(timer& item) {
    assert(!item.armed());
    if (size_ < enough || !wheel_.put(item, present_)) push(item);
  }

  void disarm(timer& item) noexcept {
    assert(item.armed());
    if (item.place % 2 == 0) return wheel_.remove(item);
    const std::size_t hole = item.place / 2;
    assert(slots_[hole].item == &item);
    item.place = timer::unarmed;
    const slot last = slots_[--size_];
    if (hole == size_) return;
    if (hole > 0 && last.deadline < slots_[(hole - 1) / arity].deadline) {
      sift_up(hole, last);
    } else {
      sift_down(hole, last);
    }
  }

  /// Takes out the earliest timer if its deadline is not after `now`.
  [[nodiscard]] timer* pop_due(time_point now) {
    present_ = now;
    if (!wheel_.empty()) bring();
    if (size_ == 0 || slots_[0].deadline > now) return nullptr;
    timer* const due = slots_[0].item;
    disarm(*due);
    return due;
  }

 private:
  static constexpr std::size_t arity = 4;
  static constexpr std::size_t enough = 64;
  struct slot {
    time_point deadline;
    timer* item = nullptr;
  };

  /// What may be due comes to the heap, and what stood with it to where it now belongs.
  void bring() {
    while (work* item = wheel_.pop(present_)) {
      while (item != nullptr) {
        timer& each = static_cast<timer&>(*item);
        item = item->next;
        each.place = timer::unarmed;
        if (detail::timer_wheel::is_later(each.deadline, present_)) {
          arm(each);
        } else {
          push(each);
        }
      }
    }
  }

  void push(timer& item) {
    if (size_ == room_) grow();
    sift_up(size_++, {item.deadline, &item});
  }
  void grow() {
    const std::size_t room = room_ == 0 ? 8 : 2 * room_;
    slot* const wider = new slot[room];
    for (std::size_t i = 0; i < size_; ++i) wider[i] = slots_[i];
    delete[] slots_;
    slots_ = wider;
    room_ = room;
  }

  void put(std::size_t at, slot value) noexcept {
    slots_[at] = value;
    value.item->place = 2 * at + 1;
  }
  void sift_up(std::size_t at, slot value) noexcept {
    while (at > 0) {
      const std::size_t parent = (at - 1) / arity;
      if (slots_[parent].deadline <= value.deadline) break;
      put(at, slots_[parent]);
      at = parent;
    }
    put(at, value);
  }
  void sift_down(std::size_t at, slot value) noexcept {
    for (;;) {
      const std::size_t first = at * arity + 1;
      if (first >= size_) break;
      const std::size_t end = first + arity < size_ ? first + arity : size_;
      std::size_t least = first;
      for (std::size_t child = first + 1; child < end; ++child) {
        if (slots_[child].deadline < slots_[least].deadline) least = child;
      }
      if (value.deadline <= slots_[least].deadline) break;
      put(at, slots_[least]);
      at = least;
    }
    put(at, value);
  }

  // Not a vector: that is a hundred functions of compile time in every program.
  slot* slots_ = nullptr;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
  time_point present_{};  // when it was last asked what is due
  detail::timer_wheel wheel_;
};

}  // namespace tenon
// tenon/core/loop.hpp

namespace tenon {

/// What code that does not name its runtime sees of a worker: `sleep_for`, `yield` and `when_all` work in any of them.
///
/// A worker derives from it. Code that names its runtime never comes through here and pays no indirect call.
///
/// schedule  The worker's own thread: `item` runs soon, after what is ready already. `env` is that of the task it
///           belongs to: its level counts where the scheduling has levels.
/// post      Any thread (in a single-threaded runtime: its own): `item` runs soon, on this worker if its scheduling
///           binds tasks to workers, else on any worker of the runtime.
/// pin       Any thread, likewise: `item` runs on this very worker.
/// arm       The worker's own thread: `item.run` is called on it at or after the deadline.
/// disarm    The worker's own thread: takes an armed timer back.
/// now       The runtime's clock.
class loop {
 public:
  struct operations {
    void (*schedule)(loop&, work&, const environment&) noexcept;
    void (*post)(loop&, work&, const environment&) noexcept;
    void (*pin)(loop&, work&) noexcept;
    void (*arm)(loop&, timer&) noexcept;
    void (*disarm)(loop&, timer&) noexcept;
    time_point (*now)(loop&) noexcept;
  };

  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  void schedule(work& item, const environment& env) noexcept { operations_.schedule(*this, item, env); }
  void post(work& item, const environment& env) noexcept { operations_.post(*this, item, env); }
  void pin(work& item) noexcept { operations_.pin(*this, item); }
  void arm(timer& item) noexcept { operations_.arm(*this, item); }
  void disarm(timer& item) noexcept { operations_.disarm(*this, item); }
  [[nodiscard]] time_point now() noexcept { return operations_.now(*this); }
  /// The runtime it belongs to: how a runtime knows its own workers.
  [[nodiscard]] const void* owner() const noexcept { return owner_; }

 protected:
  loop(const operations& table, const void* owner) noexcept : operations_(table), owner_(owner) {}
  ~loop() = default;

 private:
  const operations& operations_;
  const void* owner_;
};

namespace detail {

/// Whether a coroutine that resumes another one may use stack for it: without optimisation, and under sanitizers.
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TENON_DETAIL_TRANSFERS_NEST 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define TENON_DETAIL_TRANSFERS_NEST 1
#endif
#endif
#if defined(TENON_DETAIL_TRANSFERS_NEST)
inline constexpr bool transfers_nest = true;
#else
inline constexpr bool transfers_nest = false;
#endif
#undef TENON_DETAIL_TRANSFERS_NEST

/// How many times coroutines may resume one another by the starts and ends of tasks before the worker gets its turn. It
/// keeps a chain of ready awaits from starving I/O, and bounds the stack where transfers nest.
inline constexpr unsigned chain_depth = transfers_nest ? 128 : 1024;

/// How coroutine frames are got on a thread: a worker's arena behind three plain functions, one table a memory policy.
struct frame_source {
  void* (*allocate)(void* arena, std::size_t bytes);
  void (*deallocate)(void* arena, void* chunk, std::size_t bytes) noexcept;
  void (*release)(void* chunk, std::size_t bytes) noexcept;  // any thread, no arena
};

/// What this thread is doing for tenon. A worker sets it when it begins to run and puts back what was there when it
/// ends.
struct this_thread {
  loop* current = nullptr;
  const frame_source* frames = nullptr;
  void* arena = nullptr;
  shelf* shelves = no_shelves;           // those of the arena, where it has such
  child_stack* children = &no_children;  // of tasks, that a worker keeps to itself until somebody asks for them
  unsigned chain = 0;                    // how many more tasks may start one another before the worker gets its turn
  unsigned depth = 0;                    // waits that were over at once since the worker last took an item
  fork_stack* forks = &no_forks;
};

inline constinit thread_local this_thread this_thread_storage{};

#if defined(__clang__) && __clang_major__ < 17
/// Not inlined: an older clang keeps a thread-local's address across a suspension, after which the thread is another
/// one.
[[nodiscard, gnu::noinline]] inline this_thread& here() noexcept { return this_thread_storage; }
#else
[[nodiscard]] inline this_thread& here() noexcept { return this_thread_storage; }
#endif

}  // namespace detail

}  // namespace tenon
// tenon/core/detail/frame.hpp

namespace tenon::detail {

/// Base of every promise: its coroutine's frame comes from the memory policy of the worker that starts it.
///
/// Shape    One word behind the frame says which policy it came from, so that it may end on any thread: on a worker of
///          that policy it goes to that worker's arena, elsewhere straight back upstream.
/// Threads  Any.
struct frame_allocated {
  static void* operator new(std::size_t bytes) {
    const std::size_t total = tail(bytes) + sizeof(const frame_source*);
    this_thread& thread = here();
    const frame_source* const from = thread.frames;
    void* const chunk = take(thread, from, total);
    std::memcpy(static_cast<char*>(chunk) + tail(bytes), &from, sizeof(from));
    return chunk;
  }

  static void operator delete(void* chunk, std::size_t bytes) noexcept {
    const std::size_t total = tail(bytes) + sizeof(const frame_source*);
    const frame_source* from = nullptr;
    std::memcpy(&from, static_cast<char*>(chunk) + tail(bytes), sizeof(from));
    const this_thread& thread = here();
    if (thread.frames == from && total <= shelf::count * shelf::step) [[likely]] {
      shelf& kept = thread.shelves[(total - 1) / shelf::step];
      if (kept.room != 0) [[likely]]
        return kept.push(chunk);
    }
    give_back(from, chunk, total);
  }

 private:
  static void* take(const this_thread& thread, const frame_source* from, std::size_t total) {
    if (total <= shelf::count * shelf::step) [[likely]] {
      shelf& kept = thread.shelves[(total - 1) / shelf::step];
      if (kept.head != nullptr) [[likely]]
        return kept.pop();
    }
    return ask(from, total);
  }
  TENON_DETAIL_RARE static void* ask(const frame_source* from, std::size_t total) {
    return from != nullptr ? from->allocate(here().arena, total) : ::operator new(total);
  }
  TENON_DETAIL_RARE static void give_back(const frame_source* from, void* chunk, std::size_t total) noexcept {
    if (from == nullptr) return ::operator delete(chunk);  // the sized one is off by default in clang before 19
    const this_thread& thread = here();
    if (thread.frames == from) {
      from->deallocate(thread.arena, chunk, total);
    } else {
      from->release(chunk, total);
    }
  }
  static constexpr std::size_t tail(std::size_t bytes) noexcept {
    return (bytes + alignof(const frame_source*) - 1) & ~(alignof(const frame_source*) - 1);
  }
};

}  // namespace tenon::detail
// tenon/core/detail/outcome.hpp

namespace tenon::detail {

#if defined(__cpp_exceptions)
[[noreturn, gnu::noinline, gnu::cold]] inline void rethrow(const std::exception_ptr& error) {
  std::rethrow_exception(error);
}
#endif

/// Where a coroutine's outcome waits to be fetched: nothing yet, a value, or an exception.
template <class T>
class outcome {
  static constexpr bool refers = std::is_reference_v<T>;
  using stored = std::conditional_t<refers, std::add_pointer_t<T>, T>;
  struct empty {};
  struct flag {
    bool set = false;
  };

 public:
  outcome() noexcept {}
  outcome(const outcome&) = delete;
  outcome& operator=(const outcome&) = delete;
  ~outcome() {
    if constexpr (!std::is_trivially_destructible_v<stored>) {
      if (has_.set) std::destroy_at(std::addressof(value_));
    }
  }

  template <class U>
  void set(U&& value) {
    if constexpr (refers) {
      std::construct_at(std::addressof(value_), std::addressof(value));
    } else {
      std::construct_at(std::addressof(value_), std::forward<U>(value));
    }
    if constexpr (!std::is_trivially_destructible_v<stored>) has_.set = true;
  }
#if defined(__cpp_exceptions)
  void fail(std::exception_ptr error) noexcept { error_ = std::move(error); }
  [[nodiscard]] bool failed() const noexcept { return error_ != nullptr; }
#else
  [[nodiscard]] static bool failed() noexcept { return false; }
#endif

  /// The value, moved out, or the exception thrown.
  [[nodiscard]] T take() {
#if defined(__cpp_exceptions)
    if (error_) [[unlikely]]
      rethrow(error_);
#endif
    if constexpr (refers) {
      return static_cast<T>(*value_);
    } else {
      return std::move(value_);
    }
  }

 private:
#if defined(__cpp_exceptions)
  std::exception_ptr error_;
#endif
  union {
    stored value_;
  };
  [[no_unique_address]] std::conditional_t<std::is_trivially_destructible_v<stored>, empty, flag> has_;
};

template <>
class outcome<void> {
 public:
#if defined(__cpp_exceptions)
  void fail(std::exception_ptr error) noexcept { error_ = std::move(error); }
  [[nodiscard]] bool failed() const noexcept { return error_ != nullptr; }
  void take() {
    if (error_) [[unlikely]]
      rethrow(error_);
  }

 private:
  std::exception_ptr error_;
#else
  static void take() noexcept {}
#endif
};

}  // namespace tenon::detail
// tenon/core/detail/promise.hpp

namespace tenon::detail {

/// How many waits of a coroutine may be over at once before the worker gets its turn: what keeps one that always has
/// something to read from starving the others. The starts and ends of tasks count by themselves, see chain_depth.
inline constexpr unsigned transfer_depth = 128;

/// A coroutine that can be resumed as a work item.
struct resumption : work {
  std::coroutine_handle<> target;

  resumption() noexcept : work(&resume) {}
  static void resume(work& item) noexcept { static_cast<resumption&>(item).target.resume(); }
};

class branch_group;

/// Whether the end of a coroutine counts as a transfer too. It need not where each transfer is a tail call: a chain of
/// ends is no longer than that of the starts before it.
/// g++ -O1 has no tail calls, and does not say so.
#if defined(__clang__)
inline constexpr bool ends_count = transfers_nest;
#else
inline constexpr bool ends_count = true;
#endif

/// What every promise of ours has: a frame from the worker's memory, who waits for it, and its environment.
///
/// It is itself the work item by which it goes through a worker's queue, when it starts there or when a chain of
/// transfers is at its depth: once before the coroutine starts and once after it has ended, never both at a time.
struct promise_base : frame_allocated, work {
  std::coroutine_handle<> continuation;  // null until it is awaited; of a branch itself, for whoever begins it
  branch_group* group = nullptr;         // of a branch: those it was forked with
  std::uint32_t before = 0;              // and how many of them ended on its line before it
  std::uint32_t index = 0;               // and in a race, its place among them, from 1
  const environment* env;                // set by whoever starts it

  /// The work item that starts the coroutine of `promise`.
  template <class Promise>
  [[nodiscard]] static work& starting(Promise& promise) noexcept {
    promise.run = &start<Promise>;
    return promise;
  }

  /// How such an item is told from others.
  template <class Promise>
  [[nodiscard]] static work::function starting_function() noexcept {
    return &start<Promise>;
  }

  /// The handle to transfer to so that the coroutine starts: its own, or nobody's when the chain is long; then the
  /// worker starts it.
  template <class Promise>
  [[nodiscard]] static std::coroutine_handle<> enter(Promise& promise) noexcept {
    if (--here().chain == 0) [[unlikely]] {
      (void)starting(promise);
      if (promise.is_put_off()) return std::noop_coroutine();
    }
    return std::coroutine_handle<Promise>::from_promise(promise);
  }
  /// The same for going on with the one that waits for it.
  [[nodiscard]] std::coroutine_handle<> leave() noexcept {
    if constexpr (ends_count) {
      if (--here().chain == 0) [[unlikely]] {
        if (goes_on_later()) return std::noop_coroutine();
      }
    }
    return continuation;
  }

  /// How a branch is begun that waits in a queue, and how a long chain is gone on with.
  static void go_on(work& item) noexcept { static_cast<promise_base&>(item).continuation.resume(); }

 private:
  template <class Promise>
  static void start(work& item) noexcept {
    std::coroutine_handle<Promise>::from_promise(static_cast<Promise&>(item)).resume();
  }
  [[nodiscard]] TENON_DETAIL_RARE bool goes_on_later() noexcept {
    run = &go_on;
    return is_put_off();
  }
  /// The chain is at its end: the worker goes on from its ready queue. False where there is no worker.
  TENON_DETAIL_RARE bool is_put_off() noexcept {
    this_thread& thread = here();
    if (thread.current == nullptr) return false;
    thread.chain = 1;  // it stays at its end until the worker takes the next item
    thread.current->schedule(*this, *env);
    return true;
  }

  friend branch_group;
};

/// What the branches of one fork share: when_all and when_any are made of it.
///
/// The first branch begins at once, in place of the coroutine that forks; the others wait on the worker's child_stack.
/// A branch that ends looks whether one of its own is on top there, as it is when nobody has stolen it and nothing
/// waited, and is followed by it, on the same line. Who else finds a branch, a thief or the worker after the first one
/// waits for something, begins a line with it.
///
/// What needs an atomic read-modify-write is called through a pointer that the one who forks sets: each task's end
/// comes by here, and a program that forks nothing has no such instruction.
class branch_group {
 public:
  branch_group() noexcept : branch_group(&line_over) {}

  void expect(std::size_t count, std::coroutine_handle<> parent) noexcept {
    lines_.expect(static_cast<std::uint32_t>(count));
    parent_ = parent;
  }
  /// A branch is to be begun.
  template <class Promise>
  void add(Promise& branch, const environment* env) noexcept {
    branch.continuation = std::coroutine_handle<Promise>::from_promise(branch);
    branch.env = env;
    branch.group = this;
  }

  /// Begins all of them, after they were added; the last of all, because they may end while this runs. Gives where the
  /// coroutine that forks is to transfer to.
  template <class... Rest>
  [[nodiscard]] std::coroutine_handle<> begin(promise_base& first, Rest&... rest) noexcept {
    this_thread& thread = here();
    child_stack& children = *thread.children;
    if (--thread.chain == 0 || !children.has_room(sizeof...(Rest))) [[unlikely]] {
      promise_base* const all[] = {&first, &rest...};
      return begin_slowly(all, sizeof...(Rest) + 1);
    }
    push(children, rest...);
    if (children.asked()) [[unlikely]]
      share(thread);
    return first.continuation;
  }
  /// The same of any number of them: `at(i)` gives the i-th.
  template <class At>
  [[nodiscard]] std::coroutine_handle<> begin_all(std::size_t count, At at) noexcept {
    this_thread& thread = here();
    child_stack& children = *thread.children;
    const bool has_room = (&children != &no_children) && (children.has_room(count) || children.make_room(count));
    const bool is_first_put_off = --thread.chain == 0;
    const std::size_t begun = is_first_put_off ? 0 : 1;
    if (is_first_put_off) thread.chain = 1;
    std::coroutine_handle<> const first = at(0).continuation;
    if (has_room) {
      for (std::size_t i = count; i > begun; --i) children.push(at(i - 1));
      if (children.asked()) share(thread);
    } else {
      for (std::size_t i = begun; i < count; ++i) schedule(*thread.current, at(i));
    }
    return is_first_put_off ? std::noop_coroutine() : first;
  }

  /// One branch is to be begun, and the coroutine that forks goes on. `expect` counted that one too: see meet().
  void offer(promise_base& branch) noexcept {
    this_thread& thread = here();
    assert(thread.current != nullptr && "tenon::fork is awaited on a worker of a runtime");
    child_stack& children = *thread.children;
    if (&children == &no_children || (!children.has_room(1) && !children.make_room(1))) [[unlikely]] {
      return schedule(*thread.current, branch);
    }
    children.push(branch);
    if (children.asked()) [[unlikely]]
      share(thread);
  }
  /// Takes back a branch that nobody has begun, if it is the one that was offered last.
  [[nodiscard]] bool retract() noexcept {
    child_stack& children = *here().children;
    if (children.empty() || static_cast<promise_base&>(children.top()).group != this) return false;
    children.drop();
    return true;
  }
  /// The coroutine that forks has nothing more to do beside its branch. True when that has ended; else its end is
  /// followed by the coroutine.
  [[nodiscard]] bool meet() noexcept { return lines_.over(1); }

  /// What follows the end of a branch.
  [[nodiscard]] std::coroutine_handle<> ended(promise_base& branch) noexcept {
    if (branch.index != 0) [[unlikely]]
      (void)settle_(*this, 0, branch.index);
    this_thread& thread = here();
    child_stack& children = *thread.children;
    if (!children.empty()) {
      auto& next = static_cast<promise_base&>(children.top());
      if (next.group == this) {
        next.before += branch.before + 1;        // more than that when another line has left it there, see below
        if (--thread.chain == 0) [[unlikely]] {  // a start, which no enter() counts
          thread.chain = 1;
          return std::noop_coroutine();  // the worker will find it, or another branch of these that ends first
        }
        children.drop();
        if (children.asked()) [[unlikely]]
          share(thread);
        return next.continuation;
      }
    }
    if (!lines_.alone(branch.before + 1) && !settle_(*this, branch.before + 1, 0)) return std::noop_coroutine();
    if constexpr (ends_count) {
      branch.continuation = parent_;
      return branch.leave();
    } else {
      return parent_;
    }
  }

 protected:
  /// A line ends that ran so many branches, and was not alone: whether it is the last. Or, in a race, the branch of
  /// that index ends.
  using function = bool (*)(branch_group&, std::uint32_t ran, std::uint32_t index) noexcept;

  explicit branch_group(function settle) noexcept : settle_(settle) {}
  static bool line_over(branch_group& group, std::uint32_t ran, std::uint32_t /*index*/) noexcept {
    return group.lines_.over(ran);
  }

 private:
  static void push(child_stack& /*children*/) noexcept {}
  template <class... Rest>
  static void push(child_stack& children, promise_base& first, Rest&... rest) noexcept {
    push(children, rest...);
    children.push(first);
  }
  [[gnu::noinline, gnu::cold]] std::coroutine_handle<> begin_slowly(promise_base* const* all,
                                                                    std::size_t count) noexcept {
    this_thread& thread = here();
    ++thread.chain;
    assert(thread.current != nullptr && "tenon::when_all and when_any are awaited on a worker of a runtime");
    return begin_all(count, [all](std::size_t i) -> promise_base& { return *all[i]; });
  }
  static void schedule(loop& current, promise_base& branch) noexcept {
    branch.run = &promise_base::go_on;
    current.schedule(branch, *branch.env);
  }
  /// Somebody has nothing to do: the older half is for whoever takes it.
  TENON_DETAIL_RARE static void share(this_thread& thread) noexcept {
    if (thread.children->empty()) return;
    thread.children->answer();
    for (std::size_t more = (thread.children->size() + 1) / 2; more > 0; --more) {
      schedule(*thread.current, static_cast<promise_base&>(thread.children->shift()));
    }
  }

  function settle_;
  fork_lines<multi_thread> lines_;
  std::coroutine_handle<> parent_;
};

/// Branches of which the first to end requests a stop of the others.
class branch_race : public branch_group {
 public:
  explicit branch_race(std::stop_source& losers) noexcept : branch_group(&settle), losers_(losers) {}

  /// The `index`-th branch.
  template <class Promise>
  void add(Promise& branch, std::size_t index, const environment* env) noexcept {
    branch_group::add(branch, env);
    branch.index = static_cast<std::uint32_t>(index) + 1;
  }
  /// Which was the first.
  [[nodiscard]] std::size_t first() const noexcept { return first_.load(std::memory_order_acquire) - 1; }

 private:
  static bool settle(branch_group& group, std::uint32_t ran, std::uint32_t index) noexcept {
    if (index == 0) return line_over(group, ran, 0);
    auto& race = static_cast<branch_race&>(group);
    std::uint32_t nobody = 0;
    if (race.first_.compare_exchange_strong(nobody, index, std::memory_order_acq_rel)) race.losers_.request_stop();
    return false;
  }

  std::atomic<std::uint32_t> first_{0};
  std::stop_source& losers_;
};

/// Ends a coroutine by going on with the one that waits for it.
struct final_awaiter {
  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] static std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
    promise_base& promise = ended.promise();
    return promise.group == nullptr ? promise.leave() : promise.group->ended(promise);
  }
  static void await_resume() noexcept {}
};

/// The part of a promise that takes `co_return` and exceptions into an outcome.
template <class T>
struct returning : promise_base {
  outcome<T> result;

  template <class U = T>  // = T: `co_return {};`
    requires std::is_convertible_v<U, T>
  void return_value(U&& value) {
    static_assert(
        refers_to_the_same<U>,
        "tenon::task<T&>: co_return gives it a temporary, which is gone before the reference is used; return an "
        "object that outlives the task, or write task<T>");
    result.set(std::forward<U>(value));
  }
  void unhandled_exception() noexcept {
#if defined(__cpp_exceptions)
    result.fail(std::current_exception());
#endif
  }

 private:
  template <class U>
  static constexpr bool refers_to_the_same =
      !std::is_reference_v<T> || ((std::is_lvalue_reference_v<U> || std::is_rvalue_reference_v<T>) &&
                                  std::is_convertible_v<std::remove_reference_t<U>*, std::remove_reference_t<T>*>);
};

template <>
struct returning<void> : promise_base {
  outcome<void> result;

  static void return_void() noexcept {}
  void unhandled_exception() noexcept {
#if defined(__cpp_exceptions)
    result.fail(std::current_exception());
#endif
  }
};

}  // namespace tenon::detail
// tenon/core/detail/stop_hook.hpp

namespace tenon::detail {

/// A std::stop_callback that comes and goes. A std::optional of one would do, for forty functions more in every
/// program.
template <class Function>
class stop_hook {
 public:
  stop_hook() noexcept {}
  stop_hook(const stop_hook&) = delete;
  stop_hook& operator=(const stop_hook&) = delete;
  ~stop_hook() { reset(); }

  /// From now on a stop request calls `function`; this very call does when there was one.
  void emplace(std::stop_token token, Function function) {
    ::new (static_cast<void*>(std::addressof(callback_))) std::stop_callback<Function>(std::move(token), function);
    set_ = true;
  }
  /// Takes it back, or waits until it has returned, unless it is this very thread that runs it.
  void reset() noexcept {
    if (!set_) return;
    set_ = false;
    std::destroy_at(std::addressof(callback_));
  }

 private:
  union {
    std::stop_callback<Function> callback_;
  };
  bool set_ = false;
};

}  // namespace tenon::detail
// tenon/core/detail/wait.hpp

namespace tenon::detail {

/// A suspended coroutine that waits for something at one worker, its home, and can be asked to stop from anywhere.
///
/// Everything that changes a wait happens on its home's thread: it begins there, ends there, and a stop that is
/// requested elsewhere arrives there as a work item. So nothing in it is atomic. The one thing another thread does is
/// to run the stop callback, and `stop_.reset()` in end() is the fence between the two: it takes the callback back, or
/// waits for the end of it, after which `asked_` says whether a work item is on its way. If it is, the wait goes on
/// existing until that item has arrived.
///
/// The one `work` in the base serves, one after the other: the way home (by the derived class), the way of the stop,
/// the resumption.
class wait : public work {
 public:
  wait(const wait&) = delete;
  wait& operator=(const wait&) = delete;

 protected:
  /// `cancel` runs at home while the wait is in flight: it makes end() be called soon, but not before it returns.
  using cancel_function = void (*)(wait&) noexcept;

  explicit wait(cancel_function cancel) noexcept : cancel_(cancel) {}
  ~wait() = default;

  [[nodiscard]] loop& home() const noexcept { return *home_; }
  [[nodiscard]] const environment& env() const noexcept { return *env_; }
  void settle(loop& home, std::coroutine_handle<> waiter, const environment& env) noexcept {
    home_ = &home;
    waiter_ = waiter;
    env_ = &env;
  }

  /// At home, once the wait is in flight: from now on a stop request cancels it.
  void watch() {
    if (env_->stop.stop_possible()) stop_.emplace(env_->stop.get_token(), asks_to_stop{this});
  }

  /// At home, once the wait is over: the coroutine goes on as soon as nobody else knows of it.
  void end() noexcept {
    stop_.reset();
    if (asked_ && !arrived_) {
      ended_ = true;
    } else {
      resume();
    }
  }

  /// Like end(), for a wait that is over before it was watched.
  void resume() noexcept {
    run = [](work& item) noexcept { static_cast<wait&>(item).waiter_.resume(); };
    home_->schedule(*this, *env_);
  }

 private:
  struct asks_to_stop {
    wait* self;
    void operator()() const noexcept {
      if (here().current == self->home_) {
        self->cancel_(*self);
      } else {
        self->asked_ = true;
        self->run = [](work& item) noexcept { static_cast<wait&>(item).stop_arrives(); };
        self->home_->pin(*self);
      }
    }
  };

  void stop_arrives() noexcept {
    arrived_ = true;
    if (ended_) {
      resume();
    } else {
      cancel_(*this);
    }
  }

  loop* home_ = nullptr;
  std::coroutine_handle<> waiter_;
  const environment* env_ = nullptr;
  cancel_function cancel_;
  bool asked_ = false;    // the stop is, or was, on its way home as a work item
  bool arrived_ = false;  // it has come
  bool ended_ = false;    // the wait is over, and waits for it to come
  stop_hook<asks_to_stop> stop_;
};

/// Goes on at one given worker: how a coroutine that owns something of a worker returns to it.
class go_to {
 public:
  explicit go_to(loop& target) noexcept : target_(target) {}

  [[nodiscard]] bool await_ready() const noexcept { return here().current == &target_; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    item_.target = waiter;
    target_.pin(item_);
  }
  static void await_resume() noexcept {}

 private:
  loop& target_;
  resumption item_;
};

}  // namespace tenon::detail
// tenon/core/on_stop.hpp

namespace tenon {

/// What a stop request does to an operation that waits.
///
///     co_await peer.write_all(answer, deadline, tenon::on_stop::finish);
enum class on_stop : std::uint8_t {
  cancel,  ///< it ends with operation_canceled; the rule
  finish,  ///< it goes on to its end or its deadline: an answer that is half sent when the service drains
};

}  // namespace tenon
// tenon/net/detail/gathered.hpp

namespace tenon::detail {

/// A row of buffers that is written off: what one sendmsg(2) after the other is told.
///
/// The row is the caller's and stays as it is. A buffer that was written in part goes out alone before the rest of the
/// row: that costs one more call where the socket was full, and no copy of the row anywhere.
class gathered : public msghdr {
 public:
  gathered(const iovec* parts, std::size_t count) noexcept : msghdr{}, next_(parts), left_(count) { take_next(); }
  gathered(const gathered&) = delete;
  gathered& operator=(const gathered&) = delete;
  ~gathered() = default;

  /// How many bytes the next call is asked for.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// The call has sent `sent` bytes: how many the next one is asked for, 0 when all are sent.
  [[nodiscard]] std::size_t advance(std::size_t sent) noexcept {
    for (; msg_iovlen != 0 && sent >= msg_iov->iov_len; ++msg_iov, --msg_iovlen) sent -= msg_iov->iov_len;
    if (msg_iovlen == 0) {
      take_next();
      while (size_ == 0 && left_ != 0) take_next();
    } else {
      const iovec* const cut = msg_iov;
      left_ += msg_iovlen - 1;
      next_ -= msg_iovlen - 1;
      rest_ = {static_cast<char*>(cut->iov_base) + sent, cut->iov_len - sent};
      msg_iov = &rest_;
      msg_iovlen = 1;
      size_ = rest_.iov_len;
    }
    return size_;
  }

 private:
  static constexpr std::size_t most_parts = 1024;  // UIO_MAXIOV

  void take_next() noexcept {
    msg_iov = const_cast<iovec*>(next_);
    msg_iovlen = left_ < most_parts ? left_ : most_parts;
    size_ = 0;
    for (std::size_t i = 0; i < msg_iovlen; ++i) size_ += next_[i].iov_len;
    next_ += msg_iovlen;
    left_ -= msg_iovlen;
  }

  const iovec* next_;  // behind those that the header names
  std::size_t left_;
  std::size_t size_ = 0;
  iovec rest_{};
};

}  // namespace tenon::detail
// tenon/net/detail/io_wait.hpp

namespace tenon::detail {

/// What an I/O operation is asked to do. `whole`: to go on until all of the buffer is written, or all of the buffers:
/// `data` of a whole send_message is a `gathered`.
struct io_request {
  io_kind kind;
  void* data = nullptr;
  std::size_t size = 0;
  time_point deadline = never;
  bool whole = false;
  on_stop stop = on_stop::cancel;
};

/// Counts what a transfer moved, on the worker that runs.
template <class R>
void count_transfer(const R& runtime, io_kind kind, std::int64_t bytes) noexcept {
  if constexpr (R::observe::enabled) {
    auto* const here = runtime.current();
    if (here == nullptr || bytes <= 0) return;
    if (kind == io_kind::read || kind == io_kind::receive_message)
      here->observer().received(static_cast<std::size_t>(bytes));
    if (kind == io_kind::write || kind == io_kind::send_message) here->observer().sent(static_cast<std::size_t>(bytes));
  }
}

/// The backend's attempt, by the shorter way on the descriptor's own worker.
template <class R>
[[nodiscard]] bool attempt(const descriptor<R>& on, io_operation& op) noexcept {
  using backend = typename R::backend::template loop<typename R::threading>;
  if constexpr (requires { backend::attempt_here(op); }) {
    if (here().current == on.home()) return backend::attempt_here(op);
  }
  return backend::attempt(op);
}

/// A socket's transfer without waiting: bytes, or -errno, -EAGAIN among them.
template <class R>
[[nodiscard]] std::int64_t try_io(descriptor<R>& on, const io_request& asked) noexcept {
  using backend = typename R::backend::template loop<typename R::threading>;
  if constexpr (requires { backend::transfer_here(on.source(), asked.kind, asked.data, asked.size); }) {
    const bool transfers = asked.kind == io_kind::read || asked.kind == io_kind::write;
    if (transfers && on.source().is_socket && here().current == on.home()) {
      const std::int64_t got = backend::transfer_here(on.source(), asked.kind, asked.data, asked.size);
      count_transfer(on.runtime(), asked.kind, got);
      return got;
    }
  }
  io_operation op;
  op.kind = asked.kind;
  op.source = &on.source();
  op.data = asked.data;
  op.size = asked.size;
  if constexpr (requires { backend::attempt_now(op); }) {
    backend::attempt_now(op);  // one that would rather be asked with start
  } else if (!attempt(on, op)) {
    if constexpr (!R::backend::proactor) return -EAGAIN;  // it knows that the call would block
    const auto got = asked.kind == io_kind::read ? ::recv(on.fd(), op.data, op.size, MSG_DONTWAIT)
                     : asked.kind == io_kind::write
                         ? ::send(on.fd(), op.data, op.size, MSG_DONTWAIT | MSG_NOSIGNAL)
                         : ::sendmsg(on.fd(), static_cast<const msghdr*>(op.data), MSG_DONTWAIT | MSG_NOSIGNAL);
    op.outcome = got < 0 ? -errno : got;
  }
  count_transfer(on.runtime(), asked.kind, op.outcome);
  return op.outcome;
}

/// One I/O operation of a coroutine: tried where it stands, and if that would block, waited for at the descriptor's
/// home.
///
/// The result is bytes (all of them together), a descriptor or zero; below zero it is -errno, with -ETIMEDOUT for a
/// deadline that passed and -ECANCELED for a stop request.
template <class R>
class io_wait : public wait, public io_operation, public timer {
 public:
  io_wait(descriptor<R>& on, const io_request& asked) noexcept
      : wait(&cancel), descriptor_(on), whole_(asked.whole), stop_(asked.stop) {
    kind = asked.kind;
    source = &on.source();
    data = asked.data;
    size = asked.size;
    deadline = asked.deadline;
    io_operation::run = [](work& item) noexcept { of(static_cast<io_operation&>(item)).completed(); };
    timer::run = [](work& item) noexcept { of(static_cast<timer&>(item)).expired(); };
  }

 protected:
  [[nodiscard]] std::int64_t finish() noexcept {
    count_transfer(descriptor_.runtime(), kind, total_);
    if (outcome >= 0) return total_;
    return outcome == -ECANCELED && expired_ ? -ETIMEDOUT : outcome;
  }

 public:
  [[nodiscard]] bool await_ready() noexcept {
    const auto settled = descriptor_.settle();
    if (!settled) {
      outcome = -settled.error().value();
      return true;
    }
    // A task that never finds its socket empty or full lets the others run now and then, as one in a long chain does.
    if (!*settled || ++here().depth >= transfer_depth) return false;
    while (attempt(descriptor_, *this)) {
      if (taken()) return true;
    }
    return false;
  }

  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    settle(*descriptor_.home(), waiter, *environment_of(waiter));
    if (stops() && env().stop.stop_requested()) {
      outcome = -ECANCELED;
      return false;
    }
    const this_thread& thread = here();
    if (thread.current == descriptor_.home() && thread.depth < transfer_depth) return begin();
    wait::run = [](work& item) noexcept { static_cast<io_wait&>(static_cast<wait&>(item)).arrives(); };
    descriptor_.home()->pin(static_cast<wait&>(*this));  // not scheduled, even from there: it must not be stolen
    return true;
  }

 private:
  using backend = typename R::backend::template loop<typename R::threading>;

  [[nodiscard]] static io_wait& of(io_operation& base) noexcept { return static_cast<io_wait&>(base); }
  [[nodiscard]] static io_wait& of(timer& base) noexcept { return static_cast<io_wait&>(base); }
  [[nodiscard]] bool stops() const noexcept { return stop_ == on_stop::cancel; }

  /// At home, not from the waiting coroutine itself.
  void arrives() noexcept {
    if (const auto settled = descriptor_.settle(); !settled) {
      outcome = -settled.error().value();
    } else if (begin()) {
      return;
    }
    resume();
  }

  /// At home: false when it ended at once.
  [[nodiscard]] bool begin() noexcept {
    while (descriptor_.home()->backend().start(*this)) {
      if (taken()) return false;
    }
    if (deadline != never) descriptor_.home()->arm(*this);
    if (stops()) watch();
    return true;
  }

  /// Takes in an outcome: true when that was the end.
  [[nodiscard]] bool taken() noexcept {
    if (outcome < 0) return true;
    total_ += outcome;
    if (!whole_) return true;
    if (kind == io_kind::send_message) {
      size = static_cast<gathered*>(static_cast<msghdr*>(data))->advance(static_cast<std::size_t>(outcome));
      return size == 0;
    }
    if (static_cast<std::size_t>(outcome) == size) return true;
    data = static_cast<char*>(data) + outcome;
    size -= static_cast<std::size_t>(outcome);
    return false;
  }

  void completed() noexcept {
    while (!taken()) {
      // A part was written although it had been cancelled: the cancellation is spent, so it is looked for here.
      if (expired_ || (stops() && env().stop.stop_requested())) {
        outcome = -ECANCELED;
        break;
      }
      if (!descriptor_.home()->backend().start(*this)) return;  // in flight again
    }
    if (armed()) descriptor_.home()->disarm(*this);
    end();
  }
  void expired() noexcept {
    expired_ = true;
    descriptor_.home()->backend().cancel(*this);
  }
  static void cancel(wait& base) noexcept {
    auto& self = static_cast<io_wait&>(base);
    self.descriptor_.home()->backend().cancel(self);
  }

  descriptor<R>& descriptor_;
  std::int64_t total_ = 0;
  bool whole_;
  on_stop stop_;
  bool expired_ = false;
};

/// The operations whose result is a count of bytes.
template <class R>
class transfer_wait : public io_wait<R> {
 public:
  using io_wait<R>::io_wait;

  [[nodiscard]] result<std::size_t> await_resume() noexcept {
    const std::int64_t got = this->finish();
    if (got < 0) return error_of(static_cast<int>(-got));
    return static_cast<std::size_t>(got);
  }
};

/// The same of a row of buffers.
template <class R>
class gathered_wait : gathered, public transfer_wait<R> {
 public:
  gathered_wait(descriptor<R>& on, const iovec* parts, std::size_t count, time_point until, bool whole,
                on_stop stop) noexcept
      : gathered(parts, count),
        transfer_wait<R>(on,
                         {io_kind::send_message, static_cast<msghdr*>(this), gathered::size(), until, whole, stop}) {}
};

/// The operations whose result is that they have ended: readable, writable, connect.
template <class R>
class ready_wait : public io_wait<R> {
 public:
  using io_wait<R>::io_wait;

  [[nodiscard]] result<void> await_resume() noexcept {
    const std::int64_t got = this->finish();
    if (got < 0) return error_of(static_cast<int>(-got));
    return {};
  }
};

/// Accept: the result is a descriptor, or -errno.
template <class R>
class accept_wait : public io_wait<R> {
 public:
  using io_wait<R>::io_wait;

  [[nodiscard]] std::int64_t await_resume() noexcept { return this->finish(); }
};

}  // namespace tenon::detail
// tenon/task/task.hpp

namespace tenon {

namespace detail {
template <class>
class branch;
}  // namespace detail

/// A lazy coroutine that gives a T to the one coroutine that awaits it.
///
///     tenon::task<int> answer() { co_return 42; }
///     tenon::task<int> twice() {
///       const int once = co_await answer();
///       co_return once * 2;
///     }
///
/// Shape         One pointer. T may be void, a reference, or any movable type.
/// Cost          One frame, from the memory policy of the worker that calls it; starting and ending it are symmetric
///               transfers. After 1024 starts in a row (128 in a build without optimisation) the chain goes on from
///               the worker's ready queue.
/// Threads       One at a time; it may start on one worker and end on another.
/// Errors        An exception that leaves the body comes out of `co_await`.
/// Cancellation  It inherits the environment of the coroutine that awaits it. Destroying a task that has not started
///               frees it; destroying one that has started and not ended is a mistake and asserts.
template <class T = void>
class [[nodiscard("a task does nothing until it is awaited, spawned or run")]] task {
 public:
  using value_type = T;

  struct promise_type : detail::returning<T> {
    [[nodiscard]] task get_return_object() noexcept {
      return task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    [[nodiscard]] static std::suspend_always initial_suspend() noexcept { return {}; }
    [[nodiscard]] static detail::final_awaiter final_suspend() noexcept { return {}; }
  };

  task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~task() { destroy(); }

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

  class awaiter {
   public:
    explicit awaiter(std::coroutine_handle<promise_type> child) noexcept : child_(child) {}

    [[nodiscard]] static bool await_ready() noexcept { return false; }
    template <class Promise>
    [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
      return start(parent, *detail::environment_of(parent));
    }
    /// The same in an environment that is not the parent's.
    [[nodiscard]] std::coroutine_handle<> start(std::coroutine_handle<> parent, const environment& env) noexcept {
      assert(child_ && !child_.done() && "the task was moved from, or awaited before");
      child_.promise().continuation = parent;
      child_.promise().env = &env;
      return detail::promise_base::enter(child_.promise());
    }
    [[nodiscard]] T await_resume() { return child_.promise().result.take(); }

   private:
    std::coroutine_handle<promise_type> child_;
  };

  [[nodiscard]] awaiter operator co_await() && noexcept { return awaiter(handle_); }

 private:
  friend detail::branch<T>;

  explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  void destroy() noexcept {
    if (!handle_) return;
    assert((handle_.done() || !handle_.promise().continuation) && "the task has started and not ended");
    handle_.destroy();
  }

  std::coroutine_handle<promise_type> handle_;
};

static_assert(sizeof(task<int>) == sizeof(void*));

}  // namespace tenon
// tenon/net/signals.hpp

namespace tenon {

namespace detail {

/// Where a signal's handler writes: signals belong to the process, so this one table does too.
///
/// Invariant  Whoever closes the pipe does so after it has written nowhere into `pipe` and then seen no handler busy,
///            and a handler says that it is busy before it reads `pipe`. All four are sequentially consistent, so a
///            handler that still reads the pipe is seen, and waited for: none writes into a descriptor of somebody
///            else that has the number by then.
struct signal_wire {
  std::atomic<int> pipe{0};  ///< the descriptor + 1; 0 is nowhere
  std::atomic<int> busy{0};  ///< handlers of this signal that run
};
inline constinit std::array<signal_wire, 65> signal_wires{};

inline void signal_arrived(int number) noexcept {
  const int saved = errno;
  signal_wire& wire = signal_wires[static_cast<std::size_t>(number)];
  wire.busy.fetch_add(1);
  const int pipe = wire.pipe.load() - 1;
  const auto name = static_cast<unsigned char>(number);
  if (pipe >= 0) (void)!::write(pipe, &name, 1);  // a full pipe has this news in it already
  wire.busy.fetch_sub(1);
  errno = saved;
}

}  // namespace detail

/// Signals as something to wait for. Users write `edge::signals`.
///
///     auto asked = edge::signals::open(rt, {SIGINT, SIGTERM}).value();
///     co_await asked.next();
///     rt.request_stop();
///
/// Shape         While it lives the signals do nothing but wake next(); afterwards they do what they did before.
/// Threads       One task waits at a time. Which thread the kernel interrupts does not matter.
/// Errors        open: device_or_resource_busy when another object has one of the signals; invalid_argument for a
///               number that is none or that cannot be caught.
/// Cancellation  next gives operation_canceled after a stop request. A signal that came before is kept.
/// Source        D. J. Bernstein's self-pipe; sigaction(2), signal-safety(7).
template <class R>
class basic_signals {
 public:
  [[nodiscard]] static result<basic_signals> open(R& runtime, std::initializer_list<int> numbers) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return error_of(errno);
    basic_signals made(runtime, unique_fd(ends[0]), unique_fd(ends[1]));
    made.taken_.reserve(numbers.size());  // none is caught that could not be put down, and so given back
    for (const int number : numbers) {
      if (const std::error_code error = made.take(number)) return error;
    }
    return made;
  }

  basic_signals(basic_signals&&) noexcept = default;
  basic_signals& operator=(basic_signals&&) = delete;
  ~basic_signals() {
    for (const taken& each : taken_) {
      ::sigaction(each.number, &each.before, nullptr);
      detail::signal_wire& wire = detail::signal_wires[static_cast<std::size_t>(each.number)];
      wire.pipe.store(0);
      while (wire.busy.load() != 0) ::sched_yield();
    }
  }

  /// The number of the next signal.
  [[nodiscard]] task<result<int>> next(time_point deadline = never) {
    unsigned char number = 0;
    const auto got = co_await detail::transfer_wait<R>(*read_, {io_kind::read, &number, 1, deadline});
    if (!got) co_return got.error();
    co_return int{number};
  }

 private:
  struct taken {
    int number;
    struct sigaction before;
  };

  basic_signals(R& runtime, unique_fd read, unique_fd write)
      : read_(detail::descriptor<R>::make(runtime, std::move(read))), write_(std::move(write)) {}

  [[nodiscard]] std::error_code take(int number) {
    if (number <= 0 || static_cast<std::size_t>(number) >= detail::signal_wires.size()) return error_of(EINVAL);
    int nowhere = 0;
    auto& pipe = detail::signal_wires[static_cast<std::size_t>(number)].pipe;
    if (!pipe.compare_exchange_strong(nowhere, write_.get() + 1)) return error_of(EBUSY);
    taken entry{number, {}};
    struct sigaction action{};
    action.sa_handler = &detail::signal_arrived;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    if (::sigaction(number, &action, &entry.before) != 0) {
      const int why = errno;
      pipe.store(0);
      return error_of(why);
    }
    taken_.push_back(entry);
    return {};
  }

  typename detail::descriptor<R>::owner read_;
  unique_fd write_;
  std::vector<taken> taken_;
};

}  // namespace tenon
// tenon/task/sleep_for.hpp

namespace tenon {

namespace detail {

class sleeping : wait, timer {
 public:
  explicit sleeping(duration length) noexcept : wait(&cancel), length_(length) {}
  explicit sleeping(time_point until) noexcept : wait(&cancel), length_(duration::max()), until_(until) {}

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) {
    loop* const current = here().current;
    assert(current != nullptr && "tenon::sleep_for is awaited on a worker of a runtime");
    const environment& env = *environment_of(waiter);
    if (env.stop.stop_requested()) {
      full_ = false;
      return false;
    }
    const time_point now = current->now();
    if (until_ == never && length_ < never - now) until_ = now + length_;
    if (until_ <= now) return false;
    settle(*current, waiter, env);
    timer::run = [](work& item) noexcept {
      auto& self = static_cast<sleeping&>(static_cast<timer&>(item));
      self.over_ = true;
      self.end();
    };
    deadline = until_;
    if (until_ != never) current->arm(*this);
    watch();
    return true;
  }
  /// true: it slept to the end; false: it was asked to stop.
  bool await_resume() const noexcept { return full_; }

 private:
  static void cancel(wait& base) noexcept {
    auto& self = static_cast<sleeping&>(base);
    if (std::exchange(self.over_, true)) return;
    self.full_ = false;
    if (self.armed()) self.home().disarm(self);
    self.wait::run = [](work& item) noexcept { static_cast<sleeping&>(static_cast<wait&>(item)).end(); };
    self.home().pin(static_cast<wait&>(self));  // not from inside the stop callback, and not on a thief
  }

  duration length_;
  time_point until_ = never;
  bool full_ = true;
  bool over_ = false;
};

}  // namespace detail

/// Waits for at least `length` on the clock of the runtime that runs the coroutine.
///
///     if (!co_await tenon::sleep_for(50ms)) co_return;   // asked to stop
///
/// Shape         nanoseconds; any std::chrono duration converts. Zero or less does not suspend.
/// Cost          O(log n) of n pending timers of this worker; no allocation but the growth of their heap.
/// Cancellation  A stop request ends it early; `co_await` gives true when it slept to the end, else false.
[[nodiscard]] inline detail::sleeping sleep_for(duration length) noexcept { return detail::sleeping(length); }

/// Waits until the clock of the runtime says `deadline` or later.
[[nodiscard]] inline detail::sleeping sleep_until(time_point deadline) noexcept { return detail::sleeping(deadline); }

}  // namespace tenon
// tenon/net/acceptor.hpp

namespace tenon {

/// A listening socket of runtime R whose peers become Streams: what listeners have in common, and what takes over a
/// listening descriptor that came from elsewhere.
///
///     tenon::acceptor<edge::runtime, edge::tcp_stream> door(rt, tenon::unique_fd(3));   // of a socket unit
///
/// Threads       One task accepts at a time.
/// Errors        accept: what is not the listener's fault does not end it: a peer that has gone again is passed over,
///               and while the process has no descriptors or memory left it tries again, after 1 ms and then twice as
///               long up to 1 s.
/// Cancellation  accept gives operation_canceled after a stop request. A peer that has come is not lost: it waits for
///               the next accept.
template <class R, class Stream>
class acceptor {
 public:
  using stream = Stream;

  /// Takes a listening, non-blocking socket over.
  acceptor(R& runtime, unique_fd listening) : descriptor_(detail::descriptor<R>::make(runtime, std::move(listening))) {}

  [[nodiscard]] task<result<stream>> accept(time_point deadline = never) {
    using namespace std::chrono_literals;
    for (duration back_off = 1ms;; back_off = back_off < 500ms ? 2 * back_off : 1s) {
      const std::int64_t got = co_await detail::accept_wait<R>(*descriptor_, {io_kind::accept, nullptr, 0, deadline});
      if (got >= 0) co_return stream(descriptor_->runtime(), unique_fd(static_cast<int>(got)));
      switch (-got) {
        case ECONNABORTED:
        case EPROTO:
        case ENETDOWN:  // what had come to the peer's own socket before it was accepted: accept(2), "Error handling"
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case EPERM:  // a firewall has forbidden this one; or it has no home, and is awaited outside of its runtime
          if (descriptor_->home() == nullptr) co_return error_of(EPERM);
          back_off = 500us;
          break;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM: {
          const time_point now = descriptor_->runtime().now();
          if (deadline <= now) co_return std::make_error_code(std::errc::timed_out);
          const bool slept = co_await sleep_for(deadline - now < back_off ? deadline - now : back_off);
          if (!slept) co_return std::make_error_code(std::errc::operation_canceled);
          break;
        }
        default: co_return error_of(static_cast<int>(-got));
      }
    }
  }

  [[nodiscard]] int native_handle() const noexcept { return descriptor_->fd(); }
  [[nodiscard]] R& runtime() const noexcept { return descriptor_->runtime(); }

 private:
  typename detail::descriptor<R>::owner descriptor_;
};

}  // namespace tenon
// tenon/net/endpoint.hpp

namespace tenon {

/// A numeric address and a port: `{"127.0.0.1", 8080}`, `{"::1", 0}`, or `{"localhost", 8080}`, which is 127.0.0.1.
///
/// Errors  A text that is not an address is answered by whoever uses it: std::errc::invalid_argument. Names are not
///         looked up here.
class endpoint {
 public:
  endpoint() = default;
  endpoint(std::string_view address, std::uint16_t port) : address_(address), port_(port) {}

  /// Reads "ADDRESS:PORT"; an IPv6 address stands in brackets.
  [[nodiscard]] static result<endpoint> parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == text.size()) return std::errc::invalid_argument;
    std::uint32_t port = 0;
    for (const char digit : text.substr(colon + 1)) {
      if (digit < '0' || digit > '9') return std::errc::invalid_argument;
      port = port * 10 + static_cast<std::uint32_t>(digit - '0');
      if (port > 65535) return std::errc::invalid_argument;
    }
    std::string_view address = text.substr(0, colon);
    const bool in_brackets = address.size() >= 2 && address.front() == '[' && address.back() == ']';
    if (in_brackets) address = address.substr(1, address.size() - 2);
    if (in_brackets != (address.find(':') != std::string_view::npos)) return std::errc::invalid_argument;
    endpoint read(address, static_cast<std::uint16_t>(port));
    if (!read.to_native()) return std::errc::invalid_argument;
    return read;
  }

  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// The socket address of the kernel.
  struct native {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] sockaddr* data() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
    [[nodiscard]] const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  };
  [[nodiscard]] result<native> to_native() const noexcept {
    native out;
    const char* const text = address_ == "localhost" ? "127.0.0.1" : address_.c_str();
    sockaddr_in four{};
    if (::inet_pton(AF_INET, text, &four.sin_addr) == 1) {
      four.sin_family = AF_INET;
      four.sin_port = htons(port_);
      std::memcpy(&out.storage, &four, sizeof four);
      out.size = sizeof four;
      return out;
    }
    sockaddr_in6 six{};
    if (::inet_pton(AF_INET6, text, &six.sin6_addr) == 1) {
      six.sin6_family = AF_INET6;
      six.sin6_port = htons(port_);
      std::memcpy(&out.storage, &six, sizeof six);
      out.size = sizeof six;
      return out;
    }
    return std::errc::invalid_argument;
  }
  [[nodiscard]] static endpoint from_native(const native& from) {
    char text[INET6_ADDRSTRLEN] = "";
    if (from.storage.ss_family == AF_INET) {
      sockaddr_in four{};
      std::memcpy(&four, &from.storage, sizeof four);
      ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
      return {text, ntohs(four.sin_port)};
    }
    if (from.storage.ss_family == AF_INET6) {
      sockaddr_in6 six{};
      std::memcpy(&six, &from.storage, sizeof six);
      ::inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
      return {text, ntohs(six.sin6_port)};
    }
    return {};
  }

  /// "127.0.0.1:8080", "[::1]:8080".
  template <std::same_as<endpoint> Endpoint>
  [[nodiscard]] friend std::string to_string(const Endpoint& e) {
    const bool six = e.address_.find(':') != std::string::npos;
    std::string text;
    if (six) text += '[';
    text += e.address_;
    text += six ? "]:" : ":";
    text += std::to_string(e.port_);
    return text;
  }
  [[nodiscard]] friend bool operator==(const endpoint&, const endpoint&) = default;

 private:
  std::string address_;
  std::uint16_t port_ = 0;
};

}  // namespace tenon
// tenon/net/const_buffer.hpp

namespace tenon {

/// Bytes that somebody else holds, one of a row that is written as one.
///
///     const std::array<tenon::const_buffer, 2> parts{{head, body}};
///     auto sent = co_await peer.write_all(parts);
///
/// Shape    A pointer and a count: what the kernel calls an iovec, so that a row of them is handed over as it stands.
class const_buffer {
 public:
  const_buffer() = default;
  // NOLINTBEGIN(google-explicit-constructor): `{{head, body}}` is how it is used
  const_buffer(std::span<const std::byte> bytes) noexcept : part_{const_cast<std::byte*>(bytes.data()), bytes.size()} {}
  const_buffer(std::span<std::byte> bytes) noexcept : part_{bytes.data(), bytes.size()} {}
  const_buffer(std::string_view text) noexcept : part_{const_cast<char*>(text.data()), text.size()} {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] const std::byte* data() const noexcept { return static_cast<const std::byte*>(part_.iov_base); }
  [[nodiscard]] std::size_t size() const noexcept { return part_.iov_len; }

 private:
  iovec part_{};
};

static_assert(std::is_standard_layout_v<const_buffer> && sizeof(const_buffer) == sizeof(iovec));

}  // namespace tenon
// tenon/net/detail/vigil.hpp

namespace tenon::detail {

/// What a vigil tells of what it saw, and asks how long to go on.
///
/// heard      The descriptor is readable, or what ended the wait: timed_out, operation_canceled, what the system says.
///            True: wait on. After an error it is over, whatever is said.
/// patience   How long the next wait may take; duration::max() is for ever. Asked at the start and after each `true`.
template <class W>
concept watcher = requires(W& watcher, const result<void>& ready) {
  { watcher.heard(ready) } -> std::same_as<bool>;
  { watcher.patience() } -> std::same_as<duration>;
};

/// Waits until a descriptor is readable, again and again, for a coroutine that sleeps meanwhile: between two waits
/// there is a call of the watcher and nothing else. The stop callback stays, and so does the timer, which is put off
/// when it comes too early; a wait of its own each time would set up and take down both.
///
/// The watcher is called from a worker's run queue like any work, on whatever worker takes it. All else happens at
/// home:
///
///     started: begin()  ->  in flight  ->  completed()  ->  queued  ->  turn() anywhere  ->  back(): begin(), or over
///
/// A stop or a timer that comes while it is not in flight is looked at in the next begin().
template <class R, watcher Watcher>
class vigil : public wait, public io_operation, public timer {
 public:
  vigil(descriptor<R>& on, Watcher& whom) noexcept : wait(&cancel), descriptor_(on), watcher_(whom) {
    kind = io_kind::arrival;
    source = &on.source();
    timer::run = [](work& item) noexcept { of(static_cast<timer&>(item)).expired(); };
  }

  [[nodiscard]] bool await_ready() noexcept {
    if (const auto settled = descriptor_.settle(); !settled) return (void)tell(settled.error()), true;
    return false;
  }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) {
    settle(*descriptor_.home(), waiter, *environment_of(waiter));
    if (here().current != descriptor_.home()) {
      goes_home();
      return true;
    }
    watched_ = true;
    if (begin()) {
      watch();
      return true;
    }
    if (armed()) descriptor_.home()->disarm(*this);
    return false;
  }
  void await_resume() {
#if defined(__cpp_exceptions)
    if (failure_) std::rethrow_exception(std::move(failure_));
#endif
  }

 private:
  [[nodiscard]] static vigil& of(io_operation& base) noexcept { return static_cast<vigil&>(base); }
  [[nodiscard]] static vigil& of(timer& base) noexcept { return static_cast<vigil&>(base); }
  [[nodiscard]] work& item() noexcept { return static_cast<io_operation&>(*this); }

  /// At home and not in flight: waits again. False: it is over, and the watcher knows.
  [[nodiscard]] bool begin() noexcept {
    for (;;) {
      expired_ = false;
      if (env().stop.stop_requested()) return tell(std::errc::operation_canceled);
      io_operation::run = [](work& item) noexcept { of(static_cast<io_operation&>(item)).completed(); };
      if (!descriptor_.home()->backend().start(*this)) {
        in_flight_ = true;
        set_timer();
        return true;
      }
      if (++here().depth >= transfer_depth) {
        queue();
        return true;
      }
      if (!tell_outcome()) return false;
    }
  }

  /// The timer that is armed already will do if it does not come too late: it looks how late it is.
  void set_timer() noexcept {
    until_ = after(descriptor_.runtime().coarse_now(), watcher_.patience());
    if (armed() && until_ < deadline) descriptor_.home()->disarm(*this);
    if (!armed() && until_ != never) {
      deadline = until_;
      descriptor_.home()->arm(*this);
    }
  }

  /// At home, from within the backend's wait.
  void completed() noexcept {
    in_flight_ = false;
    queue();
  }
  void queue() noexcept {
    io_operation::run = [](work& item) noexcept { of(static_cast<io_operation&>(item)).turn(); };
    descriptor_.home()->schedule(item(), env());
  }
  /// Wherever the scheduling has put it.
  void turn() noexcept {
    goes_on_ = tell_outcome();
    if (here().current == descriptor_.home()) {
      back();
    } else {
      goes_home();
    }
  }
  void goes_home() noexcept {
    io_operation::run = [](work& item) noexcept { of(static_cast<io_operation&>(item)).back(); };
    descriptor_.home()->pin(item());
  }
  void back() noexcept {
    if (!std::exchange(watched_, true)) watch();
    if (goes_on_ && begin()) return;
    if (armed()) descriptor_.home()->disarm(*this);
    end();
  }

  /// False: it is over.
  [[nodiscard]] bool tell_outcome() noexcept {
    if (outcome >= 0) return hears({});
    return tell(outcome == -ECANCELED && expired_ ? error_of(ETIMEDOUT) : error_of(static_cast<int>(-outcome)));
  }
  [[nodiscard]] bool tell(const result<void>& error) noexcept {
    (void)hears(error);
    return false;
  }
  /// What it throws ends the vigil, and comes out of the co_await.
  [[nodiscard]] bool hears(const result<void>& ready) noexcept {
#if defined(__cpp_exceptions)
    try {
      return watcher_.heard(ready);
    } catch (...) {
      failure_ = std::current_exception();
      return false;
    }
#else
    return watcher_.heard(ready);
#endif
  }

  void expired() noexcept {
    if (!in_flight_ || until_ == never) return;  // the next begin() arms it
    if (descriptor_.runtime().now() < until_) {
      deadline = until_;
      descriptor_.home()->arm(*this);
    } else {
      expired_ = true;
      descriptor_.home()->backend().cancel(*this);
    }
  }
  static void cancel(wait& base) noexcept {
    auto& self = static_cast<vigil&>(base);
    if (self.in_flight_) self.descriptor_.home()->backend().cancel(self);
  }

  descriptor<R>& descriptor_;
  Watcher& watcher_;
  time_point until_ = never;
#if defined(__cpp_exceptions)
  std::exception_ptr failure_;
#endif
  bool in_flight_ = false;
  bool goes_on_ = true;
  bool expired_ = false;
  bool watched_ = false;
};

}  // namespace tenon::detail
// tenon/net/stream_socket.hpp

namespace tenon {

namespace detail {

/// Defined by net/send_file.hpp.
template <class R>
struct file_sending;
/// Defined by net/received.hpp.
template <class R>
struct receiver;

}  // namespace detail

/// A connected stream of bytes of runtime R, whatever its address family: what `R::tcp_stream` and `R::unix_stream`
/// have in common, and what takes over a descriptor that came from elsewhere.
///
///     tenon::stream_socket<edge::runtime> one(rt, tenon::unique_fd(pair[0]));   // socketpair(2), non-blocking
///
/// Shape         One pointer.
/// Cost          A read or write that need not wait is one system call where the task stands; one that waits costs the
///               backend's share. No allocation.
/// Threads       One reader and one writer at a time, in any two tasks of R.
/// Errors        result: the system's errno; timed_out when the deadline passes; operation_canceled after a stop
///               request. The end of the stream is a read of 0 bytes. SIGPIPE is never raised.
/// Cancellation  When a co_await returns, whatever it returns, the kernel has let go of the buffer.
template <class R>
class stream_socket {
 public:
  /// Takes a connected, non-blocking socket over.
  stream_socket(R& runtime, unique_fd connected)
      : descriptor_(detail::descriptor<R>::make(runtime, std::move(connected))) {}

  /// Reads what is there, at least one byte; 0 is the end of the stream.
  [[nodiscard]] detail::transfer_wait<R> read_some(std::span<std::byte> into, time_point deadline = never) noexcept {
    return {*descriptor_, {io_kind::read, into.data(), into.size(), deadline}};
  }
  /// Writes as much as the socket takes.
  [[nodiscard]] detail::transfer_wait<R> write_some(std::span<const std::byte> from,
                                                    time_point deadline = never) noexcept {
    return {*descriptor_, {io_kind::write, const_cast<std::byte*>(from.data()), from.size(), deadline}};
  }
  /// Writes all of it, or fails.
  [[nodiscard]] detail::transfer_wait<R> write_all(std::span<const std::byte> from, time_point deadline = never,
                                                   on_stop stop = on_stop::cancel) noexcept {
    return {*descriptor_, {io_kind::write, const_cast<std::byte*>(from.data()), from.size(), deadline, true, stop}};
  }
  /// The same of a row of buffers, which lives as long as the wait does: one call for up to 1,024 of them.
  [[nodiscard]] detail::gathered_wait<R> write_some(std::span<const const_buffer> parts,
                                                    time_point deadline = never) noexcept {
    return {*descriptor_, raw(parts), parts.size(), deadline, false, on_stop::cancel};
  }
  [[nodiscard]] detail::gathered_wait<R> write_all(std::span<const const_buffer> parts, time_point deadline = never,
                                                   on_stop stop = on_stop::cancel) noexcept {
    return {*descriptor_, raw(parts), parts.size(), deadline, true, stop};
  }
  /// Sends `count` bytes of a file, from `offset` on, without their passing through the program: `tenon::send_file`,
  /// which has to be included. Fewer bytes mean that the file has ended.
  template <class File, class Sending = detail::file_sending<R>>
  [[nodiscard]] task<result<std::uint64_t>> send_file(const File& file, std::uint64_t offset, std::uint64_t count,
                                                      time_point deadline = never) {
    static_assert(
        requires { sizeof(Sending); },
        "tenon::stream_socket::send_file: to send a file takes <tenon/net/send_file.hpp>; include it");
    return Sending::send(*this, file, offset, count, deadline);
  }
  /// Waits until a read of this stream would not block: what an idle connection waits in, so that it need not hold a
  /// buffer. The backend may have taken the bytes in already: who reads by native_handle() waits by poll_readable().
  [[nodiscard]] detail::ready_wait<R> readable(time_point deadline = never) noexcept {
    return {*descriptor_, {io_kind::arrival, nullptr, 0, deadline}};
  }
  /// Waits until the descriptor itself is readable, and takes nothing: for another library that reads from it. Not on
  /// a stream that was waited for by readable(), or read from.
  [[nodiscard]] detail::ready_wait<R> poll_readable(time_point deadline = never) noexcept {
    return {*descriptor_, {io_kind::readable, nullptr, 0, deadline}};
  }
  /// Waits until a write would not block.
  [[nodiscard]] detail::ready_wait<R> writable(time_point deadline = never, on_stop stop = on_stop::cancel) noexcept {
    return {*descriptor_, {io_kind::writable, nullptr, 0, deadline, false, stop}};
  }

  /// Waits until a read would not block, tells `watcher`, and waits again for as long as it says: for a connection that
  /// is idle most of its life, at a third of the price of co_await readable() in a loop.
  ///
  ///     bool heard(const result<void>& ready);  // true: go on. After an error (a deadline, a stop) it ends
  ///     duration patience();                    // how long the next wait may take; duration::max() for ever
  template <detail::watcher Watcher>
  [[nodiscard]] detail::vigil<R, Watcher> watch(Watcher& watcher) noexcept {
    return {*descriptor_, watcher};
  }

  /// Waits for bytes and gives them in the buffer they came in: see net/received.hpp, which has to be included.
  template <class Receiver = detail::receiver<R>>
  [[nodiscard]] auto receive(time_point deadline = never) {
    static_assert(
        requires { sizeof(Receiver); },
        "tenon::stream_socket::receive: to receive into buffers of the runtime's takes <tenon/net/received.hpp>; "
        "include it, or write read_some");
    return Receiver::receive(*descriptor_, deadline);
  }

  /// Reads or writes what can be without waiting, from a worker of R; std::errc::operation_would_block when nothing
  /// can.
  [[nodiscard]] result<std::size_t> try_read_some(std::span<std::byte> into) noexcept {
    return attempt({io_kind::read, into.data(), into.size()});
  }
  [[nodiscard]] result<std::size_t> try_write_some(std::span<const std::byte> from) noexcept {
    return attempt({io_kind::write, const_cast<std::byte*>(from.data()), from.size()});
  }
  [[nodiscard]] result<std::size_t> try_write_some(std::span<const const_buffer> parts) noexcept {
    detail::gathered row(raw(parts), parts.size());
    return attempt({io_kind::send_message, static_cast<msghdr*>(&row), row.size()});
  }

  /// Writes as try_write_some does, or leaves up to two kilobytes to the loop, where that sends with its next turn what
  /// many have left: the bytes are the loop's then, and what is written next waits for them. What becomes of them is
  /// seen by the next read or write.
  [[nodiscard]] result<std::size_t> post_some(std::span<const std::byte> from) noexcept {
    if constexpr (posts) {
      auto* const home = descriptor_->home();
      if (home != nullptr && home == descriptor_->runtime().current() && !from.empty() &&
          home->backend().post(descriptor_->source(), from.data(), from.size())) {
        detail::count_transfer(descriptor_->runtime(), io_kind::write, static_cast<std::int64_t>(from.size()));
        return from.size();
      }
    }
    return try_write_some(from);
  }
  /// Whether the loop has still something to send that was left to it.
  [[nodiscard]] bool is_posting() const noexcept {
    if constexpr (posts) return descriptor_->source().posted.load(std::memory_order_acquire) != nullptr;
    return false;
  }

  /// Says to the peer that nothing more will come; reading goes on. std::errc::operation_would_block: what was left to
  /// the loop by post_some is not sent yet, so it was not said; it may be when writable() is over, or an empty write.
  result<void> shutdown_send() noexcept {
    if constexpr (posts) {
      auto* const home = descriptor_->home();
      if (is_posting() && !(home == descriptor_->runtime().current() && home->backend().hurry(descriptor_->source()))) {
        return std::errc::operation_would_block;
      }
    }
    if (::shutdown(native_handle(), SHUT_WR) != 0) return error_of(errno);
    return {};
  }

  [[nodiscard]] int native_handle() const noexcept { return descriptor_->fd(); }
  [[nodiscard]] R& runtime() const noexcept { return descriptor_->runtime(); }

 protected:
  [[nodiscard]] detail::ready_wait<R> connecting(const sockaddr* to, socklen_t size, time_point deadline) noexcept {
    return {*descriptor_, {io_kind::connect, const_cast<sockaddr*>(to), size, deadline}};
  }

 private:
  using loop_type = typename R::backend::template loop<typename R::threading>;
  static constexpr bool posts = requires(loop_type& at, typename loop_type::source& to) { at.post(to, nullptr, 0); };

  [[nodiscard]] static const iovec* raw(std::span<const const_buffer> parts) noexcept {
    return reinterpret_cast<const iovec*>(parts.data());  // each of them is one, and nothing else
  }
  [[nodiscard]] result<std::size_t> attempt(const detail::io_request& asked) noexcept {
    if (!descriptor_->is_settled()) [[unlikely]] {
      const auto settled = descriptor_->settle();
      if (!settled) return settled.error();
      if (!*settled) return std::errc::operation_would_block;
    }
    const std::int64_t got = detail::try_io(*descriptor_, asked);
    if (got < 0) return error_of(static_cast<int>(-got));
    return static_cast<std::size_t>(got);
  }

  typename detail::descriptor<R>::owner descriptor_;
};

}  // namespace tenon
// tenon/net/tcp_stream.hpp

namespace tenon {

namespace detail {

/// Defined by net/resolve.hpp.
template <class R>
struct connect_by_name;

}  // namespace detail

/// A connected TCP socket of runtime R. Users write `edge::tcp_stream`. What it reads and writes by: `stream_socket`.
///
///     auto n = co_await peer.read_some(room, rt.now() + 5s);
///     if (!n || *n == 0) co_return;
///
/// Shape  One pointer. TCP_NODELAY is set: what is written is sent.
template <class R>
class basic_tcp_stream : public stream_socket<R> {
 public:
  basic_tcp_stream(R& runtime, unique_fd connected) : stream_socket<R>(runtime, std::move(connected)) {
    const int on = 1;
    ::setsockopt(this->native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }

  /// Connects to `to`.
  [[nodiscard]] static task<result<basic_tcp_stream>> connect(R& runtime, endpoint to, time_point deadline = never) {
    auto address = to.to_native();
    if (!address) co_return address.error();
    unique_fd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) co_return error_of(errno);
    basic_tcp_stream stream(runtime, std::move(fd));
    const auto connected = co_await stream.connecting(address->data(), address->size, deadline);
    if (!connected) co_return connected.error();
    co_return std::move(stream);
  }

  /// Looks `host` up and connects to the first of its addresses that answers: see net/resolve.hpp, which has to be
  /// included.
  template <class ByName = detail::connect_by_name<R>>
  [[nodiscard]] static task<result<basic_tcp_stream>> connect(R& runtime, std::string_view host, std::uint16_t port,
                                                              time_point deadline = never) {
    static_assert(
        requires { sizeof(ByName); },
        "tenon::tcp_stream::connect: to look a name up takes <tenon/net/resolve.hpp>; include it, or "
        "connect to an endpoint");
    return ByName::connect(runtime, host, port, deadline);
  }

  [[nodiscard]] endpoint remote_endpoint() const {
    endpoint::native from;
    from.size = sizeof from.storage;
    if (::getpeername(this->native_handle(), from.data(), &from.size) != 0) return {};
    return endpoint::from_native(from);
  }
};

}  // namespace tenon
// tenon/net/tcp_listener.hpp

namespace tenon {

/// A listening TCP socket of runtime R. Users write `edge::tcp_listener`. How it accepts: `acceptor`.
///
///     auto door = edge::tcp_listener::bind(rt, {"127.0.0.1", 8080}).value();
///     while (auto peer = co_await door.accept()) conns.spawn(echo, std::move(*peer));
///
/// Errors  bind: invalid_argument for a bad address, address_in_use, permission_denied, ...
template <class R>
class basic_tcp_listener : public acceptor<R, basic_tcp_stream<R>> {
 public:
  using acceptor<R, basic_tcp_stream<R>>::acceptor;

  /// Binds to `at` and listens; port 0 takes a free one, which local_endpoint() tells.
  [[nodiscard]] static result<basic_tcp_listener> bind(R& runtime, const endpoint& at) {
    const auto address = at.to_native();
    if (!address) return address.error();
    unique_fd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return error_of(errno);
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd.get(), address->data(), address->size) != 0 || ::listen(fd.get(), SOMAXCONN) != 0) {
      return error_of(errno);
    }
    return basic_tcp_listener(runtime, std::move(fd));
  }

  [[nodiscard]] endpoint local_endpoint() const {
    endpoint::native at;
    at.size = sizeof at.storage;
    if (::getsockname(this->native_handle(), at.data(), &at.size) != 0) return {};
    return endpoint::from_native(at);
  }
};

}  // namespace tenon
// tenon/observe/counters.hpp

namespace tenon {

/// Counts what each worker does: tasks, steals, bytes, sleeps. For reports and metrics that are always on.
///
///     struct app : tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::counters> { using runtime::runtime; };
///
/// Shape    A 64-bit number for each member of totals, one set a worker.
/// Cost     A hook: one load, one addition and one store in the worker's own memory. Nothing is locked: only the worker
///          writes, so with multi_thread each number is a relaxed atomic, and with single_thread a plain integer.
/// Threads  Hooks: the worker. read: any thread with multi_thread, else the worker.
struct counters : family::observe {
  static constexpr auto word = fixed_string("counters");
  static constexpr bool enabled = true;

  template <class Threading>
  class of {
   public:
    void spawned(std::size_t tasks) noexcept { tasks_spawned_.add(tasks); }
    void ran(std::size_t tasks) noexcept { tasks_run_.add(tasks); }
    void stole(std::size_t tasks) noexcept { tasks_stolen_.add(tasks); }
    void dropped(std::size_t items) noexcept { items_dropped_.add(items); }
    void received(std::size_t bytes) noexcept { bytes_received_.add(bytes); }
    void sent(std::size_t bytes) noexcept { bytes_sent_.add(bytes); }
    void parked() noexcept { parks_.add(1); }
    void woke() noexcept { wakes_.add(1); }

    [[nodiscard]] totals read() const noexcept {
      return {.tasks_spawned = tasks_spawned_.value(),
              .tasks_run = tasks_run_.value(),
              .tasks_stolen = tasks_stolen_.value(),
              .items_dropped = items_dropped_.value(),
              .bytes_received = bytes_received_.value(),
              .bytes_sent = bytes_sent_.value(),
              .parks = parks_.value(),
              .wakes = wakes_.value()};
    }

   private:
    /// Written by one thread, so load and store are enough; relaxed, because no other memory is published by it.
    class number {
     public:
      void add(std::uint64_t amount) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
      }
      [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

     private:
      typename Threading::template atomic<std::uint64_t> value_{0};
    };

    number tasks_spawned_;
    number tasks_run_;
    number tasks_stolen_;
    number items_dropped_;
    number bytes_received_;
    number bytes_sent_;
    number parks_;
    number wakes_;
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<counters, family::observe>);

}  // namespace tenon
// tenon/observe/off.hpp

namespace tenon {

/// Nobody watches: every hook is nothing, and a worker is not a byte larger for it. The default.
///
/// Shape    Empty; a member of it wants [[no_unique_address]].
struct off : family::observe {
  static constexpr auto word = fixed_string("off");
  static constexpr bool enabled = false;

  template <class Threading>
  class of {
   public:
    constexpr void spawned(std::size_t /*tasks*/) noexcept {}
    constexpr void ran(std::size_t /*tasks*/) noexcept {}
    constexpr void stole(std::size_t /*tasks*/) noexcept {}
    constexpr void dropped(std::size_t /*items*/) noexcept {}
    constexpr void received(std::size_t /*bytes*/) noexcept {}
    constexpr void sent(std::size_t /*bytes*/) noexcept {}
    constexpr void parked() noexcept {}
    constexpr void woke() noexcept {}
    [[nodiscard]] constexpr totals read() const noexcept { return {}; }
  };
};

static_assert(observe_policy<off>);
static_assert(std::is_empty_v<off::of<multi_thread>> && std::is_empty_v<off::of<single_thread>>);

}  // namespace tenon
// tenon/parallel/detail/parcel.hpp

namespace tenon::detail {

/// What a callable gives, as it is kept in a tuple.
template <class F>
using given_t = std::conditional_t<std::is_void_v<std::invoke_result_t<F>>, std::monostate,
                                   std::remove_cv_t<std::invoke_result_t<F>>>;

/// A callable as a few words: a small closure that may be copied bytewise is copied, so that the address of the
/// caller's own stays its secret and the caller's recursion may become a loop; any other is pointed at.
template <class F>
class carried {
  static constexpr bool is_copied = [] {
    if constexpr (std::is_lvalue_reference_v<F>) {  // it may be a function, which has no size
      return false;
    } else {
      return std::is_trivially_copyable_v<F> && std::is_copy_constructible_v<F> && sizeof(F) <= 32 && alignof(F) <= 16;
    }
  }();
  using held = std::conditional_t<is_copied, std::remove_cvref_t<F>, std::remove_reference_t<F>*>;

 public:
  static constexpr bool is_silent = std::is_nothrow_invocable_v<F>;

  [[gnu::always_inline]] explicit carried(std::remove_reference_t<F>& fn) noexcept : held_(hold(fn)) {}

  [[gnu::always_inline]] given_t<F> operator()() noexcept(is_silent) {
    if constexpr (is_copied) {
      return call(held_);
    } else {
      return call(*held_);
    }
  }

 private:
  [[gnu::always_inline]] static held hold(std::remove_reference_t<F>& fn) noexcept {
    if constexpr (is_copied) {
      return fn;
    } else {
      return std::addressof(fn);
    }
  }
  template <class Callable>
  [[gnu::always_inline]] static given_t<F> call(Callable& fn) noexcept(is_silent) {
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
      std::forward<F>(fn)();
      return {};
    } else {
      return std::forward<F>(fn)();
    }
  }

  held held_;
};

/// A branch in the frame of who forks it. Its result, or what it threw, takes its place.
template <class G>
class parcel : public fork_stack::branch {
  using given = given_t<G>;
  using kept = std::conditional_t<std::is_reference_v<given>, std::add_pointer_t<given>, given>;
  using branch = fork_stack::branch;

 public:
  [[gnu::always_inline]] explicit parcel(carried<G> fn) noexcept : branch(&run_there), callable_(fn) {}
  ~parcel() {}

  /// What it calls, as long as it was not run elsewhere.
  [[nodiscard, gnu::always_inline]] carried<G> callable() const noexcept { return callable_; }

  /// The result of the topmost branch, which ran elsewhere. `Behind` are those that wait behind it, should it have
  /// failed.
  template <class Behind>
  [[nodiscard, gnu::noinline, gnu::cold]] static given take([[maybe_unused]] branch_end how) {
    fork_stack& own = *this_thread_storage.forks;
    parcel& self = static_cast<parcel&>(*own.top());
    own.drop();
#if defined(__cpp_exceptions)
    if (how == branch_end::failed) {
      std::exception_ptr error = std::move(self.error_);
      std::destroy_at(&self.error_);
      Behind::abandon();
      std::rethrow_exception(std::move(error));
    }
#endif
    if constexpr (std::is_reference_v<given>) {
      return static_cast<given>(*self.result_);
    } else {
      const destroyed after{std::addressof(self.result_)};
#if defined(__cpp_exceptions)
      try {
#endif
        return std::move(self.result_);
#if defined(__cpp_exceptions)
      } catch (...) {  // moving it threw
        Behind::abandon();
        throw;
      }
#endif
    }
  }
  /// The topmost branch is not wanted any more: if it has not begun, it is not run; else it is waited for.
  static void abandon() noexcept {
    fork_stack& own = *this_thread_storage.forks;
    parcel& self = static_cast<parcel&>(*own.top());
    if (own.pop(self)) return;
    const branch_end how = own.retake();
    if (how == branch_end::open) return;
    own.drop();
#if defined(__cpp_exceptions)
    if (how == branch_end::failed) return std::destroy_at(&self.error_);
#endif
    std::destroy_at(std::addressof(self.result_));
  }

 private:
  struct destroyed {
    kept* it;
    ~destroyed() { std::destroy_at(it); }
  };

  static branch_end run_there(branch& at) noexcept {
    parcel& self = static_cast<parcel&>(at);
    carried<G> callable = self.callable_;
#if defined(__cpp_exceptions)
    try {
#endif
      if constexpr (std::is_reference_v<given>) {
        given result = callable();
        ::new (static_cast<void*>(std::addressof(self.result_))) kept(std::addressof(result));
      } else {
        ::new (static_cast<void*>(std::addressof(self.result_))) kept(callable());
      }
      return branch_end::done;
#if defined(__cpp_exceptions)
    } catch (...) {
      ::new (static_cast<void*>(&self.error_)) std::exception_ptr(std::current_exception());
      return branch_end::failed;
    }
#endif
  }

  union {
    carried<G> callable_;
    kept result_;
#if defined(__cpp_exceptions)
    std::exception_ptr error_;
#endif
  };
};

/// Branches on top of the stack, the first of them topmost.
template <class... Parcels>
struct waiting {
  [[gnu::noinline, gnu::cold]] static void abandon() noexcept { (Parcels::abandon(), ...); }
};
/// Those of a list that come after the I-th.
template <std::size_t I, class Parcel, class... Rest>
struct behind : behind<I - 1, Rest...> {};
template <class Parcel, class... Rest>
struct behind<0, Parcel, Rest...> {
  using type = waiting<Rest...>;
};

/// Calls what runs here while branches wait.
template <class Waiting, class F>
[[gnu::always_inline]] inline given_t<F> run_here(carried<F> fn) {
#if defined(__cpp_exceptions)
  if constexpr (!std::is_same_v<Waiting, waiting<>> && !carried<F>::is_silent) {
    try {
      return fn();
    } catch (...) {
      Waiting::abandon();
      throw;
    }
  }
#endif
  return fn();
}

/// Where the short way is barred: sees to what is to be seen to. False: nothing has been put.
[[nodiscard, gnu::noinline, gnu::cold]] inline bool put_slowly(fork_stack& own, fork_stack::branch& first,
                                                               fork_stack::branch& last) noexcept {
  if (!own.make_ready()) return false;
  last.lie_on(own.top());
  own.push(first);
  own.offer();
  return true;
}
/// Without branches.
template <class Results, class... Fs>
[[gnu::noinline, gnu::cold]] Results one_by_one(carried<Fs>... fns) {
  return Results{fns()...};
}

/// The result of the I-th branch: run here, unless it was run elsewhere.
template <std::size_t I, class G, class... Parcels>
[[gnu::always_inline]] inline given_t<G> join(parcel<G>& at) {
  using waiting_behind = typename behind<I, Parcels...>::type;
  fork_stack& own = *this_thread_storage.forks;  // read anew: cheaper than a register that each call has to save
  if (!own.pop(at)) [[unlikely]] {
    const branch_end how = own.retake();
    if (how != branch_end::open) return parcel<G>::template take<waiting_behind>(how);
  }
  return run_here<waiting_behind, G>(at.callable());
}

/// Braces, in which the first is run before the second.
template <class Results, std::size_t... I, class F, class... Gs>
[[gnu::always_inline]] inline Results fork_all(std::index_sequence<I...> /*branches*/, carried<F> f,
                                               carried<Gs>... gs) {
  std::tuple<parcel<Gs>...> branches(gs...);
  constexpr std::size_t last = sizeof...(Gs) - 1;
  fork_stack& own = *this_thread_storage.forks;
  (std::get<I>(branches).lie_on(I == last ? own.top() : &std::get < I == last ? I : I + 1 > (branches)), ...);
  if (own.ready()) [[likely]] {
    own.push(std::get<0>(branches));
  } else if (!put_slowly(own, std::get<0>(branches), std::get<last>(branches))) {
    return one_by_one<Results>(f, std::get<I>(branches).callable()...);
  }
  return Results{run_here<waiting<parcel<Gs>...>, F>(f), join<I, Gs, parcel<Gs>...>(std::get<I>(branches))...};
}

/// Comes back in registers, which a std::tuple does not.
template <class A, class B>
struct two {
  A first;
  B second;
};
/// The recursion of a program that forks in two goes through here: what it does before it forks is inlined into this,
/// so that a leaf costs no call. (g++ would not split that beginning off a function with a landing pad.)
template <class F, class G>
[[gnu::noinline, gnu::aligned(64)]] two<given_t<F>, given_t<G>> fork_two(carried<F> f, carried<G> g) {
  return fork_all<two<given_t<F>, given_t<G>>>(std::index_sequence<0>(), f, g);
}
/// Where it passes each closure in one register: of larger ones g++ copies the words as one vector, which waits for
/// their stores, and 10 ns a fork are 3 where the caller forks itself.
template <class... Fs>
inline constexpr bool goes_through_fork_two = sizeof...(Fs) == 2 && ((sizeof(carried<Fs>) <= sizeof(void*)) && ...);

}  // namespace tenon::detail
// tenon/parallel/fork_join.hpp

namespace tenon {

/// Runs plain callables side by side, where a worker is free, and gives their results.
///
///     long fib(int n) {
///       if (n < 2) return n;
///       auto [a, b] = tenon::fork_join([=] { return fib(n - 1); }, [=] { return fib(n - 2); });
///       return a + b;
///     }
///
/// Shape         A std::tuple of the results in the order of the callables; std::monostate stands for void.
/// Cost          Nobody idle: some fifteen instructions a branch, no atomic read-modify-write, no allocation: it lies
///               in the caller's frame. A branch that another worker takes costs a few cache lines that change cores.
/// Threads       On a worker of a runtime whose workers share their tasks (stealing, fifo, priority), from plain code
///               however deep or in a coroutine between two waits. Elsewhere, on a thread of yours or under affinity or
///               single_thread, the callables run here, one after the other; `rt.run(callable)` brings a thread in.
///               The branches that nobody takes run here, in the order written. A join whose branch is taken helps that
///               thief, and only with what descends from the branch: the stack grows no deeper than in a program of one
///               thread. Of a worker's branches 4,096 may be shared and not yet joined; what comes beyond them stays
///               its own. Do not hold a lock of the thread across it that a branch, or an item of the same worker,
///               takes too.
/// Errors        What leaves a callable leaves here, the first in the order written, once those that have begun have
///               ended; those after it that have not begun are not run.
/// Cancellation  None of its own: a branch that may be stopped asks its stop token.
/// Other work    A worker looks after its I/O, timers and ready tasks at forks and as it waits: every 200 us, or so.
///               A task that it runs then forks nothing out, and the join waits for it.
/// Source        See core/detail/branch_stack.hpp.
template <std::invocable F, std::invocable... Gs>
[[gnu::always_inline]] inline std::tuple<detail::given_t<F>, detail::given_t<Gs>...> fork_join(F&& f, Gs&&... gs) {
  using results = std::tuple<detail::given_t<F>, detail::given_t<Gs>...>;
  if constexpr (sizeof...(Gs) == 0) {
    return results(detail::carried<F>(f)());
  } else if constexpr (detail::goes_through_fork_two<F, Gs...>) {
    detail::carried<F> first(f);
    detail::carried<Gs...> second(gs...);
    auto both = detail::fork_two<F, Gs...>(first, second);
    return results(std::forward<detail::given_t<F>>(both.first), std::forward<detail::given_t<Gs>>(both.second)...);
  } else {
    return detail::fork_all<results>(std::index_sequence_for<Gs...>(), detail::carried<F>(f),
                                     detail::carried<Gs>(gs)...);
  }
}

}  // namespace tenon
// tenon/observe/histogram.hpp

namespace tenon {

/// How often which values came, in buckets that grow with the values: quantiles of times or sizes, in fixed memory.
///
///     tenon::histogram<> waits;                       // written by its worker
///     waits.record(static_cast<std::uint64_t>((now - since).count()));
///     ...
///     tenon::histogram<tenon::single_thread> all;     // merged by who reads
///     for (const auto& each : of_workers) all.add(each);
///     const std::uint64_t p99 = all.quantile(0.99);
///
/// Shape    Values below 2^Bits have a bucket each; above, each power of two has 2^Bits buckets of one width, up to
///          2^Range, and what is larger goes into the last. (Range - Bits + 1) * 2^Bits buckets of 8 bytes: 9 KiB as it
///          is, which in nanoseconds reaches 18 minutes.
/// Error    A quantile is the largest value of its bucket, so it is never too small, and too large by less than one
///          part in 2^Bits: 3 % as it is. count, max and sum are exact; of a value above the range max alone knows.
/// Cost     record: some ten instructions, a load and a store in each of two places, no read-modify-write, no
///          allocation. add, quantile, count: one pass over the buckets.
/// Threads  One records. With multi_thread any thread reads meanwhile: each bucket only grows, and what it reads is a
///          histogram that holds all that was recorded before, and perhaps some of what came during the look.
/// Source   G. Tene, HdrHistogram; the buckets are those of its unit magnitude 0.
template <class Threading = multi_thread, unsigned Bits = 5, unsigned Range = 40>
class histogram {
  static_assert(Bits >= 1 && Bits <= 12, "tenon::histogram<Threading, Bits>: Bits must lie between 1 and 12");
  static_assert(Range > Bits && Range <= 64,
                "tenon::histogram<Threading, Bits, Range>: Range must be more than Bits and at most 64");

 public:
  static constexpr std::size_t buckets = std::size_t{Range - Bits + 1} << Bits;

  histogram() = default;
  /// What `other` holds now.
  histogram(const histogram& other) noexcept { add(other); }
  histogram& operator=(const histogram&) = delete;

  /// The one who writes: a value came.
  void record(std::uint64_t value) noexcept {
    grow(counts_[bucket_of(value)], 1);
    grow(sum_, value);
    if (value > max_.load(std::memory_order_relaxed)) max_.store(value, std::memory_order_relaxed);
  }

  /// The one who writes: all that `other` has recorded comes here too.
  template <class OtherThreading>
  void add(const histogram<OtherThreading, Bits, Range>& other) noexcept {
    for (std::size_t i = 0; i < buckets; ++i) grow(counts_[i], other.in_bucket(i));
    grow(sum_, other.sum());
    if (const std::uint64_t most = other.max(); most > max()) max_.store(most, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t all = 0;
    for (const auto& each : counts_) all += each.load(std::memory_order_relaxed);
    return all;
  }
  [[nodiscard]] std::uint64_t sum() const noexcept { return sum_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t max() const noexcept { return max_.load(std::memory_order_relaxed); }
  [[nodiscard]] double mean() const noexcept {
    const std::uint64_t all = count();
    return all == 0 ? 0 : static_cast<double>(sum()) / static_cast<double>(all);
  }

  /// A value that at least the part `of` of all values does not exceed: 0.5 the median, 1 the largest. 0 where nothing
  /// was recorded. `of` lies between 0 and 1.
  [[nodiscard]] std::uint64_t quantile(double of) const noexcept {
    assert(of >= 0 && of <= 1);
    const std::uint64_t all = count();
    const double wanted = of * static_cast<double>(all);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
      below += in_bucket(i);
      if (below > 0 && static_cast<double>(below) >= wanted) {
        // A max of another bucket is a larger one, or one that is behind the count of a value just recorded.
        const std::uint64_t most = max();
        return bucket_of(most) == i ? most : largest_of(i);
      }
    }
    return max();  // only where more was recorded between the two looks than the rounding of a double hides
  }

  /// The buckets themselves, for whoever draws them: how many values lie in one, and which is the largest it takes.
  [[nodiscard]] std::uint64_t in_bucket(std::size_t index) const noexcept {
    return counts_[index].load(std::memory_order_relaxed);
  }
  [[nodiscard]] static constexpr std::uint64_t largest_of(std::size_t index) noexcept {
    const std::size_t group = index >> Bits;
    if (group == 0) return index;
    const std::uint64_t top = (index & (fine - 1)) | fine;  // the leading bits of its values
    return ((top + 1) << (group - 1)) - 1;
  }
  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < fine) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - Bits - 1;
    const std::size_t index = (std::size_t{shift} << Bits) + static_cast<std::size_t>(value >> shift);
    return index < buckets ? index : buckets - 1;
  }

 private:
  using number = typename Threading::template atomic<std::uint64_t>;
  static constexpr std::uint64_t fine = std::uint64_t{1} << Bits;

  /// Written by one thread, so load and store are enough; relaxed, because no other memory is published by it.
  static void grow(number& what, std::uint64_t amount) noexcept {
    what.store(what.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  number sum_{0};
  number max_{0};
  std::array<number, buckets> counts_{};
};

static_assert(histogram<>::bucket_of(31) == 31 && histogram<>::bucket_of(32) == 32);
static_assert(histogram<>::largest_of(histogram<>::bucket_of(1000)) == 1007);

}  // namespace tenon
// tenon/pipeline/detail/again.hpp

namespace tenon::detail::weaving {

/// Whether T is an again<...>: feedback.hpp says which are.
template <class T>
inline constexpr bool is_again = false;

/// Whether it is one, or a list of types, such as a std::variant, that has one.
template <class T>
inline constexpr bool goes_back = is_again<T>;
template <template <class...> class List, class... Ts>
inline constexpr bool goes_back<List<Ts...>> = is_again<List<Ts...>> || (is_again<Ts> || ...);

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/signature.hpp

namespace tenon::detail::weaving {

/// The parameter of a stage whose function is a template: not known until it is called.
struct any_type;

/// What a function takes, where its type says so: one parameter, or a std::stop_token behind it; no overloads, no
/// template.
template <class F>
struct signature {
  using takes = any_type;
};
template <class R, class X>
struct signature<R (*)(X)> {
  using takes = X;
};
template <class R, class X>
struct signature<R (*)(X) noexcept> {
  using takes = X;
};
template <class R, class C, class X>
struct signature<R (C::*)(X)> {
  using takes = X;
};
template <class R, class C, class X>
struct signature<R (C::*)(X) const> {
  using takes = X;
};
template <class R, class C, class X>
struct signature<R (C::*)(X) const noexcept> {
  using takes = X;
};
// What hears of a stop as well, and so is for workers of its own.
template <class R, class X>
struct signature<R (*)(X, std::stop_token)> {
  using takes = X;
};
template <class R, class C, class X>
struct signature<R (C::*)(X, std::stop_token) const> {
  using takes = X;
};
template <class F>
  requires requires { &F::operator(); }
struct signature<F> : signature<decltype(&F::operator())> {};

/// What `Function` gives for an X, or any_type where X is not known.
template <class Function, class X>
struct given_by {};
template <class Function, class X>
  requires(!std::is_same_v<X, any_type> && std::is_invocable_v<const Function&, X>)
struct given_by<Function, X> {
  using type = std::invoke_result_t<const Function&, X>;
};
template <class Function>
struct given_by<Function, any_type> {
  using type = any_type;
};

/// Whether `Function` goes behind something that gives Y. Arithmetic types must be the same: a double that silently
/// loses its fraction between two stages is what joints are checked for.
template <class Function, class Y, class X>
inline constexpr bool fits =
    std::is_invocable_v<const Function&, Y> &&
    (std::is_same_v<std::remove_cvref_t<Y>, std::remove_cvref_t<X>> || !std::is_arithmetic_v<std::remove_cvref_t<X>>);
template <class Function, class X>
inline constexpr bool fits<Function, any_type, X> = true;
template <class Function, class X>
inline constexpr bool fits<Function, void, X> = false;

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/chain.hpp

namespace tenon::detail::weaving {

/// Where two stages meet that do not fit: `After` takes an X, but `Before` gives a Y. Instantiating it says so.
template <fixed_string Before, fixed_string After, class Y, class X>
struct joint_between {
  static constexpr bool fits = true;  // one error is enough
  template <class>
  static constexpr bool never = false;
  static_assert(
      never<Y>,
      "tenon::pipeline: a stage takes another type than the stage before it gives (joint_between<before, after, "
      "given, taken> names them); make them the same or add a stage between");
};
/// A stage that gives what is to go back. Instantiating it says so.
template <fixed_string Stage, class Y>
struct back_from {
  static constexpr bool fits = true;  // one error is enough
  template <class>
  static constexpr bool never = false;
  static_assert(never<Y>,
                "tenon::pipeline: a stage gives an again<T>, and nothing goes back by itself (back_from<stage, given> "
                "names it); put the functions that it goes back to into a feedback<N>");
};
struct no_misfit {
  static constexpr bool fits = true;
};

/// Goes along the stages with the type that comes out of each, up to the first joint that does not fit.
template <class Y, class Before, class... Rest>
struct chain {
  template <bool GoesBack>
  struct end {
    using misfit = no_misfit;
  };
  template <bool GoesBack>
    requires(GoesBack)
  struct end<GoesBack> {
    using misfit = back_from<Before::name, Y>;
  };
  using misfit = typename end<goes_back<std::remove_cvref_t<Y>>>::misfit;
};
template <class Y, class Before, class Next, class... Rest>
struct chain<Y, Before, Next, Rest...> {
  template <bool Fits>
  struct from_here {
    using misfit = joint_between<Before::name, Next::name, Y, typename Next::takes>;
  };
  template <bool Fits>
    requires(Fits)
  struct from_here<Fits> {
    using known = std::conditional_t<std::is_same_v<Y, any_type>, typename Next::takes, Y>;
    using misfit = typename chain<typename given_by<typename Next::function_type, known>::type, Next, Rest...>::misfit;
  };
  template <bool GoesBack>
  struct step {
    using misfit = typename from_here<fits<typename Next::function_type, Y, typename Next::takes>>::misfit;
  };
  template <bool GoesBack>
    requires(GoesBack)
  struct step<GoesBack> {
    using misfit = back_from<Before::name, Y>;
  };
  using misfit = typename step<goes_back<std::remove_cvref_t<Y>>>::misfit;
};

/// Whether each of the stages [I, End) gives a value for what the one before it gives, the first of them for an X.
template <std::size_t I, std::size_t End, class Stages, class X>
constexpr bool all_give_values() {
  if constexpr (I == End) {
    return true;
  } else {
    using given = std::invoke_result_t<const typename std::tuple_element_t<I, Stages>::function_type&, X>;
    return !std::is_reference_v<given> && all_give_values<I + 1, End, Stages, given>();
  }
}

/// Calls stages [I, End) with one another's results. Gives a value: a reference from the last stage may be to what an
/// earlier one gave, which is gone by then.
///
/// Where a stage gives a reference, what was given is kept alive to the end. Else this is the expression that one
/// writes by hand, each result made where the next stage's parameter is.
template <std::size_t I, std::size_t End, class Stages, class X>
constexpr auto run_stages(const Stages& stages, X&& x) {
  if constexpr (I + 1 == End) {
    return std::get<I>(stages).function()(std::forward<X>(x));
  } else if constexpr (!all_give_values<I, End - 1, Stages, X>()) {
    return run_stages<I + 1, End>(stages, std::get<I>(stages).function()(std::forward<X>(x)));
  } else {
    return std::get<End - 1>(stages).function()(run_stages<I, End - 1>(stages, std::forward<X>(x)));
  }
}

/// Stages [begin, end), which run as one, behind one queue.
struct segment_plan {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t workers = 1;
  bool elastic = false;
};

/// Calls open(index, workers) for each stage that a queue stands before.
template <class Plan, class Open>
constexpr void each_opening(const Plan* plans, std::size_t count, Open open) {
  std::size_t workers = 0;  // of the segment so far; of those who submit, unknown, and theirs is no queue to share
  for (std::size_t i = 0; i < count; ++i) {
    if (plans[i].opens() || (workers > 1 && !plans[i].fused)) {
      workers = plans[i].workers == 0 ? 1 : plans[i].workers;
      open(i, workers);
    }
  }
}

template <class... Names>
constexpr bool all_differ(const Names&... names) {
  const std::string_view list[] = {names...};
  for (std::size_t i = 0; i < sizeof...(Names); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (list[i] == list[j]) return false;
    }
  }
  return true;
}

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/ticket.hpp

namespace tenon::detail::weaving {

/// Resumes a coroutine on the worker that it waits on.
struct waiter : work {
  waiter() noexcept : work(&resume) {}

  template <class Promise>
  void wait(std::coroutine_handle<Promise> coroutine) noexcept {
    waiting_ = coroutine;
    env_ = environment_of(coroutine);
    home_ = here().current;
  }
  /// The last touch: the coroutine, and this with it, may be gone before it returns.
  void wake() noexcept {
    loop* const home = home_;
    if (home == here().current) {
      home->schedule(*this, *env_);
    } else {
      home->post(*this, *env_);
    }
  }
  [[nodiscard]] bool at_home() const noexcept { return home_ != nullptr; }

 private:
  static void resume(work& item) noexcept { static_cast<waiter&>(item).waiting_.resume(); }

  std::coroutine_handle<> waiting_;
  const environment* env_ = nullptr;
  loop* home_ = nullptr;
};

/// An item on its way through a fabric, as far as a queue needs to know it. It lies in the frame of the coroutine that
/// submitted it, and belongs to one party at a time: its submitter, a queue, a list of those who wait, or a slot.
struct ticket : waiter {
  enum class place : std::uint8_t { elsewhere, waiting, withdrawn };

  ticket* previous = nullptr;      // among those who wait for room; `next` is work's
  work* stalled = nullptr;         // the slot that cannot go on until there is room for this
  place where = place::elsewhere;  // whether its submitter waits for room: guarded by the first joint's mutex
  bool fresh = true;               // it still has what it was submitted with
  std::uint8_t level = 0;          // where the queue has several
  std::error_code error;
#if defined(__cpp_exceptions)
  std::exception_ptr failure;
#endif

  [[nodiscard]] bool failed() const noexcept {
#if defined(__cpp_exceptions)
    if (failure) return true;
#endif
    return static_cast<bool>(error);
  }
};

/// Those who wait for room, in the order in which they came.
class ticket_list {
 public:
  [[nodiscard]] ticket* front() const noexcept { return head_; }

  void push_back(ticket& item) noexcept { insert(tail_, item, nullptr); }
  void push_front(ticket& item) noexcept { insert(nullptr, item, head_); }
  void remove(ticket& item) noexcept { join(item.previous, static_cast<ticket*>(item.next)); }

 private:
  void insert(ticket* before, ticket& item, ticket* after) noexcept {
    join(before, &item);
    join(&item, after);
  }
  void join(ticket* left, ticket* right) noexcept {
    if (left != nullptr) {
      left->next = right;
    } else {
      head_ = right;
    }
    (right != nullptr ? right->previous : tail_) = left;
  }

  ticket* head_ = nullptr;
  ticket* tail_ = nullptr;
};

/// A ticket with room for one value of the types that its item has in turn: what is submitted, what goes through each
/// queue after the first, and what comes out. `Ts` has void at its end where nothing comes out.
template <class... Ts>
struct ticket_of : ticket {
  template <std::size_t I>
  using type = typename std::tuple_element_t<I, std::tuple<std::type_identity<Ts>...>>::type;

  template <std::size_t I>
  [[nodiscard]] type<I>& value() noexcept {
    return *std::launder(reinterpret_cast<type<I>*>(room_));
  }
  /// Makes value I of what `make` gives, in place.
  template <std::size_t I, class Make>
  void emplace(Make make) {
    ::new (static_cast<void*>(room_)) type<I>(make());
  }
  /// Moves value I out.
  template <std::size_t I>
  [[nodiscard]] type<I> take() noexcept {
    type<I> taken(std::move(value<I>()));
    discard<I>();
    return taken;
  }
  template <std::size_t I>
  void discard() noexcept {
    std::destroy_at(std::addressof(value<I>()));
  }

 private:
  template <class T>
  struct room_for {
    static constexpr std::size_t size = sizeof(T), align = alignof(T);
  };
  template <class T>
    requires std::is_void_v<T>
  struct room_for<T> {
    static constexpr std::size_t size = 1, align = 1;
  };
  static constexpr std::size_t most(std::initializer_list<std::size_t> numbers) noexcept {
    std::size_t largest = 0;
    for (const std::size_t number : numbers) largest = number > largest ? number : largest;
    return largest;
  }

  alignas(most({room_for<Ts>::align...})) std::byte room_[most({room_for<Ts>::size...})];
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/joint.hpp

namespace tenon::detail::weaving {

enum class entry : std::uint8_t { taken, full, rejected, dropped };

/// The most workers a stage may have: their idle bits share a word with the count of signals.
inline constexpr std::size_t max_workers = 31;

/// A worker of a stage: no thread and no coroutine, but a work item that is scheduled while there is something to do.
struct slot : work {
  void* fabric = nullptr;
  std::size_t index = 0;
};

/// What a joint has counted. `in` is what was offered to it, `out` what its stages have finished with, by a value or an
/// exception; `rejected` was turned away, or withdrawn while it waited for room; `dropped` was given up by an overflow
/// word; `timed_out` took longer than it may; `expired` waited longer than it may; `held` is in the queue, waiting for
/// room, or in a worker's hands. in == out + rejected + dropped + timed_out + expired + held.
struct joint_counts {
  std::string_view stage;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t rejected = 0;
  std::uint64_t dropped = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t expired = 0;
  std::uint64_t held = 0;
};

/// The place where one segment's items come in: a queue, those who wait for room in it, and the slots that empty it.
///
/// A slot is *idle* (its bit in state_ is set, nobody has it) or *active* (scheduled, running, or stalled at the joint
/// after this). state_ = [signals mod 2^32 | closed | idle bits]. Each entry ends with exactly one signal(): a CAS,
/// after the item is in the queue or the list, that adds a signal and makes at most one idle slot active, which the
/// caller then schedules. A slot goes idle by a CAS from a value of state_ that it read *before* a look that found
/// nothing to take.
///
/// No lost wake-up: never are all slots idle for good with an item in the queue or the list. All writes of state_ are
/// read-modify-writes, so they have one order, and each synchronizes with all before it (acquire, release). Take an
/// entry with signal S, and the slot that goes idle last, by L (load), a look, and R (CAS).
///   S before L   the entry is visible to the look: it has been taken, or the look would have found it.
///   S after R    S reads the idle bit, and makes a slot active.
///   between      R finds another value than L did, and fails.
/// A look may miss what is there: a ring says "empty" while an older push is under way, whose signal is still to come,
/// so that the cases hold for that one; and it says "full" to admit() while another slot's pop is under way, and that
/// slot, still active, looks at the list again before its own R. (The count wraps: a slot would have to stand still
/// between L and R for exactly 2^32 signals.)
///
/// Nothing is touched too late: the CAS of signal(), and that of going idle, is the last touch of whoever made it, but
/// for scheduling a slot, which cannot go idle before it has run. So a joint that has had as many signals as entries,
/// and whose slots are all idle, has been left by all threads: see quiet().
///
/// Led: the one slot hands items on to workers of its own, so that more than a signal brings it news. nudge() makes it
/// active, or, where it is that already, leaves a mark, with which it cannot go idle: the slot takes the mark off by
/// calm() before L, and refuses R if L has seen one. It goes idle settled or unsettled; settled, only a signal moves it
/// again, and unsettled the joint is not quiet.
///
/// One producer stays one: while a slot is stalled, its item is put into the queue by the consumer, under the mutex,
/// and the slot is scheduled after that: the role goes there and back along happens-before edges.
template <class Threading, class Queue, class Overflow, std::size_t Workers, bool Led = false>
class joint {
  static_assert(!Led || Workers == 1);
  using word = std::uint64_t;
  template <class T>
  using atomic = typename Threading::template atomic<T>;

  static constexpr word one_signal = word{1} << 32;
  static constexpr word closed_bit = word{1} << 31;
  static constexpr word all_idle = (word{1} << Workers) - 1;
  static constexpr word in_closed = word{1} << 63;
  static constexpr word nudged = Led ? word{1} << 1 : 0;
  static constexpr word settled = Led ? word{1} << 2 : 0;
  static constexpr word at_rest = all_idle | settled;
  static constexpr std::size_t level_count = [] {
    if constexpr (requires { Queue::level_count; }) {
      return Queue::level_count;
    } else {
      return std::size_t{1};
    }
  }();

 public:
  joint() = default;
  joint(const joint&) = delete;
  joint& operator=(const joint&) = delete;

  void set_up(void* fabric, work::function serve) noexcept {
    for (std::size_t i = 0; i < Workers; ++i) {
      slots_[i].run = serve;
      slots_[i].fabric = fabric;
      slots_[i].index = i;
    }
  }

  /// Counts an item in, before it can be counted out. False: closed, and the item is counted as rejected.
  [[nodiscard]] bool arrive() noexcept {
    if ((in_.fetch_add(1, std::memory_order_acq_rel) & in_closed) == 0) return true;
    rejected_.fetch_add(1, std::memory_order_release);
    return false;
  }

  /// The same where the entry is a stage's and is not closed: a slot that has an item is let finish.
  void count_in() noexcept { in_.fetch_add(1, std::memory_order_release); }

  /// Puts an item that has arrived into the queue. `full` is for a word that waits, and must be followed by wait().
  /// `lose` is called with a ticket that a producer takes out.
  template <class R, class Lose>
  [[nodiscard]] entry offer(R& rt, ticket& item, Lose lose) noexcept {
    entry outcome = entry::taken;
    if constexpr (Overflow::waits) {
      // Who comes while others wait goes behind them. Acquire: when none does, the last one is in the queue before us.
      if (waiting_.load(std::memory_order_acquire) != 0 || !push(item)) return entry::full;
    } else if (!push(item)) {
      if constexpr (Overflow::producer_pops) {
        if (const std::optional<ticket*> oldest = pop_for(item)) {
          dropped_.fetch_add(1, std::memory_order_release);
          tell_dropped(rt);
          lose(**oldest);
        }
      }
      // A ring may still say "full" while somebody is emptying the slot that is next: then this one is it.
      if (!Overflow::producer_pops || !push(item)) {
        outcome = Overflow::rejects ? entry::rejected : entry::dropped;
        (Overflow::rejects ? rejected_ : dropped_).fetch_add(1, std::memory_order_release);
        if constexpr (!Overflow::rejects) tell_dropped(rt);
      }
    }
    signal(rt);
    return outcome;
  }

  /// Lets an item wait for room, and the slot that has it, which is then scheduled when there is.
  template <class R>
  void stall(R& rt, ticket& item, slot& holder) noexcept {
    {
      const std::lock_guard hold(mutex_);
      item.stalled = &holder;
      line_up(item);
    }
    signal(rt);
  }
  /// Lets an item wait for room that its submitter may withdraw. False: it has done so, and the item is rejected.
  template <class R>
  [[nodiscard]] bool wait(R& rt, ticket& item) noexcept {
    bool waits = false;
    {
      const std::lock_guard hold(mutex_);
      waits = item.where != ticket::place::withdrawn;
      if (waits) {
        item.where = ticket::place::waiting;
        line_up(item);
      } else {
        rejected_.fetch_add(1, std::memory_order_release);
      }
    }
    signal(rt);
    return waits;
  }
  /// Any thread. True: the item waited, and is the caller's now. False: it will not wait any more, or is on its way.
  [[nodiscard]] bool withdraw(ticket& item) noexcept {
    const std::lock_guard hold(mutex_);
    const bool waited = std::exchange(item.where, ticket::place::withdrawn) == ticket::place::waiting;
    if (waited) {
      list_of(item).remove(item);
      rejected_.fetch_add(1, std::memory_order_release);
      waiting_.store(waiting_.load(std::memory_order_relaxed) - 1, std::memory_order_release);
    }
    return waited;
  }

  /// A slot's: the oldest item, or nullptr. Lets in those who wait for the room that this makes.
  template <class R>
  [[nodiscard]] ticket* take(R& rt) noexcept {
    if constexpr (Overflow::waits && level_count > 1) {  // one of a better level may be there, where there is room
      if (waiting_.load(std::memory_order_acquire) != 0) admit(rt);
    }
    std::optional<ticket*> item = queue_.try_pop();
    if constexpr (Overflow::waits) {
      if (waiting_.load(std::memory_order_acquire) != 0) {
        admit(rt);
        if (!item) item = queue_.try_pop();
      }
    }
    return item ? *item : nullptr;
  }

  /// A slot's: counts its item out, before it is handed on.
  void leave() noexcept {
    if constexpr (Workers == 1) {
      out_.store(out_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    } else {
      out_.fetch_add(1, std::memory_order_release);
    }
  }

  /// A slot's: counts out an item that took too long.
  void expire() noexcept { timed_out_.fetch_add(1, std::memory_order_release); }
  /// A slot's: gives an item up that it has taken.
  void refuse() noexcept { rejected_.fetch_add(1, std::memory_order_release); }
  /// A slot's: the same for an item that waited too long.
  void count_expired() noexcept { expired_.fetch_add(1, std::memory_order_release); }

  [[nodiscard]] word look() const noexcept { return state_.load(std::memory_order_acquire); }
  [[nodiscard]] static bool closed(word seen) noexcept { return (seen & closed_bit) != 0; }
  [[nodiscard]] bool go_idle(word seen, const slot& me) noexcept {
    return state_.compare_exchange_strong(seen, seen | word{1} << me.index, std::memory_order_acq_rel,
                                          std::memory_order_relaxed);
  }

  // Where the slot leads workers.

  /// There is news for the slot. Not after it is settled and the last item has come.
  template <class R>
  void nudge(R& rt) noexcept {
    word seen = state_.load(std::memory_order_relaxed);
    word then = 0;
    do {
      then = (seen & all_idle) != 0 ? seen & ~at_rest : seen | nudged;
    } while (!state_.compare_exchange_strong(seen, then, std::memory_order_acq_rel, std::memory_order_relaxed));
    if ((seen & all_idle) != 0) rt.schedule(slots_[0]);
  }
  /// The same where it may be that nothing is left for it to do, and it is not to be touched then.
  template <class R>
  void nudge_unless_settled(R& rt) noexcept {
    if ((look() & at_rest) != at_rest) nudge(rt);
  }
  /// The slot's, before look(): it will see what it was nudged for until now.
  void calm() noexcept {
    word seen = state_.load(std::memory_order_relaxed);
    while ((seen & nudged) != 0 && !state_.compare_exchange_strong(seen, seen & ~nudged, std::memory_order_acq_rel,
                                                                   std::memory_order_relaxed)) {
    }
  }
  [[nodiscard]] bool go_idle(word seen, bool is_settled) noexcept {
    return (seen & nudged) == 0 && state_.compare_exchange_strong(seen, seen | all_idle | (is_settled ? settled : 0),
                                                                  std::memory_order_acq_rel, std::memory_order_relaxed);
  }

  /// Lets no more items in; gives how many there were.
  [[nodiscard]] std::uint64_t close_entry() noexcept { return in_.fetch_add(in_closed, std::memory_order_acq_rel); }
  /// Tells the slots that somebody waits for them to be idle.
  void close() noexcept { state_.fetch_add(closed_bit, std::memory_order_acq_rel); }
  [[nodiscard]] std::uint64_t entries() const noexcept { return in_.load(std::memory_order_acquire) & ~in_closed; }
  /// Whether all of `entries`, after which there will be no more, are through, and no thread is inside.
  [[nodiscard]] bool quiet(std::uint64_t expected) noexcept {
    const std::lock_guard hold(mutex_);  // who withdraws an item does it inside
    const word now = look();
    return (now & at_rest) == at_rest && now >> 32 == (expected & (one_signal - 1));
  }

  /// All counts at one instant: that at which `in` is read, if the others, which only grow, are the same before and
  /// after it. Under a load where they never are, `held` may also have some of what came in during the look. It is
  /// never short: each of the others is added after `in`, and released.
  [[nodiscard]] joint_counts counts(std::string_view stage) const noexcept {
    joint_counts seen{.stage = stage};
    const auto look_again = [&] {
      const std::uint64_t out = std::exchange(seen.out, out_.load(std::memory_order_acquire));
      const std::uint64_t rejected = std::exchange(seen.rejected, rejected_.load(std::memory_order_acquire));
      const std::uint64_t dropped = std::exchange(seen.dropped, dropped_.load(std::memory_order_acquire));
      const std::uint64_t late = std::exchange(seen.timed_out, timed_out_.load(std::memory_order_acquire));
      const std::uint64_t expired = std::exchange(seen.expired, expired_.load(std::memory_order_acquire));
      return out == seen.out && rejected == seen.rejected && dropped == seen.dropped && late == seen.timed_out &&
             expired == seen.expired;
    };
    (void)look_again();
    seen.in = entries();
    for (int tries = 0; tries < 64 && !look_again(); ++tries) seen.in = entries();
    seen.held = seen.in - seen.out - seen.rejected - seen.dropped - seen.timed_out - seen.expired;
    return seen;
  }

 private:
  [[nodiscard]] bool push(ticket& item) noexcept { return queue_.try_push(&item); }
  /// The oldest, out of whose place `item` has room.
  [[nodiscard]] std::optional<ticket*> pop_for([[maybe_unused]] const ticket& item) noexcept {
    if constexpr (requires { queue_.try_pop_for(item); }) {
      return queue_.try_pop_for(item);
    } else {
      return queue_.try_pop();
    }
  }

  /// For the report of a runtime that makes one. A rejected item is not among them: its submitter has it back.
  template <class R>
  static void tell_dropped(R& rt) noexcept {
    if constexpr (requires { rt.count_dropped(1); }) rt.count_dropped(1);
  }

  template <class R>
  void signal(R& rt) noexcept {
    word seen = state_.load(std::memory_order_relaxed);
    word idle = 0;
    do {
      idle = seen & all_idle;
      idle &= ~idle + 1;  // the lowest bit, if any
    } while (!state_.compare_exchange_strong(seen, (seen + one_signal) & ~(idle != 0 ? idle | settled : 0),
                                             std::memory_order_acq_rel, std::memory_order_relaxed));
    if (idle != 0) rt.schedule(slots_[static_cast<std::size_t>(std::countr_zero(idle))]);
  }

  /// Where an item waits for room: behind those of its own level alone.
  [[nodiscard]] ticket_list& list_of([[maybe_unused]] const ticket& item) noexcept {
    if constexpr (level_count == 1) {
      return lists_[0];
    } else {
      return lists_[item.level < level_count ? item.level : level_count - 1];
    }
  }
  void line_up(ticket& item) noexcept {
    list_of(item).push_back(item);
    waiting_.store(waiting_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  template <class R>
  void admit(R& rt) noexcept {
    const std::lock_guard hold(mutex_);
    for (ticket_list& list : lists_) admit_of(list, rt);
  }
  template <class R>
  void admit_of(ticket_list& list, R& rt) noexcept {
    while (ticket* const item = list.front()) {
      work* const stalled = item->stalled;  // once it is pushed, the ticket is somebody else's
      list.remove(*item);
      if (stalled == nullptr) item->where = ticket::place::elsewhere;
      if (!push(*item)) {
        if (stalled == nullptr) item->where = ticket::place::waiting;
        list.push_front(*item);
        return;
      }
      waiting_.store(waiting_.load(std::memory_order_relaxed) - 1, std::memory_order_release);
      if (stalled != nullptr) rt.schedule(*stalled);
    }
  }

  Queue queue_;
  alignas(cache_line) atomic<word> state_{at_rest};  // this line is the producers': a busy slot does not touch it
  atomic<std::uint64_t> in_{0};
  atomic<std::uint64_t> rejected_{0};
  atomic<std::uint64_t> dropped_{0};
  atomic<std::uint64_t> timed_out_{0};
  alignas(cache_line) atomic<std::size_t> waiting_{0};  // both sides read it, and it seldom changes
  [[no_unique_address]] typename Threading::mutex mutex_;
  std::array<ticket_list, level_count> lists_;
  alignas(cache_line) atomic<std::uint64_t> out_{0};  // the slots'
  atomic<std::uint64_t> expired_{0};
  std::array<slot, Workers> slots_;
};

}  // namespace tenon::detail::weaving
// tenon/core/detail/bell.hpp

namespace tenon::detail {

/// A held pthread mutex.
class holding {
 public:
  explicit holding(::pthread_mutex_t& mutex) noexcept : mutex_(mutex) { ::pthread_mutex_lock(&mutex_); }
  holding(const holding&) = delete;
  holding& operator=(const holding&) = delete;
  ~holding() { ::pthread_mutex_unlock(&mutex_); }

 private:
  ::pthread_mutex_t& mutex_;
};

/// Where a thread waits until it is given something. Not std::condition_variable, whose header costs more than all of
/// this; and its times are those of the monotonic clock.
class bell {
 public:
  bell() noexcept {
    ::pthread_condattr_t kind;
    ::pthread_condattr_init(&kind);
    ::pthread_condattr_setclock(&kind, CLOCK_MONOTONIC);
    ::pthread_cond_init(&condition_, &kind);
    ::pthread_condattr_destroy(&kind);
  }
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;
  ~bell() { ::pthread_cond_destroy(&condition_); }

  void ring() noexcept { ::pthread_cond_signal(&condition_); }
  void wait(::pthread_mutex_t& held) noexcept { ::pthread_cond_wait(&condition_, &held); }
  [[nodiscard]] int wait_until(::pthread_mutex_t& held, const timespec& limit) noexcept {
    return ::pthread_cond_timedwait(&condition_, &held, &limit);
  }

 private:
  ::pthread_cond_t condition_;
};

/// Threads that leave one by one and are joined by one another: each joins the one that left before it, so that joining
/// the last joins all. Its owner's lock guards it.
class leavers {
 public:
  /// A thread that is to be joined, with no lock held: it does no more than to join another.
  class left {
   public:
    left() = default;
    explicit left(::pthread_t who) noexcept : who_(who), is_one_(true) {}
    void join() const noexcept {
      if (is_one_) ::pthread_join(who_, nullptr);
    }

   private:
    ::pthread_t who_{};
    bool is_one_ = false;
  };

  /// The calling thread leaves; it is to join the one that it is given.
  [[nodiscard]] left leave() noexcept { return std::exchange(last_, left(::pthread_self())); }
  [[nodiscard]] left last() noexcept { return std::exchange(last_, left()); }

 private:
  left last_;
};

}  // namespace tenon::detail
// tenon/pipeline/detail/elastic_stage.hpp

namespace tenon::detail::weaving {

/// The most workers an elastic stage may have.
inline constexpr std::size_t most_elastic = 1024;

template <std::size_t Min, std::size_t Max>
struct elastic_option {
  static_assert(Min >= 1 && Min <= Max && Max <= most_elastic,
                "tenon::workers<Min, Max>: 1 <= Min <= Max <= 1024 does not hold");
};

// What is said of time, at run time.
struct idle_after_option {
  duration time = std::chrono::seconds(30);
};
struct task_timeout_option {
  duration time = duration::max();
};
struct grace_option {
  duration time = std::chrono::seconds(1);
};

template <class Option>
inline constexpr bool says_of_time = std::same_as<Option, idle_after_option> ||
                                     std::same_as<Option, task_timeout_option> || std::same_as<Option, grace_option>;

/// Those of a stage's options that are more than a type. `get` gives the one asked for, or what stands where none was.
template <class... Options>
struct kept_options {
  template <class T>
  [[nodiscard]] constexpr T get(std::type_identity<T>) const noexcept {
    return T{};
  }
};
template <class First, class... Rest>
struct kept_options<First, Rest...> : kept_options<Rest...> {
  constexpr kept_options() = default;
  constexpr explicit kept_options(First /*type*/, Rest... rest) noexcept : kept_options<Rest...>(rest...) {}
};
template <class First, class... Rest>
  requires(!std::is_empty_v<First>)
struct kept_options<First, Rest...> : kept_options<Rest...> {
  constexpr kept_options() = default;
  constexpr explicit kept_options(First mine, Rest... rest) noexcept : kept_options<Rest...>(rest...), kept(mine) {}

  using kept_options<Rest...>::get;
  [[nodiscard]] constexpr First get(std::type_identity<First>) const noexcept { return kept; }

  First kept;
};

/// What a coroutine gives that is awaited once: tenon::task, without its header.
template <class T>
concept gives_later = requires(T later) {
  typename T::value_type;
  { std::move(later).operator co_await() };
};

template <class T>
struct in_the_end {
  using type = T;
};
template <gives_later T>
struct in_the_end<T> {
  using type = typename T::value_type;
};

/// A function that only workers of an elastic stage can call, as the pipeline sees it: of what it takes, it gives a
/// value. `later`: it is a coroutine. `hears`: it takes a std::stop_token, the last argument.
template <class F, class X>
class elastic_function {
 public:
  static constexpr bool hears = !std::is_invocable_v<const F&, X>;

 private:
  static auto call_type() {
    if constexpr (hears) {
      return std::invoke_result<const F&, X, std::stop_token>{};
    } else {
      return std::invoke_result<const F&, X>{};
    }
  }

 public:
  using given = typename decltype(call_type())::type;
  static constexpr bool later = gives_later<given>;

  constexpr explicit elastic_function(F callable) : function_(std::move(callable)) {}

  /// For its type: this stage has a queue before it, and so is never called as a part of a function.
  typename in_the_end<given>::type operator()(X x) const {
    if constexpr (later) {
      std::terminate();
    } else {
      return call(std::forward<X>(x), {});
    }
  }

  template <class Y>
  [[nodiscard]] given call(Y&& y, [[maybe_unused]] const std::stop_token& stop) const {
    if constexpr (hears) {
      return function_(std::forward<Y>(y), stop);
    } else {
      return function_(std::forward<Y>(y));
    }
  }

 private:
  [[no_unique_address]] F function_;
};

/// How a stage keeps its function: as it is, or as an elastic one where it can be called in no other way.
template <class F, class X>
struct kept_function {
  using type = F;
};
template <class F, class X>
  requires(!std::is_same_v<X, any_type> &&
           (std::is_invocable_v<const F&, X, std::stop_token> && !std::is_invocable_v<const F&, X>))
struct kept_function<F, X> {
  using type = elastic_function<F, X>;
};
template <class F, class X>
  requires(!std::is_same_v<X, any_type> && gives_later<typename given_by<F, X>::type>)
struct kept_function<F, X> {
  using type = elastic_function<F, X>;
};

template <class F>
struct elastic_traits {
  static constexpr bool later = false, hears = false;
};
template <class F, class X>
struct elastic_traits<elastic_function<F, X>> {
  static constexpr bool later = elastic_function<F, X>::later, hears = elastic_function<F, X>::hears;
};

/// Calls a stage's function for real.
template <class F, class Y>
[[nodiscard]] decltype(auto) call_elastic(const F& function, Y&& y, const std::stop_token& /*stop*/) {
  return function(std::forward<Y>(y));
}
template <class F, class X, class Y>
[[nodiscard]] decltype(auto) call_elastic(const elastic_function<F, X>& function, Y&& y, const std::stop_token& stop) {
  return function.call(std::forward<Y>(y), stop);
}

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/elasticity.hpp

namespace tenon::detail::weaving {

/// How many workers an elastic stage has: the rule alone, with no thread and no clock of its own.
///
/// Let wanted(t) = min(Max, busy + waiting) at time t. Level k is *needed* at t if wanted(t) >= k; k was last needed
/// at until_[k]. The state machine is one number, the size, and two moves:
///
///     grow    size < wanted             -> size = wanted, at once
///     shrink  size > Min, and level `size` was not needed for idle_after  -> size - 1, and so on
///
/// Min <= size <= Max, always. Hysteresis: a level that was added is needed then, so that it stays for idle_after at
/// least; between two moments of one shrink there are as many of growth, and so no level comes and goes more than once
/// in any idle_after. Who takes the tasks plays no part: with round robin each worker is busy now and then, and none
/// would ever be idle for long, though most were not needed.
///
/// until_ falls from level to level, because whoever needs k needs k - 1 as well; so only the highest one is looked at.
///
/// Cost  O(1), but for the levels that a fall of `wanted` passes, each of which a rise has passed before.
template <std::size_t Min, std::size_t Max>
class elasticity {
  static_assert(1 <= Min && Min <= Max);

 public:
  explicit elasticity(duration idle_after) noexcept : idle_after_(idle_after) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// What the size is to be at `now`, which is not before what it was told last.
  std::size_t decide(time_point now, std::size_t busy, std::size_t waiting) noexcept {
    const std::size_t wanted = busy + waiting < Max ? busy + waiting : Max;
    for (std::size_t k = wanted + 1; k <= wanted_; ++k) until_[k - 1] = now;
    wanted_ = wanted;
    if (size_ < wanted) size_ = wanted;
    while (may_leave() && now - until_[size_ - 1] >= idle_after_) --size_;
    return size_;
  }

  /// When the next worker leaves if nothing is wanted that is not wanted now; never, if none does.
  [[nodiscard]] time_point next() const noexcept {
    if (!may_leave() || idle_after_ > never - until_[size_ - 1]) return never;
    return until_[size_ - 1] + idle_after_;
  }

 private:
  [[nodiscard]] bool may_leave() const noexcept { return size_ > Min && size_ > wanted_; }

  duration idle_after_;
  std::size_t size_ = Min;
  std::size_t wanted_ = 0;
  std::array<time_point, Max> until_{};  // of level k at k - 1; known where k > wanted_
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/health.hpp

namespace tenon::detail::weaving {

/// What a worker of an elastic stage does. From each there is one way on: idle, assigned, executing, completed, idle.
enum class worker_state : std::uint8_t {
  absent,     ///< there is none at this place now
  idle,       ///< it waits for an item
  assigned,   ///< it was given one, and has not begun
  executing,  ///< it is in the stage's function
  completed,  ///< it has a result, which it has not handed on yet: the next queue may be full
};

/// How an elastic stage is, at one instant.
template <std::size_t Max>
struct stage_health {
  struct worker {
    worker_state state = worker_state::absent;
    time_point since{};          ///< when it was given its item, or handed the last one on
    std::uint64_t done = 0;      ///< items that left this place with a value or an exception
    std::uint64_t replaced = 0;  ///< how often the worker at this place was left behind, and another took it
  };

  std::size_t size = 0;              ///< workers there are
  std::size_t min = 0;               ///< never fewer, but where the system gives no thread
  std::size_t max = Max;             ///< never more
  std::size_t busy = 0;              ///< of them with an item
  std::size_t queued = 0;            ///< items that wait for one
  std::size_t left_behind = 0;       ///< calls that ran over their time and have not returned
  std::size_t most_calls = 2 * Max;  ///< size and left_behind together are never more
  std::array<worker, Max> workers{};
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/hand.hpp

namespace tenon::detail::weaving {

/// A worker of an elastic stage: what it works on, and what comes of that.
///
/// The item is moved in here before the stage's function sees it. So when the function takes too long, whoever
/// submitted the item is answered, and its ticket goes with the coroutine that it lies in; the function still has its
/// argument.
///
/// It belongs to whoever leads the stage while it is idle or has come back, and to itself from give() until it comes
/// back, by crew::comes_back(), its last touch; `late` and `disowned` are the crew's then, under its lock.
template <class Crew>
struct hand : slot {
  using in_type = typename Crew::in_type;
  using out_type = typename Crew::out_type;
  using kept_type = std::conditional_t<std::is_void_v<out_type>, bool, out_type>;

  hand(Crew& of, std::size_t place) noexcept : crew(of) { this->index = place; }
  hand(const hand&) = delete;
  hand& operator=(const hand&) = delete;

  void take(in_type&& given) noexcept {
    in.emplace(std::move(given));
    state.store(worker_state::assigned, std::memory_order_relaxed);
  }

  Crew& crew;
  ticket* item = nullptr;
  hand* after = nullptr;    // in the list of those that have come back
  hand* earlier = nullptr;  // among those at work, in the order in which they began
  hand* later = nullptr;
  time_point since{};
  bool late = false;      // the item was answered without it
  bool disowned = false;  // and nobody waits for it any more
  typename Crew::threading::template atomic<worker_state> state{worker_state::idle};
  std::optional<in_type> in;
  std::optional<kept_type> out;
#if defined(__cpp_exceptions)
  std::exception_ptr failure;
#endif
};

/// One that is a thread, which may block.
template <class Crew>
class thread_hand : public hand<Crew> {
  struct deaf {
    [[nodiscard]] static std::stop_token get_token() noexcept { return {}; }
    static void request_stop() noexcept {}
  };

 public:
  static constexpr bool may_be_disowned = true;

  using hand<Crew>::hand;

  /// Null: the system gives no thread.
  [[nodiscard]] static thread_hand* hire(Crew& crew, std::size_t place) noexcept {
    thread_hand* const made = make(crew, place);
    if (made == nullptr) return nullptr;
    ::pthread_t thread{};
    if (::pthread_create(&thread, nullptr, &thread_body, made) == 0) return made;
    delete made;
    return nullptr;
  }
  void give(typename Crew::in_type&& given) noexcept {
    this->take(std::move(given));
    wake(order::work);
  }
  /// It is idle, and leaves; it frees itself.
  void retire() noexcept { wake(order::leave); }
  void ask_to_stop() noexcept { stop_.request_stop(); }

 private:
  enum class order : unsigned char { none, work, leave };

  [[nodiscard]] static thread_hand* make(Crew& crew, std::size_t place) noexcept {
#if defined(__cpp_exceptions)
    try {
      return new thread_hand(crew, place);
    } catch (...) {
      return nullptr;
    }
#else
    return new thread_hand(crew, place);
#endif
  }

  void wake(order given) noexcept {
    const holding lock(mutex_);
    order_ = given;
    bell_.ring();
  }
  [[nodiscard]] order next_order() noexcept {
    const holding lock(mutex_);
    while (order_ == order::none) bell_.wait(mutex_);
    return std::exchange(order_, order::none);
  }

  static void* thread_body(void* its) noexcept {
    auto* const self = static_cast<thread_hand*>(its);
    Crew& crew = self->crew;
    char title[16];
    (void)std::snprintf(title, sizeof title, "%.10s/%u", crew.name(), static_cast<unsigned>(self->index % 1000));
    ::pthread_setname_np(::pthread_self(), title);
    crew.lets_roam(*self);
    while (self->next_order() == order::work) {
      self->perform();
      if (!crew.comes_back(*self)) {  // nobody is left who would join it, or knows of it
        ::pthread_detach(::pthread_self());
        delete self;
        crew.release();
        return nullptr;
      }
    }
    delete self;
    crew.leaves().join();
    return nullptr;
  }

  void perform() noexcept {
    this->state.store(worker_state::executing, std::memory_order_relaxed);
#if defined(__cpp_exceptions)
    try {
      call();
    } catch (...) {
      this->failure = std::current_exception();
    }
#else
    call();
#endif
    this->in.reset();
  }
  void call() {
    if constexpr (std::is_void_v<typename Crew::out_type>) {
      this->crew.perform(std::move(*this->in), stop_.get_token());
    } else {
      this->out.emplace(this->crew.perform(std::move(*this->in), stop_.get_token()));
    }
  }

  ::pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  bell bell_;
  order order_ = order::none;
  [[no_unique_address]] std::conditional_t<Crew::hears, std::stop_source, deaf> stop_;
};

/// The coroutine that runs a hand's items, one after the other, each in an environment of the hand.
struct drive {
  struct promise_type : frame_allocated {
    [[nodiscard]] drive get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    [[nodiscard]] static std::suspend_always initial_suspend() noexcept { return {}; }
    [[nodiscard]] static std::suspend_always final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    static void unhandled_exception() noexcept { std::terminate(); }

    environment own{std::stop_source()};
  };

  std::coroutine_handle<promise_type> handle;
};

/// One that is a coroutine, on the runtime's workers.
template <class Crew>
class task_hand : public hand<Crew> {
 public:
  static constexpr bool may_be_disowned = false;

  task_hand(Crew& of, std::size_t place) : hand<Crew>(of, place), drive_(work_through(*this).handle) {
    start_.target = drive_;
  }
  ~task_hand() { drive_.destroy(); }

  /// Null: there is no memory.
  [[nodiscard]] static task_hand* hire(Crew& crew, std::size_t place) noexcept {
#if defined(__cpp_exceptions)
    try {
      return new task_hand(crew, place);
    } catch (...) {
      return nullptr;
    }
#else
    return new task_hand(crew, place);
#endif
  }
  void give(typename Crew::in_type&& given) noexcept {
    this->take(std::move(given));
    this->crew.runtime().schedule(start_);
  }
  void retire() noexcept { delete this; }
  void ask_to_stop() noexcept { drive_.promise().own.stop.request_stop(); }

 private:
  /// Sits down until there is an item. What was done by then is reported when the coroutine is no longer running.
  class turn {
   public:
    explicit turn(task_hand& of) noexcept : of_(of) {}
    [[nodiscard]] static bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<> /*self*/) noexcept { (void)of_.crew.comes_back(of_); }
    static void await_resume() noexcept {}

   private:
    task_hand& of_;
  };

  static drive work_through(task_hand& self) {
    for (;;) {
      self.state.store(worker_state::executing, std::memory_order_relaxed);
      const std::stop_token stop = self.drive_.promise().own.stop.get_token();
#if defined(__cpp_exceptions)
      try {
#endif
        if constexpr (std::is_void_v<typename Crew::out_type>) {
          co_await self.crew.begin(std::move(*self.in), stop);
        } else {
          auto&& given = co_await self.crew.begin(std::move(*self.in), stop);
          self.out.emplace(self.crew.finish(std::forward<decltype(given)>(given)));
        }
#if defined(__cpp_exceptions)
      } catch (...) {
        self.failure = std::current_exception();
      }
#endif
      self.in.reset();
      co_await turn(self);
    }
  }

  std::coroutine_handle<drive::promise_type> drive_;
  resumption start_;
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/rotation.hpp

namespace tenon::detail::weaving {

/// Which of N seats are free, taken in turn: the next free one behind that which was taken last, round and round.
///
/// Cost  N / 64 words are looked through.
template <std::size_t N>
class rotation {
  static constexpr std::size_t words = (N + 63) / 64;

 public:
  static constexpr std::size_t none = N;

  void free(std::size_t seat) noexcept { bits_[seat / 64] |= bit(seat); }
  void occupy(std::size_t seat) noexcept { bits_[seat / 64] &= ~bit(seat); }

  /// The seat whose turn it is, now occupied; `none` when no seat is free.
  [[nodiscard]] std::size_t take() noexcept {
    std::size_t seat = first_from(next_);
    if (seat == none) seat = first_from(0);
    if (seat == none) return none;
    occupy(seat);
    next_ = seat + 1 == N ? 0 : seat + 1;
    return seat;
  }
  /// The highest free seat, or `none`.
  [[nodiscard]] std::size_t highest() const noexcept {
    for (std::size_t w = words; w-- > 0;) {
      if (bits_[w] != 0) return w * 64 + 63 - static_cast<std::size_t>(std::countl_zero(bits_[w]));
    }
    return none;
  }

 private:
  static constexpr std::uint64_t bit(std::size_t seat) noexcept { return std::uint64_t{1} << seat % 64; }

  [[nodiscard]] std::size_t first_from(std::size_t seat) const noexcept {
    std::uint64_t seen = bits_[seat / 64] & ~(bit(seat) - 1);
    for (std::size_t w = seat / 64;; seen = bits_[w]) {
      if (seen != 0) return w * 64 + static_cast<std::size_t>(std::countr_zero(seen));
      if (++w == words) return none;
    }
  }

  std::array<std::uint64_t, words> bits_{};
  std::size_t next_ = 0;
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/watch.hpp

namespace tenon::detail::weaving {

/// The one timer of an elastic stage, set by whoever leads the stage, on whichever worker that is.
///
/// Its home is the worker where it was armed, and only there may it be disarmed. So an earlier time that is asked for
/// elsewhere is set in two steps: it is fetched from its home, and its owner is told that it is free, as when it goes
/// off. Its phase is guarded by the owner's lock; `rings` takes that, calls rang(), and is the last touch.
class watch : timer {
 public:
  using rings_function = void (*)(void* owner, bool fetched) noexcept;

  watch(void* owner, rings_function rings) noexcept : owner_(owner), rings_(rings), fetch_(*this) {
    timer::run = [](work& item) noexcept {
      auto& self = static_cast<watch&>(static_cast<timer&>(item));
      self.rings_(self.owner_, false);
    };
  }
  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;

  /// Under the lock, on a worker: it goes off at `when` at the latest. `never`: it is to be free.
  void set(loop& current, time_point when) noexcept {
    if (phase_ == phase::fetched || (phase_ == phase::armed && when != never && deadline <= when)) return;
    if (phase_ == phase::armed) {
      if (home_ != &current) {
        phase_ = phase::fetched;
        return home_->pin(fetch_);
      }
      assert(timer::armed());
      current.disarm(*this);
      phase_ = phase::free;
    }
    if (when == never) return;
    home_ = &current;
    deadline = when;
    phase_ = phase::armed;
    current.arm(*this);
  }
  /// Under the lock: whether it is armed nowhere, and nobody is on the way to it.
  [[nodiscard]] bool is_free() const noexcept { return phase_ == phase::free; }
  /// Under the lock, from `rings`. One that goes off while somebody is on the way to fetch it still waits for him.
  void rang(bool fetched) noexcept {
    if (fetched || phase_ == phase::armed) phase_ = phase::free;
  }

 private:
  enum class phase : std::uint8_t { free, armed, fetched };

  struct fetching : work {
    explicit fetching(watch& of) noexcept : work(&arrive), of_(of) {}

   private:
    static void arrive(work& item) noexcept {
      watch& self = static_cast<fetching&>(item).of_;
      if (self.timer::armed()) self.home_->disarm(self);
      self.rings_(self.owner_, true);
    }
    watch& of_;
  };

  void* owner_;
  rings_function rings_;
  fetching fetch_;
  loop* home_ = nullptr;
  phase phase_ = phase::free;
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/crew.hpp

namespace tenon::detail::weaving {

/// What lives as long as anybody needs it: a fabric, or a call that it has left behind.
template <class Threading>
class lasting {
 public:
  explicit lasting(void (*end)(lasting&) noexcept) noexcept : end_(end) {}
  lasting(const lasting&) = delete;
  lasting& operator=(const lasting&) = delete;

  void keep() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) end_(*this);
  }

 private:
  void (*end_)(lasting&) noexcept;
  typename Threading::template atomic<std::size_t> owners_{1};
};

/// The workers of an elastic stage. Joint J's one slot leads them (lead.hpp): it alone changes what stands here, so
/// that of what meets an item, its end, its timeout, room behind it, there is always a first.
///
/// mutex_ guards what others look at or leave here: the health of the workers, the list of those that have come back,
/// and the watch. Who leaves something nudges the slot under it. So when the slot has seen all that there is, and goes
/// idle settled, nobody has more to do here than to unlock.
///
/// A worker is in one of these places, and the slot moves it from each: idle, in free_; at work, in a list by the time
/// at which it began; come back; waiting for room behind, which brings it back; late, in a list of its own.
template <class Woven, std::size_t J>
class crew {
  using R = typename Woven::template runtime_at<J>;
  using joint = typename Woven::template joint_at<J>::type;
  using pipeline = typename Woven::pipeline;
  static constexpr segment_plan segment = Woven::segments[J];
  using opener = typename Woven::template opener<J>;
  using traits = elastic_traits<std::remove_cvref_t<decltype(std::declval<const opener&>().function())>>;

 public:
  using threading = typename Woven::threading;
  using in_type = typename Woven::template value<J>::type;
  using out_type = typename Woven::template value<J + 1>::type;
  static constexpr bool hears = traits::hears;
  using hand_type = std::conditional_t<traits::later, task_hand<crew>, thread_hand<crew>>;
  static constexpr std::size_t min = opener::plan.least;
  static constexpr std::size_t max = opener::plan.workers;
  using health_type = stage_health<max>;

  crew(R& rt, joint& at, const pipeline& stages, lasting<threading>& whole) noexcept
      : rt_(rt), joint_(at), stages_(stages), whole_(whole), watch_(this, &rings) {
    for (std::size_t place = 0; place < min; ++place) (void)hire(place);
  }
  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;

  // A worker's.

  [[nodiscard]] static const char* name() noexcept { return opener::name.view().data(); }
  [[nodiscard]] R& runtime() const noexcept { return rt_; }

  [[nodiscard]] out_type perform(in_type&& item, const std::stop_token& stop) const {
    if constexpr (segment.begin + 1 == segment.end) {
      return call_elastic(function(), std::move(item), stop);
    } else {
      return run_stages<segment.begin + 1, segment.end>(stages_.stages(),
                                                        call_elastic(function(), std::move(item), stop));
    }
  }
  [[nodiscard]] auto begin(in_type&& item, const std::stop_token& stop) const {
    return call_elastic(function(), std::move(item), stop);
  }
  template <class Given>
  [[nodiscard]] out_type finish(Given&& given) const {
    if constexpr (segment.begin + 1 == segment.end) {
      return std::forward<Given>(given);
    } else {
      return run_stages<segment.begin + 1, segment.end>(stages_.stages(), std::forward<Given>(given));
    }
  }

  /// A thread begins: it is not pinned with the worker that began it. One that is disowned by then has no runtime.
  void lets_roam([[maybe_unused]] const hand<crew>& who) noexcept {
    if constexpr (requires { rt_.let_roam(); }) {
      const std::lock_guard hold(mutex_);
      if (!who.disowned) rt_.let_roam();
    }
  }
  /// Its last touch, when it has done its item or there is room for it. False: nobody waits for it.
  [[nodiscard]] bool comes_back(hand<crew>& who) noexcept {
    const std::lock_guard hold(mutex_);
    if (who.disowned) {
      --disowned_;
      return false;
    }
    who.after = nullptr;
    (back_ == nullptr ? back_ : newest_back_->after) = &who;
    newest_back_ = &who;
    joint_.nudge(rt_);
    return true;
  }
  /// Its last touch, when it leaves: it is to join the one that left before it.
  [[nodiscard]] leavers::left leaves() noexcept {
    const std::lock_guard hold(mutex_);
    if (--yard_.threads == 0) yard_.empty.ring();
    return yard_.gone.leave();
  }
  /// That of one that nobody waits for.
  void release() noexcept { whole_.release(); }

  // The slot's.

  /// One that has come back.
  [[nodiscard]] hand_type* next_back() noexcept {
    const std::lock_guard hold(mutex_);
    hand<crew>* const first = back_;
    if (first != nullptr) back_ = first->after;
    return static_cast<hand_type*>(first);
  }
  /// One that has come back has done its item, begun at the time it gives. What it gave is still there.
  time_point has_done(hand_type& who) noexcept {
    const std::lock_guard hold(mutex_);
    at_work_.remove(who);
    who.state.store(worker_state::completed, std::memory_order_relaxed);
    joint_.leave();
    return who.since;
  }
  /// Its result is handed on.
  void is_idle(hand_type& who, time_point now) noexcept {
    const std::lock_guard hold(mutex_);
    who.state.store(worker_state::idle, std::memory_order_relaxed);
    who.since = now;
    ++seats_[who.index].done;
    --busy_;
    free_.free(who.index);
  }
  /// One that is late has come back.
  void dismiss(hand_type& who) noexcept {
    {
      const std::lock_guard hold(mutex_);
      late_.remove(who);
      --left_behind_;
    }
    who.retire();
  }

  /// Whose time is over, if anybody's is.
  [[nodiscard]] hand_type* overdue(time_point now) noexcept {
    hand_type* const first = static_cast<hand_type*>(at_work_.first);
    return first != nullptr && deadline_of(*first) <= now ? first : nullptr;
  }
  /// Another takes the place of one that is at work. Gives the item, which it still works on.
  [[nodiscard]] ticket& leave_behind(hand_type& who, time_point now) noexcept {
    ticket& item = *who.item;
    {
      const std::lock_guard hold(mutex_);
      at_work_.remove(who);
      late_.append(who);
      who.late = true;
      who.item = nullptr;
      ++left_behind_;
      --busy_;
      --hired_;
      seats_[who.index].who = nullptr;
      ++seats_[who.index].replaced;
      joint_.expire();
      hire_at(who.index, now);
    }
    who.ask_to_stop();  // no lock is held: what hears of it may be anything
    return item;
  }

  /// What waits because there was no worker to be had; else whether one might be.
  [[nodiscard]] ticket* take_pending() noexcept { return std::exchange(pending_, nullptr); }
  [[nodiscard]] bool can_take() const noexcept { return busy_ < hired_ || hired_ < max; }
  [[nodiscard]] bool is_empty() const noexcept { return hired_ == 0; }
  void keep_pending(ticket& item) noexcept { pending_ = &item; }

  /// Gives an item to the one whose turn it is, or to a new one. False: there is none. `item` is who.take<J>() of it.
  template <class Ticket>
  [[nodiscard]] bool assign(Ticket& item, time_point now) noexcept {
    const std::lock_guard hold(mutex_);
    std::size_t place = free_.take();
    if (place == free_.none) {
      (void)rule_.decide(now, busy_, 1);
      if (!hire_somewhere(now)) return false;
      place = free_.take();
    }
    hand_type& who = *seats_[place].who;
    who.item = &item;
    who.since = now;
    ++busy_;
    at_work_.append(who);
    who.give(item.template take<J>());
    return true;
  }
  /// Those that were not needed for long enough leave.
  void adjust(time_point now) noexcept {
    const std::lock_guard hold(mutex_);
    const std::size_t size = rule_.decide(now, busy_, 0);
    while (hired_ > size) {
      const std::size_t place = free_.highest();
      if (place == free_.none) return;
      free_.occupy(place);
      --hired_;
      std::exchange(seats_[place].who, nullptr)->retire();
    }
    while (hired_ < min && hire_somewhere(now)) {
    }
  }
  /// Sets the watch. True: nothing moves the slot any more but a signal.
  [[nodiscard]] bool settle(loop& at, time_point now, bool closed) noexcept {
    const std::lock_guard hold(mutex_);
    if (closed && patience_ends_ == never)
      patience_ends_ = after(now, first_stage().template option<grace_option>().time);
    const bool waits = left_behind_ != 0 && (!hand_type::may_be_disowned || !closed || now < patience_ends_);
    time_point next = at_work_.first != nullptr ? deadline_of(*at_work_.first) : never;
    const time_point other = !closed ? rule_.next() : waits && hand_type::may_be_disowned ? patience_ends_ : never;
    if (other < next) next = other;
    watch_.set(at, next);
    if (busy_ != 0 || pending_ != nullptr || back_ != nullptr || waits || !watch_.is_free()) return false;
    if constexpr (hand_type::may_be_disowned) {
      if (closed) disown();
    }
    return true;
  }

  /// Who owns the fabric's: all leave, and are waited for.
  void end() noexcept {
    for (seat& each : seats_) {
      if (each.who != nullptr) std::exchange(each.who, nullptr)->retire();
    }
    if constexpr (!traits::later) {
      leavers::left last;
      {
        const std::lock_guard hold(mutex_);
        while (yard_.threads != 0) yard_.empty.wait(*mutex_.native_handle());
        last = yard_.gone.last();
      }
      last.join();
    }
  }

  /// Any thread.
  [[nodiscard]] health_type health() const noexcept {
    health_type seen;
    const std::lock_guard hold(mutex_);
    seen.size = hired_;
    seen.min = min;
    seen.busy = busy_;
    seen.left_behind = left_behind_ + disowned_;
    std::size_t at_work = 0;
    for (std::size_t i = 0; i < max; ++i) {
      auto& into = seen.workers[i];
      into.done = seats_[i].done;
      into.replaced = seats_[i].replaced;
      if (seats_[i].who == nullptr) continue;
      into.since = seats_[i].who->since;
      into.state = seats_[i].who->state.load(std::memory_order_relaxed);
      if (into.state == worker_state::assigned || into.state == worker_state::executing) ++at_work;
    }
    const auto held = static_cast<std::size_t>(joint_.counts({}).held);
    seen.queued = held > at_work ? held - at_work : 0;
    return seen;
  }

 private:
  struct seat {
    hand_type* who = nullptr;
    std::uint64_t done = 0;
    std::uint64_t replaced = 0;
  };
  struct hands {
    void append(hand<crew>& who) noexcept {
      who.later = nullptr;
      who.earlier = std::exchange(last, &who);
      (who.earlier != nullptr ? who.earlier->later : first) = &who;
    }
    void remove(hand<crew>& who) noexcept {
      (who.earlier != nullptr ? who.earlier->later : first) = who.later;
      (who.later != nullptr ? who.later->earlier : last) = who.earlier;
    }
    hand<crew>* first = nullptr;
    hand<crew>* last = nullptr;
  };
  struct yard {
    std::size_t threads = 0;  // that have not left, and are waited for
    bell empty;
    leavers gone;
  };
  struct no_yard {};

  static void rings(void* its, bool fetched) noexcept {
    auto& self = *static_cast<crew*>(its);
    const std::lock_guard hold(self.mutex_);
    self.watch_.rang(fetched);
    self.joint_.nudge(self.rt_);
  }
  static void has_room(work& item) noexcept {
    auto& who = static_cast<hand<crew>&>(static_cast<slot&>(item));
    (void)who.crew.comes_back(who);
  }

  [[nodiscard]] const opener& first_stage() const noexcept { return std::get<segment.begin>(stages_.stages()); }
  [[nodiscard]] const auto& function() const noexcept { return first_stage().function(); }
  [[nodiscard]] time_point deadline_of(const hand<crew>& who) const noexcept { return after(who.since, timeout_); }

  /// False: the system gives none; or those that were left behind are so many that nobody takes their places.
  [[nodiscard]] bool hire(std::size_t at) noexcept {
    if (hired_ + left_behind_ + disowned_ >= 2 * max) return false;
    hand_type* const made = hand_type::hire(*this, at);
    if (made == nullptr) return false;
    made->run = &has_room;
    seats_[at].who = made;
    ++hired_;
    free_.free(at);
    if constexpr (!traits::later) ++yard_.threads;
    return true;
  }
  bool hire_at(std::size_t at, time_point now) noexcept {
    if (!hire(at)) return false;
    seats_[at].who->since = now;
    return true;
  }
  [[nodiscard]] bool hire_somewhere(time_point now) noexcept {
    std::size_t at = 0;
    while (at < max && seats_[at].who != nullptr) ++at;
    return at < max && hire_at(at, now);
  }
  void disown() noexcept {
    for (hand<crew>* each = late_.first; each != nullptr; each = each->later) {
      each->disowned = true;
      ++disowned_;
      --yard_.threads;
      whole_.keep();
    }
    late_ = {};
    left_behind_ = 0;
  }

  R& rt_;
  joint& joint_;
  const pipeline& stages_;
  lasting<threading>& whole_;
  const duration timeout_ = first_stage().template option<task_timeout_option>().time;
  mutable typename threading::mutex mutex_;
  watch watch_;
  elasticity<min, max> rule_{first_stage().template option<idle_after_option>().time};
  rotation<max> free_;
  std::array<seat, max> seats_{};
  std::size_t hired_ = 0;
  std::size_t busy_ = 0;
  std::size_t left_behind_ = 0;
  std::size_t disowned_ = 0;
  hands at_work_;
  hands late_;
  hand<crew>* back_ = nullptr;
  hand<crew>* newest_back_ = nullptr;
  ticket* pending_ = nullptr;
  time_point patience_ends_ = never;
  [[no_unique_address]] std::conditional_t<traits::later, no_yard, yard> yard_;
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/lead.hpp

namespace tenon::detail::weaving {

/// One that has come back: from the stage's function, or from having waited for room behind it, or late.
template <std::size_t J, class Loom, class Hand>
void receive(Loom& whole, Hand& who, time_point now) noexcept {
  auto& crew = whole.template crew_at<J>();
  if (who.late) return crew.dismiss(who);
  if (who.item == nullptr) return crew.is_idle(who, now);  // there was room
  // The runtime that leads may have another clock than the fabric's, by which items are measured.
  const time_point began = whole.template clock<J>() - (now - crew.has_done(who));
  auto& item = static_cast<typename Loom::ticket_type&>(*std::exchange(who.item, nullptr));
  auto* one = &item;
  whole.template worked<J>(who, &one, 1, began);
  bool done = true;
#if defined(__cpp_exceptions)
  done = who.failure == nullptr;
  item.failure = std::exchange(who.failure, nullptr);
#endif
  if constexpr (!std::is_void_v<typename Hand::out_type>) {
    if (done) {
      done = Loom::guarded(item, [&] { item.template emplace<J + 1>([&] { return std::move(*who.out); }); });
    }
    who.out.reset();
  }
  if (whole.template send_on<J>(who, item, done)) crew.is_idle(who, now);
}

/// What the one slot of an elastic stage does when there is news: see crew.
template <std::size_t J, class Loom>
void lead(Loom& whole, slot& me) noexcept {
  constexpr int batch = 32;  // items that it takes before it lets others run
  auto& from = whole.template joint_at<J>();
  auto& crew = whole.template crew_at<J>();
  assert(here().current != nullptr && "a stage is led on a worker");
  loop& at = *here().current;

  from.calm();
  const auto seen = from.look();
  const time_point now = at.now();
  bool moved = false;
  for (auto* who = crew.next_back(); who != nullptr; who = crew.next_back()) {
    receive<J>(whole, *who, now);
    moved = true;
  }
  for (auto* who = crew.overdue(now); who != nullptr; who = crew.overdue(now)) {
    Loom::tell(crew.leave_behind(*who, now), Loom::errc::timed_out);
    moved = true;
  }
  for (int n = 0; n < batch; ++n) {
    ticket* item = crew.take_pending();
    if (item == nullptr && crew.can_take()) {
      item = from.take(whole.template runtime_before<J>());
      if (item != nullptr &&
          !whole.template examine<J>(me, static_cast<typename Loom::ticket_type&>(*item), whole.template clock<J>())) {
        from.count_expired();
        item->wake();
        moved = true;
        continue;
      }
    }
    if (item == nullptr) break;
    if (crew.assign(static_cast<typename Loom::ticket_type&>(*item), now)) {
      moved = true;
    } else if (!crew.is_empty()) {
      crew.keep_pending(*item);  // until one comes back
      break;
    } else {
      from.refuse();
      Loom::template fail<J>(*item, std::make_error_code(std::errc::resource_unavailable_try_again));
      moved = true;  // there may be more than a batch of them
    }
  }
  crew.adjust(now);
  if (moved) return whole.template runtime_of<J>().schedule(me);
  const bool closed = from.closed(seen);
  const bool settled = crew.settle(at, now, closed);
  if (!whole.go_idle(closed, [&] { return from.go_idle(seen, settled); })) whole.template runtime_of<J>().schedule(me);
}

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/batched.hpp

namespace tenon::detail::weaving {

/// What a function of batches takes and gives: (std::span<X>) changes items in place, (std::span<X>, std::span<Y>)
/// writes a Y for each.
template <class F>
struct batch_signature {
  static constexpr bool known = false;
};
template <class X, class Y = void>
struct batch_types {
  static constexpr bool known = true;
  static constexpr bool in_place = std::is_void_v<Y>;
  using takes = X;
  using gives = std::conditional_t<in_place, X, Y>;
};
template <class X>
struct batch_signature<void (*)(std::span<X>)> : batch_types<X> {};
template <class X>
struct batch_signature<void (*)(std::span<X>) noexcept> : batch_types<X> {};
template <class C, class X>
struct batch_signature<void (C::*)(std::span<X>) const> : batch_types<X> {};
template <class C, class X>
struct batch_signature<void (C::*)(std::span<X>) const noexcept> : batch_types<X> {};
template <class X, class Y>
struct batch_signature<void (*)(std::span<X>, std::span<Y>)> : batch_types<X, Y> {};
template <class X, class Y>
struct batch_signature<void (*)(std::span<X>, std::span<Y>) noexcept> : batch_types<X, Y> {};
template <class C, class X, class Y>
struct batch_signature<void (C::*)(std::span<X>, std::span<Y>) const> : batch_types<X, Y> {};
template <class C, class X, class Y>
struct batch_signature<void (C::*)(std::span<X>, std::span<Y>) const noexcept> : batch_types<X, Y> {};
template <class F>
  requires requires { &F::operator(); }
struct batch_signature<F> : batch_signature<decltype(&F::operator())> {};

/// Whether there is a first value of what it gives, for it to assign to.
template <class F>
inline constexpr bool batch_gives_room = true;
template <class F>
  requires(batch_signature<F>::known)
inline constexpr bool batch_gives_room<F> =
    std::is_default_constructible_v<typename batch_signature<F>::gives> || batch_signature<F>::in_place;

/// A function of batches as the pipeline sees it: of one item, like any other.
template <class F, std::size_t N>
class batched {
 public:
  using takes = typename batch_signature<F>::takes;
  using gives = typename batch_signature<F>::gives;
  static constexpr bool in_place = batch_signature<F>::in_place;
  static constexpr std::size_t most = N;

  constexpr explicit batched(F callable) : function_(std::move(callable)) {}

  constexpr gives operator()(takes x) const {
    if constexpr (in_place) {
      function_(std::span<takes>(&x, 1));
      return x;
    } else {
      gives y{};
      function_(std::span<takes>(&x, 1), std::span<gives>(&y, 1));
      return y;
    }
  }

  constexpr void some(std::span<takes> in) const
    requires(in_place)
  {
    function_(in);
  }
  constexpr void some(std::span<takes> in, std::span<gives> out) const
    requires(!in_place)
  {
    function_(in, out);
  }

 private:
  [[no_unique_address]] F function_;
};

/// Room for some values that lie side by side: as many as were made, and not more, are destroyed.
template <class T, std::size_t N>
class side_by_side {
 public:
  side_by_side() = default;
  side_by_side(const side_by_side&) = delete;
  side_by_side& operator=(const side_by_side&) = delete;
  ~side_by_side() { std::destroy_n(data(), size_); }

  void push(T&& value) noexcept { ::new (static_cast<void*>(room_.data() + sizeof(T) * size_++)) T(std::move(value)); }
  [[nodiscard]] T* data() noexcept { return std::launder(reinterpret_cast<T*>(room_.data())); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::span<T> all() noexcept { return {data(), size_}; }

 private:
  alignas(T) std::array<std::byte, sizeof(T) * N> room_;
  std::size_t size_ = 0;
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/said.hpp

namespace tenon::detail::weaving {

struct ttl_option {
  duration time = duration::max();
};
template <std::size_t N>
struct batch_option {
  static_assert(N >= 2 && N <= 256, "tenon::batch<N>: N, the most items at once, must lie between 2 and 256");
};
template <std::size_t N, class Projection>
struct level_option {
  static_assert(N >= 2 && N <= 16, "tenon::by_level<N>: N, the number of levels, must lie between 2 and 16");
  static constexpr std::size_t levels = N;
  [[no_unique_address]] Projection projection;
};
struct ordered_option {};
struct measured_option {};

/// What those options say, as numbers: part of a stage's plan. Zero: not named.
struct said {
  std::size_t batch = 0;
  std::size_t levels = 0;
  bool expires = false;
  bool ordered = false;
  bool measured = false;
  bool said_twice = false;

  [[nodiscard]] constexpr bool wants_queue() const noexcept { return batch != 0 || levels != 0 || expires; }

  constexpr void hear(std::type_identity<ttl_option>) noexcept {
    said_twice = std::exchange(expires, true) || said_twice;
  }
  template <std::size_t N>
  constexpr void hear(std::type_identity<batch_option<N>>) noexcept {
    said_twice = said_twice || std::exchange(batch, N) != 0;
  }
  template <std::size_t N, class Projection>
  constexpr void hear(std::type_identity<level_option<N, Projection>>) noexcept {
    said_twice = said_twice || std::exchange(levels, N) != 0;
  }
  constexpr void hear(std::type_identity<ordered_option>) noexcept { ordered = true; }
  constexpr void hear(std::type_identity<measured_option>) noexcept { measured = true; }
};

template <class Option>
concept stage_word = requires(said plan) { plan.hear(std::type_identity<Option>{}); };

/// The option of levels among a stage's, or void.
template <class... Options>
struct levels_said {
  using type = void;
};
template <class First, class... Rest>
struct levels_said<First, Rest...> : levels_said<Rest...> {};
template <std::size_t N, class Projection, class... Rest>
struct levels_said<level_option<N, Projection>, Rest...> {
  using type = level_option<N, Projection>;
};

/// How a stage keeps its function: as it is, or as one of batches.
template <class F, class... Options>
struct function_kept {
  using type = F;
};
template <class F, class First, class... Rest>
struct function_kept<F, First, Rest...> : function_kept<F, Rest...> {};
template <class F, std::size_t N, class... Rest>
  requires(batch_signature<F>::known && batch_gives_room<F>)  // else the stage says what is wrong
struct function_kept<F, batch_option<N>, Rest...> {
  using type = batched<F, N>;
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/serving.hpp

namespace tenon::detail::weaving {

/// How a slot goes idle at joint `from` of a loom, if nothing has come since it saw `seen`.
template <class Loom, class Joint, class Seen>
[[nodiscard]] bool rests(Loom& all, Joint& from, const Seen& seen, slot& me) noexcept {
  return all.go_idle(from.closed(seen), [&] { return from.go_idle(seen, me); });
}

/// Runs what is behind the first `Skipped` stages of segment J of a loom on what these gave.
template <std::size_t J, std::size_t Skipped, class Loom, class X>
[[nodiscard]] bool complete(Loom& all, typename Loom::ticket_type& item, X&& x) noexcept {
  return Loom::guarded(item, [&] {
    constexpr auto segment = Loom::segments[J];
    auto taken = std::forward<X>(x);
    if constexpr (segment.begin + Skipped == segment.end) {
      item.template emplace<J + 1>([&] { return std::move(taken); });
    } else {
      const auto call = [&] {
        return run_stages<segment.begin + Skipped, segment.end>(all.stages(), std::move(taken));
      };
      if constexpr (J + 1 == Loom::joints && std::is_void_v<typename Loom::output>) {
        call();
      } else {
        item.template emplace<J + 1>(call);
      }
    }
  });
}

/// Runs segment J on an item. False: it failed, or was too late.
template <std::size_t J, class Loom>
[[nodiscard]] bool handle(Loom& all, slot& me, typename Loom::ticket_type& item) noexcept {
  const time_point began = all.template clock<J>();
  if (!all.template examine<J>(me, item, began)) return false;
  const bool done = complete<J, 0>(all, item, item.template take<J>());
  auto* one = &item;
  all.template worked<J>(me, &one, 1, began);
  return done;
}

/// Counts an item out of joint J, and hands it on. False: the next queue is full, and the slot goes on when it is not.
template <std::size_t J, class Loom>
[[nodiscard]] bool hand_on(Loom& all, slot& me, typename Loom::ticket_type& item, bool done) noexcept {
  auto& from = all.template joint_at<J>();
  if (Loom::template opener<J>::plan.expires && item.error) {
    from.count_expired();
  } else {
    from.leave();
  }
  return all.template send_on<J>(me, item, done);
}

/// Serves joint J of a loom, item by item.
template <std::size_t J, class Loom>
struct one_by_one {
  static void run(Loom& all, slot& me) noexcept {
    auto& from = all.template joint_at<J>();
    for (std::size_t n = 0; n < Loom::batch; ++n) {
      ticket* item = from.take(all.template runtime_before<J>());
      if (item == nullptr) {
        const auto seen = from.look();
        item = from.take(all.template runtime_before<J>());
        if (item == nullptr) {
          if (rests(all, from, seen, me)) return;
          continue;
        }
      }
      auto& taken = static_cast<typename Loom::ticket_type&>(*item);
      const bool done = handle<J>(all, me, taken);
      if (!hand_on<J>(all, me, taken, done)) return;
    }
    all.template runtime_of<J>().schedule(me);
  }
};

/// Serves joint J of a loom, item by item, each let go in its turn.
template <std::size_t J, class Loom>
struct in_order {
  static void run(Loom& all, slot& me) noexcept {
    auto& from = all.template joint_at<J>();
    auto& gate = all.template station_at<J>().gate;
    const auto enter = [&] { return gate.enter(me, [&] { return from.take(all.template runtime_before<J>()); }); };
    if (std::exchange(gate.resumes[me.index], false) && !carry(all, me)) return;
    for (std::size_t n = 0; n < Loom::batch; ++n) {
      auto got = enter();
      if (got.parked) return;
      if (got.item == nullptr) {
        const auto seen = from.look();
        got = enter();
        if (got.parked) return;
        if (got.item == nullptr) {
          if (rests(all, from, seen, me)) return;
          continue;
        }
      }
      (void)weaving::handle<J>(all, me, static_cast<typename Loom::ticket_type&>(*got.item));
      if (gate.bring(*got.item, got.turn) && !carry(all, me)) return;
    }
    all.template runtime_of<J>().schedule(me);
  }

 private:
  /// The porter's round. False: he goes on when `me` runs again, which he may by now.
  static bool carry(Loom& all, slot& me) noexcept {
    auto& gate = all.template station_at<J>().gate;
    for (std::size_t n = 0;; ++n) {
      gate.resumes[me.index] = true;
      if (n == Loom::batch) {
        all.template runtime_of<J>().schedule(me);
        return false;
      }
      const auto [item, unparked] = gate.next();
      if (item == nullptr) {
        gate.resumes[me.index] = false;
        return true;
      }
      if (unparked != nullptr) all.template runtime_of<J>().schedule(*unparked);
      auto& ready = static_cast<typename Loom::ticket_type&>(*item);
      if (!hand_on<J>(all, me, ready, !ready.failed())) return false;
    }
  }
};

/// Serves joint J of a loom, as many items at once as there are.
template <std::size_t J, class Loom>
struct in_batches {
  using function = typename Loom::template opener<J>::function_type;  // a `batched`
  using ticket_type = typename Loom::ticket_type;
  static constexpr std::size_t most = function::most;

  static void run(Loom& all, slot& me) noexcept {
    auto& from = all.template joint_at<J>();
    if (!hand_on(all, me)) return;
    for (std::size_t n = 0; n < Loom::batch; ++n) {
      std::array<ticket_type*, most> items;
      std::size_t count = 0;
      const auto fill = [&] {
        while (count < most) {
          ticket* const item = from.take(all.template runtime_before<J>());
          if (item == nullptr) break;
          items[count++] = static_cast<ticket_type*>(item);
        }
        return count != 0;
      };
      if (!fill()) {
        const auto seen = from.look();
        if (!fill()) {
          if (rests(all, from, seen, me)) return;
          continue;
        }
      }
      handle(all, me, items.data(), count);
      if (!hand_on(all, me)) return;
    }
    all.template runtime_of<J>().schedule(me);
  }

 private:
  static void handle(Loom& all, slot& me, ticket_type** items, std::size_t count) noexcept {
    auto& backlog = all.template station_at<J>().backlog[me.index];
    const time_point began = all.template clock<J>();
    std::size_t fresh = 0;
    for (std::size_t i = 0; i < count; ++i) {
      backlog.push(*items[i]);
      if (all.template examine<J>(me, *items[i], began)) items[fresh++] = items[i];
    }
    if (fresh == 0) return;
    side_by_side<typename function::takes, most> in;
    for (std::size_t i = 0; i < fresh; ++i) in.push(items[i]->template take<J>());
    const function& f = all.template opener_at<J>().function();
    if constexpr (function::in_place) {
      if (call(items, fresh, [&] { f.some(in.all()); })) finish(all, items, in);
    } else {
      side_by_side<typename function::gives, most> out;
      const bool done = call(items, fresh, [&] {
        for (std::size_t i = 0; i < fresh; ++i) out.push({});
        f.some(in.all(), out.all());
      });
      if (done) finish(all, items, out);
    }
    all.template worked<J>(me, items, fresh, began);
  }

  template <class F>
  static bool call(ticket_type** items, std::size_t count, F f) noexcept {
#if defined(__cpp_exceptions)
    try {
      f();
    } catch (...) {
      for (std::size_t i = 0; i < count; ++i) items[i]->failure = std::current_exception();
      return false;
    }
#else
    f();
    (void)items, (void)count;
#endif
    return true;
  }

  /// Of what came out of the function: each goes through the other stages of its segment by itself.
  template <class Values>
  static void finish(Loom& all, ticket_type** items, Values& values) noexcept {
    for (std::size_t i = 0; i < values.size(); ++i) {
      (void)complete<J, 1>(all, *items[i], std::move(values.data()[i]));
    }
  }

  /// All that is left of the last batch. False: the slot goes on when it runs again, which it may by now.
  static bool hand_on(Loom& all, slot& me) noexcept {
    auto& backlog = all.template station_at<J>().backlog[me.index];
    while (work* const next = backlog.pop()) {
      auto& item = *static_cast<ticket_type*>(next);
      if (!weaving::hand_on<J>(all, me, item, !item.failed())) return false;
    }
    return true;
  }
};

/// How joint J is served.
template <std::size_t J, class Loom>
using serving =
    std::conditional_t<Loom::template opener<J>::plan.batch != 0, in_batches<J, Loom>,
                       std::conditional_t<Loom::template at<J>::ordered, in_order<J, Loom>, one_by_one<J, Loom>>>;

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/gauge.hpp

namespace tenon::detail::weaving {

/// When an item came to where it is now; nothing where nobody asks.
template <bool Timed>
struct stamp {
  time_point since{};
};
template <>
struct stamp<false> {};

template <bool Timed, class Ticket>
struct stamped : Ticket, stamp<Timed> {};

/// How long items waited for a worker, and how long it worked on them: two histograms a worker, which alone writes
/// them. Off: nothing.
template <class Histogram, std::size_t Workers, bool On>
struct gauge {
  static constexpr bool on = true;
  struct of_worker {
    Histogram wait;
    Histogram service;
  };
  std::array<of_worker, Workers> workers;

  static std::uint64_t as_number(duration time) noexcept {
    return time < duration::zero() ? 0 : static_cast<std::uint64_t>(time.count());
  }
  void waited(std::size_t worker, duration time) noexcept { workers[worker].wait.record(as_number(time)); }
  void worked(std::size_t worker, duration time) noexcept { workers[worker].service.record(as_number(time)); }
};
template <class Histogram, std::size_t Workers>
struct gauge<Histogram, Workers, false> {
  static constexpr bool on = false;
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/turnstile.hpp

namespace tenon::detail::weaving {

/// Where the items of a stage of several workers get back into the order in which they were taken.
///
/// Let t be the number of items taken and h of those let go; item i of [h, t) is in a worker's hands, or lies in
/// done_[i mod Room]. All of it under one mutex:
///   (1) t - h <= Room: who would take one more is parked, until one is let go;
///   (2) at most one slot lets go at a time, the *porter*; done_[h] is empty when there is none, so that whoever brings
///       item h becomes the porter. A porter that has to wait for room in the next queue stays it. So items are let go
///       in order, by one at a time, each after the one before it: to the next queue they are one producer's;
///   (3) no slot is parked for ever: it was parked with Room items under way, each of which unparks one as it is let
///       go, and parked are fewer than Workers <= Room.
/// A parked slot is active: it cannot go idle, and the joint is not quiet.
template <class Threading, std::size_t Workers>
class turnstile {
 public:
  static constexpr std::size_t room = std::bit_ceil(2 * Workers);

  struct taken {
    ticket* item;
    std::uint64_t turn;
    bool parked;
  };

  /// Calls take() for an item, if there is room for its turn. Parked: `me` will be scheduled, and is not to be touched.
  template <class Take>
  [[nodiscard]] taken enter(work& me, Take take) noexcept {
    const std::lock_guard hold(mutex_);
    if (taken_ - let_go_ == room) {
      parked_.push(me);
      return {nullptr, 0, true};
    }
    ticket* const item = take();
    return {item, item != nullptr ? taken_++ : 0, false};
  }

  /// Brings a finished item. True: the caller is the porter now.
  [[nodiscard]] bool bring(ticket& item, std::uint64_t turn) noexcept {
    const std::lock_guard hold(mutex_);
    done_[turn % room] = &item;
    return turn == let_go_ && !std::exchange(has_porter_, true);
  }

  struct released {
    ticket* item;
    work* unparked;
  };
  /// The porter's: the item whose turn it is, and a slot that there is room for now; without an item he is porter no
  /// more.
  [[nodiscard]] released next() noexcept {
    const std::lock_guard hold(mutex_);
    ticket* const item = std::exchange(done_[let_go_ % room], nullptr);
    if (item == nullptr) {
      has_porter_ = false;
      return {nullptr, nullptr};
    }
    ++let_go_;
    return {item, parked_.pop()};
  }

  /// The porter's own note that he is it while he waits elsewhere.
  std::array<bool, Workers> resumes{};

 private:
  [[no_unique_address]] typename Threading::mutex mutex_;
  std::array<ticket*, room> done_{};
  std::uint64_t taken_ = 0;
  std::uint64_t let_go_ = 0;
  bool has_porter_ = false;
  work_list parked_;
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/station.hpp

namespace tenon::detail::weaving {

struct no_turnstile {};
struct no_backlog {};

/// What a stage has behind its joint: nothing, unless its words ask for it.
template <class Threading, class Histogram, std::size_t Workers, bool Measured, bool Ordered, bool Batched>
struct station {
  [[no_unique_address]] gauge<Histogram, Workers, Measured> times;
  [[no_unique_address]] std::conditional_t<Ordered, turnstile<Threading, Workers>, no_turnstile> gate;
  /// Of each slot: the items of its last batch that it has still to hand on.
  [[no_unique_address]] std::conditional_t<Batched, std::array<work_list, Workers>, no_backlog> backlog;
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/domain.hpp

namespace tenon::detail::weaving {

/// The runtime whose workers run a stage, where it is not that of the fabric.
template <class R>
struct domain_option {
  R* runtime = nullptr;
};

/// The first domain among a stage's options, or void.
template <class... Options>
struct domain_said {
  using type = void;
};
template <class First, class... Rest>
struct domain_said<First, Rest...> : domain_said<Rest...> {};
template <class R, class... Rest>
struct domain_said<domain_option<R>, Rest...> {
  using type = R;
};

/// The runtime of a stage in a fabric on R.
template <class Said, class R>
using runtime_or = std::conditional_t<std::is_void_v<Said>, R, Said>;

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/levels.hpp

namespace tenon::detail::weaving {

/// N queues as one: an item goes into that of its level, and comes out of the first that is not empty.
///
/// Ageing: of each `rescue` pops one begins to look at another level than the first, each in its turn: within
/// rescue * N pops each level is once the first that is looked at. Who counts the pops does it relaxed and with a plain
/// addition: two consumers that count as one put that off by one.
template <class Queue, class Threading, std::size_t N>
class levels {
  static constexpr std::size_t rescue = 16;

 public:
  static constexpr std::size_t level_count = N;

  [[nodiscard]] bool try_push(ticket*&& item) noexcept {
    const std::size_t level = item->level < N ? item->level : N - 1;
    return queues_[level].try_push(static_cast<ticket*&&>(item));
  }
  /// The oldest of those that keep `item` out.
  [[nodiscard]] std::optional<ticket*> try_pop_for(const ticket& item) noexcept {
    return queues_[item.level < N ? item.level : N - 1].try_pop();
  }
  [[nodiscard]] std::optional<ticket*> try_pop() noexcept {
    const std::size_t pops = pops_.load(std::memory_order_relaxed);
    const std::size_t first = pops % rescue == 0 ? pops / rescue : 0;
    for (std::size_t i = 0; i < N; ++i) {
      if (std::optional<ticket*> item = queues_[(first + i) % N].try_pop()) {
        pops_.store(pops + 1 < rescue * N ? pops + 1 : 0, std::memory_order_relaxed);
        return item;
      }
    }
    return std::nullopt;
  }

 private:
  std::array<Queue, N> queues_;
  typename Threading::template atomic<std::size_t> pops_{0};
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/weave.hpp

namespace tenon::detail::weaving {

/// How many items a joint's queue holds where nobody says.
inline constexpr std::size_t usual_capacity = 1024;

/// What the runtime's sentence says of queues; ByTopology where it says nothing.
template <class R, class ByTopology>
struct queue_word {
  using type = ByTopology;
};
template <class R, class ByTopology>
  requires requires { typename R::queue; }
struct queue_word<R, ByTopology> {
  using type = typename R::queue;
};

/// The queue of a joint: the one that its stage names; else, where the stage names a capacity or the runtime names no
/// queue, the one that the two ends allow; else the runtime's.
template <class Named, class Runtimes, class ByTopology, bool ManyProducers, bool ManyConsumers, std::size_t Capacity>
auto choose_queue() {
  if constexpr (!std::is_void_v<Named>) {
    return std::type_identity<Named>{};
  } else if constexpr (Capacity != 0) {
    return std::type_identity<typename ByTopology::template choose<ManyProducers, ManyConsumers, Capacity>>{};
  } else if constexpr (std::is_same_v<Runtimes, ByTopology>) {
    return std::type_identity<typename ByTopology::template choose<ManyProducers, ManyConsumers, usual_capacity>>{};
  } else {
    return std::type_identity<Runtimes>{};
  }
}

/// A queue that its stage cannot be fed through. Instantiating it says so.
template <fixed_string Stage, class Queue, bool ManyProducers, bool ManyConsumers>
struct queue_before {
  static constexpr bool fits = true;  // one error is enough
  static_assert(
      Queue::many_producers || !ManyProducers,
      "tenon::fabric: the queue named for a stage allows one producer, and there are more (queue_before<stage, "
      "queue, ...> names them); write queue_of<N>, which chooses, or mpmc<N>");
  static_assert(
      Queue::many_consumers || !ManyConsumers,
      "tenon::fabric: the queue named for a stage allows one consumer, and there are more, for drop_oldest makes "
      "each producer one (queue_before<stage, queue, ...> names them); write queue_of<N>, which chooses, or mpmc<N>");
};

template <class Queue, class Threading, std::size_t Levels>
struct leveled {
  using type = levels<Queue, Threading, Levels>;
};
template <class Queue, class Threading>
struct leveled<Queue, Threading, 0> {
  using type = Queue;
};

/// Whether a runtime's observe policy wants all stages measured.
template <class R>
inline constexpr bool times_stages = false;
template <class R>
  requires requires { R::observe::times_stages; }
inline constexpr bool times_stages<R> = R::observe::times_stages;

/// All that follows from a runtime and a pipeline at compile time.
template <class R, class Pipeline, class ByTopology>
struct weave {
  using runtime = R;
  using pipeline = Pipeline;
  using threading = typename R::threading;

  static constexpr auto& segments = Pipeline::segments;
  static constexpr std::size_t count = segments.size();

  template <std::size_t J>
  using opener = typename Pipeline::template stage_at<segments[J].begin>;

  template <std::size_t J>
  using runtime_at = runtime_or<typename opener<J>::domain, R>;

  template <std::size_t J>
  struct joint_at {
    /// Whether what takes part from outside, threads or another runtime's workers, may.
    static constexpr bool concurrent =
        (std::is_void_v<typename opener<J>::domain> || (threading::concurrent && runtime_at<J>::threading::concurrent));
    static constexpr bool has_threads =
        threading::concurrent || !segments[J].elastic || elastic_traits<typename opener<J>::function_type>::later;
    using when_full = typename opener<J>::when_full;
    static constexpr auto& plan = opener<J>::plan;
    static constexpr bool elastic = segments[J].elastic;
    static constexpr std::size_t workers = elastic ? 1 : segments[J].workers;  // at the queue: of these, who leads them
    static constexpr bool many_producers = [] {
      if constexpr (J == 0) {
        return threading::concurrent;  // anybody submits
      } else {
        return threading::concurrent && segments[J - 1].workers > 1 && !opener<J - 1>::plan.ordered;
      }
    }();
    static constexpr bool many_consumers = threading::concurrent && (workers > 1 || when_full::producer_pops);
    using queue = typename decltype(choose_queue<typename opener<J>::queue, typename queue_word<R, ByTopology>::type,
                                                 ByTopology, many_producers, many_consumers, plan.capacity>())::type;
    static constexpr bool fits =
        (queue::many_producers || !many_producers) && (queue::many_consumers || !many_consumers);
    using channel = typename leveled<typename queue::template of<ticket*, threading>, threading, plan.levels>::type;
    using type = joint<threading, channel, when_full, workers, elastic>;

    static constexpr bool ordered = plan.ordered && workers > 1;
    static constexpr bool measured = plan.measured || times_stages<R>;
    static constexpr bool timed = measured || plan.expires;
  };

  template <std::size_t J = 0>
  static auto misfit() {
    if constexpr (J == count) {
      return std::type_identity<no_misfit>{};
    } else if constexpr (joint_at<J>::fits) {
      return misfit<J + 1>();
    } else {
      using at = joint_at<J>;
      return std::type_identity<
          queue_before<opener<J>::name, typename at::queue, at::many_producers, at::many_consumers>>{};
    }
  }

  // What stages [Begin, End) give for an X, as a value.
  template <std::size_t Begin, std::size_t End, class X>
  struct after {
    using type = decltype(run_stages<Begin, End>(std::declval<const Pipeline&>().stages(), std::declval<X>()));
  };
  template <std::size_t At, class X>
  struct after<At, At, X> {
    using type = X;
  };

  using first = typename Pipeline::template stage_at<0>;
  static constexpr bool input_known = !std::is_same_v<typename first::takes, any_type>;
  using input = std::remove_cvref_t<typename first::takes>;

  template <std::size_t J>
  struct value {
    using type = typename after<segments[J - 1].begin, segments[J - 1].end, typename value<J - 1>::type>::type;
  };
  template <std::size_t J>
    requires(J == 0)
  struct value<J> {
    using type = typename after<0, segments[0].begin, input>::type;
  };
  struct no_crew {
    static constexpr bool exists = false;
  };
  template <std::size_t J>
  struct crew_at {
    using type = no_crew;
  };
  template <std::size_t J>
    requires(joint_at<J>::elastic)
  struct crew_at<J> {
    using type = std::optional<crew<weave, J>>;
  };
  template <class = std::make_index_sequence<count>>
  struct parts;
  template <std::size_t... J>
  struct parts<std::index_sequence<J...>> {
    static constexpr bool concurrent = (joint_at<J>::concurrent && ...);
    static constexpr bool has_threads = (joint_at<J>::has_threads && ...);
    static constexpr bool moves_in_peace = (std::is_nothrow_move_constructible_v<typename value<J>::type> && ...);
    using joints = std::tuple<typename joint_at<J>::type...>;
    using crews = std::tuple<typename crew_at<J>::type...>;
    static constexpr bool timed = (joint_at<J>::timed || ...);
    using ticket = stamped<timed, ticket_of<typename value<J>::type..., typename value<count>::type>>;
  };
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/detail/loom.hpp

namespace tenon::detail::weaving {

/// A fabric at work: joints, the function that each slot runs, and the end. `Errc` has the reasons for which an item
/// comes back.
///
/// Closed and drained. close() first freezes the number of entries of the first joint, then sets the closed bit of each
/// joint. A slot that finds it when it wants to go idle does so under mutex_, and then looks whether the first joint is
/// quiet, which it stays, then the second, whose number of entries is thereby final, and so on. Let x be the last event
/// that makes a joint quiet. It is not a signal: one that finds an idle slot makes it active, and one that finds none
/// leaves an active one behind. So it is a slot going idle: before the closed bit was set, and then close() sees it, or
/// under mutex_, and then the slot itself does. Whoever does has the fabric to itself until it wakes a waiter.
template <class R, class Pipeline, class ByTopology, class Errc, class Histogram>
class loom : public lasting<typename R::threading> {
  using woven = weave<R, Pipeline, ByTopology>;
  using threading = typename R::threading;

  static constexpr std::size_t last = woven::count - 1;

  template <std::size_t J>
  using station_of =
      station<threading, Histogram, woven::template joint_at<J>::workers, woven::template joint_at<J>::measured,
              woven::template joint_at<J>::ordered, (woven::template opener<J>::plan.batch != 0)>;
  template <class = std::make_index_sequence<woven::count>>
  struct every;
  template <std::size_t... J>
  struct every<std::index_sequence<J...>> {
    using stations = std::tuple<station_of<J>...>;
  };

 public:
  template <std::size_t J>
  using at = typename woven::template joint_at<J>;
  template <std::size_t J>
  using opener = typename woven::template opener<J>;
  using ticket_type = typename woven::template parts<>::ticket;
  using input = typename woven::input;
  using output = typename woven::template value<woven::count>::type;
  using errc = Errc;
  static constexpr std::size_t joints = woven::count;
  static constexpr auto& segments = Pipeline::segments;
  static constexpr std::size_t batch = 32;  // items that a slot takes before it lets others run

  loom(R& rt, const Pipeline& stages)
      : lasting<threading>([](lasting<threading>& self) noexcept { delete &static_cast<loom&>(self); }),
        rt_(rt),
        pipeline_(stages) {
    each([this](auto j) {
      this->template joint_at<j>().set_up(this, &serve<j>);
      if constexpr (is_elastic<j>) {
        std::get<j>(crews_).emplace(this->template runtime_of<j>(), this->template joint_at<j>(), pipeline_,
                                    static_cast<lasting<threading>&>(*this));
      }
    });
  }
  loom(const loom&) = delete;
  loom& operator=(const loom&) = delete;
  ~loom() { assert((drained_ || joint_at<0>().entries() == 0) && "a fabric is drained before it is destroyed"); }

  [[nodiscard]] const auto& stages() const noexcept { return pipeline_.stages(); }
  template <std::size_t J>
  [[nodiscard]] auto& joint_at() noexcept {
    return std::get<J>(joints_);
  }
  template <std::size_t J>
  [[nodiscard]] auto& crew_at() noexcept {
    return *std::get<J>(crews_);
  }
  template <std::size_t J>
  static constexpr bool is_elastic = woven::template joint_at<J>::elastic;
  /// The joint of the elastic stage of that name; `joints` if there is none.
  template <fixed_string Stage>
  [[nodiscard]] static consteval std::size_t elastic_named() noexcept {
    std::size_t found = joints;
    each([&](auto j) {
      if (is_elastic<j> && woven::template opener<j>::name.view() == Stage.view()) found = j;
    });
    return found;
  }
  /// The same of the measured one.
  template <fixed_string Stage>
  [[nodiscard]] static consteval std::size_t measured_named() noexcept {
    std::size_t found = joints;
    each([&](auto j) {
      if (at<j>::measured && woven::template opener<j>::name.view() == Stage.view()) found = j;
    });
    return found;
  }
  /// `see(stage, calls left behind)` for each elastic stage.
  template <class See>
  void each_crew(See see) const {
    each([&](auto j) {
      if constexpr (is_elastic<j>) see(opener<j>::name.view(), std::get<j>(crews_)->health().left_behind);
    });
  }
  template <std::size_t J>
  [[nodiscard]] auto& station_at() noexcept {
    return std::get<J>(stations_);
  }
  template <std::size_t J>
  [[nodiscard]] const auto& opener_at() const noexcept {
    return std::get<Pipeline::segments[J].begin>(stages());
  }
  /// The runtime that serves joint J, and that of what is before it.
  template <std::size_t J>
  [[nodiscard]] auto& runtime_of() const noexcept {
    using other = typename opener<J>::domain;
    if constexpr (std::is_void_v<other>) {
      return rt_;
    } else {
      return *opener_at<J>().template option<domain_option<other>>().runtime;
    }
  }
  template <std::size_t J>
  [[nodiscard]] auto& runtime_before() const noexcept {
    if constexpr (J == 0) {
      return rt_;
    } else {
      return runtime_of<J - 1>();
    }
  }

  /// Its owner's, when it is drained: the workers of elastic stages leave. It ends with the last call left behind.
  void part() noexcept {
    each([this](auto j) {
      if constexpr (is_elastic<j>) this->template crew_at<j>().end();
    });
    this->release();
  }

  /// Ends an item whose value at joint J is still in the ticket.
  template <std::size_t J>
  static void fail(ticket& item, std::error_code error) noexcept {
    static_cast<ticket_type&>(item).template discard<J>();
    tell(item, error);
  }
  /// The same for one whose value is elsewhere.
  static void tell(ticket& item, std::error_code error) noexcept {
    item.error = error;
    item.wake();
  }
  /// Ends what drop_oldest takes out of joint J.
  template <std::size_t J>
  [[nodiscard]] static auto losing() noexcept {
    return [](ticket& oldest) { fail<J>(oldest, Errc::dropped); };
  }

  /// Before an item is offered to joint J. Stamped: it bears the time already.
  template <std::size_t J, bool Stamped = false>
  void prepare(ticket_type& item) const noexcept {
    if constexpr (opener<J>::plan.levels != 0) {
      using levels_of = typename opener<J>::by_level;
      const auto level =
          opener_at<J>().template option<levels_of>().projection(std::as_const(item.template value<J>()));
      const auto number = static_cast<std::size_t>(level);
      item.level = static_cast<std::uint8_t>(number < levels_of::levels ? number : levels_of::levels - 1);
    }
    if constexpr (at<J>::timed && !Stamped) item.since = rt_.now();
    (void)item;
  }

  void close() noexcept {
    finish([this] {
      if (std::exchange(closed_, true)) return;
      entries_ = joint_at<0>().close_entry();
      each([this](auto j) {
        auto& joint = this->template joint_at<j>();
        joint.close();
        if constexpr (is_elastic<j>) joint.nudge_unless_settled(this->template runtime_of<j>());
      });
    });
  }
  /// False: there is nothing to wait for.
  [[nodiscard]] bool wait_until_drained(waiter& who) noexcept {
    const std::lock_guard hold(mutex_);
    if (!drained_) waiters_.push(who);
    return !drained_;
  }

  /// What the workers of joint J have measured, all of them.
  template <std::size_t J>
  void read_times(auto& wait, auto& service) const noexcept {
    for (const auto& each : std::get<J>(stations_).times.workers) {
      wait.add(each.wait);
      service.add(each.service);
    }
  }
  [[nodiscard]] std::array<joint_counts, woven::count> counts() const noexcept {
    return [this]<std::size_t... J>(std::index_sequence<J...>) {
      return std::array{std::get<J>(joints_).counts(woven::template opener<J>::name.view())...};
    }(std::make_index_sequence<woven::count>{});
  }

  // A slot's.

  /// The time, where joint J wants it.
  template <std::size_t J>
  [[nodiscard]] time_point clock() const noexcept {
    if constexpr (at<J>::timed) {
      return rt_.now();
    } else {
      return {};
    }
  }
  /// Whether an item that was taken at `now` is to be handled; else it is at its end.
  template <std::size_t J>
  [[nodiscard]] bool examine([[maybe_unused]] slot& me, [[maybe_unused]] ticket_type& item,
                             [[maybe_unused]] time_point now) noexcept {
    if constexpr (opener<J>::plan.expires) {
      if (now - item.since > opener_at<J>().template option<ttl_option>().time) {
        item.template discard<J>();
        item.error = Errc::expired;
        return false;
      }
    }
    if constexpr (at<J>::measured) station_at<J>().times.waited(is_elastic<J> ? 0 : me.index, now - item.since);
    return true;
  }
  /// After `count` items, begun at once, are done.
  template <std::size_t J>
  void worked([[maybe_unused]] slot& me, [[maybe_unused]] ticket_type** items, [[maybe_unused]] std::size_t count,
              [[maybe_unused]] time_point began) noexcept {
    if constexpr (at<J>::measured) {
      const time_point now = rt_.now();
      for (std::size_t i = 0; i < count; ++i) {
        station_at<J>().times.worked(is_elastic<J> ? 0 : me.index, now - began);
        items[i]->since = now;
      }
    }
  }

  /// Gives an item to the next joint, or back to its submitter. False: no room yet, and `me` goes on when there is.
  template <std::size_t J>
  [[nodiscard]] bool send_on(slot& me, ticket_type& item, [[maybe_unused]] bool done) noexcept {
    if constexpr (J < last) {
      if (done) {
        prepare<J + 1, at<J>::measured && !at<J>::ordered>(item);
        return pass<J + 1>(me, item);
      }
    }
    item.wake();
    return true;
  }
  template <class F>
  [[nodiscard]] static bool guarded(ticket& item, F f) noexcept {
#if defined(__cpp_exceptions)
    try {
      f();
    } catch (...) {
      item.failure = std::current_exception();
      return false;
    }
#else
    f();
    (void)item;
#endif
    return true;
  }

  /// Does `step`, by which a slot goes idle, and then what there is to do if that was the last.
  template <class F>
  [[nodiscard]] bool go_idle(bool closed, F step) noexcept {
    if (!closed) return step();
    bool idle = false;
    finish([&] { idle = step(); });
    return idle;
  }

 private:
  template <class F>
  static constexpr void each(F f) {
    [&]<std::size_t... J>(std::index_sequence<J...>) {
      (f(std::integral_constant<std::size_t, J>{}), ...);
    }(std::make_index_sequence<woven::count>{});
  }

  template <std::size_t J>
  static void serve(work& item) noexcept {
    slot& me = static_cast<slot&>(item);
    loom& self = *static_cast<loom*>(me.fabric);
    if constexpr (is_elastic<J>) {
      lead<J>(self, me);
    } else {
      serving<J, loom>::run(self, me);
    }
  }

  template <std::size_t J>
  [[nodiscard]] bool pass(slot& me, ticket_type& item) noexcept {
    auto& to = joint_at<J>();
    to.count_in();
    switch (to.offer(runtime_of<J>(), item, losing<J>())) {
      case entry::taken: return true;
      case entry::full:
        to.stall(runtime_of<J>(), item, me);  // by the time it returns, `me` may run on another thread
        return false;
      case entry::rejected: fail<J>(item, Errc::rejected); return true;
      case entry::dropped: fail<J>(item, Errc::dropped); return true;
    }
    return true;
  }

  /// Does `step` under the mutex, and wakes those who wait for the end if this is it. Then nothing is touched any more.
  template <class F>
  void finish(F step) noexcept {
    work_list woken;
    {
      const std::lock_guard hold(mutex_);
      step();
      if (closed_ && !drained_ && all_quiet()) {
        drained_ = true;
        woken = std::move(waiters_);
      }
    }
    while (work* const each_one = woken.pop()) static_cast<waiter*>(each_one)->wake();
  }

  [[nodiscard]] bool all_quiet() noexcept {
    bool quiet = true;
    each([&](auto j) {
      auto& joint = this->template joint_at<j>();
      quiet = quiet && joint.quiet(j == 0 ? entries_ : joint.entries());
    });
    return quiet;
  }

  R& rt_;
  Pipeline pipeline_;
  typename woven::template parts<>::joints joints_;
  [[no_unique_address]] typename woven::template parts<>::crews crews_;
  [[no_unique_address]] typename every<>::stations stations_;
  [[no_unique_address]] typename threading::mutex mutex_;
  work_list waiters_;
  std::uint64_t entries_ = 0;
  bool closed_ = false;
  bool drained_ = false;
};

}  // namespace tenon::detail::weaving
// tenon/pipeline/words.hpp

namespace tenon {

/// More options of a stage, each of which needs a queue before it: the first three open one.
///
/// ttl(time)         An item that has waited longer than `time` before the stage, for room or in its queue, is not
///                   handled: its submitter is answered pipeline_errc::expired when a worker gets to it. By the
///                   runtime's clock, which may be a virtual one.
/// batch<N>          The function takes up to N items at once, as std::span<T>, and changes them; or std::span<T>,
///                   std::span<U>, and writes a U for each. A batch is what is there: nobody waits until it is full.
///                   An exception is that of each item of the batch.
/// by_level<N>(f)    N queues in the place of one, each with the capacity named: f(item), which must not throw, says
///                   which; 0 is served first. No level starves: of each 16 items one is taken from another level, each
///                   in its turn, so that an item with k before it in its level waits for at most 16 * N * (k + 1)
///                   others, however many come. drop_oldest drops the oldest of the level that is full. With block, who
///                   comes while anybody waits for room waits too, behind those of his own level.
/// ordered           Items leave a stage of several workers in the order in which they were taken from its queue. A
///                   slow one holds those behind it, and when they are twice as many as workers, the stage.
/// measured          The stage keeps histograms of how long items wait before it and how long they are worked on:
///                   fabric::times. Two readings of the clock an item, and 18 KiB a worker. A runtime whose observe
///                   policy has `times_stages` measures all stages.
[[nodiscard]] constexpr detail::weaving::ttl_option ttl(duration time) noexcept {
  return detail::weaving::ttl_option{time};
}
template <std::size_t N>
inline constexpr detail::weaving::batch_option<N> batch{};
template <std::size_t N, class Projection>
[[nodiscard]] constexpr detail::weaving::level_option<N, Projection> by_level(Projection f) {
  return detail::weaving::level_option<N, Projection>{std::move(f)};
}
inline constexpr detail::weaving::ordered_option ordered{};
inline constexpr detail::weaving::measured_option measured{};

}  // namespace tenon
// tenon/queue/overflow.hpp

namespace tenon {

/// What happens to an item that meets a full queue: the types of the words below. A word of your own is of this make:
///
/// waits          The producer waits until there is room.
/// rejects        The producer gets the item back, and is told so; else the item is dropped, and counted.
/// producer_pops  Before that the producer takes the oldest item out, so that the queue needs many consumers.
namespace overflow {

struct block {
  static constexpr auto word = fixed_string("block");
  static constexpr bool waits = true;
  static constexpr bool rejects = false;
  static constexpr bool producer_pops = false;
};
struct reject {
  static constexpr auto word = fixed_string("reject");
  static constexpr bool waits = false;
  static constexpr bool rejects = true;
  static constexpr bool producer_pops = false;
};
struct drop_oldest {
  static constexpr auto word = fixed_string("drop_oldest");
  static constexpr bool waits = false;
  static constexpr bool rejects = false;
  static constexpr bool producer_pops = true;
};
struct drop_newest {
  static constexpr auto word = fixed_string("drop_newest");
  static constexpr bool waits = false;
  static constexpr bool rejects = false;
  static constexpr bool producer_pops = false;
};

}  // namespace overflow

/// One of the types above, or of the same make.
template <class P>
concept overflow_word = std::is_empty_v<P> && requires {
  std::string_view{P::word};
  { P::waits } -> std::convertible_to<bool>;
  { P::rejects } -> std::convertible_to<bool>;
  { P::producer_pops } -> std::convertible_to<bool>;
};

/// The words, for a joint:
///
///     tenon::stage<"handle">(handle, tenon::queue_of<1024>, tenon::reject)
///
/// block        The producer waits until there is room: backpressure.
/// reject       The producer gets its item back, and an error.
/// drop_oldest  The oldest item in the queue is dropped and counted, and the new one takes its place.
/// drop_newest  The new item is dropped and counted.
inline constexpr overflow::block block{};
inline constexpr overflow::reject reject{};
inline constexpr overflow::drop_oldest drop_oldest{};
inline constexpr overflow::drop_newest drop_newest{};

static_assert(overflow_word<overflow::block> && overflow_word<overflow::reject> &&
              overflow_word<overflow::drop_oldest> && overflow_word<overflow::drop_newest>);

}  // namespace tenon
// tenon/pipeline/stage.hpp

namespace tenon {

namespace detail::weaving {

template <std::size_t N>
struct workers_option {
  static_assert(N >= 1 && N <= max_workers, "tenon::workers<N>: N must lie between 1 and 31");
};
template <std::size_t N>
struct capacity_option {
  static_assert(N >= 1, "tenon::queue_of<N>: N, how many items the queue holds, must be at least 1");
};
template <class T>
struct takes_option {};
struct fused_option {};

/// What the options of a stage say, as numbers. Zero workers, or a capacity of zero: not named.
struct stage_plan : said {
  std::size_t workers = 0;
  std::size_t least = 0;  // of elastic workers
  std::size_t capacity = 0;
  bool names_overflow = false;
  bool names_queue = false;
  bool fused = false;
  bool elastic = false;
  bool names_times = false;
  bool names_domain = false;
  unsigned unknown = 0;
  bool twice = false;

  [[nodiscard]] constexpr bool opens() const noexcept {
    return workers != 0 || capacity != 0 || names_queue || names_overflow || names_domain || wants_queue();
  }

  template <std::size_t N>
  constexpr void add(std::type_identity<workers_option<N>>) noexcept {
    twice = twice || workers != 0;
    workers = N;
  }
  template <std::size_t Min, std::size_t Max>
  constexpr void add(std::type_identity<elastic_option<Min, Max>>) noexcept {
    twice = twice || workers != 0;
    least = Min;
    workers = Max;
    elastic = true;
  }
  template <class Option>
    requires says_of_time<Option>
  constexpr void add(std::type_identity<Option>) noexcept {
    names_times = true;
  }
  template <class R>
  constexpr void add(std::type_identity<domain_option<R>>) noexcept {
    twice = twice || names_domain;
    names_domain = true;
  }
  template <std::size_t N>
  constexpr void add(std::type_identity<capacity_option<N>>) noexcept {
    twice = twice || capacity != 0 || names_queue;
    capacity = N;
  }
  template <policy_of<family::queue> P>
  constexpr void add(std::type_identity<P>) noexcept {
    twice = twice || capacity != 0 || names_queue;
    names_queue = true;
  }
  template <overflow_word W>
  constexpr void add(std::type_identity<W>) noexcept {
    twice = twice || names_overflow;
    names_overflow = true;
  }
  template <class T>
  constexpr void add(std::type_identity<takes_option<T>>) noexcept {}
  constexpr void add(std::type_identity<fused_option>) noexcept { fused = true; }
  template <stage_word Word>
  constexpr void add(std::type_identity<Word> word) noexcept {
    hear(word);
  }
  template <class Other>
  constexpr void add(std::type_identity<Other>) noexcept {
    ++unknown;
  }
};

/// Of the options the queue policy, the overflow word, and the type that the stage is said to take.
template <class Signature, class... Options>
struct stage_types {
  using queue = void;
  using when_full = overflow::block;
  using takes = Signature;
};
template <class Signature, class First, class... Rest>
struct stage_types<Signature, First, Rest...> : stage_types<Signature, Rest...> {};
template <class Signature, policy_of<family::queue> P, class... Rest>
struct stage_types<Signature, P, Rest...> : stage_types<Signature, Rest...> {
  using queue = P;
};
template <class Signature, overflow_word W, class... Rest>
struct stage_types<Signature, W, Rest...> : stage_types<Signature, Rest...> {
  using when_full = W;
};
template <class Signature, class T, class... Rest>
struct stage_types<Signature, takes_option<T>, Rest...> : stage_types<Signature, Rest...> {
  using takes = T;
};

template <fixed_string Name, class Function, class... Options>
class stage_of {
  using plain = typename function_kept<Function, Options...>::type;
  using types = stage_types<typename signature<plain>::takes, Options...>;
  using F = typename kept_function<plain, typename types::takes>::type;
  using elastic = elastic_traits<F>;

 public:
  using function_type = F;
  using queue = typename types::queue;
  using when_full = typename types::when_full;
  using takes = typename types::takes;
  using by_level = typename levels_said<Options...>::type;
  using domain = typename domain_said<Options...>::type;

  static constexpr auto name = Name;
  static constexpr stage_plan plan = [] {
    stage_plan said;
    (said.add(std::type_identity<Options>{}), ...);
    if (elastic::later && said.workers != 0 && !said.elastic) {  // so many coroutines, no threads
      said.elastic = true;
      said.least = said.workers;
    }
    return said;
  }();

  static_assert(Name.size() > 0, "tenon::stage<Name>: the name is empty; joints, counters and errors are told by it");
  static_assert(plan.unknown == 0,
                "tenon::stage: an option is none that a stage knows; write workers<N>, queue_of<N>, a queue such as "
                "mpmc<N>{}, block, reject, drop_oldest, drop_newest, takes<T>, fused, or one of pipeline/words.hpp");
  static_assert(!elastic::later || plan.workers != 0,
                "tenon::stage: the function gives a task, and nothing says how many of them are at work at once; add "
                "workers<N> or workers<Min, Max>");
  static_assert(!elastic::hears || elastic::later || plan.elastic,
                "tenon::stage: the function takes a std::stop_token, which only workers that may be left behind give "
                "it; add workers<Min, Max> or take none");
  static_assert(!plan.names_times || plan.elastic,
                "tenon::stage: idle_after, task_timeout and grace are for workers that come and go; write "
                "workers<Min, Max>, or leave them out");
  static_assert(!plan.twice,
                "tenon::stage: the workers, the queue, the overflow or the runtime are named twice; keep one of each");
  static_assert(plan.batch == 0 || batch_signature<Function>::known,
                "tenon::batch<N>: the function of the stage takes no batch; let it take std::span<T>, to change the "
                "items, or std::span<T>, std::span<U>, to give a U for each, and return nothing");
  static_assert(plan.batch == 0 || batch_gives_room<Function>,
                "tenon::batch<N>: what the function gives has no default constructor, and is to be assigned to; give "
                "it one, or a std::optional of it");
  static_assert(!plan.said_twice, "tenon::stage: ttl, batch or by_level is named twice; keep one of each");
  static_assert(!plan.measured || plan.opens(),
                "tenon::stage: it is measured, and nothing opens a queue before it, so that nothing waits there; add "
                "workers<N> or queue_of<N>");
  static_assert(!plan.ordered || plan.workers > 1,
                "tenon::stage: it is ordered, and one worker keeps the order anyway; add workers<N>, or leave it out");
  static_assert(!plan.elastic || (!plan.ordered && plan.batch == 0),
                "tenon::stage: it has workers that come and go, or tasks, and is ordered or takes batches; keep one or "
                "the other");
  static_assert(!plan.ordered || plan.batch == 0,
                "tenon::stage: it is ordered and takes batches of several workers; keep one or the other");
  static_assert(!(plan.fused && plan.opens()),
                "tenon::stage: it is fused and names workers, a queue or an overflow; keep one or the other");
  static_assert(
      fits<F, takes, takes>,
      "tenon::stage: the function cannot be called as const with what it takes; workers share it, so a lambda "
      "must not be mutable");

  constexpr explicit stage_of(Function callable, Options... options)
      : function_(std::move(callable)), options_(options...) {}

  template <class X>
  constexpr decltype(auto) operator()(X&& x) const noexcept(std::is_nothrow_invocable_v<const F&, X>) {
    return function_(std::forward<X>(x));
  }

  [[nodiscard]] constexpr const F& function() const noexcept { return function_; }
  /// What was said by an option that has a value; T{} where it was not said.
  template <class T>
  [[nodiscard]] constexpr T option() const noexcept {
    return options_.get(std::type_identity<T>{});
  }

 private:
  [[no_unique_address]] F function_;
  [[no_unique_address]] kept_options<Options...> options_;
};

inline constexpr std::size_t the_same = static_cast<std::size_t>(-1);

}  // namespace detail::weaving

/// Options of a stage. Each of the first three groups opens a queue before the stage.
///
/// workers<N>      At most N of the runtime's workers run the stage at once. Not threads: an idle stage is nothing.
/// workers<Min, Max>  Elastic: Min to Max workers beside the runtime's, as many as there are items. The function may
///                 block, for each of them is a thread; or it gives a tenon::task, and none of them is: see fabric.
///                 workers<N>, where the function gives a task: N of them at once.
/// idle_after(t)   Of elastic workers: one that was not needed for so long leaves. 30 seconds, where it is not said.
/// task_timeout(t) Of elastic workers: how long one may work on an item. For ever, where it is not said.
/// grace(t)        Of elastic workers: how long a drain waits for calls that were left behind. 1 second.
/// on(runtime)     The workers of that runtime run the stage. It goes on running until the fabric is drained.
/// queue_of<N>     A queue of N items before the stage, of the kind that its two ends allow; or name it: `mpmc<N>{}`.
/// block, reject,  What happens to an item that meets a full queue; see queue/overflow.hpp. The default is block.
/// drop_oldest, drop_newest
/// takes<T>        What the stage takes, where its function is a template and so does not say.
/// fused           Behind a stage of several workers: runs on those, as part of it. See pipeline.
/// More of them    ttl, batch, by_level, ordered, measured: see pipeline/words.hpp.
template <std::size_t Min, std::size_t Max = detail::weaving::the_same>
inline constexpr std::conditional_t<Max == detail::weaving::the_same, detail::weaving::workers_option<Min>,
                                    detail::weaving::elastic_option<Min, Max>>
    workers{};
template <std::size_t Capacity>
inline constexpr detail::weaving::capacity_option<Capacity> queue_of{};
template <class T>
inline constexpr detail::weaving::takes_option<T> takes{};
inline constexpr detail::weaving::fused_option fused{};
template <class R>
[[nodiscard]] constexpr auto on(R& runtime) noexcept {
  return detail::weaving::domain_option<R>{&runtime};
}
[[nodiscard]] constexpr auto idle_after(duration time) noexcept { return detail::weaving::idle_after_option{time}; }
[[nodiscard]] constexpr auto task_timeout(duration time) noexcept { return detail::weaving::task_timeout_option{time}; }
[[nodiscard]] constexpr auto grace(duration time) noexcept { return detail::weaving::grace_option{time}; }

/// A step of a pipeline: a name, a plain function of one argument, and how it is to be run.
///
///     tenon::stage<"handle">(handle, tenon::workers<2>, tenon::queue_of<1024>, tenon::reject)
///
/// Shape    The function, by value; options are types and take no room.
/// Threads  Several workers call one function object at once, as const.
/// Errors   An exception comes out where the pipeline was called, or its item submitted.
template <fixed_string Name, class F, class... Options>
[[nodiscard]] constexpr auto stage(F function, Options... options) {
  return detail::weaving::stage_of<Name, F, Options...>(std::move(function), options...);
}

}  // namespace tenon
// tenon/pipeline/pipeline.hpp

namespace tenon {

/// Stages that follow one another, their types checked at each joint.
///
///     constexpr auto requests = tenon::pipeline(
///         tenon::stage<"parse">(parse),
///         tenon::stage<"handle">(handle, tenon::workers<2>, tenon::queue_of<1024>, tenon::reject));
///
/// Where no stage names workers, a queue or an overflow, it is a function: `requests(x)` is `handle(parse(x))`, and
/// compiles to the same code. Else it is a plan, and a tenon::fabric runs it:
///   - a stage that names any of them has a queue before it, and is run by the workers that it names, or one;
///   - a stage that names nothing belongs to the one before it: it is called with its result, and nothing lies between;
///     behind a stage of several workers it has a queue and one worker of its own, unless it says `fused`;
///   - what stands before the first queue runs where the item is submitted.
///
/// Shape    The stages' functions. A constant, usually.
/// Cost     A call: that of the stages, by hand. Results are passed on as they are; what comes out is a value.
/// Threads  Any, as far as the stages allow.
/// Errors   A joint that does not fit does not compile, nor does a call where a queue is named.
template <class... Stages>
class pipeline {
  static_assert(sizeof...(Stages) > 0, "tenon::pipeline: it has no stage; give it at least one");
  static_assert(detail::weaving::all_differ(Stages::name.view()...),
                "tenon::pipeline: two stages have one name, and could not be told apart; rename one");

  template <class First, class... Rest>
  static auto along() -> typename detail::weaving::chain<
      typename detail::weaving::given_by<typename First::function_type, typename First::takes>::type, First,
      Rest...>::misfit;
  static_assert(decltype(along<Stages...>())::fits);  // what does not fit says so by itself

  static constexpr std::array<detail::weaving::stage_plan, sizeof...(Stages)> plans{Stages::plan...};
  static constexpr std::size_t count = [] {
    std::size_t found = 0;
    detail::weaving::each_opening(plans.data(), plans.size(), [&](std::size_t, std::size_t) { ++found; });
    return found;
  }();

 public:
  template <std::size_t I>
  using stage_at = std::tuple_element_t<I, std::tuple<Stages...>>;

  /// The queued segments, in order. Stages before the first of them run where items are submitted.
  static constexpr std::array<detail::weaving::segment_plan, count> segments = [] {
    std::array<detail::weaving::segment_plan, count> all{};
    std::size_t at = 0;
    detail::weaving::each_opening(plans.data(), plans.size(), [&](std::size_t stage, std::size_t workers) {
      if (at > 0) all[at - 1].end = stage;
      all[at++] = {.begin = stage, .end = sizeof...(Stages), .workers = workers, .elastic = plans[stage].elastic};
    });
    return all;
  }();

  constexpr explicit pipeline(Stages... in_order) : stages_(std::move(in_order)...) {}

  template <class X>
  constexpr auto operator()(X&& x) const {
    static_assert(count == 0,
                  "tenon::pipeline: a stage names workers, a queue or an overflow, so it is no function; run it with "
                  "tenon::fabric");
    constexpr std::size_t last = sizeof...(Stages) - 1;
    // run_stages would do, but behind two functions that give a struct g++ makes no tail call of the last stage
    if constexpr (last == 0) {
      return std::get<last>(stages_).function()(std::forward<X>(x));
    } else if constexpr (detail::weaving::all_give_values<0, last, std::tuple<Stages...>, X>()) {
      return std::get<last>(stages_).function()(detail::weaving::run_stages<0, last>(stages_, std::forward<X>(x)));
    } else {
      return detail::weaving::run_stages<0, last + 1>(stages_, std::forward<X>(x));
    }
  }

  [[nodiscard]] constexpr const std::tuple<Stages...>& stages() const noexcept { return stages_; }

 private:
  std::tuple<Stages...> stages_;
};

}  // namespace tenon
// tenon/pipeline/pipeline_errc.hpp

namespace tenon {

/// Why an item came back from a fabric without having gone through.
///
/// rejected  It met a full queue, and the stage says `reject`. Compares equal to errc::resource_unavailable_try_again.
/// dropped   It met a full queue, or a newer one did, and the stage says `drop_newest` or `drop_oldest`. As `rejected`.
/// timed_out It took longer than the stage's `task_timeout`. Compares equal to errc::timed_out.
/// expired   It had waited longer before a stage than its `ttl`, and was not handled there. As `timed_out`.
/// closed    The fabric takes no more items. Compares equal to errc::operation_not_permitted.
enum class pipeline_errc { rejected = 1, dropped, closed, timed_out, expired };

}  // namespace tenon

template <>
struct std::is_error_code_enum<tenon::pipeline_errc> : std::true_type {};

namespace tenon {

/// The category of pipeline_errc, named "tenon.pipeline".
[[nodiscard]] inline const std::error_category& pipeline_category() noexcept {
  class category final : public std::error_category {
   public:
    [[nodiscard]] const char* name() const noexcept override { return "tenon.pipeline"; }
    [[nodiscard]] std::string message(int value) const override {
      switch (static_cast<pipeline_errc>(value)) {
        case pipeline_errc::rejected: return "rejected: the queue of a stage is full";
        case pipeline_errc::dropped: return "dropped: the queue of a stage was full, and this item had to make room";
        case pipeline_errc::closed: return "closed: the fabric takes no more items";
        case pipeline_errc::timed_out: return "timed out: a stage worked longer on this item than it may";
        case pipeline_errc::expired: return "expired: this item waited longer before a stage than it may";
      }
      return "unknown";
    }
    [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
      switch (static_cast<pipeline_errc>(value)) {
        case pipeline_errc::rejected:
        case pipeline_errc::dropped: return std::make_error_condition(std::errc::resource_unavailable_try_again);
        case pipeline_errc::closed: return std::make_error_condition(std::errc::operation_not_permitted);
        case pipeline_errc::timed_out:
        case pipeline_errc::expired: return std::make_error_condition(std::errc::timed_out);
      }
      return {value, *this};
    }
  };
  static const category one;
  return one;
}

[[nodiscard]] inline std::error_code make_error_code(pipeline_errc error) noexcept {
  return {static_cast<int>(error), pipeline_category()};
}

static_assert(std::is_error_code_enum_v<pipeline_errc>);

}  // namespace tenon
// tenon/pipeline/stage_health.hpp

namespace tenon {

/// What a worker of an elastic stage does: absent, idle, assigned, executing, completed.
using worker_state = detail::weaving::worker_state;

/// How an elastic stage of at most Max workers is, at one instant: what fabric::health gives.
///
///     const auto now = running.health<"resize">();
///     std::printf("%zu of %zu workers busy, %zu items wait\n", now.busy, now.size, now.queued);
///     for (const auto& each : now.workers) if (each.state == tenon::worker_state::executing) ...
///
/// Shape  Sizes, and a row of Max places. A worker keeps its place; who takes the place of one that was left behind
///        goes on with its counts. `since` is of the runtime's clock.
template <std::size_t Max>
using stage_health = detail::weaving::stage_health<Max>;

static_assert(stage_health<1>{}.max == 1);

}  // namespace tenon
// tenon/core/detail/relax.hpp

namespace tenon::detail {

/// Tells the processor that this thread spins.
inline void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" : : : "memory");  // a yield is over at once there
#endif
}

}  // namespace tenon::detail
// tenon/queue/detail/lost_race.hpp

namespace tenon::detail {

/// What a thread does that has lost the race for a ticket, before it looks again: nothing, for a while that doubles.
///
/// Who looks again at once takes the line of the count away from the winner, and so does the winner in turn; left alone
/// the winner makes its next few moves in its own cache. It is worth a factor of three with two producers and two
/// consumers on two cores. Who races with nobody does not come here.
class lost_race {
 public:
  void give_way() noexcept {
    for (unsigned i = 0; i < pauses_; ++i) relax();
    if (pauses_ < most) pauses_ *= 2;
  }

 private:
  static constexpr unsigned most = 64;

  unsigned pauses_ = 4;
};

}  // namespace tenon::detail
// tenon/queue/detail/slot.hpp

namespace tenon::detail {

/// Room for one T: where a queue makes and unmakes an element. It does not know whether it holds one; its queue does.
///
/// take(), and the try_pop of each queue, is always inlined, so that the optional stays in registers: g++ puts together
/// a small one in memory to return it, and reads it at another width than it was written, for which the CPU waits until
/// all its stores have reached the other core. That was four fifths of a pop.
///
/// Threading is named so that a model can put another in its place, which notices two threads in one slot.
template <class T, class Threading>
class slot {
 public:
  slot() noexcept {}
  slot(const slot&) = delete;
  slot& operator=(const slot&) = delete;
  ~slot() {}

  void put(T&& item) noexcept { std::construct_at(std::addressof(value_), std::move(item)); }

  [[nodiscard, gnu::always_inline]] std::optional<T> take() noexcept {
    std::optional<T> item(std::move(value_));
    std::destroy_at(std::addressof(value_));
    return item;
  }

 private:
  union {
    T value_;
  };
};

}  // namespace tenon::detail
// tenon/queue/detail/numbered_ring.hpp

namespace tenon::detail {

/// What mpsc and mpmc share: slots that carry a number, and the producers' half.
///
/// Let t be the value of tail_, h the consumers' count, both only ever growing; slot(i) is slots_[i mod N], N >= 2, and
/// its number says whose turn it is:
///   number == i          slot(i) is empty, and is for the producer with ticket i;
///   number == i + 1      it holds element i, and is for the consumer with ticket i;
///   number == i + N      it is empty again: the first line, for the next time round.
/// Invariants:
///   (1) tickets are given once: t goes from i to i + 1 by one CAS, and so does h (or has one writer);
///   (2) the number of a slot is written only by the holder of the ticket that the number is for, and only grows;
///   (3) t is moved past i only by one that read number == i, so only when element i - N was gone: t <= h + N;
///   (4) a number read as older than wanted was so at some instant: then the ring was full (or the pop of that element
///       under way), so that try_push may say so. A number newer than wanted means that the ticket has been taken.
/// The numbers wrap round with std::size_t; the differences are taken as signed, and stay far below half of its range.
template <class T, class Threading, std::size_t N>
class numbered_ring {
 protected:
  numbered_ring() noexcept {
    for (std::size_t i = 0; i < N; ++i) slots_[i].number.store(i, std::memory_order_relaxed);
  }
  ~numbered_ring() = default;

  [[nodiscard]] bool fill_next(T&& item) noexcept {
    for (lost_race lost;; lost.give_way()) {
      std::size_t t = tail_.load(std::memory_order_relaxed);
      const std::ptrdiff_t ahead = this->ahead(t, t);  // edge B: the element before has been moved out
      if (ahead < 0) return false;
      // Ahead: another producer has been here, and t is old.
      if (ahead == 0 && tail_.compare_exchange_strong(t, t + 1, std::memory_order_relaxed, std::memory_order_relaxed)) {
        slots_[t & (N - 1)].element.put(std::move(item));
        slots_[t & (N - 1)].number.store(t + 1, std::memory_order_release);  // edge A
        return true;
      }
    }
  }

  /// fill_next for as many as there is room for: t goes from i to i + n by one CAS, if the numbers were i .. i + n - 1.
  /// Each stays as it was read until t has passed it, so that (3) holds for each.
  [[nodiscard]] std::size_t fill_some(std::span<T> items) noexcept {
    for (lost_race lost;; lost.give_way()) {
      std::size_t t = tail_.load(std::memory_order_relaxed);
      const std::size_t n = in_turn(t, t, items.size());  // edge B
      if (n == 0) {
        if (items.empty() || ahead(t, t) < 0) return 0;
      } else if (tail_.compare_exchange_strong(t, t + n, std::memory_order_relaxed, std::memory_order_relaxed)) {
        for (std::size_t i = 0; i < n; ++i) {
          slots_[(t + i) & (N - 1)].element.put(std::move(items[i]));
          slots_[(t + i) & (N - 1)].number.store(t + i + 1, std::memory_order_release);  // edge A
        }
        return n;
      }
    }
  }

  /// How many slots from slot(i) on, `most` at most, have the numbers from `wanted` on.
  [[nodiscard]] std::size_t in_turn(std::size_t i, std::size_t wanted, std::size_t most) const noexcept {
    std::size_t n = 0;
    while (n < most && ahead(i + n, wanted + n) == 0) ++n;
    return n;
  }

  /// By how much the number of slot(i) is ahead of `wanted`.
  [[nodiscard]] std::ptrdiff_t ahead(std::size_t i, std::size_t wanted) const noexcept {
    return static_cast<std::ptrdiff_t>(slots_[i & (N - 1)].number.load(std::memory_order_acquire) - wanted);
  }

  /// By the holder of ticket i.
  [[nodiscard, gnu::always_inline]] std::optional<T> empty(std::size_t i) noexcept {
    std::optional<T> item = slots_[i & (N - 1)].element.take();
    slots_[i & (N - 1)].number.store(i + N, std::memory_order_release);  // edge B
    return item;
  }

  /// By the holder of tickets i .. i + into.size() - 1.
  void empty_into(std::size_t i, std::span<T> into) noexcept {
    for (std::size_t k = 0; k < into.size(); ++k) into[k] = *empty(i + k);
  }

  /// t - h, for an h that was read before, brought into 0 .. N: the two are not read at one instant.
  [[nodiscard]] std::size_t filled_since(std::size_t h) const noexcept {
    const auto there = static_cast<std::ptrdiff_t>(tail_.load(std::memory_order_relaxed) - h);
    if (there <= 0) return 0;
    return static_cast<std::size_t>(there) < N ? static_cast<std::size_t>(there) : N;
  }

 private:
  struct numbered {
    typename Threading::template atomic<std::size_t> number;
    slot<T, Threading> element;
  };

  alignas(cache_line) typename Threading::template atomic<std::size_t> tail_{0};
  alignas(cache_line) std::array<numbered, N> slots_;
};

}  // namespace tenon::detail
// tenon/queue/detail/ring.hpp

namespace tenon::detail {

/// A ring of N slots for one thread at a time: what each bounded queue is in a runtime of one thread, and what `locked`
/// locks. N need not be a power of two.
///
/// Alive: the size_ slots from front_ on, going round; size_ <= N.
template <class T, std::size_t N>
class ring {
 public:
  static constexpr std::size_t capacity = N;

  ring() = default;
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;
  ~ring() {
    while (try_pop()) {
    }
  }

  [[nodiscard]] bool try_push(T&& item) noexcept {
    if (size_ == N) return false;
    const std::size_t to_the_end = N - front_;  // front_ + size_ might not fit in N's range
    slots_[size_ < to_the_end ? front_ + size_ : size_ - to_the_end].put(std::move(item));
    ++size_;
    return true;
  }

  [[nodiscard, gnu::always_inline]] std::optional<T> try_pop() noexcept {
    if (size_ == 0) return std::nullopt;
    std::optional<T> item = slots_[front_].take();
    front_ = front_ + 1 == N ? 0 : front_ + 1;
    --size_;
    return item;
  }

  [[nodiscard]] std::size_t try_push_some(std::span<T> items) noexcept {
    std::size_t n = 0;
    while (n < items.size() && try_push(std::move(items[n]))) ++n;
    return n;
  }
  [[nodiscard]] std::size_t try_pop_some(std::span<T> into) noexcept
    requires std::is_nothrow_move_assignable_v<T>
  {
    const std::size_t n = size_ < into.size() ? size_ : into.size();
    for (std::size_t i = 0; i < n; ++i) into[i] = *try_pop();
    return n;
  }

  [[nodiscard]] std::size_t size_estimate() const noexcept { return size_; }

 private:
  std::size_t front_ = 0;
  std::size_t size_ = 0;
  std::array<slot<T, single_thread>, N> slots_;
};

}  // namespace tenon::detail
// tenon/queue/mpmc.hpp

namespace tenon {

/// A fixed ring between many producers and many consumers.
///
///     using my_runtime = tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::mpmc<4096>>;
///
/// Shape    N slots inside the object, each a T and a number; two cache lines; no heap.
/// Order    FIFO by ticket: thus FIFO for each producer.
/// Cost     try_push, try_pop: O(1) unless they lose a race: one CAS. Producers touch one line of counts, consumers
///          another; neither reads the other's. Lock-free but for this: a thread that stops between its ticket and its
///          slot's number holds up those who come round to that very slot.
///          try_push_some, try_pop_some: one CAS for all.
/// Threads  Any thread pushes, any pops, at once. Construct and destroy from one thread alone.
/// Errors   Full: try_push is false, its argument untouched; also while the pop of the oldest item is still under way.
///          Empty: try_pop is nullopt; also while the push of the oldest item is still under way.
///          Nothing throws. A bad N, or a T that may throw, does not compile.
/// Source   D. Vyukov, "Bounded MPMC queue", 1024cores.net. Model: tests/model/mpmc.cpp.
template <std::size_t N = 1024>
struct mpmc : family::queue {
  static_assert(std::has_single_bit(N) && N > 1,
                "tenon::mpmc<N>: N, the number of slots, must be a power of two and at least 2");

  static constexpr auto word = fixed_string("mpmc<") + detail::decimal<N> + fixed_string(">");
  static constexpr bool many_producers = true;
  static constexpr bool many_consumers = true;
  static constexpr bool bounded = true;

  /// The producers' half, and what the numbers mean, is in detail::numbered_ring. The consumers' half mirrors it:
  /// head_ hands out the tickets, and who holds ticket h may empty slot(h), which is numbered h + 1 by then.
  ///
  /// Edges    A  fill: number.store(release) -> number.load(acquire): the element is seen by the consumer.
  ///          B  empty: number.store(release) -> number.load(acquire): the element is gone before the next is made.
  ///          The CAS of a ticket is relaxed: it decides who, not what is seen.
  template <class T, class Threading = multi_thread>
  class of : detail::numbered_ring<T, Threading, N> {
    static_assert(detail::queueable<T>,
                  "tenon::mpmc<N>::of<T>: moving and destroying T must not throw; queue a std::unique_ptr<T>");

   public:
    static constexpr std::size_t capacity = N;

    of() = default;
    of(const of&) = delete;
    of& operator=(const of&) = delete;
    ~of() {
      while (try_pop()) {
      }
    }

    [[nodiscard]] bool try_push(T&& item) noexcept { return this->fill_next(std::move(item)); }

    [[nodiscard, gnu::always_inline]] std::optional<T> try_pop() noexcept {
      for (detail::lost_race lost;; lost.give_way()) {
        std::size_t h = head_.load(std::memory_order_relaxed);
        const std::ptrdiff_t ahead = this->ahead(h, h + 1);  // edge A
        if (ahead < 0) return std::nullopt;
        // Ahead: another consumer has been here, and h is old.
        if (ahead == 0 &&
            head_.compare_exchange_strong(h, h + 1, std::memory_order_relaxed, std::memory_order_relaxed)) {
          return this->empty(h);  // edge B
        }
      }
    }

    [[nodiscard]] std::size_t try_push_some(std::span<T> items) noexcept { return this->fill_some(items); }

    [[nodiscard]] std::size_t try_pop_some(std::span<T> into) noexcept
      requires std::is_nothrow_move_assignable_v<T>
    {
      for (detail::lost_race lost;; lost.give_way()) {
        std::size_t h = head_.load(std::memory_order_relaxed);
        const std::size_t n = this->in_turn(h, h + 1, into.size());  // edge A
        if (n == 0) {
          if (into.empty() || this->ahead(h, h + 1) < 0) return 0;
        } else if (head_.compare_exchange_strong(h, h + n, std::memory_order_relaxed, std::memory_order_relaxed)) {
          this->empty_into(h, into.first(n));  // edge B
          return n;
        }
      }
    }

    [[nodiscard]] std::size_t size_estimate() const noexcept {
      return this->filled_since(head_.load(std::memory_order_relaxed));
    }

   private:
    alignas(cache_line) typename Threading::template atomic<std::size_t> head_{0};
  };

  template <class T>
  class of<T, single_thread> : public detail::ring<T, N> {
    static_assert(detail::queueable<T>,
                  "tenon::mpmc<N>::of<T>: moving and destroying T must not throw; queue a std::unique_ptr<T>");
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<mpmc<>, family::queue>);

}  // namespace tenon
// tenon/queue/mpsc.hpp

namespace tenon {

/// A fixed ring between many producers and one consumer.
///
///     using my_runtime = tenon::runtime<tenon::epoll, tenon::affinity<>, tenon::mpsc<4096>>;
///
/// Shape    N slots inside the object, each a T and a number; two cache lines; no heap.
/// Order    FIFO by ticket: thus FIFO for each producer.
/// Cost     try_push: O(1) unless it loses a race: one CAS. try_pop: O(1), wait-free, no read-modify-write.
///          try_push_some: one CAS for all.
/// Threads  Any thread pushes and one pops, at once. Construct and destroy from one thread alone.
/// Errors   Full: try_push is false, its argument untouched; also while the pop of the oldest item is still under way.
///          Empty: try_pop is nullopt; also while the push of the oldest item is still under way.
///          Nothing throws. A bad N, or a T that may throw, does not compile.
/// Source   D. Vyukov, "Bounded MPMC queue", 1024cores.net, with its consumers' half made for one.
///          Model: tests/model/mpsc.cpp.
template <std::size_t N = 1024>
struct mpsc : family::queue {
  static_assert(std::has_single_bit(N) && N > 1,
                "tenon::mpsc<N>: N, the number of slots, must be a power of two and at least 2");

  static constexpr auto word = fixed_string("mpsc<") + detail::decimal<N> + fixed_string(">");
  static constexpr bool many_producers = true;
  static constexpr bool many_consumers = false;
  static constexpr bool bounded = true;

  /// The producers' half, and what the numbers mean, is in detail::numbered_ring. The consumer alone writes head_, so
  /// that it needs no CAS for its ticket; head_ is an atomic only for size_estimate.
  ///
  /// Edges    A  fill: number.store(release) -> number.load(acquire): the element is seen by the consumer.
  ///          B  empty: number.store(release) -> number.load(acquire): the element is gone before the next is made.
  template <class T, class Threading = multi_thread>
  class of : detail::numbered_ring<T, Threading, N> {
    static_assert(detail::queueable<T>,
                  "tenon::mpsc<N>::of<T>: moving and destroying T must not throw; queue a std::unique_ptr<T>");

   public:
    static constexpr std::size_t capacity = N;

    of() = default;
    of(const of&) = delete;
    of& operator=(const of&) = delete;
    ~of() {
      while (try_pop()) {
      }
    }

    [[nodiscard]] bool try_push(T&& item) noexcept { return this->fill_next(std::move(item)); }

    [[nodiscard, gnu::always_inline]] std::optional<T> try_pop() noexcept {
      const std::size_t h = head_.load(std::memory_order_relaxed);
      if (this->ahead(h, h + 1) < 0) return std::nullopt;  // edge A
      head_.store(h + 1, std::memory_order_relaxed);       // read by size_estimate alone
      return this->empty(h);                               // edge B
    }

    [[nodiscard]] std::size_t try_push_some(std::span<T> items) noexcept { return this->fill_some(items); }

    [[nodiscard]] std::size_t try_pop_some(std::span<T> into) noexcept
      requires std::is_nothrow_move_assignable_v<T>
    {
      const std::size_t h = head_.load(std::memory_order_relaxed);
      const std::size_t n = this->in_turn(h, h + 1, into.size());  // edge A
      head_.store(h + n, std::memory_order_relaxed);
      this->empty_into(h, into.first(n));  // edge B
      return n;
    }

    [[nodiscard]] std::size_t size_estimate() const noexcept {
      return this->filled_since(head_.load(std::memory_order_relaxed));
    }

   private:
    alignas(cache_line) typename Threading::template atomic<std::size_t> head_{0};
  };

  template <class T>
  class of<T, single_thread> : public detail::ring<T, N> {
    static_assert(detail::queueable<T>,
                  "tenon::mpsc<N>::of<T>: moving and destroying T must not throw; queue a std::unique_ptr<T>");
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<mpsc<>, family::queue>);

}  // namespace tenon
// tenon/queue/spsc.hpp

namespace tenon {

/// A fixed ring between one producer and one consumer.
///
///     using my_runtime = tenon::runtime<tenon::io_uring<>, tenon::affinity<>, tenon::spsc<4096>>;
///
/// Shape    N slots inside the object, each a T and a flag, and two cache lines; no heap.
/// Order    FIFO.
/// Cost     try_push, try_pop: O(1), wait-free: a load and two stores, no read-modify-write. The two sides meet in the
///          line of a slot and nowhere else.
/// Threads  One thread pushes and one pops, at once. Construct and destroy from one thread alone.
/// Errors   Full: try_push is false, its argument untouched. Empty: try_pop is nullopt.
///          Nothing throws. A bad N, or a T that may throw, does not compile.
/// Source   J. Giacomoni et al., "FastForward for Efficient Pipeline Parallelism", 2008. Model: tests/model/spsc.cpp.
template <std::size_t N = 1024>
struct spsc : family::queue {
  static_assert(std::has_single_bit(N), "tenon::spsc<N>: N, the number of slots, must be a power of two");

  static constexpr auto word = fixed_string("spsc<") + detail::decimal<N> + fixed_string(">");
  static constexpr bool many_producers = false;
  static constexpr bool many_consumers = false;
  static constexpr bool bounded = true;

  /// Let h and t be the values of head_ and tail_, counts that only grow; slot(i) is slots_[i mod N], and its flag says
  /// whether it holds an element. Invariants, but for a side in the middle of its step:
  ///   (1) h <= t <= h + N, and an element is alive in slot(i), its flag up, iff h <= i < t;
  ///   (2) only the consumer writes h and takes flags down, only the producer writes t and puts flags up;
  ///   (3) so the flag of slot(t) is the producer's own when it is down (t < h + N: there is room), and that of slot(h)
  ///       the consumer's when it is up (h < t: there is an element): what a side finds there stays so.
  /// Neither side reads the other's count: h and t are atomic for size_estimate alone.
  ///
  /// Edges    A  flag up (release) -> flag.load(acquire): the element made in the slot is seen by the consumer.
  ///          B  flag down (release) -> flag.load(acquire): the element was moved out and destroyed before the producer
  ///             makes the next one there.
  template <class T, class Threading = multi_thread>
  class of {
    static_assert(detail::queueable<T>,
                  "tenon::spsc<N>::of<T>: moving and destroying T must not throw; queue a std::unique_ptr<T>");

   public:
    static constexpr std::size_t capacity = N;

    of() = default;
    of(const of&) = delete;
    of& operator=(const of&) = delete;
    ~of() {
      while (try_pop()) {
      }
    }

    [[nodiscard]] bool try_push(T&& item) noexcept {
      const std::size_t t = tail_.load(std::memory_order_relaxed);
      if (!fill(t, item)) return false;
      tail_.store(t + 1, std::memory_order_relaxed);
      return true;
    }

    [[nodiscard, gnu::always_inline]] std::optional<T> try_pop() noexcept {
      const std::size_t h = head_.load(std::memory_order_relaxed);
      flagged& from = at(h);
      if (!from.full.load(std::memory_order_acquire)) return std::nullopt;  // edge A
      std::optional<T> item = from.element.take();
      from.full.store(false, std::memory_order_release);  // edge B
      head_.store(h + 1, std::memory_order_relaxed);
      return item;
    }

    [[nodiscard]] std::size_t try_push_some(std::span<T> items) noexcept {
      const std::size_t t = tail_.load(std::memory_order_relaxed);
      std::size_t n = 0;
      while (n < items.size() && fill(t + n, items[n])) ++n;
      tail_.store(t + n, std::memory_order_relaxed);
      return n;
    }

    [[nodiscard]] std::size_t try_pop_some(std::span<T> into) noexcept
      requires std::is_nothrow_move_assignable_v<T>
    {
      const std::size_t h = head_.load(std::memory_order_relaxed);
      std::size_t n = 0;
      for (; n < into.size(); ++n) {
        flagged& from = at(h + n);
        if (!from.full.load(std::memory_order_acquire)) break;  // edge A
        into[n] = *from.element.take();
        from.full.store(false, std::memory_order_release);  // edge B
      }
      head_.store(h + n, std::memory_order_relaxed);
      return n;
    }

    /// The counts are read one after the other, and each is written after its slot.
    [[nodiscard]] std::size_t size_estimate() const noexcept {
      const std::size_t h = head_.load(std::memory_order_relaxed);
      const auto there = static_cast<std::ptrdiff_t>(tail_.load(std::memory_order_relaxed) - h);
      if (there <= 0) return 0;
      return static_cast<std::size_t>(there) < N ? static_cast<std::size_t>(there) : N;
    }

   private:
    struct flagged {
      detail::slot<T, Threading> element;
      typename Threading::template atomic<bool> full{false};
    };

    [[nodiscard]] flagged& at(std::size_t i) noexcept { return slots_[i & (N - 1)]; }
    [[nodiscard]] bool fill(std::size_t i, T& item) noexcept {
      flagged& to = at(i);
      if (to.full.load(std::memory_order_acquire)) return false;  // edge B
      to.element.put(std::move(item));
      to.full.store(true, std::memory_order_release);  // edge A
      return true;
    }

    alignas(cache_line) typename Threading::template atomic<std::size_t> head_{0};  // the consumer's
    alignas(cache_line) typename Threading::template atomic<std::size_t> tail_{0};  // the producer's
    alignas(cache_line) std::array<flagged, N> slots_;
  };

  template <class T>
  class of<T, single_thread> : public detail::ring<T, N> {
    static_assert(detail::queueable<T>,
                  "tenon::spsc<N>::of<T>: moving and destroying T must not throw; queue a std::unique_ptr<T>");
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<spsc<>, family::queue>);

}  // namespace tenon
// tenon/queue/by_topology.hpp

namespace tenon {

/// The default: the cheapest ring that the two ends of a channel allow, chosen at compile time.
///
/// | producers | consumers | ring    |
/// |-----------|-----------|---------|
/// | one       | one       | spsc<N> |
/// | many      | one       | mpsc<N> |
/// | any       | many      | mpmc<N> |
///
/// Where nobody says how many there are, `of` is the one that is always right: mpmc.
struct by_topology : family::queue {
  static constexpr auto word = fixed_string("by_topology");
  static constexpr bool many_producers = true;
  static constexpr bool many_consumers = true;
  static constexpr bool bounded = true;

  template <bool ManyProducers, bool ManyConsumers, std::size_t N>
  using choose = std::conditional_t<ManyConsumers, mpmc<N>, std::conditional_t<ManyProducers, mpsc<N>, spsc<N>>>;

  template <class T, class Threading = multi_thread>
  using of = typename mpmc<>::of<T, Threading>;
};

static_assert(policy_of<by_topology, family::queue>);

}  // namespace tenon
// tenon/pipeline/fabric.hpp

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
// tenon/queue/locked.hpp

namespace tenon {

/// A fixed ring behind a mutex: the plainest queue, and the one that the others are compared with.
///
///     using my_runtime = tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::locked<1000>>;
///
/// Shape    N slots inside the object, N * sizeof(T) bytes, and a mutex; no heap. N need not be a power of two.
/// Order    FIFO, in the order in which the mutex was taken.
/// Cost     try_push, try_pop, size_estimate: O(1) under the mutex; a thread preempted inside holds up the others.
///          try_push_some, try_pop_some: one lock for all.
/// Threads  Any thread pushes, any pops, at once. Construct and destroy from one thread alone.
/// Errors   Full: try_push is false, its argument untouched. Empty: try_pop is nullopt. Neither is said when it was not
///          so. Nothing throws. A bad N, or a T that may throw, does not compile.
template <std::size_t N = 1024>
struct locked : family::queue {
  static_assert(N > 0, "tenon::locked<N>: N, the number of slots, must be at least 1");

  static constexpr auto word = fixed_string("locked<") + detail::decimal<N> + fixed_string(">");
  static constexpr bool many_producers = true;
  static constexpr bool many_consumers = true;
  static constexpr bool bounded = true;

  /// Invariant: ring_ is touched only by who holds mutex_, whose unlock -> lock edge orders all the rest.
  template <class T, class Threading = multi_thread>
  class of {
    static_assert(detail::queueable<T>,
                  "tenon::locked<N>::of<T>: moving and destroying T must not throw; queue a std::unique_ptr<T>");

   public:
    static constexpr std::size_t capacity = N;

    of() = default;
    of(const of&) = delete;
    of& operator=(const of&) = delete;

    [[nodiscard]] bool try_push(T&& item) noexcept {
      const std::lock_guard hold(mutex_);
      return ring_.try_push(std::move(item));
    }
    [[nodiscard, gnu::always_inline]] std::optional<T> try_pop() noexcept {
      const std::lock_guard hold(mutex_);
      return ring_.try_pop();
    }
    [[nodiscard]] std::size_t try_push_some(std::span<T> items) noexcept {
      const std::lock_guard hold(mutex_);
      return ring_.try_push_some(items);
    }
    [[nodiscard]] std::size_t try_pop_some(std::span<T> into) noexcept
      requires std::is_nothrow_move_assignable_v<T>
    {
      const std::lock_guard hold(mutex_);
      return ring_.try_pop_some(into);
    }
    [[nodiscard]] std::size_t size_estimate() const noexcept {
      const std::lock_guard hold(mutex_);
      return ring_.size_estimate();
    }

   private:
    [[no_unique_address]] mutable typename Threading::mutex mutex_;
    detail::ring<T, N> ring_;
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<locked<>, family::queue>);

}  // namespace tenon
// tenon/core/detail/parking.hpp

namespace tenon::detail {

/// The parking protocol: how a worker goes to sleep so that no work is left lying and nobody is woken for nothing.
///
/// Parts    Each worker has a `seat` and a sticky wake-up (its backend's wake(): an eventfd counter). The scheduler has
///          one `parking`: how many workers sleep, and how many search for work to steal.
///          "Look" below means: own inbox, every ring, the injection queue, the stop flag.
///
/// post to worker w        inbox.push(item) was true and w.seat.post()        ->  parking.one_less(); wake w
/// push to own ring, or    ring.push(item); parking.wanted()                  ->  call one: the first other worker v
///   to the injection      (a load; no store while nobody sleeps)                 with v.seat.call(): parking.called();
///   queue                                                                        wake v. None found: nothing to do
/// worker out of work      parking.search(); look and steal
///   found something       parking.found() (it was the last) and look again finds more  ->  call one; then run it
///   found nothing         parking.sleep(seat); look again;
///                         nothing: backend.wait(until the next timer); something: do not wait (or wait with 0), and
///                         after the rise parking.search() again, for only found() tells others of the rest
///                         seat.rise(): parked  nobody came:    parking.one_less(); go on, not searching
///                                      posted  a poster came:  go on, not searching; the inbox has something
///                                      called  a pusher came:  go on as a searcher: it has been counted as one
///   (what completions of wait() make ready is pushed at once; "call one" for it comes after seat.rise())
/// stop                    store the flag (seq_cst); wake all, whether parked or not
///
/// Let S be the single total order of the sequentially consistent operations; all those below are.
///
/// Theorem 1 (post). If all is quiet, no inbox of a sleeping worker holds an item.
///   The push that found the inbox empty is in S before that poster's read of seat. Either the read is before w's
///   store of `parked`: then push <S read <S store <S look, and w sees the item; or it is after, and then it sees
///   `parked` (and wakes w) or what somebody wrote who has claimed w before: w will rise, and look after that. Pushes
///   that found the inbox not empty rely on the one that did; the owner empties it whole.
/// Theorem 2 (push). If all is quiet and some worker sleeps, no ring and no injection queue holds an item.
///   The pusher p reads the counts after its push.
///   (a) sleeping == 0: every other worker v that sleeps later has its sleep() after that read in S, and looks after
///       it.
///   (b) searching > 0: searching <= the true number R of searchers, for a searcher is counted after it has been
///       claimed (in called()) or before it begins (in search()), and is taken off as it ends. So at p's read there was
///       a searcher, and the last of these to end, ends after it in S and sees a count <= 1. Ending by found(): it
///       looks again, sees the item, and calls another. Ending by sleep(): it looks again and sees the item.
///   (c) it scans. A seat it reads as awake, posted or called belongs to a worker whose next sleep() is after this
///       read, and which looks after that; a seat it reads as parked it claims, or somebody else has just claimed it.
///   sleeping >= the number of seats that are parked, always: it is raised before a seat is parked and lowered after.
///   An item is out of sight while a thief moves it between two rings; but the thief is a searcher until it has
///   published it, so (b) holds: whoever ends its search after the thief sees it, else the thief is last and calls.
///   A worker that is no searcher and moves items from the injection queue to its ring asks wanted() again once they
///   are there (published()): to the proof it has pushed them.
/// Theorem 3 (no herd). A burst of pushes wakes one worker, which wakes the next only when it has found work and there
///   is more: at most one wake-up for each item found, but for the instant between call() and called().
///
/// Cost     post: the inbox's CAS and one load. push: the ring's xchg and one load. sleep and rise: two RMWs and a
///          store.
/// Source   Go's runtime/proc.go ("Worker thread parking/unparking"); tokio's worker idle.rs. Model: parking.cpp.
template <class Threading>
class seat {
 public:
  enum state : std::uint32_t { awake, parked, posted, called };

  /// A poster, after inbox.push(): true when the worker slept and is now to be woken by the caller.
  [[nodiscard]] bool post() noexcept { return claim(posted); }
  /// A pusher that wants a searcher: true when the worker slept and is now to be woken by the caller.
  [[nodiscard]] bool call() noexcept { return claim(called); }
  /// The worker, back from waiting: who came.
  [[nodiscard]] state rise() noexcept { return static_cast<state>(state_.exchange(awake, std::memory_order_seq_cst)); }
  /// The worker, about to wait; it looks again afterwards. By parking::sleep where work is stolen.
  void sleep() noexcept { state_.store(parked, std::memory_order_seq_cst); }

 private:
  bool claim(state how) noexcept {
    std::uint32_t seen = state_.load(std::memory_order_seq_cst);
    return seen == parked && state_.compare_exchange_strong(seen, how, std::memory_order_seq_cst);
  }

  typename Threading::template atomic<std::uint32_t> state_{awake};
};

/// How many workers sleep and how many search, in one word: sleeping * 2^32 + searching, both signed, so that either
/// may be below zero for an instant without disturbing the other.
template <class Threading>
class parking {
 public:
  /// A pusher, after its push: whether to look for a worker to call.
  [[nodiscard]] bool wanted() const noexcept {
    const std::int64_t now = idle_.load(std::memory_order_seq_cst);
    return sleeping(now) > 0 && searching(now) <= 0;
  }
  /// Whether somebody sleeps or searches.
  [[nodiscard]] bool anyone() const noexcept { return idle_.load(std::memory_order_seq_cst) != 0; }
  /// A worker begins to look for work at others'.
  void search() noexcept { idle_.fetch_add(one_searching, std::memory_order_seq_cst); }
  /// A searcher has found work (and published what it will not run at once). True when it was the last searcher: then
  /// it looks whether there is more, and if so calls another.
  [[nodiscard]] bool found() noexcept {
    return searching(idle_.fetch_add(-one_searching, std::memory_order_seq_cst)) <= 1;
  }
  /// A searcher has found nothing and is about to wait. It looks again after this.
  void sleep(seat<Threading>& own) noexcept {
    idle_.fetch_add(one_sleeping - one_searching, std::memory_order_seq_cst);
    own.sleep();  // in this order: sleeping >= parked seats
  }
  /// After seat.call(): a sleeper has become a searcher.
  void called() noexcept { idle_.fetch_add(one_searching - one_sleeping, std::memory_order_seq_cst); }
  /// After seat.post(), or when seat.rise() finds that nobody came: a sleeper is awake.
  void one_less() noexcept { idle_.fetch_add(-one_sleeping, std::memory_order_seq_cst); }

 private:
  static constexpr std::int64_t one_searching = 1;
  static constexpr std::int64_t one_sleeping = std::int64_t{1} << 32;

  [[nodiscard]] static std::int32_t searching(std::int64_t word) noexcept { return static_cast<std::int32_t>(word); }
  [[nodiscard]] static std::int32_t sleeping(std::int64_t word) noexcept {
    return static_cast<std::int32_t>((word - searching(word)) >> 32);
  }

  alignas(cache_line) typename Threading::template atomic<std::int64_t> idle_{0};
};

}  // namespace tenon::detail
// tenon/core/detail/row.hpp

namespace tenon::detail {

/// Objects side by side whose number is known when they are made, and which never move: they need not be able to.
///
/// A vector of unique_ptr would do, but costs sixty functions of compile time a type (bench/NOTES.md).
///
/// Shape    One allocation, aligned as T asks.
/// Errors   What leaves `make` leaves the constructor; what was made before is destroyed.
template <class T>
class row {
 public:
  /// The i-th of them is what `make(i)` gives.
  template <class Make>
  row(std::size_t size, Make make) : row(room_for(size)) {
    for (; size_ < size; ++size_) ::new (static_cast<void*>(first_ + size_)) T(make(size_));
  }
  row(const row&) = delete;
  row& operator=(const row&) = delete;
  ~row() {
    while (size_ > 0) first_[--size_].~T();
    ::operator delete(static_cast<void*>(first_), std::align_val_t{alignof(T)});
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return first_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return first_[i]; }
  [[nodiscard]] T* begin() noexcept { return first_; }
  [[nodiscard]] T* end() noexcept { return first_ + size_; }
  [[nodiscard]] const T* begin() const noexcept { return first_; }
  [[nodiscard]] const T* end() const noexcept { return first_ + size_; }

 private:
  explicit row(void* room) noexcept : first_(static_cast<T*>(room)) {}

  [[nodiscard]] static void* room_for(std::size_t size) {
    const std::size_t bytes = size <= PTRDIFF_MAX / sizeof(T) ? size * sizeof(T) : PTRDIFF_MAX;  // which there is not
    return ::operator new(bytes, std::align_val_t{alignof(T)});
  }

  T* first_;
  std::size_t size_ = 0;
};

}  // namespace tenon::detail
// tenon/runtime/detail/by_header.hpp

namespace tenon::detail {

/// Members of a runtime that take a header of their own, so that who does not name them pays for none of it.
///
/// Each function is a template over what that header defines: whether it is there is asked where it is called.
template <class R>
class by_header {
 public:
  using scheduler = basic_scheduler<R>;  // runtime/senders.hpp

  // net: each is defined by the header of its name
  using file = basic_file<R>;
  using signals = basic_signals<R>;
  using tcp_listener = basic_tcp_listener<R>;
  using tcp_stream = basic_tcp_stream<R>;
  using udp_socket = basic_udp_socket<R>;
  using unix_listener = basic_unix_listener<R>;
  using unix_stream = basic_unix_stream<R>;

  /// The scheduler of std::execution that stands for it: runtime/senders.hpp.
  template <class Scheduler = scheduler>
  [[nodiscard]] auto get_scheduler() noexcept {
    constexpr bool included = complete<Scheduler>;
    static_assert(included, "tenon::runtime<...>::get_scheduler: include <tenon/runtime/senders.hpp>");
    if constexpr (included) return Scheduler(static_cast<R&>(*this));
  }

  // What a loop that is not the runtime's own calls in place of run(): runtime/embedding.hpp tells of each.

  template <class T, class Embedding = embedding<R>>  // T is void: a task<void> itself would have to be there by now
  void launch(task<T> main) {
    constexpr bool included = complete<Embedding>;
    static_assert(included, "tenon::runtime<...>::launch: include <tenon/runtime/embedding.hpp>");
    if constexpr (included) Embedding::launch(static_cast<R&>(*this), std::move(main));
  }
  template <class Embedding = embedding<R>>
  [[nodiscard]] bool poll_once(std::size_t most = 256) {
    constexpr bool included = complete<Embedding>;
    static_assert(included, "tenon::runtime<...>::poll_once: include <tenon/runtime/embedding.hpp>");
    if constexpr (included) return Embedding::poll_once(static_cast<R&>(*this), most);
  }
  template <class Embedding = embedding<R>>
  [[nodiscard]] int native_handle() const noexcept {
    constexpr bool included = complete<Embedding>;
    static_assert(included, "tenon::runtime<...>::native_handle: include <tenon/runtime/embedding.hpp>");
    if constexpr (included) return Embedding::native_handle(static_cast<const R&>(*this));
  }
  template <class Embedding = embedding<R>>
  [[nodiscard]] time_point next_deadline() noexcept {
    constexpr bool included = complete<Embedding>;
    static_assert(included, "tenon::runtime<...>::next_deadline: include <tenon/runtime/embedding.hpp>");
    if constexpr (included) return Embedding::next_deadline(static_cast<R&>(*this));
  }

 protected:
  by_header() = default;
  ~by_header() = default;
};

}  // namespace tenon::detail
// tenon/runtime/detail/crowd.hpp

namespace tenon::detail {

template <class R>
class crowd;

/// What a root keeps of its context where the runtime carries none.
struct carries_nothing {
  carries_nothing() = default;
  explicit carries_nothing(const any_context* /*dropped*/) noexcept {}
};
/// What a root keeps of its context: known by two members of R that are there before R is whole.
template <class R>
using carried_by = std::conditional_t<R::carries_context, typename R::context::values, carries_nothing>;

/// What may stand before the function of a spawn.
struct origin {
  const any_context* context = nullptr;
  const key* bound = nullptr;
};

/// The coroutine at the root of a spawned tree: it holds the function and its arguments, and owns itself.
template <class R>
struct root {
  // Nobody waits for it, so it has no continuation; it is the root of its environment, so that it is its own.
  struct promise_type : frame_allocated, work {
    template <class... Rest>
    explicit promise_type(crowd<R>& of, Rest&...) : owner(of) {
      if constexpr (R::carries_context) own.context = &carried;
    }

    struct out {
      [[nodiscard]] static bool await_ready() noexcept { return false; }
      static void await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
        crowd<R>& owner = ended.promise().owner;
        owner.remove(ended.promise());
        ended.destroy();
        owner.leave();
      }
      static void await_resume() noexcept {}
    };

    [[nodiscard]] root get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    [[nodiscard]] static std::suspend_always initial_suspend() noexcept { return {}; }
    [[nodiscard]] static out final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    void unhandled_exception() noexcept {
#if defined(__cpp_exceptions)
      owner.fail(std::current_exception());
#endif
    }

    crowd<R>& owner;
    environment own{std::stop_source()};  // its own: a million tasks do not meet at one stop state's lock
    [[no_unique_address]] carried_by<R> carried;
    promise_type* before = nullptr;
    promise_type* after = nullptr;
  };

  std::coroutine_handle<promise_type> handle;
};

template <class R, class Fn, class... Args>
root<R> run_root(crowd<R>& /*owner*/, Fn fn, Args... args) {
  co_await fn(std::move(args)...);
}

/// The same for a task that needs nothing kept but itself.
template <class R, class Task>
root<R> run_task(crowd<R>& /*owner*/, Task body) {
  co_await std::move(body);
}

/// The same for a task whose outcome somebody waits for, and then `after`, before it leaves.
template <class R, class Task, class T>
root<R> run_main(crowd<R>& of, Task body, outcome<T>* out, void (*after)(crowd<R>&) noexcept) {
#if defined(__cpp_exceptions)
  try {
#endif
    if constexpr (std::is_void_v<T>) {
      co_await std::move(body);
    } else {
      out->set(co_await std::move(body));
    }
#if defined(__cpp_exceptions)
  } catch (...) {
    out->fail(std::current_exception());
  }
#endif
  after(of);
}

/// std::reference_wrapper, told by its face.
template <class A>
concept stands_for_reference = requires(A& arg) {
  typename A::type;
  { arg.get() } -> std::same_as<typename A::type&>;
};

/// Whether a task made at once keeps all that it was given: a plain function that takes each argument as the very type
/// that would be kept, or as the reference that a std::reference_wrapper stands for. Then no second copy of them is
/// kept beside it. (A string that a string_view is made of is not that: it has to be kept.)
template <class Fn, class... Args>
struct keeps_itself : std::false_type {};
template <class Task, class... Ps, class... Args>
  requires(sizeof...(Ps) == sizeof...(Args))
struct keeps_itself<Task (*)(Ps...), Args...>
    : std::bool_constant<((std::is_same_v<Ps, Args> || (std::is_reference_v<Ps> && stands_for_reference<Args>)) &&
                          ...)> {};

/// The roots that one scope, or a runtime itself, answers for: it counts them, can ask them to stop, keeps the first
/// exception, and knows when the last has left.
///
/// Invariant  live = roots that have not left + 1 while the crowd is open. Nobody enters once live is zero: then
///            `empty` has been called, once, by whoever brought it there.
/// Threads    Any.
template <class R>
class crowd {
  using threading = typename R::threading;
  using member = typename root<R>::promise_type;

 public:
  using empty_function = void (*)(crowd&) noexcept;

  crowd(R& runtime, empty_function empty) noexcept : runtime_(runtime), empty_(empty) {}
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  [[nodiscard]] R& runtime() const noexcept { return runtime_; }
  [[nodiscard]] std::size_t live() const noexcept { return live_.load(std::memory_order_acquire); }

  /// One more is answered for; false when all have left.
  [[nodiscard]] bool enter() noexcept {
    std::size_t seen = live_.load(std::memory_order_relaxed);
    while (seen != 0) {
      if (live_.compare_exchange_strong(seen, seen + 1, std::memory_order_acq_rel, std::memory_order_relaxed))
        return true;
    }
    return false;
  }
  void leave() noexcept {
    if (live_.fetch_sub(1, std::memory_order_acq_rel) == 1) empty_(*this);
  }
  void reopen() noexcept { live_.store(1, std::memory_order_relaxed); }

  /// Makes the root of a tree, entered before, ready to run. What throws here leaves nothing behind.
  template <class Fn, class... Args>
  void start(origin from, Fn&& fn, Args&&... args) {
    using lead = std::remove_cvref_t<Fn>;
    if constexpr (std::is_base_of_v<any_context, lead>) {
      from.context = &fn;
      start(from, std::forward<Args>(args)...);
    } else if constexpr (std::is_same_v<lead, key>) {
      static_assert(!R::scheduling::shares,
                    "tenon::runtime<...>::spawn: a key binds a task to a worker, and here any worker runs any task; "
                    "write affinity<>, or leave out the key");
      from.bound = &fn;
      start(from, std::forward<Args>(args)...);
    } else {
      start_root(from, make(std::forward<Fn>(fn), std::forward<Args>(args)...));
    }
  }
  /// The same for a root that is made.
  void start_root(origin from, root<R> made) {
    member& promise = made.handle.promise();
    if constexpr (R::carries_context) promise.carried = carried_by<R>(from.context);
    add(promise);
    runtime_.count_spawned();
    work& item = promise_base::starting(promise);
    if constexpr (!R::scheduling::shares) {
      if (from.bound != nullptr) return runtime_.start_at(from.bound->among(runtime_.workers()), item);
    }
    runtime_.start(item, promise.own);
  }

  /// Destroys what was to start in a runtime that never ran. An item that is no root of ours ends by itself where there
  /// is no worker.
  static void abandon(work& item) noexcept {
    if (item.run == promise_base::starting_function<member>()) {
      member& promise = static_cast<member&>(item);
      promise.owner.remove(promise);  // what is destroyed with it may ask the others to stop
      std::coroutine_handle<member>::from_promise(promise).destroy();
    } else {
      item.run(item);
    }
  }

  /// Asks all to stop, those to come too. Stop callbacks run on this thread, with no lock held. Out of memory it ends
  /// the program: half of them asked would be worse.
  void cancel() noexcept {
    // A list of their sources, because the crowd may be gone as soon as the last of them is asked.
    struct asked {
      std::stop_source source;
      asked* next;
    };
    asked* list = nullptr;
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      for (member* each = first_; each != nullptr; each = each->after) list = new asked{each->own.stop, list};
    }
    while (list != nullptr) {
      list->source.request_stop();
      delete std::exchange(list, list->next);
    }
  }

#if defined(__cpp_exceptions)
  /// Keeps the first exception and asks the others to stop.
  void fail(std::exception_ptr error) noexcept {
    if constexpr (!R::errors::rethrows) {
      if (this == &runtime_.background()) std::terminate();
    }
    {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::move(error);
    }
    cancel();
  }
  void rethrow() {
    if (std::exception_ptr error = std::exchange(error_, nullptr)) std::rethrow_exception(std::move(error));
  }
#endif

 private:
  friend member;
  friend typename member::out;

  template <class Fn, class... Args>
  [[nodiscard]] root<R> hold(Fn&& fn, Args&&... args) {
    if constexpr (keeps_itself<std::decay_t<Fn>, std::decay_t<Args>...>::value) {
      return run_task<R>(*this, fn(std::forward<Args>(args)...));
    } else {
      return run_root<R, std::decay_t<Fn>, std::decay_t<Args>...>(*this, std::forward<Fn>(fn),
                                                                  std::forward<Args>(args)...);
    }
  }

  template <class Fn, class... Args>
  [[nodiscard]] root<R> make(Fn&& fn, Args&&... args) {
#if defined(__cpp_exceptions)
    try {
      return hold(std::forward<Fn>(fn), std::forward<Args>(args)...);
    } catch (...) {
      leave();
      throw;
    }
#else
    return hold(std::forward<Fn>(fn), std::forward<Args>(args)...);
#endif
  }

  void add(member& promise) noexcept {
    bool stopped = false;
    {
      const std::lock_guard lock(mutex_);
      promise.after = first_;
      if (first_ != nullptr) first_->before = &promise;
      first_ = &promise;
      stopped = stopped_;
    }
    if (stopped) promise.own.stop.request_stop();
  }
  void remove(member& promise) noexcept {
    const std::lock_guard lock(mutex_);
    if (promise.after != nullptr) promise.after->before = promise.before;
    (promise.before != nullptr ? promise.before->after : first_) = promise.after;
  }

  R& runtime_;
  empty_function empty_;
  typename threading::template atomic<std::size_t> live_{1};
  typename threading::mutex mutex_;
  member* first_ = nullptr;
  bool stopped_ = false;
#if defined(__cpp_exceptions)
  std::exception_ptr error_;
#endif
};

}  // namespace tenon::detail
// tenon/runtime/detail/extension.hpp

namespace tenon::detail {

/// A part of a runtime that only some programs have: made when it is first asked for, ended by the runtime once its
/// workers have gone.
struct extension {
  const void* kind = nullptr;
  void (*end)(extension&) noexcept = nullptr;  ///< waits for what it still does, and frees it
  /// In a runtime of one thread: its worker was given something while it may be asleep. Null: nothing to do then.
  void (*roused)(extension&) noexcept = nullptr;
  extension* next = nullptr;
};

template <class Part>
inline char extension_kind = 0;

/// The extensions of one runtime: one pointer, null in a program that has none.
///
/// Invariant  A list that only grows at its head until end_all(); each kind is on it at most once, since who adds one
///            has seen the list without it up to the very head that the compare-exchange finds. The release of that
///            exchange makes the part's construction happen before the acquire of whoever reads the head.
template <class Threading>
class extensions {
 public:
  extensions() = default;
  extensions(const extensions&) = delete;
  extensions& operator=(const extensions&) = delete;
  ~extensions() { end_all(); }

  /// Any thread. Part derives from extension and is made with new Part(args...).
  template <class Part, class... Args>
  [[nodiscard]] Part& get(const Args&... args) {
    extension* head = head_.load(std::memory_order_acquire);
    if (Part* const known = find<Part>(head)) return *known;
    Part* const made = new Part(args...);
    made->kind = &extension_kind<Part>;
    for (;;) {
      made->next = head;
      if (head_.compare_exchange_strong(head, made, std::memory_order_acq_rel, std::memory_order_acquire)) return *made;
      if (Part* const other = find<Part>(head)) {
        made->end(*made);
        return *other;
      }
    }
  }

  /// The thread of a runtime of one.
  void rouse() noexcept {
    for (extension* each = head_.load(std::memory_order_relaxed); each != nullptr; each = each->next) {
      if (each->roused != nullptr) each->roused(*each);
    }
  }

  /// One thread, when nobody asks for one any more.
  void end_all() noexcept {
    extension* each = head_.exchange(nullptr, std::memory_order_acquire);
    while (each != nullptr) {
      extension& ending = *std::exchange(each, each->next);
      ending.end(ending);
    }
  }

 private:
  template <class Part>
  [[nodiscard]] static Part* find(extension* from) noexcept {
    while (from != nullptr && from->kind != &extension_kind<Part>) from = from->next;
    return static_cast<Part*>(from);
  }

  typename Threading::template atomic<extension*> head_{nullptr};
};

}  // namespace tenon::detail
// tenon/runtime/detail/outsiders.hpp

namespace tenon::detail {

/// Counts for the report: by a worker in the observer that it alone writes, by any other thread in two numbers here.
/// Relaxed, because no other memory is published by them. Nothing where nobody counts.
template <class Threading, bool Counts>
class outsiders {
 public:
  template <class R>
  void spawned(R& rt) noexcept {
    if (auto* const here = rt.current()) return here->observer().spawned(1);
    tasks_spawned_.fetch_add(1, std::memory_order_relaxed);
  }
  template <class R>
  void dropped(R& rt, std::size_t items) noexcept {
    if (auto* const here = rt.current()) return here->observer().dropped(items);
    items_dropped_.fetch_add(items, std::memory_order_relaxed);
  }
  template <class Totals>
  void add_to(Totals& all) const noexcept {
    all.tasks_spawned += tasks_spawned_.load(std::memory_order_relaxed);
    all.items_dropped += items_dropped_.load(std::memory_order_relaxed);
  }

 private:
  typename Threading::template atomic<std::uint64_t> tasks_spawned_{0};
  typename Threading::template atomic<std::uint64_t> items_dropped_{0};
};

template <class Threading>
class outsiders<Threading, false> {
 public:
  template <class R>
  static constexpr void spawned(R& /*rt*/) noexcept {}
  template <class R>
  static constexpr void dropped(R& /*rt*/, std::size_t /*items*/) noexcept {}
  template <class Totals>
  static constexpr void add_to(Totals& /*all*/) noexcept {}
};

}  // namespace tenon::detail
// tenon/runtime/detail/posted.hpp

namespace tenon::detail {

template <class>
inline constexpr bool never_for = false;

/// A plain function on its way to a worker of R: a node from the memory policy, freed before the shutdown hears of it.
/// Where there is no worker, in a runtime that goes without having run, the function is destroyed and not called.
template <class R, class Fn>
class posted : work {
 public:
  template <class F>
  [[nodiscard]] static work& make(R& runtime, F&& fn) {
    static_assert(alignof(posted) <= alignof(std::max_align_t),
                  "tenon::runtime<...>::post: the function is over-aligned");
    return *::new (runtime.allocate(sizeof(posted))) posted(runtime, std::forward<F>(fn));
  }

 private:
  template <class F>
  posted(R& runtime, F&& fn) : work(&execute), runtime_(runtime), fn_(std::forward<F>(fn)) {}

  static void execute(work& item) noexcept {
    auto& self = static_cast<posted&>(item);
    R& runtime = self.runtime_;
    if (runtime.current() == nullptr) return self.free();
#if defined(__cpp_exceptions)
    try {
      self.fn_();
    } catch (...) {
      runtime.background().fail(std::current_exception());
    }
#else
    self.fn_();
#endif
    self.free();
    runtime.background().leave();
  }

  void free() noexcept {
    R& runtime = runtime_;
    std::destroy_at(this);
    runtime.deallocate(this, sizeof(posted));
  }

  R& runtime_;
  Fn fn_;
};

}  // namespace tenon::detail
// tenon/runtime/detail/surroundings.hpp

/// What a runtime makes of the machine that its topology tells of.
namespace tenon::detail {

struct headcount {
  std::size_t concurrency;
};

/// The machine; or how many workers it is good for, of a topology that can tell that alone and binds nobody to a place.
/// Then the list of places, sixty functions of compile time, is in no program that does not use it.
template <class Topology>
[[nodiscard]] auto look_around() {
  if constexpr (!Topology::pins && !requires { Topology::knows_nodes; } && requires { Topology::concurrency(); }) {
    return headcount{Topology::concurrency()};
  } else {
    return Topology::read();
  }
}

/// The scheduling's shared part, told of the machine if it wants to know and if there is one.
template <class Shared, class Machine>
[[nodiscard]] Shared shared_on(const Machine& where, std::size_t workers) {
  if constexpr (std::is_constructible_v<Shared, std::size_t, const Machine&>) {
    return Shared(workers, where);
  } else {
    return Shared(workers);
  }
}

/// The NUMA node of a worker's place; -1 where all places have the same one.
template <class Machine>
[[nodiscard]] int node_of([[maybe_unused]] const Machine& where, [[maybe_unused]] std::size_t worker) noexcept {
  if constexpr (requires { where.places; }) {
    const int node = where.place_of(worker).node;
    for (const auto& each : where.places) {
      if (each.node != node) return node;
    }
  }
  return -1;
}

/// Where the arenas of a runtime pass blocks on to each other, if they do (memory/concept.hpp).
template <class Memory, class Threading>
struct exchange_of {
  template <class Arena>
  void let_join(Arena& /*arena*/) noexcept {}
};
template <class Memory, class Threading>
  requires(Threading::concurrent && requires { typename Memory::template exchange<Threading>; })
struct exchange_of<Memory, Threading> {
  typename Memory::template exchange<Threading> blocks;

  template <class Arena>
  void let_join(Arena& arena) noexcept {
    arena.join(blocks);
  }
};

/// A thread of the system's. std::thread would cost a tenth of a small program's compile time.
[[nodiscard]] inline ::pthread_t thread_of(void* (*body)(void*), void* argument) noexcept {
  ::pthread_t made{};
  const int error = ::pthread_create(&made, nullptr, body, argument);
  if (error != 0) raise(error_of(error));  // ends the program: the threads before it run already
  return made;
}
inline void name_thread(const char* runtime, std::size_t worker) noexcept {
  char title[40];
  (void)std::snprintf(title, sizeof title, "%.13s/%zu", runtime, worker);
  title[15] = '\0';  // the kernel takes no more
  ::pthread_setname_np(::pthread_self(), title);
}

/// A thread that a part of the library begins, perhaps at a pinned worker, has that worker's place: it may run wherever
/// workers may.
template <class Topology, class Machine>
void let_roam([[maybe_unused]] const Machine& where) noexcept {
  if constexpr (Topology::pins) (void)Topology::unpin(where);
}

/// Runs a worker to its end: at its place if the topology pins, and its memory on the node of that place if its arena
/// wants to know (memory/concept.hpp).
template <class Topology, class Worker, class Shared, class Exchange, class Machine>
void run_at_home(Worker& self, [[maybe_unused]] Shared& shared, Exchange& exchange,
                 [[maybe_unused]] const Machine& where) noexcept {
  if constexpr (Topology::pins) (void)Topology::pin(where, self.index());  // a refusal costs speed, not correctness
  if constexpr (requires { self.arena().settle(0); }) {
    const auto home = self.arena().settle(node_of(where, self.index()));
    home.bring(&self, sizeof self);
    if constexpr (requires { shared.ring_of(self.index()); }) {
      auto& deque = shared.ring_of(self.index());
      home.bring(&deque, sizeof deque);
    }
    exchange.let_join(self.arena());
    self.run();
  } else {
    exchange.let_join(self.arena());
    self.run();
  }
  if constexpr (Topology::pins) {
    if (self.index() == 0) (void)Topology::unpin(where);  // the caller's thread, which goes on without us
  }
}

/// What the topology and the memory have to say of this machine, a line each, below what is there already.
template <class Memory, class Machine>
void add_notes([[maybe_unused]] std::string& lines, [[maybe_unused]] const Machine& where) {
  [[maybe_unused]] const auto add = [&lines](std::string_view line) {
    if (!lines.empty() && !line.empty()) lines += '\n';
    lines += line;
  };
  if constexpr (requires { where.note; }) add(where.note);
  if constexpr (requires { Memory::note(); }) {
    if (node_of(where, 0) >= 0) add(Memory::note());
  }
}

}  // namespace tenon::detail
// tenon/runtime/detail/visitors.hpp

namespace tenon::detail {

/// Threads of others that are inside a runtime: to hand it a task, or to wake it. What they have handed over may bring
/// the runtime to its end while they still look whom to wake; so run() does not return before they are out.
///
/// Edges    A visitor is counted before it publishes its item; the item is run, and all that follows from it, up to the
///          join of the workers, before see_off() looks: it sees the count. It sees zero only after the visitor's last
///          touch, which its release and this acquire order.
/// Cost     Two read-modify-writes a visit. A runtime of one thread has no visitors.
template <class Threading>
class visitors {
 public:
  class pass {
   public:
    explicit pass(visitors* at) noexcept : at_(at) {
      if (at_ != nullptr) at_->inside_.fetch_add(1, std::memory_order_relaxed);
    }
    pass(const pass&) = delete;
    pass& operator=(const pass&) = delete;
    ~pass() {
      if (at_ != nullptr) at_->inside_.fetch_sub(1, std::memory_order_release);
    }

   private:
    visitors* at_;
  };

  /// Until the pass is gone, if `outsider`.
  [[nodiscard]] pass come(bool outsider) noexcept { return pass(outsider && Threading::concurrent ? this : nullptr); }

  /// They are out but for a system call at most, so this seldom waits, and never for long.
  void see_off() const noexcept {
    while (inside_.load(std::memory_order_acquire) != 0) ::sched_yield();
  }

 private:
  typename Threading::template atomic<std::uint32_t> inside_{0};
};

}  // namespace tenon::detail
// tenon/core/detail/inbox.hpp

namespace tenon::detail {

/// Where other threads leave work for one owner: an intrusive stack that the owner takes whole, and turns round.
///
/// Let H be the values of head_ in modification order, h -> h.next -> ... the chain that starts at h. Invariants:
///   (1) a chain is frozen while head_ holds it: `next` of an item is written before the CAS that publishes the item,
///       and again only by the owner after take() has removed it;
///   (2) the chain lists what was pushed since the last take(), newest first. Reversed, it is the order of the CASes in
///       H, thus FIFO for each producer and for each pair of pushes one of which happens before the other;
///   (3) between two take()s exactly one push finds head_ == nullptr: its push() is the one that returns true.
/// There is no ABA: a push that saw h and installs item with item.next == h wants only that head_ holds h at its CAS;
/// that h left and came back in between changes nothing, for the chain behind h is then the present one.
///
/// Edges    push's CAS (release half) -> take's exchange (acquire half): the owner sees the item and what the pusher
///          did before. A pusher that links behind h never reads *h, so its own read needs no acquire; the CASes of one
///          chain are one release sequence, so taking the newest synchronizes with them all.
///          push is sequentially consistent, and so is empty(): "push, then read whether the owner is parked" and
///          "park, then read empty()" cannot both miss the other (see detail::parking). On x86-64 this costs nothing.
/// Shape    One cache line. Items are not owned.
/// Cost     push: one CAS, O(1) unless it loses a race. take: one exchange, O(items).
/// Threads  push: any. take: the owner. empty: any.
/// Source   R. K. Treiber, "Systems Programming: Coping with Parallelism", 1986. Model: tests/model/inbox.cpp.
template <class Threading>
class inbox {
 public:
  inbox() = default;
  inbox(const inbox&) = delete;
  inbox& operator=(const inbox&) = delete;

  /// Leaves `item`. True when nothing was there before: the one pusher that has to see to it that the owner looks.
  bool push(work& item) noexcept {
    work* newest = head_.load(std::memory_order_relaxed);  // only a guess for the CAS
    do {
      item.next = newest;
    } while (!head_.compare_exchange_strong(newest, &item, std::memory_order_seq_cst, std::memory_order_relaxed));
    return newest == nullptr;  // `item` may be gone by now
  }

  /// Takes all there is, oldest first.
  [[nodiscard]] work_list take() noexcept {
    work_list taken;
    if (head_.load(std::memory_order_relaxed) == nullptr) return taken;  // spares the line: most looks find nothing
    work* newest = head_.exchange(nullptr, std::memory_order_acquire);
    work* oldest = nullptr;
    while (newest != nullptr) {
      work* const older = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = older;
    }
    while (oldest != nullptr) {
      work* const newer = oldest->next;
      taken.push(*oldest);
      oldest = newer;
    }
    return taken;
  }

  [[nodiscard]] bool empty() const noexcept { return head_.load(std::memory_order_seq_cst) == nullptr; }

 private:
  alignas(cache_line) typename Threading::template atomic<work*> head_{nullptr};
};

/// The inbox of a runtime of one thread: a list.
template <>
class inbox<single_thread> {
 public:
  inbox() = default;
  inbox(const inbox&) = delete;
  inbox& operator=(const inbox&) = delete;

  bool push(work& item) noexcept {
    const bool was_empty = list_.empty();
    list_.push(item);
    return was_empty;
  }
  [[nodiscard]] work_list take() noexcept { return std::move(list_); }
  [[nodiscard]] bool empty() const noexcept { return list_.empty(); }

 private:
  work_list list_;
};

static_assert(sizeof(inbox<multi_thread>) == cache_line);
static_assert(sizeof(inbox<single_thread>) == sizeof(work_list));

}  // namespace tenon::detail
// tenon/runtime/detail/forking.hpp

namespace tenon::detail {

/// A worker's part in fork_join: its stack of branches, and its hand in those of others when it has nothing to run.
///
/// In a runtime whose workers do not share their tasks it is not there, and branches run where they are forked.
template <class Worker, bool Shares>
class forking {
 public:
  explicit forking(Worker& /*owner*/) noexcept {}
  [[nodiscard]] static fork_stack& stack() noexcept { return no_forks; }
  static void item_ended() noexcept {}
  [[nodiscard]] static bool take() noexcept { return false; }
  [[nodiscard]] static bool help() noexcept { return false; }
  [[nodiscard]] static bool others_share() noexcept { return false; }
  [[nodiscard]] static bool may_sleep() noexcept { return true; }
};

template <class Worker>
class forking<Worker, true> {
  using clock = std::chrono::steady_clock;

 public:
  explicit forking(Worker& owner) noexcept : owner_(owner) { stack_.belong_to(this, hooks); }

  [[nodiscard]] fork_stack& stack() noexcept { return stack_; }

  void item_ended() noexcept {
    if (stack_.active() && !serving_) stack_.close();
  }

  /// The worker has nothing to run: runs a branch that another has shared. False when there is none; then those who
  /// fork have been asked.
  [[nodiscard]] bool take() noexcept {
    const std::size_t all = owner_.runtime_.workers();
    is_hopeful_ = false;
    for (std::size_t i = 1; i < all; ++i) {
      fork_stack& theirs = owner_.runtime_.worker_at((owner_.index_ + i) % all).forks();
      if (!theirs.active()) continue;
      if (fork_stack::branch* const got = stack_.claim(theirs)) {
        owner_.end_search();
        stack_.run(*got);
        item_ended();
        looked_ = 0;
        keep_turning();
        return true;
      }
      theirs.ask();
      is_hopeful_ = true;
    }
    return false;
  }
  /// The same, and while others fork it looks for a while longer than it finds something, since a sleeper is twenty
  /// microseconds late. False when it may sleep.
  [[nodiscard]] bool help() noexcept {
    if (take()) return true;
    if (!is_hopeful_ || ++looked_ == patience) {
      looked_ = 0;
      return false;
    }
    relax();
    if (looked_ % 64 == 0) owner_.turn();
    return true;
  }
  [[nodiscard]] bool others_share() noexcept {
    for (std::size_t i = 0; i < owner_.runtime_.workers(); ++i) {
      if (owner_.runtime_.worker_at(i).forks().sharing()) return true;
    }
    return false;
  }
  /// Once the worker counts as asleep: false when there is a branch to take after all. Who forks on is asked to call.
  [[nodiscard]] bool may_sleep() noexcept {
    const std::size_t all = owner_.runtime_.workers();
    for (std::size_t i = 1; i < all; ++i) {
      fork_stack& theirs = owner_.runtime_.worker_at((owner_.index_ + i) % all).forks();
      if (theirs.sharing()) return false;
      if (theirs.active()) theirs.ask();
    }
    return true;
  }

 private:
  static constexpr unsigned patience = 2'000;  // looks; some 50 us
  static constexpr unsigned spins = 64;
  static constexpr int items_served = 16;
  static constexpr std::int32_t most_forks = 1'024;
  static constexpr auto look_at_clock_every = std::chrono::microseconds(20);
  static constexpr auto serve_every = std::chrono::microseconds(200);

  static forking& self(void* its) noexcept { return *static_cast<forking*>(its); }

  static bool idle(void* its) noexcept { return self(its).owner_.runtime_.idle().anyone(); }
  static void call(void* its) noexcept { self(its).owner_.call_if_wanted(); }
  static std::int32_t tick(void* its, std::int32_t forks) noexcept { return self(its).keep_time(forks); }
  static void pause(void* its, unsigned round) noexcept {
    if (round < spins) return relax();
    if (round % 16 == 0) (void)self(its).keep_time(1);
    ::sched_yield();
  }
  static constexpr branch_hooks hooks{&idle, &call, &tick, &pause};

  /// `forks` after it was asked last, or at the first of an item (0). A clock at each would cost ten times the fork,
  /// and a fixed number would say nothing of time: so it asks after as many as take some twenty microseconds.
  [[nodiscard]] std::int32_t keep_time(std::int32_t forks) noexcept {
    const clock::time_point now = clock::now();
    const auto spent = now - std::exchange(looked_at_, now);
    if (forks == 0) {
      served_at_ = now;
      return 1;
    }
    if (now - served_at_ >= serve_every) serve();
    const std::int64_t most = std::int64_t{forks} * 8 < most_forks ? std::int64_t{forks} * 8 : most_forks;
    const std::int64_t fitting = spent.count() <= 0 ? most : forks * look_at_clock_every / spent;
    return static_cast<std::int32_t>(fitting < 1 ? 1 : fitting < most ? fitting : most);
  }

  /// Between two stolen branches, which are no items: a turn is due by the clock.
  void keep_turning() noexcept {
    const clock::time_point now = clock::now();
    if (now - turned_at_ < serve_every) return;
    turned_at_ = now;
    owner_.turn();
  }

  /// In the middle of an item: its I/O, timers, and some of what is ready. What runs here forks nothing out, for a
  /// thief's waiter may take only what descends from what the thief runs.
  void serve() noexcept {
    serving_ = true;
    fork_stack* const before = std::exchange(owner_.thread_->forks, &no_forks);
    const unsigned depth = owner_.thread_->depth, chain = owner_.thread_->chain;
    owner_.turn();
    for (int i = 0; i < items_served; ++i) {
      work* item = owner_.local_.next();
      if (item == nullptr && i == 0) {  // what comes from outside; a searcher, for it may bring more than it runs
        owner_.search();
        item = owner_.local_.find();
        owner_.end_search();
      }
      owner_.tell();
      if (item == nullptr) break;
      owner_.execute(*item);
    }
    owner_.thread_->depth = depth;
    owner_.thread_->chain = chain;
    owner_.thread_->forks = before;
    serving_ = false;
    looked_at_ = served_at_ = clock::now();
  }

  Worker& owner_;
  fork_stack stack_;
  unsigned looked_ = 0;
  bool is_hopeful_ = false;  // the last look found somebody who forks
  bool serving_ = false;
  clock::time_point looked_at_{};
  clock::time_point served_at_{};
  clock::time_point turned_at_{};  // between two stolen branches
};

}  // namespace tenon::detail
// tenon/runtime/detail/frames_of.hpp

namespace tenon::detail {

/// The three functions that code which does not name the memory policy reaches an arena by.
template <class Memory>
struct frames_by {
  using arena_type = typename Memory::arena;

  static void* allocate(void* arena, std::size_t bytes) { return static_cast<arena_type*>(arena)->allocate(bytes); }
  static void deallocate(void* arena, void* chunk, std::size_t bytes) noexcept {
    static_cast<arena_type*>(arena)->deallocate(chunk, bytes);
  }
  static void release(void* chunk, std::size_t bytes) noexcept { Memory::release(chunk, bytes); }
};
template <class Memory>
inline constexpr frame_source frames_of{&frames_by<Memory>::allocate, &frames_by<Memory>::deallocate,
                                        &frames_by<Memory>::release};

}  // namespace tenon::detail
// tenon/runtime/detail/worker.hpp

namespace tenon::detail {

/// A worker: the local part of the scheduling, a backend, timers and an arena, run by one thread.
///
/// It runs what is ready; every `turn_every` items, and when nothing is ready, it takes a turn: its inbox, its backend,
/// its timers. A turn with nothing ready sleeps in the backend, by the protocol of parking.hpp.
///
/// In somebody else's loop there is no run() but visits.hpp.
template <class R>
class alignas(cache_line) worker final : public loop {
  using threading = typename R::threading;
  using local_type = typename R::scheduling::template local<threading>;
  using backend_type = typename R::backend::template loop<threading>;
  using arena_type = typename R::memory::arena;
  using observer_type = typename R::observe::template of<threading>;

  struct no_seat {};

  static constexpr bool concurrent = threading::concurrent;
  static constexpr bool shares = R::scheduling::shares;
  static constexpr bool has_levels = R::has_levels;
  static constexpr unsigned turn_every = 61;

 public:
  worker(R& runtime, std::size_t index)
      : loop(table, &runtime), runtime_(runtime), index_(index), local_(runtime.shared(), index) {}
  /// Runs what was sent to this worker when there was no thread of it any more: descriptors that come home to be
  /// closed.
  ~worker() {
    work_list left = inbox_.take();
    while (work* const item = left.pop()) item->run(*item);
  }

  [[nodiscard]] result<void> open() noexcept { return backend_.open(); }
  [[nodiscard]] backend_type& backend() noexcept { return backend_; }
  [[nodiscard]] const backend_type& backend() const noexcept { return backend_; }
  [[nodiscard]] observer_type& observer() noexcept { return observer_; }
  [[nodiscard]] const observer_type& observer() const noexcept { return observer_; }
  [[nodiscard]] arena_type& arena() noexcept { return arena_; }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] R& runtime() const noexcept { return runtime_; }
  [[nodiscard]] fork_stack& forks() noexcept { return forking_.stack(); }

  ::pthread_t thread{};  ///< the runtime's, for each worker but the first

  /// Owner: `item` goes on here, after what is ready.
  void schedule(work& item, const environment& env) noexcept {
    assert(here().current == this && "an owner's call from another thread");
    if constexpr (has_levels) {
      local_.push(item, env.level());
    } else {
      local_.push(item);
    }
    hurry();
    if constexpr (concurrent && shares) {
      if (collecting_) {
        ++collected_;
      } else {
        call_if_wanted();
      }
    }
  }

  /// Owner: a new item.
  void start(work& item, const environment& env) noexcept {
    if constexpr (shares) {
      schedule(item, env);
    } else {
      runtime_.rouse(local_.start(item));
    }
  }

  /// Any thread: `item` goes on, on this worker where tasks are bound to theirs. (Declared before the table below:
  /// there a later one is not seen yet, and loop's would call itself.)
  void post(work& item, const environment& env) noexcept {
    if constexpr (shares) {
      runtime_.schedule(item, env);
    } else if (here().current == this) {
      schedule(item, env);
    } else {
      const auto pass = runtime_.visit();
      runtime_.rouse(runtime_.shared().give(item, index_));
    }
  }

  /// Any thread: `item` runs on this worker.
  void pin(work& item) noexcept {
    if constexpr (concurrent) {
      const auto pass = runtime_.visit();
      const bool is_first = inbox_.push(item);
      if (here().current == this) {
        hurry();
      } else if (is_first) {
        rouse();
      }
    } else {
      inbox_.push(item);
      rouse();
    }
  }

  /// Any thread: the worker gets up if it sleeps.
  void rouse() noexcept {
    if constexpr (concurrent) {
      if (!seat_.post()) return;
      if constexpr (shares) runtime_.idle().one_less();
      backend_.wake();
    } else {
      hurry();
      runtime_.extensions().rouse();
    }
  }
  /// Owner: something was made ready. A backend within whose wait() the program's own handles run is then not to sleep.
  void hurry() noexcept {
    if constexpr (requires { backend_.hurry(); }) backend_.hurry();
  }
  /// Any thread: the worker gets up to search for work. False if it does not sleep.
  [[nodiscard]] bool call() noexcept
    requires(concurrent)
  {
    if (!seat_.call()) return false;
    runtime_.idle().called();
    backend_.wake();
    return true;
  }
  /// Any thread, once the runtime is stopped: ends run().
  void dismiss() noexcept {
    if constexpr (concurrent) backend_.wake();
  }

  /// What waits in a runtime that never ran, one item after the other.
  [[nodiscard]] work* leftover() noexcept {
    work* const item = local_.next();
    return item != nullptr ? item : local_.find();
  }

  void arm(timer& item) { timers_.arm(item); }
  void disarm(timer& item) noexcept { timers_.disarm(item); }

  /// Runs until the runtime is stopped.
  void run() noexcept {
    const this_thread before = enter();
    while (!runtime_.stopped()) {
      if (work* const item = next()) {
        execute(*item);
        if (counts_to_turn()) turn();
      } else if (!forking_.help()) {
        rest();
      }
    }
    if constexpr (concurrent && shares) {
      if (std::exchange(searching_, false)) (void)runtime_.idle().found();
    }
    count();
    *thread_ = before;
  }

 private:
  template <class>
  friend class visits;
  template <class, bool>
  friend class forking;

  /// This thread is the worker's until what was there before is put back.
  [[nodiscard]] this_thread enter() noexcept {
    assert((thread_ == nullptr || thread_ == &here()) && "tenon::runtime::poll_once: always from the same thread");
    thread_ = &here();
    this_thread mine{this, &frames_of<typename R::memory>, &arena_};
    if constexpr (requires { arena_.shelves(); }) mine.shelves = arena_.shelves();
    if constexpr (requires { local_.children(); }) mine.children = &local_.children();
    mine.forks = &forks();
    return std::exchange(*thread_, mine);
  }

  // Functions with names, for a lambda costs a class of compile time more.
  static void schedule_at(loop& self, work& item, const environment& env) noexcept {
    static_cast<worker&>(self).schedule(item, env);
  }
  static void post_at(loop& self, work& item, const environment& env) noexcept {
    static_cast<worker&>(self).post(item, env);
  }
  static void pin_at(loop& self, work& item) noexcept { static_cast<worker&>(self).pin(item); }
  static void arm_at(loop& self, timer& item) noexcept { static_cast<worker&>(self).arm(item); }
  static void disarm_at(loop& self, timer& item) noexcept { static_cast<worker&>(self).disarm(item); }
  static time_point now_at(loop& self) noexcept { return static_cast<worker&>(self).runtime().now(); }
  static constexpr loop::operations table{&schedule_at, &post_at, &pin_at, &arm_at, &disarm_at, &now_at};

  /// After an item. One that went through a long chain of ready awaits counts for several.
  [[nodiscard]] bool counts_to_turn() noexcept {
    since_turn_ += 1 + (thread_->depth + chain_depth - thread_->chain) / 16;
    return since_turn_ >= turn_every;
  }

  void execute(work& item) noexcept {
    thread_->depth = 0;
    thread_->chain = chain_depth;
    ++ran_;
    item.run(item);
    forking_.item_ended();
  }

  /// The next item to run, from here or from elsewhere. A worker that finds one elsewhere no longer searches.
  [[nodiscard]] work* next() noexcept {
    work* item = local_.next();
    if (item == nullptr) {
      take_inbox();
      item = local_.next();
    }
    if constexpr (concurrent && shares) {
      if (item == nullptr) {
        search();
        item = local_.find();
      }
      if (item != nullptr) end_search();
      tell();
    }
    return item;
  }

  /// After local_.next(): of what others may take now and might not before.
  void tell() noexcept {
    if constexpr (requires { local_.published(); }) {
      if (local_.published()) call_if_wanted();
    }
  }

  /// Before anything is run: a searcher has found work, and the last one sees to it that what is left is not forgotten.
  void end_search() noexcept {
    if (!std::exchange(searching_, false)) return;
    if (runtime_.idle().found() && (!local_.idle() || forking_.others_share())) runtime_.call_one(index_);
  }

  void take_inbox() noexcept {
    work_list sent = inbox_.take();
    if (sent.empty()) return;
    if constexpr (concurrent && shares) end_search();
    while (work* const item = sent.pop()) execute(*item);
  }

  /// Looks at everything once without waiting: what keeps a busy worker's I/O and timers on time.
  void turn() noexcept {
    since_turn_ = 0;
    count();
    take_inbox();
    begin_collecting();
    wait(duration::zero());
    fire();
    publish(1);
  }

  /// Nothing is ready: sleeps until something is.
  void rest() noexcept {
    count();
    begin_collecting();
    const bool is_dry = lie_down();
    if (is_dry) sleep();
    get_up();
    if (!is_dry) search();
    fire();
    publish(2);  // one alone is run at once, here
  }

  /// From here to get_up() the worker counts as asleep. False when there is something to do after all.
  [[nodiscard]] bool lie_down() noexcept {
    if constexpr (concurrent) {
      if constexpr (shares) {
        searching_ = false;
        runtime_.idle().sleep(seat_);
      } else {
        seat_.sleep();
      }
    }
    return nothing_here();
  }
  [[nodiscard]] bool nothing_here() noexcept {
    if constexpr (concurrent) {
      return inbox_.empty() && local_.idle() && forking_.may_sleep() && !runtime_.stopped();
    } else {  // an item of the inbox may have sent another, or ended it all
      return inbox_.empty() && !runtime_.stopped();
    }
  }
  /// A search that ended with work in sight goes on: whoever pushed it saw a searcher and called nobody, so what this
  /// worker does not take at once it has to tell of, by found().
  void search() noexcept {
    if constexpr (concurrent && shares) {
      if (!std::exchange(searching_, true)) runtime_.idle().search();
    }
  }
  void get_up() noexcept {
    if constexpr (concurrent) {
      switch (seat_.rise()) {
        case seat<threading>::parked:
          if constexpr (shares) runtime_.idle().one_less();
          break;
        case seat<threading>::called: searching_ = true; break;
        default: break;
      }
    }
  }
  void sleep() noexcept {
    since_turn_ = 0;
    observer_.parked();
    wait(until_next_timer());
    observer_.woke();
  }

  /// The backend may run handles of the program's own. What these fork runs there and then: to serve others from
  /// within, the worker would have to wait within its wait.
  void wait(duration most) noexcept {
    fork_stack* const before = std::exchange(thread_->forks, &no_forks);
    backend_.wait(most);
    thread_->forks = before;
  }

  [[nodiscard]] duration until_next_timer() noexcept {
    return timers_.empty() ? duration(-1) : runtime_.until(timers_.next());
  }

  void fire() noexcept {
    if (timers_.empty()) return;
    const time_point now = runtime_.now();
    while (timer* const due = timers_.pop_due(now)) due->run(*due);
  }

  /// While a worker sleeps, and as long as completions come in, it calls nobody for what becomes ready: others are
  /// called once, for all of it, and not while this worker counts as a sleeper itself.
  void begin_collecting() noexcept {
    if constexpr (concurrent && shares) collecting_ = true;
  }
  void publish(std::size_t least) noexcept {
    if constexpr (concurrent && shares) {
      collecting_ = false;
      if (std::exchange(collected_, 0) >= least) call_if_wanted();
    }
  }
  void call_if_wanted() noexcept {
    if (runtime_.idle().wanted()) runtime_.call_one(index_);
  }

  void count() noexcept {
    observer_.ran(std::exchange(ran_, 0));
    if (const std::size_t stolen = local_.stolen(); stolen != 0) observer_.stole(stolen);
  }

  R& runtime_;
  std::size_t index_;
  local_type local_;
  backend_type backend_;
  timer_queue timers_;
  arena_type arena_;
  this_thread* thread_ = nullptr;
  std::size_t ran_ = 0;
  unsigned since_turn_ = 0;
  [[no_unique_address]] forking<worker, concurrent && shares> forking_{*this};
  bool searching_ = false;
  bool collecting_ = false;
  std::size_t collected_ = 0;
  [[no_unique_address]] observer_type observer_;
  inbox<threading> inbox_;
  [[no_unique_address]] std::conditional_t<concurrent, seat<threading>, no_seat> seat_;
};

}  // namespace tenon::detail
// tenon/runtime/phase.hpp

namespace tenon {

/// Where a runtime is in its life. It goes through these in order, once.
enum class phase : std::uint8_t {
  initializing,  ///< made; work may be posted, nothing runs yet
  running,       ///< run() has been called
  draining,      ///< the main task has ended: new work is refused, waits are cancelled, what is there ends
  stopped,       ///< all has left; run() returns
};

}  // namespace tenon
// tenon/runtime/report.hpp

namespace tenon {

/// What a runtime did, from the start of run() to now.
///
/// all      See `totals`. A call that a draining runtime refused is among those dropped. An item that a pipeline
///          rejected is not: whoever submitted it has it back, and `fabric::stats` has the number.
/// counted  Whether the runtime names `counters`; otherwise the totals are all zero because nobody counted.
struct report {
  duration uptime{};
  std::size_t workers = 0;
  bool counted = false;
  totals all;
};

/// The report as one line, units in the names: "uptime_s 12.3, workers 4, tasks_run 100, ...".
template <std::same_as<report> Report>
[[nodiscard]] std::string to_string(const Report& r) {
  std::string line;
  const auto add = [&line](const char* name, std::uint64_t value) {
    if (!line.empty()) line += ", ";
    line += name;
    line += ' ';
    line += std::to_string(value);
  };
  add("uptime_ms", static_cast<std::uint64_t>(r.uptime.count() / 1'000'000));
  add("workers", r.workers);
  if (!r.counted) {
    line += " (not counted: name tenon::counters to count)";
    return line;
  }
  add("tasks_spawned", r.all.tasks_spawned);
  add("tasks_run", r.all.tasks_run);
  add("tasks_stolen", r.all.tasks_stolen);
  add("items_dropped", r.all.items_dropped);
  add("bytes_received", r.all.bytes_received);
  add("bytes_sent", r.all.bytes_sent);
  return line;
}

}  // namespace tenon
// tenon/runtime/settings.hpp

namespace tenon {

/// How much: what may differ from one start of the program to the next. What a runtime *is* stands in its type.
///
///     edge rt{{.threads = 4, .name = "edge"}};
///
/// threads  Workers, the thread that calls run() counted; 0 means as many as the machine gives this process
///          (`topology`: processors of the affinity mask, CPU quota of the cgroup).
/// name     Of the threads, as `top -H` shows them: "edge/1". The first 13 characters count.
/// blocking_threads  The most that `blocking` makes, beside the workers. Each call holds one while it lasts, and calls
///          beyond that wait their turn. There is none before the first call, and an idle one leaves after 10 seconds.
template <bool Concurrent>
struct settings {
  std::size_t threads = 0;
  std::string name = "tenon";
  std::size_t blocking_threads = 64;
};

/// Settings of a runtime of one thread: there is no number of threads to set.
template <>
struct settings<false> {
  std::string name = "tenon";
};

}  // namespace tenon
// tenon/runtime/basic_runtime.hpp

namespace tenon {

namespace detail {

template <class Fn>
task<std::invoke_result_t<Fn&>> plainly(Fn& main) {
  co_return main();
}

}  // namespace detail

/// One concrete runtime: workers that share what their scheduling shares, each with its own backend, timers and memory.
///
/// Users name it by a sentence: see `tenon::runtime`.
///
/// In a loop of somebody else's it is launched instead of run: see `tenon::embedding`.
///
/// Threads  run: one thread, once; it becomes worker 0, the others are started by it. spawn, post, request_stop,
///          report, state: any thread when the threading is multi_thread, else the one that runs.
/// Errors   The constructor throws std::system_error when a worker's backend cannot be opened (no descriptors left).
///          What was spawned and posted to a runtime that is destroyed without having run is destroyed, and not run.
template <class Backend, class Scheduling, class Memory, class Queue, class Topology, class Threading, class Observe,
          class Clock, class Errors, class Context>
class basic_runtime
    : public detail::by_header<
          basic_runtime<Backend, Scheduling, Memory, Queue, Topology, Threading, Observe, Clock, Errors, Context>> {
 public:
  using runtime = basic_runtime;
  using policies =
      detail::policy_list<Backend, Scheduling, Memory, Queue, Topology, Threading, Observe, Clock, Errors, Context>;
  using backend = Backend;
  using scheduling = Scheduling;
  using memory = Memory;
  using queue = Queue;
  using topology = Topology;
  using threading = Threading;
  using observe = Observe;
  using clock = Clock;
  using errors = Errors;
  using context = Context;

  using settings = tenon::settings<Threading::concurrent>;
  using worker = detail::worker<basic_runtime>;

  /// Whether another thread may post: only where there is more than one.
  static constexpr bool has_remote_post = Threading::concurrent;
  /// Whether the scheduling tells levels apart, and whether a task carries anything: a context or its level.
  static constexpr bool has_levels = detail::levels_of<Scheduling> != 1;
  static constexpr bool carries_context = Context::carries || has_levels;

  basic_runtime() : basic_runtime(settings{}) {}
  basic_runtime(settings how_much)  // NOLINT(google-explicit-constructor): `edge rt{{.threads = 4}}`
      : settings_(std::move(how_much)),
        machine_(detail::look_around<Topology>()),
        shared_(detail::shared_on<shared_type>(machine_, worker_count())),
        background_(*this, &all_left),
        workers_(worker_count(), [this](std::size_t i) { return worker(*this, i); }) {
    for (worker& each : workers_) {
      if (const auto opened = each.open(); !opened) detail::raise(opened.error());
    }
  }
  basic_runtime(const basic_runtime&) = delete;
  basic_runtime& operator=(const basic_runtime&) = delete;
  ~basic_runtime() {
    assert(state() != phase::running && "a runtime outlives its run()");
    if (state() != phase::initializing) return;
    for (worker& each : workers_) {
      while (work* const item = each.leftover()) background_.abandon(*item);
    }
  }

  /// Runs `main` to its end on this thread and the workers, drains, and gives what `main` gave.
  ///
  /// The order of the end: new work from outside is refused; detached tasks are asked to stop and waited for; the
  /// workers leave and are joined; so are then the threads of `blocking`. An exception of `main` comes out of here, or
  /// else the first that left a detached task (`propagate`).
  template <class T>
  T run(task<T> main) {
    detail::outcome<T> out;
    begin();
    start_main(std::move(main), out);
    employ();
    become(0);
    part_with_all();
#if defined(__cpp_exceptions)
    if (!out.failed()) background_.rethrow();
#endif
    return out.take();
  }

  /// The same for plain code, which may fork_join: `const long n = rt.run([] { return fib(40); });`
  template <class Fn>
    requires std::is_invocable_v<Fn&>
  decltype(auto) run(Fn main) {
    if constexpr (requires { main().operator co_await(); }) {
      return run(main());
    } else {
      return run(detail::plainly(main));
    }
  }
  /// Runs what is spawned and posted until request_stop().
  void run() { run(wait_for_stop()); }

  /// Starts `fn(args...)`, which gives a task that nobody waits for but the shutdown. False once the runtime drains.
  ///
  ///     rt.spawn(serve, std::move(peer));
  ///     rt.spawn(co_await tenon::this_task::context(), audit, order);   // it carries what this task carries
  ///     rt.spawn(tenon::key{account.id}, update, account);              // under affinity: always on the same worker
  template <class Fn, class... Args>
  bool spawn(Fn&& fn, Args&&... args) {
    if (!admit()) return count_dropped(1), false;
    background_.start({}, std::forward<Fn>(fn), std::forward<Args>(args)...);
    return true;
  }

  /// Runs `fn()` soon on a worker, from any thread. False once the runtime drains; otherwise it is run, exactly once.
  ///
  /// Cost  One node from the memory policy.
  template <class Fn>
  bool post(Fn&& fn) {
    static_assert(has_remote_post || detail::never_for<Fn>,
                  "tenon::runtime<..., single_thread>::post: there is no other thread to post from; "
                  "write spawn or defer, or multi_thread in place of single_thread");
    if constexpr (has_remote_post) {
      return defer(std::forward<Fn>(fn));
    } else {
      return false;
    }
  }

  /// Runs `fn()` soon, from a worker of this runtime (or before run(), from the thread that made it).
  template <class Fn>
  bool defer(Fn&& fn) {
    if (!admit()) return count_dropped(1), false;
    count_spawned();
    start(detail::posted<basic_runtime, std::decay_t<Fn>>::make(*this, std::forward<Fn>(fn)));
    return true;
  }

  /// Asks the main task and the detached ones to stop. What they wait for ends with operation_canceled.
  void request_stop() { background_.cancel(); }

  [[nodiscard]] phase state() const noexcept { return state_.load(std::memory_order_acquire); }
  [[nodiscard]] std::size_t workers() const noexcept { return workers_.size(); }
  [[nodiscard]] const std::string& name() const noexcept { return settings_.name; }
  [[nodiscard]] time_point now() const noexcept { return clock_.now(); }
  /// A time of the last few milliseconds, where the clock has a cheaper one: for what is measured in seconds.
  [[nodiscard]] time_point coarse_now() const noexcept { return detail::coarse_now(clock_); }

  /// What it did so far; exact once run() has returned.
  [[nodiscard]] tenon::report report() const {
    tenon::report sum;
    const time_point begun = started_at_.load(std::memory_order_acquire);
    const time_point end = state() == phase::stopped ? stopped_at_ : now();
    if (begun != never) sum.uptime = end - begun;
    sum.workers = workers_.size();
    sum.counted = Observe::enabled;
    for (const worker& each : workers_) sum.all += each.observer().read();
    outsiders_.add_to(sum.all);
    return sum;
  }

  /// What the parts have to say of this machine, for `describe(rt)`: one sentence a line, none when all is as named.
  [[nodiscard]] std::string notes() const {
    std::string lines(workers_.size() != 0 ? workers_[0].backend().note() : std::string_view());
    detail::add_notes<Memory>(lines, machine_);
    return lines;
  }

  // What the parts of the library use. `item` is theirs and outlives its run; let_roam is for threads that they begin.

  void let_roam() const noexcept { detail::let_roam<Topology>(machine_); }
  /// Takes one more in for the shutdown to wait for. From outside only before the drain.
  [[nodiscard]] bool admit() noexcept {
    if (!background_.enter()) return false;
    if (state_.load(std::memory_order_seq_cst) < phase::draining || current() != nullptr) return true;
    background_.leave();
    return false;
  }
  /// `item` goes on as a ready one: here when this thread is a worker of ours, else wherever the scheduling puts it.
  void schedule(work& item, const environment& env = detail::no_environment) noexcept {
    worker* const here = current();
    here != nullptr ? here->schedule(item, env) : inject(item, env);
  }
  /// `item` is new.
  void start(work& item, const environment& env = detail::no_environment) noexcept {
    worker* const here = current();
    here != nullptr ? here->start(item, env) : inject(item, env);
  }
  /// `item` is new, and belongs to worker `index`.
  void start_at(std::size_t index, work& item) noexcept
    requires(!Scheduling::shares)
  {
    const auto pass = visit();
    rouse(shared_.give(item, index));
  }
  /// The worker of this runtime that runs on this thread, or null.
  [[nodiscard]] worker* current() const noexcept {
    loop* const here = detail::here().current;
    return here != nullptr && here->owner() == this ? static_cast<worker*>(here) : nullptr;
  }
  [[nodiscard]] worker& worker_at(std::size_t index) noexcept { return workers_[index]; }
  /// Wakes worker `index` after it was given something.
  void rouse(std::size_t index) noexcept {
    if constexpr (Threading::concurrent) {
      if (detail::here().current != &workers_[index]) {
        workers_[index].rouse();
      } else {
        workers_[index].hurry();
      }
    } else {
      workers_[index].rouse();  // rings where it dozes in a loop of the host's
    }
  }
  /// Wakes one sleeping worker other than `caller` to search for work.
  void call_one(std::size_t caller) noexcept {
    if constexpr (Threading::concurrent) {
      for (std::size_t i = 1; i <= workers_.size(); ++i) {
        const std::size_t other = (caller + i) % workers_.size();
        if (other != caller && workers_[other].call()) return;
      }
    }
  }
  /// For the report: one more task, or items that were thrown away.
  void count_spawned() noexcept { outsiders_.spawned(*this); }
  void count_dropped(std::size_t items) noexcept { outsiders_.dropped(*this, items); }
  /// A block of the memory policy: of this worker's arena when this thread has one.
  [[nodiscard]] void* allocate(std::size_t bytes) {
    worker* const here = current();
    return here != nullptr ? here->arena().allocate(bytes) : Memory::obtain(bytes);
  }
  void deallocate(void* chunk, std::size_t bytes) noexcept {
    worker* const here = current();
    here != nullptr ? here->arena().deallocate(chunk, bytes) : Memory::release(chunk, bytes);
  }
  /// Held while something is published here, and after that somebody woken.
  [[nodiscard]] auto visit() noexcept { return visitors_.come(current() == nullptr); }
  [[nodiscard]] bool stopped() const noexcept { return state() == phase::stopped; }
  /// Stopped, and no worker has a thread any more: what a worker owns may be touched by whoever owns the runtime.
  [[nodiscard]] bool deserted() const noexcept { return deserted_.load(std::memory_order_acquire); }
  [[nodiscard]] duration until(time_point deadline) noexcept { return clock_.until(deadline); }
  [[nodiscard]] auto& shared() noexcept { return shared_; }
  [[nodiscard]] auto& idle() noexcept { return idle_; }
  [[nodiscard]] detail::crowd<basic_runtime>& background() noexcept { return background_; }
  /// The parts that only some programs have.
  [[nodiscard]] detail::extensions<Threading>& extensions() noexcept { return extensions_; }
  [[nodiscard]] const settings& how_much() const noexcept { return settings_; }

 private:
  template <class>
  friend class embedding;

  using crowd = detail::crowd<basic_runtime>;
  using shared_type = typename Scheduling::template shared<Threading>;
  struct nothing {};

  static constexpr std::size_t nobody = static_cast<std::size_t>(-1);

  [[nodiscard]] std::size_t worker_count() const noexcept {
    if constexpr (Threading::concurrent) {
      return settings_.threads != 0 ? settings_.threads : machine_.concurrency;
    } else {
      return 1;
    }
  }

  void inject(work& item, [[maybe_unused]] const environment& env) noexcept {
    const auto pass = visitors_.come(true);
    [[maybe_unused]] std::size_t index = 0;
    if constexpr (has_levels) {
      index = shared_.inject(item, env.level());
    } else {
      index = shared_.inject(item);
    }
    if constexpr (Threading::concurrent) {
      if constexpr (Scheduling::shares) {
        if (idle_.wanted()) call_one(nobody);
        return;
      }
    }
    rouse(index);
  }

  template <class T>
  void start_main(task<T> main, detail::outcome<T>& out) {
    (void)background_.enter();
    background_.start_root({}, detail::run_main<basic_runtime>(background_, std::move(main), &out, &drain));
  }

  static task<void> wait_for_stop() {
    const bool slept = co_await sleep_until(never);
    assert(!slept && "only a stop request ends it");
    (void)slept;
  }

  void begin() {
    phase expected = phase::initializing;
    if (!state_.compare_exchange_strong(expected, phase::running)) {
      detail::raise(std::make_error_code(std::errc::operation_not_permitted));
    }
    started_at_.store(now(), std::memory_order_release);
  }

  static void drain(crowd& of) noexcept {
    of.runtime().state_.store(phase::draining, std::memory_order_seq_cst);
    of.cancel();
    of.leave();
  }

  static void all_left(crowd& of) noexcept {
    basic_runtime& self = of.runtime();
    const auto pass = self.visit();
    self.stopped_at_ = self.now();
    self.state_.store(phase::stopped, std::memory_order_seq_cst);
    for (worker& each : self.workers_) each.dismiss();
  }

  void employ() {
    if constexpr (Threading::concurrent) {
      for (std::size_t i = 1; i < workers_.size(); ++i)
        workers_[i].thread = detail::thread_of(&thread_body, &workers_[i]);
    }
  }
  void part_with_all() {
    if constexpr (Threading::concurrent) {
      for (std::size_t i = 1; i < workers_.size(); ++i) ::pthread_join(workers_[i].thread, nullptr);
    }
    visitors_.see_off();
    extensions_.end_all();
    deserted_.store(true, std::memory_order_release);
  }

  static void* thread_body(void* its) noexcept {
    worker& self = *static_cast<worker*>(its);
    self.runtime().become(self.index());
    return nullptr;
  }
  void become(std::size_t index) noexcept {
    if constexpr (Threading::concurrent) {
      if (index != 0) detail::name_thread(settings_.name.c_str(), index);
    }
    detail::run_at_home<Topology>(workers_[index], shared_, exchange_, machine_);
  }

  settings settings_;
  decltype(detail::look_around<Topology>()) machine_;
  [[no_unique_address]] typename Clock::source clock_;
  shared_type shared_;
  [[no_unique_address]] std::conditional_t<Threading::concurrent, detail::parking<Threading>, nothing> idle_;
  typename Threading::template atomic<phase> state_{phase::initializing};
  typename Threading::template atomic<bool> deserted_{false};
  typename Threading::template atomic<time_point> started_at_{never};
  time_point stopped_at_{};
  [[no_unique_address]] detail::outsiders<Threading, Observe::enabled> outsiders_;
  detail::extensions<Threading> extensions_;
  // What other threads write at each post; the lines before and behind it every worker reads at each item.
  alignas(Threading::concurrent ? cache_line : alignof(void*)) detail::visitors<Threading> visitors_;
  crowd background_;
  [[no_unique_address]] detail::exchange_of<Memory, Threading> exchange_;
  alignas(Threading::concurrent ? cache_line : alignof(void*)) detail::row<worker> workers_;
};

}  // namespace tenon
// tenon/runtime/describe.hpp

namespace tenon {

namespace detail {

template <class Text>
void say(Text& sentence, std::string_view word, bool is_default) {
  if (!sentence.empty()) sentence += ", ";
  sentence += word;
  if (is_default) sentence += " (default)";
}

/// What silence means follows from the threading, but the threading itself from nothing.
template <class P, class Unsaid>
inline constexpr bool goes_without_saying =
    std::is_same_v<P, Unsaid> && (!std::is_base_of_v<family::threading, P> || std::is_same_v<P, multi_thread>);

template <class... Ps, class... Unsaid>
std::string describe(policy_list<Ps...> /*what it is*/, policy_list<Unsaid...> /*what silence would mean*/) {
  std::string sentence;
  (say(sentence, std::string_view{Ps::word}, goes_without_saying<Ps, Unsaid>), ...);
  return sentence;
}

}  // namespace detail

/// The sentence of a runtime type, one word a family, each that would have been meant anyway marked: "epoll (default),
/// affinity<>, recycling<system> (default), ...". R may be a struct derived from a runtime.
template <class R>
[[nodiscard]] std::string describe() {
  using unsaid = detail::resolved<detail::entries<>, typename R::threading>;
  return detail::describe(typename R::policies{}, typename unsaid::policies{});
}

/// The same of an object, and below it a line for each thing that is not as the type says on this machine: what the
/// backend fell back to, say.
template <class R>
[[nodiscard]] std::string describe(const R& runtime) {
  std::string text = describe<R>();
  if (const std::string notes = runtime.notes(); !notes.empty()) text += '\n' + notes;
  return text;
}

}  // namespace tenon
// tenon/runtime/presets.hpp

namespace tenon {

/// A bag of policies, named once, used in many sentences. What a sentence says itself beats what its preset says, and
/// a word of the preset that does not go with the sentence is left out of it.
///
///     struct ours : tenon::preset<tenon::poll, tenon::stealing<>, tenon::counters> {};
///     using edge = tenon::runtime<ours, tenon::epoll>;          // epoll, stealing<>, counters
///     using tiny = tenon::runtime<ours, tenon::single_thread>;  // poll, fifo, counters
///
/// Cost     A few milliseconds of compile time more than writing the words out.
template <class... Ps>
struct preset : preset_tag {
  using policies = detail::policy_list<Ps...>;
};

/// To see what happens: one queue in order, everything counted, and an exception that nobody catches ends the program
/// where it was thrown.
struct development : preset<fifo, counters, terminate> {};

/// To run for long: the defaults by name, so that they stay when the defaults change, and counted.
struct production
    : preset<epoll, stealing<>, recycling<system>, by_topology, flat, multi_thread, counters, steady, propagate> {};

namespace detail {

// Not inline: each translation unit has its own.
#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
constexpr bool door_io_uring = true;
#else
constexpr bool door_io_uring = false;
#endif
#if defined(TENON_WITH_MIMALLOC) && TENON_WITH_MIMALLOC
constexpr bool door_mimalloc = true;
#else
constexpr bool door_mimalloc = false;
#endif
#if defined(TENON_WITH_HWLOC) && TENON_WITH_HWLOC
constexpr bool door_hwloc = true;
#else
constexpr bool door_hwloc = false;
#endif

/// A type for each set of open doors, so that two translation units that open different ones do not give one name two
/// meanings.
template <bool IoUring, bool Mimalloc, bool Hwloc>
struct fastest
    : preset<std::conditional_t<IoUring, io_uring<>, epoll>, stealing<>,
             recycling<std::conditional_t<Mimalloc, mimalloc, system>>, std::conditional_t<Hwloc, hwloc, flat>, off> {};

}  // namespace detail

/// To run fast: of the parts whose doors are open those that go furthest (io_uring<>, recycling<mimalloc>, hwloc), and
/// nothing counted. `describe` says what it came to.
using high_performance = detail::fastest<detail::door_io_uring, detail::door_mimalloc, detail::door_hwloc>;

}  // namespace tenon
// tenon/scheduler/detail/injector.hpp

namespace tenon::detail {

/// A list of work that any thread fills and any worker empties, first come first served: under a lock, because it is
/// off the way of everything that stays on a worker.
///
/// Edges    size_ is written under the lock with sequential consistency, and empty() reads it so: "push, then read who
///          sleeps" and "say I sleep, then read empty()" cannot both miss the other.
/// Shape    One cache line and the mutex; items are linked through themselves, so there is no limit and no allocation.
/// Threads  Any.
template <class Threading>
class injector {
 public:
  void push(work& item) noexcept {
    const std::lock_guard lock(taken_soon(), std::adopt_lock);
    list_.push(item);
    size_.store(size_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
  }

  [[nodiscard]] work* pop() noexcept {
    if (empty()) return nullptr;
    const std::lock_guard lock(taken_soon(), std::adopt_lock);
    return pop_locked();
  }

  /// Pops one, and up to `share` of the others, but not more than half of them, into `more`.
  [[nodiscard]] work* pop_some(std::size_t share, work_list& more) noexcept {
    if (empty()) return nullptr;
    const std::lock_guard lock(taken_soon(), std::adopt_lock);
    work* const first = pop_locked();
    const std::size_t half = size_.load(std::memory_order_relaxed) / 2;
    for (std::size_t left = share < half ? share : half; left > 0; --left) more.push(*pop_locked());
    return first;
  }

  /// A glance, for who looks again: a plain load of a line that is nobody's to write while there is nothing.
  [[nodiscard]] bool seems_empty() const noexcept { return size_.load(std::memory_order_relaxed) == 0; }
  [[nodiscard]] bool empty() const noexcept { return size_.load(std::memory_order_seq_cst) == 0; }

 private:
  static constexpr int looks = 100;

  /// It is held for a few instructions: to look again costs less than to sleep and to be woken, two system calls.
  [[nodiscard]] typename Threading::mutex& taken_soon() noexcept {
    for (int i = 0; i < looks; ++i) {
      if (mutex_.try_lock()) return mutex_;
      relax();
    }
    mutex_.lock();
    return mutex_;
  }

  [[nodiscard]] work* pop_locked() noexcept {
    work* const item = list_.pop();
    if (item != nullptr) size_.store(size_.load(std::memory_order_relaxed) - 1, std::memory_order_seq_cst);
    return item;
  }

  alignas(cache_line) typename Threading::mutex mutex_;
  work_list list_;
  typename Threading::template atomic<std::size_t> size_{0};
};

}  // namespace tenon::detail
// tenon/scheduler/fifo.hpp

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
// tenon/scheduler/detail/growing_slots.hpp

namespace tenon::detail {

/// The slots of a deque, by the number of their item; when they do not suffice the owner makes twice as many.
///
/// A thief may look into a block that is no longer the newest. The owner writes into the newest alone, and no block is
/// freed before the deque is, so an old block keeps what it held when it was replaced: the item of each number that was
/// in the deque then.
///
/// Edge     grow: newest_.store(release) -> newest_.load(acquire): the copies are seen. A thief loads it after the
///          index by which it knows of an item, and thereby gets a block that holds that item or, if the item has left
///          the deque since, one that does not, and then its compare-and-swap fails.
/// Shape    One block at first; all blocks together are less than twice the newest.
/// Errors   The constructor throws std::bad_alloc; grow gives false.
template <class Threading>
class growing_slots {
  using slot_type = typename Threading::template atomic<work*>;

 public:
  /// With a power of two of slots.
  explicit growing_slots(std::size_t first) : newest_(make(first, ::operator new(bytes_of(first)))) {}
  growing_slots(const growing_slots&) = delete;
  growing_slots& operator=(const growing_slots&) = delete;
  ~growing_slots() {
    block* each = newest_.load(std::memory_order_relaxed);
    while (each != nullptr) {
      block* const older = each->older;
      for (std::size_t i = each->size; i-- > 0;) each->at(i).~slot_type();
      ::operator delete(static_cast<void*>(each));
      each = older;
    }
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return newest_.load(std::memory_order_relaxed)->size; }
  /// The owner.
  [[nodiscard]] work* read(std::uint64_t number) const noexcept {
    return newest_.load(std::memory_order_relaxed)->at(number).load(std::memory_order_relaxed);
  }
  /// The owner.
  void write(std::uint64_t number, work* item) noexcept {
    newest_.load(std::memory_order_relaxed)->at(number).store(item, std::memory_order_relaxed);
  }
  /// Whoever has seen that there is an item of this number. Of use only if nobody has taken it meanwhile.
  [[nodiscard]] work* glance(std::uint64_t number) const noexcept {
    return newest_.load(std::memory_order_acquire)->at(number).load(std::memory_order_relaxed);
  }
  /// The owner: twice the room for the items [begin, end). False when there is no memory.
  [[nodiscard]] bool grow(std::uint64_t begin, std::uint64_t end) noexcept {
    block* const old = newest_.load(std::memory_order_relaxed);
    void* const room = ::operator new(bytes_of(2 * old->size), std::nothrow);
    if (room == nullptr) return false;
    block* const wider = make(2 * old->size, room);
    wider->older = old;
    for (std::uint64_t i = begin; i != end; ++i) {
      wider->at(i).store(old->at(i).load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    newest_.store(wider, std::memory_order_release);
    return true;
  }

 private:
  struct alignas(slot_type) block {
    std::size_t size;
    block* older;

    [[nodiscard]] slot_type& at(std::uint64_t number) noexcept {  // they stand behind it
      return reinterpret_cast<slot_type*>(this + 1)[number & (size - 1)];
    }
  };

  [[nodiscard]] static std::size_t bytes_of(std::size_t slots) noexcept {
    return sizeof(block) + slots * sizeof(slot_type);
  }
  [[nodiscard]] static block* make(std::size_t size, void* room) noexcept {
    block* const made = ::new (room) block{size, nullptr};
    for (std::size_t i = 0; i < size; ++i) ::new (static_cast<void*>(&made->at(i))) slot_type(nullptr);
    return made;
  }

  typename Threading::template atomic<block*> newest_;
};

}  // namespace tenon::detail
// tenon/scheduler/detail/run_ring.hpp

namespace tenon::detail {

/// A worker's ready queue: its owner pushes at the tail and pops at the head, others steal the older half at once.
///
/// Let h and t be the values of head_ and tail_, both only ever growing; slot(i) is the one of number i in the newest
/// block, of `capacity` slots (growing_slots). Invariants:
///   (1) h <= t <= h + capacity;
///   (2) only the owner writes t and the slots; it writes slot(t) only after it has seen some h > t - capacity;
///   (3) item i of [h, t) belongs to nobody yet; it is given to whoever moves h from <= i to > i by a CAS.
/// Why copying before the CAS is right. A thief reads h, then t, copies slot(h) .. slot(h+n-1) with n <= t - h, and
/// then does CAS(head_: h -> h+n). While it copies, the owner may go round and write over these slots, and the copies
/// are then rubbish. But slot(i) is written again only as item i + capacity, for which by (2) the owner has seen a
/// head > i >= h. That head is later than h in the modification order of head_, h never comes back (64 bits: 584 years
/// at a thousand million a second), so the CAS fails and the copies are thrown away. If the CAS succeeds, head_ was h
/// all along, nothing in [h, h+n) was rewritten, and by (3) the items are the thief's. A block that the owner has
/// replaced meanwhile is not written any more, so copies from it are as good. Slots are atomics only because of the
/// copies that are thrown away: a relaxed load is a plain load.
/// A slow thief may even find t - h > capacity. It copies no more than there is room for, and then its CAS fails.
///
/// Edges    A  push: tail_.store -> steal: tail_.load(acquire): slot, block and item written before are seen.
///          B  pop, steal: CAS head_ (release) -> push: head_.load(acquire): slot(i) has been read before the owner
///             writes it again, hence a thief whose CAS succeeds did not read the newer item (coherence).
///          C  pop, steal: CAS head_ (release) -> steal: head_.load(acquire): t >= h, for every CAS to h was done by a
///             thread that had seen, or written, a tail >= h. So t - h does not wrap round.
///          push publishes with a sequentially consistent store and empty() reads so: "push, then read whether anyone
///          sleeps" and "say I sleep, then read empty()" cannot both miss the other (see detail::parking).
/// Shape    Two cache lines, and 256 pointers at first; it grows. Items are not owned.
/// Cost     push: a store and an xchg; pop: one CAS; steal_into: one CAS for up to `batch`.
/// Threads  has_room, push, push_all, pop: the owner. steal_into: any, except on its own ring. empty, size_estimate:
///          any.
/// Source   Go's runqgrab, tokio's queue::Local; both with 32-bit counters, and a fixed size. Model:
///          tests/model/run_ring.cpp.
template <class Threading, std::size_t First = 256>
class run_ring {
  static_assert(std::has_single_bit(First), "tenon::run_ring<N>: N, the number of slots, must be a power of two");

 public:
  run_ring() : slots_(First) {}
  run_ring(const run_ring&) = delete;
  run_ring& operator=(const run_ring&) = delete;

  /// Whether one more item fits. It grows for that.
  [[nodiscard]] bool has_room() noexcept {
    const std::uint64_t t = tail_.load(std::memory_order_relaxed);  // ours alone
    if (t - seen_head_ < slots_.capacity()) return true;
    seen_head_ = head_.load(std::memory_order_acquire);  // edge B
    return t - seen_head_ < slots_.capacity() || slots_.grow(seen_head_, t);
  }

  /// Appends `item`; false when there is no room and no memory for more.
  [[nodiscard]] bool push(work& item) noexcept {
    if (!has_room()) return false;
    const std::uint64_t t = tail_.load(std::memory_order_relaxed);
    slots_.write(t, &item);
    tail_.store(t + 1, std::memory_order_seq_cst);
    return true;
  }

  /// Moves items from the front of `list` until one of the two is exhausted; the others see all of them at once.
  /// Gives how many were moved.
  std::size_t push_all(work_list& list) noexcept {
    const std::uint64_t t = tail_.load(std::memory_order_relaxed);
    seen_head_ = head_.load(std::memory_order_acquire);
    const std::uint64_t limit = seen_head_ + slots_.capacity();
    std::uint64_t end = t;
    while (end != limit && !list.empty()) slots_.write(end++, list.pop());
    if (end != t) tail_.store(end, std::memory_order_seq_cst);
    return static_cast<std::size_t>(end - t);
  }

  /// The oldest item, or nullptr.
  [[nodiscard]] work* pop() noexcept {
    std::uint64_t h = head_.load(std::memory_order_relaxed);
    const std::uint64_t t = tail_.load(std::memory_order_relaxed);
    while (h != t) {
      work* const item = slots_.read(h);  // written by this very thread
      if (head_.compare_exchange_strong(h, h + 1, std::memory_order_release, std::memory_order_relaxed)) return item;
    }
    return nullptr;
  }

  /// Takes the older half of this ring, rounded up, but at most `batch`: the oldest into `first`, to be run at once,
  /// the rest onto the tail of `mine`, the caller's own ring, in order and as far as there is room. Gives how many were
  /// taken, with `first`; when 0, `first` is untouched.
  [[nodiscard]] std::size_t steal_into(run_ring& mine, work*& first) noexcept {
    assert(this != &mine);
    const std::uint64_t mine_t = mine.tail_.load(std::memory_order_relaxed);
    mine.seen_head_ = mine.head_.load(std::memory_order_acquire);
    const std::uint64_t free = mine.slots_.capacity() - (mine_t - mine.seen_head_);
    const std::uint64_t room = free < batch ? free : batch - 1;
    std::uint64_t h = head_.load(std::memory_order_acquire);
    for (;;) {
      const std::uint64_t there = tail_.load(std::memory_order_acquire) - h;
      if (there == 0) return 0;
      const std::uint64_t half = there - there / 2;
      const std::uint64_t n = half <= room ? half : room + 1;
      work* const oldest = slots_.glance(h);
      for (std::uint64_t i = 1; i < n; ++i) {  // beyond mine's tail: nobody looks there yet
        mine.slots_.write(mine_t + i - 1, slots_.glance(h + i));
      }
      if (head_.compare_exchange_strong(h, h + n, std::memory_order_acq_rel, std::memory_order_acquire)) {
        if (n > 1) mine.tail_.store(mine_t + n - 1, std::memory_order_seq_cst);
        first = oldest;
        return static_cast<std::size_t>(n);
      }
    }
  }

  /// Whether there was nothing at some instant during the call.
  [[nodiscard]] bool empty() const noexcept { return size_estimate() == 0; }

  /// How many there are; exact for the owner but for what is being stolen.
  [[nodiscard]] std::size_t size_estimate() const noexcept {
    const std::uint64_t h = head_.load(std::memory_order_acquire);  // first, so that t >= h (edge C)
    return static_cast<std::size_t>(tail_.load(std::memory_order_seq_cst) - h);
  }

 private:
  /// While a thief copies, each pop of the owner undoes its work: it takes no more than is copied in the time of a few.
  static constexpr std::uint64_t batch = 32;

  alignas(cache_line) typename Threading::template atomic<std::uint64_t> head_{0};
  alignas(cache_line) typename Threading::template atomic<std::uint64_t> tail_{0};
  growing_slots<Threading> slots_;
  std::uint64_t seen_head_ = 0;  // the owner's
};

/// The ready queue of a runtime of one thread: a plain ring of a fixed size, for what does not fit costs no lock there.
template <std::size_t Capacity>
class run_ring<single_thread, Capacity> {
  static_assert(std::has_single_bit(Capacity), "tenon::run_ring<N>: N, the number of slots, must be a power of two");

 public:
  static constexpr std::size_t capacity = Capacity;

  run_ring() = default;
  run_ring(const run_ring&) = delete;
  run_ring& operator=(const run_ring&) = delete;

  [[nodiscard]] bool has_room() const noexcept { return tail_ - head_ < Capacity; }
  [[nodiscard]] bool push(work& item) noexcept {
    if (!has_room()) return false;
    slots_[tail_++ & (Capacity - 1)] = &item;
    return true;
  }
  std::size_t push_all(work_list& list) noexcept {
    std::size_t moved = 0;
    while (!list.empty() && push(*list.front())) {
      (void)list.pop();
      ++moved;
    }
    return moved;
  }
  [[nodiscard]] work* pop() noexcept { return head_ == tail_ ? nullptr : slots_[head_++ & (Capacity - 1)]; }
  [[nodiscard]] bool empty() const noexcept { return head_ == tail_; }
  [[nodiscard]] std::size_t size_estimate() const noexcept { return static_cast<std::size_t>(tail_ - head_); }

 private:
  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
  work* slots_[Capacity]{};
};

}  // namespace tenon::detail
// tenon/scheduler/detail/stealing_parts.hpp

namespace tenon::detail {

/// What the words in stealing's brackets come to: the queue of a worker. For words that are its options it stands in
/// stealing_options.hpp, which the header of each includes; this one is for none, and for words that are not.
template <class... Options>
struct stealing_parts {
  static constexpr bool are_options = sizeof...(Options) == 0;
  static constexpr bool gives_way_outside = false;
  static constexpr auto word = fixed_string("stealing<>");
  template <class Threading>
  using queue = run_ring<Threading>;
};

}  // namespace tenon::detail
// tenon/topology/victim_order.hpp

namespace tenon {

/// Whom a worker steals from, nearest first: its own cluster (its own core before all), its own node, the rest.
///
///     const victim_order order(machine, worker, workers);
///     for (std::size_t victim : order.all()) ...
///
/// Within one distance it begins behind the worker itself and goes round, so that thieves do not all meet at worker 0.
///
/// Cost     workers - 1 numbers; made in O(workers).
/// Threads  Any may read it.
///
/// A template, of which there is one: a scheduling may name it, and a program without an order does not pay for the
/// list.
template <class Machine>
class basic_victim_order {
  using index = decltype(Machine::concurrency);  // std::size_t

 public:
  basic_victim_order(const Machine& where, std::size_t worker, std::size_t workers) {
    assert(worker < workers);
    order_.reserve(workers - 1);
    const place& own = where.place_of(worker);
    for (const distance wanted : {same_core, same_cluster, same_node, remote}) {
      for (std::size_t step = 1; step < workers; ++step) {
        const std::size_t other = (worker + step) % workers;
        if (between(own, where.place_of(other)) == wanted) order_.push_back(other);
      }
      if (wanted == same_cluster) cluster_end_ = order_.size();
      if (wanted == same_node) node_end_ = order_.size();
    }
  }

  /// Every other worker once.
  [[nodiscard]] std::span<const index> all() const noexcept { return order_; }
  /// Those that share the last level of cache.
  [[nodiscard]] std::span<const index> cluster() const noexcept { return all().first(cluster_end_); }
  /// Those of the same node but not of the same cluster.
  [[nodiscard]] std::span<const index> node() const noexcept {
    return all().subspan(cluster_end_, node_end_ - cluster_end_);
  }
  /// Those whose memory is far.
  [[nodiscard]] std::span<const index> far() const noexcept { return all().subspan(node_end_); }

 private:
  enum distance : unsigned char { same_core, same_cluster, same_node, remote };

  static distance between(const place& a, const place& b) noexcept {
    if (a.core == b.core) return same_core;
    if (a.cluster == b.cluster) return same_cluster;
    return a.node == b.node ? same_node : remote;
  }

  std::vector<index> order_;
  std::size_t cluster_end_ = 0;
  std::size_t node_end_ = 0;
};

using victim_order = basic_victim_order<machine>;

}  // namespace tenon
// tenon/scheduler/stealing.hpp

namespace tenon {

/// A queue a worker; a worker that has nothing takes the older half of another's. The default.
///
///     using edge = tenon::runtime<tenon::io_uring<>, tenon::stealing<>>;
///     using tree = tenon::runtime<tenon::stealing<tenon::split, tenon::lifo_slot<>>>;   // each word has its header
///
/// Options  chase_lev, split: a deque, of which the worker runs the newest item first, in place of the queue.
///          lifo_slot<K>: what was made ready last runs next.
/// Order    FIFO a worker while nobody steals. New tasks from outside are taken in first-come order, a few at a time:
///          the first of them runs in turn with the worker's own, those behind it wait at the end of its queue.
///          The branches of when_all and fork wait on a stack of the worker's, newest first, and come into its queue
///          when another worker has found nothing to take.
/// Cost     A push and a pop are one locked instruction each on a line that is the worker's own; a steal is one CAS for
///          half a queue, up to 32. The queue begins with 256 pointers and grows; where there is no memory for that,
///          what does not fit, and what comes after it, waits in the queue from outside.
/// Threads  Any worker runs any task.
///          A thief begins with a worker drawn by lot. Where the topology knows that some are nearer (hwloc on such a
///          machine, synthetic) it goes through them nearest first: see victim_order.
/// Source   R. Blumofe and C. Leiserson, "Scheduling Multithreaded Computations by Work Stealing", 1999.
template <class... Options>
struct stealing : family::scheduling {
  static_assert(detail::stealing_parts<Options...>::are_options,
                "tenon::stealing<...>: unknown option; stealing takes chase_lev or split, and lifo_slot<K>, each once");
  static constexpr auto word = detail::stealing_parts<Options...>::word;
  static constexpr bool shares = true;

  template <class Threading>
  class shared {
   public:
    using ring = typename detail::stealing_parts<Options...>::template queue<Threading>;

    explicit shared(std::size_t workers)
        : rings_(workers, [](std::size_t) { return ring(); }), children_(workers, [=](std::size_t) {
            return detail::child_stack(&detail::promise_base::go_on, workers > 1);
          }) {}
    /// The same for workers that run on the places of a machine. A template, so that nobody else pays for the orders.
    template <std::same_as<machine> Machine>
    shared(std::size_t workers, const Machine& where) : shared(workers) {
      if (victim_order(where, 0, workers).cluster().size() + 1 == workers) return;  // all are equally near
      victims_ = new std::size_t[workers * (workers - 1)];
      for (std::size_t worker = 0, at = 0; worker < workers; ++worker) {
        const victim_order order(where, worker, workers);
        for (const std::size_t victim : order.all()) victims_[at++] = victim;
      }
    }
    shared(const shared&) = delete;
    shared& operator=(const shared&) = delete;
    ~shared() { delete[] victims_; }

    std::size_t inject(work& item) noexcept {
      injected_.push(item);
      return 0;
    }
    std::size_t give(work& item, std::size_t worker) noexcept {
      injected_.push(item);
      return worker;
    }

    [[nodiscard]] std::size_t workers() const noexcept { return rings_.size(); }
    [[nodiscard]] ring& ring_of(std::size_t worker) noexcept { return rings_[worker]; }
    /// All others, nearest first; nullptr when none is nearer than another.
    [[nodiscard]] const std::size_t* victims_of(std::size_t worker) const noexcept {
      return victims_ == nullptr ? nullptr : victims_ + worker * (rings_.size() - 1);
    }
    [[nodiscard]] detail::child_stack& children_of(std::size_t worker) noexcept { return children_[worker]; }
    [[nodiscard]] detail::injector<Threading>& injected() noexcept { return injected_; }

   private:
    detail::row<ring> rings_;
    detail::row<detail::child_stack> children_;
    detail::injector<Threading> injected_;
    std::size_t* victims_ = nullptr;  // an order a worker, side by side; a row of them would cost each program more
  };

  template <class Threading>
  class local {
   public:
    local(shared<Threading>& all, std::size_t index) noexcept
        : all_(all),
          ring_(all.ring_of(index)),
          children_(all.children_of(index)),
          index_(index),
          seed_(static_cast<std::uint32_t>(index) * 2 + 1) {}

    void push(work& item) noexcept {
      if constexpr (detail::stealing_parts<Options...>::gives_way_outside) {
        if (detail::stealing_parts<Options...>::gives_way(item)) return all_.injected().push(item);
      }
      // Those behind one that did not fit follow it: in the ring they would go round without it.
      if (!spills_ && ring_.push(item)) return;
      spills_ = true;
      all_.injected().push(item);
    }
    std::size_t start(work& item) noexcept {
      push(item);
      return index_;
    }
    [[nodiscard]] work* next() noexcept {
      ++turn_;
      if (turn_ - looked_ >= look_every && !all_.injected().seems_empty()) {
        looked_ = turn_;
        if (work* const item = take_in()) return item;
      }
      if ((turn_ & 1) != 0) {  // in turn with what else is ready
        if (work* const item = children_.pop()) return item;
      }
      work* const item = front();
      return item != nullptr ? item : children_.pop();
    }
    /// Where the branches of forks wait.
    [[nodiscard]] detail::child_stack& children() noexcept { return children_; }
    /// The oldest item of its own queue.
    [[nodiscard]] work* front() noexcept {
      work* const item = ring_.pop();
      // Here too: a scheduling made of several of these empties the injection queue without find().
      if (item == nullptr && spills_) spills_ = !all_.injected().empty();
      return item;
    }
    [[nodiscard]] work* find() noexcept {
      work_list more;
      if (work* const item = all_.injected().pop_some(batch / all_.workers() + 1, more)) {
        ring_.push_all(more);  // it was empty, and a batch is less than it holds
        spills_ = spills_ && !all_.injected().empty();
        return item;
      }
      spills_ = false;
      if constexpr (Threading::concurrent) {
        if (const std::size_t* const victims = all_.victims_of(index_)) {
          for (std::size_t i = 0; i + 1 < all_.workers(); ++i) {
            if (work* const item = steal_from(victims[i])) return item;
          }
          ask_all();
          return nullptr;
        }
        const std::size_t begin = random() % all_.workers();
        for (std::size_t i = 0; i < all_.workers(); ++i) {
          const std::size_t victim = begin + i < all_.workers() ? begin + i : begin + i - all_.workers();
          if (victim == index_) continue;
          if (work* const item = steal_from(victim)) return item;
        }
        ask_all();
      }
      return nullptr;
    }
    /// Whether others may take something now that they might not before, or that was out of their sight for an instant:
    /// asked after next().
    [[nodiscard]] bool published() noexcept {
      if constexpr (requires { ring_.published(); }) {
        return ring_.published();
      } else {
        return moved_ && std::exchange(moved_, false);
      }
    }
    [[nodiscard]] std::size_t stolen() noexcept {
      const std::size_t since = stolen_;
      stolen_ = 0;
      return since;
    }
    [[nodiscard]] bool idle() const noexcept {
      if (!all_.injected().empty()) return false;
      for (std::size_t i = 0; i < all_.workers(); ++i) {
        if (!all_.ring_of(i).empty()) return false;
      }
      return true;
    }

   private:
    /// How often a busy worker takes what was injected, if there is something: more than two, so that the turns which
    /// are left are not all the children's, nor all the queue's.
    static constexpr std::size_t look_every = detail::stealing_parts<Options...>::gives_way_outside ? 16 : 8;
    static constexpr std::size_t batch = 128;

    /// A busy worker takes several at once, to be at the lock less often, but leaves its own items every other turn. In
    /// a deque they would go before what is there, and one thread has a queue that does not grow.
    [[nodiscard]] work* take_in() noexcept {
      if constexpr (detail::stealing_parts<Options...>::gives_way_outside || !Threading::concurrent) {
        return all_.injected().pop();
      } else {
        work_list more;
        work* const item = all_.injected().pop_some(look_every / 2 - 1, more);
        if (!more.empty()) {
          ring_.push_all(more);
          while (work* const rest = more.pop()) push(*rest);  // it grows
          moved_ = true;
        }
        return item;
      }
    }

    [[nodiscard]] work* steal_from(std::size_t victim) noexcept {
      work* first = nullptr;
      const std::size_t taken = all_.ring_of(victim).steal_into(ring_, first);
      if (taken == 0) return nullptr;
      stolen_ += taken;
      // Others may sleep whose question was answered by what this one has taken, so it asks for them.
      all_.children_of(victim).ask();
      return first;
    }

    /// Nothing is to be had: those who keep branches to themselves are asked for some.
    void ask_all() noexcept {
      for (std::size_t i = 0; i < all_.workers(); ++i) {
        if (i != index_) all_.children_of(i).ask();
      }
    }

    [[nodiscard]] std::size_t random() noexcept {  // xorshift32
      seed_ ^= seed_ << 13;
      seed_ ^= seed_ >> 17;
      seed_ ^= seed_ << 5;
      return seed_;
    }

    shared<Threading>& all_;
    typename shared<Threading>::ring& ring_;
    detail::child_stack& children_;
    std::size_t index_;
    std::size_t turn_ = 0;
    std::size_t looked_ = 0;  // the turn in which it took an injected item last
    std::size_t stolen_ = 0;
    bool moved_ = false;   // from the queue from outside into its own
    bool spills_ = false;  // the ring was full, and what did not fit has not all come back
    std::uint32_t seed_;
  };
};

/// With an option whose header is not included: not defined, so that a runtime says which header that is.
template <class... Options>
  requires(sizeof...(Options) != 0 && !(detail::complete<Options> && ...))
struct stealing<Options...>;

static_assert(policy_of<stealing<>, family::scheduling>);

}  // namespace tenon
// tenon/topology/detail/text.hpp

namespace tenon::detail {

// Every program reads its quota through these, so they are plain functions over pointers: strings, string_views and
// optionals would be a tenth of a small program's compile time.

/// A part of a text: as much of a std::string_view as is needed here.
struct piece {
  const char* first = nullptr;
  const char* last = nullptr;

  [[nodiscard]] constexpr bool empty() const noexcept { return first == last; }

  [[nodiscard]] constexpr bool is(const char* word) const noexcept {
    const char* at = first;
    while (at != last && *word != '\0' && *at == *word) ++at, ++word;
    return at == last && *word == '\0';
  }

  /// Cuts it at the first `separator`: gives what is before it and leaves what is behind it.
  constexpr piece take_until(char separator) noexcept {
    piece head{first, first};
    while (head.last != last && *head.last != separator) ++head.last;
    first = head.last != last ? head.last + 1 : last;
    return head;
  }

  /// Reads a number of decimal digits alone. False for anything else ("max", "-1", nothing, more than 64 bits).
  [[nodiscard]] constexpr bool read(std::uint64_t& value) const noexcept {
    const char* end = last;
    while (end != first && (end[-1] == '\n' || end[-1] == ' ')) --end;
    value = 0;
    for (const char* at = first; at != end; ++at) {
      if (*at < '0' || *at > '9') return false;
      const auto digit = static_cast<std::uint64_t>(*at - '0');
      if (value > (UINT64_MAX - digit) / 10) return false;
      value = value * 10 + digit;
    }
    return end != first;
  }
};

/// A path put together from pieces. One that is too long for the kernel opens nothing.
class path_text {
 public:
  void add(piece text) noexcept {
    for (; !text.empty(); ++text.first) add(*text.first);
  }
  void add(char c) noexcept {
    if (size_ < longest) text_[size_] = c;
    ++size_;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  void cut(std::size_t size) noexcept { size_ = size; }

  /// Opens the file of this name below it.
  [[nodiscard]] unique_fd open(const char* name) noexcept {
    const std::size_t folder = size_;
    do {
      add(*name);
    } while (*name++ != '\0');
    const bool fits = size_ <= longest;
    size_ = folder;
    return unique_fd(fits ? ::open(text_, O_RDONLY | O_CLOEXEC) : -1);
  }

 private:
  static constexpr std::size_t longest = 4096;  // PATH_MAX

  char text_[longest];  // what lies behind size_ says nothing
  std::size_t size_ = 0;
};

/// The text of a file of /proc or /sys; empty when it cannot be read, or is longer than any of them is.
class file_text {
 public:
  file_text(path_text& folder, const char* name) noexcept {
    const unique_fd file = folder.open(name);
    if (file && !read(file.get())) size_ = 0;
  }
  file_text(const file_text&) = delete;
  file_text& operator=(const file_text&) = delete;
  ~file_text() { std::free(data_); }

  [[nodiscard]] piece all() const noexcept { return {data_, data_ + size_}; }

 private:
  [[nodiscard]] bool read(int file) noexcept {
    constexpr std::size_t longest = std::size_t{4} * 1024 * 1024;
    for (std::size_t room = 4096; room <= longest; room *= 2) {
      auto* const wider = static_cast<char*>(std::realloc(data_, room));
      if (wider == nullptr) return false;
      data_ = wider;
      while (size_ < room) {
        const auto n = ::read(file, data_ + size_, room - size_);
        if (n == 0) return true;
        if (n < 0 && errno != EINTR) return false;
        if (n > 0) size_ += static_cast<std::size_t>(n);
      }
    }
    return false;
  }

  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tenon::detail
// tenon/topology/cpu_quota.hpp

namespace tenon {

namespace detail {

/// What is left of `path` below `folder`; nothing, when it does not lie there.
[[nodiscard]] constexpr piece below(piece path, piece folder) noexcept {
  for (; !folder.empty(); ++folder.first, ++path.first) {
    if (path.empty() || *path.first != *folder.first) return {};
  }
  return path.empty() || *path.first == '/' ? path : piece{};
}

/// Whether a path goes up somewhere.
[[nodiscard]] constexpr bool goes_up(piece path) noexcept {
  for (; path.last - path.first >= 3; ++path.first) {
    if (path.first[0] == '/' && path.first[1] == '.' && path.first[2] == '.') return true;
  }
  return false;
}

/// Whether a list with commas has this entry.
[[nodiscard]] constexpr bool lists(piece list, const char* entry) noexcept {
  while (!list.empty()) {
    if (list.take_until(',').is(entry)) return true;
  }
  return false;
}

/// One line of /proc/self/mountinfo, proc_pid_mountinfo(5):
/// `36 35 98:0 /root /point options optional-fields... - type source super-options`
struct mount_line {
  piece root;
  piece point;  ///< a blank, a tab, a newline and a backslash in it are `\` and three octal digits
  piece type;
  piece super_options;

  explicit mount_line(piece line) noexcept {
    for (int i = 0; i < 3; ++i) line.take_until(' ');
    root = line.take_until(' ');
    point = line.take_until(' ');
    while (!line.empty() && !line.take_until(' ').is("-")) {
    }
    type = line.take_until(' ');
    line.take_until(' ');
    super_options = line;
  }

  /// The mount point as it is.
  void add_point(path_text& path) const noexcept {
    for (const char* at = point.first; at != point.last; ++at) {
      if (point.last - at >= 4 && *at == '\\') {
        path.add(static_cast<char>((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0')));
        at += 3;
      } else {
        path.add(*at);
      }
    }
  }
};

/// The path of this process in a hierarchy, out of /proc/self/cgroup, cgroups(7): `id:controllers:/path` a line. An
/// empty `controller` means the v2 hierarchy. False when it is in none.
[[nodiscard]] constexpr bool find_cgroup(piece memberships, const char* controller, piece& path) noexcept {
  while (!memberships.empty()) {
    path = memberships.take_until('\n');
    const piece id = path.take_until(':');
    const piece controllers = path.take_until(':');
    if (*controller == '\0' ? id.is("0") && controllers.empty() : lists(controllers, controller)) return true;
  }
  return false;
}

/// The least of the limits met so far, in whole processors; 0 when there was none.
class quota_of_groups {
 public:
  /// Looks at one directory of a hierarchy.
  void see(path_text& group, bool v2) noexcept {
    if (v2) {
      const file_text text(group, "/cpu.max");
      piece period = text.all();
      const piece quota = period.take_until(' ');
      limit(quota, period);
    } else {
      const file_text quota(group, "/cpu.cfs_quota_us");
      const file_text period(group, "/cpu.cfs_period_us");
      limit(quota.all(), period.all());
    }
  }

  /// Looks at a group and at all above it that this mount shows; a limit above binds those below.
  void see_all(path_text& mount_point, piece below, bool v2) noexcept {
    const std::size_t top = mount_point.size();
    for (;;) {
      while (!below.empty() && below.last[-1] == '/') --below.last;
      mount_point.add(below);
      see(mount_point, v2);
      mount_point.cut(top);
      if (below.empty()) return;
      while (!below.empty() && below.last[-1] != '/') --below.last;
    }
  }

  [[nodiscard]] std::size_t processors() const noexcept { return least_; }

 private:
  void limit(piece quota, piece period) noexcept {
    std::uint64_t quota_us = 0;
    std::uint64_t period_us = 0;
    if (!quota.read(quota_us) || !period.read(period_us) || period_us == 0) return;
    std::uint64_t whole = quota_us / period_us + (quota_us % period_us != 0 ? 1U : 0U);
    if (whole == 0) whole = 1;
    if (least_ == 0 || whole < least_) least_ = static_cast<std::size_t>(whole);
  }

  std::size_t least_ = 0;
};

/// tenon::cpu_quota; 0 when there is no limit.
[[nodiscard]] inline std::size_t quota_below(piece root) noexcept {
  path_text path;
  path.add(root);
  const std::size_t top = path.size();
  const file_text memberships(path, "/proc/self/cgroup");
  const file_text mounts(path, "/proc/self/mountinfo");
  quota_of_groups quota;
  for (piece rest = mounts.all(); !rest.empty();) {
    const mount_line mount(rest.take_until('\n'));
    const bool v2 = mount.type.is("cgroup2");
    if (!v2 && !(mount.type.is("cgroup") && lists(mount.super_options, "cpu"))) continue;
    piece group;
    if (!find_cgroup(memberships.all(), v2 ? "" : "cpu", group)) continue;
    // The mount may show a part of the hierarchy (a container's), and the path may lie outside it (`/../..`): then the
    // top of the mount is the nearest group there is to see.
    if (!mount.root.is("/")) group = below(group, mount.root);
    if (goes_up(group)) group = {};
    mount.add_point(path);
    quota.see_all(path, group, v2);
    path.cut(top);
  }
  return quota.processors();
}

}  // namespace detail

/// How many processors' worth of time the cgroups of this process allow it, rounded up; nullopt when there is no limit.
///
/// The least over its group and all groups above it that are mounted here, of version 2 (cpu.max) and of version 1
/// (cpu.cfs_quota_us), wherever they are mounted. A file that is missing or makes no sense is no limit.
///
/// root     A directory that stands for `/`: a test gives one that it made itself.
/// Cost     Reads /proc/self/cgroup, /proc/self/mountinfo and a file a group: tens of microseconds; for start-up.
/// Threads  Any.
/// Source   Linux: Documentation/admin-guide/cgroup-v2.rst, Documentation/scheduler/sched-bwc.rst.
[[nodiscard]] inline std::optional<std::size_t> cpu_quota(std::string_view root = {}) noexcept {
  const std::size_t least = detail::quota_below({root.data(), root.data() + root.size()});
  if (least == 0) return std::nullopt;
  return least;
}

}  // namespace tenon
// tenon/topology/detail/affinity.hpp

namespace tenon::detail {

/// A set of processors, as sched_setaffinity(2) takes it: room for 8192, which is the most Linux can be built for.
class affinity_mask {
 public:
  static constexpr int most = 8192;

  affinity_mask() noexcept { CPU_ZERO_S(sizeof words_, words_); }

  /// What the calling thread may run on: at least one. Where the kernel does not say, all that are online.
  [[nodiscard]] static affinity_mask of_this_thread() noexcept {
    affinity_mask mask;
    if (::sched_getaffinity(0, sizeof mask.words_, mask.words_) == 0 && mask.count() > 0) return mask;
    const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
    int next = 0;
    do {
      (void)mask.add(next++);
    } while (next < online);
    return mask;
  }

  [[nodiscard]] bool has(int processor) const noexcept {
    return in_range(processor) && CPU_ISSET_S(static_cast<std::size_t>(processor), sizeof words_, words_);
  }
  [[nodiscard]] bool add(int processor) noexcept {
    if (!in_range(processor)) return false;
    CPU_SET_S(static_cast<std::size_t>(processor), sizeof words_, words_);
    return true;
  }
  [[nodiscard]] std::size_t count() const noexcept {
    return static_cast<std::size_t>(CPU_COUNT_S(sizeof words_, words_));
  }
  /// The lowest that is in it and not below `from`, or `most`.
  [[nodiscard]] int next(int from) const noexcept {
    while (from < most && !has(from)) ++from;
    return from;
  }

  /// Lets the calling thread run on these only.
  [[nodiscard]] result<void> apply() const noexcept {
    if (::sched_setaffinity(0, sizeof words_, words_) != 0) return error_of(errno);
    return {};
  }

 private:
  static bool in_range(int processor) noexcept { return 0 <= processor && processor < most; }

  cpu_set_t words_[most / CPU_SETSIZE];
};

/// The processors that the calling thread may run on, lowest first; at least one.
template <class Number = int>
[[nodiscard]] std::vector<Number> allowed_processors() {
  const affinity_mask mask = affinity_mask::of_this_thread();
  std::vector<Number> all;
  for (int i = mask.next(0); i < affinity_mask::most; i = mask.next(i + 1)) all.push_back(i);
  return all;
}

}  // namespace tenon::detail
// tenon/topology/flat.hpp

namespace tenon {

namespace detail {

/// As many as there are places, and no more than the quota, if there is one.
[[nodiscard]] inline std::size_t concurrency_of(std::size_t places, std::size_t quota = quota_below({})) noexcept {
  return quota != 0 && quota < places ? quota : places;
}

}  // namespace detail

/// A machine of equal processors: as many workers as the affinity mask and the cgroup's CPU quota allow, and the kernel
/// moves them as it likes. The default.
///
/// Cost     read: a few files of /proc and /sys. pin, unpin: nothing.
/// Threads  Any.
/// Errors   None: without /proc it counts the processors that are online, and knows no quota.
struct flat : family::topology {
  static constexpr auto word = fixed_string("flat");
  static constexpr bool pins = false;

  [[nodiscard]] static machine read() {
    const detail::affinity_mask allowed = detail::affinity_mask::of_this_thread();
    machine here{.places = std::vector<place>(allowed.count())};
    int next = 0;
    for (place& each : here.places) {
      next = allowed.next(next);
      each = {.processor = next, .core = next, .node = 0, .cluster = 0};
      ++next;
    }
    here.concurrency = detail::concurrency_of(here.places.size());
    return here;
  }

  /// How many workers are worth having: all that is asked of a machine whose places are not used.
  [[nodiscard]] static std::size_t concurrency() noexcept {
    return detail::concurrency_of(detail::affinity_mask::of_this_thread().count());
  }

  static result<void> pin(const machine& /*where*/, std::size_t /*worker*/) noexcept { return {}; }
  static result<void> unpin(const machine& /*where*/) noexcept { return {}; }
};

static_assert(topology_policy<flat>);

}  // namespace tenon
// tenon/runtime/runtime.hpp

namespace tenon {

/// A runtime, named by its parts, in any order; what is not named is the default.
///
///     struct edge : tenon::runtime<tenon::io_uring<>, tenon::stealing<>, tenon::mimalloc> {
///       using runtime::runtime;
///     };
///
/// Shape    An alias of basic_runtime with one policy a family, so that equal sentences are equal types. Name it with a
///          derived struct, as above: symbols and errors then carry your name instead of nine.
/// Cost     About half a millisecond of compile time a sentence.
/// Errors   One sentence: an argument that is no policy, or lacks what its family asks for; two of a family; a closed
///          door; words that do not go together (docs/legality.md).
template <class... Ps>
using runtime = decltype(detail::stand_for(static_cast<detail::answer<Ps...>*>(nullptr)));

static_assert(std::is_same_v<runtime<>, runtime<epoll, stealing<>, recycling<system>, by_topology, flat, multi_thread,
                                                off, steady, propagate>>);
static_assert(std::is_same_v<runtime<single_thread, epoll>, runtime<fifo, single_thread>>);

}  // namespace tenon
// tenon/runtime/schedule_on.hpp

namespace tenon {

namespace detail {

template <class R>
class moving_to {
 public:
  explicit moving_to(R& runtime) noexcept : runtime_(runtime) {}

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    item_.target = waiter;
    runtime_.start(item_, *environment_of(waiter));
  }
  static void await_resume() noexcept {}

 private:
  R& runtime_;
  resumption item_;
};

template <class R>
class binding_to {
 public:
  binding_to(R& runtime, key bound) noexcept : runtime_(runtime), bound_(bound) {}

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    item_.target = waiter;
    runtime_.start_at(bound_.among(runtime_.workers()), item_);
  }
  static void await_resume() noexcept {}

 private:
  R& runtime_;
  key bound_;
  resumption item_;
};

}  // namespace detail

/// Goes on as a new task of `runtime` would: on a worker of it, whichever its scheduling chooses.
///
///     co_await tenon::schedule_on(compute);   // leaves the I/O runtime
///     const auto picture = render(scene);
///     co_await tenon::schedule_on(edge);      // and comes back
///
/// Shape         The runtime runs, and is not stopped before the coroutine has left it again: it is not one of its
///               tasks, and its shutdown does not wait for it.
/// Cancellation  None: it does not wait.
template <class Runtime>
[[nodiscard]] detail::moving_to<typename Runtime::runtime> schedule_on(Runtime& runtime) noexcept {
  return detail::moving_to<typename Runtime::runtime>(runtime);
}

/// Under `affinity`: goes on at the worker of a key, where a spawn with that key would run.
///
///     co_await tenon::schedule_on(rt, tenon::key{account.id});   // from here on alone with this account
template <class Runtime>
[[nodiscard]] detail::binding_to<typename Runtime::runtime> schedule_on(Runtime& runtime, key bound) noexcept {
  static_assert(!Runtime::scheduling::shares,
                "tenon::schedule_on: a key binds a task to a worker, and here any worker runs any task; write "
                "affinity<> in the runtime's sentence, or leave out the key");
  return detail::binding_to<typename Runtime::runtime>(runtime, bound);
}

}  // namespace tenon
// tenon/runtime/scope.hpp

namespace tenon {

/// A nursery: tasks that run beside the one that owns it, all of which have ended when it is joined.
///
///     tenon::scope conns{rt};
///     while (auto peer = co_await door.accept()) conns.spawn(echo, std::move(*peer));
///     co_await conns.join();
///
/// Context       Its tasks carry what the scope was made with: `tenon::scope conns{rt, co_await
///               tenon::this_task::context()}` hands on what its owner carries, `scope{rt}` hands on nothing.
/// Cost          A spawn: one frame for the function, its arguments and the links, one for the task, and one allocation
///               for its stop state.
/// Threads       spawn, cancel: any worker of the runtime, and any thread when it has more than one. join: its owner.
/// Errors        The first exception that leaves a task cancels the others; join() throws it when all have left.
///               Destroying a scope that has tasks left ends the program: there would be nobody to answer for them.
/// Cancellation  cancel() asks all its tasks to stop, those spawned later too. A stop request that reaches the task
///               that waits in join() does the same; join() still waits until all have left.
template <class R>
class scope : detail::crowd<R> {
  using crowd = detail::crowd<R>;

  class joining {
   public:
    explicit joining(scope& of) noexcept : scope_(of) {}

    [[nodiscard]] static bool await_ready() noexcept { return false; }
    template <class Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> waiter) {
      const environment& env = *detail::environment_of(waiter);
      scope_.joined_.target = waiter;
      scope_.env_ = &env;
      scope_.home_ = detail::here().current;
      if (env.stop.stop_possible()) follow_.emplace(env.stop.get_token(), stop_all{&scope_});
      scope_.leave();
      return true;  // whoever leaves last, this very thread perhaps, has made `joined_` ready
    }
    void await_resume() {
      follow_.reset();
      scope_.reopen();
#if defined(__cpp_exceptions)
      scope_.rethrow();
#endif
    }

   private:
    struct stop_all {
      scope* of;
      void operator()() const noexcept { of->cancel(); }
    };

    scope& scope_;
    detail::stop_hook<stop_all> follow_;
  };

 public:
  template <class Runtime>
  explicit scope(Runtime& runtime) noexcept : crowd(runtime, &all_left) {}
  template <class Runtime>
  scope(Runtime& runtime, const any_context& carried) noexcept : crowd(runtime, &all_left), carried_(&carried) {}
  ~scope() {
    if (this->live() > 1) std::terminate();
  }

  /// Starts `fn(args...)`, which gives a task; function and arguments are kept, as std::thread keeps them, until it
  /// ends. Before the function may stand what a runtime's spawn takes there: a context, a key.
  template <class Fn, class... Args>
  void spawn(Fn&& fn, Args&&... args) {
    const bool entered = this->enter();
    assert(entered && "a scope takes tasks until it has been joined");
    (void)entered;
    this->start(inherited(), std::forward<Fn>(fn), std::forward<Args>(args)...);
  }

  /// Asks all tasks to stop.
  void cancel() { crowd::cancel(); }

  /// How many tasks have not left yet; its owner asks, and not while somebody waits in join().
  [[nodiscard]] std::size_t size() const noexcept { return this->live() - 1; }

  /// Waits until all tasks have left.
  [[nodiscard]] joining join() noexcept { return joining(*this); }

 private:
  [[nodiscard]] detail::origin inherited() const noexcept {
    if constexpr (R::carries_context) {
      return {&carried_};
    } else {
      return {};
    }
  }
  static void all_left(crowd& of) noexcept {
    auto& self = static_cast<scope&>(of);
    self.home_->post(self.joined_, *self.env_);  // where tasks are bound to workers, to the one that joins
  }

  detail::resumption joined_;
  const environment* env_ = nullptr;  // of the one that joins
  loop* home_ = nullptr;
  [[no_unique_address]] detail::carried_by<R> carried_;
};

template <class Runtime>
scope(Runtime&) -> scope<typename Runtime::runtime>;
template <class Runtime>
scope(Runtime&, const any_context&) -> scope<typename Runtime::runtime>;

}  // namespace tenon
// tenon/scheduler/affinity.hpp

namespace tenon {

/// Option of affinity: a new task without a key does not queue behind more than N others while a worker has fewer.
template <std::size_t N>
struct overflowing {
  static_assert(N >= 1,
                "tenon::overflowing<N>: N, how many may wait before a new task goes elsewhere, must be 1 at least");
  static constexpr std::size_t at = N;
};

namespace detail {

template <class Option>
inline constexpr std::size_t overflow_of = 0;  // no option of affinity's
template <std::size_t N>
inline constexpr std::size_t overflow_of<overflowing<N>> = N;

template <class... Options>
inline constexpr auto affinity_word = fixed_string("affinity<>");
template <std::size_t N>
inline constexpr auto affinity_word<overflowing<N>> =
    fixed_string("affinity<overflowing<") + decimal<N> + fixed_string(">>");

/// How many items wait at a worker: nobody counts them where nobody asks.
template <class Threading, std::size_t Overflow>
struct waiting_items {
  typename Threading::template atomic<std::size_t> count{0};

  // Relaxed: it is a hint about load, and publishes nothing.
  void came() noexcept { count.fetch_add(1, std::memory_order_relaxed); }
  void went() noexcept { count.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t number() const noexcept { return count.load(std::memory_order_relaxed); }
};
template <class Threading>
struct waiting_items<Threading, 0> {
  static void came() noexcept {}
  static void went() noexcept {}
};

}  // namespace detail

/// A task stays on the worker it started on: what it touches stays in that core's caches, and needs no lock among the
/// tasks of one worker.
///
///     using pinned = tenon::runtime<tenon::libuv, tenon::affinity<>>;
///     using evened = tenon::runtime<tenon::libuv, tenon::affinity<tenon::overflowing<64>>>;
///
/// Order    FIFO a worker. New tasks go round the workers in turn.
/// Overflow With overflowing<N> a new task whose turn is a worker where N or more wait goes to the next where fewer do
///          or, if there is none, to the one where the fewest wait. A task with a key, and one that goes on, stays with
///          its worker however long the queue there is: that is what they are bound for. What waits already is not
///          moved.
/// Cost     On the worker a linked list; from elsewhere one CAS into its inbox. With overflowing<N> a locked
///          instruction more for each push and each pop.
/// Threads  A task runs on one worker. There is no balancing of what has begun: a worker with much to do keeps it. A
///          task that waits on another worker's socket goes on there: sockets belong to the worker that first waited on
///          them.
template <class... Options>
struct affinity : family::scheduling {
  static_assert(sizeof...(Options) <= 1 && ((detail::overflow_of<Options> != 0) && ...),
                "tenon::affinity<...>: unknown option; affinity takes overflowing<N>, once");
  static constexpr auto word = detail::affinity_word<Options...>;
  static constexpr bool shares = false;

  template <class Threading>
  class shared {
   public:
    explicit shared(std::size_t workers) : inboxes_(workers, [](std::size_t) { return inbox(); }) {}

    /// A new item that may run anywhere.
    std::size_t inject(work& item) noexcept { return give(item, place()); }
    /// An item that is bound to a worker.
    std::size_t give(work& item, std::size_t worker) noexcept {
      inboxes_[worker].waiting.came();
      inboxes_[worker].items.push(item);
      return worker;
    }
    [[nodiscard]] work_list take(std::size_t worker) noexcept { return inboxes_[worker].items.take(); }
    [[nodiscard]] bool empty(std::size_t worker) const noexcept { return inboxes_[worker].items.empty(); }
    [[nodiscard]] auto& waiting_at(std::size_t worker) noexcept { return inboxes_[worker].waiting; }

   private:
    static constexpr std::size_t overflow = (detail::overflow_of<Options> + ... + 0);

    struct inbox {
      detail::inbox<Threading> items;
      [[no_unique_address]] detail::waiting_items<Threading, overflow> waiting;
    };

    [[nodiscard]] std::size_t place() noexcept {
      const std::size_t turn = turn_.fetch_add(1, std::memory_order_relaxed) % inboxes_.size();
      if constexpr (overflow == 0) {
        return turn;
      } else {
        std::size_t best = turn;
        std::size_t fewest = inboxes_[turn].waiting.number();
        for (std::size_t i = 1; i < inboxes_.size() && fewest >= overflow; ++i) {
          const std::size_t other = (turn + i) % inboxes_.size();
          const std::size_t there = inboxes_[other].waiting.number();
          if (there < fewest) {
            fewest = there;
            best = other;
          }
        }
        return best;
      }
    }

    detail::row<inbox> inboxes_;
    typename Threading::template atomic<std::size_t> turn_{0};
  };

  template <class Threading>
  class local {
   public:
    local(shared<Threading>& all, std::size_t index) noexcept : all_(all), index_(index) {}

    void push(work& item) noexcept {
      all_.waiting_at(index_).came();
      mine_.push(item);
    }
    std::size_t start(work& item) noexcept { return all_.inject(item); }
    [[nodiscard]] work* next() noexcept {
      if (++since_look_ >= look_every || mine_.empty()) {
        since_look_ = 0;
        mine_.append(all_.take(index_));
      }
      work* const item = mine_.pop();
      if (item != nullptr) all_.waiting_at(index_).went();
      return item;
    }
    [[nodiscard]] static work* find() noexcept { return nullptr; }
    [[nodiscard]] static std::size_t stolen() noexcept { return 0; }
    [[nodiscard]] bool idle() const noexcept { return mine_.empty() && all_.empty(index_); }

   private:
    static constexpr std::size_t look_every = 8;  // a busy worker takes in what was sent at least this often

    shared<Threading>& all_;
    std::size_t index_;
    std::size_t since_look_ = 0;
    work_list mine_;
  };
};

// The whole proof is in its test: here every translation unit would pay for it.
static_assert(policy_of<affinity<>, family::scheduling>);

}  // namespace tenon
// tenon/task/this_task.hpp

namespace tenon::this_task {

namespace detail {

class asks_environment {
 public:
  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> asking) noexcept {
    env_ = tenon::detail::environment_of(asking);
    return false;
  }

 protected:
  const environment* env_ = nullptr;
};

class asks_stop_token : public asks_environment {
 public:
  [[nodiscard]] std::stop_token await_resume() const noexcept { return env_->stop.get_token(); }
};

class asks_stop_requested : public asks_environment {
 public:
  [[nodiscard]] bool await_resume() const noexcept { return env_->stop.stop_requested(); }
};

class asks_whole : public asks_environment {
 public:
  [[nodiscard]] const environment& await_resume() const noexcept { return *env_; }
};

class asks_context : public asks_environment {
 public:
  [[nodiscard]] const any_context& await_resume() const noexcept {
    static constexpr any_context nothing;
    return env_->context != nullptr ? *env_->context : nothing;
  }
};

template <class Slot>
class asks_slot : public asks_environment {
 public:
  [[nodiscard]] Slot await_resume() const noexcept {
    return env_->context != nullptr ? env_->context->template get<Slot>() : Slot{};
  }
};
template <>
class asks_slot<level> : public asks_environment {
 public:
  [[nodiscard]] level await_resume() const noexcept { return env_->level(); }
};

}  // namespace detail

/// The token that asks the running coroutine to stop: `std::stop_token stop = co_await tenon::this_task::stop_token();`
///
/// Cost  Does not suspend.
[[nodiscard]] inline detail::asks_stop_token stop_token() noexcept { return {}; }

/// Whether the running coroutine has been asked to stop: `const bool over = co_await
/// tenon::this_task::stop_requested();`
///
/// Cost  Does not suspend; one atomic load.
[[nodiscard]] inline detail::asks_stop_requested stop_requested() noexcept { return {}; }

/// What the running coroutine carries, to start another task with: valid as long as this one runs.
///
///     rt.spawn(co_await tenon::this_task::context(), audit, order);
///
/// Cost  Does not suspend.
[[nodiscard]] inline detail::asks_context context() noexcept { return {}; }

/// One slot of it: `const tenant who = co_await tenon::this_task::slot<tenant>();` A default Slot where nothing of that
/// type is carried. Its level is the slot `tenon::level`.
///
/// Cost  Does not suspend; one comparison a slot that the runtime names.
template <class Slot>
[[nodiscard]] detail::asks_slot<Slot> slot() noexcept {
  return {};
}

}  // namespace tenon::this_task
// tenon/task/detail/branch.hpp

namespace tenon {

template <class T>
class task;

namespace detail {

/// How a result is kept beside others: void as std::monostate, a reference as a pointer.
template <class T>
struct stored {
  using type = T;
};
template <>
struct stored<void> {
  using type = std::monostate;
};
template <class T>
struct stored<T&> {
  using type = T*;
};
template <class T>
using stored_t = typename stored<T>::type;

/// One of several tasks that run side by side: it owns the task's coroutine, which is the branch itself.
template <class T>
class branch {
  using promise_type = typename task<T>::promise_type;

 public:
  explicit branch(task<T>&& body) noexcept : handle_(std::exchange(body.handle_, nullptr)) {}
  branch(branch&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  branch& operator=(branch&&) = delete;
  ~branch() {
    if (handle_) handle_.destroy();
  }

  void join(branch_group& group, std::size_t /*index*/, const environment* env) noexcept {
    assert(handle_ && !handle_.done() && "the task was moved from, or awaited before");
    group.add(handle_.promise(), env);
  }
  void join(branch_race& race, std::size_t index, const environment* env) noexcept {
    assert(handle_ && !handle_.done() && "the task was moved from, or awaited before");
    race.add(handle_.promise(), index, env);
  }

  [[nodiscard]] promise_type& promise() const noexcept { return handle_.promise(); }

  [[nodiscard]] stored_t<T> take() {
    if constexpr (std::is_void_v<T>) {
      handle_.promise().result.take();
      return {};
    } else if constexpr (std::is_reference_v<T>) {
      return std::addressof(handle_.promise().result.take());
    } else {
      return handle_.promise().result.take();
    }
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

/// Begins the branches of an awaitable, and gives what its coroutine is to transfer to.
template <class Group, class... Branches>
[[nodiscard]] std::coroutine_handle<> start_branches(Group& group, const environment* env, Branches&... each) noexcept {
  std::size_t index = 0;
  (each.join(group, index++, env), ...);
  return group.begin(each.promise()...);
}
template <class Group, class T>
[[nodiscard]] std::coroutine_handle<> start_branches(Group& group, const environment* env,
                                                     std::vector<branch<T>>& all) noexcept {
  for (std::size_t i = 0; i < all.size(); ++i) all[i].join(group, i, env);
  return group.begin_all(all.size(), [&](std::size_t i) -> promise_base& { return all[i].promise(); });
}

}  // namespace detail

}  // namespace tenon
// tenon/task/when_any.hpp

namespace tenon {

namespace detail {

/// An environment with its own stop source, which follows the one above it.
class linked_environment {
 public:
  void link(const environment& parent) {
    env_.context = parent.context;
    if (parent.stop.stop_possible()) follow_.emplace(parent.stop.get_token(), forward{&env_.stop});
  }
  [[nodiscard]] std::stop_source& source() noexcept { return env_.stop; }
  [[nodiscard]] const environment& env() const noexcept { return env_; }

 private:
  struct forward {
    std::stop_source* to;
    void operator()() const noexcept { to->request_stop(); }
  };

  environment env_{std::stop_source()};
  stop_hook<forward> follow_;
};

template <class... Ts>
class any_of {
 public:
  explicit any_of(task<Ts>&&... tasks) : branches_(branch<Ts>(std::move(tasks))...) {}

  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) {
    linked_.link(*environment_of(parent));
    group_.expect(sizeof...(Ts), parent);
    return std::apply([&](auto&... each) { return start_branches(group_, &linked_.env(), each...); }, branches_);
  }
  std::variant<stored_t<Ts>...> await_resume() { return take(std::index_sequence_for<Ts...>()); }

 private:
  template <std::size_t... Is>
  std::variant<stored_t<Ts>...> take(std::index_sequence<Is...>) {
    std::optional<std::variant<stored_t<Ts>...>> won;
    const std::size_t first = group_.first();
    (void)((Is == first && (won.emplace(std::in_place_index<Is>, std::get<Is>(branches_).take()), true)) || ...);
    return std::move(*won);
  }

  linked_environment linked_;
  branch_race group_{linked_.source()};
  std::tuple<branch<Ts>...> branches_;
};

}  // namespace detail

/// Runs tasks side by side; the first to end wins, the others are asked to stop, and all are waited for.
///
///     auto first = co_await tenon::when_any(read(a), read(b));   // std::variant; index() says who won
///
/// Shape         A std::variant with an alternative an argument, in order; std::monostate stands for void.
/// Cost          A frame a task and one stop source.
/// Threads       As when_all.
/// Errors        When the winner threw, that exception leaves. What the losers gave or threw is dropped.
/// Cancellation  A stop request from above reaches all of them. A task that takes no notice of its token delays the
///               end: nothing is ever left behind running.
template <class First, class... Rest>
[[nodiscard]] detail::any_of<First, Rest...> when_any(task<First> first, task<Rest>... rest) {
  return detail::any_of<First, Rest...>(std::move(first), std::move(rest)...);
}

}  // namespace tenon
// tenon/task/timeout.hpp

namespace tenon {

namespace detail {

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<result<T>> = true;

template <class T>
using timed_t = std::conditional_t<is_result<T>, T, result<T>>;

/// Whatever the body's end is, it is kept: a branch that comes in second has its result dropped, and its exception.
template <class T>
task<void> keep(task<T> body, outcome<timed_t<T>>& into) {
#if defined(__cpp_exceptions)
  try {
#endif
    if constexpr (std::is_void_v<T>) {
      co_await std::move(body);
      into.set(timed_t<T>());
    } else {
      into.set(co_await std::move(body));
    }
#if defined(__cpp_exceptions)
  } catch (...) {
    into.fail(std::current_exception());
  }
#endif
}

/// A template, because g++ emits the body of every coroutine that is none, used or not.
template <class Duration>
task<bool> sleep_out(Duration length) {
  co_return co_await sleep_for(length);
}

/// An awaiter that stands for another one: g++ 12 would copy an awaiter that `co_await` meets as a reference.
template <class Awaiter>
class stand_in {
 public:
  explicit stand_in(Awaiter& real) noexcept : real_(real) {}
  [[nodiscard]] bool await_ready() { return real_.await_ready(); }
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> waiter) {
    return real_.await_suspend(waiter);
  }
  decltype(auto) await_resume() { return real_.await_resume(); }

 private:
  Awaiter& real_;
};

template <class Awaiter>
task<decltype(std::declval<Awaiter&>().await_resume())> await_in_place(Awaiter& awaiter) {
  co_return co_await stand_in<Awaiter>(awaiter);
}

}  // namespace detail

/// Gives a task `limit` to end; then it is asked to stop, waited for, and std::errc::timed_out is what comes out.
///
///     auto page = co_await tenon::timeout(2s, fetch(url));
///     auto n = co_await tenon::timeout(2s, peer.read_some(room));
///
/// Shape         Of a task<result<T>>, a result<T>; of a task<T>, a result<T>.
/// Cost          Three frames and a timer. A stream's own deadline parameter costs only the timer.
/// Errors        timed_out. A task<result<T>> that has a value in spite of the stop keeps it: nothing that was received
///               is lost. An exception of the task leaves, unless the time was over first.
/// Cancellation  A stop request from above reaches the task; what it then gives is the result.
template <class T>
[[nodiscard]] task<detail::timed_t<T>> timeout(duration limit, task<T> body) {
  detail::outcome<detail::timed_t<T>> kept;
  task<void> work = detail::keep<T>(std::move(body), kept);
  const auto first = co_await when_any(std::move(work), detail::sleep_out(limit));
  const bool in_time = first.index() == 0 || !std::get<1>(first);  // a sleep that was cut short is not the end of it
  if (in_time) co_return kept.take();
  if constexpr (detail::is_result<T>) {
    if (!kept.failed()) {
      T late = kept.take();
      if (late || late.error() != std::errc::operation_canceled) co_return late;
    }
  }
  co_return std::make_error_code(std::errc::timed_out);
}

/// The same for an awaitable that is not a task, awaited in the same expression.
template <class Awaitable>
  requires requires(Awaitable& awaitable) { awaitable.await_resume(); }
[[nodiscard]] auto timeout(duration limit, Awaitable&& awaitable) {
  return timeout(limit, detail::await_in_place<std::remove_reference_t<Awaitable>>(awaitable));
}

}  // namespace tenon
// tenon/task/when_all.hpp

namespace tenon {

namespace detail {

template <class... Ts>
class all_of {
 public:
  explicit all_of(task<Ts>&&... tasks) : branches_(branch<Ts>(std::move(tasks))...) {}

  [[nodiscard]] static bool await_ready() noexcept { return sizeof...(Ts) == 0; }
  template <class Promise>
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
    if constexpr (sizeof...(Ts) == 0) {
      return parent;
    } else {
      group_.expect(sizeof...(Ts), parent);
      return std::apply([&](auto&... each) { return start_branches(group_, environment_of(parent), each...); },
                        branches_);
    }
  }
  std::tuple<stored_t<Ts>...> await_resume() {
    // braces: the first branch's exception is the one that leaves
    return std::apply([](auto&... each) { return std::tuple<stored_t<Ts>...>{each.take()...}; }, branches_);
  }

 private:
  branch_group group_;
  std::tuple<branch<Ts>...> branches_;
};

template <class T>
class all_in {
 public:
  explicit all_in(std::vector<task<T>>&& tasks) {
    branches_.reserve(tasks.size());
    for (task<T>& each : tasks) branches_.emplace_back(std::move(each));
  }

  [[nodiscard]] bool await_ready() const noexcept { return branches_.empty(); }
  template <class Promise>
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
    group_.expect(branches_.size(), parent);
    return start_branches(group_, environment_of(parent), branches_);
  }
  std::vector<stored_t<T>> await_resume() {
    std::vector<stored_t<T>> results;
    results.reserve(branches_.size());
    for (branch<T>& each : branches_) results.push_back(each.take());
    return results;
  }

 private:
  branch_group group_;
  std::vector<branch<T>> branches_;
};

}  // namespace detail

/// Runs tasks side by side and waits for all of them.
///
///     auto [page, user] = co_await tenon::when_all(fetch(url), look_up(id));
///
/// Shape         A tuple of the results in the order of the arguments; std::monostate stands for void, a pointer for a
///               reference. Of a vector of tasks, a vector.
/// Cost          Where the scheduling is `stealing` and nobody steals: some plain loads and stores a task. One that is
///               stolen costs its way through a ready queue, and each worker that took part one atomic decrement. With
///               other schedulings each task but the first goes through the ready queue.
/// Threads       The first runs at once on this worker; the others are ready for any worker that the scheduling allows.
///               A worker that runs out of work meanwhile gets them when this one next forks, or ends one of them.
/// Errors        All are waited for; then the exception of the first (in order) that threw leaves.
/// Cancellation  The tasks inherit the environment of the coroutine that awaits; none is cancelled when another throws.
template <class... Ts>
[[nodiscard]] detail::all_of<Ts...> when_all(task<Ts>... tasks) {
  return detail::all_of<Ts...>(std::move(tasks)...);
}
template <class T>
[[nodiscard]] detail::all_in<T> when_all(std::vector<task<T>> tasks) {
  return detail::all_in<T>(std::move(tasks));
}

}  // namespace tenon
// tenon/core/detail/yielded.hpp

namespace tenon::detail {

/// A coroutine that lets others go first, as a work item. It is a class of its own so that a scheduling that does not
/// keep to the order of pushes can tell it from one that was woken.
struct yielded : work {
  std::coroutine_handle<> target;

  yielded() noexcept : work(&go_on) {}
  static void go_on(work& item) noexcept { static_cast<yielded&>(item).target.resume(); }
};

[[nodiscard]] inline bool gives_way(const work& item) noexcept { return item.run == &yielded::go_on; }

}  // namespace tenon::detail
// tenon/task/yield.hpp

namespace tenon {

namespace detail {

class yielding {
 public:
  [[nodiscard]] static bool await_ready() noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    loop* const current = here().current;
    assert(current != nullptr && "tenon::yield is awaited on a worker of a runtime");
    item_.target = waiter;
    current->schedule(item_, *environment_of(waiter));
  }
  static void await_resume() noexcept {}

 private:
  yielded item_;
};

}  // namespace detail

/// Lets everything else that is ready run first.
///
///     co_await tenon::yield();
///
/// Cost          One trip through the worker's ready queue.
/// Cancellation  None: it does not wait.
[[nodiscard]] inline detail::yielding yield() noexcept { return {}; }

}  // namespace tenon
// tenon/tenon.hpp

/// All of tenon that needs nothing but a compiler. A door opens with its macro; the CMake target of the door sets it.

#if defined(TENON_WITH_IO_URING) && TENON_WITH_IO_URING
#ifndef TENON_SINGLE_BACKEND_DETAIL_RING_OPTIONS
#define TENON_SINGLE_BACKEND_DETAIL_RING_OPTIONS
// tenon/backend/detail/ring_options.hpp

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace tenon {

namespace detail {

/// What an option of io_uring decides; of each there is one at most.
enum class ring_slot : std::uint8_t { nothing, entries, shots, buffers, zero_copy, wake, files, lacking };

/// What newer kernels have, each probed when a loop opens, and each done without where it is missing.
enum class ring_feature : std::uint8_t {
  multishot_accept = 1,   ///< Linux 5.19
  multishot_receive = 2,  ///< 6.0, with a ring of provided buffers
  zero_copy = 4,          ///< 6.0
  message = 8,            ///< 5.18, to a ring that puts work off 6.3
  files = 16,             ///< 5.19: a table with room in it
};

/// What each option of io_uring derives from.
struct ring_option {};

}  // namespace detail

/// Option of io_uring: how many submissions fit between two waits before they are sent early.
template <unsigned N>
struct entries : detail::ring_option {
  static_assert(
      std::has_single_bit(N) && N <= 4096,
      "tenon::entries<N>: N, the submissions of a ring, must be a power of two up to 4096; write entries<256>");
  static constexpr auto decides = detail::ring_slot::entries;
  static constexpr auto word = fixed_string("entries<") + detail::decimal<N> + fixed_string(">");
  static constexpr unsigned value = N;
};

/// Option of io_uring: a listening socket is armed once and accepts whoever comes, a stream that is waited for by
/// `readable` is armed once and receives into the buffer_ring. The default.
struct multishot : detail::ring_option {
  static constexpr auto decides = detail::ring_slot::shots;
  static constexpr auto word = fixed_string("multishot");
};

/// Option of io_uring: the opposite. Each operation is handed over by itself, and nobody is accepted, and nothing
/// received, before it was asked for: for listening sockets that are shared with other processes.
struct single_shot : detail::ring_option {
  static constexpr auto decides = detail::ring_slot::shots;
  static constexpr auto word = fixed_string("single_shot");
};

/// Option of io_uring: the buffers of a worker that multishot receives into, N of Size bytes each.
template <unsigned N = 256, unsigned Size = 4096>
struct buffer_ring : detail::ring_option {
  static_assert(std::has_single_bit(N) && N <= 32768,
                "tenon::buffer_ring<N, Size>: N, the buffers of a worker, must be a power of two up to 32768; write "
                "buffer_ring<256, 4096>");
  static_assert(Size >= 64 && Size <= 1024 * 1024,
                "tenon::buffer_ring<N, Size>: Size, the bytes of a buffer, must lie between 64 and 1048576; write "
                "buffer_ring<256, 4096>");
  static constexpr auto decides = detail::ring_slot::buffers;
  static constexpr auto word = fixed_string("buffer_ring<") + detail::decimal<N> + fixed_string(", ") +
                               detail::decimal<Size> + fixed_string(">");
  static constexpr unsigned count = N;
  static constexpr unsigned size = Size;
};

/// Option of io_uring: a write of more than Above bytes to a TCP socket is sent from where it lies. It ends when the
/// peer has acknowledged it, so that it is for bulk over a real network; on the loopback the kernel copies anyway.
template <std::size_t Above = 32768>
struct send_zero_copy : detail::ring_option {
  static constexpr auto decides = detail::ring_slot::zero_copy;
  static constexpr auto word = fixed_string("send_zero_copy<") + detail::decimal<Above> + fixed_string(">");
  static constexpr std::size_t above = Above;
};

/// Option of io_uring: a worker wakes another by a message from ring to ring, not by an eventfd. Threads that are no
/// worker ring the eventfd still.
struct message_wake : detail::ring_option {
  static constexpr auto decides = detail::ring_slot::wake;
  static constexpr auto word = fixed_string("message_wake");
};

/// Option of io_uring: descriptors stand in a table of the ring's, up to N of them.
template <unsigned N = 4096>
struct registered_files : detail::ring_option {
  static_assert(N >= 1 && N <= 32768,
                "tenon::registered_files<N>: N, the places of the table, must lie between 1 and 32768; write "
                "registered_files<4096>");
  static constexpr auto decides = detail::ring_slot::files;
  static constexpr auto word = fixed_string("registered_files<") + detail::decimal<N> + fixed_string(">");
  static constexpr unsigned count = N;
};

namespace detail {

/// Option for tests: a kernel without these features.
template <ring_feature... Features>
struct lacking : ring_option {
  static constexpr auto decides = ring_slot::lacking;
  static constexpr auto word = fixed_string("lacking");
  static constexpr unsigned mask = (0U | ... | static_cast<unsigned>(Features));
};

struct no_ring_option {
  static constexpr auto decides = ring_slot::nothing;
  static constexpr unsigned mask = 0;
};

/// The option that decides Slot, or Otherwise.
template <ring_slot Slot, class Otherwise, class... Options>
struct chosen_ring_option {
  using type = Otherwise;
};
template <ring_slot Slot, class Otherwise, class First, class... Rest>
struct chosen_ring_option<Slot, Otherwise, First, Rest...> : chosen_ring_option<Slot, Otherwise, Rest...> {};
template <ring_slot Slot, class Otherwise, class First, class... Rest>
  requires(First::decides == Slot)
struct chosen_ring_option<Slot, Otherwise, First, Rest...> {
  using type = First;
};

template <class... Options>
struct ring_word {
  static constexpr auto value = fixed_string("io_uring");
};
template <class First, class... Rest>
struct ring_word<First, Rest...> {
  static constexpr auto value =
      ((fixed_string("io_uring<") + First::word) + ... + (fixed_string(", ") + Rest::word)) + fixed_string(">");
};

template <class... Options>
struct ring_options {
  template <ring_slot Slot, class Otherwise>
  using option = typename chosen_ring_option<Slot, Otherwise, Options...>::type;
  template <ring_slot Slot>
  static constexpr bool names = ((Options::decides == Slot) || ...);

  static constexpr auto word = ring_word<Options...>::value;
  static constexpr unsigned entries = option<ring_slot::entries, tenon::entries<256>>::value;
  static constexpr bool is_multishot = std::is_same_v<option<ring_slot::shots, multishot>, multishot>;
  using buffers = option<ring_slot::buffers, buffer_ring<>>;
  static constexpr bool sends_zero_copy = names<ring_slot::zero_copy>;
  using zero_copy = option<ring_slot::zero_copy, send_zero_copy<>>;
  static constexpr std::size_t sent_by_call = sends_zero_copy ? zero_copy::above : static_cast<std::size_t>(-1);
  static constexpr bool wakes_by_message = names<ring_slot::wake>;
  static constexpr bool registers_files = names<ring_slot::files>;
  using files = option<ring_slot::files, registered_files<>>;
  static constexpr unsigned masked = option<ring_slot::lacking, no_ring_option>::mask;

  /// Whether no two decide the same.
  static constexpr bool is_clear = [] {
    constexpr ring_slot all[] = {Options::decides..., ring_slot::nothing};
    for (std::size_t i = 0; i < sizeof...(Options); ++i) {
      for (std::size_t k = i + 1; k < sizeof...(Options); ++k) {
        if (all[i] == all[k]) return false;
      }
    }
    return true;
  }();
};

}  // namespace detail

static_assert(detail::ring_options<entries<64>>::word == fixed_string("io_uring<entries<64>>"));

}  // namespace tenon
#endif
#ifndef TENON_SINGLE_BACKEND_DETAIL_KERNEL_RINGS
#define TENON_SINGLE_BACKEND_DETAIL_KERNEL_RINGS
// tenon/backend/detail/kernel_rings.hpp

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>

#include <liburing.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tenon::detail {

/// The loop whose wait() this thread was in last.
inline thread_local const void* ring_here = nullptr;
/// Whether that wait() brought several things: what they make ready to be sent is better submitted together.
inline thread_local bool ring_is_busy = false;

/// What the kernel says of a submission that has ended, or that goes on and has more to say.
struct completion {
  std::uint64_t tag = 0;  ///< the submission's user_data
  int outcome = 0;
  bool goes_on = false;
  bool has_more_to_read = false;
  bool has_buffer = false;
  bool is_notice = false;    ///< of a zero-copy send: the bytes have been let go
  std::uint16_t buffer = 0;  ///< which one
};

/// The two rings shared with the kernel. The door of liburing.
///
/// Threads  One. The first that enters is its own for good; set_up and the destructor may run on another.
class kernel_rings {
 public:
  kernel_rings() = default;
  kernel_rings(const kernel_rings&) = delete;
  kernel_rings& operator=(const kernel_rings&) = delete;
  ~kernel_rings() { tear_down(); }

  /// 0, or the errno value that says why there is none. `may_put_off`: the kernel may put work off until it is entered.
  [[nodiscard]] int set_up(unsigned entries, bool may_put_off) noexcept {
    // Multishot polls (the bell) came with 5.13, as RSRC_TAGS did.
    constexpr unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_RSRC_TAGS;
    // One issuer is the thread that enables the ring: so it starts disabled, for set_up may run on another.
    constexpr unsigned best =
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED;
    int error = 0;
    for (const unsigned flags : {best, unsigned{IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG}, 0U}) {
      if (flags == best && !may_put_off) continue;
      ::io_uring_params asked{};
      asked.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
      asked.cq_entries = 4 * entries;
      error = -::io_uring_queue_init_params(entries, &ring_, &asked);
      if (error == EINVAL) continue;  // flags this kernel does not know
      if (error != 0) return error;
      is_there_ = true;
      is_best_ = flags == best;
      is_owned_ = false;
      if ((ring_.features & needed) == needed) return look(), 0;
      tear_down();
      return EINVAL;
    }
    return error;
  }
  void tear_down() noexcept {
    if (!std::exchange(is_there_, false)) return;
    // A ring that does its work at once might receive into buffers that are about to go.
    if (std::exchange(has_buffers_, false) && !is_best_) ::io_uring_unregister_buf_ring(&ring_, buffers_);
    // The number under which the ring was registered is its own thread's: here it might be another ring's.
    if (!is_own_thread()) ring_.int_flags = 0;
    ::io_uring_queue_exit(&ring_);
  }

  [[nodiscard]] bool is_there() const noexcept { return is_there_; }
  /// Whether it puts work off: Linux 6.1.
  [[nodiscard]] bool is_best() const noexcept { return is_best_; }
  [[nodiscard]] int fd() const noexcept { return ring_.ring_fd; }

  /// The bits of ring_feature that this kernel has by its list of operations.
  [[nodiscard]] unsigned features() const noexcept { return features_; }

  /// The thread that calls it first is the one issuer.
  void enable() noexcept {
    if (is_owned_) return;
    is_owned_ = true;
    owner_ = ::gettid();
    // io_uring_enable_rings is declared by liburing 2.3, but not exported.
    if (is_best_) ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
    (void)::io_uring_register_ring_fd(&ring_);  // spares each enter a look into the table of descriptors
  }
  [[nodiscard]] bool is_own_thread() const noexcept { return is_owned_ && owner_ == ::gettid(); }

  /// 0 or an errno value.
  [[nodiscard]] int register_buffers(::io_uring_buf_ring& buffers, unsigned count, unsigned short group) noexcept {
    ::io_uring_buf_reg asked{};
    asked.ring_addr = reinterpret_cast<std::uintptr_t>(&buffers);
    asked.ring_entries = count;
    asked.bgid = group;
    const int error = -::io_uring_register_buf_ring(&ring_, &asked, 0);
    has_buffers_ = error == 0;
    buffers_ = group;
    return error;
  }
  /// A table of descriptors, all places free. 0 or an errno value.
  [[nodiscard]] int register_files(unsigned count) noexcept { return -::io_uring_register_files_sparse(&ring_, count); }
  /// Puts a descriptor into the table, or -1. False: it could not be.
  [[nodiscard]] bool set_file(unsigned at, int fd) noexcept {
    return ::io_uring_register_files_update(&ring_, at, &fd, 1) == 1;
  }

  /// A free submission, or null when the ring is full.
  [[nodiscard]] ::io_uring_sqe* slot() noexcept { return ::io_uring_get_sqe(&ring_); }
  /// Sends what is there. False: the kernel takes nothing for now, and what has completed is to be taken in.
  [[nodiscard]] bool send() noexcept {
    enable();
    if (::io_uring_submit(&ring_) > 0) return true;
    (void)::io_uring_get_events(&ring_);  // too many completions outstanding, or out of memory for now
    return false;
  }
  [[nodiscard]] bool has_unsent() const noexcept { return ::io_uring_sq_ready(&ring_) != 0; }

  /// Sends what is there and waits for a completion, at most so long; negative: for ever.
  void enter(std::chrono::nanoseconds timeout) noexcept {
    if (timeout.count() < 0) {
      (void)::io_uring_submit_and_wait(&ring_, 1);
    } else if (timeout.count() > 0) {
      const timespec span = to_timespec(timeout);
      ::__kernel_timespec limit{span.tv_sec, span.tv_nsec};
      ::io_uring_cqe* first = nullptr;
      (void)::io_uring_submit_and_wait_timeout(&ring_, &first, 1, &limit, nullptr);
    } else if (has_unsent() || asks_to_be_entered()) {
      (void)::io_uring_submit_and_get_events(&ring_);
    }
  }
  /// Sends what is there and waits for one more completion. False: the kernel does not serve this thread.
  [[nodiscard]] bool enter_for_one() noexcept {
    const int sent = ::io_uring_submit_and_wait(&ring_, 1);
    return sent >= 0 || sent == -EINTR || sent == -EAGAIN || sent == -EBUSY;
  }
  /// Completions wait in the kernel for us to fetch them.
  [[nodiscard]] bool asks_to_be_entered() const noexcept {
    return (__atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
  }

  [[nodiscard]] bool has_completed() const noexcept { return ::io_uring_cq_ready(&ring_) != 0; }
  [[nodiscard]] unsigned completed() const noexcept { return ::io_uring_cq_ready(&ring_); }
  /// The next completion, of which there is one. It is the kernel's again, so that what follows may submit.
  [[nodiscard]] completion take() noexcept {
    const ::io_uring_cqe& cqe = ring_.cq.cqes[*ring_.cq.khead & ring_.cq.ring_mask];
    const unsigned flags = cqe.flags;
    const completion taken{cqe.user_data,
                           cqe.res,
                           (flags & IORING_CQE_F_MORE) != 0,
                           (flags & IORING_CQE_F_SOCK_NONEMPTY) != 0,
                           (flags & IORING_CQE_F_BUFFER) != 0,
                           (flags & IORING_CQE_F_NOTIF) != 0,
                           static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT)};
    ::io_uring_cq_advance(&ring_, 1);
    return taken;
  }

 private:
  void look() noexcept {
    features_ = 0;
    ::io_uring_probe* const told = ::io_uring_get_probe_ring(&ring_);
    if (told == nullptr) return;
    const auto has = [&](int operation, ring_feature what) {
      if (::io_uring_opcode_supported(told, operation) != 0) features_ |= static_cast<unsigned>(what);
    };
    has(IORING_OP_SOCKET, ring_feature::multishot_accept);    // both came with 5.19
    has(IORING_OP_SEND_ZC, ring_feature::multishot_receive);  // and these with 6.0
    has(IORING_OP_SEND_ZC, ring_feature::zero_copy);
    has(IORING_OP_MSG_RING, ring_feature::message);
    has(IORING_OP_SOCKET, ring_feature::files);
    ::io_uring_free_probe(told);
  }

  ::io_uring ring_{};
  ::pid_t owner_{};
  unsigned features_ = 0;
  unsigned short buffers_ = 0;
  bool is_there_ = false;
  bool is_best_ = false;
  bool is_owned_ = false;
  bool has_buffers_ = false;
};

}  // namespace tenon::detail
#endif
#ifndef TENON_SINGLE_BACKEND_DETAIL_RECEIVED_PART
#define TENON_SINGLE_BACKEND_DETAIL_RECEIVED_PART
// tenon/backend/detail/received_part.hpp

#include <cstddef>
#include <cstdint>

namespace tenon::detail {

template <class Threading>
class buffer_pool;

/// Bytes that the kernel has received: [begin, end) of a buffer of a pool.
template <class Threading>
struct received_part {
  received_part* next = nullptr;
  buffer_pool<Threading>* pool = nullptr;
  std::byte* data = nullptr;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  [[nodiscard]] std::size_t size() const noexcept { return end - begin; }
};

}  // namespace tenon::detail
#endif
#ifndef TENON_SINGLE_BACKEND_DETAIL_BUFFER_POOL
#define TENON_SINGLE_BACKEND_DETAIL_BUFFER_POOL
// tenon/backend/detail/buffer_pool.hpp

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include <sys/mman.h>

namespace tenon::detail {

/// The buffers that the kernel chooses from when it receives, and takes its bytes from us: one ring a loop.
///
/// A part is taken by the loop's thread, handed to whoever reads, and given back on any thread: at home straight into
/// the ring, elsewhere by way of a stack that the loop empties. The stack is Treiber's, taken whole, as core's inbox.
///
/// Threads  give_back: any. All else: the loop's, and open() and shut() whoever opens and destroys the loop.
template <class Threading>
class buffer_pool {
 public:
  using part = received_part<Threading>;
  static constexpr unsigned short group = 1;

  buffer_pool() = default;
  buffer_pool(const buffer_pool&) = delete;
  buffer_pool& operator=(const buffer_pool&) = delete;
  ~buffer_pool() { forget(); }

  /// 0, or the errno value that says why there is none.
  [[nodiscard]] int open(kernel_rings& rings, const void* home, unsigned count, unsigned size) noexcept {
    home_ = home;
    ring_bytes_ = count * sizeof(::io_uring_buf);
    const std::size_t all = ring_bytes_ + std::size_t{count} * size;
    // Pages that nothing was received into yet are not there: a quiet loop costs the ring alone.
    void* const memory = ::mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return ENOMEM;
    memory_ = static_cast<std::byte*>(memory);
    memory_bytes_ = all;
    parts_ = new (std::nothrow) part[count];
    if (parts_ == nullptr) return forget(), ENOMEM;
    count_ = count;
    size_ = size;
    ring_ = static_cast<::io_uring_buf_ring*>(memory);
    ::io_uring_buf_ring_init(ring_);
    if (const int error = rings.register_buffers(*ring_, count, group); error != 0) return forget(), error;
    for (unsigned i = 0; i < count; ++i) {
      parts_[i].pool = this;
      parts_[i].data = memory_ + ring_bytes_ + std::size_t{i} * size;
      put(parts_[i]);
    }
    publish();
    return 0;
  }
  /// After the kernel has forgotten it.
  void forget() noexcept {
    delete[] parts_;
    parts_ = nullptr;
    if (memory_ != nullptr) ::munmap(memory_, memory_bytes_);
    memory_ = nullptr;
    ring_ = nullptr;
    left_ = 0;
    unpublished_ = 0;
    returned_.store(nullptr, std::memory_order_relaxed);
  }

  [[nodiscard]] bool is_there() const noexcept { return ring_ != nullptr; }
  [[nodiscard]] unsigned count() const noexcept { return count_; }
  /// How many buffers the kernel has, as far as it has told us.
  [[nodiscard]] unsigned left() const noexcept { return left_; }

  /// Buffer `id`, into which the kernel has received `bytes`.
  [[nodiscard]] part& take(unsigned id, std::uint32_t bytes) noexcept {
    --left_;
    part& taken = parts_[id];
    taken.begin = 0;
    taken.end = bytes;
    taken.next = nullptr;
    return taken;
  }

  void give_back(part& given) noexcept {
    if (!Threading::concurrent || ring_here == home_) {
      put(given);
      return publish();
    }
    part* top = returned_.load(std::memory_order_relaxed);
    do {
      given.next = top;
    } while (!returned_.compare_exchange_strong(top, &given, std::memory_order_release, std::memory_order_relaxed));
  }
  /// Takes in what was sent back.
  void refill() noexcept {
    if (returned_.load(std::memory_order_relaxed) == nullptr) return;
    part* each = returned_.exchange(nullptr, std::memory_order_acquire);
    while (each != nullptr) {
      part* const next = each->next;
      put(*each);
      each = next;
    }
    publish();
  }

 private:
  void put(part& given) noexcept {
    const auto id = static_cast<unsigned short>(&given - parts_);
    ::io_uring_buf_ring_add(ring_, given.data, size_, id, static_cast<int>(count_ - 1), static_cast<int>(unpublished_));
    ++unpublished_;
  }
  void publish() noexcept {
    ::io_uring_buf_ring_advance(ring_, static_cast<int>(unpublished_));
    left_ += unpublished_;
    unpublished_ = 0;
  }

  const void* home_ = nullptr;  // the loop
  ::io_uring_buf_ring* ring_ = nullptr;
  part* parts_ = nullptr;
  std::byte* memory_ = nullptr;
  std::size_t memory_bytes_ = 0;
  std::size_t ring_bytes_ = 0;
  unsigned count_ = 0;
  unsigned size_ = 0;
  unsigned left_ = 0;
  unsigned unpublished_ = 0;
  typename Threading::template atomic<part*> returned_{nullptr};
};

}  // namespace tenon::detail
#endif
#ifndef TENON_SINGLE_BACKEND_DETAIL_FILE_TABLE
#define TENON_SINGLE_BACKEND_DETAIL_FILE_TABLE
// tenon/backend/detail/file_table.hpp

#include <cstdint>
#include <memory>
#include <new>

namespace tenon::detail {

/// The places of a ring's table of descriptors, and which of them are free.
///
/// Cost     put and remove: one system call each.
/// Threads  The loop's.
template <unsigned N>
class file_table {
 public:
  [[nodiscard]] bool open(kernel_rings& rings) noexcept {
    free_.reset(new (std::nothrow) std::uint16_t[N]);
    left_ = 0;
    if (free_ == nullptr || rings.register_files(N) != 0) return false;
    for (unsigned i = N; i-- > 0;) free_[left_++] = static_cast<std::uint16_t>(i);
    return true;
  }
  /// -1 when there is no place, and no harm in it.
  [[nodiscard]] int put(kernel_rings& rings, int fd) noexcept {
    if (left_ == 0) return -1;
    const unsigned place = free_[left_ - 1];
    if (!rings.set_file(place, fd)) return -1;
    --left_;
    return static_cast<int>(place);
  }
  /// False: the kernel does not let it go, and holds what it stands for open.
  [[nodiscard]] bool remove(kernel_rings& rings, int place) noexcept {
    if (place < 0 || !rings.is_there()) return true;
    if (!rings.set_file(static_cast<unsigned>(place), -1)) return false;
    free_[left_++] = static_cast<std::uint16_t>(place);
    return true;
  }

 private:
  std::unique_ptr<std::uint16_t[]> free_;
  unsigned left_ = 0;
};

}  // namespace tenon::detail
#endif
#ifndef TENON_SINGLE_BACKEND_DETAIL_LETTER
#define TENON_SINGLE_BACKEND_DETAIL_LETTER
// tenon/backend/detail/letter.hpp

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace tenon::detail {

/// A small write that a ring's loop has taken over: its bytes are here until the kernel has sent them.
struct alignas(64) letter {
  static constexpr std::size_t capacity = 2048 + 32;  // with what is before it, an odd number of cache lines

  letter* next = nullptr;  // of those that are free
  void* to = nullptr;      // the source; null when that has gone
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool polls = false;  // the kernel waits until the socket takes more
  std::byte bytes[capacity];
};
static_assert(sizeof(letter) == 33 * 64);

/// The letters of one loop: as many as were under way at once, up to a bound.
///
/// Threads  The loop's.
class letter_store {
 public:
  letter_store() = default;
  letter_store(const letter_store&) = delete;
  letter_store& operator=(const letter_store&) = delete;
  ~letter_store() {
    while (blocks_ != nullptr) delete std::exchange(blocks_, blocks_->next);
  }

  /// Null when too many are under way, or there is no memory.
  [[nodiscard]] letter* take() noexcept {
    if (free_ == nullptr && !grow()) return nullptr;
    return std::exchange(free_, free_->next);
  }
  void give_back(letter& done) noexcept { done.next = std::exchange(free_, &done); }

 private:
  static constexpr unsigned most_blocks = 16;
  struct block {
    block* next = nullptr;
    letter all[16];
  };

  [[nodiscard]] bool grow() noexcept {
    if (count_ == most_blocks) return false;
    auto* const made = new (std::nothrow) block;
    if (made == nullptr) return false;
    ++count_;
    made->next = std::exchange(blocks_, made);
    for (letter& each : made->all) give_back(each);
    return true;
  }

  letter* free_ = nullptr;
  block* blocks_ = nullptr;
  unsigned count_ = 0;
};

}  // namespace tenon::detail
#endif
#ifndef TENON_SINGLE_BACKEND_DETAIL_SUBMISSION
#define TENON_SINGLE_BACKEND_DETAIL_SUBMISSION
// tenon/backend/detail/submission.hpp

#include <cstddef>
#include <cstdint>

#include <poll.h>
#include <sys/socket.h>

namespace tenon::detail {

/// What is written of an operation into a submission.
namespace submission {

inline constexpr auto own_position = static_cast<std::uint64_t>(-1);  // of a file that has one

/// read, recv and the like give no more than this at a time anyway (MAX_RW_COUNT).
[[nodiscard]] inline unsigned size_of(const io_operation& op) noexcept {
  return static_cast<unsigned>(op.size < 0x7ffff000 ? op.size : 0x7ffff000);
}

/// An operation of a file, at an offset of its own.
inline void of_file(::io_uring_sqe& sqe, const io_operation& op, int fd) noexcept {
  if (op.kind == io_kind::read_at || op.kind == io_kind::write_at) {
    const auto& part = *static_cast<const file_part*>(op.data);
    const auto offset = static_cast<std::uint64_t>(part.offset);
    if (op.kind == io_kind::read_at) {
      ::io_uring_prep_read(&sqe, fd, part.bytes, size_of(op), offset);
    } else {
      ::io_uring_prep_write(&sqe, fd, part.bytes, size_of(op), offset);
    }
  } else {
    ::io_uring_prep_fsync(&sqe, fd, op.kind == io_kind::sync_data ? IORING_FSYNC_DATASYNC : 0);
  }
}

/// Any other. `waits_first`: it begins with the wait, because a try would most likely be in vain.
inline void of_source(::io_uring_sqe& sqe, const io_operation& op, int fd, bool is_socket, bool waits_first) noexcept {
  const unsigned size = size_of(op);
  switch (op.kind) {
    case io_kind::readable:
    case io_kind::arrival: ::io_uring_prep_poll_add(&sqe, fd, POLLIN); break;
    case io_kind::writable: ::io_uring_prep_poll_add(&sqe, fd, POLLOUT); break;
    case io_kind::read:
      if (is_socket) {
        ::io_uring_prep_recv(&sqe, fd, op.data, size, 0);
        if (waits_first) sqe.ioprio |= IORING_RECVSEND_POLL_FIRST;
      } else {
        ::io_uring_prep_read(&sqe, fd, op.data, size, own_position);
      }
      break;
    case io_kind::write:
      if (is_socket) {
        ::io_uring_prep_send(&sqe, fd, op.data, size, MSG_NOSIGNAL);
      } else {
        ::io_uring_prep_write(&sqe, fd, op.data, size, own_position);
      }
      break;
    case io_kind::accept: ::io_uring_prep_accept(&sqe, fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); break;
    case io_kind::connect: ::io_uring_prep_connect(&sqe, fd, static_cast<const sockaddr*>(op.data), size); break;
    case io_kind::send_message:
      ::io_uring_prep_sendmsg(&sqe, fd, static_cast<const msghdr*>(op.data), MSG_NOSIGNAL);
      break;
    default: ::io_uring_prep_recvmsg(&sqe, fd, static_cast<msghdr*>(op.data), 0); break;
  }
}

/// Accepts whoever comes, until it is cancelled or fails.
inline void of_door(::io_uring_sqe& sqe, int fd) noexcept {
  ::io_uring_prep_multishot_accept(&sqe, fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/// Receives into the buffers of `group` until it is cancelled, or fails, or the stream ends.
inline void of_stream(::io_uring_sqe& sqe, int fd, unsigned short group) noexcept {
  ::io_uring_prep_recv_multishot(&sqe, fd, nullptr, 0, 0);
  sqe.flags |= IOSQE_BUFFER_SELECT;
  sqe.buf_group = group;
}

/// All of a letter, or what is left of it.
inline void of_letter(::io_uring_sqe& sqe, const letter& what, int fd) noexcept {
  ::io_uring_prep_send(&sqe, fd, what.bytes + what.begin, what.end - what.begin, MSG_NOSIGNAL | MSG_WAITALL);
}

/// Sends from where the bytes lie.
inline void of_bulk(::io_uring_sqe& sqe, const io_operation& op, int fd) noexcept {
  ::io_uring_prep_send_zc(&sqe, fd, op.data, size_of(op), MSG_NOSIGNAL, 0);
}

}  // namespace submission

}  // namespace tenon::detail
#endif
#ifndef TENON_SINGLE_BACKEND_DETAIL_RING_LETTERS
#define TENON_SINGLE_BACKEND_DETAIL_RING_LETTERS
// tenon/backend/detail/ring_letters.hpp

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

namespace tenon::detail {

/// Small writes that a ring's loop takes over: those of a turn leave in one submission, where each would be a call.
///
/// Order    What else is written to a source waits for its letter; see ring_source::posted. One that fails ends its
///          stream in both directions, so that nothing is written behind a gap.
/// Cost     A copy, a submission and its completion. It leaves when the turn is over; once the turn has lasted for a
///          tick of the kernel's clock (1 to 4 ms), what is there leaves at the next write, and that one is a call.
/// Threads  The loop's.
template <class Ring, class Source>
class ring_letters {
 public:
  ring_letters() = default;
  ring_letters(const ring_letters&) = delete;
  ring_letters& operator=(const ring_letters&) = delete;

 protected:
  ~ring_letters() = default;

  /// A turn begins: what comes with it is counted from here.
  void begin_turn() noexcept {
    arrivals_ = 0;
    began_ = steady::source::coarse_now();
  }
  void note_arrival() noexcept { ++arrivals_; }

  /// Takes bytes over. False: they are to be written as ever.
  [[nodiscard]] bool take_over(Source& s, const void* bytes, std::size_t size) noexcept {
    // To send one of them by itself would cost a turn more, for what it says of its end: two calls in place of one.
    if (arrivals_ < least_arrivals || size > letter::capacity || !s.is_stream || !s.is_socket) return false;
    // Where more has come already, there is more to be answered before the turn is over.
    if (s.out.pending != nullptr || s.posted.load(std::memory_order_relaxed) != nullptr || s.line.waiting() != 0)
      return false;
    if (steady::source::coarse_now() != began_) {  // others have had to wait for long enough
      send_all();
      return false;
    }
    letter* const one = letters_.take();
    if (one == nullptr) return false;
    std::memcpy(one->bytes, bytes, size);
    one->begin = 0;
    one->end = static_cast<std::uint32_t>(size);
    one->polls = false;
    one->to = &s;
    s.posted.store(one, std::memory_order_relaxed);
    send(*one, s);
    return true;
  }

  /// A letter's submission has ended.
  void take_posted(letter& one, const completion& told) noexcept {
    auto* const s = static_cast<Source*>(one.to);
    if (s != nullptr && is_unsent(one, told, *s)) return;
    letters_.give_back(one);
    if (s == nullptr) return;
    s->posted.store(nullptr, std::memory_order_release);
    if (io_operation* const waits = s->out.pending; waits != nullptr && s->out_stage.stays) ring().submit(*waits, *s);
  }

  /// Sends what was taken over now, as far as the socket takes it. True: nothing of it is left. The ring's thread.
  [[nodiscard]] bool hurry(Source& s) noexcept {
    send_all();
    ring().reap();
    return s.posted.load(std::memory_order_relaxed) == nullptr;
  }

  /// The descriptor is about to be closed: what was taken over goes out before that, as far as the socket takes it.
  /// False: the kernel is not told so, for this is not the ring's thread.
  [[nodiscard]] bool let_go_of_letter(Source& s) noexcept {
    const bool is_own_thread = ring().ring_.is_own_thread();
    if (is_own_thread && hurry(s)) return true;
    letter* const left = s.posted.exchange(nullptr, std::memory_order_relaxed);
    if (left == nullptr) return true;
    left->to = nullptr;
    if (!is_own_thread) return false;
    ring().submit_cancel(Ring::address_of(*left, Ring::posted));
    send_all();  // with what names the descriptor: its number may be another's soon
    return true;
  }

 private:
  static constexpr unsigned least_arrivals = 4;

  [[nodiscard]] Ring& ring() noexcept { return static_cast<Ring&>(*this); }

  /// Has the kernel take all that is put down.
  void send_all() noexcept {
    while (ring().ring_.has_unsent()) {
      if (ring().ring_.send()) continue;
      ring().reap();
      ::sched_yield();
    }
  }
  void send(letter& one, Source& s) noexcept {
    ::io_uring_sqe& sqe = ring().slot();
    submission::of_letter(sqe, one, s.fd);
    Ring::address(sqe, s, Ring::address_of(one, Ring::posted));
  }

  /// Has the rest of a letter sent. False: there is none, or it fails, of which who reads or writes next will hear.
  [[nodiscard]] bool is_unsent(letter& one, const completion& told, Source& s) noexcept {
    const auto failed = [&s] {
      ::shutdown(s.fd, SHUT_RDWR);
      return false;
    };
    if (std::exchange(one.polls, false)) {
      if (told.outcome < 0) return failed();
    } else if (told.outcome == -EAGAIN) {  // as some kernels say of a non-blocking socket
      one.polls = true;
      ::io_uring_sqe& sqe = ring().slot();
      ::io_uring_prep_poll_add(&sqe, s.fd, POLLOUT);
      Ring::address(sqe, s, Ring::address_of(one, Ring::posted));
      return true;
    } else if (told.outcome >= 0) {
      one.begin += static_cast<std::uint32_t>(told.outcome);
      if (one.begin == one.end) return false;
      if (told.outcome == 0) return failed();
    } else if (told.outcome != -EINTR) {
      return failed();
    }
    send(one, s);
    return true;
  }

  unsigned arrivals_ = 0;  // with the last wait
  time_point began_{};     // the turn, by the kernel's last tick
  letter_store letters_;
};

}  // namespace tenon::detail
#endif
#ifndef TENON_SINGLE_BACKEND_DETAIL_RING_NOTE
#define TENON_SINGLE_BACKEND_DETAIL_RING_NOTE
// tenon/backend/detail/ring_note.hpp

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string_view>

namespace tenon::detail {

/// Why there is no ring, or what it does without, as a sentence.
class ring_note {
 public:
  void explain(int error) noexcept {
    const char* const why = error == ENOSYS   ? "the kernel has none"
                            : error == EPERM  ? "it is forbidden: see kernel.io_uring_disabled and seccomp"
                            : error == EINVAL ? "the kernel is older than 5.13"
                            : error == ENOMEM ? "out of memory: see RLIMIT_MEMLOCK"
                                              : nullptr;
    const int size =
        why != nullptr
            ? std::snprintf(text_, sizeof text_, "io_uring is not available (%s): epoll is used", why)
            : std::snprintf(text_, sizeof text_, "io_uring is not available (errno %d): epoll is used", error);
    size_ = static_cast<std::size_t>(size);
  }

  /// `missing`: the bits of what was meant to be there.
  void regret(unsigned missing) noexcept {
    struct line {
      ring_feature what;
      const char* name;
    };
    constexpr line lines[] = {{ring_feature::multishot_accept, "multishot accept"},
                              {ring_feature::multishot_receive, "multishot receive"},
                              {ring_feature::zero_copy, "zero-copy send"},
                              {ring_feature::message, "wake by message"},
                              {ring_feature::files, "registered files"}};
    size_ = 0;
    for (const line& each : lines) {
      if ((missing & static_cast<unsigned>(each.what)) == 0) continue;
      const int size = std::snprintf(text_ + size_, sizeof text_ - size_, "%s%s",
                                     size_ == 0 ? "io_uring without " : ", ", each.name);
      size_ += static_cast<std::size_t>(size);
    }
    if (size_ == 0) return;
    size_ += static_cast<std::size_t>(
        std::snprintf(text_ + size_, sizeof text_ - size_, ": the kernel is older, or out of memory it may lock"));
  }

  [[nodiscard]] std::string_view read() const noexcept { return {text_, size_}; }

 private:
  std::size_t size_ = 0;
  char text_[192]{};
};

}  // namespace tenon::detail
#endif
#ifndef TENON_SINGLE_BACKEND_DETAIL_INBOUND
#define TENON_SINGLE_BACKEND_DETAIL_INBOUND
// tenon/backend/detail/inbound.hpp

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include <unistd.h>

namespace tenon::detail {

/// Accepted sockets that nobody has asked for yet. One that is armed has all accepted who wait, as many as they are.
///
/// Threads  push: the loop's. pop: the one that accepts.
template <class Threading>
class accepted_sockets {
  struct turn {  // std::lock_guard costs a header
    explicit turn(typename Threading::mutex& at) noexcept : mutex(at) { mutex.lock(); }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() { mutex.unlock(); }
    typename Threading::mutex& mutex;
  };

 public:
  /// From here on no more are to be accepted.
  static constexpr unsigned enough = 32;

  accepted_sockets() = default;
  accepted_sockets(const accepted_sockets&) = delete;
  accepted_sockets& operator=(const accepted_sockets&) = delete;
  ~accepted_sockets() {
    for (int fd = pop(); fd >= 0; fd = pop()) ::close(fd);
  }
  [[nodiscard]] unsigned size() noexcept {
    const turn mine(mutex_);
    return tail_ - head_;
  }
  /// False: no memory.
  [[nodiscard]] bool push(int fd) noexcept {
    const turn mine(mutex_);
    if (tail_ - head_ == room_ && !grow()) return false;
    fds_[tail_++ % room_] = fd;
    return true;
  }
  /// -1 when there is none.
  [[nodiscard]] int pop() noexcept {
    const turn mine(mutex_);
    return head_ == tail_ ? -1 : fds_[head_++ % room_];
  }

 private:
  [[nodiscard]] bool grow() noexcept {
    const unsigned room = room_ == 0 ? enough : 2 * room_;
    std::unique_ptr<int[]> more(new (std::nothrow) int[room]);
    if (more == nullptr) return false;
    const unsigned count = tail_ - head_;
    for (unsigned i = 0; i < count; ++i) more[i] = fds_[(head_ + i) % room_];
    fds_ = std::move(more);
    room_ = room;
    head_ = 0;
    tail_ = count;
    return true;
  }

  typename Threading::mutex mutex_;
  std::unique_ptr<int[]> fds_;
  unsigned room_ = 0;
  unsigned head_ = 0;
  unsigned tail_ = 0;
};

/// What a multishot operation has brought for a source and nobody has asked for yet: received bytes, or accepted
/// sockets; and whether the kernel still holds the operation.
///
/// Two threads meet here: the loop's, which brings, and the one that reads (a task may have been stolen; the scheduler
/// orders those who read in turn). `armed` and `arrived_` are all they share:
///   - a part goes from the loop to the reader by the push on `arrived_` (release) and its exchange (acquire);
///   - `end` is written before `armed` becomes false (release). Who has read `armed` as false (acquire), and looks at
///     `arrived_` after that, sees all that this operation brought, so that a call of its own cannot overtake it.
/// Only who reads has the operation armed, by way of the loop: `armed` does not become true beneath a reader.
/// Model: tests/model/inbound.cpp.
template <class Threading>
class inbound {
  template <class T>
  using atomic = typename Threading::template atomic<T>;
  using part = received_part<Threading>;

 public:
  static constexpr int none = 1;  ///< no end, for ends are <= 0

  inbound() = default;
  inbound(const inbound&) = delete;
  inbound& operator=(const inbound&) = delete;
  ~inbound() { drop(); }

  // The loop.

  [[nodiscard]] bool is_armed() const noexcept { return armed_.load(std::memory_order_acquire); }
  /// Whether it is of use to arm it (again).
  [[nodiscard]] bool may_be_armed() const noexcept { return !ended_; }
  /// False: no memory.
  [[nodiscard]] bool arm_accept() noexcept {
    if (accepted_ == nullptr) accepted_.reset(new (std::nothrow) accepted_sockets<Threading>);
    if (accepted_ == nullptr) return false;
    arm();
    return true;
  }
  void arm() noexcept {
    end_ = none;
    is_cancelled_ = false;
    armed_.store(true, std::memory_order_relaxed);
  }
  /// The kernel has let go of it. `end`: what the reader is to be told after the rest, or `none`.
  void disarm(int end) noexcept {
    end_ = end;
    armed_.store(false, std::memory_order_release);
  }
  /// True, once: the kernel is to be asked to let go of it.
  [[nodiscard]] bool cancel() noexcept { return is_armed() && !std::exchange(is_cancelled_, true); }
  [[nodiscard]] bool is_cancelled() const noexcept { return is_cancelled_; }

  void push(part& come) noexcept {
    waiting_.fetch_add(1, std::memory_order_relaxed);
    part* top = arrived_.load(std::memory_order_relaxed);
    do {
      come.next = top;
    } while (!arrived_.compare_exchange_strong(top, &come, std::memory_order_release, std::memory_order_relaxed));
  }
  /// How many parts, or sockets, nobody has asked for.
  [[nodiscard]] unsigned waiting() const noexcept {
    return accepted_ != nullptr ? accepted_->size() : waiting_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool accepts() const noexcept { return accepted_ != nullptr; }
  [[nodiscard]] bool push_accepted(int fd) noexcept { return accepted_->push(fd); }

  // The reader.

  /// Ends the operation with what has come. False: nothing has. `was_armed`: what is_armed() said before.
  [[nodiscard]] bool serve(io_operation& op, bool was_armed) noexcept {
    if (op.kind == io_kind::accept) {
      const int fd = accepted_ != nullptr ? accepted_->pop() : -1;
      if (fd >= 0) return op.outcome = fd, true;
    } else if (look() != nullptr) {
      op.outcome = op.kind == io_kind::read ? copy(static_cast<std::byte*>(op.data), op.size) : 0;
      return true;
    }
    if (was_armed || end_ == none) return false;
    if (op.kind == io_kind::arrival) return op.outcome = 0, true;
    op.outcome = end_;
    end_ = none;
    ended_ = op.kind != io_kind::accept;
    return true;
  }
  /// The next part, or null. It is the caller's, who gives it back to its pool.
  [[nodiscard]] part* take() noexcept {
    part* const first = look();
    if (first == nullptr) return nullptr;
    front_ = first->next;
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    return first;
  }
  /// Gives back all that has come.
  void drop() noexcept {
    while (part* const each = take()) each->pool->give_back(*each);
    accepted_.reset();
  }
  /// As new. Nothing is armed.
  void reset() noexcept {
    drop();
    end_ = none;
    ended_ = false;
    is_cancelled_ = false;
  }

 private:
  [[nodiscard]] part* look() noexcept {
    if (front_ != nullptr) return front_;
    if (arrived_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    part* newest = arrived_.exchange(nullptr, std::memory_order_acquire);
    while (newest != nullptr) {  // turned round
      part* const older = newest->next;
      newest->next = front_;
      front_ = newest;
      newest = older;
    }
    return front_;
  }
  [[nodiscard]] std::int64_t copy(std::byte* to, std::size_t room) noexcept {
    std::size_t total = 0;
    while (part* const first = look()) {
      const std::size_t count = first->size() < room - total ? first->size() : room - total;
      std::memcpy(to + total, first->data + first->begin, count);
      total += count;
      first->begin += static_cast<std::uint32_t>(count);
      if (first->begin != first->end) break;
      (void)take();
      first->pool->give_back(*first);
      if (total == room) break;
    }
    return static_cast<std::int64_t>(total);
  }

  atomic<bool> armed_{false};
  bool is_cancelled_ = false;  // the loop's
  bool ended_ = false;         // the reader's, and the loop's while an operation is in flight
  int end_ = none;
  atomic<unsigned> waiting_{0};
  atomic<part*> arrived_{nullptr};  // newest first
  part* front_ = nullptr;           // oldest first; the reader's
  std::unique_ptr<accepted_sockets<Threading>> accepted_;
};

}  // namespace tenon::detail
#endif
#ifndef TENON_SINGLE_BACKEND_DETAIL_RING_SOURCE
#define TENON_SINGLE_BACKEND_DETAIL_RING_SOURCE
// tenon/backend/detail/ring_source.hpp

#include <atomic>
#include <cerrno>
#include <cstddef>

namespace tenon::detail {

/// What a multishot operation may have brought already.
[[nodiscard]] constexpr bool is_of_line(io_kind kind) noexcept {
  return kind == io_kind::read || kind == io_kind::arrival || kind == io_kind::accept;
}

/// In the ring's care, `pending` of a side is what waits, and `ready` no more than a guess: whether a call made at
/// once, elsewhere than on the loop's thread, is likely to end.
template <class Threading, class Fallback>
struct ring_source : Fallback::source {
  struct stage {
    bool polls = false;      ///< the kernel waits for readiness, and the operation goes out again after that
    bool cancelled = false;  ///< not again
    bool stays = false;  ///< it is not in the kernel: it waits for what a multishot operation brings, or for a letter
    bool bulk = false;   ///< sent from where it lies: ended when the kernel says that it has let go
  };

  const void* home = nullptr;  ///< the loop, when it has a ring
  stage in_stage;
  stage out_stage;
  bool is_read_again = false;  ///< a read had to wait before
  int place = -1;              ///< in the table of descriptors
  inbound<Threading> line;
  /// What was taken over and is not sent yet: whatever else is to be written waits for it. The loop's thread writes it;
  /// who sees it go (acquire), on whatever thread, writes behind it.
  typename Threading::template atomic<letter*> posted{nullptr};

  [[nodiscard]] bool is_behind_letter(io_kind kind) const noexcept {
    return !is_inbound(kind) && kind != io_kind::connect && posted.load(std::memory_order_acquire) != nullptr;
  }
};

/// What of an operation needs no ring, and may be done on any thread. More than `Bulk` bytes are the ring's to send.
template <class Threading, class Fallback, std::size_t Bulk>
struct ring_attempts {
  using source = ring_source<Threading, Fallback>;
  using part = received_part<Threading>;

  [[nodiscard]] static bool attempt(io_operation& op) noexcept {
    if (is_of_file(op.kind)) return false;
    auto& s = static_cast<source&>(*op.source);
    if (s.home == nullptr) return Fallback::attempt(op);
    if (is_of_line(op.kind)) {
      const bool was_armed = s.line.is_armed();
      if (s.line.serve(op, was_armed)) return true;
      if (was_armed) return false;
    }
    if (is_poll(op.kind) || s.is_behind_letter(op.kind)) return false;
    // Elsewhere the call is made here, and only if it would block does it go home. At home the ring batches; but what
    // is sent seldom has to wait, and where there is nothing to batch it would take a turn of the loop to be told so.
    if (s.home != ring_here) return Fallback::attempt(op);
    const bool sends = op.kind == io_kind::write || op.kind == io_kind::send_message;
    if (ring_is_busy || !sends || !s.is_socket || op.size > Bulk) return false;
    return Fallback::attempt(op);
  }

  /// For who will not wait: an attempt that makes the call itself. outcome -EAGAIN: it would block.
  static void attempt_now(io_operation& op) noexcept {
    auto& s = static_cast<source&>(*op.source);
    if (s.home == nullptr) {
      if (!Fallback::attempt(op)) op.outcome = -EAGAIN;
      return;
    }
    if (is_of_line(op.kind)) {
      const bool was_armed = s.line.is_armed();
      if (s.line.serve(op, was_armed)) return;
      op.outcome = -EAGAIN;
      if (was_armed) return;
    }
    op.outcome = s.is_behind_letter(op.kind) ? -EAGAIN : perform(op, s.is_socket);
  }

  /// What has arrived, whole, from whatever thread reads: null when nothing has, or what has is the end.
  [[nodiscard]] static part* take_part(source& s) noexcept { return s.home != nullptr ? s.line.take() : nullptr; }
};

}  // namespace tenon::detail
#endif
#ifndef TENON_SINGLE_BACKEND_DETAIL_RING_CORE
#define TENON_SINGLE_BACKEND_DETAIL_RING_CORE
// tenon/backend/detail/ring_core.hpp

#include <cassert>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace tenon::detail {

/// What io_uring's loop is made of below its face: what goes to the kernel, and what is made of what comes back.
///
/// Threads  The loop's, but for ring_bell.
template <class Options, class Threading, class Fallback>
class ring_core : public ring_attempts<Threading, Fallback, Options::sent_by_call>,
                  public ring_letters<ring_core<Options, Threading, Fallback>, ring_source<Threading, Fallback>> {
  using letters = ring_letters<ring_core, ring_source<Threading, Fallback>>;
  friend letters;

 public:
  using source = ring_source<Threading, Fallback>;
  using part = received_part<Threading>;

 protected:
  using options = Options;
  using pool_type = buffer_pool<Threading>;

  ring_core() = default;
  ~ring_core() {
    if (ring_here == this) ring_here = nullptr;  // another loop may come to lie here, and be another thread's
    ring_.tear_down();                           // before the buffers
  }

 public:
  ring_core(const ring_core&) = delete;
  ring_core& operator=(const ring_core&) = delete;

 protected:
  // The low bits of a submission's user_data; what they are about is aligned to a pointer's size.
  static constexpr std::uint64_t whole = 0;     // an operation
  static constexpr std::uint64_t polls = 1;     // the readiness it waits for
  static constexpr std::uint64_t answer = 2;    // a cancellation's own, or a message that has come
  static constexpr std::uint64_t bell = 3;      // the eventfd
  static constexpr std::uint64_t bulk = 4;      // an operation that sends from where the bytes lie
  static constexpr std::uint64_t received = 5;  // a source, whose multishot operation has brought something
  static constexpr std::uint64_t lost = 6;      // the loop that a message did not reach
  static constexpr std::uint64_t posted = 7;    // a letter
  static constexpr std::uint64_t kinds = 7;
  static_assert(alignof(io_operation) > kinds && alignof(source) > kinds && alignof(letter) > kinds);

  template <class T>
  [[nodiscard]] static std::uint64_t address_of(T& about, std::uint64_t kind) noexcept {
    return reinterpret_cast<std::uintptr_t>(&about) | kind;
  }
  template <class T>
  [[nodiscard]] static T& at(std::uint64_t tag) noexcept {
    return *reinterpret_cast<T*>(static_cast<std::uintptr_t>(tag & ~kinds));
  }
  [[nodiscard]] static typename source::stage& stage_of(source& s, const io_operation& op) noexcept {
    return is_inbound(op.kind) ? s.in_stage : s.out_stage;
  }
  [[nodiscard]] int set_up(bool may_put_off) noexcept {
    const int error = ring_.set_up(options::entries, may_put_off);
    if (error != 0) return error;
    if constexpr (Threading::concurrent) {
      bell_ = unique_fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
      if (!bell_) {
        const int no_bell = errno;
        ring_.tear_down();
        return no_bell;
      }
    }
    hears_bell_ = false;
    find_features();
    return 0;
  }

  /// What was asked for and is there; note_ says what is not.
  void find_features() noexcept {
    has_ = ring_.features() & ~options::masked;
    unsigned wanted = 0;
    const auto want = [&](ring_feature what, bool is_wanted) {
      if (is_wanted) wanted |= static_cast<unsigned>(what);
    };
    want(ring_feature::multishot_accept, options::is_multishot);
    want(ring_feature::multishot_receive, options::is_multishot);
    want(ring_feature::zero_copy, options::sends_zero_copy);
    want(ring_feature::message, options::wakes_by_message && Threading::concurrent);
    want(ring_feature::files, options::registers_files);
    has_ &= wanted;
    const auto lose = [&](ring_feature what) { has_ &= ~static_cast<unsigned>(what); };
    if (has(ring_feature::multishot_receive)) {
      using buffers = typename options::buffers;
      if (pool_.open(ring_, this, buffers::count, buffers::size) != 0) lose(ring_feature::multishot_receive);
    }
    if constexpr (options::registers_files) {
      if (has(ring_feature::files) && !files_.open(ring_)) lose(ring_feature::files);
    }
    note_.regret(wanted & ~has_);
  }
  [[nodiscard]] bool has(ring_feature what) const noexcept { return (has_ & static_cast<unsigned>(what)) != 0; }

  /// A free submission. When the ring is full it is sent, and what came back meanwhile is taken in.
  [[nodiscard]] ::io_uring_sqe& slot() noexcept {
    for (;;) {
      if (::io_uring_sqe* const sqe = ring_.slot(); sqe != nullptr) return *sqe;
      if (ring_.send()) continue;
      reap();
      ::sched_yield();
    }
  }

  /// Sent behind the operation itself, and before another one at the same address: submissions are in order.
  void submit_cancel(std::uint64_t tag) noexcept {
    ::io_uring_sqe& sqe = slot();
    ::io_uring_prep_cancel64(&sqe, tag, 0);
    sqe.user_data = answer;
  }

  void submit_file(io_operation& op) noexcept {
    ::io_uring_sqe& sqe = slot();
    submission::of_file(sqe, op, op.source->fd);
    sqe.user_data = address_of(op, whole);
  }

  /// A pending operation goes to the kernel, or waits for what the one that is there brings.
  void begin(io_operation& op, source& s) noexcept {
    if (!is_of_line(op.kind) || !(s.line.is_armed() || arm(op, s))) return submit(op, s);
    s.in_stage.stays = true;
  }

  /// Has the kernel bring what comes from now on. False: it is to be asked for this operation alone.
  [[nodiscard]] bool arm(const io_operation& op, source& s) noexcept {
    if (op.kind == io_kind::accept) {
      if (!has(ring_feature::multishot_accept) || !s.line.arm_accept()) return false;
      ::io_uring_sqe& sqe = slot();
      submission::of_door(sqe, s.fd);
      address(sqe, s, address_of(s, received));
      return true;
    }
    if (!s.is_stream || !s.is_socket || !s.line.may_be_armed()) return false;
    if (op.kind == io_kind::read) {
      // A reader that comes with room of its own has it filled where it is, the first time, and when the room is large:
      // else to copy the bytes costs less than to ask the kernel each time.
      if (!std::exchange(s.is_read_again, true) || op.size == 0 || op.size > options::buffers::size) return false;
    } else if (op.kind != io_kind::arrival) {
      return false;
    }
    if (!has(ring_feature::multishot_receive) || pool_.left() == 0) return false;
    s.line.arm();
    ::io_uring_sqe& sqe = slot();
    submission::of_stream(sqe, s.fd, pool_type::group);
    address(sqe, s, address_of(s, received));
    return true;
  }

  void submit(io_operation& op, source& s) noexcept {
    typename source::stage& stage = stage_of(s, op);
    stage.stays = false;
    ::io_uring_sqe& sqe = slot();
    if (op.kind == io_kind::write && s.is_stream && s.is_socket && op.size > options::zero_copy::above &&
        has(ring_feature::zero_copy)) {
      stage.bulk = true;
      submission::of_bulk(sqe, op, s.fd);
      return address(sqe, s, address_of(op, bulk));
    }
    // The last read found the socket empty.
    const bool waits_first = ring_.is_best() && !s.in.ready.load(std::memory_order_relaxed);
    submission::of_source(sqe, op, s.fd, s.is_socket, waits_first);
    address(sqe, s, address_of(op, whole));
  }

  /// Has the kernel say when it is worth another try.
  void submit_poll(io_operation& op, source& s) noexcept {
    stage_of(s, op).polls = true;
    ::io_uring_sqe& sqe = slot();
    ::io_uring_prep_poll_add(&sqe, s.fd, is_inbound(op.kind) ? POLLIN : POLLOUT);
    address(sqe, s, address_of(op, polls));
  }

  static void address(::io_uring_sqe& sqe, [[maybe_unused]] const source& s, std::uint64_t tag) noexcept {
    sqe.user_data = tag;
    if constexpr (options::registers_files) {
      if (s.place < 0) return;
      sqe.fd = s.place;
      sqe.flags |= IOSQE_FIXED_FILE;
    }
  }

  /// Each ring of the bell completes this once more; it is never read, since a write is an edge.
  void listen() noexcept {
    ::io_uring_sqe& sqe = slot();
    ::io_uring_prep_poll_multishot(&sqe, bell_.get(), POLLIN);
    sqe.user_data = bell;
    hears_bell_ = true;
  }
  void ring_bell() noexcept {
    const std::uint64_t one = 1;
    (void)!::write(bell_.get(), &one, sizeof one);
  }
  /// Wakes another loop from this one's thread, at once. False: not this way.
  [[nodiscard]] bool tell(ring_core& other) noexcept {
    if (!has(ring_feature::message) || !ring_.is_own_thread()) return false;
    ::io_uring_sqe& sqe = slot();
    ::io_uring_prep_msg_ring(&sqe, other.ring_.fd(), 0, answer, 0);
    sqe.flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe.user_data = address_of(other, lost);
    return ring_.send();
  }

  /// Waits until the kernel holds nothing of this source any more.
  void let_go(source& s) noexcept {
    if (ring_.is_own_thread()) {
      if (s.line.cancel()) submit_cancel(address_of(s, received));
      while (s.line.is_armed() && ring_.enter_for_one()) reap();
    } else {
      abandon();
      s.line.disarm(inbound<Threading>::none);
    }
  }
  /// When the loop's thread has ended, nobody is left for whom the kernel would let go of one source: the ring goes,
  /// with all that it holds, and says nothing of it later.
  void abandon() noexcept {
    if (ring_.is_there()) reap();  // sockets that were accepted
    ring_.tear_down();
  }

  /// Takes in what has completed; runs nothing of the user's.
  void reap() noexcept {
    while (ring_.has_completed()) {
      const completion told = ring_.take();
      switch (told.tag & kinds) {
        case answer: break;
        case bell:
          if (!told.goes_on) hears_bell_ = false;
          break;
        case received: bring(at<source>(told.tag), told); break;
        case bulk: take_bulk(at<io_operation>(told.tag), told); break;
        case posted: this->take_posted(at<letter>(told.tag), told); break;
        case lost:
          if constexpr (Threading::concurrent) at<ring_core>(told.tag).ring_bell();
          break;
        default: take(at<io_operation>(told.tag), told);
      }
    }
  }

  /// A multishot operation has brought something, or has ended, or both.
  void bring(source& s, const completion& told) noexcept {
    this->note_arrival();
    io_operation* const waits = s.in.pending;
    int end = inbound<Threading>::none;
    if (told.has_buffer) {
      part& come = pool_.take(told.buffer, told.outcome > 0 ? static_cast<std::uint32_t>(told.outcome) : 0);
      if (told.outcome > 0) {
        s.line.push(come);
      } else {
        pool_.give_back(come);
      }
    }
    if (told.outcome >= 0 && s.line.accepts()) {
      if (!s.line.push_accepted(told.outcome)) ::close(told.outcome);  // no memory
    } else if (told.outcome <= 0 && is_an_end(told.outcome, s)) {
      end = told.outcome;
    }
    if (!told.goes_on) {
      s.line.disarm(end);
    } else if (s.line.waiting() >= most_waiting(s) && s.line.cancel()) {
      submit_cancel(address_of(s, received));  // one that nobody reads from is not to have all the buffers
    }
    if (waits == nullptr || !s.in_stage.stays) return;
    if (s.line.serve(*waits, s.line.is_armed())) {
      this->end(*waits, s);
    } else if (!told.goes_on) {
      begin(*waits, s);
    }
  }
  /// Whether the reader is to hear of it.
  [[nodiscard]] static bool is_an_end(int outcome, const source& s) noexcept {
    if (outcome == 0) return true;
    if (outcome == -ECANCELED) return !s.line.is_cancelled();
    return outcome != -ENOBUFS && outcome != -EINTR && outcome != -EAGAIN;
  }
  [[nodiscard]] unsigned most_waiting(const source& s) const noexcept {
    if (s.line.accepts()) return accepted_sockets<Threading>::enough;
    return pool_.count() >= 32 ? pool_.count() / 8 : 4;
  }

  /// A send from where the bytes lie says twice how it went: when it has been sent, and when it has been let go.
  void take_bulk(io_operation& op, completion told) noexcept {
    auto& s = static_cast<source&>(*op.source);
    if (told.is_notice) {
      told.outcome = static_cast<int>(op.outcome);
    } else if (told.goes_on) {
      op.outcome = told.outcome;
      return;
    }
    s.out_stage.bulk = false;
    if (told.outcome == -EOPNOTSUPP && !s.out_stage.cancelled) {  // a UNIX socket
      ::io_uring_sqe& sqe = slot();
      submission::of_source(sqe, op, s.fd, s.is_socket, false);
      return address(sqe, s, address_of(op, whole));
    }
    take(op, told);
  }

  void take(io_operation& op, const completion& told) noexcept {
    int outcome = told.outcome;
    if (is_of_file(op.kind)) {
      op.outcome = outcome == -EINTR ? -ECANCELED : outcome;  // nothing but a cancellation interrupts the kernel there
      return done_.push(op);
    }
    auto& s = static_cast<source&>(*op.source);
    typename source::stage& stage = stage_of(s, op);
    const bool transfers = is_transfer(op.kind);
    if (std::exchange(stage.polls, false)) {
      if (outcome >= 0 && stage.cancelled) outcome = -ECANCELED;
      if (outcome >= 0 && transfers) return submit(op, s);
      if (outcome >= 0) outcome = pending_error(s.fd);  // of a connect
    } else if (stage.cancelled) {
      if (outcome == -EAGAIN || outcome == -EINTR || outcome == -EINPROGRESS) outcome = -ECANCELED;
    } else if ((outcome == -EAGAIN && transfers) || outcome == -EINPROGRESS) {
      // Of a non-blocking pipe (and, from older kernels, of more) the kernel says so instead of waiting.
      return submit_poll(op, s);
    } else if (outcome == -EINTR) {
      return submit(op, s);
    }
    op.outcome = is_poll(op.kind) && outcome > 0 ? 0 : outcome;
    if (transfers) {
      const bool full = op.kind != io_kind::accept && op.outcome == static_cast<std::int64_t>(op.size);
      s.side(op.kind).ready.store(full || told.has_more_to_read, std::memory_order_relaxed);
    }
    end(op, s);
  }

  void end(io_operation& op, source& s) noexcept {
    s.side(op.kind).pending = nullptr;
    done_.push(op);
  }

  struct no_files {};

  bool hears_bell_ = false;
  unsigned has_ = 0;  // of ring_feature
  [[no_unique_address]] std::conditional_t<Threading::concurrent, unique_fd, decltype(nullptr)> bell_{};
  pool_type pool_;
  kernel_rings ring_;
  [[no_unique_address]] std::conditional_t<options::registers_files, file_table<options::files::count>, no_files>
      files_;
  work_list done_;  // ended, and not yet run
  ring_note note_;
};

}  // namespace tenon::detail
#endif
#ifndef TENON_SINGLE_BACKEND_IO_URING
#define TENON_SINGLE_BACKEND_IO_URING
// tenon/backend/io_uring.hpp

#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace tenon {

/// Waits in io_uring: operations are handed to the kernel in batches, with the wait itself, and come back done. Where
/// the kernel has none, or it is forbidden, the loop is epoll's, and note() says why.
///
///     using my_runtime = tenon::runtime<tenon::io_uring<>, tenon::stealing<>>;
///     using wide_runtime = tenon::runtime<tenon::io_uring<tenon::entries<1024>, tenon::buffer_ring<1024, 2048>>>;
///
/// Options  entries<N>, multishot or single_shot, buffer_ring<N, Size>, send_zero_copy<Above>, message_wake,
///          registered_files<N>: backend/detail/ring_options.hpp says what each does. Without: multishot, and a
///          buffer_ring<>. What the kernel lacks is done without, and note() says so.
/// Shape    A ring of `entries` submissions (80 bytes each) and four times as many completions (16 each) shared with
///          the kernel; when concurrent, an eventfd; the buffers, of which only those are there that were ever used.
/// Cost     A turn is one system call, whatever the number of operations; a poll that finds nothing is none. A stream
///          that is waited for by arrival is armed once, and its bytes are copied once more, out of the buffer. No
///          allocation an operation; one a listening socket.
/// Threads  One, but for attempt, attempt_now and wake. The thread of the first wait() (or of the first start() that
///          finds the ring full) is the loop's for good; open() and the destructor may run on another.
/// Errors   open: EMFILE, ENFILE, ENOMEM. attach: EBADF (under the fallback, epoll's).
/// Cancellation  The kernel is asked to let go, and run() is called when it has. detach waits until it has let go of
///          what is armed: one system call, and none after the end of a stream.
/// Source   io_uring(7), io_uring_setup(2); Linux 5.13, at its best from 6.1 on (one issuer, deferred task work).
template <class... Options>
struct io_uring : family::backend {
  static_assert((std::is_base_of_v<detail::ring_option, Options> && ...),
                "tenon::io_uring<Options...>: an option is not one of io_uring's; write io_uring<> or "
                "io_uring<entries<512>>");
  using options = detail::ring_options<Options...>;
  static_assert(options::is_clear, "tenon::io_uring<Options...>: an option is given twice; write it once");

  static constexpr auto word = options::word;
  static constexpr bool performs_io = true;
  static constexpr bool proactor = true;

  template <class Threading>
  class loop : public detail::ring_core<options, Threading, typename epoll::template loop<Threading>> {
    using core = detail::ring_core<options, Threading, typename epoll::template loop<Threading>>;
    using core::done_;
    using core::ring_;

   public:
    using typename core::source;

    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    ~loop() {
      if constexpr (options::wakes_by_message) {
        if (next_door.self == this) next_door = {};
      }
    }

    [[nodiscard]] result<void> open(bool may_put_off = true) noexcept {
      const int error = this->set_up(may_put_off);
      if (error == EMFILE || error == ENFILE) return error_of(error);
      if (error == 0) return {};
      this->note_.explain(error);
      return fallback_.open();
    }

    [[nodiscard]] result<void> attach(source& s) noexcept {
      s.home = nullptr;
      if (!ring_.is_there()) return fallback_.attach(s);
      if (const int error = detail::reset_source(s); error != 0) return error_of(error);
      s.home = static_cast<const core*>(this);
      s.in_stage = s.out_stage = {};
      s.line.reset();
      s.is_read_again = false;
      s.posted.store(nullptr, std::memory_order_relaxed);
      if constexpr (options::registers_files) s.place = this->files_.put(ring_, s.fd);
      return {};
    }

    void detach(source& s) noexcept {
      assert(s.is_idle());
      if (s.home == nullptr) return fallback_.detach(s);
      if (!ring_.is_there()) {  // it was abandoned
        s.posted.store(nullptr, std::memory_order_relaxed);
        s.line.disarm(detail::inbound<Threading>::none);
        return s.line.drop();
      }
      if (s.posted.load(std::memory_order_relaxed) != nullptr && !this->let_go_of_letter(s)) this->abandon();
      if (s.line.is_armed()) this->let_go(s);
      s.line.drop();
      if constexpr (options::registers_files) {
        const bool removed = this->files_.remove(ring_, std::exchange(s.place, -1));
        if (!removed && !ring_.is_own_thread()) this->abandon();
      }
    }

    [[nodiscard]] bool start(io_operation& op) noexcept {
      if (!ring_.is_there()) return fallback_.start(op);
      if (is_of_file(op.kind)) {
        this->submit_file(op);
        return false;
      }
      auto& s = static_cast<source&>(*op.source);
      assert(s.side(op.kind).pending == nullptr && "one operation a side at a time");
      if (detail::is_of_line(op.kind) && s.line.serve(op, s.line.is_armed())) return true;
      s.side(op.kind).pending = &op;
      this->stage_of(s, op) = {};
      if (s.is_behind_letter(op.kind)) {
        s.out_stage.stays = true;
      } else {
        this->begin(op, s);
      }
      return false;
    }

    /// Takes a small write over: its bytes go out with the next turn, in one submission with all else. False: it is to
    /// be written as ever, as when little came in with the last turn. The loop's thread.
    [[nodiscard]] bool post(source& s, const void* bytes, std::size_t size) noexcept {
      return s.home != nullptr && this->take_over(s, bytes, size);
    }
    /// Sends what was posted now. False: the socket is full, and some of it is left. The loop's thread.
    [[nodiscard]] bool hurry(source& s) noexcept { return s.home == nullptr || core::hurry(s); }

    void cancel(io_operation& op) noexcept {
      if (!ring_.is_there()) return fallback_.cancel(op);
      if (is_of_file(op.kind)) return this->submit_cancel(this->address_of(op, core::whole));
      auto& s = static_cast<source&>(*op.source);
      typename source::stage& stage = this->stage_of(s, op);
      if (s.side(op.kind).pending != &op || std::exchange(stage.cancelled, true)) return;
      if (stage.stays) {
        op.outcome = -ECANCELED;
        return this->end(op, s);
      }
      this->submit_cancel(this->address_of(op, stage.polls ? core::polls : stage.bulk ? core::bulk : core::whole));
    }

    std::size_t wait(std::chrono::nanoseconds timeout) noexcept {
      if (!ring_.is_there()) return fallback_.wait(timeout);
      ring_.enable();
      detail::ring_here = static_cast<const core*>(this);
      if constexpr (Threading::concurrent) {
        if (!this->hears_bell_) this->listen();
        if constexpr (options::wakes_by_message) next_door = {this, detail::here().current};
        this->pool_.refill();
      }
      if (!done_.empty() || ring_.has_completed()) timeout = {};
      if (timeout.count() != 0 && !wake_.park()) timeout = {};
      ring_.enter(timeout);
      wake_.unpark();
      this->begin_turn();
      detail::ring_is_busy = ring_.completed() > 1;
      this->reap();
      return detail::run_all(done_);
    }

    void wake() noexcept
      requires(Threading::concurrent)
    {
      if (!ring_.is_there()) return fallback_.wake();
      if (!wake_.notify()) return;
      if constexpr (options::wakes_by_message) {
        const neighbour from = next_door;
        if (from.self != nullptr && from.worker != nullptr && from.worker == detail::here().current &&
            from.self->tell(*this))
          return;
      }
      this->ring_bell();
    }

    [[nodiscard]] std::string_view note() const noexcept { return this->note_.read(); }

    /// A ring that puts work off until it is entered does not wake who polls its descriptor (seen on 6.18), and of a
    /// registered eventfd such a kernel forgets a signal that another eventfd causes. So it becomes one that does its
    /// work at once, for which a wait of the host's ends with EINTR now and then.
    [[nodiscard]] result<void> expose() noexcept {
      if (!ring_.is_there() || !ring_.is_best()) return {};
      ring_.tear_down();
      this->pool_.forget();
      return open(false);
    }
    [[nodiscard]] int handle() const noexcept { return ring_.is_there() ? ring_.fd() : fallback_.handle(); }
    [[nodiscard]] bool doze() noexcept {
      if (!ring_.is_there()) return fallback_.doze();
      if (!done_.empty() || !wake_.park()) return false;
      if constexpr (Threading::concurrent) {
        if (!this->hears_bell_) this->listen();
      }
      if (ring_.has_unsent()) ring_.enter({});
      if (!ring_.has_completed() && !ring_.asks_to_be_entered()) return true;
      wake_.unpark();
      return false;
    }

   private:
    /// The loop whose worker runs on this thread: from which it may wake another.
    struct neighbour {
      loop* self = nullptr;
      const void* worker = nullptr;
    };
    static inline thread_local neighbour next_door{};

    [[no_unique_address]] detail::wake_word<Threading> wake_;
    typename epoll::template loop<Threading> fallback_;
  };
};

static_assert(backend_policy<io_uring<>>);
static_assert(backend_policy<io_uring<entries<64>>>);

}  // namespace tenon
#endif
#endif
#if defined(TENON_WITH_LIBUV) && TENON_WITH_LIBUV
#ifndef TENON_SINGLE_BACKEND_LIBUV
#define TENON_SINGLE_BACKEND_LIBUV
// tenon/backend/libuv.hpp

#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include <uv.h>

namespace tenon {

/// Waits in a libuv loop of its own: for programs whose other parts live on libuv, which native() gives them.
///
///     using my_runtime = tenon::runtime<tenon::libuv, tenon::affinity<>>;
///
/// Shape    A uv_loop_t with a timer and, when concurrent, an async handle; a heap node a source, from attach on.
/// Cost     One uv_run a turn; each operation its own system call. Reading stays armed until data comes that nobody
///          waits for, so that a conversation arms nothing. No allocation an operation.
/// Threads  One, but for attempt and wake.
/// Errors   open: EMFILE, ENOMEM. attach: EEXIST, EBADF, ENOMEM. Regular files are taken: they are always ready.
///          Timeouts end up to two milliseconds late, since libuv's clock counts whole ones; a signal does not end a
///          wait.
/// Source   libuv 1.x, uv_poll_t
struct libuv : family::backend {
  static constexpr auto word = fixed_string("libuv");
  static constexpr bool performs_io = true;
  static constexpr bool proactor = false;

  template <class Threading>
  class loop {
   public:
    struct source : detail::ready_source<Threading> {
      int armed = 0;                 ///< the events it is told of
      uv_poll_t* watcher = nullptr;  ///< none for a regular file
    };

    loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;
    ~loop() {
      if (is_open_) shut();
    }

    [[nodiscard]] result<void> open() noexcept {
      if (const int error = ::uv_loop_init(&loop_); error != 0) return error_of(-error);
      loop_.data = this;
      is_open_ = true;
      int error = ::uv_timer_init(&loop_, &timer_);
      if constexpr (Threading::concurrent) {
        if (error == 0) error = ::uv_async_init(&loop_, &bell_, [](uv_async_t*) {});
      }
      if (error == 0) return {};
      shut();
      return error_of(-error);
    }

    [[nodiscard]] result<void> attach(source& s) noexcept {
      if (const int error = detail::reset_source(s); error != 0) return error_of(error);
      s.watcher = nullptr;
      s.armed = 0;
      auto* const made = new (std::nothrow) uv_poll_t{};
      if (made == nullptr) return std::errc::not_enough_memory;
      const int error = ::uv_poll_init(&loop_, made, s.fd);
      if (error != 0) {
        delete made;
        if (error != UV_EPERM) return error_of(-error);
        s.ended.store(true, std::memory_order_relaxed);  // a regular file: no call on it will block
        return {};
      }
      made->data = &s;
      s.watcher = made;
      return {};
    }

    void detach(source& s) noexcept {
      assert(s.is_idle());
      uv_poll_t* const old = std::exchange(s.watcher, nullptr);
      if (old == nullptr) return;
      old->data = nullptr;
      // The descriptor is free at once; libuv keeps the handle until a later turn, so it lies apart from the source.
      ::uv_close(reinterpret_cast<uv_handle_t*>(old), free_watcher);
    }

    [[nodiscard]] static bool attempt(io_operation& op) noexcept { return detail::attempt_ready<Threading>(op); }
    [[nodiscard]] static bool attempt_here(io_operation& op) noexcept { return detail::attempt_here<Threading>(op); }

    [[nodiscard]] bool start(io_operation& op) noexcept {
      if (detail::start_ready<Threading>(op)) return true;
      auto& s = static_cast<source&>(*op.source);
      const int error = arm(s, wanted(s) | (s.armed & UV_READABLE));
      if (error == 0) return false;
      detail::ready_side<Threading>& side = s.side(op.kind);
      side.pending = nullptr;
      side.ready.store(true, std::memory_order_relaxed);
      op.outcome = error;
      return true;
    }

    void cancel(io_operation& op) noexcept {
      auto& s = static_cast<source&>(*op.source);
      if (detail::cancel_ready<Threading>(op, done_)) arm(s, wanted(s) | (s.armed & UV_READABLE));
    }

    std::size_t wait(std::chrono::nanoseconds timeout) noexcept {
      if (!done_.empty()) timeout = {};
      if (timeout.count() != 0 && !wake_.park()) timeout = {};
      turns_ = true;
      if (timeout.count() == 0) {
        ::uv_run(&loop_, UV_RUN_NOWAIT);
      } else {
        // Without limit it needs a handle that keeps the loop alive all the same: the bell, or a very long timer.
        constexpr std::int64_t day = 24 * 60 * 60 * 1000;
        const bool is_timed = timeout.count() > 0 || !Threading::concurrent;
        if (is_timed) {
          ::uv_update_time(&loop_);  // from now, not from the last turn; one more, since now is rounded down
          ::uv_timer_start(
              &timer_, [](uv_timer_t*) {},
              static_cast<std::uint64_t>(timeout.count() < 0 ? day
                                                             : detail::to_milliseconds(timeout) + std::int64_t{1}),
              0);
        }
        ::uv_run(&loop_, UV_RUN_ONCE);
        if (is_timed) ::uv_timer_stop(&timer_);
      }
      turns_ = false;
      wake_.unpark();
      return detail::run_all(done_);
    }

    void wake() noexcept
      requires(Threading::concurrent)
    {
      if (wake_.notify()) ::uv_async_send(&bell_);
    }

    /// A handle of the program's own has left work for this thread: libuv runs timers, and others, before it waits, so
    /// this very turn is not to wait any more.
    void hurry() noexcept {
      if (turns_) ::uv_stop(&loop_);  // the turn takes it back as it ends
    }

    [[nodiscard]] std::string_view note() const noexcept { return {}; }

    [[nodiscard]] static result<void> expose() noexcept { return {}; }
    [[nodiscard]] int handle() const noexcept { return ::uv_backend_fd(&loop_); }
    [[nodiscard]] bool doze() noexcept {
      if (!done_.empty()) return false;
      // Only here does libuv tell the kernel of what was armed. Before it parks: a turn after that would take in the
      // bell that is to wake the host, and nobody would know.
      ::uv_run(&loop_, UV_RUN_NOWAIT);
      if (!done_.empty() || !wake_.park()) return false;
      if (due().count() != 0 && detail::is_quiet(handle())) return true;
      wake_.unpark();
      return false;
    }
    /// When handles of the program's own want a turn; negative: never.
    [[nodiscard]] std::chrono::nanoseconds due() const noexcept {
      return std::chrono::milliseconds(::uv_loop_alive(&loop_) != 0 ? ::uv_backend_timeout(&loop_) : -1);
    }

    /// The loop inside, for handles of the program's own: they run within wait(). Close them before the runtime stops.
    [[nodiscard]] uv_loop_t& native() noexcept { return loop_; }

   private:
    static void free_watcher(uv_handle_t* closed) { delete reinterpret_cast<uv_poll_t*>(closed); }

    [[nodiscard]] static int wanted(const source& s) noexcept {
      return (s.in.pending != nullptr ? UV_READABLE : 0) | (s.out.pending != nullptr ? UV_WRITABLE : 0);
    }

    static int arm(source& s, int events) noexcept {
      if (s.armed == events) return 0;
      const int error = events == 0 ? ::uv_poll_stop(s.watcher) : ::uv_poll_start(s.watcher, events, ready);
      if (error == 0) s.armed = events;
      return error;
    }

    /// One event: the operations that it ends are collected, and run after uv_run().
    static void ready(uv_poll_t* handle, int status, int events) {
      if (handle->data == nullptr) return;
      source& s = *static_cast<source*>(handle->data);
      const bool over = status < 0;  // libuv has stopped watching it
      if (over) s.armed = 0;
      const bool had_reader = s.in.pending != nullptr;
      const bool inbound = over || (events & UV_READABLE) != 0;
      detail::deliver<Threading>(s,
                                 {.inbound = inbound, .outbound = over || (events & UV_WRITABLE) != 0, .ended = over},
                                 static_cast<loop*>(handle->loop->data)->done_);
      // Level-triggered: what nobody waits for is not asked about again, but a reader that was served will be back.
      arm(s, wanted(s) | (had_reader || !inbound ? s.armed & UV_READABLE : 0));
    }

    void shut() noexcept {
      ::uv_walk(
          &loop_,
          [](uv_handle_t* handle, void*) {
            if (::uv_is_closing(handle) == 0) ::uv_close(handle, handle->type == UV_POLL ? free_watcher : nullptr);
          },
          nullptr);
      ::uv_run(&loop_, UV_RUN_DEFAULT);  // until the last close has been said
      [[maybe_unused]] const int error = ::uv_loop_close(&loop_);
      assert(error == 0);
      is_open_ = false;
    }

    uv_loop_t loop_{};
    uv_timer_t timer_{};
    [[no_unique_address]] std::conditional_t<Threading::concurrent, uv_async_t, decltype(nullptr)> bell_{};
    [[no_unique_address]] detail::wake_word<Threading> wake_;
    bool is_open_ = false;
    bool turns_ = false;  // within uv_run
    work_list done_;      // ended, and not yet run
  };
};

static_assert(backend_policy<libuv>);

}  // namespace tenon
#endif
#endif
#if defined(TENON_WITH_MIMALLOC) && TENON_WITH_MIMALLOC
#ifndef TENON_SINGLE_MEMORY_MIMALLOC
#define TENON_SINGLE_MEMORY_MIMALLOC
// tenon/memory/mimalloc.hpp

#include <cstddef>

#if !__has_include(<mimalloc.h>)
#error "tenon::mimalloc: <mimalloc.h> is not here; install libmimalloc-dev, or name tenon::recycling<> or tenon::system"
#endif
#include <mimalloc.h>

#if defined(__SANITIZE_THREAD__)
#define TENON_DETAIL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TENON_DETAIL_TSAN 1
#endif
#endif
#if defined(TENON_DETAIL_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace tenon {

namespace detail {

/// ThreadSanitizer sees neither the atomics inside libmimalloc nor that mi_malloc gives new memory, so it would take a
/// block's last use on one thread and its reuse on another for a race. These give it the edge from a free to the next
/// allocation out of the same 64 KiB, mimalloc's smallest page. Without it, nothing.
inline void mimalloc_reuses([[maybe_unused]] void* chunk) noexcept {
#if defined(TENON_DETAIL_TSAN)
  __tsan_acquire(static_cast<char*>(chunk) - reinterpret_cast<std::size_t>(chunk) % 65536);
#endif
}

inline void mimalloc_frees([[maybe_unused]] void* chunk) noexcept {
#if defined(TENON_DETAIL_TSAN)
  __tsan_release(static_cast<char*>(chunk) - reinterpret_cast<std::size_t>(chunk) % 65536);
#endif
}

}  // namespace detail

/// Memory from mimalloc: for a program in which blocks are often freed on another thread than they were got on.
///
///     struct edge : tenon::runtime<tenon::io_uring<>, tenon::stealing<>, tenon::mimalloc> { using runtime::runtime; };
///
/// Cost     mi_malloc and mi_free, which keep free lists a thread themselves; the arena is empty.
/// Threads  Any.
/// Errors   std::bad_alloc; with -fno-exceptions, std::terminate.
///          Many builds of libmimalloc (Debian's shared one is one) also replace malloc and operator new of the whole
///          program that links them, and such an operator new ends the program where it should throw.
/// Source   Leijen, Zorn, de Moura: "Mimalloc: free list sharding in action", APLAS 2019.
struct mimalloc : family::memory {
  static constexpr auto word = fixed_string("mimalloc");

  [[nodiscard]] static void* obtain(std::size_t bytes) {
    // below this size mimalloc aligns to the size, not to max_align_t
    constexpr std::size_t least = alignof(std::max_align_t);
    void* const chunk = mi_malloc(bytes < least ? least : bytes);
    if (chunk == nullptr) [[unlikely]]
      detail::out_of_memory();
    detail::mimalloc_reuses(chunk);
    return chunk;
  }

  static void release(void* chunk, std::size_t /*bytes*/) noexcept {
    detail::mimalloc_frees(chunk);
    mi_free(chunk);
  }

  class arena {
   public:
    arena() = default;
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;

    [[nodiscard]] void* allocate(std::size_t bytes) { return obtain(bytes); }
    void deallocate(void* chunk, std::size_t bytes) noexcept { release(chunk, bytes); }
  };
};

static_assert(memory_policy<mimalloc>);

}  // namespace tenon

#undef TENON_DETAIL_TSAN
#endif
#endif
#if defined(TENON_WITH_HWLOC) && TENON_WITH_HWLOC
#ifndef TENON_SINGLE_TOPOLOGY_HWLOC
#define TENON_SINGLE_TOPOLOGY_HWLOC
// tenon/topology/hwloc.hpp

#include <cerrno>
#include <cstddef>
#include <string_view>
#include <vector>

#if !__has_include(<hwloc.h>)
#error "tenon::hwloc: <hwloc.h> is not here; install libhwloc-dev, or name tenon::flat"
#endif
#include <hwloc.h>

#include <dlfcn.h>

namespace tenon {

namespace detail {

/// The library itself, opened when it is first asked for: a program that names hwloc runs where it is not installed.
/// Once open it stays open.
///
/// Threads  Any.
/// Errors   What is not there, or is of another major version than the header, is false.
class hwloc_library {
 public:
#if HWLOC_API_VERSION >= 0x00020000 && HWLOC_API_VERSION < 0x00030000
  static constexpr const char* file = "libhwloc.so.15";  // what all of 2.x is called
#else
  static constexpr const char* file = "libhwloc.so";
#endif

  explicit hwloc_library(const char* name = file) noexcept : opened_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
    if (opened_ == nullptr) return;
    decltype(&hwloc_get_api_version) version = nullptr;
    whole_ = find(version, "hwloc_get_api_version") && version() >> 16 == HWLOC_API_VERSION >> 16 &&
             find(init, "hwloc_topology_init") && find(load, "hwloc_topology_load") &&
             find(destroy, "hwloc_topology_destroy") && find(depth_of, "hwloc_get_type_depth") &&
             find(count_at, "hwloc_get_nbobjs_by_depth") && find(object_at, "hwloc_get_obj_by_depth") &&
             find(first_of, "hwloc_bitmap_first");
  }

  [[nodiscard]] explicit operator bool() const noexcept { return whole_; }

  decltype(&hwloc_topology_init) init = nullptr;
  decltype(&hwloc_topology_load) load = nullptr;
  decltype(&hwloc_topology_destroy) destroy = nullptr;
  decltype(&hwloc_get_type_depth) depth_of = nullptr;
  decltype(&hwloc_get_nbobjs_by_depth) count_at = nullptr;
  decltype(&hwloc_get_obj_by_depth) object_at = nullptr;
  decltype(&hwloc_bitmap_first) first_of = nullptr;

 private:
  template <class Function>
  [[nodiscard]] bool find(Function*& to, const char* name) const noexcept {
    to = reinterpret_cast<Function*>(::dlsym(opened_, name));  // as dlsym(3) says
    return to != nullptr;
  }

  void* opened_;
  bool whole_ = false;
};

/// Owns an hwloc topology, of this machine or of what hwloc's environment variables say.
class hwloc_topology_of {
 public:
  explicit hwloc_topology_of(const hwloc_library& library) noexcept : library_(library) {
    if (!library) return;
    if (library.init(&topology_) != 0) {
      topology_ = nullptr;
    } else {
      loaded_ = library.load(topology_) == 0;
    }
  }
  hwloc_topology_of(const hwloc_topology_of&) = delete;
  hwloc_topology_of& operator=(const hwloc_topology_of&) = delete;
  ~hwloc_topology_of() {
    if (topology_ != nullptr) library_.destroy(topology_);
  }

  [[nodiscard]] explicit operator bool() const noexcept { return loaded_; }

  [[nodiscard]] unsigned count(hwloc_obj_type_t type) const noexcept {
    const int depth = library_.depth_of(topology_, type);
    return depth == HWLOC_TYPE_DEPTH_UNKNOWN || depth == HWLOC_TYPE_DEPTH_MULTIPLE
               ? 0
               : static_cast<unsigned>(library_.count_at(topology_, depth));
  }
  /// The i-th of a type that there are more than i of.
  [[nodiscard]] hwloc_obj_t object(hwloc_obj_type_t type, unsigned i) const noexcept {
    return library_.object_at(topology_, library_.depth_of(topology_, type), i);
  }
  /// The lowest NUMA node of an object, as the kernel numbers it.
  [[nodiscard]] int node_of(hwloc_obj_t object) const noexcept {
    const int node = object->nodeset != nullptr ? library_.first_of(object->nodeset) : 0;
    return node < 0 ? 0 : node;
  }

 private:
  const hwloc_library& library_;
  hwloc_topology_t topology_ = nullptr;
  bool loaded_ = false;
};

/// The places of a loaded topology that `usable(processor)` admits, in the order `machine` documents.
///
/// What cores share last is the third level of cache; where there is none, their package; where there is none, a node.
template <class Usable>
[[nodiscard]] std::vector<tenon::place> hwloc_places(const hwloc_topology_of& topology, Usable usable) {
  struct ranked {
    tenon::place at;
    int rank;  // 0: the first hardware thread of its core that is usable, 1: the second...
  };
  const hwloc_obj_type_t cluster_type = topology.count(HWLOC_OBJ_L3CACHE) > 0 ? HWLOC_OBJ_L3CACHE : HWLOC_OBJ_PACKAGE;
  const auto around = [](hwloc_obj_t object, hwloc_obj_type_t type) {
    while (object != nullptr && object->type != type) object = object->parent;
    return object;
  };
  std::vector<ranked> found;
  int ranks = 0;
  // hwloc's own order puts what is near side by side, so the hardware threads of a core follow one another
  for (unsigned i = 0; i < topology.count(HWLOC_OBJ_PU); ++i) {
    const hwloc_obj_t pu = topology.object(HWLOC_OBJ_PU, i);
    const auto processor = static_cast<int>(pu->os_index);
    if (!usable(processor)) continue;
    const auto logical = [](hwloc_obj_t object) { return static_cast<int>(object->logical_index); };
    const hwloc_obj_t core = around(pu, HWLOC_OBJ_CORE);
    const hwloc_obj_t cluster = around(pu, cluster_type);
    const int node = topology.node_of(pu);
    ranked next{{.processor = processor,
                 .core = logical(core != nullptr ? core : pu),
                 .node = node,
                 .cluster = cluster != nullptr ? logical(cluster) : node},
                0};
    if (!found.empty() && found.back().at.core == next.at.core) next.rank = found.back().rank + 1;
    if (next.rank >= ranks) ranks = next.rank + 1;
    found.push_back(next);
  }
  std::vector<tenon::place> places;
  places.reserve(found.size());
  for (int rank = 0; rank < ranks; ++rank) {
    for (const ranked& one : found) {
      if (one.rank == rank) places.push_back(one.at);
    }
  }
  return places;
}

}  // namespace detail

/// The machine as it is: cores, caches and NUMA nodes, and worker i kept on place i. For memory-bound and NUMA work.
///
///     struct app : tenon::runtime<tenon::epoll, tenon::stealing<>, tenon::hwloc> { using runtime::runtime; };
///
/// The library is opened at run time: to compile needs its header, to run needs nothing.
///
/// Cost     read: some milliseconds (hwloc looks through /sys). pin, unpin: one system call.
/// Threads  Any.
/// Errors   No library, one that cannot read the machine, or one that knows none of the processors this thread may run
///          on (HWLOC_XMLFILE of another machine): read gives what `flat` gives, and a note. A kernel that does not let
///          threads be pinned: read gives the places and a note; workers run where the kernel puts them. pin: see
///          topology_policy.
/// Source   Broquedis et al.: "hwloc: a generic framework for managing hardware affinities", PDP 2010.
struct hwloc : family::topology {
  static constexpr auto word = fixed_string("hwloc");
  static constexpr bool pins = true;
  static constexpr bool knows_nodes = true;

  [[nodiscard]] static machine read() { return read_by(detail::hwloc_library()); }

  /// The same by a library that is named: a test names one that is not there.
  [[nodiscard]] static machine read_by(const detail::hwloc_library& library) {
    if (!library) {
      return flat_with("hwloc: libhwloc is not on this machine, or of another version: the places are those of flat");
    }
    const detail::hwloc_topology_of topology(library);
    if (!topology) {
      return flat_with("hwloc: it cannot read the topology of this machine: the places are those of flat");
    }
    const detail::affinity_mask allowed = detail::affinity_mask::of_this_thread();
    machine here;
    here.places = detail::hwloc_places(topology, [&](int p) { return allowed.has(p); });
    if (here.places.empty()) {
      return flat_with("hwloc: it knows no processor that this thread may run on: the places are those of flat");
    }
    here.concurrency = detail::concurrency_of(here.places.size());
    // Asks for what is so already: whether one may ask.
    if (!allowed.apply())
      here.note = "hwloc: the kernel does not let threads be pinned here: workers run where it likes";
    return here;
  }

  static result<void> pin(const machine& where, std::size_t worker) noexcept {
    detail::affinity_mask mask;
    if (where.places.empty() || !mask.add(where.place_of(worker).processor)) return error_of(EINVAL);
    return mask.apply();
  }

  static result<void> unpin(const machine& where) noexcept {
    detail::affinity_mask mask;
    for (const place& each : where.places) {
      if (!mask.add(each.processor)) return error_of(EINVAL);
    }
    return mask.apply();
  }

 private:
  static machine flat_with(std::string_view note) {
    machine here = flat::read();
    here.note = note;
    return here;
  }
};

static_assert(topology_policy<hwloc>);

}  // namespace tenon
#endif
#endif
#if defined(TENON_WITH_TOML) && TENON_WITH_TOML
#ifndef TENON_SINGLE_CONFIG_CONFIG
#define TENON_SINGLE_CONFIG_CONFIG
// tenon/config/config.hpp

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#if defined(TENON_WITH_TOML) && TENON_WITH_TOML
#include <toml++/toml.h>
#endif

namespace tenon::config {

#if defined(TENON_WITH_TOML) && TENON_WITH_TOML

namespace detail {

/// A key of [runtime] is a family, or one of these three.
inline std::string keys_listed() {
  return listed(families.data(), families.size(), ", ") + ", threads, blocking_threads or name";
}

inline std::string kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a float";
    case toml::node_type::boolean: return "a boolean";
    default: return "a date or time";
  }
}

inline std::string read_entry(document& into, std::string_view key, const toml::node& node) {
  constexpr std::int64_t most_threads = 65535;
  const std::size_t line = node.source().begin.line;
  const auto wrong = [&](const std::string& what) { return at(into.source, line) + what; };
  const auto wrong_type = [&](std::string_view example) {
    return wrong(std::string(key) + " is " + kind_of(node) + "; write " + std::string(key) + " = " +
                 std::string(example));
  };
  if (key == "threads" || key == "blocking_threads") {
    const bool workers = key == "threads";
    const toml::value<std::int64_t>* const count = node.as_integer();
    if (count == nullptr) {
      return wrong_type(workers ? "4, an integer (0: as many as the machine has processors)" : "64, an integer");
    }
    if (count->get() < (workers ? 0 : 1) || count->get() > most_threads) {
      return wrong(std::string(key) + " = " + std::to_string(count->get()) + "; write an integer from " +
                   (workers ? "0 (as many as the machine has processors)" : "1") + " to " +
                   std::to_string(most_threads));
    }
    (workers ? into.threads : into.blocking_threads) = static_cast<std::size_t>(count->get());
    return {};
  }
  const toml::value<std::string>* const text = node.as_string();
  if (key == "name") {
    if (text == nullptr) return wrong_type("\"edge\", a string");
    into.name = text->get();
    return {};
  }
  for (const std::string_view family : families) {
    if (family != key) continue;
    if (text == nullptr) return wrong_type("\"WORD\", a string");
    into.words.push_back({family, text->get(), line});
    return {};
  }
  return wrong("unknown key " + in_quotes(key) + " in [runtime]; write " + keys_listed());
}

inline outcome<document> read_table(const toml::table& root, std::string_view source,
                                    std::initializer_list<std::string_view> other_tables) {
  document read;
  read.source = source;
  for (const auto& [key, node] : root) {
    const std::string_view name = key.str();
    if (name == "runtime") {
      const toml::table* const runtime = node.as_table();
      if (runtime == nullptr) {
        return outcome<document>::failure(at(source, node.source().begin.line) + "runtime is " + kind_of(node) +
                                          "; write a table, [runtime]");
      }
      for (const auto& [inner, value] : *runtime) {
        if (std::string what = read_entry(read, inner.str(), value); !what.empty()) {
          return outcome<document>::failure(std::move(what));
        }
      }
      continue;
    }
    bool known = false;
    for (const std::string_view other : other_tables) known = known || other == name;
    if (!known) {
      std::string allowed = "[runtime]";
      for (const std::string_view other : other_tables) allowed += ", [" + std::string(other) + ']';
      return outcome<document>::failure(at(source, key.source().begin.line) + "unknown key " + in_quotes(name) +
                                        "; write " + allowed);
    }
  }
  return read;
}

}  // namespace detail

/// Reads a configuration from `text`. `source` is its name in errors.
///
///     [runtime]
///     backend = "io_uring"
///     scheduling = "stealing"
///     threads = 4
///     blocking_threads = 16
///     name = "edge"
///
/// other_tables  Names at the top level that belong to the program and are not looked into.
/// Errors        The file, the line, what is wrong and what would be right: not TOML, a key twice, an unknown key, a
///               value of the wrong type or out of range. What words there are only `select` knows.
[[nodiscard]] inline outcome<document> parse(std::string_view text, std::string_view source,
                                             std::initializer_list<std::string_view> other_tables = {}) {
  const auto not_toml = [&](const toml::parse_error& error) {
    return outcome<document>::failure(detail::at(source, error.source().begin.line) + std::string(error.description()));
  };
#if TOML_EXCEPTIONS
  try {
    return detail::read_table(toml::parse(text, source), source, other_tables);
  } catch (const toml::parse_error& error) {
    return not_toml(error);
  }
#else
  const toml::parse_result parsed = toml::parse(text, source);
  return parsed ? detail::read_table(parsed.table(), source, other_tables) : not_toml(parsed.error());
#endif
}

/// Reads a configuration from a file.
///
/// Errors  As parse; and the file and why the system did not give it.
[[nodiscard]] inline outcome<document> load(const std::string& path,
                                            std::initializer_list<std::string_view> other_tables = {}) {
  const auto refused = [&path](int why) {
    return outcome<document>::failure(detail::at(path, 0) + std::strerror(why));
  };
  struct close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, close> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return refused(errno);
  std::string text;
  char room[4096];
  for (std::size_t got = 0; (got = std::fread(room, 1, sizeof room, file.get())) > 0;) text.append(room, got);
  if (std::ferror(file.get()) != 0) return refused(errno);
  return parse(text, path, other_tables);
}

#else

namespace detail {

template <class T>
inline constexpr bool door_is_open = false;

}  // namespace detail

template <class Path>
outcome<document> load(const Path&, std::initializer_list<std::string_view> = {}) {
  static_assert(
      detail::door_is_open<Path>,
      "tenon::config::load: the door of toml++ is closed; define TENON_WITH_TOML=1 (CMake: tenon::toml), or choose "
      "from a string with tenon::config::sentence");
  return document{};
}
template <class Text>
outcome<document> parse(const Text&, std::string_view, std::initializer_list<std::string_view> = {}) {
  static_assert(
      detail::door_is_open<Text>,
      "tenon::config::parse: the door of toml++ is closed; define TENON_WITH_TOML=1 (CMake: tenon::toml), or choose "
      "from a string with tenon::config::sentence");
  return document{};
}

#endif

}  // namespace tenon::config
#endif
#endif
