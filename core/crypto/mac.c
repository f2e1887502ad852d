/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/crypto/mac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE 16
#define NONCE_SIZE 12

struct bs_mac {
  unsigned char key[KEY_SIZE];
  EVP_CIPHER_CTX *context; /* AES-128-GCM with that key; GMAC is GCM of no text with additional data only */
};

void bs_mac_free(struct bs_mac *mac) {
  if (mac == NULL) return;
  EVP_CIPHER_CTX_free(mac->context);
  OPENSSL_cleanse(mac->key, sizeof mac->key);
  free(mac);
}

static bool set_up(struct bs_mac *mac, struct bs_error *error) {
  mac->context = EVP_CIPHER_CTX_new();
  if (mac->context == NULL) return bs_fail_memory(error);
  if (EVP_EncryptInit_ex(mac->context, EVP_aes_128_gcm(), NULL, mac->key, NULL) == 1) return true;
  return bs_fail(error, BS_WORD_failed, "libcrypto has no AES-128-GCM.");
}

static bool with_key(struct bs_mac **ret_mac, const unsigned char key[KEY_SIZE], struct bs_error *error) {
  struct bs_mac *mac = calloc(1, sizeof *mac);

  if (mac == NULL) return bs_fail_memory(error);
  memcpy(mac->key, key, KEY_SIZE);
  if (!set_up(mac, error)) {
    bs_mac_free(mac);
    return false;
  }
  *ret_mac = mac;
  return true;
}

bool bs_mac_new(struct bs_mac **ret_mac, struct bs_error *error) {
  unsigned char key[KEY_SIZE];
  bool made;

  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
  if (RAND_bytes(key, sizeof key) != 1) return bs_fail(error, BS_WORD_failed, "The system gives no random bytes.");
  made = with_key(ret_mac, key, error);
  OPENSSL_cleanse(key, sizeof key);
  return made;
}

bool bs_mac_copy(struct bs_mac **ret_mac, const struct bs_mac *mac, struct bs_error *error) {
  return with_key(ret_mac, mac->key, error);
}

bool bs_mac_tag(struct bs_mac *mac, unsigned char tag[BS_MAC_SIZE], uint64_t number, const void *bytes, size_t length,
                struct bs_error *error) {
  unsigned char nonce[NONCE_SIZE] = {0};
  unsigned char none[1];
  int count;

  for (size_t i = 0; i < sizeof number; i++) nonce[i] = (unsigned char)(number >> (8 * i));
  if (EVP_EncryptInit_ex(mac->context, NULL, NULL, NULL, nonce) == 1 &&
      EVP_EncryptUpdate(mac->context, NULL, &count, bytes, (int)length) == 1 &&
      EVP_EncryptFinal_ex(mac->context, none, &count) == 1 &&
      EVP_CIPHER_CTX_ctrl(mac->context, EVP_CTRL_GCM_GET_TAG, BS_MAC_SIZE, tag) == 1)
    return true;
  return bs_fail(error, BS_WORD_failed, "libcrypto could not authenticate the bytes.");
}

bool bs_mac_equal(const unsigned char one[BS_MAC_SIZE], const unsigned char other[BS_MAC_SIZE]) {
  return CRYPTO_memcmp(one, other, BS_MAC_SIZE) == 0;
}
