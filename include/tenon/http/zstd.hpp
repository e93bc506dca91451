// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/content_coding.hpp>

#include <cstddef>
#include <span>
#include <string_view>

#if !__has_include(<zstd.h>)
#error "tenon::http::zstd: <zstd.h> is not here; install libzstd-dev, or leave zstd out of codings<...>"
#endif
#include <zstd.h>

namespace tenon::http {

namespace detail {

template <int Level>
class zstd_encoder {
 public:
  zstd_encoder() = default;
  zstd_encoder(const zstd_encoder&) = delete;
  zstd_encoder& operator=(const zstd_encoder&) = delete;
  ~zstd_encoder() { ::ZSTD_freeCCtx(state_); }

  [[nodiscard]] bool reset() noexcept {
    if (state_ != nullptr) return ::ZSTD_isError(::ZSTD_CCtx_reset(state_, ZSTD_reset_session_only)) == 0;
    state_ = ::ZSTD_createCCtx();
    if (state_ == nullptr) return false;
    // Source: RFC 8878 section 3.1.1.1.2: a client need not take a window of more than 8 MiB.
    constexpr int most_window_log = 23;
    if (::ZSTD_isError(::ZSTD_CCtx_setParameter(state_, ZSTD_c_compressionLevel, Level)) != 0) return false;
    if (Level < 18) return true;  // their windows are smaller
    return ::ZSTD_isError(::ZSTD_CCtx_setParameter(state_, ZSTD_c_windowLog, most_window_log)) == 0;
  }
  [[nodiscard]] coded write(std::span<const std::byte> in, std::span<std::byte> out) noexcept {
    coded did = step(in, out, ::ZSTD_e_continue);
    did.done = did.taken == in.size();
    return did;
  }
  [[nodiscard]] coded flush(std::span<std::byte> out) noexcept { return step({}, out, ::ZSTD_e_flush); }
  [[nodiscard]] coded finish(std::span<std::byte> out) noexcept { return step({}, out, ::ZSTD_e_end); }

 private:
  [[nodiscard]] coded step(std::span<const std::byte> in, std::span<std::byte> out, ::ZSTD_EndDirective how) noexcept {
    ::ZSTD_inBuffer from{in.data(), in.size(), 0};
    ::ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t left = ::ZSTD_compressStream2(state_, &to, &from, how);
    return {from.pos, to.pos, left == 0};
  }

  ::ZSTD_CCtx* state_ = nullptr;
};

template <int Level>
struct zstd_words {
  static_assert(Level >= 1 && Level <= 22,
                "tenon::http::zstd::level<N>: zstd has the levels 1 to 22; write one of them");
  static constexpr std::string_view name = detail::zstd_name.token;
  static constexpr std::string_view suffix = detail::zstd_name.suffix;
  using encoder = zstd_encoder<Level>;
};

}  // namespace detail

/// The coding that costs least, by Facebook's library.
///
///     using my_codings = tenon::http::codings<tenon::http::zstd, tenon::http::gzip>;     // or zstd::level<9>
///
/// Cost     An encoder keeps its memory, a MiB or so at level 3: reset() takes none.
/// Errors   reset is false when there is no memory.
/// Source   RFC 8878, RFC 9659 (windows of 8 MiB at most).
struct zstd : detail::zstd_words<3> {
  template <int N>
  struct level : detail::zstd_words<N> {};
};

static_assert(content_coding<zstd> && content_coding<zstd::level<19>>);

}  // namespace tenon::http
