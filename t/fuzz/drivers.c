/* SPDX-License-Identifier: MIT */
/* A driver before it is vetted: its file, and the text in it. */
#include <config.h>

#include <elf.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/auto.h"
#include "core/base/io.h"
#include "core/driver/libraries.h"
#include "core/driver/lockfile.h"
#include "core/driver/metadata.h"
#include "core/driver/note.h"
#include "t/fuzz/targets.h"

static void read_metadata(const char *text, size_t length) {
  struct bs_metadata *metadata;
  struct bs_error error = {0};

  if (!bs_metadata_parse(&metadata, text, length, &error)) {
    PROMISED(error.message[0] != '\0');
    return;
  }
  PROMISED(metadata->name != NULL && metadata->version != NULL && strlen(metadata->name) <= 31);
  for (size_t i = 0; i < metadata->option_count; i++) PROMISED(metadata->options[i].key[0] != '\0');
  bs_metadata_free(metadata);
}

void bs_fuzz_metadata(const uint8_t *bytes, size_t length) {
  char *text BS_AUTO_FREE = bs_fuzz_string(bytes, length);

  read_metadata(text, length);
}

/* The note's text is read as the catalog does it, and the libraries; what is not there is not asked for. */
static void read_elf(const struct bs_elf *elf) {
  struct bs_libraries *libraries = NULL;
  struct bs_error error = {0};
  char *text BS_AUTO_FREE = NULL;
  size_t length;

  if (bs_note_read(&text, &length, elf, &error)) {
    PROMISED(length <= BS_METADATA_MAX && text[length] == '\0');
    read_metadata(text, length);
  } else {
    PROMISED(error.message[0] != '\0');
  }
  if (bs_libraries_read(&libraries, elf, &error)) {
    PROMISED(libraries->count <= BS_LIBRARIES_MAX);
    for (size_t i = 0; i < libraries->count; i++) PROMISED(strlen(libraries->items[i].name) < BS_LIBRARY_TEXT_MAX);
  } else {
    PROMISED(error.message[0] != '\0');
  }
  bs_libraries_free(libraries);
}

/* What is taken for a lock has one spelling, and all that it lists is a driver's. */
void bs_fuzz_lockfile(const uint8_t *bytes, size_t length) {
  struct bs_lockfile *lock BS_AUTO_LOCKFILE = NULL;
  struct bs_buffer again BS_AUTO_BUFFER = BS_BUFFER_INIT;
  unsigned char owner[BS_HASH160_SIZE], version;
  struct bs_error error = {0};

  if (!bs_lockfile_parse(&lock, bytes, length, &error)) {
    PROMISED(lock == NULL && error.message[0] != '\0');
    return;
  }
  bs_lockfile_write(&again, lock);
  PROMISED(again.length == length && memcmp(again.bytes, bytes, length) == 0);
  for (size_t i = 0; i < lock->count; i++)
    PROMISED(bs_vet_is_name(lock->drivers[i].name) && bs_lockfile_find(lock, lock->drivers[i].name) == &lock->drivers[i]);
  PROMISED(bs_address_decode(&version, owner, lock->signer));
  PROMISED(bs_lockfile_verify(lock, owner, &error) || error.word == BS_WORD_driver);
}

/* What follows the magic of an ELF file: the seeds, without it, are no files that tools for packages would look at. */
void bs_fuzz_note(const uint8_t *bytes, size_t length) {
  int fd BS_AUTO_CLOSE = memfd_create("driver", MFD_CLOEXEC);
  struct bs_error error = {0};
  struct bs_elf elf;

  PROMISED(fd >= 0 && bs_file_write_all(fd, ELFMAG, SELFMAG) && bs_file_write_all(fd, bytes, length));
  if (bs_elf_open(&elf, fd, "driver.so", &error)) read_elf(&elf);
  else PROMISED(error.message[0] != '\0');
}
