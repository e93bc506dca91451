// SPDX-License-Identifier: BSL-1.0
// Owns the precompiled header that all test binaries share.
