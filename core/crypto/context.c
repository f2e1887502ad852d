/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <pthread.h>
#include <secp256k1_preallocated.h>
#include <stdlib.h>

#include "core/crypto/key-private.h"

static pthread_once_t tested = PTHREAD_ONCE_INIT;
static pthread_once_t made = PTHREAD_ONCE_INIT;
static secp256k1_context *secret_context; /* written once, under `made` */

const secp256k1_context *bs_secp256k1_public(void) {
  pthread_once(&tested, secp256k1_selftest);
  return secp256k1_context_static;
}

/* In memory of our own, because secp256k1_context_create aborts when there is none. */
static void make_secret_context(void) {
  void *memory = malloc(secp256k1_context_preallocated_size(SECP256K1_CONTEXT_NONE));
  unsigned char seed[32];
  struct bs_error ignored;

  if (memory == NULL) return;
  secret_context = secp256k1_context_preallocated_create(memory, SECP256K1_CONTEXT_NONE);
  /* Blinding hardens against side channels; without randomness everything still works. */
  if (bs_random(seed, sizeof seed, &ignored) && !secp256k1_context_randomize(secret_context, seed))
    secret_context = NULL;
  bs_wipe(seed, sizeof seed);
}

const secp256k1_context *bs_secp256k1_secret(void) {
  pthread_once(&made, make_secret_context);
  return secret_context;
}
