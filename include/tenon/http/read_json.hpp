// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <tenon/core/result.hpp>
#include <tenon/http/buffer.hpp>
#include <tenon/http/context.hpp>
#include <tenon/http/json_limits.hpp>
#include <tenon/http/json_reader.hpp>
#include <tenon/http/parameters.hpp>
#include <tenon/http/request.hpp>
#include <tenon/http/response.hpp>
#include <tenon/http/status.hpp>
#include <tenon/task/task.hpp>

#include <utility>

namespace tenon::http {

/// The body of an exchange as JSON, parsed as it comes; what is wrong with it has been answered.
///
///     tenon::task<void> create(exchange& x) {
///       auto item = co_await http::read_json(x);
///       if (!item) co_return;                            // 400, 413 or 415 is sent, as the case may be
///       ...
///
/// Shape    As json_reader. A handler that answers errors in its own words takes that.
/// Errors   json_reader's. What the exchange's body was refused with is answered when the handler ends. A read that was
///          ended by a stop request, or by a timeout around it, has answered nothing.
template <class Exchange>
[[nodiscard]] task<result<boost::json::value>> read_json(Exchange& from, json_limits limits = {},
                                                         boost::json::storage_ptr memory = {}) {
  json_reader in(limits, std::move(memory));
  auto value = co_await in.read(from);
  if (value) co_return std::move(value);
  if (in.status() != status::ok && !from.is_cut() && from.refusal() == status::ok) {
    buffer room;
    const request asked = from.request();
    const parameters none;
    context c(asked, none, room);
    const response said = in.refusal(c);
    (void)co_await from.reply(said);
  }
  co_return value.error();
}

}  // namespace tenon::http
