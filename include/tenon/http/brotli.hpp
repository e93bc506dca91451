// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/content_coding.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#if !__has_include(<brotli/encode.h>)
#error "tenon::http::brotli: <brotli/encode.h> is not here; install libbrotli-dev, or leave brotli out of codings<...>"
#endif
#include <brotli/encode.h>

namespace tenon::http {

namespace detail {

template <int Quality>
class brotli_encoder {
 public:
  brotli_encoder() = default;
  brotli_encoder(const brotli_encoder&) = delete;
  brotli_encoder& operator=(const brotli_encoder&) = delete;
  ~brotli_encoder() { ::BrotliEncoderDestroyInstance(state_); }

  /// The library has no way to begin anew with what it has.
  [[nodiscard]] bool reset() noexcept {
    if (fresh_) return true;
    ::BrotliEncoderDestroyInstance(state_);
    state_ = ::BrotliEncoderCreateInstance(nullptr, nullptr, nullptr);
    fresh_ = state_ != nullptr && ::BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, Quality) == BROTLI_TRUE;
    return fresh_;
  }
  [[nodiscard]] coded write(std::span<const std::byte> in, std::span<std::byte> out) noexcept {
    coded did = step(in, out, BROTLI_OPERATION_PROCESS);
    did.done = did.taken == in.size();
    return did;
  }
  [[nodiscard]] coded flush(std::span<std::byte> out) noexcept {
    coded did = step({}, out, BROTLI_OPERATION_FLUSH);
    did.done = ::BrotliEncoderHasMoreOutput(state_) == BROTLI_FALSE;
    return did;
  }
  [[nodiscard]] coded finish(std::span<std::byte> out) noexcept {
    coded did = step({}, out, BROTLI_OPERATION_FINISH);
    did.done = ::BrotliEncoderIsFinished(state_) == BROTLI_TRUE;
    return did;
  }

 private:
  [[nodiscard]] coded step(std::span<const std::byte> in, std::span<std::byte> out,
                           ::BrotliEncoderOperation how) noexcept {
    fresh_ = false;
    std::size_t in_left = in.size();
    std::size_t out_left = out.size();
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    auto* next_out = reinterpret_cast<std::uint8_t*>(out.data());
    (void)::BrotliEncoderCompressStream(state_, how, &in_left, &next_in, &out_left, &next_out, nullptr);
    return {in.size() - in_left, out.size() - out_left, false};
  }

  ::BrotliEncoderState* state_ = nullptr;
  bool fresh_ = false;
};

template <int Quality>
struct brotli_words {
  static_assert(Quality >= BROTLI_MIN_QUALITY && Quality <= BROTLI_MAX_QUALITY,
                "tenon::http::brotli::level<N>: brotli has the levels 0 to 11; write one of them");
  static constexpr std::string_view name = detail::brotli_name.token;
  static constexpr std::string_view suffix = detail::brotli_name.suffix;
  using encoder = brotli_encoder<Quality>;
};

}  // namespace detail

/// The coding that makes text smallest, by Google's library.
///
///     using my_codings = tenon::http::codings<tenon::http::brotli, tenon::http::gzip>;    // or brotli::level<9>
///
/// Cost     An encoder takes its memory, some hundred KiB, anew for each message: the library cannot keep it. Level 4:
///          about as fast as gzip's 6, and smaller.
/// Errors   reset is false when there is no memory.
/// Source   RFC 7932.
struct brotli : detail::brotli_words<4> {
  template <int N>
  struct level : detail::brotli_words<N> {};
};

static_assert(content_coding<brotli> && content_coding<brotli::level<11>>);

}  // namespace tenon::http
