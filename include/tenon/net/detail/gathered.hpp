// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

#include <sys/socket.h>
#include <sys/uio.h>

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
