/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "plugins/encrypt/mark.h"

#include <string.h>

#include "plugins/encrypt/seal.h"

#define STEP ((size_t)262144) /* bytes between two looks at the clock */

enum blockstore_status bs_crypt_fail(const struct bs_crypt *crypt, struct blockstore_call *call,
                                     const struct bs_crypt_open *open) {
  static const char *const texts[] = {
      [BS_CRYPT_SOUND] = "nothing is the matter with it",
      [BS_CRYPT_FOREIGN] = "it was not encrypted by this filter",
      [BS_CRYPT_NEWER] = "it was encrypted by a newer version of this filter",
      [BS_CRYPT_OTHER] = "it is another object than was asked for",
      [BS_CRYPT_DAMAGED] = "it was changed, cut short or made longer after it was encrypted",
      [BS_CRYPT_TROUBLE] = "libcrypto failed",
  };
  char digits[2 * BS_CRYPT_KEY_ID_SIZE + 1];

  if (open->fault != BS_CRYPT_KEY)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "What the store holds there cannot be decrypted: %s.",
                           texts[open->fault]);
  bs_crypt_header_key(digits, &open->header);
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                         "What the store holds there was encrypted with the key %s, which %s does not have.", digits,
                         crypt->key_file);
}

static enum blockstore_status fail_crypto(struct blockstore_call *call) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "libcrypto failed.");
}

/* ---- putting ---- */

static enum blockstore_status digest_all(struct blockstore_call *call, unsigned char ret_digest[BS_CRYPT_DIGEST_SIZE],
                                         const struct blockstore_source *plain, EVP_MD_CTX *digest, unsigned char *buffer) {
  bool fine = EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;

  for (uint64_t offset = 0; fine && offset < plain->size;) {
    size_t step = plain->size - offset < STEP ? (size_t)(plain->size - offset) : STEP;
    enum blockstore_status status = blockstore_go_on(call);

    if (status == BLOCKSTORE_STATUS_OK) status = plain->read_at(plain, buffer, step, offset);
    if (status != BLOCKSTORE_STATUS_OK) return status;
    fine = EVP_DigestUpdate(digest, buffer, step) == 1;
    offset += step;
  }
  return fine && EVP_DigestFinal_ex(digest, ret_digest, NULL) == 1 ? BLOCKSTORE_STATUS_OK : fail_crypto(call);
}

/* The first of two passes over the data: no two different ones are ever encrypted alike. */
static enum blockstore_status digest_source(struct blockstore_call *call, unsigned char ret_digest[BS_CRYPT_DIGEST_SIZE],
                                            const struct blockstore_source *plain) {
  size_t room = plain->size < STEP ? (size_t)plain->size : STEP;
  unsigned char *buffer = malloc(room + 1);
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  if (buffer == NULL || digest == NULL) status = bs_plugin_fail_memory(call);
  if (status == BLOCKSTORE_STATUS_OK) status = digest_all(call, ret_digest, plain, digest, buffer);
  if (buffer != NULL) OPENSSL_cleanse(buffer, room);
  free(buffer);
  EVP_MD_CTX_free(digest);
  return status;
}

enum blockstore_status bs_crypt_store(const struct bs_crypt *crypt, struct blockstore_call *call, enum bs_crypt_kind kind,
                                      const unsigned char name[BS_CRYPT_NAME_SIZE], uint64_t version,
                                      const struct blockstore_source *plain, bs_crypt_put *put) {
  const struct bs_crypt_key *key = &crypt->keys.all[0];
  unsigned char digest[BS_CRYPT_DIGEST_SIZE];
  char text[BS_CRYPT_TEXT_SIZE];
  struct bs_crypt_header header;
  struct bs_crypt_seal seal;
  enum blockstore_status status;

  if (plain->size > BS_CRYPT_LARGEST)
    return blockstore_fail(call, BLOCKSTORE_STATUS_TOO_LARGE, "No more than 64 TiB can be encrypted.");
  status = digest_source(call, digest, plain);
  if (status != BLOCKSTORE_STATUS_OK) return status;
  if (!bs_crypt_header_make(&header, key, kind, name, version, plain->size, digest)) return fail_crypto(call);
  bs_crypt_name_text(text, kind, name);
  if (bs_crypt_seal_begin(&seal, key, &header, plain)) status = put(crypt, call, &seal.abi, text, version);
  else status = bs_plugin_fail_memory(call);
  bs_crypt_seal_end(&seal);
  return seal.failed ? fail_crypto(call) : status;
}

/* ---- the mark ---- */

static enum blockstore_status read_nothing(const struct blockstore_source *source, void *buffer, size_t length, uint64_t offset) {
  (void)source, (void)buffer;
  return length == 0 && offset == 0 ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_FAILED;
}

static enum blockstore_status put_mark(const struct bs_crypt *crypt, struct blockstore_call *call,
                                       const struct blockstore_source *sealed, const char *name, uint64_t version) {
  const struct blockstore_next *next = crypt->next;

  (void)version;
  return next->driver->put_immutable_handler(next->self, call, name, sealed, NULL);
}

static enum blockstore_status fail_mark(const struct bs_crypt *crypt, struct blockstore_call *call,
                                        const struct bs_crypt_open *open, const char *name) {
  char digits[2 * BS_CRYPT_KEY_ID_SIZE + 1];

  if (open->fault != BS_CRYPT_KEY)
    return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                           "The store's mark (%s) cannot be decrypted: it is damaged, or not of this filter. Once it is deleted "
                           "there, the next put makes it anew.",
                           name);
  bs_crypt_header_key(digits, &open->header);
  return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED,
                         "The store is encrypted with the key %s, which %s does not have: nothing was read or changed.", digits,
                         crypt->key_file);
}

static enum blockstore_status look(struct bs_crypt *crypt, struct blockstore_call *call, struct bs_crypt_open *open,
                                   const char *name) {
  const struct blockstore_next *next = crypt->next;
  enum blockstore_status status = next->driver->get_immutable_handler(next->self, call, &open->abi, name);

  if (status == BLOCKSTORE_STATUS_OK) status = bs_crypt_open_finish(open);
  if (status != BLOCKSTORE_STATUS_OK && open->sound == 0 && open->fault != BS_CRYPT_SOUND)
    return fail_mark(crypt, call, open, name);
  if (status == BLOCKSTORE_STATUS_OK)
    crypt->mark = open->key == &crypt->keys.all[0] ? BS_CRYPT_MARK_CURRENT : BS_CRYPT_MARK_OURS;
  return status;
}

static enum blockstore_status find_mark(struct bs_crypt *crypt, struct blockstore_call *call,
                                        const unsigned char name[BS_CRYPT_NAME_SIZE]) {
  char text[BS_CRYPT_TEXT_SIZE];
  struct bs_crypt_open open;
  enum blockstore_status status;

  bs_crypt_name_text(text, BS_CRYPT_MARK, name);
  if (bs_crypt_open_begin(&open, NULL, &crypt->keys, BS_CRYPT_MARK, name)) status = look(crypt, call, &open, text);
  else status = bs_plugin_fail_memory(call);
  bs_crypt_open_end(&open);
  return status;
}

enum blockstore_status bs_crypt_mark_look(struct bs_crypt *crypt, struct blockstore_call *call) {
  unsigned char name[BS_CRYPT_NAME_SIZE];

  if (!crypt->has_mark || crypt->mark != BS_CRYPT_MARK_UNSEEN) return BLOCKSTORE_STATUS_OK;
  return bs_crypt_mark_name(name) ? find_mark(crypt, call, name) : fail_crypto(call);
}

/* Two may do it at once: the mark of the other is as good, if it has a key of ours. */
static enum blockstore_status write_mark(struct bs_crypt *crypt, struct blockstore_call *call,
                                         const unsigned char name[BS_CRYPT_NAME_SIZE]) {
  static const struct blockstore_source nothing = {sizeof nothing, 0, read_nothing, 0};
  enum blockstore_status status = bs_crypt_store(crypt, call, BS_CRYPT_MARK, name, 0, &nothing, put_mark);

  if (status == BLOCKSTORE_STATUS_OK) crypt->mark = BS_CRYPT_MARK_CURRENT;
  if (status != BLOCKSTORE_STATUS_CONFLICT) return status;
  status = find_mark(crypt, call, name);
  if (status != BLOCKSTORE_STATUS_NOT_FOUND) return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "The store's mark was changed meanwhile.");
}

/* The key has changed: so does the mark.  Where it cannot be deleted, or not by everybody, it says the older key: ours, too. */
static enum blockstore_status move_mark(struct bs_crypt *crypt, struct blockstore_call *call,
                                        const unsigned char name[BS_CRYPT_NAME_SIZE]) {
  const struct blockstore_next *next = crypt->next;
  char text[BS_CRYPT_TEXT_SIZE];
  enum blockstore_status status;

  bs_crypt_name_text(text, BS_CRYPT_MARK, name);
  status = next->driver->delete_immutable_handler(next->self, call, text, NULL);
  if (status == BLOCKSTORE_STATUS_OK) return write_mark(crypt, call, name);
  if (status != BLOCKSTORE_STATUS_UNSUPPORTED && status != BLOCKSTORE_STATUS_DENIED) return status;
  crypt->mark = BS_CRYPT_MARK_CURRENT;
  return BLOCKSTORE_STATUS_OK;
}

enum blockstore_status bs_crypt_mark_set(struct bs_crypt *crypt, struct blockstore_call *call) {
  unsigned char name[BS_CRYPT_NAME_SIZE];
  enum blockstore_status status;

  if (!crypt->has_mark || crypt->mark == BS_CRYPT_MARK_CURRENT) return BLOCKSTORE_STATUS_OK;
  if (!bs_crypt_mark_name(name)) return fail_crypto(call);
  status = find_mark(crypt, call, name);
  if (status == BLOCKSTORE_STATUS_OK && crypt->mark == BS_CRYPT_MARK_OURS) return move_mark(crypt, call, name);
  return status == BLOCKSTORE_STATUS_NOT_FOUND ? write_mark(crypt, call, name) : status;
}
