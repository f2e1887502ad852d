/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/record/legacy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/record/route.h"

#define CERTAIN_VER_MAX 9999
#define CERTAIN_DIGITS 4 /* base64 comes in quads: read as a part of ver, one of them would have to be all digits */
#define VER_TEXT 24

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static size_t ver_text(char text[VER_TEXT], const struct bs_mutable *record) {
  return (size_t)snprintf(text, VER_TEXT, "%" PRIu64, record->ver);
}

void bs_legacy_digest(unsigned char z[BS_SHA256_SIZE], const struct bs_mutable *record, const char *id) {
  unsigned char once[BS_SHA256_SIZE];
  struct bs_sha256 context;
  char ver[VER_TEXT];
  size_t ver_length = ver_text(ver, record);

  bs_sha256_begin(&context);
  bs_sha256_add(&context, id, strlen(id));
  bs_sha256_add(&context, ver, ver_length);
  bs_sha256_add(&context, record->base64, record->base64_length);
  bs_sha256_end(&context, once);
  memset(z, 0, BS_SHA256_SIZE - BS_HASH160_SIZE);
  bs_ripemd160(z + BS_SHA256_SIZE - BS_HASH160_SIZE, once, sizeof once);
}

bool bs_legacy_ver_is_long(const struct bs_mutable *record) {
  return record->ver > CERTAIN_VER_MAX;
}

bool bs_legacy_is_empty(const struct bs_mutable *record) {
  return record->base64_length == 0;
}

bool bs_legacy_data_begin_with_digits(const struct bs_mutable *record) {
  size_t digits = 0;

  while (digits < CERTAIN_DIGITS && digits < record->base64_length && is_digit(record->base64[digits])) digits++;
  return digits == CERTAIN_DIGITS;
}

/* Of "a" with ver 12 and the id "a1": does "a12" begin with "a1", and is the rest, "2", digits? */
bool bs_legacy_fits_id(const struct bs_mutable *record, const char *id, struct bs_json other_id) {
  char run[BS_ID_MAX + VER_TEXT];
  int written = snprintf(run, sizeof run, "%s%" PRIu64, id, record->ver);
  size_t length = (size_t)written, id_length = strlen(id);

  if (written < 0 || length >= sizeof run || bs_json_string_is(other_id, id, id_length)) return false;
  /* Where the other id ends only digits may follow, so that it ends among the last ones. */
  for (size_t end = length; end > 0 && is_digit(run[end - 1]); end--)
    if (bs_json_string_is(other_id, run, end - 1)) return true;
  return false;
}

static bool ambiguous(struct bs_error *error, const char *why) {
  return bs_fail(error, BS_WORD_forged, "The mutable record of 2015 may have been signed as another one: %s.", why);
}

bool bs_legacy_check(const struct bs_mutable *record, const char *id, const struct bs_user *user,
                     struct bs_error *error) {
  struct bs_json_iterator iterator = bs_routes_begin(user);
  struct bs_route route;

  if (bs_legacy_ver_is_long(record)) return ambiguous(error, "its ver has more than four digits");
  if (bs_legacy_data_begin_with_digits(record)) return ambiguous(error, "its base64 begins with four digits");
  if (bs_legacy_is_empty(record)) return ambiguous(error, "it has no data, and a signature that deletes looks like that");
  while (bs_routes_next(&iterator, &route))
    if (bs_legacy_fits_id(record, id, route.id))
      return ambiguous(error, "another id of the user record, with digits behind, gives the same id and ver");
  return true;
}
