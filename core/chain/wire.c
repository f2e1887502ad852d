/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/chain/wire.h"

#include <stdio.h>
#include <string.h>

#include "core/codec/hex.h"

#define HEADER 3 /* magic and opcode */
#define KEEP_DATA 0x3e
#define DROP_DATA 0x7e

const char *bs_opcode_text(enum bs_opcode opcode) {
  switch (opcode) {
    case BS_NAME_PREORDER: return "NAME_PREORDER";
    case BS_NAME_REGISTRATION: return "NAME_REGISTRATION";
    case BS_NAME_UPDATE: return "NAME_UPDATE";
    case BS_NAME_TRANSFER: return "NAME_TRANSFER";
    case BS_NAME_REVOKE: return "NAME_REVOKE";
    case BS_NAME_IMPORT: return "NAME_IMPORT";
    case BS_NAMESPACE_PREORDER: return "NAMESPACE_PREORDER";
    case BS_NAMESPACE_REVEAL: return "NAMESPACE_REVEAL";
    case BS_NAMESPACE_READY: return "NAMESPACE_READY";
    case BS_ANNOUNCE: return "ANNOUNCE";
  }
  return "unknown";
}

bool bs_namespace_id_check(const char *id) {
  size_t length = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-");

  return length >= 1 && length <= BS_NAMESPACE_MAX && id[length] == '\0';
}

/* The opcode's body, without magic and opcode. */
struct body {
  const unsigned char *bytes;
  size_t length;
};

static bool fail_length(struct bs_error *error) {
  return bs_fail(error, BS_WORD_malformed, "The operation has a wrong length.");
}

/* Names come as text: a NUL inside, or anything else outside the alphabet, is refused by the check that follows. */
static bool take_text(char text[BS_NAME_MAX + 1], const unsigned char *bytes, size_t length, size_t most,
                      struct bs_error *error) {
  if (length < 1 || length > most) return fail_length(error);
  if (memchr(bytes, '\0', length) != NULL) return bs_fail(error, BS_WORD_malformed, "The name holds a NUL.");
  memcpy(text, bytes, length);
  text[length] = '\0';
  return true;
}

static bool parse_name(struct bs_operation *operation, struct body body, struct bs_error *error) {
  if (!take_text(operation->name, body.bytes, body.length, BS_NAME_MAX, error)) return false;
  return bs_name_check(operation->name, error) || bs_fail(error, BS_WORD_malformed, "%s", error->message);
}

static bool parse_namespace_id(struct bs_operation *operation, struct body body, struct bs_error *error) {
  if (!take_text(operation->name, body.bytes, body.length, BS_NAMESPACE_MAX, error)) return false;
  if (!bs_namespace_id_check(operation->name))
    return bs_fail(error, BS_WORD_malformed, "The namespace's id is malformed.");
  return true;
}

/* With a count in front: of several names at once; 0 and 1 are an ordinary one. */
static bool parse_preorder(struct bs_operation *operation, struct body body, struct bs_error *error) {
  size_t counted = body.length == 37 ? 1 : 0;

  if (body.length != 36 + counted) return fail_length(error);
  operation->quantity = counted != 0 && body.bytes[0] > 1 ? body.bytes[0] : 1;
  memcpy(operation->hash, body.bytes + counted, 20);
  memcpy(operation->consensus, body.bytes + counted + 20, 16);
  return true;
}

static bool parse_namespace_preorder(struct bs_operation *operation, struct body body, struct bs_error *error) {
  if (body.length != 36) return fail_length(error);
  memcpy(operation->hash, body.bytes, 20);
  memcpy(operation->consensus, body.bytes + 20, 16);
  return true;
}

static bool parse_update(struct bs_operation *operation, struct body body, struct bs_error *error) {
  if (body.length != 36) return fail_length(error);
  memcpy(operation->name_hash, body.bytes, 16);
  memcpy(operation->value_hash, body.bytes + 16, 20);
  return true;
}

static bool parse_transfer(struct bs_operation *operation, struct body body, struct bs_error *error) {
  if (body.length != 33) return fail_length(error);
  if (body.bytes[0] != KEEP_DATA && body.bytes[0] != DROP_DATA)
    return bs_fail(error, BS_WORD_malformed, "The transfer says neither to keep nor to drop the data.");
  operation->keep_data = body.bytes[0] == KEEP_DATA;
  memcpy(operation->name_hash, body.bytes + 1, 16);
  memcpy(operation->consensus, body.bytes + 17, 16);
  return true;
}

static bool parse_reveal(struct bs_operation *operation, struct body body, struct bs_error *error) {
  struct bs_namespace_rules *rules = &operation->rules;
  const unsigned char *at = body.bytes;

  if (body.length < 18) return fail_length(error);
  rules->lifetime = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
  rules->coeff = at[4];
  rules->base = at[5];
  for (size_t i = 0; i < BS_BUCKETS; i++) rules->buckets[i] = i % 2 == 0 ? at[6 + i / 2] >> 4 : at[6 + i / 2] & 15;
  rules->nonalpha_discount = at[14] >> 4;
  rules->no_vowel_discount = at[14] & 15;
  if (rules->nonalpha_discount == 0 || rules->no_vowel_discount == 0)
    return bs_fail(error, BS_WORD_malformed, "The namespace has a discount of 0.");
  operation->version = (uint16_t)(at[15] << 8 | at[16]);
  return parse_namespace_id(operation, (struct body){at + 17, body.length - 17}, error);
}

static bool parse_ready(struct bs_operation *operation, struct body body, struct bs_error *error) {
  if (body.length < 2) return fail_length(error);
  if (body.bytes[0] != '.') return bs_fail(error, BS_WORD_malformed, "The namespace's id has no dot in front.");
  return parse_namespace_id(operation, (struct body){body.bytes + 1, body.length - 1}, error);
}

static bool parse_announce(struct bs_operation *operation, struct body body, struct bs_error *error) {
  if (body.length != 20) return fail_length(error);
  memcpy(operation->hash, body.bytes, 20);
  return true;
}

static bool parse_body(struct bs_operation *operation, struct body body, struct bs_error *error) {
  switch (operation->opcode) {
    case BS_NAME_PREORDER: return parse_preorder(operation, body, error);
    case BS_NAME_REGISTRATION:
    case BS_NAME_REVOKE:
    case BS_NAME_IMPORT: return parse_name(operation, body, error);
    case BS_NAME_UPDATE: return parse_update(operation, body, error);
    case BS_NAME_TRANSFER: return parse_transfer(operation, body, error);
    case BS_NAMESPACE_PREORDER: return parse_namespace_preorder(operation, body, error);
    case BS_NAMESPACE_REVEAL: return parse_reveal(operation, body, error);
    case BS_NAMESPACE_READY: return parse_ready(operation, body, error);
    case BS_ANNOUNCE: return parse_announce(operation, body, error);
  }
  return bs_fail(error, BS_WORD_malformed, "The operation code is unknown.");
}

bool bs_operation_parse(struct bs_operation *ret_operation, const unsigned char magic[2], const unsigned char *payload,
                        size_t length, struct bs_error *error) {
  struct bs_operation operation = {0};

  if (length <= HEADER || memcmp(payload, magic, 2) != 0)
    return bs_fail(error, BS_WORD_malformed,
                   "The data output does not begin with this chain's magic and an operation.");
  operation.opcode = (enum bs_opcode)payload[2];
  if (!parse_body(&operation, (struct body){payload + HEADER, length - HEADER}, error)) return false;
  *ret_operation = operation;
  return true;
}

static size_t write_reveal(unsigned char *at, const struct bs_operation *operation) {
  const struct bs_namespace_rules *rules = &operation->rules;
  size_t length = strlen(operation->name);

  for (size_t i = 0; i < 4; i++) at[i] = (unsigned char)(rules->lifetime >> (24 - 8 * i));
  at[4] = rules->coeff;
  at[5] = rules->base;
  for (size_t i = 0; i < BS_BUCKETS / 2; i++)
    at[6 + i] = (unsigned char)(rules->buckets[2 * i] << 4 | rules->buckets[2 * i + 1]);
  at[14] = (unsigned char)(rules->nonalpha_discount << 4 | rules->no_vowel_discount);
  at[15] = (unsigned char)(operation->version >> 8);
  at[16] = (unsigned char)operation->version;
  memcpy(at + 17, operation->name, length);
  return 17 + length;
}

static size_t write_preorder(unsigned char *at, const struct bs_operation *operation) {
  size_t counted = operation->quantity > 1 ? 1 : 0;

  if (counted != 0) at[0] = operation->quantity;
  memcpy(at + counted, operation->hash, 20);
  memcpy(at + counted + 20, operation->consensus, 16);
  return counted + 36;
}

static size_t write_text(unsigned char *at, const char *text) {
  memcpy(at, text, strlen(text));
  return strlen(text);
}

static size_t write_body(unsigned char *at, const struct bs_operation *operation) {
  switch (operation->opcode) {
    case BS_NAME_PREORDER:
    case BS_NAMESPACE_PREORDER: return write_preorder(at, operation);
    case BS_NAME_REGISTRATION:
    case BS_NAME_REVOKE:
    case BS_NAME_IMPORT: return write_text(at, operation->name);
    case BS_NAME_UPDATE:
      memcpy(at, operation->name_hash, 16);
      memcpy(at + 16, operation->value_hash, 20);
      return 36;
    case BS_NAME_TRANSFER:
      at[0] = operation->keep_data ? KEEP_DATA : DROP_DATA;
      memcpy(at + 1, operation->name_hash, 16);
      memcpy(at + 17, operation->consensus, 16);
      return 33;
    case BS_NAMESPACE_REVEAL: return write_reveal(at, operation);
    case BS_NAMESPACE_READY: at[0] = '.'; return 1 + write_text(at + 1, operation->name);
    case BS_ANNOUNCE: memcpy(at, operation->hash, 20); return 20;
  }
  return 0;
}

size_t bs_operation_write(unsigned char payload[BS_PAYLOAD_MAX], const unsigned char magic[2],
                          const struct bs_operation *operation) {
  payload[0] = magic[0];
  payload[1] = magic[1];
  payload[2] = (unsigned char)operation->opcode;
  return HEADER + write_body(payload + HEADER, operation);
}

size_t bs_b40_encode(unsigned char bytes[BS_NAME_MAX], const char *name) {
  static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz-_.+";
  unsigned char little[BS_NAME_MAX] = {0}; /* 37 digits of 5.33 bits fit 25 bytes */
  size_t length = 1;

  for (const char *at = name; *at != '\0'; at++) {
    unsigned carry = (unsigned)(strchr(alphabet, *at) - alphabet);

    for (size_t i = 0; i < length; i++) {
      carry += little[i] * 40u;
      little[i] = (unsigned char)carry;
      carry >>= 8;
    }
    if (carry != 0) little[length++] = (unsigned char)carry;
  }
  for (size_t i = 0; i < length; i++) bytes[i] = little[length - 1 - i];
  return length;
}

void bs_name_hash(unsigned char hash[BS_HASH160_SIZE], const char *name, const struct bs_script *sender,
                  const char *address) {
  unsigned char text[BS_NAME_MAX + BS_SCRIPT_MAX + BS_ADDRESS_TEXT];
  size_t length = bs_b40_encode(text, name);

  memcpy(text + length, sender->bytes, sender->length);
  length += sender->length;
  memcpy(text + length, address, strlen(address));
  bs_hash160(hash, text, length + strlen(address));
}

void bs_update_hash(unsigned char hash[BS_HASH128_SIZE], const char *name,
                    const unsigned char consensus[BS_CONSENSUS_SIZE]) {
  char text[BS_NAME_MAX + 2 * BS_CONSENSUS_SIZE + 1];
  size_t length = strlen(name);

  memcpy(text, name, length);
  bs_hex_encode(text + length, consensus, BS_CONSENSUS_SIZE);
  bs_hash128(hash, text, length + 2 * (size_t)BS_CONSENSUS_SIZE);
}
