/* SPDX-License-Identifier: MIT */
/* Whole writes and reads of a descriptor, for the core and for drivers. */
#ifndef BS_BASE_IO_H
#define BS_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All of it or false with errno set; interrupted calls are taken up again.  A file that ends too early has errno 0. */
bool bs_file_write_all(int fd, const void *bytes, size_t length);
bool bs_file_read_at(int fd, void *buffer, size_t length, uint64_t offset);

#endif
