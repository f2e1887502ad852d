/* SPDX-License-Identifier: MIT */
/*
 * The shared libraries that a driver's file says it needs (DT_NEEDED), and whether the dynamic linker would find them.
 * Only those it names itself: what they need in turn is not looked at.
 */
#ifndef BS_DRIVER_LIBRARIES_H
#define BS_DRIVER_LIBRARIES_H

#include "core/driver/elf.h"

#define BS_LIBRARIES_MAX 256     /* of one file */
#define BS_LIBRARY_TEXT_MAX 4096 /* bytes of a library's name or of all directories, with the NUL */

struct bs_library {
  char *name;
  char *missing; /* by bs_libraries_search: why it is not found, in the dynamic linker's words; NULL: it is */
};

struct bs_libraries {
  struct bs_library *items;
  size_t count;
  char *path; /* where the file says to look first: directories with colons between (DT_RUNPATH, else DT_RPATH); NULL */
};

/* By bs_libraries_free.  Word: driver, with its rule (unreadable when the file cannot be read). */
bool bs_libraries_read(struct bs_libraries **ret_libraries, const struct bs_elf *elf, struct bs_error *error);
void bs_libraries_free(struct bs_libraries *libraries);

/* Asks the dynamic linker for each of them, as it would be needed by a file that lies in `directory` (absolute).  No code
 * of any runs.  The linker takes the question for one of this library, and so searches its DT_RUNPATH or DT_RPATH, too:
 * what is only there is found here, and perhaps not by the driver.  Fails only for want of memory. */
bool bs_libraries_search(struct bs_libraries *libraries, const char *directory, struct bs_error *error);

#endif
