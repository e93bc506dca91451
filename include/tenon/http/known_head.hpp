// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/head_parser.hpp>
#include <tenon/http/limits.hpp>
#include <tenon/http/progress.hpp>
#include <tenon/http/request.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tenon::http {

/// The last head that was parsed, byte for byte, and what was found in it. A client that keeps its connection asks with
/// one and the same head again and again, and so do many that a proxy speaks for: to compare it costs a tenth of
/// parsing it.
///
///     known_head known;
///     const progress seen = known.parse(head, input, limits);   // as head.parse(input, limits)
///
/// Why it may  A head_parser that is done holds offsets from the first byte and nothing of where that was, so it is the
///             same for the same bytes. What depends on the limits is asked anew.
/// Shape       1 KiB, for heads up to that; longer ones are parsed each time.
/// Cost        Known: a comparison of its bytes and a copy of the parser. Unknown: some sixty instructions more.
/// Threads     One at a time.
class known_head {
 public:
  /// head.parse(), or the answer that it gave the last time.
  progress parse(head_parser& head, std::string_view input, const limits& limit) noexcept {
    if (!head.is_fresh()) return head.parse(input, limit);
    if (begins(input) && parsed_.keeps(limit)) {
      head = parsed_;
      return progress::complete(size_);
    }
    const progress seen = head.parse(input, limit);
    if (seen.is_complete() && seen.bytes <= sizeof bytes_) {
      size_ = static_cast<std::uint32_t>(seen.bytes);
      ++number_;
      std::memcpy(bytes_, input.data(), size_);
      parsed_ = head;
    }
    return seen;
  }

  /// Whether there is one, and `input` begins with it.
  [[nodiscard]] bool begins(std::string_view input) const noexcept {
    return size_ != 0 && input.size() >= size_ && std::memcmp(input.data(), bytes_, size_) == 0;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Which of all that it has known: another head has another number. 0 of none.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  /// Whether it is one that `limit` allows, and no body follows it.
  [[nodiscard]] bool is_all(const limits& limit) const noexcept {
    return !parsed_.is_chunked() && parsed_.content_length() == 0 && parsed_.keeps(limit);
  }
  /// Its request: views of its own bytes, good until another head is known.
  void view(request& out) const noexcept { parsed_.view(bytes_, out); }

 private:
  head_parser parsed_;
  std::uint64_t number_ = 0;
  std::uint32_t size_ = 0;
  char bytes_[1024];
};

}  // namespace tenon::http
