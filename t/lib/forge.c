/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "t/lib/forge.h"

#include "core/record/mutable.h"
#include "t/lib/legacy.h"

/* In the order of the record. */
enum member { DATA, DELETED, EXPIRES, ID, SIG, VER, MEMBERS, WHOLE };

/* What is written into the record, or what is signed. */
struct draft {
  struct forge of;
  enum bs_statement_kind kind;
};

/* How a fault is made. */
struct recipe {
  struct forge_fault fault;                     /* the first: a fault is its recipe */
  void (*change)(struct draft *draft);          /* of what is written and signed */
  void (*change_signed)(struct draft *draft);   /* then, of what is signed only */
  void (*spoil)(unsigned char signature[BS_SIGNATURE_SIZE]);
  struct {
    size_t at, count;
    unsigned char value;
  } overwrite; /* of the signature */
  /* Instead of this member (WHOLE: of the record): @ is its value, $ that without first and last byte, ~ without the three
   * bytes behind the first as well.  "": nothing. */
  enum member member;
  const char *text;
  bool is_legacy; /* the record is of 2015 */
};

/* Changes. */

static void take_another_key(struct draft *draft) {
  static const char secret[] = "ae448ac86c4e8e4dec645729708ef41873ae79c6dff84eff73360989487f08e5";
  static struct bs_key *key;
  struct bs_error error;

  if (key == NULL && !bs_key_from_text(&key, secret, strlen(secret), &error)) key = NULL;
  draft->of.key = key;
}

static void take_another_chain(struct draft *draft) {
  static const unsigned char chain[32] = {1};

  draft->of.datum.chain_id = chain;
}

static void take_another_name(struct draft *draft) {
  draft->of.datum.name = "another.name";
}

static void take_another_id(struct draft *draft) {
  draft->of.datum.id = "/another/datum";
}

static void take_other_data(struct draft *draft) {
  draft->of.data = "other data";
  draft->of.length = strlen(draft->of.data);
}

static void take_next_ver(struct draft *draft) {
  draft->of.ver++;
}

static void take_previous_ver(struct draft *draft) {
  draft->of.ver--;
}

static void expire(struct draft *draft) {
  draft->of.expires = 1;
}

static void expire_next(struct draft *draft) {
  take_next_ver(draft);
  expire(draft);
}

static void expire_late(struct draft *draft) {
  draft->of.expires = BS_VER_MAX;
}

static void expire_never(struct draft *draft) {
  draft->of.expires = 0;
}

static void bury(struct draft *draft) {
  draft->kind = BS_STATEMENT_TOMBSTONE;
}

static void bury_next(struct draft *draft) {
  take_next_ver(draft);
  bury(draft);
}

/* What looks most like a tombstone. */
static void empty(struct draft *draft) {
  draft->kind = BS_STATEMENT_DATA;
  draft->of.expires = 0;
  draft->of.length = 0;
}

static void empty_next(struct draft *draft) {
  take_next_ver(draft);
  empty(draft);
}

/* Signatures. */

static void take_high_s(unsigned char signature[BS_SIGNATURE_SIZE]) {
  if (!secp256k1_ec_seckey_negate(bs_secp256k1_public(), signature + 33)) signature[0] = 0; /* then it has another word */
}

static void take_another_header(unsigned char signature[BS_SIGNATURE_SIZE]) {
  signature[0] = (unsigned char)(27 + ((signature[0] - 27) ^ 5));
}

/* High S as another signer would have made it. */
static void take_high_s_and_id(unsigned char signature[BS_SIGNATURE_SIZE]) {
  take_high_s(signature);
  signature[0] = (unsigned char)(27 + ((signature[0] - 27) ^ 1));
}

static void flip_r(unsigned char signature[BS_SIGNATURE_SIZE]) {
  signature[32] ^= 1;
}

static void flip_s(unsigned char signature[BS_SIGNATURE_SIZE]) {
  signature[64] ^= 1;
}

#define AUTHENTIC(name, get_word) .fault = {name, BS_NO_WORD, get_word}
#define REFUSED(name, word) .fault = {name, BS_WORD_##word, BS_WORD_##word}
#define MALFORMED(name, member_, text_) {REFUSED(name, malformed), .member = member_, .text = text_}

static const struct recipe recipes[] = {
    /* Nothing is wrong, or nothing that matters. */
    {AUTHENTIC("good", BS_NO_WORD)},
    {AUTHENTIC("white-space", BS_NO_WORD), .member = WHOLE, .text = "\r\n\t @ \n"},
    {AUTHENTIC("another-header", BS_NO_WORD), .spoil = take_another_header},
    /* Authentic, but not what is asked for. */
    {AUTHENTIC("expired", BS_WORD_expired), .change = expire_next},
    {AUTHENTIC("stale", BS_WORD_stale), .change = take_previous_ver},
    {AUTHENTIC("conflict", BS_WORD_conflict), .change = take_other_data},
    {AUTHENTIC("deleted", BS_WORD_deleted), .change = bury_next},
    {AUTHENTIC("legacy", BS_WORD_downgrade), .is_legacy = true},
    {REFUSED("another-id", wrong_id), .change = take_another_id},
    {REFUSED("deleted-another-id", wrong_id), .change = bury_next, .member = ID, .text = "\"id\": \"/another/datum\""},
    /* Something else was signed, or by somebody else. */
    {REFUSED("another-key", forged), .change_signed = take_another_key},
    {REFUSED("another-chain", forged), .change_signed = take_another_chain},
    {REFUSED("another-name", forged), .change_signed = take_another_name},
    {REFUSED("rewritten-id", forged), .change_signed = take_another_id},
    {REFUSED("other-data", forged), .change_signed = take_other_data},
    {REFUSED("raised-ver", forged), .change = take_next_ver, .change_signed = take_previous_ver},
    {REFUSED("lowered-ver", forged), .change = take_previous_ver, .change_signed = take_next_ver},
    {REFUSED("expires-added", forged), .change = expire_late, .change_signed = expire_never},
    {REFUSED("expires-dropped", forged), .change = expire_never, .change_signed = expire},
    {REFUSED("expires-moved", forged), .change = expire_late, .change_signed = expire},
    {REFUSED("deleted-another-key", forged), .change = bury_next, .change_signed = take_another_key},
    {REFUSED("deleted-another-name", forged), .change = bury_next, .change_signed = take_another_name},
    {REFUSED("deleted-rewritten-id", forged), .change = bury_next, .change_signed = take_another_id},
    {REFUSED("deleted-raised-ver", forged), .change = bury_next, .change_signed = take_previous_ver},
    {REFUSED("deleted-signed-as-data", forged), .change = bury_next, .change_signed = empty},
    {REFUSED("data-signed-as-deleted", forged), .change = empty_next, .change_signed = bury},
    /* The signature itself. */
    {REFUSED("high-s", high_s), .spoil = take_high_s},
    {REFUSED("high-s-another-header", high_s), .spoil = take_high_s_and_id},
    {REFUSED("flipped-r", forged), .spoil = flip_r},
    {REFUSED("flipped-s", forged), .spoil = flip_s},
    {REFUSED("header-0", malformed), .overwrite = {0, 1, 0}},
    {REFUSED("header-26", malformed), .overwrite = {0, 1, 26}},
    {REFUSED("header-35", malformed), .overwrite = {0, 1, 35}},
    {REFUSED("header-255", malformed), .overwrite = {0, 1, 255}},
    {REFUSED("r-zero", malformed), .overwrite = {1, 32, 0}},
    {REFUSED("r-too-large", malformed), .overwrite = {1, 32, 255}},
    {REFUSED("s-zero", malformed), .overwrite = {33, 32, 0}},
    {REFUSED("s-too-large", malformed), .overwrite = {33, 32, 255}},
    MALFORMED("sig-of-2015", SIG, "\"sig\": \"~\""),
    MALFORMED("sig-of-version-3", SIG, "\"sig\": \"v3:~\""),
    MALFORMED("sig-upper-case", SIG, "\"sig\": \"V2:~\""),
    MALFORMED("sig-empty", SIG, "\"sig\": \"v2:\""),
    MALFORMED("sig-longer", SIG, "\"sig\": \"$AAAA\""),
    MALFORMED("sig-newline", SIG, "\"sig\": \"$\\n\""),
    MALFORMED("sig-list", SIG, "\"sig\": [@]"),
    /* ver is an integer and nothing else. */
    MALFORMED("ver-point", VER, "\"ver\": @.0"),
    MALFORMED("ver-exponent", VER, "\"ver\": @e0"),
    MALFORMED("ver-negative", VER, "\"ver\": -@"),
    MALFORMED("ver-plus", VER, "\"ver\": +@"),
    MALFORMED("ver-leading-zero", VER, "\"ver\": 0@"),
    MALFORMED("ver-zero", VER, "\"ver\": 0"),
    MALFORMED("ver-beyond-2-53", VER, "\"ver\": 9007199254740992"),
    MALFORMED("ver-beyond-2-64", VER, "\"ver\": 18446744073709551618"),
    MALFORMED("ver-text", VER, "\"ver\": \"@\""),
    MALFORMED("ver-null", VER, "\"ver\": null"),
    MALFORMED("expires-zero", EXPIRES, "\"expires\": 0"),
    MALFORMED("expires-text", EXPIRES, "\"expires\": \"1\""),
    MALFORMED("expires-point", EXPIRES, "\"expires\": 4102444800.0"),
    MALFORMED("expires-beyond-2-53", EXPIRES, "\"expires\": 9007199254740992"),
    /* The data: one text for one content. */
    MALFORMED("base64-unused-bits", DATA, "\"data\": \"eB==\""),
    MALFORMED("base64-padding-inside", DATA, "\"data\": \"eA==eA==\""),
    MALFORMED("base64-no-padding", DATA, "\"data\": \"eA\""),
    MALFORMED("base64-too-much-padding", DATA, "\"data\": \"====\""),
    MALFORMED("base64-space", DATA, "\"data\": \"eA= =\""),
    MALFORMED("base64-newline", DATA, "\"data\": \"$\\n\""),
    MALFORMED("base64-escape", DATA, "\"data\": \"\\u0065A==\""),
    MALFORMED("base64-url-alphabet", DATA, "\"data\": \"-_8=\""),
    MALFORMED("data-null", DATA, "\"data\": null"),
    /* The members. */
    MALFORMED("no-data", DATA, ""),
    MALFORMED("no-id", ID, ""),
    MALFORMED("no-sig", SIG, ""),
    MALFORMED("no-ver", VER, ""),
    MALFORMED("duplicate-data", DATA, "\"data\": @, \"data\": @"),
    MALFORMED("duplicate-id", ID, "\"id\": @, \"id\": @"),
    MALFORMED("duplicate-sig", SIG, "\"sig\": @, \"sig\": @"),
    MALFORMED("duplicate-ver", VER, "\"ver\": @, \"ver\": 1"),
    MALFORMED("duplicate-escaped", VER, "\"ver\": @, \"v\\u0065r\": @"),
    MALFORMED("case-data", DATA, "\"Data\": @"),
    MALFORMED("case-id", ID, "\"ID\": @"),
    MALFORMED("case-sig", SIG, "\"Sig\": @"),
    MALFORMED("case-ver", VER, "\"VER\": @"),
    MALFORMED("case-beside", VER, "\"Ver\": 1, \"ver\": @"),
    MALFORMED("extra-key", VER, "\"ver\": @, \"x\": 1"),
    MALFORMED("id-nul", ID, "\"id\": \"$\\u0000\""),
    MALFORMED("id-nul-and-more", ID, "\"id\": \"$\\u0000more\""),
    MALFORMED("id-surrogate", ID, "\"id\": \"$\\ud800\""),
    MALFORMED("id-no-utf8", ID, "\"id\": \"$\xff\""),
    MALFORMED("id-control", ID, "\"id\": \"$\n\""),
    MALFORMED("id-empty", ID, "\"id\": \"\""),
    MALFORMED("id-number", ID, "\"id\": 1"),
    MALFORMED("data-deleted-false", DELETED, "\"deleted\": false"),
    MALFORMED("data-deleted-true", DELETED, "\"deleted\": true"),
    {REFUSED("deleted-with-data", malformed), .change = bury_next, .member = DATA, .text = "\"data\": \"\""},
    {REFUSED("deleted-with-expires", malformed), .change = bury_next, .member = EXPIRES, .text = "\"expires\": 1"},
    {REFUSED("deleted-text", malformed), .change = bury_next, .member = DELETED, .text = "\"deleted\": \"true\""},
    {REFUSED("deleted-one", malformed), .change = bury_next, .member = DELETED, .text = "\"deleted\": 1"},
    /* The whole. */
    {.fault = {"empty", BS_WORD_malformed, BS_WORD_unreachable}, .member = WHOLE, .text = ""}, /* a store that gives no bytes */
    MALFORMED("web-page", WHOLE, "<html>404</html>"),
    MALFORMED("truncated", WHOLE, "{$"),
    MALFORMED("trailing-byte", WHOLE, "@x"),
    MALFORMED("trailing-comma", WHOLE, "{$,}"),
    MALFORMED("twice", WHOLE, "@@"),
    MALFORMED("list", WHOLE, "[@]"),
    MALFORMED("byte-order-mark", WHOLE, "\xef\xbb\xbf@"),
    MALFORMED("comment", WHOLE, "@/**/"),
};

const struct forge_fault *forge_fault_at(size_t number) {
  return number < sizeof recipes / sizeof recipes[0] ? &recipes[number].fault : NULL;
}

const struct forge_fault *forge_fault_find(const char *name) {
  const struct forge_fault *fault;

  for (size_t i = 0; (fault = forge_fault_at(i)) != NULL; i++)
    if (strcmp(fault->name, name) == 0) return fault;
  return NULL;
}

/* Appends `text` with a value in the places for one. */
static void expand(struct bs_buffer *out, const char *text, struct bs_buffer *value) {
  const char *bytes = bs_buffer_string(value);

  if (bytes == NULL) bytes = "";
  for (; *text != '\0'; text++)
    switch (*text) {
      case '@': bs_buffer_text(out, bytes); break;
      case '$': if (value->length > 2) bs_buffer_add(out, bytes + 1, value->length - 2); break;
      case '~': if (value->length > 5) bs_buffer_add(out, bytes + 4, value->length - 5); break;
      default: bs_buffer_byte(out, (unsigned char)*text);
    }
}

static bool sign(struct bs_buffer *sig, const struct recipe *recipe, const struct draft *draft, struct bs_error *error) {
  struct bs_statement statement = {.kind = draft->kind, .ver = draft->of.ver};
  unsigned char z[BS_SHA256_SIZE], signature[BS_SIGNATURE_SIZE];

  if (draft->kind == BS_STATEMENT_DATA) {
    statement.expires = draft->of.expires;
    statement.length = draft->of.length;
    bs_sha256(statement.sha256, draft->of.data, draft->of.length);
  }
  bs_statement_digest(z, &draft->of.datum, &statement);
  if (draft->of.key == NULL || !bs_sign_recoverable(signature, draft->of.key, z)) return bs_fail_memory(error);
  if (recipe->spoil != NULL) recipe->spoil(signature);
  memset(signature + recipe->overwrite.at, recipe->overwrite.value, recipe->overwrite.count);
  bs_buffer_text(sig, "\"v2:");
  bs_base64_encode(sig, signature, sizeof signature);
  bs_buffer_byte(sig, '"');
  return bs_buffer_ok(sig, error);
}

/* The values of the members, but sig; those that aren't there stay empty. */
static void set_values(struct bs_buffer values[MEMBERS], const struct draft *draft) {
  bool is_data = draft->kind == BS_STATEMENT_DATA;

  if (is_data) {
    bs_buffer_byte(&values[DATA], '"');
    bs_base64_encode(&values[DATA], draft->of.data, draft->of.length);
    bs_buffer_byte(&values[DATA], '"');
  } else {
    bs_buffer_text(&values[DELETED], "true");
  }
  if (is_data && draft->of.expires > 0) bs_buffer_format(&values[EXPIRES], "%" PRIu64, draft->of.expires);
  bs_json_write_string(&values[ID], draft->of.datum.id, strlen(draft->of.datum.id));
  bs_buffer_format(&values[VER], "%" PRIu64, draft->of.ver);
}

static void write_members(struct bs_buffer *record, const struct recipe *recipe, struct bs_buffer values[MEMBERS]) {
  static const char *const texts[MEMBERS] = {"\"data\": @", "\"deleted\": @", "\"expires\": @",
                                             "\"id\": @",   "\"sig\": @",     "\"ver\": @"};
  const char *separator = "";

  bs_buffer_byte(record, '{');
  for (size_t i = 0; i < MEMBERS; i++) {
    const char *text = values[i].length > 0 ? texts[i] : "";

    if (recipe->text != NULL && recipe->member == i) text = recipe->text;
    if (*text == '\0') continue;
    bs_buffer_text(record, separator);
    expand(record, text, &values[i]);
    separator = ", ";
  }
  bs_buffer_byte(record, '}');
}

static bool write_current(struct bs_buffer *record, const struct recipe *recipe, const struct draft *written,
                          const struct draft *signed_, struct bs_error *error) {
  struct bs_buffer values[MEMBERS] = {BS_BUFFER_INIT}, object BS_AUTO_BUFFER = BS_BUFFER_INIT;
  bool done = sign(&values[SIG], recipe, signed_, error);

  set_values(values, written);
  write_members(&object, recipe, values);
  if (done) expand(record, recipe->text != NULL && recipe->member == WHOLE ? recipe->text : "@", &object);
  for (size_t i = 0; i < MEMBERS; i++) bs_buffer_free(&values[i]);
  return done && bs_buffer_ok(&object, error) && bs_buffer_ok(record, error);
}

static bool is_version(uint64_t ver) {
  return ver >= 1 && ver <= BS_VER_MAX;
}

bool forge(struct bs_buffer *ret_record, const struct forge_fault *fault, const struct forge *of, struct bs_error *error) {
  const struct recipe *recipe = (const struct recipe *)fault;
  struct draft written = {*of, BS_STATEMENT_DATA}, signed_;

  if (recipe->change != NULL) recipe->change(&written);
  signed_ = written;
  if (recipe->change_signed != NULL) recipe->change_signed(&signed_);
  if (!is_version(written.of.ver) || !is_version(signed_.of.ver))
    return bs_fail(error, BS_WORD_usage, "The fault %s needs a version above or below %" PRIu64 ".", fault->name, of->ver);
  if (!recipe->is_legacy) return write_current(ret_record, recipe, &written, &signed_, error);
  legacy_write(ret_record, of->key, true, of->datum.id, of->ver, of->data, of->length);
  return bs_buffer_ok(ret_record, error);
}
