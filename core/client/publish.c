/* SPDX-License-Identifier: MIT */
/*
 * Trust rule 10: under the name's lock, journal the new user record and reserve the version; store the data; store the record;
 * only then send the transaction; journal its id; done when confirmed.  What fails before the transaction changes nothing that a
 * reader sees.
 */
#include <config.h>

#include "core/client/publish.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/client/unconfirmed.h"
#include "core/codec/hex.h"
#include "core/names/pending.h"

#define ATTEMPTS 16 /* to make a change while others change the name */

bool bs_publish_check_owner(struct bs_work *work, const struct bs_publication *publication, const struct bs_present *present) {
  const char *address = publication->owner->addresses[present->record.network];

  if (strcmp(address, present->record.owner) == 0) return true;
  return bs_fail(&work->report.error, BS_WORD_denied, "The name %s is owned by %s; the key given is that of %s.",
                 publication->name, present->record.owner, address);
}

static bool is_immediate(const struct bs_work *work) {
  return bs_names_is_immediate(work->session->names);
}

/* The new record's bytes and hash.  *ret_changed false: the name says it already. */
static bool write_record(struct bs_work *work, struct bs_publication *publication, const struct bs_present *present,
                         struct bs_buffer *ret_bytes, bool *ret_changed) {
  bool is_empty = publication->record == NULL && present->copy == NULL;
  struct bs_error *error = &work->report.error;
  struct bs_user user;

  if (publication->record != NULL &&
      !bs_user_parse(&user, publication->record, publication->record_length, publication->name, error))
    return bs_fail(error, BS_WORD_usage, "This is no user record of %s: %s", publication->name, error->message);
  if (publication->record == NULL && !is_empty) {
    user = present->copy->user;
    user.is_foreign = present->is_foreign;
  }
  if (!bs_user_write(ret_bytes, ret_changed, is_empty ? NULL : &user, publication->name, present->record.owner,
                     publication->record != NULL ? NULL : &publication->change, error))
    return false;
  bs_user_hash(publication->value_hash, ret_bytes->bytes, ret_bytes->length);
  *ret_changed = present->record.is_inherited ||
                 strcmp(publication->value_hash, is_immediate(work) ? present->record.value_hash : present->will_be) != 0;
  if ((uint64_t)ret_bytes->length > (uint64_t)work->session->config->limit_user_record)
    return bs_fail(error, BS_WORD_too_large, "The user record of %s would have %zu bytes; limits.user_record allows %lld.",
                   publication->name, ret_bytes->length, (long long)work->session->config->limit_user_record);
  return true;
}

/* Keeps what the stores answered for the receipt or the error. */
static bool keep_outcomes(struct bs_work *work, bool good) {
  struct bs_error none;

  return bs_outcomes_add(&work->report.outcomes, &work->replicas, good ? &work->report.error : &none) && good;
}

static bool store_record(struct bs_work *work, const struct bs_publication *publication, const struct bs_buffer *bytes,
                         const char *txid) {
  struct bs_feed *feed BS_AUTO_FEED = NULL;
  const struct bs_watch quiet = {work->scope, NULL, NULL, &work->session->scopes};
  bool good;

  if (!bs_feed_from_memory(&feed, bytes->bytes, bytes->length, &work->report.error)) return false;
  bs_replicas_forget(&work->replicas);
  good = bs_replicas_put_immutable(&work->replicas, work->session->at_least, publication->value_hash, feed, txid, &quiet,
                                   &work->report.error);
  if (!good) bs_context(&work->report.error, "The user record of %s", publication->name);
  return keep_outcomes(work, good);
}

static bool store_data(struct bs_work *work, const struct bs_publication *publication) {
  if (publication->store_data == NULL) return true;
  bs_replicas_forget(&work->replicas);
  return keep_outcomes(work, publication->store_data(publication->user, work, publication));
}

/* replaces: the value hash that a delta was made from; NULL: whatever the name has. */
static bool send_transaction(struct bs_work *work, struct bs_publication *publication, const char *replaces) {
  const struct bs_name_operation operation = {.owner_key = publication->owner->key,
                                              .payment_key = publication->payment == NULL ? NULL : publication->payment->key,
                                              .dry_run = publication->dry_run,
                                              .replaces = replaces};

  if (!bs_names_update(work->session->names, work->scope, &publication->receipt, publication->name,
                       publication->value_hash, &operation, &work->report.error))
    return false;
  if (publication->dry_run) return true;
  memcpy(publication->txid_sent, publication->receipt.txid, sizeof publication->txid_sent);
  memcpy(work->report.txid, publication->receipt.txid, sizeof work->report.txid);
  bs_log(BS_LOG_INFO, "%s has the user record %s by the transaction %s, %s block %" PRIu64, publication->name,
         publication->value_hash, publication->receipt.txid, is_immediate(work) ? "confirmed in" : "which waits for",
         publication->receipt.block);
  return true;
}

/* One write in progress. */
struct writing {
  struct bs_present *present;
  const struct bs_buffer *bytes; /* of the user record; NULL: it stays as it is, and is in the stores */
  bool is_new;                   /* the user record is: it needs a transaction */
  int64_t entry;                 /* the journal's; 0: none */
  bool raced;                    /* out: somebody else changed the name meanwhile */
};

static bool begin(struct bs_work *work, const struct bs_publication *publication, struct writing *writing) {
  const struct bs_datum only = {writing->present->record.chain_id, publication->name, NULL};
  struct bs_intent intent = {.datum = publication->datum == NULL ? &only : publication->datum, .ver = publication->version.ver};

  memcpy(intent.z, publication->version.z, sizeof intent.z);
  if (writing->is_new) {
    intent.value_hash = publication->value_hash;
    intent.record = writing->bytes->bytes;
    intent.record_length = writing->bytes->length;
    intent.made_from = writing->present->made_from;
    intent.base = writing->present->record.value_hash;
    intent.is_whole = publication->record != NULL;
  }
  if (writing->is_new || publication->datum != NULL)
    return bs_state_intend(work->session->state, work->scope, &writing->entry, &intent, &work->report.error);
  return true;
}

/* Where a node, too, may find a conflict: is it that the name says something else by now? */
static bool has_changed(struct bs_work *work, const struct bs_present *present) {
  struct bs_name_record record;
  struct bs_error ignored;

  return bs_names_lookup(work->session->names, work->scope, &record, present->record.name, &ignored) &&
         strcmp(record.value_hash, present->record.value_hash) != 0;
}

static bool carry(struct bs_work *work, struct bs_publication *publication, struct writing *writing) {
  const char *replaces = publication->record != NULL ? NULL : writing->present->record.value_hash;

  if (!store_data(work, publication)) return false;
  if (writing->bytes != NULL && !store_record(work, publication, writing->bytes, publication->txid)) return false;
  if (!writing->is_new) return true;
  if (send_transaction(work, publication, replaces)) {
    if (bs_names_is_immediate(work->session->names)) return true;
    return bs_state_journal_sent(work->session->state, work->scope, writing->entry, publication->txid_sent, &work->report.error);
  }
  writing->raced = work->report.error.word == BS_WORD_conflict && (is_immediate(work) || has_changed(work, writing->present));
  return false;
}

static bool fail_unremembered(struct bs_error *error) {
  return bs_context(error, "The data was stored, but that it was cannot be remembered");
}

/* A newer version was read here before this one was remembered: it was stored all the same, and is done with. */
static bool yield(struct bs_work *work, struct bs_publication *publication, int64_t entry) {
  const struct bs_datum *datum = publication->datum;
  struct bs_state *state = work->session->state;
  struct bs_error *error = &work->report.error;
  struct bs_recalled recalled;

  *error = (struct bs_error){0};
  if (!bs_state_recall(state, work->scope, &recalled, datum, publication->version.signer, error) ||
      !bs_state_release(state, work->scope, datum, publication->version.ver, error) ||
      (entry != 0 && !bs_state_conclude(state, work->scope, entry, NULL, error)))
    return fail_unremembered(error);
  publication->superseded_by = recalled.version.ver;
  return true;
}

/* Ends the entry, and believes.  Where another call has believed a newer answer about the name meanwhile, that one stays. */
static bool end_entry(struct bs_work *work, int64_t entry, struct bs_belief *belief) {
  struct bs_error *error = &work->report.error;

  if (bs_state_conclude(work->session->state, work->scope, entry, belief, error)) return true;
  if (error->word != BS_WORD_stale || belief->name == NULL) return false;
  belief->name = NULL;
  *error = (struct bs_error){0};
  return bs_state_conclude(work->session->state, work->scope, entry, belief, error);
}

/* What was written, and what the name says by now. */
static bool remember(struct bs_work *work, const struct bs_publication *publication, const struct writing *writing,
                     int64_t entry) {
  struct bs_present *present = writing->present;
  const struct bs_datum only = {present->record.chain_id, publication->name, NULL}, *datum = publication->datum;
  struct bs_belief belief = {.datum = datum == NULL ? &only : datum,
                             .version = datum == NULL ? NULL : &publication->version,
                             .replaces_name = present->has_left,
                             .now = bs_clock_unix()};

  if (writing->is_new && entry != 0 && !bs_present_renew(work, present)) return false;
  if (present->is_news) {
    if (!bs_present_add_consensus(work, &present->seen)) return false;
    belief.name = &present->seen;
  }
  return end_entry(work, entry, &belief);
}

/* What was acknowledged binds this user's reads from here on. */
static bool conclude(struct bs_work *work, struct bs_publication *publication, const struct writing *writing) {
  bool is_confirmed = !writing->is_new || bs_names_is_immediate(work->session->names);
  int64_t entry = is_confirmed ? writing->entry : 0;

  if (entry == 0 && publication->datum == NULL) return true;
  if (remember(work, publication, writing, entry)) return true;
  if (publication->datum != NULL && work->report.error.word == BS_WORD_stale) return yield(work, publication, entry);
  if (publication->datum != NULL) return fail_unremembered(&work->report.error);
  bs_log(BS_LOG_WARNING, "A finished entry stays in the journal until the next put of %s: %s", publication->name,
         work->report.error.message);
  work->report.error = (struct bs_error){0};
  return true;
}

/* The transaction was made, and nobody knows whether it was taken: then its record stays pending.  What cannot be found out
 * counts as sent: the record may be nowhere else. */
static bool may_be_sent(struct bs_work *work, const struct writing *writing) {
  struct bs_pending pending BS_AUTO(bs_pending_clear) = BS_PENDING_INIT;
  const struct bs_name_record *record = &writing->present->record;
  enum bs_waiting_state state = BS_WAITING_NONE;
  struct bs_error ignored;
  char chain[65];
  bool found;

  if (is_immediate(work)) return false;
  bs_hex_encode(chain, record->chain_id, sizeof record->chain_id);
  if (!bs_state_journal_find(work->session->state, NULL, &found, &pending, chain, record->name, &ignored)) return true;
  if (!found || pending.id != writing->entry || pending.txid[0] == '\0') return false;
  return !bs_names_state_of(work->session->names, NULL, &state, record->chain_id, pending.txid, &ignored) ||
         state == BS_WAITING_UNDERWAY;
}

/* The reservation stays: its version is written again with the same content or not at all. */
static void give_up(struct bs_work *work, const struct bs_publication *publication, const struct writing *writing) {
  struct bs_error error;

  if (writing->entry == 0 || publication->txid_sent[0] != '\0' || may_be_sent(work, writing)) return;
  if (!bs_state_conclude(work->session->state, NULL, writing->entry, NULL, &error))
    bs_log(BS_LOG_WARNING, "An entry of a put that failed stays in the journal until the next put of %s: %s", publication->name,
           error.message);
}

/* What is listed anew is not purged between being stored and being listed. */
static bool lock_lists(struct bs_work *work, const struct bs_publication *publication, const struct writing *writing, int *lock) {
  return !writing->is_new || publication->has_lists ||
         bs_state_lock_lists(work->session->state, work->scope, lock, false, &work->report.error);
}

static bool write_out(struct bs_work *work, struct bs_publication *publication, struct writing *writing) {
  int lists BS_AUTO_CLOSE = -1;

  if (!lock_lists(work, publication, writing, &lists)) return false;
  if (!begin(work, publication, writing)) return false;
  if (carry(work, publication, writing)) return conclude(work, publication, writing);
  give_up(work, publication, writing);
  return false;
}

/* The name says it already: only the stores may lack something.  A put or delete that was killed once its transaction was sent
 * leaves an entry in the journal and a reservation, which end here. */
static bool forget_entries(struct bs_work *work, const struct bs_publication *publication, const struct bs_present *present) {
  struct bs_state *state = work->session->state;
  struct bs_error *error = &work->report.error;
  char chain[65];

  bs_hex_encode(chain, present->record.chain_id, sizeof present->record.chain_id);
  if (!bs_state_journal_forget(state, work->scope, chain, publication->name, error)) return false;
  if (!publication->is_done || publication->datum == NULL) return true;
  return bs_state_release(state, work->scope, publication->datum, publication->version.ver, error);
}

/* Is the record, which a transaction published, that of the change? */
static bool check_published(struct bs_work *work, const struct bs_publication *publication, const struct bs_user *user) {
  const struct bs_user_change *change = &publication->change;
  struct bs_error *error = &work->report.error;

  if (change->add_immutable != NULL && !bs_user_has_immutable(user, change->add_immutable))
    return bs_fail(error, BS_WORD_usage, "The user record that the transaction %s published does not list %s: these "
                   "are other bytes.", publication->txid, change->add_immutable);
  if (change->remove_immutable != NULL && bs_user_has_immutable(user, change->remove_immutable))
    return bs_fail(error, BS_WORD_usage, "The user record that the transaction %s published still lists %s: it deleted "
                   "something else.", publication->txid, change->remove_immutable);
  return true;
}

/* A further try names it too, and so does the failure of this one. */
static void name_transaction(struct bs_work *work, struct bs_publication *publication) {
  memcpy(publication->txid_sent, publication->txid, sizeof publication->txid_sent);
  memcpy(work->report.txid, publication->txid, sizeof work->report.txid);
}

static bool prepare(struct bs_work *work, struct bs_publication *publication, const struct bs_present *present) {
  return publication->prepare == NULL || publication->prepare(publication->user, work, publication, present);
}

/* Whose name it is, is asked before any store; what prepares itself may do without the owner. */
static bool look_up(struct bs_work *work, const struct bs_publication *publication, struct bs_present *present) {
  return bs_present_name(work, present, publication->name) &&
         (publication->prepare != NULL || bs_publish_check_owner(work, publication, present));
}

/* What the transaction published, or will publish when it is in a block. */
static bool find_published(struct bs_work *work, const struct bs_publication *publication, struct bs_present *present,
                           char value_hash[BS_VALUE_HASH_TEXT]) {
  struct bs_error *error = &work->report.error, missing;
  bool found;

  if (bs_names_transaction_value(work->session->names, work->scope, value_hash, publication->name, publication->txid, error))
    return true;
  if (error->word != BS_WORD_not_found || is_immediate(work)) return false;
  missing = *error;
  *error = (struct bs_error){0};
  if (!bs_unconfirmed_by_txid(work, present, &found, publication->txid)) return false;
  if (found) memcpy(value_hash, present->copy->value_hash, BS_VALUE_HASH_TEXT);
  else *error = missing;
  return found;
}

/* The transaction went out before: its record and data are brought to the stores again. */
static bool republish(struct bs_work *work, struct bs_publication *publication, struct bs_present *present) {
  struct bs_buffer written BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct writing writing = {.present = present, .bytes = &written};
  struct bs_error *error = &work->report.error;
  char value_hash[BS_VALUE_HASH_TEXT];
  bool changed;

  if (!find_published(work, publication, present, value_hash)) return false;
  if (publication->record != NULL) {
    if (!write_record(work, publication, present, &written, &changed)) return false;
    if (strcmp(publication->value_hash, value_hash) != 0)
      return bs_fail(error, BS_WORD_usage, "The transaction %s published the user record %s; the one given is %s.",
                     publication->txid, value_hash, publication->value_hash);
  } else {
    memcpy(publication->value_hash, value_hash, sizeof value_hash);
    if (!bs_present_user(work, present, publication->name, value_hash) ||
        !check_published(work, publication, &present->copy->user) || !prepare(work, publication, present))
      return false;
    writing.bytes = &present->copy->bytes;
  }
  name_transaction(work, publication);
  if (publication->is_done) return true;
  return write_out(work, publication, &writing) && (publication->datum != NULL || forget_entries(work, publication, present));
}

static bool load_user(struct bs_work *work, const struct bs_publication *publication, struct bs_present *present) {
  if (!is_immediate(work) && !publication->dry_run) return bs_unconfirmed_prepare(work, present, publication->record != NULL);
  if (publication->record != NULL) memcpy(present->will_be, present->record.value_hash, sizeof present->will_be);
  if (publication->record != NULL || !bs_present_load_user(work, present)) return publication->record != NULL;
  snprintf(present->will_be, sizeof present->will_be, "%s", present->copy == NULL ? "" : present->copy->value_hash);
  return true;
}

/* The change, made to what the name says now. */
static bool publish_change(struct bs_work *work, struct bs_publication *publication, struct bs_present *present,
                           bool *ret_raced) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct writing writing = {.present = present};
  bool good;

  if (!look_up(work, publication, present)) return false;
  if (!load_user(work, publication, present)) return false;
  if (!prepare(work, publication, present)) return false;
  memcpy(publication->value_hash, present->record.value_hash, sizeof publication->value_hash);
  if (publication->is_done) {
    bs_log(BS_LOG_INFO, "%s says so already: nothing is written", publication->name);
    return forget_entries(work, publication, present);
  }
  if (publication->datum == NULL || publication->change.route.action != BS_ROUTE_KEEP) {
    if (!bs_publish_check_owner(work, publication, present) || !write_record(work, publication, present, &bytes,
                                                                             &writing.is_new))
      return false;
    if (publication->dry_run) return send_transaction(work, publication, NULL);
    if (!writing.is_new && !forget_entries(work, publication, present)) return false;
    writing.bytes = &bytes;
  } else if (publication->restores_record) {
    memcpy(publication->value_hash, present->copy->value_hash, sizeof publication->value_hash);
    writing.bytes = &present->copy->bytes;
  }
  good = write_out(work, publication, &writing);
  *ret_raced = writing.raced;
  return good;
}

static bool finish(struct bs_work *work, const struct bs_publication *publication) {
  return publication->finish == NULL || publication->finish(publication->user, work, publication);
}

/* What is due for operations that wait for a block is done first. */
static bool settle(struct bs_work *work, const struct bs_publication *publication) {
  return bs_names_settle(work->session->names, work->scope, publication->owner->key,
                         publication->payment == NULL ? NULL : publication->payment->key, &work->report.error);
}

static bool publish_locked(struct bs_work *work, struct bs_publication *publication) {
  struct bs_present present BS_AUTO(bs_present_free) = BS_PRESENT_INIT;
  int lock BS_AUTO_CLOSE = -1;
  bool raced = false;

  if (publication->txid != NULL && !bs_hex_is_string(publication->txid, 64))
    return bs_fail(&work->report.error, BS_WORD_usage, "A transaction id has 64 lower-case hexadecimal digits: %s",
                   publication->txid);
  if (publication->txid != NULL && publication->dry_run)
    return bs_fail(&work->report.error, BS_WORD_usage, "A dry run sends nothing again: leave out --dry-run, or the transaction.");
  if (!bs_name_check(publication->name, &work->report.error) || !bs_session_can_write(work->session, &work->report.error))
    return false;
  if (!publication->dry_run && !bs_state_lock_name(work->session->state, work->scope, &lock, publication->name,
                                                   &work->report.error))
    return false;
  if (!is_immediate(work) && !publication->dry_run && publication->txid == NULL && !settle(work, publication)) return false;
  if (publication->txid != NULL)
    return look_up(work, publication, &present) && republish(work, publication, &present) && finish(work, publication);
  for (int attempt = 1; !publish_change(work, publication, &present, &raced); attempt++) {
    /* The lock holds off who shares our state directory; a writer who doesn't is met at the chain. */
    if (!raced || attempt == ATTEMPTS || !bs_scope_check(work->scope, &work->report.error)) return false;
    bs_log(BS_LOG_INFO, "another writer has changed %s meanwhile: it begins anew", publication->name);
    raced = false;
  }
  return finish(work, publication);
}

bool bs_publish(struct bs_work *work, struct bs_publication *publication) {
  bool good;

  bs_cache_forget_name(&work->session->cache, publication->name);
  good = publish_locked(work, publication);
  bs_cache_forget_name(&work->session->cache, publication->name); /* others read it meanwhile */
  return good;
}
