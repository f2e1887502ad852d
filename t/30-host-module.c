/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "core/base/auto.h"
#include "core/base/log.h"
#include "core/driver/module.h"
#include "t/lib/plugins.h"

#define THREADS 8

static bool find_and_load(const struct bs_module **ret_module, const char *place, const char *name,
                          struct bs_error *error) {
  struct bs_candidate *candidate = NULL;
  bool good;

  if (!bs_catalog_find(&candidate, &place, 1, name, error)) return false;
  good = bs_module_load(ret_module, candidate, error);
  bs_candidate_free(candidate);
  return good;
}

/* Copies the test module into the place and loads it. */
static bool load(const struct bs_module **ret_module, const char *place, const char *name, struct bs_error *error) {
  char file[64];

  snprintf(file, sizeof file, "%s.so", name);
  copy_module(place, name, file);
  return find_and_load(ret_module, place, name, error);
}

static void a_good_driver_is_loaded_once(void **state) {
  const struct bs_module *module = NULL, *again = NULL;
  struct bs_error error = {0};
  char *path BS_AUTO_FREE = path_in(*state, "good.so");

  assert_ok(load(&module, *state, "good", &error));
  assert_string_equal(module->name, "good");
  assert_string_equal(module->path, path);
  assert_int_equal(module->driver_size, sizeof(struct blockstore_driver));
  assert_non_null(module->driver->storage_init);
  assert_null(module->driver->check);
  assert_string_equal(module->metadata->options[0].key, "root");
  assert_ok(find_and_load(&again, *state, "good", &error));
  assert_ptr_equal(module, again);
}

static void two_files_of_one_name_are_two_modules(void **state) {
  const struct bs_module *one = NULL, *two = NULL;
  struct bs_error error = {0};
  char *first BS_AUTO_FREE = path_in(*state, "one"), *second BS_AUTO_FREE = path_in(*state, "two");

  make_directory(*state, "one", 0755);
  make_directory(*state, "two", 0755);
  assert_ok(load(&one, first, "good", &error));
  assert_ok(load(&two, second, "good", &error));
  assert_ptr_not_equal(one->driver, two->driver);
}

static void a_replaced_file_takes_effect_in_new_processes(void **state) {
  const struct bs_module *module = NULL, *again = NULL;
  struct bs_error error = {0};
  char *new BS_AUTO_FREE = path_in(*state, "new"), *path BS_AUTO_FREE = path_in(*state, "good.so");

  assert_ok(load(&module, *state, "good", &error));
  copy_module(*state, "good", "new");
  assert_int_equal(rename(new, path), 0);
  assert_ok(find_and_load(&again, *state, "good", &error));
  assert_ptr_equal(module, again);
}

static void a_wrong_registration_is_told_for_what_it_is(void **state) {
  static const struct {
    const char *name, *text;
  } rows[] = {
      {"nosymbol", "has no function nosymbol_LTX_blockstore_driver"},
      {"noregistration", "noregistration_LTX_blockstore_driver returned nothing"},
      {"wrongmagic", "wrong magic number 0x12345678"},
      {"lyingabi", "registration is of ABI 1.1 and its metadata of 1.0: build it anew"},
      {"shortstruct", "registration is too short: "},
      {"shorttable", "table is too short: "},
      {"notable", "registration has no table"},
      {"othertext", "other metadata than the note in its file"},
  };
  const struct bs_module *module = NULL;
  struct bs_error error = {0};

  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char file[64];

    assert_fails(load(&module, *state, rows[i].name, &error), BS_WORD_driver, rows[i].text);
    snprintf(file, sizeof file, "/%s.so: ", rows[i].name);
    assert_fails(find_and_load(&module, *state, rows[i].name, &error), BS_WORD_driver, file); /* and once more */
  }
  assert_null(module);
}

/* Nobody else gets what it exports, whoever is loaded first. */
static void what_a_driver_exports_is_its_own(void **state) {
  const struct bs_module *module = NULL, *other = NULL;
  struct bs_error error = {0};

  assert_ok(load(&module, *state, "exporting", &error));
  assert_ok(load(&other, *state, "good", &error));
  assert_string_equal(module->name, "exporting");
  assert_string_equal(other->name, "good");
  assert_string_not_equal(blockstore_version(), "exporting");
  assert_null(dlsym(RTLD_DEFAULT, "exporting_LTX_blockstore_driver"));
}

static void what_the_dynamic_linker_says_is_handed_on(void **state) {
  const struct bs_module *module = NULL;
  struct bs_error error = {0};

  assert_fails(load(&module, *state, "undefined", &error), BS_WORD_driver,
               "undefined symbol: nobody_has_this_function");
  assert_fails(load(&module, *state, "needslibrary", &error), BS_WORD_driver,
               "libgone.so: cannot open shared object file");
  assert_fails(find_and_load(&module, *state, "needslibrary", &error), BS_WORD_driver,
               "/needslibrary.so: The driver cannot be");
  assert_null(module);
  assert_ok(load(&module, *state, "good", &error)); /* the loader is none the worse for it */
}

static void a_file_cut_off_behind_its_note_is_refused(void **state) {
  const struct bs_module *module = NULL;
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_error error = {0};

  read_module(&bytes, "good");
  write_file(*state, "good.so", bytes.bytes, 4096);
  bs_buffer_free(&bytes);
  assert_fails(find_and_load(&module, *state, "good", &error), BS_WORD_driver, "/good.so: The ELF file is cut off");
}

static void a_file_changed_after_it_was_vetted_is_not_loaded(void **state) {
  const struct bs_module *module = NULL;
  struct bs_candidate *candidate = NULL;
  struct bs_error error = {0};
  const char *place = *state;

  copy_module(place, "good", "good.so");
  assert_ok(bs_catalog_find(&candidate, &place, 1, "good", &error));
  copy_module(place, "othertext", "good.so");
  assert_fails(bs_module_load(&module, candidate, &error), BS_WORD_driver, "was changed while it was being loaded");
  bs_candidate_free(candidate);
}

static void a_refused_candidate_is_not_loaded(void **state) {
  const struct bs_module *module = NULL;
  struct bs_catalog *catalog = NULL;
  struct bs_error error = {0};
  const char *place = *state;

  copy_module(place, "good", "good.so");
  change_mode(place, "good.so", 0666);
  assert_ok(bs_catalog_list(&catalog, &place, 1, &error));
  assert_fails(bs_module_load(&module, catalog->candidates[0], &error), BS_WORD_driver, "can be written by everyone");
  bs_catalog_free(catalog);
}

static void keep_line(void *user, int level, const char *line) {
  (void)level;
  snprintf(user, 1024, "%s", line);
}

static void write_line(void *user, int level, const char *line) {
  (void)level;
  dprintf(*(int *)user, "%s\n", line);
}

static void the_log_tells_what_was_loaded(void **state) {
  const struct bs_module *module = NULL;
  struct bs_error error = {0};
  char line[1024] = "", expected[1024];

  bs_log_to(keep_line, line, BS_LOG_DEBUG);
  assert_ok(load(&module, *state, "good", &error));
  bs_log_to(NULL, NULL, BS_LOG_INFO);
  snprintf(expected, sizeof expected, "%s/good.so: driver good 1.2 loaded", (const char *)*state);
  assert_string_equal(line, expected);
}

static void a_crash_while_loading_is_the_last_line_of_the_log(void **state) {
  const struct bs_module *module = NULL;
  struct bs_error error = {0};
  char text[1024], expected[1024];
  int ends[2], status;
  ssize_t got;
  pid_t child;

  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    bs_log_to(write_line, &ends[1], BS_LOG_INFO);
    load(&module, *state, "crashing", &error);
    _exit(0);
  }
  close(ends[1]);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  got = read(ends[0], text, sizeof text - 1);
  assert_true(got > 0);
  text[got] = '\0';
  snprintf(expected, sizeof expected, "loading %s/crashing.so\n", (const char *)*state);
  assert_string_equal(text, expected);
  close(ends[0]);
}

struct job {
  pthread_t thread;
  char *place;
  const struct bs_module *module;
  struct bs_error error;
};

static void *load_one(void *argument) {
  struct job *job = argument;

  for (int i = 0; i < 20; i++)
    if (!find_and_load(&job->module, job->place, "good", &job->error)) break;
  return NULL;
}

static void threads_may_load_at_once(void **state) {
  struct job jobs[THREADS] = {0};

  for (int i = 0; i < THREADS; i++) {
    char name[] = {(char)('a' + i), '\0'};

    make_directory(*state, name, 0755);
    jobs[i].place = path_in(*state, name);
    copy_module(jobs[i].place, "good", "good.so");
  }
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&jobs[i].thread, NULL, load_one, &jobs[i]), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(jobs[i].thread, NULL);
  for (int i = 0; i < THREADS; i++) {
    assert_string_equal(jobs[i].error.message, "");
    for (int j = 0; j < i; j++) assert_ptr_not_equal(jobs[i].module->driver, jobs[j].module->driver);
  }
  for (int i = 0; i < THREADS; i++) free(jobs[i].place);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(a_crash_while_loading_is_the_last_line_of_the_log),
      in_place(a_good_driver_is_loaded_once),
      in_place(two_files_of_one_name_are_two_modules),
      in_place(a_replaced_file_takes_effect_in_new_processes),
      in_place(a_wrong_registration_is_told_for_what_it_is),
      in_place(what_a_driver_exports_is_its_own),
      in_place(what_the_dynamic_linker_says_is_handed_on),
      in_place(a_file_cut_off_behind_its_note_is_refused),
      in_place(a_file_changed_after_it_was_vetted_is_not_loaded),
      in_place(a_refused_candidate_is_not_loaded),
      in_place(the_log_tells_what_was_loaded),
      in_place(threads_may_load_at_once),
  };
  return RUN_TESTS(tests);
}
