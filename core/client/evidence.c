/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/client/evidence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/io.h"
#include "core/base/log.h"
#include "core/codec/base64.h"
#include "core/codec/hex.h"

/* One of the two contents. */
struct side {
  const unsigned char *z;
  enum bs_statement_kind kind;
  uint64_t expires, length;
  const unsigned char *sha256;
  const char *sig;
  const char *source;             /* the URL it was read from; NULL: it was seen before */
  const struct bs_buffer *record; /* NULL: not kept */
};

static struct side of_found(const struct bs_reading *reading, const struct bs_found *found) {
  const struct bs_statement *statement = &found->verified.statement;

  return (struct side){.z = found->verified.z,
                       .kind = statement->kind,
                       .expires = statement->expires,
                       .length = statement->length,
                       .sha256 = statement->sha256,
                       .sig = found->sig,
                       .source = reading->places.items[found->place].url,
                       .record = found->record.length > 0 ? &found->record : NULL};
}

static struct side of_floor(const struct bs_seen *seen) {
  return (struct side){.z = seen->z,
                       .kind = seen->is_tombstone ? BS_STATEMENT_TOMBSTONE : BS_STATEMENT_DATA,
                       .expires = seen->expires,
                       .length = seen->length,
                       .sha256 = seen->sha256,
                       .sig = seen->sig};
}

static void order(struct side sides[2]) {
  struct side first = sides[0];

  if (memcmp(sides[0].z, sides[1].z, BS_SHA256_SIZE) < 0) return;
  sides[0] = sides[1];
  sides[1] = first;
}

/* The first two contents of the disputed version, the lower z first; false where only one is known. */
static bool find_sides(const struct bs_reading *reading, struct side sides[2]) {
  const struct bs_seen *floor = reading->recalled.has_version ? &reading->recalled.version : NULL;
  uint64_t ver = reading->choice.disputed;
  size_t count = 0;

  for (size_t i = 0; i < reading->versions.count && count < 2; i++)
    if (reading->versions.items[i].verified.statement.ver == ver) sides[count++] = of_found(reading, &reading->versions.items[i]);
  if (count == 1 && floor != NULL && floor->ver == ver && memcmp(floor->z, sides[0].z, BS_SHA256_SIZE) != 0)
    sides[count++] = of_floor(floor);
  if (count < 2) return false;
  order(sides);
  return true;
}

/* ---- the file ---- */

static void add_hex(cJSON *object, const char *key, const unsigned char *bytes, size_t length) {
  char text[2 * BS_SHA256_SIZE + 1];

  bs_hex_encode(text, bytes, length);
  bs_document_text(object, key, text);
}

static void add_base64(cJSON *object, const char *key, const struct bs_buffer *bytes) {
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;

  if (bytes != NULL) bs_base64_encode(&text, bytes->bytes, bytes->length);
  if (bytes == NULL) bs_document_null(object, key);
  else bs_document_string(object, key, bs_buffer_string(&text));
}

static cJSON *describe_side(const struct side *side) {
  cJSON *object = cJSON_CreateObject();

  bs_document_text(object, "kind", side->kind == BS_STATEMENT_TOMBSTONE ? "tombstone" : "data");
  bs_document_number(object, "expires", side->expires);
  bs_document_number(object, "length", side->length);
  add_hex(object, "sha256", side->sha256, BS_SHA256_SIZE);
  bs_document_text(object, "sig", side->sig);
  bs_document_text(object, "source", side->source);
  bs_document_number(object, "seen", bs_clock_unix());
  add_base64(object, "record", side->record);
  return object;
}

static cJSON *describe_name(const struct bs_name_record *record) {
  cJSON *object = cJSON_CreateObject();

  bs_document_text(object, "address", record->owner);
  bs_document_text(object, "value_hash", record->value_hash);
  bs_document_number(object, "last_block", record->block);
  bs_document_number(object, "vtxindex", record->vtxindex);
  bs_document_text(object, "txid", record->txid);
  return object;
}

static void add_route(cJSON *tree, const struct bs_target *target) {
  struct bs_buffer route BS_AUTO_BUFFER = BS_BUFFER_INIT;

  bs_buffer_add(&route, target->route.whole.text, target->has_route ? target->route.whole.length : 0);
  if (target->has_route) bs_document_raw(tree, "route", bs_buffer_string(&route));
  else bs_document_null(tree, "route");
}

static cJSON *describe(const struct bs_reading *reading, const struct side sides[2]) {
  const struct bs_present *present = reading->present;
  cJSON *tree = cJSON_CreateObject(), *statements;

  bs_document_text(tree, "format", "blockstore-evidence-1");
  add_hex(tree, "chain", present->record.chain_id, sizeof present->record.chain_id);
  bs_document_text(tree, "name", present->record.name);
  bs_document_text(tree, "id", reading->target->datum.id);
  bs_document_number(tree, "ver", reading->choice.disputed);
  add_hex(tree, "signer", reading->versions.items[0].verified.signer, BS_HASH160_SIZE);
  add_route(tree, reading->target);
  add_base64(tree, "user_record", present->copy == NULL ? NULL : &present->copy->bytes);
  bs_document_add(tree, "name_record", describe_name(&present->record));
  bs_document_null(tree, "name_proof");
  statements = bs_document_array(tree, "statements");
  for (size_t i = 0; i < 2; i++) bs_document_append(statements, describe_side(&sides[i]));
  return tree;
}

static char *file_of(const struct bs_reading *reading, const struct side sides[2]) {
  struct bs_buffer path = BS_BUFFER_INIT;
  unsigned char digest[BS_SHA256_SIZE];
  struct bs_sha256 context;
  char hash16[17];

  bs_sha256_begin(&context);
  for (size_t i = 0; i < 2; i++) bs_sha256_add(&context, sides[i].z, BS_SHA256_SIZE);
  bs_sha256_end(&context, digest);
  bs_hex_encode(hash16, digest, 8);
  bs_buffer_format(&path, "%s/evidence-%s.json", reading->work->session->config->state_dir, hash16);
  return bs_buffer_take(&path);
}

static bool write_file(const char *path, const char *text, struct bs_error *error) {
  struct bs_replacement replacement BS_AUTO(bs_replacement_abort) = BS_REPLACEMENT_INIT;

  return bs_replacement_begin(&replacement, path, 0600, error) &&
         (bs_file_write_all(replacement.fd, text, strlen(text)) ||
          bs_fail_errno(error, "%s: The evidence cannot be written", path)) &&
         bs_replacement_commit(&replacement, false, error);
}

static bool keep(const struct bs_reading *reading, const struct side sides[2], struct bs_error *error) {
  char *path BS_AUTO_FREE = file_of(reading, sides), *text BS_AUTO_FREE = NULL;

  if (path == NULL) return bs_fail_memory(error);
  if (access(path, F_OK) == 0) return true;
  text = bs_document_print(describe(reading, sides));
  if (text == NULL) return bs_fail_memory(error);
  if (!bs_state_make_directory(reading->work->session->state, error) || !write_file(path, text, error)) return false;
  bs_log(BS_LOG_WARNING, "%s: The evidence of two contents that were signed for version %" PRIu64 " of %.64s", path,
         reading->choice.disputed, reading->target->datum.id);
  return true;
}

void bs_evidence_keep(const struct bs_reading *reading) {
  struct side sides[2];
  struct bs_error error;

  if (find_sides(reading, sides) && !keep(reading, sides, &error))
    bs_log(BS_LOG_ERROR, "The evidence of two contents for version %" PRIu64 " of %.64s cannot be kept: %s",
           reading->choice.disputed, reading->target->datum.id, error.message);
}

/* ---- the list ---- */

static void list(struct bs_buffer *json, const struct bs_seen *seen) {
  char z[2 * BS_SHA256_SIZE + 1];

  bs_hex_encode(z, seen->z, sizeof seen->z);
  bs_buffer_format(json, "%s{\"deleted\": %s, \"size\": %" PRIu64 ", \"ver\": %" PRIu64 ", \"z\": \"%s\"}",
                   json->bytes[json->length - 1] == '[' ? "" : ", ", seen->is_tombstone ? "true" : "false",
                   seen->length, seen->ver, z);
}

void bs_evidence_list(const struct bs_reading *reading, struct bs_buffer *ret_json) {
  const struct bs_recalled *recalled = &reading->recalled;
  const struct bs_seen chosen = bs_seen_of(reading->choice.found);
  bool lists_floor = recalled->has_version && recalled->version.ver == chosen.ver &&
                     memcmp(recalled->version.z, chosen.z, sizeof chosen.z) != 0;

  bs_buffer_byte(ret_json, '[');
  for (size_t i = 0; i < reading->versions.count && !ret_json->failed; i++) {
    const struct bs_seen seen = bs_seen_of(&reading->versions.items[i]);

    if (seen.ver != chosen.ver || memcmp(seen.z, chosen.z, sizeof seen.z) == 0) continue;
    list(ret_json, &seen);
    if (lists_floor && memcmp(seen.z, recalled->version.z, sizeof seen.z) == 0) lists_floor = false;
  }
  if (lists_floor && !ret_json->failed) list(ret_json, &recalled->version);
  bs_buffer_byte(ret_json, ']');
}
