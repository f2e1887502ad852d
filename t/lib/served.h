/* SPDX-License-Identifier: MIT */
/* The provider blockstored, opened on the stand-in t/lib/names-standin.py, which tells what a test wants. */
#ifndef BS_T_SERVED_H
#define BS_T_SERVED_H

#include <signal.h>
#include <sys/wait.h>

#include "core/base/auto.h"
#include "core/names/prove.h"
#include "core/names/provider.h"
#include "t/lib/unit.h"

#define PYTHON "/usr/bin/python3"

struct world {
  char directory[60], path[80], server[100];
  pid_t pid;
  int input;
  struct bs_scopes scopes;
  struct bs_scope *scope;
  struct bs_names *names;
};

/* lies: of the stand-in (t/lib/names-standin.py), "" for none; more: members of its world, with a comma behind. */
static inline void tell_of(const struct world *world, unsigned block, const char *more, const char *lies) {
  char next[100];
  FILE *file;

  snprintf(next, sizeof next, "%s.new", world->path);
  file = fopen(next, "we");
  assert_non_null(file);
  fprintf(file, "{%s\"block\": %u, \"history\": \"one\", \"names\": {\"foo.id\": {}}, \"lies\": {%s}}", more, block, lies);
  assert_int_equal(fclose(file), 0);
  assert_int_equal(rename(next, world->path), 0);
}

static inline void tell(const struct world *world, unsigned block, const char *lies) {
  tell_of(world, block, "", lies);
}

static inline void run_standin(const struct world *world, int in, int out) {
  const char *top = getenv("srcdir");
  char script[4096];

  snprintf(script, sizeof script, "%s/t/lib/names-standin.py", top == NULL ? "." : top);
  dup2(in, 0);
  dup2(out, 1);
  for (int fd = 3; fd < 64; fd++) close(fd);
  alarm(0);
  execl(PYTHON, PYTHON, script, world->path, world->server + strlen("unix:"), (char *)NULL);
  _exit(127);
}

static inline void start(struct world *world) {
  int in[2], out[2];
  char byte = '\0';

  unlink(world->server + strlen("unix:"));
  assert_int_equal(pipe(in), 0);
  assert_int_equal(pipe(out), 0);
  world->pid = fork();
  assert_true(world->pid >= 0);
  if (world->pid == 0) run_standin(world, in[0], out[1]);
  close(in[0]);
  close(out[1]);
  world->input = in[1];
  while (byte != '\n')
    if (read(out[0], &byte, 1) != 1) fail_msg("the stand-in does not start");
  close(out[0]);
}

static inline void stop(struct world *world) {
  close(world->input);
  kill(world->pid, SIGKILL);
  waitpid(world->pid, NULL, 0);
}

static inline int set_up(void **state) {
  struct world *world = calloc(1, sizeof *world);
  const char *server = world->server;
  const struct bs_names_config config = {.provider = "blockstored", .servers = &server, .server_count = 1, .port = 1};
  struct bs_error error = {0};

  assert_non_null(world);
  snprintf(world->directory, sizeof world->directory, "/tmp/blockstore-served-XXXXXX");
  assert_non_null(mkdtemp(world->directory));
  snprintf(world->path, sizeof world->path, "%s/world", world->directory);
  snprintf(world->server, sizeof world->server, "unix:%s/socket", world->directory);
  tell(world, 20, "");
  start(world);
  assert_ok(bs_scope_open(&world->scopes, &world->scope, 20000, &error));
  assert_ok(bs_names_open(&world->names, &config, &error));
  *state = world;
  return 0;
}

static inline int tear_down(void **state) {
  struct world *world = *state;
  char command[100];

  stop(world);
  bs_names_close(world->names);
  bs_scope_close(world->scope);
  bs_scopes_free(&world->scopes);
  snprintf(command, sizeof command, "rm -rf %s", world->directory);
  if (system(command) != 0) return -1;
  free(world);
  return 0;
}

static inline bool look_up(struct world *world, struct bs_error *error) {
  struct bs_name_record record;

  return bs_names_lookup(world->names, world->scope, &record, "foo.id", error);
}

#define SERVED(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define RUN_SERVED(tests) (access(PYTHON, X_OK) == 0 ? RUN_TESTS(tests) : (puts("1..0 # SKIP needs " PYTHON), 0))

#endif
