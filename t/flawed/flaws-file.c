/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/flawed/flaws.h"

const struct flaws flaws_file = {NULL, 0};
