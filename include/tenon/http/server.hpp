// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/core/result.hpp>
#include <tenon/http/application.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/connection.hpp>
#include <tenon/http/context.hpp>
#include <tenon/http/desk.hpp>
#include <tenon/http/detail/desk_store.hpp>
#include <tenon/http/exchange.hpp>
#include <tenon/http/limits.hpp>
#include <tenon/http/responder.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/router.hpp>
#include <tenon/runtime/scope.hpp>
#include <tenon/runtime/worker_local.hpp>
#include <tenon/task/task.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

namespace tenon::http {

/// How much a server takes, and how long a client may take.
struct server_settings {
  http::limits limits{};  ///< body_bytes: of what a plain handler answers, for that is held in memory
  http::patience patience{};
  std::uint64_t streamed_body_bytes = std::uint64_t{1} << 40;  ///< of what a coroutine answers
};

/// Serves an application on a runtime.
///
///     http::server site(rt, pages);
///     co_await site.serve(edge::tcp_listener::bind(rt, {"127.0.0.1", 8080}).value());   // until a stop request
///
/// Shape         Of any door that accepts byte streams, of several at once where no handler names a stream.
/// Cost          A plain handler's request: no allocation, no frame, on a buffer that the worker lends. A coroutine's:
///               three frames while it runs. An idle connection holds nothing but its coroutine, see http::serve.
/// Threads       serve: any tasks of the runtime, any number. The server outlives them.
/// Errors        What a handler throws is on_error's, a 500 by default; what an `after` stage throws is a 500, and what
///               on_answered throws is dropped: none reaches the connection. serve gives the error that ended the
///               accepting, if it was not a stop.
/// Cancellation  A stop request ends the accepting; what is in hand is answered, with "Connection: close", and serve is
///               over when the last connection has gone.
template <class R, class App>
class server {
 public:
  server(R& runtime, App app, const server_settings& settings = {})
      : runtime_(runtime), app_(std::move(app)), settings_(settings), head_limits_(settings.limits), areas_(runtime) {
    if constexpr (App::has_streamed) head_limits_.body_bytes = settings.streamed_body_bytes;
    app_.add_to(routes_);
  }
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Accepts until it is asked to stop; then answers what is in hand, and gives back when the last connection has gone.
  template <class Door>
  [[nodiscard]] task<result<void>> serve(Door door) {
    static_assert(
        App::template takes<typename Door::stream>,
        "tenon::http::server: a handler takes http::context&, http::exchange<Stream>&, or both, where Stream is "
        "what the door accepts; write it so");
    scope<R> conns{runtime_};
    std::error_code why;
    for (;;) {
      auto peer = co_await door.accept();
      if (!peer) {
        why = peer.error();
        break;
      }
      conns.spawn(&begin<typename Door::stream>, std::move(*peer), this);
    }
    co_await conns.join();
    if (why == std::errc::operation_canceled) co_return result<void>();
    co_return why;
  }

  // what http::serve asks for

  [[nodiscard]] const http::patience& patience() const noexcept { return settings_.patience; }
  [[nodiscard]] const http::limits& limits() const noexcept { return head_limits_; }
  [[nodiscard]] desk& lend() { return areas_.here().places.lend(); }
  void take_back(desk& lent) noexcept { areas_.here().places.take_back(static_cast<place&>(lent)); }

  [[nodiscard]] verdict answer(desk& lent, bool last) {
    area& in = areas_.here();
    in.says.look_at_clock();
    auto& at = static_cast<place&>(lent);  // for lend() gives no others
    if (!last && at.parser.is_fresh() && at.known.begins(at.in.view()) && knows(at, in)) return answer_known(at, in);
    return answer_next(at, in, last);
  }

  template <class Stream>
    requires App::has_streamed
  [[nodiscard]] task<void> handle(exchange<Stream>& one) {
    buffer decoded;
    buffer room;
    const http::request asked = one.request();
    std::span<char> scratch;
    if (asked.path.find('%') != asked.path.npos) {
      const auto bytes = decoded.writable(asked.path.size());
      scratch = {reinterpret_cast<char*>(bytes.data()), bytes.size()};
    }
    const match found = routes_.match(asked.method, asked.path, scratch);
    context c(asked, found.parameters, room);
    receive(c, areas_.here());
    stamp(c, phase::routed);
    heading looks{this, &c};
    if constexpr (App::changes_heads) one.on_head(&heading::look, &looks);
    [[maybe_unused]] auto coding = coding_of(asked);
    if constexpr (App::codes) one.code_with(coding);
    std::optional<response> early;
    failure why;
#if defined(__cpp_exceptions)
    std::exception_ptr thrown;
    try {
#endif
      early = app_.run_before(c);
      if (!early) {
        task<void> handler = app_.stream(found.target->index, c, one);
        co_await std::move(handler);
      }
#if defined(__cpp_exceptions)
    } catch (...) {
      thrown = std::current_exception();
    }
#endif
    stamp(c, phase::handled);
    if (!one.has_begun() && !one.is_cut()) {
      if (!early) {
        if (one.refusal() != status::ok) why.status = one.refusal();
#if defined(__cpp_exceptions)
        if (thrown) why.status = status::internal_server_error;
        early = explain(c, why, thrown);
#else
        early = explain(c, why);
#endif
      }
      (void)co_await one.reply(*early);
    }
    c.answered_with(one.status(), one.answered_bytes());
    stamp(c, phase::answered);
    app_.run_answered(c);
  }

 private:
  using match = route_match<typename App::target>;
#if defined(__cpp_exceptions)
  using kept_exception = std::exception_ptr;
#else
  struct kept_exception {};
#endif

  /// A desk, and what is to be done with the head that it knows: where no body belongs to that, and a plain handler
  /// answers it, the same bytes are the same request and take the same route.
  struct place : desk {
    place* next = nullptr;   // of those that are free
    std::uint64_t seen = 0;  // which head it was
    bool is_known = false;   // whether that is such a one
    http::request asked;     // views of the known head
    match found;             // and so are its parameters
  };

  /// What one worker works with.
  struct area {
    responder says;
    buffer room;  // what handlers put together
    std::uint64_t requests = 0;
    detail::desk_store<place> places;
    std::array<char, 8 * 1024> decoded;  // of the path's parameters
  };

  template <class Stream>
  static task<void> begin(Stream peer, server* self) {
    return http::serve<Stream, server>(std::move(peer), *self);
  }

  /// Where an exchange's heads are seen.
  struct heading {
    server* self;
    context* c;
    static void look(void* of, response& head) {
      const auto& at = *static_cast<heading*>(of);
      at.self->app_.run_after(*at.c, head);
    }
  };

  void stamp(context& c, phase which) const noexcept {
    if constexpr (App::is_timed) c.stamp(which, runtime_.now());
  }
  void receive(context& c, area& in) const noexcept {
    if constexpr (App::is_timed) {
      c.stamp(phase::received, runtime_.now());
      c.number(std::uint64_t{runtime_.current()->index()} << 48 | ++in.requests);
    }
  }

  /// The head at the desk has come again. Whether all is known of it, what it takes to know it included.
  [[nodiscard]] bool knows(place& at, area& in) const noexcept {
    if (at.seen != at.known.number()) {
      at.seen = at.known.number();
      at.is_known = false;
      if (!at.known.is_all(settings_.limits)) return false;
      at.known.view(at.asked);
      if (at.asked.path.find('%') != at.asked.path.npos) return false;  // the decoded ones would not lie there
      at.found = routes_.match(at.asked.method, at.asked.path, in.decoded);
      at.is_known = !at.found || at.found.target->plain != nullptr;
    }
    return at.is_known;
  }

  /// Answers such a head, and again for as long as it comes.
  [[nodiscard]] verdict answer_known(place& at, area& in) {
    const std::size_t bytes = at.known.size();
    do {
      process(at, in, at.asked, at.found);
      at.in.consume(bytes);
    } while (at.asked.keep_alive && at.known.begins(at.in.view()) && at.out.size() < desk::answer_bytes);
    return at.asked.keep_alive ? verdict::again : verdict::close;
  }

  [[nodiscard]] verdict answer_next(place& at, area& in, bool last) {
    http::request asked;
    match found;
    if constexpr (App::has_streamed) {
      const progress head = at.parser.parse_head(at.in.readable(), head_limits_, asked);
      if (head.is_complete()) {
        found = routes_.match(asked.method, asked.path, in.decoded);
        if (found && found.target->plain == nullptr) return verdict::exchange;
        if (at.parser.content_length() > settings_.limits.body_bytes) {
          return refuse(at, in, status::content_too_large);
        }
      } else if (head.is_more()) {
        at.in.truncate(head.bytes);
        return verdict::more;
      } else {
        return refuse(at, in, head.status);
      }
    }
    const progress seen = at.parser.parse(at.in.readable(), settings_.limits, asked);
    if (seen.is_more()) {
      at.in.truncate(seen.bytes);
      if (at.parser.take_continue()) at.out.append(continue_line);
      return verdict::more;
    }
    if (seen.is_failed()) return refuse(at, in, seen.status);
    asked.keep_alive = asked.keep_alive && !last;
    if constexpr (!App::has_streamed) found = routes_.match(asked.method, asked.path, in.decoded);
    process(at, in, asked, found);
    at.in.consume(seen.bytes);
    return asked.keep_alive ? verdict::again : verdict::close;
  }

  /// Has a request answered whose route is known.
  void process(place& at, area& in, const http::request& asked, const match& found) {
    in.room.clear();
    context c(asked, found.parameters, in.room);
    receive(c, in);
    stamp(c, phase::routed);
    kept_exception thrown;
    response reply = produce(c, found, thrown);
    reply.to = asked;  // a handler need not say it
    stamp(c, phase::handled);
    write(at, in, c, reply);
  }

  /// What was thrown is in `thrown` then, for its words may stand in the answer.
  [[nodiscard]] response produce(context& c, const match& found, [[maybe_unused]] kept_exception& thrown) const {
#if defined(__cpp_exceptions)
    try {
#endif
      if constexpr (App::has_guards) {
        if (const auto early = app_.run_before(c)) return *early;
      }
      if (found) return found.target->plain(app_, c);
      response reply = explain(c, {.status = found.status});
      if (reply.allow.empty()) reply.allow = found.allow;
      return reply;
#if defined(__cpp_exceptions)
    } catch (...) {
      thrown = std::current_exception();
    }
    return explain(c, {}, thrown);
#endif
  }

  /// What on_error says; should that throw as well, the plain words.
#if defined(__cpp_exceptions)
  [[nodiscard]] response explain(context& c, failure why, const std::exception_ptr& thrown = nullptr) const {
    try {
      try {
        if (thrown) std::rethrow_exception(thrown);
      } catch (const std::exception& error) {
        why.what = error.what();
        return app_.run_on_error(c, why);
      } catch (...) {
        why.what = "an exception that is no std::exception";
        return app_.run_on_error(c, why);
      }
      why.what = reason(why.status);
      return app_.run_on_error(c, why);
    } catch (...) {
      return error_response(why.status, c.request());
    }
  }
#else
  [[nodiscard]] response explain(context& c, failure why) const {
    why.what = reason(why.status);
    return app_.run_on_error(c, why);
  }
#endif

  /// Bytes that are no request: without its head there is nothing but the answer.
  [[nodiscard]] verdict refuse(desk& at, area& in, status why) {
    const http::request nothing{.keep_alive = false};
    const http::parameters none;
    in.room.clear();
    context c(nothing, none, in.room);
    receive(c, in);
    stamp(c, phase::routed);
    response reply = explain(c, {.status = why});
    stamp(c, phase::handled);
    reply.to = {};
    write(at, in, c, reply);
    return verdict::close;
  }

  void write(desk& at, area& in, context& c, response& reply) {
    if constexpr (App::changes_heads) {
      const bool went = guarded([&] { app_.run_after(c, reply); });
      if (!went) reply = error_response(status::internal_server_error, reply.to);
    }
    if constexpr (App::codes) app_.run_coding(c, reply, coders_, in.room);
    in.says.respond(at.out, reply);
    if constexpr (App::is_timed) {
      c.answered_with(reply.status, reply.body.size());
      stamp(c, phase::answered);
      (void)guarded([&] { app_.run_answered(c); });
    }
  }

  /// What codes an exchange's answer, and is an empty thing where nothing does.
  [[nodiscard]] auto coding_of(const request& asked) {
    if constexpr (App::codes) {
      return app_.coding_of(asked, coders_);
    } else {
      return no_coding{};
    }
  }

  /// Calls a stage: false when it threw.
  template <class Stage>
  [[nodiscard]] static bool guarded(Stage stage) {
#if defined(__cpp_exceptions)
    try {
      stage();
    } catch (...) {
      return false;
    }
#else
    stage();
#endif
    return true;
  }

  struct no_coding {};

  R& runtime_;
  App app_;
  [[no_unique_address]] typename App::template coders<typename R::threading> coders_;
  server_settings settings_;
  http::limits head_limits_;
  router<typename App::target> routes_;
  worker_local<area, R> areas_;
};

template <class Runtime, class App>
server(Runtime&, App) -> server<typename Runtime::runtime, App>;
template <class Runtime, class App>
server(Runtime&, App, server_settings) -> server<typename Runtime::runtime, App>;

}  // namespace tenon::http
