/* SPDX-License-Identifier: MIT */
/* Reading mutable records: their form, then whose they are. */
#include <config.h>

#include "core/record/mutable.h"

#include <string.h>

#include "core/base/auto.h"
#include "core/codec/base64.h"
#include "core/record/legacy.h"

#define DEPTH_MAX 32             /* of what else stands in a legacy record */
#define PIECE ((size_t)48 << 10) /* characters of base64 that are decoded and hashed while they are in the cache */
#define MARK "v2:"
#define MARK_LENGTH 3
#define SIGNATURE_TEXT 88 /* base64 of 65 bytes */
#define HEADER_MIN 27
#define HEADER_MAX 34

_Static_assert(PIECE % 4 == 0, "pieces are whole quads");
_Static_assert(BS_SIG_TEXT == MARK_LENGTH + SIGNATURE_TEXT + 1, "a sig fits into BS_SIG_TEXT");

/* The members that mean something; length 0: absent. */
struct members {
  struct bs_json data, deleted, expires, id, sig, ver;
  bool others;
};

static bool malformed(struct bs_error *error, const char *what) {
  return bs_fail(error, BS_WORD_malformed, "The mutable record is malformed: %s.", what);
}

static bool not_canonical(struct bs_error *error) {
  return malformed(error, "its data are not canonical base64");
}

static bool is_absent(struct bs_json value) {
  return value.length == 0;
}

static bool is(struct bs_json value, enum bs_json_type type) {
  return !is_absent(value) && bs_json_type(value) == type;
}

/* One pass: what stands between them may be megabytes. */
static void take_members(struct members *ret_members, struct bs_json root) {
  struct members members = {.others = false};
  const struct {
    const char *key;
    struct bs_json *value;
  } known[] = {{"data", &members.data}, {"deleted", &members.deleted}, {"expires", &members.expires},
               {"id", &members.id},     {"sig", &members.sig},         {"ver", &members.ver}};
  struct bs_json_iterator iterator = bs_json_begin(root);
  struct bs_json key, value;

  while (bs_json_next_member(&iterator, &key, &value)) {
    bool found = false;

    for (size_t i = 0; i < sizeof known / sizeof known[0] && !found; i++) {
      found = bs_json_string_is(key, known[i].key, strlen(known[i].key));
      if (found) *known[i].value = value;
    }
    if (!found) members.others = true;
  }
  *ret_members = members;
}

/* A string whose text is its bytes as they stand. */
static bool is_plain_text(struct bs_json value) {
  return is(value, BS_JSON_STRING) && memchr(value.text, '\\', value.length) == NULL;
}

static bool is_current(struct bs_json sig) {
  return sig.length >= 2 + MARK_LENGTH && memcmp(sig.text + 1, MARK, MARK_LENGTH) == 0;
}

static bool parse_signature(struct bs_mutable *record, struct bs_json sig, struct bs_error *error) {
  size_t mark = record->generation == BS_MUTABLE_CURRENT ? MARK_LENGTH : 0;
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;

  bs_base64_decode(&bytes, sig.text + 1 + mark, sig.length - 2 - mark);
  if (!bs_buffer_ok(&bytes, error)) return false;
  if (bytes.length != BS_SIGNATURE_SIZE) return malformed(error, "its sig is not the canonical base64 of 65 bytes");
  memcpy(record->signature, bytes.bytes, BS_SIGNATURE_SIZE);
  record->sig = sig;
  return true;
}

static bool parse_data(struct bs_mutable *record, struct bs_json data, struct bs_error *error) {
  if (!is_plain_text(data) || (data.length - 2) % 4 != 0) return not_canonical(error);
  record->base64 = data.text + 1;
  record->base64_length = data.length - 2;
  return true;
}

static bool parse_integer(uint64_t *ret_value, struct bs_json value) {
  return is(value, BS_JSON_NUMBER) && bs_json_integer(value, ret_value) && *ret_value > 0;
}

static bool parse_current(struct bs_mutable *record, const struct members *members, struct bs_error *error) {
  bool tombstone = !is_absent(members->deleted);

  if (members->others) return malformed(error, "it has a member that no mutable record has");
  if (!parse_integer(&record->ver, members->ver))
    return malformed(error, "its ver is no integer from 1 to 2^53-1, which its sig of version 2 asks for");
  if (!is_absent(members->expires) && !parse_integer(&record->expires, members->expires))
    return malformed(error, "its expires is no integer from 1 to 2^53-1");
  if (!tombstone) return parse_data(record, members->data, error);
  record->kind = BS_STATEMENT_TOMBSTONE;
  if (!is(members->deleted, BS_JSON_TRUE)) return malformed(error, "its deleted is not true");
  if (!is_absent(members->data) || !is_absent(members->expires))
    return malformed(error, "it is a tombstone with data or expires");
  return true;
}

/* The decimal form has no variants: int(" 07") of the original readers is nothing that their writers made. */
static bool parse_legacy(struct bs_mutable *record, const struct members *members, struct bs_error *error) {
  struct bs_json ver = members->ver;

  if (!is_absent(members->deleted) || !is_absent(members->expires))
    return malformed(error, "it has deleted or expires, but its sig is of 2015");
  if (!is_plain_text(members->id)) return malformed(error, "its id has escapes, which 2015 did not know");
  if (!is_plain_text(ver) || ver.length == 2 ||
      !bs_json_integer((struct bs_json){ver.text + 1, ver.length - 2}, &record->ver) || record->ver == 0)
    return malformed(error, "its ver is no string of an integer from 1 to 2^53-1, which its sig of 2015 asks for");
  return parse_data(record, members->data, error);
}

static bool parse_root(struct bs_mutable *ret_record, struct bs_json root, struct bs_error *error) {
  struct bs_mutable record = {.kind = BS_STATEMENT_DATA};
  struct members members;

  if (!is(root, BS_JSON_OBJECT)) return malformed(error, "it is no JSON object");
  take_members(&members, root);
  if (!is(members.id, BS_JSON_STRING) || members.id.length == 2) return malformed(error, "its id is no string");
  if (!is_plain_text(members.sig)) return malformed(error, "its sig is no string without escapes");
  record.id = members.id;
  record.generation = is_current(members.sig) ? BS_MUTABLE_CURRENT : BS_MUTABLE_LEGACY;
  if (!parse_signature(&record, members.sig, error)) return false;
  if (!(record.generation == BS_MUTABLE_CURRENT ? parse_current : parse_legacy)(&record, &members, error)) return false;
  *ret_record = record;
  return true;
}

bool bs_mutable_parse(struct bs_mutable *ret_record, const void *bytes, size_t length, struct bs_error *error) {
  static const struct bs_json_limits limits = {BS_MUTABLE_RECORD_MAX, DEPTH_MAX};
  struct bs_json root;

  if (!bs_json_scan(&root, bytes, length, &limits, error)) return bs_context(error, "The mutable record");
  return parse_root(ret_record, root, error);
}

/* Decodes into *data, which holds no more than one piece at a time unless all are kept; *statement: of these data. */
static bool decode(struct bs_buffer *data, bool keep, const struct bs_mutable *record, struct bs_statement *statement,
                   struct bs_error *error) {
  struct bs_sha256 context;
  size_t run;

  bs_sha256_begin(&context);
  bs_buffer_reserve(data, (keep || record->base64_length < PIECE ? record->base64_length : PIECE) / 4 * 3);
  for (size_t at = 0; at < record->base64_length; at += run) {
    size_t left = record->base64_length - at, before, size;

    run = left < PIECE ? left : PIECE;
    if (!keep) bs_buffer_clear(data);
    before = data->length;
    bs_base64_decode(data, record->base64 + at, run);
    if (!bs_buffer_ok(data, error)) return false;
    size = data->length - before;
    /* Nothing is decoded when it isn't canonical; only the last piece may end in padding. */
    if (size == 0 || (run < left && size < run / 4 * 3)) return not_canonical(error);
    bs_sha256_add(&context, data->bytes + before, size);
    statement->length += size;
  }
  bs_sha256_end(&context, statement->sha256);
  return bs_buffer_ok(data, error);
}

static bool fault_error(enum bs_signature_fault fault, struct bs_error *error) {
  switch (fault) {
    case BS_SIGNATURE_GOOD: return true;
    case BS_SIGNATURE_MALFORMED: return malformed(error, "the header, r or s of its sig is out of range");
    case BS_SIGNATURE_HIGH_S:
      return bs_fail(error, BS_WORD_high_s,
                     "The signature of the mutable record has a high S: it was altered, or made by careless software.");
    case BS_SIGNATURE_FORGED: break;
  }
  return bs_fail(error, BS_WORD_forged,
                 "The mutable record is not signed by whom it should be, or not for this name and id.");
}

/* *ret_key: the signer's, in whatever form. */
static bool check_signature(struct bs_public_key *ret_key, const struct bs_memo_entry *entry,
                            const struct bs_authority *authority, struct bs_error *error) {
  bool legacy = entry->allows_high_s != 0;

  if (authority->key == NULL)
    return fault_error(bs_recover(ret_key, authority->owner, entry->z, entry->signature, legacy), error);
  *ret_key = *authority->key;
  return fault_error(bs_verify_recoverable(authority->key, entry->z, entry->signature, legacy), error);
}

/* What is to be verified: whose signature, of what. */
static void describe(struct bs_memo_entry *entry, const struct bs_mutable *record, const unsigned char z[BS_SHA256_SIZE],
                     const struct bs_authority *authority) {
  const struct bs_public_key *key = authority->key;

  memset(entry, 0, sizeof *entry);
  memcpy(entry->z, z, sizeof entry->z);
  memcpy(entry->signature, record->signature, sizeof entry->signature);
  entry->allows_high_s = record->generation == BS_MUTABLE_LEGACY;
  /* Nothing was asked of the first byte in 2015. */
  if (entry->allows_high_s && (entry->signature[0] < HEADER_MIN || entry->signature[0] > HEADER_MAX))
    entry->signature[0] = HEADER_MIN;
  entry->authority_length = (unsigned char)(key == NULL ? BS_HASH160_SIZE : key->length);
  memcpy(entry->authority, key == NULL ? authority->owner : key->bytes, entry->authority_length);
}

static bool verify(struct bs_verified *verified, const struct bs_mutable *record, const struct bs_datum *datum,
                   const struct bs_authority *authority, struct bs_error *error) {
  struct bs_memo_entry entry;
  struct bs_public_key key;

  if (record->generation == BS_MUTABLE_CURRENT) bs_statement_digest(verified->z, datum, &verified->statement);
  else bs_legacy_digest(verified->z, record, datum->id);
  describe(&entry, record, verified->z, authority);
  if (authority->memo != NULL && bs_memo_find(authority->memo, verified->signer, &entry)) return true;
  if (!check_signature(&key, &entry, authority, error)) return false;
  bs_public_key_signer(verified->signer, &key);
  if (authority->memo != NULL) bs_memo_keep(authority->memo, &entry, verified->signer);
  return true;
}

/* With keep, *data is the caller's: what failed leaves it as it was. */
static bool verify_with(struct bs_verified *verified, struct bs_buffer *data, bool keep,
                        const struct bs_mutable *record, const struct bs_datum *datum,
                        const struct bs_authority *authority, struct bs_error *error) {
  struct bs_buffer before = *data;

  if ((record->kind == BS_STATEMENT_TOMBSTONE || decode(data, keep, record, &verified->statement, error)) &&
      verify(verified, record, datum, authority, error))
    return true;
  data->length = before.length;
  data->failed = before.failed;
  return false;
}

bool bs_mutable_verify(struct bs_verified *ret_verified, struct bs_buffer *ret_data, const struct bs_mutable *record,
                       const struct bs_datum *datum, const struct bs_authority *authority, struct bs_error *error) {
  struct bs_verified verified = {.statement = {.kind = record->kind, .ver = record->ver, .expires = record->expires}};
  struct bs_buffer piece BS_AUTO_BUFFER = BS_BUFFER_INIT;
  bool keep = ret_data != NULL;

  if (!bs_json_string_is(record->id, datum->id, strlen(datum->id)))
    return bs_fail(error, BS_WORD_wrong_id, "The mutable record is that of another id.");
  if (!verify_with(&verified, keep ? ret_data : &piece, keep, record, datum, authority, error)) return false;
  *ret_verified = verified;
  return true;
}

bool bs_sig_check(const char *sig, const unsigned char signer[BS_HASH160_SIZE], const unsigned char z[BS_SHA256_SIZE],
                  struct bs_error *error) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  struct bs_public_key key;

  if (strncmp(sig, MARK, MARK_LENGTH) != 0) return malformed(error, "its sig is not of version 2");
  bs_base64_decode(&bytes, sig + MARK_LENGTH, strlen(sig + MARK_LENGTH));
  if (!bs_buffer_ok(&bytes, error)) return false;
  if (bytes.length != BS_SIGNATURE_SIZE) return malformed(error, "its sig is not the canonical base64 of 65 bytes");
  return fault_error(bs_recover(&key, signer, z, bytes.bytes, false), error);
}

bool bs_mutable_decode(struct bs_buffer *ret_data, const struct bs_mutable *record, struct bs_error *error) {
  size_t before = ret_data->length, size = record->base64_length / 4 * 3;

  bs_base64_decode(ret_data, record->base64, record->base64_length);
  if (!bs_buffer_ok(ret_data, error)) return false;
  return ret_data->length - before + 2 >= size || not_canonical(error);
}
