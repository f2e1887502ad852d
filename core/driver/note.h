/* SPDX-License-Identifier: MIT */
/*
 * The metadata text of a driver, taken out of its file: BLOCKSTORE_REGISTER_DRIVER put it into a note (System V ABI,
 * "Note Section": three 32-bit words, the owner's name, the text), which the linker made part of a PT_NOTE segment.
 */
#ifndef BS_DRIVER_NOTE_H
#define BS_DRIVER_NOTE_H

#include "core/driver/elf.h"

#define BS_NOTE_OWNER "Blockstore"
#define BS_NOTE_TYPE 1

/* ret_text: `ret_length` bytes (at most BS_METADATA_MAX) and a NUL behind them, by free().  Word: driver, with its rule
 * (io when the file cannot be read). */
bool bs_note_read(char **ret_text, size_t *ret_length, const struct bs_elf *elf, struct bs_error *error);

#endif
