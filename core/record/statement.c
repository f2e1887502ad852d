/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/record/statement.h"

#include <string.h>

#include "core/codec/hex.h"
#include "core/codec/json.h"
#include "core/record/user.h"

#define CHAIN_ID_SIZE 32
#define CHAIN_ID_SHOWN 4 /* the last bytes of it, in a data id */

static const char tag[] = "blockstore-mutable-v2"; /* its NUL is a part of P */

/* NOLINTNEXTLINE(misc-redundant-expression): that both are the same is what is asserted */
_Static_assert(BS_VER_MAX == BS_JSON_INTEGER_MAX, "a version fits into a JSON integer");
_Static_assert(BS_ID_MAX <= UINT16_MAX, "the length of an id fits into u16");

bool bs_id_check(const char *id, struct bs_error *error) {
  size_t length = strnlen(id, BS_ID_MAX + 1);

  if (length == 0) return bs_fail(error, BS_WORD_usage, "The id of the data is empty.");
  if (length > BS_ID_MAX) return bs_fail(error, BS_WORD_usage, "The id of the data has more than %d bytes.", BS_ID_MAX);
  if (!bs_utf8_valid(id, length)) return bs_fail(error, BS_WORD_usage, "The id of the data is not UTF-8.");
  return true;
}

static void add_integer(struct bs_sha256 *context, uint64_t value, size_t width) {
  unsigned char bytes[sizeof value];

  for (size_t i = 0; i < width; i++) bytes[i] = (unsigned char)(value >> (8 * (width - 1 - i)));
  bs_sha256_add(context, bytes, width);
}

static void add_text(struct bs_sha256 *context, const char *text) {
  size_t length = strlen(text);

  add_integer(context, length, 2);
  bs_sha256_add(context, text, length);
}

void bs_statement_digest(unsigned char z[BS_SHA256_SIZE], const struct bs_datum *datum,
                         const struct bs_statement *statement) {
  struct bs_sha256 context;

  bs_sha256_begin(&context);
  bs_sha256_add(&context, tag, sizeof tag);
  add_integer(&context, statement->kind, 1);
  bs_sha256_add(&context, datum->chain_id, CHAIN_ID_SIZE);
  add_text(&context, datum->name);
  add_text(&context, datum->id);
  add_integer(&context, statement->ver, 8);
  add_integer(&context, statement->expires, 8);
  add_integer(&context, statement->length, 8);
  bs_sha256_add(&context, statement->sha256, sizeof statement->sha256);
  bs_sha256_end(&context, z);
}

bool bs_statement_expired(const struct bs_statement *statement, uint64_t now) {
  return statement->expires > 0 && now >= statement->expires;
}

void bs_data_id(struct bs_buffer *ret_text, const struct bs_datum *datum) {
  char chain[2 * CHAIN_ID_SHOWN + 1];

  bs_hex_encode(chain, datum->chain_id + CHAIN_ID_SIZE - CHAIN_ID_SHOWN, CHAIN_ID_SHOWN);
  bs_buffer_text(ret_text, chain);
  bs_buffer_byte(ret_text, ':');
  bs_buffer_text(ret_text, datum->name);
  bs_buffer_byte(ret_text, ':');
  bs_buffer_text(ret_text, datum->id);
}
