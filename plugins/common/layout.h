/* SPDX-License-Identifier: MIT */
/* Copyright 2026 The Blockstore authors */
/*
 * Where the objects of a store that has paths lie in it: immutable data at immutable/ab/cd/KEY, ab and cd being the key's
 * first digits; mutable records at mutable/ab/cd/LABEL, LABEL being the label of the data id (label.h) and ab and cd the
 * first digits of the SHA-256 of the id.  A million objects are then 16 to a directory.  Stores that keep to it can be
 * read by each other's drivers: a directory that one wrote, a server may serve to another.
 *
 * A part to copy into a driver: layout.h and layout.c, C99, which need label.h, label.c, url.h and url.c, libcrypto (link
 * with -lcrypto) and the C library.  Any number of threads may call these functions: they keep nothing.
 */
#ifndef BS_PLUGINS_LAYOUT_H
#define BS_PLUGINS_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include <blockstore/driver.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(hidden) /* a driver exports its entry point alone */

#define BS_LAYOUT_LABEL_LONGEST 200 /* bytes of a label */

/* A path relative to the store's root, without a slash in front. */
struct bs_layout {
  char path[sizeof "immutable/ab/cd/" + BS_LAYOUT_LABEL_LONGEST];
};

/* The most that a path takes when it is escaped for a URL, with its NUL: every %XX of a label becomes %25XX. */
#define BS_LAYOUT_ESCAPED_MAX (sizeof "mutable/ab/cd/" + (size_t)BS_LAYOUT_LABEL_LONGEST / 3 * 5 + BS_LAYOUT_LABEL_LONGEST % 3)

/* OK; or FAILED and a sentence: no key of 40 or 64 lower-case digits, an empty id. */
enum blockstore_status bs_layout_immutable(struct bs_layout *ret_layout, struct blockstore_call *call, const char *key);
enum blockstore_status bs_layout_mutable(struct bs_layout *ret_layout, struct blockstore_call *call, const char *data_id);

/* Takes a path that came out of a URL; false: it is none that bs_layout_mutable makes. */
bool bs_layout_take(struct bs_layout *ret_layout, const char *path);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
