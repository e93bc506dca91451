// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/clock.hpp>
#include <tenon/http/connection_pool.hpp>
#include <tenon/http/limits.hpp>

#include <chrono>

namespace tenon::http {

/// How long a server may take.
struct client_times {
  duration connect = std::chrono::seconds(10);  ///< to be connected to, its name's look-up and its TLS among it
  duration head = std::chrono::seconds(30);     ///< from the end of the request to the end of the answer's head
  duration body = std::chrono::seconds(30);     ///< to take, or to send, the next piece of a body
  duration whole = duration::zero();            ///< for all of it, retries, redirects and the body; zero: no such bound
};

/// When a request is sent again: it is idempotent, or none of it was sent; and nobody answered, or 429, 502, 503 or 504
/// did.
///
/// Pauses   `first`, twice as long each time, and of that a random part between the half and the whole. What a server
///          says in Retry-After counts instead. Where the pause would be over `longest`, or the time of `whole` be over
///          in it, there is no more retry.
struct retry_plan {
  unsigned times = 2;  ///< at most, after the first try
  duration first = std::chrono::milliseconds(100);
  duration longest = std::chrono::seconds(5);
};

/// Settings of an http::client.
struct client_settings {
  pool_limits pool{};  ///< of each worker
  client_times times{};
  retry_plan retry{};
  unsigned redirects = 0;  ///< how many are followed; zero: they are answers like others
  http::limits limits{};   ///< of an answer's head: head_bytes and header_count
};

static_assert(client_settings{}.redirects == 0);

}  // namespace tenon::http
