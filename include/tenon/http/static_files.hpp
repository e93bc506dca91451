// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/core/unique_fd.hpp>
#include <tenon/http/content_coding.hpp>
#include <tenon/http/detail/beneath.hpp>
#include <tenon/http/detail/percent.hpp>
#include <tenon/http/file_answer.hpp>
#include <tenon/http/media_type.hpp>
#include <tenon/http/method.hpp>
#include <tenon/http/request.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/send_file.hpp>
#include <tenon/http/status.hpp>
#include <tenon/task/task.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

namespace tenon::http {

/// What a directory of files does beyond the plain.
struct static_options {
  std::string index = "index.html";  ///< sent for a directory; none when empty
  std::string cache_control{};       ///< said with each file; none when empty
  bool precompressed = false;        ///< `name.br`, `name.zst`, `name.gz` beside `name` are sent to who accepts them
  bool follows_links = false;        ///< symbolic links are followed, as long as they stay below the root
  bool shows_hidden = false;         ///< names that begin with a dot are served too; `.well-known` always is
};

/// The files below a directory, for GET and HEAD.
///
///     auto files = tenon::http::static_files::open("/srv/www").value();
///     co_await files.serve(x, x.request().path);          // in a handler: x is an exchange; or what follows a prefix
///
/// Shape         A descriptor of the root, which may be renamed meanwhile. The path is as it came in the request: it is
///               decoded here. Type by the name's end, strong ETag from size and time of modification, Last-Modified,
///               ranges, and what `static_options` asks for. A directory without its last '/' is answered 308.
/// Cost          An open(2) and an fstat(2) where the task stands, and one open(2) more for each precompressed form
///               that is accepted and not there. Up to 16 KiB are sent with the head, in one call; more, by
///               sendfile(2), never comes into the program, however slowly the client reads.
/// Threads       Any number at once.
/// Errors        404: what is not there, is no regular file, may not be read or would lead out of the root; 405; 406,
///               412, 416. A file that becomes shorter while it is sent ends the connection.
/// Cancellation  That of the exchange.
/// Source        openat2(2) (RESOLVE_BENEATH; before Linux 5.6, or where it is forbidden, each name is opened by itself
///               and no link is followed).
class static_files {
 public:
  /// A file that was found: `status` says what became of the search, and the rest is there when that is ok.
  struct found {
    http::status status = http::status::not_found;
    unique_fd file;
    file_facts facts;
    bool is_directory = false;  ///< it was asked for without its last '/'
  };

  static result<static_files> open(const char* root, static_options options = {}) {
    unique_fd fd(::open(root, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return error_of(errno);
    return static_files(std::move(fd), std::move(options));
  }
  static_files(static_files&& other) noexcept
      : root_(std::move(other.root_)),
        options_(std::move(other.options_)),
        seed_(other.seed_.load(std::memory_order_relaxed)) {}

  /// The file that a request's path names, in the form that its client takes.
  [[nodiscard]] found find(const request& asked, std::string_view path) const {
    found out;
    if (asked.method != method::get && asked.method != method::head) {
      out.status = status::method_not_allowed;
      return out;
    }
    std::array<char, longest_path> room;
    std::size_t size = decode(path, room);
    if (size == 0) return out;
    std::string_view name(room.data() + 1, size - 1);
    if (name.empty() || name.back() == '/') {
      if (options_.index.empty() || size + options_.index.size() + longest_suffix > room.size()) return out;
      options_.index.copy(room.data() + size, options_.index.size());
      size += options_.index.size();
      name = {room.data() + 1, size - 1};
    }
    out.facts.media_type = media_type_of(name);
    out.facts.cache_control = options_.cache_control;
    if (options_.precompressed) {
      choose(asked, {room.data() + 1, room.size() - 1}, name.size(), out);
    } else {
      take(name, out);
    }
    return out;
  }

  /// Answers the request of an exchange.
  template <class Exchange>
  [[nodiscard]] task<result<void>> serve(Exchange& x, std::string_view path) const {
    const found file = find(x.request(), path);
    if (file.status != status::ok) {
      const auto said = co_await refuse(x, file);
      co_return said;
    }
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    file_answer answer(x.request(), file.facts, now, next_seed());
    if (answer.is_head_alone()) {
      const auto said = co_await x.reply(answer.head());
      co_return said;
    }
    const result<void> begun = x.begin(answer.head(), answer.body_bytes());
    if (!begun) co_return begun.error();
    if (x.request().method == method::get) {
      for (std::size_t i = 0; i < answer.pieces(); ++i) {
        const file_answer::piece piece = answer.at(i);
        if (!piece.text.empty()) {
          const auto sent = co_await x.write(piece.text);
          if (!sent) co_return sent.error();
        }
        if (piece.part.count == 0) continue;
        const auto sent = co_await send_file(x, file.file.get(), piece.part.first, piece.part.count);
        if (!sent) co_return sent.error();
      }
    }
    const auto ended = co_await x.finish();
    co_return ended;
  }

 private:
  static constexpr std::size_t longest_path = 4096;
  static constexpr std::size_t longest_suffix = 4;

  static_files(unique_fd root, static_options options) : root_(std::move(root)), options_(std::move(options)) {
    std::uint64_t seed = 0;
    if (::getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed) {
      seed = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    }
    seed_.store(seed, std::memory_order_relaxed);
  }

  /// Another number each time (splitmix64).
  [[nodiscard]] std::uint64_t next_seed() const noexcept {
    std::uint64_t z = seed_.fetch_add(0x9e3779b97f4a7c15U, std::memory_order_relaxed);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  /// The path, decoded, with its '/'; 0 when it cannot be the name of a file of ours.
  [[nodiscard]] std::size_t decode(std::string_view path, std::span<char> room) const noexcept {
    if (path.empty() || path[0] != '/' || path.size() + longest_suffix > room.size()) return 0;
    const std::size_t size = detail::percent_decode(path, room.data());
    if (size == detail::bad_escape || std::string_view(room.data(), size).find('\0') != std::string_view::npos)
      return 0;
    return is_served({room.data(), size}) ? size : 0;
  }
  /// No name of it is empty, "." or "..", nor, unless that is wanted, hidden.
  [[nodiscard]] bool is_served(std::string_view path) const noexcept {
    while (!path.empty()) {
      path.remove_prefix(1);
      const std::string_view name = path.substr(0, path.find('/'));
      path.remove_prefix(name.size());
      if (name.empty()) return path.empty();
      if (name[0] != '.') continue;
      if (name == "." || name == "..") return false;
      if (!options_.shows_hidden && name != ".well-known") return false;
    }
    return true;
  }

  /// Opens a name below the root: true when it is a file that can be sent.
  bool take(std::string_view name, found& out) const noexcept {
    out.file = unique_fd(detail::open_beneath(root_.get(), name, options_.follows_links));
    struct stat about{};
    if (!out.file || ::fstat(out.file.get(), &about) != 0) return false;
    if (!S_ISREG(about.st_mode)) {
      out.is_directory = S_ISDIR(about.st_mode);
      return false;
    }
    out.facts.size = static_cast<std::uint64_t>(about.st_size);
    out.facts.modified_nanoseconds = std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec;
    out.status = status::ok;
    return true;
  }

  /// Takes the best of the forms that are there; `room` begins with the name, of `size` bytes.
  void choose(const request& asked, std::span<char> room, std::size_t size, found& out) const noexcept {
    const auto accept = asked.headers.find("accept-encoding");
    auto left = detail::known_codings;
    coding_choice choice;
    for (std::size_t count = left.size();; --count) {
      if (accept) choice = detail::choose_coding(*accept, count, [&left](std::size_t i) { return left[i].token; });
      if (choice.index >= count) break;
      const auto [token, suffix] = left[choice.index];
      suffix.copy(room.data() + size, suffix.size());
      if (take({room.data(), size + suffix.size()}, out)) {
        out.facts.coding = token;
        out.facts.varies = true;
        return;
      }
      for (std::size_t i = choice.index + 1; i < count; ++i) left[i - 1] = left[i];  // "*" must not mean it again
    }
    out.is_directory = false;
    if (!take({room.data(), size}, out)) return;
    out.facts.varies = true;
    if (!choice.is_acceptable()) out.status = status::not_acceptable;
  }

  template <class Exchange>
  static task<result<void>> refuse(Exchange& x, const found& file) {
    const request& asked = x.request();
    response reply = error_response(file.status, asked);
    std::string target;
    // Not for one that begins with "//": that would be another host.
    if (file.is_directory && !asked.path.starts_with("//")) {
      target = std::string(asked.path) + "/";
      if (!asked.query.empty()) target += "?" + std::string(asked.query);
      reply = error_response(status::permanent_redirect, asked);
      if (!reply.headers.add("Location", target)) reply = error_response(status::not_found, asked);
    }
    if (file.status == status::method_not_allowed) {
      reply.allow.add(method::get);
      reply.allow.add(method::head);
    }
    if (file.status == status::not_acceptable) (void)reply.headers.add("Vary", "Accept-Encoding");
    const auto said = co_await x.reply(reply);
    co_return said;
  }

  unique_fd root_;
  static_options options_;
  mutable std::atomic<std::uint64_t> seed_{0};
};

}  // namespace tenon::http
