/* SPDX-License-Identifier: MIT */
/* A strict reader of small YAML files: one document, no anchors, aliases, tags, directives or duplicate keys. */
#ifndef BS_CODEC_YAML_H
#define BS_CODEC_YAML_H

#include "core/base/buffer.h"

enum bs_yaml_kind { BS_YAML_SCALAR, BS_YAML_SEQUENCE, BS_YAML_MAPPING };

/* One node.  Owned by the document. */
struct bs_yaml {
  enum bs_yaml_kind kind;
  unsigned line;   /* from 1 */
  unsigned column; /* from 1 */
  char *text;      /* scalar: UTF-8 without NUL */
  bool plain;      /* scalar: unquoted; plain empty, "~" and "null" mean no value */
  size_t count;    /* items, or members */
  struct bs_yaml **keys;   /* mapping: scalars, one a member */
  struct bs_yaml **values; /* items, or members' values */
};

/* `file` is for messages ("FILE:LINE:COLUMN: ..."); word: config.  An empty document gives a mapping without members.
 * At most 1 MiB and depth 16. */
bool bs_yaml_read(struct bs_yaml **ret_root, const void *bytes, size_t length, const char *file,
                  struct bs_error *error);
void bs_yaml_free(struct bs_yaml *root);

/* The value of a mapping's member, or NULL. */
const struct bs_yaml *bs_yaml_find(const struct bs_yaml *mapping, const char *key);
bool bs_yaml_is_null(const struct bs_yaml *node);

#endif
