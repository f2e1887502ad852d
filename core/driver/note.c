/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/note.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/auto.h"
#include "core/base/file.h"
#include "core/driver/metadata.h"

#define SEGMENTS_MAX 256                   /* program headers; a shared object has about ten */
#define NOTES_MAX (BS_METADATA_MAX + 4096) /* bytes of one segment of notes */

/* The ELF header of the program or library that this is a part of, by the linker: what a driver's has to be like. */
extern const ElfW(Ehdr) __ehdr_start /* NOLINT(bugprone-reserved-identifier): the linker gives it this name */
    __attribute__((__visibility__("hidden")));

struct elf {
  int fd;
  uint64_t size; /* of the file */
  const char *file;
};

/* dlopen of a file that is too short for its segments ends in SIGBUS, so this is found out here. */
static bool check_range(const struct elf *elf, uint64_t length, uint64_t offset, struct bs_error *error) {
  if (offset <= elf->size && length <= elf->size - offset) return true;
  return bs_fail(error, BS_WORD_driver, "%s: The ELF file is cut off: it has %llu bytes and refers to later ones.",
                 elf->file, (unsigned long long)elf->size);
}

static bool read_part(const struct elf *elf, void *buffer, size_t length, uint64_t offset, struct bs_error *error) {
  if (!check_range(elf, length, offset, error)) return false;
  if (bs_file_read_at(elf->fd, buffer, length, offset)) return true;
  return bs_fail_errno(error, "%s: The file cannot be read", elf->file);
}

static bool check_kind(const struct elf *elf, const unsigned char *kind, struct bs_error *error) {
  const unsigned char *ours = __ehdr_start.e_ident;

  if (memcmp(kind, ELFMAG, SELFMAG) != 0)
    return bs_fail(error, BS_WORD_driver, "%s: The file is not an ELF file; a driver is a shared object.", elf->file);
  if (kind[EI_CLASS] != ours[EI_CLASS])
    return bs_fail(error, BS_WORD_driver, "%s: The file is a %s ELF file; this program needs %s-bit drivers.",
                   elf->file,
                   kind[EI_CLASS] == ELFCLASS32   ? "32-bit"
                   : kind[EI_CLASS] == ELFCLASS64 ? "64-bit"
                                                  : "strange",
                   ours[EI_CLASS] == ELFCLASS32 ? "32" : "64");
  if (kind[EI_DATA] != ours[EI_DATA])
    return bs_fail(error, BS_WORD_driver, "%s: The file is for another machine: it has the other byte order.",
                   elf->file);
  return true;
}

static bool read_header(const struct elf *elf, ElfW(Ehdr) *ret_header, struct bs_error *error) {
  unsigned char kind[EI_NIDENT] = {0};
  ElfW(Ehdr) header;

  if (!read_part(elf, kind, elf->size < sizeof kind ? (size_t)elf->size : sizeof kind, 0, error)) return false;
  if (!check_kind(elf, kind, error) || !read_part(elf, &header, sizeof header, 0, error)) return false;
  if (header.e_machine != __ehdr_start.e_machine)
    return bs_fail(error, BS_WORD_driver, "%s: The file is for another machine: ELF machine %u, here %u.", elf->file,
                   header.e_machine, __ehdr_start.e_machine);
  if (header.e_type != ET_DYN)
    return bs_fail(error, BS_WORD_driver, "%s: The ELF file is not a shared object: link it with -shared.", elf->file);
  if (header.e_phentsize != sizeof(ElfW(Phdr)) || header.e_phnum > SEGMENTS_MAX)
    return bs_fail(error, BS_WORD_driver, "%s: The ELF file's program headers are damaged.", elf->file);
  *ret_header = header;
  return true;
}

/* Finds our note among `size` bytes of notes, whose names and texts are padded to `align`; NULL: none.  A note that
 * reaches beyond the end is none. */
static const unsigned char *find_note(const unsigned char *notes, size_t size, size_t align, size_t *ret_length) {
  uint64_t at = 0;

  while (at < size && size - at >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    uint64_t owner = at + sizeof note, text, end;

    memcpy(&note, notes + at, sizeof note);
    text = (owner + note.n_namesz + align - 1) & ~((uint64_t)align - 1);
    end = text + note.n_descsz;
    if (end > size) return NULL;
    if (note.n_type == BS_NOTE_TYPE && note.n_namesz == sizeof BS_NOTE_OWNER &&
        memcmp(notes + owner, BS_NOTE_OWNER, sizeof BS_NOTE_OWNER) == 0) {
      *ret_length = note.n_descsz;
      return notes + text;
    }
    at = (end + align - 1) & ~((uint64_t)align - 1);
  }
  return NULL;
}

/* The text of the note in one segment; *ret_text stays as it is when there is none. */
static bool read_segment(const struct elf *elf, const ElfW(Phdr) *segment, char **ret_text, size_t *ret_length,
                         struct bs_error *error) {
  unsigned char *notes BS_AUTO_FREE = NULL;
  const unsigned char *text;
  size_t length;

  if (segment->p_filesz > NOTES_MAX)
    return bs_fail(error, BS_WORD_driver,
                   "%s: The ELF file has a segment of notes of %llu bytes; at most %u are allowed.", elf->file,
                   (unsigned long long)segment->p_filesz, NOTES_MAX);
  notes = malloc(segment->p_filesz + 1);
  if (notes == NULL) return bs_fail_memory(error);
  if (!read_part(elf, notes, segment->p_filesz, segment->p_offset, error)) return false;
  text = find_note(notes, segment->p_filesz, segment->p_align == 8 ? 8 : 4, &length);
  if (text == NULL) return true;
  if (length > 0 && text[length - 1] == '\0') length--;
  if (length > BS_METADATA_MAX)
    return bs_fail(error, BS_WORD_driver, "%s: The driver's metadata has more than the %u bytes allowed.", elf->file,
                   BS_METADATA_MAX);
  *ret_text = malloc(length + 1);
  if (*ret_text == NULL) return bs_fail_memory(error);
  memcpy(*ret_text, text, length);
  (*ret_text)[length] = '\0';
  *ret_length = length;
  return true;
}

/* Reads program header `index`, and its note if it is one. */
static bool examine_segment(const struct elf *elf, const ElfW(Ehdr) * header, size_t index, char **ret_text,
                            size_t *ret_length, struct bs_error *error) {
  ElfW(Phdr) segment = {0};
  const uint64_t size = sizeof segment;

  if (!check_range(elf, (index + 1) * size, header->e_phoff, error)) return false;
  if (!read_part(elf, &segment, sizeof segment, header->e_phoff + index * size, error)) return false;
  if (segment.p_type == PT_LOAD) return check_range(elf, segment.p_filesz, segment.p_offset, error);
  if (segment.p_type != PT_NOTE || *ret_text != NULL) return true;
  return read_segment(elf, &segment, ret_text, ret_length, error);
}

bool bs_note_read(char **ret_text, size_t *ret_length, int fd, const char *file, struct bs_error *error) {
  struct elf elf = {.fd = fd, .file = file};
  struct stat status;
  ElfW(Ehdr) header = {0};
  char *text BS_AUTO_FREE = NULL;
  size_t length = 0;

  if (fstat(fd, &status) < 0) return bs_fail_errno(error, "%s: The file cannot be examined", file);
  elf.size = (uint64_t)status.st_size;
  if (!read_header(&elf, &header, error)) return false;
  for (size_t i = 0; i < header.e_phnum; i++)
    if (!examine_segment(&elf, &header, i, &text, &length, error)) return false;
  if (text == NULL)
    return bs_fail(error, BS_WORD_driver, "%s: The file has no Blockstore note: not a driver, or stripped.", file);
  *ret_text = text;
  *ret_length = length;
  text = NULL;
  return true;
}
