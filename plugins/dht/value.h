/* SPDX-License-Identifier: MIT */
/*
 * A value of ours under a key of the DHT, where anybody's may stand: the letters "BSv1", the object's kind, the version
 * that its writer claims (8 bytes, big-endian; 0 of immutable data), and the object's bytes.  A node's proxy shows it as
 * one line of JSON, with all of that in base64.
 */
#ifndef BS_PLUGINS_DHT_VALUE_H
#define BS_PLUGINS_DHT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugins/dht/place.h"

#define DHT_VALUE_HEAD ((size_t)13)
#define DHT_OBJECT_LARGEST 57344 /* 56 KiB; what the network loses begins a little below 64 */
#define DHT_LINE_LONGEST ((size_t)128 << 10) /* of a value of ours, of 56 KiB, and what a node writes beside it */

struct dht_value {
  enum dht_kind kind;
  uint64_t version;     /* what the writer claims */
  unsigned char *whole; /* by free(); head and object */
  size_t length;        /* of the object, which begins at whole + DHT_VALUE_HEAD */
};

/* Room for an object of `length` bytes, which the caller fills; false without memory. */
bool dht_value_make(struct dht_value *ret_value, enum dht_kind kind, uint64_t version, size_t length);
void dht_value_free(struct dht_value *value);

/* What is sent to a proxy, by free(), or NULL without memory.  permanent: the node puts it again by itself. */
char *dht_value_write(const struct dht_value *value, bool permanent);

enum dht_line { DHT_LINE_OURS, DHT_LINE_FOREIGN, DHT_LINE_MALFORMED, DHT_LINE_NO_MEMORY };
/* Reads a line of a proxy's answer, at most DHT_LINE_LONGEST bytes; *ret_value is filled for DHT_LINE_OURS only. */
enum dht_line dht_value_read(struct dht_value *ret_value, const char *line, size_t length);

/* The version that a record says it has, a number, or decimal digits as in 2015; 0 when it says none. */
uint64_t dht_value_record_version(const struct dht_value *value);

#endif
