/* SPDX-License-Identifier: MIT */
/* A new process with nothing of its parent's but what it is meant to have. */
#ifndef BS_EXEC_SPAWN_H
#define BS_EXEC_SPAWN_H

#include <sys/types.h>

#include "plugins/exec/process.h"

/*
 * Starts the program in a session and a process group of its own, in the root directory, with no signal blocked, ignored or
 * caught, nothing on standard input, one pipe for standard output and error, the channel as descriptor 3, and no other.  It
 * is killed (SIGKILL) when the calling thread ends.
 * Out:  ret_channel:  a connected stream socket
 *       ret_output:   of the pipe the end to read from, which does not block
 *       ret_reason:   when it fails, a sentence: BS_EXEC_REASON bytes
 */
enum blockstore_status bs_exec_spawn(pid_t *ret_pid, int *ret_channel, int *ret_output, char *ret_reason,
                                     const struct bs_exec_program *program);

#endif
