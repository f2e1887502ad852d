/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/exact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/auto.h"
#include "core/codec/hex.h"

#define PIECE (64u << 10)

/* As many bytes as the file had when it was opened. */
static bool hash(unsigned char sha256[BS_SHA256_SIZE], int fd, off_t size, const char *path, struct bs_error *error) {
  unsigned char *piece BS_AUTO_FREE = malloc(PIECE);
  struct bs_sha256 context;
  off_t at = 0;

  if (piece == NULL) return bs_fail_memory(error);
  bs_sha256_begin(&context);
  while (at < size) {
    ssize_t length = pread(fd, piece, size - at < (off_t)PIECE ? (size_t)(size - at) : PIECE, at);

    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return bs_fail_errno(error, "%s: The driver cannot be read", path);
    if (length == 0) return bs_fail(error, BS_WORD_driver, "%s: The driver was cut off while it was being read.", path);
    bs_sha256_add(&context, piece, (size_t)length);
    at += length;
  }
  bs_sha256_end(&context, sha256);
  return true;
}

bool bs_exact_digest(struct bs_candidate *candidate, struct bs_error *error) {
  unsigned char sha256[BS_SHA256_SIZE];
  struct bs_identity identity;
  int fd BS_AUTO_CLOSE = -1;

  if (candidate->has_sha256) return true;
  if (candidate->builtin != NULL)
    return bs_fail(error, BS_WORD_driver, "The driver %s is built into the program: it has no file whose SHA-256 could be held "
                   "against the one that is asked for.", candidate->name);
  if (!bs_vet_open(&fd, &identity, candidate->path, error) && error->word != BS_WORD_not_found) return false;
  if (fd < 0 || !bs_vet_is_identity(&identity, &candidate->identity))
    return bs_fail(error, BS_WORD_driver, "%s: The driver was changed after it was vetted; try again.", candidate->path);
  if (!hash(sha256, fd, identity.size, candidate->path, error) || !bs_vet_same(&identity, candidate->path, error)) return false;
  memcpy(candidate->sha256, sha256, sizeof sha256);
  candidate->has_sha256 = true;
  return true;
}

bool bs_exact_check(struct bs_candidate *candidate, const unsigned char sha256[BS_SHA256_SIZE], struct bs_error *error) {
  char has[2 * BS_SHA256_SIZE + 1], wanted[2 * BS_SHA256_SIZE + 1];

  if (!bs_exact_digest(candidate, error)) return false;
  if (memcmp(candidate->sha256, sha256, BS_SHA256_SIZE) == 0) return true;
  bs_hex_encode(has, candidate->sha256, BS_SHA256_SIZE);
  bs_hex_encode(wanted, sha256, BS_SHA256_SIZE);
  return bs_refuse(error, bytes, "%s: The file has the SHA-256 %s, and %s is asked for: it is not the driver that was meant.",
                   candidate->path, has, wanted);
}
