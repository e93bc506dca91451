// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/buffer.hpp>
#include <tenon/http/coded_response.hpp>
#include <tenon/http/content_coding.hpp>
#include <tenon/http/detail/body_coding.hpp>
#include <tenon/http/request.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/route.hpp>
#include <tenon/http/status.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon::http {

/// The stage that sends answers in the coding that their clients take. One an application.
///
///     http::coded_as<http::brotli, http::gzip>()                        // the best first
///     http::coded_as<http::gzip>(http::coding_worth{.least_bytes = 2048})
///
/// Shape    After all others. Of a whole answer: what coded_response says. Of one that begins without a length: each
///          piece that is written leaves coded, and can be read when it is there; an ETag becomes weak. One that begins
///          with a length goes as it is, for somebody has counted it: files, and parts of them.
/// Cost     That of the coder, which lies in a pool of the server's. A streamed answer holds 16 KiB for it, and what a
///          piece comes to.
/// Errors   406 where the client takes neither a coding of ours nor identity; begin() of an exchange then gives
///          operation_not_supported.
/// Source   RFC 9110 sections 8.4, 8.8.1, 12.5.3 and 12.5.5.
template <class... Codings>
class coded_as {
 public:
  static constexpr detail::part kind = detail::part::coding;
  using offered = codings<Codings...>;
  /// What a server keeps for it.
  template <class Threading>
  using coders = typename offered::template pool<Threading>;

  constexpr explicit coded_as(const coding_worth& worth = {}) noexcept : worth_(worth) {}

  /// Codes an answer that is whole.
  template <class Coders>
  void operator()(const request& asked, response& reply, Coders& spare, buffer& room) const {
    reply = coded_response<offered>(reply, asked, spare, room, worth_);
  }

  /// Codes the answer of one exchange.
  template <class Coders>
  class pieces : public detail::body_coding {
   public:
    pieces(const coded_as& by, const request& asked, Coders& spare) noexcept
        : body_coding{&code_whole, &code_head, &code_next, false}, by_(by), asked_(asked), spare_(spare) {}
    pieces(const pieces&) = delete;
    pieces& operator=(const pieces&) = delete;

   private:
    static constexpr std::size_t most = 16 * 1024;
    static constexpr std::size_t least = 64;  // a coder needs some to end a block in

    static pieces& self(body_coding& base) noexcept { return static_cast<pieces&>(base); }
    static void code_whole(body_coding& base, response& reply) {
      pieces& me = self(base);
      me.by_(me.asked_, reply, me.spare_, me.room_);
    }
    static beginning code_head(body_coding& base, response& head) { return self(base).announce(head); }
    static std::span<const std::byte> code_next(body_coding& base, std::span<const std::byte>& piece, bool last) {
      return self(base).next(piece, last);
    }

    beginning announce(response& head) {
      if (!detail::may_be_coded(head.status)) return beginning::plain;
      if (!by_.worth_(head.content_type, UINT64_MAX)) return beginning::plain;
      response coded = head;
      if (!announce_coding(head, {})) return beginning::plain;
      const coding_choice choice = offered::choose(asked_.headers);
      if (!choice.is_acceptable()) {
        head = detail::not_acceptable(head.to);
        return beginning::instead;
      }
      coder_ = spare_.lend(choice);
      if (!coder_ || !announce_coding(coded, offered::names[choice.index])) return beginning::plain;
      room_.reserve(detail::weak_tag_bytes(coded));
      detail::weaken_tag(coded, room_);
      head = coded;
      return beginning::coded;
    }

    std::span<const std::byte> next(std::span<const std::byte>& piece, bool last) {
      room_.clear();
      const auto out = room_.writable(most).first(most);
      std::size_t made = 0;
      is_dirty_ = is_dirty_ || !piece.empty();
      while (most - made >= least) {
        http::coded did;
        if (!piece.empty()) {
          did = coder_.write(piece, out.subspan(made));
          piece = piece.subspan(did.taken);
        } else if (last && !is_over_) {
          did = coder_.finish(out.subspan(made));
          is_over_ = did.done;
          is_dirty_ = !did.done;
        } else if (is_dirty_) {
          did = coder_.flush(out.subspan(made));
          is_dirty_ = !did.done;
        } else {
          break;
        }
        made += did.made;
        is_broken = !did.done && did.made == 0 && did.taken == 0;
        if (is_broken) break;  // no memory, as brotli says it
      }
      return out.first(made);
    }

    const coded_as& by_;
    const request& asked_;
    Coders& spare_;
    typename Coders::lease coder_;
    buffer room_;
    bool is_dirty_ = false;  // the coder holds something
    bool is_over_ = false;
  };

 private:
  coding_worth worth_;
};

}  // namespace tenon::http
