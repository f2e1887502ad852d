/* SPDX-License-Identifier: MIT */
/* Whatever takes outside bytes, with what it promises: a target takes any bytes, and aborts when a promise is broken. */
#ifndef BS_T_FUZZ_TARGETS_H
#define BS_T_FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef void (*bs_fuzz_target)(const uint8_t *bytes, size_t length);

/* json, yaml, user, route, mutable, note, metadata, transaction, payload, operation, key, blocks; NULL: none of these. */
bs_fuzz_target bs_fuzz_find(const char *name);
void bs_fuzz_blocks(const uint8_t *bytes, size_t length); /* t/fuzz/blocks.c */

#endif
