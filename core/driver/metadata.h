/* SPDX-License-Identifier: MIT */
/* The metadata text of a driver (blockstore/driver.h), parsed.  It comes out of a file that nobody has vetted yet. */
#ifndef BS_DRIVER_METADATA_H
#define BS_DRIVER_METADATA_H

#include <stdint.h>

#include "core/base/error.h"

#define BS_METADATA_MAX (64u << 10) /* bytes of the text */
#define BS_METADATA_OPTIONS_MAX 256
#define BS_METADATA_SCHEMES_MAX 64

enum bs_threads { BS_THREADS_SERIAL, BS_THREADS_INSTANCE, BS_THREADS_PARALLEL };

enum bs_capability {
  BS_CAPABILITY_DURABLE = 1 << 0,
  BS_CAPABILITY_EXPIRES = 1 << 1,
  BS_CAPABILITY_PUBLIC = 1 << 2,
  BS_CAPABILITY_LOCAL = 1 << 3,
  BS_CAPABILITY_CONSISTENT = 1 << 4,
  BS_CAPABILITY_READ_ONLY = 1 << 5,
  BS_CAPABILITY_CHANGES = 1 << 6
};

enum bs_needs { BS_NEEDS_NETWORK = 1 << 0, BS_NEEDS_PROGRAMS = 1 << 1, BS_NEEDS_HASHES = 1 << 2 };

enum bs_option_type {
  BS_OPTION_STRING,
  BS_OPTION_INT,
  BS_OPTION_SIZE,
  BS_OPTION_BOOL,
  BS_OPTION_DURATION,
  BS_OPTION_PATH,
  BS_OPTION_SECRET,
  BS_OPTION_LIST,
  BS_OPTION_ENUM
};

/* One option row; the strings are the metadata's. */
struct bs_option {
  const char *key;
  enum bs_option_type type;
  const char *values; /* ENUM: comma-separated; else "" */
  bool required;
  const char *initial; /* "": none; of a list: its items, comma-separated */
  const char *help;
};

struct bs_metadata {
  char *text;   /* a copy, as it stands in the note */
  char *pieces; /* another, cut into the strings below */
  const char *name; /* bs_vet_is_name */
  uint16_t abi_major;
  uint16_t abi_minor;
  uint16_t min_host_minor;
  const char *version;
  const char *description; /* "": not said */
  uint64_t largest; /* bytes; UINT64_MAX: not said */
  enum bs_threads threads;
  unsigned capabilities;
  unsigned needs;
  bool is_filter;
  const char **schemes;
  size_t scheme_count;
  struct bs_option *options;
  size_t option_count;
};

/* The words of the lines for them, and what they mean; the last text is NULL. */
struct bs_metadata_word {
  const char *text;
  unsigned value;
};
extern const struct bs_metadata_word bs_threads_words[];    /* enum bs_threads */
extern const struct bs_metadata_word bs_capability_words[]; /* enum bs_capability */
extern const struct bs_metadata_word bs_needs_words[];      /* enum bs_needs */

/* Lines it does not know are passed over (a later minor version may add some), and so are capabilities, needs and thread
 * models that it does not know of a driver whose ABI is later than ours.  Any other known line with a bad value is an
 * error (word driver), as are control characters, duplicate options and missing name, abi or version lines, and a filter that is
 * serial.  Not
 * options: name, driver, inline, durable, filters, isolate and sha256, which are the core's. */
bool bs_metadata_parse(struct bs_metadata **ret_metadata, const char *text, size_t length, struct bs_error *error);
void bs_metadata_free(struct bs_metadata *metadata);

/* May the filter `above` stand somewhere above `below` in one store?  One that changes data may not stand above what takes
 * them only as they are, nor above itself. */
bool bs_metadata_may_stand(const struct bs_metadata *above, const struct bs_metadata *below);

#endif
