/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/ipfs/cid.h"

#include <stdint.h>
#include <string.h>

#define BASE32 "abcdefghijklmnopqrstuvwxyz234567"
#define BASE36 "0123456789abcdefghijklmnopqrstuvwxyz"
#define BASE58 "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

#define BYTES_MOST 40 /* a version, a codec, and the multihash of an Ed25519 key */
#define DIGEST 32

/* What stands before a digest or a key. */
static const unsigned char sha256[] = {0x12, DIGEST};
static const unsigned char ed25519[] = {0x00, DIGEST + 4, 0x08, 0x01, 0x12, DIGEST};
static const unsigned char raw_block[] = {0x01, 0x55, 0x12, DIGEST}; /* CIDv1, raw, SHA-256 */
#define DAG_PB 0x70
#define LIBP2P_KEY 0x72

/* A CID or a multihash as bytes. */
struct binary {
  size_t length;
  unsigned char bytes[BYTES_MOST];
};

static bool begins_with(const struct binary *binary, size_t at, const unsigned char *head, size_t length, size_t rest) {
  return binary->length == at + length + rest && memcmp(binary->bytes + at, head, length) == 0;
}

/* Which digit the character is, or -1. */
static int value_of(char character, const char *alphabet) {
  const char *at = character == '\0' ? NULL : strchr(alphabet, character);

  return at == NULL ? -1 : (int)(at - alphabet);
}

/* Base 36 or 58: a number, most significant digit first; each leading zero digit is a zero byte. */
static bool read_number(struct binary *ret_binary, const char *text, size_t length, const char *alphabet) {
  const unsigned base = (unsigned)strlen(alphabet);
  unsigned char number[BYTES_MOST] = {0};
  size_t zeros = 0, used = 0;

  while (zeros < length && text[zeros] == alphabet[0]) zeros++;
  for (size_t i = zeros; i < length; i++) {
    int value = value_of(text[i], alphabet);
    unsigned carry = (unsigned)value;
    size_t place = 0;

    if (value < 0) return false;
    for (; carry > 0 || place < used; place++) { /* little-endian: it grows at its end */
      if (place == BYTES_MOST) return false;
      carry += number[place] * base;
      number[place] = (unsigned char)carry;
      carry >>= 8;
    }
    used = place;
  }
  if (zeros + used > BYTES_MOST) return false;
  memset(ret_binary->bytes, 0, zeros);
  for (size_t i = 0; i < used; i++) ret_binary->bytes[zeros + i] = number[used - 1 - i];
  ret_binary->length = zeros + used;
  return true;
}

/* The other way; `text` has room for BS_IPNS_LENGTH + 1 bytes, which 40 bytes never fill. */
static void write_number(char *text, const unsigned char *bytes, size_t length, const char *alphabet) {
  const unsigned base = (unsigned)strlen(alphabet);
  char digits[BS_IPNS_LENGTH] = {0};
  size_t zeros = 0, used = 0;

  while (zeros < length && bytes[zeros] == 0) zeros++;
  for (size_t i = zeros; i < length; i++) {
    unsigned carry = bytes[i];
    size_t place = 0;

    for (; carry > 0 || place < used; place++) {
      carry += (unsigned)digits[place] << 8;
      digits[place] = (char)(carry % base);
      carry /= base;
    }
    used = place;
  }
  memset(text, alphabet[0], zeros);
  for (size_t i = 0; i < used; i++) text[zeros + i] = alphabet[(unsigned char)digits[used - 1 - i]];
  text[zeros + used] = '\0';
}

/* Base 32 without padding (RFC 4648), lower case; bits that are left over are 0. */
static bool read_bits(struct binary *ret_binary, const char *text, size_t length) {
  uint32_t bits = 0;
  unsigned count = 0;

  ret_binary->length = 0;
  for (size_t i = 0; i < length; i++) {
    int value = value_of(text[i], BASE32);

    if (value < 0) return false;
    bits = bits << 5 | (uint32_t)value;
    count += 5;
    if (count < 8) continue;
    if (ret_binary->length == BYTES_MOST) return false;
    count -= 8;
    ret_binary->bytes[ret_binary->length++] = (unsigned char)(bits >> count);
    bits &= (1U << count) - 1;
  }
  return bits == 0 && count < 5;
}

static void write_bits(char *text, const unsigned char *bytes, size_t length) {
  uint32_t bits = 0;
  unsigned count = 0;

  for (size_t i = 0; i < length; i++) {
    bits = (bits << 8 | bytes[i]) & 0xfff;
    for (count += 8; count >= 5; count -= 5) *text++ = BASE32[bits >> (count - 5) & 31];
  }
  if (count > 0) *text++ = BASE32[bits << (5 - count) & 31];
  *text = '\0';
}

bool bs_cid_of_key(struct bs_cid *ret_cid, const char *key) {
  static const char digits[] = "0123456789abcdef";
  unsigned char bytes[sizeof raw_block + DIGEST];

  if (strlen(key) != (size_t)2 * DIGEST || strspn(key, digits) != (size_t)2 * DIGEST) return false;
  memcpy(bytes, raw_block, sizeof raw_block);
  for (size_t i = 0; i < DIGEST; i++)
    bytes[sizeof raw_block + i] =
        (unsigned char)((unsigned)value_of(key[2 * i], digits) << 4 | (unsigned)value_of(key[2 * i + 1], digits));
  ret_cid->text[0] = 'b';
  write_bits(ret_cid->text + 1, bytes, sizeof bytes);
  return true;
}

bool bs_cid_is_block(const char *text) {
  struct binary binary;

  return strlen(text) == BS_CID_LENGTH && text[0] == 'b' && read_bits(&binary, text + 1, BS_CID_LENGTH - 1) &&
         begins_with(&binary, 0, raw_block, sizeof raw_block, DIGEST);
}

/* A CID in any of the forms that nodes write, as the bytes of its version 1. */
static bool read_cid(struct binary *ret_binary, const char *text) {
  size_t length = strlen(text);

  if (length > 0 && text[0] == 'b') return read_bits(ret_binary, text + 1, length - 1);
  if (length > 0 && text[0] == 'z') return read_number(ret_binary, text + 1, length - 1, BASE58);
  if (!read_number(ret_binary, text, length, BASE58) || !begins_with(ret_binary, 0, sha256, sizeof sha256, DIGEST)) return false;
  memmove(ret_binary->bytes + 2, ret_binary->bytes, ret_binary->length);
  ret_binary->bytes[0] = 1;
  ret_binary->bytes[1] = DAG_PB;
  ret_binary->length += 2;
  return true;
}

bool bs_cid_same(const char *one, const char *other) {
  struct binary left, right;

  return read_cid(&left, one) && read_cid(&right, other) && begins_with(&left, 2, sha256, sizeof sha256, DIGEST) &&
         left.length == right.length && memcmp(left.bytes, right.bytes, left.length) == 0;
}

/* Writes both forms of the name whose multihash begins at `at`; false: it is of no key that is known here. */
static bool write_names(struct bs_ipns *ret_ipns, const struct binary *binary, size_t at) {
  unsigned char bytes[2 + BYTES_MOST] = {1, LIBP2P_KEY};
  size_t length = binary->length - at;

  if (!begins_with(binary, at, ed25519, sizeof ed25519, DIGEST) && !begins_with(binary, at, sha256, sizeof sha256, DIGEST))
    return false;
  memcpy(bytes + 2, binary->bytes + at, length);
  ret_ipns->name[0] = 'k';
  write_number(ret_ipns->name + 1, bytes, 2 + length, BASE36);
  write_number(ret_ipns->peer, bytes + 2, length, BASE58);
  return true;
}

bool bs_ipns_take(struct bs_ipns *ret_ipns, const char *text, size_t length) {
  struct binary binary;

  return length > 0 && length <= BS_IPNS_LENGTH && text[0] == 'k' && read_number(&binary, text + 1, length - 1, BASE36) &&
         binary.length > 2 && binary.bytes[0] == 1 && binary.bytes[1] == LIBP2P_KEY && write_names(ret_ipns, &binary, 2) &&
         strlen(ret_ipns->name) == length && memcmp(ret_ipns->name, text, length) == 0;
}

bool bs_ipns_take_any(struct bs_ipns *ret_ipns, const char *text) {
  struct binary binary;

  if (bs_ipns_take(ret_ipns, text, strlen(text))) return true;
  return read_number(&binary, text, strlen(text), BASE58) && write_names(ret_ipns, &binary, 0);
}
