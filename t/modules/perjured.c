/* SPDX-License-Identifier: MIT */
/* perjured: the store that lies (lying.c), but promising to show at once what was put. */
#define LYING_UNDER_ANOTHER_NAME
#include "t/modules/lying.c"

BLOCKSTORE_REGISTER_DRIVER(perjured, lying_driver, LYING_METADATA BLOCKSTORE_CAPABILITY_CONSISTENT);
