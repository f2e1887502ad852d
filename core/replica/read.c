/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/buffer.h"
#include "core/codec/hex.h"
#include "core/crypto/digest.h"
#include "core/replica/round.h"

/* The search for the bytes of one key. */
struct search {
  struct bs_replicas *replicas;
  struct attempt *attempts; /* one a replica */
  const char *key;
  uint64_t limit;
  const struct attempt *found;
};

/* What one store hands out, checked as it arrives. */
struct attempt {
  struct bs_receiver receiver;
  struct search *search;
  struct bs_spool *spool; /* `own`, or the caller's when this store is asked alone */
  struct bs_spool own;
  struct bs_sha256 digest;
  bool is_verified;
  bool was_wrong; /* a value came that is not the key's */
  bool failed_here; /* what it gave could not be kept: our disk, our memory */
};

static bool begin(void *user, uint64_t size, struct bs_error *error) {
  struct attempt *attempt = user;

  (void)size;
  bs_sha256_begin(&attempt->digest);
  attempt->failed_here = !bs_spool_reset(attempt->spool, error);
  return !attempt->failed_here;
}

static bool take(void *user, const void *bytes, size_t length, struct bs_error *error) {
  struct attempt *attempt = user;

  bs_sha256_add(&attempt->digest, bytes, length);
  attempt->failed_here = !bs_spool_write(attempt->spool, bytes, length, error);
  return !attempt->failed_here;
}

static bool end(void *user, struct bs_error *error) {
  struct attempt *attempt = user;
  unsigned char digest[BS_SHA256_SIZE];
  char text[2 * BS_SHA256_SIZE + 1];
  bool is_hash160 = strlen(attempt->search->key) == 2 * (size_t)BS_HASH160_SIZE;

  bs_sha256_end(&attempt->digest, digest);
  if (is_hash160) bs_ripemd160(digest, digest, sizeof digest);
  bs_hex_encode(text, digest, is_hash160 ? BS_HASH160_SIZE : BS_SHA256_SIZE);
  if (strcmp(text, attempt->search->key) == 0) {
    attempt->is_verified = true;
    return bs_fail(error, BS_WORD_cancelled, "Enough."); /* no further candidate may overwrite this one */
  }
  attempt->was_wrong = true;
  return true;
}

static const struct bs_receiver *receiver(void *user, struct bs_replica *replica) {
  const struct search *search = user;

  return &search->attempts[replica - search->replicas->items].receiver;
}

/* The item says what the store is worth here: good only with verified bytes. */
static bool ended(void *user, struct bs_replica *replica) {
  struct search *search = user;
  struct attempt *attempt = &search->attempts[replica - search->replicas->items];

  if (attempt->is_verified) {
    replica->is_good = true;
    search->found = attempt;
  } else if (attempt->was_wrong) {
    replica->is_good = false;
    bs_fail(&replica->error, BS_WORD_corrupt, "%s: The store gave other bytes than those of the key %s.",
            replica->name, search->key);
  } else if (replica->is_good) {
    replica->is_good = false;
    bs_fail(&replica->error, BS_WORD_failed, "%s: The store reports success but gave no bytes.", replica->name);
  }
  return attempt->is_verified;
}

static bool ask(struct search *search, const bool *chosen, const struct bs_watch *watch, struct bs_error *error) {
  const struct bs_round round = {.entry = BS_ENTRY_GET_IMMUTABLE,
                                 .arguments = {.target = search->key},
                                 .what = "reading",
                                 .total = UINT64_MAX,
                                 .watch = watch,
                                 .receiver = receiver,
                                 .ended = ended,
                                 .user = search};
  bool good = bs_round_run(search->replicas, chosen, &round, error);

  return good || search->found != NULL; /* what is verified is verified, deadline or not */
}

/* Local stores, one after the other, straight into the caller's spool; then all others at once, each into its own. */
static bool ask_in_order(struct search *search, struct bs_spool *spool, const struct bs_watch *watch, struct bs_error *error) {
  struct bs_replicas *replicas = search->replicas;
  bool *chosen BS_AUTO_FREE = calloc(replicas->count + 1, sizeof *chosen);
  size_t remote = 0;

  if (chosen == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < replicas->count; i++) {
    if (replicas->items[i].store == NULL) continue;
    if (!replicas->items[i].store->is_inline) {
      remote++;
      continue;
    }
    search->attempts[i].spool = spool;
    chosen[i] = true;
    if (!ask(search, chosen, watch, error)) return false;
    chosen[i] = false;
    if (search->found != NULL) return true;
  }
  for (size_t i = 0; i < replicas->count; i++) {
    chosen[i] = replicas->items[i].store != NULL && !replicas->items[i].store->is_inline;
    if (chosen[i] && remote == 1) search->attempts[i].spool = spool;
  }
  return remote == 0 || ask(search, chosen, watch, error);
}

/* Why nothing was found: the first of corrupt, too_large, a failure of our own, unreachable, not_found that holds. */
static bool explain(const struct search *search, const char *key, uint64_t limit, struct bs_error *error) {
  const struct bs_replicas *replicas = search->replicas;
  const struct bs_error *own = NULL;
  struct bs_buffer reasons BS_AUTO_BUFFER = BS_BUFFER_INIT;
  bool corrupt = false, too_large = false, unreachable = false;

  for (size_t i = 0; i < replicas->count; i++) {
    const struct bs_error *reason = &replicas->items[i].error;

    corrupt = corrupt || reason->word == BS_WORD_corrupt;
    too_large = too_large || reason->word == BS_WORD_too_large;
    unreachable = unreachable || replicas->items[i].store == NULL || reason->word != BS_WORD_not_found;
    if (search->attempts[i].failed_here) own = reason;
    bs_buffer_format(&reasons, "%s%s", i == 0 ? "" : " ", reason->message);
  }
  if (!bs_buffer_ok(&reasons, error)) return false;
  if (corrupt)
    return bs_fail(error, BS_WORD_corrupt, "No store has the bytes of %s, and at least one has others in their place: %s", key,
                   bs_buffer_string(&reasons));
  if (too_large)
    return bs_fail_as(error, BLOCKSTORE_FORGED, BS_WORD_too_large, "What stands for %s has more than %llu bytes: %s", key,
                      (unsigned long long)limit, bs_buffer_string(&reasons));
  if (own != NULL) {
    *error = *own;
    return false;
  }
  if (unreachable)
    return bs_fail(error, BS_WORD_unreachable, "The bytes of %s were not found, and not every store answered: %s", key,
                   bs_buffer_string(&reasons));
  return bs_fail(error, BS_WORD_not_found, "No store has the bytes of %s.", key);
}

static bool copy_spool(struct bs_spool *to, const struct bs_spool *from, struct bs_error *error) {
  enum { BLOCK = 256 << 10 };
  void *block BS_AUTO_FREE = malloc(BLOCK);

  if (block == NULL) return bs_fail_memory(error);
  if (!bs_spool_reset(to, error)) return false;
  for (uint64_t offset = 0; offset < from->length;) {
    size_t length = from->length - offset < BLOCK ? (size_t)(from->length - offset) : BLOCK;

    if (!bs_spool_read(from, block, length, offset, error) || !bs_spool_write(to, block, length, error)) return false;
    offset += length;
  }
  return true;
}

static void free_attempts(struct search *search) {
  for (size_t i = 0; search->attempts != NULL && i < search->replicas->count; i++) bs_spool_free(&search->attempts[i].own);
  free(search->attempts);
}

bool bs_replicas_get_immutable(struct bs_replicas *replicas, struct bs_spool *spool, const struct bs_replica **ret_giver,
                               const char *key, uint64_t limit, const struct bs_watch *watch, struct bs_error *error) {
  struct search search BS_AUTO(free_attempts) = {replicas, NULL, key, limit, NULL};

  search.attempts = calloc(replicas->count + 1, sizeof *search.attempts);
  if (search.attempts == NULL) return bs_fail_memory(error);
  for (size_t i = 0; i < replicas->count; i++) {
    struct attempt *attempt = &search.attempts[i];

    attempt->receiver = (struct bs_receiver){limit, attempt, begin, take, end};
    attempt->search = &search;
    bs_spool_init(&attempt->own, spool->directory);
    attempt->spool = &attempt->own;
  }
  if (!ask_in_order(&search, spool, watch, error)) return false;
  if (search.found == NULL) return explain(&search, key, limit, error);
  *ret_giver = &replicas->items[search.found - search.attempts];
  return search.found->spool == spool || copy_spool(spool, search.found->spool, error);
}
