// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/detail/promise.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/on_stop.hpp>
#include <tenon/core/result.hpp>
#include <tenon/net/detail/openssl.hpp>
#include <tenon/net/tls_context.hpp>
#include <tenon/net/tls_session.hpp>
#include <tenon/net/tls_vigil.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/yield.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace tenon {

namespace detail {

/// A wait of a TLS stream: tried where it stands; a task of its own, which Derived makes, only if that would block.
template <class Derived, class Value>
class tls_wait {
 public:
  tls_wait(const tls_wait&) = delete;
  tls_wait& operator=(const tls_wait&) = delete;

  [[nodiscard]] bool await_ready() noexcept {
    // As with plain streams: a task that never has to wait lets the others run now and then.
    if (++here().depth >= transfer_depth) return false;
    tried_ = true;
    outcome_ = static_cast<Derived&>(*this).attempt();
    return outcome_.has_value() || !would_block(outcome_.error());
  }
  template <class Promise>
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiter) {
    rest_.emplace(static_cast<Derived&>(*this).rest(tried_));
    running_.emplace(std::move(*rest_).operator co_await());
    return running_->start(waiter, *environment_of(waiter));
  }
  [[nodiscard]] result<Value> await_resume() {
    if (running_) return running_->await_resume();
    return outcome_;
  }

 protected:
  tls_wait() = default;
  ~tls_wait() = default;

 private:
  result<Value> outcome_{std::errc::operation_would_block};
  bool tried_ = false;
  std::optional<task<result<Value>>> rest_;
  std::optional<typename task<result<Value>>::awaiter> running_;
};

/// The rest of a wait that reads: tries again whenever bytes have come. Who reads makes the handshake too, if nobody
/// has, and while the stream does not take all that it has to say, the peer waits for that.
template <class Value, class Wait, class Session>
task<result<Value>> by_reading(Wait& self, Session& of, time_point deadline, bool tried) {
  if (!tried) co_await yield();
  for (;; tried = false) {
    if (!tried) {
      const auto got = self.attempt();
      if (got || !would_block(got.error())) co_return got;
    }
    of.park();
    if (of.owes_handshake()) {
      const auto room = co_await of.stream().writable(deadline);
      if (!room) co_return room.error();
    } else {
      const auto ready = co_await of.stream().readable(deadline);
      if (!ready) co_return ready.error();
    }
  }
}

template <class Stream>
class tls_read_wait : public tls_wait<tls_read_wait<Stream>, std::size_t> {
  using session = tls_session<Stream>;

 public:
  tls_read_wait(session& of, std::span<std::byte> into, time_point deadline) noexcept
      : of_(of), into_(into), deadline_(deadline) {}

  [[nodiscard]] result<std::size_t> attempt() noexcept { return of_.read(into_); }
  [[nodiscard]] task<result<std::size_t>> rest(bool tried) {
    return by_reading<std::size_t>(*this, of_, deadline_, tried);
  }

 private:
  session& of_;
  std::span<std::byte> into_;
  time_point deadline_;
};

template <class Stream>
class tls_look_wait : public tls_wait<tls_look_wait<Stream>, void> {
  using session = tls_session<Stream>;

 public:
  tls_look_wait(session& of, time_point deadline) noexcept : of_(of), deadline_(deadline) {}

  [[nodiscard]] result<void> attempt() noexcept { return of_.look(); }
  [[nodiscard]] task<result<void>> rest(bool tried) { return by_reading<void>(*this, of_, deadline_, tried); }

 private:
  session& of_;
  time_point deadline_;
};

template <class Stream>
class tls_room_wait : public tls_wait<tls_room_wait<Stream>, void> {
  using session = tls_session<Stream>;

 public:
  tls_room_wait(session& of, time_point deadline) noexcept : of_(of), deadline_(deadline) {}

  [[nodiscard]] result<void> attempt() noexcept {
    if (of_.has_parted()) return {};
    return std::errc::operation_would_block;  // whether there is room, the stream knows
  }
  [[nodiscard]] task<result<void>> rest(bool /*tried*/) { return later(of_, deadline_); }

 private:
  static task<result<void>> later(session& of, time_point deadline) {
    for (;;) {
      of.await_room();
      const auto ready = co_await of.stream().writable(deadline);
      if (!ready) {
        of.disown();
        co_return ready.error();
      }
      const auto sent = of.make_room();
      if (sent || !would_block(sent.error())) co_return result<void>();  // an error is for the write to tell
    }
  }

  session& of_;
  time_point deadline_;
};

/// `whole`: to go on until all is written.
template <class Stream>
class tls_write_wait : public tls_wait<tls_write_wait<Stream>, std::size_t> {
  using session = tls_session<Stream>;

 public:
  tls_write_wait(session& of, std::span<const std::byte> from, time_point deadline, bool whole, on_stop stop) noexcept
      : of_(of), from_(from), deadline_(deadline), whole_(whole), stop_(stop) {}

  [[nodiscard]] result<std::size_t> attempt() noexcept {
    for (;;) {
      const auto wrote = of_.write(from_.subspan(done_));
      if (!wrote) return wrote;
      done_ += *wrote;
      if (!whole_ || done_ == from_.size()) return done_;
    }
  }
  [[nodiscard]] task<result<std::size_t>> rest(bool tried) {
    if (!tried) return put_off(*this);
    return later(of_, from_, done_, deadline_, whole_, stop_);
  }

 private:
  static task<result<std::size_t>> put_off(tls_write_wait& self) {
    co_await yield();
    const auto wrote = self.attempt();
    if (wrote || !would_block(wrote.error())) co_return wrote;
    co_return co_await later(self.of_, self.from_, self.done_, self.deadline_, self.whole_, self.stop_);
  }
  /// The stream is full.
  static task<result<std::size_t>> later(session& of, std::span<const std::byte> from, std::size_t done,
                                         time_point deadline, bool whole, on_stop stop) {
    for (;;) {
      const auto ready = co_await of.stream().writable(deadline, stop);
      if (!ready) {
        of.disown();
        co_return ready.error();
      }
      auto wrote = of.write(from.subspan(done));
      for (; wrote; wrote = of.write(from.subspan(done))) {
        done += *wrote;
        if (!whole || done == from.size()) co_return done;
      }
      if (!would_block(wrote.error())) co_return wrote;
    }
  }

  session& of_;
  std::span<const std::byte> from_;
  std::size_t done_ = 0;
  time_point deadline_;
  bool whole_;
  on_stop stop_;
};

}  // namespace detail

/// TLS over a stream of ours: a stream with the same members and the same promises, so that what serves one serves the
/// other.
///
///     using secure = tenon::tls_stream<edge::tcp_stream>;
///     auto peer = co_await secure::accept(std::move(*tcp), ours, rt.now() + 5s);          // at a server
///     auto peer = co_await secure::connect(std::move(*tcp), trust, "example.org", rt.now() + 5s);
///     if (!peer) co_return log(peer.error().message());
///     auto n = co_await peer->read_some(room, rt.now() + 5s);
///
/// Shape         One pointer, to the stream, OpenSSL's object and a lock (none under single_thread). An idle connection
///               holds 17 KiB, nearly all of it OpenSSL's: its two buffers of 17 KiB each are given back whenever the
///               stream waits for bytes.
/// Cost          A read that finds bytes, and a write that finds room, have no coroutine frame and allocate nothing but
///               those buffers; a wait takes a frame from the worker's memory. A write is a system call a record of 16
///               KiB. The handshake computes at the worker where it is awaited: tens to hundreds of microseconds with
///               an elliptic curve, a millisecond with RSA.
/// Threads       One reader and one writer at a time, in any two tasks of R, on any two workers.
/// Errors        result: the system's errno; timed_out; operation_canceled; OpenSSL's in `tls_category`, of which
///               `tls_errc` tells some apart. The end of the stream is a read of 0 bytes, after the peer's farewell; an
///               end without one is tls_errc::truncated: somebody may have cut it. SIGPIPE is never raised.
///               After an error of TLS itself the stream gives the same error again. A server that does not like a
///               client's certificate says so when the client has connected already: at its first read (TLS 1.3).
/// Cancellation  When a co_await returns, the buffer is free. A write that ends with an error may have taken part of
///               it, and what it took goes out before what is written next. Reading goes on after a wait that ended.
/// Farewell      shutdown_send says it; to destroy the stream does not, so that what is cut short by an error does not
///               look whole to the peer. It is the writer's to say.
template <class Stream>
class tls_stream {
  using session = tls_session<Stream>;

 public:
  using carrier_type = Stream;

  /// Shakes hands as the server. `context` need not outlive the call.
  [[nodiscard]] static task<result<tls_stream>> accept(Stream over, const tls_context& context,
                                                       time_point deadline = never) {
    return shake_hands(std::move(over), context.state(), true, std::string(), deadline);
  }
  /// Shakes hands as the client of `host`, a name or an address, which the certificate has to be for.
  [[nodiscard]] static task<result<tls_stream>> connect(Stream over, const tls_context& context, std::string_view host,
                                                        time_point deadline = never) {
    return shake_hands(std::move(over), context.state(), false, std::string(host), deadline);
  }

  /// A stream of the server's that has not shaken hands: who reads from it, or waits for bytes, does so by the way.
  /// What `tls_listener` accepts. A server that speaks first awaits handshake() first.
  [[nodiscard]] static result<tls_stream> begin(Stream over, const tls_context& context) {
    auto state = context.state();
    if (!state->is_server()) return std::errc::invalid_argument;
    auto made = session::make(std::move(over), std::move(state), std::string());
    if (!made) return made.error();
    return tls_stream(std::move(*made));
  }
  /// Shakes hands, if that has not been done.
  [[nodiscard]] task<result<void>> handshake(time_point deadline = never) { return shake(*session_, deadline); }

  /// Reads what is there, at least one byte; 0 is the end of the stream.
  [[nodiscard]] detail::tls_read_wait<Stream> read_some(std::span<std::byte> into,
                                                        time_point deadline = never) noexcept {
    return {*session_, into, deadline};
  }
  /// Writes as much as the stream takes, a record at most.
  [[nodiscard]] detail::tls_write_wait<Stream> write_some(std::span<const std::byte> from,
                                                          time_point deadline = never) noexcept {
    return {*session_, from, deadline, false, on_stop::cancel};
  }
  /// Writes all of it, or fails.
  [[nodiscard]] detail::tls_write_wait<Stream> write_all(std::span<const std::byte> from, time_point deadline = never,
                                                         on_stop stop = on_stop::cancel) noexcept {
    return {*session_, from, deadline, true, stop};
  }
  /// Waits until a read would not block: what an idle connection waits in. There is a byte, or an end, or an error; not
  /// only something of TLS itself.
  [[nodiscard]] detail::tls_look_wait<Stream> readable(time_point deadline = never) noexcept {
    return {*session_, deadline};
  }
  /// Waits until a read would not block, tells `watcher`, and waits again for as long as it says: see
  /// stream_socket::watch. The watcher's patience is with bytes of the user's.
  template <class Watcher>
  [[nodiscard]] detail::tls_vigil<Stream, Watcher> watch(Watcher& watcher) noexcept {
    return {*session_, watcher};
  }
  /// Waits until a write would not block.
  [[nodiscard]] detail::tls_room_wait<Stream> writable(time_point deadline = never) noexcept {
    return {*session_, deadline};
  }

  /// Reads or writes what can be without waiting, from a worker of R; std::errc::operation_would_block when nothing
  /// can. A write that gave less than all may have encrypted more: what is written next goes on with the same bytes.
  [[nodiscard]] result<std::size_t> try_read_some(std::span<std::byte> into) noexcept { return session_->read(into); }
  [[nodiscard]] result<std::size_t> try_write_some(std::span<const std::byte> from) noexcept {
    std::size_t total = 0;
    for (;;) {
      const auto wrote = session_->write(from.subspan(total));
      if (!wrote && total == 0) return wrote;
      total += wrote ? *wrote : 0;
      if (!wrote || total == from.size()) return total;
    }
  }

  /// Says to the peer that nothing more will come; reading goes on. When the socket is full, a detached task of the
  /// runtime sees the farewell off, as the kernel would that of a plain socket: for 5 seconds at most, also when the
  /// stream is destroyed meanwhile.
  result<void> shutdown_send() {
    const auto said = session_->say_farewell();
    if (!said) return said.error();
    if (!*said) runtime().spawn(&see_off, session_.share());
    return {};
  }

  [[nodiscard]] int native_handle() const noexcept { return carrier().native_handle(); }
  [[nodiscard]] auto& runtime() const noexcept { return carrier().runtime(); }

  /// The stream that carries it. What is read or written there by others ends the connection.
  [[nodiscard]] Stream& carrier() noexcept { return session_->stream(); }
  [[nodiscard]] const Stream& carrier() const noexcept { return std::as_const(*session_).stream(); }
  /// OpenSSL's object, for what has no member here. While nobody reads or writes.
  [[nodiscard]] SSL* native_session() const noexcept { return session_->native(); }

  /// The application protocol (ALPN) both agreed on; empty when none was asked for.
  [[nodiscard]] std::string_view negotiated_protocol() const noexcept {
    const unsigned char* text = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(native_session(), &text, &size);
    return {reinterpret_cast<const char*>(text), size};
  }
  /// The host the client asked for; empty when it named none, or an address.
  [[nodiscard]] std::string_view server_name() const noexcept {
    const char* const name = SSL_get_servername(native_session(), TLSEXT_NAMETYPE_host_name);
    return name != nullptr ? std::string_view(name) : std::string_view();
  }
  /// Whom the peer's certificate names, as RFC 2253 writes it: "CN=example.org,O=Example"; empty when it gave none.
  [[nodiscard]] std::string peer_subject() const {
    X509* const peer = SSL_get0_peer_certificate(native_session());
    const detail::openssl_owner<BIO> page(peer != nullptr ? BIO_new(BIO_s_mem()) : nullptr);
    if (!page) return {};
    X509_NAME_print_ex(page.get(), X509_get_subject_name(peer), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* text = nullptr;
    const long size = BIO_get_mem_data(page.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }
  /// Whether the two had met before, so that no certificate was shown again.
  [[nodiscard]] bool resumed() const noexcept { return SSL_session_reused(native_session()) == 1; }
  /// "TLSv1.3"
  [[nodiscard]] std::string_view version() const noexcept { return SSL_get_version(native_session()); }
  /// "TLS_AES_256_GCM_SHA384"
  [[nodiscard]] std::string_view cipher() const noexcept { return SSL_get_cipher_name(native_session()); }

 private:
  explicit tls_stream(typename session::owner of) noexcept : session_(std::move(of)) {}

  static task<result<tls_stream>> shake_hands(Stream over, std::shared_ptr<detail::tls_state> state, bool serving,
                                              std::string host, time_point deadline) {
    if (state->is_server() != serving) co_return std::make_error_code(std::errc::invalid_argument);
    auto made = session::make(std::move(over), std::move(state), std::move(host));
    if (!made) co_return made.error();
    const auto shaken = co_await shake(**made, deadline);
    if (!shaken) co_return shaken.error();
    co_return tls_stream(std::move(*made));
  }

  static task<result<void>> shake(session& with, time_point deadline) {
    using next = typename session::next;
    for (;;) {
      const auto wanted = with.handshake();
      if (!wanted) co_return wanted.error();
      if (*wanted == next::nothing) co_return result<void>();
      if (*wanted == next::bytes) {
        const auto ready = co_await with.stream().readable(deadline);
        if (!ready) co_return ready.error();
      } else {
        const auto ready = co_await with.stream().writable(deadline);
        if (!ready) co_return ready.error();
      }
    }
  }

  static task<void> see_off(typename session::owner parting) {
    const time_point until = parting->stream().runtime().now() + std::chrono::seconds(5);
    for (;;) {
      const auto gone = parting->see_off();
      if (!gone || *gone) co_return;
      const auto ready = co_await parting->stream().writable(until);
      if (!ready) co_return;
    }
  }

  typename session::owner session_;
};

}  // namespace tenon
