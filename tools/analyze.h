/* SPDX-License-Identifier: MIT */
/* What `make analyze` cannot see from outside core/base/error.c: these return false, always. */
#include <config.h>

#include "core/base/error.h"

#define bs_fail(...) (bs_fail(__VA_ARGS__), false)
#define bs_fail_as(...) (bs_fail_as(__VA_ARGS__), false)
#define bs_fail_errno(...) (bs_fail_errno(__VA_ARGS__), false)
#define bs_fail_memory(...) (bs_fail_memory(__VA_ARGS__), false)
#define bs_context(...) (bs_context(__VA_ARGS__), false)
