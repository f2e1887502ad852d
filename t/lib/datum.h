/* SPDX-License-Identifier: MIT */
/* For tests of mutable records: a datum, its owner, and records of it. */
#ifndef BS_T_DATUM_H
#define BS_T_DATUM_H

#include "core/codec/hex.h"
#include "core/record/mutable.h"
#include "t/lib/unit.h"

#define DATUM_SECRET "6e50431b955fe73f079469b24f06480aee44e4519282686433195b3c4b5336ef" /* public key uncompressed */
#define DATUM_Z_TEXT "3d12b70b91691df35011bb5e8aa367e7e333bb0703e68c5892162a83393f198a"
#define DATUM_TEXT "hello world 2"
#define DATUM_SIG "v2:G7MQT2RJo6nPvWr8sKH+LlyVLoVw9zTi5jFh2DUK6bPvF81SLrPPvkxyIolGetFgDbUKQlDKgW66Qc9lsJ3819Q="
#define DATUM_RECORD \
  "{\"data\": \"aGVsbG8gd29ybGQgMg==\", \"id\": \"/my/second/datum\", \"sig\": \"" DATUM_SIG "\", \"ver\": 2}"
#define DATUM_TOMBSTONE_SIG \
  "v2:HHXqsIa6Nk64eG0Ld41XWAzj533YcXWqtiTVpF5wQcrSUB2y3d0n3DQOA7+WM1Aaiu2nBPXKq7sjLwSLJyth5Pc="
#define DATUM_TOMBSTONE \
  "{\"deleted\": true, \"id\": \"/my/second/datum\", \"sig\": \"" DATUM_TOMBSTONE_SIG "\", \"ver\": 3}"

/* Of Bitcoin main. */
static const unsigned char datum_chain[32] = {0x00, 0x00, 0x00, 0x00, 0x00, 0x19, 0xd6, 0x68, 0x9c, 0x08, 0x5a,
                                              0xe1, 0x65, 0x83, 0x1e, 0x93, 0x4f, 0xf7, 0x63, 0xae, 0x46, 0xa2,
                                              0xa6, 0xc1, 0x72, 0xb3, 0xf1, 0xb6, 0x0a, 0x8c, 0xe2, 0x6f};
static const struct bs_datum datum = {datum_chain, "foo.test", "/my/second/datum"};

/* Never freed before the test ends: several tests share it. */
static inline const struct bs_key *datum_key(void) {
  static struct bs_key *key;
  struct bs_error error = {0};

  if (key == NULL) assert_ok(bs_key_from_text(&key, DATUM_SECRET, strlen(DATUM_SECRET), &error));
  return key;
}

/* By the key of the datum. */
static inline struct bs_authority datum_authority(void) {
  return (struct bs_authority){.key = bs_key_public(datum_key())};
}

/* Parses and verifies for the datum and its key, without keeping data. */
static inline bool datum_read(struct bs_verified *verified, const void *record, size_t length,
                                               struct bs_error *error) {
  struct bs_authority authority = datum_authority();
  struct bs_mutable parsed;

  return bs_mutable_parse(&parsed, record, length, error) &&
         bs_mutable_verify(verified, NULL, &parsed, &datum, &authority, error);
}

#endif
