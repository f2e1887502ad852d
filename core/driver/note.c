/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/note.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/auto.h"
#include "core/driver/metadata.h"
#include "core/driver/rule.h"

#define NOTES_MAX (BS_METADATA_MAX + 4096) /* bytes of one segment of notes */

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
static bool read_segment(const struct bs_elf *elf, const ElfW(Phdr) *segment, char **ret_text, size_t *ret_length,
                         struct bs_error *error) {
  unsigned char *notes BS_AUTO_FREE = NULL;
  const unsigned char *text;
  size_t length;

  if (segment->p_filesz > NOTES_MAX)
    return bs_refuse(error, damaged, "%s: The ELF file has a segment of notes of %llu bytes; at most %u are allowed.",
                     elf->file, (unsigned long long)segment->p_filesz, NOTES_MAX);
  notes = malloc(segment->p_filesz + 1);
  if (notes == NULL) return bs_fail_memory(error);
  if (!bs_elf_read(elf, notes, segment->p_filesz, segment->p_offset, error)) return false;
  text = find_note(notes, segment->p_filesz, segment->p_align == 8 ? 8 : 4, &length);
  if (text == NULL) return true;
  if (length > 0 && text[length - 1] == '\0') length--;
  if (length > BS_METADATA_MAX)
    return bs_refuse(error, metadata, "%s: The driver's metadata has more than the %u bytes allowed.", elf->file,
                     BS_METADATA_MAX);
  *ret_text = malloc(length + 1);
  if (*ret_text == NULL) return bs_fail_memory(error);
  memcpy(*ret_text, text, length);
  (*ret_text)[length] = '\0';
  *ret_length = length;
  return true;
}

bool bs_note_read(char **ret_text, size_t *ret_length, const struct bs_elf *elf, struct bs_error *error) {
  char *text BS_AUTO_FREE = NULL;
  size_t length = 0;

  for (size_t i = 0; i < elf->segment_count && text == NULL; i++)
    if (elf->segments[i].p_type == PT_NOTE && !read_segment(elf, &elf->segments[i], &text, &length, error)) return false;
  if (text == NULL)
    return bs_refuse(error, no_note, "%s: The file has no Blockstore note: not a driver, or stripped.", elf->file);
  *ret_text = text;
  *ret_length = length;
  text = NULL;
  return true;
}
