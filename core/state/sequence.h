/* SPDX-License-Identifier: MIT */
/*
 * A number, shared by all processes that use a state, that changes with every commit of what bs_state_recall tells.
 * What was recalled while it was even, and the same before and after, is true for as long as it stands: reading it
 * costs nothing, a query 4 us.  Odd: a commit is in progress, or who made one died in it; then the database alone
 * knows, until the next commit.
 *
 * It is kept in a file of 8 bytes that every process maps.  A power cut may bring it back to an older value: no process
 * that knew a newer one lives then.  It begins at a random number, for processes that still know those of a removed
 * file; they go over to the new one when they next commit, or open the database anew.
 */
#ifndef BS_STATE_SEQUENCE_H
#define BS_STATE_SEQUENCE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/scope.h"

struct bs_sequence {
  char *path;
  pthread_mutex_t lock; /* who of this process counts; the file's lock says which process */
  int fd;               /* of the file; -1: not open */
  void *mapped;
  _Atomic(_Atomic uint64_t *) shared; /* the same, for who only reads; NULL: not mapped */
};

/* Takes the path over; NULL: no memory, and false. */
bool bs_sequence_init(struct bs_sequence *sequence, char *path);
void bs_sequence_free(struct bs_sequence *sequence);
/* Maps it for who only reads, anew when the file was removed; where that fails, whoever commits says why. */
void bs_sequence_prepare(struct bs_sequence *sequence);
static inline bool bs_sequence_is_mapped(const struct bs_sequence *sequence) {
  return atomic_load(&sequence->shared) != NULL;
}
/* Odd when nothing that was recalled may be used. */
uint64_t bs_sequence_read(const struct bs_sequence *sequence);
/*
 * By who holds the database's write lock, before its commit; end when that succeeded or was given up, on the same
 * thread.  Between them nobody else counts: the next writer gets the database's lock before this one has counted to the
 * end.  It waits within the scope; NULL: for five seconds.  Words: cancelled, deadline, io, no_space.
 */
bool bs_sequence_begin(struct bs_sequence *sequence, const struct bs_scope *scope, struct bs_error *error);
void bs_sequence_end(struct bs_sequence *sequence);

#endif
