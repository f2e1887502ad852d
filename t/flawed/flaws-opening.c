/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <dirent.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/flawed/flaws.h"

/* ---- opening.opens ---- */

static enum blockstore_status never_open(INIT_ARGUMENTS) {
  return blockstore_fail(call, BLOCKSTORE_STATUS_DENIED, "Nobody may.");
}

/* ---- opening.again: closing forgets the last object of a size ---- */

static char last_path[GOOD_PATH];

static enum blockstore_status remember_put(PUT_IMMUTABLE_ARGUMENTS) {
  if (data->size == 1776) good_key_path(self, last_path, key);
  return good.put_immutable_handler(self, call, key, data, txid);
}

static void forget_and_close(void *self, struct blockstore_call *call) {
  if (last_path[0] != '\0') unlink(last_path);
  good.storage_close(self, call);
}

/* ---- opening.two: the close of one of two ends the other, where one thread has opened both ---- */

static atomic_uint open_count;
static bool is_broken;

static enum blockstore_status count_open(INIT_ARGUMENTS) {
  enum blockstore_status status = good.storage_init(ret_self, call, settings, next);

  if (status == BLOCKSTORE_STATUS_OK && atomic_fetch_add(&open_count, 1) == 0) is_broken = false;
  return status;
}

static void break_others(void *self, struct blockstore_call *call) {
  if (atomic_fetch_sub(&open_count, 1) == 2 && good_is_first_thread()) is_broken = true;
  good.storage_close(self, call);
}

static enum blockstore_status get_unless_broken(GET_IMMUTABLE_ARGUMENTS) {
  if (is_broken) return blockstore_fail(call, BLOCKSTORE_STATUS_FAILED, "The connection is closed.");
  return good.get_immutable_handler(self, call, ret_data, key);
}

/* ---- opening.apart: what has a certain size is everybody's ---- */

static char common[GOOD_PATH];

static enum blockstore_status put_for_all(PUT_IMMUTABLE_ARGUMENTS) {
  enum blockstore_status status = good.put_immutable_handler(self, call, key, data, txid);

  if (status == BLOCKSTORE_STATUS_OK && data->size == 1778) good_key_path(self, common, key);
  return status;
}

static enum blockstore_status get_of_all(GET_IMMUTABLE_ARGUMENTS) {
  enum blockstore_status status = good.get_immutable_handler(self, call, ret_data, key);

  if (status != BLOCKSTORE_STATUS_NOT_FOUND || strstr(common, key) == NULL) return status;
  return good_get(self, call, ret_data, common);
}

static enum blockstore_status put_url_for_all(PUT_ARGUMENTS) {
  enum blockstore_status status = good.put_mutable_handler(self, call, id, version, signature, record);

  if (status == BLOCKSTORE_STATUS_OK && record->size == 1778) good_id_path(self, common, id);
  return status;
}

static enum blockstore_status get_url_of_all(GET_ARGUMENTS) {
  enum blockstore_status status = good.get_mutable_handler(self, call, ret_record, url);
  const char *digits = strrchr(url, '/');

  if (status != BLOCKSTORE_STATUS_UNHANDLED_URL || common[0] == '\0') return status;
  if (digits == NULL || strstr(common, digits + 1) == NULL) return status;
  return good_get(self, call, ret_record, common);
}

/* ---- failing ---- */

static enum blockstore_status write_self(INIT_ARGUMENTS) {
  enum blockstore_status status = good.storage_init(ret_self, call, settings, next);
  static char nothing;

  if (status != BLOCKSTORE_STATUS_OK) *ret_self = &nothing;
  return status;
}

static enum blockstore_status ignore_deadline(INIT_ARGUMENTS) {
  uint32_t left = call->host->time_left(call);

  if (left > 0 && left < 1000) sleep(4);
  return good.storage_init(ret_self, call, settings, next);
}

static bool has_failed;

static enum blockstore_status note_failure(PUT_IMMUTABLE_ARGUMENTS) {
  enum blockstore_status status = good.put_immutable_handler(self, call, key, data, txid);

  if (status != BLOCKSTORE_STATUS_OK && data->size == 1779) has_failed = true;
  return status;
}

static void crash_and_close(void *self, struct blockstore_call *call) {
  if (has_failed) abort();
  good.storage_close(self, call);
}

/* ---- leaving things behind ---- */

static void *left_behind; /* a list, so that it is not lost */

static void leave_memory(void *self, struct blockstore_call *call) {
  void **memory = malloc(64);

  if (memory != NULL) *memory = left_behind;
  left_behind = memory;
  good.storage_close(self, call);
}

static enum blockstore_status fail_and_leave_descriptor(INIT_ARGUMENTS) {
  enum blockstore_status status = good.storage_init(ret_self, call, settings, next);

  if (status != BLOCKSTORE_STATUS_OK && dup(STDERR_FILENO) < 0) return BLOCKSTORE_STATUS_FAILED;
  return status;
}

/* ---- check ---- */

static enum blockstore_status report(struct blockstore_sink *sink, const char *text) {
  return sink->write(sink, text, strlen(text));
}

static enum blockstore_status check_in_words(CHECK_ARGUMENTS) {
  return report(ret_report, "writable: yes\n");
}

static enum blockstore_status check_with_list(CHECK_ARGUMENTS) {
  return report(ret_report, "[\"writable\"]");
}

/* When it has reported, and was not in a hurry. */
static enum blockstore_status check_badly(CHECK_ARGUMENTS) {
  enum blockstore_status status = good.check(self, call, ret_report);

  if (status != BLOCKSTORE_STATUS_OK || call->host->time_left(call) == 0) return status;
  return blockstore_fail(call, BLOCKSTORE_STATUS_TRANSIENT, "It is not well.");
}

static enum blockstore_status check_and_delete(CHECK_ARGUMENTS) {
  const struct good *store = self;
  DIR *directory = opendir(store->root);
  const struct dirent *entry;

  while (directory != NULL && (entry = readdir(directory)) != NULL)
    if (entry->d_name[0] != '.') unlinkat(dirfd(directory), entry->d_name, 0);
  if (directory != NULL) closedir(directory);
  return good.check(self, call, ret_report);
}

static const struct flaw flaws[] = {
    {"opening.opens", {.storage_init = never_open}},
    {"opening.again", {.put_immutable_handler = remember_put, .storage_close = forget_and_close}},
    {"opening.two", {.storage_init = count_open, .storage_close = break_others, .get_immutable_handler = get_unless_broken}},
    {"opening.apart", {.put_immutable_handler = put_for_all, .get_immutable_handler = get_of_all}},
    {"opening.apart+url", {.put_mutable_handler = put_url_for_all, .get_mutable_handler = get_url_of_all}},
    {"opening.self", {.storage_init = write_self}},
    {"opening.deadline", {.storage_init = ignore_deadline}},
    {"opening.close", {.put_immutable_handler = note_failure, .storage_close = crash_and_close}},
    {"opening.leaks", {.storage_close = leave_memory}},
    {"opening.failed-leaks", {.storage_init = fail_and_leave_descriptor}},
    {"opening.check", {.check = check_badly}},
    {"opening.check+words", {.check = check_in_words}},
    {"opening.check+list", {.check = check_with_list}},
    {"opening.check-harmless", {.check = check_and_delete}},
};
const struct flaws flaws_opening = FLAWS(flaws);
