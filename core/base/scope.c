/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void drain(int fd) {
  uint64_t count;

  while (read(fd, &count, sizeof count) < 0 && errno == EINTR) continue;
}

static struct bs_scope *reuse(struct bs_scopes *scopes) {
  for (struct bs_scope *scope = atomic_load(&scopes->first); scope != NULL; scope = scope->next) {
    bool open = false;

    if (atomic_compare_exchange_strong(&scope->open, &open, true)) {
      drain(scope->fd);
      atomic_store(&scope->cancelled, false);
      return scope;
    }
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
  atomic_init(&scope->open, true);
  atomic_init(&scope->cancelled, false);
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

void bs_scope_close(struct bs_scope *scope) {
  atomic_store(&scope->open, false);
}

void bs_scopes_cancel(struct bs_scopes *scopes) {
  const uint64_t one = 1;
  int saved = errno;

  for (struct bs_scope *scope = atomic_load(&scopes->first); scope != NULL; scope = scope->next) {
    if (!atomic_load(&scope->open)) continue;
    atomic_store(&scope->cancelled, true);
    while (write(scope->fd, &one, sizeof one) < 0 && errno == EINTR) continue;
  }
  errno = saved;
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

uint32_t bs_scope_time_left(const struct bs_scope *scope) {
  uint64_t now;

  if (atomic_load(&scope->cancelled)) return 0;
  if (scope->deadline_ms == BS_CLOCK_NEVER) return UINT32_MAX;
  now = bs_clock_monotonic_ms();
  if (now >= scope->deadline_ms) return 0;
  return scope->deadline_ms - now < UINT32_MAX ? (uint32_t)(scope->deadline_ms - now) : UINT32_MAX - 1;
}

bool bs_scope_check(const struct bs_scope *scope, struct bs_error *error) {
  if (atomic_load(&scope->cancelled)) return bs_fail(error, BS_WORD_cancelled, "The call was cancelled.");
  if (bs_scope_time_left(scope) == 0) return bs_fail(error, BS_WORD_deadline, "The call's deadline has passed.");
  return true;
}
