// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/threading.hpp>
#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/headers.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tenon::http {

/// What one call of an encoder has done: how many bytes it took in, how many it gave out, and whether there is nothing
/// more to give for what it was asked.
struct coded {
  std::size_t taken = 0;
  std::size_t made = 0;
  bool done = false;
};

/// Contract of an encoder: one message at a time, bytes in, bytes out, in pieces of any size.
///
/// reset     Begins a message anew, with what memory it has. false: there is none to be had.
/// write     Takes bytes in, and gives out what it wants to. done: all are taken.
/// flush     Gives out all that stands for the bytes so far. done: that was all; else again, with more room. Of room it
///           takes 16 bytes at least (zlib begins a marker anew that does not fit).
/// finish    The same, and ends the message.
template <class E>
concept content_encoder =
    std::default_initializable<E> && requires(E e, std::span<const std::byte> in, std::span<std::byte> out) {
      { e.reset() } noexcept -> std::same_as<bool>;
      { e.write(in, out) } noexcept -> std::same_as<coded>;
      { e.flush(out) } noexcept -> std::same_as<coded>;
      { e.finish(out) } noexcept -> std::same_as<coded>;
    };

/// Contract of a word for a coding: `name` is its token (RFC 9110 section 8.4.1), `suffix` that of a file so coded, and
/// `encoder` a content_encoder.
template <class C>
concept content_coding = requires {
  { C::name } -> std::convertible_to<std::string_view>;
  { C::suffix } -> std::convertible_to<std::string_view>;
} && content_encoder<typename C::encoder>;

namespace detail {

/// What a coding is called: its token, and the end of the name of a file so coded.
struct coding_name {
  std::string_view token;
  std::string_view suffix;
};
inline constexpr coding_name brotli_name{"br", ".br"};
inline constexpr coding_name zstd_name{"zstd", ".zst"};
inline constexpr coding_name gzip_name{"gzip", ".gz"};
/// Those that tenon knows, the best first.
inline constexpr std::array known_codings{brotli_name, zstd_name, gzip_name};

}  // namespace detail

/// Defined by http/gzip.hpp, http/brotli.hpp and http/zstd.hpp.
struct gzip;
struct brotli;
struct zstd;

/// What Accept-Encoding has a server send.
struct coding_choice {
  static constexpr std::size_t identity = SIZE_MAX;
  static constexpr std::size_t nothing = SIZE_MAX - 1;  ///< 406: not even what is not coded

  std::size_t index = identity;  ///< of the coding among those that were offered

  [[nodiscard]] constexpr bool is_identity() const noexcept { return index == identity; }
  [[nodiscard]] constexpr bool is_acceptable() const noexcept { return index != nothing; }
  friend constexpr bool operator==(coding_choice, coding_choice) = default;
};

namespace detail {

/// A weight as thousandths; below 0: it is none. Source: RFC 9110 section 12.4.2.
[[nodiscard]] constexpr int read_weight(std::string_view text) noexcept {
  if (text.empty() || (text[0] != '0' && text[0] != '1') || text.size() > 5) return -1;
  int value = (text[0] - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return -1;
  int worth = 100;
  for (std::size_t i = 2; i < text.size(); ++i, worth /= 10) {
    if (!is_digit(text[i])) return -1;
    value += (text[i] - '0') * worth;
  }
  return value <= 1000 ? value : -1;
}

/// One element of Accept-Encoding: the coding, and its weight.
struct weighed {
  std::string_view name;
  int weight = 1000;
};
[[nodiscard]] constexpr weighed read_weighed(std::string_view element) noexcept {
  const std::size_t semicolon = element.find(';');
  weighed read{trim(element.substr(0, semicolon))};
  if (semicolon == element.npos) return read;
  const std::string_view rest = trim(element.substr(semicolon + 1));
  const bool is_weight = rest.size() >= 2 && lower(rest[0]) == 'q' && rest[1] == '=';
  read.weight = is_weight ? read_weight(rest.substr(2)) : -1;
  return read;
}

[[nodiscard]] constexpr bool is_coding(std::string_view given, std::string_view name) noexcept {
  if (given.size() > 2 && given[1] == '-' && lower(given[0]) == 'x' && name == "gzip") given.remove_prefix(2);
  return same_ignoring_case(given, name);
}

}  // namespace detail

namespace detail {

/// choose_coding() of `count` codings, whose tokens token_of() gives.
template <class TokenOf>
[[nodiscard]] constexpr coding_choice choose_coding(std::string_view accept, std::size_t count,
                                                    TokenOf token_of) noexcept {
  const auto weight_of = [accept](std::string_view name, int unnamed) {
    int named = -1;
    int any = unnamed;
    std::string_view list = accept;
    while (!list.empty()) {
      const weighed one = read_weighed(next_element(list));
      if (one.weight < 0) continue;
      if (named < 0 && is_coding(one.name, name)) named = one.weight;
      if (one.name == "*") any = one.weight;
    }
    return named >= 0 ? named : any;
  };
  // Not named, it is acceptable, and everything that is named is better.
  const int identity = weight_of("identity", 1);
  coding_choice best{identity > 0 ? coding_choice::identity : coding_choice::nothing};
  int weight = identity > 0 ? identity : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const int mine = weight_of(token_of(i), 0);
    const bool better = best.index < count ? mine > weight : mine >= weight;
    if (!better) continue;
    best.index = i;
    weight = mine;
  }
  return best;
}

}  // namespace detail

/// What an Accept-Encoding header has a server send, that can send the `offered` codings, the best first.
///
/// Shape    The coding of the largest weight; among equals the first that is offered, and any rather than none. A
///          header that is empty asks for none. Where none of the offered is acceptable: identity, unless that was
///          refused, by name or by "*".
/// Cost     A pass over the header for each coding.
/// Errors   An element whose weight is none is as if it had not been sent.
/// Source   RFC 9110 section 12.5.3.
[[nodiscard]] constexpr coding_choice choose_coding(std::string_view accept,
                                                    std::span<const std::string_view> offered) noexcept {
  return detail::choose_coding(accept, offered.size(), [offered](std::size_t i) { return offered[i]; });
}

/// Which contents are worth the time of a coder. The defaults: those that are made of text, from 512 bytes on.
struct coding_worth {
  std::uint64_t least_bytes = 512;

  /// Whether contents of this type and length (UINT64_MAX: not known) are to be coded.
  [[nodiscard]] constexpr bool operator()(std::string_view media_type, std::uint64_t bytes) const noexcept {
    return bytes >= least_bytes && is_text(media_type);
  }

  /// Whether a media type stands for something that shrinks: what is not packed already.
  [[nodiscard]] static constexpr bool is_text(std::string_view media_type) noexcept {
    constexpr std::string_view others[] = {"application/json",
                                           "application/javascript",
                                           "application/xml",
                                           "application/wasm",
                                           "application/yaml",
                                           "application/x-ndjson",
                                           "application/manifest+json",
                                           "application/vnd.ms-fontobject",
                                           "image/svg+xml",
                                           "image/bmp",
                                           "image/x-icon",
                                           "font/ttf",
                                           "font/otf"};
    const std::string_view type = detail::trim(media_type.substr(0, media_type.find(';')));
    if (detail::same_ignoring_case(type.substr(0, 5), "text/")) {
      return !detail::same_ignoring_case(type, "text/event-stream");  // each event is to leave at once
    }
    for (const std::string_view one : others) {
      if (detail::same_ignoring_case(type, one)) return true;
    }
    const std::size_t plus = type.rfind('+');
    return plus != type.npos && (detail::same_ignoring_case(type.substr(plus), "+json") ||
                                 detail::same_ignoring_case(type.substr(plus), "+xml"));
  }
};

namespace detail {

template <class C>
inline constexpr bool is_open = requires { sizeof(C); };

/// The encoders of one coding that are not in use.
template <class Coding, class Threading>
class encoder_shelf {
 public:
  struct slot {
    typename Coding::encoder coder;
    slot* next = nullptr;
  };

  encoder_shelf() = default;
  encoder_shelf(const encoder_shelf&) = delete;
  encoder_shelf& operator=(const encoder_shelf&) = delete;
  ~encoder_shelf() {
    while (first_ != nullptr) delete std::exchange(first_, first_->next);
  }

  [[nodiscard]] slot* take() {
    mutex_.lock();
    slot* const one = first_;
    if (one != nullptr) first_ = one->next;
    mutex_.unlock();
    return one != nullptr ? one : new slot;
  }
  void put_back(slot* one) noexcept {
    mutex_.lock();
    one->next = first_;
    first_ = one;
    mutex_.unlock();
  }

 private:
  [[no_unique_address]] typename Threading::mutex mutex_;
  slot* first_ = nullptr;
};

}  // namespace detail

/// The codings that a server offers, the best first; what is not named here is not in the program.
///
///     using my_codings = tenon::http::codings<tenon::http::brotli, tenon::http::gzip>;
///     my_codings::pool<> spare;
///     const auto choice = my_codings::choose(request.headers);
///     if (auto coder = spare.lend(choice)) ...              // a content_encoder, which comes back by itself
///
/// Shape    `pool` keeps the encoders that are not in use: it begins empty, and a warmed one makes none.
/// Cost     choose: a pass over the headers and, for each coding, over one of them. lend: a lock that nobody holds
///          long, and none of single_thread.
/// Threads  Any. An encoder: one at a time.
template <class... Codings>
class codings {
  static_assert((detail::is_open<Codings> && ...),
                "tenon::http::codings<...>: a coding's door is closed; include its header (tenon/http/gzip.hpp, "
                "brotli.hpp or zstd.hpp) and link its library (CMake: tenon::gzip, tenon::brotli, tenon::zstd)");

 public:
  static constexpr std::size_t count = sizeof...(Codings);
  static constexpr std::array<std::string_view, count> names{Codings::name...};
  static constexpr std::array<std::string_view, count> suffixes{Codings::suffix...};

  /// By the Accept-Encoding header of a request; without one, identity.
  [[nodiscard]] static coding_choice choose(const headers& of) noexcept {
    const auto accept = of.find("accept-encoding");
    return accept ? choose_coding(*accept, names) : coding_choice{};
  }

  template <class Threading = multi_thread>
  class pool {
    struct shelves : detail::encoder_shelf<Codings, Threading>... {};

   public:
    /// One of the encoders, which has begun a message. Without one (the choice was none of them, or there is no memory)
    /// it is false.
    class lease {
     public:
      lease() = default;
      lease(lease&& other) noexcept
          : from_(std::exchange(other.from_, nullptr)), slot_(other.slot_), index_(other.index_) {}
      lease& operator=(lease&& other) noexcept {
        std::swap(from_, other.from_);
        std::swap(slot_, other.slot_);
        std::swap(index_, other.index_);
        return *this;
      }
      ~lease() {
        if (from_ == nullptr) return;
        each([&]<class Coding>(auto& one) {
          static_cast<detail::encoder_shelf<Coding, Threading>&>(*from_).put_back(&one);
        });
      }

      [[nodiscard]] explicit operator bool() const noexcept { return from_ != nullptr; }
      [[nodiscard]] bool reset() noexcept {
        bool went = false;
        each([&]<class>(auto& one) { went = one.coder.reset(); });
        return went;
      }
      [[nodiscard]] coded write(std::span<const std::byte> in, std::span<std::byte> out) noexcept {
        coded did;
        each([&]<class>(auto& one) { did = one.coder.write(in, out); });
        return did;
      }
      [[nodiscard]] coded flush(std::span<std::byte> out) noexcept {
        coded did;
        each([&]<class>(auto& one) { did = one.coder.flush(out); });
        return did;
      }
      [[nodiscard]] coded finish(std::span<std::byte> out) noexcept {
        coded did;
        each([&]<class>(auto& one) { did = one.coder.finish(out); });
        return did;
      }

     private:
      friend pool;
      template <class Coding>
      using slot_of = typename detail::encoder_shelf<Coding, Threading>::slot;

      lease(shelves& from, std::size_t index) : from_(&from), index_(index) {
        take(std::index_sequence_for<Codings...>());
        if (!reset()) {
          const lease back(std::move(*this));
        }
      }
      template <std::size_t... I>
      void take(std::index_sequence<I...> /*all*/) {
        ((I == index_ ? void(slot_ = static_cast<detail::encoder_shelf<Codings, Threading>&>(*from_).take()) : void()),
         ...);
      }
      template <class Call>
      void each(const Call& call) const {
        visit(call, std::index_sequence_for<Codings...>());
      }
      template <class Call, std::size_t... I>
      void visit(const Call& call, std::index_sequence<I...> /*all*/) const {
        ((I == index_ ? call.template operator()<Codings>(*static_cast<slot_of<Codings>*>(slot_)) : void()), ...);
      }

      shelves* from_ = nullptr;
      void* slot_ = nullptr;
      std::size_t index_ = 0;
    };

    [[nodiscard]] lease lend(coding_choice choice) {
      return choice.index < count ? lease(shelves_, choice.index) : lease();
    }

   private:
    shelves shelves_;
  };
};

}  // namespace tenon::http
