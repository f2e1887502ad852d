/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "tools/driver-test/session.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/auto.h"

#define SIZE 100000

static void inside_read(struct input *input, uint64_t offset, size_t length) {
  struct session *session = input->user;

  (void)offset, (void)length;
  session->inside(session);
}

static void inside_write(struct output *output, size_t length) {
  struct session *session = output->user;

  (void)length;
  session->inside(session);
}

static void tell(struct session *session, const char *entry, struct call *call, enum blockstore_status status, bool own) {
  call_end(call);
  if (session->answered != NULL) session->answered(session, entry, call, status, own);
}

/* ---- a call each ---- */

static void begin_input(struct session *session, struct input *input, const void *bytes, uint64_t size) {
  input_begin(input, session->trial, bytes, size);
  input->on_read = session->inside == NULL ? NULL : inside_read;
  input->user = session;
}

static void begin_output(struct session *session, struct output *output, uint64_t room) {
  output_begin(output, session->trial);
  output->on_write = session->inside == NULL ? NULL : inside_write;
  output->user = session;
  output->room = room;
}

static void put(struct session *session, struct store *store, const struct object *object, uint64_t fail_at, bool cancelled) {
  enum blockstore_status status;
  struct input input;
  struct call call;

  call_begin(&call, store);
  if (cancelled) call_cancel(&call);
  begin_input(session, &input, object->datum.bytes, object->datum.size);
  input.fail_at = fail_at;
  status = object_put(store, &call, object, &input);
  tell(session, object_put_name(object->kind), &call, status, !input.failed);
}

static void get(struct session *session, struct store *store, struct object *object, uint64_t room) {
  enum blockstore_status status;
  struct output output;
  struct call call;

  call_begin(&call, store);
  begin_output(session, &output, room);
  status = object_get(store, &call, object, &output);
  tell(session, object_get_name(object->kind), &call, status, !output.refused);
  output_end(&output);
}

static void delete(struct session *session, struct store *store, const struct object *object) {
  enum blockstore_status status;
  struct call call;

  call_begin(&call, store);
  status = object_delete(store, &call, object);
  tell(session, object->kind == KIND_IMMUTABLE ? "delete_immutable_handler" : "delete_mutable_handler", &call, status, true);
}

static void check(struct session *session, struct store *store, uint64_t room) {
  enum blockstore_status status;
  struct output output;
  struct call call;

  call_begin(&call, store);
  begin_output(session, &output, room);
  status = store_check(store, &call, &output);
  tell(session, "check", &call, status, !output.refused);
  output_end(&output);
}

static void know_url(struct session *session, struct store *store, const char *url) {
  struct call call;

  call_begin(&call, store);
  tell(session, "handles_url", &call, store_handles_url(store, &call, url), true);
}

/* ---- all of them ---- */

static void ask_about(struct session *session, struct store *store, enum kind kind) {
  struct object object AUTO_OBJECT, absent AUTO_OBJECT, foreign AUTO_OBJECT;

  object_make(&object, session->trial, kind, SIZE);
  object_make(&absent, session->trial, kind, SIZE);
  object_make(&foreign, session->trial, kind, 0);
  foreign.url = strdup("gopher://nobody.invalid/0");
  put(session, store, &object, UINT64_MAX, false);
  put(session, store, &object, UINT64_MAX, false);
  put(session, store, &absent, 0, false);
  put(session, store, &absent, object.datum.size / 2, false);
  put(session, store, &absent, UINT64_MAX, true);
  get(session, store, &object, UINT64_MAX);
  get(session, store, &object, 10);
  get(session, store, &absent, UINT64_MAX);
  if (kind == KIND_MUTABLE) {
    get(session, store, &foreign, UINT64_MAX);
    know_url(session, store, foreign.url);
    know_url(session, store, object.url);
  }
  delete(session, store, &object);
  delete(session, store, &absent);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where) {
  (void)status, (void)kind, (void)where;
  remove(path);
  return 0;
}

/* A file stands where the store's directory was, if it has one. */
static void ask_ruined(struct session *session, struct store *store) {
  char *directory BS_AUTO_FREE = NULL, *away BS_AUTO_FREE = NULL;
  int fd;

  if (asprintf(&directory, "%s/store1", session->trial->directory) < 0 || asprintf(&away, "%s/away",
                                                                                   session->trial->directory) < 0)
    trial_fail(session->trial, "There is not enough memory for the examination.");
  if (rename(directory, away) < 0) return;
  fd = open(directory, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  for (int kind = 0; kind < KINDS; kind++) {
    struct object object AUTO_OBJECT;

    object_make(&object, session->trial, (enum kind)kind, 1000);
    put(session, store, &object, UINT64_MAX, false);
    if (kind == KIND_IMMUTABLE) get(session, store, &object, UINT64_MAX);
    delete(session, store, &object);
  }
  check(session, store, UINT64_MAX);
  nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS); /* one that the driver made anew */
  if (rename(away, directory) < 0) trial_skip(session->trial, "%s: the driver made its directory anew", directory);
}

void session_run(struct session *session) {
  struct store store;

  must_open(&store, session->trial, 1);
  check(session, &store, UINT64_MAX);
  check(session, &store, 0);
  for (int kind = 0; kind < KINDS; kind++)
    if (kind == KIND_IMMUTABLE || store_makes_urls(&store)) ask_about(session, &store, (enum kind)kind);
  ask_ruined(session, &store);
  store_close(&store);
}
