/* SPDX-License-Identifier: MIT */
/*
 * An ELF shared object of this machine, read from its file without running any of it.  Nothing in the file is believed:
 * it may have been made to harm who reads it.
 */
#ifndef BS_DRIVER_ELF_H
#define BS_DRIVER_ELF_H

#include <link.h>
#include <stdint.h>

#include "core/base/error.h"

#define BS_ELF_SEGMENTS_MAX 256 /* program headers; a shared object has about ten */

struct bs_elf {
  int fd;           /* the caller's; its offset is left alone */
  const char *file; /* for messages; the caller's */
  uint64_t size;    /* of the file */
  size_t segment_count;
  ElfW(Phdr) segments[BS_ELF_SEGMENTS_MAX]; /* what is to be loaded of the file (PT_LOAD) lies within it */
};

/* Word: driver, with its rule (io when the file cannot be read). */
bool bs_elf_open(struct bs_elf *ret_elf, int fd, const char *file, struct bs_error *error);

/* Reads `length` bytes at `offset` of the file.  Rule: truncated, where it has not so many. */
bool bs_elf_read(const struct bs_elf *elf, void *buffer, size_t length, uint64_t offset, struct bs_error *error);

/* Where in the file the byte is that will be at `address`, and how many of its segment's bytes the file has from there. */
bool bs_elf_find(const struct bs_elf *elf, uint64_t address, uint64_t *ret_offset, uint64_t *ret_length);

#endif
