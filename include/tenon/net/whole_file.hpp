// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/net/file.hpp>
#include <tenon/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tenon {

namespace detail {

template <class R>
task<result<std::string>> read_whole_file(R& runtime, std::string path, time_point deadline) {
  auto file = co_await basic_file<R>::open(runtime, std::move(path), open_mode::read, deadline);
  if (!file) co_return file.error();
  const auto size = file->size();
  if (!size) co_return size.error();
  // One byte more than it says: that a read comes short is how its end is seen. /proc's files say 0.
  std::string text(static_cast<std::size_t>(*size) + 1 < 4096 ? 4096 : static_cast<std::size_t>(*size) + 1, '\0');
  std::size_t total = 0;
  for (;;) {
    const auto room = std::as_writable_bytes(std::span(text)).subspan(total);
    const auto got = co_await file->read_at(total, room, deadline);
    if (!got) co_return got.error();
    total += *got;
    if (*got < room.size()) break;
    text.resize(2 * text.size());
  }
  text.resize(total);
  co_return text;
}

template <class R>
task<result<void>> write_whole_file(R& runtime, std::string path, std::string_view text, time_point deadline) {
  constexpr open_mode anew = open_mode::write | open_mode::create | open_mode::truncate;
  auto file = co_await basic_file<R>::open(runtime, std::move(path), anew, deadline);
  if (!file) co_return file.error();
  const auto written = co_await file->write_all_at(0, std::as_bytes(std::span(text)), deadline);
  if (!written) co_return written.error();
  co_return co_await file->close();
}

}  // namespace detail

/// What a file holds, from its beginning to its end.
///
///     auto settings = co_await tenon::read_file(rt, "edge.conf", rt.now() + 1s);    // result<std::string>
///
/// Cost          That of `file`: open, and one read when its size is known. All of it is in memory at once.
/// Errors        no_such_file_or_directory, permission_denied, is_a_directory, ...; timed_out; operation_canceled.
template <class Runtime>
[[nodiscard]] task<result<std::string>> read_file(Runtime& runtime, std::string path, time_point deadline = never) {
  return detail::read_whole_file<typename Runtime::runtime>(runtime, std::move(path), deadline);
}

/// Makes a file hold `text`, which outlives the call, and nothing else. A crash may leave it empty or in part: to
/// replace a file whole, write another, `fsync` it, and rename(2) it.
template <class Runtime>
[[nodiscard]] task<result<void>> write_file(Runtime& runtime, std::string path, std::string_view text,
                                            time_point deadline = never) {
  return detail::write_whole_file<typename Runtime::runtime>(runtime, std::move(path), text, deadline);
}

}  // namespace tenon
