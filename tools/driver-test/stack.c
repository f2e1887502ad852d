/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/stack.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/driver/store.h"
#include "core/driver/vet.h"

/* ---- as it is written ---- */

bool assignments_add(struct assignments *assignments, const char *text) {
  const char *equals = strchr(text, '=');
  struct assignment *grown = reallocarray(assignments->items, assignments->count + 1, sizeof *grown);

  if (grown == NULL || equals == NULL || equals == text) {
    if (grown != NULL) assignments->items = grown;
    return false;
  }
  assignments->items = grown;
  grown[assignments->count] = (struct assignment){strndup(text, (size_t)(equals - text)), strdup(equals + 1)};
  return grown[assignments->count++].value != NULL;
}

/* Ends the piece at its comma, takes one of each two that stand for one, and returns what comes behind; NULL: nothing. */
static char *cut_piece(char *piece) {
  char *to = piece, *from = piece;

  while (*from != '\0') {
    if (*from == ',' && *++from != ',') {
      *to = '\0';
      return from;
    }
    *to++ = *from++;
  }
  *to = '\0';
  return NULL;
}

bool stack_add_filter(struct subject *subject, const char *text) {
  struct filter *grown = reallocarray(subject->filters, subject->filter_count + 1, sizeof *grown);
  char *copy BS_AUTO_FREE = strdup(text), *rest, *piece;
  struct filter *filter;

  if (grown != NULL) subject->filters = grown;
  if (grown == NULL || copy == NULL) return false;
  rest = cut_piece(copy);
  if (!bs_vet_is_name(copy)) return false;
  filter = &grown[subject->filter_count];
  *filter = (struct filter){.name = strdup(copy)};
  if (filter->name == NULL) return false;
  subject->filter_count++;
  while ((piece = rest) != NULL) {
    rest = cut_piece(piece);
    if (!assignments_add(&filter->options, piece)) return false;
  }
  return true;
}

bool stack_isolate(struct subject *subject, const char *text) {
  static const enum bs_isolate ways[] = {BS_ISOLATE_PROCESS, BS_ISOLATE_SANDBOX};

  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
    if (strcmp(text, bs_isolate_text(ways[i])) == 0) {
      subject->isolate = ways[i];
      return true;
    }
  return false;
}

/* ---- as it is found ---- */

struct directories {
  char **paths;
  size_t count;
};

static void free_directories(struct directories *directories) {
  for (size_t i = 0; i < directories->count; i++) free(directories->paths[i]);
  free(directories->paths);
}

static bool find(struct bs_candidate **ret_candidate, const struct directories *directories, const char *name,
                 struct bs_error *error) {
  return bs_catalog_find(ret_candidate, (const char *const *)directories->paths, directories->count, name, error);
}

static bool find_isolation(struct subject *subject, const struct directories *directories, struct bs_error *error) {
  struct bs_candidate *candidate = subject->candidate;

  if (subject_is_filter(subject))
    return bs_fail(error, BS_WORD_usage, "A filter runs in this process: only a store's own driver can be isolated.  Give that "
                   "as FILE.so, and %s by --filter.", candidate->name);
  subject->candidate = NULL; /* also when it fails */
  if (!bs_isolation_new(&subject->isolation, candidate, error)) return false;
  subject->candidate = candidate;
  subject->traits.capabilities = subject->isolation->traits.capabilities;
  subject->traits.threads = subject->isolation->traits.threads;
  return find(&subject->exec, directories, "exec", error) || bs_context(error, "A driver is isolated by way of the driver exec");
}

static bool find_filter(struct subject *subject, struct filter *filter, const struct directories *directories,
                        struct bs_error *error) {
  struct traits *traits = &subject->traits;
  const struct bs_metadata *metadata;

  if (!find(&filter->candidate, directories, filter->name, error)) return false;
  metadata = filter->candidate->metadata;
  if (!metadata->is_filter)
    return bs_fail(error, BS_WORD_usage, "The driver %s is a store, not a filter.", filter->name);
  traits->capabilities = bs_store_capabilities(metadata->capabilities, traits->capabilities);
  if (metadata->largest < traits->largest) traits->largest = metadata->largest;
  traits->threads = metadata->threads;
  return true;
}

static bool refuse_order(const char *above, const char *below, bool is_file, struct bs_error *error) {
  if (strcmp(above, below) == 0)
    return bs_fail(error, BS_WORD_usage, "The filter %s changes data, and stands there twice: leave out one of them.", above);
  return bs_fail(error, BS_WORD_usage, "The filter %s changes data, and %s below it takes them only as they are: %s.", above,
                 below, is_file ? "leave out the filter" : "give that before it");
}

/* What a configuration is refused for its order is refused here, too. */
static bool check_order(const struct subject *subject, size_t index, struct bs_error *error) {
  const struct filter *filters = subject->filters;
  const struct bs_metadata *above = filters[index].candidate->metadata;

  for (size_t i = index + 1; i < subject->filter_count; i++)
    if (!bs_metadata_may_stand(above, filters[i].candidate->metadata))
      return refuse_order(filters[index].name, filters[i].name, false, error);
  return bs_metadata_may_stand(above, subject->candidate->metadata) ||
         refuse_order(filters[index].name, subject->candidate->name, true, error);
}

bool stack_find(struct subject *subject, struct bs_error *error) {
  struct directories directories BS_AUTO(free_directories) = {NULL, 0};

  if (subject->candidate->metadata == NULL) return true;
  if (!bs_catalog_add_environment(&directories.paths, &directories.count, error) ||
      !bs_catalog_add_installed(&directories.paths, &directories.count, error))
    return false;
  if (subject->isolate != BS_ISOLATE_NONE && !find_isolation(subject, &directories, error)) return false;
  for (size_t i = subject->filter_count; i > 0; i--)
    if (!find_filter(subject, &subject->filters[i - 1], &directories, error) || !check_order(subject, i - 1, error)) return false;
  return true;
}

const char *stack_name(const struct subject *subject) {
  return subject->filter_count > 0 ? "the driver with its filters" : "the driver";
}
