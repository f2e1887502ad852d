/* SPDX-License-Identifier: MIT */
/* blockstore_check through the public API: what the rooms can't see alone, and a session beside it; and memory that runs out. */
#include <config.h>

#include <signal.h>
#include <sys/wait.h>

#include <cjson/cJSON.h>

#include "core/chain/ledger-private.h"
#include "core/client/check.h"
#include "t/lib/brief.h"
#include "t/lib/memory.h"
#include "t/lib/mutable.h"

#define ONLY_TWO "stores: [{name: two, driver: disk, root: two}]\n"

/* The document on PLACE/blockstore.yaml, by blockstore_free. */
static char *check(const struct world *world) {
  struct blockstore_config *config = NULL;
  char *file = path_in(world->place, "blockstore.yaml"), *json = NULL;
  int sound = -1;

  assert_done(blockstore_get_config(&config, file, &error));
  assert_done(blockstore_check(config, &json, &sound, NULL, &error));
  assert_int_equal(sound, strstr(json, "\n    \"sound\": true") != NULL);
  blockstore_config_free(config);
  free(file);
  return json;
}

static void assert_check(const struct world *world, bool sound, const char *text) {
  char *json = check(world);

  assert_says(json, sound ? "\n    \"sound\": true" : "\n    \"sound\": false");
  assert_says(json, text);
  blockstore_free(json);
}

#define NOTHING "\"findings\": []"

/* The locks of the session are the process's: looking must not take them. */
static void a_session_of_the_same_program_goes_on(void **state) {
  struct world *world = *state;

  open_with_name(world, ONE_STORE);
  put_id(world, ID, "one");
  for (int i = 0; i < 3; i++) {
    assert_check(world, true, NOTHING);
    put_id(world, ID, "more");
    own(world, (const char *const[]){"carol.id", "dave.id", "erin.id"}[i]);
  }
  assert_reads(world, ID, "more", 4);
  assert_check(world, true, NOTHING);
  assert_check(world, true, "\"names\": 4");
}

/* ---- the names against the ledger ---- */

static void a_ledger_that_went_another_way_is_told(void **state) {
  struct world *world = *state;

  open_session(world, ONE_STORE);
  own(world, "early.id");
  close_world(world);
  copy(world, "state/ledger.db", "older.db");
  open_session(world, ONE_STORE);
  own(world, NAME);
  blockstore_free(call(world, "lookup", NAME, NULL));
  close_world(world);
  copy(world, "older.db", "state/ledger.db");
  assert_check(world, false, "The name " NAME " was seen as of block ");
  assert_check(world, false, "does not have it");
  open_session(world, ONE_STORE);
  for (size_t i = 0; i < 3; i++) own(world, (const char *const[]){"carol.id", "dave.id", "eve.id"}[i]);
  assert_check(world, false, "The name " NAME " was seen as of block ");
  assert_check(world, false, "the ledger has another block there: an older one was put back, and has grown since.");
}

/* What the ledger itself ends is no rolling back. */
static void names_that_expired_or_were_revoked_are_sound(void **state) {
  struct world *world = *state;
  char *ledger = path_in(world->place, "state/ledger.db");
  struct blockstore_error *said = NULL;
  struct blockstore_name_options options = BLOCKSTORE_NAME_INIT;
  const char *const arguments[] = {"soon.brief"};
  char *json = NULL;
  struct bs_ledger *chain;

  make_directory(world->place, "state", 0700);
  bs_ledger_close(open_brief_ledger(ledger));
  open_with_name(world, ONE_STORE);
  own(world, "soon.brief");
  blockstore_free(call(world, "lookup", "soon.brief", NULL));
  blockstore_free(call(world, "lookup", NAME, NULL));
  blockstore_free(call(world, "revoke", NAME, NULL));
  close_world(world);
  chain = open_brief_ledger(ledger);
  mine_to(chain, 20);
  bs_ledger_close(chain);
  assert_check(world, true, NOTHING);
  open_session(world, ONE_STORE);
  assert_int_equal(blockstore_call_method(world->session, &json, "lookup", arguments, 1, &options, &said), BLOCKSTORE_STALE);
  blockstore_error_free(said);
  assert_check(world, true, NOTHING);
  free(ledger);
}

/* ---- evidence ---- */

/* Alice's two devices have signed version 2 each; the evidence of it, within PLACE, by free(). */
static char *make_evidence(struct world *world) {
  struct world device;
  char *pattern = NULL, *path;
  glob_t found;

  open_with_name(world, TWO_STORES);
  put_id(world, ID, "first");
  open_session(world, ONE_STORE);
  put_id(world, ID, "ours");
  open_device(&device, world, "state2", ONLY_TWO);
  put_id(&device, ID, "theirs");
  close_world(&device);
  open_session(world, TWO_STORES);
  blockstore_record_free(get_with(world, ID, "ours", NULL));
  assert_true(asprintf(&pattern, "%s/state/evidence-*.json", world->place) >= 0);
  assert_int_equal(glob(pattern, 0, NULL, &found), 0);
  assert_int_equal(found.gl_pathc, 1);
  path = strdup(found.gl_pathv[0] + strlen(world->place) + 1);
  globfree(&found);
  free(pattern);
  return path;
}

/* The first `old` becomes `new`, which is as long. */
static void change(const struct world *world, const char *file, const char *old, const char *new) {
  char *path = path_in(world->place, file), *at;
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_error error = {0};

  assert_ok(bs_file_read(&bytes, path, 1 << 20, &error));
  at = strstr(bs_buffer_string(&bytes), old);
  assert_non_null(at);
  assert_int_equal(strlen(old), strlen(new));
  memcpy(at, new, strlen(new));
  write_file(world->place, file, bytes.bytes, bytes.length);
  bs_buffer_free(&bytes);
  free(path);
}

static void evidence_is_verified(void **state) {
  static const struct {
    const char *old, *new, *problem;
  } cases[] = {
      {"blockstore-evidence-1", "blockstore-evidence-9", "Its member \\\"format\\\""},
      {"\"ver\": 2", "\"ver\": 3", "not signed by whom it should be"},
      {"\"name\": \"alice.id\"", "\"name\": \"bobby.id\"", "not signed by whom it should be"},
      {"\"id\": \"notes\"", "\"id\": \"other\"", "not signed by whom it should be"},
      {"\"kind\": \"data\"", "\"kind\": \"date\"", "Its member \\\"kind\\\""},
      {"\"sha256\": \"", "\"sha25x\": \"", "Its member \\\"sha256\\\""},
      {"\"statements\": [", "\"statementx\": [", "Its member \\\"statements\\\""},
      {"\"ver\": 2", "\"ver\": x", "This proves nothing"},
  };
  struct world *world = *state;
  char *file = make_evidence(world);

  assert_check(world, true, NOTHING);
  assert_check(world, true, "\"what\": \"evidence\"");
  copy(world, file, "kept");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    change(world, file, cases[i].old, cases[i].new);
    assert_check(world, true, cases[i].problem);
    copy(world, "kept", file);
    assert_check(world, true, NOTHING);
  }
  copy(world, file, "state/evidence-0123456789abcdef.json");
  assert_check(world, true, "the evidence that is called evidence-");
  free(file);
}

/* As the mend says. */
static void evidence_that_was_removed_is_kept_anew(void **state) {
  struct world *world = *state;
  char *file = make_evidence(world), *path = path_in(world->place, file);

  write_file(world->place, file, "{}", 2);
  assert_check(world, true, "keeps the evidence anew");
  assert_int_equal(unlink(path), 0);
  blockstore_record_free(get_with(world, ID, "ours", NULL));
  assert_int_equal(access(path, F_OK), 0);
  assert_check(world, true, NOTHING);
  free(path);
  free(file);
}

/* ---- memory ---- */

static const struct world *place_of_memory;

static bool check_once(struct bs_error *error) {
  struct blockstore_error *said = NULL;
  char *json = NULL;
  int sound = -1;
  enum blockstore_result result = blockstore_check(place_of_memory->config, &json, &sound, NULL, &said);

  assert_true((result == BLOCKSTORE_DONE) == (json != NULL));
  assert_int_equal(sound, result == BLOCKSTORE_DONE ? 1 : -1);
  if (result != BLOCKSTORE_DONE) {
    assert_string_equal(blockstore_error_word(said), "no_memory");
    bs_fail_memory(error);
  }
  blockstore_error_free(said);
  blockstore_free(json);
  return result == BLOCKSTORE_DONE;
}

static void when_memory_runs_out(void **state) {
  struct world *world = *state;

  free(make_evidence(world));
  blockstore_free(call(world, "lookup", NAME, NULL));
  write_file(world->place, "state/stranger", "x", 1);
  place_of_memory = world;
  assert_each_failure_is_said(check_once, 50);
  assert_check(world, true, "none of the files that belong here");
}

static int until_failure; /* allocations of the document's until one fails, and only that one */

static void *fail_once(size_t size) {
  return until_failure-- == 0 ? NULL : malloc(size);
}

static void a_document_has_all_of_its_members_or_is_none(void **state) {
  struct world *world = *state;
  cJSON_Hooks hooks = {fail_once, free};
  char *whole;
  int failures = -1;

  open_with_name(world, ONE_STORE);
  write_file(world->place, "state/stranger", "x", 1);
  whole = check(world);
  do {
    struct blockstore_error *said = NULL;
    char *json = NULL;
    int sound;

    until_failure = ++failures;
    cJSON_InitHooks(&hooks);
    if (blockstore_check(world->config, &json, &sound, NULL, &said) == BLOCKSTORE_DONE) assert_string_equal(json, whole);
    else assert_string_equal(blockstore_error_word(said), "no_memory");
    cJSON_InitHooks(NULL);
    blockstore_error_free(said);
    blockstore_free(json);
  } while (until_failure < 0);
  assert_true(failures > 50);
  blockstore_free(whole);
}

/* ---- what is no fault of the files ---- */

/* Has the ledger for itself, as a backup program may, until it is killed. */
static pid_t hold_ledger(const struct world *world) {
  char *path = path_in(world->place, "state/ledger.db"), byte;
  struct bs_database *database = NULL;
  struct bs_error error = {0};
  int ends[2];
  pid_t child;

  assert_int_equal(pipe(ends), 0);
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    bool good = bs_database_open(&database, path, &bs_ledger_kind, BS_DATABASE_WRITE, NULL, &error) &&
                bs_database_execute(database, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE", &error) &&
                write(ends[1], "x", 1) == 1;

    while (good) pause();
    _exit(1);
  }
  close(ends[1]);
  assert_int_equal(read(ends[0], &byte, 1), 1);
  close(ends[0]);
  free(path);
  return child;
}

static void a_lock_that_is_held_is_a_finding(void **state) {
  struct world *world = *state;
  struct blockstore_check_options options = BLOCKSTORE_CHECK_INIT;
  struct blockstore_config *config = NULL;
  char *file = path_in(world->place, "blockstore.yaml"), *json = NULL;
  int sound = -1;
  pid_t holder;

  open_with_name(world, ONE_STORE);
  blockstore_free(call(world, "lookup", NAME, NULL));
  close_world(world);
  holder = hold_ledger(world);
  options.deadline_ms = 300;
  assert_done(blockstore_get_config(&config, file, &error));
  assert_done(blockstore_check(config, &json, &sound, &options, &error));
  kill(holder, SIGKILL);
  waitpid(holder, NULL, 0);
  assert_int_equal(sound, 0);
  assert_says(json, "\"what\": \"stores\""); /* the rest was looked at all the same */
  assert_says(json, "Run this again, while no other program uses");
  assert_check(world, true, NOTHING);
  blockstore_free(json);
  blockstore_config_free(config);
  free(file);
}

static void options_of_another_library_are_refused(void **state) {
  struct world *world = *state;
  struct blockstore_check_options options = BLOCKSTORE_CHECK_INIT;
  int sound = -1;
  char *json = NULL;

  open_session(world, ONE_STORE);
  options.struct_size += 8;
  assert_refused(blockstore_check(world->config, &json, &sound, &options, &error), "usage", "_INIT macro");
  assert_null(json);
  assert_int_equal(sound, -1);
}

/* Where the file cannot be read now, it may prove something all the same. */
static void evidence_that_cannot_be_read_is_not_given_up(void **state) {
  struct world *world = *state;
  char *file = make_evidence(world);
  struct bs_survey survey = BS_SURVEY_INIT;
  struct bs_error error = {0};
  char *directory = path_in(world->place, "state");

  close_world(world);
  change_mode(world->place, ".", 0755);
  change_mode(world->place, "state", 0755);
  change_mode(world->place, file, 0);
  if (geteuid() == 0) assert_int_equal(seteuid(65534), 0);
  assert_ok(bs_check_evidence(directory, &survey, &error));
  if (getuid() == 0) assert_int_equal(seteuid(0), 0);
  assert_int_equal(survey.count, 1);
  assert_non_null(strstr(survey.items[0].mend, "the file itself may be sound"));
  bs_survey_free(&survey);
  free(directory);
  free(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_world(a_session_of_the_same_program_goes_on),
      in_world(a_ledger_that_went_another_way_is_told),
      in_world(names_that_expired_or_were_revoked_are_sound),
      in_world(evidence_is_verified),
      in_world(evidence_that_was_removed_is_kept_anew),
      in_world(when_memory_runs_out),
      in_world(a_document_has_all_of_its_members_or_is_none),
      in_world(a_lock_that_is_held_is_a_finding),
      in_world(options_of_another_library_are_refused),
      in_world(evidence_that_cannot_be_read_is_not_given_up),
  };

  return RUN_TESTS(tests);
}
