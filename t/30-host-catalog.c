/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/base/auto.h"
#include "core/driver/catalog.h"
#include "t/lib/plugins.h"

/* Finds a driver in PLACE/one, then PLACE/two. */
static bool find(const char *place, const char *name, struct bs_candidate **ret_candidate, struct bs_error *error) {
  char *one BS_AUTO_FREE = path_in(place, "one"), *two BS_AUTO_FREE = path_in(place, "two");
  const char *directories[] = {one, two};

  return bs_catalog_find(ret_candidate, directories, 2, name, error);
}

static struct bs_catalog *list(const char *place, const char *only) {
  char *one BS_AUTO_FREE = path_in(place, "one"), *two BS_AUTO_FREE = path_in(place, "two");
  const char *directories[] = {one, two};
  struct bs_error error = {0};
  struct bs_catalog *catalog = NULL;

  if (only == NULL)
    assert_ok(bs_catalog_list(&catalog, directories, 2, &error));
  else
    assert_ok(bs_catalog_explain(&catalog, directories, 2, only, &error));
  return catalog;
}

static void a_driver_is_found_with_its_metadata(void **state) {
  struct bs_candidate *candidate = NULL;
  struct bs_error error = {0};
  char *path BS_AUTO_FREE = path_in(*state, "two/good.so"), *directory BS_AUTO_FREE = path_in(*state, "two");

  make_directory(*state, "one", 0755);
  make_directory(*state, "two", 0755);
  copy_module(*state, "good", "two/good.so");
  assert_ok(find(*state, "good", &candidate, &error));
  assert_string_equal(candidate->name, "good");
  assert_string_equal(candidate->path, path);
  assert_string_equal(candidate->directory, directory);
  assert_string_equal(candidate->metadata->version, "1.2");
  assert_null(candidate->refused);
  assert_null(candidate->shadowed_by);
  bs_candidate_free(candidate);
}

static void a_missing_directory_is_passed_over(void **state) {
  struct bs_candidate *candidate = NULL;
  struct bs_error error = {0};

  make_directory(*state, "two", 0755);
  copy_module(*state, "good", "two/good.so");
  assert_ok(find(*state, "good", &candidate, &error));
  bs_candidate_free(candidate);
}

static void the_first_directory_decides(void **state) {
  struct bs_candidate *candidate = NULL;
  struct bs_error error = {0};

  make_directory(*state, "one", 0755);
  make_directory(*state, "two", 0755);
  copy_module(*state, "good", "one/good.so");
  copy_module(*state, "good", "two/good.so");
  assert_ok(find(*state, "good", &candidate, &error));
  assert_non_null(strstr(candidate->path, "/one/good.so"));
  bs_candidate_free(candidate);
  change_mode(*state, "one/good.so", 0666); /* refused, and not passed over for the good one in two */
  assert_fails(find(*state, "good", &candidate, &error), BS_WORD_driver,
               "/one/good.so: The driver can be written by everyone");
}

static void a_refused_directory_is_not_passed_over(void **state) {
  struct bs_candidate *candidate = NULL;
  struct bs_error error = {0};

  make_directory(*state, "one", 0775);
  make_directory(*state, "two", 0755);
  copy_module(*state, "good", "two/good.so");
  assert_fails(find(*state, "good", &candidate, &error), BS_WORD_driver,
               "/one: The directory can be written by its group");
}

static void an_unknown_driver_is_told_with_places_and_a_guess(void **state) {
  struct bs_candidate *candidate = NULL;
  struct bs_error error = {0};

  make_directory(*state, "two", 0755);
  copy_module(*state, "good", "two/good.so");
  write_file(*state, "two/Goad.so", "", 0);
  assert_fails(find(*state, "goad", &candidate, &error), BS_WORD_driver, "There is no driver goad (goad.so) in /");
  assert_fails(find(*state, "goad", &candidate, &error), BS_WORD_driver, "/one, /");
  assert_fails(find(*state, "goad", &candidate, &error), BS_WORD_driver, "/two. Did you mean good?");
  find(*state, "something", &candidate, &error);
  assert_null(strstr(error.message, "Did you mean"));
  assert_fails(bs_catalog_find(&candidate, NULL, 0, "good", &error), BS_WORD_driver,
               "no directory of drivers (plugin_path)");
}

static void what_is_no_name_is_looked_for_nowhere(void **state) {
  struct bs_candidate *candidate = NULL;
  struct bs_error error = {0};

  make_directory(*state, "one", 0755);
  copy_module(*state, "good", "good.so");
  assert_fails(find(*state, "../good", &candidate, &error), BS_WORD_driver, "\"../good\" cannot be a driver");
  assert_fails(find(*state, "", &candidate, &error), BS_WORD_driver, "cannot be a driver");
  assert_fails(find(*state, "good.so", &candidate, &error), BS_WORD_driver, "cannot be a driver");
}

/* Expects the refusal of a file in one/, from find and in the list, and the rule's word there. */
static void expect_refusal(const char *place, const char *name, const char *rule, const char *text) {
  struct bs_candidate *candidate = NULL;
  struct bs_error error = {0};
  struct bs_catalog *catalog;

  assert_fails(find(place, name, &candidate, &error), BS_WORD_driver, text);
  catalog = list(place, name);
  assert_int_equal(catalog->candidate_count, 1);
  assert_string_equal(catalog->candidates[0]->name, name);
  if (catalog->candidates[0]->refused == NULL || strstr(catalog->candidates[0]->refused, text) == NULL)
    fail_msg("%s: %s", name, catalog->candidates[0]->refused == NULL ? "not refused" : catalog->candidates[0]->refused);
  assert_string_equal(bs_rule_text(catalog->candidates[0]->rule), rule);
  bs_catalog_free(catalog);
}

static void files_that_are_no_drivers_are_refused_with_the_reason(void **state) {
  struct bs_buffer bytes = BS_BUFFER_INIT;
  char *link BS_AUTO_FREE = path_in(*state, "one/link.so");
  ElfW(Ehdr) *header;

  make_directory(*state, "one", 0755);
  write_file(*state, "one/text.so", "hello\n", 6);
  expect_refusal(*state, "text", "not_elf", "/one/text.so: The file is not an ELF file");
  read_module(&bytes, "good");
  write_file(*state, "one/cut.so", bytes.bytes, 100);
  expect_refusal(*state, "cut", "truncated", "/one/cut.so: The ELF file is cut off: it has 100 bytes");
  header = (ElfW(Ehdr) *)(void *)bytes.bytes;
  header->e_machine++;
  write_file(*state, "one/other.so", bytes.bytes, bytes.length);
  expect_refusal(*state, "other", "machine", "/one/other.so: The file is for another machine");
  header->e_machine--;
  header->e_type = ET_REL;
  write_file(*state, "one/object.so", bytes.bytes, bytes.length);
  expect_refusal(*state, "object", "not_shared", "/one/object.so: The ELF file is not a shared object");
  header->e_type = ET_DYN;
  header->e_phentsize++;
  write_file(*state, "one/damaged.so", bytes.bytes, bytes.length);
  expect_refusal(*state, "damaged", "damaged", "/one/damaged.so: The ELF file's program headers are damaged");
  bs_buffer_free(&bytes);
  copy_module(*state, "nonote", "one/nonote.so");
  expect_refusal(*state, "nonote", "no_note", "has no Blockstore note");
  copy_module(*state, "good", "one/renamed.so");
  expect_refusal(*state, "renamed", "other_name", "The driver in it is called good: rename the file to good.so.");
  make_directory(*state, "one/x.so", 0755);
  expect_refusal(*state, "x", "kind", "/one/x.so: This is a directory, not a regular file");
  assert_int_equal(symlink("renamed.so", link), 0);
  expect_refusal(*state, "link", "link", "/one/link.so: The driver is a symbolic link");
  copy_module(*state, "newerminor", "one/newerminor.so");
  expect_refusal(*state, "newerminor", "abi", "needs ABI 1.98 or later and this is 1.0: install a newer Blockstore");
  copy_module(*state, "newermajor", "one/newermajor.so");
  expect_refusal(*state, "newermajor", "abi", "built for ABI 7.0 and this is 1.0: install a newer Blockstore");
  copy_module(*state, "oldermajor", "one/oldermajor.so");
  expect_refusal(*state, "oldermajor", "abi", "built for ABI 0.1 and this is 1.0: build it anew, with this one's");
  copy_module(*state, "good", "one/good.so");
  change_mode(*state, "one/good.so", 0666);
  expect_refusal(*state, "good", "writable", "/one/good.so: The driver can be written by everyone");
}

static void metadata_that_cannot_be_read_is_refused(void **state) {
  struct bs_buffer bytes = BS_BUFFER_INIT;
  unsigned char *text;

  make_directory(*state, "one", 0755);
  read_module(&bytes, "good");
  while ((text = memmem(bytes.bytes, bytes.length, "version=", 8)) != NULL) memcpy(text, "verslon=", 8);
  write_file(*state, "one/good.so", bytes.bytes, bytes.length);
  bs_buffer_free(&bytes);
  expect_refusal(*state, "good", "metadata", "/one/good.so: ");
}

/* The linker would say it when the driver is loaded. */
static void a_library_that_is_missing_is_told_where_it_is_asked_for(void **state) {
  struct bs_candidate *candidate = NULL;
  struct bs_error error = {0};
  struct bs_catalog *catalog;

  make_directory(*state, "one", 0755);
  copy_module(*state, "needslibrary", "one/needslibrary.so");
  assert_ok(find(*state, "needslibrary", &candidate, &error));
  assert_null(candidate->libraries);
  bs_candidate_free(candidate);
  catalog = list(*state, "needslibrary");
  assert_string_equal(bs_rule_text(catalog->candidates[0]->rule), "library");
  assert_non_null(
      strstr(catalog->candidates[0]->refused,
             "/one/needslibrary.so: The driver needs the library libgone.so, which is not found (libgone.so: "));
  for (size_t i = 0; i < catalog->candidates[0]->libraries->count; i++) {
    const struct bs_library *library = &catalog->candidates[0]->libraries->items[i];

    assert_int_equal(library->missing != NULL, strcmp(library->name, "libgone.so") == 0);
  }
  bs_catalog_free(catalog);
}

/* How many libraries, and how long their directories are, is the dynamic linker's affair. */
static void libraries_that_cannot_be_read_refuse_nothing(void **state) {
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_candidate *candidate = NULL;
  struct bs_error error = {0};
  struct bs_catalog *catalog;
  ElfW(Phdr) *segment;

  make_directory(*state, "one", 0755);
  read_module(&bytes, "good");
  segment = (ElfW(Phdr) *)(void *)(bytes.bytes + ((ElfW(Ehdr) *)(void *)bytes.bytes)->e_phoff);
  while (segment->p_type != PT_DYNAMIC) segment++;
  segment->p_filesz = 0; /* without strings */
  write_file(*state, "one/good.so", bytes.bytes, bytes.length);
  bs_buffer_free(&bytes);
  assert_ok(find(*state, "good", &candidate, &error));
  bs_candidate_free(candidate);
  catalog = list(*state, "good");
  assert_int_equal(catalog->candidate_count, 1);
  assert_null(catalog->candidates[0]->refused);
  assert_null(catalog->candidates[0]->libraries);
  bs_catalog_free(catalog);
}

static void the_list_has_every_file_with_its_verdict(void **state) {
  struct bs_catalog *catalog;

  make_directory(*state, "one", 0755);
  make_directory(*state, "two", 0755);
  copy_module(*state, "good", "one/good.so");
  copy_module(*state, "good", "two/good.so");
  copy_module(*state, "wrongmagic", "one/wrongmagic.so");
  write_file(*state, "two/Bad-Name.so", "", 0);
  write_file(*state, "one/README", "", 0);
  write_file(*state, "one/good.la", "", 0);
  write_file(*state, "one/.so", "", 0);
  catalog = list(*state, NULL);
  assert_int_equal(catalog->candidate_count, 4);
  assert_string_equal(catalog->candidates[0]->name, "good");
  assert_null(catalog->candidates[0]->shadowed_by);
  assert_string_equal(catalog->candidates[1]->name, "wrongmagic");
  assert_null(catalog->candidates[1]->refused); /* nothing is wrong that can be seen without loading it */
  assert_string_equal(catalog->candidates[2]->name, "Bad-Name");
  assert_non_null(strstr(catalog->candidates[2]->refused, "has no driver's name"));
  assert_string_equal(bs_rule_text(catalog->candidates[2]->rule), "name");
  assert_null(catalog->candidates[2]->metadata);
  assert_string_equal(catalog->candidates[3]->shadowed_by, catalog->candidates[0]->path);
  assert_int_equal(catalog->directory_count, 2);
  assert_null(catalog->directories[0].refused);
  bs_catalog_free(catalog);
  catalog = list(*state, "good");
  assert_int_equal(catalog->candidate_count, 2);
  bs_catalog_free(catalog);
}

static void a_directory_in_two_spellings_is_one(void **state) {
  char *one BS_AUTO_FREE = path_in(*state, "one"), *link BS_AUTO_FREE = path_in(*state, "link");
  char *slash BS_AUTO_FREE = path_in(*state, "./one/"), *two BS_AUTO_FREE = path_in(*state, "two");
  const char *directories[] = {one, slash, link, two};
  struct bs_error error = {0};
  struct bs_catalog *catalog;

  make_directory(*state, "one", 0755);
  make_directory(*state, "two", 0755);
  assert_int_equal(symlink("one", link), 0);
  copy_module(*state, "good", "one/good.so");
  copy_module(*state, "good", "two/good.so");
  for (int only = 0; only < 2; only++) {
    assert_ok(only ? bs_catalog_explain(&catalog, directories, 4, "good", &error)
                   : bs_catalog_list(&catalog, directories, 4, &error));
    assert_int_equal(catalog->candidate_count, 2);
    assert_null(catalog->candidates[0]->shadowed_by);
    assert_string_equal(catalog->candidates[1]->shadowed_by, catalog->candidates[0]->path);
    assert_string_equal(catalog->candidates[1]->directory, two);
    assert_int_equal(catalog->directory_count, 4);
    assert_string_equal(catalog->directories[2].path, link);
    assert_null(catalog->directories[2].refused);
    bs_catalog_free(catalog);
  }
}

static void the_list_names_directories_that_were_not_searched(void **state) {
  struct bs_catalog *catalog;

  make_directory(*state, "two", 0777);
  copy_module(*state, "good", "two/good.so");
  catalog = list(*state, NULL);
  assert_int_equal(catalog->candidate_count, 0);
  assert_non_null(strstr(catalog->directories[0].refused, "/one: There is no such directory"));
  assert_string_equal(bs_rule_text(catalog->directories[0].rule), "missing");
  assert_non_null(strstr(catalog->directories[1].refused, "/two: The directory can be written by everyone"));
  assert_string_equal(bs_rule_text(catalog->directories[1].rule), "writable");
  bs_catalog_free(catalog);
}

static void a_refused_directory_decides_about_later_ones(void **state) {
  struct bs_catalog *catalog;

  make_directory(*state, "one", 0777);
  make_directory(*state, "two", 0755);
  copy_module(*state, "good", "two/good.so");
  catalog = list(*state, "good");
  assert_int_equal(catalog->candidate_count, 1);
  assert_null(catalog->candidates[0]->refused);
  assert_string_equal(catalog->candidates[0]->shadowed_by, catalog->directories[0].path);
  bs_catalog_free(catalog);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_place(a_driver_is_found_with_its_metadata),
      in_place(a_missing_directory_is_passed_over),
      in_place(the_first_directory_decides),
      in_place(a_refused_directory_is_not_passed_over),
      in_place(an_unknown_driver_is_told_with_places_and_a_guess),
      in_place(what_is_no_name_is_looked_for_nowhere),
      in_place(files_that_are_no_drivers_are_refused_with_the_reason),
      in_place(metadata_that_cannot_be_read_is_refused),
      in_place(a_library_that_is_missing_is_told_where_it_is_asked_for),
      in_place(libraries_that_cannot_be_read_refuse_nothing),
      in_place(the_list_has_every_file_with_its_verdict),
      in_place(a_directory_in_two_spellings_is_one),
      in_place(the_list_names_directories_that_were_not_searched),
      in_place(a_refused_directory_decides_about_later_ones),
  };
  return RUN_TESTS(tests);
}
