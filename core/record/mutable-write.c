/* SPDX-License-Identifier: MIT */
/* Writing mutable records in their canonical form. */
#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/codec/base64.h"
#include "core/record/mutable.h"

#define PIECE ((size_t)36 << 10) /* bytes of data that are hashed and encoded while they are in the cache */
#define FRAME_MAX 256            /* what a record has beside data and id, generously */

_Static_assert(PIECE % 3 == 0, "pieces are whole quads of base64");

static bool check(const struct bs_datum *datum, uint64_t ver, uint64_t expires, struct bs_error *error) {
  if (!bs_id_check(datum->id, error)) return false;
  if (ver == 0 || ver > BS_VER_MAX)
    return bs_fail(error, BS_WORD_usage, "The version %" PRIu64 " is not from 1 to 2^53-1.", ver);
  if (expires > BS_VER_MAX)
    return bs_fail(error, BS_WORD_usage, "The time of expiry, %" PRIu64 ", is above 2^53-1 seconds.", expires);
  return true;
}

static bool too_large(size_t length, struct bs_error *error) {
  return bs_fail(error, BS_WORD_too_large, "The mutable record of %zu bytes of data would have more than %u bytes.",
                 length, BS_MUTABLE_RECORD_MAX);
}

/* Base64 into the record, and SHA-256 into the statement. */
static void write_data(struct bs_buffer *record, struct bs_statement *statement, const unsigned char *data,
                       size_t length) {
  struct bs_sha256 context;

  bs_sha256_begin(&context);
  for (size_t at = 0, run; at < length; at += run) {
    run = length - at < PIECE ? length - at : PIECE;
    bs_sha256_add(&context, data + at, run);
    bs_base64_encode(record, data + at, run);
  }
  bs_sha256_end(&context, statement->sha256);
  statement->length = length;
}

static bool sign(struct bs_signed *made, const struct bs_datum *datum, const struct bs_statement *statement,
                 const struct bs_key *key, struct bs_error *error) {
  unsigned char signature[BS_SIGNATURE_SIZE];
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;

  made->statement = *statement;
  bs_statement_digest(made->z, datum, statement);
  if (!bs_sign_recoverable(signature, key, made->z)) return bs_fail_memory(error);
  bs_buffer_text(&text, "v2:");
  bs_base64_encode(&text, signature, sizeof signature);
  if (!bs_buffer_ok(&text, error)) return false;
  memcpy(made->sig, text.bytes, text.length);
  made->sig[text.length] = '\0';
  return true;
}

/* What stands behind data or deleted. */
static bool write_rest(struct bs_buffer *record, struct bs_signed *made, const struct bs_datum *datum,
                       const struct bs_statement *statement, const struct bs_key *key, struct bs_error *error) {
  if (!sign(made, datum, statement, key, error)) return false;
  if (statement->expires > 0) bs_buffer_format(record, ", \"expires\": %" PRIu64, statement->expires);
  bs_buffer_text(record, ", \"id\": ");
  bs_json_write_string(record, datum->id, strlen(datum->id));
  bs_buffer_format(record, ", \"sig\": \"%s\", \"ver\": %" PRIu64 "}", made->sig, statement->ver);
  return bs_buffer_ok(record, error);
}

static bool undo(struct bs_buffer *record, const struct bs_buffer *before) {
  record->length = before->length;
  record->failed = before->failed;
  return false;
}

bool bs_mutable_sign(struct bs_buffer *ret_record, struct bs_signed *ret_signed, const struct bs_datum *datum,
                     uint64_t ver, uint64_t expires, const void *data, size_t length, const struct bs_key *key,
                     struct bs_error *error) {
  struct bs_statement statement = {.kind = BS_STATEMENT_DATA, .ver = ver, .expires = expires};
  struct bs_buffer before = *ret_record;
  struct bs_signed made;

  if (!check(datum, ver, expires, error)) return false;
  if (length > (size_t)BS_MUTABLE_RECORD_MAX / 4 * 3) return too_large(length, error);
  bs_buffer_reserve(ret_record, (length + 2) / 3 * 4 + strlen(datum->id) + FRAME_MAX);
  bs_buffer_text(ret_record, "{\"data\": \"");
  write_data(ret_record, &statement, data, length);
  bs_buffer_byte(ret_record, '"');
  if (!write_rest(ret_record, &made, datum, &statement, key, error) ||
      (ret_record->length - before.length > BS_MUTABLE_RECORD_MAX && !too_large(length, error)))
    return undo(ret_record, &before);
  *ret_signed = made;
  return true;
}

bool bs_tombstone_sign(struct bs_buffer *ret_record, struct bs_signed *ret_signed, const struct bs_datum *datum,
                       uint64_t ver, const struct bs_key *key, struct bs_error *error) {
  struct bs_statement statement = {.kind = BS_STATEMENT_TOMBSTONE, .ver = ver};
  struct bs_buffer before = *ret_record;
  struct bs_signed made;

  if (!check(datum, ver, 0, error)) return false;
  bs_buffer_text(ret_record, "{\"deleted\": true");
  if (!write_rest(ret_record, &made, datum, &statement, key, error)) return undo(ret_record, &before);
  *ret_signed = made;
  return true;
}
