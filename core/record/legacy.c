/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/record/legacy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/auto.h"
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

/* What was signed, as one run. */
struct run {
  char head[BS_ID_MAX + VER_TEXT]; /* id and ver */
  size_t head_length, length;
  const char *base64;
};

static bool make_run(struct run *run, const struct bs_mutable *record, const char *id) {
  int written = snprintf(run->head, sizeof run->head, "%s%" PRIu64, id, record->ver);

  if (written < 0 || (size_t)written >= sizeof run->head) return false;
  run->head_length = (size_t)written;
  run->length = run->head_length + record->base64_length;
  run->base64 = record->base64;
  return true;
}

static char run_at(const struct run *run, size_t at) {
  if (at < run->head_length) return run->head[at];
  return run->base64[at - run->head_length];
}

static bool run_begins(const struct run *run, const char *text, size_t length) {
  size_t head = length < run->head_length ? length : run->head_length;

  return length <= run->length && memcmp(run->head, text, head) == 0 &&
         (length == head || memcmp(run->base64, text + head, length - head) == 0);
}

/* Of "a" with ver 12: does what was signed begin with "a1", and is the rest, "2eA==", digits and whole quads?  No rest
 * at all: then it was signed to delete the other id. */
bool bs_legacy_fits_id(const struct bs_mutable *record, const char *id, const char *other_id, size_t length) {
  struct run run;

  if (!make_run(&run, record, id) || (strlen(id) == length && memcmp(id, other_id, length) == 0)) return false;
  if (!run_begins(&run, other_id, length)) return false;
  if (run.length == length) return true;
  for (size_t at = length; at < run.length && is_digit(run_at(&run, at)); at++)
    if ((run.length - at - 1) % 4 == 0) return true;
  return false;
}

static bool ambiguous(struct bs_error *error, const char *why) {
  return bs_fail(error, BS_WORD_forged, "The mutable record of 2015 may have been signed as another one: %s.", why);
}

static bool check_other_ids(const struct bs_mutable *record, const char *id, const struct bs_user *user,
                            struct bs_error *error) {
  struct bs_json_iterator iterator = bs_routes_begin(user);
  struct bs_buffer other BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_route route;

  while (bs_routes_next(&iterator, &route)) {
    bs_buffer_clear(&other);
    bs_json_string(route.id, &other);
    if (!bs_buffer_ok(&other, error)) return false;
    if (bs_legacy_fits_id(record, id, (const char *)other.bytes, other.length))
      return ambiguous(error, "another id of the user record, with digits behind, gives the same text");
  }
  return true;
}

bool bs_legacy_check(const struct bs_mutable *record, const char *id, const struct bs_user *user,
                     struct bs_error *error) {
  if (bs_legacy_ver_is_long(record)) return ambiguous(error, "its ver has more than four digits");
  if (bs_legacy_data_begin_with_digits(record)) return ambiguous(error, "its base64 begins with four digits");
  if (bs_legacy_is_empty(record)) return ambiguous(error, "it has no data, and a signature that deletes looks like that");
  return check_other_ids(record, id, user, error);
}
