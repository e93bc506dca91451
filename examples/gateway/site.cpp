// SPDX-License-Identifier: BSL-1.0
#include "site.hpp"

#include <tenon/http/response.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace gateway {

namespace {

/// Appends a JSON string: RFC 8259 section 7. Bytes beyond ASCII go through as they are.
void append_json(http::buffer& out, std::string_view text) {
  out.append('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append('\\');
      out.append(c);
    } else if (byte < 0x20) {
      constexpr std::string_view digits = "0123456789abcdef";
      out.append("\\u00");
      out.append(digits[byte >> 4]);
      out.append(digits[byte & 15]);
    } else {
      out.append(c);
    }
  }
  out.append('"');
}

http::response text(const area& in, std::string_view body) {
  return {.to = in.asked, .content_type = "text/plain", .body = body};
}

http::response plaintext(area& in) { return text(in, "Hello, World!"); }

http::response json(area& in) {
  in.scratch.clear();
  in.scratch.append("{\"message\":");
  append_json(in.scratch, "Hello, World!");
  in.scratch.append('}');
  return {.to = in.asked, .content_type = "application/json", .body = in.scratch.view()};
}

http::response echo(area& in) {
  return {.to = in.asked,
          .content_type = in.asked.headers.find("content-type").value_or("application/octet-stream"),
          .body = in.asked.body};
}

/// The parameters of the path, decoded, as JSON: {"id":"42","post":"7"}.
http::response parameters(area& in) {
  in.scratch.clear();
  for (std::size_t i = 0; i < in.match.parameters.size(); ++i) {
    in.scratch.append(i == 0 ? '{' : ',');
    append_json(in.scratch, in.match.parameters.name(i));
    in.scratch.append(':');
    append_json(in.scratch, in.match.parameters[i]);
  }
  in.scratch.append('}');
  return {.to = in.asked, .content_type = "application/json", .body = in.scratch.view()};
}

http::response health(area& in) {
  return {.to = in.asked, .content_type = "application/json", .body = R"({"status":"up"})"};
}

/// Prometheus' text format.
http::response metrics(area& in) {
  in.scratch.clear();
  const auto line = [&](std::string_view name, std::uint64_t value) {
    in.scratch.append(name);
    in.scratch.append(' ');
    in.scratch.append_decimal(value);
    in.scratch.append('\n');
  };
  constexpr std::array<std::string_view, 6> names{"",
                                                  "gateway_answers_total{status=\"1xx\"}",
                                                  "gateway_answers_total{status=\"2xx\"}",
                                                  "gateway_answers_total{status=\"3xx\"}",
                                                  "gateway_answers_total{status=\"4xx\"}",
                                                  "gateway_answers_total{status=\"5xx\"}"};
  for (std::size_t kind = 1; kind < names.size(); ++kind) {
    std::uint64_t sum = 0;
    for (const area& each : in.at->areas()) sum += each.answers[kind].load(std::memory_order_relaxed);
    line(names[kind], sum);
  }
  const tenon::report report = in.at->runtime.report();
  line("gateway_connections_open", in.at->runtime.open_connections());
  line("gateway_uptime_milliseconds", static_cast<std::uint64_t>(report.uptime.count() / 1'000'000));
  line("gateway_workers", report.workers);
  line("gateway_tasks_run_total", report.all.tasks_run);
  line("gateway_tasks_stolen_total", report.all.tasks_stolen);
  line("gateway_received_bytes_total", report.all.bytes_received);
  line("gateway_sent_bytes_total", report.all.bytes_sent);
  const process_figures process = read_process_figures();
  line("gateway_allocations_total", process.allocations);
  line("process_resident_memory_bytes", process.resident_bytes);
  line("process_cpu_microseconds_total", static_cast<std::uint64_t>(process.cpu_s * 1e6));
  return {.to = in.asked, .content_type = "text/plain; version=0.0.4", .body = in.scratch.view()};
}

/// What is wrong with the request as a whole, if anything: the router says it with a status.
http::response refusal(const area& in) {
  http::response reply = http::error_response(in.match.status, in.asked);
  reply.allow = in.match.allow;
  return reply;
}

}  // namespace

site::site(host of, std::size_t workers) : runtime(std::move(of)), areas_(workers) {
  routes.add(http::method::get, "/plaintext", &plaintext).value();
  routes.add(http::method::get, "/json", &json).value();
  routes.add(http::method::get, "/users/{id}", &parameters).value();
  routes.add(http::method::get, "/users/{id}/posts/{post}", &parameters).value();
  routes.add(http::method::get, "/health", &health).value();
  routes.add(http::method::get, "/metrics", &metrics).value();
  for (std::size_t i = 0; i < http::method_count; ++i) {
    routes.add(static_cast<http::method>(i), "/echo", &echo).value();
  }
  for (area& each : areas_) {
    each.at = this;
    each.desks.reserve(kept_desks);
  }
}

parsed parse(arrived one) {
  area& in = one.in;
  in.seen = in.desk->parser.parse(in.desk->in.readable(), in.at->limits, in.asked);
  return {in};
}

routed route(parsed one) {
  area& in = one.in;
  if (in.seen.is_complete()) in.match = in.at->routes.match(in.asked.method, in.asked.path, in.decoded);
  return {in};
}

answered handle(routed one) {
  area& in = one.in;
  if (in.seen.is_failed()) {
    in.reply = http::error_response(in.seen.status);
  } else if (in.seen.is_complete()) {
    in.asked.keep_alive = in.asked.keep_alive && !in.last;
    in.reply = in.match ? (*in.match.target)(in) : refusal(in);
  }
  return {in};
}

http::verdict respond(answered one) {
  area& in = one.in;
  http::desk& desk = *in.desk;
  if (in.seen.is_more()) {
    desk.in.truncate(in.seen.bytes);
    if (desk.parser.take_continue()) desk.out.append(http::continue_line);
    return http::verdict::more;
  }
  http::respond(desk.out, in.reply, in.date.line());
  auto& tally = in.answers[static_cast<std::size_t>(in.reply.status) / 100];
  tally.store(tally.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (in.seen.is_failed()) return http::verdict::close;
  desk.in.consume(in.seen.bytes);
  return in.asked.keep_alive ? http::verdict::again : http::verdict::close;
}

}  // namespace gateway
