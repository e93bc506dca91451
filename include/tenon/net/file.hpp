// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/io_operation.hpp>
#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/net/detail/file_wait.hpp>
#include <tenon/runtime/blocking.hpp>
#include <tenon/task/task.hpp>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon {

/// What a file is opened for, and how. They are joined by `|`.
enum class open_mode : std::uint8_t {
  read = 1,
  write = 2,
  create = 4,          ///< it is made if it is not there
  no_replace = 8,      ///< with create: file_exists if it is there
  truncate = 16,       ///< it begins empty
  append = 32,         ///< what is written goes to its end, whatever the offset (pwrite(2) of Linux)
  write_through = 64,  ///< a write ends when it is on the device (O_DSYNC)
};
[[nodiscard]] constexpr open_mode operator|(open_mode a, open_mode b) noexcept {
  return static_cast<open_mode>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr bool has(open_mode all, open_mode one) noexcept {
  return (static_cast<unsigned>(all) & static_cast<unsigned>(one)) != 0;
}

namespace detail {

[[nodiscard]] inline result<int> open_file(const char* path, open_mode mode, unsigned permissions) noexcept {
  int flags = O_CLOEXEC;
  flags |= has(mode, open_mode::write) ? (has(mode, open_mode::read) ? O_RDWR : O_WRONLY) : O_RDONLY;
  if (has(mode, open_mode::create)) flags |= O_CREAT;
  if (has(mode, open_mode::no_replace)) flags |= O_EXCL;
  if (has(mode, open_mode::truncate)) flags |= O_TRUNC;
  if (has(mode, open_mode::append)) flags |= O_APPEND;
  if (has(mode, open_mode::write_through)) flags |= O_DSYNC;
  for (;;) {
    const int fd = ::open(path, flags, permissions);
    if (fd >= 0) return fd;
    if (errno != EINTR) return error_of(errno);
  }
}

/// Reads or writes on this thread until all is moved, the file ends, or it is asked to stop. In pieces, so that the
/// question is put now and then.
[[nodiscard]] inline result<std::size_t> move_file(io_kind kind, int fd, std::byte* memory, std::size_t count,
                                                   std::uint64_t offset, bool whole, time_point deadline,
                                                   const std::stop_token& stop) noexcept {
  constexpr std::size_t piece = std::size_t{4} << 20;
  std::size_t total = 0;
  for (;;) {
    const std::size_t size = count - total < piece ? count - total : piece;
    const auto at = static_cast<off_t>(offset + total);
    const ::ssize_t got =
        kind == io_kind::read_at ? ::pread(fd, memory + total, size, at) : ::pwrite(fd, memory + total, size, at);
    if (got < 0 && errno != EINTR) return error_of(errno);
    if (got > 0) total += static_cast<std::size_t>(got);
    if (got == 0 && total != count && kind == io_kind::write_at) return std::errc::io_error;
    if (total == count || got == 0 || (got > 0 && !whole)) return total;
    if (stop.stop_requested()) return std::errc::operation_canceled;
    if (deadline != never && steady::source::now() >= deadline) return std::errc::timed_out;
  }
}

/// 0 or an errno. The descriptor has gone in any case (close(2)).
[[nodiscard]] inline int close_file(int fd) noexcept { return ::close(fd) == 0 || errno == EINTR ? 0 : errno; }

[[nodiscard]] inline result<void> sync_file(int fd, bool data_only) noexcept {
  while ((data_only ? ::fdatasync(fd) : ::fsync(fd)) != 0) {
    if (errno != EINTR) return error_of(errno);
  }
  return {};
}

}  // namespace detail

/// A file of runtime R, read and written at offsets. Users write `edge::file`.
///
///     auto log = co_await edge::file::open(rt, "edge.log", tenon::open_mode::write | tenon::open_mode::create);
///     auto n = co_await log->write_all_at(0, line);
///     auto safe = co_await log->fdatasync();
///
/// Shape         A descriptor and a reference. It has no position: any number of tasks may use it at once.
/// Cost          With io_uring reads, writes and syncs are submissions to the ring of the worker where the task is.
///               Everything else, and everything on the other backends and where io_uring had to fall back, is a call
///               on a thread of `blocking`; in a single_thread runtime, which has no other thread, it is
///               made where it stands and holds the runtime up. One frame an operation.
/// Threads       Any task of R.
/// Errors        result: the system's errno. timed_out when the deadline passes before the operation has begun, or
///               between two pieces of it (4 MiB); operation_canceled likewise.
/// Cancellation  When a co_await returns, whatever it returns, nothing reads or writes the buffer any more. How much of
///               a cancelled write is in the file nobody says.
/// Source        pread(2), fsync(2), io_uring_prep_read(3)
template <class R>
class basic_file {
 public:
  /// Takes a descriptor over.
  basic_file(R& runtime, unique_fd file) noexcept : runtime_(&runtime), fd_(std::move(file)) {}

  /// Opens the file at `path`; one that is made gets `permissions` less the umask.
  [[nodiscard]] static task<result<basic_file>> open(R& runtime, std::string path, open_mode mode = open_mode::read,
                                                     time_point deadline = never, unsigned permissions = 0666) {
    if constexpr (offloads) {
      const auto fd = co_await blocking_until(runtime, deadline, &detail::open_file, path.c_str(), mode, permissions);
      if (!fd) co_return fd.error();
      co_return basic_file(runtime, unique_fd(*fd));
    } else {
      const auto fd = detail::open_file(path.c_str(), mode, permissions);
      if (!fd) co_return fd.error();
      co_return basic_file(runtime, unique_fd(*fd));
    }
  }

  /// Reads what one call gives, from `offset` on; 0 is the end of the file.
  [[nodiscard]] task<result<std::size_t>> read_some_at(std::uint64_t offset, std::span<std::byte> into,
                                                       time_point deadline = never) {
    return move(io_kind::read_at, offset, into.data(), into.size(), false, deadline);
  }
  /// Reads until `into` is full or the file ends: fewer bytes mean that it has.
  [[nodiscard]] task<result<std::size_t>> read_at(std::uint64_t offset, std::span<std::byte> into,
                                                  time_point deadline = never) {
    return move(io_kind::read_at, offset, into.data(), into.size(), true, deadline);
  }
  /// Writes all of it, or fails.
  [[nodiscard]] task<result<std::size_t>> write_all_at(std::uint64_t offset, std::span<const std::byte> from,
                                                       time_point deadline = never) {
    return move(io_kind::write_at, offset, const_cast<std::byte*>(from.data()), from.size(), true, deadline);
  }

  /// Waits until what was written, and what describes the file, is on the device.
  [[nodiscard]] task<result<void>> fsync(time_point deadline = never) { return sync(io_kind::sync, deadline); }
  /// The same for what it takes to read it again: not the times of the file.
  [[nodiscard]] task<result<void>> fdatasync(time_point deadline = never) { return sync(io_kind::sync_data, deadline); }

  /// How long it is. Asks the kernel's memory: it is not offloaded.
  [[nodiscard]] result<std::uint64_t> size() const noexcept {
    struct stat about{};
    if (::fstat(fd_.get(), &about) != 0) return error_of(errno);
    return static_cast<std::uint64_t>(about.st_size);
  }

  /// Closes it and says what only then comes to light, as on a network's file system. A file that is destroyed is
  /// closed too, where it stands.
  [[nodiscard]] task<result<void>> close() {
    const int fd = fd_.release();
    if constexpr (offloads) {
      result<int> why = co_await blocking(*runtime_, &detail::close_file, fd);
      if (!why) why = detail::close_file(fd);  // a stop request kept it from the thread
      if (*why != 0) co_return error_of(*why);
    } else {
      if (const int why = detail::close_file(fd); why != 0) co_return error_of(why);
    }
    co_return result<void>();
  }

  [[nodiscard]] int native_handle() const noexcept { return fd_.get(); }
  [[nodiscard]] R& runtime() const noexcept { return *runtime_; }

 private:
  static constexpr bool offloads = R::threading::concurrent;

  /// Whether the backend takes operations on files off our hands. One that had to fall back says so.
  [[nodiscard]] bool has_ring() const noexcept {
    if constexpr (R::backend::proactor) {
      auto* const here = runtime_->current();
      return here != nullptr && here->backend().note().empty();
    } else {
      return false;
    }
  }

  [[nodiscard]] task<result<std::size_t>> move(io_kind kind, std::uint64_t offset, std::byte* memory, std::size_t count,
                                               bool whole, time_point deadline) {
    // What is more than an off_t holds would be negative; and to io_uring -1 is "where the file stands".
    if (static_cast<std::int64_t>(offset) < 0) co_return std::errc::invalid_argument;
    if constexpr (R::backend::proactor) {
      if (has_ring()) {
        std::size_t total = 0;
        for (;;) {
          const auto got = co_await detail::file_wait<R>(*runtime_, kind, fd_.get(), memory + total, count - total,
                                                         offset + total, deadline);
          if (!got) co_return got.error();
          total += *got;
          if (*got == 0 && total != count && kind == io_kind::write_at) co_return std::errc::io_error;
          if (!whole || *got == 0 || total == count) co_return total;
        }
      }
    }
    if constexpr (offloads) {
      co_return co_await blocking_until(*runtime_, deadline, move_on_thread, kind, fd_.get(), memory, count, offset,
                                        whole, deadline);
    } else {
      // A virtual clock stands still meanwhile.
      const time_point limit = std::is_same_v<typename R::clock, steady> ? deadline : never;
      co_return detail::move_file(kind, fd_.get(), memory, count, offset, whole, limit, {});
    }
  }
  static result<std::size_t> move_on_thread(io_kind kind, int fd, std::byte* memory, std::size_t count,
                                            std::uint64_t offset, bool whole, time_point deadline,
                                            std::stop_token stop) noexcept {
    return detail::move_file(kind, fd, memory, count, offset, whole, deadline, stop);
  }

  [[nodiscard]] task<result<void>> sync(io_kind kind, time_point deadline) {
    if constexpr (R::backend::proactor) {
      if (has_ring()) {
        const auto done = co_await detail::file_wait<R>(*runtime_, kind, fd_.get(), nullptr, 0, 0, deadline);
        if (!done) co_return done.error();
        co_return result<void>();
      }
    }
    const bool data_only = kind == io_kind::sync_data;
    if constexpr (offloads) {
      co_return co_await blocking_until(*runtime_, deadline, &detail::sync_file, fd_.get(), data_only);
    } else {
      co_return detail::sync_file(fd_.get(), data_only);
    }
  }

  R* runtime_;
  unique_fd fd_;
};

}  // namespace tenon
