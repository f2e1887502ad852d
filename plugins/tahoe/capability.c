/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/tahoe/capability.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#define KEY_LETTERS 26 /* of 16 bytes */
#define FINGERPRINT_LETTERS 52 /* of 32 bytes */
#define KEY_SIZE 16

static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

static const struct {
  const char *writing, *reading;
} kinds[] = {{"URI:DIR2:", "URI:DIR2-RO:"}, {"URI:DIR2-MDMF:", "URI:DIR2-MDMF-RO:"}};

/* Letters of base32, the last without the `spare` bits that the bytes do not fill: there is one text for the bytes. */
static bool is_base32(const char *text, size_t length, unsigned spare) {
  return strspn(text, letters) >= length && ((strchr(letters, text[length - 1]) - letters) & ((1 << spare) - 1)) == 0;
}

static bool has_prefix(const char *text, size_t length, const char *prefix) {
  return length == strlen(prefix) + KEY_LETTERS + 1 + FINGERPRINT_LETTERS && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool bs_tahoe_take(struct bs_tahoe_capability *ret_capability, bool *ret_writes, const char *text, size_t length) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    bool writes = has_prefix(text, length, kinds[i].writing);

    if (writes || has_prefix(text, length, kinds[i].reading)) {
      const char *key = text + strlen(writes ? kinds[i].writing : kinds[i].reading);

      if (!is_base32(key, KEY_LETTERS, 2) || key[KEY_LETTERS] != ':' ||
          !is_base32(key + KEY_LETTERS + 1, FINGERPRINT_LETTERS, 4))
        return false;
      snprintf(ret_capability->text, sizeof ret_capability->text, "%.*s", (int)length, text);
      *ret_writes = writes;
      return true;
    }
  }
  return false;
}

static void decode(unsigned char ret_key[KEY_SIZE], const char *text) {
  unsigned bits = 0, count = 0;

  for (size_t i = 0, done = 0; done < KEY_SIZE; i++) {
    bits = bits << 5 | (unsigned)(strchr(letters, text[i]) - letters);
    count += 5;
    if (count < 8) continue;
    count -= 8;
    ret_key[done++] = (unsigned char)(bits >> count);
    bits &= (1U << count) - 1;
  }
}

static void encode(char ret_text[KEY_LETTERS + 1], const unsigned char key[KEY_SIZE]) {
  unsigned bits = 0, count = 0;
  size_t at = 0;

  for (size_t i = 0; i < KEY_SIZE; i++) {
    bits = bits << 8 | key[i];
    for (count += 8; count >= 5; count -= 5) ret_text[at++] = letters[bits >> (count - 5) & 31];
    bits &= (1U << count) - 1;
  }
  ret_text[at++] = letters[bits << (5 - count) & 31];
  ret_text[at] = '\0';
}

/* The key that reads: a tagged hash of the key that writes, as Tahoe-LAFS computes it. */
static void derive(unsigned char key[KEY_SIZE]) {
  static const char tag[] = "40:allmydata_mutable_writekey_to_readkey_v1,";
  unsigned char message[sizeof tag - 1 + KEY_SIZE], digest[SHA256_DIGEST_LENGTH];

  memcpy(message, tag, sizeof tag - 1);
  memcpy(message + sizeof tag - 1, key, KEY_SIZE);
  SHA256(message, sizeof message, digest);
  SHA256(digest, sizeof digest, digest);
  memcpy(key, digest, KEY_SIZE);
  OPENSSL_cleanse(message, sizeof message);
}

void bs_tahoe_read_only(struct bs_tahoe_capability *ret_reading, const struct bs_tahoe_capability *capability) {
  char text[KEY_LETTERS + 1];
  unsigned char key[KEY_SIZE];

  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (has_prefix(capability->text, strlen(capability->text), kinds[i].writing)) {
      const char *rest = capability->text + strlen(kinds[i].writing);

      decode(key, rest);
      derive(key);
      encode(text, key);
      snprintf(ret_reading->text, sizeof ret_reading->text, "%s%s%s", kinds[i].reading, text, rest + KEY_LETTERS);
      return;
    }
  }
  *ret_reading = *capability;
}
