// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/detail/promise.hpp>
#include <tenon/core/loop.hpp>
#include <tenon/core/on_stop.hpp>
#include <tenon/core/result.hpp>
#include <tenon/net/detail/openssl.hpp>
#include <tenon/net/detail/tls_bio.hpp>
#include <tenon/net/tls_context.hpp>
#include <tenon/net/tls_errc.hpp>
#include <tenon/task/task.hpp>
#include <tenon/task/yield.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

[[nodiscard]] inline bool would_block(const std::error_code& error) noexcept {
  return error == std::errc::operation_would_block;
}

/// An SSL object and the stream it speaks over: plain calls that never wait.
///
/// A reader and a writer may be on two workers at once, and OpenSSL lets one thread at a time at an SSL object: so each
/// call is made under a lock, which is nothing where Threading is not concurrent. Nobody waits for a socket under it.
template <class Stream>
class tls_session {
  using runtime_type = std::remove_cvref_t<decltype(std::declval<const Stream&>().runtime())>;
  using mutex_type = typename runtime_type::threading::mutex;

 public:
  struct closer {
    void operator()(tls_session* it) const noexcept {
      runtime_type& runtime = it->stream().runtime();
      it->~tls_session();
      runtime.deallocate(it, sizeof(tls_session));
    }
  };
  using owner = std::unique_ptr<tls_session, closer>;

  /// What a handshake waits for.
  enum class next : std::uint8_t { nothing, bytes, room };

  [[nodiscard]] static result<owner> make(Stream stream, std::shared_ptr<tls_state> state, std::string host) {
    runtime_type& runtime = stream.runtime();
    owner made(::new (runtime.allocate(sizeof(tls_session)))
                   tls_session(std::move(stream), std::move(state), std::move(host)));
    ERR_clear_error();
    if (!made->ssl_ || !made->bio_.attach(made->ssl_.get())) return noted_error(std::errc::not_enough_memory);
    if (made->state_->is_server()) {
      SSL_set_accept_state(made->ssl_.get());
    } else if (const auto named = made->name_host(); !named) {
      return named.error();
    }
    return made;
  }

  tls_session(const tls_session&) = delete;
  tls_session& operator=(const tls_session&) = delete;

  [[nodiscard]] Stream& stream() noexcept { return bio_.stream(); }
  [[nodiscard]] const Stream& stream() const noexcept { return bio_.stream(); }
  [[nodiscard]] SSL* native() const noexcept { return ssl_.get(); }
  [[nodiscard]] mutex_type& lock() noexcept { return lock_; }

  [[nodiscard]] result<next> handshake() noexcept {
    const std::lock_guard held(lock_);
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    if (done != 1) {
      const int why = SSL_get_error(ssl_.get(), done);
      if (why != SSL_ERROR_WANT_READ) return fail(why);
    }
    if (!bio_.flush() && !bio_.keeps_something()) return bio_.error();
    if (bio_.keeps_something()) return next::room;
    return done == 1 ? next::nothing : next::bytes;
  }

  /// 0: the peer has said that nothing more will come. operation_would_block: wait for bytes.
  [[nodiscard]] result<std::size_t> read(std::span<std::byte> into) noexcept {
    const std::lock_guard held(lock_);
    if (failure_) return failure_;
    if (into.empty()) return std::size_t{0};
    ERR_clear_error();
    std::size_t total = 0;
    do {  // a record a turn
      std::size_t moved = 0;
      const int done = SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &moved);
      if (done != 1) {
        const auto none = nothing_read(SSL_get_error(ssl_.get(), done));
        if (total == 0) return none;
        break;  // what there was to say is said next time
      }
      total += moved;
    } while (total < into.size() && SSL_has_pending(ssl_.get()) == 1);
    return total;
  }

  /// Whether read would not block: operation_would_block when it would.
  [[nodiscard]] result<void> look() noexcept {
    const std::lock_guard held(lock_);
    if (failure_) return {};
    ERR_clear_error();
    std::byte first{};
    std::size_t moved = 0;
    const int done = SSL_peek_ex(ssl_.get(), &first, 1, &moved);
    if (done == 1) return {};
    const auto none = nothing_read(SSL_get_error(ssl_.get(), done));
    if (!none && would_block(none.error())) return none.error();
    return {};
  }

  /// Encrypts a record and sends it. operation_would_block: it is not all sent; wait for room, and offer the same
  /// bytes: then it gives how many of them the record has.
  [[nodiscard]] result<std::size_t> write(std::span<const std::byte> from) noexcept {
    const std::lock_guard held(lock_);
    if (const auto sent = flush(); !sent) return sent.error();
    if (owed_ != 0) return std::exchange(owed_, 0);
    if (from.empty()) return std::size_t{0};
    if ((SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0) return std::errc::broken_pipe;
    ERR_clear_error();
    const std::size_t size = from.size() < record_bytes ? from.size() : record_bytes;
    std::size_t moved = 0;
    const int done = SSL_write_ex(ssl_.get(), from.data(), size, &moved);
    if (done != 1) return fail(SSL_get_error(ssl_.get(), done));
    if (!bio_.keeps_something()) return moved;
    owed_ = moved;
    return std::errc::operation_would_block;
  }
  /// Who wrote gives up. The record is sent before the next.
  void disown() noexcept {
    const std::lock_guard held(lock_);
    owed_ = 0;
  }
  /// Whether a write would find the last one sent.
  [[nodiscard]] result<void> make_room() noexcept {
    const std::lock_guard held(lock_);
    return flush();
  }

  [[nodiscard]] result<void> say_farewell() noexcept {
    const std::lock_guard held(lock_);
    if (const auto sent = flush(); !sent) return sent.error();
    if ((SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) == 0) {
      ERR_clear_error();
      if (const int done = SSL_shutdown(ssl_.get()); done < 0) return fail(SSL_get_error(ssl_.get(), done));
    }
    if (const auto sent = flush(); !sent) return sent.error();
    return stream().shutdown_send();
  }

  /// Before a wait: an idle connection holds no buffer.
  void park() noexcept {
    const std::lock_guard held(lock_);
    SSL_free_buffers(ssl_.get());  // those that hold nothing
    bio_.shrink();
  }

 private:
  static constexpr std::size_t record_bytes = SSL3_RT_MAX_PLAIN_LENGTH;

  tls_session(Stream stream, std::shared_ptr<tls_state> state, std::string host)
      : state_(std::move(state)), host_(std::move(host)), bio_(std::move(stream)), ssl_(SSL_new(state_->native())) {}
  ~tls_session() {
    // Else OpenSSL forgets the session, for an end without farewells. Who read to the end knows how it ended.
    if (ssl_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }

  /// Asks for the host and sees to it that the certificate is its own.
  [[nodiscard]] result<void> name_host() {
    SSL* const ssl = ssl_.get();
    SSL_set_connect_state(ssl);
    if (host_.find('\0') != std::string::npos) return std::errc::invalid_argument;
    if (host_.empty()) {
      if (SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE) return std::errc::invalid_argument;
      return {};
    }
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host_.c_str()) != 1) {
      ERR_clear_error();
      SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
      if (SSL_set1_host(ssl, host_.c_str()) != 1 || SSL_set_tlsext_host_name(ssl, host_.c_str()) != 1) {
        return noted_error();
      }
    }
    SSL_set_app_data(ssl, &host_);
    if (const auto before = state_->session_with(host_)) SSL_set_session(ssl, before.get());
    return {};
  }

  [[nodiscard]] result<void> flush() noexcept {
    if (failure_) return failure_;
    if (bio_.error()) return bio_.error();
    if (!bio_.keeps_something() || bio_.flush()) return {};
    if (bio_.error()) return bio_.error();
    return std::errc::operation_would_block;
  }

  /// A read that gave no byte.
  [[nodiscard]] result<std::size_t> nothing_read(int why) noexcept {
    if (why == SSL_ERROR_WANT_READ) return std::errc::operation_would_block;
    if (why == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
    return fail(why);
  }

  /// What has gone wrong. After an error of the protocol nothing more can be done with the SSL object.
  [[nodiscard]] std::error_code fail(int why) noexcept {
    if (why != SSL_ERROR_SSL) {
      if (bio_.error()) return bio_.error();
      if (bio_.ended()) return tls_error(tls_errc::truncated);
    }
    failure_ = noted_error();
    const long verdict = SSL_get_verify_result(ssl_.get());
    if (verdict != X509_V_OK && failure_ == tls_errc::untrusted) {
      failure_ = {tls_verification + static_cast<int>(verdict), tls_category()};
    }
    return failure_;
  }

  [[no_unique_address]] mutex_type lock_;
  std::shared_ptr<tls_state> state_;
  std::string host_;  // of a client: whom it asked for
  tls_bio<Stream> bio_;
  openssl_owner<SSL> ssl_;
  std::size_t owed_ = 0;  // bytes of the user's that are encrypted, and not yet said to be written
  std::error_code failure_;
};

/// A wait of a TLS stream: tried where it stands; a task of its own, which Derived makes, only if that would block.
template <class Derived, class Value>
class tls_wait {
 public:
  tls_wait(const tls_wait&) = delete;
  tls_wait& operator=(const tls_wait&) = delete;

  [[nodiscard]] bool await_ready() noexcept {
    // As with plain streams: a task that never has to wait lets the others run now and then.
    if (++here().depth >= transfer_depth) return false;
    outcome_ = static_cast<Derived&>(*this).attempt();
    return outcome_.has_value() || !would_block(outcome_.error());
  }
  template <class Promise>
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiter) {
    rest_.emplace(static_cast<Derived&>(*this).rest());
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
  std::optional<task<result<Value>>> rest_;
  std::optional<typename task<result<Value>>::awaiter> running_;
};

template <class Stream>
class tls_read_wait : public tls_wait<tls_read_wait<Stream>, std::size_t> {
  using session = tls_session<Stream>;

 public:
  tls_read_wait(session& of, std::span<std::byte> into, time_point deadline) noexcept
      : of_(of), into_(into), deadline_(deadline) {}

  [[nodiscard]] result<std::size_t> attempt() noexcept { return of_.read(into_); }
  [[nodiscard]] task<result<std::size_t>> rest() { return later(of_, into_, deadline_); }

 private:
  static task<result<std::size_t>> later(session& of, std::span<std::byte> into, time_point deadline) {
    if (here().depth >= transfer_depth) co_await yield();
    for (;;) {
      const auto got = of.read(into);
      if (got || !would_block(got.error())) co_return got;
      of.park();
      const auto ready = co_await of.stream().readable(deadline);
      if (!ready) co_return ready.error();
    }
  }

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
  [[nodiscard]] task<result<void>> rest() { return later(of_, deadline_); }

 private:
  static task<result<void>> later(session& of, time_point deadline) {
    if (here().depth >= transfer_depth) co_await yield();
    for (;;) {
      if (of.look()) co_return result<void>();
      of.park();
      const auto ready = co_await of.stream().readable(deadline);
      if (!ready) co_return ready.error();
    }
  }

  session& of_;
  time_point deadline_;
};

template <class Stream>
class tls_room_wait : public tls_wait<tls_room_wait<Stream>, void> {
  using session = tls_session<Stream>;

 public:
  tls_room_wait(session& of, time_point deadline) noexcept : of_(of), deadline_(deadline) {}

  [[nodiscard]] static result<void> attempt() noexcept { return std::errc::operation_would_block; }
  [[nodiscard]] task<result<void>> rest() { return later(of_, deadline_); }

 private:
  static task<result<void>> later(session& of, time_point deadline) {
    for (;;) {
      const auto ready = co_await of.stream().writable(deadline);
      if (!ready) co_return ready.error();
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
  [[nodiscard]] task<result<std::size_t>> rest() { return later(of_, from_, done_, deadline_, whole_, stop_); }

 private:
  static task<result<std::size_t>> later(session& of, std::span<const std::byte> from, std::size_t done,
                                         time_point deadline, bool whole, on_stop stop) {
    if (here().depth >= transfer_depth) co_await yield();
    for (;;) {
      const auto wrote = of.write(from.subspan(done));
      if (wrote) {
        done += *wrote;
        if (!whole || done == from.size()) co_return done;
        continue;
      }
      if (!would_block(wrote.error())) co_return wrote;
      const auto ready = co_await of.stream().writable(deadline, stop);
      if (ready) continue;
      of.disown();
      co_return ready.error();
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
/// Shape         One pointer, to the stream, OpenSSL's object and a lock (none under single_thread). OpenSSL's object is
///               several KiB; its two buffers of 17 KiB are given back whenever the stream waits for bytes.
/// Cost          A read that finds bytes, and a write that finds room, have no coroutine frame and allocate nothing but
///               those buffers; a wait takes a frame from the worker's memory. A write is a system call a record of 16
///               KiB. The handshake computes at the worker where it is awaited: tens to hundreds of microseconds with
///               an elliptic curve, a millisecond with RSA.
/// Threads       One reader and one writer at a time, in any two tasks of R, on any two workers.
/// Errors        result: the system's errno; timed_out, operation_canceled, and of OpenSSL in `tls_category`, what can be
///               told apart in `tls_errc`. The end of the stream is a read of 0 bytes, after the peer's farewell; an end
///               without one is tls_errc::truncated: somebody may have cut it. SIGPIPE is never raised.
///               After an error of TLS itself the stream gives the same error again. A server that does not like a
///               client's certificate says so when the client has connected already: at its first read (TLS 1.3).
/// Cancellation  When a co_await returns, the buffer is free. A write that ends with an error may have taken part of it,
///               and what it took goes out before what is written next. Reading goes on after a wait that ended.
/// Farewell      shutdown_send says it; to destroy the stream does not, so that what is cut short by an error does not
///               look whole to the peer.
template <class Stream>
class tls_stream {
  using session = detail::tls_session<Stream>;

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
  /// Waits until a write would not block.
  [[nodiscard]] detail::tls_room_wait<Stream> writable(time_point deadline = never) noexcept {
    return {*session_, deadline};
  }

  /// Reads or writes what can be without waiting, from a worker of R; std::errc::operation_would_block when nothing
  /// can. A write that gave this may have encrypted already: what is written next has to begin with the same bytes.
  [[nodiscard]] result<std::size_t> try_read_some(std::span<std::byte> into) noexcept { return session_->read(into); }
  [[nodiscard]] result<std::size_t> try_write_some(std::span<const std::byte> from) noexcept {
    return session_->write(from);
  }

  /// Says to the peer that nothing more will come; reading goes on. operation_would_block, when the last write was given
  /// up or the socket is full: await writable() and say it again.
  result<void> shutdown_send() noexcept { return session_->say_farewell(); }

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
    using next = typename session::next;
    if (state->is_server() != serving) co_return std::make_error_code(std::errc::invalid_argument);
    auto made = session::make(std::move(over), std::move(state), std::move(host));
    if (!made) co_return made.error();
    for (;;) {
      const auto wanted = (*made)->handshake();
      if (!wanted) co_return wanted.error();
      if (*wanted == next::nothing) co_return tls_stream(std::move(*made));
      if (*wanted == next::bytes) {
        const auto ready = co_await (*made)->stream().readable(deadline);
        if (!ready) co_return ready.error();
      } else {
        const auto ready = co_await (*made)->stream().writable(deadline);
        if (!ready) co_return ready.error();
      }
    }
  }

  typename session::owner session_;
};

}  // namespace tenon
