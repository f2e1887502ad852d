/* SPDX-License-Identifier: MIT */
/* The driver ftp and servers that misbehave (t/lib/ftp-standin.py): each fault has its status, and the next call works. */
#include <config.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "t/lib/driver-host.h"

#define PYTHON "/usr/bin/python3"
#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER "10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SOON 700 /* milliseconds, for what never ends by itself */
#define LATER 3500 /* the same, where the driver wants time for what comes first */
#define LINE 32

struct world {
  pid_t server;
  FILE *orders, *answers;
  char port[LINE];
  long sessions; /* that the server has had by the last order */
  struct host_store store;
};

static char *answer(struct world *world, char line[LINE]) {
  if (fgets(line, LINE, world->answers) == NULL) fail_msg("the server has ended");
  line[strcspn(line, "\n")] = '\0';
  return line;
}

/* The server does this from now on.  Returns how many files it has. */
static long order(struct world *world, const char *fault) {
  char line[LINE];
  long files;

  fprintf(world->orders, "%s\n", fault);
  fflush(world->orders);
  assert_int_equal(sscanf(answer(world, line), "%ld %ld", &files, &world->sessions), 2);
  return files;
}

static void start_server(struct world *world, const char *fault) {
  const char *top = getenv("srcdir");
  char *script = host_path("%s/t/lib/ftp-standin.py", top == NULL ? "." : top);
  int in[2], out[2];

  if (access(PYTHON, X_OK) != 0) skip_because("needs python3");
  assert_int_equal(pipe(in), 0);
  assert_int_equal(pipe(out), 0);
  world->server = fork();
  if (world->server == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    for (int fd = 3; fd < 64; fd++) close(fd);
    execl(PYTHON, PYTHON, script, fault, (char *)NULL);
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  free(script);
  world->orders = fdopen(in[1], "w");
  world->answers = fdopen(out[0], "r");
  answer(world, world->port);
}

static void open_store_within(struct world *world, const char *tls, const char *must_exist, const char *silence) {
  const struct host_setting settings[] = {{"host", "127.0.0.1"}, {"port", world->port},   {"user", "alice"},
                                          {"password", "right"}, {"root", "/deep/store"}, {"tls", tls},
                                          {"proxy", "none"},     {"must_exist", must_exist}, {"silence", silence},
                                          {NULL, NULL}};

  host_store_open(&world->store, "ftp", settings);
}

static void open_store(struct world *world, const char *tls, const char *must_exist) {
  open_store_within(world, tls, must_exist, "0");
}

static void begin(struct world *world, const char *fault) {
  start_server(world, fault);
  open_store(world, "none", "false");
}

static void end(struct world *world) {
  host_store_close(&world->store);
  fclose(world->orders);
  fclose(world->answers);
  kill(world->server, SIGKILL);
  waitpid(world->server, NULL, 0);
}

static void set_deadline(struct world *world, unsigned milliseconds) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  world->store.call.deadline =
      milliseconds == 0 ? 0 : (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + milliseconds;
}

static void must_be(struct world *world, const char *what, enum blockstore_status status, enum blockstore_status expected,
                    const char *words) {
  const char *sentence = world->store.call.sentence;

  if (status != expected) fail_msg("%s: status %d instead of %d: %s", what, (int)status, (int)expected, sentence);
  if (status != BLOCKSTORE_STATUS_OK && strstr(sentence, words) == NULL) fail_msg("%s: %s", what, sentence);
}

static const struct {
  const char *fault;
  enum blockstore_status status;
  const char *words;
  unsigned deadline;
} reads[] = {
    {"none", BLOCKSTORE_STATUS_OK, "", 0},
    {"old", BLOCKSTORE_STATUS_OK, "", 0},
    {"flips", BLOCKSTORE_STATUS_OK, "", 0}, /* who asked will see it */
    {"elsewhere", BLOCKSTORE_STATUS_OK, "", 0},
    {"forbidden", BLOCKSTORE_STATUS_DENIED, "has it, but refuses: 550", 0},
    {"cuts", BLOCKSTORE_STATUS_TRANSIENT, "within the data", 0},
    {"breaks", BLOCKSTORE_STATUS_TRANSIENT, "within the data", 0},
    {"unsized", BLOCKSTORE_STATUS_TRANSIENT, "426", 0},
    {"resets", BLOCKSTORE_STATUS_TRANSIENT, "broken off", 0},
    {"babbles", BLOCKSTORE_STATUS_FAILED, "have no end", 0},
    {"drip", BLOCKSTORE_STATUS_CANCELLED, "time is over", SOON},
    {"stalls", BLOCKSTORE_STATUS_CANCELLED, "time is over", SOON},
};

static void test_gets(void **state) {
  static const char bytes[] = "what an FTP server may lose";
  struct world world;

  (void)state;
  begin(&world, "none");
  must_be(&world, "put", host_put_immutable(&world.store, KEY, bytes, sizeof bytes), BLOCKSTORE_STATUS_OK, "");
  for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
    order(&world, reads[i].fault);
    set_deadline(&world, reads[i].deadline);
    must_be(&world, reads[i].fault, host_get_immutable(&world.store, KEY), reads[i].status, reads[i].words);
    set_deadline(&world, 0);
    order(&world, "none");
    host_holds_immutable(&world.store, KEY, bytes, sizeof bytes);
  }
  end(&world);
}

/* A sink that has enough ends what has no end. */
static void test_endless(void **state) {
  struct host_sink sink;
  struct world world;

  (void)state;
  begin(&world, "none");
  must_be(&world, "put", host_put_immutable(&world.store, KEY, "x", 1), BLOCKSTORE_STATUS_OK, "");
  order(&world, "endless");
  host_sink_init(&sink);
  sink.room = 1 << 20;
  sink.fail_with = BLOCKSTORE_STATUS_TOO_LARGE;
  assert_int_equal(world.store.driver->get_immutable_handler(world.store.self, &world.store.call.call, &sink.sink, KEY),
                   BLOCKSTORE_STATUS_TOO_LARGE);
  host_sink_free(&sink);
  order(&world, "none");
  host_holds_immutable(&world.store, KEY, "x", 1);
  end(&world);
}

static const struct {
  const char *fault;
  enum blockstore_status status;
  const char *words;
  unsigned deadline;
  size_t length;
} writes[] = {
    {"halves", BLOCKSTORE_STATUS_TRANSIENT, "has 50 of the 100 bytes", 0, 100},
    {"quota", BLOCKSTORE_STATUS_NO_SPACE, "552", 0, 100},
    {"disk-full", BLOCKSTORE_STATUS_NO_SPACE, "452", 0, 100},
    {"no-room", BLOCKSTORE_STATUS_NO_SPACE, "no room for 1048576", 0, 1 << 20},
    {"no-data", BLOCKSTORE_STATUS_TRANSIENT, "425", 0, 100},
    {"babbles", BLOCKSTORE_STATUS_FAILED, "have no end", 0, 100},
    {"silent", BLOCKSTORE_STATUS_CANCELLED, "time is over", SOON, 100},
};

/* What failed is not there, and can be put again. */
static void test_puts(void **state) {
  char *bytes = calloc(1, 1 << 20);
  struct world world;

  (void)state;
  begin(&world, "none");
  must_be(&world, "put", host_put_immutable(&world.store, OTHER, "x", 1), BLOCKSTORE_STATUS_OK, "");
  for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
    const char *fault = writes[i].fault;

    order(&world, fault);
    set_deadline(&world, writes[i].deadline);
    must_be(&world, fault, host_put_immutable(&world.store, KEY, bytes, writes[i].length), writes[i].status, writes[i].words);
    set_deadline(&world, 0);
    if (order(&world, "none") != 1) fail_msg("%s: something is left behind", fault);
    must_be(&world, fault, host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_NOT_FOUND, "no such object");
    must_be(&world, fault, host_put_immutable(&world.store, KEY, bytes, writes[i].length), BLOCKSTORE_STATUS_OK, "");
    host_holds_immutable(&world.store, KEY, bytes, writes[i].length);
    must_be(&world, fault,
            world.store.driver->delete_immutable_handler(world.store.self, &world.store.call.call, KEY, NULL),
            BLOCKSTORE_STATUS_OK, "");
  }
  free(bytes);
  end(&world);
}

/* Before anything is said. */
static void test_greetings(void **state) {
  static const struct {
    const char *fault, *tls;
    enum blockstore_status status;
    const char *words;
  } rows[] = {
      {"mute", "none", BLOCKSTORE_STATUS_CANCELLED, "time is over"},
      {"greeting", "none", BLOCKSTORE_STATUS_FAILED, "have no end"},
      {"long-line", "none", BLOCKSTORE_STATUS_FAILED, "have no end"},
      {"endless-line", "none", BLOCKSTORE_STATUS_FAILED, "have no end"},
      {"busy", "none", BLOCKSTORE_STATUS_TRANSIENT, "421 Too many users"},
      {"none", "explicit", BLOCKSTORE_STATUS_FAILED, "does not do TLS"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct world world;

    start_server(&world, rows[i].fault);
    open_store(&world, rows[i].tls, "false");
    set_deadline(&world, rows[i].status == BLOCKSTORE_STATUS_CANCELLED ? SOON : 0);
    must_be(&world, rows[i].fault, host_get_immutable(&world.store, KEY), rows[i].status, rows[i].words);
    end(&world);
  }
}

/* The server ends: nobody answers, on a kept connection neither; another one at the same port does. */
static void test_no_server(void **state) {
  struct world world;

  (void)state;
  begin(&world, "none");
  must_be(&world, "put", host_put_immutable(&world.store, KEY, "x", 1), BLOCKSTORE_STATUS_OK, "");
  kill(world.server, SIGKILL);
  waitpid(world.server, NULL, 0);
  must_be(&world, "get", host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_TRANSIENT, "Nobody listens");
  must_be(&world, "put", host_put_immutable(&world.store, KEY, "x", 1), BLOCKSTORE_STATUS_TRANSIENT, "Nobody listens");
  end(&world);
}

/* What is not there is told from what cannot be known. */
static void test_absence(void **state) {
  struct world world;

  (void)state;
  begin(&world, "none");
  must_be(&world, "no root", host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_NOT_FOUND, "no such object");
  must_be(&world, "put", host_put_immutable(&world.store, OTHER, "x", 1), BLOCKSTORE_STATUS_OK, "");
  must_be(&world, "no folder", host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_NOT_FOUND, "no such object");
  order(&world, "old");
  must_be(&world, "by NLST", host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_NOT_FOUND, "no such object");
  order(&world, "closed");
  must_be(&world, "no list", host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_DENIED, "550 not listed");
  order(&world, "long-list");
  must_be(&world, "endless list", host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_FAILED, "longer than");
  order(&world, "keeps");
  must_be(&world, "delete", world.store.driver->delete_immutable_handler(world.store.self, &world.store.call.call, OTHER, NULL),
          BLOCKSTORE_STATUS_DENIED, "refuses: 550 no");
  end(&world);
  start_server(&world, "none");
  open_store(&world, "none", "true");
  must_be(&world, "root must exist", host_get_immutable(&world.store, KEY), BLOCKSTORE_STATUS_FAILED, "The root is not there");
  must_be(&world, "root must exist", host_put_immutable(&world.store, KEY, "x", 1), BLOCKSTORE_STATUS_FAILED,
          "The root is not there");
  end(&world);
}

static enum blockstore_status check(struct world *world) {
  struct host_sink sink;
  enum blockstore_status status;

  host_sink_init(&sink);
  status = world->store.driver->check(world->store.self, &world->store.call.call, &sink.sink);
  host_sink_free(&sink);
  return status;
}

/* What cannot be swept does no harm; what cannot be put does. */
static void test_health(void **state) {
  struct world world;

  (void)state;
  begin(&world, "none");
  must_be(&world, "check", check(&world), BLOCKSTORE_STATUS_OK, "");
  order(&world, "closed");
  must_be(&world, "no list", check(&world), BLOCKSTORE_STATUS_OK, "");
  order(&world, "quota");
  must_be(&world, "no room", check(&world), BLOCKSTORE_STATUS_NO_SPACE, "552");
  end(&world);
}

/* Other bytes under a key are replaced, also by a server that refuses to rename over a file. */
static void test_repair(void **state) {
  struct world world;

  (void)state;
  begin(&world, "none");
  must_be(&world, "put", host_put_immutable(&world.store, KEY, "one", 3), BLOCKSTORE_STATUS_OK, "");
  order(&world, "no-replace");
  must_be(&world, "put", host_put_immutable(&world.store, KEY, "two", 3), BLOCKSTORE_STATUS_OK, "");
  host_holds_immutable(&world.store, KEY, "two", 3);
  must_be(&world, "put", host_put_immutable(&world.store, KEY, "longer", 6), BLOCKSTORE_STATUS_OK, "");
  host_holds_immutable(&world.store, KEY, "longer", 6);
  order(&world, "old");
  must_be(&world, "put", host_put_immutable(&world.store, KEY, "shorter", 7), BLOCKSTORE_STATUS_OK, "");
  must_be(&world, "put again", host_put_immutable(&world.store, KEY, "shorter", 7), BLOCKSTORE_STATUS_OK, "");
  host_holds_immutable(&world.store, KEY, "shorter", 7);
  order(&world, "breaks");
  must_be(&world, "cannot be read", host_put_immutable(&world.store, KEY, "shorter", 7), BLOCKSTORE_STATUS_OK, "");
  assert_int_equal(order(&world, "none"), 1);
  host_holds_immutable(&world.store, KEY, "shorter", 7);
  end(&world);
}

static const struct {
  const char *fault, *record;
  enum blockstore_status status;
  const char *words;
  unsigned deadline;
} replacements[] = {
    {"no-rename", "new", BLOCKSTORE_STATUS_DENIED, "No file can be renamed to this: 553", 0},
    {"stuck", "stuck", BLOCKSTORE_STATUS_DENIED, "553 not this", 0},
    {"vanishes", "new", BLOCKSTORE_STATUS_DENIED, "550 no file", 0},
    {"silent", "new", BLOCKSTORE_STATUS_CANCELLED, "time is over", SOON},
    {"no-replace", "new", BLOCKSTORE_STATUS_TRANSIENT, "too little time left to replace it", SOON},
    {"busy-aside", "new", BLOCKSTORE_STATUS_TRANSIENT, "451 not now", 0},
    {"cut-aside", "new", BLOCKSTORE_STATUS_TRANSIENT, "", 0}, /* the former record has gone aside, and nobody said so */
    {"slow-aside", "new", BLOCKSTORE_STATUS_CANCELLED, "time is over", LATER},
};

/* A record that cannot be replaced stays, and nothing is left beside it; one that is replaced while it is read is whole. */
static void test_records(void **state) {
  struct world world;

  (void)state;
  begin(&world, "none");
  must_be(&world, "put", host_put_mutable(&world.store, "id", "old", 3), BLOCKSTORE_STATUS_OK, "");
  for (size_t i = 0; i < sizeof replacements / sizeof replacements[0]; i++) {
    const char *fault = replacements[i].fault, *record = replacements[i].record;

    order(&world, fault);
    set_deadline(&world, replacements[i].deadline);
    must_be(&world, fault, host_put_mutable(&world.store, "id", record, strlen(record)), replacements[i].status,
            replacements[i].words);
    set_deadline(&world, 0);
    if (order(&world, "none") != 1) fail_msg("%s: something is left behind", fault);
    host_holds_mutable(&world.store, "id", "old", 3);
  }
  order(&world, "no-replace");
  must_be(&world, "no-replace", host_put_mutable(&world.store, "id", "longer", 6), BLOCKSTORE_STATUS_OK, "");
  assert_int_equal(order(&world, "grows"), 1);
  host_holds_mutable(&world.store, "id", "longer", 6);
  order(&world, "superfluous");
  must_be(&world, "superfluous", world.store.driver->delete_mutable_handler(world.store.self, &world.store.call.call, "id", NULL),
          BLOCKSTORE_STATUS_FAILED, "202 needless");
  end(&world);
}

/* A call that is over tidies up once, however much there is: the former record stays aside if that does not do. */
static void test_tidying(void **state) {
  struct world world;
  long before;

  (void)state;
  begin(&world, "none");
  must_be(&world, "put", host_put_mutable(&world.store, "id", "old", 3), BLOCKSTORE_STATUS_OK, "");
  order(&world, "mute-aside");
  before = world.sessions;
  set_deadline(&world, LATER);
  must_be(&world, "mute", host_put_mutable(&world.store, "id", "new", 3), BLOCKSTORE_STATUS_CANCELLED, "time is over");
  set_deadline(&world, 0);
  order(&world, "no-replace");
  assert_int_equal(world.sessions - before, 1);
  must_be(&world, "put again", host_put_mutable(&world.store, "id", "new", 3), BLOCKSTORE_STATUS_OK, "");
  host_holds_mutable(&world.store, "id", "new", 3);
  end(&world);
}

/* No call has a deadline: one server does not end the connection of data, one says nothing at all. */
static void test_silence(void **state) {
  struct world world;

  (void)state;
  start_server(&world, "lingers");
  open_store_within(&world, "none", "false", "1000");
  must_be(&world, "lingers", host_put_immutable(&world.store, KEY, "hello", 5), BLOCKSTORE_STATUS_OK, "");
  end(&world);
  start_server(&world, "mute");
  open_store_within(&world, "none", "false", "1000");
  must_be(&world, "mute", host_put_immutable(&world.store, KEY, "hello", 5), BLOCKSTORE_STATUS_TRANSIENT, "(silence)");
  end(&world);
}

/* A store that is closed waits for no farewell. */
static void test_farewell(void **state) {
  struct world world;

  (void)state;
  begin(&world, "none");
  must_be(&world, "put", host_put_immutable(&world.store, KEY, "x", 1), BLOCKSTORE_STATUS_OK, "");
  order(&world, "babbles");
  end(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gets),      cmocka_unit_test(test_endless), cmocka_unit_test(test_puts),
      cmocka_unit_test(test_greetings), cmocka_unit_test(test_absence), cmocka_unit_test(test_no_server),
      cmocka_unit_test(test_repair),    cmocka_unit_test(test_records), cmocka_unit_test(test_silence),
      cmocka_unit_test(test_farewell),  cmocka_unit_test(test_tidying),
      cmocka_unit_test(test_health),
  };

  return RUN_TESTS(tests);
}
