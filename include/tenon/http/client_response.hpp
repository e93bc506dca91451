// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/chunk_decoder.hpp>
#include <tenon/http/client_errc.hpp>
#include <tenon/http/connection_pool.hpp>
#include <tenon/http/headers.hpp>
#include <tenon/http/limits.hpp>
#include <tenon/http/response_parser.hpp>
#include <tenon/http/status.hpp>
#include <tenon/task/task.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace tenon::http {

/// An answer: its head, and its body as it comes.
///
///     auto answer = co_await web.get("http://127.0.0.1:8080/");
///     if (!answer) co_return;
///     auto text = co_await answer->read_all(1 << 20);     // or read_some(room) until it gives 0
///
/// Shape         The head's views are good as long as the answer is, also after it was moved. The body comes once.
/// Cost          A body is read into the caller's own room, and a chunked one is taken apart there: no copy between.
///               The connection goes back to its pool when the body has been read to its end, not when the answer ends.
///               An answer whose body was not read closes its connection.
/// Threads       One at a time. The client outlives it.
/// Errors        closed_early; bad_response, of a bad chunk; timed_out, of `body` and `whole`; of read_all also
///               response_too_large. After one of them the connection is closed, and every read gives the same again.
/// Cancellation  operation_canceled, likewise.
template <class R, class Stream>
class client_response {
  using pool_type = connection_pool<R, Stream>;
  using lease = typename pool_type::lease;
  using block = typename pool_type::block;

 public:
  [[nodiscard]] http::status status() const noexcept { return head_.status; }
  /// 200 to 299.
  [[nodiscard]] bool is_success() const noexcept { return code_of(head_.status) / 100 == 2; }
  [[nodiscard]] const http::headers& headers() const noexcept { return head_.headers; }
  [[nodiscard]] const response_head& head() const noexcept { return head_; }
  /// How long the body is, where the head says so.
  [[nodiscard]] std::optional<std::uint64_t> length() const noexcept {
    if (head_.framing == framing::none) return 0;
    if (head_.framing == framing::sized) return head_.content_length;
    return std::nullopt;
  }

  /// The next bytes of the body; 0 is its end.
  [[nodiscard]] task<result<std::size_t>> read_some(std::span<std::byte> into) {
    assert(!into.empty() && "tenon::http::client_response: a read needs room");
    for (;;) {
      const auto ahead = take_ahead(into);
      if (ahead) co_return *ahead;
      const time_point silent = tenon::detail::after(lease_.stream().runtime().now(), silence_);
      const auto n = co_await lease_.stream().read_some(into.first(room_for(into)), silent < until_ ? silent : until_);
      const auto came = take_in(into, n);
      if (came) co_return *came;
    }
  }

  /// All of the body that is left, if it is not more than `most_bytes`.
  [[nodiscard]] task<result<std::string>> read_all(std::size_t most_bytes) {
    std::string all;
    if (failure_) co_return failure_;
    if (head_.framing == framing::sized && left_ > most_bytes) co_return fail(client_errc::response_too_large);
    std::size_t used = 0;
    for (std::size_t piece = 2048; !over_; piece += piece < most_piece ? piece : 0) {
      const std::size_t wanted = head_.framing != framing::sized || left_ > most_piece ? piece : left_;
      all.resize(used + wanted);
      const auto n = co_await read_some(std::as_writable_bytes(std::span(all)).subspan(used));
      if (!n) co_return n.error();
      used += *n;
      if (used > most_bytes) co_return fail(client_errc::response_too_large);
    }
    all.resize(used);
    co_return std::move(all);
  }

  /// Reads and drops what is left of the body, so that the connection can be used again; one that has more is closed.
  [[nodiscard]] task<result<void>> discard(std::size_t most_bytes = 64 * 1024) {
    std::byte room[2048];
    for (std::size_t seen = 0; !over_;) {
      const auto n = co_await read_some(room);
      if (!n) co_return n.error();
      seen += *n;
      if (seen > most_bytes) co_return fail(client_errc::response_too_large);
    }
    co_return result<void>();
  }

  /// Of an answer 101: what the server has already sent of the new protocol, and then the connection itself; the head
  /// is gone afterwards.
  [[nodiscard]] buffer take_ahead() noexcept { return std::move(block_.bytes); }
  [[nodiscard]] Stream take_stream() {
    assert(head_.status == status::switching_protocols && !over_);
    over_ = true;
    return lease_.take_stream();
  }

 private:
  template <class, class>
  friend class client;

  static constexpr std::size_t most_piece = 64 * 1024;

  /// `held` has read `head_bytes` of head into `block`, and perhaps more.
  client_response(lease held, block in, std::size_t head_bytes, const response_head& head, duration silence,
                  time_point until)
      : lease_(std::move(held)), block_(std::move(in)), head_(head), silence_(silence), until_(until) {
    block_.bytes.consume(head_bytes);  // the views stay where they are, for nothing is written to it any more
    left_ = head.framing == framing::sized ? head.content_length : 0;
    if (head.framing == framing::none && head.status != status::switching_protocols) finish(true);
  }

  [[nodiscard]] std::size_t room_for(std::span<std::byte> into) const noexcept {
    const bool is_less = head_.framing == framing::sized && left_ < into.size();
    return is_less ? static_cast<std::size_t>(left_) : into.size();
  }

  /// What was read with the head, or how it ended; nothing when the network has to be asked.
  [[nodiscard]] std::optional<result<std::size_t>> take_ahead(std::span<std::byte> into) {
    if (failure_) return failure_;
    if (over_) return std::size_t{0};
    buffer& ahead = block_.bytes;
    while (!ahead.empty()) {
      const std::size_t room = room_for(into);
      const std::size_t n = ahead.size() < room ? ahead.size() : room;
      std::memcpy(into.data(), ahead.view().data(), n);
      ahead.consume(n);
      const auto came = accept(into, n);
      if (came) return came;
    }
    return std::nullopt;
  }
  [[nodiscard]] std::optional<result<std::size_t>> take_in(std::span<std::byte> into, const result<std::size_t>& n) {
    if (!n) return fail(n.error());
    if (*n != 0) return accept(into, *n);
    if (head_.framing != framing::until_close) return fail(client_errc::closed_early);
    finish(false);
    return std::size_t{0};
  }

  /// The first `n` bytes of `into` have come: how many of the body they are; nothing when they are none, and not its
  /// end.
  [[nodiscard]] std::optional<result<std::size_t>> accept(std::span<std::byte> into, std::size_t n) {
    if (head_.framing == framing::sized) {
      left_ -= n;
      if (left_ == 0) finish(true);
      return n;
    }
    if (head_.framing == framing::until_close) return n;
    constexpr limits any{.body_bytes = UINT64_MAX};
    const progress seen = chunks_.decode({reinterpret_cast<char*>(into.data()), n}, any);
    if (seen.is_failed()) return fail(client_errc::bad_response);
    const std::size_t size = chunks_.body_size();
    if (size != 0 && chunks_.body_offset() != 0) {
      std::memmove(into.data(), into.data() + chunks_.body_offset(), size);
    }
    if (seen.is_complete()) {
      finish(seen.bytes == n);
      return size;
    }
    chunks_.take();
    if (size == 0) return std::nullopt;
    return size;
  }

  /// The body has ended, and what came behind it, if anything, nobody asked for.
  void finish(bool is_clean) {
    over_ = true;
    if (is_clean && head_.keep_alive && block_.bytes.empty()) {
      lease_.give_back(lease_.stream().runtime().now());
    } else {
      lease_ = lease();
    }
  }
  std::error_code fail(std::error_code why) noexcept {
    failure_ = why;
    lease_ = lease();
    return why;
  }

  lease lease_;
  block block_;
  response_head head_;
  std::uint64_t left_ = 0;
  chunk_decoder chunks_;
  duration silence_;
  time_point until_;
  std::error_code failure_;
  bool over_ = false;
};

}  // namespace tenon::http
