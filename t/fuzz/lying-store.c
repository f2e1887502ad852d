/* SPDX-License-Identifier: MIT */
/*
 * The driver of the target `lying`.  Each reply is made of the next bytes of the input, 0 being the honest one: a status, or
 * candidates, each of them anything that was ever put, damaged, announced as another size, in pieces.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "t/fuzz/lying.h"

#define OBJECTS_MAX 512
#define ROOM (1 << 14) /* for a candidate that was made longer */
#define SCHEME "script:"

struct object {
  char *target;
  unsigned char *bytes;
  size_t length;
};

static struct object objects[OBJECTS_MAX];
static size_t object_count;
const char *lying_text;

/* ---- the script ---- */

static struct {
  const uint8_t *at;
  size_t left;
  bool urls;
} script;

void lying_begin(const uint8_t *bytes, size_t length, bool urls) {
  script.at = bytes;
  script.left = length;
  script.urls = urls;
}

bool lying_at_end(void) {
  return script.left == 0;
}

unsigned lying_next(void) {
  if (script.left == 0) return 0;
  script.left--;
  return *script.at++;
}

static size_t next_pair(void) {
  size_t high = lying_next();

  return high << 8 | lying_next();
}

/* ---- what was put ---- */

static const struct object *find(const char *target) {
  for (size_t i = object_count; i-- > 0;)
    if (strcmp(objects[i].target, target) == 0) return &objects[i];
  return NULL;
}

void lying_keep(const char *target, const void *bytes, size_t length) {
  const struct object *last = find(target);
  struct object *object = &objects[object_count];

  if (object_count == OBJECTS_MAX || (last != NULL && last->length == length && memcmp(last->bytes, bytes, length) == 0)) return;
  *object = (struct object){strdup(target), malloc(length + 1), length};
  PROMISED(object->target != NULL && object->bytes != NULL);
  if (length > 0) memcpy(object->bytes, bytes, length);
  object_count++;
}

size_t lying_kept(void) {
  return object_count;
}

void lying_forget(size_t count) {
  while (object_count > count) {
    object_count--;
    free(objects[object_count].target);
    free(objects[object_count].bytes);
  }
}

/* ---- replies ---- */

/* Nobody waits for a store that will be there again in an hour. */
static enum blockstore_status answer_status(struct blockstore_call *call) {
  static const int statuses[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 4711, -1};
  unsigned number = lying_next();

  if (number & 0x80) call->host->set_error(call, "a\nlie \033[31m\xff in two lines");
  call->host->retry_after(call, 3600000);
  return (enum blockstore_status)statuses[number % (sizeof statuses / sizeof statuses[0])];
}

/* One damage of a candidate. */
static void distort(unsigned char bytes[ROOM], size_t *length) {
  unsigned kind = lying_next() % 6;
  size_t at = next_pair(), run = 1 + lying_next() % 32;

  if (*length > 0) at %= *length;
  else at = 0;
  if (run > *length - at) run = *length - at;
  switch (kind) {
  case 0: bytes[at] ^= (unsigned char)(1u << lying_next() % 8); break;
  case 1: bytes[at] = (unsigned char)lying_next(); break;
  case 2: *length = at; break;
  case 3:
    memmove(bytes + at, bytes + at + run, *length - at - run);
    *length -= run;
    break;
  case 4:
    if (*length + run > ROOM) break;
    memmove(bytes + at + run, bytes + at, *length - at);
    *length += run;
    break;
  default:
    for (size_t i = 0; i < run; i++) bytes[at + i] = (unsigned char)lying_next();
    break;
  }
}

static enum blockstore_status write_pieces(struct blockstore_sink *sink, const unsigned char *bytes, size_t length) {
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;
  size_t piece = lying_next();

  if (piece == 0) piece = length;
  for (size_t at = 0; at < length && status == BLOCKSTORE_STATUS_OK; at += piece)
    status = sink->write(sink, bytes + at, length - at < piece ? length - at : piece);
  return status;
}

static enum blockstore_status write_endless(struct blockstore_sink *sink) {
  static const unsigned char spaces[4096] = {' '};
  enum blockstore_status status = sink->begin(sink, BLOCKSTORE_SIZE_UNKNOWN);

  while (status == BLOCKSTORE_STATUS_OK) status = sink->write(sink, spaces, sizeof spaces);
  return status;
}

static enum blockstore_status announce(struct blockstore_sink *sink, unsigned how, size_t length) {
  switch (how % 8) {
  case 1: return sink->begin(sink, BLOCKSTORE_SIZE_UNKNOWN);
  case 2: return sink->begin(sink, length + 1);
  case 3: return sink->begin(sink, length / 2);
  case 4: return sink->begin(sink, BLOCKSTORE_SIZE_UNKNOWN - 1);
  case 5: return BLOCKSTORE_STATUS_OK; /* the first candidate need not */
  default: return sink->begin(sink, length);
  }
}

/* Some object, as it is told. */
static enum blockstore_status give_candidate(struct blockstore_sink *sink, const struct object *honest) {
  unsigned char bytes[ROOM];
  unsigned number = lying_next(), distortions = lying_next() % 4, how = lying_next();
  const struct object *object = number == 0 ? honest : &objects[(number - 1) % object_count];
  size_t length = object == NULL ? 0 : object->length;
  enum blockstore_status status;

  PROMISED(length <= ROOM);
  if (how % 8 == 6) return write_endless(sink);
  if (length > 0) memcpy(bytes, object->bytes, length);
  for (unsigned i = 0; i < distortions; i++) distort(bytes, &length);
  status = announce(sink, how, length);
  return status == BLOCKSTORE_STATUS_OK || (how & 0x80) != 0 ? write_pieces(sink, bytes, length) : status;
}

static enum blockstore_status give_honestly(struct blockstore_sink *sink, const struct object *honest) {
  enum blockstore_status status;

  if (honest == NULL) return BLOCKSTORE_STATUS_NOT_FOUND;
  status = sink->begin(sink, honest->length);
  return status == BLOCKSTORE_STATUS_OK ? sink->write(sink, honest->bytes, honest->length) : status;
}

/* The low bits: how many candidates.  40: it goes on when it is refused, which is forbidden.  80: a status of its own. */
static enum blockstore_status give(struct blockstore_call *call, struct blockstore_sink *sink, const char *target) {
  const struct object *honest = find(target);
  unsigned how = lying_next();
  enum blockstore_status status = BLOCKSTORE_STATUS_OK;

  if (how % 4 == 0 && (how & 0x80) == 0) return give_honestly(sink, honest);
  for (unsigned i = 0; i < how % 4 && (status == BLOCKSTORE_STATUS_OK || (how & 0x40) != 0); i++)
    status = give_candidate(sink, honest);
  return (how & 0x80) != 0 ? answer_status(call) : status;
}

/* ---- the entry points ---- */

static enum blockstore_status lying_init(void **ret_self, struct blockstore_call *call,
                                         const struct blockstore_settings *settings, const struct blockstore_next *next) {
  static const char *const prefixes[] = {SCHEME "one/", SCHEME "two/"};

  (void)next;
  *ret_self = (void *)(uintptr_t)prefixes[call->host->setting_number(settings, "number")];
  return BLOCKSTORE_STATUS_OK;
}

/* The data id of a URL, NULL when it is none of this store's. */
static const char *data_id_of(const char *prefix, const char *url) {
  return strncmp(url, prefix, strlen(prefix)) == 0 ? url + strlen(prefix) : NULL;
}

static enum blockstore_status lying_handles_url(void *self, struct blockstore_call *call, const char *url) {
  unsigned how = script.urls ? lying_next() % 4 : 0;

  if (how == 1) return answer_status(call);
  return (data_id_of(self, url) != NULL) == (how != 2) ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

static enum blockstore_status lying_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                     const char *data_id) {
  char url[8192];
  unsigned how = script.urls ? lying_next() : 0;
  size_t length = (size_t)snprintf(url, sizeof url, "%s%s", (const char *)self, data_id);
  const struct object honest = {NULL, (unsigned char *)url, length};

  PROMISED(length < sizeof url);
  if (how % 4 == 1) return answer_status(call);
  return how % 4 == 2 ? give_candidate(ret_url, &honest) : give_honestly(ret_url, &honest);
}

static enum blockstore_status lying_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                  const char *key) {
  (void)self;
  return give(call, ret_data, key);
}

static enum blockstore_status lying_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                                const char *url) {
  const char *data_id = data_id_of(self, url);

  return data_id == NULL ? BLOCKSTORE_STATUS_UNHANDLED_URL : give(call, ret_record, data_id);
}

static enum blockstore_status put(struct blockstore_call *call, const char *target, const struct blockstore_source *data) {
  unsigned how = lying_next() % 8;
  unsigned char bytes[ROOM];
  size_t length = (size_t)data->size;
  enum blockstore_status status;

  PROMISED(length <= ROOM);
  if (how == 1) return answer_status(call);
  if (how == 2) (void)data->read_at(data, bytes, 1, data->size);
  status = data->read_at(data, bytes, length, 0);
  if (status != BLOCKSTORE_STATUS_OK || how == 3) return status; /* 3: it forgets */
  lying_keep(target, bytes, how == 4 ? length / 2 : length);
  return how == 5 ? answer_status(call) : BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status lying_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                  const struct blockstore_source *data, const char *txid) {
  (void)self, (void)txid;
  return put(call, key, data);
}

static enum blockstore_status lying_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                                const char *signature, const struct blockstore_source *record) {
  (void)self, (void)signature;
  lying_signed(data_id, version, lying_text);
  return put(call, data_id, record);
}

static enum blockstore_status lying_delete(void *self, struct blockstore_call *call, const char *target, const char *why) {
  (void)self, (void)target, (void)why;
  return lying_next() % 2 == 0 ? BLOCKSTORE_STATUS_OK : answer_status(call);
}

const struct blockstore_driver lying_driver = {.storage_init = lying_init,
                                               .handles_url = lying_handles_url,
                                               .make_mutable_url = lying_make_mutable_url,
                                               .get_immutable_handler = lying_get_immutable,
                                               .get_mutable_handler = lying_get_mutable,
                                               .put_immutable_handler = lying_put_immutable,
                                               .put_mutable_handler = lying_put_mutable,
                                               .delete_immutable_handler = lying_delete,
                                               .delete_mutable_handler = lying_delete};
