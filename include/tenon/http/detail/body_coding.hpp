// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon::http {

struct response;

namespace detail {

/// What codes the answer of an exchange, which knows no coder: plain functions of whoever derives from it.
struct body_coding {
  /// What becomes of an answer that begins.
  enum class beginning : std::uint8_t {
    plain,   ///< its pieces go as they are
    coded,   ///< they go through code()
    instead  ///< the head has become a whole answer, which is sent in its place
  };

  void (*whole)(body_coding&, response&) = nullptr;
  beginning (*begin)(body_coding&, response&) = nullptr;
  /// Takes bytes off the front of `piece`, and gives what is to be sent, until the next call: nothing when all that was
  /// written stands in what it gave, or is_broken. `last`: and the end of it.
  std::span<const std::byte> (*code)(body_coding&, std::span<const std::byte>& piece, bool last) = nullptr;
  bool is_broken = false;  ///< the coder has failed for good
};

}  // namespace detail
}  // namespace tenon::http
