// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/context.hpp>
#include <tenon/http/json_reader.hpp>
#include <tenon/http/response.hpp>
#include <tenon/task/task.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace tenon::http {

namespace detail {

/// The next piece of what is being written, in `room`.
inline std::string_view next_piece(boost::json::serializer& text, std::span<std::byte> room) {
  const auto piece = text.read(reinterpret_cast<char*>(room.data()), room.size());
  return {piece.data(), piece.size()};
}

}  // namespace detail

/// Answers an exchange with a value as JSON, no faster than the client reads.
///
///     const auto sent = co_await http::write_json(x, item);
///     const auto sent = co_await http::write_json(x, item, {.status = http::status::created});
///
/// Shape    `head` says what else: its body is not looked at, its content_type is application/json when it has none.
///          What fits in 16 KiB goes with its length, the rest in chunks.
/// Cost     Boost.JSON's serializer; 16 KiB of memory while it runs, however large the value is.
/// Errors   Those of the exchange's reply() and write().
template <class Exchange>
[[nodiscard]] task<result<void>> write_json(Exchange& to, const boost::json::value& what, response head = {}) {
  constexpr std::size_t at_once = 16 * 1024;
  boost::json::serializer text;
  text.reset(&what);
  buffer memory;
  const auto room = memory.writable(at_once).first(at_once);
  std::string_view piece = detail::next_piece(text, room);
  if (head.content_type.empty()) head.content_type = "application/json";
  if (text.done()) {
    head.body = piece;
    const auto sent = co_await to.reply(head);
    co_return sent;
  }
  if (const auto begun = to.begin(head); !begun) co_return begun;
  for (;;) {
    const auto sent = co_await to.write(piece);
    if (!sent) co_return sent;
    if (text.done()) break;
    piece = detail::next_piece(text, room);
  }
  const auto ended = co_await to.finish();
  co_return ended;
}

/// The same for a handler that answers whole: the text lies in the context's room.
///
///     return http::write_json(c, item);
[[nodiscard]] inline response write_json(context& c, const boost::json::value& what) {
  constexpr std::size_t least_bytes = 256;
  boost::json::serializer text;
  text.reset(&what);
  buffer& room = c.room();
  const std::size_t from = room.size();
  while (!text.done()) room.commit(detail::next_piece(text, room.writable(least_bytes)).size());
  return {.to = c.request(), .content_type = "application/json", .body = room.view().substr(from)};
}

}  // namespace tenon::http
