// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <measure/harness.hpp>

/// What a request costs whole servers.
void add_server_cases(measure::suite& suite);
