/* SPDX-License-Identifier: MIT */
/*
 * lying: a store that is the enemy's.  It keeps objects as files ROOT/KEY, each with a copy of its own, and lies as its options
 * say: `lie` is told by the entry points of `on`, about the keys of `about`.  A record in ROOT/other is handed out by the lie `other`.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <blockstore/driver.h>

#define BLOCK 65536

struct lying {
  char *root;       /* option `root` */
  const char *lie;  /* option `lie` */
  const char *on;   /* option `on` */
  const char *about; /* option `about` */
  size_t at;        /* option `at` */
};

/* Bytes in memory. */
struct object {
  unsigned char *bytes;
  size_t length;
};

static bool is(const char *text, const char *other) {
  return strcmp(text, other) == 0;
}

static bool lies(const struct lying *lying, const char *on, const char *key) {
  bool is_user = key != NULL && strlen(key) == 40; /* a user record lies under its value hash */

  if (is(lying->lie, "none") || !is(lying->on, on)) return false;
  return key == NULL || is(lying->about, "all") || is(lying->about, "user") == is_user;
}

static void hang(void) {
  for (;;) pause();
}

/* What any entry point can do wrong.  False: nothing of that kind is to be done. */
static bool misbehave(const struct lying *lying, struct blockstore_call *call, enum blockstore_status *ret_status) {
  static const struct {
    const char *lie;
    int status;
  } statuses[] = {{"not_found", BLOCKSTORE_STATUS_NOT_FOUND}, {"denied", BLOCKSTORE_STATUS_DENIED},
                  {"transient", BLOCKSTORE_STATUS_TRANSIENT}, {"no_space", BLOCKSTORE_STATUS_NO_SPACE},
                  {"conflict", BLOCKSTORE_STATUS_CONFLICT},   {"cancelled", BLOCKSTORE_STATUS_CANCELLED},
                  {"unhandled", BLOCKSTORE_STATUS_UNHANDLED_URL}, {"unknown", 4711},
                  {"negative", -1},                           {"nothing", BLOCKSTORE_STATUS_OK}};

  if (is(lying->lie, "crash")) raise(SIGKILL);
  if (is(lying->lie, "hang")) hang();
  if (is(lying->lie, "slow")) usleep(300000);
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
    if (is(lying->lie, statuses[i].lie)) {
      if (statuses[i].status != 0) call->host->set_error(call, "a\nlie \033[31m\xff in two lines");
      *ret_status = (enum blockstore_status)statuses[i].status;
      return true;
    }
  return false;
}

static bool path_of(char path[4096], const struct lying *lying, const char *key) {
  return snprintf(path, 4096, "%s/%s", lying->root, key) < 4096;
}

static enum blockstore_status load(const struct lying *lying, struct object *object, const char *key) {
  struct stat status;
  char path[4096];
  int fd = path_of(path, lying, key) ? open(path, O_RDONLY | O_CLOEXEC) : -1;

  if (fd < 0) return errno == ENOENT ? BLOCKSTORE_STATUS_NOT_FOUND : BLOCKSTORE_STATUS_FAILED;
  if (fstat(fd, &status) == 0) {
    object->length = (size_t)status.st_size;
    object->bytes = calloc(1, object->length + 1);
  }
  if (object->bytes == NULL || read(fd, object->bytes, object->length) != (ssize_t)object->length) {
    free(object->bytes);
    object->bytes = NULL;
  }
  close(fd);
  return object->bytes == NULL ? BLOCKSTORE_STATUS_FAILED : BLOCKSTORE_STATUS_OK;
}

/* The object as it is told. */
static enum blockstore_status distort(const struct lying *lying, struct object *object) {
  size_t at = object->length == 0 ? 0 : lying->at % object->length;

  if (is(lying->lie, "flip")) object->bytes[at] ^= 1;
  else if (is(lying->lie, "truncate")) object->length = at;
  else if (is(lying->lie, "empty")) object->length = 0;
  else if (is(lying->lie, "extend")) object->bytes[object->length++] = '\n';
  else if (is(lying->lie, "other")) {
    free(object->bytes);
    object->bytes = NULL;
    return load(lying, object, "other");
  }
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status give(struct blockstore_sink *sink, const struct object *object, uint64_t size) {
  enum blockstore_status status = sink->begin(sink, size);

  return status != BLOCKSTORE_STATUS_OK ? status : sink->write(sink, object->bytes, object->length);
}

static enum blockstore_status give_endless(struct blockstore_sink *sink) {
  static const unsigned char zeros[BLOCK];
  enum blockstore_status status = sink->begin(sink, BLOCKSTORE_SIZE_UNKNOWN);

  while (status == BLOCKSTORE_STATUS_OK) status = sink->write(sink, zeros, sizeof zeros);
  return status;
}

/* Goes on whatever the sink answers, which is forbidden, and says that all is well. */
static enum blockstore_status give_on(struct blockstore_sink *sink, const struct object *object) {
  unsigned char byte = 'x';

  (void)give(sink, object, object->length);
  for (int i = 0; i < 3; i++) {
    (void)sink->begin(sink, 1);
    (void)sink->write(sink, &byte, 1);
  }
  return BLOCKSTORE_STATUS_OK;
}

static enum blockstore_status tell(const struct lying *lying, struct blockstore_sink *sink, const struct object *object) {
  const struct object nonsense = {object->bytes, object->length / 2};

  if (is(lying->lie, "huge")) return give(sink, object, BLOCKSTORE_SIZE_UNKNOWN - 1);
  if (is(lying->lie, "short")) return give(sink, object, object->length + 1);
  if (is(lying->lie, "long")) return give(sink, object, object->length / 2);
  if (is(lying->lie, "endless")) return give_endless(sink);
  if (is(lying->lie, "bad_then_good") && give(sink, &nonsense, nonsense.length) != BLOCKSTORE_STATUS_OK) return BLOCKSTORE_STATUS_OK;
  if (is(lying->lie, "good_then_bad")) return give_on(sink, object);
  if (is(lying->lie, "good_but_denied")) return give(sink, object, object->length), BLOCKSTORE_STATUS_DENIED;
  return give(sink, object, object->length);
}

static enum blockstore_status lying_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                  const char *key) {
  const struct lying *lying = self;
  struct object object = {NULL, 0};
  enum blockstore_status status;

  if (lies(lying, "get", key) && misbehave(lying, call, &status)) return status;
  status = load(lying, &object, key);
  if (status == BLOCKSTORE_STATUS_OK && lies(lying, "get", key)) status = distort(lying, &object);
  if (status == BLOCKSTORE_STATUS_OK)
    status = lies(lying, "get", key) ? tell(lying, ret_data, &object) : give(ret_data, &object, object.length);
  free(object.bytes);
  return status;
}

static enum blockstore_status keep(const struct lying *lying, const char *key, const struct blockstore_source *data, size_t length) {
  unsigned char *bytes = malloc(length + 1);
  char path[4096];
  int fd = path_of(path, lying, key) ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
  enum blockstore_status status = bytes == NULL || fd < 0 ? BLOCKSTORE_STATUS_FAILED : data->read_at(data, bytes, length, 0);

  if (status == BLOCKSTORE_STATUS_OK && write(fd, bytes, length) != (ssize_t)length) status = BLOCKSTORE_STATUS_FAILED;
  if (fd >= 0) close(fd);
  free(bytes);
  return status;
}

static enum blockstore_status lying_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                  const struct blockstore_source *data, const char *txid) {
  const struct lying *lying = self;
  size_t length = (size_t)data->size;
  enum blockstore_status status;

  (void)txid;
  if (!lies(lying, "put", key)) return keep(lying, key, data, length);
  if (misbehave(lying, call, &status)) return status;
  if (is(lying->lie, "beyond")) { /* reads where there is nothing */
    unsigned char byte;

    (void)data->read_at(data, &byte, 1, data->size);
    (void)data->read_at(data, &byte, 1, UINT64_MAX);
  }
  return keep(lying, key, data, is(lying->lie, "truncate") ? length / 2 : length);
}

static enum blockstore_status lying_delete_immutable(void *self, struct blockstore_call *call, const char *key, const char *txid) {
  const struct lying *lying = self;
  enum blockstore_status status;
  char path[4096];

  (void)txid;
  if (lies(lying, "delete", key) && misbehave(lying, call, &status)) return status;
  if (path_of(path, lying, key) && (unlink(path) == 0 || errno == ENOENT)) return BLOCKSTORE_STATUS_OK;
  return BLOCKSTORE_STATUS_FAILED;
}

static enum blockstore_status lying_init(void **ret_self, struct blockstore_call *call, const struct blockstore_settings *settings,
                                         const struct blockstore_next *next) {
  const struct blockstore_host *host = call->host;
  struct lying *lying = calloc(1, sizeof *lying);
  enum blockstore_status status;

  (void)next;
  if (lying == NULL) return BLOCKSTORE_STATUS_TRANSIENT;
  lying->root = strdup(host->setting(settings, "root", 0));
  lying->lie = host->setting(settings, "lie", 0);
  lying->on = host->setting(settings, "on", 0);
  lying->about = host->setting(settings, "about", 0);
  lying->at = (size_t)host->setting_number(settings, "at");
  if (lies(lying, "init", NULL) && misbehave(lying, call, &status) && status != BLOCKSTORE_STATUS_OK) {
    free(lying->root);
    free(lying);
    return status;
  }
  *ret_self = lying;
  return BLOCKSTORE_STATUS_OK;
}

static void lying_close(void *self, struct blockstore_call *call) {
  struct lying *lying = self;

  (void)call;
  if (lies(lying, "close", NULL)) hang();
  free(lying->root);
  free(lying);
}

static const struct blockstore_driver lying_driver = {.storage_init = lying_init,
                                                      .storage_close = lying_close,
                                                      .get_immutable_handler = lying_get_immutable,
                                                      .put_immutable_handler = lying_put_immutable,
                                                      .delete_immutable_handler = lying_delete_immutable};

BLOCKSTORE_REGISTER_DRIVER(lying, lying_driver,
                           BLOCKSTORE_VERSION("1")
                           BLOCKSTORE_DESCRIPTION("A store that lies")
                           BLOCKSTORE_CAPABILITY_LOCAL
                           BLOCKSTORE_CAPABILITY_DURABLE
                           BLOCKSTORE_THREADS_PARALLEL
                           BLOCKSTORE_OPTION("root", PATH, REQUIRED, "", "Where the objects are")
                           BLOCKSTORE_OPTION("lie", STRING, OPTIONAL, "none", "What it does wrong")
                           BLOCKSTORE_OPTION_ENUM("on", "get,put,delete,init,close", OPTIONAL, "get", "In which call")
                           BLOCKSTORE_OPTION_ENUM("about", "all,user,data", OPTIONAL, "all", "About which objects")
                           BLOCKSTORE_OPTION("at", INT, OPTIONAL, "0", "Which byte"));
