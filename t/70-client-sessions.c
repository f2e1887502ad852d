/* SPDX-License-Identifier: MIT */
/* Configurations, storages, sessions and keys: who lives how long, and what ends a call. */
#include <config.h>

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "t/lib/client.h"

static void load(struct world *world, struct blockstore_storage **ret_storage, const char *name) {
  assert_done(blockstore_load_storage(world->config, ret_storage, name, &error));
}

static void registered_stores_are_those_that_are_used(void **state) {
  struct world *world = *state;
  char *file = write_config(world, TWO_STORES), key[65];
  struct blockstore_storage *storage = NULL;

  assert_done(blockstore_get_config(&world->config, file, &error));
  load(world, &storage, "two");
  assert_done(blockstore_register_storage(world->config, storage, &error));
  assert_done(blockstore_session(world->config, &world->session, NULL, 0, &error));
  own(world, NAME);
  put_text(world, key, "in two");
  assert_true(holds_object(world, "two", key));
  assert_false(holds_object(world, "one", key));
  free(file);
}

static void registering_is_refused(void **state) {
  struct world *world = *state;
  char *file = write_config(world, TWO_STORES);
  struct blockstore_storage *storage = NULL;
  struct blockstore_config *other = NULL;

  assert_done(blockstore_get_config(&world->config, file, &error));
  assert_done(blockstore_get_config(&other, file, &error));
  assert_refused(blockstore_load_storage(world->config, &storage, "three", &error), "config", "three");
  assert_null(storage);
  load(world, &storage, "one");
  assert_refused(blockstore_register_storage(other, storage, &error), "usage", "another configuration");
  load(world, &storage, "one");
  assert_done(blockstore_register_storage(world->config, storage, &error));
  load(world, &storage, "one");
  assert_refused(blockstore_register_storage(world->config, storage, &error), "conflict", "one");
  write_file(world->place, "two", "no directory", 12);
  load(world, &storage, "two");
  assert_refused(blockstore_register_storage(world->config, storage, &error), "failed", "two");
  load(world, &storage, "one");
  blockstore_storage_free(storage);
  blockstore_storage_free(NULL);
  blockstore_config_free(other);
  blockstore_config_free(NULL);
  free(file);
}

static void a_required_store_must_be_registered(void **state) {
  struct world *world = *state;
  char *file = write_config(world, TWO_STORES "replication: {write: {at_least: 1, require: [two]}}\n");
  struct blockstore_storage *storage = NULL;

  assert_done(blockstore_get_config(&world->config, file, &error));
  load(world, &storage, "one");
  assert_done(blockstore_register_storage(world->config, storage, &error));
  assert_refused(blockstore_session(world->config, &world->session, NULL, 0, &error), "config", ":3:45: ");
  assert_null(world->session);
  free(file);
}

static void the_config_may_go_first(void **state) {
  struct world *world = *state;
  char *file = write_config(world, ONE_STORE), key[65];
  struct blockstore_storage *storage = NULL;

  for (int registered = 0; registered < 2; registered++) {
    assert_done(blockstore_get_config(&world->config, file, &error));
    if (registered) {
      load(world, &storage, "one");
      assert_done(blockstore_register_storage(world->config, storage, &error));
    }
    assert_done(blockstore_session(world->config, &world->session, NULL, 0, &error));
    blockstore_config_free(world->config);
    world->config = NULL;
    own(world, registered ? "bobby.id" : NAME);
    put_text(world, key, "text");
    assert_holds(world, NAME, key, "text", 4);
    blockstore_close(world->session);
    world->session = NULL;
  }
  free(file);
}

/* The program's own, whatever the configuration says. */
static void a_server_is_named(void **state) {
  struct world *world = *state;
  char *file = write_config(world, ONE_STORE);
  char *json;

  assert_done(blockstore_get_config(&world->config, file, &error));
  assert_refused(blockstore_session(world->config, &world->session, "no host", 0, &error), "config", "\"no host\" is not where");
  assert_null(world->session);
  blockstore_close(NULL);
  assert_done(blockstore_session(world->config, &world->session, "127.0.0.1", 1, &error));
  assert_refused(blockstore_call_method(world->session, &json, "ping", NULL, 0, NULL, &error), "no_names",
                 "The name server 127.0.0.1:1 cannot be reached");
  blockstore_close(world->session);
  assert_done(blockstore_session(world->config, &world->session, "unix:/nowhere/to/be/found", 0, &error));
  assert_refused(blockstore_call_method(world->session, &json, "ping", NULL, 0, NULL, &error), "no_names", "unix:/nowhere");
  free(file);
}

static void two_sessions_share_the_names(void **state) {
  struct world *world = *state;
  struct blockstore *first;
  char key[65];

  open_with_name(world, ONE_STORE);
  first = world->session;
  world->session = NULL;
  assert_done(blockstore_session(world->config, &world->session, NULL, 0, &error));
  put_text(world, key, "text");
  blockstore_close(first);
  assert_holds(world, NAME, key, "text", 4);
}

static void options_tell_their_size(void **state) {
  struct world *world = *state;
  struct blockstore_get_immutable_options get = BLOCKSTORE_GET_IMMUTABLE_INIT;
  struct blockstore_put_immutable_options put = BLOCKSTORE_PUT_IMMUTABLE_INIT;
  struct blockstore_delete_options delete = BLOCKSTORE_DELETE_INIT;
  struct blockstore_output *output = blockstore_output_to_memory(10);
  struct blockstore_input *input = blockstore_input_from_memory("x", 1);
  char key[65];

  open_with_name(world, ONE_STORE);
  put_text(world, key, "text");
  get.struct_size = 0;
  assert_refused(blockstore_get_immutable(world->session, output, NULL, NAME, key, &get, &error), "usage", "_INIT");
  get.struct_size = sizeof get + 8;
  assert_refused(blockstore_get_immutable(world->session, output, NULL, NAME, key, &get, &error), "usage", "_INIT");
  get.struct_size = sizeof get.struct_size; /* of a program that knows no member: they have their defaults */
  get.deadline_ms = 1;
  assert_done(blockstore_get_immutable(world->session, output, NULL, NAME, key, &get, &error));
  put.struct_size = 1;
  assert_refused(blockstore_put_immutable(world->session, NULL, NAME, input, world->key, &put, &error), "usage", "_INIT");
  delete.struct_size = 1;
  assert_refused(blockstore_delete_immutable(world->session, NULL, NAME, key, world->key, &delete, &error), "usage", "_INIT");
  blockstore_output_free(output);
  blockstore_input_free(input);
}

/* ---- what ends a call ---- */

#define WAITING "stores: [{name: waiting, driver: acting, wait: true%s}]\n"

struct getting {
  struct world *world;
  enum blockstore_result result;
  char word[20];
};

static void *get_in_thread(void *user) {
  struct getting *getting = user;
  struct blockstore_output *output = blockstore_output_to_memory(10);
  struct blockstore_error *error = NULL;
  char key[65] = "";

  memset(key, 'a', 64);
  getting->result = blockstore_get_immutable(getting->world->session, output, NULL, NAME, key, NULL, &error);
  snprintf(getting->word, sizeof getting->word, "%s", error == NULL ? "" : blockstore_error_word(error));
  blockstore_error_free(error);
  blockstore_output_free(output);
  return NULL;
}

/* A name whose user record nobody will ever give. */
static void open_waiting(struct world *world, bool is_inline) {
  bool is_new = world->key == NULL;
  char *text = NULL;

  assert_true(asprintf(&text, WAITING, is_inline ? "" : ", inline: false") >= 0);
  open_session(world, text);
  if (is_new) own(world, NAME);
  blockstore_free(call(world, "update", NAME, "d7d5ee7824ff93f94c3055af9382c86c68b5ca92"));
  free(text);
}

static void the_deadline_ends_a_call(void **state) {
  struct world *world = *state;
  struct blockstore_get_immutable_options options = BLOCKSTORE_GET_IMMUTABLE_INIT;
  struct blockstore_output *output = blockstore_output_to_memory(10);
  char key[65] = "";

  memset(key, 'a', 64);
  options.deadline_ms = 1;
  for (int is_inline = 0; is_inline < 2; is_inline++) {
    open_waiting(world, is_inline == 1);
    assert_refused(blockstore_get_immutable(world->session, output, NULL, NAME, key, &options, &error), "deadline", "deadline");
  }
  blockstore_output_free(output);
}

static void another_thread_cancels(void **state) {
  struct world *world = *state;
  struct getting getting = {.world = world};
  pthread_t thread;

  open_waiting(world, true);
  assert_int_equal(pthread_create(&thread, NULL, get_in_thread, &getting), 0);
  while (pthread_tryjoin_np(thread, NULL) != 0) {
    blockstore_cancel(world->session); /* until it meets the call */
    usleep(1000);
  }
  assert_int_equal(getting.result, BLOCKSTORE_CANCELLED);
  assert_string_equal(getting.word, "cancelled");
}

static struct blockstore *to_cancel;

static void on_alarm(int number) {
  (void)number;
  blockstore_cancel(to_cancel);
}

static void a_signal_handler_cancels(void **state) {
  struct world *world = *state;
  struct getting getting = {.world = world};
  const struct itimerval often = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};

  open_waiting(world, false);
  to_cancel = world->session;
  signal(SIGALRM, on_alarm);
  setitimer(ITIMER_REAL, &often, NULL);
  get_in_thread(&getting);
  setitimer(ITIMER_REAL, &never, NULL);
  signal(SIGALRM, SIG_DFL);
  assert_int_equal(getting.result, BLOCKSTORE_CANCELLED);
}

/* What is cancelled is the calls that are in flight, not the session. */
static void a_cancelled_session_goes_on(void **state) {
  struct world *world = *state;
  char key[65];

  open_with_name(world, ONE_STORE);
  blockstore_cancel(world->session);
  put_text(world, key, "text");
  assert_holds(world, NAME, key, "text", 4);
}

static void *close_in_thread(void *user) {
  blockstore_close(user);
  return NULL;
}

static int64_t slow(void *user, void *buffer, size_t size) {
  int *left = user;

  (void)buffer, (void)size;
  if (*left == 0) return 0;
  --*left;
  usleep(20000);
  memset(buffer, 'x', 1);
  return 1;
}

struct putting {
  struct world *world;
  int left;
  enum blockstore_result result;
};

static void *put_in_thread(void *user) {
  struct putting *putting = user;
  struct blockstore_input *input = blockstore_input_from_callback(slow, &putting->left);

  putting->result = blockstore_put_immutable(putting->world->session, NULL, NAME, input, putting->world->key, NULL, NULL);
  blockstore_input_free(input);
  return NULL;
}

static void closing_waits_for_calls(void **state) {
  struct world *world = *state;
  struct putting putting = {world, 10, BLOCKSTORE_ERROR};
  pthread_t putter, closer;

  open_with_name(world, ONE_STORE);
  assert_int_equal(pthread_create(&putter, NULL, put_in_thread, &putting), 0);
  usleep(50000); /* now it is reading */
  assert_int_equal(pthread_create(&closer, NULL, close_in_thread, world->session), 0);
  pthread_join(closer, NULL);
  pthread_join(putter, NULL);
  world->session = NULL;
  assert_int_equal(putting.result, BLOCKSTORE_DONE);
}

static int count_threads(void) {
  char line[128];
  int count = -1;
  FILE *status = fopen("/proc/self/status", "re");

  while (status != NULL && fgets(line, sizeof line, status) != NULL) sscanf(line, "Threads: %d", &count);
  if (status != NULL) fclose(status);
  return count;
}

static void the_last_session_ends_the_workers(void **state) {
  struct world *world = *state;
  int before = count_threads();
  char key[65];

  open_with_name(world, "stores: [{name: one, driver: disk, root: one, inline: false}]\n");
  put_text(world, key, "by a worker");
  assert_true(count_threads() > before);
  close_world(world);
  assert_int_equal(count_threads(), before);
}

/* ---- keys ---- */

static void keys_are_kept(void **state) {
  struct world *world = *state;
  struct blockstore_key *key = NULL, *back = NULL;
  char *file = path_in(world->place, "key"), *missing = path_in(world->place, "none");
  struct stat status;

  assert_done(blockstore_key_generate(&key, &error));
  assert_done(blockstore_key_write(key, file, BLOCKSTORE_NETWORK_MAIN, &error));
  assert_int_equal(stat(file, &status), 0);
  assert_int_equal(status.st_mode & 07777, 0600);
  assert_refused(blockstore_key_write(key, file, BLOCKSTORE_NETWORK_MAIN, &error), "conflict", "key");
  assert_done(blockstore_key_from_file(&back, file, &error));
  assert_string_equal(blockstore_key_address(key, BLOCKSTORE_NETWORK_MAIN),
                      blockstore_key_address(back, BLOCKSTORE_NETWORK_MAIN));
  assert_true(strcmp(blockstore_key_address(key, BLOCKSTORE_NETWORK_MAIN),
                     blockstore_key_address(key, BLOCKSTORE_NETWORK_TEST)) != 0);
  blockstore_key_free(back);
  back = NULL;
  assert_refused(blockstore_key_from_file(&back, missing, &error), "key", "none");
  change_mode(world->place, "key", 0640);
  assert_refused(blockstore_key_from_file(&back, file, &error), "denied", "key");
  change_mode(world->place, "key", 0600);
  write_file(world->place, "key", "no key", 6);
  change_mode(world->place, "key", 0600);
  assert_refused(blockstore_key_from_file(&back, file, &error), "key", "key");
  assert_refused(blockstore_key_from_text(&back, "0000000000000000000000000000000000000000000000000000000000000000",
                                          64, &error), "key", "");
  assert_refused(blockstore_key_from_text(&back, "", 0, &error), "key", "");
  assert_null(back);
  assert_done(blockstore_key_from_text(&back, "0000000000000000000000000000000000000000000000000000000000000001", 64, &error));
  assert_string_equal(blockstore_key_address(back, BLOCKSTORE_NETWORK_MAIN), "1EHNa6Q4Jz2uvNExL497mE43ikXhwF6kZm");
  blockstore_key_free(back);
  blockstore_key_free(key);
  blockstore_key_free(NULL);
  free(file);
  free(missing);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(registered_stores_are_those_that_are_used),
      in_world(registering_is_refused),
      in_world(a_required_store_must_be_registered),
      in_world(the_config_may_go_first),
      in_world(a_server_is_named),
      in_world(two_sessions_share_the_names),
      in_world(options_tell_their_size),
      in_world(the_deadline_ends_a_call),
      in_world(another_thread_cancels),
      in_world(a_signal_handler_cancels),
      in_world(a_cancelled_session_goes_on),
      in_world(closing_waits_for_calls),
      in_world(the_last_session_ends_the_workers),
      in_world(keys_are_kept),
  };

  return RUN_TESTS(tests);
}
