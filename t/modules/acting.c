/* SPDX-License-Identifier: MIT */
/* A store that keeps nothing and does on a put what its options say: what a process or its surroundings may suffer then. */
#include <config.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <blockstore/driver.h>

struct acting {
  const char *change; /* option change, NULL: none; the settings outlive the instance */
  bool kills;         /* option kill */
  bool waits;         /* option wait */
};

static bool is_set(const struct blockstore_call *call, const struct blockstore_settings *settings, const char *key) {
  return strcmp(call->host->setting(settings, key, 0), "true") == 0;
}

static enum blockstore_status acting_init(void **ret_self, struct blockstore_call *call,
                                          const struct blockstore_settings *settings,
                                          const struct blockstore_next *next) {
  struct acting *acting = calloc(1, sizeof *acting);

  (void)next;
  if (acting == NULL) return BLOCKSTORE_STATUS_TRANSIENT;
  acting->change = call->host->setting(settings, "change", 0);
  acting->kills = is_set(call, settings, "kill");
  acting->waits = is_set(call, settings, "wait");
  *ret_self = acting;
  return BLOCKSTORE_STATUS_OK;
}

static void acting_close(void *self, struct blockstore_call *call) {
  (void)call;
  free(self);
}

static enum blockstore_status wait_for_end(struct blockstore_call *call) {
  while (call->host->time_left(call) > 0) usleep(1000);
  return BLOCKSTORE_STATUS_CANCELLED;
}

static enum blockstore_status acting_get(void *self, struct blockstore_call *call, struct blockstore_sink *sink,
                                         const char *key) {
  const struct acting *acting = self;

  (void)sink, (void)key;
  return acting->waits ? wait_for_end(call) : blockstore_fail(call, BLOCKSTORE_STATUS_NOT_FOUND, "It keeps nothing.");
}

static void change_file(const char *path) {
  FILE *file = fopen(path, "r+b");

  if (file == NULL) return;
  fputc('!', file);
  fclose(file);
}

static enum blockstore_status acting_put(void *self, struct blockstore_call *call, const char *key,
                                         const struct blockstore_source *data, const char *txid) {
  const struct acting *acting = self;
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  char block[4096];

  (void)txid;
  if (acting->kills && strlen(key) == 40) kill(getpid(), SIGKILL); /* a user record: the data is stored already */
  if (acting->change != NULL) change_file(acting->change);
  if (acting->waits) return wait_for_end(call);
  for (uint64_t at = 0; at < data->size && status == BLOCKSTORE_STATUS_OK;) {
    size_t length = data->size - at < sizeof block ? (size_t)(data->size - at) : sizeof block;

    status = data->read_at(data, block, length, at);
    at += length;
  }
  return status;
}

static const struct blockstore_driver acting_driver = {.storage_init = acting_init,
                                                       .storage_close = acting_close,
                                                       .get_immutable_handler = acting_get,
                                                       .put_immutable_handler = acting_put};

BLOCKSTORE_REGISTER_DRIVER(acting, acting_driver,
                           BLOCKSTORE_VERSION("1.0")
                           BLOCKSTORE_DESCRIPTION("A driver for tests")
                           BLOCKSTORE_CAPABILITY_DURABLE
                           BLOCKSTORE_CAPABILITY_LOCAL
                           BLOCKSTORE_THREADS_PARALLEL
                           BLOCKSTORE_OPTION("change", PATH, OPTIONAL, "", "File whose first byte a put changes")
                           BLOCKSTORE_OPTION("kill", BOOL, OPTIONAL, "false", "A put of a user record kills the process")
                           BLOCKSTORE_OPTION("wait", BOOL, OPTIONAL, "false", "Every call waits until it is cancelled")
                           BLOCKSTORE_OPTION("token", SECRET, OPTIONAL, "", "Whose store it is, for whoever asks that"));
