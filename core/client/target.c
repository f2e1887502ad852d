/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/target.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "core/record/legacy.h"

void bs_target_free(struct bs_target *target) {
  free(target->data_id);
  target->data_id = NULL;
  bs_buffer_free(&target->url_texts);
}

/* The route's URLs without their escapes, one behind the other. */
static bool take_urls(struct bs_target *target, struct bs_error *error) {
  struct bs_json_iterator iterator = bs_json_begin(target->route.urls);
  struct bs_json url;
  size_t at = 0;

  while (target->url_count < BS_URLS_MAX && bs_json_next_item(&iterator, &url)) {
    bs_json_string(url, &target->url_texts);
    bs_buffer_byte(&target->url_texts, '\0');
    target->url_count++;
  }
  if (!bs_buffer_ok(&target->url_texts, error)) return false;
  for (size_t i = 0; i < target->url_count; i++) {
    target->urls[i] = (const char *)target->url_texts.bytes + at;
    at += strlen(target->urls[i]) + 1;
  }
  return true;
}

bool bs_target_find(struct bs_work *work, struct bs_target *target, const struct bs_present *present, const char *id) {
  struct bs_error *error = &work->report.error;
  const struct bs_user *user = present->copy == NULL ? NULL : &present->copy->user;
  struct bs_buffer data_id = BS_BUFFER_INIT;

  *target = (struct bs_target)BS_TARGET_INIT;
  if (!bs_id_check(id, error)) return false;
  target->datum = (struct bs_datum){present->record.chain_id, present->record.name, id};
  target->authority.owner = present->record.owner_hash;
  target->authority.memo = work->session->memo;
  target->has_route = user != NULL && bs_user_copy_route(present->copy, id, &target->route, &target->key);
  if (target->key.length > 0) target->authority.key = &target->key;
  target->is_legacy = target->has_route && user->generation == BS_USER_V2;
  target->is_foreign =
      target->has_route && (present->is_foreign || (!target->is_legacy && strcmp(user->owner, present->record.owner) != 0));
  if (target->is_legacy) bs_buffer_text(&data_id, id);
  else bs_data_id(&data_id, &target->datum);
  target->data_id = bs_buffer_take(&data_id);
  if (target->data_id == NULL) return bs_fail_memory(error);
  return !target->has_route || take_urls(target, error);
}

static bool is_in_compat(const struct blockstore_config *config, const char *name) {
  for (size_t i = 0; i < config->legacy_count; i++)
    if (strcmp(config->legacy[i], name) == 0) return true;
  return false;
}

static bool fail_no_route(const struct bs_target *target, const char *name, struct bs_error *error) {
  const char *id = target->datum.id;
  bool is_key = bs_hex_is_string(id, 64) || bs_hex_is_string(id, 40);

  return bs_fail(error, BS_WORD_not_found, "The user record of %s has no route to the data %s.%s", name, id,
                 is_key ? "  Immutable data, of which this seems to be a key, has no versions: get_immutable gets it." : "");
}

bool bs_target_check_readable(struct bs_work *work, struct bs_target *target, const struct bs_present *present,
                              const struct bs_recalled *recalled) {
  struct bs_error *error = &work->report.error;
  const char *name = present->record.name;

  if (present->copy == NULL)
    return bs_fail(error, BS_WORD_not_found, "The name %s has no user record yet, hence no mutable data.", name);
  if (!target->has_route) return fail_no_route(target, name, error);
  if (target->is_foreign)
    return bs_fail(error, BS_WORD_owner_changed, "The routes of %s were written before the name belonged to %s: its "
                   "mutable data is not believed until the new owner puts it.", name, present->record.owner);
  if (target->route.deleted != 0)
    return bs_fail(error, BS_WORD_deleted, "The data %s of %s was deleted, by version %" PRIu64 ".", target->datum.id, name,
                   target->route.deleted);
  if (target->route.pubkey.length > 0 && target->key.length == 0) return bs_route_key(&target->key, &target->route, error);
  /* Records of 2015 bind neither name nor chain: they are believed only where the user says so and nothing better was
   * ever seen. */
  target->admits_legacy = target->is_legacy && !present->was_current && !recalled->has_current;
  if (!target->is_legacy || is_in_compat(work->session->config, name)) return true;
  return bs_fail(error, BS_WORD_downgrade, "The user record of %s is of 2015: its mutable data is believed only when "
                 "compat.legacy in the configuration names %s.", name, name);
}

bool bs_target_admits(const struct bs_target *target, const struct bs_present *present, const struct bs_mutable *record,
                      struct bs_error *error) {
  if (record->generation == BS_MUTABLE_CURRENT) return true;
  if (target->admits_legacy) return bs_legacy_check(record, target->datum.id, &present->copy->user, error);
  if (target->is_legacy)
    return bs_fail(error, BS_WORD_downgrade, "The record is of 2015, but a newer form of it was seen before, or of the "
                   "name's user record: those of 2015 are not believed any more.");
  return bs_fail(error, BS_WORD_downgrade, "The record is of 2015, and its route is not: older software wrote it, or a forger.");
}
