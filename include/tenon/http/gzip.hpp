// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/content_coding.hpp>

#include <cassert>
#include <cstddef>
#include <span>
#include <string_view>

#if !__has_include(<zlib.h>)
#error "tenon::http::gzip: <zlib.h> is not here; install zlib1g-dev, or leave gzip out of codings<...>"
#endif
#include <zlib.h>

namespace tenon::http {

namespace detail {

/// An encoder of zlib's, in gzip's wrapping.
template <int Level>
class gzip_encoder {
 public:
  gzip_encoder() = default;
  gzip_encoder(const gzip_encoder&) = delete;
  gzip_encoder& operator=(const gzip_encoder&) = delete;
  ~gzip_encoder() {
    if (open_) ::deflateEnd(&state_);
  }

  [[nodiscard]] bool reset() noexcept {
    if (open_) return ::deflateReset(&state_) == Z_OK;
    constexpr int gzip_window = 15 + 16;
    constexpr int usual_memory = 8;
    open_ = ::deflateInit2(&state_, Level, Z_DEFLATED, gzip_window, usual_memory, Z_DEFAULT_STRATEGY) == Z_OK;
    return open_;
  }
  [[nodiscard]] coded write(std::span<const std::byte> in, std::span<std::byte> out) noexcept {
    coded did = step(in, out, Z_NO_FLUSH);
    did.done = did.taken == in.size();
    return did;
  }
  [[nodiscard]] coded flush(std::span<std::byte> out) noexcept {
    assert(out.size() >= 16 && "tenon::http::gzip: flush takes room for 16 bytes");
    coded did = step({}, out, Z_SYNC_FLUSH);
    did.done = did.made < out.size();  // as zlib's manual says
    return did;
  }
  [[nodiscard]] coded finish(std::span<std::byte> out) noexcept { return step({}, out, Z_FINISH); }

 private:
  [[nodiscard]] coded step(std::span<const std::byte> in, std::span<std::byte> out, int how) noexcept {
    constexpr std::size_t most = std::size_t{1} << 30;  // zlib counts in 32 bits
    if (in.size() > most) in = in.first(most);
    if (out.size() > most) out = out.first(most);
    state_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
    state_.avail_in = static_cast<uInt>(in.size());
    state_.next_out = reinterpret_cast<Bytef*>(out.data());
    state_.avail_out = static_cast<uInt>(out.size());
    const int said = out.empty() ? Z_BUF_ERROR : ::deflate(&state_, how);
    return {in.size() - state_.avail_in, out.size() - state_.avail_out, said == Z_STREAM_END};
  }

  ::z_stream state_{};
  bool open_ = false;
};

template <int Level>
struct gzip_words {
  static_assert(Level >= 1 && Level <= 9, "tenon::http::gzip::level<N>: zlib has the levels 1 to 9; write one of them");
  static constexpr std::string_view name = detail::gzip_name.token;
  static constexpr std::string_view suffix = detail::gzip_name.suffix;
  using encoder = gzip_encoder<Level>;
};

}  // namespace detail

/// The coding that every client takes, by zlib.
///
///     using my_codings = tenon::http::codings<tenon::http::gzip>;               // or gzip::level<9>
///
/// Cost     An encoder holds some 260 KiB, which zlib takes once: reset() takes none. Level 6, zlib's own choice.
/// Errors   reset is false when there is no memory. No content can make the others fail.
/// Source   RFC 1952, RFC 9110 section 8.4.1.3.
struct gzip : detail::gzip_words<6> {
  template <int N>
  struct level : detail::gzip_words<N> {};
};

static_assert(content_coding<gzip> && content_coding<gzip::level<1>>);

}  // namespace tenon::http
