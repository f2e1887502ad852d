/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/client/io.h"
#include "core/client/options.h"
#include "core/client/present.h"
#include "core/client/record.h"
#include "core/codec/hex.h"

static bool make_record(struct blockstore_record **ret_record, const char *name, const char *key, uint64_t size,
                        const char *store, const struct bs_name_record *name_record, struct bs_error *error) {
  struct blockstore_record *record;

  if (!bs_record_new(&record, name, error)) return false;
  memcpy(record->key, key, strlen(key) + 1);
  record->size = size;
  record->store = strdup(store);
  if (record->store == NULL) bs_fail_memory(error);
  if (record->store == NULL || !bs_record_rely(record, name_record, error)) {
    blockstore_record_free(record);
    return false;
  }
  *ret_record = record;
  return true;
}

/* Refuses a key that the name does not list: what a name never said is not fetched for it. */
static bool check_listed(struct bs_work *work, const struct bs_present *present, const char *name, const char *key) {
  struct bs_error *error = &work->report.error;

  if (present->copy == NULL)
    return bs_fail(error, BS_WORD_not_found, "The name %s has no user record yet, hence no immutable data.", name);
  if (bs_user_has_immutable(&present->copy->user, key)) return true;
  return bs_fail(error, BS_WORD_not_found, "The user record of %s lists no immutable data %s.", name, key);
}

static void advise_put(struct bs_error *error) {
  const struct bs_error told = *error;

  bs_fail(error, told.word, "%s  The owner's put of the same bytes, or another store's copy, mends this.", told.message);
}

static bool fetch(struct bs_work *work, struct bs_output_use *use, const struct bs_replica **ret_giver, const char *key) {
  struct bs_error *error = &work->report.error;
  struct bs_error why;
  uint64_t most = (uint64_t)work->session->config->limit_object, wanted = bs_output_limit(use->output);

  bs_replicas_forget(&work->replicas);
  if (bs_replicas_get_immutable(&work->replicas, &use->spool, ret_giver, key, wanted < most ? wanted : most, &work->watch, error))
    return true;
  if (error->word == BS_WORD_too_large && wanted < most)
    bs_fail(error, BS_WORD_too_large, "The data has more than the %llu bytes that the caller takes.", (unsigned long long)wanted);
  if (error->word == BS_WORD_corrupt) advise_put(error);
  if (!bs_outcomes_add(&work->report.outcomes, &work->replicas, &why)) *error = why;
  return false;
}

static bool get_immutable(struct bs_work *work, struct bs_output_use *use, struct blockstore_record **ret_record,
                          const char *name, const char *key) {
  struct bs_present present BS_AUTO(bs_present_free) = BS_PRESENT_INIT;
  struct blockstore_record *record = NULL;
  struct bs_error *error = &work->report.error;
  const struct bs_replica *giver;

  if (!bs_hex_is_string(key, 64) && !bs_hex_is_string(key, 40))
    return bs_fail(error, BS_WORD_usage, "The key of immutable data has 64 (or, of 2015, 40) lower-case hexadecimal digits.");
  if (!bs_present_load(work, &present, name)) return false;
  if (!check_listed(work, &present, name, key)) return bs_present_refuse(work, &present);
  if (!fetch(work, use, &giver, key) || !bs_present_believe_name(work, &present)) return false;
  if (ret_record != NULL && !make_record(&record, name, key, use->spool.length, giver->name, &present.record, error))
    return false;
  if (!bs_output_deliver(use, work->scope, error)) {
    blockstore_record_free(record);
    return false;
  }
  if (ret_record != NULL) *ret_record = record;
  return true;
}

enum blockstore_result blockstore_get_immutable(struct blockstore *blockstore, struct blockstore_output *ret_data,
                                                struct blockstore_record **ret_record, const char *name, const char *key,
                                                const struct blockstore_get_immutable_options *options,
                                                struct blockstore_error **error) {
  struct blockstore_get_immutable_options known = BLOCKSTORE_GET_IMMUTABLE_INIT;
  struct bs_report early = BS_REPORT_INIT;
  struct bs_output_use use;
  struct bs_work work;
  bool good;

  if (!bs_options_take(&known, sizeof known, options, &early.error)) return bs_report_end(&early, false, error);
  good = bs_work_begin(&work, blockstore, known.deadline_ms, known.progress, known.user, true);
  if (good) {
    good = bs_output_begin(&use, ret_data, &work.report.error) && get_immutable(&work, &use, ret_record, name, key);
    bs_output_end(&use);
  }
  return bs_work_end(&work, good, error);
}
