/* SPDX-License-Identifier: MIT */
/* Questions on blocks.  Where there is no such block the result is null. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "tools/blockstored/json.h"
#include "tools/blockstored/service.h"
#include "tools/blockstored/shapes.h"

static bool give_null(struct bsd_call *call, size_t from) {
  call->reply->length = from;
  bs_buffer_text(call->reply, "null");
  return true;
}

bool bsd_consensus_at(struct bsd_call *call) {
  char consensus[BS_CONSENSUS_TEXT];

  if (!bs_names_consensus_at(call->names, call->scope, consensus, call->arguments[0].number, call->error))
    return call->error->word == BS_WORD_not_found && give_null(call, call->reply->length);
  bs_buffer_format(call->reply, "\"%s\"", consensus);
  return true;
}

bool bsd_consensus_range(struct bsd_call *call) {
  char(*consensus)[BS_CONSENSUS_TEXT] BS_AUTO_FREE = calloc(BS_NAMES_RANGE_MAX, sizeof *consensus);
  uint64_t first = call->arguments[0].number, last = call->arguments[1].number;

  if (consensus == NULL) return bs_fail_memory(call->error);
  if (!bs_names_consensus_range(call->names, call->scope, consensus, first, last, call->error)) return false;
  bs_buffer_byte(call->reply, '[');
  for (uint64_t i = 0; i <= last - first; i++) bs_buffer_format(call->reply, "%s\"%s\"", i == 0 ? "" : ",", consensus[i]);
  bs_buffer_byte(call->reply, ']');
  return true;
}

bool bsd_block_from_consensus(struct bsd_call *call) {
  unsigned char consensus[BS_CONSENSUS_SIZE];
  uint64_t block;
  bool found;

  bs_hex_decode(consensus, sizeof consensus, call->arguments[0].text);
  if (!bs_names_block_of(call->names, call->scope, &block, &found, consensus, call->error)) return false;
  if (!found) return give_null(call, call->reply->length);
  bs_buffer_format(call->reply, "%llu", (unsigned long long)block);
  return true;
}

bool bsd_nameops_hash_at(struct bsd_call *call) {
  static const unsigned char none[BS_SHA256_SIZE]; /* of a block before the first */
  unsigned char hash[BS_SHA256_SIZE];
  bool found;

  if (!bs_names_operations_hash_at(call->names, call->scope, hash, &found, call->arguments[0].number, call->error)) return false;
  if (!found || memcmp(hash, none, sizeof hash) == 0) return give_null(call, call->reply->length);
  bs_buffer_byte(call->reply, '"');
  bsd_json_hex_digits(call->reply, hash, sizeof hash);
  bs_buffer_byte(call->reply, '"');
  return true;
}

bool bsd_nameops_at(struct bsd_call *call) {
  size_t from = call->reply->length;
  struct bsd_page page = {.json = call->reply, .from = from, .full = "ask get_operations_at"};

  bs_buffer_byte(call->reply, '[');
  if (!bs_names_operations_at(call->names, call->scope, call->arguments[0].number, bsd_page_operation, &page, call->error))
    return call->error->word == BS_WORD_not_found && give_null(call, from);
  bs_buffer_byte(call->reply, ']');
  return true;
}

bool bsd_operations_at(struct bsd_call *call) {
  size_t from = call->reply->length;
  struct bsd_page page = {.json = call->reply, .from = from, .skip = call->arguments[1].number};
  bool good;

  bs_buffer_text(call->reply, "{\"operations\":[");
  good = bs_names_operations_at(call->names, call->scope, call->arguments[0].number, bsd_page_serialised, &page, call->error);
  if (!bsd_page_end(&page, good)) return call->error->word == BS_WORD_not_found && give_null(call, from);
  bs_buffer_byte(call->reply, ']');
  bsd_json_truth(call->reply, "more", page.more);
  bs_buffer_byte(call->reply, '}');
  return true;
}

/* ---- announcements, and what was refused ---- */

static void write_place(struct bs_buffer *json, uint64_t vtxindex, const unsigned char txid[BS_TXID_SIZE]) {
  char text[BS_TXID_TEXT];

  bs_txid_text(text, txid);
  bsd_json_item(json);
  bs_buffer_byte(json, '{');
  bsd_json_number(json, "vtxindex", vtxindex);
  bsd_json_text(json, "txid", text);
}

static bool add_announcement(void *user, const struct bs_announcement *announcement, struct bs_error *error) {
  struct bs_buffer *json = user;

  write_place(json, announcement->vtxindex, announcement->txid);
  bsd_json_text(json, "address", announcement->address);
  bsd_json_hex(json, "hash", announcement->hash, sizeof announcement->hash);
  bs_buffer_byte(json, '}');
  return bs_buffer_ok(json, error);
}

static bool add_refused(void *user, const struct bs_refused *refused, struct bs_error *error) {
  struct bs_buffer *json = user;

  write_place(json, refused->vtxindex, refused->txid);
  bsd_json_text(json, "reason", refused->reason);
  bs_buffer_byte(json, '}');
  return bs_buffer_ok(json, error);
}

bool bsd_announcements_at(struct bsd_call *call) {
  size_t from = call->reply->length;

  bs_buffer_byte(call->reply, '[');
  if (!bs_names_announcements_at(call->names, call->scope, call->arguments[0].number, add_announcement, call->reply, call->error))
    return call->error->word == BS_WORD_not_found && give_null(call, from);
  bs_buffer_byte(call->reply, ']');
  return true;
}

bool bsd_refused_at(struct bsd_call *call) {
  size_t from = call->reply->length;

  bs_buffer_byte(call->reply, '[');
  if (!bs_names_refused_at(call->names, call->scope, call->arguments[0].number, add_refused, call->reply, call->error))
    return call->error->word == BS_WORD_not_found && give_null(call, from);
  bs_buffer_byte(call->reply, ']');
  return true;
}
