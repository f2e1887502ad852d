/* SPDX-License-Identifier: MIT */
/*
 * The very bytes of a driver's file: its SHA-256, before any of its code runs.  It covers that file alone, not the
 * libraries that it needs.
 */
#ifndef BS_DRIVER_EXACT_H
#define BS_DRIVER_EXACT_H

#include "core/driver/catalog.h"

/* What a digest must look like, for messages. */
#define BS_EXACT_EXPECTED "a SHA-256, 64 hexadecimal digits in lower case"

/*
 * Sets the candidate's sha256 from the file, which must be the one that was vetted, and the same before and after; of one
 * that has it, nothing is read.  From then on bs_module_load gives a module of these bytes alone.  Words: driver (also of
 * one that is built in, as it has no file), io.
 */
bool bs_exact_digest(struct bs_candidate *candidate, struct bs_error *error);

/* Has the file this digest?  Word: driver; the message has both. */
bool bs_exact_check(struct bs_candidate *candidate, const unsigned char sha256[BS_SHA256_SIZE], struct bs_error *error);

#endif
