/* SPDX-License-Identifier: MIT */
/* A loop, and the thread of one that is not the first. */
#include <config.h>

#include <stddef.h>
#include <stdlib.h>

#include "core/base/auto.h"
#include "core/base/worker.h"
#include "tools/blockstored/journal.h"
#include "tools/blockstored/server.h"

/* Loops stand apart in memory: what one of them writes all the time is in no line of another's. */
#define APART 128

static size_t running(struct bsd_server *server) {
  BS_LOCKED(&server->mutex);

  return server->running;
}

void bsd_loop_left(struct bsd_loop *loop) {
  struct bsd_server *server = loop->server;

  if (!loop->is_stopping || loop->peers != NULL) return;
  if (loop == server->first && (server->visitors != NULL || running(server) > 0)) return;
  event_base_loopexit(loop->base, NULL);
}

/* ---- events ---- */

static void tick(evutil_socket_t fd, short what, void *user) {
  struct bsd_loop *loop = user;
  uint64_t now_ms = bs_clock_monotonic_ms();

  (void)fd, (void)what;
  bsd_peers_tick(loop, now_ms);
  if (loop == loop->server->first) bsd_server_tick(loop->server, now_ms);
}

/* Behind all that this turn of the loop has found to do: while the loop waits, nothing is held. */
static void end_turn(evutil_socket_t fd, short what, void *user) {
  struct bsd_loop *loop = user;

  (void)fd, (void)what;
  loop->is_in_turn = false;
  bsd_service_release(&loop->service);
}

void bsd_loop_hold(struct bsd_loop *loop) {
  bsd_service_hold(&loop->service);
  if (!loop->is_in_turn) event_active(loop->turn_end, EV_TIMEOUT, 0);
  loop->is_in_turn = true;
}

/* ---- letters ---- */

#define LOOP_OF(letter, member) ((struct bsd_loop *)(void *)((char *)(letter) - offsetof(struct bsd_loop, member)))

static void open_finish(struct bsd_letter *letter) {
  struct bsd_loop *loop = LOOP_OF(letter, finish);

  loop->is_stopping = true;
  bsd_peers_finish(loop);
  bsd_loop_left(loop);
}

static void open_end(struct bsd_letter *letter) {
  event_base_loopexit(LOOP_OF(letter, end)->base, NULL);
}

/* On the first loop.  One that nobody told to end has failed, and its connections hang. */
void bsd_loops_ended(struct bsd_letter *letter) {
  struct bsd_server *server = (struct bsd_server *)(void *)((char *)letter - offsetof(struct bsd_server, ended));

  if (!server->first->is_stopping && server->error.word == BS_NO_WORD) {
    bs_fail(&server->error, BS_WORD_failed, "A loop ended.");
    event_base_loopexit(server->first->base, NULL);
  }
  bsd_loop_left(server->first);
}

/* ---- the thread ---- */

static void run(void *user) {
  struct bsd_loop *loop = user;
  struct bsd_server *server = loop->server;

  event_base_dispatch(loop->base);
  BS_LOCKED(&server->mutex); /* who waits may free all of it thereafter */
  bsd_mailbox_put(server->first->mailbox, &server->ended);
  server->running--;
  pthread_cond_signal(&server->fewer);
}

bool bsd_loop_start(struct bsd_loop *loop, struct bs_error *error) {
  struct bsd_server *server = loop->server;
  BS_LOCKED(&server->mutex);

  if (!bs_worker_run(run, loop, error)) return false;
  server->running++;
  return true;
}

void bsd_loops_finish(struct bsd_server *server) {
  for (size_t i = 1; i < server->loop_count; i++) bsd_mailbox_put(server->loops[i]->mailbox, &server->loops[i]->finish);
}

static void wait_for_end(struct bsd_server *server) {
  BS_LOCKED(&server->mutex);

  while (server->running > 0) pthread_cond_wait(&server->fewer, &server->mutex);
}

void bsd_loops_end(struct bsd_server *server) {
  for (size_t i = 1; i < server->loop_count; i++) bsd_mailbox_put(server->loops[i]->mailbox, &server->loops[i]->end);
  wait_for_end(server);
}

/* ---- its life ---- */

static bool fill(struct bsd_loop *loop, struct bsd_loop *first, struct bs_error *error) {
  static const struct timeval second = {1, 0};

  loop->base = event_base_new();
  if (loop->base == NULL) return bs_fail_memory(error);
  if (!bsd_mailbox_open(&loop->mailbox, loop->base, error)) return false;
  loop->tick = event_new(loop->base, -1, EV_PERSIST, tick, loop);
  loop->turn_end = event_new(loop->base, -1, 0, end_turn, loop);
  if (loop->tick == NULL || loop->turn_end == NULL || event_add(loop->tick, &second) != 0)
    return bs_fail(error, BS_WORD_failed, "The loop could not be prepared.");
  return first == NULL ? bsd_service_open(&loop->service, loop->server->settings, error)
                       : bsd_service_open_beside(&loop->service, &first->service, error);
}

bool bsd_loop_open(struct bsd_loop **ret_loop, struct bsd_server *server, struct bsd_loop *first, struct bs_error *error) {
  struct bsd_loop *loop = calloc(1, sizeof *loop + APART);

  if (loop == NULL) return bs_fail_memory(error);
  loop->server = server;
  loop->finish.open = open_finish;
  loop->end.open = open_end;
  if (!fill(loop, first, error)) {
    bsd_loop_free(loop);
    return false;
  }
  *ret_loop = loop;
  return true;
}

void bsd_loop_free(struct bsd_loop *loop) {
  if (loop == NULL) return;
  bsd_mailbox_close(loop->mailbox);
  if (loop->tick != NULL) event_free(loop->tick);
  if (loop->turn_end != NULL) event_free(loop->turn_end);
  bsd_service_close(&loop->service);
  if (loop->base != NULL) event_base_free(loop->base);
  bs_buffer_free(&loop->reply);
  bs_buffer_free(&loop->replies);
  free(loop);
}
