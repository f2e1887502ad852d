/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/scope.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct bs_scope *reuse(struct bs_scopes *scopes) {
  for (struct bs_scope *scope = atomic_load(&scopes->first); scope != NULL; scope = scope->next) {
    int closed = BS_SCOPE_CLOSED;

    if (atomic_compare_exchange_strong(&scope->state, &closed, BS_SCOPE_OPEN)) return scope;
  }
  return NULL;
}

static struct bs_scope *grow(struct bs_scopes *scopes, struct bs_error *error) {
  struct bs_scope *scope = malloc(sizeof *scope);

  if (scope == NULL) {
    bs_fail_memory(error);
    return NULL;
  }
  scope->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (scope->fd < 0) {
    bs_fail_errno(error, "An event descriptor could not be made");
    free(scope);
    return NULL;
  }
  atomic_init(&scope->state, BS_SCOPE_OPEN);
  scope->next = atomic_load(&scopes->first);
  while (!atomic_compare_exchange_weak(&scopes->first, &scope->next, scope)) continue;
  return scope;
}

bool bs_scope_open(struct bs_scopes *scopes, struct bs_scope **ret_scope, uint64_t timeout_ms, struct bs_error *error) {
  struct bs_scope *scope = reuse(scopes);

  if (scope == NULL) scope = grow(scopes, error);
  if (scope == NULL) return false;
  scope->deadline_ms = timeout_ms == 0 ? BS_CLOCK_NEVER : bs_clock_monotonic_ms() + timeout_ms;
  *ret_scope = scope;
  return true;
}

/* Who cancelled it has written, or is just about to: were that left to the scope's next user, it would find the
 * descriptor readable and nothing cancelled. */
static void take_back(struct bs_scope *scope) {
  struct pollfd written = {scope->fd, POLLIN, 0};
  uint64_t count;

  while (read(scope->fd, &count, sizeof count) < 0 && (errno == EINTR || errno == EAGAIN)) poll(&written, 1, -1);
}

void bs_scope_close(struct bs_scope *scope) {
  int open = BS_SCOPE_OPEN;

  if (atomic_compare_exchange_strong(&scope->state, &open, BS_SCOPE_CLOSED)) return;
  take_back(scope);
  atomic_store(&scope->state, BS_SCOPE_CLOSED);
}

void bs_scope_cancel(struct bs_scope *scope) {
  const uint64_t one = 1;
  int open = BS_SCOPE_OPEN, saved = errno;

  if (!atomic_compare_exchange_strong(&scope->state, &open, BS_SCOPE_CANCELLED)) return;
  while (write(scope->fd, &one, sizeof one) < 0 && errno == EINTR) continue;
  errno = saved;
}

void bs_scopes_cancel(struct bs_scopes *scopes) {
  for (struct bs_scope *scope = atomic_load(&scopes->first); scope != NULL; scope = scope->next) bs_scope_cancel(scope);
}

void bs_scopes_free(struct bs_scopes *scopes) {
  struct bs_scope *scope = atomic_exchange(&scopes->first, NULL);

  while (scope != NULL) {
    struct bs_scope *next = scope->next;

    close(scope->fd);
    free(scope);
    scope = next;
  }
}

bool bs_scope_cancelled(const struct bs_scope *scope) {
  return atomic_load(&scope->state) == BS_SCOPE_CANCELLED;
}

uint32_t bs_scope_time_left(const struct bs_scope *scope) {
  uint64_t now;

  if (bs_scope_cancelled(scope)) return 0;
  if (scope->deadline_ms == BS_CLOCK_NEVER) return UINT32_MAX;
  now = bs_clock_monotonic_ms();
  if (now >= scope->deadline_ms) return 0;
  return scope->deadline_ms - now < UINT32_MAX ? (uint32_t)(scope->deadline_ms - now) : UINT32_MAX - 1;
}

bool bs_scope_check(const struct bs_scope *scope, struct bs_error *error) {
  if (bs_scope_cancelled(scope)) return bs_fail(error, BS_WORD_cancelled, "The call was cancelled.");
  if (bs_scope_time_left(scope) == 0) return bs_fail(error, BS_WORD_deadline, "The call's deadline has passed.");
  return true;
}
