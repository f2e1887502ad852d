/* SPDX-License-Identifier: MIT */
/* Hashes and prices: protocol.md 3, 3.3, 3.5 (keys that may import), 4.1 and 4.3. */
#include <config.h>

#include <openssl/hmac.h>
#include <secp256k1.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"
#include "t/lib/model.h"

#define LEAF (2 * BS_SHA256_SIZE + 1)

/* ---- what names are known by ---- */

/* The text as a big-endian number in base 40. */
static void add_base40(struct bs_buffer *bytes, const char *text) {
  static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz-_.+";
  unsigned char number[MODEL_NAME] = {0}; /* big-endian */
  size_t start = 0;

  for (; *text != '\0'; text++) {
    unsigned carry = (unsigned)(strchr(digits, *text) - digits);

    for (size_t i = sizeof number; i > 0; i--) {
      carry += number[i - 1] * 40u;
      number[i - 1] = (unsigned char)carry;
      carry >>= 8;
    }
  }
  while (start + 1 < sizeof number && number[start] == 0) start++;
  bs_buffer_add(bytes, number + start, sizeof number - start);
}

static void add_digits(struct bs_buffer *bytes, const char *digits) {
  size_t length = strlen(digits) / 2;

  if (!bs_hex_decode(bs_buffer_extend(bytes, length), length, digits)) abort();
}

void model_name_hash(char hash[MODEL_HASH160], const char *name, const char *sender, const char *address) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char digest[BS_HASH160_SIZE];

  add_base40(&bytes, name);
  add_digits(&bytes, sender);
  bs_buffer_text(&bytes, address);
  bs_hash160(digest, bytes.bytes, bytes.length);
  bs_hex_encode(hash, digest, sizeof digest);
}

static int compare_pairs(const void *a, const void *b) {
  return strcmp(a, b);
}

/* Sorted NAME:ADDRESS, commas between them, and the sender's script, all of it as text. */
void model_names_hash(char hash[MODEL_HASH160], const char *const *names, size_t count, const char *sender,
                      const char *const *addresses) {
  char(*pairs)[MODEL_NAME + BS_ADDRESS_TEXT] BS_AUTO_FREE = calloc(count + 1, sizeof *pairs);
  struct bs_buffer text BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char digest[BS_HASH160_SIZE];

  if (pairs == NULL) abort();
  for (size_t i = 0; i < count; i++) snprintf(pairs[i], sizeof *pairs, "%s:%s", names[i], addresses[i]);
  qsort(pairs, count, sizeof *pairs, compare_pairs);
  for (size_t i = 0; i < count; i++) bs_buffer_format(&text, "%s%s", i > 0 ? "," : "", pairs[i]);
  bs_buffer_text(&text, sender);
  bs_hash160(digest, text.bytes, text.length);
  bs_hex_encode(hash, digest, sizeof digest);
}

void model_update_hash(char hash[MODEL_HASH128], const char *name, const char *consensus) {
  struct bs_buffer bytes BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char digest[BS_HASH128_SIZE];

  bs_buffer_text(&bytes, name);
  bs_buffer_text(&bytes, consensus);
  bs_hash128(digest, bytes.bytes, bytes.length);
  bs_hex_encode(hash, digest, sizeof digest);
}

/* ---- the tree of a block, and the chain of blocks ---- */

static int compare_leaves(const void *a, const void *b) {
  return strcmp(a, b);
}

/* A leaf is reversed when it goes into the tree, the root when it comes out: so nothing is reversed that is alone. */
static size_t reverse(unsigned char bytes[BS_SHA256_SIZE], const char *leaf) {
  size_t length = strlen(leaf) / 2;
  unsigned char straight[BS_SHA256_SIZE];

  if (!bs_hex_decode(straight, length, leaf)) abort();
  for (size_t i = 0; i < length; i++) bytes[i] = straight[length - 1 - i];
  return length;
}

void model_merkle(char root[LEAF], char (*leaves)[LEAF], size_t count) {
  qsort(leaves, count, sizeof *leaves, compare_leaves);
  for (; count > 1; count = (count + 1) / 2) {
    for (size_t i = 0; i < count; i += 2) {
      unsigned char pair[2 * BS_SHA256_SIZE], digest[BS_SHA256_SIZE];
      size_t length = reverse(pair, leaves[i]);

      length += reverse(pair + length, leaves[i + 1 < count ? i + 1 : i]);
      bs_sha256d(digest, pair, length);
      for (size_t j = 0; j < sizeof digest; j++) bs_hex_encode(leaves[i / 2] + 2 * j, &digest[31 - j], 1);
    }
  }
  memcpy(root, leaves[0], LEAF);
}

void model_operations_hash(char hash[LEAF], const struct bs_buffer *operations, size_t count) {
  char(*leaves)[LEAF] BS_AUTO_FREE = calloc(count + 1, sizeof *leaves);
  unsigned char digest[BS_SHA256_SIZE];

  if (leaves == NULL) abort();
  bs_sha256d(digest, "", 0);
  bs_hex_encode(leaves[0], digest, sizeof digest);
  for (size_t i = 0; i < count; i++) {
    bs_sha256d(digest, operations[i].bytes, operations[i].length);
    bs_hex_encode(leaves[i], digest, sizeof digest);
  }
  model_merkle(hash, leaves, count == 0 ? 1 : count);
}

void model_consensus_hash(char consensus[MODEL_HASH128], const struct model *model, const char *operations_hash) {
  size_t blocks = model->state.consensus_count, count = 0;
  char leaves[65][LEAF], root[LEAF];
  unsigned char bytes[BS_SHA256_SIZE], digest[BS_HASH160_SIZE];

  for (size_t back = 1; back <= blocks; back = 2 * back + 1)
    snprintf(leaves[count++], LEAF, "%s", model->state.consensus[blocks - back]);
  snprintf(leaves[count++], LEAF, "%s", operations_hash);
  model_merkle(root, leaves, count);
  if (!bs_hex_decode(bytes, strlen(root) / 2, root)) abort();
  bs_hash160(digest, bytes, strlen(root) / 2);
  bs_hex_encode(consensus, digest, BS_HASH128_SIZE);
}

/* ---- prices ---- */

/* Python 2's str() of a float: 12 significant digits, and ".0" behind what looks like an integer. */
static void float_text(char text[32], double value) {
  snprintf(text, 32, "%.12g", value);
  if (strpbrk(text, ".e") == NULL) snprintf(text + strlen(text), 32 - strlen(text), ".0");
}

/* Numbers as decimal digits, and strtod to round them: the same on every machine, however long its registers are. */
static double power(unsigned coeff, unsigned base, unsigned exponent) {
  char digits[64];
  unsigned carry;

  snprintf(digits, sizeof digits, "%045u", coeff);
  for (; exponent > 0; exponent--) {
    carry = 0;
    for (char *at = digits + strlen(digits); at-- > digits; carry /= 10) {
      carry += (unsigned)(*at - '0') * base;
      *at = (char)('0' + carry % 10);
    }
  }
  return strtod(digits, NULL);
}

/* A 1 at the end stands for all the digits that would follow. */
static double divide(double number, unsigned divisor) {
  char digits[128], *at = digits;
  unsigned rest = 0;

  snprintf(digits, sizeof digits - 1, "%.40f", number);
  for (; *at != '\0'; at++) {
    if (*at == '.') continue;
    rest = rest * 10 + (unsigned)(*at - '0');
    *at = (char)('0' + rest / divisor);
    rest %= divisor;
  }
  snprintf(at, 2, "%s", rest == 0 ? "" : "1");
  return strtod(digits, NULL);
}

static double hundredfold(double number) {
  char digits[160];

  snprintf(digits, sizeof digits, "%.80fe2", number);
  return strtod(digits, NULL);
}

double model_price(char text[32], const struct model_prices *prices, const char *name) {
  size_t length = strcspn(name, ".");
  unsigned discount = 1;
  double price;

  if (strcspn(name, "aeiouy") >= length) discount = prices->no_vowel_discount;
  if (strcspn(name, "0123456789-_") < length && prices->nonalpha_discount > discount)
    discount = prices->nonalpha_discount;
  price = power(prices->coeff, prices->base, prices->buckets[length < 16 ? length - 1 : 15]);
  price = hundredfold(divide(price, discount));
  if (price < 100) {
    price = 100;
    snprintf(text, 32, "100");
  } else {
    float_text(text, price);
  }
  return price;
}

uint64_t model_namespace_price(const char *id) {
  size_t length = strlen(id);

  if (length == 1) return UINT64_C(40000000000);
  if (length <= 3) return UINT64_C(4000000000);
  return length <= 7 ? 400000000 : 40000000;
}

/* ---- keys that may import ---- */

bool model_child_key(char child[MODEL_KEY], const char *public_key, uint32_t number) {
  static const unsigned char chain_code[32];
  unsigned char bytes[BS_PUBLIC_KEY_MAX + 4], mac[64];
  size_t length = 33;
  secp256k1_pubkey key;

  if (!bs_hex_decode(bytes, strlen(public_key) / 2, public_key) ||
      !secp256k1_ec_pubkey_parse(secp256k1_context_static, &key, bytes, strlen(public_key) / 2))
    return false;
  secp256k1_ec_pubkey_serialize(secp256k1_context_static, bytes, &length, &key, SECP256K1_EC_COMPRESSED);
  for (size_t i = 0; i < 4; i++) bytes[33 + i] = (unsigned char)(number >> (24 - 8 * i));
  if (HMAC(EVP_sha512(), chain_code, sizeof chain_code, bytes, 37, mac, NULL) == NULL ||
      !secp256k1_ec_pubkey_tweak_add(secp256k1_context_static, &key, mac))
    return false;
  secp256k1_ec_pubkey_serialize(secp256k1_context_static, bytes, &length, &key, SECP256K1_EC_COMPRESSED);
  bs_hex_encode(child, bytes, length);
  return true;
}

void model_key_address(char address[BS_ADDRESS_TEXT], const char *public_key, unsigned char version) {
  unsigned char bytes[BS_PUBLIC_KEY_MAX], hash[BS_HASH160_SIZE];

  if (!bs_hex_decode(bytes, strlen(public_key) / 2, public_key)) abort();
  bs_hash160(hash, bytes, strlen(public_key) / 2);
  bs_address_encode(address, version, hash);
}
