// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/net/detail/openssl.hpp>

#include <cstddef>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace tenon::detail {

/// The far side of an SSL object: our stream, and behind it what the stream did not take.
///
/// OpenSSL reads and writes by the stream's own try_read_some and try_write_some, and not by a socket BIO: so that the
/// backend's knowledge of what would block stays right, the calls are send(MSG_NOSIGNAL), and any stream will do.
///
/// A write never blocks. What the stream does not take is kept, one record at most and what OpenSSL has to say by
/// itself (alerts, the answers to key updates), and goes out before anything else. So OpenSSL never holds a record that
/// has to be offered once more, a task that gives up in the middle of a write leaves whole records behind, and to read
/// never has to wait for room to write.
template <class Stream>
class tls_bio {
 public:
  explicit tls_bio(Stream stream) noexcept : stream_(std::move(stream)) {}
  tls_bio(const tls_bio&) = delete;
  tls_bio& operator=(const tls_bio&) = delete;

  [[nodiscard]] Stream& stream() noexcept { return stream_; }
  [[nodiscard]] const Stream& stream() const noexcept { return stream_; }

  /// Makes it the far side of `ssl`, which does not outlive it.
  [[nodiscard]] bool attach(SSL* ssl) noexcept {
    BIO_METHOD* const how = method();
    BIO* const made = how != nullptr ? BIO_new(how) : nullptr;
    if (made == nullptr) return false;
    BIO_set_data(made, this);
    BIO_set_init(made, 1);
    SSL_set_bio(ssl, made, made);
    return true;
  }

  /// Sends what is kept: whether nothing is kept any more.
  [[nodiscard]] bool flush() noexcept {
    while (sent_ < kept_.size() && !error_) {
      const auto got = stream_.try_write_some(std::span<const std::byte>(kept_).subspan(sent_));
      if (got) {
        sent_ += *got;
      } else if (got.error() != std::errc::operation_would_block) {
        error_ = got.error();
      } else {
        return false;
      }
    }
    kept_.clear();
    sent_ = 0;
    return !error_;
  }
  [[nodiscard]] bool keeps_something() const noexcept { return !kept_.empty(); }
  /// Gives the room back.
  void shrink() noexcept {
    if (kept_.empty() && kept_.capacity() != 0) std::vector<std::byte>().swap(kept_);
  }

  /// Somebody is about to wait until there is room, or does: the side of the stream that is written is his alone, and
  /// what OpenSSL writes meanwhile, to answer what was read on another worker, is only kept.
  void leave_room_to_waiter(bool it) noexcept { waited_for_ = it; }

  /// While it is held, OpenSSL finds nothing to read but what it has read already.
  void hold(bool it) noexcept { held_ = it; }

  /// What the stream failed with, and whether it has ended.
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 private:
  /// Who does not read what OpenSSL answers, yet makes it answer, is not waited for.
  static constexpr std::size_t most_bytes = 32 * std::size_t{1024};

  [[nodiscard]] static BIO_METHOD* method() noexcept {
    static const openssl_owner<BIO_METHOD> only = [] {
      openssl_owner<BIO_METHOD> made(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tenon"));
      if (made) {
        BIO_meth_set_read_ex(made.get(), &read);
        BIO_meth_set_write_ex(made.get(), &write);
        BIO_meth_set_ctrl(made.get(), &control);
      }
      return made;
    }();
    return only.get();
  }

  static int read(BIO* bio, char* into, std::size_t size, std::size_t* moved) noexcept {
    auto& self = *static_cast<tls_bio*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    *moved = 0;
    if (self.held_) {
      BIO_set_retry_read(bio);
      return 0;
    }
    const auto got = self.stream_.try_read_some(std::as_writable_bytes(std::span(into, size)));
    if (got) {
      *moved = *got;
      self.ended_ = *got == 0;
    } else if (got.error() == std::errc::operation_would_block) {
      BIO_set_retry_read(bio);
    } else {
      self.error_ = got.error();
    }
    return *moved != 0 ? 1 : 0;
  }

  static int write(BIO* bio, const char* from, std::size_t size, std::size_t* moved) noexcept {
    auto& self = *static_cast<tls_bio*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    *moved = 0;
    std::span<const std::byte> rest = std::as_bytes(std::span(from, size));
    if (!self.waited_for_ && self.flush()) {
      const auto got = self.stream_.try_write_some(rest);
      if (got) {
        rest = rest.subspan(*got);
      } else if (got.error() != std::errc::operation_would_block) {
        self.error_ = got.error();
      }
    }
    if (!self.error_ && self.kept_.size() + rest.size() > most_bytes) {
      self.error_ = std::make_error_code(std::errc::no_buffer_space);
    }
    if (self.error_) return 0;
    self.kept_.insert(self.kept_.end(), rest.begin(), rest.end());
    *moved = size;
    return 1;
  }

  static long control(BIO* /*bio*/, int what, long /*number*/, void* /*pointer*/) noexcept {
    return what == BIO_CTRL_FLUSH ? 1 : 0;  // the end of the stream is told apart by ended()
  }

  Stream stream_;
  std::vector<std::byte> kept_;
  std::size_t sent_ = 0;  // of what is kept
  std::error_code error_;
  bool ended_ = false;
  bool held_ = false;
  bool waited_for_ = false;
};

}  // namespace tenon::detail
