/* SPDX-License-Identifier: MIT */
/* A request and all that follows from it, until the program says that it is done. */
#ifndef BS_EXEC_EXCHANGE_H
#define BS_EXEC_EXCHANGE_H

#include "plugins/exec/process.h"

/* What has become of the process. */
enum bs_exec_end {
  BS_EXEC_WAITS,  /* for another request */
  BS_EXEC_LEAVES, /* it has said that this was its last */
  BS_EXEC_SILENT, /* it did not end a call that was given up */
  BS_EXEC_BROKEN  /* it has ended, or said what it may not: process->why is a sentence */
};

/*
 * Sends the request that stands in process->line, without its end, and does what the program asks for.
 * Out:  ret_end:  what is no BS_EXEC_WAITS is fit for nothing but to be killed
 * In:   path:     of the program, for sentences
 *       source:   NULL: there is nothing to read
 *       sink:     NULL: nothing is to be given
 */
enum blockstore_status bs_exec_exchange(struct bs_exec_process *process, enum bs_exec_end *ret_end, struct blockstore_call *call,
                                        const char *path, const struct blockstore_source *source, struct blockstore_sink *sink);

#endif
