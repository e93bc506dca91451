// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/http/detail/ascii.hpp>

#include <cstddef>
#include <string_view>

namespace tenon::http {

/// What the contents of a file are, by the end of its name.
///
///     tenon::http::media_type_of("/css/site.CSS")     // "text/css; charset=utf-8"
///
/// Shape    Text is said to be UTF-8. What is not known is "application/octet-stream".
/// Cost     A comparison for each of the some fifty endings.
/// Source   The registry of IANA; RFC 9239 (JavaScript).
[[nodiscard]] constexpr std::string_view media_type_of(std::string_view name) noexcept {
  struct known {
    std::string_view ending;
    std::string_view type;
  };
  constexpr known all[] = {
      {"html", "text/html; charset=utf-8"},
      {"css", "text/css; charset=utf-8"},
      {"js", "text/javascript; charset=utf-8"},
      {"json", "application/json"},
      {"png", "image/png"},
      {"svg", "image/svg+xml"},
      {"jpg", "image/jpeg"},
      {"jpeg", "image/jpeg"},
      {"webp", "image/webp"},
      {"avif", "image/avif"},
      {"gif", "image/gif"},
      {"ico", "image/x-icon"},
      {"woff2", "font/woff2"},
      {"woff", "font/woff"},
      {"ttf", "font/ttf"},
      {"otf", "font/otf"},
      {"mjs", "text/javascript; charset=utf-8"},
      {"map", "application/json"},
      {"wasm", "application/wasm"},
      {"htm", "text/html; charset=utf-8"},
      {"txt", "text/plain; charset=utf-8"},
      {"md", "text/markdown; charset=utf-8"},
      {"csv", "text/csv; charset=utf-8"},
      {"xml", "application/xml"},
      {"webmanifest", "application/manifest+json"},
      {"yaml", "application/yaml"},
      {"yml", "application/yaml"},
      {"pdf", "application/pdf"},
      {"zip", "application/zip"},
      {"gz", "application/gzip"},
      {"zst", "application/zstd"},
      {"tar", "application/x-tar"},
      {"mp4", "video/mp4"},
      {"webm", "video/webm"},
      {"ogv", "video/ogg"},
      {"mov", "video/quicktime"},
      {"mp3", "audio/mpeg"},
      {"ogg", "audio/ogg"},
      {"opus", "audio/ogg"},
      {"flac", "audio/flac"},
      {"wav", "audio/wav"},
      {"m4a", "audio/mp4"},
      {"weba", "audio/webm"},
      {"bmp", "image/bmp"},
      {"tif", "image/tiff"},
      {"tiff", "image/tiff"},
      {"ics", "text/calendar; charset=utf-8"},
      {"vtt", "text/vtt; charset=utf-8"},
      {"rtf", "application/rtf"},
      {"epub", "application/epub+zip"},
  };
  const std::size_t dot = name.find_last_of("./");
  if (dot != name.npos && name[dot] == '.') {
    for (const known& one : all) {
      if (detail::same_ignoring_case(name.substr(dot + 1), one.ending)) return one.type;
    }
  }
  return "application/octet-stream";
}

static_assert(media_type_of("a.b/c") == "application/octet-stream" && media_type_of("a.PNG") == "image/png");

}  // namespace tenon::http
