/* SPDX-License-Identifier: MIT */
/* The processes of the exec driver: how many there are and when they end, whatever becomes of them or of their host. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "t/lib/processes.h"

#define KEY "5a34567890123456789012345678901234567890123456789012345678901234"

/* Answers each get with its process id, each put with what it is told. */
#define PROGRAM                                                                \
  "#!/bin/sh\n"                                                                \
  "me=$$\n"                                                                    \
  "while read -r word id rest <&3; do\n"                                       \
  "  case $word in\n"                                                          \
  "    get_*) eval \"$1\"; printf '%s\\n%s' \"data $id size=${#me}\" $me >&3 ;;\n" \
  "    put_*) eval \"$2\" ;;\n"                                                \
  "  esac\n"                                                                   \
  "  echo \"done $id status=ok\" >&3\n"                                        \
  "done\n"

static uint64_t now_ms(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void nap(unsigned milliseconds) {
  struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};

  while (nanosleep(&time, &time) < 0 && errno == EINTR) continue;
}

/* ---- who there is ---- */

static size_t count_programs(void) {
  pid_t pids[64];

  return programs(pids, 64, false);
}

/* Is it there, and no zombie? */
static bool is_alive(pid_t pid) {
  char state = process_look(pid).state;

  return state != 'X' && state != 'Z';
}

static void must_end(pid_t pid, unsigned milliseconds) {
  for (uint64_t end_ms = now_ms() + milliseconds; is_alive(pid); nap(5))
    if (now_ms() > end_ms) fail_msg("Process %d is there still.", (int)pid);
}

static size_t count_descriptors(void) {
  DIR *descriptors = opendir("/proc/self/fd");
  size_t count = 0;

  assert_non_null(descriptors);
  while (readdir(descriptors) != NULL) count++;
  closedir(descriptors);
  return count;
}

/* ---- a store ---- */

struct scene {
  char *directory, *program;
  struct host_store store;
};

static void write_program(const char *path, const char *text) {
  FILE *file = fopen(path, "we");

  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fchmod(fileno(file), 0755), 0);
  assert_int_equal(fclose(file), 0);
}

/* Without a store: a child that is forked then may have threads, also under ThreadSanitizer. */
static void scene_prepare(struct scene *scene) {
  scene->directory = host_directory();
  scene->program = host_path("%s/program", scene->directory);
  write_program(scene->program, PROGRAM);
}

static void scene_remove(struct scene *scene) {
  free(scene->program);
  host_directory_remove(scene->directory);
}

static void scene_begin(struct scene *scene, const char *get, const char *put) {
  scene_prepare(scene);
  host_store_open(&scene->store, "exec", (const struct host_setting[]){
      {"program", scene->program}, {"arguments", get}, {"arguments", put}, {NULL, NULL}});
}

static void scene_end(struct scene *scene) {
  host_store_close(&scene->store);
  scene_remove(scene);
}

/* The process that answers a get, which must succeed. */
static pid_t ask(struct host_store *store) {
  struct host_sink sink;
  struct host_call call;
  pid_t pid;

  host_call_init(&call);
  host_sink_init(&sink);
  if (store->driver->get_immutable_handler(store->self, &call.call, &sink.sink, KEY) != BLOCKSTORE_STATUS_OK)
    fail_msg("%s", call.sentence);
  pid = (pid_t)strtol((const char *)sink.bytes, NULL, 10);
  host_sink_free(&sink);
  return pid;
}

static void *ask_once(void *store) {
  ask(store);
  return NULL;
}

static void *ask_in_vain(void *store) {
  assert_int_equal(host_get_immutable(store, KEY), BLOCKSTORE_STATUS_TRANSIENT);
  return NULL;
}

static void ask_at_once(struct host_store *store, int count) {
  pthread_t threads[16];

  for (int i = 0; i < count; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask_once, store), 0);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

/* ---- tests ---- */

static void one_is_kept(void **state) {
  size_t descriptors = count_descriptors();
  struct scene scene;
  pid_t pid;

  (void)state;
  scene_begin(&scene, "", "");
  assert_int_equal(count_programs(), 1);
  pid = ask(&scene.store);
  for (int i = 0; i < 20; i++) assert_int_equal(ask(&scene.store), pid);
  assert_int_equal(count_programs(), 1);
  scene_end(&scene);
  assert_int_equal(count_programs(), 0);
  assert_int_equal(count_descriptors(), descriptors);
}

static void each_call_has_its_own(void **state) {
  uint64_t begun_ms;
  struct scene scene;

  (void)state;
  scene_begin(&scene, "sleep 0.5", "");
  begun_ms = now_ms();
  ask_at_once(&scene.store, 4);
  assert_true(now_ms() - begun_ms < 1800);
  assert_int_equal(count_programs(), 4);
  ask_at_once(&scene.store, 4);
  assert_int_equal(count_programs(), 4);
  nap(9000); /* and those that have nothing to do for ten seconds end, but one */
  assert_int_equal(count_programs(), 4);
  nap(2000);
  assert_int_equal(count_programs(), 1);
  ask(&scene.store);
  assert_int_equal(count_programs(), 1);
  scene_end(&scene);
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* With no more than so many processes. */
static void scene_begin_narrow(struct scene *scene, const char *most, const char *get) {
  scene_prepare(scene);
  host_store_open(&scene->store, "exec", (const struct host_setting[]){
      {"program", scene->program}, {"processes", most}, {"arguments", get}, {NULL, NULL}});
}

static void there_are_no_more_than_may_be(void **state) {
  pthread_t threads[6];
  uint64_t begun_ms;
  struct scene scene;

  (void)state;
  scene_begin_narrow(&scene, "2", "sleep 0.3");
  begun_ms = now_ms();
  for (int i = 0; i < 6; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask_once, &scene.store), 0);
  for (int i = 0; i < 80; i++, nap(10)) assert_in_range(count_programs(), 1, 2);
  for (int i = 0; i < 6; i++) pthread_join(threads[i], NULL);
  assert_true(now_ms() - begun_ms >= 900);
  assert_int_equal(count_programs(), 2);
  scene_end(&scene);
}

struct turn {
  struct host_store *store;
  pthread_t thread;
  uint64_t ended_ms;
};

static void *take_turn(void *user) {
  struct turn *turn = user;

  ask(turn->store);
  turn->ended_ms = now_ms();
  return NULL;
}

static void who_has_waited_longest_is_next(void **state) {
  struct turn turns[6];
  struct scene scene;

  (void)state;
  scene_begin_narrow(&scene, "1", "sleep 0.2");
  for (int i = 0; i < 6; i++, nap(50)) {
    turns[i].store = &scene.store;
    assert_int_equal(pthread_create(&turns[i].thread, NULL, take_turn, &turns[i]), 0);
  }
  for (int i = 0; i < 6; i++) pthread_join(turns[i].thread, NULL);
  for (int i = 1; i < 6; i++) assert_true(turns[i].ended_ms >= turns[i - 1].ended_ms + 100);
  assert_int_equal(count_programs(), 1);
  scene_end(&scene);
}

static enum blockstore_status try_for(struct host_store *store, struct host_call *call, unsigned milliseconds) {
  struct host_sink sink;
  enum blockstore_status status;

  host_call_init(call);
  call->deadline = now_ms() + milliseconds;
  host_sink_init(&sink);
  status = store->driver->get_immutable_handler(store->self, &call->call, &sink.sink, KEY);
  host_sink_free(&sink);
  return status;
}

static void who_waits_in_vain_gives_up(void **state) {
  uint64_t begun_ms = 0;
  struct host_call call;
  struct scene scene;
  pthread_t thread;

  (void)state;
  scene_begin_narrow(&scene, "1", "sleep 1");
  assert_int_equal(pthread_create(&thread, NULL, ask_once, &scene.store), 0);
  nap(300);
  begun_ms = now_ms();
  assert_int_equal(try_for(&scene.store, &call, 200), BLOCKSTORE_STATUS_CANCELLED);
  assert_in_range(now_ms() - begun_ms, 200, 450);
  pthread_join(thread, NULL);
  assert_int_equal(try_for(&scene.store, &call, 5000), BLOCKSTORE_STATUS_OK);
  scene_end(&scene);
}

/* Whatever becomes of the one that there may be, another takes its place, and who waits gets it. */
static void one_that_ends_makes_room(void **state) {
  struct host_call call;
  struct scene scene;
  pthread_t thread;

  (void)state;
  scene_begin_narrow(&scene, "1", "[ -e \"$0.ready\" ] || { sleep 0.3; : >\"$0.ready\"; exit 1; }");
  assert_int_equal(pthread_create(&thread, NULL, ask_in_vain, &scene.store), 0);
  nap(100);
  assert_int_equal(try_for(&scene.store, &call, 5000), BLOCKSTORE_STATUS_OK);
  pthread_join(thread, NULL);
  for (int i = 0; i < 5; i++) {
    pid_t pid = ask(&scene.store);

    kill(pid, SIGKILL);
    must_end(pid, 1000);
    assert_int_equal(try_for(&scene.store, &call, 5000), BLOCKSTORE_STATUS_OK);
  }
  assert_int_equal(count_programs(), 1);
  scene_end(&scene);
}

struct attempt {
  struct host_store *store;
  struct host_call call;
  pthread_t thread;
  enum blockstore_status status;
};

static void *attempt(void *user) {
  struct attempt *attempt = user;

  attempt->status = try_for(attempt->store, &attempt->call, 10000);
  return NULL;
}

/* Those that wait while it fails are told so: a program that crashes is not started for one after the other. */
static void a_pause_is_one_for_those_that_wait(void **state) {
  static struct attempt attempts[6];
  unsigned told = 0;
  struct scene scene;

  (void)state;
  scene_begin_narrow(&scene, "1", "sleep 0.5; exit 1");
  for (int i = 0; i < 6; i++, nap(20)) {
    attempts[i].store = &scene.store;
    assert_int_equal(pthread_create(&attempts[i].thread, NULL, attempt, &attempts[i]), 0);
  }
  for (int i = 0; i < 6; i++) {
    pthread_join(attempts[i].thread, NULL);
    assert_int_equal(attempts[i].status, BLOCKSTORE_STATUS_TRANSIENT);
    if (strstr(attempts[i].call.sentence, "It failed 2 times in a row and is not started for another ") == NULL) continue;
    assert_in_range(attempts[i].call.retry_after, 1, 100);
    told++;
  }
  assert_int_equal(told, 4);
  scene_end(&scene);
}

static void touch(const struct scene *scene, const char *suffix) {
  char *path = host_path("%s.%s", scene->program, suffix);

  write_program(path, "");
  free(path);
}

/* A call that ends well says that the program works: who needs another process then does not wait for the pause to end. */
static void what_works_again_is_not_paused(void **state) {
  char *broken;
  struct host_call call = {.sentence = ""};
  struct scene scene;
  pthread_t thread;

  (void)state;
  scene_begin_narrow(&scene, "3", "if mkdir \"$0.first\" 2>/dev/null; then until [ -e \"$0.go\" ]; do sleep 0.01; done; fi; "
                                  "[ ! -e \"$0.broken\" ] || [ -e \"$0.go\" ] || exit 1; sleep 0.2");
  assert_int_equal(pthread_create(&thread, NULL, ask_once, &scene.store), 0);
  broken = host_path("%s.first", scene.program);
  while (access(broken, F_OK) < 0) nap(10);
  free(broken);
  touch(&scene, "broken");
  while (strstr(call.sentence, "It failed 6 times in a row") == NULL)
    assert_int_equal(try_for(&scene.store, &call, 10000), BLOCKSTORE_STATUS_TRANSIENT);
  touch(&scene, "go");
  pthread_join(thread, NULL);
  ask_at_once(&scene.store, 3);
  scene_end(&scene);
}

static enum blockstore_status take_late(struct blockstore_sink *sink, const void *bytes, size_t length) {
  (void)sink;
  (void)bytes;
  (void)length;
  nap(300);
  return BLOCKSTORE_STATUS_OK;
}

static void *ask_slowly(void *user) {
  struct host_store *store = user;
  struct host_sink sink;
  struct host_call call;

  host_call_init(&call);
  host_sink_init(&sink);
  sink.sink.write = take_late;
  assert_int_equal(store->driver->get_immutable_handler(store->self, &call.call, &sink.sink, KEY), BLOCKSTORE_STATUS_OK);
  host_sink_free(&sink);
  return NULL;
}

/* Who waits for a process does not get one that has ended behind its last call, and nobody pays for it. */
static void one_that_has_ended_is_not_handed_on(void **state) {
  pthread_t threads[4];
  struct host_call call;
  struct scene scene;

  (void)state;
  scene_begin_narrow(&scene, "1", "printf '%s\\nx%s\\n' \"data $id size=1\" \"done $id status=ok\" >&3; exit 0");
  for (int i = 0; i < 4; i++, nap(50))
    assert_int_equal(pthread_create(&threads[i], NULL, ask_slowly, &scene.store), 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  assert_int_equal(try_for(&scene.store, &call, 5000), BLOCKSTORE_STATUS_OK);
  assert_in_range(count_programs(), 0, 1);
  scene_end(&scene);
}

static void a_dead_one_is_replaced(void **state) {
  struct scene scene;

  (void)state;
  scene_begin(&scene, "", "");
  for (int i = 0; i < 5; i++) {
    pid_t pid = ask(&scene.store);

    kill(pid, SIGKILL);
    must_end(pid, 1000);
    for (int naps = 0; i % 2 == 0 && count_programs() > 0; naps++) { /* it is waited for without a call */
      assert_true(naps < 150);
      nap(10);
    }
    assert_int_not_equal(ask(&scene.store), pid);
  }
  scene_end(&scene);
  assert_int_equal(count_programs(), 0);
}

/* One that does not end when it is told to, with a child that does not either. */
static void a_stubborn_one_is_killed(void **state) {
  char *path, text[32] = "";
  uint64_t begun_ms;
  struct scene scene;
  FILE *file;
  pid_t pid, child;

  (void)state;
  path = host_path("/tmp/blockstore-child-%d", (int)getpid());
  scene_begin(&scene, "trap '' TERM HUP INT; sleep 1000 & echo $! >\"$2\"; trap 'sleep 1000' EXIT", path);
  pid = ask(&scene.store);
  file = fopen(path, "re");
  assert_non_null(file);
  assert_non_null(fgets(text, sizeof text, file));
  fclose(file);
  child = (pid_t)strtol(text, NULL, 10);
  assert_true(is_alive(child));
  begun_ms = now_ms();
  scene_end(&scene);
  assert_in_range(now_ms() - begun_ms, 1000, 2000);
  must_end(pid, 0);
  must_end(child, 1000);
  unlink(path);
  free(path);
}

/* ---- hosts of other kinds ---- */

/* In a child, which must exit with 0. */
static void in_child(void (*run)(struct scene *scene), struct scene *scene) {
  int status;
  pid_t child = fork();

  assert_true(child >= 0);
  if (child == 0) {
    run(scene);
    _exit(0);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  if (status != 0) fail_msg("The child ended with status %d, signal %d.", WEXITSTATUS(status), WTERMSIG(status));
}

static void use_and_close(struct scene *scene) {
  struct host_store store;

  host_store_open(&store, "exec", (const struct host_setting[]){{"program", scene->program}, {NULL, NULL}});
  if (ask(&store) <= 0) _exit(1);
  host_store_close(&store);
  if (count_programs() != 0) _exit(2);
}

static void without_standard_descriptors(struct scene *scene) {
  for (int fd = 0; fd < 10; fd++) close(fd);
  use_and_close(scene);
}

/* What the program gets is its own; what it must not get, too. */
static void with_signals(struct scene *scene) {
  sigset_t all;

  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  use_and_close(scene);
}

/* Whatever is missing when a store is opened, nothing is left of it. */
static void with_few_descriptors(struct scene *scene) {
  const char *preloaded = getenv("LD_PRELOAD");
  unsigned opened = 0, refused = 0;
  struct rlimit limit, less;

  if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL) return; /* valgrind gives out more, which then are bad */
  host_load("exec");
  getrlimit(RLIMIT_NOFILE, &limit);
  less = limit;
  for (unsigned room = 0; room < 30; room++) {
    size_t before = count_descriptors();
    struct host_store store;
    enum blockstore_status status;

    less.rlim_cur = 3 + room;
    setrlimit(RLIMIT_NOFILE, &less);
    status = host_store_try(&store, "exec", (const struct host_setting[]){{"program", scene->program}, {NULL, NULL}});
    setrlimit(RLIMIT_NOFILE, &limit);
    if (status != BLOCKSTORE_STATUS_OK && (status != BLOCKSTORE_STATUS_TRANSIENT || store.call.sentence[0] == '\0')) _exit(1);
    if (status == BLOCKSTORE_STATUS_OK) host_store_close(&store);
    *(status == BLOCKSTORE_STATUS_OK ? &opened : &refused) += 1;
    if (count_descriptors() != before || count_programs() != 0) _exit(2);
  }
  if (opened == 0 || refused < 5) _exit(3);
}

static void hosts_of_other_kinds(void **state) {
  static struct scene scene; /* still known where a child ends */

  (void)state;
  scene_prepare(&scene);
  in_child(without_standard_descriptors, &scene);
  in_child(with_signals, &scene);
  in_child(with_few_descriptors, &scene);
  scene_remove(&scene);
}

/* One that the host has forked has copies of all descriptors: the program hears that the store is closed all the same. */
static void a_child_of_the_host(void **state) {
  uint64_t begun_ms;
  struct scene scene;
  pid_t child;

  (void)state;
  scene_begin(&scene, "", "");
  child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  assert_true(child > 0 && ask(&scene.store) > 0);
  begun_ms = now_ms();
  scene_end(&scene);
  assert_true(now_ms() - begun_ms < 1000);
  kill(child, SIGKILL);
  assert_int_equal(waitpid(child, NULL, 0), child);
}

static const char *told_in;

/* A host that dies while a program is at work, and another waits. */
static void use_and_hang(struct scene *scene) {
  struct host_store store;
  pthread_t thread;
  FILE *file;

  host_store_open(&store, "exec", (const struct host_setting[]){
      {"program", scene->program}, {"arguments", "[ -e \"$2.busy\" ] && exec sleep 1000"}, {"arguments", told_in}, {NULL, NULL}});
  file = fopen(told_in, "we");
  if (file == NULL) _exit(1);
  fprintf(file, "%d\n", (int)ask(&store));
  fclose(file);
  {
    char *busy = host_path("%s.busy", told_in);

    write_program(busy, "");
    free(busy);
  }
  pthread_create(&thread, NULL, ask_once, &store);
  pause();
}

static void none_outlives_its_host(void **state) {
  char *path, *busy, text[32] = "";
  static struct scene scene;
  FILE *file;
  pid_t host, pid;

  (void)state;
  scene_prepare(&scene);
  path = host_path("%s/told", scene.directory);
  busy = host_path("%s.busy", path);
  told_in = path;
  host = fork();
  if (host == 0) use_and_hang(&scene);
  while (access(busy, F_OK) != 0 && waitpid(host, NULL, WNOHANG) == 0) nap(10);
  nap(200);
  file = fopen(path, "re");
  assert_non_null(file);
  assert_non_null(fgets(text, sizeof text, file));
  fclose(file);
  pid = (pid_t)strtol(text, NULL, 10);
  assert_true(pid > 0 && is_alive(pid));
  kill(host, SIGKILL);
  assert_int_equal(waitpid(host, NULL, 0), host);
  must_end(pid, 1000);
  free(busy);
  free(path);
  scene_remove(&scene);
}

/* ---- sizes ---- */

static enum blockstore_status count_bytes(struct blockstore_sink *sink, const void *bytes, size_t length) {
  struct host_sink *ours = (struct host_sink *)sink;

  (void)bytes;
  ours->length += length;
  return BLOCKSTORE_STATUS_OK;
}

/* A frame that is larger than memory should be takes none. */
static void a_large_frame_takes_no_memory(void **state) {
  struct rusage before, after;
  struct host_sink sink;
  struct scene scene;

  (void)state;
  scene_begin(&scene, "echo \"data $id size=1073741824\" >&3; head -c 1073741824 /dev/zero >&3", "");
  host_sink_init(&sink);
  sink.sink.write = count_bytes;
  getrusage(RUSAGE_SELF, &before);
  assert_int_equal(scene.store.driver->get_immutable_handler(scene.store.self, &scene.store.call.call, &sink.sink, KEY),
                   BLOCKSTORE_STATUS_OK);
  getrusage(RUSAGE_SELF, &after);
  assert_true(sink.length > 1073741824 && sink.length < 1073741840);
  assert_true(after.ru_maxrss - before.ru_maxrss < 8192);
  scene_end(&scene);
}

/* What goes beyond what is wanted ends the call at once; the program that hears of it is kept. */
static void too_much_is_refused(void **state) {
  struct host_sink sink;
  uint64_t begun_ms;
  struct scene scene;
  pid_t pids[4];

  (void)state;
  scene_begin(&scene, "echo \"begin $id size=4294967296\" >&3; read -r word rest <&3; [ $word = cancel ] || exit 1", "");
  assert_int_equal(programs(pids, 4, false), 1);
  host_sink_init(&sink);
  sink.room = 0;
  begun_ms = now_ms();
  assert_int_equal(scene.store.driver->get_immutable_handler(scene.store.self, &scene.store.call.call, &sink.sink, KEY),
                   BLOCKSTORE_STATUS_TOO_LARGE);
  assert_true(now_ms() - begun_ms < 300);
  assert_int_equal(count_programs(), 1);
  assert_true(is_alive(pids[0]));
  scene_end(&scene);
  scene_begin(&scene, "echo \"data $id size=1099511627776\" >&3; cat /dev/zero >&3", "");
  assert_int_equal(programs(pids, 4, false), 1);
  begun_ms = now_ms();
  sink.room = 100000;
  assert_int_equal(scene.store.driver->get_immutable_handler(scene.store.self, &scene.store.call.call, &sink.sink, KEY),
                   BLOCKSTORE_STATUS_TOO_LARGE);
  assert_in_range(now_ms() - begun_ms, 350, 700);
  must_end(pids[0], 100);
  host_sink_free(&sink);
  scene_end(&scene);
}

static void a_pause_is_handed_on(void **state) {
  struct scene scene;

  (void)state;
  scene_begin(&scene, "", "echo \"done $id status=transient retry_after=1500 error=Busy.\" >&3; continue");
  assert_int_equal(host_put_immutable(&scene.store, KEY, "x", 1), BLOCKSTORE_STATUS_TRANSIENT);
  assert_string_equal(scene.store.call.sentence, "Busy.");
  assert_int_equal(scene.store.call.retry_after, 1500);
  scene_end(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(one_is_kept),
                                     cmocka_unit_test(each_call_has_its_own),
                                     cmocka_unit_test(there_are_no_more_than_may_be),
                                     cmocka_unit_test(who_has_waited_longest_is_next),
                                     cmocka_unit_test(who_waits_in_vain_gives_up),
                                     cmocka_unit_test(one_that_ends_makes_room),
                                     cmocka_unit_test(a_pause_is_one_for_those_that_wait),
                                     cmocka_unit_test(what_works_again_is_not_paused),
                                     cmocka_unit_test(one_that_has_ended_is_not_handed_on),
                                     cmocka_unit_test(a_dead_one_is_replaced),
                                     cmocka_unit_test(a_stubborn_one_is_killed),
                                     cmocka_unit_test(hosts_of_other_kinds),
                                     cmocka_unit_test(a_child_of_the_host),
                                     cmocka_unit_test(none_outlives_its_host),
                                     cmocka_unit_test(a_large_frame_takes_no_memory),
                                     cmocka_unit_test(too_much_is_refused),
                                     cmocka_unit_test(a_pause_is_handed_on)};

  return RUN_TESTS(tests);
}
