/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/client/io.h"
#include "core/client/options.h"
#include "core/client/receipt.h"
#include "core/codec/hex.h"

/* ---- put ---- */

/* The datum on its way to the stores. */
struct datum {
  struct bs_feed *feed;
  const char *key;
};

static bool store_datum(void *user, struct bs_work *work, const struct bs_publication *publication) {
  const struct datum *datum = user;

  return bs_replicas_put_immutable(&work->replicas, work->session->at_least, datum->key, datum->feed,
                                   publication->txid, &work->watch, &work->report.error);
}

struct hashing {
  const struct bs_watch *watch;
  uint64_t total;
};

static void hashing_progress(void *user, uint64_t done) {
  const struct hashing *hashing = user;

  hashing->watch->progress(hashing->watch->user, "hashing", done, hashing->total);
}

static bool put_immutable(struct bs_work *work, struct blockstore_receipt **ret_receipt, const char *name, struct bs_feed *feed,
                          const struct blockstore_key *key, const struct blockstore_put_immutable_options *options) {
  struct hashing hashing = {&work->watch, bs_feed_size(feed)};
  unsigned char digest[BS_SHA256_SIZE];
  char key_text[BS_KEY_TEXT];
  struct datum datum = {feed, key_text};
  struct bs_publication publication = {.name = name,
                                       .owner = key,
                                       .payment = options->payment_key,
                                       .txid = options->txid,
                                       .change = {.add_immutable = key_text},
                                       .store_data = store_datum,
                                       .user = &datum};
  bool good;

  if (!bs_feed_digest(feed, digest, NULL, work->watch.progress == NULL ? NULL : hashing_progress, &hashing, work->scope,
                      &work->report.error))
    return false;
  bs_hex_encode(key_text, digest, sizeof digest);
  bs_log(BS_LOG_INFO, "the data has %" PRIu64 " bytes; its key is %s", hashing.total, key_text);
  good = bs_publish(work, &publication) && bs_receipt_make(work, ret_receipt, &publication,
                                                           &(struct bs_receipt_of){.key = key_text});
  bs_name_receipt_clear(&publication.receipt);
  return good;
}

enum blockstore_result blockstore_put_immutable(struct blockstore *blockstore, struct blockstore_receipt **ret_receipt,
                                                const char *name,
                                                struct blockstore_input *data, const struct blockstore_key *key,
                                                const struct blockstore_put_immutable_options *options,
                                                struct blockstore_error **error) {
  struct blockstore_put_immutable_options known = BLOCKSTORE_PUT_IMMUTABLE_INIT;
  const struct bs_input_limit limit = {(uint64_t)blockstore->config->limit_object, "limits.object"};
  struct bs_report early = BS_REPORT_INIT;
  struct bs_input_use use;
  struct bs_work work;
  bool good;

  if (!bs_options_take(&known, sizeof known, options, &early.error) || !bs_name_check(name, &early.error))
    return bs_report_end(&early, false, error);
  good = bs_work_begin(&work, blockstore, known.deadline_ms, known.progress, known.user, true);
  if (good) {
    good = bs_input_begin(&use, data, &limit, &work.watch, &work.report.error) &&
           put_immutable(&work, ret_receipt, name, use.feed, key, &known);
    bs_input_end(&use);
  }
  return bs_work_end(&work, good, error);
}

/* ---- delete ---- */

/* Does another name of the ledger list the key?  Not knowing counts as yes. */
static bool check_unlisted_by(struct bs_work *work, const char *other, const char *key) {
  struct bs_present present BS_AUTO(bs_present_free) = BS_PRESENT_INIT;
  struct bs_error *error = &work->report.error;

  if (!bs_present_load(work, &present, other)) {
    if (error->word == BS_WORD_expired || (error->word == BS_WORD_not_found && present.record.revoked)) return true;
    if (error->word == BS_WORD_not_found)
      bs_fail(error, BS_WORD_unreachable, "Its user record %s is lost.", present.record.value_hash);
    return bs_context(error, "Whether %s lists the data too is not known; the bytes stay in the stores", other);
  }
  if (present.copy == NULL || !bs_user_has_immutable(&present.copy->user, key)) return true;
  return bs_fail(error, BS_WORD_conflict, "The name %s lists the data too; the bytes stay in the stores.", other);
}

/* Is the key the hash of a user record that a name needs?  Those lie among the immutable data. */
static bool check_no_record(struct bs_work *work, const char *name, const char *key) {
  struct bs_name_record record;
  struct bs_error *error = &work->report.error;

  if (strlen(key) != BS_VALUE_HASH_TEXT - 1) return true;
  if (!bs_names_lookup(work->session->names, work->scope, &record, name, error)) return false;
  if (strcmp(record.value_hash, key) != 0) return true;
  return bs_fail(error, BS_WORD_conflict, "These bytes are the user record of %s; they stay in the stores.", name);
}

static bool look_at_lists(struct bs_work *work, const char *name, const char *key) {
  char *names BS_AUTO_FREE = NULL;
  size_t count;
  const char *other;

  if (!bs_names_list(work->session->names, work->scope, &names, &count, NULL, 0, UINT64_MAX, &work->report.error)) return false;
  other = names;
  for (size_t i = 0; i < count; i++, other += strlen(other) + 1)
    if (!check_no_record(work, other, key) || (strcmp(other, name) != 0 && !check_unlisted_by(work, other, key))) return false;
  return true;
}

/* The receipt tells how far the name that is changed was proven, not the last of the others. */
static bool check_unlisted(struct bs_work *work, const char *name, const char *key) {
  char proven[BS_PROVEN_TEXT];
  const char *told_by = work->proving.told_by;
  bool unlisted;

  memcpy(proven, work->proving.proven, sizeof proven);
  unlisted = look_at_lists(work, name, key);
  memcpy(work->proving.proven, proven, sizeof proven);
  work->proving.told_by = told_by;
  return unlisted;
}

struct deletion {
  bool purges;
  int lists; /* the lock of what names list: until the bytes are gone, nobody lists them; -1: none */
};

/* Nobody waits for a purge that is refused, or whose look at very many names takes all its time: it looks before it locks. */
static bool prepare_purge(struct deletion *deletion, struct bs_work *work, struct bs_publication *publication) {
  const char *name = publication->name, *key = publication->change.remove_immutable;

  publication->has_lists = deletion->lists >= 0 ||
                           (check_unlisted(work, name, key) && bs_state_lock_lists(work->session->state, work->scope,
                                                                                   &deletion->lists, true, &work->report.error));
  return publication->has_lists && check_unlisted(work, name, key);
}

/* A datum that is not listed needs no deletion. */
static bool prepare_deletion(void *user, struct bs_work *work, struct bs_publication *publication,
                             const struct bs_present *present) {
  struct deletion *deletion = user;
  const char *key = publication->change.remove_immutable;

  publication->is_done = publication->txid == NULL &&
                         (present->copy == NULL || !bs_user_has_immutable(&present->copy->user, key));
  return bs_publish_check_owner(work, publication, present) &&
         (!deletion->purges || prepare_purge(deletion, work, publication));
}

static bool purge(void *user, struct bs_work *work, const struct bs_publication *publication) {
  const char *txid = publication->txid_sent[0] == '\0' ? NULL : publication->txid_sent;
  struct bs_error *error = &work->report.error;

  (void)user;
  bs_replicas_forget(&work->replicas);
  return bs_replicas_delete_immutable(&work->replicas, publication->change.remove_immutable, txid, &work->watch, error) &&
         bs_outcomes_add(&work->report.outcomes, &work->replicas, error);
}

static bool delete_immutable(struct bs_work *work, struct blockstore_receipt **ret_receipt, const char *name,
                             const char *value_key,
                             const struct blockstore_key *key, const struct blockstore_delete_options *options) {
  struct deletion deletion = {options->purge != 0, -1};
  struct bs_publication publication = {.name = name,
                                       .owner = key,
                                       .payment = options->payment_key,
                                       .txid = options->txid,
                                       .change = {.remove_immutable = value_key},
                                       .prepare = prepare_deletion,
                                       .finish = deletion.purges ? purge : NULL,
                                       .user = &deletion};
  struct bs_error *error = &work->report.error;
  bool good;

  if (!bs_hex_is_string(value_key, 64) && !bs_hex_is_string(value_key, 40))
    return bs_fail(error, BS_WORD_usage, "The key of immutable data has 64 (or, of 2015, 40) lower-case hexadecimal digits.");
  good = bs_publish(work, &publication);
  if (deletion.lists >= 0) close(deletion.lists);
  good = good && bs_receipt_make(work, ret_receipt, &publication, &(struct bs_receipt_of){.key = value_key});
  bs_name_receipt_clear(&publication.receipt);
  return good;
}

enum blockstore_result blockstore_delete_immutable(struct blockstore *blockstore, struct blockstore_receipt **ret_receipt,
                                                   const char *name, const char *value_key, const struct blockstore_key *key,
                                                   const struct blockstore_delete_options *options,
                                                   struct blockstore_error **error) {
  struct blockstore_delete_options known = BLOCKSTORE_DELETE_INIT;
  struct bs_report early = BS_REPORT_INIT;
  struct bs_work work;
  bool good;

  if (!bs_options_take(&known, sizeof known, options, &early.error) || !bs_name_check(name, &early.error))
    return bs_report_end(&early, false, error);
  good = bs_work_begin(&work, blockstore, known.deadline_ms, NULL, NULL, true) &&
         delete_immutable(&work, ret_receipt, name, value_key, key, &known);
  return bs_work_end(&work, good, error);
}
