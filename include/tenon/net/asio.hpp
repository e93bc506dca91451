// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The door of Asio, the standalone one (Debian's libasio-dev): 1.22 or newer. Nothing of tenon includes it but what
/// the user includes by name: net/awaiting.hpp and net/asio_host.hpp.

#include <asio/associated_allocator.hpp>
#include <asio/async_result.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/version.hpp>

static_assert(ASIO_VERSION >= 102200,
              "tenon: Asio is older than 1.22, which is the first to cancel one operation alone");
