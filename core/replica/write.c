/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/buffer.h"
#include "core/replica/mutable.h"
#include "core/replica/round.h"

/* "; NAME: reason" for each store that failed; the message may be cut, the items have it whole. */
static void list_failures(struct bs_buffer *text, const struct bs_replicas *replicas) {
  const char *separator = "";

  for (size_t i = 0; i < replicas->count; i++) {
    if (replicas->items[i].is_good) continue;
    bs_buffer_format(text, "%s%s", separator, replicas->items[i].error.message);
    separator = " ";
  }
}

/* The word that all failures share, or BS_NO_WORD. */
static enum bs_word common_word(const struct bs_replicas *replicas) {
  enum bs_word word = BS_NO_WORD;

  for (size_t i = 0; i < replicas->count; i++) {
    const struct bs_replica *replica = &replicas->items[i];

    if (replica->is_good) continue;
    if (word != BS_NO_WORD && word != replica->error.word) return BS_NO_WORD;
    word = replica->error.word;
  }
  return word;
}

/* A source that became other while it was sent fails the put, whoever had read it before. */
static const struct bs_replica *who_saw_a_change(const struct bs_replicas *replicas) {
  for (size_t i = 0; i < replicas->count; i++)
    if (!replicas->items[i].is_good && replicas->items[i].error.word == BS_WORD_changed) return &replicas->items[i];
  return NULL;
}

/* Have enough stores it, and those that must? */
static bool is_met(const struct bs_replicas *replicas, size_t at_least, size_t *ret_good) {
  bool has_required = true;

  *ret_good = 0;
  for (size_t i = 0; i < replicas->count; i++) {
    *ret_good += replicas->items[i].is_good && replicas->items[i].is_durable;
    if (replicas->items[i].is_required && !replicas->items[i].is_good) has_required = false;
  }
  return *ret_good >= at_least && has_required;
}

bool bs_replicas_judge(const struct bs_replicas *replicas, size_t at_least, struct bs_error *error) {
  struct bs_buffer reasons BS_AUTO_BUFFER = BS_BUFFER_INIT;
  size_t good;
  enum bs_word word = common_word(replicas);
  const struct bs_replica *witness = who_saw_a_change(replicas);

  if (witness != NULL) {
    *error = witness->error;
    return false;
  }
  if (is_met(replicas, at_least, &good)) return true;
  list_failures(&reasons, replicas);
  if (!bs_buffer_ok(&reasons, error)) return false;
  if (word != BS_WORD_denied && word != BS_WORD_too_large) word = BS_WORD_too_few;
  if (good >= at_least) return bs_fail(error, word, "A required store does not have it: %s", bs_buffer_string(&reasons));
  return bs_fail(error, word, "Too few stores took it: %zu, and the policy asks for %zu durable ones: %s", good, at_least,
                 bs_buffer_string(&reasons));
}

static bool everywhere(struct bs_replicas *replicas, const struct bs_round *round, struct bs_error *error) {
  bool *chosen BS_AUTO_FREE = malloc(replicas->count + 1);

  if (chosen == NULL) return bs_fail_memory(error);
  memset(chosen, true, replicas->count);
  return bs_round_run(replicas, chosen, round, error);
}

/* A put, and what makes it one. */
struct writing {
  const struct bs_replicas *replicas;
  const struct bs_watch *watch;
  size_t at_least;
};

/* Once the policy is met, the others have a third of the time that is left: what follows, up to two rounds, needs some, too. */
static uint32_t patience(void *user) {
  const struct writing *writing = user;
  size_t good;

  if (!is_met(writing->replicas, writing->at_least, &good) || who_saw_a_change(writing->replicas) != NULL) return UINT32_MAX;
  return bs_scope_time_left(writing->watch->scope) / 3;
}

bool bs_replicas_put_immutable(struct bs_replicas *replicas, size_t at_least, const char *key, struct bs_feed *feed,
                               const char *txid, const struct bs_watch *watch, struct bs_error *error) {
  struct writing writing = {replicas, watch, at_least};
  const struct bs_round round = {.entry = BS_ENTRY_PUT_IMMUTABLE,
                                 .arguments = {.target = key, .txid = txid, .feed = feed},
                                 .what = "storing",
                                 .total = bs_feed_size(feed),
                                 .watch = watch,
                                 .patience = patience,
                                 .user = &writing};

  return everywhere(replicas, &round, error) && bs_replicas_judge(replicas, at_least, error);
}

bool bs_replicas_put_mutable(struct bs_replicas *replicas, size_t at_least, const char *data_id, uint64_t version,
                             const char *signature, struct bs_feed *feed, const struct bs_watch *watch, struct bs_error *error) {
  struct writing writing = {replicas, watch, at_least};
  const struct bs_round round = {.entry = BS_ENTRY_PUT_MUTABLE,
                                 .arguments = {.target = data_id, .version = version, .signature = signature, .feed = feed},
                                 .what = "storing",
                                 .total = bs_feed_size(feed),
                                 .watch = watch,
                                 .patience = patience,
                                 .user = &writing};

  return everywhere(replicas, &round, error) && bs_replicas_judge(replicas, at_least, error);
}

bool bs_replicas_delete_immutable(struct bs_replicas *replicas, const char *key, const char *txid, const struct bs_watch *watch,
                                  struct bs_error *error) {
  const struct bs_round round = {
      .entry = BS_ENTRY_DELETE_IMMUTABLE, .arguments = {.target = key, .txid = txid}, .what = "deleting", .watch = watch};

  return everywhere(replicas, &round, error);
}

bool bs_replicas_delete_mutable(struct bs_replicas *replicas, const char *data_id, const char *signature,
                                const struct bs_watch *watch, struct bs_error *error) {
  const struct bs_round round = {.entry = BS_ENTRY_DELETE_MUTABLE,
                                 .arguments = {.target = data_id, .signature = signature},
                                 .what = "deleting",
                                 .watch = watch};

  return everywhere(replicas, &round, error);
}
