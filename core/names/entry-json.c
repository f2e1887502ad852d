/* SPDX-License-Identifier: MIT */
/* One table a struct says how each member is written and read. */
#include <config.h>

#include "core/names/entry-json.h"

#include <stddef.h>
#include <string.h>

#include "core/codec/hex.h"

#define FEE_DIGITS 18 /* more is no amount of money */
#define TEXT_MAX 64   /* characters of any text of an entry */

enum kind {
  NAME,    /* char[] */
  ID,      /* char[], of a namespace */
  ADDRESS, /* char[]; "": null.  `beside`: the script that it is the address of, 0: of none that is told */
  OP,      /* char[BS_OP_TEXT]; `values` are allowed */
  PREORDER_OP,
  HEX,       /* bytes */
  MAYBE_HEX, /* bytes; `beside`: whether there are any, else null */
  TXID,
  SCRIPT, /* struct bs_script; length 0: null */
  KEY,    /* struct bs_public_key; length 0: null */
  NUMBER, /* unsigned, of the member's size, `least` to `most` */
  TRUTH,  /* bool */
  FEE,    /* char[BS_FEE_TEXT], a number as it is written */
  BUCKETS,
  STATE
};

struct member {
  const char *name;
  enum kind kind;
  size_t offset, size;
  size_t beside;      /* offset of another member */
  const char *values; /* one behind the other, each with a space before and behind it */
  uint64_t least, most;
};

#define AT(type, member) offsetof(struct type, member), sizeof(((struct type *)NULL)->member)
#define NAME_AT(member) AT(bs_name_entry, member)
#define SPACE_AT(member) AT(bs_namespace_entry, member)
#define PREORDER_AT(member) AT(bs_preorder_entry, member)
#define BLOCK 0, NULL, 0, BS_JSON_INTEGER_MAX
#define UP_TO(most) 0, NULL, 0, most
#define PLAIN 0, NULL, 0, 0

static const struct member name_members[] = {
    {"name", NAME, NAME_AT(name), PLAIN},
    {"value_hash", MAYBE_HEX, NAME_AT(value_hash), offsetof(struct bs_name_entry, has_value), NULL, 0, 0},
    {"sender", SCRIPT, NAME_AT(origin.sender), PLAIN},
    {"sender_pubkey", KEY, NAME_AT(origin.public_key), PLAIN},
    {"address", ADDRESS, NAME_AT(origin.address), offsetof(struct bs_name_entry, origin.sender), NULL, 0, 0},
    {"block_number", NUMBER, NAME_AT(block_number), BLOCK},
    {"preorder_block_number", NUMBER, NAME_AT(preorder_block_number), BLOCK},
    {"first_registered", NUMBER, NAME_AT(first_registered), BLOCK},
    {"last_renewed", NUMBER, NAME_AT(last_renewed), BLOCK},
    {"revoked", TRUTH, NAME_AT(revoked), PLAIN},
    {"op", OP, NAME_AT(origin.op), 0, " : :: + >> >~ ~ ; ", 0, 0},
    {"txid", TXID, NAME_AT(origin.txid), PLAIN},
    {"vtxindex", NUMBER, NAME_AT(origin.vtxindex), BLOCK},
    {"op_fee", FEE, NAME_AT(op_fee), PLAIN},
    {"importer", SCRIPT, NAME_AT(importer), PLAIN},
    {"importer_address", ADDRESS, NAME_AT(importer_address), offsetof(struct bs_name_entry, importer), NULL, 0, 0},
    {"consensus_hash", MAYBE_HEX, NAME_AT(consensus), offsetof(struct bs_name_entry, has_consensus), NULL, 0, 0},
    {"listed", NUMBER, NAME_AT(listed), UP_TO(BS_LIST_BOTH)},
    {"changed_block", NUMBER, NAME_AT(changed_block), BLOCK},
};

/* Its address is that of the reveal, also when READY has put another sender. */
static const struct member namespace_members[] = {
    {"namespace_id", ID, SPACE_AT(id), PLAIN},
    {"state", STATE, SPACE_AT(state), PLAIN},
    {"namespace_id_hash", HEX, SPACE_AT(hash), PLAIN},
    {"version", NUMBER, SPACE_AT(version), UP_TO(UINT16_MAX)},
    {"sender", SCRIPT, SPACE_AT(origin.sender), PLAIN},
    {"sender_pubkey", KEY, SPACE_AT(origin.public_key), PLAIN},
    {"address", ADDRESS, SPACE_AT(origin.address), PLAIN},
    {"recipient", SCRIPT, SPACE_AT(recipient), PLAIN},
    {"recipient_address", ADDRESS, SPACE_AT(recipient_address), offsetof(struct bs_namespace_entry, recipient), NULL, 0, 0},
    {"block_number", NUMBER, SPACE_AT(block_number), BLOCK},
    {"reveal_block", NUMBER, SPACE_AT(reveal_block), BLOCK},
    {"ready_block", NUMBER, SPACE_AT(ready_block), BLOCK},
    {"op", OP, SPACE_AT(origin.op), 0, " & ! ", 0, 0},
    {"txid", TXID, SPACE_AT(origin.txid), PLAIN},
    {"vtxindex", NUMBER, SPACE_AT(origin.vtxindex), BLOCK},
    {"lifetime", NUMBER, SPACE_AT(rules.lifetime), UP_TO(UINT32_MAX)},
    {"coeff", NUMBER, SPACE_AT(rules.coeff), UP_TO(UINT8_MAX)},
    {"base", NUMBER, SPACE_AT(rules.base), UP_TO(UINT8_MAX)},
    {"buckets", BUCKETS, SPACE_AT(rules.buckets), PLAIN},
    {"nonalpha_discount", NUMBER, SPACE_AT(rules.nonalpha_discount), 0, NULL, 1, 15},
    {"no_vowel_discount", NUMBER, SPACE_AT(rules.no_vowel_discount), 0, NULL, 1, 15},
};

/* The hash's name depends on what it is of. */
static const struct member hash_of_name = {"preorder_name_hash", HEX, PREORDER_AT(hash), PLAIN};
static const struct member hash_of_namespace = {"namespace_id_hash", HEX, PREORDER_AT(hash), PLAIN};
static const struct member preorder_members[] = {
    {"consensus_hash", HEX, PREORDER_AT(consensus), PLAIN},
    {"sender", SCRIPT, PREORDER_AT(origin.sender), PLAIN},
    {"sender_pubkey", KEY, PREORDER_AT(origin.public_key), PLAIN},
    {"address", ADDRESS, PREORDER_AT(origin.address), offsetof(struct bs_preorder_entry, origin.sender), NULL, 0, 0},
    {"block_number", NUMBER, PREORDER_AT(block_number), BLOCK},
    {"op", PREORDER_OP, PREORDER_AT(origin.op), PLAIN},
    {"txid", TXID, PREORDER_AT(origin.txid), PLAIN},
    {"vtxindex", NUMBER, PREORDER_AT(origin.vtxindex), BLOCK},
    {"op_fee", NUMBER, PREORDER_AT(op_fee), BLOCK},
};

#define COUNT_OF(members) (sizeof(members) / sizeof(members)[0])

/* ---- writing ---- */

static void write_hex(struct bs_buffer *json, const unsigned char *bytes, size_t length) {
  char digits[2 * BS_SCRIPT_MAX + 3];

  digits[0] = '"';
  bs_hex_encode(digits + 1, bytes, length);
  digits[2 * length + 1] = '"';
  bs_buffer_add(json, digits, 2 * length + 2);
}

static uint64_t number_at(const void *at, size_t size) {
  if (size == 1) return *(const uint8_t *)at;
  if (size == 2) return *(const uint16_t *)at;
  return size == 4 ? *(const uint32_t *)at : *(const uint64_t *)at;
}

/* The byte behind "?*", how many names it is of, stands as the character of that number. */
static void write_preorder_op(struct bs_buffer *json, const char *op) {
  char text[BS_OP_TEXT + 1];
  unsigned char last = (unsigned char)op[2];

  if (op[1] == '\0' || last < 0x80) {
    bs_json_write_string(json, op, strlen(op));
    return;
  }
  memcpy(text, op, 2);
  text[2] = (char)(0xc0 | last >> 6);
  text[3] = (char)(0x80 | (last & 0x3f));
  bs_json_write_string(json, text, 4);
}

static void write_buckets(struct bs_buffer *json, const uint8_t *buckets) {
  for (size_t i = 0; i < BS_BUCKETS; i++) {
    bs_buffer_text(json, i == 0 ? "[" : ", ");
    bs_buffer_decimal(json, buckets[i]);
  }
  bs_buffer_byte(json, ']');
}

static void write_txid(struct bs_buffer *json, const unsigned char *txid) {
  char digits[2 * BS_TXID_SIZE + 1];

  bs_txid_text(digits, txid);
  bs_json_write_string(json, digits, sizeof digits - 1);
}

static void write_or_null(struct bs_buffer *json, const unsigned char *bytes, size_t length) {
  if (length == 0)
    bs_buffer_text(json, "null");
  else
    write_hex(json, bytes, length);
}

static void write_value(struct bs_buffer *json, const struct member *member, const char *entry) {
  const char *at = entry + member->offset;
  const struct bs_script *script = (const void *)at;
  const struct bs_public_key *key = (const void *)at;
  bool ready;

  switch (member->kind) {
    case NAME:
    case ID:
    case OP: bs_json_write_string(json, at, strlen(at)); return;
    case ADDRESS:
      if (at[0] == '\0')
        bs_buffer_text(json, "null");
      else
        bs_json_write_string(json, at, strlen(at));
      return;
    case PREORDER_OP: write_preorder_op(json, at); return;
    case HEX: write_hex(json, (const void *)at, member->size); return;
    case MAYBE_HEX: write_or_null(json, (const void *)at, *(const bool *)(entry + member->beside) ? member->size : 0); return;
    case TXID: write_txid(json, (const void *)at); return;
    case SCRIPT: write_or_null(json, script->bytes, script->length); return;
    case KEY: write_or_null(json, key->bytes, key->length); return;
    case NUMBER: bs_buffer_decimal(json, number_at(at, member->size)); return;
    case TRUTH: bs_buffer_text(json, *(const bool *)at ? "true" : "false"); return;
    case FEE: bs_buffer_text(json, at); return;
    case BUCKETS: write_buckets(json, (const uint8_t *)at); return;
    case STATE:
      ready = *(const enum bs_namespace_state *)(const void *)at == BS_NAMESPACE_IS_READY;
      bs_buffer_text(json, ready ? "\"ready\"" : "\"revealed\"");
      return;
  }
}

static void write_member(struct bs_buffer *json, const struct member *member, const void *entry) {
  bs_buffer_byte(json, '"');
  bs_buffer_text(json, member->name);
  bs_buffer_text(json, "\": ");
  write_value(json, member, entry);
}

static void write_members(struct bs_buffer *json, const struct member *members, size_t count, const void *entry) {
  for (size_t i = 0; i < count; i++) {
    if (i > 0) bs_buffer_text(json, ", ");
    write_member(json, &members[i], entry);
  }
}

void bs_name_members_to_json(struct bs_buffer *json, const struct bs_name_entry *entry) {
  write_members(json, name_members, COUNT_OF(name_members), entry);
}

void bs_namespace_members_to_json(struct bs_buffer *json, const struct bs_namespace_entry *entry) {
  write_members(json, namespace_members, COUNT_OF(namespace_members), entry);
}

void bs_name_to_json(struct bs_buffer *json, const struct bs_name_entry *entry) {
  bs_buffer_byte(json, '{');
  bs_name_members_to_json(json, entry);
  bs_buffer_byte(json, '}');
}

void bs_namespace_to_json(struct bs_buffer *json, const struct bs_namespace_entry *entry) {
  bs_buffer_byte(json, '{');
  bs_namespace_members_to_json(json, entry);
  bs_buffer_byte(json, '}');
}

static const struct member *hash_member(const struct bs_preorder_entry *entry) {
  return entry->origin.op[0] == BS_NAMESPACE_PREORDER ? &hash_of_namespace : &hash_of_name;
}

void bs_preorder_to_json(struct bs_buffer *json, const struct bs_preorder_entry *entry) {
  bs_buffer_byte(json, '{');
  write_member(json, hash_member(entry), entry);
  bs_buffer_text(json, ", ");
  write_members(json, preorder_members, COUNT_OF(preorder_members), entry);
  bs_buffer_byte(json, '}');
}

/* ---- reading ---- */

/* A string of fewer than `size` bytes.  It is unescaped where there is room for all of it, so that nothing here needs memory. */
static bool read_text(char *text, size_t size, struct bs_json value) {
  unsigned char room[6 * TEXT_MAX + 1];
  struct bs_buffer buffer = {room, 0, sizeof room, false};

  if (bs_json_type(value) != BS_JSON_STRING || value.length >= sizeof room) return false;
  bs_json_string(value, &buffer);
  if (buffer.length >= size) return false;
  memcpy(text, room, buffer.length);
  text[buffer.length] = '\0';
  return true;
}

/* Hexadecimal digits for at most `most` bytes, and at least one. */
static bool read_bytes(unsigned char *bytes, size_t most, size_t *ret_length, struct bs_json value) {
  size_t length = value.length < 4 ? 0 : (value.length - 2) / 2;

  *ret_length = length;
  return length > 0 && length <= most && bs_json_hex(value, bytes, length);
}

bool bs_txid_from_json(unsigned char txid[BS_TXID_SIZE], struct bs_json value) {
  unsigned char displayed[BS_TXID_SIZE];

  if (!bs_json_hex(value, displayed, sizeof displayed)) return false;
  for (size_t i = 0; i < BS_TXID_SIZE; i++) txid[i] = displayed[BS_TXID_SIZE - 1 - i];
  return true;
}

static bool read_op(char *op, const char *values, struct bs_json value) {
  char text[BS_OP_TEXT], wanted[BS_OP_TEXT + 2];

  if (!read_text(text, sizeof text, value) || text[0] == '\0' || strchr(text, ' ') != NULL) return false;
  wanted[0] = ' ';
  memcpy(wanted + 1, text, strlen(text));
  memcpy(wanted + 1 + strlen(text), " ", 2);
  if (strstr(values, wanted) == NULL) return false;
  memcpy(op, text, strlen(text));
  return true;
}

static bool read_preorder_op(char *op, struct bs_json value) {
  char text[BS_OP_TEXT];
  const unsigned char *last = (const unsigned char *)text + 2;

  if (!read_text(text, sizeof text, value)) return false;
  if (strcmp(text, "?") == 0 || strcmp(text, "*") == 0) {
    op[0] = text[0];
    return true;
  }
  if (strncmp(text, "?*", 2) != 0) return false;
  if (strlen(text) == 3 && last[0] > 1)
    op[2] = text[2];
  else if (strlen(text) == 4 && (last[0] == 0xc2 || last[0] == 0xc3))
    op[2] = (char)((last[0] & 3) << 6 | (last[1] & 0x3f));
  else
    return false;
  memcpy(op, "?*", 2);
  return true;
}

static bool read_number(void *at, size_t size, uint64_t least, uint64_t most, struct bs_json value) {
  uint64_t number;

  if (!bs_json_integer(value, &number) || number < least || number > most) return false;
  if (size == 1) *(uint8_t *)at = (uint8_t)number;
  if (size == 2) *(uint16_t *)at = (uint16_t)number;
  if (size == 4) *(uint32_t *)at = (uint32_t)number;
  if (size == 8) *(uint64_t *)at = number;
  return true;
}

/* As bs_price_text writes it, or an integer: bs_fee_satoshis reads no others. */
static bool read_fee(char *fee, struct bs_json value) {
  const char *at = value.text, *end = value.text + value.length;
  size_t digits = 0;

  if (bs_json_type(value) != BS_JSON_NUMBER || value.length >= BS_FEE_TEXT) return false;
  for (; at < end && ((*at >= '0' && *at <= '9') || *at == '.'); at++) digits += *at != '.';
  if (digits == 0 || digits > FEE_DIGITS) return false;
  if (at < end && (end - at > 4 || at[0] != 'e' || at[1] != '+')) return false;
  memcpy(fee, value.text, value.length);
  return true;
}

static bool read_buckets(uint8_t *buckets, struct bs_json value) {
  struct bs_json_iterator items = bs_json_begin(value);
  struct bs_json item;
  size_t count = 0;

  if (bs_json_type(value) != BS_JSON_ARRAY) return false;
  for (; bs_json_next_item(&items, &item); count++)
    if (count == BS_BUCKETS || !read_number(&buckets[count], 1, 0, 15, item)) return false;
  return count == BS_BUCKETS;
}

static bool read_state(enum bs_namespace_state *ret_state, struct bs_json value) {
  if (bs_json_string_is(value, "ready", strlen("ready")))
    *ret_state = BS_NAMESPACE_IS_READY;
  else if (bs_json_string_is(value, "revealed", strlen("revealed")))
    *ret_state = BS_NAMESPACE_REVEALED;
  else
    return false;
  return true;
}

static bool is_address_of(const char *address, const struct bs_script *script) {
  unsigned char version, hash[BS_HASH160_SIZE], wanted[BS_HASH160_SIZE];
  enum bs_script_kind kind = bs_script_classify(wanted, script->bytes, script->length);

  if (script->length == 0) return false;
  return bs_script_has_hash(kind) && bs_address_decode(&version, hash, address) && memcmp(hash, wanted, sizeof hash) == 0 &&
         (kind == BS_SCRIPT_SCRIPT_HASH ? version == 5 || version == 196 : version == 0 || version == 111);
}

/* The script stands before its address in the tables. */
static bool read_address(char *address, const struct bs_script *script, struct bs_json value) {
  unsigned char version, hash[BS_HASH160_SIZE];

  if (bs_json_type(value) == BS_JSON_NULL) return script == NULL || script->length == 0;
  if (!read_text(address, BS_ADDRESS_TEXT, value)) return false;
  return script == NULL ? bs_address_decode(&version, hash, address) : is_address_of(address, script);
}

static bool read_script(struct bs_script *script, struct bs_json value) {
  return bs_json_type(value) == BS_JSON_NULL || read_bytes(script->bytes, sizeof script->bytes, &script->length, value);
}

static bool read_key(struct bs_public_key *key, struct bs_json value) {
  return bs_json_type(value) == BS_JSON_NULL ||
         (read_bytes(key->bytes, sizeof key->bytes, &key->length, value) && (key->length == 33 || key->length == 65));
}

static bool read_maybe(unsigned char *bytes, size_t size, bool *ret_there, struct bs_json value) {
  *ret_there = bs_json_type(value) != BS_JSON_NULL;
  return !*ret_there || bs_json_hex(value, bytes, size);
}

static bool read_truth(bool *ret_truth, struct bs_json value) {
  *ret_truth = bs_json_type(value) == BS_JSON_TRUE;
  return *ret_truth || bs_json_type(value) == BS_JSON_FALSE;
}

static bool read_name(char *name, struct bs_json value) {
  struct bs_error ignored;

  return read_text(name, BS_NAME_MAX + 1, value) && bs_name_check(name, &ignored);
}

static bool read_value(const struct member *member, char *entry, struct bs_json value) {
  void *at = entry + member->offset;

  switch (member->kind) {
    case NAME: return read_name(at, value);
    case ID: return read_text(at, BS_NAMESPACE_MAX + 1, value) && bs_namespace_id_check(at);
    case ADDRESS: return read_address(at, member->beside == 0 ? NULL : (const void *)(entry + member->beside), value);
    case OP: return read_op(at, member->values, value);
    case PREORDER_OP: return read_preorder_op(at, value);
    case HEX: return bs_json_hex(value, at, member->size);
    case MAYBE_HEX: return read_maybe(at, member->size, (bool *)(entry + member->beside), value);
    case TXID: return bs_txid_from_json(at, value);
    case SCRIPT: return read_script(at, value);
    case KEY: return read_key(at, value);
    case NUMBER: return read_number(at, member->size, member->least, member->most, value);
    case TRUTH: return read_truth(at, value);
    case FEE: return read_fee(at, value);
    case BUCKETS: return read_buckets(at, value);
    case STATE: return read_state(at, value);
  }
  return false;
}

static const char *expected(enum kind kind) {
  static const char *const texts[] = {[NAME] = "a name",
                                      [ID] = "a namespace",
                                      [ADDRESS] = "the address of its script, or null",
                                      [OP] = "an operation",
                                      [PREORDER_OP] = "the operation of a preorder",
                                      [HEX] = "hexadecimal digits of a hash",
                                      [MAYBE_HEX] = "hexadecimal digits of a hash, or null",
                                      [TXID] = "a transaction id",
                                      [SCRIPT] = "hexadecimal digits of a script, or null",
                                      [KEY] = "hexadecimal digits of a public key, or null",
                                      [NUMBER] = "a whole number in its range",
                                      [TRUTH] = "true or false",
                                      [FEE] = "a number of satoshis",
                                      [BUCKETS] = "a list of 16 exponents",
                                      [STATE] = "\"revealed\" or \"ready\""};

  return texts[kind];
}

static bool read_member(const struct member *member, void *entry, struct bs_json object, struct bs_error *error) {
  struct bs_json value;

  if (!bs_json_find(object, member->name, &value))
    return bs_fail(error, BS_WORD_malformed, "The member \"%s\" is missing.", member->name);
  if (read_value(member, entry, value)) return true;
  return bs_fail(error, BS_WORD_malformed, "The member \"%s\" is not %s.", member->name, expected(member->kind));
}

static bool read_members(const struct member *members, size_t count, void *entry, struct bs_json object,
                         struct bs_error *error) {
  if (bs_json_type(object) != BS_JSON_OBJECT) return bs_fail(error, BS_WORD_malformed, "It is not an object.");
  for (size_t i = 0; i < count; i++)
    if (!read_member(&members[i], entry, object, error)) return false;
  return true;
}

bool bs_name_from_json(struct bs_name_entry *ret_entry, struct bs_json object, struct bs_error *error) {
  struct bs_name_entry entry;

  memset(&entry, 0, sizeof entry);
  if (!read_members(name_members, COUNT_OF(name_members), &entry, object, error)) return false;
  *ret_entry = entry;
  return true;
}

bool bs_namespace_from_json(struct bs_namespace_entry *ret_entry, struct bs_json object, struct bs_error *error) {
  struct bs_namespace_entry entry;

  memset(&entry, 0, sizeof entry);
  if (!read_members(namespace_members, COUNT_OF(namespace_members), &entry, object, error)) return false;
  *ret_entry = entry;
  return true;
}

bool bs_preorder_from_json(struct bs_preorder_entry *ret_entry, struct bs_json object, struct bs_error *error) {
  struct bs_preorder_entry entry;

  memset(&entry, 0, sizeof entry);
  if (!read_members(preorder_members, COUNT_OF(preorder_members), &entry, object, error) ||
      !read_member(hash_member(&entry), &entry, object, error))
    return false;
  *ret_entry = entry;
  return true;
}
