/* SPDX-License-Identifier: MIT */
/*
 * Configuration files as rows: which keys a section has, what their values look like, and which member of a struct each
 * fills.  Unknown keys are refused with the nearest one that there is; every message begins with FILE:LINE:COLUMN.
 *
 * Word of every function: config (no_memory apart).
 */
#ifndef BS_DRIVER_ROWS_H
#define BS_DRIVER_ROWS_H

#include <stddef.h>

#include "core/codec/yaml.h"
#include "core/driver/value.h"

/* The document that is read; the caller's. */
struct bs_rows_file {
  const char *file;      /* for messages */
  const char *directory; /* relative paths begin here; NULL: the working directory */
  const struct bs_yaml *root;
};

/* One known key: where it stands, what it looks like, and where its value goes. */
struct bs_row {
  const char *section; /* "": the top level */
  const char *key;
  enum bs_option_type type; /* STRING, PATH, ENUM, INT, SIZE or DURATION */
  const char *values;       /* ENUM */
  int64_t least, most;      /* of the number that the type gives */
  size_t offset;            /* of an int64_t, or of a char * (by free()) for STRING, PATH and ENUM */
};
/* Who has rows defines BS_ROWS_OF: the struct of their members. */
#define BS_ROW(section, key, type, values, least, most, member) \
  {section, key, BS_OPTION_##type, values, least, most, offsetof(BS_ROWS_OF, member)}

/* The message is the text behind the node's place; node NULL: behind the file. */
bool bs_rows_refuse(const struct bs_rows_file *file, const struct bs_yaml *node, struct bs_error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* "Expected here: " and what was. */
bool bs_rows_expect(const struct bs_rows_file *file, const struct bs_yaml *node, const char *expected, struct bs_error *error);
bool bs_rows_want_mapping(const struct bs_rows_file *file, const struct bs_yaml *node, const char *what, struct bs_error *error);
/* Every key of the mapping must be one of `known`. */
bool bs_rows_check_keys(const struct bs_rows_file *file, const struct bs_yaml *mapping, const char *const *known, size_t count,
                        struct bs_error *error);
/* What ends a sentence on an unknown word: "; did you mean ...?" of the known one that looks most like it, or ".". */
const char *bs_rows_suggest(char text[128], const char *word, const char *const *known, size_t count);
/* The scalar's text with ${VAR} expanded, or NULL. */
const char *bs_rows_scalar(const struct bs_rows_file *file, const struct bs_yaml *node, const char *expected,
                           struct bs_error *error);

/* Fills the members that the section's rows name; `extra` are keys of the section that are read elsewhere, at most 16. */
bool bs_rows_read(const struct bs_rows_file *file, void *members, const struct bs_row *rows, size_t row_count,
                  const char *section, const char *const *extra, size_t extra_count, struct bs_error *error);
/* Frees the texts of all rows. */
void bs_rows_free(void *members, const struct bs_row *rows, size_t row_count);

/* A sequence of scalars, appended to *texts (both by free()); paths are made absolute. */
bool bs_rows_read_list(const struct bs_rows_file *file, const struct bs_yaml *node, bool are_paths, char ***texts, size_t *count,
                       struct bs_error *error);
/* Takes `text` over, also when it fails; NULL: no memory. */
bool bs_rows_append(char ***texts, size_t *count, char *text, struct bs_error *error);

#endif
