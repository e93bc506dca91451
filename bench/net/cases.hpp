// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <measure/harness.hpp>

/// Timers set, set anew, and run out, with a thousand and with a million pending.
void add_timer_cases(measure::suite& suite);

/// What options of the backends are for: wake-ups between workers, and bulk.
void add_option_cases(measure::suite& suite);

/// Posts to a worker that sleeps and to one that is busy, and connections accepted.
void add_waking_cases(measure::suite& suite);
