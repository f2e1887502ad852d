/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/blockstored/follower.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/base/worker.h"
#include "core/bitcoind/wallet.h"
#include "tools/blockstored/journal.h"
#include "tools/blockstored/progress.h"

#define POLL_MS 1000           /* between two looks at the node */
#define BACK_OFF_MOST_MS 60000 /* between two tries when it cannot be asked */
#define ASK_MS 10000           /* for the node to say how it stands */
#define LAG_MOST 6             /* blocks that a step in progress may lack; clients look at the same (core/names/servers.c) */
#define FEE_EVERY_MS 30000
#define FEE_PATIENCE_MS 10000

struct bsd_follower {
  struct bs_follower *follower; /* up to `scope` the thread's */
  struct bs_wallet *wallet;
  uint64_t confirmations;
  uint64_t fee_ms; /* when the fee was asked for; 0: never */
  struct bsd_progress progress;
  struct bs_scopes scopes;
  struct bs_scope *scope;
  pthread_mutex_t mutex; /* what follows */
  pthread_cond_t wake;   /* is_ending or has_ended has changed */
  bool is_ending, has_ended, has_failed;
  struct bs_error error; /* has_failed: why */
  struct bsd_node node;
  char problem[BS_ERROR_MESSAGE_SIZE]; /* why it waits; "": it does not */
};

/* ---- the thread ---- */

static void ask_fee(struct bsd_follower *follower, uint64_t now_ms) {
  struct bs_error error = {0};
  uint64_t rate;

  if (follower->fee_ms != 0 && now_ms - follower->fee_ms < FEE_EVERY_MS) return;
  follower->fee_ms = now_ms;
  follower->scope->deadline_ms = now_ms + FEE_PATIENCE_MS;
  if (!bs_wallet_fee_rate(follower->wallet, follower->scope, &rate, &error)) return;
  BS_LOCKED(&follower->mutex);
  follower->node.fee_rate = rate;
}

/* How the index stands now.  A few blocks less than the node while they are applied is no lag yet. */
static void note_state(struct bsd_follower *follower, const struct bs_follow_state *state) {
  uint64_t wanted = state->node_height > follower->confirmations ? state->node_height - follower->confirmations : 0;
  uint64_t missing = wanted > state->height ? wanted - state->height : 0;
  struct bsd_node *node = &follower->node;

  node->is_behind = state->is_syncing || missing > LAG_MOST || (node->is_behind && missing > 0);
  node->height = state->node_height;
  if (follower->problem[0] == '\0') node->state = node->is_behind ? "indexing" : "following";
}

static void note_progress(struct bsd_follower *follower, const struct bs_follow_state *state) {
  BS_LOCKED(&follower->mutex);

  if (follower->problem[0] != '\0') BSD_JOURNAL(BS_LOG_INFO, "node", BSD_TEXT("state", "it answers again"));
  follower->problem[0] = '\0';
  note_state(follower, state);
}

/* In a step.  That the node says how it stands does not mean that it has what is needed: a problem stays one until then. */
static void hear(const struct bs_follow_state *state, void *user) {
  struct bsd_follower *follower = user;
  uint64_t now_ms = bs_clock_monotonic_ms();

  if (state->applied > 0) bsd_progress_come(&follower->progress, now_ms);
  else bsd_progress_begin(&follower->progress, now_ms);
  follower->scope->deadline_ms = bsd_progress_deadline(&follower->progress);
  if (state->applied > 0) {
    note_progress(follower, state);
    return;
  }
  BS_LOCKED(&follower->mutex);
  note_state(follower, state);
}

/* After a step: blocks that were taken back are counted once. */
static void note_step(struct bsd_follower *follower, const struct bs_follow_state *state) {
  note_progress(follower, state);
  if (state->taken_back == 0) return;
  BS_LOCKED(&follower->mutex);
  follower->node.reorganisations++;
}

/* Told once for each problem. */
static void note_problem(struct bsd_follower *follower, const struct bs_error *error) {
  BS_LOCKED(&follower->mutex);

  if (strncmp(follower->problem, error->message, sizeof follower->problem - 1) != 0)
    BSD_JOURNAL(BS_LOG_WARNING, "node", BSD_TEXT("state", "waiting"), BSD_TEXT("why", error->message));
  follower->node.state = "waiting";
  snprintf(follower->problem, sizeof follower->problem, "%s", error->message);
}

/* True: it is to end. */
static bool rest(struct bsd_follower *follower, uint64_t milliseconds) {
  struct timespec until;
  BS_LOCKED(&follower->mutex);

  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += (time_t)(milliseconds / 1000);
  until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
  until.tv_sec += until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  while (!follower->is_ending && pthread_cond_timedwait(&follower->wake, &follower->mutex, &until) == 0) continue;
  return follower->is_ending;
}

/* The node said how it stands, and then nothing for too long.  The next step goes on where this one ended. */
static void note_silence(struct bsd_follower *follower, uint64_t now_ms) {
  struct bs_error error = {0};

  bs_fail(&error, BS_WORD_no_names, "The Bitcoin node says how it stands, and gives no blocks: for %" PRIu64
          " s nothing has come of what was asked for.", (now_ms - follower->progress.last_ms) / 1000);
  note_problem(follower, &error);
}

/* What does not go away by itself. */
static bool is_final(const struct bs_error *error) {
  return error->word == BS_WORD_conflict || error->word == BS_WORD_config;
}

static uint64_t longer(uint64_t wait_ms) {
  return wait_ms < POLL_MS ? POLL_MS : 2 * wait_ms < BACK_OFF_MOST_MS ? 2 * wait_ms : BACK_OFF_MOST_MS;
}

/* One step; *wait_ms: until the next.  False: waiting would not help. */
static bool follow_once(struct bsd_follower *follower, uint64_t *wait_ms) {
  struct bs_follow_state state;
  struct bs_error error = {0};
  bool good, is_step_over;

  follower->scope->deadline_ms = bs_clock_monotonic_ms() + ASK_MS;
  good = bs_follow(follower->follower, follower->scope, &state, &error);
  is_step_over = error.word == BS_WORD_deadline && state.node_height > 0; /* it was not getting there that took too long */
  if (good || (is_step_over && state.applied > 0)) {
    note_step(follower, &state);
    ask_fee(follower, bs_clock_monotonic_ms());
    *wait_ms = good ? POLL_MS : 0;
  }
  if (good || error.word == BS_WORD_cancelled) return true;
  if (is_step_over) {
    uint64_t now_ms = bs_clock_monotonic_ms();

    if (!bsd_progress_was_silence(&follower->progress, now_ms)) return true;
    note_silence(follower, now_ms);
    *wait_ms = POLL_MS;
  } else if (is_final(&error)) {
    BS_LOCKED(&follower->mutex);
    follower->has_failed = true;
    follower->error = error;
    return false;
  } else {
    note_problem(follower, &error);
    *wait_ms = longer(*wait_ms);
  }
  return true;
}

static void follow(void *user) {
  struct bsd_follower *follower = user;
  uint64_t wait_ms = 0;

  while (follow_once(follower, &wait_ms) && !rest(follower, wait_ms)) continue;
  BS_LOCKED(&follower->mutex);
  follower->has_ended = true;
  pthread_cond_broadcast(&follower->wake);
}

/* ---- its life ---- */

static void destroy(struct bsd_follower *follower) {
  bs_follower_close(follower->follower);
  bs_wallet_close(follower->wallet);
  if (follower->scope != NULL) bs_scope_close(follower->scope);
  bs_scopes_free(&follower->scopes);
  pthread_cond_destroy(&follower->wake);
  pthread_mutex_destroy(&follower->mutex);
  free(follower);
}

/* `rest` waits by the clock that nobody sets. */
static void make_condition(pthread_cond_t *condition) {
  pthread_condattr_t attributes;

  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
}

bool bsd_follower_open(struct bsd_follower **ret_follower, const struct bsd_settings *settings, struct bs_error *error) {
  char url[300];
  const struct bs_bitcoind_config config = bsd_bitcoind_config(url, settings);
  struct bsd_follower *follower = calloc(1, sizeof *follower);

  if (follower == NULL) return bs_fail_memory(error);
  pthread_mutex_init(&follower->mutex, NULL);
  make_condition(&follower->wake);
  follower->confirmations = config.confirmations;
  follower->progress.least_ms = follower->progress.silence_ms = (uint64_t)settings->silence_ms;
  follower->node.state = "indexing";
  follower->node.is_behind = true;
  if (!bs_scope_open(&follower->scopes, &follower->scope, 0, error) ||
      !bs_follower_open(&follower->follower, &config, error) || !bs_wallet_open(&follower->wallet, &config, error)) {
    destroy(follower);
    return false;
  }
  bs_follower_hear(follower->follower, hear, follower);
  if (!bs_worker_run(follow, follower, error)) {
    destroy(follower);
    return false;
  }
  *ret_follower = follower;
  return true;
}

static void wait_for_end(struct bsd_follower *follower) {
  BS_LOCKED(&follower->mutex);

  follower->is_ending = true;
  pthread_cond_broadcast(&follower->wake);
  while (!follower->has_ended) pthread_cond_wait(&follower->wake, &follower->mutex);
}

void bsd_follower_close(struct bsd_follower *follower) {
  if (follower == NULL) return;
  bs_scopes_cancel(&follower->scopes);
  wait_for_end(follower);
  bs_workers_rest();
  destroy(follower);
}

void bsd_follower_look(struct bsd_follower *follower, struct bsd_node *ret_node) {
  BS_LOCKED(&follower->mutex);

  *ret_node = follower->node;
}

bool bsd_follower_has_failed(struct bsd_follower *follower, struct bs_error *ret_error) {
  BS_LOCKED(&follower->mutex);

  if (follower->has_failed) *ret_error = follower->error;
  return follower->has_failed;
}
