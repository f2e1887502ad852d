/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * Labels: what stands for a data id in a store whose names are short and of few letters.  A label is the id itself, with
 * what is no small letter, digit or one of "_-." escaped as %XX: capitals too, for some stores fold them, and a dot at an
 * end, for some drop it.  Where that is too long it is "sha256=" and the digest of the id.  So labels can be read,
 * different ids have different ones, and none is hidden, climbs or is empty.
 *
 * A part to copy into a driver: label.h and label.c, C99, which need url.h and url.c, libcrypto (link with -lcrypto) and
 * the C library.  Any number of threads may call these functions: they keep nothing.
 */
#ifndef BS_PLUGINS_LABEL_H
#define BS_PLUGINS_LABEL_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

#define BS_LABEL_DIGITS 64    /* of a digest */
#define BS_LABEL_SHORTEST 71 /* the least that a store must have room for: "sha256=" and a digest */

/* SHA-256 of the id, lower-case digits and a NUL: spreads ids over directories, say. */
void bs_label_digest(char ret_digits[BS_LABEL_DIGITS + 1], const char *data_id);

/*
 * Makes the label of an id.
 * Out:  ret_label: longest + 1 bytes, NUL-terminated
 * In:   longest:   what the store has room for, BS_LABEL_SHORTEST bytes or more
 *       data_id:   1 byte or more
 */
void bs_label_make(char *ret_label, size_t longest, const char *data_id);

/* Could it be a label, of at most `longest` bytes?  For what comes out of a URL: it has no slash and no dot in front. */
bool bs_label_is(const char *label, size_t longest);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
