// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/net/detail/openssl.hpp>
#include <tenon/net/detail/tls_bio.hpp>
#include <tenon/net/tls_context.hpp>
#include <tenon/net/tls_errc.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace tenon {

namespace detail {

[[nodiscard]] inline bool would_block(const std::error_code& error) noexcept {
  return error == std::errc::operation_would_block;
}

}  // namespace detail

/// An SSL object and the stream it speaks over: plain calls that never wait. `tls_stream` is made of it.
///
///     const auto got = session.read(room);
///     if (!got && got.error() == std::errc::operation_would_block) co_await session.stream().readable(deadline);
///
/// Shape    At one address; made and destroyed by make() and the owner it gives, in the memory of the stream's runtime.
/// Threads  One reader and one writer, on two workers at once: OpenSSL lets one thread at a time at an SSL object, so
///          each call is made under a lock, which is nothing where the threading is not concurrent. Nobody waits for a
///          socket under it.
/// Errors   Those of `tls_stream`; operation_would_block: the member says what to wait for.
template <class Stream>
class tls_session {
  using runtime_type = std::remove_cvref_t<decltype(std::declval<const Stream&>().runtime())>;
  using mutex_type = typename runtime_type::threading::mutex;

 public:
  /// Keeps it; the last to let go destroys it.
  class owner {
   public:
    explicit owner(tls_session* it) noexcept : it_(it) {}
    owner(owner&& other) noexcept : it_(std::exchange(other.it_, nullptr)) {}
    owner& operator=(owner&& other) noexcept {
      std::swap(it_, other.it_);
      return *this;
    }
    ~owner() {
      if (it_ == nullptr || it_->owners_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
      runtime_type& runtime = it_->stream().runtime();
      it_->~tls_session();
      runtime.deallocate(it_, sizeof(tls_session));
    }

    [[nodiscard]] tls_session& operator*() const noexcept { return *it_; }
    [[nodiscard]] tls_session* operator->() const noexcept { return it_; }
    /// One more.
    [[nodiscard]] owner share() const noexcept {
      it_->owners_.fetch_add(1, std::memory_order_relaxed);
      return owner(it_);
    }

   private:
    tls_session* it_;
  };

  /// What a handshake waits for.
  enum class next : std::uint8_t { nothing, bytes, room };

  [[nodiscard]] static result<owner> make(Stream stream, std::shared_ptr<detail::tls_state> state, std::string host) {
    runtime_type& runtime = stream.runtime();
    owner made(::new (runtime.allocate(sizeof(tls_session)))
                   tls_session(std::move(stream), std::move(state), std::move(host)));
    detail::forget_errors();
    if (!made->ssl_ || !made->bio_.attach(made->ssl_.get())) return detail::noted_error(std::errc::not_enough_memory);
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
    detail::forget_errors();
    const int done = SSL_do_handshake(ssl_.get());
    if (done != 1) {
      const int why = SSL_get_error(ssl_.get(), done);
      if (why != SSL_ERROR_WANT_READ) return fail(why);
    }
    if (!bio_.flush() && !bio_.keeps_something()) return bio_.error();
    if (bio_.keeps_something()) return next::room;
    shaken_ = shaken_ || done == 1;
    return done == 1 ? next::nothing : next::bytes;
  }

  /// 0: the peer has said that nothing more will come. operation_would_block: wait for bytes.
  [[nodiscard]] result<std::size_t> read(std::span<std::byte> into) noexcept {
    const std::lock_guard held(lock_);
    if (failure_) return failure_;
    if (into.empty()) return std::size_t{0};
    push_handshake();
    detail::forget_errors();
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

  /// Whether read would not block: operation_would_block when it would. Of `buffers`: whether it would not even if the
  /// stream had nothing.
  enum class reach : std::uint8_t { buffers, stream };
  [[nodiscard]] result<void> look(reach into = reach::stream) noexcept {
    const std::lock_guard held(lock_);
    if (failure_) return {};
    if (into == reach::buffers && SSL_has_pending(ssl_.get()) == 0) return std::errc::operation_would_block;
    push_handshake();
    detail::forget_errors();
    std::byte first{};
    std::size_t moved = 0;
    bio_.hold(into == reach::buffers);
    const int done = SSL_peek_ex(ssl_.get(), &first, 1, &moved);
    bio_.hold(false);
    if (done == 1) return {};
    const auto none = nothing_read(SSL_get_error(ssl_.get(), done));
    if (!none && detail::would_block(none.error())) return none.error();
    return {};
  }

  /// Encrypts a record and sends it. operation_would_block: it is not all sent; wait for room, and offer the same
  /// bytes: then it gives how many of them the record has. Who offers fewer of them is told of those, and of the rest
  /// by the next.
  [[nodiscard]] result<std::size_t> write(std::span<const std::byte> from) noexcept {
    const std::lock_guard held(lock_);
    if (is_parting()) return std::errc::broken_pipe;
    if (const auto sent = flush(); !sent) return sent.error();
    if (owed_ != 0) {
      const std::size_t told = owed_ < from.size() ? owed_ : from.size();
      owed_ -= told;
      return told;
    }
    if (from.empty()) return std::size_t{0};
    if (!has_shaken_hands()) return std::errc::not_connected;
    detail::forget_errors();
    const std::size_t size = from.size() < record_bytes ? from.size() : record_bytes;
    std::size_t moved = 0;
    const int done = SSL_write_ex(ssl_.get(), from.data(), size, &moved);
    if (done != 1) return fail(SSL_get_error(ssl_.get(), done));
    if (!bio_.keeps_something()) return moved;
    owed_ = moved;
    bio_.leave_room_to_waiter(true);
    return std::errc::operation_would_block;
  }
  /// Who wrote gives up. The record is sent before the next.
  void disown() noexcept {
    const std::lock_guard held(lock_);
    owed_ = 0;
    bio_.leave_room_to_waiter(false);
  }
  /// Somebody waits for room who has not written: make_room() or disown() ends it.
  void await_room() noexcept {
    const std::lock_guard held(lock_);
    bio_.leave_room_to_waiter(true);
  }
  /// Sends what a write has left behind: whether a write would find room now.
  [[nodiscard]] result<void> make_room() noexcept {
    const std::lock_guard held(lock_);
    return flush();
  }

  /// Says that nothing more will come: false when it could not all be sent, and the caller has to see it off. Said
  /// again, it is true.
  [[nodiscard]] result<bool> say_farewell() noexcept {
    const std::lock_guard held(lock_);
    if (is_parting()) return true;
    if (const auto sent = flush(); !sent && !detail::would_block(sent.error())) return sent.error();
    detail::forget_errors();
    if (const int done = SSL_shutdown(ssl_.get()); done < 0) return fail(SSL_get_error(ssl_.get(), done));
    return end();
  }
  /// Whether it is said: then there is nothing to wait for room for.
  [[nodiscard]] bool has_parted() noexcept {
    const std::lock_guard held(lock_);
    return is_parting();
  }
  /// Goes on with that: false when there is still something to send.
  [[nodiscard]] result<bool> see_off() noexcept {
    const std::lock_guard held(lock_);
    return end();
  }

  /// Whether who makes the handshake by reading has to wait for room before it waits for bytes.
  [[nodiscard]] bool owes_handshake() noexcept {
    const std::lock_guard held(lock_);
    return bio_.keeps_something() && !has_shaken_hands();
  }

  /// Before a wait: an idle connection holds no buffer.
  void park() noexcept {
    const std::lock_guard held(lock_);
    SSL_free_buffers(ssl_.get());  // those that hold nothing
    bio_.shrink();
  }

 private:
  static constexpr std::size_t record_bytes = SSL3_RT_MAX_PLAIN_LENGTH;

  tls_session(Stream stream, std::shared_ptr<detail::tls_state> state, std::string host)
      : state_(std::move(state)), host_(std::move(host)), bio_(std::move(stream)), ssl_(SSL_new(state_->native())) {}
  ~tls_session() {
    // Else OpenSSL forgets the session, for an end without farewells. Who read to the end knows how it ended.
    if (ssl_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }

  /// Asks for the host and sees to it that the certificate is its own.
  [[nodiscard]] result<void> name_host() {
    SSL* const ssl = ssl_.get();
    SSL_set_connect_state(ssl);
    SSL_set_app_data(ssl, &host_);
    if (host_.find('\0') != std::string::npos) return std::errc::invalid_argument;
    if (host_.empty()) {
      if (SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE) return std::errc::invalid_argument;
      return {};
    }
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host_.c_str()) != 1) {
      detail::forget_errors();
      SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
      if (SSL_set1_host(ssl, host_.c_str()) != 1 || SSL_set_tlsext_host_name(ssl, host_.c_str()) != 1) {
        return detail::noted_error();
      }
    }
    if (const auto before = state_->session_with(host_)) SSL_set_session(ssl, before.get());
    return {};
  }

  [[nodiscard]] bool is_parting() const noexcept { return (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0; }

  /// The farewell is said; when it is sent, so is the end of the stream below.
  [[nodiscard]] result<bool> end() noexcept {
    if (const auto sent = flush(); !sent) {
      if (detail::would_block(sent.error())) return false;
      return sent.error();
    }
    if (const auto ended = stream().shutdown_send(); !ended) return ended.error();
    return true;
  }

  [[nodiscard]] result<void> flush() noexcept {
    bio_.leave_room_to_waiter(false);
    if (failure_) return failure_;
    if (bio_.error()) return bio_.error();
    if (!bio_.keeps_something() || bio_.flush()) return {};
    if (bio_.error()) return bio_.error();
    bio_.leave_room_to_waiter(true);
    return std::errc::operation_would_block;
  }

  /// A handshake that is made by reading: nobody writes before it is over, so who reads sends what it has to say.
  void push_handshake() noexcept {
    if (bio_.keeps_something() && !has_shaken_hands()) (void)bio_.flush();
  }
  /// To change keys is a handshake too, to OpenSSL; not to us.
  [[nodiscard]] bool has_shaken_hands() noexcept { return shaken_ = shaken_ || SSL_is_init_finished(ssl_.get()) == 1; }

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
      if (bio_.ended()) return detail::tls_error(tls_errc::truncated);
    }
    failure_ = detail::noted_error();
    const long verdict = SSL_get_verify_result(ssl_.get());
    if (verdict != X509_V_OK && failure_ == tls_errc::untrusted) {
      failure_ = {detail::tls_verification + static_cast<int>(verdict), tls_category()};
    }
    return failure_;
  }

  typename runtime_type::threading::template atomic<int> owners_{1};
  [[no_unique_address]] mutex_type lock_;
  std::shared_ptr<detail::tls_state> state_;
  std::string host_;  // of a client: whom it asked for
  detail::tls_bio<Stream> bio_;
  detail::openssl_owner<SSL> ssl_;
  std::size_t owed_ = 0;  // bytes of the user's that are encrypted, and not yet said to be written
  std::error_code failure_;
  bool shaken_ = false;
};

}  // namespace tenon
