// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/buffer.hpp>
#include <tenon/http/date_cache.hpp>
#include <tenon/http/detail/cursor.hpp>
#include <tenon/http/detail/words.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/status.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tenon::http {

/// Writes responses with a Date, as respond() does; how the last ones began it knows by heart.
///
///     tenon::http::responder to;
///     to.look_at_clock();                // before the answers of one read
///     to.respond(desk.out, reply);       // as respond(desk.out, reply, date_line)
///
/// Why it may  Answers of one status and one content type begin with the same bytes, up to their length, for as long as
///             the date is the same.
/// Shape       Four beginnings of up to 128 bytes, inside the object. One per worker.
/// Cost        Known: a comparison of the content type, a copy of 128 bytes, and what differs. Unknown: as respond(),
///             and the copy.
/// Threads     One at a time.
/// Errors      Those of respond().
class responder {
 public:
  /// What is written after this has the date of now, by the kernel's last tick.
  void look_at_clock() noexcept {
    if (!date_.renew()) return;
    for (beginning& each : known_) each.size = 0;
  }

  void respond(buffer& out, const response& reply) {
    beginning& known = known_[(code_of(reply.status) + reply.content_type.size()) % known_count];
    if (!known.is_of(reply)) return learn(known, out, reply);
    if (!reply.to.is_usual() || !reply.allow.empty() || !reply.headers.empty()) return write(known, out, reply);
    char* const start = begin(known, out, usual_bytes + reply.body.size());
    detail::cursor to(start + known.size);
    detail::put_length(to, reply.body.size());
    to.put("\r\n");
    to.put(reply.body);
    out.commit(static_cast<std::size_t>(to.at() - start));
  }

 private:
  static constexpr std::size_t known_count = 4;
  static constexpr std::size_t usual_bytes = detail::cursor::most_digits + 4;

  struct beginning {
    std::uint32_t size = 0;  // 0: none
    std::uint32_t type = 0;  // where the content type stands
    std::uint32_t type_size = 0;
    http::status status{};
    char bytes[128];

    [[nodiscard]] bool is_of(const response& reply) const noexcept {
      return size != 0 && status == reply.status && type_size == reply.content_type.size() &&
             detail::same_text(bytes + type, reply.content_type.data(), type_size);
    }
  };

  /// As many bytes as it has, whatever it has: of a size that the compiler knows.
  [[nodiscard]] static char* begin(const beginning& known, buffer& out, std::size_t more) {
    char* const start = reinterpret_cast<char*>(out.writable(sizeof known.bytes + more).data());
    std::memcpy(start, known.bytes, sizeof known.bytes);
    return start;
  }

  [[gnu::noinline]] static void write(const beginning& known, buffer& out, const response& reply) {
    char* const start = begin(known, out, detail::ending_room(reply) + reply.body.size());
    detail::cursor to(start + known.size);
    detail::put_length(to, reply.body.size());
    detail::put_ending(to, reply, reply.to);
    if (!reply.to.head_only) to.put(reply.body);
    out.commit(static_cast<std::size_t>(to.at() - start));
  }

  [[gnu::noinline]] void learn(beginning& into, buffer& out, const response& reply) {
    const std::size_t before = out.size();
    const std::string_view date = date_.last();
    if (!detail::try_respond(out, reply, date)) return http::respond(out, reply, date);
    if (is_bodiless(reply.status) || reply.status == status::reset_content) return;
    const std::string_view type = reply.content_type;
    const std::string_view first = status_line(reply.status);
    const std::size_t at = first.size() + date.size() + (type.empty() ? 0 : sizeof "Content-Type: " - 1);
    const std::size_t size = at + type.size() + (type.empty() ? 0 : 2) + sizeof "Content-Length: " - 1;
    if (size > sizeof into.bytes) return;
    std::memcpy(into.bytes, out.view().data() + before, size);
    into.size = static_cast<std::uint32_t>(size);
    into.type = static_cast<std::uint32_t>(at);
    into.type_size = static_cast<std::uint32_t>(type.size());
    into.status = reply.status;
  }

  date_cache date_;
  beginning known_[known_count];
};

}  // namespace tenon::http
