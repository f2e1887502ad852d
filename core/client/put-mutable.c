/* SPDX-License-Identifier: MIT */
/* put_mutable and delete_mutable: what putting.c has signed is stored, read again, and told. */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/client/evidence.h"
#include "core/client/io.h"
#include "core/client/options.h"
#include "core/client/putting.h"
#include "core/client/receipt.h"

/* ---- storing it, and looking what became of it ---- */

/* A place that cannot be read just now shows nothing; any other answer than the version is something else. */
static bool is_silent(const struct bs_place *place, const struct bs_replica *answer) {
  enum bs_word word = answer->error.word;

  return place->ver == 0 && (word == BS_WORD_unreachable || word == BS_WORD_deadline || word == BS_WORD_cancelled ||
                             word == BS_WORD_denied);
}

/* answer: what the place said to who looked again. */
static void fail_untrue(struct bs_replica *replica, const struct bs_replica *answer, uint64_t ver) {
  bool has_reason = !answer->is_good && answer->error.word != BS_NO_WORD && answer->error.word != BS_WORD_not_found;

  replica->is_good = false;
  bs_fail(&replica->error, BS_WORD_failed, "%s: The store says that it has version %" PRIu64
          ", but does not give it back%s%s", replica->name,
          ver, has_reason ? ": " : ".", has_reason ? answer->error.message : "");
}

/* A store that promises to show what was put and shows something else has not stored it, whatever it said. */
static void doubt(struct bs_putting *putting, const struct bs_reading *after, struct bs_replica *stored) {
  for (size_t i = 0; i < after->places.count; i++) {
    const struct bs_place *place = &after->places.items[i];
    struct bs_replica *replica = &stored[place->store];

    if (!place->is_own || !replica->is_good) continue;
    if (place->ver >= putting->ver) continue; /* ours, or that of a rival who has overwritten it */
    if (is_silent(place, &after->places.answers.items[i])) {
      bs_log(BS_LOG_WARNING, "%s: The store took version %" PRIu64 ", but could not be read again: %s", replica->name,
             putting->ver, after->places.answers.items[i].error.message);
      continue;
    }
    if ((replica->store->capabilities & BS_CAPABILITY_CONSISTENT) == 0) {
      bs_log(BS_LOG_WARNING, "%s: The store took version %" PRIu64 ", but does not show it yet.", replica->name, putting->ver);
      continue;
    }
    fail_untrue(replica, &after->places.answers.items[i], putting->ver);
  }
}

/* Another writer, who did not know of us. */
static bool meet_rivals(struct bs_putting *putting, struct bs_reading *after) {
  for (size_t i = 0; i < after->versions.count; i++) {
    const struct bs_found *found = &after->versions.items[i];
    uint64_t ver = found->verified.statement.ver;

    if (ver > putting->ver && ver > putting->superseded_by) putting->superseded_by = ver;
    if (ver != putting->ver || bs_putting_is_signed(putting, found->verified.z)) continue;
    after->choice.disputed = ver;
    bs_evidence_keep(after);
    return bs_fail(&putting->work->report.error, BS_WORD_conflict,
                   "Another writer signed version %" PRIu64 " of %s with other content at the same time: two contents "
                   "were signed for one version.  Read it, then put again.", ver, putting->id);
  }
  if (!putting->is_delete || putting->superseded_by == 0) return true;
  return bs_fail(&putting->work->report.error, BS_WORD_conflict, "Version %" PRIu64
                 " of %s was written while it was to be deleted; delete it again.",
                 putting->superseded_by, putting->id);
}

/* ours: what was written, of which evidence speaks even where a rival has overwritten it. */
static bool look_again(struct bs_putting *putting, struct bs_replica *stored, const struct bs_seen *ours) {
  struct bs_reading after = {.work = putting->work};
  const struct bs_authority authority = bs_putting_authority(putting);
  bool good = bs_reading_begin(&after, putting->work, putting->present, &putting->target, putting->data_id) &&
              bs_reading_ask(&after, &authority, false);

  after.recalled = (struct bs_recalled){.has_version = true, .version = *ours};
  good = good && meet_rivals(putting, &after);
  if (good) doubt(putting, &after, stored);
  bs_reading_end(&after);
  return good;
}

static bool store_copy(struct bs_putting *putting, struct bs_feed *feed) {
  struct bs_work *work = putting->work;

  return bs_replicas_put_mutable(&work->replicas, work->session->at_least, putting->data_id, putting->ver,
                                 putting->sign.sig, feed, &work->watch, &work->report.error);
}

/* Looking again uses the replicas anew: what they answered to the put is kept beside, and put back. */
static bool store_and_look(struct bs_putting *putting, struct bs_feed *feed, const struct bs_seen *ours) {
  struct bs_work *work = putting->work;
  size_t size = work->replicas.count * sizeof *work->replicas.items;
  struct bs_replica *stored BS_AUTO_FREE = malloc(size + 1);
  bool good;

  if (stored == NULL) return bs_fail_memory(&work->report.error);
  if (!store_copy(putting, feed)) return false;
  memcpy(stored, work->replicas.items, size);
  good = look_again(putting, stored, ours);
  memcpy(work->replicas.items, stored, size);
  return good && bs_replicas_judge(&work->replicas, work->session->at_least, &work->report.error);
}

static bool store(void *user, struct bs_work *work, const struct bs_publication *publication) {
  struct bs_putting *putting = user;
  struct bs_feed *feed BS_AUTO_FEED = NULL;
  struct bs_error *error = &work->report.error;

  if (!bs_feed_from_memory(&feed, putting->record.bytes, putting->record.length, error)) return false;
  if (!store_and_look(putting, feed, &publication->version)) {
    if (error->word != BS_WORD_too_few) return false;
    return bs_fail(error, BS_WORD_too_few, "%s  What some took may be read already: repeat it; it keeps its version, %"
                   PRIu64 ".", error->message, putting->ver);
  }
  return bs_putting_check_still(putting, publication);
}

/* Without their tombstone the stores say that they know nothing; the user record says all the same that it was deleted. */
static bool finish_delete(void *user, struct bs_work *work, const struct bs_publication *publication) {
  struct bs_putting *putting = user;

  (void)publication;
  if (!putting->purges || !putting->target.has_route) return true;
  bs_replicas_forget(&work->replicas);
  return bs_replicas_delete_mutable(&work->replicas, putting->data_id, putting->sign.sig, &work->watch, &work->report.error) &&
         bs_outcomes_add(&work->report.outcomes, &work->replicas, &work->report.error);
}

/* ---- the calls ---- */

static bool make_receipt(struct bs_putting *putting, struct blockstore_receipt **ret_receipt,
                         const struct bs_publication *publication) {
  const struct bs_receipt_of of = {.id = putting->id,
                                   .ver = publication->is_done ? 0 : putting->ver,
                                   .z = publication->is_done ? NULL : putting->sign.z,
                                   .superseded_by = putting->superseded_by > publication->superseded_by
                                                       ? putting->superseded_by : publication->superseded_by,
                                   .places = publication->change.route.action == BS_ROUTE_KEEP &&
                                             !publication->is_done ? &putting->before.places : NULL};

  return bs_receipt_make(putting->work, ret_receipt, publication, &of);
}

static bool read_data(struct bs_putting *putting, struct bs_feed *feed) {
  struct bs_error *error = &putting->work->report.error;
  struct bs_feed_reader reader;
  size_t size = (size_t)bs_feed_size(feed);
  unsigned char sha256[BS_SHA256_SIZE], *bytes;
  bool good;

  if (!bs_feed_digest(feed, sha256, NULL, NULL, NULL, putting->work->scope, error))
    return false; /* against it what is read is checked */
  bytes = bs_buffer_extend(&putting->data, size);
  if (bytes == NULL) return bs_fail_memory(error);
  bs_feed_reader_begin(&reader, feed);
  good = bs_feed_read(&reader, bytes, size, 0, error);
  bs_feed_reader_end(&reader);
  return good;
}

static struct bs_publication publication_of(struct bs_putting *putting) {
  bs_public_key_signer(putting->signer, bs_key_public(putting->key->key));
  return (struct bs_publication){.name = putting->name,
                                 .owner = putting->key,
                                 .payment = putting->options.payment_key,
                                 .txid = putting->options.txid,
                                 .prepare = putting->is_delete ? bs_putting_prepare_delete : bs_putting_prepare,
                                 .store_data = store,
                                 .finish = putting->is_delete ? finish_delete : NULL,
                                 .user = putting};
}

static bool publish(struct bs_putting *putting, struct blockstore_receipt **ret_receipt) {
  struct bs_publication publication = publication_of(putting);
  bool good = bs_publish(putting->work, &publication) && make_receipt(putting, ret_receipt, &publication);

  bs_name_receipt_clear(&publication.receipt);
  return good;
}

enum blockstore_result blockstore_put_mutable(struct blockstore *blockstore, struct blockstore_receipt **ret_receipt,
                                              const char *name,
                                              const char *id, struct blockstore_input *data, const struct blockstore_key *key,
                                              const struct blockstore_put_mutable_options *options,
                                              struct blockstore_error **error) {
  struct bs_putting putting = {.name = name, .id = id, .key = key, .options = BLOCKSTORE_PUT_MUTABLE_INIT,
                               .target = BS_TARGET_INIT};
  const struct bs_input_limit limit = {(uint64_t)blockstore->config->limit_mutable_record, "limits.mutable_record"};
  struct bs_report early = BS_REPORT_INIT;
  struct bs_input_use use;
  struct bs_work work;
  bool good;

  if (!bs_options_take(&putting.options, sizeof putting.options, options, &early.error) || !bs_name_check(name, &early.error) ||
      !bs_id_check(id, &early.error))
    return bs_report_end(&early, false, error);
  putting.work = &work;
  good = bs_work_begin(&work, blockstore, putting.options.deadline_ms, putting.options.progress, putting.options.user, true);
  if (good) {
    good = bs_input_begin(&use, data, &limit, &work.watch, &work.report.error) &&
           read_data(&putting, use.feed) && publish(&putting, ret_receipt);
    bs_input_end(&use);
  }
  bs_putting_end(&putting);
  return bs_work_end(&work, good, error);
}

enum blockstore_result blockstore_delete_mutable(struct blockstore *blockstore,
                                                 struct blockstore_receipt **ret_receipt, const char *name,
                                                 const char *id, const struct blockstore_key *key,
                                                 const struct blockstore_delete_options *options,
                                                 struct blockstore_error **error) {
  struct bs_putting putting = {
      .name = name, .id = id, .key = key, .is_delete = true, .options = BLOCKSTORE_PUT_MUTABLE_INIT, .target = BS_TARGET_INIT};
  struct blockstore_delete_options known = BLOCKSTORE_DELETE_INIT;
  struct bs_report early = BS_REPORT_INIT;
  struct bs_work work;
  bool good;

  if (!bs_options_take(&known, sizeof known, options, &early.error) || !bs_name_check(name, &early.error) ||
      !bs_id_check(id, &early.error))
    return bs_report_end(&early, false, error);
  putting.work = &work;
  putting.options.txid = known.txid;
  putting.options.payment_key = known.payment_key;
  putting.purges = known.purge != 0;
  good = bs_work_begin(&work, blockstore, known.deadline_ms, NULL, NULL, true) && publish(&putting, ret_receipt);
  bs_putting_end(&putting);
  return bs_work_end(&work, good, error);
}
