/* SPDX-License-Identifier: MIT */
#ifndef BS_BENCH_BLOCKS_H
#define BS_BENCH_BLOCKS_H

_Noreturn void bench_die(const char *what);
/* arguments: URL USER PASSWORD BLOCKS [EVERY].  Each EVERYth block also as it is asked for when it has operations.  Returns how
 * many blocks came. */
unsigned long bench_floor(char **arguments);

#endif
