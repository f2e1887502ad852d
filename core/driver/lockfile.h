/* SPDX-License-Identifier: MIT */
/*
 * drivers.lock: the drivers that may be loaded, each with the SHA-256 of its file, signed with a user's key.
 *
 * It is JSON in one spelling: as documents are printed (keys sorted, four spaces), drivers by name, a newline at the end:
 *
 *   {
 *       "drivers": [
 *           {
 *               "abi": "1.0",
 *               "file": "disk.so",
 *               "name": "disk",
 *               "sha256": 64 hexadecimal digits,
 *               "size": bytes,
 *               "version": "0.1.0"
 *           }
 *       ],
 *       "format": "blockstore-drivers-lock-1",
 *       "sig": base64 of 64 bytes (r, s),
 *       "signer": the address of the key
 *   }
 *
 * A file that is spelt otherwise in one byte is none.  `sig` is of SHA-256(the format's 25 bytes, 00, the file without the line
 * of `sig`), ECDSA as of records, without their header, which is a hint and could be altered.  What is signed of records begins
 * with another text: neither can be taken for the other.
 */
#ifndef BS_DRIVER_LOCKFILE_H
#define BS_DRIVER_LOCKFILE_H

#include "core/base/buffer.h"
#include "core/crypto/key.h"
#include "core/driver/catalog.h"

#define BS_LOCKFILE_MAX (1u << 20) /* bytes */
#define BS_LOCKFILE_DRIVERS_MAX 1000
#define BS_LOCKFILE_NAME "drivers.lock"

struct bs_locked {
  char name[32];
  char abi[16]; /* MAJOR.MINOR */
  char *version;
  uint64_t size;
  unsigned char sha256[BS_SHA256_SIZE];
};

struct bs_lockfile {
  struct bs_locked *drivers; /* by name, each once */
  size_t count;
  char signer[BS_ADDRESS_TEXT];
  unsigned char sig[65]; /* as records have it; the header is always the same */
};

bool bs_lockfile_new(struct bs_lockfile **ret_lock, struct bs_error *error);
void bs_lockfile_free(struct bs_lockfile *lock);
static inline void bs_auto_lockfile(struct bs_lockfile **lock) {
  bs_lockfile_free(*lock);
}
#define BS_AUTO_LOCKFILE BS_AUTO(bs_auto_lockfile)

/* Hashes the candidate's file, and adds it; of a name that is there already nothing changes.  Words: driver, io. */
bool bs_lockfile_add(struct bs_lockfile *lock, struct bs_candidate *candidate, struct bs_error *error);
/* Signs what is in it. */
bool bs_lockfile_sign(struct bs_lockfile *lock, const struct bs_key *key, struct bs_error *error);
/* Appends the file's bytes. */
void bs_lockfile_write(struct bs_buffer *ret_bytes, const struct bs_lockfile *lock);

/* The form only, nothing is believed yet.  Word: driver. */
bool bs_lockfile_parse(struct bs_lockfile **ret_lock, const void *bytes, size_t length, struct bs_error *error);
/* Is `sig` of the key with this hash160 (compressed or not)?  Word: driver. */
bool bs_lockfile_verify(const struct bs_lockfile *lock, const unsigned char owner[BS_HASH160_SIZE], struct bs_error *error);
/* All of it, of a file; owner NULL: signed by whom it says itself, which proves nothing but that it is whole.  Words: driver
 * (with the rule `lock`), no_memory; the message begins with the path. */
bool bs_lockfile_read(struct bs_lockfile **ret_lock, const char *path, const unsigned char *owner, struct bs_error *error);

/* NULL: it does not list the driver. */
const struct bs_locked *bs_lockfile_find(const struct bs_lockfile *lock, const char *name);
/* Is the candidate listed, with these bytes?  path: of the lock, for messages.  Word: driver, rules lock and bytes. */
bool bs_lockfile_admits(const struct bs_lockfile *lock, struct bs_candidate *candidate, const char *path, struct bs_error *error);

#endif
