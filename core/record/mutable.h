/* SPDX-License-Identifier: MIT */
/*
 * Mutable records: one signed version of a datum, as it lies in a store.  Two generations are read, the current one is
 * written.
 *
 * Current: {"data": BASE64, "id": ID, "sig": "v2:BASE64 of 65 bytes", "ver": 2}, with "expires" perhaps, or the
 * tombstone {"deleted": true, "id": ID, "sig": "v2:...", "ver": 3}; no other keys; signed is z of statement.h.
 * Legacy (2015): {"data": BASE64, "id": ID, "sig": BASE64, "ver": "2"}, strings without escapes; what else stands in it
 * is not looked at; see legacy.h.
 * A record is current if and only if its sig begins with v2:, and then ver is an integer; any mix is malformed.
 *
 * Words of all that reads: malformed, too_large, wrong_id, high_s, forged (all of them FORGED), no_memory.
 */
#ifndef BS_RECORD_MUTABLE_H
#define BS_RECORD_MUTABLE_H

#include "core/codec/json.h"
#include "core/crypto/key.h"
#include "core/record/memo.h"
#include "core/record/statement.h"

#define BS_MUTABLE_RECORD_MAX (128u << 20)
#define BS_SIGNATURE_SIZE 65
#define BS_SIG_TEXT 92 /* room for "v2:", 88 characters and a NUL */

enum bs_mutable_generation { BS_MUTABLE_LEGACY, BS_MUTABLE_CURRENT };

/* A record that was parsed but not verified: a store's word only.  Its spans are of the bytes given to
 * bs_mutable_parse and valid while those are. */
struct bs_mutable {
  enum bs_mutable_generation generation;
  enum bs_statement_kind kind; /* a legacy record is data */
  uint64_t ver;                /* 1..BS_VER_MAX */
  uint64_t expires;            /* as in struct bs_statement */
  struct bs_json id;           /* a string; legacy: without escapes */
  const char *base64;          /* of the data; whether it is canonical shows when it is decoded */
  size_t base64_length;        /* a multiple of 4 */
  struct bs_json sig;          /* a string without escapes, of at most BS_SIG_TEXT - 1 bytes without its quotes */
  unsigned char signature[BS_SIGNATURE_SIZE];
};

/* Whose signature counts. */
struct bs_authority {
  const struct bs_public_key *key; /* the route's; NULL when it has none, and only then the owner counts */
  const unsigned char *owner;      /* hash160 of the address that owns the name, 20 bytes; unused when there is a key */
  struct bs_memo *memo;            /* of signatures that verified; NULL: each is verified */
};

/* What a verified record says. */
struct bs_verified {
  struct bs_statement statement;          /* of a legacy record too, but there it is not what was signed */
  unsigned char z[BS_SHA256_SIZE];        /* the identity of the version; legacy: a hash160 behind 12 zero bytes */
  unsigned char signer[BS_HASH160_SIZE];  /* of the compressed form of the key, whatever form is in use */
};

/* No pass over the data but the scanner's, no copy. */
bool bs_mutable_parse(struct bs_mutable *ret_record, const void *bytes, size_t length, struct bs_error *error);

/*
 * Is it a record of that datum (wrong_id), signed by that authority?  For the current generation z is built from the
 * datum that was asked for, hence a record of another name or chain is forged.  Appends the data to *ret_data, which
 * may be NULL: then they are decoded and hashed in small pieces, and nothing is kept.  Nothing of them is left in
 * *ret_data on failure.
 * Whether it has expired, is deleted, is new enough, and whether a legacy record may be believed, the caller decides.
 */
bool bs_mutable_verify(struct bs_verified *ret_verified, struct bs_buffer *ret_data, const struct bs_mutable *record,
                       const struct bs_datum *datum, const struct bs_authority *authority, struct bs_error *error);

/* Is `sig`, as it stands in a current record, the signer's signature of z?  For what was kept of a record.  Words:
 * malformed, high_s, forged, no_memory. */
bool bs_sig_check(const char *sig, const unsigned char signer[BS_HASH160_SIZE], const unsigned char z[BS_SHA256_SIZE],
                  struct bs_error *error);

/* Appends the data of a record whose verification did not keep them. */
bool bs_mutable_decode(struct bs_buffer *ret_data, const struct bs_mutable *record, struct bs_error *error);

/* What signing gives beside the record. */
struct bs_signed {
  struct bs_statement statement;
  unsigned char z[BS_SHA256_SIZE];
  char sig[BS_SIG_TEXT]; /* as it stands in the record; that of a tombstone authorises a driver's delete */
};

/*
 * Appends the record of a new version, in canonical form: sorted keys, minimal escapes, no newline.  expires: 0 for
 * never.  Words: usage (id, ver or expires out of range), too_large (a record above BS_MUTABLE_RECORD_MAX), no_memory.
 */
bool bs_mutable_sign(struct bs_buffer *ret_record, struct bs_signed *ret_signed, const struct bs_datum *datum,
                     uint64_t ver, uint64_t expires, const void *data, size_t length, const struct bs_key *key,
                     struct bs_error *error);
/* The same for the deletion of a datum; ver: one above the highest known. */
bool bs_tombstone_sign(struct bs_buffer *ret_record, struct bs_signed *ret_signed, const struct bs_datum *datum,
                       uint64_t ver, const struct bs_key *key, struct bs_error *error);

#endif
