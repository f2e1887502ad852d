/* SPDX-License-Identifier: MIT */
/* Without a flaw: it does what a driver seldom does, and may.  It takes sentences back, and of three calls in a thread
 * two answer TRANSIENT.  What is older than what stands there is a conflict. */
#include <config.h>

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "t/flawed/flaws.h"

#define PAUSE_MS 400u /* longer than the core's own */

static bool is_moody(struct blockstore_call *call) {
  static _Thread_local unsigned calls;

  if (calls++ % 3 == 2) return false;
  call->host->set_error(call, "It may do later.");
  return true;
}

static uint64_t now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Was the same key put sooner than retry_after said? */
static bool is_early(const char *key, bool again) {
  static _Thread_local char last[65];
  static _Thread_local uint64_t due_ms;
  bool early = strcmp(last, key) == 0 && now_ms() < due_ms;

  memcpy(last, key, strlen(key) + 1);
  due_ms = again ? now_ms() + PAUSE_MS : 0;
  return early;
}

static void *speak(void *call) {
  for (int i = 0; i < 100; i++) blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "This was said %d times.", i);
  return NULL;
}

/* Both threads have their say. */
static bool speak_at_once(struct blockstore_call *call) {
  pthread_t thread;

  if (pthread_create(&thread, NULL, speak, call) != 0) return false;
  speak(call);
  return pthread_join(thread, NULL) == 0;
}

static enum blockstore_status moody_put_immutable(PUT_IMMUTABLE_ARGUMENTS) {
  bool moody = is_moody(call);

  call->host->log(call->store, BLOCKSTORE_LOG_DEBUG, "");
  if (is_early(key, moody)) return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED, "That is too early.");
  if (moody) {
    call->host->retry_after(call, PAUSE_MS);
    return BLOCKSTORE_STATUS_TRANSIENT;
  }
  if (!speak_at_once(call)) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "No thread could be made.");
  call->host->set_error(call, NULL);
  return good.put_immutable_handler(self, call, key, data, txid);
}

#define MOODY(name, ARGUMENTS, ...)                                                                                    \
  static enum blockstore_status moody_##name(ARGUMENTS) {                                                             \
    return is_moody(call) ? BLOCKSTORE_STATUS_TRANSIENT : good.name(__VA_ARGS__);                                      \
  }
MOODY(storage_init, INIT_ARGUMENTS, ret_self, call, settings, next)
MOODY(handles_url, HANDLES_ARGUMENTS, self, call, url)
MOODY(make_mutable_url, MAKE_URL_ARGUMENTS, self, call, ret_url, id)
MOODY(get_immutable_handler, GET_IMMUTABLE_ARGUMENTS, self, call, ret_data, key)
MOODY(get_mutable_handler, GET_ARGUMENTS, self, call, ret_record, url)
MOODY(delete_immutable_handler, DELETE_IMMUTABLE_ARGUMENTS, self, call, key, txid)
MOODY(delete_mutable_handler, DELETE_ARGUMENTS, self, call, id, signature)

/* Knows one id, the last that was put. */
static enum blockstore_status moody_put_mutable_handler(PUT_ARGUMENTS) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static char last[GOOD_PATH];
  static uint64_t newest;
  enum blockstore_status status = BLOCKSTORE_STATUS_TRANSIENT;

  if (is_moody(call)) return status;
  pthread_mutex_lock(&lock);
  if (strcmp(last, id) == 0 && version <= newest)
    status = blockstore_fail(call, BLOCKSTORE_STATUS_CONFLICT, "Version %llu stands there.", (unsigned long long)newest);
  else status = good.put_mutable_handler(self, call, id, version, signature, record);
  if (status == BLOCKSTORE_STATUS_OK) {
    newest = version;
    memcpy(last, id, strlen(id) + 1);
  }
  pthread_mutex_unlock(&lock);
  return status;
}

static struct blockstore_driver table;

__attribute__((constructor)) static void fill(void) {
  table = good;
  table.storage_init = moody_storage_init;
  table.handles_url = moody_handles_url;
  table.make_mutable_url = moody_make_mutable_url;
  table.get_immutable_handler = moody_get_immutable_handler;
  table.get_mutable_handler = moody_get_mutable_handler;
  table.put_immutable_handler = moody_put_immutable;
  table.put_mutable_handler = moody_put_mutable_handler;
  table.delete_immutable_handler = moody_delete_immutable_handler;
  table.delete_mutable_handler = moody_delete_mutable_handler;
}

BLOCKSTORE_REGISTER_DRIVER(moody, table, FLAWED_METADATA);
