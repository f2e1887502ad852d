/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/witness.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOK 'l'
#define WATCH 'w'
#define REPORT 'r'
#define END 'e'

/* ---- looking ---- */

struct looking {
  struct sight *sight;
  const struct datum *data[2];
};

static void judge(struct output *output) {
  const struct looking *looking = output->user;

  for (unsigned i = 0; i < 2; i++)
    if (looking->data[i] != NULL && output_is(output, looking->data[i])) {
      looking->sight->seen |= i == 0 ? SEEN_OBJECT : SEEN_OTHER;
      return;
    }
  looking->sight->seen |= SEEN_PART;
  looking->sight->size = output->bytes.length;
}

static void note_answer(struct sight *sight, const struct call *call, enum blockstore_status status) {
  if ((sight->seen & SEEN_FAILURE) != 0) return;
  if (status != BLOCKSTORE_STATUS_TRANSIENT && status != BLOCKSTORE_STATUS_CANCELLED) sight->seen |= SEEN_FAILURE;
  snprintf(sight->answer, sizeof sight->answer, "%s", answer_text(call, status));
}

static void look(struct sight *sight, struct store *store, struct object *object, const struct datum *other) {
  struct looking looking = {sight, {&object->datum, other}};
  enum blockstore_status status;
  struct output output;
  struct call call;

  call_begin(&call, store);
  output_begin(&output, store->trial);
  output.on_candidate = judge;
  output.user = &looking;
  status = object_get(store, &call, object, &output);
  sight->looks++;
  if (status == BLOCKSTORE_STATUS_OK) judge(&output);
  else if (status == BLOCKSTORE_STATUS_NOT_FOUND) sight->seen |= SEEN_NOTHING;
  else note_answer(sight, &call, status);
  output_end(&output);
  call_end(&call);
}

struct sight look_at(struct store *store, struct object *object, const struct datum *other) {
  struct sight sight = {0};

  look(&sight, store, object, other);
  return sight;
}

/* ---- the process ---- */

struct seat {
  int socket;
  struct object *object;
  const struct datum *other;
};

/* Is an order waiting? */
static bool is_ordered(int socket) {
  struct pollfd poll_fd = {.fd = socket, .events = POLLIN};

  return poll(&poll_fd, 1, 0) > 0;
}

/* Until it is told to end, or nobody is left to tell it. */
static void serve(struct trial *trial, void *user) {
  const struct seat *seat = user;
  struct store store;
  char order = 0;

  /* A get that waits for a put to end must not make the put wait for long. */
  trial->patience_ms = trial->patience_ms / 4 + 1;
  must_open(&store, trial, 1);
  if (write(seat->socket, &order, 1) != 1) return;
  while (read(seat->socket, &order, 1) == 1 && order != END) {
    struct sight sight = {0};

    do look(&sight, &store, seat->object, seat->other);
    while (order == WATCH && !is_ordered(seat->socket));
    if (order == WATCH && read(seat->socket, &order, 1) != 1) return;
    if (write(seat->socket, &sight, sizeof sight) != (ssize_t)sizeof sight) return;
  }
  store_close(&store);
}

#define PROCESS "The process that looks on"

/* Ends here when it has failed. */
static void wait_for(const struct witness *witness) {
  trial_must_end(witness->trial, trial_wait_child(witness->trial, witness->process), PROCESS);
}

static void tell(struct witness *witness, char order) {
  if (send(witness->socket, &order, 1, MSG_NOSIGNAL) == 1) return;
  wait_for(witness);
  trial_fail(witness->trial, PROCESS " hears nothing.");
}

/* What fails it, fails here: then this does not return. */
static void hear(struct witness *witness, void *answer, size_t size) {
  ssize_t got;

  do got = recv(witness->socket, answer, size, MSG_WAITALL);
  while (got < 0 && errno == EINTR);
  if (got == (ssize_t)size) return;
  wait_for(witness);
  trial_fail(witness->trial, PROCESS " says nothing.");
}

void witness_begin(struct witness *ret_witness, struct trial *trial, struct object *object, const struct datum *other) {
  struct seat seat = {.object = object, .other = other};
  int sockets[2];
  char ready;

  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) trial_fail(trial, "No socket could be made.");
  seat.socket = sockets[1];
  *ret_witness = (struct witness){.trial = trial, .socket = sockets[0]};
  ret_witness->process = trial_start_child(trial, serve, &seat);
  close(sockets[1]);
  hear(ret_witness, &ready, 1);
}

void witness_end(struct witness *witness) {
  tell(witness, END);
  wait_for(witness);
  close(witness->socket);
}

struct sight witness_look(struct witness *witness) {
  struct sight sight;

  tell(witness, LOOK);
  hear(witness, &sight, sizeof sight);
  return sight;
}

void witness_watch(struct witness *witness) {
  tell(witness, WATCH);
}

struct sight witness_report(struct witness *witness) {
  struct sight sight;

  tell(witness, REPORT);
  hear(witness, &sight, sizeof sight);
  return sight;
}
