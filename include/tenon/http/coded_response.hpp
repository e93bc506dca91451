// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/buffer.hpp>
#include <tenon/http/content_coding.hpp>
#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/headers.hpp>
#include <tenon/http/request.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/status.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tenon::http {

namespace detail {

/// Whether a header of this name and value says that a response goes out as it is.
[[nodiscard]] constexpr bool forbids_coding(std::string_view name, std::string_view value) noexcept {
  if (same_ignoring_case(name, "content-encoding") || same_ignoring_case(name, "content-range")) return true;
  if (!same_ignoring_case(name, "cache-control")) return false;
  while (!value.empty()) {
    if (same_ignoring_case(next_element(value), "no-transform")) return true;
  }
  return false;
}

/// Whether an answer of this status has a body that a coding may change.
[[nodiscard]] constexpr bool may_be_coded(status code) noexcept {
  return !is_bodiless(code) && code != status::reset_content && code != status::partial_content;
}

/// Makes room behind what a buffer holds, and has what of the responses lies in it follow.
template <std::same_as<response>... Responses>
void make_room(buffer& room, std::size_t bytes, Responses&... replies) {
  const auto from = reinterpret_cast<std::uintptr_t>(room.view().data());
  const std::size_t held = room.size();
  room.reserve(bytes);
  const auto follow = [&](std::string_view view) {
    const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(view.data()) - from;
    return at < held ? room.view().substr(at, view.size()) : view;
  };
  const auto move = [&follow](response& reply) {
    reply.content_type = follow(reply.content_type);
    reply.body = follow(reply.body);
    header_list moved;
    for (const auto& [name, value] : reply.headers.items()) (void)moved.add(follow(name), follow(value));
    reply.headers = moved;
  };
  (move(replies), ...);
}

/// Codes `body` whole into `out`: how many bytes that took, 0 when it did not fit.
template <class Encoder>
[[nodiscard]] std::size_t code_whole(Encoder& coder, std::span<const std::byte> body,
                                     std::span<std::byte> out) noexcept {
  const coded began = coder.write(body, out);
  if (!began.done) return 0;
  const coded ended = coder.finish(out.subspan(began.made));
  return ended.done ? began.made + ended.made : 0;
}

[[nodiscard]] constexpr bool is_strong_tag(std::string_view name, std::string_view value) noexcept {
  return same_ignoring_case(name, "etag") && !value.starts_with("W/");
}
/// What its ETag takes as a weak one; 0 when it has none, or a weak one.
[[nodiscard]] inline std::size_t weak_tag_bytes(const response& head) noexcept {
  std::size_t bytes = 0;
  for (const auto& [name, value] : head.headers.items()) bytes += is_strong_tag(name, value) ? value.size() + 2 : 0;
  return bytes;
}
/// Makes it weak, for the bytes are others: it lies in `room`, which has room for it.
inline void weaken_tag(response& head, buffer& room) {
  header_list changed;
  for (const auto& [name, value] : head.headers.items()) {
    std::string_view said = value;
    if (is_strong_tag(name, value)) {
      said = {room.view().data() + room.size(), value.size() + 2};
      room.append("W/");
      room.append(value);
    }
    (void)changed.add(name, said);
  }
  head.headers = changed;
}

[[nodiscard]] inline response not_acceptable(const reply_to& to) noexcept {
  response said = error_response(status::not_acceptable, to);
  (void)said.headers.add("Vary", "Accept-Encoding");
  return said;
}

/// Whether the head says already that it depends on Accept-Encoding.
[[nodiscard]] inline bool varies(const response& head) noexcept {
  for (const auto& [name, value] : head.headers.items()) {
    if (!same_ignoring_case(name, "vary")) continue;
    for (std::string_view list = value; !list.empty();) {
      const std::string_view one = next_element(list);
      if (one == "*" || same_ignoring_case(one, "accept-encoding")) return true;
    }
  }
  return false;
}

}  // namespace detail

/// Says of a head that its body goes out in a coding, or, where that is empty, that it might have.
///
///     auto coder = spare.lend(choice);
///     if (coder && tenon::http::announce_coding(head, my_codings::names[choice.index])) ...
///
/// Shape    Adds Vary, unless it says so, and Content-Encoding. An ETag stays as it is: whoever codes a body piece by
///          piece gives each coding its own tag (entity_tag::with_suffix).
/// Errors   false, and nothing changed, when a header forbids it (Content-Encoding, Content-Range, or Cache-Control
///          with no-transform) or there is no place for the new ones.
[[nodiscard]] inline bool announce_coding(response& head, std::string_view coding) noexcept {
  for (const auto& [name, value] : head.headers.items()) {
    if (detail::forbids_coding(name, value)) return false;
  }
  header_list changed = head.headers;
  if (!detail::varies(head) && !changed.add("Vary", "Accept-Encoding")) return false;
  if (!coding.empty() && !changed.add("Content-Encoding", coding)) return false;
  head.headers = changed;
  return true;
}

/// A response as its client wants it coded.
///
///     tenon::http::respond(out, tenon::http::coded_response<my_codings>(reply, request, spare, room), date_line);
///
/// Shape    `room` holds the coded body behind what it holds already, which may be parts of the reply, and lives until
///          the response is written. A strong
///          ETag becomes weak, for the bytes are others.
///          Unchanged: what is not worth it, has no body, is a part (206), is coded already, or is not to be
///          transformed (Cache-Control: no-transform). With Vary alone: what would not have become smaller, or is
///          not to be coded.
/// Cost     That of the coder. A warmed pool and room take no memory (but brotli's encoder does).
/// Errors   406 where the client takes neither a coding of ours nor identity.
/// Source   RFC 9110 sections 8.4, 8.8.1, 12.5.3 and 12.5.5.
template <class Codings, class Pool>
[[nodiscard]] response coded_response(const response& reply, const request& asked, Pool& spare, buffer& room,
                                      const coding_worth& worth = {}) {
  if (!detail::may_be_coded(reply.status)) return reply;
  if (!worth(reply.content_type, reply.body.size())) return reply;
  response plain = reply;
  response coded = reply;
  const coding_choice choice = Codings::choose(asked.headers);
  if (!announce_coding(plain, {})) return reply;
  if (!choice.is_acceptable()) return detail::not_acceptable(reply.to);
  auto coder = spare.lend(choice);
  if (!coder || !announce_coding(coded, Codings::names[choice.index])) return plain;
  const std::size_t tag_bytes = detail::weak_tag_bytes(reply);
  const std::size_t most = reply.body.size();               // else it is not worth it
  detail::make_room(room, most + tag_bytes, plain, coded);  // from here on nothing moves
  const std::size_t made =
      detail::code_whole(coder, std::as_bytes(std::span(plain.body)), room.writable(most).first(most));
  if (made == 0) return plain;
  coded.body = {room.view().data() + room.size(), made};
  room.commit(made);
  if (tag_bytes != 0) detail::weaken_tag(coded, room);
  return coded;
}

}  // namespace tenon::http
