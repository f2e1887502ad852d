/* SPDX-License-Identifier: MIT */
#include <config.h>

#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>

#include "core/base/auto.h"
#include "core/driver/metadata.h"
#include "core/driver/note.h"
#include "t/lib/plugins.h"

/* Reads the note of a file with these bytes. */
static bool note_of(char **ret_text, size_t *ret_length, const void *bytes, size_t length, struct bs_error *error) {
  int fd BS_AUTO_CLOSE = memfd_create("driver", MFD_CLOEXEC);
  struct bs_elf elf;

  assert_true(fd >= 0);
  assert_true(bs_file_write_all(fd, bytes, length));
  return bs_elf_open(&elf, fd, "FILE", error) && bs_note_read(ret_text, ret_length, &elf, error);
}

static bool refused(const struct bs_buffer *bytes, struct bs_error *error) {
  char *text = NULL;
  size_t length;

  return note_of(&text, &length, bytes->bytes, bytes->length, error);
}

static void the_text_of_a_driver_is_read(void **state) {
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_error error = {0};
  char *text;
  size_t length;

  (void)state;
  read_module(&bytes, "good");
  assert_ok(note_of(&text, &length, bytes.bytes, bytes.length, &error));
  assert_int_equal(strlen(text), length);
  assert_memory_equal(text, "name=good\nabi=1.0\nversion=1.2\n", 29);
  assert_int_equal(text[length - 1], '\n');
  free(text);
  bs_buffer_free(&bytes);
}

static void other_files_are_named_for_what_they_are(void **state) {
  struct bs_buffer bytes = BS_BUFFER_INIT, none = BS_BUFFER_INIT;
  struct bs_error error = {0};
  ElfW(Ehdr) *header;

  (void)state;
  assert_fails(refused(&none, &error), BS_WORD_driver, "FILE: The file is not an ELF file");
  bs_buffer_text(&none, "#!/bin/sh\necho a driver, really\n");
  assert_fails(refused(&none, &error), BS_WORD_driver, "is not an ELF file");
  read_module(&bytes, "good");
  header = (ElfW(Ehdr) *)(void *)bytes.bytes;
  header->e_ident[EI_CLASS] = header->e_ident[EI_CLASS] == ELFCLASS64 ? ELFCLASS32 : ELFCLASS64;
  assert_fails(refused(&bytes, &error), BS_WORD_driver,
               sizeof(void *) == 8 ? "is a 32-bit ELF file" : "is a 64-bit ELF file");
  header->e_ident[EI_CLASS] = 9;
  assert_fails(refused(&bytes, &error), BS_WORD_driver, "is a strange ELF file");
  header->e_ident[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
  header->e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
  assert_fails(refused(&bytes, &error), BS_WORD_driver, "is for another machine: it has the other byte order");
  header->e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
  header->e_machine++;
  assert_fails(refused(&bytes, &error), BS_WORD_driver, "is for another machine");
  header->e_machine--;
  header->e_type = ET_REL;
  assert_fails(refused(&bytes, &error), BS_WORD_driver, "is not a shared object");
  header->e_type = ET_DYN;
  header->e_phentsize--;
  assert_fails(refused(&bytes, &error), BS_WORD_driver, "program headers are damaged");
  bs_buffer_free(&bytes);
  bs_buffer_free(&none);
}

static void a_library_without_the_note_is_no_driver(void **state) {
  struct bs_buffer bytes = BS_BUFFER_INIT;
  struct bs_error error = {0};

  (void)state;
  read_module(&bytes, "nonote");
  assert_fails(refused(&bytes, &error), BS_WORD_driver, "has no Blockstore note: not a driver, or stripped");
  bs_buffer_free(&bytes);
}

/* A header, one PT_NOTE segment of `size` bytes as declared, and what is given of its bytes. */
static void build(struct bs_buffer *file, uint64_t size, const void *notes, size_t length) {
  struct bs_buffer genuine = BS_BUFFER_INIT;
  ElfW(Phdr) segment = {.p_type = PT_NOTE, .p_offset = sizeof(ElfW(Ehdr)) + sizeof segment, .p_align = 4};
  ElfW(Ehdr) header;

  read_module(&genuine, "good");
  memcpy(&header, genuine.bytes, sizeof header);
  bs_buffer_free(&genuine);
  header.e_phoff = sizeof header;
  header.e_phnum = 1;
  segment.p_filesz = size;
  bs_buffer_clear(file);
  bs_buffer_add(file, &header, sizeof header);
  bs_buffer_add(file, &segment, sizeof segment);
  bs_buffer_add(file, notes, length);
}

static void add_note(struct bs_buffer *notes, uint32_t owner_size, uint32_t text_size, uint32_t type,
                     const char *owner) {
  const uint32_t words[] = {owner_size, text_size, type};

  bs_buffer_add(notes, words, sizeof words);
  bs_buffer_add(notes, owner, strlen(owner) + 1);
  while (notes->length % 4 != 0) bs_buffer_byte(notes, 0);
}

static void notes_are_told_apart(void **state) {
  struct bs_buffer notes = BS_BUFFER_INIT, file = BS_BUFFER_INIT;
  struct bs_error error = {0};
  size_t length;
  char *text;

  (void)state;
  add_note(&notes, 4, 4, 1, "GNU");
  bs_buffer_text(&notes, "abcd");
  add_note(&notes, 11, 4, 2, "Blockstore"); /* another type */
  bs_buffer_text(&notes, "abcd");
  add_note(&notes, 11, 4, 1, "blockstore"); /* another owner */
  bs_buffer_text(&notes, "abcd");
  build(&file, notes.length, notes.bytes, notes.length);
  assert_fails(refused(&file, &error), BS_WORD_driver, "has no Blockstore note");
  add_note(&notes, 11, 4, 1, "Blockstore");
  bs_buffer_text(&notes, "a=b\n");
  build(&file, notes.length, notes.bytes, notes.length);
  assert_ok(note_of(&text, &length, file.bytes, file.length, &error));
  assert_string_equal(text, "a=b\n");
  assert_int_equal(length, 4);
  free(text);
  bs_buffer_free(&notes);
  bs_buffer_free(&file);
}

static void sizes_are_not_believed(void **state) {
  static const uint32_t lies[] = {5, 0x7fffffff, 0xfffffffc, 0xffffffff};
  struct bs_buffer notes = BS_BUFFER_INIT, file = BS_BUFFER_INIT;
  struct bs_error error = {0};

  (void)state;
  for (size_t i = 0; i < 4; i++) { /* the text's size, then the owner's */
    bs_buffer_clear(&notes);
    add_note(&notes, 11, lies[i], 1, "Blockstore");
    bs_buffer_text(&notes, "a=b\n");
    build(&file, notes.length, notes.bytes, notes.length);
    assert_fails(refused(&file, &error), BS_WORD_driver, "has no Blockstore note");
    bs_buffer_clear(&notes);
    add_note(&notes, lies[i], 4, 1, "Blockstore");
    build(&file, notes.length, notes.bytes, notes.length);
    assert_fails(refused(&file, &error), BS_WORD_driver, "has no Blockstore note");
  }
  build(&file, notes.length + 1, notes.bytes, notes.length);
  assert_fails(refused(&file, &error), BS_WORD_driver, "is cut off");
  build(&file, UINT64_MAX, notes.bytes, notes.length);
  assert_fails(refused(&file, &error), BS_WORD_driver,
               sizeof(ElfW(Off)) == 8 ? "of notes of 18446744073709551615 bytes" : "of notes of 4294967295 bytes");
  ((ElfW(Ehdr) *)(void *)file.bytes)->e_phoff = (ElfW(Off))-8;
  assert_fails(refused(&file, &error), BS_WORD_driver, "is cut off");
  bs_buffer_free(&notes);
  bs_buffer_free(&file);
}

static void a_text_has_an_end(void **state) {
  struct bs_buffer notes = BS_BUFFER_INIT, file = BS_BUFFER_INIT;
  struct bs_error error = {0};
  unsigned char *bytes;

  (void)state;
  add_note(&notes, 11, BS_METADATA_MAX + 4, 1, "Blockstore");
  bytes = bs_buffer_extend(&notes, BS_METADATA_MAX + 4);
  assert_non_null(bytes);
  memset(bytes, 'a', BS_METADATA_MAX + 4);
  build(&file, notes.length, notes.bytes, notes.length);
  assert_fails(refused(&file, &error), BS_WORD_driver, "metadata has more than the 65536 bytes");
  bs_buffer_free(&notes);
  bs_buffer_free(&file);
}

/* Whatever the answer: no byte outside is touched (the sanitizers look), and what is read can be parsed or refused. */
static void try_bytes(const unsigned char *bytes, size_t length, size_t *read) {
  struct bs_metadata *metadata = NULL;
  struct bs_error error = {0};
  char *text = NULL;
  size_t text_length;

  if (!note_of(&text, &text_length, bytes, length, &error)) {
    assert_int_equal(error.word, BS_WORD_driver);
    assert_true(error.message[0] != '\0');
    return;
  }
  *read += 1;
  if (!bs_metadata_parse(&metadata, text, text_length, &error)) assert_int_equal(error.word, BS_WORD_driver);
  bs_metadata_free(metadata);
  free(text);
}

static void damage_never_harms_the_reader(void **state) {
  struct bs_buffer bytes = BS_BUFFER_INIT;
  const size_t head = sizeof(ElfW(Ehdr)) + 16 * sizeof(ElfW(Phdr)) + 2048; /* headers and, behind them, the notes */
  uint32_t random = 1;
  size_t read = 0;

  (void)state;
  read_module(&bytes, "good");
  assert_true(bytes.length > head);
  for (size_t length = 0; length < head; length += 7) try_bytes(bytes.bytes, length, &read);
  for (size_t bit = 0; bit < 8 * head; bit += 5) {
    bytes.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    try_bytes(bytes.bytes, bytes.length, &read);
    bytes.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
  }
  for (size_t i = 0; i < 2000; i++) { /* damage that adds up */
    random = random * 1664525 + 1013904223;
    bytes.bytes[sizeof(ElfW(Ehdr)) + (random >> 8) % (head - sizeof(ElfW(Ehdr)))] ^= (unsigned char)(random >> 24);
    try_bytes(bytes.bytes, bytes.length, &read);
  }
  assert_true(read > 0); /* the damage was not all to the first bytes */
  bs_buffer_free(&bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_text_of_a_driver_is_read),
      cmocka_unit_test(other_files_are_named_for_what_they_are),
      cmocka_unit_test(a_library_without_the_note_is_no_driver),
      cmocka_unit_test(notes_are_told_apart),
      cmocka_unit_test(sizes_are_not_believed),
      cmocka_unit_test(a_text_has_an_end),
      cmocka_unit_test(damage_never_harms_the_reader),
  };
  return RUN_TESTS(tests);
}
