// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/connector.hpp>
#include <tenon/http/detail/ascii.hpp>
#include <tenon/sync/semaphore.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/timeout.hpp>

#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/socket.h>

namespace tenon::http {

/// How many connections a pool keeps, and how long.
struct pool_limits {
  std::size_t per_host = 16;                      ///< in use or idle; who wants one more waits
  std::size_t idle = 64;                          ///< kept for later, all hosts together
  duration idle_time = std::chrono::seconds(30);  ///< after which one is closed: less than a server's own
};

/// How surely a connection that was kept has to be alive.
enum class look : std::uint8_t { once, again };

/// Connections to servers that are used one after the other: what http::client keeps for one worker.
///
///     auto held = co_await pool.take(origin, deadline);       // a place among per_host; it may have to wait
///     if (!held->reuse(now)) held->adopt(std::move(stream));   // an idle connection, or a new one
///     held->give_back(now);                                     // or its end closes it
///
/// Shape    A list of hosts by name, each with its idle connections, the last used first. A host that nobody uses and
///          that has no idle connection is forgotten.
/// Cost     take, reuse, give_back: a binary search among the hosts and a lock held for some instructions, which
///          single_thread has not. reuse asks whether its server is still there: a system call where the backend does
///          not know, and one that is sure for look::again.
/// Threads  A lease ends on any worker. The pool outlives its leases.
/// Errors   take: timed_out, operation_canceled.
template <class R, class Stream>
class connection_pool {
  struct link {
    Stream stream;
    time_point idle_since;
    std::unique_ptr<link> next;

    explicit link(Stream connected) : stream(std::move(connected)) {}
  };

  struct place {
    std::string host;
    std::uint16_t port;
    bool secure;
    basic_semaphore<typename R::threading> permits;
    std::size_t users = 0;
    std::unique_ptr<link> idle;

    place(const origin& to, std::size_t most) : host(to.host), port(to.port), secure(to.secure), permits(most) {}

    /// Below zero, zero or above it, as it stands before, at or behind `to`.
    [[nodiscard]] int against(const origin& to) const noexcept {
      if (port != to.port) return port < to.port ? -1 : 1;
      if (secure != to.secure) return secure ? 1 : -1;
      return std::string_view(host).compare(to.host);
    }
  };

 public:
  /// The right to one connection, and the connection.
  class lease {
   public:
    lease() = default;
    lease(lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)),
          place_(other.place_),
          link_(std::move(other.link_)),
          permitted_(std::exchange(other.permitted_, false)) {}
    lease& operator=(lease&& other) noexcept {
      if (this != &other) {
        end();
        pool_ = std::exchange(other.pool_, nullptr);
        place_ = other.place_;
        link_ = std::move(other.link_);
        permitted_ = std::exchange(other.permitted_, false);
      }
      return *this;
    }
    ~lease() { end(); }

    [[nodiscard]] explicit operator bool() const noexcept { return link_ != nullptr; }
    [[nodiscard]] Stream& stream() noexcept { return link_->stream; }

    /// Takes an idle connection whose server seems to be there; false when there is none. `look::again` asks the kernel
    /// also where the backend believes that nothing has come: for a request that must not be sent twice.
    [[nodiscard]] bool reuse(time_point now, look how = look::once) {
      link_.reset();
      while (auto idle = pool_->pop(*place_)) {
        if (now - idle->idle_since >= pool_->limits_.idle_time) continue;
        std::byte one{};
        if (how == look::again) {
          const auto came = ::recv(idle->stream.native_handle(), &one, 1, MSG_PEEK | MSG_DONTWAIT);
          if (came == 0 || (came < 0 && errno != EAGAIN)) continue;
        }
        const auto read = idle->stream.try_read_some(std::span(&one, 1));
        // what comes unasked, the end of the stream among it, makes a connection useless
        if (read || read.error() != std::errc::operation_would_block) continue;
        link_ = std::move(idle);
        return true;
      }
      return false;
    }
    void adopt(Stream connected) { link_ = std::make_unique<link>(std::move(connected)); }
    /// Closes the connection and keeps the right to one.
    void drop() noexcept { link_.reset(); }
    /// The connection is as good as new: the next one may use it.
    void give_back(time_point now) {
      if (pool_ == nullptr) return;
      pool_->push(*place_, std::move(link_), now);
      end();
    }
    /// Hands the connection over for good: it does not count any more.
    [[nodiscard]] Stream take_stream() {
      Stream taken = std::move(link_->stream);
      end();
      return taken;
    }
    [[nodiscard]] connection_pool& pool() const noexcept { return *pool_; }

   private:
    friend connection_pool;
    lease(connection_pool& pool, place& of) noexcept : pool_(&pool), place_(&of) {}
    void end() noexcept {
      link_.reset();
      if (pool_ != nullptr) std::exchange(pool_, nullptr)->leave(*place_, std::exchange(permitted_, false));
    }

    connection_pool* pool_ = nullptr;
    place* place_ = nullptr;
    std::unique_ptr<link> link_;
    bool permitted_ = false;
  };

  connection_pool() = default;
  explicit connection_pool(const pool_limits& limits) : limits_(limits) {}
  connection_pool(const connection_pool&) = delete;
  connection_pool& operator=(const connection_pool&) = delete;
  ~connection_pool() {
    close_idle();
    assert(places_.empty() && "tenon::http::connection_pool: it outlives its connections");
  }

  /// Before it is used.
  void set(const pool_limits& limits) noexcept { limits_ = limits; }

  /// A place among the connections to `to`.
  [[nodiscard]] task<result<lease>> take(origin to, R& runtime, time_point deadline) {
    lease mine(*this, enter(to));
    place& there = *mine.place_;
    if (!there.permits.try_acquire()) {
      result<void> got;
      if (deadline == never) {
        got = co_await there.permits.acquire();
      } else {
        const duration left = deadline - runtime.now();
        got = co_await timeout(left > duration::zero() ? left : duration::zero(), there.permits.acquire());
      }
      if (!got) co_return got.error();
    }
    mine.permitted_ = true;
    co_return std::move(mine);
  }

  /// Closes what is idle: all of it, or what has been so since before `since`.
  void close_idle(time_point since = never) {
    std::unique_ptr<link> closing;
    {
      const std::lock_guard held(mutex_);
      for (std::size_t i = places_.size(); i > 0; --i) {
        std::unique_ptr<link>* at = &places_[i - 1]->idle;
        while (*at && (*at)->idle_since >= since) at = &(*at)->next;  // the first ones are the youngest
        while (*at) {
          auto out = std::move(*at);
          *at = std::move(out->next);
          out->next = std::move(closing);
          closing = std::move(out);
          --idle_;
        }
        forget(i - 1);
      }
    }
    while (closing) closing = std::move(closing->next);  // without the lock, and not one inside the other
  }
  [[nodiscard]] std::size_t idle() const {
    const std::lock_guard held(mutex_);
    return idle_;
  }
  [[nodiscard]] std::size_t hosts() const {
    const std::lock_guard held(mutex_);
    return places_.size();
  }

  /// A buffer for a request and its answer, kept from one to the next.
  struct block {
    buffer bytes;

    block() = default;
    explicit block(connection_pool& from) : bytes(from.lend()), home_(&from) {}
    block(block&& other) noexcept : bytes(std::move(other.bytes)), home_(std::exchange(other.home_, nullptr)) {}
    block& operator=(block&& other) noexcept {
      std::swap(bytes, other.bytes);
      std::swap(home_, other.home_);
      return *this;
    }
    ~block() {
      if (home_ != nullptr) home_->take_back(std::move(bytes));
    }

   private:
    connection_pool* home_ = nullptr;
  };

 private:
  static constexpr std::size_t most_spare = 16;
  static constexpr std::size_t most_spare_bytes = 64 * 1024;

  [[nodiscard]] std::size_t lower_bound(const origin& to) const noexcept {
    std::size_t first = 0;
    for (std::size_t count = places_.size(); count > 0;) {
      const std::size_t half = count / 2;
      if (places_[first + half]->against(to) < 0) {
        first += half + 1;
        count -= half + 1;
      } else {
        count = half;
      }
    }
    return first;
  }

  [[nodiscard]] place& enter(const origin& to) {
    const std::lock_guard held(mutex_);
    const std::size_t at = lower_bound(to);
    if (at == places_.size() || places_[at]->against(to) != 0) {
      places_.insert(places_.begin() + static_cast<std::ptrdiff_t>(at),
                     std::make_unique<place>(to, limits_.per_host == 0 ? 1 : limits_.per_host));
    }
    ++places_[at]->users;
    return *places_[at];
  }
  void leave(place& of, bool permitted) noexcept {
    const std::lock_guard held(mutex_);
    if (permitted) of.permits.release();
    --of.users;
    if (of.users != 0 || of.idle != nullptr) return;
    forget(lower_bound({of.host, of.port, of.secure}));
  }
  void forget(std::size_t at) noexcept {
    if (places_[at]->users != 0 || places_[at]->idle != nullptr) return;
    places_.erase(places_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  [[nodiscard]] buffer lend() {
    const std::lock_guard held(mutex_);
    if (spare_.empty()) return {};
    buffer out = std::move(spare_.back());
    spare_.pop_back();
    return out;
  }
  void take_back(buffer used) {
    used.clear();
    if (used.capacity() == 0 || used.capacity() > most_spare_bytes) return;
    const std::lock_guard held(mutex_);
    if (spare_.size() < most_spare) spare_.push_back(std::move(used));
  }

  [[nodiscard]] std::unique_ptr<link> pop(place& of) noexcept {
    const std::lock_guard held(mutex_);
    auto out = std::move(of.idle);
    if (out != nullptr) {
      of.idle = std::move(out->next);
      --idle_;
    }
    return out;
  }
  void push(place& of, std::unique_ptr<link> back, time_point now) {
    if (back == nullptr) return;
    back->idle_since = now;
    bool sweeps = false;
    {
      const std::lock_guard held(mutex_);
      sweeps = now - swept_ >= limits_.idle_time / 4 || idle_ >= limits_.idle;
      if (sweeps) swept_ = now;
    }
    if (sweeps && now.time_since_epoch() > limits_.idle_time) close_idle(now - limits_.idle_time);
    const std::lock_guard held(mutex_);
    if (idle_ >= limits_.idle) return;  // `back` outlives the lock, and is closed when it is free
    back->next = std::move(of.idle);
    of.idle = std::move(back);
    ++idle_;
  }

  mutable typename R::threading::mutex mutex_;
  pool_limits limits_;
  std::vector<std::unique_ptr<place>> places_;
  std::size_t idle_ = 0;
  time_point swept_{};
  std::vector<buffer> spare_;
};

}  // namespace tenon::http
