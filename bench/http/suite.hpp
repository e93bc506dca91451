// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "measure/harness.hpp"

/// Heads of requests, parsed: ours, http-parser, Boost.Beast.
void add_parser_cases(measure::suite& suite);

/// Paths of a table of routes, looked up: both routers, and what programs without one do.
void add_router_cases(measure::suite& suite);
