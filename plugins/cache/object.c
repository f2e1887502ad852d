/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/cache/object.h"

#include <openssl/ripemd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static void locate(struct bs_cache_object *object, const char *area, const char *digits) {
  object->slot = object->hash[0];
  snprintf(object->folder, sizeof object->folder, "%s/%.2s", area, digits);
  snprintf(object->path, sizeof object->path, "%s/%.2s/%.64s", area, digits, digits);
}

bool bs_cache_object_of_key(struct bs_cache_object *ret_object, const char *key) {
  struct bs_cache_object object = {.hash_size = strlen(key) / 2};

  if (strlen(key) != 40 && strlen(key) != 64) return false;
  for (size_t i = 0; i < object.hash_size; i++) {
    int high = digit(key[2 * i]), low = digit(key[2 * i + 1]);

    if (high < 0 || low < 0) return false;
    object.hash[i] = (unsigned char)(high << 4 | low);
  }
  locate(&object, "immutable", key);
  *ret_object = object;
  return true;
}

void bs_cache_object_of_url(struct bs_cache_object *ret_object, const char *url) {
  struct bs_cache_object object = {.is_record = true, .hash_size = SHA256_DIGEST_LENGTH};
  char digits[2 * SHA256_DIGEST_LENGTH + 1];
  SHA256_CTX context;

  SHA256_Init(&context);
  SHA256_Update(&context, url, strlen(url));
  SHA256_Final(object.hash, &context);
  for (size_t i = 0; i < SHA256_DIGEST_LENGTH; i++) snprintf(digits + 2 * i, 3, "%02x", object.hash[i]);
  locate(&object, "mutable", digits);
  *ret_object = object;
}

size_t bs_cache_object_head(const struct bs_cache_object *object) {
  return object->is_record ? sizeof(struct bs_cache_head) : 0;
}

void bs_cache_digest_begin(SHA256_CTX *digest, const struct bs_cache_object *object, const struct bs_cache_head *head) {
  SHA256_Init(digest);
  if (object->is_record) SHA256_Update(digest, head, offsetof(struct bs_cache_head, digest));
}

bool bs_cache_digest_end(SHA256_CTX *digest, const struct bs_cache_object *object, struct bs_cache_head *head, bool seals) {
  unsigned char made[SHA256_DIGEST_LENGTH];
  RIPEMD160_CTX second;

  SHA256_Final(made, digest);
  if (object->is_record && seals) memcpy(head->digest, made, sizeof made);
  if (object->is_record) return memcmp(head->digest, made, sizeof made) == 0;
  if (object->hash_size == RIPEMD160_DIGEST_LENGTH) {
    RIPEMD160_Init(&second);
    RIPEMD160_Update(&second, made, sizeof made);
    RIPEMD160_Final(made, &second);
  }
  return memcmp(object->hash, made, object->hash_size) == 0;
}

uint64_t bs_cache_cost(uint64_t size) {
  if (size > UINT64_MAX / 2) return UINT64_MAX / 2; /* a sum of two is still one */
  return size == 0 ? BS_CACHE_BLOCK : (size + BS_CACHE_BLOCK - 1) / BS_CACHE_BLOCK * BS_CACHE_BLOCK;
}

uint64_t bs_cache_now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_BOOTTIME, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
