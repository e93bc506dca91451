// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/parser.hpp>

#include <chrono>
#include <cstddef>

namespace tenon::http {

/// How long a client may take. All of them end in the connection being closed.
struct patience {
  duration idle = std::chrono::seconds(60);  ///< between two requests: closed without a word
  duration head = std::chrono::seconds(10);  ///< from the first byte of a request to the end of its headers: 408
  duration body =
      std::chrono::seconds(30);  ///< from there to the end of the body, or for 64 KiB of a streamed one: 408
  duration answer = std::chrono::seconds(30);  ///< to take the answer in, or 256 KiB of a streamed one
  duration close = std::chrono::seconds(2);    ///< to close its side, after an answer that ends the connection
};

/// What one connection works with while a request is in hand, and hands back when none is: an idle connection holds
/// none.
struct desk {
  desk() noexcept { parser.remember_in(known); }
  desk(const desk&) = delete;
  desk& operator=(const desk&) = delete;

  /// An answer of so many bytes is written out before more is answered.
  static constexpr std::size_t answer_bytes = 64 * 1024;

  buffer in;
  buffer out;
  http::parser parser;
  time_point until{};  ///< when the request in hand has to be whole
  known_head known;
};

}  // namespace tenon::http
