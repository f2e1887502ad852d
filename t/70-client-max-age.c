/* SPDX-License-Identifier: MIT */
/* How long a session relies on what a name server said of a name (names.max_age): by its own clock, whatever becomes of the
 * server. */
#include <config.h>

#include <signal.h>
#include <sys/wait.h>

#include "core/base/clock.h"
#include "t/lib/mutable.h"

struct server {
  pid_t pid;
  char socket[200];
};

static void run_server(const char *config, int log) {
  const char *top = getenv("builddir");
  char program[4096];

  snprintf(program, sizeof program, "%s/tools/bin/.libs/blockstored", top == NULL ? "." : top);
  if (access(program, X_OK) != 0) snprintf(program, sizeof program, "%s/tools/bin/blockstored", top == NULL ? "." : top);
  dup2(log, 2);
  alarm(0);
  execl(program, program, "-c", config, (char *)NULL);
  _exit(127);
}

/* blockstored before the ledger at this path of the world's place. */
static void start(struct server *server, struct world *world, const char *ledger) {
  char *text = NULL, *config, byte = '\0';
  int log[2];

  snprintf(server->socket, sizeof server->socket, "unix:%s/%s.socket", world->place, ledger);
  assert_true(asprintf(&text, "chain: {source: local, ledger: %s/%s}\nlisten: [\"%s\"]\nhttp: off\n", world->place, ledger,
                       server->socket) > 0);
  write_file(world->place, "server.yaml", text, strlen(text));
  free(text);
  config = path_in(world->place, "server.yaml");
  assert_int_equal(pipe(log), 0);
  server->pid = fork();
  assert_true(server->pid >= 0);
  if (server->pid == 0) run_server(config, log[1]);
  close(log[1]);
  for (int i = 0; i < 400 && access(server->socket + strlen("unix:"), F_OK) != 0; i++) usleep(50000);
  if (access(server->socket + strlen("unix:"), F_OK) != 0 && read(log[0], &byte, 1) != 1) fail_msg("no server");
  close(log[0]);
  free(config);
}

static void stop(struct server *server) {
  kill(server->pid, SIGKILL);
  waitpid(server->pid, NULL, 0);
}

/* A session that asks the server, with a state of its own. */
static void open_reader(struct world *reader, const struct world *world, const struct server *server, const char *more) {
  char *text = NULL, *file;

  *reader = (struct world){.place = world->place, .key = world->key};
  assert_true(asprintf(&text, "state_dir: reader\nnames: {provider: blockstored, server: \"%s\"%s}\ntimeouts: {operation: 3s}\n"
                       ONE_STORE, server->socket, more) > 0);
  write_file(world->place, "reader.yaml", text, strlen(text));
  file = path_in(world->place, "reader.yaml");
  assert_done(blockstore_get_config(&reader->config, file, &error));
  assert_done(blockstore_session(reader->config, &reader->session, NULL, 0, &error));
  free(text);
  free(file);
}

static void begin_reading(struct world *world, struct world *reader, struct server *server, const char *more) {
  open_with_name(world, ONE_STORE);
  put_id(world, ID, "x");
  start(server, world, "state/ledger.db");
  open_reader(reader, world, server, more);
  assert_reads(reader, ID, "x", 1);
}

static void end_reading(struct world *reader, struct server *server) {
  close_world(reader);
  stop(server);
}

static void revoke_name(struct world *world) {
  blockstore_free(call(world, "revoke", NAME, NULL));
}

static bool still_reads(struct world *reader) {
  struct blockstore_output *output = blockstore_output_to_memory(SIZE_MAX);
  struct blockstore_error *error = NULL;
  bool good = blockstore_get_mutable(reader->session, output, NULL, NAME, ID, NULL, &error) == BLOCKSTORE_DONE;

  if (!good) assert_string_equal(blockstore_error_word(error), "not_found");
  blockstore_error_free(error);
  blockstore_output_free(output);
  return good;
}

static void without_it_the_server_is_asked_each_time(void **state) {
  struct world *world = *state, reader;
  struct server server;

  begin_reading(world, &reader, &server, ", max_age: 0s");
  revoke_name(world);
  assert_read_refused(&reader, ID, NULL, "not_found", "was revoked");
  end_reading(&reader, &server);
}

/* Never sooner than so, nor much later. */
static void it_ends_when_it_is_over(void **state) {
  struct world *world = *state, reader;
  struct server server;
  uint64_t began = bs_clock_monotonic_ms(), asked;

  begin_reading(world, &reader, &server, ", max_age: 2s");
  asked = bs_clock_monotonic_ms();
  revoke_name(world);
  while (still_reads(&reader))
    if (bs_clock_monotonic_ms() - asked > 2500) fail_msg("it is relied on for longer than that");
  assert_true(bs_clock_monotonic_ms() - began >= 2000);
  end_reading(&reader, &server);
}

/* Also when the server is not there any more. */
static void nobody_is_asked(struct world *world, const char *age) {
  struct world reader;
  struct server server;

  begin_reading(world, &reader, &server, age);
  kill(server.pid, SIGSTOP); /* it neither answers nor hangs up */
  assert_reads(&reader, ID, "x", 1);
  stop(&server);
  assert_reads(&reader, ID, "x", 1);
  close_world(&reader);
  open_reader(&reader, world, &server, age); /* what another session was told this one does not know */
  assert_read_refused(&reader, ID, NULL, "no_names", "cannot be reached");
  close_world(&reader);
}

static void until_then_nobody_is_asked(void **state) {
  nobody_is_asked(*state, ", max_age: 1h");
}

static void for_a_minute_where_nothing_is_said(void **state) {
  nobody_is_asked(*state, "");
}

/* Its blocks stand still, and so does the time that they tell: data expire by the reader's own. */
static void data_expire_before_a_server_that_stands_still(void **state) {
  struct world *world = *state, reader;
  struct blockstore_put_mutable_options options = BLOCKSTORE_PUT_MUTABLE_INIT;
  struct server server;

  open_with_name(world, ONE_STORE);
  options.expires = bs_clock_unix() + 3;
  assert_done(put_with(world, NULL, ID, "x", &options, &error));
  close_world(world);
  copy(world, "state/ledger.db", "still.db");
  start(&server, world, "still.db");
  open_reader(&reader, world, &server, ", max_age: 1h");
  assert_reads(&reader, ID, "x", 1);
  while (bs_clock_unix() < options.expires) usleep(100000);
  assert_read_refused(&reader, ID, NULL, "expired", "");
  end_reading(&reader, &server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(without_it_the_server_is_asked_each_time),
      in_world(it_ends_when_it_is_over),
      in_world(until_then_nobody_is_asked),
      in_world(for_a_minute_where_nothing_is_said),
      in_world(data_expire_before_a_server_that_stands_still),
  };

  return RUN_TESTS(tests);
}
