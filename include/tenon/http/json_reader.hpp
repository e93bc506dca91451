// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/http/detail/ascii.hpp>
#include <tenon/http/json_limits.hpp>
#include <tenon/http/request.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/status.hpp>
#include <tenon/task/task.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#if !__has_include(<boost/json.hpp>)
#error "tenon::http::json_reader: <boost/json.hpp> is not here; install libboost-json-dev (Debian 12: -json1.81-dev)"
#endif
#include <boost/json/parse_options.hpp>
#include <boost/json/serializer.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>

namespace tenon::http {

/// Parses a body of JSON as it comes, within bounds, and says what is wrong with it.
///
///     http::response create(http::context& c) {
///       http::json_reader in;
///       const auto item = in.read(c.request());          // result<boost::json::value>
///       if (!item) return in.refusal(c);                 // 400 "bad JSON at byte 17: syntax error", 413, or 415
///       ...
///
/// Shape    Of one body. The value lies in `memory`, which is Boost.JSON's default when it is not given; so does what
///          the parser needs.
/// Cost     Boost.JSON's: each byte is looked at once, none is kept. From an exchange: 4 KiB in the coroutine's frame.
/// Threads  One at a time.
/// Errors   wrong_protocol_type (415): the Content-Type is neither application/json nor ends with +json.
///          file_too_large (413): more bytes than the bound. What Boost.JSON says (400): no JSON, or too deep. Those
///          of the exchange: its body failed.
/// Source   RFC 8259; RFC 6839 section 3.1 (+json).
class json_reader {
 public:
  explicit json_reader(const json_limits& limits = {}, boost::json::storage_ptr memory = {})
      : most_(limits.body_bytes), parser_(memory, options(limits)) {
    parser_.reset(std::move(memory));
  }

  /// Whether a Content-Type stands for JSON.
  [[nodiscard]] static bool is_json(std::string_view content_type) noexcept {
    const std::string_view type = detail::trim(content_type.substr(0, content_type.find(';')));
    return detail::same_ignoring_case(type, "application/json") ||
           (type.size() > 5 && detail::same_ignoring_case(type.substr(type.size() - 5), "+json"));
  }

  /// The next piece of the body; false when it is refused.
  bool put(std::string_view piece) {
    if (status_ != http::status::ok) return false;
    if (piece.size() > most_ - bytes_) return refuse(http::status::content_too_large, std::errc::file_too_large);
    boost::system::error_code why;
    const std::size_t taken = parser_.write(piece.data(), piece.size(), why);
    bytes_ += why ? taken : piece.size();
    return why ? refuse_json(why) : true;
  }
  /// The body is over: what it says.
  [[nodiscard]] result<boost::json::value> finish() {
    if (status_ != http::status::ok) return why_;
    boost::system::error_code why;
    parser_.finish(why);
    if (!why) return parser_.release();
    (void)refuse_json(why);
    return why_;
  }

  /// The body of a request that is whole.
  [[nodiscard]] result<boost::json::value> read(const request& whole) {
    if (takes(whole)) (void)put(whole.body);
    return finish();
  }
  /// The body of an exchange, as it comes.
  template <class Exchange>
  [[nodiscard]] task<result<boost::json::value>> read(Exchange& from) {
    if (!takes(from.request())) co_return why_;
    std::array<std::byte, 4096> room;
    for (;;) {
      const auto n = co_await from.read_some(room);
      if (!n) {
        status_ = from.refusal();  // ok when the client has gone
        why_ = n.error();
        co_return why_;
      }
      if (*n == 0) break;
      if (!put({reinterpret_cast<const char*>(room.data()), *n})) co_return why_;
    }
    co_return finish();
  }

  /// ok; 400, 413 or 415; or what the exchange's body was refused with.
  [[nodiscard]] http::status status() const noexcept { return status_; }
  /// How many bytes were good.
  [[nodiscard]] std::uint64_t good_bytes() const noexcept { return bytes_; }

  /// The answer to who sent it; its words lie in the context's room.
  template <class Context>
  [[nodiscard]] response refusal(Context& c) const {
    const bool is_not_read = status_ == http::status::ok;  // a stop request, or a timeout, ended the reading
    response said = c.error(is_not_read ? http::status::request_timeout : status_);
    if (is_no_json_) {
      said = c.text("bad JSON at byte ", bytes_, ": ", why_.message(), "\n");
      said.status = status_;
    }
    if (status_ == http::status::unsupported_media_type) (void)said.headers.add("Accept", "application/json");
    return said;
  }

 private:
  static boost::json::parse_options options(const json_limits& limits) noexcept {
    boost::json::parse_options out;
    out.max_depth = limits.depth;
    return out;
  }
  bool takes(const request& head) {
    if (is_json(head.headers.find("content-type").value_or(std::string_view()))) return true;
    return refuse(http::status::unsupported_media_type, std::errc::wrong_protocol_type);
  }
  bool refuse(http::status status, std::errc why) noexcept {
    status_ = status;
    why_ = std::make_error_code(why);
    return false;
  }
  bool refuse_json(const boost::system::error_code& why) noexcept {
    status_ = http::status::bad_request;
    why_ = why;
    is_no_json_ = true;
    return false;
  }

  std::uint64_t most_;
  std::uint64_t bytes_ = 0;
  http::status status_ = http::status::ok;
  bool is_no_json_ = false;
  std::error_code why_;
  boost::json::stream_parser parser_;
};

}  // namespace tenon::http
