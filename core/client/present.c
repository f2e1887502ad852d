/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <string.h>

#include "core/base/auto.h"
#include "core/client/session.h"
#include "core/codec/hex.h"

void bs_present_free(struct bs_present *present) {
  bs_buffer_free(&present->bytes);
}

bool bs_present_name(struct bs_work *work, struct bs_present *ret_present, const char *name) {
  struct bs_error *error = &work->report.error;
  const struct bs_name_record *record = &ret_present->record;

  if (!bs_name_check(name, error) || !bs_names_lookup(work->session->names, work->scope, &ret_present->record, name, error)) return false;
  if (record->revoked) return bs_fail(error, BS_WORD_not_found, "The name %s was revoked by its owner; it says nothing any more.", name);
  if (record->expired)
    return bs_fail(error, BS_WORD_expired, "The name %s expired at block %llu; it says nothing until it is registered again.", name,
                   (unsigned long long)record->expires);
  return true;
}

static bool parse(struct bs_work *work, struct bs_present *present, const char *name, const char *value_hash) {
  if (bs_user_parse(&present->user, present->bytes.bytes, present->bytes.length, name, &work->report.error)) return true;
  return bs_context(&work->report.error, "The user record %s of the name %s", value_hash, name);
}

bool bs_present_user(struct bs_work *work, struct bs_present *present, const char *name, const char *value_hash) {
  struct bs_spool spool BS_AUTO(bs_spool_free);
  struct bs_error *error = &work->report.error;
  const struct bs_replica *giver;
  unsigned char *bytes;

  bs_spool_init(&spool, NULL);
  bs_replicas_forget(&work->replicas);
  if (!bs_replicas_get_immutable(&work->replicas, &spool, &giver, value_hash, (uint64_t)work->session->config->limit_user_record,
                                 &work->watch, error)) {
    struct bs_error why = *error;

    bs_context(error, "The user record %s of the name %s", value_hash, name);
    if (!bs_outcomes_add(&work->report.outcomes, &work->replicas, &why)) *error = why;
    return false;
  }
  bs_buffer_clear(&present->bytes);
  bytes = bs_buffer_extend(&present->bytes, (size_t)spool.length);
  if (bytes == NULL) return bs_fail_memory(error);
  return bs_spool_read(&spool, bytes, (size_t)spool.length, 0, error) && parse(work, present, name, value_hash);
}

/* The record that waits for its transaction's confirmation, if the journal has one that was sent. */
static bool pending_user(struct bs_work *work, struct bs_present *present, const char *name, bool *ret_found) {
  struct bs_pending pending BS_AUTO(bs_pending_clear) = BS_PENDING_INIT;
  struct bs_error *error = &work->report.error;
  unsigned char chain_id[32];
  char chain[65];

  *ret_found = false;
  if (bs_names_is_immediate(work->session->names)) return true; /* what was sent is confirmed */
  if (!bs_names_chain_id(work->session->names, work->scope, chain_id, error)) return false;
  bs_hex_encode(chain, chain_id, sizeof chain_id);
  if (!bs_state_journal_find(work->session->state, work->scope, ret_found, &pending, chain, name, error)) return false;
  *ret_found = *ret_found && pending.txid[0] != '\0';
  if (!*ret_found) return true;
  bs_buffer_free(&present->bytes);
  present->bytes = pending.record;
  pending.record = (struct bs_buffer)BS_BUFFER_INIT;
  return parse(work, present, name, pending.value_hash);
}

bool bs_present_load(struct bs_work *work, struct bs_present *ret_present, const char *name) {
  bool is_pending;

  bs_buffer_clear(&ret_present->bytes);
  if (!bs_present_name(work, ret_present, name) || !pending_user(work, ret_present, name, &is_pending)) return false;
  if (is_pending || ret_present->record.value_hash[0] == '\0') return true;
  return bs_present_user(work, ret_present, name, ret_present->record.value_hash);
}
