/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * A sink that keeps nothing: it holds what comes against a source.  For a put that finds something in its place: what
 * stands there is believed to be the object only byte for byte.
 *
 * A part to copy into a driver: compare.h and compare.c, C99, which need the C library only.  One thread at a time uses a
 * struct bs_compare.
 */
#ifndef BS_PLUGINS_COMPARE_H
#define BS_PLUGINS_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

struct bs_compare {
  struct blockstore_sink sink; /* CANCELLED at the first difference; of a source that fails, its status */
  const struct blockstore_source *source;
  uint64_t offset;                /* bytes that were the same */
  bool differs;                   /* that is why it refused */
  enum blockstore_status status;  /* the source's */
};

/* The source stays the caller's, and is read until the last write. */
void bs_compare_begin(struct bs_compare *compare, const struct blockstore_source *source);

/* Whether all of the source came, once all that came was written. */
bool bs_compare_is_same(const struct bs_compare *compare);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
