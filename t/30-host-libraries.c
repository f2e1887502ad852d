/* SPDX-License-Identifier: MIT */
/* The libraries that a driver's file needs: read from a file of which nothing is believed, looked for without running any. */
#include <config.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "core/base/auto.h"
#include "core/driver/libraries.h"
#include "core/driver/rule.h"
#include "t/lib/plugins.h"

static bool libraries_of(struct bs_libraries **ret_libraries, const struct bs_buffer *bytes, struct bs_error *error) {
  int fd BS_AUTO_CLOSE = memfd_create("driver", MFD_CLOEXEC);
  struct bs_elf elf;

  assert_true(fd >= 0);
  assert_true(bs_file_write_all(fd, bytes->bytes, bytes->length));
  return bs_elf_open(&elf, fd, "FILE", error) && bs_libraries_read(ret_libraries, &elf, error);
}

/* needslibrary.so, and where its dynamic section is; its entries may be changed. */
struct module {
  struct bs_buffer bytes;
  ElfW(Phdr) *segment;
  ElfW(Dyn) *entries;
};

static void open_module(struct module *module) {
  ElfW(Ehdr) *header;

  *module = (struct module){BS_BUFFER_INIT, NULL, NULL};
  read_module(&module->bytes, "needslibrary");
  header = (ElfW(Ehdr) *)(void *)module->bytes.bytes;
  module->segment = (ElfW(Phdr) *)(void *)(module->bytes.bytes + header->e_phoff);
  while (module->segment->p_type != PT_DYNAMIC) module->segment++;
  module->entries = (ElfW(Dyn) *)(void *)(module->bytes.bytes + module->segment->p_offset);
}

static ElfW(Dyn) *entry(const struct module *module, int64_t tag) {
  ElfW(Dyn) *found = module->entries;

  while (found->d_tag != tag && found->d_tag != DT_NULL) found++;
  assert_true(found->d_tag == tag);
  return found;
}

static void assert_refused(const struct module *module, enum bs_rule rule, const char *text) {
  struct bs_libraries *libraries = NULL;
  struct bs_error error = {0};

  assert_false(libraries_of(&libraries, &module->bytes, &error));
  assert_int_equal(error.word, BS_WORD_driver);
  assert_int_equal(error.rule, rule);
  assert_non_null(strstr(error.message, text));
  assert_null(libraries);
}

static void assert_damaged(const struct module *module) {
  assert_refused(module, BS_RULE_damaged, "FILE: The ELF file's dynamic section is damaged");
}

static bool needs(const struct bs_libraries *libraries, const char *name) {
  for (size_t i = 0; i < libraries->count; i++)
    if (strcmp(libraries->items[i].name, name) == 0) return true;
  return false;
}

static void what_a_driver_needs_is_read(void **state) {
  struct bs_libraries *libraries = NULL;
  struct bs_error error = {0};
  struct module module;

  (void)state;
  open_module(&module);
  assert_ok(libraries_of(&libraries, &module.bytes, &error));
  assert_true(needs(libraries, "libgone.so")); /* and that of a sanitizer, if there is one */
  assert_null(libraries->path);
  bs_libraries_free(libraries);
  bs_buffer_free(&module.bytes);
}

static void directories_of_the_file_are_read(void **state) {
  struct bs_libraries *libraries = NULL;
  struct bs_error error = {0};
  struct module module;

  (void)state;
  open_module(&module);
  entry(&module, DT_SONAME)->d_tag = DT_RPATH; /* its text is then a path */
  assert_ok(libraries_of(&libraries, &module.bytes, &error));
  assert_string_equal(libraries->path, "needslibrary.so");
  bs_libraries_free(libraries);
  entry(&module, DT_GNU_HASH)->d_tag = DT_RUNPATH; /* the newer one counts */
  entry(&module, DT_RUNPATH)->d_un.d_val = entry(&module, DT_NEEDED)->d_un.d_val;
  assert_ok(libraries_of(&libraries, &module.bytes, &error));
  assert_string_equal(libraries->path, libraries->items[0].name);
  bs_libraries_free(libraries);
  bs_buffer_free(&module.bytes);
}

static void a_damaged_section_is_refused(void **state) {
  struct module module;
  ElfW(Phdr) saved;

  (void)state;
  open_module(&module);
  saved = *module.segment;
  module.segment->p_type = PT_NULL;
  assert_damaged(&module);
  *module.segment = saved;
  module.segment->p_filesz = (__typeof__(module.segment->p_filesz))-1;
  assert_damaged(&module);
  module.segment->p_filesz = 5000 * sizeof(ElfW(Dyn));
  assert_damaged(&module);
  module.segment->p_filesz = 0; /* without strings */
  assert_damaged(&module);
  *module.segment = saved;
  module.segment->p_offset = module.bytes.length - 8;
  assert_refused(&module, BS_RULE_truncated, "FILE: The ELF file is cut off");
  bs_buffer_free(&module.bytes);
}

static void strings_are_not_believed(void **state) {
  static const uint64_t lies[] = {0x7fffffff, 0xfffffff0, UINT64_MAX, UINT64_MAX - 0xfff};
  static const int64_t tags[] = {DT_NEEDED, DT_STRTAB, DT_STRSZ};
  struct module module;

  (void)state;
  open_module(&module);
  for (size_t tag = 0; tag < 3; tag++)
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
      ElfW(Dyn) *changed = entry(&module, tags[tag]), saved = *changed;

      changed->d_un.d_val = (__typeof__(changed->d_un.d_val))lies[i];
      assert_damaged(&module);
      *changed = saved;
    }
  entry(&module, DT_STRSZ)->d_un.d_val = entry(&module, DT_NEEDED)->d_un.d_val + 3; /* it ends within the name */
  assert_damaged(&module);
  bs_buffer_free(&module.bytes);
}

/* The strings are then bytes that are all letters: the section .text of the file, overwritten. */
static void a_name_without_end_is_refused(void **state) {
  const ElfW(Phdr) *text;
  struct module module;

  (void)state;
  open_module(&module);
  text = (const ElfW(Phdr) *)(void *)(module.bytes.bytes + ((ElfW(Ehdr) *)(void *)module.bytes.bytes)->e_phoff);
  while (text->p_type != PT_LOAD || (text->p_flags & PF_X) == 0) text++;
  memset(module.bytes.bytes + text->p_offset, 'a', text->p_filesz);
  entry(&module, DT_STRTAB)->d_un.d_ptr = text->p_vaddr;
  entry(&module, DT_STRSZ)->d_un.d_val = text->p_filesz;
  entry(&module, DT_NEEDED)->d_un.d_val = 0;
  assert_damaged(&module);
  bs_buffer_free(&module.bytes);
}

static void there_is_a_most(void **state) {
  ElfW(Dyn) entries[BS_LIBRARIES_MAX + 1];
  struct bs_libraries *libraries = NULL;
  struct bs_error error = {0};
  struct module module;
  size_t count = 0;

  (void)state;
  open_module(&module);
  entries[count++] = *entry(&module, DT_STRTAB);
  entries[count++] = *entry(&module, DT_STRSZ);
  while (count < BS_LIBRARIES_MAX + 1) entries[count++] = *entry(&module, DT_NEEDED);
  module.segment->p_offset = module.bytes.length;
  module.segment->p_filesz = sizeof entries;
  bs_buffer_add(&module.bytes, entries, sizeof entries);
  assert_ok(libraries_of(&libraries, &module.bytes, &error)); /* two were for the strings */
  assert_int_equal(libraries->count, BS_LIBRARIES_MAX - 1);
  bs_libraries_free(libraries);
  bs_buffer_free(&module.bytes);

  open_module(&module);
  module.segment->p_offset = module.bytes.length;
  module.segment->p_filesz = sizeof entries + 2 * sizeof *entries;
  bs_buffer_add(&module.bytes, entries, sizeof entries);
  bs_buffer_add(&module.bytes, &entries[2], 2 * sizeof *entries);
  assert_damaged(&module);
  bs_buffer_free(&module.bytes);
}

/* ---- where they are ---- */

/* Is the library found, by the name and with these directories, for a driver in PLACE? */
static bool found(const char *place, const char *name, const char *path) {
  char *own_name BS_AUTO_FREE = strdup(name), *own_path BS_AUTO_FREE = path == NULL ? NULL : strdup(path);
  struct bs_library library = {own_name, NULL};
  struct bs_libraries libraries = {&library, 1, own_path};
  struct bs_error error = {0};
  bool is_found;

  assert_ok(bs_libraries_search(&libraries, place, &error));
  is_found = library.missing == NULL;
  if (!is_found) assert_non_null(strstr(library.missing, name));
  free(library.missing);
  return is_found;
}

static void what_is_loaded_or_installed_is_found(void **state) {
  assert_true(found(*state, "libc.so.6", NULL));
  assert_true(found(*state, "libgcc_s.so.1", NULL)); /* of every Debian; whether it is loaded, too, is not known here */
  assert_false(found(*state, "libgone.so", NULL));
  assert_false(found(*state, "libgone.so", ""));
  assert_false(found(*state, "libgone.so", "$ORIGIN:/nonexistent"));
}

static void what_lies_beside_the_driver_is_found_and_not_loaded(void **state) {
  const char *place = *state;
  char *absolute BS_AUTO_FREE = path_in(place, "lib"), *file BS_AUTO_FREE = path_in(place, "lib/libgone.so");

  make_directory(place, "lib", 0755);
  copy_module(place, "libgone", "lib/libgone.so");
  assert_true(found(place, "libgone.so", "$ORIGIN/lib"));
  assert_true(found(place, "libgone.so", "${ORIGIN}/lib"));
  assert_true(found(place, "libgone.so", "/nonexistent:$ORIGIN/./lib:/also"));
  assert_true(found(place, "libgone.so", absolute));
  assert_true(found(place, file, NULL)); /* a path is one, with nothing of directories */
  assert_true(found(place, "$ORIGIN/lib/libgone.so", NULL));
  assert_false(found(place, "lib/libgone.so", "$ORIGIN"));
  assert_false(found(place, "libgone.so", "$ORIGIN"));
  assert_false(found(place, "libgone.so", NULL));
  assert_null(dlopen(file, RTLD_LAZY | RTLD_NOLOAD));
}

static void what_is_no_library_of_this_machine_is_none(void **state) {
  struct bs_buffer bytes = BS_BUFFER_INIT;

  write_file(*state, "libgone.so", "not one", 7);
  assert_false(found(*state, "libgone.so", "$ORIGIN"));
  read_module(&bytes, "libgone");
  ((ElfW(Ehdr) *)(void *)bytes.bytes)->e_machine++;
  write_file(*state, "libgone.so", bytes.bytes, bytes.length);
  assert_false(found(*state, "libgone.so", "$ORIGIN"));
  bs_buffer_free(&bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_a_driver_needs_is_read),
      cmocka_unit_test(directories_of_the_file_are_read),
      cmocka_unit_test(a_damaged_section_is_refused),
      cmocka_unit_test(strings_are_not_believed),
      cmocka_unit_test(a_name_without_end_is_refused),
      cmocka_unit_test(there_is_a_most),
      in_place(what_is_loaded_or_installed_is_found),
      in_place(what_lies_beside_the_driver_is_found_and_not_loaded),
      in_place(what_is_no_library_of_this_machine_is_none),
  };
  return RUN_TESTS(tests);
}
