/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/putting.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/log.h"

#define LEAP_MAX (UINT64_C(1) << 20) /* of versions, unless forced */
#define DATA_VER_MAX (BS_VER_MAX - 1) /* above it there is always room for a tombstone */

static void forget_attempt(struct bs_putting *putting) {
  bs_reading_end(&putting->before);
  bs_target_free(&putting->target);
  bs_places_free(&putting->own);
  bs_buffer_clear(&putting->record);
  free(putting->data_id);
  putting->before = (struct bs_reading){.work = putting->work};
  putting->target = (struct bs_target)BS_TARGET_INIT;
  putting->own = (struct bs_places){.count = 0};
  putting->data_id = NULL;
  putting->superseded_by = 0;
}

void bs_putting_end(struct bs_putting *putting) {
  forget_attempt(putting);
  bs_buffer_free(&putting->data);
  bs_buffer_free(&putting->record);
}

static const struct bs_public_key *public_key(const struct bs_putting *putting) {
  return bs_key_public(putting->key->key);
}

struct bs_authority bs_putting_authority(const struct bs_putting *putting) {
  return (struct bs_authority){.key = public_key(putting), .memo = putting->work->session->memo};
}

/* ---- what there is ---- */

/* Is its route one that readers believe, and that names our key? */
static bool is_ours(const struct bs_putting *putting, const struct bs_target *target) {
  const struct bs_public_key *key = public_key(putting);

  return target->has_route && !target->is_legacy && !target->is_foreign && target->route.deleted == 0 &&
         target->authority.key != NULL &&
         target->key.length == key->length && memcmp(target->key.bytes, key->bytes, key->length) == 0;
}

/* Does the user record change, and may it? */
static bool decide_route(struct bs_putting *putting, const struct bs_publication *publication, bool *ret_changes) {
  const struct bs_target *target = &putting->target;
  bool is_live = target->has_route && !target->is_foreign && target->route.deleted == 0;
  struct bs_error *error = &putting->work->report.error;

  *ret_changes = !is_ours(putting, target) || (putting->options.reroute != 0 && publication->txid == NULL);
  if (!*ret_changes) return true;
  if (!bs_publish_check_owner(putting->work, publication, putting->present)) return false;
  if (publication->txid != NULL)
    return bs_fail(error, BS_WORD_usage, "The user record that the transaction %s published has no route to %s for this key.",
                   publication->txid, putting->id);
  if (putting->options.create != 0 || is_live) return true;
  return bs_fail(error, BS_WORD_not_found, "The user record of %s has no route to the data %s, and none is to be "
                 "made.", putting->name, putting->id);
}

/* Whose records count among those that are there: those that readers believe, or else our own. */
static struct bs_authority present_authority(struct bs_putting *putting, const struct bs_recalled *recalled) {
  struct bs_error before = putting->work->report.error;
  bool readable = bs_target_check_readable(putting->work, &putting->target, putting->present, recalled);

  putting->work->report.error = before;
  return readable ? putting->target.authority : bs_putting_authority(putting);
}

/* The stores' versions.  That a store gives nothing is no reason not to write. */
static bool look(struct bs_putting *putting, struct bs_recalled *ret_recalled) {
  struct bs_work *work = putting->work;
  struct bs_authority authority;

  if (!bs_state_recall(work->session->state, work->scope, ret_recalled, &putting->target.datum, putting->signer,
                       &work->report.error))
    return false;
  authority = present_authority(putting, ret_recalled);
  return bs_reading_begin(&putting->before, work, putting->present, &putting->target, putting->target.data_id) &&
         bs_reading_ask(&putting->before, &authority, false);
}

static uint64_t higher(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

/* The highest version that is known, 0: none; what is reserved does not count yet. */
static uint64_t last_known(const struct bs_putting *putting, const struct bs_recalled *recalled) {
  const struct bs_versions *versions = &putting->before.versions;
  uint64_t last = versions->count == 0 ? 0 : versions->items[0].verified.statement.ver;

  if (recalled->has_version) last = higher(last, recalled->version.ver);
  return putting->target.has_route ? higher(last, bs_route_lowest(&putting->target.route) - 1) : last;
}

/* ---- the version ---- */

static bool sign(struct bs_putting *putting, uint64_t ver) {
  const struct bs_datum *datum = &putting->target.datum;
  struct bs_error *error = &putting->work->report.error;
  int64_t most = putting->work->session->config->limit_mutable_record;

  bs_buffer_clear(&putting->record);
  putting->ver = ver;
  if (putting->is_delete) return bs_tombstone_sign(&putting->record, &putting->sign, datum, ver, putting->key->key, error);
  if (!bs_mutable_sign(&putting->record, &putting->sign, datum, ver, putting->options.expires, putting->data.bytes,
                       putting->data.length, putting->key->key, error))
    return false;
  return putting->record.length <= (uint64_t)most ||
         bs_fail(error, BS_WORD_too_large, "The record would have %zu bytes; limits.mutable_record allows %lld.",
                 putting->record.length, (long long)most);
}

bool bs_putting_is_signed(const struct bs_putting *putting, const unsigned char *z) {
  return memcmp(putting->sign.z, z, sizeof putting->sign.z) == 0;
}

/* Is this very content known as that version, and no other?  Then it may be stored again. */
static bool is_known(const struct bs_putting *putting, const struct bs_recalled *recalled) {
  const struct bs_versions *versions = &putting->before.versions;
  bool is_there = false;

  for (size_t i = 0; i < versions->count; i++) {
    if (versions->items[i].verified.statement.ver != putting->ver) continue;
    if (!bs_putting_is_signed(putting, versions->items[i].verified.z)) return false;
    is_there = true;
  }
  if (recalled->has_version && recalled->version.ver == putting->ver) return bs_putting_is_signed(putting, recalled->version.z);
  if (recalled->reserved == putting->ver) return bs_putting_is_signed(putting, recalled->reserved_z);
  return is_there;
}

/* With the transaction of an earlier try only what is known as the newest version is stored again: nothing else is
 * written in its name.  Who knows of none since the datum was made, on another device or after a loss, writes the
 * first. */
static bool find_version(struct bs_putting *putting, const struct bs_recalled *recalled, const char *txid,
                         uint64_t last, bool *ret_found) {
  uint64_t asked = putting->options.ver;

  *ret_found = false;
  if (last < bs_route_lowest(&putting->target.route)) return true;
  if (!sign(putting, last)) return false;
  *ret_found = (asked == 0 || asked == last) && is_known(putting, recalled);
  return *ret_found ||
         bs_fail(&putting->work->report.error, BS_WORD_conflict, "With the transaction %s only the newest version can "
                 "be put again, with its bytes and expiry; that of %s is version %" PRIu64
                 ", and this is not it.  Where it is new, put it without the transaction.", txid,
                 putting->id, last);
}

/* A put that failed is repeated: the same content gets the version that was reserved for it. */
static bool resume(struct bs_putting *putting, const struct bs_recalled *recalled, uint64_t last, bool *ret_resumed) {
  *ret_resumed = false;
  if (recalled->reserved == 0 || recalled->reserved < last) return true;
  if (!sign(putting, recalled->reserved)) return false;
  *ret_resumed = bs_putting_is_signed(putting, recalled->reserved_z) &&
                 (last < recalled->reserved || is_known(putting, recalled));
  return true;
}

static bool check_leap(struct bs_putting *putting, uint64_t ver, uint64_t last) {
  struct bs_error *error = &putting->work->report.error;

  if (ver > (putting->is_delete ? BS_VER_MAX : DATA_VER_MAX))
    return bs_fail(error, BS_WORD_usage, "A version is at most %s; of %s, %" PRIu64 " is known.",
                   putting->is_delete ? "2^53-1" : "2^53-2, below that of its tombstone", putting->id, last);
  if (putting->options.force != 0 || ver - last <= LEAP_MAX) return true;
  return bs_fail(error, BS_WORD_usage, "The version %" PRIu64 " is more than 2^20 above the last one known, %" PRIu64
                 ": none below it could be written any more.  Where that is meant, say so (force, --force).", ver, last);
}

static bool ask_version(struct bs_putting *putting, uint64_t last, uint64_t *ret_ver) {
  struct bs_error *error = &putting->work->report.error;
  uint64_t ver = putting->options.make_ver == NULL
                     ? last + 1 : putting->options.make_ver(putting->options.user, putting->name, putting->id, last);

  if (ver == 0) return bs_fail(error, BS_WORD_cancelled, "The caller gave no version; nothing was written.");
  if (ver <= last)
    return bs_fail(error, BS_WORD_usage, "The caller's version %" PRIu64 " is not above the last one known, %" PRIu64
                   ".", ver, last);
  *ret_ver = ver;
  return true;
}

/* The version that the caller names. */
static bool take_version(struct bs_putting *putting, const struct bs_recalled *recalled, uint64_t last) {
  uint64_t ver = putting->options.ver;

  if (ver > last) return check_leap(putting, ver, last) && sign(putting, ver);
  if (!sign(putting, ver)) return false;
  if (ver == last && is_known(putting, recalled)) return true;
  return bs_fail(&putting->work->report.error, BS_WORD_stale, "The version %" PRIu64 " of %s cannot be written: version %" PRIu64
                 " is known already.", ver, putting->id, last);
}

static bool pick_version(struct bs_putting *putting, const struct bs_recalled *recalled, const char *txid) {
  uint64_t known = last_known(putting, recalled), last = higher(known, recalled->reserved), ver = 0;
  bool resumed, found;

  if (txid != NULL) {
    if (!find_version(putting, recalled, txid, last, &found)) return false;
    putting->why = "the newest, with the same content";
    if (found) return true;
  }
  putting->why = "the caller's";
  if (putting->options.ver != 0) return take_version(putting, recalled, last);
  if (putting->options.make_ver == NULL) {
    if (!resume(putting, recalled, known, &resumed)) return false;
    putting->why = "reserved for the same content by an earlier try";
    if (resumed) return true;
    putting->why = "one above all that are known";
  }
  /* A re-created datum began with its route's ver_min: that version exists, although no store may show it. */
  if (putting->target.has_route) last = higher(last, putting->target.route.ver_min);
  return ask_version(putting, last, &ver) && check_leap(putting, ver, last) && sign(putting, ver);
}

static void tell_version(const struct bs_putting *putting, const struct bs_recalled *recalled) {
  const struct bs_versions *versions = &putting->before.versions;

  bs_log(BS_LOG_INFO, "version %" PRIu64 " is written: %s (in the stores: %" PRIu64 ", seen before: %" PRIu64
         ", reserved: %" PRIu64 ", route from: %" PRIu64 "; 0 is none)", putting->ver, putting->why,
         versions->count == 0 ? 0 : versions->items[0].verified.statement.ver,
         recalled->has_version ? recalled->version.ver : 0, recalled->reserved,
         putting->target.has_route ? bs_route_lowest(&putting->target.route) : 0);
}

static bool choose_version(struct bs_putting *putting, const struct bs_recalled *recalled, const char *txid) {
  if (!pick_version(putting, recalled, txid)) return false;
  tell_version(putting, recalled);
  return true;
}

/* ---- the change ---- */

/* Why the first could not, with its name in front. */
static const char *why_no_url(const struct bs_replicas *replicas) {
  for (size_t i = 0; i < replicas->count; i++)
    if (!replicas->items[i].is_good && replicas->items[i].error.message[0] != '\0') return replicas->items[i].error.message;
  return "";
}

/* The URLs of a new route: each store's own. */
static bool make_urls(struct bs_putting *putting, size_t *ret_count) {
  struct bs_work *work = putting->work;

  *ret_count = 0;
  bs_replicas_forget(&work->replicas);
  if (!bs_places_find(&putting->own, &work->replicas, NULL, 0, putting->data_id, bs_scope_time_left(work->scope) / 3,
                      &work->watch, &work->report.error))
    return false;
  for (size_t i = 0; i < putting->own.count && *ret_count < BS_URLS_MAX; i++)
    putting->urls[(*ret_count)++] = putting->own.items[i].url;
  if (*ret_count > 0) return true;
  return bs_fail(&work->report.error, BS_WORD_too_few,
                 "No store could make a URL for %s: there is no route to it to be made.  %s", putting->id,
                 why_no_url(&work->replicas));
}

static bool change_route(struct bs_putting *putting, struct bs_publication *publication) {
  struct bs_route_change *change = &publication->change.route;
  bool was_deleted = putting->target.has_route && putting->target.route.deleted != 0;

  *change = (struct bs_route_change){.id = putting->id, .key = public_key(putting), .urls = putting->urls};
  if (putting->is_delete) {
    change->action = BS_ROUTE_DELETE;
    change->ver = putting->ver;
    return true;
  }
  change->action = BS_ROUTE_SET;
  change->ver = was_deleted ? putting->ver : 0; /* nothing of its former life can come back */
  return make_urls(putting, &change->url_count);
}

static bool find_target(struct bs_putting *putting, const struct bs_present *present) {
  struct bs_buffer data_id = BS_BUFFER_INIT;

  forget_attempt(putting);
  putting->present = present;
  if (!bs_target_find(putting->work, &putting->target, present, putting->id)) return false;
  bs_data_id(&data_id, &putting->target.datum);
  putting->data_id = bs_buffer_take(&data_id);
  return putting->data_id != NULL || bs_fail_memory(&putting->work->report.error);
}

static void announce(struct bs_putting *putting, struct bs_publication *publication) {
  publication->datum = &putting->target.datum;
  publication->version = (struct bs_seen){.ver = putting->ver,
                                          .is_tombstone = putting->is_delete,
                                          .expires = putting->sign.statement.expires,
                                          .length = putting->sign.statement.length};
  memcpy(publication->version.sha256, putting->sign.statement.sha256, sizeof publication->version.sha256);
  memcpy(publication->version.sig, putting->sign.sig, sizeof publication->version.sig);
  memcpy(publication->version.z, putting->sign.z, sizeof putting->sign.z);
  memcpy(publication->version.signer, putting->signer, sizeof putting->signer);
}

bool bs_putting_check_still(struct bs_putting *putting, const struct bs_publication *publication) {
  struct bs_present now BS_AUTO(bs_present_free) = BS_PRESENT_INIT;
  struct bs_target target BS_AUTO(bs_target_free) = BS_TARGET_INIT;
  struct bs_work *work = putting->work;

  if (publication->change.route.action != BS_ROUTE_KEEP) return true;
  if (!bs_present_name(work, &now, putting->name)) return bs_context(&work->report.error, "The data was stored, but meanwhile");
  if ((publication->txid == NULL || putting->is_delete) && now.record.block == putting->present->record.block &&
      now.record.vtxindex == putting->present->record.vtxindex)
    return true;
  if (!bs_present_load(work, &now, putting->name) || !bs_target_find(work, &target, &now, putting->id)) return false;
  if (is_ours(putting, &target) && bs_route_lowest(&target.route) <= putting->ver) return true;
  return bs_fail(&work->report.error, BS_WORD_conflict,
                 "While version %" PRIu64 " of %s was written, somebody else deleted the data, gave it another key, or "
                 "the name another owner.", putting->ver, putting->id);
}

/* Are these the bytes of the newest version?  Who puts them again has a reason. */
static bool is_put_again(const struct bs_putting *putting, const struct bs_recalled *recalled) {
  const struct bs_versions *versions = &putting->before.versions;
  const unsigned char *newest = versions->count == 0 ? NULL : versions->items[0].verified.statement.sha256;

  if (recalled->has_version && (newest == NULL || recalled->version.ver > versions->items[0].verified.statement.ver))
    newest = recalled->version.sha256;
  return newest != NULL && memcmp(newest, putting->sign.statement.sha256, BS_SHA256_SIZE) == 0;
}

/* Has one of our stores nothing of a datum that it is to have?  Then the user record may be lost as well. */
static bool is_lost(const struct bs_putting *putting) {
  const struct bs_places *places = &putting->before.places;

  for (size_t i = 0; i < places->count; i++)
    if (places->items[i].is_own && places->answers.items[i].error.word == BS_WORD_not_found &&
        !places->answers.items[i].is_good)
      return true;
  return false;
}

bool bs_putting_prepare(void *user, struct bs_work *work, struct bs_publication *publication, const struct bs_present *present) {
  struct bs_putting *putting = user;
  struct bs_recalled recalled;
  bool changes;

  (void)work;
  publication->change = (struct bs_user_change){.route = {.action = BS_ROUTE_KEEP}}; /* not that of an attempt before */
  if (!find_target(putting, present) || !decide_route(putting, publication, &changes) || !look(putting, &recalled) ||
      !choose_version(putting, &recalled, publication->txid))
    return false;
  announce(putting, publication);
  publication->restores_record = is_lost(putting) || is_put_again(putting, &recalled);
  if (publication->txid != NULL) return bs_putting_check_still(putting, publication);
  return !changes || change_route(putting, publication);
}

/* The tombstone of a deletion that was published, for stores that lack it; not over what was put since. */
static bool bury_again(struct bs_putting *putting, struct bs_publication *publication) {
  uint64_t deleted = putting->target.route.deleted, last;
  struct bs_error *error = &putting->work->report.error;
  struct bs_recalled recalled;

  if (!putting->target.has_route || deleted == 0)
    return bs_fail(error, BS_WORD_usage, "The user record that the transaction %s published does not say that %s is deleted.",
                   publication->txid, putting->id);
  if (!look(putting, &recalled)) return false;
  last = last_known(putting, &recalled);
  if (last > deleted)
    return bs_fail(error, BS_WORD_conflict, "The transaction %s deleted version %" PRIu64
                   " of %s and those below; version %" PRIu64
                   " was put since.", publication->txid, deleted - 1, putting->id, last);
  if (!sign(putting, deleted)) return false;
  announce(putting, publication);
  return true;
}

/* What is not there is deleted; a tombstone, should there be one, authorises the purge. */
static bool find_done(struct bs_putting *putting, struct bs_publication *publication) {
  publication->is_done = true;
  publication->datum = &putting->target.datum;
  publication->version.ver = putting->target.route.deleted;
  return !putting->target.has_route || sign(putting, putting->target.route.deleted);
}

bool bs_putting_prepare_delete(void *user, struct bs_work *work, struct bs_publication *publication,
                               const struct bs_present *present) {
  struct bs_putting *putting = user;
  struct bs_recalled recalled;

  if (!find_target(putting, present) || !bs_publish_check_owner(work, publication, present)) return false;
  if (publication->txid != NULL) return bury_again(putting, publication);
  if (!putting->target.has_route || putting->target.route.deleted != 0) return find_done(putting, publication);
  if (!look(putting, &recalled) || !choose_version(putting, &recalled, NULL)) return false;
  announce(putting, publication);
  return change_route(putting, publication);
}
