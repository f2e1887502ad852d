/* SPDX-License-Identifier: MIT */
/*
 * lying: a store that is the enemy's.  It keeps objects as plain files, which a test may replace: ROOT/KEY, and for a mutable
 * record ROOT/NAME, NAME being m and the hexadecimal data id; its URL is lying:ROOT/NAME.  It lies as its options say: `lie` is
 * told by the entry points of `on`, about the objects of `about`.  The lies `other` and `both` hand out ROOT/other, the lie
 * `old` ROOT/old/NAME.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <blockstore/driver.h>

#define BLOCK 65536
#define SCHEME "lying:"
#define PATH_ROOM 4096
#define NAME_ROOM 256      /* a file's name and its NUL */
#define NAME_BYTES_MOST 119 /* of a data id; of a longer one a hash follows */

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

/* A user record lies under its value hash. */
static const char *kind_of(const char *name) {
  if (name[0] == 'm') return "mutable";
  return strlen(name) == 40 ? "user" : "data";
}

static bool lies(const struct lying *lying, const char *on, const char *name) {
  if (is(lying->lie, "none") || !is(lying->on, on)) return false;
  return name == NULL || is(lying->about, "all") || is(lying->about, kind_of(name));
}

static void hang(void) {
  for (;;) pause();
}

/* A fault that the machine notices, unlike one that raise(3) would make. */
static void fault(void) {
  int *volatile nowhere = (int *)(uintptr_t)64; /* volatile: the compiler is not to see through it */

  *nowhere = 1;
}

__attribute__((no_sanitize("undefined"))) static int divide(int by) {
  volatile int zero = by;

  return 4711 / zero;
}

/* Calls itself until the stack has no room. */
static int overflow(volatile char *caller, int deep) { /* NOLINT(misc-no-recursion): that is what it is for */
  volatile char room[4096];

  room[0] = caller == NULL ? 0 : (char)(caller[0] + 1);
  return deep < 0 ? room[0] : overflow(room, deep + 1 > 0 ? deep + 1 : 1) + room[0];
}

static void crash(const char *lie) {
  if (is(lie, "crash")) raise(SIGKILL);
  if (is(lie, "segv")) fault();
  if (is(lie, "fpe") && divide(0) == 0) fault();
  if (is(lie, "overflow") && overflow(NULL, 0) == 0) fault();
  if (is(lie, "abort")) abort();
  if (is(lie, "raise")) raise(SIGBUS);
}

/* Writes over all that the program keeps, its data and its heap. */
static void smash(void) {
  char line[PATH_ROOM + 100], program[PATH_ROOM];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  FILE *maps = fopen("/proc/self/maps", "re");
  struct {
    uintptr_t from, to;
  } ranges[16];
  size_t count = 0;

  program[length < 0 ? 0 : length] = '\0';
  while (maps != NULL && count < 16 && fgets(line, sizeof line, maps) != NULL) {
    bool is_ours = strstr(line, "[heap]") != NULL || (length > 0 && strstr(line, program) != NULL);

    count += is_ours && sscanf(line, "%" SCNxPTR "-%" SCNxPTR " rw", &ranges[count].from, &ranges[count].to) == 2 &&
             strstr(line, " rw-p ") != NULL;
  }
  if (maps != NULL) fclose(maps);
  for (size_t i = 0; i < count; i++) memset((void *)ranges[i].from, 0x5a, ranges[i].to - ranges[i].from);
}

/* What a process is left with. */
static void litter(const char *lie) {
  static char *volatile left; /* volatile: what nobody uses would not be left */
  size_t length = (size_t)48 << 20;

  if (is(lie, "exit")) _exit(3);
  if (is(lie, "smash")) smash();
  if (is(lie, "fork") && fork() == 0) hang();
  if (is(lie, "leak") && (left = malloc(length)) != NULL) memset(left, 1, length);
  for (int i = 0; is(lie, "open") && i < 64; i++) (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
  for (int fd = 3; is(lie, "scribble") && fd < 64; fd++) (void)!write(fd, "scribbled\n", strlen("scribbled\n"));
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

  crash(lying->lie);
  litter(lying->lie);
  if (is(lying->lie, "hang")) hang();
  if (is(lying->lie, "slow")) usleep(300000);
  while (is(lying->lie, "wait") && call->host->time_left(call) > 0) usleep(1000);
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
    if (is(lying->lie, statuses[i].lie)) {
      if (statuses[i].status != 0) call->host->set_error(call, "a\nlie \033[31m\xff in two lines");
      *ret_status = (enum blockstore_status)statuses[i].status;
      return true;
    }
  return false;
}

/* FNV-1a. */
static uint64_t hash_of(const char *text) {
  uint64_t hash = UINT64_C(14695981039346656037);

  for (; *text != '\0'; text++) hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
  return hash;
}

static void name_of(char name[NAME_ROOM], const char *data_id) {
  size_t length = strlen(data_id), used = 1;

  name[0] = 'm';
  for (size_t i = 0; i < length && i < NAME_BYTES_MOST; i++, used += 2)
    snprintf(name + used, NAME_ROOM - used, "%02x", (unsigned char)data_id[i]);
  if (length > NAME_BYTES_MOST) snprintf(name + used, NAME_ROOM - used, "%016" PRIx64, hash_of(data_id));
}

/* False when the URL is none of this store. */
static bool name_of_url(char name[NAME_ROOM], const struct lying *lying, const char *url) {
  size_t scheme = strlen(SCHEME), root = strlen(lying->root);

  if (strncmp(url, SCHEME, scheme) != 0 || strncmp(url + scheme, lying->root, root) != 0) return false;
  url += scheme + root;
  if (url[0] != '/' || url[1] != 'm' || url[2 + strspn(url + 2, "0123456789abcdef")] != '\0') return false;
  return snprintf(name, NAME_ROOM, "%s", url + 1) < NAME_ROOM;
}

static bool path_of(char path[PATH_ROOM], const struct lying *lying, const char *folder, const char *name) {
  return snprintf(path, PATH_ROOM, "%s/%s%s", lying->root, folder, name) < PATH_ROOM;
}

static enum blockstore_status load(const struct lying *lying, struct object *object, const char *folder, const char *name) {
  struct stat status;
  char path[PATH_ROOM];
  int fd = path_of(path, lying, folder, name) ? open(path, O_RDONLY | O_CLOEXEC) : -1;

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

/* Which file is handed out. */
static enum blockstore_status load_as_told(const struct lying *lying, struct object *object, const char *name) {
  if (is(lying->lie, "other")) return load(lying, object, "", "other");
  return load(lying, object, is(lying->lie, "old") ? "old/" : "", name);
}

/* The object as it is told. */
static void distort(const struct lying *lying, struct object *object) {
  size_t at = object->length == 0 ? 0 : lying->at % object->length;

  if (is(lying->lie, "flip")) object->bytes[at] ^= 1;
  else if (is(lying->lie, "truncate")) object->length = at;
  else if (is(lying->lie, "empty")) object->length = 0;
  else if (is(lying->lie, "extend")) object->bytes[object->length++] = '\n';
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

/* Two candidates for one request. */
static enum blockstore_status give_both(const struct lying *lying, struct blockstore_sink *sink, const struct object *object) {
  struct object other = {NULL, 0};
  enum blockstore_status status = load(lying, &other, "", "other");

  if (status == BLOCKSTORE_STATUS_OK) status = give(sink, &other, other.length);
  free(other.bytes);
  return status == BLOCKSTORE_STATUS_OK ? give(sink, object, object->length) : status;
}

static enum blockstore_status tell(const struct lying *lying, struct blockstore_sink *sink, const struct object *object) {
  const struct object nonsense = {object->bytes, object->length / 2};

  if (is(lying->lie, "huge")) return give(sink, object, BLOCKSTORE_SIZE_UNKNOWN - 1);
  if (is(lying->lie, "short")) return give(sink, object, object->length + 1);
  if (is(lying->lie, "long")) return give(sink, object, object->length / 2);
  if (is(lying->lie, "endless")) return give_endless(sink);
  if (is(lying->lie, "both")) return give_both(lying, sink, object);
  if (is(lying->lie, "bad_then_good") && give(sink, &nonsense, nonsense.length) != BLOCKSTORE_STATUS_OK)
    return BLOCKSTORE_STATUS_OK;
  if (is(lying->lie, "good_then_bad")) return give_on(sink, object);
  if (is(lying->lie, "good_but_denied")) return give(sink, object, object->length), BLOCKSTORE_STATUS_DENIED;
  return give(sink, object, object->length);
}

static enum blockstore_status get(const struct lying *lying, struct blockstore_call *call, struct blockstore_sink *sink,
                                  const char *name) {
  bool is_lie = lies(lying, "get", name);
  struct object object = {NULL, 0};
  enum blockstore_status status;

  if (is_lie && misbehave(lying, call, &status)) return status;
  status = is_lie ? load_as_told(lying, &object, name) : load(lying, &object, "", name);
  if (status == BLOCKSTORE_STATUS_OK && is_lie) distort(lying, &object);
  if (status == BLOCKSTORE_STATUS_OK) status = is_lie ? tell(lying, sink, &object) : give(sink, &object, object.length);
  free(object.bytes);
  return status;
}

static enum blockstore_status keep(const struct lying *lying, const char *name, const struct blockstore_source *data,
                                   size_t length) {
  unsigned char *bytes = malloc(length + 1);
  char path[PATH_ROOM];
  int fd = path_of(path, lying, "", name) ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
  enum blockstore_status status = bytes == NULL || fd < 0 ? BLOCKSTORE_STATUS_FAILED : data->read_at(data, bytes, length, 0);

  if (status == BLOCKSTORE_STATUS_OK && write(fd, bytes, length) != (ssize_t)length) status = BLOCKSTORE_STATUS_FAILED;
  if (fd >= 0) close(fd);
  free(bytes);
  return status;
}

static bool exists(const struct lying *lying, const char *name) {
  char path[PATH_ROOM];

  return path_of(path, lying, "", name) && access(path, F_OK) == 0;
}

/* Reads where there is nothing. */
static void read_beyond(const struct blockstore_source *data) {
  unsigned char byte;

  (void)data->read_at(data, &byte, 1, data->size);
  (void)data->read_at(data, &byte, 1, UINT64_MAX);
}

/* Reads all of it, and keeps nothing. */
static enum blockstore_status forget(const struct blockstore_source *data, size_t length) {
  unsigned char *bytes = malloc(length + 1);
  enum blockstore_status status = bytes == NULL ? BLOCKSTORE_STATUS_FAILED : data->read_at(data, bytes, length, 0);

  free(bytes);
  return status;
}

static enum blockstore_status put(const struct lying *lying, struct blockstore_call *call, const char *name,
                                  const struct blockstore_source *data) {
  size_t length = (size_t)data->size;
  enum blockstore_status status;

  if (!lies(lying, "put", name)) return keep(lying, name, data, length);
  if (misbehave(lying, call, &status)) return status;
  if (is(lying->lie, "freeze") && exists(lying, name)) return BLOCKSTORE_STATUS_OK;
  if (is(lying->lie, "half")) { /* is there when the driver crashes */
    keep(lying, name, data, length / 2);
    fault();
  }
  if (is(lying->lie, "forget")) return forget(data, length);
  if (is(lying->lie, "beyond")) read_beyond(data);
  status = keep(lying, name, data, is(lying->lie, "truncate") ? length / 2 : length);
  return is(lying->lie, "good_but_denied") ? BLOCKSTORE_STATUS_DENIED : status;
}

static enum blockstore_status delete(const struct lying *lying, struct blockstore_call *call, const char *name) {
  enum blockstore_status status;
  char path[PATH_ROOM];

  if (lies(lying, "delete", name) && misbehave(lying, call, &status)) return status;
  if (path_of(path, lying, "", name) && (unlink(path) == 0 || errno == ENOENT)) return BLOCKSTORE_STATUS_OK;
  return BLOCKSTORE_STATUS_FAILED;
}

static enum blockstore_status lying_init(void **ret_self, struct blockstore_call *call,
                                         const struct blockstore_settings *settings,
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

static enum blockstore_status lying_handles_url(void *self, struct blockstore_call *call, const char *url) {
  const struct lying *lying = self;
  enum blockstore_status status;
  char name[NAME_ROOM];

  if (lies(lying, "handles", NULL) && misbehave(lying, call, &status)) return status;
  return name_of_url(name, lying, url) ? BLOCKSTORE_STATUS_OK : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

/* What is said instead of the URL; NULL: the truth. */
static const char *false_url(const struct lying *lying) {
  static const char *const urls[][2] = {{"empty", ""}, {"control", SCHEME "a\nb"}, {"other", SCHEME "/nowhere/m61"}};

  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
    if (is(lying->lie, urls[i][0])) return urls[i][1];
  return NULL;
}

static enum blockstore_status lying_make_mutable_url(void *self, struct blockstore_call *call, struct blockstore_sink *ret_url,
                                                     const char *data_id) {
  const struct lying *lying = self;
  bool is_lie = lies(lying, "url", NULL);
  enum blockstore_status status;
  char name[NAME_ROOM], url[sizeof SCHEME + PATH_ROOM];
  struct object object = {(unsigned char *)url, 0};

  if (is_lie && misbehave(lying, call, &status)) return status;
  if (is_lie && is(lying->lie, "endless")) return give_endless(ret_url);
  name_of(name, data_id);
  if (is_lie && false_url(lying) != NULL) snprintf(url, sizeof url, "%s", false_url(lying));
  else if (snprintf(url, sizeof url, SCHEME "%s/%s", lying->root, name) >= (int)sizeof url) return BLOCKSTORE_STATUS_FAILED;
  object.length = strlen(url);
  return give(ret_url, &object, object.length);
}

static enum blockstore_status lying_get_immutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_data,
                                                  const char *key) {
  return get(self, call, ret_data, key);
}

static enum blockstore_status lying_get_mutable(void *self, struct blockstore_call *call, struct blockstore_sink *ret_record,
                                                const char *url) {
  char name[NAME_ROOM];

  return name_of_url(name, self, url) ? get(self, call, ret_record, name) : BLOCKSTORE_STATUS_UNHANDLED_URL;
}

static enum blockstore_status lying_put_immutable(void *self, struct blockstore_call *call, const char *key,
                                                  const struct blockstore_source *data, const char *txid) {
  (void)txid;
  return put(self, call, key, data);
}

static enum blockstore_status lying_put_mutable(void *self, struct blockstore_call *call, const char *data_id, uint64_t version,
                                                const char *signature, const struct blockstore_source *record) {
  char name[NAME_ROOM];

  (void)version;
  (void)signature;
  name_of(name, data_id);
  return put(self, call, name, record);
}

static enum blockstore_status lying_delete_immutable(void *self, struct blockstore_call *call, const char *key,
                                                     const char *txid) {
  (void)txid;
  return delete(self, call, key);
}

static enum blockstore_status lying_delete_mutable(void *self, struct blockstore_call *call, const char *data_id,
                                                   const char *signature) {
  char name[NAME_ROOM];

  (void)signature;
  name_of(name, data_id);
  return delete(self, call, name);
}

static const struct blockstore_driver lying_driver = {.storage_init = lying_init,
                                                      .storage_close = lying_close,
                                                      .handles_url = lying_handles_url,
                                                      .make_mutable_url = lying_make_mutable_url,
                                                      .get_immutable_handler = lying_get_immutable,
                                                      .get_mutable_handler = lying_get_mutable,
                                                      .put_immutable_handler = lying_put_immutable,
                                                      .put_mutable_handler = lying_put_mutable,
                                                      .delete_immutable_handler = lying_delete_immutable,
                                                      .delete_mutable_handler = lying_delete_mutable};

#define LYING_METADATA                                                                                          \
  BLOCKSTORE_VERSION("1")                                                                                       \
  BLOCKSTORE_DESCRIPTION("A store that lies")                                                                   \
  BLOCKSTORE_URL_SCHEME("lying")                                                                                \
  BLOCKSTORE_CAPABILITY_LOCAL                                                                                   \
  BLOCKSTORE_CAPABILITY_DURABLE                                                                                 \
  BLOCKSTORE_THREADS_PARALLEL                                                                                   \
  BLOCKSTORE_OPTION("root", PATH, REQUIRED, "", "Where the objects are")                                        \
  BLOCKSTORE_OPTION("lie", STRING, OPTIONAL, "none", "What it does wrong")                                      \
  BLOCKSTORE_OPTION_ENUM("on", "get,put,delete,url,handles,init,close", OPTIONAL, "get", "In which call")       \
  BLOCKSTORE_OPTION_ENUM("about", "all,user,data,mutable", OPTIONAL, "all", "About which objects")              \
  BLOCKSTORE_OPTION("at", INT, OPTIONAL, "0", "Which byte")

#ifndef LYING_UNDER_ANOTHER_NAME
BLOCKSTORE_REGISTER_DRIVER(lying, lying_driver, LYING_METADATA);
#endif
