// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/byte_range.hpp>
#include <tenon/http/entity_tag.hpp>
#include <tenon/http/http_date.hpp>
#include <tenon/http/method.hpp>
#include <tenon/http/precondition.hpp>
#include <tenon/http/request.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/status.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenon::http {

/// What is known of a file, or of anything that is there as a whole and can be read from any place on.
struct file_facts {
  std::uint64_t size = 0;
  std::int64_t modified_nanoseconds = 0;  ///< since 1970
  std::string_view media_type{};
  std::string_view coding{};         ///< its content coding, when it lies there coded
  std::string_view cache_control{};  ///< none when empty
  bool varies = false;               ///< others are sent to clients that accept other codings
};

/// How a GET or HEAD of a file is answered: whole, a part, several parts (multipart/byteranges), 304, 412 or 416. Plain
/// data and no I/O: whoever sends it writes the head, and then each piece.
///
///     const tenon::http::file_answer answer(request, facts, now, seed);
///     x.begin(answer.head(), answer.body_bytes());
///     for (std::size_t i = 0; i < answer.pieces(); ++i) ...      // write at(i).text, send at(i).part of the file
///
/// Shape    Some 1.2 KiB. head() views into the object, which stays where it is, and into the facts. `now` is the time
///          of the Date header. `seed` makes the boundary between parts: a number that a file's author cannot foresee.
/// Cost     A pass over the headers for each condition; no allocation.
/// Source   RFC 9110 sections 13.2.2, 14 and 15.4.5; section 15.3.7.2 (several parts).
class file_answer {
 public:
  /// A piece of the body: a text, and then a part of the file, which may be of no bytes.
  struct piece {
    std::string_view text;
    byte_range part;
  };

  file_answer(const request& asked, const file_facts& facts, std::chrono::sys_seconds now, std::uint64_t seed) noexcept
      : facts_(facts),
        modified_(std::chrono::floor<std::chrono::seconds>(
            std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(facts.modified_nanoseconds)))),
        date_(modified_),
        tag_(entity_tag::of_file(facts.size, facts.modified_nanoseconds)) {
    if (!facts.coding.empty()) tag_ = tag_.with_suffix(facts.coding);
    head_.to = asked;
    const validators state{.tag = tag_.text(), .modified = modified_};
    switch (evaluate(asked, state)) {
      case precondition::failed: fail(status::precondition_failed); return;
      case precondition::not_modified:
        head_.status = status::not_modified;
        add_headers();
        return;
      case precondition::met: break;
    }
    if (asked.method == method::get && range_applies(asked, state, now)) {
      if (const auto range = asked.headers.find("range")) ranges_ = byte_ranges(*range, facts.size);
    }
    if (ranges_.is_unsatisfiable()) {
      fail(status::range_not_satisfiable);
      put_content_range(nullptr);
      (void)head_.headers.add("Content-Range", {text_, text_size_});
      return;
    }
    head_.content_type = facts.media_type;
    body_bytes_ = facts.size;
    if (!ranges_.is_whole()) {
      head_.status = status::partial_content;
      if (is_multipart()) {
        make_boundary(seed);
      } else {
        body_bytes_ = ranges_.parts()[0].count;
        put_content_range(&ranges_.parts()[0]);
        (void)head_.headers.add("Content-Range", {text_, text_size_});
      }
    }
    add_headers();
  }
  file_answer(const file_answer&) = delete;
  file_answer& operator=(const file_answer&) = delete;

  [[nodiscard]] const response& head() const noexcept { return head_; }
  /// Whether head() is all there is to send: what it says for an error is its own body.
  [[nodiscard]] bool is_head_alone() const noexcept {
    return head_.status != status::ok && head_.status != status::partial_content;
  }
  [[nodiscard]] std::uint64_t body_bytes() const noexcept { return body_bytes_; }
  [[nodiscard]] std::size_t pieces() const noexcept {
    if (is_head_alone()) return 0;
    return is_multipart() ? ranges_.parts().size() + 1 : 1;
  }
  /// The text is valid until the next call.
  [[nodiscard]] piece at(std::size_t index) noexcept {
    if (ranges_.is_whole()) return {{}, {0, facts_.size}};
    if (!is_multipart()) return {{}, ranges_.parts()[0]};
    const bool is_last = index == ranges_.parts().size();
    put_part_head(is_last ? nullptr : &ranges_.parts()[index]);
    return {{text_, text_size_}, is_last ? byte_range{} : ranges_.parts()[index]};
  }

 private:
  static constexpr std::size_t most_type_bytes = 160;

  [[nodiscard]] bool is_multipart() const noexcept { return ranges_.parts().size() > 1; }

  void fail(status why) noexcept {
    const reply_to to = head_.to;
    head_ = error_response(why, to);
  }
  void add_headers() noexcept {
    (void)head_.headers.add("ETag", tag_.text());
    if (head_.status != status::not_modified) {
      (void)head_.headers.add("Last-Modified", date_.text());
      (void)head_.headers.add("Accept-Ranges", "bytes");
      if (!facts_.coding.empty()) (void)head_.headers.add("Content-Encoding", facts_.coding);
    }
    if (facts_.varies) (void)head_.headers.add("Vary", "Accept-Encoding");
    if (!facts_.cache_control.empty()) (void)head_.headers.add("Cache-Control", facts_.cache_control);
  }

  void put_content_range(const byte_range* part) noexcept {
    detail::cursor to(text_);
    put_content_range(to, part);
    text_size_ = static_cast<std::size_t>(to.at() - text_);
  }
  void put_content_range(detail::cursor& to, const byte_range* part) const noexcept {
    to.put("bytes ");
    if (part == nullptr) {
      to.put("*");
    } else {
      to.put_decimal(part->first);
      to.put("-");
      to.put_decimal(part->last());
    }
    to.put("/");
    to.put_decimal(facts_.size);
  }

  /// What stands before a part, and, for none, behind the last.
  void put_part_head(const byte_range* part) noexcept {
    detail::cursor to(text_);
    to.put("\r\n--");
    to.put(std::string_view(boundary_, sizeof boundary_));
    if (part == nullptr) {
      to.put("--\r\n");
    } else {
      to.put("\r\nContent-Type: ");
      to.put(facts_.media_type.size() <= most_type_bytes ? facts_.media_type : "application/octet-stream");
      to.put("\r\nContent-Range: ");
      put_content_range(to, part);
      to.put("\r\n\r\n");
    }
    text_size_ = static_cast<std::size_t>(to.at() - text_);
  }

  void make_boundary(std::uint64_t seed) noexcept {
    for (char& c : boundary_) {
      c = "0123456789abcdefghijklmnopqrstuv"[seed & 31];
      seed = seed >> 5 | seed << 59;
    }
    constexpr std::string_view start = "multipart/byteranges; boundary=";
    static_assert(start.size() + sizeof boundary_ == sizeof type_);
    detail::cursor to(type_);
    to.put(start);
    to.put(std::string_view(boundary_, sizeof boundary_));
    head_.content_type = {type_, sizeof type_};
    body_bytes_ = 0;
    for (const byte_range& part : ranges_.parts()) {
      put_part_head(&part);
      body_bytes_ += text_size_ + part.count;
    }
    put_part_head(nullptr);
    body_bytes_ += text_size_;
  }

  file_facts facts_;
  std::chrono::sys_seconds modified_;
  http_date date_;
  entity_tag tag_;
  byte_ranges ranges_;
  response head_;
  std::uint64_t body_bytes_ = 0;
  std::size_t text_size_ = 0;
  char boundary_[13]{};
  char type_[44]{};
  char text_[most_type_bytes + 160]{};
};

}  // namespace tenon::http
