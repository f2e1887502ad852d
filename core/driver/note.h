/* SPDX-License-Identifier: MIT */
/*
 * The metadata text of a driver, taken out of its file without running any of it.  The file is an ELF shared object of
 * this machine; BLOCKSTORE_REGISTER_DRIVER put the text into a note (System V ABI, "Note Section": three 32-bit words,
 * the owner's name, the text), which the linker made part of a PT_NOTE segment.  Nothing in the file is believed.
 */
#ifndef BS_DRIVER_NOTE_H
#define BS_DRIVER_NOTE_H

#include "core/base/error.h"

#define BS_NOTE_OWNER "Blockstore"
#define BS_NOTE_TYPE 1

/*
 * ret_text: `ret_length` bytes (at most BS_METADATA_MAX) and a NUL behind them, by free().  `fd`: open for reading; its
 * offset is left alone.  `file`: for messages.  Word: driver (io when the file cannot be read).
 */
bool bs_note_read(char **ret_text, size_t *ret_length, int fd, const char *file, struct bs_error *error);

#endif
