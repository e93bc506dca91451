// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace tenon {

/// What a stop request does to an operation that waits.
///
///     co_await peer.write_all(answer, deadline, tenon::on_stop::finish);
enum class on_stop : std::uint8_t {
  cancel,  ///< it ends with operation_canceled; the rule
  finish,  ///< it goes on to its end or its deadline: an answer that is half sent when the service drains
};

}  // namespace tenon
