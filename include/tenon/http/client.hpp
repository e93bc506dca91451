// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/http/client_errc.hpp>
#include <tenon/http/client_request.hpp>
#include <tenon/http/client_response.hpp>
#include <tenon/http/client_settings.hpp>
#include <tenon/http/connection_pool.hpp>
#include <tenon/http/connector.hpp>
#include <tenon/http/response_parser.hpp>
#include <tenon/http/retry_after.hpp>
#include <tenon/http/url.hpp>
#include <tenon/runtime/worker_local.hpp>
#include <tenon/task/sleep_for.hpp>
#include <tenon/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace tenon::http {

/// An HTTP/1.1 client: requests out, answers in, over connections that are kept.
///
///     tenon::http::client<edge> web{rt};
///     auto answer = co_await web.get("http://127.0.0.1:8080/users/42");
///     if (!answer || !answer->is_success()) co_return;
///     auto text = co_await answer->read_all(1 << 20);
///
/// Shape         Connector makes the connections: plain TCP, or what gives a stream with the members of tcp_stream.
///               Each worker has a pool of its own, so that a connection stays where its descriptor is; the limits of
///               the pool are of each worker.
/// Cost          A request on a kept connection: a look whether it is still open, a write and a read, one lock of the
///               worker's own (none under single_thread); no allocation once its buffers are warm.
/// Threads       Any tasks of the runtime, at once. It outlives its answers.
/// Retries       A kept connection whose server has closed meanwhile is replaced by a new one, once, if the request is
///               idempotent or none of it was sent. All else as `retry_plan` says.
/// Redirects     Off. Followed, a 303, and a 301 or 302 to a POST, goes on as GET; another server gets no Authorization
///               and no Cookie; a body from a source is not sent twice.
/// Errors        client_errc; timed_out; those of the connector, of connect and of the stream. invalid_argument: a URL
///               or a header that cannot be sent. Any status is an answer.
/// Cancellation  operation_canceled, wherever it is; the connection in use is closed.
/// Source        RFC 9110, RFC 9112.
template <class R, class Connector = tcp_connector<typename R::runtime>>
class client {
 public:
  using runtime = typename R::runtime;
  using stream = typename Connector::stream;
  using response = client_response<runtime, stream>;
  static constexpr bool connects = connector_for<Connector, runtime>;
  static_assert(connects,
                "tenon::http::client<R, Connector>: connect(runtime, origin, deadline) has to give "
                "task<result<Connector::stream>>; see tenon::http::tcp_connector");

  explicit client(runtime& rt, const client_settings& how = {}, Connector by = {})
      : runtime_(rt), settings_(how), connector_(std::move(by)), pools_(rt) {
    pools_.each([&how](pool& one) { one.set(how.pool); });
  }

  /// Sends a request and reads the head of its answer.
  [[nodiscard]] task<result<response>> fetch(client_request asked) { return follow<nothing>(asked, nullptr); }
  /// The same with a body from `source`, whose read_some(span) is awaited until it gives 0: a stream, an answer of
  /// another server, your own.
  template <class Source>
  [[nodiscard]] task<result<response>> fetch(client_request asked, Source& source) {
    return follow<Source>(asked, &source);
  }
  [[nodiscard]] task<result<response>> get(std::string_view url) {
    client_request asked;
    asked.url = url;
    return follow<nothing>(asked, nullptr);
  }

  /// Closes what is idle on this worker: all of it, or what has been so for the settings' idle_time. What is used
  /// again sees to that by itself; a program that goes quiet calls this.
  void close_idle() { pools_.here().close_idle(); }
  void close_expired() { pools_.here().close_idle(runtime_.now() - settings_.pool.idle_time); }
  /// How many connections this worker keeps.
  [[nodiscard]] std::size_t idle() { return pools_.here().idle(); }

  [[nodiscard]] runtime& where() const noexcept { return runtime_; }

 private:
  using pool = connection_pool<runtime, stream>;
  using lease = typename pool::lease;
  using block = typename pool::block;

  struct nothing {};

  /// A request on its way: what is true of all its tries, and how far this one came.
  template <class Source>
  struct errand {
    client_request asked;
    url to;
    Source* source;
    time_point whole;
    bool elsewhere = false;  // a redirect has led to another server
    bool sent = false;       // some of it has gone, perhaps
    bool heard = false;      // something has come
    bool drawn = false;      // the source was asked, and cannot be asked again

    [[nodiscard]] bool may_repeat() const noexcept { return !drawn && (!sent || is_idempotent(asked.method)); }
  };

  [[nodiscard]] static time_point sooner(time_point a, time_point b) noexcept { return a < b ? a : b; }
  [[nodiscard]] time_point within(duration length) const { return tenon::detail::after(runtime_.now(), length); }

  template <class Source>
  task<result<response>> follow(client_request asked, Source* source) {
    errand<Source> it{asked, {}, source, never};
    if (settings_.times.whole > duration::zero()) it.whole = within(settings_.times.whole);
    const auto first = url::parse(asked.url);
    if (!first) co_return first.error();
    it.to = *first;
    std::string moved;
    for (unsigned redirects = 0;; ++redirects) {
      auto answer = co_await persist(it);
      if (!answer || settings_.redirects == 0) co_return std::move(answer);
      const auto location = redirection(*answer, it);
      if (!location) co_return std::move(answer);
      if (redirects == settings_.redirects) co_return make_error_code(client_errc::too_many_redirects);
      auto next = resolve_location(it.to, *location);
      if (!next || !go_to(it, *next, answer->status())) co_return make_error_code(client_errc::bad_redirect);
      const auto rest = co_await answer->discard();
      if (!rest && rest.error() == std::errc::operation_canceled) co_return rest.error();
      moved = std::move(*next);
      it.to = *url::parse(moved);
    }
  }

  /// Whether a redirect makes another request a GET.
  [[nodiscard]] static bool makes_get(method asked, status code) noexcept {
    const bool is_moved = code == status::moved_permanently || code == status::found;
    return (code == status::see_other && asked != method::head) || (asked == method::post && is_moved);
  }
  /// Where an answer leads, if it does and the request can go there.
  template <class Source>
  [[nodiscard]] static std::optional<std::string_view> redirection(const response& answer, const errand<Source>& it) {
    const auto code = answer.status();
    const bool leads = code == status::moved_permanently || code == status::found || code == status::see_other ||
                       code == status::temporary_redirect || code == status::permanent_redirect;
    if (!leads || (it.drawn && !makes_get(it.asked.method, code))) return std::nullopt;
    return answer.headers().find("location");
  }
  template <class Source>
  [[nodiscard]] static bool go_to(errand<Source>& it, std::string_view where, status code) {
    const auto next = url::parse(where);
    if (!next || (it.to.secure && !next->secure)) return false;
    if (!next->same_origin(it.to)) it.elsewhere = true;
    if (makes_get(it.asked.method, code)) {
      it.asked.method = method::get;
      it.asked.body = {};
      it.asked.content_type = {};
      it.source = nullptr;
      it.drawn = false;
    }
    return true;
  }

  /// Tries until there is an answer, or no more retry.
  template <class Source>
  task<result<response>> persist(errand<Source>& it) {
    for (unsigned failed = 0;; ++failed) {
      it.sent = it.heard = false;
      auto answer = co_await attempt(it);
      const auto pause = pause_before_retry(answer, it, failed);
      if (!pause) co_return std::move(answer);
      if (answer) {
        const auto rest = co_await answer->discard();
        if (!rest && rest.error() == std::errc::operation_canceled) co_return rest.error();
      }
      const bool slept = co_await sleep_for(*pause);
      if (!slept) co_return std::make_error_code(std::errc::operation_canceled);
    }
  }

  template <class Source>
  [[nodiscard]] std::optional<duration> pause_before_retry(const result<response>& answer, const errand<Source>& it,
                                                           unsigned failed) const {
    const retry_plan& plan = settings_.retry;
    if (failed >= plan.times) return std::nullopt;
    duration pause = plan.first;
    for (unsigned i = 0; i < failed && pause < plan.longest; ++i) pause *= 2;
    if (pause > plan.longest) pause = plan.longest;
    // many clients that failed at once must not come back at once
    std::uint64_t mixed = static_cast<std::uint64_t>(runtime_.now().time_since_epoch().count()) ^
                          static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&it));
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebU;
    pause = pause / 2 +
            duration(static_cast<duration::rep>((mixed >> 11) % static_cast<std::uint64_t>(pause.count() / 2 + 1)));
    if (answer) {
      const auto code = answer->status();
      if (code != status::too_many_requests && code != status::bad_gateway && code != status::service_unavailable &&
          code != status::gateway_timeout) {
        return std::nullopt;
      }
      if (it.drawn || !is_idempotent(it.asked.method)) return std::nullopt;
      if (const auto asked = retry_after(answer->headers())) pause = *asked;
    } else {
      const std::error_code why = answer.error();
      const bool is_passing = why == std::errc::connection_refused || why == std::errc::connection_reset ||
                              why == std::errc::connection_aborted || why == std::errc::broken_pipe ||
                              why == std::errc::timed_out || why == std::errc::host_unreachable ||
                              why == std::errc::network_unreachable;
      if (!is_passing || !it.may_repeat()) return std::nullopt;
    }
    if (pause > plan.longest || (it.whole != never && within(pause) >= it.whole)) return std::nullopt;
    return pause;
  }

  /// One try: on a kept connection if there is one, on a new one if that turns out to be dead.
  template <class Source>
  task<result<response>> attempt(errand<Source>& it) {
    const origin to{it.to.host, it.to.port, it.to.secure};
    const time_point until = sooner(it.whole, within(settings_.times.connect));
    auto held = co_await pools_.here().take(to, runtime_, until);
    if (!held) co_return held.error();
    const look how = is_idempotent(it.asked.method) && it.source == nullptr ? look::once : look::again;
    if (it.asked.upgrade.empty() && held->reuse(runtime_.now(), how)) {
      auto answer = co_await converse(*held, it);
      const bool is_stale = !answer && !it.heard &&
                            (answer.error() == std::errc::connection_reset || answer.error() == std::errc::broken_pipe);
      if (!is_stale || !it.may_repeat()) co_return std::move(answer);
      held->drop();
      it.sent = false;
    }
    auto made = co_await connector_.connect(runtime_, to, until);
    if (!made) co_return made.error();
    held->adopt(std::move(*made));
    co_return co_await converse(*held, it);
  }

  /// Sends the request and reads the head of its answer. Only an answer takes the connection along.
  template <class Source>
  task<result<response>> converse(lease& held, errand<Source>& it) {
    block desk(held.pool());
    buffer& io = desk.bytes;
    const auto sent = co_await send(held.stream(), io, it);
    // a server that refuses a body answers, and closes: what it said is worth more than that it closed
    const bool is_over =
        sent || (it.sent && (sent.error() == std::errc::broken_pipe || sent.error() == std::errc::connection_reset));
    if (!is_over) co_return sent.error();
    const bool whole = sent && *sent;
    const time_point until = sooner(it.whole, within(settings_.times.head));
    response_parser parser;
    for (unsigned interim = 0;;) {
      const progress seen = parser.parse(io.view(), settings_.limits, it.asked.method == method::head);
      if (seen.is_failed()) {
        const bool large = seen.status == status::request_header_fields_too_large;
        co_return make_error_code(large ? client_errc::response_too_large : client_errc::bad_response);
      }
      if (seen.is_complete()) {
        response_head head;
        parser.view(io.view().data(), head);
        if (code_of(head.status) >= 200 || head.status == status::switching_protocols) {
          if (code_of(head.status) < 200 && it.asked.upgrade.empty())
            co_return make_error_code(client_errc::bad_response);
          head.keep_alive = head.keep_alive && whole;
          co_return response(std::move(held), std::move(desk), seen.bytes, head, settings_.times.body, it.whole);
        }
        if (++interim > most_interim) co_return make_error_code(client_errc::bad_response);
        io.consume(seen.bytes);
        parser.reset();
        continue;
      }
      const auto n = co_await held.stream().read_some(io.writable(read_bytes), until);
      if (!n) co_return sent ? n.error() : sent.error();
      if (*n == 0) co_return sent ? make_error_code(client_errc::closed_early) : sent.error();
      it.heard = true;
      io.commit(*n);
    }
  }

  /// Sends the request; what has come of an answer meanwhile is left in `io`. False: the server answered before all of
  /// it was sent.
  template <class Source>
  task<result<bool>> send(stream& to, buffer& io, errand<Source>& it) {
    constexpr bool is_streamed = !std::is_same_v<Source, nothing>;
    const bool streams = is_streamed && it.source != nullptr;
    const auto written = write_request(io, it.asked, it.to, streams, it.elsewhere);
    if (!written) co_return written.error();
    std::string_view body = streams ? std::string_view() : it.asked.body;
    if (body.size() <= inline_bytes) {
      io.append(body);
      body = {};
    }
    const auto first = to.try_write_some(io.bytes());
    if (!first && first.error() != std::errc::operation_would_block) co_return first.error();
    it.sent = true;
    if (first) io.consume(*first);
    if (!io.empty()) {
      const auto rest = co_await to.write_all(io.bytes(), sooner(it.whole, within(settings_.times.body)));
      io.clear();  // what could not be sent is no answer
      if (!rest) co_return rest.error();
    }
    while (!body.empty()) {
      const auto piece = body.substr(0, piece_bytes);
      const auto sent =
          co_await to.write_all(std::as_bytes(std::span(piece)), sooner(it.whole, within(settings_.times.body)));
      if (!sent) co_return sent.error();
      body.remove_prefix(piece.size());
      if (!body.empty() && was_answered(to, io, it)) co_return false;
    }
    if constexpr (is_streamed) {
      if (streams) co_return co_await pour(to, io, it);
    }
    co_return true;
  }

  /// Sends the body that comes from the source.
  template <class Source>
  task<result<bool>> pour(stream& to, buffer& io, errand<Source>& it) {
    constexpr std::size_t size_line = 10;  // eight digits, CR, LF
    const bool chunked = it.asked.source_bytes == client_request::unknown;
    std::uint64_t left = it.asked.source_bytes;
    block desk;
    it.drawn = true;
    for (;;) {
      desk.bytes.clear();
      const auto room = desk.bytes.writable(size_line + source_bytes + 7);
      const bool is_short = !chunked && left < source_bytes;
      const std::size_t most = is_short ? static_cast<std::size_t>(left) : source_bytes;
      std::size_t came = 0;
      if (most != 0) {
        const auto n = co_await it.source->read_some(room.subspan(size_line, most));
        if (!n) co_return n.error();
        came = *n;
      }
      if (!chunked && came == 0) {
        if (left != 0) co_return std::make_error_code(std::errc::invalid_argument);  // less than was announced
        co_return true;
      }
      std::span<std::byte> piece = room.subspan(size_line, came);
      if (chunked) piece = frame_chunk(room, came);
      const auto sent = co_await to.write_all(piece, sooner(it.whole, within(settings_.times.body)));
      if (!sent) co_return sent.error();
      if (chunked && came == 0) co_return true;
      left -= chunked ? 0 : came;
      if (was_answered(to, io, it)) co_return false;
    }
  }
  /// A chunk around the `size` bytes that stand behind the room for its size line; the last one when there are none.
  [[nodiscard]] static std::span<std::byte> frame_chunk(std::span<std::byte> room, std::size_t size) noexcept {
    char* const text = reinterpret_cast<char*>(room.data());
    for (std::size_t i = 0; i < 8; ++i) text[i] = "0123456789abcdef"[size >> (28 - 4 * i) & 15];
    text[8] = '\r';
    text[9] = '\n';
    text[10 + size] = '\r';
    text[11 + size] = '\n';
    return room.first(size + 12);
  }

  /// Whether a final answer has begun to come: there is no use in sending more.
  template <class Source>
  [[nodiscard]] bool was_answered(stream& from, buffer& io, errand<Source>& it) {
    if (io.size() < early_bytes) {
      const auto n = from.try_read_some(io.writable(read_bytes));
      if (!n || *n == 0) return n.has_value();  // closed: the answer, or that there is none, comes next
      it.heard = true;
      io.commit(*n);
    }
    return io.size() >= early_bytes && io.view()[early_bytes - 1] != '1';
  }

  static constexpr unsigned most_interim = 16;
  static constexpr std::size_t read_bytes = 4096;
  static constexpr std::size_t inline_bytes = 16 * 1024;
  static constexpr std::size_t piece_bytes = 256 * 1024;
  static constexpr std::size_t source_bytes = 16 * 1024;
  static constexpr std::size_t early_bytes = 10;  // "HTTP/1.1 2"

  runtime& runtime_;
  client_settings settings_;
  Connector connector_;
  worker_local<pool, runtime> pools_;
};

}  // namespace tenon::http
