/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "core/driver/elf.h"

#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/driver/rule.h"

/* The ELF header of the program or library that this is a part of, by the linker: what a driver's has to be like. */
extern const ElfW(Ehdr) __ehdr_start /* NOLINT(bugprone-reserved-identifier): the linker gives it this name */
    __attribute__((__visibility__("hidden")));

/* dlopen of a file that is too short for its segments ends in SIGBUS, so this is found out here. */
static bool check_range(const struct bs_elf *elf, uint64_t length, uint64_t offset, struct bs_error *error) {
  if (offset <= elf->size && length <= elf->size - offset) return true;
  return bs_refuse(error, truncated, "%s: The ELF file is cut off: it has %llu bytes and refers to later ones.",
                   elf->file, (unsigned long long)elf->size);
}

bool bs_elf_read(const struct bs_elf *elf, void *buffer, size_t length, uint64_t offset, struct bs_error *error) {
  if (!check_range(elf, length, offset, error)) return false;
  if (bs_file_read_at(elf->fd, buffer, length, offset)) return true;
  return bs_fail_errno(error, "%s: The file cannot be read", elf->file);
}

static bool check_kind(const struct bs_elf *elf, const unsigned char *kind, struct bs_error *error) {
  const unsigned char *ours = __ehdr_start.e_ident;

  if (memcmp(kind, ELFMAG, SELFMAG) != 0)
    return bs_refuse(error, not_elf, "%s: The file is not an ELF file; a driver is a shared object.", elf->file);
  if (kind[EI_CLASS] != ours[EI_CLASS])
    return bs_refuse(error, machine, "%s: The file is a %s ELF file; this program needs %s-bit drivers.", elf->file,
                     kind[EI_CLASS] == ELFCLASS32   ? "32-bit"
                     : kind[EI_CLASS] == ELFCLASS64 ? "64-bit"
                                                    : "strange",
                     ours[EI_CLASS] == ELFCLASS32 ? "32" : "64");
  if (kind[EI_DATA] != ours[EI_DATA])
    return bs_refuse(error, machine, "%s: The file is for another machine: it has the other byte order.", elf->file);
  return true;
}

static bool read_header(const struct bs_elf *elf, ElfW(Ehdr) *ret_header, struct bs_error *error) {
  unsigned char kind[EI_NIDENT] = {0};
  ElfW(Ehdr) header;

  if (!bs_elf_read(elf, kind, elf->size < sizeof kind ? (size_t)elf->size : sizeof kind, 0, error)) return false;
  if (!check_kind(elf, kind, error) || !bs_elf_read(elf, &header, sizeof header, 0, error)) return false;
  if (header.e_machine != __ehdr_start.e_machine)
    return bs_refuse(error, machine, "%s: The file is for another machine: ELF machine %u, here %u.", elf->file,
                     header.e_machine, __ehdr_start.e_machine);
  if (header.e_type != ET_DYN)
    return bs_refuse(error, not_shared, "%s: The ELF file is not a shared object: link it with -shared.", elf->file);
  if (header.e_phentsize != sizeof(ElfW(Phdr)) || header.e_phnum > BS_ELF_SEGMENTS_MAX)
    return bs_refuse(error, damaged, "%s: The ELF file's program headers are damaged.", elf->file);
  *ret_header = header;
  return true;
}

bool bs_elf_open(struct bs_elf *ret_elf, int fd, const char *file, struct bs_error *error) {
  struct stat status;
  ElfW(Ehdr) header = {0};

  if (fstat(fd, &status) < 0) return bs_fail_errno(error, "%s: The file cannot be examined", file);
  ret_elf->fd = fd;
  ret_elf->file = file;
  ret_elf->size = (uint64_t)status.st_size;
  ret_elf->segment_count = 0;
  if (!read_header(ret_elf, &header, error)) return false;
  if (!bs_elf_read(ret_elf, ret_elf->segments, header.e_phnum * sizeof(ElfW(Phdr)), header.e_phoff, error)) return false;
  ret_elf->segment_count = header.e_phnum;
  for (size_t i = 0; i < ret_elf->segment_count; i++) {
    const ElfW(Phdr) *segment = &ret_elf->segments[i];

    if (segment->p_type == PT_LOAD && !check_range(ret_elf, segment->p_filesz, segment->p_offset, error)) return false;
  }
  return true;
}

bool bs_elf_find(const struct bs_elf *elf, uint64_t address, uint64_t *ret_offset, uint64_t *ret_length) {
  for (size_t i = 0; i < elf->segment_count; i++) {
    const ElfW(Phdr) *segment = &elf->segments[i];

    if (segment->p_type != PT_LOAD || address < segment->p_vaddr || address - segment->p_vaddr >= segment->p_filesz) continue;
    *ret_offset = segment->p_offset + (address - segment->p_vaddr);
    *ret_length = segment->p_filesz - (address - segment->p_vaddr);
    return true;
  }
  return false;
}
