/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <fcntl.h>

#include "core/base/auto.h"
#include "core/driver/vet.h"
#include "t/lib/plugins.h"

static bool vet_directory(const char *place, const char *name, struct bs_error *error) {
  char *path BS_AUTO_FREE = path_in(place, name), *real BS_AUTO_FREE = NULL;

  return bs_vet_directory(&real, path, error);
}

static bool vet_file(const char *place, const char *name, struct bs_identity *ret_identity, struct bs_error *error) {
  char *path BS_AUTO_FREE = path_in(place, name);
  int fd BS_AUTO_CLOSE = -1;

  return bs_vet_open(&fd, ret_identity, path, error);
}

static void give_away(const char *place, const char *name) {
  char *path BS_AUTO_FREE = path_in(place, name);

  assert_int_equal(lchown(path, 12345, (gid_t)-1), 0);
}

static void names_are_short_and_lower_case(void **state) {
  static const char *const good[] = {"a", "s3", "a_b", "a234567890123456789012345678901"};
  static const char *const bad[] = {
      "", "3s", "_a", "A", "aB", "a-b", "a.b", "a/b", "a b", "\xc3\xa4", "a2345678901234567890123456789012"};

  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) assert_true(bs_vet_is_name(good[i]));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(bs_vet_is_name(bad[i]));
}

static void an_own_directory_is_good_and_made_real(void **state) {
  struct bs_error error = {0};
  char *link BS_AUTO_FREE = path_in(*state, "link"), *real, *expected BS_AUTO_FREE = path_in(*state, "drivers");

  make_directory(*state, "drivers", 0755);
  assert_int_equal(symlink("drivers", link), 0);
  assert_ok(bs_vet_directory(&real, link, &error));
  assert_string_equal(real, expected);
  free(real);
}

static void a_directory_that_others_can_write_is_refused(void **state) {
  struct bs_error error = {0};
  static const mode_t modes[] = {0775, 0757, 0777, 01777};

  make_directory(*state, "drivers", 0755);
  for (size_t i = 0; i < 4; i++) {
    change_mode(*state, "drivers", modes[i]);
    assert_fails(vet_directory(*state, "drivers", &error), BS_WORD_driver, "run: chmod go-w /");
    assert_fails(vet_directory(*state, "drivers", &error), BS_WORD_driver,
                 (modes[i] & 02) != 0 ? "by everyone" : "by its group");
  }
}

static void so_is_one_below_such_a_directory(void **state) {
  struct bs_error error = {0};

  make_directory(*state, "above", 0755);
  make_directory(*state, "above/drivers", 0755);
  assert_ok(vet_directory(*state, "above/drivers", &error));
  change_mode(*state, "above", 0775);
  assert_fails(vet_directory(*state, "above/drivers", &error), BS_WORD_driver,
               "/above: The directory can be written by its group");
}

static void a_sticky_directory_of_root_may_be_above(void **state) {
  struct bs_error error = {0};

  make_directory(*state, "above", 01777);
  make_directory(*state, "above/drivers", 0755);
  if (geteuid() == 0)
    assert_ok(vet_directory(*state, "above/drivers", &error));
  else
    assert_fails(vet_directory(*state, "above/drivers", &error), BS_WORD_driver, "by everyone");
}

static void what_is_no_directory_is_refused(void **state) {
  struct bs_error error = {0};

  write_file(*state, "file", "x", 1);
  assert_fails(vet_directory(*state, "file", &error), BS_WORD_driver, "is no directory");
  assert_fails(vet_directory(*state, "missing", &error), BS_WORD_not_found, "/missing: There is no such directory");
}

static void an_own_file_is_good(void **state) {
  struct bs_identity identity;
  struct bs_error error = {0};

  write_file(*state, "a.so", "123", 3);
  assert_ok(vet_file(*state, "a.so", &identity, &error));
  assert_int_equal(identity.size, 3);
  change_mode(*state, "a.so", 0555);
  assert_ok(vet_file(*state, "a.so", &identity, &error));
}

static void a_file_that_others_can_write_is_refused(void **state) {
  struct bs_identity identity;
  struct bs_error error = {0};

  write_file(*state, "a.so", "123", 3);
  change_mode(*state, "a.so", 0664);
  assert_fails(vet_file(*state, "a.so", &identity, &error), BS_WORD_driver, "by its group (mode 0664)");
  change_mode(*state, "a.so", 0646);
  assert_fails(vet_file(*state, "a.so", &identity, &error), BS_WORD_driver, "by everyone (mode 0646)");
  assert_fails(vet_file(*state, "a.so", &identity, &error), BS_WORD_driver, "run: chmod go-w /");
}

static void only_regular_files_are_opened(void **state) {
  struct bs_identity identity;
  struct bs_error error = {0};
  char *link BS_AUTO_FREE = path_in(*state, "link.so"), *fifo BS_AUTO_FREE = path_in(*state, "fifo.so");

  write_file(*state, "a.so", "123", 3);
  make_directory(*state, "x.so", 0755);
  assert_int_equal(symlink("a.so", link), 0);
  assert_int_equal(mkfifo(fifo, 0600), 0);
  assert_fails(vet_file(*state, "link.so", &identity, &error), BS_WORD_driver, "is a symbolic link");
  assert_fails(vet_file(*state, "x.so", &identity, &error), BS_WORD_driver, "is a directory, not a regular file");
  assert_fails(vet_file(*state, "fifo.so", &identity, &error), BS_WORD_driver, "is a special file");
  assert_fails(vet_file(*state, "missing.so", &identity, &error), BS_WORD_not_found, "There is no such file");
}

static void what_belongs_to_others_is_refused(void **state) {
  struct bs_identity identity;
  struct bs_error error = {0};

  if (!is_root()) skip_because("only root can give a file away");
  write_file(*state, "a.so", "123", 3);
  give_away(*state, "a.so");
  assert_fails(vet_file(*state, "a.so", &identity, &error), BS_WORD_driver, "The driver belongs to user 12345");
  make_directory(*state, "above", 0755);
  make_directory(*state, "above/drivers", 0755);
  give_away(*state, "above");
  assert_fails(vet_directory(*state, "above/drivers", &error), BS_WORD_driver,
               "/above: The directory belongs to user 12345");
  give_away(*state, "above/drivers");
  assert_fails(vet_directory(*state, "above", &error), BS_WORD_driver, "run: chown root /");
}

static void a_file_that_changed_is_noticed(void **state) {
  struct bs_identity identity;
  struct bs_error error = {0};
  char *path BS_AUTO_FREE = path_in(*state, "a.so"), *other BS_AUTO_FREE = path_in(*state, "b.so");

  write_file(*state, "a.so", "123", 3);
  assert_ok(vet_file(*state, "a.so", &identity, &error));
  assert_ok(bs_vet_same(&identity, path, &error));
  write_file(*state, "b.so", "123", 3);
  assert_int_equal(rename(other, path), 0);
  assert_fails(bs_vet_same(&identity, path, &error), BS_WORD_driver, "was changed while it was being loaded");
  assert_ok(vet_file(*state, "a.so", &identity, &error));
  assert_int_equal(truncate(path, 2), 0);
  assert_fails(bs_vet_same(&identity, path, &error), BS_WORD_driver, "was changed");
  assert_int_equal(unlink(path), 0);
  assert_fails(bs_vet_same(&identity, path, &error), BS_WORD_io, "cannot be examined again");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_short_and_lower_case),
      in_place(an_own_directory_is_good_and_made_real),
      in_place(a_directory_that_others_can_write_is_refused),
      in_place(so_is_one_below_such_a_directory),
      in_place(a_sticky_directory_of_root_may_be_above),
      in_place(what_is_no_directory_is_refused),
      in_place(an_own_file_is_good),
      in_place(a_file_that_others_can_write_is_refused),
      in_place(only_regular_files_are_opened),
      in_place(what_belongs_to_others_is_refused),
      in_place(a_file_that_changed_is_noticed),
  };
  return RUN_TESTS(tests);
}
